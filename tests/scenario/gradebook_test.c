/* Grades: chosen, added up, released, set by hand, exported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

/* An attempt at slug with so many of the three items right. */
static const char *sit(struct world *w, const char *who, const char *slug,
		       int right)
{
	static const char *const good[] = { RIGHT_1, RIGHT_2, RIGHT_3 };
	struct reply r = world_ok(w, who, "attempt.start",
				  "{\"course\":\"c\",\"slug\":\"%s\"}", slug);
	const char *id = reply_text(w, &r, "attempt");

	for (int i = 0; i < right; i++)
		assert_int_equal(quiz_answer(w, who, id, i + 1, 0, good[i]).e,
				 OK);
	r = quiz_do(w, who, "attempt.submit", id);
	assert_int_equal(r.e, OK);
	return id;
}

static void the_attempt_that_counts_is_the_one_the_rules_choose(void **state)
{
	static const struct {
		const char *counts, *grade;
	} ways[] = { { "highest", "3" },
		     { "last", "1" },
		     { "first", "2" },
		     { "average", "2" } };
	struct world *w = *state;

	for (size_t i = 0; i < 4; i++) {
		const char *slug = str_fmt(w->cx.arena, "s%zu", i).p;
		struct reply r;

		world_publish(w, quiz_json(w, slug,
					   str_fmt(w->cx.arena,
						   "\"attempts\":3,"
						   "\"counts\":\"%s\"",
						   ways[i].counts)
						   .p));
		sit(w, "learner:ann", slug, 2);
		sit(w, "learner:ann", slug, 3);
		sit(w, "learner:ann", slug, 1);
		r = world_ok(w, "learner:ann", "gradebook.get",
			     "{\"course\":\"c\"}");
		assert_string_equal(
			reply_text(
				w, &r,
				str_fmt(w->cx.arena, "grades/%zu/score", i).p),
			ways[i].grade);
	}
}

static void weights_and_groups_make_the_total(void **state)
{
	struct world *w = *state;
	struct reply r;

	world_publish(w, quiz_json(w, "a", "\"weight\":1"));
	world_publish(w, quiz_json(w, "b", "\"weight\":3"));
	sit(w, "learner:ann", "a", 3);
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "current"), "1");
	assert_string_equal(reply_text(w, &r, "final"), "0.25");
	world_ok(w, "platform", "course.set",
		 "{\"course\":\"c\",\"title\":\"C\",\"pass_mark\":0.25}");
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "passed"), "true");
}

static void a_held_grade_is_staffs_until_it_is_released(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"release\":\"held\"");
	sit(w, "learner:ann", "q", 3);
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "grades"), 0);
	assert_false(reply_has(w, &r, "current"));
	assert_string_equal(quiz_grade(w, "ann"), "3");
	r = world_ok(w, "moderator", "gradebook.release", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "released"), 1);
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "grades/0/score"), "3");
	assert_int_equal(world_records(w, "grade.released"), 1);
}

static void a_release_does_not_open_the_grade_of_a_later_attempt(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"release\":\"held\",\"attempts\":0");
	sit(w, "learner:ann", "q", 1);
	world_ok(w, "moderator", "gradebook.release", QUIZ_REF);
	sit(w, "learner:ann", "q", 3);
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "grades"), 0);
	world_ok(w, "moderator", "gradebook.release", QUIZ_REF);
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "grades/0/score"), "3");
}

static void a_grade_set_by_hand_stays_until_it_is_given_back(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"attempts\":0");
	sit(w, "learner:ann", "q", 1);
	world_ok(w, "moderator", "gradebook.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"score\":2.5,\"reason\":\"fire alarm\"}");
	assert_string_equal(quiz_grade(w, "ann"), "2.5");
	sit(w, "learner:ann", "q", 3);
	assert_string_equal(quiz_grade(w, "ann"), "2.5");
	r = world_ok(w, "moderator", "gradebook.set",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		     "\"reason\":\"not needed\"}");
	assert_string_equal(quiz_grade(w, "ann"), "3");
	r = world_call(w, "moderator", "gradebook.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		       "\"score\":3.1,\"reason\":\"too much\"}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/score"));
	r = world_call(w, "moderator", "gradebook.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		       "\"reason\":\"again\"}");
	assert_int_equal(r.e, ERR_CONFLICT);
}

static void a_practice_assessment_never_reaches_the_gradebook(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"kind\":\"practice\"");
	sit(w, "learner:ann", "q", 3);
	r = world_ok(w, "platform", "gradebook.list", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "grades"), 0);
	r = world_call(w, "moderator", "gradebook.set",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		       "\"score\":1,\"reason\":\"x\"}");
	assert_int_equal(r.e, ERR_PRECONDITION);
}

static struct reply line(struct world *w)
{
	return world_ok(w, "platform", "gradebook.get",
			"{\"course\":\"c\",\"learner\":\"ann\"}");
}

static void a_column_is_the_newest_version_that_is_open(void **state)
{
	struct world *w = *state;
	const char *first, *second;
	struct reply r = line(w);

	assert_int_equal(reply_count(w, &r, "columns"), 0);
	first = quiz_publish(w, "\"max_grade\":5");
	second = quiz_publish(w, "\"max_grade\":10");
	world_publish(w, quiz_json(w, "b", "\"weight\":3"));
	r = line(w);
	assert_int_equal(reply_count(w, &r, "columns"), 2);
	assert_string_equal(reply_text(w, &r, "columns/0/slug"), "b");
	assert_string_equal(reply_text(w, &r, "columns/0/weight"), "3");
	assert_string_equal(reply_text(w, &r, "columns/1/assessment"), second);
	assert_string_equal(reply_text(w, &r, "columns/1/max_score"), "10");
	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 second);
	r = line(w);
	assert_string_equal(reply_text(w, &r, "columns/1/assessment"), first);
	assert_string_equal(reply_text(w, &r, "columns/1/series"), first);
	assert_string_equal(reply_text(w, &r, "columns/1/max_score"), "5");
	quiz_publish(w, "\"kind\":\"practice\"");
	r = line(w);
	assert_int_equal(reply_count(w, &r, "columns"), 1);
	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 first);
	r = line(w);
	assert_int_equal(reply_count(w, &r, "columns"), 1);
}

/* The only attempt is gone: so are score and release, not what it is out of. */
static void a_grade_without_attempts_is_none_out_of_the_maximum(void **state)
{
	static const char *const release[] = { "auto", "held" };
	struct world *w = *state;

	for (int i = 0; i < 2; i++) {
		const char *slug = str_fmt(w->cx.arena, "v%d", i).p;
		const char *at = str_fmt(w->cx.arena, "grades/%d/", i).p;
		const char *id;
		struct reply r;

		world_publish(
			w, quiz_json(w, slug,
				     str_fmt(w->cx.arena, "\"release\":\"%s\"",
					     release[i])
					     .p));
		id = sit(w, "learner:ann", slug, 2);
		world_ok(w, "moderator", "gradebook.release",
			 "{\"course\":\"c\",\"slug\":\"%s\"}", slug);
		r = line(w);
		assert_true(reply_has(
			w, &r, str_fmt(w->cx.arena, "%sreleased_at", at).p));
		assert_int_equal(quiz_order(w, "attempt.void", id).e, OK);
		r = line(w);
		assert_false(reply_has(w, &r,
				       str_fmt(w->cx.arena, "%sscore", at).p));
		assert_false(reply_has(
			w, &r, str_fmt(w->cx.arena, "%sreleased_at", at).p));
		assert_string_equal(
			reply_text(w, &r,
				   str_fmt(w->cx.arena, "%smax_score", at).p),
			"3");
	}
}

static void a_grade_given_back_to_no_attempts_is_not_shown(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	world_ok(w, "moderator", "gradebook.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"score\":2,\"reason\":\"oral\"}");
	r = world_ok(w, "moderator", "gradebook.set",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		     "\"reason\":\"mistaken\"}");
	assert_false(reply_has(w, &r, "score"));
	assert_false(reply_has(w, &r, "released_at"));
	r = world_ok(w, "learner:ann", "gradebook.get", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "grades"), 0);
}

static void grades_come_by_slug_and_the_courses_mark_decides(void **state)
{
	static const char *const slugs[] = { "m", "b", "z", "a" };
	static const char *const order[] = { "a", "b", "m", "z" };
	struct world *w = *state;
	struct reply r;

	for (int i = 0; i < 4; i++) {
		world_publish(w, quiz_json(w, slugs[i], ""));
		sit(w, "learner:ann", slugs[i], i == 0 ? 3 : 2);
	}
	r = line(w);
	for (int i = 0; i < 4; i++)
		assert_string_equal(
			reply_text(w, &r,
				   str_fmt(w->cx.arena, "grades/%d/slug", i).p),
			order[i]);
	assert_false(reply_has(w, &r, "passed"));
	world_ok(w, "admin", "course.set",
		 "{\"course\":\"c\",\"title\":\"C\",\"pass_mark\":0.7}");
	r = line(w);
	assert_string_equal(reply_text(w, &r, "passed"), "true");
	world_ok(w, "admin", "course.set",
		 "{\"course\":\"c\",\"title\":\"C\",\"pass_mark\":0.9}");
	r = line(w);
	assert_string_equal(reply_text(w, &r, "passed"), "false");
}

static void a_learner_sees_nobody_elses_grades(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	sit(w, "learner:ann", "q", 3);
	r = world_call(w, "learner:bob", "gradebook.get",
		       "{\"course\":\"c\",\"learner\":\"ann\"}");
	assert_int_equal(r.e, ERR_DENIED);
	r = world_call(w, "learner:bob", "gradebook.list",
		       "{\"course\":\"c\"}");
	assert_int_equal(r.e, ERR_DENIED);
	r = world_call(w, "bound:elsewhere", "gradebook.list",
		       "{\"course\":\"c\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

static void the_csv_guards_formulas_and_follows_rfc_4180(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	sit(w, "learner:ann", "q", 2);
	world_ok(w, "platform", "learner.set",
		 "{\"learner\":\"ann\",\"name\":\"=cmd|' /C calc'!A0, "
		 "\\\"Ann\\\"\"}");
	r = world_ok(w, "platform", "gradebook.export", "{\"course\":\"c\"}");
	assert_true(str_find(r.bytes,
			     STR("\"'=cmd|' /C calc'!A0, "
				 "\"\"Ann\"\"\""),
			     0) != SIZE_MAX);
	assert_true(str_find(r.bytes, STR("\"Quiz (q)\""), 0) != SIZE_MAX);
	assert_true(str_ends(r.bytes, "\r\n"));
	assert_true(str_find(r.bytes, STR("\"66.67\""), 0) != SIZE_MAX);
	r = world_ok(w, "platform", "gradebook.export",
		     "{\"course\":\"c\",\"delimiter\":\";\","
		     "\"decimal_mark\":\",\",\"bom\":true}");
	assert_true(str_starts(r.bytes, "\xef\xbb\xbf"));
	assert_true(str_find(r.bytes, STR("\"66,67\""), 0) != SIZE_MAX);
	r = world_call(w, "platform", "gradebook.export",
		       "{\"course\":\"c\",\"delimiter\":\"|\"}");
	assert_int_equal(r.e, ERR_INVALID);
}

static void the_list_is_paged_by_learner(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *next;

	quiz_publish(w, "");
	sit(w, "learner:ann", "q", 1);
	sit(w, "learner:bob", "q", 2);
	sit(w, "learner:eve", "q", 3);
	r = world_ok(w, "platform", "gradebook.list",
		     "{\"course\":\"c\",\"limit\":2}");
	assert_int_equal(reply_count(w, &r, "grades"), 2);
	next = reply_text(w, &r, "next");
	r = world_ok(w, "platform", "gradebook.list",
		     "{\"course\":\"c\",\"limit\":2,\"cursor\":\"%s\"}", next);
	assert_int_equal(reply_count(w, &r, "grades"), 1);
	assert_false(reply_has(w, &r, "next"));
	r = world_call(w, "platform", "gradebook.list",
		       "{\"course\":\"c\",\"cursor\":\"junk\"}");
	assert_int_equal(r.e, ERR_INVALID);
}

static void the_whole_story_is_one_intact_chain(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	sit(w, "learner:ann", "q", 3);
	r = world_ok(w, "auditor", "audit.verify", "{}");
	assert_string_equal(reply_text(w, &r, "intact"), "true");
	assert_true(reply_int(w, &r, "records") >= 6);
	r = world_ok(w, "auditor", "audit.head", "{}");
	assert_int_equal(strlen(reply_text(w, &r, "key")), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(the_attempt_that_counts_is_the_one_the_rules_choose),
		quiz_test(weights_and_groups_make_the_total),
		quiz_test(a_held_grade_is_staffs_until_it_is_released),
		quiz_test(a_release_does_not_open_the_grade_of_a_later_attempt),
		quiz_test(a_grade_set_by_hand_stays_until_it_is_given_back),
		quiz_test(a_practice_assessment_never_reaches_the_gradebook),
		quiz_test(a_column_is_the_newest_version_that_is_open),
		quiz_test(a_grade_without_attempts_is_none_out_of_the_maximum),
		quiz_test(a_grade_given_back_to_no_attempts_is_not_shown),
		quiz_test(grades_come_by_slug_and_the_courses_mark_decides),
		quiz_test(a_learner_sees_nobody_elses_grades),
		quiz_test(the_csv_guards_formulas_and_follows_rfc_4180),
		quiz_test(the_list_is_paged_by_learner),
		quiz_test(the_whole_story_is_one_intact_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
