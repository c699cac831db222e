/* peer.report. */
#include "engine/peer/report.h"

#define NUMBER(s, m, d)                                                        \
	{                                                                      \
		.name = #m, .doc = (d), .kind = KIND_DEC,                      \
		.offset = offsetof(s, m.v), .optional = true,                  \
		.has = (int32_t)offsetof(s, m.has) + 1,                        \
	}
#define INT(s, m, d) FIELD(s, m, KIND_INT, d)
#define PART(s, m, shape_, d) FIELD(s, m, KIND_OBJECT, d, .shape = &(shape_))
#define PARTS(s, m, shape_, d)                                                 \
	FIELD(s, m, KIND_LIST, d, .of = KIND_OBJECT, .shape = &(shape_))

static const struct field rate_fields[] = {
	INT(struct report_rate, count, "how many"),
	INT(struct report_rate, of, "of how many"),
	FIELD_MAYBE(struct report_rate, share, has, KIND_DEC, "count / of"),
	FIELD_MAYBE(struct report_rate, lo, has, KIND_DEC,
		    "Wilson's 95 % interval"),
	FIELD_MAYBE(struct report_rate, hi, has, KIND_DEC, "its upper end"),
	FIELD_END,
};
static const struct shape rate_shape = SHAPE(struct report_rate, rate_fields);
#define RATE(s, m, d) PART(s, m, rate_shape, d)

#define W struct report_works
static const struct field works_fields[] = {
	INT(W, authors, "who ever handed in"),
	INT(W, handed_in, "newest versions, not withdrawn"),
	INT(W, in_review, "in the pool"),
	INT(W, sealed, "complete; authors rate their reviews"),
	INT(W, released, "whose grade is there"),
	INT(W, withdrawn, "taken back"),
	FIELD_END,
};
static const struct shape works_shape = SHAPE(W, works_fields);
#undef W

#define R struct report_reviewers
static const struct field reviewers_fields[] = {
	RATE(R, qualified, "ever, of those with a gold item"),
	NUMBER(R, golds_to_qualify, "mean"),
	INT(R, candidate, "now"),
	INT(R, supervised, "now"),
	INT(R, now_qualified, "now"),
	INT(R, watch, "now"),
	INT(R, suspended, "now"),
	NUMBER(R, mean_bias, "of 100: positive is generous"),
	NUMBER(R, bias_sd, "between reviewers"),
	FIELD_END,
};
static const struct shape reviewers_shape = SHAPE(R, reviewers_fields);
#undef R

static const struct field golds_fields[] = {
	RATE(struct report_golds, calibration, "passed"),
	RATE(struct report_golds, covert, "passed"),
	RATE(struct report_golds, live_share, "gold in what looked live"),
	FIELD_END,
};
static const struct shape golds_shape =
	SHAPE(struct report_golds, golds_fields);

#define V struct report_reviews
static const struct field reviews_fields[] = {
	INT(V, done, "of works"),
	INT(V, counting, "of them: in the grades"),
	INT(V, surplus, "of them: beyond what was needed"),
	INT(V, under_way, "leased now"),
	RATE(V, lapsed, "leases that ran out, of those that ended"),
	RATE(V, rated, "by their reviewees, where they could"),
	RATE(V, narrow, "picked from fewer than 20 works"),
	FIELD_END,
};
static const struct shape reviews_shape = SHAPE(V, reviews_fields);
#undef V

#define A struct report_agreement_view
static const struct field agreement_fields[] = {
	FIELD_OPT(A, criterion, KIND_STR, "absent: the whole score"),
	FIELD_OPT(A, title, KIND_STR, "its title"),
	INT(A, works, "with a score"),
	INT(A, reviewers, "who scored"),
	INT(A, scores, "that count"),
	NUMBER(A, kappa_quadratic, "of pairs of reviewers"),
	NUMBER(A, alpha_ordinal, "Krippendorff's, of places in an order"),
	NUMBER(A, alpha_interval, "and of differences"),
	FIELD(A, weak, KIND_BOOL, "kappa_quadratic is below 0.2"),
	FIELD_END,
};
static const struct shape agreement_shape = SHAPE(A, agreement_fields);
#undef A

#define C struct report_coverage
static const struct field coverage_fields[] = {
	RATE(C, decided, "by moderators, of works with a grade"),
	RATE(C, drawn, "decided, of the random stratum"),
	NUMBER(C, drawn_bias, "there: peers less moderators, of 100"),
	NUMBER(C, drawn_rmse, "there: root mean square of that"),
	INT(C, moved, "released grades that wait for peer.confirm"),
	INT(C, cases, "open in peer.queue"),
	FIELD_END,
};
static const struct shape coverage_shape = SHAPE(C, coverage_fields);
#undef C

#define P struct report_appeals
static const struct field appeals_fields[] = {
	RATE(P, filed, "of works whose grade is shown"),
	RATE(P, reversed, "grade changed, of those decided"),
	INT(P, open, "not decided"),
	INT(P, raised, "changed upwards"),
	INT(P, lowered, "changed downwards"),
	INT(P, upheld, "looked into, and the grade stays"),
	INT(P, rejected, "not looked into"),
	NUMBER(P, hours, "median, from filed to decided"),
	FIELD_END,
};
static const struct shape appeals_shape = SHAPE(P, appeals_fields);
#undef P

#define L struct report_alarms
static const struct field alarms_fields[] = {
	FIELD(L, move, KIND_ENUM, "which test", .words = licence_move_words),
	INT(L, raised, "so often"),
	INT(L, open, "nobody has answered yet"),
	INT(L, by_staff, "answered by staff; others by later tests"),
	NUMBER(L, hours, "median, until answered"),
	FIELD_END,
};
static const struct shape alarms_shape = SHAPE(L, alarms_fields);
#undef L

#define N struct report_waiting
static const struct field waiting_fields[] = {
	RATE(N, starved, "waited too long, of all that were in the pool"),
	INT(N, starving, "of them: still wait"),
	INT(N, stuck, "learners who had nothing to review, now"),
	NUMBER(N, longest_hours, "in the pool and not complete, now"),
	NUMBER(N, first_hours, "median, to the first review"),
	NUMBER(N, need_hours, "median, to the last one needed"),
	FIELD_END,
};
static const struct shape waiting_shape = SHAPE(N, waiting_fields);
#undef N

#define E struct report_estimates
static const struct field estimates_fields[] = {
	INT(E, graded, "works with a grade, shown or not"),
	NUMBER(E, width, "mean, of the 90 % intervals, of 100"),
	INT(E, parts, "of the graph of reviews; grades compare within one"),
	FIELD_END,
};
static const struct shape estimates_shape = SHAPE(E, estimates_fields);
#undef E

#define T struct peer_report
static const struct field report_fields[] = {
	FIELD(T, assessment, KIND_ID, "the version by which it is reviewed"),
	INT(T, record, "the last one of its stream that is counted in"),
	FIELD(T, at, KIND_TIME, "its instant"),
	PART(T, works, works_shape, "what was handed in"),
	PART(T, reviewers, reviewers_shape, "who may review"),
	PART(T, golds, golds_shape, "expert-graded works"),
	PART(T, reviews, reviews_shape, "of works"),
	PARTS(T, criteria, agreement_shape, "how far reviewers agree"),
	PART(T, whole, agreement_shape, "the same, of the whole score"),
	FIELD(T, weak, KIND_LIST, "criteria for repair", .of = KIND_STR),
	PART(T, moderation, coverage_shape, "what moderators looked at"),
	PART(T, appeals, appeals_shape, "and what authors asked for"),
	PARTS(T, alarms, alarms_shape, "of reviewers"),
	PART(T, waiting, waiting_shape, "who waits, and how long"),
	PART(T, estimates, estimates_shape, "the grades as a whole"),
	FIELD_END,
};
#undef T
const struct shape peer_report_shape = { "peer_report",
					 sizeof(struct peer_report),
					 report_fields };

struct params {
	struct assessment_ref ref;
};
static const struct field params_fields[] = {
	ASSESSMENT_REF_FIELDS(struct params, ref),
	FIELD_END,
};
static const struct shape params_shape = { "peer_report_params",
					   sizeof(struct params),
					   params_fields };

static enum err report(struct ctx *cx, const void *params, void *result)
{
	const struct params *p = params;
	struct run *r = NULL;
	enum err e = peers_read_or_none(cx, &p->ref, &r);

	if (!e && r)
		peer_report(cx, r, result);
	return e;
}

const struct rpc_method report_methods[] = {
	{ .name = "peer.report",
	  .does = "What a peer review can show to who doubts it, counted from "
		  "its records.",
	  .roles = ROLE_TEACHERS | ROLE_AUDITOR,
	  .flags = RPC_READS | RPC_SLOW,
	  .budget_ms = 2000,
	  .params = &params_shape,
	  .result = &peer_report_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION),
	  .run = report },
	{ 0 },
};
