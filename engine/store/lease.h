/*
 * lease: one server for each node number of a shared database. Two with one
 * number would write one chain of records.
 *
 * A row of table node_lease says who runs a node and when he last said so. It
 * is taken by compare-and-set before the first write, renewed by a timer, and
 * given back at a stop. Who did not come to renew it for LEASE_MS has lost it
 * to the next who asks. The owner is known by a name that stays with his data
 * folder, so that after a crash he has his lease back at once; each start has
 * an id of its own, so that of two with one name (a copied folder) the older
 * notices.
 *
 * The times are of the servers' own clocks, which must agree to a few seconds.
 */
#pragma once

#include "base/id.h"
#include "engine/store/executor.h"

enum { LEASE_MS = 30000, LEASE_BEAT_MS = 10000 };

struct lease;

struct lease_opts {
	int64_t node;
	struct str owner; /* as long as the lease lives */
	/* Another server has taken it: write nothing more. Writer's thread. */
	void (*lost)(void *arg);
	void *arg;
};

/*
 * Takes it, in a transaction of its own on the writer. ERR_CONFLICT while
 * another's is fresh; the text says what to do.
 */
MUST enum err lease_take(struct ctx *cx, struct store_conn *writer,
			 const struct lease_opts *o, struct lease **out);
/* Renews it, within a transaction; calls lost() where it is gone. */
MUST enum err lease_beat(struct ctx *cx, struct lease *l);
struct tx_timer lease_timer(struct lease *l); /* needs app->executor */
/* Gives it back, in a transaction of its own, for the next one. */
void lease_leave(struct ctx *cx, struct store_conn *writer, struct lease *l);
void lease_free(struct lease *l); /* NULL is allowed */

extern const struct stmt_set lease_stmts;
extern const struct migration_set lease_migrations;
