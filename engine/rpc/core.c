/*
 * Theory of operation
 *
 * A request is made once for each slot of the front end and then only reset:
 * its arena keeps the first block, its reply buffer its memory. core_take runs
 * on an I/O thread and must be short, so it does what needs only the CPU:
 * parse, judge, decode. Then one of three threads runs the row: this one
 * (queries on a reader that does not go over a network), a worker (slow ones),
 * the executor (commands, which are answered after their commit).
 *
 * Who runs the row also replies. The reply is the end: in the moment that
 * slot->reply is called the front end may put the next message into the same
 * request, on another thread, so nothing touches it afterwards.
 */
#include "engine/rpc/core.h"

#include <stdlib.h>
#include <time.h>

#include "engine/rpc/metrics.h"
#include "engine/rpc/request.h"

enum {
	ARENA_FIRST = 16 << 10, /* a usual call needs 3 to 6 KiB */
	OUT_KEEP = 64 << 10,	/* of a large reply's memory */
	PARKED_MOST = 4096,
};

const char *front_transport_word(enum front_transport t)
{
	static const char *const words[] = { "ipc", "tcp", "tls+tcp",
					     "ws",  "wss", "test" };

	return t < FRONT_TRANSPORTS ? words[t] : "?";
}

static void core_source(void *arg, struct buf *b)
{
	struct core *c = arg;
	struct executor_stats s;

	metrics_gauge(b, "assay_requests_in_flight",
		      "Requests taken and not yet answered.", core_busy(c));
	metrics_gauge(b, "assay_slow_queries_waiting",
		      "Queries that wait for a worker.", pool_waiting(c->pool));
	metrics_gauge(b, "assay_requests_parked",
		      "Queries that wait for something to happen.",
		      parking_n(c->parking));
	metrics_gauge(b, "assay_draining", "1 while the server stops.",
		      core_draining(c));
	if (!c->opts.app->executor)
		return;
	executor_stats(c->opts.app->executor, &s);
	metrics_counter(b, "assay_commands_total",
			"Commands run by the executor.", s.works);
	metrics_counter(b, "assay_commits_total", "Batches committed.",
			s.batches);
	metrics_counter(b, "assay_commits_failed_total",
			"Batches that did not commit.", s.failed_batches);
	metrics_counter(b, "assay_commands_rerun_total",
			"Commands run again after a failed batch.", s.reruns);
	metrics_counter(b, "assay_timers_total", "Timed works done.", s.timers);
	metrics_gauge(b, "assay_command_queue", "Commands waiting.",
		      s.queue_now);
	metrics_gauge(b, "assay_command_queue_peak",
		      "Most commands that ever waited.", s.queue_peak);
	metrics_gauge(b, "assay_batch_commands_milli",
		      "Commands in an average commit, in thousandths.",
		      s.batches ? s.works * 1000 / s.batches : 0);
	metrics_counter(b, "assay_commit_microseconds_total",
			"Time spent in commits.", s.commit_ns_total / 1000);
	metrics_gauge(b, "assay_commit_microseconds_max", "The longest commit.",
		      s.commit_ns_max / 1000);
	metrics_counter(b, "assay_command_wait_microseconds_total",
			"Time that commands waited for their batch.",
			s.wait_ns_total / 1000);
	metrics_gauge(b, "assay_read_only",
		      "1 when the last commit failed for want of space.",
		      s.read_only);
}

struct core *core_new(const struct core_opts *o)
{
	struct core *c = calloc(1, sizeof(*c)); /* allowed: process */

	CHECK(c && o->app && o->clock && o->rng);
	c->opts = *o;
	c->index = rpc_index_new(o->table);
	if (o->workers > 0)
		c->pool = pool_new(o->workers, o->worker_queue);
	c->parking = parking_new(o->clock, o->parked ? o->parked : PARKED_MOST,
				 o->workers > 0);
	o->app->parking = c->parking;
	if (o->metrics)
		metrics_source(o->metrics, core_source, c);
	return c;
}

void core_free(struct core *c)
{
	if (!c)
		return;
	c->opts.app->parking = NULL; /* what runs on has nobody to wake */
	parking_free(c->parking);
	pool_free(c->pool);
	rpc_index_free(c->index);
	free(c);
}

struct request *core_attach(struct core *c, struct front_slot *slot)
{
	struct request *rq = calloc(1, sizeof(*rq)); /* allowed: pooled */

	CHECK(rq);
	rq->core = c;
	rq->slot = slot;
	rq->cx.arena = arena_new(ARENA_FIRST);
	slot->request = rq;
	return rq;
}

void core_detach(struct request *rq)
{
	if (!rq)
		return;
	arena_free(rq->cx.arena);
	buf_done(&rq->out);
	free(rq);
}

/* As new, but for the memory. records are cleared by their own count. */
static void request_reset(struct request *rq, const struct front_msg *m)
{
	struct core *c = rq->core;
	struct arena *arena = rq->cx.arena;

	arena_reset(arena);
	if (rq->out.room > OUT_KEEP)
		buf_done(&rq->out);
	rq->cx.clock = c->opts.clock;
	rq->cx.rng = c->opts.rng;
	rq->cx.log = c->opts.log;
	rq->cx.app = c->opts.app;
	rq->cx.io = &rq->io;
	rq->cx.db = NULL;
	rq->cx.who = NULL;
	rq->cx.records = NULL;
	err_clear(&rq->cx);
	rq->io = (struct rpc_io){ .peer = m->peer };
	rq->records.n = 0;
	rq->began_ns = clock_mono_ns(c->opts.clock);
	rq->conn = m->conn;
	rq->transport = m->transport;
	rq->id = STR("null");
	rq->token = (struct str){ 0 };
	rq->has_params = false;
	rq->entry = NULL;
	rq->in = rq->result = NULL;
	rq->replayed = false;
	rq->park_until_ns = 0;
	rq->reruns = 0;
}

void core_take(struct request *rq, const struct front_msg *m)
{
	enum err e;

	atomic_fetch_add(&rq->core->busy, 1);
	request_reset(rq, m);
	e = request_read(rq, m);
	if (e)
		reply_send(rq, e);
	else
		dispatch(rq);
}

void core_drain(struct core *c)
{
	atomic_store(&c->draining, true);
	parking_drain(c->parking);
}

bool core_draining(const struct core *c)
{
	return atomic_load(&((struct core *)c)->draining);
}

int64_t core_busy(const struct core *c)
{
	return atomic_load(&((struct core *)c)->busy);
}

int64_t core_step_parked(struct core *c)
{
	return parking_step(c->parking);
}

bool core_wait_idle(struct core *c, int64_t wait_ms)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	/* Only at a stop, so nobody who replies has to wake anybody. */
	while (core_busy(c) > 0) {
		if (wait_ms-- <= 0)
			return false;
		nanosleep(&ms, NULL);
	}
	return true;
}
