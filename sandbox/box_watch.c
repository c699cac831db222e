/*
 * The supervisor's side of a run that is under way. It looks when something
 * happens (output, the end, memory ran out) and at the earliest moment at
 * which a limit can have been passed: what is left of the CPU time, divided by
 * the processors there are. So a limit is passed by milliseconds, though
 * nothing is polled at a fixed rate.
 *
 * A verdict follows from what the supervisor did and why (cause), then from
 * what the kernel says that it did (out of memory), then from how the program
 * ended by itself. A limit that was passed counts even if the program was
 * quicker to end.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

enum {
	LOOK_LEAST_US = 500,
	LOOK_MOST_US = 50000,
	SETUP_MOST_US = 10000000,
	REST_MOST_US = 2000000,
	HANGUP_US = 2000000, /* from SIGHUP to the end */
	OVER_US = 50000,     /* for init to tell that the program has ended */
	READ_AT_ONCE = 65536,
	READS_AT_ONCE = 16, /* then others are looked at */
};

static bool counted(const struct box *b)
{
	return b->host->cgroups.kind != BOX_CGROUP_NONE;
}

static int64_t cpu_us(const struct box *b)
{
	return counted(b) ? box_cgroup_cpu_us(b->host, b->slot)
			  : atomic_load(&b->share->cpu_us);
}

int box_polls(const struct box *b, struct pollfd *p)
{
	int n = 0, oom = b->host->slot[b->slot].oom;

	p[n++] = (struct pollfd){ .fd = b->pidfd, .events = POLLIN };
	/* What init says then is read when there is something else to see: to
	 * be woken for it would stop init itself on a busy machine. */
	if (!b->killed_us && (!b->gone || !counted(b) || b->kind.terminal))
		p[n++] = (struct pollfd){ .fd = b->control, .events = POLLIN };
	if (b->out >= 0 && !b->over_us)
		p[n++] = (struct pollfd){ .fd = b->out, .events = POLLIN };
	if (b->err >= 0 && !b->over_us)
		p[n++] = (struct pollfd){ .fd = b->err, .events = POLLIN };
	/* Of version 2 it says so until it is read, which is done with the
	 * limits. */
	if (oom >= 0 && b->gone && !b->killed_us)
		p[n++] = (struct pollfd){
			.fd = oom,
			.events = b->host->cgroups.kind == BOX_CGROUP_V1
					  ? POLLIN
					  : POLLPRI,
		};
	return n;
}

/* A program that ended in time is not late because its rest is being ended. */
static int64_t wall_end_us(const struct box *b)
{
	int64_t end = b->share->started_us + b->limits.wall_ms * 1000;
	int64_t ended = b->share->ended_us;

	return ended && ended < end ? end + REST_MOST_US : end;
}

/* The first look at a program whose start we are not told of. */
static int64_t first_look_us(const struct box *b)
{
	int64_t us = b->limits.cpu_ms * 1000 / b->host->cpus;

	if (b->limits.wall_ms * 1000 < us)
		us = b->limits.wall_ms * 1000;
	return us < LOOK_MOST_US ? us : LOOK_MOST_US;
}

int64_t box_due_us(const struct box *b)
{
	int64_t at;

	if (!b->gone || b->dead || b->killed_us)
		return INT64_MAX;
	if (atomic_load(&b->share->state) < BOX_STARTED)
		return b->look_us + first_look_us(b);
	at = wall_end_us(b);
	if (b->look_us < at)
		at = b->look_us;
	if (b->hup_us && b->hup_us + HANGUP_US < at)
		at = b->hup_us + HANGUP_US;
	if (b->over_us && b->over_us + OVER_US < at)
		at = b->over_us + OVER_US;
	return at;
}

void box_stop(struct box *b, enum run_cause cause)
{
	if (b->cause < 0) {
		b->cause = (int)cause;
		b->stop_cpu_us = cpu_us(b);
	}
	box_kill(b);
}

/* Descriptors from inside: the work folder at first, then a terminal. */
static void take_fds(struct box *b, struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fds[4] = { -1, -1, -1, -1 };

	if (!c || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len > CMSG_LEN(sizeof(fds)))
		return;
	memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (b->work < 0) {
		b->work = fds[0];
		b->userns = fds[1];
		return;
	}
	box_close(&b->master);
	b->master = fds[0];
	box_close(&fds[1]);
}

static void listen_inside(struct box *b)
{
	char room[16], ctl[CMSG_SPACE(sizeof(int) * 4)];

	for (;;) {
		struct iovec iov = { room, sizeof(room) };
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = ctl,
				    .msg_controllen = sizeof(ctl) };

		if (recvmsg(b->control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <=
		    0)
			return;
		take_fds(b, &m);
	}
}

/*
 * What is there of a pipe, up to the limit. One that lives may write as fast as
 * we read, by single bytes.
 *
 * Beyond the limit nothing is read any more, so that writers stand still, and
 * the run is over, unless the program had ended and it was what it left behind
 * that wrote on: that is found out by waiting for init's word (OVER_US; see
 * cause_of).
 */
static void drain(struct box *b, int *fd, struct buf *to, int64_t *count,
		  int64_t limit, enum run_cause cause)
{
	char room[READ_AT_ONCE];

	for (int i = 0;
	     *fd >= 0 && !b->over_us && (b->dead || i < READS_AT_ONCE); i++) {
		ssize_t n = read(*fd, room, sizeof(room));
		size_t keep;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			box_close(fd);
			return;
		}
		keep = (size_t)(limit - *count) < (size_t)n
			       ? (size_t)(limit - *count)
			       : (size_t)n;
		buf_add(to, room, keep);
		*count += (int64_t)keep;
		if (keep < (size_t)n) {
			b->over = (int)cause;
			b->over_us = box_now_us();
		}
	}
}

/* Without memory on the host, it is our own failure. */
static const enum run_cause by_memory[] = {
	[BOX_OOM_OWN] = RUN_BY_MEMORY,
	[BOX_OOM_OTHERS] = RUN_BY_SETUP,
};

static enum box_oom sampled_oom(const struct box *b)
{
	return atomic_load(&b->share->bytes) > b->limits.memory_bytes
		       ? BOX_OOM_OWN
		       : BOX_OOM_NONE;
}

/* What stands behind this name in a process's status; NULL: it is not there. */
static const char *status_of(const char *status, const char *name)
{
	const char *p = strstr(status, name);

	return p ? p + strlen(name) : NULL;
}

enum program { PROGRAM_UNKNOWN, PROGRAM_LIVES, PROGRAM_ENDED };

/* PROGRAM_UNKNOWN: this is not it. A thread may outlive the first one. */
static enum program program_is(const struct box *b, pid_t pid)
{
	char room[2048];
	const char *numbers, *end, *state, *threads;

	box_read_proc(pid, "status", room, sizeof(room));
	state = status_of(room, "\nState:\t");
	threads = status_of(room, "\nThreads:\t");
	numbers = status_of(room, "\nNSpid:");
	end = numbers ? strchr(numbers, '\n') : NULL;
	if (!end || !state || !threads)
		return PROGRAM_UNKNOWN;
	numbers = memrchr(numbers, '\t', (size_t)(end - numbers));
	if (!numbers ||
	    strtol(numbers + 1, NULL, 10) != atomic_load(&b->share->program))
		return PROGRAM_UNKNOWN;
	return *state == 'Z' && strtol(threads, NULL, 10) <= 1 ? PROGRAM_ENDED
							       : PROGRAM_LIVES;
}

/* Whether or not init came to tell it. */
static enum program program_state(const struct box *b)
{
	pid_t child[BOX_TASKS];
	enum program is = PROGRAM_UNKNOWN;
	int n;

	if (b->share->ended_us)
		return PROGRAM_ENDED;
	n = box_children(b->pid, child, 0, BOX_TASKS);
	for (int i = 0; i < n && is == PROGRAM_UNKNOWN; i++)
		is = program_is(b, child[i]);
	return is;
}

/*
 * While the program lives, an output that is too long is its own. When it has
 * ended init's word is waited for; where /proc does not tell, only so long.
 */
static void check_over(struct box *b, int64_t now)
{
	enum program is = program_state(b);

	if (is == PROGRAM_LIVES ||
	    (is == PROGRAM_UNKNOWN && now >= b->over_us + OVER_US))
		box_stop(b, (enum run_cause)b->over);
	else if (is == PROGRAM_ENDED)
		b->over_us = now;
}

static void check_limits(struct box *b, int64_t now)
{
	int64_t used, left;
	enum box_oom oom;

	if (now >= wall_end_us(b))
		box_stop(b, RUN_BY_WALL);
	if (b->hup_us && now >= b->hup_us + HANGUP_US)
		box_stop(b, RUN_BY_CANCEL);
	if (b->over_us)
		check_over(b, now);
	oom = counted(b) ? box_cgroup_oom(b->host, b->slot) : sampled_oom(b);
	if (oom != BOX_OOM_NONE)
		box_stop(b, by_memory[oom]);
	used = cpu_us(b);
	left = b->limits.cpu_ms * 1000 - used;
	if (left < 0)
		box_stop(b, RUN_BY_CPU);
	left /= b->host->cpus;
	if (left < LOOK_LEAST_US)
		left = LOOK_LEAST_US;
	b->look_us = now + left;
}

static void look_at_end(struct box *b)
{
	struct pollfd p = { .fd = b->pidfd, .events = POLLIN };

	if (poll(&p, 1, 0) != 1)
		return;
	while (waitpid(b->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	b->dead = true;
}

void box_look(struct box *b)
{
	int64_t now = box_now_us();
	const struct run_limits *l = &b->limits;

	if (b->dead)
		return;
	listen_inside(b);
	look_at_end(b);
	/* After the end was noticed: then all that was written is there. */
	drain(b, &b->out, &b->got_out, &b->out_bytes, l->stdout_bytes,
	      RUN_BY_STDOUT);
	drain(b, &b->err, &b->got_err, &b->err_bytes, l->stderr_bytes,
	      RUN_BY_STDERR);
	if (b->dead || b->killed_us || !b->gone)
		return;
	if (atomic_load(&b->share->state) >= BOX_STARTED) {
		check_limits(b, now);
	} else if (now > b->gone_us + SETUP_MOST_US) {
		snprintf(b->why, sizeof(b->why), "set-up took over %d s",
			 SETUP_MOST_US / 1000000);
		box_stop(b, RUN_BY_SETUP);
	} else {
		b->look_us = now;
	}
}

/* -- the verdict -- */

static const int verdict_of[] = {
	[RUN_BY_EXIT] = RUN_AC,	   [RUN_BY_SIGNAL] = RUN_RE,
	[RUN_BY_CPU] = RUN_TLE,	   [RUN_BY_WALL] = RUN_TLE,
	[RUN_BY_MEMORY] = RUN_MLE, [RUN_BY_STDOUT] = RUN_OLE,
	[RUN_BY_STDERR] = RUN_OLE, [RUN_BY_CANCEL] = RUN_IE,
	[RUN_BY_SETUP] = RUN_IE,
};

/* Where no cgroup counts, SIGKILL says that we did not send it; it may have
 * been the kernel. */
static enum box_oom host_oom(const struct box *b)
{
	const struct box_share *s = b->share;

	return s->ended_us && WIFSIGNALED(s->status) &&
			       WTERMSIG(s->status) == SIGKILL &&
			       box_own_oom_kills(b->host) > b->oom_before
		       ? BOX_OOM_OTHERS
		       : BOX_OOM_NONE;
}

static void measure(const struct box *b, struct run_told *out,
		    enum box_oom *oom)
{
	const struct box_share *s = b->share;
	int64_t from = s->started_us, to = s->ended_us;
	struct box_usage u = { .cpu_us = atomic_load(&s->cpu_us),
			       .peak_bytes = atomic_load(&s->peak_bytes),
			       .tasks_peak = atomic_load(&s->tasks_peak) };

	struct box_stolen stolen = box_stolen_now(b->host);

	if (counted(b))
		box_cgroup_usage(b->host, b->slot, &u);
	/* Dying takes time, too: that of a fork bomb is not its own. */
	if (b->cause >= 0)
		u.cpu_us = b->stop_cpu_us;
	if (!to)
		to = b->killed_us ? b->killed_us : box_now_us();
	out->cpu_us = u.cpu_us;
	out->memory_peak_bytes = u.peak_bytes;
	out->tasks_peak = u.tasks_peak;
	out->wall_us = from && to > from ? to - from : 0;
	out->stdout_bytes = b->out_bytes;
	out->stderr_bytes = b->err_bytes;
	out->throttled_us = stolen.throttled_us - b->before.throttled_us;
	out->steal_us = stolen.steal_us - b->before.steal_us;
	*oom = u.oom;
	if (!counted(b))
		*oom = u.peak_bytes > b->limits.memory_bytes ? BOX_OOM_OWN
							     : host_oom(b);
}

static int cause_of(const struct box *b, const struct run_told *t,
		    enum box_oom oom)
{
	const struct box_share *s = b->share;

	if (b->cause >= 0)
		return b->cause;
	if (b->over_us && !atomic_load(&s->left))
		return b->over;
	if (b->hup_us)
		return RUN_BY_CANCEL;
	if (oom != BOX_OOM_NONE)
		return by_memory[oom];
	if (atomic_load(&s->failed) || atomic_load(&s->state) != BOX_ENDED)
		return RUN_BY_SETUP;
	if (t->cpu_us > b->limits.cpu_ms * 1000)
		return RUN_BY_CPU;
	if (t->wall_us > b->limits.wall_ms * 1000)
		return RUN_BY_WALL;
	return WIFSIGNALED(s->status) ? RUN_BY_SIGNAL : RUN_BY_EXIT;
}

static struct str why(struct ctx *cx, const struct box *b, enum box_oom oom)
{
	const struct box_share *s = b->share;

	if (b->why[0])
		return str_copy(cx->arena, str_of(b->why));
	if (atomic_load(&s->failed))
		return str_fmt(cx->arena, "set-up of a box failed: %.*s: %s",
			       BOX_STEP, s->step, strerror(s->error));
	if (b->cause == RUN_BY_CANCEL || b->hup_us)
		return STR("cancelled");
	if (oom == BOX_OOM_OTHERS)
		return STR("the host had no memory left for it");
	return STR("the box was ended by somebody else");
}

/* The program was not there, or is none: its own fault, as shells say it. */
static void exec_failed(struct ctx *cx, const struct box *b,
			struct run_told *out)
{
	int error = b->share->exec_error;

	if (!error || out->cause != RUN_BY_EXIT)
		return;
	out->exit = error == ENOENT ? 127 : 126;
	out->err = str_fmt(cx->arena, "the program cannot be started: %s\n",
			   strerror(error));
	out->stderr_bytes = (int64_t)out->err.n;
}

void box_finish(struct ctx *cx, struct box *b, struct run_told *out)
{
	enum box_oom oom;

	CHECK(b->dead);
	*out = (struct run_told){ .level = b->host->level };
	measure(b, out, &oom);
	out->cause = cause_of(b, out, oom);
	out->verdict = verdict_of[out->cause];
	out->out = buf_copy(&b->got_out, cx->arena);
	out->err = buf_copy(&b->got_err, cx->arena);
	if (out->cause == RUN_BY_EXIT)
		out->exit = WEXITSTATUS(b->share->status);
	if (out->cause == RUN_BY_SIGNAL)
		out->signal = WTERMSIG(b->share->status);
	exec_failed(cx, b, out);
	if (out->cause == RUN_BY_EXIT && out->exit)
		out->verdict = RUN_RE;
	if (out->verdict == RUN_IE)
		out->why = why(cx, b, oom);
	box_collect(cx, b, &out->got);
}
