/*
 * Access rules and overrides of Moodle: graders/policy_time, policy_override.
 *
 * Times of the cases are whole seconds, ours are ms. A whole second of theirs
 * lasts until the next: a sweep "at 1000" sees all that ended in it.
 */
#include "tests/oracle/oracle.h"

#include "graders/policy_override.h"
#include "graders/policy_time.h"

enum { SECOND = 1000, SWEEP_AT_S = 1000 };

static int64_t seconds(struct jval v, const char *name)
{
	return oracle_int(v, name, 0) * SECOND;
}

static bool read_quiz(struct oracle *o, struct jval quiz, struct policy *p)
{
	struct str overdue = oracle_str(o, quiz, "overduehandling");

	*p = (struct policy){ 0 };
	policy_defaults(p);
	p->attempts = oracle_int(quiz, "attempts", 0);
	p->time_limit_ms = seconds(quiz, "timelimit");
	p->delay_first_ms = seconds(quiz, "delay1");
	p->delay_later_ms = seconds(quiz, "delay2");
	p->opens_at = seconds(quiz, "timeopen");
	p->closes_at = seconds(quiz, "timeclose");
	p->grace_ms = seconds(quiz, "graceperiod");
	if (!overdue.p || str_is(overdue, "autosubmit"))
		p->overdue = OVERDUE_SUBMIT;
	else if (str_is(overdue, "graceperiod"))
		p->overdue = OVERDUE_GRACE;
	else if (str_is(overdue, "autoabandon"))
		p->overdue = OVERDUE_ABANDON;
	else
		return false;
	return true;
}

/* ---- one access rule ---- */

static const struct policy_rule *rule_of(struct str name)
{
	static const char *const names[][2] = {
		{ "numattempts", "attempts" },
		{ "delaybetweenattempts", "delay" },
		{ "openclosedate", "dates" },
		{ "timelimit", "time_limit" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i][0]))
			for (const struct policy_rule *r = policy_rules;
			     r->name; r++)
				if (strcmp(r->name, names[i][1]) == 0)
					return r;
	return NULL;
}

static bool reason_fits(struct str words, int reason)
{
	if (!words.p)
		return true;
	if (str_is(words, "no attempts left"))
		return reason == START_NO_ATTEMPTS;
	if (str_is(words, "not available"))
		return reason == START_NOT_OPEN || reason == START_CLOSED;
	return str_find(words, STR("wait"), 0) != SIZE_MAX &&
	       reason == START_WAIT_TOO_LONG;
}

static enum oracle_verdict judge_denial(struct oracle *o,
					const struct oracle_case *c,
					const struct rule_verdict *v,
					struct buf *got)
{
	struct jval until;
	int64_t at = 0;
	bool ok;

	buf_fmt(got, "%s, again at %lld", start_reason_words[v->reason],
		(long long)v->again_at / SECOND);
	if (jval_type(c->expected) == J_BOOL)
		ok = !jval_bool(c->expected) && v->reason == START_OK;
	else if (oracle_get(c->expected, "wait_until", &until))
		ok = v->reason == START_WAIT && jval_int(until, &at) &&
		     v->again_at == at * SECOND;
	else
		ok = v->reason != START_OK &&
		     reason_fits(oracle_str(o, c->expected, "reason"),
				 v->reason);
	return ok ? ORACLE_PASSED : ORACLE_FAILED;
}

static enum oracle_verdict judge_flag(const struct oracle_case *c, bool flag,
				      struct buf *got)
{
	buf_z(got, flag ? "true" : "false");
	return jval_type(c->expected) == J_BOOL &&
			       jval_bool(c->expected) == flag
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

/* A number of seconds, or false for "there is none". */
static enum oracle_verdict judge_ms(const struct oracle_case *c, bool any,
				    int64_t ms, struct buf *got)
{
	int64_t want;

	if (!any)
		return judge_flag(c, false, got);
	buf_int(got, ms / SECOND);
	return jval_int(c->expected, &want) && want * SECOND == ms
		       ? ORACLE_PASSED
		       : ORACLE_FAILED;
}

static struct policy_attempt read_attempt(struct jval v)
{
	struct jval preview;
	struct policy_attempt a = { .state = ATTEMPT_ACTIVE };

	a.started = seconds(v, "timestart");
	a.finished = seconds(v, "timefinish");
	if (oracle_get(v, "preview", &preview))
		a.preview = jval_type(preview) == J_BOOL
				    ? jval_bool(preview)
				    : oracle_int(v, "preview", 0) != 0;
	return a;
}

static enum oracle_verdict
run_query(struct oracle *o, const struct oracle_case *c, const struct policy *p,
	  const struct policy_rule *r, struct buf *got)
{
	struct jval last, v;
	struct str query = oracle_str(o, c->response, "query");
	int64_t now = seconds(c->response, "now"), ms = 0;
	struct policy_history h = { 0 };
	struct policy_attempt a = { 0 };
	struct rule_verdict out = { START_OK, 0 };

	h.used = oracle_int(c->response, "previous_attempts", 0);
	if (oracle_get(c->response, "last_attempt", &last)) {
		h.last_started = seconds(last, "timestart");
		h.last_finished = seconds(last, "timefinish");
	}
	if (oracle_get(c->response, "attempt", &v))
		a = read_attempt(v);
	if (str_is(query, "prevent_access")) {
		if (r->access)
			r->access(p, now, &out);
		return judge_denial(o, c, &out, got);
	}
	if (str_is(query, "prevent_new_attempt")) {
		if (r->new_attempt)
			r->new_attempt(p, &h, now, &out);
		return judge_denial(o, c, &out, got);
	}
	if (str_is(query, "is_finished"))
		return judge_flag(
			c, r->is_finished && r->is_finished(p, &h, now), got);
	if (str_is(query, "end_time")) {
		bool any = r->end_time && r->end_time(p, &a, &ms);

		return judge_ms(c, any, ms, got);
	}
	if (str_is(query, "time_left_display")) {
		bool any;

		now = seconds(c->response, "at");
		any = r->time_left && r->time_left(p, &a, now, &ms);
		return judge_ms(c, any, ms, got);
	}
	return ORACLE_UNSUPPORTED;
}

static enum oracle_verdict
run_rule(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	const struct policy_rule *r = rule_of(oracle_str(o, c->item, "rule"));
	struct policy p;
	struct jval quiz;

	if (!r || !oracle_get(c->item, "quiz", &quiz) ||
	    !read_quiz(o, quiz, &p))
		return ORACLE_UNSUPPORTED;
	return run_query(o, c, &p, r, got);
}

/* ---- overrides and the sweep ---- */

enum { GROUPS = 20 };

struct overrides {
	struct override learner, groups[GROUPS];
	size_t groups_n;
	bool has_learner;
};

static bool is_member(struct oracle *o, struct jval groups, struct str id)
{
	struct str name;
	struct jval one;
	uint32_t it = 0;

	while (jval_next(groups, &it, &name, &one))
		if (jval_type(one) == J_STRING &&
		    str_eq(jval_str(&o->cx, one), id))
			return true;
	return false;
}

/* null inherits; 0 is an explicit "none". */
static void read_override(struct jval v, struct override *out)
{
	struct jval m;

	*out = (struct override){ 0 };
	out->opens_at = seconds(v, "timeopen");
	out->closes_at = seconds(v, "timeclose");
	if (oracle_get(v, "timeopen", &m) && !out->opens_at)
		out->lifted |= 1 << LIFT_OPENS;
	if (oracle_get(v, "timeclose", &m) && !out->closes_at)
		out->lifted |= 1 << LIFT_CLOSES;
	out->has_time_limit_ms = oracle_get(v, "timelimit", &m);
	out->time_limit_ms = seconds(v, "timelimit");
	out->has_attempts = oracle_get(v, "attempts", &m);
	out->attempts = oracle_int(v, "attempts", 0);
}

static void read_overrides(struct oracle *o, const struct oracle_case *c,
			   struct overrides *out)
{
	struct jval list, user, groups, one;
	struct str name, me;
	uint32_t it = 0;

	if (!oracle_get(c->item, "overrides", &list) ||
	    !oracle_get(c->item, "user", &user) ||
	    !oracle_get(user, "groups", &groups))
		return;
	me = oracle_str(o, user, "id");
	while (jval_next(list, &it, &name, &one)) {
		struct str who = oracle_str(o, one, "userid");
		struct str group = oracle_str(o, one, "groupid");

		if (who.p && str_eq(who, me)) {
			read_override(one, &out->learner);
			out->has_learner = true;
		} else if (group.p && is_member(o, groups, group) &&
			   out->groups_n < GROUPS) {
			read_override(one, &out->groups[out->groups_n]);
			out->groups[out->groups_n++].ref = group;
		}
	}
}

/* A member of the expected object; null and absent mean 0 or "none". */
static bool same(const struct oracle_case *c, const char *name, int64_t ms,
		 struct buf *got)
{
	buf_fmt(got, "%s %lld, ", name, (long long)ms / SECOND);
	return seconds(c->expected, name) == ms;
}

static const char *moodle_state(int state)
{
	switch ((enum attempt_state)state) {
	case ATTEMPT_ACTIVE:
		return "inprogress";
	case ATTEMPT_OVERTIME:
		return "overdue";
	case ATTEMPT_SUBMITTED:
		return "finished";
	case ATTEMPT_ABANDONED:
		return "abandoned";
	case ATTEMPT_NONE:
	case ATTEMPT_READY:
	case ATTEMPT_SUSPENDED:
	case ATTEMPT_NEEDS_GRADING:
	case ATTEMPT_GRADED:
	case ATTEMPT_RELEASED:
	case ATTEMPT_VOIDED:
	case ATTEMPT_STATE_COUNT:
		break;
	}
	return "?";
}

static int our_state(struct str word)
{
	for (int s = 0; s < ATTEMPT_STATE_COUNT; s++)
		if (str_is(word, moodle_state(s)))
			return s;
	return ATTEMPT_NONE;
}

static enum oracle_verdict judge_sweep(struct oracle *o,
				       const struct oracle_case *c,
				       const struct policy *p,
				       struct jval attempt, struct buf *got)
{
	struct policy_attempt a = read_attempt(attempt);
	struct policy_times t;
	struct policy_move m;
	struct jval finish;
	int64_t check;
	bool ok;

	a.state = our_state(oracle_str(o, attempt, "state"));
	if (a.state == ATTEMPT_NONE)
		return ORACLE_UNSUPPORTED;
	policy_times(p, a.started, 0, &t);
	a.due = t.due;
	/* They look this much later, since their sweep waits for the network
	 * where ours has it in its ends. */
	check = a.state == ATTEMPT_OVERTIME ? t.hard_end : t.accept_end;
	check = !t.due || !attempt_is_open(a.state)
			? 0
			: check - p->network_grace_ms;
	policy_sweep(p, &a, SWEEP_AT_S * SECOND + SECOND - 1, &m);
	ok = same(c, "effective_timeclose", p->closes_at, got);
	ok &= same(c, "effective_timelimit", p->time_limit_ms, got);
	ok &= same(c, "due", t.due, got);
	ok &= same(c, "next_check", check, got);
	if (oracle_get(c->expected, "timefinish", &finish))
		ok &= same(c, "timefinish", m.finished, got);
	buf_z(got, moodle_state(m.to));
	ok &= str_is(oracle_str(o, c->expected, "state_after_sweep"),
		     moodle_state(m.to));
	return ok ? ORACLE_PASSED : ORACLE_FAILED;
}

static enum oracle_verdict
run_override(struct oracle *o, const struct oracle_case *c, struct buf *got)
{
	struct overrides all = { 0 };
	struct policy_effective e;
	struct policy base;
	struct jval quiz, attempt;

	if (!oracle_get(c->item, "quiz", &quiz) || !read_quiz(o, quiz, &base) ||
	    !oracle_get(c->response, "attempt", &attempt))
		return ORACLE_UNSUPPORTED;
	read_overrides(o, c, &all);
	policy_effective(&o->cx, &base, all.has_learner ? &all.learner : NULL,
			 all.groups, all.groups_n, NULL, &e);
	return judge_sweep(o, c, &e.p, attempt, got);
}

const struct oracle_kind kind_timing[] = {
	{ "timing-rule", run_rule },
	{ "override", run_override },
	{ 0 },
};
