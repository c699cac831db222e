/*
 * A set-up of peer review from outside: what is taken is written the same, its
 * gold has scores, and its texts can be counted and compared.
 */
#include <stdint.h>

#include "rubrics/peer_def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gold(struct ctx *cx, const struct peer_def *d, size_t i)
{
	const struct peer_gold *g = (const struct peer_gold *)d->gold.at + i;
	struct feedback_prints prints;
	struct rubric_result r;

	CHECK(peer_gold_result(cx, d, i, &r) == OK);
	CHECK(r.scaled.nano >= 0 && r.scaled.nano <= DEC_ONE_NANO);
	CHECK(r.points.nano >= 0 && r.points.nano <= 100 * DEC_ONE_NANO);
	CHECK(peer_gold_passed(d, &r, &r, NULL));
	CHECK(peer_gold_find(d, g->id) == i);
	feedback_print_text(cx, g->text, &prints);
	CHECK(!prints.n == (feedback_words(g->text) < 3));
	CHECK(feedback_alike(&prints, &prints) == (prints.n ? 100 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data, size }, one;
	struct list warnings, none = { 0 };
	struct feedback_prints prints;
	struct peer_def d, again;
	struct feedback f;

	feedback_print_text(&cx, text, &prints); /* whatever it is */
	if (peer_def_read(&cx, text, "", &d) == OK) {
		one = field_text(cx.arena, &peer_def_shape, &d);
		CHECK(peer_def_read(&cx, one, "", &again) == OK);
		CHECK(str_eq(one,
			     field_text(cx.arena, &peer_def_shape, &again)));
		peer_def_warnings(&cx, &d, &warnings);
		for (size_t i = 0; i < d.gold.n; i++)
			check_gold(&cx, &d, i);
		f = (struct feedback){ { &d.instructions, 1 }, none, none };
		feedback_check(&cx, &d.feedback, &f, &prints, 1, &prints,
			       &warnings);
	}
	arena_free(cx.arena);
	return 0;
}
