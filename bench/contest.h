/*
 * contest: several servers under the same load in one run, in an order that is
 * shuffled anew for each repeat, so that a slow minute of the machine hits all
 * of them. Ratios are taken within a repeat; what is reported is their median.
 */
#pragma once

#include "bench/load.h"

enum { CONTEST_MAX = 8 };

struct runner {
	const char *name;
	struct load_opts load; /* conns, times are the contest's */
	void (*before)(void *arg, int places); /* each time; may be NULL */
	double rps[REPEATS_MAX], p50[REPEATS_MAX], p99[REPEATS_MAX];
	double cpu[REPEATS_MAX];
	int64_t answered; /* in all */
};

struct contest {
	struct run *run;
	struct runner runners[CONTEST_MAX];
	int n;
	int conns;
};

/* Dies on a wrong or lost reply. */
void contest_run(struct contest *c);
/* name: what is reported. over, under: runners' places. */
void contest_report(const struct contest *c, const char *name, int over,
		    int under, double target);
