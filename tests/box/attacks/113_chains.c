/* ATTACK 113 chains and floods of small kernel things: epoll in epoll, watches,
 * pipes as large as they get in forty children.
 * LIMITS  mem 64 MiB, nofile 64, pids 64, wall 10 s.
 * EXPECT  CONTAINED, or verdict MLE: what the kernel holds for it is bounded.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

static long pipes(void)
{
	static char block[1 << 16];
	long held = 0;
	int ends[2];

	while (pipe(ends) == 0) {
		ssize_t n;

		fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		while ((n = write(ends[1], block, sizeof(block))) > 0)
			held += n;
	}
	return held;
}

int main(void)
{
	int inner = epoll_create1(0), watch = inotify_init1(0);
	long watches = 0, held = 0, all = 0;
	int out[2];

	if (pipe(out))
		return 3;
	for (int i = 0; i < 20; i++) {
		struct epoll_event ev = { .events = EPOLLIN };
		int outer = epoll_create1(0);

		if (outer < 0 || epoll_ctl(outer, EPOLL_CTL_ADD, inner, &ev))
			break;
		inner = outer;
	}
	while (watch >= 0 && watches < 1000000) {
		char name[32];

		snprintf(name, sizeof(name), "w%ld", watches);
		close(open(name, O_CREAT | O_WRONLY, 0600));
		if (inotify_add_watch(watch, name, IN_ALL_EVENTS) < 0)
			break;
		watches++;
	}
	for (int i = 0; i < 40; i++)
		if (fork() == 0) {
			held = pipes();
			if (write(out[1], &held, sizeof(held)) < 0)
				_exit(1);
			close(out[1]);
			pause();
			_exit(0);
		}
	close(out[1]);
	while (read(out[0], &held, sizeof(held)) == sizeof(held))
		all += held;
	printf("RESULT %s pipes hold %ld MiB, watches %ld\n",
	       all > 512L << 20 ? "ESCAPED" : "CONTAINED", all >> 20, watches);
	return 0;
}
