/*
 * job_world: tx_world with a queue and some kinds of job: "grade" for workers,
 * whose effect is a row, and "count" for the server, which takes as many steps
 * as its body says and leaves a row for each. Include after cmocka.h.
 */
#pragma once

#include "engine/jobs/job.h"
#include "tests/support/tx_world.h"

enum { EFFECT_INSERT, EFFECT_COUNT, EFFECT_STMTS };

struct effect_count {
	int64_t n;
};
static const struct field effect_fields[] = {
	FIELD(struct effect_count, n, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape effect_shape =
	SHAPE(struct effect_count, effect_fields);
static const struct stmt effect_sql[EFFECT_STMTS] = {
	[EFFECT_INSERT] = { "effect_insert",
			    "INSERT INTO effect (id, job, what)"
			    " VALUES ($1, $2, $3)" },
	[EFFECT_COUNT] = { "effect_count",
			   "SELECT COUNT(*) AS n FROM effect WHERE job = $1"
			   " AND what = $2",
			   &effect_shape },
};
static const struct stmt_set effect_set = { "effect", effect_sql,
					    EFFECT_STMTS };
static const struct migration effect_steps[] = {
	{ 900, "effects",
	  "CREATE TABLE effect (id {bytes} NOT NULL PRIMARY KEY,"
	  " job {bytes} NOT NULL, what {text} NOT NULL){table};\n" },
};
static const struct migration_set effect_migrations = { effect_steps, 1 };

static const struct stmt_set *const jw_sets[] = {
	&record_stmts, &checkpoint_stmts, &auth_stmts,
	&job_stmts,    &effect_set,	  NULL
};
static const struct migration_set *const jw_steps[] = {
	&record_migrations, &checkpoint_migrations, &auth_migrations,
	&job_migrations,    &effect_migrations,	    NULL
};

static inline enum err jw_effect(struct ctx *cx, const struct job *j,
				 const char *what)
{
	struct id id = id_new(cx->clock, cx->rng);

	return store_exec(cx, &effect_sql[EFFECT_INSERT],
			  VALS(v_id(&id), v_id(&j->id), v_z(what)), NULL);
}

/* ---- "grade" ---- */

struct jw_grade {
	int64_t points;
};
static const struct field jw_grade_fields[] = {
	FIELD(struct jw_grade, points, KIND_INT, "0 to 10", .min = 0,
	      .max = 10),
	FIELD_END,
};
static const struct shape jw_grade_shape =
	SHAPE(struct jw_grade, jw_grade_fields);

static inline enum err jw_apply(struct ctx *cx, const struct job *j,
				const void *result)
{
	enum err e = jw_effect(cx, j, "grade");

	if (!e && ((const struct jw_grade *)result)->points == 7)
		return err_set(cx, ERR_PRECONDITION, "seven is not wanted");
	return e;
}

static inline enum err jw_ended(struct ctx *cx, const struct job *j)
{
	return jw_effect(cx, j, "ended");
}

static const struct job_kind jw_grade_kind = { .name = "grade",
					       .result = &jw_grade_shape,
					       .apply = jw_apply,
					       .ended = jw_ended,
					       .max_tries = 3 };
static const struct job_kind jw_other_kind = { .name = "other", .kept = true };

/* ---- "count": {"left":n} ---- */

struct jw_count {
	int64_t left;
};
static const struct field jw_count_fields[] = {
	FIELD(struct jw_count, left, KIND_INT, "steps to come"),
	FIELD_END,
};
static const struct shape jw_count_shape =
	SHAPE(struct jw_count, jw_count_fields);

static inline enum err jw_step(struct ctx *cx, const struct job *j,
			       struct job_next *next)
{
	struct jw_count c;
	enum err e = field_decode_text(cx, j->body, &jw_count_shape, &c);

	if (!e)
		e = jw_effect(cx, j, "step");
	if (!e && c.left < 0)
		return err_set(cx, ERR_PRECONDITION, "below nothing");
	c.left--;
	next->again = c.left > 0;
	next->body = str_fmt(cx->arena, "{\"left\":%lld}", (long long)c.left);
	return e;
}

static const struct job_kind jw_count_kind = {
	.name = "count", .step = jw_step, .ended = jw_ended, .max_tries = 3
};

static const struct job_kind *const jw_kinds[] = { &jw_grade_kind,
						   &jw_other_kind,
						   &jw_count_kind, NULL };

/* ---- the world ---- */

static inline void jw_open(struct tx *w, const struct tx_opts *o,
			   const struct id *tenant)
{
	struct tx_opts all = o ? *o : (struct tx_opts){ 0 };

	all.sets = jw_sets;
	all.steps = jw_steps;
	tx_open(w, &all);
	w->app.jobs = jobs_new(&(struct jobs_opts){ .kinds = jw_kinds,
						    .store = w->app.store,
						    .clock = &w->clock.clock });
	w->timers[w->timers_n++] = jobs_timer(w->app.jobs);
	w->parts[w->parts_n++] = jobs_part(w->app.jobs);
	tx_start(w, tenant);
	tx_as(w, ROLE_WORKER | ROLE_PLATFORM, "key:one", NULL);
}

static inline void jw_close(struct tx *w)
{
	struct jobs *jobs = w->app.jobs;

	tx_close(w);
	jobs_free(jobs);
}

struct jw_queue {
	const char *kind;
	struct job_wish wish;
	struct id id;
	enum err then;
};
static inline enum err jw_queue_run(struct ctx *cx, void *arg)
{
	struct jw_queue *q = arg;
	enum err e = job_queue(cx, q->kind, &q->wish, &q->id);

	return e ? e : q->then ? err_set(cx, q->then, "asked to") : OK;
}
static inline struct id jw_queue(struct tx *w, const char *kind,
				 const char *body)
{
	struct jw_queue q = { .kind = kind, .wish = { .body = str_of(body) } };
	enum err e = tx_run(w, jw_queue_run, &q);

	CHECK(!e);
	return q.id;
}

struct jw_lease {
	struct job_ask ask;
	struct list got;
};
static inline enum err jw_lease_run(struct ctx *cx, void *arg)
{
	struct jw_lease *l = arg;

	return job_lease(cx, &l->ask, &l->got);
}
/* How many were leased; the first in *j. */
static inline size_t jw_lease(struct tx *w, int64_t limit, struct job *j)
{
	static struct str grade = { "grade", 5 };
	struct jw_lease l = { .ask = { .org = w->who.org,
				       .kinds = { &grade, 1 },
				       .worker = STR("a worker"),
				       .limit = limit,
				       .lease_ms = 60000 } };
	enum err e = tx_run(w, jw_lease_run, &l);

	CHECK(!e);
	if (j)
		*j = l.got.n ? *(struct job *)l.got.at : (struct job){ 0 };
	return l.got.n;
}

/* What a holder says: finish with points, renew, fail or release. */
struct jw_say {
	enum {
		JW_FINISH,
		JW_RENEW,
		JW_FAIL,
		JW_FAIL_FOR_GOOD,
		JW_RELEASE
	} what;
	struct id id;
	int64_t fence;
	const char *result;
	struct job job;
};
static inline enum err jw_say_run(struct ctx *cx, void *arg)
{
	struct jw_say *s = arg;
	const struct id *org = &cx->who->org;

	switch (s->what) {
	case JW_FINISH:
		return job_finish(cx, org, &s->id, s->fence,
				  s->result ? str_of(s->result)
					    : STR("{\"points\":5}"),
				  &s->job);
	case JW_RENEW:
		return job_renew(cx, org, &s->id, s->fence, 60000, &s->job);
	case JW_RELEASE:
		return job_release(cx, org, &s->id, s->fence, &s->job);
	case JW_FAIL:
	case JW_FAIL_FOR_GOOD:
		return job_fail(cx, org, &s->id, s->fence, STR("no luck"),
				s->what == JW_FAIL, &s->job);
	}
	return ERR_INTERNAL;
}
static inline enum err jw_say(struct tx *w, int what, const struct job *j)
{
	struct jw_say s = { .id = j->id, .fence = j->fence };

	s.what = what;
	return tx_run(w, jw_say_run, &s);
}

struct jw_get {
	struct id id;
	struct job job;
};
static inline enum err jw_get_run(struct ctx *cx, void *arg)
{
	struct jw_get *g = arg;

	return job_load(cx, &cx->who->org, &g->id, &g->job);
}
static inline struct job jw_get(struct tx *w, const struct id *id)
{
	struct jw_get g = { .id = *id };
	enum err e = tx_read(w, jw_get_run, &g);

	CHECK(!e);
	return g.job;
}

struct jw_position {
	struct id id;
	struct job_position position;
};
static inline enum err jw_position_run(struct ctx *cx, void *arg)
{
	struct jw_position *p = arg;
	struct job_workers workers = { 0 };
	struct job j;
	enum err e = job_load(cx, &cx->who->org, &p->id, &j);

	return e ? e : job_position(cx, &workers, &j, &p->position);
}
static inline struct job_position jw_position(struct tx *w, const struct id *id)
{
	struct jw_position p = { .id = *id };
	enum err e = tx_read(w, jw_position_run, &p);

	CHECK(!e);
	return p.position;
}

struct jw_effects {
	struct id job;
	const char *what;
	struct effect_count count;
};
static inline enum err jw_effects_run(struct ctx *cx, void *arg)
{
	struct jw_effects *x = arg;

	return store_one(cx, &effect_sql[EFFECT_COUNT],
			 VALS(v_id(&x->job), v_z(x->what)), &x->count);
}
static inline int64_t jw_effects(struct tx *w, const struct id *job,
				 const char *what)
{
	struct jw_effects x = { .job = *job, .what = what };
	enum err e = tx_read(w, jw_effects_run, &x);

	CHECK(!e);
	return x.count.n;
}
