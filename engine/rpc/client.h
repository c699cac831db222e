/*
 * client: one connection to a server, one call at a time; for the command
 * line and for tests. ipc:// and tcp:// are spoken here; tls+tcp://, ws:// and
 * wss:// through nng.
 *
 * A call that got no answer is sent again, on a new connection, with the same
 * bytes: a command must carry its idempotency_key then.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"

struct client;

struct client_opts {
	struct str url;
	struct str auth;    /* token, or absent */
	struct str ca_file; /* tls: PEM of who may sign the server, or absent */
	bool insecure;	    /* tls: any certificate will do */
	int64_t timeout_ms; /* of one try; 0: 10 s */
	int tries;	    /* 0: 3 */
};

struct client_reply {
	struct str result; /* JSON text; absent on an error */
	struct str bytes;  /* behind the NUL, or absent */
	/* Of an error: */
	enum err code;		   /* OK if there is a result */
	struct str message, field; /* field: a JSON pointer or absent */
	struct str state;	   /* data.state, JSON text, or absent */
	int64_t retry_after_ms;
};

/*
 * ERR_INVALID: the options. ERR_UNAVAILABLE: nobody answers there.
 * ERR_UNAUTHENTICATED: somebody does, whose certificate is not trusted or not
 * made out to the host in the URL.
 */
MUST enum err client_open(struct ctx *cx, const struct client_opts *o,
			  struct client **out);
void client_close(struct client *c); /* NULL is allowed */
/*
 * OK when the server answered, with its answer in *out (arena); it may be an
 * error, see out->code. ERR_UNAVAILABLE: nobody answered. While connecting
 * again, also what client_open returns.
 * params: JSON object or absent. bytes: or absent.
 */
MUST enum err client_call(struct ctx *cx, struct client *c, struct str method,
			  struct str params, struct str bytes,
			  struct client_reply *out);
/* The bare exchange: one message there, one back (arena). */
MUST enum err client_exchange(struct ctx *cx, struct client *c,
			      struct str message, struct str *reply);
