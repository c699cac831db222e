#include "cli/peer_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/file.h"

enum { TABLE_BYTES = 256 << 20 };

static enum err read_text(struct cli *c, struct str path, struct str *out)
{
	enum err e = file_read(c, path, TABLE_BYTES, out);

	if (!e && !str_utf8_ok(*out))
		e = err_set(c->cx, ERR_INVALID,
			    "%.*s is not UTF-8: save it as CSV in UTF-8",
			    STR_FMT(path));
	return e;
}

/* ---- scores ---- */

static void by_criterion(struct arena *a, struct peer_grades *out)
{
	const struct grades *g = &out->g;
	size_t *next = ARENA_ARRAY(a, size_t, g->criteria.n + 1);

	out->at = ARENA_ARRAY(a, struct grades_row, g->n);
	out->from = ARENA_ARRAY(a, size_t, g->criteria.n + 1);
	for (size_t i = 0; i < g->n; i++)
		out->from[g->at[i].criterion + 1]++;
	for (size_t k = 0; k < g->criteria.n; k++) {
		out->from[k + 1] += out->from[k];
		next[k] = out->from[k];
	}
	for (size_t i = 0; i < g->n; i++)
		out->at[next[g->at[i].criterion]++] = g->at[i];
}

static bool has_score(const struct grades *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (isfinite(g->at[i].score))
			return true;
	return false;
}

enum err peer_grades_read(struct cli *c, struct str path,
			  struct peer_grades *out)
{
	struct str text;
	enum err e = read_text(c, path, &text);

	if (!e)
		e = grades_csv_read(c->cx, text, &out->g);
	if (!e && !has_score(&out->g))
		e = err_set(c->cx, ERR_INVALID,
			    "there is no score below the heading");
	if (!e)
		by_criterion(c->cx->arena, out);
	return e;
}

/* ---- small tables ---- */

enum err peer_table_refuse(const struct peer_table *t, const char *fmt, ...)
{
	char text[ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(t->cx, ERR_INVALID, "%.*s line %zu: %s",
		       STR_FMT(t->path), t->line, text);
}

/* Behind the opening quote: up to the closing one, doubled ones made one. */
static enum err quoted(struct peer_table *t, struct str *out)
{
	const char *p = t->text.p;
	size_t from = t->at, doubled = 0, n = 0;
	char *to;

	for (;; t->at++) {
		if (t->at >= t->text.n)
			return peer_table_refuse(
				t, "a quote is not closed: put another \" at "
				   "the end of the cell");
		t->next_line += p[t->at] == '\n';
		if (p[t->at] != '"')
			continue;
		if (t->at + 1 >= t->text.n || p[t->at + 1] != '"')
			break;
		doubled++;
		t->at++;
	}
	*out = str_cut(t->text, from, t->at++);
	if (!doubled)
		return OK;
	to = arena_alloc(t->cx->arena, out->n);
	for (size_t i = 0; i < out->n; i++) {
		to[n++] = out->p[i];
		i += out->p[i] == '"';
	}
	*out = (struct str){ to, n };
	return OK;
}

static enum err cell(struct peer_table *t, struct str *out)
{
	const char *p = t->text.p;
	size_t from = t->at;
	bool has_quote = from < t->text.n && p[from] == '"';
	enum err e = OK;

	if (has_quote) {
		t->at++;
		e = quoted(t, out);
		from = t->at;
	}
	while (!e && t->at < t->text.n && p[t->at] != t->delimiter &&
	       p[t->at] != '\n' && p[t->at] != '\r')
		t->at++;
	if (!e && has_quote && str_trim(str_cut(t->text, from, t->at)).n)
		e = peer_table_refuse(t, "something stands behind a cell's "
					 "closing quote");
	if (!e && !has_quote)
		*out = str_cut(t->text, from, t->at);
	if (!e)
		*out = str_trim(*out);
	return e;
}

/* The next line that has something. */
static enum err row(struct peer_table *t, bool *more)
{
	const char *p = t->text.p;
	enum err e = OK;

	while (t->at < t->text.n && (p[t->at] == '\n' || p[t->at] == '\r'))
		t->next_line += p[t->at++] == '\n';
	*more = t->at < t->text.n;
	t->line = t->next_line;
	for (t->cells = 0; *more && !e;) {
		struct str s = { 0 };

		e = cell(t, &s);
		if (t->cells < PEER_TABLE_CELLS)
			t->row[t->cells++] = s;
		if (t->at >= t->text.n || p[t->at] != t->delimiter)
			break;
		t->at++;
	}
	return e;
}

static enum err heading(struct peer_table *t, size_t required)
{
	bool more;
	enum err e = row(t, &more);

	for (size_t k = 0; !e && t->names[k]; k++) {
		t->place[k] = SIZE_MAX;
		for (size_t i = 0; i < t->cells; i++)
			if (str_eq_nocase(t->row[i], str_of(t->names[k])))
				t->place[k] = i;
		if (t->place[k] == SIZE_MAX && k < required)
			return peer_table_refuse(t,
						 "the heading must name a "
						 "column %s",
						 t->names[k]);
	}
	return e;
}

enum err peer_table_open(struct cli *c, struct str path,
			 const char *const *names, size_t required,
			 struct peer_table *out)
{
	struct str first;
	enum err e;

	*out = (struct peer_table){
		.cx = c->cx, .path = path, .next_line = 1, .names = names
	};
	e = read_text(c, path, &out->text);
	if (e)
		return e;
	if (str_is(path, "-"))
		out->path = STR("standard input");
	out->at = str_starts(out->text, "\xef\xbb\xbf") ? 3 : 0;
	first = str_cut(out->text, 0, str_find(out->text, STR("\n"), 0));
	out->delimiter = str_find(first, STR(","), 0) == SIZE_MAX ? ';' : ',';
	return heading(out, required);
}

enum err peer_table_next(struct peer_table *t, bool *more)
{
	enum err e = row(t, more);

	for (size_t k = 0; !e && *more && t->names[k]; k++) {
		size_t at = t->place[k];

		if (at != SIZE_MAX && at >= t->cells)
			return peer_table_refuse(
				t, "there is no cell for column %s",
				t->names[k]);
		t->cell[k] = at == SIZE_MAX ? (struct str){ 0 } : t->row[at];
	}
	return e;
}

/* ---- names ---- */

static uint32_t *slot_of(const struct peer_names *n, struct str name)
{
	uint64_t i = str_hash(name) & n->mask;

	while (n->slot[i] && !str_eq(n->at[n->slot[i] - 1], name))
		i = (i + 1) & n->mask;
	return n->slot + i;
}

void peer_names_init(struct arena *a, struct list of, struct peer_names *out)
{
	uint64_t room = 16;

	while (room < 2 * of.n)
		room *= 2;
	*out = (struct peer_names){ .at = of.at,
				    .slot = ARENA_ARRAY(a, uint32_t, room),
				    .mask = room - 1 };
	for (size_t i = 0; i < of.n; i++)
		*slot_of(out, out->at[i]) = (uint32_t)i + 1;
}

uint32_t peer_names_find(const struct peer_names *n, struct str name)
{
	uint32_t slot = *slot_of(n, name);

	return slot ? slot - 1 : PEER_NO_NAME;
}
