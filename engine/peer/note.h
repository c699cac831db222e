/*
 * note: what the records of a peer review run say. One struct for all; each
 * event has its own part of the fields (note.c), and the texts of people stand
 * in the record's personal part.
 */
#pragma once

#include "base/ctx.h"
#include "base/dec.h"
#include "base/field.h"
#include "base/id.h"

/* X(code, event) */
#define PEER_NOTES(X)                                                          \
	X(NOTE_OPENED, "peer.opened")                                          \
	X(NOTE_TICKED, "peer.ticked")                                          \
	X(NOTE_ALLOCATED, "peer.allocated")                                    \
	X(NOTE_WAIVED, "peer.waived")                                          \
	X(NOTE_RELATED, "peer.related")                                        \
	X(NOTE_DECIDED, "peer.decided")                                        \
	X(NOTE_CONFIRMED, "peer.confirmed")                                    \
	X(NOTE_RELEASED_ALL, "peer.released")                                  \
	X(NOTE_EXTENDED, "peer.extended")                                      \
	X(NOTE_HANDED_IN, "artifact.submitted")                                \
	X(NOTE_CORRECTED, "artifact.corrected")                                \
	X(NOTE_WITHDRAWN, "artifact.withdrawn")                                \
	X(NOTE_REVEALED, "artifact.revealed")                                  \
	X(NOTE_LEASED, "review.leased")                                        \
	X(NOTE_RENEWED, "review.renewed")                                      \
	X(NOTE_RETURNED, "review.returned")                                    \
	X(NOTE_NONE, "review.none")                                            \
	X(NOTE_REVIEWED, "review.submitted")                                   \
	X(NOTE_RATED, "review.rated")                                          \
	X(NOTE_MARKED, "review.marked")                                        \
	X(NOTE_LICENCE, "reviewer.licence_changed")                            \
	X(NOTE_APPEAL_FILED, "appeal.filed")                                   \
	X(NOTE_APPEAL_TRIAGED, "appeal.triaged")                               \
	X(NOTE_APPEAL_DECIDED, "appeal.decided")

enum peer_note_kind {
#define X(code, event) code,
	PEER_NOTES(X)
#undef X
		PEER_NOTE_COUNT
};
extern const char *const peer_note_events[]; /* by enum peer_note_kind */

/* X(code, word, what the reviewer says of the work) */
#define PEER_FLAGS(X)                                                          \
	X(PEER_FLAG_NONE, "none", "nothing")                                   \
	X(PEER_FLAG_EMPTY, "empty", "it is empty or unreadable")               \
	X(PEER_FLAG_COPIED, "copied", "it is somebody else's")                 \
	X(PEER_FLAG_UNFIT, "unfit", "it is offensive or harmful")              \
	X(PEER_FLAG_KNOWN, "known", "the reviewer knows whose it is")
enum peer_flag {
#define X(code, word, doc) code,
	PEER_FLAGS(X)
#undef X
};
extern const char *const peer_flag_words[];

/* What a relation is about. X(code, word) */
#define PEER_RELATIONS(X)                                                      \
	X(PEER_CONFLICT, "conflict")                                           \
	X(PEER_NO_CONFLICT, "no_conflict")                                     \
	X(PEER_TEAM, "team")                                                   \
	X(PEER_IDENTITY, "identity")
enum peer_relation {
#define X(code, word) code,
	PEER_RELATIONS(X)
#undef X
};
extern const char *const peer_relation_words[];

/* What is waived. X(code, word) */
#define PEER_WAIVERS(X)                                                        \
	X(PEER_WAIVE_DUTY, "duty")                                             \
	X(PEER_WAIVE_FEEDBACK, "feedback")                                     \
	X(PEER_WAIVE_CONFLICT, "reciprocal")
enum peer_waiver {
#define X(code, word) code,
	PEER_WAIVERS(X)
#undef X
};
extern const char *const peer_waiver_words[];

/* What an appeal comes to. X(code, word) */
#define PEER_OUTCOMES(X)                                                       \
	X(PEER_OUTCOME_NONE, "none")                                           \
	X(PEER_UPHELD, "upheld")                                               \
	X(PEER_CHANGED, "changed")                                             \
	X(PEER_REJECTED, "rejected")
enum peer_outcome {
#define X(code, word) code,
	PEER_OUTCOMES(X)
#undef X
};
extern const char *const peer_outcome_words[];

struct peer_note {
	struct str course; /* in every body: to whom it may be shown */
	struct id assessment;
	int64_t now;
	struct id artifact, review, appeal;
	struct id learner, other; /* whom it is about, besides the record's */
	int64_t version;	  /* of an artifact, from 1 */
	int64_t kinds, bytes, words;
	/* leases */
	bool is_gold, open; /* open: calibration */
	int64_t gold;	    /* index in the version's list */
	int64_t fence, until, window;
	bool surplus;
	/* why there was nothing to review: works in the pool, of them ... */
	int64_t in_pool, conflicting, had, full;
	/* reviews */
	struct dec scaled;
	struct list each; /* struct dec, by criterion of the rubric */
	struct dec coverage;
	int flag;
	bool passed; /* of a gold item */
	int64_t rating, mark;
	/* staff */
	struct str by, reason;
	int licence;   /* enum licence_state */
	int64_t since; /* reviews from this instant on do not count */
	bool restore;  /* all of them count again */
	bool take;     /* confirmed: the new grade; else the old stays */
	int relation, waiver, outcome;
	struct str group; /* a team's or an identity's name, as a digest */
	int64_t seed, per;
	int64_t people; /* of an allocation */
	int64_t hand_in_until, review_until;
};

/* PEER_NOTE_COUNT: none of ours. */
int peer_note_kind_of(struct str event);
struct str peer_note_write(struct ctx *cx, int kind, const struct peer_note *n);
MUST enum err peer_note_read(struct ctx *cx, int kind, struct str body,
			     struct peer_note *out);
