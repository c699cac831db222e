/*
 * rep: the bare servers that assayd is measured against, each in a child
 * process: an nng rep socket with aio contexts, and nothing that is not said
 * here.
 *
 *   echo      sends the message back
 *   reader    decodes the request by assayd's own field tables and encodes a
 *             reply of the same fields as assayd's
 *   recorder  decodes, and a writer thread puts one record for each request
 *             into assayd's own table, group-committed, and then replies
 */
#pragma once

#include "bench/bench.h"
#include "engine/audit/record.h"
#include "engine/rpc/table.h"

enum { REP_CONTEXTS = 1024, REP_BATCH = 512 };

/* What is told of assayd, so that the bare ones can do alike. */
struct sample {
	const char *method;
	struct str result;    /* JSON of a reply's result */
	struct record record; /* that it wrote for the command */
};

/* One request as a recorder sees it. */
struct ask {
	struct id attempt;
	struct str response;
};

/* Where a recorder writes: recorder_lite.c, recorder_pg.c. */
struct rows {
	void *(*open)(const char *where, const struct sample *s);
	/* All in one durable transaction. Dies if it cannot. */
	void (*write)(void *db, const struct ask *asks, size_t n);
};
extern const struct rows rows_lite, rows_pg;

/* The record of an ask, with the next place in everything. */
struct numbering {
	int64_t seq;
};
void ask_record(const struct sample *s, struct numbering *n,
		const struct ask *a, struct record *out);

/* All return when the child listens. urls: NULL-terminated. */
pid_t rep_echo(const char *const *urls);
pid_t rep_reader(const char *const *urls, const struct sample *s);
pid_t rep_recorder(const char *const *urls, const struct sample *s,
		   const struct rows *rows, const char *where);
