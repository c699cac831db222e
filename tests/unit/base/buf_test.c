#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/check.h"

static void all_zero_is_an_empty_buffer(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_true(str_is(buf_view(&b), ""));
	assert_non_null(buf_view(&b).p);
	buf_done(&b);
}

static void appends_stand_in_order(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	buf_str(&b, STR("c"));
	buf_str(&b, str_of(NULL));
	buf_z(&b, "de");
	buf_ch(&b, '-');
	buf_hex(&b, "\x00\x7f\xff", 3);
	buf_fmt(&b, "|%s%d", "x", 5);
	assert_true(str_eq(buf_view(&b), STR("a\0bcde-007fff|x5")));
	assert_false(b.failed);
	buf_done(&b);
}

static void every_int64_is_written(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_int(&b, 0);
	buf_ch(&b, ' ');
	buf_int(&b, -7);
	buf_ch(&b, ' ');
	buf_int(&b, INT64_MAX);
	buf_ch(&b, ' ');
	buf_int(&b, INT64_MIN);
	assert_true(str_is(buf_view(&b), "0 -7 9223372036854775807 "
					 "-9223372036854775808"));
	buf_done(&b);
}

static void room_is_there_to_be_filled(void **state)
{
	struct buf b = { 0 };
	char *p = buf_room(&b, 5000);

	(void)state;
	assert_non_null(p);
	memset(p, 'x', 5000);
	b.n += 5000;
	buf_ch(&b, 'y');
	assert_int_equal(buf_view(&b).n, 5001);
	assert_int_equal(buf_view(&b).p[4999], 'x');
	assert_int_equal(buf_view(&b).p[5000], 'y');
	assert_non_null(buf_room(&b, 0));
	buf_done(&b);
}

static void a_buffer_may_be_filled_to_its_limit(void **state)
{
	struct buf b = { .limit = 4 };

	(void)state;
	buf_z(&b, "ab");
	buf_fmt(&b, "%d", 34);
	assert_false(b.failed);
	assert_true(str_is(buf_view(&b), "ab34"));
	assert_null(buf_room(&b, 1)); /* though memory has room */
	assert_true(b.failed);
	buf_done(&b);
}

static void one_byte_too_many_fails_for_good(void **state)
{
	struct buf b = { .limit = 4 };

	(void)state;
	buf_z(&b, "abc");
	buf_z(&b, "de");
	assert_true(b.failed);
	buf_ch(&b, 'd'); /* would fit, but comes after the failure */
	buf_fmt(&b, "x");
	buf_hex(&b, "", 0);
	assert_null(buf_room(&b, 0));
	assert_true(str_is(buf_view(&b), "abc"));
	buf_done(&b);
}

static void a_size_that_no_memory_has_fails_without_a_limit(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_ch(&b, 'a');
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_reset(&b);
	buf_hex(&b, "", SIZE_MAX / 2 + 1);
	assert_true(b.failed);
	buf_done(&b);
}

static void a_reset_clears_failure_and_keeps_memory_and_limit(void **state)
{
	struct buf b = { .limit = 4 };
	char *p;

	(void)state;
	buf_z(&b, "ab");
	p = b.p;
	buf_z(&b, "cde");
	buf_reset(&b);
	buf_z(&b, "xyz");
	assert_false(b.failed);
	assert_ptr_equal(b.p, p);
	assert_true(str_is(buf_view(&b), "xyz"));
	buf_done(&b);
	assert_int_equal(b.limit, 4);
	assert_null(b.p);
	buf_z(&b, "z");
	assert_true(str_is(buf_view(&b), "z"));
	buf_done(&b);
}

static void a_copy_outlives_its_buffer(void **state)
{
	struct arena *a = arena_new(0);
	struct buf b = { 0 };
	struct str copy;

	(void)state;
	buf_z(&b, "abc");
	copy = buf_copy(&b, a);
	buf_done(&b);
	assert_true(str_is(copy, "abc"));
	arena_free(a);
}

/* The model is a plain array that is large enough. */
static void any_appends_give_their_concatenation(void **state)
{
	static unsigned char model[1 << 16];
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int run = 0; run < 50; run++) {
		struct buf b = { 0 };
		size_t n = 0;

		for (int i = 0; i < 60; i++) {
			size_t part = rng_below(&rng.rng, 1000);

			rng_fill(&rng.rng, model + n, part);
			buf_add(&b, model + n, part);
			n += part;
		}
		assert_int_equal(b.n, n);
		assert_memory_equal(buf_view(&b).p, model, n);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_zero_is_an_empty_buffer),
		cmocka_unit_test(appends_stand_in_order),
		cmocka_unit_test(every_int64_is_written),
		cmocka_unit_test(room_is_there_to_be_filled),
		cmocka_unit_test(a_buffer_may_be_filled_to_its_limit),
		cmocka_unit_test(one_byte_too_many_fails_for_good),
		cmocka_unit_test(
			a_size_that_no_memory_has_fails_without_a_limit),
		cmocka_unit_test(
			a_reset_clears_failure_and_keeps_memory_and_limit),
		cmocka_unit_test(a_copy_outlives_its_buffer),
		cmocka_unit_test(any_appends_give_their_concatenation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
