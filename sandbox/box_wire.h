/*
 * box_wire: asks and tellings as bytes, between client, assay-box and init.
 * Little-endian 64-bit numbers, strings with their length before them; an
 * absent string has length -1. Reading checks every length against what is
 * there and against limits; strings point into the bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/run.h"

enum {
	WIRE_WORDS = 8192, /* argv and env */
	WIRE_FILES = 8192, /* put and wanted */
	WIRE_BYTES = 512 << 20,
};

void wire_put_ask(struct buf *b, const struct run_ask *ask, bool with_input);
/* ERR_INVALID: not what wire_put_ask writes. Lists live in cx->arena. */
MUST enum err wire_get_ask(struct ctx *cx, struct str bytes,
			   struct run_ask *out);
void wire_put_told(struct buf *b, const struct run_told *told);
MUST enum err wire_get_told(struct ctx *cx, struct str bytes,
			    struct run_told *out);
