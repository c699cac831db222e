/*
 * course: a course's own settings, and what its grades add up to for one
 * learner. A course exists as soon as something is published in it; the row
 * only adds a title, a pass mark and a term.
 */
#pragma once

#include "engine/gradebook/gradebook.h"
#include "graders/course_grade.h"

struct course {
	struct str course, title;
	struct str term;      /* that it is in now; absent: the calendar year */
	struct dec pass_mark; /* of the final total, 0..1; 0: none */
	int64_t updated_at;
};
extern const struct shape course_shape;

enum { COURSE_TERM_BYTES = 40 };
/* In a term's place for what a course keeps of its labs. */
#define COURSE_TERM_LABS "labs"

/*
 * ERR_INVALID with the field, unless it is absent or a short plain text, and
 * not that of labs.
 */
MUST enum err course_term_check(struct ctx *cx, struct str term);
/*
 * The term that a course was in at that time, for good: a term that is set
 * holds from the next ms on. Without one the year, as text.
 */
MUST enum err course_term(struct ctx *cx, const struct id *org,
			  struct str course, int64_t at_ms, struct str *out);
/*
 * struct str: every term that course_term may have said of that time on some
 * server, whatever its clock. For what must miss nothing.
 */
MUST enum err course_terms(struct ctx *cx, const struct id *org,
			   struct str course, int64_t at_ms, struct list *out);
/* In a command: from now on it is in that one (absent: in none). */
MUST enum err course_term_begin(struct ctx *cx, const struct id *org,
				struct str course, struct str term);

/* One column of a course's gradebook, with the rules that weigh it. */
struct course_column {
	struct id series, assessment; /* as assessment_newest */
	struct str slug, title;
	struct dec max_score; /* of the grade: the policy's, or sum of marks */
	struct dec weight;
	struct str group;
	int64_t group_best;
	int release; /* enum policy_release */
};
extern const struct shape course_column_shape;

/*
 * The graded assessments of the course, by slug. struct course_column.
 * pass_mark may be NULL; 0 without any column.
 */
MUST enum err course_columns(struct ctx *cx, const struct id *org,
			     struct str course, struct list *out,
			     struct dec *pass_mark);
/*
 * Puts a learner's grades (struct grade) beside the columns: at[i] is column
 * i's grade or NULL. released_only hides what the learner may not see.
 */
void course_line(struct ctx *cx, const struct list *columns,
		 const struct list *grades, bool released_only,
		 const struct grade **at, struct course_total *total);
