#include "engine/rpc/feed.h"

#include <sodium.h>
#include <stdlib.h>

#include "engine/rpc/pub.h"

struct feed {
	uint8_t secret[FEED_SECRET];
	struct pub *pub; /* NULL: keys only */
	struct rng *rng;
	struct buf json, message; /* the executor's thread only */
};

static void derive(const struct feed *f, const char *use, const struct id *org,
		   uint8_t *out, size_t n)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, f->secret, sizeof(f->secret), n);
	crypto_generichash_update(&st, (const unsigned char *)use,
				  strlen(use) + 1);
	crypto_generichash_update(&st, org->b, sizeof(org->b));
	crypto_generichash_final(&st, out, n);
}

void feed_key(const struct feed *f, const struct id *org, uint8_t tag[FEED_TAG],
	      uint8_t key[FEED_KEY])
{
	derive(f, "assay feed tag", org, tag, FEED_TAG);
	derive(f, "assay feed key", org, key, FEED_KEY);
}

enum err feed_new(struct ctx *cx, const struct feed_opts *o, struct feed **out)
{
	struct feed *f = calloc(1, sizeof(*f)); /* allowed: process */
	enum err e = OK;

	CHECK(f && o->secret && o->rng);
	memcpy(f->secret, o->secret, sizeof(f->secret));
	f->rng = o->rng;
	if (o->urls.n)
		e = pub_new(cx, o, &f->pub);
	if (e) {
		sodium_memzero(f, sizeof(*f));
		free(f);
		return e;
	}
	*out = f;
	return OK;
}

void feed_free(struct feed *f)
{
	if (!f || f->pub)
		return;
	sodium_memzero(f, sizeof(*f));
	free(f);
}

struct str feed_urls(const struct feed *f)
{
	return f->pub ? pub_urls(f->pub) : (struct str){ 0 };
}

static bool seal(struct feed *f, const struct record *r)
{
	uint8_t tag[FEED_TAG], key[FEED_KEY], nonce[FEED_NONCE];
	char *box;
	size_t n;

	buf_reset(&f->json);
	buf_reset(&f->message);
	event_json(&f->json, r);
	feed_key(f, &r->org, tag, key);
	rng_fill(f->rng, nonce, sizeof(nonce));
	buf_add(&f->message, tag, sizeof(tag));
	buf_add(&f->message, nonce, sizeof(nonce));
	n = f->json.n + crypto_secretbox_MACBYTES;
	box = buf_room(&f->message, n);
	if (box && !f->json.failed) {
		crypto_secretbox_easy((unsigned char *)box,
				      (const unsigned char *)f->json.p,
				      f->json.n, nonce, key);
		f->message.n += n;
	}
	sodium_memzero(key, sizeof(key));
	return box && !f->json.failed;
}

void feed_published(void *arg, const struct record *r, size_t n)
{
	struct feed *f = arg;

	if (!f->pub || pub_subscribers(f->pub) == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!id_is_none(&r[i].org) && event_is_public(r[i].event) &&
		    seal(f, &r[i]))
			pub_send(f->pub, buf_view(&f->message));
}

bool feed_open(struct arena *a, struct str message, const uint8_t key[FEED_KEY],
	       struct str *json)
{
	const unsigned char *p = (const unsigned char *)message.p;
	size_t head = FEED_TAG + FEED_NONCE;
	size_t n = message.n - head - crypto_secretbox_MACBYTES;
	char *out;

	if (message.n < head + crypto_secretbox_MACBYTES)
		return false;
	out = arena_alloc(a, n + 1);
	if (crypto_secretbox_open_easy((unsigned char *)out, p + head,
				       message.n - head, p + FEED_TAG,
				       key) != 0)
		return false;
	*json = (struct str){ out, n };
	return true;
}
