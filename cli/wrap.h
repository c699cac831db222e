/*
 * wrap: text for a terminal: its width in columns, broken into lines, and
 * free of characters that would steer the terminal.
 *
 * Widths are those of wcwidth() and so need a UTF-8 locale (LC_CTYPE); in
 * another one every character counts as one column.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* Columns that s takes up; line breaks and controls count as none. */
int wrap_width(struct str s);
/*
 * Appends s without control characters (line breaks stay, a tab becomes a
 * space) and without marks that change the direction of text.
 */
void wrap_clean(struct buf *b, struct str s);
/* The same on one line: line breaks become spaces. */
void wrap_clean_line(struct buf *b, struct str s);
/*
 * Appends cleaned text, broken at spaces where a line would be longer than
 * columns; a longer word gets broken. Each line begins with indent spaces but
 * the first, for which the caller has already written `used` columns. Leading
 * spaces of a line are kept and repeated where it is broken. Ends without a
 * line break.
 */
void wrap_text(struct buf *b, struct str s, int columns, int indent, int used);
/* n spaces */
void wrap_pad(struct buf *b, int n);
