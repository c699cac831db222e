#include "rubrics/licence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static const struct licence_rules *const rules = &licence_rules_default;

static double uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 11) + .5) / 9007199254740992.0;
}

static double normal(struct rng *r)
{
	return sqrt(-2 * log(uniform(r))) * cos(2 * M_PI * uniform(r));
}

static bool passes(struct rng *r, double fail_rate)
{
	return uniform(r) >= fail_rate;
}

static void near(double got, double want, double off)
{
	if (!(fabs(got - want) <= off))
		fail_msg("%.6f, not %.6f within %g", got, want, off);
}

static struct licence in(enum licence_state s)
{
	struct licence l = { 0 };

	licence_set(&l, s);
	return l;
}

/* The first move that is not "stays" or "starts", and after how many. */
static enum licence_move until(struct licence *l, struct rng *r,
			       double fail_rate, int64_t *golds)
{
	enum licence_move m;

	for (*golds = 1;; ++*golds) {
		m = licence_gold(rules, l, passes(r, fail_rate));
		if (m != LICENCE_STAYS && m != LICENCE_STARTS &&
		    m != LICENCE_UNDECIDED)
			return m;
	}
}

static void eight_straight_passes_qualify_and_three_fails_reject(void **state)
{
	struct licence good = { 0 }, bad = { 0 };

	(void)state;
	assert_int_equal(licence_gold(rules, &good, true), LICENCE_STARTS);
	for (int i = 2; i < 8; i++)
		assert_int_equal(licence_gold(rules, &good, true),
				 LICENCE_STAYS);
	assert_int_equal(good.state, LICENCE_SUPERVISED);
	near(good.llr, 7 * -.405465, 1e-5);
	assert_int_equal(licence_gold(rules, &good, true), LICENCE_QUALIFIES);
	assert_int_equal(good.state, LICENCE_QUALIFIED);
	assert_int_equal(good.passed, 8);
	assert_int_equal(good.golds, 0);

	assert_int_equal(licence_gold(rules, &bad, false), LICENCE_STARTS);
	assert_int_equal(licence_gold(rules, &bad, false), LICENCE_STAYS);
	near(bad.llr, 2 * 1.386294, 1e-5);
	assert_int_equal(licence_gold(rules, &bad, false), LICENCE_REJECTED);
	assert_int_equal(bad.state, LICENCE_SUSPENDED);
	assert_int_equal(bad.failed, 3);
}

/* From each state: what one gold item, passed or failed, and one residual
   does, when it decides and when it does not. */
static void every_transition_is_as_listed(void **state)
{
	static const struct {
		int from;
		double llr, bernoulli, high, low;
		char what; /* pass, fail, residual */
		double z;
		int move, to;
	} rows[] = {
		{ LICENCE_CANDIDATE, 0, 0, 0, 0, 'p', 0, LICENCE_STARTS,
		  LICENCE_SUPERVISED },
		{ LICENCE_CANDIDATE, 0, 0, 0, 0, 'f', 0, LICENCE_STARTS,
		  LICENCE_SUPERVISED },
		{ LICENCE_CANDIDATE, 0, 0, 0, 0, 'r', 99, LICENCE_STAYS,
		  LICENCE_CANDIDATE },
		{ LICENCE_SUPERVISED, 0, 0, 0, 0, 'p', 0, LICENCE_STAYS,
		  LICENCE_SUPERVISED },
		{ LICENCE_SUPERVISED, 0, 0, 0, 0, 'f', 0, LICENCE_STAYS,
		  LICENCE_SUPERVISED },
		{ LICENCE_SUPERVISED, -2.6, 0, 0, 0, 'p', 0, LICENCE_QUALIFIES,
		  LICENCE_QUALIFIED },
		{ LICENCE_SUPERVISED, 1.6, 0, 0, 0, 'f', 0, LICENCE_REJECTED,
		  LICENCE_SUSPENDED },
		{ LICENCE_SUPERVISED, 0, 0, 0, 0, 'r', 99, LICENCE_STAYS,
		  LICENCE_SUPERVISED },
		{ LICENCE_QUALIFIED, 0, 0, 0, 0, 'p', 0, LICENCE_STAYS,
		  LICENCE_QUALIFIED },
		{ LICENCE_QUALIFIED, 0, 1.6, 0, 0, 'f', 0, LICENCE_STAYS,
		  LICENCE_QUALIFIED },
		{ LICENCE_QUALIFIED, 0, 1.7, 0, 0, 'f', 0, LICENCE_ALARM_GOLD,
		  LICENCE_WATCH },
		{ LICENCE_QUALIFIED, 0, 0, 4, 0, 'r', 1.4, LICENCE_STAYS,
		  LICENCE_QUALIFIED },
		{ LICENCE_QUALIFIED, 0, 0, 4, 0, 'r', 1.6, LICENCE_ALARM_DRIFT,
		  LICENCE_WATCH },
		{ LICENCE_QUALIFIED, 0, 0, 0, 4, 'r', -1.4, LICENCE_STAYS,
		  LICENCE_QUALIFIED },
		{ LICENCE_QUALIFIED, 0, 0, 0, 4, 'r', -1.6, LICENCE_ALARM_DRIFT,
		  LICENCE_WATCH },
		{ LICENCE_WATCH, 0, 0, 0, 0, 'p', 0, LICENCE_STAYS,
		  LICENCE_WATCH },
		{ LICENCE_WATCH, 0, 0, 0, 0, 'f', 0, LICENCE_STAYS,
		  LICENCE_WATCH },
		{ LICENCE_WATCH, -2.6, 0, 0, 0, 'p', 0, LICENCE_QUALIFIES,
		  LICENCE_QUALIFIED },
		{ LICENCE_WATCH, 1.6, 0, 0, 0, 'f', 0, LICENCE_REJECTED,
		  LICENCE_SUSPENDED },
		{ LICENCE_WATCH, 0, 0, 0, 0, 'r', 99, LICENCE_STAYS,
		  LICENCE_WATCH },
		{ LICENCE_SUSPENDED, -2.9, 0, 0, 0, 'p', 0, LICENCE_STAYS,
		  LICENCE_SUSPENDED },
		{ LICENCE_SUSPENDED, 2.9, 2.9, 0, 0, 'f', 0, LICENCE_STAYS,
		  LICENCE_SUSPENDED },
		{ LICENCE_SUSPENDED, 0, 0, 4.9, 4.9, 'r', 99, LICENCE_STAYS,
		  LICENCE_SUSPENDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct licence l = in(rows[i].from);
		enum licence_move m;

		l.golds = 10;
		l.llr = rows[i].llr;
		l.bernoulli = rows[i].bernoulli;
		l.high = rows[i].high;
		l.low = rows[i].low;
		m = rows[i].what == 'r'
			    ? licence_residual(rules, &l, rows[i].z)
			    : licence_gold(rules, &l, rows[i].what == 'p');
		if ((int)m != rows[i].move || l.state != rows[i].to)
			fail_msg("row %zu: %s, %s", i, licence_move_words[m],
				 licence_state_words[l.state]);
		if (l.state != rows[i].from &&
		    rows[i].from != LICENCE_CANDIDATE) {
			assert_true(l.llr == 0 && l.bernoulli == 0);
			assert_true(l.high == 0 && l.low == 0 && l.golds == 0);
		}
	}
}

static void no_decision_before_least_gold(void **state)
{
	struct licence_rules r = *rules;
	struct licence l = in(LICENCE_SUPERVISED);

	(void)state;
	r.least_gold = 12;
	for (int i = 1; i < 12; i++)
		assert_int_equal(licence_gold(&r, &l, true), LICENCE_STAYS);
	assert_int_equal(licence_gold(&r, &l, true), LICENCE_QUALIFIES);
	/* Rules that decide by one: a candidate's first is enough. */
	r = *rules;
	r.least_gold = 1;
	r.p0 = .01;
	r.p1 = .9;
	l = (struct licence){ 0 };
	assert_int_equal(licence_gold(&r, &l, false), LICENCE_REJECTED);
}

static void undecided_is_said_once_and_the_test_goes_on(void **state)
{
	struct licence_rules r = *rules;
	struct licence l = in(LICENCE_SUPERVISED);
	enum licence_move m = LICENCE_STAYS;
	int n = 0;

	(void)state;
	r.most_gold = 4;
	for (int i = 1; i < 4; i++)
		assert_int_equal(licence_gold(&r, &l, i != 1), LICENCE_STAYS);
	assert_int_equal(licence_gold(&r, &l, true), LICENCE_UNDECIDED);
	assert_int_equal(l.state, LICENCE_SUPERVISED);
	assert_true(l.undecided);
	for (; m == LICENCE_STAYS; n++)
		m = licence_gold(&r, &l, true);
	assert_int_equal(m, LICENCE_QUALIFIES);
	assert_int_equal(n, 8); /* 1 fail is worth 3.4 passes */
	assert_false(l.undecided);
}

static void suspended_is_left_by_a_moderator_alone(void **state)
{
	struct licence l = in(LICENCE_SUSPENDED);

	(void)state;
	for (int i = 0; i < 100; i++) {
		licence_gold(rules, &l, true);
		licence_residual(rules, &l, 0);
	}
	assert_int_equal(l.state, LICENCE_SUSPENDED);
	assert_int_equal(l.passed, 100);
	assert_false(licence_may_review(&l));
	licence_set(&l, LICENCE_SUPERVISED);
	assert_true(licence_may_review(&l));
	assert_false(licence_decides(&l));
	assert_int_equal(l.passed, 100);
	for (int i = 0; i < 7; i++)
		assert_int_equal(licence_gold(rules, &l, true), LICENCE_STAYS);
	assert_int_equal(licence_gold(rules, &l, true), LICENCE_QUALIFIES);
	assert_true(licence_decides(&l));
}

static void a_residual_that_is_no_number_changes_nothing(void **state)
{
	struct licence l = in(LICENCE_QUALIFIED), before;

	(void)state;
	licence_residual(rules, &l, 2);
	before = l;
	assert_int_equal(licence_residual(rules, &l, NAN), LICENCE_STAYS);
	assert_int_equal(licence_residual(rules, &l, INFINITY), LICENCE_STAYS);
	assert_memory_equal(&l, &before, sizeof(l));
	near(l.high, 1.5, 1e-12);
}

/* Shares and means of Wald's test, computed from the binomial walk to 4
   digits; 20,000 runs have an error of .0012 at .972. */
static void careful_ones_qualify_and_poor_ones_do_not(void **state)
{
	static const struct {
		double rate, share, golds;
	} rows[] = { { .05, .9978, 10.10 },
		     { .1, .9729, 13.27 },
		     { .2, .6661, 19.79 },
		     { .4, .0405, 10.80 },
		     { .6, .0009, 5.63 } };
	enum { RUNS = 20000 };
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double in_time = 0, all = 0, golds = 0;

		for (int n = 0; n < RUNS; n++) {
			struct licence l = { 0 };
			int64_t g;
			enum licence_move m =
				until(&l, &rng.rng, rows[i].rate, &g);

			all += m == LICENCE_QUALIFIES;
			in_time +=
				m == LICENCE_QUALIFIES && g <= rules->most_gold;
			golds += (double)g;
		}
		near(all / RUNS, rows[i].share, .014);
		near(golds / RUNS, rows[i].golds, .02 * rows[i].golds);
		if (rows[i].rate == .1) {
			assert_true(in_time / RUNS >= .97);
			assert_true(golds / RUNS <= 14);
		}
		if (rows[i].rate == .4)
			assert_true(all / RUNS <= .05);
	}
}

static void a_guesser_is_caught_soon_and_a_careful_one_rarely_alarmed(void **s)
{
	static const struct {
		double rate, golds;
	} rows[] = { { .1, 190 }, { .2, 35 }, { .4, 9.5 }, { .6, 5.4 } };
	enum { RUNS = 10000 };
	struct rng_seeded rng;

	(void)s;
	rng_seeded_from(&rng, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double golds = 0;

		for (int n = 0; n < RUNS; n++) {
			struct licence l = in(LICENCE_QUALIFIED);
			int64_t g;

			assert_int_equal(until(&l, &rng.rng, rows[i].rate, &g),
					 LICENCE_ALARM_GOLD);
			golds += (double)g;
		}
		near(golds / RUNS, rows[i].golds, .04 * rows[i].golds);
	}
}

static double run_length(struct rng *r, const struct licence_rules *ru,
			 double shift, int runs)
{
	double total = 0;

	for (int n = 0; n < runs; n++) {
		struct licence l = in(LICENCE_QUALIFIED);

		do
			total++;
		while (licence_residual(ru, &l, normal(r) + shift) ==
		       LICENCE_STAYS);
	}
	return total / runs;
}

/* Montgomery's table of the tabular CUSUM, k = .5 (by Markov chain). */
static void drift_is_found_as_the_tables_say(void **state)
{
	static const struct {
		double h, shift, arl;
		int runs;
	} rows[] = { { 4, 0, 167.7, 10000 },  { 4, 1, 8.38, 20000 },
		     { 5, 0, 465.4, 6000 },   { 5, .25, 139.5, 6000 },
		     { 5, .5, 38.0, 10000 },  { 5, 1, 10.38, 20000 },
		     { 5, -1, 10.38, 20000 }, { 5, 1.5, 5.75, 20000 },
		     { 5, 2, 4.01, 20000 },   { 5, 3, 2.57, 20000 } };
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct licence_rules r = *rules;

		r.h = rows[i].h;
		near(run_length(&rng.rng, &r, rows[i].shift, rows[i].runs),
		     rows[i].arl, .04 * rows[i].arl);
	}
}

static void covert_gold_falls_with_knowledge_and_rises_with_alarm(void **state)
{
	struct licence l = { 0 };
	double last, rate;

	(void)state;
	near(licence_covert_rate(rules, &l), rules->covert_new, 1e-12);
	l = in(LICENCE_WATCH);
	near(licence_covert_rate(rules, &l), rules->covert_new, 1e-12);
	l = in(LICENCE_QUALIFIED);
	last = licence_covert_rate(rules, &l);
	assert_true(last < rules->covert_new);
	for (int i = 0; i < 10; i++) {
		licence_gold(rules, &l, true);
		rate = licence_covert_rate(rules, &l);
		assert_true(rate < last);
		last = rate;
	}
	near(rate, rules->covert_stable, .01);
	licence_gold(rules, &l, false);
	licence_gold(rules, &l, false); /* 2.77 of 3 */
	assert_true(licence_covert_rate(rules, &l) > .15);
	l = in(LICENCE_QUALIFIED);
	l.golds = 20;
	l.low = 4.5;
	assert_true(licence_covert_rate(rules, &l) > .15);
	l.low = 0;
	/* For long without any. */
	for (int i = 0; i < 60; i++)
		licence_residual(rules, &l, 0);
	near(licence_covert_rate(rules, &l), rules->covert_stable, .001);
	for (int i = 0; i < 1000; i++)
		licence_residual(rules, &l, 0);
	near(licence_covert_rate(rules, &l), rules->covert_new, 1e-12);
}

/* Live reviews with gold among them, from a candidate on. */
static double gold_share(struct rng *r, double fail_rate, int reviews,
			 bool *qualified)
{
	struct licence l = { 0 };
	int golds = 0;

	*qualified = false;
	for (int i = 0; i < reviews && licence_may_review(&l); i++) {
		if (uniform(r) < licence_covert_rate(rules, &l)) {
			golds++;
			if (licence_gold(rules, &l, passes(r, fail_rate)) ==
			    LICENCE_QUALIFIES)
				*qualified = true;
		} else {
			licence_residual(rules, &l, normal(r));
		}
	}
	return (double)golds / reviews;
}

static void a_career_has_a_tenth_of_gold_at_most(void **state)
{
	enum { RUNS = 3000, REVIEWS = 400 };
	double share = 0, careful = 0, poor = 0;
	struct rng_seeded rng;
	bool qualified;

	(void)state;
	rng_seeded_from(&rng, 4);
	for (int i = 0; i < RUNS; i++) {
		share += gold_share(&rng.rng, .1, REVIEWS, &qualified);
		careful += qualified;
		gold_share(&rng.rng, .4, REVIEWS, &qualified);
		poor += qualified;
	}
	if (share / RUNS > .1)
		fail_msg("%.4f of all reviews are gold", share / RUNS);
	assert_true(share / RUNS > .05);
	near(careful / RUNS, .973, .01);
	near(poor / RUNS, .0405, .012);
}

static void states_and_moves_have_words(void **state)
{
	(void)state;
	assert_string_equal(licence_state_words[LICENCE_WATCH], "watch");
	assert_null(licence_state_words[LICENCE_STATE_COUNT]);
	assert_string_equal(licence_move_words[LICENCE_UNDECIDED], "undecided");
	assert_null(licence_move_words[LICENCE_UNDECIDED + 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			eight_straight_passes_qualify_and_three_fails_reject),
		cmocka_unit_test(every_transition_is_as_listed),
		cmocka_unit_test(no_decision_before_least_gold),
		cmocka_unit_test(undecided_is_said_once_and_the_test_goes_on),
		cmocka_unit_test(suspended_is_left_by_a_moderator_alone),
		cmocka_unit_test(a_residual_that_is_no_number_changes_nothing),
		cmocka_unit_test(careful_ones_qualify_and_poor_ones_do_not),
		cmocka_unit_test(
			a_guesser_is_caught_soon_and_a_careful_one_rarely_alarmed),
		cmocka_unit_test(drift_is_found_as_the_tables_say),
		cmocka_unit_test(
			covert_gold_falls_with_knowledge_and_rises_with_alarm),
		cmocka_unit_test(a_career_has_a_tenth_of_gold_at_most),
		cmocka_unit_test(states_and_moves_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
