/*
 * Our own compare of an output with the answer. Nothing that a program can
 * write makes it fail: what is not a number is a word, and a word that differs
 * is wrong.
 *
 * Doubles are used here, as contests do: an author's tolerance is far above
 * their rounding, and what is the same text is the same whatever it is.
 */
#include "graders/code_impl.h"

#include <math.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 400, EXCERPT_BYTES = 120 };

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- one word ---- */

static size_t digits(struct str s, size_t at)
{
	size_t from = at;

	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at - from;
}

/* Decimal, as C's without hexadecimal, nan and inf. */
static bool is_number(struct str s)
{
	size_t at = s.n && (s.p[0] == '+' || s.p[0] == '-'), whole, part = 0;

	whole = digits(s, at);
	at += whole;
	if (at < s.n && s.p[at] == '.') {
		part = digits(s, at + 1);
		at += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (at < s.n && str_lower(s.p[at]) == 'e') {
		size_t sign = at + 1 < s.n &&
			      (s.p[at + 1] == '+' || s.p[at + 1] == '-');
		size_t n = digits(s, at + 1 + sign);

		if (!n)
			return false;
		at += 1 + sign + n;
	}
	return at == s.n;
}

bool code_number(struct str s, double *out)
{
	char text[NUMBER_BYTES + 1];

	if (s.n > NUMBER_BYTES || !is_number(s))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*out = strtod(text, NULL);
	return true;
}

/* nan, inf, infinity with a sign: 0 if it is none of them. */
static int special(struct str s)
{
	int sign = 1;

	if (s.n && (s.p[0] == '+' || s.p[0] == '-')) {
		sign = s.p[0] == '-' ? -1 : 1;
		s = str_cut(s, 1, s.n);
	}
	if (str_eq_nocase(s, STR("nan")))
		return 2;
	if (str_eq_nocase(s, STR("inf")) || str_eq_nocase(s, STR("infinity")))
		return sign;
	return 0;
}

bool code_near(const struct code_compare *how, double want, double got)
{
	double gap = fabs(want - got);

	if (!isfinite(want) || !isfinite(got))
		return false;
	return want == got || gap <= dec_double(how->absolute) ||
	       gap <= dec_double(how->relative) * fabs(want);
}

static bool tolerant(const struct code_compare *how)
{
	return how->absolute.nano || how->relative.nano;
}

static bool same_word(const struct code_compare *how, struct str want,
		      struct str got)
{
	double w, g;

	if (str_eq(want, got) || (how->ignore_case && str_eq_nocase(want, got)))
		return true;
	if (!tolerant(how))
		return false;
	if (special(want))
		return special(want) == special(got);
	return code_number(want, &w) && code_number(got, &g) &&
	       code_near(how, w, g);
}

/* ---- words ---- */

struct words {
	struct str s;
	size_t at;
	int64_t line;
};

static bool next_word(struct words *w, struct str *out)
{
	size_t from;

	while (w->at < w->s.n && is_space(w->s.p[w->at]))
		w->line += w->s.p[w->at++] == '\n';
	from = w->at;
	while (w->at < w->s.n && !is_space(w->s.p[w->at]))
		w->at++;
	*out = str_cut(w->s, from, w->at);
	return w->at > from;
}

static void differ(struct arena *a, struct code_diff *d, int64_t line,
		   struct str want, struct str got, const char *hint)
{
	*d = (struct code_diff){ .line = line,
				 .wanted = code_text(a, want, EXCERPT_BYTES),
				 .got = code_text(a, got, EXCERPT_BYTES),
				 .hint = hint };
}

static const char too_little[] = "the output ends too early";
static const char too_much[] = "there is more output than there should be";

static void compare_words(struct arena *a, const struct code_compare *how,
			  struct str answer, struct str output,
			  struct code_diff *d)
{
	struct words w = { answer, 0, 1 }, g = { output, 0, 1 };
	struct str want, got;

	for (;;) {
		bool more_want = next_word(&w, &want);
		bool more_got = next_word(&g, &got);

		if (!more_want && !more_got) {
			*d = (struct code_diff){ .same = true };
			return;
		}
		if (more_want && more_got && same_word(how, want, got))
			continue;
		differ(a, d, g.line, want, got,
		       !more_got    ? too_little
		       : !more_want ? too_much
		       : str_eq_nocase(want, got)
			       ? "only capital letters differ"
			       : NULL);
		return;
	}
}

/* ---- lines ---- */

static struct str without_end(struct str s)
{
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool next_line(struct str *rest, struct str *line)
{
	if (!str_split(rest, '\n', line))
		return false;
	*line = without_end(*line);
	return true;
}

static bool same_line(struct arena *a, const struct code_compare *how,
		      struct str want, struct str got)
{
	struct code_diff d;

	if (str_eq(want, got) || (how->ignore_case && str_eq_nocase(want, got)))
		return true;
	if (!tolerant(how))
		return false;
	compare_words(a, how, want, got, &d);
	return d.same;
}

static void compare_lines(struct arena *a, const struct code_compare *how,
			  struct str answer, struct str output,
			  struct code_diff *d)
{
	struct str w = without_end(answer), g = without_end(output);
	struct str want, got;

	for (int64_t line = 1;; line++) {
		bool more_want = w.n && next_line(&w, &want);
		bool more_got = g.n && next_line(&g, &got);

		if (!more_want && !more_got) {
			*d = (struct code_diff){ .same = true };
			return;
		}
		want = more_want ? want : STR("");
		got = more_got ? got : STR("");
		if (more_want && more_got && same_line(a, how, want, got))
			continue;
		differ(a, d, line, want, got,
		       !more_got    ? too_little
		       : !more_want ? too_much
				    : NULL);
		return;
	}
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool next_full_line(struct str *rest, struct str *line)
{
	while (rest->n && next_line(rest, line))
		if (line->n)
			return true;
	return false;
}

/* The first lines that are not blank, at most so many, sorted. */
static struct list sorted(struct arena *a, const struct code_compare *how,
			  struct str s, size_t most)
{
	struct str rest = s, line, *at;
	size_t room = 0, n = 0;

	while (room < most && next_full_line(&rest, &line))
		room++;
	at = ARENA_ARRAY(a, struct str, room);
	for (rest = s; n < room && next_full_line(&rest, &line); n++) {
		if (how->ignore_case) {
			line = str_copy(a, line);
			for (size_t i = 0; i < line.n; i++)
				((char *)line.p)[i] = str_lower(line.p[i]);
		}
		at[n] = line;
	}
	if (n)
		qsort(at, n, sizeof(*at), by_bytes);
	return (struct list){ at, n };
}

/*
 * Of an output with more lines than there should be, one more is looked at:
 * among those is one that should not be there.
 */
static void compare_set(struct arena *a, const struct code_compare *how,
			struct str answer, struct str output,
			struct code_diff *d)
{
	struct list want = sorted(a, how, answer, SIZE_MAX);
	struct list got = sorted(a, how, output, want.n + 1);
	const struct str *w = want.at, *g = got.at;

	for (size_t i = 0, k = 0; i < want.n || k < got.n;) {
		int order = i == want.n	 ? 1
			    : k == got.n ? -1
					 : str_cmp(w[i], g[k]);

		if (order < 0 && got.n > want.n) {
			i++;
			continue;
		}
		if (order == 0) {
			i++;
			k++;
			continue;
		}
		if (order < 0)
			differ(a, d, 0, w[i], STR(""), "a line is missing");
		else
			differ(a, d, 0, STR(""), g[k],
			       "a line is there that should not be");
		return;
	}
	*d = (struct code_diff){ .same = true };
}

static void compare_bytes(struct arena *a, struct str answer, struct str output,
			  struct code_diff *d)
{
	size_t at = 0, from = 0;
	int64_t line = 1;

	*d = (struct code_diff){ .same = str_eq(answer, output) };
	if (d->same)
		return;
	for (; at < answer.n && at < output.n && answer.p[at] == output.p[at];
	     at++)
		if (answer.p[at] == '\n') {
			line++;
			from = at + 1;
		}
	differ(a, d, line, str_cut(answer, from, answer.n),
	       str_cut(output, from, output.n),
	       at == output.n	? too_little
	       : at == answer.n ? too_much
				: NULL);
}

void code_compare_run(struct arena *a, const struct code_compare *how,
		      struct str answer, struct str output, struct code_diff *d)
{
	struct code_diff words;

	switch ((enum code_compare_how)how->how) {
	case CODE_TOKENS:
		compare_words(a, how, answer, output, d);
		return;
	case CODE_LINES:
		compare_lines(a, how, answer, output, d);
		break;
	case CODE_EXACT:
		compare_bytes(a, answer, output, d);
		break;
	case CODE_LINE_SET:
		compare_set(a, how, answer, output, d);
		return;
	}
	if (d->same)
		return;
	compare_words(a, how, answer, output, &words);
	if (words.same)
		d->hint = "only white space differs";
}

/* ---- values of functions ---- */

static bool is_integer(struct str s)
{
	return s.n && !memchr(s.p, '.', s.n) && !memchr(s.p, 'e', s.n) &&
	       !memchr(s.p, 'E', s.n);
}

static bool same_number(const struct code_compare *how, struct str want,
			struct str got)
{
	double w, g;

	if (str_eq(want, got))
		return true;
	if (is_integer(want) && is_integer(got) && !tolerant(how))
		return false; /* also those that a double cannot tell apart */
	return code_number(want, &w) && code_number(got, &g) &&
	       code_near(how, w, g);
}

static bool same_members(struct ctx *cx, const struct code_compare *how,
			 struct jval want, struct jval got)
{
	struct jval one, other;
	struct str name;
	uint32_t it = 0;

	if (jval_count(want) != jval_count(got))
		return false;
	while (jval_next(want, &it, &name, &one))
		if (!jval_get(got, str_z(cx->arena, name), &other) ||
		    !code_value_same(cx, how, one, other))
			return false;
	return true;
}

static bool same_elements(struct ctx *cx, const struct code_compare *how,
			  struct jval want, struct jval got)
{
	struct jval one, other;
	struct str name;
	uint32_t it = 0, at = 0;

	if (jval_count(want) != jval_count(got))
		return false;
	while (jval_next(want, &it, &name, &one) &&
	       jval_next(got, &at, &name, &other))
		if (!code_value_same(cx, how, one, other))
			return false;
	return true;
}

bool code_value_same(struct ctx *cx, const struct code_compare *how,
		     struct jval want, struct jval got)
{
	if (jval_type(want) != jval_type(got))
		return false;
	switch (jval_type(want)) {
	case J_NULL:
		return true;
	case J_BOOL:
		return jval_bool(want) == jval_bool(got);
	case J_NUMBER:
		return same_number(how, jval_text(want), jval_text(got));
	case J_STRING:
		return str_eq(jval_str(cx, want), jval_str(cx, got));
	case J_OBJECT:
		return same_members(cx, how, want, got);
	case J_ARRAY:
		return same_elements(cx, how, want, got);
	}
	return false;
}
