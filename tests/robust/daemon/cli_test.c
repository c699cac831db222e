/* `assay` beside a real server: pages in one command, and what it advises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/daemon/daemon.h"

enum { COURSES = 5 };

static char said[65536]; /* on both streams, by the last run */

/* The exit code. */
static int assay(struct daemon *d, const char *words)
{
	char command[1000];
	size_t n;
	FILE *f;
	int code;

	snprintf(command, sizeof(command),
		 "%s %s --url %.*s --token-file %s/key 2>&1", CLI_PROGRAM,
		 words, STR_FMT(daemon_url(d, "ipc://")), d->dir);
	f = popen(command, "r"); /* NOLINT: a test's own words */
	assert_non_null(f);
	n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = 0;
	code = pclose(f);
	return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static size_t times(const char *part)
{
	size_t n = 0;

	for (const char *at = said; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void all_pages_come_by_one_command(void **state)
{
	struct daemon *d = *state;

	assert_int_equal(assay(d, "course list --limit 2 --json"), 0);
	assert_int_equal(times("\"title\":\"t\""), 2);
	assert_int_equal(assay(d, "course list --limit 2 --json --all-pages"),
			 0);
	assert_int_equal(times("\"title\":\"t\""), COURSES);
	assert_int_equal(times("\"next\""), 2);
	for (int i = 0; i < COURSES; i++) {
		char course[20];

		snprintf(course, sizeof(course), "\"c%d\"", i);
		assert_int_equal(times(course) > 0, 1);
	}
	/* From a page on, and of what has one page alone. */
	assert_int_equal(assay(d, "course list --limit 9 --json --all-pages"),
			 0);
	assert_int_equal(times("\"title\":\"t\""), COURSES);
	assert_int_equal(times("\n"), 1);
	assert_int_equal(assay(d, "server info --json --all-pages"), 0);
	/* A command's pages are calls of their own. */
	assert_int_equal(assay(d, "course list --all-pages "
				  "--idempotency-key x"),
			 2);
	assert_non_null(strstr(said, "--all-pages"));
}

static void who_is_denied_reads_what_to_do_and_nothing_else(void **state)
{
	struct daemon *d = *state;

	/* For workers: the administrator's key is none. */
	assert_int_equal(assay(d, "job wait --kinds grade.code --wait-ms 0"),
			 1);
	assert_non_null(strstr(said, "job.wait is for these roles"));
	/* The key is right here; a setting is to be changed. */
	assert_int_equal(assay(d, "content sync --course c0 --source /srv/x"),
			 1);
	assert_non_null(strstr(said, "content_roots"));
	assert_null(strstr(said, "role"));
	assert_int_equal(
		assay(d,
		      "content sync --course c0 --source https://10.0.0.1/x"),
		1);
	assert_non_null(strstr(said, "content_private_hosts"));
	assert_null(strstr(said, "role"));
}

static int begin(void **state)
{
	static struct daemon d;
	char path[200];
	FILE *f;

	daemon_make(&d);
	daemon_init(&d);
	daemon_start(&d, NULL);
	snprintf(path, sizeof(path), "%s/key", d.dir);
	f = fopen(path, "w");
	if (!f || fputs(d.key, f) < 0 || fclose(f))
		return 1;
	for (int i = 0; i < COURSES; i++)
		if (daemon_call(&d, "course.set",
				"{\"course\":\"c%d\",\"title\":\"t\"}", i))
			return 1;
	*state = &d;
	return 0;
}

static int end(void **state)
{
	daemon_drop(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pages_come_by_one_command),
		cmocka_unit_test(
			who_is_denied_reads_what_to_do_and_nothing_else),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
