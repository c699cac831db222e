/*
 * quality: how good a reviewer's reviews are, apart from the grades they give.
 *
 * Of each review: the reviewee's rating (1..5), a moderator's mark (1..5),
 * accuracy (the residual), coverage of the rubric and length. A reviewee who
 * got little rates low: the effect of the grade on the rating is estimated over
 * the run and taken away: least squares, within reviewers, of the rating on how
 * far the grade given is below the artifact's estimate, on how far above, and
 * on the estimate. Parts are standardised over the run, weighted, and shrunk
 * towards the run's mean by how many reviews there are, so that one or two say
 * little.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quality_review {
	uint32_t reviewer; /* index */
	bool has_rating, has_mark;
	double rating;	 /* 1..5, by the reviewee */
	double mark;	 /* 1..5, by a moderator */
	double given;	 /* the grade that the review gives, 0..1 */
	double estimate; /* of the artifact, 0..1 */
	double residual; /* standardised */
	double coverage; /* share of criteria with a comment, 0..1 */
	double words;	 /* in its texts */
};

struct quality_weights {
	double rating, mark, accuracy, coverage, length; /* >= 0, one > 0 */
	double shrink; /* reviews that the run's mean counts as: 3 */
};
extern const struct quality_weights quality_weights_default;

struct quality {
	double score;	   /* 0..100; 50 is the run's mean */
	double sd;	   /* of score */
	uint32_t n;	   /* reviews */
	bool enough;	   /* >= 3: else "not enough data" is shown */
	double rating;	   /* mean rating, grade effect removed; 0: none */
	double raw_rating; /* as given; 0: none */
	double accuracy, coverage, length; /* standardised means */
};
/* out: reviewers of them, by index. Scratch comes from malloc. */
void quality_fit(const struct quality_review *r, size_t n, size_t reviewers,
		 const struct quality_weights *w, struct quality *out);
/* The slope of the rating on (given - estimate) below the estimate that is
   removed; for reports. 10: a point per tenth of the scale. */
double quality_grade_effect(const struct quality_review *r, size_t n);
