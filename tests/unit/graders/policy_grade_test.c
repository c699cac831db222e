/* From marks to the grade that counts, and what is shown. */
#include "tests/unit/graders/policy_world.h"

/* ---- marks and grades ---- */

static struct policy_mark mark(const char *m, const char *max, int section)
{
	return (struct policy_mark){ .has = m != NULL,
				     .mark = m ? dec(m) : DEC_ZERO,
				     .max = dec(max),
				     .section = section };
}

static void thirds_sum_to_what_they_should(void **state)
{
	struct policy p = an_exam();
	struct policy_mark m[3];
	struct policy_sum s;

	for (int i = 0; i < 3; i++)
		m[i] = (struct policy_mark){ true, dec_ratio(1, 3), DEC_ONE,
					     0 };
	policy_attempt_sum(*state, &p, NULL, 0, m, 3, &s);
	assert_dec(s.sum, "0.999999999");
	assert_dec(s.max, "3");
	assert_true(s.has);
}

static void floors_hold_where_they_are_set(void **state)
{
	struct policy p = an_exam();
	struct policy_section sec[2] = { { 0 }, { 0 } };
	const struct policy_mark m[] = { mark("-1", "1", 0),
					 mark("0.5", "1", 0),
					 mark("-2", "1", 1),
					 mark("1", "1", 1) };
	static const char *const want[] = { [FLOOR_GRADE] = "-1.5",
					    [FLOOR_NONE] = "-1.5",
					    [FLOOR_ITEM] = "1.5",
					    [FLOOR_SECTION] = "0",
					    [FLOOR_ATTEMPT] = "0" };
	struct policy_sum s;

	for (p.floor = 0; p.floor <= FLOOR_ATTEMPT; p.floor++) {
		policy_attempt_sum(*state, &p, sec, 2, m, 4, &s);
		assert_dec(s.sum, want[p.floor]);
	}
}

static void a_section_counts_its_best_up_to_its_cap(void **state)
{
	struct policy p = an_exam();
	struct policy_section sec = { .best = 2 };
	const struct policy_mark m[] = { mark("1", "4", 0), mark("3", "4", 0),
					 mark("4", "4", 0) };
	struct policy_sum s;

	policy_attempt_sum(*state, &p, &sec, 1, m, 3, &s);
	assert_dec(s.sum, "7");
	assert_dec(s.max, "8");
	sec.max_marks = dec("5");
	policy_attempt_sum(*state, &p, &sec, 1, m, 3, &s);
	assert_dec(s.sum, "5");
	assert_dec(s.max, "5");
}

static void a_mark_that_is_missing_keeps_the_sum_open(void **state)
{
	struct policy p = an_exam();
	const struct policy_mark m[] = { mark("1", "2", 0),
					 mark(NULL, "2", 0) };
	struct policy_sum s;

	policy_attempt_sum(*state, &p, NULL, 0, m, 2, &s);
	assert_false(s.has);
	assert_dec(s.sum, "1");
	assert_dec(s.max, "4");
}

static void credit_goes_by_the_first_window_that_has_not_ended(void **state)
{
	struct policy p = an_exam();
	struct late_window w[] = { { AT(10), dec("110") },
				   { AT(60), dec("100") },
				   { AT(90), dec("50") } };
	struct policy_credit c;

	(void)state;
	p.late = (struct list){ w, 3 };
	p.due_at = AT(60);
	policy_late(&p, AT(10), &c);
	assert_dec(c.percent, "110");
	policy_late(&p, AT(10) + 1, &c);
	assert_dec(c.percent, "100");
	policy_late(&p, AT(60), &c);
	assert_false(c.late);
	policy_late(&p, AT(90), &c);
	assert_dec(c.percent, "50");
	assert_true(c.late);
	policy_late(&p, AT(91), &c);
	assert_dec(c.percent, "0");
	p.late_after = dec("20");
	policy_late(&p, AT(91), &c);
	assert_dec(c.percent, "20");
	p.late.n = 0;
	policy_late(&p, AT(91), &c);
	assert_dec(c.percent, "100");
}

static struct policy_graded graded(int64_t number, const char *sum,
				   int64_t finished)
{
	return (struct policy_graded){ .number = number,
				       .state = ATTEMPT_GRADED,
				       .has_sum = sum != NULL,
				       .sum = sum ? dec(sum) : DEC_ZERO,
				       .max = dec("8"),
				       .finished = finished };
}

static void the_penalty_comes_before_the_choice(void **state)
{
	struct policy p = an_exam();
	struct late_window w[] = { { AT(60), dec("100") },
				   { AT(90), dec("50") } };
	struct policy_graded a[] = { graded(1, "6", AT(50)),
				     graded(2, "8", AT(80)) };
	struct policy_result r;

	p.late = (struct list){ w, 2 };
	p.max_grade = dec("100");
	p.pass_mark = dec("0.75");
	policy_grade(*state, &p, a, 2, &r);
	assert_dec(a[0].grade, "75");
	assert_dec(a[1].grade, "50");
	assert_int_equal(r.chosen, 1);
	assert_dec(r.grade, "75");
	assert_dec(r.scaled, "0.75");
	assert_true(r.passed);
	assert_false(r.late);
}

static void each_method_chooses_as_its_name_says(void **state)
{
	struct policy p = an_exam();
	struct policy_graded a[] = { graded(1, "2", AT(1)),
				     graded(2, "7", AT(2)),
				     graded(3, "3", AT(3)) };
	static const char *const want[] = { [COUNT_HIGHEST] = "7",
					    [COUNT_LAST] = "3",
					    [COUNT_FIRST] = "2",
					    [COUNT_AVERAGE] = "4" };
	struct policy_result r;

	for (p.counts = 0; p.counts <= COUNT_AVERAGE; p.counts++) {
		policy_grade(*state, &p, a, 3, &r);
		assert_dec(r.grade, want[p.counts]);
		assert_dec(r.max, "8");
	}
	assert_int_equal(r.chosen, 0);
}

static void missing_marks_are_passed_over_or_waited_for(void **state)
{
	struct policy p = an_exam();
	struct policy_graded a[] = { graded(1, "2", AT(1)),
				     graded(2, NULL, AT(2)) };
	struct policy_result r;

	policy_grade(*state, &p, a, 2, &r);
	assert_dec(r.grade, "2");
	assert_true(r.pending);
	p.counts = COUNT_LAST;
	policy_grade(*state, &p, a, 2, &r);
	assert_false(r.has);
	assert_true(r.pending);
}

static void what_does_not_count_never_counts(void **state)
{
	struct policy p = an_exam();
	struct policy_graded a[] = { graded(1, "2", AT(1)),
				     graded(2, "8", AT(2)),
				     graded(3, "8", AT(3)),
				     graded(4, "8", AT(4)),
				     graded(5, "8", AT(5)) };
	struct policy_result r;

	a[1].practice = true;
	a[2].preview = true;
	a[3].state = ATTEMPT_VOIDED;
	a[4].state = ATTEMPT_ABANDONED;
	for (p.counts = 0; p.counts <= COUNT_AVERAGE; p.counts++) {
		policy_grade(*state, &p, a, 5, &r);
		assert_dec(r.grade, "2");
	}
	p.counts = COUNT_LAST;
	p.abandoned = ABANDONED_ZERO;
	policy_grade(*state, &p, a, 5, &r);
	assert_dec(r.grade, "0");
	assert_int_equal(r.chosen, 5);
}

static void two_thirds_are_reached_by_two_of_three(void **state)
{
	struct policy p = an_exam();
	struct policy_graded a = graded(1, "2", AT(1));
	struct policy_result r;

	a.max = dec("3");
	p.pass_mark = dec("0.666666667");
	policy_grade(*state, &p, &a, 1, &r);
	assert_true(r.passed);
	a.sum = dec("1.999");
	policy_grade(*state, &p, &a, 1, &r);
	assert_false(r.passed);
	p.pass_mark = DEC_ZERO;
	policy_grade(*state, &p, &a, 1, &r);
	assert_false(r.passed);
}

static void the_highest_is_kept_after_every_penalty(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int round = 0; round < 50000; round++) {
		struct policy p = an_exam();
		struct late_window w[4];
		struct policy_graded a[6];
		struct policy_result r;
		size_t n = 1 + rng_below(&rng.rng, 6);

		for (int i = 0; i < 4; i++)
			w[i] = (struct late_window){ AT(30 * (i + 1)),
						     dec_int((int64_t)rng_below(
							     &rng.rng, 150)) };
		p.late = (struct list){ w, rng_below(&rng.rng, 5) };
		p.max_grade = dec_int((int64_t)rng_below(&rng.rng, 200));
		p.floor = rng_below(&rng.rng, 2) ? FLOOR_GRADE : FLOOR_NONE;
		for (size_t i = 0; i < n; i++) {
			a[i] = graded((int64_t)i + 1, "1", AT(0));
			a[i].sum.nano =
				(int64_t)rng_below(&rng.rng, 10000000000) -
				2000000000;
			a[i].finished +=
				(int64_t)rng_below(&rng.rng, 150 * MINUTE);
		}
		policy_grade(cx, &p, a, n, &r);
		assert_true(r.has);
		for (size_t i = 0; i < n; i++)
			assert_true(dec_cmp(r.grade, a[i].grade) >= 0);
		arena_reset(cx->arena);
	}
}

/* ---- what is shown ---- */

static void answers_stay_hidden_while_others_may_work(void **state)
{
	struct policy p = an_exam();
	uint32_t answer = REVIEW_BIT(REVIEW_RIGHT_ANSWER);

	(void)state;
	assert_false(policy_review(&p, ATTEMPT_ACTIVE, 0, AT(5)) & answer);
	assert_false(policy_review(&p, ATTEMPT_GRADED, AT(50), AT(51)) &
		     answer);
	assert_false(policy_review(&p, ATTEMPT_GRADED, AT(50), AT(90)) &
		     answer);
	assert_false(policy_review(&p, ATTEMPT_GRADED, AT(50), AT(120)) &
		     answer);
	assert_true(policy_review(&p, ATTEMPT_GRADED, AT(50), AT(121)) &
		    answer);
	assert_int_equal(policy_review(&p, ATTEMPT_VOIDED, AT(50), AT(121)), 0);
}

static void immediately_lasts_for_two_minutes(void **state)
{
	struct policy p = an_exam();

	(void)state;
	p.review = (struct policy_review){ 1, 2, 4, 8 };
	assert_int_equal(policy_review(&p, ATTEMPT_SUSPENDED, 0, AT(5)), 1);
	assert_int_equal(policy_review(&p, ATTEMPT_GRADED, AT(5), AT(7)), 2);
	assert_int_equal(policy_review(&p, ATTEMPT_GRADED, AT(5), AT(7) + 1),
			 4);
	assert_int_equal(
		policy_review(&p, ATTEMPT_GRADED, AT(120), AT(120) + 1), 8);
}

static void a_held_result_shows_the_own_response_only(void **state)
{
	struct policy p = an_exam();

	(void)state;
	p.release = RELEASE_HELD;
	assert_int_equal(policy_review(&p, ATTEMPT_GRADED, AT(5), AT(300)),
			 REVIEW_BIT(REVIEW_RESPONSE));
	assert_int_equal(policy_review(&p, ATTEMPT_RELEASED, AT(5), AT(300)),
			 REVIEW_EVERYTHING);
}

static void the_highest_band_that_is_reached_speaks(void **state)
{
	struct policy p = an_exam();
	struct feedback_band b[] = { { dec("0.5"), STR("good"), 1 },
				     { dec("0"), STR("again"), 0 },
				     { dec("1"), STR("all"), 0 } };
	int format = -1;

	(void)state;
	p.feedback = (struct list){ b, 3 };
	assert_true(str_is(policy_feedback(&p, dec("0.5"), &format), "good"));
	assert_int_equal(format, 1);
	assert_true(str_is(policy_feedback(&p, dec("-0.2"), &format), "again"));
	assert_true(str_is(policy_feedback(&p, dec("1.1"), &format), "all"));
	p.feedback.n = 1;
	assert_null(policy_feedback(&p, dec("0.4"), &format).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(thirds_sum_to_what_they_should),
		TEST_OF_EXAM(floors_hold_where_they_are_set),
		TEST_OF_EXAM(a_section_counts_its_best_up_to_its_cap),
		TEST_OF_EXAM(a_mark_that_is_missing_keeps_the_sum_open),
		TEST_OF_EXAM(
			credit_goes_by_the_first_window_that_has_not_ended),
		TEST_OF_EXAM(the_penalty_comes_before_the_choice),
		TEST_OF_EXAM(each_method_chooses_as_its_name_says),
		TEST_OF_EXAM(missing_marks_are_passed_over_or_waited_for),
		TEST_OF_EXAM(what_does_not_count_never_counts),
		TEST_OF_EXAM(two_thirds_are_reached_by_two_of_three),
		TEST_OF_EXAM(the_highest_is_kept_after_every_penalty),
		TEST_OF_EXAM(answers_stay_hidden_while_others_may_work),
		TEST_OF_EXAM(immediately_lasts_for_two_minutes),
		TEST_OF_EXAM(a_held_result_shows_the_own_response_only),
		TEST_OF_EXAM(the_highest_band_that_is_reached_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
