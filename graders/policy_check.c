/*
 * What contradicts itself in a policy, or is likely a slip. One function per
 * group of settings; each says why, not only that.
 */
#include "graders/policy.h"

enum { SHORT_LIMIT_MS = 30 * 1000, SHORT_PASSWORD = 6 };

struct check {
	struct ctx *cx;
	const struct policy *p;
	const char *at;
	struct problems *out;
};

/* member: "closes_at", or "late/3/until". */
static void say(const struct check *k, int level, const char *member,
		const char *code, const char *text)
{
	struct str at = str_fmt(k->cx->arena, "%s/%s", k->at, member);

	problem_add(k->cx, k->out, level, at, code, "%s", text);
}

static void say_nth(const struct check *k, int level, const char *list,
		    size_t i, const char *member, const char *code,
		    const char *text)
{
	struct str at =
		str_fmt(k->cx->arena, "%s/%s/%zu/%s", k->at, list, i, member);

	problem_add(k->cx, k->out, level, at, code, "%s", text);
}

static void check_window(const struct check *k)
{
	const struct policy *p = k->p;

	if (p->closes_at && p->opens_at && p->closes_at <= p->opens_at)
		say(k, PROBLEM_ERROR, "closes_at", "window_empty",
		    "it closes before it opens");
	if (p->due_at && p->opens_at && p->due_at <= p->opens_at)
		say(k, PROBLEM_ERROR, "due_at", "due_before_open",
		    "everything would be late: it is due before it opens");
	if (p->due_at && p->closes_at && p->due_at > p->closes_at)
		say(k, PROBLEM_WARNING, "due_at", "due_after_close",
		    "nothing can be late: it closes before it is due");
}

static void check_limit(const struct check *k)
{
	const struct policy *p = k->p;
	int64_t window = p->closes_at - p->opens_at;

	if (p->time_limit_ms && p->opens_at && p->closes_at &&
	    p->time_limit_ms > window && !p->may_run_past_close)
		say(k, PROBLEM_WARNING, "time_limit_ms", "limit_over_window",
		    "nobody can have the whole time limit: it is longer than"
		    " the time between opening and closing");
	if (p->time_limit_ms && p->time_limit_ms < SHORT_LIMIT_MS)
		say(k, PROBLEM_WARNING, "time_limit_ms", "limit_very_short",
		    "the time limit is given in ms and is under 30 seconds");
	if (p->time_limit_ms && p->has_network_grace_ms &&
	    p->network_grace_ms > p->time_limit_ms)
		say(k, PROBLEM_WARNING, "network_grace_ms", "grace_over_limit",
		    "the network grace is longer than the time limit");
	if (p->may_run_past_close && !p->time_limit_ms)
		say(k, PROBLEM_WARNING, "may_run_past_close", "never_ends",
		    "without a time limit an attempt that may run past the"
		    " close never ends");
	if (p->suspend == SUSPEND_CLOCK_STOPS && !p->time_limit_ms)
		say(k, PROBLEM_WARNING, "suspend", "no_clock_to_stop",
		    "there is no time limit whose clock could stop");
}

static void check_overdue(const struct check *k)
{
	const struct policy *p = k->p;

	if (p->overdue == OVERDUE_GRACE && !p->grace_ms)
		say(k, PROBLEM_ERROR, "grace_ms", "grace_missing",
		    "overdue is \"grace\", but grace_ms is 0");
	if (p->overdue != OVERDUE_GRACE && p->grace_ms)
		say(k, PROBLEM_WARNING, "grace_ms", "grace_unused",
		    "grace_ms only works with overdue \"grace\"");
	if (p->overdue != OVERDUE_SUBMIT && !p->time_limit_ms && !p->closes_at)
		say(k, PROBLEM_WARNING, "overdue", "never_overdue",
		    "nothing is ever overdue without a time limit or a close");
}

static void check_attempts(const struct check *k)
{
	const struct policy *p = k->p;

	if (p->attempts == 1 && (p->delay_first_ms || p->delay_later_ms))
		say(k, PROBLEM_WARNING, "attempts", "delay_unused",
		    "there is a delay between attempts, but only one attempt");
	if (p->attempts == 2 && p->delay_later_ms)
		say(k, PROBLEM_WARNING, "delay_later_ms", "delay_unused",
		    "delay_later_ms works from the third attempt on, and there"
		    " are two");
	if (p->attempts != 1 && p->opens_at && p->closes_at &&
	    p->delay_first_ms > p->closes_at - p->opens_at)
		say(k, PROBLEM_WARNING, "delay_first_ms", "delay_over_window",
		    "a second attempt is not possible: the delay is longer"
		    " than the time between opening and closing");
}

static void check_late(const struct check *k)
{
	const struct policy *p = k->p;
	const struct late_window *w = p->late.at;

	for (size_t i = 0; i < p->late.n; i++) {
		if (i && w[i].until <= w[i - 1].until)
			say_nth(k, PROBLEM_ERROR, "late", i, "until",
				"late_order",
				"credit windows must stand by rising time");
		if (i && dec_cmp(w[i].credit, w[i - 1].credit) > 0)
			say_nth(k, PROBLEM_WARNING, "late", i, "credit",
				"late_rises", "later work earns more credit");
		if (p->closes_at && i && w[i - 1].until >= p->closes_at)
			say_nth(k, PROBLEM_WARNING, "late", i, "until",
				"late_after_close",
				"the assessment has closed before this window"
				" begins");
		if (p->opens_at && w[i].until < p->opens_at)
			say_nth(k, PROBLEM_WARNING, "late", i, "until",
				"late_before_open",
				"this window ends before the assessment opens");
	}
	if (!p->late.n && dec_cmp(p->late_after, DEC_ZERO) != 0)
		say(k, PROBLEM_WARNING, "late_after", "late_after_unused",
		    "late_after only works after the windows of late");
}

static void check_review(const struct check *k)
{
	const struct policy *p = k->p;
	uint32_t answer = REVIEW_BIT(REVIEW_RIGHT_ANSWER);

	if (!p->has_review || p->kind != POLICY_GRADED)
		return;
	if (p->review.during & answer)
		say(k, PROBLEM_WARNING, "review/during", "answer_while_open",
		    "right answers are shown during a graded attempt");
	if ((p->review.immediately | p->review.later) & answer &&
	    p->attempts != 1)
		say(k, PROBLEM_WARNING, "review/later", "answer_before_retry",
		    "right answers are shown while there are attempts left");
}

static void check_lists(const struct check *k)
{
	const struct policy *p = k->p;
	const struct feedback_band *b = p->feedback.at;
	const struct prerequisite *q = p->prerequisites.at;

	for (size_t i = 0; i < p->feedback.n; i++)
		for (size_t j = 0; j < i; j++)
			if (dec_eq(b[i].from, b[j].from))
				say_nth(k, PROBLEM_ERROR, "feedback", i, "from",
					"feedback_twice",
					"two texts begin at the same grade");
	for (size_t i = 0; i < p->prerequisites.n; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq(q[i].assessment, q[j].assessment))
				say_nth(k, PROBLEM_ERROR, "prerequisites", i,
					"assessment", "prerequisite_twice",
					"this assessment is named twice");
}

static void check_gradebook(const struct check *k)
{
	const struct policy *p = k->p;

	if (p->group_best && !p->group.n)
		say(k, PROBLEM_ERROR, "group_best", "group_missing",
		    "the best of which group? group is not set");
	if (p->kind == POLICY_GRADED && p->has_weight &&
	    dec_eq(p->weight, DEC_ZERO))
		say(k, PROBLEM_WARNING, "weight", "weight_zero",
		    "a graded assessment of weight 0 changes no grade; is it"
		    " meant as practice?");
	if (p->kind == POLICY_PRACTICE && p->release == RELEASE_HELD)
		say(k, PROBLEM_WARNING, "release", "practice_held",
		    "practice whose results are held teaches nothing");
	if (p->password.p && p->password.n < SHORT_PASSWORD)
		say(k, PROBLEM_WARNING, "password", "password_short",
		    "the password has fewer than 6 characters");
	if (p->pledge.p && !str_trim(p->pledge).n)
		say(k, PROBLEM_ERROR, "pledge", "pledge_empty",
		    "the pledge has no text; leave it out");
}

void policy_check(struct ctx *cx, const struct policy *p, const char *at,
		  struct problems *out)
{
	struct check k = { cx, p, at, out };

	check_window(&k);
	check_limit(&k);
	check_overdue(&k);
	check_attempts(&k);
	check_late(&k);
	check_review(&k);
	check_lists(&k);
	check_gradebook(&k);
}
