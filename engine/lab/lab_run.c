/* The jobs of runs and checks: what a worker gets and what he brings. */
#include "engine/lab/lab_run.h"

#include "base/limits.h"
#include "engine/app.h"
#include "engine/lab/lab_sql.h"
#include "graders/code.h"
#include "sandbox/tree_frames.h"
#include "sandbox/tree_name.h"

#define I struct lab_run_input
static const struct field input_fields[] = {
	FIELD(I, argv, KIND_LIST, "the command", .of = KIND_STR, .min = 1,
	      .max = LAB_WORDS),
	FIELD_OPT(I, toolchain, KIND_STR, "whose programs are there"),
	FIELD(I, limits, KIND_OBJECT, "of the run", .shape = &run_limits_shape),
	FIELD_OPT(I, input, KIND_STR, "standard input"),
	FIELD_END,
};
#undef I
const struct shape lab_run_input_shape =
	SHAPE(struct lab_run_input, input_fields);

#define R struct lab_run_result
static const struct field result_fields[] = {
	FIELD(R, verdict, KIND_ENUM, "AC: it ended with 0",
	      .words = run_verdict_words),
	FIELD(R, cause, KIND_ENUM, "why it ended", .words = run_cause_words),
	FIELD(R, level, KIND_ENUM, "how well it was fenced",
	      .words = run_level_words),
	FIELD_OPT(R, exit, KIND_INT, "its status"),
	FIELD_OPT(R, signal, KIND_INT, "that ended it"),
	FIELD(R, cpu_ms, KIND_INT, "of all its processes"),
	FIELD(R, wall_ms, KIND_INT, "from start to end"),
	FIELD(R, memory_peak_bytes, KIND_INT, "at once"),
	FIELD(R, output, KIND_STR,
	      "what it wrote; bytes that are no text as "
	      "\\xNN",
	      .max = LAB_OUTPUT_BYTES),
	FIELD(R, errors, KIND_STR, "to standard error, likewise",
	      .max = LAB_OUTPUT_BYTES),
	FIELD_OPT(R, output_cut, KIND_BOOL, "there was more"),
	FIELD_OPT(R, errors_cut, KIND_BOOL, "there was more"),
	FIELD_OPT(R, why, KIND_STR, "our failure", .max = 1000),
	FIELD_END,
};
#undef R
const struct shape lab_run_result_shape =
	SHAPE(struct lab_run_result, result_fields);

#define U struct lab_unpack_input
static const struct field unpack_input_fields[] = {
	FIELD(U, session, KIND_ID, "whose work"),
	FIELD(U, name, KIND_STR, "the archive", .min = 1,
	      .max = TREE_NAME_BYTES),
	FIELD(U, commit, KIND_STR, "of which state"),
	FIELD_END,
};
#undef U
const struct shape lab_unpack_input_shape =
	SHAPE(struct lab_unpack_input, unpack_input_fields);

#define U struct lab_unpacked
static const struct field unpacked_fields[] = {
	FIELD_OPT(U, commit, KIND_STR, "the work as it is then",
		  .max = OID_TEXT),
	FIELD(U, files, KIND_INT, "that came out of it", .min = 0,
	      .max = TREE_ENTRIES),
	FIELD(U, left_out, KIND_LIST, "what was refused", .of = KIND_OBJECT,
	      .shape = &tree_refused_shape, .max = TREE_REFUSED),
	FIELD(U, left_out_more, KIND_INT, "refused beyond those", .min = 0,
	      .max = INT32_MAX),
	FIELD_OPT(U, reason, KIND_STR, "why nothing was taken",
		  .max = ERR_TEXT),
	FIELD_END,
};
#undef U
const struct shape lab_unpacked_shape =
	SHAPE(struct lab_unpacked, unpacked_fields);

/* The run of a job, with its session and lab. ERR_NOT_FOUND: erased since. */
struct about {
	struct lab_run_row run;
	struct lab_session s;
	struct lab_def def;
};

static enum err about(struct ctx *cx, const struct job *j, struct about *a)
{
	enum err e = store_one(cx, &lab_sql[LAB_RUN_BY_ID],
			       VALS(v_id(&j->org), v_id(&j->ref)), &a->run);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no such run");
	if (!e)
		e = lab_session_row(cx, &j->org, &a->run.session, &a->s);
	if (!e)
		e = lab_session_here(cx, &a->s);
	if (!e)
		e = lab_def_of(cx, &j->org, &a->s.version, &a->def);
	return e;
}

static enum err work_of(struct ctx *cx, const struct about *a,
			struct list *files)
{
	struct work_place at = lab_place(cx, &a->s);
	struct oid id = lab_oid(a->run.git_commit);

	return subs_load(cx, cx->app->subs, at.repo, &id, NULL, files);
}

static enum err run_input(struct ctx *cx, const struct job *j, struct buf *json,
			  struct str *bytes)
{
	struct lab_run_input in;
	struct tree_told told = { 0 };
	struct buf frames = { .limit = TREE_FRAMES_BYTES };
	struct about a;
	enum err e = about(cx, j, &a);

	if (!e)
		e = field_decode_text(cx, j->body, &lab_run_input_shape, &in);
	if (!e)
		e = work_of(cx, &a, &told.list.files);
	if (e)
		return e;
	in.limits = a.def.limits;
	in.toolchain = lab_def_toolchain(&a.def);
	field_encode(json, &lab_run_input_shape, &in);
	tree_frames_write(&frames, &told);
	*bytes = buf_copy(&frames, cx->arena);
	buf_done(&frames);
	return OK;
}

static enum err check_input(struct ctx *cx, const struct job *j,
			    struct buf *json, struct str *bytes)
{
	struct code_task task = { 0 };
	const struct run_file *f;
	struct code_file *to;
	struct buf b = { .limit = LIMIT_BLOB_BYTES };
	struct list files;
	struct about a;
	enum err e = about(cx, j, &a);

	(void)json;
	if (!e)
		e = work_of(cx, &a, &files);
	if (e)
		return e;
	f = files.at;
	to = ARENA_ARRAY(cx->arena, struct code_file, files.n + 1);
	for (size_t i = 0; i < files.n; i++)
		to[i] = (struct code_file){ .name = f[i].name,
					    .base64 = f[i].data.p ? f[i].data
								  : STR(""),
					    .executable = f[i].executable };
	task.item = field_text(cx->arena, &code_spec_shape, &a.def.check);
	task.language = a.run.language;
	task.files = (struct list){ to, files.n };
	field_encode(&b, &code_task_shape, &task);
	*bytes = buf_copy(&b, cx->arena);
	buf_done(&b);
	return b.failed ? err_set(cx, ERR_TOO_LARGE,
				  "the work is too large to "
				  "be checked")
			: OK;
}

static enum err unpack_input(struct ctx *cx, const struct job *j,
			     struct buf *json, struct str *bytes)
{
	struct lab_unpack_input in;
	const struct run_file *f;
	struct list files;
	struct about a;
	struct oid id;
	enum err e = about(cx, j, &a);

	if (!e)
		e = field_decode_text(cx, j->body, &lab_unpack_input_shape,
				      &in);
	if (!e)
		e = work_of(cx, &a, &files);
	if (e)
		return e;
	f = tree_find(&files, in.name);
	if (!f)
		return err_set(cx, ERR_NOT_FOUND, "there is no such file");
	id = lab_oid(a.run.git_commit);
	in.session = a.s.id;
	in.commit = lab_oid_hex(cx->arena, &id);
	field_encode(json, &lab_unpack_input_shape, &in);
	*bytes = f->data.p ? f->data : STR("");
	return OK;
}

/* Once: a second worker's word changes nothing. */
static enum err end(struct ctx *cx, const struct job *j, enum lab_run_state to,
		    struct str result)
{
	int64_t changed = 0;
	enum err e =
		store_exec(cx, &lab_sql[LAB_RUN_END],
			   VALS(v_id(&j->org), v_id(&j->ref), v_int(to),
				v_int(clock_ms(cx->clock)), v_text(result)),
			   &changed);

	if (!e && changed && cx->app->labs)
		labs_wake_later(cx->app->labs, lab_key(&j->ref, 3));
	return e;
}

static enum err run_apply(struct ctx *cx, const struct job *j,
			  const void *result)
{
	return end(cx, j, LAB_RUN_DONE,
		   field_text(cx->arena, &lab_run_result_shape, result));
}

static struct str checked(struct ctx *cx, const struct about *a)
{
	struct oid id = lab_oid(a->run.git_commit);
	struct str hex = lab_oid_hex(cx->arena, &id);
	char run[ID_TEXT + 1];

	id_text(&a->run.id, run);
	return str_fmt(cx->arena, "{\"run\":\"%s\",\"commit\":\"%.*s\"}", run,
		       STR_FMT(hex));
}

/* Checked once more against the task whenever it is shown. */
static enum err check_apply(struct ctx *cx, const struct job *j,
			    const void *result)
{
	struct code_report report;
	struct str text = field_text(cx->arena, &code_report_shape, result);
	struct about a;
	enum err e = about(cx, j, &a);

	if (e == ERR_NOT_FOUND || e == ERR_CONFLICT) {
		err_clear(cx); /* erased since: nobody wants it */
		return OK;
	}
	if (!e)
		e = code_report_read(cx, &a.def.check, text, &report);
	if (e)
		return e;
	e = end(cx, j, LAB_RUN_DONE, text);
	if (!e)
		record_stage(cx, &(struct record){ .org = j->org,
						   .stream = a.s.id,
						   .learner = a.s.learner,
						   .event = STR("lab.checked"),
						   .body = checked(cx, &a) });
	return e;
}

static enum err failed(struct ctx *cx, const struct job *j)
{
	return end(cx, j, LAB_RUN_FAILED, STR(""));
}

static enum err unpack_apply(struct ctx *cx, const struct job *j,
			     const void *result)
{
	return end(cx, j, LAB_RUN_DONE,
		   field_text(cx->arena, &lab_unpacked_shape, result));
}

const struct job_kind lab_unpack_job = {
	.name = "lab.unpack",
	.result = &lab_unpacked_shape,
	.input = unpack_input,
	.apply = unpack_apply,
	.ended = failed,
	.max_tries = 3,
};

const struct job_kind lab_run_job = {
	.name = "lab.run",
	.result = &lab_run_result_shape,
	.input = run_input,
	.apply = run_apply,
	.ended = failed,
	.max_tries = 2,
};

const struct job_kind lab_check_job = {
	.name = "lab.check",
	.result = &code_report_shape,
	.input = check_input,
	.apply = check_apply,
	.ended = failed,
	.max_tries = 3,
};
