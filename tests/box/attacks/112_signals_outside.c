/* ATTACK 112 signals to every number that a process could have.
 * HARNESS two at once.
 * EXPECT  CONTAINED: nobody but its own init is there. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	union sigval v = { .sival_int = 1 };
	int seen = 0;

	for (int pid = 2; pid < 100000; pid++) {
		if (pid == getpid())
			continue;
		if (kill(pid, 0) == 0 || errno == EPERM)
			seen++;
		if (sigqueue(pid, SIGTERM, v) == 0)
			printf("signalled %d\n", pid);
	}
	printf("RESULT %s others %d\n", seen ? "ESCAPED" : "CONTAINED", seen);
	return 0;
}
