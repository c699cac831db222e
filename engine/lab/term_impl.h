/* term_impl: what labs.c, term.c and term_host.c share. */
#pragma once

#include <pthread.h>

#include "engine/lab/term.h"

enum { TERM_BUCKETS = 1024, COURSE_ROOM = 129, LABS_WAKES = 64 };

struct term {
	struct term *next; /* of its bucket */
	struct id org, session, learner;
	enum term_state state;
	enum term_why why;   /* of the last end */
	enum term_why close; /* told to the worker */
	bool uncommitted;    /* queued in a batch that is not committed */
	struct id job;
	int64_t fence;
	struct id last_job; /* whose shell has ended: it is not taken back */
	int64_t last_fence;
	struct term_size size;
	int64_t changes; /* for readers */
	int64_t news;	 /* for the worker */
	int64_t work;	 /* counts changes of the work by other ways */

	struct buf out;	 /* the last output */
	int64_t out_at;	 /* offset of its first byte */
	int64_t read_at; /* the reader has all before */
	bool starved;	 /* the worker was told that there is no room */
	struct buf screen;
	int64_t screen_at;
	int64_t screen_for; /* drawn for this attach; 0: not for a reader */
	bool want_screen, keep_screen; /* keep: to be written to its row */
	struct buf in;
	int64_t in_at;

	int64_t attach;	 /* the reader's; counts up */
	bool left;	 /* he said so */
	int64_t read_ms; /* he asked last */
	int64_t asked_screen_ms;
	bool told_attached; /* what the worker believes */
	int64_t begun_ms, typed_ms, state_ms;
	int64_t idle_ms, life_ms;
	int64_t shells_at, per_minute; /* fair_use */
	int64_t window_ms, window_bytes;
};

struct labs {
	struct labs_opts o;
	pthread_mutex_t lock;
	struct term *bucket[TERM_BUCKETS];
	int64_t n;
	int64_t due_ms; /* the timer has nothing to do before */
	int64_t attach; /* the last that was given */
	uint64_t wakes[LABS_WAKES];
	size_t wakes_n;
	bool wakes_lost; /* more than that: they look again by themselves */
	struct id changed[LABS_WAKES];
	size_t changed_n; /* beyond LABS_WAKES: any may be */
	bool any_uncommitted;
};

/* With the lock. */
struct term *term_find(struct labs *l, const struct id *session);
void term_free(struct labs *l, struct term *t);
void term_become(struct labs *l, struct term *t, enum term_state state,
		 enum term_why why, int64_t now);
void term_news(struct labs *l, struct term *t);	   /* for the worker */
void term_changed(struct labs *l, struct term *t); /* or NULL */
void term_wake_reader(struct labs *l, struct term *t);
void term_due(struct labs *l, int64_t at_ms);
bool term_attached(const struct term *t, int64_t now);
MUST enum err term_make(struct ctx *cx, struct labs *l,
			const struct lab_session *s, struct term **out);
void term_rules(struct term *t, const struct lab_def *def);
int64_t term_end(const struct term *t); /* offset behind the last byte */
/* When the timer has to look at it next. */
int64_t term_due_of(const struct term *t, int64_t now);
/* Adds to the output, throwing away the oldest. */
void term_append(struct term *t, struct str bytes);
