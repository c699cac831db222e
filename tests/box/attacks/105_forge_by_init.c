/* ATTACK 105 takes hold of the process that reports for it, and makes it tell
 * a good end; its own is 7.
 * EXPECT  RE (exit 7): the verdict is the program's own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int bad;

static void got(const char *what, int pid)
{
	bad++;
	printf("%s %d\n", what, pid);
}

static void grab(int pid)
{
	char room[64], path[64];
	struct iovec here = { room, sizeof(room) };
	struct iovec there = { (void *)0x400000, sizeof(room) };
	struct rlimit l = { 0, 0 };
	cpu_set_t one;
	int fd;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0)
		got("attached", pid);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0)
		got("seized", pid);
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) > 0)
		got("read", pid);
	if (process_vm_writev(pid, &here, 1, &there, 1, 0) > 0)
		got("wrote", pid);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	if (open(path, O_RDWR) >= 0)
		got("opened memory of", pid);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0)
		for (int i = 0; i < 64; i++)
			if (syscall(438 /* pidfd_getfd */, fd, i, 0) >= 0)
				got("stole a descriptor of", pid);
	if (syscall(SYS_prlimit64, pid, RLIMIT_CPU, &l, NULL) == 0)
		got("limited", pid);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(pid, sizeof(one), &one) == 0)
		got("bound to a processor", pid);
	if (setpriority(PRIO_PROCESS, (id_t)pid, 19) == 0)
		got("slowed down", pid);
}

static void fire(int pid)
{
	siginfo_t si = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	for (int sig = 1; sig < NSIG; sig++) {
		if (kill(pid, sig) == 0 && pid != 1)
			got("signalled", pid);
		syscall(SYS_tgkill, pid, pid, sig);
	}
	syscall(SYS_rt_sigqueueinfo, pid, SIGRTMIN, &si);
}

int main(void)
{
	int parent = getppid();

	setvbuf(stdout, NULL, _IONBF, 0);
	for (int fd = 3; fd < 1024; fd++) {
		int status[8] = { 0 };

		if (write(fd, status, sizeof(status)) > 0)
			got("wrote to descriptor", fd);
	}
	for (int fd = 0; fd < 64; fd++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/1/fd/%d", fd);
		if (open(path, O_WRONLY | O_NONBLOCK) >= 0)
			got("opened a descriptor of init", fd);
	}
	grab(1);
	if (parent > 1)
		grab(parent);
	fire(1);
	if (parent > 1)
		fire(parent);
	printf("RESULT %s %d\n", bad ? "ESCAPED" : "CONTAINED", bad);
	return bad ? 0 : 7;
}
