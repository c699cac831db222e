#include "graders/score.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/check.h"

static int set_up(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	return 0;
}

static struct item item_from(struct ctx *cx, const char *json)
{
	struct item it;

	if (field_decode_text(cx, str_of(json), &item_shape, &it) ||
	    item_check(cx, &it, ""))
		fail_msg("%s: %s", cx->error.field, cx->error.text);
	return it;
}

/* In the author's order. */
static struct outcome score(struct ctx *cx, const struct item *it,
			    const char *json)
{
	struct outcome out = { 0 };
	struct response r;
	struct variant v;
	struct jdoc *doc;

	variant_identity(cx->arena, it, &v);
	if (jdoc_parse(cx, str_of(json), &doc) ||
	    response_read(cx, it, jdoc_root(doc), &r) ||
	    score_item(cx, it, &v, &r, &out))
		fail_msg("%s: %s", json, cx->error.text);
	return out;
}

static void expect(const struct outcome *o, const char *fraction, int state)
{
	char text[DEC_TEXT];

	dec_text(o->fraction, text);
	assert_string_equal(text, fraction);
	assert_string_equal(score_state_words[o->state],
			    score_state_words[state]);
}

struct row {
	const char *given, *fraction;
	int state;
};

static void expect_rows(struct ctx *cx, const struct item *it,
			const struct row *at)
{
	for (; at->given; at++) {
		struct outcome o = score(cx, it, at->given);

		expect(&o, at->fraction, at->state);
	}
}

static void a_choice_gives_its_share_even_below_nothing(void **state)
{
	struct item it = item_from(
		*state,
		"{\"type\":\"choice\",\"choices\":["
		"{\"text\":\"a\",\"fraction\":-0.25,\"feedback\":\"no\"},"
		"{\"text\":\"b\",\"fraction\":0.9999991},"
		"{\"text\":\"c\",\"fraction\":0.5},"
		"{\"text\":\"d\",\"fraction\":0.000001}]}");
	static const struct row rows[] = {
		{ "{}", "0", SCORE_NOT_ANSWERED },
		{ "{\"choice\":\"1\"}", "-0.25", SCORE_WRONG },
		{ "{\"choice\":\"2\"}", "1", SCORE_RIGHT },
		{ "{\"choice\":\"3\"}", "0.5", SCORE_PARTIAL },
		{ "{\"choice\":\"4\"}", "0.000001", SCORE_WRONG },
		{ NULL },
	};
	struct outcome o;

	expect_rows(*state, &it, rows);
	o = score(*state, &it, "{\"choice\":\"1\"}");
	assert_true(str_is(o.feedback, "no"));
	assert_true(
		dec_eq(score_guess(&it), dec_ratio(1250000100, 4000000000)));
}

/* Right are 1, 2 and 3 of five. */
static struct item five_choices(struct ctx *cx, const char *rule)
{
	struct str json = str_fmt(
		cx->arena,
		"{\"type\":\"multi\",\"multi_rule\":\"%s\",\"choices\":["
		"{\"text\":\"a\",\"fraction\":0.3333333,\"feedback\":\"A\"},"
		"{\"text\":\"b\",\"fraction\":0.3333333},"
		"{\"text\":\"c\",\"fraction\":0.3333333,\"feedback\":\"C\"},"
		"{\"text\":\"d\",\"fraction\":-0.5},"
		"{\"text\":\"e\",\"fraction\":-0.5}]}",
		rule);

	return item_from(cx, str_z(cx->arena, json));
}

#define ABC "{\"choices\":[\"1\",\"2\",\"3\"]}"
#define AB "{\"choices\":[\"1\",\"2\"]}"
#define ABD "{\"choices\":[\"1\",\"2\",\"4\"]}"
#define AD "{\"choices\":[\"1\",\"4\"]}"
#define DE "{\"choices\":[\"4\",\"5\"]}"
#define ALL "{\"choices\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}"

static void every_rule_of_a_multi_adds_up_as_it_says(void **state)
{
	static const struct {
		const char *rule;
		struct row rows[7];
	} rules[] = {
		/* sums of fractions, kept within 0 and 1 */
		{ "weights",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0.6666666", SCORE_PARTIAL },
		    { ABD, "0.1666666", SCORE_PARTIAL },
		    { AD, "0", SCORE_WRONG },
		    { "{}", "0", SCORE_NOT_ANSWERED } } },
		{ "all_or_nothing",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0", SCORE_WRONG },
		    { ALL, "0", SCORE_WRONG } } },
		/* (right - wrong) / 3 */
		{ "right_minus_wrong",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0.666666667", SCORE_PARTIAL },
		    { ABD, "0.333333333", SCORE_PARTIAL },
		    { AD, "0", SCORE_WRONG },
		    { DE, "0", SCORE_WRONG },
		    { ALL, "0.333333333", SCORE_PARTIAL } } },
		/* choices in the right state / 5 */
		{ "each_decision",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0.8", SCORE_PARTIAL },
		    { ABD, "0.6", SCORE_PARTIAL },
		    { DE, "0", SCORE_WRONG },
		    { ALL, "0.6", SCORE_PARTIAL },
		    { "{}", "0", SCORE_NOT_ANSWERED } } },
		{ "halves",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0.5", SCORE_PARTIAL },
		    { ABD, "0.25", SCORE_PARTIAL },
		    { AD, "0", SCORE_WRONG } } },
		/* right picked / 3 * right picked / picked */
		{ "coverage",
		  { { ABC, "1", SCORE_RIGHT },
		    { AB, "0.666666667", SCORE_PARTIAL },
		    { ABD, "0.444444444", SCORE_PARTIAL },
		    { ALL, "0.6", SCORE_PARTIAL },
		    { DE, "0", SCORE_WRONG } } },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct item it = five_choices(*state, rules[i].rule);

		expect_rows(*state, &it, rules[i].rows);
	}
}

static void a_multi_counts_right_choices_and_joins_feedback(void **state)
{
	struct item it = five_choices(*state, "weights");
	struct outcome o = score(*state, &it, ABC);

	assert_true(str_is(o.feedback, "A\nC"));
	assert_int_equal(o.parts_right, 3);
	assert_int_equal(o.parts, 3);
	o = score(*state, &it, AD);
	assert_int_equal(o.parts_right, 1);
	o = score(*state, &it, "{}");
	assert_int_equal(o.parts, 3);
	assert_true(o.feedback.p == NULL);
}

static void halves_need_enough_choices(void **state)
{
	struct item it = item_from(*state, "{\"type\":\"multi\",\"multi_rule\":"
					   "\"halves\",\"choices\":["
					   "{\"text\":\"a\",\"fraction\":1},"
					   "{\"text\":\"b\"}]}");
	struct outcome o = score(*state, &it, AB);

	expect(&o, "0", SCORE_WRONG);
}

static void the_first_answer_that_matches_decides(void **state)
{
	struct item it = item_from(
		*state,
		"{\"type\":\"short\",\"answers\":["
		"{\"text\":\"Paris\",\"fraction\":1,\"feedback\":\"yes\"},"
		"{\"text\":\"par*\",\"fraction\":0.4},"
		"{\"text\":\"*\",\"fraction\":0,\"feedback\":\"no\"}]}");
	static const struct row rows[] = {
		{ "{\"text\":\" paris \"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"PARMA\"}", "0.4", SCORE_PARTIAL },
		{ "{\"text\":\"Rome\"}", "0", SCORE_WRONG },
		{ "{\"text\":\"  \"}", "0", SCORE_NOT_ANSWERED },
		{ NULL },
	};
	struct outcome o;

	expect_rows(*state, &it, rows);
	o = score(*state, &it, "{\"text\":\"Rome\"}");
	assert_true(str_is(o.feedback, "no"));
}

/* 2.5 m; a wrong or missing unit costs 0.2. */
static struct item a_length(struct ctx *cx, const char *mode,
			    const char *penalty)
{
	struct str json = str_fmt(
		cx->arena,
		"{\"type\":\"numeric\",\"answers\":["
		"{\"text\":\"2.5\",\"fraction\":1},"
		"{\"text\":\"2.5\",\"tolerance\":\"0.1\",\"fraction\":0.5}],"
		"\"units\":[{\"name\":\"m\",\"multiplier\":\"1\"},"
		"{\"name\":\"cm\",\"multiplier\":\"100\"}],"
		"\"unit_mode\":\"%s\",\"unit_penalty\":\"%s\","
		"\"unit_penalty_share\":0.2}",
		mode, penalty);

	return item_from(cx, str_z(cx->arena, json));
}

static void units_convert_and_cost_what_the_item_says(void **state)
{
	static const struct row optional[] = {
		{ "{\"text\":\"2.5\"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"2,5 m\"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"250cm\"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"250\",\"unit\":\" c m\"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"2.6 m\"}", "0.5", SCORE_PARTIAL },
		{ "{\"text\":\"260.1 cm\"}", "0", SCORE_WRONG },
		{ "{\"text\":\"250 m\"}", "0", SCORE_WRONG },
		{ NULL },
	};
	static const struct row of_mark[] = {
		{ "{\"text\":\"2.5 m\"}", "1", SCORE_RIGHT },
		{ "{\"text\":\"2.5\"}", "0.8", SCORE_PARTIAL },
		{ "{\"text\":\"2.5 kg\"}", "0.8", SCORE_PARTIAL },
		{ "{\"text\":\"2.6 kg\"}", "0.4", SCORE_PARTIAL },
		{ NULL },
	};
	static const struct row of_max[] = {
		{ "{\"text\":\"2.5 kg\"}", "0.8", SCORE_PARTIAL },
		{ "{\"text\":\"2.6 kg\"}", "0.3", SCORE_PARTIAL },
		{ NULL },
	};
	struct item it = a_length(*state, "optional", "of_mark");

	expect_rows(*state, &it, optional);
	it = a_length(*state, "graded", "of_mark");
	expect_rows(*state, &it, of_mark);
	it = a_length(*state, "graded", "of_max");
	expect_rows(*state, &it, of_max);
}

static void what_is_no_number_is_invalid_and_says_why(void **state)
{
	struct item it = a_length(*state, "optional", "of_mark");
	struct outcome o = score(*state, &it, "{\"text\":\"two\"}");

	expect(&o, "0", SCORE_INVALID);
	assert_true(o.reason.n > 0);
	o = score(*state, &it, "{\"text\":\"1e999999999\"}");
	expect(&o, "0", SCORE_INVALID);
}

static void a_match_gives_the_share_of_right_pairs(void **state)
{
	struct item it =
		item_from(*state, "{\"type\":\"match\",\"stems\":["
				  "{\"text\":\"1\",\"option\":0},"
				  "{\"text\":\"2\",\"option\":1},"
				  "{\"text\":\"3\",\"option\":0}],"
				  "\"options\":[\"odd\",\"even\",\"odd\"]}");
	static const struct row rows[] = {
		{ "{}", "0", SCORE_NOT_ANSWERED },
		{ "{\"pairs\":{\"1\":\"1\"}}", "0.333333333", SCORE_PARTIAL },
		/* two options of the same text are one */
		{ "{\"pairs\":{\"1\":\"3\",\"2\":\"2\",\"3\":\"1\"}}", "1",
		  SCORE_RIGHT },
		{ "{\"pairs\":{\"1\":\"2\",\"2\":\"1\"}}", "0", SCORE_WRONG },
		{ NULL },
	};
	const struct part_outcome *parts;
	struct outcome o;

	expect_rows(*state, &it, rows);
	o = score(*state, &it, "{\"pairs\":{\"2\":\"2\",\"3\":\"2\"}}");
	assert_int_equal(o.parts_right, 1);
	assert_int_equal(o.parts, 3);
	parts = o.part_outcomes.at;
	assert_int_equal(parts[0].state, SCORE_NOT_ANSWERED);
	assert_int_equal(parts[1].state, SCORE_RIGHT);
	assert_int_equal(parts[2].state, SCORE_WRONG);
}

static const char weighted[] =
	"{\"type\":\"cloze\",\"parts\":["
	"{\"type\":\"short\",\"mark\":1,\"answers\":["
	"{\"text\":\"x\",\"fraction\":1}]},"
	"{\"type\":\"numeric\",\"mark\":3,\"answers\":["
	"{\"text\":\"7\",\"fraction\":1},{\"text\":\"8\",\"fraction\":0.5}]},"
	"{\"type\":\"choice\",\"mark\":0,\"choices\":["
	"{\"text\":\"a\",\"fraction\":1},{\"text\":\"b\"}]}]}";

static void a_cloze_is_the_weighted_mean_of_its_parts(void **state)
{
	struct item it = item_from(*state, weighted);
	static const struct row rows[] = {
		{ "{}", "0", SCORE_NOT_ANSWERED },
		/* 1 / 4, (1 + 1.5) / 4, 3 / 4, a part without weight */
		{ "{\"parts\":{\"1\":{\"text\":\"x\"}}}", "0.25",
		  SCORE_PARTIAL },
		{ "{\"parts\":{\"1\":{\"text\":\"x\"},\"2\":{\"text\":\"8\"}}}",
		  "0.625", SCORE_PARTIAL },
		{ "{\"parts\":{\"2\":{\"text\":\"7\"}}}", "0.75",
		  SCORE_PARTIAL },
		{ "{\"parts\":{\"1\":{\"text\":\"x\"},\"2\":{\"text\":\"7\"}}}",
		  "1", SCORE_RIGHT },
		{ "{\"parts\":{\"3\":{\"choice\":\"1\"}}}", "0", SCORE_WRONG },
		{ NULL },
	};
	struct outcome o;

	expect_rows(*state, &it, rows);
	o = score(*state, &it,
		  "{\"parts\":{\"1\":{\"text\":\"x\"},"
		  "\"2\":{\"text\":\"seven\"}}}");
	expect(&o, "0.25", SCORE_PARTIAL);
	assert_true(o.reason.n > 0);
	assert_int_equal(((struct part_outcome *)o.part_outcomes.at)[1].state,
			 SCORE_INVALID);
	assert_int_equal(o.parts_right, 1);
	assert_int_equal(o.parts, 3);
}

static void parts_without_weight_are_not_graded(void **state)
{
	struct item it = item_from(*state, "{\"type\":\"cloze\",\"parts\":["
					   "{\"type\":\"short\",\"mark\":0,"
					   "\"answers\":[{\"text\":\"x\"}]}]}");
	struct outcome o =
		score(*state, &it, "{\"parts\":{\"1\":{\"text\":\"x\"}}}");

	expect(&o, "0", SCORE_NOT_GRADED);
}

static void people_mark_essays_and_nobody_descriptions(void **state)
{
	struct item essay = item_from(*state, "{\"type\":\"essay\"}");
	struct item text = item_from(*state, "{\"type\":\"description\"}");
	struct item other = { .type = ITEM_OPAQUE };
	struct variant v = { 0 };
	struct response r = { 0 };
	struct outcome o = score(*state, &essay, "{\"text\":\"Well\"}");

	expect(&o, "0", SCORE_NEEDS_PERSON);
	o = score(*state, &essay, "{}");
	expect(&o, "0", SCORE_NOT_ANSWERED);
	o = score(*state, &text, "{}");
	expect(&o, "0", SCORE_NOT_GRADED);
	assert_int_equal(score_item(*state, &other, &v, &r, &o),
			 ERR_UNSUPPORTED);
}

static void a_mark_is_rounded_once(void **state)
{
	struct outcome third = { .fraction = dec_ratio(1, 3) };

	(void)state;
	/* 0.333333333 * 7 = 2.333333331, of which the last 1 is noise */
	assert_int_equal(score_mark(&third, dec_int(7)).nano, 2333333330);
	assert_int_equal(score_mark(&third, DEC_ZERO).nano, 0);
}

static void guessing_is_worth_what_it_is(void **state)
{
	static const struct {
		const char *json;
		double guess;
	} cases[] = {
		{ "{\"type\":\"true_false\",\"choices\":["
		  "{\"text\":\"t\",\"fraction\":1},{\"text\":\"f\"}]}",
		  0.5 },
		{ "{\"type\":\"short\",\"answers\":["
		  "{\"text\":\"x\",\"fraction\":1},"
		  "{\"text\":\"*\",\"fraction\":0.1}]}",
		  0.1 },
		{ "{\"type\":\"match\",\"stems\":["
		  "{\"text\":\"a\",\"option\":0}],"
		  "\"options\":[\"x\",\"y\",\"z\",\"w\"]}",
		  0.25 },
		/* of the three sets that are not empty one is right */
		{ "{\"type\":\"multi\",\"multi_rule\":\"all_or_nothing\","
		  "\"choices\":[{\"text\":\"a\",\"fraction\":1},"
		  "{\"text\":\"b\"}]}",
		  1 / 3. },
		/* (1 * 0 + 3 * 0.5) / 4 */
		{ "{\"type\":\"cloze\",\"parts\":["
		  "{\"type\":\"short\",\"mark\":1,\"answers\":["
		  "{\"text\":\"x\",\"fraction\":1}]},"
		  "{\"type\":\"choice\",\"mark\":3,\"choices\":["
		  "{\"text\":\"a\",\"fraction\":1},{\"text\":\"b\"}]}]}",
		  0.375 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct item it = item_from(*state, cases[i].json);
		double gap = dec_double(score_guess(&it)) - cases[i].guess;

		assert_true(gap < 1e-8 && gap > -1e-8);
	}
}

static const char *const with_key[] = {
	"{\"type\":\"choice\",\"shuffle\":true,\"choices\":[{\"text\":\"a\"},"
	"{\"text\":\"b\",\"fraction\":1},{\"text\":\"c\"}]}",
	"{\"type\":\"multi\",\"shuffle\":true,\"choices\":["
	"{\"text\":\"a\",\"fraction\":0.5},{\"text\":\"b\",\"fraction\":-1},"
	"{\"text\":\"c\",\"fraction\":0.5},{\"text\":\"d\"}]}",
	"{\"type\":\"short\",\"answers\":[{\"text\":\"no\"},"
	"{\"text\":\"*the \\\\* star*\",\"fraction\":1}]}",
	"{\"type\":\"numeric\",\"locale\":\"de\",\"unit_mode\":\"graded\","
	"\"units\":[{\"name\":\"mm\",\"multiplier\":\"1000\"},"
	"{\"name\":\"m.\",\"multiplier\":\"1\"}],\"answers\":["
	"{\"text\":\"1234.5\",\"fraction\":1}]}",
	"{\"type\":\"numeric\",\"unit_separate\":true,\"units\":["
	"{\"name\":\"K\",\"multiplier\":\"1\"}],\"answers\":["
	"{\"text\":\"(1, 4)\",\"fraction\":1}]}",
	"{\"type\":\"match\",\"shuffle\":true,\"stems\":["
	"{\"text\":\"a\",\"option\":2},{\"text\":\"b\",\"option\":0}],"
	"\"options\":[\"x\",\"y\",\"z\"]}",
	weighted,
	NULL,
};

static void the_right_response_is_right_in_every_order(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (size_t i = 0; with_key[i]; i++) {
		struct item it = item_from(cx, with_key[i]);

		for (int k = 0; k < 50; k++) {
			struct response r, again;
			struct buf b = { 0 };
			struct outcome o;
			struct variant v;
			struct jdoc *doc;

			variant_make(cx->arena, &it, true, &rng.rng, &v);
			assert_int_equal(score_right_response(cx, &it, &v, &r),
					 OK);
			assert_int_equal(score_item(cx, &it, &v, &r, &o), OK);
			expect(&o, "1", SCORE_RIGHT);
			assert_true(response_is_complete(&it, &r));
			response_write(&b, &it, &r);
			assert_int_equal(jdoc_parse(cx, buf_view(&b), &doc),
					 OK);
			assert_int_equal(
				response_read(cx, &it, jdoc_root(doc), &again),
				OK);
			assert_true(response_is_same(&it, &r, &again));
			buf_done(&b);
		}
	}
}

/* Whatever the fractions, the rule and the choice of choices. */
static void no_score_leaves_its_bounds(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded rng;

	rng_property(&rng);
	for (int i = 0; i < 20000; i++) {
		size_t n = 1 + rng_below(&rng.rng, 8);
		struct choice *at = ARENA_ARRAY(cx->arena, struct choice, n);
		int64_t *chosen = ARENA_ARRAY(cx->arena, int64_t, n);
		struct item it = { .type = ITEM_MULTI,
				   .multi_rule = (int)rng_below(&rng.rng, 6),
				   .shuffle = true,
				   .choices = { at, n } };
		struct response r = { .choices = { chosen, 0 } };
		struct outcome o;
		struct variant v;

		for (size_t k = 0; k < n; k++) {
			at[k].fraction.nano =
				(int64_t)rng_below(&rng.rng, 2000000001) -
				1000000000;
			if (rng_below(&rng.rng, 2))
				chosen[r.choices.n++] = (int64_t)k + 1;
		}
		variant_make(cx->arena, &it, true, &rng.rng, &v);
		assert_int_equal(score_item(cx, &it, &v, &r, &o), OK);
		assert_true(o.fraction.nano >= 0 &&
			    o.fraction.nano <= DEC_ONE_NANO);
		it.type = ITEM_CHOICE;
		r.choice = 1 + (int64_t)rng_below(&rng.rng, n);
		assert_int_equal(score_item(cx, &it, &v, &r, &o), OK);
		assert_true(o.fraction.nano >= -DEC_ONE_NANO &&
			    o.fraction.nano <= DEC_ONE_NANO);
		assert_true((o.state == SCORE_RIGHT) ==
			    (o.fraction.nano == DEC_ONE_NANO));
		arena_reset(cx->arena);
	}
}

static void a_mark_shows_nothing_of_the_fractions_rounding(void **state)
{
	static const struct {
		int64_t num, den;
		const char *max, *mark;
	} rows[] = { { 2, 3, "3", "2" },	   { 1, 3, "3", "1" },
		     { 5, 7, "7", "5" },	   { 2, 3, "99", "66" },
		     { 1, 3, "10", "3.33333333" }, { 1, 2, "0.5", "0.25" },
		     { 1, 8, "1", "0.125" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dec max, want;

		assert_true(dec_parse(str_of(rows[i].max), &max));
		assert_true(dec_parse(str_of(rows[i].mark), &want));
		assert_int_equal(
			score_scale(dec_ratio(rows[i].num, rows[i].den), max)
				.nano,
			want.nano);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_mark_shows_nothing_of_the_fractions_rounding),
		T(a_choice_gives_its_share_even_below_nothing),
		T(every_rule_of_a_multi_adds_up_as_it_says),
		T(a_multi_counts_right_choices_and_joins_feedback),
		T(halves_need_enough_choices),
		T(the_first_answer_that_matches_decides),
		T(units_convert_and_cost_what_the_item_says),
		T(what_is_no_number_is_invalid_and_says_why),
		T(a_match_gives_the_share_of_right_pairs),
		T(a_cloze_is_the_weighted_mean_of_its_parts),
		T(parts_without_weight_are_not_graded),
		T(people_mark_essays_and_nobody_descriptions),
		T(a_mark_is_rounded_once),
		T(guessing_is_worth_what_it_is),
		T(the_right_response_is_right_in_every_order),
		T(no_score_leaves_its_bounds),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
