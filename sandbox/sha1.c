#include "sandbox/sha1.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56 };

static uint32_t turn(uint32_t v, int by)
{
	return v << by | v >> (32 - by);
}

/* FIPS 180-4, 4.1.1 and 4.2.1. */
static uint32_t mix(int t, const uint32_t v[5])
{
	if (t < 20)
		return ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999;
	if (t < 40)
		return (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1;
	if (t < 60)
		return ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) +
		       0x8f1bbcdc;
	return (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
}

static void take_block(struct sha1 *s, const uint8_t *p)
{
	uint32_t w[80], v[5];

	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 |
		       (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
	for (int t = 16; t < 80; t++)
		w[t] = turn(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(v, s->h, sizeof(v));
	for (int t = 0; t < 80; t++) {
		uint32_t n = turn(v[0], 5) + mix(t, v) + v[4] + w[t];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = turn(v[1], 30);
		v[1] = v[0];
		v[0] = n;
	}
	for (int i = 0; i < 5; i++)
		s->h[i] += v[i];
}

void sha1_init(struct sha1 *s)
{
	*s = (struct sha1){ .h = { 0x67452301, 0xefcdab89, 0x98badcfe,
				   0x10325476, 0xc3d2e1f0 } };
}

void sha1_add(struct sha1 *s, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n) {
		size_t at = s->n % BLOCK, take = BLOCK - at;

		if (at == 0 && n >= BLOCK) {
			take_block(s, p);
			take = BLOCK;
		} else {
			if (take > n)
				take = n;
			memcpy(s->block + at, p, take);
			if (at + take == BLOCK)
				take_block(s, s->block);
		}
		s->n += take;
		p += take;
		n -= take;
	}
}

void sha1_end(struct sha1 *s, uint8_t out[SHA1_BYTES])
{
	static const uint8_t pad[BLOCK] = { 0x80 };
	uint64_t bits = s->n * 8;
	uint8_t length[8];

	sha1_add(s, pad, 1 + (LENGTH_AT + BLOCK - 1 - s->n % BLOCK) % BLOCK);
	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha1_add(s, length, sizeof(length));
	for (int i = 0; i < SHA1_BYTES; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - i % 4 * 8));
}
