/*
 * Krippendorff's alpha (Krippendorff 2011), from how often each value occurs,
 * in a unit and in all: with n ratings in units of m_u >= 2,
 *
 *	alpha = 1 - (n - 1) sum_u D_u / (m_u - 1) / D
 *
 * where D is the sum of the squared differences of all ordered pairs. Nominal
 * and interval differences sum up from counts and moments. Ordinal ones are
 * interval differences of mid-ranks. Ratios have no such form: they go pair by
 * pair of values.
 */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "rubrics/agreement.h"

/* Of ratios, so many values are told apart: above it neighbours are merged,
   which alpha does not notice. */
enum { RATIO_VALUES = 8192 };

struct value {
	double at, n; /* a score, how often */
};

static int by_unit_and_score(const void *a, const void *b)
{
	const struct agreement_rating *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->score > y->score) - (x->score < y->score);
}

static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void *scratch(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size); /* allowed: freed before return */

	CHECK(p);
	return p;
}

static double total(const struct value *v, size_t n)
{
	double all = 0;

	for (size_t i = 0; i < n; i++)
		all += v[i].n;
	return all;
}

/* Sorted: neighbours become their mean. Returns how many are left. */
static size_t merge(struct value *v, size_t n, size_t most)
{
	size_t kept = 0, last = SIZE_MAX;

	if (n <= most)
		return n;
	for (size_t i = 0; i < n; i++) {
		size_t group = i * most / n;
		struct value x = v[i];

		if (group != last) {
			v[kept++] = x;
		} else {
			struct value *k = v + kept - 1;

			k->n += x.n;
			k->at += (x.at - k->at) * x.n / k->n;
		}
		last = group;
	}
	return kept;
}

static double nominal(const struct value *v, size_t n)
{
	double all = total(v, n), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i].n * (all - v[i].n);
	return sum;
}

static double interval(const struct value *v, size_t n)
{
	double all = total(v, n), mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += v[i].at * v[i].n / all;
	for (size_t i = 0; i < n; i++)
		sum += v[i].n * (v[i].at - mean) * (v[i].at - mean);
	return 2 * all * sum;
}

static double ratio(struct value *v, size_t n)
{
	double sum = 0;

	n = merge(v, n, RATIO_VALUES);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double d = (v[j].at - v[i].at) / (v[j].at + v[i].at);

			sum += 2 * v[i].n * v[j].n * d * d;
		}
	return sum;
}

/* Over all ordered pairs; v may be changed. */
static double apart(struct value *v, size_t n, enum agreement_level level)
{
	switch (level) {
	case ALPHA_NOMINAL:
		return nominal(v, n);
	case ALPHA_ORDINAL: /* of mid-ranks */
	case ALPHA_INTERVAL:
		return interval(v, n);
	case ALPHA_RATIO:
		return ratio(v, n);
	}
	return NAN;
}

/* Those that have another of the same unit, by unit and score. */
static size_t comparable(const struct agreement_rating *r, size_t n,
			 struct agreement_rating *out)
{
	size_t all = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(r[i].score))
			out[all++] = r[i];
	qsort(out, all, sizeof(*out), by_unit_and_score);
	for (size_t i = 0; i < all; i++)
		if ((i > 0 && out[i - 1].unit == out[i].unit) ||
		    (i + 1 < all && out[i + 1].unit == out[i].unit))
			out[kept++] = out[i];
	return kept;
}

/* Sorted and counted. */
static size_t count(struct value *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (kept > 0 && v[kept - 1].at == v[i].at)
			v[kept - 1].n += v[i].n;
		else
			v[kept++] = v[i];
	return kept;
}

static size_t values(const struct agreement_rating *r, size_t n,
		     struct value *v)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (struct value){ r[i].score, 1 };
	qsort(v, n, sizeof(*v), by_value);
	return count(v, n);
}

/* Scores become mid-ranks among all; the order of v stays. */
static void to_ranks(struct agreement_rating *r, size_t n, struct value *v,
		     size_t kinds)
{
	double below = 0;

	for (size_t i = 0; i < n; i++) {
		struct value key = { r[i].score, 0 };
		const struct value *at =
			bsearch(&key, v, kinds, sizeof(*v), by_value);

		/* Where it stands; its rank once all stand still. */
		r[i].score = (double)(at - v);
	}
	for (size_t i = 0; i < kinds; i++) {
		v[i].at = below + v[i].n / 2;
		below += v[i].n;
	}
	for (size_t i = 0; i < n; i++)
		r[i].score = v[(size_t)r[i].score].at;
}

/* sum_u D_u / (m_u - 1) */
static double within(const struct agreement_rating *r, size_t n,
		     enum agreement_level level, struct value *v)
{
	double sum = 0;

	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && r[to].unit == r[from].unit; to++)
			v[to - from] = (struct value){ r[to].score, 1 };
		sum += apart(v, count(v, to - from), level) /
		       (double)(to - from - 1);
	}
	return sum;
}

double agreement_alpha(const struct agreement_rating *ratings, size_t n,
		       enum agreement_level level)
{
	struct agreement_rating *r = scratch(n, sizeof(*r));
	struct value *v = scratch(n, sizeof(*v));
	size_t m = comparable(ratings, n, r), kinds = values(r, m, v);
	double alpha = NAN, all;

	/* A ratio has a zero, and nothing below it. */
	if (kinds > 1 && !(level == ALPHA_RATIO && v[0].at < 0)) {
		if (level == ALPHA_ORDINAL)
			to_ranks(r, m, v, kinds);
		all = apart(v, kinds, level);
		alpha = 1 - (double)(m - 1) * within(r, m, level, v) / all;
	}
	free(v);
	free(r);
	return alpha;
}
