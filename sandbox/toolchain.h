/*
 * toolchain: the languages that can be run here, one row each. To add one,
 * add a row: nothing else knows a language by name.
 *
 * In the words of compile and run, "{main}" is the main source, "{stem}" the
 * same without its ending, "{sources}" stands for all sources, one word each,
 * "{heap_mib}" for three quarters of the memory limit.
 */
#pragma once

#include "base/run.h"

struct toolchain {
	const char *name;  /* "c", as in specs */
	const char *title; /* for people: "C" */
	/* File endings of its sources, NULL-terminated: ".c"; the first is
	 * the usual one. */
	const char *const *suffixes;
	const char *main; /* where a source without a name goes: "main.c" */
	/* Checks or compiles; never NULL: where nothing is compiled, it parses
	 * all sources. NULL-terminated. */
	const char *const *compile;
	const char *const *run;
	/* The one file that compile makes and run needs, executable or not;
	 * NULL: run needs the sources. */
	const char *made;
	const char *const *needs; /* programs on this host, NULL-terminated */
	const char *const *binds; /* folders seen beyond /usr; NULL-term. */
	const char *const *env;	  /* "NAME=value", beyond the fixed ones */
	struct run_limits compile_limits; /* 0: the default */
	/* What the language itself needs: a limit below it is raised to it.
	 * 0: nothing special. */
	struct run_limits least;
};

extern const struct toolchain toolchains[]; /* ends without a name */

const struct toolchain *toolchain_find(struct str name); /* or NULL */
const char *toolchain_nth(size_t i); /* their names; NULL behind the last */
/* By the ending of a file's name, or NULL. */
const struct toolchain *toolchain_of_file(struct str file);
/* All that it needs is on this host. */
bool toolchain_present(const struct toolchain *t);
/* The first program that is missing here, or NULL. */
const char *toolchain_missing(const struct toolchain *t);
