/* Publishing, versions, what differs for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

static void a_new_version_leaves_running_attempts_on_the_old_one(void **state)
{
	struct world *w = *state;
	const char *first = quiz_publish(w, ""), *second, *attempt;
	struct reply r;

	attempt = quiz_start(w, "learner:ann");
	second = quiz_publish(w, "\"attempts\":3");
	assert_string_not_equal(first, second);
	r = quiz_do(w, "learner:ann", "attempt.get", attempt);
	assert_string_equal(reply_text(w, &r, "view/assessment"), first);
	r = world_ok(w, "learner:bob", "attempt.start", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "assessment"), second);
	r = world_ok(w, "platform", "assessment.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "assessments"), 2);
	assert_int_equal(reply_int(w, &r, "assessments/1/version"), 2);
}

static void the_same_content_is_not_published_twice(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       quiz_json(w, "q", ""));
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_int_equal(world_records(w, "assessment.published"), 1);
}

static void a_definition_with_faults_is_refused_with_all_of_them(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(
		w, "author", "assessment.publish",
		"{\"definition\":{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
		"\"title\":\"Q\",\"policy\":{},\"items\":[" QUIZ_ITEMS
		"," QUIZ_ITEMS "]}}");

	assert_int_equal(r.e, ERR_INVALID);
	assert_true(r.field.n > 0);
	assert_true(r.state.n > 0);
	r = world_ok(w, "author", "assessment.check",
		     "{\"definition\":{\"assay\":1,\"course\":\"c\",\"slug\":"
		     "\"q\",\"title\":\"Q\",\"policy\":{},\"items\":"
		     "[" QUIZ_ITEMS "," QUIZ_ITEMS "]}}");
	assert_true(reply_int(w, &r, "errors") >= 3);
}

static void a_retired_version_takes_no_new_attempts(void **state)
{
	struct world *w = *state;
	const char *id = quiz_publish(w, "");
	struct reply r;

	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 id);
	r = world_call(w, "learner:ann", "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_LATE);
}

static void a_file_of_another_system_comes_in_over_the_wire(void **state)
{
	struct world *w = *state;
	struct reply r = world_call_bytes(
		w, "author", "assessment.import",
		STR("{\"course\":\"c\",\"slug\":\"gift\"}"),
		STR("::Q1:: Who? {=Ada ~Bob}\n\n::Q2:: Two? {#2:0}\n\n"
		    "::Q3:: broken {=a ~\n"));

	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(w, &r, "report/nodes"),
			 reply_int(w, &r, "report/mapped") +
				 reply_int(w, &r, "report/opaque") +
				 reply_int(w, &r, "report/ignored") +
				 reply_int(w, &r, "report/refused"));
	assert_true(reply_int(w, &r, "report/refused") >= 1);
	r = world_call_bytes(w, "author", "assessment.publish", STR("{}"),
			     r.bytes);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "assessment/slug"), "gift");
}

static void a_list_is_paged_without_gaps_or_repeats(void **state)
{
	struct world *w = *state;
	char cursor[300] = "";
	int seen = 0;

	for (int i = 0; i < 7; i++)
		world_publish(
			w, quiz_json(w, str_fmt(w->cx.arena, "s%d", i).p, ""));
	do {
		struct reply r = world_ok(w, "platform", "assessment.list",
					  "{\"course\":\"c\",\"limit\":3%s%s%s"
					  "}",
					  *cursor ? ",\"cursor\":\"" : "",
					  cursor, *cursor ? "\"" : "");

		for (size_t i = 0; i < reply_count(w, &r, "assessments"); i++)
			assert_string_equal(
				reply_text(w, &r,
					   str_fmt(w->cx.arena,
						   "assessments/%zu/slug", i)
						   .p),
				str_fmt(w->cx.arena, "s%d", seen++).p);
		*cursor = 0;
		if (reply_has(w, &r, "next"))
			snprintf(cursor, sizeof(cursor), "%s",
				 reply_text(w, &r, "next"));
	} while (*cursor);
	assert_int_equal(seen, 7);
}

static void an_override_reaches_an_open_attempt_at_once(void **state)
{
	struct world *w = *state;
	const char *attempt;
	struct reply r;
	int64_t due;

	quiz_publish(w, "\"time_limit_ms\":600000");
	attempt = quiz_start(w, "learner:ann");
	due = world_now(w) + 600000;
	r = quiz_do(w, "learner:ann", "attempt.get", attempt);
	assert_int_equal(reply_time(w, &r, "view/due_at"), due);
	world_ok(w, "moderator", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"time_limit_ms\":1200000}}");
	r = quiz_answer(w, "learner:ann", attempt, 1, 1, RIGHT_1);
	assert_int_equal(reply_time(w, &r, "due_at"), due + 600000);
	world_ok(w, "moderator", "override.remove",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	r = quiz_answer(w, "learner:ann", attempt, 1, 2, WRONG_1);
	assert_int_equal(reply_time(w, &r, "due_at"), due);
	r = world_call(w, "moderator", "override.remove",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

static void a_groups_override_holds_for_its_members_alone(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"attempts\":1");
	world_ok(w, "platform", "group.set",
		 "{\"course\":\"c\",\"group\":\"g\",\"learners\":[\"ann\"]}");
	world_ok(w, "moderator", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"group\":\"g\","
		 "\"rules\":{\"attempts\":5}}");
	r = world_ok(w, "learner:ann", "assessment.conditions", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "attempts_allowed"), 5);
	r = world_ok(w, "learner:bob", "assessment.conditions", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "attempts_allowed"), 1);
	world_ok(w, "platform", "group.set",
		 "{\"course\":\"c\",\"group\":\"g\",\"learners\":[]}");
	r = world_ok(w, "learner:ann", "assessment.conditions", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "attempts_allowed"), 1);
}

static void an_accommodation_stretches_every_timed_assessment(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000");
	world_ok(w, "platform", "accommodation.set",
		 "{\"learner\":\"ann\",\"rules\":{\"time_num\":3,"
		 "\"time_den\":2}}");
	r = world_ok(w, "learner:ann", "attempt.start", QUIZ_REF);
	assert_int_equal(reply_time(w, &r, "due_at"), world_now(w) + 900000);
	r = world_ok(w, "moderator", "accommodation.get",
		     "{\"learner\":\"ann\"}");
	assert_true(reply_has(w, &r, "rules"));
	world_ok(w, "platform", "accommodation.remove",
		 "{\"learner\":\"ann\"}");
	r = world_call(w, "platform", "accommodation.remove",
		       "{\"learner\":\"ann\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

/* In one look: of all that is said, each by the name of who says it. */
static void everything_that_differs_is_explained_in_order(void **state)
{
	static const char *const from[] = { "base", "group:a", "group:b",
					    "learner", "accommodation" };
	struct world *w = *state;
	struct reply r;
	size_t n = 0;

	quiz_publish(w, "\"time_limit_ms\":600000");
	for (int i = 1; i <= 2; i++) {
		const char *group = from[3 - i] + 6;

		world_ok(w, "platform", "group.set",
			 "{\"course\":\"c\",\"group\":\"%s\","
			 "\"learners\":[\"ann\",\"ben\"]}",
			 group);
		world_ok(w, "platform", "override.set",
			 "{\"course\":\"c\",\"slug\":\"q\",\"group\":\"%s\","
			 "\"rules\":{\"time_limit_ms\":%d}}",
			 group, 600000 + i * 60000);
	}
	world_ok(w, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"time_limit_ms\":900000}}");
	world_ok(w, "admin", "accommodation.set",
		 "{\"learner\":\"ann\",\"rules\":{\"extra_ms\":1000}}");
	r = world_ok(w, "platform", "assessment.conditions",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	assert_int_equal(reply_int(w, &r, "now/time_limit_ms"), 901000);
	for (size_t i = 0; i < reply_count(w, &r, "explain"); i++) {
		const char *at = str_fmt(w->cx.arena, "explain/%zu/", i).p;
		const char *field = reply_text(
			w, &r, str_fmt(w->cx.arena, "%sfield", at).p);

		if (strcmp(field, "time_limit_ms") != 0)
			continue;
		assert_true(n < 5);
		assert_string_equal(
			reply_text(w, &r, str_fmt(w->cx.arena, "%sfrom", at).p),
			from[n++]);
	}
	assert_int_equal(n, 5);
	r = world_ok(w, "platform", "assessment.conditions",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ben\"}");
	assert_int_equal(reply_int(w, &r, "now/time_limit_ms"), 720000);
}

static void an_override_that_contradicts_itself_is_refused(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	r = world_call(w, "moderator", "override.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		       "\"rules\":{\"opens_at\":\"%s\",\"closes_at\":\"%s\"}}",
		       world_time(w, 1000), world_time(w, 0));
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "moderator", "override.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"rules\":{}}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/learner"));
}

static void a_password_of_an_override_is_in_no_record(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	world_ok(w, "moderator", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"password\":\"sesame-open\"}}");
	r = world_ok(w, "auditor", "audit.export", "{\"personal\":true}");
	assert_true(str_find(r.bytes, STR("sesame-open"), 0) == SIZE_MAX);
}

#define REF "\"course\":\"c\",\"slug\":\"q\""

/* Whoever may look at rules and definitions, in every way there is. */
static void no_call_tells_a_password(void **state)
{
	static const char *const readers[] = { "platform", "author",
					       "moderator", "auditor",
					       "admin" };
	struct world *w = *state;
	const char *before = quiz_publish(w, "\"password\":\"sesame-open\"");
	struct reply r;

	for (size_t i = 0; i < 5; i++) {
		r = world_ok(w, readers[i], "assessment.get", "{" REF "}");
		assert_true(str_find(r.json, STR("sesame"), 0) == SIZE_MAX);
		assert_string_equal(reply_text(w, &r, "has_password"), "true");
	}
	/* What is shown can be published; it has no password then. */
	r = world_ok(w, "author", "assessment.publish", "{\"definition\":%s}",
		     reply_text(w, &r, "definition"));
	assert_string_not_equal(reply_text(w, &r, "assessment/id"), before);
	r = world_ok(w, "author", "assessment.get", "{" REF "}");
	assert_string_equal(reply_text(w, &r, "has_password"), "false");
	r = world_ok(w, "moderator", "override.set",
		     "{" REF ",\"learner\":\"ann\",\"rules\":{\"attempts\":2,"
		     "\"password\":\"sesame-ann\"}}");
	assert_true(str_find(r.json, STR("sesame"), 0) == SIZE_MAX);
	assert_string_equal(reply_text(w, &r, "has_password"), "true");
	assert_int_equal(reply_int(w, &r, "rules/attempts"), 2);
	world_ok(w, "moderator", "override.set",
		 "{" REF ",\"learner\":\"bob\",\"rules\":{\"password\":\"\"}}");
	r = world_ok(w, "moderator", "override.list", "{" REF "}");
	assert_true(str_find(r.json, STR("sesame"), 0) == SIZE_MAX);
	assert_int_equal(reply_count(w, &r, "overrides"), 2);
	for (int i = 0; i < 2; i++) {
		bool ann = reply_has(
			w, &r,
			str_fmt(w->cx.arena, "overrides/%d/rules/attempts", i)
				.p);

		assert_string_equal(
			reply_text(w, &r,
				   str_fmt(w->cx.arena,
					   "overrides/%d/has_password", i)
					   .p),
			ann ? "true" : "false");
	}
	/* It still holds. */
	r = world_call(w, "learner:ann", "attempt.start", QUIZ_REF);
	assert_int_not_equal(r.e, OK);
	world_ok(w, "learner:ann", "attempt.start",
		 "{" REF ",\"password\":\"sesame-ann\"}");
}

static void a_new_password_alone_makes_a_new_version(void **state)
{
	struct world *w = *state;
	struct reply one, two;

	quiz_publish(w, "\"password\":\"sesame-one\"");
	one = world_ok(w, "author", "assessment.get", "{" REF "}");
	quiz_publish(w, "\"password\":\"sesame-two\"");
	two = world_ok(w, "author", "assessment.get", "{" REF "}");
	assert_int_equal(reply_int(w, &two, "assessment/version"), 2);
	/* The digest is of what is shown: nothing to try passwords on. */
	assert_string_equal(
		str_z(w->cx.arena,
		      str_of(reply_text(w, &one, "assessment/digest"))),
		reply_text(w, &two, "assessment/digest"));
}

#define NEEDS(slug) "\"prerequisites\":[{\"assessment\":\"" slug "\"}]"

static struct reply try_publish(struct world *w, const char *slug,
				const char *policy)
{
	return world_call(w, "author", "assessment.publish",
			  "{\"definition\":%s}", quiz_json(w, slug, policy));
}

static void a_prerequisite_that_is_not_there_is_warned_of(void **state)
{
	struct world *w = *state;
	struct reply r =
		world_ok(w, "author", "assessment.check", "{\"definition\":%s}",
			 quiz_json(w, "b", NEEDS("a")));

	assert_int_equal(reply_int(w, &r, "errors"), 0);
	assert_int_equal(reply_int(w, &r, "warnings"), 1);
	assert_string_equal(reply_text(w, &r, "list/0/code"),
			    "unknown_prerequisite");
	r = try_publish(w, "b", NEEDS("a"));
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(w, &r, "problems/warnings"), 1);
	assert_string_equal(reply_text(w, &r, "problems/list/0/at"),
			    "/policy/prerequisites/0/assessment");
	assert_int_equal(try_publish(w, "a", "").e, OK);
	r = try_publish(w, "b", NEEDS("a") ",\"attempts\":2");
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(w, &r, "problems/warnings"), 0);
}

static void prerequisites_never_close_a_circle(void **state)
{
	struct world *w = *state;
	struct reply r;

	assert_int_equal(try_publish(w, "a", NEEDS("b")).e, OK);
	assert_int_equal(try_publish(w, "b", NEEDS("c")).e, OK);
	r = try_publish(w, "c", NEEDS("a"));
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/policy/prerequisites/0/assessment"));
	assert_true(str_find(r.message,
			     STR("c would need a, which needs b, which needs "
				 "c"),
			     0) != SIZE_MAX);
	r = world_ok(w, "author", "assessment.check", "{\"definition\":%s}",
		     quiz_json(w, "c", NEEDS("a")));
	assert_int_equal(reply_int(w, &r, "errors"), 1);
	assert_int_equal(try_publish(w, "c", "").e, OK);
	/* Itself, under a slug that is given beside the file. */
	r = world_call(w, "author", "assessment.publish",
		       "{\"definition\":%s,\"slug\":\"c\"}",
		       quiz_json(w, "d", NEEDS("c")));
	assert_int_equal(r.e, ERR_INVALID);
	/* A circle that is there already is none of a newcomer's. */
	assert_int_equal(try_publish(w, "e", NEEDS("a")).e, OK);
}

static void less_time_is_no_accommodation(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(w, "platform", "accommodation.set",
				    "{\"learner\":\"ann\",\"rules\":"
				    "{\"time_num\":1,\"time_den\":2}}");

	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/rules/time_num"));
	r = world_call(w, "platform", "accommodation.set",
		       "{\"learner\":\"ann\",\"rules\":"
		       "{\"time_num\":0,\"time_den\":0}}");
	assert_int_equal(r.e, ERR_INVALID);
	r = world_ok(w, "platform", "accommodation.set",
		     "{\"learner\":\"ann\",\"rules\":{\"extra_ms\":60000}}");
	assert_false(reply_has(w, &r, "rules/time_num"));
	assert_false(reply_has(w, &r, "rules/time_den"));
}

static void rules_for_nobody_are_warned_of(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	r = world_ok(w, "moderator", "override.set",
		     "{" REF ",\"group\":\"g\",\"rules\":{\"attempts\":5}}");
	assert_string_equal(reply_text(w, &r, "problems/list/0/code"),
			    "group_empty");
	world_ok(w, "platform", "group.set",
		 "{\"course\":\"c\",\"group\":\"g\",\"learners\":[\"ann\"]}");
	r = world_ok(w, "moderator", "override.set",
		     "{" REF ",\"group\":\"g\",\"rules\":{\"attempts\":6}}");
	assert_int_equal(reply_count(w, &r, "problems/list"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_new_version_leaves_running_attempts_on_the_old_one),
		quiz_test(the_same_content_is_not_published_twice),
		quiz_test(a_definition_with_faults_is_refused_with_all_of_them),
		quiz_test(a_retired_version_takes_no_new_attempts),
		quiz_test(a_file_of_another_system_comes_in_over_the_wire),
		quiz_test(a_list_is_paged_without_gaps_or_repeats),
		quiz_test(an_override_reaches_an_open_attempt_at_once),
		quiz_test(a_groups_override_holds_for_its_members_alone),
		quiz_test(an_accommodation_stretches_every_timed_assessment),
		quiz_test(everything_that_differs_is_explained_in_order),
		quiz_test(an_override_that_contradicts_itself_is_refused),
		quiz_test(a_password_of_an_override_is_in_no_record),
		quiz_test(no_call_tells_a_password),
		quiz_test(a_new_password_alone_makes_a_new_version),
		quiz_test(a_prerequisite_that_is_not_there_is_warned_of),
		quiz_test(prerequisites_never_close_a_circle),
		quiz_test(less_time_is_no_accommodation),
		quiz_test(rules_for_nobody_are_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
