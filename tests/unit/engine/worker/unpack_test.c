/*
 * The kind grade.code with archives: real boxes expand them, and judge. Skipped
 * by name where no box can be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/worker/worker_code.h"
#include "graders/code.h"
#include "sandbox/box_client.h"

struct test {
	struct ctx cx;
	struct boxes *boxes;
	struct code_spec spec;
	struct code_report report;
};

static int open_test(void **state)
{
	static struct test t;
	struct boxes_opts o = { .program = BINARY_DIR "/bin/assay-box",
				.width = 2 };
	const char *path = getenv("PATH");
	char with[8192];

	t = (struct test){ .cx = { .arena = arena_new(1 << 20),
				   .clock = &clock_system,
				   .rng = rng_system() } };
	*state = &t;
	snprintf(with, sizeof(with), BINARY_DIR "/bin:%s", path ? path : "");
	setenv("PATH", with, 1); /* where assay-tree is found */
	if (boxes_open(&t.cx, &o, &t.boxes)) {
		print_message("no box on this host: %s\n", t.cx.error.text);
		t.boxes = NULL;
	}
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	boxes_close(t->boxes);
	arena_free(t->cx.arena);
	return 0;
}

static struct test *ready(void **state)
{
	struct test *t = *state;

	if (!t->boxes || boxes_runner(t->boxes)->level <= RUN_WEAK) {
		print_message("skipped: no strong box here\n");
		skip();
	}
#ifdef __SANITIZE_THREAD__
	print_message("skipped: assay-tree with the thread sanitizer does not "
		      "start in a box\n");
	skip();
#endif
	return t;
}

/* ---- a small writer of tar (POSIX ustar) ---- */

static void tar_entry(struct buf *b, const char *name, char type,
		      struct str data, const char *link)
{
	static const char zeros[512];
	char h[512] = { 0 };
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "%07o", 0644);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011o", (unsigned)data.n);
	snprintf(h + 136, 12, "%011o", 0);
	memset(h + 148, ' ', 8);
	h[156] = type;
	snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_add(b, h, sizeof(h));
	buf_str(b, data);
	buf_add(b, zeros, (512 - data.n % 512) % 512);
}

static void tar_file(struct buf *b, const char *name, const char *text)
{
	tar_entry(b, name, '0', str_of(text), "");
}

static struct str tar_end(struct test *t, struct buf *b)
{
	static const char zeros[1024];
	struct str s;

	buf_add(b, zeros, sizeof(zeros));
	s = buf_copy(b, t->cx.arena);
	buf_done(b);
	return s;
}

/* ---- judging ---- */

#define ECHO                                                                   \
	"{\"languages\":[\"c\"],\"tests\":[{\"name\":\"a\","                   \
	"\"answer\":{\"text\":\"7\\n\"}}]}"
#define MAIN_C                                                                 \
	"#include <stdio.h>\n#include \"lib/n.h\"\n"                           \
	"int main(void){printf(\"%d\\n\",N);return 0;}\n"

static void judge(struct test *t, struct str archive)
{
	struct worker_env env = { .runner = boxes_runner(t->boxes) };
	struct code_file f = { .name = STR("work.tar"), .base64 = archive };
	const struct code_task task = { .item = STR(ECHO),
					.language = STR("c"),
					.files = { &f, 1 },
					.archive = true };
	struct str bytes = field_text(t->cx.arena, &code_task_shape, &task);
	struct buf b = { 0 };
	enum err e = worker_grade_code.run(&t->cx, &env, STR("{}"), bytes, &b);

	if (e)
		fail_msg("%s", t->cx.error.text);
	assert_int_equal(field_decode_text(&t->cx, STR(ECHO), &code_spec_shape,
					   &t->spec),
			 OK);
	e = code_report_read(&t->cx, &t->spec, buf_copy(&b, t->cx.arena),
			     &t->report);
	buf_done(&b);
	if (e)
		fail_msg("%s", t->cx.error.text);
	assert_true(t->report.has_archive);
}

static void its_files_are_judged_and_told(void **state)
{
	struct test *t = ready(state);
	const struct code_packed *f;
	struct buf b = { 0 };
	struct str tree;

	tar_file(&b, "main.c", MAIN_C);
	tar_file(&b, "lib/n.h", "#define N 7\n");
	judge(t, tar_end(t, &b));
	assert_int_equal(t->report.verdict, RUN_AC);
	assert_int_equal(t->report.archive.files.n, 2);
	f = t->report.archive.files.at;
	assert_true(str_is(f[0].name, "lib/n.h"));
	assert_int_equal(f[0].bytes, 12);
	assert_int_equal(t->report.archive.refused.n, 0);
	tree = t->report.archive.tree;
	assert_int_equal(tree.n, 40);
	/* The same files otherwise packed: the same id; others: another. */
	tar_file(&b, "lib/n.h", "#define N 7\n");
	tar_file(&b, "./main.c", MAIN_C);
	judge(t, tar_end(t, &b));
	assert_true(str_eq(t->report.archive.tree, tree));
	tar_file(&b, "lib/n.h", "#define N 8\n");
	tar_file(&b, "main.c", MAIN_C);
	judge(t, tar_end(t, &b));
	assert_int_equal(t->report.verdict, RUN_WA);
	assert_false(str_eq(t->report.archive.tree, tree));
}

static void what_escapes_is_named_and_the_rest_is_judged(void **state)
{
	struct test *t = ready(state);
	const struct code_left_out *r;
	struct buf b = { 0 };

	tar_file(&b, "../../etc/cron.d/x", "boo");
	tar_entry(&b, "link.h", '2', STR(""), "/etc/passwd");
	tar_file(&b, "Makefile", "all:\n\tfalse\n");
	tar_file(&b, "lib/n.h", "#define N 7\n");
	tar_file(&b, "main.c", MAIN_C);
	judge(t, tar_end(t, &b));
	assert_int_equal(t->report.verdict, RUN_AC);
	assert_int_equal(t->report.archive.files.n, 2);
	assert_int_equal(t->report.archive.refused.n, 3);
	r = t->report.archive.refused.at;
	for (size_t i = 0; i < 3; i++) {
		assert_true(r[i].why.n > 0);
		assert_true(str_is(r[i].name, "../../etc/cron.d/x") ||
			    str_is(r[i].name, "link.h") ||
			    str_is(r[i].name, "Makefile"));
	}
}

static void assert_costs_nothing(struct test *t, const char *why)
{
	assert_false(t->report.gradable);
	assert_int_equal(t->report.tests.n, 0);
	if (str_find(t->report.reason, str_of(why), 0) == SIZE_MAX)
		fail_msg("%.*s", STR_FMT(t->report.reason));
}

static void what_cannot_be_taken_costs_nothing(void **state)
{
	enum { HUGE = 5 << 20, PARTS = 20 };
	struct test *t = ready(state);
	char *zeros = calloc(1, HUGE);
	struct buf b = { 0 };

	assert_non_null(zeros);
	judge(t, STR("no archive at all"));
	assert_costs_nothing(t, "the archive cannot be taken");
	tar_file(&b, "../main.c", MAIN_C);
	judge(t, tar_end(t, &b));
	assert_costs_nothing(t, "there are no files");
	assert_int_equal(t->report.archive.refused.n, 1);
	for (int i = 0; i < PARTS; i++) {
		char name[20];

		snprintf(name, sizeof(name), "f%d.c", i);
		tar_file(&b, name, "int x;");
	}
	judge(t, tar_end(t, &b));
	assert_costs_nothing(t, "more files than the task takes");
	assert_costs_nothing(t, "it takes 16 files, and f");
	/* Beyond what the task takes as an archive, whoever sent it. */
	tar_entry(&b, "main.c", '0', (struct str){ zeros, HUGE }, "");
	judge(t, tar_end(t, &b));
	assert_costs_nothing(t, "larger than the task takes");
	/* The archive is small enough, what is in it is not. */
	tar_file(&b, "a.c", "int a;");
	tar_entry(&b, "big.c", '0', (struct str){ zeros, (256 << 10) + 1 }, "");
	judge(t, tar_end(t, &b));
	assert_costs_nothing(t, "it takes 262144 bytes, and big.c is over");
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_files_are_judged_and_told),
		cmocka_unit_test(what_escapes_is_named_and_the_rest_is_judged),
		cmocka_unit_test(what_cannot_be_taken_costs_nothing),
	};

	return cmocka_run_group_tests(tests, open_test, close_test);
}
