#include "engine/rpc/sp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Waits for the events; false at the deadline. */
static bool wait_for(struct sp *s, short events, int64_t until_ns)
{
	struct pollfd p = { .fd = s->fd, .events = events };

	for (;;) {
		int64_t left = until_ns - clock_mono_ns(s->clock);
		int rc;

		if (left <= 0) {
			errno = ETIMEDOUT;
			return false;
		}
		rc = poll(&p, 1, (int)(left / 1000000) + 1);
		if (rc > 0)
			return true;
		if (rc < 0 && errno != EINTR)
			return false;
	}
}

static bool write_all(struct sp *s, const void *data, size_t n,
		      int64_t until_ns)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = send(s->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (w > 0) {
			p += w;
			n -= (size_t)w;
		} else if (errno == EAGAIN) {
			if (!wait_for(s, POLLOUT, until_ns))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool read_all(struct sp *s, void *data, size_t n, int64_t until_ns)
{
	char *p = data;

	while (n > 0) {
		ssize_t r = recv(s->fd, p, n, MSG_DONTWAIT);

		if (r > 0) {
			p += r;
			n -= (size_t)r;
		} else if (r == 0) {
			errno = ECONNRESET;
			return false;
		} else if (errno == EAGAIN) {
			if (!wait_for(s, POLLIN, until_ns))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool connect_ipc(struct sp *s, struct str path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (path.n == 0 || path.n >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(un.sun_path, path.p, path.n);
	s->ipc = true;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return s->fd >= 0 &&
	       connect(s->fd, (struct sockaddr *)&un, sizeof(un)) == 0;
}

static bool connect_one(struct sp *s, const struct addrinfo *a,
			int64_t until_ns)
{
	socklen_t n = sizeof(int);
	int one = 1, failed = 0;

	s->fd = socket(a->ai_family,
		       a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return false;
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
		return true;
	if (errno == EINPROGRESS && wait_for(s, POLLOUT, until_ns)) {
		getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failed, &n);
		if (!failed)
			return true;
		errno = failed;
	}
	return false;
}

static bool connect_tcp(struct sp *s, struct str at, int64_t until_ns)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *all = NULL;
	char host[256], port[8];
	size_t colon = at.n;
	bool ok = false;

	while (colon > 0 && at.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || colon > sizeof(host) ||
	    at.n - colon >= sizeof(port)) {
		errno = EINVAL;
		return false;
	}
	if (colon > 2 && at.p[0] == '[' && at.p[colon - 2] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)colon - 3, at.p + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)colon - 1, at.p);
	snprintf(port, sizeof(port), "%.*s", (int)(at.n - colon), at.p + colon);
	if (getaddrinfo(host, port, &want, &all) != 0) {
		errno = EHOSTUNREACH;
		return false;
	}
	for (struct addrinfo *a = all; a && !ok; a = a->ai_next) {
		sp_close(s);
		ok = connect_one(s, a, until_ns);
	}
	freeaddrinfo(all);
	return ok;
}

bool sp_connect(struct sp *s, const struct clock *clock, struct str url,
		int64_t timeout_ms)
{
	int64_t until = clock_mono_ns(clock) + timeout_ms * 1000000;
	bool ok = false;

	*s = (struct sp){ .fd = -1, .clock = clock };
	if (str_starts(url, "ipc://"))
		ok = connect_ipc(s, str_cut(url, 6, url.n));
	else if (str_starts(url, "tcp://"))
		ok = connect_tcp(s, str_cut(url, 6, url.n), until);
	else
		errno = EPROTONOSUPPORT;
	if (!ok) {
		int why = errno;

		sp_close(s);
		errno = why;
	}
	return ok;
}

bool sp_hello(struct sp *s, int proto, int64_t timeout_ms)
{
	int64_t until = clock_mono_ns(s->clock) + timeout_ms * 1000000;
	uint8_t mine[SP_HELLO], his[SP_HELLO];

	sp_hello_put(mine, proto);
	if (!write_all(s, mine, SP_HELLO, until) ||
	    !read_all(s, his, SP_HELLO, until))
		return false;
	errno = EPROTO;
	return memcmp(his, mine, 4) == 0;
}

bool sp_send(struct sp *s, uint32_t id, struct str body, int64_t timeout_ms)
{
	int64_t until = clock_mono_ns(s->clock) + timeout_ms * 1000000;
	uint8_t head[SP_HEAD_MAX];
	const uint8_t route[4] = { (uint8_t)(id >> 24 | 0x80),
				   (uint8_t)(id >> 16), (uint8_t)(id >> 8),
				   (uint8_t)id };
	size_t n = sp_head(head, s->ipc, (struct str){ (const char *)route, 4 },
			   body.n);

	return write_all(s, head, n, until) &&
	       write_all(s, body.p, body.n, until);
}

static uint64_t get_be(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

bool sp_recv(struct sp *s, uint32_t *id, struct buf *b, size_t max,
	     int64_t timeout_ms)
{
	int64_t until = clock_mono_ns(s->clock) + timeout_ms * 1000000;
	uint8_t head[13];
	int skip = s->ipc ? 0 : 1;
	uint64_t n;
	char *p;

	buf_reset(b);
	if (!read_all(s, head + skip, sizeof(head) - (size_t)skip, until))
		return false;
	n = get_be(head + 1, 8);
	if (n < 4 || n - 4 > max) {
		errno = EMSGSIZE;
		return false;
	}
	n -= 4;
	*id = (uint32_t)get_be(head + 9, 4) & 0x7fffffff;
	p = buf_room(b, n + 1);
	if (!p || !read_all(s, p, n, until))
		return false;
	b->n += n;
	return true;
}

void sp_close(struct sp *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
