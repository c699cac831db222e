/*
 * rpc: a method is one row. From the row come dispatch, validation, rights,
 * limits, audit, rpc.discover, docs/protocol.md and the command line's verbs.
 *
 * The way of a request: transport -> size -> row -> token -> role and tenant
 * -> rate -> decode -> idempotency -> run -> commit -> reply -> event.
 *
 * On the wire (JSON-RPC 2.0, one object a message; batches are refused):
 *   {"jsonrpc":"2.0","id":7,"method":"attempt.answer","auth":"<token>",
 *    "params":{…,"idempotency_key":"…"}}
 * then, where a method takes or returns bytes, one NUL and the bytes.
 * "auth" stands beside params, so that params can be logged and hashed
 * without it. idempotency_key is taken by every command, read here, and not
 * part of the row's own shape.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"
#include "engine/audit/record.h"
#include "engine/auth/auth.h"
#include "engine/rpc/parking.h"

enum rpc_flags {
	RPC_READS = 0,	     /* a query, on a reader */
	RPC_WRITES = 1 << 0, /* a command, in the executor */
	RPC_SINGLE = 1 << 1, /* command that writes nothing but its records */
	RPC_SLOW = 1 << 2,   /* query for the worker pool, not an I/O thread */
	RPC_TAKES_BYTES = 1 << 3,
	RPC_GIVES_BYTES = 1 << 4,
	RPC_OWN_KEY = 1 << 5,  /* finds its idempotency keys by itself, in the
				  stream that it works on (cx->io->idem) */
	RPC_NO_STORE = 1 << 6, /* query that needs no database */
	RPC_QUIET = 1 << 7,    /* command that may append no record (cursor
				  moves, leases) */
	RPC_WHOLE = 1 << 8,    /* concerns the whole organization: refused to
				  callers that are bound to courses. Without it
				  the handler asks principal_course; which of
				  the two, courses_test.c wants to be told */
};

/* What a handler sees of the message beyond its params; cx->io. */
struct rpc_io {
	struct str bytes_in;	    /* behind the NUL */
	struct str bytes_out;	    /* set by the handler; arena */
	struct str idempotency_key; /* as sent, or absent */
	struct str idem, ask;	    /* hashes of it, see record.h; or absent */
	struct str replay;  /* set by an RPC_OWN_KEY handler: the stored result,
			       sent as it is instead of *result */
	bool secret_reply;  /* set by a handler: the reply shows a secret once;
			       it is not stored, and a repeat with the same key
			       is told so (ERR_CONFLICT) */
	bool private_reply; /* set by a handler: the reply holds what no record
			       may; it is kept for repeats, but sealed under
			       the caller's key (kept.h) */
	bool rights_changed;  /* set by a handler: after the commit no cached
				 principal is believed (auth_forget) */
	struct rpc_park park; /* set by a query that waits: see parking.h */
	bool park_over;	      /* it waited long enough, and has to answer */
	void *prepared;	      /* set by a command's prepare, for its run */
	/*
	 * Set by a command that returns OK: the caller is refused with this
	 * and cx->error, and what it wrote is kept. A repeat runs again.
	 */
	enum err refused;
	struct str peer; /* for the log: transport and address */
	/*
	 * Set by a query that borrows what its result points into: called, on
	 * the same thread, when the result was encoded or the query has failed.
	 */
	void (*after)(struct ctx *cx, void *arg);
	void *after_arg;
};

struct rpc_method {
	const char *name; /* "attempt.answer" */
	const char *does; /* one sentence */
	uint32_t roles;	  /* any of; ROLE_ANYONE: no token needed */
	uint32_t flags;
	int64_t budget_ms;	    /* a slower call is logged */
	const struct shape *params; /* NULL: takes none */
	const struct shape *result;
	const enum err *fails; /* beyond the common ones; ends with OK */
	/*
	 * params: params->size bytes, decoded. result: result->size bytes,
	 * zeroed. Strings live in cx->arena.
	 */
	enum err (*run)(struct ctx *cx, const void *params, void *result);
	/*
	 * Of a command, or NULL: what takes long and needs no database (a file
	 * is read and checked), before it has the executor, by a worker's
	 * thread. What it makes it leaves in cx->io->prepared (arena); run may
	 * be called several times on it, and changes nothing of it. Its error
	 * is the reply. So such commands of one caller may overtake others.
	 */
	enum err (*prepare)(struct ctx *cx, const void *params);
};

#define FAILS(...) ((const enum err[]){ __VA_ARGS__, OK })

/* Method tables end with a row without a name. */
struct rpc_table {
	const struct rpc_method *const *tables; /* NULL-terminated */
};
const struct rpc_method *rpc_find(const struct rpc_table *t, struct str name);
/* The OpenRPC 1.2 document of all rows. */
void rpc_discover(struct buf *b, const struct rpc_table *t);
/* docs/protocol.md from the same rows. */
void rpc_manual(struct buf *b, const struct rpc_table *t);
