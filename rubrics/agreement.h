/*
 * agreement: how far judges agree, from their scores. Missing scores are NaN.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum agreement_weights { KAPPA_UNWEIGHTED, KAPPA_LINEAR, KAPPA_QUADRATIC };
/* Cohen 1968, from a k x k table of counts, row-major. NaN: undefined. */
double agreement_kappa(const double *table, size_t k, enum agreement_weights w);
/*
 * Of pairs of scores of the same thing by two judges (order of a pair does not
 * matter: each counts both ways), on categories 0..k-1.
 */
double agreement_kappa_pairs(const uint32_t *a, const uint32_t *b, size_t n,
			     size_t k, enum agreement_weights w);

enum agreement_level {
	ALPHA_NOMINAL,
	ALPHA_ORDINAL,
	ALPHA_INTERVAL,
	ALPHA_RATIO
};
struct agreement_rating {
	uint32_t unit, judge;
	double score;
};
/* Krippendorff's alpha. NaN: nothing to compare, or nobody differs. */
double agreement_alpha(const struct agreement_rating *r, size_t n,
		       enum agreement_level level);

/* Shrout and Fleiss 1979; n units x k judges, row-major, complete. */
struct agreement_icc {
	double bms, wms, jms, ems;
	double one_1, two_1, three_1, one_k, two_k, three_k;
};
bool agreement_icc(const double *x, size_t n, size_t k,
		   struct agreement_icc *out);

/* Wilson's score interval of passed / n at this confidence (0.95). */
void agreement_wilson(int64_t passed, int64_t n, double confidence, double *lo,
		      double *hi);
