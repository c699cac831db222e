/* What a host makes of where it is: ids in a container, quotas above it. */
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "tests/unit/sandbox/box_world.h"

enum { OUTER = 1000000, GIVEN = 70000, QUOTA_US = 10000 };

/* In a child: a failed assertion must end it. */
#define REQUIRE(cond)                                                          \
	do {                                                                   \
		if (!(cond)) {                                                 \
			print_message("line %d: %s\n", __LINE__, #cond);       \
			fflush(stdout);                                        \
			_exit(4);                                              \
		}                                                              \
	} while (0)

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool fine = fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return fine;
}

static bool give_ids(pid_t pid, const char *text)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	if (!put(path, text))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	return put(path, text);
}

static _Noreturn void as_root_of_a_container(int told, int n)
{
	struct box_world w;
	char go;

	REQUIRE(!unshare(CLONE_NEWUSER | CLONE_NEWNS));
	REQUIRE(write(told, "u", 1) == 1 && read(told, &go, 1) == 1);
	REQUIRE(!setresgid(0, 0, 0) && !setresuid(0, 0, 0) &&
		!prctl(PR_SET_DUMPABLE, 1));
	REQUIRE(box_world_open(&w, 0) == OK);
	REQUIRE(box_host_level(w.host) >= RUN_SAMPLED);
	if (n > 1) {
		int slot = box_slot_take(w.host);
		int64_t first = box_uid(w.host, slot, false);

		/* Its upper end, but for 65534, which is nobody. */
		REQUIRE(first >= 1 && first + 1 < n && first != 65534);
		REQUIRE(box_uid(w.host, slot, true) == first + 1);
		box_slot_give(w.host, slot);
	}
	REQUIRE(sh(&w, "kill -9 1; id -u")->verdict == RUN_AC);
	REQUIRE(str_is(w.told.out, "1000\n"));
	/* Init apart from the program where there are ids for it. */
	REQUIRE(sh(&w, "wc -l </proc/self/uid_map")->verdict == RUN_AC);
	REQUIRE(str_is(w.told.out, n > 1 ? "2\n" : "1\n"));
	box_world_close(&w);
	_exit(0);
}

static void container(int n)
{
	char map[64], mark;
	int pair[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		as_root_of_a_container(pair[1], n);
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], &mark, 1), 1);
	snprintf(map, sizeof(map), "0 %d %d\n", OUTER, n);
	assert_true(give_ids(pid, map));
	assert_int_equal(write(pair[0], "m", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pair[0]);
	snprintf(map, sizeof(map), "/tmp/.assay-box-%d.slots", OUTER);
	unlink(map);
	assert_int_equal(status, 0);
}

static void root_of_a_container_takes_ids_that_it_was_given(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: not root\n");
		return;
	}
	container(GIVEN);
	container(3); /* one pair */
	container(1); /* none: one id for init and program */
}

/* A group with a tenth of a processor, on version 1. */
static bool make_quota(char *path, size_t room)
{
	char own[512], file[600];

	if (geteuid() != 0 || !box_cgroup_own("cpu", own, sizeof(own)))
		return false;
	snprintf(path, room, "/sys/fs/cgroup/cpu%s/assay-test-%d", own,
		 (int)getpid());
	if (mkdir(path, 0755))
		return false;
	snprintf(file, sizeof(file), "%s/cpu.cfs_quota_us", path);
	if (put(file, "10000"))
		return true;
	rmdir(path);
	return false;
}

static void time_that_a_quota_held_back_is_told(void **state)
{
	char path[560], file[600];
	int status;
	pid_t pid;

	(void)state;
	if (!make_quota(path, sizeof(path))) {
		print_message("skipped: no cgroup of version 1 for a quota\n");
		return;
	}
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	pid = fork();
	if (pid == 0) {
		struct box_world w;

		REQUIRE(put(file, "0"));
		REQUIRE(box_world_open(&w, 0) == OK);
		sh(&w, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
		REQUIRE(w.told.throttled_us > QUOTA_US);
		REQUIRE(w.told.throttled_us < 10 * w.told.wall_us);
		box_world_close(&w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(path);
	assert_int_equal(status, 0);
}

static void what_nobody_took_is_told_as_none(void **state)
{
	struct box_world w;

	(void)state;
	if (box_world_open(&w, 0)) {
		print_message("skipped: %s\n", w.cx.error.text);
		arena_free(w.cx.arena);
		return;
	}
	sh(&w, "exit 0");
	assert_true(w.told.throttled_us >= 0 && w.told.throttled_us <= 1000000);
	assert_true(w.told.steal_us >= 0 && w.told.steal_us <= 1000000);
	box_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			root_of_a_container_takes_ids_that_it_was_given),
		cmocka_unit_test(time_that_a_quota_held_back_is_told),
		cmocka_unit_test(what_nobody_took_is_told_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
