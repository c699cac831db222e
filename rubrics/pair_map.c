#include "rubrics/pair_map.h"

#include <stdlib.h>

#include "base/err.h"

enum { FIRST_ROOM = 64 };

/* Never 0: the second index counts from one. */
static uint64_t key_of(uint32_t a, uint32_t b)
{
	return (uint64_t)a << 32 | (b + 1u);
}

/* The finalizer of MurmurHash3 (Appleby 2011): every bit moves every bit. */
static uint64_t mix(uint64_t k)
{
	k ^= k >> 33;
	k *= 0xff51afd7ed558ccdull;
	k ^= k >> 33;
	k *= 0xc4ceb9fe1a85ec53ull;
	return k ^ k >> 33;
}

/* Where the key is, or where it would stand. */
static size_t place(const struct pair_map *m, uint64_t key)
{
	size_t at = (size_t)mix(key) & (m->room - 1);

	while (m->keys[at] && m->keys[at] != key)
		at = (at + 1) & (m->room - 1);
	return at;
}

static void grow(struct pair_map *m)
{
	struct pair_map old = *m;

	m->room = old.room ? 2 * old.room : FIRST_ROOM;
	m->used = 0;
	/* allowed: the map outlives a request */
	m->keys = calloc(m->room, sizeof(*m->keys));   /* allowed: as above */
	m->flags = calloc(m->room, sizeof(*m->flags)); /* allowed: as above */
	CHECK(m->keys && m->flags);
	for (size_t i = 0; i < old.room; i++) {
		size_t at;

		if (!old.keys[i] || !old.flags[i])
			continue; /* cleared pairs go now */
		at = place(m, old.keys[i]);
		m->keys[at] = old.keys[i];
		m->flags[at] = old.flags[i];
		m->used++;
	}
	pair_map_done(&old);
}

void pair_map_done(struct pair_map *m)
{
	free(m->keys);
	free(m->flags);
	*m = (struct pair_map){ 0 };
}

unsigned pair_map_get(const struct pair_map *m, uint32_t a, uint32_t b)
{
	size_t at;

	if (!m->room)
		return 0;
	at = place(m, key_of(a, b));
	/* Most pairs are absent: then the flags' line is not read. */
	return m->keys[at] ? m->flags[at] : 0;
}

void pair_map_set(struct pair_map *m, uint32_t a, uint32_t b, unsigned flags)
{
	size_t at;

	if (m->used >= m->room / 4 * 3)
		grow(m);
	at = place(m, key_of(a, b));
	if (!m->keys[at]) {
		m->keys[at] = key_of(a, b);
		m->used++;
	}
	m->flags[at] |= (uint8_t)flags;
}

void pair_map_clear(struct pair_map *m, uint32_t a, uint32_t b, unsigned flags)
{
	size_t at;

	if (!m->room)
		return;
	at = place(m, key_of(a, b));
	if (m->keys[at])
		m->flags[at] &= (uint8_t)~flags;
}
