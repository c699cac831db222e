/*
 * run: one peer-reviewed assessment as it goes on: who handed in what, who
 * reviews, who may, and what the grades are. The fold of its records, and
 * nothing else: the same records give the same bits, on every node and after
 * every start. For engine/peer.
 *
 *	artifact:  grace --> in_review --> sealed --> released
 *	              \----------\-> withdrawn, replaced (by a new version)
 *	review:    leased --> done
 *	              \--> lapsed, returned, void
 *
 * Time passes in a run only by its records: each has its instant, and
 * "peer.ticked" says that what was due up to an instant has happened.
 *
 * Texts are not here: a work's and a review's are in the personal part of the
 * record at n. Indices are dense and never reused. A person has the same index
 * in the queue and the estimator.
 */
#pragma once

#include "engine/assessment/assessment.h"
#include "engine/audit/record.h"
#include "engine/peer/ids.h"
#include "engine/peer/note.h"
#include "rubrics/estimate.h"
#include "rubrics/licence.h"
#include "rubrics/peer_def.h"
#include "rubrics/queue.h"

#define NONE UINT32_MAX

enum {
	RUN_RATE_MS = 72 * 3600000, /* to rate reviews, before the grade shows*/
	RUN_EXPIRED_MOST = 3,	    /* leases in a row; then a pause */
	RUN_PAUSE_MS = 12 * 3600000,
	RUN_PRINTS = 8,	  /* of a reviewer's last reviews, to find copies */
	RUN_SETTLE = 100, /* updates after each change, where it shows most */
	RUN_SETTLE_STAFF = 4000, /* after what staff do, which is rare */
	RUN_FIT_FROM = 30,	 /* grades; then at each doubling */
};

/* X(code, word, meaning) */
#define WORK_STATES(X)                                                         \
	X(WORK_GRACE, "grace", "handed in, and can be corrected")              \
	X(WORK_IN_REVIEW, "in_review", "in the pool")                          \
	X(WORK_SEALED, "sealed",                                               \
	  "its reviews are complete; the author rates them")                   \
	X(WORK_RELEASED, "released", "the grade is shown")                     \
	X(WORK_WITHDRAWN, "withdrawn", "taken back")                           \
	X(WORK_REPLACED, "replaced", "a newer version was handed in")
enum work_state {
#define X(code, word, doc) code,
	WORK_STATES(X)
#undef X
};
extern const char *const work_state_words[];

#define REVIEW_STATES(X)                                                       \
	X(REVIEW_LEASED, "leased", "under way")                                \
	X(REVIEW_LAPSED, "lapsed", "its lease ran out; the draft is kept")     \
	X(REVIEW_RETURNED, "returned", "given back")                           \
	X(REVIEW_DONE, "done", "submitted")                                    \
	X(REVIEW_VOID, "void", "its work was withdrawn")
enum review_state {
#define X(code, word, doc) code,
	REVIEW_STATES(X)
#undef X
};
extern const char *const review_state_words[];

enum review_kind { REVIEW_LIVE, REVIEW_COVERT, REVIEW_CALIBRATION };

struct run_person {
	struct id learner;
	struct licence licence;
	uint32_t work;		 /* newest version, or NONE */
	uint32_t lease;		 /* the open review, or NONE */
	uint32_t review;	 /* his last one; a list by struct run_review */
	uint32_t done;		 /* that count as his duty: live and covert */
	uint32_t open_golds;	 /* calibration items done */
	uint32_t expired_in_row; /* leases */
	int64_t paused_until;
	uint32_t alarm;		 /* the last one, answered or not; or NONE */
	int64_t qualified_at;	 /* first; 0: never */
	int64_t qualified_after; /* gold items, then */
	int64_t stuck_at;	 /* there was nothing to review; 0 */
	struct run_stuck {
		int64_t in_pool, conflicting, had, full;
	} stuck; /* why */
	bool waived_duty, waived_feedback;
	uint32_t *assigned; /* works, of a cohort's allocation; or NULL */
	uint32_t assigned_n;
	uint64_t golds[(PEER_GOLDS + 63) / 64]; /* had */
	struct feedback_prints *prints; /* RUN_PRINTS of them, a ring; NULL */
	uint32_t prints_n;
};

/* Who has done nothing here yet. */
#define RUN_NOBODY                                                             \
	((struct run_person){                                                  \
		.work = NONE, .lease = NONE, .review = NONE, .alarm = NONE })

struct run_work {
	struct id id;
	uint32_t author, version;
	int state;		 /* enum work_state */
	uint32_t in_queue;	 /* its index there, or NONE */
	uint32_t estimate;	 /* in the estimator, or NONE */
	uint32_t review;	 /* last review of it, a list */
	uint32_t reviews_n;	 /* done, of any weight */
	uint32_t flags[5];	 /* by enum peer_flag */
	bool held;		 /* flagged: out of the pool until decided */
	bool decided;		 /* by a moderator: anchor holds */
	bool starved;		 /* waited too long */
	uint32_t anchor, appeal; /* or NONE */
	int64_t n;		 /* the record with its content */
	int64_t handed_in_at, pool_at, sealed_at, released_at, grace_until;
	int64_t kinds, bytes, words;
	double decision; /* of the moderator, 0..1 */
	bool had_grade;	 /* before anybody decided, and which */
	double undecided;
	bool has_kept;	/* a move of its released grade was looked at, and the
			   grade kept */
	double kept_at; /* the estimate then */
	struct str decider; /* who decided last; in the run's arena */
	int64_t decided_n;  /* the record of that, which says why */
	int64_t shown_n;    /* the same of the grade that is shown; 0: peers' */
	uint32_t before;    /* the version before, or NONE */
	double released, released_lo, released_hi; /* as shown, 0..1 */
	struct feedback_prints *prints;		   /* of its text; NULL: none */
};

struct run_review {
	struct id id;
	uint32_t person, work; /* work: NONE for gold */
	int32_t gold;	       /* -1: none */
	int kind, state;       /* enums */
	int64_t fence, until, leased_at, done_at;
	int64_t n;	  /* the record with its scores and texts */
	uint32_t grade;	  /* the estimator's, or NONE */
	bool counts;	  /* it has a weight now */
	bool discounted;  /* staff took it out, with its reviewer */
	bool conflicting; /* its reviewer turned out to be related */
	bool watched;	  /* the tests of its reviewer have had its residual */
	bool passed;	  /* of gold */
	bool surplus;
	int64_t window;
	double scaled, residual, coverage;
	float *each; /* by criterion; in the run's arena */
	uint32_t words;
	int flag, rating, mark;		       /* 0: none */
	uint32_t next_of_work, next_of_person; /* older ones, or NONE */
};

struct run_appeal {
	struct id id;
	uint32_t work, author;
	int64_t filed_at, triaged_at, decided_at, n;
	bool taken;		     /* triaged: looked into */
	int outcome;		     /* enum peer_outcome */
	int64_t outcome_n;	     /* the record of that, which says why */
	double before, after;	     /* grades */
	struct str triager, decider; /* in the run's arena */
};

/* A test of a reviewer said that somebody should look. */
struct run_alarm {
	uint32_t person, older; /* the one before of the same person, or NONE */
	int move;		/* enum licence_move */
	int64_t at, answered_at; /* 0: not yet */
	bool by_staff;		 /* answered; else by the tests themselves */
};

/* What the clock has to do. */
struct run_due {
	int64_t at;
	int what; /* run_due.c */
	uint32_t of;
};

struct run {
	struct id org, series, id; /* id: of its stream */
	struct str course, slug;
	const struct published *pub; /* the version by which it is reviewed */
	const struct peer_def *def;
	struct peer_dates dates; /* def's, or as they were extended */
	int64_t n;		 /* the last record */
	int64_t now;		 /* its instant; never goes back */
	int64_t opened_at;
	int64_t fence;	   /* the last lease's number */
	bool released_all; /* of a release that is held */
	bool allocated;	   /* a cohort was */
	uint32_t golds;	   /* the estimator's first artifacts */
	double *gold_scaled;

	struct run_person *people;
	struct run_work *works;
	struct run_review *reviews;
	struct run_appeal *appeals;
	struct run_alarm *alarms;
	size_t people_n, people_room, works_n, works_room;
	size_t reviews_n, reviews_room, appeals_n, appeals_room;
	size_t alarms_n, alarms_room;
	struct ids person_of, work_of, review_of, appeal_of;
	struct ids group_of; /* of teams and identities: their numbers */

	struct queue *queue;
	uint32_t *in_queue; /* works by their index in the queue */
	size_t in_queue_n, in_queue_room;
	struct estimator *estimator;
	size_t fit_at;	   /* grades at which the priors are fitted again */
	int64_t pooled_at; /* when the last work came into the pool */
	size_t grades_n;

	struct run_due *due; /* a heap */
	size_t due_n, due_room;

	uint32_t *changed; /* works whose grade the gradebook has to hear of */
	size_t changed_n, changed_room;

	struct arena *arena; /* what stays */

	/* The cache's. */
	struct run *next;
	int64_t used_ms, stored_due;
	bool touched; /* in this batch */
	bool in_use;  /* by a query */
};

struct run *run_new(const struct id *org, const struct id *series);
void run_free(struct run *r);
/* The stream of a series' run. */
struct id run_stream(const struct id *series);

/*
 * Applies one record: the only way in which a run changes. note: what its body
 * says, or NULL: it is read. cx->arena is scratch. ERR_CORRUPT: it does not
 * follow from those before.
 */
MUST enum err run_apply(struct ctx *cx, struct run *r, const struct record *rec,
			const struct peer_note *note);

/* ---- what is there ---- */

uint32_t run_person(const struct run *r, const struct id *learner); /* or NONE*/
uint32_t run_find_work(const struct run *r, const struct id *id);
uint32_t run_find_review(const struct run *r, const struct id *id);
uint32_t run_find_appeal(const struct run *r, const struct id *id);
/* The next instant at which something happens by itself; INT64_MAX: never. */
int64_t run_next_due(struct run *r);
/* Whose works are in the pool, in the order in which they came; arena. */
uint32_t *run_cohort(struct ctx *cx, const struct run *r, size_t *n);
/* For allocate(): people by their place in the draw. */
struct run_pairs {
	const struct run *r;
	const uint32_t *people;
};
bool run_pair_conflicts(void *arg, uint32_t reviewer, uint32_t author);
/* Reviews that a work needs at least. */
uint32_t run_need(const struct run *r);
/* It is in the pool, and its reviews are too few or tell too little. */
bool run_wants(const struct run *r, uint32_t work);
/* An appeal about it is not decided. */
bool run_is_appealed(const struct run *r, uint32_t work);
/* It has, or had as an older version, a grade for its author. */
bool run_is_released(const struct run *r, uint32_t work);
/* Its author may see its grade: released, and not held back. */
bool run_is_shown(const struct run *r, uint32_t work);
/* When the alarm was raised that nobody has answered; 0: there is none. */
int64_t run_alarm_at(const struct run *r, uint32_t person);
/* His own reviews are done, or waived. */
bool run_duty_done(const struct run *r, uint32_t person);
/* 0..1, with its interval (90 %): a decision, or the rule's estimate. */
struct run_grade {
	bool has;	      /* there is anything to estimate from */
	double grade, lo, hi; /* of the rule that counts */
	struct estimate e;    /* mean, median, spread, ... */
	uint32_t deciding;    /* reviews by qualified reviewers that count */
};
void run_grade(const struct run *r, uint32_t work, struct run_grade *out);
/* What the author's rule makes of an estimate: its own, mean or median. */
double run_by_rule(const struct run *r, const struct estimate *e);

/* Why a work is not sealed. X(code, word, sentence) */
#define WORK_WAITS(X)                                                          \
	X(WAITS_NOT, "nothing", "it waits for nothing")                        \
	X(WAITS_GRACE, "grace", "it can still be corrected")                   \
	X(WAITS_REVIEWS, "reviews", "more reviews are needed")                 \
	X(WAITS_REVIEWER, "reviewer", "a review of it is under way")           \
	X(WAITS_OWN_REVIEWS, "own_reviews",                                    \
	  "its author has reviews of others to do")                            \
	X(WAITS_QUALIFIED, "qualified",                                        \
	  "a qualified reviewer or a moderator has to look at it")             \
	X(WAITS_FLAGGED, "flagged", "reviewers flagged it: a moderator looks")
enum work_waits {
#define X(code, word, doc) code,
	WORK_WAITS(X)
#undef X
};
extern const char *const work_waits_words[];
extern const char *const work_waits_says[]; /* the sentences */
int run_waits(const struct run *r, uint32_t work);

/* ---- for the files of the fold ---- */

uint32_t run_person_add(struct run *r, const struct id *learner); /* or finds*/
uint32_t run_work_add(struct run *r, const struct id *id, uint32_t author);
/* work: NONE for gold. */
uint32_t run_review_add(struct run *r, const struct id *id, uint32_t person,
			uint32_t work);
uint32_t run_appeal_add(struct run *r, const struct id *id, uint32_t work);
void run_alarm_add(struct run *r, uint32_t person, int move);
void run_alarm_answer(struct run *r, uint32_t person, bool by_staff);
void run_due_at(struct run *r, int64_t at, int what, uint32_t of);
/* Everything that was due up to now, in its order. */
void run_tick(struct run *r, int64_t now);
void run_consider(struct run *r, uint32_t work); /* seal it, if that is due */
/* The same, after something that may have been against it: what was sealed and
   would not be now is in the pool again. */
void run_reconsider(struct run *r, uint32_t work);
void run_reveal(struct run *r, uint32_t work); /* sealed -> released */
void run_enter_pool(struct run *r, uint32_t work);
void run_changed(struct run *r, uint32_t work);
/* What is shown of it from now on is its grade as it is now. */
void run_show(struct run *r, uint32_t work);
/* Whether the review has a weight, by all that is known now. */
void run_weigh(struct run *r, uint32_t review);
void run_anchor(struct run *r, uint32_t work, double scaled);
/* Ends the lease of a review without one. */
void run_lease_over(struct run *r, uint32_t review, int state);
void run_settle(struct run *r, size_t most); /* updates, at most */
void run_licence_moved(struct run *r, uint32_t person, enum licence_move m);
#define RUN_DUES(X)                                                            \
	X(DUE_GRACE)	    /* of a work */                                    \
	X(DUE_LEASE)	    /* of a review */                                  \
	X(DUE_STARVED)	    /* of a work */                                    \
	X(DUE_RATED)	    /* of a work */                                    \
	X(DUE_REVIEW_UNTIL) /* of the run */
enum run_due_kind {
#define X(code) code,
	RUN_DUES(X)
#undef X
};
