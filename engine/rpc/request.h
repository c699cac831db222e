/*
 * request: one message on its way through the core. For the files of the core
 * only (core.c, request.c, dispatch.c, reply.c).
 */
#pragma once

#include <stdatomic.h>

#include "engine/rpc/core.h"
#include "engine/rpc/table.h"

struct core {
	struct core_opts opts;
	struct rpc_index *index;
	struct pool *pool; /* workers for slow queries, or NULL */
	struct parking *parking;
	_Atomic int64_t busy;
	_Atomic bool draining;
};

struct request {
	struct work work; /* first: the executor hands it back */
	struct ctx cx;
	struct core *core;
	struct front_slot *slot;
	struct request *next; /* in the worker queue, or parked */
	struct rpc_io io;
	struct record_list records;
	struct buf out; /* the reply, used again */
	int64_t began_ns;
	uint64_t conn;
	enum front_transport transport;

	/* Read from the envelope: */
	struct str id; /* verbatim JSON; "null" until it is known */
	struct str token;
	struct jval params;
	bool has_params;
	const struct rpc_entry *entry; /* NULL until the method is known */
	void *in, *result; /* the decoded params, the result's struct */
	size_t result_at, result_end; /* of the result's JSON in out */
	bool replayed;

	/* Of a query that waits: */
	int64_t park_until_ns, parked_ns; /* 0: it never did */
	int reruns;
};

/*
 * From bytes to a decoded call: everything that needs no database. On an error
 * rq->id says as much as was understood.
 */
MUST enum err request_read(struct request *rq, const struct front_msg *m);

/* An error that says when to come again. */
enum err refuse_for(struct ctx *cx, int64_t retry_after_ms, enum err e,
		    const char *text);

/* Runs it where its row says; the reply follows. */
void dispatch(struct request *rq);
/* By a worker's thread: a slow query, or what comes before a command. */
void dispatch_pooled(struct request *rq);
/* Runs a query on this thread and replies; wait_ms for a reader. */
bool dispatch_query(struct request *rq, int64_t wait_ms);
/* One that was parked, once more. */
void dispatch_parked(struct request *rq);

/* Of parking.c: those that wait. Threaded, or run by parking_step. */
struct parking *parking_new(const struct clock *clock, int64_t most,
			    bool threaded);
void parking_free(struct parking *p);
enum parked {
	PARKED,	      /* it is another thread's now */
	PARKED_AGAIN, /* something has happened: run it again */
	PARKED_NOT,   /* too many wait, or for too long: it has to answer */
};
enum parked parking_hold(struct parking *p, struct request *rq);
int64_t parking_n(struct parking *p);
/* All are run again, whatever they wait for. Any thread. */
void parking_wake_all(struct parking *p);
/* All are run again, and have to answer. */
void parking_drain(struct parking *p);
/* Without a thread: runs those that are ready; returns how many. */
int64_t parking_step(struct parking *p);

/* Encodes *result (or io.replay) into out. ERR_TOO_LARGE. */
MUST enum err reply_encode(struct request *rq);
/* Sends what reply_encode made, or the error. rq may be reused at once. */
void reply_send(struct request *rq, enum err e);

/* The worker pool: pool.c. */
struct pool *pool_new(int threads, int queue_max);
void pool_free(struct pool *p);
bool pool_submit(struct pool *p, struct request *rq);
int64_t pool_waiting(struct pool *p);
