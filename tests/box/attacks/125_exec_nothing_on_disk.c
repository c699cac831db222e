/* ATTACK 125 runs what has no name: a memory file, by descriptor and by /proc,
 * marked setuid, from a folder that is gone.
 * EXPECT  CONTAINED: the same limits and no privilege, or refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int privileged(void)
{
	struct rlimit l;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	       prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 ||
	       geteuid() != getuid() || getrlimit(RLIMIT_CORE, &l) ||
	       l.rlim_max > 1;
}

int main(int argc, char **argv)
{
	char *inner[] = { "x", "inner", NULL }, *none[] = { NULL };
	int from = open("/proc/self/exe", O_RDONLY), bad = 0, status;
	int to = memfd_create("x", 0);
	char room[65536];
	ssize_t n;

	(void)argv;
	if (argc > 1)
		return privileged() ? 9 : 0;
	while (to >= 0 && (n = read(from, room, sizeof(room))) > 0)
		if (write(to, room, (size_t)n) != n)
			break;
	fchmod(to, 06777);
	for (int way = 0; way < 2; way++) {
		if (fork() == 0) {
			if (way == 0)
				syscall(SYS_execveat, to, "", inner, none,
					AT_EMPTY_PATH);
			else
				fexecve(to, inner, none);
			_exit(5);
		}
		wait(&status);
		bad += WIFEXITED(status) && WEXITSTATUS(status) == 9;
	}
	bad += privileged();
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
