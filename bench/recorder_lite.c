/* Rows into SQLite: the engine's table and settings, the bare library. */
#include <sqlite3.h>
#include <stdlib.h>

#include "bench/rep.h"
#include "engine/audit/record_sql.h"

struct lite {
	const struct sample *sample;
	struct numbering numbers;
	sqlite3 *db;
	sqlite3_stmt *begin, *insert, *commit;
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
}

static void lite_write(void *db, const struct ask *asks, size_t n)
{
	struct lite *l = db;

	run(l, l->begin);
	for (size_t i = 0; i < n; i++)
		insert(l, &asks[i]);
	run(l, l->commit);
}

const struct rows rows_lite = { lite_open, lite_write };
