#include "rubrics/quality.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static const struct quality_weights *const weights = &quality_weights_default;

static void near(double got, double want, double off)
{
	if (!(fabs(got - want) <= off))
		fail_msg("%.6f, not %.6f within %g", got, want, off);
}

static double uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 11) + .5) / 9007199254740992.0;
}

static double normal(struct rng *r)
{
	return sqrt(-2 * log(uniform(r))) * cos(2 * M_PI * uniform(r));
}

static double clamp(double x, double lo, double hi)
{
	return fmax(lo, fmin(hi, x));
}

static void is_finite(const struct quality *q)
{
	assert_true(isfinite(q->score) && q->score >= 0 && q->score <= 100);
	assert_true(isfinite(q->sd) && q->sd >= 0);
	assert_true(isfinite(q->rating) && isfinite(q->raw_rating));
	assert_true(isfinite(q->accuracy) && isfinite(q->coverage));
	assert_true(isfinite(q->length));
}

enum { REVIEWERS = 400, EACH = 6, ALL = REVIEWERS * EACH };

struct course {
	struct quality_review r[ALL];
	double worth[REVIEWERS]; /* what quality should find */
	double bias[REVIEWERS];
};

/*
 * Reviewers of differing worth and bias. A better one is nearer the truth,
 * writes more, and is rated higher. With revenge a rating drops a point for
 * each tenth of the scale by which the grade is below what the work deserves.
 */
static void simulate(struct course *c, double revenge)
{
	struct rng_seeded seeded;
	struct rng *g = &seeded.rng;

	rng_seeded_from(&seeded, 7);
	for (size_t v = 0; v < REVIEWERS; v++) {
		double worth = c->worth[v] = normal(g);
		double bias = c->bias[v] = .08 * normal(g);

		for (size_t i = v * EACH; i < (v + 1) * EACH; i++) {
			struct quality_review *r = c->r + i;
			double off = .1 * exp(-.3 * worth) * normal(g);

			*r = (struct quality_review){ .reviewer = (uint32_t)v };
			r->estimate = clamp(.65 + .15 * normal(g), 0, 1);
			r->given = clamp(r->estimate + bias + off, 0, 1);
			r->residual = off / .1;
			r->has_rating = true;
			r->rating = clamp(
				round(4 + .6 * worth + .6 * normal(g) -
				      10 * revenge *
					      fmax(0, r->estimate - r->given)),
				1, 5);
			r->has_mark = uniform(g) < .2;
			r->mark = clamp(
				round(3.5 + .7 * worth + .4 * normal(g)), 1, 5);
			r->coverage =
				clamp(.7 + .1 * worth + .15 * normal(g), 0, 1);
			r->words = exp(4 + .3 * worth + .5 * normal(g));
		}
	}
}

struct moved {
	double mean, harsh; /* in sd: of all; of those who grade low */
};

static struct moved moved(const struct course *c, const double *a,
			  const double *b)
{
	double sum = 0, sq = 0, all = 0, harsh = 0, sd, n = 0;

	for (int v = 0; v < REVIEWERS; v++) {
		sum += a[v];
		sq += a[v] * a[v];
		all += fabs(b[v] - a[v]);
		if (c->bias[v] < -.08) {
			harsh += b[v] - a[v];
			n++;
		}
	}
	sd = sqrt(sq / REVIEWERS - sum / REVIEWERS * sum / REVIEWERS);
	return (struct moved){ all / REVIEWERS / sd, harsh / n / sd };
}

static double correlation(const double *x, const double *y, int n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

	for (int i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (int i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	return xy / sqrt(xx * yy);
}

struct figures {
	double score[REVIEWERS], raw[REVIEWERS];
};

static void fit(const struct course *c, struct figures *out)
{
	static struct quality q[REVIEWERS];

	quality_fit(c->r, ALL, REVIEWERS, weights, q);
	for (int v = 0; v < REVIEWERS; v++) {
		is_finite(q + v);
		assert_true(q[v].enough);
		out->score[v] = q[v].score;
		out->raw[v] = q[v].raw_rating;
	}
}

static void revenge_moves_the_rating_and_not_the_quality(void **state)
{
	static struct course kind, cruel;
	static struct figures before, after;
	struct moved score, raw;

	(void)state;
	simulate(&kind, 0);
	simulate(&cruel, 1);
	near(quality_grade_effect(kind.r, ALL), 0, 1);
	near(quality_grade_effect(cruel.r, ALL), 9, 1.5);
	fit(&kind, &before);
	fit(&cruel, &after);
	score = moved(&kind, before.score, after.score);
	raw = moved(&kind, before.raw, after.raw);
	if (score.mean >= .1 || fabs(score.harsh) >= .1)
		fail_msg("moves by %.3f sd, harsh ones by %.3f", score.mean,
			 score.harsh);
	assert_true(raw.mean > .5);
	/* And it finds the better ones. */
	assert_true(correlation(after.score, kind.worth, REVIEWERS) > .8);
}

static void one_or_two_reviews_are_not_enough_and_say_little(void **state)
{
	struct quality_review r[32];
	struct quality q[4];

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		r[i] = (struct quality_review){ .reviewer = i < 1    ? 0
							    : i < 3  ? 1
							    : i < 10 ? 2
								     : 3,
						.has_rating = true,
						.rating = i < 10 ? 5 : 2,
						.given = .5,
						.estimate = .5,
						.coverage = i < 10,
						.words = i < 10 ? 200 : 20 };
	quality_fit(r, 32, 4, weights, q);
	assert_false(q[0].enough);
	assert_false(q[1].enough);
	assert_true(q[2].enough && q[3].enough);
	assert_int_equal(q[0].n, 1);
	assert_int_equal(q[1].n, 2);
	/* All of the first three are equally good: the more, the farther. */
	assert_true(q[0].score > 50 && q[0].score < q[1].score);
	assert_true(q[1].score < q[2].score && q[3].score < 50);
	assert_true(q[0].sd > q[1].sd && q[1].sd > q[2].sd);
}

/* z of the rating: mean 3, sd 1; two reviews each, shrunk by 3. */
static void a_score_is_what_the_formula_says(void **state)
{
	struct quality_weights w = { .rating = 1, .shrink = 3 };
	struct quality_review r[5];
	struct quality q[2];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		r[i] = (struct quality_review){ .reviewer = i / 2,
						.has_rating = true,
						.rating = i < 2 ? 4 : 2,
						.given = NAN };
	quality_fit(r, 4, 2, &w, q);
	near(q[0].score, 50 + 25 * 2. / 5, 1e-9);
	near(q[1].score, 50 - 25 * 2. / 5, 1e-9);
	near(q[0].sd, 25 * sqrt(.75 / 5), 1e-9);
	near(q[0].rating, 4, 1e-9);
	near(q[1].raw_rating, 2, 1e-9);
	/* What nobody has has no weight, and no number is none. */
	w.mark = 5;
	w.accuracy = 5;
	for (int i = 0; i < 4; i++)
		r[i].residual = NAN;
	r[4] = (struct quality_review){ .has_rating = true,
					.has_mark = true,
					.rating = NAN,
					.mark = NAN,
					.residual = NAN };
	quality_fit(r, 5, 2, &w, q);
	near(q[0].score, 50 + 25 * 2. / 5, 1e-9);
	near(q[1].score, 50 - 25 * 2. / 5, 1e-9);
}

static void all_alike_are_all_average(void **state)
{
	struct quality_review r[12];
	struct quality q[4];

	(void)state;
	for (uint32_t i = 0; i < 12; i++)
		r[i] = (struct quality_review){ .reviewer = i / 3,
						.has_rating = true,
						.has_mark = true,
						.rating = 4,
						.mark = 3,
						.given = .7,
						.estimate = .6,
						.residual = .1,
						.coverage = .9,
						.words = 30 };
	quality_fit(r, 12, 4, weights, q);
	for (int v = 0; v < 4; v++) {
		is_finite(q + v);
		near(q[v].score, 50, 1e-9);
		near(q[v].rating, 4, 1e-9);
		near(q[v].accuracy, 0, 1e-12);
	}
}

static void nothing_rated_and_nobody_there_is_finite(void **state)
{
	struct quality_review r[6], one = { .reviewer = 0, .words = 10 };
	struct quality_review odd = { .has_rating = true,
				      .has_mark = true,
				      .rating = NAN,
				      .mark = NAN,
				      .given = NAN,
				      .estimate = INFINITY,
				      .residual = NAN,
				      .coverage = NAN,
				      .words = NAN };
	struct quality q[3];

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		r[i] = (struct quality_review){ .reviewer = i / 3,
						.residual = i < 3 ? .1 : 2,
						.words = 10 };
	quality_fit(r, 6, 3, weights, q);
	for (int v = 0; v < 3; v++)
		is_finite(q + v);
	near(q[0].rating, 0, 0);
	near(q[0].raw_rating, 0, 0);
	assert_true(q[0].score > 50 && q[1].score < 50);
	near(q[2].score, 50, 1e-9); /* who has no review */
	assert_int_equal(q[2].n, 0);
	assert_true(q[2].sd > q[0].sd);
	quality_fit(&one, 1, 1, weights, q);
	is_finite(q);
	near(q[0].score, 50, 1e-9);
	quality_fit(&odd, 1, 1, weights, q);
	is_finite(q);
	near(q[0].score, 50, 1e-9);
	quality_fit(NULL, 0, 0, weights, q);
	quality_fit(NULL, 0, 1, weights, q);
	is_finite(q);
	near(quality_grade_effect(NULL, 0), 0, 0);
}

/* 20 points lower and rated 2 lower: nothing else is known of them. */
static void a_rating_is_given_without_the_grades_effect(void **state)
{
	static struct quality_review r[4000];
	struct quality q[2];

	(void)state;
	for (uint32_t i = 0; i < 4000; i++) {
		double d = i < 2000 ? -.2 : 0; /* of 0 and 1 */

		d -= i % 2 ? .1 : 0;
		r[i] = (struct quality_review){ .reviewer = i / 2000,
						.has_rating = true,
						.rating = 4.5 + 10 * d +
							  (i & 2 ? .3 : -.3),
						.given = .6 + d,
						.estimate = .6 };
	}
	quality_fit(r, 4000, 2, weights, q);
	near(quality_grade_effect(r, 4000), 10, .5);
	near(q[0].raw_rating, 2, 1e-9);
	near(q[1].raw_rating, 4, 1e-9);
	near(q[1].rating - q[0].rating, 0, .1);
	near(q[0].score, q[1].score, 1.5);
}

static void handing_out_in_another_order_gives_the_same(void **state)
{
	static struct course c;
	static struct quality a[REVIEWERS], b[REVIEWERS];

	(void)state;
	simulate(&c, 1);
	quality_fit(c.r, ALL, REVIEWERS, weights, a);
	for (int i = 0; i < ALL / 2; i++) {
		struct quality_review t = c.r[i];

		c.r[i] = c.r[ALL - 1 - i];
		c.r[ALL - 1 - i] = t;
	}
	quality_fit(c.r, ALL, REVIEWERS, weights, b);
	for (int v = 0; v < REVIEWERS; v++)
		near(b[v].score, a[v].score, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revenge_moves_the_rating_and_not_the_quality),
		cmocka_unit_test(
			one_or_two_reviews_are_not_enough_and_say_little),
		cmocka_unit_test(a_score_is_what_the_formula_says),
		cmocka_unit_test(all_alike_are_all_average),
		cmocka_unit_test(nothing_rated_and_nobody_there_is_finite),
		cmocka_unit_test(a_rating_is_given_without_the_grades_effect),
		cmocka_unit_test(handing_out_in_another_order_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
