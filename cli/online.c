#include "cli/online.h"

#include "base/limits.h"
#include "cli/connect.h"
#include "cli/file.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/params.h"
#include "cli/verb.h"
#include "cli/wrap.h"

#define CALL_FLAGS                                                             \
	{ .name = "bytes",                                                     \
	  .value = "FILE",                                                     \
	  .doc = "the bytes that go with the params" },                        \
		{ .name = "out",                                               \
		  .letter = 'o',                                               \
		  .value = "FILE",                                             \
		  .doc = "where the bytes go that come with the result" },     \
	{                                                                      \
		.name = "idempotency_key", .value = "TEXT",                    \
		.doc = "makes a command repeatable [a random one]"             \
	}

const struct flag online_flags[] = {
	CALL_FLAGS,
	{ .name = "all_pages",
	  .doc = "where the result has a next: call again with it, until the "
		 "end" },
	{ 0 },
};

const struct flag call_flags[] = {
	{ .name = "params",
	  .value = "JSON",
	  .doc = "an object; @FILE and - read it from a file" },
	CALL_FLAGS,
	{ 0 },
};

struct str online_noun(const struct rpc_method *m)
{
	struct str s = str_of(m->name);

	return str_cut(s, 0, str_find(s, STR("."), 0));
}

struct str online_verb(const struct rpc_method *m)
{
	struct str s = str_of(m->name);

	return str_cut(s, str_find(s, STR("."), 0) + 1, s.n);
}

/* ---- answers ---- */

static void error_json(struct cli *c, const struct client_reply *r)
{
	struct buf b = { 0 };

	buf_fmt(&b,
		"{\"error\":{\"kind\":\"%s\",\"message\":", err_kind(r->code));
	jout_str(&b, r->message.p ? r->message : STR(""));
	buf_fmt(&b, ",\"retry\":%s", err_retry(r->code) ? "true" : "false");
	if (r->field.n) {
		buf_z(&b, ",\"field\":");
		jout_str(&b, r->field);
	}
	if (r->retry_after_ms > 0)
		buf_fmt(&b, ",\"retry_after_ms\":%lld",
			(long long)r->retry_after_ms);
	if (r->state.n) {
		buf_z(&b, ",\"state\":");
		buf_str(&b, r->state);
	}
	buf_z(&b, "}}\n");
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}

/* What the caller may do about it, where the code says so. */
static const char *advice(enum err code)
{
	switch (code) {
	case ERR_UNAUTHENTICATED:
		return "give a valid key or token with --token-file or "
		       "ASSAY_TOKEN";
	case ERR_UNKNOWN_METHOD:
		return "the server is of another version: see assay server "
		       "info";
	default: /* allowed: most errors say themselves what to do */
		return NULL;
	}
}

static void error_text(struct cli *c, const struct client_reply *r)
{
	struct buf b = { 0 };
	const struct output o = { &b, c->columns, 0 };
	const struct output below = { &b, c->columns, 4 };
	struct jdoc *doc;

	output_line(&o, "assay:",
		    r->message.n ? r->message : str_of(err_kind(r->code)));
	if (r->field.n)
		output_line(&o, "  field:", r->field);
	output_line(&o, "  kind: ", str_of(err_kind(r->code)));
	if (advice(r->code))
		output_line(&o, "  hint: ", str_of(advice(r->code)));
	if (err_retry(r->code)) {
		buf_z(&b, "  retry: the same call may succeed later");
		if (r->retry_after_ms > 0) {
			buf_z(&b, ", in ");
			output_span(&b, r->retry_after_ms);
		}
		buf_ch(&b, '\n');
	}
	if (r->state.n && !jdoc_parse(c->cx, r->state, &doc)) {
		buf_z(&b, "  state:\n");
		output_object(c->cx, &below, NULL, jdoc_root(doc));
	}
	cli_put(c->err, buf_view(&b));
	buf_done(&b);
}

int online_refused(struct cli *c, const struct client_reply *r, bool json)
{
	if (json)
		error_json(c, r);
	else
		error_text(c, r);
	return cli_code(r->code);
}

int online_nobody(struct cli *c, bool json, enum err e)
{
	struct client_reply r = { .code = e,
				  .message = str_of(c->cx->error.text) };

	if (e == ERR_INVALID)
		return cli_usage(c);
	if (json)
		error_json(c, &r);
	else
		cli_error(c, e);
	if (!json && e == ERR_UNAVAILABLE)
		cli_say(c, 0,
			"is assayd running there? --url or ASSAY_URL says "
			"where a server is");
	return CLI_FAILED;
}

static int tell_bytes(struct cli *c, const struct client_reply *r,
		      struct str out)
{
	enum err e = OK;

	if (!r->bytes.p)
		return CLI_FINE;
	if (out.p)
		e = file_write(c, out, r->bytes, false);
	else if (str_utf8_ok(r->bytes) || !c->out_is_terminal)
		cli_put(c->out, r->bytes);
	else
		return cli_say(c, CLI_USAGE,
			       "%zu bytes came with it; --out FILE keeps them",
			       r->bytes.n);
	return e ? cli_error(c, e) : CLI_FINE;
}

static void tell_result(struct cli *c, const struct rpc_method *m,
			const struct client_reply *r, bool json, FILE *to)
{
	struct buf b = { 0 };
	const struct output o = { &b, c->out_is_terminal ? c->columns : 0, 0 };
	struct jdoc *doc;

	if (json || jdoc_parse(c->cx, r->result, &doc)) {
		buf_str(&b, r->result);
		buf_ch(&b, '\n');
	} else {
		output_object(c->cx, &o, m->result, jdoc_root(doc));
	}
	cli_put(to, buf_view(&b));
	buf_done(&b);
}

/* Where the next page begins; absent: this was the last. */
static struct str next_of(struct cli *c, struct str result)
{
	struct jdoc *doc;
	struct jval v;

	if (jdoc_parse(c->cx, result, &doc) ||
	    jval_type(jdoc_root(doc)) != J_OBJECT ||
	    !jval_get(jdoc_root(doc), "next", &v) || jval_type(v) != J_STRING)
		return (struct str){ 0 };
	return jval_str(c->cx, v);
}

/* ---- calls ---- */

struct call {
	const struct rpc_method *method;
	struct str params, bytes;
	const struct args *args;
};

static enum err add_key(struct cli *c, struct call *call)
{
	struct str key = args_get(call->args, "idempotency_key");

	if (!(call->method->flags & RPC_WRITES)) {
		if (key.p)
			return err_set(c->cx, ERR_INVALID,
				       "a query takes no idempotency key");
		return OK;
	}
	if (str_find(call->params, STR("\"idempotency_key\""), 0) != SIZE_MAX)
		return OK; /* --params has one of its own */
	if (!key.p)
		key = connect_key(c);
	call->params = connect_with_key(c, call->params, key);
	return OK;
}

static enum err add_bytes(struct cli *c, struct call *call)
{
	struct str path = args_get(call->args, "bytes");

	if (!path.p)
		return OK;
	if (!(call->method->flags & RPC_TAKES_BYTES))
		return err_set(c->cx, ERR_INVALID, "%s takes no bytes",
			       call->method->name);
	return file_read(c, path, LIMIT_BLOB_BYTES, &call->bytes);
}

static int once(struct cli *c, struct call *call, struct str *next)
{
	bool json = args_on(call->args, "json"), apart;
	struct str out = args_get(call->args, "out");
	struct connect n = { 0 };
	struct client_reply r;
	int code;
	enum err e = add_key(c, call);

	if (!e)
		e = add_bytes(c, call);
	if (e)
		return e == ERR_INVALID ? cli_usage(c) : cli_error(c, e);
	e = connect_open(c, call->args, &n);
	if (e && !err_retry(e) && e != ERR_INVALID && e != ERR_UNAUTHENTICATED)
		return cli_error(c, e); /* such as a file that is not there */
	if (!e)
		e = connect_call(c, &n, str_of(call->method->name),
				 call->params, call->bytes, &r);
	connect_close(&n);
	if (e)
		return online_nobody(c, json, e);
	if (r.code)
		return online_refused(c, &r, json);
	/* Bytes on standard output have it for themselves. */
	apart = r.bytes.p && (!out.p || str_is(out, "-")) &&
		!c->out_is_terminal;
	tell_result(c, call->method, &r, json, apart ? c->err : c->out);
	*next = next_of(c, r.result);
	code = tell_bytes(c, &r, out);
	if (fflush(c->out) != 0 && code == CLI_FINE)
		return cli_say(c, CLI_FAILED, "cannot write the output");
	return code;
}

/* The params with another cursor than they may have. */
static struct str with_cursor(struct cli *c, struct str params,
			      struct str cursor)
{
	struct str name, cut;
	struct jdoc *doc;
	struct jval v;
	struct buf b = { 0 };
	uint32_t it = 0;

	buf_z(&b, "{\"cursor\":");
	jout_str(&b, cursor);
	CHECK(!jdoc_parse(c->cx, params, &doc));
	while (jval_next(jdoc_root(doc), &it, &name, &v)) {
		if (str_is(name, "cursor"))
			continue;
		buf_z(&b, ",\"");
		buf_str(&b, name);
		buf_z(&b, "\":");
		buf_str(&b, jval_text(v));
	}
	buf_ch(&b, '}');
	cut = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return cut;
}

static int perform(struct cli *c, struct call *call)
{
	bool all = args_on(call->args, "all_pages");
	struct str params = call->params, next = { 0 }, last = { 0 };
	int code;

	if (all && args_get(call->args, "idempotency_key").p)
		return cli_say(c, CLI_USAGE,
			       "each page is a call of its own: --all-pages "
			       "goes without --idempotency-key");
	code = once(c, call, &next);
	/* A list that grows at its end says where that is: the same again. */
	while (all && code == CLI_FINE && next.n && !str_eq(next, last)) {
		last = next;
		call->params = params = with_cursor(c, params, next);
		next = (struct str){ 0 };
		code = once(c, call, &next);
	}
	return code;
}

int online_run(struct cli *c, const struct rpc_method *m, int argc, char **argv)
{
	const struct flag *fields = params_flags(c->cx, m->params);
	const struct flag *tables[] = { fields, online_flags, connect_flags,
					common_flags, NULL };
	struct call call = { .method = m };
	struct args a;

	if (args_read(c->cx, tables, argc, argv, &a))
		return cli_usage(c);
	if (args_on(&a, "help")) {
		help_method(c, c->out, m);
		return CLI_FINE;
	}
	call.args = &a;
	if (params_build(c, m->params, &a, &call.params)) {
		cli_usage(c);
		fprintf(c->err, "       assay %.*s %.*s --help says more\n",
			STR_FMT(online_noun(m)), STR_FMT(online_verb(m)));
		return CLI_USAGE;
	}
	return perform(c, &call);
}

/* ---- assay call ---- */

int call_run(struct cli *c, const struct args *a)
{
	struct str name = args_rest(a, 0), params = args_get(a, "params");
	/* Also a method of a newer server that no row here describes. */
	struct rpc_method unknown = { .name = str_z(c->cx->arena, name),
				      .flags = RPC_TAKES_BYTES };
	struct call call = { .args = a, .params = STR("{}") };
	struct jdoc *doc;

	call.method = rpc_find(c->methods, name);
	if (!call.method)
		call.method = &unknown;
	if (params.p &&
	    file_value(c, params, LIMIT_MESSAGE_BYTES, &call.params))
		return cli_usage(c);
	call.params = str_trim(call.params);
	if (jdoc_parse(c->cx, call.params, &doc))
		return cli_say(c, CLI_USAGE, "--params: %s", c->cx->error.text);
	if (jval_type(jdoc_root(doc)) != J_OBJECT)
		return cli_say(c, CLI_USAGE, "--params is no JSON object");
	return perform(c, &call);
}
