/*
 * peer_table: the tables that `assay peer` reads. CSV as rubrics/grades_csv.h
 * takes it: RFC 4180, commas, or semicolons if the heading has no comma; a BOM
 * is skipped; columns by name in any order, others are ignored.
 */
#pragma once

#include "cli/cli.h"
#include "rubrics/grades_csv.h"

/* ---- scores, the rows of each criterion side by side ---- */

struct peer_grades {
	struct grades g;
	struct grades_row *at; /* criterion k: from[k] up to from[k + 1] */
	size_t *from;
};
/*
 * ERR_INVALID also without any score, and for what is not UTF-8: names become
 * JSON.
 */
MUST enum err peer_grades_read(struct cli *c, struct str path,
			       struct peer_grades *out);

/* ---- small tables beside them, row by row ---- */

enum { PEER_TABLE_CELLS = 64, PEER_TABLE_WANTED = 4 };

struct peer_table {
	struct ctx *cx;
	struct str path, text;
	size_t at, line, next_line; /* line: the row's first */
	char delimiter;
	struct str row[PEER_TABLE_CELLS];
	size_t cells;
	const char *const *names;
	size_t place[PEER_TABLE_WANTED];    /* SIZE_MAX: no such column */
	struct str cell[PEER_TABLE_WANTED]; /* by names; absent: no column */
};
/*
 * names: NULL-terminated, of which the first so many are required. Strings
 * point into the text, in the arena.
 */
MUST enum err peer_table_open(struct cli *c, struct str path,
			      const char *const *names, size_t required,
			      struct peer_table *out);
/* The next row; false in *more: there is none. */
MUST enum err peer_table_next(struct peer_table *t, bool *more);
/* "PATH line 3: …"; ERR_INVALID. */
enum err peer_table_refuse(const struct peer_table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- which of a list a name is ---- */

struct peer_names {
	const struct str *at;
	uint32_t *slot; /* place + 1; 0: free */
	uint64_t mask;
};
#define PEER_NO_NAME UINT32_MAX

void peer_names_init(struct arena *a, struct list of, struct peer_names *out);
/* Its place, or PEER_NO_NAME. */
uint32_t peer_names_find(const struct peer_names *n, struct str name);
