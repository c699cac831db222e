/*
 * queue: which work a reviewer gets next, in a course without one deadline.
 *
 * Earned credit: an artifact's claim is
 *
 *	min(reviews its author has done, need) - received - leased
 *
 * and the greatest claim goes first, the oldest of equals, also where no claim
 * is positive. If all have what they need, surplus reviews go where the
 * estimate is least sure. Received + leased never exceeds need + surplus.
 *
 * The pick is random within the first `window` that this reviewer may have and
 * that are of one kind: with a positive claim; with the same claim, if none is
 * positive; surplus. In a small course few have a claim at a time, and who
 * knows that is likelier to meet a certain one. `fill` is the remedy and has
 * its price: works of the next kinds join while there are fewer. At 10 authors
 * a day of whom 60 % review, three for three, a fill of 20 lets each claim
 * wait behind some twenty (docs/peer-offline.md has the figures).
 *
 * Hard conflicts: his own work, his team's, a declared pair, the same verified
 * identity, who has reviewed or is reviewing him (reciprocal), and what he has
 * had before: reviewed, or queue_had; a lease that ended without a review
 *leaves no trace. Two versions of a work are one in all of this.
 *
 * queue_choose only looks; the other calls change. So who writes down what was
 * chosen can replay it without the randomness. A reviewer holds one lease at a
 * time. Costs grow as log n (n: open artifacts); a choice's also with those of
 * the reviewer's own conflicts that stand before the end of his window.
 *
 * Indices that were never given out, a lease ended by who holds none, credits
 * or received reviews below zero: CHECK.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

enum { QUEUE_WINDOW = 20, QUEUE_NEED_MOST = 20, QUEUE_SURPLUS_MOST = 100 };
#define QUEUE_NONE UINT32_MAX

struct queue_rules {
	uint32_t need;	  /* reviews that a work is to receive: 1..20 */
	uint32_t surplus; /* beyond need: 0..100 */
	uint32_t window;  /* >= QUEUE_WINDOW */
	uint32_t fill;	  /* 0 (as 1: kinds stay apart) .. window */
};

struct queue;

struct queue *queue_new(const struct queue_rules *r);
void queue_free(struct queue *q); /* NULL is allowed */

/* ---- people ---- */

uint32_t queue_person(struct queue *q); /* a new one: 0, 1, ... */
/* 0: none. People of one team, or of one identity, never get each other's. */
void queue_set_team(struct queue *q, uint32_t person, uint32_t team);
void queue_set_identity(struct queue *q, uint32_t person, uint32_t identity);
void queue_declare(struct queue *q, uint32_t a, uint32_t b);
void queue_undeclare(struct queue *q, uint32_t a, uint32_t b);
/* The same person, of one team or identity, or a declared pair. */
bool queue_related(const struct queue *q, uint32_t a, uint32_t b);
/* Reviews that he has done: a gold item of live work counts, too. */
void queue_credit(struct queue *q, uint32_t person, int32_t more);

/* ---- work ---- */

/* In the pool from now on: a new index 0, 1, ...; one open work an author: his
   other leaves. */
uint32_t queue_enter(struct queue *q, uint32_t author);
/* Out of the pool: withdrawn, replaced, decided. Its leases stay with their
   holders until these are done or unreserved: a review counts for both. */
void queue_leave(struct queue *q, uint32_t work);
/* In again at its old age (a review of it counts no more). No change if it, or
   another one of its author, is in. */
void queue_reenter(struct queue *q, uint32_t work);
/* How unsure its estimate is, in any unit: only the order counts, in steps of
   about an eighth between 2^-27 and 2^15. A new work's is 0. */
void queue_unsure(struct queue *q, uint32_t work, double unsure);
/* A received review counts no more, or counts again: -1 or +1. Only this can
   take a work above need + surplus. */
void queue_received(struct queue *q, uint32_t work, int32_t more);
/* What a moderator allows in spite of reciprocity (small courses). */
void queue_allow(struct queue *q, uint32_t person, uint32_t work);
/* Someone had it outside of this queue (static allocation). */
void queue_had(struct queue *q, uint32_t person, uint32_t work);

/* ---- picks ---- */

struct queue_choice {
	uint32_t work;	 /* QUEUE_NONE: none */
	uint32_t window; /* from how many it was picked */
	bool surplus;	 /* it has what it needs */
	/* Why none: works in the pool, and how many of them are ... (one that
	   is full is not asked for conflicts). All 0: he holds a lease. */
	uint32_t open, conflicting, had, full;
};
/* Looks. Why-counts are only filled when there is no work for him. */
void queue_choose(const struct queue *q, uint32_t person, struct rng *rng,
		  struct queue_choice *out);
/*
 * Reserves it for him; false: he holds a lease, it is not in the pool, it is
 * full, or a conflict is there (replays of what was chosen never get false).
 */
bool queue_reserve(struct queue *q, uint32_t person, uint32_t work);
/* His lease ends without a review: expired, given back, voided. */
void queue_unreserve(struct queue *q, uint32_t person);
/* His lease ends with a review: credit to him, one more received. */
void queue_done(struct queue *q, uint32_t person);
uint32_t queue_holds(const struct queue *q, uint32_t person); /* or NONE */
/* Would it still be possible to reserve it (a late review, a free slot)? */
bool queue_free_for(const struct queue *q, uint32_t person, uint32_t work);

struct queue_work {
	uint32_t author, received, leased;
	bool in_pool;
	int32_t claim;
};
void queue_work_get(const struct queue *q, uint32_t work,
		    struct queue_work *out);
uint32_t queue_credits(const struct queue *q, uint32_t person);
/* Counts everything again and compares; for tests: false says which. */
bool queue_consistent(const struct queue *q, const char **which);
