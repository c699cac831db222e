/*
 * score: one item, one response, one outcome. Pure: the same input gives the
 * same outcome for ever.
 */
#pragma once

#include "graders/item.h"
#include "graders/response.h"
#include "graders/variant.h"

enum score_state {
	SCORE_NOT_ANSWERED, /* blank: fraction 0 */
	SCORE_WRONG,	    /* fraction <= 0.000001 */
	SCORE_PARTIAL,
	SCORE_RIGHT,	    /* fraction >= 0.999999, then exactly 1 */
	SCORE_NEEDS_PERSON, /* essay: no fraction yet */
	SCORE_INVALID,	  /* cannot be scored as given (a number that is none):
			     never costs a try; text says why */
	SCORE_NOT_GRADED, /* description */
};
extern const char *const score_state_words[];

struct part_outcome {
	struct dec fraction;
	int state;
	struct dec weight;
};

struct outcome {
	struct dec fraction;	    /* -1..1 */
	int state;		    /* enum score_state */
	int64_t parts_right, parts; /* match, multi and cloze; 0/0 otherwise */
	struct str feedback;	    /* of the answer or choices that matched */
	int feedback_format;
	struct str reason;	   /* SCORE_INVALID: what to do, safe to show */
	struct list part_outcomes; /* struct part_outcome; cloze: by part,
				      match: by shown position of the stem */
};

/* Lists in *out live in cx->arena. ERR_UNSUPPORTED for an opaque item. */
MUST enum err score_item(struct ctx *cx, const struct item *it,
			 const struct variant *v, const struct response *r,
			 struct outcome *out);
/* fraction * max, without what the fraction's own rounding put in. */
struct dec score_scale(struct dec fraction, struct dec max);
struct dec score_mark(const struct outcome *o, struct dec max);
/* The response that would get full marks, for reviews; blank if there is none.
 */
MUST enum err score_right_response(struct ctx *cx, const struct item *it,
				   const struct variant *v,
				   struct response *out);
/* Mark that blind guessing is expected to get, 0..1. */
struct dec score_guess(const struct item *it);
