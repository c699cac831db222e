#include "graders/behaviour.h"

#include "graders/behaviour_impl.h"

const char *const behaviour_words[] = {
#define X(code, word, doc) word,
	BEHAVIOURS(X)
#undef X
		NULL,
};

const char *const slot_state_words[] = {
#define X(code, word, open) word,
	SLOT_STATES(X)
#undef X
		NULL,
};

const char *const slot_action_words[] = {
#define X(code, word) word,
	SLOT_ACTIONS(X)
#undef X
		NULL,
};

const char *const submission_state_words[] = {
#define X(code, word, doc) word,
	SUBMISSION_STATES(X)
#undef X
		NULL,
};

static const struct behaviour_ops *const ops[BEHAVIOUR_COUNT] = {
	[BEHAVIOUR_DEFERRED] = &behaviour_deferred_ops,
	[BEHAVIOUR_IMMEDIATE] = &behaviour_immediate_ops,
	[BEHAVIOUR_ADAPTIVE] = &behaviour_adaptive_ops,
	[BEHAVIOUR_ADAPTIVE_FREE] = &behaviour_adaptive_ops,
	[BEHAVIOUR_INTERACTIVE] = &behaviour_interactive_ops,
	[BEHAVIOUR_COUNTBACK] = &behaviour_interactive_ops,
	[BEHAVIOUR_DEFERRED_CBM] = &behaviour_deferred_ops,
	[BEHAVIOUR_IMMEDIATE_CBM] = &behaviour_immediate_ops,
	[BEHAVIOUR_MANUAL] = &behaviour_manual_ops,
	[BEHAVIOUR_INFORMATION] = &behaviour_information_ops,
	[BEHAVIOUR_JUDGED] = &behaviour_judged_ops,
};

bool behaviour_parse(struct str word, enum behaviour *out)
{
	if (word.p == NULL) {
		*out = BEHAVIOUR_DEFERRED;
		return true;
	}
	for (int i = 0; i < BEHAVIOUR_COUNT; i++)
		if (str_is(word, behaviour_words[i])) {
			*out = (enum behaviour)i;
			return true;
		}
	return false;
}

enum behaviour behaviour_for(const struct item *it, enum behaviour wanted)
{
	switch ((enum item_type)it->type) {
	case ITEM_DESCRIPTION:
		return BEHAVIOUR_INFORMATION;
	case ITEM_ESSAY:
	case ITEM_OPAQUE:
		return BEHAVIOUR_MANUAL;
	case ITEM_CODE:
		return BEHAVIOUR_JUDGED;
	case ITEM_MATCH:
	case ITEM_CLOZE:
		if (wanted == BEHAVIOUR_INTERACTIVE)
			return BEHAVIOUR_COUNTBACK;
		break;
	case ITEM_CHOICE:
	case ITEM_MULTI:
	case ITEM_TRUE_FALSE:
	case ITEM_SHORT:
	case ITEM_NUMERIC:
	case ITEM_TYPE_COUNT:
		break;
	}
	if (wanted == BEHAVIOUR_JUDGED) /* asked for the code items */
		return BEHAVIOUR_DEFERRED;
	/* Other items have no parts that could be counted back. */
	if (wanted == BEHAVIOUR_COUNTBACK && it->type != ITEM_MATCH &&
	    it->type != ITEM_CLOZE)
		return BEHAVIOUR_INTERACTIVE;
	return wanted;
}

bool behaviour_has_check(enum behaviour b)
{
	return ops[b]->check != NULL;
}

bool behaviour_has_certainty(enum behaviour b)
{
	return b == BEHAVIOUR_DEFERRED_CBM || b == BEHAVIOUR_IMMEDIATE_CBM;
}

bool slot_state_is_open(int state)
{
	static const bool open[SLOT_STATE_COUNT] = {
#define X(code, word, is_open) is_open,
		SLOT_STATES(X)
#undef X
	};
	return open[state];
}

void slot_start(const struct slot_setup *setup, struct slot_run *out)
{
	*out = (struct slot_run){ .setup = *setup,
				  .state = SLOT_TODO,
				  .engine_state = SLOT_TODO };
}

bool step_is_repeat(const struct step *t)
{
	/* A fresh slot holds a blank response. */
	return t->a->certainty == t->s->certainty &&
	       response_is_same(t->s->setup.item, &t->s->response,
				&t->a->response);
}

void step_keep(struct step *t)
{
	if (step_is_repeat(t))
		return;
	t->s->has_response = true;
	t->s->response = t->a->response;
	t->s->certainty = t->a->certainty;
	t->s->graded_last = false;
	t->effect->changed = true;
}

bool step_is_graded(const struct step *t)
{
	const struct slot_run *s = t->s;

	return s->has_graded &&
	       response_is_same(s->setup.item, &s->graded, &s->response);
}

bool step_is_complete(const struct step *t)
{
	return response_is_complete(t->s->setup.item, &t->s->response) &&
	       (!behaviour_has_certainty(t->s->setup.behaviour) ||
		t->s->certainty);
}

void step_refuse(struct step *t, struct str reason)
{
	if (t->s->state != SLOT_INVALID)
		t->effect->changed = true;
	t->s->state = SLOT_INVALID;
	t->effect->reason = reason;
}

enum err step_after_end(struct step *t)
{
	if (t->a->kind == SLOT_FINISH || step_is_repeat(t))
		return OK;
	return err_set(t->cx, ERR_CONFLICT, "this question is finished");
}

enum err step_score(struct step *t, const struct response *r, struct outcome *o,
		    int *state)
{
	const struct slot_setup *setup = &t->s->setup;
	enum err e = score_item(t->cx, setup->item, setup->variant, r, o);

	if (e)
		return e;
	switch ((enum score_state)o->state) {
	case SCORE_NOT_ANSWERED:
		*state = SLOT_GAVE_UP;
		break;
	case SCORE_INVALID:
	case SCORE_WRONG:
		*state = SLOT_GRADED_WRONG;
		break;
	case SCORE_PARTIAL:
		*state = SLOT_GRADED_PARTIAL;
		break;
	case SCORE_RIGHT:
		*state = SLOT_GRADED_RIGHT;
		break;
	case SCORE_NEEDS_PERSON:
		*state = SLOT_NEEDS_GRADING;
		break;
	case SCORE_NOT_GRADED:
		*state = SLOT_FINISHED;
		break;
	}
	return OK;
}

enum err step_check(struct step *t, struct outcome *o, int *state, bool *scored)
{
	enum err e = step_score(t, &t->s->response, o, state);

	if (e)
		return e;
	*scored = o->state != SCORE_INVALID;
	if (!*scored)
		step_refuse(t, o->reason);
	return OK;
}

void step_end(struct step *t, int state, bool has, struct dec fraction)
{
	t->s->state = state;
	t->s->engine_state = state;
	t->s->has_fraction = has;
	t->s->fraction = has ? fraction : DEC_ZERO;
	t->s->try_again = false;
	t->effect->changed = true;
	t->effect->finished = true;
}

/* What can be said of an action without looking at the response. */
static enum err check_form(struct ctx *cx, const struct slot_run *s,
			   const struct slot_action *a)
{
	const bool asked = behaviour_has_certainty(s->setup.behaviour);

	if (a->certainty < 0 || a->certainty > (asked ? 3 : 0))
		return err_field(cx, ERR_INVALID, "/certainty",
				 asked ? "certainty is 1, 2 or 3"
				       : "this question asks for no certainty");
	if (!a->has_response &&
	    (a->kind == SLOT_SAVE || a->kind == SLOT_CHECK) &&
	    s->setup.behaviour != BEHAVIOUR_INFORMATION)
		return err_field(cx, ERR_INVALID, "/response",
				 "there is no response");
	return OK;
}

static enum err step_run(struct step *t)
{
	const struct behaviour_ops *row = ops[t->s->setup.behaviour];
	behaviour_step *run = NULL;

	switch ((enum slot_action_kind)t->a->kind) {
	case SLOT_SAVE:
		run = row->save;
		break;
	case SLOT_CHECK:
		run = row->check;
		break;
	case SLOT_TRY_AGAIN:
		run = row->try_again;
		break;
	case SLOT_FINISH:
		run = row->finish;
		break;
	case SLOT_MARK:
		return behaviour_mark(t);
	case SLOT_JUDGED:
		run = row->judged;
		break;
	case SLOT_REGRADE:
	case SLOT_ACTION_COUNT:
		break;
	}
	if (run == NULL)
		return err_set(t->cx, ERR_PRECONDITION,
			       "this question has no such action");
	return run(t);
}

enum err behaviour_apply(struct ctx *cx, struct slot_run *s,
			 const struct slot_action *a, bool replaying,
			 struct slot_effect *effect)
{
	const bool expected = a->seq == 0 || a->seq == s->seq + 1;
	struct slot_effect fx = { 0 };
	struct slot_run next = *s;
	struct step t = { cx, &next, a, &fx, replaying };
	enum err e = check_form(cx, s, a);

	if (!e)
		e = step_run(&t);
	/* A frame that comes twice is no error, a stale one is. */
	if (!expected && (e || fx.changed || a->seq > s->seq + 1))
		return err_set(cx, ERR_OUT_OF_SEQUENCE,
			       "the question has moved on; read it again");
	if (e)
		return e;
	if (fx.changed) {
		/* A verdict is no change that a stale page could miss. */
		if (a->kind != SLOT_JUDGED)
			next.seq++;
		*s = next;
	}
	fx.shows = slot_shows(s);
	*effect = fx;
	return OK;
}

enum err slot_apply(struct ctx *cx, struct slot_run *s,
		    const struct slot_action *a, struct slot_effect *effect)
{
	return behaviour_apply(cx, s, a, false, effect);
}

uint32_t slot_shows(const struct slot_run *s)
{
	const struct hint *hint = slot_hint(s);

	if (!slot_state_is_open(s->state))
		return SHOW_CORRECTNESS | SHOW_MARK | SHOW_FEEDBACK |
		       SHOW_RIGHT_COUNT | SHOW_RIGHT_ANSWER;
	if (s->try_again)
		return SHOW_FEEDBACK | (hint ? SHOW_HINT : 0) |
		       (hint && hint->show_right_count ? SHOW_RIGHT_COUNT : 0);
	if (s->graded_last)
		return SHOW_CORRECTNESS | SHOW_MARK | SHOW_FEEDBACK |
		       SHOW_RIGHT_COUNT;
	return s->has_fraction ? SHOW_MARK : 0;
}

bool slot_is_answered(const struct slot_run *s)
{
	return s->has_response &&
	       !response_is_blank(s->setup.item, &s->response);
}

bool slot_mark(const struct slot_run *s, struct dec *mark)
{
	if (s->has_manual)
		*mark = s->manual;
	else if (s->has_fraction)
		*mark = score_scale(s->fraction, s->setup.max);
	return s->has_manual || s->has_fraction;
}

bool slot_sum_mark(const struct slot_run *s, struct dec *mark)
{
	struct dec m = DEC_ZERO;

	if (!slot_mark(s, &m) && s->state == SLOT_NEEDS_GRADING)
		return false;
	*mark = m;
	return true;
}
