#include "tests/support/code_world.h"

#define TWO                                                                    \
	"{'languages':['python','c'],'tests':["                                \
	"{'name':'one','input':{'text':'1'},'answer':{'text':'42\\n'}},"       \
	"{'name':'two','input':{'text':'2'},'answer':{'text':'42\\n'}}]}"

static void a_right_program_is_accepted_with_all_points(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	world_judge(w, "say 42");
	assert_verdict(w->report.verdict, "AC");
	assert_true(w->report.gradable);
	assert_int_equal(w->result.fraction.nano, DEC_ONE_NANO);
	assert_int_equal(world_fact(w, 1)->cpu_us, 1000);
	assert_int_equal(world_fact(w, 0)->runs, 1);
	assert_int_equal(w->report.charged_us, 2000);
}

static void what_ended_it_stands_above_what_it_wrote(void **state)
{
	static const struct {
		const char *script, *verdict;
	} cases[] = {
		{ "say 41", "WA" },
		{ "", "WA" },
		{ "say 42\nby cpu", "TLE" },
		{ "say 42\nby wall", "TLE" },
		{ "say 42\nby memory", "MLE" },
		{ "say 42\nby stdout", "OLE" },
		{ "say 42\nexit 3", "RE" },
		{ "say 42\nsignal 11", "RE" },
		{ "say 42\ncpu 2400", "TLE" }, /* 15 % over 2000 and more */
		{ "say 42\ncpu 2001", "TLE" },
		{ "say 42\ncpu 2000", "AC" },
		{ "say 42\nwall 4001", "TLE" },
		{ "say 41\ncpu 2001", "TLE" },
	};
	struct code_world *w = *state;

	world_spec(w, TWO);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_judge(w, cases[i].script);
		assert_string_equal(run_verdict_words[w->report.verdict],
				    cases[i].verdict);
		assert_true(w->report.gradable);
	}
	world_judge(w, "say 42\nexit 3");
	assert_int_equal(world_fact(w, 0)->exit, 3);
	assert_true(str_is(world_fact(w, 0)->message, "ended with status 3"));
}

static void an_exit_status_may_be_left_alone_by_the_task(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'any_exit':true,'tests':["
		      "{'name':'one','answer':{'text':'42'}}]}");
	world_judge(w, "say 42\nexit 43");
	assert_verdict(w->report.verdict, "AC");
	world_judge(w, "say 42\nsignal 9");
	assert_verdict(w->report.verdict, "RE");
}

static void a_program_gets_room_and_is_measured_by_the_limit(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'limits':{'cpu_ms':1000},"
		      "'tests':[{'name':'one','answer':{'text':'42'}}]}");
	world_judge(w, "say 42");
	assert_int_equal(w->last.limits.cpu_ms, 1150);
	assert_int_equal(w->last.limits.wall_ms, 4600);
}

static void
near_a_limit_a_run_is_repeated_alone_and_the_best_counts(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	world_judge(w, "say 42\ncpu 2050\nalone 1990");
	assert_verdict(w->report.verdict, "AC");
	assert_int_equal(w->alone_runs, 2);
	assert_int_equal(world_fact(w, 0)->runs, 2);
	assert_int_equal(world_fact(w, 0)->cpu_us, 1990000);
	assert_int_equal(world_fact(w, 0)->charged_us, 2050000 + 1990000);
	/* three times, then it counts as it was at best */
	w->alone_runs = 0;
	world_judge(w, "say 42\ncpu 2090\nalone 2010");
	assert_verdict(w->report.verdict, "TLE");
	assert_int_equal(w->alone_runs, 6);
	assert_int_equal(world_fact(w, 0)->cpu_us, 2010000);
}

static void one_that_never_ends_is_not_repeated(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	world_judge(w, "by cpu\ncpu 2300");
	world_judge(w, "by wall\nwall 4600");
	assert_int_equal(w->alone_runs, 0);
	/* but one whose time others took */
	world_judge(w, "by wall\nwall 4600\nstolen 2000");
	assert_int_equal(w->alone_runs, 6);
}

static void our_own_failure_is_tried_again_and_then_told_to_staff(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'tests':["
		      "{'name':'one','answer':{'text':'42'}}]}");
	world_judge(w, "say 42\nbroken 1");
	assert_verdict(w->report.verdict, "AC");
	world_judge(w, "say 42\nbroken 9");
	assert_verdict(w->report.verdict, "IE");
	assert_false(w->report.gradable);
	assert_true(str_is(w->report.staff,
			   "test one: a cgroup could not be made"));
	assert_true(w->report.reason.n > 0);
	assert_int_equal(w->result.points.nano, 0);
}

static void a_runner_that_is_gone_is_ours_and_nothing_is_left(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	w->fail_wait_at = 1;
	assert_int_equal(world_try(w, "python", "main.py", "say 42"),
			 ERR_UNAVAILABLE);
	assert_int_equal(w->cancels, 1);
	assert_int_equal(w->queue_n, 0);
}

static void what_can_never_be_run_is_told_to_staff(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'tests':[{'name':'one',"
		      "'args':['refuse-me'],'answer':{'text':'42'}}]}");
	world_judge(w, "say 42");
	assert_verdict(w->report.verdict, "IE");
	assert_true(str_is(w->report.staff, "test one: cannot be run"));
}

static void what_does_not_compile_is_ce_with_a_text_without_paths(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	assert_int_equal(world_try(w, "c", "main.c", "syntax error"), OK);
	assert_verdict(w->report.verdict, "CE");
	assert_verdict(w->report.compile, "CE");
	assert_true(w->report.gradable);
	assert_int_equal(w->report.tests.n, 0);
	assert_true(str_is(w->report.compile_text,
			   "main.c:1:5: error: expected ';'\n"));
	assert_int_equal(w->runs, 1);
	/* the author may let it cost nothing */
	w->spec.free_error = true;
	assert_int_equal(world_try(w, "c", "main.c", "syntax error"), OK);
	assert_false(w->report.gradable);
}

static void a_bomb_for_the_compiler_is_ce_and_says_which_limit(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	assert_int_equal(world_try(w, "c", "main.c", "compiler bomb"), OK);
	assert_verdict(w->report.verdict, "CE");
	assert_true(str_starts(w->report.compile_text,
			       "the memory limit of compiling"));
}

static void a_program_is_compiled_once_and_runs_without_its_source(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	assert_int_equal(world_try(w, "c", "main.c", "say 42"), OK);
	assert_verdict(w->report.verdict, "AC");
	assert_int_equal(w->runs, 3);
	assert_string_equal(w->seen, "main.c main main ");
}

static void a_learners_box_never_has_an_answer(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['python'],'checker':{'protocol':'testlib',"
		      "'language':'c','files':[{'name':'main.c','text':'exit "
		      "0'}]},'tests':[{'name':'one','answer':{'text':'42'}}]}");
	world_judge(w, "say 42");
	/* checker built; the program; the checker with its three files */
	assert_string_equal(w->seen, "main.c main.py main input.txt answer.txt "
				     "output.txt ");
	assert_verdict(w->report.verdict, "AC");
}

/* Else a learner with a large program would have our failure for a verdict. */
static void a_program_as_large_as_the_disk_limit_still_fits(void **state)
{
	struct code_world *w = *state;
	char source[10001];

	memset(source, ' ', sizeof(source));
	memcpy(source, "say 42\n", 7);
	source[sizeof(source) - 1] = '\0';
	world_spec(w, "{'languages':['python'],'limits':{'disk_bytes':8192},"
		      "'tests':[{'name':'one','answer':{'text':'42'}}]}");
	world_judge(w, source);
	assert_int_equal(w->last.limits.disk_bytes, 8192 + 3 * 4096);
	assert_int_equal(w->last.limits.inodes, run_limits_default.inodes);
	world_judge(w, "say 42");
	assert_int_equal(w->last.limits.disk_bytes, 8192);
}

static void what_may_not_be_handed_in_costs_nothing(void **state)
{
	struct code_world *w = *state;

	world_spec(w, TWO);
	assert_int_equal(world_try(w, "java", "Main.java", ""), OK);
	assert_false(w->report.gradable);
	assert_int_equal(world_try(w, "python", "conftest.py", ""), OK);
	assert_false(w->report.gradable);
	assert_true(str_starts(w->report.reason, "conftest.py: "));
	assert_int_equal(world_try(w, "python", "../x.py", ""), OK);
	assert_false(w->report.gradable);
	/* named as it can be shown */
	assert_int_equal(world_try(w, "python", "a\x1b.py", ""), OK);
	assert_true(str_starts(w->report.reason, "a\\x1b.py: "));
	assert_int_equal(world_try(w, "python", "readme.txt", ""), OK);
	assert_false(w->report.gradable);
	assert_true(str_is(w->report.reason, "it is not clear which file to "
					     "begin with: call it main.py"));
	assert_int_equal(w->runs, 0);
	/* a file of another name is the program if it is the only source */
	assert_int_equal(world_try(w, "python", "mine.py", "say 42"), OK);
	assert_verdict(w->report.verdict, "AC");
}

static void a_language_that_this_machine_lacks_is_ours(void **state)
{
	struct code_world *w = *state;

	world_spec(w, "{'languages':['java'],'tests':[{'name':'one','answer':"
		      "{'text':'42'}}]}");
	assert_int_equal(world_try(w, "java", "Main.java", ""), OK);
	assert_verdict(w->report.verdict, "IE");
	assert_true(w->report.staff.n > 0);
}

static void tests_run_side_by_side_up_to_the_width(void **state)
{
	struct code_world *w = *state;
	struct buf b = { 0 };

	buf_z(&b, "{'languages':['python'],'tests':[");
	for (int i = 0; i < 40; i++)
		buf_fmt(&b, "%s{'name':'t%d','answer':{'text':'42'}}",
			i ? "," : "", i);
	buf_z(&b, "]}");
	buf_ch(&b, '\0');
	world_spec(w, b.p);
	world_judge(w, "say 42");
	assert_int_equal(w->most_at_once, WORLD_WIDTH);
	assert_int_equal(w->runs, 40);
	buf_done(&b);
}

#define GROUPS                                                                 \
	"{'languages':['python'],'groups':["                                   \
	"{'name':'a','points':10,'short_circuit':true},"                       \
	"{'name':'b','points':20,'how':'all','requires':['a']},"               \
	"{'name':'c','points':30,'how':'min'}],'tests':["                      \
	"{'name':'a1','group':'a','input':{'text':'42'},"                      \
	"'answer':{'text':'42'}},"                                             \
	"{'name':'a2','group':'a','input':{'text':'43'},"                      \
	"'answer':{'text':'42'}},"                                             \
	"{'name':'a3','group':'a','input':{'text':'42'},"                      \
	"'answer':{'text':'42'}},"                                             \
	"{'name':'b1','group':'b','input':{'text':'42'},"                      \
	"'answer':{'text':'42'}},"                                             \
	"{'name':'c1','group':'c','input':{'text':'42'},"                      \
	"'answer':{'text':'42'}}]}"

static void
a_group_is_cut_short_and_those_that_need_it_are_skipped(void **state)
{
	struct code_world *w = *state;
	static const char *const want[] = { "AC", "WA", "SK", "SK", "AC" };

	/* The same facts whatever is told first, and in whatever order. */
	for (int round = 0; round < 20; round++) {
		world_spec(w, GROUPS);
		w->last_first = round % 2;
		world_judge(w, "cat");
		for (size_t i = 0; i < 5; i++)
			assert_verdict(world_fact(w, i)->verdict, want[i]);
		assert_verdict(w->report.verdict, "WA");
		/* a third of a's 10, nothing of b, all of c */
		assert_int_equal(w->result.points.nano, 33333333333);
	}
}

static void a_report_comes_back_the_same_from_json(void **state)
{
	struct code_world *w = *state;
	struct code_report again;
	struct buf a = { 0 }, b = { 0 };

	world_spec(w, GROUPS);
	world_judge(w, "cat");
	code_report_write(&w->cx, &a, &w->report);
	assert_int_equal(
		code_report_read(&w->cx, &w->spec, buf_view(&a), &again), OK);
	code_report_write(&w->cx, &b, &again);
	assert_true(str_eq(buf_view(&a), buf_view(&b)));
	buf_done(&a);
	buf_done(&b);
}

/* As if a worker had been taken over. */
static void a_report_that_contradicts_itself_is_refused(void **state)
{
	struct code_world *w = *state;
	struct code_report bad, out;
	struct code_fact *f;
	struct buf b = { 0 };

	world_spec(w, TWO);
	world_judge(w, "say 41");
	f = w->report.tests.at;
	for (int i = 0; i < 5; i++) {
		bad = w->report;
		f[0].verdict = RUN_WA;
		f[0].share = DEC_ZERO;
		if (i == 0)
			f[0].share = DEC_ONE;
		if (i == 1)
			f[0].verdict = RUN_AC;
		if (i == 2)
			bad.tests.n = 1;
		if (i == 3)
			bad.verdict = RUN_AC;
		if (i == 4)
			bad.tests.n = 0;
		buf_reset(&b);
		code_report_write(&w->cx, &b, &bad);
		assert_int_equal(
			code_report_read(&w->cx, &w->spec, buf_view(&b), &out),
			ERR_INVALID);
	}
	buf_done(&b);
}

static void a_report_with_endless_texts_is_cut_to_size(void **state)
{
	struct code_world *w = *state;
	static struct code_fact facts[CODE_TESTS];
	static char text[4000];
	struct code_report r = { .version = 1,
				 .language = STR("c"),
				 .gradable = true,
				 .compile_text = { text, sizeof(text) },
				 .tests = { facts, CODE_TESTS } };
	struct buf b = { 0 };

	memset(text, '"', sizeof(text));
	for (size_t i = 0; i < CODE_TESTS; i++)
		facts[i] = (struct code_fact){
			.verdict = RUN_AC,
			.share = DEC_ONE,
			.cpu_us = INT64_MAX,
			.wall_us = INT64_MAX,
			.memory_peak_bytes = INT64_MAX,
			.message = { text, sizeof(text) },
			.staff = { text, sizeof(text) },
		};
	code_report_write(&w->cx, &b, &r);
	assert_true(b.n <= CODE_REPORT_BYTES);
	buf_done(&b);
}

static void the_task_travels_as_json(void **state)
{
	struct code_world *w = *state;
	struct code_file f = { .name = STR("main.py"),
			       .base64 = STR("say 42\n\xff\x00") };
	struct code_task task = {
		.item = STR("{\"languages\":[\"python\"],\"tests\":[{\"name\":"
			    "\"a\",\"answer\":{\"text\":\"42\"}}]}"),
		.language = STR("python"),
		.files = { &f, 1 }
	};
	struct str text = field_text(w->cx.arena, &code_task_shape, &task);
	struct code_task again;

	assert_int_equal(
		field_decode_text(&w->cx, text, &code_task_shape, &again), OK);
	assert_int_equal(code_judge(&w->cx, &w->runner, &world_languages,
				    &again, &w->report),
			 OK);
	assert_verdict(w->report.verdict, "AC");
	again.item = STR("{\"languages\":[\"python\"],\"tests\":[]}");
	assert_int_equal(code_judge(&w->cx, &w->runner, &world_languages,
				    &again, &w->report),
			 ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/item/tests");
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_right_program_is_accepted_with_all_points),
		T(what_ended_it_stands_above_what_it_wrote),
		T(an_exit_status_may_be_left_alone_by_the_task),
		T(a_program_gets_room_and_is_measured_by_the_limit),
		T(near_a_limit_a_run_is_repeated_alone_and_the_best_counts),
		T(one_that_never_ends_is_not_repeated),
		T(our_own_failure_is_tried_again_and_then_told_to_staff),
		T(a_runner_that_is_gone_is_ours_and_nothing_is_left),
		T(what_can_never_be_run_is_told_to_staff),
		T(what_does_not_compile_is_ce_with_a_text_without_paths),
		T(a_bomb_for_the_compiler_is_ce_and_says_which_limit),
		T(a_program_is_compiled_once_and_runs_without_its_source),
		T(a_learners_box_never_has_an_answer),
		T(a_program_as_large_as_the_disk_limit_still_fits),
		T(what_may_not_be_handed_in_costs_nothing),
		T(a_language_that_this_machine_lacks_is_ours),
		T(tests_run_side_by_side_up_to_the_width),
		T(a_group_is_cut_short_and_those_that_need_it_are_skipped),
		T(a_report_comes_back_the_same_from_json),
		T(a_report_that_contradicts_itself_is_refused),
		T(a_report_with_endless_texts_is_cut_to_size),
		T(the_task_travels_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
