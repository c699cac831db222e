/*
 * hostdir: files of a folder of this machine: an author's, or what somebody
 * names on the command line. Nothing is followed: links, devices, pipes and
 * other mounts are refused by name, the rest is kept (tree.h).
 */
#pragma once

#include "base/ctx.h"
#include "sandbox/tree.h"

enum {
	HOSTDIR_REPO_BYTES = 128 << 20, /* of a repository's own files */
	HOSTDIR_REPO_FILES = 20000,
};

/*
 * All files of root/below ("" for root itself), where no part of below may be
 * a link. ".git" at the top is passed over. ERR_NOT_FOUND, ERR_INVALID: not a
 * folder; ERR_TOO_LARGE: more entries than anybody looks at.
 */
MUST enum err hostdir_read(struct ctx *cx, const char *root, struct str below,
			   struct tree_list *out);
/*
 * The same folder as a git repository, bare or with a ".git" folder in it:
 * what repo_expand needs of it, struct run_file. *is false: it is none.
 */
MUST enum err hostdir_repo(struct ctx *cx, const char *root, struct str below,
			   struct list *files, bool *is);
/*
 * Of the files, for what has no commit: "b2:" and BLAKE2b-256 in hex, over
 * names, modes and contents in their order.
 */
struct str hostdir_digest(struct ctx *cx, const struct list *files);
