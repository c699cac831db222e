/*
 * How good estimates are where the truth is known: how often intervals of 90 %
 * hold it, how far means are from it, and when reviews are enough.
 *
 * "Model": truths, biases and precisions are drawn as estimate.h says. "Real":
 * precisions are not Gamma, and grades are on a rubric of 20 steps that ends at
 * 0 and 1. ABM: the agents of Burrell and Schoenebeck, whose errors are no
 * normal ones: 100 people, four reviews each, truth Bin(10, .7), bias N(0, 1),
 * and signals that are the rounded mean of 1 + Poisson(U(0, 2)) draws of
 * Bin(10, (truth + bias)/10).
 */
#include <math.h>
#include <stdio.h>

#include "bench/peer.h"
#include "rubrics/allocate.h"
#include "rubrics/estimate.h"

enum { WORKS = 300, EACH_MOST = 6, ANCHORS = 25, STEPS = 20 };

static const double mass = .9, moderator_sd = .05;

struct world {
	const char *name;
	bool real, fits; /* see above; priors are fitted to the grades */
	uint32_t each, anchors;
	double common; /* bias of all reviewers */
	bool asked;
};

struct course {
	struct rng *rng;
	struct arena *arena;
	const struct world *w;
	double truth[WORKS], bias[WORKS], sd[WORKS];
	struct estimator *e;
};

/* What all courses of a world come to. */
struct tally {
	double n, held, width;	  /* of intervals */
	double pg1, mean, median; /* squares of errors */
};

/* So many reviewers of each work, allocated as cohorts are: of work u they
   stand from of[u * each] on. */
static void allocated(struct rng *rng, struct arena *arena, uint32_t n,
		      uint32_t each, uint32_t *of)
{
	struct allocate_ask ask = { n, each, rng_u64(rng), NULL, NULL };
	struct ctx cx = { .arena = arena };
	uint32_t *out, *has;
	uint64_t swaps;

	if (allocate(&cx, &ask, &out, &swaps))
		die("allocate: %s", cx.error.text);
	has = ARENA_ARRAY(arena, uint32_t, n);
	for (uint32_t i = 0; i < n * each; i++)
		of[out[i] * each + has[out[i]]++] = i / each;
	arena_reset(arena);
}

/* ---- courses ---- */

static double on_rubric(double x)
{
	return fmin(fmax(round(x * STEPS) / STEPS, 0), 1);
}

static void people(struct course *c)
{
	const struct estimate_priors *p = &estimate_priors_unit;

	for (int i = 0; i < WORKS; i++) {
		c->truth[i] = p->mu + peer_normal(c->rng) / sqrt(p->gamma);
		c->bias[i] = c->w->common + peer_normal(c->rng) / sqrt(p->eta);
		/* Gamma(2, b0): a sum of two exponentials. */
		c->sd[i] =
			1 /
			sqrt(-log(peer_uniform(c->rng) * peer_uniform(c->rng)) /
			     p->b0);
		if (!c->w->real)
			continue;
		c->truth[i] = fmin(fmax(c->truth[i], 0), 1);
		c->sd[i] = .05 + .15 * peer_uniform(c->rng);
	}
}

static void grades(struct course *c)
{
	uint32_t of[WORKS * EACH_MOST], each = c->w->each;

	allocated(c->rng, c->arena, WORKS, each, of);
	for (uint32_t i = 0; i < WORKS * each; i++) {
		uint32_t u = i / each, v = of[i];
		double score = c->truth[u] + c->bias[v] +
			       c->sd[v] * peer_normal(c->rng);

		estimator_grade(c->e, u, v,
				c->w->real ? on_rubric(score) : score);
	}
}

/* Moderators' grades of the first works, as sure as by default. */
static void anchors(struct course *c)
{
	for (uint32_t u = 0; u < c->w->anchors; u++)
		estimator_anchor(c->e, u,
				 c->truth[u] +
					 moderator_sd * peer_normal(c->rng),
				 1 / (moderator_sd * moderator_sd));
}

static void held(const struct course *c, struct tally *t)
{
	for (uint32_t u = c->w->anchors; u < WORKS; u++) {
		double lo, hi, truth = c->truth[u];
		struct estimate g;

		estimator_get(c->e, u, &g);
		estimate_interval(g.mean, g.interval_sd, mass, &lo, &hi);
		t->n++;
		t->held += lo <= truth && truth <= hi;
		t->width += hi - lo;
		t->pg1 += pow(g.mean - truth, 2);
		t->mean += pow(g.plain_mean - truth, 2);
		t->median += pow(g.plain_median - truth, 2);
	}
}

static void course(struct rng *rng, struct arena *arena, const struct world *w,
		   struct tally *t)
{
	struct course c = { .rng = rng, .arena = arena, .w = w };
	struct estimate_priors p = estimate_priors_unit;

	p.bias = w->fits ? 0 : w->common;
	c.e = estimator_new(&p);
	for (int i = 0; i < WORKS; i++) {
		estimator_artifact(c.e);
		estimator_reviewer(c.e);
	}
	people(&c);
	grades(&c);
	anchors(&c);
	if (w->fits && estimator_fit(c.e, &p))
		estimator_use(c.e, &p);
	estimator_settle(c.e, 0);
	held(&c, t);
	estimator_free(c.e);
}

/* ---- what they say ---- */

/* The nearer end of what is asked is the target. */
static void coverage(struct run *r, const char *name, double share, bool asked)
{
	peer_figure(r, name, "share", share,
		    !asked	   ? 0
		    : share > mass ? -.95
				   : .85);
}

static void beside(struct run *r, const char *name, double square,
		   double baseline, bool asked)
{
	struct figure f = { .name = name,
			    .unit = "rmse",
			    .value = sqrt(square),
			    .baseline = sqrt(baseline),
			    .ratio = sqrt(square / baseline),
			    .target = asked ? -1 : 0 };

	report(r, &f);
}

static void world(struct run *r, struct rng *rng, const struct world *w)
{
	int courses = r->quick ? 20 : r->full ? 2000 : 200;
	struct tally t = { 0 };

	for (int i = 0; i < courses; i++)
		course(rng, r->arena, w, &t);
	coverage(r, w->name, t.held / t.n, w->asked);
	peer_figure(r, "  mean width", "", t.width / t.n, 0);
	beside(r, "  PG1 beside the mean", t.pg1 / t.n, t.mean / t.n, w->asked);
	beside(r, "  PG1 beside the median", t.pg1 / t.n, t.median / t.n,
	       w->asked);
}

/* ---- agents with more or less effort ---- */

enum { AGENTS = 100 };

struct agents {
	struct rng *rng;
	struct arena *arena;
	double truth[AGENTS], bias[AGENTS], effort[AGENTS];
	uint32_t each, of[AGENTS * EACH_MOST]; /* reviewers, as above */
};

static double binomial(struct rng *rng, int n, double p)
{
	int hits = 0;

	for (int i = 0; i < n; i++)
		hits += peer_uniform(rng) < p;
	return hits;
}

/* Knuth's: as many uniform factors as keep a product above exp(-mean). */
static int poisson(struct rng *rng, double mean)
{
	double product = peer_uniform(rng);
	int n = 0;

	for (; product > exp(-mean); n++)
		product *= peer_uniform(rng);
	return n;
}

static void agents(struct agents *a, uint32_t each)
{
	a->each = each;
	allocated(a->rng, a->arena, AGENTS, each, a->of);
	for (int i = 0; i < AGENTS; i++) {
		a->truth[i] = binomial(a->rng, 10, .7);
		a->bias[i] = peer_normal(a->rng);
		a->effort[i] = 2 * peer_uniform(a->rng);
	}
}

static double signal_of(const struct agents *a, uint32_t u, uint32_t v)
{
	int draws = 1 + poisson(a->rng, a->effort[v]);
	double p = fmin(fmax((a->truth[u] + a->bias[v]) / 10, 0), 1), sum = 0;

	for (int i = 0; i < draws; i++)
		sum += binomial(a->rng, 10, p);
	return rint(sum / draws);
}

static struct estimator *of_agents(void)
{
	/* Fixed from what the agents are: mean and variances. */
	struct estimate_priors p = {
		.mu = 7, .gamma = 1 / 2.1, .eta = 1, .a0 = 10 / 1.05, .b0 = 10
	};
	struct estimator *e = estimator_new(&p);

	for (int i = 0; i < AGENTS; i++) {
		estimator_artifact(e);
		estimator_reviewer(e);
	}
	return e;
}

/* The i-th review of each work that has not enough. */
static void round_of(const struct agents *a, struct estimator *e, uint32_t i,
		     const bool *enough)
{
	for (uint32_t u = 0; u < AGENTS; u++) {
		uint32_t v = a->of[u * a->each + i];

		if (!enough[u])
			estimator_grade(e, u, v, signal_of(a, u, v));
	}
}

static void four_reviews(struct agents *a, struct tally *t)
{
	struct estimator *e = of_agents();
	static const bool none[AGENTS];

	agents(a, 4);
	for (uint32_t i = 0; i < 4; i++)
		round_of(a, e, i, none);
	estimator_settle(e, 0);
	for (uint32_t u = 0; u < AGENTS; u++) {
		struct estimate g;

		estimator_get(e, u, &g);
		t->n++;
		t->pg1 += pow(g.mean - a->truth[u], 2);
		t->mean += pow(g.plain_mean - a->truth[u], 2);
		t->median += pow(g.plain_median - a->truth[u], 2);
	}
	estimator_free(e);
}

/* ---- when reviews are enough ---- */

struct rule {
	const char *name;
	uint32_t least, most;
	double risk;
	bool alone; /* a normal posterior of its own mean, no biases */
};

struct outcome {
	double n, reviews, wrong;
};

static const double pass_mark = 6.5;

/* Of a truth N(7, 2.1) and grades with errors N(0, 2.05). */
static void by_itself(struct estimate *g)
{
	double weight = 1 / 2.1 + g->n / 2.05;

	g->mean = (7 / 2.1 + g->n * g->plain_mean / 2.05) / weight;
	g->interval_sd = sqrt(1 / weight);
}

static void until_enough(struct agents *a, const struct rule *rule,
			 struct outcome *out)
{
	struct estimator *e = of_agents();
	bool enough[AGENTS] = { false };
	struct estimate g;

	agents(a, rule->most);
	for (uint32_t i = 0; i < rule->most; i++) {
		round_of(a, e, i, enough);
		estimator_settle(e, 0);
		for (uint32_t u = 0; u < AGENTS; u++) {
			estimator_get(e, u, &g);
			if (rule->alone)
				by_itself(&g);
			enough[u] = estimate_enough(&g, rule->least, rule->most,
						    pass_mark, rule->risk);
		}
	}
	for (uint32_t u = 0; u < AGENTS; u++) {
		estimator_get(e, u, &g);
		if (rule->alone)
			by_itself(&g);
		out->n++;
		out->reviews += g.n;
		out->wrong += (g.mean > pass_mark) != (a->truth[u] > pass_mark);
	}
	estimator_free(e);
}

static void stop_rule(struct run *r, struct agents *a, const struct rule *rule,
		      int runs)
{
	bool asked = rule->least < rule->most && !rule->alone;
	struct outcome o = { 0 };

	for (int i = 0; i < runs; i++)
		until_enough(a, rule, &o);
	peer_figure(r, rule->name, "reviews", o.reviews / o.n,
		    asked ? -4.2 : 0);
	peer_figure(r, "  wrong side of the mark", "share", o.wrong / o.n,
		    asked ? -.11 : 0);
}

static void effort(struct run *r, struct rng *rng)
{
	static const struct rule rules[] = {
		{ "reviews 3..6, stop rule, PG1", 3, 6, .1, false },
		{ "reviews 3..6, each work alone", 3, 6, .1, true },
		{ "reviews 4, PG1", 4, 4, .1, false },
		{ "reviews 4, each work alone", 4, 4, .1, true },
	};
	int runs = r->quick ? 100 : r->full ? 4000 : 1000;
	struct agents a = { .rng = rng, .arena = r->arena };
	struct tally t = { 0 };

	for (int i = 0; i < runs; i++)
		four_reviews(&a, &t);
	peer_figure(r, "ABM, 4 reviews: square of error", "", t.pg1 / t.n,
		    -.357);
	peer_figure(r, "  of the mean", "", t.mean / t.n, 0);
	peer_figure(r, "  of the median", "", t.median / t.n, 0);
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		stop_rule(r, &a, &rules[i], runs);
}

void peer_estimate_model(struct run *r)
{
	static const struct world worlds[] = {
		{ "model, 3 grades, priors known", .each = 3, .asked = true },
		{ "model, 6 grades, priors known", .each = 6, .asked = true },
		{ "model, 3 grades, priors fitted", .each = 3, .fits = true,
		  .asked = true },
		{ "real, 3 grades", .real = true, .each = 3, .fits = true,
		  .asked = true },
		{ "real, 3 grades, 25 anchors", .real = true, .each = 3,
		  .fits = true, .anchors = ANCHORS, .asked = true },
		{ "real, all 7 % kind", .real = true, .each = 3, .fits = true,
		  .common = .07 },
		{ "real, all 7 % kind, 25 anchors", .real = true, .each = 3,
		  .fits = true, .common = .07, .anchors = ANCHORS,
		  .asked = true },
	};
	struct rng_seeded rng;

	rng_seeded_from(&rng, 1);
	for (size_t i = 0; i < sizeof(worlds) / sizeof(*worlds); i++)
		world(r, &rng.rng, &worlds[i]);
	effort(r, &rng.rng);
}
