/* What executor.h promises, on both engines. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/store/executor.h"
#include "tests/support/store/both.h"

/* A command that adds a thing. */
struct job {
	struct work work; /* first */
	struct ctx cx;
	struct id id;
	char name[32];
	enum err refuse; /* after it has written */
	bool overlook;	 /* ignores that its name is taken */
	int runs, dones;
	enum err end;
};

static enum err job_run(struct work *w)
{
	struct job *j = (struct job *)w;
	enum err e =
		store_exec(&j->cx, &thing_sql[THING_ADD],
			   VALS(v_id(&j->id), v_int(0), v_z(j->name)), NULL);

	j->runs++;
	if (e && !j->overlook)
		return e;
	if (j->refuse)
		return err_set(&j->cx, j->refuse, "refused");
	return OK;
}

static void job_done(struct work *w, enum err e)
{
	struct job *j = (struct job *)w;

	j->dones++;
	j->end = e;
}

static void job_init(struct job *j, struct sw *w, const char *name)
{
	*j = (struct job){
		.work = { .cx = &j->cx, .run = job_run, .done = job_done },
		.cx = { .arena = w->cx.arena,
			.clock = &w->clock.clock,
			.rng = &w->rng.rng },
		.id = sw_id(w)
	};
	snprintf(j->name, sizeof(j->name), "%s", name);
}

static void jobs_init(struct job *j, size_t n, struct sw *w)
{
	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "job %zu", i);
		job_init(&j[i], w, name);
	}
}

static struct executor_opts options(struct sw *w)
{
	return (struct executor_opts){ .store = w->store,
				       .clock = &w->clock.clock,
				       .rng = &w->rng.rng,
				       .queue_max = 1000,
				       .batch_max = 64 };
}

static struct executor *stepped(struct sw *w)
{
	struct executor_opts o = options(w);

	return executor_new(&o);
}

static void submit_all(struct executor *x, struct job *j, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(executor_submit(x, &j[i].work), OK);
}

static struct executor_stats stats(struct executor *x)
{
	struct executor_stats s;

	executor_stats(x, &s);
	return s;
}

static int count_ok(const struct job *j, size_t n)
{
	int ok = 0;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(j[i].dones, 1);
		ok += j[i].end == OK;
	}
	return ok;
}

static void works_that_wait_are_committed_together(struct sw *w)
{
	enum { N = 20 };
	struct executor *x = stepped(w);
	struct job j[N];

	jobs_init(j, N, w);
	submit_all(x, j, N);
	assert_int_equal(stats(x).queue_now, N);
	assert_int_equal(executor_step(x), N);
	assert_int_equal(count_ok(j, N), N);
	assert_int_equal(stats(x).batches, 1);
	assert_int_equal(stats(x).works, N);
	assert_int_equal(stats(x).queue_now, 0);
	assert_int_equal(stats(x).queue_peak, N);
	assert_int_equal(sw_things(w), N);
	assert_int_equal(executor_step(x), 0);
	executor_free(x);
}

static void a_batch_is_no_larger_than_it_may_be(struct sw *w)
{
	enum { N = 100 };
	struct executor *x = stepped(w);
	struct job j[N];

	jobs_init(j, N, w);
	submit_all(x, j, N);
	assert_int_equal(executor_step(x), 64);
	assert_int_equal(sw_things(w), 64);
	assert_int_equal(executor_step(x), 36);
	assert_int_equal(sw_things(w), N);
	executor_free(x);
}

static void a_work_that_fails_is_undone_alone(struct sw *w)
{
	enum { N = 5 };
	struct executor *x = stepped(w);
	struct job j[N];

	jobs_init(j, N, w);
	j[1].refuse = ERR_LIMIT_REACHED; /* after it has written */
	snprintf(j[3].name, sizeof(j[3].name), "job 0"); /* a taken name */
	submit_all(x, j, N);
	executor_step(x);
	assert_int_equal(count_ok(j, N), 3);
	assert_int_equal(j[1].end, ERR_LIMIT_REACHED);
	assert_string_equal(j[1].cx.error.text, "refused");
	assert_int_equal(j[3].end, ERR_CONFLICT);
	assert_int_equal(stats(x).batches, 1);
	assert_int_equal(sw_things(w), 3);
	executor_free(x);
}

static void a_work_that_overlooks_a_store_error_fails(struct sw *w)
{
	struct executor *x = stepped(w);
	struct job j[3];

	jobs_init(j, 3, w);
	snprintf(j[1].name, sizeof(j[1].name), "job 0");
	j[1].overlook = true;
	submit_all(x, j, 3);
	executor_step(x);
	assert_int_equal(count_ok(j, 3), 2);
	assert_int_equal(j[1].end, ERR_INTERNAL);
	assert_int_equal(sw_things(w), 2);
	executor_free(x);
}

static void a_commit_that_fails_once_fails_nobody(struct sw *w)
{
	enum { N = 5 };
	struct executor *x = stepped(w);
	struct job j[N];

	jobs_init(j, N, w);
	submit_all(x, j, N);
	/* begin, N * (savepoint, insert, release), commit */
	store_fail_at(w->store, 1 + 3 * N + 1, ERR_UNAVAILABLE);
	executor_step(x);
	assert_int_equal(count_ok(j, N), N);
	assert_int_equal(stats(x).failed_batches, 1);
	assert_int_equal(sw_things(w), N);
	for (int i = 0; i < N; i++)
		assert_int_equal(j[i].runs, 2);
	executor_free(x);
}

static void what_is_acknowledged_is_there_whatever_call_fails(struct sw *w)
{
	enum { N = 4 };
	struct executor *x = stepped(w);
	bool hit = true;
	int64_t things = 0;

	for (int n = 1; hit; n++) {
		struct job j[N];
		int64_t calls = store_calls(w->store);

		assert_true(n < 100);
		jobs_init(j, N, w);
		for (int i = 0; i < N; i++)
			snprintf(j[i].name, sizeof(j[i].name), "%d %d", n, i);
		submit_all(x, j, N);
		store_fail_at(w->store, n, ERR_UNAVAILABLE);
		executor_step(x);
		store_fail_at(w->store, 0, OK);
		hit = store_calls(w->store) - calls >= n;
		/* A begin fails all, a work's own call that work. */
		things += count_ok(j, N);
		assert_true(count_ok(j, N) >= (n == 1 ? 0 : N - 1));
		assert_int_equal(sw_things(w), things);
	}
	executor_free(x);
}

/* Every call fails from the n-th on: nobody is told OK who is not there. */
static void nothing_is_acknowledged_that_is_not_there(struct sw *w)
{
	enum { N = 3 };
	struct executor *x = stepped(w);
	int64_t things = 0;

	for (int n = 1; n < 40; n += 3) {
		struct job j[N];

		jobs_init(j, N, w);
		for (int i = 0; i < N; i++)
			snprintf(j[i].name, sizeof(j[i].name), "%d %d", n, i);
		submit_all(x, j, N);
		store_fail_at(w->store, n, ERR_BUSY);
		while (stats(x).queue_now)
			executor_step(x);
		store_fail_at(w->store, 0, OK);
		things += count_ok(j, N);
		assert_int_equal(sw_things(w), things);
	}
	executor_free(x);
}

static void a_queue_that_is_full_is_busy(struct sw *w)
{
	struct executor_opts o = options(w);
	struct executor *x;
	struct job j[3];

	o.queue_max = 2;
	x = executor_new(&o);
	jobs_init(j, 3, w);
	submit_all(x, j, 2);
	assert_int_equal(executor_submit(x, &j[2].work), ERR_BUSY);
	executor_step(x);
	assert_int_equal(executor_submit(x, &j[2].work), OK);
	executor_step(x);
	assert_int_equal(count_ok(j, 3), 3);
	executor_free(x);
}

static void a_stop_finishes_what_waits_and_takes_nothing_new(struct sw *w)
{
	enum { N = 100 };
	struct executor *x = stepped(w);
	struct job j[N + 1];

	jobs_init(j, N + 1, w);
	submit_all(x, j, N);
	executor_stop(x);
	assert_int_equal(count_ok(j, N), N);
	assert_int_equal(executor_submit(x, &j[N].work), ERR_DRAINING);
	assert_int_equal(j[N].dones, 0);
	executor_stop(x);
	executor_free(x);
	assert_int_equal(sw_things(w), N);
}

/* Parts */

struct part {
	int marks, undos, flushes, commits, aborts;
	int value, kept; /* value: counted by works */
	enum err flush_fails;
};

static size_t part_mark(void *arg)
{
	struct part *p = arg;

	p->marks++;
	return (size_t)p->value;
}

static void part_undo(void *arg, size_t mark)
{
	struct part *p = arg;

	p->undos++;
	p->value = (int)mark;
}

static enum err part_flush(void *arg, struct ctx *cx)
{
	struct part *p = arg;
	enum err e = p->flush_fails;

	p->flushes++;
	p->flush_fails = OK;
	return e ? err_set(cx, e, "flush failed") : OK;
}

static void part_committed(void *arg, struct ctx *cx)
{
	struct part *p = arg;

	(void)cx;
	p->commits++;
	p->kept = p->value;
}

static void part_aborted(void *arg)
{
	struct part *p = arg;

	p->aborts++;
	p->value = p->kept;
}

static struct tx_part part_of(struct part *p)
{
	return (struct tx_part){ .arg = p,
				 .mark = part_mark,
				 .undo = part_undo,
				 .flush = part_flush,
				 .committed = part_committed,
				 .aborted = part_aborted };
}

struct counting {
	struct job job; /* first */
	struct part *part;
};

static enum err count_up(struct work *w)
{
	struct counting *c = (struct counting *)w;

	c->part->value++;
	c->job.runs++;
	return c->job.refuse ? err_set(&c->job.cx, c->job.refuse, "no") : OK;
}

static void a_part_follows_the_transaction(struct sw *w)
{
	enum { N = 4 };
	struct part part = { 0 };
	struct tx_part p = part_of(&part);
	struct executor_opts o = options(w);
	struct counting c[N];
	struct executor *x;

	o.parts = &p;
	o.parts_n = 1;
	x = executor_new(&o);
	for (int i = 0; i < N; i++) {
		job_init(&c[i].job, w, "");
		c[i].part = &part;
		c[i].job.work.run = count_up;
		c[i].job.work.single = i % 2 == 0;
		c[i].job.refuse = i >= 2 ? ERR_DENIED : OK;
		assert_int_equal(executor_submit(x, &c[i].job.work), OK);
	}
	executor_step(x);
	assert_int_equal(part.value, 2);
	assert_int_equal(part.kept, 2);
	assert_int_equal(part.marks, N);
	assert_int_equal(part.undos, 2);
	assert_int_equal(part.flushes, 1);
	assert_int_equal(part.commits, 1);
	assert_int_equal(part.aborts, 0);
	executor_free(x);
}

static void a_flush_that_fails_once_fails_nobody(struct sw *w)
{
	enum { N = 4 };
	struct part part = { .flush_fails = ERR_CONFLICT };
	struct tx_part p = part_of(&part);
	struct executor_opts o = options(w);
	struct counting c[N];
	struct executor *x;

	o.parts = &p;
	o.parts_n = 1;
	x = executor_new(&o);
	for (int i = 0; i < N; i++) {
		job_init(&c[i].job, w, "");
		c[i].part = &part;
		c[i].job.work.run = count_up;
		assert_int_equal(executor_submit(x, &c[i].job.work), OK);
	}
	executor_step(x);
	for (int i = 0; i < N; i++)
		assert_int_equal(c[i].job.end, OK);
	assert_int_equal(part.aborts, 1);
	assert_int_equal(part.kept, N);
	part.flush_fails = ERR_CONFLICT;
	assert_int_equal(executor_submit(x, &c[0].job.work), OK);
	executor_step(x);
	assert_int_equal(c[0].job.end, OK); /* alone, it is tried again too */
	executor_free(x);
}

/* Timers */

struct alarm {
	struct executor *x;
	struct sw *w;
	int64_t due_ms;
	int left, ran, bad; /* bad: the guarded thing that fails */
	enum err bad_with;
	bool idle; /* due, but does nothing */
};

static int64_t alarm_next(void *arg)
{
	struct alarm *a = arg;

	return a->left > 0 ? a->due_ms : INT64_MAX;
}

static enum err alarm_one(struct ctx *cx, void *arg)
{
	struct alarm *a = arg;
	struct id id = sw_id(a->w);
	enum err e = store_exec(cx, &thing_sql[THING_ADD],
				VALS(v_id(&id), v_int(1), v_null()), NULL);

	if (!e && a->left == a->bad)
		return err_set(cx, a->bad_with, "bad");
	return e;
}

static size_t alarm_run(void *arg, struct ctx *cx, int64_t now_ms, size_t max)
{
	struct alarm *a = arg;
	size_t n = 0;

	a->ran++;
	assert_true(now_ms >= a->due_ms);
	while (!a->idle && a->left > 0 && n < max) {
		(void)!executor_guard(a->x, cx, alarm_one, a);
		a->left--;
		n++;
	}
	return n;
}

static struct executor *with_alarm(struct sw *w, struct alarm *a, bool threaded)
{
	struct executor_opts o = options(w);
	struct tx_timer t = { .arg = a,
			      .next_ms = alarm_next,
			      .run = alarm_run };

	a->w = w;
	a->due_ms = clock_ms(&w->clock.clock) + 100;
	o.timers = &t;
	o.timers_n = 1;
	o.threaded = threaded;
	a->x = executor_new(&o);
	return a->x;
}

static void what_falls_due_runs_in_the_batch_of_its_time(struct sw *w)
{
	struct alarm a = { .left = 3, .bad = 2, .bad_with = ERR_DENIED };
	struct executor *x = with_alarm(w, &a, false);
	struct job j;

	job_init(&j, w, "a");
	assert_int_equal(executor_submit(x, &j.work), OK);
	assert_int_equal(executor_step(x), 1);
	assert_int_equal(a.ran, 0);
	clock_manual_step(&w->clock, 100);
	job_init(&j, w, "b");
	assert_int_equal(executor_submit(x, &j.work), OK);
	assert_int_equal(executor_step(x), 4);
	assert_int_equal(j.end, OK);
	assert_int_equal(a.ran, 1);
	assert_int_equal(stats(x).timers, 2); /* the bad one is undone alone */
	assert_int_equal(sw_things(w), 2 + 2);
	assert_int_equal(stats(x).batches, 2);
	executor_free(x);
}

static void a_timer_that_spoils_its_batch_does_not_spoil_the_works(struct sw *w)
{
	struct alarm a = { .left = 5 };
	struct executor *x = with_alarm(w, &a, false);
	struct job j;

	clock_manual_step(&w->clock, 100);
	job_init(&j, w, "a");
	assert_int_equal(executor_submit(x, &j.work), OK);
	/* begin, 3 of the work, 3 for each due thing, commit */
	store_fail_at(w->store, 1 + 3 + 3 * 5 + 1, ERR_UNAVAILABLE);
	executor_step(x);
	assert_int_equal(j.end, OK);
	assert_int_equal(sw_things(w), 1);
	assert_int_equal(a.ran, 1);
	a.left = 5;			       /* it looks again */
	assert_int_equal(executor_step(x), 1); /* one thing, by itself */
	assert_int_equal(executor_step(x), 4);
	assert_int_equal(sw_things(w), 6);
	executor_free(x);
}

static void a_timer_that_does_nothing_rests_for_a_second(struct sw *w)
{
	struct alarm a = { .left = 1, .idle = true };
	struct executor *x = with_alarm(w, &a, false);

	clock_manual_step(&w->clock, 100);
	for (int i = 0; i < 10; i++)
		executor_step(x);
	assert_int_equal(a.ran, 1);
	clock_manual_step(&w->clock, 1000);
	executor_step(x);
	assert_int_equal(a.ran, 2);
	clock_manual_step(&w->clock, -60000); /* an operator sets the clock */
	a.due_ms -= 60000;
	executor_step(x);
	assert_int_equal(a.ran, 3);
	executor_free(x);
}

/* Threads */

struct threads {
	pthread_mutex_t lock;
	pthread_cond_t all;
	int left;
};

struct tjob {
	struct job job; /* first */
	struct threads *t;
};

static void tjob_done(struct work *w, enum err e)
{
	struct tjob *j = (struct tjob *)w;

	job_done(w, e);
	pthread_mutex_lock(&j->t->lock);
	if (--j->t->left == 0)
		pthread_cond_signal(&j->t->all);
	pthread_mutex_unlock(&j->t->lock);
}

enum { SUBMITTERS = 4, EACH = 100 };

struct submitter {
	struct executor *x;
	struct tjob jobs[EACH];
	struct arena *arena;
};

static void *submit_each(void *arg)
{
	struct submitter *s = arg;

	for (int i = 0; i < EACH; i++)
		assert_int_equal(executor_submit(s->x, &s->jobs[i].job.work),
				 OK);
	return NULL;
}

static void several_threads_may_submit_at_once(struct sw *w)
{
	struct threads t = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .all = PTHREAD_COND_INITIALIZER,
			     .left = SUBMITTERS * EACH };
	struct submitter *s = calloc(SUBMITTERS, sizeof(*s));
	struct executor_opts o = options(w);
	struct executor *x;
	pthread_t thread[SUBMITTERS];

	o.threaded = true;
	o.clock = &clock_system;
	x = executor_new(&o);
	for (int i = 0; i < SUBMITTERS; i++) {
		s[i].x = x;
		s[i].arena = arena_new(4096);
		for (int k = 0; k < EACH; k++) {
			struct tjob *j = &s[i].jobs[k];

			job_init(&j->job, w, "");
			snprintf(j->job.name, sizeof(j->job.name), "%d %d", i,
				 k);
			j->job.cx.arena = s[i].arena;
			j->job.work.done = tjob_done;
			j->t = &t;
		}
	}
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_create(&thread[i], NULL, submit_each, &s[i]);
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_lock(&t.lock);
	while (t.left)
		pthread_cond_wait(&t.all, &t.lock);
	pthread_mutex_unlock(&t.lock);
	executor_stop(x);
	assert_int_equal(stats(x).works, SUBMITTERS * EACH);
	executor_free(x);
	assert_int_equal(sw_things(w), SUBMITTERS * EACH);
	for (int i = 0; i < SUBMITTERS; i++)
		arena_free(s[i].arena);
	free(s);
}

static void a_sleeping_executor_is_woken_for_an_earlier_timer(struct sw *w)
{
	struct alarm a = { .left = 2 };
	struct executor *x = with_alarm(w, &a, true);

	clock_manual_step(&w->clock, 1000);
	executor_wake(x);
	while (stats(x).timers < 2)
		;
	executor_free(x);
	assert_int_equal(sw_things(w), 2);
}

int main(void)
{
	static const struct both_test tests[] = {
		BOTH(works_that_wait_are_committed_together),
		BOTH(a_batch_is_no_larger_than_it_may_be),
		BOTH(a_work_that_fails_is_undone_alone),
		BOTH(a_work_that_overlooks_a_store_error_fails),
		BOTH(a_commit_that_fails_once_fails_nobody),
		BOTH(what_is_acknowledged_is_there_whatever_call_fails),
		BOTH(nothing_is_acknowledged_that_is_not_there),
		BOTH(a_queue_that_is_full_is_busy),
		BOTH(a_stop_finishes_what_waits_and_takes_nothing_new),
		BOTH(a_part_follows_the_transaction),
		BOTH(a_flush_that_fails_once_fails_nobody),
		BOTH(what_falls_due_runs_in_the_batch_of_its_time),
		BOTH(a_timer_that_spoils_its_batch_does_not_spoil_the_works),
		BOTH(a_timer_that_does_nothing_rests_for_a_second),
		BOTH(several_threads_may_submit_at_once),
		BOTH(a_sleeping_executor_is_woken_for_an_earlier_timer),
	};

	return both_main("executor", tests, sizeof(tests) / sizeof(tests[0]));
}
