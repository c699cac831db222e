/* What staff do with an attempt, each with a reason that is kept. */
#include "base/limits.h"
#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/attempts.h"
#include "engine/attempt/view.h"

#define MANAGERS                                                               \
	(ROLE_PLATFORM | ROLE_MODERATOR | ROLE_ORG_ADMIN | ROLE_PROGRAM_ADMIN)
#define MARKERS (MANAGERS | ROLE_AUTHOR)
#define NO_TEXT ((struct str){ 0 })

struct order {
	struct id attempt;
	struct str reason;
	bool gives_back;
	int64_t due_at;
};
#define ORDER_FIELDS                                                           \
	FIELD(struct order, attempt, KIND_ID, "which one"),                    \
		FIELD(struct order, reason, KIND_STR,                          \
		      "for the record; no personal details", .min = 1,         \
		      .max = LIMIT_NAME_BYTES)
static const struct field order_fields[] = { ORDER_FIELDS, FIELD_END };
static const struct shape order_shape = SHAPE(struct order, order_fields);
static const struct field void_fields[] = {
	ORDER_FIELDS,
	FIELD_OPT(struct order, gives_back, KIND_BOOL,
		  "the learner may use this attempt again"),
	FIELD_END,
};
static const struct shape void_shape = { "void_order", sizeof(struct order),
					 void_fields };
static const struct field reopen_fields[] = {
	ORDER_FIELDS,
	FIELD_OPT(struct order, due_at, KIND_TIME,
		  "when it is due now; absent: as the rules say"),
	FIELD_END,
};
static const struct shape reopen_shape = { "reopen_order", sizeof(struct order),
					   reopen_fields };

static enum err mine(struct ctx *cx, const struct id *id, struct live **out)
{
	return attempts_get(cx, &cx->who->org, id, out);
}

static enum err refuse(struct ctx *cx, const struct live *l, enum err e,
		       const char *text)
{
	err_set(cx, e, "%s", text);
	cx->error.data = view_state(cx, l);
	return e;
}

/* The record, the row, and the view as the result. */
static enum err order(struct ctx *cx, struct live *l, int kind,
		      const struct note *note, bool counts, void *result)
{
	enum err e = live_note(cx, l, kind, note, NO_TEXT, NULL);

	if (!e)
		e = live_store(cx, l);
	if (!e && counts)
		e = live_to_gradebook(cx, l);
	if (!e)
		view_attempt(cx, l, result);
	return e;
}

static enum err do_suspend(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	struct policy_attempt a;
	struct note note = { .reason = p->reason };
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (e)
		return e;
	if (l->policy.suspend == SUSPEND_NOT)
		return err_set(cx, ERR_PRECONDITION,
			       "the rules of this assessment allow no "
			       "suspension");
	a = live_clock(l);
	if (l->row.state == ATTEMPT_ACTIVE &&
	    !policy_answer_ok(&l->policy, &a, clock_ms(cx->clock)))
		return refuse(cx, l, ERR_TOO_LATE, "the time is up");
	note.clock_stops = l->policy.suspend == SUSPEND_CLOCK_STOPS;
	return order(cx, l, NOTE_SUSPENDED, &note, false, result);
}

static enum err do_resume(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	struct note note = { .reason = p->reason };
	struct policy_times t;
	int64_t due, stood = 0;
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (e)
		return e;
	if (l->row.state != ATTEMPT_SUSPENDED)
		return refuse(cx, l, ERR_CONFLICT,
			      "the attempt is not suspended");
	if (l->policy.suspend == SUSPEND_CLOCK_STOPS)
		stood = clock_ms(cx->clock) - l->suspended_at;
	note.frozen_ms = l->frozen_ms + stood;
	due = l->row.due_at ? l->row.due_at + stood : 0;
	if (!l->due_is_set && !l->row.preview)
		due = policy_due(&l->policy, l->row.started_at, note.frozen_ms);
	policy_times_of_due(&l->policy, due, &t);
	note.due_at = t.due;
	note.hard_end_at = t.hard_end;
	return order(cx, l, NOTE_RESUMED, &note, false, result);
}

static enum err do_void(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	const struct note note = { .reason = p->reason,
				   .gives_back = p->gives_back };
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	return e ? e : order(cx, l, NOTE_VOIDED, &note, true, result);
}

static enum err do_release(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	const struct note note = { .reason = p->reason };
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	return e ? e : order(cx, l, NOTE_RELEASED, &note, true, result);
}

/* ---- reopen ---- */

/* A learner is at one attempt at a time. */
static enum err check_alone(struct ctx *cx, const struct live *l)
{
	const struct attempt_row *r;
	struct list rows;
	enum err e = store_list(cx, &attempt_sql[ATTEMPT_OF_LEARNER],
				VALS(v_id(&l->row.org), v_id(&l->row.series),
				     v_id(&l->row.learner)),
				SIZE_MAX, &rows, NULL);

	if (e)
		return e;
	r = rows.at;
	for (size_t i = 0; i < rows.n; i++)
		if (attempt_is_open(r[i].state) &&
		    r[i].preview == l->row.preview)
			return err_set(cx, ERR_CONFLICT,
				       "the learner has another attempt open");
	return OK;
}

static enum err reopen_due(struct ctx *cx, const struct live *l,
			   const struct order *p, struct note *note)
{
	struct policy_times t;
	int64_t due = p->due_at;

	if (!due && !l->row.preview)
		due = policy_due(&l->policy, l->row.started_at, l->frozen_ms);
	if (due && due <= clock_ms(cx->clock))
		return err_field(cx, ERR_INVALID, "/due_at",
				 "give a due time in the future: by the rules "
				 "its time is over");
	policy_times_of_due(&l->policy, due, &t);
	note->due_at = t.due;
	note->hard_end_at = t.hard_end;
	return OK;
}

static enum err do_reopen(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	struct note note = { .reason = p->reason };
	struct live *l = NULL;
	int to;
	enum err e = mine(cx, &p->attempt, &l);

	if (e)
		return e;
	if (!attempt_edge_ok(l->row.state, ATTEMPT_EV_REOPEN, &to))
		return refuse(cx, l, ERR_CONFLICT,
			      "an attempt in this state cannot be reopened");
	if (l->erased)
		return refuse(cx, l, ERR_ERASED,
			      "the learner's answers were erased: there is "
			      "nothing to go on with");
	e = check_alone(cx, l);
	if (!e)
		e = reopen_due(cx, l, p, &note);
	if (e)
		return e;
	/* Its slots start over from the actions before the hand-in. */
	attempts_touch(cx, l);
	e = attempts_reload(cx, &l);
	if (e)
		return e;
	l->replays = true;
	e = live_note(cx, l, NOTE_REOPENED, &note, NO_TEXT, NULL);
	if (!e)
		e = live_refold(cx, l);
	if (!e)
		e = live_store(cx, l);
	if (!e)
		e = live_to_gradebook(cx, l);
	if (!e)
		view_attempt(cx, l, result);
	return e;
}

/* ---- mark ---- */

struct mark {
	struct id attempt;
	int64_t slot, seq;
	bool has_mark, clear_mark, has_out_of;
	struct dec mark, out_of;
	struct str comment;
};
static const struct field mark_fields[] = {
	FIELD(struct mark, attempt, KIND_ID, "one that was handed in"),
	FIELD(struct mark, slot, KIND_INT, "its number, from 1", .min = 1,
	      .max = LIMIT_SLOTS),
	FIELD_OPT(struct mark, seq, KIND_INT,
		  "last seq of the slot plus 1; absent: whatever was last",
		  .min = 1, .max = INT32_MAX),
	FIELD_MAYBE(struct mark, mark, has_mark, KIND_DEC,
		    "the mark; absent: a comment alone",
		    .min = -LIMIT_SCORE_POINTS, .max = LIMIT_SCORE_POINTS),
	FIELD_MAYBE(struct mark, out_of, has_out_of, KIND_DEC,
		    "of so many; absent: of the slot's own maximum", .min = 0,
		    .max = LIMIT_SCORE_POINTS),
	FIELD_OPT(struct mark, clear_mark, KIND_BOOL,
		  "back to what the engine gave"),
	FIELD_OPT(struct mark, comment, KIND_STR, "for the learner",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape mark_shape = SHAPE(struct mark, mark_fields);

struct marked {
	struct attempt_view view;
	struct slot_view slot;
	struct score score;
};
static const struct field marked_fields[] = {
	ATTEMPT_VIEW_FIELD(struct marked),
	FIELD(struct marked, slot, KIND_OBJECT, "as it is now",
	      .shape = &slot_view_shape),
	FIELD(struct marked, score, KIND_OBJECT, "of the attempt",
	      .shape = &score_shape),
	FIELD_END,
};
static const struct shape marked_shape = SHAPE(struct marked, marked_fields);

static enum err do_mark(struct ctx *cx, const void *params, void *result)
{
	const struct mark *p = params;
	struct note note = { .slot = p->slot,
			     .seq = p->seq,
			     .by = cx->who->actor,
			     .has_mark = p->has_mark,
			     .mark = p->mark,
			     .has_out_of = p->has_out_of,
			     .out_of = p->out_of,
			     .clear_mark = p->clear_mark };
	struct marked *out = result;
	struct slot_effect effect;
	struct live_slot *s = NULL;
	struct live *l = NULL;
	enum err e = mine(cx, &p->attempt, &l);

	if (!e)
		e = live_slot(cx, l, p->slot, &s);
	if (e)
		return e;
	if (!attempt_is_completed(l->row.state))
		return refuse(cx, l, ERR_CONFLICT,
			      "only what was handed in can be marked");
	if (l->erased)
		return refuse(cx, l, ERR_ERASED,
			      "the learner's answers were erased: the grade "
			      "stays as it is");
	if (!note.seq)
		note.seq = s->run.seq + 1;
	e = live_note(cx, l, NOTE_MARKED, &note, p->comment, &effect);
	if (!e && effect.changed)
		e = live_grade(cx, l);
	if (e)
		return e;
	live_score(cx, l, &out->score);
	view_attempt(cx, l, &out->view);
	/* The learner's words and the marker's are for no record's reply. */
	cx->io->private_reply = true;
	return view_slot(cx, l, (size_t)p->slot - 1, REVIEW_EVERYTHING, true,
			 VIEW_RESPONSE, &out->slot);
}

/* ---- rules of open attempts ---- */

static enum err new_rules(struct ctx *cx, void *arg)
{
	struct attempt_row *row = arg;
	struct policy_times t;
	struct note note = { 0 };
	struct live *l = NULL;
	enum err e = attempts_get(cx, &row->org, &row->id, &l);

	if (e)
		return e;
	attempts_touch(cx, l);
	e = live_rules(cx, l);
	if (e || l->row.preview || l->due_is_set)
		return e;
	policy_times(&l->policy, l->row.started_at, l->frozen_ms, &t);
	if (t.due == l->row.due_at && t.hard_end == l->row.hard_end_at)
		return OK;
	note.due_at = t.due;
	note.hard_end_at = t.hard_end;
	note.soft_due_at = l->policy.due_at;
	e = live_note(cx, l, NOTE_EXTENDED, &note, NO_TEXT, NULL);
	if (!e && l->row.state == ATTEMPT_OVERTIME &&
	    (!t.due || t.due > clock_ms(cx->clock))) {
		note.frozen_ms = l->frozen_ms;
		note.reason = STR("more time");
		e = live_note(cx, l, NOTE_RESUMED, &note, NO_TEXT, NULL);
	}
	return e ? e : live_store(cx, l);
}

/* Does fn, with the row, to every open attempt; none means all. */
static enum err each_open(struct ctx *cx, const struct id *org,
			  const struct id *series, const struct id *learner,
			  enum err (*fn)(struct ctx *cx, void *row))
{
	const struct principal *who = cx->who;
	struct id after = { 0 };
	struct list rows;
	bool more = true;
	enum err e = OK;

	/* Whoever may do this does it to all. */
	cx->who = NULL;
	while (!e && more) {
		struct attempt_row *r;

		e = store_list(cx, &attempt_sql[ATTEMPT_OPEN_OF_SERIES],
			       VALS(v_id(org), v_id(series), v_id(learner),
				    v_bytes((struct str){ (const char *)after.b,
							  ID_BYTES }),
				    v_int(LIMIT_PAGE + 1)),
			       LIMIT_PAGE, &rows, &more);
		r = rows.at;
		for (size_t i = 0; !e && i < rows.n; i++) {
			e = journal_apart(cx->app->journal, cx, fn, &r[i]);
			after = r[i].id;
		}
	}
	cx->who = who;
	return e;
}

enum err attempts_rules_changed(struct ctx *cx, const struct id *org,
				const struct id *series,
				const struct id *learner)
{
	return each_open(cx, org, series, learner, new_rules);
}

static enum err void_forgotten(struct ctx *cx, void *arg)
{
	const struct attempt_row *row = arg;
	const struct note note = { .reason = STR("the learner was erased"),
				   .gives_back = true };
	struct live *l = NULL;
	enum err e = attempts_get(cx, &row->org, &row->id, &l);

	if (e)
		return e;
	attempts_touch(cx, l);
	e = live_note(cx, l, NOTE_VOIDED, &note, NO_TEXT, NULL);
	return e ? e : live_store(cx, l);
}

enum err attempts_erase(struct ctx *cx, const struct id *org,
			const struct id *learner)
{
	static const struct id all = { { 0 } };

	attempts_erased(cx, learner);
	return each_open(cx, org, &all, learner, void_forgotten);
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
FRESH(suspend, struct order)
FRESH(resume, struct order)
FRESH(void, struct order)
FRESH(release, struct order)
FRESH(reopen, struct order)
FRESH(mark, struct mark)

const struct rpc_method attempt_staff_methods[] = {
	{ .name = "attempt.suspend",
	  .does = "Interrupt an attempt, where its rules allow it.",
	  .roles = MANAGERS,
	  .flags = RPC_WRITES,
	  .params = &order_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT,
			 ERR_TOO_LATE),
	  .run = suspend_rpc },
	{ .name = "attempt.resume",
	  .does = "Let an interrupted attempt go on.",
	  .roles = MANAGERS,
	  .flags = RPC_WRITES,
	  .params = &order_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = resume_rpc },
	{ .name = "attempt.void",
	  .does = "Take an attempt out of the count; its history stays.",
	  .roles = MANAGERS,
	  .flags = RPC_WRITES,
	  .params = &void_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = void_rpc },
	{ .name = "attempt.reopen",
	  .does = "Open an attempt again that was handed in or abandoned.",
	  .roles = MANAGERS,
	  .flags = RPC_WRITES,
	  .params = &reopen_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_ERASED),
	  .run = reopen_rpc },
	{ .name = "attempt.release",
	  .does = "Let the learner see a graded attempt's results.",
	  .roles = MARKERS,
	  .flags = RPC_WRITES,
	  .params = &order_shape,
	  .result = &attempt_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = release_rpc },
	{ .name = "attempt.mark",
	  .does = "Give a mark or a comment to one question.",
	  .roles = MARKERS,
	  .flags = RPC_WRITES,
	  .params = &mark_shape,
	  .result = &marked_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT, ERR_OUT_OF_SEQUENCE,
			 ERR_PRECONDITION, ERR_ERASED),
	  .run = mark_rpc },
	{ 0 },
};
