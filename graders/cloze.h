/*
 * cloze: Moodle's text with blanks in it ("multianswer").
 *
 *	{2:SHORTANSWER:=Berlin#Yes~%50%Bonn#Until 1990~*#No}
 *
 * The weight (default 1), the type or one of its short names, then
 * alternatives between "~": "=" is right, "%50%" is a share, neither is wrong;
 * "#" begins feedback. A backslash makes ~ # } / " and itself plain. A brace
 * inside an alternative may also be balanced: {1:SA:=x^{2}}.
 */
#pragma once

#include "graders/item.h"

/*
 * Fills it->stem (blanks are {#1}, {#2}, …), it->parts and it->mark (the sum
 * of the weights). Strings live in cx->arena. ERR_INVALID: no blank at all, a
 * broken blank; ERR_UNSUPPORTED: a type of blank that is not known, or a text
 * that holds {#1} itself; ERR_TOO_LARGE: too many blanks or alternatives.
 */
MUST enum err cloze_read(struct ctx *cx, struct str text, int format,
			 struct item *it);

/* The text with its blanks, so that reading it gives the same item. */
void cloze_write(struct buf *b, const struct item *it);
