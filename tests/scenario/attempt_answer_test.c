/* Answers: order, repeats, keys, tries; whatever the network does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"
#include "engine/attempt/attempt.h"
#include "tests/support/check.h"

#define ANN "learner:ann"

static void a_stale_tab_is_told_what_there_is(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 1, WRONG_2).e, OK);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 2, RIGHT_2).e, OK);
	r = quiz_answer(w, ANN, id, 2, 2, "{\"text\":\"newt\"}");
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	assert_string_equal(json_text(w, r.state, "seq"), "2");
	assert_string_equal(json_text(w, r.state, "response/text"), "frog");
	assert_null(strstr(r.message.p, "frog"));
	r = quiz_answer(w, ANN, id, 2, 9, "{\"text\":\"newt\"}");
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 3, WRONG_2).e, OK);
}

/* The same save, whatever time it is by now. */
static void same_save(struct world *w, const struct reply *a,
		      const struct reply *b)
{
	assert_int_equal(b->e, OK);
	assert_int_equal(reply_int(w, a, "seq"), reply_int(w, b, "seq"));
	assert_string_equal(reply_text(w, a, "saved_at"),
			    reply_text(w, b, "saved_at"));
}

static void the_same_frame_is_the_same_save(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply a, b;

	quiz_publish(w, "\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	a = quiz_answer(w, ANN, id, 1, 1, RIGHT_1);
	world_pass(w, 5000);
	b = quiz_answer(w, ANN, id, 1, 1, "{ \"choice\" : \"1\" }");
	same_save(w, &a, &b);
	assert_int_equal(reply_int(w, &b, "remaining_ms"), 595000);
	world_restart(w);
	b = quiz_answer(w, ANN, id, 1, 1, RIGHT_1);
	same_save(w, &a, &b);
	assert_int_equal(world_records(w, "attempt.answered"), 1);
	/* Even after its time: it was acknowledged before. */
	clock_manual_step(&w->clock, 20 * 60000);
	b = quiz_answer(w, ANN, id, 1, 1, RIGHT_1);
	same_save(w, &a, &b);
	assert_int_equal(reply_int(w, &b, "remaining_ms"), -605000);
}

static struct reply keyed(struct world *w, const char *id, const char *key,
			  const char *response)
{
	return world_call(w, ANN, "attempt.answer",
			  "{\"attempt\":\"%s\",\"slot\":2,\"response\":%s,"
			  "\"idempotency_key\":\"%s\"}",
			  id, response, key);
}

static void a_key_names_one_answer(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply a, b;

	quiz_publish(w, "\"time_limit_ms\":600000");
	id = quiz_start(w, ANN);
	a = keyed(w, id, "k1", WRONG_2);
	world_pass(w, 1000);
	assert_int_equal(keyed(w, id, "k2", RIGHT_2).e, OK);
	b = keyed(w, id, "k1", WRONG_2);
	assert_true(str_eq(a.json, b.json));
	assert_int_equal(keyed(w, id, "k1", RIGHT_2).e, ERR_CONFLICT);
	world_restart(w);
	b = keyed(w, id, "k1", WRONG_2);
	assert_true(str_eq(a.json, b.json));
	b = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &b, "slots/1/response/text"), "frog");
}

static void a_response_that_does_not_fit_is_refused(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	r = quiz_answer(w, ANN, id, 1, 0, "{\"choice\":\"7\"}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_starts(r.field, "/response"));
	r = quiz_answer(w, ANN, id, 4, 0, RIGHT_1);
	assert_int_equal(r.e, ERR_INVALID);
	assert_string_equal(r.field.p, "/slot");
	assert_int_equal(world_records(w, "attempt.answered"), 0);
}

static void what_was_handed_in_takes_no_answer(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_do(w, ANN, "attempt.submit", id);
	r = quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	assert_int_equal(r.e, ERR_TOO_LATE);
	assert_string_equal(json_text(w, r.state, "state"), "graded");
}

static struct reply act(struct world *w, const char *method, const char *id,
			int slot, const char *response)
{
	if (!response)
		return world_call(w, ANN, method,
				  "{\"attempt\":\"%s\",\"slot\":%d}", id, slot);
	return world_call(w, ANN, method,
			  "{\"attempt\":\"%s\",\"slot\":%d,\"response\":%s}",
			  id, slot, response);
}

static void a_repeated_check_costs_no_try(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"behaviour\":\"adaptive\"," QUIZ_SHOW_ALL);
	id = quiz_start(w, ANN);
	r = act(w, "attempt.check", id, 2, WRONG_2);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "try_used"), "true");
	assert_string_equal(reply_text(w, &r, "slot/correct"), "wrong");
	r = act(w, "attempt.check", id, 2, WRONG_2);
	assert_string_equal(reply_text(w, &r, "try_used"), "false");
	r = act(w, "attempt.check", id, 2, RIGHT_2);
	assert_string_equal(reply_text(w, &r, "slot/mark"), "0.5");
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_grade(w, "ann"), "0.5");
	assert_int_equal(act(w, "attempt.check", id, 2, RIGHT_2).e,
			 ERR_TOO_LATE);
}

static void feedback_is_as_the_review_rules_say(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"behaviour\":\"immediate_feedback\"");
	id = quiz_start(w, ANN);
	r = act(w, "attempt.check", id, 1, RIGHT_1);
	assert_int_equal(r.e, OK);
	assert_false(reply_has(w, &r, "slot/correct"));
	assert_false(reply_has(w, &r, "slot/mark"));
	assert_null(strstr(r.json.p, "SECRET"));
	assert_int_equal(act(w, "attempt.check", id, 1, WRONG_1).e,
			 ERR_CONFLICT);
	assert_int_equal(act(w, "attempt.try_again", id, 1, NULL).e,
			 ERR_PRECONDITION);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_null(strstr(r.json.p, "SECRET"));
}

static void deferred_questions_have_no_check(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	assert_int_equal(act(w, "attempt.check", id, 1, RIGHT_1).e,
			 ERR_PRECONDITION);
}

static void interactive_questions_go_on_after_try_again(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	world_publish(
		w,
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"q\",\"title\":\"t\","
		"\"policy\":{\"behaviour\":\"interactive\"," QUIZ_SHOW_ALL
		"},\"items\":[{\"id\":\"i\",\"type\":\"short\",\"name\":\"n\","
		"\"stem\":\"?\",\"mark\":2,\"penalty\":0.25,"
		"\"hints\":[{\"text\":\"It jumps.\"}],"
		"\"answers\":[{\"text\":\"frog\",\"fraction\":1}]}]}");
	id = quiz_start(w, ANN);
	r = act(w, "attempt.check", id, 1, WRONG_2);
	assert_string_equal(reply_text(w, &r, "slot/state"), "try_again");
	assert_string_equal(reply_text(w, &r, "slot/hint"), "It jumps.");
	assert_int_equal(reply_int(w, &r, "slot/tries_left"), 1);
	assert_int_equal(act(w, "attempt.check", id, 1, RIGHT_2).e,
			 ERR_CONFLICT);
	r = act(w, "attempt.try_again", id, 1, NULL);
	assert_int_equal(r.e, OK);
	world_restart(w);
	r = act(w, "attempt.check", id, 1, RIGHT_2);
	assert_string_equal(reply_text(w, &r, "slot/mark"), "1.5");
	assert_string_equal(reply_text(w, &r, "slot/state"), "finished");
	r = world_call(w, ANN, "attempt.try_again",
		       "{\"attempt\":\"%s\",\"slot\":1,\"seq\":9}", id);
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	r = world_call(w, ANN, "attempt.check",
		       "{\"attempt\":\"%s\",\"slot\":1,\"seq\":9,"
		       "\"response\":" RIGHT_2 "}",
		       id);
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
}

/* ---- a network that repeats and reorders ---- */

enum { FRAMES = 40, SENT = 6000 };

/*
 * A client numbers its changes of one slot. The network sends any of them any
 * number of times in any order; the client goes on with the first that is not
 * acknowledged. Whatever happened on the way, the end is the last change.
 */
static void reordered_frames_end_in_the_same_state(void **state)
{
	struct world *w = *state;
	struct rng_seeded rng;
	const char *id;
	struct reply r;
	int acked = 0;

	rng_property(&rng);
	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (int i = 0; i < SENT || acked < FRAMES; i++) {
		int seq = 1 + (int)rng_below(&rng.rng, FRAMES);
		const char *text;

		if (rng_below(&rng.rng, 4) == 0 && acked < FRAMES)
			seq = acked + 1;
		text = str_fmt(w->cx.arena, "{\"text\":\"v%d\"}", seq).p;
		r = quiz_answer(w, ANN, id, 2, seq, text);
		if (seq == acked + 1) {
			assert_int_equal(r.e, OK);
			acked++;
		} else if (seq == acked) {
			assert_int_equal(r.e, OK);
		} else {
			assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
		}
		if (i == SENT / 2)
			world_restart(w);
		if (i % 200 == 0) { /* replies live as long as the world */
			struct attempts_stats s;

			attempts_stats(w->app->attempts, &s);
			assert_true(s.live <= 1);
		}
	}
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_string_equal(reply_text(w, &r, "slots/1/response/text"), "v40");
	assert_int_equal(reply_int(w, &r, "slots/1/seq"), FRAMES);
	assert_int_equal(world_records(w, "attempt.answered"), FRAMES);
}

static void an_attempt_that_is_cached_costs_no_statement(void **state)
{
	struct world *w = *state;
	const char *id;
	int64_t before;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 0, WRONG_2);
	before = store_calls(w->app->store);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	/* Who the token is (2), one insert; begin and commit may count. */
	assert_in_range(store_calls(w->app->store) - before, 1, 5);
}

/* Many saves leave no trace in memory: it is rebuilt when it has grown. */
static void memory_does_not_grow_with_the_number_of_saves(void **state)
{
	struct world *w = *state;
	const char *id, *text;
	struct reply r;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (int i = 1; i <= 400; i++) {
		text = str_fmt(w->cx.arena, "{\"text\":\"%d%0800d\"}", i, 7).p;
		r = quiz_answer(w, ANN, id, 2, i, text);
		assert_int_equal(r.e, OK);
		assert_int_equal(reply_int(w, &r, "seq"), i);
	}
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_true(str_starts(
		str_of(reply_text(w, &r, "slots/1/response/text")), "400"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_stale_tab_is_told_what_there_is),
		quiz_test(the_same_frame_is_the_same_save),
		quiz_test(a_key_names_one_answer),
		quiz_test(a_response_that_does_not_fit_is_refused),
		quiz_test(what_was_handed_in_takes_no_answer),
		quiz_test(a_repeated_check_costs_no_try),
		quiz_test(feedback_is_as_the_review_rules_say),
		quiz_test(deferred_questions_have_no_check),
		quiz_test(interactive_questions_go_on_after_try_again),
		quiz_test(reordered_frames_end_in_the_same_state),
		quiz_test(an_attempt_that_is_cached_costs_no_statement),
		quiz_test(memory_does_not_grow_with_the_number_of_saves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
