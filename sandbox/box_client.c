#include "sandbox/box_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_serve.h"
#include "sandbox/box_wire.h"

enum { WIDTH_USUAL = 8, PATH_ROOM = 512 };

/* One that was started and not yet waited for. */
struct pending {
	struct pending *next;
	int64_t ticket;
	bool told; /* bytes holds it */
	struct buf bytes;
};

struct boxes {
	struct runner runner;
	struct boxes_opts opts;
	char program[PATH_ROOM + 32];
	pid_t pid; /* -1: none at the moment */
	int sock;
	int64_t next_ticket;
	struct pending *pending; /* in the order of starting */
	struct arena *scratch;
};

/* -- the process -- */

static bool beside_us(char *out, size_t room)
{
	char self[PATH_ROOM];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = '\0';
	snprintf(out, room, "%s/assay-box", self);
	if (!access(out, X_OK))
		return true;
	/* Tests lie beside the folder of programs. */
	snprintf(out, room, "%s/../bin/assay-box", self);
	return !access(out, X_OK);
}

static void find_program(struct boxes *b)
{
	if (b->opts.program)
		snprintf(b->program, sizeof(b->program), "%s", b->opts.program);
	else if (!beside_us(b->program, sizeof(b->program)))
		snprintf(b->program, sizeof(b->program), "assay-box");
}

static void spawn_files(posix_spawn_file_actions_t *files, int theirs)
{
	posix_spawn_file_actions_init(files);
	posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(files, 0, 1);
	posix_spawn_file_actions_adddup2(files, theirs, SERVE_FD);
	posix_spawn_file_actions_addclosefrom_np(files, SERVE_FD + 1);
}

/* Nothing of our environment, signals or descriptors. */
static int spawn_it(struct boxes *b, int theirs)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char *env[] = { path, NULL };
	char name[] = "assay-box", verb[] = "serve";
	char width[16], uid[24], level[16], net[8];
	char *argv[] = { name, verb, width, uid, level, net, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	snprintf(width, sizeof(width), "%d", b->runner.width);
	snprintf(uid, sizeof(uid), "%lld", (long long)b->opts.box.uid_first);
	snprintf(level, sizeof(level), "%d", b->opts.box.level_most);
	snprintf(net, sizeof(net), "%d", b->opts.box.net_namespace);
	sigemptyset(&none);
	sigfillset(&all);
	spawn_files(&files, theirs);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETSID);
	r = posix_spawnp(&b->pid, b->program, &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (r)
		b->pid = -1;
	return r;
}

static void end_process(struct boxes *b)
{
	box_close(&b->sock);
	if (b->pid > 0)
		while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
			;
	b->pid = -1;
}

/* Its first word says what fence it has, or why it has none. */
static enum err greet(struct ctx *cx, struct boxes *b)
{
	struct serve_message m;
	enum err e = OK;

	arena_reset(b->scratch);
	if (serve_receive(b->scratch, b->sock, 0, &m) != 1 ||
	    m.head.kind != SERVE_READY)
		e = err_set(cx, ERR_UNAVAILABLE,
			    "assay-box ended before it was ready");
	else if (m.bytes.n)
		e = err_set(cx, ERR_UNAVAILABLE, "%.*s", STR_FMT(m.bytes));
	else
		b->runner.level = (int)m.head.ticket;
	if (e)
		end_process(b);
	return e;
}

static enum err bring_up(struct ctx *cx, struct boxes *b)
{
	int pair[2], room = SERVE_BUFFER, r;

	if (b->pid > 0)
		return OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_set(cx, ERR_UNAVAILABLE, "no socket: %s",
			       strerror(errno));
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r = spawn_it(b, pair[1]);
	close(pair[1]);
	b->sock = pair[0];
	if (r) {
		box_close(&b->sock);
		return err_set(cx, ERR_UNAVAILABLE, "%s cannot be started: %s",
			       b->program, strerror(r));
	}
	return greet(cx, b);
}

/* -- what is under way -- */

static struct pending *pending_new(struct boxes *b)
{
	struct pending *p = calloc(1, sizeof(*p)); /* allowed: pending_drop */
	struct pending **at = &b->pending;

	CHECK(p);
	p->ticket = b->next_ticket++;
	while (*at)
		at = &(*at)->next;
	*at = p;
	return p;
}

static struct pending *pending_find(struct boxes *b, int64_t ticket)
{
	for (struct pending *p = b->pending; p; p = p->next)
		if (p->ticket == ticket)
			return p;
	return NULL;
}

static void pending_drop(struct boxes *b, struct pending *p)
{
	struct pending **at = &b->pending;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	buf_done(&p->bytes);
	free(p);
}

static void pending_fail(struct pending *p, const char *why, int level)
{
	struct run_told t = { .verdict = RUN_IE,
			      .cause = RUN_BY_SETUP,
			      .level = level,
			      .why = str_of(why) };

	buf_reset(&p->bytes);
	wire_put_told(&p->bytes, &t);
	p->told = true;
}

/* It is gone: whatever it had under way has no answer. */
static void lost(struct boxes *b)
{
	end_process(b);
	for (struct pending *p = b->pending; p; p = p->next)
		if (!p->told)
			pending_fail(p, "assay-box ended while it ran",
				     b->runner.level);
}

/* What somebody waits for besides the end of a run. */
struct awaited {
	int64_t ticket;
	int master;	 /* of a terminal; -1 */
	struct buf tree; /* SERVE_TREE's or SERVE_PUT's bytes */
	bool told;
};

static void take_awaited(struct awaited *a, struct serve_message *m)
{
	if (m->head.ticket != a->ticket)
		return;
	if (m->head.kind == SERVE_MASTER) {
		a->master = m->fd;
		m->fd = -1;
	} else if (m->head.kind == SERVE_TREE || m->head.kind == SERVE_PUT) {
		buf_str(&a->tree, m->bytes);
		a->told = true;
	}
}

/* Takes one message; a: may be NULL. */
static void take_message(struct boxes *b, struct awaited *a)
{
	struct serve_message m;
	struct pending *p;

	arena_reset(b->scratch);
	if (serve_receive(b->scratch, b->sock, 0, &m) != 1) {
		lost(b);
		return;
	}
	p = pending_find(b, m.head.ticket);
	if (p && m.head.kind == SERVE_TOLD) {
		buf_reset(&p->bytes);
		buf_str(&p->bytes, m.bytes);
		p->told = true;
	} else if (a) {
		take_awaited(a, &m);
	}
	box_close(&m.fd);
	serve_forget(&m);
}

static enum err send_ask(struct ctx *cx, struct boxes *b,
			 struct serve_head head, const struct run_ask *ask)
{
	struct buf bytes = { .limit = WIRE_BYTES };
	enum err e = OK;

	wire_put_ask(&bytes, ask, true);
	if (bytes.failed)
		e = err_field(cx, ERR_TOO_LARGE, "/put",
			      "all files together are too large");
	else if (!serve_send(b->sock, head, buf_view(&bytes), -1, 0))
		lost(b);
	buf_done(&bytes);
	return e;
}

/* -- the runner -- */

static enum err check(struct ctx *cx, struct boxes *b,
		      const struct run_ask *ask)
{
	enum err e = box_ask_check(cx, ask);

	return e ? e : bring_up(cx, b);
}

static enum err start_as(struct ctx *cx, struct boxes *b,
			 struct serve_head head, const struct run_ask *ask,
			 int64_t *ticket)
{
	struct pending *p = pending_new(b);
	enum err e;

	head.ticket = p->ticket;
	e = send_ask(cx, b, head, ask);
	if (e)
		pending_drop(b, p);
	else
		*ticket = p->ticket;
	return e;
}

static enum err start(struct ctx *cx, void *arg, const struct run_ask *ask,
		      int64_t *ticket)
{
	struct serve_head head = { .kind = SERVE_START };
	struct boxes *b = arg;
	enum err e = check(cx, b, ask);

	return e ? e : start_as(cx, b, head, ask, ticket);
}

static enum err start_pair(struct ctx *cx, void *arg,
			   const struct run_ask ask[2], int64_t ticket[2])
{
	struct serve_head heads[2] = { { .kind = SERVE_PAIR_FIRST },
				       { .kind = SERVE_PAIR_SECOND } };
	struct boxes *b = arg;
	enum err e = check(cx, b, &ask[0]);

	if (!e)
		e = check(cx, b, &ask[1]);
	for (int i = 0; !e && i < 2; i++)
		e = start_as(cx, b, heads[i], &ask[i], &ticket[i]);
	return e;
}

static struct pending *first_told(struct boxes *b)
{
	for (struct pending *p = b->pending; p; p = p->next)
		if (p->told)
			return p;
	return NULL;
}

static enum err wait_next(struct ctx *cx, void *arg, int64_t *ticket,
			  struct run_told *out)
{
	struct boxes *b = arg;
	struct pending *p;
	enum err e;

	if (!b->pending)
		return err_set(cx, ERR_UNAVAILABLE, "nothing is under way");
	while (!(p = first_told(b)))
		take_message(b, NULL);
	e = wire_get_told(cx, buf_copy(&p->bytes, cx->arena), out);
	*ticket = p->ticket;
	pending_drop(b, p);
	return e ? err_set(cx, ERR_UNAVAILABLE,
			   "assay-box answered what nobody understands")
		 : OK;
}

static void cancel_all(void *arg)
{
	struct serve_head head = { .kind = SERVE_CANCEL_ALL };
	struct boxes *b = arg;

	while (b->pending)
		pending_drop(b, b->pending);
	if (b->pid > 0 &&
	    !serve_send(b->sock, head, (struct str){ NULL, 0 }, -1, 0))
		lost(b);
}

/* -- open, terminals, close -- */

enum err boxes_open(struct ctx *cx, const struct boxes_opts *opts,
		    struct boxes **out)
{
	struct boxes *b = calloc(1, sizeof(*b)); /* allowed: boxes_close */
	enum err e;

	CHECK(b);
	b->opts = *opts;
	b->pid = b->sock = -1;
	b->scratch = arena_new((size_t)SERVE_INLINE * 2);
	b->runner = (struct runner){
		.arg = b,
		.width = opts->width ? opts->width : WIDTH_USUAL,
		.start = start,
		.start_pair = start_pair,
		.wait = wait_next,
		.cancel = cancel_all,
	};
	CHECK(b->runner.width >= 2 && b->runner.width <= BOX_SLOTS);
	find_program(b);
	e = bring_up(cx, b);
	if (e) {
		boxes_close(b);
		return e;
	}
	*out = b;
	return OK;
}

void boxes_close(struct boxes *b)
{
	if (!b)
		return;
	while (b->pending)
		pending_drop(b, b->pending);
	end_process(b);
	arena_free(b->scratch);
	free(b);
}

const struct runner *boxes_runner(struct boxes *b)
{
	return &b->runner;
}

enum err boxes_terminal(struct ctx *cx, struct boxes *b,
			const struct run_ask *ask, int rows, int cols,
			int *master, int64_t *ticket)
{
	struct serve_head head = { .kind = SERVE_TERMINAL,
				   .rows = (uint16_t)rows,
				   .cols = (uint16_t)cols };
	struct awaited a = { .master = -1 };
	struct pending *p;
	enum err e = check(cx, b, ask);

	if (!e)
		e = start_as(cx, b, head, ask, ticket);
	if (e)
		return e;
	a.ticket = *ticket;
	p = pending_find(b, *ticket);
	while (a.master < 0 && !p->told)
		take_message(b, &a);
	if (a.master >= 0) {
		*master = a.master;
		return OK;
	}
	pending_drop(b, p);
	return err_set(cx, ERR_UNAVAILABLE, "a terminal cannot be made");
}

/* One word about a run that is under way, and its answer. */
static enum err about_it(struct ctx *cx, struct boxes *b,
			 struct serve_head head, struct str bytes,
			 struct list *out)
{
	struct awaited a = { .ticket = head.ticket, .master = -1 };
	struct run_told t;
	enum err e = OK;

	if (b->pid > 0 && !serve_send(b->sock, head, bytes, -1, 0))
		lost(b);
	while (b->pid > 0 && !a.told)
		take_message(b, &a);
	if (!a.told || wire_get_told(cx, buf_copy(&a.tree, cx->arena), &t))
		e = err_set(cx, ERR_UNAVAILABLE, "assay-box has ended");
	else if (t.verdict != RUN_AC)
		e = err_set(cx, ERR_NOT_FOUND, "it does not run now");
	else
		*out = t.got;
	buf_done(&a.tree);
	return e;
}

enum err boxes_tree(struct ctx *cx, struct boxes *b, int64_t ticket,
		    int64_t max_bytes, struct list *out)
{
	struct serve_head head = { .kind = SERVE_TREE,
				   .ticket = ticket,
				   .max_bytes = max_bytes };

	return about_it(cx, b, head, (struct str){ NULL, 0 }, out);
}

enum err boxes_put(struct ctx *cx, struct boxes *b, int64_t ticket,
		   const struct list *files, const struct list *removed,
		   struct list *refused)
{
	struct serve_head head = { .kind = SERVE_PUT, .ticket = ticket };
	const struct str *gone = removed->at;
	struct run_want *w =
		ARENA_ARRAY(cx->arena, struct run_want, removed->n + 1);
	struct run_ask ask = { .put = *files, .want = { w, removed->n } };
	struct buf bytes = { .limit = WIRE_BYTES };
	enum err e;

	for (size_t i = 0; i < removed->n; i++)
		w[i] = (struct run_want){ gone[i], 0 };
	wire_put_ask(&bytes, &ask, true);
	e = bytes.failed ? err_set(cx, ERR_TOO_LARGE,
				   "all files together are too large")
			 : about_it(cx, b, head, buf_view(&bytes), refused);
	buf_done(&bytes);
	return e;
}

void boxes_cancel(struct boxes *b, int64_t ticket)
{
	struct serve_head head = { .kind = SERVE_CANCEL, .ticket = ticket };

	if (b->pid > 0 &&
	    !serve_send(b->sock, head, (struct str){ NULL, 0 }, -1, 0))
		lost(b);
}

int boxes_fd(const struct boxes *b)
{
	return b->sock;
}
