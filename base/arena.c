#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { ALIGN = 16, LEAST_BLOCK = 1024, DOUBLES_UP_TO = 1 << 20 };

struct block {
	struct block *next;
	size_t size;
	alignas(ALIGN) unsigned char at[];
};

_Static_assert(alignof(max_align_t) <= ALIGN, "ALIGN suits any type");

/* Blocks are chained in the order they came; the last one is filled. */
struct arena {
	struct block *first, *last;
	size_t taken; /* bytes of last */
	size_t used;  /* bytes of all */
};

static struct block *block_new(size_t size)
{
	struct block *b;

	CHECK(size <= SIZE_MAX / 2);
	b = malloc(sizeof(*b) + size); /* allowed: this is the allocator */
	CHECK(b);
	CHECK((uintptr_t)b->at % ALIGN == 0);
	b->next = NULL;
	b->size = size;
	return b;
}

struct arena *arena_new(size_t first_block_bytes)
{
	struct arena *a = calloc(1, sizeof(*a)); /* allowed: the allocator */

	CHECK(a);
	if (first_block_bytes < LEAST_BLOCK)
		first_block_bytes = LEAST_BLOCK;
	a->first = a->last = block_new(first_block_bytes);
	return a;
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_blocks(a->first);
	free(a);
}

void arena_reset(struct arena *a)
{
	free_blocks(a->first->next);
	a->first->next = NULL;
	a->last = a->first;
	a->taken = 0;
	a->used = 0;
}

static void add_block(struct arena *a, size_t least)
{
	size_t size = a->last->size;

	if (size < DOUBLES_UP_TO)
		size *= 2;
	else
		size = DOUBLES_UP_TO; /* one huge block is no pattern */
	if (size < least)
		size = least;
	a->last->next = block_new(size);
	a->last = a->last->next;
	a->taken = 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	CHECK(n <= SIZE_MAX / 4);
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (a->taken > a->last->size || n > a->last->size - a->taken)
		add_block(a, n);
	p = a->last->at + a->taken;
	a->taken += n;
	a->used += n;
	return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	CHECK(size == 0 || count <= SIZE_MAX / size);
	return arena_alloc(a, count * size);
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

size_t arena_held(const struct arena *a)
{
	size_t n = sizeof(*a);

	for (const struct block *b = a->first; b; b = b->next)
		n += sizeof(*b) + b->size;
	return n;
}
