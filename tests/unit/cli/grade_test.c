/* assay grade: files against a task, by the boxes of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/worker/worker_boxes.h"
#include "graders/results.h"
#include "tests/unit/cli/cli_world.h"

static enum err runs_open(struct ctx *cx, struct worker_runs *out)
{
	return worker_boxes_open(cx,
				 &(struct worker_boxes){ .program = BINARY_DIR
							 "/bin/assay-box" },
				 out);
}

static int setup(void **state)
{
	int failed = world_setup(state);
	struct world *w = *state;

	if (!failed) {
		w->c.runs_open = runs_open;
		w->c.runs_close = worker_boxes_close;
		w->cx.clock = &clock_system;
	}
	return failed;
}

static bool no_box(struct world *w)
{
	struct worker_runs runs;

	if (runs_open(&w->cx, &runs)) {
		print_message("skipped, no box here: %s\n", w->cx.error.text);
		return true;
	}
	worker_boxes_close(&runs);
	return false;
}

#define REFERENCE(name, expect, text)                                          \
	"{\"name\":\"" name "\",\"language\":\"c\",\"expect\":\"" expect       \
	"\",\"files\":[{\"name\":\"main.c\",\"text\":\"" text "\"}]}"

static char *spec(struct world *w)
{
	world_file(w, "02.in", "20 22\n");
	return world_file(
		w, "spec.json",
		"{\"kind\":\"io\",\"languages\":[\"c\",\"python\"],"
		"\"time\":{\"repeats\":1},\"tests\":["
		"{\"name\":\"small\",\"input\":{\"text\":\"1 2\"},"
		"\"answer\":{\"text\":\"3\"}},"
		"{\"name\":\"large\",\"visibility\":\"hidden\","
		"\"input\":{\"file\":\"02.in\"},"
		"\"answer\":{\"text\":\"42\"}}],\"references\":[" REFERENCE(
			"good", "AC",
			"#include <stdio.h>\\nint main(void){int a,b;"
			"return scanf(\\\"%d%d\\\",&a,&b)!=2||"
			"printf(\\\"%d\\\",a+b)<0;}") "," REFERENCE("lazy",
								    "WA",
								    "int main(void){return 0;}") "]}");
}

static char *folder(struct world *w, const char *name, const char *text)
{
	char *dir = world_path(w, "handed-in");

	mkdir(dir, 0700);
	world_file(w, str_fmt(w->cx.arena, "handed-in/%s", name).p, text);
	return dir;
}

static void right_files_get_all_points(void **state)
{
	struct world *w = *state;
	char *dir = folder(w, "main.c",
			   "#include <stdio.h>\nint main(void){int a,b;"
			   "scanf(\"%d%d\",&a,&b);printf(\"%d\\n\",a+b);"
			   "return 0;}");

	if (no_box(w))
		skip();
	assert_int_equal(world_run(w, "grade", dir, "--spec", spec(w), NULL),
			 CLI_FINE);
	assert_has(w->out, "small  AC");
	assert_has(w->out, "large  AC");
	assert_has(w->out, "AC  2 of 2 points, c, fenced: ");
	assert_int_equal(
		world_run(w, "grade", dir, "--spec", spec(w), "--json", NULL),
		CLI_FINE);
	assert_has(w->out, "\"result\":{\"verdict\":\"AC\",\"fraction\":1,");
	assert_has(w->out, "\"report\":{\"version\":1,");
}

static void
an_archive_is_told_in_the_report_with_what_was_left_out(void **state)
{
	struct world *w = *state;
	char *dir = folder(w, "main.c",
			   "#include <stdio.h>\nint main(void){int a,b;"
			   "scanf(\"%d%d\",&a,&b);printf(\"%d\\n\",a+b);"
			   "return 0;}");
	char *tar = world_path(w, "h.tar");

	if (no_box(w))
		skip();
	setenv("PATH", BINARY_DIR "/bin:/usr/local/bin:/usr/bin:/bin", 1);
	folder(w, "Makefile", "all:\n\tfalse\n");
	assert_int_equal(symlink("main.c", world_path(w, "handed-in/l.c")), 0);
	assert_int_equal(
		system(str_fmt(w->cx.arena, "tar -cf %s -C %s .", tar, dir).p),
		0);
	assert_int_equal(
		world_run(w, "grade", tar, "--spec", spec(w), "--json", NULL),
		CLI_FINE);
	assert_has(w->out, "\"archive\":{\"tree\":\"");
	assert_has(w->out, "{\"name\":\"main.c\",\"bytes\":");
	assert_has(w->out, "{\"name\":\"l.c\",\"why\":\"is a symbolic link\"}");
	assert_has(w->out, "{\"name\":\"Makefile\",\"why\":\"");
	assert_has(w->err, "left out: l.c is a symbolic link");
	assert_has(w->err, "left out: Makefile: ");
}

static void wrong_files_are_told_by_test_and_by_the_exit_code(void **state)
{
	struct world *w = *state;
	char *dir = folder(w, "main.c",
			   "#include <stdio.h>\nint main(void){puts(\"3\");"
			   "return 0;}");
	struct results r;

	if (no_box(w))
		skip();
	assert_int_equal(world_run(w, "grade", dir, "--spec", spec(w), NULL),
			 CLI_REFUSED);
	assert_has(w->out, "small  AC");
	assert_has(w->out, "large  WA");
	assert_has(w->out, "WA  1 of 2 points");
	assert_int_equal(world_run(w, "grade", dir, "--spec", spec(w),
				   "--results-json", NULL),
			 CLI_REFUSED);
	assert_int_equal(results_json_read(&w->cx, str_of(w->out), &r), OK);
	assert_int_equal(r.tests.n, 2);
	assert_int_equal(((struct result_test *)r.tests.at)[1].visibility,
			 RESULT_HIDDEN);
	assert_true(dec_eq(r.score, dec_int(1)));
}

static void what_does_not_compile_is_shown(void **state)
{
	struct world *w = *state;
	char *dir = folder(w, "main.c", "int main(void) { return x; }\n");

	if (no_box(w))
		skip();
	assert_int_equal(world_run(w, "grade", dir, "--spec", spec(w), NULL),
			 CLI_REFUSED);
	assert_has(w->out, "undeclared");
	assert_has(w->out, "CE  0 of 2 points");
}

static void a_task_is_tried_with_its_references(void **state)
{
	struct world *w = *state;

	if (no_box(w))
		skip();
	assert_int_equal(
		world_run(w, "grade", "--spec", spec(w), "--selftest", NULL),
		CLI_FINE);
	assert_has(w->out, "good ");
	assert_has(w->out, "the task does what it says");
}

/* A checker's report decides, and what it says reaches the learner. */
#define CHECKER(protocol, text)                                                \
	"{\"languages\":[\"c\"],\"checker\":{\"protocol\":\"" protocol         \
	"\",\"language\":\"c\",\"files\":[{\"name\":\"check.c\","              \
	"\"text\":\"#include <stdio.h>\\nint main(int n, char **a) {"          \
	"FILE *f = fopen(a[2], \\\"r\\\"); int c = n > 2 && f ? getc(f) : 0;"  \
	"int all = c == 'a', some = all || c == 's';" text                     \
	"return 0;}\"}]},\"tests\":[{\"name\":\"letters\",\"feedback\":"       \
	"\"verdict\",\"input\":{\"text\":\"x\"}}]}"

static void a_report_of_a_checker_makes_the_points(void **state)
{
	static const char tap[] = CHECKER(
		"tap", "puts(c == 'n' ? \\\"1..0 # nothing\\\" : c == 'b' ? "
		       "\\\"Bail out! no ink\\\" : \\\"1..2\\\");"
		       "if (c != 'n' && c != 'b') printf(\\\"%s 1 - first\\\\n"
		       "%s 2 - second letter\\\\n\\\","
		       "some ? \\\"ok\\\" : \\\"not ok\\\","
		       "all ? \\\"ok\\\" : \\\"not ok\\\");");
	static const char junit[] = CHECKER(
		"junit",
		"printf(c == 'b' ? \\\"<testsuite><testcase\\\" : "
		"\\\"<testsuite><testcase name='first'>%s</testcase>"
		"<testcase name='second letter'>%s</testcase></testsuite>\\\","
		"some ? \\\"\\\" : \\\"<failure message='no'/>\\\","
		"all ? \\\"\\\" : \\\"<failure message='no'/>\\\");");
	static const struct {
		const char *says;
		int code;
		const char *told;
	} rows[] = {
		{ "a", CLI_FINE, "AC  1 of 1 points" },
		{ "s", CLI_REFUSED, "WA  0.5 of 1 points" },
		{ "x", CLI_REFUSED, "WA  0 of 1 points" },
		/* A checker that says nothing readable is never the learner's
		 * fault. */
		{ "b", CLI_FAILED, "IE  " },
	};
	struct world *w = *state;
	char *specs[] = { world_file(w, "tap.json", tap),
			  world_file(w, "junit.json", junit) };

	if (no_box(w))
		skip();
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const struct str text =
				str_fmt(w->cx.arena,
					"#include <stdio.h>\nint main(void)"
					"{puts(\"%s\");return 0;}",
					rows[i].says);
			char *dir = folder(w, "main.c", text.p);
			int code = world_run(w, "grade", dir, "--spec",
					     specs[k], NULL);

			if (!strstr(w->out, rows[i].told))
				print_message("%s: %s\n%s%s\n", specs[k],
					      rows[i].says, w->out, w->err);
			assert_has(w->out, rows[i].told);
			assert_int_equal(code, rows[i].code);
		}
}

static void what_hidden_tests_would_tell_is_said_by_the_self_test(void **state)
{
	static const char file[] =
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"s\",\"title\":"
		"\"T\",\"policy\":{\"attempts\":1},\"items\":[{\"id\":\"i\","
		"\"type\":\"code\",\"mark\":1,\"code\":{\"languages\":["
		"\"python\"],\"hidden_as\":\"%s\",\"time\":{\"repeats\":1},"
		"\"references\":[{\"name\":\"right\",\"language\":\"python\","
		"\"files\":[{\"name\":\"main.py\",\"text\":\"print(1)\"}]}],"
		"\"tests\":[{\"name\":\"h\",\"visibility\":\"hidden\","
		"\"answer\":{\"text\":\"1\"}}]}}]}";
	struct world *w = *state;

	if (no_box(w))
		skip();
	assert_int_equal(
		world_run(w, "grade", "--spec",
			  world_file(w, "passed.json",
				     str_fmt(w->cx.arena, file, "passed").p),
			  "--selftest", NULL),
		CLI_FINE);
	assert_has(w->out, "/items/0/code/hidden_as");
	assert_has(w->out, "the task does what it says");
	assert_int_equal(
		world_run(w, "grade", "--spec",
			  world_file(w, "verdicts.json",
				     str_fmt(w->cx.arena, file, "verdicts").p),
			  "--selftest", NULL),
		CLI_REFUSED);
	assert_has(w->out, "the task is not ready");
}

static void what_cannot_be_judged_is_said_before_anything_runs(void **state)
{
	struct world *w = *state;
	char *dir = folder(w, "notes.txt", "nothing\n"), *s = spec(w);
	const struct {
		const char *spec, *language, *says;
	} rows[] = {
		{ s, "cobol", "there is no toolchain cobol; there are c, " },
		{ s, NULL, "no file's ending tells the language" },
		{ world_path(w, "none.json"), "c", "none.json" },
		{ world_file(w, "a.json", "["), "c", "is not JSON" },
		{ world_file(w, "b.json", "{\"kind\":\"io\",\"x\":1}"), "c",
		  "/x is not a known member" },
		{ world_file(w, "c.json",
			     "{\"kind\":\"io\",\"languages\":[\"c\"],"
			     "\"tests\":[{\"name\":\"t\",\"input\":"
			     "{\"file\":\"../../etc/passwd\"},"
			     "\"answer\":{\"text\":\"1\"}}]}"),
		  "c", "/tests/0/input/file" },
		{ world_file(w, "d.json",
			     "{\"kind\":\"io\",\"languages\":[\"c\","
			     "\"pyton\"],\"tests\":[{\"name\":\"t\","
			     "\"input\":{\"text\":\"1\"},"
			     "\"answer\":{\"text\":\"1\"}}]}"),
		  "c", "there is no language pyton; there are c, " },
		{ world_path(w, "d.json"), "c", "(at /languages/1)" },
	};

	w->c.runs_open = NULL; /* nothing is to get that far */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = rows[i].language
				   ? world_run(w, "grade", dir, "--spec",
					       rows[i].spec, "--language",
					       rows[i].language, NULL)
				   : world_run(w, "grade", dir, "--spec",
					       rows[i].spec, NULL);

		assert_int_equal(code, CLI_REFUSED);
		assert_has(w->err, rows[i].says);
	}
	assert_int_equal(world_run(w, "grade", "--spec", s, NULL), CLI_USAGE);
	assert_has(w->err, "--selftest");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
		T(right_files_get_all_points),
		T(an_archive_is_told_in_the_report_with_what_was_left_out),
		T(wrong_files_are_told_by_test_and_by_the_exit_code),
		T(what_does_not_compile_is_shown),
		T(a_task_is_tried_with_its_references),
		T(a_report_of_a_checker_makes_the_points),
		T(what_hidden_tests_would_tell_is_said_by_the_self_test),
		T(what_cannot_be_judged_is_said_before_anything_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
