/*
 * boxed: a runner of real boxes for tests, the programs of tests/box/programs,
 * and what may be asked of many at once.
 */
#pragma once

#include "base/run.h"

struct boxes;
struct box_host;
struct box_opts;

struct boxed {
	struct ctx cx;	     /* lives as long as this */
	struct arena *round; /* what is told; emptied by whoever likes */
	struct boxes *boxes;
	struct box_host *here; /* ASSAY_TEST_BOX=here: no other process */
	struct runner runner;
	struct str program[2]; /* subject, bss; once read */
};

/*
 * false, and prints why, where this host fences nothing at all. Prints the
 * level and who runs it. width 0: as wide as usual.
 */
bool boxed_open(struct boxed *b, int width);
void boxed_close(struct boxed *b);
/* boxed_here.c; boxed_open uses it. */
bool boxed_here(struct boxed *b, const struct box_opts *opts);
/* The context of a round, whose arena boxed_forget empties. */
struct ctx boxed_cx(struct boxed *b);
void boxed_forget(struct boxed *b);

/* A file's bytes; dies without it. */
struct str file_bytes(struct ctx *cx, const char *path);
/* The bytes of a program of ours ("subject", "bss"); absent: not one. */
struct str boxed_program(struct boxed *b, struct str name);

/*
 * An ask for a command: one of ours is put in, executable, under its name.
 * argv stays the caller's.
 */
struct run_ask boxed_ask(struct boxed *b, struct ctx *cx, struct list argv,
			 const struct run_limits *limits);
/*
 * Time for a machine that is ASSAY_TEST_TIMES times as slow as usual: a limit
 * that is not what a test is about.
 */
int boxed_times(void);
void boxed_slow(struct run_limits *l);
/* The same from words that end with NULL. */
struct list boxed_words(struct ctx *cx, const char *const *words);

/*
 * Runs all, as many at once as the runner is wide; told[i] belongs to asks[i].
 * false: the runner failed; printed.
 */
bool boxed_all(struct boxed *b, struct ctx *cx, const struct run_ask *asks,
	       size_t n, struct run_told *told);

/* "TLE cpu", "RE exit 3": into room, which it returns. */
enum { BOXED_SAID = 160 };
const char *boxed_said(const struct run_told *t, char room[BOXED_SAID]);
