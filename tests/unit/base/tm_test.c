#include "base/tm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <time.h>

#include "tests/support/check.h"

static void expect(const char *text, int64_t ms)
{
	int64_t got = 0;

	if (!tm_parse(str_of(text), &got))
		fail_msg("%s is refused", text);
	if (got != ms)
		fail_msg("%s is %" PRId64 ", not %" PRId64, text, got, ms);
}

/* RFC 3339, section 5.8. The numbers are from GNU date. */
static void the_examples_of_rfc_3339_are_read(void **state)
{
	(void)state;
	expect("1985-04-12T23:20:50.52Z", INT64_C(482196050520));
	expect("1996-12-19T16:39:57-08:00", INT64_C(851042397000));
	expect("1990-12-31T23:59:60Z", INT64_C(662687999999));
	expect("1990-12-31T15:59:60-08:00", INT64_C(662687999999));
	expect("1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130));
}

static void fractions_are_cut_to_milliseconds(void **state)
{
	(void)state;
	expect("1970-01-01T00:00:00Z", 0);
	expect("1970-01-01T00:00:00.1Z", 100);
	expect("1970-01-01T00:00:00.0019Z", 1);
	expect("1970-01-01T00:00:00.999999999Z", 999);
	expect("1969-12-31T23:59:59.999Z", -1);
}

static void letters_may_be_small(void **state)
{
	(void)state;
	expect("1970-01-02t00:00:00z", 86400000);
}

static void a_leap_second_is_the_last_ms_of_its_minute(void **state)
{
	(void)state;
	expect("2016-12-31T23:59:60Z", INT64_C(1483228799999));
	expect("2016-12-31T23:59:60.5Z", INT64_C(1483228799999));
	expect("2017-01-01T00:59:60+01:00", INT64_C(1483228799999));
}

static void leap_years_follow_the_gregorian_rule(void **state)
{
	int64_t ms;

	(void)state;
	assert_true(tm_parse(STR("2024-02-29T00:00:00Z"), &ms));
	assert_true(tm_parse(STR("2000-02-29T00:00:00Z"), &ms));
	assert_false(tm_parse(STR("2023-02-29T00:00:00Z"), &ms));
	assert_false(tm_parse(STR("1900-02-29T00:00:00Z"), &ms));
}

static void what_is_not_a_time_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-01-02",
		"2026-01-02T03:04:05",
		"2026-01-02 03:04:05Z",
		"2026-01-02T03:04Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05.1234567890Z",
		"2026-01-02T03:04:05,5Z",
		"2026-01-02T03:04:05Z ",
		" 2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05+01",
		"2026-01-02T03:04:05+0100",
		"2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+01:60",
		"2026-00-02T03:04:05Z",
		"2026-13-02T03:04:05Z",
		"2026-01-00T03:04:05Z",
		"2026-01-32T03:04:05Z",
		"2026-04-31T03:04:05Z",
		"2026-01-02T24:00:00Z",
		"2026-01-02T03:60:05Z",
		"2026-01-02T03:04:61Z",
		"2026-01-02T03:04:60Z",
		"2026-01-02T23:59:60+01:00",
		"+026-01-02T03:04:05Z",
		"12026-01-02T03:04:05Z",
		"2026-1-2T03:04:05Z",
	};
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tm_parse(str_of(bad[i]), &ms))
			fail_msg("%s is taken", bad[i]);
	}
	assert_false(tm_parse(str_of(NULL), &ms));
	assert_int_equal(ms, 7);
}

static void times_outside_of_four_digit_years_are_clamped(void **state)
{
	char text[TM_TEXT + 1];

	(void)state;
	tm_text(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00.000Z");
	tm_text(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

/* The C library is the oracle for the date, the parser for the way back. */
static void
any_time_is_written_as_the_c_library_does_and_read_back(void **state)
{
	const int64_t least = INT64_C(-62167219200000);
	const int64_t most = INT64_C(253402300799999);
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		int64_t ms = least +
			     (int64_t)rng_below(&rng.rng,
						(uint64_t)(most - least) + 1);
		int64_t part = (ms % 1000 + 1000) % 1000, back;
		time_t s = (time_t)((ms - part) / 1000);
		char text[TM_TEXT + 1], want[80];
		struct tm tm;

		gmtime_r(&s, &tm);
		snprintf(want, sizeof(want),
			 "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec, (int)part);
		tm_text(ms, text);
		assert_string_equal(text, want);
		assert_true(tm_parse(str_of(text), &back));
		assert_true(back == ms);
	}
}

static void spans_are_read_in_every_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "90s", 90000 },  { "15m", 900000 },
		{ "2h", 7200000 }, { "7d", 604800000 },
		{ "250ms", 250 },  { "1500", 1500 },
		{ "0", 0 },	   { "9223372036854775807", INT64_MAX },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(tm_parse_span(str_of(cases[i].text), &ms));
		assert_true(ms == cases[i].ms);
	}
}

static void what_is_not_a_span_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"s",
		"-5s",
		"1.5h",
		"5 s",
		"5S",
		"5w",
		"5ss",
		"+5s",
		"9223372036854775807d",
		"9223372036854775808",
	};
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tm_parse_span(str_of(bad[i]), &ms));
	assert_int_equal(ms, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_3339_are_read),
		cmocka_unit_test(fractions_are_cut_to_milliseconds),
		cmocka_unit_test(letters_may_be_small),
		cmocka_unit_test(a_leap_second_is_the_last_ms_of_its_minute),
		cmocka_unit_test(leap_years_follow_the_gregorian_rule),
		cmocka_unit_test(what_is_not_a_time_is_refused),
		cmocka_unit_test(times_outside_of_four_digit_years_are_clamped),
		cmocka_unit_test(
			any_time_is_written_as_the_c_library_does_and_read_back),
		cmocka_unit_test(spans_are_read_in_every_unit),
		cmocka_unit_test(what_is_not_a_span_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
