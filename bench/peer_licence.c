/*
 * The reviewer licence and the quality of reviews: error rates, items needed,
 * run lengths, the share of gold, and what revenge does. What is asked is in
 * docs/licence.md.
 */
#include <math.h>

#include "bench/peer.h"
#include "rubrics/licence.h"
#include "rubrics/quality.h"

static const struct licence_rules *const rules = &licence_rules_default;

static double clamp(double x, double lo, double hi)
{
	return fmax(lo, fmin(hi, x));
}

static int runs_of(const struct run *r, int usual)
{
	return r->quick ? usual / 10 : r->full ? usual * 10 : usual;
}

/* ---- qualification ---- */

struct tested {
	double share, golds, undecided;
};

static struct tested tested(struct rng *g, double fail_rate, int runs)
{
	struct tested t = { 0 };

	for (int i = 0; i < runs; i++) {
		struct licence l = { 0 };
		enum licence_move m;

		do {
			m = licence_gold(rules, &l,
					 peer_uniform(g) >= fail_rate);
			t.golds++;
			t.undecided += m == LICENCE_UNDECIDED;
		} while (m != LICENCE_QUALIFIES && m != LICENCE_REJECTED);
		t.share += m == LICENCE_QUALIFIES;
	}
	t.share /= runs;
	t.golds /= runs;
	t.undecided /= runs;
	return t;
}

static void qualification(struct run *r, struct rng *g)
{
	int runs = runs_of(r, 40000);
	struct tested careful = tested(g, .1, runs), poor = tested(g, .4, runs);
	struct tested between = tested(g, .25, runs);

	peer_figure(r, "careful (10 % fails) qualify", "share", careful.share,
		    .97);
	peer_figure(r, "  after gold items", "items", careful.golds, -14);
	peer_figure(r, "  undecided after most_gold", "share",
		    careful.undecided, 0);
	peer_figure(r, "poor (40 % fails) qualify", "share", poor.share, -.05);
	peer_figure(r, "  after gold items", "items", poor.golds, -14);
	peer_figure(r, "25 % fails: undecided", "share", between.undecided, 0);
}

/* ---- surveillance ---- */

static double golds_to_alarm(struct rng *g, double fail_rate, int runs)
{
	double golds = 0;

	for (int i = 0; i < runs; i++) {
		struct licence l = { .state = LICENCE_QUALIFIED };

		do
			golds++;
		while (licence_gold(rules, &l, peer_uniform(g) >= fail_rate) ==
		       LICENCE_STAYS);
	}
	return golds / runs;
}

static double reviews_to_alarm(struct rng *g, double shift, int runs)
{
	double reviews = 0;

	for (int i = 0; i < runs; i++) {
		struct licence l = { .state = LICENCE_QUALIFIED };

		do
			reviews++;
		while (licence_residual(rules, &l, peer_normal(g) + shift) ==
		       LICENCE_STAYS);
	}
	return reviews / runs;
}

static void surveillance(struct run *r, struct rng *g)
{
	int runs = runs_of(r, 20000);

	peer_figure(r, "guesser (60 %) is caught after", "items",
		    golds_to_alarm(g, .6, runs), -6);
	/* 190 less the error of so many runs. */
	peer_figure(r, "careful one is alarmed every", "items",
		    golds_to_alarm(g, .1, runs), r->quick ? 175 : 185);
	peer_figure(r, "drift of 1 sd is found after", "reviews",
		    reviews_to_alarm(g, 1, runs), -10.8);
	peer_figure(r, "no drift: an alarm every", "reviews",
		    reviews_to_alarm(g, 0, runs), r->quick ? 420 : 450);
}

/* ---- covert gold over a career ---- */

struct career {
	double gold, qualified;
};

static struct career careers(struct rng *g, double fail_rate, int reviews,
			     int runs)
{
	struct career c = { 0 };

	for (int n = 0; n < runs; n++) {
		struct licence l = { 0 };
		bool qualified = false;

		for (int i = 0; i < reviews && licence_may_review(&l); i++)
			if (peer_uniform(g) < licence_covert_rate(rules, &l)) {
				c.gold++;
				qualified |= licence_gold(rules, &l,
							  peer_uniform(g) >=
								  fail_rate) ==
					     LICENCE_QUALIFIES;
			} else {
				licence_residual(rules, &l, peer_normal(g));
			}
		c.qualified += qualified;
	}
	c.gold /= (double)runs * reviews;
	c.qualified /= runs;
	return c;
}

static void career(struct run *r, struct rng *g)
{
	int runs = runs_of(r, 4000);
	struct career at_400 = careers(g, .1, 400, runs);

	peer_figure(r, "gold in a career of 400", "share", at_400.gold, -.1);
	peer_figure(r, "  careful ones qualify", "share", at_400.qualified, 0);
	peer_figure(r, "  poor ones qualify", "share",
		    careers(g, .4, 400, runs).qualified, -.055);
	peer_figure(r, "gold in a career of 200", "share",
		    careers(g, .1, 200, runs).gold, 0);
	peer_figure(r, "gold in a career of 50", "share",
		    careers(g, .1, 50, runs).gold, 0);
}

/* ---- revenge ---- */

enum { REVIEWERS = 2000, EACH = 6, ALL = REVIEWERS * EACH };

static void course(struct quality_review *all, double revenge)
{
	struct rng_seeded seeded;
	struct rng *g = &seeded.rng;

	rng_seeded_from(&seeded, 7);
	for (size_t i = 0; i < REVIEWERS; i++) {
		double worth = peer_normal(g), bias = .08 * peer_normal(g);

		for (size_t j = i * EACH; j < (i + 1) * EACH; j++) {
			struct quality_review *q = all + j;
			double off = .1 * exp(-.3 * worth) * peer_normal(g);

			*q = (struct quality_review){ .reviewer = (uint32_t)i,
						      .has_rating = true,
						      .residual = off / .1 };
			q->estimate = clamp(.65 + .15 * peer_normal(g), 0, 1);
			q->given = clamp(q->estimate + bias + off, 0, 1);
			q->rating = clamp(
				round(4 + .6 * worth + .6 * peer_normal(g) -
				      10 * revenge *
					      fmax(0, q->estimate - q->given)),
				1, 5);
			q->has_mark = peer_uniform(g) < .2;
			q->mark = clamp(
				round(3.5 + .7 * worth + .4 * peer_normal(g)),
				1, 5);
			q->coverage = clamp(
				.7 + .1 * worth + .15 * peer_normal(g), 0, 1);
			q->words = exp(4 + .3 * worth + .5 * peer_normal(g));
		}
	}
}

/* Mean absolute change, in sd of what was before. */
static double moved(const double *before, const double *after)
{
	double sum = 0, squares = 0, off = 0;

	for (int i = 0; i < REVIEWERS; i++) {
		sum += before[i] / REVIEWERS;
		squares += before[i] * before[i] / REVIEWERS;
		off += fabs(after[i] - before[i]) / REVIEWERS;
	}
	return off / sqrt(squares - sum * sum);
}

static void revenge(struct run *r)
{
	static struct quality_review all[ALL];
	static struct quality q[REVIEWERS];
	static double score[2][REVIEWERS], raw[2][REVIEWERS];
	int64_t took = 0;

	for (int cruel = 0; cruel < 2; cruel++) {
		course(all, cruel);
		took -= now_ns();
		quality_fit(all, ALL, REVIEWERS, &quality_weights_default, q);
		took += now_ns();
		for (int i = 0; i < REVIEWERS; i++) {
			score[cruel][i] = q[i].score;
			raw[cruel][i] = q[i].raw_rating;
		}
	}
	peer_figure(r, "revenge moves the quality by", "sd",
		    moved(score[0], score[1]), -.1);
	peer_figure(r, "  the average rating by", "sd", moved(raw[0], raw[1]),
		    .5);
	peer_figure(r, "quality of a review takes", "us",
		    (double)took / 1e3 / (2. * ALL), 0);
}

void peer_licence(struct run *r)
{
	struct rng_seeded seeded;

	rng_seeded_from(&seeded, 1);
	qualification(r, &seeded.rng);
	surveillance(r, &seeded.rng);
	career(r, &seeded.rng);
	revenge(r);
}
