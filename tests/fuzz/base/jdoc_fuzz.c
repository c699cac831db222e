/*
 * jdoc: judges every text as a plain recursive descent over RFC 8259 does,
 * reads all of what was accepted, and writes it in a form that stays the same.
 */
#include <stdlib.h>

#include "base/field.h"
#include "base/limits.h"

/* --- the grammar, as the RFC states it ---------------------------------- */

struct text {
	const uint8_t *p, *end;
};

static bool value(struct text *t, int depth);

static int peek(const struct text *t)
{
	return t->p < t->end ? *t->p : -1;
}

static bool take(struct text *t, int c)
{
	if (peek(t) != c)
		return false;
	t->p++;
	return true;
}

static void space(struct text *t)
{
	while (take(t, ' ') || take(t, '\t') || take(t, '\n') || take(t, '\r'))
		;
}

static bool word(struct text *t, const char *z)
{
	for (; *z; z++)
		if (!take(t, *z))
			return false;
	return true;
}

static bool digits(struct text *t)
{
	const uint8_t *from = t->p;

	while (peek(t) >= '0' && peek(t) <= '9')
		t->p++;
	return t->p > from;
}

static bool number(struct text *t)
{
	take(t, '-');
	if (!take(t, '0') && !digits(t))
		return false;
	if (take(t, '.') && !digits(t))
		return false;
	if (take(t, 'e') || take(t, 'E')) {
		if (!take(t, '+'))
			take(t, '-');
		if (!digits(t))
			return false;
	}
	return true;
}

static int unit(struct text *t)
{
	char hex[5] = { 0 };

	for (int i = 0; i < 4; i++) {
		int c = peek(t);

		if (c < 0 || !strchr("0123456789abcdefABCDEF", c) || c == 0)
			return -1;
		hex[i] = (char)c;
		t->p++;
	}
	return (int)strtol(hex, NULL, 16);
}

static bool escape(struct text *t)
{
	int c = peek(t), u;

	if (c <= 0 || !strchr("\"\\/bfnrtu", c))
		return false;
	t->p++;
	if (c != 'u')
		return true;
	u = unit(t);
	if (u >= 0xd800 && u < 0xdc00) {
		if (!word(t, "\\u"))
			return false;
		u = unit(t);
		return u >= 0xdc00 && u < 0xe000;
	}
	return u >= 0 && (u < 0xd800 || u > 0xdfff);
}

static bool string(struct text *t)
{
	const uint8_t *from = t->p;

	if (!take(t, '"'))
		return false;
	while (!take(t, '"')) {
		if (peek(t) < 0x20)
			return false;
		if (take(t, '\\')) {
			if (!escape(t))
				return false;
		} else {
			t->p++;
		}
	}
	return str_utf8_ok(
		(struct str){ (const char *)from, (size_t)(t->p - from) });
}

static bool items(struct text *t, int depth, bool object)
{
	int close = object ? '}' : ']';

	space(t);
	if (take(t, close))
		return true;
	do {
		space(t);
		if (object) {
			if (!string(t))
				return false;
			space(t);
			if (!take(t, ':'))
				return false;
		}
		if (!value(t, depth + 1))
			return false;
	} while (take(t, ','));
	return take(t, close);
}

static bool value(struct text *t, int depth)
{
	bool ok;

	if (depth > 2 * LIMIT_JSON_DEPTH)
		return false;
	space(t);
	switch (peek(t)) {
	case '{':
	case '[':
		ok = items(t, depth, *t->p++ == '{');
		break;
	case '"':
		ok = string(t);
		break;
	case 't':
		ok = word(t, "true");
		break;
	case 'f':
		ok = word(t, "false");
		break;
	case 'n':
		ok = word(t, "null");
		break;
	default:
		ok = number(t);
	}
	space(t);
	return ok;
}

static bool grammar_takes(struct str s)
{
	struct text t = { (const uint8_t *)s.p, (const uint8_t *)s.p + s.n };

	return value(&t, 0) && t.p == t.end;
}

/* --- what was accepted -------------------------------------------------- */

static void read_all(struct ctx *cx, struct jval v)
{
	uint32_t it = 0;
	size_t n = 0;
	struct str name;
	struct jval one, same;
	int64_t i;

	CHECK(grammar_takes(jval_text(v)));
	switch (jval_type(v)) {
	case J_OBJECT:
	case J_ARRAY:
		for (; jval_next(v, &it, &name, &one); n++) {
			read_all(cx, one);
			if (name.p && !memchr(name.p, '\\', name.n)) {
				CHECK(jval_get(v, str_z(cx->arena, name),
					       &same));
				CHECK(same.at == one.at);
			}
		}
		CHECK(n == jval_count(v));
		break;
	case J_STRING:
		CHECK(str_utf8_ok(jval_str(cx, v)));
		break;
	case J_NUMBER:
		(void)jval_int(v, &i);
		break;
	case J_BOOL:
		(void)jval_bool(v);
		break;
	case J_NULL:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(4096) };
	struct str text = { (const char *)data, size };
	struct buf b = { 0 }, again = { 0 };
	struct jdoc *d;
	enum err e = jdoc_parse(&cx, text, &d);

	if (e == OK) {
		CHECK(grammar_takes(text));
		read_all(&cx, jdoc_root(d));
		jout_canonical(&cx, &b, jdoc_root(d));
		CHECK(jdoc_parse(&cx, buf_view(&b), &d) == OK);
		jout_canonical(&cx, &again, jdoc_root(d));
		CHECK(str_eq(buf_view(&b), buf_view(&again)));
	} else if (e == ERR_BAD_JSON) {
		/* names that come twice are ours to refuse */
		CHECK(!grammar_takes(text) || strstr(cx.error.text, "twice"));
	} else {
		CHECK(e == ERR_TOO_LARGE);
	}
	buf_done(&b);
	buf_done(&again);
	arena_free(cx.arena);
	return 0;
}
