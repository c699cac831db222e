#include "engine/store/executor.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "engine/store/driver.h"

enum {
	BATCH_MAX = 512,
	PARTS_MAX = 8,
	TIMERS_MAX = 8,
	TIMERS_LEAST = 32, /* due things in a batch that is full of works */
	PROBE_MS = 1000,   /* between two looks whether there is space again */
	TIMERS_REST_MS = 1000, /* after they failed or did nothing */
	GATHER_SHARE = 4,
	NAP_MS = 1000, /* the longest wait for a timer: clocks are set */
};

struct executor {
	struct executor_opts o;
	struct store_conn *db;
	struct tx_part parts[PARTS_MAX];
	struct tx_timer timers[TIMERS_MAX];
	struct ctx cx; /* the batch's; its arena is emptied after each */

	/* Of the thread that runs batches. */
	struct work *batch[BATCH_MAX];
	size_t batch_n;
	size_t marks[PARTS_MAX];
	bool begun;    /* the last transaction got past BEGIN */
	bool doubtful; /* its COMMIT was sent, and may have happened */
	bool read_only;
	int64_t probe_at_ms;
	bool timers_careful;  /* they were in a batch that failed */
	int64_t timers_at_ms; /* not before */
	int64_t guards;	      /* successes in the transaction */
	int64_t commit_ns;    /* of late, on average */

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t wake;
	struct work *head, *tail;
	bool sleeping, woken, stopping, stopped;
	size_t wanted; /* while sleeping: wake for so many */
	struct executor_stats stats;
	pthread_t thread;
};

/* Parts */

static void parts_mark(struct executor *x)
{
	for (size_t i = 0; i < x->o.parts_n; i++)
		if (x->o.parts[i].mark)
			x->marks[i] = x->o.parts[i].mark(x->o.parts[i].arg);
}

static void parts_undo(struct executor *x)
{
	for (size_t i = x->o.parts_n; i-- > 0;)
		if (x->o.parts[i].undo)
			x->o.parts[i].undo(x->o.parts[i].arg, x->marks[i]);
}

static enum err parts_flush(struct executor *x)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < x->o.parts_n; i++)
		if (x->o.parts[i].flush)
			e = x->o.parts[i].flush(x->o.parts[i].arg, &x->cx);
	return e;
}

static void parts_committed(struct executor *x)
{
	for (size_t i = 0; i < x->o.parts_n; i++)
		if (x->o.parts[i].committed)
			x->o.parts[i].committed(x->o.parts[i].arg, &x->cx);
}

static void parts_aborted(struct executor *x)
{
	for (size_t i = x->o.parts_n; i-- > 0;) {
		const struct tx_part *p = &x->o.parts[i];

		if (x->doubtful && p->in_doubt)
			p->in_doubt(p->arg);
		else if (p->aborted)
			p->aborted(p->arg);
	}
}

/* One work inside the transaction */

/*
 * After a work or a guarded thing: *result is its own error. Returns an error
 * when the transaction cannot go on.
 */
static enum err unit_end(struct executor *x, struct ctx *cx, bool saved,
			 enum err *result)
{
	if (!*result && !store_tx_ok(x->db))
		*result = store_error(cx, ERR_INTERNAL,
				      "a store error was overlooked");
	if (!*result)
		return saved ? store_release(x->db, &x->cx) : OK;
	parts_undo(x);
	if (saved)
		return store_rollback_to(x->db, &x->cx);
	return store_tx_ok(x->db) ? OK : *result;
}

static enum err run_work(struct executor *x, struct work *w)
{
	enum err e;

	err_clear(w->cx);
	parts_mark(x);
	if (!w->single) {
		e = store_savepoint(x->db, &x->cx);
		if (e)
			return e;
	}
	w->cx->db = x->db;
	store_reads_only(x->db, w->single);
	w->result = w->run(w);
	store_reads_only(x->db, false);
	w->cx->db = NULL;
	return unit_end(x, w->cx, !w->single, &w->result);
}

enum err executor_guard(struct executor *x, struct ctx *cx,
			enum err (*fn)(struct ctx *cx, void *arg), void *arg)
{
	enum err e, result;

	if (!store_tx_ok(x->db))
		return store_error(cx, ERR_UNAVAILABLE,
				   "the batch has failed already");
	err_clear(cx);
	parts_mark(x);
	e = store_savepoint(x->db, &x->cx);
	if (e)
		return e;
	result = fn(cx, arg);
	e = unit_end(x, cx, true, &result);
	if (e)
		return e;
	x->guards += !result;
	return result;
}

/* Transactions */

static size_t run_timers(struct executor *x, size_t max)
{
	int64_t now = clock_ms(x->o.clock);
	size_t n = 0;

	for (size_t i = 0; i < x->o.timers_n && n < max; i++) {
		const struct tx_timer *t = &x->o.timers[i];

		if (t->next_ms(t->arg) <= now)
			n += t->run(t->arg, &x->cx, now, max - n);
		if (!store_tx_ok(x->db))
			break;
	}
	return n;
}

static enum err write_out(struct executor *x)
{
	int64_t from = clock_mono_ns(x->o.clock), took;
	enum err e;

	store_lazy(x->db, true);
	e = parts_flush(x);
	if (!e) {
		e = store_commit(x->db, &x->cx);
		x->doubtful = e == ERR_UNAVAILABLE;
	}
	store_lazy(x->db, false);
	took = clock_mono_ns(x->o.clock) - from;
	x->commit_ns += (took - x->commit_ns) / 8;
	pthread_mutex_lock(&x->lock);
	x->stats.commit_ns_total += took;
	if (took > x->stats.commit_ns_max)
		x->stats.commit_ns_max = took;
	pthread_mutex_unlock(&x->lock);
	return e;
}

static enum err run_units(struct executor *x, struct work **works, size_t n,
			  size_t timers_max, size_t *timers)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < n; i++)
		e = run_work(x, works[i]);
	if (e || timers_max == 0)
		return e;
	*timers = run_timers(x, timers_max);
	return store_tx_ok(x->db) ? OK : ERR_UNAVAILABLE;
}

/* All or nothing of works, and of what is due: timers_max, 0 for none. */
static enum err run_tx(struct executor *x, struct work **works, size_t n,
		       size_t timers_max, size_t *timers)
{
	enum err e;

	for (size_t i = 0; i < n; i++)
		works[i]->result = OK;
	x->guards = 0;
	x->begun = x->doubtful = false;
	if (x->read_only)
		return store_error(&x->cx, ERR_READ_ONLY, NULL);
	e = store_begin(x->db, &x->cx);
	if (e)
		return e;
	x->begun = true;
	e = run_units(x, works, n, timers_max, timers);
	if (!e)
		e = write_out(x);
	if (!e) {
		parts_committed(x);
		return OK;
	}
	store_rollback(x->db);
	parts_aborted(x);
	return e;
}

static void count(struct executor *x, size_t works, bool failed, bool rerun)
{
	pthread_mutex_lock(&x->lock);
	x->stats.batches++;
	x->stats.failed_batches += failed;
	if (!failed) {
		x->stats.works += (int64_t)works;
		x->stats.timers += x->guards;
	}
	if (rerun)
		x->stats.reruns += (int64_t)works;
	x->stats.read_only = x->read_only;
	pthread_mutex_unlock(&x->lock);
}

static void log_failure(struct executor *x, enum err e, size_t n)
{
	log_event(x->o.log, LOG_WARN, "batch_failed", LZ("error", err_kind(e)),
		  LINT("works", n), LZ("detail", x->cx.error.detail));
}

static void tell_all(struct work **works, size_t n)
{
	for (size_t i = 0; i < n; i++)
		works[i]->done(works[i], works[i]->result);
}

/* The transaction failed for good: also those that had gone well in it. */
static void fail_all(struct executor *x, struct work **works, size_t n,
		     enum err e)
{
	for (size_t i = 0; i < n; i++) {
		struct work *w = works[i];

		if (!w->result) {
			w->result = e;
			w->cx->error = x->cx.error;
			w->cx->error.code = e;
			w->cx->error.data = (struct str){ 0 };
		}
		w->done(w, w->result);
	}
}

/*
 * After a commit that may have happened: what could not find itself on a
 * second run is told so instead. How many are left to run again.
 */
static size_t without_doubtful(struct executor *x, struct work **works,
			       size_t n, enum err e)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (x->doubtful && works[i]->once && !works[i]->result)
			fail_all(x, &works[i], 1, e);
		else
			works[left++] = works[i];
	return left;
}

static void go_read_only(struct executor *x)
{
	x->read_only = true;
	x->probe_at_ms = clock_ms(x->o.clock) + PROBE_MS;
	log_event(x->o.log, LOG_ERROR, "store_read_only",
		  LZ("detail", x->cx.error.detail));
}

/* A work by itself: what it gets now is its answer. */
static void last_try(struct executor *x, struct work *w)
{
	enum err e = run_tx(x, &w, 1, 0, NULL);

	if (e == ERR_READ_ONLY && !x->read_only)
		go_read_only(x);
	count(x, 1, e != OK, true);
	if (e) {
		log_failure(x, e, 1);
		fail_all(x, &w, 1, e);
	} else {
		tell_all(&w, 1);
	}
}

/*
 * Again, in halves, until what cannot be done stands alone: one bad work among
 * 512 costs 18 commits, not 512.
 */
static void rerun(struct executor *x, struct work **works, size_t n)
{
	size_t half[2] = { n / 2, n - n / 2 };

	if (n == 0)
		return;
	if (n == 1) {
		last_try(x, works[0]);
		return;
	}
	for (int i = 0; i < 2; works += half[i++]) {
		enum err e;

		if (half[i] == 1) {
			last_try(x, works[0]);
			continue;
		}
		e = run_tx(x, works, half[i], 0, NULL);
		count(x, half[i], e != OK, true);
		if (!e)
			tell_all(works, half[i]);
		else if (!x->begun)
			fail_all(x, works, half[i], e);
		else
			rerun(x, works, without_doubtful(x, works, half[i], e));
	}
}

/* Batches */

static int64_t next_timer(const struct executor *x)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < x->o.timers_n; i++) {
		const struct tx_timer *t = &x->o.timers[i];
		int64_t at = t->next_ms(t->arg);

		if (at < next)
			next = at;
	}
	return next;
}

/* Whether at_ms, set to at most span from now, is yet to come. */
static bool yet(int64_t now, int64_t at_ms, int64_t span)
{
	return at_ms > now && at_ms - now <= span; /* clocks are set back */
}

static bool timers_due(const struct executor *x)
{
	int64_t now = clock_ms(x->o.clock);

	return !x->read_only && !yet(now, x->timers_at_ms, TIMERS_REST_MS) &&
	       next_timer(x) <= now;
}

/* When something is to be done without a work. */
static int64_t next_due(const struct executor *x)
{
	int64_t next = next_timer(x);

	if (x->read_only)
		return x->probe_at_ms;
	return next > x->timers_at_ms ? next : x->timers_at_ms;
}

static void probe(struct executor *x)
{
	int64_t now = clock_ms(x->o.clock);

	if (!x->read_only || yet(now, x->probe_at_ms, PROBE_MS))
		return;
	x->probe_at_ms = now + PROBE_MS;
	if (store_probe(x->db, &x->cx))
		return;
	x->read_only = false;
	pthread_mutex_lock(&x->lock);
	x->stats.read_only = false;
	pthread_mutex_unlock(&x->lock);
	log_event(x->o.log, LOG_INFO, "store_writable", LINT("at_ms", now));
}

static void take(struct executor *x)
{
	int64_t now = clock_mono_ns(x->o.clock);

	x->batch_n = 0;
	while (x->head && x->batch_n < x->o.batch_max) {
		struct work *w = x->head;

		x->head = w->next;
		x->stats.wait_ns_total += now - w->queued_ns;
		x->batch[x->batch_n++] = w;
	}
	if (!x->head)
		x->tail = NULL;
	x->stats.queue_now -= (int64_t)x->batch_n;
}

static size_t timers_room(const struct executor *x)
{
	size_t room = x->o.batch_max - x->batch_n;

	return room > TIMERS_LEAST ? room : TIMERS_LEAST;
}

/* Timers by themselves, one thing at a time, after they were in a failure. */
static size_t careful_timers(struct executor *x)
{
	size_t n = 0;
	enum err e = run_tx(x, NULL, 0, 1, &n);

	count(x, 0, e != OK, false);
	if (e) {
		log_failure(x, e, 0);
		n = 0;
	} else {
		x->timers_careful = false;
	}
	return n;
}

static enum err first_try(struct executor *x, size_t timers_max, size_t *timers)
{
	enum err e = run_tx(x, x->batch, x->batch_n, timers_max, timers);

	count(x, x->batch_n, e != OK, false);
	if (!e) {
		tell_all(x->batch, x->batch_n);
		return OK;
	}
	*timers = 0;
	x->timers_careful = timers_max > 0;
	log_failure(x, e, x->batch_n);
	if (!x->begun)
		fail_all(x, x->batch, x->batch_n, e);
	else
		rerun(x, x->batch,
		      without_doubtful(x, x->batch, x->batch_n, e));
	return e;
}

/* What was taken and what is due. Returns how much was done. */
static size_t run_batch(struct executor *x)
{
	size_t n = x->batch_n, timers = 0;
	bool due, careful = x->timers_careful;

	probe(x);
	due = timers_due(x);
	if (n || (due && !careful))
		(void)first_try(x, due && !careful ? timers_room(x) : 0,
				&timers);
	if (due && careful)
		timers = careful_timers(x);
	if (due && timers == 0 && !(x->timers_careful && !careful))
		x->timers_at_ms = clock_ms(x->o.clock) + TIMERS_REST_MS;
	store_tidy(x->db);
	arena_reset(x->cx.arena);
	return n + timers;
}

/* Waits for work or for what falls due. With the lock. */
static void sleep_until_due(struct executor *x)
{
	int64_t due, wait;
	struct timespec until;

	x->woken = false;
	pthread_mutex_unlock(&x->lock);
	due = next_due(x);
	wait = due == INT64_MAX ? due : due - clock_ms(x->o.clock);
	pthread_mutex_lock(&x->lock);
	if (x->head || x->stopping || x->woken || wait <= 0)
		return;
	x->wanted = 1;
	x->sleeping = true;
	if (due == INT64_MAX) {
		pthread_cond_wait(&x->wake, &x->lock);
	} else {
		int64_t at = clock_mono_ns(&clock_system) +
			     (wait < NAP_MS ? wait : NAP_MS) * 1000000;

		until.tv_sec = at / 1000000000;
		until.tv_nsec = at % 1000000000;
		pthread_cond_clockwait(&x->wake, &x->lock, CLOCK_MONOTONIC,
				       &until);
	}
	x->sleeping = false;
}

/*
 * Those who were just answered ask again at once. A commit for the first few
 * of them would let the others wait for all of it, so what a commit costs is
 * worth waiting for some of: until as many are here as were in the last batch,
 * at most a GATHER_SHARE-th of a commit. With the lock.
 */
static void gather(struct executor *x)
{
	struct timespec until;
	int64_t at;

	if (!x->head || x->stopping || (size_t)x->stats.queue_now >= x->batch_n)
		return;
	at = clock_mono_ns(&clock_system) + x->commit_ns / GATHER_SHARE;
	until.tv_sec = at / 1000000000;
	until.tv_nsec = at % 1000000000;
	x->wanted = x->batch_n;
	x->sleeping = true;
	while (!x->stopping && (size_t)x->stats.queue_now < x->wanted &&
	       pthread_cond_clockwait(&x->wake, &x->lock, CLOCK_MONOTONIC,
				      &until) == 0)
		;
	x->sleeping = false;
}

static void *thread_main(void *arg)
{
	struct executor *x = arg;

	pthread_setname_np(pthread_self(), "executor");
	pthread_mutex_lock(&x->lock);
	for (;;) {
		if (!x->head && !x->stopping)
			sleep_until_due(x);
		gather(x);
		if (!x->head && x->stopping)
			break;
		take(x);
		pthread_mutex_unlock(&x->lock);
		run_batch(x);
		pthread_mutex_lock(&x->lock);
	}
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

/* Public */

struct executor *executor_new(const struct executor_opts *o)
{
	struct executor *x = calloc(1, sizeof(*x)); /* allowed: process */

	CHECK(x && o->parts_n <= PARTS_MAX && o->timers_n <= TIMERS_MAX);
	CHECK(o->batch_max >= 1 && o->batch_max <= BATCH_MAX);
	x->o = *o;
	for (size_t i = 0; i < o->parts_n; i++)
		x->parts[i] = o->parts[i];
	for (size_t i = 0; i < o->timers_n; i++)
		x->timers[i] = o->timers[i];
	x->o.parts = x->parts;
	x->o.timers = x->timers;
	x->db = store_writer(o->store);
	x->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = o->clock,
			      .rng = o->rng,
			      .log = o->log,
			      .db = x->db,
			      .app = o->app };
	CHECK(pthread_mutex_init(&x->lock, NULL) == 0);
	CHECK(pthread_cond_init(&x->wake, NULL) == 0);
	if (o->self)
		*o->self = x;
	if (o->threaded)
		CHECK(pthread_create(&x->thread, NULL, thread_main, x) == 0);
	return x;
}

enum err executor_submit(struct executor *x, struct work *w)
{
	enum err e = OK;

	w->next = NULL;
	w->queued_ns = clock_mono_ns(x->o.clock);
	pthread_mutex_lock(&x->lock);
	if (x->stopping) {
		e = ERR_DRAINING;
	} else if ((size_t)x->stats.queue_now >= x->o.queue_max) {
		e = ERR_BUSY;
	} else {
		if (x->tail)
			x->tail->next = w;
		else
			x->head = w;
		x->tail = w;
		if (++x->stats.queue_now > x->stats.queue_peak)
			x->stats.queue_peak = x->stats.queue_now;
		if (x->sleeping && (size_t)x->stats.queue_now >= x->wanted)
			pthread_cond_signal(&x->wake);
	}
	pthread_mutex_unlock(&x->lock);
	return e;
}

size_t executor_step(struct executor *x)
{
	CHECK(!x->o.threaded);
	pthread_mutex_lock(&x->lock);
	take(x);
	pthread_mutex_unlock(&x->lock);
	return run_batch(x);
}

void executor_wake(struct executor *x)
{
	pthread_mutex_lock(&x->lock);
	x->woken = true;
	if (x->sleeping)
		pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
}

void executor_stop(struct executor *x)
{
	bool was;

	pthread_mutex_lock(&x->lock);
	was = x->stopped;
	x->stopping = x->stopped = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
	if (was)
		return;
	if (x->o.threaded)
		CHECK(pthread_join(x->thread, NULL) == 0);
	else
		while (x->head)
			executor_step(x);
}

void executor_free(struct executor *x)
{
	if (!x)
		return;
	executor_stop(x);
	pthread_cond_destroy(&x->wake);
	pthread_mutex_destroy(&x->lock);
	arena_free(x->cx.arena);
	free(x);
}

void executor_stats(struct executor *x, struct executor_stats *out)
{
	pthread_mutex_lock(&x->lock);
	*out = x->stats;
	pthread_mutex_unlock(&x->lock);
}
