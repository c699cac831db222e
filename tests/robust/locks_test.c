/* SQLite's locks on its files outlive the watchdog's looks at descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_server.h"

enum {
	/* Where SQLite locks a database that is in use (os_unix.c). */
	SHARED_FIRST = 0x40000002,
	SHARED_SIZE = 510,
	LOOKS_MS = 3000, /* the watchdog looks each second */
};

/* Could a stranger take the database for his own? */
static bool unlocked(void *arg)
{
	struct flock l = { .l_type = F_WRLCK,
			   .l_whence = SEEK_SET,
			   .l_start = SHARED_FIRST,
			   .l_len = SHARED_SIZE };

	assert_return_code(fcntl(*(int *)arg, F_GETLK, &l), errno);
	return l.l_type == F_UNLCK;
}

static void a_database_in_use_stays_locked(void **state)
{
	const struct rs_opts o = { .listen = "ipc,tcp://127.0.0.1:0",
				   .store = true };
	char path[100];
	struct rs s;
	int fd;

	(void)state;
	rs_start(&s, &o);
	snprintf(path, sizeof(path), "%s/db", s.folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_false(rs_wait(unlocked, &fd, LOOKS_MS));
	close(fd);
	rs_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_in_use_stays_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
