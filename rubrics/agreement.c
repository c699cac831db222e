/*
 * Kappas of tables and of pairs, intraclass correlations, Wilson's interval.
 * Krippendorff's alpha is in agreement_alpha.c.
 */
#include "rubrics/agreement.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "rubrics/estimate.h"

/* How far categories are apart. A common factor cancels. */
static double apart(size_t i, size_t j, enum agreement_weights w)
{
	double d = fabs((double)i - (double)j);

	switch (w) {
	case KAPPA_UNWEIGHTED:
		return d > 0;
	case KAPPA_LINEAR:
		return d;
	case KAPPA_QUADRATIC:
		return d * d;
	}
	return NAN;
}

double agreement_kappa(const double *table, size_t k, enum agreement_weights w)
{
	double n = 0, seen = 0, expected = 0;
	double *row = calloc(2 * k + 1, sizeof(*row)); /* allowed: freed here */
	double *column = row + k;

	CHECK(row);
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++) {
			double x = table[i * k + j];

			n += x;
			row[i] += x;
			column[j] += x;
			seen += x * apart(i, j, w);
		}
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++)
			expected += row[i] * column[j] * apart(i, j, w);
	free(row);
	return expected > 0 ? 1 - seen * n / expected : NAN;
}

/*
 * The sum over all ordered pairs of ratings of how far they are apart, from
 * how often each category occurs: in one pass, by cumulated counts and
 * moments.
 */
static double all_apart(const double *count, size_t k, double n,
			enum agreement_weights w)
{
	double sum = 0, below = 0, mean = 0;

	for (size_t i = 0; i < k; i++)
		mean += count[i] * (double)i / n;
	for (size_t i = 0; i < k; i++) {
		double d = (double)i - mean;

		below += count[i];
		switch (w) {
		case KAPPA_UNWEIGHTED:
			sum += count[i] * (n - count[i]);
			break;
		case KAPPA_LINEAR: /* who crosses from i to i + 1 */
			sum += 2 * below * (n - below);
			break;
		case KAPPA_QUADRATIC:
			sum += 2 * n * count[i] * d * d;
			break;
		}
	}
	return sum;
}

double agreement_kappa_pairs(const uint32_t *a, const uint32_t *b, size_t n,
			     size_t k, enum agreement_weights w)
{
	double *count = calloc(k + 1, sizeof(*count)); /* allowed: freed here */
	double seen = 0, all = 2 * (double)n, expected;

	CHECK(count);
	for (size_t i = 0; i < n; i++) {
		CHECK(a[i] < k && b[i] < k);
		count[a[i]]++;
		count[b[i]]++;
		seen += 2 * apart(a[i], b[i], w);
	}
	expected = n > 0 ? all_apart(count, k, all, w) : 0;
	free(count);
	return expected > 0 ? 1 - seen * all / expected : NAN;
}

/* Sums of squares of an n x k table, around its means. */
struct squares {
	double all, units, judges;
};

static struct squares squares(const double *x, size_t n, size_t k)
{
	struct squares s = { 0 };
	double grand = 0;

	for (size_t i = 0; i < n * k; i++)
		grand += x[i] / (double)(n * k);
	for (size_t i = 0; i < n; i++) {
		double m = 0;

		for (size_t j = 0; j < k; j++) {
			double d = x[i * k + j] - grand;

			m += d / (double)k;
			s.all += d * d;
		}
		s.units += (double)k * m * m;
	}
	for (size_t j = 0; j < k; j++) {
		double m = 0;

		for (size_t i = 0; i < n; i++)
			m += (x[i * k + j] - grand) / (double)n;
		s.judges += (double)n * m * m;
	}
	return s;
}

bool agreement_icc(const double *x, size_t n, size_t k,
		   struct agreement_icc *out)
{
	double un = (double)n, ju = (double)k, b, w, j, e;
	struct squares s;

	if (n < 2 || k < 2)
		return false;
	s = squares(x, n, k);
	if (!isfinite(s.all) || s.all <= 0)
		return false;
	b = s.units / (un - 1);
	w = fmax(0, s.all - s.units) / (un * (ju - 1));
	j = s.judges / (ju - 1);
	e = fmax(0, s.all - s.units - s.judges) / ((un - 1) * (ju - 1));
	*out = (struct agreement_icc){
		.bms = b,
		.wms = w,
		.jms = j,
		.ems = e,
		.one_1 = (b - w) / (b + (ju - 1) * w),
		.two_1 = (b - e) / (b + (ju - 1) * e + ju * (j - e) / un),
		.three_1 = (b - e) / (b + (ju - 1) * e),
		.one_k = (b - w) / b,
		.two_k = (b - e) / (b + (j - e) / un),
		.three_k = (b - e) / b,
	};
	return true;
}

void agreement_wilson(int64_t passed, int64_t n, double confidence, double *lo,
		      double *hi)
{
	double z, m = (double)n, p, middle, half;

	*lo = 0;
	*hi = 1;
	if (n <= 0)
		return;
	z = estimate_normal_quantile((1 + confidence) / 2);
	p = (double)passed / m;
	middle = (p + z * z / (2 * m)) / (1 + z * z / m);
	half = z / (1 + z * z / m) *
	       sqrt(p * (1 - p) / m + z * z / (4 * m * m));
	/* At its ends the interval is exact; rounding is not. */
	*lo = passed <= 0 ? 0 : fmax(0, middle - half);
	*hi = passed >= n ? 1 : fmin(1, middle + half);
}
