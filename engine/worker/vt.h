/*
 * vt: what a terminal shows, computed from the bytes that were written to it,
 * so that somebody who comes back can be shown the same: cells with their
 * attributes, cursor, pen, margins, modes, both screens. Of what VT220, xterm
 * and ECMA-48 have, that which programs use; the rest is read over.
 *
 * Bytes come from a learner's program: any bytes, in any pieces. Memory is
 * bounded by the size: 12 bytes a cell, the alternate screen only while it is
 * in use. Strings of others (titles, clipboards, sixels) are not kept.
 *
 *	vt_write(a, bytes); vt_paint(a, &b);
 *	vt_write(new one of the same size, b)  ->  is as a is, in all ways
 */
#pragma once

#include "base/buf.h"

struct vt;

enum { VT_LEAST = 2, VT_ROWS = 300, VT_COLS = 500 };

struct vt *vt_new(int rows, int cols); /* brought within the bounds */
void vt_free(struct vt *v);	       /* NULL is allowed */
void vt_write(struct vt *v, struct str bytes);
/*
 * What stands at the top left stays there, but that the cursor's line is kept
 * in sight.
 */
void vt_resize(struct vt *v, int rows, int cols);
/*
 * Appends bytes that draw all of it on a terminal of this size, whatever that
 * showed before, and leave it in the same state: also in the middle of a
 * sequence.
 */
void vt_paint(const struct vt *v, struct buf *b);
/* Rows of text without attributes, each ended by '\n': for tests. */
void vt_text(const struct vt *v, struct buf *b);
size_t vt_memory(const struct vt *v);
