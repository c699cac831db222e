#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "graders/course_grade.h"
#include "tests/support/check.h"

static struct dec d(const char *z)
{
	struct dec v;

	assert_true(dec_parse(str_of(z), &v));
	return v;
}

static void weights_decide_how_much_a_grade_counts(void **state)
{
	struct course_part p[] = {
		{ .weight = d("1"), .has = true, .scaled = d("0.5") },
		{ .weight = d("3"), .has = true, .scaled = d("1") }
	};
	struct course_total t;

	(void)state;
	course_grade(NULL, p, 2, &t);
	assert_int_equal(t.current.nano, d("0.875").nano); /* (0.5 + 3) / 4 */
	assert_int_equal(t.final.nano, d("0.875").nano);
}

static void what_has_no_grade_counts_only_in_the_final_total(void **state)
{
	struct course_part p[] = {
		{ .weight = d("1"), .has = true, .scaled = d("0.8") },
		{ .weight = d("1") }
	};
	struct course_total t;

	(void)state;
	course_grade(NULL, p, 2, &t);
	assert_int_equal(t.current.nano, d("0.8").nano);
	assert_int_equal(t.final.nano, d("0.4").nano);
	assert_int_equal(t.graded, 1);
}

static void of_a_group_only_the_best_count(void **state)
{
	struct course_part p[] = {
		{ .weight = d("1"),
		  .group = STR("quiz"),
		  .group_best = 2,
		  .has = true,
		  .scaled = d("0.2") },
		{ .weight = d("1"),
		  .group = STR("quiz"),
		  .group_best = 2,
		  .has = true,
		  .scaled = d("0.9") },
		{ .weight = d("1"),
		  .group = STR("quiz"),
		  .group_best = 2,
		  .has = true,
		  .scaled = d("0.7") },
		{ .weight = d("2"), .has = true, .scaled = d("0.5") },
	};
	struct course_total t;

	(void)state;
	course_grade(NULL, p, 4, &t);
	assert_false(p[0].in_current);
	/* (0.9 + 0.7 + 2 * 0.5) / 4 */
	assert_int_equal(t.current.nano, d("0.65").nano);
}

static void nothing_of_weight_is_no_total(void **state)
{
	struct course_part p[] = {
		{ .weight = d("0"), .has = true, .scaled = d("1") }
	};
	struct course_total t;

	(void)state;
	course_grade(NULL, p, 1, &t);
	assert_false(t.has_current);
	assert_false(t.has_final);
}

static void a_total_does_not_depend_on_the_order_of_its_parts(void **state)
{
	struct rng_seeded r;

	(void)state;
	rng_property(&r);
	for (int round = 0; round < 2000; round++) {
		struct course_part p[12], q[12];
		struct course_total a, b;
		size_t n = 1 + rng_below(&r.rng, 12);
		uint32_t order[12];

		for (size_t i = 0; i < n; i++) {
			order[i] = (uint32_t)i;
			p[i] = (struct course_part){
				.weight = { (int64_t)rng_below(&r.rng,
							       5000000000) },
				.has = rng_below(&r.rng, 4) != 0,
				.scaled = { (int64_t)rng_below(&r.rng,
							       1000000000) },
			};
		}
		rng_shuffle(&r.rng, order, n);
		for (size_t i = 0; i < n; i++)
			q[i] = p[order[i]];
		course_grade(NULL, p, n, &a);
		course_grade(NULL, q, n, &b);
		assert_int_equal(a.current.nano, b.current.nano);
		assert_int_equal(a.final.nano, b.final.nano);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_decide_how_much_a_grade_counts),
		cmocka_unit_test(
			what_has_no_grade_counts_only_in_the_final_total),
		cmocka_unit_test(of_a_group_only_the_best_count),
		cmocka_unit_test(nothing_of_weight_is_no_total),
		cmocka_unit_test(
			a_total_does_not_depend_on_the_order_of_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
