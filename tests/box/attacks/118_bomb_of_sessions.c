/* ATTACK 118 fork bomb whose parts stop, hide in sessions, ignore all, and run
 * themselves anew.
 * LIMITS  wall 2 s, cpu 1 s, mem 128 MiB, pids 64.
 * EXPECT  verdict TLE or RE or MLE (never IE, never AC).
 * OUTSIDE 1 s after the verdict nothing of it is alive. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	prctl(PR_SET_NAME, ") S 0 0\n");
	for (unsigned n = 0;; n++) {
		if (fork() == 0) {
			setsid();
			if (n % 3 == 0)
				kill(getpid(), SIGSTOP);
			if (n % 3 == 1)
				execv("/proc/self/exe", argv);
		}
	}
}
