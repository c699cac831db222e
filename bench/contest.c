#include "bench/contest.h"

#include <stdio.h>

static void run_one(struct contest *c, struct runner *n, int repeat)
{
	struct load_opts o = n->load;
	struct load_result r;

	o.conns = c->conns;
	o.warm_s = c->run->warm_s;
	o.run_s = c->run->run_s;
	if (n->before)
		n->before(o.arg, o.conns * (o.depth ? o.depth : 1));
	load_run(&o, &r);
	if (r.wrong || r.lost)
		die("%s: %lld wrong and %lld lost replies; first: %s", n->name,
		    (long long)r.wrong, (long long)r.lost, r.first_wrong);
	n->rps[repeat] = r.rps;
	n->p50[repeat] = r.p50_us;
	n->p99[repeat] = r.p99_us;
	n->cpu[repeat] = r.cpu_us;
	n->answered += r.answered;
}

void contest_run(struct contest *c)
{
	int order[CONTEST_MAX];

	for (int k = 0; k < c->run->repeats; k++) {
		for (int i = 0; i < c->n; i++)
			order[i] = i;
		shuffle(order, c->n);
		for (int i = 0; i < c->n; i++)
			run_one(c, &c->runners[order[i]], k);
	}
	for (int i = 0; i < c->n; i++) {
		const struct runner *n = &c->runners[i];
		int k = c->run->repeats;

		say("%4d x %-18s %7.0f/s  p50 %6.0f us  p99 %7.0f us  "
		    "server CPU %4.1f us",
		    c->conns, n->name, median(n->rps, k), median(n->p50, k),
		    median(n->p99, k), median(n->cpu, k));
	}
}

void contest_report(const struct contest *c, const char *name, int over,
		    int under, double target)
{
	const struct runner *a = &c->runners[over], *b = &c->runners[under];
	int n = c->run->repeats;
	double ratios[REPEATS_MAX] = { 0 }, low, high;
	char full[100];

	for (int i = 0; i < n; i++)
		ratios[i] = a->rps[i] / b->rps[i];
	low = high = ratios[0];
	for (int i = 1; i < n; i++) {
		low = ratios[i] < low ? ratios[i] : low;
		high = ratios[i] > high ? ratios[i] : high;
	}
	snprintf(full, sizeof(full), "%s.%d", name, c->conns);
	report(c->run, &(struct figure){ .name = full,
					 .unit = "req/s",
					 .value = median(a->rps, n),
					 .baseline = median(b->rps, n),
					 .ratio = median(ratios, n),
					 .low = low,
					 .high = high,
					 .target = target });
}
