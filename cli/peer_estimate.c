/*
 * assay peer estimate: what works are worth by the scores of their reviewers,
 * and what reviewers are like. Each criterion is estimated by itself.
 *
 * Nothing is printed before all of it is known, so that what is refused leaves
 * no half of a result.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/file.h"
#include "cli/peer.h"
#include "cli/peer_number.h"
#include "cli/peer_table.h"
#include "rubrics/estimate.h"
#include "rubrics/peer_def.h"

#define MASS 0.90 /* of the interval beside every estimate */
/* What a prior may be: beyond it, sums would overflow or vanish. */
#define LEAST 1e-30
#define MOST 1e30
#define NONE UINT32_MAX

const struct flag peer_estimate_flags[] = {
	{ .name = "model",
	  .value = "MODEL",
	  .doc = "mean, median or pg1 (default: biases and precisions of "
		 "reviewers are estimated, too)" },
	{ .name = "anchors",
	  .value = "FILE",
	  .doc = "scores of experts: CSV with artifact,score and maybe "
		 "precision (1/variance); with criterion if the scores have "
		 "it" },
	{ .name = "mu", .value = "X", .doc = "mean of true scores" },
	{ .name = "gamma", .value = "X", .doc = "1/variance of true scores" },
	{ .name = "eta", .value = "X", .doc = "1/variance of biases" },
	{ .name = "a0",
	  .value = "X",
	  .doc = "shape of the gamma distribution of precisions" },
	{ .name = "b0", .value = "X", .doc = "its rate" },
	{ .name = "bias",
	  .value = "X",
	  .doc = "what all reviewers have in common" },
	{ .name = "reviewers",
	  .value = "FILE",
	  .doc = "write there what reviewers are like" },
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

/* ---- what is printed ---- */

struct line {
	struct str criterion, artifact;
	struct str estimate, sd, lo, hi;
	int64_t n;
};
#define L struct line
static const struct field line_fields[] = {
	FIELD_OPT(L, criterion, KIND_STR, "of the rubric"),
	FIELD(L, artifact, KIND_STR, "whose score"),
	FIELD_OPT(L, estimate, KIND_RAW, "of its true score"),
	FIELD_OPT(L, sd, KIND_RAW, "of the estimate"),
	FIELD_OPT(L, lo, KIND_RAW, "of the 90 % interval"),
	FIELD_OPT(L, hi, KIND_RAW, "of the 90 % interval"),
	FIELD(L, n, KIND_INT, "scores, without anchors"),
	FIELD_END,
};
#undef L
static const struct shape line_shape = SHAPE(struct line, line_fields);

struct judge {
	struct str criterion, reviewer;
	struct str bias, bias_sd, precision;
	int64_t n;
	struct str discrimination;
};
#define J struct judge
static const struct field judge_fields[] = {
	FIELD_OPT(J, criterion, KIND_STR, "of the rubric"),
	FIELD(J, reviewer, KIND_STR, "who"),
	FIELD_OPT(J, bias, KIND_RAW, "above 0: scores higher than others"),
	FIELD_OPT(J, bias_sd, KIND_RAW, "of the bias"),
	FIELD_OPT(J, precision, KIND_RAW, "1/variance of the rest"),
	FIELD(J, n, KIND_INT, "scores given"),
	FIELD_OPT(J, discrimination, KIND_RAW, "0: scores tell nothing apart"),
	FIELD_END,
};
#undef J
static const struct shape judge_shape = SHAPE(struct judge, judge_fields);

/* ---- what is asked ---- */

static const struct prior {
	const char *flag;
	size_t offset;
	bool positive;
} priors[] = {
	{ "mu", offsetof(struct estimate_priors, mu), false },
	{ "gamma", offsetof(struct estimate_priors, gamma), true },
	{ "eta", offsetof(struct estimate_priors, eta), true },
	{ "a0", offsetof(struct estimate_priors, a0), true },
	{ "b0", offsetof(struct estimate_priors, b0), true },
	{ "bias", offsetof(struct estimate_priors, bias), false },
};
enum { PRIORS = sizeof(priors) / sizeof(priors[0]), FITTED = 5 };

struct anchor {
	uint32_t artifact, criterion;
	double score, precision; /* NAN: not said */
	size_t line;
};

struct run {
	struct cli *c;
	int model; /* enum peer_estimate */
	const struct args *args;
	struct estimate_priors given;
	bool all_given; /* the first FITTED of priors: nothing is fitted */
	struct peer_grades grades;
	struct anchor *anchors; /* by criterion, then artifact */
	size_t n_anchors, next_anchor;
	/* Place of an artifact and a reviewer in this criterion, or NONE. */
	uint32_t *artifact_at, *reviewer_at;
	struct arena *line; /* emptied after each line */
	struct buf out, reviewers;
};

static enum err read_model(struct run *r)
{
	struct str s = args_get(r->args, "model");

	r->model = PEER_PG1;
	if (!s.p)
		return OK;
	for (int i = 0; peer_estimate_words[i]; i++)
		if (str_is(s, peer_estimate_words[i])) {
			r->model = i;
			return OK;
		}
	return err_set(r->c->cx, ERR_INVALID,
		       "--model: there is no model %.*s; choose mean, median "
		       "or pg1",
		       STR_FMT(str_cut(s, 0, 40)));
}

static double *prior_of(struct estimate_priors *p, const struct prior *which)
{
	return (double *)(void *)((char *)p + which->offset);
}

static enum err read_prior(struct run *r, const struct prior *which)
{
	double *v = prior_of(&r->given, which);
	double least = which->positive ? LEAST : -MOST;
	enum err e = peer_real(r->c->cx, r->args, which->flag, v);

	if (e || !args_has(r->args, which->flag))
		return e;
	if (*v >= least && *v <= MOST)
		return OK;
	return err_set(r->c->cx, ERR_INVALID,
		       which->positive ? "--%s must be above 0, from %g to %g"
				       : "--%s must be a number from %g to %g",
		       which->flag, least, MOST);
}

/* What only pg1 knows of is no use to the others. */
static enum err read_flags(struct run *r)
{
	static const char *const files[] = { "anchors", "reviewers" };
	const char *idle = NULL;
	enum err e = read_model(r);

	r->all_given = true;
	for (int i = 0; !e && i < PRIORS; i++) {
		e = read_prior(r, priors + i);
		if (args_has(r->args, priors[i].flag))
			idle = priors[i].flag;
		else if (i < FITTED)
			r->all_given = false;
	}
	for (int i = 0; i < 2; i++)
		if (args_has(r->args, files[i]))
			idle = files[i];
	if (!e && idle && r->model != PEER_PG1)
		e = err_set(r->c->cx, ERR_INVALID,
			    "--%s is for --model pg1: %s knows neither priors "
			    "nor anchors nor reviewers; leave it out",
			    idle, peer_estimate_words[r->model]);
	return e;
}

/* ---- anchors ---- */

enum { ARTIFACT, SCORE, PRECISION, CRITERION };
static const char *const anchor_columns[] = { "artifact", "score", "precision",
					      "criterion", NULL };

struct anchor_file {
	struct peer_table t;
	struct peer_names artifacts, criteria;
};

static enum err read_anchor_names(const struct run *r,
				  const struct anchor_file *f,
				  struct anchor *out)
{
	const struct str *cell = f->t.cell;

	out->artifact = peer_names_find(&f->artifacts, cell[ARTIFACT]);
	if (out->artifact == PEER_NO_NAME)
		return peer_table_refuse(
			&f->t,
			"the scores have no artifact %.*s: correct the line or "
			"leave it out",
			STR_FMT(str_cut(cell[ARTIFACT], 0, 100)));
	if (r->grades.g.has_criteria)
		out->criterion = peer_names_find(&f->criteria, cell[CRITERION]);
	if (out->criterion == PEER_NO_NAME)
		return peer_table_refuse(
			&f->t,
			"the scores have no criterion %.*s: correct the line "
			"or leave it out",
			STR_FMT(str_cut(cell[CRITERION], 0, 100)));
	return OK;
}

static enum err read_anchor(const struct run *r, const struct anchor_file *f,
			    struct anchor *out)
{
	struct str precision = f->t.cell[PRECISION];
	enum err e;

	*out = (struct anchor){ .precision = NAN, .line = f->t.line };
	e = read_anchor_names(r, f, out);
	if (e)
		return e;
	if (!peer_double(f->t.cell[SCORE], &out->score) ||
	    fabs(out->score) > MOST)
		return peer_table_refuse(&f->t, "the score is no number: write "
						"3 or 3.5");
	if (precision.n &&
	    (!peer_double(precision, &out->precision) ||
	     !(out->precision >= LEAST) || !(out->precision <= MOST)))
		return peer_table_refuse(
			&f->t,
			"the precision must be a number above 0, which is "
			"1/variance of the score; or leave it empty");
	return OK;
}

static int by_place(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	if (x->criterion != y->criterion)
		return x->criterion < y->criterion ? -1 : 1;
	if (x->artifact != y->artifact)
		return x->artifact < y->artifact ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static enum err no_doubles(struct run *r, struct anchor_file *f)
{
	const struct anchor *a = r->anchors;
	const struct str *name = r->grades.g.artifacts.at;

	qsort(r->anchors, r->n_anchors, sizeof(*a), by_place);
	for (size_t i = 1; i < r->n_anchors; i++) {
		if (a[i - 1].artifact != a[i].artifact ||
		    a[i - 1].criterion != a[i].criterion)
			continue;
		f->t.line = a[i].line;
		return peer_table_refuse(
			&f->t,
			"artifact %.*s is on line %zu, too: leave one, which "
			"may be the mean of both with the sum of their "
			"precisions",
			STR_FMT(str_cut(name[a[i].artifact], 0, 100)),
			a[i - 1].line);
	}
	return OK;
}

static enum err open_anchors(struct run *r, struct str path,
			     struct anchor_file *f)
{
	const struct grades *g = &r->grades.g;
	enum err e = peer_table_open(r->c, path, anchor_columns, 2, &f->t);
	bool has = !e && f->t.place[CRITERION] != SIZE_MAX;

	if (e)
		return e;
	if (has != g->has_criteria)
		return peer_table_refuse(
			&f->t,
			has ? "the scores have no column criterion, so anchors "
			      "may have none"
			    : "the heading must name a column criterion, as "
			      "that of the scores does");
	peer_names_init(r->c->cx->arena, g->artifacts, &f->artifacts);
	peer_names_init(r->c->cx->arena, g->criteria, &f->criteria);
	return OK;
}

/* An empty score is none, as in the table of scores. */
static enum err read_anchors(struct run *r)
{
	struct str path = args_get(r->args, "anchors");
	struct arena *a = r->c->cx->arena;
	struct anchor_file f;
	size_t room = 0;
	bool more = true;
	enum err e;

	if (!path.p)
		return OK;
	e = open_anchors(r, path, &f);
	while (!e && more) {
		e = peer_table_next(&f.t, &more);
		if (e || !more || !f.t.cell[SCORE].n)
			continue;
		if (r->n_anchors == room) {
			struct anchor *old = r->anchors;

			room = room ? 2 * room : 64;
			r->anchors = ARENA_ARRAY(a, struct anchor, room);
			if (old)
				memcpy(r->anchors, old,
				       r->n_anchors * sizeof(*old));
		}
		e = read_anchor(r, &f, r->anchors + r->n_anchors++);
	}
	return !e && r->n_anchors ? no_doubles(r, &f) : e;
}

/* ---- one criterion ---- */

struct part {
	struct run *r;
	struct str criterion; /* absent without that column */
	const struct grades_row *rows;
	size_t n;
	uint32_t *artifacts, *reviewers; /* by their places in this criterion */
	uint32_t n_artifacts, n_reviewers;
	struct estimator *e;
	struct estimate_priors fit;
	bool has_fit;
	double least, greatest; /* scores */
};

/* "criterion style: ", where there are several. */
static struct str of_criterion(const struct part *p)
{
	return p->criterion.p ? str_fmt(p->r->c->cx->arena, "criterion %.*s: ",
					STR_FMT(str_cut(p->criterion, 0, 60)))
			      : STR("");
}

static void load(struct part *p)
{
	struct run *r = p->r;

	p->least = INFINITY;
	p->greatest = -INFINITY;
	for (size_t i = 0; i < p->n; i++) {
		const struct grades_row *g = p->rows + i;
		uint32_t *u = r->artifact_at + g->artifact;
		uint32_t *v = r->reviewer_at + g->reviewer;

		if (*u == NONE) {
			*u = estimator_artifact(p->e);
			p->artifacts[p->n_artifacts++] = g->artifact;
		}
		if (*v == NONE) {
			*v = estimator_reviewer(p->e);
			p->reviewers[p->n_reviewers++] = g->reviewer;
		}
		if (!isfinite(g->score))
			continue;
		estimator_grade(p->e, *u, *v, g->score);
		p->least = fmin(p->least, g->score);
		p->greatest = fmax(p->greatest, g->score);
	}
}

static enum err refuse_anchor(const struct part *p, const struct anchor *a,
			      const char *why)
{
	return err_set(p->r->c->cx, ERR_INVALID, "%.*s line %zu: %.*s%s",
		       STR_FMT(args_get(p->r->args, "anchors")), a->line,
		       STR_FMT(of_criterion(p)), why);
}

/*
 * What is not said of an anchor is what the server takes of a moderator's
 * grade, in percent of the scale; here of the scores that occur.
 */
static double usual_precision(const struct part *p)
{
	struct peer_def d;
	double sd;

	peer_def_defaults(&d);
	sd = dec_double(d.moderation.moderator_sd) / 100 *
	     (p->greatest - p->least);
	return 1 / (sd * sd);
}

static enum err load_anchors(struct part *p, uint32_t criterion)
{
	struct run *r = p->r;

	for (; r->next_anchor < r->n_anchors; r->next_anchor++) {
		const struct anchor *a = r->anchors + r->next_anchor;
		uint32_t u = r->artifact_at[a->artifact];
		double precision = a->precision;

		if (a->criterion != criterion)
			break;
		if (u == NONE)
			return refuse_anchor(p, a,
					     "the artifact has no scores there:"
					     " leave the line out");
		if (isnan(precision) && !(p->greatest > p->least))
			return refuse_anchor(p, a,
					     "all scores are alike, so that "
					     "the anchor's precision must be "
					     "said: add a column precision");
		if (isnan(precision))
			precision = usual_precision(p);
		estimator_anchor(p->e, u, a->score, precision);
	}
	return OK;
}

/* Fitted priors, where a flag does not say otherwise. */
static enum err use_priors(struct part *p)
{
	struct run *r = p->r;
	struct estimate_priors use = p->fit;

	if (r->all_given)
		use = (struct estimate_priors){ 0 };
	else if (!p->has_fit)
		return err_set(r->c->cx, ERR_PRECONDITION,
			       "%.*sthe scores do not tell the priors, for "
			       "which two artifacts with two scores each are "
			       "needed: give all of --mu --gamma --eta --a0 "
			       "--b0, or take --model mean",
			       STR_FMT(of_criterion(p)));
	for (int i = 0; i < PRIORS; i++)
		if (args_has(r->args, priors[i].flag))
			*prior_of(&use, priors + i) =
				*prior_of(&r->given, priors + i);
	estimator_use(p->e, &use);
	return OK;
}

/*
 * The mean's standard error comes of how scores of the same artifact differ,
 * over all artifacts, as on the server; of a median nothing is said.
 */
static struct line line_of(const struct part *p, uint32_t u)
{
	struct arena *a = p->r->line;
	double mean = NAN, sd = NAN, reach, lo, hi;
	struct estimate s;

	estimator_get(p->e, u, &s);
	switch ((enum peer_estimate)p->r->model) {
	case PEER_PG1:
		mean = s.mean;
		sd = s.sd;
		break;
	case PEER_MEAN:
		mean = s.n ? s.plain_mean : NAN;
		if (s.n && p->has_fit)
			sd = sqrt((p->fit.b0 / p->fit.a0 + 1 / p->fit.eta) /
				  s.n);
		break;
	case PEER_MEDIAN:
		mean = s.n ? s.plain_median : NAN;
		break;
	}
	reach = p->r->model == PEER_PG1 ? s.interval_sd : sd;
	estimate_interval(mean, reach, MASS, &lo, &hi);
	return (struct line){
		.criterion = p->criterion,
		.estimate = peer_digits(a, mean),
		.sd = peer_digits(a, sd),
		.lo = peer_digits(a, lo),
		.hi = peer_digits(a, hi),
		.n = s.n,
	};
}

static void put_artifacts(const struct part *p)
{
	const struct str *name = p->r->grades.g.artifacts.at;
	struct buf *b = &p->r->out;

	for (uint32_t u = 0; u < p->n_artifacts; u++) {
		struct line l = line_of(p, u);

		l.artifact = name[p->artifacts[u]];
		field_encode(b, &line_shape, &l);
		buf_ch(b, '\n');
		arena_reset(p->r->line);
	}
}

static void put_reviewers(const struct part *p)
{
	const struct str *name = p->r->grades.g.reviewers.at;
	struct arena *a = p->r->line;
	struct buf *b = &p->r->reviewers;

	for (uint32_t v = 0; v < p->n_reviewers; v++) {
		struct estimate_reviewer s;
		struct judge j;

		estimator_get_reviewer(p->e, v, &s);
		j = (struct judge){
			.criterion = p->criterion,
			.reviewer = name[p->reviewers[v]],
			.bias = peer_digits(a, s.bias),
			.bias_sd = peer_digits(a, s.bias_sd),
			.precision = peer_digits(a, s.precision),
			.n = s.n,
			.discrimination = peer_digits(a, s.discrimination),
		};
		field_encode(b, &judge_shape, &j);
		buf_ch(b, '\n');
		arena_reset(a);
	}
}

/* Whose reviewers never met on one work cannot be told apart by bias. */
static void tell_parts(const struct part *p)
{
	struct arena *a = p->r->c->cx->arena;
	uint32_t *part = ARENA_ARRAY(a, uint32_t, p->n_artifacts);
	size_t parts = estimator_parts(p->e, part);

	for (uint32_t u = 0; u < p->n_artifacts; u++) {
		struct estimate s;

		estimator_get(p->e, u, &s);
		parts -= s.n == 0;
	}
	if (parts > 1)
		cli_say(p->r->c, 0,
			"%.*sthe artifacts fall into %zu parts that have no "
			"reviewer in common: between them, differences may be "
			"those of their reviewers",
			STR_FMT(of_criterion(p)), parts);
}

static enum err settle(struct part *p)
{
	enum err e = use_priors(p);

	if (e)
		return e;
	if (estimator_settle(p->e, 0))
		cli_say(p->r->c, 0,
			"%.*sthe estimates did not settle; other priors may be "
			"nearer to the scores",
			STR_FMT(of_criterion(p)));
	tell_parts(p);
	return OK;
}

static enum err estimate(struct part *p, uint32_t criterion)
{
	struct run *r = p->r;
	enum err e;

	load(p);
	e = load_anchors(p, criterion);
	if (e)
		return e;
	p->has_fit = estimator_fit(p->e, &p->fit);
	if (r->model == PEER_PG1)
		e = settle(p);
	if (e)
		return e;
	put_artifacts(p);
	if (args_has(r->args, "reviewers"))
		put_reviewers(p);
	return OK;
}

static enum err one_criterion(struct run *r, uint32_t k)
{
	const struct peer_grades *g = &r->grades;
	struct arena *a = r->c->cx->arena;
	struct part p = {
		.r = r,
		.rows = g->at + g->from[k],
		.n = g->from[k + 1] - g->from[k],
		.e = estimator_new(&estimate_priors_unit),
	};
	enum err e;

	if (g->g.has_criteria)
		p.criterion = ((const struct str *)g->g.criteria.at)[k];
	p.artifacts = ARENA_ARRAY(a, uint32_t, p.n);
	p.reviewers = ARENA_ARRAY(a, uint32_t, p.n);
	e = estimate(&p, k);
	for (uint32_t u = 0; u < p.n_artifacts; u++)
		r->artifact_at[p.artifacts[u]] = NONE;
	for (uint32_t v = 0; v < p.n_reviewers; v++)
		r->reviewer_at[p.reviewers[v]] = NONE;
	estimator_free(p.e);
	return e;
}

static uint32_t *none(struct arena *a, size_t n)
{
	uint32_t *at = ARENA_ARRAY(a, uint32_t, n);

	memset(at, 0xff, n * sizeof(*at));
	return at;
}

static enum err run(struct run *r)
{
	const struct grades *g = &r->grades.g;
	struct arena *a = r->c->cx->arena;
	struct str reviewers = args_get(r->args, "reviewers");
	enum err e = peer_grades_read(r->c, args_rest(r->args, 0), &r->grades);

	if (!e)
		e = read_anchors(r);
	if (e)
		return e;
	r->artifact_at = none(a, g->artifacts.n);
	r->reviewer_at = none(a, g->reviewers.n);
	for (uint32_t k = 0; !e && k < g->criteria.n; k++)
		e = one_criterion(r, k);
	if (!e && reviewers.p)
		e = file_write(r->c, reviewers, buf_view(&r->reviewers), false);
	if (!e)
		cli_put(r->c->out, buf_view(&r->out));
	return e;
}

int peer_estimate(struct cli *c, const struct args *a)
{
	struct run r = { .c = c, .args = a };
	enum err e = read_flags(&r);

	if (e)
		return cli_usage(c);
	r.line = arena_new(4096);
	e = run(&r);
	arena_free(r.line);
	buf_done(&r.out);
	buf_done(&r.reviewers);
	return e ? cli_error(c, e) : CLI_FINE;
}
