/* server: the way to a real server, by engine/rpc/client.h. */
#pragma once

#include "engine/worker/worker.h"

struct worker_address {
	struct str url, token, ca_file; /* ca_file: or empty */
};

/* for worker_opts.connect. Connects at the first call,
   and again after one that got no answer. */
MUST enum err worker_connect(struct ctx *cx, const struct worker_address *to,
			     int64_t timeout_ms, struct worker_server *out);
