/*
 * estimate: true scores of artifacts and biases and precisions of reviewers,
 * from grades: model PG1 of Piech et al. 2013 (arXiv 1307.2579),
 *
 *	tau_v ~ Gamma(a0, b0)   b_v ~ N(bias, 1/eta)   s_u ~ N(mu, 1/gamma)
 *	z_uv  ~ N(s_u + b_v, 1/tau_v)
 *
 * by mean-field variational inference, with anchors (grades of experts and
 * moderators): y_u ~ N(s_u, 1/precision), no bias. Three expectations:
 *
 *	var s_u = 1/(gamma + sum_v E tau_v + sum anchors' precision)
 *	m_u     = var s_u (gamma mu + sum_v E tau_v (z - mb_v) + sum prec y)
 *	var b_v = 1/(eta + k_v E tau_v)
 *	mb_v    = var b_v (eta bias + E tau_v sum (z - m_u))
 *	E tau_v = (a0 + k_v/2) / (b0 + 1/2 sum [(z - m_u - mb_v)^2
 *						 + var s_u + var b_v])
 *
 * The fixpoint does not depend on the order of updates. An estimator keeps it
 * while grades come and go: what a change touches is put in line and updated
 * until nothing moves by more than ESTIMATE_EPS, or a budget is used up (the
 * rest stays in line; the greatest change goes first). A change spreads ever
 * more thinly over a whole course: a live server gives a budget (100 updates
 * take 20 to 60 microseconds), and settles the rest when it has time. The same
 * calls in the same order give the same bits.
 *
 * Scores are in any unit, the same everywhere (the server uses 0..1). The
 * variance never reaches 0: the priors are its floor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESTIMATE_EPS 1e-10 /* of a mean, in units of the scores' sd */

struct estimate_priors {
	double mu, gamma, eta, a0, b0; /* gamma, eta, a0, b0 > 0 */
	/* What all reviewers have in common: only anchors can tell; else 0. */
	double bias;
};
/* For scores of 0..1 with nothing known yet. */
extern const struct estimate_priors estimate_priors_unit;

struct estimate_grade {
	uint32_t artifact, reviewer; /* indices, dense from 0 */
	double score;
};

/*
 * Priors by a one-way analysis of variance of the grades: mu the grand mean,
 * gamma = 1/between, eta = 1/(0.3 MSW), a0 = 2, b0 = 2 * 0.7 MSW. false:
 * fewer than two artifacts with two grades; floors keep all finite when nobody
 * differs.
 */
bool estimate_priors_fit(const struct estimate_grade *g, size_t n,
			 struct estimate_priors *out);

struct estimator;

struct estimator *estimator_new(const struct estimate_priors *p);
void estimator_free(struct estimator *e); /* NULL is allowed */
/* As it is, to see what a change would do; it goes on with the same bits. */
struct estimator *estimator_copy(const struct estimator *e);
const struct estimate_priors *estimator_priors(const struct estimator *e);

/* New ones: their indices, 0, 1, ... */
uint32_t estimator_artifact(struct estimator *e);
uint32_t estimator_reviewer(struct estimator *e);
/* A grade: its index, 0, 1, ... It counts at once. */
uint32_t estimator_grade(struct estimator *e, uint32_t artifact,
			 uint32_t reviewer, double score);
/* Whether a grade counts (withdrawn, disqualified); no change is allowed. */
void estimator_count(struct estimator *e, uint32_t grade, bool counts);
/* An anchor of known precision (> 0): its index, 0, 1, ... */
uint32_t estimator_anchor(struct estimator *e, uint32_t artifact, double score,
			  double precision);
void estimator_count_anchor(struct estimator *e, uint32_t anchor, bool counts);
/*
 * Updates what is in line, at most so many artifacts and reviewers; 0: until
 * the line is empty (bounded by rounds all the same). Returns how many wait.
 */
size_t estimator_settle(struct estimator *e, size_t most);
/* Other priors: everything is in line again. */
void estimator_use(struct estimator *e, const struct estimate_priors *p);
/*
 * The priors that the grades and anchors that count give; false as
 * estimate_priors_fit. bias is by how much the mean grade of anchored artifacts
 * exceeds the anchors: each weighted by 1/(MSW/n + 1/precision), and one grade
 * that finds no bias; mu is less by as much.
 */
bool estimator_fit(const struct estimator *e, struct estimate_priors *out);

struct estimate {
	double mean, sd; /* of the mean field's posterior */
	/*
	 * For intervals: sd takes biases and precisions for known, and an
	 * interval from it held the truth in 80 to 88 % instead of 90. This one
	 * counts in what is not known of them (./do bench peer: .88 to .93).
	 */
	double interval_sd;
	double plain_mean;   /* of the grades that count; 0 without */
	double plain_median; /* even counts: the mean of the middle two */
	double spread;	     /* greatest less smallest grade that counts */
	uint32_t n;	     /* grades that count, without anchors */
};
void estimator_get(const struct estimator *e, uint32_t artifact,
		   struct estimate *out);
struct estimate_reviewer {
	double bias, bias_sd;
	double precision; /* E tau */
	uint32_t n;	  /* grades that count */
	/*
	 * How much the reviewer's grades tell artifacts apart: near 0 for who
	 * gives everybody the same, whatever his residuals (variance of his
	 * grades over that of the estimates of the same artifacts); 1 where
	 * nothing can be told.
	 */
	double discrimination;
};
void estimator_get_reviewer(const struct estimator *e, uint32_t reviewer,
			    struct estimate_reviewer *out);
/* (z - m_u - mb_v) / its predictive sd: for surveillance. */
double estimator_residual(const struct estimator *e, uint32_t grade);
/*
 * Independent parts of the graph of reviews (grades that count): biases are
 * only comparable within one. part[artifact] is its part; returns how many.
 */
size_t estimator_parts(const struct estimator *e, uint32_t *part);

/* ---- what a posterior says ---- */

/* Central interval of this mass (0.90) of N(mean, sd^2). */
void estimate_interval(double mean, double sd, double mass, double *lo,
		       double *hi);
/* P(on the other side of the mark than the mean is). */
double estimate_wrong_side(double mean, double sd, double mark);
/* Stop asking for reviews? After least, at the latest at most, between them
   when estimate_wrong_side of interval_sd < risk. */
bool estimate_enough(const struct estimate *s, uint32_t least, uint32_t most,
		     double mark, double risk);
double estimate_normal_cdf(double x);
double estimate_normal_quantile(double p); /* 0 < p < 1; to 1e-9 */
