/* What an allocation is like, from its edges alone. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "rubrics/allocate.h"

enum {
	STEPS = 4000, /* of Lanczos, at most */
	LOOK = 40,    /* steps between two looks at the value */
	POWER = 400,
};
#define SIGMA_EPS 1e-10

/* Rows of targets, one after another. */
struct rows {
	uint32_t n;
	size_t *at;   /* [n + 1] */
	uint32_t *to; /* [m] */
};

static void make_rows(struct ctx *cx, uint32_t n, const uint32_t *from,
		      const uint32_t *to, size_t m, struct rows *out)
{
	size_t *next = ARENA_ARRAY(cx->arena, size_t, (size_t)n + 1);

	*out = (struct rows){
		.n = n,
		.at = ARENA_ARRAY(cx->arena, size_t, (size_t)n + 1),
		.to = ARENA_ARRAY(cx->arena, uint32_t, m + 1),
	};
	for (size_t i = 0; i < m; i++)
		out->at[from[i] + 1]++;
	for (uint32_t i = 0; i < n; i++)
		out->at[i + 1] += out->at[i];
	memcpy(next, out->at, ((size_t)n + 1) * sizeof(*next));
	for (size_t i = 0; i < m; i++)
		out->to[next[from[i]]++] = to[i];
}

static bool has(const struct rows *r, uint32_t from, uint32_t to)
{
	for (size_t i = r->at[from]; i < r->at[from + 1]; i++)
		if (r->to[i] == to)
			return true;
	return false;
}

static void degrees(struct ctx *cx, const struct rows *r,
		    struct allocate_certificate *c)
{
	uint32_t *in = ARENA_ARRAY(cx->arena, uint32_t, r->n);

	c->out_min = c->in_min = UINT32_MAX;
	for (size_t i = 0; i < r->at[r->n]; i++)
		in[r->to[i]]++;
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t out = (uint32_t)(r->at[i + 1] - r->at[i]);

		c->out_min = out < c->out_min ? out : c->out_min;
		c->out_max = out > c->out_max ? out : c->out_max;
		c->in_min = in[i] < c->in_min ? in[i] : c->in_min;
		c->in_max = in[i] > c->in_max ? in[i] : c->in_max;
	}
	c->k = c->out_max;
}

/* Each pair is seen twice, each circle three times. */
static void circles(const struct rows *r, struct allocate_certificate *c)
{
	uint64_t pairs = 0, cycles = 0;

	for (uint32_t a = 0; a < r->n; a++)
		for (size_t i = r->at[a]; i < r->at[a + 1]; i++) {
			uint32_t b = r->to[i];

			c->self += a == b;
			for (size_t k = r->at[a]; k < i; k++)
				c->repeated += r->to[k] == b;
			if (a == b)
				continue;
			pairs += has(r, b, a);
			for (size_t k = r->at[b]; k < r->at[b + 1]; k++) {
				uint32_t d = r->to[k];

				cycles += d != a && d != b && has(r, d, a);
			}
		}
	c->reciprocal_pairs = pairs / 2;
	c->three_cycles = cycles / 3;
}

/* ---- strongly connected components: Tarjan 1972, without recursion ---- */

struct tarjan {
	uint32_t *index, *low, *stack, *path;
	size_t *next;
	bool *on;
	uint32_t counter, depth, top, found;
};

static void enter(struct tarjan *t, const struct rows *r, uint32_t v)
{
	t->index[v] = t->low[v] = ++t->counter;
	t->next[v] = r->at[v];
	t->stack[t->top++] = v;
	t->on[v] = true;
	t->path[t->depth++] = v;
}

static void leave(struct tarjan *t, uint32_t v)
{
	uint32_t w;

	t->depth--;
	if (t->depth && t->low[v] < t->low[t->path[t->depth - 1]])
		t->low[t->path[t->depth - 1]] = t->low[v];
	if (t->low[v] != t->index[v])
		return;
	t->found++;
	do {
		w = t->stack[--t->top];
		t->on[w] = false;
	} while (w != v);
}

uint32_t allocate_components(struct ctx *cx, uint32_t n, const uint32_t *from,
			     const uint32_t *to, size_t m)
{
	struct arena *a = cx->arena;
	struct tarjan t = { .index = ARENA_ARRAY(a, uint32_t, n),
			    .low = ARENA_ARRAY(a, uint32_t, n),
			    .stack = ARENA_ARRAY(a, uint32_t, n),
			    .path = ARENA_ARRAY(a, uint32_t, n),
			    .next = ARENA_ARRAY(a, size_t, n),
			    .on = ARENA_ARRAY(a, bool, n) };
	struct rows r;

	make_rows(cx, n, from, to, m, &r);
	for (uint32_t s = 0; s < n; s++) {
		if (!t.index[s])
			enter(&t, &r, s);
		while (t.depth) {
			uint32_t v = t.path[t.depth - 1], w;

			if (t.next[v] == r.at[v + 1]) {
				leave(&t, v);
				continue;
			}
			w = r.to[t.next[v]++];
			if (!t.index[w])
				enter(&t, &r, w);
			else if (t.on[w] && t.index[w] < t.low[v])
				t.low[v] = t.index[w];
		}
	}
	return t.found;
}

/* ---- the second singular value ---- */

/* y = (M' M) x, with M the row-normalised matrix. */
static void multiply(const struct rows *r, const double *x, double *y)
{
	memset(y, 0, r->n * sizeof(*y));
	for (uint32_t a = 0; a < r->n; a++) {
		size_t out = r->at[a + 1] - r->at[a];
		double sum = 0;

		for (size_t i = r->at[a]; i < r->at[a + 1]; i++)
			sum += x[r->to[i]];
		for (size_t i = r->at[a]; i < r->at[a + 1]; i++)
			y[r->to[i]] += sum / (double)(out * out);
	}
}

static double dot(const double *a, const double *b, uint32_t n)
{
	double s = 0;

	for (uint32_t i = 0; i < n; i++)
		s += a[i] * b[i];
	return s;
}

static double normalise(double *x, uint32_t n)
{
	double s = sqrt(dot(x, x, n));

	for (uint32_t i = 0; s > 0 && i < n; i++)
		x[i] /= s;
	return s;
}

static void without(double *x, const double *v, uint32_t n)
{
	double d = dot(x, v, n);

	for (uint32_t i = 0; i < n; i++)
		x[i] -= d * v[i];
}

/* With equal degrees it is the same number everywhere; else it is iterated. */
static void first_vector(const struct rows *r, bool regular, double *v,
			 double *room)
{
	for (uint32_t i = 0; i < r->n; i++)
		v[i] = 1;
	normalise(v, r->n);
	for (int i = 0; !regular && i < POWER; i++) {
		multiply(r, v, room);
		memcpy(v, room, r->n * sizeof(*v));
		normalise(v, r->n);
	}
}

/* The greatest eigenvalue of a symmetric tridiagonal matrix, by bisection on
   the signs of its leading minors (Sturm). */
static double greatest(const double *diagonal, const double *off, int n)
{
	double lo = 0, hi = 2;

	for (int step = 0; step < 60; step++) {
		double mid = (lo + hi) / 2, d = diagonal[0] - mid;
		int above = d > 0;

		for (int i = 1; i < n; i++) {
			if (d == 0)
				d = 1e-300;
			d = diagonal[i] - mid - off[i - 1] * off[i - 1] / d;
			above += d > 0;
		}
		if (above)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Lanczos without keeping the vectors: copies of eigenvalues that appear do
 * not change the greatest.
 */
static double second_singular(struct ctx *cx, const struct rows *r,
			      bool regular)
{
	double *v1 = ARENA_ARRAY(cx->arena, double, r->n);
	double *q = ARENA_ARRAY(cx->arena, double, r->n);
	double *before = ARENA_ARRAY(cx->arena, double, r->n);
	double *z = ARENA_ARRAY(cx->arena, double, r->n);
	double *diagonal = ARENA_ARRAY(cx->arena, double, STEPS);
	double *off = ARENA_ARRAY(cx->arena, double, STEPS);
	double value = 0, last = -1;
	struct rng_seeded rng;
	int n = 0;

	first_vector(r, regular, v1, z);
	rng_seeded_from(&rng, 1);
	for (uint32_t i = 0; i < r->n; i++)
		q[i] = (double)rng_below(&rng.rng, 2000001) / 1e6 - 1;
	without(q, v1, r->n);
	if (!(normalise(q, r->n) > 0))
		return 0;
	while (n < STEPS) {
		multiply(r, q, z);
		without(z, v1, r->n);
		diagonal[n] = dot(q, z, r->n);
		for (uint32_t i = 0; i < r->n; i++)
			z[i] -= diagonal[n] * q[i] +
				(n ? off[n - 1] * before[i] : 0);
		off[n] = normalise(z, r->n);
		n++;
		if (n % LOOK == 0 || off[n - 1] < 1e-13) {
			value = greatest(diagonal, off, n);
			if (off[n - 1] < 1e-13 ||
			    fabs(value - last) < SIGMA_EPS)
				break;
			last = value;
		}
		memcpy(before, q, r->n * sizeof(*q));
		memcpy(q, z, r->n * sizeof(*q));
	}
	return sqrt(value > 0 ? value : 0);
}

enum err allocate_certify(struct ctx *cx, uint32_t n, const uint32_t *reviewer,
			  const uint32_t *author, size_t m,
			  struct allocate_certificate *out)
{
	struct allocate_certificate c = { .n = n };
	struct rows r;
	bool exact, mixes;

	for (size_t i = 0; i < m; i++)
		if (reviewer[i] >= n || author[i] >= n)
			return err_set(cx, ERR_INVALID,
				       "review %zu names somebody who is not "
				       "among the %u",
				       i + 1, n);
	if (!n || !m)
		return err_set(cx, ERR_INVALID, "there are no reviews");
	make_rows(cx, n, reviewer, author, m, &r);
	degrees(cx, &r, &c);
	circles(&r, &c);
	c.components = allocate_components(cx, n, reviewer, author, m);
	exact = c.out_min == c.out_max && c.in_min == c.in_max &&
		c.in_min == c.out_min;
	c.sigma2 = second_singular(cx, &r, exact);
	mixes = c.out_max < ALLOCATE_MIXES_FROM ||
		c.sigma2 <= ALLOCATE_SIGMA_MOST;
	c.ok = exact && !c.self && !c.repeated && !c.reciprocal_pairs &&
	       c.components == 1 &&
	       (n < ALLOCATE_CIRCLES_FROM || (!c.three_cycles && mixes));
	*out = c;
	return OK;
}
