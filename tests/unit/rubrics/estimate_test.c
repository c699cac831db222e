/* True scores from grades: worked examples, the fixpoint, what moves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate_world.h"

#define NEAR(a, b, by) assert_true(fabs((a) - (b)) <= (by))

/*
 * Four works, four graders who do not grade their own. With precision 1 the
 * posterior is Gaussian, and the figures are the solution of one linear
 * system; with a0 = b0 = 2 they are the variational fixpoint. Both were
 * computed by another program.
 */
static void example(struct sheet *s)
{
	static const double z[4][4] = { { -1, 7, 9, 5 },
					{ 5, -1, 7, 8 },
					{ 8, 7, -1, 3 },
					{ 6, 4, 8, -1 } };

	*s = (struct sheet){ .artifacts = 4, .reviewers = 4 };
	for (size_t u = 0; u < 4; u++)
		for (size_t v = 0; v < 4; v++)
			if (u != v)
				sheet_add(s, u, v, z[u][v]);
}

struct row {
	double s, var, b, tau;
};

static void is_as_computed(double a0, const struct row *want)
{
	static struct sheet sh;
	struct estimate_priors p = { 6.5, .5, 1, a0, a0, 0 };
	struct estimator *e;

	example(&sh);
	e = sheet_load(&sh, &p);
	assert_int_equal(estimator_settle(e, 0), 0);
	for (uint32_t i = 0; i < 4; i++) {
		struct estimate g;
		struct estimate_reviewer r;

		estimator_get(e, i, &g);
		estimator_get_reviewer(e, i, &r);
		NEAR(g.mean, want[i].s, 6e-7);
		NEAR(r.bias, want[i].b, 6e-7);
		NEAR(r.precision, want[i].tau, 6e-7);
		if (want[i].var > 0)
			NEAR(g.sd * g.sd, want[i].var, 6e-7);
	}
	estimator_free(e);
}

static void with_known_precision_it_is_the_gaussian_posterior(void **state)
{
	(void)state;
	/* The variances of the mean field are not the posterior's: see below.
	 */
	is_as_computed(1e10, (struct row[]){ { 6.969231, 0, .042308, 1 },
					     { 6.584615, 0, -.303846, 1 },
					     { 6.430769, 0, 1.157692, 1 },
					     { 5.815385, 0, -.996154, 1 } });
}

static void with_unknown_precision_it_is_the_fixpoint(void **state)
{
	(void)state;
	is_as_computed(
		2, (struct row[]){ { 7.263658, .376574, .012718, .960418 },
				   { 5.862786, .364535, -.566706, .872718 },
				   { 7.152788, .389435, 1.249469, 1.048110 },
				   { 5.933032, .295749, -.589349, .234690 } });
}

static void means_medians_and_spreads_are_plain(void **state)
{
	static const double means[] = { 7, 20 / 3., 6, 6 };
	static const double medians[] = { 7, 7, 7, 6 };
	static const double spreads[] = { 4, 3, 5, 4 };
	static struct sheet sh;
	struct estimate_priors p = { 6.5, .5, 1, 2, 2, 0 };
	struct estimator *e;
	struct estimate g;

	(void)state;
	example(&sh);
	e = sheet_load(&sh, &p);
	for (uint32_t i = 0; i < 4; i++) {
		estimator_get(e, i, &g);
		NEAR(g.plain_mean, means[i], 1e-12);
		assert_true(g.plain_median == medians[i]);
		assert_true(g.spread == spreads[i]);
		assert_int_equal(g.n, 3);
	}
	/* Even: the mean of the middle two, 5 and 7 of 5 7 9 without one. */
	estimator_count(e, 1, false); /* the 9 of the first */
	estimator_get(e, 0, &g);
	assert_true(g.plain_median == 6 && g.plain_mean == 6 && g.spread == 2);
	estimator_count(e, 0, false);
	estimator_count(e, 2, false);
	estimator_get(e, 0, &g);
	assert_int_equal(g.n, 0);
	assert_true(g.plain_mean == 0 && g.plain_median == 0 && g.spread == 0);
	estimator_free(e);
}

static void people(struct estimator *e, int artifacts, int reviewers)
{
	while (artifacts--)
		estimator_artifact(e);
	while (reviewers--)
		estimator_reviewer(e);
}

static void many_grades_of_one_work_have_a_median_too(void **state)
{
	struct estimator *e = estimator_new(&estimate_priors_unit);
	struct estimate g;

	(void)state;
	estimator_artifact(e);
	for (uint32_t i = 0; i < 1001; i++)
		estimator_grade(e, 0, estimator_reviewer(e),
				(i * 7919 % 1001) / 1000.);
	estimator_get(e, 0, &g);
	assert_int_equal(g.n, 1001);
	NEAR(g.plain_median, .5, 1e-12);
	NEAR(g.plain_mean, .5, 1e-12);
	estimator_free(e);
}

/* ---- the fixpoint ---- */

static const struct estimate_priors some = {
	.mu = .6, .gamma = 40, .eta = 90, .a0 = 2, .b0 = .03, .bias = .02
};

static void sheet_by_seed(struct sheet *s, uint64_t seed, size_t n, size_t k)
{
	struct rng_seeded rs;

	rng_seeded_from(&rs, seed);
	sheet_random(s, &rs.rng, n, k);
}

static void batch_and_one_by_one_come_to_the_equations(void **state)
{
	static struct sheet sh;
	static struct solution x;

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct rng_seeded rs;
		struct estimator *batch, *one;
		double far_batch, far_one;
		size_t k = 1 + seed % 6;

		rng_seeded_from(&rs, seed);
		sheet_random(&sh, &rs.rng, 60, k);
		sh.anchors = seed % 3;
		for (size_t i = 0; i < sh.anchors; i++) {
			sh.anchor[i].artifact = (uint32_t)(i * 7);
			sh.anchor[i].score = .5;
			sh.anchor[i].precision = 400;
		}
		plain_solve(&sh, &some, &x);
		batch = sheet_load(&sh, &some);
		assert_int_equal(estimator_settle(batch, 0), 0);
		one = sheet_people(&sh, &some);
		for (size_t i = sh.n; i > 1; i--) { /* a random order */
			size_t j = rng_below(&rs.rng, i);
			struct estimate_grade t = sh.g[j];

			sh.g[j] = sh.g[i - 1];
			sh.g[i - 1] = t;
		}
		for (size_t i = 0; i < sh.n; i++) {
			estimator_grade(one, sh.g[i].artifact, sh.g[i].reviewer,
					sh.g[i].score);
			assert_int_equal(estimator_settle(one, 0), 0);
		}
		far_batch = far_from(batch, &sh, &x);
		far_one = far_from(one, &sh, &x);
		if (far_batch > 1e-8 || far_one > 1e-8)
			fail_msg("seed %llu: %g in one go, %g one by one",
				 (unsigned long long)seed, far_batch, far_one);
		estimator_free(batch);
		estimator_free(one);
	}
}

static void a_budget_leaves_the_rest_in_line(void **state)
{
	static struct sheet sh;
	static struct solution x;
	struct estimator *e;
	size_t waits, calls = 0;

	(void)state;
	sheet_by_seed(&sh, 3, 100, 4);
	plain_solve(&sh, &some, &x);
	e = sheet_load(&sh, &some);
	waits = estimator_settle(e, 1);
	/* Of 100 works and 100 reviewers, some without a review. */
	assert_true(waits > 180 && waits < 200);
	while (waits > 0 && calls++ < 100000)
		waits = estimator_settle(e, 7);
	assert_int_equal(waits, 0);
	assert_true(calls > 30);
	assert_true(far_from(e, &sh, &x) < 1e-8);
	estimator_free(e);
}

/* Whatever else waits: who was just graded is looked at first. */
static void what_was_just_graded_goes_first(void **state)
{
	static struct sheet sh;
	struct estimator *e;
	struct estimate before, after;

	(void)state;
	sheet_by_seed(&sh, 4, 300, 4);
	e = sheet_load(&sh, &some);
	estimator_settle(e, 0);
	estimator_grade(e, 0, 200, 1);
	assert_true(estimator_settle(e, 20) > 0); /* it spreads */
	estimator_get(e, 150, &before);
	estimator_grade(e, 150, 7, 1);
	estimator_settle(e, 2);
	estimator_get(e, 150, &after);
	assert_true(after.mean > before.mean + .01);
	assert_true(after.sd < before.sd);
	estimator_free(e);
}

static void a_grade_taken_away_and_back_changes_nothing(void **state)
{
	static struct sheet sh;
	static struct solution with, without;
	struct estimator *e;

	(void)state;
	sheet_by_seed(&sh, 5, 80, 3);
	plain_solve(&sh, &some, &with);
	for (size_t i = 0; i < sh.n; i += 5)
		sh.counts[i] = false;
	plain_solve(&sh, &some, &without);
	memset(sh.counts, true, sizeof(sh.counts));
	e = sheet_load(&sh, &some);
	estimator_settle(e, 0);
	for (size_t i = 0; i < sh.n; i += 5) {
		estimator_count(e, (uint32_t)i, false);
		estimator_count(e, (uint32_t)i, false); /* no change */
	}
	estimator_settle(e, 0);
	assert_true(far_from(e, &sh, &without) < 1e-8);
	assert_true(far_from(e, &sh, &with) > 1e-3);
	for (size_t i = 0; i < sh.n; i += 5)
		estimator_count(e, (uint32_t)i, true);
	estimator_settle(e, 0);
	assert_true(far_from(e, &sh, &with) < 1e-8);
	estimator_free(e);
}

static void other_priors_come_to_their_own_fixpoint(void **state)
{
	struct estimate_priors other = {
		.mu = .5, .gamma = 10, .eta = 300, .a0 = 3, .b0 = .02
	};
	static struct sheet sh;
	static struct solution x;
	struct estimator *e;

	(void)state;
	sheet_by_seed(&sh, 6, 80, 3);
	plain_solve(&sh, &other, &x);
	e = sheet_load(&sh, &some);
	estimator_settle(e, 0);
	estimator_use(e, &other);
	assert_true(estimator_priors(e)->gamma == 10);
	assert_int_equal(estimator_settle(e, 0), 0);
	assert_true(far_from(e, &sh, &x) < 1e-8);
	estimator_free(e);
}

/* One life of an estimator, with all that may happen to it. */
static void live(uint64_t seed, struct estimate *out,
		 struct estimate_reviewer *rev)
{
	static struct sheet sh;
	struct rng_seeded rs;
	struct estimator *e;
	struct estimate_priors p;

	rng_seeded_from(&rs, seed);
	sheet_random(&sh, &rs.rng, 50, 4);
	e = sheet_people(&sh, &some);
	for (size_t i = 0; i < sh.n; i++) {
		estimator_grade(e, sh.g[i].artifact, sh.g[i].reviewer,
				sh.g[i].score);
		estimator_settle(e, 1 + rng_below(&rs.rng, 30));
		if (rng_below(&rs.rng, 5) == 0)
			estimator_count(e, (uint32_t)rng_below(&rs.rng, i + 1),
					rng_below(&rs.rng, 2));
		if (rng_below(&rs.rng, 20) == 0)
			estimator_anchor(e, sh.g[i].artifact, .6, 500);
	}
	assert_true(estimator_fit(e, &p));
	estimator_use(e, &p);
	estimator_settle(e, 0);
	for (uint32_t i = 0; i < 50; i++) {
		estimator_get(e, i, &out[i]);
		estimator_get_reviewer(e, i, &rev[i]);
	}
	estimator_free(e);
}

static void the_same_calls_give_the_same_bits(void **state)
{
	struct estimate a[50], b[50];
	struct estimate_reviewer ra[50], rb[50];

	(void)state;
	/* What is between members is compared, too. */
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	memset(ra, 0, sizeof(ra));
	memset(rb, 0, sizeof(rb));
	live(7, a, ra);
	live(7, b, rb);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_equal(ra, rb, sizeof(ra));
	live(8, b, rb);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* ---- reviewers ---- */

static void a_copy_goes_on_bit_for_bit(void **state)
{
	static struct sheet s;
	struct estimator *e, *c;
	struct estimate x, y;

	(void)state;
	example(&s);
	e = sheet_load(&s, &estimate_priors_unit);
	estimator_settle(e, 3);
	c = estimator_copy(e);
	for (int i = 0; i < 2; i++) {
		struct estimator *at = i ? c : e;

		estimator_grade(at, 0, estimator_reviewer(at), 9);
		estimator_anchor(at, 1, 4, 10);
		estimator_settle(at, 0);
	}
	for (uint32_t u = 0; u < s.artifacts; u++) {
		estimator_get(e, u, &x);
		estimator_get(c, u, &y);
		assert_memory_equal(&x.mean, &y.mean, sizeof(x.mean));
		assert_memory_equal(&x.sd, &y.sd, sizeof(x.sd));
	}
	estimator_anchor(c, 0, 0, 1e6);
	estimator_settle(c, 0);
	estimator_get(e, 0, &y);
	estimator_get(c, 0, &x);
	assert_true(x.mean < y.mean);
	estimator_free(e);
	estimator_free(c);
}

static void who_gives_all_the_same_keeps_a_finite_weight(void **state)
{
	struct estimator *e = estimator_new(&estimate_priors_unit);
	struct estimate_reviewer r, other;

	(void)state;
	people(e, 40, 4);
	for (uint32_t u = 0; u < 40; u++) {
		estimator_grade(e, u, 0, .7);
		for (uint32_t v = 1; v < 4; v++)
			estimator_grade(e, u, v, .5 + .01 * u);
	}
	estimator_settle(e, 0);
	estimator_get_reviewer(e, 0, &r);
	estimator_get_reviewer(e, 1, &other);
	assert_true(r.discrimination < .01);
	assert_true(other.discrimination > .9 && other.discrimination < 1.4);
	assert_true(r.precision > 0 && r.precision < 1e4);
	/* He who agrees with all exactly has no more than the prior allows. */
	assert_true(isfinite(other.precision));
	assert_true(other.precision <= (2 + 20) / estimate_priors_unit.b0);
	assert_true(other.precision > 5 * r.precision);
	estimator_free(e);
}

static void all_the_same_from_all_stays_finite(void **state)
{
	struct estimate_grade g[40];
	struct estimate_priors p;
	struct estimator *e;
	struct estimate_reviewer r;
	struct estimate s;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		g[i] = (struct estimate_grade){ i / 4, i % 4, .8 };
	assert_true(estimate_priors_fit(g, 40, &p));
	assert_true(isfinite(p.gamma) && isfinite(p.eta) && p.b0 > 0);
	NEAR(p.mu, .8, 1e-12);
	e = estimator_new(&p);
	people(e, 10, 4);
	for (uint32_t i = 0; i < 40; i++)
		estimator_grade(e, g[i].artifact, g[i].reviewer, g[i].score);
	assert_int_equal(estimator_settle(e, 0), 0);
	estimator_get(e, 3, &s);
	estimator_get_reviewer(e, 0, &r);
	NEAR(s.mean, .8, 1e-9);
	assert_true(s.sd > 0 && isfinite(r.precision));
	assert_true(r.discrimination == 1);
	estimator_free(e);
}

static void one_or_two_reviews_say_little_of_a_reviewer(void **state)
{
	struct estimate_priors p = estimate_priors_unit;
	struct estimator *e = estimator_new(&p);
	struct estimate_reviewer none, one;
	double prior = p.a0 / p.b0;

	(void)state;
	people(e, 1, 2);
	estimator_grade(e, 0, 1, .9);
	estimator_settle(e, 0);
	estimator_get_reviewer(e, 0, &none);
	estimator_get_reviewer(e, 1, &one);
	assert_true(none.n == 0 && none.bias == 0 && none.precision == prior);
	assert_true(one.n == 1 && one.discrimination == 1);
	assert_true(one.precision > .6 * prior && one.precision < 1.3 * prior);
	assert_true(one.bias > 0 && one.bias < .1);
	assert_true(one.bias_sd < none.bias_sd);
	estimator_free(e);
}

static void a_residual_is_in_units_of_what_was_to_be_expected(void **state)
{
	static struct sheet sh;
	struct estimator *e;
	double squares = 0, plain;
	uint32_t odd;

	(void)state;
	sheet_by_seed(&sh, 9, 200, 6);
	e = sheet_load(&sh, &some);
	odd = estimator_grade(e, 5, 6, 0);
	estimator_settle(e, 0);
	for (uint32_t i = 0; i < sh.n; i++)
		squares += pow(estimator_residual(e, i), 2);
	plain = sqrt(squares / (double)sh.n);
	assert_true(plain > .5 && plain < 1.2);
	assert_true(estimator_residual(e, odd) < -1.5);
	estimator_free(e);
}

/* ---- anchors ---- */

static void an_anchor_moves_its_work_and_those_who_judged_it(void **state)
{
	/* Weights that hardly move: who is further off has more bias. */
	struct estimate_priors p = { .6, 40, 90, 2000, 20, 0 };
	static struct sheet sh;
	struct estimator *e;
	struct estimate before, after, next_before, next_after;
	struct estimate_reviewer r_before, r_after;
	uint32_t v, next = 0, a;

	(void)state;
	sheet_by_seed(&sh, 10, 60, 3);
	v = sh.g[0].reviewer; /* of work 0 */
	for (size_t i = 3; i < sh.n && !next; i++)
		next = sh.g[i].reviewer == v ? sh.g[i].artifact : 0;
	assert_true(next != 0);
	e = sheet_load(&sh, &p);
	estimator_settle(e, 0);
	estimator_get(e, 0, &before);
	estimator_get(e, next, &next_before);
	estimator_get_reviewer(e, v, &r_before);
	a = estimator_anchor(e, 0, before.mean + .1, 2500);
	estimator_settle(e, 0);
	estimator_get(e, 0, &after);
	estimator_get(e, next, &next_after);
	estimator_get_reviewer(e, v, &r_after);
	assert_true(after.mean > before.mean + .06 && after.sd < .02);
	assert_true(after.n == before.n);
	assert_true(r_after.bias < r_before.bias - .01);
	assert_true(next_after.mean > next_before.mean + .0005);
	estimator_count_anchor(e, a, false);
	estimator_settle(e, 0);
	estimator_get(e, 0, &after);
	NEAR(after.mean, before.mean, 1e-8);
	estimator_free(e);
}

/* A course as the model has it, with its priors, and with those of its grades.
 */
static void nine_in_ten_intervals_hold_the_truth(void **state)
{
	enum { N = 3000, K = 3 };
	static double s[N], b[N], sd[N];
	struct estimate_priors p = estimate_priors_unit;
	struct estimator *e = estimator_new(&p);
	struct rng_seeded rs;

	(void)state;
	rng_seeded_from(&rs, 12);
	people(e, N, N);
	for (uint32_t i = 0; i < N; i++) {
		s[i] = p.mu + normal(&rs.rng) / sqrt(p.gamma);
		b[i] = normal(&rs.rng) / sqrt(p.eta);
		/* Gamma(2, b0): a sum of two exponentials. */
		sd[i] = sqrt(p.b0 / -log(uniform(&rs.rng) * uniform(&rs.rng)));
	}
	for (uint32_t i = 0; i < N * K; i++) {
		uint32_t u = i / K, v = (uint32_t)rng_below(&rs.rng, N);

		estimator_grade(e, u, v, s[u] + b[v] + sd[v] * normal(&rs.rng));
	}
	estimator_settle(e, 0);
	NEAR(share_held(e, s, N), .9, .02);
	assert_true(estimator_fit(e, &p));
	estimator_use(e, &p);
	estimator_settle(e, 0);
	NEAR(share_held(e, s, N), .9, .05);
	estimator_free(e);
}

/* ---- parts, priors, the normal distribution ---- */

static void parts_are_what_reviews_connect(void **state)
{
	struct estimator *e = estimator_new(&estimate_priors_unit);
	uint32_t part[6], bridge;

	(void)state;
	people(e, 6, 6);
	assert_int_equal(estimator_parts(e, part), 6);
	estimator_grade(e, 4, 0, .5);
	estimator_grade(e, 2, 0, .5);
	estimator_grade(e, 1, 1, .5);
	estimator_grade(e, 3, 1, .5);
	assert_int_equal(estimator_parts(e, part), 4);
	assert_int_equal(part[0], 0);
	assert_int_equal(part[1], 1);
	assert_int_equal(part[2], 2);
	assert_int_equal(part[3], 1);
	assert_int_equal(part[4], 2);
	assert_int_equal(part[5], 3);
	bridge = estimator_grade(e, 3, 0, .5);
	assert_int_equal(estimator_parts(e, part), 3);
	assert_true(part[4] == part[1]);
	estimator_count(e, bridge, false);
	assert_int_equal(estimator_parts(e, part), 4);
	estimator_free(e);
}

/*
 * Three works, grades 1 3 | 4 6 | 8 8: MSW = (2 + 2 + 0)/3, MSB = 2 x (9 + 0 +
 * 9)/2 = 18, so between = (18 - 4/3)/2.
 */
static void priors_are_by_analysis_of_variance(void **state)
{
	static const struct estimate_grade g[] = {
		{ 0, 0, 1 }, { 0, 1, 3 }, { 1, 0, 4 },
		{ 1, 1, 6 }, { 2, 0, 8 }, { 2, 1, 8 },
	};
	struct estimate_priors p;

	(void)state;
	assert_true(estimate_priors_fit(g, 6, &p));
	NEAR(p.mu, 5, 1e-12);
	NEAR(1 / p.gamma, 25 / 3., 1e-9);
	NEAR(1 / p.eta, .4, 1e-9);
	NEAR(p.b0, 2 * .7 * 4 / 3, 1e-9);
	assert_true(p.a0 == 2 && p.bias == 0);
	assert_false(estimate_priors_fit(g, 0, &p));
	assert_false(estimate_priors_fit(g, 3, &p)); /* only one has two */
	assert_true(estimate_priors_fit(g, 4, &p));
}

static void anchors_tell_what_reviewers_have_in_common(void **state)
{
	static struct sheet sh;
	struct estimator *e;
	struct estimate_priors without, with;

	(void)state;
	sheet_by_seed(&sh, 11, 60, 3);
	e = sheet_load(&sh, &some);
	assert_true(estimator_fit(e, &without));
	assert_true(without.bias == 0);
	for (uint32_t i = 0; i < 20; i++) {
		struct estimate g;

		estimator_get(e, i, &g);
		estimator_anchor(e, i, g.plain_mean + .2, 1e6);
	}
	assert_true(estimator_fit(e, &with));
	/* 20 works with 3 grades each against the one that finds none */
	NEAR(with.bias, -.2 * 60 / 61, 1e-4);
	NEAR(with.mu, without.mu - with.bias, 1e-12);
	for (uint32_t i = 0; i < sh.n; i++)
		estimator_count(e, i, false);
	assert_false(estimator_fit(e, &with));
	estimator_free(e);
}

/* Two-sided 10 %, 5 %, 1 % points, and far out; by another program. */
static void the_normal_distribution_is_right(void **state)
{
	double lo, hi;

	(void)state;
	NEAR(estimate_normal_quantile(.95), 1.6448536269514722, 1e-12);
	NEAR(estimate_normal_quantile(.975), 1.9599639845400545, 1e-12);
	NEAR(estimate_normal_quantile(.005), -2.5758293035489004, 1e-12);
	NEAR(estimate_normal_quantile(.5), 0, 1e-15);
	NEAR(estimate_normal_quantile(1e-12), -7.034483825301131, 1e-9);
	for (double p = 1e-9; p < 1; p += .00737)
		NEAR(estimate_normal_cdf(estimate_normal_quantile(p)), p,
		     1e-13);
	estimate_interval(7, 2, .9, &lo, &hi);
	NEAR(lo, 7 - 2 * 1.6448536269514722, 1e-9);
	NEAR(hi, 7 + 2 * 1.6448536269514722, 1e-9);
	NEAR(estimate_wrong_side(7, 2, 5), .15865525393145707, 1e-12);
	NEAR(estimate_wrong_side(3, 2, 5), .15865525393145707, 1e-12);
}

static void enough_is_between_least_and_most(void **state)
{
	struct estimate far = { .mean = .8, .interval_sd = .1, .n = 2 };
	struct estimate near = { .mean = .55, .interval_sd = .1, .n = 3 };

	(void)state;
	assert_false(estimate_enough(&far, 3, 6, .5, .1));
	far.n = 3;
	assert_true(estimate_enough(&far, 3, 6, .5, .1));
	assert_false(estimate_enough(&near, 3, 6, .5, .1));
	near.n = 6;
	assert_true(estimate_enough(&near, 3, 6, .5, .1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			with_known_precision_it_is_the_gaussian_posterior),
		cmocka_unit_test(with_unknown_precision_it_is_the_fixpoint),
		cmocka_unit_test(means_medians_and_spreads_are_plain),
		cmocka_unit_test(many_grades_of_one_work_have_a_median_too),
		cmocka_unit_test(batch_and_one_by_one_come_to_the_equations),
		cmocka_unit_test(a_budget_leaves_the_rest_in_line),
		cmocka_unit_test(what_was_just_graded_goes_first),
		cmocka_unit_test(a_grade_taken_away_and_back_changes_nothing),
		cmocka_unit_test(other_priors_come_to_their_own_fixpoint),
		cmocka_unit_test(the_same_calls_give_the_same_bits),
		cmocka_unit_test(a_copy_goes_on_bit_for_bit),
		cmocka_unit_test(who_gives_all_the_same_keeps_a_finite_weight),
		cmocka_unit_test(all_the_same_from_all_stays_finite),
		cmocka_unit_test(one_or_two_reviews_say_little_of_a_reviewer),
		cmocka_unit_test(
			a_residual_is_in_units_of_what_was_to_be_expected),
		cmocka_unit_test(
			an_anchor_moves_its_work_and_those_who_judged_it),
		cmocka_unit_test(nine_in_ten_intervals_hold_the_truth),
		cmocka_unit_test(parts_are_what_reviews_connect),
		cmocka_unit_test(priors_are_by_analysis_of_variance),
		cmocka_unit_test(anchors_tell_what_reviewers_have_in_common),
		cmocka_unit_test(the_normal_distribution_is_right),
		cmocka_unit_test(enough_is_between_least_and_most),
	};

	return cmocka_run_group_tests_name("rubrics.estimate", tests, NULL,
					   NULL);
}
