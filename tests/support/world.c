#include "tests/support/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/tm.h"
#include "engine/audit/record_sql.h"
#include "engine/auth/org.h"
#include "engine/content/content.h"
#include "engine/erasure/erasure.h"
#include "engine/assessment/selftest.h"
#include "engine/attempt/attempt.h"
#include "engine/jobs/job.h"
#include "engine/methods.h"
#include "engine/store/executor.h"

/* ---- who calls ---- */

struct caller {
	const char *token;
	uint32_t roles;
};

static const struct caller callers[] = {
	{ "platform", ROLE_PLATFORM },	   { "author", ROLE_AUTHOR },
	{ "moderator", ROLE_MODERATOR },   { "auditor", ROLE_AUDITOR },
	{ "admin", ROLE_ORG_ADMIN },	   { "operator", ROLE_OPERATOR },
	{ "worker", ROLE_WORKER },	   { "foreign", ROLE_PLATFORM },
	{ "foreign_worker", ROLE_WORKER },
};

static struct world *only; /* core_auth has no argument of ours */

static enum err person_of(struct ctx *cx, const struct id *org,
			  struct str subject, struct id *out)
{
	struct store_conn *was = cx->db;
	struct person_found f;
	enum err e;

	if (!was)
		cx->db = store_reader(only->app->store, 1000);
	e = person_find(cx, org, subject, &f);
	if (!was)
		store_reader_done(only->app->store, cx->db);
	cx->db = was;
	if (!e)
		*out = f.id;
	return e;
}

static bool after(struct str token, const char *prefix, struct str *rest)
{
	if (!str_starts(token, prefix))
		return false;
	*rest = str_cut(token, strlen(prefix), token.n);
	return true;
}

static enum err world_principal(struct auth *a, struct ctx *cx,
				struct str token, const struct principal **out)
{
	struct principal *p = ARENA_NEW(cx->arena, struct principal);
	struct str rest;

	(void)a;
	*p = (struct principal){ .org = only->org,
				 .actor = str_copy(cx->arena, token),
				 .expires_ms = INT64_MAX };
	*out = p;
	if (after(token, "bound:", &rest) ||
	    after(token, "bound-all:", &rest) ||
	    after(token, "bound-admin:", &rest)) {
		struct str *course = ARENA_NEW(cx->arena, struct str);

		*course = str_copy(cx->arena, rest);
		p->roles = ROLE_ORG_ADMIN | ROLE_AUDITOR;
		if (str_starts(token, "bound:"))
			p->roles = ROLE_PLATFORM;
		if (str_starts(token, "bound-all:"))
			p->roles = ~(uint32_t)ROLE_ANYONE;
		p->courses = (struct list){ course, 1 };
		return OK;
	}
	if (after(token, "learner:", &rest) ||
	    after(token, "stranger:", &rest)) {
		if (str_starts(token, "stranger:"))
			p->org = only->other;
		p->roles = ROLE_LEARNER | ROLE_REVIEWER;
		p->subject = str_copy(cx->arena, rest);
		return person_of(cx, &p->org, p->subject, &p->person);
	}
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		if (str_is(token, callers[i].token)) {
			p->roles = callers[i].roles;
			if (str_starts(token, "foreign"))
				p->org = only->other;
			return OK;
		}
	return err_set(cx, ERR_UNAUTHENTICATED, "this token is not known");
}

static enum err world_rate(struct auth *a, struct ctx *cx,
			   const struct principal *p)
{
	(void)a;
	(void)cx;
	(void)p;
	return OK;
}

/* ---- jobs for workers ---- */

struct worked {
	int64_t n;
};
static const struct field worked_fields[] = {
	FIELD(struct worked, n, KIND_INT, "any number"),
	FIELD_END,
};
static const struct shape worked_shape = SHAPE(struct worked, worked_fields);

static enum err work_apply(struct ctx *cx, const struct job *j,
			   const void *result)
{
	(void)result;
	record_stage(cx, &(struct record){ .org = j->org,
					   .stream = j->id,
					   .event = STR("test.worked"),
					   .body = STR("{}") });
	return OK;
}

static enum err work_input(struct ctx *cx, const struct job *j,
			   struct buf *json, struct str *bytes)
{
	buf_fmt(json, "{\"fence\":%lld}", (long long)j->fence);
	*bytes = str_copy(cx->arena, STR("a\0b"));
	return OK;
}

static const struct job_kind work_job = { .name = "test.work",
					  .input = work_input,
					  .result = &worked_shape,
					  .apply = work_apply };
/* What the server has, and work_job. */
static const struct job_kind *const *world_jobs(void)
{
	static const struct job_kind *all[64];
	size_t n = 0;

	while (all_jobs[n]) {
		CHECK(n < 62);
		all[n] = all_jobs[n];
		n++;
	}
	all[n] = &work_job;
	return all;
}

/* ---- the server ---- */

static void must(struct world *w, enum err e, const char *what)
{
	if (!e)
		return;
	fprintf(stderr, "world: %s: %s %s (%s)\n", what, err_kind(e),
		w->cx.error.text, w->cx.error.detail);
	abort();
}

static void start(struct world *w)
{
	const struct server_opts o = { .config = &w->config,
				       .clock = &w->steady.clock,
				       .rng = &w->rng.rng,
				       .jobs = world_jobs(),
				       .disk = w->disk };

	clock_steady_init(&w->steady, &w->clock.clock, NULL, NULL);
	must(w, server_open(&w->cx, &o, &w->server), "server_open");
	w->app = w->cx.app = server_app(w->server);
	w->core = core_new(&(struct core_opts){
		.table = &all_methods,
		.app = w->app,
		.auth = { world_principal, world_rate, NULL },
		.clock = &w->steady.clock,
		.rng = &w->rng.rng });
}

/* What a test itself does in a transaction. */
struct own_work {
	struct work work;
	struct world *w;
	struct id job;
	enum err result;
};

static void own_done(struct work *work, enum err e)
{
	((struct own_work *)work)->result = e;
}

static void own_work(struct world *w, struct own_work *o,
		     enum err (*run)(struct work *work), const char *what)
{
	o->w = w;
	o->work = (struct work){ .cx = &w->cx, .run = run, .done = own_done };
	must(w, executor_submit(w->app->executor, &o->work), what);
	world_run(w);
	must(w, o->result, what);
}

static enum err make_orgs(struct work *work)
{
	struct world *w = ((struct own_work *)work)->w;
	struct organization o;
	enum err e = org_create(work->cx, STR("The University"), &o);

	w->org = o.id;
	if (!e)
		e = org_create(work->cx, STR("Elsewhere"), &o);
	w->other = o.id;
	return e;
}

static enum err queue_job(struct work *work)
{
	struct own_work *o = (struct own_work *)work;

	return job_queue(work->cx, work_job.name,
			 &(struct job_wish){ .org = o->w->org }, &o->job);
}

const char *world_job(struct world *w)
{
	struct own_work o;
	char text[ID_TEXT + 1];

	own_work(w, &o, queue_job, "job");
	id_text(&o.job, text);
	return str_z(w->cx.arena, str_of(text));
}

static void set(struct world *w, const char *key, const char *value)
{
	must(w,
	     setting_set(&w->cx, &config_settings, &w->config, str_of(key),
			 str_copy(w->cx.arena, str_of(value))),
	     key);
}

/* A database of the kind that the environment names, and a folder. */
static void make_db(struct world *w)
{
	const char *kind = getenv("ASSAY_TEST_STORE");
	bool pg = kind && strcmp(kind, db_name(DB_PG)) == 0;

	CHECK(!kind || pg || strcmp(kind, db_name(DB_SQLITE)) == 0);
	if (!db_make(&w->db, pg ? DB_PG : DB_SQLITE)) {
		fprintf(stderr, "world: %s is not installed\n", kind);
		exit(WORLD_SKIP);
	}
	snprintf(w->folder, sizeof(w->folder), "%s/data", w->db.dir);
}

struct world *world_open(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct own_work make;

	CHECK(w && !only);
	only = w;
	make_db(w);
	clock_manual_init(&w->clock, WORLD_BEGIN);
	rng_seeded_from(&w->rng, 1);
	w->cx = (struct ctx){ .arena = arena_new(1 << 20),
			      .clock = &w->clock.clock,
			      .rng = &w->rng.rng };
	config_defaults(&w->config);
	set(w, "data", w->folder);
	set(w, "feed", "none");
	set(w, "readers", "2");
	set(w, "content_roots", "/srv/content, /srv/more");
	set(w, "content_private_hosts", "git.test");
	if (w->db.kind == DB_PG)
		set(w, "store", w->db.url);
	start(w);
	own_work(w, &make, make_orgs, "organizations");
	return w;
}

/* A call on its way, and a front end of one slot. */
struct asked {
	struct front_slot slot; /* first */
	struct world *w;
	struct asked *next;
	const struct rpc_method *method; /* NULL: there is none */
	struct str json, bytes;
	bool replied;
};

static void stop(struct world *w)
{
	world_fail(w, 0, OK);
	while (w->free) {
		struct asked *a = w->free;

		w->free = a->next;
		core_detach(a->slot.request);
		free(a);
	}
	core_free(w->core);
	server_free(w->server);
}

void world_restart(struct world *w)
{
	stop(w);
	start(w);
}

/*
 * However a story ends, its records and what is made of them agree. What a test
 * has changed past all commands it says with w->tampered.
 */
static void verify_all(struct world *w)
{
	struct arena *a = arena_new(1 << 16);
	struct ctx cx = { .arena = a,
			  .clock = &w->clock.clock,
			  .app = w->app,
			  .db = store_reader(w->app->store, 5000) };
	struct chain_report r;

	CHECK(cx.db);
	CHECK(store_read_begin(&cx) == OK);
	CHECK(chain_verify(&cx, all_checks, NULL, NULL, &r) == OK);
	store_read_end(&cx);
	store_reader_done(w->app->store, cx.db);
	for (size_t i = 0; i < r.list.n; i++)
		fprintf(stderr, "%s\n",
			((const struct chain_finding *)r.list.at)[i].text.p);
	CHECK(r.intact);
	arena_free(a);
}

void world_close(struct world *w)
{
	world_fail(w, 0, OK);
	if (!w->tampered)
		verify_all(w);
	stop(w);
	arena_free(w->cx.arena);
	if (!w->joined) {
		db_drop(&w->db);
		only = NULL;
	}
	free(w);
}

struct world *world_join(struct world *w, int node)
{
	struct world *b;

	if (w->db.kind != DB_PG)
		return NULL;
	b = calloc(1, sizeof(*b));
	CHECK(b);
	b->db = w->db;
	b->joined = true;
	b->org = w->org;
	b->other = w->other;
	snprintf(b->folder, sizeof(b->folder), "%s/node%d", w->db.dir, node);
	clock_manual_init(&b->clock, world_now(w));
	rng_seeded_from(&b->rng, (uint64_t)node);
	b->cx = (struct ctx){ .arena = arena_new(1 << 20),
			      .clock = &b->clock.clock,
			      .rng = &b->rng.rng };
	config_defaults(&b->config);
	set(b, "data", b->folder);
	set(b, "feed", "none");
	set(b, "readers", "2");
	set(b, "store", b->db.url);
	set(b, "node", str_fmt(b->cx.arena, "%d", node).p);
	start(b);
	return b;
}

/* ---- calls ---- */

static void keep_reply(struct front_slot *s, struct str json, struct str bytes)
{
	struct asked *a = (struct asked *)s;

	CHECK(!a->replied);
	a->json = str_copy(a->w->cx.arena, json);
	a->bytes =
		bytes.p ? str_copy(a->w->cx.arena, bytes) : (struct str){ 0 };
	a->replied = true;
}

static struct asked *asked_new(struct world *w)
{
	struct asked *a = w->free;

	if (a) {
		w->free = a->next;
	} else {
		a = calloc(1, sizeof(*a));
		CHECK(a);
		a->w = w;
		a->slot.reply = keep_reply;
		core_attach(w->core, &a->slot);
	}
	a->replied = false;
	return a;
}

static struct asked *ask(struct world *w, const char *token, const char *method,
			 struct str params, struct str bytes)
{
	struct asked *a = asked_new(w);
	struct buf b = { 0 };
	struct front_msg m = { .conn = 1,
			       .transport = FRONT_TEST,
			       .peer = STR("test") };

	a->method = rpc_find(&all_methods, str_of(method));
	buf_z(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":");
	jout_str(&b, str_of(method));
	buf_z(&b, ",\"auth\":");
	jout_str(&b, str_of(token));
	if (params.n) {
		buf_z(&b, ",\"params\":");
		buf_str(&b, params);
	}
	buf_ch(&b, '}');
	if (bytes.p) {
		buf_ch(&b, 0);
		buf_str(&b, bytes);
	}
	/* The core may keep looking at it until it replies. */
	m.bytes = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	core_take(a->slot.request, &m);
	return a;
}

static struct str vparams(struct world *w, const char *params, va_list ap)
	__attribute__((format(printf, 2, 0)));
static struct str vparams(struct world *w, const char *params, va_list ap)
{
	char *text = NULL;
	int n = vasprintf(&text, params, ap);
	struct str s;

	CHECK(n >= 0);
	s = str_copy(w->cx.arena, (struct str){ text, (size_t)n });
	free(text);
	return s;
}

struct asked *world_ask(struct world *w, const char *token, const char *method,
			const char *params, ...)
{
	struct str p;
	va_list ap;

	va_start(ap, params);
	p = vparams(w, params, ap);
	va_end(ap);
	return ask(w, token, method, p, (struct str){ 0 });
}

void world_run(struct world *w)
{
	do
		while (executor_step(w->app->executor))
			;
	while (core_step_parked(w->core) > 0);
}

/* Which ends the calls of each method had, as bits by enum err. */
enum { SEEN_MOST = 256 };
static struct {
	const struct rpc_method *method;
	uint64_t ends;
} seen[SEEN_MOST];
_Static_assert(ERR_COUNT <= 64, "a bit for each end");

static void note_seen(const struct rpc_method *m, enum err e)
{
	size_t i = 0;

	if (!m)
		return;
	while (i < SEEN_MOST && seen[i].method && seen[i].method != m)
		i++;
	CHECK(i < SEEN_MOST);
	seen[i].method = m;
	seen[i].ends |= UINT64_C(1) << e;
}

bool world_saw(const char *method, enum err e)
{
	for (size_t i = 0; i < SEEN_MOST && seen[i].method; i++)
		if (strcmp(seen[i].method->name, method) == 0)
			return seen[i].ends >> e & 1;
	return false;
}

bool world_answered(const struct asked *a)
{
	return a->replied;
}

struct reply world_answer(struct world *w, struct asked *a)
{
	struct reply r = { 0 };

	if (!a->replied) /* woken by another call, perhaps */
		world_run(w);
	CHECK(a->replied);
	r.json = a->json;
	r.bytes = a->bytes;
	r.result = json_raw(w, a->json, "result");
	if (!r.result.p) {
		const char *kind = json_text(w, a->json, "error/data/kind");

		CHECK(kind);
		r.e = err_from_kind(kind);
		r.message = str_of(json_text(w, a->json, "error/message"));
		r.field = str_of(json_text(w, a->json, "error/data/field"));
		r.state = json_raw(w, a->json, "error/data/state");
		r.retry = str_is(json_raw(w, a->json, "error/data/retry"),
				 "true");
	}
	note_seen(a->method, r.e);
	a->next = w->free;
	w->free = a;
	return r;
}

struct reply world_call_bytes(struct world *w, const char *token,
			      const char *method, struct str params,
			      struct str bytes)
{
	struct asked *a = ask(w, token, method, params, bytes);

	if (!a->replied)
		world_run(w);
	return world_answer(w, a);
}

struct reply world_call(struct world *w, const char *token, const char *method,
			const char *params, ...)
{
	struct str p;
	va_list ap;

	va_start(ap, params);
	p = vparams(w, params, ap);
	va_end(ap);
	return world_call_bytes(w, token, method, p, (struct str){ 0 });
}

struct reply world_ok(struct world *w, const char *token, const char *method,
		      const char *params, ...)
{
	struct reply r;
	struct str p;
	va_list ap;

	va_start(ap, params);
	p = vparams(w, params, ap);
	va_end(ap);
	r = world_call_bytes(w, token, method, p, (struct str){ 0 });
	if (r.e) {
		fprintf(stderr, "%s %.*s\n-> %.*s\n", method, STR_FMT(p),
			STR_FMT(r.json));
		abort();
	}
	return r;
}

/* ---- time and failures ---- */

void world_pass(struct world *w, int64_t ms)
{
	clock_manual_step(&w->clock, ms);
	world_run(w);
}

void world_set_clock(struct world *w, int64_t by_ms)
{
	w->clock.ms += by_ms;
	world_run(w);
}

int64_t world_now(const struct world *w)
{
	return clock_ms(&w->clock.clock);
}

const char *world_time(struct world *w, int64_t ms)
{
	char text[TM_TEXT + 1];

	tm_text(world_now(w) + ms, text);
	return str_z(w->cx.arena, str_of(text));
}

void world_fail(struct world *w, int n, enum err e)
{
	store_fail_at(w->app->store, n, e);
}

void world_fail_from(struct world *w, int n, enum err e)
{
	store_fail_from(w->app->store, n, e);
}

void world_lose_commit(struct world *w)
{
	store_lose_commit(w->app->store);
}

const char *world_publish(struct world *w, const char *json)
{
	struct reply r = world_ok(w, "author", "assessment.publish",
				  "{\"definition\":%s}", json);

	return reply_text(w, &r, "assessment/id");
}

int64_t world_records(struct world *w, const char *event)
{
	const struct record *r;
	struct list list;
	int64_t last = 0, n = 0;

	w->cx.db = store_reader(w->app->store, 1000);
	do {
		must(w,
		     store_list(&w->cx, &record_sql[RECORD_AFTER],
				VALS(v_int(w->app->node), v_int(last),
				     v_int(1000)),
				1000, &list, NULL),
		     "records");
		r = list.at;
		for (size_t i = 0; i < list.n; i++) {
			n += str_is(r[i].event, event);
			last = r[i].seq;
		}
	} while (list.n);
	store_reader_done(w->app->store, w->cx.db);
	w->cx.db = NULL;
	return n;
}
