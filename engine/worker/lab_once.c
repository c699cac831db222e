/* lab.run: one command on a copy of the work. lab.check: the lab's tests. */
#include "engine/worker/lab_impl.h"
#include "engine/worker/worker_code.h"
#include "graders/code.h"

#define MIB INT64_C(1048576)

enum { SHOWN = 60 << 10 }; /* of output, as text */

struct once {
	struct list argv;
	struct str toolchain, input;
	struct run_limits limits;
};
#define O struct once
static const struct field once_fields[] = {
	FIELD(O, argv, KIND_LIST, "the command", .of = KIND_STR, .min = 1,
	      .max = 40),
	FIELD_OPT(O, toolchain, KIND_STR, "whose programs are there"),
	FIELD(O, limits, KIND_OBJECT, "of the run", .shape = &run_limits_shape),
	FIELD_OPT(O, input, KIND_STR, "standard input"),
	FIELD_END,
};
#undef O
static const struct shape once_shape = SHAPE(struct once, once_fields);

/* Bytes as text: what is not UTF-8, and control characters, as \xNN. */
static void put_text(struct buf *b, const char *name, struct str s, bool *cut)
{
	struct arena *a = arena_new(1024);
	struct str shown = code_text(a, s, SHOWN);

	*cut = s.n > SHOWN;
	buf_fmt(b, ",\"%s\":", name);
	jout_str(b, shown.p ? shown : STR(""));
	arena_free(a);
}

static void tell(struct buf *b, const struct run_told *t)
{
	bool out_cut, err_cut;

	buf_fmt(b,
		"{\"verdict\":\"%s\",\"cause\":\"%s\",\"level\":\"%s\","
		"\"exit\":%lld,\"signal\":%lld,\"cpu_ms\":%lld,"
		"\"wall_ms\":%lld,\"memory_peak_bytes\":%lld",
		run_verdict_words[t->verdict], run_cause_words[t->cause],
		run_level_words[t->level], (long long)t->exit,
		(long long)t->signal, (long long)t->cpu_us / 1000,
		(long long)t->wall_us / 1000, (long long)t->memory_peak_bytes);
	put_text(b, "output", t->out, &out_cut);
	put_text(b, "errors", t->err, &err_cut);
	buf_fmt(b, ",\"output_cut\":%s,\"errors_cut\":%s}",
		out_cut ? "true" : "false", err_cut ? "true" : "false");
}

static enum err run_run(struct ctx *cx, struct worker_env *env,
			struct str input, struct str bytes, struct buf *result)
{
	struct tree_told files;
	struct run_told told;
	struct once o;
	enum err e = field_decode_text(cx, input, &once_shape, &o);

	if (!e)
		e = tree_frames_read(cx, bytes, &files);
	if (!e) {
		const struct run_ask ask = { .limits = o.limits,
					     .argv = o.argv,
					     .toolchain = o.toolchain,
					     .put = files.list.files,
					     .input = o.input };

		e = runner_run(cx, env->runner, &ask, &told);
	}
	if (!e && told.verdict == RUN_IE)
		e = err_set(cx, ERR_UNAVAILABLE, "%.*s",
			    STR_FMT(str_cut(told.why, 0, ERR_TEXT / 2)));
	if (!e)
		tell(result, &told);
	return e;
}

static enum err run_weigh(struct ctx *cx, const struct worker_env *env,
			  struct str input, struct str bytes,
			  struct worker_weight *out)
{
	struct once o;
	enum err e = field_decode_text(cx, input, &once_shape, &o);

	(void)env;
	(void)bytes;
	*out = (struct worker_weight){ .cpu = 1000,
				       .memory_bytes = o.limits.memory_bytes };
	return e;
}

const struct worker_kind worker_lab_run = {
	.name = "lab.run",
	.group = WORKER_LAB,
	.weight = { 1000, 128 * MIB },
	.weigh = run_weigh,
	.run = run_run,
};

/* The same as a graded one, but that it weighs less. */
static enum err check_run(struct ctx *cx, struct worker_env *env,
			  struct str input, struct str bytes,
			  struct buf *result)
{
	return worker_grade_code.run(cx, env, input, bytes, result);
}

static enum err check_weigh(struct ctx *cx, const struct worker_env *env,
			    struct str input, struct str bytes,
			    struct worker_weight *out)
{
	return worker_grade_code.weigh(cx, env, input, bytes, out);
}

const struct worker_kind worker_lab_check = {
	.name = "lab.check",
	.group = WORKER_LAB,
	.weight = { 1000, 256 * MIB },
	.weigh = check_weigh,
	.run = check_run,
};
