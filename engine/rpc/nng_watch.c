/*
 * The watchdog: one thread that looks once a second at what nng cannot be
 * asked for.
 *
 *  - ipc: connects, says hello, and waits until its own connection shows up as
 *    a pipe. (A dead listener still says hello back, but makes no pipe.) It
 *    does not wait for an answer to a request, because a busy server must not
 *    be mistaken for a dead listener.
 *  - HTTP: of our sockets on a ws port, those that are no SP pipe and have been
 *    silent, or have been HTTP for too long, or have sent too much, are reset.
 *    nng then sees their end and frees them. The descriptor is duplicated
 *    first, so that what is looked at is what is reset, even if nng closes its
 *    own in between.
 *  - Doomed connections: their reading side is shut, see nng_front.c. An inet
 *    socket is found by its peer's address, a unix one by its peer's process
 *    and the longest queue of unread replies.
 *  - Descriptors: counted. Above 9/10 new connections are refused and the owner
 *    is told, once, to drain and be started again.
 */
#include "engine/rpc/nng_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/rpc/sp.h"

enum {
	PROBE_MS = 2000,
	HTTP_LIFE_MS = 60000, /* of a connection that never became a pipe */
	HTTP_BYTES = 64 << 10,
	SEEN_MAX = 8192,
	STATE_CLOSE = 7, /* of tcpi_state; netinet/tcp.h is not for here */
	STATE_CLOSE_WAIT = 8,
	STATE_LISTEN = 10,
	HTTP_BUFFER = 128 << 10, /* what may still be read after the cut */
	DOOMED_MAX = 64,	 /* in one look; more wait for the next */
};

/* Whom to hang up on; fd is the best candidate of a unix one. */
struct doomed {
	struct endpoint who;
	int pid, fd, queue;
};

/* When an HTTP connection was first looked at. */
struct seen {
	struct endpoint who;
	int64_t since_ms, round;
};

struct watch {
	struct nng_front *f;
	int64_t round;
	struct seen *seen;	/* open addressing, SEEN_MAX places */
	struct endpoint *pipes; /* sorted */
	size_t pipes_n, pipes_room;
	struct doomed doomed[DOOMED_MAX];
	int doomed_n;
	int64_t stuck;
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
	return w->pipes_n &&
	       bsearch(who, w->pipes, w->pipes_n, sizeof(*who), endpoint_cmp);
}

static bool http_port(const struct nng_front *f, int port)
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
	size_t at = (size_t)str_hash(
		(struct str){ (const char *)who->b, sizeof(who->b) });

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
	return here.ss_family == AF_INET
		       ? ntohs(((struct sockaddr_in *)&here)->sin_port)
		       : ntohs(((struct sockaddr_in6 *)&here)->sin6_port);
}

static void sweep_http(struct watch *w, int fd, const struct endpoint *who,
		       const struct tcp_info *info, int64_t now_ms)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct nng_front *f = w->f;
	int64_t idle_ms = f->s->opts.idle_ms, age;

	if (atomic_load(&f->s->full))
		idle_ms = idle_ms < 1000 ? idle_ms : 1000;
	age = http_age(w, who, now_ms);
	if (info->tcpi_last_data_recv < idle_ms &&
	    info->tcpi_bytes_received < HTTP_BYTES && age < HTTP_LIFE_MS)
		return;
	/* A reset, in Linux's words. */
	(void)connect(fd, &nobody, sizeof(nobody));
	atomic_fetch_add(&f->s->swept_http, 1);
}

static void hang_up_inet(struct watch *w, int fd, const struct endpoint *who)
{
	for (int i = 0; i < w->doomed_n; i++)
		if (w->doomed[i].pid == 0 &&
		    endpoint_cmp(&w->doomed[i].who, who) == 0)
			shutdown(fd, SHUT_RD);
}

/* True if it keeps fd as the one to hang up on. */
static bool hang_up_unix(struct watch *w, int fd)
{
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);
	int queue = 0;

	if (w->doomed_n == 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 ||
	    peer.pid == 0 || ioctl(fd, SIOCOUTQ, &queue) != 0 || queue <= 0)
		return false;
	for (int i = 0; i < w->doomed_n; i++) {
		struct doomed *d = &w->doomed[i];

		if (d->pid != peer.pid || queue <= d->queue)
			continue;
		if (d->fd >= 0)
			close(d->fd);
		d->fd = fd;
		d->queue = queue;
		return true;
	}
	return false;
}

/*
 * Connections of a ws port inherit a small buffer: nng's time for headers grows
 * with their square, and after the cut it still reads what has arrived.
 */
static void bound_listener(struct watch *w, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} here;
	socklen_t n = sizeof(here);
	int size = HTTP_BUFFER, port;

	memset(&here, 0, sizeof(here));
	if (getsockname(fd, &here.any, &n) != 0)
		return;
	port = ntohs(here.any.sa_family == AF_INET ? here.in.sin_port
						   : here.in6.sin6_port);
	if (http_port(w->f, port))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* fd is our own duplicate. True if it is kept. */
static bool sweep_one(struct watch *w, int fd, int64_t now_ms)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);
	struct endpoint who;
	int port;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		return hang_up_unix(w, fd);
	if (info.tcpi_state == STATE_LISTEN) {
		bound_listener(w, fd);
		return false;
	}
	port = port_and_peer(fd, &who);
	if (port == 0) { /* was reset */
		w->stuck += info.tcpi_state == STATE_CLOSE;
		return false;
	}
	w->stuck += info.tcpi_state == STATE_CLOSE_WAIT;
	hang_up_inet(w, fd, &who);
	if (http_port(w->f, port) && !is_pipe(w, &who))
		sweep_http(w, fd, &who, &info, now_ms);
	return false;
}

static void note_conn(void *arg, const struct conn *c)
{
	struct watch *w = arg;
	struct conn *mine = (struct conn *)c;

	note_pipe(w, c);
	if (atomic_load(&mine->doomed) && w->doomed_n < DOOMED_MAX)
		w->doomed[w->doomed_n++] =
			(struct doomed){ c->remote, c->pid, -1, 0 };
}

static void hang_up_kept(struct watch *w)
{
	for (int i = 0; i < w->doomed_n; i++)
		if (w->doomed[i].fd >= 0) {
			shutdown(w->doomed[i].fd, SHUT_RD);
			close(w->doomed[i].fd);
		}
	w->doomed_n = 0;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/*
 * A copy of a socket to look at, or -1. Never of a file: closing any copy of a
 * database's descriptor drops the locks of the whole process on it (fcntl(2)),
 * and then whoever opens and closes the database beside us takes its log away.
 * A number that became a file in between keeps its copy open for ever.
 */
static int copy_socket(int fd)
{
	int copy;

	if (!is_socket(fd))
		return -1;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return copy >= 0 && is_socket(copy) ? copy : -1;
}

/* Every descriptor of the process, once. */
static void sweep(struct watch *w)
{
	struct nng_front *f = w->f;
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int64_t n = 0, now_ms = clock_mono_ns(f->s->opts.clock) / 1000000;

	if (!d) { /* no descriptor left for it */
		front_files(f->s, f->s->files_max);
		return;
	}
	w->round++;
	w->pipes_n = 0;
	w->stuck = 0;
	conn_each(&f->conns, note_conn, w);
	if (w->pipes_n)
		qsort(w->pipes, w->pipes_n, sizeof(*w->pipes), endpoint_cmp);
	while ((e = readdir(d))) {
		int64_t fd;
		int copy;

		if (!str_int(str_of(e->d_name), &fd))
			continue; /* "." and ".." */
		n++;
		copy = copy_socket((int)fd);
		if (copy >= 0 && !sweep_one(w, copy, now_ms))
			close(copy);
	}
	closedir(d);
	hang_up_kept(w);
	atomic_store(&f->s->stuck, w->stuck);
	front_files(f->s, n - 1); /* without the folder's own */
}

bool ipc_lives(const char *url, int proto, const struct clock *clock,
	       _Atomic int64_t *own)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t before = atomic_load(own);
	int64_t until = clock_mono_ns(clock) + PROBE_MS * INT64_C(1000000);
	struct sp s;
	bool ok = sp_connect(&s, clock, str_of(url), PROBE_MS) &&
		  sp_hello(&s, proto, PROBE_MS);

	while (ok && atomic_load(own) == before) {
		nanosleep(&pause, NULL);
		ok = clock_mono_ns(clock) < until;
	}
	sp_close(&s);
	return ok;
}

bool pipe_is_own(nng_pipe p)
{
	uint64_t pid = 0;

	return nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_PID, &pid) == 0 &&
	       pid == (uint64_t)getpid();
}

static void probe(struct nng_front *f)
{
	for (int i = 0; i < f->listeners_n; i++) {
		struct listening *l = &f->listeners[i];
		bool ok;

		if (l->url.transport != FRONT_IPC || atomic_load(&f->s->full) ||
		    ipc_lives(l->url.given, SP_PROTO_REQ, f->s->opts.clock,
			      &f->own_ipc))
			continue;
		ok = listen_again(f, i);
		atomic_fetch_add(&f->s->relistened, 1);
		log_event(f->s->opts.log, LOG_WARN, "ipc_listened_again",
			  LZ("url", l->url.given), LBOOL("works", ok));
	}
}

/*
 * True when it is time to look again, false at the end. due: for a whole look,
 * not only because somebody is to be hung up on.
 */
static bool watch_pause(struct nng_front *f, bool *due)
{
	struct timespec t;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &t); /* allowed: for the condition */
	t.tv_sec += f->s->opts.watch_ms / 1000;
	t.tv_nsec += f->s->opts.watch_ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&f->watch_lock);
	while (!f->watch_stop && !f->watch_doomed &&
	       pthread_cond_timedwait(&f->watch_wake, &f->watch_lock, &t) == 0)
		;
	stop = f->watch_stop;
	*due = !f->watch_doomed;
	f->watch_doomed = false;
	pthread_mutex_unlock(&f->watch_lock);
	return !stop;
}

static void *watch_loop(void *arg)
{
	struct watch w = { .f = arg };
	bool due;

	w.seen = calloc(SEEN_MAX, sizeof(*w.seen)); /* allowed: the watch's */
	CHECK(w.seen);
	w.round = 2; /* so that empty places are old */
	sweep(&w);
	while (watch_pause(w.f, &due)) {
		sweep(&w);
		if (due)
			probe(w.f);
	}
	free(w.seen);
	free(w.pipes);
	return NULL;
}

void watch_start(struct nng_front *f)
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

void watch_hang_up(struct nng_front *f)
{
	pthread_mutex_lock(&f->watch_lock);
	f->watch_doomed = true;
	pthread_cond_signal(&f->watch_wake);
	pthread_mutex_unlock(&f->watch_lock);
}

void watch_end(struct nng_front *f)
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
