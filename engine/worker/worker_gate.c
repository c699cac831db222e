#include "engine/worker/worker_gate.h"

#include <pthread.h>
#include <stdlib.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t next, serving; /* tickets of the line */
	int in;
	bool alone; /* the one who is in */
};

struct gate *gate_new(void)
{
	struct gate *g = calloc(1, sizeof(*g)); /* allowed: process */

	CHECK(g);
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->moved, NULL);
	return g;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	pthread_cond_destroy(&g->moved);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

bool gate_enter(struct gate *g, bool alone, const struct worker_gone *gone)
{
	uint64_t mine;
	bool good;

	pthread_mutex_lock(&g->lock);
	mine = g->next++;
	while (g->serving != mine || g->alone || (alone && g->in)) {
		if (g->serving == mine && gone->is)
			break;
		pthread_cond_wait(&g->moved, &g->lock);
	}
	good = !gone->is;
	if (good) {
		g->in++;
		g->alone = alone;
	}
	g->serving++;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
	return good;
}

int gate_waiting(struct gate *g)
{
	int n;

	pthread_mutex_lock(&g->lock);
	n = (int)(g->next - g->serving);
	pthread_mutex_unlock(&g->lock);
	return n;
}

bool gate_wanted(struct gate *g)
{
	return gate_waiting(g) > 0;
}

void gate_leave(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	CHECK(g->in > 0);
	g->in--;
	g->alone = false;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}

void gate_wake(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}
