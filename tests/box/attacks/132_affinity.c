/* ATTACK 132 asks about and disturbs by means of the processor's and kernel's
 * small services: barriers over all processors, timer slack, futexes, yields.
 * LIMITS  cpu 1 s, wall 1 s.
 * EXPECT  verdict TLE (never IE). */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

static int word;

static void *storm(void *arg)
{
	(void)arg;
	for (;;) {
		syscall(SYS_futex, &word, 1, 100, 0, 0, 0);
		syscall(SYS_membarrier, 1, 0, 0);
		sched_yield();
	}
	return NULL;
}

int main(void)
{
	pthread_t t;

	for (int i = 0; i < 16; i++)
		pthread_create(&t, NULL, storm, NULL);
	storm(NULL);
	return 0;
}
