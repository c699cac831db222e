/* Checkers, interactors, functions: who may say what a program is worth. */
#include "tests/support/code_world.h"

static void task_with_checker(struct code_world *w, const char *protocol,
			      const char *script, const char *more)
{
	struct str escaped = str_copy(w->cx.arena, str_of(script));
	struct buf b = { 0 };

	buf_fmt(&b,
		"{'languages':['python'],'checker':{'protocol':'%s',"
		"'language':'python','files':[{'name':'check.py','text':",
		protocol);
	jout_str(&b, escaped);
	buf_fmt(&b,
		"}]%s},'tests':[{'name':'one','input':{'text':'in'},"
		"'answer':{'text':'42'}}]}",
		more);
	buf_ch(&b, '\0');
	world_spec(w, b.p);
	buf_done(&b);
}

struct said {
	const char *protocol, *script, *verdict;
	int64_t share_percent;
};

static void each_protocol_says_right_wrong_part_and_broken(void **state)
{
	static const struct said cases[] = {
		{ "testlib", "exit 0", "AC", 100 },
		{ "testlib", "exit 1", "WA", 0 },
		{ "testlib", "exit 2", "WA", 0 },
		{ "testlib", "exit 3", "IE", 0 },
		{ "testlib", "exit 4", "WA", 0 },
		{ "testlib", "err points 0.5 half\nexit 5", "WA", 50 },
		{ "testlib", "err points 0.5 half\nexit 7", "WA", 50 },
		{ "testlib", "err points 1\nexit 7", "AC", 100 },
		{ "testlib", "err points 1.5\nexit 7", "IE", 0 },
		{ "testlib", "err points -1\nexit 7", "IE", 0 },
		{ "testlib", "err points nan\nexit 7", "IE", 0 },
		{ "testlib", "err points 1e999\nexit 7", "IE", 0 },
		{ "testlib", "err points\nexit 7", "IE", 0 },
		{ "testlib", "exit 7", "IE", 0 },
		{ "testlib", "exit 8", "WA", 0 },
		{ "testlib", "exit 16", "WA", 0 },
		{ "testlib", "exit 66", "WA", 50 },
		{ "testlib", "exit 116", "AC", 100 },
		{ "testlib", "exit 117", "IE", 0 },
		{ "testlib", "exit 42", "WA", 26 },
		{ "testlib", "exit 6", "IE", 0 },
		{ "testlib", "exit 255", "IE", 0 },
		{ "kattis", "exit 42", "AC", 100 },
		{ "kattis", "exit 43", "WA", 0 },
		{ "kattis", "exit 0", "IE", 0 },
		{ "kattis", "exit 1", "IE", 0 },
		{ "kattis", "file feedback/score.txt 0.25\nexit 42", "WA", 25 },
		{ "kattis", "file feedback/score.txt 1e1\nexit 42", "IE", 0 },
		{ "kattis", "file feedback/score.txt \nexit 42", "IE", 0 },
		{ "kattis", "file feedback/score_multiplier.txt 0.5\nexit 42",
		  "WA", 50 },
		{ "kattis", "file feedback/score.txt 1\nexit 43", "WA", 0 },
		{ "kattis", "file feedback/nextpass.in x\nexit 42", "IE", 0 },
		{ "cms", "say 1.0\nerr ok", "AC", 100 },
		{ "cms", "say 0.5", "WA", 50 },
		{ "cms", "say 2", "IE", 0 },
		{ "cms", "", "IE", 0 },
		{ "cms", "say 1\nexit 1", "IE", 0 },
		{ "tap", "say 1..2\nsay ok 1\nsay ok 2", "AC", 100 },
		{ "tap", "say 1..2\nsay ok 1\nsay not ok 2", "WA", 50 },
		{ "tap", "say ok 1", "IE", 0 },
		{ "tap", "say 1..0", "IE", 0 },
		{ "junit",
		  "say <testsuite><testcase name=\"a\"/><testcase "
		  "name=\"b\"><failure/></testcase></testsuite>",
		  "WA", 50 },
		{ "junit", "say nothing", "IE", 0 },
		{ "results_json", "say {\"score\":0.75,\"gradable\":true}",
		  "WA", 75 },
		{ "results_json", "say {\"score\":7,\"gradable\":true}", "IE",
		  0 },
		/* whatever it says, one that was killed has said nothing */
		{ "testlib", "by cpu", "IE", 0 },
		{ "testlib", "by memory", "IE", 0 },
		{ "kattis", "signal 11", "IE", 0 },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		task_with_checker(w, cases[i].protocol, cases[i].script, "");
		world_judge(w, "say 42");
		if (strcmp(run_verdict_words[w->report.verdict],
			   cases[i].verdict))
			print_message("%s: %s\n", cases[i].protocol,
				      cases[i].script);
		assert_verdict(w->report.verdict, cases[i].verdict);
		assert_int_equal(world_fact(w, 0)->share.nano,
				 cases[i].share_percent * 10000000);
		if (w->report.verdict == RUN_IE)
			assert_true(w->report.staff.n > 0);
	}
}

static void a_checker_that_fails_once_is_asked_again(void **state)
{
	struct code_world *w = *state;

	task_with_checker(w, "testlib", "exit 0\nbroken 1", "");
	world_judge(w, "say 42");
	assert_verdict(w->report.verdict, "AC");
	assert_int_equal(w->runs, 4);
}

static void points_are_out_of_what_the_author_says(void **state)
{
	struct code_world *w = *state;

	task_with_checker(w, "kattis",
			  "file feedback/score.txt 30\n"
			  "file feedback/teammessage.txt not\x1b[2J bad\n"
			  "file feedback/judgemessage.txt case 7\nexit 42",
			  ",'max_points':40,'args':['strict']");
	world_judge(w, "say 42");
	assert_int_equal(world_fact(w, 0)->share.nano, 750000000);
	assert_true(str_is(world_fact(w, 0)->message, "not\\x1b[2J bad"));
	assert_true(str_is(world_fact(w, 0)->staff, "case 7"));
	/* input, answer, feedback folder, then the author's */
	assert_int_equal(w->last.argv.n, 6);
	assert_true(str_is(((struct str *)w->last.argv.at)[4], "feedback/"));
	assert_true(str_is(((struct str *)w->last.argv.at)[5], "strict"));
	assert_true(str_is(w->last.input, "42\n"));
}

static void a_checker_sees_only_outputs_of_runs_that_ended_well(void **state)
{
	struct code_world *w = *state;

	task_with_checker(w, "testlib", "exit 0", "");
	world_judge(w, "say 42\nby memory");
	assert_verdict(w->report.verdict, "MLE");
	assert_int_equal(w->runs, 1);
}

/* Attack of our own: result files, protocol lines, statuses of checkers. */
static void nothing_that_a_program_writes_changes_its_verdict(void **state)
{
	static const char forged[] =
		"say {\"score\": 100, \"gradable\": true}\n"
		"say ok 1 - all\nsay 1..1\nsay points 1\nerr points 1\n"
		"file results.json {\"score\":1}\n"
		"file feedback/score.txt 1\nexit ";
	static const int statuses[] = { 0, 42, 43, 7, 3 };
	struct code_world *w = *state;
	struct str script;

	for (size_t i = 0; i < 5; i++) {
		script = str_fmt(w->cx.arena, "%s%d", forged, statuses[i]);
		world_spec(w, "{'languages':['python'],'tests':[{'name':'one',"
			      "'answer':{'text':'42'}}]}");
		world_judge(w, str_z(w->cx.arena, script));
		assert_verdict(w->report.verdict, statuses[i] ? "RE" : "WA");
		assert_int_equal(w->result.points.nano, 0);
		task_with_checker(w, "testlib", "exit 1", "");
		world_judge(w, str_z(w->cx.arena, script));
		assert_verdict(w->report.verdict, statuses[i] ? "RE" : "WA");
		assert_int_equal(w->result.points.nano, 0);
	}
}

static void a_checker_that_cannot_be_built_is_ours(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'checker':{'protocol':'testlib',"
		      "'language':'c','files':[{'name':'c.c','text':'syntax "
		      "error'}]},'tests':[{'name':'one'}]}");
	world_judge(w, "say 42");
	assert_verdict(w->report.verdict, "IE");
	assert_true(str_starts(w->report.staff, "the checker cannot be built"));
}

/* ---- interactive ---- */

static void talk(struct code_world *w, const char *interactor)
{
	struct buf b = { 0 };

	buf_z(&b, "{'kind':'interactive','languages':['python'],"
		  "'interactor':{'protocol':'testlib','language':'python',"
		  "'files':[{'name':'talk.py','text':");
	jout_str(&b, str_of(interactor));
	buf_z(&b, "}]},'tests':[{'name':'one'}]}");
	buf_ch(&b, '\0');
	world_spec(w, b.p);
	buf_done(&b);
}

static void in_a_talk_the_one_at_fault_is_found(void **state)
{
	static const struct {
		const char *program, *interactor, *verdict;
	} cases[] = {
		{ "", "exit 0", "AC" },
		{ "", "exit 1", "WA" },
		/* cut off because it was found wrong, in whatever order the
		   two ends are seen */
		{ "signal 13", "exit 1", "WA" },
		{ "exit 1", "exit 1", "WA" },
		{ "exit 120", "exit 8", "WA" },
		/* it crashed, and nobody was there to talk to */
		{ "signal 11", "exit 1", "RE" },
		{ "signal 11", "signal 13", "RE" },
		{ "by cpu", "exit 1", "TLE" },
		{ "by memory", "exit 1", "MLE" },
		{ "by wall\nwall 4600", "exit 1", "TLE" },
		/* it stopped listening */
		{ "", "signal 13", "WA" },
		/* a right answer does not mend a limit or a status */
		{ "exit 3", "exit 0", "RE" },
		{ "by cpu", "exit 0", "TLE" },
		/* a pipe that the interactor closed when it was content */
		{ "signal 13", "exit 0", "AC" },
		/* the author's program is broken */
		{ "", "exit 3", "IE" },
		{ "", "by cpu", "IE" },
		{ "by wall\nwall 4600", "by cpu", "IE" },
		{ "by wall\nwall 4600", "exit 3", "TLE" },
		{ "signal 11", "exit 3", "RE" },
		{ "", "broken 9", "IE" },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		talk(w, cases[i / 2].interactor);
		w->last_first = i % 2;
		world_judge(w, cases[i / 2].program);
		if (strcmp(run_verdict_words[w->report.verdict],
			   cases[i / 2].verdict))
			print_message("case %zu: %s\n", i / 2,
				      cases[i / 2].program);
		assert_verdict(w->report.verdict, cases[i / 2].verdict);
	}
}

/* Only here the order is asked for: which of the two failed the other. */
static void of_two_that_fail_the_first_is_at_fault(void **state)
{
	struct code_world *w = *state;

	talk(w, "exit 3");
	world_judge(w, "exit 1");
	assert_verdict(w->report.verdict, "RE");
	w->last_first = true;
	world_judge(w, "exit 1");
	assert_verdict(w->report.verdict, "IE");
}

static void an_interactor_outlives_the_program_that_it_judges(void **state)
{
	struct code_world *w = *state;

	talk(w, "exit 0");
	world_judge(w, "");
	assert_true(w->last.limits.wall_ms >= 4600 + 2000);
}

/* ---- functions ---- */

static void calls(struct code_world *w)
{
	world_spec(w,
		   "{'kind':'function','languages':['python'],"
		   "'functions':[{'name':'add'},{'name':'fail'}],'tests':[{"
		   "'name':'one','calls':["
		   "{'function':'add','args':[2, 3],'value':5},"
		   "{'function':'fail','args':[],'raises':'ValueError'}]}]}");
}

/* The fake plays the driver, so it tells what the module made it say. */
static void replies(struct code_world *w, const char *said)
{
	struct code_file *f = ARENA_NEW(w->cx.arena, struct code_file);
	struct code_task task = { .language = STR("python"),
				  .files = { f, 1 } };

	*f = (struct code_file){ .name = STR("main.py"), .text = STR("") };
	w->plays = said;
	assert_int_equal(code_judge_spec(&w->cx, &w->runner, &world_languages,
					 &w->spec, &task, &w->report),
			 OK);
	w->plays = NULL;
}

#define RIGHT "say {\"id\":1,\"value\":5}\n"
#define RAISED "say {\"id\":2,\"raised\":\"ValueError\"}\n"

static void any_exception_will_do_where_the_task_says_so(void **state)
{
	static const struct {
		const char *said, *verdict;
	} cases[] = {
		{ "say {\"id\":1,\"raised\":\"std::range_error\"}\n", "AC" },
		{ "say {\"id\":1,\"raised\":\"\"}\n", "AC" },
		{ "say {\"id\":1,\"value\":\"*\"}\n", "WA" },
		{ "say {\"id\":1,\"broken\":\"*\"}\n", "WA" },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_spec(w, "{'kind':'function','languages':['python'],"
			      "'functions':[{'name':'fail'}],'tests':[{"
			      "'name':'one','calls':[{'function':'fail',"
			      "'args':[],'raises':'*'}]}]}");
		replies(w, cases[i].said);
		assert_verdict(w->report.verdict, cases[i].verdict);
	}
}

static void a_function_passes_by_the_values_that_it_gives(void **state)
{
	static const struct {
		const char *said, *verdict, *message;
	} cases[] = {
		{ RIGHT RAISED, "AC", NULL },
		{ "say {\"id\":1,\"value\":5.0}\n" RAISED, "AC", NULL },
		{ "say {\"id\":1,\"value\":6}\n" RAISED, "WA",
		  "add returned another value" },
		{ "say {\"id\":1,\"value\":\"5\"}\n" RAISED, "WA",
		  "add returned another value" },
		{ "say {\"id\":1,\"value\":true}\n" RAISED, "WA",
		  "add returned another value" },
		{ "say {\"id\":1,\"value\":{\"$type\":\"AlwaysEqual\"}}\n" RAISED,
		  "WA", "add returned another value" },
		{ "say {\"id\":1,\"raised\":\"TypeError\"}\n" RAISED, "WA",
		  "add raised TypeError" },
		{ RIGHT "say {\"id\":2,\"value\":null}\n", "WA",
		  "fail returned a value where it was to raise an exception" },
		/* extra, out of order, without request, none */
		{ RIGHT RAISED "say {\"id\":3,\"value\":5}\n", "WA",
		  "a reply came that nothing had asked for" },
		{ RIGHT RIGHT RAISED, "WA",
		  "a reply came that nothing had asked for" },
		{ RAISED RIGHT, "WA",
		  "a reply came that nothing had asked for" },
		{ RIGHT, "WA", "it ended before call 2 of 2 was answered" },
		{ "", "WA", "it ended before call 1 of 2 was answered" },
		{ "say ok\n" RIGHT RAISED, "WA",
		  "a reply could not be read: do not write to the descriptors "
		  "of the tests" },
		{ "say {\"id\":1,\"value\":5,\"passed\":true}\n" RAISED, "WA",
		  "a reply came that nothing had asked for" },
		{ "say {\"id\":1,\"broken\":\"there is no function add\"}\n",
		  "WA", "there is no function add" },
		{ RIGHT RAISED "exit 1\n", "RE", "ended with status 1" },
		{ RIGHT RAISED "signal 9\n", "RE",
		  "ended by signal 9 (killed)" },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		calls(w);
		replies(w, cases[i].said);
		if (strcmp(run_verdict_words[w->report.verdict],
			   cases[i].verdict))
			print_message("case %zu: %s\n", i, cases[i].said);
		assert_verdict(w->report.verdict, cases[i].verdict);
		if (cases[i].message)
			assert_true(str_is(world_fact(w, 0)->message,
					   cases[i].message));
	}
}

static void a_driver_gets_calls_and_never_values(void **state)
{
	struct code_world *w = *state;
	const struct run_file *f;

	calls(w);
	replies(w, RIGHT RAISED);
	assert_true(str_is(w->last.input,
			   "{\"id\":1,\"call\":\"add\",\"args\":[2, 3]}\n"
			   "{\"id\":2,\"call\":\"fail\",\"args\":[]}\n"));
	assert_string_equal(w->seen, "main.py assay_driver.py ");
	f = w->last.put.at;
	for (size_t i = 0; i < w->last.put.n; i++)
		assert_int_equal(str_find(f[i].data, STR("ValueError\"}"), 0),
				 SIZE_MAX);
	assert_true(
		str_is(((struct str *)w->last.argv.at)[1], "assay_driver.py"));
	assert_true(str_is(((struct str *)w->last.argv.at)[2], "main.py"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_protocol_says_right_wrong_part_and_broken),
		T(a_checker_that_fails_once_is_asked_again),
		T(points_are_out_of_what_the_author_says),
		T(a_checker_sees_only_outputs_of_runs_that_ended_well),
		T(nothing_that_a_program_writes_changes_its_verdict),
		T(a_checker_that_cannot_be_built_is_ours),
		T(in_a_talk_the_one_at_fault_is_found),
		T(of_two_that_fail_the_first_is_at_fault),
		T(an_interactor_outlives_the_program_that_it_judges),
		T(any_exception_will_do_where_the_task_says_so),
		T(a_function_passes_by_the_values_that_it_gives),
		T(a_driver_gets_calls_and_never_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
