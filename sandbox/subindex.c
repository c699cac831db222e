#include "sandbox/subindex.h"

#include <stdlib.h>

#include "base/err.h"

enum { FIRST = 64 };

void subindex_done(struct subindex *x)
{
	for (size_t i = 0; i < x->refs_n; i++)
		free((char *)x->refs[i].name.p);
	free(x->objects);
	free(x->refs);
	free(x->object_slots);
	free(x->ref_slots);
	*x = (struct subindex){ 0 };
}

static void *grow(void *p, size_t *room, size_t size)
{
	*room = *room ? 2 * *room : FIRST;
	CHECK(*room < UINT32_MAX);
	p = realloc(p, *room * size); /* allowed: lives with its segment */
	CHECK(p);
	return p;
}

static uint32_t *new_slots(uint32_t *old, size_t n)
{
	free(old);
	old = calloc(n, sizeof(*old)); /* allowed: lives with its segment */
	CHECK(old);
	return old;
}

/* ---- objects ---- */

static uint32_t *object_slot(const struct subindex *x, uint32_t repo,
			     const struct oid *id)
{
	const struct subindex_object *o;
	size_t i;

	memcpy(&i, id->b, sizeof(i));
	for (i += repo * (size_t)0x9e3779b1;; i++) {
		i &= x->object_slots_n - 1;
		if (!x->object_slots[i])
			break;
		o = &x->objects[x->object_slots[i] - 1];
		if (o->repo == repo && oid_eq(&o->id, id))
			break;
	}
	return &x->object_slots[i];
}

const struct subindex_object *subindex_find(const struct subindex *x,
					    uint32_t repo, const struct oid *id)
{
	uint32_t at = x->objects_n ? *object_slot(x, repo, id) : 0;

	return at ? &x->objects[at - 1] : NULL;
}

static void grow_objects(struct subindex *x)
{
	x->objects = grow(x->objects, &x->objects_room, sizeof(*x->objects));
	x->object_slots_n = 2 * x->objects_room;
	x->object_slots = new_slots(x->object_slots, x->object_slots_n);
	for (size_t i = 0; i < x->objects_n; i++)
		*object_slot(x, x->objects[i].repo, &x->objects[i].id) =
			(uint32_t)i + 1;
}

void subindex_add(struct subindex *x, const struct subindex_object *o)
{
	if (x->objects_n == x->objects_room)
		grow_objects(x);
	*object_slot(x, o->repo, &o->id) = (uint32_t)x->objects_n + 1;
	x->objects[x->objects_n++] = *o;
}

/* The last one in leaves no gap that another was put behind. */
void subindex_drop(struct subindex *x, size_t objects)
{
	while (x->objects_n > objects) {
		const struct subindex_object *o = &x->objects[x->objects_n - 1];

		*object_slot(x, o->repo, &o->id) = 0;
		x->objects_n--;
	}
}

/* ---- refs ---- */

static uint32_t *ref_slot(const struct subindex *x, uint32_t repo,
			  struct str name)
{
	size_t i = str_hash(name) + repo * (size_t)0x9e3779b1;
	const struct subindex_ref *r;

	for (;; i++) {
		i &= x->ref_slots_n - 1;
		if (!x->ref_slots[i])
			break;
		r = &x->refs[x->ref_slots[i] - 1];
		if (r->repo == repo && str_eq(r->name, name))
			break;
	}
	return &x->ref_slots[i];
}

struct subindex_ref *subindex_ref(const struct subindex *x, uint32_t repo,
				  struct str name)
{
	uint32_t at = x->refs_n ? *ref_slot(x, repo, name) : 0;

	return at ? &x->refs[at - 1] : NULL;
}

static void grow_refs(struct subindex *x)
{
	x->refs = grow(x->refs, &x->refs_room, sizeof(*x->refs));
	x->ref_slots_n = 2 * x->refs_room;
	x->ref_slots = new_slots(x->ref_slots, x->ref_slots_n);
	for (size_t i = 0; i < x->refs_n; i++)
		*ref_slot(x, x->refs[i].repo, x->refs[i].name) =
			(uint32_t)i + 1;
}

void subindex_ref_add(struct subindex *x, const struct subindex_ref *r)
{
	char *name = malloc(r->name.n + 1); /* allowed: with its segment */

	CHECK(name);
	memcpy(name, r->name.p, r->name.n);
	name[r->name.n] = 0;
	if (x->refs_n == x->refs_room)
		grow_refs(x);
	x->refs[x->refs_n] = *r;
	x->refs[x->refs_n].name.p = name;
	*ref_slot(x, r->repo, x->refs[x->refs_n].name) =
		(uint32_t)x->refs_n + 1;
	x->refs_n++;
}

void subindex_ref_drop(struct subindex *x)
{
	struct subindex_ref *r = &x->refs[x->refs_n - 1];

	*ref_slot(x, r->repo, r->name) = 0;
	free((char *)r->name.p);
	x->refs_n--;
}
