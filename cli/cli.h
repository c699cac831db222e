/*
 * cli: what one run of the program works with. Made in main.c; tests make
 * their own, with streams in memory and a clock that stands still.
 */
#pragma once

#include <stdio.h>

#include "base/ctx.h"
#include "engine/rpc/table.h"
#include "engine/worker/worker.h"

enum cli_exit {
	CLI_FINE = 0,
	CLI_REFUSED = 1, /* the caller can act on it */
	CLI_USAGE = 2,
	CLI_FAILED = 3, /* the server or what is below it */
};

struct cli {
	struct ctx *cx;
	FILE *in, *out, *err;
	bool in_is_terminal, out_is_terminal, err_is_terminal;
	int columns; /* of the terminal; 80 where there is none */
	const struct rpc_table *methods;      /* all that a server may have */
	const char *(*env)(const char *name); /* NULL: not set */
	void (*wait)(int64_t ms);
	/* What programs are run with; NULL: nothing is run. */
	enum err (*runs_open)(struct ctx *cx, struct worker_runs *out);
	void (*runs_close)(struct worker_runs *r);
	/*
	 * Stores that can be verified: the sets that engine/main.c lists, too.
	 * May be NULL: then databases are not opened.
	 */
	const struct stmt_set *const *stmts;
	const struct migration_set *const *migrations;
	const struct chain_check *checks; /* of their tables; may be NULL */
};

/* The whole program; args are without the program's name. */
int cli_main(struct cli *c, int argc, char **argv);

/* "assay: …" on standard error. Returns code. */
int cli_say(struct cli *c, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Tells what cx->error holds, and gives the exit code that belongs to it. */
int cli_error(struct cli *c, enum err e);
/* The same for a wrong command line: exit code CLI_USAGE. */
int cli_usage(struct cli *c);
int cli_code(enum err e);
void cli_put(FILE *f, struct str s);
