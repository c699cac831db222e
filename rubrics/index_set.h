/*
 * index_set: ordered sets of indices, sparse, many of them in one store.
 *
 * An index has 12 bits within a chunk of 64 words, and each chunk a word that
 * says which of its words are not empty. A set lists its chunks by number, and
 * a bitmap says which it has. So adding, removing and finding the next one are
 * a few word operations, plus one word looked at for each 262,144 indices. A
 * set of few indices takes a chunk (528 bytes) for each 4,096 that it touches.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

/* Chunks of all sets, those that are empty linked for the next use. */
struct index_store {
	struct index_chunk *chunks;
	uint32_t count, room;
	uint32_t unused; /* first of the linked ones, or INDEX_NONE */
};

struct index_set {
	uint32_t *chunk; /* [chunks]: number in the store, or INDEX_NONE */
	uint64_t *has;	 /* [chunks / 64] */
	uint32_t chunks; /* a multiple of 64 */
	uint32_t count;	 /* indices in the set */
};

void index_store_init(struct index_store *s);
void index_store_done(struct index_store *s);
void index_set_done(struct index_set *set);

/* An index that is in, or is not in: CHECK. index < INDEX_NONE. */
void index_set_add(struct index_store *s, struct index_set *set,
		   uint32_t index);
void index_set_remove(struct index_store *s, struct index_set *set,
		      uint32_t index);
bool index_set_has(const struct index_store *s, const struct index_set *set,
		   uint32_t index);
/* The smallest that is >= from, or INDEX_NONE. */
uint32_t index_set_next(const struct index_store *s,
			const struct index_set *set, uint32_t from);
size_t index_store_bytes(const struct index_store *s);
