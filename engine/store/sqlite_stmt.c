/* sqlite_stmt: prepared statements, their columns, values in and out. */
#include <stdio.h>

#include "engine/store/sqlite.h"

static enum err bad_stmt(struct ctx *cx, const struct store_stmt *st,
			 const char *what, const char *which)
{
	return err_set(cx, ERR_INTERNAL, "Statement %s: %s %s.", st->st->name,
		       what, which);
}

static enum err map_params(struct ctx *cx, const struct store_stmt *st,
			   struct lite_stmt *p)
{
	int n = sqlite3_bind_parameter_count(p->h);

	if (n > PARAMS_MAX)
		return bad_stmt(cx, st, "too many", "parameters");
	for (int i = 0; i < n; i++) {
		char name[16];
		int at;

		snprintf(name, sizeof(name), "$%d", i + 1);
		at = sqlite3_bind_parameter_index(p->h, name);
		if (at == 0)
			return bad_stmt(cx, st, "lacks parameter", name);
		p->at[i] = (uint8_t)at;
	}
	p->n = (uint8_t)n;
	return OK;
}

static const char *type_of(enum kind k)
{
	switch (k) {
	case KIND_BOOL:
	case KIND_INT:
	case KIND_DEC:
	case KIND_TIME:
	case KIND_ENUM:
	case KIND_FLAGS:
		return "INTEGER";
	case KIND_ID:
	case KIND_BYTES:
	case KIND_HEX:
		return "BLOB";
	case KIND_STR:
	case KIND_RAW:
	case KIND_OBJECT:
	case KIND_LIST:
		return "TEXT";
	case KIND_END:
		break;
	}
	return "";
}

static enum err check_columns(struct ctx *cx, const struct store_stmt *st,
			      const struct lite_stmt *p)
{
	const struct field *f = st->st->row ? st->st->row->fields : NULL;

	if ((size_t)sqlite3_column_count(p->h) != st->columns)
		return bad_stmt(cx, st, "gives other columns than",
				f ? st->st->row->name : "none");
	for (int i = 0; f && i < (int)st->columns; i++) {
		const char *type = sqlite3_column_decltype(p->h, i);

		if (strcmp(sqlite3_column_name(p->h, i), f[i].name) != 0)
			return bad_stmt(cx, st, "should give column",
					f[i].name);
		if (type && strcmp(type, type_of(f[i].kind)) != 0)
			return bad_stmt(cx, st, "has another type in column",
					f[i].name);
	}
	return OK;
}

enum err lite_prepare(struct store_conn *c, struct ctx *cx, size_t from,
		      size_t to)
{
	struct lite *l = (struct lite *)c;

	for (size_t i = from; i < to; i++) {
		const struct store_stmt *st = &c->store->stmts[i];
		struct lite_stmt *p = &l->stmts[i];
		int rc = sqlite3_prepare_v3(l->db, st->sql, -1,
					    SQLITE_PREPARE_PERSISTENT, &p->h,
					    NULL);
		enum err e = OK;

		if (rc)
			e = bad_stmt(cx, st, "cannot be prepared:",
				     sqlite3_errmsg(l->db));
		if (!e)
			e = map_params(cx, st, p);
		if (!e)
			e = check_columns(cx, st, p);
		if (e)
			return e;
	}
	return OK;
}

/* Values */

static int bind_one(sqlite3_stmt *h, int at, const struct val *v)
{
	/* A NULL pointer would bind NULL, not what is empty. */
	const char *p = v->s.p ? v->s.p : "";

	switch (v->type) {
	case VAL_NULL:
		return sqlite3_bind_null(h, at);
	case VAL_INT:
		return sqlite3_bind_int64(h, at, v->i);
	case VAL_TEXT:
		return sqlite3_bind_text64(h, at, p, v->s.n, SQLITE_STATIC,
					   SQLITE_UTF8);
	case VAL_BYTES:
		return sqlite3_bind_blob64(h, at, p, v->s.n, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

int lite_bind(const struct lite_stmt *p, const struct val *vals)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; !rc && i < p->n; i++)
		rc = bind_one(p->h, p->at[i], &vals[i]);
	return rc;
}

static void read_column(sqlite3_stmt *h, int i, struct val *v)
{
	const char *p;

	switch (sqlite3_column_type(h, i)) {
	case SQLITE_INTEGER:
		*v = v_int(sqlite3_column_int64(h, i));
		return;
	case SQLITE_TEXT:
		v->type = VAL_TEXT;
		p = (const char *)sqlite3_column_text(h, i);
		break;
	case SQLITE_BLOB:
		v->type = VAL_BYTES;
		p = sqlite3_column_blob(h, i);
		break;
	case SQLITE_FLOAT: /* nothing of ours is; the front refuses it */
		v->type = VAL_TEXT;
		p = "";
		break;
	default:
		*v = v_null();
		return;
	}
	v->s = (struct str){ p ? p : "", (size_t)sqlite3_column_bytes(h, i) };
}

int lite_step(struct lite_stmt *p, size_t columns, struct sink *sink,
	      enum err *e)
{
	struct val cols[COLUMNS_MAX];
	int rc;

	while ((rc = sqlite3_step(p->h)) == SQLITE_ROW) {
		for (size_t i = 0; i < columns; i++)
			read_column(p->h, (int)i, &cols[i]);
		*e = sink->row(sink, cols);
		if (*e || sink->enough)
			return SQLITE_DONE;
	}
	return rc;
}
