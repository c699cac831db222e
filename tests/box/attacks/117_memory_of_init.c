/* ATTACK 117 wants its init killed in its place: many small ones that the
 * kernel may not prefer, then one that takes all.
 * LIMITS  mem 64 MiB, pids 64, cpu 4 s, wall 10 s.
 * EXPECT  MLE: whoever was killed, it is neither IE nor a good end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void prefer(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd >= 0 && write(fd, score, 4) < 0)
		close(fd);
}

int main(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 40; i++)
		if (fork() == 0) {
			prefer(i % 2 ? "1000" : "0   ");
			setsid();
			for (int n = 0;; n++) {
				volatile char *p = mmap(
					NULL, 1 << 20, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

				if (p == MAP_FAILED)
					_exit(0);
				for (int k = 0; k < 1 << 20; k += 4096)
					p[k] = 1;
			}
		}
	for (;;)
		pause();
}
