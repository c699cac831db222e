#include "engine/audit/checkpoint.h"

#include <stdlib.h>

static const struct field checkpoint_fields[] = {
	FIELD(struct checkpoint, node, KIND_INT, "number of the node"),
	FIELD(struct checkpoint, seq, KIND_INT, "last record that it covers"),
	FIELD(struct checkpoint, at_ms, KIND_INT, "when, Unix milliseconds"),
	FIELD(struct checkpoint, hash, KIND_HEX, "the chain's hash there"),
	FIELD(struct checkpoint, key, KIND_HEX, "Ed25519 public key"),
	FIELD(struct checkpoint, sig, KIND_HEX, "Ed25519 signature"),
	FIELD_END,
};
const struct shape checkpoint_shape =
	SHAPE(struct checkpoint, checkpoint_fields);

struct last_row {
	int64_t seq;
};
static const struct field last_fields[] = {
	FIELD(struct last_row, seq, KIND_INT, "of the last checkpoint"),
	FIELD_END,
};
static const struct shape last_shape = SHAPE(struct last_row, last_fields);

enum { CHECKPOINT_INSERT, CHECKPOINT_LAST, CHECKPOINT_AFTER, STMTS };

static const struct stmt sql[STMTS] = {
	[CHECKPOINT_INSERT] = { "checkpoint_insert",
				"INSERT INTO checkpoint"
				" (node, seq, at_ms, hash, key, sig)"
				" VALUES ($1, $2, $3, $4, $5, $6)"
				" ON CONFLICT DO NOTHING" },
	[CHECKPOINT_LAST] = { "checkpoint_last",
			      "SELECT seq FROM checkpoint WHERE node = $1"
			      " ORDER BY seq DESC LIMIT 1",
			      &last_shape },
	[CHECKPOINT_AFTER] = { "checkpoint_after",
			       "SELECT node, seq, at_ms, hash, key, sig"
			       " FROM checkpoint WHERE node = $1 AND seq > $2"
			       " ORDER BY seq",
			       &checkpoint_shape },
};
const struct stmt_set checkpoint_stmts = { "checkpoint", sql, STMTS };

static const struct migration steps[] = {
	{ 5, "checkpoints",
	  "CREATE TABLE checkpoint (\n"
	  "  node {int} NOT NULL,\n"
	  "  seq {int} NOT NULL,\n"
	  "  at_ms {int} NOT NULL,\n"
	  "  hash {bytes} NOT NULL,\n"
	  "  key {bytes} NOT NULL,\n"
	  "  sig {bytes} NOT NULL,\n"
	  "  PRIMARY KEY (node, seq)\n"
	  "){clustered};\n" },
};
const struct migration_set checkpoint_migrations = { steps, 1 };

struct checkpointer {
	struct checkpointer_opts o;
	int64_t signed_seq;    /* of the last checkpoint */
	int64_t open_since_ms; /* first seen beyond it; 0: nothing is */
};

struct checkpointer *checkpointer_new(const struct checkpointer_opts *o)
{
	struct checkpointer *c = calloc(1, sizeof(*c)); /* allowed: process */

	CHECK(c);
	c->o = *o;
	return c;
}

void checkpointer_free(struct checkpointer *c)
{
	free(c);
}

enum err checkpointer_load(struct checkpointer *c, struct ctx *cx)
{
	struct last_row row;
	enum err e = store_one(cx, &sql[CHECKPOINT_LAST],
			       VALS(v_int(c->o.node)), &row);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (!e)
		c->signed_seq = row.seq;
	return e;
}

static struct str to_sign(struct ctx *cx, const struct checkpoint *c)
{
	struct buf b = { 0 };
	struct str s;

	buf_fmt(&b, "assay-checkpoint-1\n%lld\n%lld\n%lld\n",
		(long long)c->node, (long long)c->seq, (long long)c->at_ms);
	buf_hex(&b, c->hash.p, c->hash.n);
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

bool checkpoint_ok(struct ctx *cx, const struct checkpoint *c)
{
	return c->hash.n == HASH_BYTES && c->key.n == SIGN_KEY_BYTES &&
	       c->sig.n == SIGN_BYTES &&
	       sign_verify((const uint8_t *)c->key.p, to_sign(cx, c),
			   (const uint8_t *)c->sig.p);
}

enum err checkpoint_list(struct ctx *cx, int64_t node, int64_t seq_after,
			 size_t limit, struct list *out)
{
	return store_list(cx, &sql[CHECKPOINT_AFTER],
			  VALS(v_int(node), v_int(seq_after)), limit, out,
			  NULL);
}

enum err checkpointer_now(struct checkpointer *c, struct ctx *cx)
{
	uint8_t hash[HASH_BYTES], key[SIGN_KEY_BYTES], sig[SIGN_BYTES];
	struct checkpoint p = { .node = c->o.node,
				.at_ms = clock_ms(c->o.clock),
				.hash = { (char *)hash, sizeof(hash) },
				.key = { (char *)key, sizeof(key) },
				.sig = { (char *)sig, sizeof(sig) } };
	enum err e;

	journal_head(c->o.journal, &p.seq, hash);
	if (p.seq <= c->signed_seq)
		return OK;
	signer_public(c->o.signer, key);
	signer_sign(c->o.signer, to_sign(cx, &p), sig);
	e = store_exec(cx, &sql[CHECKPOINT_INSERT],
		       VALS(v_int(p.node), v_int(p.seq), v_int(p.at_ms),
			    v_bytes(p.hash), v_bytes(p.key), v_bytes(p.sig)),
		       NULL);
	if (e)
		return e;
	c->signed_seq = p.seq;
	c->open_since_ms = 0;
	return OK;
}

static int64_t next_ms(void *arg)
{
	struct checkpointer *c = arg;
	uint8_t hash[HASH_BYTES];
	int64_t seq;

	journal_head(c->o.journal, &seq, hash);
	if (seq <= c->signed_seq)
		return INT64_MAX;
	if (!c->open_since_ms)
		c->open_since_ms = clock_ms(c->o.clock);
	if (seq - c->signed_seq >= c->o.every_records)
		return 0;
	return c->open_since_ms + c->o.every_ms;
}

/*
 * If this batch fails after all, the next checkpoint covers the same records,
 * so moving on before the commit loses nothing.
 */
static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	(void)now_ms;
	(void)max;
	return checkpointer_now(arg, cx) == OK ? 1 : 0;
}

struct tx_timer checkpointer_timer(struct checkpointer *c)
{
	return (struct tx_timer){ c, next_ms, run };
}
