/* Replies on their way out. All with the connection's lock. */
#include "engine/rpc/loop_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

static size_t waiting(const struct loop_conn *c)
{
	return c->out.n - c->out_at;
}

void loop_arm(struct loop_conn *c)
{
	bool rest = atomic_load(&c->loop->front->s->stopping);
	uint32_t want = 0;
	struct epoll_event e = { .data.ptr = c };

	if (!c->stalled && !c->paused && !c->doomed && !rest)
		want |= EPOLLIN;
	if (waiting(c) && !c->corked && !c->doomed)
		want |= EPOLLOUT;
	if (want == c->events || c->fd < 0)
		return;
	e.events = c->events = want;
	epoll_ctl(c->loop->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* The loop's thread sees the end of it and closes. */
static void doom(struct loop_conn *c)
{
	c->doomed = true;
	shutdown(c->fd, SHUT_RDWR);
	loop_arm(c);
}

/* What v holds from skip on, to the end of what waits. */
static void keep(struct loop_conn *c, const struct iovec *v, int n, size_t skip)
{
	struct loop_front *f = c->loop->front;
	size_t before = waiting(c);

	if (!before) {
		buf_reset(&c->out);
		c->out_at = 0;
		c->moved_ms = loop_now_ms(f);
	} else if (c->out_at >= before) { /* more was sent than waits */
		memmove(c->out.p, c->out.p + c->out_at, before);
		c->out.n = before;
		c->out_at = 0;
	}
	for (int i = 0; i < n; i++) {
		size_t gone = skip < v[i].iov_len ? skip : v[i].iov_len;

		buf_add(&c->out, (const char *)v[i].iov_base + gone,
			v[i].iov_len - gone);
		skip -= gone;
	}
	CHECK(!c->out.failed);
	if (atomic_fetch_add(&f->unsent, (int64_t)(waiting(c) - before)) >
		    UNSENT_MAX &&
	    waiting(c) > OUT_PAUSE) {
		log_event(f->s->opts.log, LOG_WARN, "unsent_replies_dropped",
			  LZ("peer", c->peer), LINT("bytes", waiting(c)));
		atomic_fetch_add(&f->s->dropped_slow, 1);
		doom(c);
	}
	if (waiting(c) > OUT_PAUSE && !c->corked)
		c->paused = true;
}

void loop_send(struct loop_slot *s, struct loop_conn *c, struct str json,
	       struct str bytes)
{
	uint8_t head[SP_HEAD_MAX];
	size_t n = json.n + (bytes.p ? 1 + bytes.n : 0), sent = 0;
	struct iovec v[4] = {
		{ head,
		  sp_head(head, c->transport == FRONT_IPC,
			  (struct str){ (const char *)s->route, s->route_n },
			  n) },
		{ (char *)json.p, json.n },
		{ (char *)"", 1 },
		{ (char *)bytes.p, bytes.n },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = bytes.p ? 4 : 2 };

	if (!waiting(c) && !c->corked) {
		ssize_t w;

		do
			w = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		while (w < 0 && errno == EINTR);
		if (w < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			doom(c);
			return;
		}
		sent = w > 0 ? (size_t)w : 0;
	}
	if (sent == v[0].iov_len + n)
		return;
	keep(c, v, (int)m.msg_iovlen, sent);
	loop_arm(c);
}

void loop_flush(struct loop_conn *c)
{
	struct loop_front *f = c->loop->front;

	while (waiting(c) && !c->doomed) {
		ssize_t w = send(c->fd, c->out.p + c->out_at, waiting(c),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (w > 0) {
			c->out_at += (size_t)w;
			atomic_fetch_sub(&f->unsent, w);
			c->moved_ms = loop_now_ms(f);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno != EINTR) {
			doom(c);
		}
	}
	if (waiting(c)) {
		c->paused = c->paused || waiting(c) > OUT_PAUSE;
	} else {
		c->paused = false;
		c->out_at = 0;
		if (c->out.room > OUT_KEEP)
			buf_done(&c->out);
		buf_reset(&c->out);
	}
	loop_arm(c);
}

void loop_conn_free(struct loop_conn *c)
{
	buf_done(&c->in);
	buf_done(&c->out);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void loop_conn_put(struct loop_conn *c)
{
	bool last;

	pthread_mutex_lock(&c->lock);
	last = --c->in_flight == 0 && c->fd < 0;
	pthread_mutex_unlock(&c->lock);
	if (last)
		loop_conn_free(c);
}
