/*
 * All nodes in turn, artifacts then reviewers, until nothing moves.
 *
 * What lets this converge slowly is what artifacts and reviewers have in
 * common: all scores a little higher, all biases a little lower. So means are
 * moved by more than an update says (successive over-relaxation, Young 1954).
 * For two kinds that only see each other, with rate r of plain updates, the
 * best factor is w = 2/(1 + sqrt(1 - r)), and its rate w - 1; r is found from
 * the rate l that is seen under the present w: r = (l + w - 1)^2/(l w^2).
 */
#include <math.h>

#include "rubrics/estimate_impl.h"

enum {
	SWEEPS = 2000,
	WINDOW = 4,
	/* sweeps over which a rate is seen */ STEPS = 2
};
#define RATE_MOST 0.995

struct sweep {
	double factor; /* w */
	double rate;   /* r, the greatest found */
	double most;   /* of r, less after each time it was too much */
	double squares, worst, worst_tau; /* moves of this sweep */
};

static void saw(struct sweep *w, double moved)
{
	w->squares += moved * moved;
	moved = fabs(moved);
	if (moved > w->worst)
		w->worst = moved;
}

static void artifacts(struct estimator *e, struct sweep *w)
{
	for (size_t i = 0; i < e->n_nodes[ARTIFACTS]; i++) {
		struct node *s = &e->nodes[ARTIFACTS][i];
		struct fitted f = estimator_fit_artifact(e, s);

		saw(w, f.mean - s->mean);
		s->mean += w->factor * (f.mean - s->mean);
		s->var = f.var;
	}
}

static void reviewers(struct estimator *e, struct sweep *w)
{
	for (size_t i = 0; i < e->n_nodes[REVIEWERS]; i++) {
		struct node *b = &e->nodes[REVIEWERS][i];
		struct fitted f = estimator_fit_reviewer(e, b, STEPS);
		double tau = fabs(f.tau - b->tau) / b->tau;

		if (tau > w->worst_tau)
			w->worst_tau = tau;
		saw(w, f.mean - b->mean);
		b->mean += w->factor * (f.mean - b->mean);
		b->var = f.var;
		b->tau = fmax(b->tau + w->factor * (f.tau - b->tau),
			      0.5 * f.tau);
	}
}

/*
 * Moves all scores up and all biases down by what suits priors and anchors
 * best: no grade's residual changes, so this is the part that single updates
 * are slowest at.
 */
static void shift(struct estimator *e)
{
	const struct estimate_priors *p = &e->p;
	double weight = 0, sum = 0, by;

	for (size_t i = 0; i < e->n_nodes[ARTIFACTS]; i++) {
		const struct node *s = &e->nodes[ARTIFACTS][i];

		weight += s->n ? p->gamma : 0;
		sum += s->n ? p->gamma * (p->mu - s->mean) : 0;
	}
	for (size_t i = 0; i < e->n_nodes[REVIEWERS]; i++) {
		const struct node *b = &e->nodes[REVIEWERS][i];

		weight += b->n ? p->eta : 0;
		sum += b->n ? p->eta * (b->mean - p->bias) : 0;
	}
	for (size_t i = 0; i < e->n_anchors; i++) {
		const struct anchor *a = &e->anchors[i];
		const struct node *s = &e->nodes[ARTIFACTS][a->artifact];

		weight += a->counts && s->n ? a->precision : 0;
		sum += a->counts && s->n ? a->precision * (a->score - s->mean)
					 : 0;
	}
	by = weight > 0 ? sum / weight : 0;
	for (size_t i = 0; i < e->n_nodes[ARTIFACTS]; i++)
		e->nodes[ARTIFACTS][i].mean +=
			e->nodes[ARTIFACTS][i].n ? by : 0;
	for (size_t i = 0; i < e->n_nodes[REVIEWERS]; i++)
		e->nodes[REVIEWERS][i].mean -=
			e->nodes[REVIEWERS][i].n ? by : 0;
}

/* The next factor, by how much less was moved than WINDOW sweeps ago. */
static void adapt(struct sweep *w, double less)
{
	double seen = pow(less, 1.0 / WINDOW), r;

	if (seen >= 1) {
		w->most = fmin(w->most, w->rate) * 0.9;
		w->rate = w->most * 0.5;
	} else {
		r = (seen + w->factor - 1) * (seen + w->factor - 1) /
		    (seen * w->factor * w->factor);
		w->rate = fmin(fmax(w->rate, r), w->most);
	}
	w->factor = 2 / (1 + sqrt(1 - w->rate));
}

bool estimator_sweep(struct estimator *e)
{
	struct sweep w = { .factor = 1, .most = RATE_MOST };
	double before = 0;

	for (int i = 1; i <= SWEEPS; i++) {
		w.squares = w.worst = w.worst_tau = 0;
		artifacts(e, &w);
		reviewers(e, &w);
		if (w.worst < e->eps && w.worst_tau < ESTIMATE_EPS)
			return true;
		if (i % WINDOW)
			continue;
		shift(e);
		if (before > 0)
			adapt(&w, sqrt(w.squares / before));
		before = w.squares;
	}
	return false;
}
