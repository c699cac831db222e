/*
 * parking: queries that wait for something to happen (long polls), without a
 * thread.
 *
 * A handler that has nothing to tell yet asks to be run again:
 *
 *	seen = parking_seen(cx->app->parking, key);
 *	if (nothing is there && !cx->io->park_over) {
 *		cx->io->park = (struct rpc_park){ key, seen, 20000 };
 *		return OK;
 *	}
 *
 * seen is asked for before the look, so that what happens between the look and
 * the parking is not missed. Whoever makes something happen calls
 * parking_wake(key). Then, or when the time is over, the handler is run again,
 * on the parking's own thread; with cx->io->park_over it has to answer. It is
 * run in vain at times: keys are only hashed, and a wake is for all of a key.
 * Each time the caller's token is looked at again, and at once when rights have
 * changed: who was shut out while he waited is told that, and nothing else.
 *
 * The number is bounded by the core and by each part of the front end; who is
 * one too many, and all at a stop, are run with park_over at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct parking;

enum { PARK_LONGEST_MS = 30000 };

/* What a handler leaves in cx->io->park; ms 0: it has answered. */
struct rpc_park {
	uint64_t key, seen;
	int64_t ms; /* from its first run; at most PARK_LONGEST_MS */
};

/* The number of wakes of this key (and of others) so far. Any thread. */
uint64_t parking_seen(struct parking *p, uint64_t key);
/* Any thread, also with locks held: no handler is run by it. */
void parking_wake(struct parking *p, uint64_t key);
