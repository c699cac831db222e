/*
 * What the files of the Moodle XML reader share; nobody else includes this.
 *
 * Theory of operation. A question arrives as a tree. Whatever a reader uses it
 * takes (xml_take): that is the mark of a mapped node. When the question is
 * done, moodle_account walks the tree, counts what was taken, and lists what
 * was not, so that an element that nobody thought of cannot get lost. A
 * question of an unknown type is kept whole, a broken one refused whole.
 *
 * Nodes, for the bank's accounts: elements, comments and processing
 * instructions. If the file stops being XML, its unread end is one more.
 */
#pragma once

#include "graders/bank_build.h"
#include "graders/xml_tree.h"

enum {
	MOODLE_DEFAULT_PENALTY_NANO = 333333300,
	MOODLE_PATH = 300,
};

/* One file. */
struct moodle {
	struct ctx *cx;
	struct bank_build *b;
	const char *root; /* where a question is: "quiz/question" */
	bool bare;     /* the file has questions, but no <quiz> around them */
	int64_t index; /* of the question, from 1 */
	struct str category;
	int64_t category_line; /* 0: used by an item already, or none */
};

/* One question. */
struct moodle_question {
	struct ctx *cx;
	struct moodle *m;
	struct xml_node *node;
	struct item *it;
	enum err e;	  /* the first failure; later calls do nothing */
	struct buf files; /* embedded files, see moodle_text */
};

struct moodle_text {
	struct str text;
	int format;
};

/* Stores the reason, once. */
void moodle_refuse(struct moodle_question *q, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A remark on an element: what it says is not kept. */
void moodle_remark(struct moodle_question *q, const struct xml_node *n,
		   const char *what);

/* The text of <name>…</name>, trimmed; otherwise if it is not there. */
struct str moodle_word(struct moodle_question *q, struct xml_node *parent,
		       const char *name, const char *otherwise);
int64_t moodle_int(struct moodle_question *q, const char *name,
		   int64_t otherwise, int64_t least, int64_t most);
/* "false", "0" and empty are false. */
bool moodle_bool(struct moodle_question *q, const char *name, bool otherwise);
/*
 * <node format="html"><text>…</text><file/>…</node>. Files go to q->files as
 * <files in="WHERE">…</files>, verbatim; node may be NULL.
 */
struct moodle_text moodle_text(struct moodle_question *q, struct xml_node *node,
			       int otherwise, const char *where);

/* Fills what belongs to the type; false: the type is not known. */
bool moodle_read_type(struct moodle_question *q, struct str type);
