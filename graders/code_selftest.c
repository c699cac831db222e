/*
 * Does a task do what its author thinks? Every reference is judged several
 * times, every answer is shown to the checker, and the times of all are set
 * against the limit (Kattis problem package format 2023-07, time_multipliers).
 */
#include "graders/code_judge_impl.h"

enum { REPEATS = 3, RESOLUTION_MS = 100, PROBLEMS = 100, SLOWER = 4 };

struct selftest {
	struct ctx *cx;
	const struct runner *runner;
	const struct code_languages *languages;
	const struct code_spec *s;
	struct code_selftest_report *out;
	struct str *problems;
	size_t problems_n;
	int64_t slowest_us; /* of the accepted; 0: none */
	int64_t fastest_us; /* of the slow; 0: none */
	bool accepted;
};

static void complain(struct selftest *t, bool fatal, struct str what)
{
	if (fatal)
		t->out->ok = false;
	if (t->problems_n < PROBLEMS)
		t->problems[t->problems_n++] = what;
}

#define COMPLAIN(t, fatal, ...)                                                \
	complain((t), (fatal), str_fmt((t)->cx->arena, __VA_ARGS__))

static struct str test_name(const struct selftest *t, size_t i)
{
	return ((const struct code_test *)t->s->tests.at)[i].name;
}

/* ---- references ---- */

static int64_t slowest_of(const struct code_report *r)
{
	const struct code_fact *f = r->tests.at;
	int64_t most = 0;

	for (size_t i = 0; i < r->tests.n; i++)
		if (f[i].cpu_us > most)
			most = f[i].cpu_us;
	return most;
}

static enum err judge_once(struct selftest *t, const struct code_spec *s,
			   const struct code_reference *ref,
			   struct code_report *out)
{
	struct code_task task = { .language = ref->language,
				  .files = ref->files };

	return code_judge_spec(t->cx, t->runner, t->languages, s, &task, out);
}

/* Tests whose verdict is another one than in the first repeat. */
static void note_flaky(const struct code_report *first,
		       const struct code_report *r, bool *flaky)
{
	const struct code_fact *a = first->tests.at, *b = r->tests.at;

	for (size_t i = 0; i < first->tests.n && i < r->tests.n; i++)
		flaky[i] |= a[i].verdict != b[i].verdict;
}

static void list_flaky(struct selftest *t, const bool *flaky,
		       struct code_reference_result *out)
{
	int64_t *at = ARENA_ARRAY(t->cx->arena, int64_t, t->s->tests.n);
	size_t n = 0;

	for (size_t i = 0; i < t->s->tests.n; i++) {
		if (!flaky[i])
			continue;
		at[n++] = (int64_t)i;
		COMPLAIN(t, true,
			 "reference %.*s: test %.*s has not the same verdict "
			 "every time: give it more time, or take chance out",
			 STR_FMT(out->name), STR_FMT(test_name(t, i)));
	}
	out->flaky = (struct list){ at, n };
	if (n)
		out->ok = false;
}

/* What is not as it should be, told once. */
static void look_at(struct selftest *t, const struct code_reference *ref,
		    const struct code_report *r,
		    struct code_reference_result *out)
{
	struct code_result result;

	code_score(t->cx, t->s, r, &result);
	if (slowest_of(r) > out->cpu_us)
		out->cpu_us = slowest_of(r);
	if (!out->ok)
		return;
	out->verdict = result.verdict;
	out->fraction = result.fraction;
	if (result.verdict == RUN_IE) {
		COMPLAIN(t, true, "reference %.*s could not be judged: %.*s",
			 STR_FMT(ref->name), STR_FMT(r->staff));
		out->ok = false;
	} else if (result.verdict != ref->expect) {
		COMPLAIN(t, true,
			 "reference %.*s was to be %s and is %s: mend the "
			 "solution, the tests or the limit",
			 STR_FMT(ref->name), run_verdict_words[ref->expect],
			 run_verdict_words[result.verdict]);
		out->ok = false;
	} else if (ref->has_share && !dec_eq(ref->share, result.fraction)) {
		COMPLAIN(t, true,
			 "reference %.*s has another share of the points than "
			 "was expected",
			 STR_FMT(ref->name));
		out->ok = false;
	}
}

static enum err try_reference(struct selftest *t, size_t i,
			      struct code_reference_result *out)
{
	const struct code_reference *ref =
		(const struct code_reference *)t->s->references.at + i;
	int64_t repeats = t->s->time.repeats ? t->s->time.repeats : REPEATS;
	bool *flaky = ARENA_ARRAY(t->cx->arena, bool, t->s->tests.n);
	struct code_report first = { 0 }, r;
	enum err e = OK;

	*out = (struct code_reference_result){ .name = ref->name,
					       .ok = true,
					       .expect = ref->expect };
	for (int64_t n = 0; !e && n < repeats; n++) {
		e = judge_once(t, t->s, ref, &r);
		if (e)
			return e;
		if (!n)
			first = r;
		look_at(t, ref, &r, out);
		note_flaky(&first, &r, flaky);
	}
	list_flaky(t, flaky, out);
	if (ref->expect == RUN_AC && out->ok) {
		t->accepted = true;
		if (out->cpu_us > t->slowest_us)
			t->slowest_us = out->cpu_us;
	}
	return e;
}

/* ---- time ---- */

/* The same task with more time, to see how slow a slow solution is. */
static struct code_spec slower(struct selftest *t)
{
	struct code_spec s = *t->s;
	struct code_test *tests =
		ARENA_ARRAY(t->cx->arena, struct code_test, s.tests.n);

	memcpy(tests, s.tests.at, s.tests.n * sizeof(*tests));
	for (size_t i = 0; i < s.tests.n; i++) {
		struct run_limits l = code_test_limits(&s, &tests[i]);

		tests[i].limits.cpu_ms = l.cpu_ms * SLOWER;
		tests[i].limits.wall_ms = l.wall_ms * SLOWER;
	}
	s.tests.at = tests;
	return s;
}

static enum err measure_slow(struct selftest *t)
{
	const struct code_reference *ref = t->s->references.at;
	struct code_spec s = slower(t);
	struct code_report r;
	enum err e;

	for (size_t i = 0; i < t->s->references.n; i++) {
		int64_t us;

		if (ref[i].expect != RUN_TLE)
			continue;
		e = judge_once(t, &s, &ref[i], &r);
		if (e)
			return e;
		us = slowest_of(&r);
		if (us && (!t->fastest_us || us < t->fastest_us))
			t->fastest_us = us;
	}
	return OK;
}

static int64_t times(int64_t us, struct dec by)
{
	return dec_scale(by, us, 1000000).nano / 1000000; /* ms */
}

static struct dec or_else(struct dec d, struct dec usual)
{
	return d.nano ? d : usual;
}

/* The greatest CPU limit of a test: what the slowest had to keep. */
static int64_t limit_of(const struct selftest *t)
{
	const struct code_test *tests = t->s->tests.at;
	int64_t most = 0;

	for (size_t i = 0; i < t->s->tests.n; i++) {
		int64_t ms = code_test_limits(t->s, &tests[i]).cpu_ms;

		if (ms > most)
			most = ms;
	}
	return most;
}

static void infer(struct selftest *t)
{
	const struct code_time *c = &t->s->time;
	struct code_selftest_report *o = t->out;
	int64_t step = c->resolution_ms ? c->resolution_ms : RESOLUTION_MS;
	struct dec accepted = or_else(c->accepted, dec_int(2));
	struct dec slow = or_else(c->slow, dec_ratio(3, 2));

	o->limit_ms = limit_of(t);
	if (t->slowest_us)
		o->lower_ms = times(t->slowest_us, accepted) + 1;
	if (t->fastest_us)
		o->upper_ms = times(t->fastest_us, dec_div(DEC_ONE, slow));
	if (o->lower_ms)
		o->proposed_ms = (o->lower_ms + step - 1) / step * step;
	if (o->upper_ms && o->proposed_ms > o->upper_ms) {
		COMPLAIN(t, false,
			 "no limit fits: the accepted need %lld ms, the slow "
			 "ones allow %lld ms: make the tests larger",
			 (long long)o->lower_ms, (long long)o->upper_ms);
		o->proposed_ms = 0;
	} else if (o->limit_ms < o->lower_ms) {
		COMPLAIN(t, false,
			 "the limit of %lld ms is near the slowest accepted "
			 "reference: %lld ms would be safe",
			 (long long)o->limit_ms, (long long)o->proposed_ms);
	}
}

/* ---- the checker ---- */

static enum err show_answer(struct selftest *t, struct judge *j, size_t i)
{
	const struct code_test *test =
		(const struct code_test *)t->s->tests.at + i;
	struct str answer = code_data_bytes(&test->answer);
	struct code_opinion o = { .kind = OPINION_RIGHT };
	enum err e = OK;

	if (answer.n)
		e = judge_answer(j, i, answer, &o);
	if (!e && o.kind != OPINION_RIGHT)
		COMPLAIN(t, true,
			 "the checker does not accept the answer of test %.*s "
			 "itself: %.*s",
			 STR_FMT(test->name),
			 STR_FMT(o.staff.n ? o.staff : o.message));
	if (!e)
		e = judge_answer(j, i, STR(""), &o);
	if (!e && o.kind == OPINION_BROKEN)
		COMPLAIN(t, true,
			 "the checker fails on an empty output of test %.*s: "
			 "%.*s",
			 STR_FMT(test->name), STR_FMT(o.staff));
	return e;
}

static enum err check_checker(struct selftest *t)
{
	struct judge j = { .cx = t->cx,
			   .runner = t->runner,
			   .languages = t->languages,
			   .s = t->s };
	struct code_report r = { 0 };
	enum err e;

	if (!t->s->has_checker)
		return OK;
	e = judge_build_other(&j, &r);
	if (e)
		return e;
	if (r.verdict == RUN_IE) {
		complain(t, true, r.staff);
		return OK;
	}
	judge_begin_trials(&j);
	for (size_t i = 0; !e && i < t->s->tests.n; i++)
		e = show_answer(t, &j, i);
	return e;
}

enum err code_selftest(struct ctx *cx, const struct runner *runner,
		       const struct code_languages *languages,
		       const struct code_spec *s,
		       struct code_selftest_report *out)
{
	struct code_selftest_report got = { .ok = true };
	struct selftest t = { .cx = cx,
			      .runner = runner,
			      .languages = languages,
			      .s = s,
			      .out = &got };
	size_t n = s->references.n;
	struct code_reference_result *results =
		ARENA_ARRAY(cx->arena, struct code_reference_result, n);
	enum err e;

	t.problems = ARENA_ARRAY(cx->arena, struct str, PROBLEMS);
	e = check_checker(&t);
	for (size_t i = 0; !e && i < n; i++)
		e = try_reference(&t, i, &results[i]);
	if (!e)
		e = measure_slow(&t);
	if (e)
		return e;
	if (!t.accepted)
		complain(&t, true,
			 STR("no reference solution is accepted: add one that "
			     "is right"));
	infer(&t);
	got.references = (struct list){ results, n };
	got.problems = (struct list){ t.problems, t.problems_n };
	*out = got;
	return OK;
}
