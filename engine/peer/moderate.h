/*
 * moderate: what a moderator has to see, and what a decision would change.
 *
 * A case is not stored: it is what the run says now. Of those that stop
 * nothing (a spot check), as many are shown as the budget allows.
 */
#pragma once

#include "engine/peer/view.h"

/*
 * X(code, word, blocks: its grade waits for it, sentence)
 * In the order in which a queue shows them.
 */
#define CASE_REASONS(X)                                                        \
	X(CASE_ALLOCATE, "allocate", true,                                     \
	  "all works are in: the cohort waits for peer.allocate")              \
	X(CASE_STUCK, "stuck", true,                                           \
	  "a learner has reviews to do and nothing to review, or no licence")  \
	X(CASE_FLAGGED, "flagged", true, "reviewers flagged the work")         \
	X(CASE_UNQUALIFIED, "unqualified", true,                               \
	  "its reviews are complete, and none is by a qualified reviewer")     \
	X(CASE_STARVED, "starved", true, "it waits too long for reviews")      \
	X(CASE_UNSURE, "unsure", true,                                         \
	  "its reviews do not tell on which side of the pass mark it is")      \
	X(CASE_APPEAL, "appeal", true, "an appeal is open")                    \
	X(CASE_MOVED, "moved", true,                                           \
	  "later facts moved a grade that is released")                        \
	X(CASE_REVIEWER, "reviewer", true,                                     \
	  "a reviewer's tests raised an alarm")                                \
	X(CASE_DISAGREES, "disagrees", false, "its reviews differ widely")     \
	X(CASE_DEPARTS, "departs", false,                                      \
	  "the estimate departs from the mean of the reviews")                 \
	X(CASE_RANDOM, "random", false,                                        \
	  "drawn at random, so that the error of the rest can be told")
enum case_reason {
#define X(code, word, blocks, doc) code,
	CASE_REASONS(X)
#undef X
		CASE_REASON_COUNT
};
extern const char *const case_reason_words[];

struct peer_case {
	int reason;
	uint32_t work, person; /* NONE: the other */
	double weight;	       /* how much; the greatest first */
	int64_t since;
};

/* In the random stratum, from which the error of all is told. */
bool moderate_is_drawn(const struct run *r, const struct run_work *w);
/* All cases of a run, sorted by reason and weight; struct peer_case. */
void moderate_cases(struct ctx *cx, const struct run *r, struct list *out);

/* What a grade would become. */
struct grade_change {
	struct id artifact;
	struct dec before, after; /* of 100 */
	bool released;		  /* a moderator would be asked to confirm */
};
extern const struct shape grade_change_shape;
/*
 * With an anchor of this value on the work, on a copy of the estimator: every
 * work that would move by more than `least` (0..1), most first; struct
 * grade_change.
 */
void moderate_preview(struct ctx *cx, const struct run *r, uint32_t work,
		      double scaled, double least, struct list *out);
/* Without the reviews of a person from an instant on. */
void moderate_preview_without(struct ctx *cx, const struct run *r,
			      uint32_t person, int64_t since, double least,
			      struct list *out);
