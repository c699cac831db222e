/* The worker's side: who has a job, and what of him is believed. */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/jobs/job_impl.h"

/* ---- what is due ---- */

static enum err due_of(struct ctx *cx, const struct job_ask *a, struct str kind,
		       int64_t now, struct str needs, int64_t most,
		       struct list *out)
{
	return store_list(cx, &job_sql[JOB_DUE_OF],
			  VALS(v_text(kind), v_int(now), v_id(&a->org),
			       v_int(most), v_text(needs.n ? needs : STR(""))),
			  SIZE_MAX, out, NULL);
}

/* The first n of both, each in order of its due times, in that order. */
static struct list merge(struct arena *arena, const struct list *a,
			 const struct list *b, size_t n)
{
	const struct job *x = a->at, *y = b->at;
	const struct job *x_end = x + a->n, *y_end = y + b->n;
	struct job *out;

	if (n > a->n + b->n)
		n = a->n + b->n;
	out = ARENA_ARRAY(arena, struct job, n);
	for (size_t i = 0; i < n; i++)
		out[i] = y == y_end || (x != x_end && x->due_at <= y->due_at)
				 ? *x++
				 : *y++;
	return (struct list){ out, n };
}

enum err job_due(struct ctx *cx, const struct job_ask *a, struct str kind,
		 int64_t now, int64_t most, struct list *out)
{
	struct val has = job_languages(cx, a);
	const struct job_needs_row *row;
	struct list needs, due;
	enum err e;

	*out = (struct list){ 0 };
	if (has.type == VAL_NULL)
		return store_list(cx, &job_sql[JOB_DUE],
				  VALS(v_text(kind), v_int(now), v_id(&a->org),
				       v_int(most)),
				  SIZE_MAX, out, NULL);
	e = store_list(cx, &job_sql[JOB_NEEDS], VALS(v_text(kind), has),
		       SIZE_MAX, &needs, NULL);
	row = needs.at;
	for (size_t i = 0; !e && i < needs.n; i++) {
		e = due_of(cx, a, kind, now, row[i].needs, most, &due);
		if (!e && due.n)
			*out = merge(cx->arena, out, &due, (size_t)most);
	}
	return e;
}

/* ---- leasing ---- */

/* *j is then the caller's; ERR_CONFLICT: somebody was faster. */
static enum err take(struct ctx *cx, const struct job_ask *a, struct job *j)
{
	struct job now = *j;
	enum err e;

	now.state = JOB_LEASED;
	now.leased_at = clock_ms(cx->clock);
	now.due_at = now.leased_at + a->lease_ms;
	now.fence++;
	now.tries++;
	now.holder = cx->who->actor;
	now.worker = a->worker;
	e = job_save(cx, j, &now);
	if (e)
		return e;
	*j = now;
	jobs_count(cx->app->jobs, j, JOB_TOLD_LEASED);
	return OK;
}

/*
 * Its worker is gone, and so are its tries: a job that takes its workers with
 * it must not go on for ever.
 */
static enum err bury(struct ctx *cx, struct job *j)
{
	return job_end(cx, j, JOB_DEAD,
		       STR("the lease ran out on the last try"));
}

static enum err lease_kind(struct ctx *cx, const struct job_ask *a,
			   struct str kind, struct job *got, size_t *n)
{
	struct list due;
	struct job *j;
	enum err e = job_due(cx, a, kind, clock_ms(cx->clock),
			     a->limit - (int64_t)*n, &due);

	if (e)
		return e;
	j = due.at;
	for (size_t i = 0; i < due.n; i++) {
		bool spent = j[i].state == JOB_LEASED &&
			     j[i].tries >= j[i].max_tries;

		e = spent ? bury(cx, &j[i]) : take(cx, a, &j[i]);
		if (!e && !spent)
			got[(*n)++] = j[i];
		if (e && e != ERR_CONFLICT)
			return e;
		err_clear(cx);
	}
	return OK;
}

enum err job_ask_check(struct ctx *cx, const struct job_ask *a)
{
	const struct str *kinds = a->kinds.at;

	for (size_t i = 0; i < a->kinds.n; i++) {
		const struct job_kind *k =
			job_kind_find(cx->app->jobs, kinds[i]);

		if (!k || k->step)
			return err_field(
				cx, ERR_INVALID,
				str_fmt(cx->arena, "/kinds/%zu", i).p,
				"this is no kind of job that workers do");
	}
	return OK;
}

enum err job_lease(struct ctx *cx, const struct job_ask *a, struct list *out)
{
	const struct str *kinds = a->kinds.at;
	struct job *got;
	size_t n = 0;
	enum err e = job_ask_check(cx, a);

	if (e)
		return e;
	e = jobs_heard(cx, a);
	if (e)
		return e;
	got = ARENA_ARRAY(cx->arena, struct job, (size_t)a->limit);
	for (size_t i = 0; !e && i < a->kinds.n && (int64_t)n < a->limit; i++)
		e = lease_kind(cx, a, kinds[i], got, &n);
	if (!e)
		*out = (struct list){ got, n };
	return e;
}

/* ---- what a holder says ---- */

static bool holds(struct ctx *cx, const struct job *j, int64_t fence)
{
	return j->fence == fence && str_eq(j->holder, cx->who->actor);
}

enum err job_held(struct ctx *cx, const struct id *org, const struct id *id,
		  int64_t fence, struct job *j)
{
	enum err e = job_load(cx, org, id, j);

	if (e)
		return e;
	if (j->state != JOB_LEASED || !holds(cx, j, fence))
		return err_set(cx, ERR_CONFLICT,
			       "this lease has ended: drop the job");
	return OK;
}

enum err job_renew(struct ctx *cx, const struct id *org, const struct id *id,
		   int64_t fence, int64_t lease_ms, struct job *out)
{
	struct job j, now;
	enum err e = job_held(cx, org, id, fence, &j);

	if (e)
		return e;
	now = j;
	now.due_at = clock_ms(cx->clock) + lease_ms;
	e = job_save(cx, &j, &now);
	if (!e)
		*out = now;
	return e;
}

static enum err workers_kind(struct ctx *cx, const struct job *j,
			     const struct job_kind **out)
{
	*out = job_kind_find(cx->app->jobs, j->kind);
	if (!*out || (*out)->step)
		return err_set(cx, ERR_UNSUPPORTED,
			       "this server does not know the kind of job");
	return OK;
}

enum err job_input(struct ctx *cx, const struct id *org, const struct id *id,
		   int64_t fence, struct buf *json, struct str *bytes)
{
	const struct job_kind *k;
	struct job j;
	enum err e = job_held(cx, org, id, fence, &j);

	if (!e)
		e = workers_kind(cx, &j, &k);
	if (!e && k->input)
		e = k->input(cx, &j, json, bytes);
	/* Of what others wrote: too much of it is not the server's end. */
	if (!e && bytes->n > LIMIT_BLOB_BYTES)
		e = err_set(cx, ERR_TOO_LARGE,
			    "what the job is to be done with is more than a "
			    "message holds");
	return e;
}

static enum err decode(struct ctx *cx, const struct job_kind *k,
		       struct str text, void **out)
{
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, text, &doc);

	if (e)
		return err_field(cx, ERR_INVALID, "/result",
				 "the result is not JSON");
	*out = arena_alloc(cx->arena, k->result->size);
	return field_decode(cx, jdoc_root(doc), k->result, "/result", *out);
}

enum err job_finish(struct ctx *cx, const struct id *org, const struct id *id,
		    int64_t fence, struct str result, struct job *out)
{
	const struct job_kind *k;
	void *in = NULL;
	struct job j;
	enum err e = job_held(cx, org, id, fence, &j);

	if (e == ERR_CONFLICT && j.state == JOB_DONE && holds(cx, &j, fence)) {
		err_clear(cx);
		*out = j;
		return OK; /* its reply was lost */
	}
	if (e)
		return e;
	e = workers_kind(cx, &j, &k);
	if (!e && k->result)
		e = decode(cx, k, result, &in);
	if (!e)
		e = job_end(cx, &j, JOB_DONE, (struct str){ 0 });
	if (!e && k->apply)
		e = k->apply(cx, &j, in);
	if (!e)
		*out = j;
	return e;
}

enum err job_fail(struct ctx *cx, const struct id *org, const struct id *id,
		  int64_t fence, struct str error, bool retry, struct job *out)
{
	struct job j;
	enum err e = job_held(cx, org, id, fence, &j);

	if (e)
		return e;
	e = retry ? job_tried(cx, &j, error)
		  : job_end(cx, &j, JOB_FAILED, error);
	if (!e)
		*out = j;
	return e;
}

enum err job_release(struct ctx *cx, const struct id *org, const struct id *id,
		     int64_t fence, struct job *out)
{
	struct job j, now;
	enum err e = job_held(cx, org, id, fence, &j);

	if (e == ERR_CONFLICT && j.state == JOB_QUEUED && j.fence == fence) {
		err_clear(cx);
		*out = j;
		return OK; /* its reply was lost */
	}
	if (e)
		return e;
	now = j;
	now.state = JOB_QUEUED;
	now.tries--;
	/* In its old place, however often that happens. */
	now.due_at = j.created_at;
	now.holder = now.worker = (struct str){ 0 };
	e = job_save(cx, &j, &now);
	if (e)
		return e;
	jobs_count(cx->app->jobs, &now, JOB_TOLD_RELEASED);
	jobs_offer(cx->app->jobs, now.kind);
	*out = now;
	return OK;
}
