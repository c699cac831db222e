/*
 * A hostile set of objects: the input is cut into objects, [type][length:2]
 * and data; an id's first byte says which one is meant, so that trees can be
 * of each other, of themselves and of what is not there.
 */
#include <stdint.h>

#include "sandbox/tree_name.h"
#include "sandbox/walk_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hostile {
	struct object at[256];
	size_t n;
};

static const struct object *find(const struct hostile *h, const struct oid *id)
{
	return id->b[0] < h->n ? &h->at[id->b[0]] : NULL;
}

static enum err head(struct ctx *cx, void *arg, const struct oid *id, int *type,
		     int64_t *size)
{
	const struct object *o = find(arg, id);

	if (!o)
		return err_set(cx, ERR_NOT_FOUND, "gone");
	*type = o->type;
	*size = (int64_t)o->data.n;
	return OK;
}

static enum err body(struct ctx *cx, void *arg, const struct oid *id,
		     struct str *out)
{
	(void)cx;
	*out = find(arg, id)->data;
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct hostile h = { 0 };
	struct walk_source from = { &h, head, body };
	struct arena *a = arena_new(0);
	struct ctx cx = { .arena = a };
	struct oid root = { 0 };
	struct tree_list l;

	while (rest.n >= 3 && h.n < 256) {
		size_t n = (size_t)(uint8_t)rest.p[1] |
			   (size_t)(uint8_t)rest.p[2] << 8;

		h.at[h.n].type = 1 + (uint8_t)rest.p[0] % 3;
		h.at[h.n++].data = str_cut(rest, 3, 3 + n);
		rest = str_cut(rest, 3 + n, rest.n);
	}
	if (walk_tree(&cx, &from, &root, &l) == OK) {
		const struct run_file *f = l.files.at;

		CHECK(l.entries <= TREE_ENTRIES && l.bytes <= TREE_BYTES);
		for (size_t i = 0; i < l.files.n; i++)
			CHECK(!tree_name_wrong(f[i].name, TREE_DEPTH));
	}
	arena_free(a);
	return 0;
}
