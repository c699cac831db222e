/* The PostgreSQL driver's own parts. For pg*.c only, the home of PQ. */
#pragma once

#include <libpq-fe.h>

#include "engine/store/driver.h"

enum pg_type {
	PG_BOOL,
	PG_INT2,
	PG_INT4,
	PG_INT8,
	PG_BYTES,
	PG_TEXT,
	PG_TYPES
};

struct pg_stmt {
	uint8_t n;					  /* parameters */
	uint8_t params[PARAMS_MAX], columns[COLUMNS_MAX]; /* enum pg_type */
	bool bulk; /* its unnest form is prepared too */
};

enum pg_verb { BEGIN, SNAPSHOT, COMMIT, ROLLBACK, SAVE, RELEASE, UNDO, VERBS };

enum { HELD_MAX = 8 };

struct pg {
	struct store_conn conn; /* first */
	PGconn *db;		/* always in pipeline mode; NULL: lost */
	struct pg_stmt *stmts;	/* as store->stmts */
	/*
	 * BEGIN, SAVEPOINT and the like wait here and travel with the next
	 * statement: they cost no round trip of their own.
	 */
	enum pg_verb held[HELD_MAX];
	size_t held_n;
	size_t sent; /* commands whose results are not read yet */
	bool lazy;   /* bulks wait for the commit */
	bool stale;  /* reconnect before the next transaction */
	int64_t retry_at_ns, pause_ms; /* of connecting */
	struct buf arrays;	       /* a bulk's parameters */
};

/* What comes back from the last command of a pipeline. */
struct pg_answer {
	const struct store_stmt *st; /* its columns and sink, or NULL */
	const struct pg_stmt *types;
	struct sink *sink;
	enum err sink_error;
	int64_t changed;
	bool committed; /* the tag was COMMIT */
};

/* Parameters of one call. The values point into bound memory. */
struct pg_args {
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX];
	char ints[PARAMS_MAX][8];
};

extern const int pg_binary[PARAMS_MAX]; /* all 1 */

/* pg.c */

/*
 * Sends a sync and reads what every sent command gave, the last one into
 * *last (may be NULL). The first error counts.
 */
enum err pg_finish(struct pg *p, struct ctx *cx, struct pg_answer *last);
/* The connection failed: nothing more can be asked of it. */
enum err pg_lost(struct pg *p, struct ctx *cx);
enum err pg_refused(struct pg *p, struct ctx *cx, const PGresult *r);

/* pg_stmt.c */

enum err pg_prepare(struct store_conn *c, struct ctx *cx, size_t from,
		    size_t to);
enum err pg_prepare_verbs(struct pg *p, struct ctx *cx);
const char *pg_verb_name(enum pg_verb v);
void pg_name(char out[32], char kind, size_t at); /* of statement at */
/* Binds vals; a value that does not fit its parameter is a bug. */
void pg_bind(const struct pg_stmt *st, const struct val *vals,
	     struct pg_args *out);
/* Binds rows * width values as width arrays in p->arrays. */
void pg_bind_arrays(struct pg *p, const struct pg_stmt *st,
		    const struct val *vals, size_t rows, size_t width,
		    struct pg_args *out);
void pg_column(const PGresult *r, int row, int i, enum pg_type type,
	       struct val *out);
