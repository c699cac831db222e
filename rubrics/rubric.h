/*
 * rubric: by which criteria a work is judged, and what scores give.
 *
 * A criterion has levels (named, with points and a description) or a range of
 * points (0..points, in steps). Its share of the grade is its weight times
 * points given / points possible, over the weights of those that are scored.
 * Criteria that are feedback-only have no points and stay out of it.
 */
#pragma once

#include "base/ctx.h"
#include "base/dec.h"
#include "base/field.h"

enum {
	RUBRIC_CRITERIA = 50,
	RUBRIC_LEVELS = 20,
	RUBRIC_ID_BYTES = 64,
	RUBRIC_POINTS_MOST = 1000,
};

struct rubric_level {
	struct str id, title, text; /* text: the anchor, what earns it */
	struct dec points;
};

struct rubric_criterion {
	struct str id, title, text;
	bool feedback_only;
	struct dec weight; /* >= 0; default 1 */
	bool has_weight;
	struct list levels; /* struct rubric_level; or a range: */
	struct dec points;  /* 0..points */
	struct dec step;    /* default: any value; else a divisor of points */
	bool comment_required;
	int64_t comment_words; /* at least, where one is required: 1 */
};

struct rubric {
	struct list criteria; /* struct rubric_criterion */
};
extern const struct shape rubric_shape;

/* What a reviewer, an expert or a moderator gives. */
struct rubric_score {
	struct str criterion; /* its id */
	struct str level;     /* a level's id, or */
	bool has_points;
	struct dec points;
	struct str comment;
};
extern const struct shape rubric_score_shape;

/*
 * ERR_INVALID with the field below `where`: no criterion, the same id twice,
 * all feedback-only, weights that sum to zero, levels and points together or
 * neither, fewer than two levels, a step that does not divide, points out of
 * range or all levels worth the same.
 */
MUST enum err rubric_check(struct ctx *cx, const struct rubric *r,
			   const char *where);

struct rubric_result {
	struct dec points, max_points; /* weighted: of 100 */
	struct dec scaled;	       /* 0..1, rounded once at the 9th digit */
	struct dec *each;	       /* [criteria]: 0..1; feedback-only: 0 */
};
/*
 * Scores of one review: every scored criterion once. ERR_INVALID names the
 * field: unknown criterion, twice, missing, unknown level, out of range, not a
 * step, points for what is feedback-only. *out in the arena.
 */
MUST enum err rubric_score(struct ctx *cx, const struct rubric *r,
			   const struct list *scores /* struct rubric_score */,
			   const char *where, struct rubric_result *out);
/*
 * The comments that the rubric requires are there, and long enough. ERR_INVALID
 * names the field. rubric_score does not ask for them.
 */
MUST enum err rubric_comments(struct ctx *cx, const struct rubric *r,
			      const struct list *scores, const char *where);
/* Index of a criterion by id; SIZE_MAX: none. */
size_t rubric_find(const struct rubric *r, struct str id);
