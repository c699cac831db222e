/* The store fails at every place, and nothing is lost or done twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
enum { PLACES_MOST = 200 };

/*
 * Repeats a call while everything from its n-th statement on fails, n rising,
 * until it goes through. An error must be one that the caller may retry.
 */
static struct reply through(struct world *w, const char *who,
			    const char *method, const char *params)
{
	struct reply r = { .e = ERR_UNAVAILABLE };
	int n = 1;

	for (; r.e && n < PLACES_MOST; n++) {
		world_fail_from(w, n, ERR_UNAVAILABLE);
		r = world_call(w, who, method, "%s", params);
		if (r.e)
			assert_true(r.retry);
		world_fail(w, 0, OK);
	}
	assert_int_equal(r.e, OK);
	return r;
}

static const char *of(struct world *w, const char *id, const char *more)
{
	return str_fmt(w->cx.arena, "{\"attempt\":\"%s\"%s}", id, more).p;
}

static void a_failing_store_makes_no_second_attempt(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *id;

	quiz_publish(w, "\"attempts\":1,\"time_limit_ms\":600000");
	r = through(w, ANN, "attempt.start", QUIZ_REF);
	id = reply_text(w, &r, "attempt");
	assert_int_equal(world_records(w, "attempt.reserved"), 1);
	through(w, ANN, "attempt.answer",
		of(w, id, ",\"slot\":1,\"seq\":1,\"response\":" RIGHT_1));
	through(w, ANN, "attempt.answer",
		of(w, id, ",\"slot\":1,\"seq\":2,\"response\":" WRONG_1));
	through(w, ANN, "attempt.answer",
		of(w, id, ",\"slot\":2,\"seq\":1,\"response\":" RIGHT_2));
	assert_int_equal(world_records(w, "attempt.answered"), 3);
	r = through(w, ANN, "attempt.submit", of(w, id, ""));
	assert_string_equal(reply_text(w, &r, "state"), "graded");
	assert_int_equal(world_records(w, "attempt.submitted"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "1");
	world_restart(w);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

static void staff_orders_happen_once(void **state)
{
	static const char *const orders[] = { "suspend", "resume" };
	struct world *w = *state;
	const char *id, *why = ",\"reason\":\"x\"";
	struct reply r;

	quiz_publish(w, "\"suspend\":\"clock_stops\","
			"\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	for (int i = 0; i < 2; i++)
		through(w, "moderator",
			str_fmt(w->cx.arena, "attempt.%s", orders[i]).p,
			of(w, id, why));
	assert_int_equal(world_records(w, "attempt.suspended"), 1);
	assert_int_equal(world_records(w, "attempt.resumed"), 1);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	through(w, ANN, "attempt.submit", of(w, id, ""));
	through(w, "moderator", "attempt.mark",
		of(w, id, ",\"slot\":2,\"mark\":1"));
	assert_int_equal(world_records(w, "attempt.marked"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "2");
	through(w, "moderator", "attempt.reopen", of(w, id, why));
	assert_int_equal(world_records(w, "attempt.reopened"), 1);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &r, "view/state"), "active");
	through(w, "moderator", "attempt.void", of(w, id, why));
	assert_int_equal(world_records(w, "attempt.voided"), 1);
}

/* The clock tries again by itself. */
static void a_failing_sweep_comes_back(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":60000,\"network_grace_ms\":0");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	for (int n = 1; n < 25; n++) {
		world_fail(w, n, ERR_UNAVAILABLE);
		world_pass(w, n == 1 ? 60001 : 5000);
	}
	world_fail(w, 0, OK);
	world_pass(w, 5000);
	assert_string_equal(quiz_state(w, id), "graded");
	assert_int_equal(world_records(w, "attempt.expired"), 1);
	assert_int_equal(world_records(w, "grade.changed"), 1);
}

/* Told as failed, but it happened: the retry finds it. */
static void a_commit_whose_answer_was_lost_is_not_done_twice(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"attempts\":1,\"time_limit_ms\":600000");
	world_lose_commit(w);
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	if (r.e)
		r = world_ok(w, ANN, "attempt.start", QUIZ_REF);
	id = reply_text(w, &r, "attempt");
	assert_int_equal(world_records(w, "attempt.started"), 1);
	world_lose_commit(w);
	r = quiz_answer(w, ANN, id, 1, 1, RIGHT_1);
	if (r.e)
		r = quiz_answer(w, ANN, id, 1, 1, RIGHT_1);
	assert_int_equal(r.e, OK);
	assert_int_equal(world_records(w, "attempt.answered"), 1);
	world_lose_commit(w);
	r = quiz_do(w, ANN, "attempt.submit", id);
	if (r.e && r.e != ERR_CONFLICT)
		r = quiz_do(w, ANN, "attempt.submit", id);
	assert_int_equal(world_records(w, "attempt.submitted"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

/* Works of one batch, of which one fails: the others stand. */
static void a_failed_work_takes_no_other_with_it(void **state)
{
	struct world *w = *state;
	struct asked *asked[3];
	const char *id;
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	asked[0] = world_ask(w, ANN, "attempt.answer",
			     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":1,"
			     "\"response\":" RIGHT_1 "}",
			     id);
	asked[1] = world_ask(w, ANN, "attempt.answer",
			     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":1,"
			     "\"response\":" WRONG_1 "}",
			     id);
	asked[2] = world_ask(w, ANN, "attempt.answer",
			     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":2,"
			     "\"response\":" WRONG_1 "}",
			     id);
	world_run(w);
	assert_int_equal(world_answer(w, asked[0]).e, OK);
	assert_int_equal(world_answer(w, asked[1]).e, ERR_OUT_OF_SEQUENCE);
	assert_int_equal(world_answer(w, asked[2]).e, OK);
	world_restart(w);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &r, "slots/0/response/choice"), "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_failing_store_makes_no_second_attempt),
		quiz_test(staff_orders_happen_once),
		quiz_test(a_failing_sweep_comes_back),
		quiz_test(a_commit_whose_answer_was_lost_is_not_done_twice),
		quiz_test(a_failed_work_takes_no_other_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
