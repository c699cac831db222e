/*
 * load: a closed-loop load generator. One epoll thread that speaks the SP wire
 * by itself over ipc, tcp and ws (an nng client costs as much as the server).
 * Each connection keeps `depth` requests outstanding.
 */
#pragma once

#include "bench/bench.h"

struct load_opts {
	const char *url;  /* ipc://PATH, tcp://HOST:PORT, ws://HOST:PORT/PATH */
	int conns, depth; /* depth 0: 1 */
	double warm_s, run_s; /* counted is what is answered in run_s */
	int64_t most;	      /* requests in all; 0: by time only */
	pid_t server;	      /* whose CPU is told; 0: nobody's */
	/*
	 * The next request of an outstanding place (0..conns * depth - 1) into
	 * b, which is empty. false: this place has no more.
	 */
	bool (*fill)(void *arg, int place, struct buf *b);
	/* Is it the right reply? Called for each, also before the window. */
	bool (*check)(void *arg, int place, struct str reply);
	/* Called now and then with what has been answered; may be NULL. */
	void (*progress)(void *arg, int64_t answered);
	void *arg;
	bool may_break; /* connections that end are no error (a crash) */
};

struct load_result {
	double rps, p50_us, p99_us, cpu_us; /* cpu: of the server, a request */
	int64_t counted;		    /* in the window */
	int64_t answered;		    /* in all, right ones */
	int64_t wrong, lost;		    /* lost: no reply at the end */
	char first_wrong[400];
};

/* Dies if it cannot connect. */
void load_run(const struct load_opts *o, struct load_result *out);

/* A blocking connection with the SP greeting done; -1: errno says why. */
int load_connect(const char *url);
