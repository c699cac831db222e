/*
 * peer: reviews by peers, without a server: what their grades say, how far
 * reviewers agree, who reviews whom, what a rule for handing out reviews does.
 * Each in the file of its name, allocate --check in peer_allocate_check.c; the
 * rows are in verb.c. What they share: tables (peer_table), numbers of flags
 * and in JSON (peer_number).
 *
 * They are words of the noun that the server's methods of peer review have:
 * what is not here is a method (cli.c looks here first). allocate is both, and
 * its flags tell which is meant.
 */
#pragma once

#include "cli/verb.h"

extern const struct flag peer_estimate_flags[], peer_agreement_flags[],
	peer_allocate_flags[], peer_simulate_flags[];
int peer_estimate(struct cli *c, const struct args *a);
int peer_agreement(struct cli *c, const struct args *a);
int peer_allocate(struct cli *c, const struct args *a);
int peer_simulate(struct cli *c, const struct args *a);
