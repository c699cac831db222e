#include "graders/code_judge_impl.h"

static const struct code_file *files_of(const struct code_task *t)
{
	return t->files.at;
}

static void begin_report(struct code_report *out, struct str language,
			 int level)
{
	*out = (struct code_report){ .version = CODE_REPORT_VERSION,
				     .language = language,
				     .gradable = true,
				     .compile = RUN_SK,
				     .level = level };
}

/* It costs no attempt: reason says what to do. */
static void not_gradable(struct code_report *out, struct str reason)
{
	out->verdict = RUN_CE;
	out->gradable = false;
	out->reason = reason;
}

void code_report_ungradable(struct code_report *out, struct str language,
			    int level, struct str reason)
{
	begin_report(out, language, level);
	not_gradable(out, reason);
}

static void our_failure(struct code_report *out, struct str staff)
{
	out->verdict = RUN_IE;
	out->gradable = false;
	out->reason = STR("this could not be judged; it is our failure, costs "
			  "nothing, and has been reported");
	out->staff = staff;
}

/* ---- the program ---- */

/* The file to begin with: the task's, the language's, or the only one. */
static bool main_of(const struct judge *j, struct str *out)
{
	const struct code_file *f = files_of(j->task);
	size_t sources = 0;

	*out = j->s->entry;
	if (out->n)
		return true;
	for (size_t i = 0; i < j->task->files.n; i++) {
		if (str_is(f[i].name, j->language->main)) {
			*out = f[i].name;
			return true;
		}
		for (size_t k = 0; j->language->suffixes[k]; k++)
			if (str_ends(f[i].name, j->language->suffixes[k])) {
				*out = f[i].name;
				sources++;
			}
	}
	return sources == 1;
}

/* Author's files over the learner's, then our driver. */
static struct list program_files(struct judge *j)
{
	const struct list lists[] = { j->task->files, j->s->beside };
	struct list files = code_put(j->cx, lists, 2);
	struct run_file *at;

	if (j->s->kind != CODE_FUNCTION)
		return files;
	at = ARENA_ARRAY(j->cx->arena, struct run_file, files.n + 1);
	memcpy(at, files.at, files.n * sizeof(*at));
	at[files.n] = code_driver_file(j->cx, j->s, j->task->language);
	return (struct list){ at, files.n + 1 };
}

static enum err build_program(struct judge *j, struct str main)
{
	struct list files = program_files(j);
	struct run_limits l = code_limits_compile(&j->s->compile, j->language);
	struct str *args = ARENA_NEW(j->cx->arena, struct str);
	enum err e;

	*args = main;
	if (j->s->kind == CODE_FUNCTION)
		main = ((struct run_file *)files.at)[files.n - 1].name;
	e = code_build(j->cx, j->runner, j->language, files, main, j->s->flags,
		       &l, &j->program);
	j->program.args = (struct list){ args, 1 };
	return e;
}

static void say_compile(struct judge *j, struct code_report *out)
{
	const struct code_program *p = &j->program;

	out->compile = p->verdict;
	out->compile_cpu_us = p->cpu_us;
	out->charged_us = p->cpu_us;
	if (p->verdict == RUN_IE)
		our_failure(out, str_fmt(j->cx->arena, "compiling: %.*s",
					 STR_FMT(p->text)));
	else if (p->verdict == RUN_CE || j->s->warnings)
		out->compile_text = p->text;
	if (p->verdict == RUN_CE) {
		out->verdict = RUN_CE;
		out->gradable = !j->s->free_error;
		if (!out->gradable)
			out->reason = STR("it does not compile");
	}
}

/* ---- the author's program ---- */

static struct str checker_main(const struct judge *j,
			       const struct code_checker *c,
			       const struct code_language *l)
{
	const struct code_file *f = c->files.at;

	if (c->entry.n)
		return c->entry;
	for (size_t i = 0; i < c->files.n; i++)
		if (str_is(f[i].name, l->main))
			return f[i].name;
	for (size_t i = 0; i < c->files.n; i++)
		for (size_t k = 0; l->suffixes[k]; k++)
			if (str_ends(f[i].name, l->suffixes[k]))
				return f[i].name;
	(void)j;
	return f[0].name;
}

enum err judge_build_other(struct judge *j, struct code_report *out)
{
	const struct code_checker *c =
		j->s->has_interactor ? &j->s->interactor : &j->s->checker;
	const struct code_language *l =
		code_language_find(j->languages, c->language);
	struct run_limits limits;
	enum err e;

	if (!l || !l->installed) {
		our_failure(out, str_fmt(j->cx->arena,
					 "the checker's language %.*s is not "
					 "installed on this worker",
					 STR_FMT(c->language)));
		return OK;
	}
	limits = code_limits_compile(&(struct run_limits){ 0 }, l);
	e = code_build(j->cx, j->runner, l, code_put(j->cx, &c->files, 1),
		       checker_main(j, c, l), c->flags, &limits, &j->other);
	if (!e && j->other.verdict != RUN_AC && j->other.verdict != RUN_SK)
		our_failure(out, str_fmt(j->cx->arena,
					 "the checker cannot be built: %.*s",
					 STR_FMT(j->other.text)));
	return e;
}

/* ---- the whole ---- */

void judge_begin_trials(struct judge *j)
{
	size_t n = j->s->tests.n;

	j->trials = ARENA_ARRAY(j->cx->arena, struct trial, n);
	j->order = ARENA_ARRAY(j->cx->arena, size_t, n);
	for (size_t i = 0; i < n; i++) {
		const struct code_test *t = j->s->tests.at;

		j->order[i] = i;
		j->trials[i].group = code_group_of(j->s, t[i].group);
	}
	for (size_t i = n; j->cx->rng && i > 1; i--) {
		size_t k = (size_t)rng_below(j->cx->rng, i);
		size_t held = j->order[i - 1];

		j->order[i - 1] = j->order[k];
		j->order[k] = held;
	}
}

static void end_report(struct judge *j, struct code_report *out)
{
	size_t n = j->s->tests.n;
	struct code_fact *f = ARENA_ARRAY(j->cx->arena, struct code_fact, n);
	struct code_result result;

	for (size_t i = 0; i < n; i++) {
		f[i] = j->trials[i].best;
		out->charged_us += j->trials[i].charged_us;
	}
	out->tests = (struct list){ f, n };
	out->level = j->level;
	code_score(j->cx, j->s, out, &result);
	out->verdict = result.verdict;
	if (j->broken)
		our_failure(out, j->staff);
}

static enum err judge(struct judge *j, struct code_report *out)
{
	struct str main;
	enum err e;

	if (!main_of(j, &main)) {
		not_gradable(out, str_fmt(j->cx->arena,
					  "it is not clear which file to begin "
					  "with: call it %s",
					  j->language->main));
		return OK;
	}
	e = build_program(j, main);
	if (e)
		return e;
	say_compile(j, out);
	if (out->compile == RUN_CE || out->compile == RUN_IE)
		return OK;
	j->level = j->program.level < j->runner->level ? j->program.level
						       : j->runner->level;
	if (j->s->has_checker || j->s->has_interactor) {
		e = judge_build_other(j, out);
		if (e || out->verdict == RUN_IE)
			return e;
	}
	judge_begin_trials(j);
	e = judge_run(j);
	if (!e)
		end_report(j, out);
	return e;
}

enum err code_judge_spec(struct ctx *cx, const struct runner *runner,
			 const struct code_languages *languages,
			 const struct code_spec *s,
			 const struct code_task *task, struct code_report *out)
{
	struct judge j = { .cx = cx,
			   .runner = runner,
			   .languages = languages,
			   .s = s,
			   .task = task };
	struct code_report got;
	enum err e;

	if (task->archive)
		return err_field(cx, ERR_INVALID, "/archive",
				 "the archive must be expanded first");
	begin_report(&got, task->language, runner->level);
	e = code_accepts(cx, s, task->language, &task->files, "");
	if (e == ERR_INVALID) {
		not_gradable(&got, str_copy(cx->arena, str_of(cx->error.text)));
		err_clear(cx);
		*out = got;
		return OK;
	}
	if (e)
		return e;
	j.language = code_language_find(languages, task->language);
	if (!j.language || !j.language->installed) {
		our_failure(&got, str_fmt(cx->arena,
					  "the language %.*s is not installed "
					  "on this worker",
					  STR_FMT(task->language)));
		*out = got;
		return OK;
	}
	e = judge(&j, &got);
	if (!e)
		*out = got;
	return e;
}

enum err code_judge(struct ctx *cx, const struct runner *runner,
		    const struct code_languages *languages,
		    const struct code_task *task, struct code_report *out)
{
	struct code_spec s;
	enum err e = field_decode_text(cx, task->item, &code_spec_shape, &s);

	if (!e)
		e = code_spec_check(cx, &s, "/item");
	return e ? e : code_judge_spec(cx, runner, languages, &s, task, out);
}
