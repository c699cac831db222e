/*
 * Workers that wait for a job. What a transaction queued is offered once it is
 * committed: all that are parked are run again, which costs no look into the
 * table where nothing is offered, and as many as there are offers are let go.
 * An offer is only a hint. One that is taken by a worker who then leases
 * nothing is missed by the others until their own time is over; one that is of
 * no use to a worker is left to the others.
 */
#include <stdatomic.h>

#include "engine/app.h"
#include "engine/jobs/job_impl.h"
#include "engine/rpc/parking.h"

enum {
	WAIT_KEY = 0x6a6f6273, /* one for all kinds */
	OFFERS_MOST = 64,
	WAIT_LEAST_MS = 20,
};

/* ---- after the commit ---- */

void jobs_offer(struct jobs *jobs, struct str kind)
{
	size_t i = job_kind_number(jobs, kind);

	if (jobs->o.kinds[i])
		buf_ch(&jobs->queued, (char)i);
}

static size_t part_mark(void *arg)
{
	return ((struct jobs *)arg)->queued.n;
}

static void part_undo(void *arg, size_t mark)
{
	struct jobs *jobs = arg;

	if (mark < jobs->queued.n)
		jobs->queued.n = mark;
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct jobs *jobs = arg;

	if (!jobs->queued.n)
		return;
	for (size_t i = 0; i < jobs->queued.n; i++) {
		_Atomic int64_t *offers =
			&jobs->offers[(unsigned char)jobs->queued.p[i]];

		if (*offers < OFFERS_MOST)
			++*offers;
	}
	buf_reset(&jobs->queued);
	parking_wake(cx->app->parking, WAIT_KEY);
}

static void part_aborted(void *arg)
{
	buf_reset(&((struct jobs *)arg)->queued);
}

struct tx_part jobs_part(struct jobs *j)
{
	return (struct tx_part){ .arg = j,
				 .mark = part_mark,
				 .undo = part_undo,
				 .committed = part_committed,
				 .aborted = part_aborted };
}

/* ---- waiting ---- */

/* Does it take any job of its kinds? Then what it does not find is not there.
 */
static bool takes_any(const struct job_ask *a)
{
	return id_is_none(&a->org) && !(a->has_about && a->about.has_languages);
}

/* One worker less for what is offered. false: others were told. */
static bool take_offer(_Atomic int64_t *offers)
{
	int64_t n = *offers;

	while (n > 0)
		if (atomic_compare_exchange_weak(offers, &n, n - 1))
			return true;
	return false;
}

/* Whether one of this kind is there; offered: and is for this worker. */
static enum err look(struct ctx *cx, const struct job_ask *a, struct str kind,
		     int64_t now, bool offered, bool *due)
{
	struct jobs *jobs = cx->app->jobs;
	_Atomic int64_t *offers = &jobs->offers[job_kind_number(jobs, kind)];
	int64_t n = *offers;
	struct list rows;
	enum err e;

	*due = false;
	if (offered && n <= 0)
		return OK;
	e = job_due(cx, a, kind, now, 1, &rows);
	if (e)
		return e;
	if (rows.n)
		*due = take_offer(offers) || !offered;
	else if (n > 0 && takes_any(a))
		atomic_compare_exchange_strong(offers, &n, 0); /* all leased */
	return OK;
}

/* How long nothing falls due by the clock; at most ms. */
static enum err until_due(struct ctx *cx, struct str kind, int64_t now,
			  int64_t *ms)
{
	struct job_due_row row;
	/* What is due now is not for this worker: see look. */
	enum err e = store_one(cx, &job_sql[JOB_SOONEST],
			       VALS(v_text(kind), v_int(now)), &row);
	int64_t left;

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	left = row.due_at - now;
	if (left < WAIT_LEAST_MS)
		left = WAIT_LEAST_MS;
	if (left < *ms)
		*ms = left;
	return OK;
}

enum err job_wait(struct ctx *cx, const struct job_ask *a, int64_t wait_ms,
		  bool *due)
{
	const struct str *kinds = a->kinds.at;
	uint64_t seen = parking_seen(cx->app->parking, WAIT_KEY);
	bool again = cx->io->park.key == WAIT_KEY;
	bool last = cx->io->park_over || !wait_ms;
	/* One instant: what falls due between two would be in neither. */
	int64_t now = clock_ms(cx->clock);
	enum err e = job_ask_check(cx, a);

	*due = false;
	for (size_t i = 0; !e && !*due && i < a->kinds.n; i++)
		e = look(cx, a, kinds[i], now, again && !last, due);
	if (e || *due || last)
		return e;
	/* Only the first run says for how long. */
	for (size_t i = 0; !e && !again && i < a->kinds.n; i++)
		e = until_due(cx, kinds[i], now, &wait_ms);
	if (!e)
		cx->io->park = (struct rpc_park){ WAIT_KEY, seen, wait_ms };
	return e;
}
