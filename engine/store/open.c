#include "engine/store/driver.h"

size_t store_slot(const struct store *s, const struct stmt *st)
{
	uint64_t h = (uint64_t)(uintptr_t)st * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32) & s->slots_mask;
}

const char *store_expand(struct store *s, const char *sql)
{
	const struct words *w = &s->drv->words;
	const struct {
		const char *name, *by;
	} all[] = { { "{int}", w->int_ },
		    { "{bytes}", w->bytes },
		    { "{text}", w->text },
		    { "{table}", w->table },
		    { "{clustered}", w->clustered } };
	enum { ALL = sizeof(all) / sizeof(all[0]) };
	struct buf b = { 0 };
	struct str copy;

	while (*sql) {
		size_t i = 0;

		while (i < ALL &&
		       strncmp(sql, all[i].name, strlen(all[i].name)) != 0)
			i++;
		if (i < ALL) {
			buf_z(&b, all[i].by);
			sql += strlen(all[i].name);
		} else {
			buf_ch(&b, *sql++);
		}
	}
	copy = buf_copy(&b, s->arena);
	buf_done(&b);
	return str_z(s->arena, copy);
}

static bool is_write(const char *sql)
{
	static const char *const verbs[] = { "INSERT ", "UPDATE ", "DELETE " };

	CHECK(strncmp(sql, "SELECT", 6) == 0 || strncmp(sql, "WITH", 4) == 0 ||
	      strncmp(sql, "INSERT", 6) == 0 ||
	      strncmp(sql, "UPDATE", 6) == 0 || strncmp(sql, "DELETE", 6) == 0);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strstr(sql, verbs[i]))
			return true;
	return false;
}

static void add_stmt(struct store *s, const struct stmt *st)
{
	struct store_stmt *to = &s->stmts[s->stmts_n++];
	size_t i = store_slot(s, st);

	*to = (struct store_stmt){ .st = st,
				   .sql = store_expand(s, st->sql),
				   .writes = is_write(st->sql) };
	if (st->row)
		while (st->row->fields[to->columns].kind)
			to->columns++;
	CHECK(to->columns <= COLUMNS_MAX);
	while (s->slots[i])
		i = (i + 1) & s->slots_mask;
	s->slots[i] = (uint32_t)s->stmts_n;
}

static void add_stmts(struct store *s)
{
	size_t n = OWN_STMTS, slots = 64;

	for (size_t i = 0; s->o.sets && s->o.sets[i]; i++)
		n += s->o.sets[i]->n;
	while (slots < n * 4)
		slots *= 2;
	s->stmts = ARENA_ARRAY(s->arena, struct store_stmt, n);
	s->slots = ARENA_ARRAY(s->arena, uint32_t, slots);
	s->slots_mask = slots - 1;
	for (size_t i = 0; i < OWN_STMTS; i++)
		add_stmt(s, &store_own_sql[i]);
	for (size_t i = 0; s->o.sets && s->o.sets[i]; i++)
		for (size_t k = 0; k < s->o.sets[i]->n; k++)
			add_stmt(s, &s->o.sets[i]->rows[k]);
}

static enum err open_writer(struct ctx *cx, struct store *s)
{
	const struct driver *drv = s->drv;
	struct store_conn *before = cx->db;
	enum err e = drv->connect(cx, s, true, &s->writer);

	if (e)
		return e;
	cx->db = s->writer;
	e = migrate_bootstrap(cx, s->writer);
	if (!e)
		e = drv->prepare(s->writer, cx, 0, OWN_STMTS);
	if (!e)
		e = migrate_run(cx, s->writer);
	if (!e)
		e = drv->prepare(s->writer, cx, OWN_STMTS, s->stmts_n);
	s->prepared_n = s->stmts_n;
	store_rollback(s->writer);
	cx->db = before;
	return e;
}

static enum err open_readers(struct ctx *cx, struct store *s)
{
	enum err e = OK;

	CHECK(s->o.readers >= 1 && s->o.readers <= 64);
	s->readers = ARENA_ARRAY(s->arena, struct store_conn *,
				 (size_t)s->o.readers);
	s->free = ARENA_ARRAY(s->arena, struct store_conn *,
			      (size_t)s->o.readers);
	while (!e && s->readers_n < (size_t)s->o.readers) {
		struct store_conn *c = NULL;

		e = s->drv->connect(cx, s, false, &c);
		if (e)
			break;
		s->readers[s->readers_n++] = c;
		s->free[s->free_n++] = c;
		e = s->drv->prepare(c, cx, 0, s->stmts_n);
	}
	return e;
}

enum err store_open(struct ctx *cx, const struct store_opts *o,
		    struct store **out)
{
	struct arena *arena = arena_new(16384);
	struct store *s = ARENA_NEW(arena, struct store);
	enum err e;

	s->arena = arena;
	s->o = *o;
	s->o.url = str_copy(arena, o->url);
	s->drv = str_starts(o->url, "sqlite:") ? &driver_sqlite : &driver_pg;
	CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
	CHECK(pthread_cond_init(&s->freed, NULL) == 0);
	add_stmts(s);
	s->prepared_n = s->stmts_n;
	e = o->read_only ? OK : open_writer(cx, s);
	if (!e)
		e = open_readers(cx, s);
	if (e) {
		store_close(s);
		return e;
	}
	*out = s;
	return OK;
}

void store_close(struct store *s)
{
	struct arena *arena;

	if (!s)
		return;
	CHECK(s->free_n == s->readers_n);
	for (size_t i = 0; i < s->readers_n; i++)
		s->drv->disconnect(s->readers[i]);
	if (s->writer)
		s->drv->disconnect(s->writer);
	pthread_cond_destroy(&s->freed);
	pthread_mutex_destroy(&s->lock);
	arena = s->arena;
	arena_free(arena);
}
