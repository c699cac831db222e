/* run_impl: what the files of the fold share. */
#pragma once

#include "engine/peer/run.h"

uint32_t run_queue_add(struct run *r, uint32_t work);
double run_gold_precision(const struct run *r);
void run_unsure(struct run *r, uint32_t work);

/* One record as it is applied. */
struct run_step {
	struct run *r;
	const struct record *rec;
	const struct peer_note *n;
};
/* ERR_CORRUPT: it does not follow from those before. */
enum err run_broken(struct ctx *cx, const struct run_step *s);
/* Records of staff: run_staff.c. */
MUST enum err run_staff_step(struct ctx *cx, int kind,
			     const struct run_step *s);
