/* What an estimator knows, looked at from outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rubrics/estimate_impl.h"

enum { FEW = 64 }; /* grades of one artifact that need no memory */
#define NOISE_MOST 3.0

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Mean, median and spread of what was given. */
static void plain(const struct edge *edges, uint32_t n, struct estimate *out)
{
	double few[FEW], *at = few, sum = 0;

	if (n > FEW)
		at = malloc(n * sizeof(*at)); /* allowed: freed below */
	CHECK(at);
	for (uint32_t i = 0; i < n; i++)
		at[i] = edges[i].score;
	qsort(at, n, sizeof(*at), by_size);
	/* In order of size: the sum does not depend on how they came. */
	for (uint32_t i = 0; i < n; i++)
		sum += at[i];
	out->plain_mean = sum / n;
	out->plain_median =
		n % 2 ? at[n / 2] : 0.5 * (at[n / 2 - 1] + at[n / 2]);
	out->spread = at[n - 1] - at[0];
	if (at != few)
		free(at);
}

/* E 1/tau of a Gamma with this mean and shape; where there is none, a bound. */
static double noise(double shape, double tau)
{
	return fmin(shape > 1 ? shape / (shape - 1) : NOISE_MOST, NOISE_MOST) /
	       tau;
}

/*
 * The mean field's variance takes biases and precisions for known, and is too
 * small for an interval. Here a grade is one look at the score, with an error
 * of the reviewer's noise and of what is not known of his bias without it.
 */
static double interval_var(const struct estimator *e, const struct node *s)
{
	const struct edge *edges = estimator_edges(e, s);
	double weight = e->p.gamma;

	for (uint32_t k = 0; k < s->n; k++) {
		const struct node *b = &e->nodes[REVIEWERS][edges[k].other];
		double bias = 1 / (e->p.eta + (b->n - 1.0) * b->tau);

		weight += 1 / (noise(e->p.a0 + 0.5 * b->n, b->tau) + bias);
	}
	for (uint32_t i = s->anchors; i != ESTIMATE_NONE;
	     i = e->anchors[i].next)
		weight += e->anchors[i].counts ? e->anchors[i].precision : 0;
	return 1 / weight;
}

void estimator_get(const struct estimator *e, uint32_t artifact,
		   struct estimate *out)
{
	const struct node *s = estimator_node(e, ARTIFACTS, artifact);

	*out = (struct estimate){ .mean = s->mean,
				  .sd = sqrt(s->var),
				  .interval_sd = sqrt(interval_var(e, s)),
				  .n = s->n };
	if (s->n)
		plain(estimator_edges(e, s), s->n, out);
}

/* Of grades given over that of the estimates of the same artifacts. */
static double discrimination(const struct estimator *e, const struct node *b)
{
	const struct edge *edges = estimator_edges(e, b);
	double given = 0, meant = 0, given_mean = 0, meant_mean = 0;

	if (b->n < 2)
		return 1;
	for (uint32_t i = 0; i < b->n; i++) {
		given_mean += edges[i].score;
		meant_mean += e->nodes[ARTIFACTS][edges[i].other].mean;
	}
	given_mean /= b->n;
	meant_mean /= b->n;
	for (uint32_t i = 0; i < b->n; i++) {
		double g = edges[i].score - given_mean;
		double m =
			e->nodes[ARTIFACTS][edges[i].other].mean - meant_mean;

		given += g * g;
		meant += m * m;
	}
	/* Works that are estimated alike tell nothing of who judges them. */
	return meant > b->n * e->eps * e->eps ? given / meant : 1;
}

void estimator_get_reviewer(const struct estimator *e, uint32_t reviewer,
			    struct estimate_reviewer *out)
{
	const struct node *b = estimator_node(e, REVIEWERS, reviewer);

	*out = (struct estimate_reviewer){ .bias = b->mean,
					   .bias_sd = sqrt(b->var),
					   .precision = b->tau,
					   .n = b->n,
					   .discrimination =
						   discrimination(e, b) };
}

double estimator_residual(const struct estimator *e, uint32_t grade)
{
	const struct grade *g;
	const struct node *s, *b;

	CHECK(grade < e->n_grades);
	g = &e->grades[grade];
	s = &e->nodes[ARTIFACTS][g->node[ARTIFACTS]];
	b = &e->nodes[REVIEWERS][g->node[REVIEWERS]];
	return (g->score - s->mean - b->mean) /
	       sqrt(1 / b->tau + s->var + b->var);
}

/* ---- parts ---- */

/* Who stands for i's part; what lies between is shortened (halving). */
static uint32_t find(uint32_t *up, uint32_t i)
{
	while (up[i] != i)
		i = up[i] = up[up[i]];
	return i;
}

size_t estimator_parts(const struct estimator *e, uint32_t *part)
{
	size_t artifacts = e->n_nodes[ARTIFACTS], parts = 0;
	uint32_t *up;

	up = calloc(artifacts + 1, sizeof(*up)); /* allowed: freed below */
	CHECK(up);
	for (size_t i = 0; i < artifacts; i++)
		up[i] = (uint32_t)i;
	for (size_t v = 0; v < e->n_nodes[REVIEWERS]; v++) {
		const struct node *b = &e->nodes[REVIEWERS][v];
		const struct edge *edges = estimator_edges(e, b);

		for (uint32_t k = 1; k < b->n; k++) {
			uint32_t x = find(up, edges[k - 1].other);
			uint32_t y = find(up, edges[k].other);

			/* The smaller index stands for both. */
			up[x > y ? x : y] = x > y ? y : x;
		}
	}
	for (size_t i = 0; i < artifacts; i++) {
		uint32_t head = find(up, (uint32_t)i);

		part[i] = head == i ? (uint32_t)parts++ : part[head];
	}
	free(up);
	return parts;
}
