/* assay peer simulate, run as the program runs it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_world.h"
#include "rubrics/simulate.h"

#define SIMULATE(w, ...) world_run((w), "peer", "simulate", __VA_ARGS__, NULL)

static double number(const struct world *w, const char *member)
{
	char name[40];
	const char *at;

	snprintf(name, sizeof(name), "\"%s\":", member);
	at = strstr(w->out, name);
	assert_non_null(at);
	return strtod(at + strlen(name), NULL);
}

static void is_result(struct world *w, const struct simulate_rules *rules)
{
	struct simulate_result r;

	assert_int_equal(simulate_course(&w->cx, rules, &r), OK);
#define SAME(m) assert_true(fabs(number(w, #m) - (r.m)) <= 1e-6)
	SAME(zero);
	SAME(short_all);
	SAME(diligent_short);
	SAME(first_hours);
	SAME(need_hours);
	SAME(narrow);
	SAME(picks);
	SAME(surplus_picks);
#undef SAME
}

static void without_flags_it_is_the_usual_course(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_run(w, "peer", "simulate", NULL), CLI_FINE);
	assert_has(w->out, "{\"policy\":\"credit\",\"zero\":");
	assert_string_equal(w->err, "");
	is_result(w, &simulate_rules_default);
	/* 1.4 % of the diligent go short where earned credit rules. */
	assert_true(number(w, "diligent_short") < .02);
}

static void every_rule_has_its_flag(void **state)
{
	struct simulate_rules r = {
		.policy = SIMULATE_OLDEST,
		.authors = 50,
		.days = 12.5,
		.tail_days = 8,
		.must = 4,
		.need = 2,
		.surplus = 1,
		.window = 25,
		.fill = 5,
		.lease_hours = 6,
		.never = .25,
		.abandon = .05,
		.session_hours = 3,
		.gap_hours = 2,
		.review_hours_min = .5,
		.review_hours_max = 1.5,
		.seeds = 3,
		.seed = 77,
	};
	struct world *w = *state;

	for (r.policy = SIMULATE_CREDIT; r.policy <= SIMULATE_LEVEL;
	     r.policy++) {
		assert_int_equal(
			SIMULATE(w, "--policy", simulate_policy_words[r.policy],
				 "--authors=50", "--days=12.5", "--tail-days=8",
				 "--must=4", "--need=2", "--surplus=1",
				 "--window=25", "--fill=5", "--lease-hours=6",
				 "--never=.25", "--abandon=0.05",
				 "--session-hours=3", "--gap-hours=2",
				 "--review-hours-min=.5",
				 "--review-hours-max=1.5", "--seeds=3",
				 "--seed=77"),
			CLI_FINE);
		is_result(w, &r);
	}
}

static void the_same_seed_gives_the_same_course(void **state)
{
	struct world *w = *state;
	char *first;

	assert_int_equal(SIMULATE(w, "--authors", "60", "--seed", "5"),
			 CLI_FINE);
	first = (char *)str_copy(w->cx.arena, str_of(w->out)).p;
	assert_int_equal(SIMULATE(w, "--seed", "5", "--authors", "60"),
			 CLI_FINE);
	assert_string_equal(w->out, first);
	assert_int_equal(SIMULATE(w, "--seed", "6", "--authors", "60"),
			 CLI_FINE);
	assert_string_not_equal(w->out, first);
}

static void what_nobody_had_is_left_out(void **state)
{
	struct world *w = *state;

	assert_int_equal(SIMULATE(w, "--never", "1", "--abandon", "0",
				  "--authors", "20"),
			 CLI_FINE);
	assert_has(w->out, "\"zero\":1,");
	assert_lacks(w->out, "first_hours");
	assert_lacks(w->out, "need_hours");
	assert_lacks(w->out, "nan");
}

static void wrong_values_are_usage_by_the_flags_name(void **state)
{
	static const char *const bad[][2] = {
		{ "--policy", "newest" },
		{ "--authors", "1" },
		{ "--authors", "5.5" },
		{ "--authors", "20000" },
		{ "--days", "0" },
		{ "--days", "nan" },
		{ "--tail-days", "-1" },
		{ "--must", "0" },
		{ "--need", "21" },
		{ "--surplus", "-1" },
		{ "--window", "5" },
		{ "--fill", "21" },
		{ "--lease-hours", "0" },
		{ "--never", "1.5" },
		{ "--abandon", "0.9" },
		{ "--session-hours", "-2" },
		{ "--gap-hours", "inf" },
		{ "--review-hours-min", "0" },
		{ "--review-hours-max", "0" },
		{ "--seeds", "0" },
		{ "--seed", "-1" },
		{ "--seed", "x" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(SIMULATE(w, bad[i][0], bad[i][1]), CLI_USAGE);
		assert_has(w->err, bad[i][0]);
		assert_string_equal(w->out, "");
	}
	assert_int_equal(SIMULATE(w, "word"), CLI_USAGE);
	assert_int_equal(SIMULATE(w, "--must-do", "3"), CLI_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_flags_it_is_the_usual_course),
		cmocka_unit_test(every_rule_has_its_flag),
		cmocka_unit_test(the_same_seed_gives_the_same_course),
		cmocka_unit_test(what_nobody_had_is_left_out),
		cmocka_unit_test(wrong_values_are_usage_by_the_flags_name),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
