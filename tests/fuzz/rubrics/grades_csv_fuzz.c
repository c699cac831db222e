/* A table of scores from outside: what is taken has names for every row, and
   its agreement is a number or undefined. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "rubrics/agreement_report.h"
#include "rubrics/grades_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct ctx *cx, const struct grades *g)
{
	struct agreement_rating *r =
		ARENA_ARRAY(cx->arena, struct agreement_rating, g->n);
	struct agreement_report a;

	for (size_t i = 0; i < g->n; i++) {
		const struct grades_row *x = g->at + i;

		CHECK(x->artifact < g->artifacts.n);
		CHECK(x->reviewer < g->reviewers.n);
		CHECK(x->criterion < g->criteria.n);
		CHECK(((struct str *)g->artifacts.at)[x->artifact].n > 0);
		CHECK(!isinf(x->score));
		r[i] = (struct agreement_rating){ x->artifact, x->reviewer,
						  x->score };
	}
	agreement_report(r, g->n, &a);
	CHECK(a.ratings <= g->n && a.units <= g->artifacts.n);
	CHECK(!(a.kappa_quadratic > 1 + 1e-9));
	for (int l = ALPHA_NOMINAL; l <= ALPHA_RATIO; l++)
		CHECK(!(a.alpha[l] > 1 + 1e-9));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx cx = { .arena = arena_new(65536) };
	struct str text = { (const char *)data, size };
	struct grades g;

	if (!grades_csv_read(&cx, text, &g))
		check(&cx, &g);
	else
		CHECK(cx.error.text[0]);
	arena_free(cx.arena);
	return 0;
}
