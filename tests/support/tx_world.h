/*
 * tx_world: a store, a journal and an executor without a thread, for tests of
 * the machinery below the front end. The clock stands still, randomness is
 * seeded. A test adds its own statements and, before tx_start, the parts of
 * the app that it is about.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/app.h"
#include "engine/audit/chain.h"
#include "engine/auth/org.h"
#include "engine/rpc/rpc.h"

enum { TX_NOW_MS = 1700000000 }; /* seconds; the world begins there */

struct tx {
	char folder[64];
	struct app app;
	struct clock_manual clock;
	struct rng_seeded rng;
	struct ctx cx; /* of the test and of its commands */
	struct record_list records;
	struct rpc_io io;
	struct principal who; /* of the tenant, with a platform's rights */
	struct tx_part parts[2];
	size_t parts_n;
	struct tx_timer timers[2];
	size_t timers_n;
};

struct tx_opts {
	const char *url;		    /* NULL: SQLite in the folder */
	int64_t node;			    /* 0: 1 */
	const struct stmt_set *const *sets; /* NULL-terminated, all of them */
	const struct migration_set *const *steps;
};

/* fn in a command of its own, with records; its error or the commit's. */
struct tx_work {
	struct work work; /* first */
	struct tx *w;
	enum err (*fn)(struct ctx *cx, void *arg);
	void *arg;
	enum err result;
	int done; /* atomic */
};

static inline enum err tx_work_run(struct work *work)
{
	struct tx_work *t = (struct tx_work *)work;
	struct ctx *cx = work->cx;
	enum err e;

	t->w->records.n = 0;
	cx->records = &t->w->records;
	e = t->fn(cx, t->arg);
	if (!e && cx->records->n)
		e = journal_append(cx->app->journal, cx, cx->records);
	cx->records = NULL;
	return e;
}

static inline void tx_work_done(struct work *work, enum err e)
{
	struct tx_work *t = (struct tx_work *)work;

	t->result = e;
	__atomic_store_n(&t->done, 1, __ATOMIC_RELEASE);
}

static inline enum err
tx_run(struct tx *w, enum err (*fn)(struct ctx *cx, void *arg), void *arg)
{
	struct tx_work t = {
		.work = { .cx = &w->cx,
			  .run = tx_work_run,
			  .done = tx_work_done },
		.w = w,
		.fn = fn,
		.arg = arg,
	};
	enum err e = executor_submit(w->app.executor, &t.work);

	CHECK(!e);
	while (!__atomic_load_n(&t.done, __ATOMIC_ACQUIRE))
		executor_step(w->app.executor);
	return t.result;
}

/* fn on a reader. */
static inline enum err
tx_read(struct tx *w, enum err (*fn)(struct ctx *cx, void *arg), void *arg)
{
	enum err e;

	err_clear(&w->cx);
	w->cx.db = store_reader(w->app.store, 1000);
	CHECK(w->cx.db);
	e = fn(&w->cx, arg);
	store_reader_done(w->app.store, w->cx.db);
	w->cx.db = NULL;
	return e;
}

/* What is due and waits, until nothing is. */
static inline void tx_settle(struct tx *w)
{
	while (executor_step(w->app.executor))
		;
}

static inline void tx_step_clock(struct tx *w, int64_t ms)
{
	clock_manual_step(&w->clock, ms);
}

/* The folder, the store and the journal. */
static inline void tx_open(struct tx *w, const struct tx_opts *o)
{
	const char *tmp = getenv("TMPDIR");
	struct store_opts so = { .sets = o->sets,
				 .migrations = o->steps,
				 .clock = &w->clock.clock,
				 .readers = 2,
				 .create = true,
				 .busy_ms = 5000 };
	struct journal_opts jo = { .node = o->node ? o->node : 1,
				   .clock = &w->clock.clock };
	enum err e;

	memset(w, 0, sizeof(*w));
	snprintf(w->folder, sizeof(w->folder), "%.40s/assay-tx-XXXXXX",
		 tmp ? tmp : "/tmp");
	CHECK(mkdtemp(w->folder));
	clock_manual_init(&w->clock, TX_NOW_MS * INT64_C(1000));
	rng_seeded_from(&w->rng, (uint64_t)jo.node);
	w->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &w->clock.clock,
			      .rng = &w->rng.rng,
			      .app = &w->app,
			      .io = &w->io,
			      .who = &w->who };
	so.url = o->url ? str_of(o->url)
			: str_fmt(w->cx.arena, "sqlite:%s/db", w->folder);
	e = store_open(&w->cx, &so, &w->app.store);
	if (e)
		fprintf(stderr, "%s %s\n", w->cx.error.text,
			w->cx.error.detail);
	CHECK(!e);
	w->app.node = jo.node;
	w->app.journal = journal_new(&jo);
	w->parts[w->parts_n++] = journal_part(w->app.journal);
}

static inline enum err tx_tenant(struct ctx *cx, void *arg)
{
	struct organization o;
	enum err e = org_create(cx, STR("a tenant"), &o);

	if (!e)
		*(struct id *)arg = o.id;
	return e;
}

/* The executor; then the tenant, unless it is given. */
static inline void tx_start(struct tx *w, const struct id *tenant)
{
	struct executor_opts xo = { .store = w->app.store,
				    .clock = &w->clock.clock,
				    .rng = &w->rng.rng,
				    .app = &w->app,
				    .parts = w->parts,
				    .parts_n = w->parts_n,
				    .timers = w->timers,
				    .timers_n = w->timers_n,
				    .queue_max = 64,
				    .batch_max = 64 };

	w->app.executor = executor_new(&xo);
	w->who = (struct principal){ .roles = ROLE_PLATFORM,
				     .actor = STR("key:platform"),
				     .expires_ms = INT64_MAX };
	if (tenant) {
		w->who.org = *tenant;
	} else {
		enum err e = tx_run(w, tx_tenant, &w->who.org);

		CHECK(!e);
	}
}

static inline void tx_close(struct tx *w)
{
	char cmd[128];

	executor_stop(w->app.executor);
	executor_free(w->app.executor);
	journal_free(w->app.journal);
	store_close(w->app.store);
	arena_free(w->cx.arena);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", w->folder);
	if (system(cmd) != 0) /* NOLINT: a test's own folder */
		fprintf(stderr, "cannot remove %s\n", w->folder);
}

/* Who calls from now on. subject NULL: a key. */
static inline void tx_as(struct tx *w, uint32_t roles, const char *actor,
			 const char *subject)
{
	w->who.roles = roles;
	w->who.actor = str_of(actor);
	w->who.subject = str_of(subject);
	w->who.courses = (struct list){ 0 };
}

/* One method, without the front end; the reply's JSON in *reply. */
struct tx_ask {
	const struct rpc_method *m;
	struct str params;
	struct str *reply;
};

static inline enum err tx_ask_run(struct ctx *cx, void *arg)
{
	struct tx_ask *a = arg;
	struct buf b = { 0 };
	void *in, *out;
	enum err e = OK;

	in = arena_alloc(cx->arena, a->m->params ? a->m->params->size : 1);
	out = arena_alloc(cx->arena, a->m->result ? a->m->result->size : 1);
	if (a->m->params)
		e = field_decode_text(cx, a->params, a->m->params, in);
	if (!e)
		e = a->m->run(cx, in, out);
	if (!e && a->m->result)
		field_encode(&b, a->m->result, out);
	if (!e && a->reply)
		*a->reply = buf_copy(&b, cx->arena);
	buf_done(&b);
	return e;
}

static inline enum err tx_ask(struct tx *w, const struct rpc_method *table,
			      const char *name, struct str params,
			      struct str bytes, struct str *reply)
{
	const struct rpc_method *const tables[] = { table, NULL };
	const struct rpc_table t = { tables };
	struct tx_ask a = { rpc_find(&t, str_of(name)), params, reply };

	CHECK(a.m);
	if (!(w->who.roles & a.m->roles) ||
	    (a.m->flags & RPC_WHOLE && w->who.courses.n))
		return ERR_DENIED;
	w->io = (struct rpc_io){ .bytes_in = bytes };
	return a.m->flags & RPC_WRITES ? tx_run(w, tx_ask_run, &a)
				       : tx_read(w, tx_ask_run, &a);
}

/* Is the whole chain what was written? */
static inline enum err tx_chain_run(struct ctx *cx, void *arg)
{
	return chain_verify(cx, NULL, NULL, NULL, arg);
}

static inline struct chain_report tx_chain(struct tx *w)
{
	struct chain_report r = { 0 };
	enum err e = tx_read(w, tx_chain_run, &r);

	CHECK(!e);
	return r;
}
