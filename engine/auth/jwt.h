/*
 * jwt: a platform's signed statement of who calls (RFC 7519), checked against
 * the issuers that tenants registered.
 *
 * Taken: compact JWS, alg ES256 (P-256) or RS256 (2048 bits and more), no
 * "crit", a key of the issuer's set with the token's kid (without kid: any
 * key of the right type). Claims: iss, aud (text or list), sub, exp (at most
 * jwt_max after iat), iat, nbf if present; roles (list of words, each allowed
 * to the issuer; default ["learner"]), courses (list; absent: all), name.
 */
#pragma once

#include "engine/auth/org.h"

struct jwt_claims {
	struct str iss, sub, kid, alg, name;
	struct list aud;     /* struct str */
	struct list courses; /* struct str */
	uint32_t roles;
	int64_t exp_ms, iat_ms, nbf_ms; /* nbf 0: not said */
};

/* Reads the parts without believing them. ERR_UNAUTHENTICATED says why. */
MUST enum err jwt_read(struct ctx *cx, struct str token,
		       struct jwt_claims *out);
/* Is the token signed by a key of this issuer, for this audience? */
bool jwt_signed_by(struct ctx *cx, struct str token, const struct jwt_claims *c,
		   const struct issuer *i);
/* Times, against the clock with the allowed skew. */
MUST enum err jwt_in_time(struct ctx *cx, const struct jwt_claims *c,
			  int64_t skew_ms, int64_t max_ms);
