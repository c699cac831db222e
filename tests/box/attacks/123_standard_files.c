/* ATTACK 123 what standard input and output are made of: written to from the
 * wrong side, cut, sought, made to signal.
 * HARNESS two, one after the other; input.txt is the input.
 * EXPECT  CONTAINED: they are this run's alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char room[4096] = "";
	ssize_t n = read(0, room, sizeof(room) - 1);
	int bad = 0, fd;
	struct stat s;

	if (n > 0 && memmem(room, (size_t)n, "assay-was-here", 14))
		bad += printf("a note in the input\n") > 0;
	fd = open("/proc/self/fd/0", O_RDWR);
	if (fd >= 0 && !fstat(fd, &s) && S_ISREG(s.st_mode)) {
		if (pwrite(fd, "assay-was-here", 14, 0) == 14)
			printf("note: input is written to\n");
		if (ftruncate(fd, 1 << 20) == 0)
			printf("note: input is made longer\n");
	}
	for (int i = 0; i < 3; i++) {
		if (ftruncate(i, 1L << 40) == 0)
			bad += printf("made longer: %d\n", i) > 0;
		fcntl(i, F_SETOWN, 1);
		fcntl(i, F_SETSIG, SIGKILL);
		fcntl(i, F_SETFL, O_ASYNC | O_NONBLOCK | O_APPEND);
		fcntl(i, F_SETPIPE_SZ, 4096);
		fcntl(i, F_ADD_SEALS, 0xf);
	}
	fcntl(1, F_SETFL, 0);
	printf("RESULT %s\n", bad ? "ESCAPED" : "CONTAINED");
	return 0;
}
