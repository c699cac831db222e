#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/check.h"

/*
 * RFC 8439, appendix A.1, vectors 1 and 2: key and nonce zero, blocks 0 and 1.
 * Stored item variants depend on these bytes: they may never change.
 */
static void a_zero_seed_gives_the_key_stream_of_rfc_8439(void **state)
{
	static const char want[] =
		"76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
		"da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
		"9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
		"29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f";
	static const uint8_t seed[32];
	struct rng_seeded s;
	uint8_t got[128];
	char text[2 * sizeof(got) + 1];

	(void)state;
	rng_seeded_init(&s, seed);
	rng_fill(&s.rng, got, sizeof(got));
	for (size_t i = 0; i < sizeof(got); i++)
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	assert_string_equal(text, want);
}

/*
 * From a model of these functions in another language: the hash of the number,
 * the order of the draws and of the swaps are part of the promise.
 */
static void numbers_and_shuffles_of_a_seed_are_pinned(void **state)
{
	static const uint32_t want[] = { 0, 9, 4, 7, 5, 2, 8, 3, 1, 6 };
	uint32_t order[10];
	struct rng_seeded s;

	(void)state;
	rng_seeded_from(&s, 1);
	assert_true(rng_u64(&s.rng) == UINT64_C(0x9c36b0116f34a45a));
	assert_true(rng_below(&s.rng, 1000000) == 629288);
	for (uint32_t i = 0; i < 10; i++)
		order[i] = i;
	rng_shuffle(&s.rng, order, 10);
	assert_memory_equal(order, want, sizeof(want));
}

static void the_pieces_in_which_bytes_are_taken_do_not_matter(void **state)
{
	struct rng_seeded rng, whole, parts;
	uint8_t a[1000], b[1000];

	(void)state;
	rng_property(&rng);
	rng_seeded_from(&whole, 7);
	rng_seeded_from(&parts, 7);
	rng_fill(&whole.rng, a, sizeof(a));
	for (size_t at = 0, n; at < sizeof(b); at += n) {
		n = rng_below(&rng.rng, 150);
		if (n > sizeof(b) - at)
			n = sizeof(b) - at;
		rng_fill(&parts.rng, b + at, n);
	}
	assert_memory_equal(a, b, sizeof(a));
}

static void other_seeds_give_other_bytes(void **state)
{
	struct rng_seeded a, b;

	(void)state;
	rng_seeded_from(&a, 1);
	rng_seeded_from(&b, 2);
	assert_true(rng_u64(&a.rng) != rng_u64(&b.rng));
	rng_seeded_from(&b, UINT64_C(1) << 32 | 1);
	rng_seeded_from(&a, 1);
	assert_true(rng_u64(&a.rng) != rng_u64(&b.rng));
}

static void the_system_gives_other_bytes_each_time(void **state)
{
	(void)state;
	assert_true(rng_u64(rng_system()) != rng_u64(rng_system()));
}

/* 30000 draws of 3: each count is 10000 +- 6 standard deviations (82). */
static void draws_below_a_number_are_even_and_in_range(void **state)
{
	struct rng_seeded rng;
	int count[3] = { 0 };

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 30000; i++) {
		uint64_t v = rng_below(&rng.rng, 3);

		assert_true(v < 3);
		count[v]++;
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(count[i], 9510, 10490);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(rng_below(&rng.rng, 1), 0);
		assert_true(rng_below(&rng.rng, UINT64_MAX) < UINT64_MAX);
	}
}

struct scripted {
	struct rng rng;
	const uint64_t *next;
};

static void scripted_fill(struct rng *r, void *out, size_t n)
{
	struct scripted *s = (struct scripted *)r;

	assert_int_equal(n, 8);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)(*s->next >> (8 * i));
	s->next++;
}

/* 2^64 mod 3 is 1: of the values that would be one too many, 0 is skipped. */
static void a_draw_that_would_bias_is_thrown_away(void **state)
{
	static const uint64_t values[] = { 0, 0, 1, 9 };
	struct scripted s = { { scripted_fill }, values };

	(void)state;
	assert_int_equal(rng_below(&s.rng, 3), 1);
	assert_ptr_equal(s.next, values + 3);
}

static void a_shuffle_keeps_every_element_once(void **state)
{
	struct rng_seeded rng;
	uint32_t a[100];
	bool seen[100] = { false };

	(void)state;
	rng_property(&rng);
	for (uint32_t i = 0; i < 100; i++)
		a[i] = i;
	rng_shuffle(&rng.rng, a, 100);
	for (int i = 0; i < 100; i++) {
		assert_true(a[i] < 100);
		assert_false(seen[a[i]]);
		seen[a[i]] = true;
	}
	rng_shuffle(&rng.rng, NULL, 0);
}

/* 6000 shuffles of 3: each of the 6 orders 1000 +- 6 deviations (29). */
static void every_order_is_equally_likely(void **state)
{
	struct rng_seeded rng;
	int count[27] = { 0 };

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 6000; i++) {
		uint32_t a[] = { 0, 1, 2 };

		rng_shuffle(&rng.rng, a, 3);
		count[a[0] * 9 + a[1] * 3 + a[2]]++;
	}
	for (int i = 0; i < 27; i++) {
		if (count[i])
			assert_in_range(count[i], 826, 1174);
	}
}

static void draw_below_nothing(void)
{
	rng_below(rng_system(), 0);
}

static void nothing_lies_below_zero(void **state)
{
	(void)state;
	assert_true(aborts(draw_below_nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zero_seed_gives_the_key_stream_of_rfc_8439),
		cmocka_unit_test(numbers_and_shuffles_of_a_seed_are_pinned),
		cmocka_unit_test(
			the_pieces_in_which_bytes_are_taken_do_not_matter),
		cmocka_unit_test(other_seeds_give_other_bytes),
		cmocka_unit_test(the_system_gives_other_bytes_each_time),
		cmocka_unit_test(draws_below_a_number_are_even_and_in_range),
		cmocka_unit_test(a_draw_that_would_bias_is_thrown_away),
		cmocka_unit_test(a_shuffle_keeps_every_element_once),
		cmocka_unit_test(every_order_is_equally_likely),
		cmocka_unit_test(nothing_lies_below_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
