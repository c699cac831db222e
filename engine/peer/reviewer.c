#include "engine/peer/reviewer.h"

#include <math.h>

enum { ENOUGH = 3 }; /* reviews, for quality to be shown */

#define Q struct quality_view
static const struct field quality_fields[] = {
	FIELD(Q, enough, KIND_BOOL, "there are enough reviews to tell"),
	FIELD_MAYBE(Q, score, enough, KIND_DEC,
		    "0..100; 50 is the mean of all"),
	FIELD(Q, reviews, KIND_INT, "that it is made of"),
	FIELD_MAYBE(
		Q, rating, enough, KIND_DEC,
		"by reviewees, 1..5, without the effect of the grade; 0: none"),
	FIELD_END,
};
#undef Q
static const struct shape quality_shape =
	SHAPE(struct quality_view, quality_fields);
#define S struct reviewer_statistics
static const struct field statistics_fields[] = {
	FIELD(S, bias, KIND_DEC, "of 100: positive is generous", .min = -1000,
	      .max = 1000),
	FIELD(S, bias_sd, KIND_DEC, "how sure that is"),
	FIELD(S, precision, KIND_DEC, "1 / variance, of scores of 0..1"),
	FIELD(S, discrimination, KIND_DEC, "near 0: all get the same"),
	FIELD(S, grades, KIND_INT, "that it is estimated from"),
	FIELD_END,
};
#undef S
static const struct shape statistics_shape =
	SHAPE(struct reviewer_statistics, statistics_fields);
#define V struct reviewer_view
static const struct field reviewer_fields[] = {
	FIELD(V, learner, KIND_ID, "who"),
	FIELD(V, licence, KIND_ENUM, "what he may",
	      .words = licence_state_words),
	FIELD(V, reviews, KIND_INT, "done of others' works"),
	FIELD(V, must_review, KIND_INT, "to do"),
	FIELD(V, calibrations, KIND_INT, "done"),
	FIELD(V, golds_passed, KIND_INT, "calibrations near the expert"),
	FIELD(V, golds_failed, KIND_INT, "and not near"),
	FIELD_OPT(V, alarm_at, KIND_TIME, "a test raised an alarm; for staff"),
	FIELD_OPT(V, paused_until, KIND_TIME, "after leases that ran out"),
	FIELD_OPT(V, waits_since, KIND_TIME, "there is nothing to review"),
	FIELD(V, waived, KIND_BOOL, "his reviews are waived"),
	FIELD_MAYBE(V, quality, has_quality, KIND_OBJECT,
		    "of his reviews; reviewer.get and list tell it",
		    .shape = &quality_shape),
	FIELD_OPT(V, artifact, KIND_ID, "his own work, the newest version"),
	FIELD_OPT(V, review, KIND_ID, "that he has open"),
	FIELD_MAYBE(V, statistics, has_statistics, KIND_OBJECT, "for staff",
		    .shape = &statistics_shape),
	FIELD_END,
};
#undef V
const struct shape reviewer_view_shape = { "reviewer",
					   sizeof(struct reviewer_view),
					   reviewer_fields };

/*
 * To a learner a review tells of its quality when its work is complete: if it
 * did at once, one that did not would be of gold.
 */
static bool is_seen(const struct ctx *cx, const struct run_work *w)
{
	return peers_staff(cx) || w->state == WORK_SEALED ||
	       w->state == WORK_RELEASED || w->state == WORK_REPLACED;
}

struct quality *reviewer_qualities(struct ctx *cx, const struct run *r)
{
	struct quality_review *all =
		ARENA_ARRAY(cx->arena, struct quality_review, r->reviews_n + 1);
	struct quality *out =
		ARENA_ARRAY(cx->arena, struct quality, r->people_n + 1);
	size_t n = 0;

	for (size_t i = 0; i < r->reviews_n; i++) {
		const struct run_review *v = &r->reviews[i];
		struct estimate e;

		if (v->state != REVIEW_DONE || v->work == NONE || !v->counts ||
		    !is_seen(cx, &r->works[v->work]))
			continue;
		estimator_get(r->estimator, r->works[v->work].estimate, &e);
		all[n++] = (struct quality_review){
			.reviewer = v->person,
			.has_rating = v->rating != 0,
			.has_mark = v->mark != 0,
			.rating = v->rating,
			.mark = v->mark,
			.given = v->scaled,
			.estimate = e.mean,
			.residual = estimator_residual(r->estimator, v->grade),
			.coverage = v->coverage,
			.words = v->words,
		};
	}
	quality_fit(all, n, r->people_n, &quality_weights_default, out);
	return out;
}

static struct dec two_places(double x)
{
	return dec_round(dec_from_double(x), 2);
}

static void statistics(const struct run *r, uint32_t person,
		       struct reviewer_statistics *out)
{
	struct estimate_reviewer s;

	estimator_get_reviewer(r->estimator, person, &s);
	*out = (struct reviewer_statistics){
		.bias = view_percent(s.bias),
		.bias_sd = view_percent(s.bias_sd),
		.precision = two_places(s.precision),
		.discrimination = two_places(s.discrimination),
		.grades = s.n,
	};
}

/*
 * How many of his reviews the quality is made of, and whether these are enough,
 * would tell which were of gold: he is told how many he has done. One or two
 * say little by themselves: they are shrunk towards the mean.
 */
static void show_quality(const struct ctx *cx, const struct run_person *p,
			 const struct quality *q, struct quality_view *out)
{
	bool staff = peers_staff(cx);

	*out = (struct quality_view){
		.enough = staff ? q->enough : p->done >= ENOUGH,
		.reviews = staff ? q->n : p->done,
	};
	if (!out->enough)
		return;
	out->score = two_places(q->score);
	out->rating = two_places(q->rating);
}

void reviewer_show(struct ctx *cx, const struct run *r, uint32_t person,
		   const struct quality *q, struct reviewer_view *out)
{
	const struct run_person *p = &r->people[person];

	*out = (struct reviewer_view){
		.learner = p->learner,
		.licence = p->licence.state,
		.reviews = p->done,
		.must_review = r->def->must_review,
		.calibrations = p->open_golds,
		.paused_until = p->paused_until > r->now ? p->paused_until : 0,
		.waits_since = p->stuck_at,
		.waived = p->waived_duty,
		.has_quality = q != NULL,
	};
	if (q)
		show_quality(cx, p, q, &out->quality);
	if (p->work != NONE)
		out->artifact = r->works[p->work].id;
	if (p->lease != NONE)
		out->review = r->reviews[p->lease].id;
	/* Covert gold is in the licence's counts: those are for staff. */
	for (uint32_t i = p->review; i != NONE;
	     i = r->reviews[i].next_of_person) {
		const struct run_review *v = &r->reviews[i];

		if (v->state != REVIEW_DONE || v->work != NONE ||
		    (v->kind == REVIEW_COVERT && !peers_staff(cx)))
			continue;
		out->golds_passed += v->passed;
		out->golds_failed += !v->passed;
	}
	out->has_statistics = peers_staff(cx);
	if (!out->has_statistics)
		return;
	out->alarm_at = run_alarm_at(r, person);
	statistics(r, person, &out->statistics);
}
