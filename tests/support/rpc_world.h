/*
 * rpc_world: a core with rows and callers made up for tests, on a real store
 * in a folder of its own. For tests of the machinery, which know no slice.
 *
 * Tokens: "plat", "learner", "auditor", "other" (a second organization),
 * "bound" (platform, course c1 only), "slow" (rate limited). Others are
 * unknown.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/rpc/core.h"
#include "engine/rpc/event_sql.h"
#include "engine/rpc/feed.h"
#include "engine/rpc/metrics.h"
#include "engine/rpc/table.h"

/* Rows */

struct rw_text {
	struct str text;
	int64_t n;
};
static const struct field rw_text_fields[] = {
	FIELD(struct rw_text, text, KIND_STR, "any text", .max = 100000),
	FIELD_OPT(struct rw_text, n, KIND_INT, "a number", .min = 0,
		  .max = 1000),
	FIELD_END,
};
static const struct shape rw_text_shape = { "text", sizeof(struct rw_text),
					    rw_text_fields };

struct rw_count {
	int64_t count;
	struct str stream;
};
static const struct field rw_count_fields[] = {
	FIELD(struct rw_count, count, KIND_INT, "how many"),
	FIELD_OPT(struct rw_count, stream, KIND_STR, "where"),
	FIELD_END,
};
static const struct shape rw_count_shape = { "count", sizeof(struct rw_count),
					     rw_count_fields };

static enum err rw_echo(struct ctx *cx, const void *params, void *result)
{
	*(struct rw_text *)result = *(const struct rw_text *)params;
	cx->io->bytes_out = cx->io->bytes_in;
	return OK;
}

/* n KiB behind the JSON. */
static enum err rw_large(struct ctx *cx, const void *params, void *result)
{
	const struct rw_text *p = params;
	size_t n = (size_t)p->n << 10;
	char *bytes = arena_alloc(cx->arena, n + 1);

	memset(bytes, 'x', n);
	*(struct rw_text *)result = *p;
	cx->io->bytes_out = (struct str){ bytes, n };
	return OK;
}

static enum err rw_refuse(struct ctx *cx, const void *params, void *result)
{
	(void)params;
	(void)result;
	err_field(cx, ERR_TOO_LATE, "/text", "the door is shut");
	err_detail(cx, "only for the log");
	cx->error.data = STR("{\"left\":3}");
	cx->error.retry_after_ms = 77;
	return ERR_TOO_LATE;
}

static enum err rw_silent(struct ctx *cx, const void *params, void *result)
{
	(void)cx;
	(void)params;
	(void)result;
	return ERR_NOT_FOUND;
}

/* How often rw_write's body ran, also in vain. */
static _Atomic int64_t rw_runs;

static enum err rw_write(struct ctx *cx, const void *params, void *result)
{
	const struct rw_text *p = params;
	struct rw_count *out = result;
	struct record r = { .org = cx->who->org,
			    .stream = cx->who->org,
			    .event = STR("attempt.answered") };

	out->count = atomic_fetch_add(&rw_runs, 1) + 1;
	out->stream = p->text;
	r.body = str_fmt(cx->arena, "{\"n\":%lld,\"course\":\"c%lld\"}",
			 (long long)p->n, (long long)(p->n % 3));
	cx->io->rights_changed = str_is(p->text, "rights");
	if (str_is(p->text, "inside"))
		r.event = STR("inside.only");
	if (str_is(p->text, "nothing"))
		return OK;
	record_stage(cx, &r);
	if (str_is(p->text, "fail"))
		return err_set(cx, ERR_PRECONDITION, "asked to fail");
	return OK;
}

/* Who came before a command, and with what in hand. */
struct rw_before {
	pthread_t thread;
	bool had_store;
};

static enum err rw_prepare(struct ctx *cx, const void *params)
{
	const struct rw_text *p = params;
	struct rw_before *b = ARENA_NEW(cx->arena, struct rw_before);

	if (str_is(p->text, "bad"))
		return err_field(cx, ERR_PRECONDITION, "/text", "it is bad");
	*b = (struct rw_before){ pthread_self(), cx->db != NULL };
	cx->io->prepared = b;
	return OK;
}

/* count: 1 by the same thread, 2 by another one. */
static enum err rw_prepared(struct ctx *cx, const void *params, void *result)
{
	const struct rw_before *b = cx->io->prepared;
	struct rw_count *out = result;
	enum err e = rw_write(cx, params, result);

	CHECK(cx->db && !b->had_store);
	out->count = pthread_equal(b->thread, pthread_self()) ? 1 : 2;
	return e;
}

static enum err rw_nobody(struct ctx *cx, const void *params, void *result)
{
	(void)cx;
	(void)params;
	(void)result;
	abort(); /* rights or decoding let it through */
}

/* What test.wait waits for: rung at all. Keys are the texts' first bytes. */
static _Atomic int64_t rw_rung;

static uint64_t rw_key(struct str text)
{
	return text.n ? (uint8_t)text.p[0] : 0;
}

/* Waits until somebody rings, n * 100 ms at most; tells what has rung. */
static enum err rw_wait(struct ctx *cx, const void *params, void *result)
{
	const struct rw_text *p = params;
	uint64_t key = rw_key(p->text);
	uint64_t seen = parking_seen(cx->app->parking, key);
	struct rw_count *out = result;

	out->count = atomic_load(&rw_rung);
	if (out->count == 0)
		cx->io->park = (struct rpc_park){ key, seen, p->n * 100 };
	return OK;
}

static enum err rw_ring(struct ctx *cx, const void *params, void *result)
{
	const struct rw_text *p = params;

	((struct rw_count *)result)->count =
		atomic_fetch_add(&rw_rung, p->n) + p->n;
	parking_wake(cx->app->parking, rw_key(p->text));
	return OK;
}

static const struct rpc_method rw_methods[] = {
	{ .name = "test.wait",
	  .does = "Wait for a ring.",
	  .roles = ROLE_PLATFORM,
	  .flags = RPC_NO_STORE,
	  .params = &rw_text_shape,
	  .result = &rw_count_shape,
	  .run = rw_wait },
	{ .name = "test.wait_read",
	  .does = "The same on a reader.",
	  .roles = ROLE_PLATFORM,
	  .params = &rw_text_shape,
	  .result = &rw_count_shape,
	  .run = rw_wait },
	{ .name = "test.ring",
	  .does = "Wake those that wait for a text.",
	  .roles = ROLE_PLATFORM,
	  .flags = RPC_NO_STORE,
	  .params = &rw_text_shape,
	  .result = &rw_count_shape,
	  .run = rw_ring },
	{ .name = "test.echo",
	  .does = "Give back what came.",
	  .roles = ROLE_PLATFORM | ROLE_LEARNER,
	  .flags = RPC_NO_STORE | RPC_TAKES_BYTES | RPC_GIVES_BYTES,
	  .budget_ms = 100,
	  .params = &rw_text_shape,
	  .result = &rw_text_shape,
	  .run = rw_echo },
	{ .name = "test.large",
	  .does = "Give many bytes.",
	  .roles = ROLE_PLATFORM,
	  .flags = RPC_NO_STORE | RPC_GIVES_BYTES,
	  .budget_ms = 100,
	  .params = &rw_text_shape,
	  .result = &rw_text_shape,
	  .run = rw_large },
	{ .name = "test.slow",
	  .does = "The same on a worker.",
	  .roles = ROLE_PLATFORM,
	  .flags = RPC_SLOW,
	  .budget_ms = 100,
	  .params = &rw_text_shape,
	  .result = &rw_text_shape,
	  .run = rw_echo },
	{ .name = "test.read",
	  .does = "The same on a reader.",
	  .roles = ROLE_PLATFORM,
	  .budget_ms = 100,
	  .params = &rw_text_shape,
	  .result = &rw_text_shape,
	  .run = rw_echo },
	{ .name = "test.refuse",
	  .does = "Fail with all that an error has.",
	  .roles = ROLE_ANYONE,
	  .flags = RPC_NO_STORE,
	  .budget_ms = 100,
	  .fails = FAILS(ERR_TOO_LATE),
	  .run = rw_refuse },
	{ .name = "test.silent",
	  .does = "Fail without a word.",
	  .roles = ROLE_ANYONE,
	  .flags = RPC_NO_STORE,
	  .budget_ms = 100,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = rw_silent },
	{ .name = "test.nobody",
	  .does = "For auditors; aborts.",
	  .roles = ROLE_AUDITOR,
	  .flags = RPC_NO_STORE,
	  .budget_ms = 100,
	  .run = rw_nobody },
	{ .name = "test.write",
	  .does = "Append a record.",
	  .roles = ROLE_PLATFORM | ROLE_LEARNER,
	  .flags = RPC_WRITES | RPC_SINGLE,
	  .budget_ms = 1000,
	  .params = &rw_text_shape,
	  .result = &rw_count_shape,
	  .fails = FAILS(ERR_PRECONDITION, ERR_CONFLICT),
	  .run = rw_write },
	{ .name = "test.prepared",
	  .does = "The same, and something comes before.",
	  .roles = ROLE_PLATFORM,
	  .flags = RPC_WRITES | RPC_SINGLE,
	  .budget_ms = 1000,
	  .params = &rw_text_shape,
	  .result = &rw_count_shape,
	  .fails = FAILS(ERR_PRECONDITION, ERR_CONFLICT),
	  .run = rw_prepared,
	  .prepare = rw_prepare },
	{ 0 },
};
static const struct rpc_method *const rw_tables[] = { server_methods,
						      event_methods, rw_methods,
						      NULL };
static const struct rpc_table rw_table = { rw_tables };

/* Callers */

static struct str rw_course = { "c1", 2 };
static _Atomic bool rw_shut_out; /* nobody's token counts any more */

static inline enum err rw_principal(struct auth *a, struct ctx *cx,
				    struct str token,
				    const struct principal **out)
{
	static const char *const known[] = { "plat",  "learner", "auditor",
					     "other", "bound",	 "slow" };
	static const uint32_t roles[] = { ROLE_PLATFORM, ROLE_LEARNER,
					  ROLE_AUDITOR,	 ROLE_PLATFORM,
					  ROLE_PLATFORM, ROLE_PLATFORM };
	struct principal *p = ARENA_NEW(cx->arena, struct principal);

	(void)a;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (rw_shut_out || !str_is(token, known[i]))
			continue;
		memset(p->org.b, i == 3 ? 0x22 : 0x11, ID_BYTES);
		p->roles = roles[i];
		p->actor = str_of(known[i]);
		p->expires_ms = INT64_MAX;
		if (i == 4)
			p->courses = (struct list){ &rw_course, 1 };
		*out = p;
		return OK;
	}
	return err_set(cx, ERR_UNAUTHENTICATED, "this token is not known");
}

/* What is known of rights is forgotten: of none there are any left. */
static inline void rw_forget(struct auth *a)
{
	(void)a;
	rw_shut_out = true;
}

static inline enum err rw_rate(struct auth *a, struct ctx *cx,
			       const struct principal *p)
{
	(void)a;
	if (!str_is(p->actor, "slow"))
		return OK;
	err_set(cx, ERR_RATE_LIMITED, "too many requests");
	cx->error.retry_after_ms = 1234;
	return ERR_RATE_LIMITED;
}

/* The world */

struct rw {
	char folder[64];
	struct app app;
	struct core *core;
	struct ctx cx;		    /* for the test itself */
	struct record_list records; /* of its own commands */
};

struct rw_opts {
	bool store;    /* else no database at all */
	bool threaded; /* executor and workers on threads of their own */
	bool workers;  /* the workers alone */
	int parked;    /* see core_opts */
	const struct clock *clock; /* the core's; NULL: the system's */
	struct log *log;
	void (*published)(void *arg, const struct record *r, size_t n);
	void *arg;
};

static const struct stmt_set *const rw_sets[] = { &record_stmts, &event_stmts,
						  NULL };
static const struct migration_set *const rw_steps[] = { &record_migrations,
							NULL };

static inline void rw_store(struct rw *w, const struct rw_opts *o)
{
	struct store_opts so = { .sets = rw_sets,
				 .migrations = rw_steps,
				 .clock = &clock_system,
				 .log = o->log,
				 .readers = 4,
				 .create = true,
				 .busy_ms = 1000 };
	struct journal_opts jo = { .node = 1,
				   .clock = &clock_system,
				   .log = o->log,
				   .published = o->published,
				   .arg = o->arg };
	struct executor_opts xo = { .clock = &clock_system,
				    .log = o->log,
				    .rng = rng_system(),
				    .app = &w->app,
				    .parts_n = 1,
				    .queue_max = 4096,
				    .batch_max = 512,
				    .threaded = o->threaded };
	static struct tx_part part;
	enum err e;

	so.url = str_fmt(w->cx.arena, "sqlite:%s/db", w->folder);
	e = store_open(&w->cx, &so, &w->app.store);
	if (e)
		fprintf(stderr, "store: %s %s\n", w->cx.error.text,
			w->cx.error.detail);
	CHECK(!e);
	w->app.journal = journal_new(&jo);
	part = journal_part(w->app.journal);
	xo.store = w->app.store;
	xo.parts = &part;
	w->app.executor = executor_new(&xo);
}

static inline void rw_open(struct rw *w, const struct rw_opts *o)
{
	const char *tmp = getenv("TMPDIR");
	struct core_opts co = {
		.table = &rw_table,
		.app = &w->app,
		.auth = { rw_principal, rw_rate, rw_forget },
		.clock = o->clock ? o->clock : &clock_system,
		.rng = rng_system(),
		.log = o->log,
		.workers = o->threaded || o->workers ? 2 : 0,
		.worker_queue = 64,
		.parked = o->parked,
	};

	memset(w, 0, sizeof(*w));
	snprintf(w->folder, sizeof(w->folder), "%.40s/assay-rpc-XXXXXX",
		 tmp ? tmp : "/tmp");
	CHECK(mkdtemp(w->folder));
	w->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &clock_system,
			      .rng = rng_system(),
			      .log = o->log,
			      .app = &w->app };
	w->app.node = 1;
	w->app.methods = &rw_table;
	w->app.metrics = metrics_new(&rw_table);
	co.metrics = w->app.metrics;
	if (o->store)
		rw_store(w, o);
	w->core = core_new(&co);
}

static inline void rw_remove(const char *folder)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	if (system(cmd) != 0) /* NOLINT: a test's own folder */
		fprintf(stderr, "cannot remove %s\n", folder);
}

static inline void rw_close(struct rw *w)
{
	if (w->app.executor) {
		executor_stop(w->app.executor);
		executor_free(w->app.executor);
	}
	core_free(w->core);
	journal_free(w->app.journal);
	if (w->app.store)
		store_close(w->app.store);
	metrics_free(w->app.metrics);
	arena_free(w->cx.arena);
	rw_remove(w->folder);
}

/* A front end of one slot that keeps the last reply. */
struct rw_front {
	struct front_slot slot; /* first */
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct buf reply;
	int replies;
};

static inline void rw_front_reply(struct front_slot *s, struct str json,
				  struct str bytes)
{
	struct rw_front *f = (struct rw_front *)s;

	pthread_mutex_lock(&f->lock);
	buf_reset(&f->reply);
	buf_str(&f->reply, json);
	if (bytes.p) {
		buf_ch(&f->reply, 0);
		buf_str(&f->reply, bytes);
	}
	f->replies++;
	pthread_cond_signal(&f->came);
	pthread_mutex_unlock(&f->lock);
}

static inline void rw_front_open(struct rw_front *f, struct core *c)
{
	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->came, NULL);
	f->slot.reply = rw_front_reply;
	core_attach(c, &f->slot);
}

static inline void rw_front_close(struct rw_front *f)
{
	core_detach(f->slot.request);
	buf_done(&f->reply);
	pthread_cond_destroy(&f->came);
	pthread_mutex_destroy(&f->lock);
}

/* Waits a moment: what a worker hands to the executor must still be stepped. */
static inline bool rw_replied(struct rw_front *f, int before)
{
	struct timespec until;
	bool came;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&f->lock);
	if (f->replies == before)
		pthread_cond_timedwait(&f->came, &f->lock, &until);
	came = f->replies != before;
	pthread_mutex_unlock(&f->lock);
	return came;
}

/* The reply to one message, valid until the next. */
static inline struct str rw_ask(struct rw *w, struct rw_front *f,
				struct str bytes)
{
	struct front_msg m = { .conn = 1,
			       .transport = FRONT_TEST,
			       .peer = STR("test"),
			       .bytes = bytes };
	int before = f->replies;

	core_take(f->slot.request, &m);
	do
		while (w->app.executor && executor_step(w->app.executor) > 0)
			;
	while (!rw_replied(f, before));
	CHECK(f->replies == before + 1);
	return buf_view(&f->reply);
}
