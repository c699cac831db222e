/* A code item from its author to the gradebook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/audit/receipt.h"
#include "engine/audit/signer.h"
#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "")

static void a_right_program_has_its_grade(void **state)
{
	struct world *w = *state;
	uint8_t key[SIGN_KEY_BYTES];
	const char *id;
	struct reply r;

	code_publish(w, QUIZ_SHOW_ALL, ITEM);
	id = quiz_start(w, ANN);
	r = code_hand_in(w, ANN, id, MAIN_C("int main;"));
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "slot/state"), "judging");
	assert_string_equal(reply_text(w, &r, "try_used"), "true");
	signer_public(w->app->signer, key);
	assert_int_equal(
		receipt_verify(&w->cx, reply_raw(w, &r, "receipt"), key), OK);
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "judging");
	assert_string_equal(code_slot(w, ANN, id, "code/queue/before"), "0");
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_false(code_judge_next(w, IS_RIGHT));
	assert_string_equal(code_slot(w, ANN, id, "state"), "saved");
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "judged");
	assert_string_equal(code_slot(w, ANN, id, "mark"), "4");
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(reply_text(w, &r, "state"), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "4");
	world_restart(w);
	assert_string_equal(quiz_grade(w, "ann"), "4");
	r = quiz_do(w, ANN, "attempt.review", id);
	assert_string_equal(reply_text(w, &r, "score/score"), "4");
}

static void each_verdict_lands_with_its_points(void **state)
{
	static const struct {
		const char *report, *grade;
	} rows[] = {
		{ IS_RIGHT, "4" },   { IS_SMALL, "1" }, { IS_LARGE, "3" },
		{ IS_WRONG, "0" },   { IS_SLOW, "1" },	{ IS_HOSTILE, "0" },
		{ IS_NO_CODE, "0" },
	};
	struct world *w = *state;

	code_publish(w, "", ITEM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = str_fmt(w->cx.arena, "l%zu", i).p;
		const char *who = str_fmt(w->cx.arena, "learner:%s", name).p;
		const char *id = quiz_start(w, who);

		assert_int_equal(
			code_hand_in(w, who, id, MAIN_C("int main;")).e, OK);
		assert_true(code_judge_next(w, rows[i].report));
		assert_int_equal(quiz_do(w, who, "attempt.submit", id).e, OK);
		assert_string_equal(quiz_grade(w, name), rows[i].grade);
	}
}

static void what_waits_at_the_hand_in_is_graded_later(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("int main;"));
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(reply_text(w, &r, "state"), "needs_grading");
	world_restart(w);
	assert_true(code_judge_next(w, IS_LARGE));
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "3");
	assert_int_equal(world_records(w, "submission.judged"), 1);
}

static void what_was_only_saved_is_judged_after_the_hand_in(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("int main;")).e, OK);
	assert_string_equal(code_slot(w, ANN, id, "state"), "saved");
	assert_false(code_judge_next(w, IS_RIGHT));
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_state(w, id), "needs_grading");
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void the_clock_hands_in_what_was_saved(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "\"time_limit_ms\":60000", ITEM);
	id = quiz_start(w, ANN);
	code_save(w, ANN, id, MAIN_C("int main;"));
	world_pass(w, 130000);
	assert_string_equal(quiz_state(w, id), "needs_grading");
	assert_true(code_judge_next(w, IS_SMALL));
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

static void nothing_handed_in_is_no_mark(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "0");
	assert_false(code_judge_next(w, IS_RIGHT));
}

static void the_worker_gets_the_files_and_no_references(void **state)
{
	struct world *w = *state;
	const char *id, *json;
	struct leased l;
	struct reply r;

	code_publish(w, "",
		     CODE_ITEM("Double it.",
			       "\"references\":[{\"name\":\"SECRET\","
			       "\"language\":\"c\",\"files\":[{\"name\":"
			       "\"main.c\",\"text\":\"x\"}],"
			       "\"expect\":\"AC\"}],"));
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("int main;"));
	l = code_lease(w, "grade.code");
	r = code_input(w, l);
	assert_int_equal(r.e, OK);
	json = str_z(w->cx.arena, r.bytes);
	assert_string_equal(json_text(w, r.bytes, "language"), "c");
	assert_string_equal(json_text(w, r.bytes, "files/0/name"), "main.c");
	assert_string_equal(json_text(w, r.bytes, "files/0/base64"),
			    "aW50IG1haW47");
	assert_non_null(strstr(json, "62674"));
	assert_null(strstr(json, "SECRET"));
	/* The same after a restart: it comes out of git. */
	world_restart(w);
	assert_true(str_eq(code_input(w, l).bytes, str_of(json)));
	world_pass(w, 61000);
	assert_int_equal(code_input(w, code_lease(w, "grade.code")).e, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_right_program_has_its_grade),
		quiz_test(each_verdict_lands_with_its_points),
		quiz_test(what_waits_at_the_hand_in_is_graded_later),
		quiz_test(what_was_only_saved_is_judged_after_the_hand_in),
		quiz_test(the_clock_hands_in_what_was_saved),
		quiz_test(nothing_handed_in_is_no_mark),
		quiz_test(the_worker_gets_the_files_and_no_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
