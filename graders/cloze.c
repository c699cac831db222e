#include "graders/cloze.h"

#include "base/limits.h"
#include "graders/bank_build.h"

/* Every name of a blank's type; the first of equal rows is the one written. */
static const struct blank_type {
	const char *name;
	int type; /* enum item_type */
	const char *shape;
	bool shuffle, case_sensitive;
} types[] = {
	{ "NUMERICAL", ITEM_NUMERIC, NULL, false, false },
	{ "NM", ITEM_NUMERIC, NULL, false, false },
	{ "SHORTANSWER", ITEM_SHORT, NULL, false, false },
	{ "SA", ITEM_SHORT, NULL, false, false },
	{ "MW", ITEM_SHORT, NULL, false, false },
	{ "SHORTANSWER_C", ITEM_SHORT, NULL, false, true },
	{ "SAC", ITEM_SHORT, NULL, false, true },
	{ "MWC", ITEM_SHORT, NULL, false, true },
	{ "MULTICHOICE", ITEM_CHOICE, "dropdown", false, false },
	{ "MC", ITEM_CHOICE, "dropdown", false, false },
	{ "MULTICHOICE_S", ITEM_CHOICE, "dropdown", true, false },
	{ "MCS", ITEM_CHOICE, "dropdown", true, false },
	{ "MULTICHOICE_V", ITEM_CHOICE, "vertical", false, false },
	{ "MCV", ITEM_CHOICE, "vertical", false, false },
	{ "MULTICHOICE_VS", ITEM_CHOICE, "vertical", true, false },
	{ "MCVS", ITEM_CHOICE, "vertical", true, false },
	{ "MULTICHOICE_H", ITEM_CHOICE, "horizontal", false, false },
	{ "MCH", ITEM_CHOICE, "horizontal", false, false },
	{ "MULTICHOICE_HS", ITEM_CHOICE, "horizontal", true, false },
	{ "MCHS", ITEM_CHOICE, "horizontal", true, false },
	{ "MULTIRESPONSE", ITEM_MULTI, "vertical", false, false },
	{ "MR", ITEM_MULTI, "vertical", false, false },
	{ "MRV", ITEM_MULTI, "vertical", false, false },
	{ "MULTIRESPONSE_S", ITEM_MULTI, "vertical", true, false },
	{ "MRS", ITEM_MULTI, "vertical", true, false },
	{ "MRVS", ITEM_MULTI, "vertical", true, false },
	{ "MULTIRESPONSE_H", ITEM_MULTI, "horizontal", false, false },
	{ "MRH", ITEM_MULTI, "horizontal", false, false },
	{ "MULTIRESPONSE_HS", ITEM_MULTI, "horizontal", true, false },
	{ "MRHS", ITEM_MULTI, "horizontal", true, false },
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* A blank's beginning: "{", weight, ":", name, ":". */
struct head {
	struct str weight, name;
	const struct blank_type *type; /* NULL: no such name */
	size_t end;		       /* behind the second colon */
};

/* The text while it is read. */
struct cloze {
	struct ctx *cx;
	struct str text;
	int format;
	struct buf stem;
	struct bank_list parts;
	struct dec sum;
};

static size_t skip(struct str s, size_t at, const char *bytes)
{
	while (at < s.n && s.p[at] != 0 && strchr(bytes, s.p[at]))
		at++;
	return at;
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* What is not of this form is text, not a broken blank. */
static bool read_head(struct str s, size_t at, struct head *h)
{
	static const char spaces[] = " \t\n";
	size_t from;

	if (at >= s.n || s.p[at] != '{')
		return false;
	from = at = skip(s, at + 1, spaces);
	at = skip(s, at, "0123456789.");
	h->weight = str_cut(s, from, at);
	at = skip(s, at, spaces);
	if (at >= s.n || s.p[at] != ':')
		return false;
	from = ++at;
	while (at < s.n && is_name_byte(s.p[at]))
		at++;
	h->name = str_cut(s, from, at);
	if (at >= s.n || s.p[at] != ':' || at == from)
		return false;
	h->end = at + 1;
	h->type = NULL;
	for (size_t i = 0; i < TYPES && !h->type; i++)
		if (str_is(h->name, types[i].name))
			h->type = &types[i];
	/* "{:word:" could be anything; with a weight it is meant as a blank. */
	return h->type || h->weight.n > 0;
}

/*
 * The closing brace of the blank whose alternatives begin at `at`; SIZE_MAX
 * if there is none. Inner braces count when they balance before the next
 * blank begins; otherwise the first closing brace is it, as in Moodle.
 */
static size_t find_end(struct str s, size_t at)
{
	size_t first = SIZE_MAX, depth = 1;
	struct head h;

	for (; at < s.n; at++) {
		if (s.p[at] == '\\') {
			at++;
			/* "{x\}" is how a balanced pair is written */
			depth -= depth > 1 && at < s.n && s.p[at] == '}';
		} else if (s.p[at] == '{') {
			if (read_head(s, at, &h))
				break;
			depth++;
		} else if (s.p[at] == '}') {
			if (first == SIZE_MAX)
				first = at;
			if (--depth == 0)
				return at;
		}
	}
	return first;
}

/*
 * The end of the alternative, or of its answer (stop "~#"). A "#" behind "&"
 * belongs to an entity: "&#39;".
 */
static size_t find_stop(struct str s, size_t at, const char *stop)
{
	for (; at < s.n; at++) {
		if (s.p[at] == '\\')
			at++;
		else if (s.p[at] == '#' && at > 0 && s.p[at - 1] == '&')
			continue;
		else if (s.p[at] != 0 && strchr(stop, s.p[at]))
			return at;
	}
	return s.n;
}

static uint32_t entity_number(struct str name)
{
	uint32_t v = 0;
	bool hex = name.n > 2 && (name.p[1] == 'x' || name.p[1] == 'X');

	for (size_t i = hex ? 2 : 1; i < name.n; i++) {
		int d = str_hex_digit(name.p[i]);

		if (d < 0 || (!hex && d > 9) || v > 0x10ffff)
			return 0;
		v = v * (hex ? 16 : 10) + (uint32_t)d;
	}
	return v < ' ' || v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? 0 : v;
}

/* Puts the character of an entity at s[at], returns its length; 0: none. */
static size_t put_entity(struct buf *b, struct str s, size_t at)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {
		{ "amp", '&' },	     { "lt", '<' },	  { "gt", '>' },
		{ "quot", '"' },     { "apos", '\'' },	  { "nbsp", 0xa0 },
		{ "deg", 0xb0 },     { "micro", 0xb5 },	  { "times", 0xd7 },
		{ "minus", 0x2212 }, { "ndash", 0x2013 },
	};
	size_t end = at + 1;
	struct str name;
	uint32_t c = 0;
	char utf8[4];

	while (end < s.n && end - at < 10 && s.p[end] != ';')
		end++;
	if (end >= s.n || s.p[end] != ';')
		return 0;
	name = str_cut(s, at + 1, end);
	if (name.n > 1 && name.p[0] == '#')
		c = entity_number(name);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(name, known[i].name))
			c = known[i].c;
	if (c == 0)
		return 0;
	buf_add(b, utf8, str_utf8_put(utf8, c));
	return end - at + 1;
}

/* Takes backslashes away and, for what is compared as text, entities. */
static struct str plain(struct cloze *z, struct str s, bool entities)
{
	struct buf b = { 0 };
	struct str out;
	size_t n;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] != 0 &&
		    strchr("~#{}/\"\\", s.p[i + 1])) {
			buf_ch(&b, s.p[++i]);
			continue;
		}
		n = entities && s.p[i] == '&' ? put_entity(&b, s, i) : 0;
		if (n > 0)
			i += n - 1;
		else
			buf_ch(&b, s.p[i]);
	}
	out = bank_text_kept(z->cx, buf_view(&b));
	buf_done(&b);
	return out;
}

static enum err broken(struct cloze *z, const char *why)
{
	return err_set(z->cx, ERR_INVALID, "blank %zu: %s", z->parts.n + 1,
		       why);
}

/* "=", "%50%" or nothing; *s moves behind it. */
static enum err take_share(struct cloze *z, struct str *s, struct dec *out)
{
	size_t end;
	char *number;

	*out = DEC_ZERO;
	if (str_starts(*s, "=")) {
		*out = DEC_ONE;
		*s = str_cut(*s, 1, s->n);
		return OK;
	}
	end = skip(*s, 1, "-0123456789.,");
	if (!str_starts(*s, "%") || end < 2 || end >= s->n || s->p[end] != '%')
		return OK;
	number = (char *)str_copy(z->cx->arena, str_cut(*s, 1, end)).p;
	for (char *p = number; *p; p++)
		*p = *p == ',' ? '.' : *p;
	if (!bank_percent(z->cx, str_of(number), out))
		return broken(z, "a share is within -100 and 100 per cent");
	*s = str_cut(*s, end + 1, s->n);
	return OK;
}

/* "3.14:0.01"; a comma may be the point. "*" is anything. */
static enum err take_number(struct cloze *z, struct answer *a)
{
	char *p = (char *)str_copy(z->cx->arena, a->text).p;
	struct str s = { p, a->text.n };
	size_t colon;

	if (str_is(s, "*"))
		return OK;
	for (size_t i = 0; i < s.n; i++)
		p[i] = p[i] == ',' ? '.' : p[i];
	colon = str_find(s, STR(":"), 0);
	if (!bank_number(z->cx, str_cut(s, 0, colon), &a->text))
		return broken(z, "a numeric answer is no number");
	if (colon == SIZE_MAX)
		return OK;
	if (!bank_number(z->cx, str_cut(s, colon + 1, s.n), &a->tolerance) ||
	    a->tolerance.p[0] == '-')
		return broken(z, "a tolerance is no number");
	if (bank_is_zero(a->tolerance))
		a->tolerance = (struct str){ 0 };
	return OK;
}

static enum err add_choice(struct cloze *z, struct bank_list *l,
			   const struct answer *a)
{
	struct choice c = {
		.id = str_fmt(z->cx->arena, "%zu", l->n + 1),
		.text = a->text,
		.format = z->format,
		.fraction = a->fraction,
		.feedback = a->feedback,
		.feedback_format = z->format,
	};

	bank_list_add(l, &c, sizeof(c));
	return OK;
}

static enum err read_alternative(struct cloze *z, struct item *part,
				 struct str s, struct bank_list *l)
{
	bool as_text = part->type == ITEM_SHORT || part->type == ITEM_NUMERIC;
	struct answer a = { .feedback_format = z->format };
	size_t end;
	enum err e = take_share(z, &s, &a.fraction);

	if (e)
		return e;
	end = find_stop(s, 0, "#");
	a.text = plain(z, str_cut(s, 0, end), as_text);
	if (end < s.n)
		a.feedback = plain(z, str_cut(s, end + 1, s.n), false);
	if (a.text.n == 0)
		return broken(z, "an answer has no text");
	if (l->n >= LIMIT_PARTS)
		return err_set(z->cx, ERR_TOO_LARGE,
			       "a blank has at most %d answers", LIMIT_PARTS);
	if (!as_text)
		return add_choice(z, l, &a);
	e = part->type == ITEM_NUMERIC ? take_number(z, &a) : OK;
	if (!e)
		bank_list_add(l, &a, sizeof(a));
	return e;
}

static enum err read_alternatives(struct cloze *z, struct item *part,
				  struct str s)
{
	struct bank_list l = { 0 };
	struct list all;
	enum err e = OK;
	size_t end;

	s = str_trim(s);
	if (str_starts(s, "~"))
		s = str_cut(s, 1, s.n);
	for (;;) {
		end = find_stop(s, 0, "~");
		e = read_alternative(z, part, str_trim(str_cut(s, 0, end)), &l);
		if (e || end >= s.n)
			break;
		s = str_cut(s, end + 1, s.n);
	}
	all = bank_list_take(z->cx, &l);
	if (part->type == ITEM_SHORT || part->type == ITEM_NUMERIC)
		part->answers = all;
	else
		part->choices = all;
	return e;
}

static enum err read_blank(struct cloze *z, const struct head *h, size_t end)
{
	struct item part = { .type = h->type->type,
			     .stem_format = z->format,
			     .general_feedback_format = z->format,
			     .mark = DEC_ONE,
			     .shuffle = h->type->shuffle };
	enum err e;

	if (z->parts.n >= LIMIT_PARTS)
		return err_set(z->cx, ERR_TOO_LARGE,
			       "a text has at most %d blanks", LIMIT_PARTS);
	if (h->weight.n > 0 &&
	    (!dec_parse(h->weight, &part.mark) ||
	     dec_cmp(part.mark, dec_int(LIMIT_SCORE_POINTS)) > 0))
		return broken(z, "its weight is no number");
	part.id = str_fmt(z->cx->arena, "%zu", z->parts.n + 1);
	part.cloze_shape = str_of(h->type->shape);
	part.text.case_sensitive = h->type->case_sensitive;
	e = read_alternatives(z, &part, str_cut(z->text, h->end, end));
	if (e)
		return e;
	bank_list_add(&z->parts, &part, sizeof(part));
	buf_fmt(&z->stem, "{#%zu}", z->parts.n);
	z->sum = dec_add(z->sum, part.mark);
	return OK;
}

/* "{#12}" in the author's own text would be taken for a blank. */
static bool is_placeholder(struct str s, size_t at)
{
	size_t end = skip(s, at + 2, "0123456789");

	return str_starts(str_cut(s, at, s.n), "{#") && end > at + 2 &&
	       end < s.n && s.p[end] == '}';
}

static enum err read_text(struct cloze *z)
{
	size_t at = 0, end;
	struct head h;
	enum err e;

	while (at < z->text.n) {
		if (z->text.p[at] != '{') {
			buf_ch(&z->stem, z->text.p[at++]);
			continue;
		}
		if (is_placeholder(z->text, at))
			return err_set(z->cx, ERR_UNSUPPORTED,
				       "the text itself holds {#1}");
		if (!read_head(z->text, at, &h)) {
			buf_ch(&z->stem, z->text.p[at++]);
			continue;
		}
		if (!h.type)
			return err_set(z->cx, ERR_UNSUPPORTED,
				       "blank %zu is of a type that is not "
				       "known",
				       z->parts.n + 1);
		end = find_end(z->text, h.end);
		if (end == SIZE_MAX)
			return broken(z, "its closing brace is missing");
		e = read_blank(z, &h, end);
		if (e)
			return e;
		at = end + 1;
	}
	if (z->parts.n == 0)
		return err_set(z->cx, ERR_INVALID, "the text has no blank");
	return OK;
}

enum err cloze_read(struct ctx *cx, struct str text, int format,
		    struct item *it)
{
	struct cloze z = { .cx = cx, .text = text, .format = format };
	struct list parts;
	enum err e = read_text(&z);

	parts = bank_list_take(cx, &z.parts);
	if (!e) {
		it->stem = bank_text_kept(cx, buf_view(&z.stem));
		it->stem_format = format;
		it->parts = parts;
		it->mark = z.sum;
	}
	buf_done(&z.stem);
	return e;
}

/* And no brace in it would be read as the beginning of a blank. */
static bool is_balanced(struct str s)
{
	size_t depth = 0;
	struct head h;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '}' && depth-- == 0)
			return false;
		if (s.p[i] == '{' && read_head(s, i, &h))
			return false;
		depth += s.p[i] == '{';
	}
	return depth == 0;
}

/*
 * Whatever could be syntax gets a backslash; entities only where undone.
 * Moodle shows the backslash of "\{", so it is not written if it need not be.
 */
static void write_plain(struct buf *b, struct str s, bool entities)
{
	const char *syntax = is_balanced(s) ? "~#}\\" : "~#{}\\";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (entities && c == '&') {
			buf_z(b, "&amp;");
			continue;
		}
		if (c != 0 && strchr(syntax, c) &&
		    !(c == '#' && !entities && i > 0 && s.p[i - 1] == '&'))
			buf_ch(b, '\\');
		buf_ch(b, c);
	}
}

static void write_share(struct buf *b, struct dec fraction)
{
	char text[DEC_TEXT];

	if (dec_eq(fraction, DEC_ONE)) {
		buf_ch(b, '=');
		return;
	}
	buf_ch(b, '%');
	buf_add(b, text, dec_text(dec_scale(fraction, 100, 1), text));
	buf_ch(b, '%');
}

static void write_alternative(struct buf *b, const struct answer *a,
			      bool as_text)
{
	write_share(b, a->fraction);
	write_plain(b, a->text, as_text);
	if (a->tolerance.n > 0) {
		buf_ch(b, ':');
		buf_str(b, a->tolerance);
	}
	if (a->feedback.n > 0) {
		/* "&#" would begin an entity */
		buf_z(b, str_ends(a->text, "&") ? " #" : "#");
		write_plain(b, a->feedback, false);
	}
}

static void write_alternatives(struct buf *b, const struct item *part)
{
	const struct answer *a = part->answers.at;
	const struct choice *c = part->choices.at;

	for (size_t i = 0; i < part->answers.n; i++) {
		if (i > 0)
			buf_ch(b, '~');
		write_alternative(b, &a[i], true);
	}
	for (size_t i = 0; i < part->choices.n; i++) {
		struct answer as = { .text = c[i].text,
				     .fraction = c[i].fraction,
				     .feedback = c[i].feedback };

		if (i > 0)
			buf_ch(b, '~');
		write_alternative(b, &as, false);
	}
}

static void write_blank(struct buf *b, const struct item *part)
{
	const struct blank_type *t = NULL;
	char text[DEC_TEXT];

	for (size_t i = 0; i < TYPES && !t; i++)
		if (types[i].type == part->type &&
		    (types[i].shape == NULL ||
		     str_is(part->cloze_shape, types[i].shape) ||
		     part->cloze_shape.n == 0) &&
		    (types[i].shape == NULL ||
		     types[i].shuffle == part->shuffle) &&
		    types[i].case_sensitive == part->text.case_sensitive)
			t = &types[i];
	buf_ch(b, '{');
	buf_add(b, text, dec_text(part->mark, text));
	buf_fmt(b, ":%s:", t ? t->name : "SHORTANSWER");
	write_alternatives(b, part);
	buf_ch(b, '}');
}

void cloze_write(struct buf *b, const struct item *it)
{
	const struct item *parts = it->parts.at;
	struct str s = it->stem;

	for (size_t at = 0; at < s.n; at++) {
		size_t end;
		int64_t n = 0;

		if (s.p[at] != '{' || !is_placeholder(s, at)) {
			buf_ch(b, s.p[at]);
			continue;
		}
		end = skip(s, at + 2, "0123456789");
		if (!str_int(str_cut(s, at + 2, end), &n) || n < 1 ||
		    (size_t)n > it->parts.n) {
			buf_ch(b, s.p[at]);
			continue;
		}
		write_blank(b, &parts[n - 1]);
		at = end;
	}
}
