/*
 * What this machine allows, and the slots.
 *
 * A slot is a number with a pair of user ids (as root) and cgroups. The ids of
 * all slots of all supervisors of a machine come from one range, and a byte of
 * a locked file stands for each, so that no two processes ever use one at the
 * same time: RLIMIT_NPROC and other quotas are per user id.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum { SLOTS_USUAL = 8, URGENT = -10 };

static const char *const top_names[BOX_LINKS] = { "bin",   "sbin",  "lib",
						  "lib32", "lib64", "libx32",
						  NULL };

int64_t box_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000000 + t.tv_nsec / 1000;
}

void box_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A child in namespaces of its own: are they to be had? */
static bool userns_works(void)
{
	int status = -1;
	pid_t pid = (pid_t)syscall(SYS_clone,
				   CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
					   CLONE_NEWNET | SIGCHLD,
				   NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* What of / leads into /usr, or is a folder by itself. */
static void find_tops(struct box_host *h)
{
	int n = 0;

	for (int i = 0; top_names[i]; i++) {
		char path[BOX_FOLDER + 1], to[BOX_FOLDER];
		struct stat st;
		ssize_t len;

		snprintf(path, sizeof(path), "/%s", top_names[i]);
		if (lstat(path, &st))
			continue;
		len = readlink(path, to, sizeof(to) - 1);
		if (len >= 0) {
			to[len] = '\0';
			snprintf(h->links[n].to, BOX_FOLDER, "%s", to);
		} else {
			h->folders[n] = true;
		}
		snprintf(h->links[n++].name, BOX_FOLDER, "%s", top_names[i]);
	}
}

/* Through clone and execve an ignored signal stays ignored. */
static void find_ignored(struct box_host *h)
{
	struct sigaction now;

	for (int s = 1; s < NSIG; s++)
		if (!sigaction(s, NULL, &now) && now.sa_handler == SIG_IGN)
			h->ignored |= 1ull << (s - 1);
}

static enum err open_lock(struct ctx *cx, struct box_host *h)
{
	if (!h->root)
		return OK;
	h->lock = box_ids_lock();
	if (h->lock < 0)
		return err_set(cx, ERR_UNAVAILABLE,
			       "no file for locks of slots can be made in "
			       "/run/assay-box, $XDG_RUNTIME_DIR or /tmp: %s",
			       strerror(errno));
	return OK;
}

static enum err make_filters(struct ctx *cx, struct box_host *h)
{
	enum err e = OK;

	for (unsigned bits = 0; !e && bits < FILTER_COUNT; bits++)
		e = box_filter_make(cx, bits, &h->filters[bits]);
	return e;
}

static void find_out(struct box_host *h, const struct box_opts *opts)
{
	int most = opts->level_most ? opts->level_most : RUN_FULL;
	bool userns;

	h->landlock = box_landlock_abi();
	h->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (h->cpus < 1)
		h->cpus = 1;
	find_tops(h);
	find_ignored(h);
	h->urgent = getpriority(PRIO_PROCESS, 0) < 0;
	userns = most >= RUN_SAMPLED && userns_works();
	h->root = box_ids_find(
		h, opts->uid_first ? opts->uid_first : BOX_UID_FIRST, userns);
	h->mode = BOX_WEAKLY;
	if (userns)
		h->mode = h->root ? BOX_AS_ROOT : BOX_AS_USER;
	h->level = h->mode == BOX_WEAKLY ? RUN_WEAK : RUN_SAMPLED;
	if (h->level == RUN_SAMPLED && most >= RUN_FULL) {
		box_cgroups_find(&h->cgroups);
		if (h->cgroups.kind)
			h->level = RUN_FULL;
	}
	/* Only the machine's root may come back from another network. */
	h->net_namespace = opts->net_namespace || h->mode == BOX_AS_USER ||
			   (h->mode == BOX_AS_ROOT && !box_ids_of_machine());
}

void box_urgent(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first))
		setpriority(PRIO_PROCESS, 0, URGENT);
}

enum err box_host_open(struct ctx *cx, const struct box_opts *opts,
		       struct box_host **out)
{
	struct box_host *h = calloc(/* allowed: an object of its own */
				    1, sizeof(*h));
	enum err e;

	CHECK(h);
	h->slots = opts->slots ? opts->slots : SLOTS_USUAL;
	CHECK(h->slots >= 1 && h->slots <= BOX_SLOTS);
	h->numbers = BOX_NUMBERS;
	for (int i = 0; i < BOX_SLOTS; i++) {
		struct box_slot *s = &h->slot[i];

		s->oom = s->net = -1;
		s->number = i;
		for (int f = 0; f < CF_COUNT; f++)
			s->file[f] = -1;
		for (int c = 0; c < CG_COUNT; c++)
			s->dir[c] = s->procs[c] = -1;
	}
	h->template_ns = h->own_ns = h->own_root = h->own_net = -1;
	h->own_oom = box_own_oom_open();
	h->lock = -1;
	find_out(h, opts);
	box_stolen_open(h);
	e = open_lock(cx, h);
	if (!e && h->mode == BOX_AS_ROOT)
		box_template_make(h);
	if (!e)
		e = make_filters(cx, h);
	if (!e && h->level == RUN_WEAK && !h->landlock)
		e = err_set(cx, ERR_UNAVAILABLE,
			    "this host has neither user namespaces nor "
			    "Landlock: nothing can be fenced in");
	if (e) {
		box_host_close(h);
		return e;
	}
	*out = h;
	return OK;
}

void box_host_close(struct box_host *h)
{
	if (!h)
		return;
	while (h->ready) {
		struct box *b = h->ready;

		h->ready = b->next;
		box_free(b);
	}
	for (int i = 0; i < BOX_SLOTS; i++) {
		if (h->slot[i].made)
			box_cgroup_remove(h, i);
		box_close(&h->slot[i].net);
	}
	for (int i = 0; i < FILTER_COUNT; i++)
		box_filter_done(&h->filters[i]);
	box_stolen_close(h);
	box_close(&h->lock);
	box_close(&h->template_ns);
	box_close(&h->own_ns);
	box_close(&h->own_root);
	box_close(&h->own_net);
	box_close(&h->own_oom);
	free(h);
}

int box_host_level(const struct box_host *h)
{
	return h->level;
}

/* -- slots -- */

static bool lock_byte(int fd, int at, short how)
{
	struct flock l = {
		.l_type = how, .l_whence = SEEK_SET, .l_start = at, .l_len = 1
	};

	return fd < 0 || fcntl(fd, F_OFD_SETLK, &l) == 0;
}

/* One file has one lock: its holder would get the same byte twice. */
static bool own_number(const struct box_host *h, int number)
{
	for (int i = 0; i < h->slots; i++)
		if (h->slot[i].taken && h->slot[i].number == number)
			return true;
	return false;
}

/* A number that no other process of this machine has; its last one if it can
 * be, so that what is named after it is found again. */
static bool take_number(struct box_host *h, struct box_slot *s)
{
	if (s->number < h->numbers && !own_number(h, s->number) &&
	    lock_byte(h->lock, s->number, F_WRLCK))
		return true;
	for (int n = 0; n < h->numbers; n++)
		if (!own_number(h, n) && lock_byte(h->lock, n, F_WRLCK)) {
			s->number = n;
			return true;
		}
	return false;
}

int box_slot_take(struct box_host *h)
{
	for (int i = 0; i < h->slots; i++) {
		struct box_slot *s = &h->slot[i];

		if (s->taken)
			continue;
		if (!take_number(h, s))
			return -1;
		s->taken = true;
		return i;
	}
	return -1;
}

void box_slot_give(struct box_host *h, int slot)
{
	h->slot[slot].taken = false;
	lock_byte(h->lock, h->slot[slot].number, F_UNLCK);
}

int64_t box_uid(const struct box_host *h, int slot, bool learner)
{
	return h->uid_first + 2 * (int64_t)h->slot[slot].number + learner;
}
