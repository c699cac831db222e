/* What a normal posterior says. */
#include <math.h>

#include "base/err.h"
#include "rubrics/estimate.h"

#define SQRT_HALF 0.70710678118654752440
#define SQRT_2PI 2.50662827463100050242

double estimate_normal_cdf(double x)
{
	return 0.5 * erfc(-x * SQRT_HALF);
}

/*
 * Of p <= 0.5. The start is Abramowitz and Stegun 26.2.23, right to 4.5e-4;
 * each step of Halley's then triples the digits.
 */
static double lower_quantile(double p)
{
	double t = sqrt(-2 * log(p));
	double x =
		(2.515517 + t * (0.802853 + t * 0.010328)) /
			(1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
		t;

	for (int i = 0; i < 3; i++) {
		double u = (estimate_normal_cdf(x) - p) * SQRT_2PI *
			   exp(0.5 * x * x);

		x -= u / (1 + 0.5 * x * u);
	}
	return x;
}

double estimate_normal_quantile(double p)
{
	CHECK(p > 0 && p < 1);
	return p <= 0.5 ? lower_quantile(p) : -lower_quantile(1 - p);
}

void estimate_interval(double mean, double sd, double mass, double *lo,
		       double *hi)
{
	double half = sd * estimate_normal_quantile(0.5 + 0.5 * mass);

	*lo = mean - half;
	*hi = mean + half;
}

double estimate_wrong_side(double mean, double sd, double mark)
{
	return estimate_normal_cdf(-fabs(mean - mark) / sd);
}

bool estimate_enough(const struct estimate *s, uint32_t least, uint32_t most,
		     double mark, double risk)
{
	if (s->n < least)
		return false;
	return s->n >= most ||
	       estimate_wrong_side(s->mean, s->interval_sd, mark) < risk;
}
