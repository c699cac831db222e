/*
 * The kinds of job, and the timer that runs those with a step: one piece of
 * each kind in a batch, so that commands never wait for more than that.
 */
#include <stdlib.h>

#include "engine/app.h"
#include "engine/jobs/job_impl.h"

/*
 * The longest time between two looks into the table. It finds what other
 * nodes queued, and what was queued by a commit whose answer was lost.
 */
enum { LOOK_MS = 5000, AGAIN_MS = 1000 };

struct jobs *jobs_new(const struct jobs_opts *o)
{
	struct jobs *j = calloc(1, sizeof(*j)); /* allowed: process */

	CHECK(j);
	j->o = *o;
	if (o->clock)
		j->began_ms = clock_ms(o->clock);
	for (size_t i = 0; o->kinds[i]; i++) {
		const struct job_kind *k = o->kinds[i];

		CHECK(i + 1 < JOB_KINDS_MOST);
		CHECK(k->name && strlen(k->name) <= JOB_KIND_BYTES);
		CHECK(!k->step || (!k->apply && !k->result));
		CHECK(k->max_tries >= 0 && k->max_tries <= JOB_TRIES_MAX);
	}
	return j;
}

void jobs_free(struct jobs *j)
{
	if (j)
		buf_done(&j->queued);
	free(j);
}

const struct job_kind *job_kind_find(const struct jobs *jobs, struct str name)
{
	for (size_t i = 0; jobs && jobs->o.kinds[i]; i++)
		if (str_is(name, jobs->o.kinds[i]->name))
			return jobs->o.kinds[i];
	return NULL;
}

void jobs_wake(struct jobs *jobs, int64_t at_ms)
{
	if (at_ms < jobs->look_at_ms)
		jobs->look_at_ms = at_ms;
}

/* ---- one step ---- */

struct stepping {
	const struct job_kind *kind;
	struct job job;
	bool found;
	struct str why; /* it failed */
};

static enum err first_due(struct ctx *cx, struct stepping *s)
{
	enum err e =
		store_one(cx, &job_sql[JOB_DUE],
			  VALS(v_z(s->kind->name), v_int(clock_ms(cx->clock)),
			       v_null(), v_int(1)),
			  &s->job);

	s->found = !e;
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	return OK;
}

/* The fence keeps the other nodes away from the same step. */
static enum err claim(struct ctx *cx, struct job *j)
{
	struct job now = *j;
	enum err e;

	now.fence++;
	e = job_save(cx, j, &now);
	if (!e)
		*j = now;
	return e;
}

static enum err move_on(struct ctx *cx, struct job *j,
			const struct job_next *next)
{
	struct job now = *j;
	enum err e;

	if (next->body.p) {
		CHECK(next->body.n <= JOB_BODY_BYTES);
		now.body = next->body;
	}
	if (!next->again) {
		j->body = now.body;
		return job_end(cx, j, JOB_DONE, (struct str){ 0 });
	}
	now.due_at = next->run_at ? next->run_at : clock_ms(cx->clock);
	now.tries = 0;
	e = job_save(cx, j, &now);
	if (!e)
		*j = now;
	return e;
}

/* fn with records of its own, as a command has them. */
static enum err recorded(struct ctx *cx, struct stepping *s,
			 enum err (*fn)(struct ctx *cx, struct stepping *s))
{
	struct record_list list = { .actor = STR("engine") };
	enum err e;

	cx->records = &list;
	e = fn(cx, s);
	if (!e && list.n)
		e = journal_append(cx->app->journal, cx, &list);
	cx->records = NULL;
	return e;
}

static enum err step(struct ctx *cx, struct stepping *s)
{
	struct job_next next = { 0 };
	struct job j;
	enum err e = first_due(cx, s);

	if (e || !s->found)
		return e;
	j = s->job;
	e = claim(cx, &j);
	if (e == ERR_CONFLICT) { /* another node has it */
		s->found = false;
		err_clear(cx);
		return OK;
	}
	if (!e)
		e = s->kind->step(cx, &j, &next);
	if (!e)
		e = move_on(cx, &j, &next);
	return e;
}

static enum err guarded_step(struct ctx *cx, void *arg)
{
	return recorded(cx, arg, step);
}

/* What the step did is undone; s->job is as it was before it. */
static enum err tried(struct ctx *cx, struct stepping *s)
{
	s->job.tries++;
	return job_tried(cx, &s->job, s->why);
}

static enum err guarded_tried(struct ctx *cx, void *arg)
{
	return recorded(cx, arg, tried);
}

/* ---- the timer ---- */

static int64_t next_ms(void *arg)
{
	return ((struct jobs *)arg)->look_at_ms;
}

/* false: the batch is lost. */
static bool run_kind(struct jobs *jobs, struct ctx *cx,
		     const struct job_kind *kind, size_t *n)
{
	struct executor *x = cx->app->executor;
	struct stepping s = { .kind = kind };
	enum err e = executor_guard(x, cx, guarded_step, &s);

	*n += s.found;
	if (!e)
		return true;
	log_event(jobs->o.log, LOG_WARN, "job_step_failed",
		  LZ("kind", kind->name), LZ("error", err_kind(e)),
		  LZ("detail", cx->error.detail));
	if (!s.found)
		return false;
	s.why = str_fmt(cx->arena, "%s: %s", err_kind(e), cx->error.text);
	return executor_guard(x, cx, guarded_tried, &s) == OK;
}

static enum err soonest(struct ctx *cx, void *arg)
{
	struct jobs *jobs = arg;
	enum err e = OK;

	for (size_t i = 0; !e && jobs->o.kinds[i]; i++) {
		const struct job_kind *k = jobs->o.kinds[i];
		struct job_due_row row;

		if (!k->step)
			continue;
		e = store_one(cx, &job_sql[JOB_SOONEST],
			      VALS(v_z(k->name), v_int(0)), &row);
		if (!e)
			jobs_wake(jobs, row.due_at);
		if (e == ERR_NOT_FOUND) {
			err_clear(cx);
			e = OK;
		}
	}
	return e;
}

static size_t run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct jobs *jobs = arg;
	bool good = true;
	size_t n = 0;

	jobs->look_at_ms = now_ms + LOOK_MS;
	for (size_t i = 0; good && jobs->o.kinds[i] && n < max; i++)
		if (jobs->o.kinds[i]->step)
			good = run_kind(jobs, cx, jobs->o.kinds[i], &n);
	if (good)
		good = executor_guard(cx->app->executor, cx, soonest, jobs) ==
		       OK;
	if (!good)
		jobs->look_at_ms = now_ms + AGAIN_MS;
	return n + good; /* a look counts: others need not rest for it */
}

struct tx_timer jobs_timer(struct jobs *j)
{
	return (struct tx_timer){ .arg = j, .next_ms = next_ms, .run = run };
}
