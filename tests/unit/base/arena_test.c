#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/check.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_new(100);

	(void)state;
	for (size_t n = 0; n < 3000; n += 37) {
		unsigned char *p = arena_alloc(a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	arena_free(a);
}

static void memory_used_before_a_reset_is_zeroed_again(void **state)
{
	struct arena *a = arena_new(4096);
	unsigned char *p = arena_alloc(a, 1000), *q;

	(void)state;
	memset(p, 0xff, 1000);
	arena_reset(a);
	q = arena_alloc(a, 1000);
	assert_ptr_equal(p, q); /* the first block was kept */
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(q[i], 0);
	arena_free(a);
}

static void a_reset_after_many_blocks_starts_in_the_first(void **state)
{
	struct arena *a = arena_new(1024);
	void *first = arena_alloc(a, 16);

	(void)state;
	for (int i = 0; i < 100; i++)
		arena_alloc(a, 10000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_ptr_equal(arena_alloc(a, 16), first);
	arena_free(a);
}

static void what_was_handed_out_is_counted(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_int_equal(arena_used(a), 0);
	arena_alloc(a, 1);
	assert_int_equal(arena_used(a), 16);
	arena_alloc(a, 100000);
	assert_in_range(arena_used(a), 100016, 100032);
	assert_in_range(arena_held(a), 100016, 110000);
	arena_free(a);
}

static void freeing_nothing_is_allowed(void **state)
{
	(void)state;
	arena_free(NULL);
}

static void arrays_and_structs_are_typed(void **state)
{
	struct arena *a = arena_new(0);
	int64_t *v = ARENA_ARRAY(a, int64_t, 10);
	struct pair {
		double x, y;
	} *p = ARENA_NEW(a, struct pair);

	(void)state;
	assert_true(v[9] == 0);
	assert_true(p->x == 0 && p->y == 0);
	assert_non_null(ARENA_ARRAY(a, int64_t, 0));
	arena_free(a);
}

static void ask_for_too_large_an_array(void)
{
	arena_array(arena_new(0), SIZE_MAX / 8 + 2, 8);
}

static void ask_for_too_large_a_block(void)
{
	arena_alloc(arena_new(0), SIZE_MAX - 3);
}

static void an_overflowing_size_aborts(void **state)
{
	(void)state;
	assert_true(aborts(ask_for_too_large_an_array));
	assert_true(aborts(ask_for_too_large_a_block));
}

/* Every piece gets its own byte; at the end each still has it everywhere. */
static void pieces_never_overlap(void **state)
{
	enum { PIECES = 200 };
	unsigned char *p[PIECES];
	size_t n[PIECES];
	struct rng_seeded rng;
	struct arena *a = arena_new(512);

	(void)state;
	rng_property(&rng);
	for (int run = 0; run < 20; run++) {
		for (int i = 0; i < PIECES; i++) {
			n[i] = rng_below(&rng.rng,
					 rng_below(&rng.rng, 8) ? 100 : 9000);
			p[i] = arena_alloc(a, n[i]);
			memset(p[i], i, n[i]);
		}
		for (int i = 0; i < PIECES; i++) {
			for (size_t j = 0; j < n[i]; j++)
				assert_int_equal(p[i][j], i);
		}
		arena_reset(a);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(memory_used_before_a_reset_is_zeroed_again),
		cmocka_unit_test(a_reset_after_many_blocks_starts_in_the_first),
		cmocka_unit_test(what_was_handed_out_is_counted),
		cmocka_unit_test(freeing_nothing_is_allowed),
		cmocka_unit_test(arrays_and_structs_are_typed),
		cmocka_unit_test(an_overflowing_size_aborts),
		cmocka_unit_test(pieces_never_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
