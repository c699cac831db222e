/*
 * lease: the jobs that a worker holds, and when to renew each: at a third of
 * its time, so that two renewals may fail before anybody else may have the job.
 * A job whose renewal is refused is lost: what runs for it ends.
 *
 * Past its time a lease still counts while nobody else took the job, so a
 * server that is away is waited for. Thread-safe; times are the clock's
 * mono_ns.
 */
#pragma once

#include "engine/worker/worker.h"

struct leases;
struct lease; /* one held job */

struct leases *leases_new(const struct clock *clock, int64_t lease_ms);
void leases_free(struct leases *l);

/* The job was leased at this instant or later; job stays until leases_end. */
struct lease *leases_begin(struct leases *l, const struct worker_job *job,
			   int64_t asked_ns);
/* true: it was lost, and nothing may be said of the job. */
bool leases_end(struct leases *l, struct lease *one);
const struct worker_gone *lease_gone(const struct lease *one);
bool lease_lost(const struct lease *one); /* gone since it is another's */
/* All that are held are gone: the worker's time is over. */
void leases_drop(struct leases *l);
size_t leases_count(struct leases *l);

/*
 * Renews those whose time has come, one call each. When to look again;
 * INT64_MAX: nothing is held. lost: how many were lost now.
 */
int64_t leases_renew(struct ctx *cx, struct leases *l, struct worker_server *s,
		     size_t *lost);
