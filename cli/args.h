/*
 * args: the words of a command line against tables of flags.
 *
 *   --name VALUE  --name=VALUE  -n VALUE  --switch  --no-switch  --  WORD…
 *
 * In names '-' and '_' are the same.
 */
#pragma once

#include "base/ctx.h"
#include "base/field.h"

struct flag {
	const char *name;  /* as in the tables: with '_' */
	char letter;	   /* 0: none */
	const char *value; /* what to write in help: "FILE"; NULL: a switch */
	const char *doc;
	bool required;
	bool many; /* may be given more than once */
};

struct given {
	const struct flag *flag;
	struct str value; /* a switch: "true" or "false" */
};

struct args {
	struct list given; /* struct given, in their order */
	struct list rest;  /* struct str: the other words */
};

enum { ARGS_TABLES = 5 };

/*
 * tables: up to ARGS_TABLES, NULL-terminated; a table ends without a name.
 * The first flag of a name counts. ERR_INVALID says which word is wrong. Does
 * not ask for required flags: see args_missing.
 */
MUST enum err args_read(struct ctx *cx, const struct flag *const *tables,
			int argc, char **argv, struct args *out);
/* The last value; absent if not given. */
struct str args_get(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);
bool args_on(const struct args *a, const char *name); /* a switch is set */
/* The i-th value of a flag that may be given often; absent behind the last. */
struct str args_nth(const struct args *a, const char *name, size_t i);
struct str args_rest(const struct args *a, size_t i); /* absent: no more */
/* A required flag that was not given, or NULL. */
const struct flag *args_missing(const struct args *a, const struct flag *table);
/* "--max-score" for max_score. */
struct str args_spell(struct ctx *cx, const char *name);
/*
 * The word of the list that was likely meant, or NULL. next gives the i-th
 * word, NULL behind the last.
 */
const char *args_nearest(struct str word,
			 const char *(*next)(void *arg, size_t i), void *arg);
