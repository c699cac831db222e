/* What the files of engine/jobs share. For engine/jobs only. */
#pragma once

#include "engine/jobs/job.h"

enum {
	JOB_INSERT,  /* all columns */
	JOB_BY_ID,   /* org, id */
	JOB_DUE,     /* kind, now, org or NULL, limit */
	JOB_SOONEST, /* kind */
	JOB_SAVE,    /* org, id, new values, then what was: state, fence, due */
	JOB_LIST,    /* org, after, ref, kind, limit */
	JOB_LIST_STATE, /* org, after, ref, kind, limit, state */
	JOB_PRUNE,	/* before, limit */
	JOB_STMTS
};
extern const struct stmt job_sql[JOB_STMTS];
enum { JOB_COLUMNS = 16 };
void job_vals(const struct job *j, struct val out[JOB_COLUMNS]);

struct job_due_row {
	int64_t due_at;
};

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
