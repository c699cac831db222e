#include "base/rng.h"

#include <sodium.h>
#include <string.h>

#include "base/err.h"

static void system_fill(struct rng *r, void *out, size_t n)
{
	(void)r;
	randombytes_buf(out, n);
}

struct rng *rng_system(void)
{
	/* Not const only for the type's sake; nothing ever writes to it. */
	static struct rng system_rng = { system_fill };

	CHECK(sodium_init() >= 0); /* cheap and thread-safe when done before */
	return &system_rng;
}

/*
 * The bytes are the ChaCha20 key stream of the seed with a zero nonce, from
 * block 0 on. Stored variants depend on it: it may never change.
 */
static void next_block(struct rng_seeded *s)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	memset(s->block, 0, sizeof(s->block));
	crypto_stream_chacha20_xor_ic(s->block, s->block, sizeof(s->block),
				      nonce, s->counter, s->seed);
	s->counter++;
	s->left = sizeof(s->block);
}

static void seeded_fill(struct rng *r, void *out, size_t n)
{
	struct rng_seeded *s = (struct rng_seeded *)r;
	uint8_t *to = out;

	while (n > 0) {
		size_t part;

		if (s->left == 0)
			next_block(s);
		part = n < s->left ? n : s->left;
		memcpy(to, s->block + sizeof(s->block) - s->left, part);
		s->left -= (unsigned)part;
		to += part;
		n -= part;
	}
}

void rng_seeded_init(struct rng_seeded *s, const uint8_t seed[32])
{
	*s = (struct rng_seeded){ .rng = { seeded_fill } };
	memcpy(s->seed, seed, sizeof(s->seed));
}

void rng_seeded_from(struct rng_seeded *s, uint64_t number)
{
	uint8_t text[8], seed[32];

	for (int i = 0; i < 8; i++)
		text[i] = (uint8_t)(number >> (8 * i));
	crypto_generichash(seed, sizeof(seed), text, sizeof(text), NULL, 0);
	rng_seeded_init(s, seed);
}

void rng_fill(struct rng *r, void *out, size_t n)
{
	r->fill(r, out, n);
}

/* Little-endian everywhere, so that a seed means the same on any machine. */
uint64_t rng_u64(struct rng *r)
{
	uint8_t b[8];
	uint64_t v = 0;

	rng_fill(r, b, sizeof(b));
	for (int i = 0; i < 8; i++)
		v |= (uint64_t)b[i] << (8 * i);
	return v;
}

uint64_t rng_below(struct rng *r, uint64_t below)
{
	uint64_t skip, v;

	CHECK(below > 0);
	skip = (0 - below) % below; /* 2^64 mod below */
	do {
		v = rng_u64(r);
	} while (v < skip);
	return v % below;
}

void rng_shuffle(struct rng *r, uint32_t *a, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rng_below(r, i);
		uint32_t t = a[i - 1];

		a[i - 1] = a[j];
		a[j] = t;
	}
}
