/*
 * The bytes of both kinds' inputs are what graders take: a code task, a spec.
 * A run that failed on our side is no result: the job is given back.
 */
#include "engine/worker/worker_code.h"

#include "engine/worker/worker_languages.h"
#include "engine/worker/worker_unpack.h"

#define MIB INT64_C(1048576)

enum { CORE = 1000 };

/* ---- weights ---- */

static void need(int64_t *most, const struct run_limits *l,
		 const struct code_languages *languages)
{
	struct run_limits full = *l;

	run_limits_fill(&full);
	if (full.memory_bytes > *most)
		*most = full.memory_bytes;
	for (size_t i = 0; i < languages->n; i++)
		if (languages->at[i].least.memory_bytes > *most &&
		    languages->at[i].installed)
			*most = languages->at[i].least.memory_bytes;
}

/* The heaviest of its runs, as many as may be under way. */
static void weigh_spec(struct ctx *cx, const struct worker_env *env,
		       const struct code_spec *s, struct worker_weight *out)
{
	const struct code_languages languages = worker_languages(cx->arena);
	const struct code_languages none = { 0 };
	const struct code_test *t = s->tests.at;
	int64_t most = 0;

	need(&most, &s->limits, &languages);
	need(&most, &s->compile, &none);
	if (s->has_checker)
		need(&most, &s->checker.limits, &none);
	if (s->has_interactor)
		need(&most, &s->interactor.limits, &none);
	for (size_t i = 0; i < s->tests.n; i++) {
		struct run_limits l = code_test_limits(s, &t[i]);

		need(&most, &l, &none);
	}
	*out = (struct worker_weight){
		.cpu = (int64_t)env->runner->width * CORE,
		.memory_bytes = most * env->runner->width,
	};
}

static enum err read_spec(struct ctx *cx, struct str text,
			  struct code_spec *spec)
{
	enum err e = field_decode_text(cx, text, &code_spec_shape, spec);

	return e ? e : code_spec_check(cx, spec, "");
}

static enum err read_task(struct ctx *cx, struct str bytes,
			  struct code_task *task, struct code_spec *spec)
{
	enum err e = field_decode_text(cx, bytes, &code_task_shape, task);

	return e ? e : read_spec(cx, task->item, spec);
}

/*
 * What was wrong with outside data stays out of the job's error, which may
 * quote it: the place alone is told.
 */
static enum err unreadable(struct ctx *cx, enum err e, const char *what)
{
	char field[ERR_FIELD];

	memcpy(field, cx->error.field, sizeof(field));
	return err_field(cx, e, field, "the %s cannot be read (%s)", what,
			 field[0] ? field : "JSON");
}

static enum err grade_weigh(struct ctx *cx, const struct worker_env *env,
			    struct str input, struct str bytes,
			    struct worker_weight *out)
{
	struct code_task task;
	struct code_spec spec;
	enum err e = read_task(cx, bytes, &task, &spec);

	(void)input;
	if (e)
		return unreadable(cx, e, "task");
	weigh_spec(cx, env, &spec, out);
	if (task.archive && out->memory_bytes < EXPAND_MEMORY_BYTES)
		out->memory_bytes = EXPAND_MEMORY_BYTES;
	return OK;
}

static enum err selftest_weigh(struct ctx *cx, const struct worker_env *env,
			       struct str input, struct str bytes,
			       struct worker_weight *out)
{
	struct code_spec spec;
	enum err e = read_spec(cx, bytes, &spec);

	(void)input;
	if (e)
		return unreadable(cx, e, "spec");
	weigh_spec(cx, env, &spec, out);
	return OK;
}

/* ---- runs ---- */

/* As code_judge_spec, of files that came in an archive. */
static enum err judge_archive(struct ctx *cx, const struct worker_env *env,
			      const struct code_languages *languages,
			      const struct code_spec *spec,
			      struct code_task *task, struct code_report *out)
{
	struct expander x = { .runner = env->runner };
	struct code_archive archive;
	struct str reason;
	enum err e = expand_load(cx, NULL, &x.program);

	if (!e)
		e = worker_unpack(cx, &x, spec, task, &archive, &reason);
	if (e)
		return e;
	if (reason.p)
		code_report_ungradable(out, task->language, env->runner->level,
				       reason);
	else
		e = code_judge_spec(cx, env->runner, languages, spec, task,
				    out);
	if (e)
		return e;
	out->has_archive = true;
	out->archive = archive;
	return OK;
}

static enum err judge(struct ctx *cx, const struct worker_env *env,
		      const struct code_spec *spec, struct code_task *task,
		      struct code_report *out)
{
	const struct code_languages languages = worker_languages(cx->arena);

	return task->archive
		       ? judge_archive(cx, env, &languages, spec, task, out)
		       : code_judge_spec(cx, env->runner, &languages, spec,
					 task, out);
}

static enum err grade_run(struct ctx *cx, struct worker_env *env,
			  struct str input, struct str bytes,
			  struct buf *result)
{
	struct code_report report;
	struct code_task task;
	struct code_spec spec;
	enum err e = read_task(cx, bytes, &task, &spec);

	(void)input;
	if (!e)
		e = judge(cx, env, &spec, &task, &report);
	if (e == ERR_INVALID)
		return unreadable(cx, e, "task");
	if (e)
		return e;
	if (report.verdict == RUN_IE)
		return err_set(cx, ERR_UNAVAILABLE, "%.*s",
			       STR_FMT(str_cut(report.staff, 0, ERR_TEXT / 2)));
	code_report_write(cx, result, &report);
	return OK;
}

static enum err selftest_run(struct ctx *cx, struct worker_env *env,
			     struct str input, struct str bytes,
			     struct buf *result)
{
	const struct code_languages languages = worker_languages(cx->arena);
	struct code_selftest_report report;
	struct code_spec spec;
	enum err e = read_spec(cx, bytes, &spec);

	(void)input;
	if (e)
		return unreadable(cx, e, "spec");
	e = code_selftest(cx, env->runner, &languages, &spec, &report);
	if (!e)
		field_encode(result, &code_selftest_shape, &report);
	return e;
}

const struct worker_kind worker_grade_code = {
	.name = "grade.code",
	.group = WORKER_GRADED,
	.level = true,
	.weight = { 2 * CORE, 512 * MIB },
	.weigh = grade_weigh,
	.run = grade_run,
};

const struct worker_kind worker_code_selftest = {
	.name = "code.selftest",
	.group = WORKER_AUTHOR,
	.level = true, /* its limits are measured for graded runs */
	.weight = { 2 * CORE, 512 * MIB },
	.weigh = selftest_weigh,
	.run = selftest_run,
};
