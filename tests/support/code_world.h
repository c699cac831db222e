/*
 * code_world: a judge's world without a machine. Programs are little scripts
 * that the fake runner plays: a line each of
 *
 *	say TEXT        on standard output, with a line end
 *	err TEXT        on standard error
 *	cat             standard input on standard output
 *	exit N | signal N
 *	by CAUSE        killed at a limit: cpu wall memory stdout
 *	cpu MS | wall MS | stolen MS
 *	alone MS        CPU time of runs that have the machine alone
 *	next TEXT       what it says from its second run on
 *	third TEXT      and from its third on
 *	broken N        the first N runs fail on our side
 *	file NAME TEXT  left in the working folder
 *
 * "Compiling" copies the main source to the product; a source with the words
 * "syntax error" does not compile.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "graders/code.h"
#include "tests/support/check.h"

enum { WORLD_WIDTH = 4, WORLD_RUNS = 4000 };

struct played {
	int64_t ticket;
	struct run_told told;
};

struct code_world {
	struct ctx cx;
	struct rng_seeded rng;
	struct runner runner;
	struct code_spec spec;
	struct code_report report;
	struct code_result result;
	struct played queue[WORLD_RUNS]; /* not told yet */
	size_t queue_n;
	const char *plays; /* every run, whatever its files; or NULL */
	bool last_first;   /* tells the newest first */
	int64_t tickets, runs, most_at_once, alone_runs, cancels;
	int64_t fail_wait_at; /* the n-th wait is ERR_UNAVAILABLE */
	int64_t waits;

	struct run_ask last;
	char seen[1 << 16]; /* names of all files that learners' boxes had */
	struct buf view;
};

static const char *const world_c_suffixes[] = { ".c", ".h", NULL };
static const char *const world_c_compile[] = { "cc", "-o", "main", "{sources}",
					       NULL };
static const char *const world_c_run[] = { "./main", NULL };
static const char *const world_py_suffixes[] = { ".py", NULL };
static const char *const world_py_run[] = { "python3", "{main}", NULL };

static const struct code_language world_table[] = {
	{ .name = "c",
	  .title = "C",
	  .toolchain = "c",
	  .suffixes = world_c_suffixes,
	  .main = "main.c",
	  .compile = world_c_compile,
	  .run = world_c_run,
	  .made = "main",
	  .installed = true },
	{ .name = "python",
	  .title = "Python",
	  .toolchain = "python",
	  .suffixes = world_py_suffixes,
	  .main = "main.py",
	  .run = world_py_run,
	  .installed = true },
	{ .name = "java",
	  .title = "Java",
	  .toolchain = "java",
	  .suffixes = world_py_suffixes,
	  .main = "Main.java",
	  .run = world_py_run },
};
static const struct code_languages world_languages = {
	world_table, sizeof(world_table) / sizeof(world_table[0])
};

/* ---- the runner ---- */

static inline struct str world_script(const struct run_ask *ask)
{
	const struct str *argv = ask->argv.at;
	const struct run_file *put = ask->put.at;
	struct str name =
		argv[ask->argv.n > 1 && !str_is(argv[0], "./main") ? 1 : 0];

	if (str_is(name, "./main"))
		name = STR("main");
	for (size_t i = 0; i < ask->put.n; i++)
		if (str_eq(put[i].name, name))
			return put[i].data;
	return STR("exit 127");
}

static inline int64_t world_number(struct str s)
{
	int64_t n = 0;

	str_int(str_trim(s), &n);
	return n;
}

static inline void world_end(struct run_told *t, struct str cause)
{
	for (int i = 0; run_cause_words[i]; i++)
		if (str_is(cause, run_cause_words[i]))
			t->cause = i;
	t->verdict = t->cause == RUN_BY_MEMORY	 ? RUN_MLE
		     : t->cause == RUN_BY_STDOUT ? RUN_OLE
						 : RUN_TLE;
}

static inline void world_leave(struct code_world *w, const struct run_ask *ask,
			       struct run_told *t, struct str name,
			       struct str text)
{
	const struct run_want *want = ask->want.at;
	struct run_got *got =
		ARENA_ARRAY(w->cx.arena, struct run_got, t->got.n + 1);

	for (size_t i = 0; i < ask->want.n; i++) {
		if (!str_eq(want[i].name, name))
			continue;
		if (t->got.n)
			memcpy(got, t->got.at, t->got.n * sizeof(*got));
		got[t->got.n] = (struct run_got){ .name = name, .data = text };
		t->got = (struct list){ got, t->got.n + 1 };
	}
}

/* Times that a script was begun are counted by its text. */
static inline int64_t world_times(struct code_world *w, struct str script)
{
	static struct str seen[WORLD_RUNS];
	static int64_t counts[WORLD_RUNS];
	static size_t n;
	static const struct code_world *whose;

	if (whose != w || !w->runs) {
		n = 0;
		whose = w;
	}
	for (size_t i = 0; i < n; i++)
		if (str_eq(seen[i], script))
			return ++counts[i];
	seen[n] = script;
	counts[n] = 1;
	n++;
	return 1;
}

static inline void world_line(struct code_world *w, const struct run_ask *ask,
			      struct run_told *t, struct buf *out,
			      struct buf *err, struct str line, int64_t times)
{
	struct str word, rest = line, name;

	if (!str_split(&rest, ' ', &word))
		return;
	if (str_is(word, "say") || (str_is(word, "next") && times > 1) ||
	    (str_is(word, "third") && times > 2)) {
		if (!str_is(word, "say"))
			buf_reset(out);
		buf_str(out, rest);
		buf_ch(out, '\n');
	} else if (str_is(word, "err")) {
		buf_str(err, rest);
		buf_ch(err, '\n');
	} else if (str_is(word, "cat")) {
		buf_str(out, ask->input);
	} else if (str_is(word, "exit")) {
		t->exit = world_number(rest);
		t->verdict = t->exit ? RUN_RE : RUN_AC;
	} else if (str_is(word, "signal")) {
		t->signal = world_number(rest);
		t->cause = RUN_BY_SIGNAL;
		t->verdict = RUN_RE;
	} else if (str_is(word, "by")) {
		world_end(t, rest);
	} else if (str_is(word, "cpu")) {
		t->cpu_us = world_number(rest) * 1000;
	} else if (str_is(word, "wall")) {
		t->wall_us = world_number(rest) * 1000;
	} else if (str_is(word, "stolen")) {
		t->steal_us = world_number(rest) * 1000;
	} else if (str_is(word, "alone") && ask->alone) {
		t->cpu_us = world_number(rest) * 1000;
	} else if (str_is(word, "broken") && times <= world_number(rest)) {
		t->verdict = RUN_IE;
		t->cause = RUN_BY_SETUP;
		t->why = STR("a cgroup could not be made");
	} else if (str_is(word, "file")) {
		str_split(&rest, ' ', &name);
		world_leave(w, ask, t, name, rest);
	}
}

static inline void world_play(struct code_world *w, const struct run_ask *ask,
			      struct run_told *t)
{
	struct str script = w->plays ? str_of(w->plays) : world_script(ask);
	struct str rest = script, line;
	struct buf out = { 0 }, err = { 0 };
	int64_t times = world_times(w, script);

	*t = (struct run_told){ .verdict = RUN_AC,
				.cpu_us = 1000,
				.wall_us = 2000,
				.memory_peak_bytes = 1 << 20,
				.level = RUN_FULL };
	while (rest.n && str_split(&rest, '\n', &line))
		world_line(w, ask, t, &out, &err, line, times);
	t->out = buf_copy(&out, w->cx.arena);
	t->err = buf_copy(&err, w->cx.arena);
	t->stdout_bytes = (int64_t)t->out.n;
	buf_done(&out);
	buf_done(&err);
}

static inline void world_compile(struct code_world *w,
				 const struct run_ask *ask, struct run_told *t)
{
	const struct run_file *put = ask->put.at;
	const struct str *argv = ask->argv.at;
	struct str main = { 0 };

	*t = (struct run_told){ .verdict = RUN_AC,
				.cpu_us = 50000,
				.wall_us = 60000,
				.level = RUN_FULL };
	for (size_t i = 0; i < ask->put.n; i++) {
		if (str_eq(put[i].name, argv[3]))
			main = put[i].data;
		if (str_find(put[i].data, STR("syntax error"), 0) == SIZE_MAX)
			continue;
		t->exit = 1;
		t->verdict = RUN_RE;
		t->err = STR("/var/boxes/7/main.c:1:5: error: expected ';'\n");
	}
	if (str_find(main, STR("compiler bomb"), 0) != SIZE_MAX)
		world_end(t, STR("memory"));
	if (!t->verdict)
		world_leave(w, ask, t, STR("main"), main);
}

static inline void world_note(struct code_world *w, const struct run_ask *ask)
{
	const struct run_file *put = ask->put.at;

	for (size_t i = 0; i < ask->put.n; i++) {
		size_t n = strlen(w->seen);

		snprintf(w->seen + n, sizeof(w->seen) - n, "%.*s ",
			 STR_FMT(put[i].name));
	}
}

static enum err world_start(struct ctx *cx, void *arg,
			    const struct run_ask *ask, int64_t *ticket)
{
	struct code_world *w = arg;
	const struct str *argv = ask->argv.at;
	struct played *p = &w->queue[w->queue_n];
	struct str *words;

	if (str_is(argv[ask->argv.n - 1], "refuse-me"))
		return err_field(cx, ERR_INVALID, "/argv", "cannot be run");
	w->last = *ask;
	words = ARENA_ARRAY(w->cx.arena, struct str, ask->argv.n);
	memcpy(words, argv, ask->argv.n * sizeof(*words));
	w->last.argv.at = words;
	w->last.input =
		ask->input.p ? str_copy(w->cx.arena, ask->input) : ask->input;
	world_note(w, ask);
	if (str_is(argv[0], "cc"))
		world_compile(w, ask, &p->told);
	else
		world_play(w, ask, &p->told);
	w->runs++;
	w->alone_runs += ask->alone;
	if (ask->alone)
		assert_int_equal(w->queue_n, 0);
	p->ticket = *ticket = ++w->tickets;
	w->queue_n++;
	if ((int64_t)w->queue_n > w->most_at_once)
		w->most_at_once = (int64_t)w->queue_n;
	return OK;
}

static enum err world_start_pair(struct ctx *cx, void *arg,
				 const struct run_ask ask[2], int64_t ticket[2])
{
	enum err e = world_start(cx, arg, &ask[0], &ticket[0]);
	struct code_world *w = arg;
	bool alone = ask[1].alone;
	struct run_ask other = ask[1];

	if (e)
		return e;
	other.alone = false;
	assert_int_equal(alone, ask[0].alone);
	e = world_start(cx, arg, &other, &ticket[1]);
	(void)w;
	return e;
}

static inline struct str world_moved(struct ctx *cx, struct str s)
{
	return s.p ? str_copy(cx->arena, s) : s;
}

static enum err world_wait(struct ctx *cx, void *arg, int64_t *ticket,
			   struct run_told *out)
{
	struct code_world *w = arg;
	size_t at;

	assert_true(w->queue_n > 0);
	if (++w->waits == w->fail_wait_at)
		return err_set(cx, ERR_UNAVAILABLE, "the boxes are gone");
	at = w->last_first ? w->queue_n - 1 : 0;
	*ticket = w->queue[at].ticket;
	*out = w->queue[at].told;
	out->out = world_moved(cx, out->out);
	out->err = world_moved(cx, out->err);
	memmove(&w->queue[at], &w->queue[at + 1],
		(w->queue_n - at - 1) * sizeof(w->queue[0]));
	w->queue_n--;
	return OK;
}

static inline void world_cancel(void *arg)
{
	struct code_world *w = arg;

	w->queue_n = 0;
	w->cancels++;
}

/* ---- setting up ---- */

static inline int world_open(void **state)
{
	struct code_world *w = calloc(1, sizeof(*w));

	rng_seeded_from(&w->rng, 1);
	w->cx.arena = arena_new(1 << 16);
	w->cx.rng = &w->rng.rng;
	w->runner = (struct runner){ .arg = w,
				     .width = WORLD_WIDTH,
				     .level = RUN_FULL,
				     .start = world_start,
				     .start_pair = world_start_pair,
				     .wait = world_wait,
				     .cancel = world_cancel };
	*state = w;
	return 0;
}

static inline int world_close(void **state)
{
	struct code_world *w = *state;

	buf_done(&w->view);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

/* Reads a spec written with ' for ", and checks it. */
static inline void world_spec(struct code_world *w, const char *json)
{
	struct str text = str_copy(w->cx.arena, str_of(json));
	enum err e;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'')
			((char *)text.p)[i] = '"';
	e = field_decode_text(&w->cx, text, &code_spec_shape, &w->spec);
	if (!e)
		e = code_spec_check(&w->cx, &w->spec, "");
	if (e)
		print_message("%s: %s\n", w->cx.error.field, w->cx.error.text);
	assert_int_equal(e, OK);
}

static enum err world_try(struct code_world *w, const char *language,
			  const char *name, const char *script)
{
	struct code_file *f = ARENA_NEW(w->cx.arena, struct code_file);
	struct code_task task = { .language = str_of(language),
				  .files = { f, 1 } };

	*f = (struct code_file){ .name = str_of(name), .text = str_of(script) };
	return code_judge_spec(&w->cx, &w->runner, &world_languages, &w->spec,
			       &task, &w->report);
}

/* Judges a Python program, and scores it. */
static inline void world_judge(struct code_world *w, const char *script)
{
	enum err e = world_try(w, "python", "main.py", script);

	if (e)
		print_message("%s: %s\n", w->cx.error.field, w->cx.error.text);
	assert_int_equal(e, OK);
	code_score(&w->cx, &w->spec, &w->report, &w->result);
}

static inline const struct code_fact *world_fact(struct code_world *w, size_t i)
{
	assert_true(i < w->report.tests.n);
	return (const struct code_fact *)w->report.tests.at + i;
}

#define assert_verdict(v, word) assert_string_equal(run_verdict_words[v], word)
