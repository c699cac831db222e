#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "graders/problem.h"

static void add(struct ctx *cx, struct problems *ps, int level, int n)
{
	problem_add(cx, ps, level, str_fmt(cx->arena, "/%d", n), "code", "n %d",
		    n);
}

/* However many warnings there are, and whatever comes first. */
static void no_number_of_warnings_hides_an_error(void **state)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct problems ps = { 0 };
	const struct problem *p;

	(void)state;
	for (int i = 0; i < PROBLEM_MAX + 5; i++)
		add(&cx, &ps, PROBLEM_WARNING, i);
	assert_int_equal(problems_refuse(&cx, &ps), OK);
	add(&cx, &ps, PROBLEM_ERROR, 1000);
	add(&cx, &ps, PROBLEM_ERROR, 1001);
	assert_int_equal(ps.errors, 2);
	assert_int_equal(ps.warnings, PROBLEM_MAX + 5);
	assert_int_equal(ps.list.n, PROBLEM_MAX);
	p = ps.list.at;
	for (int i = 0; i < PROBLEM_MAX - 2; i++)
		assert_true(str_eq(p[i].at, str_fmt(cx.arena, "/%d", i)));
	assert_true(str_is(p[PROBLEM_MAX - 2].at, "/1000"));
	assert_true(str_is(p[PROBLEM_MAX - 1].at, "/1001"));
	assert_int_equal(problems_refuse(&cx, &ps), ERR_INVALID);
	assert_string_equal(cx.error.field, "/1000");
	arena_free(cx.arena);
}

static void a_list_of_errors_keeps_the_first(void **state)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct problems ps = { 0 };
	const struct problem *p;

	(void)state;
	for (int i = 0; i < PROBLEM_MAX + 5; i++)
		add(&cx, &ps, PROBLEM_ERROR, i);
	add(&cx, &ps, PROBLEM_WARNING, 1000);
	assert_int_equal(ps.errors, PROBLEM_MAX + 5);
	assert_int_equal(ps.list.n, PROBLEM_MAX);
	p = ps.list.at;
	for (int i = 0; i < PROBLEM_MAX; i++)
		assert_true(str_eq(p[i].at, str_fmt(cx.arena, "/%d", i)));
	arena_free(cx.arena);
}

/* As a reader of another's list has it: counted, and not there. */
static void what_is_only_counted_refuses_too(void **state)
{
	struct ctx cx = { .arena = arena_new(4096) };
	const struct problems ps = { .errors = 1 };

	(void)state;
	assert_int_equal(problems_refuse(&cx, &ps), ERR_INVALID);
	arena_free(cx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_number_of_warnings_hides_an_error),
		cmocka_unit_test(a_list_of_errors_keeps_the_first),
		cmocka_unit_test(what_is_only_counted_refuses_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
