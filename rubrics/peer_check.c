/*
 * What is wrong with a set-up of peer review: errors that would break it, and
 * warnings for what an author hardly meant. And what is asked of its gold.
 */
#include <math.h>

#include "rubrics/peer_def.h"

enum { COVERT_LEAST = 3, WARNINGS = 20 };

static const struct peer_gold *gold_at(const struct peer_def *d, size_t i)
{
	return (const struct peer_gold *)d->gold.at + i;
}

struct check {
	struct ctx *cx;
	const struct peer_def *d;
	const char *where;
};

#define REFUSE(k, field, ...)                                                  \
	err_field((k)->cx, ERR_INVALID,                                        \
		  str_z((k)->cx->arena,                                        \
			str_fmt((k)->cx->arena, "%s%s", (k)->where, (field))), \
		  __VA_ARGS__)

static enum err check_hand_in(const struct check *k)
{
	const struct peer_hand_in *h = &k->d->hand_in;

	if (!h->kinds)
		return REFUSE(k, "/hand_in/kinds",
			      "nothing can be handed in: name a kind");
	if (h->required & ~h->kinds)
		return REFUSE(k, "/hand_in/required",
			      "what is required must be among the kinds");
	return OK;
}

static enum err check_counts(const struct check *k)
{
	const struct peer_def *d = k->d;

	if (d->stop.least > d->stop.most)
		return REFUSE(k, "/stop/least",
			      "must not be more than stop.most, which is %lld",
			      (long long)d->stop.most);
	if (d->must_receive > d->stop.most)
		return REFUSE(k, "/must_receive",
			      "must not be more than stop.most, which is %lld",
			      (long long)d->stop.most);
	if (d->stop.risk.nano <= 0 ||
	    dec_cmp(d->stop.risk, dec_ratio(1, 2)) > 0)
		return REFUSE(k, "/stop/risk",
			      "must be above 0, and 0.5 at most");
	if (d->moderation.moderator_sd.nano <= 0)
		return REFUSE(k, "/moderation/moderator_sd", "must be above 0");
	if (d->moderation.gold_sd.nano <= 0)
		return REFUSE(k, "/moderation/gold_sd", "must be above 0");
	return OK;
}

static enum err check_licence(const struct check *k)
{
	const struct peer_licence *l = &k->d->licence_file;
	const struct dec half = dec_ratio(1, 2);

	if (l->p0.nano <= 0)
		return REFUSE(k, "/licence/p0", "must be above 0");
	if (dec_cmp(l->p1, l->p0) <= 0 || dec_cmp(l->p1, DEC_ONE) >= 0)
		return REFUSE(k, "/licence/p1",
			      "must be above p0, and below 1");
	if (l->alpha.nano <= 0 || dec_cmp(l->alpha, half) >= 0)
		return REFUSE(k, "/licence/alpha",
			      "must be above 0, and below 0.5");
	if (l->beta.nano <= 0 || dec_cmp(l->beta, half) >= 0)
		return REFUSE(k, "/licence/beta",
			      "must be above 0, and below 0.5");
	if (l->gold_h.nano <= 0)
		return REFUSE(k, "/licence/gold_h", "must be above 0");
	if (l->h.nano <= 0)
		return REFUSE(k, "/licence/h", "must be above 0");
	if (l->least_gold > l->most_gold)
		return REFUSE(k, "/licence/least_gold",
			      "must not be more than most_gold");
	if (dec_cmp(l->covert_new, half) > 0)
		return REFUSE(k, "/licence/covert_new",
			      "must be 0.5 at most: reviews are for the works "
			      "of the course");
	if (dec_cmp(l->covert_stable, l->covert_new) > 0)
		return REFUSE(k, "/licence/covert_stable",
			      "must not be more than covert_new");
	return OK;
}

static enum err check_dates(const struct check *k)
{
	const struct peer_dates *t = &k->d->dates;

	if (t->opens_at && t->hand_in_until && t->hand_in_until <= t->opens_at)
		return REFUSE(k, "/dates/hand_in_until",
			      "must be after opens_at");
	if (t->opens_at && t->review_until && t->review_until <= t->opens_at)
		return REFUSE(k, "/dates/review_until",
			      "must be after opens_at");
	if (t->hand_in_until && t->review_until &&
	    t->review_until < t->hand_in_until)
		return REFUSE(k, "/dates/review_until",
			      "must not be before hand_in_until: the last "
			      "works would have no reviews");
	return OK;
}

size_t peer_gold_find(const struct peer_def *d, struct str id)
{
	for (size_t i = 0; i < d->gold.n; i++)
		if (str_eq(gold_at(d, i)->id, id))
			return i;
	return SIZE_MAX;
}

static enum err check_gold(const struct check *k)
{
	const struct peer_def *d = k->d;
	struct rubric_result r;
	int64_t open = 0;
	enum err e;

	for (size_t i = 0; i < d->gold.n; i++) {
		const struct peer_gold *g = gold_at(d, i);
		struct check at = *k;

		at.where =
			str_z(k->cx->arena, str_fmt(k->cx->arena, "%s/gold/%zu",
						    k->where, i));
		if (peer_gold_find(d, g->id) != i)
			return REFUSE(&at, "/id",
				      "an earlier gold item has the same id");
		if (!g->text.n && !g->links.n)
			return REFUSE(&at, "/text",
				      "a gold item needs a text or links");
		if (!g->open && !g->covert)
			return REFUSE(&at, "/open",
				      "neither open nor covert: it would never "
				      "be used");
		e = rubric_score(
			k->cx, &d->rubric, &g->scores,
			str_z(k->cx->arena,
			      str_fmt(k->cx->arena, "%s/scores", at.where)),
			&r);
		if (e)
			return e;
		open += g->open;
	}
	if (d->gold.n && open < d->calibration.least)
		return REFUSE(k, "/calibration/least",
			      "only %lld gold item%s open: add more, or ask "
			      "for fewer",
			      (long long)open, open == 1 ? " is" : "s are");
	return OK;
}

enum err peer_def_check(struct ctx *cx, const struct peer_def *d,
			const char *where)
{
	const struct check k = { cx, d, where };
	enum err e = rubric_check(
		cx, &d->rubric,
		str_z(cx->arena, str_fmt(cx->arena, "%s/rubric", where)));

	if (!e)
		e = check_hand_in(&k);
	if (!e)
		e = check_counts(&k);
	if (!e)
		e = check_licence(&k);
	if (!e)
		e = check_dates(&k);
	return e ? e : check_gold(&k);
}

/* ---- warnings ---- */

struct warn {
	struct ctx *cx;
	struct str *at;
	size_t n;
};

#define WARN(w, ...)                                                           \
	do {                                                                   \
		if ((w)->n < WARNINGS)                                         \
			(w)->at[(w)->n++] =                                    \
				str_fmt((w)->cx->arena, __VA_ARGS__);          \
	} while (0)

/* Gold items in a row that the sequential test wants of one who fails none. */
static int64_t passes_needed(const struct licence_rules *r)
{
	double bound = log((1 - r->alpha) / r->beta);
	double step = log((1 - r->p0) / (1 - r->p1));
	int64_t n = (int64_t)ceil(bound / step - 1e-9);

	return n < r->least_gold ? r->least_gold : n;
}

struct golds {
	int64_t all, open, covert_only, both;
};

static struct golds count_gold(const struct peer_def *d)
{
	struct golds n = { 0 };

	for (size_t i = 0; i < d->gold.n; i++) {
		const struct peer_gold *g = gold_at(d, i);

		n.all++;
		n.open += g->open;
		n.both += g->open && g->covert;
		n.covert_only += g->covert && !g->open;
	}
	return n;
}

static void warn_gold(struct warn *w, const struct peer_def *d)
{
	struct golds n = count_gold(d);
	int64_t need = passes_needed(&d->licence);
	int64_t from_both = d->calibration.least - (n.open - n.both);
	int64_t left = n.covert_only + n.both - (from_both > 0 ? from_both : 0);

	if (!d->calibration.may_review_supervised && n.open < need)
		WARN(w,
		     "calibration: %lld gold items must be passed in a row to "
		     "qualify, %lld are open, and nobody may review before: "
		     "add gold, or allow may_review_supervised",
		     (long long)need, (long long)n.open);
	if (d->counts == PEER_FORMATIVE)
		return;
	if (!n.all)
		WARN(w, "gold: there is none, so only a moderator can qualify "
			"a reviewer, and no bias that all share is seen");
	else if (n.all < need)
		WARN(w,
		     "gold: %lld gold items must be passed in a row to "
		     "qualify, and there are %lld: only a moderator can "
		     "qualify a reviewer",
		     (long long)need, (long long)n.all);
	if (n.all && d->licence_file.covert_new.nano && left < COVERT_LEAST)
		WARN(w,
		     "gold: %lld items are left for live work after "
		     "calibration; at least %d are needed to see a reviewer "
		     "who gets careless",
		     (long long)(left < 0 ? 0 : left), COVERT_LEAST);
}

static void warn_each_gold(struct warn *w, const struct peer_def *d)
{
	const uint32_t shown = 1U << PEER_TEXT | 1U << PEER_LINK;

	for (size_t i = 0; i < d->gold.n; i++) {
		const struct peer_gold *g = gold_at(d, i);
		const struct rubric_score *s = g->scores.at;
		bool reason = g->reason.n > 0;

		for (size_t j = 0; j < g->scores.n; j++)
			reason = reason || s[j].comment.n;
		if (g->open && !reason)
			WARN(w,
			     "gold: \"%.*s\" gives no reasons, so nobody "
			     "learns from it",
			     STR_FMT(g->id));
		if (g->covert && (d->hand_in.required & ~shown))
			WARN(w,
			     "gold: \"%.*s\" is covert, but lacks what every "
			     "work has (hand_in.required): it will be known",
			     STR_FMT(g->id));
	}
}

void peer_def_warnings(struct ctx *cx, const struct peer_def *d,
		       struct list *out)
{
	struct warn w = { .cx = cx,
			  .at = ARENA_ARRAY(cx->arena, struct str, WARNINGS) };
	const struct rubric_criterion *c = d->rubric.criteria.at;

	if (d->must_review < d->must_receive)
		WARN(&w,
		     "must_review: each author owes %lld reviews and each work "
		     "needs %lld, so some will wait for ever",
		     (long long)d->must_review, (long long)d->must_receive);
	if (d->stop.least > d->must_receive)
		WARN(&w,
		     "stop: at least %lld reviews are asked for, and only %lld "
		     "of each work are sure (must_receive)",
		     (long long)d->stop.least, (long long)d->must_receive);
	if (d->mode == PEER_COHORT && !d->dates.hand_in_until)
		WARN(&w, "dates: a cohort without hand_in_until waits until "
			 "somebody thinks of peer.allocate");
	if (!d->feedback.any_order &&
	    d->feedback.improvements >= d->feedback.strengths)
		WARN(&w,
		     "feedback: %lld improvements are asked for, and more "
		     "strengths than improvements, so that strengths (%lld) "
		     "are more than they seem",
		     (long long)d->feedback.improvements,
		     (long long)d->feedback.strengths);
	if (d->counts == PEER_SUMMATIVE && !d->moderation.spot_percent)
		WARN(&w, "moderation: spot_percent is 0, so nobody looks at "
			 "what reviewers do");
	for (size_t i = 0; i < d->rubric.criteria.n; i++)
		if (!c[i].feedback_only && c[i].has_weight && !c[i].weight.nano)
			WARN(&w,
			     "rubric: criterion \"%.*s\" has weight 0: it is "
			     "scored and gives nothing",
			     STR_FMT(c[i].id));
	warn_gold(&w, d);
	warn_each_gold(&w, d);
	*out = (struct list){ w.at, w.n };
}

/* ---- gold ---- */

enum err peer_gold_result(struct ctx *cx, const struct peer_def *d, size_t gold,
			  struct rubric_result *out)
{
	CHECK(gold < d->gold.n);
	return rubric_score(cx, &d->rubric, &gold_at(d, gold)->scores, "/gold",
			    out);
}

/* Exact: the difference is compared, not its rounded percent. */
static bool near_enough(struct dec a, struct dec b, int64_t percent)
{
	struct dec off = dec_sub(a, b);

	if (off.nano < 0)
		off = dec_neg(off);
	return dec_cmp(off, dec_ratio(percent, 100)) <= 0;
}

bool peer_gold_passed(const struct peer_def *d,
		      const struct rubric_result *gold,
		      const struct rubric_result *given, bool *near)
{
	bool passed = near_enough(gold->scaled, given->scaled,
				  d->calibration.total_percent);

	for (size_t i = 0; i < d->rubric.criteria.n; i++) {
		bool is = near_enough(gold->each[i], given->each[i],
				      d->calibration.criterion_percent);

		if (near)
			near[i] = is;
		passed = passed && is;
	}
	return passed;
}
