/*
 * admit: how much of the machine is taken, and who waits for some of it. A
 * burst of jobs waits in the server's queue, not here: nothing is leased that
 * does not fit (admit_hold); a job that turns out heavier than its kind waits
 * in one line, first come, first served, and nothing is leased past it.
 *
 * Whatever weighs more than the machine is taken for all of it, so that a line
 * always moves. Thread-safe.
 */
#pragma once

#include "engine/worker/worker.h"

struct admit;

struct admit *admit_new(struct worker_weight room);
void admit_free(struct admit *a);

/*
 * For the one who leases: holds room for one job of any of the kinds that fit,
 * and marks them. false: there is none. Then either admit_take for the kind
 * that came, or admit_drop.
 */
bool admit_hold(struct admit *a, const struct worker_kind *const *kinds,
		size_t n, bool *fits);
void admit_drop(struct admit *a);
void admit_take(struct admit *a, const struct worker_kind *k,
		struct worker_weight *got);
/*
 * Changes what one job has, waiting in line for it. false: it was gone before
 * its turn; it has nothing then. admit_wake looks again who is gone.
 */
bool admit_change(struct admit *a, const struct worker_kind *k,
		  struct worker_weight *has, struct worker_weight want,
		  const struct worker_gone *gone);
void admit_wake(struct admit *a);
void admit_give(struct admit *a, const struct worker_kind *k,
		struct worker_weight *has);
/* For tests and the log. */
struct worker_weight admit_used(struct admit *a);
