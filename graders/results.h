/*
 * results: what a test program of another system says: Gradescope's and
 * PrairieLearn's results.json, TAP, JUnit XML. Read as outside data; written
 * as results.json for who still needs it.
 */
#pragma once

#include "base/field.h"

enum {
	RESULTS_BYTES = 4 << 20, /* of one source */
	RESULTS_TESTS = 2000,
	RESULTS_TEXT = 16384, /* of one text; longer ones are cut */
};

enum result_state {
	RESULT_PASSED,
	RESULT_FAILED,
	RESULT_SKIPPED, /* counts for nothing */
	RESULT_BROKEN,	/* it could not be tested */
};
extern const char *const result_state_words[];

/* Gradescope's words. */
enum result_visibility {
	RESULT_VISIBLE,
	RESULT_HIDDEN,
	RESULT_AFTER_DUE,
	RESULT_AFTER_PUBLISHED,
};
extern const char *const result_visibility_words[];

struct result_test {
	struct str name, number;
	int state; /* enum result_state */
	bool has_points;
	struct dec points, max_points;
	struct str output;
	int visibility;
	int64_t line; /* TAP, JUnit: in the source; 0: not known */
};
extern const struct shape result_test_shape;

struct results {
	struct str format; /* "results_json", "tap", "junit" */
	bool has_score;	   /* the source itself gives a total */
	struct dec score;
	bool scaled;   /* score is 0..1, as PrairieLearn's */
	bool gradable; /* PrairieLearn: false costs no attempt */
	struct dec seconds;
	struct str output;
	struct list tests; /* struct result_test */
	struct list notes; /* struct str: what was not understood */
};
extern const struct shape results_shape;

/*
 * Read one source. ERR_INVALID with what is wrong and where (points that are
 * no number, a plan that is not kept, XML that is none), ERR_TOO_LARGE over a
 * limit.
 */
MUST enum err results_json_read(struct ctx *cx, struct str text,
				struct results *out);
MUST enum err results_tap_read(struct ctx *cx, struct str text,
			       struct results *out);
MUST enum err results_junit_read(struct ctx *cx, struct str text,
				 struct results *out);
/* As Gradescope reads it; reading that gives the same tests. */
void results_json_write(struct buf *b, const struct results *r);

/*
 * Of all points, 0..1: by the total if max is known and there is one, else by
 * the tests, each one point unless it has its own. false: nothing counts.
 */
bool results_share(const struct results *r, struct dec *out);
