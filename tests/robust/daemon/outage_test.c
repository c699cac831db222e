/* What happens around a real server: databases, disks, ports and settings. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/support/daemon/daemon.h"
#include "tests/support/store/db.h"

/* Acknowledged courses: c0 … */
static enum err add_course(struct daemon *d, int n)
{
	return daemon_call(d, "course.set",
			   "{\"course\":\"c%d\",\"title\":\"Course %d\","
			   "\"idempotency_key\":\"k%d\"}",
			   n, n, n);
}

static bool has_courses(struct daemon *d, int n)
{
	if (daemon_call(d, "course.list", "{\"limit\":1000}"))
		return false;
	for (int i = 0; i < n; i++) {
		struct str want = str_fmt(d->cx.arena, "\"course\":\"c%d\"", i);

		if (str_find(d->result, want, 0) == SIZE_MAX)
			return false;
	}
	return true;
}

struct next {
	struct daemon *d;
	int n;
	enum err last;
};

static bool adds_the_next(void *arg)
{
	struct next *x = arg;

	x->last = add_course(x->d, x->n);
	return x->last == OK;
}

static bool refuses_the_next(void *arg)
{
	struct next *x = arg;

	x->last = add_course(x->d, x->n);
	if (!x->last)
		x->n++;
	return x->last != OK;
}

static void is_whole(struct daemon *d)
{
	assert_int_equal(daemon_call(d, "audit.verify", "{}"), OK);
	assert_true(str_find(d->result, STR("\"intact\":true"), 0) != SIZE_MAX);
}

/* ---- PostgreSQL goes away and comes back ---- */

static void a_server_outlives_its_database(void **state)
{
	struct daemon d;
	struct next x = { .d = &d };
	char dir[64];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/assay-pgo-%d", (int)getpid());
	if (!pg_cluster_start(dir)) {
		print_message("postgresql is not installed\n");
		skip();
	}
	daemon_make(&d);
	snprintf(d.store, sizeof(d.store),
		 "postgresql:///postgres?host=%s&user=assay", dir);
	daemon_init(&d);
	daemon_start(&d, NULL);
	for (; x.n < 20; x.n++)
		assert_int_equal(add_course(&d, x.n), OK);
	for (int round = 0; round < 2; round++) {
		pg_cluster_kill(dir);
		assert_true(daemon_until(refuses_the_next, &x, 5000));
		for (int i = 0; i < 5; i++) {
			enum err e = add_course(&d, x.n);

			assert_true(e != OK && err_retry(e));
			e = daemon_call(&d, "course.list", "{}");
			assert_true(e != OK && err_retry(e));
			assert_int_equal(daemon_call(&d, "server.ping", "{}"),
					 OK);
		}
		assert_true(pg_cluster_start(dir));
		assert_true(daemon_until(adds_the_next, &x, 15000));
		x.n++;
		assert_true(has_courses(&d, x.n));
	}
	is_whole(&d);
	assert_int_equal(daemon_stop(&d, SIGTERM), 0);
	daemon_drop(&d);
	pg_cluster_drop(dir);
}

static void a_database_that_is_not_there_is_told_at_the_start(void **state)
{
	struct daemon d;

	(void)state;
	daemon_make(&d);
	snprintf(d.store, sizeof(d.store),
		 "postgresql:///none?host=%s&user=nobody", d.dir);
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), "PostgreSQL cannot be reached"));
	daemon_drop(&d);
}

/* ---- SQLite's file ---- */

static const char *db_path(struct daemon *d)
{
	return str_fmt(d->cx.arena, "%s/assay.db", d->data).p;
}

static void a_strangers_lock_is_waited_for_and_told_as_busy(void **state)
{
	struct daemon d;
	struct next x = { .d = &d };
	sqlite3 *db;
	enum err e;

	(void)state;
	daemon_make(&d);
	daemon_init(&d);
	daemon_start(&d, NULL);
	assert_int_equal(add_course(&d, x.n++), OK);
	assert_int_equal(sqlite3_open(db_path(&d), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	e = add_course(&d, x.n);
	assert_true(e == ERR_BUSY || e == ERR_UNAVAILABLE);
	assert_true(err_retry(e));
	assert_true(has_courses(&d, x.n)); /* reading goes on */
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(add_course(&d, x.n++), OK);
	assert_true(has_courses(&d, x.n));
	is_whole(&d);
	assert_int_equal(daemon_stop(&d, SIGTERM), 0);
	daemon_drop(&d);
}

static void damage(const char *path, off_t from, off_t step, const char *with)
{
	struct stat st;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = from; at + 100 < st.st_size; at += step)
		assert_true(pwrite(fd, with, strlen(with), at) > 0);
	close(fd);
}

/* As after init and some work, with everything in the one file. */
static void make_used(struct daemon *d)
{
	daemon_make(d);
	daemon_init(d);
	daemon_start(d, NULL);
	for (int i = 0; i < 60; i++)
		assert_int_equal(add_course(d, i), OK);
	assert_int_equal(daemon_stop(d, SIGTERM), 0);
}

static void a_damaged_file_stops_the_start(void **state)
{
	struct daemon d;

	(void)state;
	make_used(&d);
	damage(db_path(&d), 20, 4096, "damage damage damage damage damage");
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), db_path(&d)));
	assert_non_null(strstr(daemon_log(&d), "backup"));
	daemon_drop(&d);
}

static void what_is_no_database_stops_the_start(void **state)
{
	struct daemon d;
	FILE *f;

	(void)state;
	daemon_make(&d);
	assert_int_equal(mkdir(d.data, 0700), 0);
	f = fopen(db_path(&d), "w");
	for (int i = 0; i < 2000; i++)
		fputs("This is a letter, not a database.\n", f);
	fclose(f);
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), db_path(&d)));
	daemon_drop(&d);
}

/* Only said to be corrupt; the process stays and answers what it can. */
static void damage_while_it_runs_is_told_and_survived(void **state)
{
	struct daemon d;
	int corrupt = 0;

	(void)state;
	make_used(&d);
	daemon_start(&d, NULL);
	damage(db_path(&d), 4096, 64,
	       "damage damage damage damage damage "
	       "damage damage damage damage damage");
	for (int i = 0; i < 40; i++) {
		enum err e = i % 2 ? daemon_call(&d, "audit.verify", "{}")
				   : add_course(&d, 1000 + i);

		if (e && e != ERR_CORRUPT)
			print_error("call %d: %s\n", i, err_kind(e));
		assert_true(e == OK || e == ERR_CORRUPT);
		corrupt += e == ERR_CORRUPT;
		assert_true(daemon_alive(&d));
	}
	assert_true(corrupt > 0);
	assert_int_equal(daemon_call(&d, "server.ping", "{}"), OK);
	daemon_stop(&d, SIGTERM);
	daemon_drop(&d);
}

/* ---- the disk ---- */

static void a_full_disk_makes_read_only_until_there_is_space(void **state)
{
	static char block[65536];
	struct daemon d;
	struct next x = { .d = &d };
	char ballast[128];
	int fd;

	(void)state;
	daemon_make(&d);
	assert_int_equal(mkdir(d.data, 0700), 0);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", d.data, "tmpfs", 0, "size=8m,mode=0700")) {
		print_message("no file system of our own may be mounted\n");
		daemon_drop(&d);
		skip();
	}
	daemon_init(&d);
	daemon_start(&d, NULL);
	for (; x.n < 5; x.n++)
		assert_int_equal(add_course(&d, x.n), OK);
	snprintf(ballast, sizeof(ballast), "%s/ballast", d.data);
	fd = open(ballast, O_CREAT | O_WRONLY, 0600);
	while (write(fd, block, sizeof(block)) > 0 || write(fd, block, 1) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	assert_true(daemon_until(refuses_the_next, &x, 10000));
	assert_true(x.last == ERR_READ_ONLY || x.last == ERR_UNAVAILABLE);
	for (int i = 0; i < 5; i++) {
		enum err e = add_course(&d, x.n);

		assert_true(e == ERR_READ_ONLY || e == ERR_UNAVAILABLE);
		assert_true(has_courses(&d, x.n));
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	assert_true(daemon_until(adds_the_next, &x, 5000));
	assert_true(has_courses(&d, x.n + 1));
	is_whole(&d);
	assert_int_equal(daemon_stop(&d, SIGTERM), 0);
	umount2(d.data, MNT_DETACH);
	daemon_drop(&d);
}

static void a_data_folder_that_will_not_do_is_named(void **state)
{
	struct daemon d;
	char wanted[96];

	(void)state;
	daemon_make(&d);
	snprintf(wanted, sizeof(wanted), "%s", d.data);
	snprintf(d.data, sizeof(d.data), "%.60s/none/data", d.dir);
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), d.data));
	snprintf(d.data, sizeof(d.data), "%s", wanted);
	close(open(d.data, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), "is not a folder"));
	unlink(d.data);
	mkdir(d.data, 0700);
	chmod(d.data, 0755);
	assert_int_equal(daemon_run(&d, NULL), 3);
	assert_non_null(strstr(daemon_log(&d), "chmod"));
	daemon_drop(&d);
}

static void a_port_that_is_taken_is_named(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct daemon d;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	daemon_make(&d);
	for (int i = 0; i < 2; i++) {
		const char *args[] = { "--listen", NULL, "--feed", "none",
				       NULL };
		char port[16];

		args[1] = i ? str_fmt(d.cx.arena, "ws://127.0.0.1:%d/rpc",
				      ntohs(a.sin_port))
					  .p
			    : str_fmt(d.cx.arena, "tcp://127.0.0.1:%d",
				      ntohs(a.sin_port))
					  .p;
		snprintf(port, sizeof(port), "%d", ntohs(a.sin_port));
		assert_int_equal(daemon_run(&d, args), 3);
		assert_non_null(strstr(daemon_log(&d), port));
	}
	close(fd);
	daemon_drop(&d);
}

/* Whoever loads the certificate starts threads: none may take the signal. */
static void a_server_with_tls_stops_in_order(void **state)
{
	const char *more[] = { "--tls-cert", NULL, "--listen",
			       "tls+tcp://127.0.0.1:0", NULL };
	struct daemon d;
	char cmd[600];

	(void)state;
	daemon_make(&d);
	more[1] = str_fmt(d.cx.arena, "%s/both.pem", d.dir).p;
	snprintf(cmd, sizeof(cmd),
		 "cd %s && openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem "
		 "-days 2 -subj /CN=localhost 2>/dev/null && "
		 "cat c.pem k.pem > both.pem",
		 d.dir);
	assert_int_equal(system(cmd), 0); /* NOLINT: a test's own folder */
	daemon_init(&d);
	daemon_start(&d, more);
	assert_int_equal(daemon_stop(&d, SIGTERM), 0);
	assert_non_null(strstr(daemon_log(&d), "server_stopped"));
	daemon_drop(&d);
}

/* ---- settings ---- */

static void a_wrong_setting_is_named_and_ends_with_2(void **state)
{
	static const struct {
		const char *args[3], *named;
	} rows[] = {
		{ { "--node", "0" }, "node" },
		{ { "--node", "1024" }, "node" },
		{ { "--node", "one" }, "node" },
		{ { "--readers", "65" }, "readers" },
		{ { "--batch", "513" }, "batch" },
		{ { "--drain", "5" }, "drain" },
		{ { "--drain", "5parsecs" }, "drain" },
		{ { "--queue", "-1" }, "queue" },
		{ { "--queue", "" }, "queue" },
		{ { "--log-level", "loud" }, "log_level" },
		{ { "--listen", "wss://127.0.0.1:0/rpc" }, "tls_cert" },
		{ { "--no-such-thing", "1" }, "no_such_thing" },
		{ { "--node" }, "--node" },
		{ { "stray", "1" }, "stray" },
		{ { "--config", "/nonexistent/assayd.conf" },
		  "/nonexistent/assayd.conf" },
	};
	struct daemon d;

	(void)state;
	daemon_make(&d);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int code = daemon_run(&d, rows[i].args);
		const char *log = daemon_log(&d);

		if (code != 2 || !strstr(log, rows[i].named))
			fail_msg("%s %s: %d: %s", rows[i].args[0],
				 rows[i].args[1] ? rows[i].args[1] : "", code,
				 log);
		assert_int_not_equal(access(d.data, F_OK), 0); /* untouched */
	}
	setenv("ASSAY_BATCH", "many", 1);
	assert_int_equal(daemon_run(&d, NULL), 2);
	unsetenv("ASSAY_BATCH");
	assert_non_null(strstr(daemon_log(&d), "batch"));
	daemon_drop(&d);
}

/* What the start would refuse is refused by looking alone. */
static void checking_the_settings_finds_what_the_start_would(void **state)
{
	static const char *const rows[][2] = {
		{ "--listen", "tcp://127.0.0.1" },
		{ "--listen", "tcp://localhost:99999" },
		{ "--listen", "ipc://" },
		{ "--listen", "," },
		{ "--listen", "tcp://127.0.0.1:9,tcp://127.0.0.1:9" },
		{ "--feed", "junk" },
		{ "--origins", "foo" },
	};
	const char *args[] = { NULL, NULL, "--check-config", NULL };
	struct daemon d;

	(void)state;
	daemon_make(&d);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		args[0] = rows[i][0];
		args[1] = rows[i][1];
		assert_int_equal(daemon_run(&d, args), 2);
		assert_non_null(strstr(daemon_log(&d), rows[i][0] + 2));
	}
	assert_int_equal(daemon_run(&d, &args[2]), 0);
	assert_int_not_equal(access(d.data, F_OK), 0); /* untouched */
	setenv("ASSAY_RTE", "1", 1);
	assert_int_equal(daemon_run(&d, &args[2]), 0);
	unsetenv("ASSAY_RTE");
	assert_non_null(strstr(daemon_log(&d), "was ASSAY_RATE meant?"));
	mkdir(d.data, 0700);
	chmod(d.data, 0755);
	assert_int_equal(daemon_run(&d, &args[2]), 2);
	assert_non_null(strstr(daemon_log(&d), "chmod"));
	daemon_drop(&d);
}

static void a_wrong_line_of_the_file_is_named_by_its_number(void **state)
{
	struct daemon d;
	const char *path, *args[3] = { "--config" };
	FILE *f;

	(void)state;
	daemon_make(&d);
	path = args[1] = str_fmt(d.cx.arena, "%s/conf", d.dir).p;
	f = fopen(path, "w");
	fputs("# settings\nnode = 3\nbatch = 0\n", f);
	fclose(f);
	assert_int_equal(daemon_run(&d, args), 2);
	assert_non_null(strstr(daemon_log(&d), "line 3"));
	assert_non_null(strstr(daemon_log(&d), "batch"));
	daemon_drop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_setting_is_named_and_ends_with_2),
		cmocka_unit_test(
			checking_the_settings_finds_what_the_start_would),
		cmocka_unit_test(
			a_wrong_line_of_the_file_is_named_by_its_number),
		cmocka_unit_test(a_data_folder_that_will_not_do_is_named),
		cmocka_unit_test(a_port_that_is_taken_is_named),
		cmocka_unit_test(a_server_with_tls_stops_in_order),
		cmocka_unit_test(
			a_database_that_is_not_there_is_told_at_the_start),
		cmocka_unit_test(a_damaged_file_stops_the_start),
		cmocka_unit_test(what_is_no_database_stops_the_start),
		cmocka_unit_test(damage_while_it_runs_is_told_and_survived),
		cmocka_unit_test(
			a_strangers_lock_is_waited_for_and_told_as_busy),
		cmocka_unit_test(a_server_outlives_its_database),
		/* Last: it may leave the process in a name space of its own. */
		cmocka_unit_test(
			a_full_disk_makes_read_only_until_there_is_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
