/* How a store opens: migrations, statements, several at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/store/both.h"

static struct thing load(struct sw *w, const struct id *id)
{
	struct thing t;

	w->cx.db = store_reader(w->store, 1000);
	assert_non_null(w->cx.db);
	assert_int_equal(
		store_one(&w->cx, &thing_sql[THING_BY_ID], VALS(v_id(id)), &t),
		OK);
	store_reader_done(w->store, w->cx.db);
	w->cx.db = NULL;
	return t;
}

static enum err open_with(struct sw *w, const struct migration *steps, size_t n,
			  const struct stmt *st)
{
	struct migration_set more = { steps, n };
	struct stmt_set set = { "test", st, 1 };
	struct store *s;
	enum err e = sw_open(w, st ? &set : NULL, n ? &more : NULL, &s);

	if (!e)
		store_close(s);
	return e;
}

static const struct migration step_two = {
	9001, "two",
	"CREATE TABLE two (a {int} NOT NULL){table};\n"
	"INSERT INTO two (a) VALUES (1);\n"
};

static const struct field two_fields[] = {
	FIELD(struct thing_count, count, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape two_shape = SHAPE(struct thing_count, two_fields);
static const struct stmt two_count = { "two_count",
				       "SELECT COUNT(*) AS count FROM two",
				       &two_shape };

static void a_step_is_applied_once(struct sw *w)
{
	struct migration_set more = { &step_two, 1 };
	struct stmt_set set = { "two", &two_count, 1 };

	for (int i = 0; i < 3; i++) {
		struct thing_count c;
		struct store *s;

		assert_int_equal(sw_open(w, &set, &more, &s), OK);
		w->cx.db = store_reader(s, 1000);
		assert_int_equal(store_one(&w->cx, &two_count, NULL, 0, &c),
				 OK);
		assert_int_equal(c.count, 1);
		store_reader_done(s, w->cx.db);
		w->cx.db = NULL;
		store_close(s);
	}
}

static void a_newer_database_is_refused(struct sw *w)
{
	assert_int_equal(open_with(w, &step_two, 1, NULL), OK);
	assert_int_equal(open_with(w, NULL, 0, NULL), ERR_PRECONDITION);
	assert_non_null(strstr(w->cx.error.text, "9001 (two)"));
}

static void a_step_that_fails_leaves_nothing(struct sw *w)
{
	static const struct migration bad = {
		9001, "two",
		"CREATE TABLE two (a {int} NOT NULL){table};\n"
		"INSERT INTO nowhere (a) VALUES (1);\n"
	};

	assert_int_equal(open_with(w, &bad, 1, NULL), ERR_INTERNAL);
	assert_non_null(strstr(w->cx.error.detail, "migration 9001 (two)"));
	assert_int_equal(open_with(w, &step_two, 1, NULL), OK);
}

static void an_older_step_that_is_missing_is_applied_too(struct sw *w)
{
	static const struct migration both[] = {
		{ 8999, "late", "CREATE TABLE late (a {int}){table};\n" },
		{ 9001, "two", "CREATE TABLE two (a {int}){table};\n" },
	};

	assert_int_equal(open_with(w, &both[1], 1, NULL), OK);
	assert_int_equal(open_with(w, both, 2, NULL), OK);
}

static void a_statement_that_does_not_fit_stops_the_boot(struct sw *w)
{
	static const struct stmt bad[] = {
		{ "syntax", "SELECT FROM WHERE", &two_shape },
		{ "no_table", "SELECT a AS count FROM nowhere", &two_shape },
		{ "name", "SELECT COUNT(*) AS counts FROM thing", &two_shape },
		{ "more", "SELECT n AS count, id FROM thing", &two_shape },
		{ "type", "SELECT id AS count FROM thing", &two_shape },
		{ "rows", "SELECT n AS count FROM thing", NULL },
		{ "gap", "SELECT n AS count FROM thing WHERE n = $2",
		  &two_shape },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(open_with(w, NULL, 0, &bad[i]), ERR_INTERNAL);
		assert_non_null(strstr(w->cx.error.text, bad[i].name));
	}
}

struct opener {
	struct sw *w;
	struct ctx cx;
	enum err e;
};

static void *open_once(void *arg)
{
	struct opener *o = arg;
	struct sw w = *o->w;
	struct migration_set more = { &step_two, 1 };
	struct store *s = NULL;

	w.cx = (struct ctx){ .arena = arena_new(65536),
			     .clock = &clock_system,
			     .rng = rng_system() };
	o->e = sw_open(&w, NULL, &more, &s);
	if (o->e)
		print_message("%s (%s)\n", w.cx.error.text, w.cx.error.detail);
	store_close(s);
	arena_free(w.cx.arena);
	return NULL;
}

static void several_nodes_may_boot_on_one_new_database(struct sw *w)
{
	enum { NODES = 4 };
	struct opener o[NODES];
	pthread_t t[NODES];
	struct sw fresh = *w;

	assert_true(db_make(&fresh.db, w->db.kind));
	for (int i = 0; i < NODES; i++) {
		o[i].w = &fresh;
		assert_int_equal(pthread_create(&t[i], NULL, open_once, &o[i]),
				 0);
	}
	for (int i = 0; i < NODES; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < NODES; i++)
		assert_int_equal(o[i].e, OK);
	db_drop(&fresh.db);
}

static void what_cannot_be_opened_says_what_to_do(struct sw *w)
{
	struct sw other = *w;
	struct store *s;

	snprintf(other.db.url, sizeof(other.db.url), "%s",
		 w->db.kind == DB_SQLITE ? "sqlite:/tmp/no/such/folder/db"
					 : "postgresql:///x?host=/tmp/nowhere");
	other.cx.arena = w->cx.arena;
	assert_int_equal(sw_open(&other, NULL, NULL, &s), ERR_UNAVAILABLE);
	assert_true(strlen(other.cx.error.text) > 40);
	snprintf(other.db.url, sizeof(other.db.url), "%s",
		 w->db.kind == DB_SQLITE ? "sqlite:" : "mysql://x");
	assert_int_equal(sw_open(&other, NULL, NULL, &s), ERR_INVALID);
}

static void what_was_committed_is_there_after_a_restart(struct sw *w)
{
	struct id a = sw_id(w);

	assert_int_equal(sw_add(w, &a, "a"), OK);
	sw_reopen(w);
	assert_int_equal(sw_things(w), 1);
	assert_true(str_eq(load(w, &a).name, STR("a")));
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(a_step_is_applied_once),
		BOTH(a_newer_database_is_refused),
		BOTH(a_step_that_fails_leaves_nothing),
		BOTH(an_older_step_that_is_missing_is_applied_too),
		BOTH(a_statement_that_does_not_fit_stops_the_boot),
		BOTH(several_nodes_may_boot_on_one_new_database),
		BOTH(what_cannot_be_opened_says_what_to_do),
		BOTH(what_was_committed_is_there_after_a_restart),
	};

	return both_main("boot", tests, sizeof(tests) / sizeof(tests[0]));
}
