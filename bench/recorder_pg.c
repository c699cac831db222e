/*
 * Rows into PostgreSQL: one INSERT from unnest'ed binary arrays a batch, which
 * is a transaction by itself; the bare library.
 */
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/rep.h"
#include "engine/audit/record_sql.h"

enum { OID_INT8 = 20, OID_BYTEA = 17, OID_TEXT = 25 };

struct pg {
	const struct sample *sample;
	struct numbering numbers;
	PGconn *db;
	struct buf arrays[RECORD_COLUMNS];
	struct val *vals; /* REP_BATCH rows */
};

static int oid_of(int column)
{
	switch (record_shape.fields[column].kind) {
	case KIND_INT:
	case KIND_BOOL:
		return OID_INT8;
	case KIND_STR:
	case KIND_RAW:
		return OID_TEXT;
	default:
		return OID_BYTEA;
	}
}

static void expect(struct pg *p, PGresult *r)
{
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		die("postgresql: %s", PQerrorMessage(p->db));
	PQclear(r);
}

static void *pg_open(const char *where, const struct sample *sample)
{
	struct pg *p = calloc(1, sizeof(*p));
	struct buf b = { 0 };
	const char *insert = record_sql[RECORD_INSERT].sql;

	CHECK(p);
	p->sample = sample;
	p->vals = calloc(REP_BATCH * RECORD_COLUMNS, sizeof(*p->vals));
	CHECK(p->vals);
	p->db = PQconnectdb(where);
	if (PQstatus(p->db) != CONNECTION_OK)
		die("postgresql: %s", PQerrorMessage(p->db));
	buf_add(&b, insert, (size_t)(strstr(insert, " VALUES") - insert));
	buf_z(&b, " SELECT * FROM unnest(");
	for (int i = 0; i < RECORD_COLUMNS; i++) {
		int oid = oid_of(i);

		buf_fmt(&b, "%s$%d::%s[]", i ? ", " : "", i + 1,
			oid == OID_INT8	  ? "bigint"
			: oid == OID_TEXT ? "text"
					  : "bytea");
	}
	buf_z(&b, ")");
	buf_ch(&b, 0);
	expect(p, PQprepare(p->db, "put", b.p, 0, NULL));
	buf_done(&b);
	return p;
}

static void put32(struct buf *b, int32_t v)
{
	uint32_t be = htobe32((uint32_t)v);

	buf_add(b, &be, 4);
}

static void put_val(struct buf *b, const struct val *v)
{
	uint64_t be;

	switch (v->type) {
	case VAL_NULL:
		put32(b, -1);
		break;
	case VAL_INT:
		put32(b, 8);
		be = htobe64((uint64_t)v->i);
		buf_add(b, &be, 8);
		break;
	case VAL_TEXT:
	case VAL_BYTES:
		put32(b, (int32_t)v->s.n);
		buf_str(b, v->s);
		break;
	}
}

/* The binary form of an array: dimensions, has nulls, type, length, from 1. */
static void put_array(struct pg *p, int column, size_t n)
{
	struct buf *b = &p->arrays[column];

	buf_reset(b);
	put32(b, 1);
	put32(b, 1);
	put32(b, oid_of(column));
	put32(b, (int32_t)n);
	put32(b, 1);
	for (size_t i = 0; i < n; i++)
		put_val(b, &p->vals[i * RECORD_COLUMNS + (size_t)column]);
}

static void pg_write(void *db, const struct ask *asks, size_t n)
{
	struct pg *p = db;
	const char *values[RECORD_COLUMNS];
	int lengths[RECORD_COLUMNS], formats[RECORD_COLUMNS];
	struct record records[REP_BATCH];

	for (size_t i = 0; i < n; i++) {
		ask_record(p->sample, &p->numbers, &asks[i], &records[i]);
		record_vals(&records[i], p->vals + i * RECORD_COLUMNS);
	}
	for (int i = 0; i < RECORD_COLUMNS; i++) {
		put_array(p, i, n);
		values[i] = p->arrays[i].p;
		lengths[i] = (int)p->arrays[i].n;
		formats[i] = 1;
	}
	expect(p, PQexecPrepared(p->db, "put", RECORD_COLUMNS, values, lengths,
				 formats, 1));
}

const struct rows rows_pg = { pg_open, pg_write };
