/*
 * timer: how late are attempts handed in by the clock? Their due instants are
 * spread over a span, or all the same. The record's own time is compared with
 * the attempt's due instant.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/tm.h"
#include "bench/benches.h"
#include "bench/daemon.h"

struct lags {
	double *ms;
	int n, room;
};

static void take(void *arg, const char *const *cols)
{
	struct lags *l = arg;

	CHECK(l->n < l->room);
	l->ms[l->n++] = atof(cols[0]);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void wait_for_all(struct daemon *d, int64_t until_ms)
{
	while (clock_ms(&clock_system) < until_ms)
		sleep_ms(50);
	for (int i = 0; i < 600; i++) {
		if (db_number(d->store, "SELECT count(*) FROM attempt"
					" WHERE finished_at = 0") == 0)
			return;
		sleep_ms(100);
	}
	die("some attempts were not handed in within a minute");
}

static void tell(struct run *r, const char *name, struct lags *l,
		 double target_ms)
{
	static const struct {
		const char *word;
		double share;
	} parts[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "max", 1 } };

	qsort(l->ms, (size_t)l->n, sizeof(*l->ms), by_value);
	for (size_t i = 0; i < 3; i++) {
		int at = (int)(parts[i].share * (l->n - 1));
		char full[60];

		snprintf(full, sizeof(full), "timer.%s.%s", name,
			 parts[i].word);
		report(r,
		       &(struct figure){ .name = full,
					 .unit = "ms",
					 .value = l->ms[at],
					 .target = i == 1 ? -target_ms : 0 });
	}
}

/* Starts n attempts that fall due from lead_s on over span_s; 0: at once. */
static void hand_in(struct run *r, const char *name, int n, int lead_s,
		    int span_s, double target_ms)
{
	static const char sql[] =
		"SELECT r.at_ms - a.due_at FROM record r"
		" JOIN attempt a ON a.org = r.org AND a.id = r.stream"
		" WHERE r.actor = 'engine'"
		" AND (r.event = 'attempt.submitted'"
		" OR r.event = 'attempt.expired')";
	int64_t now = clock_ms(&clock_system), last;
	struct lags l = { .ms = calloc((size_t)n, sizeof(double)), .room = n };
	char policy[200], closes[64];
	struct buf b = { 0 };
	struct daemon d;
	struct world w;

	last = now + (int64_t)(lead_s + span_s) * 1000;
	jout_time(&b, last);
	snprintf(closes, sizeof(closes), "%.*s", STR_FMT(buf_view(&b)));
	if (span_s)
		snprintf(policy, sizeof(policy),
			 "{\"time_limit_ms\":%%d000,"
			 "\"network_grace_ms\":0}");
	else
		snprintf(policy, sizeof(policy),
			 "{\"closes_at\":%s,\"network_grace_ms\":0}", closes);
	daemon_make(r, name, NULL, &d);
	d.more[0] = "--live_attempts";
	d.more[1] = "200000";
	daemon_start(&d);
	world_make(r, &d,
		   &(struct world_wish){ .slug = "timer",
					 .attempts = n,
					 .slots = 3,
					 .policy = policy,
					 .policy_from = lead_s,
					 .kinds = span_s,
					 .learners = "learner-" },
		   &w);
	wait_for_all(&d, last);
	daemon_stop(&d);
	db_each(d.store, sql, sql, take, &l);
	if (l.n != n)
		die("%d records of the clock for %d attempts", l.n, n);
	tell(r, name, &l, target_ms);
	buf_done(&b);
	free(l.ms);
}

void bench_timer(struct run *r)
{
	int n = r->full ? 100000 : r->quick ? 5000 : 20000;
	int lead = r->full ? 60 : r->quick ? 6 : 15;

	hand_in(r, "spread", n, lead, r->full ? 60 : r->quick ? 5 : 12, 1000);
	hand_in(r, "burst", n, lead, 0, 0);
}
