#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "rubrics/allocate.h"

static struct ctx cx;

static void certify(const struct allocate_ask *a, const uint32_t *out,
		    struct allocate_certificate *c)
{
	size_t m = (size_t)a->n * a->k;
	uint32_t *from = ARENA_ARRAY(cx.arena, uint32_t, m);

	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / a->k);
	assert_int_equal(allocate_certify(&cx, a->n, from, out, m, c), OK);
}

static struct allocate_certificate drawn(uint32_t n, uint32_t k, uint64_t seed)
{
	struct allocate_ask a = { .n = n, .k = k, .seed = seed };
	struct allocate_certificate c;
	uint32_t *out;
	uint64_t swaps;

	assert_int_equal(allocate(&cx, &a, &out, &swaps), OK);
	certify(&a, out, &c);
	arena_reset(cx.arena);
	return c;
}

static void a_cohort_has_exact_degrees_and_no_circles(void **state)
{
	static const uint32_t sizes[] = { 20, 30, 100, 300 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (uint64_t seed = 1; seed <= 20; seed++) {
			struct allocate_certificate c =
				drawn(sizes[i], 3, seed);

			if (!c.ok)
				printf("n %u seed %llu: pairs %llu cycles "
				       "%llu components %u sigma2 %f\n",
				       sizes[i], (unsigned long long)seed,
				       (unsigned long long)c.reciprocal_pairs,
				       (unsigned long long)c.three_cycles,
				       c.components, c.sigma2);
			assert_true(c.out_min == 3 && c.out_max == 3);
			assert_true(c.in_min == 3 && c.in_max == 3);
			assert_true(!c.self && !c.repeated);
			assert_true(!c.reciprocal_pairs && !c.three_cycles);
			assert_int_equal(c.components, 1);
			assert_true(c.sigma2 <= 0.95);
			assert_true(c.ok);
		}
}

static void two_reviews_each_are_not_asked_to_mix_well(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct allocate_certificate c = drawn(300, 2, seed);

		assert_true(c.sigma2 > 0.95); /* nobody could */
		assert_true(!c.reciprocal_pairs && !c.three_cycles);
		assert_true(c.ok);
	}
}

static void a_tiny_cohort_is_allocated_as_well_as_can_be(void **state)
{
	(void)state;
	for (uint32_t n = 4; n < 20; n++) {
		struct allocate_certificate c = drawn(n, 3, n);

		assert_true(c.out_min == 3 && c.out_max == 3);
		assert_true(c.in_min == 3 && c.in_max == 3);
		assert_true(!c.self && !c.repeated);
		assert_true(n > 4 || c.reciprocal_pairs == 6);
	}
}

/* Nine of nineteen each: circles are bound to be, and time is not lost. */
static void what_cannot_be_ends_soon_and_the_certificate_tells(void **state)
{
	struct allocate_ask a = { .n = 20, .k = 9, .seed = 1 };
	struct allocate_certificate c;
	uint32_t *out;
	uint64_t swaps;

	(void)state;
	assert_int_equal(allocate(&cx, &a, &out, &swaps), OK);
	assert_true(swaps < 100000);
	certify(&a, out, &c);
	assert_true(c.out_min == 9 && c.in_min == 9 && c.in_max == 9);
	assert_true(!c.self && !c.repeated && c.three_cycles && !c.ok);
}

static bool only_himself(void *arg, uint32_t reviewer, uint32_t author)
{
	(void)arg;
	return reviewer == author;
}

static void everybody_reviews_everybody_if_there_are_no_others(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++)
		for (uint64_t seed = 1; seed <= 20; seed++) {
			struct allocate_ask a = {
				.n = 4,
				.k = 3,
				.seed = seed,
				.conflict = with ? only_himself : NULL
			};
			struct allocate_certificate c;
			uint32_t *out;
			uint64_t swaps;

			assert_int_equal(allocate(&cx, &a, &out, &swaps), OK);
			certify(&a, out, &c);
			assert_int_equal(c.reciprocal_pairs, 6);
			assert_true(!c.self && !c.repeated);
		}
}

enum { DENSE = 24 };

/* The greatest eigenvalue of M'M without the first vector, by Jacobi's
   rotations of the whole matrix: another way than the product's. */
static double dense_sigma2(const uint32_t *out, uint32_t n, uint32_t k)
{
	static double a[DENSE][DENSE];
	double greatest = 0;

	memset(a, 0, sizeof(a));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t x = 0; x < k; x++)
			for (uint32_t y = 0; y < k; y++)
				a[out[i * k + x]][out[i * k + y]] +=
					1.0 / (k * k);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			a[i][j] -= 1.0 / n; /* sigma1 = 1, v1 = 1/sqrt(n) */
	for (int sweep = 0; sweep < 60; sweep++)
		for (uint32_t p = 0; p < n; p++)
			for (uint32_t q = p + 1; q < n; q++) {
				double t = 0.5 * atan2(2 * a[p][q],
						       a[q][q] - a[p][p]);
				double c = cos(t), s = sin(t);

				for (uint32_t i = 0; i < n; i++) {
					double x = a[i][p], y = a[i][q];

					a[i][p] = c * x - s * y;
					a[i][q] = s * x + c * y;
				}
				for (uint32_t i = 0; i < n; i++) {
					double x = a[p][i], y = a[q][i];

					a[p][i] = c * x - s * y;
					a[q][i] = s * x + c * y;
				}
			}
	for (uint32_t i = 0; i < n; i++)
		greatest = fmax(greatest, a[i][i]);
	return sqrt(greatest);
}

static void the_second_singular_value_is_that_of_the_matrix(void **state)
{
	(void)state;
	for (uint32_t n = 8; n <= DENSE; n += 4)
		for (uint64_t seed = 1; seed <= 5; seed++) {
			struct allocate_ask a = { .n = n,
						  .k = 3,
						  .seed = seed };
			struct allocate_certificate c;
			uint32_t *out;
			uint64_t swaps;

			assert_int_equal(allocate(&cx, &a, &out, &swaps), OK);
			certify(&a, out, &c);
			assert_true(fabs(c.sigma2 - dense_sigma2(out, n, 3)) <
				    1e-6);
		}
}

static void the_same_seed_gives_the_same_allocation(void **state)
{
	struct allocate_ask a = { .n = 50, .k = 3, .seed = 7 };
	uint32_t *one, *two;
	uint64_t swaps;

	(void)state;
	assert_int_equal(allocate(&cx, &a, &one, &swaps), OK);
	assert_int_equal(allocate(&cx, &a, &two, &swaps), OK);
	assert_memory_equal(one, two, 150 * sizeof(*one));
	a.seed = 8;
	assert_int_equal(allocate(&cx, &a, &two, &swaps), OK);
	assert_memory_not_equal(one, two, 150 * sizeof(*one));
}

static void too_few_people_are_refused_by_the_field(void **state)
{
	struct allocate_ask a = { .n = 3, .k = 3 };
	uint32_t *out;
	uint64_t swaps;

	(void)state;
	assert_int_equal(allocate(&cx, &a, &out, &swaps), ERR_INVALID);
	assert_string_equal(cx.error.field, "/reviewers");
	a.k = 0;
	assert_int_equal(allocate(&cx, &a, &out, &swaps), ERR_INVALID);
	assert_string_equal(cx.error.field, "/per");
}

/* Teams of two: the neighbours. */
static bool teams(void *arg, uint32_t reviewer, uint32_t author)
{
	(void)arg;
	return reviewer / 2 == author / 2;
}

static bool all_but_two(void *arg, uint32_t reviewer, uint32_t author)
{
	(void)arg;
	return reviewer / 3 != author / 3;
}

static void conflicts_are_never_allocated(void **state)
{
	struct allocate_ask a = {
		.n = 60, .k = 4, .seed = 3, .conflict = teams
	};
	struct allocate_certificate c;
	uint32_t *out;
	uint64_t swaps;

	(void)state;
	assert_int_equal(allocate(&cx, &a, &out, &swaps), OK);
	for (uint32_t i = 0; i < 240; i++)
		assert_false(teams(NULL, i / 4, out[i]));
	certify(&a, out, &c);
	assert_true(!c.reciprocal_pairs && !c.three_cycles);
	a.conflict = all_but_two;
	assert_int_equal(allocate(&cx, &a, &out, &swaps), ERR_PRECONDITION);
	assert_non_null(strstr(cx.error.text, "2 others for 4 reviews"));
}

/* The circulant matrix's singular values are |1 + w + w^2| / 3. */
static void a_ring_hardly_mixes(void **state)
{
	enum { N = 40, K = 3 };
	uint32_t out[N * K];
	struct allocate_ask a = { .n = N, .k = K };
	struct allocate_certificate c;
	double w = 2 * M_PI / N;

	(void)state;
	for (uint32_t i = 0; i < N * K; i++)
		out[i] = (i / K + 1 + i % K) % N;
	certify(&a, out, &c);
	assert_true(fabs(c.sigma2 - (1 + 2 * cos(w)) / 3) < 1e-6);
	assert_false(c.ok);
	assert_true(!c.reciprocal_pairs && !c.three_cycles);
}

static void what_is_wrong_is_counted(void **state)
{
	/* 0<->1, 1->2->3->1, 3 twice to 0, 2 to itself */
	static const uint32_t from[] = { 0, 1, 1, 2, 3, 3, 3, 2 };
	static const uint32_t to[] = { 1, 0, 2, 3, 1, 0, 0, 2 };
	struct allocate_certificate c;

	(void)state;
	assert_int_equal(allocate_certify(&cx, 4, from, to, 8, &c), OK);
	assert_int_equal(c.reciprocal_pairs, 1);
	assert_int_equal(c.three_cycles, 1);
	assert_int_equal(c.self, 1);
	assert_int_equal(c.repeated, 1);
	assert_int_equal(c.components, 1);
	assert_false(c.ok);
	assert_int_equal(allocate_certify(&cx, 5, from, to, 8, &c), OK);
	assert_int_equal(c.components, 2);
	assert_int_equal(allocate_certify(&cx, 3, from, to, 8, &c),
			 ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cohort_has_exact_degrees_and_no_circles),
		cmocka_unit_test(two_reviews_each_are_not_asked_to_mix_well),
		cmocka_unit_test(a_tiny_cohort_is_allocated_as_well_as_can_be),
		cmocka_unit_test(
			what_cannot_be_ends_soon_and_the_certificate_tells),
		cmocka_unit_test(
			everybody_reviews_everybody_if_there_are_no_others),
		cmocka_unit_test(
			the_second_singular_value_is_that_of_the_matrix),
		cmocka_unit_test(the_same_seed_gives_the_same_allocation),
		cmocka_unit_test(too_few_people_are_refused_by_the_field),
		cmocka_unit_test(conflicts_are_never_allocated),
		cmocka_unit_test(a_ring_hardly_mixes),
		cmocka_unit_test(what_is_wrong_is_counted),
	};

	cx.arena = arena_new(1 << 20);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
