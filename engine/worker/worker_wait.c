/*
 * The waiter: one thread that holds a job.wait open, so that an idle worker
 * learns of a job at once and the asker stays free for what changes here. It
 * only ever hints: the asker leases when it is told, and by itself after a
 * while, whatever the server answers.
 *
 * Two waits begin at least a poll apart, and one that led to nothing is
 * followed by a poll: a server that answers at once is not stormed.
 */
#include "engine/worker/worker_impl.h"
#include "engine/worker/worker_say.h"

enum {
	NS = 1000000,
	WAIT_MOST_MS = 10000, /* what job.wait takes */
	WAIT_POLLS = 2,	      /* short: a stop waits for it */
	ANSWER_MS = 5000,
	UNKNOWN_MS = 600000, /* a server of another version is upgraded */
	AWAY_MS = 5000,
};

static int64_t wait_ms(const struct worker *w)
{
	int64_t ms = w->o.poll_ms * WAIT_POLLS;

	return ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS;
}

/* With the lock. */
static void settle(struct worker *w, enum err e, bool due, int64_t began_ns)
{
	int64_t now = clock_mono_ns(w->clock), off = began_ns;

	if (!e)
		off += due ? 0 : w->o.poll_ms * NS;
	else
		off = now + (int64_t)(err_retry(e) ? AWAY_MS : UNKNOWN_MS) * NS;
	w->wait = false;
	w->due = !e && due;
	w->wait_off_until_ns = off;
	w->changes++;
	pthread_cond_broadcast(&w->moved);
}

void *waiter_main(void *arg)
{
	struct worker *w = arg;
	struct arena *arena = arena_new(4096);
	struct worker_server server;
	struct ctx cx = worker_ctx(w, arena);
	bool open = w->o.connect(&cx, w->o.arg, wait_ms(w) + ANSWER_MS,
				 &server) == OK;

	CHECK(open);
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct list kinds;
		int64_t began = clock_mono_ns(w->clock);
		bool due = false;
		enum err e;

		while (!w->over && (!w->wait || w->stopping))
			pthread_cond_wait(&w->moved, &w->lock);
		if (w->over)
			break;
		began = clock_mono_ns(w->clock);
		kinds = (struct list){ w->wait_kinds, w->wait_n };
		pthread_mutex_unlock(&w->lock);
		cx = worker_ctx(w, arena);
		e = say_wait(&cx, &server, &kinds, about_said(w, &w->languages),
			     wait_ms(w), &due);
		arena_reset(arena);
		pthread_mutex_lock(&w->lock);
		settle(w, e, due, began);
	}
	pthread_mutex_unlock(&w->lock);
	server.close(server.arg);
	arena_free(arena);
	return NULL;
}

void waiter_rest(struct worker *w, uint64_t since, const struct list *names)
{
	const struct str *name = names->at;
	int64_t ns = w->o.poll_ms * NS, now, until;

	pthread_mutex_lock(&w->lock);
	now = clock_mono_ns(w->clock);
	if (w->due) /* in vain: another had it, or it does not fit */
		w->wait_off_until_ns = now + ns;
	w->due = false;
	/* While the waiter is at it the kinds are its own. */
	if (!w->wait && names->n && w->wait_off_until_ns <= now) {
		w->wait_n = names->n;
		for (size_t i = 0; i < names->n; i++)
			w->wait_kinds[i] = name[i];
		w->wait = true;
		pthread_cond_broadcast(&w->moved);
	}
	if (w->wait)
		ns += wait_ms(w) * NS;
	until = now + ns;
	while (!w->stopping && w->changes == since &&
	       clock_mono_ns(w->clock) < until)
		worker_wait(w, until);
	pthread_mutex_unlock(&w->lock);
}
