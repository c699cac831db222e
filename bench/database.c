/* Looks into the databases, past assayd: what is really there. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "bench/daemon.h"
#include "engine/audit/chain.h"
#include "engine/methods.h"

enum { COLUMNS = 16 };

static const char *lite_path(const char *url)
{
	return strncmp(url, "sqlite:", 7) == 0 ? url + 7 : NULL;
}

static void lite_each(const char *path, const char *sql, db_row *row, void *arg)
{
	const char *cols[COLUMNS];
	sqlite3 *db;
	sqlite3_stmt *s;
	int rc;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ||
	    sqlite3_busy_timeout(db, 5000) ||
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL))
		die("%s: %s", path, sqlite3_errmsg(db));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(s); i++)
			cols[i] = (const char *)sqlite3_column_text(s, i);
		row(arg, cols);
	}
	if (rc != SQLITE_DONE)
		die("%s: %s", path, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void pg_each(const char *url, const char *sql, db_row *row, void *arg)
{
	const char *cols[COLUMNS];
	PGconn *db = PQconnectdb(url);
	PGresult *r = PQexec(db, sql);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		die("postgresql: %s", PQerrorMessage(db));
	for (int i = 0; i < PQntuples(r); i++) {
		for (int k = 0; k < PQnfields(r); k++)
			cols[k] = PQgetisnull(r, i, k) ? NULL
						       : PQgetvalue(r, i, k);
		row(arg, cols);
	}
	PQclear(r);
	PQfinish(db);
}

void db_each(const char *url, const char *sql_lite, const char *sql_pg,
	     db_row *row, void *arg)
{
	if (lite_path(url))
		lite_each(lite_path(url), sql_lite, row, arg);
	else
		pg_each(url, sql_pg, row, arg);
}

static void take_number(void *arg, const char *const *cols)
{
	*(int64_t *)arg = cols[0] ? atoll(cols[0]) : 0;
}

int64_t db_number(const char *url, const char *sql)
{
	int64_t n = 0;

	db_each(url, sql, sql, take_number, &n);
	return n;
}

static struct store *open_store(struct ctx *cx, const char *url)
{
	const struct store_opts o = { .url = str_of(url),
				      .sets = all_stmts,
				      .migrations = all_migrations,
				      .clock = &clock_system,
				      .readers = 1,
				      .create = true,
				      .busy_ms = 5000 };
	struct store *s;

	if (store_open(cx, &o, &s))
		die("%s: %s", url, cx->error.text);
	return s;
}

void db_make_tables(struct run *r, const char *url)
{
	struct ctx cx = bench_ctx(r);

	store_close(open_store(&cx, url));
}

void db_last_record(struct ctx *cx, const char *url, const struct id *stream,
		    struct record *out)
{
	struct store *s = open_store(cx, url);
	struct list l = { 0 };

	cx->db = store_reader(s, 5000);
	if (!cx->db || record_stream(cx, stream, 0, &l) || l.n == 0)
		die("no record to look at: %s", cx->error.text);
	*out = ((struct record *)l.at)[l.n - 1];
	store_reader_done(s, cx->db);
	store_close(s);
}

int64_t db_verify_chain(struct run *r, const char *url)
{
	struct ctx cx = bench_ctx(r);
	struct store *s = open_store(&cx, url);
	struct chain_report report;

	cx.arena = arena_new(1 << 20);
	cx.db = store_reader(s, 5000);
	if (!cx.db || chain_verify(&cx, NULL, NULL, NULL, &report))
		die("the chain cannot be verified: %s", cx.error.text);
	if (!report.intact)
		die("the chain is broken: %s",
		    ((struct chain_finding *)report.list.at)[0].text.p);
	store_reader_done(s, cx.db);
	store_close(s);
	arena_free(cx.arena);
	return report.records;
}
