#include "engine/gradebook/gradebook.h"

#include "engine/app.h"
#include "engine/gradebook/gradebook_sql.h"

#define GRADE_HEAD                                                             \
	FIELD(struct grade, org, KIND_ID, "the organization"),                 \
		FIELD(struct grade, learner, KIND_ID, "whose"),                \
		FIELD(struct grade, series, KIND_ID, "of which assessment"),   \
		FIELD(struct grade, course, KIND_STR, "its course"),           \
		FIELD(struct grade, slug, KIND_STR, "its name"),               \
		FIELD(struct grade, assessment, KIND_ID, "and version"),       \
		FIELD_OPT(struct grade, attempt, KIND_ID,                      \
			  "the attempt that counts; absent: an average, or "   \
			  "none")

#define GRADE_TAIL                                                             \
	FIELD(struct grade, passed, KIND_BOOL, "the pass mark is reached"),    \
		FIELD(struct grade, late, KIND_BOOL, "it was handed in late"), \
		FIELD(struct grade, pending, KIND_BOOL,                        \
		      "a person has still to mark"),                           \
		FIELD(struct grade, attempts, KIND_INT, "completed ones"),     \
		FIELD_OPT(struct grade, updated_at, KIND_TIME,                 \
			  "when it last changed"),                             \
		FIELD_OPT(struct grade, released_at, KIND_TIME,                \
			  "since when the learner may see it"),                \
		FIELD(struct grade, overridden, KIND_BOOL,                     \
		      "set by staff; attempts do not change it"),              \
		FIELD_OPT(struct grade, reason, KIND_STR, "why")

/* Sums of many marks, with early credit. */
#define WIDE .min = -4000000000, .max = 4000000000
static const struct field grade_fields[] = {
	GRADE_HEAD,
	FIELD_MAYBE(struct grade, score, has_score, KIND_DEC,
		    "points; absent: no grade yet", WIDE),
	FIELD(struct grade, max_score, KIND_DEC, "out of", WIDE),
	FIELD_MAYBE(struct grade, scaled, has_score, KIND_DEC,
		    "score / max_score", WIDE),
	GRADE_TAIL,
	FIELD_END,
};
const struct shape grade_shape = { "grade", sizeof(struct grade),
				   grade_fields };

static const struct field grade_row_fields[] = {
	GRADE_HEAD,
	FIELD(struct grade, has_score, KIND_BOOL, "there is a grade"),
	FIELD(struct grade, score, KIND_DEC, "points"),
	FIELD(struct grade, max_score, KIND_DEC, "out of"),
	FIELD(struct grade, scaled, KIND_DEC, "score / max_score"),
	GRADE_TAIL,
	FIELD_END,
};
const struct shape grade_row_shape = { "grade_row", sizeof(struct grade),
				       grade_row_fields };

enum err gradebook_store(struct ctx *cx, const struct grade *g)
{
	return store_exec(
		cx, &gradebook_sql[GRADE_SET],
		VALS(v_id(&g->org), v_id(&g->learner), v_id(&g->series),
		     v_text(g->course), v_text(g->slug), v_id(&g->assessment),
		     v_id(&g->attempt), v_bool(g->has_score), v_dec(g->score),
		     v_dec(g->max_score), v_dec(g->scaled), v_bool(g->passed),
		     v_bool(g->late), v_bool(g->pending), v_int(g->attempts),
		     v_int(g->updated_at), v_int(g->released_at),
		     v_bool(g->overridden), v_text(g->reason)),
		NULL);
}

void gradebook_note(struct ctx *cx, const char *event, const struct grade *g)
{
	record_stage(cx,
		     &(struct record){
			     .org = g->org,
			     .stream = g->learner,
			     .learner = g->learner,
			     .event = str_of(event),
			     .body = field_text(cx->arena, &grade_shape, g) });
}

enum err gradebook_row(struct ctx *cx, const struct id *org, struct str course,
		       const struct id *learner, const struct id *series,
		       struct grade *out)
{
	return store_one(
		cx, &gradebook_sql[GRADE_BY_ID],
		VALS(v_id(org), v_text(course), v_id(learner), v_id(series)),
		out);
}

enum err gradebook_grade(struct ctx *cx, const struct id *org,
			 const struct id *learner, const struct id *series,
			 struct grade *out)
{
	struct assessment a;
	enum err e = assessment_by_series(cx, org, series, &a);

	if (!e)
		e = gradebook_row(cx, org, a.course, learner, series, out);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no grade yet");
	return e;
}

bool gradebook_alike(const struct grade *a, const struct grade *b)
{
	return a->has_score == b->has_score && dec_eq(a->score, b->score) &&
	       dec_eq(a->max_score, b->max_score) && a->passed == b->passed &&
	       a->late == b->late && a->pending == b->pending &&
	       a->attempts == b->attempts && id_eq(&a->attempt, &b->attempt);
}

/* What the attempts make of it now. */
static void derive(struct ctx *cx, const struct published *p,
		   const struct policy *effective,
		   struct policy_graded *attempts, const struct id *ids,
		   size_t n, struct grade *g)
{
	struct policy_result r;

	policy_grade(cx, effective, attempts, n, &r);
	g->assessment = p->row.id;
	g->slug = p->row.slug;
	g->attempt = (struct id){ { 0 } };
	g->attempts = 0;
	for (size_t i = 0; i < n; i++) {
		if (r.chosen && attempts[i].number == r.chosen)
			g->attempt = ids[i];
		g->attempts += attempts[i].counts;
	}
	g->has_score = r.has;
	g->score = r.has ? r.grade : DEC_ZERO;
	g->max_score = r.max.nano ? r.max : p->row.max_score;
	g->scaled = r.has ? r.scaled : DEC_ZERO;
	g->passed = r.passed;
	g->late = r.late;
	g->pending = r.pending;
}

/*
 * Held results wait for gradebook.release, or for a released attempt that
 * counts; others are open as soon as there is one.
 */
static bool is_released(const struct policy *p, const struct grade *g,
			const struct policy_graded *attempts,
			const struct id *ids, size_t n)
{
	if (!g->has_score)
		return false;
	if (p->release == RELEASE_AUTO)
		return true;
	for (size_t i = 0; i < n; i++)
		if (attempts[i].state == ATTEMPT_RELEASED &&
		    (id_eq(&ids[i], &g->attempt) || id_is_none(&g->attempt)))
			return true;
	return false;
}

enum err gradebook_update(struct ctx *cx, const struct published *p,
			  const struct policy *effective,
			  const struct id *learner,
			  struct policy_graded *attempts, const struct id *ids,
			  size_t n)
{
	struct grade old = { 0 }, now;
	enum err e;

	if (p->def.policy.kind == POLICY_PRACTICE)
		return OK;
	e = gradebook_row(cx, &p->row.org, p->row.course, learner,
			  &p->row.series, &old);
	if (e && e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	if (old.overridden)
		return OK;
	now = old;
	now.org = p->row.org;
	now.learner = *learner;
	now.series = p->row.series;
	now.course = p->row.course;
	derive(cx, p, effective, attempts, ids, n, &now);
	/* What was released was no grade, or that of another attempt. */
	if (!now.has_score || (effective->release == RELEASE_HELD &&
			       !id_eq(&old.attempt, &now.attempt)))
		now.released_at = 0;
	if (!now.released_at && is_released(effective, &now, attempts, ids, n))
		now.released_at = clock_ms(cx->clock);
	if (gradebook_alike(&old, &now) && old.released_at == now.released_at)
		return OK;
	now.updated_at = clock_ms(cx->clock);
	e = gradebook_store(cx, &now);
	if (!e)
		gradebook_note(cx, "grade.changed", &now);
	return e;
}
