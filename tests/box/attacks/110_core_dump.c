/* ATTACK 110 dies so that a core is written, where the engine would collect it.
 * EXPECT  CONTAINED: no core, whatever the limit is set to. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };
	int status, bad = 0;
	struct dirent *e;
	DIR *d;

	setrlimit(RLIMIT_CORE, &most);
	if (fork() == 0) {
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		abort();
	}
	wait(&status);
	bad += WIFSIGNALED(status) && WCOREDUMP(status);
	for (d = opendir("."); d && (e = readdir(d));)
		bad += strncmp(e->d_name, "core", 4) == 0;
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
