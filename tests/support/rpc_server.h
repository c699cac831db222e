/*
 * rpc_server: a server of its own process with the nng front end and the rows
 * of rpc_world.h, and the ways in which a test reaches and watches it.
 *
 * The child stops at SIGTERM as assayd does: it answers "draining", finishes
 * what was begun, and leaves by _exit with 0, or 3 if the drain ran out of
 * time, or 4 if descriptors ran out.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/rpc/client.h"
#include "engine/rpc/sp.h"
#include "tests/support/rpc_world.h"

struct rs_opts {
	const char *listen; /* "ipc" stands for a socket in the folder */
	const char *origins, *tls_cert;
	int loops; /* see front_opts */
	int contexts, max_files, connections;
	bool store;
	bool log; /* to standard error */
};

struct rs {
	pid_t pid;
	char folder[64];
	char urls[2048];
	int life; /* closed by our end: the child leaves with us */
};

/*
 * A test of both parts of the front end: by loops of our own, then by nng. Its
 * state is the number of loops.
 */
#define RS_BOTH(test)                                                          \
	{ #test " [loops]", test, NULL, NULL, (void *)&rs_loops },             \
	{                                                                      \
#test " [nng]", test, NULL, NULL, (void *)&rs_nng              \
	}
static const int rs_loops = 2, rs_nng = 0;

static int64_t rs_now_ms(void)
{
	return clock_mono_ns(&clock_system) / 1000000;
}

/* One look of a wait: true ends it. Looks every few ms until the deadline. */
static inline bool rs_wait(bool (*look)(void *arg), void *arg, int64_t ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t until = rs_now_ms() + ms;

	while (!look(arg)) {
		if (rs_now_ms() > until)
			return false;
		nanosleep(&pause, NULL); /* allowed: a deadline */
	}
	return true;
}

static int rs_health(void *arg, struct buf *body)
{
	(void)arg;
	buf_z(body, "ok\n");
	return 200;
}

static int rs_metrics(void *arg, struct buf *body)
{
	metrics_page(((struct rw *)arg)->app.metrics, body);
	return 200;
}

static void rs_exhausted(void *arg)
{
	(void)arg;
	kill(getpid(), SIGUSR1);
}

static inline void rs_child(const struct rs_opts *o, int ready, int life)
{
	static struct rw w;
	static struct front_page pages[4];
	struct log *log = o->log ? log_new(2, LOG_INFO, &clock_system) : NULL;
	struct rw_opts wo = { .store = o->store, .threaded = true, .log = log };
	struct front_opts fo = { .clock = &clock_system,
				 .watch_ms = 200,
				 .log = log,
				 .idle_ms = 1000 };
	struct front *front;
	struct buf listen = { 0 };
	struct str rest = str_of(o->listen), one, urls;
	sigset_t set;
	int sig = 0;
	bool done;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGIO);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	rw_open(&w, &wo);
	while (str_split(&rest, ',', &one))
		if (str_is(one, "ipc"))
			buf_fmt(&listen, "ipc://%s/s,", w.folder);
		else
			buf_fmt(&listen, "%.*s,", STR_FMT(one));
	pages[0] = (struct front_page){ .path = "/healthz",
					.type = "text/plain",
					.get = rs_health };
	pages[1] = (struct front_page){ .path = "/metrics",
					.type = "text/plain; version=0.0.4",
					.get = rs_metrics,
					.arg = &w };
	pages[2] = (struct front_page){ .path = "/",
					.type = "text/html",
					.fixed = STR("<p>hello</p>") };
	fo.core = w.core;
	fo.metrics = w.app.metrics;
	fo.listen = buf_view(&listen);
	fo.tls_cert = str_of(o->tls_cert);
	fo.origins = str_of(o->origins);
	fo.pages = pages;
	fo.loops = o->loops;
	fo.contexts = o->contexts;
	fo.max_files = o->max_files;
	fo.connections = o->connections;
	fo.exhausted = rs_exhausted;
	if (front_start(&w.cx, &fo, &front)) {
		fprintf(stderr, "front: %s\n", w.cx.error.text);
		_exit(5);
	}
	urls = str_fmt(w.cx.arena, "%s %.*s", w.folder,
		       STR_FMT(front_urls(front)));
	CHECK(write(ready, urls.p, urls.n) == (ssize_t)urls.n);
	close(ready);
	/* The test's death ends us too. */
	fcntl(life, F_SETOWN, getpid());
	fcntl(life, F_SETFL, O_ASYNC | O_NONBLOCK);
	do {
		char c;

		sigwait(&set, &sig);
		if (sig == SIGIO && read(life, &c, 1) == 0)
			_exit(6);
	} while (sig == SIGIO);
	core_drain(w.core);
	done = core_wait_idle(w.core, 4000);
	if (w.app.executor)
		executor_stop(w.app.executor);
	done = front_stop(front, 500) && done;
	if (w.app.store)
		store_close(w.app.store);
	_exit(sig == SIGUSR1 ? 4 : done ? 0 : 3);
}

static inline void rs_start(struct rs *s, const struct rs_opts *o)
{
	int ready[2], life[2];
	size_t n = 0;
	ssize_t r;
	char *space;

	memset(s, 0, sizeof(*s));
	CHECK(pipe(ready) == 0 &&
	      socketpair(AF_UNIX, SOCK_STREAM, 0, life) == 0);
	s->pid = fork();
	CHECK(s->pid >= 0);
	if (s->pid == 0) {
		close(ready[0]);
		close(life[0]);
		rs_child(o, ready[1], life[1]);
	}
	close(ready[1]);
	close(life[1]);
	s->life = life[0];
	while ((r = read(ready[0], s->urls + n, sizeof(s->urls) - 1 - n)) > 0)
		n += (size_t)r;
	close(ready[0]);
	space = strchr(s->urls, ' ');
	CHECK(space); /* else it did not start */
	*space = 0;
	snprintf(s->folder, sizeof(s->folder), "%.60s", s->urls);
	memmove(s->urls, space + 1, strlen(space + 1) + 1);
}

/* Its URL of a scheme, such as "ws://"; in static memory. */
static inline struct str rs_url(const struct rs *s, const char *scheme)
{
	struct str rest = str_of(s->urls), one;

	while (str_split(&rest, ',', &one))
		if (str_starts(one, scheme))
			return one;
	CHECK(!"no such URL");
	return one;
}

static inline int rs_port(const struct rs *s, const char *scheme)
{
	struct str u = rs_url(s, scheme);
	size_t at = strlen(scheme);

	return atoi(u.p + str_find(u, STR(":"), at) + 1);
}

/* Exit status, or -signal; kills it if it does not leave in time. */
static inline int rs_join(struct rs *s, int64_t ms)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int64_t until = rs_now_ms() + ms;
	int status = 0;

	while (waitpid(s->pid, &status, WNOHANG) == 0) {
		if (rs_now_ms() > until) {
			kill(s->pid, SIGKILL);
			waitpid(s->pid, &status, 0);
			break;
		}
		nanosleep(&pause, NULL); /* allowed: a deadline */
	}
	close(s->life);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void rs_stop(struct rs *s)
{
	kill(s->pid, SIGKILL);
	rs_join(s, 5000);
	rw_remove(s->folder);
}

static inline int rs_files(const struct rs *s)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->pid);
	d = opendir(path);
	CHECK(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

struct rs_few {
	const struct rs *s;
	int most;
};

/* For rs_wait: it has no more descriptors than that. */
static inline bool rs_files_fell(void *arg)
{
	const struct rs_few *f = arg;

	return rs_files(f->s) <= f->most;
}

static inline bool rs_open(struct sp *sp, struct str url)
{
	return sp_connect(sp, &clock_system, url, 2000) &&
	       sp_hello(sp, SP_PROTO_REQ, 2000);
}

#define RS_PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}"
#define RS_PONG "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pong\":true}}"

/* Connects and pings; false if nobody answers within ms. */
static inline bool rs_ping(struct str url, int64_t ms)
{
	struct buf b = { 0 };
	struct sp sp;
	uint32_t id;
	bool ok;

	ok = sp_connect(&sp, &clock_system, url, ms) &&
	     sp_hello(&sp, SP_PROTO_REQ, ms) &&
	     sp_send(&sp, 5, STR(RS_PING), ms) &&
	     sp_recv(&sp, &id, &b, 4096, ms) && id == 5 &&
	     str_is(buf_view(&b), RS_PONG);
	sp_close(&sp);
	buf_done(&b);
	return ok;
}

/* A plain TCP connection to 127.0.0.1. */
static inline int rs_tcp(int port)
{
	char url[64];
	struct sp sp;

	snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", port);
	CHECK(sp_connect(&sp, &clock_system, str_of(url), 2000));
	return sp.fd;
}

/* Sends text and reads to the end or until quiet; terminated. */
static inline size_t rs_http(int port, struct str text, char *out, size_t room)
{
	struct timeval tv = { .tv_sec = 2 };
	int fd = rs_tcp(port);
	size_t n = 0;
	ssize_t r;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (send(fd, text.p, text.n, MSG_NOSIGNAL) != (ssize_t)text.n)
		n = 0; /* refused midway: what came is read all the same */
	while (n + 1 < room && (r = recv(fd, out + n, room - 1 - n, 0)) > 0)
		n += (size_t)r;
	out[n] = 0;
	close(fd);
	return n;
}
