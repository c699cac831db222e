/*
 * Receipts: what was handed in, when, and that this server says so.
 *
 *	{"attempt":…,"learner":…,"assessment":…,"digest":…,"number":…,
 *	 "finished_at":…,"late":…,"records":…,"chain":{"node","seq","hash"},
 *	 "answers":…,"key":…,"signature":…}
 *
 * answers is the BLAKE2b-256 of the canonical responses, one line for each
 * slot, so that whoever kept them can show what they were. chain is the last
 * committed place of the node's record chain: the attempt's records are in it
 * or directly behind it. The signature (Ed25519) is over all members before
 * it, as they stand, closed by a brace.
 */
#include <sodium.h>

#include "engine/attempt/live.h"
#include "engine/audit/signer.h"

struct receipt_chain {
	int64_t node, seq;
	struct str hash;
};
static const struct field chain_fields[] = {
	FIELD(struct receipt_chain, node, KIND_INT, "whose chain"),
	FIELD(struct receipt_chain, seq, KIND_INT, "its last record"),
	FIELD(struct receipt_chain, hash, KIND_HEX, "of it"),
	FIELD_END,
};
static const struct shape chain_shape =
	SHAPE(struct receipt_chain, chain_fields);

struct receipt {
	struct id attempt, learner, assessment;
	struct str digest;
	int64_t number, finished_at;
	bool late;
	int64_t records;
	struct receipt_chain chain;
	struct str answers, key, signature;
};
#define F(m, k, d, ...) FIELD(struct receipt, m, k, d, __VA_ARGS__)
static const struct field receipt_fields[] = {
	F(attempt, KIND_ID, "what was handed in"),
	F(learner, KIND_ID, "by whom"),
	F(assessment, KIND_ID, "the version"),
	F(digest, KIND_HEX, "of the version"),
	F(number, KIND_INT, "among the learner's attempts"),
	F(finished_at, KIND_TIME, "when"),
	F(late, KIND_BOOL, "by the server's clock"),
	F(records, KIND_INT, "records of the attempt before this"),
	F(chain, KIND_OBJECT, "place in the audit chain",
	  .shape = &chain_shape),
	F(answers, KIND_HEX, "digest of the responses"),
	F(key, KIND_STR, "whose signature"),
	FIELD_OPT(struct receipt, signature, KIND_BYTES, "Ed25519"),
	FIELD_END,
};
static const struct shape receipt_shape = SHAPE(struct receipt, receipt_fields);

static struct str bytes_of(struct ctx *cx, const void *p, size_t n)
{
	return str_copy(cx->arena, (struct str){ p, n });
}

static struct str answers_digest(struct ctx *cx, const struct live *l)
{
	uint8_t hash[HASH_BYTES];
	crypto_generichash_state h;
	struct buf b = { 0 };

	crypto_generichash_init(&h, NULL, 0, sizeof(hash));
	for (size_t i = 0; i < l->slots_n; i++) {
		const struct slot_run *s = &l->slots[i].run;

		buf_reset(&b);
		if (s->has_response)
			response_write(&b, s->setup.item, &s->response);
		buf_ch(&b, '\n');
		crypto_generichash_update(
			&h, (const unsigned char *)buf_view(&b).p, b.n);
	}
	crypto_generichash_final(&h, hash, sizeof(hash));
	buf_done(&b);
	return bytes_of(cx, hash, sizeof(hash));
}

enum err receipt_make(struct ctx *cx, const struct live *l, int64_t finished_at,
		      bool late, struct str *out)
{
	const struct signer *signer = cx->app->signer;
	struct receipt r = { .attempt = l->row.id,
			     .learner = l->row.learner,
			     .assessment = l->made_of->row.id,
			     .digest = l->made_of->row.digest,
			     .number = l->row.number,
			     .finished_at = finished_at,
			     .late = late,
			     .records = l->n,
			     .chain.node = cx->app->node };
	uint8_t hash[HASH_BYTES], sig[SIGN_BYTES];

	journal_head(cx->app->journal, &r.chain.seq, hash);
	r.chain.hash = bytes_of(cx, hash, sizeof(hash));
	r.answers = answers_digest(cx, l);
	r.key = str_of(signer_id(signer));
	signer_sign(signer, field_text(cx->arena, &receipt_shape, &r), sig);
	r.signature = bytes_of(cx, sig, sizeof(sig));
	*out = field_text(cx->arena, &receipt_shape, &r);
	return OK;
}

enum err receipt_verify(struct ctx *cx, struct str receipt,
			const uint8_t public_key[32])
{
	char id[SIGN_ID_TEXT + 1];
	struct receipt r;
	struct str sig;
	enum err e = field_decode_text(cx, receipt, &receipt_shape, &r);

	if (e)
		return e;
	sig = r.signature;
	r.signature = (struct str){ 0 };
	sign_id(public_key, id);
	if (!str_is(r.key, id))
		return err_set(cx, ERR_NOT_FOUND,
			       "the receipt was signed by another key");
	if (sig.n != SIGN_BYTES ||
	    !sign_verify(public_key, field_text(cx->arena, &receipt_shape, &r),
			 (const uint8_t *)sig.p))
		return err_set(cx, ERR_INVALID,
			       "the receipt's signature does not fit it");
	return OK;
}
