/*
 * What people are told of a job that no worker can take, and how staff find
 * and mend all that failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/code.h"
#include "tests/scenario/lab.h"

#define ANN "learner:ann"
#define BEN "learner:ben"
#define ITEM CODE_ITEM("Double it.", "")
#define CODE_OTHER                                                             \
	"{\"id\":\"again\",\"type\":\"code\",\"name\":\"Again\","              \
	"\"stem\":\"Double it.\",\"mark\":4,\"code\":{"                        \
	"\"languages\":[\"c\"]," CODE_TESTS_OF "}}"
#define Q "\"course\":\"c\",\"slug\":\"q\""
#define COURSE "\"course\":\"c\""
#define ALL_KINDS "\"grade.code\",\"code.selftest\",\"lab.check\""
#define HAS_JAVA                                                               \
	"{\"kinds\":[" ALL_KINDS "],\"level\":\"full\","                       \
	"\"box_level\":\"sampled\",\"languages\":[\"java\"]}"
#define IS_WEAK                                                                \
	"{\"kinds\":[],\"refuses\":[" ALL_KINDS "],\"level\":\"weak\","        \
	"\"box_level\":\"sampled\",\"languages\":[\"c\"]}"

/* A worker asks, and says this of itself; how many jobs it got. */
static size_t asks(struct world *w, const char *kinds, const char *about)
{
	struct reply r = world_ok(w, "worker", "job.lease",
				  "{\"kinds\":[%s],\"worker\":\"w1\","
				  "\"limit\":1,\"lease_ms\":60000,"
				  "\"about\":%s}",
				  kinds, about);

	return reply_count(w, &r, "jobs");
}

static void holds(struct world *w, const struct reply *r, const char *path,
		  const char *part)
{
	const char *text = reply_text(w, r, path);

	if (!strstr(text, part))
		fail_msg("%s is not in: %s", part, text);
}

#define NO_JAVA "wanted is a worker for grade.code with c; worker w1 has java"

static void a_submission_that_nobody_can_judge_says_so(void **state)
{
	struct world *w = *state;
	const char *id, *job, *one;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	world_pass(w, 61000);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	assert_int_equal(asks(w, ALL_KINDS, HAS_JAVA), 0);

	/* The learner: a plain state, and no promise. */
	assert_string_equal(code_slot(w, ANN, id, "code/queue/standing"),
			    "no_worker");
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_false(reply_has(w, &r, "slots/0/code/queue/estimate_ms"));
	r = world_ok(w, ANN, "submission.list", "{\"attempt\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "submissions/0/standing"),
			    "no_worker");
	assert_false(reply_has(w, &r, "submissions/0/reason"));
	one = reply_text(w, &r, "submissions/0/submission");
	r = world_ok(w, ANN, "submission.get", "{\"submission\":\"%s\"}", one);
	assert_string_equal(reply_text(w, &r, "head/standing"), "no_worker");
	assert_string_equal(reply_text(w, &r, "queue/standing"), "no_worker");
	assert_true(str_find(r.json, STR("w1"), 0) == SIZE_MAX);

	/* Staff: the reason. */
	r = world_ok(w, "moderator", "submission.get",
		     "{\"submission\":\"%s\"}", one);
	assert_string_equal(reply_text(w, &r, "head/reason"), NO_JAVA);
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"judging\"," Q "}");
	assert_string_equal(reply_text(w, &r, "submissions/0/reason"), NO_JAVA);
	r = world_ok(w, "platform", "job.list", "{\"kind\":\"grade.code\"}");
	assert_string_equal(reply_text(w, &r, "jobs/0/reason"), NO_JAVA);
	assert_string_equal(reply_text(w, &r, "jobs/0/standing"), "no_worker");
	job = reply_text(w, &r, "jobs/0/id");
	r = world_ok(w, "platform", "job.get", "{\"job\":\"%s\"}", job);
	assert_string_equal(reply_text(w, &r, "reason"), NO_JAVA);
	assert_string_equal(reply_text(w, &r, "position/standing"),
			    "no_worker");

	/* It has lost no try; one that can, takes it. */
	assert_int_equal(reply_int(w, &r, "tries"), 0);
	r = world_ok(w, "worker", "job.wait",
		     "{\"kinds\":[\"grade.code\"],\"wait_ms\":0,"
		     "\"languages\":[\"java\"]}");
	assert_string_equal(reply_text(w, &r, "due"), "false");
	r = world_ok(w, "worker", "job.wait",
		     "{\"kinds\":[\"grade.code\"],\"wait_ms\":0,"
		     "\"languages\":[\"java\",\"c\"]}");
	assert_string_equal(reply_text(w, &r, "due"), "true");
	assert_true(code_judge_next(w, IS_RIGHT));
	r = world_ok(w, "moderator", "submission.get",
		     "{\"submission\":\"%s\"}", one);
	assert_false(reply_has(w, &r, "head/standing"));
	assert_false(reply_has(w, &r, "head/reason"));
}

static int64_t statements(struct world *w, const char *attempt)
{
	int64_t before = store_calls(w->app->store);

	assert_int_equal(quiz_do(w, ANN, "attempt.get", attempt).e, OK);
	return store_calls(w->app->store) - before;
}

/* Its row, its job, and three of the queue: the workers are known by then. */
static void a_second_question_that_waits_reads_no_workers(void **state)
{
	enum { EACH = 5 };
	struct world *w = *state;
	const char *id;
	int64_t one;

	code_publish(w, "", ITEM "," CODE_OTHER);
	id = quiz_start(w, ANN);
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("a")).e, OK);
	statements(w, id);
	one = statements(w, id);
	world_ok(w, ANN, "attempt.check",
		 "{\"attempt\":\"%s\",\"slot\":2,\"response\":%s}", id,
		 MAIN_C("b"));
	statements(w, id);
	assert_in_range(statements(w, id) - one, 1, EACH);
}

static void an_author_learns_why_a_self_test_waits(void **state)
{
	struct world *w = *state;
	const char *json = code_json(w, "", ITEM);
	struct reply r;

	world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       json);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_non_null(strstr(r.message.p, "is not over"));
	assert_int_equal(asks(w, "", IS_WEAK), 0);
	r = world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	assert_string_equal(reply_text(w, &r, "items/0/state"), "waiting");
	assert_string_equal(reply_text(w, &r, "items/0/standing"), "no_worker");
	holds(w, &r, "items/0/reason",
	      "worker w1 refuses it: its boxes reach level weak");
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       json);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_non_null(
		strstr(r.message.p, "no worker can take its self-test"));
	assert_non_null(strstr(r.message.p, "box_level is sampled"));
}

static void a_self_test_needs_what_its_solutions_are_written_in(void **state)
{
	struct world *w = *state;
	const char *json = code_json(
		w, "",
		CODE_ITEM("Double it.",
			  "\"references\":[{\"name\":\"r\",\"language\":"
			  "\"python\",\"files\":[{\"name\":\"main.py\","
			  "\"text\":\"\"}]}],\"checker\":{\"protocol\":"
			  "\"testlib\",\"language\":\"c\",\"files\":"
			  "[{\"name\":\"c.c\",\"text\":\"\"}]},"));
	struct reply r;

	world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	assert_int_equal(asks(w, ALL_KINDS, HAS_JAVA), 0);
	r = world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	holds(w, &r, "items/0/reason",
	      "for code.selftest with c, python; worker w1 has java");
}

static void a_lab_check_that_nobody_can_do_says_so(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.check", "{'session':'$s'}", NO_BYTES);
	v.value['r'] = reply_text(w, &r, "run");
	r = lab_ok(w, &v, ANN, "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "standing"), "in_line");
	assert_int_equal(asks(w, ALL_KINDS, HAS_JAVA), 0);
	r = lab_ok(w, &v, ANN, "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "standing"), "no_worker");
	assert_false(reply_has(w, &r, "reason"));
	r = lab_ok(w, &v, "moderator", "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "reason"),
			    "wanted is a worker for lab.check with python; "
			    "worker w1 has java");
	/* A run, too, wants the programs of the lab's language. */
	r = lab_ok(w, &v, ANN, "lab.run", "{'session':'$s'}", NO_BYTES);
	v.value['r'] = reply_text(w, &r, "run");
	asks(w, "", HAS_JAVA);
	r = lab_ok(w, &v, "moderator", "lab.result", "{'run':'$r'}", NO_BYTES);
	assert_string_equal(reply_text(w, &r, "standing"), "in_line");
	world_pass(w, 61000);
	r = lab_ok(w, &v, "moderator", "lab.result", "{'run':'$r'}", NO_BYTES);
	holds(w, &r, "reason", "for lab.run with python; none has asked");
}

/* ---- what failed ---- */

static const char *handed_in(struct world *w, const char *who,
			     const char *files)
{
	const char *id = quiz_start(w, who);

	assert_int_equal(code_hand_in(w, who, id, files).e, OK);
	return id;
}

static void those_of_state_failed_are_all_that_failed_for_good(void **state)
{
	struct world *w = *state;
	struct leased l;
	struct reply r;

	code_publish(w, "", ITEM);
	handed_in(w, ANN, MAIN_C("a"));
	code_fail(w, code_lease(w, "grade.code"), false);
	world_pass(w, 1);
	handed_in(w, BEN, MAIN_C("a"));
	while ((l = code_lease(w, "grade.code")).job) { /* out of tries */
		code_fail(w, l, true);
		world_pass(w, 700000);
	}
	r = world_ok(w, "platform", "job.list", "{\"state\":\"failed\"}");
	assert_int_equal(reply_count(w, &r, "jobs"), 2);
	assert_string_equal(reply_text(w, &r, "jobs/0/state"), "failed");
	assert_string_equal(reply_text(w, &r, "jobs/1/state"), "dead");
	assert_false(reply_has(w, &r, "jobs/0/standing"));
	r = world_ok(w, "platform", "job.list",
		     "{\"state\":\"failed\",\"limit\":1}");
	assert_int_equal(reply_count(w, &r, "jobs"), 1);
	assert_true(reply_has(w, &r, "next"));
	r = world_ok(w, "platform", "job.list", "{\"state\":\"dead\"}");
	assert_int_equal(reply_count(w, &r, "jobs"), 1);
	r = world_ok(w, "platform", "job.list", "{\"state\":\"queued\"}");
	assert_int_equal(reply_count(w, &r, "jobs"), 0);
}

static void staff_see_a_courses_submissions_by_state(void **state)
{
	struct world *w = *state;
	struct reply r;

	code_publish(w, "", ITEM);
	handed_in(w, ANN, MAIN_C("a"));
	code_fail(w, code_lease(w, "grade.code"), false);
	handed_in(w, BEN, MAIN_C("a"));
	code_fail(w, code_lease(w, "grade.code"), false);
	handed_in(w, "learner:cid", MAIN_C("a"));
	code_judge_next(w, IS_RIGHT);
	handed_in(w, "learner:dan", MAIN_C("a"));
	code_judge_next(w, IS_FREE);
	handed_in(w, "learner:eve", MAIN_C("a"));

	r = world_ok(w, "moderator", "submission.list", "{" COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 5);
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"ungradable\"," COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 1);
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"judging\"," COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 1);
	assert_string_equal(reply_text(w, &r, "submissions/0/standing"),
			    "in_line");
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"failed\",\"limit\":1," COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 1);
	assert_string_equal(reply_text(w, &r, "submissions/0/reason"),
			    "no toolchain");
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"failed\",\"cursor\":\"%s\"," COURSE "}",
		     reply_text(w, &r, "next"));
	assert_int_equal(reply_count(w, &r, "submissions"), 1);
	assert_false(reply_has(w, &r, "next"));
	/* Nobody else's course, and no learner's business. */
	r = world_ok(w, "moderator", "submission.list", "{\"course\":\"d\"}");
	assert_int_equal(reply_count(w, &r, "submissions"), 0);
	r = world_ok(w, "foreign", "submission.list", "{" COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 0);
	r = world_ok(w, "bound:c", "submission.list", "{" COURSE "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 5);
	assert_int_equal(
		world_call(w, "bound:d", "submission.list", "{" COURSE "}").e,
		ERR_NOT_FOUND);
	assert_int_equal(
		world_call(w, ANN, "submission.list", "{" COURSE "}").e,
		ERR_INVALID);
}

static void all_that_failed_are_run_again_by_one_command(void **state)
{
	struct world *w = *state;
	const char *ann, *ben;
	struct reply r;

	code_publish(w, "", ITEM);
	ann = handed_in(w, ANN, MAIN_C("a"));
	code_fail(w, code_lease(w, "grade.code"), false);
	ben = handed_in(w, BEN, MAIN_C("a"));
	code_fail(w, code_lease(w, "grade.code"), false);
	handed_in(w, "learner:cid", MAIN_C("a"));
	code_judge_next(w, IS_WRONG);

	assert_int_equal(
		world_call(w, "bound:d", "submission.rejudge",
			   "{\"state\":\"failed\",\"reason\":\"r\"," COURSE "}")
			.e,
		ERR_NOT_FOUND);
	r = world_ok(
		w, "moderator", "submission.rejudge",
		"{\"state\":\"failed\",\"reason\":\"mended\",\"limit\":1," COURSE
		"}");
	assert_int_equal(reply_int(w, &r, "queued"), 1);
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"state\":\"failed\",\"reason\":\"mended\","
		     "\"cursor\":\"%s\"," COURSE "}",
		     reply_text(w, &r, "next"));
	assert_int_equal(reply_int(w, &r, "examined"), 1);
	assert_int_equal(reply_int(w, &r, "queued"), 1);
	assert_false(reply_has(w, &r, "next"));
	/* Once more: they are on their way. */
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"state\":\"failed\",\"reason\":\"mended\"," Q "}");
	assert_int_equal(reply_int(w, &r, "running"), 2);
	/* They still need a worker that has their language. */
	assert_int_equal(asks(w, ALL_KINDS, HAS_JAVA), 0);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_false(code_judge_next(w, IS_RIGHT));
	assert_string_equal(code_slot(w, ANN, ann, "code/submissions/0/state"),
			    "judged");
	assert_string_equal(code_slot(w, BEN, ben, "code/submissions/0/state"),
			    "judged");
	r = world_ok(w, "auditor", "audit.export", "{}");
	assert_true(str_find(r.bytes,
			     STR("\"state\":\"failed\",\"course\":"
				 "\"c\",\"reason\":\"mended\""),
			     0) != SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_submission_that_nobody_can_judge_says_so),
		quiz_test(a_second_question_that_waits_reads_no_workers),
		quiz_test(an_author_learns_why_a_self_test_waits),
		quiz_test(a_self_test_needs_what_its_solutions_are_written_in),
		quiz_test(a_lab_check_that_nobody_can_do_says_so),
		quiz_test(those_of_state_failed_are_all_that_failed_for_good),
		quiz_test(staff_see_a_courses_submissions_by_state),
		quiz_test(all_that_failed_are_run_again_by_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
