/*
 * report: what a run can show to who doubts it. All of it follows from the
 * run's records up to `record` and nothing else (docs/peer-file.md says from
 * which), so that anybody with the audit chain can count it again. For
 * engine/peer.
 */
#pragma once

#include "engine/peer/view.h"

/* A share with its interval (Wilson, 95 %). */
struct report_rate {
	int64_t count, of;
	bool has; /* of > 0 */
	struct dec share, lo, hi;
};
/* A mean or median that may be of nothing. */
struct report_number {
	bool has;
	struct dec v;
};

struct report_works {
	int64_t authors, handed_in; /* handed_in: newest versions */
	int64_t in_review, sealed, released, withdrawn;
};
struct report_reviewers {
	struct report_rate qualified;	       /* ever, of those who began */
	struct report_number golds_to_qualify; /* mean */
	int64_t candidate, supervised, now_qualified, watch, suspended;
	struct report_number mean_bias,
		bias_sd; /* of 100, of all with grades */
};
struct report_golds {
	struct report_rate calibration, covert; /* passed */
	struct report_rate
		live_share; /* covert gold in what was taken as live */
};
struct report_reviews {
	int64_t done, counting, surplus, under_way;
	struct report_rate lapsed; /* of leases that have ended */
	struct report_rate rated;  /* by their reviewees, of works released */
	struct report_rate narrow; /* picked from fewer than QUEUE_WINDOW */
};
struct report_agreement_view {
	struct str criterion, title; /* empty: of the whole score */
	int64_t works, reviewers, scores;
	struct report_number kappa_quadratic, alpha_ordinal, alpha_interval;
	bool weak;
};
struct report_coverage {
	struct report_rate decided; /* by moderators, of works with a grade */
	struct report_rate drawn;   /* of the random stratum: decided */
	/* Of those: the peers' grade less the moderator's, of 100. */
	struct report_number drawn_bias, drawn_rmse;
	int64_t moved; /* released grades that wait for a confirmation */
	int64_t cases; /* open, of any reason */
};
struct report_appeals {
	struct report_rate filed;    /* of works whose grade is shown */
	struct report_rate reversed; /* of those decided */
	int64_t open, raised, lowered, upheld, rejected;
	struct report_number hours; /* median, from filed to decided */
};
struct report_alarms {
	int move; /* enum licence_move */
	int64_t raised, open, by_staff;
	struct report_number
		hours; /* median, until somebody or a test answered*/
};
struct report_waiting {
	struct report_rate starved; /* ever, of works that came into the pool */
	int64_t starving;	    /* now */
	int64_t stuck;		    /* learners with nothing to review, now */
	struct report_number longest_hours; /* in the pool now, not complete */
	/* Medians, from the pool to the first and the last review needed. */
	struct report_number first_hours, need_hours;
};
struct report_estimates {
	int64_t graded;
	struct report_number width; /* mean, of the 90 % intervals, of 100 */
	int64_t parts; /* of the graph of reviews; scores compare in one */
};

struct peer_report {
	struct id assessment;
	int64_t record, at; /* the last one of the run, and its instant */
	struct report_works works;
	struct report_reviewers reviewers;
	struct report_golds golds;
	struct report_reviews reviews;
	struct list criteria; /* struct report_agreement_view */
	struct report_agreement_view whole;
	struct list weak; /* struct str: ids of criteria for repair */
	struct report_coverage moderation;
	struct report_appeals appeals;
	struct list alarms; /* struct report_alarms, one for each move */
	struct report_waiting waiting;
	struct report_estimates estimates;
};
extern const struct shape peer_report_shape;

/* All in the arena. */
void peer_report(struct ctx *cx, const struct run *r, struct peer_report *out);
/* ... its part on agreement. */
void peer_report_agreement(struct ctx *cx, const struct run *r,
			   struct peer_report *out);
