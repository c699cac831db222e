/* What must hold of attempts when somebody means ill, or memory is short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "engine/attempt/attempts.h"
#include "tests/scenario/quiz.h"

enum { MANY = 40, FEW = 16 /* least that live_attempts may be */ };

static void one_batch_may_change_more_attempts_than_memory_keeps(void **state)
{
	struct world *w = *state;
	static struct asked *asked[MANY];
	const char *attempt[MANY];
	char who[MANY][24];

	quiz_publish(w, "");
	for (int i = 0; i < MANY; i++) {
		snprintf(who[i], sizeof(who[i]), "learner:l%d", i);
		attempt[i] = quiz_start(w, who[i]);
	}
	w->config.live_attempts = FEW;
	world_restart(w);
	for (int i = 0; i < MANY; i++)
		asked[i] = world_ask(w, who[i], "attempt.answer",
				     "{\"attempt\":\"%s\",\"slot\":1,"
				     "\"response\":" RIGHT_1 "}",
				     attempt[i]);
	world_run(w);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(world_answer(w, asked[i]).e, OK);
	for (int i = 0; i < MANY; i++) {
		struct reply r =
			quiz_do(w, who[i], "attempt.submit", attempt[i]);

		assert_int_equal(r.e, OK);
		assert_string_equal(quiz_grade(w, who[i] + 8), "1");
	}
}

static void an_override_reaches_more_attempts_than_memory_keeps(void **state)
{
	struct world *w = *state;
	const char *attempt[MANY];
	char who[24];

	quiz_publish(w, "\"time_limit_ms\":600000");
	w->config.live_attempts = FEW;
	world_restart(w);
	for (int i = 0; i < MANY; i++) {
		snprintf(who, sizeof(who), "learner:l%d", i);
		attempt[i] = quiz_start(w, who);
	}
	world_ok(w, "platform", "group.set",
		 "{\"course\":\"c\",\"group\":\"g\",\"learners\":[\"l0\"]}");
	world_ok(w, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"group\":\"g\","
		 "\"rules\":{\"time_limit_ms\":1200000}}");
	world_pass(w, 900000);
	assert_string_equal(quiz_state(w, attempt[0]), "active");
	for (int i = 1; i < MANY; i++)
		assert_string_not_equal(quiz_state(w, attempt[i]), "active");
}

static void a_retired_version_cannot_be_started_by_its_id(void **state)
{
	struct world *w = *state;
	const char *old = quiz_publish(w, "");
	struct reply r;

	world_ok(w, "author", "assessment.retire", "{\"assessment\":\"%s\"}",
		 old);
	r = world_call(w, "learner:ann", "attempt.start",
		       "{\"assessment\":\"%s\"}", old);
	assert_int_not_equal(r.e, OK);
	r = world_call(w, "learner:ann", "attempt.reserve",
		       "{\"assessment\":\"%s\"}", old);
	assert_int_not_equal(r.e, OK);
}

static void an_older_version_cannot_be_started_by_its_id(void **state)
{
	struct world *w = *state;
	const char *old = quiz_publish(w, "");
	struct reply r;

	quiz_publish(w, "\"password\":\"opensesame\"");
	r = world_call(w, "learner:ann", "attempt.start",
		       "{\"assessment\":\"%s\"}", old);
	assert_int_not_equal(r.e, OK);
}

static void who_may_review_nothing_gets_no_questions_either(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *id;

	quiz_publish(w, "\"review\":{\"immediately\":[],\"later\":[],"
			"\"closed\":[]}");
	id = quiz_start(w, "learner:ann");
	quiz_answer(w, "learner:ann", id, 1, 0, RIGHT_1);
	r = quiz_do(w, "learner:ann", "attempt.get", id);
	assert_int_equal(reply_count(w, &r, "slots"), 3);
	quiz_do(w, "learner:ann", "attempt.submit", id);
	r = quiz_do(w, "learner:ann", "attempt.review", id);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	r = quiz_do(w, "learner:ann", "attempt.get", id);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "view/state"), "graded");
	assert_int_equal(reply_count(w, &r, "slots"), 0);
	r = quiz_do(w, "moderator", "attempt.get", id);
	assert_int_equal(reply_count(w, &r, "slots"), 3);
}

static void while_it_is_interrupted_no_question_is_read(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *id;

	quiz_publish(w, "\"time_limit_ms\":600000,"
			"\"suspend\":\"clock_stops\"");
	id = quiz_start(w, "learner:ann");
	assert_int_equal(quiz_order(w, "attempt.suspend", id).e, OK);
	r = quiz_do(w, "learner:ann", "attempt.get", id);
	assert_int_equal(reply_count(w, &r, "slots"), 0);
	assert_int_equal(quiz_order(w, "attempt.resume", id).e, OK);
	r = quiz_do(w, "learner:ann", "attempt.get", id);
	assert_int_equal(reply_count(w, &r, "slots"), 3);
}

static void an_attempt_takes_only_so_much(void **state)
{
	struct world *w = *state;
	const char *text;
	struct live *l;
	struct reply r;
	struct id id;

	quiz_publish(w, "");
	text = quiz_start(w, "learner:ann");
	assert_true(id_parse(str_of(text), &id));
	assert_int_equal(quiz_answer(w, "learner:ann", text, 1, 0, WRONG_1).e,
			 OK);
	l = attempts_find(w->app->attempts, &id);
	assert_true(l->said_bytes > 0);
	/* As after many saves, and not to be read again to see whether so. */
	l->said_bytes = LIMIT_ATTEMPT_BYTES;
	w->app->attempts->shared = false;
	r = quiz_answer(w, "learner:ann", text, 1, 0, RIGHT_1);
	assert_int_equal(r.e, ERR_TOO_LARGE);
	r = quiz_do(w, "learner:ann", "attempt.submit", text);
	assert_int_equal(r.e, OK);
	assert_string_equal(quiz_grade(w, "ann"), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(one_batch_may_change_more_attempts_than_memory_keeps),
		quiz_test(an_override_reaches_more_attempts_than_memory_keeps),
		quiz_test(a_retired_version_cannot_be_started_by_its_id),
		quiz_test(an_older_version_cannot_be_started_by_its_id),
		quiz_test(who_may_review_nothing_gets_no_questions_either),
		quiz_test(while_it_is_interrupted_no_question_is_read),
		quiz_test(an_attempt_takes_only_so_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
