/* What the policies leave a course with, and whose rules are refused. */
#include "rubrics_world.h"

#include <math.h>

#include "rubrics/simulate.h"

static struct simulate_result played(struct ctx *cx,
				     const struct simulate_rules *r)
{
	struct simulate_result out;

	assert_int_equal(simulate_course(cx, r, &out), OK);
	arena_reset(cx->arena);
	return out;
}

static struct simulate_result policy(struct ctx *cx, int policy, int64_t must)
{
	struct simulate_rules r = simulate_rules_default;

	r.policy = policy;
	r.must = must;
	r.seeds = 20;
	return played(cx, &r);
}

/* ---- what policies leave ---- */

static void three_for_three_serves_those_who_review(void **state)
{
	struct simulate_result s = policy(*state, SIMULATE_CREDIT, 3);

	assert_true(s.diligent_short <= .02);
	assert_true(s.need_hours <= 40 && s.need_hours > s.first_hours);
	/* Who did none has none: 40 % do not do theirs. */
	assert_true(s.zero > .3 && s.zero < .4);
	assert_true(s.short_all > s.zero && s.short_all < .5);
}

static void four_for_three_serves_nearly_all(void **state)
{
	struct simulate_result s = policy(*state, SIMULATE_CREDIT, 4);

	assert_true(s.diligent_short <= .003);
	assert_true(s.need_hours <= 40);
	assert_true(s.zero < .001);
}

static void five_for_three_has_reviews_to_spare(void **state)
{
	struct simulate_result s = policy(*state, SIMULATE_CREDIT, 5);

	assert_true(s.diligent_short < .001 && s.short_all < .05);
	assert_true(s.surplus_picks > 0 && s.surplus_picks < s.picks / 10);
}

static void the_oldest_first_starves_those_who_come_later(void **state)
{
	struct simulate_result s = policy(*state, SIMULATE_OLDEST, 3);

	assert_true(s.zero > .3);
	assert_true(s.diligent_short > .3);
	assert_true(s.need_hours > 200);
}

static void level_shares_leave_the_diligent_short(void **state)
{
	struct simulate_result s = policy(*state, SIMULATE_LEVEL, 3);

	assert_true(s.diligent_short > .9);
	assert_true(s.zero < .01 && s.first_hours < 5);
}

/* Of ten, five never review and one gives up. */
static void half_who_never_review_do_not_take_from_the_diligent(void **state)
{
	struct simulate_rules r = simulate_rules_default;
	struct simulate_result s;

	r.never = .5;
	s = played(*state, &r);
	assert_true(s.diligent_short <= .03);
	assert_true(s.zero > .5 && s.zero < .6);
}

/* ---- counts ---- */

static void where_all_review_nobody_is_short(void **state)
{
	struct simulate_rules r = simulate_rules_default;
	struct simulate_result s;

	r.never = r.abandon = 0;
	r.seeds = 3;
	s = played(*state, &r);
	assert_true(s.zero == 0 && s.short_all < .02);
	assert_true(s.diligent_short == s.short_all);
	assert_true(s.picks <= 3 * 3 * r.authors);
	assert_true(s.picks > 3 * 3 * r.authors * 99 / 100);
	assert_true(s.surplus_picks * 20 < s.picks);
}

static void where_nobody_reviews_nothing_is_picked(void **state)
{
	for (int p = SIMULATE_CREDIT; p <= SIMULATE_LEVEL; p++) {
		struct simulate_rules r = simulate_rules_default;
		struct simulate_result s;

		r.policy = p;
		r.never = 1;
		r.abandon = 0;
		s = played(*state, &r);
		assert_true(s.zero == 1 && s.short_all == 1);
		assert_true(isnan(s.diligent_short) && s.picks == 0);
		assert_true(s.narrow == 0 && s.surplus_picks == 0);
		assert_true(isnan(s.first_hours) && isnan(s.need_hours));
	}
}

static void shares_that_are_one_together_are_taken(void **state)
{
	struct simulate_rules r = simulate_rules_default;

	r.never = .9;
	r.abandon = .1; /* 1 - .9 is a little less to a computer */
	assert_true(isnan(played(*state, &r).diligent_short));
}

static void only_credit_keeps_two_from_reviewing_each_other(void **state)
{
	for (int p = SIMULATE_CREDIT; p <= SIMULATE_LEVEL; p++) {
		struct simulate_rules r = simulate_rules_default;
		struct simulate_result s;

		r.policy = p;
		r.authors = 2;
		r.must = r.need = 1;
		r.never = r.abandon = 0;
		r.seeds = 10;
		s = played(*state, &r);
		if (p == SIMULATE_CREDIT) /* reciprocal: one of them */
			assert_int_equal(s.picks, 10);
		else
			assert_int_equal(s.picks, 20);
		assert_true(s.zero == (p == SIMULATE_CREDIT ? .5 : 0));
		assert_true(s.narrow == (p == SIMULATE_CREDIT));
	}
}

static void a_window_that_is_filled_is_narrow_less_often(void **state)
{
	struct simulate_rules r = simulate_rules_default;
	struct simulate_result apart, filled;

	apart = played(*state, &r);
	r.fill = r.window;
	filled = played(*state, &r);
	assert_true(apart.narrow > .5 && filled.narrow < .1);
	assert_true(filled.need_hours > apart.need_hours);
}

/* ---- seeds ---- */

static void the_same_seed_gives_the_same_and_another_another(void **state)
{
	for (int p = SIMULATE_CREDIT; p <= SIMULATE_LEVEL; p++) {
		struct simulate_rules r = simulate_rules_default;
		struct simulate_result a, b;

		r.policy = p;
		r.authors = 200;
		r.seeds = 2;
		r.must = 4;
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		a = played(*state, &r);
		b = played(*state, &r);
		assert_memory_equal(&a, &b, sizeof(a));
		r.seed = 3;
		b = played(*state, &r);
		assert_memory_not_equal(&a, &b, sizeof(a));
	}
}

static void figures_are_means_over_the_runs(void **state)
{
	struct simulate_rules r = simulate_rules_default;
	struct simulate_result both, one, two;

	r.authors = 100;
	r.must = 4;
	r.seeds = 2;
	both = played(*state, &r);
	r.seeds = 1;
	one = played(*state, &r);
	r.seed = 2;
	two = played(*state, &r);
	assert_int_equal(both.picks, one.picks + two.picks);
	assert_true(fabs(both.zero - (one.zero + two.zero) / 2) < 1e-12);
	assert_true(fabs(both.need_hours -
			 (one.need_hours + two.need_hours) / 2) < 1e-9);
}

/* ---- rules out of range ---- */

static void whole(struct ctx *cx, const char *field, size_t at, int64_t lo,
		  int64_t hi)
{
	const int64_t bad[] = { lo - 1, hi + 1, INT64_MIN, INT64_MAX };
	struct simulate_result out;

	for (size_t i = 0; i < 4; i++) {
		struct simulate_rules r = simulate_rules_default;

		memcpy((char *)&r + at, &bad[i], sizeof(bad[i]));
		assert_refused(cx, simulate_course(cx, &r, &out), field);
	}
}

static void real(struct ctx *cx, const char *field, size_t at, double lo,
		 double hi)
{
	const double bad[] = { nextafter(lo, -1), nextafter(hi, 1e9), -INFINITY,
			       INFINITY, NAN };
	struct simulate_result out;

	for (size_t i = 0; i < 5; i++) {
		struct simulate_rules r = simulate_rules_default;

		memcpy((char *)&r + at, &bad[i], sizeof(bad[i]));
		assert_refused(cx, simulate_course(cx, &r, &out), field);
	}
}

#define WHOLE(cx, field, lo, hi)                                               \
	whole(cx, "/" #field, offsetof(struct simulate_rules, field), lo, hi)
#define REAL(cx, field, lo, hi)                                                \
	real(cx, "/" #field, offsetof(struct simulate_rules, field), lo, hi)

static void a_whole_number_out_of_range_is_refused_by_its_field(void **state)
{
	struct ctx *cx = *state;

	WHOLE(cx, authors, 2, 10000);
	WHOLE(cx, must, 1, 20);
	WHOLE(cx, need, 1, 20);
	WHOLE(cx, surplus, 0, 100);
	WHOLE(cx, window, 20, 10000);
	WHOLE(cx, fill, 0, simulate_rules_default.window);
	WHOLE(cx, seeds, 1, 1000);
}

/* What is together at most so much is as by default. */
static void a_measure_out_of_range_is_refused_by_its_field(void **state)
{
	const struct simulate_rules *d = &simulate_rules_default;
	struct ctx *cx = *state;

	REAL(cx, days, .01, 3660);
	REAL(cx, tail_days, 0, 3660 - d->days);
	REAL(cx, lease_hours, .01, 8760);
	REAL(cx, never, 0, 1);
	REAL(cx, abandon, 0, 1 - d->never + 1e-9);
	REAL(cx, session_hours, .01, 8760);
	REAL(cx, gap_hours, .01, 8760);
	REAL(cx, review_hours_min, .01, 8760);
	REAL(cx, review_hours_max, d->review_hours_min, 8760);
}

static void a_policy_that_there_is_not_is_refused(void **state)
{
	struct simulate_rules r = simulate_rules_default;
	struct simulate_result out = { .picks = 7 };
	struct ctx *cx = *state;

	r.policy = -1;
	assert_refused(cx, simulate_course(cx, &r, &out), "/policy");
	r.policy = SIMULATE_LEVEL + 1;
	assert_refused(cx, simulate_course(cx, &r, &out), "/policy");
	assert_int_equal(out.picks, 7); /* untouched */
	assert_string_equal(simulate_policy_words[SIMULATE_CREDIT], "credit");
	assert_string_equal(simulate_policy_words[SIMULATE_OLDEST], "oldest");
	assert_string_equal(simulate_policy_words[SIMULATE_LEVEL], "level");
	assert_null(simulate_policy_words[SIMULATE_LEVEL + 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(three_for_three_serves_those_who_review),
		WORLD_TEST(four_for_three_serves_nearly_all),
		WORLD_TEST(five_for_three_has_reviews_to_spare),
		WORLD_TEST(the_oldest_first_starves_those_who_come_later),
		WORLD_TEST(level_shares_leave_the_diligent_short),
		WORLD_TEST(half_who_never_review_do_not_take_from_the_diligent),
		WORLD_TEST(where_all_review_nobody_is_short),
		WORLD_TEST(where_nobody_reviews_nothing_is_picked),
		WORLD_TEST(shares_that_are_one_together_are_taken),
		WORLD_TEST(only_credit_keeps_two_from_reviewing_each_other),
		WORLD_TEST(a_window_that_is_filled_is_narrow_less_often),
		WORLD_TEST(the_same_seed_gives_the_same_and_another_another),
		WORLD_TEST(figures_are_means_over_the_runs),
		WORLD_TEST(a_whole_number_out_of_range_is_refused_by_its_field),
		WORLD_TEST(a_measure_out_of_range_is_refused_by_its_field),
		WORLD_TEST(a_policy_that_there_is_not_is_refused),
	};

	return cmocka_run_group_tests_name("rubrics.simulate", tests, NULL,
					   NULL);
}
