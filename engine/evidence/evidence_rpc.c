#include "engine/evidence/evidence_rpc.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/audit/chain.h"

struct export_params {
	int64_t node, after, limit;
	bool personal;
};
static const struct field export_fields[] = {
	FIELD_OPT(struct export_params, node, KIND_INT,
		  "whose chain; default: of the server that answers", .min = 1,
		  .max = 1023),
	FIELD_OPT(struct export_params, after, KIND_INT,
		  "the last of the page before; default 0: from the start",
		  .min = 0, .max = INT64_MAX),
	FIELD_OPT(struct export_params, limit, KIND_INT,
		  "records; default 10000", .min = 1, .max = 100000),
	FIELD_OPT(struct export_params, personal, KIND_BOOL,
		  "with the learners' own words"),
	FIELD_END,
};
static const struct shape export_shape =
	SHAPE(struct export_params, export_fields);

struct export_result {
	int64_t node, after, last, head;
};
static const struct field export_result_fields[] = {
	FIELD(struct export_result, node, KIND_INT, "whose chain"),
	FIELD(struct export_result, after, KIND_INT, "where the page begins"),
	FIELD(struct export_result, last, KIND_INT,
	      "where it ends; after for the next page"),
	FIELD(struct export_result, head, KIND_INT,
	      "the last record of the chain of the server that answers"),
	FIELD_END,
};
static const struct shape export_result_shape =
	SHAPE(struct export_result, export_result_fields);

/* An operator sees all tenants' records whole, others only their own. */
static enum err export_chain(struct ctx *cx, const void *params, void *result)
{
	const struct export_params *p = params;
	struct export_result *out = result;
	struct bundle_want want = { .node = p->node ? p->node : cx->app->node,
				    .after = p->after,
				    .org = cx->who->org,
				    .personal = p->personal,
				    .limit = p->limit ? (size_t)p->limit
						      : 10000 };
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	uint8_t hash[HASH_BYTES];
	enum err e;

	if (principal_has(cx->who, ROLE_OPERATOR))
		want.org = (struct id){ 0 };
	e = bundle_write(cx, &want, &b, &out->last);
	if (!e && b.failed)
		e = err_set(cx, ERR_TOO_LARGE,
			    "the page is too large; ask for fewer records");
	if (!e)
		cx->io->bytes_out = buf_copy(&b, cx->arena);
	buf_done(&b);
	out->node = want.node;
	out->after = want.after;
	journal_head(cx->app->journal, &out->head, hash);
	return e;
}

static enum err verify(struct ctx *cx, const void *params, void *result)
{
	(void)params;
	return chain_verify(cx, cx->app->chain_checks, NULL, NULL, result);
}

struct head_result {
	int64_t node, seq;
	struct str hash, key;
	struct str key_id;
};
static const struct field head_fields[] = {
	FIELD(struct head_result, node, KIND_INT, "which chain"),
	FIELD(struct head_result, seq, KIND_INT, "its last record"),
	FIELD(struct head_result, hash, KIND_HEX, "the chain's hash there"),
	FIELD(struct head_result, key_id, KIND_STR,
	      "names the key in receipts"),
	FIELD(struct head_result, key, KIND_HEX,
	      "the Ed25519 public key that signs receipts and checkpoints"),
	FIELD_END,
};
static const struct shape head_shape = SHAPE(struct head_result, head_fields);

static enum err head(struct ctx *cx, const void *params, void *result)
{
	struct head_result *out = result;
	uint8_t *hash = arena_alloc(cx->arena, HASH_BYTES);
	uint8_t *key = arena_alloc(cx->arena, SIGN_KEY_BYTES);

	(void)params;
	out->node = cx->app->node;
	journal_head(cx->app->journal, &out->seq, hash);
	signer_public(cx->app->signer, key);
	out->hash = (struct str){ (char *)hash, HASH_BYTES };
	out->key = (struct str){ (char *)key, SIGN_KEY_BYTES };
	out->key_id = str_of(signer_id(cx->app->signer));
	return OK;
}

#define AUDITORS (ROLE_AUDITOR | ROLE_ORG_ADMIN | ROLE_OPERATOR)

const struct rpc_method evidence_methods[] = {
	{ .name = "audit.export",
	  .does = "Give a page of the audit chain as a bundle that `assay "
		  "verify` checks offline; other tenants' records are digests.",
	  .roles = AUDITORS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES | RPC_WHOLE,
	  .budget_ms = 5000,
	  .params = &export_shape,
	  .result = &export_result_shape,
	  .run = export_chain },
	{ .name = "audit.verify",
	  .does = "Check all chains in the database from their first record, "
		  "and that grades and attempts are what the records say.",
	  .roles = AUDITORS,
	  .flags = RPC_SLOW | RPC_WHOLE,
	  .budget_ms = 60000,
	  .result = &chain_report_shape,
	  .run = verify },
	{ .name = "audit.head",
	  .does = "Tell the chain's last record and the key that signs it.",
	  .roles = ROLE_ANYONE,
	  .flags = RPC_NO_STORE,
	  .result = &head_shape,
	  .run = head },
	{ 0 },
};
