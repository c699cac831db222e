#include "engine/auth/rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"

enum { SHARDS = 16, BUCKETS = 1024, WAYS = 8 };

struct bucket {
	uint64_t name;
	int64_t full_ns; /* when it will be full again (GCRA) */
};

struct shard {
	pthread_mutex_t lock;
	struct bucket b[BUCKETS];
};

struct rate {
	int64_t gap_ns;	  /* between two, at the steady rate */
	int64_t slack_ns; /* burst */
	struct shard shard[SHARDS];
};

struct rate *rate_new(int64_t per_second, int64_t burst)
{
	struct rate *r;

	if (per_second <= 0)
		return NULL;
	r = calloc(1, sizeof(*r)); /* allowed: process lifetime */
	CHECK(r);
	r->gap_ns = 1000000000 / per_second;
	if (!r->gap_ns)
		r->gap_ns = 1;
	r->slack_ns = r->gap_ns * burst;
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&r->shard[i].lock, NULL);
	return r;
}

void rate_free(struct rate *r)
{
	free(r);
}

/* The bucket of that name, or the emptiest-for-longest of its set. */
static struct bucket *bucket_of(struct shard *s, uint64_t name)
{
	struct bucket *set = &s->b[(name >> 8) % (BUCKETS / WAYS) * WAYS];
	struct bucket *old = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].name == name)
			return &set[i];
		if (set[i].full_ns < old->full_ns)
			old = &set[i];
	}
	*old = (struct bucket){ name, 0 };
	return old;
}

int64_t rate_take(struct rate *r, uint64_t bucket, int64_t now_ns)
{
	struct shard *s;
	struct bucket *b;
	int64_t wait = 0, next;

	if (!r)
		return 0;
	s = &r->shard[bucket % SHARDS];
	pthread_mutex_lock(&s->lock);
	b = bucket_of(s, bucket);
	next = (b->full_ns > now_ns ? b->full_ns : now_ns) + r->gap_ns;
	if (next - now_ns > r->slack_ns)
		wait = (next - now_ns - r->slack_ns + 999999) / 1000000;
	else
		b->full_ns = next;
	pthread_mutex_unlock(&s->lock);
	return wait;
}
