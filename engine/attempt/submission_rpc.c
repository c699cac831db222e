/* submission.list and submission.get. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/submission.h"
#include "engine/attempt/view.h"
#include "engine/rpc/page.h"

#define READERS (ROLE_STAFF | ROLE_AUDITOR | ROLE_LEARNER)

static struct val v_after(const struct id *id)
{
	return v_bytes((struct str){ (const char *)id->b, ID_BYTES });
}

/* ---- list ---- */

struct list_params {
	struct assessment_ref ref;
	struct id attempt, cursor;
	bool has_state;
	int state;
	int64_t limit;
};
#define P struct list_params
static const struct field list_fields[] = {
	ASSESSMENT_REF_FIELDS(P, ref),
	FIELD_OPT(P, attempt, KIND_ID, "of this attempt alone"),
	FIELD_MAYBE(P, state, has_state, KIND_ENUM, "only those in this state",
		    .words = submission_state_words),
	RPC_ID_PAGE_FIELDS(P),
	FIELD_END,
};
#undef P
static const struct shape list_shape = { "submission_filter",
					 sizeof(struct list_params),
					 list_fields };

struct listed {
	struct submission_row row;
	bool has_standing;
	int standing;
	struct str reason;
};
#define R struct listed
#define ROW(m, k, d, ...)                                                      \
	{                                                                      \
		.name = #m, .doc = (d), .kind = (k),                           \
		.offset =                                                      \
			offsetof(R, row) + offsetof(struct submission_row, m), \
		__VA_ARGS__                                                    \
	}
static const struct field listed_fields[] = {
	{ .name = "submission",
	  .doc = "its id",
	  .kind = KIND_ID,
	  .offset = offsetof(R, row) + offsetof(struct submission_row, id) },
	ROW(attempt, KIND_ID, "of which attempt"),
	ROW(learner, KIND_ID, "whose it is"),
	ROW(course, KIND_STR, "the platform's course id"),
	ROW(slot, KIND_INT, "to which question"),
	ROW(number, KIND_INT, "among the question's"),
	ROW(received_at, KIND_TIME, "when it came"),
	ROW(state, KIND_ENUM, "where it stands",
	    .words = submission_state_words),
	ROW(judged_at, KIND_TIME, "when it was judged last", .optional = true),
	FIELD_MAYBE(R, standing, has_standing, KIND_ENUM,
		    "while a run of it waits: " JOB_STANDING_DOC,
		    .words = job_standing_words),
	FIELD_OPT(R, reason, KIND_STR,
		  "staff: what went wrong with its last run, or why no worker "
		  "can take it"),
	FIELD_END,
};
#undef ROW
#undef R
static const struct shape listed_shape = { "submission", sizeof(struct listed),
					   listed_fields };

struct list_result {
	struct list submissions;
	struct id next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, submissions, KIND_LIST, "oldest first",
	      .of = KIND_OBJECT, .shape = &listed_shape),
	RPC_NEXT_FIELD(struct list_result, KIND_ID),
	FIELD_END,
};
static const struct shape list_result_shape = { "submission_page",
						sizeof(struct list_result),
						list_result_fields };

static bool is_staff(const struct ctx *cx)
{
	return principal_has(cx->who, ROLE_STAFF | ROLE_AUDITOR);
}

/* What is known of a run: of its job, while that is there. */
static enum err look_at_run(struct ctx *cx, struct job_workers *w,
			    struct listed *l)
{
	const struct submission_row *row = &l->row;
	struct str why = { 0 };
	struct job j;
	enum err e;

	if (id_is_none(&row->job))
		return OK;
	e = job_load(cx, &row->org, &row->job, &j);
	if (e == ERR_NOT_FOUND) { /* pruned */
		err_clear(cx);
		return OK;
	}
	l->has_standing = !e && j.due_at;
	if (l->has_standing)
		e = job_standing(cx, w, &j, &l->standing, &why);
	if (!e && is_staff(cx))
		l->reason = why.p			      ? why
			    : row->state == SUBMISSION_JUDGED ? l->reason
							      : j.last_error;
	return e;
}

static enum err of_attempt(struct ctx *cx, const struct list_params *p,
			   int64_t limit, struct list *rows, bool *more)
{
	struct attempt_row attempt;
	enum err e = live_row(cx, &cx->who->org, &p->attempt, &attempt);

	return e ? e
		 : store_list(cx, &submission_sql[SUBMISSION_OF_ATTEMPT],
			      VALS(v_id(&attempt.org), v_id(&attempt.id),
				   v_after(&p->cursor),
				   v_int(p->has_state ? p->state : -1),
				   v_int(limit + 1)),
			      (size_t)limit, rows, more);
}

static enum err of_series(struct ctx *cx, const struct list_params *p,
			  int64_t limit, struct list *rows, bool *more)
{
	const struct submission_filter f = { .ref = &p->ref,
					     .after = p->cursor,
					     .state = p->has_state ? p->state
								   : -1,
					     .limit = limit };
	struct id about;

	if (!is_staff(cx))
		return err_field(cx, ERR_INVALID, "/attempt",
				 "name your attempt");
	return submission_of(cx, &f, rows, &about, more);
}

static enum err list_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	int64_t limit = rpc_page_rows(p->limit);
	const struct submission_row *row;
	struct job_workers workers = { 0 };
	struct listed *shown;
	struct list rows;
	bool more = false;
	enum err e = id_is_none(&p->attempt)
			     ? of_series(cx, p, limit, &rows, &more)
			     : of_attempt(cx, p, limit, &rows, &more);

	if (e)
		return e;
	row = rows.at;
	shown = ARENA_ARRAY(cx->arena, struct listed, rows.n);
	for (size_t i = 0; !e && i < rows.n; i++) {
		shown[i].row = row[i];
		e = look_at_run(cx, &workers, &shown[i]);
	}
	if (!e && more)
		out->next = row[rows.n - 1].id;
	out->submissions = (struct list){ shown, rows.n };
	return e;
}

/* ---- get ---- */

struct get_params {
	struct id submission, attempt;
	int64_t slot, number;
	bool files;
};
static const struct field get_fields[] = {
	FIELD_OPT(struct get_params, submission, KIND_ID,
		  "which one; or attempt, slot and number"),
	FIELD_OPT(struct get_params, attempt, KIND_ID, "of which attempt"),
	FIELD_OPT(struct get_params, slot, KIND_INT, "to which question",
		  .min = 1, .max = LIMIT_SLOTS),
	FIELD_OPT(struct get_params, number, KIND_INT, "among the question's",
		  .min = 1, .max = INT32_MAX),
	FIELD_OPT(struct get_params, files, KIND_BOOL,
		  "also what is in them, as bytes behind the reply"),
	FIELD_END,
};
static const struct shape get_shape = { "submission_get",
					sizeof(struct get_params), get_fields };

struct shown_file {
	struct str name;
	int64_t bytes;
	bool executable;
};
static const struct field file_fields[] = {
	FIELD(struct shown_file, name, KIND_STR, "path"),
	FIELD(struct shown_file, bytes, KIND_INT, "so many of those behind"),
	FIELD(struct shown_file, executable, KIND_BOOL, "may be run"),
	FIELD_END,
};
static const struct shape file_shape = { "submitted_file",
					 sizeof(struct shown_file),
					 file_fields };

struct got {
	struct listed head;
	struct str language, tree;
	int64_t bytes;
	bool archive;
	struct str receipt, report;
	bool has_queue;
	struct job_position queue;
	struct list files;
};
#define G struct got
static const struct field got_fields[] = {
	FIELD(G, head, KIND_OBJECT, "which one", .shape = &listed_shape),
	FIELD(G, language, KIND_STR, "of its files"),
	FIELD(G, tree, KIND_STR, "git's id of its files"),
	FIELD(G, bytes, KIND_INT, "of all files"),
	FIELD(G, archive, KIND_BOOL,
	      "the one file is an archive; what is in it: report"),
	FIELD(G, receipt, KIND_RAW, "signed, of when it came"),
	FIELD_MAYBE(G, queue, has_queue, KIND_OBJECT, "while it waits",
		    .shape = &job_position_shape),
	FIELD_OPT(G, report, KIND_RAW, "by test, as far as it may be told"),
	FIELD(G, files, KIND_LIST, "in the order of their bytes; if asked for",
	      .of = KIND_OBJECT, .shape = &file_shape),
	FIELD_END,
};
#undef G
static const struct shape got_shape = { "submission_view", sizeof(struct got),
					got_fields };

static enum err find(struct ctx *cx, const struct get_params *p,
		     struct submission_row *out)
{
	if (!id_is_none(&p->submission))
		return submission_load(cx, &cx->who->org, &p->submission, out);
	if (id_is_none(&p->attempt) || !p->slot || !p->number)
		return err_field(cx, ERR_INVALID, "/submission",
				 "name the submission by its id, or by "
				 "attempt, slot and number");
	return submission_at(cx, &cx->who->org, &p->attempt, p->slot, p->number,
			     out);
}

static enum err gone(struct ctx *cx)
{
	return err_set(cx, ERR_ERASED,
		       "the learner was erased, and his files with him");
}

/* From its record: also of one that the fold has passed over. */
static enum err read_record(struct ctx *cx, const struct live *l,
			    const struct submission_row *row,
			    struct response *response, struct str *receipt)
{
	struct record r;
	struct note note;
	struct jdoc *doc;
	enum err e = record_at(cx, &row->attempt, row->n, &r);

	if (!e)
		e = note_read(cx, NOTE_RECEIVED, r.body, &note);
	if (e)
		return e;
	if (!r.personal.p)
		return gone(cx);
	*receipt = note.receipt;
	e = jdoc_parse(cx, r.personal, &doc);
	return e ? e
		 : response_read(cx, l->slots[row->slot - 1].made_of,
				 jdoc_root(doc), response);
}

static enum err read_facts(struct ctx *cx, const struct live *l,
			   const struct submission_row *row, bool staff,
			   struct str *out)
{
	struct record r;
	enum err e;

	if (!row->judged_n || row->verdict == RUN_IE)
		return OK;
	e = record_at(cx, &row->attempt, row->judged_n, &r);
	if (!e && !r.personal.p)
		return gone(cx);
	return e ? e
		 : view_report(cx,
			       &l->slots[row->slot - 1].run.setup.item->code,
			       r.personal, view_audience(cx, l, staff), out);
}

static enum err read_files(struct ctx *cx, const struct submission_row *row,
			   struct str commit, struct list *out)
{
	struct list files;
	const struct run_file *f;
	struct shown_file *shown;
	struct buf b = { 0 };
	enum err e = repos_files(cx, cx->app->repos, row->node, row->repo,
				 commit, &files);

	if (e)
		return e;
	f = files.at;
	shown = ARENA_ARRAY(cx->arena, struct shown_file, files.n);
	for (size_t i = 0; i < files.n; i++) {
		shown[i] = (struct shown_file){ f[i].name, (int64_t)f[i].data.n,
						f[i].executable };
		buf_str(&b, f[i].data);
	}
	cx->io->bytes_out = buf_copy(&b, cx->arena);
	buf_done(&b);
	*out = (struct list){ shown, files.n };
	return OK;
}

static enum err get_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	struct got *out = result;
	struct submission_row *row = &out->head.row;
	struct job_workers workers = { 0 };
	struct response r = { 0 };
	struct live *l = NULL;
	bool staff;
	enum err e = find(cx, p, row);

	if (!e)
		e = live_read(cx, &row->attempt, &l);
	if (!e)
		e = read_record(cx, l, row, &r, &out->receipt);
	if (e)
		return e;
	(void)view_flags(cx, l, &staff);
	out->language = r.language;
	out->tree = r.tree;
	out->bytes = r.bytes;
	out->archive = r.archive;
	e = read_facts(cx, l, row, staff, &out->report);
	if (!e)
		e = view_queue(cx, &workers, row, &out->queue, &out->has_queue);
	if (!e)
		e = look_at_run(cx, &workers, &out->head);
	if (!e && p->files)
		e = read_files(cx, row, r.commit, &out->files);
	return e;
}

const struct rpc_method submission_methods[] = {
	{ .name = "submission.list",
	  .does = "List what was handed in to code items, of an attempt, of an "
		  "assessment, or of a whole course (without slug); of state "
		  "failed: what staff must look at.",
	  .roles = READERS,
	  .flags = RPC_SLOW,
	  .budget_ms = 1000,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list_rpc },
	{ .name = "submission.get",
	  .does = "Show one submission: receipt, verdict as far as it may be "
		  "told, and its files.",
	  .roles = READERS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 1000,
	  .params = &get_shape,
	  .result = &got_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_ERASED),
	  .run = get_rpc },
	{ 0 },
};
