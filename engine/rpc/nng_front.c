/*
 * Theory of operation
 *
 * One rep socket listens on every URL. contexts slots each have a rep context
 * and one aio, which is by turns receiving, idle while the core works, and
 * sending. nng calls slot_event on its own threads; what happens there is the
 * CPU part of a request and must be short. The reply may come on any thread.
 *
 *      RECV --message--> WORK --reply()--> SEND --done--> RECV
 *
 * nng 1.5.2, the one in Debian 12, has faults that were reproduced; each has
 * its answer here and its test in tests/robust:
 *
 *  - A slow reader parks every context in its send queue. So a send may take
 *    send_timeout_ms, then the connection is hung up; a connection on which
 *    sending_max replies wait is hung up at once; and one with more than
 *    pipe_requests in flight is answered "busy".
 *  - nng_pipe_close while a message is just arriving can lose the transport's
 *    receive for ever: the pipe is never freed, and as one thread frees them
 *    all, no later one either. So a connection in use is not closed by nng but
 *    hung up: the watchdog shuts its reading side, nng reads to the end and
 *    closes it by itself. What is still read from it is thrown away.
 *  - An ipc client that closes before its 8 bytes of header ends the listener
 *    for ever (nanomsg/nng#1518). nng_watch.c finds out and listens again.
 *  - HTTP has no idle timeout, and a TLS client that vanishes may leave its
 *    descriptor behind. nng_watch.c sweeps the former and counts the latter.
 *  - Closing the socket under load may hang (#1543). It is never closed: the
 *    process drains and leaves by _exit.
 *  - No Origin is checked, headers have no bound: nng_pipe.c.
 *  - The default of the largest message is unlimited: set on each listener.
 */
#include "engine/rpc/nng_impl.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>

static void slot_receive(struct slot *s)
{
	struct nng_front *f = s->front;

	s->state = SLOT_RECV;
	if (atomic_load(&f->s->stopping)) {
		s->state = SLOT_NONE;
		return;
	}
	nng_aio_set_timeout(s->aio, NNG_DURATION_INFINITE);
	nng_ctx_recv(s->ctx, s->aio);
}

/* The slot has been answered, or its message has no asker any more. */
static void slot_release(struct slot *s, bool was_sending)
{
	struct nng_front *f = s->front;

	conn_put(&f->conns, s->conn, was_sending);
	s->conn = NULL;
	atomic_fetch_sub(&f->s->busy, 1);
	slot_receive(s);
}

/* The message goes unanswered: who asked has gone or is being hung up on. */
static void slot_discard(struct slot *s)
{
	if (s->conn)
		conn_put(&s->front->conns, s->conn, false);
	s->conn = NULL;
	nng_msg_free(s->msg);
	s->msg = NULL;
	slot_receive(s);
}

static void slot_take(struct slot *s)
{
	struct nng_front *f = s->front;
	struct front_msg m;
	int in_flight = 0;

	s->conn = conn_get(&f->conns,
			   (uint32_t)nng_pipe_id(nng_msg_get_pipe(s->msg)),
			   &in_flight);
	if (!s->conn || atomic_load(&s->conn->doomed) ||
	    atomic_load(&f->s->stopping)) {
		slot_discard(s);
		return;
	}
	m = (struct front_msg){
		.conn = s->conn->number,
		.transport = s->conn->transport,
		.peer = str_of(s->conn->peer),
		.bytes = { nng_msg_body(s->msg), nng_msg_len(s->msg) },
		.crowded = in_flight > f->s->opts.pipe_requests,
	};
	if (m.crowded)
		atomic_fetch_add(&f->s->crowded, 1);
	atomic_fetch_add(&f->s->busy, 1);
	s->state = SLOT_WORK;
	core_take(s->base.request, &m);
}

static void slot_received(struct slot *s)
{
	int rv = nng_aio_result(s->aio);

	if (rv == 0) {
		s->msg = nng_aio_get_msg(s->aio);
		slot_take(s);
	} else if (rv == NNG_ECLOSED || rv == NNG_ECANCELED) {
		s->state = SLOT_NONE;
	} else {
		slot_receive(s);
	}
}

static void hang_up(struct slot *s)
{
	struct nng_front *f = s->front;

	if (atomic_exchange(&s->conn->doomed, true))
		return;
	atomic_fetch_add(&f->s->dropped_slow, 1);
	log_event(f->s->opts.log, LOG_INFO, "slow_reader_dropped",
		  LZ("peer", s->conn->peer));
	watch_hang_up(f);
}

static void slot_sent(struct slot *s)
{
	int rv = nng_aio_result(s->aio);

	if (rv != 0) {
		nng_msg_free(nng_aio_get_msg(s->aio));
		nng_aio_set_msg(s->aio, NULL);
	}
	if (rv == NNG_ETIMEDOUT)
		hang_up(s);
	slot_release(s, true);
}

static void slot_event(void *arg)
{
	struct slot *s = arg;

	switch (s->state) {
	case SLOT_RECV:
		slot_received(s);
		break;
	case SLOT_SEND:
		slot_sent(s);
		break;
	case SLOT_NONE:
	case SLOT_WORK:
		break;
	}
}

/* The request's own message is used again; its memory is large enough. */
static bool fill(struct slot *s, struct str json, struct str bytes)
{
	const char *body = nng_msg_body(s->msg);
	size_t len = nng_msg_len(s->msg);
	nng_msg *m = s->msg;

	/* A handler may give back bytes that it was given. */
	if (bytes.n && bytes.p >= body && bytes.p < body + len) {
		if (nng_msg_alloc(&m, 0) != 0)
			return false;
	} else {
		nng_msg_clear(m);
	}
	if (nng_msg_append(m, json.p, json.n) != 0 ||
	    (bytes.p && (nng_msg_append(m, "", 1) != 0 ||
			 nng_msg_append(m, bytes.p, bytes.n) != 0))) {
		if (m != s->msg)
			nng_msg_free(m);
		return false;
	}
	if (m != s->msg)
		nng_msg_free(s->msg);
	s->msg = m;
	return true;
}

static void slot_reply(struct front_slot *base, struct str json,
		       struct str bytes)
{
	struct slot *s = (struct slot *)base;
	struct nng_front *f = s->front;

	CHECK(fill(s, json, bytes)); /* out of memory */
	if (conn_sending(&f->conns, s->conn) > f->sending_max)
		hang_up(s);
	s->state = SLOT_SEND;
	nng_aio_set_timeout(s->aio, (nng_duration)f->s->opts.send_timeout_ms);
	nng_aio_set_msg(s->aio, s->msg);
	s->msg = NULL;
	nng_ctx_send(s->ctx, s->aio);
}

/* Its place is one of those that were made for who waits. */
static bool slot_park(struct front_slot *base, bool on)
{
	struct nng_front *f = ((struct slot *)base)->front;
	int most = f->slots_n - f->s->opts.contexts;

	if (!on || atomic_fetch_add(&f->parked, 1) >= most) {
		atomic_fetch_sub(&f->parked, 1);
		return !on;
	}
	return true;
}

static enum err make_slots(struct ctx *cx, struct nng_front *f)
{
	int n = f->s->opts.contexts * 2, rv = 0;

	f->slots_n = n;
	f->slots = calloc((size_t)n, sizeof(*f->slots)); /* allowed: process */
	CHECK(f->slots);
	for (int i = 0; i < n && rv == 0; i++) {
		struct slot *s = &f->slots[i];

		s->front = f;
		s->base.reply = slot_reply;
		s->base.park = slot_park;
		core_attach(f->s->opts.core, &s->base);
		rv = nng_ctx_open(&s->ctx, f->sock);
		if (rv == 0)
			rv = nng_aio_alloc(&s->aio, slot_event, s);
	}
	if (rv != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot make contexts: %s",
			       nng_strerror(rv));
	return OK;
}

enum err nng_front_new(struct ctx *cx, struct front_state *state,
		       struct nng_front **out)
{
	struct nng_front *f = calloc(1, sizeof(*f)); /* allowed: process */
	enum err e;
	int rv;

	CHECK(f);
	f->s = state;
	f->sending_max = state->opts.pipe_requests * 2;
	conn_table_init(&f->conns);
	pthread_mutex_init(&f->listen_lock, NULL);
	rv = nng_rep0_open(&f->sock);
	for (int ev = NNG_PIPE_EV_ADD_PRE; rv == 0 && ev < NNG_PIPE_EV_NUM;
	     ev++)
		rv = nng_pipe_notify(f->sock, (nng_pipe_ev)ev, pipe_event, f);
	if (rv == 0)
		rv = nng_socket_set_size(f->sock, NNG_OPT_RECVMAXSZ,
					 state->opts.message_bytes);
	if (rv != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot open a socket: %s",
			       nng_strerror(rv));
	e = make_slots(cx, f);
	if (!e)
		*out = f;
	return e;
}

void nng_front_run(struct nng_front *f)
{
	for (int i = 0; i < f->slots_n; i++)
		slot_receive(&f->slots[i]);
	watch_start(f);
}

void nng_front_stop(struct nng_front *f)
{
	watch_end(f);
}
