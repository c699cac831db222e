/*
 * Where no cgroup counts: init looks at every process of the namespace, which
 * it alone may. Memory is the sum of the processes' proportional shares and of
 * the files in /box; CPU time is exact for those that live and for those that
 * were waited for. What a program hides from this (children that nobody waits
 * for, memory between two looks) is why the level is called "sampled".
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum { LOOK_MOST_US = 20000, LOOK_LEAST_US = 1000, CHILDREN_TEXT = 8192 };

static int64_t cpu_of(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return t.tv_sec * (int64_t)1000000 + t.tv_nsec / 1000;
}

struct str box_read_proc(pid_t pid, const char *what, char *room, size_t n)
{
	char path[48];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, room, n - 1);
		close(fd);
	}
	room[got > 0 ? got : 0] = '\0';
	return (struct str){ room, got > 0 ? (size_t)got : 0 };
}

int box_children(pid_t of, pid_t *out, int n, int most)
{
	char what[40], text[CHILDREN_TEXT];
	char *p = text;

	snprintf(what, sizeof(what), "task/%d/children", (int)of);
	box_read_proc(of, what, text, sizeof(text));
	while (n < most) {
		long pid = strtol(p, &p, 10);

		if (pid <= 0)
			break;
		out[n++] = (pid_t)pid;
	}
	return n;
}

static int64_t bytes_of(pid_t pid)
{
	char room[2048];
	const char *p;

	box_read_proc(pid, "smaps_rollup", room, sizeof(room));
	p = strstr(room, "\nPss:");
	return p ? strtoll(p + 5, NULL, 10) * 1024 : 0;
}

/* Of its children that it has waited for; behind the last ')' of the line. */
static int64_t waited_of(pid_t pid)
{
	char room[1024];
	const char *p;
	long long user = 0, system = 0;

	box_read_proc(pid, "stat", room, sizeof(room));
	p = strrchr(room, ')');
	/* state, then fields 4 to 15; 16 and 17 are wanted */
	if (!p || sscanf(p + 1,
			 " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			 " %lld %lld",
			 &user, &system) != 2)
		return 0;
	return (user + system) * 1000000 / sysconf(_SC_CLK_TCK);
}

static int64_t reaped(void)
{
	struct rusage used;

	getrusage(RUSAGE_CHILDREN, &used);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static int64_t files(void)
{
	struct statvfs s;

	if (statvfs("/box", &s))
		return 0;
	return (int64_t)(s.f_blocks - s.f_bfree) * (int64_t)s.f_frsize;
}

static void keep_peak(atomic_llong *peak, int64_t now)
{
	if (now > atomic_load(peak))
		atomic_store(peak, now);
}

/* All processes of the run: of the namespace, or below init. */
static int tasks(const struct box_inside *in, pid_t *out)
{
	struct dirent *e;
	DIR *d;
	int n = 0;

	if (in->host->mode == BOX_WEAKLY)
		return box_weak_tasks(out, BOX_TASKS);
	d = opendir("/proc");
	while (d && n < BOX_TASKS && (e = readdir(d))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 1)
			out[n++] = pid;
	}
	if (d)
		closedir(d);
	return n;
}

int64_t box_sample(struct box_inside *in)
{
	const struct run_limits *l = &in->go.limits;
	int64_t cpu = reaped(), left;
	int64_t bytes = in->host->mode == BOX_WEAKLY ? 0 : files();
	pid_t pids[BOX_TASKS];
	int n = tasks(in, pids);

	for (int i = 0; i < n; i++) {
		cpu += cpu_of(pids[i]) + waited_of(pids[i]);
		bytes += bytes_of(pids[i]);
	}
	if (cpu > atomic_load(&in->share->cpu_us))
		atomic_store(&in->share->cpu_us, cpu);
	atomic_store(&in->share->bytes, bytes);
	keep_peak(&in->share->peak_bytes, bytes);
	keep_peak(&in->share->tasks_peak, n);
	if (bytes > l->memory_bytes || cpu > l->cpu_ms * 1000) {
		char mark = 's';

		/* The supervisor looks at once. */
		if (send(in->control, &mark, 1, MSG_NOSIGNAL) != 1)
			return LOOK_LEAST_US; /* it is gone: seen next */
	}
	left = (l->cpu_ms * 1000 - cpu) / in->host->cpus;
	if (left < LOOK_LEAST_US)
		left = LOOK_LEAST_US;
	return left > LOOK_MOST_US ? LOOK_MOST_US : left;
}
