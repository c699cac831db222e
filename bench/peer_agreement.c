/* How long it takes to say how far reviewers of a great course agree. */
#include <stdlib.h>

#include "bench/peer.h"
#include "rubrics/agreement_report.h"

enum { RATINGS = 1000000, EACH = 4 };

/* Truth and error alike; in steps of so many to a unit of scores. */
static void ratings(struct agreement_rating *r, double steps)
{
	struct rng_seeded g;
	double truth = 0;

	rng_seeded_from(&g, 1);
	for (uint32_t i = 0; i < RATINGS; i++) {
		if (i % EACH == 0)
			truth = (double)rng_below(&g.rng, 1 << 30);
		r[i].unit = i / EACH;
		r[i].judge = (uint32_t)rng_below(&g.rng, RATINGS / EACH);
		r[i].score = truth + (double)rng_below(&g.rng, 1 << 30);
		r[i].score = (double)(int64_t)(r[i].score * steps / (1 << 30));
	}
}

static void one(struct run *r, struct agreement_rating *all, double steps,
		const char *name)
{
	struct agreement_report a;
	struct figure f = { .name = name, .unit = "s", .target = -10 };
	int64_t t;

	ratings(all, steps);
	t = now_ns();
	agreement_report(all, RATINGS, &a);
	f.value = (double)(now_ns() - t) / 1e9;
	report(r, &f);
}

void peer_agreement(struct run *r)
{
	struct agreement_rating *all = malloc(RATINGS * sizeof(*all));

	if (!all)
		die("no memory for %d ratings", RATINGS);
	one(r, all, 5, "agreement of 10^6 ratings, 10 values");
	one(r, all, 1 << 30, "  10^6 values");
	free(all);
}
