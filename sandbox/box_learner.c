/*
 * The last steps before the program runs, in a child of init that shares its
 * memory until execve (vfork's way: no page table is copied). Every step is
 * checked; the first that fails ends it all as our own failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

#define MUST_WORK(in, call)                                                    \
	do {                                                                   \
		if ((call) < 0)                                                \
			box_inside_fail(in, #call);                            \
	} while (0)

enum { SIGNALS_QUEUED = 1024, TASKS_NET = 64 };

/* A hard limit that is lower already stays: it cannot be raised by us. */
static void limit(struct box_inside *in, __rlimit_resource_t what,
		  int64_t value)
{
	struct rlimit now, set = { (rlim_t)value, (rlim_t)value };

	if (!setrlimit(what, &set))
		return;
	MUST_WORK(in, getrlimit(what, &now));
	set.rlim_cur = set.rlim_max = now.rlim_max;
	MUST_WORK(in, setrlimit(what, &set));
}

static void limits(struct box_inside *in)
{
	const struct run_limits *l = &in->go.limits;

	limit(in, RLIMIT_NOFILE, l->open_files);
	limit(in, RLIMIT_FSIZE, l->file_bytes);
	limit(in, RLIMIT_STACK, l->stack_bytes);
	/*
	 * Where a cgroup counts tasks, this is a net below it. The kernel
	 * refuses by a cgroup late and by this early, at a tenth of the time;
	 * a fork bomb that is refused so fast fills the memory limit with
	 * tasks that wait to be freed.
	 */
	limit(in, RLIMIT_NPROC,
	      l->tasks + in->others + (in->host->cgroups.kind ? TASKS_NET : 0));
	/* A net below the clock of the supervisor, whole seconds. */
	limit(in, RLIMIT_CPU, l->cpu_ms / 1000 + 2);
}

static void enter_cgroups(struct box_inside *in)
{
	for (int i = 0; i < CG_COUNT; i++)
		if (in->procs[i] >= 0)
			MUST_WORK(in, (int)write(in->procs[i], "0", 1));
	/* From there they are its top: a slot's name says whose it is. */
	if (in->host->cgroups.kind)
		MUST_WORK(in, unshare(CLONE_NEWCGROUP));
}

static void stdio(struct box_inside *in)
{
	for (int i = 0; i < 3; i++)
		MUST_WORK(in, dup2(in->stdio[i], i));
}

static void drop(struct box_inside *in)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	uid_t id = in->learner;

	if (!in->one_id) {
		/* By the calls themselves: libc's would ask its threads. */
		MUST_WORK(in, (int)syscall(SYS_setgroups, 0, NULL));
		MUST_WORK(in, (int)syscall(SYS_setresgid, id, id, id));
		MUST_WORK(in, (int)syscall(SYS_setresuid, id, id, id));
	}
	MUST_WORK(in, (int)syscall(SYS_capset, &head, none));
	/* The memory is init's, too, until execve; a host may make what
	 * changes ids dumpable. */
	MUST_WORK(in, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

static void fence(struct box_inside *in)
{
	if (in->ruleset >= 0)
		MUST_WORK(in, (int)syscall(SYS_landlock_restrict_self,
					   in->ruleset, 0));
	if (in->host->mode == BOX_WEAKLY) /* with whoever started it */
		MUST_WORK(in, prctl(PR_SET_PDEATHSIG, SIGKILL));
	MUST_WORK(in, (int)syscall(SYS_close_range, 3, ~0u, 0));
}

static void signals(void)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigaction(SIGCHLD, &normal, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The filter, too: init itself does nothing that it denies once its mounts are
 * made, and what it starts inherits it.
 */
void box_learner_ahead(struct box_inside *in)
{
	const struct box_host *h = in->host;
	unsigned bits = h->cgroups.kind ? 0 : FILTER_SAMPLED;
	const struct box_filter *f = &h->filters[bits];
	struct sock_fprog prog = { (unsigned short)f->n, f->code };

	/* 0 does not hold where the host gives core files to a program of its
	 * own; 1 does, and fits no file either. */
	limit(in, RLIMIT_CORE, 1);
	limit(in, RLIMIT_MEMLOCK, 0);
	limit(in, RLIMIT_MSGQUEUE, 0);
	limit(in, RLIMIT_NICE, 0);
	limit(in, RLIMIT_RTPRIO, 0);
	limit(in, RLIMIT_SIGPENDING, SIGNALS_QUEUED);
	MUST_WORK(in, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST_WORK(in,
		  (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}

/* The first terminal that the leader of a session opens becomes its own. */
static void own_terminal(struct box_inside *in)
{
	int fd = open(in->terminal, O_RDWR);

	MUST_WORK(in, fd);
	for (int i = 0; i < 3; i++)
		in->stdio[i] = fd;
}

void box_learner(struct box_inside *in)
{
	MUST_WORK(in, setsid());
	/* The supervisor may be more urgent than what it watches. */
	if (in->host->urgent)
		MUST_WORK(in, setpriority(PRIO_PROCESS, 0, 0));
	enter_cgroups(in);
	if (in->kind.terminal)
		own_terminal(in);
	stdio(in);
	limits(in);
	drop(in);
	signals();
	fence(in);
	in->share->started_us = box_now_us();
	if (in->kind.probe)
		box_probe(in);
	execve(in->program, in->argv, in->envp);
	in->share->exec_error = errno;
	_exit(127);
}
