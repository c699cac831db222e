/*
 * allocation: an allocation as lines of JSON, by which anybody can check it:
 * {"reviewer":R,"author":A}, one for each review, and {"certificate":{…}} at
 * the end. People are numbered from 0.
 */
#pragma once

#include "base/field.h"
#include "rubrics/allocate.h"

struct allocation_edge {
	int64_t reviewer, author;
};
extern const struct shape allocation_edge_shape;

/* struct allocate_certificate, as it is written. */
struct allocation_certificate {
	int64_t n, k, out_min, out_max, in_min, in_max;
	int64_t self, repeated, reciprocal_pairs, three_cycles, components;
	struct dec sigma2;
	bool ok;
};
/* Edges alone tell the certificate; where they come from is said beside it. */
struct allocation_end {
	struct allocation_certificate certificate;
	bool is_made; /* has seed and swaps */
	int64_t seed, swaps;
};
extern const struct shape allocation_certificate_shape, allocation_end_shape;

/* A number that every reader of JSON takes as it is. */
#define ALLOCATION_SEED_MOST ((INT64_C(1) << 53) - 1)

struct allocation_certificate
allocation_certificate_of(const struct allocate_certificate *c);
