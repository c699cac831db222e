/*
 * job: work that is too slow or too far away for a request, as a row.
 *
 *            lease            finish
 *   queued --------> leased ---------> done
 *     ^  ^------------'|  |
 *     |   fail, retry  |  `-- fail for good --> failed --.
 *     |                `----- out of tries ---> dead ----|
 *     |                       cancel ---> cancelled -----|
 *     '--------------------------------------------------' retry, by staff
 *
 * A slice queues a job inside its command: both or neither. A kind of job is a
 * row of functions that the slice hands down (struct job_kind); the queue
 * knows nothing of what jobs do.
 *
 * Workers lease. Each lease of a job has a number of its own, the fence, one
 * more than the last; everything a worker says later is taken only with the
 * fence of the present lease, so that of two workers who both think the job is
 * theirs one is heard, and a result counts once. A lease that ran out is given
 * to the next who asks: a dead worker costs time, nothing else.
 *
 * Kinds with a step are run by the server itself, in the transaction that also
 * moves them on: their effect happens once.
 *
 * A job that is dead or failed is our failure, never the learner's: the kind
 * is told (ended) and keeps the attempt and its points out of it.
 */
#pragma once

#include "engine/rpc/rpc.h"
#include "engine/store/executor.h"

/* X(state, word, states that may follow) */
#define JOB_TO(s) (1u << (s))
#define JOB_STATES(X)                                                          \
	X(JOB_QUEUED, "queued",                                                \
	  JOB_TO(JOB_QUEUED) | JOB_TO(JOB_LEASED) | JOB_TO(JOB_DONE) |         \
		  JOB_TO(JOB_DEAD) | JOB_TO(JOB_CANCELLED))                    \
	X(JOB_LEASED, "leased",                                                \
	  JOB_TO(JOB_QUEUED) | JOB_TO(JOB_LEASED) | JOB_TO(JOB_DONE) |         \
		  JOB_TO(JOB_FAILED) | JOB_TO(JOB_DEAD) |                      \
		  JOB_TO(JOB_CANCELLED))                                       \
	X(JOB_DONE, "done", 0u)                                                \
	X(JOB_FAILED, "failed", JOB_TO(JOB_QUEUED))                            \
	X(JOB_DEAD, "dead", JOB_TO(JOB_QUEUED))                                \
	X(JOB_CANCELLED, "cancelled", JOB_TO(JOB_QUEUED))

enum job_state {
#define X(state, word, next) state,
	JOB_STATES(X)
#undef X
};
extern const char *const job_state_words[];

enum {
	JOB_BODY_BYTES = 65536,
	JOB_ERROR_BYTES = 400,
	JOB_KIND_BYTES = 64,
	JOB_TRIES_MAX = 1000,
};

struct job {
	struct id org, id;
	struct str kind;
	struct id ref;	 /* what it is about, or none */
	struct str body; /* JSON object; no secrets: workers read it */
	int state;	 /* enum job_state */
	int64_t due_at;	 /* queued: when it may run; leased: until when; 0:
			    ended */
	int64_t fence;	 /* of the last lease */
	struct str holder, worker; /* who has it: his key, his own name */
	int64_t tries, max_tries;
	bool single;	       /* no other open one of this kind and ref */
	struct str last_error; /* for staff */
	int64_t created_at, updated_at;
};

/* How a step leaves its job; all zero: done. */
struct job_next {
	bool again;	 /* more to do */
	int64_t run_at;	 /* when; 0: at once */
	struct str body; /* absent: as it was */
};

struct job_kind {
	const char *name; /* "grade.code" */
	/*
	 * Run by the server, one bounded piece (tens of ms) a call; NULL:
	 * leased by workers. An error undoes the call and is tried again.
	 */
	enum err (*step)(struct ctx *cx, const struct job *j,
			 struct job_next *next);
	/*
	 * What a worker brings is data from outside: decoded by the shape,
	 * then judged by apply, which makes its effect in the same
	 * transaction. An error of either is the worker's answer, and the
	 * job stays his.
	 */
	const struct shape *result;
	enum err (*apply)(struct ctx *cx, const struct job *j,
			  const void *result);
	/* It failed, died or was cancelled: may be NULL. */
	enum err (*ended)(struct ctx *cx, const struct job *j);
	int64_t max_tries;  /* 0: 5 */
	int64_t backoff_ms; /* after the first failure; 0: 1000. Doubles each
			       time, up to 10 minutes, half of it random */
	bool kept;	    /* nobody may cancel it */
};

struct jobs; /* the kinds, and the timer that runs steps */

struct jobs_opts {
	const struct job_kind *const *kinds; /* NULL-terminated */
	struct log *log;
};
struct jobs *jobs_new(const struct jobs_opts *o);
void jobs_free(struct jobs *j);
/* Runs the kinds with a step, one piece of each kind in a batch. */
struct tx_timer jobs_timer(struct jobs *j);

struct job_wish {
	struct id org; /* none: the caller's */
	struct id ref;
	struct str body;   /* absent: {} */
	int64_t run_at;	   /* 0: now */
	int64_t max_tries; /* 0: the kind's */
	bool single;	   /* if an open one is there, take that; needs ref */
};
/*
 * Inside a command or step. *id may be NULL; none for a single one that is
 * there already.
 */
MUST enum err job_queue(struct ctx *cx, const char *kind,
			const struct job_wish *w, struct id *id);

MUST enum err job_load(struct ctx *cx, const struct id *org,
		       const struct id *id, struct job *out);

/* The worker's side; holder is cx->who->actor. */
struct job_ask {
	struct id org;	   /* none: of all tenants */
	struct list kinds; /* struct str */
	struct str worker;
	int64_t limit, lease_ms;
};
/* struct job, oldest due first; none: an empty list. */
MUST enum err job_lease(struct ctx *cx, const struct job_ask *a,
			struct list *out);
/* ERR_CONFLICT from these three: the lease is no longer the caller's. */
MUST enum err job_renew(struct ctx *cx, const struct id *org,
			const struct id *id, int64_t fence, int64_t lease_ms,
			struct job *out);
/* Once; the same again is fine and does nothing. */
MUST enum err job_finish(struct ctx *cx, const struct id *org,
			 const struct id *id, int64_t fence, struct str result,
			 struct job *out);
MUST enum err job_fail(struct ctx *cx, const struct id *org,
		       const struct id *id, int64_t fence, struct str error,
		       bool retry, struct job *out);

/* The staff's side. ERR_PRECONDITION: its kind or state does not allow it. */
MUST enum err job_cancel(struct ctx *cx, const struct id *org,
			 const struct id *id, struct job *out);
MUST enum err job_retry(struct ctx *cx, const struct id *org,
			const struct id *id, struct job *out);
struct job_filter {
	struct id org, after, ref; /* none: from the start, any */
	bool has_state;
	int state;
	struct str kind; /* absent: any */
};
MUST enum err job_list(struct ctx *cx, const struct job_filter *f,
		       int64_t limit, struct list *out, bool *more);
/* Maintenance: removes up to `most` jobs that were done before. */
MUST enum err job_prune(struct ctx *cx, int64_t before_ms, int64_t most,
			int64_t *removed);

extern const struct rpc_method job_methods[];
extern const struct rpc_method job_staff_methods[];
extern const struct stmt_set job_stmts;
extern const struct migration_set job_migrations;
