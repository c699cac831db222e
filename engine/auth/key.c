#include "engine/auth/key.h"

#include <sodium.h>

#include "base/field.h"

enum { SECRET_BYTES = 32, PREFIX = 6, HEX = 32, SECRET_TEXT = 43 };

static void hash_secret(const struct id *id, const void *secret,
			uint8_t out[32])
{
	crypto_generichash(out, 32, secret, SECRET_BYTES, id->b, sizeof(id->b));
}

struct str key_secret_new(struct ctx *cx, const struct id *id, struct str *hash)
{
	uint8_t secret[SECRET_BYTES];
	uint8_t *h = arena_alloc(cx->arena, 32);
	struct buf b = { 0 };
	struct str text;

	rng_fill(cx->rng, secret, sizeof(secret));
	hash_secret(id, secret, h);
	*hash = (struct str){ (const char *)h, 32 };
	buf_z(&b, "assay_");
	buf_hex(&b, id->b, sizeof(id->b));
	buf_ch(&b, '_');
	base64url_encode(&b, (struct str){ (char *)secret, sizeof(secret) });
	text = buf_copy(&b, cx->arena);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(b.p, b.n);
	buf_done(&b);
	return text;
}

bool key_is_one(struct str token)
{
	return str_starts(token, "assay_");
}

bool key_parse(struct ctx *cx, struct str token, struct id *id,
	       uint8_t hash[32])
{
	struct str raw, secret;

	if (token.n != PREFIX + HEX + 1 + SECRET_TEXT || !key_is_one(token) ||
	    token.p[PREFIX + HEX] != '_')
		return false;
	if (!hex_decode(cx->arena, str_cut(token, PREFIX, PREFIX + HEX),
			&raw) ||
	    raw.n != sizeof(id->b))
		return false;
	if (!base64url_decode(cx->arena,
			      str_cut(token, PREFIX + HEX + 1, token.n),
			      &secret) ||
	    secret.n != SECRET_BYTES)
		return false;
	memcpy(id->b, raw.p, sizeof(id->b));
	hash_secret(id, secret.p, hash);
	return true;
}
