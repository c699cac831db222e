/* Who hands in again and again: what he finds out, and how often he may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define BOB "learner:bob"
#define ITEM CODE_ITEM("Double it.", "")

static struct reply publish(struct world *w, const char *policy,
			    const char *item)
{
	const char *json = code_json(w, policy, item);

	code_selftest_all(w, json, SELFTEST_OK);
	return world_call(w, "author", "assessment.publish",
			  "{\"definition\":%s}", json);
}

static void publishing_warns_of_a_score_that_tells_of_hidden_tests(void **state)
{
	struct world *w = *state;
	struct reply r = publish(w, "\"attempts\":3", ITEM);

	assert_int_equal(r.e, OK);
	assert_int_equal(reply_count(w, &r, "problems/list"), 0);
	r = publish(w, "\"attempts\":3,\"review\":{\"during\":[\"marks\"]}",
		    ITEM);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "problems/list/0/code"),
			    "hidden_score_told");
	assert_string_equal(reply_text(w, &r, "problems/list/0/at"),
			    "/policy/review/during");
}

static void verdicts_of_hidden_tests_are_not_published(void **state)
{
	static const char *const methods[] = { "assessment.publish",
					       "code.selftest" };
	struct world *w = *state;
	const char *json = code_json(
		w, "", CODE_ITEM("Double.", "\"hidden_as\":\"verdicts\","));
	struct reply r;

	for (size_t i = 0; i < 2; i++) {
		r = world_call(w, "author", methods[i], "{\"definition\":%s}",
			       json);
		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(str_z(w->cx.arena, r.field),
				    "/items/0/code/hidden_as");
	}
	r = world_ok(w, "author", "assessment.check", "{\"definition\":%s}",
		     json);
	assert_string_equal(reply_text(w, &r, "list/0/level"), "error");
	assert_string_equal(reply_text(w, &r, "list/0/code"),
			    "hidden_verdicts_told");
}

static void
two_programs_that_differ_where_it_is_hidden_look_the_same(void **state)
{
	static const char *const paths[] = { "code", "state", "mark",
					     "correct" };
	struct world *w = *state;
	const char *ann, *bob;
	struct reply r, s;

	code_publish(w, "\"attempts\":3", ITEM);
	ann = quiz_start(w, ANN);
	bob = quiz_start(w, BOB);
	assert_int_equal(code_hand_in(w, ANN, ann, MAIN_C("x")).e, OK);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_int_equal(code_hand_in(w, BOB, bob, MAIN_C("x")).e, OK);
	assert_true(code_judge_next(w, IS_SMALL));
	r = quiz_do(w, ANN, "attempt.get", ann);
	s = quiz_do(w, BOB, "attempt.get", bob);
	for (size_t i = 0; i < 4; i++) {
		const char *path =
			str_fmt(w->cx.arena, "slots/0/%s", paths[i]).p;

		assert_true(
			str_eq(reply_raw(w, &r, path), reply_raw(w, &s, path)));
	}
	assert_string_equal(reply_text(w, &r, "slots/0/code/report/verdict"),
			    "AC");
}

static struct reply hand_in(struct world *w, const char *who, const char *id,
			    int n)
{
	return code_hand_in(w, who, id,
			    str_fmt(w->cx.arena,
				    "{\"language\":\"c\",\"files\":[{"
				    "\"name\":\"main.c\",\"text\":\"%06d\"}]}",
				    n)
				    .p);
}

static void take(struct world *w, const char *who, const char *id, int n)
{
	struct reply r = hand_in(w, who, id, n);

	if (r.e)
		fail_msg("%d: %.*s", n, STR_FMT(r.json));
	assert_true(code_judge_next(w, IS_WRONG));
}

static void submissions_have_a_rate_that_nobody_set(void **state)
{
	struct world *w = *state;
	const char *id;
	int n = 0;
	struct reply r;

	code_publish(w, "", CODE_ITEM("Double.", "\"submissions\":25,"));
	id = quiz_start(w, ANN);
	while (n < CODE_PER_MINUTE)
		take(w, ANN, id, n++);
	r = hand_in(w, ANN, id, n);
	assert_int_equal(r.e, ERR_RATE_LIMITED);
	assert_true(r.retry);
	assert_non_null(strstr(str_z(w->cx.arena, r.json), "in 3 seconds"));
	/* It has cost nothing, and holds on after a restart. */
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "5");
	world_restart(w);
	assert_int_equal(hand_in(w, ANN, id, n).e, ERR_RATE_LIMITED);
	world_pass(w, 60000 / CODE_PER_MINUTE - 1);
	assert_int_equal(hand_in(w, ANN, id, n).e, ERR_RATE_LIMITED);
	world_pass(w, 1);
	take(w, ANN, id, n++);
	assert_int_equal(hand_in(w, ANN, id, n).e, ERR_RATE_LIMITED);
	/* Nobody else waits, nor does what is handed in with the attempt. */
	take(w, BOB, quiz_start(w, BOB), 0);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("last")).e, OK);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void an_author_may_set_another_rate(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", CODE_ITEM("Double.", "\"per_minute\":2,"));
	id = quiz_start(w, ANN);
	assert_string_equal(code_slot(w, ANN, id, "item/code/per_minute"), "2");
	take(w, ANN, id, 1);
	take(w, ANN, id, 2);
	assert_int_equal(hand_in(w, ANN, id, 3).e, ERR_RATE_LIMITED);
	world_pass(w, 30000);
	take(w, ANN, id, 3);
}

static void a_course_keeps_so_many_bytes_of_a_learner(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	w->config.submission_bytes = 20; /* three files of six */
	world_restart(w);
	code_publish(w, "", CODE_ITEM("Double.", "\"submissions\":9,"));
	id = quiz_start(w, ANN);
	take(w, ANN, id, 1);
	take(w, ANN, id, 2);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("000003")).e, OK);
	world_restart(w);
	r = hand_in(w, ANN, id, 4);
	assert_int_equal(r.e, ERR_TOO_LARGE);
	assert_string_equal(str_z(w->cx.arena, r.field), "/response/files");
	assert_int_equal(code_save(w, ANN, id, MAIN_C("000004")).e,
			 ERR_TOO_LARGE);
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "7");
	/* Of another learner it keeps as many. */
	take(w, BOB, quiz_start(w, BOB), 1);
	/* What is saved is no more bytes when it is handed in. */
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "4");
	/* Another attempt of the course has no more room. */
	id = quiz_start(w, ANN);
	assert_int_equal(hand_in(w, ANN, id, 5).e, ERR_TOO_LARGE);
	w->config.submission_bytes = 0;
	world_restart(w);
	take(w, ANN, id, 5);
}

static enum err save(struct world *w, const char *who, const char *id, int n)
{
	return code_save(w, who, id,
			 str_fmt(w->cx.arena,
				 "{\"language\":\"c\",\"files\":[{"
				 "\"name\":\"main.c\",\"text\":\"%06d\"}]}",
				 n)
				 .p)
		.e;
}

/* Three files of six bytes, in as many ways as there are to leave one. */
static void no_way_to_end_an_attempt_gives_room_back(void **state)
{
	struct world *w = *state;
	const char *id;

	w->config.submission_bytes = 20;
	world_restart(w);
	code_publish(w,
		     "\"time_limit_ms\":600000,\"overdue\":\"abandon\","
		     "\"abandoned\":\"free\"",
		     ITEM);
	for (int i = 0; i < 3; i++) {
		id = quiz_start(w, ANN);
		assert_int_equal(save(w, ANN, id, i), OK);
		/* The same again is no more. */
		assert_int_equal(save(w, ANN, id, i), OK);
		world_pass(w, 700000);
		assert_string_equal(quiz_state(w, id), "abandoned");
	}
	world_restart(w);
	id = quiz_start(w, ANN);
	assert_int_equal(save(w, ANN, id, 9), ERR_TOO_LARGE);
	assert_int_equal(save(w, BOB, quiz_start(w, BOB), 9), OK);
}

/* Handed in twice, sent once. folded: read again from its records between. */
static void reopen_and_hand_in(struct world *w, const char *who, const char *id,
			       bool folded)
{
	for (int i = 0; i < 4; i++) {
		assert_int_equal(quiz_do(w, who, "attempt.submit", id).e, OK);
		if (folded)
			world_restart(w);
		assert_int_equal(quiz_order(w, "attempt.reopen", id).e, OK);
		if (folded)
			world_restart(w);
	}
}

/* Saved, replaced, and the first ones again: no submission takes them. */
static void what_was_only_saved_counts_when_it_is_handed_in(void **state)
{
	struct world *w = *state;
	const char *id;

	w->config.submission_bytes = 20;
	world_restart(w);
	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	take(w, ANN, id, 1);
	assert_int_equal(save(w, ANN, id, 2), OK);
	assert_int_equal(save(w, ANN, id, 1), OK);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	id = quiz_start(w, ANN);
	assert_int_equal(save(w, ANN, id, 3), ERR_TOO_LARGE);
}

static void a_reopening_counts_nothing_twice(void **state)
{
	struct world *w = *state;

	w->config.submission_bytes = 38; /* six files of six */
	world_restart(w);
	code_publish(w, "", ITEM);
	for (int folded = 0; folded < 2; folded++) {
		const char *who = folded ? BOB : ANN;
		const char *id = quiz_start(w, who);

		take(w, who, id, 1);
		/* As it was handed in: no submission counts these two. */
		assert_int_equal(save(w, who, id, 2), OK);
		assert_int_equal(save(w, who, id, 1), OK);
		reopen_and_hand_in(w, who, id, folded);
		assert_int_equal(save(w, who, id, 3), OK);
		reopen_and_hand_in(w, who, id, folded);
		assert_int_equal(save(w, who, id, 4), OK);
		assert_int_equal(save(w, who, id, 5), OK);
		assert_int_equal(save(w, who, id, 6), ERR_TOO_LARGE);
	}
}

static void a_new_term_begins_a_new_count(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	w->config.submission_bytes = 8;
	world_restart(w);
	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(save(w, ANN, id, 1), OK);
	world_ok(w, "platform", "course.set",
		 "{\"course\":\"c\",\"title\":\"C\",\"term\":\"WS 2\"}");
	world_pass(w, 1000);
	/* What began before stays where it is. */
	r = hand_in(w, ANN, id, 2);
	assert_int_equal(r.e, ERR_TOO_LARGE);
	assert_non_null(
		strstr(str_z(w->cx.arena, r.json), "setting submission_bytes"));
	quiz_do(w, ANN, "attempt.submit", id);
	id = quiz_start(w, ANN);
	assert_int_equal(save(w, ANN, id, 3), OK);
	assert_int_equal(save(w, ANN, id, 4), ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(
			publishing_warns_of_a_score_that_tells_of_hidden_tests),
		quiz_test(verdicts_of_hidden_tests_are_not_published),
		quiz_test(submissions_have_a_rate_that_nobody_set),
		quiz_test(an_author_may_set_another_rate),
		quiz_test(a_course_keeps_so_many_bytes_of_a_learner),
		quiz_test(no_way_to_end_an_attempt_gives_room_back),
		quiz_test(what_was_only_saved_counts_when_it_is_handed_in),
		quiz_test(a_reopening_counts_nothing_twice),
		quiz_test(a_new_term_begins_a_new_count),
		quiz_test(
			two_programs_that_differ_where_it_is_hidden_look_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
