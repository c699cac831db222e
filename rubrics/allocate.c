/*
 * k layers, each a random cyclic permutation (so that degrees are exact); then
 * edges that are in the way of something change their target with random
 * others as long as that makes nothing worse. A random
 * k-regular graph has about k^2/2 reciprocal pairs and k^3/3 three-cycles
 * whatever its size, so there is little to mend.
 */
#include "rubrics/allocate.h"

#include <string.h>

#include "base/rng.h"

enum {
	HARD = 1 << 30,	 /* what must not be, against what should not */
	TRIES = 300,	 /* random swaps for one edge, in one round */
	ROUNDS = 20,	 /* over all edges */
	PER_EDGE = 40,	 /* swaps in one draw, for each edge, and ... */
	AT_LEAST = 2000, /* ... this many */
	DRAWS = 8,	 /* anew, when a draw is not as it should be */
};

struct graph {
	const struct allocate_ask *ask;
	uint32_t n, k;
	uint32_t *out; /* [n * k] */
	struct rng_seeded rng;
	uint64_t swaps, most; /* done; of this draw */
};

static uint32_t *edge(const struct graph *g, uint32_t from, uint32_t layer)
{
	return &g->out[(size_t)from * g->k + layer];
}

/* What is wrong with the edge, as weights. */
static uint64_t fault(const struct graph *g, uint32_t from, uint32_t layer)
{
	uint32_t to = *edge(g, from, layer);
	uint64_t bad = 0;

	if (to == from ||
	    (g->ask->conflict && g->ask->conflict(g->ask->arg, from, to)))
		return HARD;
	for (uint32_t j = 0; j < g->k; j++)
		if (j != layer && *edge(g, from, j) == to)
			bad += HARD;
	for (uint32_t j = 0; j < g->k; j++) {
		uint32_t via = *edge(g, to, j);

		if (via == from) {
			bad++;
			continue;
		}
		for (uint32_t l = 0; l < g->k; l++)
			bad += *edge(g, via, l) == from;
	}
	return bad;
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

static void mend(struct graph *g, uint32_t from, uint32_t layer)
{
	for (int i = 0; i < TRIES && g->swaps < g->most; i++) {
		uint32_t other = (uint32_t)rng_below(&g->rng.rng, g->n);
		uint32_t at = (uint32_t)rng_below(&g->rng.rng, g->k);
		uint64_t before;

		if (other == from)
			continue;
		/* Whose targets change places keep their degrees. */
		before = fault(g, from, layer) + fault(g, other, at);
		swap(edge(g, from, layer), edge(g, other, at));
		g->swaps++;
		if (fault(g, from, layer) + fault(g, other, at) > before)
			swap(edge(g, from, layer), edge(g, other, at));
		if (!fault(g, from, layer))
			return;
	}
}

/*
 * Until a round finds nothing: mending one edge may have put another at fault.
 * What the last round found is left, weighted as faults are.
 */
static uint64_t mend_all(struct graph *g)
{
	uint64_t left = 1;

	g->most = g->swaps + AT_LEAST + (uint64_t)PER_EDGE * g->n * g->k;
	for (int round = 0; left && round < ROUNDS; round++) {
		left = 0;
		for (uint32_t i = 0; i < g->n; i++)
			for (uint32_t j = 0; j < g->k; j++) {
				uint64_t f = fault(g, i, j);

				left += f;
				if (f)
					mend(g, i, j);
			}
	}
	return left;
}

static void draw(struct graph *g, uint32_t *room)
{
	for (uint32_t j = 0; j < g->k; j++) {
		for (uint32_t i = 0; i < g->n; i++)
			room[i] = i;
		/* Sattolo: one cycle, which connects everybody. */
		for (uint32_t i = g->n - 1; i > 0; i--) {
			uint32_t at = (uint32_t)rng_below(&g->rng.rng, i);
			uint32_t t = room[i];

			room[i] = room[at];
			room[at] = t;
		}
		for (uint32_t i = 0; i < g->n; i++)
			*edge(g, i, j) = room[i];
	}
}

static void everybody(struct graph *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		for (uint32_t j = 0; j < g->k; j++)
			*edge(g, i, j) = (i + 1 + j) % g->n;
}

/* Of those at fault, who has the fewest to choose from. */
static enum err too_few(struct ctx *cx, const struct graph *g)
{
	uint32_t who = 0, fewest = UINT32_MAX;

	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t left = 0;
		bool at_fault = false;

		for (uint32_t j = 0; j < g->k; j++)
			at_fault |= fault(g, i, j) >= HARD;
		for (uint32_t a = 0; at_fault && a < g->n; a++)
			left += a != i &&
				!(g->ask->conflict &&
				  g->ask->conflict(g->ask->arg, i, a));
		if (at_fault && left < fewest) {
			fewest = left;
			who = i;
		}
	}
	return err_set(cx, ERR_PRECONDITION,
		       "conflicts leave no allocation: number %u of the list "
		       "has the fewest to choose from, %u others for %u "
		       "reviews",
		       who, fewest, g->k);
}

static enum err check(struct ctx *cx, const struct allocate_ask *a)
{
	if (a->k < 1 || a->k > ALLOCATE_K_MOST)
		return err_field(cx, ERR_INVALID, "/per",
				 "each reviews 1 to %d works", ALLOCATE_K_MOST);
	if (a->n > ALLOCATE_MOST)
		return err_field(cx, ERR_INVALID, "/reviewers",
				 "at most %d reviewers", ALLOCATE_MOST);
	if (a->n < a->k + 1)
		return err_field(cx, ERR_INVALID, "/reviewers",
				 "%u reviews each need at least %u people; "
				 "there are %u",
				 a->k, a->k + 1, a->n);
	return OK;
}

static enum err certify(struct ctx *cx, const struct graph *g, uint32_t *from,
			struct allocate_certificate *out)
{
	size_t m = (size_t)g->n * g->k;

	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / g->k);
	return allocate_certify(cx, g->n, from, g->out, m, out);
}

/* Fewer faults; of as many, the one that hangs together and mixes better. */
static bool is_better(uint64_t left, const struct allocate_certificate *c,
		      uint64_t best_left, const struct allocate_certificate *b)
{
	if (left != best_left)
		return left < best_left;
	if (c->components != b->components)
		return c->components < b->components;
	return c->sigma2 < b->sigma2;
}

static enum err best_draw(struct ctx *cx, struct graph *g, uint64_t *left)
{
	size_t m = (size_t)g->n * g->k;
	uint32_t *room = ARENA_ARRAY(cx->arena, uint32_t, m);
	uint32_t *best = ARENA_ARRAY(cx->arena, uint32_t, m);
	struct arena *outer = cx->arena, *one = arena_new(65536);
	struct allocate_certificate c = { 0 }, kept = { 0 };
	enum err e = OK;

	*left = UINT64_MAX;
	cx->arena = one;
	for (int i = 0; !e && i < DRAWS && !kept.ok; i++) {
		uint64_t now;

		draw(g, room);
		now = mend_all(g);
		e = certify(cx, g, room, &c);
		arena_reset(one);
		if (e || !is_better(now, &c, *left, &kept))
			continue;
		*left = now;
		kept = c;
		memcpy(best, g->out, m * sizeof(*best));
	}
	cx->arena = outer;
	arena_free(one);
	g->out = best;
	return e;
}

enum err allocate(struct ctx *cx, const struct allocate_ask *a, uint32_t **out,
		  uint64_t *swaps)
{
	struct graph g = { .ask = a, .n = a->n, .k = a->k };
	uint64_t left = 0;
	enum err e = check(cx, a);

	if (e)
		return e;
	g.out = ARENA_ARRAY(cx->arena, uint32_t, (size_t)a->n * a->k);
	rng_seeded_from(&g.rng, a->seed);
	if (a->n == a->k + 1 && !a->conflict)
		everybody(&g);
	else
		e = best_draw(cx, &g, &left);
	if (!e && left >= HARD)
		e = too_few(cx, &g);
	if (e)
		return e;
	*out = g.out;
	*swaps = g.swaps;
	return OK;
}
