#include "sandbox/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/fds.h"

enum { ROOM = 32768, CONNECT = 'c', REFUSED = 'n' };

/* -- whom to -- */

static bool read_port(struct str s, in_port_t *out)
{
	int64_t v;

	if (!s.n || s.n > 5 || !str_int(s, &v) || v < 1 || v > 65535)
		return false;
	*out = htons((uint16_t)v);
	return true;
}

socklen_t relay_peer(struct str text, struct sockaddr_storage *out)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	bool v6 = str_starts(text, "[");
	size_t end = str_find(text, v6 ? STR("]:") : STR(":"), 0);
	struct str host = str_cut(text, v6, end), port;
	char z[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof(*out));
	if (end == SIZE_MAX || host.n >= sizeof(z))
		return 0;
	port = str_cut(text, end + 1 + v6, text.n);
	memcpy(z, host.p, host.n);
	z[host.n] = '\0';
	if (v6 && read_port(port, &six.sin6_port) &&
	    inet_pton(AF_INET6, z, &six.sin6_addr) == 1) {
		memcpy(out, &six, sizeof(six));
		return sizeof(six);
	}
	if (!v6 && read_port(port, &four.sin_port) &&
	    inet_pton(AF_INET, z, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		return sizeof(four);
	}
	return 0;
}

/* -- inside -- */

int relay_connect(int control)
{
	char what = CONNECT;
	int fd = -1;

	if (send(control, &what, 1, MSG_NOSIGNAL) == 1)
		fds_receive(control, &fd);
	return fd;
}

/* -- outside -- */

/* What was read at one end and is not written at the other yet. */
struct way {
	char room[ROOM];
	size_t at, n;
	bool ended;
};
enum { INSIDE, OUTSIDE, ENDS };
struct link {
	bool open;
	int end[ENDS];
	struct way from[ENDS]; /* what this end said */
};
struct relay {
	int control;
	const struct sockaddr_storage *to;
	socklen_t to_n;
	int made;
	size_t bytes;
	struct link link[RELAY_AT_ONCE];
};

static int reach(const struct relay *r)
{
	int fd = socket(r->to->ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t n = sizeof(error);

	if (fd < 0)
		return -1;
	if (!connect(fd, (const struct sockaddr *)r->to, r->to_n))
		return fd;
	if (errno == EINPROGRESS && poll(&p, 1, RELAY_CONNECT_MS) == 1 &&
	    !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) && !error)
		return fd;
	close(fd);
	return -1;
}

static struct link *free_link(struct relay *r)
{
	for (int i = 0; i < RELAY_AT_ONCE; i++)
		if (!r->link[i].open)
			return &r->link[i];
	return NULL;
}

static bool give(struct relay *r)
{
	struct link *l = r->made < RELAY_IN_ALL ? free_link(r) : NULL;
	int pair[2], out;
	bool sent;

	if (!l)
		return false;
	r->made++;
	out = reach(r);
	if (out < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		close(out);
		return false;
	}
	sent = fds_send(r->control, &pair[1], 1);
	close(pair[1]);
	if (!sent)
		_exit(0); /* nobody is there any more */
	*l = (struct link){ .open = true, .end = { pair[0], out } };
	return true;
}

static void close_link(struct link *l)
{
	for (int i = 0; i < ENDS; i++)
		close(l->end[i]);
	l->open = false;
}

static bool passing(ssize_t n)
{
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* What one end says, to the other one; false: it is broken. */
static bool pass(struct relay *r, struct link *l, int i)
{
	struct way *w = &l->from[i];
	ssize_t n;

	if (!w->n && !w->ended) {
		n = recv(l->end[i], w->room, ROOM, MSG_DONTWAIT);
		if (!passing(n))
			return false;
		w->at = 0;
		w->n = n > 0 ? (size_t)n : 0;
		r->bytes += w->n;
		w->ended = n == 0;
		if (w->ended)
			shutdown(l->end[1 - i], SHUT_WR);
	}
	if (!w->n)
		return true;
	n = send(l->end[1 - i], w->room + w->at, w->n,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!passing(n))
		return false;
	if (n > 0) {
		w->at += (size_t)n;
		w->n -= (size_t)n;
	}
	return true;
}

/* gone: the program has closed its end, so nobody reads what comes yet. */
static void look_at(struct relay *r, struct link *l, bool gone)
{
	bool fine = pass(r, l, INSIDE) && pass(r, l, OUTSIDE);
	const struct way *in = &l->from[INSIDE], *out = &l->from[OUTSIDE];

	if (!fine || (gone && in->ended && !in->n) ||
	    (in->ended && out->ended && !in->n && !out->n))
		close_link(l);
}

static short wanted(const struct link *l, int i)
{
	bool reads = !l->from[i].n && !l->from[i].ended;

	return (short)((reads ? POLLIN : 0) | (l->from[1 - i].n ? POLLOUT : 0));
}

static void listen_once(struct relay *r)
{
	char what, no = REFUSED;
	ssize_t n = recv(r->control, &what, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != 1 || what != CONNECT)
		_exit(0);
	if (!give(r) && send(r->control, &no, 1, MSG_NOSIGNAL) != 1)
		_exit(0);
}

void relay_serve(int control, const struct sockaddr_storage *to, socklen_t n)
{
	struct relay r = { .control = control, .to = to, .to_n = n };

	while (r.bytes <= RELAY_BYTES) {
		struct pollfd p[1 + RELAY_AT_ONCE * ENDS];

		p[0] = (struct pollfd){ .fd = control, .events = POLLIN };
		for (int i = 0; i < RELAY_AT_ONCE * ENDS; i++) {
			const struct link *l = &r.link[i / ENDS];
			short events = l->open ? wanted(l, i % ENDS) : 0;

			/* Of one that waits for the other end a hang-up would
			 * be told again and again. */
			p[1 + i] = (struct pollfd){
				.fd = events ? l->end[i % ENDS] : -1,
				.events = events,
			};
		}
		if (poll(p, sizeof(p) / sizeof(*p), -1) < 0)
			continue;
		for (int i = 0; i < RELAY_AT_ONCE; i++)
			if (r.link[i].open)
				look_at(&r, &r.link[i],
					p[1 + i * ENDS].revents & POLLHUP);
		if (p[0].revents)
			listen_once(&r);
	}
	_exit(0);
}
