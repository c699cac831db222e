/*
 * peer_def: how a work is reviewed by peers, as its author writes it: member
 * "peer" of an assessment file (docs/peer-file.md). Never changed after it is
 * read.
 */
#pragma once

#include "rubrics/feedback.h"
#include "rubrics/licence.h"
#include "rubrics/rubric.h"

enum {
	PEER_GOLDS = 200,
	PEER_GOLD_BYTES = 256 << 10, /* the text of one */
	PEER_FILES = 50,
	PEER_LINKS = 20,
	PEER_FILE_JSON_BYTES = 8 << 20,
};

enum peer_mode { PEER_ROLLING, PEER_COHORT };
extern const char *const peer_mode_words[]; /* "rolling", "cohort" */
enum peer_counts { PEER_SUMMATIVE, PEER_FORMATIVE };
extern const char *const peer_counts_words[]; /* "summative", "formative" */
enum peer_release { PEER_RELEASE_AUTO, PEER_RELEASE_HELD };
extern const char *const peer_release_words[]; /* "auto", "held" */
enum peer_estimate { PEER_PG1, PEER_MEAN, PEER_MEDIAN };
extern const char *const peer_estimate_words[]; /* "pg1", "mean", "median" */

/* What is handed in. Bits of kinds: 1 << i. */
enum peer_kind { PEER_TEXT, PEER_FILE, PEER_COMMIT, PEER_LINK };
extern const char *const peer_kind_words[]; /* "text" "files" "commit" "links"*/
struct peer_hand_in {
	uint32_t kinds;	       /* that are allowed; default: text */
	uint32_t required;     /* of them; default: one of any kind is enough */
	int64_t text_words;    /* at least, where text is required; default 1 */
	int64_t text_bytes;    /* at most; default 65536 */
	int64_t files;	       /* at most; default 10 */
	int64_t file_bytes;    /* all together; default 16 MiB */
	int64_t grace_minutes; /* to correct it, before the pool; default 60 */
	int64_t versions;      /* resubmissions + 1, at most; default 3 */
};

/* An artifact with an expert's grade and reasons. */
struct peer_gold {
	struct str id, title;
	struct str text;
	struct list links;  /* struct str */
	struct list scores; /* struct rubric_score; comment: the reason */
	struct str reason;  /* over all */
	bool covert; /* also used in live work; its grade is never shown */
	bool open;   /* used in calibration; default: both */
	bool has_covert, has_open;
};

struct peer_calibration {
	int64_t least; /* gold items before the first live review; default 1 */
	/* Passed when every criterion is within so many percent of its range
	   of the expert's, and the whole within so many of 100. */
	int64_t criterion_percent; /* default 34 */
	int64_t total_percent;	   /* default 15 */
	/* A live review by one who is not qualified is allowed (supervised). */
	bool may_review_supervised; /* default true */
	bool has_may_review_supervised;
};

struct peer_moderation {
	int64_t spot_percent;	/* of artifacts that may be checked; 10 */
	int64_t random_percent; /* of these, a random stratum; default 30 */
	struct dec departs;	/* |model - mean| in percent of 100; 10 */
	struct dec disagrees;	/* range of a work's reviews, percent; 40 */
	struct dec moves; /* a released grade by more: a moderator confirms; 5*/
	int64_t starved_hours;	 /* fewer than need after so long; 168 */
	struct dec moderator_sd; /* of a moderator's grade, percent; 5 */
	struct dec gold_sd;	 /* of an expert's, percent; 3 */
	int64_t flags;		 /* reviewers who flag it: out of the pool; 2 */
};

struct peer_stop {
	/* Default: 3 and 6, but no more and no less than must_receive. */
	int64_t least, most;
	struct dec pass_percent; /* pass mark; default the policy's, else 50 */
	bool has_pass_percent;	 /* false: 50, and the policy's is better */
	struct dec risk;	 /* of the wrong side of it; 0.1 */
};

struct peer_appeals {
	bool off;
	int64_t words;	     /* of the grounds, at least; default 20 */
	int64_t days;	     /* after release; default 14 */
	int64_t decide_days; /* shown and alarmed; default 7 */
};

/* struct licence_rules as it is written. */
struct peer_licence {
	struct dec p0, p1, alpha, beta, gold_h, k, h;
	int64_t least_gold, most_gold;
	struct dec covert_new, covert_stable;
};

struct peer_dates { /* Unix ms; 0: none */
	int64_t opens_at, hand_in_until, review_until;
};

struct peer_def {
	struct rubric rubric;
	struct peer_hand_in hand_in;
	int64_t must_review, must_receive;   /* 3, 3 */
	int64_t lease_minutes;		     /* of one review; default 480 */
	int mode, counts, release, estimate; /* enums above */
	struct list gold;		     /* struct peer_gold */
	struct peer_calibration calibration;
	struct peer_licence licence_file; /* member "licence" */
	struct licence_rules licence;	  /* the same as numbers */
	struct feedback_rules feedback;
	struct peer_moderation moderation;
	struct peer_stop stop;
	struct peer_appeals appeals;
	struct peer_dates dates;
	bool rate_reviews; /* reviewees rate; default true */
	bool has_rate_reviews;
	struct str instructions; /* for reviewers */
};
extern const struct shape peer_def_shape;

/*
 * Reads, checks and puts in the defaults. ERR_INVALID with the field below
 * `where` ("/peer"), ERR_BAD_JSON, ERR_TOO_LARGE. Strings point into text or
 * the arena.
 */
MUST enum err peer_def_read(struct ctx *cx, struct str text, const char *where,
			    struct peer_def *out);
/* What peer_def_read checks, of one made otherwise, with all defaults. */
MUST enum err peer_def_check(struct ctx *cx, const struct peer_def *d,
			     const char *where);
/* What holds where a file says nothing; no rubric, no gold. */
void peer_def_defaults(struct peer_def *out);
/*
 * What its author hardly meant, each a sentence: too little gold, nobody who
 * looks, reviews that nobody owes.
 */
void peer_def_warnings(struct ctx *cx, const struct peer_def *d,
		       struct list *out /* struct str */);
/* Gold by id: index; SIZE_MAX: none. */
size_t peer_gold_find(const struct peer_def *d, struct str id);
/* What its expert gave, 0..1; peer_def_read has checked the scores. */
MUST enum err peer_gold_result(struct ctx *cx, const struct peer_def *d,
			       size_t gold, struct rubric_result *out);
/*
 * Passed within the tolerances of calibration? For each criterion (index of
 * the rubric) whether it was near enough, in near[] (criteria of them; NULL:
 * not wanted).
 */
bool peer_gold_passed(const struct peer_def *d,
		      const struct rubric_result *gold,
		      const struct rubric_result *given, bool *near);
