/*
 * Retiring says that no attempt starts on a version, and nothing else: what
 * was earned on it counts, and is read, graded and regraded as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
#define REF_OF "\"course\":\"c\",\"slug\":\"q\""

static const char *sit(struct world *w)
{
	const char *id = quiz_start(w, ANN);

	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e, OK);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 0, RIGHT_2).e, OK);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	return id;
}

static void retire(struct world *w, const char *version)
{
	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 version);
}

static void what_was_earned_stays_in_grades_totals_and_csv(void **state)
{
	struct world *w = *state;
	const char *version = quiz_publish(w, "");
	struct reply before, after;

	sit(w);
	before = world_ok(w, "platform", "gradebook.export",
			  "{\"course\":\"c\"}");
	retire(w, version);
	after = world_ok(w, "platform", "gradebook.export",
			 "{\"course\":\"c\"}");
	assert_true(str_eq(before.bytes, after.bytes));
	after = world_ok(w, ANN, "gradebook.get", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &after, "columns"), 1);
	assert_string_equal(reply_text(w, &after, "grades/0/score"), "2");
	assert_string_equal(reply_text(w, &after, "final"), "0.666666667");
}

static void staff_reach_all_of_a_retired_assessment_by_its_name(void **state)
{
	static const struct {
		const char *who, *method, *more;
	} calls[] = {
		{ "author", "assessment.get", "" },
		{ "author", "assessment.retire", "" }, /* it is already */
		{ "moderator", "attempt.list", "" },
		{ "moderator", "attempt.export", "" },
		{ "moderator", "attempt.regrade", ",\"dry_run\":true" },
		{ "platform", "override.set",
		  ",\"learner\":\"ann\",\"rules\":{\"attempts\":9}" },
		{ "platform", "override.list", "" },
		{ "platform", "override.remove", ",\"learner\":\"ann\"" },
		{ "moderator", "gradebook.release", "" },
		{ "moderator", "gradebook.set",
		  ",\"learner\":\"ann\",\"score\":1,\"reason\":\"r\"" },
		{ ANN, "assessment.conditions", "" },
	};
	struct world *w = *state;
	const char *version = quiz_publish(w, "");
	const char *refs[] = {
		REF_OF,
		str_fmt(w->cx.arena, "\"assessment\":\"%s\"", version).p,
	};

	sit(w);
	retire(w, version);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			world_ok(w, calls[i].who, calls[i].method, "{%s%s}",
				 refs[k], calls[i].more);
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

static void a_learner_is_told_that_it_was_retired(void **state)
{
	struct world *w = *state;
	const char *version = quiz_publish(w, ""), *open;
	struct reply r;

	open = quiz_start(w, "learner:ben");
	retire(w, version);
	r = world_ok(w, ANN, "assessment.conditions", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "now/reason"), "retired");
	assert_string_equal(reply_text(w, &r, "now/may_start"), "false");
	assert_string_equal(reply_text(w, &r, "now/finished"), "true");
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_LATE);
	assert_true(str_find(r.message, STR("retired"), 0) != SIZE_MAX);
	r = world_call(w, ANN, "attempt.reserve", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_LATE);
	/* Who is in it goes on. */
	r = world_ok(w, "learner:ben", "attempt.start", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "attempt"), open);
	assert_int_equal(quiz_answer(w, "learner:ben", open, 1, 0, RIGHT_1).e,
			 OK);
	assert_int_equal(quiz_do(w, "learner:ben", "attempt.submit", open).e,
			 OK);
	assert_string_equal(quiz_grade(w, "ben"), "1");
}

static void a_version_taken_back_leaves_the_one_before_it(void **state)
{
	struct world *w = *state;
	const char *first = quiz_publish(w, "\"max_grade\":5"), *second;
	struct reply r;

	second = quiz_publish(w, "\"max_grade\":10");
	retire(w, second);
	r = world_ok(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "version"), 1);
	r = world_ok(w, "author", "assessment.get", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "assessment/id"), first);
	retire(w, first);
	r = world_ok(w, "author", "assessment.get", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "assessment/id"), second);
}

static void a_regrade_works_after_the_last_version_was_retired(void **state)
{
	struct world *w = *state;
	struct reply r;

	retire(w, quiz_publish(w, "\"max_grade\":30"));
	quiz_publish(w, "");
	sit(w);
	retire(w, quiz_publish(w, "\"max_grade\":6"));
	r = world_ok(w, "author", "assessment.list", "{\"course\":\"c\"}");
	retire(w, reply_text(w, &r, "assessments/1/id"));
	r = world_ok(w, "moderator", "attempt.regrade", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "changed"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void a_retired_prerequisite_still_counts_as_done(void **state)
{
	struct world *w = *state;
	const char *version = quiz_publish(w, "\"pass_mark\":0.5");
	struct reply r;

	world_publish(w, quiz_json(w, "next",
				   "\"prerequisites\":[{\"assessment\":"
				   "\"q\"}]"));
	sit(w);
	retire(w, version);
	r = world_ok(w, ANN, "assessment.conditions",
		     "{\"course\":\"c\",\"slug\":\"next\"}");
	assert_string_equal(reply_text(w, &r, "now/reason"), "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(what_was_earned_stays_in_grades_totals_and_csv),
		quiz_test(staff_reach_all_of_a_retired_assessment_by_its_name),
		quiz_test(a_learner_is_told_that_it_was_retired),
		quiz_test(a_version_taken_back_leaves_the_one_before_it),
		quiz_test(a_regrade_works_after_the_last_version_was_retired),
		quiz_test(a_retired_prerequisite_still_counts_as_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
