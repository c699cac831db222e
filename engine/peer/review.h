/* review: what a reviewer gets, and what is taken of what he sends. */
#pragma once

#include "engine/peer/view.h"

/*
 * The next live review of this person: the open one, a lapsed one that can go
 * on, one of a cohort's allocation, gold among live work, or the queue's. The
 * refusals say what to do. *review NONE and OK: there is none now; the command
 * is refused, and that is written down for moderators.
 */
MUST enum err review_pick(struct ctx *cx, struct run *r,
			  const struct id *learner, uint32_t *review);
/* The next gold item for calibration. ERR_CONFLICT: a live review is open. */
MUST enum err review_calibrate(struct ctx *cx, struct run *r,
			       const struct id *learner, uint32_t *review);

/* ERR_OUT_OF_SEQUENCE: another lease's fence. ERR_TOO_LATE: it is over. */
MUST enum err review_held(struct ctx *cx, const struct run_review *v,
			  int64_t fence);
/* ERR_LIMIT_REACHED: it was renewed for long enough. */
MUST enum err review_renewal(struct ctx *cx, const struct run *r,
			     const struct run_review *v, int64_t *until);

/*
 * ERR_INVALID with field /words: all texts together are too long. Many may
 * review one work, and its author gets all at once.
 */
enum { REVIEW_BYTES = 128 << 10 };
MUST enum err review_keep_draft(struct ctx *cx, const struct run *r,
				uint32_t review, const struct peer_words *w);
/* Refused with e and what cx says; the words are kept. */
MUST enum err review_keep_refused(struct ctx *cx, struct run *r,
				  uint32_t review, const struct peer_words *w,
				  enum err e);

struct review_said {
	int64_t fence;
	struct peer_words words;
	int flag; /* enum peer_flag */
};
/*
 * Checked and written down. ERR_INVALID names the field below /words;
 * of the rules for feedback, data.state has all findings.
 */
MUST enum err review_submit(struct ctx *cx, struct run *r, uint32_t review,
			    const struct review_said *said);
