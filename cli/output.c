#include "cli/output.h"

#include <stdio.h>
#include <time.h>

#include "base/tm.h"
#include "cli/wrap.h"

enum {
	DEPTH_MOST = 12,
	CELL_MOST = 60, /* a wider cell makes blocks of the table */
	STEP = 2,	/* of indentation */
	WIDE = 1000000,
	LABEL_MOST = 24,
};

/* ---- times, spans, sizes ---- */

void output_time(struct buf *b, int64_t ms)
{
	time_t at = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;
	long off;

	if (!localtime_r(&at, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm)) {
		buf_int(b, ms);
		return;
	}
	buf_z(b, text);
	off = tm.tm_gmtoff / 60;
	buf_fmt(b, " %c%02ld:%02ld", off < 0 ? '-' : '+',
		(off < 0 ? -off : off) / 60, (off < 0 ? -off : off) % 60);
}

void output_span(struct buf *b, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" },
		      { 3600000, "h" },
		      { 60000, "min" },
		      { 1000, "s" } };
	bool first = true;

	if (ms < 0) {
		buf_ch(b, '-');
		ms = ms == INT64_MIN ? INT64_MAX : -ms;
	}
	if (ms < 1000) {
		buf_fmt(b, "%lld%s", (long long)ms, ms ? " ms" : " s");
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		int64_t n = ms / units[i].ms;
		bool last = i == 3;

		ms %= units[i].ms;
		if (!n && !(last && ms))
			continue;
		buf_fmt(b, "%s%lld", first ? "" : " ", (long long)n);
		if (last && ms)
			buf_fmt(b, ".%03d", (int)ms);
		buf_fmt(b, " %s", units[i].unit);
		first = false;
	}
}

/* "1.5 MiB", "999 bytes" */
static void put_size(struct buf *b, int64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB",
					     "TiB" };
	double v = (double)bytes;
	int i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	if (i == 0)
		buf_fmt(b, "%lld bytes", (long long)bytes);
	else
		buf_fmt(b, "%.1f %s", v, units[i]);
}

/* ---- one value on one line ---- */

static bool ends(const char *z, const char *with)
{
	return str_ends(str_of(z), with);
}

static void put_number(struct buf *b, const struct field *f, struct jval v)
{
	int64_t n;

	if (f && f->kind == KIND_INT && jval_int(v, &n)) {
		if (ends(f->name, "_ms")) {
			output_span(b, n);
			return;
		}
		if (ends(f->name, "bytes")) {
			put_size(b, n);
			return;
		}
	}
	buf_str(b, jval_text(v));
}

/* A text, a time, a word: what has no lines of its own. */
static void put_scalar(struct ctx *cx, struct buf *b, const struct field *f,
		       enum kind kind, struct jval v)
{
	int64_t ms;

	switch (jval_type(v)) {
	case J_NULL:
		buf_ch(b, '-');
		break;
	case J_BOOL:
		buf_z(b, jval_bool(v) ? "yes" : "no");
		break;
	case J_NUMBER:
		put_number(b, f, v);
		break;
	case J_STRING:
		if (kind == KIND_TIME && tm_parse(jval_str(cx, v), &ms))
			output_time(b, ms);
		else
			buf_str(b, jval_str(cx, v));
		break;
	case J_OBJECT:
	case J_ARRAY:
		jout_canonical(cx, b, v);
		break;
	}
}

static bool is_plain(struct jval v)
{
	return jval_type(v) != J_OBJECT && jval_type(v) != J_ARRAY;
}

/* A list of scalars: "a, b, c". */
static bool is_plain_list(struct jval v)
{
	uint32_t it = 0;
	struct str name;
	struct jval e;

	if (jval_type(v) != J_ARRAY)
		return false;
	while (jval_next(v, &it, &name, &e))
		if (!is_plain(e))
			return false;
	return true;
}

static void put_inline(struct ctx *cx, struct buf *b, const struct field *f,
		       struct jval v)
{
	enum kind kind = f ? f->kind : KIND_RAW;
	uint32_t it = 0;
	struct str name;
	struct jval e;
	bool first = true;

	if (!is_plain_list(v)) {
		put_scalar(cx, b, f, kind, v);
		return;
	}
	while (jval_next(v, &it, &name, &e)) {
		if (!first)
			buf_z(b, ", ");
		put_scalar(cx, b, NULL, kind == KIND_LIST ? f->of : KIND_RAW,
			   e);
		first = false;
	}
	if (first)
		buf_z(b, "none");
}

/* ---- objects ---- */

struct place {
	struct ctx *cx;
	const struct output *o;
	int indent, depth;
};

static const struct field *field_named(const struct shape *s, struct str name)
{
	for (const struct field *f = s ? s->fields : NULL;
	     f && f->kind != KIND_END; f++)
		if (str_is(name, f->name))
			return f;
	return NULL;
}

/* Shape of a field's object or of a list's elements. */
static const struct shape *inner(const struct field *f)
{
	return f && (f->kind == KIND_OBJECT || f->kind == KIND_LIST) ? f->shape
								     : NULL;
}

static void put_label(const struct place *p, struct str name, int width)
{
	struct buf *b = p->o->b;

	wrap_pad(b, p->indent);
	wrap_clean_line(b, name);
	buf_ch(b, ':');
	if (width >= 0)
		wrap_pad(b, width - wrap_width(name) + 1);
}

static int columns(const struct place *p)
{
	return p->o->columns > 0 ? p->o->columns : WIDE;
}

static void put_line(const struct place *p, const struct field *f,
		     struct str name, struct jval v, int width)
{
	struct buf text = { 0 };
	int used = p->indent + width + 2;

	put_inline(p->cx, &text, f, v);
	put_label(p, name, width);
	wrap_text(p->o->b, buf_view(&text), columns(p), used, used);
	buf_ch(p->o->b, '\n');
	buf_done(&text);
}

static void put_object(const struct place *p, const struct shape *shape,
		       struct jval v);
static void put_list(const struct place *p, const struct shape *shape,
		     struct jval v);

static void put_member(const struct place *p, const struct field *f,
		       struct str name, struct jval v, int width)
{
	struct place below = *p;

	below.indent += STEP;
	below.depth++;
	if (is_plain(v) || is_plain_list(v) || p->depth >= DEPTH_MOST) {
		put_line(p, f, name, v, width);
		return;
	}
	put_label(p, name, -1);
	buf_ch(p->o->b, '\n');
	if (jval_type(v) == J_OBJECT)
		put_object(&below, inner(f), v);
	else
		put_list(&below, inner(f), v);
}

static int label_width(struct jval v)
{
	uint32_t it = 0;
	struct str name;
	struct jval e;
	int width = 0, w;

	while (jval_next(v, &it, &name, &e)) {
		w = wrap_width(name);
		if ((is_plain(e) || is_plain_list(e)) && w > width &&
		    w <= LABEL_MOST)
			width = w;
	}
	return width;
}

static void put_object(const struct place *p, const struct shape *shape,
		       struct jval v)
{
	int width = label_width(v);
	uint32_t it = 0;
	struct str name;
	struct jval e;

	if (jval_count(v) == 0) {
		wrap_pad(p->o->b, p->indent);
		buf_z(p->o->b, "(empty)\n");
	}
	while (jval_next(v, &it, &name, &e))
		put_member(p, field_named(shape, name), name, e, width);
}

/* ---- tables ---- */

struct column {
	struct str name;
	const struct field *field;
	int width;
	bool right; /* numbers */
};

struct table {
	struct column *columns;
	size_t n, room, rows;
	bool fits; /* scalars only, and none too wide */
};

static struct column *column_of(struct table *t, const struct shape *shape,
				struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->columns[i].name, name))
			return &t->columns[i];
	if (t->n == t->room) {
		t->fits = false;
		return NULL;
	}
	t->columns[t->n] = (struct column){ name, field_named(shape, name),
					    wrap_width(name), true };
	return &t->columns[t->n++];
}

static struct str cell_text(struct place *p, const struct field *f,
			    struct jval v)
{
	struct buf raw = { 0 }, text = { 0 };
	struct str s;

	put_inline(p->cx, &raw, f, v);
	wrap_clean_line(&text, buf_view(&raw));
	s = buf_copy(&text, p->cx->arena);
	buf_done(&raw);
	buf_done(&text);
	return s;
}

static void measure_row(struct place *p, struct table *t,
			const struct shape *shape, struct jval row)
{
	uint32_t it = 0;
	struct str name;
	struct jval v;

	if (jval_type(row) != J_OBJECT)
		t->fits = false;
	while (t->fits && jval_next(row, &it, &name, &v)) {
		struct column *c = column_of(t, shape, name);
		int width;

		if (!c || (!is_plain(v) && !is_plain_list(v))) {
			t->fits = false;
			return;
		}
		width = wrap_width(cell_text(p, c->field, v));
		if (width > CELL_MOST)
			t->fits = false;
		if (width > c->width)
			c->width = width;
		if (jval_type(v) != J_NUMBER && jval_type(v) != J_NULL)
			c->right = false;
	}
}

static bool measure(struct place *p, struct table *t, const struct shape *shape,
		    struct jval v)
{
	int total = p->indent;
	uint32_t it = 0;
	struct str name;
	struct jval row;

	t->room = 40;
	t->columns = ARENA_ARRAY(p->cx->arena, struct column, t->room);
	t->fits = true;
	while (t->fits && jval_next(v, &it, &name, &row))
		measure_row(p, t, shape, row);
	for (size_t i = 0; i < t->n; i++)
		total += t->columns[i].width + (i ? 2 : 0);
	return t->fits && t->n > 0 &&
	       (p->o->columns == 0 || total <= p->o->columns);
}

static void put_cell(struct place *p, const struct column *c, struct str s,
		     bool last)
{
	int pad = c->width - wrap_width(s);

	if (c->right)
		wrap_pad(p->o->b, pad);
	buf_str(p->o->b, s);
	if (!last) {
		if (!c->right)
			wrap_pad(p->o->b, pad);
		wrap_pad(p->o->b, 2);
	}
}

static void put_table(struct place *p, const struct table *t, struct jval v)
{
	uint32_t it = 0;
	struct str name;
	struct jval row, e;

	wrap_pad(p->o->b, p->indent);
	for (size_t i = 0; i < t->n; i++)
		put_cell(p, &t->columns[i], t->columns[i].name, i + 1 == t->n);
	buf_ch(p->o->b, '\n');
	while (jval_next(v, &it, &name, &row)) {
		wrap_pad(p->o->b, p->indent);
		for (size_t i = 0; i < t->n; i++) {
			const struct column *c = &t->columns[i];
			struct str s = STR("-");
			const char *key = str_z(p->cx->arena, c->name);

			if (jval_get(row, key, &e))
				s = cell_text(p, c->field, e);
			put_cell(p, c, s, i + 1 == t->n);
		}
		buf_ch(p->o->b, '\n');
	}
}

/* A list that is no table: its elements one after another. */
static void put_blocks(const struct place *p, const struct shape *shape,
		       struct jval v)
{
	uint32_t it = 0;
	struct str name;
	struct jval e;
	bool first = true;

	while (jval_next(v, &it, &name, &e)) {
		if (!first)
			buf_ch(p->o->b, '\n');
		first = false;
		if (jval_type(e) == J_OBJECT) {
			put_object(p, shape, e);
		} else if (jval_type(e) == J_ARRAY && p->depth < DEPTH_MOST) {
			struct place below = *p;

			below.depth++;
			put_list(&below, NULL, e);
		} else {
			struct buf text = { 0 };

			put_inline(p->cx, &text, NULL, e);
			wrap_pad(p->o->b, p->indent);
			wrap_text(p->o->b, buf_view(&text), columns(p),
				  p->indent, p->indent);
			buf_ch(p->o->b, '\n');
			buf_done(&text);
		}
	}
}

static void put_list(const struct place *p, const struct shape *shape,
		     struct jval v)
{
	struct place at = *p;
	struct table t = { 0 };

	if (jval_count(v) == 0) {
		wrap_pad(p->o->b, p->indent);
		buf_z(p->o->b, "none\n");
	} else if (measure(&at, &t, shape, v)) {
		put_table(&at, &t, v);
	} else {
		put_blocks(p, shape, v);
	}
}

void output_object(struct ctx *cx, const struct output *o,
		   const struct shape *shape, struct jval v)
{
	struct place p = { cx, o, o->indent, 0 };

	if (jval_type(v) == J_OBJECT)
		put_object(&p, shape, v);
	else
		put_blocks(&p, NULL, v);
}

void output_line(const struct output *o, const char *label, struct str text)
{
	int indent = (int)strlen(label) + 1;

	buf_z(o->b, label);
	buf_ch(o->b, ' ');
	wrap_text(o->b, text, o->columns > 0 ? o->columns : WIDE, indent,
		  indent);
	buf_ch(o->b, '\n');
}
