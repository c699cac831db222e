/* Two servers on what only one may have. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/daemon/daemon.h"
#include "tests/support/store/db.h"

/* On the database of the other one, by this name of it. */
static void is_refused(struct daemon *d, const char *store, const char *says)
{
	static const char *const no_feed[] = { "--feed", "none", NULL };

	snprintf(d->store, sizeof(d->store), "%s", store);
	assert_int_equal(daemon_run(d, no_feed), 3);
	if (!strstr(daemon_log(d), says))
		fail_msg("%s: %s", store, daemon_log(d));
}

static void a_database_file_has_one_server(void **state)
{
	struct daemon a, b;
	char link[128], other[128];

	(void)state;
	daemon_make(&a);
	daemon_make(&b);
	snprintf(link, sizeof(link), "%s/link.db", b.dir);
	snprintf(other, sizeof(other), "%s/assay.db", a.data);
	assert_int_equal(symlink(other, link), 0);
	daemon_init(&a);
	daemon_start(&a, NULL);
	is_refused(&b, str_fmt(b.cx.arena, "sqlite:%s", other).p,
		   "another assayd runs on the database");
	is_refused(&b, str_fmt(b.cx.arena, "sqlite:%s", link).p,
		   "setting store");
	is_refused(&b,
		   str_fmt(b.cx.arena, "sqlite:%s/../data/assay.db", a.data).p,
		   "setting store");
	assert_int_equal(daemon_call(&a, "server.ping", "{}"), OK);
	daemon_stop(&a, SIGKILL); /* the lock goes with the process */
	daemon_start(&b, NULL);
	assert_int_equal(daemon_stop(&b, SIGTERM), 0);
	daemon_drop(&b);
	daemon_drop(&a);
}

static void a_node_number_has_one_server(void **state)
{
	static const char *const second[] = { "--node", "2", NULL };
	struct daemon a, b;
	char dir[64], store[256];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/assay-pgt-%d", (int)getpid());
	if (!pg_cluster_start(dir)) {
		print_message("postgresql is not installed\n");
		skip();
	}
	snprintf(store, sizeof(store),
		 "postgresql:///postgres?host=%s&user=assay", dir);
	daemon_make(&a);
	daemon_make(&b);
	memcpy(a.store, store, sizeof(store));
	daemon_init(&a);
	daemon_start(&a, NULL);
	is_refused(&b, store, "as node 1 of this database");
	daemon_start(&b, second);
	assert_int_equal(daemon_stop(&b, SIGTERM), 0);
	/* A crash: the same folder is back at once, another one waits. */
	daemon_stop(&a, SIGKILL);
	is_refused(&b, store, "start again in");
	daemon_start(&a, NULL);
	assert_int_equal(daemon_call(&a, "server.ping", "{}"), OK);
	/* Stopped in order: free at once. */
	assert_int_equal(daemon_stop(&a, SIGTERM), 0);
	daemon_start(&b, NULL);
	is_refused(&a, store, "as node 1 of this database");
	daemon_drop(&b);
	daemon_drop(&a);
	pg_cluster_drop(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_file_has_one_server),
		cmocka_unit_test(a_node_number_has_one_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
