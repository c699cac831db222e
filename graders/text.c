#include "graders/text.h"

#include <utf8proc.h>

/*
 * A wildcard while the pattern goes through the chain: a noncharacter, which
 * Unicode never assigns and which every step therefore leaves alone. In a
 * learner's text it is dropped.
 */
enum { STAR = 0xFDD0, BROKEN = 0xFFFD };

int32_t text_next(struct str s, size_t *at)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	n = utf8proc_iterate((const utf8proc_uint8_t *)s.p + *at,
			     (utf8proc_ssize_t)(s.n - *at), &c);
	if (n <= 0) {
		*at += 1;
		return BROKEN;
	}
	*at += (size_t)n;
	return c;
}

size_t text_put(char *p, int32_t c)
{
	return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)p);
}

bool text_is_space(int32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool text_is_currency(int32_t c)
{
	return utf8proc_category(c) == UTF8PROC_CATEGORY_SC;
}

/* Zero-width characters come along when text is pasted. */
static bool is_invisible(int32_t c)
{
	return c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

static bool is_blank(int32_t c)
{
	return text_is_space(c) || is_invisible(c);
}

bool text_is_blank(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		if (!is_blank(text_next(s, &at)))
			return false;
	}
	return true;
}

struct str text_trim(struct str s)
{
	size_t from = s.n, to = s.n;

	for (size_t at = 0, start = 0; at < s.n; start = at) {
		if (is_blank(text_next(s, &at)))
			continue;
		if (from == s.n)
			from = start;
		to = at;
	}
	return (struct str){ s.p ? s.p + from : NULL, to - from };
}

/* The plain character for a typographic one, or c itself. */
static int32_t plain(int32_t c)
{
	switch (c) {
	case 0x2018:
	case 0x2019:
	case 0x201A:
	case 0x201B:
	case 0x2032:
	case 0x2035:
	case 0x02BC:
	case 0xB4:
	case '`':
		return '\'';
	case 0x201C:
	case 0x201D:
	case 0x201E:
	case 0x201F:
	case 0x2033:
	case 0x2036:
	case 0xAB:
	case 0xBB:
		return '"';
	case 0x2010:
	case 0x2011:
	case 0x2012:
	case 0x2013:
	case 0x2014:
	case 0x2015:
	case 0x2212:
	case 0xFE58:
	case 0xFE63:
	case 0xFF0D:
		return '-';
	}
	return c;
}

/* Latin letters that carry their mark inside, so that no step removes it. */
static const struct {
	int32_t from;
	char to[3];
} letters[] = {
	{ 0xC6, "AE" },	 { 0xD0, "D" },	  { 0xD8, "O" },  { 0xDE, "Th" },
	{ 0xDF, "ss" },	 { 0xE6, "ae" },  { 0xF0, "d" },  { 0xF8, "o" },
	{ 0xFE, "th" },	 { 0x110, "D" },  { 0x111, "d" }, { 0x126, "H" },
	{ 0x127, "h" },	 { 0x131, "i" },  { 0x141, "L" }, { 0x142, "l" },
	{ 0x152, "OE" }, { 0x153, "oe" }, { 0x166, "T" }, { 0x167, "t" },
};

static const char *bare_letter(int32_t c)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].from == c)
			return letters[i].to;
	}
	return NULL;
}

static bool is_punctuation(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
		return true;
	default: /* allowed: the library's list of categories, not ours */
		return false;
	}
}

struct points {
	int32_t *at;
	size_t n;
};

/*
 * Decomposed, folded and without marks as far as the rules say. false: not
 * UTF-8.
 */
static bool decompose(struct arena *a, struct str s,
		      const struct text_rules *rules, struct points *out)
{
	int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t n;

	if (!rules->case_sensitive)
		options |= UTF8PROC_CASEFOLD;
	if (rules->strip_accents)
		options |= UTF8PROC_STRIPMARK;
	n = utf8proc_decompose((const utf8proc_uint8_t *)s.p,
			       (utf8proc_ssize_t)s.n, NULL, 0,
			       (utf8proc_option_t)options);
	if (n < 0)
		return false;
	/* One more than needed: the library's reencoding may write a 0. */
	out->at = ARENA_ARRAY(a, int32_t, (size_t)n + 1);
	n = utf8proc_decompose((const utf8proc_uint8_t *)s.p,
			       (utf8proc_ssize_t)s.n, out->at, n,
			       (utf8proc_option_t)options);
	if (n < 0)
		return false;
	out->n = (size_t)n;
	return true;
}

/* Letters may become two, hence its own array. */
static void strip_letters(struct arena *a, struct points *p)
{
	int32_t *to = ARENA_ARRAY(a, int32_t, 2 * p->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const char *z = bare_letter(p->at[i]);

		if (z == NULL)
			to[n++] = p->at[i];
		for (; z != NULL && *z; z++)
			to[n++] = (unsigned char)*z;
	}
	p->at = to;
	p->n = n;
}

/* Quotes, punctuation and white space, in place. */
static void tidy(const struct text_rules *rules, struct points *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		int32_t c = p->at[i];

		if (rules->map_quotes)
			c = plain(c);
		if (rules->strip_punctuation && is_punctuation(c))
			continue;
		if (is_blank(c) && n == 0)
			continue; /* leading */
		if (rules->collapse_space && text_is_space(c)) {
			if (p->at[n - 1] == ' ')
				continue;
			c = ' ';
		}
		p->at[n++] = c;
	}
	while (n > 0 && is_blank(p->at[n - 1]))
		n--;
	p->n = n;
}

static struct str compose(struct arena *a, struct points *p)
{
	utf8proc_ssize_t n;
	char *out;
	size_t at = 0;

	n = utf8proc_normalize_utf32(p->at, (utf8proc_ssize_t)p->n,
				     UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	CHECK(n >= 0);
	out = arena_alloc(a, 4 * (size_t)n + 1);
	for (size_t i = 0; i < (size_t)n; i++)
		at += text_put(out + at, p->at[i]);
	return (struct str){ out, at };
}

struct str text_normal(struct arena *a, struct str s,
		       const struct text_rules *rules)
{
	struct points p;

	if (s.n == 0 || !decompose(a, s, rules, &p))
		return s;
	if (rules->strip_accents)
		strip_letters(a, &p);
	tidy(rules, &p);
	return compose(a, &p);
}

/* Stars become STAR, escaped stars plain ones. */
static struct str mark_stars(struct arena *a, struct str pattern)
{
	char *p = arena_alloc(a, 3 * pattern.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '\\' && i + 1 < pattern.n &&
		    pattern.p[i + 1] == '*')
			p[n++] = pattern.p[++i];
		else if (pattern.p[i] == '*')
			n += text_put(p + n, STAR);
		else
			p[n++] = pattern.p[i];
	}
	return (struct str){ p, n };
}

static struct str drop_marks(struct arena *a, struct str s)
{
	static const char mark[] = "\xEF\xB7\x90"; /* STAR in UTF-8 */
	size_t n = 0;
	char *p;

	if (str_find(s, STR("\xEF\xB7\x90"), 0) == SIZE_MAX)
		return s;
	p = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.n - i >= 3 && memcmp(s.p + i, mark, 3) == 0)
			i += 2;
		else
			p[n++] = s.p[i];
	}
	return (struct str){ p, n };
}

static size_t find(struct str s, struct str needle, size_t from)
{
	const char *p;

	if (needle.n == 0)
		return from;
	if (s.n - from < needle.n)
		return SIZE_MAX;
	p = memmem(s.p + from, s.n - from, needle.p, needle.n);
	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

/*
 * The first piece is at the start, the last at the end, and those between at
 * their leftmost places, one after the other: if any placing exists, this one
 * does, so nothing is ever tried twice.
 */
static bool glob(struct str pattern, struct str s)
{
	struct str mark = STR("\xEF\xB7\x90"), piece;
	size_t star = find(pattern, mark, 0), at, from;

	if (star == SIZE_MAX)
		return str_eq(pattern, s);
	if (s.n < star || memcmp(s.p, pattern.p, star) != 0)
		return false;
	at = star;
	from = star + mark.n;
	while ((star = find(pattern, mark, from)) != SIZE_MAX) {
		piece = str_cut(pattern, from, star);
		at = find(s, piece, at);
		if (at == SIZE_MAX)
			return false;
		at += piece.n;
		from = star + mark.n;
	}
	piece = str_cut(pattern, from, pattern.n);
	return s.n - at >= piece.n &&
	       (piece.n == 0 ||
		memcmp(s.p + s.n - piece.n, piece.p, piece.n) == 0);
}

bool text_match(struct arena *a, struct str pattern, struct str given,
		const struct text_rules *rules)
{
	struct str p = text_normal(a, mark_stars(a, pattern), rules);
	struct str s = text_normal(a, drop_marks(a, given), rules);

	if (s.n == 0)
		s = STR("");
	if (glob(p, s))
		return true;
	if (rules->edit_distance <= 0 || text_has_wildcard(pattern))
		return false;
	return text_distance(a, p, s, rules->edit_distance) <=
	       rules->edit_distance;
}

bool text_has_wildcard(struct str pattern)
{
	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '\\' && i + 1 < pattern.n &&
		    pattern.p[i + 1] == '*')
			i++;
		else if (pattern.p[i] == '*')
			return true;
	}
	return false;
}

struct str text_of_pattern(struct arena *a, struct str pattern)
{
	char *p = arena_alloc(a, pattern.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == '\\' && i + 1 < pattern.n && pattern.p[i + 1] == '*')
			c = pattern.p[++i];
		else if (c == '*')
			c = ' ';
		if (c == ' ' && (n == 0 || p[n - 1] == ' '))
			continue;
		p[n++] = c;
	}
	return text_trim((struct str){ p, n });
}

bool text_is_any(struct str pattern)
{
	return str_is(text_trim(pattern), "*");
}

static struct points points_of(struct arena *a, struct str s)
{
	struct points p = { ARENA_ARRAY(a, int32_t, s.n + 1), 0 };

	for (size_t at = 0; at < s.n;)
		p.at[p.n++] = text_next(s, &at);
	return p;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Only the cells within `most` of the diagonal can matter. */
int64_t text_distance(struct arena *a, struct str x, struct str y, int64_t most)
{
	struct points p = points_of(a, x), q = points_of(a, y);
	int64_t n = (int64_t)p.n, m = (int64_t)q.n, far = most + 1;
	int64_t *row;

	if (n - m > most || m - n > most)
		return far;
	row = ARENA_ARRAY(a, int64_t, q.n + 1);
	for (int64_t j = 0; j <= m; j++)
		row[j] = least(j, far);
	for (int64_t i = 1; i <= n; i++) {
		int64_t lo = i - most > 1 ? i - most : 1;
		int64_t hi = least(i + most, m);
		int64_t diagonal = row[lo - 1], best = far;

		row[lo - 1] = lo == 1 ? least(i, far) : far;
		for (int64_t j = lo; j <= hi; j++) {
			int64_t above = j == i + most ? far : row[j];
			int64_t cost = p.at[i - 1] != q.at[j - 1];
			int64_t v = least(diagonal + cost,
					  least(above, row[j - 1]) + 1);

			diagonal = row[j];
			row[j] = least(v, far);
			best = least(best, row[j]);
		}
		if (best == far && row[lo - 1] == far)
			return far;
	}
	return row[m];
}

/* Past the tag or comment that begins at i, or i itself if it is none. */
static size_t skip_tag(struct str s, size_t i)
{
	size_t end;

	if (s.n - i >= 4 && memcmp(s.p + i, "<!--", 4) == 0) {
		end = find(s, STR("-->"), i + 4);
		return end == SIZE_MAX ? s.n : end + 3;
	}
	if (i + 1 >= s.n || !(s.p[i + 1] == '/' || s.p[i + 1] == '!' ||
			      (s.p[i + 1] >= 'a' && s.p[i + 1] <= 'z') ||
			      (s.p[i + 1] >= 'A' && s.p[i + 1] <= 'Z')))
		return i;
	end = find(s, STR(">"), i);
	return end == SIZE_MAX ? s.n : end + 1;
}

/* Tags inside a word, as in "H<sub>2</sub>O", do not part it. */
static bool is_inline_tag(struct str tag)
{
	static const char *const words[] = { "a",      "abbr", "b",    "em",
					     "code",   "i",    "mark", "s",
					     "small",  "span", "sub",  "sup",
					     "strong", "u",    "font", NULL };
	size_t from = tag.n > 1 && tag.p[1] == '/' ? 2 : 1, to = from;
	struct str name;

	while (to < tag.n &&
	       ((tag.p[to] | 32) >= 'a' && (tag.p[to] | 32) <= 'z'))
		to++;
	name = str_cut(tag, from, to);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (str_eq_nocase(name, str_of(words[i])))
			return true;
	}
	return false;
}

/* An entity's end and whether it is a space; i itself if it is none. */
static size_t skip_entity(struct str s, size_t i, bool *space)
{
	size_t end = i + 1;

	while (end < s.n && end - i < 12 && s.p[end] != ';' &&
	       s.p[end] != '&' && s.p[end] != ' ')
		end++;
	if (end >= s.n || s.p[end] != ';' || end == i + 1)
		return i;
	*space = str_is(str_cut(s, i, end), "&nbsp") ||
		 str_is(str_cut(s, i, end), "&#160") ||
		 str_is(str_cut(s, i, end), "&mdash") ||
		 str_is(str_cut(s, i, end), "&ndash");
	return end + 1;
}

static bool parts_words(int32_t c)
{
	return is_blank(c) || c < 32 || (c >= 0x7F && c < 0xA0) ||
	       c == 0x2013 || c == 0x2014;
}

int64_t text_words(struct str s, bool html)
{
	int64_t count = 0;
	bool inside = false;

	for (size_t at = 0; at < s.n;) {
		size_t start = at;
		bool space = false;

		if (html && s.p[at] == '<' && (at = skip_tag(s, at)) > start) {
			if (!is_inline_tag(str_cut(s, start, at)))
				inside = false;
			continue;
		}
		if (html && s.p[at] == '&')
			at = skip_entity(s, at, &space);
		if (at == start)
			space = parts_words(text_next(s, &at));
		count += !space && !inside;
		inside = !space;
	}
	return count;
}
