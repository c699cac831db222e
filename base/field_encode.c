#include "base/field_impl.h"
#include "base/limits.h"

static void encode_value(struct buf *b, const struct field *f, const void *in);

/* --- values ------------------------------------------------------------- */

static const char *word_of(const struct field *f, int n)
{
	CHECK(n >= 0);
	for (int i = 0; i <= n; i++)
		CHECK(f->words[i]);
	return f->words[n];
}

static void encode_flags(struct buf *b, const struct field *f, uint32_t flags)
{
	bool first = true;

	buf_ch(b, '[');
	for (int i = 0; flags >> i; i++) {
		if (flags >> i & 1) {
			if (!first)
				buf_ch(b, ',');
			jout_str(b, str_of(word_of(f, i)));
			first = false;
		}
		if (i == 31)
			break;
	}
	buf_ch(b, ']');
}

static void encode_list(struct buf *b, const struct field *f,
			const struct list *list)
{
	struct field element = field_element(f);
	size_t size = field_size(&element);

	buf_ch(b, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_ch(b, ',');
		encode_value(b, &element, (const char *)list->at + i * size);
	}
	buf_ch(b, ']');
}

static void encode_hex(struct buf *b, struct str s)
{
	buf_ch(b, '"');
	buf_hex(b, s.p, s.n);
	buf_ch(b, '"');
}

static void encode_value(struct buf *b, const struct field *f, const void *in)
{
	const struct str *s = in;

	switch (f->kind) {
	case KIND_BOOL:
		if (*(const bool *)in)
			buf_add(b, "true", 4);
		else
			buf_add(b, "false", 5);
		return;
	case KIND_INT:
		buf_int(b, *(const int64_t *)in);
		return;
	case KIND_DEC:
		jout_dec(b, *(const struct dec *)in);
		return;
	case KIND_STR:
		jout_str(b, *s);
		return;
	case KIND_ID:
		jout_id(b, in);
		return;
	case KIND_TIME:
		jout_time(b, *(const int64_t *)in);
		return;
	case KIND_ENUM:
		jout_str(b, str_of(word_of(f, *(const int *)in)));
		return;
	case KIND_FLAGS:
		encode_flags(b, f, *(const uint32_t *)in);
		return;
	case KIND_RAW:
		if (s->n)
			buf_str(b, *s);
		else
			buf_z(b, "null");
		return;
	case KIND_BYTES:
		jout_base64(b, *s);
		return;
	case KIND_HEX:
		encode_hex(b, *s);
		return;
	case KIND_OBJECT:
		field_encode(b, f->shape, in);
		return;
	case KIND_LIST:
		encode_list(b, f, in);
		return;
	case KIND_END:
		break;
	}
	CHECK(!"a field without a kind");
}

static bool is_absent(const struct field *f, const char *in)
{
	const void *at = in + f->offset;

	if (f->has > 0)
		return !*(const bool *)(in + f->has - 1);
	if (!f->optional)
		return false;
	switch (f->kind) {
	case KIND_STR:
	case KIND_RAW:
	case KIND_BYTES:
	case KIND_HEX:
		return !((const struct str *)at)->p;
	case KIND_ID:
		return id_is_none(at);
	case KIND_TIME:
		return *(const int64_t *)at == 0;
	case KIND_END:
	case KIND_BOOL:
	case KIND_INT:
	case KIND_DEC:
	case KIND_ENUM:
	case KIND_FLAGS:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return false;
}

/* "name": behind '{' or ','. A name is a member's of C: nothing to escape. */
static void encode_name(struct buf *b, char before, const char *name)
{
	size_t n = strlen(name);
	char *p = buf_room(b, n + 4);

	if (!p)
		return;
	*p++ = before;
	*p++ = '"';
	memcpy(p, name, n);
	p[n] = '"';
	p[n + 1] = ':';
	b->n += n + 4;
}

void field_encode(struct buf *b, const struct shape *shape, const void *in)
{
	char before = '{';

	for (const struct field *f = shape->fields; f->kind; f++) {
		if (is_absent(f, in))
			continue;
		encode_name(b, before, f->name);
		encode_value(b, f, (const char *)in + f->offset);
		before = ',';
	}
	if (before == '{')
		buf_ch(b, '{');
	buf_ch(b, '}');
}

struct str field_text(struct arena *a, const struct shape *shape,
		      const void *in)
{
	struct buf b = { 0 };
	struct str s;

	field_encode(&b, shape, in);
	s = buf_copy(&b, a);
	buf_done(&b);
	return s;
}

/* --- schema ------------------------------------------------------------- */

/* The shapes around a value: one that holds a list of itself is named there,
 * not written again. */
struct nest {
	const struct shape *shape;
	const struct nest *up;
};

static void schema_shape(struct buf *b, const struct shape *shape,
			 const char *doc, const struct nest *up);

static void schema_int(struct buf *b, const char *name, int64_t v)
{
	buf_ch(b, ',');
	jout_name(b, name);
	buf_int(b, v);
}

static void schema_words(struct buf *b, const struct field *f)
{
	buf_z(b, "\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; f->words[i]; i++) {
		if (i)
			buf_ch(b, ',');
		jout_str(b, str_of(f->words[i]));
	}
	buf_ch(b, ']');
}

/*
 * Our limits are bytes, JSON Schema's are characters, of which UTF-8 needs one
 * to four bytes: what we take passes the schema, not always the reverse.
 */
static void schema_text(struct buf *b, const struct field *f)
{
	struct field_range r = field_range_of(f);

	buf_z(b, "\"type\":\"string\"");
	if (f->kind == KIND_BYTES) {
		buf_z(b, ",\"contentEncoding\":\"base64\"");
		schema_int(b, "maxLength", (r.max + 2) / 3 * 4);
	} else if (f->kind == KIND_HEX) {
		buf_z(b, ",\"pattern\":\"^([0-9a-f]{2})*$\"");
		schema_int(b, "maxLength", r.max * 2);
	} else {
		schema_int(b, "maxLength", r.max);
	}
	if (r.min > 0)
		schema_int(b, "minLength", (r.min + 3) / 4);
}

static void schema_number(struct buf *b, const struct field *f)
{
	struct field_range r = field_range_of(f);

	buf_z(b, f->kind == KIND_INT ? "\"type\":\"integer\""
				     : "\"type\":\"number\"");
	if (r.min != INT64_MIN)
		schema_int(b, "minimum", r.min);
	if (r.max != INT64_MAX)
		schema_int(b, "maximum", r.max);
}

static void schema_value(struct buf *b, const struct field *f,
			 const struct nest *in);

static void schema_list(struct buf *b, const struct field *f,
			const struct nest *in)
{
	struct field element = field_element(f);
	struct field_range r = field_range_of(f);

	buf_z(b, "\"type\":\"array\"");
	if (r.min > 0)
		schema_int(b, "minItems", r.min);
	schema_int(b, "maxItems", r.max);
	buf_z(b, ",\"items\":");
	schema_value(b, &element, in);
}

static void schema_value(struct buf *b, const struct field *f,
			 const struct nest *in)
{
	if (f->kind == KIND_OBJECT) {
		schema_shape(b, f->shape, f->doc, in);
		return;
	}
	buf_ch(b, '{');
	switch (f->kind) {
	case KIND_BOOL:
		buf_z(b, "\"type\":\"boolean\"");
		break;
	case KIND_INT:
	case KIND_DEC:
		schema_number(b, f);
		break;
	case KIND_STR:
	case KIND_BYTES:
	case KIND_HEX:
		schema_text(b, f);
		break;
	case KIND_ID:
		buf_z(b, "\"type\":\"string\",\"format\":\"uuid\"");
		break;
	case KIND_TIME:
		buf_z(b, "\"type\":\"string\",\"format\":\"date-time\"");
		break;
	case KIND_ENUM:
		schema_words(b, f);
		break;
	case KIND_FLAGS:
		buf_z(b, "\"type\":\"array\",\"uniqueItems\":true,\"items\":{");
		schema_words(b, f);
		buf_ch(b, '}');
		break;
	case KIND_LIST:
		schema_list(b, f, in);
		break;
	case KIND_RAW: /* anything */
	case KIND_OBJECT:
	case KIND_END:
		break;
	}
	if (f->doc) {
		if (f->kind != KIND_RAW)
			buf_ch(b, ',');
		jout_name(b, "description");
		jout_str(b, str_of(f->doc));
	}
	buf_ch(b, '}');
}

static void schema_required(struct buf *b, const struct shape *shape)
{
	bool first = true;

	for (const struct field *f = shape->fields; f->kind; f++) {
		if (f->optional)
			continue;
		buf_z(b, first ? ",\"required\":[" : ",");
		jout_str(b, str_of(f->name));
		first = false;
	}
	if (!first)
		buf_ch(b, ']');
}

static void schema_members(struct buf *b, const struct nest *in)
{
	const struct field *fields = in->shape->fields;

	buf_z(b, ",\"properties\":{");
	for (const struct field *f = fields; f->kind; f++) {
		if (f != fields)
			buf_ch(b, ',');
		jout_name(b, f->name);
		schema_value(b, f, in);
	}
	buf_ch(b, '}');
	schema_required(b, in->shape);
	buf_z(b, ",\"additionalProperties\":false");
}

static void schema_shape(struct buf *b, const struct shape *shape,
			 const char *doc, const struct nest *up)
{
	struct nest in = { .shape = shape, .up = up };
	struct str title = str_of(shape->name);
	const struct nest *outer = up;

	while (outer && outer->shape != shape)
		outer = outer->up;
	if (str_starts(title, "struct "))
		title = str_cut(title, 7, title.n);
	buf_z(b, "{\"type\":\"object\"");
	if (title.n) {
		buf_z(b, ",\"title\":");
		jout_str(b, title);
	}
	if (doc) {
		buf_z(b, ",\"description\":");
		jout_str(b, str_of(doc));
	}
	if (!outer)
		schema_members(b, &in);
	buf_ch(b, '}');
}

void field_schema(struct buf *b, const struct shape *shape)
{
	schema_shape(b, shape, NULL, NULL);
}
