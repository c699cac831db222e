/*
 * Of each part of each review a value; over the run its mean and sd; per
 * reviewer the sum of the standardised values, shrunk by its count. All in a
 * few passes over the reviews.
 *
 * The effect of the grade on the rating is estimated within reviewers: from
 * how the ratings of the same reviewer's reviews differ. Between reviewers it
 * is mixed up with quality, since a careless one gives wrong grades and is
 * rated low for being careless.
 */
#include "rubrics/quality.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"

enum { PARTS = 5, EFFECTS = 3, ENOUGH = 3 };
enum part { RATING, MARK, ACCURACY, COVERAGE, LENGTH };

/* Of a standardised value: one freak review does not make a reviewer. */
#define FARTHEST 3.0
/* Points of score per sd of a review's value. */
#define SCORE_SCALE 25.0
/*
 * Ridge: a slope is believed to be within 5 points per unit of grade before
 * ratings (of variance about 1) say more, so that a handful says little.
 */
#define RIDGE .04

const struct quality_weights quality_weights_default = {
	.rating = .3,
	.mark = .25,
	.accuracy = .25,
	.coverage = .1,
	.length = .1,
	.shrink = 3,
};

static void *scratch(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size); /* allowed: freed before return */

	CHECK(p);
	return p;
}

/* ---- the effect of the grade on the rating ---- */

struct effect {
	double slope[EFFECTS]; /* below the estimate, above, the estimate */
	double at[EFFECTS];    /* means of what they multiply */
};

/* What a rating may depend on beside the review. */
static bool causes(const struct quality_review *r, double x[EFFECTS])
{
	double d = r->given - r->estimate;

	if (!r->has_rating || !isfinite(r->rating) || !isfinite(d))
		return false;
	x[0] = fmin(d, 0);
	x[1] = fmax(d, 0);
	x[2] = r->estimate;
	return true;
}

/* a x = b by elimination; a is symmetric and positive definite. */
static void solve(double a[EFFECTS][EFFECTS], double b[EFFECTS],
		  double x[EFFECTS])
{
	for (int i = 0; i < EFFECTS; i++)
		for (int j = i + 1; j < EFFECTS; j++) {
			double f = a[j][i] / a[i][i];

			for (int k = i; k < EFFECTS; k++)
				a[j][k] -= f * a[i][k];
			b[j] -= f * b[i];
		}
	for (int i = EFFECTS - 1; i >= 0; i--) {
		x[i] = b[i];
		for (int k = i + 1; k < EFFECTS; k++)
			x[i] -= a[i][k] * x[k];
		x[i] /= a[i][i];
	}
}

struct sums {
	double n, y, x[EFFECTS];
};

static void fit_effect(const struct quality_review *r, size_t n,
		       size_t reviewers, struct effect *out)
{
	struct sums *of = scratch(reviewers, sizeof(*of)), all = { 0 };
	double a[EFFECTS][EFFECTS] = { { 0 } }, b[EFFECTS] = { 0 }, x[EFFECTS];

	*out = (struct effect){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct sums *s = of + r[i].reviewer;

		CHECK(r[i].reviewer < reviewers);
		if (!causes(r + i, x))
			continue;
		s->n++;
		s->y += r[i].rating;
		all.n++;
		for (int k = 0; k < EFFECTS; k++) {
			s->x[k] += x[k];
			all.x[k] += x[k];
		}
	}
	for (size_t i = 0; i < n; i++) {
		const struct sums *s = of + r[i].reviewer;
		double y;

		if (!causes(r + i, x))
			continue;
		y = r[i].rating - s->y / s->n;
		for (int k = 0; k < EFFECTS; k++)
			x[k] -= s->x[k] / s->n;
		for (int k = 0; k < EFFECTS; k++) {
			b[k] += x[k] * y;
			for (int m = 0; m < EFFECTS; m++)
				a[k][m] += x[k] * x[m];
		}
	}
	free(of);
	for (int k = 0; k < EFFECTS; k++) {
		a[k][k] += RIDGE;
		out->at[k] = all.n > 0 ? all.x[k] / all.n : 0;
	}
	solve(a, b, out->slope);
}

double quality_grade_effect(const struct quality_review *r, size_t n)
{
	size_t reviewers = 0;
	struct effect e;

	for (size_t i = 0; i < n; i++)
		if (r[i].reviewer >= reviewers)
			reviewers = (size_t)r[i].reviewer + 1;
	fit_effect(r, n, reviewers, &e);
	return e.slope[0];
}

/* The rating as it would be for a grade and a work like the run's average. */
static double without_effect(const struct quality_review *r,
			     const struct effect *e)
{
	double x[EFFECTS], y = r->rating;

	if (causes(r, x))
		for (int k = 0; k < EFFECTS; k++)
			y -= e->slope[k] * (x[k] - e->at[k]);
	return y;
}

/* ---- parts ---- */

/* NaN: this review has no such part. */
static double value(const struct quality_review *r, const struct effect *e,
		    enum part p)
{
	switch (p) {
	case RATING:
		return r->has_rating ? without_effect(r, e) : NAN;
	case MARK:
		return r->has_mark ? r->mark : NAN;
	case ACCURACY:
		return -fabs(r->residual);
	case COVERAGE:
		return r->coverage;
	case LENGTH:
		return r->words >= 0 ? log1p(r->words) : NAN;
	}
	return NAN;
}

struct spread {
	double n, mean, sd;
};

static struct spread spread_of(const struct quality_review *r, size_t n,
			       const struct effect *e, enum part p)
{
	struct spread s = { 0 };
	double m2 = 0;

	for (size_t i = 0; i < n; i++) {
		double x = value(r + i, e, p), d = x - s.mean;

		if (!isfinite(x))
			continue;
		s.mean += d / ++s.n;
		m2 += d * (x - s.mean);
	}
	s.sd = s.n > 1 ? sqrt(m2 / s.n) : 0;
	return s;
}

struct part_sum {
	double n, z;
};

static void sum_part(const struct quality_review *r, size_t n,
		     const struct effect *e, enum part p,
		     const struct spread *s, struct part_sum *of)
{
	for (size_t i = 0; i < n; i++) {
		double x = value(r + i, e, p), z;

		if (!isfinite(x))
			continue;
		z = s->sd > 0 ? (x - s->mean) / s->sd : 0;
		of[r[i].reviewer].n++;
		of[r[i].reviewer].z += fmax(-FARTHEST, fmin(FARTHEST, z));
	}
}

static double mean_of(const struct part_sum *s)
{
	return s->n > 0 ? s->z / s->n : 0;
}

/* Adds a part's share of the score and of its variance. */
static void add_part(double share, double shrink, const struct part_sum *s,
		     struct quality *q)
{
	/* Reviewers differ by 1 / shrink of how one's reviews differ. */
	double within = shrink > 0 ? shrink / (1 + shrink) : 1;
	double n = s->n + shrink;

	if (n > 0) {
		q->score += share * s->z / n;
		q->sd += share * share * within / n;
	} else {
		q->sd += share * share;
	}
}

static void finish(struct quality *q, bool any)
{
	q->sd = SCORE_SCALE * (any ? sqrt(q->sd) : 1);
	q->score = fmax(0, fmin(100, 50 + SCORE_SCALE * q->score));
	q->enough = q->n >= ENOUGH;
}

static void ratings(const struct quality_review *r, size_t n,
		    const struct effect *e, size_t reviewers,
		    struct quality *out)
{
	double *rated = scratch(reviewers, sizeof(*rated));

	for (size_t i = 0; i < n; i++) {
		struct quality *q = out + r[i].reviewer;

		q->n++;
		if (!r[i].has_rating || !isfinite(r[i].rating))
			continue;
		rated[r[i].reviewer]++;
		q->raw_rating += r[i].rating;
		q->rating += without_effect(r + i, e);
	}
	for (size_t v = 0; v < reviewers; v++)
		if (rated[v] > 0) {
			out[v].raw_rating /= rated[v];
			out[v].rating /= rated[v];
		}
	free(rated);
}

void quality_fit(const struct quality_review *r, size_t n, size_t reviewers,
		 const struct quality_weights *w, struct quality *out)
{
	const double weight[PARTS] = { w->rating, w->mark, w->accuracy,
				       w->coverage, w->length };
	struct part_sum *sums = scratch(reviewers * PARTS, sizeof(*sums));
	struct spread spread[PARTS];
	struct effect e;
	double total = 0;

	for (size_t v = 0; v < reviewers; v++)
		out[v] = (struct quality){ 0 };
	fit_effect(r, n, reviewers, &e);
	ratings(r, n, &e, reviewers, out);
	for (int p = 0; p < PARTS; p++) {
		spread[p] = spread_of(r, n, &e, p);
		sum_part(r, n, &e, p, spread + p, sums + p * reviewers);
		/* What nobody has is no part of this run. */
		total += spread[p].n > 0 ? weight[p] : 0;
	}
	for (size_t v = 0; v < reviewers; v++) {
		for (int p = 0; p < PARTS; p++)
			if (spread[p].n > 0 && total > 0)
				add_part(weight[p] / total, w->shrink,
					 sums + p * reviewers + v, out + v);
		out[v].accuracy = mean_of(sums + ACCURACY * reviewers + v);
		out[v].coverage = mean_of(sums + COVERAGE * reviewers + v);
		out[v].length = mean_of(sums + LENGTH * reviewers + v);
		finish(out + v, total > 0);
	}
	free(sums);
}
