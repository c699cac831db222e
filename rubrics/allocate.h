/*
 * allocate: who reviews whom in a cohort with one deadline, and its
 * certificate.
 *
 * Each of n people reviews k others' works and each work is reviewed k times;
 * no two review each other, no three in a circle, the graph is strongly
 * connected and mixes well (second singular value of the row-normalised review
 * matrix). Random derangements without repeats, repaired by random swaps. The
 * same seed gives the same allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum { ALLOCATE_MOST = 1000000, ALLOCATE_K_MOST = 20 };
/* Nobody asks for no circles and good mixing where they cannot be had. */
enum { ALLOCATE_CIRCLES_FROM = 20 /* people */, ALLOCATE_MIXES_FROM = 3 };
#define ALLOCATE_SIGMA_MOST 0.95 /* a random graph of k each: 2 sqrt(k-1)/k */

struct allocate_ask {
	uint32_t n, k;
	uint64_t seed;
	/*
	 * May reviewer never have author's work (team, identity, declared)?
	 * NULL: only his own. Must be symmetric.
	 */
	bool (*conflict)(void *arg, uint32_t reviewer, uint32_t author);
	void *arg;
};

/*
 * out[reviewer * k + j]: the author whose work is the j-th. n * k of them, in
 * the arena. ERR_INVALID with field "/reviewers" or "/per": n < k + 1 (n =
 * k + 1 gives everybody to everybody, with reciprocal pairs), too many.
 * ERR_PRECONDITION: conflicts leave no allocation; the sentence names who has
 * the fewest to choose from (by index). Everything else is as good as a few
 * draws with a bounded number of swaps could make it, which in small cohorts
 * and with many reviews each is not always all: the certificate tells.
 */
MUST enum err allocate(struct ctx *cx, const struct allocate_ask *a,
		       uint32_t **out, uint64_t *swaps);

struct allocate_certificate {
	uint32_t n, k;
	uint32_t out_min, out_max, in_min, in_max; /* degrees */
	uint64_t self, repeated;   /* own works; the same twice */
	uint64_t reciprocal_pairs; /* {a, b}: each reviews the other */
	uint64_t three_cycles;	   /* directed, each counted once */
	uint32_t components;	   /* strongly connected */
	double sigma2;		   /* to 1e-6; 1 for a ring */
	/*
	 * Degrees exact, no self, no repeats, no pairs, one component; from
	 * ALLOCATE_CIRCLES_FROM people on no circles of three, and with
	 * ALLOCATE_MIXES_FROM reviews each or more sigma2 <=
	 * ALLOCATE_SIGMA_MOST.
	 */
	bool ok;
};
/* From the edges alone, in any order: m of them. */
MUST enum err allocate_certify(struct ctx *cx, uint32_t n,
			       const uint32_t *reviewer, const uint32_t *author,
			       size_t m, struct allocate_certificate *out);
/* Strongly connected components; all indices below n. */
uint32_t allocate_components(struct ctx *cx, uint32_t n, const uint32_t *from,
			     const uint32_t *to, size_t m);
