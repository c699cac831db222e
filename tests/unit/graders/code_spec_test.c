#include "graders/code_impl.h"
#include "graders/code_known.h"
#include "tests/support/code_world.h"

#include "graders/item.h"

static enum err read_spec(struct code_world *w, struct str json)
{
	enum err e =
		field_decode_text(&w->cx, json, &code_spec_shape, &w->spec);

	return e ? e : code_spec_check(&w->cx, &w->spec, "/code");
}

static struct str quoted(struct code_world *w, const char *json)
{
	struct str text = str_copy(w->cx.arena, str_of(json));

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'')
			((char *)text.p)[i] = '"';
	return text;
}

static void what_is_wrong_is_named_with_its_field(void **state)
{
	static const struct {
		const char *spec, *field;
	} bad[] = {
#define ONE "'tests':[{'name':'a','answer':{'text':'1'}}]"
		{ "{'languages':['c'],'tests':[]}", "/code/tests" },
		{ "{'languages':['c'],'tests':[{'name':'a'}]}",
		  "/code/tests/0/answer" },
		{ "{'languages':['c'],'tests':[{'name':'a','answer':{'file':"
		  "'x'}}]}",
		  "/code/tests/0/answer" },
		{ "{'languages':['c'],'tests':[{'name':'a','answer':{'text':"
		  "'x','base64':'AA=='}}]}",
		  "/code/tests/0/answer" },
		{ "{'languages':['c'],'tests':[{'name':'a','group':'g',"
		  "'answer':{'text':'1'}}]}",
		  "/code/tests/0/group" },
		{ "{'languages':['c'],'tests':[{'name':'a','answer':{'text':"
		  "'1'}},{'name':'a','answer':{'text':'1'}}]}",
		  "/code/tests/1/name" },
		{ "{'languages':['c'],'tests':[{'name':'a','points':0,"
		  "'answer':{'text':'1'}}]}",
		  "/code/tests" },
		{ "{'languages':['c'],'groups':[{'name':'a','requires':["
		  "'b']},{'name':'b'}]," ONE "}",
		  "/code/groups/0/requires/0" },
		{ "{'languages':['c'],'groups':[{'name':'a'},{'name':'a'}]," ONE
		  "}",
		  "/code/groups/1/name" },
		{ "{'languages':['c'],'groups':[{'name':'a','points':5}]," ONE
		  "}",
		  "/code/groups/0" },
		{ "{'languages':['c'],'files':[{'name':'Makefile'}]," ONE "}",
		  "/code/files/0/name" },
		{ "{'languages':['c'],'files':[{'name':'*.c','required':true}"
		  "]," ONE "}",
		  "/code/files/0/required" },
		{ "{'languages':['c'],'files':[{'name':'a.c'}],'entry':"
		  "'b.c'," ONE "}",
		  "/code/entry" },
		{ "{'languages':['c'],'beside':[{'name':'../x'}]," ONE "}",
		  "/code/beside/0/name" },
		{ "{'kind':'interactive','languages':['c']," ONE "}",
		  "/code/interactor" },
		{ "{'languages':['c'],'checker':{'protocol':'cms','language':"
		  "'c','files':[]}," ONE "}",
		  "/code/checker/files" },
		{ "{'kind':'function','languages':['pascal'],'functions':[{"
		  "'name':'f'}]," ONE "}",
		  "/code/languages/0" },
		{ "{'kind':'function','languages':['c']," ONE "}",
		  "/code/functions" },
		{ "{'kind':'function','languages':['c'],'functions':[{'name':"
		  "'f','params':['int *']}]," ONE "}",
		  "/code/functions/0/params/0" },
		{ "{'kind':'function','languages':['c'],'functions':[{'name':"
		  "'f();'}]," ONE "}",
		  "/code/functions/0/name" },
		{ "{'kind':'function','languages':['c'],'functions':[{'name':"
		  "'f'}],'tests':[{'name':'a','calls':[{'function':'g',"
		  "'args':[],'value':1}]}]}",
		  "/code/tests/0/calls/0/function" },
#define FUNCTION(languages, types, call)                                       \
	"{'kind':'function','languages':[" languages                           \
	"],'functions':[{'name':'f'," types                                    \
	"}],'tests':[{'name':'a','calls':[{'function':'f'," call "}]}]}"
#define C_OR(types, call) FUNCTION("'python','c'", types, call)
		/* what a language of the task cannot take, or return */
		{ FUNCTION("'java'", "'params':['int[][][][]']",
			   "'args':[[]],'value':1"),
		  "/code/functions/0/params/0" },
		{ FUNCTION("'java'", "'params':['char']",
			   "'args':[1],'value':1"),
		  "/code/functions/0/params/0" },
		{ C_OR("'params':['int[][]']", "'args':[[]],'value':1"),
		  "/code/functions/0/params/0" },
		{ C_OR("'params':['string[]']", "'args':[[]],'value':1"),
		  "/code/functions/0/params/0" },
		{ C_OR("'returns':'int[]'", "'args':[],'value':1"),
		  "/code/functions/0/returns" },
		{ C_OR("'params':[]", "'args':[]"),
		  "/code/tests/0/calls/0/value" },
		{ "{'languages':['c'],'compare':{'how':'line_set','absolute':"
		  "1}," ONE "}",
		  "/code/compare" },
		{ "{'languages':['c'],'references':[{'name':'r','language':"
		  "'python','files':[{'name':'m.py','text':''}]}]," ONE "}",
		  "/code/references/0/language" },
		{ "{'languages':['c'],'references':[{'name':'r','language':"
		  "'c','expect':'IE','files':[{'name':'m.c','text':''}]}]," ONE
		  "}",
		  "/code/references/0/expect" },
		/* by the shape, which knows only where it is itself */
		{ "{'languages':[]," ONE "}", "/languages" },
		{ "{'languages':['c'],'limits':{'cpu_ms':-1}," ONE "}",
		  "/limits/cpu_ms" },
		{ "{'languages':['c'],'odd':1," ONE "}", "/odd" },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_spec(w, quoted(w, bad[i].spec)),
				 ERR_INVALID);
		assert_string_equal(w->cx.error.field, bad[i].field);
		assert_true(strlen(w->cx.error.text) > 10);
	}
}

static void functions_are_taken_in_each_language_as_it_can(void **state)
{
	static const char *const good[] = {
		C_OR("'params':['int[]','bool','string'],'returns':'string'",
		     "'args':[[-2147483648],true,'é'],'value':null"),
		FUNCTION("'c++','java','javascript','python'",
			 "'params':['string[][]'],'returns':'long[][][]'",
			 "'args':[[['a\\u0000']]],'raises':'*'"),
		/* Where no types are needed, anything may come. */
		FUNCTION("'javascript','python'", "'params':[]",
			 "'args':[{'a':[1,'b']}],'value':[null]"),
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct problems found = { 0 };

		if (read_spec(w, quoted(w, good[i])))
			print_message("row %zu: %s: %s\n", i, w->cx.error.field,
				      w->cx.error.text);
		assert_int_equal(read_spec(w, quoted(w, good[i])), OK);
		code_calls_known(&w->cx, &w->spec, "", &found);
		assert_int_equal(found.errors, 0);
	}
}

/* ---- what a language can be asked ---- */

static void
a_call_that_a_language_cannot_take_is_published_no_more(void **state)
{
	static const struct {
		const char *spec, *field;
	} bad[] = {
		{ C_OR("'returns':'int'", "'args':[],'raises':'ValueError'"),
		  "/code/tests/0/calls/0/raises" },
		/* arguments that are none of its types */
		{ C_OR("'params':['int']", "'args':[],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['int']", "'args':[1,2],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['int']", "'args':[2147483648],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['int']", "'args':[1.5],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['int[]']", "'args':[[1,'2']],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['double']", "'args':['1'],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['bool']", "'args':[1],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ C_OR("'params':['string']", "'args':['a\\u0000b'],'value':1"),
		  "/code/tests/0/calls/0/args" },
		{ FUNCTION("'c++'", "'params':['long[][]']",
			   "'args':[[1]],'value':1"),
		  "/code/tests/0/calls/0/args" },
	};
	struct code_world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problems found = { 0 };
		const struct problem *p;

		/* What was published before is read, and judged. */
		assert_int_equal(read_spec(w, quoted(w, bad[i].spec)), OK);
		code_calls_known(&w->cx, &w->spec, "/code", &found);
		assert_int_equal(found.errors, 1);
		p = found.list.at;
		assert_string_equal(str_z(w->cx.arena, p->at), bad[i].field);
		assert_true(str_is(p->code, "call_unfit"));
		assert_true(p->text.n > 10);
		assert_false(w->cx.error.code);
	}
}

/* Of every call: the list has them all. */
static void each_unfit_call_is_named(void **state)
{
	struct code_world *w = *state;
	struct problems found = { 0 };
	const struct problem *p;

	assert_int_equal(
		read_spec(w, quoted(w, "{'kind':'function','languages':['c'],"
				       "'functions':[{'name':'f','params':["
				       "'int']}],'tests':[{'name':'a','calls':["
				       "{'function':'f','args':[1],'value':1},"
				       "{'function':'f','args':[],'value':1}]},"
				       "{'name':'b','calls':[{'function':'f',"
				       "'args':[true],'value':1}]}]}")),
		OK);
	code_calls_known(&w->cx, &w->spec, "", &found);
	assert_int_equal(found.errors, 2);
	p = found.list.at;
	assert_true(str_is(p[0].at, "/tests/0/calls/1/args"));
	assert_true(str_is(p[1].at, "/tests/1/calls/0/args"));
}

static struct str read_page(struct code_world *w, const char *name)
{
	struct str path = str_fmt(w->cx.arena, "%s/%s", SOURCE_DIR, name);
	char *text = arena_alloc(w->cx.arena, 1 << 18);
	FILE *f = fopen(path.p, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 1 << 18, f);
	fclose(f);
	return (struct str){ text, n };
}

static void every_example_of_the_manual_is_a_task(void **state)
{
	struct code_world *w = *state;
	struct str page = read_page(w, "docs/code-grading.md");
	const struct str begin = STR("```json spec\n");
	size_t at = 0, end, n = 0;

	while ((at = str_find(page, begin, at)) != SIZE_MAX) {
		at += begin.n;
		end = str_find(page, STR("```"), at);
		if (read_spec(w, str_cut(page, at, end)))
			print_message("block %zu: %s: %s\n", n,
				      w->cx.error.field, w->cx.error.text);
		else
			n++;
	}
	assert_int_equal(n, 9);
}

static void every_member_stands_in_the_manual(void **state)
{
	struct code_world *w = *state;
	struct str page = read_page(w, "docs/code-grading.md");
	struct str more = read_page(w, "docs/code-items.md");

	for (const struct field *f = code_spec_shape.fields; f->kind; f++) {
		struct str a = str_fmt(w->cx.arena, "`%s`", f->name);
		struct str b = str_fmt(w->cx.arena, "\"%s\"", f->name);
		bool there = str_find(page, a, 0) != SIZE_MAX ||
			     str_find(page, b, 0) != SIZE_MAX ||
			     str_find(more, a, 0) != SIZE_MAX;

		if (!there)
			print_message("%s is in no manual\n", f->name);
		assert_true(there);
	}
}

static void a_task_comes_back_the_same_from_json(void **state)
{
	struct code_world *w = *state;
	struct str page = read_page(w, "docs/code-grading.md"), one, two;
	size_t at = 0;

	while ((at = str_find(page, STR("```json spec\n"), at)) != SIZE_MAX) {
		at += 13;
		assert_int_equal(
			read_spec(w, str_cut(page, at,
					     str_find(page, STR("```"), at))),
			OK);
		one = field_text(w->cx.arena, &code_spec_shape, &w->spec);
		assert_int_equal(read_spec(w, one), OK);
		two = field_text(w->cx.arena, &code_spec_shape, &w->spec);
		assert_true(str_eq(one, two));
	}
}

static void an_item_without_its_task_is_refused(void **state)
{
	struct code_world *w = *state;
	struct item it = { .type = ITEM_CODE };

	assert_int_equal(item_check(&w->cx, &it, "/items/3"), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/items/3/code");
	it.has_code = true;
	assert_int_equal(item_check(&w->cx, &it, "/items/3"), ERR_INVALID);
	assert_string_equal(w->cx.error.field, "/items/3/code/tests");
}

static void names_that_a_tool_would_obey_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"/etc/passwd",
		"../x",
		"a/../b",
		"a//b",
		"a/",
		"./a",
		".hidden",
		"a/.git/b",
		"conftest.py",
		"sub/conftest.py",
		"CONFTEST.PY",
		"pytest.ini",
		"setup.cfg",
		"sitecustomize.py",
		"x.pth",
		"Makefile",
		"GNUmakefile",
		"LD_PRELOAD",
		"x.so",
		"x.so.1",
		"json.py",
		"os/__init__.py",
		"a b.py",
		"a\nb",
		"-o",
		"@file",
		"x;rm",
		"a\\b",
		"\xc3\xa9.py",
		"assay_driver.py",
		"package.json",
		"x.pyc",
		"ld.so.preload",
		"a/b/c/d/e/f/g/h/i",
		"name.",
	};
	static const char *const good[] = { "main.py", "sub/a.c", "A-1_b.h",
					    "os_utils.py", "data.csv" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!code_name_refusal(str_of(bad[i])))
			print_message("%s\n", bad[i]);
		assert_non_null(code_name_refusal(str_of(bad[i])));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(code_name_refusal(str_of(good[i])));
}

static void
what_a_program_wrote_is_shown_escaped_cut_and_without_folders(void **state)
{
	struct code_world *w = *state;
	struct arena *a = w->cx.arena;
	struct str s;

	s = code_text(a, STR("a\x1b[2J\xff\x00\r\nb\tc"), 100);
	assert_true(str_is(s, "a\\x1b[2J\\xff\\x00\nb\tc"));
	s = code_text(a, STR("\xe2\x80\xaegnp.exe \xed\xa0\x80"), 100);
	assert_true(str_is(s, "\\u{202e}gnp.exe \\xed\\xa0\\x80"));
	s = code_text(a, STR("0123456789abcdef"), 10);
	assert_true(str_is(s, "0123456789 …"));
	s = code_scrub(a, STR("In file /usr/lib/gcc/12/x.h:3: a / b a/b "
			      "(/tmp/m.c) /"));
	assert_true(str_is(s, "In file x.h:3: a / b a/b (m.c) /"));
}

static bool same(struct code_world *w, struct code_compare how,
		 struct str answer, struct str output)
{
	struct code_diff d;

	code_compare_run(w->cx.arena, &how, answer, output, &d);
	return d.same;
}

static void outputs_compare_as_the_task_says(void **state)
{
	const struct code_compare tokens = { .how = CODE_TOKENS },
				  lines = { .how = CODE_LINES },
				  exact = { .how = CODE_EXACT },
				  set = { .how = CODE_LINE_SET };
	struct code_compare nocase = { .ignore_case = true };
	struct code_world *w = *state;

	assert_true(same(w, tokens, STR("1 2\n"), STR(" 1\r\n\t2")));
	assert_false(same(w, tokens, STR("1 2"), STR("12")));
	assert_false(same(w, tokens, STR("1"), STR("1 1")));
	assert_false(same(w, tokens, STR("1 1"), STR("1")));
	assert_false(same(w, tokens, STR("1"), STR("1\0")));
	assert_false(same(w, tokens, STR("1"), STR("1.0")));
	assert_true(same(w, nocase, STR("Yes"), STR("YES")));
	assert_false(same(w, tokens, STR("Yes"), STR("YES")));
	assert_true(same(w, lines, STR("a b\nc"), STR("a b \r\nc\n\n\n")));
	assert_false(same(w, lines, STR("a b"), STR("a  b")));
	assert_false(same(w, lines, STR("a\nb"), STR("a\n\nb")));
	assert_true(same(w, exact, STR("a\n"), STR("a\n")));
	assert_false(same(w, exact, STR("a\n"), STR("a")));
	assert_true(same(w, set, STR("a\nb\na"), STR("b\na\na\n\n")));
	assert_false(same(w, set, STR("a\nb\na"), STR("b\na\nb")));
	assert_true(same(w, tokens, STR(""), STR(" \n")));
}

/* Whoever prints millions of lines does not take our memory. */
static void a_set_looks_at_no_more_lines_than_tell_the_difference(void **state)
{
	enum { LINES = 4 << 20 };
	const struct code_compare set = { .how = CODE_LINE_SET };
	struct code_world *w = *state;
	char *flood = arena_alloc(w->cx.arena, 2 * LINES);
	struct str many = { flood, 2 * LINES };
	struct code_diff d;
	size_t before;

	for (size_t i = 0; i < 2 * LINES; i++)
		flood[i] = i % 2 ? '\n' : 'b';
	before = arena_used(w->cx.arena);
	code_compare_run(w->cx.arena, &set, STR("a\nb\nc"), many, &d);
	assert_true(arena_used(w->cx.arena) - before < 65536);
	assert_false(d.same);
	assert_true(str_is(d.got, "b"));
	/* Also where what is missing sorts first, and the rest is right. */
	code_compare_run(w->cx.arena, &set, STR("a\nb\nb"),
			 STR("b\nb\nb\nb\na"), &d);
	assert_true(str_is(d.got, "b"));
	assert_false(same(w, set, STR(""), STR("x")));
	assert_false(same(w, set, STR("x\ny"), STR("y\n\n")));
	assert_true(same(w, set, STR("\n\n"), STR("")));
}

static void
numbers_compare_with_tolerance_and_nothing_is_our_failure(void **state)
{
	const struct code_compare near = { .absolute = { 1000 },
					   .relative = { 1000 } };
	static char nines[900000];
	struct code_world *w = *state;

	memset(nines, '9', sizeof(nines));
	assert_true(same(w, near, STR("1.5"), STR("1.5000009")));
	assert_false(same(w, near, STR("1.5"), STR("1.50001")));
	assert_true(same(w, near, STR("1e9"), STR("1000000999")));
	assert_true(same(w, near, STR("0"), STR("-0.0000009")));
	assert_false(same(w, near, STR("1.5"), STR("nan")));
	assert_false(same(w, near, STR("1.5"), STR("inf")));
	assert_false(same(w, near, STR("1.5"), STR("0x1.8p0")));
	assert_false(same(w, near, STR("1.5"), STR("1e400")));
	assert_false(same(w, near, STR("1e400"), STR("1e401")));
	assert_true(same(w, near, STR("1e400"), STR("1e400")));
	assert_false(same(w, near, STR("1.5"), STR("1.5x")));
	assert_false(same(w, near, STR("1.5"), STR("1,5")));
	assert_false(same(w, near, STR("1.5"), STR(".")));
	assert_false(same(w, near, STR("1.5"), STR("1e")));
	assert_true(same(w, near, STR("NaN"), STR("nan")));
	assert_true(same(w, near, STR("-inf"), STR("-Infinity")));
	assert_false(same(w, near, STR("-inf"), STR("inf")));
	assert_false(same(w, near, STR("1.5"),
			  (struct str){ nines, sizeof(nines) }));
	assert_false(same(w, near, STR("1.5"),
			  STR("nan\n1e400\n0x1.8p0\n\0\xff\xfe\xed\xa0\x80\x1b"
			      "]0;title\x07<script>\xe2\x80\xae\r\n")));
}

static void the_first_difference_is_told_with_its_line(void **state)
{
	struct code_compare tokens = { .how = CODE_TOKENS };
	struct code_world *w = *state;
	struct code_diff d;

	code_compare_run(w->cx.arena, &tokens, STR("1\n2\n3"),
			 STR("1\n2\n\x1b[4\n"), &d);
	assert_int_equal(d.line, 3);
	assert_true(str_is(d.wanted, "3"));
	assert_true(str_is(d.got, "\\x1b[4"));
	tokens.how = CODE_LINES;
	code_compare_run(w->cx.arena, &tokens, STR("a b"), STR("a  b"), &d);
	assert_string_equal(d.hint, "only white space differs");
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_wrong_is_named_with_its_field),
		T(functions_are_taken_in_each_language_as_it_can),
		T(a_call_that_a_language_cannot_take_is_published_no_more),
		T(each_unfit_call_is_named),
		T(every_example_of_the_manual_is_a_task),
		T(every_member_stands_in_the_manual),
		T(a_task_comes_back_the_same_from_json),
		T(an_item_without_its_task_is_refused),
		T(names_that_a_tool_would_obey_are_refused),
		T(what_a_program_wrote_is_shown_escaped_cut_and_without_folders),
		T(outputs_compare_as_the_task_says),
		T(a_set_looks_at_no_more_lines_than_tell_the_difference),
		T(numbers_compare_with_tolerance_and_nothing_is_our_failure),
		T(the_first_difference_is_told_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
