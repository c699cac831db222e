/*
 * front_impl: what the parts of the front end share. Two of them listen: the
 * loops (loop_*.c: ipc and tcp, by epoll) and nng (nng_*.c: everything else,
 * or everything). For front.c and the parts only.
 */
#pragma once

#include <stdatomic.h>

#include "engine/rpc/core.h"
#include "engine/rpc/front.h"

enum {
	LISTENERS_MAX = 16,
	URL_MAX = 512,
	PEER_TEXT = 80,
};

struct front_state {
	struct front_opts opts; /* with all bounds set */
	int files_max, conns_max;
	_Atomic bool stopping;
	_Atomic bool full;	/* of descriptors: nobody more is let in */
	_Atomic bool exhausted; /* and the owner was told */
	int full_for;		/* looks in a row; of who counts */
	_Atomic int64_t connections, opened, refused, dropped_slow, relistened,
		swept_http, crowded, busy, files, stuck;
};

/* A look at the descriptors found n of them. One thread. */
void front_files(struct front_state *s, int64_t n);

/* front_url.c */
struct front_url {
	enum front_transport transport;
	char given[URL_MAX]; /* as configured */
	size_t at;	     /* in given, behind "://" */
};
bool url_transport(struct str url, enum front_transport *t);
/* Is the host of HOST:PORT[/PATH] this machine itself? */
bool url_is_loopback(struct str after_scheme);
/* ERR_INVALID: nothing can ever listen there. */
MUST enum err url_judge(struct ctx *cx, struct str url, struct front_url *out);
/* given with the port that was really taken. */
void url_with_port(const struct front_url *u, int port, char out[URL_MAX]);

/* The nng part */
struct nng_front;
MUST enum err nng_front_new(struct ctx *cx, struct front_state *s,
			    struct nng_front **out);
/* real: the URL as it can be reached. */
MUST enum err nng_front_listen(struct ctx *cx, struct nng_front *f,
			       const struct front_url *u, char real[URL_MAX]);
void nng_front_run(struct nng_front *f);
void nng_front_stop(struct nng_front *f);

/* The part of our own: ipc and tcp. */
struct loop_front;
MUST enum err loop_front_new(struct ctx *cx, struct front_state *s,
			     struct loop_front **out);
MUST enum err loop_front_listen(struct ctx *cx, struct loop_front *f,
				const struct front_url *u, char real[URL_MAX]);
/* counts: it is this part that looks at the descriptors. */
void loop_front_run(struct loop_front *f, bool counts);
/* From now on nothing is read, and what waits is still written. */
void loop_front_rest(struct loop_front *f);
bool loop_front_unsent(struct loop_front *f); /* replies that still wait */
void loop_front_stop(struct loop_front *f);
