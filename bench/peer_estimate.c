/*
 * How long estimates take: of a great course in one go, and after one more
 * grade in a course that lives. Four grades for each work by random people, in
 * random order. How good they are: peer_estimate_model.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/peer.h"
#include "rubrics/estimate.h"

enum { EACH = 4, LIVE = 5000 };

/* Updates for one grade: what the server gives, and four times that. */
static const size_t budgets[] = { 100, 400 };

struct grades {
	uint32_t n, people; /* n grades; as many works as people */
	struct estimate_grade *g;
	struct rng_seeded rng;
	double *truth, *bias;
};

static struct estimate_grade drawn(struct grades *all, uint32_t artifact)
{
	uint32_t other = (uint32_t)rng_below(&all->rng.rng, all->people - 1);
	struct estimate_grade g = { artifact,
				    (artifact + 1 + other) % all->people, 0 };

	g.score = all->truth[artifact] + all->bias[g.reviewer] +
		  .12 * peer_normal(&all->rng.rng);
	return g;
}

static void draw(struct grades *all, uint32_t n)
{
	uint32_t *order = calloc(n, sizeof(*order));

	*all = (struct grades){ .n = n, .people = n / EACH };
	all->g = calloc(n, sizeof(*all->g));
	all->truth = calloc(all->people, sizeof(*all->truth));
	all->bias = calloc(all->people, sizeof(*all->bias));
	if (!order || !all->g || !all->truth || !all->bias)
		die("no memory for %u grades", n);
	rng_seeded_from(&all->rng, n);
	for (uint32_t i = 0; i < all->people; i++) {
		all->truth[i] = .65 + .15 * peer_normal(&all->rng.rng);
		all->bias[i] = .08 * peer_normal(&all->rng.rng);
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i / EACH;
	rng_shuffle(&all->rng.rng, order, n);
	for (uint32_t i = 0; i < n; i++)
		all->g[i] = drawn(all, order[i]);
	free(order);
}

static void done(struct grades *all)
{
	free(all->g);
	free(all->truth);
	free(all->bias);
}

/* ---- in one go ---- */

static struct estimator *build(const struct grades *all)
{
	struct estimator *e = estimator_new(&estimate_priors_unit);

	for (uint32_t i = 0; i < all->people; i++) {
		estimator_artifact(e);
		estimator_reviewer(e);
	}
	for (uint32_t i = 0; i < all->n; i++)
		estimator_grade(e, all->g[i].artifact, all->g[i].reviewer,
				all->g[i].score);
	return e;
}

static struct estimator *in_one_go(struct run *r, const struct grades *all)
{
	int64_t from = now_ns(), t = from;
	struct estimate_priors p;
	struct estimator *e = build(all);
	double built = peer_seconds(t), fitted, settled;
	char name[60];

	t = now_ns();
	if (!estimator_fit(e, &p))
		die("no priors of %u grades", all->n);
	estimator_use(e, &p);
	fitted = peer_seconds(t);
	t = now_ns();
	if (estimator_settle(e, 0))
		die("%u grades do not settle", all->n);
	settled = peer_seconds(t);
	snprintf(name, sizeof(name), "estimates of %u grades", all->n);
	peer_figure(r, name, "s", peer_seconds(from), -10);
	peer_figure(r, "  of that, to take them in", "s", built, 0);
	peer_figure(r, "  priors", "s", fitted, 0);
	peer_figure(r, "  to the fixpoint", "s", settled, 0);
	return e;
}

/* ---- a course that lives ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What a budget leaves undone, of the works just graded: rms, in sd. */
static double off(struct estimator *e, const uint32_t *works)
{
	static double was[LIVE];
	double squares = 0;
	struct estimate g;

	for (int i = 0; i < LIVE; i++) {
		estimator_get(e, works[i], &g);
		was[i] = g.mean;
	}
	estimator_settle(e, 0);
	for (int i = 0; i < LIVE; i++) {
		estimator_get(e, works[i], &g);
		squares += pow((was[i] - g.mean) / g.sd, 2) / LIVE;
	}
	return sqrt(squares);
}

static void live(struct run *r, struct grades *all, struct estimator *e,
		 size_t budget)
{
	static double us[LIVE];
	static uint32_t works[LIVE];
	char name[60];

	for (int i = 0; i < LIVE; i++) {
		struct estimate_grade g;
		int64_t t;

		works[i] = (uint32_t)rng_below(&all->rng.rng, all->people);
		g = drawn(all, works[i]);
		t = now_ns();
		estimator_grade(e, g.artifact, g.reviewer, g.score);
		estimator_settle(e, budget);
		us[i] = peer_seconds(t) * 1e6;
	}
	qsort(us, LIVE, sizeof(*us), by_value);
	snprintf(name, sizeof(name), "a grade, %zu updates, of %u: p50", budget,
		 all->n);
	peer_figure(r, name, "us", us[LIVE / 2], 0);
	peer_figure(r, "  p99", "us", us[LIVE * 99 / 100], -1000);
	peer_figure(r, "  off what they settle to, rms", "sd", off(e, works),
		    0);
}

/* The server fits priors anew whenever grades have doubled. */
static void refit(struct run *r, struct estimator *e)
{
	int64_t t = now_ns();
	struct estimate_priors p;

	if (estimator_fit(e, &p))
		estimator_use(e, &p);
	estimator_settle(e, 0);
	peer_figure(r, "priors fitted anew, all settled", "s", peer_seconds(t),
		    0);
}

void peer_estimate(struct run *r)
{
	for (uint32_t n = 10000; n <= 1000000; n *= 100) {
		struct grades all;
		struct estimator *e;

		draw(&all, n);
		e = in_one_go(r, &all);
		for (size_t i = 0; i < 2; i++)
			live(r, &all, e, budgets[i]);
		refit(r, e);
		estimator_free(e);
		done(&all);
	}
	peer_estimate_model(r);
}
