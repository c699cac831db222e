#include "tests/unit/rubrics/rubrics_world.h"

#include "rubrics/peer_def.h"

#define RUBRIC                                                                 \
	"'rubric':{'criteria':[{'id':'a','title':'A','levels':[{'id':'0',"     \
	"'points':0},{'id':'1','points':1},{'id':'2','points':2},{'id':'3',"   \
	"'points':3}]},{'id':'b','title':'B','points':10,'weight':2},{'id':"   \
	"'f','title':'F','feedback_only':true}]}"
#define GOLD(id, level, points)                                                \
	"{'id':'" id "','text':'some work','reason':'so it is','scores':[{"    \
	"'criterion':'a','level':'" level                                      \
	"'},{'criterion':'b','points':" points "}]}"

static enum err read_def(struct ctx *cx, const char *json, struct peer_def *out)
{
	return peer_def_read(cx, quoted(cx, json), "/peer", out);
}

static struct peer_def def_of(struct ctx *cx, const char *json)
{
	struct peer_def d;

	if (read_def(cx, json, &d))
		fail_msg("%s %s", cx->error.field, cx->error.text);
	return d;
}

static void what_is_not_said_has_its_default(void **state)
{
	struct ctx *cx = *state;
	struct peer_def d = def_of(cx, "{" RUBRIC "}"), empty;
	const struct rubric_criterion *c = d.rubric.criteria.at;

	assert_int_equal(d.hand_in.kinds, 1U << PEER_TEXT);
	assert_int_equal(d.hand_in.grace_minutes, 60);
	assert_int_equal(d.hand_in.file_bytes, 16 << 20);
	assert_int_equal(d.must_review, 3);
	assert_int_equal(d.must_receive, 3);
	assert_int_equal(d.lease_minutes, 480);
	assert_int_equal(d.calibration.criterion_percent, 34);
	assert_true(d.calibration.may_review_supervised && d.rate_reviews);
	assert_int_equal(d.feedback.words_total, 25);
	assert_int_equal(d.feedback.alike_percent, 80);
	assert_int_equal(d.moderation.disagrees.nano, 40 * DEC_ONE_NANO);
	assert_int_equal(d.stop.most, 6);
	assert_int_equal(d.stop.risk.nano, DEC_ONE_NANO / 10);
	assert_false(d.stop.has_pass_percent);
	assert_int_equal(d.stop.pass_percent.nano, 50 * DEC_ONE_NANO);
	assert_int_equal(d.appeals.words, 20);
	assert_int_equal(c[0].weight.nano, DEC_ONE_NANO);
	assert_int_equal(c[1].weight.nano, 2 * DEC_ONE_NANO);
	/* All of the licence is the licence's own. */
	assert_memory_equal(&d.licence, &licence_rules_default,
			    sizeof(d.licence));
	peer_def_defaults(&empty);
	empty.rubric = d.rubric;
	assert_true(str_eq(field_text(cx->arena, &peer_def_shape, &empty),
			   field_text(cx->arena, &peer_def_shape, &d)));
}

/* A zero that is written is not "absent". */
static void a_zero_is_what_its_author_wants(void **state)
{
	struct peer_def d = def_of(
		*state,
		"{" RUBRIC ",'hand_in':{'grace_minutes':0,'text_words':0},"
		"'calibration':{'least':0,'total_percent':0,"
		"'may_review_supervised':false},'feedback':{'improvements':0},"
		"'moderation':{'spot_percent':0,'departs':0},'rate_reviews':"
		"false,'licence':{'covert_new':0,'covert_stable':0},'stop':{"
		"'pass_percent':0}}");

	assert_int_equal(d.hand_in.grace_minutes, 0);
	assert_int_equal(d.hand_in.text_words, 0);
	assert_int_equal(d.hand_in.files, 10);
	assert_int_equal(d.calibration.least, 0);
	assert_int_equal(d.calibration.total_percent, 0);
	assert_int_equal(d.calibration.criterion_percent, 34);
	assert_false(d.calibration.may_review_supervised);
	assert_int_equal(d.feedback.improvements, 0);
	assert_int_equal(d.feedback.strengths, 2);
	assert_int_equal(d.moderation.spot_percent, 0);
	assert_int_equal(d.moderation.departs.nano, 0);
	assert_false(d.rate_reviews);
	assert_true(d.licence.covert_new == 0 && d.licence.covert_stable == 0);
	assert_true(d.stop.has_pass_percent && !d.stop.pass_percent.nano);
}

static void the_licence_is_read_as_decimals(void **state)
{
	struct peer_def d = def_of(
		*state, "{" RUBRIC ",'licence':{'p0':0.05,'p1':'0.3','h':4,"
			"'most_gold':40}}");

	assert_true(d.licence.p0 == .05 && d.licence.p1 == .3);
	assert_true(d.licence.h == 4 && d.licence.k == licence_rules_default.k);
	assert_int_equal(d.licence.most_gold, 40);
	assert_int_equal(d.licence.least_gold,
			 licence_rules_default.least_gold);
}

/* Who asks for other numbers of reviews need not know of the stop rule. */
static void the_stop_rule_follows_must_receive(void **state)
{
	struct ctx *cx = *state;
	struct peer_def d = def_of(cx, "{" RUBRIC ",'must_receive':2}");

	assert_int_equal(d.stop.least, 2);
	assert_int_equal(d.stop.most, 6);
	d = def_of(cx, "{" RUBRIC ",'must_receive':8}");
	assert_int_equal(d.stop.least, 3);
	assert_int_equal(d.stop.most, 8);
	d = def_of(cx, "{" RUBRIC ",'must_receive':2,'stop':{'least':4}}");
	assert_int_equal(d.stop.least, 4);
}

static void what_is_wrong_is_named_with_its_field(void **state)
{
	struct ctx *cx = *state;
	static const struct {
		const char *rest, *field;
	} bad[] = {
		{ "'x':1", "/peer/x" },
		{ "'must_review':0", "/peer/must_review" },
		{ "'must_review':21", "/peer/must_review" },
		{ "'must_receive':21", "/peer/must_receive" },
		{ "'mode':'now'", "/peer/mode" },
		{ "'hand_in':{'kinds':[]}", "/peer/hand_in/kinds" },
		{ "'hand_in':{'required':['files']}",
		  "/peer/hand_in/required" },
		{ "'hand_in':{'files':51}", "/peer/hand_in/files" },
		{ "'stop':{'least':7}", "/peer/stop/least" },
		{ "'must_receive':5,'stop':{'most':4}", "/peer/must_receive" },
		{ "'stop':{'risk':0}", "/peer/stop/risk" },
		{ "'stop':{'risk':0.6}", "/peer/stop/risk" },
		{ "'stop':{'pass_percent':101}", "/peer/stop/pass_percent" },
		{ "'moderation':{'gold_sd':0}", "/peer/moderation/gold_sd" },
		{ "'moderation':{'moderator_sd':0}",
		  "/peer/moderation/moderator_sd" },
		{ "'licence':{'p0':0}", "/peer/licence/p0" },
		{ "'licence':{'p0':0.4}", "/peer/licence/p1" },
		{ "'licence':{'p1':1}", "/peer/licence/p1" },
		{ "'licence':{'alpha':0.5}", "/peer/licence/alpha" },
		{ "'licence':{'beta':0}", "/peer/licence/beta" },
		{ "'licence':{'gold_h':0}", "/peer/licence/gold_h" },
		{ "'licence':{'h':0}", "/peer/licence/h" },
		{ "'licence':{'least_gold':61}", "/peer/licence/least_gold" },
		{ "'licence':{'covert_new':0.6}", "/peer/licence/covert_new" },
		{ "'licence':{'covert_stable':0.3}",
		  "/peer/licence/covert_stable" },
		{ "'dates':{'opens_at':'2026-03-02T00:00:00Z',"
		  "'hand_in_until':'2026-03-02T00:00:00Z'}",
		  "/peer/dates/hand_in_until" },
		{ "'dates':{'opens_at':'2026-03-02T00:00:00Z',"
		  "'review_until':'2026-03-01T00:00:00Z'}",
		  "/peer/dates/review_until" },
		{ "'dates':{'hand_in_until':'2026-03-02T00:00:00Z',"
		  "'review_until':'2026-03-01T23:59:59Z'}",
		  "/peer/dates/review_until" },
		{ "'gold':[" GOLD("g", "1", "5") "," GOLD("g", "1", "5") "]",
		  "/peer/gold/1/id" },
		{ "'gold':[" GOLD("g", "9", "5") "]",
		  "/peer/gold/0/scores/0/level" },
		{ "'gold':[" GOLD("g", "1", "11") "]",
		  "/peer/gold/0/scores/1/points" },
		{ "'gold':[{'id':'g','scores':[{'criterion':'a','level':'1'},{"
		  "'criterion':'b','points':1}]}]",
		  "/peer/gold/0/text" },
		{ "'gold':[{'id':'g','text':'t','open':false,'covert':false,"
		  "'scores':[]}]",
		  "/peer/gold/0/open" },
		{ "'gold':[" GOLD("g", "1", "5") "],'calibration':{'least':2}",
		  "/peer/calibration/least" },
	};
	struct peer_def d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(
			cx,
			read_def(cx,
				 str_z(cx->arena,
				       str_fmt(cx->arena, "{" RUBRIC ",%s}",
					       bad[i].rest)),
				 &d),
			bad[i].field);
	assert_refused(cx, read_def(cx, "{}", &d), "/peer/rubric");
	assert_refused(cx,
		       read_def(cx,
				"{'rubric':{'criteria':[{'id':'a','title':"
				"'A','points':1,'weight':0}]}}",
				&d),
		       "/peer/rubric/criteria");
	assert_int_equal(read_def(cx, "{", &d), ERR_BAD_JSON);
	assert_int_equal(
		peer_def_read(cx, (struct str){ "", PEER_FILE_JSON_BYTES + 1 },
			      "/peer", &d),
		ERR_TOO_LARGE);
	assert_string_equal(cx->error.field, "/peer");
}

/* An author who writes no gold may leave calibration as it is. */
static void without_gold_there_is_no_calibration_to_check(void **state)
{
	def_of(*state, "{" RUBRIC ",'calibration':{'least':5}}");
}

static void what_is_written_reads_the_same(void **state)
{
	struct ctx *cx = *state;
	struct peer_def d = def_of(
		cx,
		"{" RUBRIC ",'gold':[" GOLD(
			"g", "1",
			"5") "],'mode':"
			     "'cohort','estimate':'median','hand_in':{'kinds':['text',"
			     "'links'],'required':['links']},'dates':{'opens_at':"
			     "'2026-03-01T10:00:00+01:00'},'stop':{'pass_percent':60}"
			     "}");
	struct str one = field_text(cx->arena, &peer_def_shape, &d);
	struct peer_def again;

	assert_int_equal(peer_def_read(cx, one, "", &again), OK);
	assert_true(
		str_eq(one, field_text(cx->arena, &peer_def_shape, &again)));
	assert_true(str_find(one, STR("\"opens_at\":\"2026-03-01T09:00:00"),
			     0) != SIZE_MAX);
	assert_true(again.stop.has_pass_percent);
	assert_memory_equal(&d.licence, &again.licence, sizeof(d.licence));
}

static struct rubric_result result_of(struct ctx *cx, struct peer_def *d,
				      const char *gold)
{
	struct rubric_result r;
	size_t at = peer_gold_find(d, str_of(gold));

	assert_true(at != SIZE_MAX);
	assert_int_equal(peer_gold_result(cx, d, at, &r), OK);
	return r;
}

/* One level off of four is 33.3 % of its range, and 11.1 of the whole. */
static void gold_is_passed_within_both_tolerances(void **state)
{
	struct ctx *cx = *state;
	struct peer_def d = def_of(
		cx,
		"{" RUBRIC ",'gold':[" GOLD("gold", "1", "5") "," GOLD(
			"level", "2",
			"5") "," GOLD("two", "3",
				      "5") "," GOLD("whole", "1",
						    "7.5") "," GOLD("edge", "1",
								    "7.25") "]}");
	struct rubric_result gold = result_of(cx, &d, "gold");
	struct rubric_result given;
	bool near[3];

	assert_int_equal(gold.scaled.nano, 444444444);
	assert_true(peer_gold_passed(&d, &gold, &gold, NULL));
	given = result_of(cx, &d, "level");
	assert_true(peer_gold_passed(&d, &gold, &given, near));
	assert_true(peer_gold_passed(&d, &given, &gold, near));
	given = result_of(cx, &d, "two");
	assert_false(peer_gold_passed(&d, &gold, &given, near));
	assert_false(near[0]);
	assert_true(near[1] && near[2]);
	/* Each is near, the whole is not: 25 % of two thirds. */
	given = result_of(cx, &d, "whole");
	assert_false(peer_gold_passed(&d, &gold, &given, near));
	assert_true(near[0] && near[1] && near[2]);
	/* 22.5 % of two thirds are just the 15 that are allowed. */
	given = result_of(cx, &d, "edge");
	assert_true(peer_gold_passed(&d, &gold, &given, near));
	assert_true(peer_gold_find(&d, STR("none")) == SIZE_MAX);
}

static bool warns(struct ctx *cx, const char *rest, const char *of)
{
	struct peer_def d =
		def_of(cx, str_z(cx->arena,
				 str_fmt(cx->arena, "{" RUBRIC "%s}", rest)));
	const struct str *at;
	struct list l;

	peer_def_warnings(cx, &d, &l);
	at = l.at;
	for (size_t i = 0; i < l.n; i++)
		if (str_find(at[i], str_of(of), 0) != SIZE_MAX)
			return true;
	return false;
}

#define GOLDS_7                                                                \
	GOLD("1", "1", "1")                                                    \
	"," GOLD("2", "1", "1") "," GOLD("3", "1", "1") "," GOLD(              \
		"4", "1", "1") "," GOLD("5", "1",                              \
					"1") "," GOLD("6", "1",                \
						      "1") "," GOLD("7", "1",  \
								    "1")
#define GOLDS_8 GOLDS_7 "," GOLD("8", "1", "1")

static void what_an_author_hardly_meant_is_a_warning(void **state)
{
	struct ctx *cx = *state;
	struct peer_def d = def_of(cx, "{" RUBRIC ",'gold':[" GOLDS_8 "]}");
	struct list l;

	peer_def_warnings(cx, &d, &l);
	assert_int_equal(l.n, 0);
	assert_true(warns(cx, "", "gold: there is none"));
	assert_false(warns(cx, ",'counts':'formative'", "gold"));
	assert_true(warns(cx, ",'gold':[" GOLDS_7 "]",
			  "8 gold items must be passed"));
	/* A stricter test wants more: ln(.99/.01)/ln(.9/.6) = 11.3. */
	assert_true(warns(cx,
			  ",'gold':[" GOLDS_8 "],'licence':{'alpha':0.01,"
			  "'beta':0.01}",
			  "12 gold items must be passed"));
	assert_true(warns(cx, ",'gold':[" GOLDS_8 "],'calibration':{'least':6}",
			  "2 items are left for live work"));
	assert_true(warns(cx,
			  ",'counts':'formative','calibration':{"
			  "'may_review_supervised':false}",
			  "nobody may review before"));
	assert_true(warns(cx, ",'must_review':2", "wait for ever"));
	assert_true(warns(cx, ",'stop':{'least':4}", "only 3"));
	assert_true(
		warns(cx, ",'moderation':{'spot_percent':0}", "nobody looks"));
	assert_true(warns(cx,
			  ",'gold':[{'id':'g','text':'t','scores':[{"
			  "'criterion':'a','level':'1'},{'criterion':'b',"
			  "'points':1}]}]",
			  "\"g\" gives no reasons"));
	assert_true(warns(cx,
			  ",'gold':[" GOLDS_8 "],'hand_in':{'kinds':["
			  "'files'],'required':['files']}",
			  "it will be known"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(what_is_not_said_has_its_default),
		WORLD_TEST(a_zero_is_what_its_author_wants),
		WORLD_TEST(the_licence_is_read_as_decimals),
		WORLD_TEST(the_stop_rule_follows_must_receive),
		WORLD_TEST(what_is_wrong_is_named_with_its_field),
		WORLD_TEST(without_gold_there_is_no_calibration_to_check),
		WORLD_TEST(what_is_written_reads_the_same),
		WORLD_TEST(gold_is_passed_within_both_tolerances),
		WORLD_TEST(what_an_author_hardly_meant_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
