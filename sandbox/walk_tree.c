/*
 * The stack holds what is left of each folder on the way down. Everything that
 * is met counts, so that a tree of trees, which has more paths than there are
 * atoms, ends after TREE_ENTRIES of them.
 */
#include "sandbox/walk_tree.h"

#include "sandbox/tree_name.h"

enum {
	TREE_OBJECT_BYTES = 1 << 20, /* one folder */
	MODE_FILE = 0100644,
	MODE_PROGRAM = 0100755,
	MODE_FOLDER = 040000,
	MODE_LINK = 0120000,
	MODE_MODULE = 0160000,
	MODE_TYPE = 0170000
};

struct level {
	struct str rest;
	size_t path; /* bytes of the path of this folder, with '/' */
};

struct walker {
	struct ctx *cx;
	const struct walk_source *from;
	struct tree_entry *found;
	size_t n;
	struct level stack[TREE_DEPTH];
	int depth;
	struct buf path;
	int64_t bytes;
};

static const char *bad_mode(const struct tree_item *i)
{
	if ((i->mode & MODE_TYPE) == MODE_LINK)
		return "is a symbolic link";
	if ((i->mode & MODE_TYPE) == MODE_MODULE)
		return "is a submodule";
	if (i->mode != MODE_FILE && i->mode != MODE_PROGRAM &&
	    i->mode != MODE_FOLDER)
		return "is neither a file nor a folder, or has a mode of its "
		       "own";
	return NULL;
}

/* An object of this type and at most this size. *why: it is refused. */
static enum err load(struct walker *w, const struct oid *id, int type,
		     int64_t most, struct str *out, const char **why)
{
	int64_t size = 0;
	int is = 0;
	enum err e = w->from->head(w->cx, w->from->arg, id, &is, &size);

	if (!e && is != type)
		*why = "is not what its folder says";
	else if (!e && size > most)
		*why = type == OBJECT_TREE ? "is a folder that is too large"
					   : "is too large: all together may "
					     "have 16 MiB";
	else if (!e)
		e = w->from->data(w->cx, w->from->arg, id, out);
	if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
		*why = "has no content that can be read";
		err_clear(w->cx);
		return OK;
	}
	return e;
}

static void note(struct walker *w, struct str data, bool executable,
		 const char *why)
{
	w->found[w->n++] =
		(struct tree_entry){ .file = { buf_copy(&w->path, w->cx->arena),
					       data, executable },
				     .refused = why };
}

static enum err go_down(struct walker *w, const struct tree_item *item)
{
	const char *why = NULL;
	struct str data = { 0 };
	enum err e = OK;

	if (w->depth == TREE_DEPTH)
		why = "lies too deep";
	else
		e = load(w, &item->id, OBJECT_TREE, TREE_OBJECT_BYTES, &data,
			 &why);
	if (e)
		return e;
	if (why) {
		note(w, data, false, why);
		return OK;
	}
	buf_ch(&w->path, '/');
	w->stack[w->depth++] = (struct level){ data, w->path.n };
	return OK;
}

static enum err take(struct walker *w, const struct tree_item *item)
{
	const char *why = bad_mode(item);
	struct str data = { 0 };
	enum err e = OK;

	if (!why)
		why = tree_name_part_wrong(item->name);
	if (!why && item->mode == MODE_FOLDER)
		return go_down(w, item);
	if (!why)
		e = load(w, &item->id, OBJECT_BLOB, TREE_BYTES - w->bytes,
			 &data, &why);
	if (e)
		return e;
	w->bytes += (int64_t)data.n;
	note(w, data, item->mode == MODE_PROGRAM, why);
	return OK;
}

static enum err run(struct walker *w)
{
	enum err e = OK;
	int64_t met = 0;

	while (!e && w->depth > 0) {
		struct level *l = &w->stack[w->depth - 1];
		struct tree_item item;

		w->path.n = l->path;
		if (!object_tree_next(&l->rest, &item)) {
			if (l->rest.n)
				note(w, STR(""), false,
				     "is a folder whose list is damaged");
			w->depth--;
			continue;
		}
		buf_str(&w->path, item.name);
		if (++met > TREE_ENTRIES) {
			note(w, STR(""), false,
			     "is where the reading ended: there are more than "
			     "2000 files and folders");
			return OK;
		}
		e = take(w, &item);
	}
	return e;
}

enum err walk_tree(struct ctx *cx, const struct walk_source *from,
		   const struct oid *root, struct tree_list *out)
{
	struct walker w = { .cx = cx, .from = from };
	struct str data = { 0 };
	const char *why = NULL;
	enum err e;

	w.found = ARENA_ARRAY(cx->arena, struct tree_entry,
			      TREE_ENTRIES + TREE_DEPTH + 2);
	e = load(&w, root, OBJECT_TREE, TREE_OBJECT_BYTES, &data, &why);
	if (!e && why)
		e = err_set(cx, ERR_CORRUPT, "the folder %s", why);
	if (!e) {
		w.stack[w.depth++] = (struct level){ data, 0 };
		e = run(&w);
	}
	if (!e)
		tree_check(cx->arena, &(struct list){ w.found, w.n }, out);
	buf_done(&w.path);
	return e;
}

static bool folder_in(struct str data, struct str name, struct oid *out)
{
	struct tree_item item;

	while (object_tree_next(&data, &item))
		if (item.mode == MODE_FOLDER && str_eq(item.name, name)) {
			*out = item.id;
			return true;
		}
	return false;
}

enum err walk_down(struct ctx *cx, const struct walk_source *from,
		   const struct oid *root, struct str folder, struct oid *out)
{
	struct walker w = { .cx = cx, .from = from };
	struct oid at = *root;
	struct str part, data;
	const char *why = NULL;
	enum err e;

	if (folder.n && tree_name_wrong(folder, TREE_DEPTH))
		return err_set(cx, ERR_INVALID, "a folder is asked for that %s",
			       tree_name_wrong(folder, TREE_DEPTH));
	while (folder.n && str_split(&folder, '/', &part)) {
		e = load(&w, &at, OBJECT_TREE, TREE_OBJECT_BYTES, &data, &why);
		if (e)
			return e;
		if (why || !folder_in(data, part, &at))
			return err_set(cx, ERR_NOT_FOUND,
				       "there is no such folder");
	}
	*out = at;
	return OK;
}
