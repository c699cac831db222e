#include "rubrics/grades_csv.h"

#include <math.h>
#include <stdlib.h>

#include "base/dec.h"

enum { COLUMNS = 64 };
enum column { ARTIFACT, REVIEWER, CRITERION, SCORE, WANTED };
static const char *const names[WANTED] = { "artifact", "reviewer", "criterion",
					   "score" };

/* ---- lines and cells ---- */

struct reader {
	struct ctx *cx;
	struct str text;
	size_t at;
	char delimiter;
	size_t line, next_line; /* the row's first, the one behind it */
	struct str cell[COLUMNS];
	size_t cells;
};

/* Behind the opening quote: up to the closing one, doubled ones made one. */
static enum err quoted(struct reader *r, struct str *out)
{
	size_t from = r->at, doubled = 0;
	const char *p = r->text.p;
	char *copy;
	size_t n = 0;

	for (;; r->at++) {
		if (r->at >= r->text.n)
			return err_set(r->cx, ERR_INVALID,
				       "line %zu: a quote is not closed: put "
				       "another \" at the end of the cell",
				       r->line);
		r->next_line += p[r->at] == '\n';
		if (p[r->at] != '"')
			continue;
		if (r->at + 1 >= r->text.n || p[r->at + 1] != '"')
			break;
		doubled++;
		r->at++;
	}
	*out = str_cut(r->text, from, r->at++);
	if (!doubled)
		return OK;
	copy = arena_alloc(r->cx->arena, out->n);
	for (size_t i = 0; i < out->n; i++) {
		copy[n++] = out->p[i];
		i += out->p[i] == '"';
	}
	*out = (struct str){ copy, n };
	return OK;
}

static enum err cell(struct reader *r, struct str *out)
{
	const char *p = r->text.p;
	size_t from = r->at;
	enum err e;

	if (from < r->text.n && p[from] == '"') {
		r->at++;
		e = quoted(r, out);
		if (e)
			return e;
		from = r->at;
	} else {
		*out = (struct str){ "", 0 };
	}
	while (r->at < r->text.n && p[r->at] != r->delimiter &&
	       p[r->at] != '\n' && p[r->at] != '\r')
		r->at++;
	if (r->at > from && !out->n)
		*out = str_cut(r->text, from, r->at);
	*out = str_trim(*out);
	return OK;
}

/* The next line that has something; false in *more: there is none. */
static enum err row(struct reader *r, bool *more)
{
	const char *p = r->text.p;

	while (r->at < r->text.n && (p[r->at] == '\n' || p[r->at] == '\r'))
		r->next_line += p[r->at++] == '\n';
	*more = r->at < r->text.n;
	r->line = r->next_line;
	for (r->cells = 0; *more;) {
		struct str s;
		enum err e = cell(r, &s);

		if (e)
			return e;
		if (r->cells < COLUMNS)
			r->cell[r->cells++] = s;
		if (r->at >= r->text.n || p[r->at] != r->delimiter)
			break;
		r->at++;
	}
	return OK;
}

/* ---- names become indices ---- */

struct index {
	struct ctx *cx;
	struct str *at;
	uint32_t n, room;
	uint32_t *slot; /* index + 1; twice the room, a power of two */
};

static uint32_t *slot_of(const struct index *x, struct str s)
{
	uint64_t mask = 2 * (uint64_t)x->room - 1, i = str_hash(s) & mask;

	while (x->slot[i] && !str_eq(x->at[x->slot[i] - 1], s))
		i = (i + 1) & mask;
	return x->slot + i;
}

static void grow(struct index *x)
{
	struct str *old = x->at;

	x->room = x->room ? 2 * x->room : 64;
	x->at = ARENA_ARRAY(x->cx->arena, struct str, x->room);
	x->slot = ARENA_ARRAY(x->cx->arena, uint32_t, 2 * (size_t)x->room);
	for (uint32_t i = 0; i < x->n; i++) {
		x->at[i] = old[i];
		*slot_of(x, old[i]) = i + 1;
	}
}

static uint32_t index_of(struct index *x, struct str s)
{
	uint32_t *slot;

	if (x->n == x->room)
		grow(x);
	slot = slot_of(x, s);
	if (!*slot) {
		x->at[x->n++] = s;
		*slot = x->n;
	}
	return *slot - 1;
}

/* ---- the table ---- */

struct table {
	struct reader r;
	size_t column[WANTED]; /* SIZE_MAX: absent */
	struct index index[SCORE];
	struct grades_row *at;
	size_t n, room;
};

static enum err heading(struct table *t)
{
	struct reader *r = &t->r;
	bool more;
	enum err e = row(r, &more);

	if (e)
		return e;
	for (int k = 0; k < WANTED; k++) {
		t->column[k] = SIZE_MAX;
		for (size_t i = 0; more && i < r->cells; i++)
			if (str_eq_nocase(r->cell[i], str_of(names[k])))
				t->column[k] = i;
		if (t->column[k] == SIZE_MAX && k != CRITERION)
			return err_set(r->cx, ERR_INVALID,
				       "the first line must name a column %s: "
				       "artifact,reviewer,score or artifact,"
				       "reviewer,criterion,score",
				       names[k]);
	}
	return OK;
}

static enum err number(struct table *t, struct str s, double *out)
{
	struct dec d;

	*out = NAN;
	if (!s.n)
		return OK;
	/* Where semicolons part cells, a comma parts a number. */
	if (t->r.delimiter == ';' && str_find(s, STR(","), 0) != SIZE_MAX) {
		char *point = arena_alloc(t->r.cx->arena, s.n);

		memcpy(point, s.p, s.n);
		point[str_find(s, STR(","), 0)] = '.';
		s.p = point;
	}
	if (!dec_parse(s, &d))
		return err_set(t->r.cx, ERR_INVALID,
			       "line %zu: the score is no number: write 3 or "
			       "3.5, or nothing for none, in place of %.*s",
			       t->r.line, STR_FMT(str_cut(s, 0, 40)));
	*out = dec_double(d);
	return OK;
}

static enum err take(struct table *t)
{
	struct reader *r = &t->r;
	struct grades_row g = { 0 };
	uint32_t *const to[SCORE] = { &g.artifact, &g.reviewer, &g.criterion };
	enum err e;

	for (int k = 0; k < WANTED; k++)
		if (t->column[k] != SIZE_MAX && t->column[k] >= r->cells)
			return err_set(r->cx, ERR_INVALID,
				       "line %zu: there is no cell for column "
				       "%s",
				       r->line, names[k]);
	for (int k = 0; k < SCORE; k++) {
		struct str s = t->column[k] == SIZE_MAX ? STR("")
							: r->cell[t->column[k]];

		if (!s.n && t->column[k] != SIZE_MAX)
			return err_set(r->cx, ERR_INVALID,
				       "line %zu: column %s is empty: every "
				       "score needs one",
				       r->line, names[k]);
		*to[k] = index_of(t->index + k, s);
	}
	e = number(t, r->cell[t->column[SCORE]], &g.score);
	if (e)
		return e;
	g.line = (uint32_t)r->line;
	if (t->n == GRADES_MOST)
		return err_set(r->cx, ERR_TOO_LARGE,
			       "there are more than %d scores: split the file",
			       GRADES_MOST);
	if (t->n == t->room) {
		struct grades_row *old = t->at;

		t->room = t->room ? 2 * t->room : 256;
		t->at = ARENA_ARRAY(r->cx->arena, struct grades_row, t->room);
		if (old)
			memcpy(t->at, old, t->n * sizeof(*old));
	}
	t->at[t->n++] = g;
	return OK;
}

static int by_names(const void *a, const void *b)
{
	const struct grades_row *x = a, *y = b;

	if (x->artifact != y->artifact)
		return x->artifact < y->artifact ? -1 : 1;
	if (x->reviewer != y->reviewer)
		return x->reviewer < y->reviewer ? -1 : 1;
	return (x->criterion > y->criterion) - (x->criterion < y->criterion);
}

static int by_names_and_lines(const void *a, const void *b)
{
	const struct grades_row *x = a, *y = b;
	int same = by_names(a, b);

	return same ? same : (x->line > y->line) - (x->line < y->line);
}

static enum err no_doubles(const struct table *t)
{
	struct arena *a = t->r.cx->arena;
	struct grades_row *s = ARENA_ARRAY(a, struct grades_row, t->n);

	if (t->n)
		memcpy(s, t->at, t->n * sizeof(*s));
	qsort(s, t->n, sizeof(*s), by_names_and_lines);
	for (size_t i = 1; i < t->n; i++)
		if (by_names(s + i - 1, s + i) == 0)
			return err_set(
				t->r.cx, ERR_INVALID,
				"line %u: reviewer %.*s scores artifact %.*s "
				"as on line %u%s: leave one",
				s[i].line,
				STR_FMT(t->index[REVIEWER].at[s[i].reviewer]),
				STR_FMT(t->index[ARTIFACT].at[s[i].artifact]),
				s[i - 1].line,
				t->index[CRITERION].n > 1
					? ", by the same criterion"
					: "");
	return OK;
}

static struct list list_of(const struct index *x)
{
	return (struct list){ x->at, x->n };
}

enum err grades_csv_read(struct ctx *cx, struct str text, struct grades *out)
{
	struct table t = { .r = { .cx = cx, .text = text, .next_line = 1 } };
	struct str first;
	bool more = true;
	enum err e;

	for (int k = 0; k < SCORE; k++)
		t.index[k].cx = cx;
	if (str_starts(text, "\xef\xbb\xbf"))
		t.r.at = 3;
	first = str_cut(text, 0, str_find(text, STR("\n"), 0));
	t.r.delimiter = str_find(first, STR(","), 0) == SIZE_MAX ? ';' : ',';
	e = heading(&t);
	while (!e && more) {
		e = row(&t.r, &more);
		if (!e && more)
			e = take(&t);
	}
	if (!e)
		e = no_doubles(&t);
	if (e)
		return e;
	*out = (struct grades){
		.at = t.at,
		.n = t.n,
		.artifacts = list_of(t.index + ARTIFACT),
		.reviewers = list_of(t.index + REVIEWER),
		.criteria = list_of(t.index + CRITERION),
		.has_criteria = t.column[CRITERION] != SIZE_MAX,
	};
	return OK;
}
