/* The statements of record and journal, by name. For engine/audit only. */
#pragma once

#include "engine/audit/place.h"

enum {
	RECORD_INSERT,
	RECORD_HEAD,	/* node */
	RECORD_AFTER,	/* node, seq, most */
	RECORD_BY_KEY,	/* org, idem */
	RECORD_HASH_AT, /* node, seq */
	RECORD_NODE,	/* the next node after this */
	RECORD_PICKED,	/* node, seq after, n above: the last such */
	/* for place.c */
	PLACE_STREAM,	/* stream, n from, n to */
	PLACE_RECORD,	/* node, seq */
	PLACE_TAIL,	/* node, seq after, stream, n from, n to */
	PLACE_WAITING,	/* node, seq after */
	PLACE_AT,	/* stream, n */
	PLACE_TOP,	/* stream */
	PLACE_INSERT,	/* stream, n, node, seq */
	PLACE_MARK,	/* node */
	PLACE_MARK_SET, /* node, seq */
	PLACE_MISSING,	/* node, seq up to */
	PLACE_STRAY,	/* node */
	RECORD_STMTS
};
extern const struct stmt record_sql[RECORD_STMTS];

enum { RECORD_COLUMNS = 18 };
/* r as RECORD_INSERT wants it; the values point into *r. */
void record_vals(const struct record *r, struct val out[RECORD_COLUMNS]);

/* Digest of a personal part with its salt. */
void record_personal_hash(struct str salt, struct str personal,
			  uint8_t out[HASH_BYTES]);

struct record_node {
	int64_t node;
};
struct place_mark {
	int64_t node, seq;
};
struct record_head {
	int64_t seq, at_ms;
	struct str hash;
};
