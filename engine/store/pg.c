/*
 * pg: PostgreSQL 15 and what speaks like it.
 *
 * A connection is always in pipeline mode. What is asked goes out as: the
 * verbs that were held back (BEGIN, SAVEPOINT, …), the statement, a sync; then
 * the results are read up to the sync. An error makes the server skip the rest
 * up to the sync, so the first error is the one that counts.
 *
 * The server may go away at any time. Inside a transaction that is an error
 * like another; before the next one the connection is made anew, with pauses
 * that grow while that fails. Whether a commit happened whose answer was lost
 * is not known here: the parts of the executor look it up.
 */
#include "engine/store/pg.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECT_S = 5,
	PAUSE_LEAST_MS = 100, /* between attempts to connect */
	PAUSE_MOST_MS = 5000,
};

/* Errors */

struct sqlstate {
	const char *prefix;
	enum err e;
};

static const struct sqlstate sqlstates[] = {
	{ "23505", ERR_CONFLICT },    /* unique_violation */
	{ "42P07", ERR_CONFLICT },    /* duplicate_table: nodes that boot */
	{ "42710", ERR_CONFLICT },    /* duplicate_object */
	{ "40001", ERR_BUSY },	      /* serialization_failure */
	{ "40P01", ERR_BUSY },	      /* deadlock_detected */
	{ "55P03", ERR_BUSY },	      /* lock_not_available */
	{ "53100", ERR_READ_ONLY },   /* disk_full */
	{ "25006", ERR_READ_ONLY },   /* read_only_sql_transaction */
	{ "22021", ERR_INVALID },     /* not in repertoire */
	{ "22P05", ERR_INVALID },     /* untranslatable */
	{ "22003", ERR_INVALID },     /* out of range */
	{ "54", ERR_TOO_LARGE },      /* program limits */
	{ "XX001", ERR_CORRUPT },     /* data_corrupted */
	{ "XX002", ERR_CORRUPT },     /* index_corrupted */
	{ "08", ERR_UNAVAILABLE },    /* connection */
	{ "53", ERR_UNAVAILABLE },    /* resources */
	{ "57", ERR_UNAVAILABLE },    /* operator: shutdown, timeout */
	{ "58", ERR_UNAVAILABLE },    /* system */
	{ "25P03", ERR_UNAVAILABLE }, /* idle in transaction too long */
};

static enum err code_of(const char *state)
{
	if (!state)
		return ERR_UNAVAILABLE; /* libpq's own: the connection */
	for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
		if (strncmp(state, sqlstates[i].prefix,
			    strlen(sqlstates[i].prefix)) == 0)
			return sqlstates[i].e;
	return ERR_INTERNAL;
}

/* Messages of these classes may quote what was bound. */
static bool may_quote(const char *state)
{
	return strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0;
}

enum err pg_refused(struct pg *p, struct ctx *cx, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *what = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	enum err e = code_of(state);

	if (!state)
		return pg_lost(p, cx);
	if (may_quote(state))
		what = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
	if (strcmp(state, "25006") == 0)
		p->stale = true; /* another server may be the primary now */
	store_error(cx, e, what);
	return err_detail(cx, "postgresql %s", state);
}

static void drop(struct pg *p)
{
	PQfinish(p->db);
	p->db = NULL;
	p->held_n = p->sent = 0;
	p->stale = false;
}

static const char *one_line(struct ctx *cx, const char *z)
{
	struct str from = str_trim(str_of(z));
	char *to;

	if (!cx->arena)
		return "";
	to = arena_alloc(cx->arena, from.n + 1);
	for (size_t i = 0; i < from.n; i++)
		to[i] = from.p[i] == '\n' ? ' ' : from.p[i];
	return to;
}

enum err pg_lost(struct pg *p, struct ctx *cx)
{
	store_error(cx, ERR_UNAVAILABLE, one_line(cx, PQerrorMessage(p->db)));
	drop(p);
	return ERR_UNAVAILABLE;
}

/* Sending and reading */

static void take_rows(struct pg_answer *a, const PGresult *r)
{
	struct val cols[COLUMNS_MAX];
	int rows = PQntuples(r);

	for (int k = 0; k < rows && !a->sink_error && !a->sink->enough; k++) {
		for (size_t i = 0; i < a->st->columns; i++)
			pg_column(r, k, (int)i,
				  (enum pg_type)a->types->columns[i], &cols[i]);
		a->sink_error = a->sink->row(a->sink, cols);
	}
}

static enum err take_result(struct pg *p, struct ctx *cx, struct pg_answer *a,
			    const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	if (s == PGRES_PIPELINE_ABORTED)
		return ERR_INTERNAL; /* an earlier one has told why */
	if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK &&
	    s != PGRES_SINGLE_TUPLE)
		return pg_refused(p, cx, r);
	if (!a)
		return OK;
	if (s != PGRES_COMMAND_OK && a->sink)
		take_rows(a, r);
	if (s != PGRES_SINGLE_TUPLE) {
		if (!str_int(str_of(PQcmdTuples((PGresult *)r)), &a->changed))
			a->changed = 0; /* a command that counts none */
		a->committed =
			strcmp(PQcmdStatus((PGresult *)r), "COMMIT") == 0;
	}
	return OK;
}

/* All results of one command. */
static enum err take_command(struct pg *p, struct ctx *cx, struct pg_answer *a,
			     bool quiet)
{
	struct ctx other = { .arena = cx->arena };
	enum err e = OK;
	PGresult *r = PQgetResult(p->db);

	if (!r)
		return pg_lost(p, quiet ? &other : cx);
	while (r) {
		if (!e)
			e = take_result(p, quiet ? &other : cx, a, r);
		PQclear(r);
		r = p->db ? PQgetResult(p->db) : NULL;
	}
	return e;
}

enum err pg_finish(struct pg *p, struct ctx *cx, struct pg_answer *last)
{
	size_t n = p->sent;
	enum err e = OK;
	PGresult *r;
	bool synced;

	p->sent = 0;
	if (!PQpipelineSync(p->db))
		return pg_lost(p, cx);
	for (size_t i = 0; i < n; i++) {
		enum err one =
			take_command(p, cx, i + 1 == n ? last : NULL, e != OK);

		e = e ? e : one;
		if (!p->db)
			return e;
	}
	r = PQgetResult(p->db);
	synced = r && PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	PQclear(r);
	if (!synced && !e)
		return pg_lost(p, cx);
	if (!synced)
		drop(p);
	return e;
}

static enum err send_verb(struct pg *p, struct ctx *cx, enum pg_verb v)
{
	if (!PQsendQueryPrepared(p->db, pg_verb_name(v), 0, NULL, NULL, NULL,
				 1))
		return pg_lost(p, cx);
	p->sent++;
	return OK;
}

/* What was held back goes ahead of what is sent now. */
static enum err send_held(struct pg *p, struct ctx *cx)
{
	enum err e = OK;

	if (!p->db)
		return store_error(cx, ERR_UNAVAILABLE,
				   "the connection was lost");
	for (size_t i = 0; !e && i < p->held_n; i++)
		e = send_verb(p, cx, p->held[i]);
	p->held_n = 0;
	return e;
}

static enum err send_text(struct pg *p, struct ctx *cx, const char *sql, int n,
			  const char *const *vals)
{
	enum err e = send_held(p, cx);

	if (e)
		return e;
	if (!PQsendQueryParams(p->db, sql, n, NULL, vals, NULL, NULL, 0))
		return pg_lost(p, cx);
	p->sent++;
	return OK;
}

/* Connecting */

static void no_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

enum { KEYWORDS_MAX = 80 };

static void add_default(const char **names, const char **values, size_t *n,
			const char *name, const char *value)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[*n] = name;
	values[(*n)++] = value;
}

static enum err open_socket(struct pg *p, struct ctx *cx)
{
	const char *names[KEYWORDS_MAX] = { 0 };
	const char *values[KEYWORDS_MAX] = { 0 };
	PQconninfoOption *all = PQconninfoParse(p->conn.store->o.url.p, NULL);
	char seconds[16];
	size_t n = 0;

	if (!all)
		return err_set(cx, ERR_INVALID,
			       "store.url is neither sqlite:PATH nor an "
			       "address of PostgreSQL (postgresql://…).");
	for (PQconninfoOption *o = all; o->keyword && n < KEYWORDS_MAX - 8; o++)
		if (o->val) {
			names[n] = o->keyword;
			values[n++] = o->val;
		}
	snprintf(seconds, sizeof(seconds), "%d", CONNECT_S);
	add_default(names, values, &n, "connect_timeout", seconds);
	add_default(names, values, &n, "application_name", "assayd");
	add_default(names, values, &n, "client_encoding", "UTF8");
	add_default(names, values, &n, "tcp_user_timeout", "10000");
	add_default(names, values, &n, "keepalives_idle", "30");
	p->db = PQconnectdbParams(names, values, 0);
	PQconninfoFree(all);
	CHECK(p->db);
	if (PQstatus(p->db) != CONNECTION_OK)
		return pg_lost(p, cx);
	PQsetNoticeReceiver(p->db, no_notice, NULL);
	CHECK(PQenterPipelineMode(p->db));
	return OK;
}

static enum err set(struct pg *p, struct ctx *cx, const char *name,
		    const char *value)
{
	const char *const vals[] = { name, value };

	return send_text(p, cx, "SELECT set_config($1, $2, false)", 2, vals);
}

/* An acknowledged answer is on the disk, whatever the server's default. */
static const char sync_sql[] =
	"SELECT set_config('synchronous_commit', 'on', false)"
	" WHERE current_setting('synchronous_commit') = 'off'";

static enum err settings(struct pg *p, struct ctx *cx)
{
	bool writer = p->conn.writer;
	char busy[32];
	enum err e;

	snprintf(busy, sizeof(busy), "%lld",
		 (long long)p->conn.store->o.busy_ms);
	e = set(p, cx, "lock_timeout", busy);
	if (!e)
		e = set(p, cx, "statement_timeout",
			writer ? "30000" : "120000");
	if (!e)
		e = set(p, cx, "idle_in_transaction_session_timeout", "120000");
	if (!e)
		e = set(p, cx, "default_transaction_read_only",
			writer ? "off" : "on");
	if (!e)
		e = set(p, cx, "jit", "off");
	if (!e)
		e = send_text(p, cx, sync_sql, 0, NULL);
	return e ? e : pg_finish(p, cx, NULL);
}

static enum err open_conn(struct pg *p, struct ctx *cx)
{
	enum err e = open_socket(p, cx);

	if (!e)
		e = settings(p, cx);
	if (!e)
		e = pg_prepare_verbs(p, cx);
	return e;
}

static void pg_disconnect(struct store_conn *c)
{
	struct pg *p = (struct pg *)c;

	drop(p);
	buf_done(&p->arrays);
	free(p->stmts);
	free(p);
}

static enum err pg_connect(struct ctx *cx, struct store *s, bool writer,
			   struct store_conn **out)
{
	struct pg *p = calloc(1, sizeof(*p)); /* allowed: process */
	enum err e;

	CHECK(p);
	p->conn = (struct store_conn){ .store = s, .writer = writer };
	p->stmts = calloc(s->stmts_n, /* allowed: process */
			  sizeof(*p->stmts));
	CHECK(p->stmts);
	e = open_conn(p, cx);
	if (e) {
		struct err_info was = cx->error;

		pg_disconnect(&p->conn);
		if (e == ERR_UNAVAILABLE)
			err_set(cx, e,
				"PostgreSQL cannot be reached; check "
				"store.url, the server, and that the database "
				"exists: %s",
				was.detail);
		return e;
	}
	*out = &p->conn;
	return OK;
}

static enum err reconnect(struct pg *p, struct ctx *cx)
{
	struct store *s = p->conn.store;
	int64_t now = clock_mono_ns(s->o.clock);
	enum err e;

	if (now < p->retry_at_ns)
		return store_error(cx, ERR_UNAVAILABLE,
				   "waits before it connects again");
	drop(p);
	e = open_conn(p, cx);
	if (!e)
		e = pg_prepare(&p->conn, cx, 0, s->prepared_n);
	if (!e) {
		p->pause_ms = 0;
		log_event(s->o.log, LOG_INFO, "store_reconnected",
			  LBOOL("writer", p->conn.writer));
		return OK;
	}
	drop(p);
	p->pause_ms = p->pause_ms ? p->pause_ms * 2 : PAUSE_LEAST_MS;
	if (p->pause_ms > PAUSE_MOST_MS)
		p->pause_ms = PAUSE_MOST_MS;
	p->retry_at_ns = now + p->pause_ms * 1000000;
	return e;
}

/* A server that said good-bye is noticed here, without a round trip. */
static enum err pg_revive(struct store_conn *c, struct ctx *cx)
{
	struct pg *p = (struct pg *)c;

	if (p->db && !p->stale && PQconsumeInput(p->db) &&
	    PQstatus(p->db) == CONNECTION_OK)
		return OK;
	return reconnect(p, cx);
}

/* Transactions */

static void hold(struct pg *p, enum pg_verb v)
{
	CHECK(p->held_n < HELD_MAX);
	p->held[p->held_n++] = v;
}

/* The savepoint has not even been sent: nothing is in it. */
static bool unhold_save(struct pg *p)
{
	if (p->held_n == 0 || p->held[p->held_n - 1] != SAVE)
		return false;
	p->held_n--;
	return true;
}

static enum err pg_begin(struct store_conn *c, struct ctx *cx)
{
	struct pg *p = (struct pg *)c;
	enum err e = c->writer ? pg_revive(c, cx) : OK;

	if (e)
		return e;
	p->held_n = 0;
	hold(p, c->writer ? BEGIN : SNAPSHOT);
	return OK;
}

static enum err pg_commit(struct store_conn *c, struct ctx *cx)
{
	struct pg *p = (struct pg *)c;
	struct pg_answer a = { 0 };
	enum err e;

	if (p->held_n && p->held[0] == BEGIN) { /* nothing was ever sent */
		p->held_n = 0;
		return OK;
	}
	e = send_held(p, cx);
	if (!e)
		e = send_verb(p, cx, COMMIT);
	if (!e)
		e = pg_finish(p, cx, &a);
	if (!e && !a.committed)
		e = store_error(cx, ERR_INTERNAL, "commit became rollback");
	return e;
}

static void pg_rollback(struct store_conn *c)
{
	struct pg *p = (struct pg *)c;
	struct ctx cx = { 0 };

	p->held_n = 0;
	if (p->db && p->sent)
		(void)!pg_finish(p, &cx, NULL);
	if (!p->db || PQtransactionStatus(p->db) == PQTRANS_IDLE)
		return;
	if (send_verb(p, &cx, ROLLBACK) || pg_finish(p, &cx, NULL))
		drop(p);
}

static enum err pg_savepoint(struct store_conn *c, struct ctx *cx)
{
	(void)cx;
	hold((struct pg *)c, SAVE);
	return OK;
}

static enum err pg_release(struct store_conn *c, struct ctx *cx)
{
	struct pg *p = (struct pg *)c;

	(void)cx;
	if (!unhold_save(p))
		hold(p, RELEASE);
	return OK;
}

static enum err pg_rollback_to(struct store_conn *c, struct ctx *cx)
{
	struct pg *p = (struct pg *)c;

	if (!p->db)
		return store_error(cx, ERR_UNAVAILABLE,
				   "the connection was lost");
	if (unhold_save(p))
		return OK;
	hold(p, UNDO);
	hold(p, RELEASE);
	return OK;
}

/* Statements */

static enum err pg_script(struct store_conn *c, struct ctx *cx, const char *sql)
{
	struct pg *p = (struct pg *)c;
	enum err e = send_text(p, cx, sql, 0, NULL);

	return e ? e : pg_finish(p, cx, NULL);
}

static enum err send_stmt(struct pg *p, struct ctx *cx, char kind, size_t at,
			  const struct pg_args *args)
{
	char name[32];
	enum err e = send_held(p, cx);

	if (e)
		return e;
	pg_name(name, kind, at);
	if (!PQsendQueryPrepared(p->db, name, p->stmts[at].n, args->values,
				 args->lengths, pg_binary, 1))
		return pg_lost(p, cx);
	p->sent++;
	return OK;
}

/* Rows one by one: only for what stands first in its pipeline. */
static enum err before_stream(struct pg *p, struct ctx *cx)
{
	enum err e = send_held(p, cx);

	return e || p->sent == 0 ? e : pg_finish(p, cx, NULL);
}

static enum err pg_run(struct store_conn *c, struct ctx *cx, size_t at,
		       const struct val *vals, size_t n, struct sink *sink,
		       int64_t *changed)
{
	struct pg *p = (struct pg *)c;
	struct pg_stmt *types = &p->stmts[at];
	struct pg_answer a = { .st = &c->store->stmts[at],
			       .types = types,
			       .sink = sink };
	struct pg_args args;
	enum err e = OK;

	if (!p->db)
		return store_error(cx, ERR_UNAVAILABLE,
				   "the connection was lost");
	if (sink && sink->stream)
		e = before_stream(p, cx);
	if (e)
		return e;
	CHECK(n == types->n);
	pg_bind(types, vals, &args);
	e = send_stmt(p, cx, 's', at, &args);
	if (!e && sink && sink->stream)
		CHECK(PQsetSingleRowMode(p->db));
	if (!e)
		e = pg_finish(p, cx, &a);
	if (!e)
		e = a.sink_error;
	if (!e && changed)
		*changed = a.changed;
	return e;
}

static enum err pg_bulk(struct store_conn *c, struct ctx *cx, size_t at,
			const struct val *vals, size_t rows, size_t width)
{
	struct pg *p = (struct pg *)c;
	struct pg_stmt *types = &p->stmts[at];
	struct pg_args args;
	enum err e;

	CHECK(types->bulk);
	CHECK(width == types->n);
	if (rows == 1) {
		pg_bind(types, vals, &args);
		e = send_stmt(p, cx, 's', at, &args);
	} else {
		pg_bind_arrays(p, types, vals, rows, width, &args);
		e = send_stmt(p, cx, 'b', at, &args);
	}
	return e || p->lazy ? e : pg_finish(p, cx, NULL);
}

static void pg_lazy(struct store_conn *c, bool on)
{
	((struct pg *)c)->lazy = on;
}

static void pg_tidy(struct store_conn *c, bool now)
{
	(void)c;
	(void)now;
}

const struct driver driver_pg = {
	.kind = "postgresql",
	.reads_inline = false,
	.words = { "BIGINT", "BYTEA", "TEXT", "", "" },
	.connect = pg_connect,
	.disconnect = pg_disconnect,
	.prepare = pg_prepare,
	.revive = pg_revive,
	.script = pg_script,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.savepoint = pg_savepoint,
	.release = pg_release,
	.rollback_to = pg_rollback_to,
	.run = pg_run,
	.bulk = pg_bulk,
	.lazy = pg_lazy,
	.tidy = pg_tidy,
};
