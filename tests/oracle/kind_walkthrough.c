/* One slot, step by step: graders/behaviour. */
#include "graders/behaviour.h"
#include "tests/oracle/moodle_item.h"

enum { STEPS = 200 };

struct walk {
	struct oracle *o;
	const struct oracle_case *c;
	struct slot_setup setup;
	struct slot_run slot;
	struct slot_action log[STEPS];
	size_t n;
	bool started;
	bool unstated; /* a regrade by a version that says nothing new */
};

static const struct {
	const char *theirs;
	enum slot_state ours;
} states[] = {
	{ "todo", SLOT_TODO },
	{ "complete", SLOT_COMPLETE },
	{ "invalid", SLOT_INVALID },
	{ "gaveup", SLOT_GAVE_UP },
	{ "gradedwrong", SLOT_GRADED_WRONG },
	{ "gradedpartial", SLOT_GRADED_PARTIAL },
	{ "gradedright", SLOT_GRADED_RIGHT },
	{ "needsgrading", SLOT_NEEDS_GRADING },
	{ "finished", SLOT_FINISHED },
	{ "mangaveup", SLOT_MARKED_GAVE_UP },
	{ "mangrwrong", SLOT_MARKED_WRONG },
	{ "mangrpartial", SLOT_MARKED_PARTIAL },
	{ "mangrright", SLOT_MARKED_RIGHT },
	{ "manfinished", SLOT_MARKED_FINISHED },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* The i-th element of a step; false if there is none. */
static bool element(struct jval step, size_t i, struct jval *out)
{
	struct str name;
	uint32_t at = 0;

	while (jval_next(step, &at, &name, out))
		if (i-- == 0)
			return true;
	return false;
}

static struct str word(struct walk *w, struct jval step, size_t i)
{
	struct jval v;

	return element(step, i, &v) ? moodle_scalar(w->o, v)
				    : (struct str){ 0 };
}

static enum err load_item(struct walk *w, struct str key,
			  const struct item **out)
{
	struct arena *a = w->o->cx.arena;
	struct item *it = ARENA_NEW(a, struct item);
	enum err e = moodle_item(w->o, key, it);

	*out = it;
	return e;
}

static enum err start(struct walk *w, struct jval step)
{
	struct variant *v = ARENA_NEW(w->o->cx.arena, struct variant);
	enum behaviour wanted;
	enum err e;

	e = load_item(w, jval_str(&w->o->cx, w->c->item), &w->setup.item);
	if (e)
		return e;
	if (!moodle_behaviour(word(w, step, 1), &wanted) ||
	    !dec_parse(word(w, step, 2), &w->setup.max))
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "a start");
	w->setup.behaviour = behaviour_for(w->setup.item, wanted);
	variant_identity(w->o->cx.arena, w->setup.item, v);
	w->setup.variant = v;
	slot_start(&w->setup, &w->slot);
	w->started = true;
	return OK;
}

/* What Moodle discards, we refuse: the slot stays as it is either way. */
static enum err act(struct walk *w, const struct slot_action *a)
{
	struct slot_effect effect;
	enum err e;

	if (w->n == STEPS)
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "too many steps");
	w->log[w->n++] = *a;
	e = slot_apply(&w->o->cx, &w->slot, a, &effect);
	return e == ERR_CONFLICT ? OK : e;
}

static enum err submit(struct walk *w, struct jval step)
{
	struct slot_action a = { .kind = SLOT_SAVE, .has_response = true };
	struct moodle_response r;
	struct jval map;
	enum err e;

	if (!element(step, 1, &map))
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "a submit");
	e = moodle_response(w->o, w->setup.item, w->setup.variant, map, &r);
	if (e)
		return e;
	if (w->setup.behaviour == BEHAVIOUR_INFORMATION && !r.seen)
		return OK;
	if (r.try_again) {
		a.kind = SLOT_TRY_AGAIN;
		a.has_response = r.has_response;
	} else if (r.submit && behaviour_has_check(w->setup.behaviour)) {
		a.kind = SLOT_CHECK;
	}
	a.response = r.response;
	a.certainty = r.certainty;
	return act(w, &a);
}

static enum err manual(struct walk *w, struct jval step)
{
	struct slot_action a = { .kind = SLOT_MARK,
				 .comment = STR("seen"),
				 .by = STR("marker"),
				 .out_of = w->setup.max };
	struct str mark = word(w, step, 1);
	char *p;

	if (mark.n == 0) {
		a.clear_mark = true;
		return act(w, &a);
	}
	/* A decimal comma is the form's business, as it is there. */
	p = arena_alloc(w->o->cx.arena, mark.n);
	for (size_t i = 0; i < mark.n; i++)
		p[i] = mark.p[i] == ',' ? '.' : mark.p[i];
	a.has_mark = true;
	if (!dec_parse((struct str){ p, mark.n }, &a.mark))
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "a mark");
	return act(w, &a);
}

static bool same_question(struct walk *w, struct str a, struct str b)
{
	struct str keys[2] = { a, b }, texts[2] = { { 0 }, { 0 } };
	struct jval all, q;

	if (oracle_json(w->o, STR("moodle/items.json"), &all))
		return false;
	for (int i = 0; i < 2; i++) {
		size_t hash = str_find(keys[i], STR("#"), 0);

		if (hash != SIZE_MAX)
			keys[i] = str_cut(keys[i], hash + 1, keys[i].n);
		if (!oracle_get(all, str_z(w->o->cx.arena, keys[i]), &q))
			return false;
		texts[i] = jval_text(q);
	}
	return str_eq(texts[0], texts[1]);
}

static enum err regrade(struct walk *w, struct jval step)
{
	struct slot_action a = { .kind = SLOT_REGRADE };
	struct str key = word(w, step, 1);
	enum err e;

	if (key.n == 0 || w->n == STEPS)
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "a regrade");
	e = load_item(w, key, &a.item);
	if (e)
		return e;
	w->unstated = same_question(w, jval_str(&w->o->cx, w->c->item), key);
	w->log[w->n++] = a;
	return slot_replay(&w->o->cx, &w->setup, w->log, w->n, &w->slot);
}

static enum err step_of(struct walk *w, struct jval step)
{
	const struct slot_action finish = { .kind = SLOT_FINISH };
	struct str verb = word(w, step, 0);

	if (str_is(verb, "start"))
		return start(w, step);
	if (!w->started)
		return err_set(&w->o->cx, ERR_UNSUPPORTED, "no start");
	if (str_is(verb, "submit") || str_is(verb, "save"))
		return submit(w, step);
	if (str_is(verb, "finish"))
		return act(w, &finish);
	if (str_is(verb, "manual_grade"))
		return manual(w, step);
	if (str_is(verb, "regrade"))
		return regrade(w, step);
	return err_set(&w->o->cx, ERR_UNSUPPORTED, "another verb");
}

static bool state_is(const struct slot_run *s, struct str expected)
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (str_is(expected, states[i].theirs))
			return s->state == (int)states[i].ours;
	return false;
}

static bool mark_is(struct walk *w)
{
	struct dec mark;
	bool has = slot_mark(&w->slot, &mark);

	if (jval_type(w->c->expected) == J_NULL)
		return !has;
	return has && oracle_near_dec(w->o, w->c, w->c->expected, mark);
}

static void tell(struct walk *w, struct buf *got)
{
	char text[DEC_TEXT];
	struct dec mark;

	buf_z(got, slot_state_words[w->slot.state]);
	if (slot_mark(&w->slot, &mark)) {
		dec_text(mark, text);
		buf_fmt(got, " %s", text);
	}
}

static enum oracle_verdict run(struct oracle *o, const struct oracle_case *c,
			       struct buf *got)
{
	struct walk *w = ARENA_NEW(o->cx.arena, struct walk);
	struct str name, state = oracle_str(o, c->all, "expected_state");
	struct jval step, v;
	uint32_t at = 0;
	bool ok;
	enum err e = OK;

	w->o = o;
	w->c = c;
	if (jval_type(c->response) != J_ARRAY || jval_type(c->item) != J_STRING)
		return ORACLE_UNSUPPORTED;
	while (!e && jval_next(c->response, &at, &name, &step))
		e = step_of(w, step);
	if (e == ERR_UNSUPPORTED || e == ERR_NOT_FOUND || !w->started)
		return ORACLE_UNSUPPORTED;
	if (e) {
		buf_fmt(got, "%s: %s", err_kind(e), o->cx.error.text);
		return ORACLE_FAILED;
	}
	ok = !state.n || state_is(&w->slot, state);
	if (oracle_get(c->all, "mark_checked", &v) && jval_bool(v))
		ok = ok && mark_is(w);
	if (ok)
		return ORACLE_PASSED;
	tell(w, got);
	/* The source changed the question in code; the case does not say how.
	 */
	return w->unstated ? ORACLE_UNSUPPORTED : ORACLE_FAILED;
}

const struct oracle_kind kind_walkthrough[] = {
	{ "behaviour-walkthrough", run },
	{ 0 },
};
