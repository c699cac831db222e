#include "bench/load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum wire { WIRE_IPC, WIRE_TCP, WIRE_WS };

enum {
	READ_ROOM = 128 << 10,
	REPLY_MAX = 64 << 20,
	DRAIN_MS = 8000,
	/* Latency classes: 32 a power of two of microseconds. */
	SUB = 32,
	CLASSES = SUB * 28,
	PROGRESS_EACH = 4096,
};

struct conn {
	int fd;
	struct buf in, out;
	size_t out_at;
	bool wants_out;
};

struct load {
	const struct load_opts *o;
	enum wire wire;
	struct conn *conns;
	int64_t *sent_ns; /* of each place; 0: nothing outstanding */
	int depth, open, outstanding, ep;
	int64_t sent;
	bool sending, counting;
	struct buf text;
	uint32_t *classes;
	struct load_result *r;
};

/* ---- connecting ---- */

static enum wire wire_of(const char *url)
{
	if (strncmp(url, "ipc://", 6) == 0)
		return WIRE_IPC;
	return strncmp(url, "ws://", 5) == 0 ? WIRE_WS : WIRE_TCP;
}

static int connect_ipc(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int connect_tcp(const char *host_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strrchr(host_port, ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : ""));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool read_all(int fd, char *p, size_t n)
{
	while (n) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool greet_ws(int fd, const char *rest)
{
	static const char ask[] =
		" HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
		"Sec-WebSocket-Protocol: rep.sp.nanomsg.org\r\n\r\n";
	const char *path = strchr(rest, '/');
	char head[2048];
	size_t n = 0;
	int len = snprintf(head, sizeof(head), "GET %s%s", path ? path : "/",
			   ask);

	if (write(fd, head, (size_t)len) != len)
		return false;
	while (n < sizeof(head) - 1) {
		if (!read_all(fd, head + n, 1))
			return false;
		head[++n] = 0;
		if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
			return strncmp(head, "HTTP/1.1 101", 12) == 0;
	}
	return false;
}

int load_connect(const char *url)
{
	static const char hello[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	const char *rest = strstr(url, "://") + 3;
	enum wire w = wire_of(url);
	char theirs[8], host[128];
	int fd;
	bool good;

	snprintf(host, sizeof(host), "%s", rest);
	if (w == WIRE_WS)
		host[strcspn(host, "/")] = 0;
	fd = w == WIRE_IPC ? connect_ipc(rest) : connect_tcp(host);
	if (fd < 0)
		return -1;
	if (w == WIRE_WS)
		good = greet_ws(fd, rest);
	else
		good = write(fd, hello, 8) == 8 && read_all(fd, theirs, 8) &&
		       memcmp(theirs, "\0SP\0\0\x31\0\0", 8) == 0;
	if (good)
		return fd;
	close(fd);
	errno = EPROTO;
	return -1;
}

/* ---- sending ---- */

static void put_be(struct buf *b, uint64_t v, int bytes)
{
	while (bytes--)
		buf_ch(b, (char)(v >> (8 * bytes)));
}

/* A request in the wire's frame. ws: masked, with a mask of zeros. */
static void frame(struct load *l, struct buf *b, uint32_t id, struct str body)
{
	size_t n = body.n + 4;

	switch (l->wire) {
	case WIRE_IPC:
		buf_ch(b, 1);
		put_be(b, n, 8);
		break;
	case WIRE_TCP:
		put_be(b, n, 8);
		break;
	case WIRE_WS:
		buf_ch(b, (char)0x82);
		if (n < 126) {
			buf_ch(b, (char)(0x80 | n));
		} else if (n < 65536) {
			buf_ch(b, (char)(0x80 | 126));
			put_be(b, n, 2);
		} else {
			buf_ch(b, (char)(0x80 | 127));
			put_be(b, n, 8);
		}
		put_be(b, 0, 4);
		break;
	}
	put_be(b, id, 4);
	buf_str(b, body);
}

static void drop(struct load *l, struct conn *c)
{
	int at = (int)(c - l->conns);

	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	l->open--;
	for (int k = 0; k < l->depth; k++)
		if (l->sent_ns[at * l->depth + k]) {
			l->sent_ns[at * l->depth + k] = 0;
			l->outstanding--;
			l->r->lost++;
		}
	if (!l->o->may_break && !l->r->first_wrong[0])
		snprintf(l->r->first_wrong, sizeof(l->r->first_wrong),
			 "a connection was closed");
}

static void watch(struct load *l, struct conn *c, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0),
				  .data.ptr = c };

	if (out == c->wants_out)
		return;
	c->wants_out = out;
	epoll_ctl(l->ep, EPOLL_CTL_MOD, c->fd, &ev);
}

static void flush(struct load *l, struct conn *c)
{
	while (c->fd >= 0 && c->out_at < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + c->out_at,
				 c->out.n - c->out_at, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(l, c, true);
			return;
		}
		if (n <= 0) {
			drop(l, c);
			return;
		}
		c->out_at += (size_t)n;
	}
	buf_reset(&c->out);
	c->out_at = 0;
	if (c->fd >= 0)
		watch(l, c, false);
}

static void send_next(struct load *l, int place)
{
	struct conn *c = &l->conns[place / l->depth];

	if (!l->sending || c->fd < 0 || (l->o->most && l->sent >= l->o->most))
		return;
	buf_reset(&l->text);
	if (!l->o->fill(l->o->arg, place, &l->text))
		return;
	frame(l, &c->out, 0x80000000u | (uint32_t)place, buf_view(&l->text));
	l->sent_ns[place] = now_ns();
	l->outstanding++;
	l->sent++;
}

/* ---- receiving ---- */

static int class_of(int64_t ns)
{
	uint64_t us = (uint64_t)ns / 1000;
	int shift = 0;

	while (us >= 2 * SUB) {
		us >>= 1;
		shift++;
	}
	shift = shift * SUB + (int)us;
	return shift < CLASSES ? shift : CLASSES - 1;
}

static double class_us(int c)
{
	int shift = c < 2 * SUB ? 0 : c / SUB - 1;

	return (double)((uint64_t)(c - shift * SUB) << shift);
}

static void answered(struct load *l, uint32_t id, struct str body)
{
	int place = (int)(id & 0x7fffffff);
	int64_t now = now_ns();

	if (place >= l->o->conns * l->depth || !l->sent_ns[place]) {
		l->r->wrong++;
		return;
	}
	if (l->counting) {
		l->classes[class_of(now - l->sent_ns[place])]++;
		l->r->counted++;
	}
	l->sent_ns[place] = 0;
	l->outstanding--;
	if (l->o->check(l->o->arg, place, body)) {
		l->r->answered++;
	} else {
		if (!l->r->wrong++)
			snprintf(l->r->first_wrong, sizeof(l->r->first_wrong),
				 "%.*s", STR_FMT(body));
	}
	if (l->o->progress && l->r->answered % PROGRESS_EACH == 0)
		l->o->progress(l->o->arg, l->r->answered);
	send_next(l, place);
}

static uint64_t get_be(const char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

/* Length of head and payload of the frame at p; false: not all here. */
static bool frame_at(const struct load *l, const char *p, size_t n,
		     size_t *head, uint64_t *len)
{
	size_t fixed = l->wire == WIRE_IPC ? 9 : l->wire == WIRE_TCP ? 8 : 2;

	if (n < fixed)
		return false;
	*head = fixed;
	if (l->wire != WIRE_WS) {
		*len = get_be(p + fixed - 8, 8);
		return n >= fixed + *len;
	}
	*len = p[1] & 0x7f;
	if (*len >= 126) {
		int more = *len == 126 ? 2 : 8;

		*head = 2 + (size_t)more;
		if (n < *head)
			return false;
		*len = get_be(p + 2, more);
	}
	return n >= *head + *len;
}

static void take_frames(struct load *l, struct conn *c)
{
	size_t at = 0, head;
	uint64_t len;

	while (c->fd >= 0 &&
	       frame_at(l, c->in.p + at, c->in.n - at, &head, &len)) {
		const char *p = c->in.p + at + head;

		if (len >= 4)
			answered(l, (uint32_t)get_be(p, 4),
				 (struct str){ p + 4, (size_t)len - 4 });
		at += head + (size_t)len;
	}
	if (at && at < c->in.n)
		memmove(c->in.p, c->in.p + at, c->in.n - at);
	c->in.n -= at;
	CHECK(c->in.n < REPLY_MAX);
}

static void receive(struct load *l, struct conn *c)
{
	char *p = buf_room(&c->in, READ_ROOM);
	ssize_t n = recv(c->fd, p, READ_ROOM, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(l, c);
		return;
	}
	c->in.n += (size_t)n;
	take_frames(l, c);
	flush(l, c);
}

/* ---- the run ---- */

static void step(struct load *l, int64_t until_ns)
{
	struct epoll_event ev[256];

	while (l->open > 0 && (l->outstanding > 0 || l->sending)) {
		int64_t left = until_ns - now_ns();
		int n;

		if (left <= 0 || (l->sending && l->outstanding == 0))
			return;
		n = epoll_wait(l->ep, ev, 256, (int)(left / 1000000) + 1);
		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;

			if (c->fd >= 0 && (ev[i].events & EPOLLOUT))
				flush(l, c);
			if (c->fd >= 0 && (ev[i].events & ~EPOLLOUT))
				receive(l, c);
		}
	}
}

static void open_all(struct load *l)
{
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < l->o->conns; i++) {
		struct conn *c = &l->conns[i];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		c->fd = load_connect(l->o->url);
		if (c->fd < 0)
			die("cannot connect to %s: %s", l->o->url,
			    strerror(errno));
		fcntl(c->fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(l->ep, EPOLL_CTL_ADD, c->fd, &ev);
		l->open++;
	}
}

static void close_all(struct load *l)
{
	for (int i = 0; i < l->o->conns; i++) {
		if (l->conns[i].fd >= 0)
			close(l->conns[i].fd);
		buf_done(&l->conns[i].in);
		buf_done(&l->conns[i].out);
	}
	close(l->ep);
	buf_done(&l->text);
	free(l->conns);
	free(l->sent_ns);
	free(l->classes);
}

static double percentile(const struct load *l, double share)
{
	double want = (double)l->r->counted * share, sum = 0;

	for (int i = 0; i < CLASSES; i++) {
		sum += l->classes[i];
		if (sum >= want && sum > 0)
			return class_us(i);
	}
	return 0;
}

static void measure(struct load *l)
{
	const struct load_opts *o = l->o;
	int64_t from = now_ns(), end;
	double cpu;

	l->sending = true;
	for (int p = 0; p < o->conns * l->depth; p++)
		send_next(l, p);
	for (int i = 0; i < o->conns; i++)
		flush(l, &l->conns[i]);
	step(l, from + (int64_t)(o->warm_s * 1e9));
	l->counting = true;
	from = now_ns();
	cpu = proc_cpu_s(o->server);
	step(l, from + (int64_t)(o->run_s * 1e9));
	end = now_ns();
	cpu = proc_cpu_s(o->server) - cpu;
	l->counting = false;
	l->sending = false;
	l->r->rps = (double)l->r->counted * 1e9 / (double)(end - from);
	if (l->r->counted)
		l->r->cpu_us = cpu * 1e6 / (double)l->r->counted;
	step(l, end + (int64_t)DRAIN_MS * 1000000);
	l->r->lost += l->outstanding;
}

void load_run(const struct load_opts *o, struct load_result *out)
{
	struct load l = { .o = o,
			  .wire = wire_of(o->url),
			  .depth = o->depth ? o->depth : 1,
			  .r = out };
	size_t places = (size_t)o->conns * (size_t)l.depth;

	*out = (struct load_result){ 0 };
	l.conns = calloc((size_t)o->conns, sizeof(*l.conns));
	l.sent_ns = calloc(places, sizeof(*l.sent_ns));
	l.classes = calloc(CLASSES, sizeof(*l.classes));
	CHECK(l.conns && l.sent_ns && l.classes);
	open_all(&l);
	measure(&l);
	out->p50_us = percentile(&l, 0.5);
	out->p99_us = percentile(&l, 0.99);
	close_all(&l);
}
