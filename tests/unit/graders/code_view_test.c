/* What is told to whom, what it is worth, and what is tried before. */
#include <time.h>

#include "tests/support/code_world.h"

static const char *see(struct code_world *w, enum code_audience who)
{
	buf_reset(&w->view);
	code_view(&w->cx, &w->spec, &w->report, who, &w->view);
	buf_ch(&w->view, '\0');
	return w->view.p;
}

/* A member of the view, as text. */
static const char *member(struct code_world *w, const char *name)
{
	struct str text = { w->view.p, w->view.n - 1 };
	struct jdoc *doc;
	struct jval v;

	assert_int_equal(jdoc_parse(&w->cx, text, &doc), OK);
	if (!jval_get(jdoc_root(doc), name, &v))
		return "";
	return str_z(w->cx.arena, jval_text(v));
}

#define SECRET                                                                 \
	"{'languages':['python'],'visibility':'hidden',%s'tests':["            \
	"{'name':'sample','visibility':'visible','feedback':'diff','input':{"  \
	"'text':'shown-in'},'answer':{'text':'42'},'hint':'look'},"            \
	"{'name':'NAME-7f3a','input':{'text':'INPUT-7f3a'},'answer':{"         \
	"'text':'ANSWER-7f3a'},'hint':'HINT-7f3a'},"                           \
	"{'name':'due','visibility':'after_due','answer':{'text':'42'}},"      \
	"{'name':'released','visibility':'after_release','answer':{'text':"    \
	"'42'}}]}"

static void secret_task(struct code_world *w, const char *more)
{
	static char text[2000];

	snprintf(text, sizeof(text), SECRET, more);
	world_spec(w, text);
}

static void a_hidden_test_leaks_nothing_at_any_time(void **state)
{
	static const char *const ways[] = {
		"",
		"'hidden_as':'passed',",
		"'hidden_as':'verdicts','feedback':'diff',",
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		secret_task(w, ways[i]);
		world_judge(w, "say 42");
		for (int who = CODE_FOR_LEARNER; who <= CODE_FOR_RELEASED;
		     who++) {
			const char *seen = see(w, (enum code_audience)who);

			assert_null(strstr(seen, "7f3a"));
			assert_null(strstr(seen, "staff"));
			assert_null(strstr(seen, "stolen"));
		}
		assert_non_null(strstr(see(w, CODE_FOR_AUTHOR), "INPUT-7f3a"));
	}
}

static void passing_what_is_shown_does_not_look_like_passing(void **state)
{
	struct code_world *w = *state;

	secret_task(w, "");
	world_judge(w, "say 42");
	assert_verdict(w->result.verdict, "WA");
	see(w, CODE_FOR_LEARNER);
	assert_string_equal(member(w, "verdict"), "\"AC\"");
	assert_string_equal(member(w, "complete"), "false");
	assert_string_equal(member(w, "points"), "");
	assert_string_equal(member(w, "fraction"), "");
	assert_string_equal(member(w, "hidden"), "{\"tests\":3}");
}

/* Two programs that differ only in hidden tests are told the same. */
static void nothing_can_be_told_from_a_view_that_counts(void **state)
{
	struct code_world *w = *state;
	const char *one;

	secret_task(w, "");
	world_judge(w, "say 42\ncpu 10");
	see(w, CODE_FOR_LEARNER);
	one = str_z(w->cx.arena, buf_view(&w->view));
	for (size_t i = 1; i < 4; i++) {
		struct code_fact *f = w->report.tests.at;

		f[i] = (struct code_fact){ .verdict = RUN_RE,
					   .cause = RUN_BY_SIGNAL,
					   .signal = 11,
					   .cpu_us = 123456,
					   .message = STR("secret") };
	}
	assert_string_equal(see(w, CODE_FOR_LEARNER), one);
}

#define MIXED                                                                  \
	"{'languages':['python'],'groups':[{'name':'open','points':1},"        \
	"{'name':'closed','points':2,'requires':['open']}],'tests':["          \
	"{'name':'h','group':'closed','visibility':'hidden','answer':{'text':" \
	"'42'}},{'name':'v','group':'open','answer':{'text':'42'}}]}"

static void
a_place_or_a_groups_points_tell_nothing_of_what_is_hidden(void **state)
{
	struct code_world *w = *state;

	world_spec(w, MIXED);
	world_judge(w, "say 42");
	see(w, CODE_FOR_LEARNER);
	assert_non_null(strstr(w->view.p, "{\"number\":1,\"name\":\"v\""));
	assert_string_equal(member(w, "groups"),
			    "[{\"name\":\"open\",\"verdict\":\"AC\","
			    "\"points\":1,\"max_points\":1}]");
	assert_non_null(
		strstr(see(w, CODE_FOR_AUTHOR), "\"closed\",\"verdict"));
}

/* Rescored with a requirement that the facts were not judged by. */
static void
a_group_gives_nothing_while_what_it_requires_has_failed(void **state)
{
	struct code_world *w = *state;
	struct code_fact *f;

	world_spec(w, MIXED);
	world_judge(w, "say 42");
	assert_int_equal(w->result.points.nano, 3 * DEC_ONE_NANO);
	f = w->report.tests.at;
	f[1].verdict = RUN_WA;
	f[1].share = DEC_ZERO;
	code_score(&w->cx, &w->spec, &w->report, &w->result);
	assert_int_equal(w->result.points.nano, 0);
}

static void tests_come_out_when_their_time_has_come(void **state)
{
	struct code_world *w = *state;

	secret_task(w, "");
	world_judge(w, "say 42");
	assert_null(strstr(see(w, CODE_FOR_LEARNER), "\"due\""));
	assert_non_null(strstr(see(w, CODE_FOR_DUE), "\"due\""));
	assert_null(strstr(see(w, CODE_FOR_DUE), "\"released\""));
	assert_non_null(strstr(see(w, CODE_FOR_RELEASED), "\"released\""));
	/* the grade is out, so its sum tells nothing new */
	assert_string_equal(member(w, "fraction"), "0.75");
}

static void the_author_chooses_what_hidden_tests_tell(void **state)
{
	struct code_world *w = *state;

	secret_task(w, "'hidden_as':'passed',");
	world_judge(w, "say 42");
	see(w, CODE_FOR_LEARNER);
	assert_string_equal(member(w, "hidden"), "{\"tests\":3,\"passed\":2}");
	assert_string_equal(member(w, "points"), "3");
	assert_string_equal(member(w, "verdict"), "\"WA\"");
	secret_task(w, "'hidden_as':'verdicts',");
	see(w, CODE_FOR_LEARNER);
	assert_string_equal(member(w, "hidden"),
			    "{\"tests\":3,\"passed\":2,\"verdicts\":[\"WA\","
			    "\"AC\",\"AC\"]}");
}

static void feedback_has_three_levels(void **state)
{
	static const char task[] =
		"{'languages':['python'],'feedback':'%s','tests':[{'name':'a',"
		"'input':{'text':'IN'},'answer':{'text':'WANT'},'hint':"
		"'HINT'}]}";
	struct code_world *w = *state;
	char text[300];

	snprintf(text, sizeof(text), task, "diff");
	world_spec(w, text);
	world_judge(w, "say GOT");
	see(w, CODE_FOR_LEARNER);
	assert_non_null(strstr(w->view.p, "\"wanted\":\"WANT\""));
	assert_non_null(strstr(w->view.p, "\"got\":\"GOT\""));
	assert_non_null(strstr(w->view.p, "\"input\":\"IN\""));
	assert_non_null(strstr(w->view.p, "\"hint\":\"HINT\""));
	snprintf(text, sizeof(text), task, "verdict");
	world_spec(w, text);
	see(w, CODE_FOR_LEARNER);
	assert_null(strstr(w->view.p, "WANT"));
	assert_null(strstr(w->view.p, "IN\""));
	assert_non_null(strstr(w->view.p, "\"verdict\":\"WA\",\"hint\""));
	snprintf(text, sizeof(text), task, "none");
	world_spec(w, text);
	see(w, CODE_FOR_LEARNER);
	assert_null(strstr(w->view.p, "HINT"));
	assert_null(strstr(w->view.p, "\"WA\""));
	assert_string_equal(member(w, "points"), "");
}

static void our_failure_is_told_as_ours_and_why_only_to_staff(void **state)
{
	struct code_world *w = *state;

	secret_task(w, "");
	world_judge(w, "broken 9");
	see(w, CODE_FOR_LEARNER);
	assert_string_equal(member(w, "verdict"), "\"IE\"");
	assert_string_equal(member(w, "gradable"), "false");
	assert_null(strstr(w->view.p, "cgroup"));
	assert_null(strstr(w->view.p, "NAME"));
	assert_non_null(strstr(see(w, CODE_FOR_STAFF), "cgroup"));
}

static void a_learner_gets_the_task_without_what_is_hidden(void **state)
{
	struct code_world *w = *state;
	struct buf b = { 0 };

	secret_task(w, "'references':[{'name':'r','language':'python','files':"
		       "[{'name':'main.py','text':'SOLUTION-7f3a'}]}],");
	code_deliver(&b, &w->spec);
	buf_ch(&b, '\0');
	assert_null(strstr(b.p, "7f3a"));
	assert_non_null(strstr(b.p, "shown-in"));
	buf_done(&b);
}

/* ---- scores ---- */

#define GROUPS                                                                 \
	"{'languages':['python'],'groups':[{'name':'a','points':30,'how':"     \
	"'min'},{'name':'b','points':70,'how':'all'}],'tests':["               \
	"{'name':'a1','group':'a','answer':{'text':'1'}},"                     \
	"{'name':'a2','group':'a','answer':{'text':'1'}},"                     \
	"{'name':'b1','group':'b','answer':{'text':'1'}},"                     \
	"{'name':'x','points':50,'answer':{'text':'1'}}]}"

static struct code_result score(struct code_world *w, const char *percent)
{
	static struct code_fact f[4];
	struct code_report r = { .version = 1, .tests = { f, 4 } };
	struct code_result out;

	for (size_t i = 0; i < 4; i++) {
		int64_t share =
			percent[i] == '*' ? 100 : (percent[i] - '0') * 10;

		f[i] = (struct code_fact){ .verdict = share == 100 ? RUN_AC
								   : RUN_WA,
					   .share = dec_ratio(share, 100) };
	}
	code_score(&w->cx, &w->spec, &r, &out);
	return out;
}

static void points_add_up_by_group(void **state)
{
	struct code_world *w = *state;
	struct code_result r;

	world_spec(w, GROUPS);
	r = score(w, "****");
	assert_int_equal(r.points.nano, 150 * DEC_ONE_NANO);
	assert_verdict(r.verdict, "AC");
	r = score(w, "*5*0"); /* half of 30, all of 70, nothing of 50 */
	assert_int_equal(r.points.nano, 85 * DEC_ONE_NANO);
	assert_verdict(r.verdict, "WA");
	r = score(w, "**9*"); /* all or nothing */
	assert_int_equal(r.points.nano, 80 * DEC_ONE_NANO);
	assert_int_equal(r.groups.n, 3);
}

/* What the server does while others wait: names are looked up once. */
static void many_groups_with_long_names_are_added_up_at_once(void **state)
{
	enum { TIMES = 20 };
	static struct code_fact facts[CODE_TESTS];
	struct code_world *w = *state;
	struct code_group *g =
		ARENA_ARRAY(w->cx.arena, struct code_group, CODE_GROUPS);
	struct code_test *t =
		ARENA_ARRAY(w->cx.arena, struct code_test, CODE_TESTS);
	struct code_result out = { 0 };
	struct timespec from, to;

	world_spec(w, GROUPS);
	for (int i = 0; i < CODE_GROUPS; i++)
		g[i] = (struct code_group){
			.name = str_fmt(w->cx.arena, "%0190d", i),
		};
	for (int i = 0; i < CODE_TESTS; i++) {
		t[i] = (struct code_test){ .group = g[99 - i % 50].name };
		facts[i] = (struct code_fact){ .verdict = RUN_AC,
					       .share = DEC_ONE };
	}
	w->spec.groups = (struct list){ g, CODE_GROUPS };
	w->spec.tests = (struct list){ t, CODE_TESTS };
	w->report = (struct code_report){ .version = 1,
					  .gradable = true,
					  .tests = { facts, CODE_TESTS } };
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < TIMES; i++) {
		code_score(&w->cx, &w->spec, &w->report, &out);
		see(w, CODE_FOR_LEARNER);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	assert_int_equal(out.points.nano, CODE_TESTS * DEC_ONE_NANO);
	assert_true((to.tv_sec - from.tv_sec) * 1000 +
			    (to.tv_nsec - from.tv_nsec) / 1000000 <
		    500);
}

/* All that a worker can say, as large as it can say it. */
static void any_report_that_can_be_read_can_be_kept(void **state)
{
	enum { TEXT = 16384 };
	static struct code_fact facts[CODE_TESTS];
	static struct code_packed files[CODE_UPLOAD_FILES];
	static struct code_left_out refused[CODE_REFUSED];
	static char said[TEXT];
	struct code_world *w = *state;
	const struct str text = { said, TEXT };
	struct buf b = { 0 };

	memset(said, 1, TEXT);
	for (int i = 0; i < CODE_TESTS; i++)
		facts[i] = (struct code_fact){
			.verdict = RUN_MLE,
			.cause = RUN_CAUSE_COUNT - 1,
			.exit = INT64_MIN,
			.signal = 255,
			.share = { DEC_ONE_NANO - 1 },
			.cpu_us = INT64_MAX,
			.wall_us = INT64_MAX,
			.memory_peak_bytes = INT64_MAX,
			.stdout_bytes = INT64_MAX,
			.charged_us = INT64_MAX,
			.stolen_us = INT64_MAX,
			.runs = 1000,
			.line = INT64_MAX,
			.message = text,
			.staff = text,
			.wanted = text,
			.got = text,
		};
	w->report = (struct code_report){
		.version = 1,
		.language = { said, CODE_NAME_BYTES },
		.verdict = RUN_MLE,
		.gradable = true,
		.reason = text,
		.compile_text = text,
		.compile_cpu_us = INT64_MAX,
		.charged_us = INT64_MAX,
		.staff = text,
		.tests = { facts, CODE_TESTS },
	};
	for (int i = 0; i < CODE_UPLOAD_FILES; i++)
		files[i] = (struct code_packed){ { said, 1024 }, INT64_MAX };
	for (int i = 0; i < CODE_REFUSED; i++)
		refused[i] = (struct code_left_out){ { said, 1024 },
						     { said, CODE_WHY_BYTES } };
	w->report.has_archive = true;
	w->report.archive = (struct code_archive){
		.files = { files, CODE_UPLOAD_FILES },
		.refused = { refused, CODE_REFUSED },
	};
	code_report_write(&w->cx, &b, &w->report);
	assert_true(b.n <= CODE_REPORT_BYTES);
	buf_done(&b);
}

/* Of many large tests the first ones are told in full, and all of the rest. */
static void a_view_has_an_end(void **state)
{
	static struct code_fact facts[CODE_TESTS];
	static char large[4000];
	struct code_world *w = *state;
	struct code_test *t =
		ARENA_ARRAY(w->cx.arena, struct code_test, CODE_TESTS);
	const char *text;

	world_spec(w, GROUPS);
	memset(large, 'x', sizeof(large));
	for (int i = 0; i < CODE_TESTS; i++) {
		t[i] = (struct code_test){
			.name = str_fmt(w->cx.arena, "t%d", i),
			.input.text = { large, sizeof(large) },
			.answer.text = { large, sizeof(large) },
			.has_feedback = true,
			.feedback = CODE_SAY_DIFF,
			.has_visibility = true,
			.visibility = CODE_VISIBLE,
		};
		facts[i] = (struct code_fact){ .verdict = RUN_WA };
	}
	w->spec.tests = (struct list){ t, CODE_TESTS };
	w->report = (struct code_report){ .version = 1,
					  .gradable = true,
					  .verdict = RUN_WA,
					  .tests = { facts, CODE_TESTS } };
	text = see(w, CODE_FOR_LEARNER);
	assert_true(strlen(text) < 512 << 10);
	assert_non_null(strstr(text, "\"input\":\"xxx"));
	assert_non_null(strstr(text, "\"name\":\"t399\""));
}

static void each_groups_best_counts_over_submissions(void **state)
{
	struct code_world *w = *state;
	struct code_result r[3], best;

	world_spec(w, GROUPS);
	r[0] = score(w, "**00");
	r[1] = score(w, "00*0");
	r[2] = score(w, "0005");
	code_best(&w->cx, r, 3, &best);
	assert_int_equal(best.points.nano, 125 * DEC_ONE_NANO);
	assert_verdict(best.verdict, "WA");
	r[2] = score(w, "000*");
	code_best(&w->cx, r, 3, &best);
	assert_int_equal(best.fraction.nano, DEC_ONE_NANO);
	assert_verdict(best.verdict, "AC");
}

/* ---- self-test ---- */

static struct code_selftest_report try_task(struct code_world *w)
{
	struct code_selftest_report r;

	assert_int_equal(code_selftest(&w->cx, &w->runner, &world_languages,
				       &w->spec, &r),
			 OK);
	return r;
}

#define REFERENCE(name, expect, script)                                        \
	"{'name':'" name "','language':'python','expect':'" expect             \
	"','files':[{'name':'main.py','text':'" script "'}]}"
#define TASK(references)                                                             \
	"{'languages':['python'],'limits':{'cpu_ms':1000},'references':[" references \
	"],'tests':[{'name':'a','answer':{'text':'42'}},"                            \
	"{'name':'b','answer':{'text':'42'}}]}"

static void references_must_come_out_as_expected_every_time(void **state)
{
	struct code_world *w = *state;
	struct code_selftest_report r;
	const struct code_reference_result *one;

	world_spec(
		w,
		TASK(REFERENCE("right", "AC", "say 42\\ncpu 200") "," REFERENCE(
			"wrong", "WA",
			"say 41") "," REFERENCE("slow", "TLE",
						"by cpu\\ncpu 900")));
	r = try_task(w);
	assert_true(r.ok);
	assert_int_equal(r.problems.n, 0);
	/* 3 times 3 references of 2 tests, the slow one once more */
	assert_int_equal(w->runs, 20);
	assert_int_equal(r.lower_ms, 401);
	assert_int_equal(r.upper_ms, 600);
	assert_int_equal(r.proposed_ms, 500);
	assert_int_equal(r.limit_ms, 1000);
	world_spec(w, TASK(REFERENCE("right", "AC", "say 41") "," REFERENCE(
			      "wrong", "WA", "say 42")));
	r = try_task(w);
	assert_false(r.ok);
	assert_int_equal(r.problems.n, 3); /* none is accepted, too */
	one = r.references.at;
	assert_false(one[0].ok);
	assert_verdict(one[0].verdict, "WA");
}

static void a_flaky_test_is_reported_before_it_is_published(void **state)
{
	struct code_world *w = *state;
	struct code_selftest_report r;
	const struct code_reference_result *one;

	/* the third run of all says something else */
	world_spec(
		w,
		TASK(REFERENCE("right", "AC", "say 42\\nnext 42") "," REFERENCE(
			"chance", "WA", "say 41\\nthird 42")));
	r = try_task(w);
	one = r.references.at;
	assert_false(r.ok);
	assert_true(one[0].ok);
	assert_false(one[1].ok);
	assert_int_equal(one[1].flaky.n, 2);
}

static void times_that_leave_no_room_for_a_limit_are_told(void **state)
{
	struct code_world *w = *state;
	struct code_selftest_report r;

	world_spec(
		w,
		TASK(REFERENCE("right", "AC", "say 42\\ncpu 700") "," REFERENCE(
			"slow", "TLE", "by cpu\\ncpu 1200")));
	r = try_task(w);
	assert_true(r.ok);
	assert_int_equal(r.proposed_ms, 0);
	assert_int_equal(r.problems.n, 1);
}

static void a_checker_must_accept_the_answer_itself(void **state)
{
	static const char task[] =
		"{'languages':['python'],'checker':{'protocol':'testlib',"
		"'language':'python','files':[{'name':'c.py','text':'%s'}]},"
		"'references':[" REFERENCE(
			"right", "AC",
			"say 42") "],"
				  "'tests':[{'name':'a','answer':{'text':'42'}}]}";
	struct code_world *w = *state;
	struct code_selftest_report r;
	char text[800];

	snprintf(text, sizeof(text), task, "exit 0");
	world_spec(w, text);
	assert_true(try_task(w).ok);
	snprintf(text, sizeof(text), task, "exit 3");
	world_spec(w, text);
	r = try_task(w);
	assert_false(r.ok);
	assert_true(str_starts(*(struct str *)r.problems.at,
			       "the checker does not accept the answer"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_hidden_test_leaks_nothing_at_any_time),
		T(passing_what_is_shown_does_not_look_like_passing),
		T(nothing_can_be_told_from_a_view_that_counts),
		T(a_place_or_a_groups_points_tell_nothing_of_what_is_hidden),
		T(a_group_gives_nothing_while_what_it_requires_has_failed),
		T(tests_come_out_when_their_time_has_come),
		T(the_author_chooses_what_hidden_tests_tell),
		T(feedback_has_three_levels),
		T(our_failure_is_told_as_ours_and_why_only_to_staff),
		T(a_learner_gets_the_task_without_what_is_hidden),
		T(points_add_up_by_group),
		T(many_groups_with_long_names_are_added_up_at_once),
		T(any_report_that_can_be_read_can_be_kept),
		T(a_view_has_an_end),
		T(each_groups_best_counts_over_submissions),
		T(references_must_come_out_as_expected_every_time),
		T(a_flaky_test_is_reported_before_it_is_published),
		T(times_that_leave_no_room_for_a_limit_are_told),
		T(a_checker_must_accept_the_answer_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
