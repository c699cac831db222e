/*
 * policy_grade: from the marks of items to the grade that counts, and what of
 * it a learner is shown.
 *
 * The order is fixed (version 1), since systems that chose first and took the
 * penalty after kept the wrong attempt:
 *
 *	item marks -> sum of the attempt -> grade out of max_grade
 *	-> late credit of that attempt -> choose -> floor
 *
 * It runs again from the start after every regrade, and gives the same result
 * for the same input. With "highest" the kept grade is therefore never less
 * than any other attempt's after its own penalty.
 */
#pragma once

#include "graders/attempt_state.h"
#include "graders/policy.h"

enum { POLICY_GRADE_VERSION = 1 };

/* The mark of one slot. */
struct policy_mark {
	bool has; /* false: not known yet (a person marks it) */
	struct dec mark, max;
	int64_t section; /* index into the sections */
};

/* How the marks of a section add up; all zero: they just do. */
struct policy_section {
	int64_t best;	      /* only the best n slots count; 0: all */
	struct dec max_marks; /* cap of the section; 0: none */
};

struct policy_sum {
	bool has;	/* every slot that counts has its mark */
	struct dec sum; /* of those that have one */
	struct dec max;
};

/* The attempt's sum; floors at item, section or attempt as p says. */
void policy_attempt_sum(struct ctx *cx, const struct policy *p,
			const struct policy_section *sections,
			size_t sections_n, const struct policy_mark *marks,
			size_t n, struct policy_sum *out);

struct policy_credit {
	struct dec percent; /* 100: full */
	bool late;	    /* after due_at */
};
/* For what was handed in at this instant. */
void policy_late(const struct policy *p, int64_t finished,
		 struct policy_credit *out);

/* sum * max_grade / max, rounded once; 0 where max < 0.000005. */
struct dec policy_rescale(const struct policy *p, struct dec sum,
			  struct dec max);

/* One attempt on its way to the gradebook. */
struct policy_graded {
	int64_t number;		/* from 1 */
	int state;		/* enum attempt_state */
	bool practice, preview; /* never count */
	bool has_sum;
	struct dec sum, max;
	int64_t finished;
	/* filled by policy_grade */
	bool counts; /* takes part in the choice */
	bool has_grade;
	struct dec grade;  /* after its late credit */
	struct dec credit; /* percent */
	bool late;
};

struct policy_result {
	bool has;	/* there is a grade */
	bool pending;	/* an attempt that may change it has no mark yet */
	int64_t chosen; /* its number; 0: none, or an average */
	struct dec grade, max;
	struct dec scaled; /* grade / max; over 1 with early credit */
	bool passed;	   /* there is a pass mark, and it is reached */
	bool late;
};

/*
 * Chooses among grades: highest and average pass over missing ones, first and
 * last take theirs even if it is missing. false: no grade. *at: the position
 * of the chosen one, n for an average.
 */
bool policy_counting(int counts, const struct dec *grades, const bool *has,
		     size_t n, struct dec *grade, size_t *at);

/* The whole order. attempts: by rising number; all states, all flags. */
void policy_grade(struct ctx *cx, const struct policy *p,
		  struct policy_graded *attempts, size_t n,
		  struct policy_result *out);

/* The text for a grade (scaled); absent if there is none. */
struct str policy_feedback(const struct policy *p, struct dec scaled,
			   int *format);

/*
 * What may be shown of an attempt now: bits of enum review_what. A held
 * result shows the response alone until released, a voided one nothing.
 */
uint32_t policy_review(const struct policy *p, int state, int64_t finished,
		       int64_t now);
