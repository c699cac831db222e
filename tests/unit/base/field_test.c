#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/field.h"
#include "base/limits.h"
#include "base/rng.h"

enum { ROUNDS = 3000, LIST_MOST = 5 };

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

struct all {
	bool flag, has_count;
	int64_t slot, count, at, opens;
	struct dec mark;
	struct str title, raw, bytes, digest, note;
	struct id id, other;
	int colour;
	uint32_t set;
	struct inner inner, maybe;
	bool has_maybe;
	struct list bools, ints, decs, strs, ids, times, enums, sets, raws;
	struct list blobs, inners;
};

#define LIST(member, kind_of, ...)                                 \
	FIELD_OPT(struct all, member, KIND_LIST, NULL, .of = kind_of, \
		  __VA_ARGS__)

static const struct field all_fields[] = {
	FIELD(struct all, flag, KIND_BOOL, "yes or no"),
	FIELD(struct all, slot, KIND_INT, "which", .min = 1, .max = 500),
	FIELD_MAYBE(struct all, count, has_count, KIND_INT, "how many"),
	FIELD(struct all, at, KIND_TIME, "when"),
	FIELD_OPT(struct all, opens, KIND_TIME, "from when"),
	FIELD(struct all, mark, KIND_DEC, "points"),
	FIELD(struct all, title, KIND_STR, "its name", .max = 40),
	FIELD_OPT(struct all, note, KIND_STR, "more", .min = 2, .max = 8),
	FIELD_OPT(struct all, raw, KIND_RAW, "anything"),
	FIELD_OPT(struct all, bytes, KIND_BYTES, "a blob", .max = 32),
	FIELD_OPT(struct all, digest, KIND_HEX, "SHA", .min = 4, .max = 32),
	FIELD(struct all, id, KIND_ID, "this"),
	FIELD_OPT(struct all, other, KIND_ID, "that"),
	FIELD(struct all, colour, KIND_ENUM, "colour", .words = colours),
	FIELD_OPT(struct all, set, KIND_FLAGS, "colours", .words = colours),
	FIELD_OPT(struct all, inner, KIND_OBJECT, "in", .shape = &inner_shape),
	FIELD_MAYBE(struct all, maybe, has_maybe, KIND_OBJECT, "in",
		    .shape = &inner_shape),
	LIST(bools, KIND_BOOL, .max = LIST_MOST),
	LIST(ints, KIND_INT, .max = LIST_MOST),
	LIST(decs, KIND_DEC, .max = LIST_MOST),
	LIST(strs, KIND_STR, .max = LIST_MOST),
	LIST(ids, KIND_ID, .max = LIST_MOST),
	LIST(times, KIND_TIME, .max = LIST_MOST),
	LIST(enums, KIND_ENUM, .max = LIST_MOST, .words = colours),
	LIST(sets, KIND_FLAGS, .max = LIST_MOST, .words = colours),
	LIST(raws, KIND_RAW, .max = LIST_MOST),
	LIST(blobs, KIND_BYTES, .max = LIST_MOST),
	LIST(inners, KIND_OBJECT, .max = LIST_MOST, .shape = &inner_shape),
	FIELD_END,
};
static const struct shape all_shape = SHAPE(struct all, all_fields);

static struct ctx cx;
static struct rng_seeded seeded;
static struct rng *rng = &seeded.rng;

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

/* --- random structs ----------------------------------------------------- */

static struct str any_text(size_t most)
{
	static const char *const parts[] = { "a", "Z", " ", "\"", "\\", "/",
					     "\n", "\x01", "\x7f", "\xc3\xa9",
					     "\xe2\x80\xa8", "word",
					     "\xf0\x9f\x98\x80", "12345678" };
	size_t n = rng_below(rng, most + 1);
	char *p = arena_alloc(cx.arena, most + 1);
	struct str s = { p, 0 }, part;

	for (;;) {
		part = str_of(parts[rng_below(rng, 14)]);
		if (s.n + part.n > n)
			return s;
		memcpy(p + s.n, part.p, part.n);
		s.n += part.n;
	}
}

static struct str any_bytes(size_t least, size_t most)
{
	size_t n = least + rng_below(rng, most - least + 1);
	char *p = arena_alloc(cx.arena, n + 1);

	rng_fill(rng, p, n);
	return (struct str){ p, n };
}

static int64_t any_int(void)
{
	int64_t n = (int64_t)rng_u64(rng);

	switch (rng_below(rng, 4)) {
	case 0:
		return INT64_MIN;
	case 1:
		return INT64_MAX;
	case 2:
		return n % 1000;
	}
	return n;
}

static int64_t any_time(void)
{
	return 1 + (int64_t)rng_below(rng, UINT64_C(253402300799999));
}

static struct dec any_dec(void)
{
	return (struct dec){ (int64_t)rng_below(rng, 2000000) * 1000000000 -
			     1000000 * DEC_ONE_NANO +
			     (int64_t)rng_below(rng, 1000000000) };
}

static struct id any_id(void)
{
	struct id id;

	rng_fill(rng, id.b, sizeof(id.b));
	return id;
}

static struct str any_raw(void)
{
	static const char *const raws[] = { "0", "{}", "[ 1, 2 ]", "\"x\"",
					    "{\"b\" : [true,{}]}", "false" };

	return str_of(raws[rng_below(rng, 6)]);
}

static struct inner any_inner(void)
{
	struct inner in = { .n = any_int() };

	if (rng_below(rng, 2))
		in.s = any_text(20);
	return in;
}

#define FILL(list, type, value)                                          \
	do {                                                             \
		(list).n = rng_below(rng, LIST_MOST + 1);                \
		(list).at = arena_array(cx.arena, (list).n, sizeof(type)); \
		for (size_t i_ = 0; i_ < (list).n; i_++)                 \
			((type *)(list).at)[i_] = (value);               \
	} while (0)

static void fill_lists(struct all *a)
{
	FILL(a->bools, bool, rng_below(rng, 2));
	FILL(a->ints, int64_t, any_int());
	FILL(a->decs, struct dec, any_dec());
	FILL(a->strs, struct str, any_text(60));
	FILL(a->ids, struct id, any_id());
	FILL(a->times, int64_t, any_time());
	FILL(a->enums, int, (int)rng_below(rng, 3));
	FILL(a->sets, uint32_t, (uint32_t)rng_below(rng, 8));
	FILL(a->raws, struct str, any_raw());
	FILL(a->blobs, struct str, any_bytes(0, 40));
	FILL(a->inners, struct inner, any_inner());
}

static void fill(struct all *a)
{
	*a = (struct all){
		.flag = rng_below(rng, 2),
		.slot = 1 + (int64_t)rng_below(rng, 500),
		.at = any_time(),
		.mark = any_dec(),
		.title = any_text(40),
		.id = any_id(),
		.colour = (int)rng_below(rng, 3),
		.set = (uint32_t)rng_below(rng, 8),
		.inner = any_inner(),
	};
	a->has_count = rng_below(rng, 2);
	if (a->has_count)
		a->count = any_int();
	if (rng_below(rng, 2))
		a->opens = any_time();
	if (rng_below(rng, 2))
		a->note = STR("no\"te");
	if (rng_below(rng, 2))
		a->raw = any_raw();
	if (rng_below(rng, 2))
		a->bytes = any_bytes(0, 32);
	if (rng_below(rng, 2))
		a->digest = any_bytes(4, 32);
	if (rng_below(rng, 2))
		a->other = any_id();
	a->has_maybe = rng_below(rng, 2);
	if (a->has_maybe)
		a->maybe = any_inner();
	fill_lists(a);
}

static bool same_bytes(struct str a, struct str b)
{
	return str_eq(a, b) && !a.p == !b.p;
}

static void assert_same(const struct all *a, const struct all *b)
{
	assert_true(a->flag == b->flag && a->slot == b->slot);
	assert_true(a->has_count == b->has_count && a->count == b->count);
	assert_true(a->at == b->at && a->opens == b->opens);
	assert_true(dec_eq(a->mark, b->mark));
	assert_true(same_bytes(a->title, b->title));
	assert_true(same_bytes(a->note, b->note));
	assert_true(same_bytes(a->raw, b->raw));
	assert_true(same_bytes(a->bytes, b->bytes));
	assert_true(same_bytes(a->digest, b->digest));
	assert_true(id_eq(&a->id, &b->id) && id_eq(&a->other, &b->other));
	assert_true(a->colour == b->colour && a->set == b->set);
	assert_true(a->inner.n == b->inner.n &&
		    same_bytes(a->inner.s, b->inner.s));
	assert_true(a->has_maybe == b->has_maybe &&
		    a->maybe.n == b->maybe.n &&
		    same_bytes(a->maybe.s, b->maybe.s));
	assert_true(a->ints.n == b->ints.n && a->inners.n == b->inners.n);
	assert_memory_equal(a->ints.at, b->ints.at, a->ints.n * 8);
	assert_memory_equal(a->enums.at, b->enums.at, a->enums.n * sizeof(int));
	for (size_t i = 0; i < a->inners.n; i++) {
		const struct inner *x = (struct inner *)a->inners.at + i;
		const struct inner *y = (struct inner *)b->inners.at + i;

		assert_true(x->n == y->n && same_bytes(x->s, y->s));
	}
}

static void what_is_written_is_read_back(void **state)
{
	uint64_t seed = (uint64_t)time(NULL); /* allowed: a printed seed */
	struct buf first = { 0 }, second = { 0 };
	struct all in, out;
	struct jdoc *d;

	(void)state;
	if (getenv("SEED"))
		seed = strtoull(getenv("SEED"), NULL, 10);
	print_message("seed %" PRIu64 "\n", seed);
	rng_seeded_from(&seeded, seed);
	for (int i = 0; i < ROUNDS; i++) {
		arena_reset(cx.arena);
		buf_reset(&first);
		buf_reset(&second);
		fill(&in);
		field_encode(&first, &all_shape, &in);
		if (field_decode_text(&cx, buf_view(&first), &all_shape, &out))
			fail_msg("round %d: %s in %.*s", i, cx.error.text,
				 STR_FMT(buf_view(&first)));
		assert_same(&in, &out);
		field_encode(&second, &all_shape, &out);
		assert_true(str_eq(buf_view(&first), buf_view(&second)));
		assert_int_equal(jdoc_parse(&cx, buf_view(&first), &d), OK);
	}
	buf_done(&first);
	buf_done(&second);
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

#define ONE(member, kind, ...) \
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
	{ "\"ints\":{}", "/ints", "/ints must be a list of at most 1000"
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
	assert_int_equal(field_decode_text(&cx, STR("{\"slot\":1}"), &one_shape,
					   &out),
			 ERR_INVALID);
	assert_string_equal(cx.error.text, "/key is required and missing");
	assert_string_equal(cx.error.field, "/key");
	assert_int_equal(field_decode_text(&cx, STR("{\"key\":null}"),
					   &one_shape, &out),
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
	assert_int_equal(field_decode_text(&cx, STR("{\"key\":"), &one_shape,
					   &out),
			 ERR_BAD_JSON);
}

static void a_field_is_named_below_the_callers_prefix(void **state)
{
	struct inner out;
	struct jdoc *d;

	(void)state;
	assert_int_equal(jdoc_parse(&cx, STR("{\"n\":\"x\"}"), &d), OK);
	assert_int_equal(field_decode(&cx, jdoc_root(d), &inner_shape,
				      "/item/3", &out),
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
	struct all all;
	struct buf b = { 0 };

	(void)state;
	memset(&out, 0xff, sizeof(out));
	assert_int_equal(decode_one("\"slot\":null,\"text\":null,\"ints\":null,"
				    "\"raw\":null,\"inner\":null",
				    &out),
			 OK);
	assert_true(out.slot == 0 && !out.text.p && out.ints.n == 0);
	assert_true(!out.raw.p && out.inner.n == 0 && !out.flag);
	memset(&all, 0, sizeof(all));
	all.at = 1;
	field_encode(&b, &all_shape, &all);
	assert_true(str_find(buf_view(&b), STR("\"count\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"maybe\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"note\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"opens\""), 0) == SIZE_MAX);
	buf_done(&b);
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
	field_encode(&b, &tail_shape, &out);
	assert_true(str_eq(buf_view(&b), text));
	buf_reset(&b);
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

static void required_members_without_a_value_are_null(void **state)
{
	struct all in = { 0 };
	struct buf b = { 0 };

	(void)state;
	field_encode(&b, &all_shape, &in);
	assert_true(str_find(buf_view(&b), STR("\"id\":null"), 0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"at\":null"), 0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"title\":\"\""), 0) !=
		    SIZE_MAX);
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
	buf_reset(&b);
	field_schema(&b, &all_shape);
	assert_int_equal(jdoc_parse(&cx, buf_view(&b), &d), OK);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(what_is_wrong_is_refused_by_name),
		cmocka_unit_test(a_missing_member_is_named),
		cmocka_unit_test(the_root_must_be_an_object),
		cmocka_unit_test(a_field_is_named_below_the_callers_prefix),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(limits_hold_to_the_byte),
		cmocka_unit_test(null_and_absent_are_alike_for_optional_members),
		cmocka_unit_test(members_come_in_any_order_and_escaped_values),
		cmocka_unit_test(an_escaped_member_name_is_the_same_name),
		cmocka_unit_test(a_shape_may_hold_lists_of_itself),
		cmocka_unit_test(members_are_written_in_table_order),
		cmocka_unit_test(required_members_without_a_value_are_null),
		cmocka_unit_test(a_full_buffer_is_noticed_once),
		cmocka_unit_test(the_schema_says_what_decode_demands),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
