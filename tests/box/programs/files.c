/* Ways to leave files. */
#include "tests/box/programs/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One file grows until it is refused; status 0 if that came by MiB. */
static int file_grows(char **args)
{
	static char block[1 << 16];
	int fd = open("big", O_CREAT | O_WRONLY, 0600);
	long n = 0;

	signal(SIGXFSZ, SIG_IGN);
	while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		n += (long)sizeof(block);
	return n <= arg(args, 0, 8) << 20 ? 0 : 3;
}

static int file_grows_and_dies(char **args)
{
	signal(SIGXFSZ, SIG_DFL);
	(void)args;
	for (int fd = open("big", O_CREAT | O_WRONLY, 0600);;)
		if (write(fd, "0123456789abcdef", 16) != 16)
			return 3;
}

/* Many files, each within the limit of one. */
static int disk_fills(char **args)
{
	static char block[1 << 16];
	long n = 0;
	char name[32];

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 200; i++) {
		int fd;
		ssize_t done = 1;

		snprintf(name, sizeof(name), "part%d", i);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		for (int k = 0; k < 16 && done > 0; k++) {
			done = write(fd, block, sizeof(block));
			n += done > 0 ? done : 0;
		}
		close(fd);
		if (done <= 0)
			break;
	}
	return n <= arg(args, 0, 32) << 20 ? 0 : 3;
}

static int inode_flood(char **args)
{
	static const char *const places[] = { ".", "/tmp", "/dev/shm", NULL };
	long n = 0;
	char name[64];

	for (int p = 0; places[p]; p++)
		for (int i = 0; i < 20000; i++) {
			snprintf(name, sizeof(name), "%s/n%d", places[p], i);
			if (mkdir(name, 0700))
				break;
			n++;
		}
	return n <= arg(args, 0, 4096) ? 0 : 3;
}

static int sparse(char **args)
{
	int fd = open("out", O_CREAT | O_RDWR, 0600);

	(void)args;
	signal(SIGXFSZ, SIG_IGN);
	if (ftruncate(fd, (off_t)1 << 40) == 0)
		return 3;
	return pwrite(fd, "x", 1, ((off_t)1 << 40) - 1) == 1 ? 4 : 0;
}

/* Deeper than any path may be long. */
static int deep(char **args)
{
	long n = arg(args, 0, 1500), i = 0;

	while (i < n && mkdir("dddddddd", 0700) == 0 && chdir("dddddddd") == 0)
		i++;
	return i > 0 ? 0 : 3;
}

/* All kinds of things that are no files, by the names asked for. */
static int impostors(char **args)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)args;
	if (symlink("/etc/passwd", "link") || mkdir("folder", 0700) ||
	    mkfifo("fifo", 0600) || symlink("/etc", "etc") ||
	    symlink("loop", "loop"))
		return 3;
	if (s >= 0 && bind(s, (struct sockaddr *)&at, sizeof(at)))
		return 4;
	return 0;
}

/* file, text: what the engine may collect */
static int leaves(char **args)
{
	FILE *f;

	if (!args[0] || !args[1] || !(f = fopen(args[0], "w")))
		return 3;
	return fputs(args[1], f) < 0 || fclose(f) ? 4 : 0;
}

/* Open, but without a name: gone with the run. */
static int nameless(char **args)
{
	static char block[1 << 16];
	int fd = open("gone", O_CREAT | O_RDWR, 0600);

	(void)args;
	if (unlink("gone"))
		return 3;
	for (int i = 0; i < 16; i++)
		if (write(fd, block, sizeof(block)) < 0)
			return 4;
	return 0;
}

/* May it be written to? It must not. */
static int read_only(char **args)
{
	static const char *const places[] = { "/",     "/usr",	  "/usr/bin",
					      "/etc",  "/proc/1", "/dev",
					      "/sys",  "/lib",	  "/usr/lib",
					      "/root", "/home",	  NULL };
	char name[64];

	(void)args;
	for (int i = 0; places[i]; i++) {
		snprintf(name, sizeof(name), "%s/probe", places[i]);
		if (open(name, O_CREAT | O_WRONLY, 0600) >= 0)
			return 10 + i;
	}
	return 0;
}

/* The note of a former run; status 0 if there is none, and leaves one. */
static int note(char **args)
{
	static const char *const places[] = { "note", "/tmp/note",
					      "/dev/shm/note", "/var/tmp/note",
					      NULL };

	(void)args;
	for (int i = 0; places[i]; i++) {
		int fd = open(places[i], O_CREAT | O_EXCL | O_WRONLY, 0600);

		if (fd < 0 && errno == EEXIST)
			return 10 + i;
		close(fd);
	}
	return 0;
}

const struct mode file_modes[] = {
	{ "file-grows", file_grows },
	{ "file-grows-and-dies", file_grows_and_dies },
	{ "disk-fills", disk_fills },
	{ "inode-flood", inode_flood },
	{ "sparse", sparse },
	{ "deep", deep },
	{ "impostors", impostors },
	{ "leaves", leaves },
	{ "nameless", nameless },
	{ "read-only", read_only },
	{ "note", note },
	{ 0 },
};
