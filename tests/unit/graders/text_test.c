#include "graders/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "tests/support/check.h"

static const struct text_rules exact = { .case_sensitive = true };
static const struct text_rules folding = { 0 };

static int set_up(void **state)
{
	*state = arena_new(1 << 16);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static bool match(struct arena *a, const char *pattern, const char *given,
		  const struct text_rules *rules)
{
	return text_match(a, str_of(pattern), str_of(given), rules);
}

static void the_whole_text_must_match(void **state)
{
	assert_true(match(*state, "osmosis", "  osmosis\n", &exact));
	assert_false(match(*state, "osmosis", "osmosis!", &exact));
	assert_false(match(*state, "osmosis", "Osmosis", &exact));
	assert_true(match(*state, "osmosis", "OSMOSIS", &folding));
	assert_false(match(*state, "[a-z]+", "abc", &exact));
	assert_true(match(*state, "[a-z]+", "[a-z]+", &exact));
	assert_true(match(*state, "", " ", &exact));
}

static void case_folds_beyond_ascii(void **state)
{
	/* ÉCOLE / école, STRASSE / Straße, ΣΟΦΟΣ / σοφος (final sigma) */
	assert_true(match(*state,
			  "\xC3\x89"
			  "COLE",
			  "\xC3\xA9"
			  "cole",
			  &folding));
	assert_true(match(*state, "STRASSE",
			  "Stra\xC3\x9F"
			  "e",
			  &folding));
	assert_true(match(*state, "\xCE\xA3\xCE\x9F\xCE\xA6\xCE\x9F\xCE\xA3",
			  "\xCF\x83\xCE\xBF\xCF\x86\xCE\xBF\xCF\x82",
			  &folding));
}

static void composed_and_decomposed_letters_are_one(void **state)
{
	assert_true(match(*state, "caf\xC3\xA9", "cafe\xCC\x81", &exact));
	assert_true(match(*state, "c*\xC3\xA9", "cafe\xCC\x81", &exact));
	/* compatibility forms stay apart: m² is not m2 */
	assert_false(match(*state, "m2", "m\xC2\xB2", &exact));
}

static void stars_stand_for_any_text(void **state)
{
	assert_true(match(*state, "*", "", &exact));
	assert_true(match(*state, "photo*", "photosynthesis", &exact));
	assert_true(match(*state, "*syn*sis", "photosynthesis", &exact));
	assert_true(match(*state, "a**b", "ab", &exact));
	assert_true(match(*state, "*a*a*", "xaya", &exact));
	assert_false(match(*state, "a*a", "a", &exact));
	assert_false(match(*state, "ab*ba", "aba", &exact));
	assert_true(match(*state, "2\\*3", "2*3", &exact));
	assert_false(match(*state, "2\\*3", "2x3", &exact));
	assert_true(match(*state, "line*end", "line\nend", &exact));
	assert_true(match(*state, "\\\\*x", "\\*x", &exact));
}

static void a_learner_cannot_smuggle_a_star_in(void **state)
{
	/* U+FDD0 is what a star becomes inside */
	assert_false(match(*state, "a*c", "a\xEF\xB7\x90", &exact));
	assert_true(match(*state, "ac",
			  "a\xEF\xB7\x90"
			  "c",
			  &exact));
}

static void many_stars_are_matched_at_once(void **state)
{
	char pattern[2001], given[60001];
	clock_t start;

	for (size_t i = 0; i < 2000; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	pattern[2000] = 'b';
	memset(given, 'a', sizeof(given));
	start = clock();
	assert_false(text_match(*state, (struct str){ pattern, 2001 },
				(struct str){ given, 60001 }, &exact));
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

/* The same question by plain recursion over bytes. */
static bool slow_glob(const char *p, const char *s)
{
	if (*p == 0)
		return *s == 0;
	if (*p == '*')
		return slow_glob(p + 1, s) || (*s && slow_glob(p, s + 1));
	return *p == *s && slow_glob(p + 1, s + 1);
}

static void matching_agrees_with_plain_recursion(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct rng_seeded rng;
	char p[8], s[10];

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 50000; i++) {
		size_t n = rng_below(&rng.rng, 7), m = rng_below(&rng.rng, 9);

		for (size_t k = 0; k < n; k++)
			p[k] = "ab*"[rng_below(&rng.rng, 3)];
		for (size_t k = 0; k < m; k++)
			s[k] = "ab"[rng_below(&rng.rng, 2)];
		p[n] = s[m] = 0;
		if (match(a, p, s, &exact) != slow_glob(p, s))
			fail_msg("%s against %s", p, s);
		arena_reset(a);
	}
	arena_free(a);
}

static void expect_normal(struct arena *a, const char *s,
			  const struct text_rules *rules, const char *want)
{
	struct str got = text_normal(a, str_of(s), rules);

	if (!str_is(got, want))
		fail_msg("\"%s\" became \"%.*s\"", s, STR_FMT(got));
}

static void every_step_of_the_chain_is_a_switch(void **state)
{
	struct text_rules r = exact;

	expect_normal(*state, " a \xC2\xA0 b ", &r, "a \xC2\xA0 b");
	r.collapse_space = true;
	expect_normal(*state, " a \xC2\xA0\t b ", &r, "a b");
	expect_normal(*state, "don\xE2\x80\x99t", &r, "don\xE2\x80\x99t");
	r.map_quotes = true;
	expect_normal(*state, "don\xE2\x80\x99t \xE2\x80\x93 \xE2\x80\x9Cx", &r,
		      "don't - \"x");
	r.strip_accents = true;
	expect_normal(*state,
		      "\xC3\x85ngstr\xC3\xB6m, \xC5\x81\xC3\xB3"
		      "d\xC5\xBA",
		      &r, "Angstrom, Lodz");
	r.strip_punctuation = true;
	expect_normal(*state, "(Hello, world!)", &r, "Hello world");
	r.case_sensitive = false;
	expect_normal(*state, "(Hello - World!)", &r, "hello world");
}

static void broken_utf8_is_compared_as_it_is(void **state)
{
	assert_true(match(*state, "a\xFF", "a\xFF", &folding));
	assert_false(match(*state, "a\xFF", "a\xFE", &folding));
}

static void small_typing_errors_can_be_let_pass(void **state)
{
	struct text_rules r = { .edit_distance = 1 };

	assert_true(match(*state, "mitochondria", "mitochondia", &r));
	assert_true(match(*state, "mitochondria", "Mitochondrias", &r));
	assert_false(match(*state, "mitochondria", "mitocondia", &r));
	r.edit_distance = 2;
	assert_true(match(*state, "mitochondria", "mitocondia", &r));
	assert_false(match(*state, "mito*", "mit", &r));
}

/* The whole table, for comparison. */
static int64_t slow_distance(const char *x, size_t n, const char *y, size_t m)
{
	int64_t d[12][12];

	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			int64_t best = (int64_t)(i ? i : j);

			if (i && j) {
				best = d[i - 1][j - 1] + (x[i - 1] != y[j - 1]);
				if (d[i - 1][j] + 1 < best)
					best = d[i - 1][j] + 1;
				if (d[i][j - 1] + 1 < best)
					best = d[i][j - 1] + 1;
			}
			d[i][j] = best;
		}
	}
	return d[n][m];
}

static void the_narrow_distance_agrees_with_the_whole_table(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct rng_seeded rng;
	char x[10], y[10];

	(void)state;
	rng_property(&rng);
	for (int i = 0; i < 50000; i++) {
		size_t n = rng_below(&rng.rng, 10), m = rng_below(&rng.rng, 10);
		int64_t most = (int64_t)rng_below(&rng.rng, 4), want, got;

		for (size_t k = 0; k < n; k++)
			x[k] = "abc"[rng_below(&rng.rng, 3)];
		for (size_t k = 0; k < m; k++)
			y[k] = "abc"[rng_below(&rng.rng, 3)];
		want = slow_distance(x, n, y, m);
		if (want > most)
			want = most + 1;
		got = text_distance(a, (struct str){ x, n },
				    (struct str){ y, m }, most);
		if (got != want)
			fail_msg("%.*s %.*s most %d: %d, not %d", (int)n, x,
				 (int)m, y, (int)most, (int)got, (int)want);
		arena_reset(a);
	}
	arena_free(a);
}

static void words_are_counted_as_people_count_them(void **state)
{
	(void)state;
	assert_int_equal(text_words(STR(""), false), 0);
	assert_int_equal(text_words(STR("  two  words "), false), 2);
	assert_int_equal(text_words(STR("well-known isn't"), false), 2);
	assert_int_equal(text_words(STR("a\xE2\x80\x94"
					"b"),
				    false),
			 2); /* em dash */
	assert_int_equal(text_words(STR("<p>One</p><p>two</p>"), true), 2);
	assert_int_equal(text_words(STR("H<sub>2</sub>O is <b>wet</b>"), true),
			 3);
	assert_int_equal(text_words(STR("a&nbsp;b &amp; c"), true), 4);
	assert_int_equal(text_words(STR("1 < 2 <!-- no words -->"), true), 3);
}

static void a_pattern_shows_what_might_be_typed(void **state)
{
	struct str s = text_of_pattern(*state, STR("*the * owl\\**"));

	assert_true(str_is(s, "the owl*"));
	assert_true(text_has_wildcard(STR("a*")));
	assert_false(text_has_wildcard(STR("a\\*")));
	assert_true(text_is_any(STR(" * ")));
	assert_false(text_is_any(STR("**x")));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_whole_text_must_match),
		T(case_folds_beyond_ascii),
		T(composed_and_decomposed_letters_are_one),
		T(stars_stand_for_any_text),
		T(a_learner_cannot_smuggle_a_star_in),
		T(many_stars_are_matched_at_once),
		T(matching_agrees_with_plain_recursion),
		T(every_step_of_the_chain_is_a_switch),
		T(broken_utf8_is_compared_as_it_is),
		T(small_typing_errors_can_be_let_pass),
		T(the_narrow_distance_agrees_with_the_whole_table),
		T(words_are_counted_as_people_count_them),
		T(a_pattern_shows_what_might_be_typed),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
