/* attempts: what the cache and the timer share. For engine/attempt. */
#pragma once

#include "engine/attempt/due.h"
#include "engine/attempt/folds.h"
#include "engine/attempt/live.h"

/* An attempt that a work of this batch has changed. */
struct touched {
	struct id org, id;
	int64_t wake_at; /* before */
};

struct attempts {
	struct attempts_opts o;
	struct live **chains;
	size_t chains_n, n; /* chains_n: a power of two */
	struct live *newest, *oldest;

	/* Of the running batch. */
	struct touched *touched;
	size_t touched_n, touched_room;
	struct id *unsure; /* not to be read before the batch has ended */
	size_t unsure_n, unsure_room;
	struct id *erased; /* learners */
	size_t erased_n, erased_room;

	struct folds *folds; /* for queries: with a lock of its own */

	struct due *due;
	int64_t look_at_ms; /* next look for what dead nodes left */
	int64_t swept, lag_ms_max;
	bool shared; /* other nodes work on the same database */
};

/* Out of the cache; its memory is freed. */
void attempts_drop(struct attempts *a, struct live *l);
struct live *attempts_find(const struct attempts *a, const struct id *id);
/* In a command: what queries have kept of him goes after its commit. */
void attempts_erased(struct ctx *cx, const struct id *learner);
