#include "graders/kattis.h"
#include "tests/support/code_world.h"

struct package {
	struct run_file files[100];
	size_t n;
	struct bank bank;
};

static struct package *p;

static void file(const char *name, const char *data)
{
	p->files[p->n++] =
		(struct run_file){ .name = str_of(name), .data = str_of(data) };
}

static const struct code_spec *read_package(struct code_world *w)
{
	enum err e = kattis_read(&w->cx, p->files, p->n, &p->bank);

	if (e)
		print_message("%s\n", w->cx.error.text);
	assert_int_equal(e, OK);
	assert_int_equal(p->bank.items.n, 1);
	assert_int_equal(p->bank.nodes, p->n);
	return &((const struct item *)p->bank.items.at)->code;
}

static int open_package(void **state)
{
	static struct package package;

	p = &package;
	*p = (struct package){ 0 };
	return world_open(state);
}

#define BASICS()                                                               \
	do {                                                                   \
		file("hello/data/sample/1.in", "1\n");                         \
		file("hello/data/sample/1.ans", "1\n");                        \
		file("hello/data/secret/a/1.in", "2\n");                       \
		file("hello/data/secret/a/1.ans", "2\n");                      \
		file("hello/data/secret/b/1.in", "3\n");                       \
		file("hello/data/secret/b/1.ans", "3\n");                      \
	} while (0)

static void a_legacy_package_becomes_a_task(void **state)
{
	struct code_world *w = *state;
	const struct code_spec *s;
	const struct code_test *t;
	const struct code_reference *r;
	const struct item *it;

	file("hello/problem.yaml", "name: Hello\nvalidator_flags: "
				   "float_tolerance 1e-6\nlimits:\n  memory: "
				   "512\n");
	file("hello/.timelimit", "3\n");
	file("hello/problem_statement/problem.en.tex", "Say \\emph{it}.");
	BASICS();
	file("hello/submissions/accepted/ok.py", "cat");
	file("hello/submissions/wrong_answer/no.c", "say 7");
	file("hello/submissions/accepted/x.rs", "fn main");
	file("hello/input_validators/v.py", "");
	s = read_package(w);
	it = p->bank.items.at;
	t = s->tests.at;
	r = s->references.at;
	assert_true(str_is(it->name, "Hello"));
	assert_true(str_is(it->stem, "Say \\emph{it}."));
	assert_int_equal(s->limits.cpu_ms, 3000);
	assert_int_equal(s->limits.memory_bytes, 512 << 20);
	assert_true(s->compare.ignore_case);
	assert_int_equal(s->compare.relative.nano, 1000);
	assert_int_equal(s->tests.n, 3);
	assert_int_equal(t[0].visibility, CODE_VISIBLE);
	assert_int_equal(t[0].points.nano, 0);
	assert_int_equal(t[1].visibility, CODE_HIDDEN);
	assert_true(str_is(t[1].name, "secret/a/1"));
	assert_int_equal(s->groups.n, 2);
	assert_int_equal(s->references.n, 2);
	assert_true(str_is(r[0].name, "accepted/ok.py"));
	assert_int_equal(r[1].expect, RUN_WA);
	assert_int_equal(p->bank.ignored, 3); /* tex, rs, validator */
}

/* All or nothing, whatever folders the tests lie in. */
static void what_was_imported_can_be_judged(void **state)
{
	struct code_world *w = *state;
	struct code_selftest_report report;

	file("hello/problem.yaml", "name: Hello\n");
	BASICS();
	file("hello/submissions/accepted/ok.py", "cat");
	file("hello/submissions/wrong_answer/no.py", "say 2");
	w->spec = *read_package(w);
	assert_int_equal(code_selftest(&w->cx, &w->runner, &world_languages,
				       &w->spec, &report),
			 OK);
	for (size_t i = 0; i < report.problems.n; i++)
		print_message("%.*s\n",
			      STR_FMT(((struct str *)report.problems.at)[i]));
	assert_true(report.ok);
	world_judge(w, "say 2");
	assert_int_equal(w->result.fraction.nano, 0);
	world_judge(w, "cat");
	assert_int_equal(w->result.fraction.nano, DEC_ONE_NANO);
}

static void a_scoring_package_of_2023_has_groups_that_need_others(void **state)
{
	struct code_world *w = *state;
	const struct code_spec *s;
	const struct code_group *g;

	file("problem.yaml",
	     "problem_format_version: 2023-07\nname: {en: Sum, sv: Summa}\n"
	     "type: scoring\nlimits:\n  time_limit: 1.5\n"
	     "  time_multipliers:\n    ac_to_time_limit: 3\n"
	     "languages: [python3, cpp, cobol]\nkeywords: [sums]\nodd: 1\n");
	file("statement/problem.en.md", "# Sum");
	file("data/sample/1.in", "1");
	file("data/sample/1.ans", "1");
	file("data/secret/group1/1.in", "1");
	file("data/secret/group1/1.ans", "1");
	file("data/secret/group1/test_group.yaml",
	     "scoring:\n  score: 40\n  aggregation: min\n");
	file("data/secret/group2/1.in", "1");
	file("data/secret/group2/1.ans", "1");
	file("data/secret/group2/test_group.yaml",
	     "scoring:\n  score: 60\n  require_pass: [group1]\n");
	file("data/secret/group2/2.in", "no answer");
	file("output_validator/validate.py", "exit 42");
	s = read_package(w);
	g = s->groups.at;
	assert_int_equal(s->limits.cpu_ms, 1500);
	assert_int_equal(s->time.accepted.nano, 3 * DEC_ONE_NANO);
	assert_int_equal(s->languages.n, 2);
	assert_int_equal(s->groups.n, 3);
	assert_true(str_is(g[1].name, "secret/group1"));
	assert_int_equal(g[1].points.nano, 40 * DEC_ONE_NANO);
	assert_int_equal(g[1].how, CODE_MIN);
	assert_int_equal(g[2].requires.n, 1);
	assert_true(str_is(*(struct str *)g[2].requires.at, "secret/group1"));
	assert_true(s->has_checker);
	assert_int_equal(s->checker.protocol, CODE_KATTIS);
	assert_true(str_is(s->checker.language, "python"));
	assert_int_equal(p->bank.refused, 1); /* 2.in */
}

static void an_interactive_package_has_an_interactor(void **state)
{
	struct code_world *w = *state;
	const struct code_spec *s;

	file("problem.yaml", "name: Guess\nvalidation: custom interactive\n");
	file("data/secret/1.in", "1");
	file("data/secret/1.ans", "1");
	file("output_validators/talk/talk.cpp", "int main");
	file("output_validators/talk/validate.h", "");
	s = read_package(w);
	assert_int_equal(s->kind, CODE_INTERACTIVE);
	assert_true(str_is(s->interactor.language, "c++"));
	assert_int_equal(s->interactor.files.n, 2);
}

static void what_is_no_package_is_refused(void **state)
{
	struct code_world *w = *state;

	file("a/b/problem.yaml", "name: x\n");
	assert_int_equal(kattis_read(&w->cx, p->files, p->n, &p->bank),
			 ERR_INVALID);
	file("problem.yaml", "name: *x\n");
	assert_int_equal(kattis_read(&w->cx, p->files, p->n, &p->bank),
			 ERR_INVALID);
	p->files[1].data = STR("name: x\n");
	assert_int_equal(kattis_read(&w->cx, p->files, p->n, &p->bank),
			 ERR_INVALID);
	assert_non_null(strstr(w->cx.error.text, "no tests"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_package, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_legacy_package_becomes_a_task),
		T(what_was_imported_can_be_judged),
		T(a_scoring_package_of_2023_has_groups_that_need_others),
		T(an_interactive_package_has_an_interactor),
		T(what_is_no_package_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
