/*
 * rejudge: submissions run once more: because a test was wrong, a worker was
 * broken, or somebody wants to know. A dry run keeps what came of it beside
 * the facts that count, and shows both; applying it later runs nothing again.
 */
#pragma once

#include "engine/attempt/submission.h"

/* X(code, word, what it means) */
#define REJUDGE_OUTCOMES(X)                                                    \
	X(REJUDGE_WAITING, "waiting", "not run yet")                           \
	X(REJUDGE_SAME, "same", "verdict and points are as before")            \
	X(REJUDGE_DIFFERS, "differs", "a dry run: this is what would change")  \
	X(REJUDGE_APPLIED, "applied", "it counts now")                         \
	X(REJUDGE_LOWER, "kept_lower", "it would fall: kept as it was")        \
	X(REJUDGE_FAILED, "failed", "could not be run; nothing changed")
enum rejudge_outcome {
#define X(code, word, doc) code,
	REJUDGE_OUTCOMES(X)
#undef X
};
extern const char *const rejudge_outcome_words[]; /* NULL-terminated */

/* A run that was asked for has ended; report absent: it failed. */
MUST enum err rejudge_told(struct ctx *cx, struct live *l,
			   const struct submission_row *row, struct str report,
			   int purpose, bool allow_lower);
