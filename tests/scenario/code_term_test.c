/* In which repository what is handed in is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/repos.h"
#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "")

/* Of the course in that term, by whoever has the commit's id. */
static enum err files_in(struct world *w, struct str term, const char *attempt,
			 const char *learner, const char *commit)
{
	struct repos_place at;
	struct list files;
	struct id a, who;
	enum err e;

	assert_true(id_parse(str_of(attempt), &a));
	assert_true(id_parse(str_of(learner), &who));
	repos_place(w->cx.arena, &w->org, STR("c"), term, &who, &a, 1, &at);
	e = repos_files(&w->cx, w->app->repos, 1, at.repo, str_of(commit),
			&files);
	err_clear(&w->cx);
	return e;
}

static void set_term(struct world *w, const char *more)
{
	world_ok(w, "platform", "course.set",
		 "{\"course\":\"c\",\"title\":\"C\"%s}", more);
}

/* An attempt stays where it began, whatever the course's term is then. */
static void files_are_kept_by_the_term_that_their_attempt_began_in(void **state)
{
	const struct str first = STR("WS 2026/27"), next = STR("SS 2027");
	struct world *w = *state;
	const char *id, *commit, *learner;
	struct reply r;

	set_term(w, ",\"term\":\"WS 2026/27\"");
	world_pass(w, 1000);
	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_judged(w, ANN, id, MAIN_C("a"), IS_LARGE);
	commit = code_slot(w, "moderator", id, "response/commit");
	r = quiz_do(w, "moderator", "attempt.get", id);
	learner = reply_text(w, &r, "view/learner");
	assert_int_equal(files_in(w, first, id, learner, commit), OK);
	assert_int_not_equal(files_in(w, STR("2026"), id, learner, commit), OK);
	set_term(w, ",\"term\":\"SS 2027\"");
	r = world_ok(w, "platform", "course.list", "{}");
	assert_string_equal(reply_text(w, &r, "courses/0/term"), "SS 2027");
	world_pass(w, 1000);
	code_judged(w, ANN, id, MAIN_C("b"), IS_LARGE);
	commit = code_slot(w, "moderator", id, "response/commit");
	assert_int_equal(files_in(w, first, id, learner, commit), OK);
	r = world_ok(w, "moderator", "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":2,"
		     "\"files\":true}",
		     id);
	assert_true(str_is(r.bytes, "b"));
	assert_int_not_equal(files_in(w, next, id, learner, commit), OK);
	world_ok(w, "platform", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked\"}");
	for (int i = 0; i < 10; i++)
		world_pass(w, 60000);
	assert_int_equal(files_in(w, first, id, learner, commit), ERR_ERASED);
}

/*
 * A term that a server with a slow clock began: it holds from before the
 * attempt, and what the attempt had saved lies in the year's repository.
 */
static void who_is_erased_leaves_nothing_in_another_term(void **state)
{
	struct world *w = *state;
	const char *id, *commit, *learner;
	struct str year;
	struct reply r;

	code_publish(w, "", ITEM);
	year = str_cut(str_of(world_time(w, 0)), 0, 4);
	id = quiz_start(w, ANN);
	assert_int_equal(code_save(w, ANN, id, MAIN_C("secret")).e, OK);
	commit = code_slot(w, "moderator", id, "response/commit");
	r = quiz_do(w, "moderator", "attempt.get", id);
	learner = reply_text(w, &r, "view/learner");
	assert_int_equal(files_in(w, year, id, learner, commit), OK);
	world_set_clock(w, -60000);
	set_term(w, ",\"term\":\"WS 2026/27\"");
	world_set_clock(w, 120000);
	set_term(w, ",\"term\":\"SS 2027\"");
	world_ok(w, "platform", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked\"}");
	for (int i = 0; i < 10; i++)
		world_pass(w, 60000);
	assert_int_equal(files_in(w, year, id, learner, commit), ERR_ERASED);
	r = world_ok(w, "platform", "job.list",
		     "{\"kind\":\"submission.forget\"}");
	assert_string_equal(reply_text(w, &r, "jobs/0/state"), "done");
}

static void a_term_is_a_short_plain_text(void **state)
{
	/* One byte above 40. */
	static const char long_term[] = "12345678901234567890123456789012"
					"345678901";
	const char *const wrong[] = { "", " x", "x ", "a\\nb", long_term };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct reply r = world_call(w, "platform", "course.set",
					    "{\"course\":\"c\",\"title\":"
					    "\"C\",\"term\":\"%s\"}",
					    wrong[i]);

		assert_int_equal(r.e, ERR_INVALID);
		assert_true(str_is(r.field, "/term"));
	}
}

/* Its repository would be that of the course's labs. */
static void no_term_has_the_name_that_labs_are_kept_by(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(w, "platform", "course.set",
				    "{\"course\":\"c\",\"title\":\"C\","
				    "\"term\":\"labs\"}");

	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/term"));
	assert_non_null(strstr(str_z(w->cx.arena, r.json), "another name"));
	set_term(w, ",\"term\":\"labs 2027\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(
			files_are_kept_by_the_term_that_their_attempt_began_in),
		quiz_test(who_is_erased_leaves_nothing_in_another_term),
		quiz_test(a_term_is_a_short_plain_text),
		quiz_test(no_term_has_the_name_that_labs_are_kept_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
