/*
 * What the files of the GIFT reader share; nobody else includes this.
 *
 * Theory of operation. A file is cut into blocks at blank lines; a block is a
 * question. In a block every escape ("\~") is first replaced by one byte from
 * 1 to 7, which cannot occur otherwise, so that what is left of ~ = # { } : is
 * syntax and can be searched for byte by byte. The bytes are put back when a
 * text is taken out (gift_text). Line ends are kept, so the line of anything
 * is the block's line plus the line ends before it.
 *
 * Nodes, for the bank's accounts: each question; its ::title::; each answer;
 * each feedback (what follows # or ####); each $CATEGORY line; each comment
 * line and each [id:] or [tag:] in it. A question that is refused is one node,
 * whatever is in it.
 */
#pragma once

#include "graders/bank_build.h"

enum { GIFT_DEFAULT_PENALTY_NANO = 333333300 };

/* Escaped characters, by their order in gift_escapes. */
#define GIFT_ESCAPES ":#={}~n"
enum { GIFT_MARK_FIRST = 1, GIFT_MARK_LAST = 7 };

struct gift_text {
	struct str text;
	int format;
};

/* One question while it is read. */
struct gift_question {
	struct ctx *cx;
	struct bank_build *b;
	struct item *it;
	struct str block; /* escapes replaced, see above */
	int64_t line;	  /* of the block's first byte */
	int64_t nodes;	  /* mapped ones of this question */
	int64_t empty;	  /* answers without text: not carried over */
};

/* A text without marks, trimmed, in the arena; absent if empty. */
struct str gift_plain(struct ctx *cx, struct str s);
/* The same with an optional [format] before it. */
struct gift_text gift_text(struct ctx *cx, struct str s, int otherwise);
/* Position of the first byte c at or after from; SIZE_MAX if there is none. */
size_t gift_find(struct str s, char c, size_t from);

/* Fills type and answers from what stands between the braces. */
MUST enum err gift_answers(struct gift_question *q, struct str answers);
