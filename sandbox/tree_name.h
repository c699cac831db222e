/*
 * tree_name: which names a tree from outside may hold, and which of them are
 * the same to somebody's file system. One rule for archives, repositories and
 * what comes back from a box.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { TREE_NAME_BYTES = 1024, TREE_NAME_PART = 255 };

/*
 * NULL if a relative path of at most `depth` parts can be taken; else why not,
 * as the rest of a sentence: "has a part that is ..". Refused: what is not
 * UTF-8, control characters, '\', an empty part, "." and "..", a leading '/',
 * parts that end with a dot or a space, and ".git", ".gitmodules" and
 * ".gitattributes" in every form that some file system takes for them (case,
 * "git~1", HFS+ ignorables, NTFS streams).
 */
const char *tree_name_wrong(struct str path, int64_t depth);
/*
 * The same for one part, which holds no '/': for who walks folder by folder.
 */
const char *tree_name_part_wrong(struct str part);

/*
 * The paths of one tree. Twins are paths that differ only in case or in how
 * Unicode composes them (canonical equivalence), or a file where another's
 * folder is.
 */
struct tree_names;
/* In the arena. */
struct tree_names *tree_names_new(struct arena *a);
/*
 * NULL: it is in now. Else why not: "is the twin of another entry". path has
 * passed tree_name_wrong.
 */
const char *tree_names_add(struct tree_names *t, struct str path);
/* The same if that makes no more than `most` files and folders. */
const char *tree_names_add_within(struct tree_names *t, struct str path,
				  int64_t most);

/*
 * Canonical decompositions of Unicode 14.0 (UnicodeData.txt), one step each,
 * sorted; second 0: one character stands for another. Without the CJK
 * compatibility ideographs. Hangul syllables are computed.
 */
struct tree_decomposition {
	uint32_t whole, first, second;
};
extern const struct tree_decomposition tree_decompositions[];
extern const size_t tree_decompositions_n;
