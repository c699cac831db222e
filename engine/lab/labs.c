/*
 * What of labs is in memory, and what happens by the clock: shells that are
 * wanted become jobs, those that are idle or old are told to end, and what a
 * parked terminal shows is written down.
 *
 * A job is queued in the batch of the timer; until that is committed the
 * terminal is marked, and if it is not, a shell is wanted again.
 */
#include <stdlib.h>

#include "engine/app.h"
#include "engine/lab/term_impl.h"

struct labs *labs_new(const struct labs_opts *o)
{
	struct labs *l = calloc(1, sizeof(*l)); /* allowed: process */

	CHECK(l);
	l->o = *o;
	l->due_ms = INT64_MAX;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void labs_free(struct labs *l)
{
	if (!l)
		return;
	for (int i = 0; i < TERM_BUCKETS; i++)
		while (l->bucket[i]) {
			struct term *t = l->bucket[i];

			l->bucket[i] = t->next;
			buf_done(&t->out);
			buf_done(&t->screen);
			buf_done(&t->in);
			free(t);
		}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- after the commit ---- */

void labs_wake_later(struct labs *l, uint64_t key)
{
	pthread_mutex_lock(&l->lock);
	if (l->wakes_n < LABS_WAKES)
		l->wakes[l->wakes_n++] = key;
	else
		l->wakes_lost = true;
	pthread_mutex_unlock(&l->lock);
}

void labs_changed_later(struct labs *l, const struct id *session)
{
	pthread_mutex_lock(&l->lock);
	if (l->changed_n < LABS_WAKES)
		l->changed[l->changed_n] = *session;
	if (l->changed_n <= LABS_WAKES)
		l->changed_n++;
	pthread_mutex_unlock(&l->lock);
}

static void tell_changed(struct labs *l)
{
	for (size_t i = 0; i < l->changed_n && i < LABS_WAKES; i++)
		term_changed(l, term_find(l, &l->changed[i]));
	for (int i = 0; i < TERM_BUCKETS && l->changed_n > LABS_WAKES; i++)
		for (struct term *t = l->bucket[i]; t; t = t->next)
			term_changed(l, t);
	l->changed_n = 0;
}

static size_t part_mark(void *arg)
{
	(void)arg;
	return 0;
}

/* A wake for what did not happen is harmless. */
static void part_undo(void *arg, size_t mark)
{
	(void)arg;
	(void)mark;
}

static enum err part_flush(void *arg, struct ctx *cx)
{
	(void)arg;
	(void)cx;
	return OK;
}

static void settle(struct labs *l, bool committed)
{
	int64_t now = clock_ms(l->o.clock);

	for (int i = 0; i < TERM_BUCKETS; i++)
		for (struct term *t = l->bucket[i]; t; t = t->next) {
			if (!t->uncommitted)
				continue;
			t->uncommitted = false;
			if (!committed && t->state == TERM_QUEUED)
				term_become(l, t, TERM_WANTED, TERM_WHY_NONE,
					    now);
		}
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct labs *l = arg;

	(void)cx;
	pthread_mutex_lock(&l->lock);
	if (l->any_uncommitted)
		settle(l, true);
	l->any_uncommitted = false;
	for (size_t i = 0; i < l->wakes_n; i++)
		parking_wake(l->o.app->parking, l->wakes[i]);
	l->wakes_n = 0;
	tell_changed(l);
	pthread_mutex_unlock(&l->lock);
}

static void part_aborted(void *arg)
{
	struct labs *l = arg;

	pthread_mutex_lock(&l->lock);
	if (l->any_uncommitted)
		settle(l, false);
	l->any_uncommitted = false;
	pthread_mutex_unlock(&l->lock);
}

struct tx_part labs_part(struct labs *l)
{
	return (struct tx_part){ .arg = l,
				 .mark = part_mark,
				 .undo = part_undo,
				 .flush = part_flush,
				 .committed = part_committed,
				 .aborted = part_aborted };
}

/* ---- by the clock ---- */

static int64_t next_ms(void *arg)
{
	struct labs *l = arg;
	int64_t at;

	pthread_mutex_lock(&l->lock);
	at = l->due_ms;
	pthread_mutex_unlock(&l->lock);
	return at;
}

/* A copy of what the transaction needs, so that no lock is held in it. */
struct to_do {
	struct id org, session;
	bool queue;
	struct str screen;
	int64_t screen_at;
};

static enum err write_down(struct ctx *cx, void *arg)
{
	const struct to_do *d = arg;

	return store_exec(cx, &lab_sql[LAB_SESSION_SET_SCREEN],
			  VALS(v_id(&d->org), v_id(&d->session),
			       v_bytes(d->screen), v_int(d->screen_at)),
			  NULL);
}

static enum err queue_job(struct ctx *cx, void *arg)
{
	const struct to_do *d = arg;
	const struct job_wish w = { .org = d->org,
				    .ref = d->session,
				    .single = true };

	return job_queue(cx, lab_terminal_job.name, &w, NULL);
}

static void end_by(struct labs *l, struct term *t, enum term_why why,
		   int64_t now)
{
	t->close = why;
	term_become(l, t, TERM_ENDING, why, now);
	term_news(l, t);
}

/* With the lock. True: something has to be done in the transaction. */
static bool look(struct labs *l, struct term *t, struct ctx *cx, int64_t now,
		 struct to_do *d)
{
	*d = (struct to_do){ .org = t->org, .session = t->session };
	if (t->keep_screen) {
		t->keep_screen = false;
		d->screen = str_copy(cx->arena, buf_view(&t->screen));
		d->screen_at = t->screen_at;
	}
	switch (t->state) {
	case TERM_WANTED:
		d->queue = true;
		t->uncommitted = l->any_uncommitted = true;
		term_become(l, t, TERM_QUEUED, TERM_WHY_NONE, now);
		break;
	case TERM_LIVE:
		if (now >= t->begun_ms + t->life_ms)
			end_by(l, t, TERM_BY_LIFE, now);
		else if (now >= t->typed_ms + t->idle_ms)
			end_by(l, t, TERM_BY_IDLE, now);
		else if (t->told_attached && !term_attached(t, now)) {
			t->told_attached = false;
			term_news(l, t);
		}
		break;
	case TERM_ENDING: /* the worker is silent: its lease runs out */
		if (now >= t->state_ms + TERM_END_MS)
			term_become(l, t, TERM_PARKED, TERM_BY_LOSS, now);
		break;
	case TERM_PARKED:
	case TERM_QUEUED:
		break;
	}
	return d->queue || d->screen.p;
}

static bool to_drop(const struct term *t, int64_t now)
{
	return t->state == TERM_PARKED && !t->keep_screen &&
	       !term_attached(t, now) && now >= term_due_of(t, now);
}

/* The next that is due; its bucket goes on from *i. */
static size_t gather(struct labs *l, struct ctx *cx, int64_t now,
		     struct to_do *all, size_t max)
{
	int64_t due = INT64_MAX;
	size_t n = 0;

	pthread_mutex_lock(&l->lock);
	l->due_ms = INT64_MAX;
	for (int i = 0; i < TERM_BUCKETS; i++)
		for (struct term *t = l->bucket[i], *next; t; t = next) {
			int64_t at = term_due_of(t, now);

			next = t->next;
			if (at <= now && n < max) {
				if (to_drop(t, now)) {
					term_free(l, t);
					continue;
				}
				if (look(l, t, cx, now, &all[n]))
					n++;
				at = term_due_of(t, now);
				/* Nothing more to do now: look again soon. */
				if (at <= now)
					at = now + 1000;
			}
			if (at < due)
				due = at;
		}
	if (due < l->due_ms)
		l->due_ms = due;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static void again(struct labs *l, const struct id *session, int64_t now)
{
	struct term *t;

	pthread_mutex_lock(&l->lock);
	t = term_find(l, session);
	if (t && t->state == TERM_QUEUED && t->uncommitted) {
		t->uncommitted = false;
		term_become(l, t, TERM_WANTED, TERM_WHY_NONE, now);
		l->due_ms = now + 1000;
	}
	pthread_mutex_unlock(&l->lock);
}

static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct labs *l = arg;
	struct executor *x = cx->app->executor;
	struct to_do *all;
	size_t n;

	if (max > 64)
		max = 64;
	all = ARENA_ARRAY(cx->arena, struct to_do, max + 1);
	n = gather(l, cx, now_ms, all, max);
	for (size_t i = 0; i < n; i++) {
		if (all[i].screen.p &&
		    executor_guard(x, cx, write_down, &all[i]) != OK)
			err_clear(cx); /* it is in memory all the same */
		if (all[i].queue &&
		    executor_guard(x, cx, queue_job, &all[i]) != OK) {
			err_clear(cx);
			again(l, &all[i].session, now_ms);
		}
	}
	return n ? n : 1;
}

struct tx_timer labs_timer(struct labs *l)
{
	return (struct tx_timer){ l, next_ms, run };
}

void term_stats(struct labs *l, struct term_stats *out)
{
	*out = (struct term_stats){ 0 };
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < TERM_BUCKETS; i++)
		for (struct term *t = l->bucket[i]; t; t = t->next) {
			out->terms++;
			out->live += t->state == TERM_LIVE;
			out->bytes += (int64_t)(sizeof(*t) + t->out.room +
						t->screen.room + t->in.room);
		}
	pthread_mutex_unlock(&l->lock);
}
