/* What a service manager is told, as sd_notify(3) has it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/daemon/daemon.h"

/* A manager's socket at this address; '@' is an abstract name. */
static int manager(const char *address)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 20 };
	size_t n = strlen(address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && n < sizeof(at.sun_path));
	memcpy(at.sun_path, address, n);
	if (address[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&at,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
		0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				    sizeof(patience)),
			 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address, 1), 0);
	return fd;
}

static void hears(int fd, const char *said)
{
	char got[64] = "";
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(n > 0);
	assert_string_equal(got, said);
}

static void is_told(struct daemon *d, const char *address)
{
	int fd = manager(address);

	daemon_start(d, NULL);
	hears(fd, "READY=1");
	/* Who was told it is ready is answered. */
	assert_int_equal(daemon_call(d, "server.ping", "{}"), OK);
	assert_int_equal(daemon_stop(d, SIGTERM), 0);
	hears(fd, "STOPPING=1");
	close(fd);
}

static void
a_manager_is_told_when_the_server_answers_and_when_it_stops(void **s)
{
	struct daemon d;
	char path[128], name[64];

	(void)s;
	daemon_make(&d);
	daemon_init(&d);
	snprintf(path, sizeof(path), "%s/notify", d.dir);
	snprintf(name, sizeof(name), "@assay-notify-%d", (int)getpid());
	is_told(&d, path);
	is_told(&d, name);
	/* A name that nobody listens at, or that is none, hinders nothing. */
	assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	daemon_start(&d, NULL);
	assert_int_equal(daemon_stop(&d, SIGTERM), 0);
	unsetenv("NOTIFY_SOCKET");
	daemon_drop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_manager_is_told_when_the_server_answers_and_when_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
