#include "tests/support/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "engine/rpc/client.h"
#include "tests/support/store/db.h"

enum { ARGS_MOST = 40, DEADLINE_MS = 10000, LOG_MOST = 1 << 20 };

static int64_t now_ms(void)
{
	return clock_mono_ns(&clock_system) / 1000000;
}

bool daemon_until(bool (*look)(void *arg), void *arg, int64_t ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t until = now_ms() + ms;

	while (!look(arg)) {
		if (now_ms() > until)
			return false;
		nanosleep(&pause, NULL); /* allowed: a deadline */
	}
	return true;
}

void daemon_make(struct daemon *d)
{
	*d = (struct daemon){ .cx = { .arena = arena_new(1 << 20),
				      .clock = &clock_system,
				      .rng = rng_system() } };
	tmp_make(d->dir);
	snprintf(d->data, sizeof(d->data), "%s/data", d->dir);
}

void daemon_drop(struct daemon *d)
{
	if (d->pid)
		daemon_stop(d, SIGKILL);
	tmp_drop(d->dir);
	arena_free(d->cx.arena);
}

static const char *log_path(struct daemon *d)
{
	return str_fmt(d->cx.arena, "%s/log", d->dir).p;
}

const char *daemon_log(struct daemon *d)
{
	char *text = arena_alloc(d->cx.arena, LOG_MOST + 1);
	int fd = open(log_path(d), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, LOG_MOST);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void spawn(struct daemon *d, const char *first, const char *const *args)
{
	const char *argv[ARGS_MOST] = { DAEMON_PROGRAM };
	int n = 1, fd;

	if (first)
		argv[n++] = first;
	argv[n++] = "--data";
	argv[n++] = d->data;
	if (d->store[0]) {
		argv[n++] = "--store";
		argv[n++] = d->store;
	}
	for (; args && *args; args++) {
		CHECK(n < ARGS_MOST - 1);
		argv[n++] = *args;
	}
	fd = open(log_path(d), O_CREAT | O_TRUNC | O_WRONLY, 0600);
	CHECK(fd >= 0);
	d->pid = fork();
	CHECK(d->pid >= 0);
	if (d->pid == 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(DAEMON_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	close(fd);
}

struct ending {
	struct daemon *d;
	int code;
};

static bool has_ended(void *arg)
{
	struct ending *e = arg;
	int status;
	pid_t got = waitpid(e->d->pid, &status, WNOHANG);

	if (got == 0)
		return false;
	e->code = got < 0	      ? -1
		  : WIFEXITED(status) ? WEXITSTATUS(status)
				      : -WTERMSIG(status);
	e->d->pid = 0;
	return true;
}

int daemon_stop(struct daemon *d, int sig)
{
	struct ending e = { .d = d };

	CHECK(d->pid);
	if (sig)
		kill(d->pid, sig);
	if (!daemon_until(has_ended, &e, DEADLINE_MS)) {
		kill(d->pid, SIGKILL);
		CHECK(daemon_until(has_ended, &e, DEADLINE_MS));
	}
	return e.code;
}

int daemon_run(struct daemon *d, const char *const *args)
{
	spawn(d, NULL, args);
	return daemon_stop(d, 0);
}

void daemon_init(struct daemon *d)
{
	const char *file = str_fmt(d->cx.arena, "%s/key", d->dir).p;
	const char *const args[] = { "--organization", "O", "--key-file", file,
				     NULL };
	int fd, code;
	ssize_t n;

	spawn(d, "init", args);
	code = daemon_stop(d, 0);
	if (code)
		fprintf(stderr, "assayd init: %d: %s\n", code, daemon_log(d));
	CHECK(code == 0);
	fd = open(file, O_RDONLY);
	n = read(fd, d->key, sizeof(d->key) - 1);
	CHECK(n > 1);
	d->key[n - 1] = 0; /* the line's end */
	close(fd);
}

static bool has_begun(void *arg)
{
	struct daemon *d = arg;

	return strstr(daemon_log(d), "server_ready") || !daemon_alive(d);
}

void daemon_start(struct daemon *d, const char *const *more)
{
	const char *args[ARGS_MOST] = { "--listen" };
	int n = 1;

	args[n++] = str_fmt(d->cx.arena,
			    "ipc://%s/s,tcp://127.0.0.1:0,"
			    "ws://127.0.0.1:0/rpc",
			    d->dir)
			    .p;
	args[n++] = "--worker"; /* a test that wants one says so */
	args[n++] = "none";
	args[n++] = "--feed";
	args[n++] = "none";
	for (; more && *more; more++)
		args[n++] = *more;
	spawn(d, NULL, args);
	CHECK(daemon_until(has_begun, d, DEADLINE_MS));
	if (!daemon_alive(d))
		fprintf(stderr, "assayd: %s\n", daemon_log(d));
	CHECK(daemon_alive(d));
}

bool daemon_alive(struct daemon *d)
{
	struct ending e = { .d = d };

	return d->pid && !has_ended(&e);
}

struct str daemon_url(struct daemon *d, const char *scheme)
{
	const char *log = daemon_log(d), *at = strstr(log, "server_ready");
	size_t n;

	CHECK(at && (at = strstr(at, scheme)));
	n = strcspn(at, ",\" \n");
	return str_copy(d->cx.arena, (struct str){ at, n });
}

enum err daemon_call(struct daemon *d, const char *method, const char *params,
		     ...)
{
	const struct client_opts o = { .url = daemon_url(d, "ipc://"),
				       .auth = str_of(d->key),
				       .timeout_ms = 15000,
				       .tries = 1 };
	struct client_reply r = { 0 };
	struct client *c = NULL;
	char text[65536];
	va_list ap;
	enum err e;

	va_start(ap, params);
	vsnprintf(text, sizeof(text), params, ap);
	va_end(ap);
	e = client_open(&d->cx, &o, &c);
	if (!e)
		e = client_call(&d->cx, c, str_of(method), str_of(text),
				(struct str){ 0 }, &r);
	client_close(c);
	if (e)
		return e;
	if (!r.code)
		d->result = r.result;
	return r.code;
}
