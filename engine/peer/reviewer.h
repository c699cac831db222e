/* reviewer: how good reviewers are, and what staff know of them. */
#pragma once

#include "engine/peer/view.h"
#include "rubrics/quality.h"

/* Of all people of the run, by index; in the arena. */
struct quality *reviewer_qualities(struct ctx *cx, const struct run *r);

struct quality_view {
	bool enough;	  /* else the numbers say too little to be shown */
	struct dec score; /* 0..100; 50 is the run's mean */
	int64_t reviews;
	struct dec rating; /* mean, without the effect of the grade; 0: none */
};
struct reviewer_view {
	struct id learner;
	int licence; /* enum licence_state */
	int64_t reviews, must_review, calibrations, golds_passed, golds_failed;
	int64_t alarm_at, paused_until, waits_since;
	bool waived;
	bool has_quality;
	struct quality_view quality;
	struct id artifact, review; /* his newest; his open one */
	bool has_statistics;
	struct reviewer_statistics {
		struct dec bias, bias_sd;  /* of 100 */
		struct dec precision;	   /* of scores of 0..1 */
		struct dec discrimination; /* near 0: all get the same */
		int64_t grades;
	} statistics; /* for staff */
};
extern const struct shape reviewer_view_shape;
/* q: his of reviewer_qualities; NULL: quality is left out. */
void reviewer_show(struct ctx *cx, const struct run *r, uint32_t person,
		   const struct quality *q, struct reviewer_view *out);
