/* Slots: made as they are needed up to the bound, used again newest first. */
#include <stdlib.h>

#include "engine/rpc/loop_impl.h"

static void slot_reply(struct front_slot *base, struct str json,
		       struct str bytes)
{
	struct loop_slot *s = (struct loop_slot *)base;
	struct loop_conn *c = s->conn;
	struct front_state *state = s->loop->front->s;

	pthread_mutex_lock(&c->lock);
	if (c->fd >= 0 && !c->doomed)
		loop_send(s, c, json, bytes);
	pthread_mutex_unlock(&c->lock);
	loop_conn_put(c);
	loop_slot_give(s);
	atomic_fetch_sub(&state->busy, 1);
}

/* One that waits leaves its place to another. */
static bool slot_park(struct front_slot *base, bool on)
{
	struct loop *l = ((struct loop_slot *)base)->loop;
	bool may;

	pthread_mutex_lock(&l->slots_lock);
	may = !on || l->parked < PARKED_MAX;
	if (may) {
		l->parked += on ? 1 : -1;
		l->slots_max += on ? 1 : -1;
	}
	pthread_mutex_unlock(&l->slots_lock);
	if (may && on && atomic_load(&l->stalled_n) > 0)
		loop_wake(l);
	return may;
}

static struct loop_slot *slot_new(struct loop *l)
{
	struct loop_slot *s = calloc(1, sizeof(*s)); /* allowed: pooled */

	CHECK(s);
	s->loop = l;
	s->base.reply = slot_reply;
	s->base.park = slot_park;
	core_attach(l->front->s->opts.core, &s->base);
	return s;
}

struct loop_slot *loop_slot_take(struct loop *l)
{
	struct loop_slot *s;
	bool more = false;

	pthread_mutex_lock(&l->slots_lock);
	s = l->free;
	if (s)
		l->free = s->next;
	else if (l->slots_n < l->slots_max)
		more = ++l->slots_n;
	pthread_mutex_unlock(&l->slots_lock);
	return more ? slot_new(l) : s;
}

bool loop_slot_any(struct loop *l)
{
	bool any;

	pthread_mutex_lock(&l->slots_lock);
	any = l->free || l->slots_n < l->slots_max;
	pthread_mutex_unlock(&l->slots_lock);
	return any;
}

void loop_slot_give(struct loop_slot *s)
{
	struct loop *l = s->loop;

	if (s->in.room > KEEP)
		buf_done(&s->in);
	s->conn = NULL;
	pthread_mutex_lock(&l->slots_lock);
	s->next = l->free;
	l->free = s;
	pthread_mutex_unlock(&l->slots_lock);
	if (atomic_load(&l->stalled_n) > 0)
		loop_wake(l);
}
