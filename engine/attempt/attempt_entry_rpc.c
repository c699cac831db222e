/* What comes before the answers: conditions, reserving, starting. */
#include "base/limits.h"
#include "engine/attempt/plan.h"
#include "engine/attempt/view.h"

#define ATTEMPT_ROLES (ROLE_LEARNER | ROLE_STAFF)

static enum err mine(struct ctx *cx, const struct id *id, struct live **out)
{
	return attempts_get(cx, &cx->who->org, id, out);
}

/* ---- before the start ---- */

struct ask {
	struct assessment_ref ref;
	struct str learner;
	bool preview;
};
static const struct field ask_fields[] = {
	ASSESSMENT_REF_FIELDS(struct ask, ref),
	FIELD_OPT(struct ask, learner, KIND_STR,
		  "whom a platform asks for (sub); absent: the caller",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct ask, preview, KIND_BOOL,
		  "an author looks: no limits, never counts"),
	FIELD_END,
};
static const struct shape ask_shape = SHAPE(struct ask, ask_fields);

struct conditions {
	struct id assessment;
	struct str course, slug, title, text;
	int64_t version;
	int kind;
	struct policy_conditions now;
	struct id open_attempt;
	int64_t questions, drawn;
	int64_t attempts_used, attempts_allowed;
	int64_t delay_first_ms, delay_later_ms;
	int64_t opens_at, due_at, closes_at;
	bool may_run_past_close;
	int overdue, counts, abandoned, floor, suspend, release;
	int64_t grace_ms, network_grace_ms;
	struct list late; /* struct late_window */
	struct dec late_after, max_score, pass_mark, weight;
	int64_t group_best;
	bool shuffle_items, shuffle_choices;
	struct list prerequisites; /* struct prerequisite */
	struct str behaviour, pledge, group;
	uint32_t review_during, review_immediately, review_later, review_closed;
	struct list explain;
};
#define C struct conditions
#define REVIEW_FIELD(m, d)                                                     \
	FIELD(C, m, KIND_FLAGS, d, .words = review_what_words)
static const struct field conditions_fields[] = {
	FIELD(C, assessment, KIND_ID, "the version that would be started"),
	FIELD(C, course, KIND_STR, "the platform's course id"),
	FIELD(C, slug, KIND_STR, "its name in the course"),
	FIELD(C, title, KIND_STR, "as shown"),
	FIELD_OPT(C, text, KIND_STR, "introduction"),
	FIELD(C, version, KIND_INT, "from 1"),
	FIELD(C, kind, KIND_ENUM, "graded or practice",
	      .words = policy_kind_words),
	FIELD(C, now, KIND_OBJECT, "may it start now",
	      .shape = &policy_conditions_shape),
	FIELD_OPT(C, open_attempt, KIND_ID, "one to go on with"),
	FIELD(C, questions, KIND_INT, "of an attempt"),
	FIELD(C, drawn, KIND_INT, "of them, anew for each attempt"),
	FIELD(C, shuffle_items, KIND_BOOL,
	      "questions in an order of one's own"),
	FIELD(C, shuffle_choices, KIND_BOOL, "and choices"),
	FIELD(C, prerequisites, KIND_LIST, "to be done before",
	      .of = KIND_OBJECT, .shape = &prerequisite_shape),
	FIELD(C, attempts_used, KIND_INT, "of the limit"),
	FIELD(C, attempts_allowed, KIND_INT, "0: any number"),
	FIELD(C, delay_first_ms, KIND_INT, "wait after the first attempt"),
	FIELD(C, delay_later_ms, KIND_INT, "wait after later ones"),
	FIELD_OPT(C, opens_at, KIND_TIME, "first instant"),
	FIELD_OPT(C, due_at, KIND_TIME, "late after this"),
	FIELD_OPT(C, closes_at, KIND_TIME, "last instant"),
	FIELD(C, may_run_past_close, KIND_BOOL,
	      "the whole time limit, even past the close"),
	FIELD(C, overdue, KIND_ENUM, "what happens when time is up",
	      .words = policy_overdue_words),
	FIELD(C, grace_ms, KIND_INT, "to hand in after that"),
	FIELD(C, network_grace_ms, KIND_INT, "for what is on the wire"),
	FIELD(C, late, KIND_LIST,
	      "credit in percent for what is handed in until when; none: full",
	      .of = KIND_OBJECT, .shape = &late_window_shape),
	FIELD(C, late_after, KIND_DEC, "percent, after the last of these"),
	FIELD(C, abandoned, KIND_ENUM, "what an abandoned attempt is worth",
	      .words = policy_abandoned_words),
	FIELD(C, suspend, KIND_ENUM, "whether it may be suspended",
	      .words = policy_suspend_words),
	FIELD(C, counts, KIND_ENUM, "which attempt's grade is kept",
	      .words = policy_counts_words),
	FIELD(C, max_score, KIND_DEC, "the grade is out of this"),
	FIELD(C, pass_mark, KIND_DEC, "scaled; 0: nothing to pass"),
	FIELD(C, floor, KIND_ENUM, "where negative marks end",
	      .words = policy_floor_words),
	FIELD(C, weight, KIND_DEC, "in the gradebook"),
	FIELD_OPT(C, group, KIND_STR, "of the gradebook"),
	FIELD(C, group_best, KIND_INT, "only its best so many count; 0: all"),
	FIELD_OPT(C, behaviour, KIND_STR, "how tries and feedback go"),
	FIELD_OPT(C, pledge, KIND_STR, "to be accepted at the start"),
	FIELD(C, release, KIND_ENUM, "when results may be seen",
	      .words = policy_release_words),
	REVIEW_FIELD(review_during, "shown while it is open"),
	REVIEW_FIELD(review_immediately, "shown right after the hand-in"),
	REVIEW_FIELD(review_later, "shown later"),
	REVIEW_FIELD(review_closed, "shown after the close"),
	FIELD(C, explain, KIND_LIST, "each rule that was looked at",
	      .of = KIND_OBJECT, .shape = &policy_step_shape),
	FIELD_END,
};
#undef C
static const struct shape conditions_shape =
	SHAPE(struct conditions, conditions_fields);

static void tell_rules(const struct policy *p, struct conditions *c)
{
	c->attempts_allowed = p->attempts;
	c->delay_first_ms = p->delay_first_ms;
	c->delay_later_ms = p->delay_later_ms;
	c->late = p->late;
	c->late_after = p->late_after;
	c->abandoned = p->abandoned;
	c->floor = p->floor;
	c->shuffle_items = p->shuffle_items;
	c->shuffle_choices = p->shuffle_choices;
	c->prerequisites = p->prerequisites;
	c->group_best = p->group_best;
	c->opens_at = p->opens_at;
	c->due_at = p->due_at;
	c->closes_at = p->closes_at;
	c->may_run_past_close = p->may_run_past_close;
	c->overdue = p->overdue;
	c->grace_ms = p->grace_ms;
	c->network_grace_ms = p->network_grace_ms;
	c->suspend = p->suspend;
	c->counts = p->counts;
	c->pass_mark = p->pass_mark;
	c->weight = p->weight;
	c->group = p->group;
	c->behaviour = p->behaviour;
	c->pledge = p->pledge;
	c->release = p->release;
	c->review_during = p->review.during;
	c->review_immediately = p->review.immediately;
	c->review_later = p->review.later;
	c->review_closed = p->review.closed;
}

static enum err conditions_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct ask *p = params;
	struct conditions *c = result;
	struct plan plan;
	enum err e = plan_make(cx, &p->ref, p->learner, p->preview, &plan);

	if (e)
		return e;
	c->assessment = plan.assessment.id;
	c->course = plan.assessment.course;
	c->slug = plan.assessment.slug;
	c->title = plan.assessment.title;
	c->text = plan.pub->def.text;
	c->version = plan.assessment.version;
	c->kind = plan.eff.p.kind;
	c->now = plan.conditions;
	c->attempts_used = plan.history.used;
	c->max_score = plan.eff.p.max_grade;
	if (dec_eq(c->max_score, DEC_ZERO))
		c->max_score = plan.assessment.max_score;
	if (plan.open)
		c->open_attempt = plan.open->id;
	assessment_count(&plan.pub->def, &c->questions, &c->drawn);
	tell_rules(&plan.eff.p, c);
	c->explain = plan.eff.steps;
	return OK;
}

/* The open or ready attempt of a plan, as the result. */
static enum err go_on(struct ctx *cx, const struct former_attempt *row,
		      struct attempt_view *out)
{
	struct live *l = NULL;
	enum err e = mine(cx, &row->id, &l);

	if (e)
		return e;
	view_attempt(cx, l, out);
	out->resumed = true;
	return OK;
}

static enum err reserve_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct ask *p = params;
	struct plan plan;
	struct live *l = NULL;
	enum err e = plan_make(cx, &p->ref, p->learner, p->preview, &plan);

	if (e)
		return e;
	if (plan.ready)
		return go_on(cx, plan.ready, result);
	/* What is only too early may be made ready before. */
	e = plan_refuse(cx, &plan);
	if (e && e != ERR_TOO_EARLY)
		return e;
	err_clear(cx);
	e = plan_reserve(cx, &plan, &l);
	if (!e)
		e = plan_insert(cx, l);
	if (!e)
		view_attempt(cx, l, result);
	return e;
}

/* ---- start ---- */

struct start {
	struct assessment_ref ref;
	struct id attempt;
	struct str learner, password;
	bool accept_pledge, preview;
};
static const struct field start_fields[] = {
	ASSESSMENT_REF_FIELDS(struct start, ref),
	FIELD_OPT(struct start, attempt, KIND_ID,
		  "one that was reserved; else name the assessment"),
	FIELD_OPT(struct start, learner, KIND_STR,
		  "whom a platform starts it for (sub); absent: the caller",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct start, password, KIND_STR, "if one is needed",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(struct start, accept_pledge, KIND_BOOL,
		  "the learner has accepted the pledge"),
	FIELD_OPT(struct start, preview, KIND_BOOL,
		  "an author looks: no limits, never counts"),
	FIELD_END,
};
static const struct shape start_shape = SHAPE(struct start, start_fields);

/*
 * A reserved attempt names assessment and learner; the plan then is his. It is
 * made on the version of the attempt, whatever is newest.
 */
static enum err plan_of(struct ctx *cx, const struct start *p,
			struct plan *plan)
{
	struct assessment_ref ref = p->ref;
	struct live *l = NULL;
	enum err e;

	if (id_is_none(&p->attempt))
		return plan_make(cx, &ref, p->learner, p->preview, plan);
	e = mine(cx, &p->attempt, &l);
	if (e)
		return e;
	/* A late repeat must not begin another one. */
	if (l->row.state != ATTEMPT_READY && !attempt_is_open(l->row.state)) {
		err_set(cx, ERR_CONFLICT,
			"this attempt is over; name the assessment to start "
			"another one");
		cx->error.data = view_state(cx, l);
		return ERR_CONFLICT;
	}
	return plan_for(cx, l, plan);
}

static enum err start_new(struct ctx *cx, const struct plan *plan,
			  struct live **out)
{
	enum err e = plan_reserve(cx, plan, out);

	if (!e)
		e = plan_start(cx, plan, *out);
	return e ? e : plan_insert(cx, *out);
}

static enum err start_ready(struct ctx *cx, const struct plan *plan,
			    struct live **out)
{
	enum err e = mine(cx, &plan->ready->id, out);

	if (!e)
		e = live_rules(cx, *out);
	if (!e)
		e = plan_start(cx, plan, *out);
	return e ? e : live_store(cx, *out);
}

static enum err start_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct start *p = params;
	struct plan plan;
	struct live *l = NULL;
	enum err e = plan_of(cx, p, &plan);

	if (e)
		return e;
	if (plan.open)
		return go_on(cx, plan.open, result);
	e = plan_refuse(cx, &plan);
	if (!e)
		e = plan_admit(cx, &plan, p->password, p->accept_pledge);
	if (!e)
		e = plan.ready ? start_ready(cx, &plan, &l)
			       : start_new(cx, &plan, &l);
	if (!e)
		view_attempt(cx, l, result);
	return e;
}

const struct rpc_method attempt_entry_methods[] = {
	{ .name = "assessment.conditions",
	  .does = "Tell under which rules a learner would start now, and "
		  "whether.",
	  .roles = ATTEMPT_ROLES,
	  .params = &ask_shape,
	  .result = &conditions_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED),
	  .run = conditions_rpc },
	{ .name = "attempt.reserve",
	  .does = "Draw an attempt's questions before its clock starts.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES,
	  .params = &ask_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED, ERR_CONFLICT,
			 ERR_LIMIT_REACHED, ERR_TOO_LATE, ERR_PRECONDITION),
	  .run = reserve_rpc },
	{ .name = "attempt.start",
	  .does = "Start an attempt, or go on with the one that is open.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES,
	  .params = &start_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED, ERR_TOO_EARLY, ERR_TOO_LATE,
			 ERR_LIMIT_REACHED, ERR_PRECONDITION, ERR_CONFLICT),
	  .run = start_rpc },
	{ 0 },
};
