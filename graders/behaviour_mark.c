/* Marks by a person, ranges of marks, and replays. */
#include "graders/behaviour_impl.h"

/* The least fraction of an item, 0 or below. */
static struct dec min_fraction(const struct item *it)
{
	const struct choice *c = it->choices.at;
	const struct item *parts = it->parts.at;
	struct dec least = DEC_ZERO, weights = DEC_ZERO;

	if (it->type == ITEM_CHOICE || it->type == ITEM_TRUE_FALSE)
		for (size_t i = 0; i < it->choices.n; i++)
			least = dec_min(least, c[i].fraction);
	if (it->type != ITEM_CLOZE)
		return least;
	for (size_t i = 0; i < it->parts.n; i++) {
		weights = dec_add(weights, parts[i].mark);
		least = dec_add(
			least, dec_mul(min_fraction(&parts[i]), parts[i].mark));
	}
	return dec_cmp(weights, DEC_ZERO) > 0 ? dec_div(least, weights)
					      : DEC_ZERO;
}

struct dec slot_min_mark(const struct slot_setup *setup)
{
	switch (setup->behaviour) {
	case BEHAVIOUR_DEFERRED:
	case BEHAVIOUR_IMMEDIATE:
		return dec_mul(min_fraction(setup->item), setup->max);
	case BEHAVIOUR_DEFERRED_CBM:
	case BEHAVIOUR_IMMEDIATE_CBM:
		return dec_mul(certainty_fraction(DEC_ZERO, 3), setup->max);
	case BEHAVIOUR_ADAPTIVE:
	case BEHAVIOUR_ADAPTIVE_FREE:
	case BEHAVIOUR_INTERACTIVE:
	case BEHAVIOUR_COUNTBACK:
	case BEHAVIOUR_MANUAL:
	case BEHAVIOUR_INFORMATION:
	case BEHAVIOUR_JUDGED:
	case BEHAVIOUR_COUNT:
		break;
	}
	return DEC_ZERO;
}

struct dec slot_max_mark(const struct slot_setup *setup)
{
	if (setup->behaviour == BEHAVIOUR_INFORMATION)
		return DEC_ZERO;
	return behaviour_has_certainty(setup->behaviour)
		       ? dec_mul(certainty_fraction(DEC_ONE, 3), setup->max)
		       : setup->max;
}

/* The same bounds as for what the engine scores. */
static int marked_state(struct dec mark, struct dec max)
{
	const struct dec trace = { 1000 }; /* 0.000001 */
	struct dec f;

	if (dec_cmp(max, DEC_ZERO) <= 0)
		return SLOT_MARKED_WRONG;
	f = dec_div(mark, max);
	if (dec_cmp(f, trace) < 0)
		return SLOT_MARKED_WRONG;
	return dec_cmp(f, dec_sub(DEC_ONE, trace)) > 0 ? SLOT_MARKED_RIGHT
						       : SLOT_MARKED_PARTIAL;
}

int behaviour_state(const struct slot_run *s)
{
	if (s->has_manual)
		return marked_state(s->manual, s->setup.max);
	if (s->comment.p && s->engine_state == SLOT_GAVE_UP)
		return SLOT_MARKED_GAVE_UP;
	if (s->comment.p && s->engine_state == SLOT_FINISHED)
		return SLOT_MARKED_FINISHED;
	return s->engine_state;
}

/* In terms of this slot's max, with one rounding. */
static struct dec rescaled(const struct slot_action *a, struct dec max)
{
	if (dec_cmp(a->out_of, DEC_ZERO) <= 0 || dec_eq(a->out_of, max))
		return a->mark;
	return dec_scale(a->mark, max.nano, a->out_of.nano);
}

static enum err take_mark(struct step *t)
{
	struct slot_run *s = t->s;
	struct dec mark = rescaled(t->a, s->setup.max);

	if (!t->replaying && (dec_cmp(mark, slot_min_mark(&s->setup)) < 0 ||
			      dec_cmp(mark, slot_max_mark(&s->setup)) > 0))
		return err_field(t->cx, ERR_INVALID, "/mark",
				 "the mark is out of this question's range");
	if (s->has_manual && dec_eq(s->manual, mark))
		return OK;
	s->has_manual = true;
	s->manual = mark;
	t->effect->changed = true;
	return OK;
}

enum err behaviour_mark(struct step *t)
{
	struct slot_run *s = t->s;
	const struct slot_action *a = t->a;
	enum err e = OK;

	if (slot_state_is_open(s->state))
		return err_set(t->cx, ERR_CONFLICT,
			       "the attempt has not been handed in");
	if (s->setup.behaviour == BEHAVIOUR_INFORMATION &&
	    (a->has_mark || a->clear_mark))
		return err_set(t->cx, ERR_PRECONDITION,
			       "there is nothing to mark");
	if (a->has_mark)
		e = take_mark(t);
	if (e)
		return e;
	if (a->clear_mark && s->has_manual) {
		s->has_manual = false;
		s->manual = DEC_ZERO;
		t->effect->changed = true;
	}
	if (a->comment.p && !(s->comment.p && str_eq(a->comment, s->comment))) {
		s->comment = a->comment;
		t->effect->changed = true;
	}
	if (t->effect->changed)
		s->marked_by = a->by;
	s->state = behaviour_state(s);
	return OK;
}

static bool alike_parts(const struct item *was, const struct item *is,
			const char **why)
{
	const struct item *a = was->parts.at, *b = is->parts.at;

	for (size_t i = 0; i < was->parts.n; i++)
		if (!slot_alike(&a[i], &b[i], why))
			return false;
	return true;
}

bool slot_alike(const struct item *was, const struct item *is, const char **why)
{
	*why = NULL;
	if (was->type != is->type)
		*why = "the question is of another type now";
	else if (was->choices.n != is->choices.n)
		*why = "the number of choices has changed";
	else if (was->stems.n != is->stems.n)
		*why = "the number of stems has changed";
	else if (was->options.n != is->options.n)
		*why = "the number of options has changed";
	else if (was->parts.n != is->parts.n)
		*why = "the number of parts has changed";
	return *why == NULL && alike_parts(was, is, why);
}

/* The marker has seen it finished, so it is, whatever the version says. */
static enum err finish_for_mark(struct ctx *cx, struct slot_run *s)
{
	const struct slot_action finish = { .kind = SLOT_FINISH };
	struct slot_effect effect;

	return slot_state_is_open(s->state)
		       ? behaviour_apply(cx, s, &finish, true, &effect)
		       : OK;
}

enum err slot_replay(struct ctx *cx, const struct slot_setup *setup,
		     const struct slot_action *actions, size_t n,
		     struct slot_run *out)
{
	struct slot_setup last = *setup;
	struct slot_effect effect;
	struct slot_run s;
	const char *why;
	enum err e;

	for (size_t i = 0; i < n; i++)
		if (actions[i].kind == SLOT_REGRADE && actions[i].item) {
			last.item = actions[i].item;
			if (actions[i].variant)
				last.variant = actions[i].variant;
		}
	if (!slot_alike(setup->item, last.item, &why))
		return err_set(cx, ERR_PRECONDITION, "%s", why);
	slot_start(&last, &s);
	for (size_t i = 0; i < n; i++) {
		struct slot_action a = actions[i];

		a.seq = 0; /* what was kept then may be passed over now */
		if (a.kind == SLOT_REGRADE)
			continue;
		e = a.kind == SLOT_MARK ? finish_for_mark(cx, &s) : OK;
		if (!e)
			e = behaviour_apply(cx, &s, &a, true, &effect);
		if (e && e != ERR_CONFLICT && e != ERR_PRECONDITION)
			return e;
	}
	err_clear(cx);
	*out = s;
	return OK;
}
