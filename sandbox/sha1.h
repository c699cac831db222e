/*
 * sha1: FIPS 180-4, piece by piece; for the checksum at the end of a pack and
 * its index, where nobody gains by a collision. Ids of objects come from
 * libgit2, which notices collision attacks (sandbox/object.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA1_BYTES = 20 };

struct sha1 {
	uint32_t h[5];
	uint64_t n; /* bytes so far */
	uint8_t block[64];
};
void sha1_init(struct sha1 *s);
void sha1_add(struct sha1 *s, const void *p, size_t n);
void sha1_end(struct sha1 *s, uint8_t out[SHA1_BYTES]);
