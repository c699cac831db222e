#include "engine/jobs/job.h"

#include "engine/app.h"
#include "engine/jobs/job_impl.h"

enum {
	TRIES = 5,
	BACKOFF_MS = 1000,
	BACKOFF_MOST_MS = 600000,
	ID_TIME_BYTES = 6, /* of a UUIDv7 */
};

const char *const job_state_words[] = {
#define X(state, word, next) word,
	JOB_STATES(X)
#undef X
		NULL
};

static const unsigned next_states[] = {
#define X(state, word, next) next,
	JOB_STATES(X)
#undef X
};

enum err job_load(struct ctx *cx, const struct id *org, const struct id *id,
		  struct job *out)
{
	enum err e = store_one(cx, &job_sql[JOB_BY_ID],
			       VALS(v_id(org), v_id(id)), out);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no such job") : e;
}

enum err job_behind(struct ctx *cx, const struct id *org, const struct id *ref,
		    struct job *out)
{
	/* Ids begin with their time, and are in no order within it. */
	const struct str from = { (const char *)ref->b, ID_TIME_BYTES };
	enum err e = store_one(cx, &job_sql[JOB_BEHIND],
			       VALS(v_id(org), v_bytes(from), v_id(ref)), out);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no such job") : e;
}

/* ---- queueing ---- */

enum err job_queue(struct ctx *cx, const char *kind, const struct job_wish *w,
		   struct id *id)
{
	const struct job_kind *k = job_kind_find(cx->app->jobs, str_of(kind));
	struct val v[JOB_COLUMNS];
	struct job j = { .org = w->org,
			 .id = id_new(cx->clock, cx->rng),
			 .kind = str_of(kind),
			 .ref = w->ref,
			 .body = w->body.p ? w->body : STR("{}"),
			 .state = JOB_QUEUED,
			 .max_tries = w->max_tries,
			 .single = w->single,
			 .needs = job_words(cx->arena, &w->needs),
			 .created_at = clock_ms(cx->clock) };
	int64_t changed;
	enum err e;

	CHECK(k && j.body.n <= JOB_BODY_BYTES);
	CHECK(!w->single || !id_is_none(&w->ref));
	if (id_is_none(&j.org))
		j.org = cx->who->org;
	j.due_at = w->run_at ? w->run_at : j.created_at;
	j.updated_at = j.created_at;
	if (!j.max_tries)
		j.max_tries = k->max_tries ? k->max_tries : TRIES;
	job_vals(&j, v);
	e = store_exec(cx, &job_sql[JOB_INSERT], v, JOB_COLUMNS, &changed);
	if (e)
		return e;
	CHECK(changed || j.single);
	if (k->step)
		jobs_wake(cx->app->jobs, j.due_at);
	else if (changed && j.due_at <= clock_ms(cx->clock))
		jobs_offer(cx->app->jobs, j.kind);
	if (id)
		*id = changed ? j.id : (struct id){ 0 };
	return OK;
}

/* ---- changing ---- */

enum err job_save(struct ctx *cx, const struct job *was, struct job *now)
{
	int64_t changed;
	enum err e;

	CHECK(next_states[was->state] & JOB_TO(now->state));
	now->updated_at = clock_ms(cx->clock);
	e = store_exec(cx, &job_sql[JOB_SAVE],
		       VALS(v_id(&was->org), v_id(&was->id), v_text(now->body),
			    v_int(now->state), v_int(now->due_at),
			    v_int(now->fence), v_text(now->holder),
			    v_text(now->worker), v_int(now->tries),
			    v_text(now->last_error), v_int(now->updated_at),
			    v_int(was->state), v_int(was->fence),
			    v_int(was->due_at), v_int(now->leased_at)),
		       &changed);
	if (!e && !changed)
		return err_set(cx, ERR_CONFLICT,
			       "the job was changed by another call");
	return e;
}

/* The error itself may tell of a learner's work: it stays in the row. */
static void note(struct ctx *cx, const struct job *j)
{
	char id[ID_TEXT + 1];
	struct buf b = { 0 };
	struct record r = {
		.org = j->org,
		.stream = j->id,
		.event =
			str_fmt(cx->arena, "job.%s", job_state_words[j->state]),
	};

	id_text(&j->id, id);
	buf_fmt(&b, "{\"job\":\"%s\",\"kind\":", id);
	jout_str(&b, j->kind);
	buf_z(&b, ",\"ref\":");
	jout_id(&b, &j->ref);
	buf_fmt(&b, ",\"fence\":%lld,\"tries\":%lld}", (long long)j->fence,
		(long long)j->tries);
	r.body = buf_copy(&b, cx->arena);
	buf_done(&b);
	record_stage(cx, &r);
}

enum err job_end(struct ctx *cx, struct job *j, enum job_state state,
		 struct str error)
{
	const struct job_kind *k = job_kind_find(cx->app->jobs, j->kind);
	struct job now = *j;
	enum err e;

	now.state = (int)state;
	now.due_at = 0;
	if (error.p)
		now.last_error = str_cut(error, 0, JOB_ERROR_BYTES);
	e = job_save(cx, j, &now);
	if (e)
		return e;
	*j = now;
	note(cx, j);
	jobs_count(cx->app->jobs, j,
		   state == JOB_DONE	 ? JOB_TOLD_DONE
		   : state == JOB_FAILED ? JOB_TOLD_FAILED
		   : state == JOB_DEAD	 ? JOB_TOLD_DEAD
					 : JOB_TOLD_CANCELLED);
	return k && k->ended && state != JOB_DONE ? k->ended(cx, j) : OK;
}

/* When to try again after so many tries. */
static int64_t backoff(struct ctx *cx, const struct job_kind *kind,
		       int64_t tries)
{
	int64_t ms = kind && kind->backoff_ms ? kind->backoff_ms : BACKOFF_MS;

	while (--tries > 0 && ms < BACKOFF_MOST_MS)
		ms *= 2;
	if (ms > BACKOFF_MOST_MS)
		ms = BACKOFF_MOST_MS;
	return clock_ms(cx->clock) + ms / 2 +
	       (int64_t)rng_below(cx->rng, (uint64_t)(ms / 2 + 1));
}

enum err job_tried(struct ctx *cx, struct job *j, struct str error)
{
	struct job now = *j;
	enum err e;

	if (j->tries >= j->max_tries)
		return job_end(cx, j, JOB_DEAD, error);
	now.state = JOB_QUEUED;
	now.due_at =
		backoff(cx, job_kind_find(cx->app->jobs, j->kind), j->tries);
	now.last_error = str_cut(error, 0, JOB_ERROR_BYTES);
	now.holder = now.worker = (struct str){ 0 };
	e = job_save(cx, j, &now);
	if (e)
		return e;
	*j = now;
	jobs_count(cx->app->jobs, j, JOB_TOLD_TRIED);
	return OK;
}

/* ---- staff ---- */

enum err job_cancel(struct ctx *cx, const struct id *org, const struct id *id,
		    struct job *out)
{
	const struct job_kind *k;
	struct job j;
	enum err e = job_load(cx, org, id, &j);

	if (e)
		return e;
	k = job_kind_find(cx->app->jobs, j.kind);
	if (k && k->kept)
		return err_set(cx, ERR_PRECONDITION,
			       "a job of this kind cannot be cancelled");
	if (!(next_states[j.state] & JOB_TO(JOB_CANCELLED)))
		return err_set(cx, ERR_PRECONDITION, "the job is %s already",
			       job_state_words[j.state]);
	e = job_end(cx, &j, JOB_CANCELLED, (struct str){ 0 });
	if (!e)
		*out = j;
	return e;
}

enum err job_retry(struct ctx *cx, const struct id *org, const struct id *id,
		   struct job *out)
{
	const struct job_kind *k;
	struct job j, now;
	enum err e = job_load(cx, org, id, &j);

	if (e)
		return e;
	if (j.due_at || !(next_states[j.state] & JOB_TO(JOB_QUEUED)))
		return err_set(cx, ERR_PRECONDITION, "the job is %s",
			       job_state_words[j.state]);
	now = j;
	now.state = JOB_QUEUED;
	now.due_at = clock_ms(cx->clock);
	now.tries = 0;
	now.holder = now.worker = (struct str){ 0 };
	e = job_save(cx, &j, &now);
	if (e)
		return e;
	k = job_kind_find(cx->app->jobs, j.kind);
	if (k && k->step)
		jobs_wake(cx->app->jobs, now.due_at);
	else
		jobs_offer(cx->app->jobs, now.kind);
	*out = now;
	note(cx, &now);
	return OK;
}

enum err job_list(struct ctx *cx, const struct job_filter *f, int64_t limit,
		  struct list *out, bool *more)
{
	struct val after =
		v_bytes((struct str){ (const char *)f->after.b, ID_BYTES });
	/* Dead is one way to fail. */
	int other = f->state == JOB_FAILED ? JOB_DEAD : f->state;
	const struct val v[] = { v_id(&f->org),	   after,
				 v_id(&f->ref),	   v_text(f->kind),
				 v_int(limit + 1), v_int(f->state),
				 v_int(other) };

	return store_list(cx,
			  &job_sql[f->has_state ? JOB_LIST_STATE : JOB_LIST], v,
			  f->has_state ? 7 : 5, (size_t)limit, out, more);
}

enum err job_prune(struct ctx *cx, int64_t before_ms, int64_t most,
		   int64_t *removed)
{
	return store_exec(cx, &job_sql[JOB_PRUNE],
			  VALS(v_int(before_ms), v_int(most)), removed);
}
