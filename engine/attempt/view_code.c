/* What callers are told of a code item: submissions, verdicts, the queue. */
#include "engine/app.h"
#include "engine/attempt/submission.h"
#include "engine/attempt/view.h"

struct shown_submission {
	int64_t number;
	int state;
};
static const struct field shown_fields[] = {
	FIELD(struct shown_submission, number, KIND_INT,
	      "among the question's, from 1"),
	FIELD(struct shown_submission, state, KIND_ENUM, "where it stands",
	      .words = submission_state_words),
	FIELD_END,
};
static const struct shape shown_shape =
	SHAPE(struct shown_submission, shown_fields);

struct shown_code {
	struct list submissions;
	bool has_queue;
	struct job_position queue;
	struct str report;
};
static const struct field code_fields[] = {
	FIELD(struct shown_code, submissions, KIND_LIST, "so far",
	      .of = KIND_OBJECT, .shape = &shown_shape,
	      .max = CODE_SUBMISSIONS),
	FIELD_MAYBE(struct shown_code, queue, has_queue, KIND_OBJECT,
		    "of the last one that waits", .shape = &job_position_shape),
	FIELD_OPT(struct shown_code, report, KIND_RAW,
		  "of the last one that was judged, as far as it is told"),
	FIELD_END,
};
const struct shape shown_code_shape = SHAPE(struct shown_code, code_fields);

int view_audience(const struct ctx *cx, const struct live *l, bool staff)
{
	const struct policy *p = &l->policy;
	bool closed = p->closes_at && clock_ms(cx->clock) > p->closes_at;

	if (staff)
		return CODE_FOR_STAFF;
	if (l->row.state == ATTEMPT_RELEASED ||
	    (closed && l->row.state == ATTEMPT_GRADED &&
	     p->release != RELEASE_HELD))
		return CODE_FOR_RELEASED;
	return closed ? CODE_FOR_DUE : CODE_FOR_LEARNER;
}

enum err view_queue(struct ctx *cx, struct job_workers *w,
		    const struct submission_row *row, struct job_position *out,
		    bool *has)
{
	struct job j;
	enum err e;

	*has = false;
	if (id_is_none(&row->job))
		return OK;
	e = job_load(cx, &row->org, &row->job, &j);
	if (!e && (j.state == JOB_QUEUED || j.state == JOB_LEASED)) {
		e = job_position(cx, w, &j, out);
		*has = e == OK;
	}
	if (e != ERR_NOT_FOUND && e != ERR_PRECONDITION)
		return e;
	err_clear(cx);
	return OK;
}

static enum err show_queue(struct ctx *cx, const struct live *l, int64_t slot,
			   const struct slot_run *s, struct job_workers *w,
			   struct shown_code *out)
{
	const struct submission *at = s->submissions.at;
	size_t i = s->submissions.n;
	struct submission_row row;
	enum err e;

	while (i && at[i - 1].state != SUBMISSION_JUDGING)
		i--;
	if (!i)
		return OK;
	e = submission_at(cx, &l->row.org, &l->row.id, slot, at[i - 1].number,
			  &row);
	return e ? e : view_queue(cx, w, &row, &out->queue, &out->has_queue);
}

enum err view_report(struct ctx *cx, const struct code_spec *spec,
		     struct str report, int audience, struct str *out)
{
	struct code_report facts;
	struct buf b = { 0 };
	enum err e = code_report_read(cx, spec, report, &facts);

	*out = (struct str){ 0 };
	if (e == ERR_INVALID) { /* of another version's tests */
		err_clear(cx);
		return OK;
	}
	if (e)
		return e;
	code_view(cx, spec, &facts, audience, &b);
	*out = buf_copy(&b, cx->arena);
	buf_done(&b);
	return OK;
}

static enum err show_report(struct ctx *cx, const struct slot_run *s,
			    int audience, struct shown_code *out)
{
	const struct submission *at = s->submissions.at;

	for (size_t i = s->submissions.n; i-- > 0;)
		if (at[i].report.p)
			return view_report(cx, &s->setup.item->code,
					   at[i].report, audience,
					   &out->report);
	return OK;
}

enum err view_code(struct ctx *cx, const struct live *l, size_t at, bool staff,
		   struct job_workers *w, struct str *out)
{
	const struct slot_run *s = &l->slots[at].run;
	const struct submission *u = s->submissions.at;
	size_t n = s->submissions.n;
	struct shown_submission *shown =
		ARENA_ARRAY(cx->arena, struct shown_submission, n);
	struct shown_code v = { .submissions = { shown, n } };
	enum err e;

	for (size_t i = 0; i < n; i++)
		shown[i] = (struct shown_submission){ u[i].number, u[i].state };
	e = show_queue(cx, l, (int64_t)at + 1, s, w, &v);
	if (!e)
		e = show_report(cx, s, view_audience(cx, l, staff), &v);
	if (!e)
		*out = field_text(cx->arena, &shown_code_shape, &v);
	return e;
}

bool view_is_judging(const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;

	for (size_t i = 0; i < s->submissions.n; i++)
		if (at[i].state == SUBMISSION_JUDGING)
			return true;
	return false;
}
