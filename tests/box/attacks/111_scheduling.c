/* ATTACK 111 runs before others: nice, real time, deadline, input and output
 * classes, locked memory.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	struct sched_param p = { .sched_priority = 1 };
	struct {
		unsigned size, policy;
		unsigned long long flags;
		int nice;
		unsigned priority;
		unsigned long long runtime, deadline, period;
	} deadline = { .size = 48,
		       .policy = 6,
		       .runtime = 900000,
		       .deadline = 1000000,
		       .period = 1000000 };
	static char room[1 << 22];
	int bad = 0;

	if (setpriority(PRIO_PROCESS, 0, -5) == 0)
		bad += printf("nice\n") > 0;
	if (setpriority(PRIO_USER, 0, -5) == 0)
		bad += printf("nice of the user\n") > 0;
	if (sched_setscheduler(0, SCHED_FIFO, &p) == 0)
		bad += printf("first in, first out\n") > 0;
	if (sched_setscheduler(0, SCHED_RR, &p) == 0)
		bad += printf("round robin\n") > 0;
	if (syscall(SYS_sched_setattr, 0, &deadline, 0) == 0)
		bad += printf("deadline\n") > 0;
	if (syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0)
		bad += printf("real-time input and output\n") > 0;
	if (mlock(room, sizeof(room)) == 0)
		bad += printf("locked memory\n") > 0;
	if (mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
		bad += printf("all memory locked\n") > 0;
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
