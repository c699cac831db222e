/* peer.*: what moderators see and decide. */
#include "base/limits.h"
#include "engine/peer/moderate.h"

#define LEAST                                                                  \
	0.001 /* what moves by less than a tenth of a percent is not told*/

/* ---- queue ---- */

struct queue_params {
	struct assessment_ref ref;
	int64_t limit;
};
static const struct field queue_fields[] = {
	ASSESSMENT_REF_FIELDS(struct queue_params, ref),
	FIELD_OPT(struct queue_params, limit, KIND_INT, "cases; default 100",
		  .min = 1, .max = LIMIT_PAGE),
	FIELD_END,
};
static const struct shape queue_shape = { "peer_queue",
					  sizeof(struct queue_params),
					  queue_fields };

struct case_view {
	int reason;
	struct id artifact, learner, appeal;
	bool has_test;
	int test;	   /* enum licence_move */
	struct dec weight; /* of 100, where it is a share */
	int64_t since;
	bool has_grade;
	struct grade_view grade;
};
#define V struct case_view
static const struct field case_fields[] = {
	FIELD(V, reason, KIND_ENUM, "why a person should look",
	      .words = case_reason_words),
	FIELD_OPT(V, artifact, KIND_ID, "which work"),
	FIELD_OPT(V, learner, KIND_ID, "whose, or which reviewer"),
	FIELD_OPT(V, appeal, KIND_ID, "of an appeal: which"),
	FIELD_MAYBE(V, test, has_test, KIND_ENUM,
		    "of a reviewer: which test raised the alarm",
		    .words = licence_move_words),
	FIELD(V, weight, KIND_DEC, "how much, in percent where it is a share",
	      .min = -1000, .max = 1000000),
	FIELD(V, since, KIND_TIME, "since when"),
	FIELD_MAYBE(V, grade, has_grade, KIND_OBJECT, "as it is now",
		    .shape = &grade_view_shape),
	FIELD_END,
};
#undef V
static const struct shape case_shape = { "peer_case", sizeof(struct case_view),
					 case_fields };
struct queue_result {
	struct list cases;
	int64_t total;
};
static const struct field queue_result_fields[] = {
	FIELD(struct queue_result, cases, KIND_LIST, "the most urgent first",
	      .of = KIND_OBJECT, .shape = &case_shape),
	FIELD(struct queue_result, total, KIND_INT, "of all"),
	FIELD_END,
};
static const struct shape queue_result_shape = { "peer_queue_result",
						 sizeof(struct queue_result),
						 queue_result_fields };

static void show_case(const struct run *r, const struct peer_case *c,
		      struct case_view *out)
{
	*out = (struct case_view){ .reason = c->reason,
				   .weight = view_percent(c->weight),
				   .since = c->since };
	if (c->person != NONE)
		out->learner = r->people[c->person].learner;
	if (c->reason == CASE_REVIEWER) {
		out->has_test = true;
		out->test = r->alarms[r->people[c->person].alarm].move;
	}
	if (c->work == NONE)
		return;
	out->artifact = r->works[c->work].id;
	if (c->reason == CASE_APPEAL)
		out->appeal = r->appeals[r->works[c->work].appeal].id;
	out->learner = r->people[r->works[c->work].author].learner;
	/* Who may decide an appeal is to make up his own mind. */
	out->has_grade =
		r->works[c->work].reviews_n > 0 && !run_is_appealed(r, c->work);
	if (out->has_grade)
		view_grade(r, c->work, &out->grade);
}

static enum err queue(struct ctx *cx, const void *params, void *result)
{
	const struct queue_params *p = params;
	struct queue_result *out = result;
	const struct peer_case *c;
	struct case_view *all;
	struct list cases;
	struct run *r = NULL;
	size_t n;
	enum err e = peers_read_or_none(cx, &p->ref, &r);

	if (e || !r)
		return e;
	moderate_cases(cx, r, &cases);
	c = cases.at;
	n = (size_t)(p->limit ? p->limit : 100);
	n = cases.n < n ? cases.n : n;
	all = ARENA_ARRAY(cx->arena, struct case_view, n);
	for (size_t i = 0; i < n; i++)
		show_case(r, &c[i], &all[i]);
	out->cases = (struct list){ all, n };
	out->total = (int64_t)cases.n;
	return OK;
}

/* ---- decisions about a work ---- */

struct decide_params {
	struct id artifact;
	struct list scores;
	struct str reason;
};
static const struct field decide_fields[] = {
	FIELD(struct decide_params, artifact, KIND_ID, "which"),
	FIELD(struct decide_params, scores, KIND_LIST,
	      "of each criterion: [{\"criterion\":ID,\"points\":N}, …], or "
	      "\"level\":ID",
	      .of = KIND_OBJECT, .shape = &rubric_score_shape,
	      .max = RUBRIC_CRITERIA),
	FIELD(struct decide_params, reason, KIND_STR, "why; its author sees it",
	      .min = 1, .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape decide_shape = { "peer_decide",
					   sizeof(struct decide_params),
					   decide_fields };

static enum err of_staff(struct ctx *cx, const struct id *id, struct run **r,
			 uint32_t *work)
{
	enum err e = peers_of(cx, id, PEER_REF_ARTIFACT, "artifact", r);

	if (e)
		return e;
	*work = run_find_work(*r, id);
	CHECK(*work != NONE);
	return OK;
}

static enum err may_decide(struct ctx *cx, const struct run *r, uint32_t work)
{
	const struct run_work *w = &r->works[work];

	if (w->estimate == NONE)
		return err_set(cx, ERR_TOO_EARLY,
			       "it can still be corrected by its author");
	if (w->state == WORK_WITHDRAWN || w->state == WORK_REPLACED)
		return err_set(cx, ERR_CONFLICT, "it is %s",
			       work_state_words[w->state]);
	if (id_eq(&cx->who->person, &r->people[w->author].learner))
		return err_set(cx, ERR_DENIED,
			       "nobody decides about his own work");
	return OK;
}

static enum err no_appeal(struct ctx *cx, const struct run *r, uint32_t work)
{
	return !run_is_appealed(r, work)
		       ? OK
		       : err_set(cx, ERR_CONFLICT,
				 "an appeal about it is open: appeal.decide "
				 "decides");
}

static enum err decide(struct ctx *cx, const void *params, void *result)
{
	const struct decide_params *p = params;
	struct peer_note n = { .artifact = p->artifact,
			       .reason = p->reason,
			       .by = cx->who->actor };
	struct rubric_result given;
	struct run *r = NULL;
	uint32_t work;
	enum err e = of_staff(cx, &p->artifact, &r, &work);

	if (!e)
		e = may_decide(cx, r, work);
	if (!e)
		e = no_appeal(cx, r, work);
	if (!e)
		e = rubric_score(cx, &r->def->rubric, &p->scores, "/scores",
				 &given);
	if (e)
		return e;
	n.scaled = given.scaled;
	n.each = (struct list){ given.each, r->def->rubric.criteria.n };
	e = peers_write(cx, r, NOTE_DECIDED, &n,
			&r->people[r->works[work].author].learner,
			(struct str){ 0 });
	if (!e)
		e = view_artifact(cx, r, work, false, result);
	/* The record that says why is not written yet. */
	if (!e && ((struct artifact_view *)result)->grade.by_moderator)
		((struct artifact_view *)result)->grade.reason = p->reason;
	return e;
}

struct confirm_params {
	struct id artifact;
	bool take;
	struct str reason;
};
static const struct field confirm_fields[] = {
	FIELD(struct confirm_params, artifact, KIND_ID, "which"),
	FIELD(struct confirm_params, take, KIND_BOOL,
	      "release the new grade; else the old one stays"),
	FIELD(struct confirm_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape confirm_shape = { "peer_confirm",
					    sizeof(struct confirm_params),
					    confirm_fields };

static enum err confirm(struct ctx *cx, const void *params, void *result)
{
	const struct confirm_params *p = params;
	struct peer_note n = { .artifact = p->artifact,
			       .reason = p->reason,
			       .take = p->take,
			       .by = cx->who->actor };
	struct run_grade g;
	struct run *r = NULL;
	uint32_t work;
	enum err e = of_staff(cx, &p->artifact, &r, &work);

	if (!e && r->works[work].state != WORK_RELEASED)
		e = err_set(cx, ERR_TOO_EARLY, "its grade is not released");
	if (!e)
		e = may_decide(cx, r, work);
	if (!e)
		e = no_appeal(cx, r, work);
	if (e)
		return e;
	run_grade(r, work, &g);
	if (p->take && !g.has)
		return err_set(cx, ERR_CONFLICT,
			       "no review of it counts any more: there is no "
			       "new grade to take; peer.decide gives one");
	n.scaled = dec_from_double(g.grade);
	e = peers_write(cx, r, NOTE_CONFIRMED, &n,
			&r->people[r->works[work].author].learner,
			(struct str){ 0 });
	return e ? e : view_artifact(cx, r, work, false, result);
}

/* ---- what would change ---- */

struct preview_params {
	struct id artifact;
	struct list scores;
	struct assessment_ref ref;
	struct str learner;
	int64_t since;
};
static const struct field preview_fields[] = {
	FIELD_OPT(struct preview_params, artifact, KIND_ID,
		  "of a decision: which work, and"),
	FIELD_OPT(struct preview_params, scores, KIND_LIST,
		  "what would be given", .of = KIND_OBJECT,
		  .shape = &rubric_score_shape, .max = RUBRIC_CRITERIA),
	ASSESSMENT_REF_FIELDS(struct preview_params, ref),
	FIELD_OPT(struct preview_params, learner, KIND_STR,
		  "or of a suspension: which reviewer, and",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct preview_params, since, KIND_TIME,
		  "from when on his reviews would not count; absent: they "
		  "go on to"),
	FIELD_END,
};
static const struct shape preview_shape = { "peer_preview",
					    sizeof(struct preview_params),
					    preview_fields };
struct preview_result {
	struct list changes;
	int64_t total;
};
static const struct field preview_result_fields[] = {
	FIELD(struct preview_result, changes, KIND_LIST,
	      "of grades, the largest first; 1000 at most", .of = KIND_OBJECT,
	      .shape = &grade_change_shape),
	FIELD(struct preview_result, total, KIND_INT, "of all"),
	FIELD_END,
};
static const struct shape preview_result_shape = {
	"peer_preview_result", sizeof(struct preview_result),
	preview_result_fields
};

static enum err preview_decision(struct ctx *cx, const struct preview_params *p,
				 struct list *out)
{
	struct rubric_result given;
	struct run *r = NULL;
	uint32_t work;
	enum err e = peers_read_of(cx, &p->artifact, PEER_REF_ARTIFACT,
				   "artifact", &r);

	if (e)
		return e;
	work = run_find_work(r, &p->artifact);
	if (work == NONE)
		return err_set(cx, ERR_NOT_FOUND, "there is no such artifact");
	e = may_decide(cx, r, work);
	if (!e)
		e = rubric_score(cx, &r->def->rubric, &p->scores, "/scores",
				 &given);
	if (!e)
		moderate_preview(cx, r, work, dec_double(given.scaled), LEAST,
				 out);
	return e;
}

static enum err preview_suspension(struct ctx *cx,
				   const struct preview_params *p,
				   struct list *out)
{
	struct run *r = NULL;
	uint32_t person;
	enum err e = peers_read_person(cx, &p->ref, p->learner, &r, &person);

	if (!e && p->since)
		moderate_preview_without(cx, r, person, p->since, LEAST, out);
	return e;
}

static enum err preview(struct ctx *cx, const void *params, void *result)
{
	const struct preview_params *p = params;
	struct preview_result *out = result;
	enum err e;

	if (id_is_none(&p->artifact) && !p->learner.n)
		return err_field(cx, ERR_INVALID, "/artifact",
				 "give artifact and scores of a decision, or "
				 "course, slug, learner and since of a "
				 "suspension");
	e = id_is_none(&p->artifact) ? preview_suspension(cx, p, &out->changes)
				     : preview_decision(cx, p, &out->changes);

	out->total = (int64_t)out->changes.n;
	if (out->changes.n > LIMIT_PAGE)
		out->changes.n = LIMIT_PAGE;
	return e;
}

const struct rpc_method moderate_methods[] = {
	{ .name = "peer.queue",
	  .does = "What a person should look at in an assessment's peer "
		  "reviews, and why.",
	  .roles = ROLE_TEACHERS | ROLE_AUDITOR,
	  .flags = RPC_READS | RPC_SLOW,
	  .budget_ms = 1000,
	  .params = &queue_shape,
	  .result = &queue_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION),
	  .run = queue },
	{ .name = "peer.preview",
	  .does = "Which grades a decision or a suspension would change.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_READS | RPC_SLOW,
	  .budget_ms = 2000,
	  .params = &preview_shape,
	  .result = &preview_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_TOO_EARLY,
			 ERR_CONFLICT),
	  .run = preview },
	{ .name = "peer.decide",
	  .does = "Give a work a moderator's grade: it holds, and anchors the "
		  "estimate of others.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &decide_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_TOO_EARLY,
			 ERR_CONFLICT),
	  .run = decide },
	{ .name = "peer.confirm",
	  .does = "Say whether a released grade that later facts have moved is "
		  "changed.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &confirm_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_EARLY, ERR_CONFLICT),
	  .run = confirm },
	{ 0 },
};
