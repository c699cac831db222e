/*
 * unpack: an archive as a list of files. Runs inside a box (assay-tree): the
 * formats are many and the bytes are anybody's.
 *
 * zip and tar; tar may be packed by gzip, bzip2, xz or zstd. Nothing else is
 * switched on. What is not a plain file (links, devices, fifos), is encrypted
 * or has a name that tree_check refuses is left out by name; the rest is
 * kept. An archive that unpacks to far more than a tree may be, or than it
 * weighs, is refused as a whole, as soon as that shows.
 */
#pragma once

#include "sandbox/tree.h"

enum {
	UNPACK_PACKED_BYTES = 64 << 20,	   /* the archive itself */
	UNPACK_ENTRIES = TREE_ENTRIES * 2, /* folders and refused ones too */
	UNPACK_BYTES = TREE_BYTES * 4, /* all that is unpacked, kept or not */
	/*
	 * Unpacking may give so much of what went in. Text packs to a
	 * twentieth or so, a bomb to a thousandth.
	 */
	UNPACK_RATIO = 200,
	UNPACK_FREE_BYTES = 1 << 20, /* before the ratio counts */
};

/*
 * The process has a UTF-8 locale: libarchive converts names by it.
 * ERR_INVALID: not an archive, or a broken one. ERR_TOO_LARGE: over a bound,
 * which the sentence names, with the entry at which it was. Strings live in
 * cx->arena; refused names are as tree_check leaves them.
 */
MUST enum err unpack(struct ctx *cx, struct str bytes, struct tree_list *out);
