/*
 * live: one attempt in memory, and how its records fold into it. For the
 * files of engine/attempt only.
 *
 * A record changes a live attempt in one function, attempt_apply, when it is
 * read back as well as when a command has just made it. What a record says
 * beyond its event stands in its body, as struct note by the event's own
 * field table (note.c).
 */
#pragma once

#include "engine/app.h"
#include "engine/attempt/attempt.h"
#include "graders/behaviour.h"
#include "graders/layout.h"
#include "graders/policy_grade.h"
#include "graders/policy_time.h"
#include "sandbox/object.h"

/* ---- the row ---- */

struct attempt_row {
	struct id org, id, series, assessment; /* the version it counts by */
	struct str course;
	struct id learner;
	int64_t number; /* among the learner's, from 1 */
	int state;	/* enum attempt_state */
	bool practice, preview;
	bool given_back; /* voided, and does not use up an attempt */
	int64_t reserved_at, started_at, due_at, hard_end_at;
	int64_t finished_at, graded_at, released_at;
	int64_t wake_at; /* when the clock may do something; 0: never */
	bool late;
	bool has_score;			     /* every mark is known */
	struct dec sum, sum_max;	     /* of the marks */
	struct dec score, max_score, scaled; /* after scale and late credit */
	bool passed;
	int64_t node; /* that moved it last, and wakes it */
	int64_t rev;  /* writes of this row: compare-and-set */
};
extern const struct shape attempt_row_shape;

/* ---- what records say ---- */

/* X(code, event, edge of the state machine, or -1) */
#define NOTES(X)                                                               \
	X(NOTE_RESERVED, "attempt.reserved", ATTEMPT_EV_RESERVE)               \
	X(NOTE_STARTED, "attempt.started", ATTEMPT_EV_START)                   \
	X(NOTE_ANSWERED, "attempt.answered", ATTEMPT_EV_ANSWER)                \
	X(NOTE_CHECKED, "attempt.checked", ATTEMPT_EV_CHECK)                   \
	X(NOTE_TRIED_AGAIN, "attempt.tried_again", ATTEMPT_EV_CHECK)           \
	X(NOTE_RECEIVED, "submission.received", -1)                            \
	X(NOTE_JUDGED, "submission.judged", -1)                                \
	X(NOTE_SUBMITTED, "attempt.submitted", ATTEMPT_EV_SUBMIT)              \
	X(NOTE_EXPIRED, "attempt.expired", ATTEMPT_EV_EXPIRE)                  \
	X(NOTE_OVERTIME, "attempt.overtime", ATTEMPT_EV_OVERTIME)              \
	X(NOTE_ABANDONED, "attempt.abandoned", ATTEMPT_EV_ABANDON)             \
	X(NOTE_SUSPENDED, "attempt.suspended", ATTEMPT_EV_SUSPEND)             \
	X(NOTE_RESUMED, "attempt.resumed", ATTEMPT_EV_RESUME)                  \
	X(NOTE_EXTENDED, "attempt.extended", -1)                               \
	X(NOTE_VOIDED, "attempt.voided", ATTEMPT_EV_VOID)                      \
	X(NOTE_REOPENED, "attempt.reopened", ATTEMPT_EV_REOPEN)                \
	X(NOTE_MARKED, "attempt.marked", -1)                                   \
	X(NOTE_REGRADED, "attempt.regraded", ATTEMPT_EV_REGRADE)               \
	X(NOTE_GRADED, "attempt.graded", ATTEMPT_EV_GRADE)                     \
	X(NOTE_RELEASED, "attempt.released", ATTEMPT_EV_RELEASE)

enum note_kind {
#define X(code, event, edge) code,
	NOTES(X)
#undef X
		NOTE_COUNT
};

struct score {
	bool has; /* every mark is known */
	struct dec sum, sum_max;
	struct dec score, max, scaled;
	bool passed, late;
	struct dec credit; /* percent */
};

/* The bodies of all records; each event has its own part of the fields. */
struct note {
	/* reserved */
	struct id assessment, series, learner;
	struct str course;
	int64_t version, number;
	struct str seed, layout;
	bool practice, preview;
	/* times */
	int64_t due_at, hard_end_at, soft_due_at, finished_at, frozen_ms;
	bool late, clock_stops;
	/* slots */
	int64_t slot, seq, certainty;
	bool has_mark, clear_mark, has_out_of;
	struct dec mark, out_of;
	/* staff */
	struct str reason, by;
	bool gives_back;
	struct id from, to;
	struct str receipt;
	struct str pledge; /* BLAKE2b-256 of its text */
	struct score score;
	/* submissions */
	struct id submission;
	int64_t files, bytes;
	int verdict; /* enum run_verdict; RUN_IE: it could not be judged */
	bool gradable;
	struct dec fraction; /* by the version that scored it then */
};

extern const char *const note_events[]; /* by enum note_kind */
/*
 * The edge that the event takes from this state; -1: it moves nothing. A
 * "graded" without all marks hands over to a person; one of an attempt that
 * has its grade already only changes it.
 */
int note_edge(int kind, int state, const struct note *note);
/* NOTE_COUNT: none of ours. */
int note_kind_of(struct str event);
struct str note_write(struct ctx *cx, int kind, const struct note *note);
MUST enum err note_read(struct ctx *cx, int kind, struct str body,
			struct note *out);

/* ---- the attempt ---- */

/* What the last save of a slot was answered. */
struct saved {
	int64_t at, due_at, hard_end_at;
};

/* An action as the stream has it, for folds that start over. */
struct past_action {
	struct past_action *next;
	struct slot_action a;
};

struct live_slot {
	struct slot_run run;
	struct slot layout; /* .item: index in the version it was made of */
	const struct item *made_of; /* the item in that version */
	struct str shown; /* the item as delivered; absent: made when asked */
	struct saved saved;
	int64_t received_at; /* the last submission; 0: none */
	int64_t room_at;     /* fair_use of submissions */
	struct oid tree;     /* of the files that came last; or none */
	struct past_action *past, **past_end;
	size_t past_n;
};

/* A recent idempotency key of a saved answer. */
struct known_key {
	uint8_t idem[KEY_BYTES], ask[KEY_BYTES];
	int64_t slot, seq;
	struct saved saved;
};
enum { KNOWN_KEYS = 32, ACTION_BYTES = 1024 /* an action's at least */ };

struct live {
	struct attempt_row row;
	struct arena *arena; /* what stays: slots, layout, keys */
	struct arena *grow;  /* responses; replaced when it has grown */
	/* The version it was reserved on; NULL: only the row is folded. */
	const struct published *made_of;
	const struct published *pub; /* the version that scores it */
	struct policy policy;	     /* effective for its learner */
	int64_t n;		     /* the last record */
	int64_t frozen_ms, suspended_at;
	bool due_is_set;  /* by a reopening: not from start and limit */
	bool replays;	  /* actions are kept, and slots fold at the end */
	bool for_reading; /* nobody goes on with it: no keys are kept */
	struct live_slot *slots;
	size_t slots_n;
	struct known_key *keys; /* a ring; grows up to KNOWN_KEYS */
	size_t keys_n, keys_room, keys_at;
	struct str receipt; /* of the hand-in; absent before */
	size_t built_bytes; /* of grow when it was built */
	bool erased;	    /* answers are gone: it cannot be scored again */
	struct dec credit;  /* percent, of its last score */
	bool score_late;    /* as well */
	size_t said_bytes;  /* of all responses, those that were replaced too:
			       who reads the attempt reads them all */

	/*
	 * Of files that came, and how many of them the course's row has: a save
	 * writes no row, so its files are counted with what comes next of a
	 * submission and the attempt's end.
	 */
	int64_t file_bytes, counted_bytes;

	/* The cache's. */
	struct live *chain, *older, *newer;
	bool touched; /* in this batch: may hold what is not committed */
};

/* A submission came, and its files were counted (submission_fair.c). */
void submission_came(struct live *l, struct live_slot *s, int64_t at_ms);

/*
 * Applies one record; cx->arena is scratch, what stays goes to the attempt's
 * own arenas. made: what the record's body says, if that need not be read from
 * it. effect may be NULL: what a slot action did. Refuses what the
 * state machine forbids (ERR_CONFLICT), and slot actions as slot_apply does;
 * then *l is unchanged.
 */
MUST enum err attempt_apply(struct ctx *cx, struct live *l,
			    const struct record *r, const struct note *made,
			    struct slot_effect *effect);
/*
 * Folds a whole stream into *l, of which row and arenas are set; without the
 * rules. replays: keep the actions, for live_refold; a stream with a reopening
 * or a regrade needs that in any case, and is refolded here.
 */
MUST enum err live_fold(struct ctx *cx, struct live *l,
			const struct list *records, bool replays);
/*
 * Folds the slots again from the actions that were kept. An attempt that kept
 * them goes on action by action after this.
 */
MUST enum err live_refold(struct ctx *cx, struct live *l);
/* Points the slots to another version, for a refold. ERR_PRECONDITION says
 * why an attempt cannot move there. */
MUST enum err live_use(struct ctx *cx, struct live *l,
		       const struct published *pub);
/* Has it grown so much that live_compact pays? */
bool live_is_big(const struct live *l);
/* Copies what counts into a new arena. */
MUST enum err live_compact(struct ctx *cx, struct live *l);
/* The attempt as the clock sees it. */
struct policy_attempt live_clock(const struct live *l);
/* Sets row.wake_at from the rules. */
void live_wake(struct live *l);
/* Reads the rules that hold for its learner now. */
MUST enum err live_rules(struct ctx *cx, struct live *l);
/* The slot of a number from 1; ERR_INVALID with field /slot. */
MUST enum err live_slot(struct ctx *cx, const struct live *l, int64_t slot,
			struct live_slot **out);
/*
 * The attempt as stored, for a query (folds.c). Its slots are shared and not
 * to be changed; they are there until the reply has been encoded. Once in a
 * query. ERR_NOT_FOUND also if the caller may not see it.
 */
MUST enum err live_read(struct ctx *cx, const struct id *id, struct live **out);
/* Its row, if the caller may see it; org: the tenant. ERR_NOT_FOUND. */
MUST enum err live_row(struct ctx *cx, const struct id *org,
		       const struct id *id, struct attempt_row *out);
/* Folded in cx->arena. replays: with its actions, see live_fold. */
MUST enum err live_read_row(struct ctx *cx, const struct attempt_row *row,
			    bool replays, struct live **out);
/* ERR_NOT_FOUND for other tenants', courses' and learners' attempts. */
MUST enum err live_visible(struct ctx *cx, const struct attempt_row *row);

/* ---- the cache (executor's thread) ---- */

/*
 * The attempt of cx->who (cx->who NULL: of anyone), from memory or folded and
 * kept. org: the tenant. ERR_NOT_FOUND; ERR_BUSY while an earlier failure in
 * this batch has made the memory of it unsure.
 */
MUST enum err attempts_get(struct ctx *cx, const struct id *org,
			   const struct id *id, struct live **out);
/*
 * A new one, with the row's org and id; its first record comes next. It counts
 * as touched.
 */
struct live *attempts_add(struct ctx *cx, const struct published *pub,
			  const struct attempt_row *row);
/* Folds it anew from its records, pending ones included; keeps actions. */
MUST enum err attempts_reload(struct ctx *cx, struct live **l);
/* In the cache: now scored by this version, which is held. */
void attempts_hold(struct ctx *cx, struct live *l, const struct published *was);
/*
 * Runs a handler; when it refuses while another node may have moved the
 * attempt on, it is read again and the handler has the last word on that.
 */
MUST enum err attempts_fresh(struct ctx *cx, const struct id *id,
			     enum err (*fn)(struct ctx *cx, const void *params,
					    void *result),
			     const void *params, void *result);
/* About to change: undone with the work. Before any change. */
void attempts_touch(struct ctx *cx, struct live *l);
/* After a change of wake_at. */
void attempts_rewake(struct ctx *cx, const struct live *l);

/* ---- commands' steps ---- */

/*
 * Stages a record of this event and applies it. personal may be absent.
 * effect may be NULL.
 */
MUST enum err live_note(struct ctx *cx, struct live *l, int kind,
			const struct note *note, struct str personal,
			struct slot_effect *effect);
/* Writes the row by compare-and-set and sets the timer. ERR_BUSY. */
MUST enum err live_store(struct ctx *cx, struct live *l);
/* Hands every attempt of its learner and series to the gradebook. */
MUST enum err live_to_gradebook(struct ctx *cx, struct live *l);
/*
 * Handed in or out of time: the record of m's event, and what follows: marks,
 * grade, row, gradebook.
 */
MUST enum err live_move(struct ctx *cx, struct live *l,
			const struct policy_move *m);
/* Applies the clock until it has nothing to do. *moved may be NULL. */
MUST enum err live_sweep(struct ctx *cx, struct live *l, int64_t now,
			 bool *moved);

/* ---- scores ---- */

void live_score(struct ctx *cx, const struct live *l, struct score *out);
extern const struct shape score_shape;
/* Its marks are known or have changed: the record, the row, the gradebook. */
MUST enum err live_grade(struct ctx *cx, struct live *l);

/* ---- receipts ---- */

/* Canonical JSON with a signature; in the arena. */
MUST enum err receipt_make(struct ctx *cx, const struct live *l,
			   int64_t finished_at, bool late, struct str *out);
/* Of a submission: response in its canonical form. */
struct str receipt_of_files(struct ctx *cx, const struct live *l, int64_t slot,
			    int64_t number, struct str response,
			    struct str tree);
