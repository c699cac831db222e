#include "rubrics/agreement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "rubrics/agreement_report.h"

static void near(double got, double want, double off)
{
	if (!(fabs(got - want) <= off))
		fail_msg("%.8f, not %.8f within %g", got, want, off);
}

static double uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 11) + .5) / 9007199254740992.0;
}

static void kappa_of_a_table_is_cohens(void **state)
{
	static const double t[] = { 10, 3, 1,  0, 2, 12, 4, 1,
				    0,	3, 15, 4, 0, 1,	 2, 12 };
	static const double perfect[] = { 3, 0, 0, 5 };
	static const double opposed[] = { 0, 5, 5, 0 };

	(void)state;
	near(agreement_kappa(t, 4, KAPPA_UNWEIGHTED), .595264, 5e-7);
	near(agreement_kappa(t, 4, KAPPA_LINEAR), .702550, 5e-7);
	near(agreement_kappa(t, 4, KAPPA_QUADRATIC), .800304, 5e-7);
	near(agreement_kappa(perfect, 2, KAPPA_LINEAR), 1, 1e-12);
	near(agreement_kappa(opposed, 2, KAPPA_QUADRATIC), -1, 1e-12);
}

static void kappa_without_difference_is_undefined(void **state)
{
	static const double one[] = { 7 }, same[] = { 0, 0, 0, 9 },
			    none[4] = { 0 };
	static const uint32_t a[] = { 1, 1 };

	(void)state;
	assert_true(isnan(agreement_kappa(one, 1, KAPPA_QUADRATIC)));
	assert_true(isnan(agreement_kappa(same, 2, KAPPA_QUADRATIC)));
	assert_true(isnan(agreement_kappa(none, 2, KAPPA_UNWEIGHTED)));
	assert_true(isnan(agreement_kappa(NULL, 0, KAPPA_LINEAR)));
	assert_true(isnan(agreement_kappa_pairs(a, a, 2, 3, KAPPA_LINEAR)));
	assert_true(isnan(agreement_kappa_pairs(a, a, 0, 3, KAPPA_LINEAR)));
}

/* The table in which each pair stands both ways. */
static void kappa_of_pairs_is_kappa_of_the_table_both_ways(void **state)
{
	enum { N = 500, K = 7 };
	static uint32_t a[N], b[N];
	static double t[K * K];
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 11);
	for (int i = 0; i < N; i++) {
		a[i] = (uint32_t)rng_below(&rng.rng, K);
		b[i] = rng_below(&rng.rng, 3)
			       ? a[i]
			       : (uint32_t)rng_below(&rng.rng, K);
		t[a[i] * K + b[i]]++;
		t[b[i] * K + a[i]]++;
	}
	for (int w = KAPPA_UNWEIGHTED; w <= KAPPA_QUADRATIC; w++) {
		double k = agreement_kappa(t, K, (enum agreement_weights)w);

		assert_true(k > .5 && k < .8);
		near(agreement_kappa_pairs(a, b, N, K,
					   (enum agreement_weights)w),
		     k, 1e-12);
		near(agreement_kappa_pairs(b, a, N, K,
					   (enum agreement_weights)w),
		     k, 1e-12);
	}
}

/* Four observers, twelve units, with gaps (Krippendorff's example). */
static size_t example(struct agreement_rating *r)
{
	static const double of[4][12] = {
		{ 1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN },
		{ 1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3 },
		{ NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN },
		{ 1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN },
	};
	size_t n = 0;

	for (uint32_t j = 0; j < 4; j++)
		for (uint32_t u = 0; u < 12; u++)
			r[n++] =
				(struct agreement_rating){ u * 7, j, of[j][u] };
	return n;
}

static void alpha_is_krippendorffs(void **state)
{
	struct agreement_rating r[48];
	size_t n = example(r);

	(void)state;
	near(agreement_alpha(r, n, ALPHA_NOMINAL), .7434, 5e-5);
	near(agreement_alpha(r, n, ALPHA_ORDINAL), .8154, 5e-5);
	near(agreement_alpha(r, n, ALPHA_INTERVAL), .8491, 5e-5);
	near(agreement_alpha(r, n, ALPHA_RATIO), .7974, 5e-5);
}

/* Alpha by its definition: every pair of ratings. */
static double slow_alpha(const struct agreement_rating *r, size_t n,
			 enum agreement_level level)
{
	double in = 0, all = 0, kept = 0;
	static double m[1000], below[1000], same[1000];

	for (size_t i = 0; i < n; i++) {
		m[i] = 0;
		for (size_t j = 0; j < n; j++)
			m[i] += r[j].unit == r[i].unit;
		kept += m[i] > 1;
	}
	for (size_t i = 0; i < n; i++) {
		below[i] = same[i] = 0;
		for (size_t j = 0; j < n; j++) {
			below[i] += m[j] > 1 && r[j].score < r[i].score;
			same[i] += m[j] > 1 && r[j].score == r[i].score;
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double a = r[i].score, b = r[j].score, d = 0;

			if (m[i] < 2 || m[j] < 2 || a == b)
				continue;
			if (level == ALPHA_NOMINAL)
				d = 1;
			else if (level == ALPHA_ORDINAL)
				d = below[i] + same[i] / 2 - below[j] -
				    same[j] / 2;
			else if (level == ALPHA_INTERVAL)
				d = a - b;
			else
				d = (a - b) / (a + b);
			all += d * d;
			if (r[i].unit == r[j].unit)
				in += d * d / (m[i] - 1);
		}
	return 1 - (kept - 1) * in / all;
}

static void alpha_by_counts_is_alpha_by_pairs(void **state)
{
	enum { N = 600 };
	static struct agreement_rating r[N];
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 12);
	for (uint32_t i = 0; i < N; i++) {
		uint32_t u = (uint32_t)rng_below(&rng.rng, 250);

		/* Some of few values, some of many. */
		r[i] = (struct agreement_rating){
			u, i, u % 9 + floor(6 * uniform(&rng.rng))
		};
		if (i % 3 == 0)
			r[i].score += uniform(&rng.rng);
	}
	for (int l = ALPHA_NOMINAL; l <= ALPHA_RATIO; l++) {
		double a = agreement_alpha(r, N, (enum agreement_level)l);

		near(a, slow_alpha(r, N, (enum agreement_level)l), 1e-10);
		assert_true(a > (l == ALPHA_NOMINAL ? .01 : .3) && a < .9);
	}
}

static void alpha_of_nothing_to_compare_is_undefined(void **state)
{
	static const struct agreement_rating lone[] = {
		{ 1, 1, 2 }, { 2, 1, 3 }, { 3, 2, NAN }, { 3, 1, 1 }
	};
	static const struct agreement_rating same[] = {
		{ 1, 1, 2 }, { 1, 2, 2 }, { 2, 1, 2 }, { 2, 2, 2 }, { 3, 1, 9 }
	};
	static const struct agreement_rating below[] = {
		{ 1, 1, -1 }, { 1, 2, 3 }, { 2, 1, 0 }, { 2, 2, 0 }
	};

	(void)state;
	for (int l = ALPHA_NOMINAL; l <= ALPHA_RATIO; l++) {
		enum agreement_level level = (enum agreement_level)l;

		assert_true(isnan(agreement_alpha(NULL, 0, level)));
		assert_true(isnan(agreement_alpha(lone, 4, level)));
		assert_true(isnan(agreement_alpha(same, 5, level)));
	}
	assert_true(isnan(agreement_alpha(below, 4, ALPHA_RATIO)));
	assert_true(isfinite(agreement_alpha(below, 4, ALPHA_INTERVAL)));
}

/* As many values as ratings: the merged ones give the same. */
static void a_million_ratings_take_no_quadratic_time(void **state)
{
	enum { N = 1000000 };
	struct agreement_rating *r = malloc(N * sizeof(*r));
	struct rng_seeded rng;

	(void)state;
	assert_non_null(r);
	rng_seeded_from(&rng, 13);
	/* Truth and error are uniform and alike: alpha is 1/2. */
	for (uint32_t i = 0, u = 0; i < N; u++) {
		double truth = uniform(&rng.rng);

		for (uint32_t j = 0; j < 4; j++, i++)
			r[i] = (struct agreement_rating){
				u, j, 5 + truth + uniform(&rng.rng)
			};
	}
	near(agreement_alpha(r, N, ALPHA_INTERVAL), .5, .003);
	near(agreement_alpha(r, N, ALPHA_ORDINAL), .5, .02);
	near(agreement_alpha(r, N, ALPHA_RATIO),
	     agreement_alpha(r, N, ALPHA_INTERVAL), .003);
	near(agreement_alpha(r, N, ALPHA_NOMINAL), 0, 1e-5);
	free(r);
}

static void icc_is_that_of_shrout_and_fleiss(void **state)
{
	static const double x[] = { 9, 2, 5, 8, 6,  1, 3, 2, 8, 4, 6, 8,
				    7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7 };
	static const double same[] = { 3, 3, 3, 3 };
	static const double gap[] = { 3, NAN, 1, 2 };
	struct agreement_icc i;

	(void)state;
	assert_true(agreement_icc(x, 6, 4, &i));
	near(i.bms, 11.2417, 5e-5);
	near(i.wms, 6.2639, 5e-5);
	near(i.jms, 32.4861, 5e-5);
	near(i.ems, 1.0194, 5e-5);
	near(i.one_1, .1657, 5e-5);
	near(i.two_1, .2898, 5e-5);
	near(i.three_1, .7148, 5e-5);
	near(i.one_k, .4428, 5e-5);
	near(i.two_k, .6201, 5e-5);
	near(i.three_k, .9093, 5e-5);
	assert_false(agreement_icc(x, 1, 4, &i));
	assert_false(agreement_icc(x, 4, 1, &i));
	assert_false(agreement_icc(same, 2, 2, &i));
	assert_false(agreement_icc(gap, 2, 2, &i));
}

/* The ends are the roots of (p - passed/n)^2 = z^2 p (1 - p) / n. */
static void wilsons_interval_solves_its_equation(void **state)
{
	static const double z = 1.959963984540054;
	double lo, hi, ends[2];

	(void)state;
	agreement_wilson(37, 50, .95, &lo, &hi);
	assert_true(lo < .74 && hi > .74);
	ends[0] = lo;
	ends[1] = hi;
	for (int i = 0; i < 2; i++)
		near((ends[i] - .74) * (ends[i] - .74),
		     z * z * ends[i] * (1 - ends[i]) / 50, 1e-9);
	agreement_wilson(0, 10, .95, &lo, &hi);
	near(lo, 0, 0);
	near(hi, z * z / (10 + z * z), 1e-9);
	agreement_wilson(10, 10, .95, &lo, &hi);
	near(hi, 1, 0);
	near(lo, 10 / (10 + z * z), 1e-9);
	agreement_wilson(0, 0, .95, &lo, &hi);
	near(lo, 0, 0);
	near(hi, 1, 0);
}

static void a_report_counts_and_compares_all_pairs(void **state)
{
	/* Units 5: 1 2 2, 6: 4 4, 7: 1 alone; by places 0 1 2. */
	static const struct agreement_rating r[] = {
		{ 5, 1, 1 }, { 6, 2, 4 }, { 5, 2, 2 },	 { 7, 1, 1 },
		{ 6, 1, 4 }, { 5, 3, 2 }, { 7, 2, NAN },
	};
	/* 0-1 four times of eight, both ways; 1-1 twice; 2-2 twice. */
	static const double t[] = { 0, 2, 0, 2, 2, 0, 0, 0, 2 };
	struct agreement_report a;

	(void)state;
	agreement_report(r, 7, &a);
	assert_int_equal(a.units, 3);
	assert_int_equal(a.judges, 3);
	assert_int_equal(a.ratings, 6);
	near(a.pairs, 4, 0);
	assert_int_equal(a.categories, 3);
	near(a.kappa_quadratic, agreement_kappa(t, 3, KAPPA_QUADRATIC), 1e-12);
	near(a.kappa_linear, agreement_kappa(t, 3, KAPPA_LINEAR), 1e-12);
	near(a.alpha[ALPHA_INTERVAL], agreement_alpha(r, 7, ALPHA_INTERVAL),
	     1e-12);
	assert_false(a.complete || a.weak);
	agreement_report(NULL, 0, &a);
	assert_int_equal(a.units, 0);
	assert_true(isnan(a.kappa_quadratic) && isnan(a.alpha[ALPHA_ORDINAL]));
	assert_false(a.complete || a.weak);
}

static void a_complete_table_has_an_icc_and_a_gap_takes_it(void **state)
{
	static const double x[] = { 9, 2, 5, 8, 6,  1, 3, 2, 8, 4, 6, 8,
				    7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7 };
	struct agreement_rating r[24];
	struct agreement_report a;

	(void)state;
	for (uint32_t i = 0; i < 24; i++) /* judge after judge */
		r[i] = (struct agreement_rating){ i % 6, i / 6,
						  x[i % 6 * 4 + i / 6] };
	agreement_report(r, 24, &a);
	assert_true(a.complete);
	near(a.icc.two_1, .2898, 5e-5);
	near(a.pairs, 36, 0);
	assert_true(a.weak && a.kappa_quadratic < .2);
	r[5].judge = 1; /* twice one judge, and one has a gap */
	agreement_report(r, 24, &a);
	assert_false(a.complete);
	r[5].judge = 0;
	r[5].score = NAN;
	agreement_report(r, 24, &a);
	assert_false(a.complete);
}

static void kappa_is_of_few_categories(void **state)
{
	static struct agreement_rating r[102];
	struct agreement_report a;

	(void)state;
	for (uint32_t i = 0; i < 102; i++)
		r[i] = (struct agreement_rating){ i / 2, i % 2, i / 2 };
	agreement_report(r, 100, &a);
	near(a.kappa_linear, 1, 1e-12);
	agreement_report(r, 102, &a);
	assert_int_equal(a.categories, 51);
	assert_true(isnan(a.kappa_linear) && isnan(a.kappa_quadratic));
	assert_false(a.weak);
	near(a.alpha[ALPHA_NOMINAL], 1, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kappa_of_a_table_is_cohens),
		cmocka_unit_test(kappa_without_difference_is_undefined),
		cmocka_unit_test(
			kappa_of_pairs_is_kappa_of_the_table_both_ways),
		cmocka_unit_test(alpha_is_krippendorffs),
		cmocka_unit_test(alpha_by_counts_is_alpha_by_pairs),
		cmocka_unit_test(alpha_of_nothing_to_compare_is_undefined),
		cmocka_unit_test(a_million_ratings_take_no_quadratic_time),
		cmocka_unit_test(icc_is_that_of_shrout_and_fleiss),
		cmocka_unit_test(wilsons_interval_solves_its_equation),
		cmocka_unit_test(a_report_counts_and_compares_all_pairs),
		cmocka_unit_test(
			a_complete_table_has_an_icc_and_a_gap_takes_it),
		cmocka_unit_test(kappa_is_of_few_categories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
