/* ATTACK 127 ends well at once; what it leaves behind goes on: writes, burns,
 * stops, and waits to see the next run.
 * HARNESS two, one after the other.
 * EXPECT  CONTAINED, in no more time than it takes.
 * OUTSIDE nothing of it is alive at the verdict. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	printf("RESULT CONTAINED left\n");
	fflush(stdout);
	for (int i = 0; i < 12; i++)
		if (fork() == 0) {
			setsid();
			for (int s = 1; s < NSIG; s++)
				signal(s, SIG_IGN);
			if (i % 3 == 0)
				kill(getpid(), SIGSTOP);
			for (;;)
				if (i % 3 == 1)
					(void)!write(1, "x", 1);
		}
	return 0;
}
