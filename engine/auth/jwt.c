#include "engine/auth/jwt.h"

#include <cjose/cjose.h>
#include <stdlib.h>

#include "base/limits.h"

enum { RSA_LEAST_BITS = 2048, CLAIM_LIST_MAX = 100 };

static enum err bad(struct ctx *cx, const char *why)
{
	return err_set(cx, ERR_UNAUTHENTICATED, "the token %s", why);
}

static bool get_str(struct ctx *cx, struct jval o, const char *name,
		    struct str *out)
{
	struct jval v;

	if (!jval_get(o, name, &v) || jval_type(v) != J_STRING)
		return false;
	*out = jval_str(cx, v);
	return true;
}

/* NumericDate may carry a fraction; it is cut. */
static bool get_date(struct jval o, const char *name, int64_t *ms)
{
	struct jval v;
	struct dec d;

	if (!jval_get(o, name, &v) || jval_type(v) != J_NUMBER)
		return false;
	if (!dec_parse(jval_text(v), &d) || d.nano < 0)
		return false;
	*ms = d.nano / 1000000;
	return true;
}

/* A list of strings, or one string. */
static bool get_list(struct ctx *cx, struct jval o, const char *name,
		     struct list *out)
{
	struct jval v, e;
	struct str member, *at;
	uint32_t it = 0;

	if (!jval_get(o, name, &v))
		return false;
	if (jval_type(v) == J_STRING) {
		at = ARENA_NEW(cx->arena, struct str);
		*at = jval_str(cx, v);
		*out = (struct list){ at, 1 };
		return true;
	}
	if (jval_type(v) != J_ARRAY || jval_count(v) > CLAIM_LIST_MAX)
		return false;
	at = ARENA_ARRAY(cx->arena, struct str, jval_count(v));
	*out = (struct list){ at, 0 };
	while (jval_next(v, &it, &member, &e)) {
		if (jval_type(e) != J_STRING)
			return false;
		at[out->n++] = jval_str(cx, e);
	}
	return true;
}

static bool part_json(struct ctx *cx, struct str part, struct jval *out)
{
	struct str text;
	struct jdoc *doc;

	if (!base64url_decode(cx->arena, part, &text) ||
	    jdoc_parse(cx, text, &doc))
		return false;
	*out = jdoc_root(doc);
	return jval_type(*out) == J_OBJECT;
}

static enum err read_header(struct ctx *cx, struct str part,
			    struct jwt_claims *out)
{
	struct jval h, v;

	if (!part_json(cx, part, &h))
		return bad(cx, "is not a signed JWT");
	if (!get_str(cx, h, "alg", &out->alg) ||
	    !(str_is(out->alg, "ES256") || str_is(out->alg, "RS256")))
		return bad(cx, "must be signed with ES256 or RS256");
	if (jval_get(h, "crit", &v))
		return bad(cx, "has a \"crit\" header, which is not known");
	get_str(cx, h, "kid", &out->kid);
	return OK;
}

static bool read_roles(struct ctx *cx, struct jval c, struct jwt_claims *out)
{
	struct list words;
	struct jval v;

	out->roles = ROLE_LEARNER;
	if (!jval_get(c, "roles", &v))
		return true;
	if (!get_list(cx, c, "roles", &words))
		return false;
	out->roles = 0;
	for (size_t i = 0; i < words.n; i++) {
		int bit = 0;

		while (role_words[bit] &&
		       !str_is(((struct str *)words.at)[i], role_words[bit]))
			bit++;
		if (!role_words[bit])
			return false;
		out->roles |= 1u << bit;
	}
	return out->roles != 0;
}

static enum err read_claims(struct ctx *cx, struct str part,
			    struct jwt_claims *out)
{
	struct jval c, v;

	if (!part_json(cx, part, &c))
		return bad(cx, "is not a signed JWT");
	if (!get_str(cx, c, "iss", &out->iss) || !out->iss.n)
		return bad(cx, "has no issuer (iss)");
	if (!get_str(cx, c, "sub", &out->sub) || !out->sub.n ||
	    out->sub.n > LIMIT_REF_BYTES)
		return bad(cx, "needs a subject (sub) of 1 to 128 bytes");
	if (!get_list(cx, c, "aud", &out->aud))
		return bad(cx, "has no audience (aud)");
	if (!get_date(c, "exp", &out->exp_ms))
		return bad(cx, "has no expiry (exp)");
	if (!get_date(c, "iat", &out->iat_ms))
		return bad(cx, "has no time of issue (iat)");
	if (jval_get(c, "nbf", &v) && !get_date(c, "nbf", &out->nbf_ms))
		return bad(cx, "has a malformed nbf");
	if (jval_get(c, "courses", &v) &&
	    !get_list(cx, c, "courses", &out->courses))
		return bad(cx, "must list its courses as texts");
	if (jval_get(c, "courses", &v) && !out->courses.n)
		return bad(cx, "lists no course; leave courses out for all");
	if (!read_roles(cx, c, out))
		return bad(cx, "claims a role that does not exist");
	get_str(cx, c, "name", &out->name);
	return OK;
}

enum err jwt_read(struct ctx *cx, struct str token, struct jwt_claims *out)
{
	struct str rest = token, head, body, mac, raw;
	enum err e;

	*out = (struct jwt_claims){ 0 };
	if (token.n > LIMIT_TOKEN_BYTES)
		return bad(cx, "is too long");
	if (!str_split(&rest, '.', &head) || !str_split(&rest, '.', &body) ||
	    !str_split(&rest, '.', &mac) || rest.n || !mac.n)
		return bad(cx, "is neither an API key nor a signed JWT");
	/* cjose asserts on bytes that are not base64url, so they stop here. */
	if (!base64url_decode(cx->arena, mac, &raw))
		return bad(cx, "is not a signed JWT");
	e = read_header(cx, head, out);
	return e ? e : read_claims(cx, body, out);
}

enum err jwt_in_time(struct ctx *cx, const struct jwt_claims *c,
		     int64_t skew_ms, int64_t max_ms)
{
	int64_t now = clock_ms(cx->clock);

	if (c->exp_ms + skew_ms <= now)
		return bad(cx, "has expired; ask the platform for a new one");
	if (c->iat_ms - skew_ms > now || c->nbf_ms - skew_ms > now)
		return bad(cx, "is not valid yet; check the clocks");
	if (c->exp_ms - c->iat_ms > max_ms)
		return bad(cx, "lives longer than this service allows");
	return OK;
}

static bool names_audience(const struct jwt_claims *c, struct str audience)
{
	for (size_t i = 0; i < c->aud.n; i++)
		if (str_eq(((struct str *)c->aud.at)[i], audience))
			return true;
	return false;
}

static bool key_fits(cjose_jwk_t *jwk, struct str alg)
{
	cjose_err err;
	cjose_jwk_kty_t type = cjose_jwk_get_kty(jwk, &err);

	if (str_is(alg, "ES256"))
		return type == CJOSE_JWK_KTY_EC &&
		       cjose_jwk_get_keysize(jwk, &err) == 256;
	return type == CJOSE_JWK_KTY_RSA &&
	       cjose_jwk_get_keysize(jwk, &err) >= RSA_LEAST_BITS;
}

/*
 * The public members of a JWK and nothing else, written anew: cjose asserts on
 * numbers that are not base64url, so it only ever sees what was looked at
 * here. Absent if the key cannot be one.
 */
static struct str public_part(struct ctx *cx, struct jval key)
{
	static const char *const names[] = { "kty", "crv", "x", "y",
					     "n",   "e",   NULL };
	struct buf b = { 0 };
	struct str text, raw;
	struct jval v;

	for (int i = 0; names[i]; i++) {
		if (!jval_get(key, names[i], &v))
			continue;
		text = jval_type(v) == J_STRING ? jval_str(cx, v)
						: (struct str){ 0 };
		if (!text.n ||
		    (i >= 2 && !base64url_decode(cx->arena, text, &raw))) {
			buf_done(&b);
			return (struct str){ 0 };
		}
		buf_ch(&b, b.n ? ',' : '{');
		jout_name(&b, names[i]);
		jout_str(&b, text);
	}
	buf_ch(&b, '}');
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return text;
}

static bool signed_with(struct str token, struct str key, struct str alg)
{
	cjose_err err;
	cjose_jwk_t *jwk = cjose_jwk_import(key.p, key.n, &err);
	cjose_jws_t *jws = NULL;
	bool good = false;

	if (jwk && key_fits(jwk, alg))
		jws = cjose_jws_import(token.p, token.n, &err);
	if (jws)
		good = cjose_jws_verify(jws, jwk, &err);
	cjose_jws_release(jws);
	if (jwk)
		cjose_jwk_release(jwk);
	return good;
}

bool jwt_signed_by(struct ctx *cx, struct str token, const struct jwt_claims *c,
		   const struct issuer *i)
{
	struct jval keys, key;
	struct jdoc *doc;
	struct str name, kid, key_text;
	uint32_t it = 0;

	if (!str_eq(c->iss, i->issuer) || !names_audience(c, i->audience))
		return false;
	if (jdoc_parse(cx, i->jwks, &doc) ||
	    !jval_get(jdoc_root(doc), "keys", &keys))
		return false;
	while (jval_next(keys, &it, &name, &key)) {
		kid = (struct str){ 0 };
		get_str(cx, key, "kid", &kid);
		if (c->kid.n && !str_eq(kid, c->kid))
			continue;
		key_text = public_part(cx, key);
		if (key_text.n && signed_with(token, key_text, c->alg))
			return true;
	}
	return false;
}

static enum err check_key(struct ctx *cx, struct jval key, size_t at)
{
	static const char *const secret[] = { "d",  "p",  "q", "dp",
					      "dq", "qi", "k", NULL };
	cjose_err err;
	struct str part;
	struct jval v;
	cjose_jwk_t *jwk;
	bool fits;

	if (jval_type(key) != J_OBJECT)
		return err_field(cx, ERR_INVALID, "/jwks/keys",
				 "key %zu is not an object", at);
	for (int i = 0; secret[i]; i++)
		if (jval_get(key, secret[i], &v))
			return err_field(cx, ERR_INVALID, "/jwks/keys",
					 "key %zu holds a private part; "
					 "register public keys only, and "
					 "replace this pair",
					 at);
	part = public_part(cx, key);
	jwk = part.n ? cjose_jwk_import(part.p, part.n, &err) : NULL;
	if (!jwk)
		return err_field(cx, ERR_INVALID, "/jwks/keys",
				 "key %zu cannot be read as a JWK", at);
	fits = key_fits(jwk, STR("ES256")) || key_fits(jwk, STR("RS256"));
	cjose_jwk_release(jwk);
	if (!fits)
		return err_field(cx, ERR_INVALID, "/jwks/keys",
				 "key %zu must be EC P-256 or RSA of %d bits "
				 "or more",
				 at, RSA_LEAST_BITS);
	return OK;
}

enum err issuer_check_jwks(struct ctx *cx, struct str jwks)
{
	struct jval keys, key;
	struct jdoc *doc;
	struct str name;
	uint32_t it = 0;
	size_t at = 0;
	enum err e;

	if (jwks.n > LIMIT_JWKS_BYTES)
		return err_field(cx, ERR_TOO_LARGE, "/jwks",
				 "a key set has at most %d bytes",
				 LIMIT_JWKS_BYTES);
	e = jdoc_parse(cx, jwks, &doc);
	if (e)
		return e;
	if (jval_type(jdoc_root(doc)) != J_OBJECT ||
	    !jval_get(jdoc_root(doc), "keys", &keys) ||
	    jval_type(keys) != J_ARRAY || !jval_count(keys) ||
	    jval_count(keys) > LIMIT_KEYS_PER_ISSUER)
		return err_field(cx, ERR_INVALID, "/jwks",
				 "jwks must be {\"keys\": [...]} with 1 to %d "
				 "keys",
				 LIMIT_KEYS_PER_ISSUER);
	while (jval_next(keys, &it, &name, &key)) {
		e = check_key(cx, key, at++);
		if (e)
			return e;
	}
	return OK;
}
