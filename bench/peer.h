/*
 * peer: the parts of the bench "peer", each in the file of its name: figures of
 * rubrics/ from models, beside what is asked of them.
 */
#pragma once

#include "base/rng.h"
#include "bench/bench.h"

void peer_licence(struct run *r);
void peer_agreement(struct run *r);
void peer_estimate(struct run *r);
void peer_estimate_model(struct run *r); /* how good they are */
void peer_queue(struct run *r);
void peer_allocate(struct run *r);
void peer_simulate(struct run *r);

/* ---- peer.c: what they share ---- */

double peer_uniform(struct rng *r); /* between 0 and 1, neither of them */
double peer_normal(struct rng *r);
/* target: as in struct figure. */
void peer_figure(struct run *r, const char *name, const char *unit,
		 double value, double target);
double peer_seconds(int64_t from_ns); /* from there to now */
