/* What the files of engine/jobs share. For engine/jobs only. */
#pragma once

#include "engine/jobs/job.h"

enum {
	JOB_INSERT,  /* all columns */
	JOB_BY_ID,   /* org, id */
	JOB_DUE,     /* kind, now, org or NULL, limit */
	JOB_NEEDS,   /* kind, languages */
	JOB_DUE_OF,  /* kind, now, org or NULL, limit, needs or "" */
	JOB_SOONEST, /* kind, after */
	JOB_SAVE,    /* org, id, new values, what was: state, fence, due; then
			leased_at */
	JOB_BEFORE,  /* kind, due, id, most */
	JOB_RUNNING, /* kind, now, most */
	JOB_RECENT,  /* kind, since, most */
	JOB_BEHIND,  /* org, after, ref */
	JOB_LIST,    /* org, after, ref, kind, limit */
	JOB_LIST_STATE, /* org, after, ref, kind, limit, state, or state */
	JOB_PRUNE,	/* before, limit */
	WORKER_PUT,	/* id, org or NULL, name, about, at */
	WORKER_LIST,	/* org, after, until, limit */
	WORKER_PRUNE,	/* before */
	JOB_STMTS
};
extern const struct stmt job_sql[JOB_STMTS];
enum { JOB_COLUMNS = 18 };
void job_vals(const struct job *j, struct val out[JOB_COLUMNS]);

struct job_due_row {
	int64_t due_at;
};

struct job_needs_row {
	struct str needs; /* "": nothing */
};

struct worker_row {
	struct id id, org; /* org none: does the jobs of all */
	struct str name, about;
	int64_t at;
};

struct job_count_row {
	int64_t n;
};
struct job_recent_row {
	int64_t n, took_ms, last_at;
};

/* What becomes of jobs, as events that are counted for the metrics. */
#define JOB_TOLDS(X)                                                           \
	X(JOB_TOLD_LEASED, "leased")                                           \
	X(JOB_TOLD_DONE, "done")                                               \
	X(JOB_TOLD_TRIED, "tried") /* back in the queue */                     \
	X(JOB_TOLD_RELEASED, "released")                                       \
	X(JOB_TOLD_FAILED, "failed")                                           \
	X(JOB_TOLD_DEAD, "dead")                                               \
	X(JOB_TOLD_CANCELLED, "cancelled")
enum job_told {
#define X(told, word) told,
	JOB_TOLDS(X)
#undef X
		JOB_TOLD_COUNT
};

/* By number of the kind; counted by the executor, read by any thread. */
enum { JOB_KINDS_MOST = 64, JOB_SEEN_MOST = 64 };
struct job_counts {
	_Atomic int64_t told[JOB_KINDS_MOST][JOB_TOLD_COUNT];
	_Atomic int64_t took_ms[JOB_KINDS_MOST]; /* of those done */
};

/* A worker that asked: who, for which kinds, when last. */
struct job_seen {
	_Atomic uint64_t who, kinds;
	_Atomic int64_t at_ms;
	/* The executor's: what is written of it, and when. */
	uint64_t about;
	int64_t written_ms;
};

struct jobs {
	struct jobs_opts o;
	int64_t look_at_ms;
	int64_t began_ms; /* nothing can have been heard before */
	/* Numbers of the kinds that this transaction queued jobs of, a byte
	   each; the executor's. */
	struct buf queued;
	/* Jobs that were queued and that no parked worker was told of. */
	_Atomic int64_t offers[JOB_KINDS_MOST];
	struct job_counts counts;
	struct job_seen seen[JOB_SEEN_MOST];
};

size_t job_kind_number(const struct jobs *jobs, struct str name);
/* In a transaction: a job that may be leased at once is there. */
void jobs_offer(struct jobs *jobs, struct str kind);
/* ERR_INVALID with "/kinds/N" unless all are kinds that workers do. */
MUST enum err job_ask_check(struct ctx *cx, const struct job_ask *a);

/* A worker asked for jobs; by the executor's thread. */
struct job_seen *jobs_seen(struct jobs *jobs, struct ctx *cx,
			   const struct job_ask *a);
/* The same, and what is kept of it in the table. */
MUST enum err jobs_heard(struct ctx *cx, const struct job_ask *a);
/* "c", "python" as ",c,,python,": in one order, each once; none: absent. */
struct str job_words(struct arena *a, const struct list *words);
/* For JOB_NEEDS: NULL when it did not say what it has. */
struct val job_languages(struct ctx *cx, const struct job_ask *a);
/*
 * struct job: up to most that the worker can do, oldest due first. Those that
 * it cannot do cost nothing, however many are due.
 */
MUST enum err job_due(struct ctx *cx, const struct job_ask *a, struct str kind,
		      int64_t now, int64_t most, struct list *out);
/* How many that do this kind asked within a minute. */
int64_t jobs_workers(const struct jobs *jobs, int64_t now_ms, struct str kind);
void jobs_count(struct jobs *jobs, const struct job *j, enum job_told what);
MUST enum err job_before(struct ctx *cx, struct str kind, int64_t due_at,
			 const struct id *id, int64_t *out);
MUST enum err job_running(struct ctx *cx, struct str kind, int64_t *out);

/* NULL: no such kind (any more). */
const struct job_kind *job_kind_find(const struct jobs *jobs, struct str name);
/* The timer has to look at this instant. */
void jobs_wake(struct jobs *jobs, int64_t at_ms);

/*
 * The one way in which a job changes: from *was, as it was read, to *now.
 * ERR_CONFLICT: it was changed in between, and is not touched.
 */
MUST enum err job_save(struct ctx *cx, const struct job *was, struct job *now);
/* To an end state, with its event; its kind is told unless it is done. */
MUST enum err job_end(struct ctx *cx, struct job *j, enum job_state state,
		      struct str error);
/* A try went wrong: queued again, later, or dead. */
MUST enum err job_tried(struct ctx *cx, struct job *j, struct str error);
