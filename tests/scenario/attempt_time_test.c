/* What the clock does, and what changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
#define MINUTE 60000

static void an_answer_is_taken_until_the_network_grace_ends(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000,\"network_grace_ms\":5000");
	id = quiz_start(w, ANN);
	r = quiz_answer(w, ANN, id, 1, 0, WRONG_1);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 10 * MINUTE);
	world_pass(w, 10 * MINUTE + 5000);
	r = quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), -5000);
	clock_manual_step(&w->clock, 1);
	r = quiz_answer(w, ANN, id, 1, 0, WRONG_1);
	assert_int_equal(r.e, ERR_TOO_LATE);
	assert_non_null(json_text(w, r.state, "due_at"));
	assert_null(strstr(r.json.p, "choice"));
}

static void a_late_sweep_writes_the_due_instant(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;
	int64_t due;

	quiz_publish(w, "\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	due = world_now(w) + 10 * MINUTE;
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	world_pass(w, 5 * 24 * 60 * MINUTE);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &r, "view/state"), "graded");
	assert_int_equal(reply_time(w, &r, "view/finished_at"), due);
	assert_true(reply_has(w, &r, "view/receipt/signature"));
	assert_string_equal(quiz_grade(w, "ann"), "1");
	assert_int_equal(world_records(w, "attempt.expired"), 1);
}

static void the_sweep_comes_after_the_last_accepted_instant(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":600000,\"network_grace_ms\":5000");
	id = quiz_start(w, ANN);
	world_pass(w, 10 * MINUTE + 5000);
	assert_string_equal(quiz_state(w, id), "active");
	world_pass(w, 1);
	assert_string_equal(quiz_state(w, id), "graded");
}

static void a_restart_forgets_no_due_instant(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	world_restart(w);
	world_pass(w, 11 * MINUTE + 1);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

static void grace_lets_hand_in_but_not_answer(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000,\"overdue\":\"grace\","
			"\"grace_ms\":300000,\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	world_pass(w, 10 * MINUTE + 1);
	assert_string_equal(quiz_state(w, id), "overtime");
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e,
			 ERR_TOO_LATE);
	world_pass(w, 5 * MINUTE - 1);
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "late"), "true");
	assert_int_equal(reply_time(w, &r, "finished_at"), world_now(w));
}

static void after_the_grace_it_is_abandoned(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000,\"overdue\":\"grace\","
			"\"grace_ms\":300000,\"network_grace_ms\":0,"
			"\"attempts\":1");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	world_pass(w, 60 * MINUTE);
	assert_string_equal(quiz_state(w, id), "abandoned");
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, ERR_CONFLICT);
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_LIMIT_REACHED);
	assert_int_equal(world_records(w, "attempt.overtime"), 1);
	assert_int_equal(world_records(w, "attempt.abandoned"), 1);
}

static void a_late_submit_of_an_abandoned_policy_is_too_late(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":600000,\"overdue\":\"abandon\","
			"\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	clock_manual_step(&w->clock, 10 * MINUTE + 1);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, ERR_TOO_LATE);
	assert_string_equal(quiz_state(w, id), "abandoned");
}

static void late_work_has_its_credit(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, str_fmt(w->cx.arena,
				"\"due_at\":\"%s\",\"late\":[{\"until\":\"%s\","
				"\"credit\":100}],\"late_after\":50",
				world_time(w, MINUTE), world_time(w, MINUTE))
				.p);
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	world_pass(w, MINUTE + 1);
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(reply_text(w, &r, "late"), "true");
	assert_string_equal(quiz_grade(w, "ann"), "0.5");
	r = quiz_do(w, "moderator", "attempt.explain", id);
	assert_int_equal(r.e, OK);
	assert_non_null(strstr(r.json.p, "credit_percent"));
}

static void a_stopped_clock_gives_the_time_back(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000,"
			"\"suspend\":\"clock_stops\"");
	id = quiz_start(w, ANN);
	world_pass(w, 4 * MINUTE);
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e, OK);
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e,
			 ERR_CONFLICT);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, ERR_CONFLICT);
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e, ERR_CONFLICT);
	world_pass(w, 24 * 60 * MINUTE);
	assert_string_equal(quiz_state(w, id), "suspended");
	r = quiz_order(w, "attempt.resume", id);
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 6 * MINUTE);
	assert_int_equal(quiz_order(w, "attempt.resume", id).e, ERR_CONFLICT);
	world_pass(w, 7 * MINUTE + 1);
	assert_string_equal(quiz_state(w, id), "graded");
}

static void suspension_is_for_rules_that_allow_it(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e,
			 ERR_PRECONDITION);
	world_publish(w, quiz_json(w, "r",
				   "\"time_limit_ms\":60000,"
				   "\"network_grace_ms\":0,"
				   "\"suspend\":\"clock_runs\""));
	{
		struct reply r = world_ok(w, ANN, "attempt.start",
					  "{\"course\":\"c\","
					  "\"slug\":\"r\"}");

		id = reply_text(w, &r, "attempt");
	}
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e, OK);
	world_pass(w, MINUTE + 1);
	assert_string_equal(quiz_state(w, id), "graded");
}

static void too_late_to_suspend(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000,\"network_grace_ms\":0,"
			"\"suspend\":\"clock_stops\"");
	id = quiz_start(w, ANN);
	clock_manual_step(&w->clock, MINUTE + 1);
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e, ERR_TOO_LATE);
}

static void reopening_gives_the_responses_back(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000," QUIZ_SHOW_ALL);
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	quiz_answer(w, ANN, id, 2, 0, WRONG_2);
	assert_int_equal(quiz_order(w, "attempt.reopen", id).e, ERR_CONFLICT);
	world_pass(w, 30 * MINUTE);
	assert_string_equal(quiz_grade(w, "ann"), "1");
	r = quiz_order(w, "attempt.reopen", id);
	assert_int_equal(r.e, ERR_INVALID);
	assert_string_equal(r.field.p, "/due_at");
	r = world_ok(w, "moderator", "attempt.reopen",
		     "{\"attempt\":\"%s\",\"reason\":\"power cut\","
		     "\"due_at\":\"%s\"}",
		     id, world_time(w, 5 * MINUTE));
	assert_string_equal(reply_text(w, &r, "state"), "active");
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 5 * MINUTE);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &r, "slots/0/response/choice"), "1");
	assert_int_equal(reply_int(w, &r, "slots/1/seq"), 1);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 2, RIGHT_2).e, OK);
	world_restart(w);
	assert_int_equal(quiz_answer(w, ANN, id, 3, 1, RIGHT_3).e, OK);
	world_pass(w, 10 * MINUTE);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "3");
}

static void nobody_is_at_two_attempts(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_do(w, ANN, "attempt.submit", id);
	quiz_start(w, ANN);
	assert_int_equal(quiz_order(w, "attempt.reopen", id).e, ERR_CONFLICT);
}

static void an_extension_is_in_the_next_reply(void **state)
{
	struct world *w = *state;
	const char *id, *bob;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	bob = quiz_start(w, "learner:bob");
	world_pass(w, 9 * MINUTE);
	world_ok(w, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{"
		 "\"time_limit_ms\":1200000}}");
	r = quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 11 * MINUTE);
	r = quiz_answer(w, "learner:bob", bob, 1, 0, RIGHT_1);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 1 * MINUTE);
	world_pass(w, 5 * MINUTE);
	assert_string_equal(quiz_state(w, id), "active");
	assert_string_equal(quiz_state(w, bob), "graded");
	world_pass(w, 8 * MINUTE);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_int_equal(world_records(w, "attempt.extended"), 1);
}

static void accommodated_time_is_not_cut_by_the_close(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, str_fmt(w->cx.arena,
				"\"time_limit_ms\":600000,\"closes_at\":\"%s\"",
				world_time(w, 11 * MINUTE))
				.p);
	world_ok(w, "platform", "accommodation.set",
		 "{\"learner\":\"ann\",\"rules\":{\"time_num\":3,"
		 "\"time_den\":2}}");
	world_pass(w, 5 * MINUTE);
	r = world_ok(w, ANN, "attempt.start", QUIZ_REF);
	id = reply_text(w, &r, "attempt");
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 15 * MINUTE);
	r = world_ok(w, "learner:bob", "attempt.start", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "remaining_ms"), 6 * MINUTE);
	world_pass(w, 14 * MINUTE);
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e, OK);
	r = quiz_do(w, ANN, "attempt.explain", id);
	assert_non_null(strstr(r.json.p, "accommodation"));
}

static void a_voided_attempt_may_be_given_back(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"attempts\":1");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_grade(w, "ann"), "1");
	world_ok(w, "moderator", "attempt.void",
		 "{\"attempt\":\"%s\",\"reason\":\"wrong room\","
		 "\"gives_back\":true}",
		 id);
	assert_null(quiz_grade(w, "ann"));
	assert_int_equal(quiz_order(w, "attempt.void", id).e, ERR_CONFLICT);
	assert_int_equal(quiz_do(w, ANN, "attempt.review", id).e,
			 ERR_TOO_EARLY);
	id = quiz_start(w, ANN);
	assert_int_equal(quiz_order(w, "attempt.void", id).e, OK);
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e,
			 ERR_TOO_LATE);
	assert_int_equal(world_call(w, ANN, "attempt.start", QUIZ_REF).e,
			 ERR_LIMIT_REACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(an_answer_is_taken_until_the_network_grace_ends),
		quiz_test(a_late_sweep_writes_the_due_instant),
		quiz_test(the_sweep_comes_after_the_last_accepted_instant),
		quiz_test(a_restart_forgets_no_due_instant),
		quiz_test(grace_lets_hand_in_but_not_answer),
		quiz_test(after_the_grace_it_is_abandoned),
		quiz_test(a_late_submit_of_an_abandoned_policy_is_too_late),
		quiz_test(late_work_has_its_credit),
		quiz_test(a_stopped_clock_gives_the_time_back),
		quiz_test(suspension_is_for_rules_that_allow_it),
		quiz_test(too_late_to_suspend),
		quiz_test(reopening_gives_the_responses_back),
		quiz_test(nobody_is_at_two_attempts),
		quiz_test(an_extension_is_in_the_next_reply),
		quiz_test(accommodated_time_is_not_cut_by_the_close),
		quiz_test(a_voided_attempt_may_be_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
