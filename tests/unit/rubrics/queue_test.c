#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rubrics/queue.h"
#include "tests/support/check.h"
#include "tests/unit/rubrics/queue_model.h"

static const struct queue_rules three = { 3, 3, QUEUE_WINDOW, 0 };

/* n people, each with an open work of his number. */
static struct queue *pool(const struct queue_rules *r, uint32_t n)
{
	struct queue *q = queue_new(r);

	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(queue_person(q), i);
		assert_int_equal(queue_enter(q, i), i);
	}
	return q;
}

static struct queue_choice choose(const struct queue *q, uint32_t person)
{
	struct rng_seeded rng;
	struct queue_choice c;

	rng_seeded_from(&rng, 1);
	queue_choose(q, person, &rng.rng, &c);
	return c;
}

static void review(struct queue *q, uint32_t person, uint32_t work)
{
	assert_true(queue_reserve(q, person, work));
	queue_done(q, person);
}

/* ---- against the model ---- */

struct run {
	struct queue *q;
	struct model m;
	struct rng_seeded rng;
	uint64_t picks, none, surplus, refused;
};

static uint32_t below(struct run *r, uint32_t n)
{
	return (uint32_t)rng_below(&r->rng.rng, n);
}

static void step_pick(struct run *r, uint32_t p)
{
	uint32_t list[MODEL_PEOPLE], n, first;
	struct queue_choice c, why;
	bool found = false;

	queue_choose(r->q, p, &r->rng.rng, &c);
	if (r->m.lease[p] != QUEUE_NONE) {
		assert_int_equal(c.work, QUEUE_NONE);
		return;
	}
	n = model_eligible(&r->m, p, list, &why);
	if (n == 0) {
		assert_int_equal(c.work, QUEUE_NONE);
		assert_int_equal(c.open, why.open);
		assert_int_equal(c.full, why.full);
		assert_int_equal(c.had, why.had);
		assert_int_equal(c.conflicting, why.conflicting);
		r->none++;
		return;
	}
	first = model_window(&r->m, list, n);
	assert_int_equal(c.window, first);
	for (uint32_t i = 0; i < first; i++)
		found = found || list[i] == c.work;
	assert_true(found);
	assert_int_equal(c.surplus,
			 model_taken(&r->m, c.work) >= r->m.rules.need);
	r->surplus += c.surplus;
	r->picks++;
	assert_true(queue_reserve(r->q, p, c.work));
	r->m.lease[p] = c.work;
}

static void step_reserve(struct run *r, uint32_t p)
{
	uint32_t w = below(r, r->m.works);
	bool may = model_free_for(&r->m, p, w);

	assert_int_equal(queue_free_for(r->q, p, w), may);
	assert_int_equal(queue_reserve(r->q, p, w), may);
	if (may)
		r->m.lease[p] = w;
	r->refused += !may;
}

static void step_done(struct run *r, uint32_t p)
{
	uint32_t w = r->m.lease[p];

	assert_int_equal(queue_holds(r->q, p), w);
	if (w == QUEUE_NONE)
		return;
	queue_done(r->q, p);
	r->m.lease[p] = QUEUE_NONE;
	r->m.work[w].received++;
	r->m.had[p][r->m.work[w].author] = true;
	r->m.credits[p]++;
}

static void step_expire(struct run *r, uint32_t p)
{
	if (r->m.lease[p] == QUEUE_NONE)
		return;
	queue_unreserve(r->q, p);
	r->m.lease[p] = QUEUE_NONE;
}

static void step_version(struct run *r, uint32_t p)
{
	uint32_t open = model_open(&r->m, p), w;

	if (r->m.works == MODEL_WORKS)
		return;
	w = queue_enter(r->q, p);
	assert_int_equal(w, r->m.works);
	if (open != QUEUE_NONE)
		r->m.work[open].in = false;
	r->m.work[r->m.works++] =
		(struct model_work){ .author = p, .in = true };
}

static void step_cancel(struct run *r, uint32_t p)
{
	uint32_t w = below(r, r->m.works), open;

	if (below(r, 3)) {
		open = model_open(&r->m, p);
		if (open == QUEUE_NONE)
			return;
		queue_leave(r->q, open);
		r->m.work[open].in = false;
		return;
	}
	queue_reenter(r->q, w);
	if (model_open(&r->m, r->m.work[w].author) == QUEUE_NONE)
		r->m.work[w].in = true;
}

/* A review counts no more, or a gold item counts. */
static void step_count(struct run *r, uint32_t p)
{
	uint32_t w = below(r, r->m.works);

	if (r->m.work[w].received) {
		queue_received(r->q, w, -1);
		r->m.work[w].received--;
	}
	if (below(r, 2)) {
		queue_credit(r->q, p, 1);
		r->m.credits[p]++;
	} else if (r->m.credits[p]) {
		queue_credit(r->q, p, -1);
		r->m.credits[p]--;
	}
}

static void step_people(struct run *r, uint32_t p)
{
	uint32_t other = below(r, r->m.n), w;

	switch (below(r, 6)) {
	case 0:
		r->m.team[p] = below(r, 12);
		queue_set_team(r->q, p, r->m.team[p]);
		break;
	case 1:
		r->m.identity[p] = below(r, 4) ? 0 : below(r, 30);
		queue_set_identity(r->q, p, r->m.identity[p]);
		break;
	case 2:
		if (other == p)
			break;
		queue_declare(r->q, p, other);
		r->m.declared[p][other] = r->m.declared[other][p] = true;
		break;
	case 3:
		queue_undeclare(r->q, other, p);
		r->m.declared[p][other] = r->m.declared[other][p] = false;
		break;
	case 4:
		w = below(r, r->m.works);
		queue_allow(r->q, p, w);
		r->m.allowed[p][r->m.work[w].author] = true;
		break;
	case 5:
		w = below(r, r->m.works);
		if (below(r, 4))
			break;
		queue_had(r->q, p, w);
		r->m.had[p][r->m.work[w].author] = true;
		break;
	}
}

static void step_unsure(struct run *r)
{
	static const double some[] = { 0, 1e-9, .01, .5, .75, 1, 30, 1e9 };
	uint32_t w = below(r, r->m.works);

	r->m.work[w].unsure = some[below(r, 8)];
	queue_unsure(r->q, w, r->m.work[w].unsure);
}

static void step(struct run *r)
{
	uint32_t p = below(r, r->m.n), what = below(r, 1000);

	if (what < 350)
		step_pick(r, p);
	else if (what < 600)
		step_done(r, p);
	else if (what < 730)
		step_expire(r, p);
	else if (what < 850)
		step_reserve(r, p);
	else if (what < 900)
		step_unsure(r);
	else if (what < 950)
		step_count(r, p);
	else if (what < 965)
		step_version(r, p);
	else if (what < 985)
		step_cancel(r, p);
	else
		step_people(r, p);
}

static void same_as_model(const struct run *r)
{
	const char *which = NULL;
	bool ok = queue_consistent(r->q, &which);

	if (!ok)
		print_error("inconsistent: %s\n", which);
	assert_true(ok);
	for (uint32_t p = 0; p < r->m.n; p++)
		assert_int_equal(queue_credits(r->q, p), r->m.credits[p]);
	for (uint32_t w = 0; w < r->m.works; w++) {
		struct queue_work it;

		queue_work_get(r->q, w, &it);
		assert_int_equal(it.author, r->m.work[w].author);
		assert_int_equal(it.received, r->m.work[w].received);
		assert_int_equal(it.leased, model_leased(&r->m, w));
		assert_int_equal(it.in_pool, r->m.work[w].in);
		assert_int_equal(it.claim, model_claim(&r->m, w));
		assert_true(it.received + it.leased <=
			    r->m.rules.need + r->m.rules.surplus);
	}
}

static void run_against_model(struct run *r, int steps)
{
	memset(&r->m, 0, sizeof(r->m));
	r->m.rules = (struct queue_rules){ 1 + below(r, 4), below(r, 4),
					   QUEUE_WINDOW + below(r, 3),
					   below(r, QUEUE_WINDOW + 1) };
	r->m.n = 2 + below(r, MODEL_PEOPLE - 1);
	r->q = queue_new(&r->m.rules);
	for (uint32_t p = 0; p < r->m.n; p++) {
		assert_int_equal(queue_person(r->q), p);
		r->m.lease[p] = QUEUE_NONE;
		step_version(r, p);
		r->m.credits[p] = below(r, 5);
		queue_credit(r->q, p, (int32_t)r->m.credits[p]);
	}
	for (int i = 0; i < steps; i++) {
		step(r);
		if (i % (steps / 4) == 0)
			same_as_model(r);
	}
	same_as_model(r);
	queue_free(r->q);
}

static void a_million_random_steps_do_what_the_model_does(void **state)
{
	enum { RUNS = 1000, STEPS = 1000 };
	static struct run r;

	(void)state;
	r = (struct run){ 0 };
	rng_property(&r.rng);
	for (int i = 0; i < RUNS; i++)
		run_against_model(&r, STEPS);
	printf("%llu picks, %llu of them surplus; %llu without work, "
	       "%llu reservations refused\n",
	       (unsigned long long)r.picks, (unsigned long long)r.surplus,
	       (unsigned long long)r.none, (unsigned long long)r.refused);
	assert_true(r.picks > 10000 && r.none > 1000 && r.refused > 10000);
	assert_true(r.surplus > 1000 && r.surplus < r.picks);
}

/* ---- by hand ---- */

static void the_greatest_claim_goes_first_and_then_the_oldest(void **state)
{
	static const struct queue_rules r = { 3, 0, QUEUE_WINDOW, 0 };
	struct queue *q = pool(&r, 60);
	struct queue_choice c;

	(void)state;
	/* 30..44 have done one review, 45..59 two: fifteen, then five. */
	for (uint32_t p = 30; p < 60; p++)
		queue_credit(q, p, p < 45 ? 1 : 2);
	for (uint64_t s = 0; s < 200; s++) {
		struct rng_seeded rng;

		rng_seeded_from(&rng, s);
		queue_choose(q, 0, &rng.rng, &c);
		assert_true((c.work >= 30 && c.work < 35) ||
			    (c.work >= 45 && c.work < 60));
		assert_int_equal(c.window, 20);
	}
	queue_free(q);
}

static void kinds_stay_apart_but_for_what_fills_the_window(void **state)
{
	enum { N = 60, CLAIMS = 3 };

	(void)state;
	for (uint32_t fill = 0; fill <= QUEUE_WINDOW; fill++) {
		struct queue *q = pool(
			&(struct queue_rules){ 3, 3, QUEUE_WINDOW, fill }, N);
		struct queue_choice c;

		for (uint32_t p = N - CLAIMS; p < N; p++)
			queue_credit(q, p, 1);
		c = choose(q, 0);
		assert_int_equal(c.window, fill > CLAIMS ? fill : CLAIMS);
		/* Claims go down below zero: who got one waits. */
		for (uint32_t p = N - CLAIMS; p < N; p++)
			queue_leave(q, p);
		for (uint32_t p = 1; p < N - CLAIMS - 2; p++)
			queue_received(q, p, 1);
		c = choose(q, 0);
		assert_int_equal(c.window, fill > 2 ? fill : 2);
		queue_free(q);
	}
}

static void a_pick_within_the_window_is_uniform(void **state)
{
	enum { PICKS = 100000 };
	struct queue *q = pool(&three, 100);
	struct rng_seeded rng;
	uint32_t count[100] = { 0 };
	double chi2 = 0;

	(void)state;
	rng_seeded_from(&rng, 20);
	for (int i = 0; i < PICKS; i++) {
		struct queue_choice c;

		queue_choose(q, 5, &rng.rng, &c);
		count[c.work]++;
	}
	assert_int_equal(count[5], 0); /* his own */
	for (uint32_t w = 0; w < 21; w++) {
		double expected = PICKS / 20.0;

		if (w != 5)
			chi2 += (count[w] - expected) * (count[w] - expected) /
				expected;
	}
	for (uint32_t w = 21; w < 100; w++)
		assert_int_equal(count[w], 0);
	/* 19 degrees of freedom: 43.8 is passed once in a thousand. */
	assert_true(chi2 > 5 && chi2 < 43.8);
	queue_free(q);
}

/*
 * Six of 300 want each other's work. Everybody else asks in random order, and
 * they ask when they like: a pick meets a mate at most once in twenty.
 */
static void a_ring_of_six_in_three_hundred_seldom_meets_a_mate(void **state)
{
	enum { RING = 6, N = 300, ROUNDS = 60 };
	uint32_t picks = 0, mates = 0;
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 6);
	for (int round = 0; round < ROUNDS; round++) {
		struct queue *q = pool(&three, N);
		uint32_t order[3 * N];

		for (uint32_t i = 0; i < 3 * N; i++)
			order[i] = i % N;
		rng_shuffle(&rng.rng, order, 3 * N);
		for (uint32_t i = 0; i < 3 * N; i++) {
			struct queue_choice c;

			queue_choose(q, order[i], &rng.rng, &c);
			if (c.work == QUEUE_NONE)
				continue;
			review(q, order[i], c.work);
			picks += order[i] < RING;
			mates += order[i] < RING && c.work < RING;
		}
		queue_free(q);
	}
	assert_true(picks > 1000);
	printf("%u of %u picks met a mate\n", mates, picks);
	assert_true(mates * 20 <= picks);
}

static void two_versions_of_a_work_are_one(void **state)
{
	struct queue *q = pool(&three, 2);
	struct queue_choice c;
	uint32_t second;

	(void)state;
	review(q, 0, 1);
	second = queue_enter(q, 1); /* the first leaves by itself */
	assert_int_equal(second, 2);
	assert_false(queue_free_for(q, 0, 1));
	assert_false(queue_free_for(q, 0, second));
	c = choose(q, 0);
	assert_int_equal(c.work, QUEUE_NONE);
	assert_int_equal(c.open, 2);
	assert_int_equal(c.conflicting, 1);
	assert_int_equal(c.had, 1);
	/* Nor does the author of any version review his reviewer. */
	assert_false(queue_reserve(q, 1, 0));
	queue_allow(q, 1, 0);
	assert_true(queue_reserve(q, 1, 0));
	queue_free(q);
}

static void a_lease_that_ended_without_a_review_leaves_no_trace(void **state)
{
	struct queue *q = pool(&three, 2);
	struct queue_work w;

	(void)state;
	assert_true(queue_reserve(q, 0, 1));
	assert_int_equal(choose(q, 0).work, QUEUE_NONE); /* one at a time */
	assert_int_equal(choose(q, 0).open, 0);
	assert_int_equal(choose(q, 1).conflicting, 2); /* who reviews him */
	queue_unreserve(q, 0);
	assert_int_equal(choose(q, 1).work, 0);
	assert_true(queue_free_for(q, 0, 1));
	queue_work_get(q, 1, &w);
	assert_int_equal(w.leased, 0);
	queue_free(q);
}

static void a_work_that_left_comes_back_at_its_old_age(void **state)
{
	static const struct queue_rules r = { 1, 0, QUEUE_WINDOW, 0 };
	struct queue *q = pool(&r, 100);
	struct queue_work w;
	bool met = false;

	(void)state;
	/* A lease lives on while the work is out, and its review counts. */
	assert_true(queue_reserve(q, 99, 0));
	queue_leave(q, 0);
	queue_done(q, 99);
	assert_int_equal(queue_credits(q, 99), 1);
	queue_leave(q, 99); /* it has a claim, the others have none */
	queue_reenter(q, 0);
	queue_work_get(q, 0, &w);
	assert_int_equal(w.received, 1);
	assert_false(queue_free_for(q, 50, 0)); /* it has what it needs */
	queue_received(q, 0, -1);
	for (uint64_t s = 0; s < 500 && !met; s++) {
		struct rng_seeded rng;
		struct queue_choice c;

		rng_seeded_from(&rng, s);
		queue_choose(q, 50, &rng.rng, &c);
		met = c.work == 0;
	}
	assert_true(met);
	queue_enter(q, 0);
	queue_reenter(q, 0); /* another one of its author is in */
	queue_work_get(q, 0, &w);
	assert_false(w.in_pool);
	queue_free(q);
}

static void surplus_goes_where_the_estimate_is_least_sure(void **state)
{
	static const struct queue_rules r = { 1, 1, QUEUE_WINDOW, 0 };
	struct queue *q = pool(&r, 100);
	struct queue_choice c;

	(void)state;
	for (uint32_t w = 0; w < 100; w++) {
		queue_received(q, w, 1);
		queue_unsure(q, w, ldexp(1, (int)w / 4 - 12));
	}
	for (uint64_t s = 0; s < 200; s++) {
		struct rng_seeded rng;

		rng_seeded_from(&rng, s);
		queue_choose(q, 0, &rng.rng, &c);
		assert_true(c.surplus);
		assert_in_range(c.work, 80, 99);
	}
	queue_unsure(q, 1, HUGE_VAL);
	queue_unsure(q, 2, NAN);
	queue_unsure(q, 3, -1);
	queue_unsure(q, 4, 1e-300);
	assert_true(queue_consistent(q, NULL));
	queue_free(q);
}

static void a_crowd_of_conflicts_is_passed_over(void **state)
{
	enum { TEAM = 5000 };
	struct queue *q = pool(&three, TEAM + 2);

	(void)state;
	for (uint32_t p = 0; p < TEAM; p++)
		queue_set_team(q, p, 7);
	assert_int_equal(choose(q, 0).window, 2);
	queue_declare(q, 0, TEAM);
	queue_set_identity(q, 0, 9);
	queue_set_identity(q, TEAM + 1, 9);
	assert_int_equal(choose(q, 0).work, QUEUE_NONE);
	assert_int_equal(choose(q, 0).conflicting, TEAM + 2);
	queue_undeclare(q, TEAM, 0);
	assert_int_equal(choose(q, 0).work, TEAM);
	queue_free(q);
}

static void sparse_works_are_found_in_their_order(void **state)
{
	enum { N = 600000, EVERY = 50000 };
	static const struct queue_rules r = { 1, 0, QUEUE_WINDOW, 0 };
	struct queue *q = pool(&r, N);
	struct queue_choice c;

	(void)state;
	for (uint32_t w = 0; w < N; w++)
		if (w % EVERY != EVERY - 1)
			queue_leave(q, w);
	c = choose(q, 0);
	assert_int_equal(c.window, N / EVERY);
	for (uint32_t left = N / EVERY; left > 0; left--) {
		c = choose(q, 0);
		assert_int_equal(c.window, left);
		assert_int_equal(c.work % EVERY, EVERY - 1);
		queue_leave(q, c.work);
	}
	assert_int_equal(choose(q, 0).work, QUEUE_NONE);
	assert_true(queue_consistent(q, NULL));
	queue_free(q);
}

static void end_what_was_not_begun(void)
{
	struct queue *q = pool(&three, 1);

	queue_done(q, 0);
}

static void count_below_zero(void)
{
	struct queue *q = pool(&three, 1);

	queue_received(q, 0, -1);
}

static void use_a_small_window(void)
{
	(void)queue_new(&(struct queue_rules){ 3, 0, QUEUE_WINDOW - 1, 0 });
}

static void a_callers_bug_is_caught(void **state)
{
	(void)state;
	assert_true(aborts(end_what_was_not_begun));
	assert_true(aborts(count_below_zero));
	assert_true(aborts(use_a_small_window));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_random_steps_do_what_the_model_does),
		cmocka_unit_test(
			the_greatest_claim_goes_first_and_then_the_oldest),
		cmocka_unit_test(
			kinds_stay_apart_but_for_what_fills_the_window),
		cmocka_unit_test(a_pick_within_the_window_is_uniform),
		cmocka_unit_test(
			a_ring_of_six_in_three_hundred_seldom_meets_a_mate),
		cmocka_unit_test(two_versions_of_a_work_are_one),
		cmocka_unit_test(
			a_lease_that_ended_without_a_review_leaves_no_trace),
		cmocka_unit_test(a_work_that_left_comes_back_at_its_old_age),
		cmocka_unit_test(surplus_goes_where_the_estimate_is_least_sure),
		cmocka_unit_test(a_crowd_of_conflicts_is_passed_over),
		cmocka_unit_test(sparse_works_are_found_in_their_order),
		cmocka_unit_test(a_callers_bug_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
