/*
 * What goes on after something was changed from outside: more time, answers
 * that are gone, a save that says nothing new.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
#define MINUTE 60000

static void give_time(struct world *w, const char *limit_ms)
{
	world_ok(w, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"time_limit_ms\":%s}}",
		 limit_ms);
}

static int64_t number(struct world *w, const char *attempt, const char *at)
{
	struct reply r = quiz_do(w, ANN, "attempt.get", attempt);

	return reply_int(w, &r, at);
}

static void more_time_brings_an_attempt_back_from_overtime(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000,\"overdue\":\"grace\","
			"\"grace_ms\":600000,\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	world_pass(w, MINUTE + 5000);
	assert_string_equal(quiz_state(w, id), "overtime");
	assert_int_equal(quiz_answer(w, ANN, id, 2, 1, RIGHT_2).e,
			 ERR_TOO_LATE);
	give_time(w, "180000");
	assert_string_equal(quiz_state(w, id), "active");
	assert_int_equal(number(w, id, "view/remaining_ms"), 2 * MINUTE - 5000);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 1, RIGHT_2).e, OK);
	world_restart(w); /* the records say the same */
	assert_string_equal(quiz_state(w, id), "active");
	world_pass(w, 2 * MINUTE);
	assert_string_equal(quiz_state(w, id), "overtime");
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
}

static void no_limit_any_more_brings_it_back_as_well(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000,\"overdue\":\"grace\","
			"\"grace_ms\":600000,\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	world_pass(w, MINUTE + 5000);
	give_time(w, "0");
	assert_string_equal(quiz_state(w, id), "active");
	assert_int_equal(quiz_answer(w, ANN, id, 2, 1, RIGHT_2).e, OK);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
}

static void too_little_more_time_leaves_it_in_overtime(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000,\"overdue\":\"grace\","
			"\"grace_ms\":600000,\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	world_pass(w, MINUTE + 5000);
	give_time(w, "62000");
	assert_string_equal(quiz_state(w, id), "overtime");
}

/* An autosave that changes nothing still tells how much time is left. */
static void a_save_of_the_same_tells_the_times_of_now(void **state)
{
	struct world *w = *state;
	struct reply first, again;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000");
	id = quiz_start(w, ANN);
	world_pass(w, 1000);
	first = quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	assert_int_equal(reply_int(w, &first, "remaining_ms"), MINUTE - 1000);
	give_time(w, "120000");
	world_pass(w, 4000);
	again = quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	assert_int_equal(again.e, OK);
	assert_int_equal(reply_int(w, &again, "seq"), 1);
	assert_string_equal(reply_text(w, &again, "saved_at"),
			    reply_text(w, &first, "saved_at"));
	assert_int_equal(reply_int(w, &again, "remaining_ms"),
			 2 * MINUTE - 5000);
	assert_int_equal(world_records(w, "attempt.answered"), 1);
}

/* But the same call, named by its key, is told what it was told. */
static void a_call_with_the_same_key_has_the_same_reply(void **state)
{
	struct world *w = *state;
	static const char call[] =
		"{\"attempt\":\"%s\",\"slot\":2,\"seq\":1,\"response\":" RIGHT_2
		",\"idempotency_key\":\"0123456789\"}";
	struct reply first, again;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000");
	id = quiz_start(w, ANN);
	first = world_call(w, ANN, "attempt.answer", call, id);
	world_pass(w, 4000);
	again = world_call(w, ANN, "attempt.answer", call, id);
	assert_string_equal(reply_text(w, &again, "server_time"),
			    reply_text(w, &first, "server_time"));
	assert_int_equal(reply_int(w, &again, "remaining_ms"), MINUTE);
}

static void
to_clear_what_is_empty_saves_nothing_and_tells_the_time(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000");
	id = quiz_start(w, ANN);
	r = quiz_answer(w, ANN, id, 2, 0, "{\"text\":\"\"}");
	assert_int_equal(r.e, OK);
	assert_null(reply_text(w, &r, "saved_at"));
	assert_non_null(reply_text(w, &r, "server_time"));
	assert_int_equal(reply_int(w, &r, "remaining_ms"), MINUTE);
	assert_int_equal(world_records(w, "attempt.answered"), 0);
}

/* Grades outlive the answers that they were given for. */
static void what_was_erased_is_not_graded_anew(void **state)
{
	struct world *w = *state;
	const char *id, *score = "none";
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", id);
	world_pass(w, 10000);
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked for\"}");
	world_pass(w, 10000);
	quiz_publish(w, "\"max_grade\":10"); /* another version */
	r = world_call(w, "platform", "attempt.regrade",
		       "{\"course\":\"c\",\"slug\":\"q\",\"dry_run\":false,"
		       "\"allow_lower\":true,\"reason\":\"a test\"}");
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "changes/0/outcome"),
			    "impossible");
	assert_non_null(
		strstr(reply_text(w, &r, "changes/0/reason"), "erased"));
	r = world_call(w, "moderator", "attempt.mark",
		       "{\"attempt\":\"%s\",\"slot\":1,\"mark\":1}", id);
	assert_int_equal(r.e, ERR_ERASED);
	assert_int_equal(quiz_order(w, "attempt.reopen", id).e, ERR_ERASED);
	r = world_ok(w, "moderator", "attempt.explain", "{\"attempt\":\"%s\"}",
		     id);
	for (size_t i = 0; i < reply_count(w, &r, "grade"); i++) {
		const char *at = str_fmt(w->cx.arena, "grade/%zu/field", i).p;

		if (strcmp(reply_text(w, &r, at), "score") == 0)
			score = reply_text(
				w, &r,
				str_fmt(w->cx.arena, "grade/%zu/value", i).p);
	}
	assert_string_equal(score, "1");
}

/* The pledge that was accepted is in the chain, as a digest of its text. */
static void the_record_of_a_start_holds_the_pledge(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"pledge\":\"I work alone.\"");
	assert_int_equal(world_call(w, ANN, "attempt.start", QUIZ_REF).e,
			 ERR_PRECONDITION);
	world_ok(w, ANN, "attempt.start",
		 "{\"course\":\"c\",\"slug\":\"q\",\"accept_pledge\":true}");
	r = world_ok(w, "auditor", "audit.export", "{}");
	assert_true(str_find(r.bytes, STR("29c4d05db04b7683"), 0) != SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(more_time_brings_an_attempt_back_from_overtime),
		quiz_test(no_limit_any_more_brings_it_back_as_well),
		quiz_test(too_little_more_time_leaves_it_in_overtime),
		quiz_test(a_save_of_the_same_tells_the_times_of_now),
		quiz_test(a_call_with_the_same_key_has_the_same_reply),
		quiz_test(
			to_clear_what_is_empty_saves_nothing_and_tells_the_time),
		quiz_test(what_was_erased_is_not_graded_anew),
		quiz_test(the_record_of_a_start_holds_the_pledge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
