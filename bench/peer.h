/*
 * peer: the parts of the bench "peer", each in the file of its name: figures of
 * rubrics/ from models, beside what is asked of them.
 */
#pragma once

#include "bench/bench.h"

void peer_licence(struct run *r);
void peer_agreement(struct run *r);
