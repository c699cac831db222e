/*
 * What is run and judged elsewhere: a check leaves a submission, whose verdict
 * comes later as an action of its own. What was found is kept as facts, and
 * the marks are made of them here, so another version of the item scores the
 * same submissions without running any of them again.
 */
#include "graders/behaviour_impl.h"

static const struct code_spec *spec_of(const struct slot_run *s)
{
	return &s->setup.item->code;
}

static struct submission *find(const struct slot_run *s, int64_t number)
{
	struct submission *at = s->submissions.at;

	for (size_t i = s->submissions.n; i-- > 0;)
		if (at[i].number == number)
			return &at[i];
	return NULL;
}

const struct submission *slot_submission(const struct slot_run *s,
					 int64_t number)
{
	return find(s, number);
}

static const struct submission *last_of(const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;

	return s->submissions.n ? &at[s->submissions.n - 1] : NULL;
}

static bool is_same(const struct slot_run *s, const struct response *a,
		    const struct response *b)
{
	return response_is_same(s->setup.item, a, b);
}

/* Counts against the limit. */
static int64_t used(const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;
	int64_t n = 0;

	for (size_t i = 0; i < s->submissions.n; i++)
		n += at[i].state == SUBMISSION_JUDGING ||
		     at[i].state == SUBMISSION_JUDGED;
	return n;
}

int64_t behaviour_judged_left(const struct slot_run *s)
{
	int64_t most = spec_of(s)->submissions, n = used(s);

	if (!most)
		return -1;
	if (!slot_state_is_open(s->state))
		return 0;
	return n < most ? most - n : 0;
}

/* The same again is no other try, unless we failed it. */
bool slot_would_submit(const struct slot_run *s, const struct response *r)
{
	const struct submission *last = last_of(s);

	return s->setup.behaviour == BEHAVIOUR_JUDGED &&
	       slot_state_is_open(s->state) &&
	       response_is_complete(s->setup.item, r) &&
	       !(last && last->state != SUBMISSION_FAILED &&
		 is_same(s, &last->response, r));
}

bool slot_is_unsubmitted(const struct slot_run *s)
{
	const struct submission *last = last_of(s);

	return slot_would_submit(s, &s->response) &&
	       behaviour_judged_left(s) != 0 &&
	       s->submissions.n < CODE_SUBMISSIONS &&
	       !(last && is_same(s, &last->response, &s->response));
}

/* ---- what counts ---- */

/* Waits, or failed on our side and nothing else tells what it is worth. */
static bool is_unsettled(const struct slot_run *s, const struct submission *u)
{
	const struct submission *at = s->submissions.at;

	if (u->state == SUBMISSION_JUDGING)
		return true;
	if (u->state != SUBMISSION_FAILED)
		return false;
	for (size_t i = 0; i < s->submissions.n; i++)
		if (at[i].state != SUBMISSION_FAILED &&
		    is_same(s, &at[i].response, &u->response))
			return false; /* as it, if it waits, says itself */
	return true;
}

static bool any_unsettled(const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;

	for (size_t i = 0; i < s->submissions.n; i++)
		if (is_unsettled(s, &at[i]))
			return true;
	return false;
}

/* *has false: nothing that can be graded is there yet. */
static void counted(struct step *t, bool *has, struct dec *fraction)
{
	const struct submission *at = t->s->submissions.at;
	struct code_result *all = ARENA_ARRAY(t->cx->arena, struct code_result,
					      t->s->submissions.n);
	struct code_result best;
	size_t n = 0;

	*fraction = DEC_ZERO;
	for (size_t i = 0; i < t->s->submissions.n; i++) {
		if (at[i].state != SUBMISSION_JUDGED)
			continue;
		*fraction = n && spec_of(t->s)->counts != CODE_LAST
				    ? dec_max(*fraction, at[i].result.fraction)
				    : at[i].result.fraction;
		all[n++] = at[i].result;
	}
	*has = n > 0;
	if (!n || spec_of(t->s)->counts != CODE_BEST_GROUPS)
		return;
	code_best(t->cx, all, n, &best);
	*fraction = best.fraction;
}

static int state_by(struct dec fraction)
{
	if (dec_cmp(fraction, DEC_ZERO) <= 0)
		return SLOT_GRADED_WRONG;
	return dec_cmp(fraction, DEC_ONE) >= 0 ? SLOT_GRADED_RIGHT
					       : SLOT_GRADED_PARTIAL;
}

/* The state of a slot that was finished. */
static int end_state(const struct slot_run *s, struct dec fraction)
{
	if (any_unsettled(s))
		return SLOT_NEEDS_GRADING;
	if (s->submissions.n)
		return state_by(fraction);
	/* Saved and never handed in, which is not his fault. */
	return slot_is_answered(s) ? SLOT_NEEDS_GRADING : SLOT_GAVE_UP;
}

/* Reports are large, and only the last one is shown. */
static void drop_reports(struct slot_run *s)
{
	struct submission *at = s->submissions.at;
	bool kept = false;

	for (size_t i = s->submissions.n; i-- > 0;) {
		if (at[i].report.p && kept)
			at[i].report = (struct str){ 0 };
		kept = kept || at[i].report.p;
	}
}

/* After any change of the submissions, and at the finish. */
static void settle(struct step *t, bool ended)
{
	struct slot_run *s = t->s;
	const struct submission *last;

	counted(t, &s->has_fraction, &s->fraction);
	drop_reports(s);
	last = last_of(s);
	s->tries = used(s);
	s->graded_last = last && last->report.p &&
			 is_same(s, &last->response, &s->response);
	if (!ended)
		return;
	s->engine_state = end_state(s, s->fraction);
	s->has_fraction = s->engine_state == SLOT_GRADED_WRONG ||
			  s->engine_state == SLOT_GRADED_PARTIAL ||
			  s->engine_state == SLOT_GRADED_RIGHT;
	if (!s->has_fraction)
		s->fraction = DEC_ZERO;
	s->state = behaviour_state(s);
}

/* ---- actions ---- */

static void hold(struct step *t)
{
	step_keep(t);
	if (t->effect->changed)
		t->s->state = step_is_complete(t) ? SLOT_COMPLETE : SLOT_TODO;
}

static enum err save(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	hold(t);
	return OK;
}

static void add(struct step *t, int64_t number)
{
	struct slot_run *s = t->s;
	size_t n = s->submissions.n;
	struct submission *more =
		ARENA_ARRAY(t->cx->arena, struct submission, n + 1);

	if (n)
		memcpy(more, s->submissions.at, n * sizeof(*more));
	more[n] = (struct submission){ .number = number,
				       .state = SUBMISSION_JUDGING,
				       .response = s->response };
	s->submissions = (struct list){ more, n + 1 };
	t->effect->changed = true;
	t->effect->try_used = true;
}

/* How many are allowed is for when one comes, not for whoever looks back. */
static enum err may_submit(struct step *t)
{
	if (t->replaying)
		return OK;
	if (behaviour_judged_left(t->s) == 0)
		return err_set(t->cx, ERR_LIMIT_REACHED,
			       "all %lld submissions of this question are "
			       "used; one that cannot be graded gives its own "
			       "back",
			       (long long)spec_of(t->s)->submissions);
	if (t->s->submissions.n >= CODE_SUBMISSIONS)
		return err_set(t->cx, ERR_LIMIT_REACHED,
			       "%d submissions are the most for one question",
			       CODE_SUBMISSIONS);
	return OK;
}

static enum err check(struct step *t)
{
	struct slot_run *s = t->s;
	const struct submission *last = last_of(s);
	int64_t number = t->a->submission;
	enum err e;

	if (!slot_state_is_open(s->state))
		return step_after_end(t);
	if (number && last && number <= last->number)
		return err_set(t->cx, ERR_PRECONDITION,
			       "a later submission is there already");
	hold(t);
	if (!step_is_complete(t)) {
		step_refuse(t, STR("Please hand in at least one file."));
		return OK;
	}
	if (!slot_would_submit(s, &s->response))
		goto settled;
	e = may_submit(t);
	if (e)
		return e;
	add(t, number ? number : (last ? last->number : 0) + 1);
settled:
	settle(t, false);
	return OK;
}

static enum err finish(struct step *t)
{
	if (!slot_state_is_open(t->s->state))
		return step_after_end(t);
	if (t->a->has_response)
		hold(t);
	t->effect->changed = true;
	t->effect->finished = true;
	settle(t, true);
	return OK;
}

/* Only what is counted stays: facts of a thousand submissions are many. */
static enum err score_report(struct step *t, struct submission *u)
{
	struct ctx cx = *t->cx;
	struct code_report r;
	enum err e;

	cx.arena = arena_new(65536);
	e = code_report_read(&cx, spec_of(t->s), t->a->report, &r);
	if (!e) {
		u->state =
			r.gradable ? SUBMISSION_JUDGED : SUBMISSION_UNGRADABLE;
		code_score(t->cx, spec_of(t->s), &r, &u->result);
	} else {
		t->cx->error = cx.error;
		t->cx->error.data = (struct str){ 0 };
	}
	arena_free(cx.arena);
	return e;
}

/* What another version's tests found says nothing of this one's. */
static enum err take_report(struct step *t, struct submission *u)
{
	enum err e = score_report(t, u);

	if (e == ERR_INVALID && t->replaying) {
		err_clear(t->cx);
		return OK;
	}
	if (!e)
		u->report = t->a->report;
	return e;
}

/*
 * Once, or again after a second run. One that failed takes nothing away from
 * what was found before.
 */
static enum err judged(struct step *t)
{
	struct slot_run *s = t->s;
	size_t n = s->submissions.n;
	struct submission *at = ARENA_ARRAY(t->cx->arena, struct submission, n);
	enum err e = OK;

	if (!find(s, t->a->submission))
		return err_set(t->cx, ERR_PRECONDITION,
			       "there is no submission %lld",
			       (long long)t->a->submission);
	memcpy(at, s->submissions.at, n * sizeof(*at));
	s->submissions.at = at;
	at = find(s, t->a->submission);
	if (t->a->report.p)
		e = take_report(t, at);
	else if (at->state == SUBMISSION_JUDGING)
		at->state = SUBMISSION_FAILED;
	else
		return OK;
	if (e)
		return e;
	t->effect->changed = true;
	settle(t, !slot_state_is_open(s->state));
	return OK;
}

const struct behaviour_ops behaviour_judged_ops = {
	.save = save,
	.check = check,
	.finish = finish,
	.judged = judged,
};
