/*
 * store_world: a store of either engine with a table of things, for contract
 * tests of the store, the executor and the journal. The clock stands still;
 * randomness is seeded.
 */
#pragma once

#include "engine/audit/record.h"
#include "tests/support/store/db.h"

struct thing {
	struct id id;
	int64_t n;
	struct str name;
	bool flag;
	struct dec points;
	int64_t at_ms;
	int state; /* thing_states */
	uint32_t roles;
	struct str raw, bytes, hex;
	struct list tags; /* struct str */
	struct thing_place {
		int64_t x, y;
	} place;
	int64_t size;
	bool has_size;
};
extern const struct shape thing_shape;

enum {
	THING_INSERT, /* all columns, in order */
	THING_ADD,    /* id, n, name */
	THING_BY_ID,
	THING_BY_NAME_N, /* $2 stands before $1 */
	THING_ALL,	 /* limit */
	THING_COUNT,
	THING_MOVE,   /* id, from state, to state */
	THING_RENAME, /* id, name */
	THING_STMTS
};
extern const struct stmt thing_sql[THING_STMTS];
struct thing_count {
	int64_t count;
};

struct sw {
	struct db db;
	struct store *store;
	struct clock_manual clock;
	struct rng_seeded rng;
	struct ctx cx;
	int64_t busy_ms; /* of stores opened from now on */
};

/* NULL: the engine is not installed. */
struct sw *sw_new(enum db_kind kind);
void sw_free(struct sw *w);
/* More statements and steps than the world's own; NULL: none. */
MUST enum err sw_open(struct sw *w, const struct stmt_set *set,
		      const struct migration_set *steps, struct store **out);
void sw_reopen(struct sw *w); /* the store, as after a restart */

struct id sw_id(struct sw *w);
int64_t sw_things(struct sw *w); /* how many, by a reader */
/* In a transaction of its own on the writer. */
MUST enum err sw_add(struct sw *w, const struct id *id, const char *name);

/* Every record of the node, in order, by a reader. */
struct list sw_records(struct sw *w, int64_t node);
/* Dense numbers from 1 and hashes that follow one another; how many. */
int64_t sw_chain(struct sw *w, int64_t node);
