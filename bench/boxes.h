/*
 * boxes: what the benches of the sandbox share. A boxing has one host for runs
 * in this process (what a box costs by itself), or boxes in a process of their
 * own, as workers use them.
 */
#pragma once

#include "bench/bench.h"
#include "sandbox/box_client.h"

struct boxing {
	struct ctx cx;
	struct box_host *host;
	struct boxes *boxes;
	struct str trivial, burner; /* programs, compiled once */
};

/* Whatever is started from now on runs before others; as root. */
bool boxes_go_first(bool first);
/* Many tests, limits, load, ten thousand runs: bench_boxes.c. */
void boxes_figures(struct run *r, struct boxing *b);
