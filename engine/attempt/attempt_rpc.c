/* What a learner, or a platform in his name, does with an attempt. */
#include "base/limits.h"
#include "engine/attempt/submission.h"
#include "engine/attempt/view.h"

#define ATTEMPT_ROLES (ROLE_LEARNER | ROLE_STAFF)

static enum err mine(struct ctx *cx, const struct id *id, struct live **out)
{
	return attempts_get(cx, &cx->who->org, id, out);
}

/* Refused, with the state that makes it so. */
static enum err refuse(struct ctx *cx, const struct live *l, enum err e,
		       const char *text)
{
	err_set(cx, e, "%s", text);
	cx->error.data = view_state(cx, l);
	return e;
}

/* ---- get ---- */

struct which {
	struct id attempt;
};
static const struct field which_fields[] = {
	FIELD(struct which, attempt, KIND_ID, "which one"),
	FIELD_END,
};
static const struct shape which_shape = SHAPE(struct which, which_fields);

struct section_view {
	struct str title, text;
};
static const struct field section_fields[] = {
	FIELD_OPT(struct section_view, title, KIND_STR, "heading"),
	FIELD_OPT(struct section_view, text, KIND_STR, "above its questions"),
	FIELD_END,
};
static const struct shape section_view_shape =
	SHAPE(struct section_view, section_fields);

struct delivery {
	struct attempt_view view;
	struct list sections, slots;
};
static const struct field delivery_fields[] = {
	ATTEMPT_VIEW_FIELD(struct delivery),
	FIELD(struct delivery, sections, KIND_LIST, "by index",
	      .of = KIND_OBJECT, .shape = &section_view_shape),
	FIELD(struct delivery, slots, KIND_LIST, "questions and responses",
	      .of = KIND_OBJECT, .shape = &slot_view_shape),
	FIELD_END,
};
static const struct shape delivery_shape =
	SHAPE(struct delivery, delivery_fields);

static void tell_sections(struct ctx *cx, const struct published *p,
			  struct list *out)
{
	const struct section *s = p->def.sections.at;
	struct section_view *v =
		ARENA_ARRAY(cx->arena, struct section_view, p->def.sections.n);

	for (size_t i = 0; i < p->def.sections.n; i++)
		v[i] = (struct section_view){ s[i].title, s[i].text };
	*out = (struct list){ v, p->def.sections.n };
}

/*
 * Questions are for who has started, not while he is interrupted; afterwards
 * as far as a review shows any of it. Feedback is for reviews.
 */
static int parts_to_get(const struct ctx *cx, const struct live *l)
{
	bool staff;
	uint32_t shown = view_flags(cx, l, &staff);

	if (l->row.state == ATTEMPT_READY)
		return 0;
	if (staff)
		return VIEW_ITEM | VIEW_RESPONSE;
	if (l->row.state == ATTEMPT_SUSPENDED)
		return 0;
	if (attempt_is_open(l->row.state))
		return VIEW_ITEM | VIEW_RESPONSE;
	if (!shown)
		return 0;
	return VIEW_ITEM |
	       (shown & REVIEW_BIT(REVIEW_RESPONSE) ? VIEW_RESPONSE : 0);
}

static enum err get_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct which *p = params;
	struct delivery *d = result;
	uint32_t during;
	struct live *l = NULL;
	int parts;
	enum err e = live_read(cx, &p->attempt, &l);

	if (e)
		return e;
	view_attempt(cx, l, &d->view);
	parts = parts_to_get(cx, l);
	if (!parts)
		return OK;
	tell_sections(cx, l->made_of, &d->sections);
	during = attempt_is_open(l->row.state) ? l->policy.review.during : 0;
	return view_slots(cx, l, during, false, parts, &d->slots);
}

/* ---- answer ---- */

struct act {
	struct id attempt;
	int64_t slot, seq, certainty;
	struct str response;
};
#define ACT_FIELDS                                                             \
	FIELD(struct act, attempt, KIND_ID, "an open attempt"),                \
		FIELD(struct act, slot, KIND_INT, "its number, from 1",        \
		      .min = 1, .max = LIMIT_SLOTS),                           \
		FIELD_OPT(struct act, seq, KIND_INT,                           \
			  "last seq of the slot plus 1; absent: whatever "     \
			  "was last",                                          \
			  .min = 1, .max = INT32_MAX)
static const struct field act_fields[] = {
	ACT_FIELDS,
	FIELD(struct act, response, KIND_RAW, "by the question's type",
	      .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(struct act, certainty, KIND_INT,
		  "1..3, where it is asked for", .min = 0, .max = 3),
	FIELD_END,
};
static const struct shape act_shape = SHAPE(struct act, act_fields);
static const struct field again_fields[] = { ACT_FIELDS, FIELD_END };
static const struct shape again_shape = { "again", sizeof(struct act),
					  again_fields };

struct answered {
	int64_t slot, seq, saved_at, due_at, hard_end_at;
	bool has_remaining;
	int64_t remaining_ms, server_time;
	struct str refused;
};
#define A struct answered
static const struct field answered_fields[] = {
	FIELD(A, slot, KIND_INT, "which one"),
	FIELD(A, seq, KIND_INT, "of this save; the next is one more"),
	FIELD_OPT(A, saved_at, KIND_TIME,
		  "it is durable since; absent: there is nothing to save"),
	FIELD_OPT(A, due_at, KIND_TIME, "when time is up"),
	FIELD_OPT(A, hard_end_at, KIND_TIME, "last instant of handing in"),
	FIELD_MAYBE(A, remaining_ms, has_remaining, KIND_INT, "until due"),
	FIELD(A, server_time, KIND_TIME, "the clock that counts"),
	FIELD_OPT(A, refused, KIND_RAW,
		  "of files: what was not taken, and why; the rest was"),
	FIELD_END,
};
#undef A
static const struct shape answered_shape =
	SHAPE(struct answered, answered_fields);

/* The same call has the same reply, however often it is sent. */
static struct answered answered_of(int64_t slot, int64_t seq,
				   const struct saved *s)
{
	return (struct answered){ .slot = slot,
				  .seq = seq,
				  .saved_at = s->at,
				  .due_at = s->due_at,
				  .hard_end_at = s->hard_end_at,
				  .has_remaining = s->due_at != 0,
				  .remaining_ms = s->due_at - s->at,
				  .server_time = s->at };
}

static enum err replay(struct ctx *cx, const struct answered *a)
{
	cx->io->replay = field_text(cx->arena, &answered_shape, a);
	return OK;
}

/* What was saved before, without a key that says that it is the same call. */
static enum err saved_already(struct ctx *cx, const struct live *l,
			      int64_t slot, const struct live_slot *s)
{
	const struct saved now = { clock_ms(cx->clock), l->row.due_at,
				   l->row.hard_end_at };
	struct answered a = answered_of(slot, s->run.seq, &now);

	a.saved_at = s->saved.at;
	return replay(cx, &a);
}

static const struct known_key *known(const struct ctx *cx, const struct live *l)
{
	if (!cx->io->idem.p)
		return NULL;
	for (size_t i = 0; i < l->keys_n; i++)
		if (!memcmp(l->keys[i].idem, cx->io->idem.p, KEY_BYTES))
			return &l->keys[i];
	return NULL;
}

/* Why an open attempt is needed, and this is none any more. */
static enum err check_open(struct ctx *cx, const struct live *l)
{
	struct policy_attempt a = live_clock(l);

	if (policy_answer_ok(&l->policy, &a, clock_ms(cx->clock)))
		return OK;
	if (l->row.state == ATTEMPT_READY)
		return refuse(cx, l, ERR_PRECONDITION,
			      "the attempt has not been started");
	if (l->row.state == ATTEMPT_SUSPENDED)
		return refuse(cx, l, ERR_CONFLICT, "the attempt is suspended");
	if (attempt_is_open(l->row.state))
		return refuse(cx, l, ERR_TOO_LATE, "the time is up");
	return refuse(cx, l, ERR_TOO_LATE, "the attempt is no longer open");
}

struct slot_now {
	int64_t slot, seq;
	struct str response;
	int64_t certainty, saved_at;
};
static const struct field slot_now_fields[] = {
	FIELD(struct slot_now, slot, KIND_INT, "which one"),
	FIELD(struct slot_now, seq, KIND_INT, "of its last change"),
	FIELD_OPT(struct slot_now, response, KIND_RAW, "as it is saved"),
	FIELD_OPT(struct slot_now, certainty, KIND_INT, "that came with it"),
	FIELD_OPT(struct slot_now, saved_at, KIND_TIME, "when"),
	FIELD_END,
};
static const struct shape slot_now_shape =
	SHAPE(struct slot_now, slot_now_fields);

/* A stale tab is told what there is, so that it can merge. */
static enum err out_of_sequence(struct ctx *cx, int64_t slot,
				const struct live_slot *s)
{
	struct slot_now now = { .slot = slot,
				.seq = s->run.seq,
				.certainty = s->run.certainty,
				.saved_at = s->saved.at };
	struct buf b = { 0 };

	if (s->run.has_response) {
		response_write(&b, s->made_of, &s->run.response);
		now.response = buf_copy(&b, cx->arena);
		buf_done(&b);
	}
	cx->error.data = field_text(cx->arena, &slot_now_shape, &now);
	return ERR_OUT_OF_SEQUENCE;
}

/* Its pointers begin at the response. */
static enum err in_response(struct ctx *cx, enum err e)
{
	struct str data = cx->error.data;

	err_field(cx, e,
		  str_z(cx->arena,
			str_fmt(cx->arena, "/response%s", cx->error.field)),
		  "%s", str_z(cx->arena, str_of(cx->error.text)));
	cx->error.data = data;
	return e;
}

/*
 * The response in its canonical form; .same: it repeats the slot's last save.
 * Only a caller who names that save's seq can mean a repeat.
 */
static enum err canonical(struct ctx *cx, const struct act *p,
			  const struct live_slot *s, struct said *out)
{
	bool files = s->made_of->type == ITEM_CODE;
	struct jdoc *doc;
	struct buf b = { 0 };
	enum err e = jdoc_parse(cx, p->response, &doc);

	*out = (struct said){ 0 };
	if (!e && files)
		e = submission_read(cx, s, jdoc_root(doc), out);
	else if (!e)
		e = response_read(cx, s->made_of, jdoc_root(doc),
				  &out->response);
	if (e)
		return in_response(cx, e);
	out->same =
		p->seq == s->run.seq && s->run.has_response &&
		s->run.certainty == p->certainty &&
		response_is_same(s->made_of, &s->run.response, &out->response);
	if (files)
		return OK; /* complete when they are kept */
	response_write(&b, s->made_of, &out->response);
	out->text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return OK;
}

static enum err do_act(struct ctx *cx, struct live *l, struct live_slot *s,
		       const struct act *p, int kind, struct said *said,
		       struct slot_effect *effect)
{
	struct note note = { .slot = p->slot,
			     .seq = p->seq ? p->seq : s->run.seq + 1,
			     .certainty = p->certainty };
	enum err e = OK;

	if (l->said_bytes + said->text.n + (size_t)said->response.bytes >
	    LIMIT_ATTEMPT_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "too much was saved in this attempt: what is "
			       "saved stays, and can be handed in");
	if (s->made_of->type == ITEM_CODE)
		e = submission_keep(cx, l, p->slot, s->made_of, said);
	if (!e)
		e = live_note(cx, l, kind, &note, said->text, effect);
	return e == ERR_OUT_OF_SEQUENCE ? out_of_sequence(cx, p->slot, s) : e;
}

static enum err do_answer(struct ctx *cx, const void *params, void *result)
{
	const struct act *p = params;
	const struct known_key *key;
	struct slot_effect effect;
	struct live_slot *s = NULL;
	struct said said;
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (e)
		return e;
	key = known(cx, l);
	if (key && memcmp(key->ask, cx->io->ask.p, KEY_BYTES) != 0)
		return err_set(cx, ERR_CONFLICT,
			       "this idempotency_key was used with other "
			       "parameters: take a new key for a new request");
	if (key) {
		struct answered was =
			answered_of(key->slot, key->seq, &key->saved);

		return replay(cx, &was);
	}
	if (live_is_big(l) && (e = live_compact(cx, l)))
		return e;
	e = live_slot(cx, l, p->slot, &s);
	if (!e)
		e = canonical(cx, p, s, &said);
	if (e)
		return e;
	if (said.same)
		return saved_already(cx, l, p->slot, s);
	e = check_open(cx, l);
	if (!e)
		e = do_act(cx, l, s, p, NOTE_ANSWERED, &said, &effect);
	if (e)
		return e;
	if (!effect.changed) /* saved before, by another frame */
		return saved_already(cx, l, p->slot, s);
	*(struct answered *)result =
		answered_of(p->slot, s->run.seq, &s->saved);
	((struct answered *)result)->refused = said.refused;
	return OK;
}

/* ---- check ---- */

struct checked {
	struct slot_view slot;
	bool try_used;
	int64_t due_at, hard_end_at, server_time;
	struct str receipt, refused;
};
static const struct field checked_fields[] = {
	FIELD(struct checked, slot, KIND_OBJECT, "with what may be shown now",
	      .shape = &slot_view_shape),
	FIELD(struct checked, try_used, KIND_BOOL, "it has cost a try"),
	FIELD_OPT(struct checked, due_at, KIND_TIME, "when time is up"),
	FIELD_OPT(struct checked, hard_end_at, KIND_TIME,
		  "last instant of handing in"),
	FIELD(struct checked, server_time, KIND_TIME, "the clock that counts"),
	FIELD_OPT(struct checked, receipt, KIND_RAW,
		  "signed, of a submission of files"),
	FIELD_OPT(struct checked, refused, KIND_RAW,
		  "of files: what was not taken, and why; the rest was"),
	FIELD_END,
};
static const struct shape checked_shape = SHAPE(struct checked, checked_fields);

static enum err tell_checked(struct ctx *cx, const struct live *l,
			     const struct act *p,
			     const struct slot_effect *effect,
			     struct checked *out)
{
	bool staff;
	uint32_t flags = view_flags(cx, l, &staff);

	(void)staff; /* acts for the learner here, and sees what he sees */
	if (staff)
		flags = l->policy.review.during;
	out->try_used = effect->try_used;
	out->due_at = l->row.due_at;
	out->hard_end_at = l->row.hard_end_at;
	out->server_time = clock_ms(cx->clock);
	return view_slot(cx, l, (size_t)p->slot - 1, flags, false,
			 VIEW_RESPONSE, &out->slot);
}

/*
 * Files for judging. The same as the last submission's are none more: they are
 * saved, and the last one's state is told.
 */
static enum err hand_in(struct ctx *cx, struct live *l, struct live_slot *s,
			const struct act *p, struct said *said,
			struct slot_effect *effect, struct str *receipt)
{
	enum err e;

	if (response_is_blank(s->made_of, &said->response))
		return err_field(cx, ERR_INVALID, "/response/files",
				 "hand in at least one file");
	if (!slot_would_submit(&s->run, &said->response))
		return do_act(cx, l, s, p, NOTE_ANSWERED, said, effect);
	e = submission_fair(cx, s);
	if (!e &&
	    l->said_bytes + (size_t)said->response.bytes > LIMIT_ATTEMPT_BYTES)
		e = err_set(cx, ERR_TOO_LARGE,
			    "too much was saved in this attempt: what is saved "
			    "stays, and can be handed in");
	if (!e)
		e = submission_keep(cx, l, p->slot, s->made_of, said);
	if (!e)
		e = submission_make(cx, l, p->slot, p->seq, said->text, effect,
				    receipt);
	return e == ERR_OUT_OF_SEQUENCE ? out_of_sequence(cx, p->slot, s) : e;
}

static enum err act_on(struct ctx *cx, const struct act *p, int kind,
		       struct checked *out)
{
	struct said said = { 0 };
	struct slot_effect effect;
	struct live_slot *s = NULL;
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (!e && live_is_big(l))
		e = live_compact(cx, l);
	if (!e)
		e = live_slot(cx, l, p->slot, &s);
	if (!e && kind == NOTE_CHECKED)
		e = canonical(cx, p, s, &said);
	if (!e)
		e = check_open(cx, l);
	if (!e && kind == NOTE_CHECKED && s->made_of->type == ITEM_CODE)
		e = hand_in(cx, l, s, p, &said, &effect, &out->receipt);
	else if (!e)
		e = do_act(cx, l, s, p, kind, &said, &effect);
	if (e)
		return e;
	out->refused = said.refused;
	e = tell_checked(cx, l, p, &effect, out);
	if (effect.reason.p)
		out->slot.reason = effect.reason;
	/* What a learner wrote must not outlive him in a record's reply. */
	cx->io->private_reply = true;
	return e;
}

static enum err do_check(struct ctx *cx, const void *params, void *result)
{
	return act_on(cx, params, NOTE_CHECKED, result);
}

static enum err do_try_again(struct ctx *cx, const void *params, void *result)
{
	return act_on(cx, params, NOTE_TRIED_AGAIN, result);
}

/* ---- submit ---- */

static enum err do_submit(struct ctx *cx, const void *params, void *result)
{
	const struct which *p = params;
	struct policy_attempt a;
	struct policy_move m;
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (e)
		return e;
	if (attempt_is_completed(l->row.state)) {
		err_set(cx, ERR_CONFLICT,
			"the attempt was handed in before; data.state is its "
			"receipt");
		cx->error.data = str_copy(cx->arena, l->receipt);
		return ERR_CONFLICT;
	}
	a = live_clock(l);
	policy_submit(&l->policy, &a, clock_ms(cx->clock), &m);
	if (!m.moves)
		return refuse(cx, l, ERR_CONFLICT, "the attempt is not open");
	/* Past its end it is abandoned: by the clock, which keeps that. */
	if (m.to != ATTEMPT_SUBMITTED)
		return refuse(cx, l, ERR_TOO_LATE, "the time is up");
	e = live_move(cx, l, &m);
	if (!e)
		view_attempt(cx, l, result);
	return e;
}

/* ---- review ---- */

struct review {
	struct attempt_view view;
	uint32_t shown;
	bool has_score;
	struct score score;
	struct str feedback;
	struct list slots;
};
static const struct field review_fields[] = {
	ATTEMPT_VIEW_FIELD(struct review),
	FIELD(struct review, shown, KIND_FLAGS, "what may be seen now",
	      .words = review_what_words),
	FIELD_MAYBE(struct review, score, has_score, KIND_OBJECT, "its score",
		    .shape = &score_shape),
	FIELD_OPT(struct review, feedback, KIND_STR, "on the whole"),
	FIELD(struct review, slots, KIND_LIST, "each question",
	      .of = KIND_OBJECT, .shape = &slot_view_shape),
	FIELD_END,
};
static const struct shape review_shape = SHAPE(struct review, review_fields);

static enum err review_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct which *p = params;
	struct review *r = result;
	struct live *l = NULL;
	bool staff;
	int format;
	enum err e = live_read(cx, &p->attempt, &l);

	if (e)
		return e;
	r->shown = view_flags(cx, l, &staff);
	if (!r->shown || l->row.state == ATTEMPT_READY)
		return refuse(cx, l, ERR_TOO_EARLY,
			      "there is nothing to be seen of this attempt "
			      "now");
	view_attempt(cx, l, &r->view);
	if (attempt_is_completed(l->row.state)) {
		live_score(cx, l, &r->score);
		r->has_score = r->shown & REVIEW_BIT(REVIEW_MARKS);
		if (r->shown & REVIEW_BIT(REVIEW_OVERALL_FEEDBACK) &&
		    r->score.has)
			r->feedback = policy_feedback(&l->policy,
						      r->score.scaled, &format);
	}
	return view_slots(cx, l, r->shown, staff,
			  VIEW_ITEM | (staff ? VIEW_RESPONSE : 0), &r->slots);
}

/*
 * The rows' handlers: what they refuse from memory is looked at once more if
 * another node may have moved the attempt on.
 */
#define FRESH(name, type)                                                      \
	static enum err name##_rpc(struct ctx *cx, const void *params,         \
				   void *result)                               \
	{                                                                      \
		return attempts_fresh(cx, &((const type *)params)->attempt,    \
				      do_##name, params, result);              \
	}
FRESH(answer, struct act)
FRESH(check, struct act)
FRESH(try_again, struct act)
FRESH(submit, struct which)

const struct rpc_method attempt_methods[] = {
	{ .name = "attempt.get",
	  .does = "Give the questions of an attempt and what was answered.",
	  .roles = ATTEMPT_ROLES | ROLE_AUDITOR,
	  .params = &which_shape,
	  .result = &delivery_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get_rpc },
	{ .name = "attempt.answer",
	  .does = "Save a response to one question.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES | RPC_SINGLE | RPC_OWN_KEY | RPC_TAKES_BYTES,
	  .params = &act_shape,
	  .result = &answered_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_LATE, ERR_OUT_OF_SEQUENCE,
			 ERR_CONFLICT, ERR_PRECONDITION),
	  .run = answer_rpc },
	{ .name = "attempt.check",
	  .does = "Save a response, score it now and show what the rules "
		  "allow; files are handed in for judging.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES | RPC_TAKES_BYTES,
	  .params = &act_shape,
	  .result = &checked_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_LATE, ERR_OUT_OF_SEQUENCE,
			 ERR_CONFLICT, ERR_PRECONDITION, ERR_LIMIT_REACHED),
	  .run = check_rpc },
	{ .name = "attempt.try_again",
	  .does = "Go on with a question after a try that failed.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES | RPC_SINGLE,
	  .params = &again_shape,
	  .result = &checked_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_LATE, ERR_OUT_OF_SEQUENCE,
			 ERR_CONFLICT, ERR_PRECONDITION),
	  .run = try_again_rpc },
	{ .name = "attempt.submit",
	  .does = "Hand in an attempt; the reply has a signed receipt.",
	  .roles = ATTEMPT_ROLES,
	  .flags = RPC_WRITES,
	  .params = &which_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_TOO_LATE),
	  .run = submit_rpc },
	{ .name = "attempt.review",
	  .does = "Show an attempt's responses, marks and feedback, as far as "
		  "the rules allow now.",
	  .roles = ATTEMPT_ROLES | ROLE_AUDITOR,
	  .params = &which_shape,
	  .result = &review_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_EARLY),
	  .run = review_rpc },
	{ 0 },
};
