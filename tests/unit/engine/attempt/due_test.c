#include "engine/attempt/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/check.h"

static struct id id_of(uint64_t n)
{
	struct id id = { 0 };

	memcpy(id.b, &n, sizeof(n));
	id.b[15] = 1;
	return id;
}

static void set(struct due *d, uint64_t n, int64_t at_ms)
{
	struct id org = id_of(7), id = id_of(n);

	due_set(d, &org, &id, at_ms);
}

static int64_t first(struct due *d, uint64_t *n)
{
	struct id org, id;
	int64_t at = 0;

	if (!due_first(d, &at, &org, &id))
		return 0;
	memcpy(n, id.b, sizeof(*n));
	return at;
}

static void the_earliest_comes_first(void **state)
{
	struct due *d = due_new();
	struct id id = id_of(2);
	uint64_t n = 0;

	(void)state;
	assert_int_equal(first(d, &n), 0);
	set(d, 1, 300);
	set(d, 2, 100);
	set(d, 3, 200);
	assert_int_equal(first(d, &n), 100);
	assert_int_equal(n, 2);
	set(d, 2, 400);
	assert_int_equal(due_of(d, &id), 400);
	assert_int_equal(first(d, &n), 200);
	set(d, 3, 0);
	assert_int_equal(first(d, &n), 300);
	set(d, 3, 0);
	assert_int_equal(due_count(d), 2);
	due_free(d);
	due_free(NULL);
}

enum { IDS = 3000, STEPS = 30000, MANY = 100000 };

/* Against a plain array. */
static void it_agrees_with_a_plain_list(void **state)
{
	static int64_t at[IDS];
	struct due *d = due_new();
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < STEPS; i++) {
		uint64_t n = rng_below(&rng.rng, IDS), who = 0;
		int64_t least = 0;

		at[n] = rng_below(&rng.rng, 3)
				? (int64_t)rng_below(&rng.rng, 1000) + 1
				: 0;
		set(d, n, at[n]);
		if (i % 100)
			continue;
		for (int j = 0; j < IDS; j++)
			if (at[j] && (!least || at[j] < least))
				least = at[j];
		assert_int_equal(first(d, &who), least);
		if (least)
			assert_int_equal(at[who], least);
	}
	due_free(d);
}

static void a_hundred_thousand_come_out_in_order(void **state)
{
	struct due *d = due_new();
	struct rng_seeded rng;
	int64_t last = 0;
	uint64_t n = 0;

	(void)state;
	rng_property(&rng);
	for (uint64_t i = 0; i < MANY; i++)
		set(d, i, (int64_t)rng_below(&rng.rng, 1 << 30) + 1);
	assert_int_equal(due_count(d), MANY);
	for (int i = 0; i < MANY; i++) {
		int64_t at = first(d, &n);

		assert_true(at >= last);
		last = at;
		set(d, n, 0);
	}
	assert_int_equal(due_count(d), 0);
	due_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first),
		cmocka_unit_test(it_agrees_with_a_plain_list),
		cmocka_unit_test(a_hundred_thousand_come_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
