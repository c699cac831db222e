/*
 * record: the one thing that every command appends. It is at once the event
 * that scores are folded from, the entry of the node's hash chain, the row
 * that the outbox cursor reads, and what the idempotency key finds.
 *
 * Table record: PRIMARY KEY (node, seq), appended in order; a partial unique
 * index on (org, idem) where keyed = 1. place.h tells how a stream's records
 * are found.
 *
 *   hash = BLAKE2b-256( previous hash || BLAKE2b-256( canonical bytes of the
 *          record, with the digest of its personal part in its place ) )
 *
 * so a personal part can be erased and the chain still verifies.
 */
#pragma once

#include "engine/store/executor.h"

enum { HASH_BYTES = 32, KEY_BYTES = 16, SALT_BYTES = 16 };

struct record {
	int64_t node;	  /* number of the assayd node, from 1 */
	int64_t seq;	  /* dense in the node, from 1; set by the journal */
	struct id org;	  /* none: about the installation */
	struct id stream; /* what it is about: an attempt, an assessment … */
	int64_t n; /* place in the stream, unique; 0: the journal picks one
		      that grows but is not dense */
	int64_t at_ms;
	struct str actor;  /* "key:<id>", "learner:<uuid>", "engine" */
	struct id learner; /* whom it concerns, or none */
	struct str event;  /* "attempt.answered"; public ones are listed in
			      docs/events.md */
	bool keyed;	   /* findable by (org, idem) */
	struct str idem;   /* KEY_BYTES: hash of the caller and his key */
	struct str ask;	   /* KEY_BYTES: hash of method and canonical params */
	struct str body;   /* JSON object; no personal content */
	struct str personal;	  /* JSON or text; may be erased later */
	struct str personal_salt; /* SALT_BYTES, by the journal; erased with it,
				     so that nobody can try names against
				     the hash that stays */
	struct str personal_hash; /* HASH_BYTES of salt and part, by the
				     journal; stays when they are erased */
	struct str reply; /* the command's result JSON; only of keyed ones */
	struct str hash;  /* HASH_BYTES; set by the journal */
};
extern const struct shape record_shape;
extern const struct stmt_set record_stmts;
extern const struct migration_set record_migrations;

/* What a running command has to append; cx->records points to one. */
enum { RECORDS_MAX = 100000 };
struct record_list {
	struct record *r; /* in cx->arena; made anew when n is 0 */
	size_t n, room;
	struct str actor; /* of records that name none; absent: "engine" */
};

/*
 * Adds to the running command's list; at_ms is filled in from cx->clock and
 * actor from the list when left empty. Strings must live until the command's
 * done() (cx->arena does). Written when the command has succeeded.
 */
struct record *record_stage(struct ctx *cx, const struct record *r);

struct journal; /* the node's chain; a tx_part */

struct journal_opts {
	int64_t node;
	const struct clock *clock;
	struct log *log;
	int64_t lag; /* see places_new */
	/*
	 * After each commit, on the executor's thread, in order: live feed.
	 * May be NULL. Strings are valid during the call. Records whose commit
	 * was told as lost but had happened come with the next append.
	 */
	void (*published)(void *arg, const struct record *r, size_t n);
	void *arg;
};
struct journal *journal_new(const struct journal_opts *o);
void journal_free(struct journal *j);
struct tx_part journal_part(struct journal *j);
struct places *journal_places(struct journal *j);

/*
 * At boot, on any connection: so that journal_head is right before the first
 * append. Else the first append does it.
 */
MUST enum err journal_load(struct journal *j, struct ctx *cx);
/*
 * Appends all of list or none; sets seq, n and hash. Executor's thread only.
 * ERR_CONFLICT if a pending record has the same key, or a place in a stream is
 * taken. A key that is taken in the table, and a place that another server
 * took, show when the batch is flushed.
 */
MUST enum err journal_append(struct journal *j, struct ctx *cx,
			     struct record_list *list);
/*
 * Runs fn with a record list of its own, appended at once: for commands and
 * timers that do any number of things.
 */
MUST enum err journal_apart(struct journal *j, struct ctx *cx,
			    enum err (*fn)(struct ctx *cx, void *arg),
			    void *arg);
/*
 * Writes out what is pending, so that a query on table record sees it. Not in
 * works that are .single.
 */
MUST enum err journal_flush(struct journal *j, struct ctx *cx);
/*
 * The record that this caller's key made, pending or stored; ERR_NOT_FOUND.
 * Its strings are copies in cx->arena.
 */
MUST enum err journal_by_key(struct journal *j, struct ctx *cx,
			     const struct id *org, struct str idem,
			     struct record *out);
/* The last committed place of this node's chain. Any thread. */
void journal_head(struct journal *j, int64_t *seq, uint8_t hash[HASH_BYTES]);

/* A stream's records in order of n, after n_after. */
MUST enum err record_stream(struct ctx *cx, const struct id *stream,
			    int64_t n_after, struct list *out);
/* At most so many of them, from the oldest. */
MUST enum err record_stream_part(struct ctx *cx, const struct id *stream,
				 int64_t n_after, int64_t most,
				 struct list *out);
/* One record of a stream. */
MUST enum err record_at(struct ctx *cx, const struct id *stream, int64_t n,
			struct record *out);
/*
 * The chain hash of r after prev (zeros before the first): the link of prev
 * and r's own digest, so that a record that a reader may not see can still
 * take its place in the chain, as a digest alone.
 *
 * Canonical bytes of the digest: every field but personal, its salt and hash
 * itself, in the struct's order; integers as 8 bytes little-endian, bool as
 * one, ids as 16, strings as an 8-byte length (all ones: absent) and their
 * bytes.
 */
void record_hash(const struct record *r, const uint8_t prev[HASH_BYTES],
		 uint8_t out[HASH_BYTES]);
void record_digest(const struct record *r, uint8_t out[HASH_BYTES]);
void record_link(const uint8_t prev[HASH_BYTES],
		 const uint8_t digest[HASH_BYTES], uint8_t out[HASH_BYTES]);
/* Whether personal and its salt give personal_hash; true if erased. */
bool record_personal_ok(const struct record *r);
/* KEY_BYTES of who and key, and of method and params; in the arena. */
struct str record_idem(struct ctx *cx, struct str actor, struct str key);
struct str record_ask(struct ctx *cx, struct str method, struct str params);
