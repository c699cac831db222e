/*
 * peer_allocate: what `assay peer allocate` and its --check share; the lines
 * are in rubrics/allocation.h.
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"
#include "rubrics/allocation.h"

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
