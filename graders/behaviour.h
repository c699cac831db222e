/*
 * behaviour: how one slot of an attempt answers to what a learner (and later a
 * marker) does: which tries there are, what they cost, when feedback may come.
 *
 * A slot is a pure fold over its actions: slot_start, then slot_apply for each
 * action in order, gives the same struct slot_run for ever. Whoever stores the
 * actions (or slot_write's snapshot) can always make it again; a regrade is
 * slot_replay over the same actions with a newer version of the item.
 *
 *           save, check                     finish, last check
 *     todo <-----------> complete, invalid --------------------+
 *                                                              v
 *       gave_up, graded_wrong/partial/right, needs_grading, finished
 *                              | mark (a person)
 *                              v
 *       marked_wrong/partial/right, marked_gave_up, marked_finished
 *
 * A judged item is checked elsewhere, so a check only leaves a submission, and
 * its verdict comes as an action of its own, at any time: also after the
 * finish, until when the slot needs grading.
 *
 * What never costs a try: a save, a blank or incomplete response, one that
 * cannot be scored as it is, and one that is the same as the last one scored.
 *
 * Marks are exact: fractions of the item's penalty are subtracted as decimals
 * and multiplied by the slot's mark once.
 */
#pragma once

#include "graders/code.h"
#include "graders/item.h"
#include "graders/response.h"
#include "graders/score.h"
#include "graders/variant.h"

/* X(code, word in rules and logs, what it is) */
#define BEHAVIOURS(X)                                                          \
	X(BEHAVIOUR_DEFERRED, "deferred_feedback",                             \
	  "answers are scored when the attempt is handed in")                  \
	X(BEHAVIOUR_IMMEDIATE, "immediate_feedback",                           \
	  "each answer may be checked once, which is final")                   \
	X(BEHAVIOUR_ADAPTIVE, "adaptive",                                      \
	  "any number of tries; each wrong one costs the item's penalty")      \
	X(BEHAVIOUR_ADAPTIVE_FREE, "adaptive_no_penalty",                      \
	  "any number of tries at no cost")                                    \
	X(BEHAVIOUR_INTERACTIVE, "interactive",                                \
	  "as many tries as hints and one more; each costs the penalty")       \
	X(BEHAVIOUR_COUNTBACK, "interactive_countback",                        \
	  "interactive, where each part pays for its own last change")         \
	X(BEHAVIOUR_DEFERRED_CBM, "deferred_cbm",                              \
	  "deferred feedback, weighted by how certain the learner is")         \
	X(BEHAVIOUR_IMMEDIATE_CBM, "immediate_cbm",                            \
	  "immediate feedback, weighted by how certain the learner is")        \
	X(BEHAVIOUR_MANUAL, "manual", "marked by a person")                    \
	X(BEHAVIOUR_INFORMATION, "information", "nothing to answer")           \
	X(BEHAVIOUR_JUDGED, "judged",                                          \
	  "each submission of files is run and judged; the item says which "   \
	  "counts")

enum behaviour {
#define X(code, word, doc) code,
	BEHAVIOURS(X)
#undef X
		BEHAVIOUR_COUNT
};
extern const char *const behaviour_words[]; /* NULL-terminated */

/* false: no such word. An absent word is deferred_feedback. */
bool behaviour_parse(struct str word, enum behaviour *out);
/*
 * What an item does where `wanted` was asked for: a description gives
 * information, an essay or opaque item is marked by a person, interactive
 * match and cloze items count back, a code item is judged.
 */
enum behaviour behaviour_for(const struct item *it, enum behaviour wanted);
/* Does it have a button "check"? */
bool behaviour_has_check(enum behaviour b);
bool behaviour_has_certainty(enum behaviour b);

/* X(code, word, still open) */
#define SLOT_STATES(X)                                                         \
	X(SLOT_TODO, "todo", true)	   /* nothing, or not finished */      \
	X(SLOT_COMPLETE, "complete", true) /* saved; adaptive: right */        \
	X(SLOT_INVALID, "invalid", true)   /* cannot be scored as it is */     \
	X(SLOT_GAVE_UP, "gave_up", false)                                      \
	X(SLOT_GRADED_WRONG, "graded_wrong", false)                            \
	X(SLOT_GRADED_PARTIAL, "graded_partial", false)                        \
	X(SLOT_GRADED_RIGHT, "graded_right", false)                            \
	X(SLOT_NEEDS_GRADING, "needs_grading", false)                          \
	X(SLOT_FINISHED, "finished", false)		/* information */      \
	X(SLOT_MARKED_GAVE_UP, "marked_gave_up", false) /* comment only */     \
	X(SLOT_MARKED_WRONG, "marked_wrong", false)                            \
	X(SLOT_MARKED_PARTIAL, "marked_partial", false)                        \
	X(SLOT_MARKED_RIGHT, "marked_right", false)                            \
	X(SLOT_MARKED_FINISHED, "marked_finished", false) /* comment */

enum slot_state {
#define X(code, word, open) code,
	SLOT_STATES(X)
#undef X
		SLOT_STATE_COUNT
};
extern const char *const slot_state_words[]; /* NULL-terminated */
bool slot_state_is_open(int state);

/* X(code, word in logs) */
#define SLOT_ACTIONS(X)                                                        \
	X(SLOT_SAVE, "save")   /* keep this response; information: seen */     \
	X(SLOT_CHECK, "check") /* and score it now */                          \
	X(SLOT_TRY_AGAIN, "try_again") /* interactive, after a wrong try */    \
	X(SLOT_FINISH, "finish")       /* the attempt is handed in */          \
	X(SLOT_MARK, "mark")	       /* by a person, after the finish */     \
	X(SLOT_REGRADE, "regrade") /* from here on another version counts */   \
	X(SLOT_JUDGED, "judged")   /* judged items: what came of a check */

enum slot_action_kind {
#define X(code, word) code,
	SLOT_ACTIONS(X)
#undef X
		SLOT_ACTION_COUNT
};
extern const char *const slot_action_words[]; /* NULL-terminated */

/*
 * One action. Its strings and lists must live as long as the slot_run that
 * they are applied to (the request's arena, as a rule).
 */
struct slot_action {
	int kind;	   /* enum slot_action_kind */
	int64_t seq;	   /* the slot's .seq that the caller saw, plus 1; 0: he
			      does not say */
	bool has_response; /* SAVE, CHECK: always; TRY_AGAIN, FINISH: if
			      something new came with it */
	struct response response;
	int64_t certainty; /* 1..3 with cbm; 0: not said */

	bool has_mark;	 /* MARK: a mark; without it only a comment, or */
	bool clear_mark; /* MARK: back to what the engine gave */
	struct dec mark;
	struct dec out_of;  /* of which it is so many; 0: the slot's max. A log
			       says it, so that the mark survives another max */
	struct str comment; /* absent: keeps the one there is */
	struct str by;	    /* who marked */

	const struct item *item;       /* REGRADE */
	const struct variant *variant; /* REGRADE; NULL: as before */

	int64_t submission; /* CHECK of a judged item: its number; 0: the next.
			       JUDGED: which */
	struct str report;  /* JUDGED: code_report_shape's JSON; absent: it
			       failed on our side, for good */
};

/* X(code, word, what it means) */
#define SUBMISSION_STATES(X)                                                   \
	X(SUBMISSION_JUDGING, "judging", "waits for its verdict")              \
	X(SUBMISSION_JUDGED, "judged", "has its verdict")                      \
	X(SUBMISSION_UNGRADABLE, "ungradable",                                 \
	  "has its verdict, and cost nothing: it could not be graded")         \
	X(SUBMISSION_FAILED, "failed",                                         \
	  "could not be judged: our failure, which costs nothing")
enum submission_state {
#define X(code, word, doc) code,
	SUBMISSION_STATES(X)
#undef X
};
extern const char *const submission_state_words[]; /* NULL-terminated */

/* What was handed in to one judged item, and what came of it. */
struct submission {
	int64_t number; /* among the slot's, from 1 */
	int state;	/* enum submission_state */
	struct response response;
	struct code_result result; /* by the setup's item; JUDGED, UNGRADABLE */
	struct str report;	   /* JSON; kept of the last one that has one */
};

/* What a slot is about; the pointers must outlive it, none is NULL. */
struct slot_setup {
	enum behaviour behaviour; /* as behaviour_for() gave it */
	const struct item *item;
	const struct variant *variant;
	struct dec max; /* the most that the slot gives, >= 0 */
};

struct slot_run {
	struct slot_setup setup;
	int64_t seq; /* actions that changed something */
	int state;   /* enum slot_state */

	bool has_response;
	struct response response; /* the last one kept */
	int64_t certainty;	  /* that came with it; 0: none */

	/* Behaviours with several tries. */
	bool has_graded;
	struct response graded;	 /* the last one that was a try */
	struct dec graded_raw;	 /* its fraction, before penalties */
	bool graded_last;	 /* nothing was saved since */
	bool was_right;		 /* adaptive: some try was right */
	bool try_again;		 /* interactive: the hint is showing */
	int64_t tries;		 /* used */
	struct list tried;	 /* struct response: countback, every try */
	struct list submissions; /* struct submission: judged, by number */

	/* What the engine gave. While open: the best so far, if any. */
	bool has_fraction;
	struct dec fraction; /* penalties taken; -6..3 with certainty */
	int engine_state;    /* the state without the marker's word */

	bool has_manual;
	struct dec manual;  /* mark, of setup.max */
	struct str comment; /* absent: none */
	struct str marked_by;
};

/* What may be shown right now; the review rules may allow less. */
enum slot_shows {
	SHOW_CORRECTNESS = 1 << 0,
	SHOW_MARK = 1 << 1,
	SHOW_FEEDBACK = 1 << 2, /* of the response; general when finished */
	SHOW_RIGHT_COUNT = 1 << 3,
	SHOW_HINT = 1 << 4,
	SHOW_RIGHT_ANSWER = 1 << 5, /* and the general feedback */
};

struct slot_effect {
	bool changed; /* false: a repeat, nothing need be written down */
	bool try_used;
	bool finished;	   /* by this action */
	uint32_t shows;	   /* enum slot_shows */
	struct str reason; /* INVALID: what to do, safe to show */
};

void slot_start(const struct slot_setup *setup, struct slot_run *out);

/*
 * Applies one action; on an error the slot is unchanged. A save looks at the
 * form of the response alone and scores nothing.
 *
 * A repeat (the same response saved again, a finish after the finish, the
 * same mark) is OK and changes nothing. ERR_OUT_OF_SEQUENCE: seq is not the
 * next, and it is no repeat of the last. ERR_CONFLICT: the slot is finished,
 * or waits for try_again, or a mark comes before the finish.
 * ERR_PRECONDITION: the behaviour has no such action. ERR_INVALID: certainty
 * or mark out of range, with the field.
 */
MUST enum err slot_apply(struct ctx *cx, struct slot_run *s,
			 const struct slot_action *a,
			 struct slot_effect *effect);

/*
 * Folds a slot's whole log. The last REGRADE in it decides which version of
 * the item counts, for all actions; without one it is setup's. Actions that
 * do not apply to that version (a try too many, a save after the final check)
 * are passed over; manual marks stay, also if the slot must be finished for
 * them. ERR_PRECONDITION where the versions are not alike (slot_alike).
 */
MUST enum err slot_replay(struct ctx *cx, const struct slot_setup *setup,
			  const struct slot_action *actions, size_t n,
			  struct slot_run *out);
/*
 * Can responses to one version be scored by the other? false with a sentence:
 * type, or number of choices, stems, options or parts differ.
 */
bool slot_alike(const struct item *was, const struct item *is,
		const char **why);

uint32_t slot_shows(const struct slot_run *s);
/* The hint to show; NULL unless a try has just failed. */
const struct hint *slot_hint(const struct slot_run *s);
/* Tries that are left; -1: any number, or the behaviour has none. */
int64_t slot_tries_left(const struct slot_run *s);
/*
 * Judged: what is held was not handed in yet, and may be. Whoever finishes the
 * slot checks first, so that what was only saved is judged as well.
 */
bool slot_is_unsubmitted(const struct slot_run *s);
/* Would a check with this response be a submission? (They may be used up.) */
bool slot_would_submit(const struct slot_run *s, const struct response *r);
/* NULL: there is none of this number. */
const struct submission *slot_submission(const struct slot_run *s,
					 int64_t number);
/* The last response is one that would be scored (it is not blank). */
bool slot_is_answered(const struct slot_run *s);

/*
 * The mark: false while there is none (not scored yet, gave up, needs a
 * person). An adaptive slot has one as soon as a try was scored.
 */
bool slot_mark(const struct slot_run *s, struct dec *mark);
/*
 * The mark for sums: what was not answered gives 0. false: a person has to
 * mark it first, so the sum is partial.
 */
bool slot_sum_mark(const struct slot_run *s, struct dec *mark);
/* Least and greatest mark that the behaviour can give. */
struct dec slot_min_mark(const struct slot_setup *setup);
struct dec slot_max_mark(const struct slot_setup *setup);

/*
 * The snapshot of a fold as canonical JSON: equal slots give equal bytes.
 * setup is not in it. What slot_read makes of it goes on as the slot would
 * have; ERR_INVALID: it does not fit the setup.
 */
void slot_write(struct ctx *cx, struct buf *b, const struct slot_run *s);
MUST enum err slot_read(struct ctx *cx, const struct slot_setup *setup,
			struct jval v, struct slot_run *out);
