#include "engine/audit/record.h"

#include <sodium.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/audit/place.h"
#include "engine/audit/record_sql.h"

struct record *record_stage(struct ctx *cx, const struct record *r)
{
	struct record_list *l = cx->records;
	struct record *to;

	CHECK(l && l->n < RECORDS_MAX);
	if (l->n == 0 || l->n == l->room) {
		size_t room = l->n ? 4 * l->n : 4;
		struct record *all =
			ARENA_ARRAY(cx->arena, struct record, room);

		for (size_t i = 0; i < l->n; i++)
			all[i] = l->r[i];
		l->r = all;
		l->room = room;
	}
	to = &l->r[l->n++];
	*to = *r;
	if (!to->at_ms)
		to->at_ms = clock_ms(cx->clock);
	if (!to->actor.p)
		to->actor = l->actor.p ? l->actor : STR("engine");
	return to;
}

/* Hashing */

typedef crypto_generichash_state hash_state;

static void add(hash_state *h, const void *p, size_t n)
{
	crypto_generichash_update(h, p, n);
}

static void add_int(hash_state *h, int64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)((uint64_t)v >> (8 * i));
	add(h, b, sizeof(b));
}

static void add_str(hash_state *h, struct str s)
{
	add_int(h, s.p ? (int64_t)s.n : -1);
	if (s.n)
		add(h, s.p, s.n);
}

void record_digest(const struct record *r, uint8_t out[HASH_BYTES])
{
	uint8_t keyed = r->keyed;
	hash_state h;

	crypto_generichash_init(&h, NULL, 0, HASH_BYTES);
	add_int(&h, r->node);
	add_int(&h, r->seq);
	add(&h, r->org.b, ID_BYTES);
	add(&h, r->stream.b, ID_BYTES);
	add_int(&h, r->n);
	add_int(&h, r->at_ms);
	add_str(&h, r->actor);
	add(&h, r->learner.b, ID_BYTES);
	add_str(&h, r->event);
	add(&h, &keyed, 1);
	add_str(&h, r->idem);
	add_str(&h, r->ask);
	add_str(&h, r->body);
	add_str(&h, r->personal_hash);
	add_str(&h, r->reply);
	crypto_generichash_final(&h, out, HASH_BYTES);
}

void record_link(const uint8_t prev[HASH_BYTES],
		 const uint8_t digest[HASH_BYTES], uint8_t out[HASH_BYTES])
{
	uint8_t both[2 * HASH_BYTES];

	memcpy(both, prev, HASH_BYTES);
	memcpy(both + HASH_BYTES, digest, HASH_BYTES);
	crypto_generichash(out, HASH_BYTES, both, sizeof(both), NULL, 0);
}

void record_hash(const struct record *r, const uint8_t prev[HASH_BYTES],
		 uint8_t out[HASH_BYTES])
{
	uint8_t own[HASH_BYTES];

	record_digest(r, own);
	record_link(prev, own, out);
}

/* Each part by its length, so that no two lists of parts look alike. */
static void digest(const struct str *parts, size_t n, uint8_t *out,
		   size_t bytes)
{
	hash_state h;

	crypto_generichash_init(&h, NULL, 0, bytes);
	for (size_t i = 0; i < n; i++)
		add_str(&h, parts[i]);
	crypto_generichash_final(&h, out, bytes);
}

void record_personal_hash(struct str salt, struct str personal,
			  uint8_t out[HASH_BYTES])
{
	const struct str parts[] = { salt, personal };

	digest(parts, 2, out, HASH_BYTES);
}

bool record_personal_ok(const struct record *r)
{
	uint8_t hash[HASH_BYTES];

	if (!r->personal.p)
		return !r->personal_salt.p;
	record_personal_hash(r->personal_salt, r->personal, hash);
	return str_eq(r->personal_hash,
		      (struct str){ (const char *)hash, sizeof(hash) });
}

static struct str key_of(struct ctx *cx, const char *use, struct str a,
			 struct str b)
{
	const struct str parts[] = { str_of(use), a, b };
	uint8_t *out = arena_alloc(cx->arena, KEY_BYTES);

	digest(parts, 3, out, KEY_BYTES);
	return (struct str){ (const char *)out, KEY_BYTES };
}

struct str record_idem(struct ctx *cx, struct str actor, struct str key)
{
	return key_of(cx, "idem", actor, key);
}

struct str record_ask(struct ctx *cx, struct str method, struct str params)
{
	return key_of(cx, "ask", method, params);
}

/* Reading */

static struct places *places_of(const struct ctx *cx)
{
	return cx->app && cx->app->journal ? journal_places(cx->app->journal)
					   : NULL;
}

enum err record_stream(struct ctx *cx, const struct id *stream, int64_t n_after,
		       struct list *out)
{
	return places_read(places_of(cx), cx, stream, n_after + 1, INT64_MAX,
			   out);
}

enum err record_stream_part(struct ctx *cx, const struct id *stream,
			    int64_t n_after, int64_t most, struct list *out)
{
	return places_read(places_of(cx), cx, stream, n_after + 1,
			   n_after + most, out);
}

enum err record_at(struct ctx *cx, const struct id *stream, int64_t n,
		   struct record *out)
{
	struct list l;
	enum err e = places_read(places_of(cx), cx, stream, n, n, &l);

	if (!e && l.n == 0)
		e = err_set(cx, ERR_NOT_FOUND, "there is no such record");
	if (!e)
		*out = ((const struct record *)l.at)[0];
	return e;
}
