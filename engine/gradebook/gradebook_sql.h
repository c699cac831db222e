/* gradebook_sql: the statements of this folder. */
#pragma once

#include "engine/store/store.h"

enum gradebook_stmt {
	GRADE_BY_ID,
	GRADE_SET,
	GRADE_RELEASE,
	GRADES_OF_LEARNER,
	GRADES_OF_COURSE,
	GRADE_LEARNERS,
	GRADES_ALL,
	GRADE_RECORDS,
	COURSE_ASSESSMENTS,
	COURSE_SET,
	COURSE_LIST,
	COURSE_TERM_AT,	   /* org, course, time */
	COURSE_TERMS,	   /* org, course: each once */
	COURSE_TERM_BEGIN, /* all columns */
	GRADEBOOK_STMTS
};
extern const struct stmt gradebook_sql[GRADEBOOK_STMTS];

/* Of COURSE_TERM_AT and COURSE_TERMS. */
struct course_term_row {
	struct str term; /* empty: none from then on */
};
/* A learner who has a grade in the course. */
struct grade_learner {
	struct id learner;
	struct str subject, name;
};
/* A record that has a grade in it. */
struct grade_record {
	int64_t node, seq;
	struct str body;
};
/* A version of an assessment of a course. */
struct course_assessment {
	struct id id;
	struct str slug;
	int64_t kind;
	int64_t retired_at;   /* 0: open */
	struct dec pass_mark; /* the course's; 0: none */
};
