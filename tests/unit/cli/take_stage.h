/*
 * stage: the program in a pseudo terminal against a server in a process of its
 * own. A person's lines are sent when what they answer to has appeared; nothing
 * waits for the clock. Include after cmocka.h.
 */
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "cli_world.h"
#include "engine/auth/sign.h"
#include "engine/server.h"

enum { PATIENCE_MS = 30000, SCREEN = 1 << 20 };

struct stage {
	struct world *w;
	pid_t server, person;
	int terminal;
	char *screen;	/* all that was shown */
	size_t n, seen; /* seen: what a test has dealt with */
	char url[128], *admin, *token;
};

/* ---- the server ---- */

static inline void open_server(struct stage *s, struct ctx *cx,
			       struct server **out)
{
	static struct config config;
	const struct server_opts o = { .config = &config,
				       .clock = &clock_system,
				       .rng = rng_system(),
				       .threaded = true };

	*cx = (struct ctx){ .arena = arena_new(65536),
			    .clock = &clock_system,
			    .rng = rng_system() };
	config_defaults(&config);
	config.data = str_fmt(cx->arena, "%s/data", s->w->folder);
	config.listen = str_of(s->url);
	config.feed = STR("none");
	if (server_open(cx, &o, out)) {
		fprintf(stderr, "%s\n", cx->error.text);
		_exit(1);
	}
}

/* In a process of its own: the first organization and its key. */
static inline void init(struct stage *s)
{
	struct server_init made = { .organization = STR("Test") };
	struct server *server;
	struct ctx cx;
	FILE *f;

	open_server(s, &cx, &server);
	f = fopen(s->admin, "w");
	if (!f || server_init(&cx, server, &made))
		_exit(1);
	fprintf(f, "%.*s\n", STR_FMT(made.key));
	fclose(f);
	_exit(0);
}

static inline void serve(struct stage *s, int ready)
{
	struct server *server;
	struct ctx cx;

	open_server(s, &cx, &server);
	if (server_listen(&cx, server) || write(ready, "r", 1) != 1) {
		fprintf(stderr, "%s\n", cx.error.text);
		_exit(1);
	}
	for (;;)
		pause();
}

static inline void server_init_once(struct stage *s)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		init(s);
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

static inline void server_up(struct stage *s)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	s->server = fork();
	assert_true(s->server >= 0);
	if (s->server == 0)
		serve(s, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

static inline void server_down(struct stage *s)
{
	if (s->server > 0) {
		kill(s->server, SIGKILL);
		waitpid(s->server, NULL, 0);
	}
	s->server = 0;
}

/* ---- the person ---- */

static inline void person_begins(struct stage *s, ...)
{
	struct winsize size = { 24, 80, 0, 0 };
	char *argv[40];
	int argc = 0;
	va_list ap;

	va_start(ap, s);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	fflush(NULL);
	s->n = s->seen = 0;
	s->screen[0] = 0;
	s->person = forkpty(&s->terminal, NULL, NULL, &size);
	assert_true(s->person >= 0);
	if (s->person == 0) {
		struct cli c = s->w->c;

		c.cx->clock = &clock_system;
		c.cx->rng = rng_system();
		c.in = stdin;
		c.out = stdout;
		c.err = stderr;
		c.in_is_terminal = c.out_is_terminal = true;
		_exit(cli_main(&c, argc, argv));
	}
}

/* Reads until text appears behind what was seen; false at the end. */
static inline bool wait_for(struct stage *s, const char *text)
{
	struct pollfd p = { .fd = s->terminal, .events = POLLIN };

	for (;;) {
		char *at = strstr(s->screen + s->seen, text);
		ssize_t n;

		if (at) {
			s->seen = (size_t)(at - s->screen) + strlen(text);
			return true;
		}
		if (s->n + 1 >= SCREEN || poll(&p, 1, PATIENCE_MS) != 1)
			return false;
		n = read(s->terminal, s->screen + s->n, SCREEN - s->n - 1);
		if (n <= 0)
			return false;
		s->n += (size_t)n;
		s->screen[s->n] = 0;
	}
}

#define SEE(text)                                                              \
	do {                                                                   \
		if (!wait_for(s, text))                                        \
			fail_msg("did not see \"%s\" in:\n%s", text,           \
				 s->screen);                                   \
	} while (0)

static inline void type(struct stage *s, const char *line)
{
	assert_int_equal(write(s->terminal, line, strlen(line)), strlen(line));
	assert_int_equal(write(s->terminal, "\n", 1), 1);
}

static inline int person_ends(struct stage *s)
{
	int status = 0;

	while (wait_for(s, "\x01 never shown"))
		;
	assert_int_equal(waitpid(s->person, &status, 0), s->person);
	close(s->terminal);
	s->person = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- the world around ---- */

/* As the administrator, from this process. */
static inline int admin(struct stage *s, const char *noun, const char *verb,
			const char *flag, const char *value, const char *flag2,
			const char *value2)
{
	return world_run(s->w, noun, verb, "--url", s->url, "--token-file",
			 s->admin, flag, value, flag2, value2, NULL);
}

static inline void make_token(struct stage *s)
{
	char *jwk = world_path(s->w, "k.jwk"), *jwks = world_path(s->w, "j");
	struct str at = str_fmt(s->w->cx.arena, "@%s", jwks);
	const char *audience, *end;

	assert_int_equal(world_run(s->w, "key", "new", "-o", jwk, NULL), 0);
	assert_int_equal(world_run(s->w, "key", "jwks", jwk, "-o", jwks, NULL),
			 0);
	assert_int_equal(world_run(s->w, "issuer", "register", "--url", s->url,
				   "--token-file", s->admin, "--issuer", "i",
				   "--jwks", at.p, "--json", NULL),
			 0);
	audience = strstr(s->w->out, "assay:"); /* made for the tenant */
	assert_non_null(audience);
	end = strchr(audience, '"');
	assert_non_null(end);
	audience =
		str_fmt(s->w->cx.arena, "%.*s", (int)(end - audience), audience)
			.p;
	s->w->cx.clock = &clock_system;
	assert_int_equal(world_run(s->w, "token", jwk, "--issuer", "i",
				   "--audience", audience, "--subject", "ann",
				   "-o", s->token, NULL),
			 0);
}

static inline int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	void *w;

	if (!s || world_setup(&w))
		return -1;
	signal(SIGPIPE, SIG_IGN);
	s->w = w;
	s->screen = calloc(1, SCREEN);
	snprintf(s->url, sizeof(s->url), "ipc://%s/s.sock", s->w->folder);
	s->admin = world_path(s->w, "admin.key");
	s->token = world_path(s->w, "token");
	server_init_once(s);
	server_up(s);
	make_token(s);
	*state = s;
	return 0;
}

static inline int teardown(void **state)
{
	struct stage *s = *state;
	void *w = s ? s->w : NULL;

	if (!s)
		return 0; /* the setup has failed */
	server_down(s);
	if (s->person > 0) {
		kill(s->person, SIGKILL);
		waitpid(s->person, NULL, 0);
	}
	free(s->screen);
	world_teardown(&w);
	free(s);
	return 0;
}

#define TAKE(slug, ...)                                                        \
	person_begins(s, "attempt", "take", "--url", s->url, "--token-file",   \
		      s->token, "--timeout", "5s", "--course", "c", "--slug",  \
		      slug, ##__VA_ARGS__, NULL)
