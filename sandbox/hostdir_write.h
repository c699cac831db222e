/*
 * hostdir_write: files into a folder of this machine where a person works, too:
 * a learner's copy of a lab. Nothing is written outside of it, whatever links
 * lie in it: no part of a name is followed through one.
 *
 * Each file is written whole beside its place and renamed, so that there is the
 * old one or the new one at every instant; who is killed leaves at most
 * HOSTDIR_TEMP (hostdir_tidy). What is to be replaced is looked at once more
 * when the new one is written already, right before the rename: what a person
 * has changed by then stays. A new file replaces nothing, whenever it comes.
 */
#pragma once

#include "base/ctx.h"
#include "sandbox/tree.h"

#define HOSTDIR_TEMP ".assay-new"

struct hostdir {
	int fd;
};

/*
 * Opens the folder, made if make is set and it is not there, and keeps others
 * who use this from it until it is closed. ERR_NOT_FOUND, ERR_INVALID: no
 * folder. ERR_CONFLICT: somebody else is at work in it. ERR_UNAVAILABLE: it
 * cannot be kept from others, with the system's reason.
 */
MUST enum err hostdir_open(struct ctx *cx, const char *root, bool make,
			   struct hostdir *out);
void hostdir_close(struct hostdir *h);
/* Takes away what one who was killed left, in a folder that is known as ours.
 */
void hostdir_tidy(const struct hostdir *h);
/*
 * A plain file of at most `most` bytes; out->name is name. ERR_NOT_FOUND: there
 * is nothing. ERR_CONFLICT: something else has the name, or it is longer.
 */
MUST enum err hostdir_load(struct ctx *cx, const struct hostdir *h,
			   struct str name, size_t most, struct run_file *out);
/*
 * Puts a file, with the folders it needs. was: what must be there now, NULL:
 * nothing. A file that is replaced keeps its mode but for the right to be run.
 * ERR_CONFLICT: something else is there now. ERR_INVALID: no name for a tree.
 * ERR_UNAVAILABLE: it cannot be written, with the system's reason.
 */
MUST enum err hostdir_put(struct ctx *cx, const struct hostdir *h,
			  const struct run_file *f, const struct run_file *was);
/* The same whatever is there, for a file of our own. */
MUST enum err hostdir_put_over(struct ctx *cx, const struct hostdir *h,
			       const struct run_file *f);
/* Takes it away, and the folders that are empty then. */
MUST enum err hostdir_remove(struct ctx *cx, const struct hostdir *h,
			     const struct run_file *was);
/* All that was written is on the disk. */
MUST enum err hostdir_sync(struct ctx *cx, const struct hostdir *h);
