#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void the_system_clock_is_past_2025(void **state)
{
	(void)state;
	assert_true(clock_ms(&clock_system) > INT64_C(1735689600000));
}

static void the_monotonic_clock_never_steps_back(void **state)
{
	int64_t before = clock_mono_ns(&clock_system);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_ns(&clock_system);

		assert_true(now >= before);
		before = now;
	}
}

static void a_manual_clock_stands_still(void **state)
{
	struct clock_manual m;

	(void)state;
	clock_manual_init(&m, 1234);
	assert_int_equal(clock_ms(&m.clock), 1234);
	assert_int_equal(clock_ms(&m.clock), 1234);
	assert_int_equal(clock_mono_ns(&m.clock), 0);
}

static void a_step_moves_both_times(void **state)
{
	struct clock_manual m;

	(void)state;
	clock_manual_init(&m, 1000);
	clock_manual_step(&m, 5);
	clock_manual_step(&m, 2);
	assert_int_equal(clock_ms(&m.clock), 1007);
	assert_int_equal(clock_mono_ns(&m.clock), 7000000);
}

static void a_step_back_moves_only_the_wall_clock(void **state)
{
	struct clock_manual m;

	(void)state;
	clock_manual_init(&m, 1000);
	clock_manual_step(&m, 5);
	clock_manual_step(&m, -100);
	assert_int_equal(clock_ms(&m.clock), 905);
	assert_int_equal(clock_mono_ns(&m.clock), 5000000);
}

/* ---- the steady clock ---- */

struct told {
	int times;
	int64_t by_ms;
};

static void tell(void *arg, int64_t by_ms)
{
	struct told *t = arg;

	t->times++;
	t->by_ms = by_ms;
}

enum { NOON = 1800000000, SECOND = 1000, HOUR = 3600 * SECOND };

struct steady {
	struct clock_manual of;
	struct clock_steady s;
	struct told told;
};

static void steady_start(struct steady *t)
{
	*t = (struct steady){ 0 };
	clock_manual_init(&t->of, NOON);
	clock_steady_init(&t->s, &t->of.clock, tell, &t->told);
}

/* Lets seconds pass, looking at each; the wall clock runs beside. */
static int64_t seconds(struct steady *t, int n)
{
	int64_t now = 0;

	while (n-- > 0) {
		clock_manual_step(&t->of, SECOND);
		now = clock_ms(&t->s.clock);
	}
	return now;
}

static void a_steady_clock_runs_with_the_other(void **state)
{
	struct steady t;

	(void)state;
	steady_start(&t);
	assert_int_equal(clock_ms(&t.s.clock), NOON);
	assert_int_equal(seconds(&t, 100), NOON + 100 * SECOND);
	assert_int_equal(t.told.times, 0);
	assert_int_equal(clock_steady_off_ms(&t.s), 0);
}

static void a_step_of_the_other_is_told_once_and_not_followed(void **state)
{
	static const int64_t steps[] = { HOUR, -HOUR, 2 * SECOND };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct steady t;

		steady_start(&t);
		seconds(&t, 10);
		t.of.ms += steps[i]; /* the wall clock alone */
		assert_int_equal(seconds(&t, 600), NOON + 610 * SECOND);
		assert_int_equal(t.told.times, 1);
		assert_int_equal(t.told.by_ms, steps[i]);
		assert_int_equal(clock_steady_off_ms(&t.s), steps[i]);
		/* Set right again: another step is told then. */
		t.of.ms -= steps[i];
		seconds(&t, 2);
		assert_int_equal(clock_steady_off_ms(&t.s), 0);
		t.of.ms += steps[i];
		seconds(&t, 2);
		assert_int_equal(t.told.times, 2);
	}
}

static void a_small_difference_is_followed_slowly(void **state)
{
	static const int64_t steps[] = { 400, -400 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct steady t;
		int64_t before, now;

		steady_start(&t);
		t.of.ms += steps[i];
		before = clock_ms(&t.s.clock);
		for (int k = 0; k < 400; k++, before = now) {
			now = seconds(&t, 1);
			assert_int_equal(now - before,
					 SECOND + (steps[i] > 0 ? 1 : -1));
		}
		assert_int_equal(seconds(&t, 10) - before, 10 * SECOND);
		assert_int_equal(before, NOON + 400 * SECOND + steps[i]);
		assert_int_equal(t.told.times, 0);
	}
}

static void a_start_takes_the_others_word(void **state)
{
	struct steady t;

	(void)state;
	steady_start(&t);
	t.of.ms += HOUR;
	seconds(&t, 5);
	clock_steady_init(&t.s, &t.of.clock, tell, &t.told);
	assert_int_equal(clock_ms(&t.s.clock), t.of.ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_clock_runs_with_the_other),
		cmocka_unit_test(
			a_step_of_the_other_is_told_once_and_not_followed),
		cmocka_unit_test(a_small_difference_is_followed_slowly),
		cmocka_unit_test(a_start_takes_the_others_word),
		cmocka_unit_test(the_system_clock_is_past_2025),
		cmocka_unit_test(the_monotonic_clock_never_steps_back),
		cmocka_unit_test(a_manual_clock_stands_still),
		cmocka_unit_test(a_step_moves_both_times),
		cmocka_unit_test(a_step_back_moves_only_the_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
