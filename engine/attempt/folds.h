/*
 * folds: attempts as queries read them, folded and kept.
 *
 * The records of an attempt are only ever appended, but for an erasure, which
 * record_erased() tells. So a fold up to record n is what any reader of the
 * database would fold up to there, whichever node wrote it; a query asks for
 * the records behind n and for an erasure, and only when there are any it has
 * something to fold. Nothing that depends on more than the records is kept:
 * rules are read each time. live_read (live.h) is how queries come here.
 *
 * Any thread, in queries only: a command could fold what is not committed.
 */
#pragma once

#include "engine/attempt/live.h"

struct folds;

struct folds_opts {
	struct app *app; /* catalog: when used */
	const struct clock *clock;
	size_t most, bytes; /* kept at most */
};
enum {
	FOLDS_MOST = 16384,
	FOLDS_BYTES = 64 << 20,
	FOLDS_IDLE_MS = 600000, /* longer not asked for: dropped */
};

struct folds *folds_new(const struct folds_opts *o);
void folds_free(struct folds *f); /* NULL is allowed; before the catalog */
/*
 * After the commit that erased him: this memory holds nothing of him any more,
 * but for what a running query has. (Other nodes' is not shown, and dropped
 * when it is asked for or has not been for long.)
 */
void folds_forget(struct folds *f, const struct id *learner);
/* Drops what was not asked for in FOLDS_IDLE_MS. */
void folds_tidy(struct folds *f);
/* Other bounds than it was made with; at once. */
void folds_bound(struct folds *f, size_t most, size_t bytes);

struct folds_stats {
	int64_t kept, bytes;
	int64_t built;	  /* from the first record */
	int64_t extended; /* by new records alone */
	int64_t found;	  /* in the table, by whoever asked */
};
void folds_stats(struct folds *f, struct folds_stats *out);
