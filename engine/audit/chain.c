#include "engine/audit/chain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/app.h"
#include "engine/audit/place.h"
#include "engine/audit/record_sql.h"

static const struct field finding_fields[] = {
	FIELD(struct chain_finding, node, KIND_INT, "which chain"),
	FIELD(struct chain_finding, seq, KIND_INT, "which place"),
	FIELD(struct chain_finding, text, KIND_STR, "what is wrong"),
	FIELD_END,
};
static const struct shape finding_shape =
	SHAPE(struct chain_finding, finding_fields);
static const struct field report_fields[] = {
	FIELD(struct chain_report, intact, KIND_BOOL, "nothing is wrong"),
	FIELD(struct chain_report, nodes, KIND_INT, "chains looked at"),
	FIELD(struct chain_report, records, KIND_INT, "records looked at"),
	FIELD(struct chain_report, checkpoints, KIND_INT,
	      "signed checkpoints that were met"),
	FIELD(struct chain_report, erased, KIND_INT,
	      "personal parts erased by a recorded command"),
	FIELD(struct chain_report, rows, KIND_INT,
	      "rows of grades and attempts compared with the records"),
	FIELD(struct chain_report, findings, KIND_INT, "things wrong"),
	FIELD(struct chain_report, list, KIND_LIST, "the first of them",
	      .of = KIND_OBJECT, .shape = &finding_shape),
	FIELD(struct chain_report, keys, KIND_LIST,
	      "public keys that signed; compare with the published ones",
	      .of = KIND_STR),
	FIELD_END,
};
const struct shape chain_report_shape =
	SHAPE(struct chain_report, report_fields);

/* A growing set of learners; they are few among the records. */
struct id_set {
	struct id *at;
	size_t n, room;
};

struct chain {
	struct arena *arena; /* of findings: the caller's */
	struct ctx *cx;
	struct chain_report report;
	struct chain_finding *findings;
	struct str *keys;
	int64_t node, seq;
	uint8_t hash[HASH_BYTES];
	struct id_set erased;	/* learners with a part gone */
	struct id_set erasures; /* learners whose erasure is in the chain */
	struct places *places;	/* for checks */
	bool broken; /* this node's chain: told once, not for each record */
};

enum { KEYS_MAX = 64 };

struct chain *chain_new(struct ctx *cx)
{
	struct chain *c = ARENA_NEW(cx->arena, struct chain);

	c->cx = cx;
	c->arena = cx->arena;
	c->findings =
		ARENA_ARRAY(cx->arena, struct chain_finding, CHAIN_FINDINGS);
	c->keys = ARENA_ARRAY(cx->arena, struct str, KEYS_MAX);
	return c;
}

static bool set_has(const struct id_set *s, const struct id *id)
{
	for (size_t i = s->n; i-- > 0;)
		if (id_eq(&s->at[i], id))
			return true;
	return false;
}

static void set_add(struct chain *c, struct id_set *s, const struct id *id)
{
	if (set_has(s, id))
		return;
	if (s->n == s->room) {
		struct id *more;

		s->room = s->room ? 2 * s->room : 64;
		more = ARENA_ARRAY(c->arena, struct id, s->room);
		if (s->n)
			memcpy(more, s->at, s->n * sizeof(*more));
		s->at = more;
	}
	s->at[s->n++] = *id;
}

static void found(struct chain *c, int64_t node, int64_t seq, const char *text)
{
	if (c->report.list.n < CHAIN_FINDINGS)
		c->findings[c->report.list.n++] = (struct chain_finding){
			node, seq, str_copy(c->arena, str_of(text))
		};
	c->report.findings++;
}

void chain_finding(struct chain *c, int64_t seq, const char *text)
{
	found(c, c->node, seq, text);
}

void chain_wrong(struct chain *c, int64_t node, int64_t seq, const char *fmt,
		 ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	found(c, node, seq, text);
}

void chain_row(struct chain *c)
{
	c->report.rows++;
}

enum err chain_stream(struct ctx *cx, struct chain *c, const struct id *stream,
		      struct list *out)
{
	return places_read(c->places, cx, stream, 1, INT64_MAX, out);
}

void chain_node(struct chain *c, int64_t node, int64_t seq,
		const uint8_t hash[HASH_BYTES])
{
	if (node != c->node)
		c->report.nodes++;
	c->node = node;
	c->seq = seq;
	c->broken = false;
	memcpy(c->hash, hash, HASH_BYTES);
}

void chain_page(struct chain *c, int64_t node, int64_t after,
		const uint8_t hash[HASH_BYTES])
{
	if (node == c->node && after == c->seq &&
	    memcmp(hash, c->hash, HASH_BYTES) == 0)
		return;
	if (node == c->node)
		chain_finding(c, after,
			      "this page does not begin where the one before "
			      "it ends");
	chain_node(c, node, after, hash);
}

bool chain_begun(const struct chain *c)
{
	return c->node != 0;
}

/* Takes the next place; false if it is not the next. */
static bool step(struct chain *c, int64_t seq)
{
	c->report.records++;
	if (seq == c->seq + 1) {
		c->seq = seq;
		return true;
	}
	if (!c->broken)
		chain_finding(c, seq,
			      seq > c->seq + 1
				      ? "records before this one are missing"
				      : "a place occurs twice or out of order");
	c->broken = true;
	c->seq = seq;
	return false;
}

static void check_personal(struct chain *c, const struct record *r)
{
	if (r->personal.p) {
		if (!record_personal_ok(r))
			chain_finding(c, r->seq,
				      "the personal part was changed");
	} else if (r->personal_hash.p) {
		c->report.erased++;
		set_add(c, &c->erased, &r->learner);
	}
}

static void take(struct chain *c, const struct record *r)
{
	uint8_t hash[HASH_BYTES];
	bool next = step(c, r->seq);

	record_hash(r, c->hash, hash);
	if (r->hash.n != HASH_BYTES ||
	    memcmp(hash, r->hash.p, HASH_BYTES) != 0) {
		if (next && !c->broken)
			chain_finding(c, r->seq,
				      "the record was changed, or the one "
				      "before it replaced");
	} else {
		c->broken = false;
	}
	/* Go on from what is stored, so that one change is one finding. */
	memcpy(c->hash,
	       r->hash.n == HASH_BYTES ? (const uint8_t *)r->hash.p : hash,
	       HASH_BYTES);
	if (str_is(r->event, "learner.erased"))
		set_add(c, &c->erasures, &r->learner);
}

void chain_record(struct chain *c, const struct record *r)
{
	take(c, r);
	check_personal(c, r);
}

void chain_shown(struct chain *c, const struct record *r)
{
	take(c, r);
	if (r->personal.p)
		check_personal(c, r);
}

void chain_unseen(struct chain *c, int64_t seq,
		  const uint8_t digest[HASH_BYTES])
{
	step(c, seq);
	record_link(c->hash, digest, c->hash);
}

static void note_key(struct chain *c, struct str key)
{
	struct buf b = { 0 };
	struct str hex;

	buf_hex(&b, key.p, key.n);
	hex = buf_copy(&b, c->arena);
	buf_done(&b);
	for (size_t i = 0; i < c->report.keys.n; i++)
		if (str_eq(c->keys[i], hex))
			return;
	if (c->report.keys.n < KEYS_MAX)
		c->keys[c->report.keys.n++] = hex;
}

void chain_checkpoint(struct chain *c, const struct checkpoint *p)
{
	if (!checkpoint_ok(c->cx, p)) {
		chain_finding(c, p->seq, "a checkpoint's signature is wrong");
		return;
	}
	if (p->seq > c->seq) {
		chain_finding(c, p->seq,
			      "a signed checkpoint lies beyond the last "
			      "record: the end was cut off");
		return;
	}
	if (p->seq == c->seq && memcmp(p->hash.p, c->hash, HASH_BYTES) != 0) {
		chain_finding(c, p->seq,
			      "the chain is not the one that was signed here");
		return;
	}
	c->report.checkpoints++;
	note_key(c, p->key);
}

void chain_done(struct chain *c, struct chain_report *out)
{
	for (size_t i = 0; i < c->erased.n; i++)
		if (!set_has(&c->erasures, &c->erased.at[i]))
			chain_finding(c, 0,
				      "a learner's personal parts are gone "
				      "without a recorded erasure");
	c->report.intact = c->report.findings == 0;
	c->report.list.at = c->findings;
	c->report.keys.at = c->keys;
	*out = c->report;
}

/* ---- the whole database ---- */

struct walk {
	struct chain *chain;
	struct checkpoint *points; /* of this node, in order */
	size_t points_n, point;
	int64_t last;
	void (*progress)(void *arg, int64_t records);
	void *arg;
};

static enum err walk_record(struct ctx *cx, const void *row, void *arg)
{
	const struct record *r = row;
	struct walk *w = arg;

	(void)cx;
	chain_record(w->chain, r);
	w->last = r->seq;
	while (w->point < w->points_n && w->points[w->point].seq <= r->seq)
		chain_checkpoint(w->chain, &w->points[w->point++]);
	if (w->progress && w->chain->report.records % 4096 == 0)
		w->progress(w->arg, w->chain->report.records);
	return OK;
}

static enum err walk_node(struct ctx *cx, struct walk *w, int64_t node)
{
	static const uint8_t zeros[HASH_BYTES];
	struct list points;
	int64_t missing, stray;
	enum err e = checkpoint_list(cx, node, 0, SIZE_MAX, &points);

	if (e)
		return e;
	w->points = points.at;
	w->points_n = points.n;
	w->point = 0;
	chain_node(w->chain, node, 0, zeros);
	e = store_each(cx, &record_sql[RECORD_AFTER],
		       VALS(v_int(node), v_int(0), v_int(INT64_MAX)),
		       walk_record, w);
	if (e)
		return e;
	while (w->point < w->points_n)
		chain_checkpoint(w->chain, &w->points[w->point++]);
	e = places_verify(cx, node, &missing, &stray);
	if (!e && missing)
		chain_finding(w->chain, missing,
			      "the record is in the chain and not in its "
			      "stream: what is folded leaves it out");
	if (!e && stray)
		chain_finding(w->chain, stray,
			      "a stream leads to this place, where its record "
			      "is not");
	return e;
}

/*
 * Without a server nothing knows yet where the last records stand, and looking
 * for that at each stream would take for ever.
 */
static enum err run_checks(struct ctx *cx, struct chain *c,
			   const struct chain_check *checks)
{
	struct places *own = NULL;
	enum err e = OK;

	if (cx->app && cx->app->journal) {
		c->places = journal_places(cx->app->journal);
	} else {
		c->places = own = places_new(0);
		e = places_load(own, cx);
	}
	for (; !e && checks->run; checks++)
		e = checks->run(cx, c);
	places_free(own);
	return e;
}

enum err chain_verify(struct ctx *cx, const struct chain_check *checks,
		      void (*progress)(void *arg, int64_t records), void *arg,
		      struct chain_report *out)
{
	struct walk w = { .chain = chain_new(cx),
			  .progress = progress,
			  .arg = arg };
	struct record_node row = { 0 };
	int64_t node = 0;
	enum err e;

	for (;;) {
		e = store_one(cx, &record_sql[RECORD_NODE], VALS(v_int(node)),
			      &row);
		if (e == ERR_NOT_FOUND)
			break;
		if (e)
			return e;
		node = row.node;
		e = walk_node(cx, &w, node);
		if (e)
			return e;
	}
	err_clear(cx);
	e = checks ? run_checks(cx, w.chain, checks) : OK;
	if (!e)
		chain_done(w.chain, out);
	return e;
}
