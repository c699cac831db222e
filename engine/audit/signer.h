/*
 * signer: the node's Ed25519 key. It signs receipts and checkpoints of the
 * audit chain, so that both can be checked by anyone who knows the public key.
 *
 * The secret is a file in the data folder, readable by the server alone. Its
 * id is the start of the public key's hash, in hex.
 */
#pragma once

#include "base/ctx.h"

enum { SIGN_BYTES = 64, SIGN_KEY_BYTES = 32, SIGN_ID_TEXT = 16 };

struct signer;

/* Reads the key file, or makes it (mode 0600). ERR_INVALID: what is wrong. */
MUST enum err signer_open(struct ctx *cx, const char *path,
			  struct signer **out);
/* From a seed, for tests. */
struct signer *signer_from(const uint8_t seed[32]);
void signer_free(struct signer *s);

void signer_sign(const struct signer *s, struct str message,
		 uint8_t out[SIGN_BYTES]);
void signer_public(const struct signer *s, uint8_t out[SIGN_KEY_BYTES]);
const char *signer_id(const struct signer *s); /* SIGN_ID_TEXT hex digits */
/* 32 bytes for another use (feed keys), derived from the secret. */
void signer_derive(const struct signer *s, const char *use, uint8_t out[32]);

bool sign_verify(const uint8_t key[SIGN_KEY_BYTES], struct str message,
		 const uint8_t sig[SIGN_BYTES]);
void sign_id(const uint8_t key[SIGN_KEY_BYTES], char out[SIGN_ID_TEXT + 1]);
