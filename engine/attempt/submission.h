/*
 * submission: files handed in to a code item, from the bytes that came to the
 * verdict. For the files of engine/attempt.
 *
 *	files --take, keep--> git (repos.h)
 *	record submission.received, row, job "grade.code": one transaction
 *	a worker judges --apply--> record submission.judged, marks, gradebook
 *
 * The record has git's id of the files, their number and size, and the signed
 * receipt, never the files. The row is made of the records and holds only what
 * is queried; `assay verify` compares the two.
 */
#pragma once

#include "engine/attempt/live.h"
#include "engine/attempt/repos.h"
#include "engine/jobs/job.h"

/* To one question, without a verdict: more have to wait. */
enum { SUBMISSIONS_WAITING = 8 };

struct submission_row {
	struct id org, id, attempt;
	int64_t slot, number; /* from 1; among the slot's */
	struct id series;
	struct str course;
	struct id learner;
	struct str repo; /* with node: where its files are */
	int64_t node, n; /* n: of its record in the attempt's stream */
	int64_t received_at;
	int state;   /* enum submission_state, when it was judged last */
	int verdict; /* enum run_verdict; SK before it has one */
	int64_t judged_at, judged_n; /* 0: not yet */
	struct id job;		     /* the last run, or none */
};

enum submission_stmt {
	SUBMISSION_INSERT, /* all columns */
	SUBMISSION_BY_ID,  /* org, id */
	SUBMISSION_AT,	   /* org, attempt, slot, number */
	SUBMISSION_JUDGE,  /* org, id, state, verdict, judged_at, judged_n */
	SUBMISSION_RUN,	   /* org, id, job */
	SUBMISSION_OF_ATTEMPT, /* org, attempt, after, state or -1, limit */
	SUBMISSION_OF_SERIES,  /* org, series, after, state or -1, limit */
	SUBMISSION_OF_COURSE,  /* org, course, after, state or -1, limit */
	SUBMISSION_PLACES,     /* org, learner: where files are */
	SUBMISSION_SAVED,      /* org, learner, after id, after node, limit */
	SUBMISSION_ALL,	       /* after org, after id, limit */
	SUBMISSION_GONE,       /* limit */
	TRIAL_PUT,	       /* all columns; replaces */
	TRIAL_OF,	       /* org, id */
	TRIAL_LIST,	       /* org, series, after, limit */
	TRIAL_OF_COURSE,       /* org, course, after, limit */
	TRIAL_DROP,	       /* org, id */
	TRIAL_FORGET,	       /* org, learner */
	KEPT_OF,	       /* org, course, term, learner */
	KEPT_ADD,	       /* org, course, term, learner, bytes */
	KEPT_FORGET,	       /* org, learner */
	SUBMISSION_STMTS
};
extern const struct stmt submission_sql[SUBMISSION_STMTS];

/* Of SUBMISSION_PLACES. */
struct submission_place {
	struct str repo;
	int64_t node;
};

/* Of KEPT_OF: of all files that a learner has sent in a term of a course. */
struct submission_kept {
	int64_t bytes;
};

/* Of SUBMISSION_SAVED: an attempt, and a server that has taken answers. */
struct saved_place {
	struct id id, assessment;
	struct str course;
	int64_t reserved_at, node;
};

/*
 * A second run of a submission whose result does not count (yet): see
 * rejudge.h.
 */
struct submission_trial {
	struct id org, id; /* the submission's */
	struct id series, learner, job;
	int outcome;	   /* enum rejudge_outcome */
	struct str report; /* JSON; absent: none yet, or it failed */
	int64_t at;	   /* when it was asked for, or told */
};

/* Where the files of a question of an attempt are, and ever will be. */
MUST enum err submission_place(struct ctx *cx, const struct attempt_row *a,
			       int64_t slot, struct repos_place *out);

/* ---- files that come ---- */

/* What was said to one slot, ready to be kept. */
struct said {
	struct response response; /* without commit until it is kept */
	struct str text;	  /* canonical */
	bool same;		  /* repeats the slot's last save */
	struct list files;	  /* struct run_file: of a code item */
	struct str refused; /* JSON list of what is not taken, or absent */
};

/*
 * Reads what is handed in to a code item. Files whose names cannot be are told
 * in .refused, the others are taken. ERR_INVALID with the field, when nothing
 * is left or what is left may not be handed in.
 */
MUST enum err submission_read(struct ctx *cx, const struct live_slot *s,
			      struct jval v, struct said *out);
/* Puts its files into git, and completes the response with the commit. */
MUST enum err submission_keep(struct ctx *cx, const struct live *l,
			      int64_t slot, const struct item *it,
			      struct said *said);

/*
 * May another one be handed in to this question by now? ERR_RATE_LIMITED says
 * when: for who sends many, never for what is handed in with the attempt.
 */
MUST enum err submission_fair(struct ctx *cx, const struct live_slot *s);
/* ERR_TOO_LARGE: with it, more than a term of a course keeps of one learner. */
MUST enum err submission_room(struct ctx *cx, const struct live *l,
			      int64_t slot, const struct response *r);
/* So many more bytes of files are counted for the course (live_note). */
MUST enum err submission_count(struct ctx *cx, const struct live *l,
			       int64_t bytes);

/*
 * The record, the row and the job of a submission of what was kept. The caller
 * has asked slot_would_submit. receipt may be NULL. ERR_LIMIT_REACHED.
 */
MUST enum err submission_make(struct ctx *cx, struct live *l, int64_t slot,
			      int64_t seq, struct str text,
			      struct slot_effect *effect, struct str *receipt);
/* What was saved and not handed in, before the attempt is. */
MUST enum err submission_rest(struct ctx *cx, struct live *l);
/* Runs again what the version that scores now has no facts of. */
MUST enum err submission_requeue(struct ctx *cx, const struct live *l);

/* X(code, word, what becomes of the result) */
#define RUN_PURPOSES(X)                                                        \
	X(RUN_FIRST, "first", "it counts")                                     \
	X(RUN_TRIAL, "trial", "it is kept beside what counts")                 \
	X(RUN_REJUDGE, "rejudge", "it counts, as far as that was asked for")
enum run_purpose {
#define X(code, word, doc) code,
	RUN_PURPOSES(X)
#undef X
};
/* Queues a run; l NULL: it is looked for. *job (may be NULL) none: one is on
   its way. */
MUST enum err submission_run(struct ctx *cx, const struct live *l,
			     struct submission_row *row, int purpose,
			     bool allow_lower, struct id *job);

/* In the stream, the row, the marks. report absent: it failed for good. */
MUST enum err submission_judged(struct ctx *cx, struct live *l,
				const struct submission_row *row,
				struct str report);

/* The attempt of a row, whoever asks. */
MUST enum err submission_live(struct ctx *cx, const struct submission_row *row,
			      struct live **out);
/* Nobody is left to tell, or the attempt has no such submission. */
bool submission_is_gone(const struct live *l, const struct submission_row *row);
/* A course alone is named: all of it is meant. */
bool submission_of_all(const struct assessment_ref *ref);
/*
 * Of all versions of an assessment or, where only its course is named, of all
 * that the course has. state -1: any. *about: the stream that tells of it.
 * ERR_NOT_FOUND.
 */
struct submission_filter {
	const struct assessment_ref *ref;
	struct id after;
	int state;
	int64_t limit;
};
MUST enum err submission_of(struct ctx *cx, const struct submission_filter *f,
			    struct list *rows, struct id *about, bool *more);
MUST enum err submission_load(struct ctx *cx, const struct id *org,
			      const struct id *id, struct submission_row *out);
MUST enum err submission_at(struct ctx *cx, const struct id *org,
			    const struct id *attempt, int64_t slot,
			    int64_t number, struct submission_row *out);
