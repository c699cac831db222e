/* How far the reviewers of a run agree, by criterion and on the whole. */
#include <math.h>

#include "engine/peer/report.h"
#include "rubrics/agreement_report.h"

static struct report_number number(double v)
{
	if (!isfinite(v))
		return (struct report_number){ 0 };
	return (struct report_number){ true, dec_round(dec_from_double(v), 6) };
}

/* Criterion at, or SIZE_MAX: the whole score. */
static size_t ratings(const struct run *r, size_t at,
		      struct agreement_rating *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->reviews_n; i++) {
		const struct run_review *v = &r->reviews[i];

		if (v->kind == REVIEW_LIVE && v->counts)
			out[n++] = (struct agreement_rating){
				v->work, v->person,
				at == SIZE_MAX ? v->scaled : (double)v->each[at]
			};
	}
	return n;
}

static void agree(struct ctx *cx, const struct run *r, size_t at,
		  struct report_agreement_view *out)
{
	struct agreement_rating *all = ARENA_ARRAY(
		cx->arena, struct agreement_rating, r->reviews_n + 1);
	struct agreement_report g;

	agreement_report(all, ratings(r, at, all), &g);
	out->works = (int64_t)g.units;
	out->reviewers = (int64_t)g.judges;
	out->scores = (int64_t)g.ratings;
	out->kappa_quadratic = number(g.kappa_quadratic);
	out->alpha_ordinal = number(g.alpha[ALPHA_ORDINAL]);
	out->alpha_interval = number(g.alpha[ALPHA_INTERVAL]);
	out->weak = g.weak;
}

void peer_report_agreement(struct ctx *cx, const struct run *r,
			   struct peer_report *out)
{
	const struct rubric_criterion *c = r->def->rubric.criteria.at;
	size_t n = r->def->rubric.criteria.n, scored = 0, weak = 0;
	struct report_agreement_view *all =
		ARENA_ARRAY(cx->arena, struct report_agreement_view, n + 1);
	struct str *names = ARENA_ARRAY(cx->arena, struct str, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct report_agreement_view *v = &all[scored];

		if (c[i].feedback_only)
			continue;
		scored++;
		v->criterion = c[i].id;
		v->title = c[i].title;
		agree(cx, r, i, v);
		if (v->weak)
			names[weak++] = c[i].id;
	}
	out->criteria = (struct list){ all, scored };
	out->weak = (struct list){ names, weak };
	agree(cx, r, SIZE_MAX, &out->whole);
}
