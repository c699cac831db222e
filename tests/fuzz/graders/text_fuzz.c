/*
 * text: the chain ends where it should: what went through it once comes out of
 * it unchanged, a text matches its own escaped pattern, `*` matches all.
 *
 * The first byte picks the rules; a pattern and a text follow, parted by a
 * newline.
 */
#include "graders/text.h"

static struct str escaped(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '*')
			p[n++] = '\\';
		p[n++] = s.p[i];
	}
	return (struct str){ p, n };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct text_rules rules = { 0 };
	struct str rest, pattern, once;

	if (size == 0 || size > 20000)
		goto out;
	rules.case_sensitive = data[0] & 1;
	rules.collapse_space = data[0] & 2;
	rules.map_quotes = data[0] & 4;
	rules.strip_accents = data[0] & 8;
	rules.strip_punctuation = data[0] & 16;
	rules.edit_distance = data[0] >> 5 & 1;
	rest = (struct str){ (const char *)data + 1, size - 1 };
	if (!str_split(&rest, '\n', &pattern))
		goto out;
	(void)text_match(a, pattern, rest, &rules);
	(void)text_words(rest, true);
	(void)text_of_pattern(a, pattern);
	CHECK(text_match(a, STR("*"), rest, &rules));
	once = text_normal(a, rest, &rules);
	CHECK(once.n == 0 || text_trim(rest).n > 0 || !str_utf8_ok(rest));
	if (str_utf8_ok(rest) && str_find(rest, STR("\\"), 0) == SIZE_MAX &&
	    str_find(rest, STR("\xEF\xB7\x90"), 0) == SIZE_MAX)
		CHECK(text_match(a, escaped(a, rest), rest, &rules));
out:
	arena_free(a);
	return 0;
}
