/*
 * What is run when. As many tests as the runner is wide are under way; a test
 * goes from the learner's program to the checker as soon as it can. What is
 * near a limit waits until nothing else runs, and is then run alone.
 *
 * The result does not depend on the order: which tests are skipped is decided
 * by facts in the order of the task, once all that can matter is known.
 */
#include "graders/code_judge_impl.h"

enum { CHECKER_CPU_MS = 10000, CHECKER_MEMORY = 512 << 20 };

static const struct code_test *test_at(const struct judge *j, size_t i)
{
	return (const struct code_test *)j->s->tests.at + i;
}

static bool passed(const struct trial *t)
{
	return t->best.verdict == RUN_AC && t->best.share.nano == DEC_ONE_NANO;
}

/* ---- what is skipped ---- */

enum wait { READY, NOT_YET, NEVER };

/* All tests of a group passed / are not known yet / one failed. */
static enum wait group_passed(const struct judge *j, size_t group)
{
	enum wait w = READY;

	for (size_t i = 0; i < j->s->tests.n; i++) {
		const struct trial *t = &j->trials[i];

		if (t->group != group)
			continue;
		if (t->settled && !passed(t))
			return NEVER;
		if (!t->settled)
			w = NOT_YET;
	}
	return w;
}

static enum wait may_begin(const struct judge *j, size_t i)
{
	size_t group = j->trials[i].group;
	const struct code_group *g = j->s->groups.at;
	const struct str *needs;
	enum wait w = READY;

	if (group == SIZE_MAX)
		return READY;
	g += group;
	needs = g->requires.at;
	for (size_t k = 0; k < g->requires.n; k++) {
		enum wait one = group_passed(j, code_group_of(j->s, needs[k]));

		if (one == NEVER)
			return NEVER;
		if (one == NOT_YET)
			w = NOT_YET;
	}
	for (size_t k = 0; g->short_circuit && k < i; k++)
		if (j->trials[k].group == group && j->trials[k].settled &&
		    !passed(&j->trials[k]))
			return NEVER;
	return w;
}

static void skip(struct trial *t)
{
	t->state = TRIAL_DONE;
	t->settled = true;
	t->best = (struct code_fact){ .verdict = RUN_SK };
}

/* ---- the end of a test ---- */

static void forget(struct trial *t)
{
	while (t->mem_n > 0)
		arena_free(t->mem[--t->mem_n]);
	t->told_n = 0;
}

static bool better(const struct code_fact *a, const struct code_fact *b)
{
	int by = dec_cmp(a->share, b->share);

	if (by)
		return by > 0;
	if ((a->verdict == RUN_TLE) != (b->verdict == RUN_TLE))
		return b->verdict == RUN_TLE;
	return a->cpu_us < b->cpu_us;
}

/* Ours, for good: nothing else can make the verdict another one. */
static void broken(struct judge *j, size_t i, struct str why)
{
	struct trial *t = &j->trials[i];

	t->fact.verdict = RUN_IE;
	t->fact.share = DEC_ZERO;
	t->fact.staff = code_text(j->cx->arena, why, 1000);
	if (!j->broken)
		j->staff = str_fmt(j->cx->arena, "test %.*s: %.*s",
				   STR_FMT(test_at(j, i)->name),
				   STR_FMT(t->fact.staff));
	j->broken = true;
}

static void settle(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];

	forget(t);
	t->state = TRIAL_DONE;
	if (!t->repeats || better(&t->fact, &t->best))
		t->best = t->fact;
	t->best.runs = t->repeats + 1;
	t->best.charged_us = t->charged_us;
	t->settled = t->best.verdict != RUN_TLE || !t->near ||
		     t->repeats >= TRIAL_REPEATS;
}

/* ---- the learner's side ---- */

static struct run_ask learner_ask(struct judge *j, size_t i)
{
	const struct code_test *t = test_at(j, i);
	struct run_limits l = trial_limits(j, i), room = trial_room(&l);
	struct list own = code_put(j->cx, &t->files, 1);
	struct list args = t->args;
	struct run_ask ask;

	if (j->s->kind == CODE_FUNCTION)
		args = j->program.args;
	ask = code_ask(j->cx, &j->program, args, &room, own.at, own.n);
	ask.alone = j->trials[i].alone;
	if (j->s->kind == CODE_FUNCTION)
		ask.input = code_driver_input(j->cx, t);
	else if (j->s->kind == CODE_IO)
		ask.input = code_data_bytes(&t->input);
	return ask;
}

/* ---- the author's side ---- */

static const struct code_checker *checker_of(const struct judge *j)
{
	return j->s->has_interactor ? &j->s->interactor : &j->s->checker;
}

static struct run_limits checker_limits(const struct judge *j)
{
	struct run_limits l = checker_of(j)->limits;

	code_limits_inherit(&l, &(struct run_limits){
					.cpu_ms = CHECKER_CPU_MS,
					.wall_ms = 2 * CHECKER_CPU_MS,
					.memory_bytes = CHECKER_MEMORY,
				});
	/* It sees an output as long as a program may write. */
	code_limits_inherit(&l, &(struct run_limits){
					.file_bytes = 64 << 20,
					.disk_bytes = 256 << 20,
				});
	code_limits_raise(&l, &j->other.language->least);
	run_limits_fill(&l);
	return l;
}

/* Kattis reads the output from standard input, testlib from a file. */
static struct list checker_args(struct judge *j, const struct code_test *t)
{
	static const char *const testlib[] = { "input.txt", "output.txt",
					       "answer.txt", NULL };
	static const char *const kattis[] = { "input.txt", "answer.txt",
					      CODE_FEEDBACK, NULL };
	const struct code_checker *c = checker_of(j);
	const char *const *own = c->protocol == CODE_KATTIS ? kattis : testlib;
	const struct str *a = c->args.at, *b = t->checker_args.at;
	struct str *at = ARENA_ARRAY(j->cx->arena, struct str,
				     3 + c->args.n + t->checker_args.n);
	size_t n = 0;

	for (; own[n]; n++)
		at[n] = str_of(own[n]);
	for (size_t i = 0; i < c->args.n; i++)
		at[n++] = a[i];
	for (size_t i = 0; i < t->checker_args.n; i++)
		at[n++] = b[i];
	return (struct list){ at, n };
}

static struct run_ask checker_ask(struct judge *j, size_t i, struct str output)
{
	static const struct run_want wants[] = {
		{ { CODE_FEEDBACK "judgemessage.txt", 25 }, 65536 },
		{ { CODE_FEEDBACK "teammessage.txt", 24 }, 65536 },
		{ { CODE_FEEDBACK "score.txt", 18 }, 4096 },
		{ { CODE_FEEDBACK "score_multiplier.txt", 29 }, 4096 },
		{ { CODE_FEEDBACK "nextpass.in", 20 }, 4096 },
	};
	const struct code_test *t = test_at(j, i);
	struct run_limits l = checker_limits(j);
	bool kattis = checker_of(j)->protocol == CODE_KATTIS;
	struct run_file files[] = {
		{ .name = STR("input.txt"),
		  .data = code_data_bytes(&t->input) },
		{ .name = STR("answer.txt"),
		  .data = code_data_bytes(&t->answer) },
		{ .name = kattis ? STR(CODE_FEEDBACK "begun")
				 : STR("output.txt"),
		  .data = kattis ? STR("") : output },
	};
	struct run_ask ask =
		code_ask(j->cx, &j->other, checker_args(j, t), &l, files, 3);

	ask.alone = j->trials[i].alone;
	if (kattis) {
		ask.want = (struct list){ (void *)wants,
					  sizeof(wants) / sizeof(wants[0]) };
		ask.input = output;
	}
	return ask;
}

enum err judge_answer(struct judge *j, size_t i, struct str output,
		      struct code_opinion *out)
{
	struct run_ask ask = checker_ask(j, i, output);
	struct run_told told;
	enum err e = code_run_twice(j->cx, j->runner, &ask, &told);

	if (!e)
		code_opinion_read(j->cx, checker_of(j), &told, out);
	return e;
}

/* ---- beginning ---- */

/* What can never be run is the task's fault: it is told to staff. */
static enum err begun(struct judge *j, size_t i, enum err e, int n)
{
	if (e == ERR_INVALID) {
		broken(j, i, str_of(j->cx->error.text));
		err_clear(j->cx);
		settle(j, i);
		return OK;
	}
	if (!e)
		j->under_way += n;
	return e;
}

static enum err begin_pair(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];
	struct run_ask ask[2] = { learner_ask(j, i),
				  checker_ask(j, i, STR("")) };

	/* It outlives the program, to say what it thinks of it. */
	if (ask[1].limits.wall_ms < ask[0].limits.wall_ms + 2000)
		ask[1].limits.wall_ms = ask[0].limits.wall_ms + 2000;
	return begun(
		j, i,
		j->runner->start_pair(j->cx, j->runner->arg, ask, t->ticket),
		2);
}

static enum err begin(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];
	struct run_ask ask;

	t->state = TRIAL_RUNNING;
	t->told_n = 0;
	t->ticket[0] = t->ticket[1] = -1;
	if (j->s->kind == CODE_INTERACTIVE)
		return begin_pair(j, i);
	ask = learner_ask(j, i);
	return begun(
		j, i,
		j->runner->start(j->cx, j->runner->arg, &ask, &t->ticket[0]),
		1);
}

static enum err begin_check(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];
	struct run_ask ask = checker_ask(j, i, t->told[0].out);

	t->state = TRIAL_CHECKING;
	return begun(
		j, i,
		j->runner->start(j->cx, j->runner->arg, &ask, &t->ticket[0]),
		1);
}

/* Ours: once more from the start, then it is given up. */
static enum err failed(struct judge *j, size_t i, struct str why)
{
	struct trial *t = &j->trials[i];

	if (t->failures++ == 0) {
		forget(t);
		return begin(j, i);
	}
	broken(j, i, why.n ? why : STR("it could not be run"));
	settle(j, i);
	return OK;
}

/* ---- what came of it ---- */

static void compare(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];
	const struct code_test *test = test_at(j, i);
	struct ctx cx = *j->cx;
	struct code_opinion o = { 0 };
	struct code_diff d;

	/* What sorting and decoding need goes with the test. */
	cx.arena = t->mem[0];
	if (j->s->kind == CODE_FUNCTION) {
		code_driver_read(&cx, j->s, test, t->told[0].out, &o);
	} else {
		code_compare_run(cx.arena, &j->s->compare,
				 code_data_bytes(&test->answer), t->told[0].out,
				 &d);
		o.kind = d.same ? OPINION_RIGHT : OPINION_WRONG;
		o.share = d.same ? DEC_ONE : DEC_ZERO;
		o.message = str_of(d.hint);
		o.wanted = d.wanted;
		o.got = d.got;
	}
	if (o.message.n)
		o.message = str_copy(j->cx->arena, o.message);
	if (o.wanted.n)
		o.wanted = str_copy(j->cx->arena, o.wanted);
	if (o.got.n)
		o.got = str_copy(j->cx->arena, o.got);
	trial_opinion(j, i, &o);
	if (j->s->kind == CODE_IO)
		t->fact.line = d.line;
}

static enum err learner_ended(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];

	trial_fact(j, i, &t->told[0]);
	if (t->fact.verdict == RUN_IE)
		return failed(j, i, t->told[0].why);
	if (t->fact.verdict == RUN_AC) {
		if (j->s->kind == CODE_IO && j->s->has_checker)
			return begin_check(j, i);
		compare(j, i);
	}
	settle(j, i);
	return OK;
}

static enum err checker_ended(struct judge *j, size_t i)
{
	struct trial *t = &j->trials[i];
	struct code_opinion o;

	t->charged_us += t->opinion_told.cpu_us;
	code_opinion_read(j->cx, checker_of(j), &t->opinion_told, &o);
	if (o.kind == OPINION_BROKEN)
		return failed(j, i, o.staff);
	trial_opinion(j, i, &o);
	settle(j, i);
	return OK;
}

static enum err pair_ended(struct judge *j, size_t i)
{
	struct str why = { 0 };

	if (!trial_pair(j, i, &why))
		return failed(j, i, str_copy(j->cx->arena, why));
	settle(j, i);
	return OK;
}

static enum err ended(struct judge *j, size_t i, int side,
		      const struct run_told *told)
{
	struct trial *t = &j->trials[i];

	if (told->level < j->level)
		j->level = told->level;
	if (t->state == TRIAL_CHECKING) {
		t->opinion_told = *told;
		return checker_ended(j, i);
	}
	t->told[side] = *told;
	if (j->s->kind != CODE_INTERACTIVE)
		return learner_ended(j, i);
	if (!t->told_n)
		t->other_first = side == 1;
	return ++t->told_n == 2 ? pair_ended(j, i) : OK;
}

static size_t trial_of(const struct judge *j, int64_t ticket, int *side)
{
	for (size_t i = 0; i < j->s->tests.n; i++) {
		const struct trial *t = &j->trials[i];

		if (t->state != TRIAL_RUNNING && t->state != TRIAL_CHECKING)
			continue;
		for (*side = 0; *side < 2; ++*side)
			if (t->ticket[*side] == ticket)
				return i;
	}
	return SIZE_MAX;
}

static enum err wait_one(struct judge *j)
{
	struct ctx cx = *j->cx;
	struct run_told told;
	int64_t ticket;
	int side;
	size_t i;
	enum err e;

	cx.arena = arena_new(4096);
	e = j->runner->wait(&cx, j->runner->arg, &ticket, &told);
	j->cx->error = cx.error;
	i = e ? SIZE_MAX : trial_of(j, ticket, &side);
	if (i == SIZE_MAX) {
		arena_free(cx.arena);
		return e ? e
			 : err_set(j->cx, ERR_INTERNAL,
				   "a run ended that was not begun here");
	}
	CHECK(j->trials[i].mem_n < TRIAL_ARENAS);
	j->trials[i].mem[j->trials[i].mem_n++] = cx.arena;
	j->trials[i].ticket[side] = -1;
	j->under_way--;
	return ended(j, i, side, &told);
}

/* ---- all of it ---- */

/* The next that may begin; skips what never may. SIZE_MAX: none now. */
static size_t next_ready(struct judge *j)
{
	for (size_t k = 0; k < j->s->tests.n; k++) {
		size_t i = j->order[k];
		enum wait w;

		if (j->trials[i].state != TRIAL_WAITING)
			continue;
		w = may_begin(j, i);
		if (w == NEVER)
			skip(&j->trials[i]);
		else if (w == READY)
			return i;
	}
	return SIZE_MAX;
}

static enum err run_wide(struct judge *j)
{
	int each = j->s->kind == CODE_INTERACTIVE ? 2 : 1;
	size_t i;
	enum err e = OK;

	for (;;) {
		while (!e && !j->broken &&
		       j->under_way + each <= j->runner->width &&
		       (i = next_ready(j)) != SIZE_MAX)
			e = begin(j, i);
		if (e || j->broken || !j->under_way)
			return e;
		e = wait_one(j);
	}
}

static bool wants_repeat(const struct trial *t)
{
	return t->state == TRIAL_DONE && !t->settled;
}

/* true in *any: something may have changed for those that wait. */
static enum err run_alone(struct judge *j, bool *any)
{
	enum err e = OK;

	*any = false;
	for (size_t i = 0; !e && !j->broken && i < j->s->tests.n; i++) {
		struct trial *t = &j->trials[i];

		while (!e && !j->broken && wants_repeat(t)) {
			*any = true;
			t->alone = true;
			t->repeats++;
			e = begin(j, i);
			while (!e && j->under_way)
				e = wait_one(j);
		}
	}
	return e;
}

/*
 * Some tests that need not have run did, beside the one that failed. They
 * count as skipped, so that the result is the same every time.
 */
static void skip_in_order(struct judge *j)
{
	for (size_t i = 0; i < j->s->tests.n; i++)
		if (may_begin(j, i) == NEVER)
			skip(&j->trials[i]);
}

enum err judge_run(struct judge *j)
{
	bool any = true;
	enum err e = OK;

	while (!e && any && !j->broken) {
		e = run_wide(j);
		if (!e && !j->broken)
			e = run_alone(j, &any);
	}
	if (e || j->under_way)
		j->runner->cancel(j->runner->arg);
	for (size_t i = 0; i < j->s->tests.n; i++) {
		forget(&j->trials[i]);
		if (j->trials[i].state != TRIAL_DONE)
			skip(&j->trials[i]);
	}
	if (!e && !j->broken)
		skip_in_order(j);
	return e;
}
