/* Who may start, when, how often, and under which conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
#define BOB "learner:bob"

static void a_second_start_gives_the_open_attempt(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "\"attempts\":1");
	id = quiz_start(w, ANN);
	r = world_ok(w, ANN, "attempt.start", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "attempt"), id);
	assert_string_equal(reply_text(w, &r, "resumed"), "true");
	assert_int_equal(world_records(w, "attempt.started"), 1);
}

static void the_limit_of_attempts_holds(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"attempts\":2");
	for (int i = 0; i < 2; i++) {
		r = quiz_do(w, ANN, "attempt.submit", quiz_start(w, ANN));
		assert_int_equal(r.e, OK);
		assert_int_equal(reply_int(w, &r, "number"), i + 1);
	}
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_LIMIT_REACHED);
	assert_string_equal(json_text(w, r.state, "reason"), "no_attempts");
	assert_int_equal(world_call(w, BOB, "attempt.start", QUIZ_REF).e, OK);
}

enum { MANY = 10000, AT_ONCE = 500 };

static void many_starts_at_once_make_one_attempt(void **state)
{
	struct world *w = *state;
	static struct asked *asked[AT_ONCE];
	const char *id = NULL;

	quiz_publish(w, "\"attempts\":1");
	for (int done = 0; done < MANY; done += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++)
			asked[i] = world_ask(w, ANN, "attempt.start",
					     "{\"course\":\"c\",\"slug\":\"q\","
					     "\"idempotency_key\":\"k%d\"}",
					     done + i);
		world_run(w);
		for (int i = 0; i < AT_ONCE; i++) {
			struct reply r = world_answer(w, asked[i]);

			assert_int_equal(r.e, OK);
			if (!id)
				id = reply_text(w, &r, "attempt");
			if (i % 50 == 0)
				assert_string_equal(
					reply_text(w, &r, "attempt"), id);
		}
	}
	assert_int_equal(world_records(w, "attempt.reserved"), 1);
	assert_int_equal(world_records(w, "attempt.started"), 1);
}

static void one_key_gives_one_reply(void **state)
{
	struct world *w = *state;
	const char *params = "{\"course\":\"c\",\"slug\":\"q\","
			     "\"idempotency_key\":\"k\"}";
	struct reply a, b;

	quiz_publish(w, "");
	a = world_ok(w, ANN, "attempt.start", "%s", params);
	b = world_ok(w, ANN, "attempt.start", "%s", params);
	assert_true(str_eq(a.json, b.json));
	b = world_call(w, ANN, "attempt.start",
		       "{\"course\":\"c\",\"slug\":\"q\",\"password\":\"x\","
		       "\"idempotency_key\":\"k\"}");
	assert_int_equal(b.e, ERR_CONFLICT);
}

static void it_opens_and_closes_inclusively(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, str_fmt(w->cx.arena,
				"\"opens_at\":\"%s\",\"closes_at\":\"%s\"",
				world_time(w, 1000), world_time(w, 2000))
				.p);
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	assert_string_equal(json_text(w, r.state, "again_at"),
			    world_time(w, 1000));
	world_pass(w, 1000);
	assert_int_equal(world_call(w, ANN, "attempt.start", QUIZ_REF).e, OK);
	world_pass(w, 1000);
	assert_int_equal(world_call(w, BOB, "attempt.start", QUIZ_REF).e, OK);
	world_pass(w, 1);
	r = world_call(w, "learner:carl", "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_LATE);
	r = world_call(w, "learner:carl", "attempt.reserve", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_LATE);
}

static void the_delay_between_attempts_holds(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"delay_first_ms\":60000,\"delay_later_ms\":120000");
	quiz_do(w, ANN, "attempt.submit", quiz_start(w, ANN));
	world_pass(w, 59999);
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	assert_string_equal(json_text(w, r.state, "reason"), "wait");
	world_pass(w, 1);
	quiz_do(w, ANN, "attempt.submit", quiz_start(w, ANN));
	world_pass(w, 60000);
	assert_int_equal(world_call(w, ANN, "attempt.start", QUIZ_REF).e,
			 ERR_TOO_EARLY);
	world_pass(w, 60000);
	quiz_start(w, ANN);
}

static void pledge_and_password_are_asked_for(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"pledge\":\"I work alone.\",\"password\":\"owl\"");
	r = world_ok(w, ANN, "assessment.conditions", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "pledge"), "I work alone.");
	assert_string_equal(reply_text(w, &r, "now/needs_password"), "true");
	assert_null(strstr(r.json.p, "owl"));
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_DENIED);
	assert_string_equal(r.field.p, "/password");
	r = world_call(w, ANN, "attempt.start",
		       "{\"course\":\"c\",\"slug\":\"q\","
		       "\"password\":\"owl\"}");
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_string_equal(r.field.p, "/accept_pledge");
	world_ok(w, ANN, "attempt.start",
		 "{\"course\":\"c\",\"slug\":\"q\",\"password\":\"owl\","
		 "\"accept_pledge\":true}");
}

static void conditions_say_every_rule_before_the_start(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"attempts\":3,\"delay_first_ms\":60000,"
			"\"delay_later_ms\":120000,\"shuffle_items\":true,"
			"\"abandoned\":\"zero\",\"floor\":\"item\","
			"\"late\":[{\"until\":\"2099-01-01T00:00:00Z\","
			"\"credit\":80}],\"late_after\":25,\"group\":\"g\","
			"\"group_best\":2,"
			"\"prerequisites\":[{\"assessment\":\"before\","
			"\"min_scaled\":0.5}]");
	r = world_ok(w, ANN, "assessment.conditions", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "questions"), 3);
	assert_int_equal(reply_int(w, &r, "drawn"), 0);
	assert_int_equal(reply_int(w, &r, "delay_first_ms"), 60000);
	assert_int_equal(reply_int(w, &r, "delay_later_ms"), 120000);
	assert_string_equal(reply_text(w, &r, "shuffle_items"), "true");
	assert_string_equal(reply_text(w, &r, "shuffle_choices"), "false");
	assert_string_equal(reply_text(w, &r, "abandoned"), "zero");
	assert_string_equal(reply_text(w, &r, "floor"), "item");
	assert_string_equal(reply_text(w, &r, "late/0/credit"), "80");
	assert_string_equal(reply_text(w, &r, "late_after"), "25");
	assert_int_equal(reply_int(w, &r, "group_best"), 2);
	assert_string_equal(reply_text(w, &r, "prerequisites/0/assessment"),
			    "before");
	assert_string_equal(reply_text(w, &r, "prerequisites/0/min_scaled"),
			    "0.5");
}

static void a_prerequisite_must_be_passed(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	world_publish(w, quiz_json(w, "before", "\"pass_mark\":0.6"));
	quiz_publish(w, "\"prerequisites\":[{\"assessment\":\"before\"}]");
	r = world_call(w, ANN, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_string_equal(json_text(w, r.state, "missing"), "before");
	r = world_ok(w, ANN, "attempt.start",
		     "{\"course\":\"c\",\"slug\":\"before\"}");
	id = reply_text(w, &r, "attempt");
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", id);
	quiz_start(w, ANN);
}

/* It says the same whether he has passed or not. */
static void a_held_result_fulfils_no_prerequisite(void **state)
{
	static const char *const first[] = { RIGHT_1, WRONG_1 };
	static const char *const who[] = { "learner:ann", "learner:ben" };
	struct world *w = *state;
	struct str told[2];
	const char *id[2];
	struct reply r;

	world_publish(w, quiz_json(w, "before",
				   "\"pass_mark\":0.3,\"release\":\"held\""));
	quiz_publish(w, "\"prerequisites\":[{\"assessment\":\"before\"}]");
	for (int i = 0; i < 2; i++) {
		r = world_ok(w, who[i], "attempt.start",
			     "{\"course\":\"c\",\"slug\":\"before\"}");
		id[i] = reply_text(w, &r, "attempt");
		quiz_answer(w, who[i], id[i], 1, 0, first[i]);
		quiz_do(w, who[i], "attempt.submit", id[i]);
		r = world_ok(w, who[i], "assessment.conditions", QUIZ_REF);
		assert_string_equal(reply_text(w, &r, "now/reason"),
				    "unreleased");
		assert_string_equal(reply_text(w, &r, "now/missing"), "before");
		told[i] = r.json;
		r = world_call(w, who[i], "attempt.start", QUIZ_REF);
		assert_int_equal(r.e, ERR_PRECONDITION);
	}
	assert_true(str_eq(told[0], told[1]));
	for (int i = 0; i < 2; i++)
		assert_int_equal(quiz_order(w, "attempt.release", id[i]).e, OK);
	quiz_start(w, who[0]);
	r = world_ok(w, who[1], "assessment.conditions", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "now/reason"), "prerequisite");
}

static void a_reserved_attempt_starts_later(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, str_fmt(w->cx.arena,
				"\"opens_at\":\"%s\",\"time_limit_ms\":60000",
				world_time(w, 1000))
				.p);
	r = world_ok(w, ANN, "attempt.reserve", QUIZ_REF);
	id = reply_text(w, &r, "attempt");
	assert_string_equal(reply_text(w, &r, "state"), "ready");
	r = world_ok(w, ANN, "attempt.reserve", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "attempt"), id);
	r = world_ok(w, ANN, "attempt.get", "{\"attempt\":\"%s\"}", id);
	assert_int_equal(reply_count(w, &r, "slots"), 0);
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e,
			 ERR_PRECONDITION);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, ERR_CONFLICT);
	assert_int_equal(quiz_do(w, ANN, "attempt.start", id).e, ERR_TOO_EARLY);
	world_pass(w, 1000);
	r = quiz_do(w, ANN, "attempt.start", id);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "attempt"), id);
	assert_int_equal(reply_time(w, &r, "due_at"), world_now(w) + 60000);
	r = world_call(w, ANN, "attempt.reserve", QUIZ_REF);
	assert_int_equal(r.e, ERR_CONFLICT);
}

static void previews_and_practice_never_reach_the_gradebook(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "\"attempts\":1");
	r = world_call(w, ANN, "attempt.start",
		       "{\"course\":\"c\",\"slug\":\"q\",\"preview\":true}");
	assert_int_equal(r.e, ERR_DENIED);
	for (int i = 0; i < 2; i++) {
		r = world_ok(w, "author", "attempt.start",
			     "{\"course\":\"c\",\"slug\":\"q\","
			     "\"learner\":\"ann\",\"preview\":true}");
		assert_string_equal(reply_text(w, &r, "preview"), "true");
		quiz_do(w, "author", "attempt.submit",
			reply_text(w, &r, "attempt"));
	}
	assert_int_equal(world_records(w, "grade.changed"), 0);
	quiz_start(w, ANN); /* the previews have used up nothing */

	world_publish(w, quiz_json(w, "p", "\"kind\":\"practice\""));
	r = world_ok(w, ANN, "attempt.start",
		     "{\"course\":\"c\",\"slug\":\"p\"}");
	assert_string_equal(reply_text(w, &r, "practice"), "true");
	r = quiz_do(w, ANN, "attempt.submit", reply_text(w, &r, "attempt"));
	assert_string_equal(reply_text(w, &r, "state"), "graded");
	assert_int_equal(world_records(w, "grade.changed"), 0);
}

/* Who is not named here may not even know that there is an attempt. */
static void others_attempts_are_not_found(void **state)
{
	static const char *const methods[] = {
		"attempt.get",	   "attempt.submit", "attempt.review",
		"attempt.explain", "attempt.start",
	};
	static const char *const strangers[] = { BOB, "foreign", "stranger:ann",
						 "bound:d" };
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		for (size_t j = 0; j < 4; j++) {
			if (i == 3 && j == 1)
				continue;
			assert_int_equal(
				quiz_do(w, strangers[j], methods[i], id).e,
				ERR_NOT_FOUND);
		}
	for (size_t j = 0; j < 4; j++)
		assert_int_equal(
			quiz_answer(w, strangers[j], id, 1, 0, RIGHT_1).e,
			ERR_NOT_FOUND);
	assert_int_equal(world_call(w, "foreign", "attempt.start",
				    "{\"course\":\"c\",\"slug\":\"q\","
				    "\"learner\":\"x\"}")
				 .e,
			 ERR_NOT_FOUND);
	assert_int_equal(quiz_answer(w, ANN, id, 1, 0, RIGHT_1).e, OK);
}

static void a_platform_acts_for_a_learner_it_names(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	r = world_call(w, "platform", "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_INVALID);
	r = world_ok(w, "platform", "attempt.start",
		     "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	assert_string_equal(quiz_start(w, ANN), reply_text(w, &r, "attempt"));
	r = world_call(w, BOB, "attempt.start",
		       "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	assert_int_equal(r.e, ERR_DENIED);
	r = world_call(w, "auditor", "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_second_start_gives_the_open_attempt),
		quiz_test(the_limit_of_attempts_holds),
		quiz_test(many_starts_at_once_make_one_attempt),
		quiz_test(one_key_gives_one_reply),
		quiz_test(it_opens_and_closes_inclusively),
		quiz_test(the_delay_between_attempts_holds),
		quiz_test(pledge_and_password_are_asked_for),
		quiz_test(conditions_say_every_rule_before_the_start),
		quiz_test(a_prerequisite_must_be_passed),
		quiz_test(a_held_result_fulfils_no_prerequisite),
		quiz_test(a_reserved_attempt_starts_later),
		quiz_test(previews_and_practice_never_reach_the_gradebook),
		quiz_test(others_attempts_are_not_found),
		quiz_test(a_platform_acts_for_a_learner_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
