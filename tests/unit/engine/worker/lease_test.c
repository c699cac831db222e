/* When leases are renewed, and when they are given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>

#include "engine/worker/worker_lease.h"
#include "tests/support/worker/fake.h"

enum { LEASE_MS = 30000, NS = 1000000 };

struct world {
	struct fake f;
	struct clock_manual clock;
	struct ctx cx;
	struct worker_server server;
	struct leases *leases;
	struct worker_job job[2];
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	fake_init(&w->f);
	clock_manual_init(&w->clock, 1000000);
	w->cx = (struct ctx){ .arena = arena_new(4096),
			      .clock = &w->clock.clock };
	assert_int_equal(fake_connect(&w->cx, &w->f, 0, &w->server), OK);
	w->leases = leases_new(&w->clock.clock, LEASE_MS);
	for (int i = 0; i < 2; i++) {
		fake_add(&w->f, "k", "{}");
		w->f.job[i].leased = true;
		w->f.job[i].fence = 1;
		w->job[i].fence = 1;
		fake_id(i, &w->job[i].id);
	}
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	leases_free(w->leases);
	arena_free(w->cx.arena);
	free(w);
	return 0;
}

static struct lease *begin(struct world *w, int i)
{
	return leases_begin(w->leases, &w->job[i],
			    clock_mono_ns(&w->clock.clock));
}

/* In how many ms from now it wants to look again. */
static int64_t renew(struct world *w, size_t *lost)
{
	int64_t next = leases_renew(&w->cx, w->leases, &w->server, lost);

	return next == INT64_MAX ? -1
				 : (next - clock_mono_ns(&w->clock.clock)) / NS;
}

static void a_lease_is_renewed_at_each_third_of_its_time(void **state)
{
	struct world *w = *state;
	struct lease *one;
	size_t lost;

	assert_int_equal(renew(w, &lost), -1);
	one = begin(w, 0);
	assert_int_equal(renew(w, &lost), 10000);
	assert_int_equal(w->f.job[0].renewed, 0);
	clock_manual_step(&w->clock, 10000);
	assert_int_equal(renew(w, &lost), 10000);
	assert_int_equal(w->f.job[0].renewed, 1);
	clock_manual_step(&w->clock, 4000);
	begin(w, 1);
	assert_int_equal(renew(w, &lost), 6000);
	clock_manual_step(&w->clock, 6000);
	assert_int_equal(renew(w, &lost), 4000);
	assert_int_equal(w->f.job[0].renewed, 2);
	assert_int_equal(w->f.job[1].renewed, 0);
	assert_int_equal(leases_count(w->leases), 2);
	assert_false(leases_end(w->leases, one));
	assert_int_equal(leases_count(w->leases), 1);
}

static bool readable(const struct worker_gone *g)
{
	struct pollfd p = { .fd = g->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void a_lease_that_is_anothers_is_given_up_and_the_rest_kept(void **state)
{
	struct world *w = *state;
	struct lease *a = begin(w, 0), *b = begin(w, 1);
	size_t lost;

	w->f.job[0].fence = 2;
	clock_manual_step(&w->clock, 10000);
	renew(w, &lost);
	assert_int_equal(lost, 1);
	assert_true(lease_gone(a)->is && lease_lost(a));
	assert_true(readable(lease_gone(a)));
	assert_false(lease_gone(b)->is);
	assert_false(readable(lease_gone(b)));
	clock_manual_step(&w->clock, 10000);
	renew(w, &lost);
	assert_int_equal(lost, 0);
	assert_int_equal(w->f.job[1].renewed, 2);
	assert_true(leases_end(w->leases, a));
}

static void a_server_that_is_away_is_waited_for_beyond_the_lease(void **state)
{
	struct world *w = *state;
	struct lease *a = begin(w, 0);
	int64_t calls;
	size_t lost;

	w->f.away = true;
	for (int i = 0; i < 60; i++) {
		clock_manual_step(&w->clock, 1000);
		renew(w, &lost);
	}
	calls = w->f.calls;
	assert_in_range(calls, 40, 60); /* each second since the first */
	assert_false(lease_gone(a)->is);
	w->f.away = false;
	clock_manual_step(&w->clock, 1000);
	assert_int_equal(renew(w, &lost), 10000);
	assert_int_equal(w->f.job[0].renewed, 1);
	assert_int_equal(lost, 0);
}

static void
when_the_workers_time_is_over_all_are_gone_but_none_is_lost(void **state)
{
	struct world *w = *state;
	struct lease *a = begin(w, 0), *b = begin(w, 1);

	leases_drop(w->leases);
	leases_drop(w->leases);
	assert_true(lease_gone(a)->is && lease_gone(b)->is);
	assert_false(lease_lost(a) || lease_lost(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_lease_is_renewed_at_each_third_of_its_time),
		T(a_lease_that_is_anothers_is_given_up_and_the_rest_kept),
		T(a_server_that_is_away_is_waited_for_beyond_the_lease),
		T(when_the_workers_time_is_over_all_are_gone_but_none_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
