/*
 * box_impl: what the parts of a box know of each other. Not for others.
 *
 *   box_host     what the machine allows; slots; user ids; runs made ready
 *   box_spawn    clone, user id maps, the gate
 *   box_init     process 1 inside: mounts, waits, reaps, tells by the share
 *   box_learner  from there to the program: limits, ids, Landlock, seccomp
 *   box_watch    the supervisor's eyes: pipes, clocks, limits, verdict
 *   box_collect  files, once everything is dead
 *
 * Supervisor and init share one page that the program never has (it is mapped
 * before clone and gone with execve); besides it there is one socket, over
 * which go a message to start and back the descriptors of work folder and
 * terminal.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "base/buf.h"
#include "sandbox/box.h"
#include "sandbox/toolchain.h"

struct sock_filter;
struct pollfd;

enum box_mode {
	BOX_WEAKLY, /* no user namespaces here */
	BOX_AS_USER,
	BOX_AS_ROOT,
};

/* Filters: which of them a run gets is an index of these bits. */
enum {
	FILTER_SAMPLED = 1, /* no memory that only a cgroup would count */
	FILTER_COUNT = 2,
};
struct box_filter {
	struct sock_filter *code;
	size_t n;
};

enum box_cgroup_kind { BOX_CGROUP_NONE, BOX_CGROUP_V1, BOX_CGROUP_V2 };
enum { CG_MEMORY, CG_PIDS, CG_CPU, CG_COUNT };
enum { BOX_PATH = 1024 };

/* Where slots get their cgroups; a path per controller (v2: all the same). */
struct box_cgroups {
	enum box_cgroup_kind kind;
	char path[CG_COUNT][BOX_PATH];
};

/* Files of a cgroup that each run reads or writes, kept open. */
enum {
	CF_USAGE,
	CF_PEAK,
	CF_CPU,
	CF_OOM,
	CF_TASKS,
	CF_PEAK_SWAP, /* v1: memory and swap */
	CF_COUNT
};

/* One slot's cgroups, kept between runs, empty then. */
struct box_slot {
	bool taken, made;
	int number;	   /* while taken, of this slot alone on this machine */
	int dir[CG_COUNT]; /* v2: [0] only */
	int file[CF_COUNT];  /* -1: this kernel has none */
	int procs[CG_COUNT]; /* cgroup.procs, for the program to enter by */
	int net; /* as root: an empty network namespace; -1: none yet */
	int oom; /* v1: eventfd; v2: memory.events; -1: none */
	int64_t limit_bytes, limit_tasks; /* as set; 0: none yet */
	int64_t oom_before;		  /* kills counted before this run */
	int64_t own_oom_before;		  /* v2: and for lack of its own */
};

enum { BOX_FOLDER = 24, BOX_LINKS = 8 };
/* "bin" -> "usr/bin": what of / leads into /usr on this host. */
struct box_link {
	char name[BOX_FOLDER], to[BOX_FOLDER];
};

/* What box_probe tries; a bit each. */
enum {
	PROBE_PID_NS,
	PROBE_MOUNT_NS,
	PROBE_IPC_NS,
	PROBE_UTS_NS,
	PROBE_PROC,
	PROBE_PRIVILEGES,
	PROBE_FILTER,
	PROBE_LOCKS,
	PROBE_NETWORK,
	PROBE_ABSTRACT,
	PROBE_LANDLOCK,
	PROBE_LINKS,
	PROBE_DISK,
	BOX_PROBES,
};
enum { BOX_NS_IPC, BOX_NS_UTS, BOX_NS_COUNT };

/* Files that say what others took; kept open. */
enum { BOX_QUOTAS = 12 };
struct box_stolen_from {
	int stat, quotas; /* how many of the latter */
	int quota[BOX_QUOTAS];
};
struct box_stolen {
	int64_t throttled_us, steal_us;
};

struct box_host {
	uint64_t ns[BOX_NS_COUNT]; /* the supervisor's, for the probe */
	char probe[32];		   /* an abstract socket's name */
	enum box_mode mode;
	int level;	    /* enum run_level */
	bool net_namespace; /* a new one for each run */
	int own_net;	    /* ours, to come back to; -1 */
	int own_oom;	    /* what our group tells of kills; -1 */
	bool root;	    /* programs run as unused users */
	bool urgent;	    /* this process has a priority above the usual */
	int landlock;	    /* ABI; 0: none */
	int cpus;
	struct box_filter filters[FILTER_COUNT];
	struct box_cgroups cgroups;
	struct box_link links[BOX_LINKS];
	bool folders[BOX_LINKS]; /* a real folder: bound */
	/* As root: a mount namespace that holds what all runs see read-only;
	 * an init is cloned from within it. -1: each makes its own. */
	int template_ns, own_ns, own_root;
	uint64_t ignored; /* signals that this process ignores, by bit */
	int64_t uid_first;
	int numbers; /* pairs of ids that there are */
	int lock;    /* file of slots in use; -1: not needed */
	int slots;
	struct box_stolen_from stolen_from;
	struct box_slot slot[BOX_SLOTS];
	struct box *ready; /* armed in advance, by next */
};

enum box_state {
	BOX_MADE, /* not yet armed */
	BOX_ARMED,
	BOX_STARTED,
	BOX_ENDED,
};

enum { BOX_STEP = 64, BOX_LEARNER = 1000, BOX_INIT = 0 };

/* The page of supervisor and init. Written by init only, but for tell. */
struct box_share {
	atomic_int state; /* enum box_state */
	atomic_int failed;
	char step[BOX_STEP]; /* what failed, with */
	int error;	     /* errno */
	int exec_error;	     /* errno of execve: the program's own fault */
	uint32_t held;	     /* by box_probe */
	int64_t started_us;  /* CLOCK_MONOTONIC */
	int64_t ended_us;
	atomic_int program; /* its pid as init sees it; 0: not yet */
	int status;	    /* as of wait, of the program itself */
	atomic_int left;    /* processes, when the program had ended */
	/* Without a cgroup: found by looking (sampled); at the end exact for
	 * what was waited for. */
	atomic_llong cpu_us, bytes, peak_bytes;
	atomic_llong tasks_peak;
};

/* The message that opens the gate's second half; the ask's bytes behind it. */
struct box_go {
	struct run_limits limits;
	uint32_t bytes; /* of the ask: behind this, or in a memfd */
	bool in_memfd;
	uint16_t rows, cols;
};
enum { BOX_INLINE = 32768 }; /* an ask up to here goes in the message */

/* What must be known before arming; runs ready in advance are of a kind. */
struct box_kind {
	const struct toolchain *chain; /* or NULL */
	bool terminal;
	bool apart; /* in a network namespace, come what may */
	bool probe; /* tries the fence instead of running a program */
	int64_t disk_bytes, inodes;
};

struct box {
	struct box *next;
	struct box_host *host;
	struct box_kind kind;
	int slot;
	pid_t pid;
	pid_t relay; /* box_relay; -1: none */
	int pidfd, control;
	int work;     /* its folder, held beyond its mounts */
	int userns;   /* to read what only its ids may read; -1: not needed */
	int out, err; /* our ends; -1: none or at its end */
	int master;   /* of a terminal, until given away; -1 */
	struct box_share *share;
	struct run_limits limits;
	bool from_template, in_slot_net;
	bool gone;	     /* was sent off */
	bool dead;	     /* everything in it is */
	int cause;	     /* enum run_cause by our own flag; -1: none */
	int64_t stop_cpu_us; /* used when that was decided */
	int over;	     /* the cause, when an output's limit is passed */
	int64_t over_us;     /* seen then; 0: none is */
	char folder[32];     /* weakly: of the host; else empty */
	int64_t gone_us, look_us, hup_us, killed_us;
	struct box_stolen before; /* when it was sent off */
	int64_t oom_before;	  /* kills until then; without a cgroup */
	struct buf got_out, got_err;
	int64_t out_bytes, err_bytes;
	struct list want; /* struct run_want: of the ask, borrowed */
	char why[ERR_TEXT];
	void *owner; /* whoever watches: a ticket */
};

/* What a run is given besides its ask. Descriptors stay the caller's. */
struct box_ends {
	int in, out; /* of a pair: pipes; -1: input from the ask, captured */
	bool terminal;
	int rows, cols;
};
#define BOX_ENDS_NONE                                                          \
	(struct box_ends)                                                      \
	{                                                                      \
		.in = -1, .out = -1                                            \
	}

int64_t box_now_us(void); /* CLOCK_MONOTONIC */
void box_close(int *fd);  /* if any; then -1 */

/* -- box_host -- */
/* A slot of this process alone; -1: all in use. */
int box_slot_take(struct box_host *h);
void box_slot_give(struct box_host *h, int slot);
int64_t box_uid(const struct box_host *h, int slot, bool learner);

/* -- box_ids -- */
/*
 * Pairs of ids for slots, from uid_first on if those may be used here. May make
 * this process root of a user namespace of its own. False: one id for all.
 */
bool box_ids_find(struct box_host *h, int64_t uid_first, bool may_enter);
int box_ids_lock(void); /* the file; -1 */
/* Root of the machine, not of a container or a namespace of its own. */
bool box_ids_of_machine(void);

/* -- box_stolen: time that others took, of the whole machine or group -- */
void box_stolen_open(struct box_host *h);
void box_stolen_close(struct box_host *h);
struct box_stolen box_stolen_now(const struct box_host *h);

/* -- box_net -- */
/* This slot's; made if there is none. */
bool box_net_ready(struct box_host *h, int slot);
/* Into it, and back: what is cloned between stays there. */
bool box_net_enter(const struct box_host *h, int slot);
void box_net_leave(const struct box_host *h);

/* -- box_spawn -- */
bool box_enter_template(const struct box_host *h, int *at);
void box_leave_template(const struct box_host *h, int *at);
/* Clones an init that sets itself up. NULL with cx->error. */
struct box *box_arm(struct ctx *cx, struct box_host *h, struct box_kind kind);
/* One made ready, or a new one. */
struct box *box_take(struct ctx *cx, struct box_host *h, struct box_kind kind);
/* Has up to n of a kind ready for box_take, and none of others. */
void box_keep_ready(struct box_host *h, struct box_kind kind, int n);
/* Sends it off. The ask must live until it is finished. */
MUST enum err box_go(struct ctx *cx, struct box *b, const struct run_ask *ask,
		     const struct box_ends *ends);
void box_kill(struct box *b);
void box_free(struct box *b); /* kills and reaps what lives */

/* A memfd with the bytes, that nobody can change; -1. */
int box_sealed(struct str bytes);

/* -- box_relay -- */
/* The program's standard input, when it has a peer; -1. */
int box_relay_start(struct box *b, struct str peer);
void box_relay_end(struct box *b); /* if any */

/* -- box_init, box_learner: inside -- */
struct box_inside {
	const struct box_host *host;
	struct box_kind kind;
	struct box_share *share;
	int control;
	int procs[CG_COUNT];
	int ruleset; /* Landlock; -1 */
	int stdio[3];
	const char *folder; /* weakly */
	uid_t learner;	    /* as seen from within */
	int64_t others;	    /* tasks that its user has besides */
	bool from_template;
	bool one_id; /* init and program have one host user id */
	struct box_go go;
	char *program, **argv, **envp;
	char terminal[32]; /* its path */
};
enum { BOX_FD_CONTROL = 3, BOX_FD_PROCS = 4, BOX_FD_FREE = 7 };
_Noreturn void box_init(struct box_inside *in);
/* Tells what failed and ends. */
_Noreturn void box_inside_fail(struct box_inside *in, const char *step);
/* All of a run's own tree, or what is left to do in a template's copy. */
void box_mounts(struct box_inside *in);
/* As root: the tree of which runs get copies. *ns: -1 if it cannot be made. */
void box_template_make(struct box_host *h);
/* Files of the ask into the work folder. */
void box_mounts_put(struct box_inside *in, const struct run_ask *ask);
int box_terminal_open(struct box_inside *in);
/* In the child of init: never returns but by execve or _exit. */
_Noreturn void box_learner(struct box_inside *in);
/* What of it does not depend on the ask, in init, while nobody waits. */
void box_learner_ahead(struct box_inside *in);
_Noreturn void box_probe(struct box_inside *in);
int box_landlock_abi(void);
int box_landlock_make(struct box_inside *in);
MUST enum err box_filter_make(struct ctx *cx, unsigned bits,
			      struct box_filter *out);
void box_filter_done(struct box_filter *f);
/* Without a cgroup: looks at all processes of the namespace. */
/* In how many us to look again. */
int64_t box_sample(struct box_inside *in);
/* /proc/PID/WHAT, terminated; empty: it is not there. */
struct str box_read_proc(pid_t pid, const char *what, char *room, size_t n);
/* Children of one task, as pids behind those in out; how many there are. */
int box_children(pid_t of, pid_t *out, int n, int most);

/* -- box_weak: without namespaces -- */
enum { BOX_TASKS = 4096 };
void box_weak_folders(struct box_inside *in);
int box_weak_tasks(pid_t *out, int most); /* all below init */
void box_weak_end(struct box_inside *in); /* nobody is left below init */
int64_t box_weak_tasks_of_user(void);
bool box_weak_make(struct box *b);
void box_weak_clear(struct box *b);

/* -- box_cgroup -- */
/* This process's own path in a tree of version 1, or of version 2 (""). */
bool box_cgroup_own(const char *controller, char *out, size_t room);
/* A limit of memory is one of swap, too, or there is none. */
bool box_cgroup_swap_held(const struct box_host *h);
void box_cgroups_find(struct box_cgroups *g);
/* Empty, counters at nothing; made if there are none. Not on the way of a run
 * that was made ready in advance. */
bool box_cgroup_ready(struct box_host *h, int slot);
bool box_cgroup_limit(struct box_host *h, int slot, const struct run_limits *l);
void box_cgroup_remove(struct box_host *h, int slot);
/* Whose memory it was that ran out when the kernel killed one of the run. */
enum box_oom { BOX_OOM_NONE, BOX_OOM_OWN, BOX_OOM_OTHERS };
struct box_usage {
	int64_t cpu_us, peak_bytes, tasks_peak;
	enum box_oom oom;
};
void box_cgroup_usage(struct box_host *h, int slot, struct box_usage *out);
int64_t box_cgroup_cpu_us(struct box_host *h, int slot);
enum box_oom box_cgroup_oom(struct box_host *h, int slot);
/* Tasks of the supervisor's own group that were killed for memory, ever. */
int box_own_oom_open(void); /* the file; -1 */
int64_t box_own_oom_kills(const struct box_host *h);

/* -- box_watch -- */
enum { BOX_POLLS = 5 };
/* Fills p with what to wait for; how many. */
int box_polls(const struct box *b, struct pollfd *p);
/* When to look again at the latest. */
int64_t box_due_us(const struct box *b);
/* Reads, checks limits, notices the end (b->dead). */
void box_look(struct box *b);
void box_stop(struct box *b, enum run_cause cause);
/* Only when dead: collects and tells. */
void box_finish(struct ctx *cx, struct box *b, struct run_told *out);

/* -- box_put -- */
/*
 * Files into the working folder of a run that is under way, or out of it.
 * refused: struct run_got, those that do not fit in or are something else
 * there by now.
 */
void box_put(struct ctx *cx, const struct box *b, const struct list *files,
	     const struct list *removed, struct list *refused);
/* Below the folder, nothing followed and nothing left. */
int box_open_within(int dir, const char *name, uint64_t flags, int mode);

/* -- box_collect -- */
void box_collect(struct ctx *cx, struct box *b, struct list *out);
/* Every file below the working folder, also while the program runs. */
void box_collect_tree(struct ctx *cx, const struct box *b, int64_t max_bytes,
		      struct list *out);

/* -- box_ask: what may be asked -- */
/* Several at once, each to its end. */
struct box_try {
	const struct run_ask *ask; /* checked */
	bool probe;
	uint32_t held; /* by box_probe */
	struct run_told told;
};
void box_run_all(struct ctx *cx, struct box_host *h, struct box_try *tries,
		 int n);
MUST enum err box_ask_check(struct ctx *cx, const struct run_ask *ask);
bool box_name_ok(struct str name);
struct box_kind box_kind_of(const struct run_ask *ask, bool terminal);
