/*
 * The watchdog: one thread that looks once a second at what nng cannot be
 * asked for.
 *
 *  - ipc: connects and waits for the 8 bytes that a living listener sends. It
 *    does not wait for an answer to a request, because a busy server must not
 *    be mistaken for a dead listener.
 *  - HTTP: of our sockets on a ws port, those that are no SP pipe and have been
 *    silent, or have been HTTP for too long, or have sent too much, are shut
 *    down. nng then sees their end and frees them. The descriptor is
 *    duplicated first, so that what is looked at is what is shut, even if nng
 *    closes its own in between.
 *  - Descriptors: counted. Above 9/10 new connections are refused and the owner
 *    is told, once, to drain and be started again.
 */
#include "engine/rpc/nng_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/rpc/sp.h"

enum {
	PROBE_MS = 2000,
	HTTP_LIFE_MS = 60000, /* of a connection that never became a pipe */
	HTTP_BYTES = 64 << 10,
	SEEN_MAX = 8192,
};

/* When an HTTP connection was first looked at. */
struct seen {
	struct endpoint who;
	int64_t since_ms, round;
};

struct watch {
	struct front *f;
	int64_t round;
	struct seen *seen; /* open addressing, SEEN_MAX places */
	struct endpoint *pipes; /* sorted */
	size_t pipes_n, pipes_room;
};

static int endpoint_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct endpoint));
}

static void note_pipe(void *arg, const struct conn *c)
{
	struct watch *w = arg;

	if (c->transport != FRONT_WS && c->transport != FRONT_WSS)
		return;
	if (w->pipes_n == w->pipes_room) {
		w->pipes_room = w->pipes_room ? w->pipes_room * 2 : 256;
		w->pipes = realloc(w->pipes, /* allowed: the watch's */
				   w->pipes_room * sizeof(*w->pipes));
		CHECK(w->pipes);
	}
	w->pipes[w->pipes_n++] = c->remote;
}

static bool is_pipe(const struct watch *w, const struct endpoint *who)
{
	return bsearch(who, w->pipes, w->pipes_n, sizeof(*who), endpoint_cmp);
}

static bool http_port(const struct front *f, int port)
{
	for (int i = 0; i < f->listeners_n; i++)
		if (f->listeners[i].port && f->listeners[i].port == port)
			return true;
	return false;
}

/* How long this one has been HTTP. A full table counts from now. */
static int64_t http_age(struct watch *w, const struct endpoint *who,
			int64_t now_ms)
{
	size_t at = (size_t)str_hash((struct str){ (const char *)who->b,
						   sizeof(who->b) });

	for (int i = 0; i < 16; i++) {
		struct seen *s = &w->seen[(at + (size_t)i) % SEEN_MAX];
		bool same = endpoint_cmp(&s->who, who) == 0;

		if (same && s->round >= w->round - 1) {
			s->round = w->round;
			return now_ms - s->since_ms;
		}
		if (same || s->round < w->round - 1) {
			*s = (struct seen){ *who, now_ms, w->round };
			return 0;
		}
	}
	return 0;
}

static int port_and_peer(int fd, struct endpoint *who)
{
	struct sockaddr_storage here = { 0 }, there = { 0 };
	socklen_t n = sizeof(here), m = sizeof(there);
	struct sockaddr_in *v4 = (struct sockaddr_in *)&there;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&there;

	if (getsockname(fd, (struct sockaddr *)&here, &n) != 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &m) != 0)
		return 0;
	if (there.ss_family == AF_INET)
		endpoint_set(who, AF_INET, &v4->sin_addr, v4->sin_port);
	else if (there.ss_family == AF_INET6)
		endpoint_set(who, AF_INET6, &v6->sin6_addr, v6->sin6_port);
	else
		return 0;
	return here.ss_family == AF_INET ?
		       ntohs(((struct sockaddr_in *)&here)->sin_port) :
		       ntohs(((struct sockaddr_in6 *)&here)->sin6_port);
}

/* fd is our own duplicate. */
static void sweep_one(struct watch *w, int fd, int64_t now_ms)
{
	struct front *f = w->f;
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);
	struct endpoint who;
	int64_t idle_ms = f->opts.idle_http_ms, age;
	int port = port_and_peer(fd, &who);

	if (port == 0 || !http_port(f, port) || is_pipe(w, &who))
		return;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		return;
	if (atomic_load(&f->full))
		idle_ms = idle_ms < 1000 ? idle_ms : 1000;
	age = http_age(w, &who, now_ms);
	if (info.tcpi_last_data_recv < idle_ms &&
	    info.tcpi_bytes_received < HTTP_BYTES && age < HTTP_LIFE_MS)
		return;
	shutdown(fd, SHUT_RDWR);
	atomic_fetch_add(&f->swept_http, 1);
}

static bool has_http(const struct front *f)
{
	for (int i = 0; i < f->listeners_n; i++)
		if (f->listeners[i].port)
			return true;
	return false;
}

static void files_full(struct front *f, int64_t n)
{
	bool full = n > (int64_t)f->files_max * 9 / 10;

	atomic_store(&f->files, n);
	atomic_store(&f->full, full);
	if (!full || atomic_exchange(&f->exhausted, true))
		return;
	log_event(f->opts.log, LOG_ERROR, "descriptors_exhausted",
		  LINT("open", n), LINT("max", f->files_max),
		  LINT("connections", atomic_load(&f->connections)));
	if (f->opts.exhausted)
		f->opts.exhausted(f->opts.arg);
}

/* Every descriptor of the process, once. */
static void sweep(struct watch *w)
{
	struct front *f = w->f;
	bool http = has_http(f);
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int64_t n = 0, now_ms = clock_mono_ns(f->opts.clock) / 1000000;

	if (!d) { /* no descriptor left for it */
		files_full(f, f->files_max);
		return;
	}
	w->round++;
	w->pipes_n = 0;
	if (http) {
		conn_each(&f->conns, note_pipe, w);
		if (w->pipes_n)
			qsort(w->pipes, w->pipes_n, sizeof(*w->pipes),
			      endpoint_cmp);
	}
	while ((e = readdir(d))) {
		int copy;

		if (e->d_name[0] == '.')
			continue;
		n++;
		if (!http)
			continue;
		copy = fcntl(atoi(e->d_name), F_DUPFD_CLOEXEC, 3);
		if (copy < 0)
			continue;
		sweep_one(w, copy, now_ms);
		close(copy);
	}
	closedir(d);
	files_full(f, n - 1); /* without the folder's own */
}

static bool ipc_lives(struct front *f, const struct listening *l)
{
	struct sp s;
	bool ok = sp_connect(&s, f->opts.clock, str_of(l->url), PROBE_MS) &&
		  sp_hello(&s, SP_PROTO_REQ, PROBE_MS);

	sp_close(&s);
	return ok;
}

static void probe(struct front *f)
{
	for (int i = 0; i < f->listeners_n; i++) {
		struct listening *l = &f->listeners[i];
		bool ok;

		if (l->transport != FRONT_IPC || atomic_load(&f->full) ||
		    ipc_lives(f, l))
			continue;
		ok = listen_again(f, i);
		atomic_fetch_add(&f->relistened, 1);
		log_event(f->opts.log, LOG_WARN, "ipc_listened_again",
			  LZ("url", l->url), LBOOL("works", ok));
	}
}

/* True when it is time to look again, false at the end. */
static bool watch_pause(struct front *f)
{
	struct timespec t;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &t); /* allowed: for the condition */
	t.tv_sec += f->opts.watch_ms / 1000;
	t.tv_nsec += f->opts.watch_ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&f->watch_lock);
	while (!f->watch_stop &&
	       pthread_cond_timedwait(&f->watch_wake, &f->watch_lock, &t) == 0)
		;
	stop = f->watch_stop;
	pthread_mutex_unlock(&f->watch_lock);
	return !stop;
}

static void *watch_loop(void *arg)
{
	struct watch w = { .f = arg };

	w.seen = calloc(SEEN_MAX, sizeof(*w.seen)); /* allowed: the watch's */
	CHECK(w.seen);
	w.round = 2; /* so that empty places are old */
	while (watch_pause(w.f)) {
		sweep(&w);
		probe(w.f);
	}
	free(w.seen);
	free(w.pipes);
	return NULL;
}

void watch_start(struct front *f)
{
	pthread_condattr_t mono;

	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_mutex_init(&f->watch_lock, NULL);
	pthread_cond_init(&f->watch_wake, &mono);
	pthread_condattr_destroy(&mono);
	CHECK(pthread_create(&f->watch, NULL, watch_loop, f) == 0);
	f->watching = true;
}

void watch_end(struct front *f)
{
	if (!f->watching)
		return;
	pthread_mutex_lock(&f->watch_lock);
	f->watch_stop = true;
	pthread_cond_signal(&f->watch_wake);
	pthread_mutex_unlock(&f->watch_lock);
	pthread_join(f->watch, NULL);
	f->watching = false;
}
