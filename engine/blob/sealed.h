/*
 * sealed: bytes under a key, as they stand in a file.
 *
 *   "assayb1\n" (8), the stream's header (24), then chunks of up to 65536
 *   bytes, each 17 longer when sealed; the last one is tagged final.
 *
 * The stream is libsodium's secretstream (XChaCha20-Poly1305). A chunk that
 * was changed, moved, left out or added is found, and so is a cut at the end.
 * `about` is covered by the first chunk: a file under another's name does not
 * open.
 */
#pragma once

#include "base/ctx.h"

enum { SEALED_KEY = 32, SEALED_CHUNK = 65536 };

/* How long n bytes are when sealed. */
size_t sealed_size(size_t n);
/* The result lives in the arena. */
struct str sealed_close(struct ctx *cx, const uint8_t key[SEALED_KEY],
			struct str about, struct str plain);
/*
 * The plain bytes, in the arena; at most `most`. ERR_CORRUPT for whatever is
 * wrong: nothing of a damaged file is given out.
 */
MUST enum err sealed_open(struct ctx *cx, const uint8_t key[SEALED_KEY],
			  struct str about, struct str file, size_t most,
			  struct str *plain);
