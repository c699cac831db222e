/* ATTACK 124 names of tasks that a reader of /proc/PID/stat takes for fields,
 * in threads and children, at the limit. LIMITS  cpu 1 s, wall 4 s. EXPECT  TLE
 * (cpu), never IE. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *const names[] = { ") R 0 0 0 0", "\n1 (x) Z 1 1",
				     "((((((((",    "0 0 0 0 0 0 0",
				     "\x1b[2J\xff", "" };

static void *burn(void *arg)
{
	prctl(PR_SET_NAME, arg);
	for (volatile unsigned long n = 0;; n++)
		;
	return NULL;
}

int main(void)
{
	pthread_t t;

	for (int i = 0; i < 6; i++) {
		char *name = (char *)names[i];

		if (i % 2 && fork() == 0)
			burn(name);
		pthread_create(&t, NULL, burn, name);
	}
	burn(") Z 0");
	return 0;
}
