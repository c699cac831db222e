/*
 * What a run means. A cause that the supervisor tells stands above a status,
 * and a status above an output: a right answer that came too late is late.
 */
#include "graders/code_judge_impl.h"

/*
 * A run gets more time than it may take, so that one that needed a little too
 * much ends by itself and can be told from one that never ends. The former is
 * run again alone before it counts.
 */
enum { ROOM_PERCENT = 115, STOLEN_PERCENT = 15 };

static const struct code_test *test_at(const struct judge *j, size_t i)
{
	return (const struct code_test *)j->s->tests.at + i;
}

struct run_limits trial_limits(const struct judge *j, size_t test)
{
	struct run_limits l = code_test_limits(j->s, test_at(j, test));

	code_limits_raise(&l, &j->language->least);
	return l;
}

struct run_limits trial_room(const struct run_limits *l)
{
	struct run_limits room = *l;

	room.cpu_ms = (l->cpu_ms * ROOM_PERCENT + 99) / 100;
	room.wall_ms = (l->wall_ms * ROOM_PERCENT + 99) / 100;
	return room;
}

static const char *signal_name(int64_t n)
{
	static const char *const names[] = {
		[4] = "illegal instruction",
		[6] = "abort",
		[7] = "bus error",
		[8] = "arithmetic error",
		[9] = "killed",
		[11] = "segmentation fault",
		[13] = "broken pipe",
		[31] = "forbidden system call",
	};

	if (n >= 0 && n < (int64_t)(sizeof(names) / sizeof(names[0])) &&
	    names[n])
		return names[n];
	return "signal";
}

static struct str end_message(struct judge *j, const struct run_told *t)
{
	struct arena *a = j->cx->arena;

	if (t->cause == RUN_BY_SIGNAL)
		return str_fmt(a, "ended by signal %lld (%s)",
			       (long long)t->signal, signal_name(t->signal));
	if (t->cause == RUN_BY_EXIT)
		return str_fmt(a, "ended with status %lld", (long long)t->exit);
	if (t->cause == RUN_BY_WALL)
		return STR("took too long, counted by the clock");
	return (struct str){ 0 };
}

static int verdict_of(const struct judge *j, const struct run_told *t,
		      const struct run_limits *l)
{
	bool by_itself = t->cause == RUN_BY_EXIT || t->cause == RUN_BY_SIGNAL;

	if (t->verdict == RUN_IE || t->cause == RUN_BY_CANCEL)
		return RUN_IE;
	if (by_itself &&
	    (t->cpu_us > l->cpu_ms * 1000 || t->wall_us > l->wall_ms * 1000))
		return RUN_TLE;
	if (t->verdict == RUN_RE && t->cause == RUN_BY_EXIT && j->s->any_exit)
		return RUN_AC;
	return t->verdict;
}

/* Worth another run, alone: it ended by itself, or others took its time. */
static bool is_near(const struct run_told *t)
{
	int64_t stolen = t->throttled_us + t->steal_us;

	if (t->cause == RUN_BY_EXIT || t->cause == RUN_BY_SIGNAL)
		return true;
	return t->cause == RUN_BY_WALL &&
	       stolen * 100 >= t->wall_us * STOLEN_PERCENT;
}

void trial_fact(struct judge *j, size_t test, const struct run_told *t)
{
	struct run_limits l = trial_limits(j, test);
	struct trial *one = &j->trials[test];
	int verdict = verdict_of(j, t, &l);

	one->fact = (struct code_fact){
		.verdict = verdict,
		.cause = t->cause,
		.exit = t->exit,
		.signal = t->signal,
		.cpu_us = t->cpu_us,
		.wall_us = t->wall_us,
		.memory_peak_bytes = t->memory_peak_bytes,
		.stdout_bytes = t->stdout_bytes,
		.stolen_us = t->throttled_us + t->steal_us,
	};
	one->charged_us += t->cpu_us;
	one->near = verdict == RUN_TLE && is_near(t);
	if (verdict == RUN_RE || verdict == RUN_TLE)
		one->fact.message =
			verdict == RUN_TLE && t->cause != RUN_BY_WALL
				? (struct str){ 0 }
				: end_message(j, t);
	if (t->level < j->level)
		j->level = t->level;
}

void trial_opinion(struct judge *j, size_t test, const struct code_opinion *o)
{
	struct code_fact *f = &j->trials[test].fact;

	f->verdict = o->kind == OPINION_RIGHT	? RUN_AC
		     : o->kind == OPINION_WRONG ? RUN_WA
						: RUN_IE;
	f->share = o->kind == OPINION_BROKEN ? DEC_ZERO : o->share;
	f->message = o->message;
	f->staff = o->staff;
	f->wanted = o->wanted;
	f->got = o->got;
}

/* ---- interactive ---- */

static bool by_pipe(const struct run_told *t)
{
	return t->cause == RUN_BY_SIGNAL && t->signal == 13;
}

/* It ended as a program does that finds nobody to talk to any more. */
static bool cut_off(const struct code_fact *f, const struct run_told *learner)
{
	return f->verdict == RUN_RE &&
	       (learner->cause == RUN_BY_EXIT || by_pipe(learner));
}

/* A broken interactor is ours, unless the program had gone before it. */
static bool is_ours(const struct trial *one)
{
	const struct run_told *learner = &one->told[0], *other = &one->told[1];
	bool killed =
		other->cause != RUN_BY_EXIT && other->cause != RUN_BY_SIGNAL;

	return one->fact.verdict == RUN_AC ||
	       (killed && learner->cause == RUN_BY_WALL) ||
	       (one->other_first && cut_off(&one->fact, learner));
}

/* What the interactor says stands above how the program took it. */
static bool opinion_counts(const struct trial *one,
			   const struct code_opinion *o)
{
	const struct run_told *learner = &one->told[0];

	if (o->kind == OPINION_BROKEN)
		return false;
	if (one->fact.verdict == RUN_AC || by_pipe(learner))
		return true;
	return o->kind == OPINION_WRONG && cut_off(&one->fact, learner);
}

/*
 * The two do not begin at the same instant, so their times do not say who
 * ended first, and the rules do without it where they can: a program that was
 * found wrong, and then ended with a status or by its pipe, is wrong; one that
 * hit a limit, or crashed by a signal of its own, did that, whatever the
 * interactor makes of the silence.
 */
bool trial_pair(struct judge *j, size_t test, struct str *why)
{
	struct trial *one = &j->trials[test];
	const struct run_told *learner = &one->told[0], *other = &one->told[1];
	struct code_opinion o;

	trial_fact(j, test, learner);
	one->charged_us += other->cpu_us;
	if (learner->verdict == RUN_IE || other->verdict == RUN_IE) {
		*why = learner->verdict == RUN_IE ? learner->why : other->why;
		one->fact.verdict = RUN_IE;
		return false;
	}
	if (by_pipe(other))
		o = (struct code_opinion){
			.kind = OPINION_WRONG,
			.message = STR("the program ended before the talk was "
				       "over")
		};
	else
		code_opinion_read(j->cx, &j->s->interactor, other, &o);
	if (o.kind == OPINION_BROKEN && is_ours(one)) {
		*why = o.staff;
		one->fact.verdict = RUN_IE;
		return false;
	}
	if (opinion_counts(one, &o))
		trial_opinion(j, test, &o);
	if (one->fact.verdict != RUN_TLE)
		one->near = false;
	return true;
}
