#include <stdlib.h>

#include "engine/store/driver.h"

struct applied {
	int64_t number;
	struct str name;
};

static const struct field applied_fields[] = {
	FIELD(struct applied, number, KIND_INT, "number of the step"),
	FIELD(struct applied, name, KIND_STR, "its name"),
	FIELD_END,
};
static const struct shape applied_shape = SHAPE(struct applied, applied_fields);

static const struct field ping_fields[] = {
	FIELD(struct applied, number, KIND_INT, "0"),
	FIELD_END,
};
static const struct shape ping_shape = SHAPE(struct applied, ping_fields);

/* Row 0 is no step: whoever migrates holds its lock. */
static const char bootstrap[] =
	"CREATE TABLE IF NOT EXISTS schema_migration ("
	" number {int} NOT NULL PRIMARY KEY, name {text} NOT NULL,"
	" at_ms {int} NOT NULL){table};\n"
	"CREATE TABLE IF NOT EXISTS store_probe ("
	" id {int} NOT NULL PRIMARY KEY, at_ms {int} NOT NULL,"
	" pad {bytes}){table};\n"
	"INSERT INTO schema_migration (number, name, at_ms)"
	" VALUES (0, 'lock', 0) ON CONFLICT DO NOTHING;\n"
	"INSERT INTO store_probe (id, at_ms, pad)"
	" VALUES (1, 0, NULL) ON CONFLICT DO NOTHING;\n";

const struct stmt store_own_sql[OWN_STMTS] = {
	[OWN_APPLIED] = { "store_applied",
			  "SELECT number, name FROM schema_migration"
			  " WHERE number > 0 ORDER BY number",
			  &applied_shape },
	[OWN_LOCK] = { "store_lock",
		       "UPDATE schema_migration SET at_ms = at_ms"
		       " WHERE number = 0",
		       NULL },
	[OWN_APPLY] = { "store_apply",
			"INSERT INTO schema_migration (number, name, at_ms)"
			" VALUES ($1, $2, $3)",
			NULL },
	[OWN_PROBE] = { "store_probe",
			"UPDATE store_probe SET at_ms = $1, pad = $2"
			" WHERE id = 1",
			NULL },
	[OWN_PING] = { "store_ping",
		       "SELECT number FROM schema_migration WHERE number = 0",
		       &ping_shape },
};

enum { TRIES = 20 }; /* of a step, against other nodes that boot */

/* Cuts the text up to a ';' that ends a line off *sql. */
static const char *cut(struct arena *a, const char **sql)
{
	const char *from = *sql, *end = strstr(from, ";\n");

	if (!end) {
		*sql = from + strlen(from);
		return from;
	}
	*sql = end + 2;
	return str_z(a, (struct str){ from, (size_t)(end - from) });
}

static enum err run_script(struct ctx *cx, struct store_conn *c,
			   const char *sql)
{
	const char *rest = store_expand(c->store, sql);
	enum err e = OK;

	while (!e && *rest)
		e = c->store->drv->script(c, cx, cut(cx->arena, &rest));
	return e;
}

static bool again(enum err e)
{
	/* Two CREATEs at once break a key of PostgreSQL's own tables. */
	return e == ERR_CONFLICT || e == ERR_BUSY;
}

enum err migrate_bootstrap(struct ctx *cx, struct store_conn *c)
{
	enum err e = ERR_BUSY;

	for (int i = 0; i < TRIES && again(e); i++) {
		e = store_begin(c, cx);
		if (!e)
			e = run_script(cx, c, bootstrap);
		if (!e)
			e = store_commit(c, cx);
		store_rollback(c);
	}
	return e;
}

static int by_number(const void *a, const void *b)
{
	int x = (*(const struct migration *const *)a)->number;
	int y = (*(const struct migration *const *)b)->number;

	return (x > y) - (x < y);
}

struct plan {
	const struct migration **steps; /* in order */
	size_t n;
};

static bool is_for(const struct migration *m, const struct store *s)
{
	return !m->only || strcmp(m->only, store_kind(s)) == 0;
}

static struct plan make_plan(struct ctx *cx, const struct store *s)
{
	const struct migration_set *const *sets = s->o.migrations;
	struct plan p = { 0 };
	size_t n = 0;

	for (size_t i = 0; sets && sets[i]; i++)
		n += sets[i]->n;
	p.steps = ARENA_ARRAY(cx->arena, const struct migration *, n);
	for (size_t i = 0; sets && sets[i]; i++)
		for (size_t k = 0; k < sets[i]->n; k++)
			if (is_for(&sets[i]->steps[k], s))
				p.steps[p.n++] = &sets[i]->steps[k];
	if (p.n)
		qsort(p.steps, p.n, sizeof(const struct migration *),
		      by_number);
	for (size_t i = 0; i < p.n; i++)
		CHECK(p.steps[i]->number > (i ? p.steps[i - 1]->number : 0));
	return p;
}

static const struct migration *plan_find(const struct plan *p, int64_t number)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i]->number == number)
			return p->steps[i];
	return NULL;
}

/* A database that has seen a step that we do not know is newer than we. */
static enum err refuse_newer(struct ctx *cx, const struct plan *p,
			     const struct applied *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct migration *m = plan_find(p, rows[i].number);

		if (m && str_is(rows[i].name, m->name))
			continue;
		return err_set(cx, ERR_PRECONDITION,
			       "The database is newer than this program: it "
			       "holds step %lld (%.*s), which this program "
			       "does not know. Run the version that made it "
			       "or a later one, or restore a backup.",
			       (long long)rows[i].number,
			       STR_FMT(rows[i].name));
	}
	return OK;
}

static enum err load_applied(struct ctx *cx, const struct plan *p,
			     struct list *out)
{
	enum err e = store_list(cx, &store_own_sql[OWN_APPLIED], NULL, 0,
				SIZE_MAX, out, NULL);

	return e ? e : refuse_newer(cx, p, out->at, out->n);
}

static bool is_applied(const struct list *l, int number)
{
	const struct applied *rows = l->at;

	for (size_t i = 0; i < l->n; i++)
		if (rows[i].number == number)
			return true;
	return false;
}

/* Under the lock: another node may have been first. */
static enum err apply(struct ctx *cx, struct store_conn *c,
		      const struct plan *p, const struct migration *m)
{
	struct list applied;
	enum err e = store_exec(cx, &store_own_sql[OWN_LOCK], NULL, 0, NULL);

	if (!e)
		e = load_applied(cx, p, &applied);
	if (e || is_applied(&applied, m->number))
		return e;
	e = run_script(cx, c, m->sql);
	if (e)
		return err_detail(cx, "migration %d (%s)", m->number, m->name);
	log_event(c->store->o.log, LOG_INFO, "store_migrated",
		  LINT("number", m->number), LZ("name", m->name));
	return store_exec(cx, &store_own_sql[OWN_APPLY],
			  VALS(v_int(m->number), v_z(m->name),
			       v_int(clock_ms(c->store->o.clock))),
			  NULL);
}

static enum err step(struct ctx *cx, struct store_conn *c, const struct plan *p,
		     const struct migration *m)
{
	enum err e = ERR_BUSY;

	for (int i = 0; i < TRIES && again(e); i++) {
		e = store_begin(c, cx);
		if (!e)
			e = apply(cx, c, p, m);
		if (!e)
			e = store_commit(c, cx);
		store_rollback(c);
	}
	return e;
}

enum err migrate_run(struct ctx *cx, struct store_conn *c)
{
	struct plan p = make_plan(cx, c->store);
	struct list applied;
	enum err e = load_applied(cx, &p, &applied);

	for (size_t i = 0; !e && i < p.n; i++)
		if (!is_applied(&applied, p.steps[i]->number))
			e = step(cx, c, &p, p.steps[i]);
	return e;
}
