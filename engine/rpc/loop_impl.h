/*
 * loop_impl: what the files of the loops share (loop_*.c only).
 */
#pragma once

#include <pthread.h>

#include "engine/rpc/front_impl.h"
#include "engine/rpc/sp_frame.h"

enum {
	LOOPS_MAX = 16,
	CHUNK = 64 << 10, /* read at once */
	/*
	 * Times idle_ms without a byte of a message that was begun; and after
	 * which it must have come by so many bytes a second.
	 */
	HALF_TIMES = 3,
	HALF_RATE = 4096,
	TURN = 32, /* messages of a connection before others have their turn */
	OUT_PAUSE = 256 << 10, /* replies that wait: nothing more is read */
	KEEP = 64 << 10,       /* of a large message's or reply's memory */
	OUT_KEEP = 4 << 10,    /* of a connection's, when all is sent */
	PARKED_MAX = 2048,     /* requests that wait, of each loop */
	/* Beyond these who has more than CHUNK, or OUT_PAUSE, is closed. */
	/* What all half messages, and all replies that wait, may take. */
	HALVES_MAX = 256 << 20,
	UNSENT_MAX = 256 << 20,
};

/* What an event belongs to: the first member of each. */
enum loop_kind { LOOP_WAKE, LOOP_LISTENER, LOOP_CONN };

struct loop;

struct loop_listener {
	enum loop_kind kind;
	int fd;
	struct front_url url;
	bool paused; /* nobody can be let in now; until the next look */
};

struct loop_conn {
	enum loop_kind kind;
	struct loop *loop;
	uint64_t number;
	enum front_transport transport;
	char peer[PEER_TEXT];

	/* The loop's thread alone; prev and next under its conns_lock. */
	struct loop_conn *prev, *next;
	struct loop_conn *next_stalled;
	struct buf in; /* what is not whole yet */
	size_t kept;   /* of it, as counted in halves */
	bool greeted;
	int64_t heard_ms; /* the last byte */
	int64_t begun_ms; /* the first one of what is not whole yet */

	pthread_mutex_t lock; /* over what follows */
	int fd;		      /* -1: closed; by the loop's thread */
	int in_flight;
	bool stalled; /* waits for a slot or its turn: nothing is read */
	bool paused;  /* too much waits to be sent: the same */
	bool corked;  /* more replies are to come at once */
	bool doomed;  /* cannot be written to, or is too slow */
	uint32_t events;
	struct buf out; /* replies that wait, sent up to out_at */
	size_t out_at;
	int64_t moved_ms; /* when some of it was last taken */
	int outq;	  /* bytes in the socket then */
};

/* One message in flight. */
struct loop_slot {
	struct front_slot base; /* first */
	struct loop *loop;
	struct loop_conn *conn;
	struct loop_slot *next; /* that is free */
	uint8_t route[4 * SP_HOPS_MAX];
	size_t route_n;
	struct buf in; /* the message's bytes */
};

struct loop {
	struct loop_front *front;
	int epoll;
	int wake; /* eventfd */
	enum loop_kind wake_kind;
	pthread_t thread;
	bool counts; /* looks at the descriptors */

	pthread_mutex_t conns_lock;
	struct loop_conn *conns;

	struct loop_conn *stalled; /* of the thread alone */
	_Atomic int stalled_n;

	pthread_mutex_t slots_lock;
	struct loop_slot *free;
	int slots_n, slots_max, parked; /* slots_max grows with parked */

	char chunk[CHUNK];
};

struct loop_front {
	struct front_state *s;
	struct loop loops[LOOPS_MAX];
	int loops_n;
	struct loop_listener listeners[LISTENERS_MAX];
	int listeners_n;
	int spare; /* a descriptor to let go of when there is none */
	bool running;
	_Atomic bool ended;
	_Atomic int64_t halves, unsent; /* bytes, of all connections */
};

int64_t loop_now_ms(const struct loop_front *f);
void loop_wake(struct loop *l);

/* loop_slot.c: NULL: all are in use. */
struct loop_slot *loop_slot_take(struct loop *l);
void loop_slot_give(struct loop_slot *s);
bool loop_slot_any(struct loop *l);

/* loop_listen.c */
void loop_accept(struct loop_front *f, struct loop_listener *l);
/* Listens again where that had to wait. */
void loop_accept_again(struct loop_front *f);

/* loop_conn.c, by the loop's thread */
/* Greets it; fd is the connection's from now on, if true. */
bool loop_conn_new(struct loop *l, int fd, enum front_transport t,
		   const char *peer);
void loop_conn_event(struct loop_conn *c, uint32_t events);
/* Goes on with one that had to wait for a slot. */
void loop_conn_resume(struct loop_conn *c);
/* Closes it if it is late with something. */
void loop_conn_look(struct loop_conn *c, int64_t now_ms);
void loop_conn_close(struct loop_conn *c, const char *why);

/* loop_send.c, any thread; but for the last two with c->lock */
void loop_send(struct loop_slot *s, struct loop_conn *c, struct str json,
	       struct str bytes);
/* Writes what waits as far as it is taken. */
void loop_flush(struct loop_conn *c);
/* Waits for what it should wait for. */
void loop_arm(struct loop_conn *c);
/* One less in flight; frees a closed one with the last. */
void loop_conn_put(struct loop_conn *c);
void loop_conn_free(struct loop_conn *c);
