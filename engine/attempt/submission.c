/*
 * A submission's steps, each inside a command or the clock's work: received,
 * run, judged. And the table's: is it what the records say?
 */
#include "engine/attempt/submission.h"

#include "engine/app.h"
#include "engine/attempt/attempts.h"
#include "engine/attempt/grade_job.h"
#include "engine/audit/chain.h"

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

enum err submission_load(struct ctx *cx, const struct id *org,
			 const struct id *id, struct submission_row *out)
{
	enum err e = store_one(cx, &submission_sql[SUBMISSION_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	return e == ERR_NOT_FOUND
		       ? err_set(cx, e, "there is no such submission")
		       : e;
}

enum err submission_at(struct ctx *cx, const struct id *org,
		       const struct id *attempt, int64_t slot, int64_t number,
		       struct submission_row *out)
{
	enum err e = store_one(
		cx, &submission_sql[SUBMISSION_AT],
		VALS(v_id(org), v_id(attempt), v_int(slot), v_int(number)),
		out);

	return e == ERR_NOT_FOUND
		       ? err_set(cx, e, "there is no such submission")
		       : e;
}

bool submission_of_all(const struct assessment_ref *ref)
{
	return id_is_none(&ref->assessment) && ref->course.n && !ref->slug.n;
}

/* By its name alone: it is whatever stands in submissions. */
static enum err of_course(struct ctx *cx, const struct submission_filter *f,
			  struct list *rows, bool *more)
{
	enum err e = principal_course(cx, f->ref->course);

	return e ? e
		 : store_list(cx, &submission_sql[SUBMISSION_OF_COURSE],
			      VALS(v_id(&cx->who->org), v_text(f->ref->course),
				   v_after(&f->after), v_int(f->state),
				   v_int(f->limit + 1)),
			      (size_t)f->limit, rows, more);
}

enum err submission_of(struct ctx *cx, const struct submission_filter *f,
		       struct list *rows, struct id *about, bool *more)
{
	struct assessment named;
	enum err e;

	*about = cx->who->org;
	if (submission_of_all(f->ref))
		return of_course(cx, f, rows, more);
	e = assessment_resolve(cx, f->ref, &named);
	if (e)
		return e;
	*about = named.id;
	return store_list(cx, &submission_sql[SUBMISSION_OF_SERIES],
			  VALS(v_id(&named.org), v_id(&named.series),
			       v_after(&f->after), v_int(f->state),
			       v_int(f->limit + 1)),
			  (size_t)f->limit, rows, more);
}

/* ---- received ---- */

static enum err insert(struct ctx *cx, const struct submission_row *r)
{
	return store_exec(
		cx, &submission_sql[SUBMISSION_INSERT],
		VALS(v_id(&r->org), v_id(&r->id), v_id(&r->attempt),
		     v_int(r->slot), v_int(r->number), v_id(&r->series),
		     v_text(r->course), v_id(&r->learner), v_text(r->repo),
		     v_int(r->node), v_int(r->n), v_int(r->received_at),
		     v_int(r->state), v_int(r->verdict), v_int(r->judged_at),
		     v_int(r->judged_n), v_id(&r->job)),
		NULL);
}

/* When the record that was just staged says that it was. */
static int64_t said_at(const struct ctx *cx)
{
	return cx->records->r[cx->records->n - 1].at_ms;
}

static enum err row_of(struct ctx *cx, const struct live *l,
		       const struct note *note, struct submission_row *out)
{
	const struct attempt_row *a = &l->row;
	struct repos_place at;
	enum err e = submission_place(cx, a, note->slot, &at);

	if (e)
		return e;
	*out = (struct submission_row){ .org = a->org,
					.id = note->submission,
					.attempt = a->id,
					.slot = note->slot,
					.number = note->number,
					.series = a->series,
					.course = a->course,
					.learner = a->learner,
					.repo = at.repo,
					.node = cx->app->node,
					.n = l->n,
					.received_at = said_at(cx),
					.state = SUBMISSION_JUDGING,
					.verdict = RUN_SK };
	return OK;
}

static int64_t last_number(const struct slot_run *s)
{
	const struct submission *at = s->submissions.at;

	return s->submissions.n ? at[s->submissions.n - 1].number : 0;
}

static enum err read_said(struct ctx *cx, const struct live_slot *s,
			  struct str text, struct response *out)
{
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, text, &doc);

	return e ? e : response_read(cx, s->made_of, jdoc_root(doc), out);
}

enum err submission_make(struct ctx *cx, struct live *l, int64_t slot,
			 int64_t seq, struct str text,
			 struct slot_effect *effect, struct str *receipt)
{
	struct live_slot *s = &l->slots[slot - 1];
	struct note note = { .slot = slot,
			     .seq = seq ? seq : s->run.seq + 1,
			     .number = last_number(&s->run) + 1 };
	struct slot_effect fx = { 0 };
	struct submission_row row;
	struct response r;
	enum err e = read_said(cx, s, text, &r);

	if (e)
		return e;
	note.submission = id_new(cx->clock, cx->rng);
	note.files = r.files;
	note.bytes = r.bytes;
	note.receipt = receipt_of_files(cx, l, slot, note.number, text, r.tree);
	e = live_note(cx, l, NOTE_RECEIVED, &note, text, &fx);
	if (effect)
		*effect = fx;
	if (receipt)
		*receipt = note.receipt;
	if (e || !fx.try_used)
		return e;
	e = row_of(cx, l, &note, &row);
	if (!e)
		e = insert(cx, &row);
	return e ? e : submission_run(cx, l, &row, RUN_FIRST, true, NULL);
}

static enum err hand_in_slot(struct ctx *cx, struct live *l, size_t at)
{
	const struct slot_run *s = &l->slots[at].run;
	struct buf b = { 0 };
	struct str text;

	response_write(&b, s->setup.item, &s->response);
	text = buf_copy(&b, cx->arena);
	buf_done(&b);
	return submission_make(cx, l, (int64_t)at + 1, 0, text, NULL, NULL);
}

enum err submission_rest(struct ctx *cx, struct live *l)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < l->slots_n; i++)
		if (slot_is_unsubmitted(&l->slots[i].run))
			e = hand_in_slot(cx, l, i);
	return e;
}

/* ---- runs ---- */

/* What its worker must have. */
static struct list needs_of(struct ctx *cx, const struct live *l,
			    const struct submission_row *row)
{
	const struct slot_run *s;

	if (submission_is_gone(l, row))
		return (struct list){ 0 };
	s = &l->slots[row->slot - 1].run;
	return code_needs(cx->arena, &s->setup.item->code,
			  slot_submission(s, row->number)->response.language);
}

enum err submission_run(struct ctx *cx, const struct live *l,
			struct submission_row *row, int purpose,
			bool allow_lower, struct id *job)
{
	struct live *found = NULL;
	struct job_wish w = { .org = row->org, .ref = row->id, .single = true };
	struct id queued = { 0 };
	enum err e;

	/* What it needs is a hint. An attempt that cannot be read gives none;
	   those that are run with it do not wait until it is mended. */
	if (!l && submission_live(cx, row, &found))
		err_clear(cx);
	if (l || found)
		w.needs = needs_of(cx, l ? l : found, row);
	w.body = grade_job_body(cx, row, purpose, allow_lower);
	e = job_queue(cx, grade_job.name, &w, &queued);
	if (job)
		*job = queued;
	if (e || id_is_none(&queued))
		return e;
	row->job = queued;
	return store_exec(cx, &submission_sql[SUBMISSION_RUN],
			  VALS(v_id(&row->org), v_id(&row->id), v_id(&queued)),
			  NULL);
}

enum err submission_requeue(struct ctx *cx, const struct live *l)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < l->slots_n; i++) {
		const struct slot_run *s = &l->slots[i].run;
		const struct submission *at = s->submissions.at;

		for (size_t k = 0; !e && k < s->submissions.n; k++) {
			struct submission_row row;

			if (at[k].state != SUBMISSION_JUDGING)
				continue;
			e = submission_at(cx, &l->row.org, &l->row.id,
					  (int64_t)i + 1, at[k].number, &row);
			if (!e)
				e = submission_run(cx, l, &row, RUN_FIRST, true,
						   NULL);
		}
	}
	return e;
}

/* ---- judged ---- */

enum err submission_live(struct ctx *cx, const struct submission_row *row,
			 struct live **out)
{
	const struct principal *who = cx->who;
	struct live *l = NULL;
	enum err e;

	cx->who = NULL; /* a worker acts for the server here */
	e = attempts_get(cx, &row->org, &row->attempt, &l);
	/* Another node has taken it, and this memory of it is older. */
	if (!e && !l->erased &&
	    ((size_t)row->slot > l->slots_n ||
	     !slot_submission(&l->slots[row->slot - 1].run, row->number))) {
		attempts_touch(cx, l);
		e = attempts_reload(cx, &l);
	}
	cx->who = who;
	if (!e)
		*out = l;
	return e;
}

bool submission_is_gone(const struct live *l, const struct submission_row *row)
{
	return l->erased || (size_t)row->slot > l->slots_n ||
	       !slot_submission(&l->slots[row->slot - 1].run, row->number);
}

static enum err tell_row(struct ctx *cx, const struct live *l,
			 const struct submission_row *row,
			 const struct note *note)
{
	int state = note->verdict == RUN_IE ? SUBMISSION_FAILED
		    : note->gradable	    ? SUBMISSION_JUDGED
					    : SUBMISSION_UNGRADABLE;

	return store_exec(cx, &submission_sql[SUBMISSION_JUDGE],
			  VALS(v_id(&row->org), v_id(&row->id), v_int(state),
			       v_int(note->verdict), v_int(said_at(cx)),
			       v_int(l->n)),
			  NULL);
}

static bool counts(int state)
{
	return attempt_is_completed(state) && state != ATTEMPT_ABANDONED &&
	       state != ATTEMPT_VOIDED;
}

/* Nothing to say twice: a slot that still waits changes no mark. */
static bool is_news(struct ctx *cx, const struct live *l)
{
	const struct attempt_row *r = &l->row;
	struct score now;

	live_score(cx, l, &now);
	return now.has != r->has_score || !dec_eq(now.sum, r->sum) ||
	       !dec_eq(now.sum_max, r->sum_max);
}

enum err submission_judged(struct ctx *cx, struct live *l,
			   const struct submission_row *row, struct str report)
{
	const struct live_slot *s = &l->slots[row->slot - 1];
	struct note note = { .slot = row->slot,
			     .submission = row->id,
			     .number = row->number,
			     .verdict = RUN_IE };
	struct slot_effect fx = { 0 };
	struct code_report facts;
	struct code_result result;
	enum err e = OK;

	if (report.p)
		e = code_report_read(cx, &s->run.setup.item->code, report,
				     &facts);
	if (!e && report.p) {
		code_score(cx, &s->run.setup.item->code, &facts, &result);
		note.verdict = result.verdict;
		note.gradable = facts.gradable;
		note.fraction = facts.gradable ? result.fraction : DEC_ZERO;
	}
	if (!e)
		e = live_note(cx, l, NOTE_JUDGED, &note, report, &fx);
	if (e || !fx.changed)
		return e;
	e = tell_row(cx, l, row, &note);
	if (e || !counts(l->row.state) || !is_news(cx, l))
		return e;
	return live_grade(cx, l);
}

/* ---- verifying ---- */

/* What the records make of one row; n 0: nothing. */
struct told {
	struct id id;
	int64_t n, received_at, judged_at, judged_n;
	int state, verdict;
};

static enum err hear(struct ctx *cx, const struct submission_row *row,
		     const struct list *records, struct told *out)
{
	const struct record *r = records->at;
	enum err e = OK;

	*out = (struct told){ .state = SUBMISSION_JUDGING, .verdict = RUN_SK };
	for (size_t i = 0; !e && i < records->n; i++) {
		int kind = note_kind_of(r[i].event);
		struct note note;

		if (kind != NOTE_RECEIVED && kind != NOTE_JUDGED)
			continue;
		e = note_read(cx, kind, r[i].body, &note);
		if (e || note.slot != row->slot || note.number != row->number)
			continue;
		out->id = note.submission;
		if (kind == NOTE_RECEIVED) {
			out->n = r[i].n;
			out->received_at = r[i].at_ms;
			continue;
		}
		out->judged_n = r[i].n;
		out->judged_at = r[i].at_ms;
		out->verdict = note.verdict;
		out->state = note.verdict == RUN_IE ? SUBMISSION_FAILED
			     : note.gradable	    ? SUBMISSION_JUDGED
						    : SUBMISSION_UNGRADABLE;
	}
	return e;
}

static enum err check_row(struct ctx *cx, struct chain *c,
			  const struct submission_row *row)
{
	char id[ID_TEXT + 1];
	struct list records;
	struct told told;
	enum err e = chain_stream(cx, c, &row->attempt, &records);

	if (!e)
		e = hear(cx, row, &records, &told);
	if (e && e != ERR_CORRUPT)
		return e;
	err_clear(cx);
	chain_row(c);
	id_text(&row->id, id);
	if (e || !told.n)
		chain_wrong(c, 0, 0,
			    "submission %s is in the table, and no record made "
			    "it",
			    id);
	else if (!id_eq(&told.id, &row->id) || told.n != row->n ||
		 told.received_at != row->received_at)
		chain_wrong(c, 0, 0,
			    "the origin of submission %s in the table is not "
			    "what the records say",
			    id);
	else if (told.state != row->state || told.verdict != row->verdict ||
		 told.judged_n != row->judged_n ||
		 told.judged_at != row->judged_at)
		chain_wrong(c, 0, 0,
			    "the verdict of submission %s in the table is not "
			    "what the records say",
			    id);
	return OK;
}

enum { PAGE = 200 };

static enum err check_page(struct ctx *cx, struct chain *c,
			   struct submission_row *after, size_t *n)
{
	struct arena *page = cx->arena, *one;
	const struct submission_row *row;
	struct list rows;
	enum err e = store_list(
		cx, &submission_sql[SUBMISSION_ALL],
		VALS(v_after(&after->org), v_after(&after->attempt),
		     v_int(after->slot), v_int(after->number), v_int(PAGE)),
		PAGE, &rows, NULL);

	*n = 0;
	if (e)
		return e;
	row = rows.at;
	*n = rows.n;
	one = cx->arena = arena_new(65536);
	for (size_t i = 0; !e && i < rows.n; i++) {
		e = check_row(cx, c, &row[i]);
		*after = (struct submission_row){ .org = row[i].org,
						  .attempt = row[i].attempt,
						  .slot = row[i].slot,
						  .number = row[i].number };
		arena_reset(one);
	}
	cx->arena = page;
	arena_free(one);
	return e;
}

/* Of SUBMISSION_GONE. */
struct gone {
	int64_t node, seq;
	struct id id;
};

static enum err check_gone(struct ctx *cx, struct chain *c)
{
	const struct gone *g;
	struct list rows;
	enum err e = store_list(cx, &submission_sql[SUBMISSION_GONE],
				VALS(v_int(CHAIN_FINDINGS)), CHAIN_FINDINGS,
				&rows, NULL);

	g = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++) {
		char id[ID_TEXT + 1];

		id_text(&g[i].id, id);
		chain_wrong(c, g[i].node, g[i].seq,
			    "a submission of attempt %s is in the records and "
			    "not in the table",
			    id);
	}
	return e;
}

enum err submissions_check(struct ctx *cx, struct chain *c)
{
	struct arena *whole = cx->arena, *page = arena_new(65536);
	struct submission_row after = { 0 };
	size_t n = 0;
	enum err e;

	cx->arena = page;
	do {
		e = check_page(cx, c, &after, &n);
		arena_reset(page);
	} while (!e && n == PAGE);
	if (!e)
		e = check_gone(cx, c);
	cx->arena = whole;
	arena_free(page);
	return e;
}
