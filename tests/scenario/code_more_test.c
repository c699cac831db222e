/* What counts, what costs nothing, and what is tried before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "engine/attempt/attempts.h"
#include "engine/attempt/repos.h"
#include "engine/attempt/submission.h"
#include "engine/audit/chain.h"
#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "")
#define TEN_BYTES(x) x x x x x x x x x x
#define LONG_TEXT TEN_BYTES(TEN_BYTES(TEN_BYTES(TEN_BYTES("x"))))
#define REF ",\"course\":\"c\",\"slug\":\"q\""

static void the_item_says_which_submission_counts(void **state)
{
	static const struct {
		const char *item, *sum;
	} rows[] = {
		{ CODE_ITEM("1", "\"counts\":\"best\","), "3" },
		{ CODE_ITEM("2", "\"counts\":\"last\","), "0" },
		{ CODE_ITEM("3", "\"counts\":\"best_groups\","), "4" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *id;
		struct reply r;

		code_publish(w, "", rows[i].item);
		id = quiz_start(w, ANN);
		code_judged(w, ANN, id, MAIN_C("a"), IS_LARGE);
		code_judged(w, ANN, id, MAIN_C("b"), IS_SMALL);
		code_judged(w, ANN, id, MAIN_C("c"), IS_WRONG);
		quiz_do(w, ANN, "attempt.submit", id);
		r = quiz_do(w, "moderator", "attempt.review", id);
		assert_string_equal(reply_text(w, &r, "score/sum"),
				    rows[i].sum);
	}
}

static void the_number_of_submissions_has_an_end(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", CODE_ITEM("Double it.", "\"submissions\":2,"));
	id = quiz_start(w, ANN);
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "2");
	code_judged(w, ANN, id, MAIN_C("a"), IS_FREE); /* costs nothing */
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "ungradable");
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "2");
	code_judged(w, ANN, id, MAIN_C("b"), IS_WRONG);
	/* The same again is none more. */
	r = code_hand_in(w, ANN, id, MAIN_C("b"));
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "try_used"), "false");
	assert_false(code_judge_next(w, IS_RIGHT));
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "1");
	code_judged(w, ANN, id, MAIN_C("c"), IS_NO_CODE); /* this one does */
	r = code_hand_in(w, ANN, id, MAIN_C("d"));
	assert_int_equal(r.e, ERR_LIMIT_REACHED);
	assert_int_equal(world_records(w, "submission.received"), 3);
	/* Nor does the hand-in of the attempt give one more. */
	assert_int_equal(code_save(w, ANN, id, MAIN_C("d")).e, OK);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_false(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "0");
}

static void submissions_have_a_rate(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", CODE_ITEM("Double it.", "\"every_ms\":10000,"));
	id = quiz_start(w, ANN);
	code_judged(w, ANN, id, MAIN_C("a"), IS_WRONG);
	r = code_hand_in(w, ANN, id, MAIN_C("b"));
	assert_int_equal(r.e, ERR_RATE_LIMITED);
	assert_true(r.retry);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("b")).e, OK);
	world_pass(w, 10000);
	code_judged(w, ANN, id, MAIN_C("b"), IS_RIGHT);
}

static void the_queue_is_not_one_learners(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	for (int i = 0; i < SUBMISSIONS_WAITING + 1; i++) {
		r = code_hand_in(
			w, ANN, id,
			str_fmt(w->cx.arena,
				"{\"language\":\"c\",\"files\":[{\"name\":"
				"\"main.c\",\"text\":\"%d\"}]}",
				i)
				.p);
		assert_int_equal(
			r.e, i < SUBMISSIONS_WAITING ? OK : ERR_RATE_LIMITED);
	}
	assert_true(r.retry);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("b")).e, OK);
	assert_true(code_judge_next(w, IS_SMALL));
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("c")).e, OK);
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("d")).e,
			 ERR_RATE_LIMITED);
	/* What was saved is handed in at the end all the same. */
	assert_int_equal(code_save(w, ANN, id, MAIN_C("d")).e, OK);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	assert_int_equal(world_records(w, "submission.received"),
			 SUBMISSIONS_WAITING + 2);
}

static void our_failure_costs_no_try_and_is_told_to_staff(void **state)
{
	struct world *w = *state;
	const char *id;
	struct leased l;
	struct reply r;

	code_publish(w, "", CODE_ITEM("Double it.", "\"submissions\":1,"));
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	l = code_lease(w, "grade.code");
	/* A report that says so itself is no result. */
	r = code_finish(w, l,
			REPORT("IE", "true", "AC", PASS "," PASS "," PASS));
	assert_int_equal(r.e, ERR_INVALID);
	assert_int_equal(code_fail(w, l, false).e, OK);
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "failed");
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "1");
	r = world_ok(w, "moderator", "submission.list",
		     "{\"state\":\"failed\"" REF "}");
	assert_int_equal(reply_count(w, &r, "submissions"), 1);
	assert_string_equal(reply_text(w, &r, "submissions/0/reason"),
			    "no toolchain");
	r = world_ok(w, ANN, "submission.list", "{\"attempt\":\"%s\"}", id);
	assert_false(reply_has(w, &r, "submissions/0/reason"));
	/* The attempt waits for staff, who retry the job. */
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_state(w, id), "needs_grading");
	world_ok(w, "platform", "job.retry", "{\"job\":\"%s\"}", l.job);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_state(w, id), "graded");
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void a_person_may_mark_what_nobody_could_judge(void **state)
{
	struct world *w = *state;
	const char *id;
	struct leased l;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	l = code_lease(w, "grade.code");
	code_fail(w, l, false);
	quiz_do(w, ANN, "attempt.submit", id);
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":1,\"mark\":2}", id);
	assert_string_equal(quiz_grade(w, "ann"), "2");
	/* His word stays over what comes later. */
	world_ok(w, "platform", "job.retry", "{\"job\":\"%s\"}", l.job);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "2");
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":1,\"clear_mark\":true}", id);
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void a_worker_that_vanishes_costs_time_alone(void **state)
{
	struct world *w = *state;
	const char *id;
	struct leased gone;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	gone = code_lease(w, "grade.code");
	world_pass(w, 61000);
	assert_true(code_judge_next(w, IS_SMALL));
	assert_int_equal(code_finish(w, gone, IS_RIGHT).e, ERR_CONFLICT);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

static void a_report_of_another_task_is_refused(void **state)
{
	struct world *w = *state;
	const char *id;
	struct leased l;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	l = code_lease(w, "grade.code");
	assert_int_equal(code_finish(w, l, REPORT("AC", "true", "AC", PASS)).e,
			 ERR_INVALID);
	assert_int_equal(code_finish(w, l, "{}").e, ERR_INVALID);
	assert_int_equal(code_finish(w, l, IS_RIGHT).e, OK);
	assert_int_equal(code_finish(w, l, IS_RIGHT).e, OK);
	assert_int_equal(world_records(w, "submission.judged"), 1);
}

/* As large as a report may be: what the chain holds can still be verified. */
static void a_large_report_can_be_exported_and_verified(void **state)
{
	enum { TEXT = 65000, SAID = 1500 };
	struct world *w = *state;
	char *text = arena_alloc(w->cx.arena, TEXT + 1);
	struct chain_report report;
	struct reply r;
	const char *id;

	memset(text, 'x', TEXT);
	text[TEXT] = 0;
	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("a")).e, OK);
	r = code_finish(
		w, code_lease(w, "grade.code"),
		str_fmt(w->cx.arena,
			"{\"version\":1,\"language\":\"c\",\"verdict\":\"AC\","
			"\"gradable\":true,\"compile\":\"AC\","
			"\"compile_text\":\"%s\",\"level\":\"full\","
			"\"tests\":[" PASS "," PASS ",{\"verdict\":\"AC\","
			"\"cause\":\"exit\",\"share\":1,\"message\":\"%s\"}]}",
			text, text + TEXT - SAID)
			.p);
	if (r.e)
		fail_msg("%.*s", STR_FMT(r.json));
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "judged");
	r = world_ok(w, "auditor", "audit.export", "{\"personal\":true}");
	assert_int_equal(bundle_verify(&w->cx, r.bytes, &report), OK);
	assert_int_equal(report.findings, 0);
}

static void a_reopened_attempt_goes_on_with_its_submissions(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_save(w, ANN, id, MAIN_C("a"));
	quiz_do(w, ANN, "attempt.submit", id); /* hands in number 1 */
	assert_int_equal(quiz_order(w, "attempt.reopen", id).e, OK);
	assert_string_equal(code_slot(w, ANN, id, "state"), "judging");
	code_judged(w, ANN, id, MAIN_C("b"), IS_SMALL); /* that is number 1 */
	assert_true(code_judge_next(w, IS_LARGE));
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_grade(w, "ann"), "3");
	world_restart(w);
	assert_string_equal(
		code_slot(w, "moderator", id, "code/submissions/1/state"),
		"judged");
}

/* ---- before it is published ---- */

static void an_item_is_tried_before_it_is_published(void **state)
{
	struct world *w = *state;
	const char *json = code_json(w, "", ITEM), *text;
	struct leased l;
	struct reply r;

	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       json);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_string_equal(r.field.p, "/items/0/code");
	assert_non_null(strstr(r.message.p, "code.selftest"));
	world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       json);
	assert_int_equal(r.e, ERR_PRECONDITION);
	l = code_lease(w, "code.selftest");
	r = code_input(w, l);
	assert_string_equal(json_text(w, r.bytes, "tests/0/name"), "one");
	code_finish(w, l,
		    "{\"ok\":false,\"references\":[],\"problems\":[\"slow is "
		    "fast\"],\"limit_ms\":1000}");
	r = world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	assert_string_equal(reply_text(w, &r, "items/0/state"), "failed");
	assert_string_equal(reply_text(w, &r, "items/0/report/problems/0"),
			    "slow is fast");
	assert_false(code_lease(w, "code.selftest").job);
	world_ok(w, "author", "code.selftest",
		 "{\"again\":true,\"definition\":%s}", json);
	code_finish(w, code_lease(w, "code.selftest"), SELFTEST_OK);
	world_publish(w, json);
	/* Another text, and other rules of handing in, are no other task. */
	text = code_json(w, "",
			 CODE_ITEM("Print twice of it.",
				   "\"submissions\":7,\"counts\":\"last\","));
	world_publish(w, text);
	/* Another test is. */
	r = world_call(w, "author", "assessment.publish", "{\"definition\":%s}",
		       code_json(w, "", ONE_TEST));
	assert_int_equal(r.e, ERR_PRECONDITION);
}

/* Before a worker is asked, and with the place and the names that there are. */
static void a_language_that_is_not_known_is_named_at_publishing(void **state)
{
	static const char *const methods[] = { "assessment.publish",
					       "code.selftest" };
	struct world *w = *state;
	const char *json = code_json(
		w, "",
		"{\"id\":\"d\",\"type\":\"code\",\"name\":\"D\","
		"\"stem\":\"2?\",\"mark\":4,\"code\":{\"languages\":"
		"[\"c\",\"pyton\"],\"checker\":{\"protocol\":\"testlib\","
		"\"language\":\"pascal\",\"files\":[{\"name\":\"c.p\","
		"\"text\":\"x\"}]}," CODE_TESTS_OF "}}");
	struct reply r;

	for (int i = 0; i < 2; i++) {
		r = world_call(w, "author", methods[i], "{\"definition\":%s}",
			       json);
		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(r.field.p, "/items/0/code/languages/1");
		assert_non_null(strstr(r.message.p,
				       "there is no language pyton; there are "
				       "c, "));
	}
	r = world_ok(w, "author", "assessment.check", "{\"definition\":%s}",
		     json);
	assert_true(str_find(r.json, STR("\"unknown_language\""), 0) !=
		    SIZE_MAX);
	assert_true(str_find(r.json, STR("\"/items/0/code/checker/language\""),
			     0) != SIZE_MAX);
	assert_false(code_lease(w, "code.selftest").job);
}

static void a_self_test_that_cannot_run_says_so(void **state)
{
	struct world *w = *state;
	const char *json = code_json(w, "", ITEM);
	struct reply r;

	world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	code_fail(w, code_lease(w, "code.selftest"), false);
	r = world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	assert_string_equal(reply_text(w, &r, "items/0/state"), "broken");
	assert_string_equal(reply_text(w, &r, "items/0/reason"),
			    "no toolchain");
}

/* An author's file with a task of so many bytes. */
static struct reply selftest_of(struct world *w, size_t bytes, const char *more)
{
	enum { PARTS = 3 };
	const char *title = "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			    "\"title\":\"t\",\"items\":[{\"id\":\"i\","
			    "\"type\":\"code\",\"name\":\"n\",\"stem\":"
			    "\"s\",\"mark\":1,\"code\":{\"languages\":"
			    "[\"c\"],";
	size_t part = bytes / PARTS;
	char *zeros = arena_alloc(w->cx.arena, part);
	struct buf b = { 0 };
	struct reply r;

	memset(zeros, '0', part);
	buf_fmt(&b, "%s%s\"tests\":[", title, more);
	for (int i = 0; i < PARTS; i++) {
		buf_fmt(&b, "%s{\"name\":\"%d\",\"answer\":{\"text\":\"",
			i ? "," : "", i);
		buf_add(&b, zeros, part);
		buf_z(&b, "\"}}");
	}
	buf_z(&b, "]}}]}");
	r = world_call_bytes(w, "author", "code.selftest", STR("{}"),
			     buf_view(&b));
	buf_done(&b);
	return r;
}

/* As it is written for a worker, a task may be larger than as it came. */
static void a_task_that_no_message_holds_is_refused_before_it_runs(void **state)
{
	struct world *w = *state;
	struct leased l;
	struct reply r =
		selftest_of(w, LIMIT_BLOB_BYTES - 1000, "\"max_bytes\":1000,");

	assert_int_equal(r.e, ERR_TOO_LARGE);
	assert_true(str_is(r.field, "/items/0/code"));
	/* Nor one that leaves no room for what is handed in. */
	r = selftest_of(w, 14 << 20, "\"max_bytes\":4000000,");
	assert_int_equal(r.e, ERR_TOO_LARGE);
	assert_null(code_lease(w, "code.selftest").job);
	r = selftest_of(w, 14 << 20, "\"max_bytes\":1000000,");
	assert_int_equal(r.e, OK);
	l = code_lease(w, "code.selftest");
	assert_int_equal(code_input(w, l).e, OK);
}

/* ---- who may see what ---- */

static void a_learner_sees_nothing_of_hidden_tests(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, QUIZ_SHOW_ALL, ITEM);
	id = quiz_start(w, ANN);
	code_judged(w, ANN, id, MAIN_C("a"), IS_SMALL);
	r = quiz_do(w, ANN, "attempt.get", id);
	assert_null(strstr(r.json.p, "31337"));
	assert_null(strstr(r.json.p, "62674"));
	assert_true(reply_has(w, &r, "slots/0/code/report"));
	r = world_ok(w, ANN, "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1}", id);
	assert_null(strstr(r.json.p, "31337"));
	r = world_ok(w, "moderator", "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1}", id);
	assert_true(reply_has(w, &r, "report"));
}

/* His files, as whoever had the commit's id could ask for them. */
static enum err files_of(struct world *w, const char *attempt,
			 const char *learner, const char *commit)
{
	struct repos_place at;
	struct list files;
	struct id a, who;
	enum err e;

	assert_true(id_parse(str_of(attempt), &a));
	assert_true(id_parse(str_of(learner), &who));
	repos_place(w->cx.arena, &w->org, STR("c"), STR("2026"), &who, &a, 1,
		    &at);
	e = repos_files(&w->cx, w->app->repos, 1, at.repo, str_of(commit),
			&files);
	err_clear(&w->cx);
	return e;
}

static void who_is_erased_leaves_no_files(void **state)
{
	struct world *w = *state;
	const char *id, *commit, *learner;
	struct reply r;

	code_publish(w, "", ITEM);
	id = code_graded(w, ANN, IS_LARGE);
	assert_string_equal(quiz_grade(w, "ann"), "3");
	commit = code_slot(w, "moderator", id, "response/commit");
	r = quiz_do(w, "moderator", "attempt.get", id);
	learner = reply_text(w, &r, "view/learner");
	assert_int_equal(files_of(w, id, learner, commit), OK);
	world_ok(w, "moderator", "submission.rejudge",
		 "{\"reason\":\"r\",\"dry_run\":true" REF "}");
	assert_true(code_judge_next(w, IS_RIGHT));
	r = world_ok(w, "moderator", "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1,"
		     "\"files\":true}",
		     id);
	assert_true(str_is(r.bytes, "a"));
	world_ok(w, "platform", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked\"}");
	for (int i = 0; i < 10; i++)
		world_pass(w, 60000);
	assert_int_equal(files_of(w, id, learner, commit), ERR_ERASED);
	world_restart(w);
	assert_int_equal(files_of(w, id, learner, commit), ERR_ERASED);
	r = world_call(w, "moderator", "submission.get",
		       "{\"attempt\":\"%s\",\"slot\":1,\"number\":1}", id);
	assert_int_equal(r.e, ERR_ERASED);
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"course\":\"c\","
		     "\"slug\":\"q\"}");
	assert_int_equal(reply_count(w, &r, "changes"), 0);
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"reason\":\"r\"" REF "}");
	assert_int_equal(reply_int(w, &r, "examined"), 0);
	r = world_ok(w, "platform", "job.list",
		     "{\"kind\":\"submission.forget\"}");
	assert_string_equal(reply_text(w, &r, "jobs/0/state"), "done");
	r = world_ok(w, "moderator", "attempt.review", "{\"attempt\":\"%s\"}",
		     id);
	assert_string_equal(reply_text(w, &r, "score/score"), "3");
}

/* Never handed in: no row of the table tells of these files. */
static void who_is_erased_leaves_no_saved_files(void **state)
{
	struct world *w = *state;
	const char *id, *commit, *learner;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("secret")).e, OK);
	commit = code_slot(w, "moderator", id, "response/commit");
	r = quiz_do(w, "moderator", "attempt.get", id);
	learner = reply_text(w, &r, "view/learner");
	assert_int_equal(files_of(w, id, learner, commit), OK);
	world_ok(w, "platform", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked\"}");
	for (int i = 0; i < 10; i++)
		world_pass(w, 60000);
	assert_int_equal(files_of(w, id, learner, commit), ERR_ERASED);
	r = world_ok(w, "platform", "job.list",
		     "{\"kind\":\"submission.forget\"}");
	assert_string_equal(reply_text(w, &r, "jobs/0/state"), "done");
}

static void what_is_handed_in_counts_against_the_attempts_bytes(void **state)
{
	struct world *w = *state;
	const char *text;
	size_t before;
	struct live *l;
	struct id id;

	code_publish(w, "", ITEM);
	text = quiz_start(w, ANN);
	assert_true(id_parse(str_of(text), &id));
	assert_int_equal(code_save(w, ANN, text, MAIN_C("a")).e, OK);
	l = attempts_find(w->app->attempts, &id);
	before = l->said_bytes;
	/* As they were saved: no other files. */
	assert_int_equal(code_hand_in(w, ANN, text, MAIN_C("a")).e, OK);
	assert_true(l->said_bytes - before < 2 * ACTION_BYTES);
	before = l->said_bytes;
	assert_int_equal(code_hand_in(w, ANN, text, MAIN_C(LONG_TEXT)).e, OK);
	assert_true(l->said_bytes - before > sizeof(LONG_TEXT));
	world_restart(w);
	quiz_do(w, ANN, "attempt.get", text);
	assert_int_equal(code_hand_in(w, ANN, text, MAIN_C("b")).e, OK);
	l = attempts_find(w->app->attempts, &id);
	assert_true(l->said_bytes - before > sizeof(LONG_TEXT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(the_item_says_which_submission_counts),
		quiz_test(the_number_of_submissions_has_an_end),
		quiz_test(submissions_have_a_rate),
		quiz_test(the_queue_is_not_one_learners),
		quiz_test(our_failure_costs_no_try_and_is_told_to_staff),
		quiz_test(a_person_may_mark_what_nobody_could_judge),
		quiz_test(a_worker_that_vanishes_costs_time_alone),
		quiz_test(a_report_of_another_task_is_refused),
		quiz_test(a_large_report_can_be_exported_and_verified),
		quiz_test(a_reopened_attempt_goes_on_with_its_submissions),
		quiz_test(an_item_is_tried_before_it_is_published),
		quiz_test(a_language_that_is_not_known_is_named_at_publishing),
		quiz_test(a_self_test_that_cannot_run_says_so),
		quiz_test(
			a_task_that_no_message_holds_is_refused_before_it_runs),
		quiz_test(a_learner_sees_nothing_of_hidden_tests),
		quiz_test(who_is_erased_leaves_no_files),
		quiz_test(who_is_erased_leaves_no_saved_files),
		quiz_test(what_is_handed_in_counts_against_the_attempts_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
