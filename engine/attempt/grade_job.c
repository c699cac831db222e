#include "engine/attempt/grade_job.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/rejudge.h"
#include "engine/audit/record.h"

enum { TRIES = 4, BACKOFF_MS = 2000 };

struct body {
	struct id attempt;
	int64_t slot, number;
	int purpose; /* enum run_purpose */
	bool allow_lower;
};
static const char *const purpose_words[] = {
#define X(code, word, doc) word,
	RUN_PURPOSES(X)
#undef X
		NULL,
};
#define B struct body
static const struct field body_fields[] = {
	FIELD(B, attempt, KIND_ID, "whose files"),
	FIELD(B, slot, KIND_INT, "of which question"),
	FIELD(B, number, KIND_INT, "which submission to it"),
	FIELD(B, purpose, KIND_ENUM, "what becomes of the result",
	      .words = purpose_words),
	FIELD(B, allow_lower, KIND_BOOL, "it counts also if it is lower"),
	FIELD_END,
};
#undef B
static const struct shape body_shape = { "grade_code", sizeof(struct body),
					 body_fields };

struct str grade_job_body(struct ctx *cx, const struct submission_row *row,
			  int purpose, bool allow_lower)
{
	const struct body b = { .attempt = row->attempt,
				.slot = row->slot,
				.number = row->number,
				.purpose = purpose,
				.allow_lower = allow_lower };

	return field_text(cx->arena, &body_shape, &b);
}

static enum err read_job(struct ctx *cx, const struct job *j, struct body *b,
			 struct submission_row *row)
{
	enum err e = field_decode_text(cx, j->body, &body_shape, b);

	return e ? e : submission_load(cx, &j->org, &j->ref, row);
}

/* ---- what the worker gets ---- */

static struct list code_files(struct ctx *cx, const struct list *files)
{
	const struct run_file *f = files->at;
	struct code_file *out =
		ARENA_ARRAY(cx->arena, struct code_file, files->n);

	for (size_t i = 0; i < files->n; i++)
		out[i] = (struct code_file){ .name = f[i].name,
					     .base64 = f[i].data.p ? f[i].data
								   : STR(""),
					     .executable = f[i].executable };
	return (struct list){ out, files->n };
}

/* Without what no run needs. */
static struct str spec_text(struct ctx *cx, const struct code_spec *s)
{
	struct code_spec lean = *s;

	lean.references = lean.starter = (struct list){ 0 };
	return field_text(cx->arena, &code_spec_shape, &lean);
}

static enum err erased(struct ctx *cx)
{
	return err_set(cx, ERR_ERASED, "the learner was erased: drop the job");
}

static enum err task_of(struct ctx *cx, const struct live *l,
			const struct submission_row *row, struct code_task *t)
{
	const struct submission *u;
	const struct slot_run *s;
	struct list files;
	enum err e;

	if (l->erased || (size_t)row->slot > l->slots_n)
		return erased(cx);
	s = &l->slots[row->slot - 1].run;
	u = slot_submission(s, row->number);
	if (!u)
		return err_set(cx, ERR_NOT_FOUND,
			       "the attempt has no such submission");
	e = repos_files(cx, cx->app->repos, row->node, row->repo,
			u->response.commit, &files);
	if (e)
		return e;
	*t = (struct code_task){ .item = spec_text(cx, &s->setup.item->code),
				 .language = u->response.language,
				 .files = code_files(cx, &files),
				 .archive = u->response.archive };
	return OK;
}

/* Read by a query: from the records, for a worker who is nobody there. */
static enum err input(struct ctx *cx, const struct job *j, struct buf *json,
		      struct str *bytes)
{
	const struct principal *who = cx->who;
	struct submission_row row;
	struct attempt_row attempt;
	struct code_task task;
	struct live *l = NULL;
	struct body b;
	enum err e = read_job(cx, j, &b, &row);

	(void)json;
	if (e)
		return e;
	cx->who = NULL;
	e = live_row(cx, &row.org, &row.attempt, &attempt);
	if (!e)
		e = live_read_row(cx, &attempt, false, &l);
	cx->who = who;
	if (!e)
		e = task_of(cx, l, &row, &task);
	if (e)
		return e;
	*bytes = field_text(cx->arena, &code_task_shape, &task);
	if (bytes->n > LIMIT_BLOB_BYTES)
		return err_set(cx, ERR_TOO_LARGE,
			       "the task and its files are more than a message "
			       "holds: make the tests smaller");
	return OK;
}

/* ---- what comes of it ---- */

/* Another version's tests by now: run it again by those. */
static enum err run_again(struct ctx *cx, const struct live *l,
			  struct submission_row *row, const struct body *b)
{
	return submission_run(cx, l, row, b->purpose, b->allow_lower, NULL);
}

static enum err ours(struct ctx *cx)
{
	return err_field(cx, ERR_INVALID, "/result/verdict",
			 "a run that failed on our side is no result: give "
			 "the job back (job.fail)");
}

static enum err apply(struct ctx *cx, const struct job *j, const void *result)
{
	const struct code_report *got = result;
	struct submission_row row;
	struct code_report facts;
	struct live *l = NULL;
	struct buf text = { 0 };
	struct str report;
	struct body b;
	enum err e;

	if (got->verdict == RUN_IE)
		return ours(cx);
	e = read_job(cx, j, &b, &row);
	if (!e)
		e = submission_live(cx, &row, &l);
	if (e || submission_is_gone(l, &row)) /* nobody is left to tell */
		return e;
	code_report_write(cx, &text, got);
	report = buf_copy(&text, cx->arena);
	buf_done(&text);
	e = code_report_read(cx, &l->slots[row.slot - 1].run.setup.item->code,
			     report, &facts);
	if (e == ERR_INVALID && !id_eq(&l->made_of->row.id, &l->pub->row.id)) {
		err_clear(cx);
		return run_again(cx, l, &row, &b);
	}
	return e ? e
		 : rejudge_told(cx, l, &row, report, b.purpose, b.allow_lower);
}

/* It is over without a result: our failure, which costs the learner nothing. */
static enum err ended(struct ctx *cx, const struct job *j)
{
	struct submission_row row;
	struct live *l = NULL;
	struct body b;
	enum err e = read_job(cx, j, &b, &row);

	if (!e)
		e = submission_live(cx, &row, &l);
	if (e || submission_is_gone(l, &row))
		return e;
	return rejudge_told(cx, l, &row, (struct str){ 0 }, b.purpose,
			    b.allow_lower);
}

const struct job_kind grade_job = {
	.name = "grade.code",
	.result = &code_report_shape,
	.apply = apply,
	.input = input,
	.ended = ended,
	.max_tries = TRIES,
	.backoff_ms = BACKOFF_MS,
};
