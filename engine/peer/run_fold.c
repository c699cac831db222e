/* How each record changes a run. */
#include <stdlib.h>

#include "engine/app.h"
#include "engine/peer/run_impl.h"
#include "engine/peer/texts.h"

enum err run_broken(struct ctx *cx, const struct run_step *s)
{
	err_set(cx, ERR_CORRUPT,
		"the records of this assessment's reviews do "
		"not fit together");
	return err_detail(cx, "record %lld, %.*s", (long long)s->rec->n,
			  STR_FMT(s->rec->event));
}

/* ---- the run ---- */

static enum err use_version(struct ctx *cx, struct run *r, const struct id *id)
{
	struct catalog *c = cx->app->catalog;
	const struct published *pub;
	enum err e = catalog_get(c, cx, &r->org, id, &pub);

	if (e)
		return e;
	if (!pub->has_peer)
		return err_set(cx, ERR_CORRUPT,
			       "this version is not reviewed by peers");
	catalog_hold(c, pub);
	r->pub = pub;
	r->def = &pub->peer;
	return OK;
}

static enum err read_golds(struct ctx *cx, struct run *r)
{
	struct rubric_result g;
	enum err e = OK;

	r->golds = (uint32_t)r->def->gold.n;
	free(r->gold_scaled);
	r->gold_scaled = calloc(r->golds + 1, /* allowed: run_free */
				sizeof(*r->gold_scaled));
	CHECK(r->gold_scaled);
	for (uint32_t i = 0; !e && i < r->golds; i++) {
		e = peer_gold_result(cx, r->def, i, &g);
		if (!e)
			r->gold_scaled[i] = dec_double(g.scaled);
	}
	return e;
}

static enum err opened(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	struct queue_rules q;
	int64_t more;
	enum err e;

	if (r->n)
		return run_broken(cx, s);
	e = use_version(cx, r, &s->n->assessment);
	if (!e)
		e = read_golds(cx, r);
	if (e)
		return e;
	r->course = str_copy(r->arena, r->pub->row.course);
	r->slug = str_copy(r->arena, r->pub->row.slug);
	r->opened_at = s->rec->at_ms;
	more = r->def->stop.most - (int64_t)run_need(r);
	if (more < r->def->must_review)
		more = r->def->must_review;
	q = (struct queue_rules){ .need = run_need(r),
				  .surplus = (uint32_t)more,
				  .window = QUEUE_WINDOW };
	r->queue = queue_new(&q);
	r->estimator = estimator_new(&estimate_priors_unit);
	for (uint32_t i = 0; i < r->golds; i++) {
		CHECK(estimator_artifact(r->estimator) == i);
		estimator_anchor(r->estimator, i, r->gold_scaled[i],
				 run_gold_precision(r));
	}
	run_settle(r, RUN_SETTLE);
	r->dates = r->def->dates;
	if (r->dates.review_until)
		run_due_at(r, r->dates.review_until + 1, DUE_REVIEW_UNTIL, 0);
	return OK;
}

static enum err ticked(struct ctx *cx, const struct run_step *s)
{
	(void)cx;
	run_tick(s->r, s->n->now);
	return OK;
}

static enum err released_all(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;

	(void)cx;
	r->released_all = true;
	/* Nobody has seen the grades yet: they are those of now. */
	for (uint32_t i = 0; i < r->works_n; i++)
		if (run_is_released(r, i)) {
			r->works[i].released_at = s->rec->at_ms;
			run_show(r, i);
		}
	return OK;
}

/* ---- works ---- */

static void print_work(struct ctx *cx, struct run_work *w,
		       const struct record *rec)
{
	struct peer_content c;

	free(w->prints);
	w->prints = NULL;
	if (!rec->personal.p || peer_content_read(cx, rec->personal, &c)) {
		err_clear(cx);
		return;
	}
	w->prints = calloc(1, sizeof(*w->prints)); /* allowed: run_free */
	CHECK(w->prints);
	feedback_print_text(cx, c.text, w->prints);
}

static void set_content(struct ctx *cx, const struct run_step *s,
			struct run_work *w)
{
	w->n = s->rec->n;
	w->handed_in_at = s->rec->at_ms;
	w->grace_until = s->n->until;
	w->kinds = s->n->kinds;
	w->bytes = s->n->bytes;
	w->words = s->n->words;
	print_work(cx, w, s->rec);
}

/* Its leases are void, and nobody gets it any more. */
static void leave_pool(struct run *r, uint32_t work, int state)
{
	struct run_work *w = &r->works[work];

	w->state = state;
	if (w->in_queue == NONE)
		return;
	for (uint32_t i = w->review; i != NONE; i = r->reviews[i].next_of_work)
		if (r->reviews[i].state == REVIEW_LEASED)
			run_lease_over(r, i, REVIEW_VOID);
	queue_leave(r->queue, w->in_queue);
}

static enum err handed_in(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t author, work;

	if (run_find_work(r, &s->n->artifact) != NONE)
		return run_broken(cx, s);
	author = run_person_add(r, &s->rec->learner);
	work = r->people[author].work;
	if (work != NONE && r->works[work].state != WORK_WITHDRAWN)
		leave_pool(r, work, WORK_REPLACED);
	work = run_work_add(r, &s->n->artifact, author);
	r->works[work].version = (uint32_t)s->n->version;
	r->people[author].work = work;
	set_content(cx, s, &r->works[work]);
	run_changed(r, work);
	if (s->n->until > s->rec->at_ms)
		run_due_at(r, s->n->until, DUE_GRACE, work);
	else
		run_enter_pool(r, work);
	return OK;
}

static enum err corrected(struct ctx *cx, const struct run_step *s)
{
	uint32_t work = run_find_work(s->r, &s->n->artifact);

	if (work == NONE || s->r->works[work].state != WORK_GRACE)
		return run_broken(cx, s);
	set_content(cx, s, &s->r->works[work]);
	return OK;
}

static enum err withdrawn(struct ctx *cx, const struct run_step *s)
{
	uint32_t work = run_find_work(s->r, &s->n->artifact);

	if (work == NONE)
		return run_broken(cx, s);
	leave_pool(s->r, work, WORK_WITHDRAWN);
	run_changed(s->r, work);
	return OK;
}

static enum err revealed(struct ctx *cx, const struct run_step *s)
{
	uint32_t work = run_find_work(s->r, &s->n->artifact);

	if (work == NONE || s->r->works[work].state != WORK_SEALED)
		return run_broken(cx, s);
	run_reveal(s->r, work);
	return OK;
}

/* ---- reviews ---- */

static bool take_gold(struct run_person *p, int64_t gold)
{
	uint64_t bit = UINT64_C(1) << (gold % 64);

	if (p->golds[gold / 64] & bit)
		return false;
	p->golds[gold / 64] |= bit;
	return true;
}

static void lease(struct run *r, uint32_t review, const struct run_step *s)
{
	struct run_review *v = &r->reviews[review];

	v->state = REVIEW_LEASED;
	v->fence = s->n->fence;
	v->until = s->n->until;
	v->leased_at = s->rec->at_ms;
	v->window = s->n->window;
	v->surplus = s->n->surplus;
	r->fence = s->n->fence;
	r->people[v->person].lease = review;
	r->people[v->person].stuck_at = 0;
	run_due_at(r, v->until, DUE_LEASE, review);
}

static enum err leased(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t work = NONE, review, person;

	if (!s->n->is_gold) {
		work = run_find_work(r, &s->n->artifact);
		if (work == NONE || r->works[work].in_queue == NONE)
			return run_broken(cx, s);
	} else if (s->n->gold < 0 || s->n->gold >= (int64_t)r->golds) {
		return run_broken(cx, s);
	}
	person = run_person_add(r, &s->rec->learner);
	review = run_find_review(r, &s->n->review);
	if (r->people[person].lease != NONE ||
	    (review != NONE && r->reviews[review].person != person))
		return run_broken(cx, s);
	if (work != NONE &&
	    !queue_reserve(r->queue, person, r->works[work].in_queue))
		return run_broken(cx, s);
	if (review == NONE) {
		review = run_review_add(r, &s->n->review, person, work);
		if (work == NONE) {
			r->reviews[review].gold = (int32_t)s->n->gold;
			r->reviews[review].kind =
				s->n->open ? REVIEW_CALIBRATION : REVIEW_COVERT;
			take_gold(&r->people[person], s->n->gold);
		}
	}
	lease(r, review, s);
	return OK;
}

static struct run_review *review_of(struct run *r, const struct run_step *s,
				    uint32_t *at)
{
	*at = run_find_review(r, &s->n->review);
	return *at == NONE ? NULL : &r->reviews[*at];
}

static enum err renewed(struct ctx *cx, const struct run_step *s)
{
	uint32_t at;
	struct run_review *v = review_of(s->r, s, &at);

	if (!v || v->state != REVIEW_LEASED)
		return run_broken(cx, s);
	v->until = s->n->until;
	run_due_at(s->r, v->until, DUE_LEASE, at);
	return OK;
}

static enum err returned(struct ctx *cx, const struct run_step *s)
{
	uint32_t at;
	struct run_review *v = review_of(s->r, s, &at);

	if (!v || v->state != REVIEW_LEASED)
		return run_broken(cx, s);
	run_lease_over(s->r, at, REVIEW_RETURNED);
	return OK;
}

static enum err none(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_person_add(r, &s->rec->learner);

	(void)cx;
	r->people[at].stuck_at = s->rec->at_ms;
	r->people[at].stuck =
		(struct run_stuck){ s->n->in_pool, s->n->conflicting, s->n->had,
				    s->n->full };
	return OK;
}

static void print_review(struct ctx *cx, struct run_person *p,
			 const struct record *rec)
{
	struct peer_words w;
	struct feedback f;

	if (!rec->personal.p || peer_words_read(cx, rec->personal, &w)) {
		err_clear(cx);
		return;
	}
	if (!p->prints) {
		p->prints = calloc(RUN_PRINTS, /* allowed: run_free */
				   sizeof(*p->prints));
		CHECK(p->prints);
	}
	f = peer_words_feedback(cx, &w);
	feedback_print(cx, &f, &p->prints[p->prints_n++ % RUN_PRINTS]);
}

static void gold_done(struct run *r, struct run_review *v)
{
	struct run_person *p = &r->people[v->person];

	if (v->kind == REVIEW_CALIBRATION) {
		p->open_golds++;
	} else {
		p->done++;
		queue_credit(r->queue, v->person, 1);
	}
	run_licence_moved(
		r, v->person,
		licence_gold(&r->def->licence, &p->licence, v->passed));
}

static void flagged(struct run *r, uint32_t work, int flag)
{
	struct run_work *w = &r->works[work];

	if (flag == PEER_FLAG_NONE || flag == PEER_FLAG_KNOWN)
		return;
	w->flags[flag]++;
	if (w->flags[flag] < (uint32_t)r->def->moderation.flags || w->held ||
	    w->decided)
		return;
	w->held = true;
	queue_leave(r->queue, w->in_queue);
}

static enum err reviewed(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at, of;
	struct run_review *v = review_of(r, s, &at);
	const struct dec *each = s->n->each.at;
	struct run_person *p;

	if (!v || v->state == REVIEW_DONE || s->n->fence != v->fence)
		return run_broken(cx, s);
	p = &r->people[v->person];
	/* A late one whose place was still free. */
	if (v->state != REVIEW_LEASED && v->work != NONE &&
	    !queue_reserve(r->queue, v->person, r->works[v->work].in_queue))
		return run_broken(cx, s);
	v->state = REVIEW_DONE;
	v->n = s->rec->n;
	v->done_at = s->rec->at_ms;
	v->scaled = dec_double(s->n->scaled);
	v->coverage = dec_double(s->n->coverage);
	v->words = (uint32_t)s->n->words;
	v->flag = s->n->flag;
	v->passed = s->n->passed;
	v->each = ARENA_ARRAY(r->arena, float, s->n->each.n);
	for (size_t i = 0; i < s->n->each.n; i++)
		v->each[i] = (float)dec_double(each[i]);
	if (p->lease == at)
		p->lease = NONE;
	p->expired_in_row = 0;
	print_review(cx, p, s->rec);
	of = v->work == NONE ? (uint32_t)v->gold : r->works[v->work].estimate;
	v->grade = estimator_grade(r->estimator, of, v->person, v->scaled);
	v->counts = true;
	r->grades_n++;
	if (v->work == NONE) {
		gold_done(r, v);
	} else {
		queue_done(r->queue, v->person);
		p->done++;
		r->works[v->work].reviews_n++;
		flagged(r, v->work, v->flag);
	}
	run_weigh(r, at);
	run_settle(r, RUN_SETTLE);
	if (v->work != NONE) {
		run_consider(r, v->work);
		run_unsure(r, v->work);
	}
	if (p->work != NONE) /* his own, if this was his last duty */
		run_consider(r, p->work);
	return OK;
}

static enum err rated(struct ctx *cx, const struct run_step *s)
{
	uint32_t at;
	struct run_review *v = review_of(s->r, s, &at);

	if (!v || v->state != REVIEW_DONE)
		return run_broken(cx, s);
	v->rating = (int)s->n->rating;
	return OK;
}

static enum err marked(struct ctx *cx, const struct run_step *s)
{
	uint32_t at;
	struct run_review *v = review_of(s->r, s, &at);

	if (!v || v->state != REVIEW_DONE)
		return run_broken(cx, s);
	v->mark = (int)s->n->mark;
	return OK;
}

static enum err (*const steps[PEER_NOTE_COUNT])(struct ctx *cx,
						const struct run_step *s) = {
	[NOTE_OPENED] = opened,
	[NOTE_TICKED] = ticked,
	[NOTE_RELEASED_ALL] = released_all,
	[NOTE_HANDED_IN] = handed_in,
	[NOTE_CORRECTED] = corrected,
	[NOTE_WITHDRAWN] = withdrawn,
	[NOTE_REVEALED] = revealed,
	[NOTE_LEASED] = leased,
	[NOTE_RENEWED] = renewed,
	[NOTE_RETURNED] = returned,
	[NOTE_NONE] = none,
	[NOTE_REVIEWED] = reviewed,
	[NOTE_RATED] = rated,
	[NOTE_MARKED] = marked,
	[NOTE_APPEAL_DECIDED] = NULL,
};

enum err run_apply(struct ctx *cx, struct run *r, const struct record *rec,
		   const struct peer_note *note)
{
	int kind = peer_note_kind_of(rec->event);
	struct peer_note read = { 0 };
	struct run_step s = { .r = r, .rec = rec, .n = note ? note : &read };
	enum err e = OK;

	if (kind == PEER_NOTE_COUNT || rec->n != r->n + 1 ||
	    (r->n == 0) != (kind == NOTE_OPENED))
		return run_broken(cx, &s);
	if (!note)
		e = peer_note_read(cx, kind, rec->body, &read);
	if (e)
		return e;
	if (rec->at_ms > r->now)
		r->now = rec->at_ms;
	e = steps[kind] ? steps[kind](cx, &s) : run_staff_step(cx, kind, &s);
	if (e)
		return e;
	r->n = rec->n;
	return OK;
}
