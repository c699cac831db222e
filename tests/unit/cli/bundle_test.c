/* assay bundle, on folders made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/verb.h"
#include "tests/unit/cli/cli_world.h"

static void write_file(struct world *w, const char *name, const char *text)
{
	FILE *f = fopen(world_path(w, name), "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A lab is put together, and nothing else is looked at. */
static void a_folder_becomes_one_file(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(world_path(w, "start"), 0755), 0);
	write_file(w, "start/a.c", "int a;\n");
	write_file(w, "x.lab.json", "{\"starter\": [{\"folder\":\"start\"}]}");
	assert_int_equal(world_run(w, "bundle", w->folder, NULL), CLI_FINE);
	assert_string_equal(w->out, "{\"starter\":[{\"name\":\"a.c\","
				    "\"text\":\"int a;\\n\"}]}\n");
	/* A link is told and left out. */
	assert_int_equal(symlink("/etc/passwd", world_path(w, "start/link")),
			 0);
	assert_int_equal(world_run(w, "bundle", w->folder, "-o",
				   world_path(w, "out.json"), NULL),
			 CLI_FINE);
	assert_non_null(strstr(w->err, "start/link is a symbolic link"));
	assert_null(
		strstr(world_read(w, world_path(w, "out.json")).p, "root:"));
}

/* Of a package, too: what looks like a test and is none is not lost quietly. */
static void a_link_in_a_problem_package_is_told(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			mkdir(world_path(w, i ? "data/secret" : "data"), 0755),
			0);
	write_file(w, "problem.yaml", "name: Sum\n");
	write_file(w, "data/secret/1.in", "1 2\n");
	write_file(w, "data/secret/1.ans", "3\n");
	assert_int_equal(
		symlink("/etc/passwd", world_path(w, "data/secret/2.in")), 0);
	assert_int_equal(
		world_run(w, "import", w->folder, "--course", "c", NULL),
		CLI_FINE);
	assert_non_null(strstr(w->err, "data/secret/2.in is a symbolic link"));
	assert_null(strstr(w->out, "root:"));
}

static void what_is_missing_is_listed(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "bundle", w->folder, NULL), CLI_REFUSED);
	assert_non_null(strstr(w->err, "no file assessment.json"));
	write_file(w, "lab.json",
		   "{\"a\":{\"file\":\"../x\"},"
		   "\"b\":{\"file\":\"y\"}}");
	assert_int_equal(world_run(w, "bundle", w->folder, NULL), CLI_REFUSED);
	assert_non_null(strstr(w->err, "/a/file"));
	assert_non_null(strstr(w->err, "/b/file"));
	write_file(w, "assessment.json", "{}");
	assert_int_equal(world_run(w, "bundle", w->folder, NULL), CLI_REFUSED);
	assert_non_null(strstr(w->err, "name one of them"));
	/* An assessment is checked as well. */
	assert_int_equal(
		world_run(w, "bundle", world_path(w, "assessment.json"), NULL),
		CLI_REFUSED);
	assert_non_null(strstr(w->err, "/assay"));
	assert_string_equal(w->out, "");
}

/* Gold is best kept as files beside the definition. */
static void gold_of_peer_review_may_be_files(void **state)
{
#define ESSAY(level)                                                              \
	"{\"assay\":1,\"course\":\"c\",\"slug\":\"e\",\"title\":\"E\",\"peer\":{" \
	"\"rubric\":{\"criteria\":[{\"id\":\"a\",\"title\":\"A\",\"levels\":["    \
	"{\"id\":\"0\",\"points\":0},{\"id\":\"1\",\"points\":1}]}]},"            \
	"\"gold\":[{\"id\":\"g\",\"file\":\"g.txt\",\"scores\":["                 \
	"{\"criterion\":\"a\",\"level\":\"" level "\"}]}]}}"
	struct world *w = *state;
	char *file = world_path(w, "assessment.json");

	write_file(w, "g.txt", "What an author wrote.\n");
	write_file(w, "assessment.json", ESSAY("1"));
	assert_int_equal(world_run(w, "bundle", file, NULL), CLI_FINE);
	assert_non_null(strstr(w->out, "\"text\":\"What an author wrote."));
	assert_non_null(strstr(w->err, "\"g\" gives no reasons"));
	write_file(w, "assessment.json", ESSAY("2"));
	assert_int_equal(world_run(w, "bundle", file, NULL), CLI_REFUSED);
	assert_non_null(strstr(w->err, "/peer/gold/0/scores/0/level"));
}

#define bundle_test(f)                                                         \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bundle_test(a_folder_becomes_one_file),
		bundle_test(a_link_in_a_problem_package_is_told),
		bundle_test(what_is_missing_is_listed),
		bundle_test(gold_of_peer_review_may_be_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
