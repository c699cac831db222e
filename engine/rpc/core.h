/*
 * core: from the bytes of one request to the bytes of its reply. Knows methods
 * by their rows, callers by struct core_auth and connections only by name.
 *
 *   size -> NUL split -> JSON -> envelope -> row -> token -> role -> rate
 *        -> decode -> { inline read | worker pool | executor } -> reply
 *
 * A slot's request has one arena and one struct ctx, used again for every
 * message: nothing is allocated on the usual way. No lock is held across a
 * handler.
 */
#pragma once

#include "engine/app.h"
#include "engine/rpc/front.h"
#include "engine/rpc/rpc.h"

/* How tokens become principals; see engine/auth/auth.h for the promises. */
struct core_auth {
	enum err (*principal)(struct auth *a, struct ctx *cx, struct str token,
			      const struct principal **out);
	enum err (*rate)(struct auth *a, struct ctx *cx,
			 const struct principal *p);
	void (*forget)(struct auth *a); /* rights have changed; may be NULL */
};

struct core_opts {
	const struct rpc_table *table;
	struct app *app; /* store, executor, journal may be NULL: then methods
			    that need them are ERR_UNAVAILABLE */
	struct core_auth auth;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;	 /* may be NULL */
	struct metrics *metrics; /* may be NULL */
	int workers; /* threads for slow queries; 0: they run in core_take */
	int worker_queue; /* queries waiting for one; more: ERR_BUSY */
	int parked;	  /* queries that wait at once (parking.h); 0: 4096 */
};

/* Aborts on a row that is wrong: no roles, no run, a name twice. */
struct core *core_new(const struct core_opts *o);
/* After the front end has stopped and nothing is in flight. */
void core_free(struct core *c);

/* A request for a slot; core_detach when the slot goes. */
struct request *core_attach(struct core *c, struct front_slot *slot);
void core_detach(struct request *rq); /* NULL is allowed */

/* Answers by slot->reply, exactly once. Any thread; one message a request. */
void core_take(struct request *rq, const struct front_msg *m);

/*
 * Without workers: runs the parked queries that were woken or are over.
 * Returns how many.
 */
int64_t core_step_parked(struct core *c);

/*
 * From now on new requests are answered ERR_DRAINING, and those that are
 * parked as if their time was over.
 */
void core_drain(struct core *c);
bool core_draining(const struct core *c);
/* Requests taken and not yet answered. */
int64_t core_busy(const struct core *c);
/* Waits until none is, at most wait_ms. */
bool core_wait_idle(struct core *c, int64_t wait_ms);
