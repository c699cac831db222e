/* What the files of lab_host.h share. For lab_*.c of engine/worker only. */
#pragma once

#include <pthread.h>

#include "engine/worker/lab_host.h"
#include "engine/worker/vt.h"
#include "sandbox/box_client.h"
#include "sandbox/object.h"
#include "sandbox/tree_frames.h"

enum {
	LAB_CALL_MS = 40000,
	LAB_WAIT_MS = 15000,
	LAB_CHUNK = 16384,   /* read of a shell at once */
	LAB_PENDING = 32768, /* output that waits: no more is read */
};

/* What job.input tells of a terminal. */
struct lab_ask {
	struct id session;
	int64_t rows, cols, at;
	struct list shell;
	struct str toolchain, commit;
	struct run_limits limits;
};
extern const struct shape lab_ask_shape;

/* What an exchange with the server tells; engine/lab/lab_host_rpc.c. */
struct lab_told {
	int64_t news, taken, room, pause_ms, rows, cols, input_at, work;
	bool attached, want_screen;
	struct str close; /* word; "none" */
};

/* What goes with one. */
struct lab_push {
	int64_t seen, at, input_at, rows, cols, wait_ms;
	bool screen;
	const char *ended; /* word, or NULL */
	struct str bytes;
};

/* lab_say.c: one exchange by this way; input is in cx->arena. */
MUST enum err lab_say(struct ctx *cx, struct worker_server *s,
		      const struct worker_job *job, const struct lab_ask *ask,
		      const struct lab_push *push, struct lab_told *told,
		      struct str *input);
/*
 * base: of OID_TEXT + 1; it moves on to what was saved if it was the newest,
 * else *behind is set: what others have saved is to be taken first.
 */
MUST enum err lab_say_save(struct ctx *cx, struct worker_server *s,
			   const struct worker_job *job,
			   const struct lab_ask *ask, char *base,
			   const struct tree_list *changed,
			   const struct list *removed, bool *behind);
/* The work as the server has it; commit: of OID_TEXT + 1. */
MUST enum err lab_say_files(struct ctx *cx, struct worker_server *s,
			    const struct worker_job *job,
			    const struct lab_ask *ask, struct list *files,
			    char *commit);

/*
 * lab_pull.c: a thread that waits for what the server has for the shell. What
 * came last is taken by the shell's own thread, which then lets it ask anew.
 */
struct lab_pull {
	const struct worker_env *env;
	const struct lab_ask *ask;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t go;
	int fd; /* eventfd: something came */
	bool stop, has, lost, runs;
	int64_t seen, input_at, at; /* to be told with the next */
	int64_t rows, cols;
	struct lab_told told;
	struct buf input;
};
MUST enum err lab_pull_start(struct ctx *cx, struct lab_pull *p,
			     const struct worker_env *env,
			     const struct lab_ask *ask);
void lab_pull_stop(struct lab_pull *p);

/*
 * lab_work.c: the files that a shell changes, by looking at its folder now and
 * then. Files in lists live in arenas of its own.
 */
struct lab_work {
	struct arena *saved_in, *now_in;
	struct list saved, now; /* struct run_file, by name */
	struct str saved_digest, now_digest;
	int64_t changed_ns, unsaved_ns; /* 0: nothing is unsaved */
	int64_t look_ns;		/* when next */
};
void lab_work_init(struct lab_work *w, struct ctx *cx,
		   const struct list *files);
void lab_work_done(struct lab_work *w);
/* It holds these now, struct run_got; true: it is time to save. */
bool lab_work_look(struct lab_work *w, struct ctx *cx, const struct list *got,
		   int64_t began_ns);
/* Something is not saved. */
bool lab_work_unsaved(const struct lab_work *w);
/* What is now and was not, and what is gone (struct str). */
void lab_work_changes(const struct lab_work *w, struct arena *a,
		      struct list *changed, struct list *removed);
void lab_work_saved(struct lab_work *w);
/* Likewise, from what was saved last to what the server has. */
void lab_work_news(const struct lab_work *w, struct arena *a,
		   const struct list *theirs, struct list *changed,
		   struct list *removed);
/* These are in the folder now, and saved. */
void lab_work_taken(struct lab_work *w, struct ctx *cx,
		    const struct list *files);
