#include "engine/peer/moderate.h"

#include <math.h>
#include <stdlib.h>

#define X(code, word, blocks, doc) word,
const char *const case_reason_words[] = { CASE_REASONS(X) NULL };
#undef X

#define LEAST_TOLD 0.00005 /* of a grade in two places of 100 */

static double percent(struct dec d)
{
	return dec_double(d) / 100;
}

enum { UNSURE_MS = 24 * 3600000 };

struct finding {
	const struct run *r;
	int64_t now;
	struct peer_case *at;
	size_t n;
};

static void add(struct finding *f, int reason, uint32_t work, uint32_t person,
		double weight, int64_t since)
{
	f->at[f->n++] = (struct peer_case){ .reason = reason,
					    .work = work,
					    .person = person,
					    .weight = weight,
					    .since = since };
}

/* ---- works ---- */

/* By the work's id and the run's: before anything is known of it. */
bool moderate_is_drawn(const struct run *r, const struct run_work *w)
{
	uint64_t h = id_hash(&w->id) ^ id_hash(&r->id) * UINT64_C(0x9e3779b97f);
	double share = (double)r->def->moderation.spot_percent *
		       (double)r->def->moderation.random_percent / 10000;

	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	h ^= h >> 32;
	return (double)(h >> 11) * 0x1p-53 < share;
}

/* It has its reviews, and for a day no other came to tell more. */
static void unsure(struct finding *f, uint32_t work)
{
	const struct run_work *w = &f->r->works[work];
	double pass = percent(f->r->def->stop.pass_percent);
	int64_t last = 0;
	struct estimate e;

	estimator_get(f->r->estimator, w->estimate, &e);
	for (uint32_t i = w->review; i != NONE;
	     i = f->r->reviews[i].next_of_work)
		if (f->r->reviews[i].done_at > last)
			last = f->r->reviews[i].done_at;
	if (e.n >= run_need(f->r) && f->now - last > UNSURE_MS)
		add(f, CASE_UNSURE, work, NONE,
		    estimate_wrong_side(e.mean, e.interval_sd, pass), last);
}

static void blocking(struct finding *f, uint32_t work)
{
	const struct run_work *w = &f->r->works[work];

	switch ((enum work_waits)run_waits(f->r, work)) {
	case WAITS_FLAGGED:
		add(f, CASE_FLAGGED, work, NONE, w->reviews_n, w->pool_at);
		break;
	case WAITS_QUALIFIED:
		add(f, CASE_UNQUALIFIED, work, NONE, w->reviews_n, w->pool_at);
		break;
	case WAITS_REVIEWS:
		if (w->starved)
			add(f, CASE_STARVED, work, NONE, -(double)w->reviews_n,
			    w->pool_at);
		else
			unsure(f, work);
		break;
	case WAITS_NOT:
	case WAITS_GRACE:
	case WAITS_REVIEWER:
	case WAITS_OWN_REVIEWS:
		break;
	}
}

/* A released grade that later facts have moved, and nobody looked at it. */
static void moved(struct finding *f, uint32_t work, const struct run_grade *g)
{
	const struct run_work *w = &f->r->works[work];
	double by = fabs(g->grade - w->released);
	double most = percent(f->r->def->moderation.moves);
	double pass = percent(f->r->def->stop.pass_percent);
	bool passes = (g->grade >= pass) != (w->released >= pass);

	/* A person's word is never too little to be asked about, nor is what
	   decides whether somebody passes. */
	if (w->decided || passes)
		most = LEAST_TOLD;
	if (w->state != WORK_RELEASED || !run_is_shown(f->r, work) ||
	    by <= most)
		return;
	if (w->has_kept && fabs(g->grade - w->kept_at) <= most)
		return;
	add(f, CASE_MOVED, work, NONE, by, w->released_at);
}

static void spot(struct finding *f, uint32_t work, const struct run_grade *g)
{
	const struct peer_moderation *m = &f->r->def->moderation;
	const struct run_work *w = &f->r->works[work];
	double departs = fabs(g->e.mean - g->e.plain_mean);

	if (w->decided || !g->e.n)
		return;
	if (g->e.n > 1 && g->e.spread >= percent(m->disagrees))
		add(f, CASE_DISAGREES, work, NONE, g->e.spread, w->pool_at);
	else if (g->e.n > 1 && departs >= percent(m->departs))
		add(f, CASE_DEPARTS, work, NONE, departs, w->pool_at);
	else if (moderate_is_drawn(f->r, w))
		add(f, CASE_RANDOM, work, NONE, 0, w->pool_at);
}

static void work_cases(struct finding *f, uint32_t work)
{
	const struct run_work *w = &f->r->works[work];
	struct run_grade g;

	if (w->state == WORK_WITHDRAWN || w->state == WORK_REPLACED ||
	    w->estimate == NONE)
		return;
	run_grade(f->r, work, &g);
	blocking(f, work);
	if (w->appeal != NONE && !f->r->appeals[w->appeal].decided_at)
		add(f, CASE_APPEAL, work, NONE, 1,
		    f->r->appeals[w->appeal].filed_at);
	moved(f, work, &g);
	spot(f, work, &g);
}

/* ---- people ---- */

static void person_cases(struct finding *f, uint32_t person)
{
	const struct run_person *p = &f->r->people[person];
	int64_t alarm = run_alarm_at(f->r, person);

	if (p->stuck_at && !run_duty_done(f->r, person))
		add(f, CASE_STUCK, NONE, person, 1, p->stuck_at);
	else if (p->licence.state == LICENCE_SUSPENDED && p->work != NONE &&
		 run_waits(f->r, p->work) == WAITS_OWN_REVIEWS)
		add(f, CASE_STUCK, NONE, person, 1,
		    f->r->works[p->work].pool_at);
	if (alarm)
		add(f, CASE_REVIEWER, NONE, person, 1, alarm);
}

static void run_cases(struct finding *f)
{
	const struct peer_def *d = f->r->def;
	int64_t until = f->r->dates.hand_in_until;

	if (d->mode == PEER_COHORT && !f->r->allocated && until &&
	    f->now > until)
		add(f, CASE_ALLOCATE, NONE, NONE, 1, until);
}

/* ---- the queue ---- */

static int by_reason(const void *x, const void *y)
{
	const struct peer_case *a = x, *b = y;

	if (a->reason != b->reason)
		return a->reason < b->reason ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	if (a->work != b->work)
		return a->work < b->work ? -1 : 1;
	return a->person < b->person ? -1 : a->person > b->person;
}

static bool blocks(int reason)
{
	static const bool all[] = {
#define X(code, word, blocks, doc) blocks,
		CASE_REASONS(X)
#undef X
	};

	return all[reason];
}

/*
 * Spot checks up to the budget, what has been checked counted in. What was
 * drawn is not crowded out, whatever is found of it: else the drawn ones that
 * are decided would be the better ones, and their error too small.
 */
static size_t within_budget(const struct run *r, struct peer_case *c, size_t n)
{
	double most = (double)r->works_n *
		      (double)r->def->moderation.spot_percent / 100;
	size_t kept = 0, done = 0;

	for (size_t i = 0; i < r->works_n; i++)
		done += r->works[i].decided;
	for (size_t i = 0; i < n; i++) {
		bool spots = !blocks(c[i].reason) &&
			     !moderate_is_drawn(r, &r->works[c[i].work]);

		if (spots && (double)done >= ceil(most))
			continue;
		done += spots;
		c[kept++] = c[i];
	}
	return kept;
}

void moderate_cases(struct ctx *cx, const struct run *r, struct list *out)
{
	struct finding f = { .r = r, .now = clock_ms(cx->clock) };

	/* At most four of a work, two of a person, one of the run. */
	f.at = ARENA_ARRAY(cx->arena, struct peer_case,
			   r->works_n * 4 + r->people_n * 2 + 1);
	run_cases(&f);
	for (uint32_t i = 0; i < r->works_n; i++)
		work_cases(&f, i);
	for (uint32_t i = 0; i < r->people_n; i++)
		person_cases(&f, i);
	qsort(f.at, f.n, sizeof(*f.at), by_reason);
	*out = (struct list){ f.at, within_budget(r, f.at, f.n) };
}

/* ---- what would change ---- */

static const struct field change_fields[] = {
	FIELD(struct grade_change, artifact, KIND_ID, "which"),
	FIELD(struct grade_change, before, KIND_DEC, "of 100"),
	FIELD(struct grade_change, after, KIND_DEC, "of 100"),
	FIELD(struct grade_change, released, KIND_BOOL,
	      "its grade is released: it changes only when that is confirmed"),
	FIELD_END,
};
const struct shape grade_change_shape = { "grade_change",
					  sizeof(struct grade_change),
					  change_fields };

static int by_size(const void *x, const void *y)
{
	const struct grade_change *a = x, *b = y;
	int64_t p = llabs(a->after.nano - a->before.nano);
	int64_t q = llabs(b->after.nano - b->before.nano);

	return p != q ? (p > q ? -1 : 1) : id_cmp(&a->artifact, &b->artifact);
}

/* decided: a work that would have just this grade, whatever is estimated. */
static void differences(struct ctx *cx, const struct run *r,
			const struct estimator *then, uint32_t decided,
			double scaled, double least, struct list *out)
{
	struct grade_change *all =
		ARENA_ARRAY(cx->arena, struct grade_change, r->works_n + 1);
	size_t n = 0;

	for (uint32_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];
		struct run_grade now;
		struct estimate e;
		double after;

		if (w->estimate == NONE || w->state == WORK_WITHDRAWN ||
		    w->state == WORK_REPLACED || (w->decided && i != decided))
			continue;
		/* What it has is not for who may decide its appeal. */
		if (run_is_appealed(r, i))
			continue;
		run_grade(r, i, &now);
		estimator_get(then, w->estimate, &e);
		after = i == decided ? scaled : run_by_rule(r, &e);
		if (fabs(now.grade - after) <= least)
			continue;
		all[n++] = (struct grade_change){
			.artifact = w->id,
			.before = view_percent(now.grade),
			.after = view_percent(after),
			.released = w->state == WORK_RELEASED,
		};
	}
	qsort(all, n, sizeof(*all), by_size);
	*out = (struct list){ all, n };
}

void moderate_preview(struct ctx *cx, const struct run *r, uint32_t work,
		      double scaled, double least, struct list *out)
{
	struct estimator *then = estimator_copy(r->estimator);
	double sd = percent(r->def->moderation.moderator_sd);

	estimator_anchor(then, r->works[work].estimate, scaled, 1 / (sd * sd));
	estimator_settle(then, 0);
	differences(cx, r, then, work, scaled, least, out);
	estimator_free(then);
}

void moderate_preview_without(struct ctx *cx, const struct run *r,
			      uint32_t person, int64_t since, double least,
			      struct list *out)
{
	struct estimator *then = estimator_copy(r->estimator);

	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person)
		if (r->reviews[i].counts && r->reviews[i].done_at >= since)
			estimator_count(then, r->reviews[i].grade, false);
	estimator_settle(then, 0);
	differences(cx, r, then, NONE, 0, least, out);
	estimator_free(then);
}
