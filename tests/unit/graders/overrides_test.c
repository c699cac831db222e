/* Whose rules differ, and the explanation of it. */
#include "graders/policy_override.h"
#include "tests/unit/graders/policy_world.h"

static struct override of_group(const char *name)
{
	return (struct override){ .scope = OVERRIDE_GROUP,
				  .ref = str_of(name) };
}

/* The step that is in force for a field; there is exactly one. */
static const struct policy_step *in_force(const struct policy_effective *e,
					  const char *field)
{
	const struct policy_step *steps = e->steps.at, *found = NULL;

	for (size_t i = 0; i < e->steps.n; i++)
		if (str_is(steps[i].field, field) && steps[i].applied) {
			assert_null(found);
			found = &steps[i];
		}
	assert_non_null(found);
	return found;
}

#define assert_from(e, field, who)                                             \
	assert_true(str_is(in_force((e), (field))->from, (who)))

static void without_overrides_everything_is_from_the_base(void **state)
{
	struct policy p = an_exam();
	struct policy_effective e;

	policy_effective(*state, &p, NULL, NULL, 0, NULL, &e);
	assert_int_equal(e.p.closes_at, p.closes_at);
	assert_int_equal(e.p.time_limit_ms, p.time_limit_ms);
	assert_from(&e, "opens_at", "base");
	assert_from(&e, "closes_at", "base");
	assert_from(&e, "attempts", "base");
	assert_from(&e, "may_run_past_close", "base");
	assert_from(&e, "password", "base");
	assert_true(str_is(in_force(&e, "closes_at")->value,
			   "2026-03-02T11:00:00.000Z"));
}

static void a_learner_comes_before_groups_field_by_field(void **state)
{
	struct policy p = an_exam();
	struct override g = of_group("a"), me = { .scope = OVERRIDE_LEARNER };
	struct policy_effective e;

	g.closes_at = AT(200);
	g.time_limit_ms = 90 * MINUTE;
	g.has_time_limit_ms = true;
	me.time_limit_ms = 70 * MINUTE;
	me.has_time_limit_ms = true;
	policy_effective(*state, &p, &me, &g, 1, NULL, &e);
	assert_int_equal(e.p.time_limit_ms, 70 * MINUTE);
	assert_from(&e, "time_limit_ms", "learner");
	assert_int_equal(e.p.closes_at, AT(200));
	assert_from(&e, "closes_at", "group:a");
	assert_int_equal(e.p.attempts, 3);
}

static void of_several_groups_the_kindest_holds(void **state)
{
	struct policy p = an_exam();
	struct override g[2] = { of_group("a"), of_group("b") };
	struct policy_effective e;

	p.delay_first_ms = 5;
	g[0].opens_at = AT(-10);
	g[1].opens_at = AT(5);
	g[0].closes_at = AT(100);
	g[1].closes_at = AT(130);
	g[0].attempts = 5;
	g[1].attempts = 2;
	g[0].delay_first_ms = 20;
	g[1].delay_first_ms = 30;
	for (int i = 0; i < 2; i++)
		g[i].has_attempts = g[i].has_delay_first_ms = true;
	policy_effective(*state, &p, NULL, g, 2, NULL, &e);
	assert_int_equal(e.p.opens_at, AT(-10));
	assert_int_equal(e.p.closes_at, AT(130));
	assert_from(&e, "closes_at", "group:b");
	assert_int_equal(e.p.attempts, 5);
	/* also where the assessment itself would be kinder */
	assert_int_equal(e.p.delay_first_ms, 20);
}

static void none_wins_among_groups(void **state)
{
	struct policy p = an_exam();
	struct override g[3] = { of_group("a"), of_group("b"), of_group("c") };
	struct policy_effective e;

	g[0].closes_at = AT(130);
	g[1].lifted = 1 << LIFT_CLOSES;
	g[2].closes_at = AT(500);
	g[1].has_time_limit_ms = true;
	g[2].has_time_limit_ms = true;
	g[2].time_limit_ms = 1000 * MINUTE;
	policy_effective(*state, &p, NULL, g, 3, NULL, &e);
	assert_int_equal(e.p.closes_at, 0);
	assert_from(&e, "closes_at", "group:b");
	assert_true(str_is(in_force(&e, "closes_at")->value, "none"));
	assert_int_equal(e.p.time_limit_ms, 0);
}

static void the_order_of_groups_does_not_matter(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded r;

	rng_property(&r);
	for (int round = 0; round < 3000; round++) {
		struct policy p = an_exam();
		struct override g[3], back[3];
		struct policy_effective e, f;

		for (int i = 0; i < 3; i++) {
			int64_t n = (int64_t)rng_below(&r.rng, 4);

			g[i] = of_group("g");
			g[i].lifted = (uint32_t)rng_below(&r.rng, 8);
			g[i].opens_at = n ? AT(n) : 0;
			g[i].due_at = n ? AT(9 - n) : 0;
			g[i].closes_at = n ? AT(n + 5) : 0;
			g[i].attempts = g[i].delay_later_ms = n;
			g[i].has_attempts = n & 1;
			g[i].has_delay_later_ms = n & 2;
			g[i].may_run_past_close = n > 2;
			g[i].has_may_run_past_close = n > 1;
			back[2 - i] = g[i];
		}
		policy_effective(cx, &p, NULL, g, 3, NULL, &e);
		policy_effective(cx, &p, NULL, back, 3, NULL, &f);
		assert_memory_equal(&e.p, &f.p, sizeof(e.p));
		arena_reset(cx->arena);
	}
}

static void any_password_of_the_groups_opens(void **state)
{
	struct policy p = an_exam();
	struct override g[2] = { of_group("a"), of_group("b") };
	struct override me = { .has_password = true, .password = STR("mine") };
	struct policy_effective e;
	const struct policy_step *s;

	p.password = STR("base");
	for (int i = 0; i < 2; i++)
		g[i].has_password = true;
	g[0].password = STR("red");
	g[1].password = STR("green");
	policy_effective(*state, &p, NULL, g, 2, NULL, &e);
	assert_true(policy_password_ok(&e, STR("red")));
	assert_true(policy_password_ok(&e, STR("green")));
	assert_false(policy_password_ok(&e, STR("base")));
	assert_false(policy_password_ok(&e, STR("gree")));
	assert_false(policy_password_ok(&e, STR("")));
	s = e.steps.at;
	for (size_t i = 0; i < e.steps.n; i++)
		assert_int_equal(str_find(s[i].value, STR("red"), 0), SIZE_MAX);
	policy_effective(*state, &p, &me, g, 2, NULL, &e);
	assert_true(policy_password_ok(&e, STR("mine")));
	assert_false(policy_password_ok(&e, STR("red")));
	me.password = STR("");
	policy_effective(*state, &p, &me, g, 2, NULL, &e);
	assert_true(policy_password_ok(&e, STR("anything")));
	assert_null(e.p.password.p);
}

static void extra_time_is_not_eaten_by_the_close(void **state)
{
	struct policy p = an_exam();
	struct accommodation a = { .time_num = 3,
				   .time_den = 2,
				   .extra_ms = 5 * MINUTE };
	struct policy_effective e;

	policy_effective(*state, &p, NULL, NULL, 0, &a, &e);
	assert_int_equal(e.p.time_limit_ms, 95 * MINUTE);
	assert_from(&e, "time_limit_ms", "accommodation");
	assert_int_equal(policy_due(&e.p, AT(90), 0), AT(185));
	a.has_may_run_past_close = true;
	policy_effective(*state, &p, NULL, NULL, 0, &a, &e);
	assert_int_equal(policy_due(&e.p, AT(90), 0), AT(120));
	assert_from(&e, "may_run_past_close", "base");
}

static void a_multiplied_limit_is_rounded_up_to_a_ms(void **state)
{
	struct policy p = an_exam();
	struct accommodation a = { .time_num = 4, .time_den = 3 };
	struct policy_effective e;

	p.time_limit_ms = 1000;
	policy_effective(*state, &p, NULL, NULL, 0, &a, &e);
	assert_int_equal(e.p.time_limit_ms, 1334);
}

static void without_a_limit_there_is_nothing_to_stretch(void **state)
{
	struct policy p = an_exam();
	struct accommodation a = { .time_num = 2, .time_den = 1 };
	struct policy_effective e;

	p.time_limit_ms = 0;
	policy_effective(*state, &p, NULL, NULL, 0, &a, &e);
	assert_int_equal(policy_due(&e.p, AT(90), 0), AT(120));
}

static void an_override_survives_being_written_and_read(void **state)
{
	static const char text[] =
		"{\"scope\":\"learner\",\"ref\":\"anna\",\"reason\":\"ill\","
		"\"lifted\":[\"closes_at\"],\"time_limit_ms\":0}";
	struct buf b = { 0 };
	struct override o;

	assert_int_equal(
		field_decode_text(*state, str_of(text), &override_shape, &o),
		OK);
	assert_true(o.has_time_limit_ms);
	assert_false(o.has_attempts);
	field_encode(&b, &override_shape, &o);
	assert_true(str_is(buf_view(&b), text));
	buf_done(&b);
}

static bool has_code(const struct problems *ps, const char *code)
{
	const struct problem *at = ps->list.at;

	for (size_t i = 0; i < ps->list.n; i++)
		if (str_is(at[i].code, code))
			return true;
	return false;
}

static void an_override_is_blamed_for_what_it_breaks_only(void **state)
{
	struct policy p = an_exam();
	struct override o = of_group("a");
	struct problems ps = { 0 };

	p.grace_ms = 1; /* a slip of the assessment itself */
	o.closes_at = AT(-1);
	o.lifted = 1 << LIFT_DUE;
	o.due_at = AT(5);
	override_check(*state, &p, &o, "/override", &ps);
	assert_true(has_code(&ps, "window_empty"));
	assert_true(has_code(&ps, "lifted_and_set"));
	assert_false(has_code(&ps, "grace_unused"));
}

static void an_accommodation_that_takes_time_away_is_refused(void **state)
{
	struct accommodation a = { .time_num = 1, .time_den = 2 };
	struct problems ps = { 0 };

	accommodation_check(*state, &a, "", &ps);
	assert_true(has_code(&ps, "less_time"));
	assert_int_equal(ps.errors, 1);
	a.time_den = 0;
	accommodation_check(*state, &a, "", &ps);
	assert_int_equal(ps.errors, 2);
	a.time_num = 0;
	accommodation_check(*state, &a, "", &ps);
	assert_true(has_code(&ps, "no_effect"));
	assert_int_equal(ps.errors, 2);
	a.has_time_num = a.has_time_den = true;
	accommodation_check(*state, &a, "", &ps);
	assert_true(has_code(&ps, "no_denominator"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(without_overrides_everything_is_from_the_base),
		TEST_OF_EXAM(a_learner_comes_before_groups_field_by_field),
		TEST_OF_EXAM(of_several_groups_the_kindest_holds),
		TEST_OF_EXAM(none_wins_among_groups),
		TEST_OF_EXAM(the_order_of_groups_does_not_matter),
		TEST_OF_EXAM(any_password_of_the_groups_opens),
		TEST_OF_EXAM(extra_time_is_not_eaten_by_the_close),
		TEST_OF_EXAM(a_multiplied_limit_is_rounded_up_to_a_ms),
		TEST_OF_EXAM(without_a_limit_there_is_nothing_to_stretch),
		TEST_OF_EXAM(an_override_survives_being_written_and_read),
		TEST_OF_EXAM(an_override_is_blamed_for_what_it_breaks_only),
		TEST_OF_EXAM(an_accommodation_that_takes_time_away_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
