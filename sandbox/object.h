/*
 * object: git's objects as bytes: their ids, and how they are made. The same
 * files give the same tree, the same tree, parents, message and time the same
 * commit, on any machine.
 *
 * Ids are SHA-1 as git has them, computed by libgit2, whose implementation
 * notices the known collision attacks. Needs gitlib_start before.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"
#include "sandbox/tree.h"

enum { OID_BYTES = 20, OID_TEXT = 40 };

struct oid {
	uint8_t b[OID_BYTES]; /* all zero: none */
};
bool oid_is_none(const struct oid *o);
bool oid_eq(const struct oid *a, const struct oid *b);
int oid_cmp(const struct oid *a, const struct oid *b);
void oid_text(const struct oid *o, char out[OID_TEXT + 1]);
bool oid_parse(struct str hex, struct oid *out); /* 40 digits */

/* git's numbers of them, in packs as well. */
enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3 };

struct object {
	struct oid id;
	int type;	 /* enum object_type */
	struct str data; /* as it is, without git's header */
};

void object_id(int type, struct str data, struct oid *out);

/*
 * The trees and blobs of files, folders after what is in them; the last one is
 * the root, also when there is no file. files: struct run_file as tree_check
 * leaves it (sorted, names that suit). Object data is borrowed from the files
 * or lives in the arena. An object that occurs twice is there once.
 */
void objects_of(struct arena *a, const struct list *files, struct list *out);

struct commit_text {
	struct oid tree, parents[2]; /* parents that are none are left out */
	int64_t time_ms;	     /* author's and committer's; UTC */
	struct str message; /* UTF-8 without NUL, ends with a new line */
};
/* Author and committer are the server, never a person. */
void object_commit(struct arena *a, const struct commit_text *c,
		   struct object *out);
/* What object_commit has made; false if it is something else. */
bool object_commit_read(struct str data, struct commit_text *out);

/* One entry of a tree as it stands there; nothing is believed of it. */
struct tree_item {
	uint32_t mode;
	struct str name;
	struct oid id;
};
/*
 * Takes the first entry off *rest, which is a tree's data. false at the end,
 * where *rest is empty, and at damage, where it is not.
 */
bool object_tree_next(struct str *rest, struct tree_item *out);
