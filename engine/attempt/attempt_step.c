/* What commands and the clock do to an attempt, one record at a time. */
#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/submission.h"

enum { ATTEMPTS_MOST = 10000 /* of one learner at one assessment */ };

static bool is_slot_action(int kind)
{
	return kind == NOTE_ANSWERED || kind == NOTE_CHECKED ||
	       kind == NOTE_TRIED_AGAIN || kind == NOTE_MARKED ||
	       kind == NOTE_RECEIVED || kind == NOTE_JUDGED;
}

enum err live_note(struct ctx *cx, struct live *l, int kind,
		   const struct note *note, struct str personal,
		   struct slot_effect *effect)
{
	struct note whole = *note;
	struct record r = { .org = l->row.org,
			    .stream = l->row.id,
			    .n = l->n + 1,
			    .at_ms = clock_ms(cx->clock),
			    .learner = l->row.learner,
			    .event = str_of(note_events[kind]),
			    .personal = personal };
	struct slot_effect fx = { .changed = true };
	int64_t counted = l->counted_bytes;
	enum err e;

	if (kind == NOTE_RESERVED)
		r.learner = note->learner;
	else
		whole.course = l->row.course;
	r.body = note_write(cx, kind, &whole);
	if (kind == NOTE_ANSWERED && cx->io && cx->io->idem.p) {
		r.idem = cx->io->idem;
		r.ask = cx->io->ask;
	}
	/* A refused action leaves no trace, so nothing is to be undone. */
	if (!is_slot_action(kind))
		attempts_touch(cx, l);
	e = attempt_apply(cx, l, &r, is_slot_action(kind) ? &whole : NULL, &fx);
	if (effect)
		*effect = fx;
	if (e || !fx.changed)
		return e;
	if (is_slot_action(kind))
		attempts_touch(cx, l);
	record_stage(cx, &r);
	return submission_count(cx, l, l->counted_bytes - counted);
}

enum err live_store(struct ctx *cx, struct live *l)
{
	struct attempt_row *r = &l->row;
	int64_t changed;
	enum err e;

	live_wake(l);
	r->node = cx->app->node;
	e = store_exec(cx, &attempt_sql[ATTEMPT_UPDATE],
		       VALS(v_id(&r->org), v_id(&r->id), v_id(&r->assessment),
			    v_int(r->state), v_bool(r->given_back),
			    v_int(r->started_at), v_int(r->due_at),
			    v_int(r->hard_end_at), v_int(r->finished_at),
			    v_int(r->graded_at), v_int(r->released_at),
			    v_int(r->wake_at), v_bool(r->late),
			    v_bool(r->has_score), v_dec(r->sum),
			    v_dec(r->sum_max), v_dec(r->score),
			    v_dec(r->max_score), v_dec(r->scaled),
			    v_bool(r->passed), v_int(r->node), v_int(r->rev)),
		       &changed);
	if (e)
		return e;
	if (changed != 1)
		return err_set(cx, ERR_BUSY,
			       "another server is changing this attempt; try "
			       "again");
	r->rev++;
	attempts_rewake(cx, l);
	return OK;
}

/* ---- the gradebook ---- */

static struct policy_graded graded_of(const struct attempt_row *r)
{
	return (struct policy_graded){ .number = r->number,
				       .state = r->state,
				       .practice = r->practice,
				       .preview = r->preview,
				       .has_sum = r->has_score,
				       .sum = r->sum,
				       .max = r->sum_max,
				       .finished = r->finished_at };
}

/* The newest version's rules choose. */
static enum err rules_that_choose(struct ctx *cx, const struct live *l,
				  const struct published **pub,
				  struct policy *policy)
{
	struct policy_effective eff;
	struct assessment newest;
	enum err e =
		assessment_newest(cx, &l->row.org, &l->row.series, &newest);

	*pub = l->pub;
	*policy = l->policy;
	if (e || id_eq(&newest.id, &l->pub->row.id))
		return e;
	e = catalog_get(cx->app->catalog, cx, &l->row.org, &newest.id, pub);
	if (!e)
		e = assessment_effective(cx, *pub, &l->row.learner, &eff);
	if (!e)
		*policy = eff.p;
	return e;
}

enum err live_to_gradebook(struct ctx *cx, struct live *l)
{
	const struct published *pub;
	const struct attempt_row *rows;
	struct policy policy;
	struct policy_graded *graded;
	struct id *ids;
	struct list list;
	enum err e;

	if (l->row.practice || l->row.preview)
		return OK;
	e = store_list(cx, &attempt_sql[ATTEMPT_OF_LEARNER],
		       VALS(v_id(&l->row.org), v_id(&l->row.series),
			    v_id(&l->row.learner)),
		       ATTEMPTS_MOST, &list, NULL);
	if (!e)
		e = rules_that_choose(cx, l, &pub, &policy);
	if (e)
		return e;
	rows = list.at;
	graded = ARENA_ARRAY(cx->arena, struct policy_graded, list.n);
	ids = ARENA_ARRAY(cx->arena, struct id, list.n);
	for (size_t i = 0; i < list.n; i++) {
		graded[i] = graded_of(&rows[i]);
		ids[i] = rows[i].id;
	}
	return gradebook_update(cx, pub, &policy, &l->row.learner, graded, ids,
				list.n);
}

/* ---- moves ---- */

static enum err hand_in(struct ctx *cx, struct live *l, int kind,
			const struct policy_move *m)
{
	struct note note = { .finished_at = m->finished, .late = m->late };
	enum err e = submission_rest(cx, l);

	if (!e)
		e = receipt_make(cx, l, m->finished, m->late, &note.receipt);
	if (!e)
		e = live_note(cx, l, kind, &note, (struct str){ 0 }, NULL);
	return e ? e : live_grade(cx, l);
}

enum err live_grade(struct ctx *cx, struct live *l)
{
	struct note note = { 0 };
	enum err e;

	live_score(cx, l, &note.score);
	e = live_note(cx, l, NOTE_GRADED, &note, (struct str){ 0 }, NULL);
	if (!e)
		e = live_store(cx, l);
	return e ? e : live_to_gradebook(cx, l);
}

static enum err give_up(struct ctx *cx, struct live *l)
{
	struct note note = { .finished_at = l->row.due_at };
	enum err e;

	if (!note.finished_at)
		note.finished_at = clock_ms(cx->clock);
	e = live_note(cx, l, NOTE_ABANDONED, &note, (struct str){ 0 }, NULL);
	if (!e)
		e = live_store(cx, l);
	return e ? e : live_to_gradebook(cx, l);
}

enum err live_move(struct ctx *cx, struct live *l, const struct policy_move *m)
{
	const struct note nothing = { 0 };
	enum err e;

	switch (m->event) {
	case ATTEMPT_EV_SUBMIT:
		return hand_in(cx, l, NOTE_SUBMITTED, m);
	case ATTEMPT_EV_EXPIRE:
		return hand_in(cx, l, NOTE_EXPIRED, m);
	case ATTEMPT_EV_ABANDON:
		return give_up(cx, l);
	default:
		CHECK(m->event == ATTEMPT_EV_OVERTIME);
	}
	e = live_note(cx, l, NOTE_OVERTIME, &nothing, (struct str){ 0 }, NULL);
	return e ? e : live_store(cx, l);
}

enum err live_sweep(struct ctx *cx, struct live *l, int64_t now, bool *moved)
{
	bool any = false;
	enum err e = OK;

	while (!e) {
		struct policy_attempt a = live_clock(l);
		struct policy_move m;

		policy_sweep(&l->policy, &a, now, &m);
		if (!m.moves)
			break;
		e = live_move(cx, l, &m);
		any = true;
	}
	if (moved)
		*moved = any;
	return e;
}
