/*
 * worker: a program that takes jobs from a server, does them, and hands in
 * what came out. It may run on another machine: all that it knows comes by
 * job.lease and job.input, all that it says goes by job.renew, job.finish and
 * job.fail (engine/jobs/job.h), each with the fence of its lease.
 *
 *	asker     one thread: asks for a job when there is room for one
 *	hands     threads with boxes of their own, one job each at a time
 *	renewer   one thread: keeps all leases, long before they end
 *	waiter    one thread: lets the server say when a job may be due
 *
 * What a kind of job is, is a row (struct worker_kind). What runs programs is
 * handed down (struct worker_boxes), and so is the way to the server (struct
 * worker_server), so that tests need neither.
 *
 * A worker that vanishes costs time, nothing else: its leases run out. One
 * that loses a lease ends what it runs for it and says nothing.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"
#include "base/field.h"
#include "base/run.h"
#include "engine/rpc/client.h"

/* A job as it was leased. */
struct worker_job {
	struct id org, id;
	int64_t fence;
	int64_t due_at; /* until when, by the server's clock */
	struct str kind;
	struct id ref;	 /* or none */
	struct str body; /* JSON object */
	int64_t tries, max_tries;
};

/* What a job takes of the machine while it is done. */
struct worker_weight {
	int64_t cpu; /* thousandths of a core */
	int64_t memory_bytes;
};

/*
 * X(code, word, percent of the machine that all of it may take, meaning)
 * Labs are light and never fill a machine that has to grade.
 */
#define WORKER_CLASSES(X)                                                      \
	X(WORKER_GRADED, "graded", 100, "what counts for somebody's grade")    \
	X(WORKER_LAB, "lab", 50, "what somebody waits for at a screen")        \
	X(WORKER_AUTHOR, "author", 50, "an author's own: content, self-tests")
enum worker_class {
#define X(code, word, percent, doc) code,
	WORKER_CLASSES(X)
#undef X
		WORKER_CLASS_COUNT
};

struct boxes; /* sandbox/box_client.h */
struct worker_server;

/*
 * Whether a job is still the worker's. Set once by another thread: the lease is
 * lost, or the worker was told to stop and its time is over. The kind's
 * function then returns soon, with any error; nothing of it is handed in.
 */
struct worker_gone {
	_Atomic bool is;
	int fd; /* readable once it is; for poll */
};

/* One hand's own; no other thread touches it, but for *gone. */
struct worker_env {
	/*
	 * Whose width is what one job may use at once. Once the job is gone,
	 * start and wait give ERR_CONFLICT.
	 */
	const struct runner *runner;
	struct boxes *boxes; /* for terminals; NULL where a test scripts runs */
	const struct worker_job *job;
	struct worker_server *server; /* for worker_call */
	/* Another way to the server, for a thread of the kind's own. */
	enum err (*connect)(struct ctx *cx, void *arg, int64_t timeout_ms,
			    struct worker_server *out);
	void *connect_arg;
	const struct worker_gone *gone;
	struct str content_roots; /* worker_opts */
};

/*
 * A method beyond the job's own, with the worker's rights. May wait as long as
 * the server parks it, up to WORKER_CALL_MS. ERR_UNAVAILABLE: nobody answered;
 * else the answer's own code, with its message in cx->error.
 */
enum { WORKER_CALL_MS = 40000 };
MUST enum err worker_call(struct ctx *cx, const struct worker_env *env,
			  const char *method, struct str params,
			  struct str bytes, struct client_reply *out);

struct worker_kind {
	const char *name; /* as in struct job_kind: "grade.code" */
	int group;	  /* enum worker_class */
	bool level;	  /* not leased below the setting box_level */
	/* What a job of it takes before its input is known. */
	struct worker_weight weight;
	/*
	 * What this one takes, once it is known; NULL: weight. input: JSON.
	 * More than the machine has is taken for all of it.
	 */
	enum err (*weigh)(struct ctx *cx, const struct worker_env *env,
			  struct str input, struct str bytes,
			  struct worker_weight *out);
	/*
	 * Does it. *result: a JSON object of up to LIMIT_RESPONSE_BYTES for
	 * job.finish. An error gives the job back (job.fail): those that may
	 * be retried (err_retry) to be tried again, others for good; its text
	 * is for staff, and holds nothing of a learner's.
	 */
	enum err (*run)(struct ctx *cx, struct worker_env *env,
			struct str input, struct str bytes, struct buf *result);
};

/* All that assay-worker can do, most wanted first; NULL-terminated. */
extern const struct worker_kind *const worker_kinds[];

/* ---- the worker itself ---- */

/* A way to the server: one for each thread, made by opts.connect. */
struct worker_server {
	void *arg;
	/* ERR_UNAVAILABLE: nobody answered; OK: *out, which may be an error. */
	enum err (*call)(struct ctx *cx, void *arg, struct str method,
			 struct str params, struct str bytes,
			 struct client_reply *out);
	void (*close)(void *arg);
};

/* What runs programs, one for each hand. */
struct worker_runs {
	const struct runner *runner;
	struct boxes *boxes; /* or NULL */
	int fd;		     /* readable when wait would not block; -1: it
				never does */
	void *arg;
};

struct worker_opts {
	const struct worker_kind *const *kinds; /* NULL-terminated */
	struct str name;			/* what it calls itself */
	struct worker_weight room; /* what there is of the machine */
	int hands;		   /* jobs at once: 1 to WORKER_HANDS */
	int level;		   /* enum run_level: kinds that ask for it are
				      refused below */
	int64_t lease_ms, poll_ms, drain_ms;
	/* Folders of this machine that content may be read from, by commas. */
	struct str content_roots;
	/* struct str: jobs that need others are left to other workers. */
	bool has_languages; /* false: it may have any */
	struct list languages;
	void *arg;
	/* Need not reach anybody yet. timeout_ms: of one call. */
	enum err (*connect)(struct ctx *cx, void *arg, int64_t timeout_ms,
			    struct worker_server *out);
	enum err (*runs_open)(struct ctx *cx, void *arg,
			      struct worker_runs *out);
	void (*runs_close)(struct worker_runs *r);
};
enum { WORKER_HANDS = 128 };

struct worker;

/*
 * Tries what runs programs once, and says what the worker will do
 * (worker_ready, and worker_refuses for each kind that it may not).
 * ERR_UNAVAILABLE: nothing can be run here. cx->log and cx->clock are the
 * worker's from now on; what o points to stays.
 */
MUST enum err worker_new(struct ctx *cx, const struct worker_opts *o,
			 struct worker **out);
/*
 * Works until worker_stop, and then until all jobs are finished or, when
 * drain_ms are over, handed back. True if none had to be.
 */
bool worker_run(struct worker *w);
void worker_stop(struct worker *w); /* from any thread */
void worker_free(struct worker *w);
