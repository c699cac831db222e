/* Archives on the command line: opened in a box, by the programs built here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "cli/packed.h"
#include "sandbox/box_client.h"
#include "tests/unit/cli/cli_world.h"

static enum err runs_open(struct ctx *cx, struct worker_runs *out)
{
	const struct boxes_opts o = { .program = BINARY_DIR "/bin/assay-box",
				      .width = 2 };
	enum err e;

	*out = (struct worker_runs){ .fd = -1 };
	e = boxes_open(cx, &o, &out->boxes);
	if (!e)
		out->runner = boxes_runner(out->boxes);
	return e;
}

static void runs_close(struct worker_runs *r)
{
	boxes_close(r->boxes);
}

static int setup(void **state)
{
	int code;

	setenv("PATH", BINARY_DIR "/bin:/usr/local/bin:/usr/bin:/bin", 1);
	code = world_setup(state);
	world_now->c.runs_open = runs_open;
	world_now->c.runs_close = runs_close;
	return code;
}

static void add(struct archive *a, const char *name, const char *text)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, (la_int64_t)strlen(text));
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	archive_write_data(a, text, strlen(text));
	archive_entry_free(e);
}

/* A package with one test, and two entries that lead elsewhere. */
static char *package(struct world *w, const char *name)
{
	char *path = world_path(w, name);
	struct archive *a = archive_write_new();

	if (str_ends(str_of(name), ".zip")) {
		archive_write_set_format_zip(a);
	} else {
		archive_write_set_format_pax(a);
		archive_write_add_filter_gzip(a);
	}
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	add(a, "sum/problem.yaml", "name: Sum\nvalidation: default\n");
	add(a, "sum/problem_statement/problem.en.md", "Add them.\n");
	add(a, "sum/data/secret/1.in", "1 2\n");
	add(a, "sum/data/secret/1.ans", "3\n");
	add(a, "sum/.git/config", "x");
	add(a, "../up", "x");
	archive_write_close(a);
	archive_write_free(a);
	return path;
}

/* Whether a box works at all here; else all that needs one is skipped. */
static bool no_box(struct world *w)
{
	struct str word = STR("true");
	struct run_ask ask = { .argv = { &word, 1 } };
	struct run_told told = { .verdict = RUN_IE };
	struct worker_runs runs;

	if (!runs_open(&w->cx, &runs)) {
		if (runner_run(&w->cx, runs.runner, &ask, &told))
			told.verdict = RUN_IE;
		runs_close(&runs);
	}
	if (told.verdict == RUN_AC)
		return false;
	print_message("skipped, no box here: %s %.*s\n", w->cx.error.text,
		      STR_FMT(told.why));
	err_clear(&w->cx);
	return true;
}

static void a_packed_problem_is_imported(void **state)
{
	static const char *const names[] = { "sum.zip", "sum.tar.gz" };
	struct world *w = *state;

	if (no_box(w))
		skip();
	for (size_t i = 0; i < 2; i++) {
		char *path = package(w, names[i]);

		if (world_run(w, "import", path, "--course", "c", NULL))
			fail_msg("%s", w->err);
		assert_non_null(strstr(w->out, "\"type\":\"code\""));
		assert_non_null(strstr(w->out, "1 2"));
		assert_non_null(strstr(w->err, "left out: ../up"));
		assert_non_null(strstr(w->err, "left out: sum/.git/config"));
	}
}

static void a_packed_solution_is_judged(void **state)
{
	struct world *w = *state;
	char *path = world_path(w, "s.zip"), *spec = world_path(w, "spec.json");
	struct archive *a = archive_write_new();
	FILE *f = fopen(spec, "we");

	assert_non_null(f);
	fputs("{\"languages\":[\"python\"],\"tests\":[{\"name\":\"one\","
	      "\"input\":{\"text\":\"7\\n\"},"
	      "\"answer\":{\"text\":\"7\\n\"}}]}",
	      f);
	fclose(f);
	archive_write_set_format_zip(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	add(a, "main.py", "print(input())\n");
	add(a, "../up", "x");
	archive_write_close(a);
	archive_write_free(a);
	if (no_box(w))
		skip();
	if (world_run(w, "grade", path, "--spec", spec, NULL))
		fail_msg("%s%s", w->out, w->err);
	assert_non_null(strstr(w->err, "left out: ../up"));
	/* What is no archive is not taken for an empty one. */
	assert_int_equal(world_run(w, "grade", spec, "--spec", spec, NULL),
			 CLI_REFUSED);
}

static void a_broken_archive_is_refused(void **state)
{
	struct world *w = *state;
	char *path = package(w, "sum.zip");

	if (no_box(w))
		skip();
	assert_int_equal(truncate(path, 200), 0);
	assert_int_equal(world_run(w, "import", path, NULL), CLI_REFUSED);
	assert_non_null(strstr(w->err, "zip or tar"));
}

static void archives_are_known_by_their_first_bytes(void **state)
{
	char tar[300] = { 0 };

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	assert_true(packed_is((struct str){ tar, sizeof(tar) }));
	assert_true(packed_is(STR("PK\3\4")));
	assert_true(packed_is(STR("\x1f\x8b")));
	assert_false(packed_is(STR("PK")));
	assert_false(packed_is(STR("")));
	assert_false(packed_is(STR("{\"assay\":1}")));
}

#define packed_test(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		packed_test(a_packed_problem_is_imported),
		packed_test(a_packed_solution_is_judged),
		packed_test(a_broken_archive_is_refused),
		packed_test(archives_are_known_by_their_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
