/*
 * response: what a learner gave to one item, as JSON on the wire and in the
 * event log, and as this struct to the scorer.
 *
 *   choice, true_false  {"choice": "2"}      position shown, from "1"; "" or
 *                                            absent: nothing chosen
 *   multi               {"choices": ["1", "3"]}
 *   short               {"text": "frog"}
 *   numeric             {"text": "3.5", "unit": "m"}   unit may stand in text
 *   match               {"pairs": {"1": "2"}}          shown stem: shown option
 *   cloze               {"parts": {"1": {"text": "x"}, "2": {"choice": "1"}}}
 *   essay               {"text": "…", "format": "html", "attachments": ["…"]}
 *   code                {"language": "c", "tree": "<40 hex>",
 *                        "commit": "<40 hex>", "files": 3, "bytes": 6144}
 *                       or "files": 1, "archive": true
 *
 * The last one is what is kept of files that are stored elsewhere; how they
 * are sent stands in graders/upload.h.
 */
#pragma once

#include "graders/item.h"

enum {
	RESPONSE_SHORT_BYTES = 4096, /* text of a short or numeric item: it is
					compared with every answer */
};

struct response_pair {
	int64_t stem, option; /* shown positions from 1; option 0: none */
};

struct response {
	int64_t choice;	     /* shown position from 1; 0: none */
	struct list choices; /* int64_t, shown positions, each once */
	struct str text;     /* absent: not given at all */
	struct str unit;
	struct str format;
	struct list pairs;	 /* struct response_pair */
	struct list parts;	 /* struct response; index = part - 1; all zero:
				    part not answered */
	struct list attachments; /* struct str: names or blob digests */
	struct str language;	 /* code */
	struct str tree, commit; /* git's ids of the files, and of the copy */
	int64_t files, bytes;
	bool archive; /* the one file is an archive of them */
};

/*
 * Reads a response to an item. null, {} and absent members are "blank".
 * ERR_INVALID with the field: members that the type does not have, positions
 * that were not shown, too long texts, a part that does not exist.
 */
MUST enum err response_read(struct ctx *cx, const struct item *it,
			    struct jval v, struct response *out);
/* Canonical JSON: equal responses give equal bytes. */
void response_write(struct buf *b, const struct item *it,
		    const struct response *r);
/* Something was given (a zero counts, white space alone does not). */
bool response_is_blank(const struct item *it, const struct response *r);
/* Every part of the item has been dealt with, so that it may be submitted. */
bool response_is_complete(const struct item *it, const struct response *r);
/* There is enough to give a mark. */
bool response_is_gradable(const struct item *it, const struct response *r);
/* Would be scored the same: a repeat is no new try. */
bool response_is_same(const struct item *it, const struct response *a,
		      const struct response *b);
