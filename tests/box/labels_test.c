/* Each labelled program gets the verdict that it deserves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/box/boxed.h"
#include "tests/box/labels.h"

enum { ROWS_AT_LEAST = 100, SLACK_US = 2000 };

static struct boxed boxed;
static bool there;

static int set_up(void **state)
{
	(void)state;
	there = boxed_open(&boxed, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (there)
		boxed_close(&boxed);
	return 0;
}

static struct list table(struct ctx *cx)
{
	const char *set = getenv("ASSAY_TEST_LABELS");
	struct list l;

	assert_int_equal(
		labels_read(cx, file_bytes(cx, set ? set : BOX_LABELS), &l),
		OK);
	return l;
}

static bool as_expected(const struct label *l, const struct run_told *t)
{
	if (t->verdict == l->or_verdict)
		return true;
	if (t->verdict != l->verdict || t->cause != l->cause)
		return false;
	if (t->cause == RUN_BY_EXIT && t->exit != l->code)
		return false;
	if (t->cause == RUN_BY_SIGNAL && t->signal != l->code)
		return false;
	return !l->out.p || str_eq(t->out, l->out);
}

/* What is told besides must not contradict the verdict. */
static const char *contradiction(const struct label *l,
				 const struct run_told *t)
{
	if (t->stdout_bytes > l->limits.stdout_bytes ||
	    t->stderr_bytes > l->limits.stderr_bytes ||
	    t->out.n > (size_t)l->limits.stdout_bytes)
		return "more output than allowed";
	if (t->cause == RUN_BY_CPU &&
	    t->cpu_us < l->limits.cpu_ms * 1000 - SLACK_US)
		return "a limit of CPU time that was not reached";
	if (t->cause == RUN_BY_WALL &&
	    t->wall_us < l->limits.wall_ms * 1000 - SLACK_US)
		return "a limit of time that was not reached";
	if (t->level == RUN_FULL && t->cause == RUN_BY_MEMORY &&
	    t->memory_peak_bytes < l->limits.memory_bytes / 10 * 9)
		return "a limit of memory that was not reached";
	if (t->level == RUN_FULL &&
	    t->memory_peak_bytes > l->limits.memory_bytes)
		return "more memory than allowed";
	if (t->tasks_peak > (l->limits.tasks ? l->limits.tasks : 64))
		return "more tasks than allowed";
	return NULL;
}

static int wrong(const struct label *l, const struct run_told *t)
{
	const char *c = contradiction(l, t);
	char said[BOXED_SAID];

	if (as_expected(l, t) && !c)
		return 0;
	printf("WRONG %.*s\n  expected %s %s %lld\n  told     %s\n",
	       STR_FMT(l->name), run_verdict_words[l->verdict],
	       run_cause_words[l->cause], (long long)l->code,
	       boxed_said(t, said));
	if (c)
		printf("  which is %s\n", c);
	if (t->err.n)
		printf("  stderr   %.*s\n", STR_FMT(str_cut(t->err, 0, 300)));
	return 1;
}

static void every_program_gets_the_verdict_that_it_deserves(void **state)
{
	struct ctx cx = boxed_cx(&boxed);
	struct run_ask *asks;
	struct run_told *told;
	const struct label *rows;
	const struct label **of;
	struct list all;
	size_t n = 0;
	int bad = 0;

	(void)state;
	if (!there)
		skip();
	all = table(&cx);
	rows = all.at;
	assert_true(all.n >= ROWS_AT_LEAST);
	asks = ARENA_ARRAY(cx.arena, struct run_ask, all.n);
	told = ARENA_ARRAY(cx.arena, struct run_told, all.n);
	of = arena_array(cx.arena, all.n, sizeof(*of));
	for (size_t i = 0; i < all.n; i++) {
		if (boxed.runner.level < rows[i].level) {
			printf("needs level %s: %.*s\n",
			       run_level_words[rows[i].level],
			       STR_FMT(rows[i].name));
			continue;
		}
		of[n] = &rows[i];
		asks[n] = boxed_ask(&boxed, &cx, rows[i].argv, &rows[i].limits);
		if (rows[i].verdict != RUN_TLE)
			boxed_slow(&asks[n].limits);
		asks[n++].input = rows[i].in;
	}
	assert_true(boxed_all(&boxed, &cx, asks, n, told));
	for (size_t i = 0; i < n; i++)
		bad += wrong(of[i], &told[i]);
	printf("%zu programs, %d wrong\n", n, bad);
	boxed_forget(&boxed);
	assert_int_equal(bad, 0);
}

/* What is refused is refused with the row, so a typing error is found. */
static void a_row_that_cannot_be_read_is_named(void **state)
{
	static const char *const bad[] = { "h\nx\tsubject\tXX\t\t\n",
					   "h\nx\tsubject\tAC\twhat=1\t\n",
					   "h\nx\tsubject\tAC\tcpu_ms=a\t\n",
					   "h\nx\tsubject\tAC\n",
					   "h\nx\t\tAC\t\t\n",
					   "h\nx\tsubject\tAC\t\tor=XX\n" };
	struct arena *a = arena_new(1 << 16);
	struct ctx cx = { .arena = a };
	struct list l;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(labels_read(&cx, str_of(bad[i]), &l),
				 ERR_INVALID);
		assert_non_null(strstr(cx.error.text, "row 2"));
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_that_cannot_be_read_is_named),
		cmocka_unit_test(
			every_program_gets_the_verdict_that_it_deserves),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
