/*
 * verb: what the program does by itself, one row each. Everything else that
 * has a noun and a verb is a method of the server (online.h).
 *
 * A row may have a method's name: with words, or a flag that only the row has,
 * it is the row (`lab check DIR`), with the method's flags alone the method
 * (`lab check --session ID`). `assay call` and `assay help NOUN.VERB` are
 * always about the method.
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
/* The method that has the row's name, or NULL. */
const struct rpc_method *verb_method(struct cli *c, const struct verb *v);
/* Whether the row is meant, of those that have a method's name. */
bool verb_meant(struct cli *c, const struct verb *v, int argc, char **argv);
/* Reads the words behind it and runs it. */
int verb_run(struct cli *c, const struct verb *v, int argc, char **argv);

/* The rows' functions, each in the file of its name. */
extern const struct flag score_flags[], import_flags[], check_flags[],
	verify_flags[], key_new_flags[], key_jwks_flags[], token_flags[],
	take_flags[], code_submit_flags[], lab_open_flags[], lab_pull_flags[],
	lab_push_flags[], lab_check_flags[], lab_shell_flags[], call_flags[],
	grade_flags[], bundle_flags[], box_run_flags[], box_selftest_flags[];
int score_run(struct cli *c, const struct args *a);
int import_run(struct cli *c, const struct args *a);
int check_run(struct cli *c, const struct args *a);
int bundle_run(struct cli *c, const struct args *a);
int verify_run(struct cli *c, const struct args *a);
int key_new_run(struct cli *c, const struct args *a);
int key_jwks_run(struct cli *c, const struct args *a);
int token_run(struct cli *c, const struct args *a);
int grade_run(struct cli *c, const struct args *a);
int take_run(struct cli *c, const struct args *a);
int code_submit_run(struct cli *c, const struct args *a);
int lab_open_run(struct cli *c, const struct args *a);
int lab_pull_run(struct cli *c, const struct args *a);
int lab_push_run(struct cli *c, const struct args *a);
int lab_check_run(struct cli *c, const struct args *a);
int lab_shell_run(struct cli *c, const struct args *a);
int call_run(struct cli *c, const struct args *a);
int box_run_verb(struct cli *c, const struct args *a);
int box_selftest_verb(struct cli *c, const struct args *a);
int help_run(struct cli *c, const struct args *a);
int completion_run(struct cli *c, const struct args *a);
