/* What a server says about itself: server.* and rpc.discover. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/rpc/feed.h"
#include "engine/rpc/front.h"
#include "engine/rpc/table.h"
#include "engine/rpc/version.h"

struct pong {
	bool pong;
};
static const struct field pong_fields[] = {
	FIELD(struct pong, pong, KIND_BOOL, "true"),
	FIELD_END,
};
static const struct shape pong_shape = { "pong", sizeof(struct pong),
					 pong_fields };

static enum err server_ping(struct ctx *cx, const void *params, void *result)
{
	(void)cx;
	(void)params;
	((struct pong *)result)->pong = true;
	return OK;
}

struct now {
	int64_t time;
	int64_t unix_ms;
};
static const struct field now_fields[] = {
	FIELD(struct now, time, KIND_TIME, "the server's time, UTC"),
	FIELD(struct now, unix_ms, KIND_INT, "the same in Unix milliseconds"),
	FIELD_END,
};
static const struct shape now_shape = { "now", sizeof(struct now), now_fields };

static enum err server_time(struct ctx *cx, const void *params, void *result)
{
	struct now *n = result;

	(void)params;
	n->time = n->unix_ms = clock_ms(cx->clock);
	return OK;
}

struct limits {
	int64_t message_bytes, blob_bytes, json_depth, text_bytes,
		response_bytes, page;
};
static const struct field limits_fields[] = {
	FIELD(struct limits, message_bytes, KIND_INT,
	      "bytes of a message's JSON"),
	FIELD(struct limits, blob_bytes, KIND_INT,
	      "bytes behind a message's NUL"),
	FIELD(struct limits, json_depth, KIND_INT, "nesting of the JSON"),
	FIELD(struct limits, text_bytes, KIND_INT,
	      "bytes of a text that a person wrote"),
	FIELD(struct limits, response_bytes, KIND_INT,
	      "bytes of one response to one item"),
	FIELD(struct limits, page, KIND_INT, "rows of one page of a list"),
	FIELD_END,
};
static const struct shape limits_shape = { "limits", sizeof(struct limits),
					   limits_fields };

struct info {
	struct str name, version, store;
	int64_t node;
	struct list transports; /* struct str */
	struct str feed;
	struct limits limits;
};
static const struct field info_fields[] = {
	FIELD(struct info, name, KIND_STR, "\"assay\""),
	FIELD(struct info, version, KIND_STR, "of the program"),
	FIELD(struct info, node, KIND_INT,
	      "number of this server in its cluster"),
	FIELD_OPT(struct info, store, KIND_STR, "sqlite or postgresql"),
	FIELD(struct info, transports, KIND_LIST, "URL schemes it can speak",
	      .of = KIND_STR),
	FIELD_OPT(struct info, feed, KIND_STR,
		  "where events are published, comma-separated URLs"),
	FIELD(struct info, limits, KIND_OBJECT, "what a request may hold",
	      .shape = &limits_shape),
	FIELD_END,
};
static const struct shape info_shape = { "info", sizeof(struct info),
					 info_fields };

static enum err server_info(struct ctx *cx, const void *params, void *result)
{
	struct info *in = result;
	struct str *words = ARENA_ARRAY(cx->arena, struct str, FRONT_TEST);

	(void)params;
	for (int i = 0; i < FRONT_TEST; i++)
		words[i] = str_of(front_transport_word(i));
	in->name = STR("assay");
	in->version = STR(ASSAY_VERSION);
	in->node = cx->app->node;
	if (cx->app->store)
		in->store = str_of(store_kind(cx->app->store));
	if (cx->app->feed)
		in->feed = feed_urls(cx->app->feed);
	in->transports = (struct list){ words, FRONT_TEST };
	in->limits = (struct limits){
		.message_bytes = LIMIT_MESSAGE_BYTES,
		.blob_bytes = LIMIT_BLOB_BYTES,
		.json_depth = LIMIT_JSON_DEPTH,
		.text_bytes = LIMIT_TEXT_BYTES,
		.response_bytes = LIMIT_RESPONSE_BYTES,
		.page = LIMIT_PAGE,
	};
	return OK;
}

/* The document is the result itself, so it goes out as a ready text. */
static enum err discover_rpc(struct ctx *cx, const void *params, void *result)
{
	struct buf b = { 0 };

	(void)params;
	(void)result;
	rpc_discover(&b, cx->app->methods);
	cx->io->replay = buf_copy(&b, cx->arena);
	buf_done(&b);
	return OK;
}

const struct rpc_method server_methods[] = {
	{
		.name = "rpc.discover",
		.does = "The OpenRPC document of all methods.",
		.roles = ROLE_ANYONE,
		.flags = RPC_NO_STORE | RPC_SLOW,
		.budget_ms = 500,
		.run = discover_rpc,
	},
	{
		.name = "server.ping",
		.does = "Answer at once; touches no database.",
		.roles = ROLE_ANYONE,
		.flags = RPC_NO_STORE,
		.budget_ms = 50,
		.result = &pong_shape,
		.run = server_ping,
	},
	{
		.name = "server.info",
		.does = "Version, node, transports and limits of the server.",
		.roles = ROLE_ANYONE,
		.flags = RPC_NO_STORE,
		.budget_ms = 50,
		.result = &info_shape,
		.run = server_info,
	},
	{
		.name = "server.time",
		.does = "The time that attempts are timed by.",
		.roles = ROLE_ANYONE,
		.flags = RPC_NO_STORE,
		.budget_ms = 50,
		.result = &now_shape,
		.run = server_time,
	},
	{ 0 },
};
