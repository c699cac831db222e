/*
 * The fence, tried: one run whose program is our own list of attempts
 * (box_probe), and a run for each limit that a real program has to meet.
 */
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/box_impl.h"

static const struct field layer_fields[] = {
	FIELD(struct box_layer, name, KIND_STR, "which layer"),
	FIELD(struct box_layer, works, KIND_BOOL, "it was tried and held"),
	FIELD(struct box_layer, what, KIND_STR, "what it is for"),
	FIELD_OPT(struct box_layer, not_contained, KIND_STR,
		  "what gets through without it"),
	FIELD_END,
};
static const struct shape layer_shape = SHAPE(struct box_layer, layer_fields);
static const struct field selftest_fields[] = {
	FIELD(struct box_selftest, level, KIND_ENUM, "of the whole fence",
	      .words = run_level_words),
	FIELD(struct box_selftest, took_us, KIND_INT, "the test itself"),
	FIELD(struct box_selftest, layers, KIND_LIST, "one by one",
	      .of = KIND_OBJECT, .shape = &layer_shape),
	FIELD_END,
};
const struct shape box_selftest_shape =
	SHAPE(struct box_selftest, selftest_fields);

#define SH(script)                                                             \
	{                                                                      \
		STR("/bin/sh"), STR("-c"), STR(script)                         \
	}

static const struct {
	const char *name, *what, *without;
} probed[BOX_PROBES] = {
	[PROBE_PID_NS] = { "pid_namespace", "own processes only",
			   "seeing and signalling the host's processes" },
	[PROBE_MOUNT_NS] = { "mount_namespace", "a read-only tree of its own",
			     "names and sizes of the host's files" },
	[PROBE_IPC_NS] = { "ipc_namespace",
			   "no shared memory, no queues of "
			   "others",
			   "notes left for a later run in IPC objects" },
	[PROBE_UTS_NS] = { "uts_namespace", "no host name", "the host's name" },
	[PROBE_PROC] = { "proc", "own processes, nothing of the kernel",
			 "kernel and process facts in /proc" },
	[PROBE_PRIVILEGES] = { "privileges", "no capabilities, none to gain",
			       "privileges by setuid programs" },
	[PROBE_FILTER] = { "system_calls", "a filter of system calls",
			   "kernel attack surface: namespaces, io_uring, bpf" },
	[PROBE_LOCKS] = { "locks", "no file locks",
			  "signals between runs by locks on shared files" },
	[PROBE_NETWORK] = { "network", "no sockets but local ones",
			    "the network" },
	[PROBE_ABSTRACT] = { "abstract_sockets", "no sockets without a file",
			     "two runs that talk by abstract sockets" },
	[PROBE_LANDLOCK] = { "landlock", "a second line on files",
			     "whatever a hole in the mounts would show" },
	[PROBE_LINKS] = { "links", "links lead nowhere in the work folder",
			  "links in results (they are refused anyway)" },
	[PROBE_DISK] = { "disk_limit", "bytes and inodes of all files",
			 "filling the host's disk, by bytes or by files" },
};

/* Found by what the supervisor has to say of a program. */
static const struct {
	const char *name, *what, *without;
	int cause;
	struct str argv[3];
	struct run_limits limits;
} tried[] = {
	{ "cpu_limit",
	  "CPU time of all processes",
	  "more CPU time than allowed",
	  RUN_BY_CPU,
	  SH("while :; do :; done"),
	  { .cpu_ms = 10, .wall_ms = 1000 } },
	{ "wall_limit",
	  "time",
	  "runs that never end",
	  RUN_BY_WALL,
	  SH("while :; do :; done"),
	  { .cpu_ms = 1000, .wall_ms = 5 } },
	{ "output_limit",
	  "length of output",
	  "output without end",
	  RUN_BY_STDOUT,
	  SH("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"),
	  { .stdout_bytes = 1000 } },
	{ "memory_limit",
	  "memory of all processes together",
	  "memory of the host",
	  RUN_BY_MEMORY,
	  SH("x=x; while :; do x=$x$x; done"),
	  { .memory_bytes = 4 << 20 } },
	{ "task_limit",
	  "processes at once",
	  "fork bombs",
	  RUN_BY_EXIT, /* a status above 0: the shell cannot fork */
	  SH("(:)"),
	  { .tasks = 1 } },
};
enum {
	TRIED = sizeof(tried) / sizeof(*tried),
	OWN_IDS = 1,
	COUNTED = 1,
	SWAP = 1
};

static void add(struct box_selftest *out, const char *name, const char *what,
		const char *without, bool works)
{
	struct box_layer *l =
		(struct box_layer *)out->layers.at + out->layers.n++;

	*l = (struct box_layer){ .name = str_of(name),
				 .what = str_of(what),
				 .works = works };
	if (!works)
		l->not_contained = str_of(without);
}

/* A socket whose name is no file, which the probe must not reach. */
static int listen_abstract(struct box_host *h)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(h->probe + 1, sizeof(h->probe) - 1, "assay-probe-%d",
		 (int)getpid());
	memcpy(at.sun_path, h->probe, sizeof(h->probe));
	if (fd >= 0 &&
	    (bind(fd, (struct sockaddr *)&at,
		  offsetof(struct sockaddr_un, sun_path) + sizeof(h->probe)) ||
	     listen(fd, 1)))
		box_close(&fd);
	return fd;
}

static void note_ns(struct box_host *h)
{
	static const char *const names[BOX_NS_COUNT] = {
		[BOX_NS_IPC] = "/proc/self/ns/ipc",
		[BOX_NS_UTS] = "/proc/self/ns/uts",
	};
	struct stat st;

	for (int i = 0; i < BOX_NS_COUNT; i++)
		h->ns[i] = stat(names[i], &st) ? 0 : st.st_ino;
}

static bool held(const struct run_told *t, int i)
{
	return t->cause == tried[i].cause &&
	       (t->cause != RUN_BY_EXIT || t->exit != 0);
}

/* All at once: the probe, then a run for each limit. */
static enum err run_all(struct ctx *cx, struct box_host *h,
			struct box_selftest *out)
{
	struct str argv[1 + TRIED][3] = { { STR("probe") } };
	struct run_ask asks[1 + TRIED] = { { .argv = { argv[0], 1 } } };
	struct box_try tries[1 + TRIED] = { { .ask = asks, .probe = true } };

	for (int i = 0; i < TRIED; i++) {
		memcpy(argv[1 + i], tried[i].argv, sizeof(argv[0]));
		asks[1 + i] = (struct run_ask){ .argv = { argv[1 + i], 3 },
						.limits = tried[i].limits };
		tries[1 + i].ask = &asks[1 + i];
	}
	for (int i = 0; i < 1 + TRIED; i += h->slots)
		box_run_all(cx, h, tries + i,
			    h->slots < 1 + TRIED - i ? h->slots
						     : 1 + TRIED - i);
	if (tries[0].told.verdict != RUN_AC)
		return err_set(cx, ERR_UNAVAILABLE,
			       "the fence cannot be tried: %s by %s %.*s",
			       run_verdict_words[tries[0].told.verdict],
			       run_cause_words[tries[0].told.cause],
			       STR_FMT(tries[0].told.why));
	for (int i = 0; i < BOX_PROBES; i++)
		add(out, probed[i].name, probed[i].what, probed[i].without,
		    tries[0].held >> i & 1);
	for (int i = 0; i < TRIED; i++)
		add(out, tried[i].name, tried[i].what, tried[i].without,
		    held(&tries[1 + i].told, i));
	return OK;
}

enum err box_selftest(struct ctx *cx, struct box_host *h,
		      struct box_selftest *out)
{
	int64_t from = box_now_us();
	int listening;
	enum err e;

	*out = (struct box_selftest){ .level = h->level };
	out->layers.at =
		ARENA_ARRAY(cx->arena, struct box_layer,
			    BOX_PROBES + TRIED + OWN_IDS + COUNTED + SWAP);
	add(out, "own_user_ids", "init and program are unused users",
	    "quotas that the kernel keeps for each user", h->root);
	add(out, "cgroup", "the kernel counts memory and CPU time",
	    "memory and CPU time between two looks",
	    h->cgroups.kind != BOX_CGROUP_NONE);
	note_ns(h);
	listening = listen_abstract(h);
	e = run_all(cx, h, out);
	box_close(&listening);
	/* Once a run has had its cgroup. */
	add(out, "swap_limit", "what is swapped out counts as memory, too",
	    "memory that the host swaps out", box_cgroup_swap_held(h));
	out->took_us = box_now_us() - from;
	return e;
}
