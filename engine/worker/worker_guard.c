/*
 * A runner that lets go of what it waits for when the job is gone, and through
 * which a run that asks for it is alone among those of all hands (worker_gate).
 *
 * Before the next run of a job others may have to be let in, and for that the
 * runs that it has under way must end. They are waited for here, and what they
 * told is kept until it is asked for.
 */
#include <errno.h>
#include <poll.h>

#include "engine/worker/worker_impl.h"

static enum err is_gone(struct ctx *cx)
{
	return err_set(cx, ERR_CONFLICT, "the job is not this worker's now");
}

/* Until a run has ended; false: the job was gone before. */
static bool ended(const struct guard *g)
{
	struct pollfd p[] = { { .fd = g->gone->fd, .events = POLLIN },
			      { .fd = g->runs->fd, .events = POLLIN } };

	if (g->runs->fd < 0)
		return !g->gone->is;
	while (!g->gone->is) {
		int n = poll(p, 2, -1);

		CHECK(n > 0 || errno == EINTR);
		if (n > 0 && p[1].revents)
			return !g->gone->is;
	}
	return false;
}

/* ---- the gate ---- */

static void leave(struct guard *g)
{
	if (g->in)
		gate_leave(g->gate);
	g->in = g->alone = false;
}

static void guard_cancel(void *arg)
{
	struct guard *g = arg;

	g->runs->runner->cancel(g->runs->runner->arg);
	for (size_t i = 0; i < g->kept_n; i++)
		arena_free(g->kept[i].arena);
	g->under_way = 0;
	g->kept_n = 0;
	leave(g);
}

static enum err wait_one(struct ctx *cx, struct guard *g, int64_t *ticket,
			 struct run_told *out)
{
	const struct runner *r = g->runs->runner;
	enum err e;

	if (!ended(g)) {
		guard_cancel(g);
		return is_gone(cx);
	}
	e = r->wait(cx, r->arg, ticket, out);
	if (!e && g->under_way)
		g->under_way--;
	if (!g->under_way)
		leave(g);
	return e;
}

static enum err let_end(struct ctx *cx, struct guard *g)
{
	struct arena *own = cx->arena;
	enum err e = OK;

	while (!e && g->under_way) {
		struct guard_kept k = { .arena = arena_new(4096) };

		CHECK(g->kept_n < GUARD_RUNS);
		cx->arena = k.arena;
		e = wait_one(cx, g, &k.ticket, &k.told);
		cx->arena = own;
		if (e)
			arena_free(k.arena);
		else
			g->kept[g->kept_n++] = k;
	}
	return e;
}

static enum err enter(struct ctx *cx, struct guard *g, bool alone)
{
	enum err e = OK;

	if (g->gone->is)
		return is_gone(cx);
	if (!g->gate)
		return OK;
	if (g->in && !g->alone && (alone || gate_wanted(g->gate)))
		e = let_end(cx, g);
	if (e || g->in)
		return e;
	if (!gate_enter(g->gate, alone, g->gone))
		return is_gone(cx);
	g->in = true;
	g->alone = alone;
	return OK;
}

/* ---- the runner ---- */

static enum err begun(struct guard *g, enum err e, int n)
{
	g->under_way += e ? 0 : n;
	if (!g->under_way)
		leave(g);
	return e;
}

/* It waits for a network, not for the machine; nobody waits for it. */
static bool passes(const struct guard *g, const struct run_ask *ask)
{
	return ask->peer.n && !g->under_way;
}

static enum err guard_start(struct ctx *cx, void *arg,
			    const struct run_ask *ask, int64_t *ticket)
{
	struct guard *g = arg;
	const struct runner *r = g->runs->runner;
	enum err e;

	if (passes(g, ask))
		return g->gone->is ? is_gone(cx)
				   : r->start(cx, r->arg, ask, ticket);
	e = enter(cx, g, ask->alone);
	return e ? e : begun(g, r->start(cx, r->arg, ask, ticket), 1);
}

static enum err guard_start_pair(struct ctx *cx, void *arg,
				 const struct run_ask ask[2], int64_t ticket[2])
{
	struct guard *g = arg;
	const struct runner *r = g->runs->runner;
	enum err e = enter(cx, g, ask[0].alone || ask[1].alone);

	return e ? e : begun(g, r->start_pair(cx, r->arg, ask, ticket), 2);
}

static enum err guard_wait(struct ctx *cx, void *arg, int64_t *ticket,
			   struct run_told *out)
{
	struct guard *g = arg;

	if (!g->kept_n || g->gone->is)
		return wait_one(cx, g, ticket, out);
	*ticket = g->kept[0].ticket;
	*out = run_told_copy(cx->arena, &g->kept[0].told);
	arena_free(g->kept[0].arena);
	g->kept_n--;
	memmove(g->kept, g->kept + 1, g->kept_n * sizeof(*g->kept));
	return OK;
}

void guard_init(struct guard *g, const struct worker_runs *runs,
		struct gate *gate, const struct worker_gone *gone)
{
	*g = (struct guard){ .runs = runs, .gate = gate, .gone = gone };
	g->runner = (struct runner){ .arg = g,
				     .width = runs->runner->width,
				     .level = runs->runner->level,
				     .start = guard_start,
				     .start_pair = guard_start_pair,
				     .wait = guard_wait,
				     .cancel = guard_cancel };
}
