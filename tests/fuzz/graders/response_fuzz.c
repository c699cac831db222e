/*
 * response: an item and a response to it, parted by a zero byte. What is read
 * is written in a form that reads as the same; scoring stays within bounds.
 */
#include "graders/score.h"

static void check_response(struct ctx *cx, const struct item *it,
			   const struct variant *v, const struct response *r)
{
	struct buf b = { 0 }, again = { 0 };
	struct response same;
	struct outcome o;
	struct jdoc *doc;

	response_write(&b, it, r);
	CHECK(jdoc_parse(cx, buf_view(&b), &doc) == OK);
	CHECK(response_read(cx, it, jdoc_root(doc), &same) == OK);
	response_write(&again, it, &same);
	CHECK(str_eq(buf_view(&b), buf_view(&again)));
	CHECK(response_is_same(it, r, &same));
	CHECK(response_is_blank(it, r) == response_is_blank(it, &same));
	(void)response_is_complete(it, r);
	if (score_item(cx, it, v, r, &o) == OK) {
		CHECK(o.fraction.nano >= -DEC_ONE_NANO);
		CHECK(o.fraction.nano <= DEC_ONE_NANO);
	}
	buf_done(&b);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct str rest = { (const char *)data, size }, text;
	struct rng_seeded rng;
	struct buf b = { 0 };
	struct response r;
	struct variant v;
	struct jdoc *doc;
	struct item it;

	rng_seeded_from(&rng, size);
	if (!str_split(&rest, 0, &text) ||
	    field_decode_text(&cx, text, &item_shape, &it) ||
	    item_check(&cx, &it, ""))
		goto out;
	variant_make(cx.arena, &it, true, &rng.rng, &v);
	item_deliver(&b, &it, &v);
	CHECK(jdoc_parse(&cx, buf_view(&b), &doc) == OK || b.n > 1 << 20);
	if (score_right_response(&cx, &it, &v, &r) == OK)
		check_response(&cx, &it, &v, &r);
	if (jdoc_parse(&cx, rest, &doc) == OK &&
	    response_read(&cx, &it, jdoc_root(doc), &r) == OK)
		check_response(&cx, &it, &v, &r);
out:
	buf_done(&b);
	arena_free(cx.arena);
	return 0;
}
