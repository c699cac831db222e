#include "engine/worker/lab_impl.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { AGAIN_NS = 500000000 };

static void ring(struct lab_pull *p)
{
	uint64_t one = 1;
	ssize_t n = write(p->fd, &one, sizeof(one));

	(void)n; /* full: it rings already */
}

/* With the lock. Until the last was taken; false: stop. */
static bool may_ask(struct lab_pull *p)
{
	while (p->has && !p->stop)
		pthread_cond_wait(&p->go, &p->lock);
	return !p->stop;
}

/* With the lock: the server did not answer; a while later. */
static void rest(struct lab_pull *p)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += AGAIN_NS;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	while (!p->stop && pthread_cond_timedwait(&p->go, &p->lock, &t) == 0)
		;
}

static enum err ask(struct lab_pull *p, struct ctx *cx, struct worker_server *s,
		    struct lab_told *told, struct str *input)
{
	struct lab_push push = { .wait_ms = LAB_WAIT_MS };

	pthread_mutex_lock(&p->lock);
	push.seen = p->seen;
	push.input_at = p->input_at;
	push.at = p->at;
	push.rows = p->rows;
	push.cols = p->cols;
	pthread_mutex_unlock(&p->lock);
	return lab_say(cx, s, p->env->job, p->ask, &push, told, input);
}

/* With the lock. */
static void keep(struct lab_pull *p, enum err e, const struct lab_told *told,
		 struct str input)
{
	if (e && err_retry(e)) {
		rest(p);
		return;
	}
	p->lost = e != OK;
	if (!e) {
		p->told = *told;
		p->seen = told->news;
		buf_reset(&p->input);
		buf_str(&p->input, input);
	}
	p->has = true;
	ring(p);
}

static void *pull_loop(void *arg)
{
	struct lab_pull *p = arg;
	struct arena *a = arena_new(65536);
	struct ctx cx = { .arena = a, .clock = &clock_system };
	struct worker_server s = { 0 };
	enum err open =
		p->env->connect(&cx, p->env->connect_arg, LAB_CALL_MS, &s);

	pthread_setname_np(pthread_self(), "lab_pull");
	pthread_mutex_lock(&p->lock);
	p->lost = open != OK;
	if (open)
		ring(p);
	while (!open && may_ask(p) && !p->lost) {
		struct lab_told told;
		struct str input = { 0 };
		enum err e;

		pthread_mutex_unlock(&p->lock);
		arena_reset(a);
		err_clear(&cx);
		e = ask(p, &cx, &s, &told, &input);
		pthread_mutex_lock(&p->lock);
		keep(p, e, &told, input);
	}
	pthread_mutex_unlock(&p->lock);
	if (s.close)
		s.close(s.arg);
	arena_free(a);
	return NULL;
}

enum err lab_pull_start(struct ctx *cx, struct lab_pull *p,
			const struct worker_env *env, const struct lab_ask *ask)
{
	pthread_condattr_t mono;

	p->env = env;
	p->ask = ask;
	p->at = ask->at;
	p->rows = ask->rows;
	p->cols = ask->cols;
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&p->go, &mono);
	pthread_condattr_destroy(&mono);
	p->runs = p->fd >= 0 &&
		  pthread_create(&p->thread, NULL, pull_loop, p) == 0;
	if (p->runs)
		return OK;
	return err_set(cx, ERR_UNAVAILABLE, "no thread for a terminal");
}

/* It may be waiting for an answer: that comes within LAB_WAIT_MS. */
void lab_pull_stop(struct lab_pull *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->go);
	pthread_mutex_unlock(&p->lock);
	if (p->runs)
		pthread_join(p->thread, NULL);
	if (p->fd >= 0)
		close(p->fd);
	pthread_cond_destroy(&p->go);
	pthread_mutex_destroy(&p->lock);
	buf_done(&p->input);
}
