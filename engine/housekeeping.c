#include "engine/housekeeping.h"

#include <stdlib.h>

#include "engine/app.h"
#include "engine/blob/blob.h"
#include "engine/jobs/job.h"

enum { JOBS_AT_ONCE = 500 };

struct housekeeping {
	const struct clock *clock;
	int64_t at_ms;	/* the next step; 0: not yet asked */
	uint8_t folder; /* of the blobs, next */
};

struct housekeeping *housekeeping_new(const struct clock *clock)
{
	struct housekeeping *h = calloc(1, sizeof(*h)); /* allowed: process */

	CHECK(h);
	h->clock = clock;
	return h;
}

void housekeeping_free(struct housekeeping *h)
{
	free(h);
}

static int64_t next_ms(void *arg)
{
	struct housekeeping *h = arg;

	if (!h->at_ms)
		h->at_ms = clock_ms(h->clock) + HOUSEKEEPING_MS;
	return h->at_ms;
}

/* What fails is tried again in the next round; nobody waits for it. */
static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct housekeeping *h = arg;
	int64_t removed;

	(void)max;
	h->at_ms = now_ms + HOUSEKEEPING_MS;
	if (blob_sweep(cx, h->folder++, &removed) == OK && removed)
		log_event(cx->log, LOG_INFO, "blob_orphans_removed",
			  LINT("files", removed));
	if (job_prune(cx, now_ms - JOBS_KEPT_MS, JOBS_AT_ONCE, &removed) ==
		    OK &&
	    removed)
		log_event(cx->log, LOG_INFO, "jobs_pruned",
			  LINT("jobs", removed));
	err_clear(cx);
	return 1;
}

struct tx_timer housekeeping_timer(struct housekeeping *h)
{
	return (struct tx_timer){ h, next_ms, run };
}
