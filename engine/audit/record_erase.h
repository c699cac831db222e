/*
 * record_erase: forgets the personal parts of one person's records, and the
 * salts with them. Their digests stay, so the chain still verifies; it asks
 * for a record "learner.erased" about the person, which the caller stages.
 *
 * There is no index by person, which would cost every append; a chain is
 * walked in spans, each of which reads no more than so many records.
 */
#pragma once

#include "engine/audit/record.h"

struct record_span {
	int64_t node;	/* whose chain */
	int64_t after;	/* places up to here are done; moved on by the call */
	int64_t most;	/* records to read at most */
	bool ended;	/* set: nothing is behind `after` now */
	int64_t erased; /* counted up */
};

/* Only records of up to before_ms: a person may come back. */
MUST enum err record_erase(struct ctx *cx, const struct id *org,
			   const struct id *learner, int64_t before_ms,
			   struct record_span *span);
/* The next node after this one that has a chain; 0: none. */
MUST enum err record_next_node(struct ctx *cx, int64_t after, int64_t *node);

/*
 * Was record_erase ever done to him, also if he came back since? It alone
 * changes records that are committed, and leaves this in the same transaction:
 * who keeps what he read of somebody's records asks here whether it still
 * holds.
 */
MUST enum err record_erased(struct ctx *cx, const struct id *org,
			    const struct id *learner, bool *erased);

extern const struct stmt_set record_erase_stmts;
extern const struct migration_set record_erase_migrations;
