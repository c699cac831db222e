/*
 * Courses with rolling enrolment, as simulate.h has them: what each policy
 * leaves its 600 authors with. "None" is the share of all without a review;
 * the diligent are those who did all theirs.
 */
#include <math.h>
#include <stdio.h>

#include "bench/peer.h"
#include "rubrics/simulate.h"

struct asked {
	int policy;
	int64_t must;
	double never, diligent_short, need_hours; /* at most; 0: nothing */
};

static void hours(struct run *r, const char *name, double value, double most)
{
	const struct figure f = { .name = name,
				  .unit = "h",
				  .value = value,
				  .target = -most,
				  .note = isnan(value)
						  ? "in a run nobody had it"
						  : NULL };

	report(r, &f);
}

static void row(struct run *r, const struct asked *a)
{
	struct simulate_rules rules = simulate_rules_default;
	struct ctx cx = bench_ctx(r);
	struct simulate_result out;
	char name[60];

	rules.policy = a->policy;
	rules.must = a->must;
	rules.never = a->never;
	rules.seeds = r->quick ? 6 : r->full ? 200 : 20;
	cx.arena = arena_new(1 << 20);
	if (simulate_course(&cx, &rules, &out))
		die("simulate: %s", cx.error.text);
	arena_free(cx.arena);
	snprintf(name, sizeof(name), "%s, must %lld, %g %% never: none",
		 simulate_policy_words[a->policy], (long long)a->must,
		 a->never * 100);
	peer_figure(r, name, "share", out.zero, 0);
	peer_figure(r, "  diligent with fewer than 3", "share",
		    out.diligent_short, -a->diligent_short);
	hours(r, "  to the first review, median", out.first_hours, 0);
	hours(r, "  to the third", out.need_hours, a->need_hours);
}

void peer_simulate(struct run *r)
{
	static const struct asked all[] = {
		{ SIMULATE_CREDIT, 3, .3, .02, 40 },
		{ SIMULATE_CREDIT, 4, .3, .003, 40 },
		{ SIMULATE_CREDIT, 5, .3, 0, 0 },
		{ SIMULATE_CREDIT, 3, .5, 0, 0 },
		{ SIMULATE_OLDEST, 3, .3, 0, 0 },
		{ SIMULATE_OLDEST, 4, .3, 0, 0 },
		{ SIMULATE_OLDEST, 5, .3, 0, 0 },
		{ SIMULATE_OLDEST, 3, .5, 0, 0 },
		{ SIMULATE_LEVEL, 3, .3, 0, 0 },
		{ SIMULATE_LEVEL, 4, .3, 0, 0 },
		{ SIMULATE_LEVEL, 5, .3, 0, 0 },
		{ SIMULATE_LEVEL, 3, .5, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		row(r, &all[i]);
}
