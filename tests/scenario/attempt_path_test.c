/* An attempt from its conditions to its review. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

static void an_attempt_goes_from_start_to_review(void **state)
{
	struct world *w = *state;
	const char *id, *ann = "learner:ann";
	struct reply r;

	world_publish(w, quiz_json(w, "q", "\"attempts\":1," QUIZ_SHOW_ALL));
	r = world_ok(w, ann, "assessment.conditions", QUIZ_REF);
	assert_string_equal(reply_text(w, &r, "now/may_start"), "true");
	assert_int_equal(reply_int(w, &r, "attempts_allowed"), 1);
	r = world_ok(w, ann, "attempt.start", QUIZ_REF);
	id = reply_text(w, &r, "attempt");
	assert_string_equal(reply_text(w, &r, "state"), "active");
	assert_string_equal(reply_text(w, &r, "resumed"), "false");
	assert_int_equal(reply_int(w, &r, "number"), 1);
	assert_int_equal(reply_int(w, &r, "slots"), 3);

	r = world_ok(w, ann, "attempt.get", "{\"attempt\":\"%s\"}", id);
	assert_int_equal(reply_count(w, &r, "slots"), 3);
	assert_null(strstr(r.json.p, "fraction"));
	assert_null(strstr(r.json.p, "SECRET"));

	r = world_ok(w, ann, "attempt.answer",
		     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":1,"
		     "\"response\":{\"choice\":\"1\"}}",
		     id);
	assert_int_equal(reply_int(w, &r, "seq"), 1);
	world_ok(w, ann, "attempt.answer",
		 "{\"attempt\":\"%s\",\"slot\":2,"
		 "\"response\":{\"text\":\"frog\"}}",
		 id);
	r = world_ok(w, ann, "attempt.submit", "{\"attempt\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "state"), "graded");
	assert_true(reply_has(w, &r, "receipt/signature"));
	r = world_ok(w, ann, "attempt.review", "{\"attempt\":\"%s\"}", id);
	r = world_ok(w, ann, "attempt.review", "{\"attempt\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "score/score"), "2");
	assert_string_equal(reply_text(w, &r, "score/max"), "3");
	assert_string_equal(reply_text(w, &r, "slots/0/correct"), "right");
	assert_string_equal(reply_text(w, &r, "slots/2/mark"), "0");
	r = world_call(w, ann, "attempt.start", QUIZ_REF);
	assert_int_equal(r.e, ERR_LIMIT_REACHED);
	assert_int_equal(world_records(w, "attempt.reserved"), 1);
	assert_int_equal(world_records(w, "grade.changed"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(an_attempt_goes_from_start_to_review),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
