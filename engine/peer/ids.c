#include "engine/peer/ids.h"

#include <stdlib.h>

enum { LEAST = 64 };

static size_t slot_of(const struct ids *m, const struct id *id)
{
	size_t at = id_hash(id) & (m->room - 1);

	while (m->places[at] != IDS_NONE && !id_eq(&m->keys[at], id))
		at = (at + 1) & (m->room - 1);
	return at;
}

static void put(struct ids *m, const struct id *id, uint32_t place)
{
	size_t at = slot_of(m, id);

	m->keys[at] = *id;
	m->places[at] = place;
}

static void grow(struct ids *m)
{
	struct ids more = { .room = m->room ? m->room * 2 : LEAST, .n = m->n };

	more.keys = calloc(more.room, sizeof(*more.keys)); /* allowed: a run */
	more.places = calloc(more.room,			   /* allowed: a run */
			     sizeof(*more.places));
	CHECK(more.keys && more.places);
	memset(more.places, 0xff, more.room * sizeof(*more.places));
	for (size_t i = 0; i < m->room; i++)
		if (m->places[i] != IDS_NONE)
			put(&more, &m->keys[i], m->places[i]);
	ids_done(m);
	*m = more;
}

void ids_done(struct ids *m)
{
	free(m->keys);
	free(m->places);
	*m = (struct ids){ 0 };
}

uint32_t ids_find(const struct ids *m, const struct id *id)
{
	return m->n ? m->places[slot_of(m, id)] : IDS_NONE;
}

void ids_add(struct ids *m, const struct id *id, uint32_t place)
{
	if (m->n * 2 >= m->room)
		grow(m);
	put(m, id, place);
	m->n++;
}
