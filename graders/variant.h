/*
 * variant: one learner's form of an item: the order in which its choices or
 * options are shown. Made once when the attempt is reserved, from the
 * attempt's seed, and written down, so that later versions of the shuffle
 * cannot change a past attempt.
 */
#pragma once

#include "graders/item.h"
#include "graders/response.h"

/* order[i]: the author's index of what is shown at position i + 1. */
struct variant {
	struct list order; /* uint32_t: choices, or options of a match */
	struct list stems; /* uint32_t: stems of a match */
	struct list parts; /* struct variant: cloze */
};

/* The author's own order. */
void variant_identity(struct arena *a, const struct item *it,
		      struct variant *out);
/* Shuffles where the item and the assessment (shuffle) both allow it. */
void variant_make(struct arena *a, const struct item *it, bool shuffle,
		  struct rng *rng, struct variant *out);
/* Compact JSON, {} for an identity with nothing to order. */
void variant_write(struct buf *b, const struct variant *v);
MUST enum err variant_read(struct ctx *cx, const struct item *it, struct jval v,
			   struct variant *out);

/*
 * Appends the delivery form of an item as a JSON object: type, name, stem,
 * choices or options by shown position, hints left out; never a key, a
 * fraction, a feedback, an answer, the author's ids or his order. HTML is
 * passed on as it is: the front end sanitises.
 */
void item_deliver(struct buf *b, const struct item *it,
		  const struct variant *v);
