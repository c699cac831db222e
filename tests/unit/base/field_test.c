#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/field.h"
#include "base/limits.h"

static const char *const colours[] = { "red", "green", "blue", NULL };

struct inner {
	int64_t n;
	struct str s;
};

static const struct field inner_fields[] = {
	FIELD(struct inner, n, KIND_INT, "a number"),
	FIELD_OPT(struct inner, s, KIND_STR, "a text"),
	FIELD_END,
};
static const struct shape inner_shape = SHAPE(struct inner, inner_fields);

static struct ctx cx;
static int setup(void **state)
{
	(void)state;
	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(cx.arena);
	return 0;
}

/* --- refusals ----------------------------------------------------------- */

struct one {
	int64_t slot, free, at, later;
	struct dec mark, half;
	struct str text, name, raw, bytes, hex, key;
	bool flag;
	struct id id;
	int colour;
	uint32_t set;
	struct inner inner;
	struct list ints, inners, some;
};

#define ONE(member, kind, ...)                                                 \
	FIELD_OPT(struct one, member, kind, "doc", __VA_ARGS__)

static const struct field one_fields[] = {
	FIELD(struct one, key, KIND_STR, "required"),
	ONE(slot, KIND_INT, .min = 1, .max = 500),
	ONE(free, KIND_INT),
	ONE(at, KIND_TIME),
	ONE(later, KIND_TIME, .min = 1000000000000),
	ONE(mark, KIND_DEC),
	ONE(half, KIND_DEC, .min = 0, .max = 1),
	ONE(text, KIND_STR),
	ONE(name, KIND_STR, .min = 1, .max = 10),
	ONE(raw, KIND_RAW, .max = 10),
	ONE(bytes, KIND_BYTES, .max = 4),
	ONE(hex, KIND_HEX, .min = 2, .max = 2),
	ONE(flag, KIND_BOOL),
	ONE(id, KIND_ID),
	ONE(colour, KIND_ENUM, .words = colours),
	ONE(set, KIND_FLAGS, .words = colours),
	ONE(inner, KIND_OBJECT, .shape = &inner_shape),
	ONE(ints, KIND_LIST, .of = KIND_INT),
	ONE(inners, KIND_LIST, .of = KIND_OBJECT, .shape = &inner_shape),
	ONE(some, KIND_LIST, .of = KIND_STR, .min = 1, .max = 2),
	FIELD_END,
};
static const struct shape one_shape = SHAPE(struct one, one_fields);

static enum err decode_one(const char *members, struct one *out)
{
	struct str text = str_fmt(cx.arena, "{\"key\":\"k\"%s%s}",
				  *members ? "," : "", members);

	err_clear(&cx);
	return field_decode_text(&cx, text, &one_shape, out);
}

struct refusal {
	const char *members, *field, *text;
};

#define ID_GOOD "01927d6e-5f3a-7c21-9b4d-0123456789ab"
#define SLOT "/slot must be an integer from 1 to 500"
#define FREE "/free must be an integer of at most 64 bits"
#define MARK "/mark must be a decimal number from -1000000 to 1000000"
#define HALF "/half must be a decimal number from 0 to 1"
#define TEXT "/text must be text of at most 65536 bytes"
#define NAME "/name must be text of 1 to 10 bytes"
#define BYTES "/bytes must be padded base64 of at most 4 bytes"
#define HEX "/hex must be lower-case hex of 2 to 2 bytes"
#define COLOUR "/colour must be one of red, green, blue"
#define UUID "/id must be a UUID in 8-4-4-4-12 form"
#define TIME "/at must be an RFC 3339 time such as 2026-01-02T03:04:05Z"
#define TIMES "is outside the times that are allowed"
#define UNKNOWN "is not a known member; leave it out"

static const struct refusal refusals[] = {
	{ "\"slot\":0", "/slot", SLOT },
	{ "\"slot\":501", "/slot", SLOT },
	{ "\"slot\":1.0", "/slot", SLOT },
	{ "\"slot\":1e2", "/slot", SLOT },
	{ "\"slot\":\"1\"", "/slot", SLOT },
	{ "\"slot\":true", "/slot", SLOT },
	{ "\"slot\":[]", "/slot", SLOT },
	{ "\"free\":9223372036854775808", "/free", FREE },
	{ "\"free\":0.5", "/free", FREE },
	{ "\"free\":1e3", "/free", FREE },
	{ "\"free\":\"secret\"", "/free", FREE },
	{ "\"mark\":1000000.000000001", "/mark", MARK },
	{ "\"mark\":-1000001", "/mark", MARK },
	{ "\"mark\":0.1234567891", "/mark",
	  "/mark must have at most nine places after the point: round it" },
	{ "\"mark\":1e99", "/mark", MARK },
	{ "\"mark\":\"secret\"", "/mark", MARK },
	{ "\"mark\":\"\"", "/mark", MARK },
	{ "\"mark\":false", "/mark", MARK },
	{ "\"mark\":{}", "/mark", MARK },
	{ "\"half\":1.1", "/half", HALF },
	{ "\"half\":-0.1", "/half", HALF },
	{ "\"text\":1", "/text", TEXT },
	{ "\"text\":[\"secret\"]", "/text", TEXT },
	{ "\"text\":\"a\\u0000b\"", "/text",
	  "/text must not hold the character U+0000" },
	{ "\"name\":\"\"", "/name", NAME },
	{ "\"name\":\"12345678901\"", "/name", NAME },
	{ "\"name\":\"123456789\\u00e9\"", "/name", NAME },
	{ "\"raw\":[1,2,3,4,5]", "/raw",
	  "/raw must be JSON of at most 10 bytes" },
	{ "\"bytes\":\"AAAAAAA=\"", "/bytes", BYTES },
	{ "\"bytes\":\"AAAAAAAAAAAAAAAA\"", "/bytes", BYTES },
	{ "\"bytes\":\"AA\"", "/bytes", BYTES },
	{ "\"bytes\":\"s*cr\"", "/bytes", BYTES },
	{ "\"bytes\":1", "/bytes", BYTES },
	{ "\"hex\":\"0\"", "/hex", HEX },
	{ "\"hex\":\"00\"", "/hex", HEX },
	{ "\"hex\":\"000000\"", "/hex", HEX },
	{ "\"hex\":\"AAAA\"", "/hex", HEX },
	{ "\"hex\":12", "/hex", HEX },
	{ "\"flag\":1", "/flag", "/flag must be true or false" },
	{ "\"flag\":\"true\"", "/flag", "/flag must be true or false" },
	{ "\"id\":\"secret\"", "/id", UUID },
	{ "\"id\":7", "/id", UUID },
	{ "\"id\":\"00000000-0000-0000-0000-000000000000\"", "/id", UUID },
	{ "\"at\":\"secret\"", "/at", TIME },
	{ "\"at\":1767322145000", "/at", TIME },
	{ "\"at\":\"1970-01-01T00:00:00Z\"", "/at", "/at " TIMES },
	{ "\"at\":\"1969-12-31T23:59:59Z\"", "/at", "/at " TIMES },
	{ "\"later\":\"2001-01-01T00:00:00Z\"", "/later", "/later " TIMES },
	{ "\"colour\":\"secret\"", "/colour", COLOUR },
	{ "\"colour\":\"Red\"", "/colour", COLOUR },
	{ "\"colour\":\"\"", "/colour", COLOUR },
	{ "\"colour\":0", "/colour", COLOUR },
	{ "\"set\":\"red\"", "/set",
	  "/set must be a list out of red, green, blue" },
	{ "\"set\":[\"red\",\"secret\"]", "/set/1",
	  "/set/1 must be one of red, green, blue" },
	{ "\"set\":[\"red\",1]", "/set/1",
	  "/set/1 must be one of red, green, blue" },
	{ "\"set\":[\"red\",\"blue\",\"red\"]", "/set/2",
	  "/set/2 stands in the list twice" },
	{ "\"inner\":[]", "/inner", "/inner must be an object" },
	{ "\"inner\":{}", "/inner/n", "/inner/n is required and missing" },
	{ "\"inner\":{\"n\":null}", "/inner/n",
	  "/inner/n must be an integer of at most 64 bits" },
	{ "\"inner\":{\"n\":1,\"m\":2}", "/inner/m", "/inner/m " UNKNOWN },
	{ "\"ints\":{}", "/ints",
	  "/ints must be a list of at most 1000"
	  " elements" },
	{ "\"ints\":[1,2,\"3\"]", "/ints/2",
	  "/ints/2 must be an integer of at most 64 bits" },
	{ "\"ints\":[null]", "/ints/0",
	  "/ints/0 must be an integer of at most 64 bits" },
	{ "\"inners\":[{\"n\":1},{\"n\":2,\"s\":3}]", "/inners/1/s",
	  "/inners/1/s must be text of at most 65536 bytes" },
	{ "\"inners\":[1]", "/inners/0", "/inners/0 must be an object" },
	{ "\"inners\":[{}]", "/inners/0/n",
	  "/inners/0/n is required and missing" },
	{ "\"some\":[]", "/some", "/some must be a list of 1 to 2 elements" },
	{ "\"some\":[\"a\",\"b\",\"c\"]", "/some",
	  "/some must be a list of 1 to 2 elements" },
	{ "\"more\":\"secret\"", "/more", "/more " UNKNOWN },
	{ "\"Slot\":1", "/Slot", "/Slot " UNKNOWN },
	{ "\"slo\":1", "/slo", "/slo " UNKNOWN },
	{ "\"slots\":1", "/slots", "/slots " UNKNOWN },
	{ "\"\":1", "/", "/ " UNKNOWN },
	{ "\"a/b~c\":1", "/a~1b~0c", "/a~1b~0c " UNKNOWN },
};

static void what_is_wrong_is_refused_by_name(void **state)
{
	struct one out;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		arena_reset(cx.arena);
		if (decode_one(r->members, &out) != ERR_INVALID)
			fail_msg("%s was not refused", r->members);
		assert_string_equal(cx.error.text, r->text);
		assert_string_equal(cx.error.field, r->field);
		assert_null(strstr(cx.error.text, "secret"));
	}
}

static void a_missing_member_is_named(void **state)
{
	struct one out;

	(void)state;
	err_clear(&cx);
	assert_int_equal(
		field_decode_text(&cx, STR("{\"slot\":1}"), &one_shape, &out),
		ERR_INVALID);
	assert_string_equal(cx.error.text, "/key is required and missing");
	assert_string_equal(cx.error.field, "/key");
	assert_int_equal(
		field_decode_text(&cx, STR("{\"key\":null}"), &one_shape, &out),
		ERR_INVALID);
	assert_string_equal(cx.error.field, "/key");
}

static void the_root_must_be_an_object(void **state)
{
	static const char *const bad[] = { "[]", "1", "null", "\"secret\"" };
	struct one out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&cx);
		assert_int_equal(field_decode_text(&cx, str_of(bad[i]),
						   &one_shape, &out),
				 ERR_INVALID);
		assert_string_equal(cx.error.text, "the value must be an "
						   "object");
	}
	assert_int_equal(
		field_decode_text(&cx, STR("{\"key\":"), &one_shape, &out),
		ERR_BAD_JSON);
}

static void a_field_is_named_below_the_callers_prefix(void **state)
{
	struct inner out;
	struct jdoc *d;

	(void)state;
	assert_int_equal(jdoc_parse(&cx, STR("{\"n\":\"x\"}"), &d), OK);
	assert_int_equal(
		field_decode(&cx, jdoc_root(d), &inner_shape, "/item/3", &out),
		ERR_INVALID);
	assert_string_equal(cx.error.field, "/item/3/n");
}

/* A name from outside may be as long as the message. */
static void long_names_are_cut(void **state)
{
	struct buf b = { 0 };
	struct one out;

	(void)state;
	buf_z(&b, "{\"x");
	for (int i = 0; i < 5000; i++)
		buf_z(&b, "\xc3\xa9");
	buf_z(&b, "\":1}");
	err_clear(&cx);
	assert_int_equal(field_decode_text(&cx, buf_view(&b), &one_shape, &out),
			 ERR_INVALID);
	assert_true(str_utf8_ok(str_of(cx.error.text)));
	assert_true(strlen(cx.error.field) < 100);
	assert_non_null(strstr(cx.error.text, UNKNOWN));
	buf_done(&b);
}

static void limits_hold_to_the_byte(void **state)
{
	struct buf b = { 0 };
	struct one out;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		buf_reset(&b);
		buf_z(&b, "\"text\":\"");
		for (int i = 0; i < LIMIT_TEXT_BYTES + extra; i++)
			buf_ch(&b, 'x');
		buf_add(&b, "\"", 2);
		assert_int_equal(decode_one(b.p, &out),
				 extra ? ERR_INVALID : OK);
		buf_reset(&b);
		buf_z(&b, "\"ints\":[0");
		for (int i = 1; i < LIMIT_PAGE + extra; i++)
			buf_z(&b, ",1");
		buf_add(&b, "]", 2);
		assert_int_equal(decode_one(b.p, &out),
				 extra ? ERR_INVALID : OK);
	}
	buf_done(&b);
}

/* --- what is taken ------------------------------------------------------ */

static void null_and_absent_are_alike_for_optional_members(void **state)
{
	struct one out;

	(void)state;
	memset(&out, 0xff, sizeof(out));
	assert_int_equal(decode_one("\"slot\":null,\"text\":null,\"ints\":null,"
				    "\"raw\":null,\"inner\":null",
				    &out),
			 OK);
	assert_true(out.slot == 0 && !out.text.p && out.ints.n == 0);
	assert_true(!out.raw.p && out.inner.n == 0 && !out.flag);
}

static void null_is_a_value_where_any_json_may_be_there_or_not(void **state)
{
	struct any {
		bool has_raw;
		struct str raw;
	} out = { 0 };
	static const struct field fields[] = {
		FIELD_MAYBE(struct any, raw, has_raw, KIND_RAW, "anything"),
		FIELD_END,
	};
	static const struct shape shape = SHAPE(struct any, fields);

	(void)state;
	assert_int_equal(
		field_decode_text(&cx, STR("{\"raw\":null}"), &shape, &out),
		OK);
	assert_true(out.has_raw && str_is(out.raw, "null"));
	assert_true(
		str_is(field_text(cx.arena, &shape, &out), "{\"raw\":null}"));
	assert_int_equal(field_decode_text(&cx, STR("{}"), &shape, &out), OK);
	assert_true(!out.has_raw);
}

static void members_come_in_any_order_and_escaped_values(void **state)
{
	struct one out;

	(void)state;
	assert_int_equal(decode_one("\"inners\":[{\"s\":\"\\u00e9\",\"n\":-7}],"
				    "\"set\":[\"blue\",\"red\"],"
				    "\"colour\":\"gr\\u0065en\","
				    "\"id\":\"" ID_GOOD "\",\"slot\":500,"
				    "\"bytes\":\"\\/\\/8=\",\"hex\":\"0aff\","
				    "\"half\":\"0.25\",\"mark\":-2.5e1,"
				    "\"raw\":{\"a\": 1},\"some\":[\"\"],"
				    "\"at\":\"2026-01-02T03:04:05.678+01:00\"",
				    &out),
			 OK);
	assert_int_equal(out.colour, 1);
	assert_int_equal(out.set, 5);
	assert_int_equal(out.slot, 500);
	assert_true(str_eq(out.bytes, STR("\xff\xff")));
	assert_true(str_eq(out.hex, STR("\x0a\xff")));
	assert_true(dec_eq(out.half, dec_ratio(1, 4)));
	assert_true(dec_eq(out.mark, dec_int(-25)));
	assert_true(str_is(out.raw, "{\"a\": 1}"));
	assert_true(out.at == INT64_C(1767319445678));
	assert_int_equal(((struct inner *)out.inners.at)->n, -7);
	assert_true(str_is(((struct inner *)out.inners.at)->s, "\xc3\xa9"));
}

static void an_escaped_member_name_is_the_same_name(void **state)
{
	struct one out;

	(void)state;
	assert_int_equal(decode_one("\"sl\\u006ft\":9", &out), OK);
	assert_int_equal(out.slot, 9);
	assert_int_equal(decode_one("\"sl\\u006f\":9", &out), ERR_INVALID);
}

struct tail {
	int64_t n;
	struct list tails;
};

static const struct shape tail_shape;
static const struct field tail_fields[] = {
	FIELD(struct tail, n, KIND_INT, "depth"),
	FIELD_OPT(struct tail, tails, KIND_LIST, "below", .of = KIND_OBJECT,
		  .shape = &tail_shape),
	FIELD_END,
};
static const struct shape tail_shape = SHAPE(struct tail, tail_fields);

static void a_shape_may_hold_lists_of_itself(void **state)
{
	struct str text = STR("{\"n\":1,\"tails\":[{\"n\":2,\"tails\":[]},"
			      "{\"n\":3,\"tails\":[{\"n\":4,\"tails\":[]}]}]}");
	struct buf b = { 0 };
	struct tail out;

	(void)state;
	assert_int_equal(field_decode_text(&cx, text, &tail_shape, &out), OK);
	assert_true(str_eq(field_text(cx.arena, &tail_shape, &out), text));
	field_schema(&b, &tail_shape);
	assert_true(str_is(
		buf_view(&b),
		"{\"type\":\"object\",\"title\":\"tail\",\"properties\":{"
		"\"n\":{\"type\":\"integer\",\"description\":\"depth\"},"
		"\"tails\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{"
		"\"type\":\"object\",\"title\":\"tail\"},"
		"\"description\":\"below\"}},\"required\":[\"n\"],"
		"\"additionalProperties\":false}"));
	buf_done(&b);
}

/* --- output ------------------------------------------------------------- */

static void members_are_written_in_table_order(void **state)
{
	struct inner x[2] = { { 1, STR("a\"") }, { -2, { 0 } } };
	struct one in = {
		.slot = 7,
		.at = INT64_C(1767319445678),
		.mark = { 500000000 },
		.text = STR("t\n"),
		.raw = STR("[ 1 ]"),
		.bytes = STR("\xff"),
		.hex = STR("\x01\xff"),
		.key = STR("k"),
		.flag = true,
		.colour = 2,
		.set = 6,
		.inner = { 3, { 0 } },
		.inners = { x, 2 },
	};
	struct buf b = { 0 };

	(void)state;
	assert_true(id_parse(STR(ID_GOOD), &in.id));
	field_encode(&b, &one_shape, &in);
	buf_ch(&b, '\0');
	assert_string_equal(
		b.p,
		"{\"key\":\"k\",\"slot\":7,\"free\":0,"
		"\"at\":\"2026-01-02T02:04:05.678Z\",\"mark\":0.5,\"half\":0,"
		"\"text\":\"t\\n\",\"raw\":[ 1 ],\"bytes\":\"/w==\","
		"\"hex\":\"01ff\",\"flag\":true,\"id\":\"" ID_GOOD "\","
		"\"colour\":\"blue\",\"set\":[\"green\",\"blue\"],"
		"\"inner\":{\"n\":3},\"ints\":[],"
		"\"inners\":[{\"n\":1,\"s\":\"a\\\"\"},{\"n\":-2}],"
		"\"some\":[]}");
	buf_done(&b);
}

/* Of every length around a word's, with every byte at every place. */
static void each_byte_of_a_string_is_looked_at(void **state)
{
	enum { MOST = 18 };
	char text[MOST];

	(void)state;
	for (size_t n = 1; n <= MOST; n++)
		for (size_t at = 0; at < n; at++)
			for (int c = 0; c < 256; c++) {
				bool plain = c >= 0x20 && c < 0x80 &&
					     c != '"' && c != '\\';
				struct buf b = { 0 };

				memset(text, 'x', n);
				text[at] = (char)c;
				jout_str(&b, (struct str){ text, n });
				assert_int_equal(b.n == n + 2, plain);
				assert_int_equal(b.p[0], '"');
				assert_int_equal(b.p[b.n - 1], '"');
				assert_memory_equal(b.p + 1, text, at);
				assert_memory_equal(b.p + b.n - 1 -
							    (n - at - 1),
						    text + at + 1, n - at - 1);
				buf_done(&b);
			}
}

static void an_object_without_members_is_written(void **state)
{
	static const struct field none[] = { FIELD_END };
	static const struct shape shape = { "none", 0, none };
	struct buf b = { 0 };

	(void)state;
	field_encode(&b, &shape, NULL);
	assert_true(str_is(buf_view(&b), "{}"));
	buf_done(&b);
}

static void a_full_buffer_is_noticed_once(void **state)
{
	struct buf b = { .limit = 50 };
	struct one in = { .key = STR("k") };

	(void)state;
	field_encode(&b, &one_shape, &in);
	assert_true(b.failed);
	buf_done(&b);
}

static void the_schema_says_what_decode_demands(void **state)
{
	static const char *const parts[] = {
		"{\"type\":\"object\",\"title\":\"one\",\"properties\":{",
		"\"slot\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,"
		"\"description\":\"doc\"}",
		"\"free\":{\"type\":\"integer\",\"description\":\"doc\"}",
		"\"at\":{\"type\":\"string\",\"format\":\"date-time\"",
		"\"id\":{\"type\":\"string\",\"format\":\"uuid\"",
		"\"half\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1,",
		"\"name\":{\"type\":\"string\",\"maxLength\":10,"
		"\"minLength\":1,",
		"\"raw\":{\"description\":\"doc\"}",
		"\"bytes\":{\"type\":\"string\",\"contentEncoding\":\"base64\"",
		"\"colour\":{\"type\":\"string\",\"enum\":[\"red\",\"green\","
		"\"blue\"],\"description\"",
		"\"set\":{\"type\":\"array\",\"uniqueItems\":true,\"items\":{"
		"\"type\":\"string\",\"enum\":[",
		"\"inner\":{\"type\":\"object\",\"title\":\"inner\",",
		"\"required\":[\"n\"],\"additionalProperties\":false}",
		"\"some\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,"
		"\"items\":{\"type\":\"string\",\"maxLength\":65536}",
		"\"required\":[\"key\"],\"additionalProperties\":false}",
	};
	struct buf b = { 0 };
	struct jdoc *d;

	(void)state;
	field_schema(&b, &one_shape);
	assert_int_equal(jdoc_parse(&cx, buf_view(&b), &d), OK);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (str_find(buf_view(&b), str_of(parts[i]), 0) == SIZE_MAX)
			fail_msg("%s\nnot in\n%.*s", parts[i],
				 STR_FMT(buf_view(&b)));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_refused_by_name),
		cmocka_unit_test(a_missing_member_is_named),
		cmocka_unit_test(the_root_must_be_an_object),
		cmocka_unit_test(a_field_is_named_below_the_callers_prefix),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(limits_hold_to_the_byte),
		cmocka_unit_test(
			null_and_absent_are_alike_for_optional_members),
		cmocka_unit_test(
			null_is_a_value_where_any_json_may_be_there_or_not),
		cmocka_unit_test(members_come_in_any_order_and_escaped_values),
		cmocka_unit_test(an_escaped_member_name_is_the_same_name),
		cmocka_unit_test(a_shape_may_hold_lists_of_itself),
		cmocka_unit_test(members_are_written_in_table_order),
		cmocka_unit_test(each_byte_of_a_string_is_looked_at),
		cmocka_unit_test(an_object_without_members_is_written),
		cmocka_unit_test(a_full_buffer_is_noticed_once),
		cmocka_unit_test(the_schema_says_what_decode_demands),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
