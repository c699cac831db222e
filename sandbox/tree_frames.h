/*
 * tree_frames: files on their way out of a box. assay-tree reads an archive or
 * a repository inside a box and writes frames; the trusted side decodes them
 * and believes nothing: whoever broke into assay-tree can write any bytes.
 *
 *	frames = "ASSAYTREE1\n" frame* end
 *	frame  = type:1 name-length:4 data-length:4 name data
 *
 * lengths little-endian. Types:
 *
 *	C  name: a commit id in hex. At most once, first
 *	F  a file, name and content;  X  the same, executable
 *	R  refused: name as it stood, data: why, one sentence
 *	M  how many more were refused, decimal in name
 *	E  nothing was read: name is an error's wire word, data a sentence
 *	Z  the end; without it something was lost
 *
 * After E only Z may follow.
 */
#pragma once

#include "sandbox/tree.h"

enum {
	TREE_FRAMES_NAME = 1024, /* bytes of a refused name */
	TREE_FRAMES_WHY = 200,
	TREE_FRAMES_COMMIT = 64,
	/* Of a whole tree, with room for names and what was refused. */
	TREE_FRAMES_BYTES = TREE_BYTES + (4 << 20),
};

struct tree_told {
	struct str commit; /* hex; absent: not from a repository */
	struct tree_list list;
};

/*
 * Decodes. Names and sizes pass tree_check once more, and nothing may be left
 * out by it. Strings are the arena's or point into bytes. What an E frame says
 * comes back as that error (ERR_INVALID, ERR_NOT_FOUND, ERR_TOO_LARGE,
 * ERR_DENIED, ERR_UNSUPPORTED, ERR_UNAVAILABLE); ERR_CORRUPT: not frames, or
 * not within the rules.
 */
MUST enum err tree_frames_read(struct ctx *cx, struct str bytes,
			       struct tree_told *out);

/* The other side. Appends all of t, with the end. */
void tree_frames_write(struct buf *b, const struct tree_told *t);
/* Nothing was read: cx->error. */
void tree_frames_write_error(struct buf *b, const struct ctx *cx);
