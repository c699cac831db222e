#include "tests/unit/rubrics/rubrics_world.h"

#include "rubrics/feedback.h"

struct texts {
	struct list strengths, improvements, comments;
};
static const struct field texts_fields[] = {
	FIELD_OPT(struct texts, strengths, KIND_LIST, "", .of = KIND_STR),
	FIELD_OPT(struct texts, improvements, KIND_LIST, "", .of = KIND_STR),
	FIELD_OPT(struct texts, comments, KIND_LIST, "", .of = KIND_STR),
	FIELD_END,
};
static const struct shape texts_shape = SHAPE(struct texts, texts_fields);

static struct feedback feedback_of(struct ctx *cx, const char *json)
{
	struct texts t;

	decode(cx, json, &texts_shape, &t);
	return (struct feedback){ t.strengths, t.improvements, t.comments };
}

/* "kind field, kind field" of what is found. */
static const char *found(struct ctx *cx, const struct feedback_rules *r,
			 const struct feedback *f,
			 const struct feedback_prints *earlier, size_t n,
			 const struct feedback_prints *work)
{
	struct str out = STR("");
	struct list l;

	feedback_check(cx, r, f, earlier, n, work, &l);
	for (size_t i = 0; i < l.n; i++) {
		const struct feedback_finding *x =
			(struct feedback_finding *)l.at + i;

		assert_true(x->message.n > 20);
		out = str_fmt(cx->arena, "%.*s%s%s %.*s", STR_FMT(out),
			      i ? ", " : "", feedback_kind_words[x->kind],
			      STR_FMT(x->field));
	}
	return str_z(cx->arena, out);
}

#define GOOD_1 "'The question is clear and is answered in the first lines.'"
#define GOOD_2 "'Each claim stands beside a source that can be looked up.'"
#define BETTER "'Tell in the last part what the figures cannot show.'"

static void findings_name_field_and_kind(void **state)
{
	struct ctx *cx = *state;
	static const struct {
		const char *feedback, *found;
	} cases[] = {
		{ "{'strengths':[" GOOD_1 "," GOOD_2 "],'improvements':[" BETTER
		  "]}",
		  "" },
		{ "{}", "too_few /strengths, too_few /improvements, too_short "
			"" },
		{ "{'strengths':[" GOOD_1 "],'improvements':[" BETTER
		  ",'The title promises more than the text can keep.']}",
		  "too_few /strengths, more_strengths /strengths" },
		{ "{'strengths':[" GOOD_1 "," GOOD_2
		  ",' \\n'],'improvements':[" BETTER "]}",
		  "empty /strengths/2" },
		{ "{'strengths':[" GOOD_1 "," GOOD_2
		  ",'!!! \\ud83d\\ude00'],'improvements':[" BETTER "]}",
		  "no_words /strengths/2" },
		{ "{'strengths':[" GOOD_1 "," GOOD_2
		  ",'Very well done'],'improvements':[" BETTER "]}",
		  "too_short /strengths/2" },
		{ "{'strengths':[" GOOD_1 ",'the QUESTION is clear, and is "
		  "answered in the first lines'],'improvements':[" BETTER "]}",
		  "repeated /strengths/1" },
		/* In a comment, too; a short one may occur again. */
		{ "{'strengths':[" GOOD_1 "," GOOD_2 "],'improvements':[" BETTER
		  "],'comments':['Good work.','','Good work.'," GOOD_2 "]}",
		  "repeated /comments/3" },
		{ "{'strengths':['a b c d','e f g h'],'improvements':['i j k "
		  "l']}",
		  "too_short " },
	};
	struct feedback_rules r;

	feedback_rules_fill(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feedback f = feedback_of(cx, cases[i].feedback);

		assert_string_equal(found(cx, &r, &f, NULL, 0, NULL),
				    cases[i].found);
	}
}

static void an_author_may_ask_for_less(void **state)
{
	struct ctx *cx = *state;
	struct feedback even = feedback_of(
		cx, "{'strengths':[" GOOD_1 "],'improvements':[" BETTER "]}");
	struct feedback none = feedback_of(cx, "{}");
	struct feedback_rules r;

	feedback_rules_fill(&r);
	r.strengths = 1;
	r.words_total = 0;
	assert_string_equal(found(cx, &r, &even, NULL, 0, NULL),
			    "more_strengths /strengths");
	r.may_be_even = true;
	assert_string_equal(found(cx, &r, &even, NULL, 0, NULL), "");
	r.may_be_even = false;
	r.any_order = true;
	assert_string_equal(found(cx, &r, &even, NULL, 0, NULL), "");
	r.any_order = false;
	r.strengths = r.improvements = 0;
	assert_string_equal(found(cx, &r, &none, NULL, 0, NULL), "");
}

static void words_are_counted_in_any_script(void **state)
{
	static const struct {
		const char *text;
		int64_t words;
	} cases[] = {
		{ "", 0 },
		{ "  .,;-- ", 0 },
		{ "one", 1 },
		{ "one two,three", 3 },
		{ "don't can\xe2\x80\x99t 'quoted' it' 's", 5 },
		{ "3rd of 10.000", 4 },
		{ "\xc3\xa9t\xc3\xa9 na\xc3\xafve \xc2\xab oui \xc2\xbb", 3 },
		{ "\xe2\x80\x94 \xe2\x80\xa6 \xe2\x82\xac", 0 },
		{ "\xd0\x94\xd0\xb0, \xd0\xbd\xd0\xb5\xd1\x82", 2 },
		{ "\xd8\xb3\xd8\xa4\xd8\xa7\xd9\x84\xd8\x9f \xd9\x86\xd8\xb9"
		  "\xd9\x85\xd8\x8c \xd9\x84\xd8\xa7",
		  3 },
		{ "\xe8\xbf\x99\xe5\xbe\x88\xe5\xa5\xbd\xe3\x80\x82", 3 },
		{ "\xe8\xbf\x99"
		  "a\xe5\xa5\xbd"
		  "b2",
		  4 },
		/* hi-ra-ga-na: four letters, then one */
		{ "\xe3\x81\xb2\xe3\x82\x89\xe3\x81\x8c\xe3\x81\xaa\xe3\x82"
		  "\x92",
		  2 },
		{ "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4 \xeb\xa7\x90", 2 },
		{ "\xf0\x9f\x98\x80\xf0\x9f\x91\x8d", 0 },
		{ "\xff\xfe broken \xe2\x82", 1 },
		{ "a\xc2\xa0"
		  "b\xe2\x80\xaf"
		  "c\xe3\x80\x80"
		  "d",
		  4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (feedback_words(str_of(cases[i].text)) != cases[i].words)
			fail_msg("%zu: %d words, not %d", i,
				 (int)feedback_words(str_of(cases[i].text)),
				 (int)cases[i].words);
}

static int alike(struct ctx *cx, const char *a, const char *b)
{
	struct feedback_prints x, y;

	feedback_print_text(cx, str_of(a), &x);
	feedback_print_text(cx, str_of(b), &y);
	assert_int_equal(feedback_alike(&x, &y), feedback_alike(&y, &x));
	return feedback_alike(&x, &y);
}

static void prints_do_not_see_case_punctuation_or_width(void **state)
{
	struct ctx *cx = *state;

	assert_int_equal(
		alike(cx, "One two three, four!", "one TWO three four"), 100);
	assert_int_equal(alike(cx,
			       "\xc3\x89T\xc3\x89 \xd0\x94\xd0\x90 \xce\xa3 x",
			       "\xc3\xa9t\xc3\xa9 \xd0\xb4\xd0\xb0 \xcf\x83 X"),
			 100);
	assert_int_equal(alike(cx, "\xef\xbc\xa1\xef\xbc\xa2 c d", "ab c d"),
			 100);
	assert_int_equal(alike(cx, "one two three four", "four three two one"),
			 0);
	assert_int_equal(alike(cx, "", "one two three"), 0);
	assert_int_equal(alike(cx, "one two", "one two"), 0); /* no trigram */
	/* Of abc bcd cde, abc bcd bce: 2 of 4. */
	assert_int_equal(alike(cx, "a b c d e", "a b c d f"), 50);
}

/* Two texts of n words, of which the first `same` are the same. */
static int alike_long(struct ctx *cx, int n, int same)
{
	struct buf a = { 0 }, b = { 0 };
	int got;

	for (int i = 0; i < n; i++) {
		buf_fmt(&a, "a%d ", i);
		buf_fmt(&b, "%c%d ", i < same ? 'a' : 'b', i);
	}
	got = alike(cx, str_z(cx->arena, buf_view(&a)),
		    str_z(cx->arena, buf_view(&b)));
	buf_done(&a);
	buf_done(&b);
	return got;
}

/* same-2 trigrams of 2(n-2)-(same-2) in all; the sd of 64 draws is 6 or less.
 */
static void long_texts_are_estimated_near_the_truth(void **state)
{
	struct ctx *cx = *state;

	assert_int_equal(alike_long(cx, 3000, 3000), 100);
	assert_in_range(alike_long(cx, 3000, 2000), 50 - 20, 50 + 20);
	assert_in_range(alike_long(cx, 3000, 2850), 90 - 13, 100);
	assert_in_range(alike_long(cx, 3000, 300), 0, 5 + 10);
	assert_int_equal(alike_long(cx, 3000, 0), 0);
}

static void a_review_that_was_used_before_is_a_copy(void **state)
{
	struct ctx *cx = *state;
	struct feedback f = feedback_of(cx, "{'strengths':[" GOOD_1 "," GOOD_2
					    "],'improvements':[" BETTER "]}");
	struct feedback again =
		feedback_of(cx, "{'strengths':[" GOOD_2 "," GOOD_1
				"],'improvements':[" BETTER "]}");
	struct feedback other = feedback_of(
		cx, "{'strengths':['The code is short and every function has "
		    "one task.','Names say what the values mean to a reader.'"
		    "],'improvements':['Test the case of an empty list as "
		    "well.']}");
	struct feedback_prints earlier[2];
	struct feedback_rules r;

	feedback_rules_fill(&r);
	feedback_print(cx, &other, &earlier[0]);
	feedback_print(cx, &f, &earlier[1]);
	assert_string_equal(found(cx, &r, &again, earlier, 1, NULL), "");
	assert_string_equal(found(cx, &r, &again, earlier, 2, NULL),
			    "copied_from_own_review ");
	assert_string_equal(found(cx, &r, &again, earlier, 1, &earlier[1]),
			    "copied_from_the_work ");
	assert_string_equal(found(cx, &r, &again, NULL, 0, &earlier[0]), "");
}

/*
 * Kept with each review: they must be the same on every machine, for ever. The
 * number was computed apart, from splitmix64's definition.
 */
static void prints_stay_the_same(void **state)
{
	struct feedback_prints p;

	feedback_print_text(*state, STR("One two three."), &p);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.at[0], UINT64_C(0xfb177e38b6ed6734));
}

static void findings_are_limited(void **state)
{
	struct ctx *cx = *state;
	struct str *many = ARENA_ARRAY(cx->arena, struct str, 200);
	struct feedback f = { .strengths = { many, 200 } };
	struct feedback_rules r;
	struct list l;

	for (size_t i = 0; i < 200; i++)
		many[i] = STR("");
	feedback_rules_fill(&r);
	feedback_check(cx, &r, &f, NULL, 0, NULL, &l);
	assert_int_equal(l.n, FEEDBACK_FINDINGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(findings_name_field_and_kind),
		WORLD_TEST(an_author_may_ask_for_less),
		WORLD_TEST(words_are_counted_in_any_script),
		WORLD_TEST(prints_do_not_see_case_punctuation_or_width),
		WORLD_TEST(long_texts_are_estimated_near_the_truth),
		WORLD_TEST(a_review_that_was_used_before_is_a_copy),
		WORLD_TEST(prints_stay_the_same),
		WORLD_TEST(findings_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
