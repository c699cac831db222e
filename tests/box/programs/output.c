/* Ways to write too much, or nearly. */
#include "tests/box/programs/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

static char block[65536];

/* n bytes to fd, n < 0: without end; in pieces of so many. */
static void put(int fd, long n, size_t piece)
{
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = "flood\n"[i % 6];
	while (n != 0) {
		size_t want = n > 0 && (size_t)n < piece ? (size_t)n : piece;
		ssize_t done = write(fd, block, want);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			rest_ms(1); /* goes on, as some do */
		if (n > 0 && done > 0)
			n -= done;
	}
}

/* fd, bytes (-1: without end), piece, status */
static int writes(char **args)
{
	put((int)arg(args, 0, 1), arg(args, 1, -1),
	    (size_t)arg(args, 2, sizeof(block)));
	return (int)arg(args, 3, 0);
}

static int deaf_flood(char **args)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	return writes(args);
}

/* A little at a time; the sum is what counts. */
static int drips(char **args)
{
	for (;;) {
		put((int)arg(args, 0, 1), arg(args, 1, 64), sizeof(block));
		rest_ms(arg(args, 2, 2));
	}
	return 0;
}

static void flood_child(long fd)
{
	put((int)fd, -1, 4096);
}

static int flood_of_children(char **args)
{
	children(4, flood_child, arg(args, 0, 1));
	reap();
	return 0;
}

/* As /proc has it, 'R' to 'Z'; '?': it does not tell. */
static char task_state(pid_t pid)
{
	char path[32], room[512];
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	n = read(fd, room, sizeof(room) - 1);
	close(fd);
	room[n > 0 ? n : 0] = '\0';
	p = strrchr(room, ')');
	return p ? p[2] : '?';
}

static void flood_later(long fd)
{
	while (getppid() != 1)
		rest_ms(1);
	put((int)fd, -1, 4096);
}

/* Whoever writes after the end is not heard; init is the parent then. */
static int leaves_a_writer(char **args)
{
	children(2, flood_later, arg(args, 0, 1));
	if (write(1, "done\n", 5) != 5)
		return 3;
	return 0;
}

static void *flood_alone(void *none)
{
	while (task_state(getpid()) != 'Z')
		rest_ms(1);
	put(1, -1, 4096);
	return none;
}

/* The first thread has ended when the flood comes; the program has not. */
static int thread_floods(char **args)
{
	pthread_t t;

	(void)args;
	if (pthread_create(&t, NULL, flood_alone, NULL))
		return 3;
	pthread_exit(NULL);
}

static int by_sendfile(char **args)
{
	int zero = open("/proc/self/exe", O_RDONLY);

	(void)args;
	for (;;) {
		off_t at = 0;

		if (sendfile(1, zero, &at, 65536) < 0)
			put(1, 65536, sizeof(block));
	}
	return 0;
}

static int by_writev(char **args)
{
	struct iovec v[64];

	(void)args;
	for (int i = 0; i < 64; i++)
		v[i] = (struct iovec){ block, sizeof(block) };
	for (;;)
		if (writev(1, v, 64) < 0)
			rest_ms(1);
	return 0;
}

static int both(char **args)
{
	(void)args;
	children(1, flood_child, 2);
	put(1, -1, 4096);
	return 0;
}

/* Sets the pipe large and non-blocking, so that it does not feel the end. */
static int big_pipe(char **args)
{
	fcntl(1, F_SETPIPE_SZ, 1 << 20);
	fcntl(1, F_SETFL, O_NONBLOCK);
	return writes(args);
}

const struct mode output_modes[] = {
	{ "writes", writes },
	{ "deaf-flood", deaf_flood },
	{ "drips", drips },
	{ "flood-of-children", flood_of_children },
	{ "leaves-a-writer", leaves_a_writer },
	{ "thread-floods", thread_floods },
	{ "sendfile", by_sendfile },
	{ "writev", by_writev },
	{ "both", both },
	{ "big-pipe", big_pipe },
	{ 0 },
};
