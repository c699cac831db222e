#include "base/dec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "tests/support/check.h"

static struct dec nano(int64_t v)
{
	return (struct dec){ v };
}

static struct dec parse(const char *text)
{
	struct dec d = { 0 };

	if (!dec_parse(str_of(text), &d))
		fail_msg("%s is refused", text);
	return d;
}

static void expect_text(struct dec d, const char *want)
{
	char text[DEC_TEXT];

	assert_int_equal(dec_text(d, text), strlen(want));
	assert_string_equal(text, want);
}

static void text_is_the_shortest_exact_one(void **state)
{
	(void)state;
	expect_text(DEC_ZERO, "0");
	expect_text(DEC_ONE, "1");
	expect_text(nano(500000000), "0.5");
	expect_text(nano(-333333333), "-0.333333333");
	expect_text(nano(1), "0.000000001");
	expect_text(nano(10010000000), "10.01");
	expect_text(nano(INT64_MAX), "9223372036.854775807");
	expect_text(nano(-INT64_MAX), "-9223372036.854775807");
	expect_text(nano(INT64_MIN), "-9223372036.854775808");
}

static void decimals_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int64_t nano;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "2", 2000000000 },
		{ "0.1", 100000000 },
		{ "-12.50", -12500000000 },
		{ "007.5", 7500000000 },
		{ "1e3", 1000000000000 },
		{ "1E+3", 1000000000000 },
		{ "25e-1", 2500000000 },
		{ "0.00012e4", 1200000000 },
		{ "123456789e-17", 1 },
		{ "9223372036.854775807", INT64_MAX },
		{ "-9223372036.854775807", -INT64_MAX },
		{ "9223372036.8547758074999", INT64_MAX },
		{ "0e999999999999999999999999", 0 },
		{ "1e-999999999999999999999999", 0 },
		{ "0.0000000000000000000000001e25", 1000000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(parse(cases[i].text).nano == cases[i].nano);
}

static void digits_past_the_ninth_are_rounded_half_away_from_zero(void **state)
{
	(void)state;
	assert_int_equal(parse("0.0000000005").nano, 1);
	assert_int_equal(parse("-0.0000000005").nano, -1);
	assert_int_equal(parse("0.00000000049999999999999999").nano, 0);
	assert_int_equal(parse("0.9999999995").nano, 1000000000);
	assert_int_equal(parse("5e-10").nano, 1);
	assert_int_equal(parse("49e-11").nano, 0);
	assert_int_equal(parse("99e-11").nano, 1);
}

static void what_would_be_rounded_is_known(void **state)
{
	static const char *const exact[] = { "0.123456789", "0.1234567890",
					     "5e-9",	    "-3",
					     "1200e-11",    "0e-30" };
	static const char *const rounded[] = { "0.1234567891", "0.0000000004",
					       "0.00000000049", "5e-10",
					       "1.00000000000000000001" };

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(*exact); i++)
		assert_true(dec_is_exact(str_of(exact[i])));
	for (size_t i = 0; i < sizeof(rounded) / sizeof(*rounded); i++)
		assert_false(dec_is_exact(str_of(rounded[i])));
	assert_false(dec_is_exact(STR("x")));
}

static void what_is_not_a_decimal_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"+1",
		".5",
		"5.",
		"1e",
		"1e+",
		"1e1.5",
		"1,5",
		" 1",
		"1 ",
		"--1",
		"0x1",
		"1.2.3",
		"nan",
		"inf",
		"1e5x",
		"1_000",
		"1e--1",
		"9223372036.8547758075",
		"-9223372036.8547758075",
		"9223372036.854775808",
		"1e10",
		"1e999999999999999999999",
		"99999999999999999999999",
	};
	struct dec d = { 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (dec_parse(str_of(bad[i]), &d))
			fail_msg("%s is taken", bad[i]);
	}
	assert_false(dec_parse(str_of(NULL), &d));
	assert_int_equal(d.nano, 7);
}

static void any_decimal_is_read_back_from_its_text(void **state)
{
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		/* all magnitudes alike, not only the large ones */
		int64_t v = (int64_t)(rng_u64(&rng.rng) >>
				      (1 + rng_below(&rng.rng, 63)));
		char text[DEC_TEXT], longer[64];

		v = rng_below(&rng.rng, 2) ? v : -v;
		dec_text(nano(v), text);
		assert_true(parse(text).nano == v);
		/* the same in nanos: "…e-9", and with zeros behind */
		snprintf(longer, sizeof(longer), "%" PRId64 ".000e-9", v);
		assert_true(parse(longer).nano == v);
	}
}

static void a_sum_does_not_depend_on_the_order_of_its_parts(void **state)
{
	struct dec third = dec_ratio(1, 3), tenth = parse("0.1");
	struct dec sum = DEC_ZERO;

	(void)state;
	for (int i = 0; i < 10; i++)
		sum = dec_add(sum, tenth);
	assert_true(dec_eq(sum, DEC_ONE));
	assert_true(dec_eq(dec_add(dec_add(third, tenth), DEC_ONE),
			   dec_add(third, dec_add(DEC_ONE, tenth))));
	assert_true(dec_eq(dec_sub(dec_add(third, tenth), tenth), third));
}

static void products_and_quotients_are_rounded_once(void **state)
{
	(void)state;
	expect_text(dec_ratio(1, 3), "0.333333333");
	expect_text(dec_ratio(2, 3), "0.666666667");
	expect_text(dec_ratio(-2, 3), "-0.666666667");
	expect_text(dec_ratio(2, -3), "-0.666666667");
	expect_text(dec_ratio(-2, -3), "0.666666667");
	expect_text(dec_mul(parse("1.5"), parse("-2.5")), "-3.75");
	expect_text(dec_mul(parse("0.00001"), parse("0.00005")), "0.000000001");
	expect_text(dec_mul(parse("0.00001"), parse("0.000049")), "0");
	expect_text(dec_mul(parse("-0.00001"), parse("0.00005")),
		    "-0.000000001");
	expect_text(dec_div(parse("1"), parse("8")), "0.125");
	expect_text(dec_div(parse("1"), parse("0.000000001")), "1000000000");
	/* two roundings would give 0.999999999 */
	expect_text(dec_scale(DEC_ONE, 3, 3), "1");
	expect_text(dec_scale(parse("10"), 1, 3), "3.333333333");
	expect_text(dec_int(-5), "-5");
}

/* Computed with exact fractions in Python; the product takes 126 bits. */
static void the_widest_products_are_exact(void **state)
{
	static const struct {
		int64_t a, num, den, want;
	} cases[] = {
		{ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
		{ INT64_MAX, 1, 2, 4611686018427387904 },
		{ -INT64_MAX, 1, 2, -4611686018427387904 },
		{ INT64_MAX, -1000000000, 3000000000, -3074457345618258602 },
		{ 3000000000, 3000000000, 2000000000, 4500000000 },
		{ 1276586094810739190, 5575806193180437216,
		  -3875511154881391021, -1836660086659353908 },
		{ 4813907391681975676, -511984971908261724, 2192483798751435205,
		  -1124135212357247719 },
		{ -224005144201187699, 7255418734913898409, 6084175167962335490,
		  -267127601537925982 },
		{ 5567713808534132991, 1681483962269051186,
		  -3768513614643464147, -2484274287659649655 },
		{ -8811601758140449059, 2758639339503328954,
		  -7711015692431550765, 3152377355152000085 },
		{ 8652272787646516960, 4166245135087031542,
		  -4127867292964528952, -8732715189370785953 },
		{ -1145771789528209264, -77250497522876432,
		  -2167993271652528777, -40826437030989383 },
		{ -5187574295927852482, -745184570708756325, 570799850313534860,
		  6772427012038254112 },
		{ 6227214526673765563, 1041398349079554289,
		  -6325455146417381888, -1025224395293556865 },
		{ 4125411530539225905, -3755934259410012994,
		  -4946538588044796332, 3132447918058585147 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(
			dec_scale(nano(cases[i].a), cases[i].num, cases[i].den)
				.nano == cases[i].want);
}

/* Where 64 bits suffice, the plain formula is the oracle. */
static void small_quotients_agree_with_plain_arithmetic(void **state)
{
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		int64_t a = (int64_t)rng_below(&rng.rng, 1 << 30);
		int64_t b = (int64_t)rng_below(&rng.rng, 1 << 30);
		int64_t c = 1 + (int64_t)rng_below(&rng.rng, 1 << 20);
		int64_t want = (2 * a * b + c) / (2 * c);

		assert_true(dec_scale(nano(a), b, c).nano == want);
		assert_true(dec_scale(nano(-a), b, c).nano == -want);
		assert_true(dec_scale(nano(a), b, -c).nano == -want);
	}
}

/* A common factor leads from the short division to the long one. */
static void a_common_factor_changes_nothing(void **state)
{
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		int64_t a = (int64_t)(rng_u64(&rng.rng) >> 1);
		int64_t n = (int64_t)rng_below(&rng.rng, 1 << 30);
		int64_t d = n + 1 + (int64_t)rng_below(&rng.rng, 1 << 30);
		int64_t k = 1 + (int64_t)rng_below(&rng.rng, 1u << 31);

		assert_true(dec_eq(dec_scale(nano(a), n, d),
				   dec_scale(nano(a), n * k, d * k)));
	}
}

static void a_result_out_of_range_saturates(void **state)
{
	const struct dec max = nano(INT64_MAX), min = nano(-INT64_MAX);
	const struct dec stray = nano(INT64_MIN); /* only from outside */

	(void)state;
	assert_true(dec_eq(dec_add(max, nano(1)), max));
	assert_true(dec_eq(dec_add(min, nano(-1)), min));
	assert_true(dec_eq(dec_sub(min, nano(1)), min));
	assert_true(dec_eq(dec_add(max, min), DEC_ZERO));
	assert_true(dec_eq(dec_mul(max, max), max));
	assert_true(dec_eq(dec_mul(max, min), min));
	assert_true(dec_eq(dec_div(min, nano(1)), min));
	assert_true(dec_eq(dec_int(INT64_MAX), max));
	assert_true(dec_eq(dec_int(INT64_MIN), min));
	assert_true(dec_eq(dec_ratio(INT64_MIN, 1), min));
	assert_true(dec_eq(dec_neg(stray), max));
	assert_true(dec_eq(dec_add(stray, stray), min));
	assert_true(dec_eq(dec_scale(stray, 1, 1), min));
	assert_true(dec_eq(dec_round(max, 0), max));
	assert_true(dec_eq(dec_round(min, 0), min));
}

static void rounding_is_half_away_from_zero(void **state)
{
	(void)state;
	expect_text(dec_round(parse("2.5"), 0), "3");
	expect_text(dec_round(parse("-2.5"), 0), "-3");
	expect_text(dec_round(parse("2.499999999"), 0), "2");
	expect_text(dec_round(parse("1.005"), 2), "1.01");
	expect_text(dec_round(parse("-0.004"), 2), "0");
	expect_text(dec_round(parse("0.123456789"), 9), "0.123456789");
	expect_text(dec_round(parse("0.123456785"), 8), "0.12345679");
}

static void order_is_that_of_the_numbers(void **state)
{
	struct dec a = parse("-1"), b = parse("0.5");

	(void)state;
	assert_int_equal(dec_cmp(a, b), -1);
	assert_int_equal(dec_cmp(b, a), 1);
	assert_int_equal(dec_cmp(a, a), 0);
	assert_true(dec_eq(dec_min(a, b), a));
	assert_true(dec_eq(dec_max(a, b), b));
	assert_true(dec_eq(dec_clamp(a, DEC_ZERO, DEC_ONE), DEC_ZERO));
	assert_true(dec_eq(dec_clamp(b, DEC_ZERO, DEC_ONE), b));
	assert_true(dec_eq(dec_clamp(parse("7"), DEC_ZERO, DEC_ONE), DEC_ONE));
}

/* The halves are exact in binary: k / 2^10 ends in a 5 at the tenth digit. */
static void doubles_give_the_nearest_decimal(void **state)
{
	(void)state;
	assert_int_equal(dec_from_double(0.1).nano, 100000000);
	assert_int_equal(dec_from_double(-1.0 / 3).nano, -333333333);
	assert_int_equal(dec_from_double(1.0 / 1024).nano, 976563);
	assert_int_equal(dec_from_double(-1.0 / 1024).nano, -976563);
	assert_int_equal(dec_from_double(3.0 / 1024).nano, 2929688);
	assert_int_equal(dec_from_double(4.9e-10).nano, 0);
	assert_int_equal(dec_from_double(5.1e-10).nano, 1);
	assert_int_equal(dec_from_double(5e-324).nano, 0);
	assert_true(dec_from_double(123456.7890123456).nano == 123456789012346);
	assert_true(dec_from_double(9223372036.5).nano == 9223372036500000000);
	assert_true(dec_from_double(1e300).nano == INT64_MAX);
	assert_true(dec_from_double(-9.3e9).nano == -INT64_MAX);
	assert_true(dec_from_double(-INFINITY).nano == -INT64_MAX);
	assert_int_equal(dec_from_double(NAN).nano, 0);
	assert_int_equal(dec_from_double(-0.0).nano, 0);
}

/* Fifteen digits survive in a double. */
static void decimals_survive_a_double(void **state)
{
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		int64_t v = (int64_t)rng_below(&rng.rng, 1000000000000000);

		assert_true(dec_from_double(dec_double(nano(v))).nano == v);
		assert_true(dec_from_double(dec_double(nano(-v))).nano == -v);
	}
}

static void divide_by_zero(void)
{
	dec_div(DEC_ONE, DEC_ZERO);
}

static void round_to_ten_digits(void)
{
	dec_round(DEC_ONE, 10);
}

static void a_division_by_zero_is_a_bug(void **state)
{
	(void)state;
	assert_true(aborts(divide_by_zero));
	assert_true(aborts(round_to_ten_digits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_the_shortest_exact_one),
		cmocka_unit_test(decimals_are_read_exactly),
		cmocka_unit_test(
			digits_past_the_ninth_are_rounded_half_away_from_zero),
		cmocka_unit_test(what_would_be_rounded_is_known),
		cmocka_unit_test(what_is_not_a_decimal_is_refused),
		cmocka_unit_test(any_decimal_is_read_back_from_its_text),
		cmocka_unit_test(
			a_sum_does_not_depend_on_the_order_of_its_parts),
		cmocka_unit_test(products_and_quotients_are_rounded_once),
		cmocka_unit_test(the_widest_products_are_exact),
		cmocka_unit_test(small_quotients_agree_with_plain_arithmetic),
		cmocka_unit_test(a_common_factor_changes_nothing),
		cmocka_unit_test(a_result_out_of_range_saturates),
		cmocka_unit_test(rounding_is_half_away_from_zero),
		cmocka_unit_test(order_is_that_of_the_numbers),
		cmocka_unit_test(doubles_give_the_nearest_decimal),
		cmocka_unit_test(decimals_survive_a_double),
		cmocka_unit_test(a_division_by_zero_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
