/*
 * Receipts: what is in them; see engine/audit/receipt.h for the form.
 *
 * answers is the BLAKE2b-256 of the canonical responses, one line for each
 * slot, so that whoever kept them can show what they were. chain is the last
 * committed place of the node's record chain: the attempt's records are in it
 * or directly behind it.
 */
#include <sodium.h>

#include "engine/attempt/live.h"
#include "engine/audit/receipt.h"
#include "engine/audit/signer.h"

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
	signer_sign(signer, receipt_text(cx, &r), sig);
	r.signature = bytes_of(cx, sig, sizeof(sig));
	*out = receipt_text(cx, &r);
	return OK;
}
