/*
 * Regrading: the same actions, scored by another version (or by the same one
 * once more). A dry run tells every change before anything changes; manual
 * marks survive; nothing is lowered unless that is asked for; a second run
 * changes nothing.
 */
#include "engine/attempt/regrade.h"

#include "base/limits.h"
#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/submission.h"

#define P struct regrade
static const struct field regrade_fields[] = {
	ASSESSMENT_REF_FIELDS(P, ref),
	FIELD_OPT(P, to, KIND_ID, "version to score by; absent: the newest"),
	FIELD_OPT(P, reason, KIND_STR, "for the record",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(P, dry_run, KIND_BOOL, "only tell what would change"),
	FIELD_OPT(P, only_if_higher, KIND_BOOL,
		  "leave alone what would not be higher"),
	FIELD_OPT(P, allow_lower, KIND_BOOL, "scores may fall"),
	FIELD_OPT(P, limit, KIND_INT, "attempts looked at; default 100",
		  .min = 1, .max = REGRADE_MOST),
	FIELD_OPT(P, cursor, KIND_ID, "the last reply's next"),
	FIELD_END,
};
#undef P
const struct shape regrade_shape = SHAPE(struct regrade, regrade_fields);

static const char *const outcome_words[] = {
#define X(code, word) word,
	REGRADE_OUTCOMES(X)
#undef X
		NULL,
};

#define C struct regrade_change
static const struct field change_fields[] = {
	FIELD(C, attempt, KIND_ID, "which one"),
	FIELD(C, learner, KIND_ID, "whose"),
	FIELD(C, number, KIND_INT, "among his"),
	FIELD(C, outcome, KIND_ENUM, "what happens to it",
	      .words = outcome_words),
	FIELD_OPT(C, reason, KIND_STR, "why it is not possible"),
	FIELD(C, old_score, KIND_DEC, "before"),
	FIELD(C, old_max, KIND_DEC, "of at most"),
	FIELD(C, old_passed, KIND_BOOL, "before"),
	FIELD_MAYBE(C, new_score, has_new, KIND_DEC, "after"),
	FIELD_MAYBE(C, new_max, has_new, KIND_DEC, "of at most"),
	FIELD_MAYBE(C, new_passed, has_new, KIND_BOOL, "after"),
	FIELD_END,
};
#undef C
static const struct shape change_shape =
	SHAPE(struct regrade_change, change_fields);

static const struct field regraded_fields[] = {
	FIELD(struct regraded, to, KIND_ID, "version scored by"),
	FIELD(struct regraded, examined, KIND_INT, "attempts looked at"),
	FIELD(struct regraded, changed, KIND_INT, "scores that change"),
	FIELD(struct regraded, changes, KIND_LIST, "all but those unchanged",
	      .of = KIND_OBJECT, .shape = &change_shape),
	FIELD_OPT(struct regraded, next, KIND_ID, "cursor; absent: the end"),
	FIELD_END,
};
const struct shape regraded_shape = SHAPE(struct regraded, regraded_fields);

/* One attempt under the other version. */
struct trial {
	const struct regrade *p;
	const struct published *to;
	const struct attempt_row *row;
	struct score score;
	struct regrade_change change;
};

static bool is_graded(int state)
{
	return state == ATTEMPT_NEEDS_GRADING || state == ATTEMPT_GRADED ||
	       state == ATTEMPT_RELEASED;
}

static bool is_as_before(const struct trial *t)
{
	const struct attempt_row *r = t->row;
	const struct score *s = &t->score;

	return id_eq(&r->assessment, &t->to->row.id) &&
	       r->has_score == s->has && dec_eq(r->sum, s->sum) &&
	       dec_eq(r->sum_max, s->sum_max) && dec_eq(r->score, s->score) &&
	       dec_eq(r->max_score, s->max) && r->passed == s->passed;
}

static int judge(const struct trial *t)
{
	int way = dec_cmp(t->score.score, t->row->score);

	if (is_as_before(t))
		return REGRADE_SAME;
	if (t->p->only_if_higher && way <= 0)
		return REGRADE_NOT_HIGHER;
	if (way < 0 && !t->p->allow_lower)
		return REGRADE_LOWER;
	return t->p->dry_run ? REGRADE_WOULD : REGRADE_DONE;
}

/* Moves l to the version and scores it there. */
static enum err rescore(struct ctx *cx, struct live *l, struct trial *t)
{
	enum err e = OK;

	if (l->erased)
		e = err_set(cx, ERR_PRECONDITION,
			    "the answers were erased: the grade stays as it "
			    "is");
	if (!e)
		e = live_use(cx, l, t->to);
	if (!e)
		e = live_refold(cx, l);
	if (!e)
		e = live_rules(cx, l);
	if (!e)
		live_score(cx, l, &t->score);
	return e;
}

static enum err try_one(struct ctx *cx, struct trial *t)
{
	struct regrade_change *c = &t->change;
	struct live *l = NULL;
	enum err e = live_read_row(cx, t->row, true, &l);

	*c = (struct regrade_change){ .attempt = t->row->id,
				      .learner = t->row->learner,
				      .number = t->row->number,
				      .old_score = t->row->score,
				      .old_max = t->row->max_score,
				      .old_passed = t->row->passed };
	if (!e)
		e = rescore(cx, l, t);
	if (e == ERR_PRECONDITION) {
		c->outcome = REGRADE_IMPOSSIBLE;
		c->reason = str_copy(cx->arena, str_of(cx->error.text));
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	c->outcome = judge(t);
	c->has_new = true;
	c->new_score = t->score.score;
	c->new_max = t->score.max;
	c->new_passed = t->score.passed;
	return OK;
}

static enum err apply_one(struct ctx *cx, void *arg)
{
	struct trial *t = arg;
	const struct published *was;
	struct note note = { .to = t->to->row.id,
			     .reason = t->p->reason,
			     .by = cx->who->actor };
	struct live *l = NULL;
	enum err e = attempts_get(cx, &t->row->org, &t->row->id, &l);

	if (e)
		return e;
	attempts_touch(cx, l);
	e = attempts_reload(cx, &l);
	if (e)
		return e;
	was = l->pub;
	note.from = l->row.assessment;
	e = rescore(cx, l, t);
	if (l->pub != was)
		attempts_hold(cx, l, was);
	if (e)
		return e;
	note.score = t->score;
	e = live_note(cx, l, NOTE_REGRADED, &note, (struct str){ 0 }, NULL);
	if (e)
		return e;
	e = submission_requeue(cx, l);
	if (e)
		return e;
	/* All marks are known now, without a person. */
	if (l->row.state == ATTEMPT_NEEDS_GRADING && t->score.has)
		return live_grade(cx, l);
	e = live_store(cx, l);
	return e ? e : live_to_gradebook(cx, l);
}

static enum err regrade_page(struct ctx *cx, const struct regrade *p,
			     const struct published *to,
			     const struct list *rows, struct regraded *out)
{
	const struct attempt_row *r = rows->at;
	struct regrade_change *changes =
		ARENA_ARRAY(cx->arena, struct regrade_change, rows->n);
	size_t n = 0;
	enum err e = OK;

	for (size_t i = 0; !e && i < rows->n; i++) {
		struct trial t = { .p = p, .to = to, .row = &r[i] };

		out->next = r[i].id;
		if (!is_graded(r[i].state))
			continue;
		out->examined++;
		e = try_one(cx, &t);
		if (!e && t.change.outcome == REGRADE_DONE)
			e = journal_apart(cx->app->journal, cx, apply_one, &t);
		if (e || t.change.outcome == REGRADE_SAME)
			continue;
		out->changed += t.change.outcome == REGRADE_DONE ||
				t.change.outcome == REGRADE_WOULD;
		changes[n++] = t.change;
	}
	out->changes = (struct list){ changes, n };
	return e;
}

static enum err find_target(struct ctx *cx, const struct regrade *p,
			    const struct assessment *named,
			    const struct published **out)
{
	struct assessment newest;
	const struct id *id = &p->to;
	enum err e = OK;

	if (id_is_none(id)) {
		e = assessment_newest(cx, &named->org, &named->series, &newest);
		id = &newest.id;
	}
	if (!e)
		e = catalog_get(cx->app->catalog, cx, &named->org, id, out);
	if (!e && !id_eq(&(*out)->row.series, &named->series))
		e = err_field(cx, ERR_INVALID, "/to",
			      "this is a version of another assessment");
	return e;
}

enum err regrade_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct regrade *p = params;
	const struct published *to;
	struct regraded *out = result;
	struct assessment named;
	int64_t limit = p->limit ? p->limit : 100;
	struct list rows;
	bool more;
	enum err e = assessment_resolve(cx, &p->ref, &named);

	if (!e)
		e = find_target(cx, p, &named, &to);
	if (!e) /* trials read what this batch has appended */
		e = journal_flush(cx->app->journal, cx);
	if (!e)
		e = store_list(
			cx, &attempt_sql[ATTEMPT_LIST_SERIES],
			VALS(v_id(&named.org), v_id(&named.series),
			     v_bytes((struct str){ (const char *)p->cursor.b,
						   ID_BYTES }),
			     v_null(), v_int(0), v_int(limit + 1)),
			(size_t)limit, &rows, &more);
	if (e)
		return e;
	out->to = to->row.id;
	e = regrade_page(cx, p, to, &rows, out);
	if (!more)
		out->next = (struct id){ 0 };
	return e;
}
