/* row: columns into structs, by the table in field.h. */
#include "engine/store/driver.h"

static enum err bad_column(struct ctx *cx, const struct field *f)
{
	store_error(cx, ERR_CORRUPT, "column does not fit its field");
	return err_detail(cx, "%s", f->name);
}

/* A list or an object stands in its column as JSON text. */
static enum err put_json(struct ctx *cx, const struct field *f, struct str json,
			 size_t size, char *out)
{
	struct field one[2] = { *f, FIELD_END };
	struct shape shape = { f->name, size, one };
	char *tmp = arena_alloc(cx->arena, size);
	struct str text =
		str_fmt(cx->arena, "{\"%s\":%.*s}", f->name, STR_FMT(json));
	size_t at = f->offset;

	if (field_decode_text(cx, text, &shape, tmp))
		return bad_column(cx, f);
	memcpy(out + at, tmp + at,
	       f->kind == KIND_LIST ? sizeof(struct list) : f->shape->size);
	return OK;
}

static enum err put_int(struct ctx *cx, const struct field *f, int64_t i,
			char *at)
{
	switch (f->kind) {
	case KIND_BOOL:
		*(bool *)at = i != 0;
		return OK;
	case KIND_INT:
	case KIND_TIME:
		*(int64_t *)at = i;
		return OK;
	case KIND_DEC:
		((struct dec *)at)->nano = i;
		return OK;
	case KIND_FLAGS:
		if (i < 0 || i > UINT32_MAX)
			return bad_column(cx, f);
		*(uint32_t *)at = (uint32_t)i;
		return OK;
	case KIND_ENUM:
		for (int64_t w = 0; f->words && w <= i; w++)
			if (!f->words[w])
				return bad_column(cx, f);
		if (i < 0 || i > INT32_MAX)
			return bad_column(cx, f);
		*(int *)at = (int)i;
		return OK;
	case KIND_END:
	case KIND_STR:
	case KIND_ID:
	case KIND_RAW:
	case KIND_BYTES:
	case KIND_HEX:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return bad_column(cx, f);
}

static enum err put(struct ctx *cx, const struct shape *shape,
		    const struct field *f, const struct val *v, char *out)
{
	char *at = out + f->offset;
	bool bytes = f->kind == KIND_ID || f->kind == KIND_BYTES ||
		     f->kind == KIND_HEX;

	if (f->has > 0)
		*(bool *)(out + f->has - 1) = v->type != VAL_NULL;
	if (v->type == VAL_NULL)
		return OK;
	if (v->type == VAL_INT)
		return put_int(cx, f, v->i, at);
	if (bytes != (v->type == VAL_BYTES))
		return bad_column(cx, f);
	if (f->kind == KIND_ID) {
		if (v->s.n != ID_BYTES)
			return bad_column(cx, f);
		memcpy(at, v->s.p, ID_BYTES);
		return OK;
	}
	if (f->kind == KIND_OBJECT || f->kind == KIND_LIST)
		return put_json(cx, f, v->s, shape->size, out);
	if (f->kind != KIND_STR && f->kind != KIND_RAW && !bytes)
		return bad_column(cx, f);
	*(struct str *)at = str_copy(cx->arena, v->s);
	return OK;
}

enum err store_put_row(struct ctx *cx, const struct shape *shape,
		       const struct val *cols, void *out)
{
	enum err e = OK;

	for (const struct field *f = shape->fields; !e && f->kind; f++)
		e = put(cx, shape, f, cols++, out);
	return e;
}
