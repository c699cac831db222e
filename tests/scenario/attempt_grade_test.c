/* From the hand-in to the grade: receipts, marks, regrades, reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/live.h"
#include "engine/audit/signer.h"
#include "engine/audit/receipt.h"
#include "tests/scenario/quiz.h"

#define ANN "learner:ann"

static void a_second_submit_shows_the_receipt(void **state)
{
	struct world *w = *state;
	uint8_t key[SIGN_KEY_BYTES], other[SIGN_KEY_BYTES] = { 1 };
	struct str receipt, forged;
	const char *id;
	struct reply a, b;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	a = world_ok(w, ANN, "attempt.submit",
		     "{\"attempt\":\"%s\",\"idempotency_key\":\"k\"}", id);
	world_restart(w);
	b = world_ok(w, ANN, "attempt.submit",
		     "{\"attempt\":\"%s\",\"idempotency_key\":\"k\"}", id);
	assert_true(str_eq(a.json, b.json));
	receipt = reply_raw(w, &a, "receipt");
	b = world_call(w, ANN, "attempt.submit",
		       "{\"attempt\":\"%s\",\"idempotency_key\":\"k2\"}", id);
	assert_int_equal(b.e, ERR_CONFLICT);
	assert_true(str_eq(b.state, receipt));

	signer_public(w->app->signer, key);
	assert_int_equal(receipt_verify(&w->cx, receipt, key), OK);
	assert_int_equal(receipt_verify(&w->cx, receipt, other), ERR_NOT_FOUND);
	forged = str_copy(w->cx.arena, receipt);
	*strstr((char *)forged.p, "\"late\":false") = '"';
	memcpy(strstr((char *)forged.p, "false"), "true ", 5);
	assert_int_equal(receipt_verify(&w->cx, forged, key), ERR_INVALID);
}

/* Three items, of which a person marks one. */
static const char *essay(struct world *w, const char *more)
{
	return world_publish(
		w, str_fmt(w->cx.arena,
			   "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			   "\"title\":\"t\",\"policy\":{%s},\"items\":["
			   "{\"id\":\"e\",\"type\":\"essay\",\"name\":\"e\","
			   "\"stem\":\"Write.\",\"mark\":4}," QUIZ_ITEMS "]}",
			   more)
			   .p);
}

static void an_essay_waits_for_its_marker(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	essay(w, "\"release\":\"held\"," QUIZ_SHOW_ALL);
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, "{\"text\":\"My summer.\"}");
	quiz_answer(w, ANN, id, 2, 0, RIGHT_1);
	assert_int_equal(
		world_call(w, "moderator", "attempt.mark",
			   "{\"attempt\":\"%s\",\"slot\":1,\"mark\":3}", id)
			.e,
		ERR_CONFLICT);
	r = quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(reply_text(w, &r, "state"), "needs_grading");
	assert_int_equal(quiz_order(w, "attempt.release", id).e, ERR_CONFLICT);
	r = world_call(w, "moderator", "attempt.mark",
		       "{\"attempt\":\"%s\",\"slot\":1,\"mark\":5}", id);
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "moderator", "attempt.mark",
		       "{\"attempt\":\"%s\",\"slot\":1,\"seq\":7,\"mark\":3}",
		       id);
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	r = world_ok(w, "moderator", "attempt.mark",
		     "{\"attempt\":\"%s\",\"slot\":1,\"mark\":3,"
		     "\"comment\":\"Good.\"}",
		     id);
	assert_string_equal(reply_text(w, &r, "view/state"), "graded");
	assert_string_equal(reply_text(w, &r, "score/sum"), "4");
	/* Held: the learner sees his response alone. */
	r = quiz_do(w, ANN, "attempt.review", id);
	assert_false(reply_has(w, &r, "score"));
	assert_int_equal(quiz_order(w, "attempt.release", id).e, OK);
	r = quiz_do(w, ANN, "attempt.review", id);
	assert_string_equal(reply_text(w, &r, "score/score"), "4");
	assert_string_equal(reply_text(w, &r, "slots/0/comment"), "Good.");
	r = world_ok(w, "moderator", "attempt.mark",
		     "{\"attempt\":\"%s\",\"slot\":1,\"mark\":7,\"out_of\":8}",
		     id);
	assert_string_equal(reply_text(w, &r, "view/state"), "released");
	assert_string_equal(reply_text(w, &r, "slot/mark"), "3.5");
	assert_string_equal(quiz_grade(w, "ann"), "4.5");
	r = world_ok(w, "moderator", "attempt.mark",
		     "{\"attempt\":\"%s\",\"slot\":2,\"mark\":0}", id);
	assert_string_equal(quiz_grade(w, "ann"), "3.5");
	r = world_ok(w, "moderator", "attempt.mark",
		     "{\"attempt\":\"%s\",\"slot\":2,\"clear_mark\":true}", id);
	assert_string_equal(quiz_grade(w, "ann"), "4.5");
	world_restart(w);
	r = quiz_do(w, "moderator", "attempt.review", id);
	assert_string_equal(reply_text(w, &r, "score/score"), "4.5");
}

static void nothing_to_mark_in_a_description(void **state)
{
	struct world *w = *state;
	const char *id;

	world_publish(w, "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			 "\"title\":\"t\",\"items\":[{\"id\":\"d\","
			 "\"type\":\"description\",\"name\":\"d\","
			 "\"stem\":\"Read.\"}," QUIZ_ITEMS "]}");
	id = quiz_start(w, ANN);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_int_equal(
		world_call(w, "moderator", "attempt.mark",
			   "{\"attempt\":\"%s\",\"slot\":1,\"mark\":1}", id)
			.e,
		ERR_PRECONDITION);
}

static void the_best_attempt_counts_after_its_own_penalty(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, str_fmt(w->cx.arena,
				"\"late\":[{\"until\":\"%s\",\"credit\":100}],"
				"\"late_after\":50",
				world_time(w, 1000))
				.p);
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", id);
	world_pass(w, 2000);
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	quiz_answer(w, ANN, id, 3, 0, RIGHT_3);
	quiz_do(w, ANN, "attempt.submit", id);
	assert_string_equal(quiz_grade(w, "ann"), "2");
}

/* ---- regrades ---- */

/* Version 2: "toad" is right as well, and the choice gives two marks. */
static const char *version_2(struct world *w)
{
	return world_publish(
		w,
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"q\",\"title\":\"t\","
		"\"policy\":{" QUIZ_SHOW_ALL "},\"items\":["
		"{\"id\":\"i1\",\"type\":\"choice\",\"name\":\"one\","
		"\"stem\":\"1?\",\"mark\":2,\"choices\":["
		"{\"id\":\"a\",\"text\":\"yes\",\"fraction\":0},"
		"{\"id\":\"b\",\"text\":\"no\",\"fraction\":1}]},"
		"{\"id\":\"i2\",\"type\":\"short\",\"name\":\"two\","
		"\"stem\":\"2?\",\"mark\":1,\"answers\":["
		"{\"text\":\"frog\",\"fraction\":1},"
		"{\"text\":\"toad\",\"fraction\":1}]},"
		"{\"id\":\"i3\",\"type\":\"numeric\",\"name\":\"three\","
		"\"stem\":\"3?\",\"mark\":1,"
		"\"answers\":[{\"text\":\"42\",\"fraction\":1}]}]}");
}

static const char *handed_in(struct world *w, const char *who, const char *one,
			     const char *two)
{
	const char *id = quiz_start(w, who);

	quiz_answer(w, who, id, 1, 0, one);
	quiz_answer(w, who, id, 2, 0, two);
	assert_int_equal(quiz_do(w, who, "attempt.submit", id).e, OK);
	return id;
}

static const char *outcome_of(struct world *w, const struct reply *r,
			      const char *attempt, const char *member)
{
	for (size_t i = 0; i < reply_count(w, r, "changes"); i++) {
		const char *at =
			str_fmt(w->cx.arena, "changes/%zu/attempt", i).p;

		if (!strcmp(reply_text(w, r, at), attempt))
			return reply_text(w, r,
					  str_fmt(w->cx.arena, "changes/%zu/%s",
						  i, member)
						  .p);
	}
	return "same";
}

#define REGRADE(more)                                                          \
	"{\"course\":\"c\",\"slug\":\"q\",\"reason\":\"toads\"" more "}"

static void a_dry_run_tells_what_the_regrade_does(void **state)
{
	struct world *w = *state;
	const char *ann, *bob, *cy;
	struct reply dry, r;

	quiz_publish(w, QUIZ_SHOW_ALL);
	ann = handed_in(w, ANN, WRONG_1, WRONG_2);	     /* 0 -> 3 */
	bob = handed_in(w, "learner:bob", RIGHT_1, WRONG_2); /* 1 -> 1 of 4 */
	cy = handed_in(w, "learner:cy", RIGHT_1, RIGHT_2);   /* 2 -> 1: lower */
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":3,\"mark\":0.5}", ann);
	version_2(w);
	dry = world_ok(w, "moderator", "attempt.regrade",
		       REGRADE(",\"dry_run\":true"));
	assert_int_equal(reply_int(w, &dry, "examined"), 3);
	assert_int_equal(reply_int(w, &dry, "changed"), 2);
	assert_string_equal(outcome_of(w, &dry, ann, "new_score"), "3.5");
	assert_string_equal(outcome_of(w, &dry, cy, "outcome"), "kept_lower");
	assert_int_equal(world_records(w, "attempt.regraded"), 0);
	assert_string_equal(quiz_grade(w, "ann"), "0.5");

	r = world_ok(w, "moderator", "attempt.regrade", REGRADE(""));
	assert_int_equal(reply_int(w, &r, "changed"), 2);
	assert_string_equal(outcome_of(w, &r, ann, "outcome"), "changed");
	assert_string_equal(outcome_of(w, &r, ann, "new_score"),
			    outcome_of(w, &dry, ann, "new_score"));
	assert_string_equal(outcome_of(w, &r, bob, "new_max"), "4");
	assert_string_equal(quiz_grade(w, "ann"), "3.5");
	assert_string_equal(quiz_grade(w, "bob"), "1");
	assert_string_equal(quiz_grade(w, "cy"), "2");
	assert_int_equal(world_records(w, "attempt.regraded"), 2);

	/* Once more: nothing. The same after it was read anew. */
	r = world_ok(w, "moderator", "attempt.regrade", REGRADE(""));
	assert_int_equal(reply_int(w, &r, "changed"), 0);
	world_restart(w);
	r = quiz_do(w, "moderator", "attempt.review", ann);
	assert_string_equal(reply_text(w, &r, "score/score"), "3.5");
	assert_string_equal(reply_text(w, &r, "slots/2/mark"), "0.5");
	r = world_ok(w, "moderator", "attempt.regrade",
		     REGRADE(",\"allow_lower\":true"));
	assert_int_equal(reply_int(w, &r, "changed"), 1);
	assert_string_equal(quiz_grade(w, "cy"), "1");
	/* Marks after it, and back to the first version. */
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":3,\"mark\":1}", ann);
	assert_string_equal(quiz_grade(w, "ann"), "4");
}

static void only_if_higher_leaves_the_rest_alone(void **state)
{
	struct world *w = *state;
	const char *v1, *ann, *bob;
	struct reply r;

	v1 = quiz_publish(w, QUIZ_SHOW_ALL);
	ann = handed_in(w, ANN, WRONG_1, WRONG_2);
	bob = handed_in(w, "learner:bob", RIGHT_1, WRONG_2);
	version_2(w);
	r = world_ok(w, "moderator", "attempt.regrade",
		     REGRADE(",\"only_if_higher\":true"));
	assert_string_equal(outcome_of(w, &r, ann, "outcome"), "changed");
	assert_string_equal(outcome_of(w, &r, bob, "outcome"),
			    "kept_not_higher");
	r = world_ok(w, "moderator", "attempt.regrade",
		     "{\"assessment\":\"%s\",\"to\":\"%s\","
		     "\"allow_lower\":true}",
		     v1, v1);
	assert_string_equal(outcome_of(w, &r, ann, "outcome"), "changed");
	assert_string_equal(quiz_grade(w, "ann"), "0");
}

static void what_cannot_be_regraded_says_why(void **state)
{
	struct world *w = *state;
	const char *ann, *elsewhere;
	struct reply r;

	quiz_publish(w, "");
	ann = handed_in(w, ANN, WRONG_1, WRONG_2);
	world_publish(w, "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			 "\"title\":\"t\",\"items\":[{\"id\":\"i1\","
			 "\"type\":\"short\",\"name\":\"one\",\"stem\":\"1?\","
			 "\"mark\":1,\"answers\":[{\"text\":\"x\","
			 "\"fraction\":1}]}]}");
	r = world_ok(w, "moderator", "attempt.regrade", REGRADE(""));
	assert_string_equal(outcome_of(w, &r, ann, "outcome"), "impossible");
	assert_non_null(strstr(outcome_of(w, &r, ann, "reason"), "type"));
	assert_int_equal(reply_int(w, &r, "changed"), 0);
	elsewhere = world_publish(w, quiz_json(w, "z", ""));
	r = world_call(w, "moderator", "attempt.regrade",
		       "{\"course\":\"c\",\"slug\":\"q\",\"to\":\"%s\"}",
		       elsewhere);
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "foreign", "attempt.regrade", REGRADE(""));
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

static void a_large_regrade_goes_by_pages(void **state)
{
	struct world *w = *state;
	const char *next = NULL;
	int64_t changed = 0;
	int pages = 0;
	struct reply r;

	quiz_publish(w, "");
	for (int i = 0; i < 30; i++)
		handed_in(w, str_fmt(w->cx.arena, "learner:l%d", i).p, WRONG_1,
			  WRONG_2);
	version_2(w);
	do {
		r = world_ok(w, "moderator", "attempt.regrade",
			     "{\"course\":\"c\",\"slug\":\"q\",\"limit\":7"
			     "%s%s%s}",
			     next ? ",\"cursor\":\"" : "", next ? next : "",
			     next ? "\"" : "");
		changed += reply_int(w, &r, "changed");
		next = reply_text(w, &r, "next");
		pages++;
	} while (next);
	assert_int_equal(changed, 30);
	assert_int_equal(pages, 5);
	assert_int_equal(world_records(w, "attempt.regraded"), 30);
	assert_string_equal(quiz_grade(w, "l17"), "3");
}

/* ---- lists and files ---- */

static void attempts_are_listed_by_filter_and_page(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	for (int i = 0; i < 5; i++)
		handed_in(w, str_fmt(w->cx.arena, "learner:l%d", i).p, RIGHT_1,
			  WRONG_2);
	quiz_start(w, ANN);
	r = world_ok(w, "auditor", "attempt.list", QUIZ_REF);
	assert_int_equal(reply_count(w, &r, "attempts"), 6);
	assert_false(reply_has(w, &r, "next"));
	r = world_ok(w, "moderator", "attempt.list",
		     "{\"course\":\"c\",\"state\":\"graded\",\"limit\":4}");
	assert_int_equal(reply_count(w, &r, "attempts"), 4);
	r = world_ok(w, "moderator", "attempt.list",
		     "{\"course\":\"c\",\"state\":\"graded\",\"limit\":4,"
		     "\"cursor\":\"%s\"}",
		     reply_text(w, &r, "next"));
	assert_int_equal(reply_count(w, &r, "attempts"), 1);
	r = world_ok(w, "moderator", "attempt.list", "{\"learner\":\"ann\"}");
	assert_int_equal(reply_count(w, &r, "attempts"), 1);
	assert_string_equal(reply_text(w, &r, "attempts/0/state"), "active");
	r = world_call(w, "bound:d", "attempt.list", "{}");
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "bound:d", "attempt.list", "{\"course\":\"c\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_ok(w, "foreign", "attempt.list", "{}");
	assert_int_equal(reply_count(w, &r, "attempts"), 0);
	r = world_call(w, ANN, "attempt.list", "{}");
	assert_int_equal(r.e, ERR_DENIED);
}

static size_t lines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void attempts_are_exported_as_csv(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	world_ok(w, "platform", "learner.set",
		 "{\"learner\":\"ann\",\"name\":\"=Ann\"}");
	handed_in(w, ANN, RIGHT_1, WRONG_2);
	handed_in(w, "learner:bob", RIGHT_1, RIGHT_2);
	r = world_ok(w, "moderator", "attempt.export", QUIZ_REF);
	assert_int_equal(reply_int(w, &r, "rows"), 2);
	assert_int_equal(lines(r.bytes), 3);
	assert_true(str_starts(r.bytes, "\"learner\",\"name\","));
	assert_non_null(strstr(r.bytes.p, "\"'=Ann\""));
	assert_non_null(strstr(r.bytes.p, "\"i1\",\"1\",\"1\",\"i2\",\"0\""));
	r = world_ok(w, "moderator", "attempt.export",
		     "{\"course\":\"c\",\"slug\":\"q\",\"delimiter\":\";\","
		     "\"decimal_mark\":\",\",\"bom\":true,\"limit\":1}");
	assert_int_equal(lines(r.bytes), 2);
	assert_true(str_starts(r.bytes, "\xef\xbb\xbf\"learner\";"));
	assert_non_null(strstr(r.bytes.p, ";\"0,"));
	assert_true(reply_has(w, &r, "next"));
	r = world_call(w, "moderator", "attempt.export",
		       "{\"course\":\"c\",\"delimiter\":\"x\"}");
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "foreign", "attempt.export", QUIZ_REF);
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

/* Cells of a line; none of these files has a quote or comma in a cell. */
static int cells(const char *line)
{
	int n = 1;

	for (; *line && *line != '\r'; line++)
		n += *line == ',';
	return n;
}

static void a_courses_report_has_the_marks_of_the_widest_attempt(void **state)
{
	struct world *w = *state;
	const char *line, *due;
	struct reply r;

	quiz_publish(w, "\"time_limit_ms\":60000");
	world_publish(w, "{\"assay\":1,\"course\":\"c\",\"slug\":\"one\","
			 "\"title\":\"One\",\"policy\":{},\"items\":[{"
			 "\"id\":\"z1\",\"type\":\"short\",\"stem\":\"?\","
			 "\"mark\":2.5,\"answers\":[{\"text\":\"a\","
			 "\"fraction\":1}]}]}");
	world_ok(w, "learner:bob", "attempt.start",
		 "{\"course\":\"c\",\"slug\":\"one\"}");
	world_pass(w, 1000);
	due = world_time(w, 60000);
	handed_in(w, ANN, RIGHT_1, WRONG_2);
	r = world_ok(w, "moderator", "attempt.export", "{\"course\":\"c\"}");
	assert_int_equal(lines(r.bytes), 3);
	line = str_z(w->cx.arena, r.bytes);
	assert_non_null(strstr(line, "\"released\",\"due_at\","
				     "\"slot_1_item\",\"slot_1_mark\","
				     "\"slot_1_max\","));
	assert_non_null(strstr(line, "\"slot_3_max\"\r\n"));
	assert_null(strstr(line, "slot_4"));
	assert_non_null(strstr(line, "\"i1\",\"1\",\"1\",\"i2\",\"0\",\"1\""));
	assert_non_null(strstr(line, "\"z1\",\"\",\"2.5\",\"\",\"\",\"\","
				     "\"\",\"\",\"\"\r\n"));
	assert_non_null(
		strstr(line, str_fmt(w->cx.arena, "\"%s\",\"i1\"", due).p));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cells(line), 25 + 3 * 3);
		line = strstr(line, "\r\n") + 2;
	}
	/* Only what the file has. */
	r = world_ok(w, "moderator", "attempt.export",
		     "{\"course\":\"c\",\"limit\":1}");
	assert_null(strstr(str_z(w->cx.arena, r.bytes), "slot_2"));
	assert_true(reply_has(w, &r, "next"));
	r = world_ok(w, "moderator", "attempt.export",
		     "{\"course\":\"c\",\"slug\":\"q\",\"state\":\"voided\"}");
	assert_int_equal(lines(r.bytes), 1);
	assert_non_null(strstr(str_z(w->cx.arena, r.bytes), "slot_3"));
}

/* A version with fewer questions does not hide what older attempts had. */
static void a_report_of_several_versions_loses_no_mark(void **state)
{
	struct world *w = *state;
	struct reply r;

	quiz_publish(w, "");
	handed_in(w, ANN, RIGHT_1, WRONG_2);
	world_publish(w, "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			 "\"title\":\"Q\",\"policy\":{},\"items\":[{"
			 "\"id\":\"z1\",\"type\":\"short\",\"stem\":\"?\","
			 "\"mark\":1,\"answers\":[{\"text\":\"a\","
			 "\"fraction\":1}]}]}");
	r = world_ok(w, "moderator", "attempt.export", QUIZ_REF);
	assert_non_null(
		strstr(str_z(w->cx.arena, r.bytes), "\"i3\",\"\",\"1\"\r\n"));
}

static void both_reports_call_who_was_erased_the_same(void **state)
{
	static const char *const methods[] = { "attempt.export",
					       "gradebook.export" };
	struct world *w = *state;

	quiz_publish(w, "");
	handed_in(w, ANN, RIGHT_1, WRONG_2);
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked for it\"}");
	for (int i = 0; i < 2; i++) {
		struct reply r = world_ok(w, "moderator", methods[i],
					  "{\"course\":\"c\"}");

		assert_non_null(strstr(str_z(w->cx.arena, r.bytes),
				       "\r\n\"(erased)\",\"\","));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_second_submit_shows_the_receipt),
		quiz_test(an_essay_waits_for_its_marker),
		quiz_test(nothing_to_mark_in_a_description),
		quiz_test(the_best_attempt_counts_after_its_own_penalty),
		quiz_test(a_dry_run_tells_what_the_regrade_does),
		quiz_test(only_if_higher_leaves_the_rest_alone),
		quiz_test(what_cannot_be_regraded_says_why),
		quiz_test(a_large_regrade_goes_by_pages),
		quiz_test(attempts_are_listed_by_filter_and_page),
		quiz_test(attempts_are_exported_as_csv),
		quiz_test(a_courses_report_has_the_marks_of_the_widest_attempt),
		quiz_test(a_report_of_several_versions_loses_no_mark),
		quiz_test(both_reports_call_who_was_erased_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
