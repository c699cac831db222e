/* What a work is worth, when it is enough, and when it is shown. */
#include <math.h>

#include "engine/peer/run_impl.h"

#define MASS 0.90 /* of the interval beside every grade */
#define WANTS 64  /* more than any two standard deviations differ */

static double percent(struct dec d)
{
	return dec_double(d) / 100;
}

/* Of a moderator's or an expert's grade: 1 / sd^2, scores being 0..1. */
static double precision_of(struct dec sd_percent)
{
	double sd = percent(sd_percent);

	return 1 / (sd * sd);
}

static double clamp01(double x)
{
	return fmin(fmax(x, 0), 1);
}

static bool decides(const struct run *r, const struct run_review *v)
{
	return v->counts && licence_decides(&r->people[v->person].licence);
}

static uint32_t deciding(const struct run *r, const struct run_work *w)
{
	uint32_t n = 0;

	for (uint32_t i = w->review; i != NONE; i = r->reviews[i].next_of_work)
		n += decides(r, &r->reviews[i]);
	return n;
}

/* The standard error of a mean, with the run's noise where there is one
   review. */
static double mean_sd(const struct run *r, const struct estimate *e)
{
	const struct estimate_priors *p = estimator_priors(r->estimator);
	double noise = p->b0 / p->a0 + 1 / p->eta;

	return e->n ? sqrt(noise / e->n) : sqrt(1 / p->gamma);
}

double run_by_rule(const struct run *r, const struct estimate *e)
{
	switch ((enum peer_estimate)r->def->estimate) {
	case PEER_PG1:
		break;
	case PEER_MEAN:
		return e->plain_mean;
	case PEER_MEDIAN:
		return e->plain_median;
	}
	return e->mean;
}

void run_grade(const struct run *r, uint32_t work, struct run_grade *out)
{
	const struct run_work *w = &r->works[work];
	double sd;

	*out = (struct run_grade){ 0 };
	if (w->estimate == NONE)
		return;
	estimator_get(r->estimator, w->estimate, &out->e);
	out->deciding = deciding(r, w);
	out->has = w->decided || out->e.n > 0;
	out->grade = run_by_rule(r, &out->e);
	sd = r->def->estimate == PEER_PG1 ? out->e.interval_sd
					  : mean_sd(r, &out->e);
	if (w->decided) {
		out->grade = w->decision;
		sd = percent(r->def->moderation.moderator_sd);
	}
	estimate_interval(out->grade, sd, MASS, &out->lo, &out->hi);
	out->grade = clamp01(out->grade);
	out->lo = clamp01(out->lo);
	out->hi = clamp01(out->hi);
}

/* ---- enough? ---- */

uint32_t run_need(const struct run *r)
{
	int64_t need = r->def->must_receive;

	return (uint32_t)(r->def->stop.least > need ? r->def->stop.least
						    : need);
}

static bool is_over(const struct run *r)
{
	int64_t until = r->dates.review_until;

	return until && r->now > until;
}

static bool enough_reviews(const struct run *r, const struct run_work *w)
{
	const struct peer_stop *s = &r->def->stop;
	uint32_t least = run_need(r);
	uint32_t most = s->most > (int64_t)least ? (uint32_t)s->most : least;
	struct estimate e;

	if (w->decided)
		return true;
	estimator_get(r->estimator, w->estimate, &e);
	/* Supply ends some time: then what is there has to do. */
	if (is_over(r))
		return e.n > 0;
	if (e.n < least)
		return false;
	return w->starved ||
	       estimate_enough(&e, least, most, percent(s->pass_percent),
			       dec_double(s->risk));
}

/* Somebody who may has looked at it, where that matters. */
static bool is_vouched_for(const struct run *r, const struct run_work *w)
{
	return r->def->counts != PEER_SUMMATIVE || w->decided ||
	       deciding(r, w) > 0;
}

static bool is_held(const struct run_work *w)
{
	return w->held && !w->decided;
}

static uint32_t leased(const struct run *r, const struct run_work *w)
{
	struct queue_work q;

	if (w->in_queue == NONE)
		return 0;
	queue_work_get(r->queue, w->in_queue, &q);
	return q.leased;
}

int run_waits(const struct run *r, uint32_t work)
{
	const struct run_work *w = &r->works[work];

	if (w->state == WORK_GRACE)
		return WAITS_GRACE;
	if (w->state != WORK_IN_REVIEW)
		return WAITS_NOT;
	if (is_held(w))
		return WAITS_FLAGGED;
	if (!enough_reviews(r, w))
		return WAITS_REVIEWS;
	if (!w->decided && leased(r, w))
		return WAITS_REVIEWER;
	if (!is_vouched_for(r, w))
		return WAITS_QUALIFIED;
	if (!run_duty_done(r, w->author))
		return WAITS_OWN_REVIEWS;
	return WAITS_NOT;
}

bool run_wants(const struct run *r, uint32_t work)
{
	return run_waits(r, work) == WAITS_REVIEWS;
}

bool run_is_appealed(const struct run *r, uint32_t work)
{
	uint32_t appeal = r->works[work].appeal;

	return appeal != NONE && !r->appeals[appeal].decided_at;
}

/* Surveillance looks at a review when its work has all of them: before, it
   would be compared with little but itself. */
static void watch_reviewers(struct run *r, const struct run_work *w)
{
	for (uint32_t i = w->review; i != NONE;
	     i = r->reviews[i].next_of_work) {
		struct run_review *v = &r->reviews[i];
		struct run_person *p = &r->people[v->person];

		if (v->state != REVIEW_DONE || v->grade == NONE || !v->counts)
			continue;
		v->residual = estimator_residual(r->estimator, v->grade);
		if (v->watched) /* its work was sealed before */
			continue;
		v->watched = true;
		run_licence_moved(r, v->person,
				  licence_residual(&r->def->licence,
						   &p->licence, v->residual));
	}
}

void run_consider(struct run *r, uint32_t work)
{
	struct run_work *w = &r->works[work];

	if (w->state != WORK_IN_REVIEW || run_waits(r, work) != WAITS_NOT)
		return;
	w->state = WORK_SEALED;
	w->sealed_at = r->now;
	watch_reviewers(r, w);
	if (w->state != WORK_SEALED) /* an alarm has taken back who decided */
		return;
	run_changed(r, work);
	if (r->def->rate_reviews && w->reviews_n)
		run_due_at(r, r->now + RUN_RATE_MS, DUE_RATED, work);
	else
		run_reveal(r, work);
}

static void starves_at(struct run *r, uint32_t work)
{
	run_due_at(r, r->now + r->def->moderation.starved_hours * 3600000,
		   DUE_STARVED, work);
}

void run_reconsider(struct run *r, uint32_t work)
{
	struct run_work *w = &r->works[work];

	if (w->state == WORK_SEALED &&
	    (is_held(w) || !enough_reviews(r, w) || !is_vouched_for(r, w))) {
		w->state = WORK_IN_REVIEW;
		w->sealed_at = 0;
		starves_at(r, work);
		run_changed(r, work);
	}
	run_consider(r, work);
}

void run_reveal(struct run *r, uint32_t work)
{
	r->works[work].state = WORK_RELEASED;
	r->works[work].released_at = r->now;
	run_show(r, work);
}

void run_show(struct run *r, uint32_t work)
{
	struct run_work *w = &r->works[work];
	struct run_grade g;

	run_grade(r, work, &g);
	w->released = g.grade;
	w->released_lo = g.lo;
	w->released_hi = g.hi;
	w->shown_n = w->decided ? w->decided_n : 0;
	run_changed(r, work);
}

bool run_is_released(const struct run *r, uint32_t work)
{
	const struct run_work *w = &r->works[work];

	return w->released_at &&
	       (w->state == WORK_RELEASED || w->state == WORK_REPLACED);
}

bool run_is_shown(const struct run *r, uint32_t work)
{
	return run_is_released(r, work) &&
	       (r->def->release == PEER_RELEASE_AUTO || r->released_all);
}

/* ---- the pool ---- */

void run_enter_pool(struct run *r, uint32_t work)
{
	struct run_work *w = &r->works[work];

	w->state = WORK_IN_REVIEW;
	w->pool_at = r->pooled_at = r->now;
	w->in_queue = run_queue_add(r, work);
	w->estimate = estimator_artifact(r->estimator);
	queue_unsure(r->queue, w->in_queue, 1);
	starves_at(r, work);
	r->people[w->author].stuck_at = 0;
}

void run_lease_over(struct run *r, uint32_t review, int state)
{
	struct run_review *v = &r->reviews[review];
	struct run_person *p = &r->people[v->person];

	v->state = state;
	if (p->lease == review)
		p->lease = NONE;
	if (v->work == NONE)
		return;
	if (queue_holds(r->queue, v->person) == r->works[v->work].in_queue)
		queue_unreserve(r->queue, v->person);
	run_consider(r, v->work);
}

/* ---- weights ---- */

static bool should_count(const struct run_review *v)
{
	/* Who flags a work has not judged it: a moderator may have to. */
	return v->state == REVIEW_DONE && v->grade != NONE &&
	       (v->flag == PEER_FLAG_NONE || v->work == NONE) &&
	       !v->discounted && !v->conflicting;
}

void run_weigh(struct run *r, uint32_t review)
{
	struct run_review *v = &r->reviews[review];
	bool counts = should_count(v);
	struct run_work *w = v->work == NONE ? NULL : &r->works[v->work];

	if (v->grade == NONE || counts == v->counts)
		return;
	v->counts = counts;
	estimator_count(r->estimator, v->grade, counts);
	if (w && w->in_queue != NONE)
		queue_received(r->queue, w->in_queue, counts ? 1 : -1);
}

void run_anchor(struct run *r, uint32_t work, double scaled)
{
	struct run_work *w = &r->works[work];

	if (w->anchor != NONE)
		estimator_count_anchor(r->estimator, w->anchor, false);
	w->anchor =
		estimator_anchor(r->estimator, w->estimate, scaled,
				 precision_of(r->def->moderation.moderator_sd));
	w->decided = true;
	w->decision = scaled;
}

double run_gold_precision(const struct run *r)
{
	return precision_of(r->def->moderation.gold_sd);
}

/* How unsure the pick should think a work is. */
void run_unsure(struct run *r, uint32_t work)
{
	const struct run_work *w = &r->works[work];
	struct estimate e;

	if (w->in_queue == NONE)
		return;
	estimator_get(r->estimator, w->estimate, &e);
	/* Of those that have their number, who is still not sure of goes first.
	 */
	queue_unsure(r->queue, w->in_queue,
		     e.sd * (run_wants(r, work) ? WANTS : 1));
}

void run_settle(struct run *r, size_t most)
{
	struct estimate_priors p;

	if (r->grades_n >= r->fit_at) {
		r->fit_at = r->grades_n * 2;
		if (estimator_fit(r->estimator, &p)) {
			/* Nobody's grade is surer than an expert's, however
			   well the first ones agreed. */
			p.b0 = fmax(p.b0, p.a0 / run_gold_precision(r));
			estimator_use(r->estimator, &p);
		}
		estimator_settle(r->estimator, 0);
	} else {
		estimator_settle(r->estimator, most);
	}
}

/* ---- who may ---- */

void run_licence_moved(struct run *r, uint32_t person, enum licence_move m)
{
	struct run_person *p = &r->people[person];

	switch (m) {
	case LICENCE_STAYS:
	case LICENCE_STARTS:
		return;
	case LICENCE_ALARM_GOLD:
	case LICENCE_ALARM_DRIFT:
	case LICENCE_UNDECIDED:
	case LICENCE_REJECTED:
		run_alarm_add(r, person, m);
		break;
	case LICENCE_QUALIFIES:
		run_alarm_answer(r, person, false);
		if (!p->qualified_at) {
			p->qualified_at = r->now;
			p->qualified_after =
				p->licence.passed + p->licence.failed;
		}
		break;
	}
	for (uint32_t i = p->review; i != NONE;
	     i = r->reviews[i].next_of_person)
		if (r->reviews[i].work != NONE)
			run_reconsider(r, r->reviews[i].work);
}
