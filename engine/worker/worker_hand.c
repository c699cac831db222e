/* One job from its input to its result, by one thread. */
#include "base/limits.h"
#include "engine/worker/worker_impl.h"
#include "engine/worker/worker_say.h"

enum {
	NS = 1000000,
	AGAIN_LEAST_MS = 200,
	AGAIN_MOST_MS = 10000,
	PATIENCE_MS = 600000, /* of one call, while the server is away */
	REST_MS = 30000,      /* when nothing can be run */
};

enum outcome { DONE, FAILED, RELEASED, DROPPED };
static const char *const outcome_events[] = { "job_done", "job_failed",
					      "job_released", "job_dropped" };

/* ---- calls that are worth waiting for ---- */

struct call {
	struct hand *h;
	struct str result; /* to finish with */
	struct str error;  /* to fail with */
	bool retry;
	bool not_ours, not_run; /* the lease is another's; nothing can be run */
	struct str input, bytes; /* what was got */
};

static enum err get_input(struct ctx *cx, struct call *c)
{
	return say_input(cx, &c->h->server, &c->h->job, &c->input, &c->bytes);
}

static enum err finish(struct ctx *cx, struct call *c)
{
	return say_finish(cx, &c->h->server, &c->h->job, c->result);
}

static enum err fail(struct ctx *cx, struct call *c)
{
	return say_fail(cx, &c->h->server, &c->h->job, c->error, c->retry);
}

static enum err release(struct ctx *cx, struct call *c)
{
	return say_release(cx, &c->h->server, &c->h->job);
}

static void pause_until(struct hand *h, int64_t until_ns)
{
	struct worker *w = h->w;

	pthread_mutex_lock(&w->lock);
	while (!lease_gone(h->lease)->is && clock_mono_ns(w->clock) < until_ns)
		worker_wait(w, until_ns);
	pthread_mutex_unlock(&w->lock);
}

/*
 * Again until the server answers for good, the job is gone or patience is
 * over. A job that is gone is asked for once more: it may be handed back.
 */
static enum err insist(struct ctx *cx, struct call *c,
		       enum err (*call)(struct ctx *cx, struct call *c))
{
	struct hand *h = c->h;
	struct worker *w = h->w;
	int64_t until = clock_mono_ns(w->clock) + (int64_t)PATIENCE_MS * NS;
	enum err e;

	for (int tries = 0;; tries++) {
		int64_t now;

		err_clear(cx);
		e = call(cx, c);
		now = clock_mono_ns(w->clock);
		if (!err_retry(e) || lease_gone(h->lease)->is || now > until)
			return e;
		pause_until(h, now + worker_backoff_ns(tries, AGAIN_LEAST_MS,
						       AGAIN_MOST_MS));
	}
}

/* ---- what it runs with ---- */

enum err hand_runs(struct ctx *cx, struct hand *h)
{
	enum err e;

	if (h->has_runs)
		return OK;
	e = h->w->o.runs_open(cx, h->w->o.arg, &h->runs);
	h->has_runs = !e;
	return e;
}

/* Jobs must not lose their tries to a machine that can run nothing. */
static void rest(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->rest_until_ns = clock_mono_ns(w->clock) + (int64_t)REST_MS * NS;
	pthread_mutex_unlock(&w->lock);
}

/* A server that gives jobs and takes them back at once is not stormed. */
static void note_dropped(struct worker *w, bool at_once)
{
	int64_t until;

	pthread_mutex_lock(&w->lock);
	w->dropped = at_once ? w->dropped + 1 : 0;
	until = clock_mono_ns(w->clock) +
		worker_backoff_ns(w->dropped, AGAIN_LEAST_MS, AGAIN_MOST_MS);
	if (w->dropped > 1 && until > w->rest_until_ns)
		w->rest_until_ns = until;
	pthread_mutex_unlock(&w->lock);
}

static enum err ready(struct ctx *cx, struct hand *h)
{
	enum err e = hand_runs(cx, h);

	if (!e)
		return OK;
	log_event(cx->log, LOG_ERROR, "runs_failed", LZ("error", err_kind(e)),
		  LZ("text", cx->error.text));
	rest(h->w);
	return e;
}

/* Waits for room for what the job is found to weigh. */
static enum err admit(struct ctx *cx, struct hand *h,
		      const struct worker_env *env, const struct call *c)
{
	struct worker_weight want = h->kind->weight;
	enum err e = OK;

	if (h->kind->weigh)
		e = h->kind->weigh(cx, env, c->input, c->bytes, &want);
	if (!e && !admit_change(h->w->admit, h->kind, &h->has, want, env->gone))
		e = err_set(cx, ERR_CONFLICT, "the job went while it waited");
	worker_poke(h->w); /* it may have less now */
	return e;
}

static enum err work(struct ctx *cx, struct hand *h, struct call *c,
		     struct buf *result)
{
	struct guard guard;
	struct worker_env env = { .job = &h->job,
				  .connect = h->w->o.connect,
				  .connect_arg = h->w->o.arg,
				  .server = &h->server,
				  .gone = lease_gone(h->lease),
				  .content_roots = h->w->o.content_roots };
	enum err e = insist(cx, c, get_input);

	c->not_ours = e == ERR_CONFLICT;
	if (e)
		return e;
	e = ready(cx, h);
	c->not_run = e != OK;
	if (e)
		return e;
	guard_init(&guard, &h->runs,
		   h->kind->group == WORKER_LAB ? NULL : h->w->gate, env.gone);
	env.runner = &guard.runner;
	env.boxes = h->runs.boxes;
	e = admit(cx, h, &env, c);
	if (!e)
		e = h->kind->run(cx, &env, c->input, c->bytes, result);
	if (!e && result->n > LIMIT_RESPONSE_BYTES)
		e = err_set(cx, ERR_TOO_LARGE, "the result has %zu bytes",
			    result->n);
	/* Whatever it left under way is nobody's now. */
	guard.runner.cancel(guard.runner.arg);
	return e;
}

/* ---- what came of it ---- */

static enum outcome give_back(struct ctx *cx, struct call *c, struct str why,
			      bool retry)
{
	c->error = why;
	c->retry = retry;
	return insist(cx, c, fail) ? DROPPED : FAILED;
}

/* For what is no fault of the job: it has not been tried. */
static enum outcome put_back(struct ctx *cx, struct call *c, const char *why)
{
	enum err e = insist(cx, c, release);

	if (e == ERR_UNKNOWN_METHOD) /* an older server */
		return give_back(cx, c, str_of(why), true);
	return e ? DROPPED : RELEASED;
}

/* The server takes no such result: what it said of it is for staff. */
static enum outcome not_taken(struct ctx *cx, struct call *c, enum err e)
{
	struct str why = str_fmt(cx->arena, "the result was refused: %s %s",
				 err_kind(e), cx->error.field);

	if (e == ERR_CONFLICT || e == ERR_NOT_FOUND || err_retry(e))
		return DROPPED;
	return give_back(cx, c, why, false);
}

static enum outcome hand_in(struct ctx *cx, struct hand *h, struct call *c,
			    enum err e, const struct buf *result)
{
	const struct worker_gone *gone = lease_gone(h->lease);
	struct str why;

	if (lease_lost(h->lease) || c->not_ours)
		return DROPPED;
	if (!e) {
		c->result = buf_view(result);
		e = insist(cx, c, finish);
		return e ? not_taken(cx, c, e) : DONE;
	}
	if (gone->is) {
		pthread_mutex_lock(&h->w->lock);
		h->w->handed_back++;
		pthread_mutex_unlock(&h->w->lock);
		return put_back(cx, c, "the worker was stopped");
	}
	if (c->not_run)
		return put_back(cx, c, "nothing can be run here");
	why = str_fmt(cx->arena, "%s: %s", err_kind(e), cx->error.text);
	return give_back(cx, c, why, err_retry(e));
}

static void tell(struct ctx *cx, const struct hand *h, enum outcome outcome,
		 enum err e, int64_t began_ns)
{
	char id[ID_TEXT + 1];

	id_text(&h->job.id, id);
	log_event(cx->log, outcome == DONE ? LOG_INFO : LOG_WARN,
		  outcome_events[outcome], LZ("job", id),
		  LSTR("kind", h->job.kind), LINT("fence", h->job.fence),
		  LINT("tries", h->job.tries), LZ("error", err_kind(e)),
		  LBOOL("lost", lease_lost(h->lease)),
		  LINT("ms", (clock_mono_ns(cx->clock) - began_ns) / NS));
}

static void do_job(struct hand *h)
{
	struct worker *w = h->w;
	struct ctx cx = worker_ctx(w, h->arena);
	struct call c = { .h = h };
	struct buf result = { 0 };
	int64_t began_ns = clock_mono_ns(w->clock);
	enum outcome outcome;
	enum err e = work(&cx, h, &c, &result);

	note_dropped(w, c.not_ours);
	outcome = hand_in(&cx, h, &c, e, &result);
	tell(&cx, h, outcome, e, began_ns);
	leases_end(w->leases, h->lease);
	admit_give(w->admit, h->kind, &h->has);
	buf_done(&result);
	arena_reset(h->arena);
}

void *hand_main(void *arg)
{
	struct hand *h = arg;
	struct worker *w = h->w;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (h->state != HAND_GIVEN && !w->over)
			pthread_cond_wait(&w->moved, &w->lock);
		if (h->state != HAND_GIVEN)
			break;
		h->state = HAND_BUSY;
		pthread_mutex_unlock(&w->lock);
		do_job(h);
		pthread_mutex_lock(&w->lock);
		h->state = HAND_IDLE;
		w->changes++;
		pthread_cond_broadcast(&w->moved);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}
