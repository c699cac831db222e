/* peers_impl: what peers.c and peers_read.c share. */
#pragma once

#include <pthread.h>

#include "engine/peer/peers.h"

enum { PEERS_UNSURE = 512 }; /* the works of a batch */

struct peers {
	struct peers_opts o;
	struct run *runs; /* the executor's */

	struct id *touched; /* by works of the running batch */
	size_t touched_n, touched_room;
	struct id unsure[PEERS_UNSURE]; /* until the batch has ended */
	size_t unsure_n;

	int64_t first_due; /* INT64_MAX: nothing */
	int64_t look_at;   /* for what other nodes left */
	bool shared;

	pthread_mutex_t lock; /* over the list below, and who has one */
	pthread_cond_t free;  /* one was given back */
	struct run *read;     /* the queries' */
};

struct run *peers_in(struct run *list, const struct id *series);
MUST enum err peers_catch_up(struct ctx *cx, struct run *r);
void peers_drop_run(struct peers *p, struct run *r);
/* What the gradebook has to hear: run->changed. */
MUST enum err peers_to_gradebook(struct ctx *cx, struct run *r);
