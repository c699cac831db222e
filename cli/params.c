#include "cli/params.h"

#include <time.h>

#include "base/limits.h"
#include "base/tm.h"
#include "cli/file.h"

/* ---- flags ---- */

static const char *value_word(const struct field *f)
{
	switch (f->kind) {
	case KIND_BOOL:
		return NULL;
	case KIND_INT:
		return str_ends(str_of(f->name), "_ms") ? "SPAN" : "NUMBER";
	case KIND_DEC:
		return "DECIMAL";
	case KIND_ID:
		return "ID";
	case KIND_TIME:
		return "TIME";
	case KIND_ENUM:
		return "WORD";
	case KIND_FLAGS:
		return "WORD,...";
	case KIND_RAW:
	case KIND_OBJECT:
		return "JSON";
	case KIND_BYTES:
		return "@FILE";
	case KIND_HEX:
		return "HEX";
	case KIND_LIST:
		return f->of == KIND_OBJECT ? "JSON" : "A,B,...";
	case KIND_STR:
	case KIND_END:
		break;
	}
	return "TEXT";
}

const struct flag *params_flags(struct ctx *cx, const struct shape *shape)
{
	struct flag *out;
	size_t n = 0;

	while (shape && shape->fields[n].kind != KIND_END)
		n++;
	out = ARENA_ARRAY(cx->arena, struct flag, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &shape->fields[i];

		out[i] = (struct flag){ .name = f->name,
					.value = value_word(f),
					.doc = f->doc,
					.required = !f->optional,
					.many = f->kind == KIND_LIST };
	}
	return out;
}

/* ---- values ---- */

struct build {
	struct cli *c;
	struct buf *b;
	const struct field *f; /* whose value it is; for errors */
};

static enum err wrong(const struct build *w, const char *wanted)
{
	struct ctx *cx = w->c->cx;

	return err_set(cx, ERR_INVALID, "%.*s wants %s",
		       STR_FMT(args_spell(cx, w->f->name)), wanted);
}

static enum err put_int(const struct build *w, struct str s)
{
	bool span = str_ends(str_of(w->f->name), "_ms");
	int64_t v;

	if (!str_int(s, &v) && !(span && tm_parse_span(s, &v)))
		return wrong(w, span ? "a span such as 90s, 15m, 2h or 7d"
				     : "an integer");
	buf_int(w->b, v);
	return OK;
}

static bool local_time(struct str s, int64_t *ms)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%d %H:%M", "%Y-%m-%d",
					     "%Y-%m-%dT%H:%M" };
	char text[32];

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		tm.tm_isdst = -1;
		if (end && *end == 0) {
			*ms = (int64_t)mktime(&tm) * 1000;
			return *ms > 0;
		}
	}
	return false;
}

static enum err put_time(const struct build *w, struct str s)
{
	int64_t ms, span, now = clock_ms(w->c->cx->clock);

	if (str_is(s, "now"))
		ms = now;
	else if (s.n > 1 && (s.p[0] == '+' || s.p[0] == '-') &&
		 tm_parse_span(str_cut(s, 1, s.n), &span) && span < now)
		ms = s.p[0] == '+' ? now + span : now - span;
	else if (!tm_parse(s, &ms) && !local_time(s, &ms))
		return wrong(w, "a time: 2026-01-02T15:04:05Z, "
				"\"2026-01-02 15:04\" (local), now, +2h or "
				"-7d");
	jout_time(w->b, ms);
	return OK;
}

static enum err put_word(const struct build *w, struct str s)
{
	struct buf known = { 0 };
	enum err e;

	for (int i = 0; w->f->words && w->f->words[i]; i++) {
		if (str_is(s, w->f->words[i])) {
			buf_done(&known);
			jout_str(w->b, s);
			return OK;
		}
		buf_fmt(&known, "%s%s", i ? ", " : "one of ", w->f->words[i]);
	}
	e = wrong(w, str_z(w->c->cx->arena, buf_view(&known)));
	buf_done(&known);
	return e;
}

static enum err put_json(const struct build *w, struct str s)
{
	struct ctx *cx = w->c->cx;
	struct jdoc *doc;
	struct str text;
	enum err e = file_value(w->c, s, LIMIT_MESSAGE_BYTES, &text);

	if (e)
		return e;
	if (jdoc_parse(cx, text, &doc))
		return err_set(
			cx, ERR_INVALID, "%.*s wants JSON (or @FILE): %.200s",
			STR_FMT(args_spell(cx, w->f->name)), cx->error.text);
	buf_str(w->b, str_trim(text));
	return OK;
}

static enum err put_bytes(const struct build *w, struct str s)
{
	struct str bytes;
	enum err e;

	if (!str_starts(s, "@")) {
		jout_str(w->b, s);
		return OK;
	}
	e = file_value(w->c, s, LIMIT_MESSAGE_BYTES, &bytes);
	if (e)
		return e;
	jout_base64(w->b, bytes);
	return OK;
}

static enum err put_scalar(const struct build *w, enum kind kind, struct str s)
{
	struct dec d;
	struct id id;

	switch (kind) {
	case KIND_BOOL:
		buf_str(w->b, s);
		return OK;
	case KIND_INT:
		return put_int(w, s);
	case KIND_DEC:
		if (!dec_parse(s, &d))
			return wrong(w, "a decimal number");
		jout_dec(w->b, d);
		return OK;
	case KIND_ID:
		if (!id_parse(s, &id))
			return wrong(w, "an id: 8-4-4-4-12 hex digits");
		jout_id(w->b, &id);
		return OK;
	case KIND_TIME:
		return put_time(w, s);
	case KIND_ENUM:
		return put_word(w, s);
	case KIND_RAW:
	case KIND_OBJECT:
		return put_json(w, s);
	case KIND_BYTES:
		return put_bytes(w, s);
	case KIND_STR:
	case KIND_HEX:
	case KIND_FLAGS:
	case KIND_LIST:
	case KIND_END:
		break;
	}
	if (!str_utf8_ok(s))
		return wrong(w, "text in UTF-8");
	jout_str(w->b, s);
	return OK;
}

/* "a,b" as elements; *first stays true until one was written. */
static enum err put_split(const struct build *w, enum kind of, struct str s,
			  bool *first)
{
	struct str part;
	enum err e = OK;

	while (!e && s.n && str_split(&s, ',', &part)) {
		if (!*first)
			buf_ch(w->b, ',');
		*first = false;
		e = of == KIND_ENUM ? put_word(w, part)
				    : put_scalar(w, of, part);
	}
	return e;
}

static bool is_json(struct str s)
{
	s = str_trim(s);
	return str_starts(s, "[") || str_starts(s, "@") || str_is(s, "-");
}

static enum err put_list(const struct build *w, const struct args *a)
{
	struct str s = args_nth(a, w->f->name, 0);
	enum kind of = w->f->kind == KIND_FLAGS ? KIND_ENUM : w->f->of;
	bool first = true;
	enum err e = OK;

	if (is_json(s) || of == KIND_OBJECT || of == KIND_RAW)
		return put_json(w, s);
	buf_ch(w->b, '[');
	for (size_t i = 0; !e && (s = args_nth(a, w->f->name, i)).p; i++)
		e = put_split(w, of, s, &first);
	buf_ch(w->b, ']');
	return e;
}

static enum err put_given(const struct build *w, const struct args *a)
{
	if (w->f->kind == KIND_LIST || w->f->kind == KIND_FLAGS)
		return put_list(w, a);
	return put_scalar(w, w->f->kind, args_get(a, w->f->name));
}

/* A word in the place of a flag. */
static enum err put_rest(const struct build *w, struct str word)
{
	const struct flag flag = { .name = w->f->name };
	struct given g = { &flag, word };
	const struct args one = { .given = { &g, 1 } };

	return put_given(w, &one);
}

static void put_name(const struct build *w)
{
	if (w->b->p[w->b->n - 1] != '{')
		buf_ch(w->b, ',');
	jout_name(w->b, w->f->name);
}

static enum err put_fields(struct build *w, const struct shape *shape,
			   const struct args *a)
{
	size_t word = 0;
	enum err e = OK;

	for (const struct field *f = shape->fields; !e && f->kind; f++) {
		struct str rest = args_rest(a, word);

		w->f = f;
		if (args_has(a, f->name)) {
			put_name(w);
			e = put_given(w, a);
		} else if (!f->optional && rest.p) {
			put_name(w);
			e = put_rest(w, rest);
			word++;
		} else if (!f->optional) {
			return err_set(
				w->c->cx, ERR_INVALID, "%.*s is missing: %s",
				STR_FMT(args_spell(w->c->cx, f->name)), f->doc);
		}
	}
	if (!e && word < a->rest.n)
		return err_set(w->c->cx, ERR_INVALID, "what is %.*s for?",
			       STR_FMT(str_cut(args_rest(a, word), 0, 60)));
	return e;
}

enum err params_build(struct cli *c, const struct shape *shape,
		      const struct args *a, struct str *json)
{
	static const struct field none[] = { FIELD_END };
	const struct shape empty = { "params", 1, none };
	struct buf b = { .limit = LIMIT_MESSAGE_BYTES };
	struct build w = { c, &b, NULL };
	enum err e;

	buf_ch(&b, '{');
	e = put_fields(&w, shape ? shape : &empty, a);
	buf_ch(&b, '}');
	if (!e && b.failed)
		e = err_set(c->cx, ERR_TOO_LARGE,
			    "the params have more than %d bytes",
			    LIMIT_MESSAGE_BYTES);
	if (!e)
		*json = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return e;
}
