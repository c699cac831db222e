/*
 * attack: a folder of programs that want out, and what must come of each.
 *
 * A file's leading comment is read for what a machine can read of it: LIMITS,
 * EXPECT ("TLE or RE", "MLE exactly", "CONTAINED", "RE (exit 7)", "CE") and
 * HARNESS ("two at once", "one after the other"). The rules for all stand here:
 *
 *   1  no line says RESULT ESCAPED
 *   2  the verdict is one of those expected
 *   3  it is never IE
 *   4  it comes no later than 100 ms behind the limit
 *   5  nothing of the run is left
 *
 * and nobody ever sees a canary. Nothing is known by a file's name or number.
 */
#pragma once

#include "tests/box/boxed.h"
#include "tests/box/leftovers.h"

#define CANARY "CANARY-7f3a"

enum attack_language { ATTACK_C, ATTACK_CPP, ATTACK_PYTHON, ATTACK_SHELL };

struct attack {
	struct str name;	 /* of the file */
	int language;		 /* enum attack_language */
	struct str source, text; /* text: the leading comment, one line */
	struct run_limits limits;
	bool limits_of_compiling;
	unsigned verdicts; /* 1 << enum run_verdict; 0: any but IE */
	bool contained;	   /* a good end must say so */
	bool compile_fails;
	bool meets;	      /* two of it, at once and one after the other */
	bool terminal;	      /* again in an interactive session */
	bool exit_codes;      /* again with EXITCODE in its environment */
	int64_t exit, signal; /* -1: not said */
	int64_t peak_low, peak_high; /* bytes; 0: not said */
	int64_t cpu_low, cpu_high;   /* us */
	int64_t wall_low, wall_high; /* us, alone */
	/* -- as it goes -- */
	struct str program; /* compiled; absent where nothing is */
	struct run_told first;
	bool skipped;
};

/* Reads *.c, *.cpp, *.py and *.sh of a folder, by name. */
MUST enum err attacks_read(struct ctx *cx, const char *dir, struct list *out);
/* What is in the comment; attacks_read calls it. */
void attack_parse(struct ctx *cx, struct attack *a);

/* The ask that runs it, with what its collector would want. */
struct run_ask attack_ask(struct ctx *cx, const struct attack *a);
struct run_ask attack_compile_ask(struct ctx *cx, const struct attack *a);

/* What is wrong with how it ended, or NULL. */
const char *attack_fault(struct ctx *cx, const struct attack *a,
			 const struct run_told *t);
/*
 * What is wrong with when it ended, and with what it used until then. alone:
 * nothing else ran, so times on the clock count, too.
 */
const char *attack_late(const struct attack *a, const struct run_told *t,
			bool alone);

/* In a shell on a terminal, where it must go on to answer; a fault or NULL. */
const char *attack_in_terminal(struct boxed *b, const struct attack *a);
