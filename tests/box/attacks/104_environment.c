/* ATTACK 104 reads what the processes above it know: environment, arguments,
 * folders, descriptors, maps.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

extern char **environ;
static int bad;

static void look(const char *path)
{
	static char room[1 << 16];
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, room, sizeof(room) - 1);

	if (n > 0 && memmem(room, (size_t)n, "CANARY-7f3a", 11)) {
		printf("canary in %s\n", path);
		bad++;
	}
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	static const char *const files[] = { "environ", "cmdline",   "maps",
					     "stat",	"mountinfo", "status",
					     "cwd/.",	"root/.",    NULL };
	char path[300], link[300];

	for (char **e = environ; *e; e++)
		bad += strstr(*e, "CANARY-7f3a") != NULL;
	for (int pid = 0; pid < 400; pid++)
		for (int i = 0; files[i]; i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", pid,
				 files[i]);
			look(path);
		}
	look("/proc/self/environ");
	look("/proc/self/mountinfo");
	/* Whoever is pid 1, we may not follow what it has. */
	if (getpid() != 1) {
		static const char *const links[] = { "exe",  "cwd",  "root",
						     "fd/0", "fd/3", NULL };

		for (int i = 0; links[i]; i++) {
			snprintf(path, sizeof(path), "/proc/1/%s", links[i]);
			if (readlink(path, link, sizeof(link)) > 0) {
				printf("followed %s\n", path);
				bad++;
			}
		}
	}
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
