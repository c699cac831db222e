/*
 * online: the server's methods as verbs: `assay attempt start` is the row
 * attempt.start. Everything comes from the row: flags, help, what is printed.
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"

extern const struct flag online_flags[]; /* --out, --bytes, --key */

int online_run(struct cli *c, const struct rpc_method *m, int argc,
	       char **argv);
/* "attempt" of "attempt.start"; "start" */
struct str online_noun(const struct rpc_method *m);
struct str online_verb(const struct rpc_method *m);
