/*
 * assay-box as a server of one client: several runs at once, one thread. What
 * cannot start yet waits in line. When nothing waits, boxes of the kind that
 * was wanted last are made ready in advance.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_serve.h"
#include "sandbox/box_wire.h"

enum {
	SPARE = 2,
	JOB_ARENA = 1 << 16,
	/* For a client that does not read: then it is as good as gone. */
	LETTERS_MOST = 4096,
	LETTER_BYTES_MOST = 512 << 20,
	PATIENCE_MS = 60000,
};

struct job {
	struct job *next;
	struct serve_message message; /* holds the bytes of the ask */
	struct arena *arena;
	struct ctx cx;
	struct run_ask ask;
	struct job *other; /* second of a pair; only the first is in line */
	struct box *box;
	enum err refused;     /* a first half that cannot be run */
	struct run_told told; /* when it is done */
};

/* What the client has not taken yet. */
struct letter {
	struct letter *next;
	struct serve_head head;
	struct buf bytes;
	int fd; /* ours; -1 */
};

struct server {
	int sock, width;
	struct box_host *host;
	struct job *line, *half; /* those that wait; a first half */
	struct job *running;
	int busy;	      /* of width */
	bool alone;	      /* what runs wants nothing beside it */
	struct box_kind last; /* wanted last */
	bool wanted;	      /* anything, yet */
	struct letter *out;
	int letters;
	size_t letter_bytes;
	int64_t moved_us; /* the client took one, or had taken all */
	int64_t patience_us;
	bool over;
};

static void append(struct job **at, struct job *j)
{
	while (*at)
		at = &(*at)->next;
	*at = j;
	j->next = NULL;
}

static void take_out(struct job **at, struct job *j)
{
	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->next = NULL;
}

static void job_free(struct job *j)
{
	if (!j)
		return;
	if (j->box)
		box_free(j->box);
	serve_forget(&j->message);
	arena_free(j->arena);
	free(j);
}

static struct job *job_new(void)
{
	struct job *j = calloc(1, sizeof(*j)); /* allowed: job_free */

	CHECK(j);
	j->arena = arena_new(JOB_ARENA);
	j->cx.arena = j->arena;
	return j;
}

/* -- telling -- */

static void letter_free(struct letter *l)
{
	buf_done(&l->bytes);
	box_close(&l->fd);
	free(l);
}

static bool send_first(struct server *s)
{
	struct letter *l = s->out;

	if (!serve_send(s->sock, l->head, buf_view(&l->bytes), l->fd,
			MSG_DONTWAIT)) {
		s->over = s->over || (errno != EAGAIN && errno != EWOULDBLOCK);
		return false;
	}
	s->out = l->next;
	s->letters--;
	s->letter_bytes -= l->bytes.n;
	s->moved_us = box_now_us();
	letter_free(l);
	return true;
}

static void send_all(struct server *s)
{
	while (s->out && !s->over && send_first(s))
		;
}

/*
 * At once, or when the client reads again: we never wait for it, since limits
 * are ours to keep meanwhile. bytes are taken; fd stays the caller's.
 */
static void post(struct server *s, struct serve_head head, struct buf *bytes,
		 int fd)
{
	struct letter *l = calloc(1, sizeof(*l)); /* allowed: letter_free */
	struct letter **at = &s->out;

	CHECK(l);
	*l = (struct letter){ .head = head,
			      .bytes = *bytes,
			      .fd = fd < 0 ? -1
					   : fcntl(fd, F_DUPFD_CLOEXEC, 0) };
	if (!s->out)
		s->moved_us = box_now_us();
	while (*at)
		at = &(*at)->next;
	*at = l;
	s->letters++;
	s->letter_bytes += l->bytes.n;
	send_all(s);
	if (s->letters > LETTERS_MOST || s->letter_bytes > LETTER_BYTES_MOST)
		s->over = true;
}

static int64_t patience_ends_us(const struct server *s)
{
	return s->out ? s->moved_us + s->patience_us : INT64_MAX;
}

static void forget_told(struct server *s)
{
	for (struct letter **at = &s->out; *at;) {
		struct letter *l = *at;

		if (l->head.kind != SERVE_TOLD) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		s->letters--;
		s->letter_bytes -= l->bytes.n;
		letter_free(l);
	}
}

/* Its last word; the job is no more. */
static void tell(struct server *s, struct job *j)
{
	struct serve_head head = { .kind = SERVE_TOLD,
				   .ticket = j->message.head.ticket };
	struct buf b = { 0 };

	wire_put_told(&b, &j->told);
	post(s, head, &b, -1);
	job_free(j);
}

static void tell_ours(struct server *s, struct job *j, enum run_cause cause)
{
	j->told = (struct run_told){
		.verdict = RUN_IE,
		.cause = (int)cause,
		.level = box_host_level(s->host),
		.why = str_copy(j->arena, str_of(j->cx.error.text)),
	};
	tell(s, j);
}

static void tell_failed(struct server *s, struct job *j)
{
	tell_ours(s, j, RUN_BY_SETUP);
}

/* -- starting -- */

static enum err job_go(struct server *s, struct job *j,
		       const struct box_ends *ends)
{
	s->last = box_kind_of(&j->ask, ends->terminal);
	s->wanted = true;
	j->box = box_take(&j->cx, s->host, s->last);
	if (!j->box)
		return ERR_UNAVAILABLE;
	return box_go(&j->cx, j->box, &j->ask, ends);
}

static void start_one(struct server *s, struct job *j,
		      const struct box_ends *ends)
{
	if (job_go(s, j, ends)) {
		tell_failed(s, j);
		return;
	}
	s->busy++;
	s->alone = j->ask.alone;
	append(&s->running, j);
}

/* Each one's output is the other's input, with nobody between. */
static void start_pair(struct server *s, struct job *j)
{
	struct box_ends a = BOX_ENDS_NONE, b = BOX_ENDS_NONE;
	struct job *other = j->other;
	int ab[2] = { -1, -1 }, ba[2] = { -1, -1 };

	j->other = NULL;
	if (pipe2(ab, O_CLOEXEC) || pipe2(ba, O_CLOEXEC)) {
		err_set(&j->cx, ERR_UNAVAILABLE, "no pipes");
		err_set(&other->cx, ERR_UNAVAILABLE, "no pipes");
		tell_failed(s, j);
		tell_failed(s, other);
	} else {
		a.in = ba[0];
		a.out = ab[1];
		b.in = ab[0];
		b.out = ba[1];
		start_one(s, j, &a);
		start_one(s, other, &b);
	}
	for (int i = 0; i < 2; i++) {
		box_close(&ab[i]);
		box_close(&ba[i]);
	}
}

static bool may_start(const struct server *s, const struct job *j)
{
	int n = j->other ? 2 : 1;

	if (s->alone && s->busy)
		return false;
	if (j->ask.alone)
		return s->busy == 0;
	return s->busy + n <= s->width;
}

static void start_those_that_can(struct server *s)
{
	while (s->line && may_start(s, s->line)) {
		struct job *j = s->line;
		const struct serve_head *head = &j->message.head;
		struct box_ends ends = BOX_ENDS_NONE;

		take_out(&s->line, j);
		ends.terminal = head->kind == SERVE_TERMINAL;
		ends.rows = head->rows;
		ends.cols = head->cols;
		if (j->other)
			start_pair(s, j);
		else
			start_one(s, j, &ends);
	}
}

/* -- the client's words -- */

static void cancel_running(struct job *j)
{
	struct box *b = j->box;

	if (!b->kind.terminal)
		box_stop(b, RUN_BY_CANCEL);
	else if (!b->hup_us && send(b->control, "h", 1, MSG_NOSIGNAL) == 1)
		b->hup_us = box_now_us();
}

static void cancel_waiting(struct server *s, struct job *j)
{
	struct job *other = j->other;

	take_out(&s->line, j);
	j->other = NULL;
	if (other) {
		err_set(&other->cx, ERR_UNAVAILABLE, "cancelled");
		tell_ours(s, other, RUN_BY_CANCEL);
	}
	err_set(&j->cx, ERR_UNAVAILABLE, "cancelled");
	tell_ours(s, j, RUN_BY_CANCEL);
}

static void cancel_one(struct server *s, int64_t ticket)
{
	for (struct job *j = s->running; j; j = j->next)
		if (j->message.head.ticket == ticket) {
			cancel_running(j);
			return;
		}
	for (struct job *j = s->line; j; j = j->next)
		if (j->message.head.ticket == ticket) {
			cancel_waiting(s, j);
			return;
		}
}

/* In one go: its client waits for nothing else meanwhile. */
static void tell_tree(struct server *s, struct job *j)
{
	struct serve_head head = { .kind = SERVE_TREE,
				   .ticket = j->message.head.ticket };
	struct run_told t = { .verdict = RUN_IE };
	struct buf b = { 0 };

	for (struct job *k = s->running; k; k = k->next) {
		if (k->message.head.ticket != head.ticket || k->box->work < 0)
			continue;
		box_collect_tree(&j->cx, k->box, j->message.head.max_bytes,
				 &t.got);
		t.verdict = RUN_AC;
	}
	wire_put_told(&b, &t);
	post(s, head, &b, -1);
}

/* Likewise. */
static void tell_put(struct server *s, struct job *j)
{
	struct serve_head head = { .kind = SERVE_PUT,
				   .ticket = j->message.head.ticket };
	enum err e = wire_get_ask(&j->cx, j->message.bytes, &j->ask);
	struct run_told t = { .verdict = RUN_IE };
	const struct run_want *w = j->ask.want.at;
	struct str *gone = ARENA_ARRAY(j->arena, struct str, j->ask.want.n + 1);
	struct list removed = { gone, j->ask.want.n };
	struct buf b = { 0 };

	for (size_t i = 0; !e && i < removed.n; i++)
		gone[i] = w[i].name;
	for (struct job *k = s->running; !e && k; k = k->next) {
		if (k->message.head.ticket != head.ticket || k->box->work < 0)
			continue;
		box_put(&j->cx, k->box, &j->ask.put, &removed, &t.got);
		t.verdict = RUN_AC;
	}
	wire_put_told(&b, &t);
	post(s, head, &b, -1);
}

static void drop_all(struct job **list)
{
	while (*list) {
		struct job *j = *list;

		*list = j->next;
		job_free(j->other);
		job_free(j);
	}
}

static void cancel_all(struct server *s)
{
	drop_all(&s->line);
	drop_all(&s->half);
	drop_all(&s->running);
	forget_told(s);
	s->busy = 0;
	s->alone = false;
}

/* Both halves are there: in line as one, or refused as one. */
static void accept_second(struct server *s, struct job *second, enum err e)
{
	struct job *first = s->half;

	s->half = NULL;
	if (!e && !first->refused) {
		first->other = second;
		append(&s->line, first);
		return;
	}
	if (!first->refused)
		err_set(&first->cx, ERR_UNAVAILABLE,
			"the other one cannot be run");
	if (!e)
		err_set(&second->cx, ERR_UNAVAILABLE,
			"the other one cannot be run");
	tell_failed(s, first);
	tell_failed(s, second);
}

static void accept_job(struct server *s, struct job *j)
{
	uint32_t kind = j->message.head.kind;
	enum err e = wire_get_ask(&j->cx, j->message.bytes, &j->ask);

	if (!e)
		e = box_ask_check(&j->cx, &j->ask);
	if (kind == SERVE_PAIR_FIRST) {
		drop_all(&s->half);
		s->half = j;
		j->refused = e;
	} else if (kind == SERVE_PAIR_SECOND && s->half) {
		accept_second(s, j, e);
	} else if (e) {
		tell_failed(s, j);
	} else {
		append(&s->line, j);
	}
}

/* One message; false when there is no more. */
static bool listen_once(struct server *s)
{
	struct job *j = job_new();
	int got = serve_receive(j->arena, s->sock, MSG_DONTWAIT, &j->message);

	if (got <= 0) {
		s->over = s->over || got == 0;
		job_free(j);
		return false;
	}
	box_close(&j->message.fd);
	switch (j->message.head.kind) {
	case SERVE_START:
	case SERVE_PAIR_FIRST:
	case SERVE_PAIR_SECOND:
	case SERVE_TERMINAL:
		accept_job(s, j);
		return true;
	case SERVE_CANCEL:
		cancel_one(s, j->message.head.ticket);
		break;
	case SERVE_CANCEL_ALL:
		cancel_all(s);
		break;
	case SERVE_TREE:
		tell_tree(s, j);
		break;
	case SERVE_PUT:
		tell_put(s, j);
		break;
	default:
		s->over = true;
	}
	job_free(j);
	return true;
}

/* -- runs -- */

static void give_terminal(struct server *s, struct job *j)
{
	struct serve_head head = { .kind = SERVE_MASTER,
				   .ticket = j->message.head.ticket };
	struct box *b = j->box;

	if (b->master < 0)
		return;
	post(s, head, &(struct buf){ 0 }, b->master);
	box_close(&b->master);
}

static void end_job(struct server *s, struct job *j)
{
	struct box *b = j->box;

	take_out(&s->running, j);
	s->busy--;
	box_finish(&j->cx, b, &j->told);
	j->box = NULL;
	/* First the answer, then what may take its time. */
	tell(s, j);
	box_free(b);
}

static void look_at_all(struct server *s)
{
	struct job *next;

	for (struct job *j = s->running; j; j = next) {
		next = j->next;
		box_look(j->box);
		if (j->box->kind.terminal)
			give_terminal(s, j);
		if (j->box->dead)
			end_job(s, j);
	}
	/* Those made ready speak once, when they are armed. */
	for (struct box *b = s->host->ready; b; b = b->next)
		if (b->work < 0)
			box_look(b);
}

static int fill_polls(struct server *s, struct pollfd *p)
{
	int n = 0;

	p[n++] = (struct pollfd){ .fd = s->sock,
				  .events = (short)(POLLIN |
						    (s->out ? POLLOUT : 0)) };
	for (struct job *j = s->running; j; j = j->next)
		n += box_polls(j->box, p + n);
	for (struct box *b = s->host->ready; b; b = b->next)
		if (b->work < 0 && !b->dead)
			p[n++] = (struct pollfd){ .fd = b->control,
						  .events = POLLIN };
	return n;
}

static void wait_for_something(struct server *s)
{
	struct pollfd p[1 + BOX_POLLS * BOX_SLOTS];
	int n = fill_polls(s, p);
	int64_t due = patience_ends_us(s), now = box_now_us();
	struct timespec t = { 0 };

	for (struct job *j = s->running; j; j = j->next)
		if (box_due_us(j->box) < due)
			due = box_due_us(j->box);
	if (due > now && due != INT64_MAX)
		t = (struct timespec){ (due - now) / 1000000,
				       (due - now) % 1000000 * 1000 };
	ppoll(p, (nfds_t)n, due == INT64_MAX ? NULL : &t, NULL);
}

static void loop(struct server *s)
{
	while (!s->over) {
		wait_for_something(s);
		while (listen_once(s))
			;
		look_at_all(s);
		send_all(s);
		if (box_now_us() >= patience_ends_us(s))
			s->over = true;
		start_those_that_can(s);
		if (s->wanted && !s->line)
			box_keep_ready(s->host, s->last, SPARE);
	}
	cancel_all(s);
	while (s->out) {
		struct letter *l = s->out;

		s->out = l->next;
		letter_free(l);
	}
}

int box_serve(int sock, const struct box_opts *opts, int width)
{
	struct arena *a = arena_new(4096);
	struct ctx cx = { .arena = a };
	int64_t patience = opts->patience_ms ? opts->patience_ms : PATIENCE_MS;
	struct server s = { .sock = sock,
			    .width = width,
			    .patience_us = patience * 1000 };
	struct box_opts own = *opts;
	struct serve_head ready = { .kind = SERVE_READY };
	int code = 0;

	own.slots = width + SPARE > BOX_SLOTS ? BOX_SLOTS : width + SPARE;
	if (box_host_open(&cx, &own, &s.host)) {
		serve_send(sock, ready, str_of(cx.error.text), -1, 0);
		code = 3;
	} else {
		ready.ticket = box_host_level(s.host);
		if (serve_send(sock, ready, (struct str){ NULL, 0 }, -1, 0))
			loop(&s);
		box_host_close(s.host);
	}
	arena_free(a);
	return code;
}
