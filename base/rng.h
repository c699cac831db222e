/*
 * rng: the only way to randomness. The system's for keys and ids; a seeded one
 * (ChaCha20, libsodium) wherever a result must be repeatable: item variants,
 * shuffles, tests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(struct rng *r, void *out, size_t n);
};

struct rng *rng_system(void); /* cryptographic; thread-safe */

struct rng_seeded {
	struct rng rng; /* first: pass &s.rng */
	uint8_t seed[32];
	uint64_t counter;
	uint8_t block[64];
	unsigned left;
};
void rng_seeded_init(struct rng_seeded *s, const uint8_t seed[32]);
/* A seed from a number, for tests: the number goes into the hash. */
void rng_seeded_from(struct rng_seeded *s, uint64_t number);

void rng_fill(struct rng *r, void *out, size_t n);
uint64_t rng_u64(struct rng *r);
/* Uniform in 0..below-1, unbiased. below > 0. */
uint64_t rng_below(struct rng *r, uint64_t below);
/* Fisher-Yates over a[0..n-1]. The same seed gives the same order for ever. */
void rng_shuffle(struct rng *r, uint32_t *a, size_t n);
