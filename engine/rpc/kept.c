#include "engine/rpc/kept.h"

#include <sodium.h>

#include "base/field.h"

#define HEAD STR("{\"sealed\":\"")
#define TAIL STR("\"}")

enum {
	KEY = crypto_secretbox_KEYBYTES,
	NONCE = crypto_secretbox_NONCEBYTES,
	MAC = crypto_secretbox_MACBYTES,
};

static void derive(struct str actor, struct str key, uint8_t out[KEY])
{
	static const char use[] = "assay kept reply";
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, KEY);
	crypto_generichash_update(&st, (const uint8_t *)use, sizeof(use));
	crypto_generichash_update(&st, (const uint8_t *)actor.p, actor.n);
	crypto_generichash_update(&st, (const uint8_t *)"", 1);
	crypto_generichash_update(&st, (const uint8_t *)key.p, key.n);
	crypto_generichash_final(&st, out, KEY);
	sodium_memzero(&st, sizeof(st));
}

struct str kept_seal(struct ctx *cx, struct str actor, struct str key,
		     struct str reply)
{
	size_t n = NONCE + MAC + reply.n;
	uint8_t secret[KEY], *box = arena_alloc(cx->arena, n);
	struct buf b = { 0 };
	struct str s;

	derive(actor, key, secret);
	rng_fill(cx->rng, box, NONCE);
	crypto_secretbox_easy(box + NONCE, (const uint8_t *)reply.p, reply.n,
			      box, secret);
	sodium_memzero(secret, sizeof(secret));
	buf_str(&b, HEAD);
	buf_hex(&b, box, n);
	buf_str(&b, TAIL);
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

bool kept_open(struct ctx *cx, struct str actor, struct str key,
	       struct str *reply)
{
	uint8_t secret[KEY], *open;
	const uint8_t *box;
	struct str raw;
	bool ok;

	if (reply->n < HEAD.n + TAIL.n ||
	    !str_eq(str_cut(*reply, 0, HEAD.n), HEAD))
		return true;
	if (!hex_decode(cx->arena, str_cut(*reply, HEAD.n, reply->n - TAIL.n),
			&raw) ||
	    raw.n < NONCE + MAC)
		return false;
	box = (const uint8_t *)raw.p;
	open = arena_alloc(cx->arena, raw.n);
	derive(actor, key, secret);
	ok = crypto_secretbox_open_easy(open, box + NONCE, raw.n - NONCE, box,
					secret) == 0;
	sodium_memzero(secret, sizeof(secret));
	if (ok)
		*reply =
			(struct str){ (const char *)open, raw.n - NONCE - MAC };
	return ok;
}
