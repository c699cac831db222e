/*
 * walk: the files of a commit in a repository that somebody else made. Nothing
 * is checked out; trees are read by an iterator of our own with limits on
 * depth, entries and bytes; sizes are known from an object's header before it
 * is loaded. Links and submodules are refused by name.
 *
 * For repositories from outside run this in a box: libgit2's reading of packs
 * is bounded here, but it is a parser of hostile data all the same.
 */
#pragma once

#include "sandbox/object.h"

struct walk;

/*
 * A bare or a plain repository in this very folder, which must belong to
 * whoever runs this. ERR_NOT_FOUND, ERR_INVALID: none, or not one that we
 * read. Calls gitlib_start by itself.
 */
MUST enum err walk_open(struct ctx *cx, const char *dir, struct walk **out);
void walk_close(struct walk *w);
/*
 * The commit that a word stands for: 40 digits, a full ref, a branch or a tag;
 * empty: HEAD. ERR_NOT_FOUND.
 */
MUST enum err walk_find(struct ctx *cx, struct walk *w, struct str word,
			struct oid *commit);
/*
 * The files of a commit or tree below a folder ("": all). What does not suit
 * stands in out->refused with its whole path.
 * ERR_NOT_FOUND: no such object or folder. ERR_CORRUPT: the tree is damaged.
 */
MUST enum err walk_files(struct ctx *cx, struct walk *w, const struct oid *id,
			 struct str folder, struct tree_list *out);
