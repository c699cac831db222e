#include "engine/rpc/request.h"

#include <sodium.h>

#include "base/limits.h"

enum { ID_MAX = 128 };

static enum err take_id(struct request *rq, struct jval v)
{
	enum jtype t = jval_type(v);
	struct str text = jval_text(v);

	if ((t != J_NUMBER && t != J_STRING && t != J_NULL) || text.n > ID_MAX)
		return err_set(&rq->cx, ERR_BAD_REQUEST,
			       "id is a number, a string of at most %d bytes "
			       "or null",
			       ID_MAX - 2);
	rq->id = text;
	return OK;
}

static enum err want_string(struct request *rq, struct jval v, const char *name,
			    struct str *out)
{
	if (jval_type(v) != J_STRING)
		return err_set(&rq->cx, ERR_BAD_REQUEST, "%s is a string",
			       name);
	*out = jval_str(&rq->cx, v);
	return OK;
}

/* What the envelope says, before anybody judges it. */
struct envelope {
	struct str version, method;
	bool has_id;
};

static enum err envelope_member(struct request *rq, struct envelope *env,
				struct str name, struct jval v)
{
	if (str_is(name, "id"))
		return OK; /* taken before */
	if (str_is(name, "method"))
		return want_string(rq, v, "method", &env->method);
	if (str_is(name, "jsonrpc"))
		return want_string(rq, v, "jsonrpc", &env->version);
	if (str_is(name, "auth"))
		return want_string(rq, v, "auth", &rq->token);
	if (!str_is(name, "params"))
		return err_set(&rq->cx, ERR_BAD_REQUEST,
			       "a request has jsonrpc, id, method, auth and "
			       "params; nothing else");
	if (jval_type(v) != J_OBJECT)
		return err_set(&rq->cx, ERR_INVALID,
			       "params is an object: parameters go by name");
	rq->params = v;
	rq->has_params = true;
	return OK;
}

static enum err read_envelope(struct request *rq, struct str json,
			      struct envelope *env)
{
	struct ctx *cx = &rq->cx;
	struct jdoc *doc;
	struct jval root, v;
	struct str name;
	uint32_t it = 0;
	enum err e;

	e = jdoc_parse(cx, json, &doc);
	if (e)
		return e;
	root = jdoc_root(doc);
	if (jval_type(root) == J_ARRAY)
		return err_set(cx, ERR_BAD_REQUEST,
			       "batches are not taken: send each request as a "
			       "message of its own; many may be in flight");
	if (jval_type(root) != J_OBJECT)
		return err_set(cx, ERR_BAD_REQUEST,
			       "a request is a JSON-RPC 2.0 object");
	/* First, so that every later refusal carries it. */
	env->has_id = jval_get(root, "id", &v);
	if (env->has_id) {
		e = take_id(rq, v);
		if (e)
			return e;
	}
	while (jval_next(root, &it, &name, &v)) {
		e = envelope_member(rq, env, name, v);
		if (e)
			return e;
	}
	return OK;
}

static enum err judge_envelope(struct request *rq, const struct envelope *env)
{
	struct ctx *cx = &rq->cx;

	if (!str_is(env->version, "2.0"))
		return err_set(cx, ERR_BAD_REQUEST,
			       "jsonrpc has to be \"2.0\"");
	if (!env->has_id)
		return err_set(cx, ERR_BAD_REQUEST,
			       "a request has an id: every message here is "
			       "answered, so there are no notifications");
	if (!env->method.p)
		return err_set(cx, ERR_BAD_REQUEST, "a request has a method");
	rq->entry = rpc_index_find(rq->core->index, env->method);
	if (!rq->entry)
		return err_set(cx, ERR_UNKNOWN_METHOD,
			       "no such method; rpc.discover lists them");
	return OK;
}

/* Which roles it takes: the text says what to call it with. */
static enum err wrong_role(struct ctx *cx, const struct rpc_method *m)
{
	struct buf b = { 0 };
	struct str roles;

	for (int i = 0; role_words[i]; i++)
		if (m->roles & (UINT32_C(1) << i)) {
			buf_z(&b, b.n ? ", " : "");
			buf_z(&b, role_words[i]);
		}
	roles = buf_copy(&b, cx->arena);
	buf_done(&b);
	return err_set(cx, ERR_DENIED,
		       "%s is for these roles: %.*s; use a key or token that "
		       "has one of them",
		       m->name, STR_FMT(roles));
}

/* Deny is the default: a row without roles is open to nobody. */
static enum err authorize(struct request *rq)
{
	const struct rpc_method *m = rq->entry->method;
	const struct core_opts *o = &rq->core->opts;
	struct ctx *cx = &rq->cx;
	const struct principal *who = NULL;
	enum err e;

	if (m->roles & ROLE_ANYONE)
		return OK;
	if (rq->token.n == 0)
		return err_set(cx, ERR_UNAUTHENTICATED,
			       "this method needs an auth token beside params");
	if (rq->token.n > LIMIT_TOKEN_BYTES)
		return err_set(cx, ERR_UNAUTHENTICATED,
			       "a token has at most %d bytes",
			       LIMIT_TOKEN_BYTES);
	if (!o->auth.principal)
		return err_set(cx, ERR_UNAVAILABLE, "no tokens are known yet");
	e = o->auth.principal(o->app->auth, cx, rq->token, &who);
	if (e)
		return e;
	if (!who || !(who->roles & m->roles))
		return wrong_role(cx, m);
	if (m->flags & RPC_WHOLE && who->courses.n)
		return err_set(cx, ERR_DENIED,
			       "%s concerns the whole organization, and your "
			       "key or token covers some courses only; use one "
			       "without courses",
			       m->name);
	cx->who = who;
	return o->auth.rate ? o->auth.rate(o->app->auth, cx, who) : OK;
}

static enum err decode_params(struct request *rq)
{
	const struct rpc_entry *en = rq->entry;
	const struct rpc_method *m = en->method;
	struct ctx *cx = &rq->cx;
	enum err e;

	if (rq->io.bytes_in.p && !(m->flags & RPC_TAKES_BYTES))
		return err_set(cx, ERR_INVALID,
			       "%s takes no bytes behind the JSON", m->name);
	rq->in = arena_alloc(cx->arena, en->taken.size);
	if (rq->has_params)
		e = field_decode(cx, rq->params, &en->taken, "", rq->in);
	else
		e = field_decode_text(cx, STR("{}"), &en->taken, rq->in);
	if (e)
		return e;
	if (m->result)
		rq->result = arena_alloc(cx->arena, m->result->size);
	return OK;
}

/*
 * The hash of what was asked covers the decoded params in table order, so it
 * does not depend on the members' order or white space, the bytes, and the
 * key, which is random with most callers and kept nowhere: so nobody who reads
 * the record can try responses or passwords against the hash.
 */
static void take_key(struct request *rq)
{
	const struct rpc_entry *en = rq->entry;
	struct ctx *cx = &rq->cx;
	struct str key;

	if (en->key_at == 0 || !cx->who)
		return;
	key = *(const struct str *)((const char *)rq->in + en->key_at);
	if (!key.p)
		return;
	buf_reset(&rq->out);
	if (en->method->params)
		field_encode(&rq->out, en->method->params, rq->in);
	if (rq->io.bytes_in.p) {
		unsigned char hash[HASH_BYTES];

		crypto_generichash(hash, sizeof(hash),
				   (const unsigned char *)rq->io.bytes_in.p,
				   rq->io.bytes_in.n, NULL, 0);
		buf_hex(&rq->out, hash, sizeof(hash));
	}
	buf_str(&rq->out, key);
	rq->io.idempotency_key = key;
	rq->io.idem = record_idem(cx, cx->who->actor, key);
	rq->io.ask =
		record_ask(cx, str_of(en->method->name), buf_view(&rq->out));
}

enum err refuse_for(struct ctx *cx, int64_t retry_after_ms, enum err e,
		    const char *text)
{
	err_set(cx, e, "%s", text);
	cx->error.retry_after_ms = retry_after_ms;
	return e;
}

static enum err split(struct request *rq, struct str bytes, struct str *json)
{
	const char *nul = bytes.n ? memchr(bytes.p, 0, bytes.n) : NULL;

	*json = bytes;
	if (nul) {
		json->n = (size_t)(nul - bytes.p);
		rq->io.bytes_in =
			(struct str){ nul + 1, bytes.n - json->n - 1 };
	}
	if (json->n > LIMIT_MESSAGE_BYTES)
		return err_set(&rq->cx, ERR_TOO_LARGE,
			       "the JSON of a message has at most %d bytes",
			       LIMIT_MESSAGE_BYTES);
	if (rq->io.bytes_in.n > LIMIT_BLOB_BYTES)
		return err_set(&rq->cx, ERR_TOO_LARGE,
			       "a message carries at most %d bytes",
			       LIMIT_BLOB_BYTES);
	return OK;
}

static enum err refuse_now(struct request *rq, const struct front_msg *m)
{
	const struct rpc_method *row = rq->entry->method;

	if (m->crowded) {
		return refuse_for(&rq->cx, 50, ERR_BUSY,
				  "this connection has too many requests in "
				  "flight: wait for answers before sending "
				  "more");
	}
	/* Who watches the server may still ask how it is. */
	if (core_draining(rq->core) && !(row->flags & RPC_NO_STORE)) {
		return refuse_for(&rq->cx, 1000, ERR_DRAINING,
				  "the server is stopping: connect again and "
				  "send the same request");
	}
	return OK;
}

enum err request_read(struct request *rq, const struct front_msg *m)
{
	struct envelope env = { 0 };
	struct str json;
	enum err e;

	e = split(rq, m->bytes, &json);
	if (!e)
		e = read_envelope(rq, json, &env);
	if (!e)
		e = judge_envelope(rq, &env);
	if (!e)
		e = refuse_now(rq, m);
	if (!e)
		e = authorize(rq);
	if (!e)
		e = decode_params(rq);
	if (!e)
		take_key(rq);
	return e;
}
