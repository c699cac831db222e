/*
 * expand: data from outside becomes files, in a box. The program assay-tree
 * does the reading (tree_main.c); here is who puts it into a box and believes
 * nothing of what comes back (tree_frames.h).
 *
 * All: ERR_INVALID, ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_DENIED: what is wrong
 * with the data, as a sentence; also for data that made assay-tree crash.
 * ERR_CORRUPT: what came back was no frames. ERR_UNAVAILABLE: ours, or the
 * network's. Strings live in cx->arena.
 */
#pragma once

#include "sandbox/tree_frames.h"

/* Of the box that reads; nothing else runs meanwhile. */
#define EXPAND_MEMORY_BYTES (INT64_C(768) << 20)

struct expander {
	const struct runner *runner;
	struct str program; /* the bytes of assay-tree */
};

/*
 * Reads assay-tree into the arena: from path, or NULL: beside this program,
 * else in PATH.
 */
MUST enum err expand_load(struct ctx *cx, const char *path,
			  struct str *program);

/* A zip, a tar or a packed tar (unpack.h). */
MUST enum err archive_expand(struct ctx *cx, const struct expander *x,
			     struct str bytes, struct tree_told *out);
/* A git bundle. ref: empty for HEAD; folder: empty for all. */
MUST enum err bundle_expand(struct ctx *cx, const struct expander *x,
			    struct str bytes, struct str ref, struct str folder,
			    struct tree_told *out);
/* The files of a bare repository (struct run_file, "HEAD", "objects/…"). */
MUST enum err repo_expand(struct ctx *cx, const struct expander *x,
			  const struct list *files, struct str ref,
			  struct str folder, struct tree_told *out);
/*
 * A repository of the network. address: numeric, as the caller has looked it
 * up and found it allowed; with the port of the URL it is all that the box can
 * reach. ca: PEM text of who
 * is trusted to certify hosts, for https.
 */
struct expand_from {
	struct str url, ref, folder, address, ca;
};
MUST enum err fetch_expand(struct ctx *cx, const struct expander *x,
			   const struct expand_from *from,
			   struct tree_told *out);
