#include "engine/peer/report.h"

#include <math.h>
#include <stdlib.h>

#include "engine/peer/moderate.h"
#include "rubrics/agreement.h"

#define HOUR 3600000.0

/* ---- numbers ---- */

static struct report_number number(double v, int places)
{
	return (struct report_number){ true,
				       dec_round(dec_from_double(v), places) };
}

static struct report_rate rate(int64_t count, int64_t of)
{
	struct report_rate r = { .count = count, .of = of, .has = of > 0 };
	double lo, hi;

	if (!r.has)
		return r;
	agreement_wilson(count, of, .95, &lo, &hi);
	r.share = dec_round(dec_ratio(count, of), 4);
	r.lo = dec_round(dec_from_double(lo), 4);
	r.hi = dec_round(dec_from_double(hi), 4);
	return r;
}

/* Values of which a mean or a median is told. */
struct values {
	double *at;
	size_t n;
};

static struct values values_for(struct ctx *cx, size_t most)
{
	return (struct values){ ARENA_ARRAY(cx->arena, double, most + 1), 0 };
}

static void value(struct values *v, double x)
{
	v->at[v->n++] = x;
}

static int up(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static struct report_number median(struct values *v, int places)
{
	size_t n = v->n;

	if (!n)
		return (struct report_number){ 0 };
	qsort(v->at, n, sizeof(*v->at), up);
	return number((v->at[(n - 1) / 2] + v->at[n / 2]) / 2, places);
}

static double mean_of(const struct values *v)
{
	double sum = 0;

	for (size_t i = 0; i < v->n; i++)
		sum += v->at[i];
	return sum / (double)v->n;
}

static struct report_number mean(const struct values *v, int places)
{
	return v->n ? number(mean_of(v), places) : (struct report_number){ 0 };
}

/* The standard deviation of a sample. */
static struct report_number spread(const struct values *v, int places)
{
	double m = v->n ? mean_of(v) : 0, sum = 0;

	if (v->n < 2)
		return (struct report_number){ 0 };
	for (size_t i = 0; i < v->n; i++)
		sum += (v->at[i] - m) * (v->at[i] - m);
	return number(sqrt(sum / (double)(v->n - 1)), places);
}

static struct report_number root_mean_square(const struct values *v, int places)
{
	double sum = 0;

	if (!v->n)
		return (struct report_number){ 0 };
	for (size_t i = 0; i < v->n; i++)
		sum += v->at[i] * v->at[i];
	return number(sqrt(sum / (double)v->n), places);
}

/* ---- works ---- */

static bool is_newest(const struct run_work *w)
{
	return w->state != WORK_REPLACED && w->state != WORK_WITHDRAWN;
}

static void works(const struct run *r, struct report_works *out)
{
	for (size_t i = 0; i < r->people_n; i++)
		out->authors += r->people[i].work != NONE;
	for (size_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];

		out->handed_in += is_newest(w);
		out->in_review += w->state == WORK_IN_REVIEW;
		out->sealed += w->state == WORK_SEALED;
		out->released += w->state == WORK_RELEASED;
		out->withdrawn += w->state == WORK_WITHDRAWN;
	}
}

static void estimates(struct ctx *cx, const struct run *r,
		      struct report_estimates *out)
{
	struct values width = values_for(cx, r->works_n);
	size_t all = r->golds + r->works_n;
	uint32_t *part = ARENA_ARRAY(cx->arena, uint32_t, all + 1);
	bool *seen = ARENA_ARRAY(cx->arena, bool, all + 1);

	(void)estimator_parts(r->estimator, part);
	for (uint32_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];
		struct run_grade g;

		run_grade(r, i, &g);
		if (!is_newest(w) || !g.has)
			continue;
		value(&width, (g.hi - g.lo) * 100);
		if (!g.e.n || seen[part[w->estimate]])
			continue;
		seen[part[w->estimate]] = true;
		out->parts++;
	}
	out->graded = (int64_t)width.n;
	out->width = mean(&width, 2);
}

/* ---- people ---- */

static void in_state(struct report_reviewers *out, int state)
{
	int64_t *const by_state[LICENCE_STATE_COUNT] = {
		[LICENCE_CANDIDATE] = &out->candidate,
		[LICENCE_SUPERVISED] = &out->supervised,
		[LICENCE_QUALIFIED] = &out->now_qualified,
		[LICENCE_WATCH] = &out->watch,
		[LICENCE_SUSPENDED] = &out->suspended,
	};

	++*by_state[state];
}

static void reviewers(struct ctx *cx, const struct run *r,
		      struct report_reviewers *out)
{
	struct values golds = values_for(cx, r->people_n);
	struct values bias = values_for(cx, r->people_n);
	int64_t began = 0, qualified = 0;

	for (uint32_t i = 0; i < r->people_n; i++) {
		const struct run_person *p = &r->people[i];
		struct estimate_reviewer s;

		in_state(out, p->licence.state);
		began += p->licence.passed + p->licence.failed > 0;
		qualified += p->qualified_at != 0;
		if (p->qualified_at)
			value(&golds, (double)p->qualified_after);
		estimator_get_reviewer(r->estimator, i, &s);
		if (s.n)
			value(&bias, s.bias * 100);
	}
	out->qualified = rate(qualified, began);
	out->golds_to_qualify = mean(&golds, 2);
	out->mean_bias = mean(&bias, 2);
	out->bias_sd = spread(&bias, 2);
}

static void alarms_of(struct ctx *cx, const struct run *r,
		      struct report_alarms *out)
{
	struct values hours = values_for(cx, r->alarms_n);

	for (size_t i = 0; i < r->alarms_n; i++) {
		const struct run_alarm *a = &r->alarms[i];

		if (a->move != out->move)
			continue;
		out->raised++;
		out->open += !a->answered_at;
		out->by_staff += a->by_staff;
		if (a->answered_at)
			value(&hours, (double)(a->answered_at - a->at) / HOUR);
	}
	out->hours = median(&hours, 2);
}

static void alarms(struct ctx *cx, const struct run *r, struct list *out)
{
	static const int moves[] = { LICENCE_REJECTED, LICENCE_UNDECIDED,
				     LICENCE_ALARM_GOLD, LICENCE_ALARM_DRIFT };
	size_t n = sizeof(moves) / sizeof(*moves);
	struct report_alarms *all =
		ARENA_ARRAY(cx->arena, struct report_alarms, n);

	for (size_t i = 0; i < n; i++) {
		all[i].move = moves[i];
		alarms_of(cx, r, &all[i]);
	}
	*out = (struct list){ all, n };
}

/* ---- reviews ---- */

static void golds(const struct run *r, struct report_golds *out)
{
	int64_t done[REVIEW_CALIBRATION + 1] = { 0 };
	int64_t passed[REVIEW_CALIBRATION + 1] = { 0 };

	for (size_t i = 0; i < r->reviews_n; i++) {
		const struct run_review *v = &r->reviews[i];

		if (v->state != REVIEW_DONE)
			continue;
		done[v->kind]++;
		passed[v->kind] += v->passed;
	}
	out->calibration =
		rate(passed[REVIEW_CALIBRATION], done[REVIEW_CALIBRATION]);
	out->covert = rate(passed[REVIEW_COVERT], done[REVIEW_COVERT]);
	out->live_share = rate(done[REVIEW_COVERT],
			       done[REVIEW_COVERT] + done[REVIEW_LIVE]);
}

static void reviews(const struct run *r, struct report_reviews *out)
{
	int64_t ended = 0, lapsed = 0, rated = 0, of = 0;
	int64_t narrow = 0, picks = 0;

	for (size_t i = 0; i < r->reviews_n; i++) {
		const struct run_review *v = &r->reviews[i];

		if (v->kind != REVIEW_LIVE)
			continue;
		picks += r->def->mode == PEER_ROLLING;
		narrow += r->def->mode == PEER_ROLLING &&
			  v->window < QUEUE_WINDOW;
		out->under_way += v->state == REVIEW_LEASED;
		ended += v->state != REVIEW_LEASED;
		lapsed += v->state == REVIEW_LAPSED;
		if (v->state != REVIEW_DONE)
			continue;
		out->done++;
		out->counting += v->counts;
		out->surplus += v->surplus;
		rated += v->rating != 0;
		of += r->works[v->work].state == WORK_RELEASED || v->rating;
	}
	out->lapsed = rate(lapsed, ended);
	out->rated = rate(rated, of);
	out->narrow = rate(narrow, picks);
}

/* ---- moderators ---- */

/* Of the random stratum: what peers made of a work, less what it got. */
static void drawn(struct ctx *cx, const struct run *r,
		  struct report_coverage *out)
{
	struct values error = values_for(cx, r->works_n);
	int64_t decided = 0, of = 0;

	for (uint32_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];

		if (!is_newest(w) || !w->reviews_n || !moderate_is_drawn(r, w))
			continue;
		of++;
		decided += w->decided;
		if (w->decided && w->had_grade)
			value(&error, (w->undecided - w->decision) * 100);
	}
	out->drawn = rate(decided, of);
	out->drawn_bias = mean(&error, 2);
	out->drawn_rmse = root_mean_square(&error, 2);
}

static void moderation(struct ctx *cx, const struct run *r,
		       struct report_coverage *out)
{
	int64_t decided = 0, graded = 0;
	const struct peer_case *c;
	struct list cases;

	for (uint32_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];
		struct run_grade g;

		run_grade(r, i, &g);
		if (!is_newest(w) || !g.has)
			continue;
		graded++;
		decided += w->decided;
	}
	out->decided = rate(decided, graded);
	moderate_cases(cx, r, &cases);
	c = cases.at;
	for (size_t i = 0; i < cases.n; i++)
		out->moved += c[i].reason == CASE_MOVED;
	out->cases = (int64_t)cases.n;
	drawn(cx, r, out);
}

static void appeals(struct ctx *cx, const struct run *r,
		    struct report_appeals *out)
{
	struct values hours = values_for(cx, r->appeals_n);
	int64_t shown = 0;

	for (uint32_t i = 0; i < r->works_n; i++)
		shown += run_is_shown(r, i);
	for (size_t i = 0; i < r->appeals_n; i++) {
		const struct run_appeal *a = &r->appeals[i];

		out->open += !a->decided_at;
		if (!a->decided_at)
			continue;
		value(&hours, (double)(a->decided_at - a->filed_at) / HOUR);
		out->rejected += a->outcome == PEER_REJECTED;
		out->raised += a->after > a->before;
		out->lowered += a->after < a->before;
		out->upheld +=
			a->outcome != PEER_REJECTED && a->after == a->before;
	}
	out->filed = rate((int64_t)r->appeals_n, shown);
	out->reversed = rate(out->raised + out->lowered,
			     (int64_t)r->appeals_n - out->open);
	out->hours = median(&hours, 2);
}

/* ---- starvation ---- */

/* When its n-th review that was done came; reviews stand newest first. */
static int64_t nth_review_at(const struct run *r, const struct run_work *w,
			     uint32_t n)
{
	uint32_t newer = w->reviews_n - n;

	for (uint32_t i = w->review; i != NONE; i = r->reviews[i].next_of_work)
		if (r->reviews[i].state == REVIEW_DONE && !newer--)
			return r->reviews[i].done_at;
	return 0;
}

static void waits(const struct run *r, uint32_t work, int64_t now,
		  struct values *longest, struct report_waiting *out)
{
	const struct run_work *w = &r->works[work];

	if (w->state != WORK_IN_REVIEW || run_waits(r, work) != WAITS_REVIEWS)
		return;
	out->starving += w->starved;
	value(longest, (double)(now - w->pool_at) / HOUR);
}

static void waiting(struct ctx *cx, const struct run *r,
		    struct report_waiting *out)
{
	struct values first = values_for(cx, r->works_n);
	struct values need = values_for(cx, r->works_n);
	struct values longest = values_for(cx, r->works_n);
	uint32_t needed = run_need(r);
	int64_t starved = 0, pooled = 0;

	for (uint32_t i = 0; i < r->works_n; i++) {
		const struct run_work *w = &r->works[i];

		if (!w->pool_at)
			continue;
		pooled++;
		starved += w->starved;
		if (w->reviews_n)
			value(&first,
			      (double)(nth_review_at(r, w, 1) - w->pool_at) /
				      HOUR);
		if (w->reviews_n >= needed)
			value(&need, (double)(nth_review_at(r, w, needed) -
					      w->pool_at) /
					     HOUR);
		waits(r, i, r->now, &longest, out);
	}
	for (uint32_t i = 0; i < r->people_n; i++)
		out->stuck += r->people[i].stuck_at && !run_duty_done(r, i);
	out->starved = rate(starved, pooled);
	out->first_hours = median(&first, 2);
	out->need_hours = median(&need, 2);
	if (!longest.n)
		return;
	qsort(longest.at, longest.n, sizeof(*longest.at), up);
	out->longest_hours = number(longest.at[longest.n - 1], 2);
}

/* ---- all ---- */

void peer_report(struct ctx *cx, const struct run *r, struct peer_report *out)
{
	*out = (struct peer_report){ .assessment = r->pub->row.id,
				     .record = r->n,
				     .at = r->now };
	works(r, &out->works);
	reviewers(cx, r, &out->reviewers);
	golds(r, &out->golds);
	reviews(r, &out->reviews);
	peer_report_agreement(cx, r, out);
	moderation(cx, r, &out->moderation);
	appeals(cx, r, &out->appeals);
	alarms(cx, r, &out->alarms);
	waiting(cx, r, &out->waiting);
	estimates(cx, r, &out->estimates);
}
