/* Priors from the grades themselves: a one-way analysis of variance. */
#include <math.h>
#include <stdlib.h>

#include "rubrics/estimate_impl.h"

/* Of MSW: reviewers' habits, and what is left as noise. */
#define SHARE_BIAS 0.3
#define SHARE_NOISE 0.7
/* Artifacts that do not differ by more than chance still may by this. */
#define LEAST_BETWEEN 0.05 /* of MSW */
/* Reviewers who always agree still may differ by this. */
#define LEAST_WITHIN 1e-4 /* of the variance of all grades */
#define LEAST_SPREAD 1e-9 /* of the square of the mean grade */

struct group {
	double sum;
	uint32_t n;
};

static struct group *group(const struct estimate_grade *g, size_t n,
			   size_t *groups)
{
	struct group *by;

	*groups = 0;
	for (size_t i = 0; i < n; i++)
		if (g[i].artifact >= *groups)
			*groups = (size_t)g[i].artifact + 1;
	by = calloc(*groups + 1, sizeof(*by)); /* allowed: freed below */
	CHECK(by);
	for (size_t i = 0; i < n; i++) {
		by[g[i].artifact].sum += g[i].score;
		by[g[i].artifact].n++;
	}
	return by;
}

static bool fit(const struct estimate_grade *g, size_t n,
		const struct group *by, size_t groups,
		struct estimate_priors *out)
{
	double sum = 0, squares = 0, within = 0, between = 0, spread = 0;
	double k = 0, mu, per_group;
	size_t pairs = 0;

	for (size_t i = 0; i < groups; i++) {
		sum += by[i].sum;
		squares += (double)by[i].n * by[i].n;
		k += by[i].n > 0;
		pairs += by[i].n > 1;
	}
	if (pairs < 2)
		return false;
	mu = sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		const struct group *of = &by[g[i].artifact];
		double d = g[i].score - of->sum / of->n;

		within += d * d;
		spread += (g[i].score - mu) * (g[i].score - mu);
	}
	for (size_t i = 0; i < groups; i++)
		if (by[i].n)
			between += by[i].n * (by[i].sum / by[i].n - mu) *
				   (by[i].sum / by[i].n - mu);
	/* Grades for each artifact, where some have more than others. */
	per_group = ((double)n - squares / (double)n) / (k - 1);
	spread = fmax(spread / (double)n,
		      LEAST_SPREAD * (mu != 0 ? mu * mu : 1));
	within = fmax(within / ((double)n - k), LEAST_WITHIN * spread);
	between = (between / (k - 1) - within) / per_group;
	between = fmax(between, LEAST_BETWEEN * within);
	*out = (struct estimate_priors){ .mu = mu,
					 .gamma = 1 / between,
					 .eta = 1 / (SHARE_BIAS * within),
					 .a0 = 2,
					 .b0 = 2 * SHARE_NOISE * within };
	return true;
}

bool estimate_priors_fit(const struct estimate_grade *g, size_t n,
			 struct estimate_priors *out)
{
	size_t groups;
	struct group *by = group(g, n, &groups);
	bool fitted = fit(g, n, by, groups, out);

	free(by);
	return fitted;
}

/* What reviewers have in common; of an artifact's grades the mean is told. */
static double common_bias(const struct estimator *e, double within)
{
	double sum = 0, weight = 1 / within;

	for (size_t i = 0; i < e->n_anchors; i++) {
		const struct anchor *a = &e->anchors[i];
		const struct node *s = &e->nodes[ARTIFACTS][a->artifact];
		const struct edge *edges = estimator_edges(e, s);
		double mean = 0, w;

		if (!a->counts || !s->n)
			continue;
		for (uint32_t k = 0; k < s->n; k++)
			mean += edges[k].score / s->n;
		w = 1 / (within / s->n + 1 / a->precision);
		weight += w;
		sum += w * (mean - a->score);
	}
	return sum / weight;
}

bool estimator_fit(const struct estimator *e, struct estimate_priors *out)
{
	struct estimate_grade *g;
	size_t n = 0;
	bool fitted;

	g = calloc(e->n_grades + 1, sizeof(*g)); /* allowed: freed below */
	CHECK(g);
	for (size_t i = 0; i < e->n_grades; i++) {
		const struct grade *from = &e->grades[i];

		if (from->at[ARTIFACTS] != ESTIMATE_NONE)
			g[n++] = (struct estimate_grade){
				.artifact = from->node[ARTIFACTS],
				.reviewer = from->node[REVIEWERS],
				.score = from->score,
			};
	}
	fitted = estimate_priors_fit(g, n, out);
	free(g);
	if (!fitted)
		return false;
	out->bias = common_bias(e, 1 / (SHARE_BIAS * out->eta));
	out->mu -= out->bias;
	return true;
}
