/*
 * Theory of operation: coordinate ascent by a worklist. Updating a node gives
 * it what its neighbours now say; then each neighbour is told to first order
 * how far that moves it, and adds it to what it is owed. A node that is owed
 * ESTIMATE_EPS or more is in line, in a bucket by the size of what it is owed
 * (a factor of 8 each), and the largest goes first: what has just been graded
 * is updated at once even if much else waits. What is owed below the threshold
 * is kept, so many small changes are not lost. Where many wait and there is no
 * budget, going through all in turn is quicker (estimate_sweep.c).
 */
#include "rubrics/estimate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rubrics/estimate_impl.h"

enum {
	ROUNDS = 2000,	/* of all nodes, in one settle without a budget */
	MANY = 16,	/* one in so many waits: all are updated */
	STEPS = 8,	/* between bias and precision in one update */
	BUCKET_BITS = 3 /* a bucket spans a factor of 2^3 */
};
#define KIND_BIT UINT32_C(0x80000000) /* of a node's name: a reviewer */

const struct estimate_priors estimate_priors_unit = {
	.mu = 0.65, .gamma = 40, .eta = 150, .a0 = 2, .b0 = 0.03
};

static void *grow(void *p, size_t want, size_t *room, size_t size)
{
	size_t more = *room ? *room : 16;

	if (want <= *room)
		return p;
	while (more < want)
		more *= 2;
	p = realloc(p, more * size); /* allowed: grows with the grades */
	CHECK(p);
	*room = more;
	return p;
}

/* ---- the line ---- */

static struct node *node_named(struct estimator *e, uint32_t name)
{
	return name & KIND_BIT ? &e->nodes[REVIEWERS][name & ~KIND_BIT]
			       : &e->nodes[ARTIFACTS][name];
}

static uint32_t name_of(int kind, uint32_t i)
{
	return kind == REVIEWERS ? i | KIND_BIT : i;
}

static void leave(struct estimator *e, struct node *n)
{
	struct bucket *b = &e->line[n->bucket];

	if (n->before == ESTIMATE_NONE)
		b->first = n->next;
	else
		node_named(e, n->before)->next = n->next;
	if (n->next == ESTIMATE_NONE)
		b->last = n->before;
	else
		node_named(e, n->next)->before = n->before;
	n->bucket = 0;
	e->waiting--;
}

static void enter(struct estimator *e, uint32_t name, struct node *n,
		  uint8_t bucket)
{
	struct bucket *b = &e->line[bucket];

	n->bucket = bucket;
	n->next = ESTIMATE_NONE;
	n->before = b->last;
	if (b->last == ESTIMATE_NONE)
		b->first = name;
	else
		node_named(e, b->last)->next = name;
	b->last = name;
	e->waiting++;
}

/* Of x >= 1 (in units of eps): 1 to ESTIMATE_BUCKETS. */
static uint8_t bucket_of(double x)
{
	uint64_t bits;
	int power;

	memcpy(&bits, &x, sizeof(bits));
	power = (int)(bits >> 52 & 0x7ff) - 1023;
	power = power / (int)BUCKET_BITS + 1;
	return power < ESTIMATE_BUCKETS ? (uint8_t)power : ESTIMATE_BUCKETS;
}

static void owe(struct estimator *e, int kind, uint32_t i, double x)
{
	struct node *n = &e->nodes[kind][i];
	uint8_t bucket;

	n->owed += x;
	if (n->owed < e->eps)
		return;
	bucket = bucket_of(n->owed * e->per_eps);
	if (bucket <= n->bucket)
		return;
	if (n->bucket)
		leave(e, n);
	enter(e, name_of(kind, i), n, bucket);
}

/* Something of its own changed: it goes first. */
static void touch(struct estimator *e, int kind, uint32_t i)
{
	owe(e, kind, i, e->eps * 0x1p40);
}

/* ---- edges ---- */

static uint32_t block_new(struct estimator *e, uint8_t size)
{
	uint32_t block = e->free_blocks[size];

	if (block != ESTIMATE_NONE) {
		e->free_blocks[size] = e->pool[block].grade;
		return block;
	}
	block = (uint32_t)e->n_pool;
	e->n_pool += (size_t)1 << size;
	CHECK(e->n_pool < ESTIMATE_NONE);
	e->pool = grow(e->pool, e->n_pool, &e->room_pool, sizeof(*e->pool));
	return block;
}

static void block_free(struct estimator *e, uint32_t block, uint8_t size)
{
	e->pool[block].grade = e->free_blocks[size];
	e->free_blocks[size] = block;
}

static void make_room(struct estimator *e, struct node *n)
{
	uint32_t old = n->edges;

	if (old == ESTIMATE_NONE) {
		n->size = 0;
		n->edges = block_new(e, 0);
	} else if (n->n == UINT32_C(1) << n->size) {
		CHECK(n->size + 1 < ESTIMATE_BLOCK_SIZES);
		n->edges = block_new(e, n->size + 1);
		memcpy(e->pool + n->edges, e->pool + old,
		       n->n * sizeof(*e->pool));
		block_free(e, old, n->size++);
	}
}

static void edge_add(struct estimator *e, uint32_t grade, int kind)
{
	struct grade *g = &e->grades[grade];
	struct node *n = &e->nodes[kind][g->node[kind]];

	make_room(e, n);
	g->at[kind] = n->n++;
	e->pool[n->edges + g->at[kind]] = (struct edge){
		.score = g->score, .other = g->node[!kind], .grade = grade
	};
	touch(e, kind, g->node[kind]);
}

/* The last edge takes its place. */
static void edge_remove(struct estimator *e, uint32_t grade, int kind)
{
	struct grade *g = &e->grades[grade];
	struct node *n = &e->nodes[kind][g->node[kind]];
	struct edge *at = e->pool + n->edges + g->at[kind];

	*at = e->pool[n->edges + --n->n];
	e->grades[at->grade].at[kind] = g->at[kind];
	g->at[kind] = ESTIMATE_NONE;
	touch(e, kind, g->node[kind]);
}

/* ---- updates ---- */

struct fitted estimator_fit_artifact(const struct estimator *e,
				     const struct node *s)
{
	const struct node *reviewers = e->nodes[REVIEWERS];
	const struct edge *edges = estimator_edges(e, s);
	double weight = e->p.gamma, sum = e->p.gamma * e->p.mu;

	for (uint32_t k = 0; k < s->n; k++) {
		const struct node *b = &reviewers[edges[k].other];

		weight += b->tau;
		sum += b->tau * (edges[k].score - b->mean);
	}
	for (uint32_t a = s->anchors; a != ESTIMATE_NONE;
	     a = e->anchors[a].next) {
		const struct anchor *at = &e->anchors[a];

		weight += at->counts ? at->precision : 0;
		sum += at->counts ? at->precision * at->score : 0;
	}
	return (struct fitted){ .mean = sum / weight, .var = 1 / weight };
}

/* Bias and precision of one reviewer depend on each other. */
struct fitted estimator_fit_reviewer(const struct estimator *e,
				     const struct node *b, int steps)
{
	const struct estimate_priors *p = &e->p;
	const struct node *artifacts = e->nodes[ARTIFACTS];
	const struct edge *edges = estimator_edges(e, b);
	double n = b->n, pull = p->eta * p->bias;
	double sum = 0, squares = 0, var = 0;
	struct fitted f = { .tau = b->tau };

	for (uint32_t k = 0; k < b->n; k++) {
		const struct node *s = &artifacts[edges[k].other];
		double d = edges[k].score - s->mean;

		sum += d;
		squares += d * d;
		var += s->var;
	}
	for (int i = 0; i < steps; i++) {
		double old = f.tau;

		f.var = 1 / (p->eta + n * old);
		f.mean = f.var * (pull + old * sum);
		f.tau = (p->a0 + 0.5 * n) /
			(p->b0 + 0.5 * (squares - 2 * f.mean * sum +
					n * f.mean * f.mean + var + n * f.var));
		if (fabs(f.tau - old) <= 4 * DBL_EPSILON * old)
			break;
	}
	f.var = 1 / (p->eta + n * f.tau);
	f.mean = f.var * (pull + f.tau * sum);
	return f;
}

static void artifact_update(struct estimator *e, struct node *s)
{
	const struct node *reviewers = e->nodes[REVIEWERS];
	const struct edge *edges = estimator_edges(e, s);
	struct fitted f = estimator_fit_artifact(e, s);
	double moved = fabs(f.mean - s->mean), var_moved = fabs(f.var - s->var);

	s->mean = f.mean;
	s->var = f.var;
	if (moved == 0 && var_moved == 0)
		return;
	for (uint32_t k = 0; k < s->n; k++) {
		const struct node *b = &reviewers[edges[k].other];
		double r = fabs(edges[k].score - s->mean - b->mean);
		/* Relative; it shows in units of 1/sqrt(tau). */
		double tau = b->tau * (r * moved + 0.5 * var_moved) /
			     (e->p.a0 + 0.5 * b->n);

		owe(e, REVIEWERS, edges[k].other,
		    b->tau * b->var * moved + tau / sqrt(b->tau));
	}
}

static void reviewer_update(struct estimator *e, struct node *b)
{
	const struct node *artifacts = e->nodes[ARTIFACTS];
	const struct edge *edges = estimator_edges(e, b);
	struct fitted f = estimator_fit_reviewer(e, b, STEPS);
	double moved = fabs(f.mean - b->mean), tau_moved = fabs(f.tau - b->tau);

	b->mean = f.mean;
	b->var = f.var;
	b->tau = f.tau;
	if (moved == 0 && tau_moved == 0)
		return;
	for (uint32_t k = 0; k < b->n; k++) {
		const struct node *s = &artifacts[edges[k].other];
		double r = fabs(edges[k].score - b->mean - s->mean);

		owe(e, ARTIFACTS, edges[k].other,
		    s->var * (b->tau * moved + tau_moved * (r + sqrt(s->var))));
	}
}

/* The first of the highest bucket. */
static void update_next(struct estimator *e)
{
	int bucket = ESTIMATE_BUCKETS;
	uint32_t name;
	struct node *n;

	while (e->line[bucket].first == ESTIMATE_NONE)
		bucket--;
	name = e->line[bucket].first;
	n = node_named(e, name);
	leave(e, n);
	n->owed = 0;
	if (name & KIND_BIT)
		reviewer_update(e, n);
	else
		artifact_update(e, n);
}

/* All are up to date: nobody is owed anything. */
static void clear_line(struct estimator *e)
{
	for (int i = 0; i <= ESTIMATE_BUCKETS; i++)
		e->line[i] = (struct bucket){ ESTIMATE_NONE, ESTIMATE_NONE };
	for (int kind = 0; kind < NODE_KINDS; kind++)
		for (size_t i = 0; i < e->n_nodes[kind]; i++) {
			e->nodes[kind][i].bucket = 0;
			e->nodes[kind][i].owed = 0;
		}
	e->waiting = 0;
}

static void touch_all(struct estimator *e)
{
	for (int kind = 0; kind < NODE_KINDS; kind++)
		for (size_t i = 0; i < e->n_nodes[kind]; i++)
			touch(e, kind, (uint32_t)i);
}

/* Without a budget: where many wait, all are updated in their order. */
static void settle_all(struct estimator *e)
{
	size_t nodes = e->n_nodes[ARTIFACTS] + e->n_nodes[REVIEWERS];
	size_t most = ROUNDS * nodes;

	while (e->waiting && most--) {
		if (e->waiting <= nodes / MANY) {
			update_next(e);
			continue;
		}
		clear_line(e);
		if (!estimator_sweep(e))
			touch_all(e);
		return;
	}
}

size_t estimator_settle(struct estimator *e, size_t most)
{
	if (most == 0)
		settle_all(e);
	else
		while (e->waiting && most--)
			update_next(e);
	return e->waiting;
}

/* ---- what there is ---- */

static void use(struct estimator *e, const struct estimate_priors *p)
{
	CHECK(isfinite(p->mu) && isfinite(p->bias) && p->gamma > 0 &&
	      p->eta > 0 && p->a0 > 0 && p->b0 > 0);
	e->p = *p;
	/* The second term: what rounding moves a mean by is no change. */
	e->eps =
		ESTIMATE_EPS * sqrt(1 / p->gamma + 1 / p->eta + p->b0 / p->a0) +
		8 * DBL_EPSILON * fabs(p->mu);
	e->per_eps = 1 / e->eps;
}

struct estimator *estimator_new(const struct estimate_priors *p)
{
	struct estimator *e =
		calloc(1, sizeof(*e)); /* allowed: an object's lifetime */

	CHECK(e);
	use(e, p);
	for (int i = 0; i < ESTIMATE_BLOCK_SIZES; i++)
		e->free_blocks[i] = ESTIMATE_NONE;
	for (int i = 0; i <= ESTIMATE_BUCKETS; i++)
		e->line[i] = (struct bucket){ ESTIMATE_NONE, ESTIMATE_NONE };
	return e;
}

void estimator_free(struct estimator *e)
{
	if (!e)
		return;
	free(e->nodes[ARTIFACTS]);
	free(e->nodes[REVIEWERS]);
	free(e->pool);
	free(e->grades);
	free(e->anchors);
	free(e);
}

const struct estimate_priors *estimator_priors(const struct estimator *e)
{
	return &e->p;
}

void estimator_use(struct estimator *e, const struct estimate_priors *p)
{
	use(e, p);
	touch_all(e);
}

static uint32_t node_new(struct estimator *e, int kind)
{
	const struct estimate_priors *p = &e->p;
	size_t i = e->n_nodes[kind]++;

	CHECK(i < KIND_BIT - 1);
	e->nodes[kind] = grow(e->nodes[kind], i + 1, &e->room_nodes[kind],
			      sizeof(*e->nodes[kind]));
	e->nodes[kind][i] = (struct node){
		.mean = kind == ARTIFACTS ? p->mu : p->bias,
		.var = 1 / (kind == ARTIFACTS ? p->gamma : p->eta),
		.tau = p->a0 / p->b0,
		.next = ESTIMATE_NONE,
		.before = ESTIMATE_NONE,
		.edges = ESTIMATE_NONE,
		.anchors = ESTIMATE_NONE,
	};
	return (uint32_t)i;
}

uint32_t estimator_artifact(struct estimator *e)
{
	return node_new(e, ARTIFACTS);
}

uint32_t estimator_reviewer(struct estimator *e)
{
	return node_new(e, REVIEWERS);
}

uint32_t estimator_grade(struct estimator *e, uint32_t artifact,
			 uint32_t reviewer, double score)
{
	uint32_t i = (uint32_t)e->n_grades;

	CHECK(artifact < e->n_nodes[ARTIFACTS] &&
	      reviewer < e->n_nodes[REVIEWERS] && isfinite(score));
	CHECK(e->n_grades < ESTIMATE_NONE);
	e->grades = grow(e->grades, ++e->n_grades, &e->room_grades,
			 sizeof(*e->grades));
	e->grades[i] = (struct grade){ .score = score,
				       .node = { artifact, reviewer } };
	edge_add(e, i, ARTIFACTS);
	edge_add(e, i, REVIEWERS);
	return i;
}

void estimator_count(struct estimator *e, uint32_t grade, bool counts)
{
	CHECK(grade < e->n_grades);
	if ((e->grades[grade].at[ARTIFACTS] != ESTIMATE_NONE) == counts)
		return;
	for (int kind = 0; kind < NODE_KINDS; kind++) {
		if (counts)
			edge_add(e, grade, kind);
		else
			edge_remove(e, grade, kind);
	}
}

uint32_t estimator_anchor(struct estimator *e, uint32_t artifact, double score,
			  double precision)
{
	uint32_t i = (uint32_t)e->n_anchors;
	struct node *s;

	CHECK(artifact < e->n_nodes[ARTIFACTS] && isfinite(score) &&
	      precision > 0 && isfinite(precision));
	CHECK(e->n_anchors < ESTIMATE_NONE);
	s = &e->nodes[ARTIFACTS][artifact];
	e->anchors = grow(e->anchors, ++e->n_anchors, &e->room_anchors,
			  sizeof(*e->anchors));
	e->anchors[i] = (struct anchor){ .score = score,
					 .precision = precision,
					 .artifact = artifact,
					 .next = s->anchors,
					 .counts = true };
	s->anchors = i;
	touch(e, ARTIFACTS, artifact);
	return i;
}

void estimator_count_anchor(struct estimator *e, uint32_t anchor, bool counts)
{
	CHECK(anchor < e->n_anchors);
	if (e->anchors[anchor].counts == counts)
		return;
	e->anchors[anchor].counts = counts;
	touch(e, ARTIFACTS, e->anchors[anchor].artifact);
}
