/* What the files of the worker itself share. For engine/worker only. */
#pragma once

#include <pthread.h>

#include "engine/worker/worker.h"
#include "engine/worker/worker_admit.h"
#include "engine/worker/worker_gate.h"
#include "engine/worker/worker_lease.h"

/* ---- guard: a hand's runner that ends when its job is gone ---- */

enum { GUARD_RUNS = 128 };

/* What a run told before it was asked for. */
struct guard_kept {
	int64_t ticket;
	struct run_told told;
	struct arena *arena; /* what it told lives there until then */
};

struct guard {
	struct runner runner; /* what the kind's function gets */
	const struct worker_runs *runs;
	const struct worker_gone *gone;
	struct gate *gate; /* NULL: its runs go past all others */
	bool in, alone;	   /* of the gate */
	int under_way;
	size_t kept_n;
	struct guard_kept kept[GUARD_RUNS];
};
void guard_init(struct guard *g, const struct worker_runs *runs,
		struct gate *gate, const struct worker_gone *gone);

/* ---- hands ---- */

enum hand_state { HAND_IDLE, HAND_GIVEN, HAND_BUSY };

struct hand {
	struct worker *w;
	pthread_t thread;
	int state;	     /* enum hand_state; under w->lock */
	struct arena *given; /* holds the strings of job */
	struct worker_job job;
	const struct worker_kind *kind;
	struct worker_weight has;
	struct lease *lease;
	/* The thread's own: */
	struct arena *arena;
	struct worker_server server;
	struct worker_runs runs;
	bool has_runs;
};

struct worker {
	struct worker_opts o;
	const struct clock *clock;
	struct log *log;
	struct leases *leases;
	struct admit *admit;
	struct gate *gate;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved;
	bool stopping, over;
	uint64_t changes; /* room may have become free */
	size_t handed_back;
	int64_t rest_until_ns; /* nothing is leased until then */
	int dropped;	       /* jobs in a row whose lease had ended at once */
	/* What the waiter is asked to do, and what came of it. */
	bool wait, due;
	struct str *wait_kinds;
	size_t wait_n;
	int64_t wait_off_until_ns; /* polls until then */
	struct hand hands[WORKER_HANDS];
	pthread_t renewer, waiter;

	/* The asker's own: */
	struct arena *arena;
	struct worker_server server;
	size_t kinds_n, refused_n;
	bool *refused;
	/* JSON: what is told of it with each lease, and of that the languages;
	   written before there are threads. */
	struct buf about, languages;
	_Atomic bool plain;	   /* the server is older, and knows neither */
	int64_t *unknown_until_ns; /* the server does not know the kind */
	int64_t away_since_ns;	   /* 0: the server answers */
	int away_tries;
};

/* What the worker says of itself, once it knows what it may do. */
void about_make(struct ctx *cx, struct worker *w, int level);
/* Of the two, as they are said to this server; absent: not at all. */
struct str about_said(const struct worker *w, const struct buf *what);

/* ---- the waiter: asks the server to say when a job may be due ---- */

void *waiter_main(void *worker);
/* Rests after an empty lease: until told, or for a poll. names: the kinds that
   are done here; those that have no room now, too. */
void waiter_rest(struct worker *w, uint64_t since, const struct list *names);

void *hand_main(void *hand);
MUST enum err hand_runs(struct ctx *cx, struct hand *h);
struct ctx worker_ctx(struct worker *w, struct arena *arena);
/* Waits until woken or this instant; with w->lock. */
void worker_wait(struct worker *w, int64_t until_ns);
void worker_poke(struct worker *w); /* something changed */
/* Half of it random, doubled with each try, between the two. */
int64_t worker_backoff_ns(int tries, int64_t least_ms, int64_t most_ms);
