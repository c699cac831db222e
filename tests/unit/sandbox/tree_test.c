#include "sandbox/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/check.h"

static struct tree_list check(struct arena *a, const char *const *names,
			      size_t n)
{
	struct run_file *f = ARENA_ARRAY(a, struct run_file, n);
	struct tree_list l;

	for (size_t i = 0; i < n; i++)
		f[i] = (struct run_file){ str_of(names[i]), STR("x"), false };
	tree_check_files(a, &(struct list){ f, n }, &l);
	return l;
}

static bool has(const struct tree_list *l, const char *name)
{
	return tree_find(&l->files, str_of(name)) != NULL;
}

static const char *why(const struct tree_list *l, const char *name)
{
	const struct tree_refused *r = l->refused.at;

	for (size_t i = 0; i < l->refused.n; i++)
		if (str_is(r[i].name, name))
			return r[i].why.p;
	return NULL;
}

static void what_does_not_suit_is_named_and_the_rest_is_kept(void **state)
{
	static const char *const names[] = {
		"src/main.c", ".git/config", "a/../b", "README", "sub/.GIT",
		"ok/file",    "/etc/passwd", "CON\\x", "end.",	 ".gitmodules"
	};
	struct arena *a = arena_new(0);
	struct tree_list l = check(a, names, 10);

	(void)state;
	assert_int_equal(l.files.n, 3);
	assert_true(has(&l, "README") && has(&l, "ok/file") &&
		    has(&l, "src/main.c"));
	assert_int_equal(l.refused.n, 7);
	assert_non_null(why(&l, ".git/config"));
	assert_non_null(why(&l, "a/../b"));
	assert_non_null(why(&l, "sub/.GIT"));
	assert_non_null(why(&l, ".gitmodules"));
	/* the backslash is shown as what it is */
	assert_non_null(why(&l, "CON\\x5cx"));
	/* README, ok, ok/file, src, src/main.c */
	assert_int_equal(l.entries, 5);
	assert_int_equal(l.bytes, 3);
	arena_free(a);
}

static void of_twins_the_same_one_is_kept_in_any_order(void **state)
{
	static const char *const one[] = { "readme", "README", "src/a",
					   "Src/b" };
	static const char *const two[] = { "Src/b", "src/a", "README",
					   "readme" };
	struct arena *a = arena_new(0);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct tree_list l = check(a, i ? two : one, 4);

		assert_int_equal(l.files.n, 2);
		assert_true(has(&l, "README") && has(&l, "Src/b"));
		assert_non_null(why(&l, "readme"));
		assert_non_null(why(&l, "src/a"));
	}
	arena_free(a);
}

static void names_that_only_unicode_tells_apart_are_twins(void **state)
{
	static const char *const names[] = { "\xc3\xbc.c", "u\xcc\x88.c",
					     "\xc3\x9c.c" };
	struct arena *a = arena_new(0);
	struct tree_list l = check(a, names, 3);

	(void)state;
	assert_int_equal(l.files.n, 1);
	arena_free(a);
}

static void a_file_where_a_folder_is_has_no_place(void **state)
{
	static const char *const names[] = { "a/b", "a" };
	struct arena *a = arena_new(0);
	struct tree_list l = check(a, names, 2);

	(void)state;
	assert_int_equal(l.files.n, 1);
	assert_true(has(&l, "a"));
	assert_non_null(why(&l, "a/b"));
	arena_free(a);
}

static void sizes_and_numbers_end_at_their_limits(void **state)
{
	enum { N = 2500 };
	struct arena *a = arena_new(0);
	struct run_file *f = ARENA_ARRAY(a, struct run_file, N);
	char *big = arena_alloc(a, TREE_BYTES + 1);
	struct tree_list l;

	(void)state;
	for (int i = 0; i < N; i++)
		f[i] = (struct run_file){ str_fmt(a, "d%02d/%d", i % 50, i),
					  STR(""), false };
	tree_check_files(a, &(struct list){ f, N }, &l);
	assert_int_equal(l.entries, TREE_ENTRIES);
	assert_true(l.files.n < TREE_ENTRIES && l.files.n > TREE_ENTRIES - 51);
	assert_int_equal(l.refused.n, TREE_REFUSED);
	assert_int_equal((int64_t)(l.files.n + l.refused.n) + l.refused_more,
			 N);
	f[0] = (struct run_file){ STR("a"), { big, TREE_BYTES }, false };
	f[1] = (struct run_file){ STR("b"), { big, 1 }, false };
	f[2] = (struct run_file){ STR("c"), { big, TREE_BYTES + 1 }, false };
	f[3] = (struct run_file){ STR("d"), STR(""), false };
	tree_check_files(a, &(struct list){ f, 4 }, &l);
	assert_int_equal(l.files.n, 2);
	assert_true(has(&l, "a") && has(&l, "d"));
	assert_non_null(strstr(why(&l, "b"), "16 MiB"));
	assert_non_null(strstr(why(&l, "c"), "16 MiB"));
	arena_free(a);
}

static void a_name_is_shown_as_text_whatever_it_is(void **state)
{
	struct arena *a = arena_new(0);
	char longer[500];

	(void)state;
	assert_true(str_is(tree_show(a, STR("a\x01"
					    "b\xff\n")),
			   "a\\x01b\\xff\\x0a"));
	assert_true(str_is(tree_show(a, STR("\xc3\xbc")), "\xc3\xbc"));
	memset(longer, 'a', sizeof(longer));
	assert_true(tree_show(a, (struct str){ longer, 500 }).n < 210);
	arena_free(a);
}

static void whoever_wants_all_or_nothing_hears_the_first_name(void **state)
{
	static const char *const names[] = { "a", "..", ".git" };
	struct arena *a = arena_new(0);
	struct ctx cx = { .arena = a };
	struct tree_list l = check(a, names, 3);

	(void)state;
	assert_int_equal(tree_whole(&cx, &l), ERR_INVALID);
	assert_non_null(strstr(cx.error.text, "\"..\""));
	l = check(a, names, 1);
	assert_int_equal(tree_whole(&cx, &l), OK);
	arena_free(a);
}

/* Random names of few letters, many of them bad. */
static void what_is_kept_passes_again_and_is_all_of_it(void **state)
{
	static const char *const parts[] = { "a",	 "A",	      "b.c",
					     "..",	 ".git",      "x ",
					     "\xc3\xa4", "a\xcc\x88", "\xff",
					     "",	 "git~1" };
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int round = 0; round < 300; round++) {
		struct arena *a = arena_new(0);
		size_t n = rng_below(&rng.rng, 20);
		const char **names = ARENA_ARRAY(a, const char *, n);
		struct tree_list l, again;
		const struct run_file *f;

		for (size_t i = 0; i < n; i++) {
			struct str s = STR("");

			for (uint64_t k = rng_below(&rng.rng, 3) + 1; k > 0;
			     k--)
				s = str_fmt(a, "%.*s%s%s", STR_FMT(s),
					    s.n ? "/" : "",
					    parts[rng_below(&rng.rng, 11)]);
			names[i] = s.p;
		}
		l = check(a, names, n);
		assert_int_equal(l.files.n + l.refused.n, n);
		tree_check_files(a, &l.files, &again);
		assert_int_equal(again.files.n, l.files.n);
		assert_int_equal(again.refused.n, 0);
		assert_int_equal(again.entries, l.entries);
		f = l.files.at;
		for (size_t i = 1; i < l.files.n; i++)
			assert_true(str_cmp(f[i - 1].name, f[i].name) < 0);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_does_not_suit_is_named_and_the_rest_is_kept),
		cmocka_unit_test(of_twins_the_same_one_is_kept_in_any_order),
		cmocka_unit_test(names_that_only_unicode_tells_apart_are_twins),
		cmocka_unit_test(a_file_where_a_folder_is_has_no_place),
		cmocka_unit_test(sizes_and_numbers_end_at_their_limits),
		cmocka_unit_test(a_name_is_shown_as_text_whatever_it_is),
		cmocka_unit_test(
			whoever_wants_all_or_nothing_hears_the_first_name),
		cmocka_unit_test(what_is_kept_passes_again_and_is_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
