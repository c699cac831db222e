/*
 * sign: the platform's side of tokens, for the command line, examples and
 * tests: make a key pair, publish its public half, sign claims.
 */
#pragma once

#include "engine/auth/org.h"

/*
 * A new pair as a private JWK text (keep it secret) with the given kid.
 * alg: "ES256" or "RS256". In the arena. ERR_INVALID for another alg.
 */
MUST enum err sign_key_new(struct ctx *cx, struct str alg, struct str kid,
			   struct str *private_jwk);
/* {"keys":[…]} with the public half only. */
MUST enum err sign_jwks(struct ctx *cx, struct str private_jwk,
			struct str *jwks);
struct token_wish {
	struct str issuer, audience, subject, name; /* name may be absent */
	struct str also;    /* a second audience; absent: none */
	struct str roles;   /* words, comma-separated; absent: learner */
	struct str courses; /* comma-separated; absent: all */
	int64_t lives_ms;
};
/* A token for somebody, issued now. */
MUST enum err sign_for(struct ctx *cx, struct str private_jwk,
		       const struct token_wish *wish, struct str *token);
