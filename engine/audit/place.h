/*
 * place: where in the chains a stream's records stand.
 *
 * Table record_place says it for each record: (stream, n) -> (node, seq). On a
 * database that several servers share it is a view of table record, whose
 * unique index also decides who of two was first. Where this process alone
 * writes (SQLite), an index entry at another place of the file for each record
 * would be most of what a commit writes; there rows of record_place are written
 * late, many at once and in their order, so that each page is written once for
 * many of them. Until then a record's place is known from memory, and after a
 * start from the end of the chain:
 *
 *   record_mark: node -> seq up to which its records are in record_place;
 *                node 0 -> how often rows were written
 *
 * Whoever reads takes all from memory if it goes back far enough. Else he looks
 * how often in his own snapshot, and takes from memory what was written later
 * than that or not yet. Places of records that
 * his snapshot does not have yet, or that will never be, do no harm: he finds
 * no record there.
 */
#pragma once

#include "engine/audit/record.h"

enum { PLACE_LAG = 8192 };

struct place {
	struct id stream;
	int64_t n, node, seq;
};

struct places; /* of one journal */

/* lag: so many records may wait for their row; 0: PLACE_LAG. */
struct places *places_new(int64_t lag);
void places_free(struct places *p);

/* ---- by the executor's thread, or before it runs ---- */

/* Reads what waits from the end of the chains. */
MUST enum err places_load(struct places *p, struct ctx *cx);
/*
 * ERR_CONFLICT if n of this stream is taken. Only where this process alone
 * writes: elsewhere the unique index tells. *top: the stream's largest n yet,
 * for places_add.
 */
MUST enum err places_check(struct places *p, struct ctx *cx,
			   const struct record *r, int64_t *top);
void places_add(struct places *p, const struct record *r, int64_t top);
/* Those of the node after seq were undone. */
void places_undo(struct places *p, int64_t node, int64_t seq);
/* Writes rows if it is time to. */
MUST enum err places_flush(struct places *p, struct ctx *cx);
void places_committed(struct places *p);
/*
 * What was added stays until the next load, for the commit may have happened.
 */
void places_aborted(struct places *p);

/* ---- any thread ---- */

/* The stream's records with from <= n <= to, by n, on cx->db. */
MUST enum err places_read(struct places *p, struct ctx *cx,
			  const struct id *stream, int64_t from, int64_t to,
			  struct list *out);

/*
 * A record of the node that its stream does not lead to, or a row that leads to
 * none; 0: there is none.
 */
MUST enum err places_verify(struct ctx *cx, int64_t node, int64_t *missing,
			    int64_t *stray);
