/*
 * The threads for queries that may take long and for what comes before some
 * commands, and their bounded queue.
 */
#include "engine/rpc/request.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct request *first, **last;
	int waiting, max, threads;
	bool stop;
	pthread_t *ids;
};

static struct request *pool_take(struct pool *p)
{
	struct request *rq;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->stop)
		pthread_cond_wait(&p->work, &p->lock);
	rq = p->first;
	if (rq) {
		p->first = rq->next;
		if (!p->first)
			p->last = &p->first;
		p->waiting--;
	}
	pthread_mutex_unlock(&p->lock);
	return rq;
}

static void *pool_loop(void *arg)
{
	struct request *rq;

	pthread_setname_np(pthread_self(), "worker");
	while ((rq = pool_take(arg)))
		dispatch_pooled(rq);
	return NULL;
}

struct pool *pool_new(int threads, int queue_max)
{
	struct pool *p = calloc(1, sizeof(*p)); /* allowed: process */

	CHECK(p);
	p->ids =
		calloc((size_t)threads, sizeof(*p->ids)); /* allowed: process */
	CHECK(p->ids);
	p->max = queue_max;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	for (int i = 0; i < threads; i++) {
		CHECK(pthread_create(&p->ids[i], NULL, pool_loop, p) == 0);
		p->threads++;
	}
	return p;
}

/* Finishes what waits. */
void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->threads; i++)
		pthread_join(p->ids[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p->ids);
	free(p);
}

bool pool_submit(struct pool *p, struct request *rq)
{
	bool room;

	pthread_mutex_lock(&p->lock);
	room = p->waiting < p->max && !p->stop;
	if (room) {
		rq->next = NULL;
		*p->last = rq;
		p->last = &rq->next;
		p->waiting++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return room;
}

int64_t pool_waiting(struct pool *p)
{
	int64_t n;

	if (!p)
		return 0;
	pthread_mutex_lock(&p->lock);
	n = p->waiting;
	pthread_mutex_unlock(&p->lock);
	return n;
}
