/* What only SQLite does: its files, its log, and the states of a connection
 * that are bugs of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "engine/store/driver.h"
#include "engine/store/executor.h"
#include "tests/support/check.h"

enum { PUT, COUNT, UNLISTED_AFTER };

struct count {
	int64_t count;
};
static const struct field count_fields[] = {
	FIELD(struct count, count, KIND_INT, ""),
	FIELD_END,
};
static const struct shape count_shape = SHAPE(struct count, count_fields);
static const struct stmt sql[] = {
	[PUT] = { "put", "INSERT INTO t (body) VALUES ($1)", NULL },
	[COUNT] = { "count", "SELECT COUNT(*) AS count FROM t", &count_shape },
};
static const struct stmt unlisted = { "unlisted", "SELECT 1", &count_shape };
static const struct stmt_set set = { "t", sql, UNLISTED_AFTER };
static const struct migration step = {
	1, "t", "CREATE TABLE t (body {bytes}){table};\n"
};
static const struct migration_set steps = { &step, 1 };

static struct {
	char dir[64], url[96], wal[96];
	struct store *s;
	struct ctx cx;
} x;

static void open_store(void)
{
	static const struct stmt_set *const sets[] = { &set, NULL };
	static const struct migration_set *const all[] = { &steps, NULL };
	struct store_opts o = { .url = str_of(x.url),
				.sets = sets,
				.migrations = all,
				.clock = &clock_system,
				.readers = 1,
				.create = true,
				.busy_ms = 1000 };

	assert_int_equal(store_open(&x.cx, &o, &x.s), OK);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(x.dir, sizeof(x.dir), "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(x.dir));
	snprintf(x.url, sizeof(x.url), "sqlite:%s/db", x.dir);
	snprintf(x.wal, sizeof(x.wal), "%s/db-wal", x.dir);
	x.cx = (struct ctx){ .arena = arena_new(65536),
			     .clock = &clock_system,
			     .rng = rng_system() };
	open_store();
	return 0;
}

static int tear_down(void **state)
{
	char path[96];

	(void)state;
	store_close(x.s);
	arena_free(x.cx.arena);
	snprintf(path, sizeof(path), "%s/db", x.dir);
	unlink(path);
	unlink(x.wal);
	rmdir(x.dir);
	return 0;
}

static void put(size_t bytes)
{
	struct store_conn *c = store_writer(x.s);
	char *p = arena_alloc(x.cx.arena, bytes);

	assert_int_equal(store_begin(c, &x.cx), OK);
	x.cx.db = c;
	assert_int_equal(store_exec(&x.cx, &sql[PUT],
				    VALS(v_bytes((struct str){ p, bytes })),
				    NULL),
			 OK);
	assert_int_equal(store_commit(c, &x.cx), OK);
	arena_reset(x.cx.arena);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static void others_cannot_read_the_files(void **state)
{
	static const char *const names[] = { "db", "db-wal", "db-shm" };

	(void)state;
	put(10);
	for (int i = 0; i < 3; i++) {
		char path[96];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", x.dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

static void the_log_starts_anew_between_transactions(void **state)
{
	enum { MB = 1 << 20 };
	off_t most = 0;

	(void)state;
	for (int i = 0; i < 150; i++) {
		put(MB);
		store_tidy(store_writer(x.s));
		if (size_of(x.wal) > most)
			most = size_of(x.wal);
	}
	assert_true(most > 8000 * 4096); /* not too often */
	assert_true(most < 50 * MB);
}

static void a_reader_in_the_log_only_delays_that(void **state)
{
	enum { MB = 1 << 20 };
	struct store_conn *r = store_reader(x.s, 0);
	struct ctx cx = { .arena = arena_new(4096), .db = r };
	struct count c;
	off_t grown;

	(void)state;
	put(10);
	assert_int_equal(store_read_begin(&cx), OK);
	assert_int_equal(store_one(&cx, &sql[COUNT], NULL, 0, &c), OK);
	for (int i = 0; i < 60; i++) {
		put(MB);
		store_tidy(store_writer(x.s));
	}
	grown = size_of(x.wal);
	assert_true(grown > 60 * MB);
	assert_int_equal(store_one(&cx, &sql[COUNT], NULL, 0, &c), OK);
	assert_int_equal(c.count, 1); /* its snapshot stands */
	store_read_end(&cx);
	store_reader_done(x.s, r);
	for (int i = 0; i < 20; i++) {
		put(MB);
		store_tidy(store_writer(x.s));
	}
	assert_true(size_of(x.wal) <= grown + 10 * MB);
	arena_free(cx.arena);
}

static void closing_empties_the_log(void **state)
{
	(void)state;
	put(100000);
	assert_true(size_of(x.wal) > 100000);
	store_close(x.s);
	assert_true(size_of(x.wal) <= 0);
	open_store();
}

/* Bugs of ours abort. */

static void write_outside_a_transaction(void)
{
	x.cx.db = store_writer(x.s);
	(void)!store_exec(&x.cx, &sql[PUT], VALS(v_null()), NULL);
}

static void write_on_a_reader(void)
{
	x.cx.db = store_reader(x.s, 0);
	(void)!store_read_begin(&x.cx);
	(void)!store_exec(&x.cx, &sql[PUT], VALS(v_null()), NULL);
}

static void run_what_is_not_listed(void)
{
	struct count c;

	x.cx.db = store_reader(x.s, 0);
	(void)!store_one(&x.cx, &unlisted, NULL, 0, &c);
}

static void bind_too_few(void)
{
	x.cx.db = store_writer(x.s);
	(void)!store_begin(x.cx.db, &x.cx);
	(void)!store_exec(&x.cx, &sql[PUT], NULL, 0, NULL);
}

static enum err use_the_connection(struct ctx *cx, const void *row, void *arg)
{
	struct count c;

	(void)row;
	(void)arg;
	return store_one(cx, &sql[COUNT], NULL, 0, &c);
}

static void use_a_connection_inside_each(void)
{
	x.cx.db = store_reader(x.s, 0);
	(void)!store_each(&x.cx, &sql[COUNT], NULL, 0, use_the_connection,
			  NULL);
}

static enum err write_run(struct work *w)
{
	return store_exec(w->cx, &sql[PUT], VALS(v_null()), NULL);
}

static void write_in_a_single_work(void)
{
	struct work w = { .cx = &x.cx, .run = write_run, .single = true };
	struct executor_opts o = { .store = x.s,
				   .clock = &clock_system,
				   .rng = rng_system(),
				   .queue_max = 1,
				   .batch_max = 1 };
	struct executor *e = executor_new(&o);

	(void)!executor_submit(e, &w);
	executor_step(e);
}

static void close_with_a_reader_out(void)
{
	(void)!store_reader(x.s, 0);
	store_close(x.s);
}

static void our_own_bugs_abort(void **state)
{
	(void)state;
	assert_true(aborts(write_outside_a_transaction));
	assert_true(aborts(write_on_a_reader));
	assert_true(aborts(run_what_is_not_listed));
	assert_true(aborts(bind_too_few));
	assert_true(aborts(use_a_connection_inside_each));
	assert_true(aborts(write_in_a_single_work));
	assert_true(aborts(close_with_a_reader_out));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(others_cannot_read_the_files),
		T(the_log_starts_anew_between_transactions),
		T(a_reader_in_the_log_only_delays_that),
		T(closing_empties_the_log),
		T(our_own_bugs_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
