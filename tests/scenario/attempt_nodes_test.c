/*
 * Two servers on one database. On SQLite there is only one, and these tests
 * are passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"

struct two {
	struct world *a, *b;
};

static int open_two(void **state)
{
	struct two *t = calloc(1, sizeof(*t));

	t->a = world_open();
	t->b = world_join(t->a, 2);
	*state = t;
	return 0;
}

static int close_two(void **state)
{
	struct two *t = *state;

	if (t->b)
		world_close(t->b);
	world_close(t->a);
	free(t);
	return 0;
}

#define NEEDS_TWO(t)                                                           \
	do {                                                                   \
		if (!(t)->b)                                                   \
			skip();                                                \
	} while (0)

static void answers_may_come_to_either_server(void **state)
{
	struct two *t = *state;
	const char *id;
	struct reply r;

	NEEDS_TWO(t);
	quiz_publish(t->a, "");
	id = quiz_start(t->a, ANN);
	for (int seq = 1; seq <= 20; seq++) {
		struct world *w = seq % 3 ? t->a : t->b;
		const char *text =
			str_fmt(w->cx.arena, "{\"text\":\"v%d\"}", seq).p;

		r = quiz_answer(w, ANN, id, 2, seq, text);
		assert_int_equal(r.e, OK);
		assert_int_equal(reply_int(w, &r, "seq"), seq);
	}
	/* The other one has an old picture, in which this would be right. */
	r = quiz_answer(t->a, ANN, id, 1, 1, RIGHT_1);
	assert_int_equal(r.e, OK);
	r = quiz_answer(t->b, ANN, id, 1, 1, WRONG_1);
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	r = quiz_do(t->b, ANN, "attempt.submit", id);
	assert_int_equal(r.e, OK);
	assert_int_equal(quiz_answer(t->a, ANN, id, 1, 2, WRONG_1).e,
			 ERR_TOO_LATE);
	assert_int_equal(quiz_do(t->a, ANN, "attempt.submit", id).e,
			 ERR_CONFLICT);
	assert_string_equal(quiz_grade(t->a, "ann"), "1");
}

static void two_starts_at_two_servers_make_one_attempt(void **state)
{
	struct two *t = *state;
	const char *one, *two;

	NEEDS_TWO(t);
	quiz_publish(t->a, "\"attempts\":1");
	one = quiz_start(t->a, ANN);
	two = quiz_start(t->b, ANN);
	assert_string_equal(one, two);
}

static void an_extension_by_the_other_server_is_known(void **state)
{
	struct two *t = *state;
	const char *id;
	struct reply r;

	NEEDS_TWO(t);
	quiz_publish(t->a, "\"time_limit_ms\":60000,\"network_grace_ms\":0");
	id = quiz_start(t->a, ANN);
	quiz_answer(t->a, ANN, id, 1, 1, WRONG_1);
	world_ok(t->b, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"time_limit_ms\":600000}}");
	world_pass(t->a, 120000);
	r = quiz_answer(t->a, ANN, id, 1, 2, RIGHT_1);
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_int(t->a, &r, "remaining_ms"), 480000);
}

static void a_dead_server_leaves_its_attempts_to_others(void **state)
{
	struct two *t = *state;
	const char *id;

	NEEDS_TWO(t);
	quiz_publish(t->a, "\"time_limit_ms\":60000,\"network_grace_ms\":0");
	id = quiz_start(t->a, ANN);
	quiz_answer(t->a, ANN, id, 1, 1, RIGHT_1);
	world_pass(t->b, 61000);
	assert_string_equal(quiz_state(t->b, id), "active");
	world_pass(t->b, 5000);
	assert_string_equal(quiz_state(t->b, id), "graded");
	/* The first wakes up later and finds it done. */
	world_pass(t->a, 90000);
	world_pass(t->a, 5000);
	assert_string_equal(quiz_state(t->a, id), "graded");
	assert_int_equal(world_records(t->a, "attempt.expired") +
				 world_records(t->b, "attempt.expired"),
			 1);
	assert_string_equal(quiz_grade(t->a, "ann"), "1");
}

#define two_test(f) cmocka_unit_test_setup_teardown(f, open_two, close_two)

/* Both servers resolve him anew: none of them gives the old person back. */
static void who_is_erased_on_one_server_is_erased_on_the_other(void **state)
{
	struct two *t = *state;
	const char *old, *attempt;
	struct reply r;

	NEEDS_TWO(t);
	quiz_publish(t->a, "\"attempts\":0");
	r = world_ok(t->b, ANN, "attempt.start", QUIZ_REF);
	attempt = reply_text(t->b, &r, "attempt");
	old = reply_text(t->b, &r, "learner");
	world_ok(t->a, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"r\"}");
	r = world_call(t->b, ANN, "attempt.answer",
		       "{\"attempt\":\"%s\",\"slot\":1,\"response\":" RIGHT_1
		       "}",
		       attempt);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(t->b, "platform", "attempt.answer",
		       "{\"attempt\":\"%s\",\"slot\":1,\"response\":" RIGHT_1
		       "}",
		       attempt);
	assert_true(r.e == ERR_TOO_LATE || r.e == ERR_CONFLICT);
	r = world_ok(t->b, ANN, "attempt.start", QUIZ_REF);
	assert_string_not_equal(reply_text(t->b, &r, "learner"), old);
	r = world_ok(t->b, "platform", "learner.get", "{\"id\":\"%s\"}", old);
	assert_true(reply_has(t->b, &r, "erased_at"));
	assert_false(reply_has(t->b, &r, "subject"));
}

static const char *text_at(struct world *w, const char *id)
{
	struct reply r = quiz_do(w, "moderator", "attempt.get", id);

	assert_int_equal(r.e, OK);
	return reply_text(w, &r, "slots/1/response/text");
}

/* Though each keeps what it has read. */
static void each_server_reads_what_the_other_has_acknowledged(void **state)
{
	struct two *t = *state;
	const char *id;
	struct reply r;

	NEEDS_TWO(t);
	quiz_publish(t->a, "");
	id = quiz_start(t->a, ANN);
	for (int seq = 1; seq <= 12; seq++) {
		const char *text = str_fmt(t->a->cx.arena, "v%d", seq).p;
		const char *json =
			str_fmt(t->a->cx.arena, "{\"text\":\"%s\"}", text).p;

		r = quiz_answer(seq % 3 ? t->a : t->b, ANN, id, 2, seq, json);
		assert_int_equal(r.e, OK);
		assert_string_equal(text_at(t->a, id), text);
		assert_string_equal(text_at(t->b, id), text);
	}
	quiz_do(t->a, ANN, "attempt.submit", id);
	assert_string_equal(quiz_state(t->b, id), "graded");
	world_ok(t->b, "moderator", "attempt.reopen",
		 "{\"attempt\":\"%s\",\"reason\":\"x\"}", id);
	assert_string_equal(quiz_state(t->a, id), "active");
	assert_string_equal(text_at(t->a, id), "v12");
	quiz_do(t->a, ANN, "attempt.submit", id);
	assert_string_equal(text_at(t->a, id), "v12");
	assert_string_equal(text_at(t->b, id), "v12");
	/* Its stream does not tell that. */
	clock_manual_step(&t->a->clock, 10000);
	clock_manual_step(&t->b->clock, 10000);
	world_ok(t->a, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked for\"}");
	assert_null(text_at(t->a, id));
	assert_null(text_at(t->b, id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		two_test(answers_may_come_to_either_server),
		two_test(each_server_reads_what_the_other_has_acknowledged),
		two_test(two_starts_at_two_servers_make_one_attempt),
		two_test(an_extension_by_the_other_server_is_known),
		two_test(a_dead_server_leaves_its_attempts_to_others),
		two_test(who_is_erased_on_one_server_is_erased_on_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
