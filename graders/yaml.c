/*
 * Theory of operation. The text is cut into lines that say something: their
 * indentation and their content without comment. Blocks are read by recursive
 * descent over the lines, one level for each deeper indentation; a flow
 * collection is read from the characters of one or more lines. Every node is
 * made once and counted, so time and memory are linear in the text.
 */
#include "graders/yaml.h"

struct line {
	struct str s; /* without indentation and comment */
	size_t indent;
	int64_t number;
	size_t from; /* of its content in the text */
};

struct yaml {
	struct ctx *cx;
	struct str text;
	struct line *lines;
	size_t n, at;
	size_t nodes;
	int depth;
};

static enum err refuse(struct yaml *y, int64_t line, const char *what)
{
	return err_set(y->cx, ERR_INVALID, "YAML, line %lld: %s",
		       (long long)line, what);
}

static enum err new_node(struct yaml *y, enum yaml_kind kind, int64_t line,
			 struct yaml_node **out)
{
	if (++y->nodes > YAML_NODES)
		return err_set(y->cx, ERR_TOO_LARGE,
			       "YAML has more than 20000 values");
	*out = ARENA_NEW(y->cx->arena, struct yaml_node);
	(*out)->kind = kind;
	(*out)->line = line;
	(*out)->text = STR("");
	return OK;
}

/* ---- lines ---- */

/* Where a comment begins, outside of quotes. */
static size_t comment_at(struct str s)
{
	char quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quote == '"' && c == '\\')
			i++;
		else if (quote == '\'' && c == quote && i + 1 < s.n &&
			 s.p[i + 1] == quote)
			i++;
		else if (quote)
			quote = c == quote ? 0 : quote;
		else if ((c == '"' || c == '\'') &&
			 (!i || strchr(" [{,:-", s.p[i - 1])))
			quote = c;
		else if (c == '#' &&
			 (!i || s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return i;
	}
	return s.n;
}

static void cut_lines(struct yaml *y)
{
	struct str rest = y->text, s;
	size_t count = 1;
	int64_t number = 0;

	for (size_t i = 0; i < y->text.n; i++)
		count += y->text.p[i] == '\n';
	y->lines = ARENA_ARRAY(y->cx->arena, struct line, count);
	while (rest.n && str_split(&rest, '\n', &s)) {
		struct line *l = &y->lines[y->n];

		number++;
		l->number = number;
		l->indent = 0;
		while (l->indent < s.n && s.p[l->indent] == ' ')
			l->indent++;
		s = str_cut(s, l->indent, s.n);
		l->from = (size_t)(s.p - y->text.p);
		l->s = str_trim(str_cut(s, 0, comment_at(s)));
		if (l->s.n && !str_is(l->s, "---") && !str_starts(l->s, "%"))
			y->n++;
	}
}

/* ---- scalars ---- */

static struct str unquote_double(struct yaml *y, struct str s)
{
	static const char from[] = "nt\"\\/r0", to[] = "\n\t\"\\/\r";
	char *out = arena_alloc(y->cx->arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *at;

		if (s.p[i] != '\\' || i + 1 == s.n) {
			out[n++] = s.p[i];
			continue;
		}
		at = strchr(from, s.p[++i]);
		out[n++] = at && at < from + sizeof(to) - 1 ? to[at - from]
							    : s.p[i];
	}
	return (struct str){ out, n };
}

static struct str unquote_single(struct yaml *y, struct str s)
{
	char *out = arena_alloc(y->cx->arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		out[n++] = s.p[i];
		if (s.p[i] == '\'' && i + 1 < s.n && s.p[i + 1] == '\'')
			i++;
	}
	return (struct str){ out, n };
}

/* The end of a quoted scalar that begins at 0; SIZE_MAX: it has none. */
static size_t quoted_end(struct str s)
{
	char quote = s.p[0];

	for (size_t i = 1; i < s.n; i++) {
		if (quote == '"' && s.p[i] == '\\')
			i++;
		else if (s.p[i] == quote && quote == '\'' && i + 1 < s.n &&
			 s.p[i + 1] == quote)
			i++;
		else if (s.p[i] == quote)
			return i;
	}
	return SIZE_MAX;
}

static enum err read_scalar(struct yaml *y, struct str s, int64_t line,
			    struct yaml_node **out)
{
	enum err e = new_node(y, YAML_SCALAR, line, out);
	size_t end;

	if (e)
		return e;
	s = str_trim(s);
	if (s.n && strchr("&*!@`", s.p[0]))
		return refuse(y, line,
			      "anchors, aliases and tags are not read: write "
			      "the value out");
	if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
		char quote = s.p[0];

		end = quoted_end(s);
		if (end == SIZE_MAX || end + 1 != s.n)
			return refuse(y, line, "the quotes do not close");
		(*out)->quoted = true;
		s = str_cut(s, 1, end);
		(*out)->text = quote == '"' ? unquote_double(y, s)
					    : unquote_single(y, s);
		return OK;
	}
	if (!str_is(s, "~") && !str_is(s, "null"))
		(*out)->text = s.n ? s : STR("");
	return OK;
}

/* ---- flow ---- */

struct flow {
	struct yaml *y;
	struct str s;
	size_t at;
	int64_t line;
};

static enum err read_flow(struct flow *f, struct yaml_node **out);

static void flow_space(struct flow *f)
{
	while (f->at < f->s.n && strchr(" \t\n", f->s.p[f->at]))
		f->at++;
}

static enum err flow_scalar(struct flow *f, struct yaml_node **out)
{
	size_t from = f->at;

	if (f->at < f->s.n && strchr("\"'", f->s.p[f->at])) {
		size_t end = quoted_end(str_cut(f->s, f->at, f->s.n));

		if (end == SIZE_MAX)
			return refuse(f->y, f->line, "the quotes do not close");
		f->at += end + 1;
	} else {
		while (f->at < f->s.n && !strchr(",[]{}", f->s.p[f->at]) &&
		       !(f->s.p[f->at] == ':' &&
			 (f->at + 1 == f->s.n ||
			  strchr(" \t\n,]}", f->s.p[f->at + 1]))))
			f->at++;
	}
	return read_scalar(f->y, str_cut(f->s, from, f->at), f->line, out);
}

/* A member of a flow mapping: key: value. */
static enum err flow_member(struct flow *f, struct yaml_node **out)
{
	struct yaml_node *key;
	enum err e = flow_scalar(f, &key);

	if (e)
		return e;
	flow_space(f);
	if (f->at == f->s.n || f->s.p[f->at] != ':')
		return refuse(f->y, f->line, "a mapping needs key: value");
	f->at++;
	flow_space(f);
	e = read_flow(f, out);
	if (!e)
		(*out)->key = key->text;
	return e;
}

static enum err flow_list(struct flow *f, char end, struct yaml_node **out)
{
	struct yaml_node **tail;
	enum err e =
		new_node(f->y, end == ']' ? YAML_LIST : YAML_MAP, f->line, out);

	if (e)
		return e;
	tail = &(*out)->first;
	f->at++;
	for (;;) {
		flow_space(f);
		if (f->at == f->s.n)
			return refuse(f->y, f->line, "a bracket is not closed");
		if (f->s.p[f->at] == end) {
			f->at++;
			return OK;
		}
		e = end == ']' ? read_flow(f, tail) : flow_member(f, tail);
		if (e)
			return e;
		tail = &(*tail)->next;
		flow_space(f);
		if (f->at < f->s.n && f->s.p[f->at] == ',')
			f->at++;
		else if (f->at < f->s.n && f->s.p[f->at] != end)
			return refuse(f->y, f->line,
				      "a comma or a bracket is missing");
	}
}

static enum err read_flow(struct flow *f, struct yaml_node **out)
{
	enum err e;

	if (f->at == f->s.n || !strchr("[{", f->s.p[f->at]))
		return flow_scalar(f, out);
	if (++f->y->depth > YAML_DEPTH)
		return err_set(f->y->cx, ERR_TOO_LARGE,
			       "YAML is nested deeper than 32");
	e = flow_list(f, f->s.p[f->at] == '[' ? ']' : '}', out);
	f->y->depth--;
	return e;
}

/* s and the lines below it, joined, until the brackets are closed. */
static enum err read_brackets(struct yaml *y, struct str s, int64_t line,
			      struct yaml_node **out)
{
	struct buf b = { 0 };
	struct flow f = { .y = y, .line = line };
	enum err e;

	buf_str(&b, s);
	for (;;) {
		struct yaml trial = *y;

		f.s = buf_copy(&b, y->cx->arena);
		f.at = 0;
		f.y = &trial;
		e = read_flow(&f, out);
		if (e != ERR_INVALID || y->at >= y->n || b.n > YAML_BYTES ||
		    ++y->nodes > YAML_NODES / 20) {
			y->nodes =
				trial.nodes > y->nodes ? trial.nodes : y->nodes;
			break;
		}
		err_clear(y->cx);
		buf_ch(&b, ' ');
		buf_str(&b, y->lines[y->at++].s);
	}
	if (!e) {
		flow_space(&f);
		if (f.at != f.s.n)
			e = refuse(y, line, "something follows the brackets");
	}
	buf_done(&b);
	return e;
}

/* ---- blocks ---- */

static enum err read_block(struct yaml *y, size_t indent,
			   struct yaml_node **out);

/* "|" and ">": the lines that are indented deeper, comments and all. */
static enum err read_text(struct yaml *y, bool folded, size_t parent,
			  int64_t line, struct yaml_node **out)
{
	struct str rest = str_cut(y->text, 0, y->text.n), s;
	struct buf b = { 0 };
	size_t own = SIZE_MAX;
	int64_t number = 0;
	enum err e = new_node(y, YAML_SCALAR, line, out);

	if (e)
		return e;
	while (rest.n && str_split(&rest, '\n', &s)) {
		size_t indent = 0;

		if (++number <= line)
			continue;
		while (indent < s.n && s.p[indent] == ' ')
			indent++;
		if (indent < s.n && s.p[indent] != '\r') {
			if (indent <= parent)
				break;
			own = own == SIZE_MAX ? indent : own;
		}
		buf_str(&b, str_cut(s, own == SIZE_MAX ? indent : own, s.n));
		buf_ch(&b, folded ? ' ' : '\n');
	}
	while (y->at < y->n &&
	       y->lines[y->at].number < number + (rest.n ? 0 : 1) &&
	       y->lines[y->at].indent > parent)
		y->at++;
	while (b.n > 1 && strchr(" \n", b.p[b.n - 1]) &&
	       strchr(" \n", b.p[b.n - 2]))
		b.n--;
	(*out)->text = buf_copy(&b, y->cx->arena);
	(*out)->quoted = true;
	buf_done(&b);
	return OK;
}

/* What stands behind "key:" or "-": a scalar, brackets, or a block below. */
static enum err read_value(struct yaml *y, struct str s, size_t parent,
			   bool in_map, int64_t line, struct yaml_node **out)
{
	s = str_trim(s);
	if (!s.n) {
		/* A list may stand as deep as the key that it belongs to. */
		if (y->at < y->n &&
		    (y->lines[y->at].indent > parent ||
		     (in_map && y->lines[y->at].indent == parent &&
		      (str_is(y->lines[y->at].s, "-") ||
		       str_starts(y->lines[y->at].s, "- ")))))
			return read_block(y, y->lines[y->at].indent, out);
		return new_node(y, YAML_SCALAR, line, out);
	}
	if (s.p[0] == '|' || s.p[0] == '>')
		return read_text(y, s.p[0] == '>', parent, line, out);
	if (s.p[0] == '[' || s.p[0] == '{')
		return read_brackets(y, s, line, out);
	return read_scalar(y, s, line, out);
}

/* The colon of "key: value", outside of quotes; SIZE_MAX: there is none. */
static size_t colon_of(struct str s)
{
	size_t i = 0;

	if (s.n && strchr("\"'", s.p[0])) {
		i = quoted_end(s);
		if (i == SIZE_MAX)
			return SIZE_MAX;
	}
	if (s.n && strchr("[{", s.p[0]))
		return SIZE_MAX;
	for (; i < s.n; i++)
		if (s.p[i] == ':' &&
		    (i + 1 == s.n || s.p[i + 1] == ' ' || s.p[i + 1] == '\t'))
			return i;
	return SIZE_MAX;
}

static enum err read_member(struct yaml *y, size_t indent,
			    const struct yaml_node *map, struct yaml_node **out)
{
	struct line l = y->lines[y->at++];
	size_t colon = colon_of(l.s);
	struct yaml_node *key;
	enum err e;

	if (colon == SIZE_MAX)
		return refuse(y, l.number, "a mapping needs key: value");
	e = read_scalar(y, str_cut(l.s, 0, colon), l.number, &key);
	if (e)
		return e;
	if (yaml_get(map, str_z(y->cx->arena, key->text)))
		return refuse(y, l.number, "the key stands there twice");
	e = read_value(y, str_cut(l.s, colon + 1, l.s.n), indent, true,
		       l.number, out);
	if (!e)
		(*out)->key = key->text;
	return e;
}

/* What follows the dash is read as if it stood alone in its line. */
static enum err read_element(struct yaml *y, size_t indent,
			     struct yaml_node **out)
{
	struct line *l = &y->lines[y->at];
	struct str s = str_cut(l->s, 1, l->s.n);
	size_t skip = 1;

	while (s.n && s.p[0] == ' ') {
		s = str_cut(s, 1, s.n);
		skip++;
	}
	if (s.n && (colon_of(s) != SIZE_MAX || str_starts(s, "- "))) {
		l->s = s;
		l->indent = indent + skip;
		return read_block(y, l->indent, out);
	}
	y->at++;
	return read_value(y, s, indent, false, l->number, out);
}

static enum err read_members(struct yaml *y, size_t indent, bool list,
			     struct yaml_node *out)
{
	struct yaml_node **tail = &out->first;
	enum err e = OK;

	while (!e && y->at < y->n && y->lines[y->at].indent == indent) {
		struct str s = y->lines[y->at].s;
		bool dash = str_is(s, "-") || str_starts(s, "- ");

		if (dash != list)
			return list ? OK
				    : refuse(y, y->lines[y->at].number,
					     "a list stands in a mapping");
		e = list ? read_element(y, indent, tail)
			 : read_member(y, indent, out, tail);
		if (!e)
			tail = &(*tail)->next;
	}
	if (!e && y->at < y->n && y->lines[y->at].indent > indent)
		return refuse(y, y->lines[y->at].number,
			      "the line is indented too far");
	return e;
}

static enum err read_block(struct yaml *y, size_t indent,
			   struct yaml_node **out)
{
	struct line *l = &y->lines[y->at];
	bool list = str_is(l->s, "-") || str_starts(l->s, "- ");
	enum err e;

	if (!list && colon_of(l->s) == SIZE_MAX) {
		y->at++;
		return read_value(y, l->s, indent, false, l->number, out);
	}
	if (++y->depth > YAML_DEPTH)
		return err_set(y->cx, ERR_TOO_LARGE,
			       "YAML is nested deeper than 32");
	e = new_node(y, list ? YAML_LIST : YAML_MAP, l->number, out);
	if (!e)
		e = read_members(y, indent, list, *out);
	y->depth--;
	return e;
}

enum err yaml_read(struct ctx *cx, struct str text, struct yaml_node **out)
{
	struct yaml y = { .cx = cx, .text = text };
	enum err e;

	if (text.n > YAML_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "YAML is larger than 256 KiB");
	if (!str_utf8_ok(text) || (text.n && memchr(text.p, '\0', text.n)))
		return err_set(cx, ERR_INVALID, "YAML must be UTF-8");
	cut_lines(&y);
	if (!y.n)
		return new_node(&y, YAML_MAP, 0, out);
	e = read_block(&y, y.lines[0].indent, out);
	if (!e && y.at < y.n)
		return refuse(&y, y.lines[y.at].number,
			      "the line does not belong to what stands above");
	return e;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n;

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (n = map->first; n; n = n->next)
		if (str_is(n->key, key))
			return n;
	return NULL;
}

struct str yaml_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->kind == YAML_SCALAR && (n->text.n || n->quoted)
		       ? n->text
		       : (struct str){ 0 };
}
