/*
 * journal: the node's hash chain as a part of the executor's transactions.
 *
 * Records wait in memory until the batch is flushed: one bulk insert instead
 * of a statement for each. The chain's head in memory runs ahead of the table
 * by what is pending; after an aborted transaction it is read again, for the
 * commit may have happened all the same. Keyed records are found by a small
 * table over the pending ones; since they leave it in the reverse order in
 * which they came, a slot is emptied without leaving a mark.
 */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "engine/audit/place.h"
#include "engine/audit/record_sql.h"

enum { CHUNK = 512, MS = 1000, SLOTS_LEAST = 1024 };

/* Picked places are times and above it, those of attempts are below. */
#define PICKED_LEAST (INT64_C(1) << 40)

struct journal {
	struct journal_opts o;
	struct places *places;

	/* Of the executor's thread. */
	bool loaded;
	int64_t seq; /* of the last record, pending ones included */
	uint8_t hash[HASH_BYTES];
	int64_t last_n; /* picked for a stream */
	struct record *pending;
	size_t n, room;
	size_t flushed; /* of pending: in the table already */
	size_t flushed_at_mark;
	struct val *vals; /* CHUNK rows */
	uint32_t *slots;  /* keyed pending ones: index + 1 */
	size_t slots_n, keyed_n;

	pthread_mutex_t lock; /* over the committed head */
	bool head_known;
	int64_t head_seq;
	uint8_t head_hash[HASH_BYTES];
};

struct journal *journal_new(const struct journal_opts *o)
{
	struct journal *j = calloc(1, sizeof(*j)); /* allowed: process */

	CHECK(j && o->node > 0);
	j->o = *o;
	j->places = places_new(o->lag);
	j->vals = calloc(CHUNK * RECORD_COLUMNS, /* allowed: process */
			 sizeof(*j->vals));
	CHECK(j->vals);
	j->slots_n = SLOTS_LEAST;
	j->slots = calloc(j->slots_n, /* allowed: process */
			  sizeof(*j->slots));
	CHECK(j->slots);
	CHECK(pthread_mutex_init(&j->lock, NULL) == 0);
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	pthread_mutex_destroy(&j->lock);
	places_free(j->places);
	free(j->slots);
	free(j->vals);
	free(j->pending);
	free(j);
}

/* The table of pending keys */

static size_t slot_of(const struct journal *j, const struct id *org,
		      struct str idem)
{
	return (id_hash(org) ^ str_hash(idem)) & (j->slots_n - 1);
}

/* The slot of this key, or the empty one where it would stand. */
static uint32_t *find_key(struct journal *j, const struct id *org,
			  struct str idem)
{
	size_t i = slot_of(j, org, idem);

	for (; j->slots[i]; i = (i + 1) & (j->slots_n - 1)) {
		const struct record *r = &j->pending[j->slots[i] - 1];

		if (id_eq(&r->org, org) && str_eq(r->idem, idem))
			break;
	}
	return &j->slots[i];
}

static void grow_keys(struct journal *j)
{
	j->slots_n *= 2;
	free(j->slots);
	j->slots = calloc(j->slots_n, /* allowed: process */
			  sizeof(*j->slots));
	CHECK(j->slots);
	for (size_t i = 0; i < j->n; i++) {
		const struct record *r = &j->pending[i];

		if (r->keyed)
			*find_key(j, &r->org, r->idem) = (uint32_t)i + 1;
	}
}

/* Drops pending records from the end, until n are left. */
static void drop_to(struct journal *j, size_t n)
{
	while (j->n > n) {
		const struct record *r = &j->pending[j->n - 1];

		if (r->keyed) {
			*find_key(j, &r->org, r->idem) = 0;
			j->keyed_n--;
		}
		j->n--;
	}
	if (j->flushed > n)
		j->flushed = n;
}

/* The head */

static void set_head(struct journal *j, int64_t seq,
		     const uint8_t hash[HASH_BYTES])
{
	pthread_mutex_lock(&j->lock);
	j->head_known = true;
	j->head_seq = seq;
	memcpy(j->head_hash, hash, HASH_BYTES);
	pthread_mutex_unlock(&j->lock);
}

void journal_head(struct journal *j, int64_t *seq, uint8_t hash[HASH_BYTES])
{
	pthread_mutex_lock(&j->lock);
	*seq = j->head_seq;
	memcpy(hash, j->head_hash, HASH_BYTES);
	pthread_mutex_unlock(&j->lock);
}

/* Commits that were told as lost and had happened: the feed lacks them. */
static enum err publish_missed(struct journal *j, struct ctx *cx, int64_t to)
{
	int64_t from = j->head_seq;
	enum err e = OK;

	while (!e && from < to && j->o.published) {
		struct list l;

		e = store_list(
			cx, &record_sql[RECORD_AFTER],
			VALS(v_int(j->o.node), v_int(from), v_int(CHUNK)),
			CHUNK, &l, NULL);
		if (e || l.n == 0)
			break;
		j->o.published(j->o.arg, l.at, l.n);
		from += (int64_t)l.n;
	}
	return e;
}

/*
 * No place is picked that is not above all before: of the records that this
 * node picked a place for, the last has the largest. Only the end of the chain
 * is searched for it; what was picked before that is long past.
 */
static enum err load_picked(struct journal *j, struct ctx *cx,
			    const struct record_head *head)
{
	struct place last = { 0 };
	enum err e =
		store_one(cx, &record_sql[RECORD_PICKED],
			  VALS(v_int(j->o.node), v_int(head->seq - PLACE_LAG),
			       v_int(PICKED_LEAST)),
			  &last);

	if (e && e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	if (head->seq && last.n < head->at_ms * MS)
		last.n = head->at_ms * MS;
	if (j->last_n < last.n)
		j->last_n = last.n;
	return OK;
}

enum err journal_load(struct journal *j, struct ctx *cx)
{
	struct record_head head = { 0 };
	static const uint8_t zeros[HASH_BYTES];
	enum err e = store_one(cx, &record_sql[RECORD_HEAD],
			       VALS(v_int(j->o.node)), &head);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		head.hash = (struct str){ (const char *)zeros, HASH_BYTES };
	} else if (e) {
		return e;
	}
	if (head.hash.n != HASH_BYTES)
		return err_set(cx, ERR_CORRUPT, "A record's hash is damaged.");
	if (j->head_known) {
		e = publish_missed(j, cx, head.seq);
		if (e)
			return e;
	}
	e = places_load(j->places, cx);
	if (!e)
		e = load_picked(j, cx, &head);
	if (e)
		return e;
	j->seq = head.seq;
	memcpy(j->hash, head.hash.p, HASH_BYTES);
	j->loaded = true;
	set_head(j, j->seq, j->hash);
	return OK;
}

/* Appending */

/*
 * Grows on this node, also when the clock is set back and over restarts; on
 * several nodes as their clocks do. Below 2^53 until the year 2255, for readers
 * whose numbers are doubles.
 */
static int64_t pick_n(struct journal *j, int64_t at_ms)
{
	int64_t n = at_ms * MS + j->o.node % MS;

	if (n <= j->last_n)
		n = j->last_n + 1;
	j->last_n = n;
	return n;
}

static void seal_personal(struct ctx *cx, struct record *r)
{
	uint8_t *p = arena_alloc(cx->arena, SALT_BYTES + HASH_BYTES);

	rng_fill(cx->rng, p, SALT_BYTES);
	r->personal_salt = (struct str){ (const char *)p, SALT_BYTES };
	record_personal_hash(r->personal_salt, r->personal, p + SALT_BYTES);
	r->personal_hash =
		(struct str){ (const char *)p + SALT_BYTES, HASH_BYTES };
}

/*
 * The next place of the stream. Clocks that were set back, and a start since,
 * may make one that was given before: then it is the one after the last.
 */
static enum err pick(struct journal *j, struct ctx *cx, struct record *r,
		     int64_t *top)
{
	enum err e;

	r->n = pick_n(j, r->at_ms);
	e = places_check(j->places, cx, r, top);
	if (e && e != ERR_CONFLICT)
		return e;
	err_clear(cx);
	if (*top < r->n)
		return OK;
	j->last_n = *top;
	r->n = pick_n(j, r->at_ms);
	return OK;
}

static enum err append(struct journal *j, struct ctx *cx, struct record *r)
{
	uint8_t *hash = arena_alloc(cx->arena, HASH_BYTES);
	int64_t top = 0;
	enum err e = r->n ? places_check(j->places, cx, r, &top)
			  : pick(j, cx, r, &top);

	if (e)
		return e;
	r->node = j->o.node;
	r->seq = ++j->seq;
	if (r->personal.p)
		seal_personal(cx, r);
	record_hash(r, j->hash, hash);
	memcpy(j->hash, hash, HASH_BYTES);
	r->hash = (struct str){ (const char *)hash, HASH_BYTES };
	if (r->keyed) {
		if (++j->keyed_n * 2 > j->slots_n)
			grow_keys(j);
		*find_key(j, &r->org, r->idem) = (uint32_t)j->n + 1;
	}
	j->pending[j->n++] = *r;
	places_add(j->places, r, top);
	return OK;
}

static bool key_taken(struct journal *j, const struct record_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->r[i].keyed && *find_key(j, &l->r[i].org, l->r[i].idem))
			return true;
	return false;
}

/* As if only the first n had been appended. */
static void cut_back(struct journal *j, size_t n)
{
	if (n == j->n)
		return;
	drop_to(j, n);
	if (n) {
		j->seq = j->pending[n - 1].seq;
		memcpy(j->hash, j->pending[n - 1].hash.p, HASH_BYTES);
	} else {
		journal_head(j, &j->seq, j->hash);
	}
	places_undo(j->places, j->o.node, j->seq);
}

enum err journal_append(struct journal *j, struct ctx *cx,
			struct record_list *list)
{
	enum err e = OK;
	size_t before;

	if (!j->loaded)
		e = journal_load(j, cx);
	if (e)
		return e;
	if (key_taken(j, list))
		return err_set(cx, ERR_CONFLICT,
			       "This idempotency key is being used.");
	if (j->n + list->n > j->room) {
		j->room = (j->n + list->n) * 2;
		j->pending = realloc(j->pending, /* allowed: process */
				     j->room * sizeof(*j->pending));
		CHECK(j->pending);
	}
	before = j->n;
	for (size_t i = 0; !e && i < list->n; i++)
		e = append(j, cx, &list->r[i]);
	if (e)
		cut_back(j, before);
	return e;
}

enum err journal_apart(struct journal *j, struct ctx *cx,
		       enum err (*fn)(struct ctx *cx, void *arg), void *arg)
{
	struct record_list *outer = cx->records, own = { 0 };
	enum err e;

	if (outer)
		own.actor = outer->actor;
	cx->records = &own;
	e = fn(cx, arg);
	if (!e)
		e = journal_append(j, cx, &own);
	cx->records = outer;
	return e;
}

enum err journal_flush(struct journal *j, struct ctx *cx)
{
	while (j->flushed < j->n) {
		size_t rows = j->n - j->flushed;
		enum err e;

		if (rows > CHUNK)
			rows = CHUNK;
		for (size_t i = 0; i < rows; i++)
			record_vals(&j->pending[j->flushed + i],
				    &j->vals[i * RECORD_COLUMNS]);
		e = store_bulk(cx, &record_sql[RECORD_INSERT], j->vals, rows,
			       RECORD_COLUMNS);
		if (e)
			return e;
		j->flushed += rows;
	}
	return OK;
}

/* Finding */

static void copy(struct ctx *cx, struct str *s)
{
	*s = str_copy(cx->arena, *s);
}

static void copy_record(struct ctx *cx, const struct record *from,
			struct record *to)
{
	*to = *from;
	copy(cx, &to->actor);
	copy(cx, &to->event);
	copy(cx, &to->idem);
	copy(cx, &to->ask);
	copy(cx, &to->body);
	copy(cx, &to->personal);
	copy(cx, &to->personal_salt);
	copy(cx, &to->personal_hash);
	copy(cx, &to->reply);
	copy(cx, &to->hash);
}

enum err journal_by_key(struct journal *j, struct ctx *cx, const struct id *org,
			struct str idem, struct record *out)
{
	uint32_t at = *find_key(j, org, idem);

	if (at) {
		copy_record(cx, &j->pending[at - 1], out);
		return OK;
	}
	return store_one(cx, &record_sql[RECORD_BY_KEY],
			 VALS(v_id(org), v_bytes(idem)), out);
}

/* The part */

static size_t part_mark(void *arg)
{
	struct journal *j = arg;

	j->flushed_at_mark = j->flushed;
	return j->n;
}

/*
 * The rollback to the savepoint has also taken out of the table what was
 * flushed since the mark, other works' records among it.
 */
static void part_undo(void *arg, size_t mark)
{
	struct journal *j = arg;

	if (j->flushed > j->flushed_at_mark)
		j->flushed = j->flushed_at_mark;
	cut_back(j, mark);
}

static enum err part_flush(void *arg, struct ctx *cx)
{
	struct journal *j = arg;
	enum err e = journal_flush(j, cx);

	return e ? e : places_flush(j->places, cx);
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct journal *j = arg;

	(void)cx;
	places_committed(j->places);
	if (j->n == 0)
		return;
	CHECK(j->flushed == j->n);
	set_head(j, j->seq, j->hash);
	if (j->o.published)
		j->o.published(j->o.arg, j->pending, j->n);
	drop_to(j, 0);
}

static void part_aborted(void *arg)
{
	struct journal *j = arg;

	drop_to(j, 0);
	places_aborted(j->places);
	j->loaded = false;
}

struct places *journal_places(struct journal *j)
{
	return j->places;
}

struct tx_part journal_part(struct journal *j)
{
	return (struct tx_part){ .arg = j,
				 .mark = part_mark,
				 .undo = part_undo,
				 .flush = part_flush,
				 .committed = part_committed,
				 .aborted = part_aborted };
}
