/* ATTACK 122 calls that a learner's program never needs, newer ones too.
 * EXPECT  CONTAINED: none is answered. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	long nr, a, b, c, d;
} calls[] = {
	{ "io_uring_setup", 425, 8, 1, 0, 0 },
	{ "fsopen", 430, 0, 0, 0, 0 },
	{ "open_tree", 428, -100, 0, 1, 0 },
	{ "move_mount", 429, -1, 0, -1, 0 },
	{ "mount_setattr", 442, -100, 0, 0, 0 },
	{ "fspick", 433, -100, 0, 0, 0 },
	{ "userfaultfd", 323, 1, 0, 0, 0 },
	{ "process_madvise", 440, -1, 0, 0, 0 },
	{ "process_mrelease", 448, -1, 0, 0, 0 },
	{ "memfd_secret", 447, 0, 0, 0, 0 },
	{ "quotactl_fd", 443, 0, 0, 0, 0 },
	{ "fanotify_init", 300, 0, 0, 0, 0 },
	{ "kcmp", 312, 1, 1, 0, 0 },
	{ "lookup_dcookie", 212, 0, 0, 0, 0 },
	{ "modify_ldt", 154, 0, 0, 0, 0 },
	{ "vhangup", 153, 0, 0, 0, 0 },
	{ "sysfs", 139, 3, 0, 0, 0 },
	{ "swapoff", 168, 0, 0, 0, 0 },
	{ "keyctl join", 250, 1, 0, 0, 0 },
	{ "ioperm", 173, 0x70, 1, 1, 0 },
	{ "bpf", 321, 0, 0, 0, 0 },
	{ "perf_event_open", 298, 0, 0, -1, -1 },
	{ "mbind", 237, 0, 0, 0, 0 },
	{ "migrate_pages", 256, 1, 0, 0, 0 },
	{ "move_pages", 279, 1, 0, 0, 0 },
	{ "set_mempolicy_home_node", 450, 0, 0, 0, 0 },
	{ "setdomainname", 171, 0, 0, 0, 0 },
	{ "statmount", 457, 0, 0, 0, 0 },
	{ "listmount", 458, 0, 0, 0, 0 },
	{ "lsm_set_self_attr", 460, 0, 0, 0, 0 },
};

int main(void)
{
	struct timespec now;
	struct timex t = { .modes = ADJ_FREQUENCY };
	int bad = 0;

#if defined(__x86_64__)
	/* A fault at NULL says that the filter let it in. */
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		errno = 0;
		syscall(calls[i].nr, calls[i].a, calls[i].b, calls[i].c,
			calls[i].d, 0);
		if (errno != EPERM && errno != ENOSYS && errno != EACCES)
			printf("note: %s: %s\n", calls[i].name,
			       strerror(errno));
		if (errno == 0)
			bad++;
	}
#endif
	clock_gettime(CLOCK_REALTIME, &now);
	if (clock_settime(CLOCK_REALTIME, &now) == 0)
		bad += printf("clock\n") > 0;
	if (adjtimex(&t) >= 0)
		bad += printf("adjtimex\n") > 0;
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
