#include "engine/rpc/nng_impl.h"

#include <stdlib.h>

void conn_table_init(struct conn_table *t)
{
	for (int i = 0; i < CONN_BUCKETS; i++) {
		pthread_mutex_init(&t->bucket[i].lock, NULL);
		t->bucket[i].first = NULL;
	}
}

static uint32_t bucket_of(uint32_t pipe)
{
	return pipe & (CONN_BUCKETS - 1); /* nng counts pipe ids up */
}

void conn_add(struct conn_table *t, struct conn *c)
{
	uint32_t i = bucket_of(c->pipe);

	pthread_mutex_lock(&t->bucket[i].lock);
	c->next = t->bucket[i].first;
	t->bucket[i].first = c;
	pthread_mutex_unlock(&t->bucket[i].lock);
}

/* The link that points to pipe's conn, or to NULL. */
static struct conn **find(struct conn_table *t, uint32_t i, uint32_t pipe)
{
	struct conn **at = &t->bucket[i].first;

	while (*at && (*at)->pipe != pipe)
		at = &(*at)->next;
	return at;
}

struct conn *conn_get(struct conn_table *t, uint32_t pipe, int *in_flight)
{
	uint32_t i = bucket_of(pipe);
	struct conn *c;

	pthread_mutex_lock(&t->bucket[i].lock);
	c = *find(t, i, pipe);
	if (c)
		*in_flight = ++c->in_flight;
	pthread_mutex_unlock(&t->bucket[i].lock);
	return c;
}

int conn_sending(struct conn_table *t, struct conn *c)
{
	uint32_t i = bucket_of(c->pipe);
	int n;

	pthread_mutex_lock(&t->bucket[i].lock);
	n = ++c->sending;
	pthread_mutex_unlock(&t->bucket[i].lock);
	return n;
}

void conn_put(struct conn_table *t, struct conn *c, bool was_sending)
{
	uint32_t i = bucket_of(c->pipe);
	bool last;

	pthread_mutex_lock(&t->bucket[i].lock);
	if (was_sending)
		c->sending--;
	last = --c->in_flight == 0 && c->gone;
	pthread_mutex_unlock(&t->bucket[i].lock);
	if (last)
		free(c);
}

bool conn_gone(struct conn_table *t, uint32_t pipe)
{
	uint32_t i = bucket_of(pipe);
	struct conn **at, *c;
	bool last = false;

	pthread_mutex_lock(&t->bucket[i].lock);
	at = find(t, i, pipe);
	c = *at;
	if (c) {
		*at = c->next;
		c->gone = true;
		last = c->in_flight == 0;
	}
	pthread_mutex_unlock(&t->bucket[i].lock);
	if (last)
		free(c);
	return c != NULL;
}

void conn_each(struct conn_table *t,
	       void (*each)(void *arg, const struct conn *c), void *arg)
{
	for (int i = 0; i < CONN_BUCKETS; i++) {
		pthread_mutex_lock(&t->bucket[i].lock);
		for (struct conn *c = t->bucket[i].first; c; c = c->next)
			each(arg, c);
		pthread_mutex_unlock(&t->bucket[i].lock);
	}
}
