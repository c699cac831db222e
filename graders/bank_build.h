/*
 * bank_build: makes a bank while a source is read, and keeps its accounts.
 *
 * Every node of the source is counted exactly once, under one fate. A node
 * that is not mapped must have a note, and a note's count is the number of
 * nodes that it speaks for: the notes of a fate add up to the bank's number
 * for it. A note with count 0 is a remark that speaks for no node of its own.
 */
#pragma once

#include "graders/bank.h"

struct bank_build;

/* Lives in cx->arena; bank_build_done frees what is not. */
struct bank_build *bank_build_new(struct ctx *cx, const char *format);

/* n nodes are carried over in full. */
void bank_mapped(struct bank_build *b, int64_t n);

/*
 * n nodes are not. where names the place; notes with equal fate, where and
 * detail become one, with the line of the first.
 */
void bank_note(struct bank_build *b, enum fate fate, int64_t line,
	       struct str where, int64_t n, const char *detail, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * The same for a question as a whole, which has a line of its own in the
 * report: where is "quiz/question", and the note says "quiz/question[7]".
 * After two hundred notes equal ones are only counted.
 */
void bank_note_at(struct bank_build *b, enum fate fate, int64_t line,
		  struct str where, int64_t index, int64_t n,
		  const char *detail, ...)
	__attribute__((format(printf, 7, 8)));

/*
 * Gives the item its id (the id number if that can be one, else "q" and its
 * position), checks it and appends a copy. ERR_INVALID if it cannot be
 * scored, ERR_TOO_LARGE if one of its texts is too long: cx->error.text says
 * why, and the item is not in. ERR_LIMIT_REACHED if the bank is full.
 */
MUST enum err bank_keep(struct bank_build *b, struct item *it);
/* Items so far. */
size_t bank_kept(const struct bank_build *b);

/*
 * Fills *out and frees b, in every case. ERR_INVALID if the source had
 * nothing, or nothing that could be read.
 */
MUST enum err bank_build_done(struct bank_build *b, struct bank *out);
void bank_build_free(struct bank_build *b); /* when reading is given up */

/* Readers' small helpers. */

/* At most this many bytes, and no half of a UTF-8 character at the end. */
struct str bank_cut(struct str s, size_t most);
/* Absent instead of empty; white space at the ends removed; a copy. */
struct str bank_text_kept(struct ctx *cx, struct str s);
/*
 * The same for a name, category or tag: one line, of limited length. What is
 * cut is noted.
 */
struct str bank_name_kept(struct bank_build *b, struct str s, int64_t line,
			  struct str where);
/*
 * A number as items have it: "+.5" becomes "0.5", U+2212 becomes "-"; false
 * if s is none. White space at the ends is allowed.
 */
bool bank_number(struct ctx *cx, struct str s, struct str *out);
/* A number's text whose digits are all zero: "0", "-0.00", "0e5". */
bool bank_is_zero(struct str number);
/* A percentage as a fraction within -1..1; false if it is none. */
bool bank_percent(struct ctx *cx, struct str s, struct dec *out);

/* Lists while they grow. */
struct bank_list {
	struct buf buf; /* elements; freed by bank_list_take */
	size_t n;
};
void bank_list_add(struct bank_list *l, const void *element, size_t size);
/* Of a list of struct str: a text's position; appended if it is new. */
int64_t bank_list_text(struct bank_list *l, struct str text);
/* The elements in the arena; empties l. */
struct list bank_list_take(struct ctx *cx, struct bank_list *l);
