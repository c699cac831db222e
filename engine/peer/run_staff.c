/* How records of moderators and of the platform change a run. */
#include <stdlib.h>

#include "engine/peer/run_impl.h"
#include "rubrics/allocate.h"

/* ---- cohorts ---- */

static enum err assign(struct ctx *cx, struct run *r, const uint32_t *people,
		       size_t n, const struct peer_note *note)
{
	uint32_t *out, k = (uint32_t)note->per;
	uint64_t swaps;
	struct allocate_ask ask = { .n = (uint32_t)n,
				    .k = k,
				    .seed = (uint64_t)note->seed };
	struct run_pairs pairs = { .r = r, .people = people };
	enum err e;

	ask.conflict = run_pair_conflicts;
	ask.arg = &pairs;
	e = allocate(cx, &ask, &out, &swaps);
	for (size_t i = 0; !e && i < n; i++) {
		struct run_person *p = &r->people[people[i]];

		free(p->assigned);
		p->assigned = calloc(k, /* allowed: run_free */
				     sizeof(*p->assigned));
		CHECK(p->assigned);
		p->assigned_n = k;
		for (uint32_t j = 0; j < k; j++) {
			uint32_t work = r->people[people[out[i * k + j]]].work;

			p->assigned[j] = work;
			if (note->reason.n) /* a person allowed such pairs */
				queue_allow(r->queue, people[i],
					    r->works[work].in_queue);
		}
	}
	return e;
}

bool run_pair_conflicts(void *arg, uint32_t reviewer, uint32_t author)
{
	const struct run_pairs *p = arg;

	return queue_related(p->r->queue, p->people[reviewer],
			     p->people[author]);
}

uint32_t *run_cohort(struct ctx *cx, const struct run *r, size_t *n)
{
	uint32_t *people = ARENA_ARRAY(cx->arena, uint32_t, r->people_n + 1);

	*n = 0;
	for (uint32_t i = 0; i < r->people_n; i++) {
		uint32_t work = r->people[i].work;

		if (work != NONE && r->works[work].state == WORK_IN_REVIEW)
			people[(*n)++] = i;
	}
	return people;
}

/* The draw is repeated: seed and cohort give it again. */
static enum err allocated(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	size_t n;
	uint32_t *people = run_cohort(cx, r, &n);
	enum err e;

	if ((int64_t)n != s->n->people)
		return run_broken(cx, s);
	e = assign(cx, r, people, n, s->n);
	if (!e)
		r->allocated = true;
	return e;
}

static enum err extended(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;

	(void)cx;
	if (s->n->hand_in_until)
		r->dates.hand_in_until = s->n->hand_in_until;
	if (!s->n->review_until)
		return OK;
	r->dates.review_until = s->n->review_until;
	run_due_at(r, r->dates.review_until + 1, DUE_REVIEW_UNTIL, 0);
	return OK;
}

/* ---- people ---- */

static enum err waived(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_person_add(r, &s->n->learner), other;
	struct run_person *p;

	(void)cx;
	switch ((enum peer_waiver)s->n->waiver) {
	case PEER_WAIVE_DUTY:
		p = &r->people[at];
		p->waived_duty = true;
		p->stuck_at = 0;
		if (p->work != NONE)
			run_consider(r, p->work);
		break;
	case PEER_WAIVE_FEEDBACK:
		r->people[at].waived_feedback = true;
		break;
	case PEER_WAIVE_CONFLICT:
		other = run_person_add(r, &s->n->other);
		if (r->people[other].work != NONE &&
		    r->works[r->people[other].work].in_queue != NONE)
			queue_allow(r->queue, at,
				    r->works[r->people[other].work].in_queue);
		r->people[at].stuck_at = 0;
		break;
	}
	return OK;
}

/* All his reviews, as they count now; and the works that they were of. */
static void weigh_all(struct run *r, uint32_t person)
{
	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person)
		run_weigh(r, i);
	run_settle(r, RUN_SETTLE_STAFF);
	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person) {
		uint32_t work = r->reviews[i].work;

		if (work == NONE)
			continue;
		run_reconsider(r, work);
		run_unsure(r, work);
	}
}

/* A review by somebody who turned out to be related; or not to be. */
static void relate_review(struct run *r, uint32_t at)
{
	struct run_review *v = &r->reviews[at];
	uint32_t author;

	if (v->work == NONE)
		return;
	author = r->works[v->work].author;
	v->conflicting = queue_related(r->queue, v->person, author);
	if (v->conflicting && v->state == REVIEW_LEASED)
		run_lease_over(r, at, REVIEW_VOID);
	run_weigh(r, at);
}

/* What he reviewed, and who reviewed his. */
static void relate_reviews(struct run *r, uint32_t person)
{
	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person)
		relate_review(r, i);
	for (uint32_t w = r->people[person].work; w != NONE;
	     w = r->works[w].before)
		for (uint32_t i = r->works[w].review; i != NONE;
		     i = r->reviews[i].next_of_work)
			relate_review(r, i);
	weigh_all(r, person);
	for (uint32_t w = r->people[person].work; w != NONE;
	     w = r->works[w].before)
		run_reconsider(r, w);
}

/* A group's digest as a number for the queue; the same for the same. */
static uint64_t group_of(struct str digest)
{
	uint64_t g = 0;

	memcpy(&g, digest.p ? digest.p : "",
	       digest.n < sizeof(g) ? digest.n : sizeof(g));
	return g;
}

/* The queue counts groups in 32 bits: one number for each in this run. */
static uint32_t number_of(struct run *r, uint64_t group)
{
	struct id id = { { 0 } };
	uint32_t at;

	if (!group)
		return 0;
	memcpy(id.b, &group, sizeof(group));
	at = ids_find(&r->group_of, &id);
	if (at != IDS_NONE)
		return at;
	at = (uint32_t)r->group_of.n + 1;
	ids_add(&r->group_of, &id, at);
	return at;
}

static enum err related(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_person_add(r, &s->n->learner), other;
	uint64_t group = group_of(s->n->group);

	(void)cx;
	switch ((enum peer_relation)s->n->relation) {
	case PEER_CONFLICT:
	case PEER_NO_CONFLICT:
		other = run_person_add(r, &s->n->other);
		if (s->n->relation == PEER_CONFLICT)
			queue_declare(r->queue, at, other);
		else
			queue_undeclare(r->queue, at, other);
		break;
	case PEER_TEAM:
		queue_set_team(r->queue, at, number_of(r, group));
		break;
	case PEER_IDENTITY:
		queue_set_identity(r->queue, at, number_of(r, group));
		break;
	}
	relate_reviews(r, at);
	return OK;
}

/* From an instant on; or all of them count again. */
static void discount(struct run *r, uint32_t person, const struct peer_note *n)
{
	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person) {
		struct run_review *v = &r->reviews[i];

		if (n->restore)
			v->discounted = false;
		else if (n->since && v->state == REVIEW_DONE &&
			 v->done_at >= n->since)
			v->discounted = true;
	}
}

static enum err licence(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_person_add(r, &s->n->learner);
	struct run_person *p = &r->people[at];

	(void)cx;
	licence_set(&p->licence, (enum licence_state)s->n->licence);
	run_alarm_answer(r, at, true);
	/* What he has written comes back with his licence. */
	if (s->n->licence == LICENCE_SUSPENDED && p->lease != NONE)
		run_lease_over(r, p->lease, REVIEW_LAPSED);
	discount(r, at, s->n);
	weigh_all(r, at);
	return OK;
}

/* ---- grades ---- */

static enum err decided(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_find_work(r, &s->n->artifact);
	struct run_grade g;

	if (at == NONE || r->works[at].estimate == NONE)
		return run_broken(cx, s);
	if (!r->works[at].decided) { /* what peers alone made of it */
		run_grade(r, at, &g);
		r->works[at].had_grade = g.has;
		r->works[at].undecided = g.grade;
	}
	run_anchor(r, at, dec_double(s->n->scaled));
	r->works[at].decider = str_copy(r->arena, s->n->by);
	r->works[at].decided_n = s->rec->n;
	r->works[at].held = false;
	/* It needs no more reviews, and others do. */
	queue_leave(r->queue, r->works[at].in_queue);
	run_settle(r, RUN_SETTLE_STAFF);
	run_consider(r, at);
	return OK;
}

static enum err confirmed(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_find_work(r, &s->n->artifact);

	if (at == NONE || r->works[at].state != WORK_RELEASED)
		return run_broken(cx, s);
	if (s->n->take)
		run_show(r, at);
	else /* looked at: it is asked again when it moves on from here */
		r->works[at].kept_at = dec_double(s->n->scaled);
	r->works[at].has_kept = !s->n->take;
	return OK;
}

/* ---- appeals ---- */

static enum err appeal_filed(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t work = run_find_work(r, &s->n->artifact);
	struct run_appeal *a;
	uint32_t at;

	if (work == NONE || run_find_appeal(r, &s->n->appeal) != NONE)
		return run_broken(cx, s);
	at = run_appeal_add(r, &s->n->appeal, work);
	a = &r->appeals[at];
	a->filed_at = s->rec->at_ms;
	a->n = s->rec->n;
	a->before = r->works[work].released;
	return OK;
}

static enum err appeal_triaged(struct ctx *cx, const struct run_step *s)
{
	uint32_t at = run_find_appeal(s->r, &s->n->appeal);

	if (at == NONE)
		return run_broken(cx, s);
	s->r->appeals[at].triaged_at = s->rec->at_ms;
	s->r->appeals[at].taken = s->n->take;
	s->r->appeals[at].triager = str_copy(s->r->arena, s->n->by);
	if (!s->n->take) {
		s->r->appeals[at].decided_at = s->rec->at_ms;
		s->r->appeals[at].outcome = PEER_REJECTED;
		s->r->appeals[at].outcome_n = s->rec->n;
		s->r->appeals[at].after = s->r->appeals[at].before;
	}
	return OK;
}

static enum err appeal_decided(struct ctx *cx, const struct run_step *s)
{
	struct run *r = s->r;
	uint32_t at = run_find_appeal(r, &s->n->appeal);
	struct run_appeal *a;

	if (at == NONE)
		return run_broken(cx, s);
	a = &r->appeals[at];
	a->decided_at = s->rec->at_ms;
	a->outcome = s->n->outcome;
	a->outcome_n = s->rec->n;
	a->decider = str_copy(r->arena, s->n->by);
	a->after = a->before;
	if (s->n->outcome == PEER_CHANGED) {
		run_anchor(r, a->work, dec_double(s->n->scaled));
		r->works[a->work].decided_n = s->rec->n;
		queue_leave(r->queue, r->works[a->work].in_queue);
		run_settle(r, RUN_SETTLE_STAFF);
		run_show(r, a->work);
		a->after = r->works[a->work].released;
	}
	return OK;
}

enum err run_staff_step(struct ctx *cx, int kind, const struct run_step *s)
{
	static enum err (*const steps[PEER_NOTE_COUNT])(
		struct ctx *, const struct run_step *) = {
		[NOTE_ALLOCATED] = allocated,
		[NOTE_EXTENDED] = extended,
		[NOTE_WAIVED] = waived,
		[NOTE_RELATED] = related,
		[NOTE_DECIDED] = decided,
		[NOTE_CONFIRMED] = confirmed,
		[NOTE_LICENCE] = licence,
		[NOTE_APPEAL_FILED] = appeal_filed,
		[NOTE_APPEAL_TRIAGED] = appeal_triaged,
		[NOTE_APPEAL_DECIDED] = appeal_decided,
	};

	return steps[kind] ? steps[kind](cx, s) : run_broken(cx, s);
}
