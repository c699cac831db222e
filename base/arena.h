/*
 * arena: memory with one lifetime. Nothing is freed by itself; reset keeps the
 * first block for the next request. Out of memory aborts. Not thread-safe.
 */
#pragma once

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t first_block_bytes);
void arena_free(struct arena *a); /* NULL is allowed */
void arena_reset(struct arena *a);
/* Aligned for any type, zeroed. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with an overflow CHECK. */
void *arena_array(struct arena *a, size_t count, size_t size);
size_t arena_used(const struct arena *a); /* since reset, rounded up to 16 */
size_t arena_held(const struct arena *a); /* bytes taken from the system */

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count)                                            \
	((type *)arena_array((a), (count), sizeof(type)))
