/*
 * bank_text: the bytes of a file as UTF-8 with plain line ends.
 */
#pragma once

#include "base/ctx.h"

struct bank_text {
	struct str text; /* UTF-8, lines end with \n, no byte order mark */
	const char *was; /* the encoding, if it was not UTF-8; else NULL */
};

/*
 * Byte order marks decide; then `declared` (what the file says of itself, or
 * absent); then whether the bytes are UTF-8; the rest is Windows-1252, of
 * which Latin-1 is the part without 0x80..0x9f. Memory is the arena's.
 * ERR_UNSUPPORTED for a declared encoding that is none of these, ERR_INVALID
 * for a broken UTF-16.
 */
MUST enum err bank_text_decode(struct ctx *cx, struct str bytes,
			       struct str declared, struct bank_text *out);
