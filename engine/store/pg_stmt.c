/*
 * pg_stmt: prepared statements, their types, values in binary. A bulk insert
 * is one statement over unnest'ed arrays, made from the text of the INSERT and
 * the types that the server gave its parameters.
 */
#include <stdio.h>

#include "engine/store/pg.h"

static const struct {
	Oid oid, array;
	const char *name;
	int bytes; /* 0: any */
} types[PG_TYPES] = {
	[PG_BOOL] = { 16, 1000, "boolean", 1 },
	[PG_INT2] = { 21, 1005, "smallint", 2 },
	[PG_INT4] = { 23, 1007, "integer", 4 },
	[PG_INT8] = { 20, 1016, "bigint", 8 },
	[PG_BYTES] = { 17, 1001, "bytea", 0 },
	[PG_TEXT] = { 25, 1009, "text", 0 },
};

static const struct {
	const char *name, *sql;
} verbs[VERBS] = {
	[BEGIN] = { "v_begin", "BEGIN ISOLATION LEVEL READ COMMITTED" },
	[SNAPSHOT] = { "v_snapshot",
		       "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" },
	[COMMIT] = { "v_commit", "COMMIT" },
	[ROLLBACK] = { "v_rollback", "ROLLBACK" },
	[SAVE] = { "v_save", "SAVEPOINT w" },
	[RELEASE] = { "v_release", "RELEASE SAVEPOINT w" },
	[UNDO] = { "v_undo", "ROLLBACK TO SAVEPOINT w" },
};

const char *pg_verb_name(enum pg_verb v)
{
	return verbs[v].name;
}

void pg_name(char out[32], char kind, size_t at)
{
	snprintf(out, 32, "%c%zu", kind, at);
}

static bool type_of(Oid oid, uint8_t *out)
{
	enum { VARCHAR = 1043 };

	for (int i = 0; i < PG_TYPES; i++)
		if (types[i].oid == oid) {
			*out = (uint8_t)i;
			return true;
		}
	*out = PG_TEXT;
	return oid == VARCHAR;
}

static bool is_int(enum pg_type t)
{
	return t != PG_BYTES && t != PG_TEXT;
}

static bool fits(enum kind k, enum pg_type t)
{
	switch (k) {
	case KIND_BOOL:
	case KIND_INT:
	case KIND_DEC:
	case KIND_TIME:
	case KIND_ENUM:
	case KIND_FLAGS:
		return is_int(t);
	case KIND_ID:
	case KIND_BYTES:
	case KIND_HEX:
		return t == PG_BYTES;
	case KIND_STR:
	case KIND_RAW:
	case KIND_OBJECT:
	case KIND_LIST:
		return t == PG_TEXT;
	case KIND_END:
		break;
	}
	return false;
}

/* Preparing */

static enum err bad_stmt(struct ctx *cx, const struct store_stmt *st,
			 const char *what, const char *which)
{
	return err_set(cx, ERR_INTERNAL, "Statement %s: %s %s.", st->st->name,
		       what, which);
}

static enum err check_stmt(struct ctx *cx, const struct store_stmt *st,
			   struct pg_stmt *p, const PGresult *r)
{
	const struct field *f = st->st->row ? st->st->row->fields : NULL;
	int n = PQnparams(r);

	if (n > PARAMS_MAX)
		return bad_stmt(cx, st, "too many", "parameters");
	p->n = (uint8_t)n;
	for (int i = 0; i < n; i++)
		if (!type_of(PQparamtype(r, i), &p->params[i]))
			return bad_stmt(cx, st, "cannot bind a parameter's",
					"type; cast it");
	if ((size_t)PQnfields(r) != st->columns)
		return bad_stmt(cx, st, "gives other columns than",
				f ? st->st->row->name : "none");
	for (int i = 0; f && i < (int)st->columns; i++) {
		if (strcmp(PQfname(r, i), f[i].name) != 0)
			return bad_stmt(cx, st, "should give column",
					f[i].name);
		if (!type_of(PQftype(r, i), &p->columns[i]) ||
		    !fits(f[i].kind, p->columns[i]))
			return bad_stmt(cx, st, "has another type in column",
					f[i].name);
	}
	return OK;
}

/* The next command's only result, to be cleared; NULL if the server is lost. */
static PGresult *only_result(struct pg *p)
{
	PGresult *r = PQgetResult(p->db), *more;

	while (r && (more = PQgetResult(p->db)))
		PQclear(more);
	return r;
}

static enum err read_one(struct pg *p, struct ctx *cx,
			 const struct store_stmt *st, struct pg_stmt *into)
{
	PGresult *r = only_result(p);
	ExecStatusType status = r ? PQresultStatus(r) : PGRES_FATAL_ERROR;
	enum err e = OK;

	if (!r)
		e = pg_lost(p, cx);
	else if (status == PGRES_PIPELINE_ABORTED)
		e = ERR_INTERNAL; /* the one before has told why */
	else if (status != PGRES_COMMAND_OK) {
		const char *why =
			PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

		e = pg_refused(p, cx, r);
		if (e == ERR_INTERNAL)
			bad_stmt(cx, st, "cannot be prepared:", why ? why : "");
	} else if (into) {
		e = check_stmt(cx, st, into, r);
	}
	PQclear(r);
	return e;
}

static enum err read_sync(struct pg *p, struct ctx *cx)
{
	PGresult *r = PQgetResult(p->db);
	bool ok = r && PQresultStatus(r) == PGRES_PIPELINE_SYNC;

	PQclear(r);
	return ok ? OK : pg_lost(p, cx);
}

/* A reader never writes: only what it can run is prepared on it. */
static bool wanted(const struct pg *p, size_t at)
{
	return p->conn.writer || !p->conn.store->stmts[at].writes;
}

/* Up to `to`, one pipeline. */
static enum err prepare_some(struct pg *p, struct ctx *cx, size_t from,
			     size_t to)
{
	const struct store_stmt *stmts = p->conn.store->stmts;
	enum err e = OK, sync;
	char name[32];

	for (size_t i = from; i < to; i++) {
		pg_name(name, 's', i);
		if (wanted(p, i) &&
		    (!PQsendPrepare(p->db, name, stmts[i].sql, 0, NULL) ||
		     !PQsendDescribePrepared(p->db, name)))
			return pg_lost(p, cx);
	}
	if (!PQpipelineSync(p->db))
		return pg_lost(p, cx);
	for (size_t i = from; i < to; i++) {
		enum err one;

		if (!wanted(p, i))
			continue;
		one = read_one(p, cx, &stmts[i], NULL);
		e = e ? e : one;
		one = read_one(p, cx, &stmts[i], e ? NULL : &p->stmts[i]);
		e = e ? e : one;
		if (!p->db)
			return e;
	}
	sync = read_sync(p, cx);
	return e ? e : sync;
}

/*
 * The INSERT with its VALUES ($1, …, $n) taken from arrays. false if the text
 * is no such insert.
 */
static bool unnest_sql(struct buf *b, const char *sql, const struct pg_stmt *st)
{
	const char *values = strstr(sql, " VALUES ("), *at;

	if (strncmp(sql, "INSERT INTO ", 12) != 0 || !values || st->n == 0)
		return false;
	at = values + strlen(" VALUES (");
	buf_add(b, sql, (size_t)(values - sql));
	buf_z(b, " SELECT * FROM unnest(");
	for (int i = 0; i < st->n; i++) {
		char want[16];
		int n = snprintf(want, sizeof(want), "$%d%s", i + 1,
				 i + 1 < st->n ? ", " : ")");

		if (strncmp(at, want, (size_t)n) != 0)
			return false;
		at += n;
		buf_fmt(b, "%s$%d::%s[]", i ? ", " : "", i + 1,
			types[st->params[i]].name);
	}
	buf_ch(b, ')');
	buf_z(b, at);
	buf_ch(b, 0);
	return !strchr(at, '$');
}

static enum err prepare_bulk(struct pg *p, struct ctx *cx, size_t at,
			     struct buf *sql)
{
	const struct store_stmt *st = &p->conn.store->stmts[at];
	struct pg_stmt *to = &p->stmts[at];
	char name[32];

	buf_reset(sql);
	to->bulk = !st->st->row && unnest_sql(sql, st->sql, to);
	if (!to->bulk)
		return OK;
	pg_name(name, 'b', at);
	if (!PQsendPrepare(p->db, name, sql->p, 0, NULL))
		return pg_lost(p, cx);
	return OK;
}

static enum err prepare_bulks(struct pg *p, struct ctx *cx, size_t from,
			      size_t to)
{
	const struct store_stmt *stmts = p->conn.store->stmts;
	struct buf sql = { 0 };
	enum err e = OK, sync;

	for (size_t i = from; !e && i < to; i++)
		e = prepare_bulk(p, cx, i, &sql);
	buf_done(&sql);
	if (e)
		return e;
	if (!PQpipelineSync(p->db))
		return pg_lost(p, cx);
	for (size_t i = from; i < to; i++) {
		enum err one = OK;

		if (p->stmts[i].bulk)
			one = read_one(p, cx, &stmts[i], NULL);
		e = e ? e : one;
		if (!p->db)
			return e;
	}
	sync = read_sync(p, cx);
	return e ? e : sync;
}

enum err pg_prepare(struct store_conn *c, struct ctx *cx, size_t from,
		    size_t to)
{
	enum { AT_ONCE = 64 };
	struct pg *p = (struct pg *)c;
	enum err e = OK;

	while (!e && from < to) {
		size_t end = to - from > AT_ONCE ? from + AT_ONCE : to;

		e = prepare_some(p, cx, from, end);
		if (!e && c->writer)
			e = prepare_bulks(p, cx, from, end);
		from = end;
	}
	return e;
}

enum err pg_prepare_verbs(struct pg *p, struct ctx *cx)
{
	for (int i = 0; i < VERBS; i++) {
		if (!PQsendPrepare(p->db, verbs[i].name, verbs[i].sql, 0, NULL))
			return pg_lost(p, cx);
		p->sent++;
	}
	return pg_finish(p, cx, NULL);
}

/* Values */

const int pg_binary[PARAMS_MAX] = {
#define ONES 1, 1, 1, 1, 1, 1, 1, 1
	ONES, ONES, ONES, ONES, ONES, ONES, ONES, ONES
#undef ONES
};

static void put_be(char *out, uint64_t v, int bytes)
{
	for (int i = bytes; i-- > 0; v >>= 8)
		out[i] = (char)(v & 0xff);
}

static int64_t get_be(const char *p, int bytes)
{
	uint64_t v = (p[0] & 0x80) && bytes > 1 ? UINT64_MAX : 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (uint8_t)p[i];
	return (int64_t)v;
}

static void check_val(enum pg_type t, const struct val *v)
{
	if (v->type == VAL_INT)
		CHECK(is_int(t));
	else
		CHECK(t == (v->type == VAL_TEXT ? PG_TEXT : PG_BYTES));
	CHECK(v->s.n < INT32_MAX);
}

void pg_bind(const struct pg_stmt *st, const struct val *vals,
	     struct pg_args *out)
{
	for (int i = 0; i < st->n; i++) {
		const struct val *v = &vals[i];
		int bytes = types[st->params[i]].bytes;

		out->values[i] = NULL;
		out->lengths[i] = 0;
		if (v->type == VAL_NULL)
			continue;
		check_val(st->params[i], v);
		if (v->type == VAL_INT) {
			put_be(out->ints[i], (uint64_t)v->i, bytes);
			out->values[i] = out->ints[i];
			out->lengths[i] = bytes;
		} else {
			out->values[i] = v->s.p ? v->s.p : "";
			out->lengths[i] = (int)v->s.n;
		}
	}
}

enum { ARRAY_HEAD = 20 };

static size_t array_bytes(enum pg_type t, const struct val *vals, size_t rows,
			  size_t width)
{
	size_t n = ARRAY_HEAD + 4 * rows;

	for (size_t i = 0; i < rows; i++)
		if (vals[i * width].type == VAL_INT)
			n += (size_t)types[t].bytes;
		else if (vals[i * width].type != VAL_NULL)
			n += vals[i * width].s.n;
	return n;
}

/* PostgreSQL's array_recv: dimensions, has nulls, type, size, from 1. */
static void put_array(char *out, enum pg_type t, const struct val *vals,
		      size_t rows, size_t width)
{
	char *at = out + ARRAY_HEAD;
	bool nulls = false;

	for (size_t i = 0; i < rows; i++) {
		const struct val *v = &vals[i * width];
		size_t n = v->s.n;

		if (v->type == VAL_NULL) {
			nulls = true;
			put_be(at, UINT32_MAX, 4);
			at += 4;
			continue;
		}
		check_val(t, v);
		if (v->type == VAL_INT)
			n = (size_t)types[t].bytes;
		put_be(at, n, 4);
		if (v->type == VAL_INT)
			put_be(at + 4, (uint64_t)v->i, (int)n);
		else if (n)
			memcpy(at + 4, v->s.p, n);
		at += 4 + n;
	}
	put_be(out, 1, 4);
	put_be(out + 4, nulls, 4);
	put_be(out + 8, types[t].oid, 4);
	put_be(out + 12, rows, 4);
	put_be(out + 16, 1, 4);
}

void pg_bind_arrays(struct pg *p, const struct pg_stmt *st,
		    const struct val *vals, size_t rows, size_t width,
		    struct pg_args *out)
{
	size_t at = 0;

	CHECK(width == st->n);
	for (size_t i = 0; i < width; i++) {
		size_t n = array_bytes(st->params[i], vals + i, rows, width);

		CHECK(n < INT32_MAX);
		out->lengths[i] = (int)n;
		at += n;
	}
	buf_reset(&p->arrays);
	CHECK(buf_room(&p->arrays, at));
	at = 0;
	for (size_t i = 0; i < width; i++) {
		put_array(p->arrays.p + at, st->params[i], vals + i, rows,
			  width);
		out->values[i] = p->arrays.p + at;
		at += (size_t)out->lengths[i];
	}
}

void pg_column(const PGresult *r, int row, int i, enum pg_type type,
	       struct val *out)
{
	if (PQgetisnull(r, row, i)) {
		*out = v_null();
	} else if (is_int(type)) {
		*out = v_int(get_be(PQgetvalue(r, row, i), types[type].bytes));
	} else {
		out->type = type == PG_TEXT ? VAL_TEXT : VAL_BYTES;
		out->s = (struct str){ PQgetvalue(r, row, i),
				       (size_t)PQgetlength(r, row, i) };
	}
}
