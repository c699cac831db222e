#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/support/check.h"
#include "tests/support/job_world.h"

static int set_up(void **state)
{
	static struct tx w;

	if (sodium_init() < 0)
		return -1;
	jw_open(&w, NULL, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	jw_close(*state);
	return 0;
}

static void state_is(struct tx *w, const struct id *id, enum job_state wanted)
{
	assert_string_equal(job_state_words[jw_get(w, id).state],
			    job_state_words[wanted]);
}

struct events {
	struct id stream;
	struct str last;
	size_t n;
};

static enum err events_run(struct ctx *cx, void *arg)
{
	struct events *x = arg;
	struct list list;
	enum err e = record_stream(cx, &x->stream, 0, &list);

	if (!e && list.n)
		x->last = ((struct record *)list.at)[list.n - 1].event;
	x->n = e ? 0 : list.n;
	return e;
}

static void last_event_is(struct tx *w, const struct id *job, const char *event)
{
	struct events x = { .stream = *job };

	assert_int_equal(tx_read(w, events_run, &x), OK);
	assert_true(str_is(x.last, event));
}

static void a_job_is_there_when_its_command_is(void **state)
{
	struct tx *w = *state;
	struct jw_queue q = { .kind = "grade", .then = ERR_PRECONDITION };

	assert_int_equal(tx_run(w, jw_queue_run, &q), ERR_PRECONDITION);
	assert_int_equal(jw_lease(w, 10, NULL), 0);
	q.then = OK;
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	assert_int_equal(jw_lease(w, 10, NULL), 1);
}

static void a_leased_job_is_nobody_elses(void **state)
{
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{\"n\":1}");
	assert_int_equal(jw_lease(w, 10, &a), 1);
	assert_true(str_is(a.body, "{\"n\":1}"));
	assert_int_equal(a.fence, 1);
	assert_int_equal(a.tries, 1);
	tx_as(w, ROLE_WORKER, "key:two", NULL);
	assert_int_equal(jw_lease(w, 10, NULL), 0);
	tx_step_clock(w, 59999);
	assert_int_equal(jw_lease(w, 10, NULL), 0);
}

static void a_lease_that_ran_out_goes_to_the_next(void **state)
{
	struct tx *w = *state;
	struct job a, b;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	tx_step_clock(w, 60000);
	tx_as(w, ROLE_WORKER, "key:two", NULL);
	assert_int_equal(jw_lease(w, 1, &b), 1);
	assert_true(id_eq(&a.id, &b.id));
	assert_int_equal(b.fence, a.fence + 1);
	assert_int_equal(jw_say(w, JW_FINISH, &b), OK);
	assert_int_equal(jw_effects(w, &a.id, "grade"), 1);
}

static void an_old_fence_changes_nothing(void **state)
{
	struct tx *w = *state;
	struct job a, b;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	tx_step_clock(w, 60000);
	jw_lease(w, 1, &b); /* even the same key */
	for (int what = JW_FINISH; what <= JW_FAIL_FOR_GOOD; what++)
		assert_int_equal(jw_say(w, what, &a), ERR_CONFLICT);
	assert_int_equal(jw_effects(w, &a.id, "grade"), 0);
	state_is(w, &a.id, JOB_LEASED);
	assert_int_equal(jw_say(w, JW_FINISH, &b), OK);
	for (int what = JW_FINISH; what <= JW_FAIL_FOR_GOOD; what++)
		assert_int_equal(jw_say(w, what, &a), ERR_CONFLICT);
}

static void a_fence_is_good_for_its_holder_alone(void **state)
{
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	tx_as(w, ROLE_WORKER, "key:two", NULL);
	for (int what = JW_FINISH; what <= JW_FAIL_FOR_GOOD; what++)
		assert_int_equal(jw_say(w, what, &a), ERR_CONFLICT);
	tx_as(w, ROLE_WORKER, "key:one", NULL);
	assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
}

static void a_late_result_counts_while_nobody_else_has_the_job(void **state)
{
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	tx_step_clock(w, 3600000);
	assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
	assert_int_equal(jw_effects(w, &a.id, "grade"), 1);
}

static void a_renewed_lease_lasts_longer(void **state)
{
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	for (int i = 0; i < 5; i++) {
		tx_step_clock(w, 50000);
		assert_int_equal(jw_say(w, JW_RENEW, &a), OK);
		assert_int_equal(jw_lease(w, 1, NULL), 0);
	}
}

static void a_result_counts_once_however_often_it_is_sent(void **state)
{
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	for (int i = 0; i < 3; i++)
		assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
	assert_int_equal(jw_effects(w, &a.id, "grade"), 1);
	state_is(w, &a.id, JOB_DONE);
	last_event_is(w, &a.id, "job.done");
}

static void a_result_that_is_not_right_leaves_the_job_as_it_was(void **state)
{
	static const struct {
		const char *result;
		enum err wanted;
	} bad[] = {
		{ "{", ERR_INVALID },
		{ "[]", ERR_INVALID },
		{ "{}", ERR_INVALID },
		{ "{\"points\":11}", ERR_INVALID },
		{ "{\"points\":1,\"more\":1}", ERR_INVALID },
		{ "{\"points\":7}", ERR_PRECONDITION }, /* by apply */
	};
	struct tx *w = *state;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct jw_say s = { .what = JW_FINISH,
				    .id = a.id,
				    .fence = a.fence,
				    .result = bad[i].result };

		assert_int_equal(tx_run(w, jw_say_run, &s), bad[i].wanted);
		state_is(w, &a.id, JOB_LEASED);
	}
	assert_int_equal(jw_effects(w, &a.id, "grade"), 0);
	assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
}

static void failures_are_tried_later_and_later_until_dead(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	int64_t from;
	struct job a;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(jw_lease(w, 1, &a), 1);
		from = clock_ms(w->cx.clock);
		assert_int_equal(jw_say(w, JW_FAIL, &a), OK);
		a = jw_get(w, &id);
		assert_int_equal(a.state, JOB_QUEUED);
		assert_true(str_is(a.last_error, "no luck"));
		assert_in_range(a.due_at - from, 500 << i, 1000 << i);
		assert_int_equal(jw_lease(w, 1, NULL), 0);
		tx_step_clock(w, a.due_at - from);
	}
	assert_int_equal(jw_effects(w, &id, "ended"), 0);
	assert_int_equal(jw_lease(w, 1, &a), 1);
	assert_int_equal(jw_say(w, JW_FAIL, &a), OK);
	state_is(w, &id, JOB_DEAD);
	last_event_is(w, &id, "job.dead");
	assert_int_equal(jw_effects(w, &id, "ended"), 1);
	tx_step_clock(w, 86400000);
	assert_int_equal(jw_lease(w, 1, NULL), 0);
}

static void a_failure_for_good_is_not_tried_again(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	struct job a;

	jw_lease(w, 1, &a);
	assert_int_equal(jw_say(w, JW_FAIL_FOR_GOOD, &a), OK);
	state_is(w, &id, JOB_FAILED);
	last_event_is(w, &id, "job.failed");
	assert_int_equal(jw_effects(w, &id, "ended"), 1);
	tx_step_clock(w, 86400000);
	assert_int_equal(jw_lease(w, 1, NULL), 0);
}

static void a_job_whose_workers_vanish_dies(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");

	for (int i = 0; i < 3; i++) {
		assert_int_equal(jw_lease(w, 1, NULL), 1);
		tx_step_clock(w, 60000);
	}
	assert_int_equal(jw_lease(w, 1, NULL), 0);
	state_is(w, &id, JOB_DEAD);
	assert_int_equal(jw_effects(w, &id, "ended"), 1);
}

static void jobs_wait_for_their_time_and_come_in_order(void **state)
{
	struct tx *w = *state;
	struct jw_queue q = { .kind = "grade" };
	int64_t now = clock_ms(w->cx.clock);
	struct id late, soon;
	struct job a;

	q.wish.run_at = now + 2000;
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	late = q.id;
	q.wish.run_at = now + 1000;
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	soon = q.id;
	assert_int_equal(jw_lease(w, 10, NULL), 0);
	tx_step_clock(w, 2000);
	assert_int_equal(jw_lease(w, 1, &a), 1);
	assert_true(id_eq(&a.id, &soon));
	assert_int_equal(jw_lease(w, 1, &a), 1);
	assert_true(id_eq(&a.id, &late));
}

static void no_more_are_leased_than_asked_for(void **state)
{
	struct tx *w = *state;

	for (int i = 0; i < 7; i++)
		jw_queue(w, "grade", "{}");
	jw_queue(w, "other", "{}");
	assert_int_equal(jw_lease(w, 3, NULL), 3);
	assert_int_equal(jw_lease(w, 3, NULL), 3);
	assert_int_equal(jw_lease(w, 3, NULL), 1);
}

static void a_single_job_is_queued_once_while_it_is_open(void **state)
{
	struct tx *w = *state;
	struct jw_queue q = { .kind = "grade",
			      .wish = { .ref = { { 7 } }, .single = true } };
	struct id first;
	struct job a;

	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	first = q.id;
	assert_false(id_is_none(&first));
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	assert_true(id_is_none(&q.id));
	jw_lease(w, 5, &a);
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	assert_true(id_is_none(&q.id));
	assert_int_equal(jw_say(w, JW_FINISH, &a), OK);
	assert_int_equal(tx_run(w, jw_queue_run, &q), OK);
	assert_false(id_is_none(&q.id));
}

/* ---- staff ---- */

struct staff {
	enum err (*fn)(struct ctx *cx, const struct id *org,
		       const struct id *id, struct job *out);
	struct id id;
	struct job out;
};

static enum err staff_run(struct ctx *cx, void *arg)
{
	struct staff *s = arg;

	return s->fn(cx, &cx->who->org, &s->id, &s->out);
}

static enum err cancel(struct tx *w, const struct id *id)
{
	struct staff s = { .fn = job_cancel, .id = *id };

	return tx_run(w, staff_run, &s);
}

static enum err retry(struct tx *w, const struct id *id)
{
	struct staff s = { .fn = job_retry, .id = *id };

	return tx_run(w, staff_run, &s);
}

static void a_cancelled_job_is_over_for_its_worker(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	struct job a;

	jw_lease(w, 1, &a);
	assert_int_equal(cancel(w, &id), OK);
	assert_int_equal(jw_say(w, JW_FINISH, &a), ERR_CONFLICT);
	assert_int_equal(jw_effects(w, &id, "ended"), 1);
	assert_int_equal(cancel(w, &id), ERR_PRECONDITION);
}

static void what_must_be_done_cannot_be_cancelled(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "other", "{}");

	assert_int_equal(cancel(w, &id), ERR_PRECONDITION);
}

static void what_ended_badly_may_be_tried_again_from_the_start(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	struct job a, b;

	assert_int_equal(retry(w, &id), ERR_PRECONDITION);
	jw_lease(w, 1, &a);
	assert_int_equal(retry(w, &id), ERR_PRECONDITION);
	jw_say(w, JW_FAIL_FOR_GOOD, &a);
	assert_int_equal(retry(w, &id), OK);
	assert_int_equal(jw_lease(w, 1, &b), 1);
	assert_int_equal(b.tries, 1);
	assert_int_equal(b.fence, a.fence + 1);
	assert_int_equal(jw_say(w, JW_FINISH, &a), ERR_CONFLICT);
	assert_int_equal(jw_say(w, JW_FINISH, &b), OK);
	assert_int_equal(retry(w, &id), ERR_PRECONDITION);
}

static enum err prune_run(struct ctx *cx, void *arg)
{
	return job_prune(cx, clock_ms(cx->clock), 100, arg);
}

static void only_what_is_done_is_pruned(void **state)
{
	struct tx *w = *state;
	int64_t removed;
	struct job a;

	jw_queue(w, "grade", "{}");
	jw_queue(w, "grade", "{}");
	jw_lease(w, 1, &a);
	jw_say(w, JW_FINISH, &a);
	tx_step_clock(w, 1);
	assert_int_equal(tx_run(w, prune_run, &removed), OK);
	assert_int_equal(removed, 1);
	assert_int_equal(jw_lease(w, 5, NULL), 1);
}

/* ---- steps ---- */

static void the_server_runs_its_own_kinds_step_by_step(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "count", "{\"left\":4}");

	tx_settle(w);
	state_is(w, &id, JOB_DONE);
	assert_int_equal(jw_effects(w, &id, "step"), 4);
	last_event_is(w, &id, "job.done");
}

static void a_step_that_fails_is_undone_and_tried_later(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "count", "{\"left\":-1}");

	for (int i = 1; i <= 3; i++) {
		struct job j;

		tx_settle(w);
		j = jw_get(w, &id);
		assert_int_equal(j.tries, i);
		assert_true(
			str_is(j.last_error, "precondition: below nothing"));
		assert_int_equal(jw_effects(w, &id, "step"), 0);
		tx_step_clock(w, 10000);
	}
	state_is(w, &id, JOB_DEAD);
	last_event_is(w, &id, "job.dead");
	assert_int_equal(jw_effects(w, &id, "ended"), 1);
}

static void a_step_happens_once_whatever_the_store_does(void **state)
{
	struct tx *w = *state;

	for (int n = 1; n < 30; n++) {
		struct id id = jw_queue(w, "count", "{\"left\":3}");

		store_fail_at(w->app.store, n, ERR_UNAVAILABLE);
		for (int i = 0; i < 20; i++) {
			tx_settle(w);
			tx_step_clock(w, 5000);
		}
		store_fail_at(w->app.store, 0, OK);
		tx_settle(w);
		state_is(w, &id, JOB_DONE);
		assert_int_equal(jw_effects(w, &id, "step"), 3);
	}
}

static void a_step_counts_once_when_a_commit_is_told_as_lost(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "count", "{\"left\":3}");

	store_lose_commit(w->app.store);
	for (int i = 0; i < 5; i++) {
		tx_settle(w);
		tx_step_clock(w, 5000);
	}
	state_is(w, &id, JOB_DONE);
	assert_int_equal(jw_effects(w, &id, "step"), 3);
}

/* ---- any order of things ---- */

static void no_order_of_calls_makes_an_effect_twice(void **state)
{
	enum { JOBS = 4, LEASES = 200, ROUNDS = 1500 };
	static struct job held[LEASES];
	static char who[LEASES];
	struct id ids[JOBS];
	bool counted[JOBS] = { false };
	struct tx *w = *state;
	struct rng_seeded rng;
	size_t n = 0;

	rng_property(&rng);
	for (int i = 0; i < JOBS; i++)
		ids[i] = jw_queue(w, "grade", "{}");
	for (int i = 0; i < ROUNDS; i++) {
		size_t at = n ? rng_below(&rng.rng, n) : 0;
		uint64_t pick = rng_below(&rng.rng, 20);
		bool one = rng_below(&rng.rng, 2);
		enum err e = OK;

		tx_as(w, ROLE_WORKER, one ? "key:one" : "key:two", NULL);
		if (pick < 6 && n < LEASES) {
			who[n] = one;
			n += jw_lease(w, 1, &held[n]);
			continue;
		}
		if (pick < 8) {
			tx_step_clock(w, (int64_t)rng_below(&rng.rng, 90000));
			continue;
		}
		if (pick == 8) { /* staff may always start it again */
			(void)retry(w, &ids[rng_below(&rng.rng, JOBS)]);
			continue;
		}
		if (!n)
			continue;
		e = jw_say(w,
			   pick < 11   ? JW_FINISH
			   : pick < 15 ? JW_RENEW
			   : pick < 19 ? JW_FAIL
				       : JW_FAIL_FOR_GOOD,
			   &held[at]);
		assert_true(e == OK || e == ERR_CONFLICT);
		if (who[at] != one)
			assert_int_equal(e, ERR_CONFLICT);
		for (int j = 0; j < JOBS && !e && pick >= 9 && pick < 11; j++)
			if (id_eq(&ids[j], &held[at].id))
				counted[j] = true;
	}
	for (int j = 0; j < JOBS; j++)
		assert_int_equal(jw_effects(w, &ids[j], "grade"), counted[j]);
	assert_true(tx_chain(w).intact);
}

static void has_line(struct tx *w, const char *line)
{
	struct buf b = { 0 };

	jobs_metrics(w->app.jobs, &b);
	buf_ch(&b, 0);
	if (!strstr(b.p, line))
		fail_msg("no %s in %s", line, b.p);
	buf_done(&b);
}

static void the_page_of_metrics_tells_of_queues_and_workers(void **state)
{
	struct tx *w = *state;
	struct job j;

	jw_queue(w, "grade", "{}");
	jw_queue(w, "grade", "{}");
	has_line(w, "assay_jobs{kind=\"grade\",state=\"due\"} 2\n");
	has_line(w, "assay_workers{kind=\"grade\"} 0\n");
	assert_int_equal(jw_lease(w, 1, &j), 1);
	has_line(w, "assay_jobs{kind=\"grade\",state=\"due\"} 1\n");
	has_line(w, "assay_jobs{kind=\"grade\",state=\"leased\"} 1\n");
	has_line(w, "assay_workers{kind=\"grade\"} 1\n");
	tx_step_clock(w, 1500);
	assert_int_equal(jw_say(w, JW_FINISH, &j), OK);
	has_line(w, "assay_jobs_total{kind=\"grade\",what=\"done\"} 1\n");
	has_line(w, "assay_job_seconds_total{kind=\"grade\"} 1.500\n");
	tx_step_clock(w, 61000);
	has_line(w, "assay_workers{kind=\"grade\"} 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_job_is_there_when_its_command_is),
		T(a_leased_job_is_nobody_elses),
		T(a_lease_that_ran_out_goes_to_the_next),
		T(an_old_fence_changes_nothing),
		T(a_fence_is_good_for_its_holder_alone),
		T(a_late_result_counts_while_nobody_else_has_the_job),
		T(a_renewed_lease_lasts_longer),
		T(a_result_counts_once_however_often_it_is_sent),
		T(a_result_that_is_not_right_leaves_the_job_as_it_was),
		T(failures_are_tried_later_and_later_until_dead),
		T(a_failure_for_good_is_not_tried_again),
		T(a_job_whose_workers_vanish_dies),
		T(jobs_wait_for_their_time_and_come_in_order),
		T(no_more_are_leased_than_asked_for),
		T(a_single_job_is_queued_once_while_it_is_open),
		T(a_cancelled_job_is_over_for_its_worker),
		T(what_must_be_done_cannot_be_cancelled),
		T(what_ended_badly_may_be_tried_again_from_the_start),
		T(only_what_is_done_is_pruned),
		T(the_server_runs_its_own_kinds_step_by_step),
		T(a_step_that_fails_is_undone_and_tried_later),
		T(a_step_happens_once_whatever_the_store_does),
		T(a_step_counts_once_when_a_commit_is_told_as_lost),
		T(no_order_of_calls_makes_an_effect_twice),
		T(the_page_of_metrics_tells_of_queues_and_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
