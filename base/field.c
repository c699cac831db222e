#include <inttypes.h>
#include <stdio.h>

#include "base/field_impl.h"
#include "base/jtext.h"
#include "base/limits.h"
#include "base/tm.h"

enum { MOST_FIELDS = 256, SHOWN_NAME_BYTES = 64, SHOWN_RANGE = 64 };
#define TIME_MOST INT64_C(253402300799999) /* the last ms of the year 9999 */

/* Where a value stands; the text is written only when something is wrong. */
struct path {
	const struct path *up;
	const char *where; /* the root: given by the caller */
	const char *name;  /* or NULL: an element */
	size_t index;
};

static struct field_range default_range(enum kind k)
{
	switch (k) {
	case KIND_STR:
		return (struct field_range){ 0, LIMIT_TEXT_BYTES };
	case KIND_RAW:
	case KIND_BYTES:
	case KIND_HEX:
		return (struct field_range){ 0, LIMIT_RESPONSE_BYTES };
	case KIND_LIST:
		return (struct field_range){ 0, LIMIT_PAGE };
	case KIND_DEC:
		return (struct field_range){ -LIMIT_SCORE_POINTS,
					     LIMIT_SCORE_POINTS };
	case KIND_TIME:
		return (struct field_range){ 1, TIME_MOST }; /* 0 is "none" */
	case KIND_END:
	case KIND_BOOL:
	case KIND_INT:
	case KIND_ID:
	case KIND_ENUM:
	case KIND_FLAGS:
	case KIND_OBJECT:
		break;
	}
	return (struct field_range){ INT64_MIN, INT64_MAX };
}

struct field_range field_range_of(const struct field *f)
{
	if (f->min == 0 && f->max == 0)
		return default_range(f->kind);
	if (f->min > 0 && f->max == 0)
		return (struct field_range){ f->min,
					     default_range(f->kind).max };
	return (struct field_range){ f->min, f->max };
}

struct field field_element(const struct field *list)
{
	CHECK(list->of != KIND_LIST && list->of != KIND_END);
	return (struct field){ .name = list->name,
			       .kind = list->of,
			       .shape = list->shape,
			       .words = list->words };
}

size_t field_size(const struct field *f)
{
	switch (f->kind) {
	case KIND_BOOL:
		return sizeof(bool);
	case KIND_INT:
	case KIND_TIME:
		return sizeof(int64_t);
	case KIND_DEC:
		return sizeof(struct dec);
	case KIND_STR:
	case KIND_RAW:
	case KIND_BYTES:
	case KIND_HEX:
		return sizeof(struct str);
	case KIND_ID:
		return sizeof(struct id);
	case KIND_ENUM:
		return sizeof(int);
	case KIND_FLAGS:
		return sizeof(uint32_t);
	case KIND_OBJECT:
		return f->shape->size;
	case KIND_LIST:
		return sizeof(struct list);
	case KIND_END:
		break;
	}
	return 0;
}

/* --- refusals ----------------------------------------------------------- */

/* One step of a JSON pointer (RFC 6901), cut when out is full. */
static size_t pointer_add(char *out, size_t n, const char *p, size_t len)
{
	if (n + 1 < ERR_FIELD)
		out[n++] = '/';
	for (size_t i = 0; i < len && n + 2 < ERR_FIELD; i++) {
		if (p[i] == '~' || p[i] == '/') {
			out[n++] = '~';
			out[n++] = p[i] == '~' ? '0' : '1';
		} else {
			out[n++] = p[i];
		}
	}
	out[n] = '\0';
	return n;
}

static size_t pointer(const struct path *p, char out[ERR_FIELD])
{
	char digits[24];
	size_t n;

	if (!p->up) {
		snprintf(out, ERR_FIELD, "%s", p->where);
		return strlen(out);
	}
	n = pointer(p->up, out);
	if (p->name)
		return pointer_add(out, n, p->name, strlen(p->name));
	snprintf(digits, sizeof(digits), "%zu", p->index);
	return pointer_add(out, n, digits, strlen(digits));
}

static enum err refuse(struct ctx *cx, const struct path *p, const char *rule)
{
	char field[ERR_FIELD];

	pointer(p, field);
	return err_field(cx, ERR_INVALID, field, "%s %s",
			 field[0] ? field : "the value", rule);
}

/* "must be an integer from 1 to 500", "must be text of at most 40 bytes". */
static enum err refuse_range(struct ctx *cx, const struct path *p,
			     const struct field *f, const char *what,
			     const char *unit)
{
	struct field_range r = field_range_of(f);
	char rule[160];

	if (*unit && r.min <= 0)
		snprintf(rule, sizeof(rule),
			 "must be %s of at most %" PRId64 " %s", what, r.max,
			 unit);
	else if (*unit)
		snprintf(rule, sizeof(rule),
			 "must be %s of %" PRId64 " to %" PRId64 " %s", what,
			 r.min, r.max, unit);
	else
		snprintf(rule, sizeof(rule),
			 "must be %s from %" PRId64 " to %" PRId64, what, r.min,
			 r.max);
	return refuse(cx, p, rule);
}

static enum err refuse_words(struct ctx *cx, const struct path *p,
			     const char *const *words, const char *how)
{
	char rule[ERR_TEXT];
	size_t n = (size_t)snprintf(rule, sizeof(rule), "%s", how);

	for (size_t i = 0; words[i] && n < sizeof(rule); i++)
		n += (size_t)snprintf(rule + n, sizeof(rule) - n, "%s%s",
				      i ? ", " : " ", words[i]);
	return refuse(cx, p, rule);
}

/* Names come from outside: cut, at a character's start. */
static size_t shown(struct str name)
{
	size_t n = name.n;

	if (n <= SHOWN_NAME_BYTES)
		return n;
	n = SHOWN_NAME_BYTES;
	while (n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static enum err refuse_unknown(struct ctx *cx, const struct path *p,
			       struct str name)
{
	char field[ERR_FIELD];
	size_t len = shown(name);

	pointer_add(field, pointer(p, field), name.p, len);
	return err_field(cx, ERR_INVALID, field,
			 "%s is not a known member; leave it out", field);
}

static enum err refuse_missing(struct ctx *cx, const struct path *p,
			       const struct field *f)
{
	struct path at = { .up = p, .name = f->name };

	return refuse(cx, &at, "is required and missing");
}

/* --- values ------------------------------------------------------------- */

static bool in_range(const struct field *f, int64_t v)
{
	struct field_range r = field_range_of(f);

	return v >= r.min && v <= r.max;
}

static bool int_range_is_open(const struct field *f)
{
	return f->min == 0 && f->max == 0;
}

static enum err decode_int(struct ctx *cx, struct jval v, const struct field *f,
			   const struct path *p, int64_t *out)
{
	int64_t n;

	if (jval_int(v, &n) && in_range(f, n)) {
		*out = n;
		return OK;
	}
	if (int_range_is_open(f))
		return refuse(cx, p, "must be an integer of at most 64 bits");
	return refuse_range(cx, p, f, "an integer", "");
}

static enum err decode_dec(struct ctx *cx, struct jval v, const struct field *f,
			   const struct path *p, struct dec *out)
{
	enum jtype type = jval_type(v);
	struct field_range r = field_range_of(f);
	struct str s = { 0 };
	struct dec d;

	if (type == J_NUMBER)
		s = jval_text(v);
	else if (type == J_STRING)
		s = jval_str(cx, v);
	if (!s.p || !dec_parse(s, &d) || dec_cmp(d, dec_int(r.min)) < 0 ||
	    dec_cmp(d, dec_int(r.max)) > 0)
		return refuse_range(cx, p, f, "a decimal number", "");
	if (!dec_is_exact(s))
		return refuse(cx, p,
			      "must have at most nine places after the point: "
			      "round it");
	*out = d;
	return OK;
}

static enum err decode_str(struct ctx *cx, struct jval v, const struct field *f,
			   const struct path *p, struct str *out)
{
	struct str s;

	if (jval_type(v) != J_STRING)
		return refuse_range(cx, p, f, "text", "bytes");
	s = jval_str(cx, v);
	if (!in_range(f, (int64_t)s.n))
		return refuse_range(cx, p, f, "text", "bytes");
	if (s.n && memchr(s.p, '\0', s.n))
		return refuse(cx, p, "must not hold the character U+0000");
	*out = s;
	return OK;
}

/* All zeros mean "none" in memory, so nobody may send them. */
static enum err decode_id(struct ctx *cx, struct jval v, const struct path *p,
			  struct id *out)
{
	struct id id;

	if (jval_type(v) != J_STRING || !id_parse(jval_str(cx, v), &id) ||
	    id_is_none(&id))
		return refuse(cx, p, "must be a UUID in 8-4-4-4-12 form");
	*out = id;
	return OK;
}

static enum err decode_time(struct ctx *cx, struct jval v,
			    const struct field *f, const struct path *p,
			    int64_t *out)
{
	int64_t ms;

	if (jval_type(v) != J_STRING || !tm_parse(jval_str(cx, v), &ms))
		return refuse(cx, p,
			      "must be an RFC 3339 time such as "
			      "2026-01-02T03:04:05Z");
	if (!in_range(f, ms))
		return refuse(cx, p, "is outside the times that are allowed");
	*out = ms;
	return OK;
}

static int word_find(struct ctx *cx, struct jval v, const char *const *words)
{
	struct str s;

	if (jval_type(v) != J_STRING)
		return -1;
	s = jval_str(cx, v);
	for (int i = 0; words[i]; i++)
		if (str_is(s, words[i]))
			return i;
	return -1;
}

static enum err decode_enum(struct ctx *cx, struct jval v,
			    const struct field *f, const struct path *p,
			    int *out)
{
	int i = word_find(cx, v, f->words);

	if (i < 0)
		return refuse_words(cx, p, f->words, "must be one of");
	*out = i;
	return OK;
}

static enum err decode_flags(struct ctx *cx, struct jval v,
			     const struct field *f, const struct path *p,
			     uint32_t *out)
{
	struct path at = { .up = p };
	uint32_t it = 0, flags = 0;
	struct str none;
	struct jval one;

	if (jval_type(v) != J_ARRAY)
		return refuse_words(cx, p, f->words, "must be a list out of");
	for (; jval_next(v, &it, &none, &one); at.index++) {
		int i = word_find(cx, one, f->words);

		CHECK(i < 32);
		if (i < 0)
			return refuse_words(cx, &at, f->words,
					    "must be one of");
		if (flags & UINT32_C(1) << i)
			return refuse(cx, &at, "stands in the list twice");
		flags |= UINT32_C(1) << i;
	}
	*out = flags;
	return OK;
}

static enum err decode_raw(struct ctx *cx, struct jval v, const struct field *f,
			   const struct path *p, struct str *out)
{
	struct str s = jval_text(v);

	if (!in_range(f, (int64_t)s.n))
		return refuse_range(cx, p, f, "JSON", "bytes");
	*out = s;
	return OK;
}

/* The length is checked on the text, before anything is allocated. */
static enum err decode_bytes(struct ctx *cx, struct jval v,
			     const struct field *f, const struct path *p,
			     struct str *out)
{
	bool hex = f->kind == KIND_HEX;
	const char *what = hex ? "lower-case hex" : "padded base64";
	size_t most = (size_t)field_range_of(f).max;
	struct str s, bytes;
	bool ok;

	if (jval_type(v) != J_STRING)
		return refuse_range(cx, p, f, what, "bytes");
	s = jval_str(cx, v);
	if (hex ? s.n / 2 > most : s.n / 4 * 3 > most + 2)
		return refuse_range(cx, p, f, what, "bytes");
	ok = hex ? hex_decode(cx->arena, s, &bytes)
		 : base64_decode(cx->arena, s, &bytes);
	if (!ok || !in_range(f, (int64_t)bytes.n))
		return refuse_range(cx, p, f, what, "bytes");
	*out = bytes;
	return OK;
}

/* --- structs ------------------------------------------------------------ */

static enum err decode_object(struct ctx *cx, struct jval v,
			      const struct shape *shape, const struct path *p,
			      char *out);
static enum err decode_list(struct ctx *cx, struct jval v,
			    const struct field *f, const struct path *p,
			    struct list *out);

static enum err decode_value(struct ctx *cx, struct jval v,
			     const struct field *f, const struct path *p,
			     void *out)
{
	switch (f->kind) {
	case KIND_BOOL:
		if (jval_type(v) != J_BOOL)
			return refuse(cx, p, "must be true or false");
		*(bool *)out = jval_bool(v);
		return OK;
	case KIND_INT:
		return decode_int(cx, v, f, p, out);
	case KIND_DEC:
		return decode_dec(cx, v, f, p, out);
	case KIND_STR:
		return decode_str(cx, v, f, p, out);
	case KIND_ID:
		return decode_id(cx, v, p, out);
	case KIND_TIME:
		return decode_time(cx, v, f, p, out);
	case KIND_ENUM:
		return decode_enum(cx, v, f, p, out);
	case KIND_FLAGS:
		return decode_flags(cx, v, f, p, out);
	case KIND_RAW:
		return decode_raw(cx, v, f, p, out);
	case KIND_BYTES:
	case KIND_HEX:
		return decode_bytes(cx, v, f, p, out);
	case KIND_OBJECT:
		return decode_object(cx, v, f->shape, p, out);
	case KIND_LIST:
		return decode_list(cx, v, f, p, out);
	case KIND_END:
		break;
	}
	CHECK(!"a field without a kind");
	return ERR_INTERNAL;
}

static enum err decode_list(struct ctx *cx, struct jval v,
			    const struct field *f, const struct path *p,
			    struct list *out)
{
	struct field element = field_element(f);
	size_t size = field_size(&element), n = jval_count(v);
	struct path at = { .up = p };
	struct list list = { .n = n };
	uint32_t it = 0;
	struct str none;
	struct jval one;
	enum err e;

	if (jval_type(v) != J_ARRAY || !in_range(f, (int64_t)n))
		return refuse_range(cx, p, f, "a list", "elements");
	list.at = arena_array(cx->arena, n, size);
	for (; jval_next(v, &it, &none, &one); at.index++) {
		e = decode_value(cx, one, &element, &at,
				 (char *)list.at + at.index * size);
		if (e)
			return e;
	}
	*out = list;
	return OK;
}

static bool is_name(const struct field *f, struct str name)
{
	return name.n && f->name[0] == name.p[0] &&
	       strncmp(f->name, name.p, name.n) == 0 && !f->name[name.n];
}

/*
 * Callers mostly write members in table order: look from the next one on. A
 * name that is written with escapes is still the name, but not in a hurry.
 */
static const struct field *find(const struct shape *shape,
				const struct field *next, struct str name)
{
	const struct field *f;

	for (f = next; f->kind; f++)
		if (is_name(f, name))
			return f;
	for (f = shape->fields; f < next; f++)
		if (is_name(f, name))
			return f;
	if (!name.n || !memchr(name.p, '\\', name.n))
		return NULL;
	for (f = shape->fields; f->kind; f++)
		if (jtext_is(name, f->name))
			return f;
	return NULL;
}

static enum err decode_member(struct ctx *cx, struct jval v,
			      const struct field *f, const struct path *p,
			      char *out)
{
	struct path at = { .up = p, .name = f->name };
	enum err e;

	if (f->optional && jval_type(v) == J_NULL &&
	    (f->kind != KIND_RAW || !f->has))
		return OK;
	e = decode_value(cx, v, f, &at, out + f->offset);
	if (e)
		return e;
	if (f->has > 0)
		*(bool *)(out + f->has - 1) = true;
	return OK;
}

static enum err decode_object(struct ctx *cx, struct jval v,
			      const struct shape *shape, const struct path *p,
			      char *out)
{
	uint64_t seen[MOST_FIELDS / 64] = { 0 };
	const struct field *next = shape->fields, *f;
	uint32_t it = 0;
	struct str name;
	struct jval one;
	enum err e;

	if (jval_type(v) != J_OBJECT)
		return refuse(cx, p, "must be an object");
	while (jval_next(v, &it, &name, &one)) {
		f = find(shape, next, name);
		if (!f)
			return refuse_unknown(cx, p, name);
		CHECK(f - shape->fields < MOST_FIELDS);
		seen[(f - shape->fields) / 64] |= UINT64_C(1)
						  << (f - shape->fields) % 64;
		e = decode_member(cx, one, f, p, out);
		if (e)
			return e;
		next = f + 1;
	}
	for (f = shape->fields; f->kind; f++)
		if (!f->optional && !(seen[(f - shape->fields) / 64] >>
					      (f - shape->fields) % 64 &
				      1))
			return refuse_missing(cx, p, f);
	return OK;
}

enum err field_decode(struct ctx *cx, struct jval v, const struct shape *shape,
		      const char *where, void *out)
{
	struct path root = { .where = where };

	memset(out, 0, shape->size);
	return decode_object(cx, v, shape, &root, out);
}

enum err field_decode_text(struct ctx *cx, struct str text,
			   const struct shape *shape, void *out)
{
	struct jdoc *d;
	enum err e;

	e = jdoc_parse(cx, text, &d);
	if (e)
		return e;
	return field_decode(cx, jdoc_root(d), shape, "", out);
}
