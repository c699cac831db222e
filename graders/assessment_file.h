/*
 * assessment_file: a whole assessment as one JSON file: what `assay import`
 * writes, what a platform publishes. Immutable once published.
 *
 *	{"assay": 1, "course": "bio-101", "slug": "quiz-1", "title": "…",
 *	 "policy": {…}, "items": [{…}, …],
 *	 "sections": [{"title": "A", "entries": [
 *		{"item": "q1", "mark": 2},
 *		{"pick": 3, "from": ["q2", "q3", "q4", "q5"], "mark": 1},
 *		{"pick": 2, "tags": ["algebra"]}]}]}
 *
 * Without sections every item is asked once, in the order of the file. One that
 * peers review has "peer" instead of items and sections.
 */
#pragma once

#include "graders/bank.h"
#include "graders/policy.h"
#include "graders/policy_grade.h"

enum {
	ASSESSMENT_VERSION = 1,
	ASSESSMENT_PEER_BYTES = 8 << 20,
};

/* One item, or a draw of `pick` different ones. */
struct entry {
	struct str item; /* an item's id; or else a draw: */
	int64_t pick;
	struct list from;    /* struct str: ids; or by what follows */
	struct list tags;    /* struct str: items that have all of them */
	struct str category; /* items of it or below it */
	struct dec mark;     /* of each; not set: the item's own */
	bool has_mark;
};

struct section {
	struct str title;
	struct str text; /* shown above its items */
	bool shuffle;	 /* its entries, also if the policy does not */
	bool fixed;	 /* never shuffled, whatever the policy says */
	int64_t best;	 /* see struct policy_section */
	struct dec max_marks;
	struct list entries; /* struct entry */
};

struct assessment_def {
	int64_t assay; /* version of the format: 1 */
	struct str course, slug, title;
	struct str text; /* introduction */
	int text_format;
	struct policy policy;
	struct list items;    /* struct item */
	struct list sections; /* struct section */
	/* How peers review it; absent: they do not. Canonical JSON, of which
	   nothing is known here. */
	struct str peer;
};
extern const struct shape assessment_shape;
extern const struct shape section_shape;
extern const struct shape entry_shape;

/*
 * Decodes, fills defaults (policy_defaults, one section if there is none) and
 * checks. ERR_INVALID with the first error's field and sentence; *problems
 * (may be NULL) has all of them, and the warnings also on success. What does
 * not even decode is one problem, since nothing else can be known.
 */
MUST enum err assessment_read(struct ctx *cx, struct str text,
			      struct assessment_def *out,
			      struct problems *problems);
/* The same from a value that is parsed already. */
MUST enum err assessment_decode(struct ctx *cx, struct jval v,
				struct assessment_def *out,
				struct problems *problems);
/*
 * The same of one that is to be published: what of a code item's hidden tests
 * could be found out is looked at, too, and whether its languages can be asked
 * what its tests call. One that was published before is read all the same by
 * assessment_read. problems is never NULL.
 */
MUST enum err assessment_read_new(struct ctx *cx, struct str text,
				  struct assessment_def *out,
				  struct problems *problems);
void assessment_probe(struct ctx *cx, const struct assessment_def *def,
		      struct problems *out);
/* Canonical: reading that gives the same again. */
void assessment_write(struct buf *b, const struct assessment_def *def);
/*
 * Takes the password away, so that the file may be shown. true: there was one.
 */
bool assessment_hide(struct assessment_def *def);

/* How many questions an attempt has, and how many of them are drawn. */
void assessment_count(const struct assessment_def *def, int64_t *questions,
		      int64_t *drawn);

/* What assessment_read checks, for a definition made otherwise. */
void assessment_check(struct ctx *cx, const struct assessment_def *def,
		      struct problems *out);

/* An assessment of a bank's items, one section, default rules. */
void assessment_of_bank(struct ctx *cx, const struct bank *bank,
			struct str course, struct str slug,
			struct assessment_def *out);

/* Index of an item by its id; SIZE_MAX if there is none. */
size_t assessment_item(const struct assessment_def *def, struct str id);
/* Can be marked: not a description, not opaque. */
bool assessment_item_gradable(const struct item *it);
/*
 * The first entry that may draw an item, and which section's it is. NULL if
 * none does: *section is 0 then.
 */
const struct entry *assessment_entry_of(struct ctx *cx,
					const struct assessment_def *def,
					size_t item, size_t *section);
/* The items that an entry may draw, as indices; in the order of the file. */
struct list assessment_entry_items(struct ctx *cx,
				   const struct assessment_def *def,
				   const struct entry *e);
/*
 * The greatest sum that an attempt can have. Every attempt has the same,
 * unless a draw has items of unequal marks (a warning): then the largest. What
 * peers review has the policy's max_grade, or 100.
 */
struct dec assessment_max(struct ctx *cx, const struct assessment_def *def);
