/*
 * The behaviours that score once: deferred, immediate, both also with
 * certainty, what a person marks, and what there is only to read.
 */
#include "graders/behaviour_impl.h"

/*
 * Certainty-based marking (Gardner-Medwin 1995): right gives 1, 2 or 3 times
 * the fraction, wrong 0, -2 or -6, so that honest certainty pays best.
 */
struct dec certainty_fraction(struct dec fraction, int64_t certainty)
{
	static const int wrong[] = { 0, 0, -2, -6 };
	const struct dec least = { 50 }; /* 5e-8: not even a trace is right */

	if (dec_cmp(fraction, least) <= 0)
		return dec_int(wrong[certainty]);
	return dec_scale(fraction, certainty, 1);
}

/* Ends the slot by the outcome of what it holds. */
static void end_by(struct step *t, const struct outcome *o, int state)
{
	struct slot_run *s = t->s;
	struct dec f = o->fraction;

	s->has_graded = true;
	s->graded = s->response;
	s->graded_raw = f;
	if (behaviour_has_certainty(s->setup.behaviour)) /* unsaid: the least */
		f = certainty_fraction(f, s->certainty ? s->certainty : 1);
	step_end(t, state,
		 state == SLOT_GRADED_WRONG || state == SLOT_GRADED_PARTIAL ||
			 state == SLOT_GRADED_RIGHT,
		 f);
}

static enum err finish(struct step *t)
{
	struct outcome o;
	int state;
	enum err e;

	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	if (t->a->has_response)
		step_keep(t);
	if (!response_is_gradable(t->s->setup.item, &t->s->response)) {
		step_end(t, SLOT_GAVE_UP, false, DEC_ZERO);
		return OK;
	}
	e = step_score(t, &t->s->response, &o, &state);
	if (!e)
		end_by(t, &o, state);
	return e;
}

static enum err deferred_save(struct step *t)
{
	struct slot_run *s = t->s;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	step_keep(t);
	if (!t->effect->changed)
		return OK;
	if (step_is_complete(t))
		s->state = SLOT_COMPLETE;
	else if (response_is_gradable(s->setup.item, &s->response))
		s->state = SLOT_INVALID;
	else
		s->state = SLOT_TODO;
	return OK;
}

const struct behaviour_ops behaviour_deferred_ops = {
	.save = deferred_save,
	.finish = finish,
};

static enum err immediate_save(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	step_keep(t);
	if (t->effect->changed)
		t->s->state = SLOT_TODO;
	return OK;
}

static enum err immediate_check(struct step *t)
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
		step_refuse(t, behaviour_has_certainty(s->setup.behaviour) &&
					       !s->certainty
				       ? STR("Say how certain you are.")
				       : STR("Please give a complete answer."));
		return OK;
	}
	e = step_check(t, &o, &state, &scored);
	if (e || !scored)
		return e;
	s->tries = 1;
	t->effect->try_used = true;
	end_by(t, &o, state);
	return OK;
}

const struct behaviour_ops behaviour_immediate_ops = {
	.save = immediate_save,
	.check = immediate_check,
	.finish = finish,
};

static enum err manual_save(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	step_keep(t);
	if (t->effect->changed)
		t->s->state = step_is_complete(t) ? SLOT_COMPLETE : SLOT_TODO;
	return OK;
}

/*
 * A text that is too short is still handed to the marker: what a learner
 * wrote is not lost by a rule about its form.
 */
static enum err manual_finish(struct step *t)
{
	struct slot_run *s = t->s;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	if (t->a->has_response)
		step_keep(t);
	step_end(t,
		 response_is_gradable(s->setup.item, &s->response)
			 ? SLOT_NEEDS_GRADING
			 : SLOT_GAVE_UP,
		 false, DEC_ZERO);
	return OK;
}

const struct behaviour_ops behaviour_manual_ops = {
	.save = manual_save,
	.finish = manual_finish,
};

/* A save says that it was seen. */
static enum err information_save(struct step *t)
{
	if (t->s->state == SLOT_TODO) {
		t->s->state = SLOT_COMPLETE;
		t->effect->changed = true;
	}
	return OK;
}

static enum err information_finish(struct step *t)
{
	if (slot_state_is_open(t->s->state))
		step_end(t, SLOT_FINISHED, false, DEC_ZERO);
	return OK;
}

const struct behaviour_ops behaviour_information_ops = {
	.save = information_save,
	.finish = information_finish,
};
