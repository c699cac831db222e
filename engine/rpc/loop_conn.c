/* A connection's life: greeting, messages, end. By its loop's thread. */
#include "engine/rpc/loop_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Before its loop can look at it, it is waited for; false: that cannot be. */
static bool link_conn(struct loop *l, struct loop_conn *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	bool ok;

	pthread_mutex_lock(&l->conns_lock);
	ok = epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) == 0;
	if (ok) {
		c->next = l->conns;
		if (l->conns)
			l->conns->prev = c;
		l->conns = c;
	}
	pthread_mutex_unlock(&l->conns_lock);
	return ok;
}

static void unlink_conn(struct loop *l, struct loop_conn *c)
{
	pthread_mutex_lock(&l->conns_lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		l->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&l->conns_lock);
}

bool loop_conn_new(struct loop *l, int fd, enum front_transport t,
		   const char *peer)
{
	struct loop_conn *c = calloc(1, sizeof(*c)); /* allowed: connection */
	uint8_t hello[SP_HELLO];
	ssize_t n;

	CHECK(c);
	c->kind = LOOP_CONN;
	c->loop = l;
	c->number = (uint64_t)atomic_fetch_add(&l->front->s->opened, 1) + 1;
	c->transport = t;
	snprintf(c->peer, sizeof(c->peer), "%s", peer);
	c->heard_ms = loop_now_ms(l->front);
	c->fd = fd;
	c->events = EPOLLIN;
	pthread_mutex_init(&c->lock, NULL);
	sp_hello_put(hello, SP_PROTO_REP);
	n = send(fd, hello, SP_HELLO, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n; /* whoever has gone already is found out by reading */
	if (link_conn(l, c))
		return true;
	loop_conn_free(c);
	return false;
}

static void leave_stalled(struct loop *l, struct loop_conn *c)
{
	struct loop_conn **at = &l->stalled;

	while (*at && *at != c)
		at = &(*at)->next_stalled;
	if (*at) {
		*at = c->next_stalled;
		atomic_fetch_sub(&l->stalled_n, 1);
	}
}

void loop_conn_close(struct loop_conn *c, const char *why)
{
	struct loop *l = c->loop;
	bool last;

	if (why)
		log_event(l->front->s->opts.log, LOG_INFO, "connection_dropped",
			  LZ("peer", c->peer), LZ("why", why));
	unlink_conn(l, c);
	if (c->stalled)
		leave_stalled(l, c);
	atomic_fetch_sub(&l->front->halves, (int64_t)c->kept);
	buf_done(&c->in);
	pthread_mutex_lock(&c->lock);
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	c->fd = -1;
	atomic_fetch_sub(&l->front->unsent, (int64_t)(c->out.n - c->out_at));
	c->out_at = c->out.n = 0;
	last = c->in_flight == 0;
	pthread_mutex_unlock(&c->lock);
	atomic_fetch_sub(&l->front->s->connections, 1);
	if (last)
		loop_conn_free(c);
}

/* Nothing is read until a slot is free. */
static void stall(struct loop_conn *c)
{
	struct loop *l = c->loop;

	pthread_mutex_lock(&c->lock);
	c->stalled = true;
	loop_arm(c);
	pthread_mutex_unlock(&c->lock);
	c->next_stalled = l->stalled;
	l->stalled = c;
	atomic_fetch_add(&l->stalled_n, 1);
}

/* A whole message to the core. False: there is no slot for it now. */
static bool hand_over(struct loop_conn *c, const struct sp_message *m)
{
	struct front_state *state = c->loop->front->s;
	struct loop_slot *s = loop_slot_take(c->loop);
	struct front_msg to = { .conn = c->number,
				.transport = c->transport,
				.peer = str_of(c->peer) };

	if (!s)
		return false;
	s->conn = c;
	memcpy(s->route, m->route.p, m->route.n);
	s->route_n = m->route.n;
	buf_reset(&s->in);
	buf_str(&s->in, m->body);
	CHECK(!s->in.failed);
	to.bytes = buf_view(&s->in);
	pthread_mutex_lock(&c->lock);
	to.crowded = ++c->in_flight > state->opts.pipe_requests;
	pthread_mutex_unlock(&c->lock);
	if (to.crowded)
		atomic_fetch_add(&state->crowded, 1);
	atomic_fetch_add(&state->busy, 1);
	core_take(s->base.request, &to);
	return true;
}

static void cork(struct loop_conn *c)
{
	pthread_mutex_lock(&c->lock);
	c->corked = true;
	pthread_mutex_unlock(&c->lock);
}

/* With the lock. Whether replies are taken or not shows in paused. */
static void uncork(struct loop_conn *c)
{
	if (!c->corked)
		return;
	c->corked = false;
	loop_flush(c);
}

static bool may_take(struct loop_conn *c)
{
	bool yes;

	pthread_mutex_lock(&c->lock);
	if (c->out.n - c->out_at > OUT_PAUSE)
		uncork(c);
	yes = !c->paused && !c->doomed;
	pthread_mutex_unlock(&c->lock);
	return yes && !atomic_load(&c->loop->front->s->stopping);
}

/*
 * Takes the messages that are whole. Returns the bytes that were used, or
 * SIZE_MAX: this is not our wire. Replies to several go out together.
 */
static size_t take_messages(struct loop_conn *c, struct str in, size_t *needs)
{
	const struct front_opts *o = &c->loop->front->s->opts;
	bool ipc = c->transport == FRONT_IPC;
	enum sp_cut cut = SP_MESSAGE;
	size_t used = 0;
	int taken = 0;

	while (may_take(c)) {
		struct sp_message m;

		cut = sp_cut(str_cut(in, used, in.n), ipc, o->message_bytes, &m,
			     needs);
		if (cut != SP_MESSAGE)
			break;
		if (used + m.used < in.n)
			cork(c);
		if (taken++ == TURN || !hand_over(c, &m)) {
			stall(c);
			break;
		}
		used += m.used;
	}
	pthread_mutex_lock(&c->lock);
	uncork(c);
	pthread_mutex_unlock(&c->lock);
	return cut == SP_WRONG ? SIZE_MAX : used;
}

static size_t take_all(struct loop_conn *c, struct str in, size_t *needs)
{
	size_t used = 0, more;

	*needs = 0;
	if (!c->greeted) {
		if (in.n < SP_HELLO)
			return 0;
		if (!sp_hello_ok((const uint8_t *)in.p, SP_PROTO_REQ))
			return SIZE_MAX;
		c->greeted = true;
		used = SP_HELLO;
	}
	more = take_messages(c, str_cut(in, used, in.n), needs);
	return more == SIZE_MAX ? more : used + more;
}

/*
 * Keeps what is not used yet. False: all that is kept has reached its bound,
 * and this is more than one chunk of it.
 */
static bool keep_rest(struct loop_conn *c, struct str rest, size_t used)
{
	_Atomic int64_t *halves = &c->loop->front->halves;
	size_t before = c->kept;

	if (rest.n == 0) {
		buf_done(&c->in);
	} else if (c->in.n == 0) {
		buf_str(&c->in, rest);
	} else {
		memmove(c->in.p, rest.p, rest.n);
		c->in.n = rest.n;
	}
	CHECK(!c->in.failed);
	if (before == 0 || used)
		c->begun_ms = c->heard_ms;
	c->kept = c->in.n;
	return atomic_fetch_add(halves, (int64_t)c->kept - (int64_t)before) <=
		       HALVES_MAX ||
	       c->kept <= CHUNK || c->kept <= before;
}

/* Cuts what has come. False: it was closed. */
static bool work_off(struct loop_conn *c, struct str in)
{
	size_t needs, used = take_all(c, in, &needs);

	if (used == SIZE_MAX) {
		loop_conn_close(c, "not this wire, or too large");
		return false;
	}
	if (keep_rest(c, str_cut(in, used, in.n), used))
		return true;
	loop_conn_close(c, "too many half messages");
	return false;
}

static void read_some(struct loop_conn *c)
{
	struct loop *l = c->loop;
	struct str in = { l->chunk, 0 };
	char *to = l->chunk;
	ssize_t n;

	if (c->in.n) {
		to = buf_room(&c->in, CHUNK);
		CHECK(to);
	}
	n = recv(c->fd, to, CHUNK, MSG_DONTWAIT);
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		loop_conn_close(c, NULL);
		return;
	}
	c->heard_ms = loop_now_ms(l->front);
	in.n = (size_t)n;
	if (c->in.n) {
		c->in.n += (size_t)n;
		in = buf_view(&c->in);
	}
	work_off(c, in);
}

void loop_conn_resume(struct loop_conn *c)
{
	pthread_mutex_lock(&c->lock);
	c->stalled = false;
	pthread_mutex_unlock(&c->lock);
	if (c->in.n && !work_off(c, buf_view(&c->in)))
		return;
	pthread_mutex_lock(&c->lock);
	loop_arm(c);
	pthread_mutex_unlock(&c->lock);
}

/* True: there is room again and something was left to take. */
static bool write_more(struct loop_conn *c)
{
	bool freed;

	pthread_mutex_lock(&c->lock);
	freed = c->paused;
	loop_flush(c);
	freed = freed && !c->paused;
	pthread_mutex_unlock(&c->lock);
	return freed && !c->stalled && c->in.n > 0;
}

void loop_conn_event(struct loop_conn *c, uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP)) {
		loop_conn_close(c, NULL);
		return;
	}
	if ((events & EPOLLOUT) && write_more(c) &&
	    !work_off(c, buf_view(&c->in)))
		return;
	if (events & EPOLLIN)
		read_some(c);
}

/*
 * The socket may have room only when much of what it holds was taken: what it
 * holds tells whether the peer reads at all. With the lock.
 */
static void see_moves(struct loop_conn *c, int64_t now_ms)
{
	int outq = 0;

	if (c->out.n == c->out_at)
		return;
	if (ioctl(c->fd, SIOCOUTQ, &outq) != 0 || outq == c->outq)
		return;
	c->outq = outq;
	c->moved_ms = now_ms;
}

static bool too_slow(struct loop_conn *c, int64_t now_ms)
{
	struct front_state *s = c->loop->front->s;
	bool slow;

	pthread_mutex_lock(&c->lock);
	see_moves(c, now_ms);
	slow = c->out.n > c->out_at &&
	       now_ms - c->moved_ms > s->opts.send_timeout_ms;
	loop_arm(c); /* at a stop it rests from now on */
	pthread_mutex_unlock(&c->lock);
	if (slow) {
		atomic_fetch_add(&s->dropped_slow, 1);
		log_event(s->opts.log, LOG_INFO, "slow_reader_dropped",
			  LZ("peer", c->peer), LINT("conn", c->number));
	}
	return slow;
}

/* The rest of a message does not come, or not by any useful rate. */
static bool half_too_long(const struct loop_conn *c, int64_t now_ms,
			  int64_t idle_ms)
{
	int64_t most = idle_ms * HALF_TIMES, took = now_ms - c->begun_ms;

	if (!c->in.n || c->stalled || c->paused)
		return false;
	return now_ms - c->heard_ms > most ||
	       (took > most && (int64_t)c->in.n < took / 1000 * HALF_RATE);
}

void loop_conn_look(struct loop_conn *c, int64_t now_ms)
{
	int64_t idle = c->loop->front->s->opts.idle_ms;

	if (write_more(c) && !work_off(c, buf_view(&c->in)))
		return;
	if (too_slow(c, now_ms))
		loop_conn_close(c, NULL);
	else if (!c->greeted && now_ms - c->heard_ms > idle)
		loop_conn_close(c, "no greeting");
	else if (half_too_long(c, now_ms, idle))
		loop_conn_close(c, "half a message");
}
