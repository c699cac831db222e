#include "cli/connect.h"

#include <unistd.h>

#include "base/limits.h"
#include "base/tm.h"
#include "cli/file.h"

enum { TRIES = 3, WAIT_MS = 500, WAIT_MOST_MS = 5000, URL_MOST = 1000 };

const struct flag connect_flags[] = {
	{ .name = "url",
	  .value = "URL",
	  .doc = "the server: ipc://PATH, tcp://HOST:PORT, tls+tcp://, ws://, "
		 "wss:// [ASSAY_URL, or the socket of a server here]" },
	{ .name = "token_file",
	  .value = "FILE",
	  .doc = "holds your API key or token [ASSAY_TOKEN_FILE; or "
		 "ASSAY_TOKEN is the key itself]" },
	{ .name = "token",
	  .value = "TOKEN",
	  .doc = "the key itself; others on this machine can see it" },
	{ .name = "ca",
	  .value = "FILE",
	  .doc = "PEM: who may sign the server's certificate" },
	{ .name = "insecure", .doc = "take any certificate" },
	{ .name = "timeout",
	  .value = "SPAN",
	  .doc = "wait for an answer [10s]" },
	{ .name = "tries",
	  .value = "NUMBER",
	  .doc = "send so often where nobody answers [3]" },
	{ .name = "json", .doc = "print results and errors as JSON" },
	{ 0 },
};

static const char *const sockets[] = { "assay-data/assay.sock",
				       "/run/assay/assay.sock",
				       "/var/lib/assay/assay.sock", NULL };

static struct str local_url(struct cli *c)
{
	for (int i = 0; sockets[i]; i++)
		if (access(sockets[i], F_OK) == 0)
			return str_fmt(c->cx->arena, "ipc://%s", sockets[i]);
	return str_fmt(c->cx->arena, "ipc://%s", sockets[0]);
}

static struct str setting(struct cli *c, const struct args *a, const char *flag,
			  const char *name)
{
	struct str s = args_get(a, flag);

	return s.p ? s : str_of(name ? c->env(name) : NULL);
}

static enum err read_token(struct cli *c, const struct args *a, struct str *out)
{
	struct str direct = args_get(a, "token"), file;
	enum err e = OK;

	*out = (struct str){ 0 };
	file = args_get(a, "token_file");
	if (direct.p && file.p)
		return err_set(c->cx, ERR_INVALID,
			       "--token and --token-file are given both");
	if (direct.p) {
		cli_say(c, 0,
			"a token in the command line can be seen by "
			"others on this machine; --token-file cannot");
		*out = direct;
	} else if (file.p) {
		e = file_read(c, file, LIMIT_TOKEN_BYTES, out);
	} else if (c->env("ASSAY_TOKEN")) {
		*out = str_of(c->env("ASSAY_TOKEN"));
	} else if (c->env("ASSAY_TOKEN_FILE")) {
		e = file_read(c, str_of(c->env("ASSAY_TOKEN_FILE")),
			      LIMIT_TOKEN_BYTES, out);
	}
	*out = str_trim(*out);
	if (!e && out->n > LIMIT_TOKEN_BYTES)
		return err_set(c->cx, ERR_INVALID, "the token is too long");
	return e;
}

static enum err read_numbers(struct cli *c, const struct args *a,
			     struct client_opts *o, int *tries)
{
	struct str timeout = args_get(a, "timeout");
	struct str n = args_get(a, "tries");
	int64_t v = TRIES;

	if (timeout.p && (!tm_parse_span(timeout, &o->timeout_ms) ||
			  o->timeout_ms < 1 || o->timeout_ms > 3600000))
		return err_set(c->cx, ERR_INVALID,
			       "--timeout wants a span up to 1h, such as 30s");
	if (n.p && (!str_int(n, &v) || v < 1 || v > 100))
		return err_set(c->cx, ERR_INVALID,
			       "--tries wants a number from 1 to 100");
	*tries = o->tries = (int)v;
	return OK;
}

enum err connect_open(struct cli *c, const struct args *a, struct connect *out)
{
	struct client_opts o = { .url = setting(c, a, "url", "ASSAY_URL"),
				 .ca_file = args_get(a, "ca"),
				 .insecure = args_on(a, "insecure") };
	enum err e = read_numbers(c, a, &o, &out->tries);

	if (!e)
		e = read_token(c, a, &o.auth);
	if (e)
		return e;
	if (!o.url.n)
		o.url = local_url(c);
	if (o.url.n > URL_MOST)
		return err_set(c->cx, ERR_INVALID, "the URL is too long");
	return client_open(c->cx, &o, &out->client);
}

void connect_close(struct connect *n)
{
	client_close(n->client);
	n->client = NULL;
}

enum err connect_call(struct cli *c, struct connect *n, struct str method,
		      struct str params, struct str bytes,
		      struct client_reply *out)
{
	int64_t wait;
	enum err e;

	for (int i = 1;; i++) {
		e = client_call(c->cx, n->client, method, params, bytes, out);
		if (e || !err_retry(out->code) || out->code == ERR_INTERNAL ||
		    i >= n->tries)
			return e;
		wait = out->retry_after_ms > 0 ? out->retry_after_ms : WAIT_MS;
		if (wait > WAIT_MOST_MS)
			return OK;
		c->wait(wait);
	}
}

struct str connect_key(struct cli *c)
{
	struct id id = id_new(c->cx->clock, c->cx->rng);
	char text[ID_TEXT + 1];

	id_text(&id, text);
	return str_copy(c->cx->arena, str_of(text));
}

struct str connect_with_key(struct cli *c, struct str params, struct str key)
{
	struct str open = str_trim(params);
	struct buf b = { 0 };
	struct str s;

	if (open.n < 2)
		open = STR("{}");
	open = str_trim(str_cut(open, 0, open.n - 1));
	buf_str(&b, open);
	if (open.n > 1)
		buf_ch(&b, ',');
	buf_z(&b, "\"idempotency_key\":");
	jout_str(&b, key);
	buf_ch(&b, '}');
	s = buf_copy(&b, c->cx->arena);
	buf_done(&b);
	return s;
}
