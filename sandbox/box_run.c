/* What may be asked of a box, and one run from start to end. */
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_wire.h"
#include "sandbox/relay.h"

enum { NAME_BYTES = 500, WORD_BYTES = 128 << 10, DEPTH = 32 };

bool box_name_ok(struct str name)
{
	struct str rest = name, part;
	int depth = 0;

	if (!name.n || name.n > NAME_BYTES || name.p[0] == '/' ||
	    memchr(name.p, '\0', name.n))
		return false;
	while (str_split(&rest, '/', &part))
		if (!part.n || part.n > 255 || str_is(part, ".") ||
		    str_is(part, "..") || ++depth > DEPTH)
			return false;
	return true;
}

static enum err check_words(struct ctx *cx, struct list l, const char *field)
{
	const struct str *s = l.at;
	char at[48];

	if (l.n > WIRE_WORDS)
		return err_field(cx, ERR_INVALID, field, "more than %d words",
				 WIRE_WORDS);
	for (size_t i = 0; i < l.n; i++) {
		if (s[i].n <= WORD_BYTES &&
		    !(s[i].n && memchr(s[i].p, '\0', s[i].n)))
			continue;
		snprintf(at, sizeof(at), "%s/%zu", field, i);
		return err_field(cx, ERR_INVALID, at,
				 "a word is over %d bytes or has a NUL",
				 WORD_BYTES);
	}
	return OK;
}

static enum err check_name(struct ctx *cx, const char *what, size_t i,
			   struct str name)
{
	char at[48];

	if (box_name_ok(name))
		return OK;
	snprintf(at, sizeof(at), "/%s/%zu/name", what, i);
	return err_field(cx, ERR_INVALID, at,
			 "not a name below the working folder: %.*s",
			 STR_FMT(str_cut(name, 0, 100)));
}

/* What is put takes part of what there is for files. */
static enum err check_room(struct ctx *cx, const struct run_ask *ask)
{
	struct run_limits have = ask->limits, need = { 0 };

	run_limits_fill(&have);
	run_files_need(ask->put, &need);
	if (need.disk_bytes <= have.disk_bytes && need.inodes <= have.inodes)
		return OK;
	return err_field(cx, ERR_INVALID, "/put",
			 "the files take %lld bytes and %lld inodes, more than "
			 "the limits disk_bytes and inodes allow",
			 (long long)need.disk_bytes, (long long)need.inodes);
}

static enum err check_files(struct ctx *cx, const struct run_ask *ask)
{
	const struct run_file *f = ask->put.at;
	const struct run_want *w = ask->want.at;
	enum err e = OK;

	if (ask->put.n > WIRE_FILES || ask->want.n > WIRE_FILES)
		return err_field(cx, ERR_INVALID,
				 ask->put.n > WIRE_FILES ? "/put" : "/want",
				 "more than %d files", WIRE_FILES);
	for (size_t i = 0; !e && i < ask->put.n; i++)
		e = check_name(cx, "put", i, f[i].name);
	/* "." stands alone: all of them. */
	for (size_t i = 0; !e && i < ask->want.n; i++)
		if (ask->want.n > 1 || !str_is(w[i].name, "."))
			e = check_name(cx, "want", i, w[i].name);
	return e;
}

static enum err check_peer(struct ctx *cx, const struct run_ask *ask)
{
	struct sockaddr_storage to;

	if (!ask->peer.n)
		return OK;
	if (ask->input.n)
		return err_field(cx, ERR_INVALID, "/peer",
				 "a run with a peer has no other input");
	return relay_peer(ask->peer, &to)
		       ? OK
		       : err_field(cx, ERR_INVALID, "/peer",
				   "not an address and a port, as in "
				   "192.0.2.1:443 or [2001:db8::1]:443");
}

/* Each limit against the most that there may be, by the shape's own table. */
static enum err check_limits(struct ctx *cx, const struct run_limits *l)
{
	for (const struct field *f = run_limits_shape.fields; f->kind; f++) {
		int64_t v;
		char at[48];

		memcpy(&v, (const char *)l + f->offset, sizeof(v));
		if (!v || (v >= f->min && v <= f->max))
			continue;
		snprintf(at, sizeof(at), "/limits/%s", f->name);
		return err_field(cx, ERR_INVALID, at,
				 "must be from %lld to %lld", (long long)f->min,
				 (long long)f->max);
	}
	return OK;
}

enum err box_ask_check(struct ctx *cx, const struct run_ask *ask)
{
	const struct toolchain *t;
	enum err e;

	if (!ask->argv.n)
		return err_field(cx, ERR_INVALID, "/argv",
				 "no program to run is named");
	e = check_words(cx, ask->argv, "/argv");
	if (!e)
		e = check_words(cx, ask->env, "/env");
	if (!e)
		e = check_limits(cx, &ask->limits);
	if (!e)
		e = check_files(cx, ask);
	if (!e)
		e = check_room(cx, ask);
	if (!e)
		e = check_peer(cx, ask);
	if (e || !ask->toolchain.p)
		return e;
	t = toolchain_find(ask->toolchain);
	return t ? OK
		 : err_field(cx, ERR_INVALID, "/toolchain",
			     "there is no toolchain %.*s",
			     STR_FMT(str_cut(ask->toolchain, 0, 100)));
}

struct box_kind box_kind_of(const struct run_ask *ask, bool terminal)
{
	struct run_limits l = ask->limits;

	run_limits_fill(&l);
	return (struct box_kind){
		.chain = ask->toolchain.p ? toolchain_find(ask->toolchain)
					  : NULL,
		.apart = ask->peer.n > 0,
		.terminal = terminal,
		.disk_bytes = l.disk_bytes,
		.inodes = l.inodes,
	};
}

static void wait_for(struct box *const *boxes, int n)
{
	struct pollfd p[BOX_POLLS * BOX_SLOTS];
	int polls = 0;
	int64_t due = INT64_MAX, now = box_now_us();
	struct timespec t = { 0 };

	for (int i = 0; i < n; i++) {
		if (!boxes[i] || boxes[i]->dead)
			continue;
		polls += box_polls(boxes[i], p + polls);
		if (box_due_us(boxes[i]) < due)
			due = box_due_us(boxes[i]);
	}
	if (due > now && due != INT64_MAX)
		t = (struct timespec){ (due - now) / 1000000,
				       (due - now) % 1000000 * 1000 };
	ppoll(p, (nfds_t)polls, due == INT64_MAX ? NULL : &t, NULL);
}

/* Until all of them are dead. */
static void watch(struct box *const *boxes, int n)
{
	for (;;) {
		bool alive = false;

		for (int i = 0; i < n; i++) {
			if (!boxes[i] || boxes[i]->dead)
				continue;
			box_look(boxes[i]);
			alive = alive || !boxes[i]->dead;
		}
		if (!alive)
			return;
		wait_for(boxes, n);
	}
}

static void failed(struct ctx *cx, const struct box_host *h,
		   struct run_told *out)
{
	*out = (struct run_told){
		.verdict = RUN_IE,
		.cause = RUN_BY_SETUP,
		.level = h->level,
		.why = str_copy(cx->arena, str_of(cx->error.text)),
	};
	err_clear(cx);
}

void box_run_all(struct ctx *cx, struct box_host *h, struct box_try *tries,
		 int n)
{
	struct box *boxes[BOX_SLOTS] = { NULL };

	CHECK(n <= BOX_SLOTS);
	for (int i = 0; i < n; i++) {
		struct box_try *t = &tries[i];
		struct box_kind kind = box_kind_of(t->ask, false);

		kind.probe = t->probe;
		boxes[i] = box_take(cx, h, kind);
		if (boxes[i] && !box_go(cx, boxes[i], t->ask, &BOX_ENDS_NONE))
			continue;
		if (boxes[i])
			box_free(boxes[i]);
		boxes[i] = NULL;
		failed(cx, h, &t->told);
	}
	watch(boxes, n);
	for (int i = 0; i < n; i++) {
		if (!boxes[i])
			continue;
		box_finish(cx, boxes[i], &tries[i].told);
		tries[i].held = boxes[i]->share->held;
		box_free(boxes[i]);
	}
}

enum err box_run(struct ctx *cx, struct box_host *h, const struct run_ask *ask,
		 struct run_told *out)
{
	struct box_try one = { .ask = ask };
	enum err e = box_ask_check(cx, ask);

	if (e)
		return e;
	box_run_all(cx, h, &one, 1);
	*out = one.told;
	return OK;
}

int box_arm_ahead(struct ctx *cx, struct box_host *h, struct str toolchain,
		  int n)
{
	struct run_ask ask = { .toolchain = toolchain };
	int ready = 0;

	(void)cx;
	box_keep_ready(h, box_kind_of(&ask, false), n);
	/* Until each says so, or is gone. */
	for (struct box *b = h->ready; b; b = b->next) {
		struct pollfd p = { .fd = b->control, .events = POLLIN };

		while (b->work < 0 && !b->dead) {
			poll(&p, 1, -1);
			box_look(b);
		}
		ready += !b->dead;
	}
	return ready;
}
