/*
 * cgroups of slots. Making them costs milliseconds (version 1: three trees), so
 * a slot keeps its own; between runs they are empty, their counters set back
 * and their pages given back, while no run waits for it.
 *
 * Version 2 where it is delegated to us; else version 1 where memory, pids and
 * cpuacct are mounted and may be written; else none, and runs are sampled.
 * Only the program enters: what the supervisor and init use is not its.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

static const char *const controllers[CG_COUNT] = { "memory", "pids",
						   "cpuacct" };
#define PREFIX "assay-box"
#define SUPERVISOR PREFIX "-supervisor"

enum {
	LEFT_BYTES = 512 << 10, /* of a former run: not worth the time */
	LEFT_MOST = 1 << 20,	/* more would count against the next one */
	NEAR_BYTES = 256 << 10, /* the most that is asked for at once */
	MOVES = 5,		/* who forks meanwhile is not seen at once */
};

static bool put_at(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	bool fine;

	if (fd < 0)
		return false;
	fine = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return fine;
}

static bool put_number(int dir, const char *name, int64_t v)
{
	char text[STR_INT_TEXT + 1];
	struct str s = str_of_int(text, v);
	char z[STR_INT_TEXT + 1];

	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return put_at(dir, name, z);
}

static struct str get_text(int dir, const char *name, char *room, size_t n)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd >= 0) {
		got = read(fd, room, n - 1);
		close(fd);
	}
	room[got > 0 ? got : 0] = '\0';
	return (struct str){ room, got > 0 ? (size_t)got : 0 };
}

/* -- where -- */

/* Trees may hold several controllers: "cpu,cpuacct". */
static bool has_word(struct str names, const char *word)
{
	struct str one;

	if (!names.n)
		return !*word;
	while (str_split(&names, ',', &one))
		if (str_is(one, word))
			return true;
	return false;
}

bool box_cgroup_own(const char *controller, char *out, size_t room)
{
	char text[4096];
	struct str rest, line, number, names;

	rest = get_text(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));
	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &number) ||
		    !str_split(&line, ':', &names) || !line.p)
			continue;
		if (!has_word(names, controller))
			continue;
		if (line.n == 1)
			line.n = 0;
		snprintf(out, room, "%.*s", STR_FMT(line));
		return true;
	}
	return false;
}

static bool writable(const char *path)
{
	return access(path, W_OK | X_OK) == 0;
}

static bool find_v1(struct box_cgroups *g)
{
	char own[BOX_PATH / 2];

	for (int i = 0; i < CG_COUNT; i++) {
		if (!box_cgroup_own(controllers[i], own, sizeof(own)))
			return false;
		snprintf(g->path[i], sizeof(g->path[i]), "/sys/fs/cgroup/%s%s",
			 controllers[i], own);
		/* In a container the tree may begin at our own place. */
		if (access(g->path[i], F_OK))
			snprintf(g->path[i], sizeof(g->path[i]),
				 "/sys/fs/cgroup/%s", controllers[i]);
		if (!writable(g->path[i]))
			return false;
	}
	g->kind = BOX_CGROUP_V1;
	return true;
}

/* -- version 2: handing controllers down -- */

/*
 * All that is in a group is ours to move: systemd said so (Delegate=yes), or it
 * belongs to us as an ordinary user, or it is the top of a container.
 */
static bool is_ours(int dir, const char *own)
{
	char path[40], word[8] = "";
	struct stat st;

	if (!*own)
		return true;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	if (getxattr(path, "user.delegate", word, sizeof(word) - 1) <= 0 &&
	    getxattr(path, "trusted.delegate", word, sizeof(word) - 1) <= 0)
		word[0] = '\0';
	return word[0] == '1' || (!fstat(dir, &st) && st.st_uid == geteuid() &&
				  !box_ids_of_machine());
}

/* Everybody of a group into the leaf: whoever started us, for one. */
static void move_all(int dir, int leaf)
{
	char text[8192];
	struct str rest, line;

	rest = get_text(dir, "cgroup.procs", text, sizeof(text));
	while (str_split(&rest, '\n', &line)) {
		char pid[24];

		snprintf(pid, sizeof(pid), "%.*s", STR_FMT(line));
		if (line.n)
			put_at(leaf, "cgroup.procs", pid);
	}
}

/*
 * A group with processes in it cannot hand controllers down: we go into a leaf
 * of our own first, and with us, if it is ours, everybody else. Refused, all
 * is as it was.
 */
static bool hand_down(int dir, const char *top, const char *own, bool in_leaf)
{
	static const char *const wanted = "+memory +pids";
	char path[BOX_PATH + 64];
	bool fine = in_leaf;
	int leaf;

	snprintf(path, sizeof(path), "%s/" SUPERVISOR, top);
	if (!in_leaf && mkdir(path, 0755) && errno != EEXIST)
		return false;
	leaf = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (leaf >= 0 && !in_leaf)
		fine = put_at(leaf, "cgroup.procs", "0");
	if (fine)
		fine = put_at(dir, "cgroup.subtree_control", wanted);
	for (int i = 0; i < MOVES && !fine && leaf >= 0 && is_ours(dir, own);
	     i++) {
		move_all(dir, leaf);
		fine = put_at(dir, "cgroup.subtree_control", wanted);
	}
	box_close(&leaf);
	if (!fine && !in_leaf && put_at(dir, "cgroup.procs", "0"))
		rmdir(path);
	return fine;
}

static bool find_v2(struct box_cgroups *g)
{
	char own[BOX_PATH / 2], top[BOX_PATH], text[512];
	int dir;
	bool fine;
	char *under;

	if (!box_cgroup_own("", own, sizeof(own)))
		return false;
	under = strstr(own, "/" SUPERVISOR);
	if (under)
		*under = '\0';
	snprintf(top, sizeof(top), "/sys/fs/cgroup%s", own);
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	get_text(dir, "cgroup.controllers", text, sizeof(text));
	fine = strstr(text, "memory") && strstr(text, "pids") &&
	       writable(top) && hand_down(dir, top, own, under);
	close(dir);
	if (!fine)
		return false;
	for (int i = 0; i < CG_COUNT; i++)
		snprintf(g->path[i], sizeof(g->path[i]), "%s", top);
	g->kind = BOX_CGROUP_V2;
	return true;
}

/* Groups of a supervisor that was killed: their names say whose they were. */
static void sweep(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int pid;

		if (sscanf(e->d_name, PREFIX "-%d-", &pid) == 1 &&
		    kill(pid, 0) && errno == ESRCH)
			unlinkat(dir, e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

void box_cgroups_find(struct box_cgroups *g)
{
	*g = (struct box_cgroups){ 0 };
	if (!find_v2(g) && !find_v1(g)) {
		g->kind = BOX_CGROUP_NONE;
		return;
	}
	for (int i = 0; i < (g->kind == BOX_CGROUP_V1 ? CG_COUNT : 1); i++)
		sweep(g->path[i]);
}

/* -- one slot's -- */

static void slot_path(const struct box_host *h, int slot, int i, char *out,
		      size_t room)
{
	snprintf(out, room, "%s/" PREFIX "-%d-%d", h->cgroups.path[i],
		 (int)getpid(), slot);
}

static const char *const files_v1[CF_COUNT] = {
	[CF_USAGE] = "memory.usage_in_bytes",
	[CF_PEAK] = "memory.max_usage_in_bytes",
	[CF_CPU] = "cpuacct.usage",
	[CF_OOM] = "memory.oom_control",
	[CF_TASKS] = "pids.peak",
	[CF_PEAK_SWAP] = "memory.memsw.max_usage_in_bytes",
};
static const char *const files_v2[CF_COUNT] = {
	[CF_USAGE] = "memory.current", [CF_PEAK] = "memory.peak",
	[CF_CPU] = "cpu.stat",	       [CF_OOM] = "memory.events",
	[CF_TASKS] = "pids.peak",      [CF_PEAK_SWAP] = NULL,
};
/* v1: which tree a file is in. */
static const int tree_of[CF_COUNT] = {
	[CF_USAGE] = CG_MEMORY, [CF_PEAK] = CG_MEMORY,
	[CF_CPU] = CG_CPU,	[CF_OOM] = CG_MEMORY,
	[CF_TASKS] = CG_PIDS,	[CF_PEAK_SWAP] = CG_MEMORY,
};

/* v1: an eventfd that is told of every moment without memory. */
static int watch_oom(const struct box_slot *s)
{
	int control = openat(s->dir[CG_MEMORY], "memory.oom_control",
			     O_RDONLY | O_CLOEXEC);
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[32];

	snprintf(text, sizeof(text), "%d %d", event, control);
	if (control < 0 || event < 0 ||
	    !put_at(s->dir[CG_MEMORY], "cgroup.event_control", text))
		box_close(&event);
	box_close(&control);
	return event;
}

static int count(const struct box_host *h)
{
	return h->cgroups.kind == BOX_CGROUP_V1 ? CG_COUNT : 1;
}

/*
 * Through which a process with one thread moves itself. By version 1's tasks it
 * takes no lock of all processes, whose taking waits for a grace period of RCU
 * (12 ms on a quiet host; kernel/cgroup/cgroup.c, cgroup_procs_write_start).
 */
static const char *const entry_of[] = {
	[BOX_CGROUP_V1] = "tasks", [BOX_CGROUP_V2] = "cgroup.procs"
};

static bool make_one(struct box_host *h, int slot, int i)
{
	struct box_slot *s = &h->slot[slot];
	char path[BOX_PATH + 64];

	slot_path(h, slot, i, path, sizeof(path));
	if (mkdir(path, 0755) && errno != EEXIST)
		return false;
	s->dir[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->dir[i] < 0)
		return false;
	s->procs[i] = openat(s->dir[i], entry_of[h->cgroups.kind],
			     O_WRONLY | O_CLOEXEC);
	return s->procs[i] >= 0;
}

/* The last one in it may not be quite gone. */
static void remove_one(struct box_host *h, int slot, int i)
{
	struct box_slot *s = &h->slot[slot];
	char path[BOX_PATH + 64];

	box_close(&s->procs[i]);
	box_close(&s->dir[i]);
	slot_path(h, slot, i, path, sizeof(path));
	for (int n = 0; rmdir(path) && errno == EBUSY && n < 200; n++)
		poll(NULL, 0, 1);
}

static void open_file(struct box_host *h, int slot, int i)
{
	struct box_slot *s = &h->slot[slot];
	bool v1 = h->cgroups.kind == BOX_CGROUP_V1;
	int dir = s->dir[v1 ? tree_of[i] : 0];
	const char *name = v1 ? files_v1[i] : files_v2[i];

	if (!name)
		return;
	s->file[i] = openat(dir, name, O_RDWR | O_CLOEXEC);
	if (s->file[i] < 0)
		s->file[i] = openat(dir, name, O_RDONLY | O_CLOEXEC);
}

static bool make(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	for (int i = 0; i < count(h); i++)
		if (!make_one(h, slot, i)) {
			box_cgroup_remove(h, slot);
			return false;
		}
	s->made = true;
	s->limit_bytes = s->limit_tasks = 0;
	for (int i = 0; i < CF_COUNT; i++)
		open_file(h, slot, i);
	if (h->cgroups.kind == BOX_CGROUP_V1) {
		s->oom = watch_oom(s);
		/* Where swap is not counted, none may be used. */
		put_at(s->dir[CG_MEMORY], "memory.swappiness", "0");
	} else {
		/* The same open file as the one that is read: the kernel tells
		 * of what is newer than what was read from it. */
		s->oom = fcntl(s->file[CF_OOM], F_DUPFD_CLOEXEC, 0);
		put_at(s->dir[0], "memory.swap.max", "0");
		put_at(s->dir[0], "memory.oom.group", "1");
	}
	return true;
}

/* What a file that is kept open says now: all of it, or behind a word. */
static int64_t number_in(int fd, const char *word)
{
	char room[2048];
	ssize_t n = fd < 0 ? -1 : pread(fd, room, sizeof(room) - 1, 0);
	size_t len = word ? strlen(word) : 0;
	struct str rest, line;

	if (n <= 0)
		return 0;
	room[n] = '\0';
	if (!word)
		return strtoll(room, NULL, 10);
	rest = (struct str){ room, (size_t)n };
	while (str_split(&rest, '\n', &line))
		if (line.n > len && !memcmp(line.p, word, len) &&
		    line.p[len] == ' ')
			return strtoll(line.p + len, NULL, 10);
	return 0;
}

static int64_t read_kept(const struct box_slot *s, int which, const char *word)
{
	return number_in(s->file[which], word);
}

static bool zero_kept(const struct box_slot *s, int which)
{
	return s->file[which] >= 0 && pwrite(s->file[which], "0", 1, 0) == 1;
}

static int64_t oom_kills(const struct box_slot *s)
{
	return read_kept(s, CF_OOM, "oom_kill");
}

/* Version 1 does not count that; what met its limit has come near it. */
static bool own_memory_ran_out(const struct box_host *h,
			       const struct box_slot *s)
{
	int64_t near = s->limit_bytes - NEAR_BYTES;

	if (h->cgroups.kind == BOX_CGROUP_V2)
		return read_kept(s, CF_OOM, "oom") > s->own_oom_before;
	return read_kept(s, CF_PEAK, NULL) >= near ||
	       read_kept(s, CF_PEAK_SWAP, NULL) >= near;
}

/*
 * Version 1: what the last run left is given back if it is worth it. Memory
 * that belongs to no process (System V segments, files of a mount namespace)
 * is freed by the kernel some time after the last process is gone; a run in the
 * same cgroup would be killed for it: false.
 */
static bool reset(struct box_slot *s)
{
	uint64_t told;

	if (read_kept(s, CF_USAGE, NULL) > LEFT_BYTES) {
		put_at(s->dir[CG_MEMORY], "memory.force_empty", "0");
		if (read_kept(s, CF_USAGE, NULL) > LEFT_MOST)
			return false;
	}
	zero_kept(s, CF_PEAK);
	zero_kept(s, CF_PEAK_SWAP);
	zero_kept(s, CF_CPU);
	if (s->oom >= 0 && read(s->oom, &told, sizeof(told)) < 0)
		told = 0; /* nothing was told: fine */
	s->oom_before = oom_kills(s);
	return true;
}

/* An empty group may be taken away by whoever keeps the host's trees tidy. */
static bool is_there(const struct box_host *h, const struct box_slot *s)
{
	for (int i = 0; i < count(h); i++)
		if (faccessat(s->dir[i], "cgroup.procs", F_OK, 0))
			return false;
	return true;
}

/* Version 1: the most tasks at once are never set back but by a new group;
 * one task is what every run has. */
static bool new_tasks(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	if (read_kept(s, CF_TASKS, NULL) <= 1)
		return true;
	box_close(&s->file[CF_TASKS]);
	remove_one(h, slot, CG_PIDS);
	s->limit_tasks = 0;
	if (!make_one(h, slot, CG_PIDS))
		return false;
	open_file(h, slot, CF_TASKS);
	return true;
}

bool box_cgroup_ready(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	if (!h->cgroups.kind)
		return true;
	/* Version 2 cannot set back a peak on older kernels, and making a
	 * group is cheap there. */
	if (s->made && (h->cgroups.kind == BOX_CGROUP_V2 || !is_there(h, s)))
		box_cgroup_remove(h, slot);
	if (!s->made && !make(h, slot))
		return false;
	if (h->cgroups.kind == BOX_CGROUP_V2) {
		s->oom_before = oom_kills(s);
		s->own_oom_before = read_kept(s, CF_OOM, "oom");
		return true;
	}
	if (new_tasks(h, slot) && reset(s))
		return true;
	box_cgroup_remove(h, slot);
	return make(h, slot) && reset(s);
}

static bool limit_v1(struct box_slot *s, int64_t bytes)
{
	static const char *const names[] = { "memory.memsw.limit_in_bytes",
					     "memory.limit_in_bytes" };
	int dir = s->dir[CG_MEMORY];
	/* Both together may never be less than memory alone. */
	bool up = bytes > s->limit_bytes && s->limit_bytes;
	bool swap = !faccessat(dir, names[0], F_OK, 0);

	if (up && swap && !put_number(dir, names[0], bytes))
		return false;
	if (!put_number(dir, names[1], bytes))
		return false;
	return up || !swap || put_number(dir, names[0], bytes);
}

bool box_cgroup_limit(struct box_host *h, int slot, const struct run_limits *l)
{
	struct box_slot *s = &h->slot[slot];
	bool v1 = h->cgroups.kind == BOX_CGROUP_V1;
	int pids = v1 ? CG_PIDS : 0;

	if (!s->made)
		return !h->cgroups.kind;
	if (s->limit_bytes != l->memory_bytes) {
		if (v1 ? !limit_v1(s, l->memory_bytes)
		       : !put_number(s->dir[0], "memory.max", l->memory_bytes))
			return false;
		s->limit_bytes = l->memory_bytes;
	}
	if (s->limit_tasks != l->tasks) {
		if (!put_number(s->dir[pids], "pids.max", l->tasks))
			return false;
		s->limit_tasks = l->tasks;
	}
	return true;
}

void box_cgroup_remove(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	for (int i = 0; i < CF_COUNT; i++)
		box_close(&s->file[i]);
	for (int i = 0; i < CG_COUNT; i++)
		if (s->dir[i] >= 0)
			remove_one(h, slot, i);
	box_close(&s->oom);
	s->made = false;
}

int64_t box_cgroup_cpu_us(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	if (h->cgroups.kind == BOX_CGROUP_V1)
		return read_kept(s, CF_CPU, NULL) / 1000;
	return read_kept(s, CF_CPU, "usage_usec");
}

/*
 * The kernel counts a kill in the group of whoever was killed, also when it was
 * a group above or the machine that had no more memory.
 */
enum box_oom box_cgroup_oom(struct box_host *h, int slot)
{
	struct box_slot *s = &h->slot[slot];

	if (oom_kills(s) <= s->oom_before)
		return BOX_OOM_NONE;
	return own_memory_ran_out(h, s) ? BOX_OOM_OWN : BOX_OOM_OTHERS;
}

/* Where runs have no groups they are in the supervisor's. */
int box_own_oom_open(void)
{
	char own[BOX_PATH / 2], path[BOX_PATH];
	int fd = -1;

	if (box_cgroup_own("memory", own, sizeof(own))) {
		snprintf(path, sizeof(path),
			 "/sys/fs/cgroup/memory%s/memory.oom_control", own);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		/* In a container the tree may begin at our own place. */
		if (fd < 0)
			fd = open("/sys/fs/cgroup/memory/memory.oom_control",
				  O_RDONLY | O_CLOEXEC);
	} else if (box_cgroup_own("", own, sizeof(own))) {
		snprintf(path, sizeof(path),
			 "/sys/fs/cgroup%s/memory.events.local", own);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

int64_t box_own_oom_kills(const struct box_host *h)
{
	return number_in(h->own_oom, "oom_kill");
}

void box_cgroup_usage(struct box_host *h, int slot, struct box_usage *out)
{
	struct box_slot *s = &h->slot[slot];

	out->cpu_us = box_cgroup_cpu_us(h, slot);
	out->peak_bytes = read_kept(s, CF_PEAK, NULL);
	out->tasks_peak = read_kept(s, CF_TASKS, NULL);
	out->oom = box_cgroup_oom(h, slot);
}

bool box_cgroup_swap_held(const struct box_host *h)
{
	const struct box_slot *s = &h->slot[0];
	bool v1 = h->cgroups.kind == BOX_CGROUP_V1;
	char text[4096];
	struct str swaps =
		get_text(AT_FDCWD, "/proc/swaps", text, sizeof(text));
	const char *name =
		v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";

	/* Below the heading there is a line for each. */
	if (!swaps.n || memchr(swaps.p, '\n', swaps.n) == swaps.p + swaps.n - 1)
		return true;
	return h->cgroups.kind && s->made &&
	       !faccessat(s->dir[v1 ? CG_MEMORY : 0], name, F_OK, 0);
}
