/*
 * fake: a server with a queue of jobs, in memory, and a runner whose runs end
 * when the test says so; for tests of the worker alone. Include after
 * cmocka.h.
 */
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/worker/worker.h"

enum { FAKE_JOBS = 64 };

struct fake_job {
	const char *kind, *input;
	bool leased, ended;
	int64_t fence, renewed, finished, failed, leases, released;
	int64_t said_after; /* job.fail and the like with a fence that ended */
	bool retry;
	char said[400]; /* result or error */
};

struct fake {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct fake_job job[FAKE_JOBS];
	int jobs;
	_Atomic bool away;
	enum err refuse_finish; /* OK: it takes results */
	const char *unknown;	/* a kind that it does not know */
	bool old;		/* it knows neither job.wait nor job.release,
				   nor what a worker says of itself */
	char about[400], languages[100]; /* said last */
	bool hasty;	   /* job.wait is answered at once, with false */
	bool refuse_input; /* job.input says that the lease has ended */
	bool over;	   /* no job.wait goes on */
	_Atomic int64_t waiting, waits, told_due, asked, inputs_refused;
	int under_way, most_under_way, released, started; /* runs */
	int level;
	_Atomic int64_t calls, opened;
};

static inline void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->moved, NULL);
	f->level = RUN_FULL;
}

static inline int fake_add(struct fake *f, const char *kind, const char *input)
{
	int n;

	pthread_mutex_lock(&f->lock);
	n = f->jobs++;
	CHECK(n < FAKE_JOBS);
	f->job[n] = (struct fake_job){ .kind = kind, .input = input };
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	return n;
}

/* Waits until look is true of the fake; false after 10 s. */
static inline bool fake_until(struct fake *f, bool (*look)(struct fake *f))
{
	struct timespec until;
	bool good;
	int late = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&f->lock);
	while (!look(f) && !late)
		late = pthread_cond_timedwait(&f->moved, &f->lock, &until);
	good = look(f);
	pthread_mutex_unlock(&f->lock);
	return good;
}

/* ---- the server ---- */

static inline void fake_error(struct client_reply *out, enum err e,
			      const char *field)
{
	out->code = e;
	out->message = STR("refused");
	out->field = str_of(field);
}

static inline void fake_id(int n, struct id *id)
{
	*id = (struct id){ { 7 } };
	id->b[15] = (uint8_t)n;
}

static inline bool fake_wants(struct jval kinds, const char *kind, int *at)
{
	struct jval v;
	uint32_t it = 0;
	struct str name;

	for (*at = 0; jval_next(kinds, &it, &name, &v); ++*at)
		if (str_is(str_cut(jval_text(v), 1, jval_text(v).n - 1), kind))
			return true;
	return false;
}

static inline bool fake_has(struct fake *f, struct jval kinds)
{
	int at;

	for (int i = 0; i < f->jobs; i++)
		if (!f->job[i].leased && !f->job[i].ended &&
		    fake_wants(kinds, f->job[i].kind, &at))
			return true;
	return false;
}

static inline void fake_wait_due(struct fake *f, struct jval p,
				 struct client_reply *out)
{
	struct jval kinds, v;
	struct timespec until;
	int64_t ms = 0;
	int late = 0;
	bool due;

	CHECK(jval_get(p, "kinds", &kinds));
	CHECK(jval_get(p, "wait_ms", &v) && jval_int(v, &ms));
	if (jval_get(p, "languages", &v))
		snprintf(f->languages, sizeof(f->languages), "%.*s",
			 STR_FMT(jval_text(v)));
	if (f->old) {
		fake_error(out, ERR_UNKNOWN_METHOD, "");
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	f->waiting++;
	f->waits++;
	pthread_cond_broadcast(&f->moved);
	while (!f->hasty && !f->over && !fake_has(f, kinds) && !late)
		late = pthread_cond_timedwait(&f->moved, &f->lock, &until);
	f->waiting--;
	due = !f->hasty && fake_has(f, kinds);
	f->told_due += due;
	out->result = due ? STR("{\"due\":true}") : STR("{\"due\":false}");
}

static inline void fake_lease(struct ctx *cx, struct fake *f, struct jval p,
			      struct client_reply *out)
{
	struct jval kinds, about;
	int at;

	CHECK(jval_get(p, "kinds", &kinds));
	if (jval_get(p, "about", &about) && f->old) {
		fake_error(out, ERR_INVALID, "/about");
		return;
	}
	if (jval_get(p, "about", &about))
		snprintf(f->about, sizeof(f->about), "%.*s",
			 STR_FMT(jval_text(about)));
	f->asked++;
	pthread_cond_broadcast(&f->moved);
	out->result = STR("{\"jobs\":[]}");
	if (f->unknown && fake_wants(kinds, f->unknown, &at)) {
		fake_error(out, ERR_INVALID,
			   str_fmt(cx->arena, "/kinds/%d", at).p);
		return;
	}
	for (int i = 0; i < f->jobs; i++) {
		struct fake_job *j = &f->job[i];
		char id[ID_TEXT + 1];
		struct id n;

		if (j->leased || j->ended || !fake_wants(kinds, j->kind, &at))
			continue;
		j->leased = true;
		j->fence++;
		j->leases++;
		fake_id(i, &n);
		id_text(&n, id);
		out->result =
			str_fmt(cx->arena,
				"{\"jobs\":[{\"id\":\"%s\",\"org\":\"%s\","
				"\"fence\":%lld,\"kind\":\"%s\",\"body\":{},"
				"\"tries\":1,\"max_tries\":5,\"new\":0}]}",
				id, id, (long long)j->fence, j->kind);
		return;
	}
}

static inline void fake_held(struct ctx *cx, struct fake *f, struct str method,
			     struct jval p, struct client_reply *out)
{
	struct jval id, fence, v;
	struct fake_job *j;
	struct id n;
	int64_t number = 0;

	CHECK(jval_get(p, "job", &id) && id_parse(jval_str(cx, id), &n));
	CHECK(jval_get(p, "fence", &fence) && jval_int(fence, &number));
	j = &f->job[n.b[15]];
	out->result = STR("{}");
	if (!j->leased || j->fence != number ||
	    (f->refuse_input && str_is(method, "job.input"))) {
		fake_error(out, ERR_CONFLICT, "");
		f->inputs_refused += str_is(method, "job.input");
		if (!str_is(method, "job.renew") &&
		    !str_is(method, "job.input"))
			j->said_after++;
	} else if (str_is(method, "job.release") && f->old) {
		fake_error(out, ERR_UNKNOWN_METHOD, "");
	} else if (str_is(method, "job.release")) {
		j->released++;
		j->leased = false;
	} else if (str_is(method, "job.renew")) {
		j->renewed++;
	} else if (str_is(method, "job.input")) {
		out->result = str_fmt(cx->arena, "{\"input\":%s}", j->input);
		out->bytes = STR("bytes");
	} else if (str_is(method, "job.finish") && f->refuse_finish) {
		fake_error(out, f->refuse_finish, "/result/x");
	} else if (str_is(method, "job.finish")) {
		CHECK(jval_get(p, "result", &v));
		j->finished++;
		j->ended = true;
		j->leased = false;
		snprintf(j->said, sizeof(j->said), "%.*s",
			 STR_FMT(jval_text(v)));
	} else {
		CHECK(jval_get(p, "error", &v));
		snprintf(j->said, sizeof(j->said), "%.*s",
			 STR_FMT(jval_str(cx, v)));
		CHECK(jval_get(p, "retry", &v));
		j->failed++;
		j->retry = jval_bool(v);
		j->leased = false;
		j->ended = true;
	}
}

static inline enum err fake_call(struct ctx *cx, void *arg, struct str method,
				 struct str params, struct str bytes,
				 struct client_reply *out)
{
	struct fake *f = arg;
	struct jdoc *doc;
	enum err e = jdoc_parse(cx, params, &doc);

	(void)bytes;
	CHECK(!e);
	*out = (struct client_reply){ 0 };
	pthread_mutex_lock(&f->lock);
	f->calls++;
	if (f->away)
		e = err_set(cx, ERR_UNAVAILABLE, "nobody answers");
	else if (str_is(method, "job.wait"))
		fake_wait_due(f, jdoc_root(doc), out);
	else if (str_is(method, "job.lease"))
		fake_lease(cx, f, jdoc_root(doc), out);
	else
		fake_held(cx, f, method, jdoc_root(doc), out);
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	return e;
}

static inline void fake_close(void *arg)
{
	(void)arg;
}

static inline enum err fake_connect(struct ctx *cx, void *arg, int64_t ms,
				    struct worker_server *out)
{
	(void)cx;
	(void)ms;
	*out = (struct worker_server){ arg, fake_call, fake_close };
	return OK;
}

/* ---- the runner: a run ends by fake_release ---- */

struct fake_runs {
	struct runner runner;
	struct fake *f;
	int fd;
	int under_way;
	struct fake_runs *next;
};
static struct fake_runs *fake_all; /* under the fake's lock */

static inline enum err fake_start(struct ctx *cx, void *arg,
				  const struct run_ask *ask, int64_t *ticket)
{
	struct fake_runs *r = arg;

	(void)cx;
	(void)ask;
	pthread_mutex_lock(&r->f->lock);
	*ticket = ++r->under_way;
	r->f->started++;
	if (++r->f->under_way > r->f->most_under_way)
		r->f->most_under_way = r->f->under_way;
	pthread_cond_broadcast(&r->f->moved);
	pthread_mutex_unlock(&r->f->lock);
	return OK;
}

static inline enum err fake_wait(struct ctx *cx, void *arg, int64_t *ticket,
				 struct run_told *out)
{
	struct fake_runs *r = arg;
	eventfd_t n;

	(void)cx;
	CHECK(eventfd_read(r->fd, &n) == 0); /* the guard has waited */
	pthread_mutex_lock(&r->f->lock);
	*ticket = r->under_way--;
	r->f->under_way--;
	r->f->released--;
	pthread_cond_broadcast(&r->f->moved);
	pthread_mutex_unlock(&r->f->lock);
	*out = (struct run_told){ .level = r->runner.level };
	return OK;
}

static inline void fake_cancel(void *arg)
{
	struct fake_runs *r = arg;

	pthread_mutex_lock(&r->f->lock);
	r->f->under_way -= r->under_way;
	r->under_way = 0;
	pthread_cond_broadcast(&r->f->moved);
	pthread_mutex_unlock(&r->f->lock);
}

/* All that are under way end, and have when this returns. */
static inline void fake_release(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	for (struct fake_runs *r = fake_all; r; r = r->next)
		if (r->under_way) {
			f->released += r->under_way;
			CHECK(eventfd_write(r->fd, (eventfd_t)r->under_way) ==
			      0);
		}
	while (f->released)
		pthread_cond_wait(&f->moved, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static inline enum err fake_runs_open(struct ctx *cx, void *arg,
				      struct worker_runs *out)
{
	struct fake_runs *r = calloc(1, sizeof(*r));
	struct fake *f = arg;

	(void)cx;
	CHECK(r);
	r->f = f;
	r->fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	r->runner = (struct runner){ .arg = r,
				     .width = 2,
				     .level = f->level,
				     .start = fake_start,
				     .wait = fake_wait,
				     .cancel = fake_cancel };
	pthread_mutex_lock(&f->lock);
	r->next = fake_all;
	fake_all = r;
	f->opened++;
	pthread_mutex_unlock(&f->lock);
	*out = (struct worker_runs){ .runner = &r->runner,
				     .fd = r->fd,
				     .arg = r };
	return OK;
}

static inline void fake_runs_close(struct worker_runs *w)
{
	struct fake_runs *r = w->arg, **at = &fake_all;

	pthread_mutex_lock(&r->f->lock);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	pthread_mutex_unlock(&r->f->lock);
	close(r->fd);
	free(r);
}
