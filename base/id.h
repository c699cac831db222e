/*
 * id: UUIDv7 (RFC 9562). Bytes in storage, lower-case text on the wire.
 * All-zero is "none".
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum { ID_BYTES = 16, ID_TEXT = 36 };

struct id {
	uint8_t b[ID_BYTES];
};

struct clock;
struct rng;

/* Time-ordered by the clock's millisecond; 74 random bits. */
struct id id_new(const struct clock *clock, struct rng *rng);
bool id_is_none(const struct id *id);
bool id_eq(const struct id *a, const struct id *b);
int id_cmp(const struct id *a, const struct id *b);
uint64_t id_hash(const struct id *id);
/* Exactly 36 characters and a terminator. */
void id_text(const struct id *id, char out[ID_TEXT + 1]);
/* Any UUID version in 8-4-4-4-12 form, either case; false otherwise. */
bool id_parse(struct str s, struct id *out);
