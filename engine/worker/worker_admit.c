#include "engine/worker/worker_admit.h"

#include <pthread.h>
#include <stdlib.h>

struct admit {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct worker_weight room, used, held;
	struct worker_weight of_class[WORKER_CLASS_COUNT];
	uint64_t next, serving; /* tickets of the line */
};

static const int shares[] = {
#define X(code, word, percent, doc) percent,
	WORKER_CLASSES(X)
#undef X
};

struct admit *admit_new(struct worker_weight room)
{
	struct admit *a = calloc(1, sizeof(*a)); /* allowed: process */

	CHECK(a && room.cpu > 0 && room.memory_bytes > 0);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->moved, NULL);
	a->room = room;
	return a;
}

void admit_free(struct admit *a)
{
	if (!a)
		return;
	pthread_cond_destroy(&a->moved);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* ---- weights ---- */

static int64_t less(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t more(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void add(struct worker_weight *to, struct worker_weight w)
{
	to->cpu += w.cpu;
	to->memory_bytes += w.memory_bytes;
}

static void sub(struct worker_weight *from, struct worker_weight w)
{
	from->cpu -= w.cpu;
	from->memory_bytes -= w.memory_bytes;
	CHECK(from->cpu >= 0 && from->memory_bytes >= 0);
}

static bool within(struct worker_weight w, struct worker_weight most)
{
	return w.cpu <= most.cpu && w.memory_bytes <= most.memory_bytes;
}

static struct worker_weight clamp(const struct admit *a, struct worker_weight w)
{
	return (struct worker_weight){
		.cpu = less(more(w.cpu, 0), a->room.cpu),
		.memory_bytes =
			less(more(w.memory_bytes, 0), a->room.memory_bytes),
	};
}

/* Of its class alone; one job of each class may always run. */
static bool class_has(const struct admit *a, int group, struct worker_weight w)
{
	struct worker_weight now = a->of_class[group], most = a->room;

	if (!now.cpu && !now.memory_bytes)
		return true;
	most.cpu = most.cpu * shares[group] / 100;
	most.memory_bytes = most.memory_bytes / 100 * shares[group];
	/* Larger than the share: it waits for all of it, but not for ever. */
	w.cpu = less(w.cpu, most.cpu);
	w.memory_bytes = less(w.memory_bytes, most.memory_bytes);
	add(&now, w);
	return within(now, most);
}

static bool fits(const struct admit *a, int group, struct worker_weight w)
{
	struct worker_weight all = a->used;

	add(&all, w);
	return within(all, a->room) && class_has(a, group, w);
}

static void take(struct admit *a, int group, struct worker_weight w)
{
	add(&a->used, w);
	add(&a->of_class[group], w);
}

static void give(struct admit *a, int group, struct worker_weight w)
{
	sub(&a->used, w);
	sub(&a->of_class[group], w);
}

/* ---- leasing ---- */

bool admit_hold(struct admit *a, const struct worker_kind *const *kinds,
		size_t n, bool *fit)
{
	struct worker_weight held = { 0 };
	bool any = false;

	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < n; i++) {
		struct worker_weight w = clamp(a, kinds[i]->weight);
		struct worker_weight both = { more(held.cpu, w.cpu),
					      more(held.memory_bytes,
						   w.memory_bytes) };
		struct worker_weight all = a->used;

		add(&all, both);
		fit[i] = a->next == a->serving &&
			 class_has(a, kinds[i]->group, w) &&
			 within(all, a->room);
		if (!fit[i])
			continue;
		held = both;
		any = true;
	}
	CHECK(!a->held.cpu && !a->held.memory_bytes);
	a->held = held;
	add(&a->used, held);
	pthread_mutex_unlock(&a->lock);
	return any;
}

static void unhold(struct admit *a)
{
	sub(&a->used, a->held);
	a->held = (struct worker_weight){ 0 };
}

void admit_drop(struct admit *a)
{
	pthread_mutex_lock(&a->lock);
	unhold(a);
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

void admit_take(struct admit *a, const struct worker_kind *k,
		struct worker_weight *got)
{
	pthread_mutex_lock(&a->lock);
	unhold(a);
	*got = clamp(a, k->weight);
	take(a, k->group, *got);
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

/* ---- jobs ---- */

bool admit_change(struct admit *a, const struct worker_kind *k,
		  struct worker_weight *has, struct worker_weight want,
		  const struct worker_gone *gone)
{
	bool good = true;

	pthread_mutex_lock(&a->lock);
	want = clamp(a, want);
	give(a, k->group, *has);
	pthread_cond_broadcast(&a->moved);
	if (!within(want, *has)) { /* what it had may not be enough */
		uint64_t mine = a->next++;

		while (a->serving != mine || !fits(a, k->group, want)) {
			if (a->serving == mine && gone->is)
				break;
			pthread_cond_wait(&a->moved, &a->lock);
		}
		good = !gone->is;
		a->serving++;
		pthread_cond_broadcast(&a->moved);
	}
	*has = good ? want : (struct worker_weight){ 0 };
	take(a, k->group, *has);
	pthread_mutex_unlock(&a->lock);
	return good;
}

void admit_wake(struct admit *a)
{
	pthread_mutex_lock(&a->lock);
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

void admit_give(struct admit *a, const struct worker_kind *k,
		struct worker_weight *has)
{
	pthread_mutex_lock(&a->lock);
	give(a, k->group, *has);
	*has = (struct worker_weight){ 0 };
	pthread_cond_broadcast(&a->moved);
	pthread_mutex_unlock(&a->lock);
}

struct worker_weight admit_used(struct admit *a)
{
	struct worker_weight w;

	pthread_mutex_lock(&a->lock);
	w = a->used;
	pthread_mutex_unlock(&a->lock);
	return w;
}
