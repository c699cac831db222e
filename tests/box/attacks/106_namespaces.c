/* ATTACK 106 every namespace by every way in, one by one; also with flags in
 * the upper half, and structs longer than the kernel knows.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned long long flag;
} kinds[] = {
	{ "user", 0x10000000 },	  { "mount", 0x00020000 },
	{ "pid", 0x20000000 },	  { "net", 0x40000000 },
	{ "ipc", 0x08000000 },	  { "uts", 0x04000000 },
	{ "cgroup", 0x02000000 }, { "time", 0x00000080 },
};

static int bad;

static int yes(long r)
{
	if (r == 0)
		_exit(9);
	return r > 0;
}

int main(void)
{
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned long f = (unsigned long)kinds[i].flag;
		struct clone_args a[3];

		if (fork() == 0)
			_exit(syscall(SYS_unshare, f) == 0 ? 9 : 0);
		wait(&status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
			bad += printf("unshare %s\n", kinds[i].name) > 0;
		if (fork() == 0)
			_exit(syscall(SYS_unshare, f | 0x100000000UL) == 0 ? 9
									   : 0);
		wait(&status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
			bad += printf("unshare high %s\n", kinds[i].name) > 0;
		/* The time namespace's bit is in the exit signal of clone. */
		if (f != 0x80 &&
		    yes(syscall(SYS_clone, f | SIGCHLD, 0, 0, 0, 0)))
			bad += printf("clone %s\n", kinds[i].name) > 0;
		memset(a, 0, sizeof(a));
		a[0].flags = f;
		a[0].exit_signal = SIGCHLD;
		if (yes(syscall(SYS_clone3, a, sizeof(a[0]))))
			bad += printf("clone3 %s\n", kinds[i].name) > 0;
		if (yes(syscall(SYS_clone3, a, sizeof(a))))
			bad += printf("clone3 long %s\n", kinds[i].name) > 0;
		if (yes(syscall(SYS_clone3, a, 64)))
			bad += printf("clone3 short %s\n", kinds[i].name) > 0;
	}
	for (int pid = 1; pid < 30; pid++) {
		int fd = (int)syscall(SYS_pidfd_open, pid, 0);

		if (fd >= 0 && fork() == 0)
			_exit(syscall(SYS_setns, fd, 0x20020000) == 0 ? 9 : 0);
		wait(&status);
		if (fd >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 9)
			bad += printf("setns %d\n", pid) > 0;
	}
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
