/*
 * Times, access rules, and what the clock does. See policy_time.h for the
 * words; the arithmetic is all here.
 */
#include "graders/policy_time.h"

const char *const start_reason_words[] = {
#define X(code, word, sentence) word,
	START_REASONS(X)
#undef X
		NULL,
};

const char *start_reason_sentence(int reason)
{
	static const char *const sentences[] = {
	/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): X's */
#define X(code, word, sentence) sentence,
		START_REASONS(X)
#undef X
	};

	CHECK(reason >= 0 && reason < START_REASON_COUNT);
	return sentences[reason];
}

/* ---- instants ---- */

/* Of two instants of which 0 means "none". */
static int64_t earlier(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

int64_t policy_due(const struct policy *p, int64_t started, int64_t frozen_ms)
{
	int64_t limit = 0;

	if (p->time_limit_ms)
		limit = started + p->time_limit_ms + frozen_ms;
	if (p->may_run_past_close)
		return limit;
	return earlier(limit, p->closes_at);
}

void policy_times_of_due(const struct policy *p, int64_t due,
			 struct policy_times *out)
{
	*out = (struct policy_times){ 0 };
	if (!due)
		return;
	out->due = due;
	out->accept_end = due + p->network_grace_ms;
	out->hard_end = out->accept_end;
	if (p->overdue == OVERDUE_GRACE)
		out->hard_end += p->grace_ms;
}

void policy_times(const struct policy *p, int64_t started, int64_t frozen_ms,
		  struct policy_times *out)
{
	policy_times_of_due(p, policy_due(p, started, frozen_ms), out);
}

/* ---- the access rules ---- */

static void deny(struct rule_verdict *out, int reason, int64_t again_at)
{
	*out = (struct rule_verdict){ reason, again_at };
}

static bool attempts_are_used_up(const struct policy *p,
				 const struct policy_history *h)
{
	return p->attempts > 0 && h->used >= p->attempts;
}

static bool attempts_finished(const struct policy *p,
			      const struct policy_history *h, int64_t now)
{
	(void)now;
	return attempts_are_used_up(p, h);
}

static void attempts_new(const struct policy *p, const struct policy_history *h,
			 int64_t now, struct rule_verdict *out)
{
	(void)now;
	if (attempts_are_used_up(p, h))
		deny(out, START_NO_ATTEMPTS, 0);
}

/*
 * 0: at once. It counts from when the last attempt ended or should have: a
 * late sweep must not make anybody wait longer.
 */
static int64_t next_start(const struct policy *p,
			  const struct policy_history *h)
{
	int64_t delay = h->used == 1 ? p->delay_first_ms : p->delay_later_ms;
	int64_t end = h->last_finished;

	if (h->used == 0 || delay == 0)
		return 0;
	if (p->time_limit_ms && h->last_started + p->time_limit_ms < end)
		end = h->last_started + p->time_limit_ms;
	return end + delay;
}

/* Where another rule says no already, a waiting time would only mislead. */
static void delay_new(const struct policy *p, const struct policy_history *h,
		      int64_t now, struct rule_verdict *out)
{
	int64_t next = next_start(p, h);

	if (attempts_are_used_up(p, h))
		return;
	if (p->closes_at && now > p->closes_at)
		return;
	if (now >= next)
		return;
	if (p->closes_at && next > p->closes_at)
		deny(out, START_WAIT_TOO_LONG, 0);
	else
		deny(out, START_WAIT, next);
}

static bool delay_finished(const struct policy *p,
			   const struct policy_history *h, int64_t now)
{
	int64_t next = next_start(p, h);

	return p->closes_at && now <= next && next >= p->closes_at;
}

static void dates_access(const struct policy *p, int64_t now,
			 struct rule_verdict *out)
{
	int64_t end = p->closes_at;

	if (p->opens_at && now < p->opens_at) {
		deny(out, START_NOT_OPEN, p->opens_at);
		return;
	}
	if (end && p->overdue == OVERDUE_GRACE)
		end += p->grace_ms;
	if (end && now > end)
		deny(out, START_CLOSED, 0);
}

static bool dates_finished(const struct policy *p,
			   const struct policy_history *h, int64_t now)
{
	(void)h;
	return p->closes_at && now > p->closes_at;
}

static bool dates_end(const struct policy *p, const struct policy_attempt *a,
		      int64_t *at)
{
	(void)a;
	if (!p->closes_at)
		return false;
	*at = p->closes_at;
	return true;
}

/* A countdown for days would be noise: only in the last hour. */
static bool dates_left(const struct policy *p, const struct policy_attempt *a,
		       int64_t now, int64_t *ms)
{
	if (!p->closes_at || (a->preview && now > p->closes_at) ||
	    now <= p->closes_at - POLICY_COUNTDOWN_MS)
		return false;
	*ms = p->closes_at - now;
	return true;
}

static bool limit_end(const struct policy *p, const struct policy_attempt *a,
		      int64_t *at)
{
	if (!p->time_limit_ms)
		return false;
	*at = a->due ? a->due : policy_due(p, a->started, 0);
	return true;
}

static bool limit_left(const struct policy *p, const struct policy_attempt *a,
		       int64_t now, int64_t *ms)
{
	int64_t end;

	if (!limit_end(p, a, &end) || (a->preview && now > end))
		return false;
	*ms = end - now;
	return true;
}

const struct policy_rule policy_rules[] = {
	{ .name = "dates",
	  .access = dates_access,
	  .is_finished = dates_finished,
	  .end_time = dates_end,
	  .time_left = dates_left },
	{ .name = "attempts",
	  .new_attempt = attempts_new,
	  .is_finished = attempts_finished },
	{ .name = "delay",
	  .new_attempt = delay_new,
	  .is_finished = delay_finished },
	{ .name = "time_limit",
	  .end_time = limit_end,
	  .time_left = limit_left },
	{ 0 },
};

/* ---- the rules together ---- */

void policy_access(const struct policy *p, int64_t now,
		   struct rule_verdict *out)
{
	*out = (struct rule_verdict){ START_OK, 0 };
	for (const struct policy_rule *r = policy_rules; r->name; r++)
		if (r->access && out->reason == START_OK)
			r->access(p, now, out);
}

bool policy_is_finished(const struct policy *p, const struct policy_history *h,
			int64_t now)
{
	for (const struct policy_rule *r = policy_rules; r->name; r++)
		if (r->is_finished && r->is_finished(p, h, now))
			return true;
	return false;
}

bool policy_time_left(const struct policy *p, const struct policy_attempt *a,
		      int64_t now, int64_t *ms)
{
	bool any = false;
	int64_t one;

	for (const struct policy_rule *r = policy_rules; r->name; r++) {
		/* Whoever may run past the close is not counted down to it. */
		if (r->time_left == dates_left && p->may_run_past_close &&
		    p->time_limit_ms)
			continue;
		if (!r->time_left || !r->time_left(p, a, now, &one))
			continue;
		*ms = any && *ms < one ? *ms : one;
		any = true;
	}
	return any;
}

/* ---- what the clock does ---- */

static void move(struct policy_move *m, const struct policy_attempt *a,
		 int event, int64_t finished)
{
	m->moves = attempt_edge_ok(a->state, event, &m->to);
	m->event = event;
	m->finished = finished;
}

static bool is_late(const struct policy *p, int64_t finished)
{
	return p->due_at && finished > p->due_at;
}

/* Time is up for an attempt that was open to answers. */
static void time_is_up(const struct policy *p, const struct policy_attempt *a,
		       const struct policy_times *t, struct policy_move *m)
{
	switch ((enum policy_overdue)p->overdue) {
	case OVERDUE_SUBMIT:
		move(m, a, ATTEMPT_EV_EXPIRE, t->due);
		m->late = is_late(p, t->due);
		break;
	case OVERDUE_GRACE:
		move(m, a, ATTEMPT_EV_OVERTIME, 0);
		m->check_at = t->hard_end + 1;
		break;
	case OVERDUE_ABANDON:
		move(m, a, ATTEMPT_EV_ABANDON, 0);
		break;
	}
}

/* With a stopped clock the due instant of a suspended attempt is stale. */
static bool clock_runs(const struct policy *p, const struct policy_attempt *a)
{
	if (a->preview || !a->due)
		return false;
	return a->state != ATTEMPT_SUSPENDED ||
	       p->suspend != SUSPEND_CLOCK_STOPS;
}

void policy_sweep(const struct policy *p, const struct policy_attempt *a,
		  int64_t now, struct policy_move *out)
{
	struct policy_times t;
	int64_t end;

	*out = (struct policy_move){ .to = a->state };
	if (!attempt_is_open(a->state) || !clock_runs(p, a))
		return;
	policy_times_of_due(p, a->due, &t);
	end = a->state == ATTEMPT_OVERTIME ? t.hard_end : t.accept_end;
	if (now <= end)
		out->check_at = end + 1;
	else if (a->state == ATTEMPT_OVERTIME)
		move(out, a, ATTEMPT_EV_ABANDON, 0);
	else
		time_is_up(p, a, &t, out);
}

bool policy_answer_ok(const struct policy *p, const struct policy_attempt *a,
		      int64_t now)
{
	struct policy_times t;

	if (a->state != ATTEMPT_ACTIVE)
		return false;
	policy_times_of_due(p, a->due, &t);
	return a->preview || !t.accept_end || now <= t.accept_end;
}

void policy_submit(const struct policy *p, const struct policy_attempt *a,
		   int64_t now, struct policy_move *out)
{
	struct policy_times t;

	*out = (struct policy_move){ .to = a->state };
	if (a->state != ATTEMPT_ACTIVE && a->state != ATTEMPT_OVERTIME)
		return;
	policy_times_of_due(p, a->due, &t);
	if (policy_answer_ok(p, a, now)) {
		int64_t finished = a->preview ? now : earlier(now, t.due);

		move(out, a, ATTEMPT_EV_SUBMIT, finished);
		out->late = is_late(p, finished);
		out->answers_count = true;
	} else if (p->overdue == OVERDUE_GRACE && now <= t.hard_end) {
		move(out, a, ATTEMPT_EV_SUBMIT, now);
		out->late = true;
	} else {
		policy_sweep(p, a, now, out);
	}
}
