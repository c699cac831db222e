/* ATTACK 102 a bit crosses by locks, leases and watches on a file that both
 * see. HARNESS two at once; task files are not needed. EXPECT  CONTAINED: no
 * lock of one is seen by the other. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char *const shared[] = { "/usr/bin/env", "/bin/sh", "/usr/bin",
				      "/usr/lib", NULL };

int main(void)
{
	int bad = 0, opened = 0;
	int watch = inotify_init1(IN_NONBLOCK);
	char room[4096];

	for (int i = 0; shared[i]; i++) {
		struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
		int fd = open(shared[i], O_RDONLY);

		if (fd < 0)
			continue;
		opened++;
		if (watch >= 0)
			inotify_add_watch(watch, shared[i],
					  IN_ATTRIB | IN_CLOSE_NOWRITE);
		/* An exclusive lock that works is one that the other sees. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			bad += printf("flock %s\n", shared[i]) > 0;
		if (fcntl(fd, F_SETLK, &l) == 0)
			bad += printf("range %s\n", shared[i]) > 0;
		l.l_pid = 0;
		if (fcntl(fd, F_OFD_SETLK, &l) == 0)
			bad += printf("open file %s\n", shared[i]) > 0;
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
			bad += printf("lease %s\n", shared[i]) > 0;
		if (fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT) == 0)
			bad += printf("notify %s\n", shared[i]) > 0;
	}
	/* The other one opens and closes the same files meanwhile. */
	for (int i = 0; i < 30; i++) {
		for (int k = 0; shared[k]; k++)
			close(open(shared[k], O_RDONLY));
		poll(NULL, 0, 5);
	}
	(void)!read(watch, room, sizeof(room));
	printf("RESULT %s locks %d of %d\n", bad ? "ESCAPED" : "CONTAINED", bad,
	       opened);
	return 0;
}
