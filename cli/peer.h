/*
 * peer: reviews by peers, without a server: what their grades say, how far
 * reviewers agree, who reviews whom, what a rule for handing out reviews does.
 * Each in the file of its name; the rows are in verb.c.
 *
 * They are words of the noun that the server's methods of peer review have:
 * what is not here is a method (cli.c looks here first).
 */
#pragma once

#include "cli/verb.h"

extern const struct flag peer_estimate_flags[], peer_agreement_flags[],
	peer_allocate_flags[], peer_simulate_flags[];
int peer_estimate(struct cli *c, const struct args *a);
int peer_agreement(struct cli *c, const struct args *a);
int peer_allocate(struct cli *c, const struct args *a);
int peer_simulate(struct cli *c, const struct args *a);
