/*
 * Strict JSON on top of jsmn.
 *
 * jsmn only finds where tokens begin and end, and takes much that is not JSON:
 * missing or trailing commas, missing colons, several values, 01, tru. So its
 * tokens are taken as claims. jdoc_check() goes through the text once more,
 * from token to token, and demands of every byte between them that it is the
 * one white space, comma, colon or bracket that may stand there, and of every
 * string and scalar that it is well formed. What passes is RFC 8259 whatever
 * jsmn did.
 *
 * The check rewrites the tokens for the readers below:
 *
 *   size    object, array: members or elements; string: 1 if it has escapes
 *   parent  the index behind the value's last token, thus the next sibling
 *
 * An object is followed by name, value, name, value ...
 */
#include "base/field.h"
#include "base/jtext.h"
#include "base/limits.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

enum {
	/* jsmn is stopped after so many tokens to look at the depth: closing
	 * a bracket costs it a walk over the closed ones inside. */
	BATCH_TOKENS = 128,
	BYTES_PER_TOKEN = 8, /* first guess, rather too many */
	PAIRWISE_MEMBERS = 32,
};

struct jdoc {
	struct str text;
	jsmntok_t *t;
	uint32_t count;
};

/* An object or array that is still open. */
struct level {
	uint32_t at;
	uint32_t members;
};

struct check {
	struct ctx *cx;
	struct jdoc *d;
	size_t pos;	 /* all before it is checked */
	bool want_value; /* behind a name and its colon */
	uint32_t depth;
	struct level open[LIMIT_JSON_DEPTH];
};

static enum err bad(struct ctx *cx, size_t pos, const char *what)
{
	return err_set(cx, ERR_BAD_JSON, "the text is not JSON: %s at byte %zu",
		       what, pos);
}

static enum err too_deep(struct ctx *cx)
{
	return err_set(cx, ERR_TOO_LARGE,
		       "the JSON is nested too deep; at most %d levels",
		       LIMIT_JSON_DEPTH);
}

static enum err too_many(struct ctx *cx)
{
	return err_set(cx, ERR_TOO_LARGE,
		       "the JSON has too many values; at most %d",
		       LIMIT_JSON_TOKENS);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static size_t skip_space(struct str s, size_t pos)
{
	while (pos < s.n && is_space(s.p[pos]))
		pos++;
	return pos;
}

/* --- tokens ------------------------------------------------------------- */

/* Every level may have a name in front of it. The check is the exact one. */
static bool parser_too_deep(const jsmn_parser *p, const jsmntok_t *t)
{
	int steps = 0;

	for (int i = p->toksuper; i >= 0; i = t[i].parent)
		if (++steps > 2 * LIMIT_JSON_DEPTH + 1)
			return true;
	return false;
}

static enum err tokenize(struct ctx *cx, struct jdoc *d)
{
	uint32_t room = (uint32_t)(d->text.n / BYTES_PER_TOKEN) + 8, upto;
	jsmn_parser p;
	int got;

	if (room > LIMIT_JSON_TOKENS)
		room = LIMIT_JSON_TOKENS;
	d->t = ARENA_ARRAY(cx->arena, jsmntok_t, room);
	jsmn_init(&p);
	for (;;) {
		upto = p.toknext + BATCH_TOKENS;
		got = jsmn_parse(&p, d->text.p, d->text.n, d->t,
				 upto < room ? upto : room);
		if (got != JSMN_ERROR_NOMEM)
			break;
		if (parser_too_deep(&p, d->t))
			return too_deep(cx);
		if (p.toknext < room)
			continue;
		if (room == LIMIT_JSON_TOKENS)
			return too_many(cx);
		room = room > LIMIT_JSON_TOKENS / 2 ? LIMIT_JSON_TOKENS
						    : room * 2;
		jsmntok_t *more = ARENA_ARRAY(cx->arena, jsmntok_t, room);
		memcpy(more, d->t, p.toknext * sizeof(*more));
		d->t = more;
	}
	if (got == JSMN_ERROR_PART)
		return bad(cx, p.pos, "something is not ended");
	if (got < 0)
		return bad(cx, p.pos, "an unexpected character");
	d->count = p.toknext;
	return OK;
}

/* jsmn wants something behind a number, which a lone number has not. */
static bool lone_scalar(struct ctx *cx, struct jdoc *d)
{
	size_t from = skip_space(d->text, 0), to = d->text.n;

	if (from == to || strchr("{[\"", d->text.p[from]))
		return false;
	while (is_space(d->text.p[to - 1]))
		to--;
	d->t = ARENA_NEW(cx->arena, jsmntok_t);
	d->t->type = JSMN_PRIMITIVE;
	d->t->start = (int)from;
	d->t->end = (int)to;
	d->count = 1;
	return true;
}

/* --- member names ------------------------------------------------------- */

static struct str token_text(const struct jdoc *d, uint32_t at)
{
	const jsmntok_t *t = &d->t[at];

	return (struct str){ d->text.p + t->start,
			     (size_t)(t->end - t->start) };
}

static struct str resolved(struct arena *a, const struct jdoc *d, uint32_t at)
{
	struct str s = token_text(d, at);
	char *out;

	if (!d->t[at].size)
		return s;
	out = arena_alloc(a, s.n + 1);
	return (struct str){ out, jtext_resolve(s, out) };
}

struct name {
	struct str s;
	uint32_t at; /* the name's token */
};

static void names_merge(const struct name *from, struct name *to, size_t lo,
			size_t mid, size_t hi)
{
	size_t i = lo, j = mid;

	for (size_t k = lo; k < hi; k++) {
		if (i < mid && (j >= hi || str_cmp(from[i].s, from[j].s) <= 0))
			to[k] = from[i++];
		else
			to[k] = from[j++];
	}
}

/* The members of an object by resolved name; bottom-up merge sort, since a
 * hash table could be made slow by chosen names. */
static struct name *names_sorted(struct arena *a, const struct jdoc *d,
				 uint32_t object, size_t n)
{
	struct name *from = ARENA_ARRAY(a, struct name, n);
	struct name *to = ARENA_ARRAY(a, struct name, n), *swap;
	uint32_t at = object + 1;

	for (size_t i = 0; i < n; i++) {
		from[i].s = resolved(a, d, at);
		from[i].at = at;
		at = (uint32_t)d->t[at + 1].parent;
	}
	for (size_t w = 1; w < n; w *= 2) {
		for (size_t lo = 0; lo < n; lo += 2 * w) {
			size_t mid = lo + w < n ? lo + w : n;
			size_t hi = mid + w < n ? mid + w : n;

			names_merge(from, to, lo, mid, hi);
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

/* Token of a name that came before in the object; 0 if none did. */
static uint32_t duplicate_sorted(struct arena *a, const struct jdoc *d,
				 uint32_t object, size_t n)
{
	const struct name *names = names_sorted(a, d, object, n);

	for (size_t i = 1; i < n; i++)
		if (str_eq(names[i - 1].s, names[i].s))
			return names[i].at;
	return 0;
}

/*
 * Few members: a name is compared with those before it only if its length and
 * last letters were seen before. An escaped name sends all to the sort.
 */
static uint32_t duplicate(struct arena *a, const struct jdoc *d,
			  uint32_t object, size_t n)
{
	struct str names[PAIRWISE_MEMBERS];
	uint32_t at = object + 1;
	uint64_t seen = 0, bit;

	if (n > PAIRWISE_MEMBERS)
		return duplicate_sorted(a, d, object, n);
	for (size_t i = 0; i < n; i++) {
		struct str s = token_text(d, at);

		if (d->t[at].size)
			return duplicate_sorted(a, d, object, n);
		bit = s.n;
		if (s.n)
			bit += (uint64_t)(unsigned char)s.p[s.n - 1] * 7 +
			       (uint64_t)(unsigned char)s.p[s.n / 2] * 3 +
			       (unsigned char)s.p[0];
		bit = UINT64_C(1) << (bit & 63);
		for (size_t k = 0; (seen & bit) && k < i; k++)
			if (names[k].n == s.n &&
			    memcmp(names[k].p, s.p, s.n) == 0)
				return at;
		seen |= bit;
		names[i] = s;
		at = (uint32_t)d->t[at + 1].parent;
	}
	return 0;
}

/* --- the check ---------------------------------------------------------- */

static bool number_ok(struct str s)
{
	size_t i = 0, from;

	if (i < s.n && s.p[i] == '-')
		i++;
	from = i;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	if (i == from || (s.p[from] == '0' && i > from + 1))
		return false;
	if (i < s.n && s.p[i] == '.') {
		from = ++i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		from = i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	return i == s.n;
}

static bool primitive_ok(struct str s)
{
	switch (s.n ? s.p[0] : 0) {
	case 't':
		return s.n == 4 && memcmp(s.p, "true", 4) == 0;
	case 'f':
		return s.n == 5 && memcmp(s.p, "false", 5) == 0;
	case 'n':
		return s.n == 4 && memcmp(s.p, "null", 4) == 0;
	}
	return number_ok(s);
}

/* The bracket at c->pos, if one stands there. */
static enum err close_one(struct check *c, uint32_t next)
{
	struct level *top = &c->open[c->depth - 1];
	struct jdoc *d = c->d;
	jsmntok_t *t = &d->t[top->at];
	bool object = t->type == JSMN_OBJECT;
	uint32_t twice;

	if (d->text.p[c->pos] != (object ? '}' : ']'))
		return bad(c->cx, c->pos, "the wrong bracket");
	t->size = (int)top->members;
	t->parent = (int)next;
	if (object && top->members > 1) {
		twice = duplicate(c->cx->arena, d, top->at, top->members);
		if (twice)
			return bad(c->cx, (size_t)d->t[twice].start - 1,
				   "a member that stands there twice");
	}
	c->pos = skip_space(d->text, c->pos + 1);
	c->depth--;
	return OK;
}

static enum err close_all(struct check *c, uint32_t next)
{
	struct str s = c->d->text;
	enum err e = OK;

	while (!e && c->depth && c->pos < s.n &&
	       (s.p[c->pos] == '}' || s.p[c->pos] == ']'))
		e = close_one(c, next);
	return e;
}

/* The separator in front of the next element or name. */
static enum err separator(struct check *c)
{
	struct level *top;
	struct str s = c->d->text;

	if (!c->depth)
		return bad(c->cx, c->pos, "more than one value");
	top = &c->open[c->depth - 1];
	if (top->members++ == 0)
		return OK;
	if (top->members > LIMIT_JSON_FIELDS &&
	    c->d->t[top->at].type == JSMN_OBJECT)
		return err_set(c->cx, ERR_TOO_LARGE,
			       "a JSON object has too many members; at most %d",
			       LIMIT_JSON_FIELDS);
	if (c->pos >= s.n || s.p[c->pos] != ',')
		return bad(c->cx, c->pos, "a comma is missing");
	c->pos = skip_space(s, c->pos + 1);
	return OK;
}

static enum err check_string(struct check *c, uint32_t at)
{
	jsmntok_t *t = &c->d->t[at];
	struct str s = token_text(c->d, at);
	bool escaped;
	size_t wrong;

	wrong = jtext_check(s, &escaped);
	if (wrong != SIZE_MAX)
		return bad(c->cx, (size_t)t->start + wrong,
			   "a bad character or escape in a string");
	t->size = escaped;
	c->pos = skip_space(c->d->text, (size_t)t->end + 1);
	return OK;
}

static enum err check_name(struct check *c, uint32_t at)
{
	struct str s = c->d->text;
	enum err e;

	if (c->d->t[at].type != JSMN_STRING)
		return bad(c->cx, c->pos, "a member without a name");
	e = check_string(c, at);
	if (e)
		return e;
	if (c->pos >= s.n || s.p[c->pos] != ':')
		return bad(c->cx, c->pos, "a colon is missing");
	c->pos = skip_space(s, c->pos + 1);
	c->want_value = true;
	return OK;
}

static enum err check_value(struct check *c, uint32_t at)
{
	jsmntok_t *t = &c->d->t[at];

	c->want_value = false;
	switch (t->type) {
	case JSMN_STRING:
		return check_string(c, at);
	case JSMN_PRIMITIVE:
		if (!primitive_ok(token_text(c->d, at)))
			return bad(c->cx, c->pos, "a malformed value");
		c->pos = skip_space(c->d->text, (size_t)t->end);
		return OK;
	case JSMN_OBJECT:
	case JSMN_ARRAY:
		if (c->depth == LIMIT_JSON_DEPTH)
			return too_deep(c->cx);
		c->open[c->depth++] = (struct level){ .at = at };
		c->pos = skip_space(c->d->text, (size_t)t->start + 1);
		return OK;
	case JSMN_UNDEFINED:
		break;
	}
	return bad(c->cx, c->pos, "a malformed value");
}

static enum err check_token(struct check *c, uint32_t at)
{
	jsmntok_t *t = &c->d->t[at];
	bool name = false;
	enum err e;

	if (!c->want_value && at > 0) {
		e = close_all(c, at);
		if (e)
			return e;
		e = separator(c);
		if (e)
			return e;
		name = c->d->t[c->open[c->depth - 1].at].type == JSMN_OBJECT;
	}
	if (c->pos != (size_t)t->start - (t->type == JSMN_STRING))
		return bad(c->cx, c->pos, "a value is missing");
	t->parent = (int)at + 1;
	return name ? check_name(c, at) : check_value(c, at);
}

static enum err jdoc_check(struct ctx *cx, struct jdoc *d)
{
	struct check c = { .cx = cx, .d = d };
	enum err e;

	c.pos = skip_space(d->text, 0);
	for (uint32_t i = 0; i < d->count; i++) {
		e = check_token(&c, i);
		if (e)
			return e;
	}
	if (c.want_value || d->count == 0)
		return bad(cx, c.pos, "a value is missing");
	e = close_all(&c, d->count);
	if (e)
		return e;
	if (c.pos != d->text.n)
		return bad(cx, c.pos, "bytes behind the value");
	if (c.depth)
		return bad(cx, c.pos, "something is not ended");
	return OK;
}

enum err jdoc_parse(struct ctx *cx, struct str text, struct jdoc **out)
{
	struct jdoc *d = ARENA_NEW(cx->arena, struct jdoc);
	enum err e;

	if (text.n > LIMIT_IMPORT_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the JSON is too long; at most %d bytes",
			       LIMIT_IMPORT_BYTES);
	d->text = text;
	if (!lone_scalar(cx, d)) {
		e = tokenize(cx, d);
		if (e)
			return e;
	}
	e = jdoc_check(cx, d);
	if (e)
		return e;
	*out = d;
	return OK;
}

/* --- readers ------------------------------------------------------------ */

struct jval jdoc_root(const struct jdoc *d)
{
	return (struct jval){ d, 0 };
}

enum jtype jval_type(struct jval v)
{
	const jsmntok_t *t = &v.doc->t[v.at];

	switch (t->type) {
	case JSMN_OBJECT:
		return J_OBJECT;
	case JSMN_ARRAY:
		return J_ARRAY;
	case JSMN_STRING:
		return J_STRING;
	case JSMN_PRIMITIVE:
	case JSMN_UNDEFINED:
		break;
	}
	switch (v.doc->text.p[t->start]) {
	case 't':
	case 'f':
		return J_BOOL;
	case 'n':
		return J_NULL;
	}
	return J_NUMBER;
}

struct str jval_text(struct jval v)
{
	const jsmntok_t *t = &v.doc->t[v.at];
	bool quotes = t->type == JSMN_STRING;

	return (struct str){ v.doc->text.p + t->start - quotes,
			     (size_t)(t->end - t->start) + 2 * quotes };
}

struct str jval_str(struct ctx *cx, struct jval v)
{
	CHECK(v.doc->t[v.at].type == JSMN_STRING);
	return resolved(cx->arena, v.doc, v.at);
}

bool jval_bool(struct jval v)
{
	const jsmntok_t *t = &v.doc->t[v.at];

	return t->type == JSMN_PRIMITIVE && v.doc->text.p[t->start] == 't';
}

bool jval_int(struct jval v, int64_t *out)
{
	struct str s = token_text(v.doc, v.at);
	uint64_t n = 0, most = INT64_MAX;
	bool minus = s.p[0] == '-';

	if (v.doc->t[v.at].type != JSMN_PRIMITIVE || s.n - minus > 19)
		return false;
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (n > most + minus)
		return false;
	*out = minus ? -(int64_t)(n / 2) - (int64_t)(n - n / 2) : (int64_t)n;
	return true;
}

bool jval_get(struct jval object, const char *name, struct jval *out)
{
	const struct jdoc *d = object.doc;
	uint32_t at = object.at + 1, end = (uint32_t)d->t[object.at].parent;

	if (d->t[object.at].type != JSMN_OBJECT)
		return false;
	for (; at < end; at = (uint32_t)d->t[at + 1].parent) {
		if (jtext_is(token_text(d, at), name)) {
			*out = (struct jval){ d, at + 1 };
			return true;
		}
	}
	return false;
}

size_t jval_count(struct jval v)
{
	const jsmntok_t *t = &v.doc->t[v.at];

	if (t->type != JSMN_OBJECT && t->type != JSMN_ARRAY)
		return 0;
	return (size_t)t->size;
}

bool jval_next(struct jval v, uint32_t *it, struct str *name, struct jval *out)
{
	const struct jdoc *d = v.doc;
	uint32_t at = *it ? *it : v.at + 1;

	if (at >= (uint32_t)d->t[v.at].parent)
		return false;
	if (d->t[v.at].type == JSMN_OBJECT) {
		*name = token_text(d, at);
		at++;
	} else {
		*name = (struct str){ 0 };
	}
	*out = (struct jval){ d, at };
	*it = (uint32_t)d->t[at].parent;
	return true;
}

/* --- canonical text ----------------------------------------------------- */

static void canonical_object(struct ctx *cx, struct buf *b, struct jval v)
{
	size_t n = jval_count(v);
	const struct name *names = names_sorted(cx->arena, v.doc, v.at, n);

	buf_ch(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_ch(b, ',');
		jout_str(b, names[i].s);
		buf_ch(b, ':');
		jout_canonical(cx, b, (struct jval){ v.doc, names[i].at + 1 });
	}
	buf_ch(b, '}');
}

static void canonical_array(struct ctx *cx, struct buf *b, struct jval v)
{
	struct str name;
	struct jval one;
	uint32_t it = 0;

	buf_ch(b, '[');
	for (bool first = true; jval_next(v, &it, &name, &one); first = false) {
		if (!first)
			buf_ch(b, ',');
		jout_canonical(cx, b, one);
	}
	buf_ch(b, ']');
}

void jout_canonical(struct ctx *cx, struct buf *b, struct jval v)
{
	switch (v.doc->t[v.at].type) {
	case JSMN_OBJECT:
		canonical_object(cx, b, v);
		break;
	case JSMN_ARRAY:
		canonical_array(cx, b, v);
		break;
	case JSMN_STRING:
		jout_str(b, jval_str(cx, v));
		break;
	case JSMN_PRIMITIVE:
	case JSMN_UNDEFINED:
		buf_str(b, jval_text(v));
		break;
	}
}
