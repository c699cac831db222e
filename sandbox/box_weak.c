/*
 * Where the host has no user namespaces for us: no own processes, mounts or
 * users. A folder of the host is the place to work in; Landlock keeps files
 * to it, the filter keeps it off the network, rlimits bound each process. What
 * init is process 1 for elsewhere it does here by hand: it is the reaper of
 * all that the program leaves, and looks for it by the kernel's list of
 * children. As root the program still runs as an unused user.
 *
 * Never kill(-1) here but as that user: it would reach the host's processes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

/* -- inside -- */

void box_weak_folders(struct box_inside *in)
{
	static const char *const own[] = { "work", "tmp", NULL };

	if (chdir(in->folder))
		box_inside_fail(in, "working folder");
	for (int i = 0; own[i]; i++)
		if (mkdir(own[i], 0700) ||
		    (!in->one_id && chown(own[i], in->learner, in->learner)))
			box_inside_fail(in, "working folder");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		box_inside_fail(in, "subreaper");
}

int box_weak_tasks(pid_t *out, int most)
{
	int n = box_children(getpid(), out, 0, most);

	for (int i = 0; i < n; i++)
		n = box_children(out[i], out, n, most);
	return n;
}

/* As the program's own user: all that it can ever have started. */
static void kill_as_learner(const struct box_inside *in)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (!syscall(SYS_setresuid, in->learner, in->learner,
			     in->learner))
			kill(-1, SIGKILL);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void box_weak_end(struct box_inside *in)
{
	pid_t pids[BOX_TASKS];
	int n;

	do {
		if (!in->one_id)
			kill_as_learner(in);
		n = box_weak_tasks(pids, BOX_TASKS);
		for (int i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		while (waitpid(-1, NULL, __WALL | (n ? 0 : WNOHANG)) > 0)
			;
	} while (n || errno != ECHILD);
}

/* RLIMIT_NPROC is of the user, who may run other things. */
int64_t box_weak_tasks_of_user(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = readdir(d))) {
		char path[300];
		struct stat st;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", e->d_name);
		if (!stat(path, &st) && st.st_uid == getuid())
			n += (int64_t)st.st_nlink - 2;
	}
	if (d)
		closedir(d);
	return n;
}

/* -- the supervisor's -- */

bool box_weak_make(struct box *b)
{
	snprintf(b->folder, sizeof(b->folder), "/tmp/assay-box-XXXXXX");
	if (!mkdtemp(b->folder)) {
		b->folder[0] = '\0';
		return false;
	}
	/* Passed through by the program's user, listed by nobody else. */
	return geteuid() != 0 || !chmod(b->folder, 0711);
}

/* Its owner may have closed it, and may be us. A failure shows later. */
static void open_up(int dir, const char *name)
{
	if (fchmodat(dir, name, 0700, 0))
		return;
}

/* What is in a folder moves up to the top, so depth never matters. */
static void lift(int top, const char *name, int *serial)
{
	int sub;
	DIR *d;
	struct dirent *e;

	open_up(top, name);
	sub = openat(top, name,
		     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = sub < 0 ? NULL : fdopendir(sub);
	while (d && (e = readdir(d))) {
		char to[32];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    !unlinkat(sub, e->d_name, 0))
			continue;
		open_up(sub, e->d_name);
		snprintf(to, sizeof(to), ".lifted-%d", (*serial)++);
		renameat(sub, e->d_name, top, to);
	}
	if (d)
		closedir(d);
	unlinkat(top, name, AT_REMOVEDIR);
}

/* One turn over the top; false when it is empty. */
static bool clear_once(const char *folder, int *serial)
{
	int top = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = top < 0 ? NULL : fdopendir(top);
	struct dirent *e;
	bool any = false;

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		any = true;
		if (unlinkat(top, e->d_name, 0))
			lift(top, e->d_name, serial);
	}
	if (d)
		closedir(d);
	return any;
}

void box_weak_clear(struct box *b)
{
	int serial = 0;

	if (!b->folder[0])
		return;
	while (rmdir(b->folder) && errno == ENOTEMPTY)
		if (!clear_once(b->folder, &serial))
			break;
}
