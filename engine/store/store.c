#include "engine/store/store.h"

#include <time.h>

#include "engine/store/driver.h"

struct val v_null(void)
{
	return (struct val){ .type = VAL_NULL };
}

struct val v_int(int64_t i)
{
	return (struct val){ .type = VAL_INT, .i = i };
}

struct val v_bool(bool b)
{
	return v_int(b);
}

struct val v_dec(struct dec d)
{
	return v_int(d.nano);
}

struct val v_text(struct str s)
{
	return (struct val){ .type = s.p ? VAL_TEXT : VAL_NULL, .s = s };
}

struct val v_z(const char *z)
{
	return v_text(str_of(z));
}

struct val v_bytes(struct str s)
{
	return (struct val){ .type = s.p ? VAL_BYTES : VAL_NULL, .s = s };
}

struct val v_id(const struct id *id)
{
	if (id_is_none(id))
		return v_null();
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

enum err store_error(struct ctx *cx, enum err e, const char *detail)
{
	const char *text = "The store failed.";

	if (e == ERR_CONFLICT)
		text = "Another call was first. Read the present state.";
	else if (e == ERR_BUSY)
		text = "The database is busy. Try again.";
	else if (e == ERR_READ_ONLY)
		text = "Nothing can be written: the database has no space or "
		       "may not be written. Try again later.";
	else if (e == ERR_UNAVAILABLE)
		text = "The database does not answer. Try again later.";
	else if (e == ERR_CORRUPT)
		text = "The database is damaged. Stop the server, keep a copy "
		       "of its files, and restore the last backup.";
	else if (e == ERR_INVALID)
		text = "A value cannot be stored.";
	else if (e == ERR_TOO_LARGE)
		text = "A value is too large to be stored.";
	err_set(cx, e, "%s", text);
	if (detail)
		err_detail(cx, "%s", detail);
	return e;
}

/* Faults and states */

enum { FAIL_ON = 1 << 16 }; /* with the error: what comes later, too */

static enum err fault(struct store_conn *c, struct ctx *cx)
{
	struct store *s = c->store;
	int with;

	atomic_fetch_add_explicit(&s->calls, 1, memory_order_relaxed);
	if (atomic_load_explicit(&s->fail_at, memory_order_relaxed) == 0 ||
	    atomic_fetch_sub(&s->fail_at, 1) != 1)
		return OK;
	with = atomic_load(&s->fail_with);
	if (with & FAIL_ON)
		atomic_store(&s->fail_at, 1);
	return store_error(cx, (enum err)(with & ~FAIL_ON), "injected");
}

void store_fail_at(struct store *s, int n, enum err e)
{
	atomic_store(&s->fail_with, (int)e);
	atomic_store(&s->fail_at, n);
}

void store_fail_from(struct store *s, int n, enum err e)
{
	atomic_store(&s->fail_with, (int)e | FAIL_ON);
	atomic_store(&s->fail_at, n);
}

void store_lose_commit(struct store *s)
{
	atomic_store(&s->lose_commit, true);
}

int64_t store_calls(const struct store *s)
{
	return atomic_load(&s->calls);
}

/* An error spoils the transaction; not finding something is none. */
static enum err spoil(struct store_conn *c, enum err e)
{
	if (e && e != ERR_NOT_FOUND && c->in_tx)
		c->failed = true;
	return e;
}

/* Before every statement. */
static enum err ready(struct store_conn *c, struct ctx *cx)
{
	CHECK(!c->in_each);
	if (c->failed)
		return store_error(cx, ERR_INTERNAL,
				   "a statement after one that failed");
	return spoil(c, fault(c, cx));
}

bool store_tx_ok(const struct store_conn *c)
{
	return c->in_tx && !c->failed;
}

void store_reads_only(struct store_conn *c, bool on)
{
	c->reads_only = on;
}

/* Transactions */

enum err store_begin(struct store_conn *c, struct ctx *cx)
{
	enum err e;

	CHECK(!c->in_tx);
	e = ready(c, cx);
	if (!e)
		e = c->store->drv->begin(c, cx);
	if (e)
		return e;
	c->in_tx = true;
	return OK;
}

enum err store_commit(struct store_conn *c, struct ctx *cx)
{
	enum err e;

	CHECK(c->in_tx && !c->in_savepoint);
	e = ready(c, cx);
	if (!e)
		e = c->store->drv->commit(c, cx);
	if (e)
		return spoil(c, e);
	c->in_tx = false;
	if (atomic_load_explicit(&c->store->lose_commit,
				 memory_order_relaxed) &&
	    atomic_exchange(&c->store->lose_commit, false))
		return store_error(cx, ERR_UNAVAILABLE, "injected loss");
	return OK;
}

void store_rollback(struct store_conn *c)
{
	if (c->in_tx)
		c->store->drv->rollback(c);
	c->in_tx = c->in_savepoint = c->failed = false;
}

enum err store_savepoint(struct store_conn *c, struct ctx *cx)
{
	enum err e;

	CHECK(c->in_tx && !c->in_savepoint);
	e = ready(c, cx);
	if (!e)
		e = spoil(c, c->store->drv->savepoint(c, cx));
	if (!e)
		c->in_savepoint = true;
	return e;
}

enum err store_release(struct store_conn *c, struct ctx *cx)
{
	enum err e;

	CHECK(c->in_savepoint);
	e = ready(c, cx);
	if (!e)
		e = spoil(c, c->store->drv->release(c, cx));
	if (!e)
		c->in_savepoint = false;
	return e;
}

enum err store_rollback_to(struct store_conn *c, struct ctx *cx)
{
	enum err e;

	CHECK(c->in_savepoint && !c->in_each);
	c->failed = false;
	e = spoil(c, c->store->drv->rollback_to(c, cx));
	if (!e)
		c->in_savepoint = false;
	return e;
}

enum err store_read_begin(struct ctx *cx)
{
	CHECK(!cx->db->writer);
	return store_begin(cx->db, cx);
}

void store_read_end(struct ctx *cx)
{
	store_rollback(cx->db);
}

/* Statements */

static size_t find(const struct store *s, const struct stmt *st)
{
	size_t i = store_slot(s, st);

	for (;; i = (i + 1) & s->slots_mask) {
		CHECK(s->slots[i]); /* else its set is not listed */
		if (s->stmts[s->slots[i] - 1].st == st)
			return s->slots[i] - 1;
	}
}

/* PostgreSQL has no place for U+0000 in a text, so neither engine has. */
static enum err vals_ok(struct ctx *cx, const struct val *vals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vals[i].type == VAL_TEXT && vals[i].s.n &&
		    memchr(vals[i].s.p, 0, vals[i].s.n))
			return err_set(cx, ERR_INVALID,
				       "A text may not hold the character "
				       "U+0000.");
	return OK;
}

static enum err prepare_run(struct ctx *cx, const struct stmt *st,
			    const struct val *vals, size_t n, size_t *at)
{
	struct store_conn *c = cx->db;
	enum err e;

	CHECK(c);
	*at = find(c->store, st);
	if (c->store->stmts[*at].writes)
		CHECK(c->writer && c->in_tx && !c->reads_only);
	e = vals_ok(cx, vals, n);
	if (e)
		return e;
	return ready(c, cx);
}

enum err store_exec(struct ctx *cx, const struct stmt *st,
		    const struct val *vals, size_t n, int64_t *changed)
{
	struct store_conn *c = cx->db;
	int64_t count = 0;
	size_t at;
	enum err e;

	CHECK(!st->row);
	e = prepare_run(cx, st, vals, n, &at);
	if (e)
		return e;
	e = c->store->drv->run(c, cx, at, vals, n, NULL, &count);
	if (e)
		return spoil(c, e);
	if (changed)
		*changed = count;
	return OK;
}

enum err store_bulk(struct ctx *cx, const struct stmt *st,
		    const struct val *vals, size_t rows, size_t width)
{
	struct store_conn *c = cx->db;
	size_t at;
	enum err e;

	CHECK(!st->row && width > 0 && rows <= SIZE_MAX / width);
	e = prepare_run(cx, st, vals, rows * width, &at);
	if (e || rows == 0)
		return e;
	return spoil(c, c->store->drv->bulk(c, cx, at, vals, rows, width));
}

/* Rows */

struct gather {
	struct sink sink; /* first */
	struct ctx *cx;
	const struct shape *shape;
	char *rows;
	size_t n, room, limit;
	bool more;
	enum err (*each)(struct ctx *cx, const void *row, void *arg);
	void *arg;
	enum err each_error;
};

static enum err gather_row(struct sink *s, const struct val *cols)
{
	struct gather *g = (struct gather *)s;
	size_t size = g->shape->size;

	if (g->n == g->limit) {
		g->more = true;
		s->enough = true;
		return OK;
	}
	if (g->n == g->room) {
		size_t room = g->room ? g->room * 2 : 4;
		char *rows = arena_array(g->cx->arena, room, size);

		if (g->n)
			memcpy(rows, g->rows, g->n * size);
		g->rows = rows;
		g->room = room;
	}
	return store_put_row(g->cx, g->shape, cols, g->rows + size * g->n++);
}

static enum err first_row(struct sink *s, const struct val *cols)
{
	struct gather *g = (struct gather *)s;

	g->n = 1;
	s->enough = true;
	g->rows = arena_alloc(g->cx->arena, g->shape->size);
	return store_put_row(g->cx, g->shape, cols, g->rows);
}

static enum err hand_row(struct sink *s, const struct val *cols)
{
	struct gather *g = (struct gather *)s;
	void *row = arena_alloc(g->cx->arena, g->shape->size);
	struct store_conn *c = g->cx->db;
	enum err e = store_put_row(g->cx, g->shape, cols, row);

	if (e)
		return e;
	c->in_each = true;
	g->each_error = g->each(g->cx, row, g->arg);
	c->in_each = false;
	s->enough = g->each_error != OK;
	return OK;
}

static enum err run_rows(struct ctx *cx, const struct stmt *st,
			 const struct val *vals, size_t n, struct gather *g)
{
	struct store_conn *c = cx->db;
	size_t at;
	enum err e;

	CHECK(st->row);
	g->cx = cx;
	g->shape = st->row;
	e = prepare_run(cx, st, vals, n, &at);
	if (e)
		return e;
	return spoil(c, c->store->drv->run(c, cx, at, vals, n, &g->sink, NULL));
}

enum err store_one(struct ctx *cx, const struct stmt *st,
		   const struct val *vals, size_t n, void *out)
{
	struct gather g = { .sink = { .row = first_row } };
	enum err e = run_rows(cx, st, vals, n, &g);

	if (e)
		return e;
	if (g.n == 0)
		return err_set(cx, ERR_NOT_FOUND, "There is no such thing.");
	memcpy(out, g.rows, g.shape->size);
	return OK;
}

enum err store_list(struct ctx *cx, const struct stmt *st,
		    const struct val *vals, size_t n, size_t limit,
		    struct list *out, bool *more)
{
	struct gather g = { .sink = { .row = gather_row }, .limit = limit };
	enum err e = run_rows(cx, st, vals, n, &g);

	if (e)
		return e;
	*out = (struct list){ g.rows, g.n };
	if (more)
		*more = g.more;
	return OK;
}

enum err store_each(
	struct ctx *cx, const struct stmt *st, const struct val *vals, size_t n,
	enum err (*each)(struct ctx *cx, const void *row, void *arg), void *arg)
{
	struct gather g = { .sink = { .row = hand_row, .stream = true },
			    .each = each,
			    .arg = arg };
	enum err e = run_rows(cx, st, vals, n, &g);

	return e ? e : g.each_error;
}

/* Readers */

struct store_conn *store_writer(struct store *s)
{
	return s->writer;
}

/* A free reader, or NULL after wait_ms. */
static struct store_conn *take_reader(struct store *s, int64_t wait_ms)
{
	int64_t end = clock_mono_ns(&clock_system) + wait_ms * 1000000;
	struct timespec until = { .tv_sec = end / 1000000000,
				  .tv_nsec = end % 1000000000 };
	struct store_conn *c = NULL;
	int late = 0;

	pthread_mutex_lock(&s->lock);
	while (s->free_n == 0 && wait_ms > 0 && !late)
		late = pthread_cond_clockwait(&s->freed, &s->lock,
					      CLOCK_MONOTONIC, &until);
	if (s->free_n > 0)
		c = s->free[--s->free_n];
	pthread_mutex_unlock(&s->lock);
	return c;
}

void store_reader_done(struct store *s, struct store_conn *c)
{
	if (!c)
		return;
	CHECK(!c->writer && !c->in_each);
	store_rollback(c);
	pthread_mutex_lock(&s->lock);
	CHECK(s->free_n < s->readers_n);
	s->free[s->free_n++] = c;
	pthread_cond_signal(&s->freed);
	pthread_mutex_unlock(&s->lock);
}

struct store_conn *store_reader(struct store *s, int64_t wait_ms)
{
	struct store_conn *c = take_reader(s, wait_ms);
	struct ctx cx = { 0 };

	if (c && s->drv->revive(c, &cx)) {
		store_reader_done(s, c);
		c = NULL;
	}
	return c;
}

static enum err ignore_row(struct sink *s, const struct val *cols)
{
	(void)cols;
	s->enough = true;
	return OK;
}

enum err store_ping(struct store *s)
{
	enum { WAIT_MS = 1000 };
	struct sink sink = { .row = ignore_row };
	struct store_conn *c = take_reader(s, WAIT_MS);
	struct ctx cx = { 0 };
	enum err e;

	if (!c)
		return ERR_BUSY;
	e = s->drv->revive(c, &cx);
	if (!e)
		e = s->drv->run(c, &cx, OWN_PING, NULL, 0, &sink, NULL);
	store_reader_done(s, c);
	return e;
}

void store_lazy(struct store_conn *c, bool on)
{
	c->store->drv->lazy(c, on);
}

void store_tidy(struct store_conn *c)
{
	CHECK(!c->in_tx);
	c->store->drv->tidy(c, false);
}

enum err store_probe(struct store_conn *c, struct ctx *cx)
{
	enum { PAD = 64 * 1024 };
	struct store_conn *before = cx->db;
	int64_t now = clock_ms(cx->clock);
	char *pad = arena_alloc(cx->arena, PAD);
	enum err e;

	/* SQLite does not write pages again that have not changed. */
	memset(pad, (int)(now / 1000 % 256), PAD);
	c->store->drv->tidy(c, true);
	cx->db = c;
	e = store_begin(c, cx);
	if (!e)
		e = store_exec(
			cx, &store_own_sql[OWN_PROBE],
			VALS(v_int(now), v_bytes((struct str){ pad, PAD })),
			NULL);
	if (!e)
		e = store_commit(c, cx);
	store_rollback(c);
	cx->db = before;
	return e;
}

const char *store_kind(const struct store *s)
{
	return s->drv->kind;
}

bool store_alone(const struct ctx *cx)
{
	return cx->db->store->drv->alone;
}

bool store_reads_inline(const struct store *s)
{
	return s->drv->reads_inline;
}
