#include "tests/unit/rubrics/rubrics_world.h"

#include "rubrics/rubric.h"

struct scores {
	struct list scores;
};
static const struct field scores_fields[] = {
	FIELD(struct scores, scores, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &rubric_score_shape),
	FIELD_END,
};
static const struct shape scores_shape = SHAPE(struct scores, scores_fields);

static struct rubric rubric_of(struct ctx *cx, const char *json)
{
	struct rubric r;
	enum err e;

	decode(cx, json, &rubric_shape, &r);
	e = rubric_check(cx, &r, "/rubric");
	if (e)
		fail_msg("%s %s", cx->error.field, cx->error.text);
	return r;
}

static enum err score(struct ctx *cx, const struct rubric *r, const char *json,
		      struct rubric_result *out)
{
	struct scores s;

	decode(cx, json, &scores_shape, &s);
	return rubric_score(cx, r, &s.scores, "/scores", out);
}

static void gives(struct ctx *cx, const char *rubric, const char *scores,
		  const char *points, const char *scaled)
{
	struct rubric r = rubric_of(cx, rubric);
	struct rubric_result got;
	char text[DEC_TEXT];

	if (score(cx, &r, scores, &got))
		fail_msg("%s %s", cx->error.field, cx->error.text);
	text[dec_text(got.points, text)] = 0;
	assert_string_equal(text, points);
	text[dec_text(got.scaled, text)] = 0;
	assert_string_equal(text, scaled);
	assert_int_equal(got.max_points.nano, 100 * DEC_ONE_NANO);
}

#define RANGE(id, most) "{'id':'" id "','title':'t','points':" most "}"
#define RANGE_W(id, most, weight)                                              \
	"{'id':'" id "','title':'t','points':" most ",'weight':" weight "}"
#define SCORE(id, points) "{'criterion':'" id "','points':" points "}"

/*
 * The cases of Moodle's workshop (form/accumulative/tests/lib_test.php and
 * form/rubric) as far as the formula is the same: there a rubric's criterion
 * weighs as much as its range, and its least level is worth nothing.
 */
static void workshop_cases_give_what_they_give_there(void **state)
{
	struct ctx *cx = *state;

	gives(cx, "{'criteria':[" RANGE("a", "20") "]}",
	      "{'scores':[" SCORE("a", "5") "]}", "25", "0.25");
	gives(cx,
	      "{'criteria':[" RANGE("a", "20") "," RANGE("b", "100") "," RANGE(
		      "c", "10") "]}",
	      "{'scores':[" SCORE("a", "11") "," SCORE("b", "87") "," SCORE(
		      "c", "10") "]}",
	      "80.666666667", "0.806666667");
	gives(cx,
	      "{'criteria':[" RANGE_W("a", "15", "3") "," RANGE_W(
		      "b", "80", "1") "," RANGE_W("c", "5", "2") "]}",
	      "{'scores':[" SCORE("a", "7") "," SCORE("b", "66") "," SCORE(
		      "c", "4") "]}",
	      "63.75", "0.6375");
	/* "Good" is the third of Poor, ... : 2 of 2; and step 4 of 0..6 less
	   one: 60 = (2 x 1 + 3 x 1/3) / 5 */
	gives(cx,
	      "{'criteria':[" RANGE_W("a", "2", "2") "," RANGE_W("b", "6",
								 "3") "]}",
	      "{'scores':[" SCORE("a", "2") "," SCORE("b", "2") "]}", "60",
	      "0.6");
	gives(cx,
	      "{'criteria':["
	      "{'id':'a','title':'A','weight':8,'levels':[{'id':'0','points':0}"
	      ",{'id':'2','points':2},{'id':'6','points':6},{'id':'8','points':"
	      "8}]},"
	      "{'id':'b','title':'B','weight':3,'levels':[{'id':'0','points':0}"
	      ",{'id':'1','points':1},{'id':'2','points':2},{'id':'3','points':"
	      "3}]},"
	      "{'id':'c','title':'C','weight':30,'levels':[{'id':'10','points':"
	      "0},{'id':'20','points':10},{'id':'30','points':20},{'id':'40',"
	      "'points':30}]}]}",
	      "{'scores':[{'criterion':'a','level':'2'},{'criterion':'b',"
	      "'level':'2'},{'criterion':'c','level':'30'}]}",
	      "58.536585366", "0.585365854");
}

static void the_worst_gives_nothing_and_the_best_all(void **state)
{
	static const char rubric[] =
		"{'criteria':[" RANGE_W("a", "7", "0.3") "," RANGE_W(
			"b", "0.000000007", "1000") "," RANGE("c",
							      "999.9") "]}";

	gives(*state, rubric,
	      "{'scores':[" SCORE("a", "0") "," SCORE("b", "0") "," SCORE(
		      "c", "0") "]}",
	      "0", "0");
	gives(*state, rubric,
	      "{'scores':[" SCORE("a", "7") "," SCORE(
		      "b", "0.000000007") "," SCORE("c", "999.9") "]}",
	      "100", "1");
}

/* 1/3 + 2/3 + 1/7 + 6/7 is exactly 2 of 4; sums of rounded parts are not. */
static void only_the_result_is_rounded(void **state)
{
	gives(*state,
	      "{'criteria':[" RANGE("a", "3") "," RANGE("b", "3") "," RANGE(
		      "c", "7") "," RANGE("d", "7") "]}",
	      "{'scores':[" SCORE("a", "1") "," SCORE("b", "2") "," SCORE(
		      "c", "1") "," SCORE("d", "6") "]}",
	      "50", "0.5");
	/* Half of the last digit goes up, less does not: never a ceiling. */
	gives(*state, "{'criteria':[" RANGE("a", "2") "]}",
	      "{'scores':[" SCORE("a", "0.000000001") "]}", "0.00000005",
	      "0.000000001");
	gives(*state, "{'criteria':[" RANGE("a", "3") "]}",
	      "{'scores':[" SCORE("a", "0.000000001") "]}", "0.000000033", "0");
	gives(*state, "{'criteria':[" RANGE("a", "3") "]}",
	      "{'scores':[" SCORE("a", "1") "]}", "33.333333333",
	      "0.333333333");
}

/* As large as they get: 50 denominators that have nothing in common. */
static void the_largest_rubric_is_exact(void **state)
{
	struct ctx *cx = *state;
	struct buf rubric = { 0 }, scores = { 0 };
	struct rubric_result got;
	struct rubric r;
	struct scores s;

	buf_z(&rubric, "{\"criteria\":[");
	buf_z(&scores, "{\"scores\":[");
	for (int i = 0; i < RUBRIC_CRITERIA; i++) {
		long long most = 999999999989LL - 2 * i; /* 10^-9 points */

		buf_fmt(&rubric,
			"%s{\"id\":\"%d\",\"title\":\"t\",\"points\":%lld.%09"
			"lld,\"weight\":999.999999999}",
			i ? "," : "", i, most / DEC_ONE_NANO,
			most % DEC_ONE_NANO);
		/* Half of them full, half without anything. */
		buf_fmt(&scores,
			"%s{\"criterion\":\"%d\",\"points\":%lld.%09"
			"lld}",
			i ? "," : "", i, i % 2 ? 0 : most / DEC_ONE_NANO,
			i % 2 ? 0 : most % DEC_ONE_NANO);
	}
	buf_z(&rubric, "]}");
	buf_z(&scores, "]}");
	r = rubric_of(cx, str_z(cx->arena, buf_view(&rubric)));
	decode(cx, str_z(cx->arena, buf_view(&scores)), &scores_shape, &s);
	assert_int_equal(rubric_score(cx, &r, &s.scores, "", &got), OK);
	assert_int_equal(got.scaled.nano, DEC_ONE_NANO / 2);
	buf_done(&rubric);
	buf_done(&scores);
}

static void what_is_for_feedback_alone_stays_out_of_the_grade(void **state)
{
	struct ctx *cx = *state;
	struct rubric r = rubric_of(
		cx, "{'criteria':[" RANGE("a", "4") ",{'id':'f','title':'F',"
						    "'feedback_only':true}]}");
	struct rubric_result got;

	assert_int_equal(
		score(cx, &r, "{'scores':[" SCORE("a", "3") "]}", &got), OK);
	assert_int_equal(got.scaled.nano, 750000000);
	assert_int_equal(got.each[0].nano, 750000000);
	assert_int_equal(got.each[1].nano, 0);
	assert_int_equal(
		score(cx, &r,
		      "{'scores':[{'criterion':'f','comment':'why'}," SCORE(
			      "a", "3") "]}",
		      &got),
		OK);
	assert_int_equal(got.scaled.nano, 750000000);
	assert_refused(
		cx,
		score(cx, &r,
		      "{'scores':[" SCORE("a", "3") "," SCORE("f", "0") "]}",
		      &got),
		"/scores/1/points");
}

static void what_is_wrong_with_a_score_is_named(void **state)
{
	struct ctx *cx = *state;
	struct rubric r = rubric_of(
		cx, "{'criteria':[{'id':'l','title':'L','levels':[{'id':'no',"
		    "'points':0},{'id':'yes','points':2}]},{'id':'p','title':"
		    "'P','points':5,'step':0.5},{'id':'q','title':'Q','points'"
		    ":1}]}");
#define L "{'criterion':'l','level':'yes'}"
#define P SCORE("p", "4.5")
#define Q SCORE("q", "0.123")
	static const struct {
		const char *scores, *field;
	} bad[] = {
		{ L "," P, "/scores" },
		{ L "," P "," Q "," P, "/scores/3/criterion" },
		{ L "," P "," Q ",{'criterion':'x'}", "/scores/3/criterion" },
		{ "{'criterion':'l','level':'maybe'}," P "," Q,
		  "/scores/0/level" },
		{ "{'criterion':'l'}," P "," Q, "/scores/0/level" },
		{ P "," Q "," SCORE("l", "2"), "/scores/2/points" },
		{ L "," Q "," SCORE("p", "5.5"), "/scores/2/points" },
		{ L "," Q "," SCORE("p", "4.6"), "/scores/2/points" },
		{ L "," Q ",{'criterion':'p'}", "/scores/2/points" },
		{ L "," Q ",{'criterion':'p','level':'yes'}",
		  "/scores/2/level" },
	};
	struct rubric_result got = { .points = dec_int(7) };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *json =
			str_z(cx->arena, str_fmt(cx->arena, "{'scores':[%s]}",
						 bad[i].scores));

		assert_refused(cx, score(cx, &r, json, &got), bad[i].field);
	}
	assert_int_equal(got.points.nano, dec_int(7).nano); /* untouched */
	assert_refused(cx, score(cx, &r, "{'scores':[" P "]}", &got),
		       "/scores");
	assert_string_equal(cx->error.text, "every criterion needs a score; "
					    "missing: \"l\", \"q\"");
	assert_int_equal(score(cx, &r, "{'scores':[" Q "," L "," P "]}", &got),
			 OK);
}

static void what_is_wrong_with_a_rubric_is_named(void **state)
{
	struct ctx *cx = *state;
	static const struct {
		const char *criteria, *field;
	} bad[] = {
		{ RANGE("a", "1") "," RANGE("a", "1"), "/r/criteria/1/id" },
		{ "{'id':'a','title':'A','feedback_only':true}",
		  "/r/criteria" },
		{ RANGE_W("a", "1", "0") "," RANGE_W("b", "1", "0"),
		  "/r/criteria" },
		{ "{'id':'a','title':'A'}", "/r/criteria/0/points" },
		{ "{'id':'a','title':'A','points':2,'levels':[{'id':'x',"
		  "'points':0},{'id':'y','points':1}]}",
		  "/r/criteria/0/points" },
		{ "{'id':'a','title':'A','step':1,'levels':[{'id':'x',"
		  "'points':0},{'id':'y','points':1}]}",
		  "/r/criteria/0/step" },
		{ "{'id':'a','title':'A','levels':[{'id':'x','points':1}]}",
		  "/r/criteria/0/levels" },
		{ "{'id':'a','title':'A','levels':[{'id':'x','points':1},"
		  "{'id':'y','points':1}]}",
		  "/r/criteria/0/levels" },
		{ "{'id':'a','title':'A','levels':[{'id':'x','points':0},"
		  "{'id':'x','points':1}]}",
		  "/r/criteria/0/levels/1/id" },
		{ "{'id':'a','title':'A','points':1,'step':0.3}",
		  "/r/criteria/0/step" },
		{ "{'id':'a','title':'A','points':1,'feedback_only':true}",
		  "/r/criteria/0/feedback_only" },
		{ RANGE("b", "1") ",{'id':'a','title':'A','weight':2,"
				  "'feedback_only':true}",
		  "/r/criteria/1/weight" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rubric r;

		decode(cx,
		       str_z(cx->arena, str_fmt(cx->arena, "{'criteria':[%s]}",
						bad[i].criteria)),
		       &rubric_shape, &r);
		assert_refused(cx, rubric_check(cx, &r, "/r"), bad[i].field);
	}
}

/* Of a definition that was not decoded, too. */
static void points_and_weights_have_limits(void **state)
{
	struct ctx *cx = *state;
	struct rubric_level levels[2] = {
		{ .id = STR("x") }, { .id = STR("y"), .points = dec_int(-1) }
	};
	struct rubric_criterion c = { .id = STR("a"),
				      .points = dec_int(1),
				      .has_weight = true,
				      .weight = dec_int(-1) };
	struct rubric r = { { &c, 1 } };

	assert_refused(cx, rubric_check(cx, &r, ""), "/criteria/0/weight");
	c.weight = dec_int(RUBRIC_POINTS_MOST + 1);
	assert_refused(cx, rubric_check(cx, &r, ""), "/criteria/0/weight");
	c.weight = dec_int(RUBRIC_POINTS_MOST);
	c.points = dec_int(RUBRIC_POINTS_MOST + 1);
	assert_refused(cx, rubric_check(cx, &r, ""), "/criteria/0/points");
	c.points = DEC_ZERO;
	c.levels = (struct list){ levels, 2 };
	assert_refused(cx, rubric_check(cx, &r, ""),
		       "/criteria/0/levels/1/points");
	levels[1].points = dec_int(RUBRIC_POINTS_MOST);
	assert_int_equal(rubric_check(cx, &r, ""), OK);
	r.criteria.n = 0;
	assert_refused(cx, rubric_check(cx, &r, ""), "/criteria");
}

static void a_comment_that_is_required_has_enough_words(void **state)
{
	struct ctx *cx = *state;
	struct rubric r = rubric_of(
		cx, "{'criteria':[{'id':'a','title':'A','points':1,"
		    "'comment_required':true,'comment_words':3},{'id':'f',"
		    "'title':'F','feedback_only':true,'comment_required':true}"
		    "," RANGE("b", "1") "]}");
	struct scores s;

	decode(cx,
	       "{'scores':[{'criterion':'f','comment':'yes'},{'criterion':"
	       "'a','comment':'two, words!'}]}",
	       &scores_shape, &s);
	assert_refused(cx, rubric_comments(cx, &r, &s.scores, "/s"),
		       "/s/1/comment");
	decode(cx,
	       "{'scores':[{'criterion':'a','comment':'these three "
	       "words'}]}",
	       &scores_shape, &s);
	assert_refused(cx, rubric_comments(cx, &r, &s.scores, "/s"), "/s");
	decode(cx,
	       "{'scores':[{'criterion':'f','comment':'yes'},{'criterion':"
	       "'a','comment':'these three words'}]}",
	       &scores_shape, &s);
	assert_int_equal(rubric_comments(cx, &r, &s.scores, "/s"), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(workshop_cases_give_what_they_give_there),
		WORLD_TEST(the_worst_gives_nothing_and_the_best_all),
		WORLD_TEST(only_the_result_is_rounded),
		WORLD_TEST(the_largest_rubric_is_exact),
		WORLD_TEST(what_is_for_feedback_alone_stays_out_of_the_grade),
		WORLD_TEST(what_is_wrong_with_a_score_is_named),
		WORLD_TEST(what_is_wrong_with_a_rubric_is_named),
		WORLD_TEST(points_and_weights_have_limits),
		WORLD_TEST(a_comment_that_is_required_has_enough_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
