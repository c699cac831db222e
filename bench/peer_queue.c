/*
 * What a pick costs in pools of different sizes: chosen, reserved, and handed
 * in or let go. Courses in the middle of their life: their people have done 0
 * to 4 reviews, their works have received 0 to 4, and each has had 3 others'.
 * Whoever asks next is random, as is whose work meets whom: at 10^6 nothing
 * that a pick looks up is in a cache.
 */
#include <math.h>
#include <stdio.h>

#include "bench/peer.h"
#include "rubrics/queue.h"

enum { BATCHES_MOST = REPEATS_MAX * 4, BATCH = 10000, HAD = 3, UP_TO = 5 };

static const struct queue_rules rules = { .need = 3,
					  .surplus = 3,
					  .window = QUEUE_WINDOW };

struct pool {
	struct queue *q;
	uint32_t n, picks; /* works; picks since it was made */
	struct rng_seeded rng;
	double none; /* who got nothing */
};

static uint32_t below(struct pool *p, uint32_t n)
{
	return (uint32_t)rng_below(&p->rng.rng, n);
}

static void make(struct pool *p)
{
	queue_free(p->q);
	p->q = queue_new(&rules);
	p->picks = 0;
	for (uint32_t i = 0; i < p->n; i++)
		queue_person(p->q);
	for (uint32_t i = 0; i < p->n; i++) {
		queue_enter(p->q, i);
		queue_credit(p->q, i, (int32_t)below(p, UP_TO));
		queue_received(p->q, i, (int32_t)below(p, UP_TO));
		queue_unsure(p->q, i, peer_uniform(&p->rng.rng));
	}
	for (uint32_t i = 0; i < p->n * HAD; i++)
		queue_had(p->q, i % p->n, below(p, p->n));
}

static void cycle(struct pool *p, bool hands_in)
{
	uint32_t who = below(p, p->n);
	struct queue_choice c;

	p->picks++;
	queue_choose(p->q, who, &p->rng.rng, &c);
	if (c.work == QUEUE_NONE) {
		p->none++;
		return;
	}
	CHECK(queue_reserve(p->q, who, c.work));
	if (hands_in)
		queue_done(p->q, who);
	else
		queue_unreserve(p->q, who);
}

struct cost {
	double us, low, high; /* of a cycle: median and ends of the batches */
};

/* Nobody does more than one review more on average: then a new pool. */
static struct cost cost(const struct run *r, struct pool *p, bool hands_in)
{
	int batches = r->quick ? 5 : r->full ? BATCHES_MOST : 15;
	uint32_t each = p->n < BATCH ? p->n : BATCH;
	double us[BATCHES_MOST];
	struct cost c = { .low = INFINITY };

	for (int i = 0; i < batches; i++) {
		int64_t from;

		if (p->picks + each > p->n)
			make(p);
		from = now_ns();
		for (uint32_t k = 0; k < each; k++)
			cycle(p, hands_in);
		us[i] = peer_seconds(from) * 1e6 / each;
		c.low = fmin(c.low, us[i]);
		c.high = fmax(c.high, us[i]);
	}
	c.us = median(us, batches);
	return c;
}

static void tell(struct run *r, uint32_t n, const char *what,
		 const struct cost *c, double first)
{
	char name[60];
	double steps = log2(n) / log2(1000);
	struct figure f = { .name = name,
			    .unit = "us",
			    .value = c->us,
			    .low = c->low,
			    .high = c->high };

	snprintf(name, sizeof(name), "%s, %u open", what, n);
	if (first > 0) {
		f.baseline = first * steps;
		f.ratio = f.value / f.baseline;
		f.low /= f.baseline;
		f.high /= f.baseline;
		f.note = "beside 10^3, as log n grows";
	}
	report(r, &f);
}

void peer_queue(struct run *r)
{
	double first[2] = { 0 }, picks = 0, none = 0;

	for (uint32_t n = 1000; n <= 1000000; n *= 10) {
		struct pool p = { .n = n };

		rng_seeded_from(&p.rng, n);
		make(&p);
		for (int hands_in = 1; hands_in >= 0; hands_in--) {
			struct cost c = cost(r, &p, hands_in);

			tell(r, n, hands_in ? "pick, hand in" : "pick, expire",
			     &c, first[hands_in]);
			first[hands_in] = n == 1000 ? c.us : first[hands_in];
			picks = hands_in ? 1e6 / c.us : picks;
		}
		none += p.none;
		queue_free(p.q);
	}
	peer_figure(r, "picks of 10^6 open", "/s", picks, 10000);
	peer_figure(r, "  who got nothing", "picks", none, 0);
}
