/* Random structs with every kind, to JSON and back. SEED repeats a run. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/field.h"
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

#define LIST(member, kind_of, ...)                                             \
	FIELD_OPT(struct all, member, KIND_LIST, NULL, .of = kind_of,          \
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
	static const char *const parts[] = { "a",
					     "Z",
					     " ",
					     "\"",
					     "\\",
					     "/",
					     "\n",
					     "\x01",
					     "\x7f",
					     "\xc3\xa9",
					     "\xe2\x80\xa8",
					     "word",
					     "\xf0\x9f\x98\x80",
					     "12345678" };
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
	static const char *const raws[] = {
		"0", "{}", "[ 1, 2 ]", "\"x\"", "{\"b\" : [true,{}]}", "false"
	};

	return str_of(raws[rng_below(rng, 6)]);
}

static struct inner any_inner(void)
{
	struct inner in = { .n = any_int() };

	if (rng_below(rng, 2))
		in.s = any_text(20);
	return in;
}

#define FILL(list, type, value)                                                \
	do {                                                                   \
		(list).n = rng_below(rng, LIST_MOST + 1);                      \
		(list).at = arena_array(cx.arena, (list).n, sizeof(type));     \
		for (size_t i_ = 0; i_ < (list).n; i_++)                       \
			((type *)(list).at)[i_] = (value);                     \
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
	assert_true(a->has_maybe == b->has_maybe && a->maybe.n == b->maybe.n &&
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

static void absent_optional_members_are_left_out(void **state)
{
	struct all all = { .at = 1 };
	struct buf b = { 0 };

	(void)state;
	field_encode(&b, &all_shape, &all);
	assert_true(str_find(buf_view(&b), STR("\"count\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"maybe\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"note\""), 0) == SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("\"opens\""), 0) == SIZE_MAX);
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

static void the_schema_is_json(void **state)
{
	struct buf b = { 0 };
	struct jdoc *d;

	(void)state;
	field_schema(&b, &all_shape);
	assert_int_equal(jdoc_parse(&cx, buf_view(&b), &d), OK);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(absent_optional_members_are_left_out),
		cmocka_unit_test(required_members_without_a_value_are_null),
		cmocka_unit_test(the_schema_is_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
