/*
 * A terminal: one loop in the hand's thread waits for the shell, for what the
 * server has (lab_pull.c, a thread with a connection of its own) and for the
 * clock.
 *
 *	shell --read--> pending --lab.host, as there is room--> server
 *	                   \--what was taken--> vt (the screen)
 *	server --lab_pull--> keys --write--> shell
 *	box --boxes_tree, now and then--> lab_work --lab.host_save--> server
 *
 * While the server has no room, pending fills up and the shell is not read:
 * then it waits, as on any slow terminal. Keys go in all the same. A server
 * that does not answer is waited for; a lease that is lost ends all.
 */
#include "engine/worker/lab_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/worker/lab_impl.h"
#include "engine/worker/worker_code.h"

#define SECOND INT64_C(1000000000)
#define MIB INT64_C(1048576)

#define A struct lab_ask
static const struct field ask_fields[] = {
	FIELD(A, session, KIND_ID, "for lab.host"),
	FIELD(A, rows, KIND_INT, "lines", .min = 2, .max = VT_ROWS),
	FIELD(A, cols, KIND_INT, "columns", .min = 2, .max = VT_COLS),
	FIELD(A, at, KIND_INT, "place of the first byte"),
	FIELD(A, shell, KIND_LIST, "the command", .of = KIND_STR, .min = 1,
	      .max = 40),
	FIELD_OPT(A, toolchain, KIND_STR, "whose programs are there"),
	FIELD_OPT(A, commit, KIND_STR, "what the files are of", .min = OID_TEXT,
		  .max = OID_TEXT),
	FIELD(A, limits, KIND_OBJECT, "of all of it",
	      .shape = &run_limits_shape),
	FIELD_END,
};
#undef A
const struct shape lab_ask_shape = SHAPE(struct lab_ask, ask_fields);

struct host {
	struct ctx *cx;
	struct worker_env *env;
	struct lab_ask ask;
	struct lab_pull pull;
	struct lab_work work;
	struct vt *vt;
	struct arena *env_arena; /* lives as long as the job */
	struct arena *step;	 /* of one turn of the loop */
	int master;		 /* -1: the shell's side is closed */
	int64_t ticket;
	bool told_end; /* the box has told */
	bool lost;
	const char *why; /* word: it should end */
	bool wants_screen, save_now;
	int64_t work_told, work_taken;
	/* What the folder was last in step with; others saved since. */
	char base[OID_TEXT + 1];
	bool behind;
	int64_t at; /* place of pending's first byte */
	struct buf pending, keys;
	int64_t room, quiet_until_ns;
	int64_t input_at;
};

static int64_t now_ns(const struct host *h)
{
	return clock_mono_ns(h->cx->clock);
}

/* ---- to the server ---- */

/* OK, or it is lost; one that does not answer is asked again later. */
static bool said(struct host *h, enum err e)
{
	if (!e)
		return true;
	if (err_retry(e))
		h->quiet_until_ns = now_ns(h) + SECOND / 2;
	else
		h->lost = true;
	err_clear(h->cx);
	return false;
}

static void take_room(struct host *h, const struct lab_told *told)
{
	h->room = told->room;
	if (told->pause_ms > 0)
		h->quiet_until_ns = now_ns(h) + told->pause_ms * 1000000;
}

static void send_output(struct host *h)
{
	size_t n = h->pending.n;
	struct lab_told told;
	struct lab_push push = { .at = h->at, .input_at = h->input_at };

	if (!n || h->room <= 0 || now_ns(h) < h->quiet_until_ns)
		return;
	if ((int64_t)n > h->room)
		n = (size_t)h->room;
	push.bytes = str_cut(buf_view(&h->pending), 0, n);
	if (!said(h, lab_say(h->cx, h->env->server, h->env->job, &h->ask, &push,
			     &told, NULL)))
		return;
	if (told.taken < 0 || told.taken > (int64_t)n)
		told.taken = 0;
	n = (size_t)told.taken;
	vt_write(h->vt, str_cut(buf_view(&h->pending), 0, n));
	memmove(h->pending.p, h->pending.p + n, h->pending.n - n);
	h->pending.n -= n;
	h->at += told.taken;
	take_room(h, &told);
}

static void send_screen(struct host *h, const char *ended)
{
	struct lab_push push = { .at = h->at,
				 .input_at = h->input_at,
				 .screen = true };
	struct buf b = { .limit = 120 << 10 };
	struct lab_told told;
	bool fine;

	vt_paint(h->vt, &b);
	push.bytes = b.failed ? STR("\x18\x1b[2J") : buf_view(&b);
	fine = said(h, lab_say(h->cx, h->env->server, h->env->job, &h->ask,
			       &push, &told, NULL));
	buf_done(&b);
	if (fine)
		h->wants_screen = false;
	if (!ended || h->lost)
		return;
	push = (struct lab_push){ .at = h->at,
				  .input_at = h->input_at,
				  .ended = ended };
	said(h, lab_say(h->cx, h->env->server, h->env->job, &h->ask, &push,
			&told, NULL));
}

static void save(struct host *h)
{
	struct tree_list changed = { 0 };
	struct list removed;

	if (!lab_work_unsaved(&h->work))
		return;
	lab_work_changes(&h->work, h->cx->arena, &changed.files, &removed);
	if (said(h, lab_say_save(h->cx, h->env->server, h->env->job, &h->ask,
				 h->base, &changed, &removed, &h->behind)))
		lab_work_saved(&h->work);
}

/* What could not be put there is not in the folder, and was not removed. */
static void without(struct list *files, const struct list *refused)
{
	struct run_file *f = files->at;
	const struct run_got *g = refused->at;
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++) {
		bool is = false;

		for (size_t k = 0; k < refused->n && !is; k++)
			is = str_eq(g[k].name, f[i].name);
		if (!is)
			f[n++] = f[i];
	}
	files->n = n;
}

/*
 * The work was changed by other ways, an editor perhaps: what the shell has is
 * saved first (where both have changed a file, the server keeps both), then
 * what is new goes into the folder.
 */
static void take_work(struct host *h)
{
	struct list theirs, changed, removed, refused = { 0 };
	int64_t told = h->work_told;
	char commit[OID_TEXT + 1];

	if (lab_work_unsaved(&h->work) ||
	    !said(h, lab_say_files(h->cx, h->env->server, h->env->job, &h->ask,
				   &theirs, commit)))
		return;
	lab_work_news(&h->work, h->cx->arena, &theirs, &changed, &removed);
	if ((changed.n || removed.n) &&
	    boxes_put(h->cx, h->env->boxes, h->ticket, &changed, &removed,
		      &refused)) {
		err_clear(h->cx); /* it has ended: the next has them */
		return;
	}
	without(&theirs, &refused);
	lab_work_taken(&h->work, h->cx, &theirs);
	memcpy(h->base, commit, sizeof(commit));
	h->behind = false;
	h->work_taken = told;
}

/* All that was found; beyond the limits nothing is known to be gone. */
static bool whole(const struct list *got)
{
	const struct run_got *g = got->at;

	return !got->n || !str_is(g[got->n - 1].name, ".");
}

static void look(struct host *h, bool save_all)
{
	int64_t began = now_ns(h);
	struct list got;

	if (!h->env->boxes || h->told_end ||
	    boxes_tree(h->cx, h->env->boxes, h->ticket, TREE_BYTES, &got)) {
		h->work.look_ns = began + SECOND;
		err_clear(h->cx);
		return;
	}
	if (!whole(&got))
		h->work.look_ns = began + SECOND;
	else if (lab_work_look(&h->work, h->cx, &got, began) || save_all)
		save(h);
	if ((h->behind || h->work_told != h->work_taken) && !h->lost &&
	    now_ns(h) >= h->quiet_until_ns)
		take_work(h);
}

/* ---- from the server ---- */

static void resize(struct host *h, int64_t rows, int64_t cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows,
				.ws_col = (unsigned short)cols };

	if (rows == h->ask.rows && cols == h->ask.cols)
		return;
	h->ask.rows = rows;
	h->ask.cols = cols;
	vt_resize(h->vt, (int)rows, (int)cols);
	if (h->master >= 0)
		ioctl(h->master, TIOCSWINSZ, &size);
}

static void take_input(struct host *h, int64_t at, struct str input)
{
	int64_t known = h->input_at - at;

	if (known < 0) { /* some of it is lost: with a restart */
		h->input_at = at;
		known = 0;
	}
	if (known >= (int64_t)input.n)
		return;
	buf_str(&h->keys, str_cut(input, (size_t)known, input.n));
	CHECK(!h->keys.failed);
	h->input_at = at + (int64_t)input.n;
}

static void take_pull(struct host *h)
{
	struct lab_pull *p = &h->pull;
	uint64_t rung;
	ssize_t n = read(p->fd, &rung, sizeof(rung));

	(void)n;
	pthread_mutex_lock(&p->lock);
	if (p->lost)
		h->lost = true;
	if (p->has && !p->lost) {
		take_input(h, p->told.input_at, buf_view(&p->input));
		resize(h, p->told.rows, p->told.cols);
		take_room(h, &p->told);
		h->wants_screen = p->told.want_screen;
		h->work_told = p->told.work;
		h->save_now =
			!p->told.attached || h->work_told != h->work_taken;
		if (!str_is(p->told.close, "none"))
			h->why = str_z(h->env_arena, p->told.close);
		p->input_at = h->input_at;
		p->at = h->at;
		p->rows = h->ask.rows;
		p->cols = h->ask.cols;
		p->has = false;
		pthread_cond_signal(&p->go);
	}
	pthread_mutex_unlock(&p->lock);
}

/* ---- the shell ---- */

static void hang_up(struct host *h)
{
	if (h->master >= 0)
		close(h->master);
	h->master = -1;
}

static void read_shell(struct host *h)
{
	char *to = buf_room(&h->pending, LAB_CHUNK);
	ssize_t n;

	CHECK(to);
	n = read(h->master, to, LAB_CHUNK);
	if (n > 0)
		h->pending.n += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(h); /* nobody has the other side */
}

static void write_keys(struct host *h)
{
	ssize_t n;

	if (!h->keys.n || h->master < 0)
		return;
	n = write(h->master, h->keys.p, h->keys.n);
	if (n > 0) {
		memmove(h->keys.p, h->keys.p + n, h->keys.n - (size_t)n);
		h->keys.n -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		buf_reset(&h->keys);
	}
}

static void take_end(struct host *h)
{
	const struct runner *r = h->env->runner;
	struct run_told told;
	int64_t ticket;
	enum err e = r->wait(h->cx, r->arg, &ticket, &told);

	h->told_end = true;
	if (e) {
		h->lost = true;
		return;
	}
	if (!h->why)
		h->why =
			told.cause == RUN_BY_EXIT || told.cause == RUN_BY_SIGNAL
				? "exit"
			: told.cause == RUN_BY_WALL  ? "life"
			: told.cause == RUN_BY_SETUP ? "lost"
						     : "limit";
	if (told.got.n && whole(&told.got))
		lab_work_look(&h->work, h->cx, &told.got, now_ns(h));
}

/* ---- the loop ---- */

static int wait_ms(const struct host *h)
{
	int64_t now = now_ns(h), at = h->work.look_ns;

	if (h->pending.n && h->room > 0 && h->quiet_until_ns < at)
		at = h->quiet_until_ns;
	return at <= now ? 0 : (int)((at - now) / 1000000 + 1);
}

static void turn(struct host *h)
{
	bool reads = h->master >= 0 && h->pending.n < LAB_PENDING;
	bool writes = h->master >= 0 && h->keys.n > 0;
	struct pollfd p[] = {
		{ .fd = h->env->gone->fd, .events = POLLIN },
		{ .fd = h->pull.fd, .events = POLLIN },
		{ .fd = boxes_fd(h->env->boxes), .events = POLLIN },
		{ .fd = reads || writes ? h->master : -1,
		  .events = (short)((reads ? POLLIN : 0) |
				    (writes ? POLLOUT : 0)) },
	};

	if (poll(p, 4, wait_ms(h)) < 0)
		return;
	h->lost = h->lost || h->env->gone->is;
	if (p[1].revents)
		take_pull(h);
	if (p[3].revents & (POLLIN | POLLHUP | POLLERR) && reads)
		read_shell(h);
	write_keys(h);
	send_output(h);
	if (h->wants_screen && now_ns(h) >= h->quiet_until_ns)
		send_screen(h, NULL);
	if (p[2].revents)
		take_end(h);
	if (!h->told_end && (now_ns(h) >= h->work.look_ns || h->save_now))
		look(h, h->save_now);
	h->save_now = false;
}

/* What the shell still wrote, as far as there is room in a few seconds. */
static void last_words(struct host *h)
{
	int64_t until = now_ns(h) + 3 * SECOND;

	while (h->master >= 0 && h->pending.n < LAB_PENDING)
		read_shell(h);
	hang_up(h);
	while (h->pending.n && !h->lost && now_ns(h) < until) {
		if (h->room <= 0)
			break; /* the screen shows the rest */
		send_output(h);
		poll(NULL, 0, 20);
	}
	vt_write(h->vt, buf_view(&h->pending));
	h->at += (int64_t)h->pending.n;
	buf_reset(&h->pending);
}

static void serve(struct host *h)
{
	while (!h->lost && !h->why && !h->told_end) {
		struct arena *outer = h->cx->arena;

		h->cx->arena = h->step;
		turn(h);
		h->cx->arena = outer;
		arena_reset(h->step);
	}
	if (h->lost)
		return;
	if (!h->told_end) { /* what there is, before anything is killed */
		look(h, true);
		boxes_cancel(h->env->boxes, h->ticket);
		while (!h->told_end)
			take_end(h);
	}
	fcntl(h->master, F_SETFL, O_NONBLOCK);
	last_words(h);
	save(h);
	if (!h->lost)
		send_screen(h, h->why);
}

static enum err begin(struct host *h, const struct list *files)
{
	static const struct run_want all = { { ".", 1 }, TREE_BYTES };
	struct str *env = ARENA_ARRAY(h->cx->arena, struct str, 1);
	struct run_ask ask = {
		.limits = h->ask.limits,
		.argv = h->ask.shell,
		.toolchain = h->ask.toolchain,
		.put = *files,
		.want = { (void *)&all, 1 },
	};
	enum err e;

	env[0] = STR("TERM=xterm-256color");
	ask.env = (struct list){ env, 1 };
	e = boxes_terminal(h->cx, h->env->boxes, &ask, (int)h->ask.rows,
			   (int)h->ask.cols, &h->master, &h->ticket);
	if (!e)
		fcntl(h->master, F_SETFL,
		      fcntl(h->master, F_GETFL) | O_NONBLOCK);
	return e;
}

static void done(struct host *h)
{
	if (!h->told_end)
		h->env->runner->cancel(h->env->runner->arg);
	hang_up(h);
	lab_pull_stop(&h->pull);
	lab_work_done(&h->work);
	vt_free(h->vt);
	buf_done(&h->pending);
	buf_done(&h->keys);
	arena_free(h->step);
}

static enum err terminal_run(struct ctx *cx, struct worker_env *env,
			     struct str input, struct str bytes,
			     struct buf *result)
{
	struct host h = { .cx = cx, .env = env, .master = -1 };
	struct tree_told told;
	enum err e = field_decode_text(cx, input, &lab_ask_shape, &h.ask);

	if (!e)
		e = tree_frames_read(cx, bytes, &told);
	if (!e && !env->boxes)
		e = err_set(cx, ERR_UNSUPPORTED, "no terminals here");
	if (!e)
		e = begin(&h, &told.list.files);
	if (e)
		return e;
	h.env_arena = cx->arena;
	h.at = h.ask.at;
	snprintf(h.base, sizeof(h.base), "%.*s", STR_FMT(h.ask.commit));
	h.room = LAB_CHUNK;
	h.step = arena_new(65536);
	h.vt = vt_new((int)h.ask.rows, (int)h.ask.cols);
	lab_work_init(&h.work, cx, &told.list.files);
	e = lab_pull_start(cx, &h.pull, env, &h.ask);
	if (!e)
		serve(&h);
	if (!e && h.lost)
		e = err_set(cx, ERR_CONFLICT, "the terminal's lease is lost");
	done(&h);
	if (!e)
		buf_z(result, "{}");
	return e;
}

static enum err terminal_weigh(struct ctx *cx, const struct worker_env *env,
			       struct str input, struct str bytes,
			       struct worker_weight *out)
{
	struct lab_ask ask;
	enum err e = field_decode_text(cx, input, &lab_ask_shape, &ask);

	(void)env;
	(void)bytes;
	/*
	 * Most of its life a shell waits for keys, for hours: a core that it
	 * held, even in part, would keep out who needs a whole one.
	 */
	*out = (struct worker_weight){ .cpu = 0,
				       .memory_bytes =
					       ask.limits.memory_bytes };
	return e;
}

const struct worker_kind worker_lab_terminal = {
	.name = "lab.terminal",
	.group = WORKER_LAB,
	.weight = { 0, 64 * MIB },
	.weigh = terminal_weigh,
	.run = terminal_run,
};
