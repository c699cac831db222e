#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fair.h"

static void as_many_at_once_as_in_a_minute_and_then_one_by_one(void **state)
{
	struct clock_manual clock;
	struct ctx cx = { .clock = &clock.clock };
	int64_t at = 0, was;

	(void)state;
	clock_manual_init(&clock, 1000000);
	for (int i = 0; i < 6; i++)
		assert_int_equal(fair_use(&cx, &at, 6, "checks"), OK);
	was = at;
	assert_int_equal(fair_use(&cx, &at, 6, "checks"), ERR_RATE_LIMITED);
	assert_int_equal(at, was);
	assert_int_equal(cx.error.retry_after_ms, 10000);
	assert_string_equal(cx.error.text,
			    "at most 6 checks a minute: the next may come in "
			    "10 seconds");
	clock_manual_step(&clock, 10000);
	assert_int_equal(fair_use(&cx, &at, 6, "checks"), OK);
	assert_int_equal(fair_use(&cx, &at, 6, "checks"), ERR_RATE_LIMITED);
	/* A clock that was wrong holds nobody back for longer. */
	at = 1000000 + 3600000;
	assert_int_equal(fair_use(&cx, &at, 6, "checks"), OK);
	/* Who waits has all of them again, and no more. */
	clock_manual_step(&clock, 600000);
	for (int i = 0; i < 6; i++)
		assert_int_equal(fair_use(&cx, &at, 6, "checks"), OK);
	assert_int_equal(fair_use(&cx, &at, 6, "checks"), ERR_RATE_LIMITED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			as_many_at_once_as_in_a_minute_and_then_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
