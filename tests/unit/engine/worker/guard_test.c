/* A run that is to be alone is alone among the runs of all hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>

#include "engine/worker/worker_impl.h"
#include "tests/support/worker/fake.h"

enum { HANDS = 4 };

/* A hand's thread: begins so many runs, then waits for each. */
struct runs {
	struct world *w;
	struct worker_runs has;
	struct worker_gone gone;
	struct guard guard;
	pthread_t thread;
	const bool *alone; /* of each */
	int n;
	_Atomic enum err e;
};

struct world {
	struct fake f;
	struct gate *gate;
	struct runs hand[HANDS];
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct ctx cx = { 0 };

	fake_init(&w->f);
	w->gate = gate_new();
	for (int i = 0; i < HANDS; i++) {
		struct runs *r = &w->hand[i];

		r->w = w;
		r->gone.fd = eventfd(0, EFD_CLOEXEC);
		assert_int_equal(fake_runs_open(&cx, &w->f, &r->has), OK);
		guard_init(&r->guard, &r->has, w->gate, &r->gone);
	}
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < HANDS; i++) {
		close(w->hand[i].gone.fd);
		fake_runs_close(&w->hand[i].has);
	}
	gate_free(w->gate);
	free(w);
	return 0;
}

static void *do_runs(void *arg)
{
	struct runs *r = arg;
	const struct runner *by = &r->guard.runner;
	struct ctx cx = { .arena = arena_new(4096) };
	struct run_told told;
	int64_t ticket;
	enum err e = OK;

	for (int i = 0; !e && i < r->n; i++) {
		const struct run_ask ask = { .alone = r->alone[i] };

		e = by->start(&cx, by->arg, &ask, &ticket);
	}
	for (int i = 0; !e && i < r->n; i++)
		e = by->wait(&cx, by->arg, &ticket, &told);
	by->cancel(by->arg);
	arena_free(cx.arena);
	r->e = e;
	return NULL;
}

static const bool beside[] = { false, false }, alone[] = { true, true };

static void begin(struct world *w, int i, const bool *how, int n)
{
	struct runs *r = &w->hand[i];

	r->alone = how;
	r->n = n;
	pthread_create(&r->thread, NULL, do_runs, r);
}

static void end(struct world *w, int i, enum err e)
{
	pthread_join(w->hand[i].thread, NULL);
	assert_int_equal(w->hand[i].e, e);
}

static bool one_began(struct fake *f)
{
	return f->started == 1;
}

static bool two_began(struct fake *f)
{
	return f->started == 2;
}

static bool three_began(struct fake *f)
{
	return f->started == 3;
}

static bool four_began(struct fake *f)
{
	return f->started == 4;
}

/* Others stand in line; nothing else is waited for. */
static void until_waiting(struct world *w, int n)
{
	struct timespec now;
	time_t late;

	clock_gettime(CLOCK_MONOTONIC, &now);
	late = now.tv_sec + 10;
	while (gate_waiting(w->gate) != n && now.tv_sec < late) {
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	assert_int_equal(gate_waiting(w->gate), n);
}

static void runs_of_several_hands_go_beside_each_other(void **state)
{
	struct world *w = *state;

	begin(w, 0, beside, 1);
	begin(w, 1, beside, 2);
	assert_true(fake_until(&w->f, three_began));
	assert_int_equal(w->f.under_way, 3);
	fake_release(&w->f);
	end(w, 0, OK);
	end(w, 1, OK);
}

static void a_run_that_is_to_be_alone_is(void **state)
{
	struct world *w = *state;

	begin(w, 0, beside, 1);
	assert_true(fake_until(&w->f, one_began));
	begin(w, 1, alone, 1);
	until_waiting(w, 1);
	begin(w, 2, beside, 1); /* not before the one that came first */
	until_waiting(w, 2);
	assert_int_equal(w->f.started, 1);
	fake_release(&w->f);
	end(w, 0, OK);
	assert_true(fake_until(&w->f, two_began));
	until_waiting(w, 1);
	fake_release(&w->f);
	end(w, 1, OK);
	assert_true(fake_until(&w->f, three_began));
	fake_release(&w->f);
	end(w, 2, OK);
	assert_int_equal(w->f.most_under_way, 1);
}

static void two_that_are_to_be_alone_come_one_after_the_other(void **state)
{
	struct world *w = *state;

	begin(w, 0, alone, 1);
	assert_true(fake_until(&w->f, one_began));
	begin(w, 1, alone, 1);
	until_waiting(w, 1);
	fake_release(&w->f);
	end(w, 0, OK);
	assert_true(fake_until(&w->f, two_began));
	fake_release(&w->f);
	end(w, 1, OK);
	assert_int_equal(w->f.most_under_way, 1);
}

static const bool then_alone[] = { false, true };

/* Without that, two who have runs under way would wait for each other. */
static void what_a_job_has_under_way_ends_before_it_waits(void **state)
{
	struct world *w = *state;

	begin(w, 0, then_alone, 2);
	begin(w, 1, then_alone, 2);
	assert_true(fake_until(&w->f, two_began));
	fake_release(&w->f);
	assert_true(fake_until(&w->f, three_began));
	assert_int_equal(w->f.under_way, 1);
	until_waiting(w, 1);
	pthread_mutex_lock(&w->f.lock);
	w->f.most_under_way = 0;
	pthread_mutex_unlock(&w->f.lock);
	fake_release(&w->f);
	assert_true(fake_until(&w->f, four_began));
	fake_release(&w->f);
	end(w, 0, OK);
	end(w, 1, OK);
	assert_int_equal(w->f.most_under_way, 1);
}

static void a_job_that_goes_while_it_waits_lets_others_in(void **state)
{
	struct world *w = *state;

	begin(w, 0, beside, 1);
	assert_true(fake_until(&w->f, one_began));
	begin(w, 1, alone, 1);
	until_waiting(w, 1);
	w->hand[1].gone.is = true;
	gate_wake(w->gate);
	end(w, 1, ERR_CONFLICT);
	begin(w, 2, beside, 1);
	assert_true(fake_until(&w->f, two_began));
	assert_int_equal(w->f.under_way, 2);
	fake_release(&w->f);
	end(w, 0, OK);
	end(w, 2, OK);
}

/* Its runs are cancelled: who waits for them to end is let in. */
static void a_job_that_goes_while_it_is_alone_leaves(void **state)
{
	struct world *w = *state;

	begin(w, 0, alone, 1);
	assert_true(fake_until(&w->f, one_began));
	begin(w, 1, beside, 1);
	until_waiting(w, 1);
	w->hand[0].gone.is = true;
	assert_int_equal(eventfd_write(w->hand[0].gone.fd, 1), 0);
	end(w, 0, ERR_CONFLICT);
	assert_true(fake_until(&w->f, two_began));
	fake_release(&w->f);
	end(w, 1, OK);
}

/* A program that sleeps in a lab must not keep what counts waiting. */
static void a_lab_neither_waits_nor_is_waited_for(void **state)
{
	struct world *w = *state;

	w->hand[0].guard.gate = NULL;
	w->hand[2].guard.gate = NULL;
	begin(w, 0, beside, 1);
	assert_true(fake_until(&w->f, one_began));
	begin(w, 1, alone, 1);
	assert_true(fake_until(&w->f, two_began));
	begin(w, 2, beside, 1);
	assert_true(fake_until(&w->f, three_began));
	fake_release(&w->f);
	for (int i = 0; i < 3; i++)
		end(w, i, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(runs_of_several_hands_go_beside_each_other),
		T(a_run_that_is_to_be_alone_is),
		T(two_that_are_to_be_alone_come_one_after_the_other),
		T(what_a_job_has_under_way_ends_before_it_waits),
		T(a_job_that_goes_while_it_waits_lets_others_in),
		T(a_job_that_goes_while_it_is_alone_leaves),
		T(a_lab_neither_waits_nor_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
