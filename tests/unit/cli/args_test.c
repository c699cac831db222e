#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/args.h"

static const struct flag flags[] = {
	{ .name = "max_score", .value = "N", .doc = "" },
	{ .name = "out", .letter = 'o', .value = "FILE", .doc = "" },
	{ .name = "json", .doc = "" },
	{ .name = "tag", .value = "TEXT", .doc = "", .many = true },
	{ 0 },
};
static const struct flag more[] = {
	{ .name = "need", .value = "X", .doc = "", .required = true },
	{ 0 },
};

static enum err read_words(struct ctx *cx, struct args *a, ...)
{
	const struct flag *tables[] = { flags, more, NULL };
	char **argv = arena_alloc(cx->arena, 40 * sizeof(char *));
	int argc = 0;
	va_list ap;

	va_start(ap, a);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	return args_read(cx, tables, argc, argv, a);
}

static int setup(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(4096) };
	*state = &cx;
	return 0;
}

static int teardown(void **state)
{
	arena_free(((struct ctx *)*state)->arena);
	return 0;
}

#define READ(...) read_words(cx, &a, __VA_ARGS__, NULL)

static void values_stand_behind_the_flag_or_an_equals_sign(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("--max-score", "5", "-o", "f", "x"), OK);
	assert_true(str_is(args_get(&a, "max_score"), "5"));
	assert_true(str_is(args_get(&a, "out"), "f"));
	assert_true(str_is(args_rest(&a, 0), "x"));
	assert_null(args_rest(&a, 1).p);
	assert_int_equal(READ("--max_score=-1", "-of"), OK);
	assert_true(str_is(args_get(&a, "max_score"), "-1"));
	assert_true(str_is(args_get(&a, "out"), "f"));
	assert_int_equal(READ("--out="), OK);
	assert_int_equal(args_get(&a, "out").n, 0);
	assert_non_null(args_get(&a, "out").p);
}

static void a_value_may_begin_with_a_dash(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("--max-score", "-1"), OK);
	assert_true(str_is(args_get(&a, "max_score"), "-1"));
	assert_int_equal(READ("-", "--", "--json", "-x"), OK);
	assert_false(args_has(&a, "json"));
	assert_int_equal(a.rest.n, 3);
	assert_true(str_is(args_rest(&a, 1), "--json"));
}

static void a_switch_is_on_off_or_absent(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("--json"), OK);
	assert_true(args_on(&a, "json"));
	assert_int_equal(READ("--no-json"), OK);
	assert_true(args_has(&a, "json"));
	assert_false(args_on(&a, "json"));
	assert_int_equal(READ("--json=false"), OK);
	assert_false(args_on(&a, "json"));
	assert_int_equal(READ("--json=7"), ERR_INVALID);
	assert_int_equal(READ("--no-out"), ERR_INVALID);
}

static void a_wrong_word_is_named_with_what_was_likely_meant(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("--max-scor", "5"), ERR_INVALID);
	assert_non_null(strstr(cx->error.text, "was --max-score meant"));
	assert_int_equal(READ("--elephant"), ERR_INVALID);
	assert_null(strstr(cx->error.text, "meant"));
	assert_int_equal(READ("-q"), ERR_INVALID);
	assert_int_equal(READ("--out"), ERR_INVALID);
	assert_non_null(strstr(cx->error.text, "wants a value"));
}

static void only_lists_are_given_twice(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("--tag", "a", "--tag", "b"), OK);
	assert_true(str_is(args_nth(&a, "tag", 0), "a"));
	assert_true(str_is(args_nth(&a, "tag", 1), "b"));
	assert_null(args_nth(&a, "tag", 2).p);
	assert_int_equal(READ("-o", "a", "-o", "b"), ERR_INVALID);
}

static void a_required_flag_is_missed(void **state)
{
	struct ctx *cx = *state;
	struct args a;

	assert_int_equal(READ("x"), OK);
	assert_ptr_equal(args_missing(&a, more), &more[0]);
	assert_null(args_missing(&a, flags));
	assert_int_equal(READ("--need", "x"), OK);
	assert_null(args_missing(&a, more));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			values_stand_behind_the_flag_or_an_equals_sign),
		cmocka_unit_test(a_value_may_begin_with_a_dash),
		cmocka_unit_test(a_switch_is_on_off_or_absent),
		cmocka_unit_test(
			a_wrong_word_is_named_with_what_was_likely_meant),
		cmocka_unit_test(only_lists_are_given_twice),
		cmocka_unit_test(a_required_flag_is_missed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
