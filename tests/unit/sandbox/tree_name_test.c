#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/tree_name.h"

static const char *wrong(const char *z)
{
	return tree_name_wrong(str_of(z), 4);
}

static void ordinary_names_are_taken(void **state)
{
	static const char *const good[] = {
		"a",	      "main.c",	   "src/lib/x.py",
		".gitignore", ".github/x", "git",
		"git~2",      "a b",	   "Übung/Größe.txt",
		"日本/語.md", "..a",	   "a..b",
		"-x",	      "a:b",	   "x.git",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (wrong(good[i]))
			fail_msg("%s %s", good[i], wrong(good[i]));
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	 "/",	   "/etc/passwd",
		"a//b",	 "a/",	   "..",
		"../x",	 "a/../b", "a/..",
		".",	 "./a",	   "a/./b",
		"a\\b",	 "a\001b", "a\nb",
		"a\x7f", "\xff",   "a/\xc0\xae\xc0\xae/b",
		"a.",	 "a ",	   "a./b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!wrong(bad[i]))
			fail_msg("row %zu is taken", i);
	assert_non_null(tree_name_wrong((struct str){ "a\0b", 3 }, 4));
	assert_null(wrong("1/2/3/4"));
	assert_string_equal(wrong("1/2/3/4/5"), "lies too deep");
}

static void every_form_of_dot_git_is_refused(void **state)
{
	static const char *const bad[] = {
		".git",
		".GIT",
		".giT/config",
		"a/.git/x",
		"git~1",
		"GIT~1",
		".g\xe2\x80\x8cit", /* U+200C */
		"\xef\xbb\xbf.git", /* U+FEFF */
		".git\xe2\x81\xaf", /* U+206F */
		".git.",
		".git ",
		".git. .",
		".git::$INDEX_ALLOCATION",
		".git:x",
		"git~1.",
		".gitmodules",
		".GitModules ",
		"GITMOD~4",
		"gi7eba~1",
		".git\xe2\x80\x8cmodules",
		".gitattributes",
		"gitatt~2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!wrong(bad[i]))
			fail_msg("%s is taken", bad[i]);
}

static void long_names_are_refused(void **state)
{
	char part[300], path[1100];

	(void)state;
	memset(part, 'a', sizeof(part));
	assert_null(tree_name_part_wrong((struct str){ part, 255 }));
	assert_non_null(tree_name_part_wrong((struct str){ part, 256 }));
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 200 == 199 ? '/' : 'a';
	assert_null(tree_name_wrong((struct str){ path, 1024 }, 32));
	assert_non_null(tree_name_wrong((struct str){ path, 1025 }, 32));
}

struct pair {
	const char *first, *second;
	bool both;
};

static void twins_are_refused_and_others_are_not(void **state)
{
	static const struct pair pairs[] = {
		{ "a", "b", true },
		{ "a", "a", false },
		{ "a", "A", false },
		{ "Makefile", "makefile", false },
		{ "a/x", "a/y", true },
		{ "a/x", "A/y", false }, /* the folder's twin */
		{ "a", "a/b", false },	 /* file and folder */
		{ "a/b", "a", false },
		{ "a/b", "A", false },
		/* é as one character and as two */
		{ "\xc3\xa9", "e\xcc\x81", false },
		{ "\xc3\x89", "e\xcc\x81", false }, /* and its capital */
		{ "\xc3\xa9", "e", true },
		/* ế, composed in two steps, marks in either order */
		{ "\xe1\xba\xbf", "e\xcc\x82\xcc\x81", false },
		{ "a\xcc\xa3\xcc\x82", "a\xcc\x82\xcc\xa3", false },
		/* Å, the letter and the unit */
		{ "\xc3\x85", "\xe2\x84\xab", false },
		/* 각 as a syllable and as its letters */
		{ "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
		  false },
		{ "\xd0\x96", "\xd0\xb6", false }, /* Ж ж */
		{ "a\xe2\x80\x8c"
		  "b",
		  "ab", false },
		{ "ab",
		  "a\xcc\x81"
		  "b",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct arena *a = arena_new(1 << 16);
		struct tree_names *t = tree_names_new(a);
		const char *why;

		assert_null(tree_names_add(t, str_of(pairs[i].first)));
		why = tree_names_add(t, str_of(pairs[i].second));
		if ((why == NULL) != pairs[i].both)
			fail_msg("row %zu: %s", i, why ? why : "both taken");
		/* A refused one has left nothing behind. */
		assert_null(tree_names_add(t, STR("other")));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_names_are_taken),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused),
		cmocka_unit_test(every_form_of_dot_git_is_refused),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(twins_are_refused_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
