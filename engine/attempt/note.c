/* What the records of an attempt say, and how that is written. */
#include "base/limits.h"
#include "engine/attempt/live.h"

#define X(code, event, edge) event,
const char *const note_events[] = { NOTES(X) NULL };
#undef X

#define N struct note
#define TIMES                                                                  \
	FIELD_OPT(N, due_at, KIND_TIME, "due instant"),                        \
		FIELD_OPT(N, hard_end_at, KIND_TIME,                           \
			  "last instant of handing in")
/* Says to whom an event may be shown; in every record. */
#define COURSE FIELD_OPT(N, course, KIND_STR, "course")
#define REASON FIELD_OPT(N, reason, KIND_STR, "why", .max = LIMIT_TEXT_BYTES)

/* LIMIT_SLOTS marks of LIMIT_SCORE_POINTS, with certainty or early credit. */
#define WIDE .min = -4000000000, .max = 4000000000
static const struct field score_fields[] = {
	FIELD(struct score, has, KIND_BOOL, "every mark is known"),
	FIELD(struct score, sum, KIND_DEC, "sum of the marks", WIDE),
	FIELD(struct score, sum_max, KIND_DEC, "of at most", WIDE),
	FIELD(struct score, score, KIND_DEC, "after scale and late credit",
	      WIDE),
	FIELD(struct score, max, KIND_DEC, "of at most", WIDE),
	FIELD(struct score, scaled, KIND_DEC, "score / max", WIDE),
	FIELD(struct score, passed, KIND_BOOL, "the pass mark is reached"),
	FIELD(struct score, late, KIND_BOOL, "handed in after the due date"),
	FIELD(struct score, credit, KIND_DEC, "percent, for being late"),
	FIELD_END,
};
const struct shape score_shape = SHAPE(struct score, score_fields);

static const struct field reserved[] = {
	FIELD(N, assessment, KIND_ID, "version"),
	FIELD(N, series, KIND_ID, "series"),
	FIELD(N, course, KIND_STR, "course"),
	FIELD(N, version, KIND_INT, "its number"),
	FIELD(N, learner, KIND_ID, "whose"),
	FIELD(N, number, KIND_INT, "among his"),
	FIELD(N, practice, KIND_BOOL, "never counts"),
	FIELD(N, preview, KIND_BOOL, "an author's look"),
	FIELD(N, seed, KIND_HEX, "of layout and variants", .min = 1,
	      .max = LAYOUT_SEED_BYTES),
	FIELD(N, layout, KIND_RAW, "slots", .max = LIMIT_MESSAGE_BYTES),
	FIELD_END,
};
static const struct field started[] = {
	COURSE,
	TIMES,
	FIELD_OPT(N, pledge, KIND_HEX, "digest of the pledge that was accepted",
		  .min = HASH_BYTES, .max = HASH_BYTES),
	FIELD_END,
};
static const struct field acted[] = {
	COURSE,
	FIELD(N, slot, KIND_INT, "from 1"),
	FIELD(N, seq, KIND_INT, "of the slot, after this"),
	FIELD_OPT(N, certainty, KIND_INT, "1..3; 0: not said"),
	FIELD_END,
};
static const struct field received[] = {
	COURSE,
	FIELD(N, slot, KIND_INT, "from 1"),
	FIELD(N, seq, KIND_INT, "of the slot, after this"),
	FIELD(N, submission, KIND_ID, "its id"),
	FIELD(N, number, KIND_INT, "among the slot's, from 1"),
	FIELD(N, files, KIND_INT, "how many"),
	FIELD(N, bytes, KIND_INT, "of all files"),
	FIELD(N, receipt, KIND_RAW, "signed", .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct field judged[] = {
	COURSE,
	FIELD(N, slot, KIND_INT, "from 1"),
	FIELD(N, submission, KIND_ID, "which one"),
	FIELD(N, number, KIND_INT, "among the slot's"),
	FIELD(N, verdict, KIND_ENUM, "in all; IE: it could not be judged",
	      .words = run_verdict_words),
	FIELD(N, gradable, KIND_BOOL, "it counts"),
	FIELD(N, fraction, KIND_DEC, "of the question's points"),
	FIELD_END,
};
static const struct field handed_in[] = {
	COURSE,
	FIELD(N, finished_at, KIND_TIME, "when"),
	FIELD(N, late, KIND_BOOL, "by the server's clock"),
	FIELD_OPT(N, receipt, KIND_RAW, "signed", .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct field nothing[] = { COURSE, FIELD_END };
static const struct field abandoned[] = {
	COURSE,
	FIELD(N, finished_at, KIND_TIME, "when it ended"),
	FIELD_END,
};
static const struct field suspended[] = {
	COURSE,
	REASON,
	FIELD(N, clock_stops, KIND_BOOL, "remaining time is kept"),
	FIELD_END,
};
static const struct field resumed[] = {
	COURSE,
	REASON,
	FIELD(N, frozen_ms, KIND_INT, "how long the clock stood still so far",
	      .max = INT64_MAX),
	TIMES,
	FIELD_END,
};
static const struct field extended[] = {
	COURSE,
	TIMES,
	FIELD_OPT(N, soft_due_at, KIND_TIME, "late after this"),
	FIELD_END,
};
static const struct field voided[] = {
	COURSE,
	REASON,
	FIELD(N, gives_back, KIND_BOOL, "does not use up an attempt"),
	FIELD_END,
};
static const struct field reopened[] = {
	COURSE,
	REASON,
	TIMES,
	FIELD_END,
};
static const struct field marked[] = {
	COURSE,
	FIELD(N, slot, KIND_INT, "from 1"),
	FIELD(N, seq, KIND_INT, "of the slot, after this"),
	FIELD(N, by, KIND_STR, "who", .max = LIMIT_NAME_BYTES),
	FIELD_MAYBE(N, mark, has_mark, KIND_DEC, "the mark",
		    .min = -LIMIT_SCORE_POINTS, .max = LIMIT_SCORE_POINTS),
	FIELD_MAYBE(N, out_of, has_out_of, KIND_DEC, "of so many", .min = 0,
		    .max = LIMIT_SCORE_POINTS),
	FIELD(N, clear_mark, KIND_BOOL, "back to the engine's"),
	FIELD_END,
};
static const struct field graded[] = {
	COURSE,
	FIELD(N, score, KIND_OBJECT, "the score", .shape = &score_shape),
	FIELD_END,
};
static const struct field regraded[] = {
	COURSE,
	REASON,
	FIELD(N, from, KIND_ID, "version before"),
	FIELD(N, to, KIND_ID, "version that counts now"),
	FIELD(N, by, KIND_STR, "who", .max = LIMIT_NAME_BYTES),
	FIELD(N, score, KIND_OBJECT, "the score", .shape = &score_shape),
	FIELD_END,
};
static const struct field released[] = {
	COURSE,
	REASON,
	FIELD_END,
};
#undef N

#define NOTE_SHAPE(f)                                                          \
	{                                                                      \
#f, sizeof(struct note), (f)                                   \
	}
static const struct shape shapes[NOTE_COUNT] = {
	[NOTE_RESERVED] = NOTE_SHAPE(reserved),
	[NOTE_STARTED] = NOTE_SHAPE(started),
	[NOTE_ANSWERED] = NOTE_SHAPE(acted),
	[NOTE_CHECKED] = NOTE_SHAPE(acted),
	[NOTE_TRIED_AGAIN] = NOTE_SHAPE(acted),
	[NOTE_RECEIVED] = NOTE_SHAPE(received),
	[NOTE_JUDGED] = NOTE_SHAPE(judged),
	[NOTE_SUBMITTED] = NOTE_SHAPE(handed_in),
	[NOTE_EXPIRED] = NOTE_SHAPE(handed_in),
	[NOTE_OVERTIME] = NOTE_SHAPE(nothing),
	[NOTE_ABANDONED] = NOTE_SHAPE(abandoned),
	[NOTE_SUSPENDED] = NOTE_SHAPE(suspended),
	[NOTE_RESUMED] = NOTE_SHAPE(resumed),
	[NOTE_EXTENDED] = NOTE_SHAPE(extended),
	[NOTE_VOIDED] = NOTE_SHAPE(voided),
	[NOTE_REOPENED] = NOTE_SHAPE(reopened),
	[NOTE_MARKED] = NOTE_SHAPE(marked),
	[NOTE_REGRADED] = NOTE_SHAPE(regraded),
	[NOTE_GRADED] = NOTE_SHAPE(graded),
	[NOTE_RELEASED] = NOTE_SHAPE(released),
};

int note_edge(int kind, int state, const struct note *note)
{
	static const int edges[NOTE_COUNT] = {
#define X(code, event, edge) [code] = (edge),
		NOTES(X)
#undef X
	};

	if (kind != NOTE_GRADED)
		return edges[kind];
	if (state == ATTEMPT_GRADED || state == ATTEMPT_RELEASED)
		return ATTEMPT_EV_REGRADE;
	if (note->score.has)
		return ATTEMPT_EV_GRADE;
	return state == ATTEMPT_NEEDS_GRADING ? ATTEMPT_EV_REGRADE
					      : ATTEMPT_EV_HAND_OVER;
}

int note_kind_of(struct str event)
{
	int kind = 0;

	while (kind < NOTE_COUNT && !str_is(event, note_events[kind]))
		kind++;
	return kind;
}

struct str note_write(struct ctx *cx, int kind, const struct note *note)
{
	return field_text(cx->arena, &shapes[kind], note);
}

enum err note_read(struct ctx *cx, int kind, struct str body, struct note *out)
{
	if (field_decode_text(cx, body, &shapes[kind], out))
		return err_set(cx, ERR_CORRUPT,
			       "a stored record of the attempt cannot be read");
	return OK;
}
