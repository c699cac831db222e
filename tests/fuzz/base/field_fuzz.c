/*
 * field: what decodes is written in a form that decodes to the same, whatever
 * the text; a refusal has a code, a sentence and valid UTF-8.
 */
#include "base/field.h"

static const char *const words[] = { "one", "two", "three", NULL };

struct part {
	struct str s;
	int64_t n;
	struct list parts;
};

static const struct shape part_shape;
static const struct field part_fields[] = {
	FIELD(struct part, n, KIND_INT, "n", .min = -5, .max = 5),
	FIELD_OPT(struct part, s, KIND_STR, "s", .max = 20),
	FIELD_OPT(struct part, parts, KIND_LIST, "p", .of = KIND_OBJECT,
		  .shape = &part_shape, .max = 3),
	FIELD_END,
};
static const struct shape part_shape = SHAPE(struct part, part_fields);

struct whole {
	bool flag, has_part;
	int64_t n, at;
	struct dec mark;
	struct str s, raw, bytes, hex;
	struct id id;
	int word;
	uint32_t set;
	struct part part;
	struct list ints, strs, words, decs, ids;
};

#define OPT(m, k, ...) FIELD_OPT(struct whole, m, k, "d", __VA_ARGS__)

static const struct field whole_fields[] = {
	OPT(flag, KIND_BOOL),
	OPT(n, KIND_INT),
	OPT(at, KIND_TIME),
	OPT(mark, KIND_DEC),
	OPT(s, KIND_STR, .max = 60),
	OPT(raw, KIND_RAW, .max = 60),
	OPT(bytes, KIND_BYTES, .max = 12),
	OPT(hex, KIND_HEX, .max = 12),
	OPT(id, KIND_ID),
	OPT(word, KIND_ENUM, .words = words),
	OPT(set, KIND_FLAGS, .words = words),
	FIELD_MAYBE(struct whole, part, has_part, KIND_OBJECT, "d",
		    .shape = &part_shape),
	OPT(ints, KIND_LIST, .of = KIND_INT),
	OPT(strs, KIND_LIST, .of = KIND_STR, .min = 1, .max = 4),
	OPT(words, KIND_LIST, .of = KIND_ENUM, .words = words),
	OPT(decs, KIND_LIST, .of = KIND_DEC),
	OPT(ids, KIND_LIST, .of = KIND_ID),
	FIELD_END,
};
static const struct shape whole_shape = SHAPE(struct whole, whole_fields);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct str text = { (const char *)data, size };
	struct buf b = { 0 }, again = { 0 };
	struct str empty = { "", 0 };
	struct whole w;

	if (field_decode_text(&cx, text, &whole_shape, &w)) {
		CHECK(cx.error.code != OK && cx.error.text[0]);
		CHECK(str_utf8_ok(str_of(cx.error.text)));
		CHECK(str_utf8_ok(str_of(cx.error.field)));
		goto out;
	}
	/* an absent list is written as an empty one, which has too few */
	if (!w.strs.at)
		w.strs = (struct list){ &empty, 1 };
	field_encode(&b, &whole_shape, &w);
	CHECK(field_decode_text(&cx, buf_view(&b), &whole_shape, &w) == OK);
	field_encode(&again, &whole_shape, &w);
	CHECK(str_eq(buf_view(&b), buf_view(&again)));
out:
	buf_done(&b);
	buf_done(&again);
	arena_free(cx.arena);
	return 0;
}
