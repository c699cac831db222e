#include "engine/store/lease.h"

#include <stdlib.h>

#include "engine/app.h"

enum { TRIES = 5, AHEAD_MS = 600000 };

struct lease {
	struct lease_opts o;
	struct id boot;	 /* of this start */
	int64_t beat_at; /* the next */
	bool lost;
};

struct lease_row {
	struct str owner;
	struct id boot;
	int64_t beat_at;
};

static const struct field row_fields[] = {
	FIELD(struct lease_row, owner, KIND_STR, "who runs the node"),
	FIELD(struct lease_row, boot, KIND_ID, "since which start"),
	FIELD(struct lease_row, beat_at, KIND_INT, "when he last said so"),
	FIELD_END,
};
static const struct shape row_shape = SHAPE(struct lease_row, row_fields);

enum { LEASE_NEW, LEASE_OF, LEASE_TAKE, LEASE_BEAT, LEASE_LEAVE, LEASE_STMTS };

static const struct stmt lease_sql[LEASE_STMTS] = {
	[LEASE_NEW] = { "lease_new",
			"INSERT INTO node_lease (node, owner, boot, beat_at)"
			" VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING" },
	[LEASE_OF] = { "lease_of",
		       "SELECT owner, boot, beat_at FROM node_lease"
		       " WHERE node = $1",
		       &row_shape },
	[LEASE_TAKE] = { "lease_take",
			 "UPDATE node_lease"
			 " SET owner = $2, boot = $3, beat_at = $4"
			 " WHERE node = $1 AND boot = $5 AND beat_at = $6" },
	[LEASE_BEAT] = { "lease_beat", "UPDATE node_lease SET beat_at = $3"
				       " WHERE node = $1 AND boot = $2" },
	[LEASE_LEAVE] = { "lease_leave", "DELETE FROM node_lease"
					 " WHERE node = $1 AND boot = $2" },
};
const struct stmt_set lease_stmts = { "lease", lease_sql, LEASE_STMTS };

static const struct migration steps[] = {
	{ 70, "leases of nodes",
	  "CREATE TABLE node_lease (\n"
	  "  node {int} NOT NULL PRIMARY KEY,\n"
	  "  owner {text} NOT NULL,\n"
	  "  boot {bytes} NOT NULL,\n"
	  "  beat_at {int} NOT NULL\n"
	  "){table};\n" },
};
const struct migration_set lease_migrations = { steps, 1 };

static enum err is_taken(struct ctx *cx, const struct lease *l, int64_t ago_ms)
{
	int64_t s = ago_ms > 0 ? ago_ms / 1000 : 0;

	return err_set(cx, ERR_CONFLICT,
		       "another server runs as node %lld of this database "
		       "(seen %lld s ago): give this one a number of its own "
		       "(setting node); if the other one is gone for good, "
		       "start again in %lld s",
		       (long long)l->o.node, (long long)s,
		       (long long)(LEASE_MS / 1000 - s));
}

/* Ours, left, or not renewed; a beat far ahead is a clock that was wrong. */
static bool is_free(const struct lease *l, const struct lease_row *r,
		    int64_t now)
{
	return str_eq(r->owner, l->o.owner) || now - r->beat_at >= LEASE_MS ||
	       r->beat_at - now >= AHEAD_MS;
}

static enum err take_over(struct ctx *cx, struct lease *l, int64_t now)
{
	const struct val node = v_int(l->o.node);
	struct lease_row r;
	int64_t changed = 0;
	enum err e = store_one(cx, &lease_sql[LEASE_OF], &node, 1, &r);

	if (e == ERR_NOT_FOUND)
		return ERR_BUSY; /* given back just now: once more */
	if (e)
		return e;
	if (!is_free(l, &r, now))
		return is_taken(cx, l, now - r.beat_at);
	e = store_exec(cx, &lease_sql[LEASE_TAKE],
		       VALS(node, v_text(l->o.owner), v_id(&l->boot),
			    v_int(now), v_id(&r.boot), v_int(r.beat_at)),
		       &changed);
	return e || changed ? e : is_taken(cx, l, 0);
}

static enum err take(struct ctx *cx, struct store_conn *writer, struct lease *l)
{
	int64_t now = clock_ms(cx->clock), changed = 0;
	enum err e = store_begin(writer, cx);

	if (!e)
		e = store_exec(cx, &lease_sql[LEASE_NEW],
			       VALS(v_int(l->o.node), v_text(l->o.owner),
				    v_id(&l->boot), v_int(now)),
			       &changed);
	if (!e && !changed)
		e = take_over(cx, l, now);
	if (!e)
		e = store_commit(writer, cx);
	store_rollback(writer);
	l->beat_at = now + LEASE_BEAT_MS;
	return e;
}

enum err lease_take(struct ctx *cx, struct store_conn *writer,
		    const struct lease_opts *o, struct lease **out)
{
	struct lease *l = calloc(1, sizeof(*l)); /* allowed: process */
	struct store_conn *before = cx->db;
	enum err e = ERR_BUSY;

	CHECK(l);
	l->o = *o;
	l->boot = id_new(cx->clock, cx->rng);
	cx->db = writer;
	for (int i = 0; i < TRIES && e == ERR_BUSY; i++)
		e = take(cx, writer, l);
	cx->db = before;
	if (e) {
		free(l);
		return e;
	}
	*out = l;
	return OK;
}

enum err lease_beat(struct ctx *cx, struct lease *l)
{
	int64_t changed = 0;
	enum err e = store_exec(cx, &lease_sql[LEASE_BEAT],
				VALS(v_int(l->o.node), v_id(&l->boot),
				     v_int(clock_ms(cx->clock))),
				&changed);

	if (e || changed)
		return e;
	l->lost = true;
	log_event(cx->log, LOG_ERROR, "node_taken_over",
		  LINT("node", l->o.node));
	if (l->o.lost)
		l->o.lost(l->o.arg);
	return OK;
}

static int64_t next_ms(void *arg)
{
	const struct lease *l = arg;

	return l->lost ? INT64_MAX : l->beat_at;
}

static enum err guarded(struct ctx *cx, void *arg)
{
	return lease_beat(cx, arg);
}

/* What fails is tried again a second later. */
static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct lease *l = arg;

	(void)max;
	if (executor_guard(cx->app->executor, cx, guarded, l))
		return 0;
	l->beat_at = now_ms + LEASE_BEAT_MS;
	return 1;
}

struct tx_timer lease_timer(struct lease *l)
{
	return (struct tx_timer){ l, next_ms, run };
}

void lease_leave(struct ctx *cx, struct store_conn *writer, struct lease *l)
{
	struct store_conn *before = cx->db;
	enum err e;

	if (!l || l->lost)
		return;
	cx->db = writer;
	e = store_begin(writer, cx);
	if (!e)
		e = store_exec(cx, &lease_sql[LEASE_LEAVE],
			       VALS(v_int(l->o.node), v_id(&l->boot)), NULL);
	if (!e)
		e = store_commit(writer, cx);
	store_rollback(writer);
	if (e) /* it ends by itself */
		log_event(cx->log, LOG_WARN, "lease_not_given_back",
			  LINT("node", l->o.node));
	err_clear(cx);
	cx->db = before;
}

void lease_free(struct lease *l)
{
	free(l);
}
