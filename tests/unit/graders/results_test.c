#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "graders/results.h"

static struct ctx cx;
static struct results got;

static int open_ctx(void **state)
{
	(void)state;
	cx = (struct ctx){ .arena = arena_new(4096) };
	return 0;
}

static int close_ctx(void **state)
{
	(void)state;
	arena_free(cx.arena);
	return 0;
}

typedef enum err reader(struct ctx *c, struct str text, struct results *out);

static const struct result_test *read_with(reader *how, const char *text)
{
	enum err e = how(&cx, str_of(text), &got);

	if (e)
		print_message("%s\n", cx.error.text);
	assert_int_equal(e, OK);
	return got.tests.at;
}

static int64_t percent(void)
{
	struct dec d;

	return results_share(&got, &d) ? d.nano / 10000000 : -1;
}

static void gradescopes_tests_have_points_states_and_visibility(void **state)
{
	const struct result_test *t = read_with(
		results_json_read,
		"{\"execution_time\": 1.5, \"output\": \"hi\\u001b[2J\","
		"\"tests\": [{\"name\": \"a\", \"number\": \"1.1\","
		"\"score\": 2.0, \"max_score\": 2.0, \"output\": \"ok\"},"
		"{\"score\": 0, \"max_score\": 6, \"visibility\":"
		"\"after_due_date\", \"status\": \"failed\"}],"
		"\"leaderboard\": [], \"odd\": 1}");

	(void)state;
	assert_int_equal(got.tests.n, 2);
	assert_int_equal(t[0].state, RESULT_PASSED);
	assert_int_equal(t[1].visibility, RESULT_AFTER_DUE);
	assert_true(str_is(got.output, "hi\\x1b[2J"));
	assert_int_equal(got.notes.n, 1);
	assert_int_equal(percent(), 25);
	/* a total of its own stands above the tests */
	read_with(results_json_read,
		  "{\"score\": 6, \"tests\":[{\"max_score\":8,\"score\":1}]}");
	assert_int_equal(percent(), 75);
}

static void prairielearns_total_is_a_share_and_may_be_ungradable(void **state)
{
	(void)state;
	read_with(
		results_json_read,
		"{\"score\":0.25,\"gradable\":false,\"message\":\"no\","
		"\"tests\":[{\"name\":\"x\",\"points\":1,\"max_points\":4}]}");
	assert_false(got.gradable);
	assert_true(got.scaled);
	assert_int_equal(percent(), 25);
	assert_int_equal(
		results_json_read(&cx, STR("{\"score\":2,\"gradable\":true}"),
				  &got),
		ERR_INVALID);
}

static void results_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"score\": \"x\"}",
		"{\"score\": 1e999}",
		"{\"tests\": {}}",
		"{\"tests\": [1]}",
		"{\"tests\":[{\"score\":1,\"max_score\":-1}]}",
		"{\"gradable\": 1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(results_json_read(&cx, str_of(bad[i]), &got),
				 ERR_INVALID);
	assert_int_equal(results_json_read(&cx, STR("{"), &got), ERR_BAD_JSON);
}

static void what_is_written_as_results_json_reads_the_same(void **state)
{
	struct buf b = { 0 };
	const struct result_test *t;

	(void)state;
	read_with(results_json_read,
		  "{\"score\":3,\"tests\":[{\"name\":\"a\\\"\",\"score\":1.5,"
		  "\"max_score\":2,\"visibility\":\"hidden\"}]}");
	results_json_write(&b, &got);
	buf_ch(&b, '\0');
	t = read_with(results_json_read, b.p);
	assert_true(str_is(t[0].name, "a\""));
	assert_int_equal(t[0].points.nano, 1500000000);
	assert_int_equal(t[0].visibility, RESULT_HIDDEN);
	assert_true(got.has_score);
	buf_done(&b);
}

static void tap_is_read_with_plan_directives_and_blocks(void **state)
{
	const struct result_test *t = read_with(
		results_tap_read,
		"TAP version 13\n1..5\nok 1 - adds\nnot ok 2 - subtracts\n"
		"  ---\n  message: wrong\n  ...\nok 3 # SKIP no disk\n"
		"not ok 4 # TODO later\n    ok 1 - of a subtest\n"
		"ok 5 - has \\# in it\nnoise\n");

	(void)state;
	assert_int_equal(got.tests.n, 5);
	assert_true(str_is(t[0].name, "adds"));
	assert_int_equal(t[1].state, RESULT_FAILED);
	assert_true(str_is(t[1].output, "  message: wrong\n"));
	assert_int_equal(t[2].state, RESULT_SKIPPED);
	assert_int_equal(t[3].state, RESULT_SKIPPED);
	assert_int_equal(t[4].state, RESULT_PASSED);
	assert_int_equal(got.notes.n, 1);
	assert_int_equal(percent(), 66);
}

/* What a program might print to look as if all had been well. */
static void tap_that_does_not_keep_its_plan_is_none(void **state)
{
	static const char *const bad[] = {
		"ok 1\n",
		"1..2\nok 1\n",
		"1..1\nok 1\nok 2\n",
		"1..2\nok 1\nok 1\n",
		"1..1\n1..1\nok 1\n",
		"1..2\nok 2\nok 1\n",
		"1..1\nok 1\nBail out! x\n",
		"1..9999999\nok 1\n",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (results_tap_read(&cx, str_of(bad[i]), &got) == OK)
			print_message("%s\n", bad[i]);
		assert_int_equal(results_tap_read(&cx, str_of(bad[i]), &got),
				 ERR_INVALID);
	}
}

static void junit_suites_are_read_with_their_nested_cases(void **state)
{
	const struct result_test *t = read_with(
		results_junit_read,
		"<?xml version=\"1.0\"?><testsuites><testsuite name=\"s\">"
		"<properties/><testcase classname=\"A\" name=\"b\"/>"
		"<testcase name=\"c\"><failure message=\"no\">x</failure>"
		"</testcase><testsuite><testcase name=\"d\"><error>boom"
		"</error></testcase><testcase name=\"e\"><skipped/>"
		"</testcase></testsuite><odd/></testsuite></testsuites>");

	(void)state;
	assert_int_equal(got.tests.n, 4);
	assert_true(str_is(t[0].name, "A.b"));
	assert_true(str_is(t[1].output, "no"));
	assert_int_equal(t[2].state, RESULT_BROKEN);
	assert_true(str_is(t[2].output, "boom"));
	assert_int_equal(t[3].state, RESULT_SKIPPED);
	assert_int_equal(got.notes.n, 1);
	assert_int_equal(percent(), 33);
	assert_int_equal(results_junit_read(&cx, STR("<html/>"), &got),
			 ERR_INVALID);
	assert_int_equal(
		results_junit_read(
			&cx, STR("<!DOCTYPE a [<!ENTITY x \"y\">]><a/>"), &got),
		ERR_UNSUPPORTED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_ctx, close_ctx)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(gradescopes_tests_have_points_states_and_visibility),
		T(prairielearns_total_is_a_share_and_may_be_ungradable),
		T(results_that_are_none_are_refused),
		T(what_is_written_as_results_json_reads_the_same),
		T(tap_is_read_with_plan_directives_and_blocks),
		T(tap_that_does_not_keep_its_plan_is_none),
		T(junit_suites_are_read_with_their_nested_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
