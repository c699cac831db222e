#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "graders/bundle.h"

struct test {
	struct ctx cx;
	struct problems problems;
	struct str text;
};

static int open_test(void **state)
{
	static struct test t;

	t = (struct test){ .cx = { .arena = arena_new(1 << 16) } };
	*state = &t;
	return 0;
}

static int close_test(void **state)
{
	arena_free(((struct test *)*state)->cx.arena);
	return 0;
}

#define F(name, data)                                                          \
	{                                                                      \
		STR(name), STR(data), false                                    \
	}

/* The file "w/x.assessment.json" with this text, among some others. */
static enum err bundled(struct test *t, const char *json)
{
	struct run_file files[] = {
		F("01.in", "of another folder"),
		F("w/01.in", "1 2\n"),
		F("w/bin", "\xff\x00\x01"),
		F("w/start/a.c", "int a;"),
		{ STR("w/start/sub/b.sh"), STR("x\"y"), true },
		F("w/starting", "no part of start"),
		{ STR("w/x.assessment.json"), str_of(json), false },
	};

	err_clear(&t->cx);
	return bundle(&t->cx,
		      &(struct list){ files, sizeof(files) / sizeof(*files) },
		      STR("w/x.assessment.json"), &t->text, &t->problems);
}

static void assert_text(struct test *t, const char *want)
{
	if (!str_is(t->text, want))
		fail_msg("%.*s", STR_FMT(t->text));
}

static void files_are_put_in_their_place(void **state)
{
	struct test *t = *state;

	assert_int_equal(bundled(t, "{\"a\": [1, {\"file\":\"01.in\"}],"
				    " \"b\\u0041\": {\"name\":\"n\",\"file\":"
				    "\"bin\"}, \"c\":{\"file\":7}}"),
			 OK);
	assert_text(t, "{\"a\":[1,{\"text\":\"1 2\\n\"}],"
		       "\"b\\u0041\":{\"name\":\"n\",\"base64\":\"/wAB\"},"
		       "\"c\":{\"file\":7}}");
}

static void a_folder_becomes_its_files(void **state)
{
	struct test *t = *state;

	assert_int_equal(bundled(t, "[0,{\"folder\":\"start\"},2]"), OK);
	assert_text(t, "[0,{\"name\":\"a.c\",\"text\":\"int a;\"},"
		       "{\"name\":\"sub/b.sh\",\"text\":\"x\\\"y\","
		       "\"executable\":true},2]");
}

static void what_leads_out_or_nowhere_is_listed_with_its_place(void **state)
{
	static const char *const bad[] = { "../01.in", "/etc/passwd",
					   "./01.in",  "start/../01.in",
					   "",	       "start//a.c" };
	struct test *t = *state;
	const struct problem *p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(bundled(t, str_fmt(t->cx.arena,
						    "{\"file\":\"%s\"}", bad[i])
						    .p),
				 ERR_INVALID);
		p = t->problems.list.at;
		assert_true(str_is(p->code, "bad_path"));
	}
	assert_int_equal(bundled(t, "{\"a\":[{\"file\":\"02.in\"},"
				    "{\"folder\":\"star\"}]}"),
			 ERR_INVALID);
	assert_int_equal(t->problems.errors, 2);
	p = t->problems.list.at;
	assert_true(str_is(p[0].code, "missing_file"));
	assert_true(str_is(p[0].at, "/a/0/file"));
	assert_true(str_is(p[1].at, "/a/1"));
	assert_string_equal(t->cx.error.field, "/a/0/file");
}

static void what_is_no_json_is_refused(void **state)
{
	struct test *t = *state;

	assert_int_equal(bundled(t, "{"), ERR_BAD_JSON);
	assert_int_equal(bundle(&t->cx, &(struct list){ 0 }, STR("x"), &t->text,
				&t->problems),
			 ERR_NOT_FOUND);
}

static void a_bundle_does_not_explode(void **state)
{
	struct test *t = *state;
	size_t n = 1 << 20;
	char *big = arena_alloc(t->cx.arena, n);
	struct buf json = { 0 };
	struct run_file files[2];

	memset(big, 'x', n);
	buf_z(&json, "[0");
	for (int i = 0; i < 20; i++)
		buf_z(&json, ",{\"file\":\"big\"}");
	buf_z(&json, "]");
	files[0] = (struct run_file){ STR("big"), { big, n }, false };
	files[1] = (struct run_file){ STR("lab.json"), buf_view(&json), false };
	assert_int_equal(bundle(&t->cx, &(struct list){ files, 2 },
				STR("lab.json"), &t->text, &t->problems),
			 ERR_TOO_LARGE);
	files[1].data = (struct str){ big, n };
	assert_int_equal(bundle(&t->cx, &(struct list){ files, 2 },
				STR("lab.json"), &t->text, &t->problems),
			 ERR_BAD_JSON);
	buf_done(&json);
}

/* Beyond the limit the file is not read once more for each time it is named. */
static void a_large_file_that_is_named_often_costs_no_time(void **state)
{
	enum { BYTES = 8 << 20, TIMES = 60000 };
	struct test *t = *state;
	char *big = arena_alloc(t->cx.arena, BYTES);
	struct buf json = { 0 };
	struct run_file files[2];
	struct timespec before, after;

	memset(big, 'x', BYTES);
	buf_z(&json, "[0");
	for (int i = 0; i < TIMES; i++)
		buf_z(&json, ",{\"file\":\"b\"}");
	buf_z(&json, "]");
	files[0] = (struct run_file){ STR("b"), { big, BYTES }, false };
	files[1] = (struct run_file){ STR("lab.json"), buf_view(&json), false };
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_int_equal(bundle(&t->cx, &(struct list){ files, 2 },
				STR("lab.json"), &t->text, &t->problems),
			 ERR_TOO_LARGE);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_true(after.tv_sec - before.tv_sec < 10);
	buf_done(&json);
}

static void kinds_are_told_by_names(void **state)
{
	int kind = -1;

	(void)state;
	assert_true(bundle_kind_of(STR("assessment.json"), &kind));
	assert_int_equal(kind, BUNDLE_ASSESSMENT);
	assert_true(bundle_kind_of(STR("a/b.lab.json"), &kind));
	assert_int_equal(kind, BUNDLE_LAB);
	assert_true(bundle_kind_of(STR("a/lab.json"), &kind));
	assert_false(bundle_kind_of(STR("myassessment.json"), &kind));
	assert_false(bundle_kind_of(STR("assessment.json/x"), &kind));
	assert_false(bundle_kind_of(STR(""), &kind));
}

#define bundle_test(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bundle_test(files_are_put_in_their_place),
		bundle_test(a_folder_becomes_its_files),
		bundle_test(what_leads_out_or_nowhere_is_listed_with_its_place),
		bundle_test(what_is_no_json_is_refused),
		bundle_test(a_bundle_does_not_explode),
		bundle_test(a_large_file_that_is_named_often_costs_no_time),
		bundle_test(kinds_are_told_by_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
