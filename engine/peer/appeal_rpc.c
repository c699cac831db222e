/*
 * appeal.*: an author contests a grade. Staff triage it; another moderator than
 * the one who decided before decides, and sees the work and the grounds but no
 * grade until then. The original stays in the records.
 */
#include "base/limits.h"
#include "engine/peer/view.h"

#define WHO (ROLE_LEARNER | ROLE_REVIEWER | ROLE_STAFF)

/* ---- views ---- */

struct appeal_view {
	struct id appeal, artifact;
	struct str grounds;
	int64_t filed_at, triaged_at, decided_at, decide_by;
	bool taken;
	int outcome;
	struct str reason;
	bool has_grades;
	struct appeal_grades {
		struct dec before, after;
	} grades;
	bool has_content; /* for staff */
	struct peer_content content;
};
#define G struct appeal_grades
static const struct field grades_fields[] = {
	FIELD(G, before, KIND_DEC, "of 100"),
	FIELD(G, after, KIND_DEC, "of 100"),
	FIELD_END,
};
#undef G
static const struct shape grades_shape =
	SHAPE(struct appeal_grades, grades_fields);
#define V struct appeal_view
static const struct field appeal_fields[] = {
	FIELD(V, appeal, KIND_ID, "its id"),
	FIELD(V, artifact, KIND_ID, "about which work"),
	FIELD_OPT(V, grounds, KIND_STR, "why"),
	FIELD(V, filed_at, KIND_TIME, "when"),
	FIELD_OPT(V, triaged_at, KIND_TIME, "when it was triaged"),
	FIELD_OPT(V, decided_at, KIND_TIME, "when it was decided"),
	FIELD(V, decide_by, KIND_TIME, "when it should be"),
	FIELD(V, taken, KIND_BOOL, "it is looked into"),
	FIELD(V, outcome, KIND_ENUM, "what came of it",
	      .words = peer_outcome_words),
	FIELD_OPT(V, reason, KIND_STR, "of the outcome"),
	FIELD_MAYBE(V, grades, has_grades, KIND_OBJECT, "once decided",
		    .shape = &grades_shape),
	FIELD_MAYBE(V, content, has_content, KIND_OBJECT, "the work; for staff",
		    .shape = &peer_content_shape),
	FIELD_END,
};
#undef V
static const struct shape appeal_shape = { "appeal", sizeof(struct appeal_view),
					   appeal_fields };

/* What is not read from records: new, or not wanted. */
struct given {
	struct str grounds, reason; /* absent: they are read */
};

static enum err why(struct ctx *cx, const struct run *r,
		    const struct run_appeal *a, struct str *out)
{
	struct peer_note n;
	struct record rec;
	enum err e = peers_record(cx, r, a->outcome_n, &rec);

	if (!e)
		e = peer_note_read(cx, peer_note_kind_of(rec.event), rec.body,
				   &n);
	if (!e)
		*out = n.reason;
	return e;
}

static enum err show(struct ctx *cx, const struct run *r, uint32_t at,
		     const struct given *given, struct appeal_view *out)
{
	const struct run_appeal *a = &r->appeals[at];
	int64_t days = r->def->appeals.decide_days;
	struct str personal;
	enum err e = OK;

	*out = (struct appeal_view){
		.appeal = a->id,
		.artifact = r->works[a->work].id,
		.grounds = given->grounds,
		.reason = given->reason,
		.filed_at = a->filed_at,
		.triaged_at = a->triaged_at,
		.decided_at = a->decided_at,
		.decide_by = a->filed_at + days * 86400000,
		.taken = a->taken,
		.outcome = a->outcome,
		.has_grades = a->decided_at != 0,
		.grades = { view_percent(a->before), view_percent(a->after) },
	};
	if (!given->grounds.p)
		e = peers_personal(cx, r, a->n, &out->grounds);
	if (!e && !given->reason.p && a->decided_at)
		e = why(cx, r, a, &out->reason);
	if (e || !peers_staff(cx))
		return e;
	e = peers_personal(cx, r, r->works[a->work].n, &personal);
	if (!e)
		e = peer_content_read(cx, personal, &out->content);
	out->has_content = !e;
	if (e == ERR_ERASED) {
		err_clear(cx);
		e = OK;
	}
	return e;
}

/* ---- file ---- */

struct file_params {
	struct id artifact;
	struct str grounds;
};
static const struct field file_fields[] = {
	FIELD(struct file_params, artifact, KIND_ID, "whose grade"),
	FIELD(struct file_params, grounds, KIND_STR,
	      "what is wrong with it, and why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape file_shape = { "appeal_file",
					 sizeof(struct file_params),
					 file_fields };

static enum err may_file(struct ctx *cx, const struct run *r, uint32_t work,
			 struct str grounds)
{
	const struct run_work *w = &r->works[work];
	const struct peer_appeals *rules = &r->def->appeals;
	int64_t words = feedback_words(grounds);

	if (rules->off)
		return err_set(cx, ERR_PRECONDITION,
			       "this assessment takes no appeals");
	if (w->state == WORK_REPLACED)
		return err_set(cx, ERR_CONFLICT,
			       "a newer version was handed in: its grade can "
			       "be contested");
	if (!run_is_shown(r, work))
		return err_set(cx, ERR_TOO_EARLY,
			       "a grade is contested when it is released");
	if (clock_ms(cx->clock) >
	    w->released_at + rules->days * INT64_C(86400000))
		return err_set(cx, ERR_TOO_LATE,
			       "appeals are taken for %lld days after the "
			       "release",
			       (long long)rules->days);
	if (w->appeal != NONE)
		return err_set(cx, ERR_CONFLICT,
			       "an appeal about this work was filed before; "
			       "each is looked at once");
	if (words < rules->words)
		return err_field(cx, ERR_INVALID, "/grounds",
				 "the grounds need at least %lld words; these "
				 "are %lld",
				 (long long)rules->words, (long long)words);
	return OK;
}

static enum err file(struct ctx *cx, const void *params, void *result)
{
	const struct file_params *p = params;
	struct peer_note n = { .artifact = p->artifact,
			       .appeal = id_new(cx->clock, cx->rng) };
	const struct id *learner;
	struct run *r = NULL;
	uint32_t work;
	enum err e =
		peers_of(cx, &p->artifact, PEER_REF_ARTIFACT, "artifact", &r);

	if (e)
		return e;
	work = run_find_work(r, &p->artifact);
	CHECK(work != NONE);
	learner = &r->people[r->works[work].author].learner;
	e = peers_mine(cx, r, learner, "artifact");
	if (!e)
		e = may_file(cx, r, work, p->grounds);
	if (e)
		return e;
	n.words = feedback_words(p->grounds);
	e = peers_write(cx, r, NOTE_APPEAL_FILED, &n, learner, p->grounds);
	cx->io->private_reply = true;
	return e ? e
		 : show(cx, r, run_find_appeal(r, &n.appeal),
			&(struct given){ .grounds = p->grounds }, result);
}

/* ---- one that is there ---- */

struct which_params {
	struct id appeal;
};
static const struct field which_fields[] = {
	FIELD(struct which_params, appeal, KIND_ID, "which"),
	FIELD_END,
};
static const struct shape which_shape = { "appeal_which",
					  sizeof(struct which_params),
					  which_fields };

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct which_params *p = params;
	struct run *r = NULL;
	uint32_t at;
	enum err e =
		peers_read_of(cx, &p->appeal, PEER_REF_APPEAL, "appeal", &r);

	if (e)
		return e;
	at = run_find_appeal(r, &p->appeal);
	if (at == NONE)
		return err_set(cx, ERR_NOT_FOUND, "there is no such appeal");
	e = peers_mine(cx, r, &r->people[r->appeals[at].author].learner,
		       "appeal");
	return e ? e : show(cx, r, at, &(struct given){ { 0 } }, result);
}

static enum err of_staff(struct ctx *cx, const struct id *id, struct run **r,
			 uint32_t *at)
{
	enum err e = peers_of(cx, id, PEER_REF_APPEAL, "appeal", r);

	if (e)
		return e;
	*at = run_find_appeal(*r, id);
	CHECK(*at != NONE);
	if ((*r)->appeals[*at].decided_at)
		return err_set(cx, ERR_CONFLICT, "this appeal is decided");
	return OK;
}

/* Neither its author, nor who decided about the work before. */
static enum err is_another(struct ctx *cx, const struct run *r, uint32_t at)
{
	const struct run_appeal *a = &r->appeals[at];
	const struct run_work *w = &r->works[a->work];

	if (w->decider.n && str_eq(w->decider, cx->who->actor))
		return err_set(cx, ERR_DENIED,
			       "another moderator than the one who decided "
			       "before has to decide");
	if (id_eq(&cx->who->person, &r->people[a->author].learner))
		return err_set(cx, ERR_DENIED,
			       "nobody decides about his own work");
	return OK;
}

struct triage_params {
	struct id appeal;
	bool take;
	struct str reason;
};
static const struct field triage_fields[] = {
	FIELD(struct triage_params, appeal, KIND_ID, "which"),
	FIELD(struct triage_params, take, KIND_BOOL,
	      "it is looked into; else it is rejected"),
	FIELD(struct triage_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape triage_shape = { "appeal_triage",
					   sizeof(struct triage_params),
					   triage_fields };

static enum err note(struct ctx *cx, struct run *r, uint32_t at, int kind,
		     struct peer_note *n, struct appeal_view *out)
{
	enum err e;

	n->by = cx->who->actor;
	n->appeal = r->appeals[at].id;
	e = peers_write(cx, r, kind, n,
			&r->people[r->appeals[at].author].learner,
			(struct str){ 0 });
	cx->io->private_reply = true;
	if (e)
		return e;
	/* The record that says why is not written yet. */
	return show(cx, r, at, &(struct given){ .reason = n->reason }, out);
}

static enum err triage(struct ctx *cx, const void *params, void *result)
{
	const struct triage_params *p = params;
	struct peer_note n = { .take = p->take, .reason = p->reason };
	struct run *r = NULL;
	uint32_t at;
	enum err e = of_staff(cx, &p->appeal, &r, &at);

	if (!e && r->appeals[at].triaged_at)
		e = err_set(cx, ERR_CONFLICT, "this appeal is triaged");
	if (!e && !p->take) /* to reject is to decide */
		e = is_another(cx, r, at);
	return e ? e : note(cx, r, at, NOTE_APPEAL_TRIAGED, &n, result);
}

struct decide_params {
	struct id appeal;
	int outcome;
	struct list scores;
	struct str reason;
};
static const struct field decide_fields[] = {
	FIELD(struct decide_params, appeal, KIND_ID, "which"),
	FIELD(struct decide_params, outcome, KIND_ENUM,
	      "upheld: the grade stays; changed: by these scores, up or down",
	      .words = peer_outcome_words),
	FIELD_OPT(struct decide_params, scores, KIND_LIST, "of a changed grade",
		  .of = KIND_OBJECT, .shape = &rubric_score_shape,
		  .max = RUBRIC_CRITERIA),
	FIELD(struct decide_params, reason, KIND_STR, "why; its author sees it",
	      .min = 1, .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape decide_shape = { "appeal_decide",
					   sizeof(struct decide_params),
					   decide_fields };

static enum err may_decide(struct ctx *cx, const struct run *r, uint32_t at,
			   int outcome)
{
	const struct run_appeal *a = &r->appeals[at];

	if (!a->triaged_at)
		return err_set(cx, ERR_TOO_EARLY,
			       "it is to be triaged first, by appeal.triage");
	if (outcome == PEER_OUTCOME_NONE || outcome == PEER_REJECTED)
		return err_field(cx, ERR_INVALID, "/outcome",
				 "an appeal that is looked into ends upheld or "
				 "changed");
	return is_another(cx, r, at);
}

static enum err decide(struct ctx *cx, const void *params, void *result)
{
	const struct decide_params *p = params;
	struct peer_note n = { .outcome = p->outcome, .reason = p->reason };
	struct rubric_result given;
	struct run *r = NULL;
	uint32_t at;
	enum err e = of_staff(cx, &p->appeal, &r, &at);

	if (!e)
		e = may_decide(cx, r, at, p->outcome);
	if (!e && p->outcome == PEER_CHANGED) {
		e = rubric_score(cx, &r->def->rubric, &p->scores, "/scores",
				 &given);
		if (!e) {
			n.scaled = given.scaled;
			n.each = (struct list){ given.each,
						r->def->rubric.criteria.n };
		}
	}
	return e ? e : note(cx, r, at, NOTE_APPEAL_DECIDED, &n, result);
}

/* ---- list ---- */

struct list_params {
	struct assessment_ref ref;
	bool open;
};
static const struct field list_fields[] = {
	ASSESSMENT_REF_FIELDS(struct list_params, ref),
	FIELD_OPT(struct list_params, open, KIND_BOOL,
		  "only those that are not decided"),
	FIELD_END,
};
static const struct shape list_shape = { "appeal_list",
					 sizeof(struct list_params),
					 list_fields };
struct list_result {
	struct list appeals;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, appeals, KIND_LIST,
	      "the oldest first, 1000 at most", .of = KIND_OBJECT,
	      .shape = &appeal_shape),
	FIELD_END,
};
static const struct shape list_result_shape = { "appeal_list_result",
						sizeof(struct list_result),
						list_result_fields };

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	struct appeal_view *all;
	struct run *r = NULL;
	size_t n = 0;
	enum err e = peers_read_or_none(cx, &p->ref, &r);

	if (e || !r)
		return e;
	all = ARENA_ARRAY(cx->arena, struct appeal_view, LIMIT_PAGE);
	for (uint32_t i = 0; !e && i < r->appeals_n && n < LIMIT_PAGE; i++) {
		if (p->open && r->appeals[i].decided_at)
			continue;
		e = show(cx, r, i, &(struct given){ STR(""), STR("") },
			 &all[n]);
		all[n].has_content = false; /* appeal.get has all of it */
		all[n].reason = (struct str){ 0 };
		all[n++].grounds = (struct str){ 0 };
	}
	out->appeals = (struct list){ all, n };
	return e;
}

const struct rpc_method appeal_methods[] = {
	{ .name = "appeal.file",
	  .does = "Contest a released grade, with grounds.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &file_shape,
	  .result = &appeal_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_PRECONDITION,
			 ERR_CONFLICT, ERR_TOO_EARLY, ERR_TOO_LATE),
	  .run = file },
	{ .name = "appeal.triage",
	  .does = "Say whether an appeal is looked into.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &triage_shape,
	  .result = &appeal_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = triage },
	{ .name = "appeal.decide",
	  .does = "Decide an appeal, blind to the grade: it stays, or goes up "
		  "or down.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &decide_shape,
	  .result = &appeal_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT,
			 ERR_TOO_EARLY),
	  .run = decide },
	{ .name = "appeal.get",
	  .does = "An appeal: for staff with the work, without a grade until "
		  "it is decided.",
	  .roles = WHO | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .budget_ms = 200,
	  .params = &which_shape,
	  .result = &appeal_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ .name = "appeal.list",
	  .does = "The appeals of an assessment.",
	  .roles = ROLE_TEACHERS | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .budget_ms = 500,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION),
	  .run = list },
	{ 0 },
};
