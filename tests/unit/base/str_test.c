#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/check.h"

static void absent_is_not_a_pointer_but_compares_as_empty(void **state)
{
	struct str absent = str_of(NULL);

	(void)state;
	assert_null(absent.p);
	assert_true(str_eq(absent, STR("")));
	assert_true(str_is(absent, ""));
	assert_true(str_eq_nocase(absent, STR("")));
	assert_int_equal(str_cmp(absent, STR("")), 0);
	assert_true(str_starts(absent, ""));
	assert_true(str_ends(absent, ""));
	assert_null(str_cut(absent, 0, 9).p);
	assert_null(str_trim(absent).p);
	assert_true(str_utf8_ok(absent));
	assert_int_equal(str_find(absent, STR("a"), 0), SIZE_MAX);
}

static void equality_looks_at_every_byte(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_false(str_is(STR("a\0b"), "a"));
}

static void only_ascii_letters_fold(void **state)
{
	(void)state;
	assert_true(str_eq_nocase(STR("AbZ@[9"), STR("aBz@[9")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_false(str_eq_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
	assert_false(str_eq_nocase(STR("a"), STR("aa")));
}

static void order_is_by_unsigned_bytes_then_length(void **state)
{
	(void)state;
	assert_int_equal(str_cmp(STR("a"), STR("b")), -1);
	assert_int_equal(str_cmp(STR("b"), STR("a")), 1);
	assert_int_equal(str_cmp(STR("a"), STR("ab")), -1);
	assert_int_equal(str_cmp(STR("ab"), STR("a")), 1);
	assert_int_equal(str_cmp(STR("\xff"), STR("a")), 1);
	assert_int_equal(str_cmp(STR("a\0b"), STR("a\0b")), 0);
}

static void starts_and_ends_need_the_whole_affix(void **state)
{
	(void)state;
	assert_true(str_starts(STR("abc"), "ab"));
	assert_true(str_ends(STR("abc"), "bc"));
	assert_false(str_starts(STR("abc"), "abcd"));
	assert_false(str_ends(STR("abc"), "0abc"));
	assert_false(str_ends(STR("abc"), "ab"));
}

static void a_cut_is_clamped(void **state)
{
	(void)state;
	assert_true(str_is(str_cut(STR("abcd"), 1, 3), "bc"));
	assert_true(str_is(str_cut(STR("abcd"), 2, SIZE_MAX), "cd"));
	assert_true(str_is(str_cut(STR("abcd"), 9, 12), ""));
	assert_true(str_is(str_cut(STR("abcd"), 3, 1), ""));
}

static void trimming_takes_ascii_white_space_only(void **state)
{
	(void)state;
	assert_true(str_is(str_trim(STR(" \t\r\n a b\v\f ")), "a b"));
	assert_true(str_is(str_trim(STR(" \n ")), ""));
	assert_true(str_is(str_trim(STR("\xc2\xa0x")), "\xc2\xa0x"));
}

static void finding_starts_where_it_is_told(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abcabc"), STR("bc"), 0), 1);
	assert_int_equal(str_find(STR("abcabc"), STR("bc"), 2), 4);
	assert_int_equal(str_find(STR("abcabc"), STR("bc"), 5), SIZE_MAX);
	assert_int_equal(str_find(STR("abc"), STR("abcd"), 0), SIZE_MAX);
	assert_int_equal(str_find(STR("abc"), STR(""), 3), 3);
	assert_int_equal(str_find(STR("abc"), STR(""), 4), SIZE_MAX);
}

/* n separators give n + 1 parts. */
static void splitting_gives_every_part_also_empty_ones(void **state)
{
	static const struct {
		const char *text;
		const char *parts[4];
	} cases[] = {
		{ "a,,b", { "a", "", "b" } },
		{ "a,", { "a", "" } },
		{ ",a", { "", "a" } },
		{ ",", { "", "" } },
		{ "a", { "a" } },
		{ "", { "" } },
		{ NULL, { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str rest = str_of(cases[i].text), part;
		size_t n = 0;

		while (str_split(&rest, ',', &part)) {
			assert_non_null(cases[i].parts[n]);
			assert_true(str_is(part, cases[i].parts[n]));
			n++;
		}
		assert_null(cases[i].parts[n]);
	}
}

static void copies_are_terminated_and_keep_absence(void **state)
{
	struct arena *a = arena_new(0);
	char original[] = "a\0b";
	struct str copy = str_copy(a, (struct str){ original, 3 });

	(void)state;
	original[0] = 'x';
	assert_memory_equal(copy.p, "a\0b", 4);
	assert_int_equal(copy.n, 3);
	assert_null(str_copy(a, str_of(NULL)).p);
	assert_non_null(str_copy(a, STR("")).p);
	assert_string_equal(str_z(a, str_of(NULL)), "");
	assert_string_equal(str_z(a, str_cut(STR("abc"), 0, 2)), "ab");
	assert_true(
		str_is(str_fmt(a, "%d-%.*s", 5, STR_FMT(STR("xy"))), "5-xy"));
	assert_int_equal(str_fmt(a, "%5000d", 1).n, 5000);
	arena_free(a);
}

static void whole_int64_integers_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "007", 7 },
		{ "-12", -12 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "-9223372036854775807", -INT64_MAX },
	};
	int64_t v = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(str_int(str_of(cases[i].text), &v));
		assert_true(v == cases[i].value);
	}
}

static void what_is_not_an_integer_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"+1",
		" 1",
		"1 ",
		"1.0",
		"1e3",
		"0x1",
		"--1",
		"1-",
		"a",
		"9223372036854775808",
		"-9223372036854775809",
		"99999999999999999999",
	};
	int64_t v = 99;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_int(str_of(bad[i]), &v));
	assert_false(str_int(str_of(NULL), &v));
	assert_false(str_int(STR("1\0"), &v));
	assert_int_equal(v, 99);
}

/* Written from the definition: a code point, its only encoding, its range. */
static bool decodes(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t c;

	if (n == 0)
		return true;
	len = p[0] < 0x80	      ? 1
	      : (p[0] & 0xe0) == 0xc0 ? 2
	      : (p[0] & 0xf0) == 0xe0 ? 3
	      : (p[0] & 0xf8) == 0xf0 ? 4
				      : 0;
	if (len == 0 || len > n)
		return false;
	c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	return decodes(p + len, n - len);
}

static void utf8_is_judged_as_its_definition_says(void **state)
{
	/* Bytes at which some rule changes; all strings of 0 to 4 of them. */
	static const unsigned char edge[] = {
		0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
		0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
		0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
	};
	const size_t edges = sizeof(edge);
	size_t all = edges * edges * edges * edges;

	(void)state;
	for (size_t i = 0; i < all; i++) {
		unsigned char p[4] = {
			edge[i % edges],
			edge[i / edges % edges],
			edge[i / edges / edges % edges],
			edge[i / edges / edges / edges],
		};

		for (size_t n = 0; n <= 4; n++) {
			struct str s = { (const char *)p, n };

			if (str_utf8_ok(s) != decodes(p, n))
				fail_msg("%02x %02x %02x %02x, %zu bytes", p[0],
					 p[1], p[2], p[3], n);
		}
	}
}

static void integers_are_written_as_they_are_read(void **state)
{
	static const int64_t some[] = { 0, 7, -7, 10, INT64_MAX, INT64_MIN };
	char text[STR_INT_TEXT];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		assert_true(str_int(str_of_int(text, some[i]), &back));
		assert_true(back == some[i]);
	}
	assert_true(
		str_is(str_of_int(text, INT64_MIN), "-9223372036854775808"));
}

static void hex_digits_are_of_either_case(void **state)
{
	(void)state;
	assert_int_equal(str_hex_digit('0'), 0);
	assert_int_equal(str_hex_digit('9'), 9);
	assert_int_equal(str_hex_digit('a'), 10);
	assert_int_equal(str_hex_digit('F'), 15);
	assert_int_equal(str_hex_digit('g'), -1);
	assert_int_equal(str_hex_digit('/'), -1);
	assert_int_equal(str_hex_digit('\x11'), -1);
}

static void what_is_put_as_utf8_is_utf8(void **state)
{
	static const struct {
		uint32_t c;
		const char *z;
	} some[] = {
		{ 'a', "a" },
		{ 0x7f, "\x7f" },
		{ 0x80, "\xc2\x80" },
		{ 0x7ff, "\xdf\xbf" },
		{ 0x800, "\xe0\xa0\x80" },
		{ 0xffff, "\xef\xbf\xbf" },
		{ 0x10000, "\xf0\x90\x80\x80" },
		{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
	};
	char out[4];

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct str s = { out, str_utf8_put(out, some[i].c) };

		assert_true(str_is(s, some[i].z));
		assert_true(str_utf8_ok(s));
	}
}

/* Vectors of the FNV reference (G. Fowler, L. C. Noll, K.-P. Vo). */
static void the_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(str_hash(STR("")) == UINT64_C(0xcbf29ce484222325));
	assert_true(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(str_hash(STR("foobar")) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_is_not_a_pointer_but_compares_as_empty),
		cmocka_unit_test(equality_looks_at_every_byte),
		cmocka_unit_test(only_ascii_letters_fold),
		cmocka_unit_test(order_is_by_unsigned_bytes_then_length),
		cmocka_unit_test(starts_and_ends_need_the_whole_affix),
		cmocka_unit_test(a_cut_is_clamped),
		cmocka_unit_test(trimming_takes_ascii_white_space_only),
		cmocka_unit_test(finding_starts_where_it_is_told),
		cmocka_unit_test(splitting_gives_every_part_also_empty_ones),
		cmocka_unit_test(copies_are_terminated_and_keep_absence),
		cmocka_unit_test(whole_int64_integers_are_read),
		cmocka_unit_test(what_is_not_an_integer_is_refused),
		cmocka_unit_test(utf8_is_judged_as_its_definition_says),
		cmocka_unit_test(integers_are_written_as_they_are_read),
		cmocka_unit_test(hex_digits_are_of_either_case),
		cmocka_unit_test(what_is_put_as_utf8_is_utf8),
		cmocka_unit_test(the_hash_is_fnv_1a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
