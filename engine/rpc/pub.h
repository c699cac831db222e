/* pub: one message to all who listen; the feed's way out. */
#pragma once

#include "engine/rpc/feed.h"

struct pub;

MUST enum err pub_new(struct ctx *cx, const struct feed_opts *o,
		      struct pub **out);
struct str pub_urls(const struct pub *p);
int64_t pub_subscribers(const struct pub *p);
/* Never waits: who is slow loses messages. One thread at a time. */
void pub_send(struct pub *p, struct str message);
