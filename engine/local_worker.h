/*
 * local_worker: an assay-worker that comes up with the server and ends with
 * it, so that one machine needs no second service. It does the jobs of all
 * organizations, by a secret that is made for it at each start, goes over a
 * pipe and is stored nowhere. When it dies it is started again, later and
 * later; when the server dies, however, the pipe's end tells it.
 *
 * For the main thread, which waits on local_worker_fd and calls
 * local_worker_tick; posix_spawn, so that other threads may be there.
 */
#pragma once

#include "base/ctx.h"

struct auth;
struct local_worker;

struct local_worker_opts {
	const char *program;	  /* path of assay-worker */
	struct str url;		  /* of the server, as it listens */
	struct str content_roots; /* of this machine, that it may read */
	struct str box_level;
	struct str log_level;
	int64_t drain_ms;
	struct auth *auth;
	const struct clock *clock;
	struct log *log;
};

struct local_worker *local_worker_new(const struct local_worker_opts *o);
/* Looks after it: starts it, or notes that it has ended. */
void local_worker_tick(struct local_worker *l);
int local_worker_fd(const struct local_worker *l); /* readable: it has ended;
						      -1: it does not run */
int64_t local_worker_pause_ms(const struct local_worker *l); /* -1: no end */
/* It finishes or hands back its jobs, and is killed when its time is over. */
void local_worker_stop(struct local_worker *l);
void local_worker_free(struct local_worker *l); /* NULL is allowed */

/* The first ipc address of a list that the server listens on, or absent. */
struct str local_worker_url(struct str urls);
/* "assay-worker" beside this program, or in the system's folder. */
const char *local_worker_program(struct arena *a);
