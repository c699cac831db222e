/* What the gradebook hears of a run, and what erasure and repair ask. */
#include "engine/peer/peers_impl.h"

/* The newest version with a grade, or the newest. */
static uint32_t that_counts(const struct run *r, uint32_t work)
{
	for (uint32_t i = work; i != NONE; i = r->works[i].before)
		if (run_is_released(r, i))
			return i;
	return work;
}

/* A learner's artifact as the gradebook takes attempts: one. */
static enum err tell(struct ctx *cx, const struct run *r, uint32_t newest)
{
	uint32_t work = that_counts(r, newest);
	const struct run_work *w = &r->works[work];
	struct policy_graded g = { .number = w->version,
				   .state = ATTEMPT_NEEDS_GRADING,
				   .finished = w->handed_in_at };
	struct policy_effective eff;
	const struct id *learner = &r->people[w->author].learner;
	bool released = run_is_released(r, work);
	bool gone = !released && w->state == WORK_WITHDRAWN;
	enum err e;

	if (released) {
		g.has_sum = true;
		g.sum = dec_round(dec_from_double(w->released * 100), 4);
		g.max = dec_int(100);
		g.state = run_is_shown(r, work) ? ATTEMPT_RELEASED
						: ATTEMPT_GRADED;
	}
	e = assessment_effective(cx, r->pub, learner, &eff);
	if (e)
		return e;
	if (r->def->release == PEER_RELEASE_HELD)
		eff.p.release = RELEASE_HELD;
	return gradebook_update(cx, r->pub, &eff.p, learner, &g, &w->id,
				gone ? 0 : 1);
}

enum err peers_to_gradebook(struct ctx *cx, struct run *r)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < r->changed_n; i++) {
		const struct run_work *w = &r->works[r->changed[i]];

		e = tell(cx, r, r->people[w->author].work);
	}
	r->changed_n = 0;
	return e;
}

enum err peers_recompute(struct ctx *cx, const struct id *org,
			 const struct id *series, const struct id *learner)
{
	struct run *r = NULL;
	uint32_t at;
	enum err e = peers_get(cx, org, series, &r);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	at = run_person(r, learner);
	if (at != NONE && r->people[at].work != NONE)
		run_changed(r, r->people[at].work);
	return peers_done(cx, r);
}

/* ---- erasure ---- */

static enum err leave(struct ctx *cx, struct run *r, const struct id *learner)
{
	uint32_t at = run_person(r, learner);
	struct peer_note n = { .reason = STR("erased"), .by = STR("engine") };
	const struct run_work *w;
	enum err e = OK;

	if (at == NONE)
		return OK;
	if (r->people[at].lease != NONE) {
		n.review = r->reviews[r->people[at].lease].id;
		e = peers_note(cx, r, NOTE_RETURNED, &n, learner,
			       (struct str){ 0 });
	}
	if (e || r->people[at].work == NONE)
		return e;
	w = &r->works[r->people[at].work];
	n.artifact = w->id;
	if (w->state == WORK_GRACE || w->state == WORK_IN_REVIEW)
		e = peers_note(cx, r, NOTE_WITHDRAWN, &n, learner,
			       (struct str){ 0 });
	return e;
}

enum err peers_erase(struct ctx *cx, const struct id *org,
		     const struct id *learner)
{
	const struct peer_ref_row *ref;
	struct list refs;
	struct run *r = NULL;
	enum err e = store_list(cx, &peer_sql[PEER_REFS_OF_LEARNER],
				VALS(v_id(org), v_id(learner)), SIZE_MAX, &refs,
				NULL);

	ref = refs.at;
	for (size_t i = 0; !e && i < refs.n; i++) {
		if (i && id_eq(&ref[i].series, &ref[i - 1].series))
			continue;
		e = peers_get(cx, org, &ref[i].series, &r);
		if (!e)
			e = leave(cx, r, learner);
		if (!e)
			e = peers_done(cx, r);
	}
	if (!e)
		e = store_exec(cx, &peer_sql[PEER_DRAFTS_OF_LEARNER],
			       VALS(v_id(org), v_id(learner)), NULL);
	return e;
}
