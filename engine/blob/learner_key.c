#include "engine/blob/learner_key.h"

#include <sodium.h>

#include "engine/blob/blob_sql.h"

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	MORE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	KEY = 32,
	WRAPPED = NONCE + KEY + MORE,
	ABOUT = 2 * ID_BYTES + 8,
};

void learner_key_wipe(struct learner_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

/* What a wrapped key belongs to. */
static void about(const struct id *org, const struct id *learner,
		  int64_t generation, uint8_t out[ABOUT])
{
	memcpy(out, org->b, ID_BYTES);
	memcpy(out + ID_BYTES, learner->b, ID_BYTES);
	for (int i = 0; i < 8; i++)
		out[2 * ID_BYTES + i] =
			(uint8_t)((uint64_t)generation >> (8 * i));
}

static void derive(const uint8_t key[KEY], int64_t generation,
		   struct learner_key *out)
{
	out->generation = generation;
	crypto_kdf_derive_from_key(out->seal, KEY, 1, "blobseal", key);
	crypto_kdf_derive_from_key(out->name, KEY, 2, "blobname", key);
}

static bool unwrap(const struct master_key *m, struct str wrapped,
		   const uint8_t with[ABOUT], uint8_t key[KEY])
{
	const uint8_t *w = (const uint8_t *)wrapped.p;

	return wrapped.n == WRAPPED &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(
		       key, NULL, NULL, w + NONCE, KEY + MORE, with, ABOUT, w,
		       m->key) == 0;
}

/* The row's key; out->generation is the row's also when it is destroyed. */
static enum err load(struct ctx *cx, const struct master_key *m,
		     const struct id *org, const struct id *learner,
		     struct learner_key *out)
{
	uint8_t key[KEY], with[ABOUT];
	struct key_row row;
	enum err e = store_one(cx, &blob_sql[KEY_LOAD],
			       VALS(v_id(org), v_id(learner)), &row);

	if (e)
		return e;
	out->generation = row.generation;
	if (!row.wrapped.p)
		return err_set(cx, ERR_ERASED,
			       "what this learner stored has been erased");
	about(org, learner, row.generation, with);
	if (!unwrap(m, row.wrapped, with, key)) {
		err_set(cx, ERR_UNAVAILABLE,
			"this learner's files cannot be opened now");
		return err_detail(cx, "a learner's key does not open with "
				      "this master key");
	}
	derive(key, row.generation, out);
	sodium_memzero(key, sizeof(key));
	return OK;
}

enum err learner_key_load(struct ctx *cx, const struct master_key *m,
			  const struct id *org, const struct id *learner,
			  struct learner_key *out)
{
	struct learner_key k = { 0 };
	enum err e = load(cx, m, org, learner, &k);

	if (!e)
		*out = k;
	learner_key_wipe(&k);
	return e;
}

/* The first key of all says which master key the database goes with. */
static enum err claim(struct ctx *cx, const struct master_key *m)
{
	enum err e =
		store_exec(cx, &blob_sql[MASTER_INSERT],
			   VALS(v_bytes((struct str){ (const char *)m->mark,
						      sizeof(m->mark) }),
				v_int(clock_ms(cx->clock))),
			   NULL);

	if (!e)
		e = master_key_check(cx, m);
	if (e != ERR_INVALID)
		return e;
	err_set(cx, ERR_UNAVAILABLE, "personal files cannot be stored now");
	return err_detail(cx, "the master key is not the database's");
}

static enum err store_new(struct ctx *cx, const struct id *org,
			  const struct id *learner, struct str wrapped,
			  int64_t before)
{
	struct val v[] = { v_id(org), v_id(learner), v_bytes(wrapped),
			   v_int(clock_ms(cx->clock)), v_int(before) };
	int64_t changed;
	enum err e =
		before ? store_exec(cx, &blob_sql[KEY_AGAIN], v, 5, &changed)
		       : store_exec(cx, &blob_sql[KEY_INSERT], v, 4, &changed);

	if (!e && !changed)
		return err_set(cx, ERR_BUSY,
			       "another call stores for this learner; try "
			       "again");
	return e;
}

/* before: the generation of the destroyed key, 0: none. */
static enum err make(struct ctx *cx, const struct master_key *m,
		     const struct id *org, const struct id *learner,
		     int64_t before, struct learner_key *out)
{
	uint8_t key[KEY], with[ABOUT], w[WRAPPED];
	enum err e = claim(cx, m);

	if (e)
		return e;
	rng_fill(cx->rng, key, sizeof(key));
	rng_fill(cx->rng, w, NONCE);
	about(org, learner, before + 1, with);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		w + NONCE, NULL, key, KEY, with, ABOUT, NULL, w, m->key);
	e = store_new(cx, org, learner,
		      (struct str){ (const char *)w, sizeof(w) }, before);
	if (!e)
		derive(key, before + 1, out);
	sodium_memzero(key, sizeof(key));
	return e;
}

enum err learner_key_need(struct ctx *cx, const struct master_key *m,
			  const struct id *org, const struct id *learner,
			  struct learner_key *out)
{
	struct learner_key k = { 0 };
	enum err e = load(cx, m, org, learner, &k);

	if (e == ERR_NOT_FOUND || e == ERR_ERASED) {
		err_clear(cx);
		e = make(cx, m, org, learner, k.generation, &k);
	}
	if (!e)
		*out = k;
	learner_key_wipe(&k);
	return e;
}

enum err learner_key_destroy(struct ctx *cx, const struct id *org,
			     const struct id *learner, int64_t *generation)
{
	struct key_row row = { 0 };
	enum err e = store_exec(
		cx, &blob_sql[KEY_DESTROY],
		VALS(v_id(org), v_id(learner), v_int(clock_ms(cx->clock))),
		NULL);

	if (!e)
		e = store_one(cx, &blob_sql[KEY_LOAD],
			      VALS(v_id(org), v_id(learner)), &row);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		e = OK;
	}
	if (!e)
		*generation = row.generation;
	return e;
}
