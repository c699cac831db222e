/*
 * term: a learner's terminal, as the server has it. The shell runs in a box of
 * a worker; here is what is under way between the two, in memory.
 *
 *	            key or open            lease             shell has begun
 *	parked ------------------> wanted ------> queued --------------> live
 *	  ^                                                               |
 *	  |  the worker has saved the work and ended the shell   close,   |
 *	  '------------------------------------------- ending <----idle,--'
 *	                                                       life
 *
 * Output is a stream of bytes with offsets, of which the last 64 KiB are kept.
 * While somebody reads, what he has not read is never thrown away: the worker
 * is told that there is no room, and stops reading the shell. With nobody
 * there the oldest goes. Who comes (back) gets a screen: bytes that draw what
 * the terminal shows, made by the worker, and goes on behind it.
 *
 * One learner has one live terminal, and one reader at a time: whoever opens
 * it last has it, and those before are told.
 *
 * All of it is under the lock of struct labs; functions here take it.
 */
#pragma once

#include "base/buf.h"
#include "engine/lab/lab.h"
#include "engine/lab/lab_sql.h"

enum {
	TERM_RING = 64 << 10,	 /* output kept */
	TERM_SCREEN = 128 << 10, /* bytes that draw a screen, at most */
	TERM_INPUT = 16 << 10,	 /* typed and not yet taken by the worker */
	TERM_WRITE = 4096,	 /* of one call */
	TERM_ROWS = 300,
	TERM_COLS = 500,
	TERM_WINDOW_MS = 100,  /* output: TERM_RING in each, at most */
	TERM_GONE_MS = 10000,  /* a reader who has not asked again has left */
	TERM_SCREEN_MS = 5000, /* for the worker to draw one */
	TERM_END_MS = 60000,   /* for the worker to end a shell */
	TERM_DROP_MS = 600000, /* a parked one that nobody reads */
	TERMS_MOST = 5000,
};

/* X(code, word, meaning) */
#define TERM_STATES(X)                                                         \
	X(TERM_PARKED, "parked", "no shell; the next key starts one")          \
	X(TERM_WANTED, "wanted", "a shell is about to be asked for")           \
	X(TERM_QUEUED, "queued", "waits for a worker")                         \
	X(TERM_LIVE, "live", "a shell runs")                                   \
	X(TERM_ENDING, "ending", "the work is saved, then the shell ends")
enum term_state {
#define X(code, word, doc) code,
	TERM_STATES(X)
#undef X
};
extern const char *const term_state_words[];

/* X(code, word, meaning) */
#define TERM_WHYS(X)                                                           \
	X(TERM_WHY_NONE, "none", "")                                           \
	X(TERM_BY_EXIT, "exit", "the shell ended by itself")                   \
	X(TERM_BY_IDLE, "idle", "nobody typed for long")                       \
	X(TERM_BY_LIFE, "life", "a shell lives no longer")                     \
	X(TERM_BY_CLOSE, "closed", "it was closed")                            \
	X(TERM_BY_OTHER, "other",                                              \
	  "the learner's terminal of another lab "                             \
	  "was opened")                                                        \
	X(TERM_BY_LIMIT, "limit", "it used up what it may use")                \
	X(TERM_BY_LOSS, "lost",                                                \
	  "the worker failed; the work is as it was "                          \
	  "saved last")
enum term_why {
#define X(code, word, doc) code,
	TERM_WHYS(X)
#undef X
};
extern const char *const term_why_words[];

struct term_size {
	int64_t rows, cols;
};

/* What a reader gets. */
struct term_told {
	int state, why;	 /* enum term_state, term_why */
	int64_t at;	 /* offset of the first byte */
	int64_t next;	 /* offset behind the last: ask for this next */
	bool screen;	 /* the bytes draw a screen: clear and write */
	bool cut;	 /* some output before `at` is lost */
	int64_t changes; /* counts changes of state and size */
	struct term_size size;
	struct str bytes; /* arena */
};

struct term_read {
	int64_t attach;
	bool has_after;
	int64_t after;	 /* what was read up to here; absent: a screen */
	int64_t changes; /* as told last */
};

/* ---- the learner's side; s: his session ---- */

/*
 * Opens or takes over. *attach is the new reader's. A shell is asked for
 * unless one is there. ERR_BUSY: too many terminals.
 */
MUST enum err term_open(struct ctx *cx, struct labs *l,
			const struct lab_session *s, const struct lab_def *def,
			struct term_size size,
			const struct lab_screen_row *kept, int64_t *attach,
			struct term_told *out);
/*
 * *wait: there is nothing to tell yet. over: tell all the same. ERR_NOT_FOUND:
 * not open here. ERR_CONFLICT: it was opened again since, elsewhere.
 */
MUST enum err term_read(struct ctx *cx, struct labs *l,
			const struct id *session, const struct term_read *r,
			bool over, bool *wait, struct term_told *out);
/* ERR_BUSY: the worker has not taken what was typed before. */
MUST enum err term_write(struct ctx *cx, struct labs *l,
			 const struct id *session, int64_t attach,
			 struct str bytes);
MUST enum err term_resize(struct ctx *cx, struct labs *l,
			  const struct id *session, int64_t attach,
			  struct term_size size);
/* end: also the shell. Otherwise the reader has left, and that is all. */
MUST enum err term_leave(struct ctx *cx, struct labs *l,
			 const struct id *session, int64_t attach, bool end);

/* ---- the worker's side ---- */

struct term_lease {
	struct id org, session, job; /* org: whose the caller works for */
	int64_t fence;
};

/* A worker begins a shell: how large. Output goes on where it was. */
MUST enum err term_begin(struct ctx *cx, struct labs *l,
			 const struct lab_session *s, const struct lab_def *def,
			 const struct term_lease *lease, struct term_size *size,
			 int64_t *at);
/*
 * A worker goes on whose terminal this server has forgotten (a restart). The
 * lease was checked; at: where his output stands.
 */
MUST enum err term_adopt(struct ctx *cx, struct labs *l,
			 const struct lab_session *s, const struct lab_def *def,
			 const struct term_lease *lease, struct term_size size,
			 int64_t at, int64_t input_at);

/* What the worker tells and asks. */
struct term_push {
	int64_t seen;	  /* news that he has seen; 0: none */
	int64_t at;	  /* offset of the first byte of bytes */
	int64_t input_at; /* input taken up to here */
	bool screen;	  /* bytes draw the screen as it is at `at` */
	struct str bytes;
	int ended; /* enum term_why; not none: the shell has ended */
};
struct term_pull {
	int64_t news;	  /* to be shown as seen */
	int64_t taken;	  /* bytes of the output that were taken */
	int64_t room;	  /* that may be sent, after the pause */
	int64_t pause_ms; /* before anything more is sent; 0: none */
	struct term_size size;
	bool attached, want_screen;
	int close;	  /* enum term_why; not none: end the shell */
	int64_t work;	  /* another number: the work was changed otherwise */
	int64_t input_at; /* offset of the first byte of input */
	struct str input; /* arena */
};
/*
 * ERR_NOT_FOUND: not known here (see term_adopt). ERR_CONFLICT: the lease is
 * not this worker's any more. *wait: nothing new to tell him.
 */
MUST enum err term_host(struct ctx *cx, struct labs *l,
			const struct term_lease *lease,
			const struct term_push *push, bool *wait,
			struct term_pull *out);
/* The job has ended, one way or other: nobody holds a shell. */
void term_ended(struct ctx *cx, struct labs *l, const struct id *session,
		const struct id *job, enum term_why why);

/* Of an erased learner: nothing of it is kept. */
void term_forget(struct labs *l, const struct id *session);

uint64_t term_read_key(const struct id *session);
uint64_t term_host_key(const struct id *session);

struct term_stats {
	int64_t terms, live, bytes; /* memory of rings, screens, input */
};
void term_stats(struct labs *l, struct term_stats *out);
