/* More than is fair, workers that die, clocks that jump: who pays for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/lab.h"

#define ANN "learner:ann"
#define BOB "learner:bob"

enum { FAIR = 6, FLOOD = 200, LEASE_MS = 60000, HOUR_MS = 3600000 };

static struct reply check(struct world *w, struct story_vars *v,
			  const char *who)
{
	return lab_call(w, v, who, "lab.check", "{" S "}", NO_BYTES);
}

/* Ann asks as often as she can; that many checks are queued. */
static int flood(struct world *w, struct story_vars *v)
{
	int taken = 0;

	for (int i = 0; i < FLOOD; i++) {
		struct reply r = check(w, v, ANN);

		if (r.e)
			assert_int_equal(r.e, ERR_RATE_LIMITED);
		taken += !r.e;
	}
	return taken;
}

static struct reply lease(struct world *w, const char *kinds)
{
	return world_ok(w, "worker", "job.lease",
			"{\"kinds\":[%s],\"worker\":\"w\",\"limit\":1,"
			"\"lease_ms\":%d}",
			kinds, LEASE_MS);
}

static void a_flood_of_one_learner_keeps_nobody_else_waiting(void **state)
{
	static const struct story open[] = {
		{ BOB, "lab.open", "{" LAB_REF "}", OK, "s=session" },
	};
	struct world *w = *state;
	struct story_vars ann = { 0 }, bob = { 0 };
	struct reply r;
	const char *run;
	int n = 1;

	lab_session(w, &ann);
	assert_int_equal(flood(w, &ann), FAIR);
	STORY(w, &bob, open);
	r = check(w, &bob, BOB);
	assert_int_equal(r.e, OK);
	run = reply_text(w, &r, "run");
	for (;; n++) {
		r = lease(w, "\"lab.check\"");
		assert_int_equal(reply_count(w, &r, "jobs"), 1);
		if (!strcmp(reply_text(w, &r, "jobs/0/ref"), run))
			break;
	}
	assert_in_range(n, 1, FAIR + 1);
}

/* However many checks came before it. */
static void what_counts_is_leased_before_all_checks(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	lab_session(w, &v);
	assert_int_equal(flood(w, &v), FAIR);
	world_pass(w, 1000);
	world_job(w);
	r = lease(w, "\"test.work\",\"lab.check\"");
	assert_string_equal(reply_text(w, &r, "jobs/0/kind"), "test.work");
	r = lease(w, "\"test.work\",\"lab.check\"");
	assert_string_equal(reply_text(w, &r, "jobs/0/kind"), "lab.check");
}

static void a_check_whose_workers_die_is_tried_again_and_then_ours(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *waits;
	struct reply r;

	lab_session(w, &v);
	r = check(w, &v, ANN);
	v.value['r'] = reply_text(w, &r, "run");
	for (int i = 1; i <= 3; i++) {
		lab_lease(w, &v, "lab.check");
		assert_int_equal(atoi(v.value['f']), i);
		r = lab_ok(w, &v, ANN, "lab.result", "{'run':'$r'}", NO_BYTES);
		assert_string_equal(reply_text(w, &r, "state"), "waits");
		world_pass(w, LEASE_MS);
	}
	waits = world_ask(w, ANN, "lab.result",
			  "{\"run\":\"%s\",\"wait_ms\":20000}", v.value['r']);
	r = lease(w, "\"lab.check\"");
	assert_int_equal(reply_count(w, &r, "jobs"), 0);
	r = world_answer(w, waits);
	assert_string_equal(reply_text(w, &r, "state"), "failed");
	/* The last of the dead is heard no more, and another check is free. */
	r = lab_call(w, &v, "worker", "job.fail",
		     "{'job':'$j','fence':$f,'error':'e','retry':true}",
		     NO_BYTES);
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_int_equal(check(w, &v, ANN).e, OK);
}

static void a_clock_that_jumps_ends_no_lease_no_wait_and_no_shell(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct asked *reader, *idle;
	struct reply r;

	lab_session(w, &v);
	r = lab_ok(w, &v, ANN, "lab.terminal_open",
		   "{" S ",'rows':24,'cols':80}", NO_BYTES);
	v.value['a'] = reply_text(w, &r, "attach");
	world_run(w);
	lab_lease(w, &v, "lab.terminal");
	lab_ok(w, &v, "worker", "lab.host",
	       "{'job':'$j','fence':$f," S ",'at':0}", str_of("before"));
	r = lab_ok(w, &v, ANN, "lab.terminal_read",
		   "{" S ",'attach':$a,'after':0}", NO_BYTES);
	v.value['c'] = reply_text(w, &r, "changes");
	reader = world_ask(w, ANN, "lab.terminal_read", "%s",
			   story_params(w, &v,
					"{" S
					",'attach':$a,'after':6,'changes':$c,"
					"'wait_ms':20000}")
				   .p);
	idle = world_ask(w, "worker", "job.wait",
			 "{\"kinds\":[\"lab.terminal\"],\"wait_ms\":10000}");
	world_set_clock(w, 6 * HOUR_MS);
	world_pass(w, 2000); /* and is looked at */
	assert_false(world_answered(reader));
	assert_false(world_answered(idle));
	r = lease(w, "\"lab.terminal\"");
	assert_int_equal(reply_count(w, &r, "jobs"), 0);
	lab_ok(w, &v, "worker", "job.renew",
	       "{'job':'$j','fence':$f,'lease_ms':60000}", NO_BYTES);
	lab_ok(w, &v, "worker", "lab.host",
	       "{'job':'$j','fence':$f," S ",'at':6}", str_of("after"));
	r = world_answer(w, reader);
	assert_true(str_is(r.bytes, "after"));
	world_pass(w, 8000);
	r = world_answer(w, idle);
	assert_string_equal(reply_text(w, &r, "due"), "false");
}

/* Only a start takes the machine's word, and it may have been wrong. */
static void a_clock_that_was_wrong_costs_a_learner_no_checks(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };

	world_set_clock(w, 6 * HOUR_MS);
	world_restart(w);
	lab_session(w, &v);
	assert_int_equal(flood(w, &v), FAIR);
	world_set_clock(w, -6 * HOUR_MS);
	world_restart(w);
	assert_int_equal(check(w, &v, ANN).e, OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_flood_of_one_learner_keeps_nobody_else_waiting),
		quiz_test(what_counts_is_leased_before_all_checks),
		quiz_test(
			a_check_whose_workers_die_is_tried_again_and_then_ours),
		quiz_test(
			a_clock_that_jumps_ends_no_lease_no_wait_and_no_shell),
		quiz_test(a_clock_that_was_wrong_costs_a_learner_no_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
