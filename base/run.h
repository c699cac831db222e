/*
 * run: the words for running a program that somebody else wrote: what is
 * asked, within which limits, and what came of it. sandbox runs, graders judge,
 * engine/worker hands the one to the other (struct runner); none of them knows
 * the next.
 */
#pragma once

#include "base/field.h"

/* Of one run, all its processes together. A 0 stands for the default. */
struct run_limits {
	int64_t cpu_ms;	 /* user and system time of the whole tree */
	int64_t wall_ms; /* from the start of the program */
	int64_t memory_bytes;
	int64_t tasks; /* processes and threads at once */
	int64_t open_files;
	int64_t stdout_bytes, stderr_bytes;
	int64_t file_bytes; /* one file */
	int64_t disk_bytes; /* all files */
	int64_t inodes;
	int64_t stack_bytes;
};
extern const struct run_limits run_limits_default, run_limits_most;
/* Each optional; at least 1, at most what run_limits_most says. */
extern const struct shape run_limits_shape;
/* Puts in the defaults for what is 0. */
void run_limits_fill(struct run_limits *l);

/* X(code, word, what it means) */
#define RUN_VERDICTS(X)                                                        \
	X(RUN_AC, "AC", "accepted; of a bare run: it ended with 0")            \
	X(RUN_WA, "WA", "wrong answer")                                        \
	X(RUN_TLE, "TLE", "time limit exceeded")                               \
	X(RUN_MLE, "MLE", "memory limit exceeded")                             \
	X(RUN_OLE, "OLE", "output limit exceeded")                             \
	X(RUN_RE, "RE", "ended by a signal or with another status than 0")     \
	X(RUN_CE, "CE", "does not compile")                                    \
	X(RUN_SK, "SK", "skipped")                                             \
	X(RUN_IE, "IE", "our own failure; says nothing about the program")
enum run_verdict {
#define X(code, word, doc) code,
	RUN_VERDICTS(X)
#undef X
		RUN_VERDICT_COUNT
};
extern const char *const run_verdict_words[]; /* NULL-terminated */

/* Why a run ended, by the supervisor's own knowledge, never by symptom. */
#define RUN_CAUSES(X)                                                          \
	X(RUN_BY_EXIT, "exit", "it ended by itself: status in exit")           \
	X(RUN_BY_SIGNAL, "signal", "a signal that we did not send")            \
	X(RUN_BY_CPU, "cpu", "killed at the limit of CPU time")                \
	X(RUN_BY_WALL, "wall", "killed at the limit of time")                  \
	X(RUN_BY_MEMORY, "memory", "a task of it was killed for its memory")   \
	X(RUN_BY_STDOUT, "stdout", "killed for the length of its output")      \
	X(RUN_BY_STDERR, "stderr", "killed for the length of its errors")      \
	X(RUN_BY_CANCEL, "cancel", "whoever asked for it wanted it to end")    \
	X(RUN_BY_SETUP, "setup", "it never ran as it should: IE")
enum run_cause {
#define X(code, word, doc) code,
	RUN_CAUSES(X)
#undef X
		RUN_CAUSE_COUNT
};
extern const char *const run_cause_words[]; /* NULL-terminated */

/*
 * How well a run was fenced, from weak to strong: what a host allows. Words
 * for settings and results.
 */
#define RUN_LEVELS(X)                                                          \
	X(RUN_NONE, "none", "no fence: nothing is run")                        \
	X(RUN_WEAK, "weak",                                                    \
	  "no namespaces: seccomp, Landlock and rlimits only")                 \
	X(RUN_SAMPLED, "sampled",                                              \
	  "namespaces, but memory and CPU are sampled: no cgroup")             \
	X(RUN_FULL, "full", "namespaces, seccomp and cgroup limits")
enum run_level {
#define X(code, word, doc) code,
	RUN_LEVELS(X)
#undef X
		RUN_LEVEL_COUNT
};
extern const char *const run_level_words[]; /* NULL-terminated */

/*
 * A file put into the working folder. name: a relative path; parts are made as
 * folders. Checked by whoever runs it: no "..", no leading '/', no NUL.
 */
struct run_file {
	struct str name, data;
	bool executable;
	bool fixed; /* read-only and not its own: it stays as it is */
};

/* A file asked back from the working folder once everything is dead. */
struct run_want {
	struct str name;
	int64_t max_bytes;
};
#define RUN_GOTS(X)                                                            \
	X(RUN_GOT, "got")                                                      \
	X(RUN_GOT_MISSING, "missing")                                          \
	X(RUN_GOT_NOT_REGULAR, "not_regular") /* link, folder, device, fifo */ \
	X(RUN_GOT_TOO_LARGE, "too_large")
enum run_got_state {
#define X(code, word) code,
	RUN_GOTS(X)
#undef X
};
extern const char *const run_got_words[]; /* NULL-terminated */
struct run_got {
	struct str name;
	int state;	 /* enum run_got_state */
	struct str data; /* RUN_GOT only */
	bool executable;
};

/* disk_bytes and inodes that files take when they are put. */
void run_files_need(struct list files, struct run_limits *out);

struct run_ask {
	struct run_limits limits; /* filled by the runner */
	struct list argv;	  /* struct str; [0] is looked for in PATH */
	struct list env; /* struct str "NAME=value", beyond the fixed ones */
	struct str toolchain; /* whose files it sees: sandbox/toolchain.h;
			     absent: the base tree alone */
	struct list put;      /* struct run_file */
	struct list want;     /* struct run_want */
	struct str input;     /* standard input */
	bool alone;	      /* nothing else runs beside it on this machine's
				 runner: for a repeat near a limit */
	/*
	 * "address:port": the one that it may connect to, by asking its
	 * standard input (sandbox/relay.h). For fetching content, never for
	 * learners.
	 */
	struct str peer;
};

struct run_told {
	int verdict;	/* RUN_AC, TLE, MLE, OLE, RE, IE */
	int cause;	/* enum run_cause */
	int64_t exit;	/* RUN_BY_EXIT; else 0 */
	int64_t signal; /* RUN_BY_SIGNAL; else 0 */
	/* To its end, or to the moment at which a limit was found passed. */
	int64_t cpu_us, wall_us;
	int64_t memory_peak_bytes;
	int64_t stdout_bytes, stderr_bytes; /* written, up to the limit */
	int64_t tasks_peak;		    /* 0: not known here */
	int64_t throttled_us,
		steal_us;    /* time that others took; 0: not known */
	struct str out, err; /* bytes, as written */
	struct list got;     /* struct run_got, as wanted */
	int level;	     /* enum run_level */
	struct str why;	     /* RUN_IE: for staff */
};

/*
 * Whoever runs programs, as a struct of functions handed down. Not
 * thread-safe. Strings of an ask are borrowed until it has ended; those of
 * what is told live in cx->arena of the wait.
 */
struct runner {
	void *arg;
	int width; /* runs that may be under way at once, at least 2 */
	int level; /* enum run_level: what this one gives */
	/*
	 * Begins a run (queued inside if width is exceeded); *ticket names it.
	 * ERR_INVALID: an ask that can never be run, with the field.
	 * ERR_UNAVAILABLE: ours.
	 */
	enum err (*start)(struct ctx *cx, void *arg, const struct run_ask *ask,
			  int64_t *ticket);
	/*
	 * Two whose standard output is the other's standard input, by pipes
	 * without a middleman; input is not given. Standard output of neither
	 * is captured.
	 */
	enum err (*start_pair)(struct ctx *cx, void *arg,
			       const struct run_ask ask[2], int64_t ticket[2]);
	/* The next run that ended, whichever it is. */
	enum err (*wait)(struct ctx *cx, void *arg, int64_t *ticket,
			 struct run_told *out);
	/* Ends all that are under way; nothing of them is told. */
	void (*cancel)(void *arg);
};
/* All that was told, with its strings, as long as a lives. */
struct run_told run_told_copy(struct arena *a, const struct run_told *told);
/* One run from start to end; nothing else may be under way. */
MUST enum err runner_run(struct ctx *cx, const struct runner *r,
			 const struct run_ask *ask, struct run_told *out);
