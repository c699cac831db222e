#include "engine/rpc/client.h"

#include <errno.h>
#include <stdlib.h>

#include "base/field.h"
#include "base/limits.h"
#include "engine/rpc/link.h"
#include "engine/rpc/sp.h"

enum { TIMEOUT_MS = 10000, TRIES = 3, REPLY_MAX = 32 << 20 };

struct client {
	struct client_opts opts;
	struct link *link;	    /* NULL: not connected */
	char *url, *auth, *ca_file; /* our copies */
	uint32_t next_id;
	struct buf message, reply;
};

/* Own framing over ipc and tcp. */
struct sp_link {
	struct link link; /* first */
	struct sp sp;
	uint32_t id;
};

static bool sp_exchange(struct link *l, struct str message, struct buf *reply,
			int64_t timeout_ms)
{
	struct sp_link *s = (struct sp_link *)l;
	uint32_t want = ++s->id & 0x7fffffff, got;

	if (!sp_send(&s->sp, want, message, timeout_ms))
		return false;
	do { /* an answer to a try that was given up may come first */
		if (!sp_recv(&s->sp, &got, reply, REPLY_MAX, timeout_ms))
			return false;
	} while (got != want);
	return true;
}

static void sp_link_close(struct link *l)
{
	sp_close(&((struct sp_link *)l)->sp);
	free(l);
}

static enum err link_sp(struct ctx *cx, const struct client_opts *o,
			struct link **out)
{
	struct sp_link *s = calloc(1, sizeof(*s)); /* allowed: a connection */

	CHECK(s);
	s->link = (struct link){ sp_exchange, sp_link_close };
	if (sp_connect(&s->sp, cx->clock, o->url, o->timeout_ms) &&
	    sp_hello(&s->sp, SP_PROTO_REQ, o->timeout_ms)) {
		*out = &s->link;
		return OK;
	}
	err_set(cx, ERR_UNAVAILABLE, "no server answers at %.*s (%s)",
		STR_FMT(o->url), strerror(errno));
	sp_close(&s->sp);
	free(s);
	return ERR_UNAVAILABLE;
}

static enum err connect_client(struct ctx *cx, struct client *c)
{
	struct str url = c->opts.url;

	if (c->link)
		return OK;
	if (str_starts(url, "ipc://") || str_starts(url, "tcp://"))
		return link_sp(cx, &c->opts, &c->link);
	if (str_starts(url, "ws://") || str_starts(url, "wss://") ||
	    str_starts(url, "tls+tcp://"))
		return link_nng(cx, &c->opts, &c->link);
	return err_set(cx, ERR_INVALID,
		       "%.*s is no server's URL: ipc://, tcp://, tls+tcp://, "
		       "ws:// and wss:// are",
		       STR_FMT(url));
}

static char *keep(struct str *s)
{
	char *z = s->p ? strndup(s->p, s->n) : NULL;

	if (z)
		s->p = z;
	return z;
}

enum err client_open(struct ctx *cx, const struct client_opts *o,
		     struct client **out)
{
	struct client *c = calloc(1, sizeof(*c)); /* allowed: a connection */
	enum err e;

	CHECK(c);
	c->opts = *o;
	c->url = keep(&c->opts.url);
	c->auth = keep(&c->opts.auth);
	c->ca_file = keep(&c->opts.ca_file);
	if (c->opts.timeout_ms <= 0)
		c->opts.timeout_ms = TIMEOUT_MS;
	if (c->opts.tries <= 0)
		c->opts.tries = TRIES;
	e = connect_client(cx, c);
	if (e) {
		client_close(c);
		return e;
	}
	*out = c;
	return OK;
}

static void drop(struct client *c)
{
	if (c->link)
		c->link->close(c->link);
	c->link = NULL;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	drop(c);
	buf_done(&c->message);
	buf_done(&c->reply);
	free(c->url);
	free(c->auth);
	free(c->ca_file);
	free(c);
}

enum err client_exchange(struct ctx *cx, struct client *c, struct str message,
			 struct str *reply)
{
	enum err e = ERR_UNAVAILABLE;

	for (int i = 0; i < c->opts.tries; i++) {
		e = connect_client(cx, c);
		if (e)
			continue;
		CHECK(c->link);
		if (c->link->exchange(c->link, message, &c->reply,
				      c->opts.timeout_ms)) {
			*reply = buf_copy(&c->reply, cx->arena);
			err_clear(cx);
			return OK;
		}
		drop(c);
		e = err_set(
			cx, ERR_UNAVAILABLE, "no answer from %.*s in %lld ms",
			STR_FMT(c->opts.url), (long long)c->opts.timeout_ms);
	}
	return e;
}

static void write_request(struct client *c, struct str method,
			  struct str params, struct str bytes)
{
	struct buf *b = &c->message;

	buf_reset(b);
	buf_z(b, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_int(b, ++c->next_id);
	buf_z(b, ",\"method\":");
	jout_str(b, method);
	if (c->opts.auth.n) {
		buf_z(b, ",\"auth\":");
		jout_str(b, c->opts.auth);
	}
	if (params.n) {
		buf_z(b, ",\"params\":");
		buf_str(b, params);
	}
	buf_ch(b, '}');
	if (bytes.p) {
		buf_ch(b, 0);
		buf_str(b, bytes);
	}
}

static enum err read_error(struct ctx *cx, struct jval error,
			   struct client_reply *out)
{
	struct jval data, v;

	out->code = ERR_INTERNAL;
	if (jval_type(error) != J_OBJECT)
		return err_set(cx, ERR_BAD_JSON, "the answer is no JSON-RPC");
	if (jval_get(error, "message", &v) && jval_type(v) == J_STRING)
		out->message = jval_str(cx, v);
	if (!jval_get(error, "data", &data) || jval_type(data) != J_OBJECT)
		return OK;
	if (jval_get(data, "kind", &v) && jval_type(v) == J_STRING)
		out->code = err_from_kind(str_z(cx->arena, jval_str(cx, v)));
	if (jval_get(data, "field", &v) && jval_type(v) == J_STRING)
		out->field = jval_str(cx, v);
	if (jval_get(data, "state", &v))
		out->state = jval_text(v);
	if (jval_get(data, "retry_after_ms", &v) &&
	    !jval_int(v, &out->retry_after_ms))
		out->retry_after_ms = 0;
	return OK;
}

static enum err read_reply(struct ctx *cx, struct str reply,
			   struct client_reply *out)
{
	const char *nul = reply.n ? memchr(reply.p, 0, reply.n) : NULL;
	struct str json = reply;
	struct jdoc *doc;
	struct jval v;
	enum err e;

	*out = (struct client_reply){ 0 };
	if (nul) {
		json.n = (size_t)(nul - reply.p);
		out->bytes = str_cut(reply, json.n + 1, reply.n);
	}
	e = jdoc_parse(cx, json, &doc);
	if (e)
		return e;
	if (jval_type(jdoc_root(doc)) != J_OBJECT)
		return err_set(cx, ERR_BAD_JSON, "the answer is no JSON-RPC");
	if (jval_get(jdoc_root(doc), "error", &v))
		return read_error(cx, v, out);
	if (!jval_get(jdoc_root(doc), "result", &v))
		return err_set(cx, ERR_BAD_JSON, "the answer is no JSON-RPC");
	out->result = jval_text(v);
	return OK;
}

enum err client_call(struct ctx *cx, struct client *c, struct str method,
		     struct str params, struct str bytes,
		     struct client_reply *out)
{
	struct str reply;
	enum err e;

	write_request(c, method, params, bytes);
	e = client_exchange(cx, c, buf_view(&c->message), &reply);
	return e ? e : read_reply(cx, reply, out);
}
