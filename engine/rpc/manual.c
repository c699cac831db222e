/* docs/protocol.md, from the rows. */
#include "base/limits.h"
#include "engine/rpc/events.h"
#include "engine/rpc/table.h"

static const char head[] =
	"<!-- Printed from the method tables: assayd --print-manual. -->\n"
	"# The protocol\n"
	"\n"
	"JSON-RPC 2.0 over nng `req`/`rep`, on `ipc://`, `tcp://` (loopback),\n"
	"`tls+tcp://`, `ws://` (loopback) and `wss://`. One message is one\n"
	"request object, then, where a method takes or gives bytes, one NUL\n"
	"and the bytes.\n"
	"\n"
	"```json\n"
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"server.time\",\n"
	" \"auth\":\"<token>\",\"params\":{}}\n"
	"```\n"
	"\n"
	"- `id` is a number, a string or null and comes back as it was sent.\n"
	"  Every message is answered, so a request without `id` (a\n"
	"  notification) is refused, and so is a batch: send many messages\n"
	"  instead, they may be in flight together.\n"
	"- `auth` is an API key or a JWT. It stands beside `params`, so that\n"
	"  params can be hashed without it.\n"
	"- `params` is an object. A member that a method does not know is\n"
	"  refused.\n"
	"- Every command takes `idempotency_key`. The same key and params give\n"
	"  the same reply; the same key with other params is `conflict`. Send\n"
	"  a command again, after a lost connection or a `retry`, with the\n"
	"  same key.\n"
	"- An error has `code`, `message` (may be shown; says what to do) and\n"
	"  `data`: `kind` (a stable word), `retry` (the same request may\n"
	"  succeed later), and where they apply `field` (JSON pointer into\n"
	"  params), `retry_after_ms` and `state`.\n"
	"- A client that takes replies slower than the server's send_timeout\n"
	"  is disconnected. One connection may have a bounded number of\n"
	"  requests in flight; more are `busy`.\n"
	"- From a browser: `new WebSocket(url, 'rep.sp.nanomsg.org')`, binary\n"
	"  frames, first 4 bytes a request number with the top bit set, which\n"
	"  the reply repeats. The page's origin has to be in `origins`.\n"
	"\n";

static void kind_name(struct buf *b, enum kind k, const struct shape *shape)
{
	static const char *const names[] = {
		"",	"bool",	 "integer", "decimal", "text", "id",	 "time",
		"word", "words", "any",	    "base64",  "hex",  "object", "list"
	};

	buf_z(b, names[k]);
	if (k == KIND_OBJECT && shape) {
		struct str s = str_of(shape->name);

		buf_ch(b, ' ');
		buf_str(b, str_cut(s, str_starts(s, "struct ") ? 7 : 0, s.n));
	}
}

static void words(struct buf *b, const struct field *f)
{
	buf_z(b, ": ");
	for (int i = 0; f->words && f->words[i]; i++)
		buf_fmt(b, "%s`%s`", i ? ", " : "", f->words[i]);
}

static void field_line(struct buf *b, const struct field *f, int depth)
{
	bool rest = depth < 3 && f->shape &&
		    (f->kind == KIND_OBJECT ||
		     (f->kind == KIND_LIST && f->of == KIND_OBJECT));

	buf_fmt(b, "%*s- `%s` (", depth * 2, "", f->name);
	kind_name(b, f->kind, f->shape);
	if (f->kind == KIND_LIST) {
		buf_z(b, " of ");
		kind_name(b, f->of, f->shape);
	}
	buf_z(b, f->optional ? ", may be absent) " : ") ");
	buf_z(b, f->doc ? f->doc : "");
	if (f->words)
		words(b, f);
	buf_ch(b, '\n');
	for (const struct field *g = rest ? f->shape->fields : NULL;
	     g && g->kind != KIND_END; g++)
		field_line(b, g, depth + 1);
}

static void fields(struct buf *b, const char *title, const struct field *f)
{
	if (!f || f->kind == KIND_END)
		return;
	buf_fmt(b, "\n%s\n\n", title);
	for (; f->kind != KIND_END; f++)
		field_line(b, f, 0);
}

static void roles(struct buf *b, uint32_t set)
{
	bool first = true;

	if (set & ROLE_ANYONE) {
		buf_z(b, "anyone, without a token");
		return;
	}
	for (int i = 0; role_words[i]; i++)
		if (set & (UINT32_C(1) << i)) {
			buf_fmt(b, "%s%s", first ? "" : ", ", role_words[i]);
			first = false;
		}
}

static void method(struct buf *b, const struct rpc_entry *e)
{
	const struct rpc_method *m = e->method;

	buf_fmt(b, "\n### %s\n\n%s\n\n", m->name, m->does);
	buf_z(b, m->flags & RPC_WRITES ? "Command" : "Query");
	buf_z(b, "; for ");
	roles(b, m->roles);
	if (m->flags & RPC_WHOLE)
		buf_z(b, "; not for callers bound to courses");
	if (m->flags & RPC_TAKES_BYTES)
		buf_z(b, "; takes bytes behind the JSON");
	if (m->flags & RPC_GIVES_BYTES)
		buf_z(b, "; gives bytes behind the JSON");
	buf_z(b, ".\n");
	fields(b, "Params:", e->taken.fields);
	fields(b, "Result:", m->result ? m->result->fields : NULL);
	if (m->fails && *m->fails) {
		buf_z(b, "\nFails with ");
		for (const enum err *f = m->fails; *f; f++)
			buf_fmt(b, "%s`%s`", f == m->fails ? "" : ", ",
				err_kind(*f));
		buf_z(b, ".\n");
	}
}

static void errors(struct buf *b)
{
	buf_z(b, "\n## Errors\n\n| kind | code | retry |\n|---|---|---|\n");
	for (int i = 1; i < ERR_COUNT; i++)
		buf_fmt(b, "| `%s` | %d | %s |\n", err_kind((enum err)i),
			err_number((enum err)i),
			err_retry((enum err)i) ? "yes" : "no");
}

static void events(struct buf *b)
{
	buf_z(b, "\n## Events\n\n`event.list` gives them all, in order; the "
		 "live feed (`event.feed`) may lose some.\n\n"
		 "| event | |\n|---|---|\n");
#define X(name, doc) buf_fmt(b, "| `%s` | %s |\n", name, doc);
	PUBLIC_EVENTS(X)
#undef X
}

static void limits(struct buf *b)
{
	buf_fmt(b,
		"\n## Limits\n\nJSON of a message: %d bytes, %d levels, %d "
		"members of one object. Bytes behind it: %d. A token: %d "
		"bytes. A page of a list: %d rows.\n",
		LIMIT_MESSAGE_BYTES, LIMIT_JSON_DEPTH, LIMIT_JSON_FIELDS,
		LIMIT_BLOB_BYTES, LIMIT_TOKEN_BYTES, LIMIT_PAGE);
}

void rpc_manual(struct buf *b, const struct rpc_table *t)
{
	struct rpc_index *x = rpc_index_new(t);

	buf_z(b, head);
	buf_z(b, "## Methods\n");
	for (size_t i = 0; i < rpc_index_count(x); i++)
		method(b, rpc_index_at(x, i));
	errors(b);
	events(b);
	limits(b);
	rpc_index_free(x);
}
