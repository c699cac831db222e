/*
 * driver: what an engine does for the store. For engine/store only.
 *
 * store.c is the front: it finds statements, checks values and states, counts
 * and injects faults, and turns columns into structs. A driver only moves
 * values. What both engines must agree on is therefore decided once, above
 * them; chiefly that an error inside a transaction spoils it up to the
 * savepoint, as in PostgreSQL, also on SQLite, which would forgive it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "engine/store/store.h"

enum { PARAMS_MAX = 64, COLUMNS_MAX = 64 };

/* Takes rows as they come. */
struct sink {
	/* cols are valid during the call. An error ends the statement. */
	enum err (*row)(struct sink *s, const struct val *cols);
	bool enough; /* set by row: no more are wanted */
	bool stream; /* many rows may come: do not gather them first */
};

/* A driver's own connection begins with this. */
struct store_conn {
	struct store *store;
	bool writer;
	/* The front's: */
	bool in_tx, in_savepoint;
	bool failed;  /* an error spoilt the transaction, up to the savepoint */
	bool in_each; /* a callback runs: the connection is not to be used */
	bool reads_only; /* CHECKs that nothing is written: a "single" work */
};

struct words {
	const char *int_, *bytes, *text, *table, *clustered;
};

/* Every function that takes cx sets its error. */
struct driver {
	const char *kind;
	bool reads_inline, alone;
	struct words words;
	enum err (*connect)(struct ctx *cx, struct store *s, bool writer,
			    struct store_conn **out);
	void (*disconnect)(struct store_conn *c);
	/* Prepares store->stmts[from..to) and checks their columns. */
	enum err (*prepare)(struct store_conn *c, struct ctx *cx, size_t from,
			    size_t to);
	/* Connects and prepares anew if the server was lost. */
	enum err (*revive)(struct store_conn *c, struct ctx *cx);
	/* One statement of a migration. */
	enum err (*script)(struct store_conn *c, struct ctx *cx,
			   const char *sql);
	enum err (*begin)(struct store_conn *c, struct ctx *cx);
	enum err (*commit)(struct store_conn *c, struct ctx *cx);
	void (*rollback)(struct store_conn *c); /* also ends a snapshot */
	enum err (*savepoint)(struct store_conn *c, struct ctx *cx);
	enum err (*release)(struct store_conn *c, struct ctx *cx);
	enum err (*rollback_to)(struct store_conn *c, struct ctx *cx);
	enum err (*run)(struct store_conn *c, struct ctx *cx, size_t at,
			const struct val *vals, size_t n, struct sink *sink,
			int64_t *changed);
	enum err (*bulk)(struct store_conn *c, struct ctx *cx, size_t at,
			 const struct val *vals, size_t rows, size_t width);
	/*
	 * The bulks until the commit may be sent with it; then their errors
	 * come out of the commit.
	 */
	void (*lazy)(struct store_conn *c, bool on);
	/* Between transactions: checkpoint if it is time, or now. */
	void (*tidy)(struct store_conn *c, bool now);
};
extern const struct driver driver_sqlite;
extern const struct driver driver_pg;

struct store_stmt {
	const struct stmt *st;
	const char *sql; /* words expanded */
	bool writes;
	size_t columns; /* of st->row */
};

struct store {
	const struct driver *drv;
	struct store_opts o;	  /* url is a copy */
	struct arena *arena;	  /* lives as long as the store */
	struct store_stmt *stmts; /* the store's own come first */
	size_t stmts_n;
	size_t prepared_n; /* what a new connection has to prepare */
	uint32_t *slots;   /* stmts by address: index + 1 */
	size_t slots_mask;
	struct store_conn *writer;
	pthread_mutex_t lock; /* over the free readers */
	pthread_cond_t freed;
	struct store_conn **readers; /* all of them */
	struct store_conn **free;
	size_t readers_n, free_n;
	_Atomic int fail_at;
	_Atomic int fail_with; /* enum err */
	_Atomic bool lose_commit;
	_Atomic int64_t calls;
};

/* Where to begin to look for st. */
size_t store_slot(const struct store *s, const struct stmt *st);
/* Fills *out, zeroed, from as many columns as shape has fields. */
enum err store_put_row(struct ctx *cx, const struct shape *shape,
		       const struct val *cols, void *out);
/* sql with {int}, {bytes}, … replaced; in s->arena. */
const char *store_expand(struct store *s, const char *sql);

/* migrate.c */
enum { OWN_APPLIED, OWN_LOCK, OWN_APPLY, OWN_PROBE, OWN_PING, OWN_STMTS };
extern const struct stmt store_own_sql[OWN_STMTS];
/* Makes the store's own tables. Before anything is prepared. */
enum err migrate_bootstrap(struct ctx *cx, struct store_conn *c);
/* Applies what is missing. The store's own statements are prepared. */
enum err migrate_run(struct ctx *cx, struct store_conn *c);

/* For the executor. */
bool store_tx_ok(const struct store_conn *c); /* may go on in it */
void store_reads_only(struct store_conn *c, bool on);
void store_lazy(struct store_conn *c, bool on);
void store_tidy(struct store_conn *c);
/* Writes something that needs space, in a transaction of its own. */
enum err store_probe(struct store_conn *c, struct ctx *cx);
/* What a caller may read about an error of this kind. */
enum err store_error(struct ctx *cx, enum err e, const char *detail);
