/*
 * checkpoint: the node signs the head of its chain from time to time. Without
 * checkpoints whoever holds the database could compute a whole new chain; with
 * them only one who also holds the node's key.
 *
 * What is signed: "assay-checkpoint-1\n" node "\n" seq "\n" at_ms "\n" hash in
 * hex. Exported checkpoints in an auditor's hands also prove a truncation
 * that takes the newest checkpoints away with the records.
 */
#pragma once

#include "engine/audit/record.h"
#include "engine/audit/signer.h"

struct checkpoint {
	int64_t node, seq, at_ms;
	struct str hash; /* HASH_BYTES: of record seq */
	struct str key;	 /* SIGN_KEY_BYTES: the public key */
	struct str sig;	 /* SIGN_BYTES */
};
extern const struct shape checkpoint_shape;
extern const struct stmt_set checkpoint_stmts;
extern const struct migration_set checkpoint_migrations;

struct checkpointer; /* a tx_timer */

struct checkpointer_opts {
	struct journal *journal;
	const struct signer *signer;
	const struct clock *clock;
	int64_t node;
	int64_t every_records, every_ms;
};
struct checkpointer *checkpointer_new(const struct checkpointer_opts *o);
void checkpointer_free(struct checkpointer *c);
/* At boot: where the last checkpoint stands. */
MUST enum err checkpointer_load(struct checkpointer *c, struct ctx *cx);
struct tx_timer checkpointer_timer(struct checkpointer *c);
/* Signs the committed head now, in the running transaction; at shutdown. */
MUST enum err checkpointer_now(struct checkpointer *c, struct ctx *cx);

bool checkpoint_ok(struct ctx *cx, const struct checkpoint *c);
/* A node's checkpoints after seq, in order. */
MUST enum err checkpoint_list(struct ctx *cx, int64_t node, int64_t seq_after,
			      size_t limit, struct list *out);
