/*
 * peer_allocate: the lines of an allocation, which `assay peer allocate` writes
 * and --check reads: {"reviewer":R,"author":A}, one for each review, and one
 * {"certificate":{…}} at the end. People are numbered from 0.
 */
#pragma once

#include "base/field.h"
#include "cli/args.h"
#include "cli/cli.h"
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
/* "the allocation has 3 reciprocal pairs, …" of one that is not ok. */
void allocation_faults(struct buf *b, const struct allocate_certificate *c);

/* Pairs of --conflicts; for allocate's conflict function. All-zero: none. */
struct allocation_conflicts {
	struct pair_map *pairs;
};
/* Those of the flag, among n people; freed with _done. */
MUST enum err allocation_conflicts_read(struct cli *c, const struct args *a,
					uint32_t n,
					struct allocation_conflicts *out);
void allocation_conflicts_done(struct allocation_conflicts *c);
bool allocation_conflict(void *conflicts, uint32_t reviewer, uint32_t author);

/* assay peer allocate --check FILE */
int allocation_check(struct cli *c, const struct args *a);
