/* Grades that are made up, and the equations once more, as plain as can be. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "rubrics/estimate.h"

enum { ARTIFACTS_MOST = 400, GRADES_MOST = 4000 };

/* Between 0 and 1, neither of them. */
static double uniform(struct rng *r)
{
	return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

static double normal(struct rng *r)
{
	return estimate_normal_quantile(uniform(r));
}

struct sheet {
	size_t n, artifacts, reviewers, anchors;
	struct estimate_grade g[GRADES_MOST];
	bool counts[GRADES_MOST];
	struct {
		uint32_t artifact;
		double score, precision;
	} anchor[100];
};

static void sheet_add(struct sheet *s, size_t artifact, size_t reviewer,
		      double score)
{
	s->counts[s->n] = true;
	s->g[s->n++] = (struct estimate_grade){ (uint32_t)artifact,
						(uint32_t)reviewer, score };
}

static struct estimator *sheet_people(const struct sheet *s,
				      const struct estimate_priors *p)
{
	struct estimator *e = estimator_new(p);

	for (size_t i = 0; i < s->artifacts; i++)
		estimator_artifact(e);
	for (size_t i = 0; i < s->reviewers; i++)
		estimator_reviewer(e);
	for (size_t i = 0; i < s->anchors; i++)
		estimator_anchor(e, s->anchor[i].artifact, s->anchor[i].score,
				 s->anchor[i].precision);
	return e;
}

static struct estimator *sheet_load(const struct sheet *s,
				    const struct estimate_priors *p)
{
	struct estimator *e = sheet_people(s, p);

	for (size_t i = 0; i < s->n; i++) {
		estimator_grade(e, s->g[i].artifact, s->g[i].reviewer,
				s->g[i].score);
		estimator_count(e, (uint32_t)i, s->counts[i]);
	}
	return e;
}

struct solution {
	double s[ARTIFACTS_MOST], var[ARTIFACTS_MOST];
	double b[ARTIFACTS_MOST], var_b[ARTIFACTS_MOST], tau[ARTIFACTS_MOST];
};

static void plain_artifacts(const struct sheet *sh,
			    const struct estimate_priors *p, struct solution *x)
{
	for (size_t u = 0; u < sh->artifacts; u++) {
		double w = p->gamma, sum = p->gamma * p->mu;

		for (size_t i = 0; i < sh->n; i++) {
			uint32_t v = sh->g[i].reviewer;

			if (sh->g[i].artifact != u || !sh->counts[i])
				continue;
			w += x->tau[v];
			sum += x->tau[v] * (sh->g[i].score - x->b[v]);
		}
		for (size_t i = 0; i < sh->anchors; i++)
			if (sh->anchor[i].artifact == u) {
				w += sh->anchor[i].precision;
				sum += sh->anchor[i].precision *
				       sh->anchor[i].score;
			}
		x->var[u] = 1 / w;
		x->s[u] = sum / w;
	}
}

static void plain_reviewers(const struct sheet *sh,
			    const struct estimate_priors *p, struct solution *x)
{
	for (size_t v = 0; v < sh->reviewers; v++) {
		double k = 0, sum = 0, squares = 0;

		for (size_t i = 0; i < sh->n; i++)
			if (sh->g[i].reviewer == v && sh->counts[i]) {
				k++;
				sum += sh->g[i].score - x->s[sh->g[i].artifact];
			}
		x->var_b[v] = 1 / (p->eta + k * x->tau[v]);
		x->b[v] = x->var_b[v] * (p->eta * p->bias + x->tau[v] * sum);
		for (size_t i = 0; i < sh->n; i++)
			if (sh->g[i].reviewer == v && sh->counts[i]) {
				uint32_t u = sh->g[i].artifact;
				double r = sh->g[i].score - x->s[u] - x->b[v];

				squares += r * r + x->var[u] + x->var_b[v];
			}
		x->tau[v] = (p->a0 + k / 2) / (p->b0 + squares / 2);
	}
}

/* The fixpoint by the equations of estimate.h, all in turn, many times. */
static void plain_solve(const struct sheet *sh, const struct estimate_priors *p,
			struct solution *x)
{
	for (size_t v = 0; v < sh->reviewers; v++) {
		x->b[v] = 0;
		x->var_b[v] = 1 / p->eta;
		x->tau[v] = p->a0 / p->b0;
	}
	for (int i = 0; i < 600; i++) {
		plain_artifacts(sh, p, x);
		plain_reviewers(sh, p, x);
	}
}

/* The greatest difference of any figure, in parts of what is usual for it. */
static double far_from(const struct estimator *e, const struct sheet *sh,
		       const struct solution *x)
{
	double worst = 0;

	for (size_t u = 0; u < sh->artifacts; u++) {
		struct estimate g;

		estimator_get(e, (uint32_t)u, &g);
		worst = fmax(worst, fabs(g.mean - x->s[u]));
		worst = fmax(worst, fabs(g.sd - sqrt(x->var[u])));
	}
	for (size_t v = 0; v < sh->reviewers; v++) {
		struct estimate_reviewer r;

		estimator_get_reviewer(e, (uint32_t)v, &r);
		worst = fmax(worst, fabs(r.bias - x->b[v]));
		worst = fmax(worst, fabs(r.bias_sd - sqrt(x->var_b[v])));
		worst = fmax(worst, fabs(r.precision / x->tau[v] - 1));
	}
	return worst;
}

/* k reviewers for each artifact, none his own: a ring of random strides. */
static void sheet_random(struct sheet *s, struct rng *r, size_t n, size_t k)
{
	double *bias = calloc(n, sizeof(*bias));
	double *sd = calloc(n, sizeof(*sd));

	*s = (struct sheet){ .artifacts = n, .reviewers = n };
	for (size_t v = 0; v < n; v++) {
		bias[v] = 0.1 * normal(r);
		sd[v] = 0.05 + 0.15 * uniform(r);
	}
	for (size_t u = 0; u < n; u++) {
		double truth = 0.6 + 0.15 * normal(r);
		size_t v = u;

		for (size_t i = 0; i < k; i++) {
			v = (v + 1 + rng_below(r, n / (k + 1))) % n;
			sheet_add(s, u, v, truth + bias[v] + sd[v] * normal(r));
		}
	}
	free(bias);
	free(sd);
}

/* How many intervals of 90 % hold the truth, of the first n artifacts. */
static inline double share_held(const struct estimator *e, const double *truth,
				int n)
{
	double held = 0, lo, hi;
	struct estimate g;

	for (int u = 0; u < n; u++) {
		estimator_get(e, (uint32_t)u, &g);
		estimate_interval(g.mean, g.interval_sd, .9, &lo, &hi);
		held += lo <= truth[u] && truth[u] <= hi;
	}
	return held / n;
}
