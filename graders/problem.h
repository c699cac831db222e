/*
 * problem: what is wrong with a file, listed whole instead of one at a time.
 */
#pragma once

#include "base/field.h"

enum problem_level {
	PROBLEM_ERROR,	 /* it cannot be published */
	PROBLEM_WARNING, /* it can, but it is likely not what was meant */
};
extern const char *const problem_level_words[];

enum {
	PROBLEM_MAX = 200
}; /* listed, errors before warnings; the rest is
      only counted */

struct problem {
	int level;
	struct str at;	 /* JSON pointer into the file */
	struct str code; /* stable word: "duplicate_id" */
	struct str text; /* one sentence, safe to show */
};
extern const struct shape problem_shape;

struct problems {
	struct list list;	  /* struct problem, as found */
	int64_t errors, warnings; /* also those that are not listed */
};
extern const struct shape problems_shape;

/* Adds one; code must be a literal. at and the text are copied. */
void problem_add(struct ctx *cx, struct problems *ps, int level, struct str at,
		 const char *code, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* The first error of the list, with its place, as cx's: ERR_INVALID. */
MUST enum err problems_refuse(struct ctx *cx, const struct problems *ps);
