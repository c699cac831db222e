/* The file form of rules, their contradictions, and the states. */
#include "tests/unit/graders/policy_world.h"

/* ---- the states ---- */

static void only_reopen_leads_back_from_a_completed_state(void **state)
{
	int to;

	(void)state;
	for (int s = ATTEMPT_SUBMITTED; s <= ATTEMPT_VOIDED; s++)
		for (int e = 0; e < ATTEMPT_EVENT_COUNT; e++)
			if (attempt_edge_ok(s, e, &to) && to < s)
				assert_int_equal(e, ATTEMPT_EV_REOPEN);
	assert_false(attempt_edge_ok(ATTEMPT_VOIDED, ATTEMPT_EV_REOPEN, &to));
	assert_false(attempt_edge_ok(ATTEMPT_OVERTIME, ATTEMPT_EV_ANSWER, &to));
	assert_false(attempt_edge_ok(ATTEMPT_NONE, ATTEMPT_EV_VOID, &to));
}

static void every_state_can_be_reached_and_voided(void **state)
{
	bool reached[ATTEMPT_STATE_COUNT] = { [ATTEMPT_NONE] = true };
	int to;

	(void)state;
	for (int round = 0; round < ATTEMPT_STATE_COUNT; round++)
		for (int s = 0; s < ATTEMPT_STATE_COUNT; s++)
			for (int e = 0; reached[s] && e < ATTEMPT_EVENT_COUNT;
			     e++)
				if (attempt_edge_ok(s, e, &to))
					reached[to] = true;
	for (int s = 0; s < ATTEMPT_STATE_COUNT; s++)
		assert_true(reached[s]);
	for (int s = ATTEMPT_READY; s < ATTEMPT_VOIDED; s++)
		assert_true(attempt_edge_ok(s, ATTEMPT_EV_VOID, &to));
}

/* ---- the file form, and what contradicts itself ---- */

static void rules_survive_being_written_and_read(void **state)
{
	static const char text[] =
		"{\"attempts\":2,\"counts\":\"average\",\"pass_mark\":0.6,"
		"\"time_limit_ms\":60000,"
		"\"closes_at\":\"2026-03-02T10:00:00Z\",\"late\":[{"
		"\"until\":\"2026-03-02T09:30:00Z\",\"credit\":110}],"
		"\"review\":{\"closed\":[\"marks\",\"right_answer\"]},"
		"\"prerequisites\":[{\"assessment\":\"quiz-0\"}]}";
	struct ctx *cx = *state;
	struct buf one = { 0 }, two = { 0 };
	struct policy p, q;

	assert_int_equal(field_decode_text(cx, str_of(text), &policy_shape, &p),
			 OK);
	policy_defaults(&p);
	field_encode(&one, &policy_shape, &p);
	assert_int_equal(
		field_decode_text(cx, buf_view(&one), &policy_shape, &q), OK);
	field_encode(&two, &policy_shape, &q);
	assert_true(str_eq(buf_view(&one), buf_view(&two)));
	assert_int_equal(q.counts, COUNT_AVERAGE);
	assert_int_equal(q.network_grace_ms, POLICY_NETWORK_GRACE_MS);
	assert_int_equal(q.review.closed,
			 REVIEW_BIT(REVIEW_MARKS) |
				 REVIEW_BIT(REVIEW_RIGHT_ANSWER));
	assert_dec(q.weight, "1");
	buf_done(&one);
	buf_done(&two);
}

static bool finds(struct ctx *cx, const struct policy *p, const char *code)
{
	struct problems ps = { 0 };
	const struct problem *at;

	policy_check(cx, p, "/policy", &ps);
	at = ps.list.at;
	for (size_t i = 0; i < ps.list.n; i++) {
		assert_true(str_starts(at[i].at, "/policy/"));
		assert_true(at[i].text.n > 0);
		if (str_is(at[i].code, code))
			return true;
	}
	return false;
}

static void sound_rules_have_no_problems(void **state)
{
	struct policy p = an_exam();
	struct problems ps = { 0 };

	policy_check(*state, &p, "/policy", &ps);
	assert_int_equal(ps.errors + ps.warnings, 0);
}

static void contradictions_are_listed(void **state)
{
	struct late_window w[] = { { AT(50), dec("50") },
				   { AT(40), dec("80") } };
	struct policy p;

	p = an_exam();
	p.closes_at = p.opens_at;
	assert_true(finds(*state, &p, "window_empty"));
	p = an_exam();
	p.due_at = AT(-5);
	assert_true(finds(*state, &p, "due_before_open"));
	p.due_at = AT(121);
	assert_true(finds(*state, &p, "due_after_close"));
	p = an_exam();
	p.time_limit_ms = 121 * MINUTE;
	assert_true(finds(*state, &p, "limit_over_window"));
	p.time_limit_ms = 45;
	assert_true(finds(*state, &p, "limit_very_short"));
	p = an_exam();
	p.overdue = OVERDUE_GRACE;
	assert_true(finds(*state, &p, "grace_missing"));
	p = an_exam();
	p.grace_ms = 1;
	assert_true(finds(*state, &p, "grace_unused"));
	p = an_exam();
	p.attempts = 1;
	p.delay_first_ms = 1;
	assert_true(finds(*state, &p, "delay_unused"));
	p = an_exam();
	p.delay_first_ms = 121 * MINUTE;
	assert_true(finds(*state, &p, "delay_over_window"));
	p = an_exam();
	p.late = (struct list){ w, 2 };
	assert_true(finds(*state, &p, "late_order"));
	assert_true(finds(*state, &p, "late_rises"));
	p = an_exam();
	p.review.later = REVIEW_EVERYTHING;
	assert_true(finds(*state, &p, "answer_before_retry"));
	p = an_exam();
	p.group_best = 2;
	assert_true(finds(*state, &p, "group_missing"));
	p = an_exam();
	p.may_run_past_close = true;
	p.time_limit_ms = 0;
	assert_true(finds(*state, &p, "never_ends"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(only_reopen_leads_back_from_a_completed_state),
		TEST_OF_EXAM(every_state_can_be_reached_and_voided),
		TEST_OF_EXAM(rules_survive_being_written_and_read),
		TEST_OF_EXAM(sound_rules_have_no_problems),
		TEST_OF_EXAM(contradictions_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
