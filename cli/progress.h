/*
 * progress: a bar on standard error for long work; nothing where that is no
 * terminal.
 */
#pragma once

#include "cli/cli.h"

struct progress {
	struct cli *c;
	const char *what;
	int64_t drawn_ns; /* when last */
};

void progress_start(struct progress *p, struct cli *c, const char *what);
/* total 0: not known. */
void progress_set(struct progress *p, int64_t done, int64_t total);
void progress_end(struct progress *p); /* wipes the bar */
