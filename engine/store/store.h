/*
 * store: rows in SQLite or PostgreSQL behind one table of statements.
 *
 * SQL is written once, in PostgreSQL's numbering ($1, $2, …; SQLite binds them
 * by name) and in the subset that both engines know. Every statement is
 * prepared when a connection opens, and its result columns are checked against
 * its row shape by name and order; a mismatch stops the boot. Values are bound,
 * never printed into SQL.
 *
 * Columns and C types follow field.h: ids and hashes are bytes, times, enums,
 * flags, bools and decimals are integers, lists and objects JSON text.
 *
 * Threads: a connection belongs to one thread at a time. One writer per store
 * (the executor's); readers are borrowed and given back.
 *
 * Errors: ERR_NOT_FOUND only from store_one; ERR_CONFLICT for a broken UNIQUE
 * or PRIMARY KEY; ERR_BUSY for a lock held by a stranger or a serialization
 * failure (retry the transaction); ERR_READ_ONLY for a full disk;
 * ERR_UNAVAILABLE for a lost server or an I/O error; ERR_CORRUPT for a
 * damaged database. Any but ERR_NOT_FOUND spoils the transaction up to the
 * savepoint, on both engines: what is run in it afterwards fails. To put in
 * what may be there already: ON CONFLICT DO NOTHING, then look at changed.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"

struct store;
struct store_conn;

struct stmt {
	const char *name;
	const char *sql; /* {int}, {bytes}, {text} stand for types in casts */
	const struct shape *row; /* NULL: gives no rows */
};

/* A module's statements; all sets are listed by engine/main.c. */
struct stmt_set {
	const char *module;
	const struct stmt *rows;
	size_t n;
};

/*
 * Append-only: a step that has been released is never edited. DDL is written
 * with {int}, {bytes}, {text} for the types (BIGINT/INTEGER, BYTEA/BLOB, TEXT),
 * {table} at the end of CREATE TABLE(...) for " STRICT" and {clustered} for
 * " WITHOUT ROWID, STRICT" on SQLite, and both nothing on PostgreSQL. Several
 * statements may stand in one text, each ended by ';' at the end of a line.
 */
struct migration {
	int number; /* unique and growing over the whole program */
	const char *name;
	const char *sql;
	const char *only; /* the store_kind that it is for; NULL: all */
};
struct migration_set {
	const struct migration *steps;
	size_t n;
};

struct store_opts {
	struct str url; /* sqlite:PATH, or postgresql://… / libpq keywords */
	const struct stmt_set *const *sets;	       /* NULL-terminated */
	const struct migration_set *const *migrations; /* NULL-terminated */
	const struct clock *clock;
	struct log *log;
	int readers; /* connections for store_reader; 1..64 */
	bool create; /* SQLite: make the file if it does not exist */
	/*
	 * Readers alone, and nothing is migrated: for who looks at evidence.
	 * The schema must be this program's.
	 */
	bool read_only;
	int64_t busy_ms; /* wait for a stranger's lock */
};

/*
 * Opens, migrates (one transaction a step; refuses a database that is newer
 * than the program) and prepares. The text of cx's error says what to do.
 */
MUST enum err store_open(struct ctx *cx, const struct store_opts *o,
			 struct store **out);
/* Checkpoints (SQLite) and closes. All connections must be back. */
void store_close(struct store *s);
const char *store_kind(const struct store *s); /* "sqlite", "postgresql" */
/* May a short read run on an I/O thread (no network between)? */
bool store_reads_inline(const struct store *s);
/*
 * Does this process alone write what cx->db is connected to (SQLite), or may
 * other servers as well?
 */
bool store_alone(const struct ctx *cx);
/* Does it answer? For /readyz. */
MUST enum err store_ping(struct store *s);

/* The writer; taken once. Reconnects by itself between transactions. */
struct store_conn *store_writer(struct store *s);
/* A reader; waits up to wait_ms, NULL if none came free or none connects. */
struct store_conn *store_reader(struct store *s, int64_t wait_ms);
void store_reader_done(struct store *s, struct store_conn *c);
/* A reader's consistent snapshot over several statements. */
MUST enum err store_read_begin(struct ctx *cx);
void store_read_end(struct ctx *cx);

MUST enum err store_begin(struct store_conn *c, struct ctx *cx);
MUST enum err store_commit(struct store_conn *c, struct ctx *cx);
void store_rollback(struct store_conn *c);
MUST enum err store_savepoint(struct store_conn *c, struct ctx *cx);
MUST enum err store_release(struct store_conn *c, struct ctx *cx);
/* Undoes what came after the savepoint, and ends it. */
MUST enum err store_rollback_to(struct store_conn *c, struct ctx *cx);

/* A bound value. Strings and bytes are borrowed until the call returns. */
struct val {
	enum { VAL_NULL, VAL_INT, VAL_TEXT, VAL_BYTES } type;
	int64_t i;
	struct str s;
};
struct val v_null(void);
struct val v_int(int64_t i);
struct val v_bool(bool b);
struct val v_dec(struct dec d);
struct val v_text(struct str s); /* absent str: NULL */
struct val v_z(const char *z);
struct val v_bytes(struct str s);     /* absent str: NULL */
struct val v_id(const struct id *id); /* none: NULL */

#define VALS(...)                                                              \
	(const struct val[]){ __VA_ARGS__ },                                   \
		sizeof((const struct val[]){ __VA_ARGS__ }) /                  \
			sizeof(struct val)

/*
 * All run on cx->db. Writes need a transaction. changed may be NULL; else the
 * number of rows touched, the base of compare-and-set.
 */
MUST enum err store_exec(struct ctx *cx, const struct stmt *st,
			 const struct val *vals, size_t n, int64_t *changed);
/* Exactly the first row into *out (st->row's struct); strings in the arena. */
MUST enum err store_one(struct ctx *cx, const struct stmt *st,
			const struct val *vals, size_t n, void *out);
/* All rows; at most limit (then *more is set, if not NULL). */
MUST enum err store_list(struct ctx *cx, const struct stmt *st,
			 const struct val *vals, size_t n, size_t limit,
			 struct list *out, bool *more);
/* Row by row, for exports; stops when each returns an error. */
MUST enum err store_each(struct ctx *cx, const struct stmt *st,
			 const struct val *vals, size_t n,
			 enum err (*each)(struct ctx *cx, const void *row,
					  void *arg),
			 void *arg);
/*
 * The same insert for many rows in one go: vals holds rows * width values,
 * row after row. SQLite: a loop; PostgreSQL: one statement over unnest'ed
 * arrays, or a pipeline. ERR_CONFLICT if any row broke a key: none is in.
 */
MUST enum err store_bulk(struct ctx *cx, const struct stmt *st,
			 const struct val *vals, size_t rows, size_t width);

/*
 * Tests only: the n-th statement, begin or commit from now fails with e and
 * has not happened; 0: never.
 */
void store_fail_at(struct store *s, int n, enum err e);
/* Tests only: so does everything after it, until store_fail_at(s, 0, OK). */
void store_fail_from(struct store *s, int n, enum err e);
/* Tests only: the next commit happens, but is told as ERR_UNAVAILABLE. */
void store_lose_commit(struct store *s);
int64_t store_calls(const struct store *s); /* statements run so far */
