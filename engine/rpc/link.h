/*
 * link: how a client's bytes travel. Two kinds: our own framing over ipc and
 * tcp (client.c), nng for the others (nng_link.c).
 */
#pragma once

#include "engine/rpc/client.h"

struct link {
	/* One message there and back; false: no answer in time. */
	bool (*exchange)(struct link *l, struct str message, struct buf *reply,
			 int64_t timeout_ms);
	void (*close)(struct link *l);
};

/* For tls+tcp, ws and wss. */
MUST enum err link_nng(struct ctx *cx, const struct client_opts *o,
		       struct link **out);
