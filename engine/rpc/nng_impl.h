/*
 * nng_impl: what the files of the nng front end share (nng_*.c only).
 */
#pragma once

#include <nng/nng.h>
#include <nng/supplemental/http/http.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdatomic.h>

#include "engine/rpc/front_impl.h"

enum {
	HEADERS_MAX = 16 << 10, /* of a ws request; more: closed */
	CONN_BUCKETS = 1024,
};

/* An address as the sweep compares it: family, port and bytes. */
struct endpoint {
	uint8_t b[20];
};

/* A connection; nng calls it pipe. */
struct conn {
	struct conn *next;
	uint32_t pipe;
	bool gone; /* closed; freed when nothing is in flight any more */
	int in_flight, sending; /* under the bucket's lock */
	uint64_t number;
	enum front_transport transport;
	struct endpoint remote; /* but ipc */
	int pid;		/* ipc */
	_Atomic bool doomed;	/* is being hung up on */
	char peer[PEER_TEXT];
};

struct conn_table {
	struct {
		pthread_mutex_t lock;
		struct conn *first;
	} bucket[CONN_BUCKETS];
};
void conn_table_init(struct conn_table *t);
void conn_add(struct conn_table *t, struct conn *c);
/* Counts one more in flight. NULL: not known (already closed). */
struct conn *conn_get(struct conn_table *t, uint32_t pipe, int *in_flight);
/* A reply is on its way; returns how many of it are. */
int conn_sending(struct conn_table *t, struct conn *c);
/* One less in flight (and on its way). */
void conn_put(struct conn_table *t, struct conn *c, bool was_sending);
/* The pipe has closed. True if it was known. */
bool conn_gone(struct conn_table *t, uint32_t pipe);
/* Calls each for all that are open; a bucket is locked meanwhile. */
void conn_each(struct conn_table *t,
	       void (*each)(void *arg, const struct conn *c), void *arg);

struct listening {
	struct front_url url;
	nng_listener listener;
	int port; /* ws, wss: what the sweep looks for; else 0 */
	nng_http_server *http;
};

enum slot_state { SLOT_NONE, SLOT_RECV, SLOT_WORK, SLOT_SEND };

struct slot {
	struct front_slot base; /* first */
	struct nng_front *front;
	nng_ctx ctx;
	nng_aio *aio;
	nng_msg *msg;
	struct conn *conn;
	enum slot_state state; /* changed by who holds the slot */
};

struct nng_front {
	struct front_state *s;
	nng_socket sock;
	nng_tls_config *tls;
	struct slot *slots;
	int slots_n; /* contexts, and as many again that may wait */
	_Atomic int parked;
	struct conn_table conns;
	int sending_max; /* replies that wait on one connection */

	pthread_mutex_t listen_lock; /* listeners change at a re-listen */
	struct listening listeners[LISTENERS_MAX];
	int listeners_n;

	pthread_t watch;
	pthread_mutex_t watch_lock;
	pthread_cond_t watch_wake;
	bool watch_stop, watching, watch_doomed;

	_Atomic int64_t own_ipc;
};

/* nng_listen.c */
MUST enum err listen_tls(struct ctx *cx, struct str cert, nng_tls_config **out);
/* Closes an ipc listener and opens a new one on the same path. */
bool listen_again(struct nng_front *f, int i);
enum front_transport listen_transport(struct nng_front *f, nng_pipe p);
void endpoint_set(struct endpoint *e, int family, const void *addr,
		  uint16_t port_be);

/* nng_pipe.c: who may stay connected. */
void pipe_event(nng_pipe p, nng_pipe_ev ev, void *arg);
/* May a page from this origin talk to us? headers: "Name: value\r\n" lines. */
bool origin_allowed(struct str allowed, struct str headers);

/* nng_http.c */
MUST enum err pages_add(struct ctx *cx, nng_http_server *s,
			const struct front_page *pages);

/* nng_watch.c */
void watch_start(struct nng_front *f);
void watch_end(struct nng_front *f);
/* A connection was marked doomed: hang up, now. Any thread. */
void watch_hang_up(struct nng_front *f);
/*
 * Whether an ipc listener still makes pipes. own counts the pipes that come
 * from this process itself (pipe_is_own), which only this makes.
 */
bool ipc_lives(const char *url, int proto, const struct clock *clock,
	       _Atomic int64_t *own);
bool pipe_is_own(nng_pipe p);
