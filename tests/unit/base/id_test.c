#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/support/check.h"

/* Gives the bytes of the RFC's example with every fixed bit set wrongly. */
static void rfc_fill(struct rng *r, void *out, size_t n)
{
	static const uint8_t bytes[] = { 0xfc, 0xc3, 0xd8, 0xc4, 0xdc,
					 0x0c, 0x0c, 0x07, 0x39, 0x8f };

	(void)r;
	assert_int_equal(n, sizeof(bytes));
	memcpy(out, bytes, n);
}

/* RFC 9562, appendix A.6: 2022-02-22T14:22:22-05:00. */
static void the_example_of_rfc_9562_comes_out(void **state)
{
	struct clock_manual m;
	struct rng rng = { rfc_fill };
	char text[ID_TEXT + 1];
	struct id id;

	(void)state;
	clock_manual_init(&m, 0x017F22E279B0);
	id = id_new(&m.clock, &rng);
	id_text(&id, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void a_later_millisecond_gives_a_larger_id(void **state)
{
	struct rng_seeded rng;
	struct clock_manual m;
	struct id before, after;

	(void)state;
	rng_property(&rng);
	clock_manual_init(&m, 1700000000000);
	before = id_new(&m.clock, &rng.rng);
	for (int i = 0; i < 1000; i++) {
		clock_manual_step(&m, 1 + (int64_t)rng_below(&rng.rng, 9999));
		after = id_new(&m.clock, &rng.rng);
		assert_int_equal(id_cmp(&before, &after), -1);
		assert_int_equal(id_cmp(&after, &before), 1);
		before = after;
	}
}

static void ids_of_one_millisecond_differ(void **state)
{
	struct rng_seeded rng;
	struct clock_manual m;
	struct id a, b;

	(void)state;
	rng_property(&rng);
	clock_manual_init(&m, 1700000000000);
	a = id_new(&m.clock, &rng.rng);
	b = id_new(&m.clock, &rng.rng);
	assert_false(id_eq(&a, &b));
	assert_memory_equal(a.b, b.b, 6);
	assert_true(id_hash(&a) != id_hash(&b));
}

static void a_clock_before_1970_counts_as_1970(void **state)
{
	static const uint8_t zero[6];
	struct clock_manual m;
	struct rng_seeded rng;
	struct id id;

	(void)state;
	rng_property(&rng);
	clock_manual_init(&m, -5);
	id = id_new(&m.clock, &rng.rng);
	assert_memory_equal(id.b, zero, 6);
	assert_false(id_is_none(&id));
}

static void all_zero_is_none(void **state)
{
	struct id id = { { 0 } };

	(void)state;
	assert_true(id_is_none(&id));
	id.b[15] = 1;
	assert_false(id_is_none(&id));
}

static void text_leads_back_to_the_id(void **state)
{
	struct rng_seeded rng;
	char text[ID_TEXT + 1];
	struct id id, back;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 1000; i++) {
		rng_fill(&rng.rng, id.b, ID_BYTES); /* any version */
		id_text(&id, text);
		assert_int_equal(strlen(text), ID_TEXT);
		assert_true(id_parse(str_of(text), &back));
		assert_true(id_eq(&id, &back));
	}
}

static void either_case_is_read(void **state)
{
	struct id low, high;

	(void)state;
	assert_true(
		id_parse(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &low));
	assert_true(
		id_parse(STR("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &high));
	assert_true(id_eq(&low, &high));
	assert_true(id_hash(&low) == id_hash(&high));
}

static void other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"017f22e279b07cc398c4dc0c0c07398f",
		"{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"017f22e2-79b0-7cc3-98c4+dc0c0c07398f",
		"017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
		" 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
	};
	struct id id = { { 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(id_parse(str_of(bad[i]), &id));
	assert_false(id_parse(str_of(NULL), &id));
	assert_int_equal(id.b[0], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_9562_comes_out),
		cmocka_unit_test(a_later_millisecond_gives_a_larger_id),
		cmocka_unit_test(ids_of_one_millisecond_differ),
		cmocka_unit_test(a_clock_before_1970_counts_as_1970),
		cmocka_unit_test(all_zero_is_none),
		cmocka_unit_test(text_leads_back_to_the_id),
		cmocka_unit_test(either_case_is_read),
		cmocka_unit_test(other_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
