/* Rows into SQLite: the engine's table and settings, the bare library. */
#include <sqlite3.h>
#include <stdlib.h>

#include "bench/rep.h"
#include "engine/audit/record_sql.h"

struct lite {
	const struct sample *sample;
	struct numbering numbers;
	sqlite3 *db;
	sqlite3_stmt *begin, *insert, *commit, *place;
	struct place waits[PLACE_LAG + REP_BATCH]; /* for their rows */
	size_t waits_n;
};

static sqlite3_stmt *prepare(struct lite *l, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s,
			       NULL))
		die("sqlite: %s", sqlite3_errmsg(l->db));
	return s;
}

static void *lite_open(const char *where, const struct sample *sample)
{
	struct lite *l = calloc(1, sizeof(*l));

	CHECK(l);
	l->sample = sample;
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(where, &l->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) ||
	    sqlite3_exec(l->db,
			 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			 "PRAGMA cache_size=-65536;"
			 "PRAGMA wal_autocheckpoint=8000",
			 NULL, NULL, NULL))
		die("sqlite: %s", sqlite3_errmsg(l->db));
	l->begin = prepare(l, "BEGIN IMMEDIATE");
	l->insert = prepare(l, record_sql[RECORD_INSERT].sql);
	l->commit = prepare(l, "COMMIT");
	l->place = prepare(l, record_sql[PLACE_INSERT].sql);
	return l;
}

static void run(struct lite *l, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		die("sqlite: %s", sqlite3_errmsg(l->db));
	sqlite3_reset(s);
}

/* $1, $2, … stand in order in the INSERT, so a value's place is its number. */
static void insert(struct lite *l, const struct ask *a)
{
	struct val vals[RECORD_COLUMNS];
	struct record r;

	ask_record(l->sample, &l->numbers, a, &r);
	record_vals(&r, vals);
	for (int i = 0; i < RECORD_COLUMNS; i++) {
		const struct val *v = &vals[i];

		switch (v->type) {
		case VAL_NULL:
			sqlite3_bind_null(l->insert, i + 1);
			break;
		case VAL_INT:
			sqlite3_bind_int64(l->insert, i + 1, v->i);
			break;
		case VAL_TEXT:
			sqlite3_bind_text(l->insert, i + 1, v->s.p, (int)v->s.n,
					  SQLITE_STATIC);
			break;
		case VAL_BYTES:
			sqlite3_bind_blob(l->insert, i + 1, v->s.p, (int)v->s.n,
					  SQLITE_STATIC);
			break;
		}
	}
	run(l, l->insert);
	l->waits[l->waits_n++] = (struct place){ r.stream, r.n, r.node, r.seq };
}

static int by_stream(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = memcmp(x->stream.b, y->stream.b, ID_BYTES);

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* As the engine does it: late, many at once, in their order. */
static void write_places(struct lite *l)
{
	if (l->waits_n < PLACE_LAG)
		return;
	qsort(l->waits, l->waits_n, sizeof(*l->waits), by_stream);
	for (size_t i = 0; i < l->waits_n; i++) {
		const struct place *p = &l->waits[i];

		sqlite3_bind_blob(l->place, 1, p->stream.b, ID_BYTES,
				  SQLITE_STATIC);
		sqlite3_bind_int64(l->place, 2, p->n);
		sqlite3_bind_int64(l->place, 3, p->node);
		sqlite3_bind_int64(l->place, 4, p->seq);
		run(l, l->place);
	}
	l->waits_n = 0;
}

static void lite_write(void *db, const struct ask *asks, size_t n)
{
	struct lite *l = db;

	run(l, l->begin);
	for (size_t i = 0; i < n; i++)
		insert(l, &asks[i]);
	write_places(l);
	run(l, l->commit);
}

const struct rows rows_lite = { lite_open, lite_write };
