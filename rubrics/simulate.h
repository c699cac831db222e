/*
 * simulate: a course with rolling enrolment, in which ways to hand out reviews
 * are compared: authors come evenly over some days, some never review, some
 * give up with a lease open, the others review in sessions.
 *
 * "credit" is queue.h itself. "oldest" gives the oldest work whose received and
 * leased reviews are fewer than needed, and a random one when there is none;
 * "level" the one with the fewest received and leased. Both know no conflicts
 * but his own work and what he has had.
 */
#pragma once

#include <stdint.h>

#include "base/ctx.h"

enum simulate_policy { SIMULATE_CREDIT, SIMULATE_OLDEST, SIMULATE_LEVEL };
extern const char *const simulate_policy_words[]; /* "credit" ... */

struct simulate_rules {
	int policy;		       /* enum simulate_policy */
	int64_t authors;	       /* 600; 2..10,000 */
	double days, tail_days;	       /* 60, 30; 0 < days, together <= 3660 */
	int64_t must, need;	       /* 3, 3; 1..20 */
	int64_t surplus, window, fill; /* of queue.h: 3, 20, 0 */
	double lease_hours;	       /* 8 */
	double never, abandon;	       /* shares: .3, .1; together at most 1 */
	double session_hours;	       /* to the first, x lognormal(0, 1): 5 */
	double gap_hours; /* between reviews, x lognormal(0, 1): 4.8 */
	double review_hours_min, review_hours_max; /* .2, 2 */
	int64_t seeds;				   /* runs to average: 6 */
	uint64_t seed;
};
extern const struct simulate_rules simulate_rules_default;

struct simulate_result {
	double zero;	  /* share of all without a review */
	double short_all; /* of all with fewer than need */
	/* Of those who did all of theirs; NaN: in a run nobody did. */
	double diligent_short;
	/* Medians from handing in to the first and to the need-th review, in
	   hours, of those of them who had it; NaN: in a run nobody had. */
	double first_hours, need_hours;
	double narrow; /* share of picks from fewer than window works */
	int64_t picks, surplus_picks; /* in all runs */
};
/*
 * Shares and medians are means over the runs. ERR_INVALID with the field: out
 * of the ranges above.
 */
MUST enum err simulate_course(struct ctx *cx, const struct simulate_rules *r,
			      struct simulate_result *out);
