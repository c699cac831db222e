#include "engine/rpc/request.h"

#include "engine/rpc/kept.h"
#include "engine/rpc/metrics.h"

enum { READER_WAIT_MS = 2000, BUSY_RETRY_MS = 100 };

static enum err run_row(struct request *rq)
{
	const struct rpc_method *m = rq->entry->method;

	if (m->result)
		memset(rq->result, 0, m->result->size);
	rq->io.bytes_out = (struct str){ 0 };
	rq->io.replay = (struct str){ 0 };
	rq->io.private_reply = false;
	rq->io.park.ms = 0;
	err_clear(&rq->cx);
	return m->run(&rq->cx, rq->in, rq->result);
}

static enum err run_and_encode(struct request *rq)
{
	enum err e = run_row(rq);

	if (!e && (rq->io.park.ms <= 0 || rq->io.park_over))
		e = reply_encode(rq);
	if (rq->io.after)
		rq->io.after(&rq->cx, rq->io.after_arg);
	rq->io.after = NULL;
	return e;
}

/*
 * All statements of a short query in one snapshot: consistent, and on SQLite
 * its locks are taken once instead of for each. A slow one would keep the log
 * from being started anew, and over a network it would be a round trip more.
 */
static enum err run_on_reader(struct request *rq)
{
	struct store *store = rq->core->opts.app->store;
	enum err e;

	if (rq->entry->method->flags & RPC_SLOW || !store_reads_inline(store))
		return run_and_encode(rq);
	e = store_read_begin(&rq->cx);
	if (e)
		return e;
	e = run_and_encode(rq);
	store_read_end(&rq->cx);
	return e;
}

/* On a reader, if the row needs one. False: none is free, and none came. */
static bool run_query(struct request *rq, int64_t wait_ms, enum err *e)
{
	struct store *store = rq->core->opts.app->store;
	struct ctx *cx = &rq->cx;

	if (rq->entry->method->flags & RPC_NO_STORE) {
		*e = run_and_encode(rq);
		return true;
	}
	if (!store) {
		*e = err_set(cx, ERR_UNAVAILABLE, "no database is open");
		return true;
	}
	cx->db = store_reader(store, wait_ms);
	if (!cx->db && wait_ms == 0)
		return false;
	if (cx->db) {
		*e = run_on_reader(rq);
		store_reader_done(store, cx->db);
		cx->db = NULL;
	} else {
		*e = refuse_for(cx, BUSY_RETRY_MS, ERR_BUSY,
				"all database connections are in use; try "
				"again");
	}
	return true;
}

/* True: it waits, and is no longer this thread's. */
static bool parks(struct request *rq)
{
	enum parked is = parking_hold(rq->core->parking, rq);

	if (is == PARKED_NOT)
		rq->io.park_over = true;
	return is == PARKED;
}

bool dispatch_query(struct request *rq, int64_t wait_ms)
{
	enum err e = OK;

	for (;;) {
		if (!run_query(rq, wait_ms, &e))
			return false;
		if (e || rq->io.park.ms <= 0 || rq->io.park_over)
			break;
		if (parks(rq))
			return true;
	}
	reply_send(rq, e);
	return true;
}

/* Its key may have been revoked, or have expired, while it waited. */
static enum err may_still(struct request *rq)
{
	const struct core_opts *o = &rq->core->opts;

	if (rq->entry->method->roles & ROLE_ANYONE || !o->auth.principal)
		return OK;
	return o->auth.principal(o->app->auth, &rq->cx, rq->token, &rq->cx.who);
}

void dispatch_parked(struct request *rq)
{
	enum err e;

	err_clear(&rq->cx);
	e = may_still(rq);
	if (e)
		reply_send(rq, e);
	else
		dispatch_query(rq, READER_WAIT_MS);
}

static void query(struct request *rq)
{
	struct core *c = rq->core;
	uint32_t flags = rq->entry->method->flags;
	bool here = !(flags & RPC_SLOW);

	if (here && !(flags & RPC_NO_STORE) && c->opts.app->store)
		here = store_reads_inline(c->opts.app->store);
	if (!c->pool) {
		dispatch_query(rq, READER_WAIT_MS);
		return;
	}
	/* Every reader taken: it is not the I/O thread that waits. */
	if (here && dispatch_query(rq, 0))
		return;
	if (!pool_submit(c->pool, rq))
		reply_send(rq, refuse_for(&rq->cx, BUSY_RETRY_MS, ERR_BUSY,
					  "too many slow queries wait; try "
					  "again later"));
}

/* What the caller's key made before: replayed, or refused if he asks else. */
static enum err by_key(struct request *rq)
{
	struct ctx *cx = &rq->cx;
	struct record old;
	enum err e;

	e = journal_by_key(rq->core->opts.app->journal, cx, &cx->who->org,
			   rq->io.idem, &old);
	if (e)
		return e;
	if (!str_eq(old.ask, rq->io.ask))
		return err_set(cx, ERR_CONFLICT,
			       "this idempotency_key was used with other "
			       "parameters: take a new key for a new request");
	if (!old.reply.p)
		return err_set(cx, ERR_CONFLICT,
			       "this was done before, and its answer held a "
			       "secret that is shown once only");
	if (!kept_open(cx, cx->who->actor, rq->io.idempotency_key, &old.reply))
		return err_set(cx, ERR_CORRUPT,
			       "the answer that was kept for this "
			       "idempotency_key is damaged");
	rq->io.replay = old.reply;
	rq->replayed = true;
	return OK;
}

/* Adds what finds the command by its key, if nothing else of it can. */
static void stage_for_key(struct request *rq)
{
	struct ctx *cx = &rq->cx;
	struct record r = {
		.org = cx->who->org,
		.stream = cx->who->org,
		.event = STR("rpc.answered"),
		.body = str_fmt(cx->arena, "{\"method\":\"%s\"}",
				rq->entry->method->name),
	};

	record_stage(cx, &r);
}

/* The first record of the caller's tenant, where his keys are looked for. */
static struct record *own_record(struct request *rq)
{
	for (size_t i = 0; i < rq->records.n; i++)
		if (id_eq(&rq->records.r[i].org, &rq->cx.who->org))
			return &rq->records.r[i];
	return NULL;
}

static struct str reply_to_keep(struct request *rq)
{
	struct str reply =
		str_cut(buf_view(&rq->out), rq->result_at, rq->result_end);

	return rq->io.private_reply ? kept_seal(&rq->cx, rq->cx.who->actor,
						rq->io.idempotency_key, reply)
				    : reply;
}

static enum err append(struct request *rq)
{
	struct journal *j = rq->core->opts.app->journal;
	uint32_t flags = rq->entry->method->flags;
	struct record *r = rq->io.idem.p ? own_record(rq) : NULL;

	if (rq->io.idem.p && !r && !(flags & RPC_QUIET)) {
		stage_for_key(rq);
		r = own_record(rq);
	}
	if (rq->records.n == 0)
		return OK;
	if (r && !r->idem.p) {
		r->idem = rq->io.idem;
		r->ask = rq->io.ask;
		r->keyed = !(flags & RPC_OWN_KEY);
	}
	if (r && r->keyed && !r->reply.p && !rq->io.secret_reply)
		r->reply = reply_to_keep(rq);
	return journal_append(j, &rq->cx, &rq->records);
}

/* May run more than once, see executor.h. */
static enum err command_run(struct work *w)
{
	struct request *rq = (struct request *)w;
	uint32_t flags = rq->entry->method->flags;
	enum err e;

	rq->records.n = 0;
	rq->replayed = false;
	rq->io.refused = OK;
	err_clear(&rq->cx);
	if (rq->io.idem.p && !(flags & RPC_OWN_KEY)) {
		e = by_key(rq);
		if (e == OK)
			return reply_encode(rq);
		if (e != ERR_NOT_FOUND)
			return e;
	}
	e = run_row(rq);
	if (e)
		return e;
	if (rq->io.refused)
		return rq->records.n
			       ? journal_append(rq->core->opts.app->journal,
						&rq->cx, &rq->records)
			       : OK;
	rq->replayed = rq->io.replay.p != NULL;
	e = reply_encode(rq);
	return e || rq->replayed ? e : append(rq);
}

/* Rights have changed: nobody is believed by what was known. */
static void forget(struct core *c)
{
	c->opts.auth.forget(c->opts.app->auth);
	parking_wake_all(c->parking);
}

static void command_done(struct work *w, enum err e)
{
	struct request *rq = (struct request *)w;

	rq->cx.db = NULL;
	if (!e)
		e = rq->io.refused;
	if (!e && rq->io.rights_changed && rq->core->opts.auth.forget)
		forget(rq->core);
	if (!e && rq->replayed)
		metrics_replayed(rq->core->opts.metrics);
	reply_send(rq, e);
}

static void execute(struct request *rq)
{
	struct executor *x = rq->core->opts.app->executor;
	enum err e = ERR_UNAVAILABLE;

	rq->cx.records = &rq->records;
	rq->records.actor = rq->cx.who ? rq->cx.who->actor : (struct str){ 0 };
	rq->work = (struct work){
		.cx = &rq->cx,
		.run = command_run,
		.done = command_done,
		.single = rq->entry->method->flags & RPC_SINGLE,
		.once = !rq->io.idem.p,
	};
	if (x)
		e = executor_submit(x, &rq->work);
	if (!e)
		return; /* rq belongs to the executor now */
	reply_send(rq, refuse_for(&rq->cx, BUSY_RETRY_MS, e,
				  e == ERR_BUSY
					  ? "too many commands wait; try again"
					  : "commands are not taken now; try "
					    "again"));
}

static void prepare(struct request *rq)
{
	enum err e = rq->entry->method->prepare(&rq->cx, rq->in);

	if (e)
		reply_send(rq, e);
	else
		execute(rq);
}

static void command(struct request *rq)
{
	struct pool *pool = rq->core->pool;

	if (!rq->entry->method->prepare)
		execute(rq);
	else if (!pool)
		prepare(rq);
	else if (!pool_submit(pool, rq))
		reply_send(rq, refuse_for(&rq->cx, BUSY_RETRY_MS, ERR_BUSY,
					  "too many files wait to be read; try "
					  "again later"));
}

void dispatch_pooled(struct request *rq)
{
	if (rq->entry->method->flags & RPC_WRITES)
		prepare(rq);
	else
		dispatch_query(rq, READER_WAIT_MS);
}

void dispatch(struct request *rq)
{
	if (rq->entry->method->flags & RPC_WRITES)
		command(rq);
	else
		query(rq);
}
