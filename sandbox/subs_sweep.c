/*
 * subs: what refs reach. The walk is over objects of the batch and of the packs
 * only: what is in younger segments does not need what no ref reaches, since a
 * put writes everything again but what its own segment or its parent has.
 */
#include <stdlib.h>
#include <zlib.h>

#include "sandbox/subs_pack.h"

enum { PACK_BYTES_MOST = 1 << 30, READ_MOST = 64 << 20, FOLDER = 040000 };

struct sweep {
	struct ctx *cx;
	struct arena *one; /* for one object at a time */
	struct packing *p;
	struct oid *todo; /* commits and trees, still to be read */
	size_t n, room;
	struct pack_item *batch;
	size_t batch_n, batch_room;
	struct subindex places; /* at: which of batch */
};

static enum err lacks(struct sweep *w)
{
	return err_set(w->cx, ERR_CORRUPT,
		       "a repository lacks an object or holds a damaged one");
}

static void index_batch(struct sweep *w)
{
	struct frame_object o;
	struct frame f;

	for (size_t i = 0; packing_frame(w->p, i, &f); i++)
		while (frame_object(&f, &o)) {
			if (subindex_find(&w->places, 0, &o.id))
				continue;
			if (w->batch_n == w->batch_room) {
				w->batch_room = 2 * w->batch_room + 256;
				w->batch = realloc(/* allowed: until swept */
						   w->batch,
						   w->batch_room *
							   sizeof(*w->batch));
				CHECK(w->batch);
			}
			subindex_add(&w->places,
				     &(struct subindex_object){
					     .id = o.id,
					     .at = (uint32_t)w->batch_n });
			w->batch[w->batch_n++] =
				(struct pack_item){ .id = o.id,
						    .type = o.type,
						    .size = o.size,
						    .data = o.packed };
		}
}

static bool find(const struct sweep *w, const struct oid *id,
		 struct pack_item *out)
{
	const struct subindex_object *o = subindex_find(&w->places, 0, id);

	if (o) {
		*out = w->batch[o->at];
		return true;
	}
	for (size_t i = 0; i < w->p->packs_n; i++) {
		const struct pack_file *f = &w->p->packs[i];
		int64_t row = pack_find(f, id);

		*out = (struct pack_item){ .id = *id };
		if (row >= 0)
			return pack_entry(f, (uint32_t)row, &out->data);
	}
	return false;
}

/* Takes the head off a pack's entry. */
static bool entry_head(struct str *data, int *type, uint64_t *size)
{
	const uint8_t *p = (const uint8_t *)data->p;
	size_t i = 0;

	*type = p[0] >> 4 & 7;
	*size = p[0] & 15;
	for (int shift = 4; p[i] & 0x80; shift += 7) {
		if (++i == data->n || shift > 32)
			return false;
		*size |= (uint64_t)(p[i] & 0x7f) << shift;
	}
	*data = str_cut(*data, i + 1, data->n);
	return true;
}

static bool inflated(struct arena *a, const struct pack_item *item, int *type,
		     struct str *out)
{
	struct str data = item->data;
	uint64_t size = item->size;
	uLongf n;
	char *to;

	*type = item->type;
	if (!item->type && !entry_head(&data, type, &size))
		return false;
	if (size > READ_MOST)
		return false;
	to = arena_alloc(a, size + 1);
	n = size;
	if (uncompress((uint8_t *)to, &n, (const uint8_t *)data.p, data.n) !=
		    Z_OK ||
	    n != size)
		return false;
	*out = (struct str){ to, n };
	return true;
}

/* Once each; read: what it leads to is looked at as well. */
static enum err keep(struct sweep *w, const struct oid *id, bool read)
{
	struct pack_item item;

	if (oid_is_none(id) || subindex_find(&w->p->seen, 0, id))
		return OK;
	if (!find(w, id, &item))
		return lacks(w);
	packing_add(w->p, &item);
	if (!read)
		return OK;
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 1024;
		w->todo = realloc(w->todo, /* allowed: until swept */
				  w->room * sizeof(*w->todo));
		CHECK(w->todo);
	}
	w->todo[w->n++] = *id;
	return OK;
}

static enum err keep_below(struct sweep *w, int type, struct str data)
{
	struct commit_text c;
	struct tree_item t;
	enum err e = OK;

	if (type == OBJECT_COMMIT) {
		if (!object_commit_read(data, &c))
			return lacks(w);
		e = keep(w, &c.tree, true);
		for (int i = 0; !e && i < 2; i++)
			e = keep(w, &c.parents[i], true);
	}
	while (!e && type == OBJECT_TREE && object_tree_next(&data, &t))
		e = keep(w, &t.id, t.mode == FOLDER);
	return e;
}

static enum err reach(struct sweep *w)
{
	enum err e = OK;

	while (!e && w->n) {
		struct oid id = w->todo[--w->n];
		struct pack_item item;
		struct str data;
		int type;

		arena_reset(w->one);
		if (!find(w, &id, &item) ||
		    !inflated(w->one, &item, &type, &data))
			return lacks(w);
		e = keep_below(w, type, data);
	}
	return e;
}

static enum err keep_refs(struct sweep *w)
{
	const struct ref_change *r;
	struct list refs;
	enum err e = subrepo_refs_read(w->cx, w->p->repo_fd, &refs);

	r = refs.at;
	for (size_t i = 0; !e && i < refs.n; i++) {
		e = keep(w, &r[i].tip, true);
		if (!e)
			e = reach(w);
	}
	return e;
}

/* All items in packs of which none is too large; then the old ones go. */
static enum err write_all(struct ctx *cx, struct packing *p,
			  struct subs_packed *told)
{
	char(*names)[PACK_NAME] = NULL;
	size_t names_n = 0, from = 0;
	enum err e = OK;

	while (!e && from < p->items_n) {
		uint64_t bytes = 0;
		size_t n = 0;

		while (from + n < p->items_n && bytes < PACK_BYTES_MOST)
			bytes += p->items[from + n++].data.n;
		e = packing_write(cx, p, from, n, told);
		names = realloc(names, /* allowed: until swept */
				(names_n + 1) * sizeof(*names));
		CHECK(names);
		memcpy(names[names_n++], p->name, PACK_NAME);
		from += n;
	}
	if (!e)
		packing_drop(p, p->packs_n, &(struct list){ names, names_n });
	free(names);
	return e;
}

enum err packing_sweep(struct ctx *cx, struct packing *p,
		       struct subs_packed *told)
{
	struct sweep w = { .cx = cx, .p = p, .one = arena_new(0) };
	enum err e;

	index_batch(&w);
	e = keep_refs(&w);
	if (!e)
		e = write_all(cx, p, told);
	subindex_done(&w.places);
	free(w.batch);
	free(w.todo);
	arena_free(w.one);
	return e;
}
