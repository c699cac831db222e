/*
 * html_text: what an author wrote in HTML, as text for a terminal.
 *
 * Not a browser: tags are dropped but for what carries sense in plain text:
 * paragraphs, line breaks, lists, table cells, preformatted text, the words of
 * a picture, the target of a link, sub- and superscripts. Scripts, styles and
 * comments vanish. Entities become their characters. Any bytes may come in;
 * the output is at most a few times as long as the input.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/*
 * Lines without a line break at the end; a blank line between paragraphs. In
 * the arena. What steers a terminal is still in it: see wrap.h.
 */
struct str html_text(struct arena *a, struct str html);
/* By the wire's word of a format: html and moodle are HTML, others text. */
struct str html_text_of(struct arena *a, struct str text, struct str format);
