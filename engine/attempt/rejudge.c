#include "engine/attempt/rejudge.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/attempt_sql.h"
#include "engine/audit/record_erase.h"

enum { ROWS_USUAL = 100, ROWS_MOST = 500, SHOWN_USUAL = 20, SHOWN_MOST = 100 };

const char *const rejudge_outcome_words[] = {
#define X(code, word, doc) word,
	REJUDGE_OUTCOMES(X)
#undef X
		NULL,
};

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

/* ---- what a run that was asked for has told ---- */

static enum err put(struct ctx *cx, const struct submission_row *row,
		    int outcome, const struct id *job, struct str report)
{
	return store_exec(cx, &submission_sql[TRIAL_PUT],
			  VALS(v_id(&row->org), v_id(&row->id),
			       v_id(&row->series), v_id(&row->learner),
			       v_id(job), v_int(outcome), v_text(report),
			       v_int(clock_ms(cx->clock))),
			  NULL);
}

struct compared {
	bool has_old;
	struct code_result old, now;
	bool old_gradable, now_gradable;
};

static enum err compare(struct ctx *cx, const struct live *l,
			const struct submission_row *row, struct str report,
			struct compared *out)
{
	const struct slot_run *s = &l->slots[row->slot - 1].run;
	const struct submission *u = slot_submission(s, row->number);
	struct code_report facts;
	enum err e = code_report_read(cx, &s->setup.item->code, report, &facts);

	*out = (struct compared){
		.has_old = u->state == SUBMISSION_JUDGED ||
			   u->state == SUBMISSION_UNGRADABLE,
		.old = u->result,
		.old_gradable = u->state == SUBMISSION_JUDGED,
	};
	if (e)
		return e;
	out->now_gradable = facts.gradable;
	code_score(cx, &s->setup.item->code, &facts, &out->now);
	return OK;
}

static bool is_same(const struct compared *c)
{
	return c->has_old && c->old.verdict == c->now.verdict &&
	       c->old_gradable == c->now_gradable &&
	       dec_eq(c->old.fraction, c->now.fraction);
}

static bool is_lower(const struct compared *c)
{
	return c->has_old && c->old_gradable &&
	       (!c->now_gradable ||
		dec_cmp(c->now.fraction, c->old.fraction) < 0);
}

enum err rejudge_told(struct ctx *cx, struct live *l,
		      const struct submission_row *row, struct str report,
		      int purpose, bool allow_lower)
{
	int outcome = REJUDGE_APPLIED;
	struct compared c;
	enum err e = OK;

	if (purpose == RUN_FIRST)
		return submission_judged(cx, l, row, report);
	if (!report.p) { /* without a verdict until now, it has failed, too */
		e = submission_judged(cx, l, row, report);
		return e ? e : put(cx, row, REJUDGE_FAILED, &row->job, report);
	}
	e = compare(cx, l, row, report, &c);
	if (e)
		return e;
	if (is_same(&c))
		outcome = REJUDGE_SAME;
	else if (purpose == RUN_TRIAL)
		outcome = REJUDGE_DIFFERS;
	else if (is_lower(&c) && !allow_lower)
		outcome = REJUDGE_LOWER;
	/* Also what is the same counts: its times may be other ones. */
	if (outcome == REJUDGE_APPLIED ||
	    (outcome == REJUDGE_SAME && purpose == RUN_REJUDGE))
		e = submission_judged(cx, l, row, report);
	return e ? e : put(cx, row, outcome, &row->job, report);
}

/* ---- submission.rejudge ---- */

struct order {
	struct assessment_ref ref;
	struct id submission, cursor;
	struct str reason;
	bool dry_run, allow_lower, has_state;
	int state;
	int64_t limit;
};
#define P struct order
static const struct field order_fields[] = {
	ASSESSMENT_REF_FIELDS(P, ref),
	FIELD_OPT(P, submission, KIND_ID,
		  "one alone; absent: all of the assessment, or of the course "
		  "if that is named without slug"),
	FIELD_MAYBE(P, state, has_state, KIND_ENUM,
		    "only those in this state, such as failed",
		    .words = submission_state_words),
	FIELD(P, reason, KIND_STR, "for the record; no personal details",
	      .min = 1, .max = LIMIT_NAME_BYTES),
	FIELD_OPT(P, dry_run, KIND_BOOL,
		  "run, and only tell what would change "
		  "(submission.rejudged)"),
	FIELD_OPT(P, allow_lower, KIND_BOOL, "a submission's marks may fall"),
	FIELD_OPT(P, limit, KIND_INT, "submissions in one call; default 100",
		  .min = 1, .max = ROWS_MOST),
	FIELD_OPT(P, cursor, KIND_ID, "the last reply's next"),
	FIELD_END,
};
#undef P
static const struct shape order_shape = { "rejudge", sizeof(struct order),
					  order_fields };

struct ordered {
	int64_t examined, queued, applied, running;
	struct id next;
};
static const struct field ordered_fields[] = {
	FIELD(struct ordered, examined, KIND_INT, "submissions looked at"),
	FIELD(struct ordered, queued, KIND_INT, "runs that were queued"),
	FIELD(struct ordered, applied, KIND_INT,
	      "results of a dry run that count now"),
	FIELD(struct ordered, running, KIND_INT,
	      "that wait for a run already: left to it"),
	FIELD_OPT(struct ordered, next, KIND_ID, "cursor; absent: the end"),
	FIELD_END,
};
static const struct shape ordered_shape = SHAPE(struct ordered, ordered_fields);

/* What a dry run has found, if it still stands. */
static enum err tried(struct ctx *cx, const struct submission_row *row,
		      struct submission_trial *out, bool *has)
{
	enum err e = store_one(cx, &submission_sql[TRIAL_OF],
			       VALS(v_id(&row->org), v_id(&row->id)), out);

	*has = !e && out->report.p &&
	       (out->outcome == REJUDGE_DIFFERS ||
		out->outcome == REJUDGE_SAME ||
		out->outcome == REJUDGE_LOWER) &&
	       out->at >= row->judged_at;
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	return OK;
}

struct one {
	const struct order *p;
	struct submission_row row;
	struct ordered *out;
};

static enum err use_trial(struct ctx *cx, struct one *o,
			  const struct submission_trial *t)
{
	struct live *l = NULL;
	enum err e = submission_live(cx, &o->row, &l);

	if (e || submission_is_gone(l, &o->row))
		return e;
	o->out->applied++;
	return rejudge_told(cx, l, &o->row, t->report, RUN_REJUDGE,
			    o->p->allow_lower);
}

static enum err run_anew(struct ctx *cx, struct one *o)
{
	struct id job;
	enum err e = submission_run(cx, NULL, &o->row,
				    o->p->dry_run ? RUN_TRIAL : RUN_REJUDGE,
				    o->p->allow_lower, &job);

	if (e)
		return e;
	if (id_is_none(&job)) {
		o->out->running++;
		return OK;
	}
	o->out->queued++;
	return put(cx, &o->row, REJUDGE_WAITING, &job, (struct str){ 0 });
}

static enum err rejudge_one(struct ctx *cx, void *arg)
{
	struct one *o = arg;
	struct submission_trial t;
	bool has = false, erased = false;
	enum err e = record_erased(cx, &o->row.org, &o->row.learner, &erased);

	if (e || erased)
		return e;
	o->out->examined++;
	if (!o->p->dry_run)
		e = tried(cx, &o->row, &t, &has);
	if (e)
		return e;
	/* What has no verdict yet gets its first one. */
	if (has && o->row.state != SUBMISSION_JUDGING)
		return use_trial(cx, o, &t);
	return run_anew(cx, o);
}

static enum err visible(struct ctx *cx, const struct submission_row *row)
{
	return principal_covers(cx->who, row->course)
		       ? OK
		       : err_set(cx, ERR_NOT_FOUND,
				 "there is no such submission");
}

/* The rows that are meant, and the stream that tells of it. */
static enum err find_rows(struct ctx *cx, const struct order *p,
			  struct list *rows, struct id *about, bool *more)
{
	struct submission_row *row =
		ARENA_NEW(cx->arena, struct submission_row);
	const struct submission_filter f = {
		.ref = &p->ref,
		.after = p->cursor,
		.state = p->has_state ? p->state : -1,
		.limit = p->limit ? p->limit : ROWS_USUAL,
	};
	enum err e;

	*more = false;
	if (id_is_none(&p->submission))
		return submission_of(cx, &f, rows, about, more);
	e = submission_load(cx, &cx->who->org, &p->submission, row);
	if (!e)
		e = visible(cx, row);
	*about = p->submission;
	*rows = (struct list){ row,
			       p->has_state && row->state != p->state ? 0 : 1 };
	return e;
}

static void note_order(struct ctx *cx, const struct order *p,
		       const struct id *about, const struct ordered *o)
{
	struct record r = { .org = cx->who->org,
			    .stream = *about,
			    .event = STR("submission.rejudge") };
	struct buf b = { 0 };

	buf_fmt(&b, "{\"dry_run\":%s,\"queued\":%lld,\"applied\":%lld,",
		p->dry_run ? "true" : "false", (long long)o->queued,
		(long long)o->applied);
	if (p->has_state)
		buf_fmt(&b, "\"state\":\"%s\",",
			submission_state_words[p->state]);
	if (id_eq(about, &cx->who->org)) {
		buf_z(&b, "\"course\":");
		jout_str(&b, p->ref.course);
		buf_ch(&b, ',');
	}
	buf_z(&b, "\"reason\":");
	jout_str(&b, p->reason);
	buf_ch(&b, '}');
	r.body = buf_copy(&b, cx->arena);
	buf_done(&b);
	record_stage(cx, &r);
}

static enum err rejudge_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct order *p = params;
	struct ordered *out = result;
	const struct submission_row *row;
	struct id about = { 0 };
	struct list rows;
	bool more;
	enum err e = find_rows(cx, p, &rows, &about, &more);

	if (e)
		return e;
	row = rows.at;
	for (size_t i = 0; !e && i < rows.n; i++) {
		struct one o = { .p = p, .row = row[i], .out = out };

		e = journal_apart(cx->app->journal, cx, rejudge_one, &o);
		out->next = row[i].id;
	}
	if (!more)
		out->next = (struct id){ 0 };
	if (!e)
		note_order(cx, p, &about, out);
	return e;
}

/* ---- submission.rejudged ---- */

struct look {
	struct assessment_ref ref;
	bool all;
	int64_t limit;
	struct id cursor;
};
static const struct field look_fields[] = {
	ASSESSMENT_REF_FIELDS(struct look, ref),
	FIELD_OPT(struct look, all, KIND_BOOL, "also those that are the same"),
	FIELD_OPT(struct look, limit, KIND_INT, "default 20", .min = 1,
		  .max = SHOWN_MOST),
	FIELD_OPT(struct look, cursor, KIND_ID, "the last reply's next"),
	FIELD_END,
};
static const struct shape look_shape = { "rejudged_params", sizeof(struct look),
					 look_fields };

/* One side of a difference. */
struct side {
	int verdict;
	bool gradable;
	struct dec fraction;
	struct str facts;
};
static const struct field side_fields[] = {
	FIELD(struct side, verdict, KIND_ENUM, "in all",
	      .words = run_verdict_words),
	FIELD(struct side, gradable, KIND_BOOL, "it counts"),
	FIELD(struct side, fraction, KIND_DEC, "of the question's points"),
	FIELD(struct side, facts, KIND_RAW, "by test"),
	FIELD_END,
};
static const struct shape side_shape = { "rejudged_side", sizeof(struct side),
					 side_fields };

struct difference {
	struct id submission, attempt, learner;
	int64_t slot, number;
	int outcome;
	bool has_old, has_new;
	struct side old, new;
	int64_t at;
};
#define D struct difference
static const struct field difference_fields[] = {
	FIELD(D, submission, KIND_ID, "which one"),
	FIELD(D, attempt, KIND_ID, "of which attempt"),
	FIELD(D, learner, KIND_ID, "whose"),
	FIELD(D, slot, KIND_INT, "to which question"),
	FIELD(D, number, KIND_INT, "among the question's"),
	FIELD(D, outcome, KIND_ENUM, "what came of the run",
	      .words = rejudge_outcome_words),
	FIELD_MAYBE(D, old, has_old, KIND_OBJECT, "what counts",
		    .shape = &side_shape),
	FIELD_MAYBE(D, new, has_new, KIND_OBJECT, "what the run found",
		    .shape = &side_shape),
	FIELD(D, at, KIND_TIME, "when it was asked for, or told"),
	FIELD_END,
};
#undef D
static const struct shape difference_shape = { "rejudged",
					       sizeof(struct difference),
					       difference_fields };

struct differences {
	int64_t waiting;
	struct list changes;
	struct id next;
};
static const struct field differences_fields[] = {
	FIELD(struct differences, waiting, KIND_INT,
	      "of those looked at, not run yet"),
	FIELD(struct differences, changes, KIND_LIST, "each with both facts",
	      .of = KIND_OBJECT, .shape = &difference_shape),
	FIELD_OPT(struct differences, next, KIND_ID, "cursor; absent: the end"),
	FIELD_END,
};
static const struct shape differences_shape =
	SHAPE(struct differences, differences_fields);

static bool show_side(struct ctx *cx, const struct code_spec *spec,
		      struct str report, struct side *out)
{
	struct code_report facts;
	struct code_result r;
	struct buf b = { 0 };

	if (!report.p || code_report_read(cx, spec, report, &facts)) {
		err_clear(cx);
		return false;
	}
	code_score(cx, spec, &facts, &r);
	code_view(cx, spec, &facts, CODE_FOR_STAFF, &b);
	*out = (struct side){ .verdict = r.verdict,
			      .gradable = facts.gradable,
			      .fraction = r.fraction,
			      .facts = buf_copy(&b, cx->arena) };
	buf_done(&b);
	return true;
}

/* What counts, or counted until the run was applied. */
static enum err old_report(struct ctx *cx, const struct submission_row *row,
			   struct str *out)
{
	struct record r;
	enum err e;

	*out = (struct str){ 0 };
	if (!row->judged_n)
		return OK;
	e = record_at(cx, &row->attempt, row->judged_n, &r);
	if (!e)
		*out = r.personal;
	return e;
}

static enum err show_one(struct ctx *cx, const struct submission_trial *t,
			 struct difference *out)
{
	struct submission_row row;
	struct attempt_row attempt;
	const struct code_spec *spec;
	struct live *l = NULL;
	struct str old;
	enum err e = submission_load(cx, &t->org, &t->id, &row);

	if (!e)
		e = live_row(cx, &row.org, &row.attempt, &attempt);
	if (!e)
		e = live_read_row(cx, &attempt, false, &l);
	if (!e)
		e = old_report(cx, &row, &old);
	if (e)
		return e;
	spec = &l->slots[row.slot - 1].run.setup.item->code;
	*out = (struct difference){ .submission = t->id,
				    .attempt = row.attempt,
				    .learner = row.learner,
				    .slot = row.slot,
				    .number = row.number,
				    .outcome = t->outcome,
				    .at = t->at };
	out->has_old = show_side(cx, spec, old, &out->old);
	out->has_new = show_side(cx, spec, t->report, &out->new);
	return OK;
}

/* Those of the assessment, or of the course that is named without slug. */
static enum err find_trials(struct ctx *cx, const struct look *p, int64_t limit,
			    struct list *rows, bool *more)
{
	struct assessment named;
	enum err e = submission_of_all(&p->ref)
			     ? principal_course(cx, p->ref.course)
			     : assessment_resolve(cx, &p->ref, &named);

	if (e)
		return e;
	if (submission_of_all(&p->ref))
		return store_list(cx, &submission_sql[TRIAL_OF_COURSE],
				  VALS(v_id(&cx->who->org),
				       v_text(p->ref.course),
				       v_after(&p->cursor), v_int(limit + 1)),
				  (size_t)limit, rows, more);
	return store_list(cx, &submission_sql[TRIAL_LIST],
			  VALS(v_id(&named.org), v_id(&named.series),
			       v_after(&p->cursor), v_int(limit + 1)),
			  (size_t)limit, rows, more);
}

static enum err rejudged_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct look *p = params;
	struct differences *out = result;
	int64_t limit = p->limit ? p->limit : SHOWN_USUAL;
	struct difference *d;
	const struct submission_trial *t;
	struct list rows;
	bool more = false;
	size_t n = 0;
	enum err e = find_trials(cx, p, limit, &rows, &more);

	if (e)
		return e;
	t = rows.at;
	d = ARENA_ARRAY(cx->arena, struct difference, rows.n);
	for (size_t i = 0; !e && i < rows.n; i++) {
		out->waiting += t[i].outcome == REJUDGE_WAITING;
		if (p->all || t[i].outcome != REJUDGE_SAME)
			e = show_one(cx, &t[i], &d[n++]);
	}
	if (!e && more)
		out->next = t[rows.n - 1].id;
	out->changes = (struct list){ d, n };
	return e;
}

const struct rpc_method rejudge_methods[] = {
	{ .name = "submission.rejudge",
	  .does = "Run one submission, or all of an assessment or a course, "
		  "once more, or those in one state, such as failed; a dry run "
		  "first tells what would change.",
	  .roles = ROLE_STAFF,
	  .flags = RPC_WRITES,
	  .budget_ms = 2000,
	  .params = &order_shape,
	  .result = &ordered_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = rejudge_rpc },
	{ .name = "submission.rejudged",
	  .does = "Tell what came of running submissions of an assessment, or "
		  "of a course that is named without slug, again, where it "
		  "differs, with both facts.",
	  .roles = ROLE_STAFF | ROLE_AUDITOR,
	  .flags = RPC_SLOW,
	  .budget_ms = 2000,
	  .params = &look_shape,
	  .result = &differences_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = rejudged_rpc },
	{ 0 },
};
