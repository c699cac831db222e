/* What a person typed, as a response. */
#include "base/limits.h"
#include "cli/take.h"

enum { LETTERS = 26 };

/* ---- places: "b" or "2" ---- */

/* A letter's or number's place from 1 among n; 0: none. */
static int64_t place(struct str s, size_t n)
{
	int64_t v = 0;

	s = str_trim(s);
	if (s.n == 2 && (s.p[1] == ')' || s.p[1] == '.'))
		s.n = 1;
	if (s.n == 1 && str_lower(s.p[0]) >= 'a' && str_lower(s.p[0]) <= 'z')
		v = str_lower(s.p[0]) - 'a' + 1;
	else if (!str_int(s, &v))
		return 0;
	return v >= 1 && v <= (int64_t)n ? v : 0;
}

static size_t count(struct jval item, const char *list)
{
	struct jval v;

	return take_get(item, list, &v) && jval_type(v) == J_ARRAY
		       ? jval_count(v)
		       : 0;
}

static enum err bad_place(struct cli *c, struct str s, size_t n)
{
	return err_set(c->cx, ERR_INVALID,
		       "\"%.*s\" is none of the choices: type a letter from a "
		       "to %c or a number from 1 to %zu",
		       STR_FMT(str_cut(s, 0, 40)),
		       n <= LETTERS ? (char)('a' + (n ? n : 1) - 1) : 'z', n);
}

/* ---- one type after another ---- */

static enum err read_choice(struct cli *c, struct jval item, struct str line,
			    struct buf *b)
{
	size_t n = count(item, "choices");
	int64_t at = place(line, n);

	if (!at)
		return bad_place(c, line, n);
	buf_fmt(b, "{\"choice\":\"%lld\"}", (long long)at);
	return OK;
}

static bool separates(char ch)
{
	return ch == ' ' || ch == ',' || ch == ';' || ch == '\t' || ch == '+';
}

/* The next word of "a, c"; letters that stand together count one by one. */
static bool next_word(struct str *rest, bool letters, struct str *word)
{
	size_t n = 0;

	while (rest->n && separates(rest->p[0]))
		*rest = str_cut(*rest, 1, rest->n);
	while (n < rest->n && !separates(rest->p[n]) && !(letters && n == 1))
		n++;
	*word = str_cut(*rest, 0, n);
	*rest = str_cut(*rest, n, rest->n);
	return n > 0;
}

static bool only_letters(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!separates(s.p[i]) &&
		    (str_lower(s.p[i]) < 'a' || str_lower(s.p[i]) > 'z'))
			return false;
	return true;
}

static enum err read_multi(struct cli *c, struct jval item, struct str line,
			   struct buf *b)
{
	size_t n = count(item, "choices");
	bool letters = only_letters(line), first = true;
	bool *picked = ARENA_ARRAY(c->cx->arena, bool, n + 1);
	struct str word;

	while (next_word(&line, letters, &word)) {
		int64_t at = place(word, n);

		if (!at)
			return bad_place(c, word, n);
		picked[at] = true;
	}
	buf_z(b, "{\"choices\":[");
	for (size_t i = 1; i <= n; i++) {
		if (picked[i])
			buf_fmt(b, "%s\"%zu\"", first ? "" : ",", i);
		first = first && !picked[i];
	}
	buf_z(b, "]}");
	return OK;
}

/* The unit that the line ends with, taken off; absent: none of the list. */
static struct str take_unit(struct cli *c, struct jval item, struct str *line)
{
	struct jval units, v;
	struct str name, best = { 0 };
	uint32_t it = 0;

	if (!take_get(item, "units", &units) || jval_type(units) != J_ARRAY)
		return best;
	while (jval_next(units, &it, &name, &v)) {
		struct str unit = jval_str(c->cx, v);

		if (unit.n > best.n && unit.n < line->n &&
		    str_eq(unit, str_cut(*line, line->n - unit.n, line->n)))
			best = unit;
	}
	line->n -= best.n;
	*line = str_trim(*line);
	return best;
}

static enum err read_numeric(struct cli *c, struct jval item, struct str line,
			     struct buf *b)
{
	struct str unit = take_unit(c, item, &line);

	buf_z(b, "{\"text\":");
	jout_str(b, line);
	if (unit.p) {
		buf_z(b, ",\"unit\":");
		jout_str(b, unit);
	}
	buf_ch(b, '}');
	return OK;
}

static enum err read_text(struct str line, struct buf *b)
{
	buf_z(b, "{\"text\":");
	jout_str(b, line);
	buf_ch(b, '}');
	return OK;
}

/* ---- matching: "1b 2c", "1=b, 2=c" ---- */

/* What q has: places of options by stem, from 1; 0: none. */
static void old_pairs(struct cli *c, const struct question *q, int64_t *pairs,
		      size_t stems)
{
	struct jval v, e;
	struct str name;
	uint32_t it = 0;
	int64_t at;

	if (!take_get(take_saved(c, q), "pairs", &v) ||
	    jval_type(v) != J_OBJECT)
		return;
	while (jval_next(v, &it, &name, &e))
		if (str_int(name, &at) && at >= 1 && at <= (int64_t)stems &&
		    jval_type(e) == J_STRING &&
		    !str_int(jval_str(c->cx, e), &pairs[at]))
			pairs[at] = 0;
}

/* "1=b", "1b", "1 b", "1-b": a number, then a place. */
static bool read_pair(struct str *rest, struct str *stem, struct str *option)
{
	size_t n = 0;

	while (rest->n && separates(rest->p[0]))
		*rest = str_cut(*rest, 1, rest->n);
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	*stem = str_cut(*rest, 0, n);
	*rest = str_cut(*rest, n, rest->n);
	while (rest->n &&
	       (rest->p[0] == ' ' || rest->p[0] == '=' || rest->p[0] == '-' ||
		rest->p[0] == '>' || rest->p[0] == ':'))
		*rest = str_cut(*rest, 1, rest->n);
	for (n = 0; n < rest->n && !separates(rest->p[n]);)
		n++;
	*option = str_cut(*rest, 0, n);
	*rest = str_cut(*rest, n, rest->n);
	return stem->n > 0 || option->n > 0;
}

static enum err read_match(struct cli *c, const struct question *q,
			   struct str line, struct buf *b)
{
	size_t stems = count(q->item, "stems");
	size_t options = count(q->item, "options");
	int64_t *pairs = ARENA_ARRAY(c->cx->arena, int64_t, stems + 1);
	struct str stem, option;
	bool first = true;

	old_pairs(c, q, pairs, stems);
	while (read_pair(&line, &stem, &option)) {
		int64_t at = 0, to = place(option, options);

		if (!str_int(stem, &at) || at < 1 || at > (int64_t)stems)
			return err_set(c->cx, ERR_INVALID,
				       "type pairs of a number and a letter, "
				       "such as 1b 2a; the numbers go to %zu",
				       stems);
		if (!to)
			return bad_place(c, option, options);
		pairs[at] = to;
	}
	buf_z(b, "{\"pairs\":{");
	for (size_t i = 1; i <= stems; i++) {
		if (!pairs[i])
			continue;
		buf_fmt(b, "%s\"%zu\":\"%lld\"", first ? "" : ",", i,
			(long long)pairs[i]);
		first = false;
	}
	buf_z(b, "}}");
	return OK;
}

/* ---- blanks: "1=x; 2=b" ---- */

static struct jval part_at(struct jval parts, size_t i)
{
	struct jval v = { 0 };
	struct str name;
	uint32_t it = 0;

	for (size_t k = 0; k <= i; k++)
		if (!jval_next(parts, &it, &name, &v))
			break;
	return v;
}

static enum err read_single(struct cli *c, struct jval item, struct str line,
			    struct buf *b)
{
	struct str type = take_type(c, item);

	if (str_is(type, "choice") || str_is(type, "true_false"))
		return read_choice(c, item, line, b);
	if (str_is(type, "multi"))
		return read_multi(c, item, line, b);
	if (str_is(type, "numeric"))
		return read_numeric(c, item, line, b);
	return read_text(line, b);
}

static void old_parts(struct cli *c, const struct question *q,
		      struct str *parts, size_t n)
{
	struct jval v, e;
	struct str name;
	uint32_t it = 0;
	int64_t at;

	if (!take_get(take_saved(c, q), "parts", &v) ||
	    jval_type(v) != J_OBJECT)
		return;
	while (jval_next(v, &it, &name, &e))
		if (str_int(name, &at) && at >= 1 && at <= (int64_t)n)
			parts[at] = jval_text(e);
}

/* One "2=text" of the line. */
static enum err read_part(struct cli *c, struct jval parts, size_t n,
			  struct str piece, struct str *out)
{
	size_t eq = str_find(piece, STR("="), 0);
	struct buf b = { 0 };
	int64_t at = 1;
	enum err e;

	if (n > 1 &&
	    (eq == SIZE_MAX || !str_int(str_trim(str_cut(piece, 0, eq)), &at) ||
	     at < 1 || at > (int64_t)n))
		return err_set(c->cx, ERR_INVALID,
			       "type the number of a blank, = and its answer: "
			       "1=water; the numbers go to %zu",
			       n);
	if (eq != SIZE_MAX &&
	    (n > 1 || str_is(str_trim(str_cut(piece, 0, eq)), "1")))
		piece = str_cut(piece, eq + 1, piece.n);
	e = read_single(c, part_at(parts, (size_t)at - 1), str_trim(piece), &b);
	if (!e)
		out[at] = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return e;
}

static enum err read_cloze(struct cli *c, const struct question *q,
			   struct str line, struct buf *b)
{
	struct jval parts = { 0 };
	size_t n = count(q->item, "parts");
	struct str *now = ARENA_ARRAY(c->cx->arena, struct str, n + 1);
	struct str piece;
	bool first = true;
	enum err e = OK;

	if (!n || !take_get(q->item, "parts", &parts))
		return err_set(c->cx, ERR_INVALID, "it has no blanks");
	old_parts(c, q, now, n);
	while (!e && str_split(&line, ';', &piece))
		if (str_trim(piece).n)
			e = read_part(c, parts, n, piece, now);
	buf_z(b, "{\"parts\":{");
	for (size_t i = 1; i <= n; i++) {
		if (!now[i].p)
			continue;
		buf_fmt(b, "%s\"%zu\":", first ? "" : ",", i);
		buf_str(b, now[i]);
		first = false;
	}
	buf_z(b, "}}");
	return e;
}

enum err take_read(struct cli *c, const struct question *q, struct str line,
		   struct str *response)
{
	struct buf b = { .limit = LIMIT_RESPONSE_BYTES };
	struct str type = take_type(c, q->item);
	enum err e;

	line = str_trim(line);
	if (!str_utf8_ok(line))
		e = err_set(c->cx, ERR_INVALID, "that is not UTF-8 text");
	else if (str_is(type, "match"))
		e = read_match(c, q, line, &b);
	else if (str_is(type, "cloze"))
		e = read_cloze(c, q, line, &b);
	else
		e = read_single(c, q->item, line, &b);
	if (!e && b.failed)
		e = err_set(c->cx, ERR_INVALID, "the answer is too long");
	if (!e)
		*response = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return e;
}
