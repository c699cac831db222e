/* What the files of the judge share: one judging, and a trial of each test. */
#pragma once

#include "graders/code_impl.h"

enum trial_state { TRIAL_WAITING, TRIAL_RUNNING, TRIAL_CHECKING, TRIAL_DONE };

enum {
	TRIAL_REPEATS = 3, /* alone, near a limit */
	TRIAL_ARENAS = 3,  /* learner, other side, checker */
};

/*
 * A test on its way. What the runner tells of it lives in arenas of its own,
 * which go when it is settled: outputs are large.
 */
struct trial {
	enum trial_state state;
	size_t group;	   /* of the task's; SIZE_MAX: none */
	int64_t ticket[2]; /* of what is under way; [1]: the other side */
	int told_n;	   /* of the two */
	struct run_told told[2], opinion_told;
	struct arena *mem[TRIAL_ARENAS];
	int mem_n;
	bool alone, near, settled;
	bool other_first; /* of the two the interactor was told first */
	int failures;	  /* of ours, in a row */
	int64_t repeats;  /* alone, so far */
	int64_t charged_us;
	struct code_fact fact, best; /* best: of the runs so far */
};

struct judge {
	struct ctx *cx;
	const struct runner *runner;
	const struct code_languages *languages;
	const struct code_spec *s;
	const struct code_task *task;
	const struct code_language *language;
	struct code_program program, other; /* other: checker, interactor */
	struct trial *trials;
	size_t *order; /* of beginning */
	int under_way;
	bool broken;	  /* a test is IE: no more is begun */
	struct str staff; /* why */
	int level;
};

/* ---- code_trial.c: what one run means ---- */

/* The limits that count, and those that a run is given: 15 % more. */
struct run_limits trial_limits(const struct judge *j, size_t test);
struct run_limits trial_room(const struct run_limits *l);
/* Facts of a learner's run; its verdict is AC where the output decides. */
void trial_fact(struct judge *j, size_t test, const struct run_told *t);
void trial_opinion(struct judge *j, size_t test, const struct code_opinion *o);
/* Of both sides of an interactive test. false: ours, to be run again. */
bool trial_pair(struct judge *j, size_t test, struct str *why);

/* ---- code_judge.c ---- */

/* Compiles the checker or interactor; a report that is IE says why not. */
MUST enum err judge_build_other(struct judge *j, struct code_report *out);
void judge_begin_trials(struct judge *j);

/* ---- code_judge_run.c: what is run when ---- */

/* What the checker thinks of an output; nothing else is under way. */
MUST enum err judge_answer(struct judge *j, size_t i, struct str output,
			   struct code_opinion *out);
/* All tests; j->trials have the facts. */
MUST enum err judge_run(struct judge *j);
