#include "engine/auth/person_key.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { PLACES = 1024 }; /* one key each: the last that was asked for */

struct place {
	struct id org; /* none: empty */
	uint8_t key[PERSON_KEY_BYTES];
};

struct person_keys {
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct person_keys *person_keys_new(void)
{
	struct person_keys *k = calloc(1, sizeof(*k)); /* allowed: process */

	CHECK(k);
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void person_keys_free(struct person_keys *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->lock);
	sodium_memzero(k, sizeof(*k));
	free(k);
}

static struct place *place_of(struct person_keys *k, const struct id *org)
{
	return &k->places[id_hash(org) % PLACES];
}

static bool find(struct person_keys *k, const struct id *org,
		 uint8_t out[PERSON_KEY_BYTES])
{
	struct place *p = place_of(k, org);
	bool here;

	pthread_mutex_lock(&k->lock);
	here = id_eq(&p->org, org);
	if (here)
		memcpy(out, p->key, PERSON_KEY_BYTES);
	pthread_mutex_unlock(&k->lock);
	return here;
}

/* One of an organization that is undone stays: nobody asks for it again. */
static void put(struct person_keys *k, const struct id *org,
		const uint8_t key[PERSON_KEY_BYTES])
{
	struct place *p = place_of(k, org);

	pthread_mutex_lock(&k->lock);
	p->org = *org;
	memcpy(p->key, key, PERSON_KEY_BYTES);
	pthread_mutex_unlock(&k->lock);
}

enum err person_keys_get(struct person_keys *keys, struct ctx *cx,
			 const struct id *org, uint8_t out[PERSON_KEY_BYTES])
{
	struct organization o;
	enum err e;

	if (keys && find(keys, org, out))
		return OK;
	e = org_load(cx, org, &o);
	if (e)
		return e;
	if (o.person_key.n != PERSON_KEY_BYTES)
		return err_set(cx, ERR_CORRUPT,
			       "the organization's row is damaged");
	memcpy(out, o.person_key.p, PERSON_KEY_BYTES);
	if (keys)
		put(keys, org, out);
	return OK;
}
