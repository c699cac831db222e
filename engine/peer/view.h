/*
 * view: what people are shown of a run. A reviewer sees a work and nothing of
 * its author, and nothing that tells gold from live work; an author sees his
 * reviews' texts when they are complete, their scores with the grade, and
 * nothing of his reviewers.
 */
#pragma once

#include "engine/peer/peers.h"

struct work_file {
	struct str name;
	int64_t bytes;
	struct str media_type;
};
struct work_content {
	struct str text;
	struct list files; /* struct work_file */
	bool has_commit;
	struct peer_commit commit;
	struct list links; /* struct str */
};

/* What a reviewer works on. */
struct review_view {
	struct id review;
	bool calibration;
	int state;     /* enum review_state */
	int64_t fence; /* of the lease; 0: none now */
	int64_t lease_until;
	struct str instructions;
	struct rubric rubric;
	bool has_content;
	struct work_content content;
	bool has_words; /* what he has submitted, or his draft */
	struct peer_words words;
	bool draft; /* words are a draft */
	bool has_explained;
	struct gold_explained {
		bool passed;
		struct dec given, expert; /* of 100 */
		struct list criteria;	  /* struct criterion_explained */
		struct str reason;
	} explained;
};
struct criterion_explained {
	struct str criterion;
	struct dec given, expert; /* 0..1 */
	bool near;
	struct str expert_level, reason;
};
extern const struct shape review_view_shape;

/* cx: a command or a query. For its reviewer or staff. */
MUST enum err view_review(struct ctx *cx, struct run *r, uint32_t review,
			  struct review_view *out);

/*
 * Just submitted, in the command that did it: words are what was said. Without
 * the work and the text, which its caller has.
 */
MUST enum err view_submitted(struct ctx *cx, struct run *r, uint32_t review,
			     const struct peer_words *words,
			     struct review_view *out);

/* A review as its reviewee sees it. */
struct received_view {
	struct id review;
	int64_t at;
	bool counts, has_scores;
	struct list strengths, improvements;
	struct list comments; /* struct received_comment */
	struct list scores;   /* struct rubric_score, without comments */
	int64_t rating;	      /* that he gave; 0: none */
	bool may_rate;
};
struct grade_view {
	struct dec grade, lo, hi; /* of 100 */
	struct dec mean, median;  /* of the reviews that count */
	int64_t reviews, qualified;
	bool by_moderator;
	struct str reason; /* of the moderator */
	bool has_now;	   /* for staff: what is shown is another */
	struct dec now;
};
struct artifact_view {
	struct id artifact;
	struct str course, slug;
	int64_t version;
	int state; /* enum work_state */
	int waits; /* enum work_waits */
	int64_t handed_in_at, grace_until, sealed_at, released_at;
	int64_t reviews, needed;
	int64_t own_reviews, must_review;
	bool has_content;
	struct peer_content content;
	struct list received; /* struct received_view */
	bool has_grade;
	struct grade_view grade;
	struct id appeal;
	struct id learner; /* for staff */
};
extern const struct shape artifact_view_shape, grade_view_shape;
/* For its author or staff. */
MUST enum err view_artifact(struct ctx *cx, struct run *r, uint32_t work,
			    bool with_texts, struct artifact_view *out);
struct dec view_percent(double of_1); /* two places */
void view_grade(const struct run *r, uint32_t work, struct grade_view *out);
