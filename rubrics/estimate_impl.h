/*
 * estimate_impl: what an estimator is made of; for estimate*.c alone.
 *
 * Artifacts and reviewers are nodes, grades that count are edges. A node's
 * edges lie together in a block of the pool, each with a copy of the score, so
 * that an update reads one block and one node for each edge. Blocks have 2^c
 * places; one that is outgrown goes to the list of its size.
 */
#pragma once

#include "base/err.h"
#include "rubrics/estimate.h"

#define ESTIMATE_NONE UINT32_MAX

enum { ARTIFACTS, REVIEWERS, NODE_KINDS };
enum { ESTIMATE_BUCKETS = 12, ESTIMATE_BLOCK_SIZES = 32 };

struct node {
	double mean, var; /* artifact: of s; reviewer: of b */
	double tau;	  /* reviewer: E tau */
	/* How far its mean may be from what its neighbours now say. */
	double owed;
	uint32_t next, before; /* in the bucket: names of nodes */
	uint32_t edges;	       /* its block: first place in the pool */
	uint32_t n;	       /* edges */
	uint32_t anchors;      /* artifact: the first in its chain */
	uint8_t size;	       /* the block has 2^size places */
	uint8_t bucket;	       /* 0: not in line; the highest goes first */
	uint8_t to_64[10];     /* what is read of others lies in one line */
};

struct edge {
	double score;
	uint32_t other; /* index of the node of the other kind */
	uint32_t grade; /* in a free block's first edge: the next free block */
};

struct grade {
	double score;
	uint32_t node[NODE_KINDS];
	uint32_t at[NODE_KINDS]; /* place in the block; NONE: counts not */
};

struct anchor {
	double score, precision;
	uint32_t artifact, next;
	bool counts;
};

struct bucket {
	uint32_t first, last;
};

/* What an update gives a node. */
struct fitted {
	double mean, var, tau;
};

struct estimator {
	struct estimate_priors p;
	double eps, per_eps; /* of a mean, in the scores' unit; 1/eps */
	struct node *nodes[NODE_KINDS];
	struct edge *pool;
	struct grade *grades;
	struct anchor *anchors;
	size_t n_nodes[NODE_KINDS], room_nodes[NODE_KINDS];
	size_t n_pool, room_pool;
	size_t n_grades, room_grades;
	size_t n_anchors, room_anchors;
	uint32_t free_blocks[ESTIMATE_BLOCK_SIZES];
	struct bucket line[ESTIMATE_BUCKETS + 1]; /* 0 is not used */
	size_t waiting;
};

static inline const struct edge *estimator_edges(const struct estimator *e,
						 const struct node *n)
{
	return n->n ? e->pool + n->edges : NULL;
}

/* What neighbours, anchors and priors say of a node now. */
struct fitted estimator_fit_artifact(const struct estimator *e,
				     const struct node *s);
struct fitted estimator_fit_reviewer(const struct estimator *e,
				     const struct node *b, int steps);
/* Updates all until nothing moves; false: it did not come to that. */
bool estimator_sweep(struct estimator *e);

/* The node of this kind; its index comes from a caller. */
static inline const struct node *estimator_node(const struct estimator *e,
						int kind, uint32_t i)
{
	CHECK(i < e->n_nodes[kind]);
	return e->nodes[kind] + i;
}
