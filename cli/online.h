/*
 * online: the server's methods as verbs: `assay attempt start` is the row
 * attempt.start. Everything comes from the row: flags, help, what is printed.
 */
#pragma once

#include "cli/args.h"
#include "cli/cli.h"
#include "engine/rpc/client.h"

extern const struct flag online_flags[]; /* --out, --bytes, --key */

int online_run(struct cli *c, const struct rpc_method *m, int argc,
	       char **argv);
/* "attempt" of "attempt.start"; "start" */
struct str online_noun(const struct rpc_method *m);
struct str online_verb(const struct rpc_method *m);
/* Tells why the server refused; an exit code. */
int online_refused(struct cli *c, const struct client_reply *r, bool json);
/* The same where no answer came: cx->error. */
int online_nobody(struct cli *c, bool json, enum err e);
