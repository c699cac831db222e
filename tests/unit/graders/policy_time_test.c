/* Instants, access, and what the clock does. */
#include "tests/unit/graders/policy_world.h"

static struct policy_attempt started(const struct policy *p, int64_t at)
{
	return (struct policy_attempt){ .state = ATTEMPT_ACTIVE,
					.started = at,
					.due = policy_due(p, at, 0) };
}

/* ---- instants ---- */

static void an_attempt_is_due_at_its_limit_or_the_close(void **state)
{
	struct policy p = an_exam();

	(void)state;
	assert_int_equal(policy_due(&p, AT(10), 0), AT(70));
	assert_int_equal(policy_due(&p, AT(90), 0), AT(120));
	p.may_run_past_close = true;
	assert_int_equal(policy_due(&p, AT(90), 0), AT(150));
	p.time_limit_ms = 0;
	assert_int_equal(policy_due(&p, AT(90), 0), 0);
	p.may_run_past_close = false;
	assert_int_equal(policy_due(&p, AT(90), 0), AT(120));
}

static void a_stopped_clock_moves_the_due_instant_but_not_the_close(void **s)
{
	struct policy p = an_exam();

	(void)s;
	assert_int_equal(policy_due(&p, AT(10), 20 * MINUTE), AT(90));
	assert_int_equal(policy_due(&p, AT(50), 20 * MINUTE), AT(120));
}

static void ends_are_kept_apart(void **state)
{
	struct policy p = an_exam();
	struct policy_times t;

	(void)state;
	policy_times(&p, AT(0), 0, &t);
	assert_int_equal(t.due, AT(60));
	assert_int_equal(t.accept_end, AT(61));
	assert_int_equal(t.hard_end, AT(61));
	p.overdue = OVERDUE_GRACE;
	p.grace_ms = 5 * MINUTE;
	policy_times(&p, AT(0), 0, &t);
	assert_int_equal(t.accept_end, AT(61));
	assert_int_equal(t.hard_end, AT(66));
	p.time_limit_ms = p.closes_at = 0;
	policy_times(&p, AT(0), 0, &t);
	assert_int_equal(t.hard_end, 0);
}

/* ---- access ---- */

static int reason_at(const struct policy *p, int64_t now)
{
	struct policy_history h = { 0 };
	struct policy_conditions c;

	policy_conditions(p, false, &h, now, &c);
	assert_int_equal(c.may_start, c.reason == START_OK);
	assert_true(c.sentence.n > 0);
	return c.reason;
}

static void the_window_is_open_at_both_of_its_ends(void **state)
{
	struct policy p = an_exam();

	(void)state;
	assert_int_equal(reason_at(&p, AT(0) - 1), START_NOT_OPEN);
	assert_int_equal(reason_at(&p, AT(0)), START_OK);
	assert_int_equal(reason_at(&p, AT(120)), START_OK);
	assert_int_equal(reason_at(&p, AT(120) + 1), START_CLOSED);
}

static void nobody_starts_in_the_grace_after_the_close(void **state)
{
	struct policy p = an_exam();
	struct rule_verdict v;

	(void)state;
	p.overdue = OVERDUE_GRACE;
	p.grace_ms = 5 * MINUTE;
	policy_access(&p, AT(125), &v);
	assert_int_equal(v.reason, START_OK); /* to hand in */
	assert_int_equal(reason_at(&p, AT(125)), START_CLOSED);
	policy_access(&p, AT(125) + 1, &v);
	assert_int_equal(v.reason, START_CLOSED);
}

static void a_wait_that_ends_after_the_close_is_a_never(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .used = 1,
				    .last_started = AT(0),
				    .last_finished = AT(30) };
	struct policy_conditions c;

	(void)state;
	p.delay_first_ms = 45 * MINUTE;
	policy_conditions(&p, false, &h, AT(40), &c);
	assert_int_equal(c.reason, START_WAIT);
	assert_int_equal(c.again_at, AT(75));
	policy_conditions(&p, false, &h, AT(75), &c);
	assert_int_equal(c.reason, START_OK);
	assert_int_equal(c.attempts_left, 2);
	p.delay_first_ms = 91 * MINUTE;
	policy_conditions(&p, false, &h, AT(40), &c);
	assert_int_equal(c.reason, START_WAIT_TOO_LONG);
	assert_int_equal(c.again_at, 0);
	assert_true(c.finished);
}

static void a_late_sweep_makes_nobody_wait_longer(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .used = 1,
				    .last_started = AT(0),
				    .last_finished = AT(100) };
	struct policy_conditions c;

	(void)state;
	p.delay_first_ms = 10 * MINUTE;
	policy_conditions(&p, false, &h, AT(70), &c);
	assert_int_equal(c.reason, START_OK); /* 60 + 10, not 100 + 10 */
}

static void the_second_delay_holds_from_the_third_attempt_on(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .used = 2, .last_finished = AT(10) };
	struct policy_conditions c;

	(void)state;
	p.time_limit_ms = 0;
	p.delay_first_ms = 60 * MINUTE;
	p.delay_later_ms = 5 * MINUTE;
	policy_conditions(&p, false, &h, AT(14), &c);
	assert_int_equal(c.again_at, AT(15));
	h.used = 3;
	policy_conditions(&p, false, &h, AT(14), &c);
	assert_int_equal(c.reason, START_NO_ATTEMPTS);
	assert_int_equal(c.attempts_left, 0);
	assert_true(c.finished);
}

static void a_start_names_its_due_instant_before_it_happens(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { 0 };
	struct policy_conditions c;

	(void)state;
	p.pledge = STR("I work alone.");
	policy_conditions(&p, true, &h, AT(90), &c);
	assert_int_equal(c.due, AT(120));
	assert_int_equal(c.hard_end, AT(121));
	assert_true(c.cut_by_close);
	assert_true(c.needs_password);
	assert_true(c.needs_pledge);
	policy_conditions(&p, false, &h, AT(30), &c);
	assert_false(c.cut_by_close);
	assert_false(c.needs_password);
}

static void an_open_attempt_is_gone_on_with(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .used = 1, .has_open = true };
	struct policy_conditions c;

	(void)state;
	policy_conditions(&p, false, &h, AT(30), &c);
	assert_int_equal(c.reason, START_RUNNING);
	assert_false(c.finished);
}

static void prerequisites_are_met_by_passing_or_by_a_grade(void **state)
{
	struct policy p = an_exam();
	struct prerequisite q[] = { { .assessment = STR("a") },
				    { .assessment = STR("b"),
				      .min_scaled = dec("0.5"),
				      .has_min_scaled = true } };
	struct prerequisite_result r[] = {
		{ .assessment = STR("a"), .passed = false, .scaled = dec("1") },
		{ .assessment = STR("b"), .scaled = dec("0.5") },
	};
	struct policy_history h = { .results = { r, 2 } };
	struct policy_conditions c;

	(void)state;
	p.prerequisites = (struct list){ q, 2 };
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_PREREQUISITE);
	assert_true(str_is(c.missing, "a"));
	r[0].passed = true;
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_OK);
	r[1].scaled = dec("0.499999999");
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_true(str_is(c.missing, "b"));
	r[0].held = true;
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_UNRELEASED);
	assert_true(str_is(c.missing, "a"));
}

static void what_is_retired_cannot_be_started_but_gone_on_with(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .retired = true };
	struct policy_conditions c;

	(void)state;
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_RETIRED);
	assert_true(c.finished);
	h.has_open = true;
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_RUNNING);
	assert_false(c.finished);
	h = (struct policy_history){ .retired = true, .preview = true };
	policy_conditions(&p, false, &h, AT(1), &c);
	assert_int_equal(c.reason, START_OK);
}

static void a_preview_knows_no_dates_and_no_limits(void **state)
{
	struct policy p = an_exam();
	struct policy_history h = { .used = 9, .preview = true };
	struct policy_attempt a = started(&p, AT(0));
	struct policy_conditions c;
	struct policy_move m;

	(void)state;
	policy_conditions(&p, true, &h, AT(500), &c);
	assert_true(c.may_start);
	assert_int_equal(c.attempts_left, -1);
	assert_false(c.needs_password);
	a.preview = true;
	policy_sweep(&p, &a, AT(500), &m);
	assert_false(m.moves);
	assert_true(policy_answer_ok(&p, &a, AT(500)));
}

static void the_countdown_shows_the_nearest_end(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));
	int64_t ms;

	(void)state;
	assert_true(policy_time_left(&p, &a, AT(10), &ms));
	assert_int_equal(ms, 50 * MINUTE);
	p.time_limit_ms = 0;
	a = started(&p, AT(0));
	assert_false(policy_time_left(&p, &a, AT(60), &ms));
	assert_true(policy_time_left(&p, &a, AT(61), &ms));
	assert_int_equal(ms, 59 * MINUTE);
}

/* ---- the clock ---- */

static void an_answer_on_the_wire_at_the_end_still_counts(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));

	(void)state;
	assert_true(policy_answer_ok(&p, &a, AT(61)));
	assert_false(policy_answer_ok(&p, &a, AT(61) + 1));
	a.state = ATTEMPT_SUBMITTED;
	assert_false(policy_answer_ok(&p, &a, AT(1)));
}

static void the_finish_time_is_the_due_time_however_late_the_sweep(void **s)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));
	struct policy_move m;

	(void)s;
	policy_sweep(&p, &a, AT(61), &m);
	assert_false(m.moves);
	assert_int_equal(m.check_at, AT(61) + 1);
	for (int later = 0; later < 5000; later += 777) {
		policy_sweep(&p, &a, AT(61) + 1 + later * MINUTE, &m);
		assert_true(m.moves);
		assert_int_equal(m.event, ATTEMPT_EV_EXPIRE);
		assert_int_equal(m.to, ATTEMPT_SUBMITTED);
		assert_int_equal(m.finished, AT(60));
		assert_false(m.late);
	}
}

static void auto_submitted_late_work_is_late_too(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(30));
	struct policy_move m;

	(void)state;
	p.due_at = AT(80);
	policy_sweep(&p, &a, AT(300), &m);
	assert_int_equal(m.finished, AT(90));
	assert_true(m.late);
}

static void grace_takes_no_answers_but_lets_hand_in(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a;
	struct policy_move m;

	(void)state;
	p.overdue = OVERDUE_GRACE;
	p.grace_ms = 5 * MINUTE;
	a = started(&p, AT(0));
	policy_sweep(&p, &a, AT(62), &m);
	assert_int_equal(m.to, ATTEMPT_OVERTIME);
	assert_int_equal(m.check_at, AT(66) + 1);
	a.state = m.to;
	assert_false(policy_answer_ok(&p, &a, AT(62)));
	policy_submit(&p, &a, AT(66), &m);
	assert_int_equal(m.to, ATTEMPT_SUBMITTED);
	assert_int_equal(m.finished, AT(66));
	assert_true(m.late);
	assert_false(m.answers_count);
	policy_submit(&p, &a, AT(66) + 1, &m);
	assert_int_equal(m.to, ATTEMPT_ABANDONED);
	policy_sweep(&p, &a, AT(66) + 1, &m);
	assert_int_equal(m.to, ATTEMPT_ABANDONED);
}

static void handing_in_within_the_network_grace_is_not_late(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));
	struct policy_move m;

	(void)state;
	p.due_at = AT(60);
	policy_submit(&p, &a, AT(60) + 30000, &m);
	assert_int_equal(m.finished, AT(60));
	assert_true(m.answers_count);
	assert_false(m.late);
	policy_submit(&p, &a, AT(40), &m);
	assert_int_equal(m.finished, AT(40));
}

static void handing_in_after_the_end_does_what_the_sweep_does(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));
	struct policy_move m;

	(void)state;
	policy_submit(&p, &a, AT(70), &m);
	assert_int_equal(m.event, ATTEMPT_EV_EXPIRE);
	assert_int_equal(m.finished, AT(60));
	assert_false(m.answers_count);
	p.overdue = OVERDUE_ABANDON;
	policy_submit(&p, &a, AT(70), &m);
	assert_int_equal(m.to, ATTEMPT_ABANDONED);
	a.state = ATTEMPT_GRADED;
	policy_submit(&p, &a, AT(70), &m);
	assert_false(m.moves);
}

static void a_suspended_attempt_expires_only_if_its_clock_runs(void **state)
{
	struct policy p = an_exam();
	struct policy_attempt a = started(&p, AT(0));
	struct policy_move m;

	(void)state;
	a.state = ATTEMPT_SUSPENDED;
	p.suspend = SUSPEND_CLOCK_STOPS;
	policy_sweep(&p, &a, AT(70), &m);
	assert_false(m.moves);
	p.suspend = SUSPEND_CLOCK_RUNS;
	policy_sweep(&p, &a, AT(70), &m);
	assert_int_equal(m.to, ATTEMPT_SUBMITTED);
}

/* Whatever the policy: open until the last accepted instant, then not. */
static void no_answer_is_lost_to_an_early_sweep(void **state)
{
	struct rng_seeded r;

	(void)state;
	rng_property(&r);
	for (int i = 0; i < 20000; i++) {
		struct policy p = an_exam();
		struct policy_attempt a;
		struct policy_move m;
		int64_t now = AT(0) + (int64_t)rng_below(&r.rng, 200 * MINUTE);

		p.overdue = (int)rng_below(&r.rng, 3);
		p.grace_ms = (int64_t)rng_below(&r.rng, 10 * MINUTE);
		p.time_limit_ms = (int64_t)rng_below(&r.rng, 90 * MINUTE);
		p.network_grace_ms = (int64_t)rng_below(&r.rng, MINUTE);
		a = started(&p,
			    AT(0) + (int64_t)rng_below(&r.rng, 120 * MINUTE));
		policy_sweep(&p, &a, now, &m);
		assert_true(m.moves != policy_answer_ok(&p, &a, now));
		assert_true(m.moves || m.check_at > now);
		if (m.finished)
			assert_int_equal(m.finished, a.due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(an_attempt_is_due_at_its_limit_or_the_close),
		TEST_OF_EXAM(
			a_stopped_clock_moves_the_due_instant_but_not_the_close),
		TEST_OF_EXAM(ends_are_kept_apart),
		TEST_OF_EXAM(the_window_is_open_at_both_of_its_ends),
		TEST_OF_EXAM(nobody_starts_in_the_grace_after_the_close),
		TEST_OF_EXAM(a_wait_that_ends_after_the_close_is_a_never),
		TEST_OF_EXAM(a_late_sweep_makes_nobody_wait_longer),
		TEST_OF_EXAM(the_second_delay_holds_from_the_third_attempt_on),
		TEST_OF_EXAM(a_start_names_its_due_instant_before_it_happens),
		TEST_OF_EXAM(an_open_attempt_is_gone_on_with),
		TEST_OF_EXAM(prerequisites_are_met_by_passing_or_by_a_grade),
		TEST_OF_EXAM(
			what_is_retired_cannot_be_started_but_gone_on_with),
		TEST_OF_EXAM(a_preview_knows_no_dates_and_no_limits),
		TEST_OF_EXAM(the_countdown_shows_the_nearest_end),
		TEST_OF_EXAM(an_answer_on_the_wire_at_the_end_still_counts),
		TEST_OF_EXAM(
			the_finish_time_is_the_due_time_however_late_the_sweep),
		TEST_OF_EXAM(auto_submitted_late_work_is_late_too),
		TEST_OF_EXAM(grace_takes_no_answers_but_lets_hand_in),
		TEST_OF_EXAM(handing_in_within_the_network_grace_is_not_late),
		TEST_OF_EXAM(handing_in_after_the_end_does_what_the_sweep_does),
		TEST_OF_EXAM(
			a_suspended_attempt_expires_only_if_its_clock_runs),
		TEST_OF_EXAM(no_answer_is_lost_to_an_early_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
