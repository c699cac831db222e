/*
 * assay lab shell: a lab's terminal here. One thread reads what the shell
 * writes (long polls on a connection of its own), the other what is typed. A
 * connection that is lost is made again, and the screen is drawn anew.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/connect.h"
#include "cli/verb.h"

enum { DETACH = 0x1d, KEYS = 1024, AGAIN_MS = 500, LOOK_MS = 250 };

const struct flag lab_shell_flags[] = {
	{ .name = "course",
	  .value = "TEXT",
	  .doc = "the platform's course id",
	  .required = true },
	{ .name = "slug",
	  .value = "TEXT",
	  .doc = "the lab's name in it",
	  .required = true },
	{ 0 },
};

/* One side of the shell: keys, or the screen. */
struct side {
	struct cli cli; /* with a ctx of its own */
	struct ctx cx;
	struct connect net;
	bool open;
};

struct shell {
	const struct args *args;
	struct side keys, screen;
	char session[ID_TEXT + 1];
	_Atomic int64_t attach;
	_Atomic bool ended;
	pthread_t thread;
	const char *last_words; /* the screen's thread, before it ends */
};

static bool reach(struct shell *s, struct side *d)
{
	if (!d->open)
		d->open = connect_open(&d->cli, s->args, &d->net) == OK;
	return d->open;
}

/* One call; a lost connection is made again until the shell has ended. */
static enum err ask(struct shell *s, struct side *d, const char *method,
		    struct str params, struct str bytes,
		    struct client_reply *out)
{
	while (!atomic_load(&s->ended)) {
		if (reach(s, d) &&
		    connect_call(&d->cli, &d->net, str_of(method), params,
				 bytes, out) == OK)
			return out->code;
		if (d->open)
			connect_close(&d->net);
		d->open = false;
		err_clear(&d->cx);
		d->cli.wait(AGAIN_MS);
	}
	return ERR_UNAVAILABLE;
}

static int64_t member(struct side *d, struct str json, const char *name,
		      struct str *text)
{
	struct jdoc *doc;
	struct jval v;
	int64_t n = 0;

	if (jdoc_parse(&d->cx, json, &doc) ||
	    !jval_get(jdoc_root(doc), name, &v))
		return 0;
	if (text)
		*text = jval_str(&d->cx, v);
	else if (!jval_int(v, &n))
		n = 0;
	return n;
}

static struct winsize size(void)
{
	struct winsize w = { 0 };

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	return w;
}

static enum err open_terminal(struct shell *s, struct side *d)
{
	struct winsize w = size();
	struct client_reply r;
	enum err e = ask(s, d, "lab.terminal_open",
			 str_fmt(d->cx.arena,
				 "{\"session\":\"%s\",\"rows\":%d,"
				 "\"cols\":%d}",
				 s->session, w.ws_row, w.ws_col),
			 (struct str){ 0 }, &r);

	if (!e)
		atomic_store(&s->attach, member(d, r.result, "attach", NULL));
	return e;
}

static void show(struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.n);

		if (n <= 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0)
			bytes = str_cut(bytes, (size_t)n, bytes.n);
	}
}

static struct str read_params(struct shell *s, struct side *d, int64_t after,
			      int64_t changes)
{
	struct str from = after < 0 ? STR("")
				    : str_fmt(d->cx.arena, "\"after\":%lld,",
					      (long long)after);

	return str_fmt(d->cx.arena,
		       "{\"session\":\"%s\",\"attach\":%lld,%.*s"
		       "\"changes\":%lld,\"wait_ms\":3000}",
		       s->session, (long long)atomic_load(&s->attach),
		       STR_FMT(from), (long long)changes);
}

/* Until somebody else has the terminal, or it is over here. */
static void *screen_loop(void *arg)
{
	struct shell *s = arg;
	struct side *d = &s->screen;
	int64_t after = -1, changes = 0;

	while (!atomic_load(&s->ended)) {
		struct client_reply r;
		enum err e;

		arena_reset(d->cx.arena);
		e = ask(s, d, "lab.terminal_read",
			read_params(s, d, after, changes), (struct str){ 0 },
			&r);
		if (e == ERR_NOT_FOUND && !open_terminal(s, d)) {
			after = -1; /* the server was started again */
			continue;
		}
		if (e) {
			if (e == ERR_CONFLICT)
				s->last_words = "the terminal was opened "
						"elsewhere";
			else if (e != ERR_UNAVAILABLE)
				s->last_words = "the server has closed it";
			break;
		}
		show(r.bytes);
		after = member(d, r.result, "next", NULL);
		changes = member(d, r.result, "changes", NULL);
	}
	atomic_store(&s->ended, true);
	return NULL;
}

static void send_keys(struct shell *s, struct str keys)
{
	struct side *d = &s->keys;
	struct client_reply r;
	enum err e;

	do {
		e = ask(s, d, "lab.terminal_write",
			str_fmt(d->cx.arena,
				"{\"session\":\"%s\",\"attach\":%lld}",
				s->session, (long long)atomic_load(&s->attach)),
			keys, &r);
		if (e == ERR_BUSY || e == ERR_RATE_LIMITED)
			d->cli.wait(AGAIN_MS);
	} while (e == ERR_BUSY || e == ERR_RATE_LIMITED);
}

static void send_size(struct shell *s, struct winsize w)
{
	struct side *d = &s->keys;
	struct client_reply r;
	enum err e = ask(s, d, "lab.terminal_resize",
			 str_fmt(d->cx.arena,
				 "{\"session\":\"%s\",\"attach\":%lld,"
				 "\"rows\":%d,\"cols\":%d}",
				 s->session, (long long)atomic_load(&s->attach),
				 w.ws_row, w.ws_col),
			 (struct str){ 0 }, &r);

	(void)e; /* the screen's side finds out */
}

/* A window's new size is looked for, so that no signal is needed. */
static void keys_loop(struct shell *s)
{
	struct winsize was = size(), now;
	char keys[KEYS];

	while (!atomic_load(&s->ended)) {
		struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
		const char *leave;
		ssize_t n = 0;

		arena_reset(s->keys.cx.arena);
		if (poll(&p, 1, LOOK_MS) > 0)
			n = read(STDIN_FILENO, keys, sizeof(keys));
		if (n < 0 || (n == 0 && p.revents))
			break;
		leave = n ? memchr(keys, DETACH, (size_t)n) : NULL;
		if (leave)
			n = leave - keys;
		if (n)
			send_keys(s, (struct str){ keys, (size_t)n });
		if (leave)
			break;
		now = size();
		if (now.ws_row != was.ws_row || now.ws_col != was.ws_col)
			send_size(s, now);
		was = now;
	}
	atomic_store(&s->ended, true);
}

static void side_init(struct side *d, const struct cli *c)
{
	d->cx = *c->cx;
	d->cx.arena = arena_new(65536);
	d->cli = *c;
	d->cli.cx = &d->cx;
}

static void side_done(struct side *d)
{
	if (d->open)
		connect_close(&d->net);
	arena_free(d->cx.arena);
}

static enum err open_lab(struct shell *s, struct client_reply *r)
{
	struct side *d = &s->keys;
	struct buf b = { 0 };
	struct str id = { 0 };
	enum err e;

	buf_z(&b, "{\"course\":");
	jout_str(&b, args_get(s->args, "course"));
	buf_z(&b, ",\"slug\":");
	jout_str(&b, args_get(s->args, "slug"));
	buf_ch(&b, '}');
	e = connect_open(&d->cli, s->args, &d->net);
	d->open = !e;
	if (!e)
		e = connect_call(&d->cli, &d->net, STR("lab.open"),
				 buf_view(&b), (struct str){ 0 }, r);
	buf_done(&b);
	if (e)
		return e;
	if (r->code)
		return err_set(&d->cx, r->code, "%.*s", STR_FMT(r->message));
	member(d, r->result, "session", &id);
	if (id.n != ID_TEXT)
		return err_set(&d->cx, ERR_BAD_JSON, "no session came back");
	memcpy(s->session, id.p, ID_TEXT);
	return open_terminal(s, d);
}

int lab_shell_run(struct cli *c, const struct args *a)
{
	struct shell s = { .args = a };
	struct termios before, raw;
	struct client_reply r;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	enum err e;

	side_init(&s.keys, c);
	side_init(&s.screen, c);
	e = open_lab(&s, &r);
	if (!e && terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	if (!e && pthread_create(&s.thread, NULL, screen_loop, &s) == 0) {
		keys_loop(&s);
		pthread_join(s.thread, NULL);
	}
	if (!e && terminal) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		show(STR("\x18\x1b[?1049l\x1b[!p\x1b[m\r\n"));
		fprintf(c->err,
			"%s; the work is saved, and the same command "
			"comes back to it\n",
			s.last_words ? s.last_words : "left");
	}
	side_done(&s.screen);
	if (e)
		c->cx->error = s.keys.cx.error;
	side_done(&s.keys);
	return e ? cli_error(c, e) : CLI_FINE;
}
