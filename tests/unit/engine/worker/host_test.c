/* What a machine, or a cgroup, has for jobs: on folders that stand for /. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/worker/worker_host.h"
#include "tests/support/store/db.h"

#define MIB INT64_C(1048576)

struct world {
	struct ctx cx;
	char dir[64];
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->cx.arena = arena_new(4096);
	tmp_make(w->dir);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	tmp_drop(w->dir);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

static void put(struct world *w, const char *path, const char *text)
{
	char all[512];
	FILE *f;

	snprintf(all, sizeof(all), "%s%s", w->dir, path);
	for (char *p = all + strlen(w->dir) + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			mkdir(all, 0700);
			*p = '/';
		}
	f = fopen(all, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int64_t cores(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	return CPU_COUNT(&set);
}

static void machine(struct world *w, const char *groups)
{
	put(w, "/proc/meminfo",
	    "MemTotal: 99999999 kB\nMemAvailable:    4194304 kB\n");
	put(w, "/proc/self/cgroup", groups);
}

static void without_limits_it_is_the_machine(void **state)
{
	struct world *w = *state;
	struct worker_weight got;

	machine(w, "0::/a/b\n");
	put(w, "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	put(w, "/sys/fs/cgroup/a/b/memory.max", "max\n");
	got = worker_host(&w->cx, w->dir);
	assert_int_equal(got.cpu, cores() * 1000);
	assert_int_equal(got.memory_bytes, 3072 * MIB);
}

static void the_tightest_group_above_counts(void **state)
{
	struct world *w = *state;
	struct worker_weight got;

	machine(w, "0::/a/b\n");
	put(w, "/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	put(w, "/sys/fs/cgroup/a/memory.max", "1073741824\n");
	put(w, "/sys/fs/cgroup/a/memory.current", "536870912\n");
	put(w, "/sys/fs/cgroup/a/b/memory.max", "2147483648\n");
	got = worker_host(&w->cx, w->dir);
	assert_int_equal(got.cpu, 500);
	assert_int_equal(got.memory_bytes, 384 * MIB);
}

static void the_first_version_of_cgroups_is_read_too(void **state)
{
	struct world *w = *state;
	struct worker_weight got;

	machine(w, "4:cpu,cpuacct:/j\n3:memory:/m/n\n0::/\n");
	put(w, "/sys/fs/cgroup/cpu/j/cpu.cfs_quota_us", "25000\n");
	put(w, "/sys/fs/cgroup/cpu/j/cpu.cfs_period_us", "100000\n");
	put(w, "/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "419430400\n");
	put(w, "/sys/fs/cgroup/memory/m/n/memory.limit_in_bytes",
	    "9223372036854771712\n");
	got = worker_host(&w->cx, w->dir);
	assert_int_equal(got.cpu, 250);
	assert_int_equal(got.memory_bytes, 300 * MIB);
}

static void what_cannot_be_read_leaves_something_to_work_with(void **state)
{
	struct world *w = *state;
	struct worker_weight got = worker_host(&w->cx, w->dir);

	assert_int_equal(got.memory_bytes, 384 * MIB);
	machine(w, "garbage\n:::\n5:memory\n0::");
	put(w, "/sys/fs/cgroup/memory.max", "-7 x\n");
	put(w, "/sys/fs/cgroup/cpu.max", "1 0\n");
	got = worker_host(&w->cx, w->dir);
	assert_int_equal(got.cpu, cores() * 1000);
	assert_int_equal(got.memory_bytes, 3072 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(without_limits_it_is_the_machine),
		T(the_tightest_group_above_counts),
		T(the_first_version_of_cgroups_is_read_too),
		T(what_cannot_be_read_leaves_something_to_work_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
