/*
 * front: the seam between who moves bytes and who understands them.
 *
 * A front end (front.c) owns connections and reply slots. For every
 * message it calls core_take with the slot's request, the connection and the
 * bytes; the core answers each message exactly once, by slot->reply, from any
 * thread, perhaps before core_take has returned. The core never sees a socket
 * and the front end never looks into a message, so another front end that
 * speaks the same wire can take this one's place.
 *
 *   front end                          core
 *   slot, connection, bytes --core_take--> row, rights, run
 *   bytes on the wire      <--reply------- one reply a message
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"

enum front_transport {
	FRONT_IPC,
	FRONT_TCP,
	FRONT_TLS,
	FRONT_WS,
	FRONT_WSS,
	FRONT_TEST, /* bytes from a test or a fuzzer */
	FRONT_TRANSPORTS
};
/* "ipc", "tcp", "tls+tcp", "ws", "wss", "test" */
const char *front_transport_word(enum front_transport t);

struct front_msg {
	uint64_t conn; /* names the connection, for the log */
	enum front_transport transport;
	struct str peer;  /* address as text, for the log; lives as long as the
			     message */
	struct str bytes; /* valid until reply is called */
	bool crowded;	  /* this connection has too many requests in flight: it
			     is answered ERR_BUSY */
};

struct request; /* the core's state of one slot, used again and again */

/* One place for a message in flight. Embedded in the front end's own. */
struct front_slot {
	struct request *request; /* by core_attach */
	/*
	 * Sends json, and, if bytes.p, one NUL and the bytes. Both are valid
	 * only during the call. Afterwards the slot belongs to the front end
	 * again.
	 */
	void (*reply)(struct front_slot *s, struct str json, struct str bytes);
	/*
	 * The request waits from now on (on), or goes on: a front end that has
	 * a bound for messages in flight counts those that wait apart, so that
	 * they keep nobody out. False: too many wait already. NULL: no bound.
	 */
	bool (*park)(struct front_slot *s, bool on);
};

/* A page on the ws port. Exact paths only: there are no folders. */
struct front_page {
	const char *path; /* "/metrics"; NULL ends the table */
	const char *type; /* Content-Type */
	/* Fills body; returns the HTTP status. On an I/O thread: be short. */
	int (*get)(void *arg, struct buf *body);
	void *arg;
	/* Instead of get: a page that never changes. */
	struct str fixed;
	const char *policy; /* Content-Security-Policy, or NULL: none loads */
};

struct core;
struct metrics;

struct front_opts {
	struct core *core;
	struct metrics *metrics;
	const struct clock *clock;
	struct log *log;		/* may be NULL */
	struct str listen;		/* comma-separated URLs */
	struct str tls_cert;		/* PEM file: chain and key */
	struct str origins;		/* comma-separated; "*": any */
	const struct front_page *pages; /* NULL: none */
	/* Threads for ipc and tcp by our own loops; 0: nng serves them too. */
	int loops;
	int contexts;	   /* messages in flight, of each part */
	int pipe_requests; /* of one connection; more: crowded */
	int connections;   /* more are closed at once; 0: from max_files */
	int64_t send_timeout_ms; /* a slower reader is disconnected */
	/*
	 * For a new connection to say what it is: HTTP that becomes no ws pipe,
	 * an SP greeting. A message that was begun has three times as long
	 * for its next byte (ipc and tcp).
	 */
	int64_t idle_ms;
	size_t message_bytes; /* largest message */
	/*
	 * Descriptors: above 9/10 of max_files (0: RLIMIT_NOFILE) new
	 * connections are refused and exhausted() is called once, so that the
	 * process can drain and be started again.
	 */
	int max_files;
	void (*exhausted)(void *arg);
	void *arg;
	/* 0: each second; how often the watchdog looks, for tests. */
	int64_t watch_ms;
};

struct front;

/*
 * ERR_INVALID: there is none among these comma-separated URLs, or one that can
 * never be listened on, or two that are at the same place.
 */
MUST enum err front_check_urls(struct ctx *cx, struct str urls);
/* The same for the feed's; none may be where requests are listened for. */
MUST enum err front_check_feed(struct ctx *cx, struct str urls,
			       struct str listen);
/* ERR_INVALID: one of the comma-separated is nothing that a browser sends. */
MUST enum err front_check_origins(struct ctx *cx, struct str origins);
/* ERR_INVALID: not a PEM file with a certificate and its key. */
MUST enum err front_check_cert(struct ctx *cx, struct str tls_cert);
/* ERR_INVALID: a URL or certificate that cannot be used; text says which. */
MUST enum err front_start(struct ctx *cx, const struct front_opts *o,
			  struct front **out);
/* The URLs with the ports that were really taken; comma-separated. */
struct str front_urls(const struct front *f);
/*
 * Stops taking messages and waits until every reply has been handed to its
 * connection, at most wait_ms. True if all were. There is no free: nng's close
 * may hang under load (nanomsg/nng#1543), so a process that has drained leaves
 * by _exit.
 */
bool front_stop(struct front *f, int64_t wait_ms);

struct front_stats {
	int64_t connections, opened, refused, dropped_slow, relistened,
		swept_http, crowded, contexts_busy, stuck, files, files_max;
};
void front_stats(const struct front *f, struct front_stats *out);
