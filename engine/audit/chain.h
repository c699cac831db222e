/*
 * chain: is the record of what happened still what was written? Finds any
 * change, removal, reordering or truncation of records.
 *
 *   - places are dense from 1, and every hash is the link of the one before
 *   - a personal part is the one that was hashed, or was erased by a command
 *     that is in the chain itself
 *   - every checkpoint is signed and meets the chain at its place; one beyond
 *     the end means that the end was cut off
 *   - the tables that are made of records are what those say (chain_check)
 */
#pragma once

#include "engine/audit/checkpoint.h"

enum { CHAIN_FINDINGS = 50 }; /* told in words; the rest is counted */

struct chain_finding {
	int64_t node, seq;
	struct str text;
};

struct chain_report {
	bool intact;
	int64_t nodes, records, checkpoints, erased, rows, findings;
	struct list list; /* struct chain_finding, the first of them */
	struct list keys; /* struct str, hex: public keys that signed */
};
extern const struct shape chain_report_shape;

struct chain; /* one verification */

struct chain *chain_new(struct ctx *cx);
/* Starts a node's chain after `seq` with the hash there (zeros at 0). */
void chain_node(struct chain *c, int64_t node, int64_t seq,
		const uint8_t hash[HASH_BYTES]);
/*
 * A page of a bundle begins: a new node's chain, or the same going on, which
 * must then begin where the last page ended.
 */
void chain_page(struct chain *c, int64_t node, int64_t after,
		const uint8_t hash[HASH_BYTES]);
bool chain_begun(const struct chain *c); /* a node's chain has */
/* The next record of the node. */
void chain_record(struct chain *c, const struct record *r);
/* The same, where the personal part may just not be shown. */
void chain_shown(struct chain *c, const struct record *r);
/* The next record, of which only the digest may be seen. */
void chain_unseen(struct chain *c, int64_t seq,
		  const uint8_t digest[HASH_BYTES]);
/* After all records of the node up to its place. */
void chain_checkpoint(struct chain *c, const struct checkpoint *p);
void chain_finding(struct chain *c, int64_t seq, const char *text);
void chain_done(struct chain *c, struct chain_report *out);

/*
 * Handed down by the program: who owns a table that is made of records
 * compares its rows with what they say, and tells what differs by chain_wrong.
 * Both ways: a row that no record made, and a record whose row is gone. On
 * cx->db, in pieces: tables are larger than memory, and so is a whole chain.
 */
struct chain_check {
	enum err (*run)(struct ctx *cx, struct chain *c);
};
/* For checks. A stream's records in order of n, in cx->arena. */
MUST enum err chain_stream(struct ctx *cx, struct chain *c,
			   const struct id *stream, struct list *out);
/* node, seq: the record that says otherwise; 0, 0: there is none. */
void chain_wrong(struct chain *c, int64_t node, int64_t seq, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
void chain_row(struct chain *c); /* one more row was compared */

/*
 * The whole database behind cx->db, which must be a snapshot if anybody writes.
 * checks end without a function; they and progress may be NULL.
 */
MUST enum err chain_verify(struct ctx *cx, const struct chain_check *checks,
			   void (*progress)(void *arg, int64_t records),
			   void *arg, struct chain_report *out);

/*
 * A bundle: JSON lines that anyone can check without the database. First
 * {"assay_audit":1,"node":N,"after":SEQ,"hash":"…"}, then for each record it
 * whole, or {"seq":N,"digest":"…"} for another tenant's, and
 * {"checkpoint":{…}} where one stands; pages may be put one after another.
 */
struct bundle_want {
	int64_t node, after; /* first record is after + 1 */
	struct id org;	     /* none: all tenants' records whole */
	bool personal;	     /* with the personal parts */
	size_t limit;	     /* records */
};
MUST enum err bundle_write(struct ctx *cx, const struct bundle_want *w,
			   struct buf *b, int64_t *last);
MUST enum err bundle_verify(struct ctx *cx, struct str text,
			    struct chain_report *out);
