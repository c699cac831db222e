/* assay grade: judging files against a code task, without a server. */
#include "cli/grade.h"

#include "cli/progress.h"
#include "cli/verb.h"
#include "engine/worker/worker_languages.h"

const struct flag grade_flags[] = {
	{ .name = "spec",
	  .value = "SPEC",
	  .doc = "the task: an assessment file, or a code spec",
	  .required = true },
	{ .name = "item",
	  .value = "ID",
	  .doc = "which code item of the file [the only one]" },
	{ .name = "language",
	  .value = "NAME",
	  .doc = "of the files [as their endings tell]" },
	{ .name = "selftest",
	  .doc = "judge the task's own references, propose a time limit" },
	{ .name = "json", .doc = "print the whole report as JSON" },
	{ .name = "results_json", .doc = "print a results.json" },
	{ 0 },
};

/* ---- a runner that draws a bar ---- */

struct counted {
	struct runner runner; /* given to the judge */
	const struct runner *real;
	struct progress progress;
	int64_t begun, ended;
};

static enum err counted_start(struct ctx *cx, void *arg,
			      const struct run_ask *ask, int64_t *ticket)
{
	struct counted *n = arg;
	enum err e = n->real->start(cx, n->real->arg, ask, ticket);

	n->begun += !e;
	return e;
}

static enum err counted_start_pair(struct ctx *cx, void *arg,
				   const struct run_ask ask[2],
				   int64_t ticket[2])
{
	struct counted *n = arg;
	enum err e = n->real->start_pair(cx, n->real->arg, ask, ticket);

	n->begun += e ? 0 : 2;
	return e;
}

static enum err counted_wait(struct ctx *cx, void *arg, int64_t *ticket,
			     struct run_told *out)
{
	struct counted *n = arg;
	enum err e = n->real->wait(cx, n->real->arg, ticket, out);

	progress_set(&n->progress, ++n->ended, 0);
	return e;
}

static void counted_cancel(void *arg)
{
	struct counted *n = arg;

	n->real->cancel(n->real->arg);
}

static void counted_init(struct counted *n, struct cli *c,
			 const struct runner *real)
{
	*n = (struct counted){ .real = real };
	n->runner = (struct runner){ .arg = n,
				     .width = real->width,
				     .level = real->level,
				     .start = counted_start,
				     .start_pair = counted_start_pair,
				     .wait = counted_wait,
				     .cancel = counted_cancel };
	progress_start(&n->progress, c, "runs");
}

/* ---- judging ---- */

static enum err judge(struct grading *g, const struct runner *runner)
{
	const struct code_task task = { .language = g->language,
					.files = g->files };
	enum err e = code_judge_spec(g->c->cx, runner, &g->languages, &g->spec,
				     &task, &g->report);

	if (e)
		return e;
	g->report.has_archive = g->packed;
	g->report.archive = g->archive;
	code_score(g->c->cx, &g->spec, &g->report, &g->result);
	return OK;
}

/* What `assay check` says of its hidden tests, beside what runs found. */
static void add_probes(struct grading *g)
{
	struct arena *a = g->c->cx->arena;
	struct code_selftest_report *r = &g->selftest;
	const struct problem *p = g->probes.list.at;
	struct str *all =
		ARENA_ARRAY(a, struct str, r->problems.n + g->probes.list.n);
	size_t n = r->problems.n;

	if (n)
		memcpy(all, r->problems.at, n * sizeof(*all));
	for (size_t i = 0; i < g->probes.list.n; i++)
		all[n++] = str_fmt(a, "%.*s: %.*s", STR_FMT(p[i].at),
				   STR_FMT(p[i].text));
	r->problems = (struct list){ all, n };
	r->ok = r->ok && !g->probes.errors;
}

static enum err try_task(struct grading *g, const struct runner *runner)
{
	enum err e = code_selftest(g->c->cx, runner, &g->languages, &g->spec,
				   &g->selftest);

	if (!e)
		add_probes(g);
	return e;
}

static enum err run(struct grading *g, bool selftest)
{
	struct cli *c = g->c;
	struct worker_runs runs;
	struct counted counted;
	enum err e;

	if (!c->runs_open)
		return err_set(c->cx, ERR_UNSUPPORTED,
			       "nothing can be run here");
	e = c->runs_open(c->cx, &runs);
	if (e)
		return e;
	if (runs.runner->level < RUN_SAMPLED)
		cli_say(c, 0,
			"programs are fenced weakly here (level %s): judge "
			"only what you trust; `assay box selftest` says why",
			run_level_words[runs.runner->level]);
	counted_init(&counted, c, runs.runner);
	e = selftest ? try_task(g, &counted.runner) : judge(g, &counted.runner);
	progress_end(&counted.progress);
	c->runs_close(&runs);
	return e;
}

static int show(const struct grading *g, const struct args *a)
{
	if (args_on(a, "results_json"))
		grade_show_results(g);
	else if (args_on(a, "json"))
		grade_show_json(g);
	else
		grade_show(g);
	if (g->report.verdict == RUN_IE)
		return CLI_FAILED;
	return g->result.verdict == RUN_AC ? CLI_FINE : CLI_REFUSED;
}

static int show_selftest(const struct grading *g, const struct args *a)
{
	struct buf b = { 0 };

	if (args_on(a, "json")) {
		field_encode(&b, &code_selftest_shape, &g->selftest);
		buf_ch(&b, '\n');
		cli_put(g->c->out, buf_view(&b));
		buf_done(&b);
	} else {
		grade_show_selftest(g);
	}
	return g->selftest.ok ? CLI_FINE : CLI_REFUSED;
}

int grade_run(struct cli *c, const struct args *a)
{
	struct grading g = { .c = c, .language = args_get(a, "language") };
	struct str folder = args_rest(a, 0);
	bool selftest = args_on(a, "selftest");
	enum err e;

	if (!folder.p && !selftest)
		return cli_say(
			c, CLI_USAGE,
			"grade needs the folder of files, or --selftest");
	g.languages = worker_languages(c->cx->arena);
	e = grade_spec(&g, args_get(a, "spec"), args_get(a, "item"));
	if (!e && !selftest)
		e = grade_files(&g, folder);
	if (!e)
		e = run(&g, selftest);
	if (e)
		return cli_error(c, e);
	return selftest ? show_selftest(&g, a) : show(&g, a);
}
