/*
 * catalog: definitions decoded once. An entry is immutable and shared; one
 * that nobody holds may leave the cache, and its memory is freed only
 * LINGER_MS later, longer than any request lives.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/app.h"
#include "engine/assessment/assessment.h"
#include "engine/assessment/assessment_sql.h"
#include "engine/assessment/peer_file.h"

enum { SLOTS = 4096, LINGER_MS = 120000 };

struct cached {
	struct published pub; /* first: holders know only this */
	struct arena *arena;
	struct cached *next; /* in its chain, or among those to be freed */
	int64_t used_ms;
	int64_t holders;
};

struct catalog {
	pthread_mutex_t lock;
	size_t most, n;
	struct cached *chain[SLOTS];
	struct cached *leaving;
};

struct catalog *catalog_new(size_t most)
{
	struct catalog *c = calloc(1, sizeof(*c)); /* allowed: process */

	CHECK(c);
	pthread_mutex_init(&c->lock, NULL);
	c->most = most;
	return c;
}

static void cached_free(struct cached *e)
{
	arena_free(e->arena);
	free(e);
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	for (int i = 0; i <= SLOTS; i++) {
		struct cached *e = i < SLOTS ? c->chain[i] : c->leaving, *next;

		for (; e; e = next) {
			next = e->next;
			cached_free(e);
		}
	}
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct cached **chain_of(struct catalog *c, const struct id *id)
{
	return &c->chain[id_hash(id) % SLOTS];
}

static struct cached *find(struct catalog *c, const struct id *id)
{
	struct cached *e = *chain_of(c, id);

	while (e && !id_eq(&e->pub.row.id, id))
		e = e->next;
	return e;
}

/* Frees what left long ago; moves out the least used that nobody holds. */
static void shrink(struct catalog *c, int64_t now)
{
	struct cached **oldest = NULL, **at = &c->leaving;

	while (*at) {
		struct cached *e = *at;

		if (e->holders || now - e->used_ms < LINGER_MS) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		cached_free(e);
	}
	if (c->n <= c->most)
		return;
	for (int i = 0; i < SLOTS; i++)
		for (at = &c->chain[i]; *at; at = &(*at)->next)
			if (!(*at)->holders &&
			    (!oldest || (*at)->used_ms < (*oldest)->used_ms))
				oldest = at;
	if (oldest) {
		struct cached *e = *oldest;

		*oldest = e->next;
		e->next = c->leaving;
		c->leaving = e;
		c->n--;
	}
}

/* Decodes into an arena of its own. */
static enum err load(struct ctx *cx, const struct id *org, const struct id *id,
		     struct cached **out)
{
	struct cached *e = calloc(1, sizeof(*e)); /* allowed: shared entry */
	struct arena *request = cx->arena;
	struct body_row body;
	enum err err;

	CHECK(e);
	e->arena = arena_new(65536);
	cx->arena = e->arena;
	err = store_one(cx, &assessment_sql[ASSESSMENT_BY_ID],
			VALS(v_id(org), v_id(id)), &e->pub.row);
	if (!err)
		err = store_one(cx, &assessment_sql[ASSESSMENT_BODY],
				VALS(v_id(org), v_id(id)), &body);
	if (!err)
		err = assessment_read(cx, body.body, &e->pub.def, NULL);
	if (!err && e->pub.def.peer.p) {
		e->pub.has_peer = true;
		err = peer_file_read(cx, &e->pub.def, &e->pub.peer);
	}
	cx->arena = request;
	if (!err) {
		*out = e;
		return OK;
	}
	cached_free(e);
	if (err == ERR_NOT_FOUND)
		return err_set(cx, err, "there is no such assessment");
	return err;
}

/*
 * A version published in this very batch may still be undone, and stays here
 * then: harmless, since nobody was ever told its id.
 */
static enum err load_shared(struct catalog *c, struct ctx *cx,
			    const struct id *org, const struct id *id,
			    const struct published **out)
{
	struct cached *e, *mine = NULL;
	enum err err = load(cx, org, id, &mine);

	if (err)
		return err;
	pthread_mutex_lock(&c->lock);
	e = find(c, id);
	if (!e) {
		struct cached **chain = chain_of(c, id);

		mine->next = *chain;
		*chain = e = mine;
		c->n++;
		mine = NULL;
	}
	e->used_ms = clock_ms(cx->clock);
	shrink(c, e->used_ms);
	*out = &e->pub;
	pthread_mutex_unlock(&c->lock);
	if (mine)
		cached_free(mine);
	return OK;
}

enum err catalog_get(struct catalog *c, struct ctx *cx, const struct id *org,
		     const struct id *id, const struct published **out)
{
	struct cached *e;

	pthread_mutex_lock(&c->lock);
	e = find(c, id);
	if (e && id_eq(&e->pub.row.org, org)) {
		e->used_ms = clock_ms(cx->clock);
		*out = &e->pub;
		pthread_mutex_unlock(&c->lock);
		return OK;
	}
	pthread_mutex_unlock(&c->lock);
	if (e)
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such assessment");
	return load_shared(c, cx, org, id, out);
}

void catalog_hold(struct catalog *c, const struct published *p)
{
	pthread_mutex_lock(&c->lock);
	((struct cached *)p)->holders++;
	pthread_mutex_unlock(&c->lock);
}

void catalog_drop(struct catalog *c, const struct published *p, int64_t now)
{
	struct cached *e = (struct cached *)p;

	pthread_mutex_lock(&c->lock);
	e->holders--;
	e->used_ms = now;
	pthread_mutex_unlock(&c->lock);
}
