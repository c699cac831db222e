/* What stays when the process, the server or the disk gives up. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/store/appender.h"
#include "tests/support/store/both.h"

/* Our process is killed */

static void tell(void *arg, const struct id *stream)
{
	int fd = *(int *)arg;

	CHECK(write(fd, stream->b, ID_BYTES) == ID_BYTES);
}

/* The child: appends for ever and tells what was acknowledged. */
_Noreturn static void append_for_ever(const struct db *db, int fd)
{
	enum { N = 40 };
	struct append *a = calloc(N, sizeof(*a));
	struct sw w = { .db = *db, .busy_ms = 5000 };
	struct appender p;

	clock_manual_init(&w.clock, INT64_C(1790000000000));
	w.cx = (struct ctx){ .arena = arena_new(65536),
			     .clock = &w.clock.clock,
			     .rng = rng_system() };
	CHECK(sw_open(&w, NULL, NULL, &w.store) == OK);
	appender_open(&p, &w, true);
	p.acknowledged = tell;
	p.arg = &fd;
	for (int i = 0; i < N; i++) {
		append_init(&a[i], &p);
		a[i].again = true;
		CHECK(executor_submit(p.x, &a[i].work) == OK);
	}
	for (;;)
		pause();
}

struct acks {
	struct id *ids;
	size_t n, room;
};

static bool read_ack(int fd, struct acks *k)
{
	size_t have = 0;

	if (k->n == k->room) {
		k->room = k->room ? k->room * 2 : 1024;
		k->ids = realloc(k->ids, k->room * sizeof(*k->ids));
		assert_non_null(k->ids);
	}
	while (have < ID_BYTES) {
		ssize_t n = read(fd, k->ids[k->n].b + have, ID_BYTES - have);

		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	k->n++;
	return true;
}

static void kill_after(struct sw *w, struct acks *k, uint64_t after)
{
	int fds[2];
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		append_for_ever(&w->db, fds[1]);
	}
	close(fds[1]);
	for (uint64_t i = 0; i < after; i++)
		assert_true(read_ack(fds[0], k));
	kill(child, SIGKILL);
	while (read_ack(fds[0], k))
		; /* what it still said before it died */
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void what_was_acknowledged_survives_a_kill(struct sw *w)
{
	enum { ROUNDS = 20 };
	uint64_t seed = (uint64_t)clock_ms(&clock_system);
	struct rng_seeded rng;
	struct acks k = { 0 };

	print_message("seed %llu\n", (unsigned long long)seed);
	rng_seeded_from(&rng, seed);
	store_close(w->store);
	w->store = NULL;
	for (int i = 0; i < ROUNDS; i++) {
		kill_after(w, &k, 1 + rng_below(&rng.rng, 150));
		assert_int_equal(sw_open(w, NULL, NULL, &w->store), OK);
		for (size_t n = 0; n < k.n; n++)
			assert_true(append_found(w, &k.ids[n]));
		assert_true(sw_chain(w, 1) >= (int64_t)k.n);
		store_close(w->store);
		w->store = NULL;
		arena_reset(w->cx.arena);
	}
	print_message("%zu acknowledged in %d lives\n", k.n, ROUNDS);
	free(k.ids);
}

/* The server is killed */

static struct sw *world_in(const char *dir)
{
	struct sw *w = sw_new(DB_PG);

	if (!w)
		return NULL;
	store_close(w->store);
	db_drop(&w->db);
	tmp_make(w->db.dir);
	snprintf(w->db.url, sizeof(w->db.url),
		 "postgresql:///postgres?host=%s&user=assay", dir);
	assert_int_equal(sw_open(w, NULL, NULL, &w->store), OK);
	return w;
}

static enum err kill_server(struct append *a)
{
	const char *dir = a->before_arg;
	enum err e = journal_flush(a->by->journal, &a->cx);

	assert_int_equal(e, OK); /* the transaction holds rows by now */
	pg_cluster_kill(dir);
	a->before = NULL;
	return OK;
}

static void a_server_killed_in_a_transaction_loses_nothing(void **state)
{
	struct append a[3];
	struct appender p;
	struct id early, late;
	char dir[64];
	struct sw *w;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/assay-pgk-%d", (int)getpid());
	if (!pg_cluster_start(dir)) {
		print_message("postgresql is not installed\n");
		skip();
	}
	w = world_in(dir);
	assert_non_null(w);
	appender_open(&p, w, false);
	assert_int_equal(append_one(&p, &early), OK);
	for (int i = 0; i < 3; i++) {
		append_init(&a[i], &p);
		assert_int_equal(executor_submit(p.x, &a[i].work), OK);
	}
	a[1].before = kill_server;
	a[1].before_arg = dir;
	executor_step(p.x);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(a[i].dones, 1);
		assert_int_equal(a[i].end, ERR_UNAVAILABLE);
		assert_true(err_retry(a[i].end));
	}
	assert_int_equal(store_ping(w->store), ERR_UNAVAILABLE);
	assert_int_equal(append_one(&p, NULL), ERR_UNAVAILABLE);
	assert_true(pg_cluster_start(dir));
	assert_int_equal(append_one(&p, NULL), ERR_UNAVAILABLE); /* pauses */
	clock_manual_step(&w->clock, 10000);
	assert_int_equal(append_one(&p, &late), OK);
	assert_int_equal(store_ping(w->store), OK);
	assert_true(append_found(w, &early) && append_found(w, &late));
	for (int i = 0; i < 3; i++) {
		assert_false(append_found(w, &a[i].stream));
		append_done(&a[i]);
	}
	assert_int_equal(sw_chain(w, 1), 2);
	appender_close(&p);
	store_close(w->store);
	tmp_drop(w->db.dir);
	pg_cluster_drop(dir);
	arena_free(w->cx.arena);
	free(w);
}

/* Closes every connection to the database but the one that asks. */
static const struct field gone_fields[] = {
	FIELD(struct thing_count, count, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape gone_shape = SHAPE(struct thing_count, gone_fields);
static const struct stmt close_all = {
	"test_close_all",
	"SELECT COUNT(pg_terminate_backend(pid)) AS count"
	" FROM pg_stat_activity WHERE datname = current_database()"
	" AND pid <> pg_backend_pid()",
	&gone_shape
};
static const struct stmt_set close_set = { "test", &close_all, 1 };

static void cut_connections(struct sw *w)
{
	struct ctx cx = { .arena = w->cx.arena };
	struct thing_count c;
	struct store *s;

	assert_int_equal(sw_open(w, &close_set, NULL, &s), OK);
	cx.db = store_reader(s, 1000);
	assert_int_equal(store_one(&cx, &close_all, NULL, 0, &c), OK);
	store_reader_done(s, cx.db);
	store_close(s);
}

static enum err cut_in_transaction(struct append *a)
{
	enum err e = journal_flush(a->by->journal, &a->cx);

	assert_int_equal(e, OK);
	cut_connections(a->by->w);
	a->before = NULL;
	return OK;
}

static void a_connection_that_the_server_closed_is_made_anew(void **state)
{
	struct sw *w = sw_new(DB_PG);
	struct append a[3];
	struct appender p;

	(void)state;
	if (!w) {
		print_message("postgresql is not installed\n");
		skip();
	}
	appender_open(&p, w, false);
	assert_int_equal(append_one(&p, NULL), OK);
	cut_connections(w);
	assert_int_equal(append_one(&p, NULL), OK);
	for (int i = 0; i < 3; i++) {
		append_init(&a[i], &p);
		assert_int_equal(executor_submit(p.x, &a[i].work), OK);
	}
	a[1].before = cut_in_transaction;
	executor_step(p.x);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(a[i].end, OK); /* run again by itself */
		append_done(&a[i]);
	}
	assert_int_equal(sw_chain(w, 1), 5);
	appender_close(&p);
	sw_free(w);
}

/* The disk is full */

/* A small file system of our own at dir; false: not allowed. */
static bool mount_small(const char *dir)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=6m") == 0;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void fill(const char *path, size_t bytes)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	static char block[65536];

	assert_true(fd >= 0);
	for (size_t n = 0; n < bytes; n += sizeof(block))
		assert_int_equal(write(fd, block, sizeof(block)),
				 sizeof(block));
	close(fd);
}

static enum err append_until_full(struct appender *p, struct acks *k)
{
	enum err e = OK;

	while (!e) {
		struct id stream;

		e = append_one(p, &stream);
		if (e)
			break;
		k->ids = realloc(k->ids, (k->n + 1) * sizeof(*k->ids));
		k->ids[k->n++] = stream;
		assert_true(k->n < 1000);
	}
	return e;
}

static void check_acks(struct sw *w, const struct acks *k)
{
	for (size_t i = 0; i < k->n; i++)
		assert_true(append_found(w, &k->ids[i]));
}

static void a_full_disk_makes_read_only_until_there_is_space(void **state)
{
	struct sw *w = sw_new(DB_SQLITE);
	struct executor_stats s;
	struct acks k = { 0 };
	struct appender p;
	struct id late;
	char ballast[96];
	bool mounted;
	int64_t calls;

	(void)state;
	store_close(w->store);
	mounted = mount_small(w->db.dir);
	print_message("by %s\n", mounted ? "a small tmpfs" : "RLIMIT_FSIZE");
	snprintf(ballast, sizeof(ballast), "%s/ballast", w->db.dir);
	if (mounted)
		fill(ballast, 3 << 20);
	else
		signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(sw_open(w, NULL, NULL, &w->store), OK);
	if (!mounted)
		limit_files(3 << 20);
	appender_open(&p, w, false);
	p.body_bytes = 100000;
	assert_int_equal(append_until_full(&p, &k), ERR_READ_ONLY);
	assert_true(k.n > 5);
	executor_stats(p.x, &s);
	assert_true(s.read_only);
	check_acks(w, &k); /* reading goes on */
	calls = store_calls(w->store);
	assert_int_equal(append_one(&p, NULL), ERR_READ_ONLY);
	assert_int_equal(store_calls(w->store), calls); /* not even tried */

	if (mounted)
		unlink(ballast);
	else
		limit_files(RLIM_INFINITY);
	assert_int_equal(append_one(&p, NULL), ERR_READ_ONLY);
	clock_manual_step(&w->clock, 1000);
	executor_step(p.x); /* looks by itself */
	executor_stats(p.x, &s);
	assert_false(s.read_only);
	assert_int_equal(append_one(&p, &late), OK);
	assert_true(append_found(w, &late));
	check_acks(w, &k);
	assert_int_equal(sw_chain(w, 1), (int64_t)k.n + 1);
	appender_close(&p);
	free(k.ids);
	store_close(w->store);
	w->store = NULL;
	if (mounted)
		umount2(w->db.dir, MNT_DETACH);
	sw_free(w);
}

/* The file is damaged */

static void a_file_that_is_no_database_is_corrupt(void **state)
{
	struct sw *w = sw_new(DB_SQLITE);
	struct store *s;
	char path[96];
	int fd;

	(void)state;
	store_close(w->store);
	w->store = NULL;
	snprintf(path, sizeof(path), "%s/db", w->db.dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 400; i++)
		assert_int_equal(write(fd, "no database here", 16), 16);
	close(fd);
	assert_int_equal(sw_open(w, NULL, NULL, &s), ERR_CORRUPT);
	assert_non_null(strstr(w->cx.error.text, path));
	assert_non_null(strstr(w->cx.error.text, "backup"));
	sw_free(w);
}

static void a_page_that_is_damaged_is_corrupt(void **state)
{
	struct sw *w = sw_new(DB_SQLITE);
	struct appender p;
	struct stat st;
	char path[96];
	int fd;
	enum err e = OK;

	(void)state;
	appender_open(&p, w, false);
	p.body_bytes = 3000;
	for (int i = 0; i < 100; i++)
		assert_int_equal(append_one(&p, NULL), OK);
	appender_close(&p);
	store_close(w->store);
	snprintf(path, sizeof(path), "%s/db", w->db.dir);
	fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 4096 * 30; at + 4096 < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, "damage damage damage", 20, at),
				 20);
	close(fd);
	assert_int_equal(sw_open(w, NULL, NULL, &w->store), OK);
	appender_open(&p, w, false);
	for (int i = 0; i < 50 && !e; i++)
		e = append_one(&p, NULL);
	assert_int_equal(e, ERR_CORRUPT);
	appender_close(&p);
	sw_free(w);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(what_was_acknowledged_survives_a_kill),
	};
	static const struct CMUnitTest own[] = {
		cmocka_unit_test(
			a_server_killed_in_a_transaction_loses_nothing),
		cmocka_unit_test(
			a_connection_that_the_server_closed_is_made_anew),
		cmocka_unit_test(a_file_that_is_no_database_is_corrupt),
		cmocka_unit_test(a_page_that_is_damaged_is_corrupt),
		/* Last: it may leave the process in a name space of its own. */
		cmocka_unit_test(
			a_full_disk_makes_read_only_until_there_is_space),
	};
	int failures =
		both_main("crash", tests, sizeof(tests) / sizeof(tests[0]));

	return failures + cmocka_run_group_tests(own, NULL, NULL);
}
