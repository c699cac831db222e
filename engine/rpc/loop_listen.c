/* Listening and letting in. */
#include "engine/rpc/loop_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 1024,
	ACCEPTS = 64, /* before others have their turn */
	ALIVE_S = 60, /* silence after which a peer is asked for */
	ALIVE_EVERY_S = 20,
	ALIVE_TIMES = 3,
};

static enum err cannot(struct ctx *cx, const struct front_url *u)
{
	return err_set(cx, ERR_INVALID, "cannot listen on %s: %s", u->given,
		       strerror(errno));
}

/* A socket's file that nobody listens behind any more. */
static bool is_stale(const struct sockaddr_un *at)
{
	/* One that is full of callers does not keep us waiting: it lives. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	bool stale = fd >= 0 && lstat(at->sun_path, &st) == 0 &&
		     S_ISSOCK(st.st_mode) &&
		     connect(fd, (const struct sockaddr *)at, sizeof(*at)) &&
		     errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

static bool bind_ipc(int fd, const struct sockaddr_un *at)
{
	const struct sockaddr *sa = (const struct sockaddr *)at;

	/* On Linux the file takes the socket's mode: never open to all. */
	if (fchmod(fd, 0660) != 0)
		return false;
	if (bind(fd, sa, sizeof(*at)) == 0)
		return true;
	if (errno != EADDRINUSE || !is_stale(at)) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(at->sun_path) == 0 && bind(fd, sa, sizeof(*at)) == 0;
}

static int listen_ipc(const struct front_url *u)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct str path = str_of(u->given + u->at);
	int fd;

	if (path.n == 0 || path.n >= sizeof(at.sun_path)) {
		errno = path.n ? ENAMETOOLONG : EINVAL;
		return -1;
	}
	memcpy(at.sun_path, path.p, path.n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_ipc(fd, &at) && chmod(at.sun_path, 0660) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* HOST:PORT or [HOST]:PORT into two texts. */
static bool split_host(struct str at, char host[256], char port[8])
{
	size_t colon = at.n;
	struct str h;

	while (colon > 0 && at.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || at.n - colon >= 8 || at.n == colon)
		return false;
	h = str_cut(at, 0, colon - 1);
	if (h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = str_cut(h, 1, h.n - 1);
	if (h.n >= 256)
		return false;
	snprintf(host, 256, "%.*s", STR_FMT(h));
	snprintf(port, 8, "%.*s", STR_FMT(str_cut(at, colon, at.n)));
	return true;
}

static int listen_tcp(const struct front_url *u, int *port)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *a = NULL;
	struct sockaddr_in6 here = { 0 }; /* or the smaller kind */
	socklen_t n = sizeof(here);
	char host[256], text[8];
	int fd = -1, one = 1, why;

	errno = EINVAL;
	if (!split_host(str_of(u->given + u->at), host, text) ||
	    getaddrinfo(host, text, &want, &a) != 0)
		return -1;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd >= 0 && (bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
			listen(fd, BACKLOG) != 0 ||
			getsockname(fd, (struct sockaddr *)&here, &n) != 0)) {
		why = errno;
		close(fd);
		errno = why;
		fd = -1;
	}
	freeaddrinfo(a);
	*port = ntohs(here.sin6_port); /* at the same place in both kinds */
	return fd;
}

enum err loop_front_listen(struct ctx *cx, struct loop_front *f,
			   const struct front_url *u, char real[URL_MAX])
{
	struct loop_listener *l = &f->listeners[f->listeners_n];
	int port = 0;

	CHECK(f->listeners_n < LISTENERS_MAX);
	l->kind = LOOP_LISTENER;
	l->url = *u;
	l->fd = u->transport == FRONT_IPC ? listen_ipc(u)
					  : listen_tcp(u, &port);
	if (l->fd < 0)
		return cannot(cx, u);
	f->listeners_n++;
	url_with_port(u, port, real);
	return OK;
}

static void describe_ipc(int fd, char peer[PEER_TEXT])
{
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
	snprintf(peer, PEER_TEXT, "ipc uid %u pid %d", (unsigned)who.uid,
		 (int)who.pid);
}

static void describe_tcp(const struct sockaddr_in6 *from, char peer[PEER_TEXT])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	char host[INET6_ADDRSTRLEN] = "?";

	if (from->sin6_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &from->sin6_addr, host, sizeof(host));
	snprintf(peer, PEER_TEXT, "tcp %s port %u", host,
		 (unsigned)ntohs(from->sin6_port));
}

static void tune_tcp(int fd)
{
	static const struct {
		int level, name, value;
	} set[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, ALIVE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, ALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, ALIVE_TIMES },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++)
		setsockopt(fd, set[i].level, set[i].name, &set[i].value,
			   sizeof(int));
}

/* Lets one in, or shows it the door; fd and from are just accepted. */
static void let_in(struct loop_front *f, const struct loop_listener *l, int fd,
		   const struct sockaddr_in6 *from)
{
	struct front_state *s = f->s;
	int64_t before = atomic_fetch_add(&s->connections, 1);
	uint64_t number = (uint64_t)atomic_load(&s->opened);
	const char *why = NULL;
	char peer[PEER_TEXT];

	if (l->url.transport == FRONT_IPC) {
		describe_ipc(fd, peer);
	} else {
		describe_tcp(from, peer);
		tune_tcp(fd);
	}
	if (before >= s->conns_max || atomic_load(&s->full))
		why = "too many connections";
	else if (atomic_load(&s->stopping))
		why = "stopping";
	if (!why && loop_conn_new(&f->loops[number % (uint64_t)f->loops_n], fd,
				  l->url.transport, peer))
		return;
	if (!why)
		why = "no memory to wait for it";
	atomic_fetch_add(&s->opened, 1);
	atomic_fetch_sub(&s->connections, 1);
	atomic_fetch_add(&s->refused, 1);
	log_event(s->opts.log, LOG_INFO, "connection_refused", LZ("peer", peer),
		  LZ("why", why));
	close(fd);
}

/*
 * No descriptor for the one that knocks: it would knock for ever and keep this
 * thread busy. The spare one lets it in and out again.
 */
static bool turn_away(struct loop_front *f, const struct loop_listener *l)
{
	int fd;

	if (f->spare < 0)
		return false;
	close(f->spare);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	f->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	atomic_fetch_add(&f->s->refused, 1);
	return fd >= 0;
}

static void set_listening(struct loop_front *f, struct loop_listener *l,
			  bool on)
{
	struct epoll_event e = { .events = on ? EPOLLIN : 0, .data.ptr = l };

	l->paused = !on;
	epoll_ctl(f->loops[0].epoll, EPOLL_CTL_MOD, l->fd, &e);
}

void loop_accept_again(struct loop_front *f)
{
	if (f->spare < 0)
		f->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < f->listeners_n; i++)
		if (f->listeners[i].paused)
			set_listening(f, &f->listeners[i], true);
}

void loop_accept(struct loop_front *f, struct loop_listener *l)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_in6 from = { 0 };
		socklen_t n = sizeof(from);
		bool ipc = l->url.transport == FRONT_IPC;
		int fd = accept4(l->fd, ipc ? NULL : (struct sockaddr *)&from,
				 ipc ? NULL : &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			let_in(f, l, fd, &from);
			continue;
		}
		if ((errno == EMFILE || errno == ENFILE) && turn_away(f, l))
			continue;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (errno != EINTR && errno != ECONNABORTED) {
			set_listening(f, l, false); /* it would not end */
			return;
		}
	}
}
