/* What the two comparisons of imported banks share. */
#pragma once

#include "graders/bank.h"
#include "tests/oracle/oracle.h"

struct compare {
	struct oracle *o;
	struct buf *got;
	const struct item *it;
	bool loose; /* the grammar joins lines: white space does not count */
	bool unsupported;
};

/* Says what ours is, where it is not what was stated; false. */
bool import_differ(struct compare *c, const char *what, struct str ours);
bool import_text_is(struct compare *c, const char *what, struct jval want,
		    struct str ours);
bool import_number_is(struct compare *c, const char *what, struct jval want,
		      double ours);
double import_number_of(struct compare *c, struct str s);
bool import_format_is(struct compare *c, const char *what, struct jval want,
		      int ours);
bool import_rich_is(struct compare *c, const char *what, struct jval want,
		    struct str text, int format);
/* Of a list, or of an object with the keys "0", "1", ... */
bool import_element(struct jval v, size_t i, struct jval *out);
bool import_tags_are(struct compare *c, struct jval want);

/* The parse tree of a GIFT grammar. extra: an item is added at the end. */
enum oracle_verdict import_tree(struct compare *c, const struct bank *b,
				struct jval want, bool extra);
