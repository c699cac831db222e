#include "rubrics/index_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { WORDS = 64, CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS };

struct index_chunk {
	uint64_t has; /* which words are not zero */
	uint64_t word[WORDS];
	uint32_t next; /* of the unused */
};

static unsigned lowest(uint64_t w)
{
	return (unsigned)__builtin_ctzll(w);
}

/* The bits from this one on; none if from is 64. */
static uint64_t bits_from(uint64_t w, unsigned from)
{
	return from < 64 ? w & (~(uint64_t)0 << from) : 0;
}

static void *again(void *p, size_t count, size_t size)
{
	p = realloc(p, count * size); /* allowed: sets outlive a request */
	CHECK(p);
	return p;
}

void index_store_init(struct index_store *s)
{
	*s = (struct index_store){ .unused = INDEX_NONE };
}

void index_store_done(struct index_store *s)
{
	free(s->chunks);
	index_store_init(s);
}

void index_set_done(struct index_set *set)
{
	free(set->chunk);
	free(set->has);
	*set = (struct index_set){ 0 };
}

/* A chunk without indices: one that was emptied is all zero. */
static uint32_t take_chunk(struct index_store *s)
{
	uint32_t at = s->unused;

	if (at != INDEX_NONE) {
		s->unused = s->chunks[at].next;
		return at;
	}
	if (s->count == s->room) {
		s->room = s->room ? s->room + s->room / 2 : 16;
		s->chunks = again(s->chunks, s->room, sizeof(*s->chunks));
	}
	at = s->count++;
	memset(&s->chunks[at], 0, sizeof(s->chunks[at]));
	return at;
}

static void reach(struct index_set *set, uint32_t number)
{
	uint32_t chunks = set->chunks;

	if (number < chunks)
		return;
	while (chunks <= number)
		chunks = chunks ? 2 * chunks : 64;
	set->chunk = again(set->chunk, chunks, sizeof(*set->chunk));
	set->has = again(set->has, chunks / 64, sizeof(*set->has));
	for (uint32_t i = set->chunks; i < chunks; i++)
		set->chunk[i] = INDEX_NONE;
	memset(set->has + set->chunks / 64, 0,
	       (chunks - set->chunks) / 64 * sizeof(*set->has));
	set->chunks = chunks;
}

void index_set_add(struct index_store *s, struct index_set *set, uint32_t index)
{
	uint32_t number = index >> CHUNK_BITS, in = index % CHUNK;
	uint64_t bit = (uint64_t)1 << (in % 64);
	struct index_chunk *c;

	CHECK(index != INDEX_NONE);
	reach(set, number);
	if (set->chunk[number] == INDEX_NONE) {
		set->chunk[number] = take_chunk(s);
		set->has[number / 64] |= (uint64_t)1 << (number % 64);
	}
	c = &s->chunks[set->chunk[number]];
	CHECK(!(c->word[in / 64] & bit));
	c->word[in / 64] |= bit;
	c->has |= (uint64_t)1 << (in / 64);
	set->count++;
}

void index_set_remove(struct index_store *s, struct index_set *set,
		      uint32_t index)
{
	uint32_t number = index >> CHUNK_BITS, in = index % CHUNK;
	struct index_chunk *c;

	CHECK(index_set_has(s, set, index));
	c = &s->chunks[set->chunk[number]];
	c->word[in / 64] &= ~((uint64_t)1 << (in % 64));
	if (!c->word[in / 64])
		c->has &= ~((uint64_t)1 << (in / 64));
	if (!c->has) {
		c->next = s->unused;
		s->unused = set->chunk[number];
		set->chunk[number] = INDEX_NONE;
		set->has[number / 64] &= ~((uint64_t)1 << (number % 64));
	}
	set->count--;
}

bool index_set_has(const struct index_store *s, const struct index_set *set,
		   uint32_t index)
{
	uint32_t number = index >> CHUNK_BITS, in = index % CHUNK;

	if (number >= set->chunks || set->chunk[number] == INDEX_NONE)
		return false;
	return s->chunks[set->chunk[number]].word[in / 64] >> (in % 64) & 1;
}

/* In this chunk, from this place on; CHUNK: none. */
static uint32_t next_in(const struct index_chunk *c, uint32_t from)
{
	uint32_t w = from / 64;
	uint64_t bits = bits_from(c->word[w], from % 64);

	if (bits)
		return w * 64 + lowest(bits);
	bits = bits_from(c->has, w + 1);
	if (!bits)
		return CHUNK;
	w = lowest(bits);
	return w * 64 + lowest(c->word[w]);
}

uint32_t index_set_next(const struct index_store *s,
			const struct index_set *set, uint32_t from)
{
	uint32_t number = from >> CHUNK_BITS, in;
	uint64_t bits;

	if (number >= set->chunks)
		return INDEX_NONE;
	if (set->chunk[number] != INDEX_NONE) {
		in = next_in(&s->chunks[set->chunk[number]], from % CHUNK);
		if (in < CHUNK)
			return number * CHUNK + in;
	}
	bits = bits_from(set->has[number / 64], number % 64 + 1);
	for (uint32_t w = number / 64; w < set->chunks / 64;) {
		if (bits) {
			number = w * 64 + lowest(bits);
			in = next_in(&s->chunks[set->chunk[number]], 0);
			return number * CHUNK + in;
		}
		if (++w < set->chunks / 64)
			bits = set->has[w];
	}
	return INDEX_NONE;
}

size_t index_store_bytes(const struct index_store *s)
{
	return s->room * sizeof(*s->chunks);
}
