/*
 * bench: what all benches share. A bench measures the real server, run as the
 * real program in a child process, beside something bare that does the same in
 * the same run, and reports ratios: absolute figures move with the machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/id.h"

enum { REPEATS_MAX = 15 };

struct run {
	const char *bin; /* folder of assayd */
	char dir[100];	 /* of this run; short, for socket paths */
	bool quick, full, json;
	int repeats;
	double warm_s, run_s;
	struct arena *arena;
	double hold_s; /* of load for a profiler */
	int hold_conns;
};

struct bench {
	const char *name, *does;
	bool usual; /* runs when no name is given */
	void (*run)(struct run *r);
};
extern const struct bench benches[]; /* ends without a name */

/* ---- util.c ---- */

_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* To stderr: what is going on. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t now_ns(void);
double median(const double *v, int n);
void shuffle(int *order, int n);
/* CPU seconds of a process so far; its resident bytes. */
double proc_cpu_s(pid_t pid);
int64_t proc_rss(pid_t pid);
void remove_tree(const char *path);
/* A name in r->dir, in r->arena. */
const char *in_dir(struct run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 1e8 volatile adds, in ms. */
double calibrate(void);
void raise_files(void);
int free_port(void); /* one that is free now, of 127.0.0.1 */
/* Dies with its parent. Returns 0 in the child. */
pid_t fork_child(void);
void end_child(pid_t pid, int sig);
/* Another program's exit status; its output goes to a file if not NULL. */
int run_program(const char *const *argv, const char *out_file);
void sleep_ms(int64_t ms);
struct ctx bench_ctx(struct run *r);

/* ---- report.c ---- */

/*
 * One figure: {name,value,unit,baseline,ratio}. baseline 0: there is none.
 * target 0: none; above 0 the ratio (or, without baseline, the value) should
 * reach it; below 0 it should not exceed -target.
 */
struct figure {
	const char *name, *unit;
	double value, baseline, ratio, target;
	double low, high; /* of the ratio, or value; 0: not said */
	const char *note;
};
void report(struct run *r, const struct figure *f);
/* True if a figure missed its target. */
bool report_missed(void);
