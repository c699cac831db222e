/*
 * Adaptive: any number of tries. A try gives its fraction less the penalty
 * for each try before it; the best one counts, and never less than 0.
 */
#include "graders/behaviour_impl.h"

static struct dec best(const struct slot_run *s, struct dec raw, int64_t before)
{
	struct dec cost = dec_scale(s->setup.item->penalty, before, 1);

	if (s->setup.behaviour == BEHAVIOUR_ADAPTIVE_FREE)
		cost = DEC_ZERO;
	return dec_max(s->fraction, dec_sub(raw, cost));
}

static void count_try(struct step *t, const struct outcome *o)
{
	struct slot_run *s = t->s;

	s->fraction = best(s, o->fraction, s->tries);
	s->has_fraction = true;
	s->tries++;
	s->has_graded = true;
	s->graded = s->response;
	s->graded_raw = o->fraction;
	s->graded_last = true;
	t->effect->try_used = true;
	t->effect->changed = true;
}

static enum err save(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	step_keep(t);
	if (t->effect->changed)
		t->s->state = SLOT_TODO;
	return OK;
}

static void rest(struct slot_run *s)
{
	s->state = s->was_right ? SLOT_COMPLETE : SLOT_TODO;
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
	step_keep(t);
	if (!step_is_complete(t)) {
		step_refuse(t, STR("Please give a complete answer."));
		return OK;
	}
	if (step_is_graded(t)) {
		if (!s->graded_last)
			t->effect->changed = true;
		s->graded_last = true;
		rest(s);
		return OK;
	}
	e = step_check(t, &o, &state, &scored);
	if (e || !scored)
		return e;
	count_try(t, &o);
	if (state == SLOT_GRADED_RIGHT)
		s->was_right = true;
	rest(s);
	return OK;
}

/* What was saved last is one more try, unless it was one already. */
static enum err finish(struct step *t)
{
	struct slot_run *s = t->s;
	int state = SLOT_GAVE_UP;
	struct outcome o;
	enum err e;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	if (t->a->has_response)
		step_keep(t);
	if (response_is_gradable(s->setup.item, &s->response)) {
		e = step_score(t, &s->response, &o, &state);
		if (e)
			return e;
		if (!step_is_graded(t) && o.state != SCORE_INVALID)
			count_try(t, &o);
	}
	step_end(t, state, true, s->fraction);
	return OK;
}

const struct behaviour_ops behaviour_adaptive_ops = {
	.save = save,
	.check = check,
	.finish = finish,
};
