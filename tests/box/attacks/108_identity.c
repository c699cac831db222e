/* ATTACK 108 becomes somebody else: ids, groups, capabilities, a setuid file of
 * its own, and whom it is outside.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int bad;

static void got(const char *what)
{
	bad++;
	printf("%s\n", what);
}

/* No line may map to the host's root. */
static void read_map(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned long in, out, n;

	while (f && fscanf(f, "%lu %lu %lu", &in, &out, &n) == 3)
		if (out == 0 && n != 4294967295UL)
			got(path);
	if (f)
		fclose(f);
}

static void read_caps(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long v;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &v) == 1 && v)
			got("effective capabilities");
		if (sscanf(line, "CapPrm: %llx", &v) == 1 && v)
			got("permitted capabilities");
		if (sscanf(line, "CapAmb: %llx", &v) == 1 && v)
			got("ambient capabilities");
	}
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	gid_t groups[4] = { 0, 1, 2, 3 }, have[64];
	uid_t us = getuid();
	int n, status;

	if (argc > 1)
		return geteuid() != getuid() || geteuid() == 0 ? 9 : 0;
	setvbuf(stdout, NULL, _IONBF, 0);
	read_map("/proc/self/uid_map");
	read_map("/proc/self/gid_map");
	read_caps();
	for (uid_t id = 0; id < 3; id++) {
		if (id != us && setresuid(id, id, id) == 0)
			got("setresuid");
		if (id != us && setfsuid(id) >= 0 && setfsuid(id) == (int)id)
			got("setfsuid");
		if (id != getgid() && setresgid(id, id, id) == 0)
			got("setresgid");
	}
	if (setgroups(4, groups) == 0)
		got("setgroups");
	n = getgroups(64, have);
	for (int i = 0; i < n; i++)
		if (have[i] == 0)
			got("the group of root");
	if (prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0 && us != 0)
		got("secure bits");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		got("new privileges");
	if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0) == 0)
		got("another program's name");
	if (chown(".", 0, 0) == 0 && us != 0)
		got("chown");
	/* An own file that is setuid, for whoever would be its owner. */
	{
		int from = open("/proc/self/exe", O_RDONLY);
		int to = open("own", O_CREAT | O_WRONLY, 0755);
		char room[65536];
		ssize_t r;

		while (from >= 0 && (r = read(from, room, sizeof(room))) > 0)
			if (write(to, room, (size_t)r) != r)
				break;
		fchmod(to, 06777);
		close(to);
		if (fork() == 0) {
			execl("./own", "own", "inner", (char *)NULL);
			_exit(0);
		}
		wait(&status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
			got("a setuid file");
	}
	if (argv[0] == NULL)
		got("no name");
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
