/*
 * What somebody may see of a report, written member by member: a new fact is
 * hidden until it is added here. Of a hidden test nothing may be told apart:
 * no input, answer, message, time or memory, and no sum that it takes part in.
 */
#include "graders/code_impl.h"

enum { DETAILS_BYTES = 256 << 10 /* of a view; behind it tests have none */ };

struct view {
	struct ctx *cx;
	const struct code_spec *s;
	const struct code_report *r;
	struct code_result result;
	enum code_audience who;
	struct buf *b;
	size_t from;   /* where it begins in b */
	bool *told;    /* of each test: its own verdict is told */
	size_t *group; /* of each test; SIZE_MAX: none */
	bool *counts;  /* its verdict may go into what is told in all */
};

static void member(struct buf *b, const char *name)
{
	if (b->n > 0 && b->p[b->n - 1] != '{')
		buf_ch(b, ',');
	jout_name(b, name);
}

static void member_str(struct buf *b, const char *name, struct str s)
{
	if (!s.n)
		return;
	member(b, name);
	jout_str(b, s);
}

static void member_int(struct buf *b, const char *name, int64_t v)
{
	member(b, name);
	buf_int(b, v);
}

static void member_dec(struct buf *b, const char *name, struct dec d)
{
	member(b, name);
	jout_dec(b, d);
}

static void member_verdict(struct buf *b, const char *name, int v)
{
	member_str(b, name, str_of(run_verdict_words[v]));
}

static bool is_learner(const struct view *v)
{
	return v->who == CODE_FOR_LEARNER || v->who == CODE_FOR_DUE ||
	       v->who == CODE_FOR_RELEASED;
}

static const struct code_test *test_at(const struct view *v, size_t i)
{
	return (const struct code_test *)v->s->tests.at + i;
}

static bool shown(const struct view *v, size_t i)
{
	if (!is_learner(v))
		return true;
	switch ((enum code_visibility)code_test_visibility(v->s,
							   test_at(v, i))) {
	case CODE_VISIBLE:
		return true;
	case CODE_HIDDEN:
		return false;
	case CODE_AFTER_DUE:
		return v->who != CODE_FOR_LEARNER;
	case CODE_AFTER_RELEASE:
		return v->who == CODE_FOR_RELEASED;
	}
	return false;
}

/* What the author lets be told of a test that is shown. */
static int feedback_of(const struct view *v, size_t i)
{
	return is_learner(v) ? code_test_feedback(v->s, test_at(v, i))
			     : CODE_SAY_DIFF;
}

/* Shown, but whether it ran would tell of a test that is not. */
static bool withheld(const struct view *v, size_t i)
{
	return !v->told[i] && feedback_of(v, i) != CODE_SAY_NOTHING;
}

static void look_at_tests(struct view *v)
{
	size_t n = v->s->tests.n;

	v->told = ARENA_ARRAY(v->cx->arena, bool, n);
	v->group = ARENA_ARRAY(v->cx->arena, size_t, n);
	v->counts = ARENA_ARRAY(v->cx->arena, bool, n);
	for (size_t i = 0; i < n; i++) {
		v->group[i] = code_group_of(v->s, test_at(v, i)->group);
		v->told[i] = shown(v, i)
				     ? feedback_of(v, i) != CODE_SAY_NOTHING
				     : v->s->hidden_as == CODE_HIDDEN_VERDICTS;
	}
	code_withhold(v->cx, v->s, v->told);
	for (size_t i = 0; i < n; i++)
		v->counts[i] = shown(v, i)
				       ? v->told[i]
				       : v->s->hidden_as != CODE_HIDDEN_COUNT;
}

/* Of the tests of a group, or of all (SIZE_MAX - 1). */
static bool all_count(const struct view *v, size_t group)
{
	for (size_t i = 0; i < v->s->tests.n; i++)
		if ((group == SIZE_MAX - 1 || v->group[i] == group) &&
		    !v->counts[i])
			return false;
	return true;
}

/* ---- one test ---- */

static void put_cost(struct view *v, const struct code_fact *f)
{
	if (f->verdict == RUN_SK)
		return;
	member_int(v->b, "cpu_ms", (f->cpu_us + 500) / 1000);
	member_int(v->b, "wall_ms", (f->wall_us + 500) / 1000);
	member_int(v->b, "memory_bytes", f->memory_peak_bytes);
}

static void put_data(struct view *v, const char *name,
		     const struct code_data *d)
{
	struct str bytes = code_data_bytes(d);

	if (bytes.n)
		member_str(v->b, name, code_text(v->cx->arena, bytes, 4096));
}

static void put_calls(struct view *v, const struct code_test *t)
{
	const struct code_call *c = t->calls.at;

	if (!t->calls.n)
		return;
	member(v->b, "calls");
	buf_ch(v->b, '[');
	for (size_t i = 0; i < t->calls.n && i < 20; i++) {
		if (i)
			buf_ch(v->b, ',');
		buf_ch(v->b, '{');
		member_str(v->b, "function", c[i].function);
		member_str(v->b, "args",
			   code_text(v->cx->arena, c[i].args, 1000));
		member_str(v->b, "value",
			   code_text(v->cx->arena, c[i].value, 1000));
		member_str(v->b, "raises", c[i].raises);
		buf_ch(v->b, '}');
	}
	buf_ch(v->b, ']');
}

static void put_diff(struct view *v, const struct code_test *t,
		     const struct code_fact *f)
{
	put_data(v, "input", &t->input);
	put_data(v, "answer", &t->answer);
	put_calls(v, t);
	if (f->line)
		member_int(v->b, "line", f->line);
	member_str(v->b, "wanted", f->wanted);
	member_str(v->b, "got", f->got);
}

static void put_staff(struct view *v, const struct code_fact *f)
{
	member_str(v->b, "staff", f->staff);
	member_int(v->b, "runs", f->runs);
	member_str(v->b, "cause", str_of(run_cause_words[f->cause]));
	if (v->who != CODE_FOR_STAFF)
		return;
	member_int(v->b, "charged_us", f->charged_us);
	member_int(v->b, "stolen_us", f->stolen_us);
	member_int(v->b, "cpu_us", f->cpu_us);
	member_int(v->b, "wall_us", f->wall_us);
}

static void put_fact(struct view *v, size_t i, const struct code_fact *f)
{
	const struct code_test *t = test_at(v, i);
	int feedback = feedback_of(v, i);

	if (withheld(v, i)) {
		member(v->b, "withheld");
		buf_z(v->b, "true");
	}
	if (!v->told[i])
		return;
	member_verdict(v->b, "verdict", f->verdict);
	if (f->share.nano && f->share.nano != DEC_ONE_NANO)
		member_dec(v->b, "share", f->share);
	member_str(v->b, "message", f->message);
	if (f->verdict != RUN_AC && f->verdict != RUN_SK)
		member_str(v->b, "hint", t->hint);
	put_cost(v, f);
	if (f->exit)
		member_int(v->b, "exit", f->exit);
	if (f->signal)
		member_int(v->b, "signal", f->signal);
	if (feedback == CODE_SAY_DIFF && v->b->n - v->from < DETAILS_BYTES)
		put_diff(v, t, f);
	if (!is_learner(v))
		put_staff(v, f);
}

static void put_tests(struct view *v)
{
	const struct code_fact *f = v->r->tests.at;
	int64_t number = 0;

	member(v->b, "tests");
	buf_ch(v->b, '[');
	for (size_t i = 0; i < v->r->tests.n; i++) {
		if (!shown(v, i))
			continue;
		/* A place in the file would tell where the hidden ones are. */
		number = is_learner(v) ? number + 1 : (int64_t)i + 1;
		if (v->b->p[v->b->n - 1] != '[')
			buf_ch(v->b, ',');
		buf_ch(v->b, '{');
		member_int(v->b, "number", number);
		member_str(v->b, "name", test_at(v, i)->name);
		member_str(v->b, "group", test_at(v, i)->group);
		put_fact(v, i, &f[i]);
		buf_ch(v->b, '}');
	}
	buf_ch(v->b, ']');
}

/* ---- what is not shown ---- */

static void put_hidden(struct view *v)
{
	const struct code_fact *f = v->r->tests.at;
	int64_t n = 0, passed = 0;
	bool any = false;

	for (size_t i = 0; i < v->s->tests.n; i++) {
		if (shown(v, i))
			continue;
		n++;
		passed += i < v->r->tests.n && f[i].verdict == RUN_AC &&
			  f[i].share.nano == DEC_ONE_NANO;
	}
	if (!n)
		return;
	member(v->b, "hidden");
	buf_ch(v->b, '{');
	member_int(v->b, "tests", n);
	if (v->r->tests.n && v->s->hidden_as != CODE_HIDDEN_COUNT)
		member_int(v->b, "passed", passed);
	if (v->r->tests.n && v->s->hidden_as == CODE_HIDDEN_VERDICTS) {
		member(v->b, "verdicts");
		buf_ch(v->b, '[');
		for (size_t i = 0; i < v->r->tests.n; i++) {
			if (shown(v, i))
				continue;
			if (any)
				buf_ch(v->b, ',');
			jout_str(v->b, str_of(run_verdict_words[f[i].verdict]));
			any = true;
		}
		buf_ch(v->b, ']');
	}
	buf_ch(v->b, '}');
}

/* ---- in all ---- */

static bool all_shown(const struct view *v)
{
	return !is_learner(v) || !v->r->tests.n || v->r->verdict == RUN_IE ||
	       all_count(v, SIZE_MAX - 1);
}

/* The verdict of what is told, where the whole one would say more. */
static int told_verdict(struct view *v)
{
	const struct code_fact *f = v->r->tests.at;
	struct code_fact *some =
		ARENA_ARRAY(v->cx->arena, struct code_fact, v->r->tests.n);
	size_t n = 0;

	if (all_shown(v))
		return v->result.verdict;
	for (size_t i = 0; i < v->r->tests.n; i++)
		if (shown(v, i) && v->counts[i])
			some[n++] = f[i];
	return code_verdict_of(some, n);
}

static void put_total(struct view *v)
{
	bool all = all_shown(v);

	member_verdict(v->b, "verdict", told_verdict(v));
	/* Passing what is shown must not look like passing. */
	member(v->b, "complete");
	buf_z(v->b, all ? "true" : "false");
	if (v->r->verdict == RUN_IE || !v->r->gradable ||
	    (!all && v->who != CODE_FOR_RELEASED))
		return;
	member_dec(v->b, "points", v->result.points);
	member_dec(v->b, "max_points", v->result.max_points);
	member_dec(v->b, "fraction", v->result.fraction);
}

static void put_groups(struct view *v)
{
	const struct code_group_result *g = v->result.groups.at;

	if (!v->s->groups.n || !v->r->tests.n || v->r->verdict == RUN_IE)
		return;
	member(v->b, "groups");
	buf_ch(v->b, '[');
	for (size_t i = 0; i < v->result.groups.n; i++) {
		size_t group = i < v->s->groups.n ? i : SIZE_MAX;

		if (is_learner(v) && !all_count(v, group))
			continue;
		if (v->b->p[v->b->n - 1] != '[')
			buf_ch(v->b, ',');
		buf_ch(v->b, '{');
		member_str(v->b, "name", g[i].name);
		member_verdict(v->b, "verdict", g[i].verdict);
		member_dec(v->b, "points", g[i].points);
		member_dec(v->b, "max_points", g[i].max_points);
		buf_ch(v->b, '}');
	}
	buf_ch(v->b, ']');
}

static void put_compile(struct view *v)
{
	if (v->r->compile == RUN_SK && !v->r->compile_text.n)
		return;
	member(v->b, "compile");
	buf_ch(v->b, '{');
	member_verdict(v->b, "verdict", v->r->compile);
	member_str(v->b, "text", v->r->compile_text);
	buf_ch(v->b, '}');
}

void code_view(struct ctx *cx, const struct code_spec *s,
	       const struct code_report *r, enum code_audience who,
	       struct buf *b)
{
	struct view v = {
		.cx = cx, .s = s, .r = r, .who = who, .b = b, .from = b->n
	};

	look_at_tests(&v);
	code_score(cx, s, r, &v.result);
	buf_ch(b, '{');
	member_str(b, "language", r->language);
	put_total(&v);
	member(b, "gradable");
	buf_z(b, r->gradable ? "true" : "false");
	member_str(b, "reason", r->reason);
	if (r->has_archive) {
		member(b, "archive");
		field_encode(b, &code_archive_shape, &r->archive);
	}
	put_compile(&v);
	put_groups(&v);
	/* Of a run that we broke, what ran is chance. */
	if (r->verdict != RUN_IE || !is_learner(&v))
		put_tests(&v);
	if (is_learner(&v))
		put_hidden(&v);
	else
		member_str(b, "staff", r->staff);
	if (who == CODE_FOR_STAFF) {
		member_str(b, "level", str_of(run_level_words[r->level]));
		member_int(b, "charged_us", r->charged_us);
		member_int(b, "compile_cpu_us", r->compile_cpu_us);
	}
	buf_ch(b, '}');
}
