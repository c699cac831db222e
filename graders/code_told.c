/*
 * Which verdicts a learner may be told. Not his own visibility alone decides:
 * that a test was skipped says that another one failed, so a test is told only
 * where all are that could have kept it from being run.
 */
#include "graders/code_impl.h"

static const struct code_test *test_at(const struct code_spec *s, size_t i)
{
	return (const struct code_test *)s->tests.at + i;
}

/* Of a group's own tests, in their order; true: all of them are told. */
static bool withhold_group(const struct code_spec *s, const size_t *group,
			   size_t g, bool open, bool *told)
{
	const struct code_group *at = (const struct code_group *)s->groups.at;
	bool all = true;

	for (size_t i = 0; i < s->tests.n; i++) {
		if (group[i] != g)
			continue;
		told[i] = told[i] && open;
		all = all && told[i];
		if (at[g].short_circuit)
			open = open && told[i];
	}
	return all;
}

void code_withhold(struct ctx *cx, const struct code_spec *s, bool *told)
{
	const struct code_group *at = s->groups.at;
	size_t *group = ARENA_ARRAY(cx->arena, size_t, s->tests.n);
	bool *all = ARENA_ARRAY(cx->arena, bool, s->groups.n);

	for (size_t i = 0; i < s->tests.n; i++)
		group[i] = code_group_of(s, test_at(s, i)->group);
	for (size_t g = 0; g < s->groups.n; g++) {
		const struct str *needs = at[g].requires.at;
		bool open = true;

		for (size_t k = 0; k < at[g].requires.n; k++) {
			size_t other = code_group_of(s, needs[k]);

			open = open && (other >= g || all[other]);
		}
		all[g] = withhold_group(s, group, g, open, told);
	}
}

bool code_has_hidden(const struct code_spec *s)
{
	for (size_t i = 0; i < s->tests.n; i++)
		if (code_test_visibility(s, test_at(s, i)) != CODE_VISIBLE)
			return true;
	return false;
}

void code_withheld(struct ctx *cx, const struct code_spec *s, bool *withheld)
{
	bool *told = ARENA_ARRAY(cx->arena, bool, s->tests.n);

	for (size_t i = 0; i < s->tests.n; i++) {
		const struct code_test *t = test_at(s, i);

		withheld[i] = code_test_visibility(s, t) == CODE_VISIBLE &&
			      code_test_feedback(s, t) != CODE_SAY_NOTHING;
		told[i] = withheld[i];
	}
	code_withhold(cx, s, told);
	for (size_t i = 0; i < s->tests.n; i++)
		withheld[i] = withheld[i] && !told[i];
}
