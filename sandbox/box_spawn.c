/*
 * From nothing to a program that runs: clone an init into namespaces of its
 * own, write its id maps, open the gate, and later send the word to go.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/sched.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_wire.h"
#include "sandbox/fds.h"

enum { MESSAGE_ROOM = 1 << 18 };

static enum err ours(struct ctx *cx, const char *what)
{
	return err_set(cx, ERR_UNAVAILABLE, "a box cannot be made: %s: %s",
		       what, strerror(errno));
}

static bool write_map(pid_t pid, const char *file, const char *text)
{
	char path[48];
	int fd;
	bool fine;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	fine = fd >= 0 &&
	       write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return fine;
}

/* Two ids, each of no one else: never host id 0. */
static bool map_as_root(struct box *b)
{
	char text[96];

	snprintf(text, sizeof(text), "%d %lld 1\n%d %lld 1\n", BOX_INIT,
		 (long long)box_uid(b->host, b->slot, false), BOX_LEARNER,
		 (long long)box_uid(b->host, b->slot, true));
	return write_map(b->pid, "uid_map", text) &&
	       write_map(b->pid, "gid_map", text);
}

static bool map_as_user(struct box *b)
{
	char text[48];

	snprintf(text, sizeof(text), "%d %d 1\n", BOX_LEARNER, (int)geteuid());
	if (!write_map(b->pid, "uid_map", text) ||
	    !write_map(b->pid, "setgroups", "deny"))
		return false;
	snprintf(text, sizeof(text), "%d %d 1\n", BOX_LEARNER, (int)getegid());
	return write_map(b->pid, "gid_map", text);
}

static struct box *new_box(struct box_host *h, struct box_kind kind)
{
	struct box *b = calloc(1, sizeof(*b)); /* allowed: until box_free */

	CHECK(b);
	b->host = h;
	b->kind = kind;
	b->in_slot_net = h->mode == BOX_AS_ROOT && !h->net_namespace;
	b->slot = b->pidfd = b->control = b->work = b->userns = -1;
	b->out = b->err = b->master = b->cause = -1;
	b->pid = b->relay = -1;
	b->share = mmap(NULL, sizeof(*b->share), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(b->share != MAP_FAILED);
	return b;
}

static int flags_of(const struct box *b)
{
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
		    CLONE_NEWUTS;

	/* Else made by the program's own last steps, in its cgroup. */
	if (!b->host->cgroups.kind)
		flags |= CLONE_NEWCGROUP;
	if (b->host->mode == BOX_WEAKLY)
		return 0;
	if (b->host->net_namespace || (b->kind.apart && !b->in_slot_net))
		flags |= CLONE_NEWNET;
	return flags;
}

/* A copy of this process with the flags; 0 in the child. */
static pid_t clone_here(struct box *b)
{
	struct clone_args args = {
		.flags = (uint64_t)(unsigned)flags_of(b) | CLONE_PIDFD |
			 CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&b->pidfd,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * In the template's mount namespace there are few mounts to copy. We are back
 * before anything else is done, with the root and the working folder that we
 * had: *at remembers the latter.
 */
bool box_enter_template(const struct box_host *h, int *at)
{
	*at = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*at >= 0 && !setns(h->template_ns, CLONE_NEWNS))
		return true;
	box_close(at);
	return false;
}

void box_leave_template(const struct box_host *h, int *at)
{
	CHECK(!setns(h->own_ns, CLONE_NEWNS) && !fchdir(h->own_root) &&
	      !chroot(".") && !fchdir(*at));
	box_close(at);
}

static pid_t clone_init(struct box *b)
{
	const struct box_host *h = b->host;
	pid_t pid = -1;
	int at;

	if (b->in_slot_net && !box_net_enter(h, b->slot))
		return -1;
	if (!b->from_template) {
		pid = clone_here(b);
	} else if (box_enter_template(h, &at)) {
		pid = clone_here(b);
		if (pid)
			box_leave_template(h, &at);
	}
	if (pid && b->in_slot_net)
		box_net_leave(h);
	return pid;
}

static void inside(struct box *b, int control)
{
	struct box_inside in = {
		.host = b->host,
		.kind = b->kind,
		.share = b->share,
		.control = control,
		.ruleset = -1,
		.one_id = !b->host->root,
		.folder = b->folder,
		.learner = BOX_LEARNER,
		.from_template = b->from_template,
	};

	if (b->host->mode == BOX_WEAKLY)
		in.learner = (uid_t)box_uid(b->host, b->slot, true);
	for (int i = 0; i < CG_COUNT; i++)
		in.procs[i] = b->host->slot[b->slot].procs[i];
	box_init(&in);
}

static enum err spawn(struct ctx *cx, struct box *b)
{
	int pair[2], room = MESSAGE_ROOM;
	bool mapped;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return ours(cx, "socket");
	b->control = pair[0];
	b->from_template = b->host->template_ns >= 0;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	b->pid = clone_init(b);
	if (b->pid == 0)
		inside(b, pair[1]);
	close(pair[1]);
	if (b->pid < 0)
		return ours(cx, "clone");
	mapped = b->host->mode == BOX_WEAKLY ||
		 (b->host->mode == BOX_AS_ROOT ? map_as_root(b)
					       : map_as_user(b));
	if (!mapped)
		return ours(cx, "id map");
	if (send(b->control, "m", 1, MSG_NOSIGNAL) != 1)
		return ours(cx, "gate");
	return OK;
}

struct box *box_arm(struct ctx *cx, struct box_host *h, struct box_kind kind)
{
	struct box *b = new_box(h, kind);
	enum err e = OK;

	b->slot = box_slot_take(h);
	if (b->slot < 0)
		e = err_set(cx, ERR_BUSY,
			    "all boxes are in use: wait for one to end");
	else if (!box_cgroup_ready(h, b->slot))
		e = ours(cx, "cgroup");
	else if (b->in_slot_net && !box_net_ready(h, b->slot))
		e = ours(cx, "network namespace");
	else if (h->mode == BOX_WEAKLY && !box_weak_make(b))
		e = ours(cx, "working folder");
	if (!e)
		e = spawn(cx, b);
	if (!e)
		return b;
	box_free(b);
	return NULL;
}

static bool same_kind(const struct box *b, struct box_kind k)
{
	return b->kind.chain == k.chain && b->kind.apart == k.apart &&
	       b->kind.terminal == k.terminal && b->kind.probe == k.probe &&
	       b->kind.disk_bytes == k.disk_bytes && b->kind.inodes == k.inodes;
}

struct box *box_take(struct ctx *cx, struct box_host *h, struct box_kind kind)
{
	struct box *other;

	for (struct box **at = &h->ready; *at; at = &(*at)->next) {
		struct box *b = *at;

		if (!same_kind(b, kind))
			continue;
		*at = b->next;
		b->next = NULL;
		box_look(b);
		if (!b->dead && atomic_load(&b->share->state) == BOX_ARMED)
			return b;
		box_free(b);
		return box_take(cx, h, kind);
	}
	/* One of another kind may hold the last slot. */
	other = h->ready;
	if (other) {
		int in_use = 0;

		for (int i = 0; i < BOX_SLOTS; i++)
			in_use += h->slot[i].taken;
		if (in_use >= h->slots) {
			h->ready = other->next;
			box_free(other);
		}
	}
	return box_arm(cx, h, kind);
}

void box_keep_ready(struct box_host *h, struct box_kind kind, int n)
{
	struct ctx cx = { .arena = arena_new(0) };
	int ready = 0;

	for (struct box **at = &h->ready; *at;) {
		struct box *b = *at;

		if (same_kind(b, kind) && !b->dead) {
			ready++;
			at = &b->next;
			continue;
		}
		*at = b->next;
		box_free(b);
	}
	while (ready++ < n) {
		struct box *b = box_arm(&cx, h, kind);

		if (!b)
			break;
		b->next = h->ready;
		h->ready = b;
	}
	arena_free(cx.arena);
}

/* -- go -- */

/* A memfd's other, read-only door. */
static int input_of(struct str bytes)
{
	int fd = box_sealed(bytes), ro = -1;
	char path[40];

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return ro;
}

static bool send_go(struct box *b, struct box_go *go, struct str bytes,
		    const int *fds, int n)
{
	char ctl[FDS_ROOM] = { 0 };
	struct iovec iov[2] = { { go, sizeof(*go) },
				{ (char *)bytes.p, bytes.n } };
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = go->in_memfd ? 1 : 2 };

	if (n)
		fds_attach(&m, ctl, fds, n);
	return sendmsg(b->control, &m, MSG_NOSIGNAL) >= 0;
}

static int standard_input(struct box *b, const struct run_ask *ask)
{
	if (ask->peer.n)
		return box_relay_start(b, ask->peer);
	return ask->input.n ? input_of(ask->input)
			    : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Standard descriptors of the program: ours to close, and which of them. */
static enum err make_stdio(struct ctx *cx, struct box *b,
			   const struct run_ask *ask,
			   const struct box_ends *ends, int fds[3],
			   bool mine[3])
{
	int pair[2];

	fds[0] = ends->in;
	mine[0] = ends->in < 0;
	if (mine[0])
		fds[0] = standard_input(b, ask);
	if (fds[0] < 0)
		return ours(cx, "input");
	fds[1] = ends->out;
	mine[1] = ends->out < 0;
	if (mine[1]) {
		if (pipe2(pair, O_CLOEXEC))
			return ours(cx, "pipe");
		b->out = pair[0];
		fds[1] = pair[1];
		fcntl(b->out, F_SETFL, O_NONBLOCK);
	}
	if (pipe2(pair, O_CLOEXEC))
		return ours(cx, "pipe");
	b->err = pair[0];
	fds[2] = pair[1];
	mine[2] = true;
	fcntl(b->err, F_SETFL, O_NONBLOCK);
	return OK;
}

static enum err send_off(struct ctx *cx, struct box *b,
			 const struct run_ask *ask, const struct box_ends *ends,
			 const int *stdio)
{
	struct box_go go = {
		.limits = b->limits,
		.rows = (uint16_t)ends->rows,
		.cols = (uint16_t)ends->cols,
	};
	struct buf bytes = { .limit = WIRE_BYTES };
	int fds[4], n = 0;
	enum err e = OK;

	wire_put_ask(&bytes, ask, false);
	if (bytes.failed) {
		buf_done(&bytes);
		return err_field(cx, ERR_TOO_LARGE, "/put",
				 "all files together are too large");
	}
	go.bytes = (uint32_t)bytes.n;
	go.in_memfd = bytes.n > BOX_INLINE;
	if (!ends->terminal)
		for (; n < 3; n++)
			fds[n] = stdio[n];
	if (go.in_memfd) {
		fds[n] = box_sealed(buf_view(&bytes));
		if (fds[n++] < 0)
			e = ours(cx, "memory for files");
	}
	if (!e && !send_go(b, &go, buf_view(&bytes), fds, n))
		e = ours(cx, "message to init");
	if (go.in_memfd)
		box_close(&fds[n - 1]);
	buf_done(&bytes);
	return e;
}

enum err box_go(struct ctx *cx, struct box *b, const struct run_ask *ask,
		const struct box_ends *ends)
{
	int stdio[3] = { -1, -1, -1 };
	bool mine[3] = { false };
	enum err e = OK;

	b->limits = ask->limits;
	run_limits_fill(&b->limits);
	b->want = ask->want;
	CHECK(b->kind.terminal == ends->terminal);
	if (ask->peer.n && (ends->terminal || ends->in >= 0))
		return err_field(cx, ERR_INVALID, "/peer",
				 "standard input is taken already");
	if (!box_cgroup_limit(b->host, b->slot, &b->limits))
		return ours(cx, "limits of the cgroup");
	if (!ends->terminal)
		e = make_stdio(cx, b, ask, ends, stdio, mine);
	if (!e)
		e = send_off(cx, b, ask, ends, stdio);
	for (int i = 0; i < 3; i++)
		if (mine[i])
			box_close(&stdio[i]);
	b->gone = !e;
	b->gone_us = box_now_us();
	b->before = box_stolen_now(b->host);
	if (!b->host->cgroups.kind)
		b->oom_before = box_own_oom_kills(b->host);
	b->look_us = b->gone_us;
	return e;
}

/* -- the end -- */

void box_kill(struct box *b)
{
	if (b->pidfd < 0 || b->dead)
		return;
	b->killed_us = box_now_us();
	if (b->host->mode == BOX_WEAKLY) {
		/* Init itself must live to end the others. */
		shutdown(b->control, SHUT_RDWR);
		return;
	}
	syscall(SYS_pidfd_send_signal, b->pidfd, SIGKILL, NULL, 0);
}

void box_free(struct box *b)
{
	int status;

	if (b->pid > 0 && !b->dead) {
		box_kill(b);
		while (waitpid(b->pid, &status, __WALL) < 0 && errno == EINTR)
			;
	}
	box_relay_end(b);
	box_close(&b->pidfd);
	box_close(&b->control);
	box_close(&b->work);
	box_close(&b->userns);
	box_close(&b->out);
	box_close(&b->err);
	box_close(&b->master);
	buf_done(&b->got_out);
	buf_done(&b->got_err);
	munmap(b->share, sizeof(*b->share));
	box_weak_clear(b);
	if (b->slot >= 0)
		box_slot_give(b->host, b->slot);
	free(b);
}
