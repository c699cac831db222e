/*
 * subindex: what stands in one segment, in memory: where each object is and
 * what each ref was moved to. Things leave it in the reverse order in which
 * they came. Not thread-safe.
 */
#pragma once

#include "sandbox/object.h"

struct subindex_object {
	struct oid id;
	uint32_t repo;	     /* a number of the caller's */
	uint32_t size;	     /* inflated */
	uint32_t at, packed; /* the deflated bytes in the segment */
	uint8_t type;
};
struct subindex_ref {
	uint32_t repo;
	struct str name; /* the index's */
	struct oid tip;	 /* none: it is gone */
};

struct subindex {
	struct subindex_object *objects;
	struct subindex_ref *refs;
	size_t objects_n, objects_room, refs_n, refs_room;
	uint32_t *object_slots, *ref_slots; /* index + 1 */
	size_t object_slots_n, ref_slots_n; /* powers of two */
};
void subindex_done(struct subindex *x);

const struct subindex_object *
subindex_find(const struct subindex *x, uint32_t repo, const struct oid *id);
/* It is not in yet. */
void subindex_add(struct subindex *x, const struct subindex_object *o);
void subindex_drop(struct subindex *x, size_t objects); /* down to so many */

struct subindex_ref *subindex_ref(const struct subindex *x, uint32_t repo,
				  struct str name);
/* It is not in yet. The name is copied. */
void subindex_ref_add(struct subindex *x, const struct subindex_ref *r);
void subindex_ref_drop(struct subindex *x); /* the last one that came */
