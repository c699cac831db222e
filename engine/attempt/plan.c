#include "engine/attempt/plan.h"

#include <sodium.h>

#include "base/limits.h"
#include "engine/auth/org.h"

enum { ROWS_MOST = 10000, SEEN_MOST = 50 /* former attempts looked at */ };

static bool uses_up(const struct plan *p, const struct former_attempt *r)
{
	if (r->preview || r->practice != p->practice || r->given_back ||
	    r->state == ATTEMPT_READY)
		return false;
	return r->state != ATTEMPT_ABANDONED ||
	       p->eff.p.abandoned != ABANDONED_FREE;
}

static void look_at_rows(struct plan *p)
{
	const struct former_attempt *r = p->rows.at;
	struct policy_history *h = &p->history;

	for (size_t i = 0; i < p->rows.n; i++) {
		if (r[i].number > p->last_number)
			p->last_number = r[i].number;
		if (r[i].preview == p->preview) {
			if (attempt_is_open(r[i].state))
				p->open = &r[i];
			if (r[i].state == ATTEMPT_READY)
				p->ready = &r[i];
		}
		if (!uses_up(p, &r[i]))
			continue;
		h->used++;
		h->last_started = r[i].started_at;
		h->last_finished = r[i].finished_at;
	}
	h->has_open = p->open != NULL;
	h->retired = p->assessment.retired_at != 0;
	h->preview = p->preview;
	h->peer = p->pub->has_peer;
}

/* How the learner stands in what has to be done before. */
static enum err look_before(struct ctx *cx, struct plan *p)
{
	const struct prerequisite *q = p->eff.p.prerequisites.at;
	size_t n = p->eff.p.prerequisites.n, known = 0;
	struct prerequisite_result *out =
		ARENA_ARRAY(cx->arena, struct prerequisite_result, n);

	for (size_t i = 0; i < n; i++) {
		const struct assessment_ref ref = {
			.course = p->assessment.course, .slug = q[i].assessment
		};
		struct assessment before;
		struct grade grade;
		enum err e = assessment_resolve(cx, &ref, &before);

		if (!e)
			e = gradebook_grade(cx, &p->assessment.org, &p->learner,
					    &before.series, &grade);
		if (e && e != ERR_NOT_FOUND)
			return e;
		if (!e && grade.has_score)
			out[known++] = (struct prerequisite_result){
				q[i].assessment, grade.scaled, grade.passed,
				grade.released_at == 0
			};
	}
	err_clear(cx);
	p->history.results = (struct list){ out, known };
	return OK;
}

/* Learner and version are known: rules, former attempts, what is possible. */
static enum err look(struct ctx *cx, struct plan *p)
{
	enum err e = assessment_effective(cx, p->pub, &p->learner, &p->eff);

	if (!e)
		e = store_list(cx, &attempt_sql[ATTEMPT_FORMER],
			       VALS(v_id(&p->assessment.org),
				    v_id(&p->assessment.series),
				    v_id(&p->learner)),
			       ROWS_MOST, &p->rows, NULL);
	if (e)
		return e;
	p->practice = p->eff.p.kind == POLICY_PRACTICE;
	look_at_rows(p);
	e = look_before(cx, p);
	if (e)
		return e;
	policy_conditions(&p->eff.p, p->eff.passwords.n > 0, &p->history,
			  clock_ms(cx->clock), &p->conditions);
	return OK;
}

/*
 * Which version it is: a learner has the newest one, whichever older one's id
 * he has kept; staff may take any that is not retired.
 */
static enum err look_at_version(struct ctx *cx, struct plan *p)
{
	struct assessment newest;
	enum err e;

	if (p->preview || p->assessment.retired_at ||
	    principal_has(cx->who, ROLE_STAFF))
		return OK;
	e = assessment_newest(cx, &p->assessment.org, &p->assessment.series,
			      &newest);
	if (!e)
		p->outdated = !id_eq(&newest.id, &p->assessment.id);
	return e;
}

enum err plan_make(struct ctx *cx, const struct assessment_ref *ref,
		   struct str subject, bool preview, struct plan *out)
{
	enum err e;

	*out = (struct plan){ .preview = preview };
	if (preview && !principal_has(cx->who, ROLE_STAFF))
		return err_field(cx, ERR_DENIED, "/preview",
				 "a preview is for staff: leave preview out");
	e = person_for(cx, subject, &out->learner);
	if (!e)
		e = assessment_resolve(cx, ref, &out->assessment);
	if (!e)
		e = catalog_get(cx->app->catalog, cx, &out->assessment.org,
				&out->assessment.id, &out->pub);
	if (!e && !id_is_none(&ref->assessment))
		e = look_at_version(cx, out);
	return e ? e : look(cx, out);
}

enum err plan_for(struct ctx *cx, const struct live *l, struct plan *out)
{
	enum err e;

	*out = (struct plan){ .pub = l->pub,
			      .learner = l->row.learner,
			      .preview = l->row.preview };
	/* Anew: it may have been retired since it was decoded. */
	e = assessment_version(cx, &l->row.org, &l->pub->row.id,
			       &out->assessment);
	return e ? e : look(cx, out);
}

static enum err code_of(int reason)
{
	switch ((enum start_reason)reason) {
	case START_OK:
		return OK;
	case START_NOT_OPEN:
	case START_WAIT:
		return ERR_TOO_EARLY;
	case START_CLOSED:
	case START_WAIT_TOO_LONG:
	case START_RETIRED:
		return ERR_TOO_LATE;
	case START_NO_ATTEMPTS:
		return ERR_LIMIT_REACHED;
	case START_PREREQUISITE:
	case START_UNRELEASED:
	case START_PEER:
		return ERR_PRECONDITION;
	case START_RUNNING:
		return ERR_CONFLICT;
	case START_REASON_COUNT:
		break;
	}
	return ERR_INTERNAL;
}

enum err plan_refuse(struct ctx *cx, const struct plan *p)
{
	enum err e = code_of(p->conditions.reason);

	if (p->outdated)
		return err_set(cx, ERR_CONFLICT,
			       "there is a newer version: name the assessment "
			       "by course and slug");
	if (!e)
		return OK;
	err_set(cx, e, "%.*s", STR_FMT(p->conditions.sentence));
	cx->error.data =
		field_text(cx->arena, &policy_conditions_shape, &p->conditions);
	return e;
}

enum err plan_admit(struct ctx *cx, const struct plan *p, struct str password,
		    bool accepts_pledge)
{
	if (p->preview)
		return OK;
	if (!policy_password_ok(&p->eff, password))
		return err_field(cx, ERR_DENIED, "/password",
				 password.n ? "this is not the password"
					    : "a password is needed");
	if (p->eff.p.pledge.n && !accepts_pledge)
		return err_field(cx, ERR_PRECONDITION, "/accept_pledge",
				 "the pledge has to be accepted first: "
				 "assessment.conditions has its text");
	return OK;
}

/* ---- making it ---- */

/* The items of one former attempt, as ids. */
static enum err seen_in(struct ctx *cx, const struct id *attempt,
			struct str *out, size_t *n)
{
	struct record r;
	struct note note;
	struct jdoc *doc;
	struct jval slot, item;
	struct str name;
	uint32_t it = 0;
	enum err e = record_at(cx, attempt, 1, &r);

	if (!e)
		e = note_read(cx, NOTE_RESERVED, r.body, &note);
	if (!e)
		e = jdoc_parse(cx, note.layout, &doc);
	if (e)
		return e;
	while (*n < SEEN_MOST * LIMIT_SLOTS &&
	       jval_next(jdoc_root(doc), &it, &name, &slot))
		if (jval_get(slot, "item", &item))
			out[(*n)++] = jval_str(cx, item);
	return OK;
}

static enum err seen_before(struct ctx *cx, const struct plan *p,
			    struct list *out)
{
	const struct former_attempt *r = p->rows.at;
	struct str *ids;
	size_t n = 0, from = p->rows.n > SEEN_MOST ? p->rows.n - SEEN_MOST : 0;
	enum err e;

	*out = (struct list){ 0 };
	if (!p->eff.p.avoid_seen || !p->rows.n)
		return OK;
	/* Former attempts may still be among the records that wait. */
	e = journal_flush(cx->app->journal, cx);
	ids = ARENA_ARRAY(cx->arena, struct str,
			  (p->rows.n - from) * LIMIT_SLOTS);
	for (size_t i = from; !e && i < p->rows.n; i++)
		if (!r[i].preview)
			e = seen_in(cx, &r[i].id, ids, &n);
	if (!e)
		*out = (struct list){ ids, n };
	return e;
}

enum err plan_reserve(struct ctx *cx, const struct plan *p, struct live **out)
{
	struct attempt_row row = { .org = p->assessment.org };
	uint8_t *seed = arena_alloc(cx->arena, LAYOUT_SEED_BYTES);
	struct note note = { .assessment = p->assessment.id,
			     .series = p->assessment.series,
			     .course = p->assessment.course,
			     .version = p->assessment.version,
			     .learner = p->learner,
			     .number = p->last_number + 1,
			     .seed = { (const char *)seed, LAYOUT_SEED_BYTES },
			     .practice = p->practice,
			     .preview = p->preview };
	struct layout layout;
	struct list seen;
	struct buf b = { 0 };
	struct live *l = NULL;
	enum err e = seen_before(cx, p, &seen);

	rng_fill(cx->rng, seed, LAYOUT_SEED_BYTES);
	if (!e)
		e = layout_make(cx, &p->pub->def, seed, &seen, &layout);
	if (e)
		return e;
	layout_write(&b, &p->pub->def, &layout);
	note.layout = buf_copy(&b, cx->arena);
	buf_done(&b);
	row.id = id_new(cx->clock, cx->rng);
	l = attempts_add(cx, p->pub, &row);
	l->policy = p->eff.p;
	l->policy.password = (struct str){ 0 };
	e = live_note(cx, l, NOTE_RESERVED, &note, (struct str){ 0 }, NULL);
	if (e)
		return e;
	l->built_bytes = arena_used(l->grow);
	*out = l;
	return OK;
}

enum err plan_insert(struct ctx *cx, struct live *l)
{
	struct val vals[ATTEMPT_COLUMNS];
	int64_t changed;
	enum err e;

	live_wake(l);
	l->row.node = cx->app->node;
	l->row.rev = 1;
	attempt_vals(&l->row, vals);
	e = store_exec(cx, &attempt_sql[ATTEMPT_INSERT], vals, ATTEMPT_COLUMNS,
		       &changed);
	if (e)
		return e;
	if (changed != 1)
		return err_set(cx, ERR_BUSY,
			       "another server starts an attempt of this "
			       "learner; try again");
	attempts_rewake(cx, l);
	return OK;
}

static struct str pledge_digest(struct ctx *cx, struct str text)
{
	unsigned char *hash = arena_alloc(cx->arena, HASH_BYTES);

	crypto_generichash(hash, HASH_BYTES, (const unsigned char *)text.p,
			   text.n, NULL, 0);
	return (struct str){ (const char *)hash, HASH_BYTES };
}

enum err plan_start(struct ctx *cx, const struct plan *p, struct live *l)
{
	struct policy_times t = { 0 };
	struct note note = { 0 };

	if (!p->preview)
		policy_times(&l->policy, clock_ms(cx->clock), 0, &t);
	note.due_at = t.due;
	note.hard_end_at = t.hard_end;
	if (!p->preview && p->eff.p.pledge.n) /* plan_admit has seen to it */
		note.pledge = pledge_digest(cx, p->eff.p.pledge);
	return live_note(cx, l, NOTE_STARTED, &note, (struct str){ 0 }, NULL);
}
