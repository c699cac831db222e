/*
 * The fold: what each record does to an attempt.
 *
 * Theory of operation. A stream is read twice. First for which version of the
 * assessment scores it (the last regrade says) and whether anything in it goes
 * back (a reopening, a regrade). Then record by record through attempt_apply,
 * which is also what a command uses for the record that it has just made. In
 * a plain stream each action goes straight to its slot. In one that goes back
 * the actions are kept in a list for each slot, edited by what goes back, and
 * folded at the end by slot_replay, which passes over what the other version
 * has no use for.
 */
#include "engine/attempt/live.h"

static enum err corrupt(struct ctx *cx)
{
	return err_set(cx, ERR_CORRUPT,
		       "the records of this attempt do not fit together");
}

/* A ctx whose arena is the attempt's; bring the error back by hand. */
static struct ctx keeping(const struct ctx *cx, struct arena *arena)
{
	struct ctx k = *cx;

	k.arena = arena;
	return k;
}

static enum err back(struct ctx *cx, const struct ctx *k, enum err e)
{
	if (e)
		cx->error = k->error;
	return e;
}

/* ---- slots ---- */

static const struct item *item_at(const struct published *p, int64_t i)
{
	return (const struct item *)p->def.items.at + i;
}

/* What an item gives in a version; `otherwise` where nothing asks for it. */
static struct dec mark_in(struct ctx *cx, const struct published *p,
			  size_t item, struct dec otherwise)
{
	size_t section;
	const struct entry *e =
		assessment_entry_of(cx, &p->def, item, &section);

	if (!e)
		return otherwise;
	return e->has_mark ? e->mark : item_at(p, (int64_t)item)->mark;
}

static void behave(struct live *l, struct slot_setup *s)
{
	enum behaviour wanted = BEHAVIOUR_DEFERRED;

	/* An assessment with an unknown word cannot be published. */
	(void)behaviour_parse(l->made_of->def.policy.behaviour, &wanted);
	s->behaviour = behaviour_for(s->item, wanted);
}

enum err live_use(struct ctx *cx, struct live *l, const struct published *pub)
{
	struct slot_setup *setups =
		ARENA_ARRAY(cx->arena, struct slot_setup, l->slots_n);

	for (size_t i = 0; i < l->slots_n; i++) {
		struct live_slot *s = &l->slots[i];
		size_t at = assessment_item(&pub->def, s->made_of->id);
		const char *why;

		if (at == SIZE_MAX)
			return err_set(cx, ERR_PRECONDITION,
				       "slot %zu: the version has not its "
				       "question",
				       i + 1);
		setups[i] = s->run.setup;
		setups[i].item = item_at(pub, (int64_t)at);
		if (!slot_alike(s->made_of, setups[i].item, &why))
			return err_set(cx, ERR_PRECONDITION, "slot %zu: %s",
				       i + 1, why);
		setups[i].max = pub == l->made_of
					? s->layout.mark
					: mark_in(cx, pub, at, s->layout.mark);
	}
	for (size_t i = 0; i < l->slots_n; i++)
		l->slots[i].run.setup = setups[i];
	l->pub = pub;
	return OK;
}

static enum err make_slots(struct ctx *cx, struct live *l, struct str text)
{
	struct ctx keep = keeping(cx, l->arena);
	struct layout layout;
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, text, &doc);

	if (e)
		return corrupt(cx);
	e = back(cx, &keep,
		 layout_read(&keep, &l->made_of->def, jdoc_root(doc), &layout));
	if (e)
		return e;
	l->slots_n = layout.slots.n;
	l->slots = ARENA_ARRAY(l->arena, struct live_slot, l->slots_n);
	for (size_t i = 0; i < l->slots_n; i++) {
		struct live_slot *s = &l->slots[i];
		struct slot_setup setup;

		s->layout = ((const struct slot *)layout.slots.at)[i];
		s->made_of = item_at(l->made_of, s->layout.item);
		setup = (struct slot_setup){ .item = s->made_of,
					     .variant = &s->layout.variant,
					     .max = s->layout.mark };
		behave(l, &setup);
		slot_start(&setup, &s->run);
		s->past_end = &s->past;
	}
	return l->pub == l->made_of ? OK : live_use(cx, l, l->pub);
}

enum err live_slot(struct ctx *cx, const struct live *l, int64_t slot,
		   struct live_slot **out)
{
	if (slot < 1 || (size_t)slot > l->slots_n)
		return err_field(cx, ERR_INVALID, "/slot",
				 "the attempt has slots 1 to %zu", l->slots_n);
	*out = &l->slots[slot - 1];
	return OK;
}

/* ---- actions of slots ---- */

static void keep_past(struct live *l, struct live_slot *s,
		      const struct slot_action *a)
{
	struct past_action *p = ARENA_NEW(l->grow, struct past_action);

	p->a = *a;
	*s->past_end = p;
	s->past_end = &p->next;
	s->past_n++;
}

static enum err act(struct ctx *cx, struct live *l, struct live_slot *s,
		    const struct slot_action *a, struct slot_effect *effect)
{
	struct ctx keep = keeping(cx, l->grow);
	struct slot_effect unused;

	if (!l->replays)
		return back(cx, &keep,
			    slot_apply(&keep, &s->run, a,
				       effect ? effect : &unused));
	keep_past(l, s, a);
	return OK;
}

static enum err read_response(struct ctx *cx, struct live *l,
			      const struct live_slot *s, struct str text,
			      struct response *out)
{
	struct ctx keep = keeping(cx, l->grow);
	struct jdoc *doc;
	enum err e;

	/* Its strings may point into the text. */
	text = str_copy(l->grow, text);
	e = jdoc_parse(cx, text, &doc);
	return e ? e
		 : back(cx, &keep,
			response_read(&keep, s->made_of, jdoc_root(doc), out));
}

static void remember_key(struct live *l, const struct record *r,
			 const struct note *note, const struct saved *saved)
{
	struct known_key *k;

	if (l->for_reading || r->idem.n != KEY_BYTES || r->ask.n != KEY_BYTES)
		return;
	if (l->keys_n == l->keys_room && l->keys_room < KNOWN_KEYS) {
		size_t room = l->keys_room ? l->keys_room * 2 : 4;
		struct known_key *more =
			ARENA_ARRAY(l->arena, struct known_key, room);

		if (l->keys_n)
			memcpy(more, l->keys, l->keys_n * sizeof(*more));
		l->keys = more;
		l->keys_room = room;
		l->keys_at = l->keys_n;
	}
	k = &l->keys[l->keys_at];
	memcpy(k->idem, r->idem.p, KEY_BYTES);
	memcpy(k->ask, r->ask.p, KEY_BYTES);
	k->slot = note->slot;
	k->seq = note->seq;
	k->saved = *saved;
	l->keys_at = (l->keys_at + 1) % l->keys_room;
	if (l->keys_n < l->keys_room)
		l->keys_n++;
}

/* Handed in as they were saved, files are the same ones. */
static void count_files(struct live *l, struct live_slot *s, int kind,
			const struct response *r)
{
	struct oid tree = { 0 };

	if (r->tree.p && !oid_parse(r->tree, &tree))
		tree = (struct oid){ 0 };
	if (kind != NOTE_RECEIVED || !oid_eq(&tree, &s->tree))
		l->said_bytes += (size_t)r->bytes;
	if (!oid_eq(&tree, &s->tree))
		l->file_bytes += r->bytes;
	s->tree = tree;
}

static enum err apply_action(struct ctx *cx, struct live *l, int kind,
			     const struct note *note, const struct record *r,
			     struct slot_effect *effect)
{
	struct slot_action a = { .seq = note->seq,
				 .certainty = note->certainty };
	struct live_slot *s = NULL;
	enum err e = OK;

	if (!l->made_of)
		return OK;
	e = live_slot(cx, l, note->slot, &s);
	if (e)
		return e;
	a.kind = kind == NOTE_ANSWERED	    ? SLOT_SAVE
		 : kind == NOTE_TRIED_AGAIN ? SLOT_TRY_AGAIN
					    : SLOT_CHECK;
	a.submission = kind == NOTE_RECEIVED ? note->number : 0;
	if (kind != NOTE_TRIED_AGAIN) {
		if (!r->personal.p) { /* erased: long handed in */
			l->erased = true;
			s->run.seq = note->seq;
			return OK;
		}
		e = read_response(cx, l, s, r->personal, &a.response);
		a.has_response = true;
	}
	if (!e)
		e = act(cx, l, s, &a, effect);
	if (e || (effect && !effect->changed))
		return e;
	l->said_bytes += ACTION_BYTES + r->personal.n;
	s->saved =
		(struct saved){ r->at_ms, l->row.due_at, l->row.hard_end_at };
	if (a.has_response)
		count_files(l, s, kind, &a.response);
	if (kind == NOTE_RECEIVED)
		submission_came(l, s, r->at_ms);
	/* The keys of other commands are found in the journal. */
	if (kind == NOTE_ANSWERED)
		remember_key(l, r, note, &s->saved);
	return OK;
}

static enum err apply_judged(struct ctx *cx, struct live *l,
			     const struct note *note, const struct record *r,
			     struct slot_effect *effect)
{
	struct slot_action a = { .kind = SLOT_JUDGED,
				 .submission = note->number };
	struct live_slot *s = NULL;
	enum err e = OK;

	if (!l->made_of)
		return OK;
	e = live_slot(cx, l, note->slot, &s);
	if (e)
		return e;
	if (l->erased)
		return OK;
	if (note->verdict != RUN_IE && !r->personal.p) {
		l->erased = true;
		return OK;
	}
	if (note->verdict != RUN_IE)
		a.report = str_copy(l->grow, r->personal);
	return act(cx, l, s, &a, effect);
}

static enum err apply_mark(struct ctx *cx, struct live *l,
			   const struct note *note, const struct record *r,
			   struct slot_effect *effect)
{
	struct slot_action a = { .kind = SLOT_MARK,
				 .seq = note->seq,
				 .has_mark = note->has_mark,
				 .clear_mark = note->clear_mark,
				 .mark = note->mark,
				 .out_of = note->out_of };
	struct live_slot *s = NULL;
	enum err e = OK;

	if (!l->made_of)
		return OK;
	e = live_slot(cx, l, note->slot, &s);
	if (e)
		return e;
	a.by = str_copy(l->grow, note->by);
	a.comment = str_copy(l->grow, r->personal);
	return act(cx, l, s, &a, effect);
}

static enum err finish_slots(struct ctx *cx, struct live *l)
{
	const struct slot_action finish = { .kind = SLOT_FINISH };
	enum err e = OK;

	for (size_t i = 0; !e && i < l->slots_n; i++)
		e = act(cx, l, &l->slots[i], &finish, NULL);
	return e;
}

/* What a hand-in and the markers did is over; the responses stay. */
static void forget_finish(struct live_slot *s)
{
	struct past_action **at = &s->past;

	while (*at) {
		int kind = (*at)->a.kind;

		if (kind == SLOT_FINISH || kind == SLOT_MARK) {
			*at = (*at)->next;
			s->past_n--;
		} else {
			at = &(*at)->next;
		}
	}
	s->past_end = at;
}

enum err live_refold(struct ctx *cx, struct live *l)
{
	struct ctx keep = keeping(cx, l->grow);

	for (size_t i = 0; i < l->slots_n; i++) {
		struct live_slot *s = &l->slots[i];
		struct slot_action *a = ARENA_ARRAY(
			cx->arena, struct slot_action, s->past_n + 1);
		struct slot_setup setup = s->run.setup;
		size_t n = 0;
		enum err e;

		for (struct past_action *p = s->past; p; p = p->next)
			a[n++] = p->a;
		a[n++] = (struct slot_action){ .kind = SLOT_REGRADE,
					       .item = s->run.setup.item };
		setup.item = s->made_of;
		e = back(cx, &keep, slot_replay(&keep, &setup, a, n, &s->run));
		if (e)
			return e;
	}
	l->replays = false;
	return OK;
}

/* ---- records ---- */

static void set_times(struct live *l, const struct note *note)
{
	l->row.due_at = note->due_at;
	l->row.hard_end_at = note->hard_end_at;
}

static void set_score(struct live *l, const struct score *s)
{
	struct attempt_row *row = &l->row;

	row->has_score = s->has;
	row->sum = s->sum;
	row->sum_max = s->sum_max;
	row->score = s->score;
	row->max_score = s->max;
	row->scaled = s->scaled;
	row->passed = s->passed;
	l->credit = s->credit;
	l->score_late = s->late;
}

static enum err apply_reserved(struct ctx *cx, struct live *l,
			       const struct note *note, const struct record *r)
{
	struct attempt_row *row = &l->row;

	if (l->made_of && !id_eq(&note->assessment, &l->made_of->row.id))
		return corrupt(cx);
	row->org = r->org;
	row->id = r->stream;
	row->series = note->series;
	row->assessment = l->pub ? l->pub->row.id : note->assessment;
	row->course = str_copy(l->arena, note->course);
	row->learner = note->learner;
	row->number = note->number;
	row->practice = note->practice;
	row->preview = note->preview;
	row->reserved_at = r->at_ms;
	return l->made_of ? make_slots(cx, l, note->layout) : OK;
}

static enum err apply_handed_in(struct ctx *cx, struct live *l,
				const struct note *note)
{
	enum err e = finish_slots(cx, l);

	if (e)
		return e;
	l->row.finished_at = note->finished_at;
	l->row.late = note->late;
	l->receipt = str_copy(l->arena, note->receipt);
	return OK;
}

static enum err apply_reopened(struct ctx *cx, struct live *l,
			       const struct note *note)
{
	struct attempt_row *row = &l->row;

	if (!l->replays)
		return corrupt(cx);
	for (size_t i = 0; i < l->slots_n; i++)
		forget_finish(&l->slots[i]);
	set_times(l, note);
	set_score(l, &(struct score){ 0 });
	row->finished_at = row->graded_at = row->released_at = 0;
	row->late = false;
	l->receipt = (struct str){ 0 };
	l->due_is_set = true;
	return OK;
}

/* The fields beyond slots and state. */
static void apply_header(struct live *l, int kind, const struct note *note,
			 const struct record *r)
{
	struct attempt_row *row = &l->row;

	switch ((enum note_kind)kind) {
	case NOTE_STARTED:
		row->started_at = r->at_ms;
		set_times(l, note);
		break;
	case NOTE_ABANDONED:
		row->finished_at = note->finished_at;
		break;
	case NOTE_SUSPENDED:
		l->suspended_at = r->at_ms;
		break;
	case NOTE_RESUMED:
		l->suspended_at = 0;
		l->frozen_ms = note->frozen_ms;
		set_times(l, note);
		break;
	case NOTE_EXTENDED:
		set_times(l, note);
		break;
	case NOTE_VOIDED:
		row->given_back = note->gives_back;
		break;
	case NOTE_REGRADED:
		row->assessment = note->to;
		set_score(l, &note->score);
		break;
	case NOTE_GRADED:
		set_score(l, &note->score);
		row->graded_at = r->at_ms;
		break;
	case NOTE_RELEASED:
		row->released_at = r->at_ms;
		break;
	case NOTE_RESERVED:
	case NOTE_ANSWERED:
	case NOTE_CHECKED:
	case NOTE_TRIED_AGAIN:
	case NOTE_RECEIVED:
	case NOTE_JUDGED:
	case NOTE_SUBMITTED:
	case NOTE_EXPIRED:
	case NOTE_OVERTIME:
	case NOTE_REOPENED:
	case NOTE_MARKED:
	case NOTE_COUNT:
		break;
	}
}

static enum err apply_body(struct ctx *cx, struct live *l, int kind,
			   const struct note *note, const struct record *r,
			   struct slot_effect *effect)
{
	switch ((enum note_kind)kind) {
	case NOTE_RESERVED:
		return apply_reserved(cx, l, note, r);
	case NOTE_ANSWERED:
	case NOTE_CHECKED:
	case NOTE_TRIED_AGAIN:
	case NOTE_RECEIVED:
		return apply_action(cx, l, kind, note, r, effect);
	case NOTE_JUDGED:
		return apply_judged(cx, l, note, r, effect);
	case NOTE_MARKED:
		return apply_mark(cx, l, note, r, effect);
	case NOTE_SUBMITTED:
	case NOTE_EXPIRED:
		return apply_handed_in(cx, l, note);
	case NOTE_REOPENED:
		return apply_reopened(cx, l, note);
	case NOTE_STARTED:
	case NOTE_OVERTIME:
	case NOTE_ABANDONED:
	case NOTE_SUSPENDED:
	case NOTE_RESUMED:
	case NOTE_EXTENDED:
	case NOTE_VOIDED:
	case NOTE_REGRADED:
	case NOTE_GRADED:
	case NOTE_RELEASED:
	case NOTE_COUNT:
		break;
	}
	apply_header(l, kind, note, r);
	return OK;
}

enum err attempt_apply(struct ctx *cx, struct live *l, const struct record *r,
		       const struct note *made, struct slot_effect *effect)
{
	int kind = note_kind_of(r->event), to = l->row.state, edge;
	struct note note;
	enum err e = OK;

	if (kind == NOTE_COUNT || r->n != l->n + 1)
		return corrupt(cx);
	if (made)
		note = *made;
	else
		e = note_read(cx, kind, r->body, &note);
	if (e)
		return e;
	edge = note_edge(kind, l->row.state, &note);
	if (edge >= 0 && !attempt_edge_ok(l->row.state, edge, &to))
		return err_set(cx, ERR_CONFLICT,
			       "this is not possible: the attempt is %s",
			       attempt_state_words[l->row.state]);
	e = apply_body(cx, l, kind, &note, r, effect);
	if (e || (effect && !effect->changed)) /* a repeat is no record */
		return e;
	l->row.state = to;
	if (!attempt_is_open(to))
		l->counted_bytes = l->file_bytes;
	l->n = r->n;
	return OK;
}

/* ---- a whole stream ---- */

/* Finds the versions that it was made of and is scored by. */
static enum err find_versions(struct ctx *cx, struct live *l,
			      const struct record *r, size_t n)
{
	struct catalog *c = cx->app->catalog;
	struct note first, last;
	const struct record *regrade = NULL;
	enum err e;

	if (!n || note_kind_of(r[0].event) != NOTE_RESERVED)
		return corrupt(cx);
	for (size_t i = 0; i < n; i++) {
		int kind = note_kind_of(r[i].event);

		if (kind == NOTE_REGRADED)
			regrade = &r[i];
		if (kind == NOTE_REGRADED || kind == NOTE_REOPENED)
			l->replays = true;
	}
	e = note_read(cx, NOTE_RESERVED, r[0].body, &first);
	if (!e)
		e = catalog_get(c, cx, &r[0].org, &first.assessment,
				&l->made_of);
	l->pub = l->made_of;
	if (!e && regrade)
		e = note_read(cx, NOTE_REGRADED, regrade->body, &last);
	if (!e && regrade)
		e = catalog_get(c, cx, &r[0].org, &last.to, &l->pub);
	return e;
}

enum err live_fold(struct ctx *cx, struct live *l, const struct list *records,
		   bool replays)
{
	const struct record *r = records->at;
	bool refold;
	enum err e;

	l->row.state = ATTEMPT_NONE;
	e = find_versions(cx, l, r, records->n);
	refold = l->replays;
	l->replays = l->replays || replays;
	for (size_t i = 0; !e && i < records->n; i++) {
		e = attempt_apply(cx, l, &r[i], NULL, NULL);
		if (e && e != ERR_CORRUPT)
			e = corrupt(cx);
	}
	if (!e && (refold || replays))
		e = live_refold(cx, l);
	if (e)
		return e;
	l->built_bytes = arena_used(l->grow);
	return OK;
}

/* ---- memory ---- */

enum { GROWTH_BYTES = 8192 };

bool live_is_big(const struct live *l)
{
	return arena_used(l->grow) > 2 * l->built_bytes + GROWTH_BYTES;
}

enum err live_compact(struct ctx *cx, struct live *l)
{
	struct slot_run *runs =
		ARENA_ARRAY(cx->arena, struct slot_run, l->slots_n);
	struct arena *fresh = arena_new(l->built_bytes + 1024);
	struct ctx keep = keeping(cx, fresh);
	struct buf b = { 0 };
	enum err e = OK;

	for (size_t i = 0; !e && i < l->slots_n; i++) {
		struct slot_run *run = &l->slots[i].run;
		struct jdoc *doc;

		buf_reset(&b);
		slot_write(cx, &b, run);
		e = jdoc_parse(cx, buf_copy(&b, fresh), &doc);
		if (!e)
			e = slot_read(&keep, &run->setup, jdoc_root(doc),
				      &runs[i]);
	}
	buf_done(&b);
	if (e) {
		arena_free(fresh);
		return back(cx, &keep, e);
	}
	for (size_t i = 0; i < l->slots_n; i++) {
		l->slots[i].run = runs[i];
		l->slots[i].past = NULL;
		l->slots[i].past_end = &l->slots[i].past;
		l->slots[i].past_n = 0;
	}
	arena_free(l->grow);
	l->grow = fresh;
	l->built_bytes = arena_used(fresh);
	return OK;
}

/* ---- the clock ---- */

struct policy_attempt live_clock(const struct live *l)
{
	return (struct policy_attempt){ .state = l->row.state,
					.started = l->row.started_at,
					.finished = l->row.finished_at,
					.due = l->row.due_at,
					.preview = l->row.preview,
					.practice = l->row.practice };
}

void live_wake(struct live *l)
{
	struct policy_attempt a = live_clock(l);
	struct policy_move m;

	policy_sweep(&l->policy, &a, INT64_MIN, &m);
	l->row.wake_at = m.check_at;
}

enum err live_rules(struct ctx *cx, struct live *l)
{
	struct policy_effective eff;
	enum err e = assessment_effective(cx, l->pub, &l->row.learner, &eff);

	if (e)
		return e;
	l->policy = eff.p;
	l->policy.password = (struct str){ 0 };
	return OK;
}
