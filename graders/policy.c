#include "graders/policy.h"

#include "base/limits.h"
#include "graders/item.h"

#define SPAN_MOST (INT64_C(10) * 366 * 24 * 3600 * 1000) /* ten years */

enum {
	ATTEMPTS_MOST = 1000,
	WINDOWS_MOST = 100,
	BANDS_MOST = 100,
	PREREQUISITES_MOST = 100
};

const char *const policy_kind_words[] = { "graded", "practice", NULL };
const char *const policy_counts_words[] = { "highest", "last", "first",
					    "average", NULL };
const char *const policy_overdue_words[] = { "auto_submit", "grace", "abandon",
					     NULL };
const char *const policy_abandoned_words[] = { "used", "zero", "free", NULL };
const char *const policy_floor_words[] = { "grade",   "none",	 "item",
					   "section", "attempt", NULL };
const char *const policy_release_words[] = { "auto", "held", NULL };
const char *const policy_suspend_words[] = { "no", "clock_runs", "clock_stops",
					     NULL };
const char *const review_what_words[] = {
	[REVIEW_RESPONSE] = "response",
	[REVIEW_CORRECTNESS] = "correctness",
	[REVIEW_MARKS] = "marks",
	[REVIEW_MAX_MARKS] = "max_marks",
	[REVIEW_SPECIFIC_FEEDBACK] = "specific_feedback",
	[REVIEW_GENERAL_FEEDBACK] = "general_feedback",
	[REVIEW_RIGHT_ANSWER] = "right_answer",
	[REVIEW_OVERALL_FEEDBACK] = "overall_feedback",
	[REVIEW_COUNT] = NULL,
};

static const struct field review_fields[] = {
	FIELD_OPT(struct policy_review, during, KIND_FLAGS,
		  "shown while the attempt is open",
		  .words = review_what_words),
	FIELD_OPT(struct policy_review, immediately, KIND_FLAGS,
		  "shown for two minutes after the finish",
		  .words = review_what_words),
	FIELD_OPT(struct policy_review, later, KIND_FLAGS,
		  "shown later, while the assessment is open",
		  .words = review_what_words),
	FIELD_OPT(struct policy_review, closed, KIND_FLAGS,
		  "shown after the assessment has closed",
		  .words = review_what_words),
	FIELD_END,
};
static const struct shape review_shape =
	SHAPE(struct policy_review, review_fields);

static const struct field late_fields[] = {
	FIELD(struct late_window, until, KIND_TIME, "last instant that counts"),
	FIELD(struct late_window, credit, KIND_DEC,
	      "percent of the grade; over 100 rewards early work", .min = 0,
	      .max = 1000),
	FIELD_END,
};
const struct shape late_window_shape = SHAPE(struct late_window, late_fields);

static const struct field band_fields[] = {
	FIELD(struct feedback_band, from, KIND_DEC, "least grade, 0 to 1",
	      .max = 1),
	FIELD(struct feedback_band, text, KIND_STR, "what is shown"),
	FIELD_OPT(struct feedback_band, format, KIND_ENUM, "of the text",
		  .words = text_format_words),
	FIELD_END,
};
static const struct shape band_shape = SHAPE(struct feedback_band, band_fields);

static const struct field prerequisite_fields[] = {
	FIELD(struct prerequisite, assessment, KIND_STR,
	      "slug of an assessment in the same course", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD_MAYBE(struct prerequisite, min_scaled, has_min_scaled, KIND_DEC,
		    "least grade, 0 to 1; absent: passed", .max = 1),
	FIELD_END,
};
const struct shape prerequisite_shape =
	SHAPE(struct prerequisite, prerequisite_fields);

static const struct field policy_fields[] = {
	FIELD_OPT(struct policy, kind, KIND_ENUM, "does it reach the gradebook",
		  .words = policy_kind_words),
	FIELD_OPT(struct policy, attempts, KIND_INT,
		  "attempts allowed; 0: any number", .max = ATTEMPTS_MOST),
	FIELD_OPT(struct policy, delay_first_ms, KIND_INT,
		  "ms between the first and the second attempt",
		  .max = SPAN_MOST),
	FIELD_OPT(struct policy, delay_later_ms, KIND_INT,
		  "ms between later attempts", .max = SPAN_MOST),
	FIELD_OPT(struct policy, counts, KIND_ENUM, "which attempt counts",
		  .words = policy_counts_words),
	FIELD_OPT(struct policy, abandoned, KIND_ENUM,
		  "what an abandoned attempt is worth",
		  .words = policy_abandoned_words),
	FIELD_OPT(struct policy, pass_mark, KIND_DEC,
		  "least grade to pass, 0 to 1; 0: nothing to pass", .max = 1),
	FIELD_OPT(struct policy, max_grade, KIND_DEC,
		  "the grade is out of this; 0: sum of the marks", .min = 0,
		  .max = LIMIT_SCORE_POINTS),
	FIELD_OPT(struct policy, floor, KIND_ENUM, "where negative marks end",
		  .words = policy_floor_words),
	FIELD_OPT(struct policy, time_limit_ms, KIND_INT,
		  "ms of one attempt; 0: none", .max = SPAN_MOST),
	FIELD_OPT(struct policy, opens_at, KIND_TIME, "first instant"),
	FIELD_OPT(struct policy, due_at, KIND_TIME,
		  "what is handed in later is late"),
	FIELD_OPT(struct policy, closes_at, KIND_TIME,
		  "last instant, inclusive"),
	FIELD_OPT(struct policy, may_run_past_close, KIND_BOOL,
		  "who starts in time has the whole time limit"),
	FIELD_OPT(struct policy, overdue, KIND_ENUM,
		  "what happens to an open attempt when time is up",
		  .words = policy_overdue_words),
	FIELD_OPT(struct policy, grace_ms, KIND_INT,
		  "ms in which an overdue attempt may be handed in",
		  .max = SPAN_MOST),
	FIELD_MAYBE(struct policy, network_grace_ms, has_network_grace_ms,
		    KIND_INT, "ms for what is on the wire at the end",
		    .max = 3600 * 1000),
	FIELD_OPT(struct policy, suspend, KIND_ENUM,
		  "may attempts be suspended, and does the clock stop",
		  .words = policy_suspend_words),
	FIELD_OPT(struct policy, late, KIND_LIST,
		  "credit by time of handing in", .of = KIND_OBJECT,
		  .shape = &late_window_shape, .max = WINDOWS_MOST),
	FIELD_OPT(struct policy, late_after, KIND_DEC,
		  "percent after the last credit window", .min = 0,
		  .max = 1000),
	FIELD_OPT(struct policy, behaviour, KIND_STR,
		  "how tries and feedback go; absent: deferred_feedback",
		  .max = 64),
	FIELD_OPT(struct policy, shuffle_items, KIND_BOOL,
		  "each learner has an order of items of his own"),
	FIELD_OPT(struct policy, shuffle_choices, KIND_BOOL,
		  "the same for choices, where the item allows it"),
	FIELD_OPT(struct policy, avoid_seen, KIND_BOOL,
		  "draws prefer items that the learner has not had"),
	FIELD_MAYBE(struct policy, review, has_review, KIND_OBJECT,
		    "what is shown when", .shape = &review_shape),
	FIELD_OPT(struct policy, release, KIND_ENUM,
		  "are results held until released",
		  .words = policy_release_words),
	FIELD_OPT(struct policy, feedback, KIND_LIST, "text by grade",
		  .of = KIND_OBJECT, .shape = &band_shape, .max = BANDS_MOST),
	FIELD_OPT(struct policy, pledge, KIND_STR,
		  "honour pledge to be accepted before the start"),
	FIELD_OPT(struct policy, password, KIND_STR, "needed to start",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct policy, prerequisites, KIND_LIST, "to be done before",
		  .of = KIND_OBJECT, .shape = &prerequisite_shape,
		  .max = PREREQUISITES_MOST),
	FIELD_MAYBE(struct policy, weight, has_weight, KIND_DEC,
		    "in the gradebook", .max = LIMIT_SCORE_POINTS),
	FIELD_OPT(struct policy, group, KIND_STR, "gradebook group",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct policy, group_best, KIND_INT,
		  "of the group only the best n count; 0: all",
		  .max = LIMIT_PAGE),
	FIELD_END,
};
const struct shape policy_shape = SHAPE(struct policy, policy_fields);

/*
 * What is shown when the author does not say. Practice teaches, so it shows
 * everything at once. A graded assessment gives no answer away while others
 * may still work on it.
 */
static void default_review(const struct policy *p, struct policy_review *r)
{
	uint32_t result = REVIEW_BIT(REVIEW_RESPONSE) |
			  REVIEW_BIT(REVIEW_MARKS) |
			  REVIEW_BIT(REVIEW_MAX_MARKS);

	r->during = REVIEW_BIT(REVIEW_RESPONSE) | REVIEW_BIT(REVIEW_MAX_MARKS);
	r->immediately = result | REVIEW_BIT(REVIEW_OVERALL_FEEDBACK);
	r->later = r->immediately;
	r->closed = REVIEW_EVERYTHING;
	if (p->kind == POLICY_PRACTICE) {
		/* The rest of an open attempt is for the behaviour to say. */
		r->during = result | REVIEW_BIT(REVIEW_CORRECTNESS) |
			    REVIEW_BIT(REVIEW_SPECIFIC_FEEDBACK);
		r->immediately = REVIEW_EVERYTHING;
		r->later = REVIEW_EVERYTHING;
	}
}

void policy_defaults(struct policy *p)
{
	if (!p->has_network_grace_ms)
		p->network_grace_ms = POLICY_NETWORK_GRACE_MS;
	p->has_network_grace_ms = true;
	if (!p->has_weight)
		p->weight = DEC_ONE;
	p->has_weight = true;
	if (!p->has_review)
		default_review(p, &p->review);
	p->has_review = true;
	if (p->behaviour.p == NULL)
		p->behaviour = STR("deferred_feedback");
}
