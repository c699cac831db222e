/*
 * walk_tree: the one iterator over git trees, whoever keeps the objects.
 */
#pragma once

#include "sandbox/object.h"

/* Where objects come from. */
struct walk_source {
	void *arg;
	/*
	 * ERR_NOT_FOUND: there is none. ERR_CORRUPT: it is damaged. Other
	 * errors are passed up.
	 */
	enum err (*head)(struct ctx *cx, void *arg, const struct oid *id,
			 int *type, int64_t *size);
	/* Data in cx->arena. Asked only after head. */
	enum err (*data)(struct ctx *cx, void *arg, const struct oid *id,
			 struct str *out);
};
/*
 * All files below a tree within the limits of sandbox/tree.h: entries are
 * looked at one by one, folders without calling oneself, and no object is
 * loaded whose size is not known to fit. An entry that does not suit is
 * refused by its whole path; after TREE_ENTRIES entries, refused ones too,
 * the walk ends. ERR_NOT_FOUND, ERR_CORRUPT: the root itself.
 */
MUST enum err walk_tree(struct ctx *cx, const struct walk_source *from,
			const struct oid *root, struct tree_list *out);
/* The entry of a tree on a path of folders; ERR_NOT_FOUND. "": the root. */
MUST enum err walk_down(struct ctx *cx, const struct walk_source *from,
			const struct oid *root, struct str folder,
			struct oid *out);
