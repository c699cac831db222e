/*
 * Process 1 of a run. It comes out of clone with the supervisor's memory and
 * descriptors, waits for its ids, keeps what it needs, makes the mounts,
 * becomes somebody whom the program can neither trace nor signal, and waits for
 * the word to go. Then it starts the program as its child, reaps whatever dies
 * in the namespace, and writes down how the program itself ended. It then ends
 * all the rest, and by its own end the kernel ends the namespace.
 *
 * What fails here is our failure and is told by the share.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box_impl.h"
#include "sandbox/box_wire.h"
#include "sandbox/fds.h"

enum { SAMPLE_MS = 20, LAST_CAP = 63 };

static const char *const fixed_env[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin",
	"LANG=C.UTF-8",
	"LC_ALL=C.UTF-8",
	"TZ=UTC",
	"USER=learner",
	NULL,
};
static const char *const places[] = { "/usr/local/bin/", "/usr/bin/",
				      "/usr/sbin/", NULL };

void box_inside_fail(struct box_inside *in, const char *step)
{
	struct box_share *s = in->share;

	s->error = errno;
	snprintf(s->step, sizeof(s->step), "%s", step);
	atomic_store(&s->failed, 1);
	_exit(1);
}

/* Descriptors: the socket, the cgroups' ways in, nothing else. */
static void keep_descriptors(struct box_inside *in)
{
	int high[1 + CG_COUNT];

	high[0] = fcntl(in->control, F_DUPFD_CLOEXEC, 64);
	if (high[0] < 0)
		box_inside_fail(in, "descriptors");
	for (int i = 0; i < CG_COUNT; i++) {
		high[1 + i] = in->procs[i] < 0 ? -1
					       : fcntl(in->procs[i],
						       F_DUPFD_CLOEXEC, 64);
	}
	dup3(high[0], BOX_FD_CONTROL, O_CLOEXEC);
	in->control = BOX_FD_CONTROL;
	for (int i = 0; i < CG_COUNT; i++) {
		if (in->procs[i] < 0)
			continue;
		if (dup3(high[1 + i], BOX_FD_PROCS + i, O_CLOEXEC) < 0)
			box_inside_fail(in, "descriptors");
		in->procs[i] = BOX_FD_PROCS + i;
	}
	syscall(SYS_close_range, BOX_FD_FREE, ~0u, 0);
	for (int i = 0; i < 3; i++)
		close(i);
	if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		box_inside_fail(in, "/dev/null");
}

/* Waits until the supervisor has written the id maps. */
static void gate(struct box_inside *in)
{
	char go;
	ssize_t n;

	do
		n = recv(in->control, &go, 1, 0);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(1);
}

static void signals(const struct box_inside *in)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t child;

	/* Handlers are gone with clone. */
	for (int s = 1; s < NSIG; s++)
		if (in->host->ignored >> (s - 1) & 1)
			sigaction(s, &normal, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
}

static void become_init(struct box_inside *in)
{
	if (in->host->mode != BOX_WEAKLY && !in->one_id) {
		if (syscall(SYS_setgroups, 0, NULL) ||
		    syscall(SYS_setresgid, BOX_INIT, BOX_INIT, BOX_INIT) ||
		    syscall(SYS_setresuid, BOX_INIT, BOX_INIT, BOX_INIT))
			box_inside_fail(in, "ids of init");
	}
	/* Weakly, the end of the socket says it: there is work left to do. */
	if ((in->host->mode != BOX_WEAKLY &&
	     prctl(PR_SET_PDEATHSIG, SIGKILL)) ||
	    prctl(PR_SET_DUMPABLE, 0))
		box_inside_fail(in, "prctl");
	prctl(PR_SET_NAME, "box-init");
}

/* No program that it starts may gain what init has. */
static void drop_bounding_set(struct box_inside *in)
{
	if (in->host->mode == BOX_WEAKLY && in->one_id)
		return; /* has none, and may not say so */
	for (int c = 0; c <= LAST_CAP; c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) && errno != EINVAL)
			box_inside_fail(in, "bounding set");
}

static void send_fds(struct box_inside *in, const int *fds, int n)
{
	if (!fds_send(in->control, fds, n))
		_exit(1); /* nobody is there any more */
}

static void tell_armed(struct box_inside *in, int userns)
{
	int fds[2] = { open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), userns };

	if (fds[0] < 0)
		box_inside_fail(in, "work folder");
	send_fds(in, fds, userns < 0 ? 1 : 2);
	close(fds[0]);
	if (userns >= 0)
		close(userns);
}

static void arm(struct box_inside *in)
{
	int userns = -1;

	keep_descriptors(in);
	signals(in);
	gate(in);
	if (in->host->mode == BOX_AS_USER)
		userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	become_init(in);
	umask(0);
	if (in->host->mode == BOX_WEAKLY)
		box_weak_folders(in);
	else
		box_mounts(in);
	umask(0022);
	in->ruleset = box_landlock_make(in);
	if (chdir(in->host->mode == BOX_WEAKLY ? "work" : "/box/work"))
		box_inside_fail(in, "work folder");
	in->others = in->host->mode == BOX_WEAKLY && in->one_id
			     ? box_weak_tasks_of_user()
			     : in->one_id;
	drop_bounding_set(in);
	box_learner_ahead(in);
	tell_armed(in, userns);
	atomic_store(&in->share->state, BOX_ARMED);
}

/* The message, with descriptors behind it: standard ones, then the memfd. */
static struct str receive(struct box_inside *in, char *room)
{
	char ctl[CMSG_SPACE(sizeof(int) * 4)];
	struct iovec iov[2] = { { &in->go, sizeof(in->go) },
				{ room, BOX_INLINE } };
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = 2,
			    .msg_control = ctl,
			    .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;
	int fds[4] = { -1, -1, -1, -1 };
	ssize_t n;

	do
		n = recvmsg(in->control, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n == 0) /* never needed */
		_exit(0);
	if (n < (ssize_t)sizeof(in->go))
		box_inside_fail(in, "message");
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	memcpy(in->stdio, fds, sizeof(in->stdio));
	if (!in->go.in_memfd)
		return (struct str){ room, in->go.bytes };
	room = mmap(NULL, in->go.bytes, PROT_READ, MAP_SHARED,
		    in->kind.terminal ? fds[0] : fds[3], 0);
	if (room == MAP_FAILED)
		box_inside_fail(in, "message");
	return (struct str){ room, in->go.bytes };
}

static char **words(struct arena *a, const char *const *fixed,
		    const char *const *more, struct list l)
{
	const struct str *s = l.at;
	size_t n = 0, at = 0;
	char **out;

	for (; fixed && fixed[n]; n++)
		;
	for (size_t i = 0; more && more[i]; i++)
		n++;
	out = ARENA_ARRAY(a, char *, n + l.n + 1);
	for (size_t i = 0; fixed && fixed[i]; i++)
		out[at++] = (char *)str_z(a, str_of(fixed[i]));
	for (size_t i = 0; more && more[i]; i++)
		out[at++] = (char *)str_z(a, str_of(more[i]));
	for (size_t i = 0; i < l.n; i++)
		out[at++] = (char *)str_z(a, s[i]);
	return out;
}

/* As a shell looks for it; what is found nowhere stays and fails to run. */
static char *find_program(struct arena *a, char *name)
{
	if (strchr(name, '/'))
		return name;
	for (int i = 0; places[i]; i++) {
		const char *p = str_z(a, str_fmt(a, "%s%s", places[i], name));

		if (!access(p, X_OK))
			return (char *)p;
	}
	return name;
}

static void environment(struct box_inside *in, struct arena *a,
			struct list more)
{
	bool weak = in->host->mode == BOX_WEAKLY;
	struct str *all = ARENA_ARRAY(a, struct str, 2 + more.n);
	size_t n = 0;

	all[n++] = weak ? str_fmt(a, "HOME=%s/work", in->folder)
			: STR("HOME=/box/work");
	all[n++] = weak ? str_fmt(a, "TMPDIR=%s/tmp", in->folder)
			: STR("TMPDIR=/tmp");
	if (more.n)
		memcpy(all + n, more.at, more.n * sizeof(*all));
	n += more.n;
	in->envp =
		words(a, fixed_env, in->kind.chain ? in->kind.chain->env : NULL,
		      (struct list){ all, n });
}

static void prepare(struct box_inside *in, struct str bytes)
{
	struct ctx cx = { .arena = arena_new(1 << 16) };
	struct run_ask ask;

	if (wire_get_ask(&cx, bytes, &ask) || !ask.argv.n) {
		errno = EINVAL;
		box_inside_fail(in, "message");
	}
	box_mounts_put(in, &ask);
	in->argv = words(cx.arena, NULL, NULL, ask.argv);
	in->program = find_program(cx.arena, in->argv[0]);
	environment(in, cx.arena, ask.env);
}

/* Its own terminal: the other end goes to the supervisor. */
static void terminal(struct box_inside *in)
{
	struct winsize size = { .ws_row = in->go.rows, .ws_col = in->go.cols };
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int n = -1;

	if (master < 0 || unlockpt(master) || ioctl(master, TIOCGPTN, &n) ||
	    ioctl(master, TIOCSWINSZ, &size))
		box_inside_fail(in, "terminal");
	snprintf(in->terminal, sizeof(in->terminal), "/dev/pts/%d", n);
	if (!in->one_id && chown(in->terminal, BOX_LEARNER, (gid_t)-1))
		box_inside_fail(in, "terminal");
	send_fds(in, &master, 1);
	close(master);
}

static pid_t start(struct box_inside *in)
{
	pid_t pid;

	/* The child says it better; where vfork is fork (sanitizers), later. */
	in->share->started_us = box_now_us();
	pid = vfork();
	if (pid == 0)
		box_learner(in);
	if (pid < 0)
		box_inside_fail(in, "fork");
	for (int i = 0; i < 3; i++)
		if (in->stdio[i] > 2)
			close(in->stdio[i]);
	atomic_store(&in->share->program, pid);
	atomic_store(&in->share->state, BOX_STARTED);
	return pid;
}

/* Everything that has died; true when the program itself was among it. */
static bool reap(struct box_inside *in, pid_t program)
{
	bool ended = false;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid != program)
			continue;
		in->share->ended_us = box_now_us();
		in->share->status = status;
		ended = true;
	}
	return ended;
}

static void on_child(int sig)
{
	(void)sig;
}

/* A byte from the supervisor: the terminal is hung up. Its end: ours, too. */
static void told(struct box_inside *in)
{
	char what;
	ssize_t n = recv(in->control, &what, 1, MSG_DONTWAIT);

	if (n == 0) {
		if (in->host->mode == BOX_WEAKLY)
			box_weak_end(in);
		_exit(0);
	}
	if (n == 1 && what == 'h' && getpid() == 1)
		kill(-1, SIGHUP);
}

static void wait_for(struct box_inside *in, pid_t program)
{
	struct sigaction wake = { .sa_handler = on_child };
	struct timespec every = { .tv_nsec = SAMPLE_MS * 1000000 };
	bool sampled = !in->host->cgroups.kind;
	struct pollfd p = { .fd = in->control, .events = POLLIN };
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGCHLD, &wake, NULL);
	while (!reap(in, program)) {
		if (ppoll(&p, 1, sampled ? &every : NULL, &none) > 0)
			told(in);
		if (sampled)
			every.tv_nsec = box_sample(in) * 1000;
	}
}

/* Nobody survives the program. */
static void end_rest(struct box_inside *in)
{
	struct rusage used;
	pid_t one;

	if (getpid() != 1) { /* kill(-1) would reach the host */
		atomic_store(&in->share->left, box_weak_tasks(&one, 1) > 0);
		box_weak_end(in);
	} else {
		atomic_store(&in->share->left, kill(-1, SIGKILL) == 0);
		while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
			kill(-1, SIGKILL);
	}
	getrusage(RUSAGE_CHILDREN, &used);
	if (!in->host->cgroups.kind) {
		int64_t us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) *
				     1000000 +
			     used.ru_utime.tv_usec + used.ru_stime.tv_usec;

		if (us > atomic_load(&in->share->cpu_us))
			atomic_store(&in->share->cpu_us, us);
		if (used.ru_maxrss * 1024 > atomic_load(&in->share->peak_bytes))
			atomic_store(&in->share->peak_bytes,
				     used.ru_maxrss * 1024);
	}
}

void box_init(struct box_inside *in)
{
	char room[BOX_INLINE]; /* on the stack: the heap would be copied */
	struct str bytes;
	pid_t program;

	arm(in);
	bytes = receive(in, room);
	prepare(in, bytes);
	if (in->kind.terminal)
		terminal(in);
	program = start(in);
	wait_for(in, program);
	end_rest(in);
	atomic_store(&in->share->state, BOX_ENDED);
	_exit(0);
}
