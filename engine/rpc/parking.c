/*
 * Theory of operation
 *
 * A parked request is held in the list of its key's bucket; a bucket counts its
 * wakes. Waking moves a key's requests to the ready list. One thread takes them
 * from there, as well as those whose time is over, and dispatches them anew;
 * they answer or are parked again. A request is in one list or with one thread,
 * never both, and its slot stays taken meanwhile.
 *
 * The lock is a leaf: nothing is called with it held. Deadlines are looked
 * through one by one, which happens a few times a second at most, since the
 * next one is known.
 */
#include "engine/rpc/parking.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "engine/rpc/request.h"

enum { BUCKETS = 256, RERUNS_MOST = 200, LOOK_LEAST_NS = 20000000 };

struct bucket {
	struct request *first;
	uint64_t wakes;
};

struct parking {
	const struct clock *clock;
	pthread_mutex_t lock;
	pthread_cond_t ready_or_sooner;
	struct bucket bucket[BUCKETS];
	struct request *ready, **ready_last;
	int64_t n, most; /* held in buckets; at most */
	int64_t next_ns; /* no deadline is before; INT64_MAX: none is held */
	bool drain, stop, threaded;
	pthread_t thread;
};

static struct bucket *bucket_of(struct parking *p, uint64_t key)
{
	return &p->bucket[(key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15) >>
			  56];
}

uint64_t parking_seen(struct parking *p, uint64_t key)
{
	uint64_t n;

	pthread_mutex_lock(&p->lock);
	n = bucket_of(p, key)->wakes;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* With the lock: at the link that points to it. */
static void make_ready(struct parking *p, struct request **at)
{
	struct request *rq = *at;

	*at = rq->next;
	rq->next = NULL;
	*p->ready_last = rq;
	p->ready_last = &rq->next;
	p->n--;
}

void parking_wake(struct parking *p, uint64_t key)
{
	struct bucket *b;
	struct request **at;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	b = bucket_of(p, key);
	b->wakes++;
	at = &b->first;
	while (*at)
		if ((*at)->io.park.key == key)
			make_ready(p, at);
		else
			at = &(*at)->next;
	if (p->ready)
		pthread_cond_signal(&p->ready_or_sooner);
	pthread_mutex_unlock(&p->lock);
}

void parking_wake_all(struct parking *p)
{
	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < BUCKETS; i++) {
		p->bucket[i].wakes++;
		while (p->bucket[i].first)
			make_ready(p, &p->bucket[i].first);
	}
	pthread_cond_signal(&p->ready_or_sooner);
	pthread_mutex_unlock(&p->lock);
}

/* With the lock: those whose time is over are ready. */
static void look(struct parking *p, int64_t now)
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < BUCKETS; i++) {
		struct request **at = &p->bucket[i].first;

		while (*at) {
			if (p->drain || (*at)->park_until_ns <= now) {
				make_ready(p, at);
				continue;
			}
			if ((*at)->park_until_ns < next)
				next = (*at)->park_until_ns;
			at = &(*at)->next;
		}
	}
	p->next_ns = next;
}

/* With the lock; until something is ready, the next deadline, or the stop. */
static void rest(struct parking *p)
{
	int64_t ns = p->next_ns - clock_mono_ns(p->clock);
	struct timespec t;

	if (p->next_ns == INT64_MAX) {
		pthread_cond_wait(&p->ready_or_sooner, &p->lock);
		return;
	}
	if (ns < LOOK_LEAST_NS)
		ns = LOOK_LEAST_NS;
	clock_gettime(CLOCK_MONOTONIC, &t);
	ns += t.tv_nsec;
	t.tv_sec += ns / 1000000000;
	t.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&p->ready_or_sooner, &p->lock, &t);
}

static struct request *take(struct parking *p)
{
	struct request *rq;

	if (!p->ready && p->next_ns <= clock_mono_ns(p->clock))
		look(p, clock_mono_ns(p->clock));
	rq = p->ready;
	if (!rq)
		return NULL;
	p->ready = rq->next;
	if (!p->ready)
		p->ready_last = &p->ready;
	rq->next = NULL;
	rq->io.park_over = p->drain || rq->reruns >= RERUNS_MOST ||
			   clock_mono_ns(p->clock) >= rq->park_until_ns;
	return rq;
}

/* It goes on where it stopped, and the time in between was not work. */
static void go_on(struct parking *p, struct request *rq)
{
	rq->reruns++;
	rq->began_ns += clock_mono_ns(p->clock) - rq->parked_ns;
	if (rq->slot->park)
		rq->slot->park(rq->slot, false);
	dispatch_parked(rq);
}

static void *parking_loop(void *arg)
{
	struct parking *p = arg;
	struct request *rq;

	pthread_setname_np(pthread_self(), "parking");
	pthread_mutex_lock(&p->lock);
	for (;;) {
		rq = take(p);
		if (rq) {
			pthread_mutex_unlock(&p->lock);
			go_on(p, rq);
			pthread_mutex_lock(&p->lock);
		} else if (p->stop) {
			break;
		} else {
			rest(p);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int64_t parking_step(struct parking *p)
{
	struct request *rq;
	int64_t n = 0;

	if (p->threaded)
		return 0;
	for (;; n++) {
		pthread_mutex_lock(&p->lock);
		rq = take(p);
		pthread_mutex_unlock(&p->lock);
		if (!rq)
			return n;
		go_on(p, rq);
	}
}

enum parked parking_hold(struct parking *p, struct request *rq)
{
	struct rpc_park *k = &rq->io.park;
	struct bucket *b = bucket_of(p, k->key);
	int64_t now = clock_mono_ns(p->clock);
	enum parked is = PARKED;

	if (k->ms > PARK_LONGEST_MS)
		k->ms = PARK_LONGEST_MS;
	if (!rq->park_until_ns)
		rq->park_until_ns = now + k->ms * 1000000;
	if (rq->slot->park && !rq->slot->park(rq->slot, true))
		return PARKED_NOT;
	pthread_mutex_lock(&p->lock);
	if (p->drain || p->n >= p->most || now >= rq->park_until_ns ||
	    rq->reruns >= RERUNS_MOST) {
		is = PARKED_NOT;
	} else if (b->wakes != k->seen) {
		is = PARKED_AGAIN;
		rq->reruns++;
	} else {
		rq->parked_ns = now;
		rq->next = b->first;
		b->first = rq;
		p->n++;
		if (rq->park_until_ns < p->next_ns) {
			p->next_ns = rq->park_until_ns;
			pthread_cond_signal(&p->ready_or_sooner);
		}
	}
	pthread_mutex_unlock(&p->lock);
	/* If it is held, another thread may be at it by now. */
	if (is != PARKED && rq->slot->park)
		rq->slot->park(rq->slot, false);
	return is;
}

int64_t parking_n(struct parking *p)
{
	int64_t n;

	pthread_mutex_lock(&p->lock);
	n = p->n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void parking_drain(struct parking *p)
{
	pthread_mutex_lock(&p->lock);
	p->drain = true;
	look(p, clock_mono_ns(p->clock));
	pthread_cond_signal(&p->ready_or_sooner);
	pthread_mutex_unlock(&p->lock);
	parking_step(p);
}

struct parking *parking_new(const struct clock *clock, int64_t most,
			    bool threaded)
{
	struct parking *p = calloc(1, sizeof(*p)); /* allowed: process */
	pthread_condattr_t mono;

	CHECK(p);
	p->clock = clock;
	p->most = most;
	p->threaded = threaded;
	p->next_ns = INT64_MAX;
	p->ready_last = &p->ready;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ready_or_sooner, &mono);
	pthread_condattr_destroy(&mono);
	if (threaded)
		CHECK(pthread_create(&p->thread, NULL, parking_loop, p) == 0);
	return p;
}

void parking_free(struct parking *p)
{
	if (!p)
		return;
	parking_drain(p);
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->ready_or_sooner);
	pthread_mutex_unlock(&p->lock);
	if (p->threaded)
		pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->ready_or_sooner);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
