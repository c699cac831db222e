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
	_Atomic int64_t busy;
	_Atomic bool draining;
};

struct request {
	struct work work; /* first: the executor hands it back */
	struct ctx cx;
	struct core *core;
	struct front_slot *slot;
	struct request *next; /* in the worker queue */
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
/* Runs a query on this thread and replies; wait_ms for a reader. */
bool dispatch_query(struct request *rq, int64_t wait_ms);

/* Encodes *result (or io.replay) into out. ERR_TOO_LARGE. */
MUST enum err reply_encode(struct request *rq);
/* Sends what reply_encode made, or the error. rq may be reused at once. */
void reply_send(struct request *rq, enum err e);

/* The worker pool: pool.c. */
struct pool *pool_new(int threads, int queue_max);
void pool_free(struct pool *p);
bool pool_submit(struct pool *p, struct request *rq);
int64_t pool_waiting(struct pool *p);
