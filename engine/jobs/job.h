/*
 * job: work that is too slow or too far away for a request, as a row.
 *
 *            lease            finish
 *   queued --------> leased ---------> done
 *     ^  ^------------'|  |
 *     |  fail, retry;  |  |
 *     |  release       |  `-- fail for good --> failed --.
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
 * Failed for good is both: failed, a worker gave it up, and dead, its tries are
 * used up. Who asks for those of state failed gets both.
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
	int64_t leased_at; /* the last lease's begin, or 0 */
	struct str needs;  /* languages, as job_words has them; or absent */
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
	/*
	 * What its worker must know beyond the body, asked for with the lease
	 * (job.input): an object written to json, or nothing for {}, and bytes
	 * (arena) of up to LIMIT_BLOB_BYTES, for what is large. Reads only; a
	 * job may be asked about again, and its next worker asks anew. May be
	 * NULL. An error is the worker's answer: he fails the job.
	 */
	enum err (*input)(struct ctx *cx, const struct job *j, struct buf *json,
			  struct str *bytes);
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
	/* For jobs_metrics; NULL: it tells of no queue. */
	struct store *store;
	const struct clock *clock;
};
struct jobs *jobs_new(const struct jobs_opts *o);
void jobs_free(struct jobs *j);
/* Runs the kinds with a step, one piece of each kind in a batch. */
struct tx_timer jobs_timer(struct jobs *j);
/* Tells workers that wait (job_wait) of what was committed. */
struct tx_part jobs_part(struct jobs *j);
/* Lines for the page of metrics; arg: struct jobs. */
void jobs_metrics(void *arg, struct buf *b);

struct job_wish {
	struct id org; /* none: the caller's */
	struct id ref;
	struct str body;   /* absent: {} */
	int64_t run_at;	   /* 0: now */
	int64_t max_tries; /* 0: the kind's */
	bool single;	   /* if an open one is there, take that; needs ref */
	struct list needs; /* struct str: languages its worker must have */
};
/*
 * Inside a command or step. *id may be NULL; none for a single one that is
 * there already.
 */
MUST enum err job_queue(struct ctx *cx, const char *kind,
			const struct job_wish *w, struct id *id);

MUST enum err job_load(struct ctx *cx, const struct id *org,
		       const struct id *id, struct job *out);

/* The first job about something whose id was made just before the job was
   queued. ERR_NOT_FOUND: it is pruned. */
MUST enum err job_behind(struct ctx *cx, const struct id *org,
			 const struct id *ref, struct job *out);

/*
 * What a worker says of itself. Kept of each that asks, for an hour, so that
 * people can be told why a job waits: nothing else is made of it.
 */
enum { JOB_ABOUT_WORDS = 64 };
struct job_about {
	struct list kinds;   /* struct str: what it does */
	struct list refuses; /* and what it would, were its level not too low */
	int level, box_level; /* enum run_level: what it has, what it wants */
	bool has_languages;
	struct list languages; /* struct str: that it can run */
};
extern const struct shape job_about_shape;

/* The worker's side; holder is cx->who->actor. */
struct job_ask {
	struct id org;	   /* none: of all tenants */
	struct list kinds; /* struct str */
	struct str worker;
	int64_t limit, lease_ms;
	bool has_about; /* false: it does the kinds, in any language */
	struct job_about about;
};
/* struct job, oldest due first; none: an empty list. */
MUST enum err job_lease(struct ctx *cx, const struct job_ask *a,
			struct list *out);
/*
 * A query: whether one of the kinds may be due; a, without worker, limit and
 * lease_ms. If none is, and cx->io->park_over is not set, the request is parked
 * for up to wait_ms. Of the workers that are parked as many are told as jobs
 * were queued; all others learn when their time is over, as they do of what
 * other nodes queued, of retries and of leases that ran out.
 */
enum { JOB_WAIT_MOST_MS = 10000 };
MUST enum err job_wait(struct ctx *cx, const struct job_ask *a, int64_t wait_ms,
		       bool *due);
/* ERR_CONFLICT from these six: the lease is no longer the caller's. */
MUST enum err job_renew(struct ctx *cx, const struct id *org,
			const struct id *id, int64_t fence, int64_t lease_ms,
			struct job *out);
/* The job, if the caller holds it: for methods that workers call with it. */
MUST enum err job_held(struct ctx *cx, const struct id *org,
		       const struct id *id, int64_t fence, struct job *out);
/* What its kind tells the holder; json stays as it is for a kind that does
   not. ERR_UNSUPPORTED: no kind that workers do. */
MUST enum err job_input(struct ctx *cx, const struct id *org,
			const struct id *id, int64_t fence, struct buf *json,
			struct str *bytes);
/* Once; the same again is fine and does nothing. */
MUST enum err job_finish(struct ctx *cx, const struct id *org,
			 const struct id *id, int64_t fence, struct str result,
			 struct job *out);
MUST enum err job_fail(struct ctx *cx, const struct id *org,
		       const struct id *id, int64_t fence, struct str error,
		       bool retry, struct job *out);
/*
 * Gives it back as it was leased: the try does not count, and it waits where it
 * would had it not been leased. The same again does nothing. For a worker that
 * is stopped, or that can run nothing.
 */
MUST enum err job_release(struct ctx *cx, const struct id *org,
			  const struct id *id, int64_t fence, struct job *out);

/*
 * Where a job stands, and when it may end: of jobs that were done within a day
 * the last few say how long one takes, those under way and the workers that
 * asked of late how many at once. Cheap: two index ranges, cut at JOB_COUNTED.
 */
enum { JOB_COUNTED = 1000 };

/*
 * X(standing, word, meaning). Of what workers said within a minute, to any
 * server of the installation; while nothing can have been heard yet, in_line.
 */
#define JOB_STANDINGS(X)                                                       \
	X(JOB_RUNS, "running", "a worker has it")                              \
	X(JOB_IN_LINE, "in_line", "it waits its turn")                         \
	X(JOB_NO_WORKER, "no_worker",                                          \
	  "no worker can take it now: staff have to see to that")
enum job_standing {
#define X(code, word, doc) code,
	JOB_STANDINGS(X)
#undef X
};
extern const char *const job_standing_words[];
#define JOB_STANDING_DOC                                                       \
	"running: a worker has it; in_line: it waits its turn; no_worker: no " \
	"worker can take it now, staff have to see to that"

/* The workers that an organization's jobs go to, read once. */
struct job_workers {
	struct id org;
	bool read;
	struct list rows, abouts; /* struct worker_row, struct job_about */
};
/*
 * Of a queued or leased job. *why, for staff: what is wanted and what the
 * workers offer; absent unless the standing is JOB_NO_WORKER. w: zeroed before
 * the first call of a request, then the same one for its other jobs of org.
 */
MUST enum err job_standing(struct ctx *cx, struct job_workers *w,
			   const struct job *j, int *standing, struct str *why);

struct job_position {
	int standing;	     /* enum job_standing */
	int64_t before;	     /* due before it; JOB_COUNTED: or more */
	int64_t running;     /* of its kind, under way now */
	int64_t workers;     /* that do its kind, seen within a minute */
	bool has_estimate;   /* false: nobody works, or it is not known how
				fast */
	int64_t estimate_ms; /* from now to its end */
	struct str why;	     /* of standing; not in the shape */
};
extern const struct shape job_position_shape;
/* Of a queued or leased job, as it was read; ERR_PRECONDITION: it has ended.
   w: as for job_standing. */
MUST enum err job_position(struct ctx *cx, struct job_workers *w,
			   const struct job *j, struct job_position *out);

/* The staff's side. ERR_PRECONDITION: its kind or state does not allow it. */
MUST enum err job_cancel(struct ctx *cx, const struct id *org,
			 const struct id *id, struct job *out);
MUST enum err job_retry(struct ctx *cx, const struct id *org,
			const struct id *id, struct job *out);
struct job_filter {
	struct id org, after, ref; /* none: from the start, any */
	bool has_state;
	int state;	 /* JOB_FAILED: the dead ones, too */
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
