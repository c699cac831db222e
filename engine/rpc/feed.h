/*
 * feed: committed events, live, over nng pub.
 *
 * pub sends every message to every subscriber, so a message says nothing to
 * who has no key: 16 bytes tag of the organization (what to subscribe to), 24
 * bytes nonce, then the event's JSON in a libsodium secretbox under the
 * organization's feed key. Tag and key are derived from the server's secret
 * and given by method event.feed. The feed may lose messages (a slow
 * subscriber, a restart); event.list {after} does not.
 */
#pragma once

#include "base/ctx.h"
#include "base/id.h"
#include "engine/audit/record.h"

enum { FEED_TAG = 16, FEED_NONCE = 24, FEED_KEY = 32, FEED_SECRET = 32 };

struct feed;

struct feed_opts {
	struct str urls; /* comma-separated; empty: none, keys still work */
	const uint8_t *secret; /* FEED_SECRET bytes */
	struct rng *rng;
	struct log *log;
	struct str tls_cert;
	struct str origins;
};
MUST enum err feed_new(struct ctx *cx, const struct feed_opts *o,
		       struct feed **out);
/* Only of one that publishes nowhere (tests): nng's close may hang. */
void feed_free(struct feed *f);
struct str feed_urls(const struct feed *f);
void feed_key(const struct feed *f, const struct id *org, uint8_t tag[FEED_TAG],
	      uint8_t key[FEED_KEY]);
/* A journal's published(): arg is the feed. */
void feed_published(void *arg, const struct record *r, size_t n);
/* Opens one message with a key: for subscribers and tests. */
bool feed_open(struct arena *a, struct str message, const uint8_t key[FEED_KEY],
	       struct str *json);
/* One event's JSON, as the feed and event.list show it. */
void event_json(struct buf *b, const struct record *r);
/* May platforms see events of this name? */
bool event_is_public(struct str name);
