/*
 * executor: the one writer. Commands queue here; its thread takes all that
 * wait (up to a bound), runs each inside one transaction, commits once, and
 * only then tells each command how it ended. The previous commit is the
 * batching window; after it, for a small part of what commits cost of late,
 * it waits for as many as there were in it, and for nobody who is alone.
 *
 *   queue -> BEGIN -> (SAVEPOINT, run, RELEASE | ROLLBACK TO)* -> flush parts
 *         -> COMMIT (durable) -> committed() on parts -> done() on each work
 *
 * A failed commit or flush fails nobody yet: the batch is rolled back and its
 * works are run again, in halves, down to each in a transaction of its own;
 * what then fails gets its own error (ERR_UNAVAILABLE, ERR_READ_ONLY, … may be
 * retried by the caller). So run() must only depend on its input and the store,
 * and may be called more than once.
 */
#pragma once

#include "engine/store/store.h"

struct executor;

/* Intrusive. The executor's from submit until it calls done(). */
struct work {
	struct work *next;
	struct ctx *cx; /* db is set by the executor while it runs */
	/*
	 * Runs in the transaction. When it fails, everything it did is undone.
	 */
	enum err (*run)(struct work *w);
	/* On the executor's thread, after the commit (OK) or the failure. */
	void (*done)(struct work *w, enum err e);
	/*
	 * Writes nothing by store_exec, only through parts (records): needs no
	 * savepoint. A write, or journal_flush, is a bug that aborts.
	 */
	bool single;
	/*
	 * A second run would not find what the first has done. After a commit
	 * whose answer was lost it is not run again: it may have happened,
	 * and ends with ERR_UNAVAILABLE.
	 */
	bool once;
	enum err result;   /* the executor's */
	int64_t queued_ns; /* the executor's, for metrics */
};

/*
 * A part keeps state in memory that must follow the transaction: the record
 * journal, the attempt cache. Calls come on the executor's thread only.
 */
struct tx_part {
	void *arg;
	size_t (*mark)(void *arg);		      /* before each work */
	void (*undo)(void *arg, size_t mark);	      /* that work failed */
	enum err (*flush)(void *arg, struct ctx *cx); /* before COMMIT */
	void (*committed)(void *arg, struct ctx *cx);
	void (*aborted)(void *arg); /* nothing since BEGIN happened; the
				       database may also hold a commit whose
				       answer was lost: reload */
	/*
	 * Instead of aborted when it may have happened, for who would throw
	 * away what the database then speaks of. NULL: aborted is called.
	 */
	void (*in_doubt)(void *arg);
};

/* Work that falls due by the clock. Run in the same batches. */
struct tx_timer {
	void *arg;
	int64_t (*next_ms)(void *arg); /* INT64_MAX: nothing due */
	/*
	 * Handles up to max due things at now_ms, each under its own mark (see
	 * executor_guard). Returns how many it did; after 0 it is asked again
	 * a second later.
	 */
	size_t (*run)(void *arg, struct ctx *cx, int64_t now_ms, size_t max);
};

struct executor_opts {
	struct store *store;
	const struct clock *clock;
	struct log *log;
	struct rng *rng;
	struct app *app; /* goes into the timers' ctx */
	/*
	 * Set to the new executor before its thread starts, since a timer may
	 * be due at once and look for it there; may be NULL.
	 */
	struct executor **self;
	const struct tx_part *parts; /* copied, as the timers are */
	size_t parts_n;
	const struct tx_timer *timers;
	size_t timers_n;
	size_t queue_max; /* works waiting; above: ERR_BUSY */
	size_t batch_max; /* 1..512 */
	bool threaded;	  /* false: executor_step runs it, for tests */
};

struct executor *executor_new(const struct executor_opts *o);
/* ERR_BUSY: queue full. ERR_DRAINING: stopping. Then done() is not called. */
MUST enum err executor_submit(struct executor *x, struct work *w);
/*
 * Runs fn inside a savepoint of the current batch (for timers): an error
 * undoes it alone. cx is the batch's.
 */
enum err executor_guard(struct executor *x, struct ctx *cx,
			enum err (*fn)(struct ctx *cx, void *arg), void *arg);
/*
 * Not threaded: one batch of what waits and is due. Returns how many works and
 * due things it did.
 */
size_t executor_step(struct executor *x);
/* A timer's next_ms may have become earlier. Any thread. */
void executor_wake(struct executor *x);
/* Takes no new work; finishes what waits; joins. */
void executor_stop(struct executor *x);
void executor_free(struct executor *x);

struct executor_stats {
	int64_t works, batches, failed_batches, reruns, timers;
	int64_t queue_now, queue_peak;
	int64_t commit_ns_total, commit_ns_max, wait_ns_total;
	bool read_only; /* the last commit failed for want of space */
};
void executor_stats(struct executor *x, struct executor_stats *out);
