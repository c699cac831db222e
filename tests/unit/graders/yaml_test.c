#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "graders/yaml.h"

static struct ctx cx;

static int open_ctx(void **state)
{
	(void)state;
	cx = (struct ctx){ .arena = arena_new(4096) };
	return 0;
}

static int close_ctx(void **state)
{
	(void)state;
	arena_free(cx.arena);
	return 0;
}

static const struct yaml_node *good(const char *text)
{
	struct yaml_node *n = NULL;
	enum err e = yaml_read(&cx, str_of(text), &n);

	if (e)
		print_message("%s\n", cx.error.text);
	assert_int_equal(e, OK);
	return n;
}

static void assert_text(const struct yaml_node *n, const char *want)
{
	assert_non_null(n);
	assert_int_equal(n->kind, YAML_SCALAR);
	assert_int_equal(n->text.n, strlen(want));
	assert_memory_equal(n->text.p, want, strlen(want));
}

static void a_problem_file_is_read_with_its_nested_parts(void **state)
{
	const struct yaml_node *n = good(
		"# a comment\n---\nproblem_format_version: 2023-07\n"
		"name:\n  en: 'It''s # here'\n  sv: \"Hej \\\"du\\\"\"\n"
		"limits:\n    time_limit: 1.5 # seconds\n"
		"    time_multipliers: {ac_to_time_limit: 2, "
		"time_limit_to_tle: 1.5}\n"
		"type: [scoring, interactive]\n"
		"keywords:\n- a\n- b c\ncredits:\n  authors:\n"
		"  - name: Ada\n    email: a@b\n  - Bob\nempty:\nnothing: ~\n");
	const struct yaml_node *l;

	(void)state;
	assert_text(yaml_get(n, "problem_format_version"), "2023-07");
	assert_text(yaml_get(yaml_get(n, "name"), "en"), "It's # here");
	assert_text(yaml_get(yaml_get(n, "name"), "sv"), "Hej \"du\"");
	l = yaml_get(n, "limits");
	assert_text(yaml_get(l, "time_limit"), "1.5");
	assert_text(
		yaml_get(yaml_get(l, "time_multipliers"), "time_limit_to_tle"),
		"1.5");
	assert_text(yaml_get(n, "type")->first->next, "interactive");
	assert_text(yaml_get(n, "keywords")->first->next, "b c");
	l = yaml_get(yaml_get(n, "credits"), "authors");
	assert_int_equal(l->kind, YAML_LIST);
	assert_text(yaml_get(l->first, "email"), "a@b");
	assert_text(l->first->next, "Bob");
	assert_text(yaml_get(n, "empty"), "");
	assert_null(yaml_text(n, "nothing").p);
}

static void a_block_of_text_keeps_its_lines_and_hashes(void **state)
{
	const struct yaml_node *n = good("a: |\n  one # two\n   three\n\n"
					 "  four\nb: >\n  x\n  y\nc: 1\n");

	(void)state;
	assert_text(yaml_get(n, "a"), "one # two\n three\n\nfour\n");
	assert_text(yaml_get(n, "b"), "x y ");
	assert_text(yaml_get(n, "c"), "1");
}

static void brackets_may_go_over_lines(void **state)
{
	const struct yaml_node *n = good("a: [1,\n  2,\n  {b: 3}]\nc: []\n");

	(void)state;
	assert_text(yaml_get(n, "a")->first->next, "2");
	assert_text(yaml_get(yaml_get(n, "a")->first->next->next, "b"), "3");
	assert_int_equal(yaml_get(n, "c")->kind, YAML_LIST);
	assert_null(yaml_get(n, "c")->first);
}

static void what_is_not_read_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "a: &x 1\nb: *x\n", "line 1: anchors" },
		{ "a: 1\na: 2\n", "line 2: the key stands there twice" },
		{ "a: 1\n  b: 2\n", "line 2: the line is indented too far" },
		{ "a: [1, 2\n", "line 1: a bracket is not closed" },
		{ "a: 'x\n", "line 1: the quotes do not close" },
		{ "a: 1\njust text\n", "line 2: a mapping needs" },
		{ "a: !!python/object x\n", "line 1: anchors" },
		{ "  a: 1\nb: 2\n", "line 2: the line does not belong" },
		{ "a: \xff\n", "must be UTF-8" },
	};
	struct yaml_node *n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(yaml_read(&cx, str_of(bad[i].text), &n),
				 ERR_INVALID);
		assert_non_null(strstr(cx.error.text, bad[i].says));
	}
}

static void nesting_and_size_are_bounded(void **state)
{
	static char text[YAML_BYTES + 2];
	struct yaml_node *n;

	(void)state;
	memset(text, '[', 5000);
	assert_int_equal(yaml_read(&cx, str_of(text), &n), ERR_TOO_LARGE);
	for (size_t i = 0; i + 4 < sizeof(text); i += 4)
		memcpy(text + i, "- a\n", 4);
	assert_int_equal(yaml_read(&cx, (struct str){ text, 200000 }, &n),
			 ERR_TOO_LARGE);
	assert_int_equal(yaml_read(&cx, (struct str){ text, sizeof(text) }, &n),
			 ERR_TOO_LARGE);
	/* lines that never close are not read again and again */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "[\n", 2);
	assert_int_not_equal(
		yaml_read(&cx, (struct str){ text, YAML_BYTES }, &n), OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_ctx, close_ctx)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_problem_file_is_read_with_its_nested_parts),
		T(a_block_of_text_keeps_its_lines_and_hashes),
		T(brackets_may_go_over_lines),
		T(what_is_not_read_is_refused_with_its_line),
		T(nesting_and_size_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
