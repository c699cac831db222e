#include "engine/peer/note.h"

#include "base/limits.h"
#include "rubrics/licence.h"
#include "rubrics/rubric.h"

#define X(code, event) event,
const char *const peer_note_events[] = { PEER_NOTES(X) NULL };
#undef X
#define X(code, word, doc) word,
const char *const peer_flag_words[] = { PEER_FLAGS(X) NULL };
#undef X
#define X(code, word) word,
const char *const peer_relation_words[] = { PEER_RELATIONS(X) NULL };
const char *const peer_waiver_words[] = { PEER_WAIVERS(X) NULL };
const char *const peer_outcome_words[] = { PEER_OUTCOMES(X) NULL };
#undef X

#define N struct peer_note
#define COURSE FIELD_OPT(N, course, KIND_STR, "course", .max = LIMIT_REF_BYTES)
#define STAFF                                                                  \
	FIELD(N, by, KIND_STR, "who", .max = LIMIT_NAME_BYTES),                \
		FIELD(N, reason, KIND_STR, "why", .max = LIMIT_TEXT_BYTES)
#define SCORES                                                                 \
	FIELD(N, scaled, KIND_DEC, "of the whole, 0..1"),                      \
		FIELD(N, each, KIND_LIST, "of each criterion, 0..1",           \
		      .of = KIND_DEC, .max = RUBRIC_CRITERIA)

static const struct field opened[] = {
	COURSE,
	FIELD(N, assessment, KIND_ID, "version by which it is reviewed"),
	FIELD_END,
};
static const struct field ticked[] = {
	COURSE,
	FIELD(N, now, KIND_TIME, "what was due up to here has happened"),
	FIELD_END,
};
static const struct field allocated[] = {
	COURSE,
	FIELD(N, by, KIND_STR, "who", .max = LIMIT_NAME_BYTES),
	FIELD(N, seed, KIND_INT, "of the draw", .min = INT64_MIN,
	      .max = INT64_MAX),
	FIELD(N, per, KIND_INT, "reviews each"),
	FIELD(N, people, KIND_INT, "whose works were in the pool"),
	FIELD_OPT(N, reason, KIND_STR, "why some may review each other",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct field waived[] = {
	COURSE,
	STAFF,
	FIELD(N, waiver, KIND_ENUM, "what", .words = peer_waiver_words),
	FIELD(N, learner, KIND_ID, "for whom"),
	FIELD_OPT(N, other, KIND_ID, "with whom"),
	FIELD_END,
};
static const struct field related[] = {
	COURSE,
	STAFF,
	FIELD(N, relation, KIND_ENUM, "which", .words = peer_relation_words),
	FIELD(N, learner, KIND_ID, "who"),
	FIELD_OPT(N, other, KIND_ID, "and who"),
	FIELD_OPT(N, group, KIND_HEX, "digest of the group; absent: none",
		  .max = 16),
	FIELD_END,
};
static const struct field decided[] = {
	COURSE, STAFF, FIELD(N, artifact, KIND_ID, "which"), SCORES, FIELD_END,
};
static const struct field confirmed[] = {
	COURSE,
	STAFF,
	FIELD(N, artifact, KIND_ID, "which"),
	FIELD(N, take, KIND_BOOL, "the new grade; else the old one stays"),
	FIELD(N, scaled, KIND_DEC, "the new grade, 0..1"),
	FIELD_END,
};
static const struct field released_all[] = {
	COURSE,
	STAFF,
	FIELD_END,
};
static const struct field extended[] = {
	COURSE,
	STAFF,
	FIELD_OPT(N, hand_in_until, KIND_TIME, "last instant for work"),
	FIELD_OPT(N, review_until, KIND_TIME, "last instant for reviews"),
	FIELD_END,
};
static const struct field handed_in[] = {
	COURSE,
	FIELD(N, artifact, KIND_ID, "its id"),
	FIELD(N, version, KIND_INT, "among the learner's, from 1"),
	FIELD(N, kinds, KIND_INT, "what it has: bits of peer_kind"),
	FIELD(N, bytes, KIND_INT, "of all"),
	FIELD(N, words, KIND_INT, "of its text"),
	FIELD(N, until, KIND_TIME, "to be corrected up to here"),
	FIELD_END,
};
static const struct field withdrawn[] = {
	COURSE,
	FIELD(N, artifact, KIND_ID, "which"),
	FIELD_OPT(N, by, KIND_STR, "staff, if not its author",
		  .max = LIMIT_NAME_BYTES),
	FIELD_OPT(N, reason, KIND_STR, "why", .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct field revealed[] = {
	COURSE,
	FIELD(N, artifact, KIND_ID, "whose grade its author asked to see"),
	FIELD_END,
};
static const struct field leased[] = {
	COURSE,
	FIELD(N, review, KIND_ID, "its id"),
	FIELD_OPT(N, artifact, KIND_ID, "of which work; absent: of gold"),
	FIELD(N, is_gold, KIND_BOOL, "of an artifact with an expert's grade"),
	FIELD(N, open, KIND_BOOL, "for calibration"),
	FIELD(N, gold, KIND_INT, "which gold, from 0"),
	FIELD(N, fence, KIND_INT, "the lease's number"),
	FIELD(N, until, KIND_TIME, "its end"),
	FIELD(N, window, KIND_INT, "from how many it was picked"),
	FIELD(N, surplus, KIND_BOOL, "the work has what it needs"),
	FIELD_END,
};
static const struct field renewed[] = {
	COURSE,
	FIELD(N, review, KIND_ID, "which"),
	FIELD(N, until, KIND_TIME, "its new end"),
	FIELD_END,
};
static const struct field returned[] = {
	COURSE,
	FIELD(N, review, KIND_ID, "which"),
	FIELD_END,
};
static const struct field none[] = {
	COURSE,
	FIELD(N, in_pool, KIND_INT, "works that are there"),
	FIELD(N, conflicting, KIND_INT, "that he may not have"),
	FIELD(N, had, KIND_INT, "that he has reviewed"),
	FIELD(N, full, KIND_INT, "that have all they may get"),
	FIELD_END,
};
static const struct field reviewed[] = {
	COURSE,
	FIELD(N, review, KIND_ID, "which"),
	FIELD(N, fence, KIND_INT, "of the lease that it was written under"),
	SCORES,
	FIELD(N, coverage, KIND_DEC, "share of criteria with a comment"),
	FIELD(N, words, KIND_INT, "in all its texts"),
	FIELD(N, flag, KIND_ENUM, "what is said of the work",
	      .words = peer_flag_words),
	FIELD(N, passed, KIND_BOOL, "of a gold item: near the expert"),
	FIELD_END,
};
static const struct field rated[] = {
	COURSE,
	FIELD(N, review, KIND_ID, "which"),
	FIELD(N, rating, KIND_INT, "1..5"),
	FIELD_END,
};
static const struct field marked[] = {
	COURSE,
	STAFF,
	FIELD(N, review, KIND_ID, "which"),
	FIELD(N, mark, KIND_INT, "1..5"),
	FIELD_END,
};
static const struct field licence[] = {
	COURSE,
	STAFF,
	FIELD(N, learner, KIND_ID, "whose"),
	FIELD(N, licence, KIND_ENUM, "to which", .words = licence_state_words),
	FIELD_OPT(N, since, KIND_TIME, "his reviews from here on do not count"),
	FIELD_OPT(N, restore, KIND_BOOL,
		  "those that were taken out count again"),
	FIELD_END,
};
static const struct field appeal_filed[] = {
	COURSE,
	FIELD(N, appeal, KIND_ID, "its id"),
	FIELD(N, artifact, KIND_ID, "about which"),
	FIELD(N, words, KIND_INT, "of its grounds"),
	FIELD_END,
};
static const struct field appeal_triaged[] = {
	COURSE,
	STAFF,
	FIELD(N, appeal, KIND_ID, "which"),
	FIELD(N, take, KIND_BOOL, "it is looked into; else it is closed"),
	FIELD_END,
};
static const struct field appeal_decided[] = {
	COURSE,
	STAFF,
	FIELD(N, appeal, KIND_ID, "which"),
	FIELD(N, outcome, KIND_ENUM, "what came of it",
	      .words = peer_outcome_words),
	SCORES,
	FIELD_END,
};

static const struct shape shapes[] = {
	[NOTE_OPENED] = { "opened", sizeof(N), opened },
	[NOTE_TICKED] = { "ticked", sizeof(N), ticked },
	[NOTE_ALLOCATED] = { "allocated", sizeof(N), allocated },
	[NOTE_WAIVED] = { "waived", sizeof(N), waived },
	[NOTE_RELATED] = { "related", sizeof(N), related },
	[NOTE_DECIDED] = { "decided", sizeof(N), decided },
	[NOTE_CONFIRMED] = { "confirmed", sizeof(N), confirmed },
	[NOTE_RELEASED_ALL] = { "released_all", sizeof(N), released_all },
	[NOTE_EXTENDED] = { "extended", sizeof(N), extended },
	[NOTE_HANDED_IN] = { "handed_in", sizeof(N), handed_in },
	[NOTE_CORRECTED] = { "corrected", sizeof(N), handed_in },
	[NOTE_WITHDRAWN] = { "withdrawn", sizeof(N), withdrawn },
	[NOTE_REVEALED] = { "revealed", sizeof(N), revealed },
	[NOTE_LEASED] = { "leased", sizeof(N), leased },
	[NOTE_RENEWED] = { "renewed", sizeof(N), renewed },
	[NOTE_RETURNED] = { "returned", sizeof(N), returned },
	[NOTE_NONE] = { "none", sizeof(N), none },
	[NOTE_REVIEWED] = { "reviewed", sizeof(N), reviewed },
	[NOTE_RATED] = { "rated", sizeof(N), rated },
	[NOTE_MARKED] = { "marked", sizeof(N), marked },
	[NOTE_LICENCE] = { "licence", sizeof(N), licence },
	[NOTE_APPEAL_FILED] = { "appeal_filed", sizeof(N), appeal_filed },
	[NOTE_APPEAL_TRIAGED] = { "appeal_triaged", sizeof(N), appeal_triaged },
	[NOTE_APPEAL_DECIDED] = { "appeal_decided", sizeof(N), appeal_decided },
};

int peer_note_kind_of(struct str event)
{
	for (int i = 0; i < PEER_NOTE_COUNT; i++)
		if (str_is(event, peer_note_events[i]))
			return i;
	return PEER_NOTE_COUNT;
}

struct str peer_note_write(struct ctx *cx, int kind, const struct peer_note *n)
{
	return field_text(cx->arena, &shapes[kind], n);
}

enum err peer_note_read(struct ctx *cx, int kind, struct str body,
			struct peer_note *out)
{
	return field_decode_text(cx, body, &shapes[kind], out);
}
