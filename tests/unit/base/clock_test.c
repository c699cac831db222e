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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_system_clock_is_past_2025),
		cmocka_unit_test(the_monotonic_clock_never_steps_back),
		cmocka_unit_test(a_manual_clock_stands_still),
		cmocka_unit_test(a_step_moves_both_times),
		cmocka_unit_test(a_step_back_moves_only_the_wall_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
