/* ATTACK 119 stops everything that it can reach, itself at last.
 * LIMITS  wall 1 s, cpu 1 s.
 * EXPECT  verdict TLE (never IE): a stopped run ends at its time. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

int main(void)
{
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			for (;;)
				pause();
	kill(-1, SIGSTOP);
	kill(1, SIGSTOP);
	kill(getppid(), SIGSTOP);
	kill(0, SIGSTOP);
	for (;;)
		pause();
}
