/*
 * verb: what the program does by itself, one row each. Everything else that
 * has a noun and a verb is a method of the server (online.h).
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"

struct verb {
	const char *noun; /* "" for those that stand alone */
	const char *name;
	const char *words; /* what stands behind it: "FILE"; may be "" */
	const char *does;  /* one sentence */
	const char *more;  /* for --help and the manual; may be NULL */
	const struct flag *flags;
	size_t least, most; /* words */
	int (*run)(struct cli *c, const struct args *a);
	bool online; /* takes connect_flags, too */
};

extern const struct verb verbs[]; /* ends without a name */

extern const struct flag common_flags[]; /* --help */

/* By noun and name; NULL. */
const struct verb *verb_find(struct str noun, struct str name);
/* Reads the words behind it and runs it. */
int verb_run(struct cli *c, const struct verb *v, int argc, char **argv);

/* The rows' functions, each in the file of its name. */
extern const struct flag score_flags[], import_flags[], check_flags[],
	verify_flags[], key_new_flags[], key_jwks_flags[], token_flags[],
	take_flags[], call_flags[];
int score_run(struct cli *c, const struct args *a);
int import_run(struct cli *c, const struct args *a);
int check_run(struct cli *c, const struct args *a);
int verify_run(struct cli *c, const struct args *a);
int key_new_run(struct cli *c, const struct args *a);
int key_jwks_run(struct cli *c, const struct args *a);
int token_run(struct cli *c, const struct args *a);
int take_run(struct cli *c, const struct args *a);
int call_run(struct cli *c, const struct args *a);
int help_run(struct cli *c, const struct args *a);
int completion_run(struct cli *c, const struct args *a);
