/*
 * grades_csv: a table of scores, as gradebooks and researchers keep them: CSV
 * (RFC 4180; commas, or semicolons if the heading has no comma; a BOM is
 * skipped) with a heading. Columns artifact, reviewer and score, in any order,
 * and maybe criterion; others are ignored. An empty score is a missing one.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"

enum { GRADES_MOST = 4000000 };

struct grades_row {
	uint32_t artifact, reviewer, criterion; /* indices of the lists below */
	uint32_t line;				/* of the text, from 1 */
	double score;				/* NaN: none */
};
struct grades {
	struct grades_row *at;
	size_t n;
	/* struct str, in the order in which they first occur. */
	struct list artifacts, reviewers, criteria;
	bool has_criteria; /* else all rows are of criterion 0, which is "" */
};
/*
 * All in the arena; strings may point into text. ERR_INVALID names line and
 * column: no heading, a cell too few, an empty name, a score that is no number,
 * the same artifact, reviewer and criterion twice. ERR_TOO_LARGE above
 * GRADES_MOST rows.
 */
MUST enum err grades_csv_read(struct ctx *cx, struct str text,
			      struct grades *out);
