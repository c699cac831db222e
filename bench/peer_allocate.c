/*
 * Static allocation of cohorts: how long it takes, how many swaps it needs and
 * whether its certificate is good. What allocate() takes includes the look that
 * it has at each of its draws; the certificate is then made once more by
 * itself.
 */
#include <math.h>
#include <stdio.h>

#include "bench/peer.h"
#include "rubrics/allocate.h"

struct cohort {
	uint32_t n, k, seeds;
	double most_s, most_swaps; /* asked; 0: nothing */
};

/* The worst of all seeds; and how many are ok. */
struct sums {
	double swaps, allocate_s, certify_s, sigma2, ok;
};

static void one(struct ctx *cx, const struct cohort *c, uint64_t seed,
		struct sums *s)
{
	struct allocate_ask a = { .n = c->n, .k = c->k, .seed = seed };
	struct allocate_certificate it;
	size_t m = (size_t)c->n * c->k;
	uint32_t *from, *out;
	uint64_t swaps;
	int64_t t = now_ns();

	if (allocate(cx, &a, &out, &swaps))
		die("allocate: %s", cx->error.text);
	s->allocate_s = fmax(s->allocate_s, peer_seconds(t));
	from = ARENA_ARRAY(cx->arena, uint32_t, m);
	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / c->k);
	t = now_ns();
	if (allocate_certify(cx, c->n, from, out, m, &it))
		die("certify: %s", cx->error.text);
	s->certify_s = fmax(s->certify_s, peer_seconds(t));
	s->swaps = fmax(s->swaps, (double)swaps);
	s->sigma2 = fmax(s->sigma2, it.sigma2);
	s->ok += it.ok;
}

static void cohort(struct run *r, const struct cohort *c)
{
	struct arena *arena = arena_new(1 << 20);
	struct ctx cx = bench_ctx(r);
	uint32_t seeds = r->quick ? (c->seeds + 9) / 10 : c->seeds;
	struct sums s = { 0 };
	char name[60];

	cx.arena = arena;
	for (uint32_t i = 1; i <= seeds; i++) {
		one(&cx, c, i, &s);
		arena_reset(arena);
	}
	arena_free(arena);
	snprintf(name, sizeof(name), "allocation, n %u, k %u", c->n, c->k);
	peer_figure(r, name, "s", s.allocate_s, -c->most_s);
	peer_figure(r, "  its certificate alone", "s", s.certify_s, -c->most_s);
	peer_figure(r, "  swaps", "swaps", s.swaps, -c->most_swaps);
	peer_figure(r, "  certificate is good", "share", s.ok / seeds, 1);
	peer_figure(r, "  sigma2", "", s.sigma2, -.95);
}

void peer_allocate(struct run *r)
{
	static const struct cohort million = { 1000000, 3, 1, 60, 0 };
	static const struct cohort all[] = {
		{ 20, 3, 100, .1, 0 },
		{ 300, 3, 100, .5, 2000 },
		{ 1000, 5, 20, 1, 0 },
		{ 100000, 3, 1, 10, 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		cohort(r, &all[i]);
	if (r->full)
		cohort(r, &million);
}
