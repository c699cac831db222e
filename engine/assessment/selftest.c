#include "engine/assessment/selftest.h"

#include <sodium.h>
#include <stdio.h>

#include "base/limits.h"
#include "engine/app.h"
#include "graders/code.h"

enum { DIGEST_BYTES = 32, TRIES = 3, PATH = 40, WHY_BYTES = 240 };

static const char *const state_words[] = {
#define X(code, word, doc) word,
	SELFTEST_STATES(X)
#undef X
		NULL,
};

/* ---- rows ---- */

struct row {
	struct id org;
	struct str digest, spec;
	int state;
	struct id job;
	struct str report;
	int64_t asked_at, ended_at;
};
#define R struct row
static const struct field row_fields[] = {
	FIELD(R, org, KIND_ID, "the organization"),
	FIELD(R, digest, KIND_HEX, "of the task"),
	FIELD(R, spec, KIND_STR, "the task"),
	FIELD(R, state, KIND_ENUM, "where it stands", .words = state_words),
	FIELD_OPT(R, job, KIND_ID, "the last run"),
	FIELD_OPT(R, report, KIND_RAW, "what came of it"),
	FIELD(R, asked_at, KIND_TIME, "when it was asked for"),
	FIELD_OPT(R, ended_at, KIND_TIME, "when it was told"),
	FIELD_END,
};
#undef R
static const struct shape row_shape = { "code_selftest_row", sizeof(struct row),
					row_fields };

enum { SELFTEST_PUT, SELFTEST_OF, SELFTEST_JOB, SELFTEST_TELL, STMTS };
#define COLS "org, digest, spec, state, job, report, asked_at, ended_at"
static const struct stmt sql[STMTS] = {
	[SELFTEST_PUT] = { "selftest_put",
			   "INSERT INTO code_selftest (" COLS ")"
			   " VALUES ($1, $2, $3, $4, $5, NULL, $6, 0)"
			   " ON CONFLICT (org, digest) DO UPDATE SET"
			   " spec = $3, state = $4, job = $5, report = NULL,"
			   " asked_at = $6, ended_at = 0" },
	[SELFTEST_OF] = { "selftest_of",
			  "SELECT " COLS " FROM code_selftest"
			  " WHERE org = $1 AND digest = $2",
			  &row_shape },
	[SELFTEST_JOB] = { "selftest_job",
			   "SELECT " COLS " FROM code_selftest"
			   " WHERE org = $1 AND job = $2",
			   &row_shape },
	[SELFTEST_TELL] = { "selftest_tell",
			    "UPDATE code_selftest SET state = $3, report = $4,"
			    " ended_at = $5 WHERE org = $1 AND digest = $2" },
};
const struct stmt_set selftest_stmts = { "selftest", sql, STMTS };

static const struct migration steps[] = {
	{ 42, "self-tests of code items",
	  "CREATE TABLE code_selftest (\n"
	  "  org {bytes} NOT NULL,\n"
	  "  digest {bytes} NOT NULL,\n"
	  "  spec {text} NOT NULL,\n"
	  "  state {int} NOT NULL,\n"
	  "  job {bytes},\n"
	  "  report {text},\n"
	  "  asked_at {int} NOT NULL,\n"
	  "  ended_at {int} NOT NULL,\n"
	  "  PRIMARY KEY (org, digest)\n"
	  "){table};\n"
	  "CREATE INDEX code_selftest_job ON code_selftest (org, job);\n" },
};
const struct migration_set selftest_migrations = { steps, 1 };

/* ---- digests ---- */

/* What a run depends on. */
static struct str spec_text(struct ctx *cx, const struct code_spec *s)
{
	struct code_spec runs = *s;

	runs.submissions = runs.every_ms = runs.per_minute = 0;
	runs.counts = runs.visibility = runs.feedback = runs.hidden_as = 0;
	return field_text(cx->arena, &code_spec_shape, &runs);
}

static struct str digest_of(struct ctx *cx, struct str text)
{
	uint8_t *d = arena_alloc(cx->arena, DIGEST_BYTES);

	crypto_generichash(d, DIGEST_BYTES, (const uint8_t *)text.p, text.n,
			   NULL, 0);
	return (struct str){ (char *)d, DIGEST_BYTES };
}

void selftest_tasks(struct ctx *cx, const struct assessment_def *def,
		    struct list *out)
{
	const struct item *it = def->items.at;
	struct selftest_task *tasks =
		ARENA_ARRAY(cx->arena, struct selftest_task, def->items.n);
	size_t n = 0;

	for (size_t i = 0; i < def->items.n; i++) {
		struct str text;

		if (it[i].type != ITEM_CODE)
			continue;
		text = spec_text(cx, &it[i].code);
		tasks[n++] =
			(struct selftest_task){ i, text, digest_of(cx, text) };
	}
	*out = (struct list){ tasks, n };
}

static struct id ref_of(struct str digest)
{
	struct id id;

	memcpy(id.b, digest.p, sizeof(id.b));
	id.b[0] |= 1; /* never none */
	return id;
}

static enum err find(struct ctx *cx, const struct id *org, struct str digest,
		     struct row *out)
{
	enum err e = store_one(cx, &sql[SELFTEST_OF],
			       VALS(v_id(org), v_bytes(digest)), out);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	*out = (struct row){ .state = SELFTEST_NONE };
	return OK;
}

/* ---- asking ---- */

#define I struct selftest_item
static const struct field item_fields[] = {
	FIELD(I, item, KIND_STR, "its id in the definition"),
	FIELD(I, digest, KIND_HEX, "of what runs of it"),
	FIELD(I, state, KIND_ENUM, "where its self-test stands",
	      .words = state_words),
	FIELD_OPT(I, job, KIND_ID, "that does it, or has"),
	FIELD_OPT(I, report, KIND_RAW,
		  "what came of it: problems, references, proposed limit"),
	FIELD_OPT(I, reason, KIND_STR,
		  "what went wrong with its last run, or why no worker can "
		  "take it"),
	FIELD_MAYBE(I, standing, has_standing, KIND_ENUM,
		    "while it is waiting: " JOB_STANDING_DOC,
		    .words = job_standing_words),
	FIELD_OPT(I, asked_at, KIND_TIME, "when"),
	FIELD_OPT(I, ended_at, KIND_TIME, "when it was over"),
	FIELD_END,
};
#undef I
static const struct shape selftest_item_shape = { "code_selftest_item",
						  sizeof(struct selftest_item),
						  item_fields };
static const struct field result_fields[] = {
	FIELD(struct selftest_result, ready, KIND_BOOL,
	      "all have passed: it may be published"),
	FIELD(struct selftest_result, items, KIND_LIST, "each code item",
	      .of = KIND_OBJECT, .shape = &selftest_item_shape,
	      .max = LIMIT_ITEMS),
	FIELD_END,
};
const struct shape selftest_result_shape = { "code_selftest",
					     sizeof(struct selftest_result),
					     result_fields };

static struct str body_of(struct ctx *cx, struct str item)
{
	struct buf b = { 0 };
	struct str s;

	buf_z(&b, "{\"item\":");
	jout_str(&b, item);
	buf_ch(&b, '}');
	s = buf_copy(&b, cx->arena);
	buf_done(&b);
	return s;
}

static enum err queue(struct ctx *cx, const struct id *org,
		      const struct item *it, struct str text, struct str digest,
		      struct row *row)
{
	const struct job_wish w = { .org = *org,
				    .ref = ref_of(digest),
				    .body = body_of(cx, it->id),
				    .single = true,
				    .needs = code_needs(cx->arena, &it->code,
							(struct str){ 0 }) };
	struct id job;
	enum err e = job_queue(cx, selftest_job.name, &w, &job);

	if (e || id_is_none(&job)) /* it is on its way */
		return e;
	*row = (struct row){ .state = SELFTEST_WAITING,
			     .job = job,
			     .asked_at = clock_ms(cx->clock) };
	return store_exec(cx, &sql[SELFTEST_PUT],
			  VALS(v_id(org), v_bytes(digest), v_text(text),
			       v_int(row->state), v_id(&job),
			       v_int(row->asked_at)),
			  NULL);
}

/* Where its run stands, and what is wrong with that. */
static enum err look_at_run(struct ctx *cx, const struct id *org,
			    const struct row *row, struct selftest_item *out)
{
	struct job_workers workers = { 0 };
	struct str why = { 0 };
	struct job j;
	enum err e;

	if (row->state == SELFTEST_PASSED || id_is_none(&row->job))
		return OK;
	e = job_load(cx, org, &row->job, &j);
	out->has_standing = !e && j.due_at;
	if (out->has_standing)
		e = job_standing(cx, &workers, &j, &out->standing, &why);
	if (!e)
		out->reason = why.p ? why : j.last_error;
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	return OK;
}

static bool to_be_run(int state, bool again)
{
	return state == SELFTEST_NONE || (again && (state == SELFTEST_FAILED ||
						    state == SELFTEST_BROKEN));
}

/* What a worker gets of a submission beside the task, at most. */
static size_t upload_bytes(const struct code_spec *s)
{
	size_t most = (size_t)code_upload_bytes(s);

	if (code_takes_archive(s))
		most += CODE_ARCHIVE_ROOM;
	return most / 3 * 4 + CODE_UPLOAD_FILES * (CODE_NAME_BYTES + 100);
}

static size_t task_bytes(struct ctx *cx, const struct code_spec *s)
{
	struct code_spec lean = *s;

	lean.references = lean.starter = (struct list){ 0 };
	return spec_text(cx, &lean).n;
}

/* A task that could not be sent would fail with every submission. */
static enum err fits(struct ctx *cx, const struct item *it, size_t i,
		     struct str text)
{
	size_t upload = upload_bytes(&it->code), task;
	char field[PATH];

	if (text.n + upload <= LIMIT_BLOB_BYTES)
		return OK;
	task = task_bytes(cx, &it->code) + upload;
	if (text.n <= LIMIT_BLOB_BYTES && task <= LIMIT_BLOB_BYTES)
		return OK;
	snprintf(field, sizeof(field), "/items/%zu/code", i);
	return err_field(cx, ERR_TOO_LARGE, field,
			 "item %.*s: with what may be handed in to it, its "
			 "task has %zu bytes, and a message holds %d: make its "
			 "tests smaller, or max_bytes",
			 STR_FMT(str_cut(it->id, 0, 100)),
			 task > text.n ? task : text.n, LIMIT_BLOB_BYTES);
}

static enum err ask_one(struct ctx *cx, const struct id *org,
			const struct item *it, const struct selftest_task *t,
			bool again, struct selftest_item *out)
{
	struct row row;
	enum err e = fits(cx, it, t->item, t->text);

	if (!e)
		e = find(cx, org, t->digest, &row);
	if (!e && to_be_run(row.state, again))
		e = queue(cx, org, it, t->text, t->digest, &row);
	if (e)
		return e;
	*out = (struct selftest_item){ .item = it->id,
				       .digest = t->digest,
				       .state = row.state,
				       .job = row.job,
				       .report = row.report,
				       .asked_at = row.asked_at,
				       .ended_at = row.ended_at };
	return look_at_run(cx, org, &row, out);
}

enum err selftest_ask(struct ctx *cx, const struct id *org,
		      const struct assessment_def *def,
		      const struct list *tasks, bool again,
		      struct selftest_result *out)
{
	const struct item *it = def->items.at;
	const struct selftest_task *t = tasks->at;
	struct selftest_item *items =
		ARENA_ARRAY(cx->arena, struct selftest_item, tasks->n);
	enum err e = OK;

	*out = (struct selftest_result){ .ready = true };
	for (size_t i = 0; !e && i < tasks->n; i++) {
		e = ask_one(cx, org, &it[t[i].item], &t[i], again, &items[i]);
		out->ready = out->ready && items[i].state == SELFTEST_PASSED;
	}
	out->items = (struct list){ items, tasks->n };
	return e;
}

static enum err refuse(struct ctx *cx, const struct id *org,
		       const struct item *it, size_t i, const struct row *row)
{
	static const char *const why[] = {
		[SELFTEST_NONE] = "its task was not tried: call code.selftest "
				  "with this definition, then publish it",
		[SELFTEST_WAITING] = "its self-test is not over: "
				     "code.selftest tells when it has passed",
		[SELFTEST_FAILED] = "its self-test has failed: code.selftest "
				    "tells what to mend",
		[SELFTEST_BROKEN] = "its self-test could not be run: call "
				    "code.selftest with again",
	};
	struct selftest_item now = { 0 };
	char field[PATH];
	enum err e = look_at_run(cx, org, row, &now);

	if (e)
		return e;
	snprintf(field, sizeof(field), "/items/%zu/code", i);
	if (now.has_standing && now.standing == JOB_NO_WORKER)
		return err_field(cx, ERR_PRECONDITION, field,
				 "item %.*s: no worker can take its self-test: "
				 "%.*s",
				 STR_FMT(str_cut(it->id, 0, 100)),
				 STR_FMT(str_cut(now.reason, 0, WHY_BYTES)));
	return err_field(cx, ERR_PRECONDITION, field, "item %.*s: %s",
			 STR_FMT(str_cut(it->id, 0, 100)), why[row->state]);
}

enum err selftest_passed(struct ctx *cx, const struct id *org,
			 const struct assessment_def *def,
			 const struct list *tasks)
{
	const struct item *it = def->items.at;
	const struct selftest_task *t = tasks->at;
	enum err e = OK;

	for (size_t i = 0; !e && i < tasks->n; i++) {
		struct row row;

		e = find(cx, org, t[i].digest, &row);
		if (!e && row.state != SELFTEST_PASSED)
			e = refuse(cx, org, &it[t[i].item], t[i].item, &row);
	}
	return e;
}

/* ---- the job ---- */

static enum err row_of_job(struct ctx *cx, const struct job *j, struct row *out)
{
	return store_one(cx, &sql[SELFTEST_JOB],
			 VALS(v_id(&j->org), v_id(&j->id)), out);
}

static enum err input(struct ctx *cx, const struct job *j, struct buf *json,
		      struct str *bytes)
{
	struct row row;
	enum err e = row_of_job(cx, j, &row);

	(void)json;
	if (!e)
		*bytes = row.spec;
	return e;
}

static enum err tell(struct ctx *cx, const struct job *j, int state,
		     struct str report)
{
	struct row row;
	enum err e = row_of_job(cx, j, &row);

	if (e == ERR_NOT_FOUND) { /* another run has taken its place */
		err_clear(cx);
		return OK;
	}
	return e ? e
		 : store_exec(cx, &sql[SELFTEST_TELL],
			      VALS(v_id(&j->org), v_bytes(row.digest),
				   v_int(state), v_text(report),
				   v_int(clock_ms(cx->clock))),
			      NULL);
}

static enum err apply(struct ctx *cx, const struct job *j, const void *result)
{
	const struct code_selftest_report *r = result;

	return tell(cx, j, r->ok ? SELFTEST_PASSED : SELFTEST_FAILED,
		    field_text(cx->arena, &code_selftest_shape, r));
}

static enum err ended(struct ctx *cx, const struct job *j)
{
	return tell(cx, j, SELFTEST_BROKEN, (struct str){ 0 });
}

const struct job_kind selftest_job = {
	.name = "code.selftest",
	.result = &code_selftest_shape,
	.apply = apply,
	.input = input,
	.ended = ended,
	.max_tries = TRIES,
};
