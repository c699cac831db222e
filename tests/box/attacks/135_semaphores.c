/* ATTACK 135 semaphores in sets of two megabytes each, which no process has
 * mapped.
 * LIMITS  mem 64 MiB, cpu 4 s, wall 10 s.
 * EXPECT  CONTAINED or verdict MLE. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>

int main(void)
{
	long held = 0;

	while (held < 256 && semget(IPC_PRIVATE, 32000, IPC_CREAT | 0600) >= 0)
		held += 2;
	printf("RESULT %s %ld\n", held > 64 ? "ESCAPED" : "CONTAINED", held);
	return 0;
}
