/* From facts to points. Nothing here asks how a fact came about. */
#include "graders/code_impl.h"

struct sum {
	const struct code_spec *s;
	const struct code_report *r;
	struct code_group_result *at; /* groups, then the tests of none */
	size_t n;
	uint8_t *place; /* of each test: index in at */
};
_Static_assert(CODE_GROUPS < UINT8_MAX, "a place fits");

static const struct code_test *test_at(const struct code_spec *s, size_t i)
{
	return (const struct code_test *)s->tests.at + i;
}

static struct dec weight_of(const struct code_test *t)
{
	return t->has_points ? t->points : DEC_ONE;
}

static bool fact_passed(const struct code_fact *f)
{
	return f->verdict == RUN_AC && f->share.nano == DEC_ONE_NANO;
}

int code_verdict_of(const struct code_fact *f, size_t n)
{
	int verdict = RUN_AC;

	for (size_t i = 0; i < n; i++) {
		int v = f[i].verdict;

		if (v == RUN_IE)
			return RUN_IE;
		if (v == RUN_AC && !fact_passed(&f[i]))
			v = RUN_WA; /* a share is no pass */
		if (verdict == RUN_AC && v != RUN_AC && v != RUN_SK)
			verdict = v;
	}
	return verdict;
}

/* Names are looked up once, not for each group. */
static void find_places(struct ctx *cx, struct sum *k)
{
	k->place = ARENA_ARRAY(cx->arena, uint8_t, k->s->tests.n);
	for (size_t i = 0; i < k->s->tests.n; i++) {
		size_t g = code_group_of(k->s, test_at(k->s, i)->group);

		k->place[i] = (uint8_t)(g == SIZE_MAX ? k->s->groups.n : g);
	}
}

/* Weights, weighted shares, the worst share of a group's tests. */
static void add_up(const struct sum *k, size_t place, struct dec *weights,
		   struct dec *shares, struct dec *worst)
{
	const struct code_fact *f = k->r->tests.at;
	struct code_group_result *g = &k->at[place];

	*weights = *shares = DEC_ZERO;
	*worst = DEC_ONE;
	for (size_t i = 0; i < k->s->tests.n; i++) {
		struct dec w = weight_of(test_at(k->s, i));
		struct dec share = DEC_ZERO;

		if (k->place[i] != place)
			continue;
		if (i < k->r->tests.n && f[i].verdict != RUN_SK &&
		    f[i].verdict != RUN_IE)
			share = dec_clamp(f[i].share, DEC_ZERO, DEC_ONE);
		g->tests++;
		g->passed += i < k->r->tests.n && fact_passed(&f[i]);
		*weights = dec_add(*weights, w);
		*shares = dec_add(*shares, dec_mul(share, w));
		*worst = dec_min(*worst, share);
	}
}

static int group_verdict(const struct sum *k, size_t place)
{
	const struct code_fact *f = k->r->tests.at;
	int verdict = k->r->tests.n ? RUN_SK : k->r->verdict;

	for (size_t i = 0; i < k->r->tests.n; i++) {
		int v;

		if (k->place[i] != place)
			continue;
		v = code_verdict_of(&f[i], 1);
		if (f[i].verdict == RUN_SK)
			continue;
		if (v == RUN_IE)
			return RUN_IE;
		if (verdict == RUN_SK || verdict == RUN_AC)
			verdict = v;
	}
	return verdict;
}

/* All that it requires passed, by the facts. */
static bool requirements_met(const struct sum *k, size_t place)
{
	const struct code_group *g = k->s->groups.at;
	const struct str *needs;

	if (place >= k->s->groups.n)
		return true;
	needs = g[place].requires.at;
	for (size_t i = 0; i < g[place].requires.n; i++) {
		size_t other = code_group_of(k->s, needs[i]);

		if (other < place && k->at[other].passed != k->at[other].tests)
			return false;
	}
	return true;
}

static void score_group(const struct sum *k, size_t place)
{
	const struct code_group *g = k->s->groups.at;
	struct code_group_result *out = &k->at[place];
	struct dec weights, shares, worst;
	int how = CODE_SUM;

	add_up(k, place, &weights, &shares, &worst);
	out->max_points = weights;
	if (place < k->s->groups.n) {
		out->name = g[place].name;
		how = g[place].how;
		if (g[place].points.nano)
			out->max_points = g[place].points;
	}
	out->verdict = group_verdict(k, place);
	if (!out->tests || !requirements_met(k, place))
		return;
	switch ((enum code_sum)how) {
	case CODE_SUM:
		if (weights.nano)
			out->points = dec_scale(out->max_points, shares.nano,
						weights.nano);
		break;
	case CODE_MIN:
		out->points = dec_mul(out->max_points, worst);
		break;
	case CODE_ALL:
		if (out->passed == out->tests)
			out->points = out->max_points;
		break;
	}
}

static void total(struct code_result *out)
{
	const struct code_group_result *g = out->groups.at;

	out->points = out->max_points = DEC_ZERO;
	for (size_t i = 0; i < out->groups.n; i++) {
		out->points = dec_add(out->points, g[i].points);
		out->max_points = dec_add(out->max_points, g[i].max_points);
	}
	out->fraction =
		out->max_points.nano > 0
			? dec_clamp(dec_div(out->points, out->max_points),
				    DEC_ZERO, DEC_ONE)
			: DEC_ZERO;
}

void code_score(struct ctx *cx, const struct code_spec *s,
		const struct code_report *r, struct code_result *out)
{
	struct sum k = { .s = s, .r = r, .n = s->groups.n + 1 };

	k.at = ARENA_ARRAY(cx->arena, struct code_group_result, k.n);
	find_places(cx, &k);
	for (size_t i = 0; i < k.n; i++)
		score_group(&k, i);
	if (!k.at[k.n - 1].tests)
		k.n--; /* every test is in a group */
	*out = (struct code_result){ .groups = { k.at, k.n } };
	out->verdict = r->tests.n && r->verdict != RUN_IE
			       ? code_verdict_of(r->tests.at, r->tests.n)
			       : r->verdict;
	total(out);
}

/* One group cannot lose what another submission had. */
void code_best(struct ctx *cx, const struct code_result *results, size_t n,
	       struct code_result *out)
{
	const struct code_result *top = &results[0];
	struct code_group_result *best;
	size_t groups = results[0].groups.n;

	best = ARENA_ARRAY(cx->arena, struct code_group_result, groups);
	for (size_t i = 0; i < n; i++) {
		const struct code_group_result *g = results[i].groups.at;

		CHECK(results[i].groups.n == groups);
		if (dec_cmp(results[i].points, top->points) > 0)
			top = &results[i];
		for (size_t k = 0; k < groups; k++)
			if (!i || dec_cmp(g[k].points, best[k].points) > 0)
				best[k] = g[k];
	}
	*out = (struct code_result){ .verdict = top->verdict,
				     .groups = { best, groups } };
	total(out);
	if (out->max_points.nano > 0 && dec_eq(out->points, out->max_points))
		out->verdict = RUN_AC;
}
