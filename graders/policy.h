/*
 * policy: the rules of an assessment as its author wrote them.
 *
 * This is the struct and its JSON form ("policy" of an assessment file). What
 * the rules mean stands in four parts that read it and never change it:
 *
 *	policy_override.h  whose rules differ, and why: the effective policy
 *	policy_time.h      what may be done now, and what the clock does
 *	policy_grade.h     from marks to the grade that counts; what is shown
 *	attempt_state.h    the states of an attempt
 *
 * Times are Unix ms, spans ms, marks and shares exact decimals. An instant
 * that is 0 and a limit that is 0 mean "none". Ends are inclusive: at the
 * closing instant everything is still allowed, one ms later nothing is.
 *
 * Four instants are kept apart: opens, due (what the learner is shown), the
 * hard end (the last instant that the server accepts), and when the sweep
 * looks.
 */
#pragma once

#include "graders/problem.h"

/* A practice assessment never reaches the gradebook. */
enum policy_kind { POLICY_GRADED, POLICY_PRACTICE };
extern const char *const policy_kind_words[];

/* Which attempt's grade is kept. */
enum policy_counts { COUNT_HIGHEST, COUNT_LAST, COUNT_FIRST, COUNT_AVERAGE };
extern const char *const policy_counts_words[];

/* What the clock does to an attempt that is open when its time is up. */
enum policy_overdue {
	OVERDUE_SUBMIT,	 /* handed in as it is, as of the due instant */
	OVERDUE_GRACE,	 /* no more answers; may be handed in for grace_ms */
	OVERDUE_ABANDON, /* lost, unless handed in in time */
};
extern const char *const policy_overdue_words[];

/* What an abandoned attempt is worth. */
enum policy_abandoned {
	ABANDONED_USED, /* uses up an attempt, has no grade, is never chosen */
	ABANDONED_ZERO, /* uses up an attempt and has the grade 0 */
	ABANDONED_FREE, /* as if it had never been */
};
extern const char *const policy_abandoned_words[];

/* Where negative marks end. One of them: they are different policies. */
enum policy_floor {
	FLOOR_GRADE, /* the grade that counts is never below 0 */
	FLOOR_NONE,
	FLOOR_ITEM,
	FLOOR_SECTION,
	FLOOR_ATTEMPT,
};
extern const char *const policy_floor_words[];

enum policy_release {
	RELEASE_AUTO, /* results follow the review rules alone */
	RELEASE_HELD, /* nothing but the own response until released */
};
extern const char *const policy_release_words[];

enum policy_suspend {
	SUSPEND_NOT, /* attempts cannot be suspended */
	SUSPEND_CLOCK_RUNS,
	SUSPEND_CLOCK_STOPS,
};
extern const char *const policy_suspend_words[];

/* What a review may show: bits 1 << i of the flags in struct policy_review. */
enum review_what {
	REVIEW_RESPONSE,
	REVIEW_CORRECTNESS,
	REVIEW_MARKS,
	REVIEW_MAX_MARKS,
	REVIEW_SPECIFIC_FEEDBACK,
	REVIEW_GENERAL_FEEDBACK,
	REVIEW_RIGHT_ANSWER,
	REVIEW_OVERALL_FEEDBACK,
	REVIEW_COUNT
};
extern const char *const review_what_words[];
#define REVIEW_BIT(what) ((uint32_t)1 << (what))
#define REVIEW_EVERYTHING ((uint32_t)(1 << REVIEW_COUNT) - 1)

enum {
	POLICY_NETWORK_GRACE_MS = 60 * 1000, /* Moodle's graceperiodmin */
	POLICY_IMMEDIATE_MS = 120 * 1000,    /* "immediately after": Moodle's */
	POLICY_COUNTDOWN_MS = 3600 * 1000,   /* shown before a closing time */
};

struct policy_review {
	uint32_t during;      /* while the attempt is open */
	uint32_t immediately; /* POLICY_IMMEDIATE_MS from the finish */
	uint32_t later;	      /* after that, while the assessment is open */
	uint32_t closed;      /* after it has closed */
};

/*
 * Credit for what is handed in until an instant (inclusive), in percent: over
 * 100 rewards early work, 0 makes it practice. The first window that has not
 * ended counts.
 */
struct late_window {
	int64_t until;
	struct dec credit;
};

/* Shown with a grade of at least `from` (0..1); the highest such wins. */
struct feedback_band {
	struct dec from;
	struct str text;
	int format; /* enum text_format of item.h */
};

/* Another assessment to be done first. */
struct prerequisite {
	struct str assessment; /* its slug, in the same course */
	struct dec min_scaled; /* least grade, 0..1 */
	bool has_min_scaled;   /* not set: it must be passed by its own mark */
};

struct policy {
	int kind;
	int64_t attempts;	/* allowed; 0: any number */
	int64_t delay_first_ms; /* between the first and the second */
	int64_t delay_later_ms; /* between later ones */
	int counts;
	int abandoned;

	struct dec pass_mark; /* scaled, 0..1; 0: nothing to pass */
	struct dec max_grade; /* the grade is out of this; 0: sum of marks */
	int floor;

	int64_t time_limit_ms;
	int64_t opens_at;
	int64_t due_at;		 /* soft: handed in later is late */
	int64_t closes_at;	 /* hard */
	bool may_run_past_close; /* who starts in time has his full time */
	int overdue;
	int64_t grace_ms;	  /* OVERDUE_GRACE: after the due instant */
	int64_t network_grace_ms; /* for what is on the wire at the end */
	bool has_network_grace_ms;
	int suspend;

	struct list late;      /* struct late_window, by rising `until` */
	struct dec late_after; /* percent, after the last window */

	struct str
		behaviour; /* how tries and feedback go: deferred_feedback… */
	bool shuffle_items;   /* within their sections */
	bool shuffle_choices; /* of items that allow it */
	bool avoid_seen;      /* pools prefer what the learner has not had */

	struct policy_review review;
	bool has_review; /* not set: policy_defaults() chooses */
	int release;
	struct list feedback; /* struct feedback_band */

	struct str pledge;   /* honour pledge to accept before the start */
	struct str password; /* a secret: never in a log or a reply */
	struct list prerequisites; /* struct prerequisite */

	struct dec weight; /* in the gradebook; default 1 */
	bool has_weight;
	struct str group;   /* gradebook group */
	int64_t group_best; /* of the group, only the best n count; 0: all */
};

extern const struct shape policy_shape;
extern const struct shape late_window_shape;
extern const struct shape prerequisite_shape;

/*
 * Fills what was left open and has a default other than zero: network grace,
 * weight, what is reviewed. Everybody else may rely on it having been called.
 */
void policy_defaults(struct policy *p);

/*
 * Adds what contradicts itself (errors) or is likely a slip (warnings), with
 * JSON pointers that begin with `at` ("/policy").
 */
void policy_check(struct ctx *cx, const struct policy *p, const char *at,
		  struct problems *out);
