/*
 * policy_time: what a learner may do now, and what the clock does to an open
 * attempt. `p` is always an effective policy (policy_override.h).
 *
 * The rules are those of Moodle's access rules (mod/quiz/accessrule), in ms:
 * ends are inclusive, the delay counts from when the last attempt ended or
 * should have ended, and a wait that would end after the close is a "never".
 */
#pragma once

#include "graders/attempt_state.h"
#include "graders/policy.h"

/* ---- instants of one attempt; 0: none ---- */

struct policy_times {
	int64_t due;	    /* what the learner is shown */
	int64_t accept_end; /* the last instant of an answer */
	int64_t hard_end;   /* the last instant of handing in */
};

/*
 * due = min(start + limit + frozen, close), close left out where the attempt
 * may run past it. frozen_ms: how long the clock has stood still so far.
 */
int64_t policy_due(const struct policy *p, int64_t started, int64_t frozen_ms);
void policy_times(const struct policy *p, int64_t started, int64_t frozen_ms,
		  struct policy_times *out);
/* The same from a due instant that was fixed otherwise (a reopened attempt). */
void policy_times_of_due(const struct policy *p, int64_t due,
			 struct policy_times *out);

/* ---- what may be done now ---- */

/* X(code, word, sentence that is safe to show) */
#define START_REASONS(X)                                                       \
	X(START_OK, "ok", "You may start now.")                                \
	X(START_NOT_OPEN, "not_open", "This assessment has not opened yet.")   \
	X(START_CLOSED, "closed", "This assessment has closed.")               \
	X(START_NO_ATTEMPTS, "no_attempts", "You have used all attempts.")     \
	X(START_WAIT, "wait", "You must wait before the next attempt.")        \
	X(START_WAIT_TOO_LONG, "wait_too_long",                                \
	  "The next attempt would only be possible after the assessment has "  \
	  "closed.")                                                           \
	X(START_PREREQUISITE, "prerequisite",                                  \
	  "Another assessment must be done first.")                            \
	X(START_UNRELEASED, "unreleased",                                      \
	  "The result of another assessment that must be done first has not "  \
	  "been released yet.")                                                \
	X(START_RETIRED, "retired",                                            \
	  "This assessment was retired: no new attempt can start.")            \
	X(START_RUNNING, "running",                                            \
	  "You have an open attempt: go on with it or hand it in.")            \
	X(START_PEER, "peer",                                                  \
	  "This assessment is reviewed by peers: hand in with "                \
	  "artifact.submit.")

enum start_reason {
#define X(code, word, sentence) code,
	START_REASONS(X)
#undef X
		START_REASON_COUNT
};
extern const char *const start_reason_words[]; /* NULL-terminated */
const char *start_reason_sentence(int reason);

/* How a learner stands in an assessment that is a prerequisite. */
struct prerequisite_result {
	struct str assessment;
	struct dec scaled;
	bool passed;
	bool held; /* he may not see it yet: then it fulfils nothing */
};

/* What a learner has done in this assessment before. */
struct policy_history {
	int64_t used; /* attempts that count against the limit */
	int64_t last_started, last_finished; /* of the last of them */
	bool has_open;			     /* one is open now */
	bool preview;	     /* an author looks: dates and limits do not hold */
	bool retired;	     /* the version takes no new attempts */
	bool peer;	     /* the version is of work that peers review */
	struct list results; /* struct prerequisite_result */
};

struct rule_verdict {
	int reason;	  /* START_OK: the rule does not object */
	int64_t again_at; /* when to try again; 0: never, or not known */
};

/* One attempt, as far as the clock is concerned. */
struct policy_attempt {
	int state;
	int64_t started, finished; /* 0: not yet */
	int64_t due;		   /* 0: none */
	bool preview, practice;
};

/*
 * One access rule. A rule that has nothing to say leaves the pointer NULL.
 *
 * access      is the assessment open to him (an attempt that may run past the
 *             close goes by its own times: policy_answer_ok)
 * new_attempt may he begin one more attempt
 * is_finished there will be no further attempt, ever
 * end_time    when an attempt ends by this rule; false: by this rule never
 * time_left   ms to be shown as a countdown (negative: over); false: none
 */
struct policy_rule {
	const char *name;
	void (*access)(const struct policy *p, int64_t now,
		       struct rule_verdict *out);
	void (*new_attempt)(const struct policy *p,
			    const struct policy_history *h, int64_t now,
			    struct rule_verdict *out);
	bool (*is_finished)(const struct policy *p,
			    const struct policy_history *h, int64_t now);
	bool (*end_time)(const struct policy *p, const struct policy_attempt *a,
			 int64_t *at);
	bool (*time_left)(const struct policy *p,
			  const struct policy_attempt *a, int64_t now,
			  int64_t *ms);
};
extern const struct policy_rule policy_rules[]; /* ends with name NULL */

/* All rules together: the first that objects, in the table's order. */
void policy_access(const struct policy *p, int64_t now,
		   struct rule_verdict *out);
bool policy_is_finished(const struct policy *p, const struct policy_history *h,
			int64_t now);
/* The least of what the rules show. */
bool policy_time_left(const struct policy *p, const struct policy_attempt *a,
		      int64_t now, int64_t *ms);

struct policy_conditions {
	bool may_start;
	int reason;	       /* enum start_reason */
	struct str sentence;   /* safe to show */
	int64_t again_at;      /* when it may be tried again; 0: not known */
	struct str missing;    /* START_PREREQUISITE, _UNRELEASED: its slug */
	bool finished;	       /* there will be no further attempt */
	int64_t attempts_left; /* -1: any number */
	bool needs_password, needs_pledge; /* to be given at the start */
	/* of an attempt that would start now */
	int64_t due, hard_end, time_limit_ms;
	bool cut_by_close; /* it would not have its whole time limit */
	bool late;	   /* already past due_at */
	struct dec credit; /* percent, if it were handed in now */
};
extern const struct shape policy_conditions_shape;

/* has_password: the effective policy has any. */
void policy_conditions(const struct policy *p, bool has_password,
		       const struct policy_history *h, int64_t now,
		       struct policy_conditions *out);

/* ---- what the clock does ---- */

/* What to do with an attempt. */
struct policy_move {
	bool moves;	    /* false: nothing to do before check_at */
	int event, to;	    /* enum attempt_event, enum attempt_state */
	int64_t finished;   /* the finish time to write; 0: none */
	bool late;	    /* by finish time, whoever handed it in */
	bool answers_count; /* a response that came with it is taken */
	int64_t check_at;   /* when to look again; 0: never */
};

/*
 * The sweep. An attempt whose time is up moves at the first look after its
 * last accepted instant, with the due instant as its finish time however late
 * the sweep runs. A preview is left alone. Moving once may not be all: an
 * attempt found long after its grace moves to overtime, then to abandoned.
 */
void policy_sweep(const struct policy *p, const struct policy_attempt *a,
		  int64_t now, struct policy_move *out);

/* An answer or a check at this instant is taken. */
bool policy_answer_ok(const struct policy *p, const struct policy_attempt *a,
		      int64_t now);

/*
 * The learner hands in. In time: finished now, at most at the due instant
 * (what was on the wire is not late). In overtime: now, late, and the response
 * that came with it does not count. After the hard end: as the sweep decides,
 * since an open attempt is never left open. moves is false in a state that
 * cannot be handed in.
 */
void policy_submit(const struct policy *p, const struct policy_attempt *a,
		   int64_t now, struct policy_move *out);
