/* assay peer agreement: how far reviewers agree, from a table of scores. */
#include "cli/peer.h"
#include "cli/peer_number.h"
#include "cli/peer_table.h"
#include "rubrics/agreement_report.h"

const struct flag peer_agreement_flags[] = {
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

struct alphas {
	struct maybe nominal, ordinal, interval, ratio;
};
static const struct field alpha_fields[] = {
	MAYBE(struct alphas, nominal, "of names"),
	MAYBE(struct alphas, ordinal, "of places in an order"),
	MAYBE(struct alphas, interval, "of differences"),
	MAYBE(struct alphas, ratio, "of ratios"),
	FIELD_END,
};
static const struct shape alpha_shape = SHAPE(struct alphas, alpha_fields);

struct iccs {
	struct maybe icc_1_1, icc_2_1, icc_3_1, icc_1_k, icc_2_k, icc_3_k;
};
static const struct field icc_fields[] = {
	MAYBE(struct iccs, icc_1_1, "one score, judges nested"),
	MAYBE(struct iccs, icc_2_1, "one score, judges drawn"),
	MAYBE(struct iccs, icc_3_1, "one score, these judges"),
	MAYBE(struct iccs, icc_1_k, "mean of all, judges nested"),
	MAYBE(struct iccs, icc_2_k, "mean of all, judges drawn"),
	MAYBE(struct iccs, icc_3_k, "mean of all, these judges"),
	FIELD_END,
};
static const struct shape icc_shape = SHAPE(struct iccs, icc_fields);

struct line {
	struct str criterion;
	int64_t units, judges, ratings, pairs;
	struct maybe kappa_quadratic, kappa_linear;
	struct alphas alpha;
	bool has_icc;
	struct iccs icc;
	bool weak;
};
static const struct field line_fields[] = {
	FIELD_OPT(struct line, criterion, KIND_STR, "of the rubric"),
	FIELD(struct line, units, KIND_INT, "artifacts with a score"),
	FIELD(struct line, judges, KIND_INT, "reviewers with a score"),
	FIELD(struct line, ratings, KIND_INT, "scores"),
	FIELD(struct line, pairs, KIND_INT, "of scores of one artifact"),
	MAYBE(struct line, kappa_quadratic, "weighted kappa of pairs"),
	MAYBE(struct line, kappa_linear, "the same, linear weights"),
	FIELD(struct line, alpha, KIND_OBJECT, "Krippendorff's, by level",
	      .shape = &alpha_shape),
	FIELD_MAYBE(struct line, icc, has_icc, KIND_OBJECT,
		    "intraclass correlations", .shape = &icc_shape),
	FIELD(struct line, weak, KIND_BOOL, "kappa_quadratic is below 0.2"),
	FIELD_END,
};
static const struct shape line_shape = SHAPE(struct line, line_fields);

static struct line line_of(struct str criterion,
			   const struct agreement_report *r)
{
	const struct agreement_icc *i = &r->icc;

	return (struct line){
		.criterion = criterion,
		.units = (int64_t)r->units,
		.judges = (int64_t)r->judges,
		.ratings = (int64_t)r->ratings,
		.pairs = (int64_t)r->pairs,
		.kappa_quadratic = maybe(r->kappa_quadratic),
		.kappa_linear = maybe(r->kappa_linear),
		.alpha = { maybe(r->alpha[ALPHA_NOMINAL]),
			   maybe(r->alpha[ALPHA_ORDINAL]),
			   maybe(r->alpha[ALPHA_INTERVAL]),
			   maybe(r->alpha[ALPHA_RATIO]) },
		.has_icc = r->complete,
		.icc = { maybe(i->one_1), maybe(i->two_1), maybe(i->three_1),
			 maybe(i->one_k), maybe(i->two_k), maybe(i->three_k) },
		.weak = r->weak,
	};
}

static void show(struct cli *c, const struct peer_grades *p)
{
	const struct grades *g = &p->g;
	const struct str *name = g->criteria.at;
	struct agreement_rating *r =
		ARENA_ARRAY(c->cx->arena, struct agreement_rating, g->n);
	struct buf b = { 0 };

	for (size_t i = 0; i < g->n; i++)
		r[i] = (struct agreement_rating){ p->at[i].artifact,
						  p->at[i].reviewer,
						  p->at[i].score };
	for (size_t k = 0; k < g->criteria.n; k++) {
		struct agreement_report report;
		struct line l;

		agreement_report(r + p->from[k], p->from[k + 1] - p->from[k],
				 &report);
		l = line_of(g->has_criteria ? name[k] : (struct str){ 0 },
			    &report);
		field_encode(&b, &line_shape, &l);
		buf_ch(&b, '\n');
	}
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
}

int peer_agreement(struct cli *c, const struct args *a)
{
	struct peer_grades g;
	enum err e = peer_grades_read(c, args_rest(a, 0), &g);

	if (e)
		return cli_error(c, e);
	show(c, &g);
	return CLI_FINE;
}
