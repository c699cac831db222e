/*
 * What is forgotten of an erased learner: sessions, runs and screens at once,
 * the work in git by a job, since that takes as long as a repository is large.
 */
#include "base/limits.h"
#include "engine/app.h"
#include "engine/attempt/repos.h"
#include "engine/lab/lab_sql.h"
#include "engine/lab/term.h"

enum { AGAIN_MS = 1000 };

struct forget {
	struct str repo, ref;
	int64_t node;
};
static const struct field forget_fields[] = {
	FIELD(struct forget, repo, KIND_STR, "the course's repository"),
	FIELD(struct forget, ref, KIND_STR, "the learner's work in it"),
	FIELD(struct forget, node, KIND_INT, "that keeps it"),
	FIELD_END,
};
static const struct shape forget_shape = SHAPE(struct forget, forget_fields);

/* Another node's is left for that one: it asks for the job as well. */
static enum err step(struct ctx *cx, const struct job *j, struct job_next *next)
{
	struct forget f;
	bool done = false;
	enum err e = field_decode_text(cx, j->body, &forget_shape, &f);

	if (!e && f.node == cx->app->node)
		e = repos_forget_refs(cx, cx->app->repos, f.repo, f.ref, &done);
	next->again = !done;
	next->run_at = clock_ms(cx->clock) + AGAIN_MS;
	return e;
}

const struct job_kind lab_forget_job = {
	.name = "lab.forget",
	.step = step,
	.max_tries = JOB_TRIES_MAX,
	.kept = true,
};

static enum err forget_session(struct ctx *cx, const struct lab_session *s)
{
	struct work_place at = lab_place(cx, s);
	const struct forget f = { at.repo, at.ref, s->node };
	const struct job_wish wish = {
		.org = s->org,
		.ref = s->id,
		.body = field_text(cx->arena, &forget_shape, &f),
		.single = true,
	};
	enum err e = store_exec(cx, &lab_sql[LAB_RUNS_DELETE],
				VALS(v_id(&s->org), v_id(&s->id)), NULL);

	if (!e)
		e = store_exec(cx, &lab_sql[LAB_SESSION_DELETE],
			       VALS(v_id(&s->org), v_id(&s->id)), NULL);
	if (!e)
		e = job_queue(cx, lab_forget_job.name, &wish, NULL);
	if (!e)
		term_forget(cx->app->labs, &s->id);
	return e;
}

enum err labs_erase(struct ctx *cx, const struct id *org,
		    const struct id *learner)
{
	const struct lab_session *s;
	struct list all;
	enum err e = store_list(cx, &lab_sql[LAB_SESSIONS_OF_LEARNER],
				VALS(v_id(org), v_id(learner)), LIMIT_PAGE,
				&all, NULL);

	s = all.at;
	for (size_t i = 0; !e && i < all.n; i++)
		e = forget_session(cx, &s[i]);
	return e;
}
