/*
 * plan: may this learner start, under which rules, and making the attempt. For
 * engine/attempt.
 */
#pragma once

#include "engine/attempt/attempt_sql.h"

struct plan {
	struct assessment assessment;
	const struct published *pub;
	struct policy_effective eff;
	struct id learner;
	bool practice, preview;
	bool outdated;	  /* a learner named a version that is not the newest */
	struct list rows; /* struct former_attempt: all of his, by number */
	const struct former_attempt *open, *ready; /* NULL: none */
	int64_t last_number;
	struct policy_history history;
	struct policy_conditions conditions;
};

/* subject: whom a platform or its staff names; absent: the caller. */
MUST enum err plan_make(struct ctx *cx, const struct assessment_ref *ref,
			struct str subject, bool preview, struct plan *out);
/* The same for an attempt that was reserved, on its version. */
MUST enum err plan_for(struct ctx *cx, const struct live *l, struct plan *out);
/* An error in words and with error.data, unless it may start. */
MUST enum err plan_refuse(struct ctx *cx, const struct plan *p);
/* Password and pledge. */
MUST enum err plan_admit(struct ctx *cx, const struct plan *p,
			 struct str password, bool accepts_pledge);
/* Draws the items; the attempt is ready, and in no table yet. */
MUST enum err plan_reserve(struct ctx *cx, const struct plan *p,
			   struct live **out);
/* Writes the row of a new attempt. ERR_BUSY: another node was first. */
MUST enum err plan_insert(struct ctx *cx, struct live *l);
/* Starts the clock of one that is ready. */
MUST enum err plan_start(struct ctx *cx, const struct plan *p, struct live *l);
