/* Nothing survives a run, and nothing of one run is seen by the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/box/boxed.h"
#include "tests/box/leftovers.h"

enum { RUNS = 300, KINDS = 10 };

static struct boxed boxed;
static bool there;

/* Each leaves something. */
static const char *const kinds[KINDS][3] = {
	{ "subject", "daemons" },	  { "subject", "busy-daemons" },
	{ "subject", "zombies" },	  { "subject", "stopped-child" },
	{ "subject", "leaves-a-writer" }, { "subject", "impostors" },
	{ "subject", "umask-all" },	  { "subject", "note" },
	{ "subject", "nameless" },	  { "subject", "hello" },
};

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

static int runs(int n)
{
	struct ctx cx = boxed_cx(&boxed);
	struct run_ask asks[KINDS];
	struct run_told told[KINDS];
	int bad = 0;

	for (int done = 0; done < n; done += KINDS) {
		for (int i = 0; i < KINDS; i++) {
			asks[i] = boxed_ask(&boxed, &cx,
					    boxed_words(&cx, kinds[i]), NULL);
			boxed_slow(&asks[i].limits);
		}
		if (!boxed_all(&boxed, &cx, asks, KINDS, told))
			return n;
		for (int i = 0; i < KINDS; i++) {
			char said[BOXED_SAID];

			if (told[i].verdict == RUN_AC)
				continue;
			bad++;
			printf("%s: %s\n", kinds[i][1],
			       boxed_said(&told[i], said));
		}
		boxed_forget(&boxed);
	}
	return bad;
}

static void hundreds_of_runs_leave_nothing_behind(void **state)
{
	struct leftovers before;
	const char *many = getenv("ASSAY_TEST_RUNS");

	(void)state;
	if (!there)
		skip();
	assert_int_equal(runs(40), 0); /* what is opened once, and stays */
	leftovers_settled(&before);
	assert_int_equal(before.processes, 0);
	assert_int_equal(runs(many ? atoi(many) : RUNS), 0);
	assert_true(leftovers_gone(&before, true));
}

/* Told to end in the middle: the same. */
static void what_is_cancelled_is_gone(void **state)
{
	const char *const words[] = { "subject", "busy-daemons", NULL };
	struct ctx cx = boxed_cx(&boxed);
	struct leftovers before;
	struct run_told t;
	struct run_ask ask;
	int64_t ticket;

	(void)state;
	if (!there)
		skip();
	leftovers_settled(&before);
	ask = boxed_ask(&boxed, &cx, boxed_words(&cx, words), NULL);
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < boxed.runner.width; k++)
			assert_int_equal(boxed.runner.start(&cx,
							    boxed.runner.arg,
							    &ask, &ticket),
					 OK);
		boxed.runner.cancel(boxed.runner.arg);
	}
	assert_true(leftovers_gone(&before, false));
	assert_int_equal(runner_run(&cx, &boxed.runner, &ask, &t), OK);
	assert_int_equal(t.verdict, RUN_AC);
	boxed_forget(&boxed);
}

/* Closed, nothing is there at all: no process, no cgroup. */
static void closed_boxes_are_gone(void **state)
{
	struct leftovers before, after;
	struct boxed more;

	(void)state;
	if (!there)
		skip();
	boxed_close(&boxed);
	there = false;
	leftovers_count(&before);
	for (int i = 0; i < 3; i++) {
		const char *const words[] = { "subject", "daemons", NULL };
		struct run_told t;
		struct run_ask ask;

		assert_true(boxed_open(&more, 2));
		ask = boxed_ask(&more, &more.cx, boxed_words(&more.cx, words),
				NULL);
		assert_int_equal(runner_run(&more.cx, &more.runner, &ask, &t),
				 OK);
		boxed_close(&more);
	}
	assert_true(leftovers_gone(&before, true));
	leftovers_count(&after);
	assert_int_equal(after.box_inits, 0);
	assert_int_equal(after.box_fds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hundreds_of_runs_leave_nothing_behind),
		cmocka_unit_test(what_is_cancelled_is_gone),
		cmocka_unit_test(closed_boxes_are_gone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
