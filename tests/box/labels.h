/*
 * labels: which verdict each program deserves. One row of labels.tsv is one
 * run: what is started, within which limits, and what must be told of it.
 *
 *   name  command  expected  limits  more        (tabs between)
 *
 *   command   words; 'one word' in quotes. subject and bss are ours and come
 *             as files, anything else is the host's
 *   expected  "AC", or verdict, cause, and the exit status or signal
 *   limits    member=number of struct run_limits; M behind it: MiB
 *   more      in=, out= (exactly), or= (a verdict that is as well, where a
 *             host may refuse), level= (holds from this level on); by ";"
 */
#pragma once

#include "base/run.h"

struct label {
	struct str name;
	struct list argv; /* struct str */
	int verdict, cause;
	int64_t code; /* exit status or signal, by cause */
	struct run_limits limits;
	struct str in, out; /* absent: none, whatever it is */
	int or_verdict;	    /* RUN_VERDICT_COUNT: none */
	int level;	    /* RUN_WEAK: any */
};

/* What a row does not say. Small: a long table is through in seconds. */
extern const struct run_limits label_limits;

/* All rows, struct label; ERR_INVALID with the row's number. */
MUST enum err labels_read(struct ctx *cx, struct str text, struct list *out);

/* "512", "8M" */
bool label_number(struct str text, int64_t *out);
