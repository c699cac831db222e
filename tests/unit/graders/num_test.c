#include "graders/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/support/check.h"

static int set_up(void **state)
{
	*state = arena_new(1 << 16);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static struct num_text read_ok(struct arena *a, const char *typed,
			       const char *locale, bool before)
{
	struct num_rules rules = { .locale = num_locale_find(str_of(locale)),
				   .unit_before = before };
	struct num_text t;

	if (num_read(a, str_of(typed), &rules, &t) != NUM_OK)
		fail_msg("\"%s\" is refused", typed);
	return t;
}

static void expect_num(const char *typed, const struct num *x, const char *want)
{
	struct buf b = { 0 };

	num_write(&b, x);
	if (!str_is(buf_view(&b), want))
		fail_msg("\"%s\" is %.*s, not %s", typed, STR_FMT(buf_view(&b)),
			 want);
	buf_done(&b);
}

struct reading {
	const char *typed, *locale, *value, *unit;
};

static void read_all(struct arena *a, const struct reading *at, bool before)
{
	for (; at->typed; at++) {
		struct num_text t = read_ok(a, at->typed, at->locale, before);

		expect_num(at->typed, &t.value, at->value);
		if (!str_is(t.unit, at->unit))
			fail_msg("\"%s\" has unit \"%.*s\"", at->typed,
				 STR_FMT(t.unit));
	}
}

static void numbers_are_read_as_learners_write_them(void **state)
{
	static const struct reading readings[] = {
		{ "42", "en", "42", "" },
		{ " +7.50 ", "en", "7.5", "" },
		{ ".25", "en", "0.25", "" },
		{ "0012.", "en", "12", "" },
		{ "-0.0", "en", "0", "" },
		{ "6.02e23", "en", "6.02e+23", "" },
		{ "2.5E-3", "en", "0.0025", "" },
		{ "6.02x10^23", "en", "6.02e+23", "" },
		{ "6.02 * 10**23", "en", "6.02e+23", "" },
		{ "6.02\xC3\x97"
		  "10^23",
		  "en", "6.02e+23", "" },
		{ "6.02\xC2\xB7"
		  "10\xC2\xB2\xC2\xB3",
		  "en", "6.02e+23", "" },
		{ "5\xC3\x97"
		  "10\xE2\x81\xBB\xE2\x81\xB4",
		  "en", "0.0005", "" },
		{ "10^6", "en", "1000000", "" },
		{ "-10**-2", "en", "-0.01", "" },
		/* U+2212, NBSP, narrow NBSP, thin space */
		{ "\xE2\x88\x92"
		  "12",
		  "en", "-12", "" },
		{ "1\xC2\xA0"
		  "250",
		  "fr", "1250", "" },
		{ "1\xE2\x80\xAF"
		  "250,5",
		  "fr", "1250.5", "" },
		{ "12\xE2\x80\x89"
		  "345",
		  "en", "12345", "" },
		/* Arabic-Indic digits and decimal sign, full width */
		{ "\xD9\xA3\xD9\xAB\xD9\xA5", "ar", "3.5", "" },
		{ "\xEF\xBC\x97\xEF\xBC\x8E\xEF\xBC\x95", "ja", "7.5", "" },
		{ NULL },
	};

	read_all(*state, readings, false);
}

static void separators_are_read_by_their_places_and_the_locale(void **state)
{
	static const struct reading readings[] = {
		{ "1,234.5", "en", "1234.5", "" },
		{ "1.234,5", "de", "1234.5", "" },
		{ "1.234,5", "en", "1234.5", "" },
		{ "12,34,567.8", "en", "1234567.8", "" }, /* lakh */
		{ "1,234,567", "en", "1234567", "" },
		{ "1.234.567", "de", "1234567", "" },
		{ "2,75", "de", "2.75", "" },
		{ "2.75", "de", "2.75", "" },
		{ "2,75", "en", "2.75", "" },
		{ "2,750", "en", "2750", "" },
		{ "2,750", "de", "2.75", "" },
		{ "0,750", "en", "0.75", "" },
		{ "7'500.25", "de-CH", "7500.25", "" },
		{ NULL },
	};

	read_all(*state, readings, false);
}

static void units_stand_after_or_before_the_number(void **state)
{
	static const struct reading after[] = {
		{ "9.81 m/s^2", "en", "9.81", "m/s^2" },
		{ "25%", "en", "25", "%" },
		{ "1e3kg", "en", "1000", "kg" },
		{ "3em", "en", "3", "em" },
		{ "6'", "en", "6", "'" },
		{ "5 sq ft", "en", "5", "sq ft" },
		{ "$19.99", "en", "19.99", "$" },
		{ "-\xE2\x82\xAC"
		  "5",
		  "en", "-5", "\xE2\x82\xAC" },
		{ NULL },
	};
	static const struct reading before[] = {
		{ "USD 1,000.50", "en", "1000.5", "USD" },
		{ "250", "en", "250", "" },
		{ "CHF -3", "en", "-3", "CHF" },
		{ NULL },
	};

	read_all(*state, after, false);
	read_all(*state, before, true);
}

static void a_lone_sign_that_may_group_is_reported(void **state)
{
	struct arena *a = *state;

	assert_true(read_ok(a, "2,750", "en", false).ambiguous);
	assert_true(read_ok(a, "2,75", "en", false).ambiguous);
	assert_true(read_ok(a, "2.750", "de", false).ambiguous);
	assert_false(read_ok(a, "2.75", "de", false).ambiguous);
	assert_false(read_ok(a, "2,750", "de", false).ambiguous);
	assert_false(read_ok(a, "2.750", "en", false).ambiguous);
	assert_false(read_ok(a, "1,234.5", "en", false).ambiguous);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const typed[] = {
		"abc",	   "-",	    "+-3", ".",	  ",",	   "e5",
		"1.2.3",   "2+3",   "2^5", "8/2", "3=3",   "--4",
		"1,2.3,4", "$3 kg", "NaN", "inf", "x10^3", NULL,
	};
	struct num_rules rules = { 0 };
	struct num_text t;

	for (size_t i = 0; typed[i]; i++) {
		if (num_read(*state, str_of(typed[i]), &rules, &t) !=
		    NUM_NOT_A_NUMBER)
			fail_msg("\"%s\" is read", typed[i]);
	}
	assert_int_equal(num_read(*state, STR(" \xC2\xA0\t"), &rules, &t),
			 NUM_BLANK);
}

static void hostile_sizes_cost_nothing(void **state)
{
	static const char *const typed[] = {
		"1e999999999", "1e-999999999", "9e99999999999999999999",
		"1x10^1001",   "0.1e-1001",    NULL
	};
	struct num_rules rules = { 0 };
	struct num_text t;
	char digits[2000];

	for (size_t i = 0; typed[i]; i++)
		assert_int_equal(num_read(*state, str_of(typed[i]), &rules, &t),
				 NUM_OUT_OF_RANGE);
	memset(digits, '7', sizeof(digits));
	assert_int_equal(
		num_read(*state, (struct str){ digits, 2000 }, &rules, &t),
		NUM_OUT_OF_RANGE);
	assert_int_equal(
		num_read(*state, (struct str){ digits, 401 }, &rules, &t),
		NUM_OUT_OF_RANGE);
	assert_int_equal(
		num_read(*state, (struct str){ digits, 400 }, &rules, &t),
		NUM_OK);
	assert_int_equal(num_read(*state, STR("0e999999999"), &rules, &t),
			 NUM_OK);
	assert_int_equal(num_sign(&t.value), 0);
}

static void strict_reading_takes_the_locales_signs_only(void **state)
{
	static const struct {
		const char *typed, *locale;
		enum num_status status;
	} cases[] = {
		{ "1,234.5", "en", NUM_OK },
		{ "1234.5", "en", NUM_OK },
		{ "12,34", "en", NUM_NOT_A_NUMBER },
		{ "1,2345", "en", NUM_NOT_A_NUMBER },
		{ "1.234,5", "en", NUM_NOT_A_NUMBER },
		{ "1.5", "de", NUM_NOT_A_NUMBER },
		{ "1.500,5", "de", NUM_OK },
		{ "1 500,5", "fr", NUM_OK },
		{ "15 00", "fr", NUM_NOT_A_NUMBER },
		{ "1 500", "en", NUM_NOT_A_NUMBER },
	};
	struct num_text t;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct num_rules rules = { .locale = num_locale_find(
						   str_of(cases[i].locale)),
					   .strict = true };

		if (num_read(*state, str_of(cases[i].typed), &rules, &t) !=
		    cases[i].status)
			fail_msg("\"%s\" in %s", cases[i].typed,
				 cases[i].locale);
	}
}

static void fractions_are_exact_where_they_are_allowed(void **state)
{
	struct num_rules rules = { .fractions = true };
	struct num_range third = { .kind = TOL_ABSOLUTE };
	struct num_text t, decimal;

	assert_int_equal(num_read(*state, STR("-2/06"), &rules, &t), NUM_OK);
	expect_num("-2/06", &t.value, "-2/6");
	assert_int_equal(num_read(*state, STR("1/3"), &rules, &t), NUM_OK);
	assert_int_equal(
		num_read(*state, STR("0.333333333333333"), &rules, &decimal),
		NUM_OK);
	third.answer = t.value;
	assert_true(num_within(&t.value, NULL, &third));
	assert_false(num_within(&decimal.value, NULL, &third));
	assert_int_equal(num_read(*state, STR("1/0"), &rules, &t),
			 NUM_NOT_A_NUMBER);
}

static struct num plain(struct arena *a, const char *z)
{
	struct num x;

	if (!num_plain(a, str_of(z), &x))
		fail_msg("%s is no plain number", z);
	return x;
}

static void borders_belong_to_every_tolerance(void **state)
{
	/* From the definitions, worked by hand. */
	static const struct {
		struct answer answer;
		const char *in[4], *out[4];
	} cases[] = {
		/* -11.7 - 0.02 = -11.72, which binary floats miss */
		{ { .text = STR("-11.7"), .tolerance = STR("0.02") },
		  { "-11.72", "-11.68" },
		  { "-11.7200001", "-11.679" } },
		{ { .text = STR("45.8"), .tolerance = STR("0.2") },
		  { "46", "45.6" },
		  { "46.0000000000000001" } },
		{ { .text = STR("1e-20") },
		  { "0.00000000000000000001" },
		  { "1.0000000000000001e-20", "0" } },
		/* 5 % of 60 is 3 */
		{ { .text = STR("60"),
		    .tolerance = STR("0.05"),
		    .tolerance_kind = TOL_RELATIVE },
		  { "57", "63" },
		  { "56.99", "63.01" } },
		{ { .text = STR("-60"), .tolerance = STR("5%") },
		  { "-57", "-63" },
		  { "-56.99", "-63.01" } },
		/* 12 / 1.5 = 8, 12 * 1.5 = 18 */
		{ { .text = STR("12"),
		    .tolerance = STR("0.5"),
		    .tolerance_kind = TOL_GEOMETRIC },
		  { "8", "18" },
		  { "7.999", "18.001" } },
		{ { .text = STR("-12"),
		    .tolerance = STR("0.5"),
		    .tolerance_kind = TOL_GEOMETRIC },
		  { "-8", "-18" },
		  { "-7.999", "-18.001" } },
		/* 0.5 + 0.1 * 20 = 2.5 */
		{ { .text = STR("20"),
		    .tolerance = STR("0.5"),
		    .relative = STR("0.1"),
		    .tolerance_kind = TOL_SUM },
		  { "17.5", "22.5" },
		  { "17.4", "22.6" } },
		/* of the larger: 100 - 90 <= 0.1 * 100, 110 - 100 <= 11,
		 * x - 100 <= x / 10 up to 111.1… */
		{ { .text = STR("100"),
		    .tolerance = STR("0.1"),
		    .tolerance_kind = TOL_LARGER },
		  { "90", "111.1" },
		  { "89.99", "111.2" } },
		{ { .text = STR("3"),
		    .high = STR("1"),
		    .tolerance_kind = TOL_RANGE },
		  { "1", "3", "2" },
		  { "0.99", "3.01" } },
		{ { .text = STR("3"),
		    .high = STR("1"),
		    .low_open = true,
		    .tolerance_kind = TOL_RANGE },
		  { "1", "2.99" },
		  { "3" } },
		{ { .text = STR("[2, 4)") }, { "2", "3.999" }, { "4", "1.9" } },
		{ { .text = STR("(-1e2, 0]") }, { "0", "-99.9" }, { "-100" } },
	};
	struct num_range range;
	struct num x;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(num_range_read(*state, &cases[i].answer, &range));
		for (size_t k = 0; k < 4 && cases[i].in[k]; k++) {
			x = plain(*state, cases[i].in[k]);
			if (!num_within(&x, NULL, &range))
				fail_msg("%s is not within case %zu",
					 cases[i].in[k], i);
		}
		for (size_t k = 0; k < 4 && cases[i].out[k]; k++) {
			x = plain(*state, cases[i].out[k]);
			if (num_within(&x, NULL, &range))
				fail_msg("%s is within case %zu",
					 cases[i].out[k], i);
		}
	}
}

static void rounded_multipliers_do_not_cost_the_mark(void **state)
{
	/* 1 inch is 0.0254 m: 39.37007874015748 inches to the metre */
	struct answer metre = { .text = STR("0.0254") };
	struct num inches = plain(*state, "39.37007874015748");
	struct num one = plain(*state, "1"), more = plain(*state, "1.00000001");
	struct num_range range;

	assert_true(num_range_read(*state, &metre, &range));
	assert_true(num_within(&one, &inches, &range));
	assert_false(num_within(&more, &inches, &range));
	assert_false(num_within(&one, &one, &range));
}

/* X/1000 against A/1000 with T/1000, and T thousandths of A, in integers. */
static void tolerances_agree_with_integer_arithmetic(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 100000; i++) {
		int64_t x = (int64_t)rng_below(&rng.rng, 2000) - 1000;
		int64_t y = (int64_t)rng_below(&rng.rng, 2000) - 1000;
		int64_t t = (int64_t)rng_below(&rng.rng, 300);
		int64_t gap = x > y ? x - y : y - x;
		int64_t size = y < 0 ? -y : y;
		struct num given = num_int(a, x);
		struct num_range range = { .kind = TOL_ABSOLUTE,
					   .answer = num_int(a, y),
					   .tolerance = num_int(a, t) };

		given.exponent -= given.digits.n ? 3 : 0;
		range.answer.exponent -= range.answer.digits.n ? 3 : 0;
		range.tolerance.exponent -= range.tolerance.digits.n ? 3 : 0;
		assert_true(num_within(&given, NULL, &range) == (gap <= t));
		range.kind = TOL_RELATIVE;
		assert_true(num_within(&given, NULL, &range) ==
			    (gap * 1000 <= t * size));
		assert_int_equal(num_cmp(&given, &range.answer),
				 (x > y) - (x < y));
		arena_reset(a);
	}
	arena_free(a);
}

static void what_is_written_reads_as_the_same_number(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct buf b = { 0 };
	struct rng_seeded rng;
	struct num x, y;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		int64_t v = (int64_t)(rng_u64(&rng.rng) >>
				      rng_below(&rng.rng, 64) >> 1);

		x = num_int(a, rng_below(&rng.rng, 2) ? v : -v);
		if (x.digits.n > 0)
			x.exponent += (int64_t)rng_below(&rng.rng, 60) - 30;
		buf_reset(&b);
		num_write(&b, &x);
		assert_true(num_plain(a, buf_view(&b), &y));
		assert_int_equal(num_cmp(&x, &y), 0);
		assert_true(str_eq(x.digits, y.digits));
		assert_int_equal(x.exponent, y.exponent);
		arena_reset(a);
	}
	buf_done(&b);
	arena_free(a);
}

static void the_middle_lies_between_the_ends(void **state)
{
	struct num low = plain(*state, "-1.5"), high = plain(*state, "1e2");
	struct num mid = num_middle(*state, &low, &high);

	expect_num("middle", &mid, "49.25");
	assert_true(fabs(num_double(&mid) - 49.25) < 1e-12);
}

static void figures_count_what_was_written(void **state)
{
	/* Zeros in front never count, zeros behind a point always do. */
	static const struct {
		const char *typed;
		struct num_figures want;
	} cases[] = {
		{ "3.14", { 3, 3, 2, -2 } },	{ "0.0120", { 3, 3, 4, -4 } },
		{ "500", { 1, 3, 0, 2 } },	{ "505", { 3, 3, 0, 0 } },
		{ "-07.0", { 2, 2, 1, -1 } },	{ "0", { 1, 1, 0, 0 } },
		{ "2.50e-2", { 3, 3, 4, -4 } }, { "2.5e3", { 2, 2, 0, 2 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct num_text t =
			read_ok(*state, cases[i].typed, "en", false);
		struct num_figures f = num_figures(&t);

		if (f.least != cases[i].want.least ||
		    f.most != cases[i].want.most ||
		    f.decimals != cases[i].want.decimals ||
		    f.last != cases[i].want.last)
			fail_msg("%s: %d..%d figures, %d decimals, last %d",
				 cases[i].typed, (int)f.least, (int)f.most,
				 (int)f.decimals, (int)f.last);
	}
}

static void locales_fall_back_to_their_language_and_to_english(void **state)
{
	(void)state;
	assert_string_equal(num_locale_find(STR("de_AT"))->group, " ");
	assert_string_equal(num_locale_find(STR("DE-de"))->group, ".");
	assert_string_equal(num_locale_find(STR("tlh"))->tag, "en");
	assert_string_equal(num_locale_find((struct str){ 0 })->tag, "en");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			numbers_are_read_as_learners_write_them, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			separators_are_read_by_their_places_and_the_locale,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			units_stand_after_or_before_the_number, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_lone_sign_that_may_group_is_reported, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_number_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_sizes_cost_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			strict_reading_takes_the_locales_signs_only, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			fractions_are_exact_where_they_are_allowed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			borders_belong_to_every_tolerance, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			rounded_multipliers_do_not_cost_the_mark, set_up,
			tear_down),
		cmocka_unit_test(tolerances_agree_with_integer_arithmetic),
		cmocka_unit_test(what_is_written_reads_as_the_same_number),
		cmocka_unit_test_setup_teardown(
			the_middle_lies_between_the_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(figures_count_what_was_written,
						set_up, tear_down),
		cmocka_unit_test(
			locales_fall_back_to_their_language_and_to_english),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
