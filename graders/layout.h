/*
 * layout: which items one attempt asks, in which order and form. Made once,
 * when the attempt is reserved, and written down: a later version of this code
 * cannot change a past attempt. The same definition and seed give the same
 * layout for ever.
 */
#pragma once

#include "graders/assessment_file.h"
#include "graders/variant.h"

enum { LAYOUT_SEED_BYTES = 32 };

struct slot {
	int64_t item;	 /* index into def->items */
	int64_t section; /* index into def->sections */
	struct dec mark; /* the most that it gives */
	struct variant variant;
};

struct layout {
	struct list slots; /* struct slot; slot numbers are index + 1 */
};

/*
 * seen: struct str, ids of items that the learner had in former attempts, an
 * id once for each time; may be NULL. A draw takes what was seen least, if
 * the policy says avoid_seen; no item twice in an attempt while others are
 * left. ERR_LIMIT_REACHED over LIMIT_SLOTS, ERR_INVALID if a draw has too few
 * items (assessment_check finds both before).
 */
MUST enum err layout_make(struct ctx *cx, const struct assessment_def *def,
			  const uint8_t seed[LAYOUT_SEED_BYTES],
			  const struct list *seen, struct layout *out);

/* [{"item": "q1", "section": 0, "mark": 1, "variant": {…}}, …] */
void layout_write(struct buf *b, const struct assessment_def *def,
		  const struct layout *l);
/* ERR_CORRUPT: it does not fit the definition. */
MUST enum err layout_read(struct ctx *cx, const struct assessment_def *def,
			  struct jval v, struct layout *out);
