/* The worker's side: who has a job, and what of him is believed. */
#include "engine/app.h"
#include "engine/jobs/job_impl.h"

/* ---- leasing ---- */

/* *j is then the caller's; ERR_CONFLICT: somebody was faster. */
static enum err take(struct ctx *cx, const struct job_ask *a, struct job *j)
{
	struct job now = *j;
	enum err e;

	now.state = JOB_LEASED;
	now.due_at = clock_ms(cx->clock) + a->lease_ms;
	now.fence++;
	now.tries++;
	now.holder = cx->who->actor;
	now.worker = a->worker;
	e = job_save(cx, j, &now);
	if (!e)
		*j = now;
	return e;
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
	enum err e =
		store_list(cx, &job_sql[JOB_DUE],
			   VALS(v_text(kind), v_int(clock_ms(cx->clock)),
				v_id(&a->org), v_int(a->limit - (int64_t)*n)),
			   SIZE_MAX, &due, NULL);

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

enum err job_lease(struct ctx *cx, const struct job_ask *a, struct list *out)
{
	const struct str *kinds = a->kinds.at;
	struct job *got;
	size_t n = 0;
	enum err e = OK;

	for (size_t i = 0; i < a->kinds.n; i++) {
		const struct job_kind *k =
			job_kind_find(cx->app->jobs, kinds[i]);

		if (!k || k->step)
			return err_field(cx, ERR_INVALID, "/kinds",
					 "kind %zu is none that workers do",
					 i + 1);
	}
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

static enum err load_held(struct ctx *cx, const struct id *org,
			  const struct id *id, int64_t fence, struct job *j)
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
	enum err e = load_held(cx, org, id, fence, &j);

	if (e)
		return e;
	now = j;
	now.due_at = clock_ms(cx->clock) + lease_ms;
	e = job_save(cx, &j, &now);
	if (!e)
		*out = now;
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
	enum err e = load_held(cx, org, id, fence, &j);

	if (e == ERR_CONFLICT && j.state == JOB_DONE && holds(cx, &j, fence)) {
		err_clear(cx);
		*out = j;
		return OK; /* its reply was lost */
	}
	if (e)
		return e;
	k = job_kind_find(cx->app->jobs, j.kind);
	if (!k || k->step)
		return err_set(cx, ERR_UNSUPPORTED,
			       "this server does not know the kind of job");
	if (k->result)
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
	enum err e = load_held(cx, org, id, fence, &j);

	if (e)
		return e;
	e = retry ? job_tried(cx, &j, error)
		  : job_end(cx, &j, JOB_FAILED, error);
	if (!e)
		*out = j;
	return e;
}
