/* What of a machine is taken, and who waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/rng.h"
#include "engine/worker/lab_host.h"
#include "engine/worker/worker_admit.h"
#include "engine/worker/worker_code.h"

#define MIB INT64_C(1048576)

static const struct worker_kind heavy = { .name = "heavy",
					  .group = WORKER_GRADED,
					  .weight = { 2000, 512 * MIB } };
static const struct worker_kind light = { .name = "light",
					  .group = WORKER_LAB,
					  .weight = { 500, 128 * MIB } };
static const struct worker_gone here = { .fd = -1 };

static struct admit *machine(void)
{
	return admit_new((struct worker_weight){ 4000, 2048 * MIB });
}

static bool holds(struct admit *a, const struct worker_kind *k)
{
	const struct worker_kind *const kinds[] = { k };
	bool fits[1];
	bool yes = admit_hold(a, kinds, 1, fits);

	if (yes)
		admit_drop(a);
	return yes;
}

static bool takes(struct admit *a, const struct worker_kind *k,
		  struct worker_weight *got)
{
	const struct worker_kind *const kinds[] = { k };
	bool fits[1];

	if (!admit_hold(a, kinds, 1, fits))
		return false;
	admit_take(a, k, got);
	return true;
}

static void nothing_is_leased_that_does_not_fit(void **state)
{
	struct admit *a = machine();
	struct worker_weight x, y;

	(void)state;
	assert_true(takes(a, &heavy, &x));
	assert_true(takes(a, &heavy, &y));
	assert_false(holds(a, &heavy));
	assert_false(holds(a, &light));
	admit_give(a, &heavy, &x);
	assert_true(holds(a, &heavy));
	admit_give(a, &heavy, &y);
	assert_int_equal(admit_used(a).cpu, 0);
	assert_int_equal(admit_used(a).memory_bytes, 0);
	admit_free(a);
}

static void what_is_held_for_an_answer_is_not_given_twice(void **state)
{
	const struct worker_kind *const kinds[] = { &heavy, &light };
	struct admit *a = machine();
	struct worker_weight got, other = { 0 };
	bool fits[2];

	(void)state;
	assert_true(takes(a, &heavy, &got));
	assert_true(admit_hold(a, kinds, 2, fits));
	assert_true(fits[0] && fits[1]);
	/* The larger of the two is kept until it is known which came. */
	assert_int_equal(admit_used(a).cpu, 4000);
	admit_take(a, &light, &other);
	assert_int_equal(admit_used(a).cpu, 2500);
	admit_give(a, &light, &other);
	admit_give(a, &heavy, &got);
	admit_free(a);
}

static void labs_never_fill_a_machine_that_has_to_grade(void **state)
{
	struct admit *a = machine();
	struct worker_weight got[8];
	size_t n = 0;

	(void)state;
	while (n < 8 && takes(a, &light, &got[n]))
		n++;
	assert_int_equal(n, 4); /* half of 4000 */
	assert_true(holds(a, &heavy));
	while (n)
		admit_give(a, &light, &got[--n]);
	admit_free(a);
}

static void a_job_heavier_than_the_machine_has_all_of_it(void **state)
{
	struct admit *a = machine();
	struct worker_weight got;

	(void)state;
	assert_true(takes(a, &heavy, &got));
	assert_true(admit_change(a, &heavy, &got,
				 (struct worker_weight){ 99000, 1 }, &here));
	assert_int_equal(got.cpu, 4000);
	assert_false(holds(a, &light));
	admit_give(a, &heavy, &got);
	admit_free(a);
}

/* The kinds as they are: on one core, or on two. */
static void an_open_terminal_keeps_no_check_and_no_grade_waiting(void **state)
{
	(void)state;
	for (int64_t cores = 1; cores <= 2; cores++) {
		struct admit *a = admit_new(
			(struct worker_weight){ cores * 1000, 4096 * MIB });
		struct worker_weight open, got;

		assert_true(takes(a, &worker_lab_terminal, &open));
		assert_true(takes(a, &worker_lab_check, &got));
		admit_give(a, &worker_lab_check, &got);
		assert_true(holds(a, &worker_lab_run));
		assert_true(holds(a, &worker_grade_code));
		admit_give(a, &worker_lab_terminal, &open);
		admit_free(a);
	}
}

/* ---- the line ---- */

struct waiter {
	struct admit *a;
	struct worker_weight has, want;
	struct worker_gone gone;
	_Atomic bool good, done;
	pthread_t thread;
};

static void *wait_in_line(void *arg)
{
	struct waiter *w = arg;

	w->good = admit_change(w->a, &heavy, &w->has, w->want, &w->gone);
	w->done = true;
	return NULL;
}

static void
nothing_is_leased_past_who_waits_and_who_is_gone_leaves(void **state)
{
	struct admit *a = machine();
	struct worker_weight x;
	struct waiter w = { .a = a, .want = { 4000, MIB } };

	(void)state;
	assert_true(takes(a, &heavy, &x));
	assert_true(takes(a, &heavy, &w.has));
	pthread_create(&w.thread, NULL, wait_in_line, &w);
	while (admit_used(a).cpu != 2000) /* until it has let go of its own */
		sched_yield();
	assert_false(holds(a, &light));
	assert_false(w.done);
	w.gone.is = true;
	admit_wake(a);
	pthread_join(w.thread, NULL);
	assert_false(w.good);
	assert_int_equal(w.has.cpu, 0);
	assert_true(holds(a, &light));
	admit_give(a, &heavy, &w.has);
	admit_give(a, &heavy, &x);
	admit_free(a);
}

enum { MANY = 8, ROUNDS = 300 };

struct crowd {
	struct admit *a;
	uint64_t seed;
	_Atomic int64_t *cpu, *most;
	pthread_t thread;
};

static void *come_and_go(void *arg)
{
	struct crowd *c = arg;
	struct rng_seeded r;

	rng_seeded_from(&r, c->seed);
	for (int i = 0; i < ROUNDS; i++) {
		struct worker_weight has = { 0 }, want;
		int64_t now;

		want.cpu = (int64_t)rng_below(&r.rng, 6000) + 1;
		want.memory_bytes = (int64_t)rng_below(&r.rng, 3000) * MIB;
		if (!admit_change(c->a, &heavy, &has, want, &here))
			abort();
		now = atomic_fetch_add(c->cpu, has.cpu) + has.cpu;
		if (now > *c->most)
			*c->most = now;
		*c->cpu -= has.cpu;
		admit_give(c->a, &heavy, &has);
	}
	return NULL;
}

static void
a_crowd_never_has_more_than_there_is_and_all_are_served(void **state)
{
	struct admit *a = machine();
	struct crowd c[MANY];
	_Atomic int64_t cpu = 0, most = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		c[i] = (struct crowd){ a, (uint64_t)i + 1, &cpu, &most, 0 };
		pthread_create(&c[i].thread, NULL, come_and_go, &c[i]);
	}
	for (int i = 0; i < MANY; i++)
		pthread_join(c[i].thread, NULL);
	assert_in_range(most, 1, 4000);
	assert_int_equal(admit_used(a).cpu, 0);
	admit_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(f)
		T(nothing_is_leased_that_does_not_fit),
		T(what_is_held_for_an_answer_is_not_given_twice),
		T(labs_never_fill_a_machine_that_has_to_grade),
		T(a_job_heavier_than_the_machine_has_all_of_it),
		T(an_open_terminal_keeps_no_check_and_no_grade_waiting),
		T(nothing_is_leased_past_who_waits_and_who_is_gone_leaves),
		T(a_crowd_never_has_more_than_there_is_and_all_are_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
