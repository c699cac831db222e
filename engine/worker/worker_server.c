#include "engine/worker/worker_server.h"

#include <stdlib.h>

struct way {
	struct worker_address to;
	int64_t timeout_ms;
	struct client *client; /* NULL: not connected */
};

static enum err way_open(struct ctx *cx, struct way *w)
{
	const struct client_opts o = { .url = w->to.url,
				       .auth = w->to.token,
				       .ca_file = w->to.ca_file,
				       .timeout_ms = w->timeout_ms,
				       .tries = 1 };
	enum err e = w->client ? OK : client_open(cx, &o, &w->client);

	/* An address that cannot be right may be right once a file is there. */
	if (e && !err_retry(e))
		return err_set(cx, ERR_UNAVAILABLE, "%.*s cannot be used",
			       STR_FMT(w->to.url));
	return e;
}

/* Once: what was leased by a call whose answer is lost is leased again, but
   only when the lease has run out. */
static enum err way_call(struct ctx *cx, void *arg, struct str method,
			 struct str params, struct str bytes,
			 struct client_reply *out)
{
	struct way *w = arg;
	enum err e = way_open(cx, w);

	if (e)
		return e;
	e = client_call(cx, w->client, method, params, bytes, out);
	if (!e)
		return OK;
	client_close(w->client);
	w->client = NULL;
	return err_retry(e) ? e
			    : err_set(cx, ERR_UNAVAILABLE,
				      "the answer cannot be read");
}

static void way_close(void *arg)
{
	struct way *w = arg;

	client_close(w->client);
	free(w);
}

enum err worker_connect(struct ctx *cx, const struct worker_address *to,
			int64_t timeout_ms, struct worker_server *out)
{
	struct way *w = calloc(1, sizeof(*w)); /* allowed: a connection */

	(void)cx;
	CHECK(w);
	*w = (struct way){ .to = *to, .timeout_ms = timeout_ms };
	*out = (struct worker_server){ w, way_call, way_close };
	return OK;
}
