#include "rubrics/agreement_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void *scratch(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size); /* allowed: freed before return */

	CHECK(p);
	return p;
}

static int compare(double x, double y)
{
	return (x > y) - (x < y);
}

static int by_score(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return compare(*x, *y);
}

static int by_judge(const void *a, const void *b)
{
	const struct agreement_rating *x = a, *y = b;

	return compare(x->judge, y->judge);
}

static int by_unit_and_judge(const void *a, const void *b)
{
	const struct agreement_rating *x = a, *y = b;

	return x->unit == y->unit ? compare(x->judge, y->judge)
				  : compare(x->unit, y->unit);
}

/* The values that occur, in order. */
static size_t categories(const struct agreement_rating *r, size_t n, double *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		v[i] = r[i].score;
	qsort(v, n, sizeof(*v), by_score);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static size_t place(const double *v, size_t k, double score)
{
	const double *at = bsearch(&score, v, k, sizeof(*v), by_score);

	return (size_t)(at - v);
}

/* Ratings by unit: every pair of a unit's, both ways, into the table. */
static void pairs_of(const struct agreement_rating *r, size_t n,
		     const double *v, size_t k, double *table)
{
	double count[AGREEMENT_CATEGORIES];

	for (size_t from = 0, to; from < n; from = to) {
		memset(count, 0, sizeof(count));
		for (to = from; to < n && r[to].unit == r[from].unit; to++)
			count[place(v, k, r[to].score)]++;
		for (size_t i = 0; i < k; i++)
			for (size_t j = 0; count[i] > 0 && j < k; j++)
				table[i * k + j] +=
					count[i] * (count[j] - (i == j));
	}
}

static void kappas(const struct agreement_rating *r, size_t n, const double *v,
		   struct agreement_report *out)
{
	size_t k = out->categories;
	double *table;

	out->kappa_quadratic = out->kappa_linear = NAN;
	if (k > AGREEMENT_CATEGORIES)
		return;
	table = scratch(k * k, sizeof(*table));
	pairs_of(r, n, v, k, table);
	out->kappa_quadratic = agreement_kappa(table, k, KAPPA_QUADRATIC);
	out->kappa_linear = agreement_kappa(table, k, KAPPA_LINEAR);
	free(table);
	out->weak = out->kappa_quadratic < AGREEMENT_WEAK;
}

/* Ratings by unit and judge: units, pairs. */
static void count_units(const struct agreement_rating *r, size_t n,
			struct agreement_report *out)
{
	for (size_t from = 0, to; from < n; from = to) {
		double m;

		for (to = from; to < n && r[to].unit == r[from].unit; to++)
			;
		m = (double)(to - from);
		out->units++;
		out->pairs += m * (m - 1) / 2;
	}
}

static size_t count_judges(struct agreement_rating *r, size_t n)
{
	size_t judges = 0;

	qsort(r, n, sizeof(*r), by_judge);
	for (size_t i = 0; i < n; i++)
		judges += i == 0 || r[i].judge != r[i - 1].judge;
	return judges;
}

/* As many as there can be, and none twice: each judge rated each unit. */
static bool complete(const struct agreement_rating *r, size_t n, size_t units,
		     size_t judges)
{
	if (units * judges != n)
		return false;
	for (size_t i = 1; i < n; i++)
		if (r[i].unit == r[i - 1].unit && r[i].judge == r[i - 1].judge)
			return false;
	return true;
}

void agreement_report(const struct agreement_rating *ratings, size_t n,
		      struct agreement_report *out)
{
	struct agreement_rating *r = scratch(n, sizeof(*r));
	double *v = scratch(n, sizeof(*v));
	size_t m = 0;

	*out = (struct agreement_report){ 0 };
	for (size_t i = 0; i < n; i++)
		if (isfinite(ratings[i].score))
			r[m++] = ratings[i];
	out->ratings = m;
	out->judges = count_judges(r, m);
	qsort(r, m, sizeof(*r), by_unit_and_judge);
	count_units(r, m, out);
	out->categories = categories(r, m, v);
	kappas(r, m, v, out);
	for (int l = ALPHA_NOMINAL; l <= ALPHA_RATIO; l++)
		out->alpha[l] = agreement_alpha(r, m, (enum agreement_level)l);
	if (complete(r, m, out->units, out->judges)) {
		for (size_t i = 0; i < m; i++)
			v[i] = r[i].score;
		out->complete =
			agreement_icc(v, out->units, out->judges, &out->icc);
	}
	free(v);
	free(r);
}
