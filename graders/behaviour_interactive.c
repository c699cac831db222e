/*
 * Interactive: as many tries as there are hints and one more. After a wrong
 * one the hint is shown and the learner asks to try again. The try that ends
 * it gives its fraction less the penalty for each try before it.
 *
 * With countback, each part of the item pays only for the tries until its own
 * last change (graders/behaviour_countback.c).
 */
#include "graders/behaviour_impl.h"

static int64_t tries_total(const struct slot_run *s)
{
	return (int64_t)s->setup.item->hints.n + 1;
}

static bool is_interactive(const struct slot_run *s)
{
	return s->setup.behaviour == BEHAVIOUR_INTERACTIVE ||
	       s->setup.behaviour == BEHAVIOUR_COUNTBACK;
}

int64_t slot_tries_left(const struct slot_run *s)
{
	if (s->setup.behaviour == BEHAVIOUR_JUDGED)
		return behaviour_judged_left(s);
	if (!is_interactive(s))
		return -1;
	return slot_state_is_open(s->state) ? tries_total(s) - s->tries : 0;
}

const struct hint *slot_hint(const struct slot_run *s)
{
	if (!s->try_again || s->tries < 1 ||
	    (size_t)s->tries > s->setup.item->hints.n)
		return NULL;
	return (const struct hint *)s->setup.item->hints.at + s->tries - 1;
}

/* What the learner must do first, or has done already. */
static enum err waits(struct step *t)
{
	if (step_is_repeat(t))
		return OK;
	return err_set(t->cx, ERR_CONFLICT,
		       "this answer was checked: try again first");
}

static enum err save(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	if (t->s->try_again)
		return waits(t);
	step_keep(t);
	if (t->effect->changed)
		t->s->state = SLOT_TODO;
	return OK;
}

/* Lists are never changed in place: another slot_run may hold the old one. */
static void remember_try(struct step *t)
{
	struct slot_run *s = t->s;
	struct response *list;

	s->has_graded = true;
	s->graded = s->response;
	s->graded_last = true;
	if (s->setup.behaviour != BEHAVIOUR_COUNTBACK)
		return;
	list = ARENA_ARRAY(t->cx->arena, struct response, s->tried.n + 1);
	if (s->tried.n)
		memcpy(list, s->tried.at, s->tried.n * sizeof(*list));
	list[s->tried.n] = s->response;
	s->tried = (struct list){ list, s->tried.n + 1 };
}

/* before: tries that are paid for. */
static enum err end_scored(struct step *t, const struct outcome *o, int state,
			   int64_t before)
{
	struct slot_run *s = t->s;
	struct dec cost = dec_scale(s->setup.item->penalty, before, 1);
	struct dec f = dec_max(dec_sub(o->fraction, cost), DEC_ZERO);
	enum err e;

	if (s->setup.behaviour == BEHAVIOUR_COUNTBACK) {
		e = countback_fraction(t, s->tried.at, s->tried.n, &f);
		if (e)
			return e;
	}
	step_end(t, state, state != SLOT_GAVE_UP, f);
	return OK;
}

static enum err use_try(struct step *t, const struct outcome *o, int state)
{
	struct slot_run *s = t->s;

	remember_try(t);
	s->graded_raw = o->fraction;
	s->tries++;
	t->effect->try_used = true;
	t->effect->changed = true;
	if (state == SLOT_GRADED_RIGHT || s->tries >= tries_total(s))
		return end_scored(t, o, state, s->tries - 1);
	s->try_again = true;
	s->state = SLOT_TODO;
	return OK;
}

static enum err check(struct step *t)
{
	struct slot_run *s = t->s;
	struct outcome o;
	bool scored;
	int state;
	enum err e;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	if (s->try_again)
		return waits(t);
	step_keep(t);
	if (!step_is_complete(t)) {
		step_refuse(t, STR("Please give a complete answer."));
		return OK;
	}
	if (step_is_graded(t)) {
		s->state = SLOT_TODO;
		t->effect->reason = STR("This is the answer that was checked "
					"before: change it.");
		return OK;
	}
	e = step_check(t, &o, &state, &scored);
	if (e || !scored)
		return e;
	return use_try(t, &o, state);
}

static enum err try_again(struct step *t)
{
	struct slot_run *s = t->s;
	const struct hint *hint = slot_hint(s);
	enum err e;

	if (!slot_state_is_open(s->state))
		return err_set(t->cx, ERR_CONFLICT,
			       "this question is finished");
	if (!s->try_again)
		return OK;
	if (t->a->has_response) {
		step_keep(t);
	} else if (hint && hint->clear_wrong) {
		e = countback_clear(t, &s->graded, &s->response);
		if (e)
			return e;
	}
	s->graded_last = false;
	s->try_again = false;
	s->state = SLOT_TODO;
	t->effect->changed = true;
	return OK;
}

/* What was saved since the last try is one more, the same pays for it. */
static enum err finish(struct step *t)
{
	struct slot_run *s = t->s;
	struct outcome o;
	int state;
	enum err e;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	if (t->a->has_response && !s->try_again)
		step_keep(t);
	if (!response_is_gradable(s->setup.item, &s->response)) {
		step_end(t, SLOT_GAVE_UP, false, DEC_ZERO);
		return OK;
	}
	e = step_score(t, &s->response, &o, &state);
	if (e)
		return e;
	if (!step_is_graded(t))
		remember_try(t);
	s->graded_raw = o.fraction;
	return end_scored(t, &o, state, s->tries);
}

const struct behaviour_ops behaviour_interactive_ops = {
	.save = save,
	.check = check,
	.try_again = try_again,
	.finish = finish,
};
