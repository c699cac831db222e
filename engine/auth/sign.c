#include "engine/auth/sign.h"

#include <cjose/cjose.h>
#include <stdlib.h>

static enum err ours(struct ctx *cx, const char *what)
{
	return err_set(cx, ERR_INVALID, "cannot %s: is it a private JWK?",
		       what);
}

enum err sign_key_new(struct ctx *cx, struct str alg, struct str kid,
		      struct str *private_jwk)
{
	cjose_err err;
	cjose_jwk_t *jwk;
	char *text;

	if (str_is(alg, "ES256"))
		jwk = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &err);
	else if (str_is(alg, "RS256"))
		jwk = cjose_jwk_create_RSA_random(
			2048, (const uint8_t *)"\x01\x00\x01", 3, &err);
	else
		return err_set(cx, ERR_INVALID, "alg must be ES256 or RS256");
	if (!jwk)
		return ours(cx, "make a key");
	text = cjose_jwk_set_kid(jwk, kid.p, kid.n, &err)
		       ? cjose_jwk_to_json(jwk, true, &err)
		       : NULL;
	cjose_jwk_release(jwk);
	if (!text)
		return ours(cx, "write the key");
	*private_jwk = str_copy(cx->arena, str_of(text));
	free(text);
	return OK;
}

enum err sign_jwks(struct ctx *cx, struct str private_jwk, struct str *jwks)
{
	cjose_err err;
	cjose_jwk_t *jwk = cjose_jwk_import(private_jwk.p, private_jwk.n, &err);
	char *text;

	if (!jwk)
		return ours(cx, "read the key");
	text = cjose_jwk_to_json(jwk, false, &err);
	cjose_jwk_release(jwk);
	if (!text)
		return ours(cx, "write the key");
	*jwks = str_fmt(cx->arena, "{\"keys\":[%s]}", text);
	free(text);
	return OK;
}

static cjose_header_t *make_header(cjose_jwk_t *jwk)
{
	cjose_err err;
	cjose_header_t *h = cjose_header_new(&err);
	bool ec = cjose_jwk_get_kty(jwk, &err) == CJOSE_JWK_KTY_EC;
	const char *kid = cjose_jwk_get_kid(jwk, &err);

	if (h && (!cjose_header_set(h, CJOSE_HDR_ALG, ec ? "ES256" : "RS256",
				    &err) ||
		  (kid && !cjose_header_set(h, CJOSE_HDR_KID, kid, &err)))) {
		cjose_header_release(h);
		h = NULL;
	}
	return h;
}

/* A compact JWS over claims (a JSON object). */
static enum err sign_token(struct ctx *cx, struct str private_jwk,
			   struct str claims, struct str *token)
{
	cjose_err err;
	cjose_jwk_t *jwk = cjose_jwk_import(private_jwk.p, private_jwk.n, &err);
	cjose_header_t *header = jwk ? make_header(jwk) : NULL;
	cjose_jws_t *jws = NULL;
	const char *text = NULL;

	if (header)
		jws = cjose_jws_sign(jwk, header, (const uint8_t *)claims.p,
				     claims.n, &err);
	if (jws && cjose_jws_export(jws, &text, &err))
		*token = str_copy(cx->arena, str_of(text));
	cjose_jws_release(jws);
	if (header)
		cjose_header_release(header);
	if (jwk)
		cjose_jwk_release(jwk);
	return text ? OK : ours(cx, "sign with the key");
}

static void claim_list(struct buf *b, const char *name, struct str words)
{
	struct str one;
	bool first = true;

	if (!words.n)
		return;
	buf_ch(b, ',');
	jout_name(b, name);
	buf_ch(b, '[');
	while (str_split(&words, ',', &one)) {
		if (!first)
			buf_ch(b, ',');
		first = false;
		jout_str(b, str_trim(one));
	}
	buf_ch(b, ']');
}

enum err sign_for(struct ctx *cx, struct str private_jwk,
		  const struct token_wish *w, struct str *token)
{
	int64_t now = clock_ms(cx->clock) / 1000;
	int64_t until = now + w->lives_ms / 1000;
	struct buf b = { 0 };
	enum err e;

	buf_z(&b, "{\"iss\":");
	jout_str(&b, w->issuer);
	buf_z(&b, ",\"aud\":");
	if (w->also.n)
		buf_ch(&b, '[');
	jout_str(&b, w->audience);
	if (w->also.n) {
		buf_ch(&b, ',');
		jout_str(&b, w->also);
		buf_ch(&b, ']');
	}
	buf_z(&b, ",\"sub\":");
	jout_str(&b, w->subject);
	if (w->name.n) {
		buf_z(&b, ",\"name\":");
		jout_str(&b, w->name);
	}
	buf_fmt(&b, ",\"iat\":%lld,\"exp\":%lld", (long long)now,
		(long long)until);
	claim_list(&b, "roles", w->roles);
	claim_list(&b, "courses", w->courses);
	buf_ch(&b, '}');
	e = sign_token(cx, private_jwk, buf_view(&b), token);
	buf_done(&b);
	return e;
}
