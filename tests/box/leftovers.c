#include "tests/box/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/box.h"
#include "tests/box/boxed.h"

enum {
	PROCS = 8192,
	NAME = 32,
	GONE_MS = 1000,
	FDS_OF_GROUP = 4,
	GROUPS = 3,
	SETTLE_LOOKS = 100,
	SETTLE_MS = 30,
	SETTLED = 10,	 /* equal counts in a row, where there are no spares */
	SPARE = 2,	 /* boxes that are made ready in advance, at most */
	FDS_OF_INIT = 2, /* the process and the line to it */
};

struct proc {
	pid_t pid, parent;
	char name[NAME];
	bool ours;
};

static int64_t lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	int64_t n = 0;
	int c;

	while (f && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

/* Of mounts, those that look like a box's: others come and go beside us. */
static int64_t mounts_of_boxes(void)
{
	static const char *const marks[] = { " - tmpfs box ", " - tmpfs root ",
					     "subset=pid", "assay", NULL };
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char line[4096];
	int64_t n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		bool is = false;

		for (int i = 0; marks[i]; i++)
			is = is || strstr(line, marks[i]);
		n += is;
	}
	if (f)
		fclose(f);
	return n;
}

/* Objects of user ids of runs; as an ordinary user, of our own. */
static int64_t sysv_of_runs(const char *path, int uid_column)
{
	FILE *f = fopen(path, "r");
	char line[400];
	int64_t n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *word = strtok(line, " \t\n");
		long long uid = -1;

		for (int i = 0; word && i <= uid_column; i++) {
			uid = strtoll(word, NULL, 10);
			word = strtok(NULL, " \t\n");
		}
		n += geteuid() ? uid == (long long)geteuid()
			       : uid >= BOX_UID_FIRST &&
					 uid < BOX_UID_FIRST + 2 * BOX_NUMBERS;
	}
	if (f)
		fclose(f);
	return n;
}

static int64_t entries_of(const char *path, const char *with)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && (!with || strstr(e->d_name, with));
	if (d)
		closedir(d);
	return n;
}

/* The name is between the first '(' and the last ')': it may hold both. */
static bool read_proc(const char *pid, struct proc *p)
{
	char path[300], room[512], *from, *to;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fread(room, 1, sizeof(room) - 1, f);
	fclose(f);
	room[n] = '\0';
	from = strchr(room, '(');
	to = strrchr(room, ')');
	if (!from || !to)
		return false;
	*to = '\0';
	*p = (struct proc){ .pid = (pid_t)strtol(pid, NULL, 10) };
	snprintf(p->name, sizeof(p->name), "%s", from + 1);
	p->parent = (pid_t)strtol(to + 4, NULL, 10);
	return true;
}

/* All below us, at any depth. */
static int below_us(struct proc *all)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0, kept = 0;
	bool more = true;

	while (d && (e = readdir(d)) && n < PROCS)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    read_proc(e->d_name, &all[n]))
			n++;
	if (d)
		closedir(d);
	while (more) {
		more = false;
		for (int i = 0; i < n; i++)
			for (int k = 0; k < n && !all[i].ours; k++)
				if (all[i].parent == getpid() ||
				    (all[k].ours &&
				     all[k].pid == all[i].parent))
					more = all[i].ours = true;
	}
	for (int i = 0; i < n; i++)
		if (all[i].ours)
			all[kept++] = all[i];
	return kept;
}

pid_t leftovers_child(const char *name)
{
	static struct proc all[PROCS];
	int n = below_us(all);

	for (int i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return all[i].pid;
	return 0;
}

static void count_processes(struct leftovers *l)
{
	static struct proc all[PROCS];
	int n = below_us(all);

	for (int i = 0; i < n; i++) {
		char path[64];

		if (!strcmp(all[i].name, "box-init")) {
			l->box_inits++;
		} else if (!strcmp(all[i].name, "assay-box") &&
			   all[i].parent == getpid()) {
			snprintf(path, sizeof(path), "/proc/%d/fd",
				 (int)all[i].pid);
			l->box_fds += entries_of(path, NULL);
		} else if (strcmp(all[i].name, "assay-box") != 0) {
			l->processes++;
		}
	}
}

/* Only those of the supervisor below us: others may be at work beside. */
static void count_cgroups(struct leftovers *l, const char *tree, pid_t box)
{
	char mine[64], path[600];
	DIR *d = opendir(tree);
	struct dirent *e;

	snprintf(mine, sizeof(mine), "assay-box-%d-", (int)box);
	while (d && (e = readdir(d))) {
		if (!strstr(e->d_name, mine))
			continue;
		l->cgroups++;
		snprintf(path, sizeof(path), "%s/%s/cgroup.procs", tree,
			 e->d_name);
		l->cgroup_tasks += lines_of(path);
	}
	if (d)
		closedir(d);
}

/* Version 2: beside the group into which the supervisor went. */
static void count_cgroups_v2(struct leftovers *l, pid_t box)
{
	char path[64], line[600], tree[700];
	int64_t before = l->cgroups;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)box);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		char *end = strstr(line, "/assay-box-supervisor");

		if (strncmp(line, "0::", 3) != 0 || !end)
			continue;
		*end = '\0';
		snprintf(tree, sizeof(tree), "/sys/fs/cgroup%s", line + 3);
		count_cgroups(l, tree, box);
	}
	if (f)
		fclose(f);
	/* One of these has the descriptors of two of version 1. */
	l->cgroups += l->cgroups - before;
}

static void count_keys(struct leftovers *l)
{
	FILE *f = fopen("/proc/key-users", "r");
	char line[200];

	while (f && fgets(line, sizeof(line), f)) {
		long long uid = strtoll(line, NULL, 10);

		l->keys += uid >= BOX_UID_FIRST &&
			   uid < BOX_UID_FIRST + 2 * BOX_NUMBERS;
	}
	if (f)
		fclose(f);
}

void leftovers_count(struct leftovers *l)
{
	pid_t box;

	*l = (struct leftovers){ 0 };
	count_processes(l);
	l->mounts = mounts_of_boxes();
	box = leftovers_child("assay-box");
	count_cgroups(l, "/sys/fs/cgroup/memory", box);
	count_cgroups(l, "/sys/fs/cgroup/pids", box);
	count_cgroups(l, "/sys/fs/cgroup/cpuacct", box);
	count_cgroups_v2(l, box);
	l->sysv = sysv_of_runs("/proc/sysvipc/shm", 7) +
		  sysv_of_runs("/proc/sysvipc/sem", 4) +
		  sysv_of_runs("/proc/sysvipc/msg", 7);
	l->queues = entries_of("/dev/mqueue", NULL);
	l->shm = entries_of("/dev/shm", "note");
	l->our_fds = entries_of("/proc/self/fd", NULL);
	count_keys(l);
}

/* A count walks over /proc, and spares may be made meanwhile. */
void leftovers_settled(struct leftovers *l)
{
	struct leftovers again;
	int same = 0;

	leftovers_count(l);
	for (int i = 0; i < SETTLE_LOOKS && same < SETTLED; i++) {
		poll(NULL, 0, SETTLE_MS);
		leftovers_count(&again);
		same = again.box_fds == l->box_fds &&
				       again.box_inits == l->box_inits &&
				       again.processes == l->processes
			       ? same + 1
			       : 0;
		*l = again;
		/* All spares are there: nothing more will come. */
		if (same && l->box_inits == SPARE)
			return;
	}
}

static bool more_than(const char *what, int64_t before, int64_t now, bool say)
{
	if (now > before && say)
		printf("left behind: %s %lld, before %lld\n", what,
		       (long long)now, (long long)before);
	return now > before;
}

static bool any_more(const struct leftovers *b, const struct leftovers *n,
		     bool with_fds, bool say)
{
	bool any = more_than("processes", b->processes, n->processes, say);

	any |= more_than("mounts", b->mounts, n->mounts, say);
	any |= more_than("tasks in cgroups", b->cgroup_tasks, n->cgroup_tasks,
			 say);
	any |= more_than("System V objects", b->sysv, n->sysv, say);
	any |= more_than("POSIX queues", b->queues, n->queues, say);
	any |= more_than("files in /dev/shm", b->shm, n->shm, say);
	if (!with_fds)
		return any;
	any |= more_than("descriptors of ours", b->our_fds, n->our_fds, say);
	any |= more_than("boxes made ready", SPARE, n->box_inits, say);
	/*
	 * A slot that is used for the first time keeps its cgroups open; and
	 * the first count may have come before all spares were made again.
	 */
	any |= more_than("descriptors of assay-box",
			 b->box_fds + FDS_OF_GROUP * (n->cgroups - b->cgroups) +
				 FDS_OF_INIT * (n->box_inits - b->box_inits),
			 n->box_fds, say);
	any |= more_than("cgroups", GROUPS * BOX_NUMBERS, n->cgroups, say);
	return any;
}

static int64_t now_ms(void)
{
	return clock_mono_ns(&clock_system) / 1000000;
}

bool leftovers_gone(const struct leftovers *before, bool with_fds)
{
	int64_t end = now_ms() + (int64_t)GONE_MS * boxed_times();
	struct leftovers now;

	do {
		leftovers_count(&now);
		if (!any_more(before, &now, with_fds, false))
			return true;
		poll(NULL, 0, 10); /* the kernel is at it */
	} while (now_ms() < end);
	any_more(before, &now, with_fds, true);
	return false;
}
