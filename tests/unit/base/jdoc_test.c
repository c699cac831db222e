#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/field.h"
#include "base/limits.h"

struct text {
	struct str s;
	bool ok;
};

#define Y(literal)                                                             \
	{                                                                      \
		{ literal, sizeof(literal) - 1 }, true                         \
	}
#define N(literal)                                                             \
	{                                                                      \
		{ literal, sizeof(literal) - 1 }, false                        \
	}

/* What RFC 8259 takes and what it does not, by production. */
/* clang-format off */
static const struct text texts[] = {
	/* one value of any kind */
	Y("{}"), Y("[]"), Y("0"), Y("-0"), Y("1"), Y("true"), Y("false"),
	Y("null"), Y("\"\""), Y("\"a\""), Y("1.5e3"), Y(" 1"), Y("1 "),
	Y("\n\t\r {} \n\t\r "), Y(" \"x\" "), Y("\tnull\n"),
	N(""), N(" "), N("\n"), N("{} {}"), N("[] []"), N("1 2"), N("1,2"),
	N("{},"), N(",{}"), N("[],"), N("{}}"), N("[]]"), N("{}]"), N("[]}"),
	N("\"a\" \"b\""), N("\"a\"\"b\""), N("nullnull"), N("null null"),
	N("{}x"), N("[]1"), N("1[]"), N("\"a\"1"), N("1\"a\""), N("{}//c"),
	N("{}/**/"), N("#\n{}"), N("[1]//\n"), N("{}\0"), N("\0{}"), N("{\0}"),
	N("[1,\0002]"), N("\xef\xbb\xbf{}"), N("\xef\xbb\xbf"), N("{}\f"),
	N("\v[]"), N("[]\xa0"), N("[\xc2\xa0]"), N("[]\x85"), N("\x7f"),
	N("a"), N("abc"), N("'a'"), N("=1"), N(":"), N(","), N("}"), N("]"),
	N("{"), N("["), N("\""), N("\\"), N("("), N("<null>"), N("*"),
	/* literals */
	Y("[true]"), Y("[ false ]"), Y("[null,null]"), Y("{\"a\":null}"),
	N("[tru]"), N("[truee]"), N("[True]"), N("[TRUE]"), N("[t]"),
	N("[fals]"), N("[falsey]"), N("[nul]"), N("[nulll]"), N("[nil]"),
	N("tru"), N("nul"), N("falsee"), N("[truefalse]"), N("[true false]"),
	N("[NaN]"), N("[nan]"), N("[Infinity]"), N("[-Infinity]"),
	N("[undefined]"), N("[none]"), N("[true\"a\"]"), N("[null:1]"),
	/* numbers */
	Y("[0]"), Y("[-0]"), Y("[123]"), Y("[-123]"), Y("[0.1]"),
	Y("[-0.0]"), Y("[1e5]"), Y("[1E5]"), Y("[1e+5]"), Y("[1e-5]"),
	Y("[0e1]"), Y("[0e+1]"), Y("[0.5E-07]"), Y("[1.0e00]"), Y("[1e400]"),
	Y("[123456789012345678901234567890]"), Y("[0.00000000000000000001]"),
	Y("-12.5e-3"), Y("[ 4]"), Y("[4 ]"),
	N("[01]"), N("[-01]"), N("[00]"), N("[007]"), N("[1.]"), N("[.1]"),
	N("[-.1]"), N("[1.e5]"), N("[1e]"), N("[1e+]"), N("[1e-]"),
	N("[1E+-2]"), N("[1e5.5]"), N("[1.2.3]"), N("[+1]"), N("[++1]"),
	N("[--1]"), N("[-]"), N("[- 1]"), N("[1 000]"), N("[1_000]"),
	N("[1,000.]"), N("[0x1]"), N("[0xff]"), N("[0b1]"), N("[0o7]"),
	N("[1a]"), N("[1f]"), N("[1.5f]"), N("[-a]"), N("[1-2]"), N("[1+2]"),
	N("[0e]"), N("[0.e1]"), N("[2.e3]"), N("[1e1e1]"), N("[\xef\xbc\x91]"),
	N("-"), N("1."), N("01"), N("1e"), N("[-Inf]"), N("[1 .5]"),
	N("[1\0]"), N("1\0"), N("[0 1]"), N("[1'000]"),
	/* strings */
	Y("[\"\"]"), Y("[\"a b\"]"), Y("[\"\\\"\"]"), Y("[\"\\\\\"]"),
	Y("[\"\\/\"]"), Y("[\"/\"]"), Y("[\"\\b\\f\\n\\r\\t\"]"),
	Y("[\"\\u0041\"]"), Y("[\"\\u00e9\\u00E9\"]"), Y("[\"\\u0000\"]"),
	Y("[\"\\ud834\\udd1e\"]"), Y("[\"\\uDBFF\\uDFFF\"]"),
	Y("[\"\\uffff\"]"), Y("[\"\\\\u0041\"]"), Y("[\"\\\\\\\"\"]"),
	Y("[\"\x7f\"]"), Y("[\"\xc3\xa9\"]"), Y("[\"\xe2\x82\xac\"]"),
	Y("[\"\xf0\x9f\x98\x80\"]"), Y("[\"\xf4\x8f\xbf\xbf\"]"),
	Y("[\"\xe2\x80\xa8\"]"), Y("[\"\xef\xbb\xbf\"]"), Y("[\"{[,:]}\"]"),
	Y("[\"\xd0\x96 mixed \xd0\x96\\n\xd0\x96 text\"]"),
	N("[\"]"), N("[\"a]"), N("[a\"]"), N("['a']"), N("[\"a'"),
	N("\"a"), N("\"\\\""), N("[\"\\\"]"), N("[\"\\x41\"]"),
	N("[\"\\a\"]"), N("[\"\\v\"]"), N("[\"\\0\"]"), N("[\"\\'\"]"),
	N("[\"\\U0041\"]"), N("[\"\\u\"]"), N("[\"\\u0\"]"), N("[\"\\u00\"]"),
	N("[\"\\u004\"]"), N("[\"\\u004g\"]"), N("[\"\\u 041\"]"),
	N("[\"\\u+041\"]"), N("[\"\\u0x41\"]"), N("\"\\u004"),
	N("[\"\\ud834\"]"), N("[\"\\udd1e\"]"), N("[\"\\ud834x\"]"),
	N("[\"\\ud834\\n\"]"), N("[\"\\ud834\\u0041\"]"),
	N("[\"\\ud834\\ud834\"]"), N("[\"\\udd1e\\ud834\"]"),
	N("[\"\\ud834\\udd1\"]"), N("[\"\\ud834 \\udd1e\"]"), N("[\"\n\"]"),
	N("[\"\r\"]"), N("[\"\t\"]"), N("[\"\b\"]"), N("[\"\x1f\"]"),
	N("[\"\x01\"]"), N("[\"a\0b\"]"), N("[\"12345678\x1f\"]"),
	N("[\"1234567\n12345678\"]"), N("[\"a\\\nb\"]"), N("[\"\\\"\n\"]"),
	N("[\"\xff\"]"), N("[\"\xfe\"]"), N("[\"\x80\"]"), N("[\"\xbf\"]"),
	N("[\"\xc3\"]"), N("[\"\xc3(\"]"), N("[\"\xe2\x82\"]"),
	N("[\"\xe2\x28\xa1\"]"), N("[\"\xc0\x80\"]"), N("[\"\xc0\xaf\"]"),
	N("[\"\xc1\xbf\"]"), N("[\"\xe0\x80\xaf\"]"), N("[\"\xe0\x9f\xbf\"]"),
	N("[\"\xf0\x80\x80\xaf\"]"), N("[\"\xf0\x8f\xbf\xbf\"]"),
	N("[\"\xed\xa0\x80\"]"), N("[\"\xed\xbf\xbf\"]"),
	N("[\"\xf4\x90\x80\x80\"]"), N("[\"\xf5\x80\x80\x80\"]"),
	N("[\"\xf8\x88\x80\x80\x80\"]"), N("[\"\xf0\x9f\x98\"]"),
	N("[\"\xc3\xa9\n\"]"), N("[\"\xc3\xa9\xc3\"]"), N("[\xc3\xa9]"),
	N("[\"a\" \"b\"]"), N("[\"a\"\"b\"]"), N("[\"a\"b]"), N("[\"a\"1]"),
	/* arrays */
	Y("[1]"), Y("[1,2]"), Y("[ 1 , 2 ]"), Y("[[]]"), Y("[[],[]]"),
	Y("[[[[]]],{}]"), Y("[{}]"), Y("[{},{}]"), Y("[1,\"a\",null,{},[]]"),
	Y("[\n1\n,\n2\n]"), Y("[[1],[2],[3,[4]]]"), Y("[{\"a\":1},2]"),
	N("[,]"), N("[1,]"), N("[,1]"), N("[1,,2]"), N("[1 2]"), N("[1"),
	N("[1,"), N("[1,2"), N("[[]"), N("[]["), N("[1}"), N("[{]}"),
	N("[1;2]"), N("[1:2]"), N("[:]"), N("[\"a\":1]"), N("[\"a\",1:2]"),
	N("[[][]]"), N("[{}{}]"), N("[[]1]"), N("[1[]]"), N("[1{}]"),
	N("[{}1]"), N("[(1)]"), N("[*]"), N("[1 ,"), N("[ , ]"), N("[[1]"),
	N("[[1,]]"), N("[[],]"), N("[{},]"), N("[\"a\",]"), N("[...]"),
	N("[1]]"), N("[[1]]]"), N("]["), N("[\"\":[]]"), N("[[],:[]]"),
	/* objects */
	Y("{\"a\":1}"), Y("{\"a\":1,\"b\":2}"), Y("{ \"a\" : 1 , \"b\" : 2 }"),
	Y("{\"\":0}"), Y("{\"a\":{}}"), Y("{\"a\":[]}"), Y("{\"a\":{\"a\":1}}"),
	Y("{\"a\":\"b\"}"), Y("{\"a\":\"a\"}"), Y("{\"a\":{\"b\":{}},\"c\":[]}"),
	Y("{\"a\":[{}],\"b\":[{}]}"), Y("{\"a\\n\":1}"), Y("{\"\\u0061\":1}"),
	Y("{\"a\":true,\"A\":true}"), Y("{\"\xc3\xa9\":1}"), Y("{\"a\"\n:\n1}"),
	Y("{\"a\":1,\"aa\":2,\"aaa\":3}"), Y("{\"ab\":1,\"ba\":2}"),
	N("{,}"), N("{\"a\"}"), N("{\"a\":}"), N("{\"a\":1,}"), N("{\"a\" 1}"),
	N("{:1}"), N("{a:1}"), N("{'a':1}"), N("{1:1}"), N("{null:1}"),
	N("{true:1}"), N("{[]:1}"), N("{{}:1}"), N("{\"a\":1 \"b\":2}"),
	N("{\"a\":1,,\"b\":2}"), N("{,\"a\":1}"), N("{\"a\"::1}"),
	N("{\"a\":1:2}"), N("{\"a\":\"b\":\"c\"}"), N("{\"a\",\"b\"}"),
	N("{\"a\",1}"), N("{\"a\":1,\"b\"}"), N("{\"a\":1,\"b\":}"),
	N("{\"a\":1"), N("{\"a\":"), N("{\"a\""), N("{\"a"), N("{\"a\":1]"),
	N("{\"a\":[}"), N("{\"a\":1}}"), N("{\"a\":1 2}"), N("{\"a\":1,2}"),
	N("{\"a\":[] []}"), N("{\"a\":{}{}}"), N("{1}"), N("{\"a\";1}"),
	N("{\"a\"=1}"), N("{\"a\":,\"b\":1}"), N("{{}}"), N("{[]}"),
	N("{\"a\":1}{\"b\":2}"), N("{\"a\" \"b\":1}"), N("{\"a\":1,[]}"),
	N("{\"a\":{\"b\":1,}}"), N("{\"a\":1,{\"b\":2}}"), N("{:}"),
	N("{\"a\\x\":1}"), N("{\"\n\":1}"), N("{\"\xff\":1}"), N("{\"a\":.}"),
	/* names that come twice */
	N("{\"a\":1,\"a\":1}"), N("{\"a\":1,\"b\":2,\"a\":3}"),
	N("{\"\":1,\"\":2}"), N("{\"a\":1,\"\\u0061\":2}"),
	N("{\"\\u0061\":1,\"a\":2}"), N("{\"/\":1,\"\\/\":2}"),
	N("{\"\xc3\xa9\":1,\"\\u00e9\":2}"), N("{\"a\":{},\"a\":[]}"),
	N("[{\"x\":1,\"y\":{\"z\":1,\"z\":2}}]"), N("{\"a\\n\":1,\"a\\n\":2}"),
	Y("{\"x\":{\"a\":1},\"y\":{\"a\":1}}"), Y("{\"a\\n\":1,\"an\":2}"),
	Y("{\"a\":1,\"\\\\u0061\":2}"), Y("[{\"a\":1},{\"a\":1}]"),
};
/* clang-format on */

static struct ctx cx;

static int setup(void **state)
{
	(void)state;
	cx = (struct ctx){ .arena = arena_new(4096) };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(cx.arena);
	return 0;
}

/* In memory of exactly its size, so that a sanitizer sees a byte too far. */
static enum err parse(struct str s, struct jdoc **d)
{
	char *copy = malloc(s.n ? s.n : 1); /* allowed: exact bounds */
	enum err e;

	assert_non_null(copy);
	memcpy(copy, s.p, s.n);
	err_clear(&cx);
	e = jdoc_parse(&cx, (struct str){ copy, s.n }, d);
	free(copy);
	return e;
}

static void exactly_the_rfc_is_accepted(void **state)
{
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct jdoc *d;
	int wrong = 0;

	(void)state;
	assert_true(n >= 150);
	for (size_t i = 0; i < n; i++) {
		enum err e = parse(texts[i].s, &d);

		if ((e == OK) != texts[i].ok || (e && e != ERR_BAD_JSON)) {
			print_error("text %zu %.*s: %s %s\n", i,
				    STR_FMT(texts[i].s), err_kind(e),
				    cx.error.text);
			wrong++;
		}
		arena_reset(cx.arena);
	}
	print_message("%zu texts\n", n);
	assert_int_equal(wrong, 0);
}

/* The same texts as members of larger ones, and behind white space. */
static void a_text_is_judged_alike_inside_another(void **state)
{
	struct buf b = { 0 };
	struct jdoc *d;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str s = texts[i].s;

		/* these become right by standing inside brackets */
		if (str_is(s, "1,2") || str_is(str_trim(s), "") ||
		    str_is(s, "[1,\0002]"))
			continue;
		buf_reset(&b);
		buf_z(&b, " [ [1,{}] , ");
		buf_str(&b, s);
		buf_z(&b, " ,{\"k\" : ");
		buf_str(&b, s);
		buf_z(&b, " } ] ");
		if ((parse(buf_view(&b), &d) == OK) != texts[i].ok)
			fail_msg("text %zu: %.*s", i, STR_FMT(s));
		arena_reset(cx.arena);
	}
	buf_done(&b);
}

static void every_prefix_of_a_text_is_refused(void **state)
{
	struct str s = STR("{\"a\":[1,-2.5e3,true,null,{\"b\":\"\\u00e9\\\\"
			   "\xc3\xa9\"},[[]]],\"c\":{\"d\":false}}");
	struct jdoc *d;

	(void)state;
	assert_int_equal(parse(s, &d), OK);
	for (size_t n = 0; n < s.n; n++)
		assert_int_equal(parse(str_cut(s, 0, n), &d), ERR_BAD_JSON);
}

static void repeat(struct buf *b, const char *z, int n)
{
	for (int i = 0; i < n; i++)
		buf_z(b, z);
}

static enum err parse_nested(const char *open, const char *middle,
			     const char *close, int n)
{
	struct buf b = { 0 };
	struct jdoc *d;
	enum err e;

	repeat(&b, open, n);
	buf_z(&b, middle);
	repeat(&b, close, n);
	e = parse(buf_view(&b), &d);
	buf_done(&b);
	return e;
}

static void depth_is_limited(void **state)
{
	(void)state;
	assert_int_equal(parse_nested("[", "", "]", LIMIT_JSON_DEPTH), OK);
	assert_int_equal(parse_nested("[", "", "]", LIMIT_JSON_DEPTH + 1),
			 ERR_TOO_LARGE);
	assert_int_equal(parse_nested("{\"a\":", "1", "}", LIMIT_JSON_DEPTH),
			 OK);
	assert_int_equal(
		parse_nested("{\"a\":", "1", "}", LIMIT_JSON_DEPTH + 1),
		ERR_TOO_LARGE);
	assert_int_equal(parse_nested("[", "", "]", 90000), ERR_TOO_LARGE);
	assert_int_equal(parse_nested("[", "", "", 500000), ERR_TOO_LARGE);
	assert_int_equal(parse_nested("[{\"a\":", "1", "}]", 33),
			 ERR_TOO_LARGE);
	assert_int_equal(parse_nested("[{\"a\":", "1", "}]", 32), OK);
}

/* n values, brackets apart. */
static enum err parse_many(const char *one, int n, struct jdoc **d,
			   struct buf *b)
{
	buf_reset(b);
	buf_ch(b, '[');
	for (int i = 0; i < n; i++) {
		if (i)
			buf_ch(b, ',');
		buf_z(b, one);
	}
	buf_ch(b, ']');
	return parse(buf_view(b), d);
}

static void the_number_of_values_is_limited(void **state)
{
	struct buf b = { 0 };
	struct jdoc *d;

	(void)state;
	assert_int_equal(parse_many("1", LIMIT_JSON_TOKENS - 1, &d, &b), OK);
	assert_int_equal(jval_count(jdoc_root(d)), LIMIT_JSON_TOKENS - 1);
	assert_int_equal(parse_many("1", LIMIT_JSON_TOKENS, &d, &b),
			 ERR_TOO_LARGE);
	assert_int_equal(parse_many("{}", LIMIT_JSON_TOKENS - 1, &d, &b), OK);
	assert_int_equal(parse_many("[]", LIMIT_JSON_TOKENS, &d, &b),
			 ERR_TOO_LARGE);
	buf_done(&b);
}

/* {"k0":0,"k1":1,...}; the last one is named `last` if that is set. */
static enum err parse_members(int n, const char *last, struct jdoc **d,
			      struct buf *b)
{
	buf_reset(b);
	buf_ch(b, '{');
	for (int i = 0; i < n; i++) {
		if (i)
			buf_ch(b, ',');
		if (last && i == n - 1)
			buf_fmt(b, "\"%s\":%d", last, i);
		else
			buf_fmt(b, "\"k%d\":%d", i, i);
	}
	buf_ch(b, '}');
	return parse(buf_view(b), d);
}

static void the_number_of_members_is_limited(void **state)
{
	struct buf b = { 0 };
	struct jdoc *d;

	(void)state;
	assert_int_equal(parse_members(LIMIT_JSON_FIELDS, NULL, &d, &b), OK);
	assert_int_equal(jval_count(jdoc_root(d)), LIMIT_JSON_FIELDS);
	assert_int_equal(parse_members(LIMIT_JSON_FIELDS + 1, NULL, &d, &b),
			 ERR_TOO_LARGE);
	buf_done(&b);
}

/* Around the size where the way of comparing changes, and every position. */
static void twice_is_found_in_objects_of_any_size(void **state)
{
	static const int sizes[] = { 2, 3, 7, 31, 32, 33, 34, 64, 65, 500 };
	struct buf b = { 0 };
	struct jdoc *d;
	char last[32];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int n = sizes[i];

		assert_int_equal(parse_members(n, NULL, &d, &b), OK);
		assert_int_equal(parse_members(n, "other", &d, &b), OK);
		assert_int_equal(parse_members(n, "\\u006b", &d, &b), OK);
		for (int k = 0; k < n - 1; k++) {
			snprintf(last, sizeof(last), "k%d", k);
			assert_int_equal(parse_members(n, last, &d, &b),
					 ERR_BAD_JSON);
			snprintf(last, sizeof(last), "\\u006b%d", k);
			assert_int_equal(parse_members(n, last, &d, &b),
					 ERR_BAD_JSON);
			arena_reset(cx.arena);
		}
	}
	buf_done(&b);
}

/* jsmn takes a ':' in odd places; none may cost more than linear time. */
static void hostile_texts_end_soon(void **state)
{
	(void)state;
	assert_int_not_equal(parse_nested("\"a\":", "1", "", 190000), OK);
	assert_int_not_equal(parse_nested("[\"a\":", "1", "]", 90000), OK);
	assert_int_not_equal(parse_nested(":", "1", "", 500000), OK);
	assert_int_not_equal(parse_nested("[],", "1", "", 90000), OK);
	assert_int_not_equal(parse_nested("[[[[\"a\":", "", "]]]]", 20000), OK);
	assert_int_not_equal(parse_nested("\"", "", "", 190000), OK);
}

static void an_error_says_where(void **state)
{
	struct jdoc *d;

	(void)state;
	assert_int_equal(parse(STR("{\"a\":1,\"b\":02}"), &d), ERR_BAD_JSON);
	assert_non_null(strstr(cx.error.text, "byte 11"));
	assert_int_equal(parse(STR("[1,2] x"), &d), ERR_BAD_JSON);
	assert_int_equal(parse(STR("{\"a\":1,\"secret\":\"s3\",\"a\":2}"), &d),
			 ERR_BAD_JSON);
	assert_non_null(strstr(cx.error.text, "byte 21"));
	assert_null(strstr(cx.error.text, "s3"));
}

static void values_are_read_in_order(void **state)
{
	struct str s = STR("{\"a\": [1, -2 ,[3,{\"x\":[]}], \"q\\\"q\"],"
			   "\"b\\u0021\" : {\"c\" :true},\"d\":null}");
	struct jval v, w;
	struct str name;
	struct jdoc *d;
	uint32_t it = 0;
	int64_t n;

	(void)state;
	assert_int_equal(jdoc_parse(&cx, s, &d), OK);
	v = jdoc_root(d);
	assert_int_equal(jval_type(v), J_OBJECT);
	assert_int_equal(jval_count(v), 3);
	assert_true(jval_next(v, &it, &name, &w));
	assert_true(str_is(name, "a"));
	assert_int_equal(jval_count(w), 4);
	assert_true(jval_next(v, &it, &name, &w));
	assert_true(str_is(name, "b\\u0021"));
	assert_true(str_is(jval_text(w), "{\"c\" :true}"));
	assert_true(jval_next(v, &it, &name, &w));
	assert_int_equal(jval_type(w), J_NULL);
	assert_false(jval_next(v, &it, &name, &w));

	assert_true(jval_get(v, "a", &w));
	it = 0;
	assert_true(jval_next(w, &it, &name, &w) && jval_int(w, &n) && n == 1);
	assert_null(name.p);
	assert_true(jval_get(v, "b!", &w));
	assert_true(jval_get(w, "c", &w) && jval_bool(w));
	assert_false(jval_get(v, "b", &w));
	assert_false(jval_get(v, "b!!", &w));
	assert_false(jval_get(v, "", &w));
	assert_false(jval_get(v, "x", &w));
}

static void strings_are_resolved(void **state)
{
	struct str s = STR("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC"
			   "\\ud83d\\ude00\xc3\xa9z\\u0000\"");
	struct str want = STR("a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac"
			      "\xf0\x9f\x98\x80\xc3\xa9z\0");
	struct jdoc *d;

	(void)state;
	assert_int_equal(jdoc_parse(&cx, s, &d), OK);
	assert_true(str_eq(jval_str(&cx, jdoc_root(d)), want));
	assert_true(str_eq(jval_text(jdoc_root(d)), s));
}

static void only_64_bit_integers_are_ints(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t n;
	} rows[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "18446744073709551617", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "9999999999999999999", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "true", false, 0 },
		{ "\"1\"", false, 0 },
		{ "[1]", false, 0 },
		{ "null", false, 0 },
	};
	struct jdoc *d;
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(jdoc_parse(&cx, str_of(rows[i].text), &d), OK);
		n = 0;
		assert_int_equal(jval_int(jdoc_root(d), &n), rows[i].ok);
		assert_true(n == rows[i].n);
	}
}

static void canonical_text_is_sorted_and_bare(void **state)
{
	struct str s =
		STR(" { \"b\" : [ 1 , {\"z\":0,\"y\":[]} ], \"a\":\"\\u0041"
		    "\\u0009\\/\", \"\\u0061a\" : 1e3 , \"\" : {} }");
	struct buf b = { 0 }, again = { 0 };
	struct jdoc *d;

	(void)state;
	assert_int_equal(jdoc_parse(&cx, s, &d), OK);
	jout_canonical(&cx, &b, jdoc_root(d));
	assert_true(str_is(buf_view(&b), "{\"\":{},\"a\":\"A\\t/\",\"aa\":1e3,"
					 "\"b\":[1,{\"y\":[],\"z\":0}]}"));
	assert_int_equal(jdoc_parse(&cx, buf_view(&b), &d), OK);
	jout_canonical(&cx, &again, jdoc_root(d));
	assert_true(str_eq(buf_view(&b), buf_view(&again)));
	buf_done(&b);
	buf_done(&again);
}

static void written_strings_are_escaped_and_utf8(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} rows[] = {
		{ { "", 0 }, "\"\"" },
		{ { NULL, 0 }, "\"\"" },
		{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
		{ { "\b\f\n\r\t\0\x1f\x7f", 8 },
		  "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"" },
		{ { "12345678\xc3\xa9"
		    "12345678\xf0\x9f\x98\x80",
		    22 },
		  "\"12345678\xc3\xa9"
		  "12345678\xf0\x9f\x98\x80\"" },
		{ { "a\xff"
		    "b\xc3",
		    4 },
		  "\"a\xef\xbf\xbd"
		  "b\xef\xbf\xbd\"" },
		{ { "\xed\xa0\x80", 3 },
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		jout_str(&b, rows[i].in);
		assert_true(str_is(buf_view(&b), rows[i].out));
	}
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_rfc_is_accepted),
		cmocka_unit_test(a_text_is_judged_alike_inside_another),
		cmocka_unit_test(every_prefix_of_a_text_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(the_number_of_values_is_limited),
		cmocka_unit_test(the_number_of_members_is_limited),
		cmocka_unit_test(twice_is_found_in_objects_of_any_size),
		cmocka_unit_test(hostile_texts_end_soon),
		cmocka_unit_test(an_error_says_where),
		cmocka_unit_test(values_are_read_in_order),
		cmocka_unit_test(strings_are_resolved),
		cmocka_unit_test(only_64_bit_integers_are_ints),
		cmocka_unit_test(canonical_text_is_sorted_and_bare),
		cmocka_unit_test(written_strings_are_escaped_and_utf8),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
