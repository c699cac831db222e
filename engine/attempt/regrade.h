/* regrade: the method attempt.regrade. For engine/attempt. */
#pragma once

#include "engine/attempt/live.h"

enum { REGRADE_MOST = 500 /* attempts in one call */ };

/* X(code, word) */
#define REGRADE_OUTCOMES(X)                                                    \
	X(REGRADE_SAME, "same")                                                \
	X(REGRADE_DONE, "changed")                                             \
	X(REGRADE_WOULD, "would_change") /* a dry run */                       \
	X(REGRADE_LOWER, "kept_lower")	 /* it would fall */                   \
	X(REGRADE_NOT_HIGHER, "kept_not_higher")                               \
	X(REGRADE_IMPOSSIBLE, "impossible")
enum regrade_outcome {
#define X(code, word) code,
	REGRADE_OUTCOMES(X)
#undef X
};

struct regrade {
	struct assessment_ref ref;
	struct id to, cursor;
	struct str reason;
	bool dry_run, only_if_higher, allow_lower;
	int64_t limit;
};
extern const struct shape regrade_shape;

struct regrade_change {
	struct id attempt, learner;
	int64_t number;
	int outcome;
	struct str reason;
	struct dec old_score, old_max, new_score, new_max;
	bool old_passed, new_passed, has_new;
};
struct regraded {
	struct id to, next;
	int64_t examined, changed;
	struct list changes; /* struct regrade_change */
};
extern const struct shape regraded_shape;

MUST enum err regrade_rpc(struct ctx *cx, const void *params, void *result);
