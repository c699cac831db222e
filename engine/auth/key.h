/*
 * key: the text of an API key, "assay_" 32 hex digits "_" 43 base64url
 * characters: the key's id and 256 random bits. Only a hash of the secret,
 * keyed by the id, is stored; the text is shown once.
 */
#pragma once

#include "base/ctx.h"
#include "base/id.h"

/* Draws a secret; gives the text to show and the hash to store. */
struct str key_secret_new(struct ctx *cx, const struct id *id,
			  struct str *hash);
bool key_is_one(struct str token); /* by its form, not JWT */
/* Splits a token; false if malformed. hash: 32 bytes, compare in constant time.
 */
bool key_parse(struct ctx *cx, struct str token, struct id *id,
	       uint8_t hash[32]);
