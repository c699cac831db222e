/* Queries that wait: woken, out of time, one too many, at a stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/rpc_world.h"

enum { FRONTS = 8 };

struct fixture {
	struct rw w;
	struct rw_front f[FRONTS];
	struct clock_manual clock;
};

static void open_with(struct fixture *fx, struct rw_opts o)
{
	atomic_store(&rw_rung, 0);
	rw_open(&fx->w, &o);
	for (int i = 0; i < FRONTS; i++)
		rw_front_open(&fx->f[i], fx->w.core);
}

static struct fixture *still(int parked)
{
	static struct fixture fx;

	clock_manual_init(&fx.clock, 1000);
	open_with(&fx, (struct rw_opts){ .store = true,
					 .parked = parked,
					 .clock = &fx.clock.clock });
	return &fx;
}

static struct fixture *threaded(void)
{
	static struct fixture fx;

	open_with(&fx, (struct rw_opts){ .threaded = true });
	return &fx;
}

static void close_all(struct fixture *fx)
{
	core_drain(fx->w.core);
	assert_true(core_wait_idle(fx->w.core, 5000));
	for (int i = 0; i < FRONTS; i++)
		rw_front_close(&fx->f[i]);
	rw_close(&fx->w);
}

/* n: for so many tenths of a second. */
static void send(struct fixture *fx, int i, const char *method,
		 const char *text, int n)
{
	struct str ask = str_fmt(
		fx->w.cx.arena,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"auth\":"
		"\"plat\",\"params\":{\"text\":\"%s\",\"n\":%d}}",
		method, text, n);
	struct front_msg m = { .conn = 1,
			       .transport = FRONT_TEST,
			       .peer = STR("test"),
			       .bytes = ask };

	core_take(fx->f[i].slot.request, &m);
}

static int replies(struct fixture *fx, int i)
{
	int n;

	pthread_mutex_lock(&fx->f[i].lock);
	n = fx->f[i].replies;
	pthread_mutex_unlock(&fx->f[i].lock);
	return n;
}

static void await(struct fixture *fx, int i, int n)
{
	struct rw_front *f = &fx->f[i];

	pthread_mutex_lock(&f->lock);
	while (f->replies < n)
		pthread_cond_wait(&f->came, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void says(struct fixture *fx, int i, const char *what)
{
	struct str got = buf_view(&fx->f[i].reply);

	if (str_find(got, str_of(what), 0) == SIZE_MAX)
		fail_msg("wanted %s, got %.*s", what, STR_FMT(got));
}

static void a_query_waits_until_its_key_is_woken(void **state)
{
	static const char *const methods[] = { "test.wait", "test.wait_read" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture *fx = still(0);

		send(fx, 0, methods[i], "a", 100);
		assert_int_equal(replies(fx, 0), 0);
		assert_int_equal(core_busy(fx->w.core), 1);
		send(fx, 1, "test.ring", "b", 1); /* another key */
		core_step_parked(fx->w.core);
		assert_int_equal(replies(fx, 0), 0);
		send(fx, 1, "test.ring", "a", 1);
		assert_int_equal(core_step_parked(fx->w.core), 1);
		assert_int_equal(replies(fx, 0), 1);
		says(fx, 0, "\"count\":2");
		close_all(fx);
	}
}

static void a_wake_for_nothing_lets_it_wait_on(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	send(fx, 0, "test.wait", "a", 100);
	send(fx, 1, "test.ring", "a", 0);
	assert_int_equal(core_step_parked(fx->w.core), 1);
	assert_int_equal(replies(fx, 0), 0);
	/* Its time began when it came, not when it was woken. */
	clock_manual_step(&fx->clock, 9999);
	send(fx, 1, "test.ring", "a", 0);
	assert_int_equal(core_step_parked(fx->w.core), 1);
	assert_int_equal(replies(fx, 0), 0);
	clock_manual_step(&fx->clock, 1);
	assert_int_equal(core_step_parked(fx->w.core), 1);
	assert_int_equal(replies(fx, 0), 1);
	says(fx, 0, "\"count\":0");
	close_all(fx);
}

static void who_is_shut_out_while_he_waits_is_told_that_alone(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	send(fx, 0, "test.wait", "a", 100);
	send(fx, 1, "test.wait", "b", 100);
	send(fx, 2, "test.ring", "a", 1);
	rw_shut_out = true;
	assert_int_equal(core_step_parked(fx->w.core), 1);
	says(fx, 0, "\"unauthenticated\"");
	clock_manual_step(&fx->clock, 10000); /* or when its time is over */
	assert_int_equal(core_step_parked(fx->w.core), 1);
	says(fx, 1, "\"unauthenticated\"");
	rw_shut_out = false;
	close_all(fx);
}

/* At once, whatever he waits for. */
static void a_change_of_rights_is_told_to_all_who_wait(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	send(fx, 0, "test.wait", "a", 100);
	send(fx, 1, "test.wait_read", "b", 100);
	send(fx, 2, "test.write", "rights", 1);
	executor_step(fx->w.app.executor);
	assert_int_equal(core_step_parked(fx->w.core), 2);
	says(fx, 0, "\"unauthenticated\"");
	says(fx, 1, "\"unauthenticated\"");
	rw_shut_out = false;
	close_all(fx);
}

static void endless_wakes_for_nothing_are_answered_at_last(void **state)
{
	struct fixture *fx = still(0);
	int n = 0;

	(void)state;
	send(fx, 0, "test.wait", "a", 100);
	for (; n < 1000 && !replies(fx, 0); n++) {
		send(fx, 1, "test.ring", "a", 0);
		core_step_parked(fx->w.core);
	}
	assert_in_range(n, 100, 300); /* its arena grew a little each time */
	close_all(fx);
}

static void nobody_waits_longer_than_the_longest(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	send(fx, 0, "test.wait", "a", 1000);
	clock_manual_step(&fx->clock, PARK_LONGEST_MS - 1);
	assert_int_equal(core_step_parked(fx->w.core), 0);
	clock_manual_step(&fx->clock, 1);
	assert_int_equal(core_step_parked(fx->w.core), 1);
	says(fx, 0, "\"count\":0");
	close_all(fx);
}

static void one_too_many_is_answered_at_once(void **state)
{
	struct fixture *fx = still(2);

	(void)state;
	for (int i = 0; i < 3; i++)
		send(fx, i, "test.wait", "a", 100);
	assert_int_equal(replies(fx, 0) + replies(fx, 1), 0);
	assert_int_equal(replies(fx, 2), 1);
	says(fx, 2, "\"count\":0");
	send(fx, 3, "test.ring", "a", 1);
	assert_int_equal(core_step_parked(fx->w.core), 2);
	assert_int_equal(replies(fx, 0) + replies(fx, 1), 2);
	send(fx, 0, "test.ring", "a", 0); /* a slot is used again */
	assert_int_equal(replies(fx, 0), 2);
	close_all(fx);
}

static bool no_place(struct front_slot *s, bool on)
{
	(void)s;
	return !on;
}

static void a_front_end_without_room_is_answered_at_once(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	fx->f[0].slot.park = no_place;
	send(fx, 0, "test.wait", "a", 100);
	assert_int_equal(replies(fx, 0), 1);
	close_all(fx);
}

static void a_stop_answers_all_that_wait(void **state)
{
	struct fixture *fx = still(0);

	(void)state;
	for (int i = 0; i < FRONTS; i++)
		send(fx, i, "test.wait", "a", 100);
	core_drain(fx->w.core);
	assert_int_equal(core_busy(fx->w.core), 0);
	for (int i = 0; i < FRONTS; i++)
		says(fx, i, "\"count\":0");
	close_all(fx);
}

static void threads_wake_each_other_without_loss(void **state)
{
	struct fixture *fx = threaded();

	(void)state;
	for (int round = 1; round <= 200; round++) {
		atomic_store(&rw_rung, 0);
		for (int i = 1; i < FRONTS; i++)
			send(fx, i, "test.wait", i % 2 ? "a" : "b", 300);
		send(fx, 0, "test.ring", "a", 1);
		await(fx, 0, 2 * round - 1);
		send(fx, 0, "test.ring", "b", 1);
		for (int i = 0; i < FRONTS; i++)
			await(fx, i, i ? round : 2 * round);
	}
	close_all(fx);
}

static void a_thread_answers_when_the_time_is_over(void **state)
{
	struct fixture *fx = threaded();
	int64_t began = clock_mono_ns(&clock_system);

	(void)state;
	send(fx, 0, "test.wait", "a", 2);
	send(fx, 1, "test.wait", "b", 1);
	await(fx, 0, 1);
	await(fx, 1, 1);
	assert_true(clock_mono_ns(&clock_system) - began >= 200000000);
	send(fx, 0, "test.wait", "a", 300);
	core_drain(fx->w.core);
	await(fx, 0, 2);
	close_all(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_waits_until_its_key_is_woken),
		cmocka_unit_test(a_wake_for_nothing_lets_it_wait_on),
		cmocka_unit_test(
			who_is_shut_out_while_he_waits_is_told_that_alone),
		cmocka_unit_test(a_change_of_rights_is_told_to_all_who_wait),
		cmocka_unit_test(
			endless_wakes_for_nothing_are_answered_at_last),
		cmocka_unit_test(nobody_waits_longer_than_the_longest),
		cmocka_unit_test(one_too_many_is_answered_at_once),
		cmocka_unit_test(a_front_end_without_room_is_answered_at_once),
		cmocka_unit_test(a_stop_answers_all_that_wait),
		cmocka_unit_test(threads_wake_each_other_without_loss),
		cmocka_unit_test(a_thread_answers_when_the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
