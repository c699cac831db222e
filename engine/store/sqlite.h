/* The SQLite driver's own parts. For sqlite*.c only, the home of sqlite3_. */
#pragma once

#include <sqlite3.h>

#include "engine/store/driver.h"

struct lite_stmt {
	sqlite3_stmt *h;
	uint8_t n;		/* parameters */
	uint8_t at[PARAMS_MAX]; /* $1, $2, … -> SQLite's number */
};

enum tx_verb {
	BEGIN,
	BEGIN_READ,
	COMMIT,
	ROLLBACK,
	SAVE,
	RELEASE,
	UNDO,
	VERBS
};

struct lite {
	struct store_conn conn; /* first */
	sqlite3 *db;
	struct lite_stmt *stmts; /* as store->stmts */
	sqlite3_stmt *verbs[VERBS];
	bool save_due; /* a savepoint was asked for, nothing written yet */
	int wal_pages; /* after the last commit */
	int tidy_at;
};

/* sqlite.c */

enum err lite_refused(struct lite *l, struct ctx *cx, int rc);

/* sqlite_stmt.c */

enum err lite_prepare(struct store_conn *c, struct ctx *cx, size_t from,
		      size_t to);
int lite_bind(const struct lite_stmt *p, const struct val *vals);
/* Until the rows end or are enough; then SQLITE_DONE. */
int lite_step(struct lite_stmt *p, size_t columns, struct sink *sink,
	      enum err *e);
