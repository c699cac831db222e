#include "engine/attempt/view.h"

#include "base/limits.h"
#include "engine/jobs/job.h"

#define V struct attempt_view
static const struct field attempt_fields[] = {
	FIELD(V, attempt, KIND_ID, "its id"),
	FIELD(V, learner, KIND_ID, "whose it is"),
	FIELD(V, assessment, KIND_ID, "the version it counts by"),
	FIELD(V, series, KIND_ID, "all versions of the assessment"),
	FIELD(V, course, KIND_STR, "the platform's course id"),
	FIELD(V, slug, KIND_STR, "the assessment's name in its course"),
	FIELD(V, title, KIND_STR, "of the assessment"),
	FIELD(V, version, KIND_INT, "of the assessment"),
	FIELD(V, number, KIND_INT, "among the learner's attempts, from 1"),
	FIELD(V, state, KIND_ENUM, "where it stands",
	      .words = attempt_state_words),
	FIELD(V, practice, KIND_BOOL, "it never counts"),
	FIELD(V, preview, KIND_BOOL, "an author's look"),
	FIELD(V, resumed, KIND_BOOL, "it was there already"),
	FIELD(V, slots, KIND_INT, "how many questions"),
	FIELD_OPT(V, started_at, KIND_TIME, "when its clock started"),
	FIELD_OPT(V, due_at, KIND_TIME, "when its time is up"),
	FIELD_OPT(V, hard_end_at, KIND_TIME, "last instant of handing in"),
	FIELD_MAYBE(V, remaining_ms, has_remaining, KIND_INT,
		    "until due; negative: over"),
	FIELD(V, server_time, KIND_TIME, "the clock that counts"),
	FIELD_OPT(V, finished_at, KIND_TIME, "when it was handed in"),
	FIELD(V, late, KIND_BOOL, "handed in after the due date"),
	FIELD_OPT(V, receipt, KIND_RAW, "signed, of the hand-in"),
	FIELD_END,
};
#undef V
const struct shape attempt_view_shape =
	SHAPE(struct attempt_view, attempt_fields);

void view_attempt(struct ctx *cx, const struct live *l,
		  struct attempt_view *out)
{
	const struct attempt_row *r = &l->row;
	int64_t now = clock_ms(cx->clock);

	*out = (struct attempt_view){
		.attempt = r->id,
		.learner = r->learner,
		.assessment = r->assessment,
		.series = r->series,
		.course = str_copy(cx->arena, r->course),
		.slug = l->pub->row.slug,
		.title = l->pub->row.title,
		.version = l->pub->row.version,
		.number = r->number,
		.state = r->state,
		.practice = r->practice,
		.preview = r->preview,
		.slots = (int64_t)l->slots_n,
		.started_at = r->started_at,
		.due_at = r->due_at,
		.hard_end_at = r->hard_end_at,
		.has_remaining = r->due_at && attempt_is_open(r->state),
		.remaining_ms = r->due_at - now,
		.server_time = now,
		.finished_at = r->finished_at,
		.late = r->late,
		.receipt = str_copy(cx->arena, l->receipt),
	};
}

/* X(code, word) */
#define SHOWN_STATES(X)                                                        \
	X(SHOWN_TODO, "todo")                                                  \
	X(SHOWN_SAVED, "saved")                                                \
	X(SHOWN_INVALID, "invalid")	/* cannot be scored as it is */        \
	X(SHOWN_TRY_AGAIN, "try_again") /* a try failed; more are left */      \
	X(SHOWN_FINISHED, "finished")                                          \
	X(SHOWN_NEEDS_GRADING, "needs_grading")                                \
	X(SHOWN_JUDGING, "judging") /* files wait for their verdict */         \
	X(SHOWN_MARKED, "marked")   /* by a person */
#define X(code, word) code,
enum shown_state { SHOWN_STATES(X) };
#undef X
#define X(code, word) word,
static const char *const shown_state_words[] = { SHOWN_STATES(X) NULL };
#undef X
enum shown_correct { CORRECT_NO, CORRECT_PARTLY, CORRECT_YES };
static const char *const shown_correct_words[] = { "wrong", "partial", "right",
						   NULL };

#define V struct slot_view
static const struct field slot_fields[] = {
	FIELD(V, slot, KIND_INT, "its number, from 1"),
	FIELD(V, seq, KIND_INT, "of its last change; the next is one more"),
	FIELD(V, section, KIND_INT, "index of its section"),
	FIELD(V, state, KIND_ENUM, "what was done with it",
	      .words = shown_state_words),
	FIELD(V, behaviour, KIND_STR, "how tries and feedback go"),
	FIELD(V, answered, KIND_BOOL, "there is something to score"),
	FIELD_OPT(V, saved_at, KIND_TIME, "last change"),
	FIELD_OPT(V, item, KIND_RAW, "the question, without any key"),
	FIELD_OPT(V, response, KIND_RAW, "what was answered"),
	FIELD_OPT(V, certainty, KIND_INT, "1..3; 0: not said"),
	FIELD_MAYBE(V, tries_left, has_tries_left, KIND_INT, "tries left"),
	FIELD_OPT(V, reason, KIND_STR, "why it could not be scored"),
	FIELD_OPT(V, hint, KIND_STR, "after a try that failed"),
	FIELD_MAYBE(V, correct, has_correct, KIND_ENUM, "how right it is",
		    .words = shown_correct_words),
	FIELD_MAYBE(V, parts_right, has_right, KIND_INT,
		    "parts that are right"),
	FIELD_MAYBE(V, parts, has_right, KIND_INT, "of so many"),
	FIELD_MAYBE(V, mark, has_mark, KIND_DEC, "its mark"),
	FIELD_MAYBE(V, max_mark, has_max, KIND_DEC, "the most it gives"),
	FIELD_OPT(V, feedback, KIND_STR, "on what was answered"),
	FIELD_OPT(V, general_feedback, KIND_STR, "on the question"),
	FIELD_OPT(V, right_answer, KIND_RAW, "a response with full marks"),
	FIELD_OPT(V, comment, KIND_STR, "the marker's"),
	FIELD_OPT(V, code, KIND_RAW,
		  "of a code item: submissions {number, state}, queue (where "
		  "the last one that waits stands), report (of the last one "
		  "judged)"),
	FIELD_END,
};
#undef V
const struct shape slot_view_shape = SHAPE(struct slot_view, slot_fields);

/* Says how far it is, never whether it is right. */
static int shown_state(const struct slot_run *s)
{
	if (s->has_manual)
		return SHOWN_MARKED;
	if (view_is_judging(s))
		return SHOWN_JUDGING;
	if (s->state == SLOT_NEEDS_GRADING)
		return SHOWN_NEEDS_GRADING;
	if (!slot_state_is_open(s->state))
		return SHOWN_FINISHED;
	if (s->try_again)
		return SHOWN_TRY_AGAIN;
	if (s->state == SLOT_INVALID)
		return SHOWN_INVALID;
	return slot_is_answered(s) ? SHOWN_SAVED : SHOWN_TODO;
}

static struct str taken(struct ctx *cx, struct buf *b)
{
	struct str s = buf_copy(b, cx->arena);

	buf_done(b);
	return s;
}

static struct str response_text(struct ctx *cx, const struct item *it,
				const struct response *r)
{
	struct buf b = { 0 };

	response_write(&b, it, r);
	return taken(cx, &b);
}

static void show_outcome(const struct slot_run *s, const struct outcome *o,
			 uint32_t shows, uint32_t flags, struct slot_view *v)
{
	if ((flags & REVIEW_BIT(REVIEW_CORRECTNESS)) &&
	    (shows & SHOW_RIGHT_COUNT) && o->parts) {
		v->has_right = true;
		v->parts_right = o->parts_right;
		v->parts = o->parts;
	}
	if ((flags & REVIEW_BIT(REVIEW_SPECIFIC_FEEDBACK)) &&
	    (shows & SHOW_FEEDBACK))
		v->feedback = o->feedback;
	if (!(flags & REVIEW_BIT(REVIEW_CORRECTNESS)) ||
	    !(shows & SHOW_CORRECTNESS))
		return;
	v->has_correct = true;
	v->correct = o->state == SCORE_RIGHT	 ? CORRECT_YES
		     : o->state == SCORE_PARTIAL ? CORRECT_PARTLY
						 : CORRECT_NO;
	if (s->has_manual && dec_cmp(s->setup.max, DEC_ZERO) > 0)
		v->correct = dec_cmp(s->manual, s->setup.max) >= 0 ? CORRECT_YES
			     : dec_cmp(s->manual, DEC_ZERO) > 0 ? CORRECT_PARTLY
								: CORRECT_NO;
}

/* What the engine says of the response: once more, from the same input. */
static enum err show_score(struct ctx *cx, const struct slot_run *s,
			   uint32_t shows, uint32_t flags, struct slot_view *v)
{
	const struct slot_setup *u = &s->setup;
	const struct response *r = s->has_graded ? &s->graded : &s->response;
	struct outcome o;
	enum err e;

	if (!(shows & (SHOW_CORRECTNESS | SHOW_FEEDBACK | SHOW_RIGHT_COUNT)) ||
	    !assessment_item_gradable(u->item) || s->state == SLOT_GAVE_UP)
		return OK;
	e = score_item(cx, u->item, u->variant, r, &o);
	if (e)
		return e;
	if (o.state != SCORE_NEEDS_PERSON || s->has_manual)
		show_outcome(s, &o, shows, flags, v);
	return OK;
}

static enum err show_key(struct ctx *cx, const struct slot_run *s,
			 uint32_t shows, uint32_t flags, struct slot_view *v)
{
	const struct slot_setup *u = &s->setup;
	struct response right;
	enum err e;

	if (!(shows & SHOW_RIGHT_ANSWER))
		return OK;
	if (flags & REVIEW_BIT(REVIEW_GENERAL_FEEDBACK))
		v->general_feedback = u->item->general_feedback;
	if (!(flags & REVIEW_BIT(REVIEW_RIGHT_ANSWER)) ||
	    !assessment_item_gradable(u->item))
		return OK;
	e = score_right_response(cx, u->item, u->variant, &right);
	if (e)
		return e;
	if (!response_is_blank(u->item, &right))
		v->right_answer = response_text(cx, u->item, &right);
	return OK;
}

static void show_marks(const struct slot_run *s, uint32_t shows, uint32_t flags,
		       struct slot_view *v)
{
	struct dec mark = DEC_ZERO;
	bool has = slot_state_is_open(s->state) ? slot_mark(s, &mark)
						: slot_sum_mark(s, &mark);

	if (flags & REVIEW_BIT(REVIEW_MAX_MARKS)) {
		v->has_max = true;
		v->max_mark = s->setup.max;
	}
	if (has && (flags & REVIEW_BIT(REVIEW_MARKS)) && (shows & SHOW_MARK)) {
		v->has_mark = true;
		v->mark = mark;
	}
	if (flags &
	    (REVIEW_BIT(REVIEW_SPECIFIC_FEEDBACK) | REVIEW_BIT(REVIEW_MARKS)))
		v->comment = s->comment;
}

static enum err show_slot(struct ctx *cx, const struct live *l, size_t at,
			  uint32_t flags, bool staff, int parts,
			  struct job_workers *w, struct slot_view *out)
{
	const struct live_slot *ls = &l->slots[at];
	const struct slot_run *s = &ls->run;
	const struct slot_setup *u = &s->setup;
	const struct hint *hint = slot_hint(s);
	uint32_t shows = slot_shows(s);
	struct slot_view v = { .slot = (int64_t)at + 1,
			       .seq = s->seq,
			       .section = ls->layout.section,
			       .state = shown_state(s),
			       .behaviour =
				       str_of(behaviour_words[u->behaviour]),
			       .answered = slot_is_answered(s),
			       .saved_at = ls->saved.at,
			       .certainty = s->certainty,
			       .tries_left = slot_tries_left(s) };
	struct buf b = { 0 };
	enum err e;

	if (staff) {
		flags = REVIEW_EVERYTHING;
		shows |= SHOW_CORRECTNESS | SHOW_MARK | SHOW_FEEDBACK |
			 SHOW_RIGHT_COUNT | SHOW_RIGHT_ANSWER;
	}
	v.has_tries_left = v.tries_left >= 0;
	if (shows & SHOW_HINT && hint)
		v.hint = hint->text;
	if (parts & VIEW_ITEM && ls->shown.p) {
		v.item = ls->shown;
	} else if (parts & VIEW_ITEM) {
		item_deliver(&b, u->item, u->variant);
		v.item = taken(cx, &b);
	}
	if (s->has_response &&
	    ((parts & VIEW_RESPONSE) || (flags & REVIEW_BIT(REVIEW_RESPONSE))))
		v.response = response_text(cx, u->item, &s->response);
	show_marks(s, shows, flags, &v);
	e = show_score(cx, s, shows, flags, &v);
	if (!e && u->behaviour == BEHAVIOUR_JUDGED)
		e = view_code(cx, l, at, staff, w, &v.code);
	if (!e)
		e = show_key(cx, s, shows, flags, &v);
	*out = v;
	return e;
}

enum err view_slot(struct ctx *cx, const struct live *l, size_t at,
		   uint32_t flags, bool staff, int parts, struct slot_view *out)
{
	struct job_workers workers = { 0 };

	return show_slot(cx, l, at, flags, staff, parts, &workers, out);
}

enum err view_slots(struct ctx *cx, const struct live *l, uint32_t flags,
		    bool staff, int parts, struct list *out)
{
	struct slot_view *v =
		ARENA_ARRAY(cx->arena, struct slot_view, l->slots_n);
	struct job_workers workers = { 0 };
	enum err e = OK;

	for (size_t i = 0; !e && i < l->slots_n; i++)
		e = show_slot(cx, l, i, flags, staff, parts, &workers, &v[i]);
	*out = (struct list){ v, l->slots_n };
	return e;
}

uint32_t view_flags(const struct ctx *cx, const struct live *l, bool *staff)
{
	*staff = principal_has(cx->who, ROLE_STAFF | ROLE_AUDITOR) &&
		 !id_eq(&cx->who->person, &l->row.learner);
	if (*staff)
		return REVIEW_EVERYTHING;
	return policy_review(&l->policy, l->row.state, l->row.finished_at,
			     clock_ms(cx->clock));
}

struct str view_state(struct ctx *cx, const struct live *l)
{
	struct attempt_view v;
	struct buf b = { 0 };

	view_attempt(cx, l, &v);
	v.receipt = (struct str){ 0 };
	field_encode(&b, &attempt_view_shape, &v);
	return taken(cx, &b);
}
