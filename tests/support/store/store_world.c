#include "tests/support/store/store_world.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const states[] = { "new", "open", "closed", NULL };
static const char *const roles[] = { "a", "b", "c", NULL };

static const struct field place_fields[] = {
	FIELD(struct thing_place, x, KIND_INT, "x"),
	FIELD(struct thing_place, y, KIND_INT, "y"),
	FIELD_END,
};
static const struct shape place_shape = SHAPE(struct thing_place, place_fields);

static const struct field thing_fields[] = {
	FIELD(struct thing, id, KIND_ID, "id"),
	FIELD(struct thing, n, KIND_INT, "number"),
	FIELD_OPT(struct thing, name, KIND_STR, "name"),
	FIELD(struct thing, flag, KIND_BOOL, "flag"),
	FIELD(struct thing, points, KIND_DEC, "points"),
	FIELD(struct thing, at_ms, KIND_TIME, "when"),
	FIELD(struct thing, state, KIND_ENUM, "state", .words = states),
	FIELD(struct thing, roles, KIND_FLAGS, "roles", .words = roles),
	FIELD_OPT(struct thing, raw, KIND_RAW, "raw"),
	FIELD_OPT(struct thing, bytes, KIND_BYTES, "bytes"),
	FIELD_OPT(struct thing, hex, KIND_HEX, "hex"),
	FIELD_OPT(struct thing, tags, KIND_LIST, "tags", .of = KIND_STR),
	FIELD_OPT(struct thing, place, KIND_OBJECT, "place",
		  .shape = &place_shape),
	FIELD_MAYBE(struct thing, size, has_size, KIND_INT, "size"),
	FIELD_END,
};
const struct shape thing_shape = SHAPE(struct thing, thing_fields);

static const struct field count_fields[] = {
	FIELD(struct thing_count, count, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape count_shape = SHAPE(struct thing_count, count_fields);

#define COLUMNS                                                                \
	"id, n, name, flag, points, at_ms, state, roles, raw, bytes,"          \
	" hex, tags, place, size"

const struct stmt thing_sql[THING_STMTS] = {
	[THING_INSERT] = { "thing_insert",
			   "INSERT INTO thing (" COLUMNS ")"
			   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
			   " $11, $12, $13, $14)",
			   NULL },
	[THING_ADD] = { "thing_add",
			"INSERT INTO thing (id, n, name) VALUES ($1, $2, $3)",
			NULL },
	[THING_BY_ID] = { "thing_by_id",
			  "SELECT " COLUMNS " FROM thing WHERE id = $1",
			  &thing_shape },
	[THING_BY_NAME_N] = { "thing_by_name_n",
			      "SELECT " COLUMNS " FROM thing"
			      " WHERE n = $2 AND name = $1",
			      &thing_shape },
	[THING_ALL] = { "thing_all",
			"SELECT " COLUMNS " FROM thing ORDER BY n LIMIT $1",
			&thing_shape },
	[THING_COUNT] = { "thing_count", "SELECT COUNT(*) AS count FROM thing",
			  &count_shape },
	[THING_MOVE] = { "thing_move",
			 "UPDATE thing SET state = $3"
			 " WHERE id = $1 AND state = $2",
			 NULL },
	[THING_RENAME] = { "thing_rename",
			   "UPDATE thing SET name = $2 WHERE id = $1", NULL },
};
static const struct stmt_set thing_stmts = { "thing", thing_sql, THING_STMTS };

static const struct migration thing_steps[] = {
	{ 9000, "things",
	  "CREATE TABLE thing (\n"
	  "  id {bytes} NOT NULL PRIMARY KEY,\n"
	  "  n {int} NOT NULL,\n"
	  "  name {text} UNIQUE,\n"
	  "  flag {int} NOT NULL DEFAULT 0,\n"
	  "  points {int} NOT NULL DEFAULT 0,\n"
	  "  at_ms {int} NOT NULL DEFAULT 0,\n"
	  "  state {int} NOT NULL DEFAULT 0,\n"
	  "  roles {int} NOT NULL DEFAULT 0,\n"
	  "  raw {text},\n"
	  "  bytes {bytes},\n"
	  "  hex {bytes},\n"
	  "  tags {text},\n"
	  "  place {text},\n"
	  "  size {int}\n"
	  "){table};\n"
	  "CREATE INDEX thing_n ON thing (n);\n" },
};
static const struct migration_set thing_migrations = { thing_steps, 1 };

enum err sw_open(struct sw *w, const struct stmt_set *set,
		 const struct migration_set *steps, struct store **out)
{
	const struct stmt_set *sets[] = { &record_stmts, &thing_stmts, set,
					  NULL };
	const struct migration_set *all[] = { &record_migrations,
					      &thing_migrations, steps, NULL };
	struct store_opts o = { .url = str_of(w->db.url),
				.sets = sets,
				.migrations = all,
				.clock = &w->clock.clock,
				.readers = 2,
				.create = true,
				.busy_ms = w->busy_ms };

	return store_open(&w->cx, &o, out);
}

static void open_or_die(struct sw *w)
{
	if (sw_open(w, NULL, NULL, &w->store)) {
		fprintf(stderr, "%s (%s)\n", w->cx.error.text,
			w->cx.error.detail);
		abort();
	}
}

struct sw *sw_new(enum db_kind kind)
{
	struct sw *w = calloc(1, sizeof(*w));

	CHECK(w);
	if (!db_make(&w->db, kind)) {
		free(w);
		return NULL;
	}
	w->busy_ms = 5000;
	clock_manual_init(&w->clock, INT64_C(1790000000000));
	rng_seeded_from(&w->rng, 7);
	w->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &w->clock.clock,
			      .rng = &w->rng.rng };
	open_or_die(w);
	return w;
}

void sw_free(struct sw *w)
{
	if (!w)
		return;
	store_close(w->store);
	db_drop(&w->db);
	arena_free(w->cx.arena);
	free(w);
}

void sw_reopen(struct sw *w)
{
	store_close(w->store);
	open_or_die(w);
}

struct id sw_id(struct sw *w)
{
	return id_new(&w->clock.clock, &w->rng.rng);
}

static struct store_conn *reader(struct sw *w, struct store_conn **before)
{
	*before = w->cx.db;
	w->cx.db = store_reader(w->store, 5000);
	CHECK(w->cx.db);
	return w->cx.db;
}

static void reader_back(struct sw *w, struct store_conn *before)
{
	store_reader_done(w->store, w->cx.db);
	w->cx.db = before;
}

int64_t sw_things(struct sw *w)
{
	struct store_conn *before;
	struct thing_count c;

	reader(w, &before);
	CHECK(store_one(&w->cx, &thing_sql[THING_COUNT], NULL, 0, &c) == OK);
	reader_back(w, before);
	return c.count;
}

enum err sw_add(struct sw *w, const struct id *id, const char *name)
{
	struct store_conn *c = store_writer(w->store);
	struct store_conn *before = w->cx.db;
	enum err e = store_begin(c, &w->cx);

	w->cx.db = c;
	if (!e)
		e = store_exec(&w->cx, &thing_sql[THING_ADD],
			       VALS(v_id(id), v_int(0), v_z(name)), NULL);
	if (!e)
		e = store_commit(c, &w->cx);
	store_rollback(c);
	w->cx.db = before;
	return e;
}

/* The chain as an auditor reads it: without the engine's own statements. */
static const char chain_sql[] =
	"SELECT node, seq, org, stream, n, at_ms, actor, learner, event,"
	" keyed, idem, ask, body, personal, personal_salt, personal_hash,"
	" reply, hash FROM record WHERE node = $1 ORDER BY seq";
static const struct stmt chain_stmt = { "test_chain", chain_sql,
					&record_shape };
static const struct stmt_set chain_set = { "test", &chain_stmt, 1 };

struct list sw_records(struct sw *w, int64_t node)
{
	struct store_conn *before;
	struct store *s;
	struct list l;

	CHECK(sw_open(w, &chain_set, NULL, &s) == OK);
	before = w->cx.db;
	w->cx.db = store_reader(s, 5000);
	CHECK(store_list(&w->cx, &chain_stmt, VALS(v_int(node)), SIZE_MAX, &l,
			 NULL) == OK);
	store_reader_done(s, w->cx.db);
	w->cx.db = before;
	store_close(s);
	return l;
}

int64_t sw_chain(struct sw *w, int64_t node)
{
	struct list l = sw_records(w, node);
	const struct record *r = l.at;
	uint8_t hash[HASH_BYTES] = { 0 };

	for (size_t i = 0; i < l.n; i++) {
		CHECK(r[i].seq == (int64_t)i + 1 && r[i].node == node);
		record_hash(&r[i], hash, hash);
		CHECK(str_eq(r[i].hash,
			     (struct str){ (char *)hash, HASH_BYTES }));
		CHECK(record_personal_ok(&r[i]));
	}
	return (int64_t)l.n;
}
