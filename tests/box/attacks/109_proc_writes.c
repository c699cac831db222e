/* ATTACK 109 writes to what rules the machine: /proc/sys, core_pattern, sysrq,
 * /sys, cgroups, and its own entries that weigh on others.
 * EXPECT  CONTAINED. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "/proc/sys/kernel/core_pattern", "|/tmp/x" },
		{ "/proc/sys/kernel/hostname", "x" },
		{ "/proc/sys/kernel/modprobe", "/tmp/x" },
		{ "/proc/sys/kernel/pid_max", "4194304" },
		{ "/proc/sys/vm/overcommit_memory", "1" },
		{ "/proc/sys/net/ipv4/ip_forward", "1" },
		{ "/proc/sys/fs/mqueue/queues_max", "10000" },
		{ "/proc/sysrq-trigger", "h" },
		{ "/proc/irq/default_smp_affinity", "1" },
		{ "/proc/mtrr", "x" },
		{ "/proc/self/oom_score_adj", "-900" },
		{ "/proc/1/oom_score_adj", "1000" },
		{ "/proc/self/loginuid", "0" },
		{ "/proc/self/uid_map", "0 0 1" },
		{ "/proc/self/setgroups", "allow" },
		{ "/proc/self/attr/current", "unconfined" },
		{ "/proc/1/timerslack_ns", "1000000000" },
		{ "/proc/self/ns/user", "x" },
		{ "/sys/kernel/uevent_helper", "/tmp/x" },
		{ "/sys/kernel/mm/ksm/run", "1" },
		{ "/sys/fs/cgroup/cgroup.procs", "0" },
		{ "/sys/fs/cgroup/memory/tasks", "0" },
		{ "/sys/fs/cgroup/memory/release_agent", "/tmp/x" },
		{ "/sys/fs/cgroup/pids/tasks", "0" },
		{ "/sys/power/state", "mem" },
		{ "/dev/kmsg", "x" },
		{ "/dev/mem", "x" },
	};
	int bad = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].path, O_WRONLY);

		if (fd < 0)
			continue;
		if (write(fd, files[i].text, strlen(files[i].text)) > 0)
			bad += printf("wrote %s\n", files[i].path) > 0;
		close(fd);
	}
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return 0;
}
