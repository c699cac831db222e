/*
 * course_grade: what a course makes of a learner's grades.
 *
 * Each assessment has a weight; of a group only the best n may count (by
 * share, the first of equals). Two totals, since both are asked for:
 *
 *	current = sum(weight * share) / sum(weight), over what has a grade
 *	final   = the same over all, what has none counting 0
 *
 * The best of a group are chosen for each total by itself. A weight of 0 is
 * shown and does not count. Exact: sums of decimals, one division.
 */
#pragma once

#include "base/ctx.h"
#include "base/dec.h"

struct course_part {
	struct dec weight;  /* >= 0 */
	struct str group;   /* absent: none */
	int64_t group_best; /* of its group only so many count; 0: all */
	bool has;	    /* there is a grade */
	struct dec scaled;  /* 0..1, more with early credit */
	/* filled in */
	bool in_current, in_final;
};

struct course_total {
	bool has_current, has_final; /* something has weight */
	struct dec current, final;   /* shares */
	int64_t graded, parts;
};

void course_grade(struct ctx *cx, struct course_part *parts, size_t n,
		  struct course_total *out);
