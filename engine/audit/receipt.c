#include "engine/audit/receipt.h"

#include "engine/audit/signer.h"

static const struct field chain_fields[] = {
	FIELD(struct receipt_chain, node, KIND_INT, "whose chain"),
	FIELD(struct receipt_chain, seq, KIND_INT, "its last record"),
	FIELD(struct receipt_chain, hash, KIND_HEX, "of it"),
	FIELD_END,
};
static const struct shape chain_shape =
	SHAPE(struct receipt_chain, chain_fields);

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
	FIELD_MAYBE(struct receipt, slot, has_submission, KIND_INT,
		    "of a submission: to which question"),
	FIELD_MAYBE(struct receipt, submission, has_submission, KIND_INT,
		    "among those of the question"),
	FIELD_OPT(struct receipt, tree, KIND_STR, "git's id of the files"),
	F(key, KIND_STR, "whose signature"),
	FIELD_OPT(struct receipt, signature, KIND_BYTES, "Ed25519"),
	FIELD_END,
};
static const struct shape receipt_shape = SHAPE(struct receipt, receipt_fields);

struct str receipt_text(struct ctx *cx, const struct receipt *r)
{
	return field_text(cx->arena, &receipt_shape, r);
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
	    !sign_verify(public_key, receipt_text(cx, &r),
			 (const uint8_t *)sig.p))
		return err_set(cx, ERR_INVALID,
			       "the receipt's signature does not fit it");
	return OK;
}
