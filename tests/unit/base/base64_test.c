#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/field.h"

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *text, *url;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xff\xef\xbe", "/+++", "_---" },
};

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void the_rfc_vectors_hold_both_ways(void **state)
{
	struct buf b = { 0 };
	struct str s, quoted;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		buf_reset(&b);
		jout_base64(&b, str_of(vectors[i].bytes));
		quoted = buf_view(&b);
		assert_true(str_is(str_cut(quoted, 1, quoted.n - 1),
				   vectors[i].text));
		buf_reset(&b);
		base64url_encode(&b, str_of(vectors[i].bytes));
		assert_true(str_is(buf_view(&b), vectors[i].url));
		assert_true(base64_decode(arena, str_of(vectors[i].text), &s));
		assert_true(str_is(s, vectors[i].bytes));
		assert_non_null(s.p);
		assert_true(
			base64url_decode(arena, str_of(vectors[i].url), &s));
		assert_true(str_is(s, vectors[i].bytes));
	}
	buf_done(&b);
}

static void bad_base64_is_refused(void **state)
{
	static const char *const bad[] = {
		"Z",	      "Zg",    "Zg=",	   "Zg===",   "=",
		"==",	      "====",  "Zm9v=",	   "Zm9vYg=", "Zm9v Yg==",
		"Zm9v\n",     " Zm9v", "Zm9*",	   "Zm-v",    "Zm_v",
		"Zh==",	      "Zm9=",  "Zg==Zg==", "Zg=g",    "Z===",
		"\xc3\xa9==",
	};
	struct str s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (base64_decode(arena, str_of(bad[i]), &s))
			fail_msg("%s was accepted", bad[i]);
}

static void bad_base64url_is_refused(void **state)
{
	static const char *const bad[] = {
		"Z",	 "Zg==", "Zm8=", "Zm9vY", "Zm+v",    "Zm/v",
		"Zm9v ", "Zh",	 "Zm9",	 ".",	  "Zm9v.Zg",
	};
	struct str s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (base64url_decode(arena, str_of(bad[i]), &s))
			fail_msg("%s was accepted", bad[i]);
}

static void every_byte_and_length_comes_back(void **state)
{
	struct buf b = { 0 };
	char bytes[256];
	struct str s, text;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct str in = { bytes + sizeof(bytes) - n, n };

		buf_reset(&b);
		jout_base64(&b, in);
		text = buf_view(&b);
		assert_true(
			base64_decode(arena, str_cut(text, 1, text.n - 1), &s));
		assert_true(str_eq(s, in));
		buf_reset(&b);
		base64url_encode(&b, in);
		assert_true(base64url_decode(arena, buf_view(&b), &s));
		assert_true(str_eq(s, in));
		buf_reset(&b);
		buf_hex(&b, in.p, in.n);
		assert_true(hex_decode(arena, buf_view(&b), &s));
		assert_true(str_eq(s, in));
		arena_reset(arena);
	}
	buf_done(&b);
}

static void hex_is_lower_case_pairs(void **state)
{
	static const char *const bad[] = { "0",	  "0g",	 "0A",	"AB",	   "0x",
					   "00 ", " 00", "0\n", "\xc3\xa9" };
	struct str s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (hex_decode(arena, str_of(bad[i]), &s))
			fail_msg("%s was accepted", bad[i]);
	assert_true(hex_decode(arena, STR("00ff7a"), &s));
	assert_true(str_eq(s, STR("\0\xff\x7a")));
	assert_true(hex_decode(arena, STR(""), &s));
	assert_non_null(s.p);
}

static void a_full_buffer_fails_and_stays_failed(void **state)
{
	struct buf b = { .limit = 8 };

	(void)state;
	base64url_encode(&b, STR("123456789"));
	assert_true(b.failed);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc_vectors_hold_both_ways),
		cmocka_unit_test(bad_base64_is_refused),
		cmocka_unit_test(bad_base64url_is_refused),
		cmocka_unit_test(every_byte_and_length_comes_back),
		cmocka_unit_test(hex_is_lower_case_pairs),
		cmocka_unit_test(a_full_buffer_fails_and_stays_failed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
