/*
 * Theory of operation: a token's principal is found by a keyed hash of the
 * token in a sharded table of copies. An entry is believed while it is of the
 * current generation, younger than AUTH_TRUST_MS and not expired; else the
 * token is checked from scratch (a row read; for a JWT also a signature, about
 * 100 us) and the entry replaced. Callers get a copy in their own arena, so no
 * entry is ever referenced outside its shard's lock.
 */
#include "engine/auth/auth.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/auth/auth_sql.h"
#include "engine/auth/jwt.h"
#include "engine/auth/key.h"
#include "engine/auth/org.h"
#include "engine/auth/person_key.h"
#include "engine/auth/rate.h"

const char *const role_words[] = {
	"platform", "author",	"moderator", "learner",
	"reviewer", "auditor",	"org_admin", "program_admin",
	"worker",   "operator", NULL
};

enum {
	SHARDS = 16,
	WAYS = 8,
	HASH = 16,
	OWN_HASH = 32,
	READER_WAIT_MS = 2000,
	AUDIENCES_MAX = 16, /* of one token: a look-up each */
};

struct entry {
	uint8_t hash[HASH];
	struct arena *arena; /* holds who's strings; NULL: empty */
	struct principal who;
	int64_t checked_ms;
	uint64_t used; /* for eviction: the shard's tick */
	unsigned generation;
};

struct shard {
	pthread_mutex_t lock;
	uint64_t tick;
	struct entry *entries;
};

struct auth {
	struct auth_opts o;
	uint8_t key[32];
	unsigned generation;	      /* atomic */
	size_t per_shard;	      /* a multiple of WAYS */
	uint8_t own_worker[OWN_HASH]; /* under own_lock */
	bool has_own_worker;
	pthread_mutex_t own_lock;
	struct rate *rate;
	struct person_keys *person_keys;
	struct shard shard[SHARDS];
};

struct auth *auth_new(const struct auth_opts *o)
{
	struct auth *a = calloc(1, sizeof(*a)); /* allowed: process lifetime */

	CHECK(a);
	a->o = *o;
	randombytes_buf(a->key, sizeof(a->key));
	a->per_shard = (o->cache_entries / SHARDS / WAYS + 1) * WAYS;
	pthread_mutex_init(&a->own_lock, NULL);
	a->rate = rate_new(o->rate, o->burst);
	a->person_keys = person_keys_new();
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&a->shard[i].lock, NULL);
		a->shard[i].entries =
			calloc(/* allowed: process lifetime */
			       a->per_shard, sizeof(struct entry));
		CHECK(a->shard[i].entries);
	}
	return a;
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	for (int i = 0; i < SHARDS; i++) {
		for (size_t k = 0; k < a->per_shard; k++)
			arena_free(a->shard[i].entries[k].arena);
		free(a->shard[i].entries);
		pthread_mutex_destroy(&a->shard[i].lock);
	}
	pthread_mutex_destroy(&a->own_lock);
	rate_free(a->rate);
	person_keys_free(a->person_keys);
	free(a);
}

struct person_keys *auth_person_keys(struct auth *a)
{
	return a->person_keys;
}

void auth_forget(struct auth *a)
{
	__atomic_add_fetch(&a->generation, 1, __ATOMIC_SEQ_CST);
}

bool principal_has(const struct principal *p, uint32_t any_of)
{
	return p && (p->roles & any_of);
}

bool principal_covers(const struct principal *p, struct str course)
{
	if (!p->courses.n)
		return true;
	for (size_t i = 0; i < p->courses.n; i++)
		if (str_eq(((struct str *)p->courses.at)[i], course))
			return true;
	return false;
}

enum err principal_course(struct ctx *cx, struct str course)
{
	if (principal_covers(cx->who, course))
		return OK;
	return err_set(cx, ERR_NOT_FOUND, "there is no such course");
}

static void copy_principal(struct arena *a, const struct principal *from,
			   struct principal *to)
{
	*to = *from;
	to->actor = str_copy(a, from->actor);
	to->subject = from->subject.p ? str_copy(a, from->subject)
				      : (struct str){ 0 };
	to->name = from->name.p ? str_copy(a, from->name) : (struct str){ 0 };
	to->courses.at = ARENA_ARRAY(a, struct str, from->courses.n);
	for (size_t i = 0; i < from->courses.n; i++)
		((struct str *)to->courses.at)[i] =
			str_copy(a, ((struct str *)from->courses.at)[i]);
}

static struct entry *set_of(struct auth *a, struct shard *s,
			    const uint8_t hash[HASH])
{
	uint64_t h;

	memcpy(&h, hash + 8, sizeof(h));
	return s->entries + h % (a->per_shard / WAYS) * WAYS;
}

static bool cache_get(struct auth *a, struct ctx *cx, const uint8_t hash[HASH],
		      int64_t now, struct principal *out)
{
	struct shard *s = &a->shard[hash[0] % SHARDS];
	unsigned generation = __atomic_load_n(&a->generation, __ATOMIC_SEQ_CST);
	struct entry *set;
	bool found = false;

	pthread_mutex_lock(&s->lock);
	set = set_of(a, s, hash);
	for (int i = 0; i < WAYS && !found; i++) {
		struct entry *e = &set[i];

		if (!e->arena || memcmp(e->hash, hash, HASH) != 0)
			continue;
		if (e->generation != generation ||
		    now - e->checked_ms >= AUTH_TRUST_MS ||
		    now < e->checked_ms || e->who.expires_ms <= now)
			break;
		e->used = ++s->tick;
		copy_principal(cx->arena, &e->who, out);
		found = true;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static void cache_put(struct auth *a, const uint8_t hash[HASH], int64_t now,
		      unsigned generation, const struct principal *who)
{
	struct shard *s = &a->shard[hash[0] % SHARDS];
	struct entry *set, *e;

	pthread_mutex_lock(&s->lock);
	set = set_of(a, s, hash);
	e = set;
	for (int i = 0; i < WAYS; i++) {
		if (set[i].arena && memcmp(set[i].hash, hash, HASH) == 0) {
			e = &set[i];
			break;
		}
		if (set[i].used < e->used)
			e = &set[i];
	}
	if (e->arena)
		arena_reset(e->arena);
	else
		e->arena = arena_new(256);
	memcpy(e->hash, hash, HASH);
	copy_principal(e->arena, who, &e->who);
	e->checked_ms = now;
	e->generation = generation;
	e->used = ++s->tick;
	pthread_mutex_unlock(&s->lock);
}

static enum err unknown(struct ctx *cx, const char *why)
{
	return err_set(cx, ERR_UNAUTHENTICATED, "%s", why);
}

static enum err check_key(struct ctx *cx, struct str token,
			  struct principal *out)
{
	uint8_t hash[32];
	struct api_key k;
	char text[ID_TEXT + 1];
	struct id id;
	enum err e;

	if (!key_parse(cx, token, &id, hash))
		return unknown(cx, "the API key is malformed; it was shown "
				   "once, when it was made");
	e = store_one(cx, &auth_sql[KEY_BY_ID], VALS(v_id(&id)), &k);
	if (e == ERR_NOT_FOUND)
		return unknown(cx, "the API key is not known");
	if (e)
		return e;
	if (k.hash.n != 32 || sodium_memcmp(k.hash.p, hash, 32) != 0)
		return unknown(cx, "the API key is not known");
	if (k.revoked_at)
		return unknown(cx, "the API key was revoked");
	if (k.expires_at && k.expires_at <= clock_ms(cx->clock))
		return unknown(cx, "the API key has expired");
	id_text(&k.id, text);
	*out = (struct principal){
		.org = k.org,
		.roles = k.roles,
		.key = k.id,
		.actor = str_fmt(cx->arena, "key:%s", text),
		.courses = k.courses,
		.expires_ms = k.expires_at ? k.expires_at : INT64_MAX,
		.bucket = id_hash(&k.id),
	};
	return OK;
}

static enum err fill_person(struct ctx *cx, const struct issuer *i,
			    const struct jwt_claims *c, int64_t skew,
			    struct principal *out)
{
	struct person_found p;
	char text[ID_TEXT + 1];
	enum err e;

	if (c->roles & ~i->roles)
		return unknown(cx, "the token claims a role that its issuer "
				   "was not given");
	e = person_find(cx, &i->org, c->sub, &p);
	if (e)
		return e;
	/* What he was called before is forgotten, by him as well. */
	if (p.erased_at && c->iat_ms <= p.erased_at)
		return unknown(cx, "this person was erased after the token "
				   "was issued; if he is to come back, the "
				   "platform issues a new one");
	id_text(&p.id, text);
	*out = (struct principal){
		.org = i->org,
		.roles = c->roles,
		.actor = str_fmt(cx->arena, "%s:%s",
				 c->roles == ROLE_LEARNER ? "learner" : "user",
				 text),
		.subject = c->sub,
		.name = c->name.n <= LIMIT_NAME_BYTES ? c->name
						      : (struct str){ 0 },
		.person = p.id,
		.courses = c->courses,
		.expires_ms = c->exp_ms + skew,
		.bucket = id_hash(&p.id),
	};
	return OK;
}

/*
 * The registration that signed the token for one of its audiences. Another
 * tenant can have the same issuer and public keys, but not the same audience:
 * so whose a token is stands in what its platform signed. One that names the
 * audiences of two tenants leaves that open, and is nobody's.
 */
static enum err find_issuer(struct ctx *cx, struct str token,
			    const struct jwt_claims *c, struct issuer *out)
{
	bool known = false, found = false;
	struct issuer one;

	if (c->aud.n > AUDIENCES_MAX)
		return unknown(cx, "the token names too many audiences (aud)");
	for (size_t i = 0; i < c->aud.n; i++) {
		enum err e =
			store_one(cx, &auth_sql[ISSUER_LIVE],
				  VALS(v_text(c->iss),
				       v_text(((struct str *)c->aud.at)[i])),
				  &one);

		if (e && e != ERR_NOT_FOUND)
			return e;
		err_clear(cx);
		known |= !e;
		if (e || !jwt_signed_by(cx, token, c, &one))
			continue;
		if (found && !id_eq(&one.org, &out->org))
			return unknown(cx, "the token names the audiences of "
					   "several organizations; sign one "
					   "for each");
		if (!found)
			*out = one;
		found = true;
	}
	if (found)
		return OK;
	return unknown(cx, known ? "none of the issuer's registered keys "
				   "signed the token"
				 : "the token's issuer (iss) is not registered "
				   "with this audience (aud)");
}

static enum err check_jwt(struct auth *a, struct ctx *cx, struct str token,
			  struct principal *out)
{
	struct jwt_claims c;
	struct issuer i;
	enum err e = jwt_read(cx, token, &c);

	if (!e)
		e = jwt_in_time(cx, &c, a->o.jwt_skew_ms, a->o.jwt_max_ms);
	if (!e)
		e = find_issuer(cx, token, &c, &i);
	return e ? e : fill_person(cx, &i, &c, a->o.jwt_skew_ms, out);
}

/* ---- the process's own worker ---- */

static void own_hash(const struct auth *a, struct str token,
		     uint8_t hash[OWN_HASH])
{
	crypto_generichash(hash, OWN_HASH, (const unsigned char *)token.p,
			   token.n, a->key, sizeof(a->key));
}

void auth_own_worker(struct auth *a, struct str token)
{
	pthread_mutex_lock(&a->own_lock);
	own_hash(a, token, a->own_worker);
	a->has_own_worker = true;
	pthread_mutex_unlock(&a->own_lock);
}

static bool is_own_worker(struct auth *a, struct str token,
			  struct principal *out)
{
	uint8_t hash[OWN_HASH];
	bool yes;

	if (!str_starts(token, AUTH_OWN_WORKER))
		return false;
	own_hash(a, token, hash);
	pthread_mutex_lock(&a->own_lock);
	yes = a->has_own_worker &&
	      sodium_memcmp(hash, a->own_worker, OWN_HASH) == 0;
	pthread_mutex_unlock(&a->own_lock);
	if (yes)
		*out = (struct principal){ .roles = ROLE_WORKER | ROLE_OPERATOR,
					   .actor = STR("worker:own"),
					   .expires_ms = INT64_MAX,
					   .bucket = str_hash(token) };
	return yes;
}

/* From scratch, on a borrowed reader. */
static enum err check_token(struct auth *a, struct ctx *cx, struct str token,
			    struct principal *out)
{
	struct store_conn *before = cx->db;
	enum err e;

	cx->db = store_reader(a->o.store, READER_WAIT_MS);
	if (!cx->db) {
		cx->db = before;
		return err_set(cx, ERR_BUSY, "the server is busy; try again");
	}
	e = key_is_one(token) ? check_key(cx, token, out)
			      : check_jwt(a, cx, token, out);
	store_reader_done(a->o.store, cx->db);
	cx->db = before;
	return e;
}

enum err auth_principal(struct auth *a, struct ctx *cx, struct str token,
			const struct principal **out)
{
	struct principal *who = ARENA_NEW(cx->arena, struct principal);
	int64_t now = clock_ms(cx->clock);
	unsigned generation;
	uint8_t hash[HASH];
	enum err e;

	if (!token.n)
		return unknown(cx, "send a token in \"auth\": an API key, or a "
				   "JWT of a registered issuer");
	if (token.n > LIMIT_TOKEN_BYTES)
		return unknown(cx, "the token is too long");
	if (is_own_worker(a, token, who)) {
		*out = who;
		return OK;
	}
	crypto_generichash(hash, HASH, (const unsigned char *)token.p, token.n,
			   a->key, sizeof(a->key));
	if (cache_get(a, cx, hash, now, who)) {
		*out = who;
		return OK;
	}
	generation = __atomic_load_n(&a->generation, __ATOMIC_SEQ_CST);
	e = check_token(a, cx, token, who);
	if (e)
		return e;
	cache_put(a, hash, now, generation, who);
	*out = who;
	return OK;
}

enum err auth_rate(struct auth *a, struct ctx *cx, const struct principal *p)
{
	int64_t wait = rate_take(a->rate, p->bucket, clock_mono_ns(cx->clock));

	if (!wait)
		return OK;
	cx->error.retry_after_ms = wait;
	err_set(cx, ERR_RATE_LIMITED,
		"too many requests of this caller; try again in %lld ms",
		(long long)wait);
	cx->error.retry_after_ms = wait;
	return ERR_RATE_LIMITED;
}
