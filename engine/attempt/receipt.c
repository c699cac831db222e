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

/* Signs what is in it so far. */
static struct str signed_text(struct ctx *cx, struct receipt *r)
{
	const struct signer *signer = cx->app->signer;
	uint8_t hash[HASH_BYTES], sig[SIGN_BYTES];

	r->chain.node = cx->app->node;
	journal_head(cx->app->journal, &r->chain.seq, hash);
	r->chain.hash = bytes_of(cx, hash, sizeof(hash));
	r->key = str_of(signer_id(signer));
	signer_sign(signer, receipt_text(cx, r), sig);
	r->signature = bytes_of(cx, sig, sizeof(sig));
	return receipt_text(cx, r);
}

static struct receipt receipt_of(const struct live *l, int64_t at, bool late)
{
	return (struct receipt){ .attempt = l->row.id,
				 .learner = l->row.learner,
				 .assessment = l->made_of->row.id,
				 .digest = l->made_of->row.digest,
				 .number = l->row.number,
				 .finished_at = at,
				 .late = late,
				 .records = l->n };
}

enum err receipt_make(struct ctx *cx, const struct live *l, int64_t finished_at,
		      bool late, struct str *out)
{
	struct receipt r = receipt_of(l, finished_at, late);

	r.answers = answers_digest(cx, l);
	*out = signed_text(cx, &r);
	return OK;
}

struct str receipt_of_files(struct ctx *cx, const struct live *l, int64_t slot,
			    int64_t number, struct str response,
			    struct str tree)
{
	int64_t now = clock_ms(cx->clock);
	bool late = l->policy.due_at && now > l->policy.due_at;
	struct receipt r = receipt_of(l, now, late);
	uint8_t hash[HASH_BYTES];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)response.p,
			   response.n, NULL, 0);
	r.answers = bytes_of(cx, hash, sizeof(hash));
	r.has_submission = true;
	r.slot = slot;
	r.submission = number;
	r.tree = tree;
	return signed_text(cx, &r);
}
