/* An assessment that peers review: published, shown, and not attempted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/assessment/assessment.h"
#include "tests/scenario/quiz.h"

#define HEAD "\"assay\":1,\"course\":\"c\",\"slug\":\"q\",\"title\":\"Essay\""
#define RUBRIC(weight)                                                               \
	"\"rubric\":{\"criteria\":[{\"id\":\"a\",\"title\":\"A\",\"weight\":" weight \
	",\"levels\":[{\"id\":\"no\",\"points\":0},{\"id\":\"yes\","                 \
	"\"points\":3}]}]}"
#define GOLD                                                                   \
	"\"gold\":[{\"id\":\"g1\",\"text\":\"A work.\",\"reason\":\"SECRET "   \
	"reason\",\"scores\":[{\"criterion\":\"a\",\"level\":\"yes\","         \
	"\"comment\":\"SECRET why\"}]}]"
#define PEER "\"peer\":{" RUBRIC("1") "," GOLD "}"

static const char *definition(struct world *w, const char *rest)
{
	return str_fmt(w->cx.arena, "{" HEAD "%s%s}", *rest ? "," : "", rest).p;
}

static struct reply publish(struct world *w, const char *rest)
{
	return world_call(w, "author", "assessment.publish",
			  "{\"definition\":%s}", definition(w, rest));
}

static void it_is_published_with_what_its_author_should_know(void **state)
{
	struct world *w = *state;
	struct reply r = publish(w, PEER);

	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "assessment/max_score"), "100");
	assert_string_equal(reply_text(w, &r, "assessment/kind"), "graded");
	assert_int_equal(reply_int(w, &r, "problems/errors"), 0);
	/* Too little gold to qualify, and for live work. */
	assert_int_equal(reply_int(w, &r, "problems/warnings"), 2);
	assert_string_equal(reply_text(w, &r, "problems/list/0/at"), "/peer");
	r = publish(w, "\"policy\":{\"kind\":\"practice\",\"max_grade\":20}"
		       "," PEER);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "assessment/max_score"), "20");
	assert_string_equal(reply_text(w, &r, "assessment/kind"), "practice");
	assert_int_equal(reply_int(w, &r, "assessment/version"), 2);
}

/* Spaces and the order of members make no other version; a word does. */
static void how_it_is_written_makes_no_new_version(void **state)
{
	struct world *w = *state;

	assert_int_equal(publish(w, PEER).e, OK);
	assert_int_equal(
		publish(w, "\"peer\" : { " GOLD " , " RUBRIC("1") " }").e,
		ERR_CONFLICT);
	assert_int_equal(publish(w, "\"peer\":{\"must_review\":4," RUBRIC(
					    "1") "," GOLD "}")
				 .e,
			 OK);
}

static void a_bad_one_is_refused_with_its_field(void **state)
{
	static const struct {
		const char *rest, *field;
	} bad[] = {
		{ "\"peer\":{" RUBRIC("-1") "}",
		  "/peer/rubric/criteria/0/weight" },
		{ "\"peer\":{" RUBRIC("0") "}", "/peer/rubric/criteria" },
		{ "\"peer\":{" RUBRIC("1") ",\"must_receive\":7,"
					   "\"stop\":{\"most\":6}}",
		  "/peer/must_receive" },
		{ "\"peer\":[]", "/peer" },
		{ "\"items\":[" QUIZ_ITEMS "]," PEER, "/items" },
		{ "\"sections\":[{\"entries\":[{\"item\":\"i1\"}]}]," PEER,
		  "/sections" },
		{ "", "/items" },
		{ "\"peer\":null", "/items" },
	};
	struct world *w = *state;
	struct reply r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = publish(w, bad[i].rest);
		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(str_z(w->cx.arena, r.field), bad[i].field);
		r = world_ok(w, "author", "assessment.check",
			     "{\"definition\":%s}", definition(w, bad[i].rest));
		assert_true(reply_int(w, &r, "errors") > 0);
	}
	assert_int_equal(world_records(w, "assessment.published"), 0);
}

static void nobody_attempts_it(void **state)
{
	static const char *const methods[] = { "attempt.start",
					       "attempt.reserve" };
	struct world *w = *state;
	struct reply r;

	assert_int_equal(publish(w, PEER).e, OK);
	for (size_t i = 0; i < 2; i++) {
		r = world_call(w, "learner:ann", methods[i], QUIZ_REF);
		assert_int_equal(r.e, ERR_PRECONDITION);
		assert_true(str_find(r.message, STR("artifact.submit"), 0) !=
			    SIZE_MAX);
		r = world_call(w, "author", methods[i],
			       "{\"course\":\"c\",\"slug\":\"q\","
			       "\"learner\":\"ann\",\"preview\":true}");
		assert_int_equal(r.e, ERR_PRECONDITION);
	}
	r = world_ok(w, "learner:ann", "assessment.conditions", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "now/reason"), "peer");
	assert_string_equal(reply_text(w, &r, "now/may_start"), "false");
	assert_string_equal(reply_text(w, &r, "max_score"), "100");
	assert_int_equal(reply_int(w, &r, "questions"), 0);
}

/* An attempt of an older version goes on, where that had questions. */
static void a_quiz_that_becomes_peer_review_ends_in_peace(void **state)
{
	struct world *w = *state;
	const char *attempt;
	struct reply r;

	quiz_publish(w, "");
	attempt = quiz_start(w, "learner:ann");
	assert_int_equal(publish(w, PEER).e, OK);
	r = world_ok(w, "learner:ann", "attempt.start", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "attempt"), attempt);
	assert_int_equal(quiz_do(w, "learner:ann", "attempt.submit", attempt).e,
			 OK);
	assert_int_equal(
		world_call(w, "learner:ann", "attempt.start", QUIZ_REF).e,
		ERR_PRECONDITION);
}

static void gold_is_shown_to_authors_and_auditors_alone(void **state)
{
	static const struct {
		const char *who;
		bool sees;
	} readers[] = { { "platform", true },
			{ "author", true },
			{ "admin", true },
			{ "auditor", true },
			{ "moderator", false } };
	struct world *w = *state;
	struct reply r;

	assert_int_equal(publish(w, PEER).e, OK);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		r = world_ok(w, readers[i].who, "assessment.get", QUIZ_REF);
		if ((str_find(r.json, STR("SECRET"), 0) != SIZE_MAX) !=
		    readers[i].sees)
			fail_msg("%s: %.*s", readers[i].who, STR_FMT(r.json));
		assert_string_equal(
			reply_text(w, &r,
				   "definition/peer/rubric/criteria/0/title"),
			"A");
	}
	r = world_ok(w, "moderator", "assessment.get", QUIZ_REF);
	assert_int_equal(reply_count(w, &r, "definition/peer/gold"), 0);
	/* What an author is shown can be published, and is the same. */
	r = world_ok(w, "author", "assessment.get", QUIZ_REF);
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       reply_text(w, &r, "definition"));
	assert_int_equal(r.e, ERR_CONFLICT);
}

/* As a moderator decides by hand what reviews did not. */
static void a_grade_of_it_is_out_of_a_hundred(void **state)
{
	struct world *w = *state;
	struct reply r;

	assert_int_equal(publish(w, "\"policy\":{\"pass_mark\":0.6}," PEER).e,
			 OK);
	r = world_ok(w, "moderator", "gradebook.set",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		     "\"score\":75,\"reason\":\"a test\"}");
	assert_string_equal(reply_text(w, &r, "max_score"), "100");
	assert_string_equal(reply_text(w, &r, "passed"), "true");
	r = world_call(w, "moderator", "gradebook.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		       "\"score\":101,\"reason\":\"a test\"}");
	assert_int_equal(r.e, ERR_INVALID);
}

static const struct published *catalog_of(struct world *w, const char *text)
{
	const struct published *pub;
	struct id id;

	assert_true(id_parse(str_of(text), &id));
	w->cx.db = store_reader(w->app->store, 1000);
	assert_non_null(w->cx.db);
	assert_int_equal(
		catalog_get(w->app->catalog, &w->cx, &w->org, &id, &pub), OK);
	store_reader_done(w->app->store, w->cx.db);
	w->cx.db = NULL;
	return pub;
}

/* The set-up as the slices of the server have it. */
static void its_set_up_is_decoded_once_with_its_pass_mark(void **state)
{
	struct world *w = *state;
	const struct published *pub;
	struct reply r;

	r = publish(w, "\"policy\":{\"pass_mark\":0.6}," PEER);
	pub = catalog_of(w, reply_text(w, &r, "assessment/id"));
	assert_true(pub->has_peer);
	assert_int_equal(pub->peer.stop.pass_percent.nano, 60 * DEC_ONE_NANO);
	assert_int_equal(pub->peer.gold.n, 1);
	r = publish(w, "\"policy\":{\"pass_mark\":0.6},\"peer\":{" RUBRIC(
			       "1") ",\"stop\":{\"pass_percent\":45}}");
	pub = catalog_of(w, reply_text(w, &r, "assessment/id"));
	assert_int_equal(pub->peer.stop.pass_percent.nano, 45 * DEC_ONE_NANO);
	pub = catalog_of(w, quiz_publish(w, ""));
	assert_false(pub->has_peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(it_is_published_with_what_its_author_should_know),
		quiz_test(how_it_is_written_makes_no_new_version),
		quiz_test(a_bad_one_is_refused_with_its_field),
		quiz_test(nobody_attempts_it),
		quiz_test(a_quiz_that_becomes_peer_review_ends_in_peace),
		quiz_test(gold_is_shown_to_authors_and_auditors_alone),
		quiz_test(a_grade_of_it_is_out_of_a_hundred),
		quiz_test(its_set_up_is_decoded_once_with_its_pass_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
