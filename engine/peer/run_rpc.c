/* peer.allocate, peer.extend, peer.release: what staff do to a run as a whole.
 */
#include "base/limits.h"
#include "base/tm.h"
#include "engine/peer/peers.h"
#include "rubrics/allocate.h"

/* ---- allocate ---- */

enum { PEOPLE_MOST = 200000 /* a draw of so many takes seconds */ };

struct allocate_params {
	struct assessment_ref ref;
	bool has_seed;
	int64_t seed;
	struct str relax;
};
static const struct field allocate_fields[] = {
	ASSESSMENT_REF_FIELDS(struct allocate_params, ref),
	FIELD_MAYBE(struct allocate_params, seed, has_seed, KIND_INT,
		    "of the draw: the same one gives the same; default random",
		    .min = 0, .max = INT64_C(1) << 52),
	FIELD_OPT(struct allocate_params, relax, KIND_STR,
		  "why some may review each other, where the cohort is too "
		  "small to do without",
		  .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape allocate_shape = { "peer_allocate",
					     sizeof(struct allocate_params),
					     allocate_fields };

struct allocate_result {
	int64_t people, per, seed;
	int64_t reciprocal_pairs, three_cycles, components;
	int64_t least_received, most_received;
	struct dec sigma2;
	bool ok;
};
#define R struct allocate_result
static const struct field allocate_result_fields[] = {
	FIELD(R, people, KIND_INT, "whose works are handed out"),
	FIELD(R, per, KIND_INT, "reviews each"),
	FIELD(R, seed, KIND_INT, "of the draw"),
	FIELD(R, least_received, KIND_INT, "reviewers of a work, at least"),
	FIELD(R, most_received, KIND_INT, "and at most"),
	FIELD(R, reciprocal_pairs, KIND_INT, "who review each other"),
	FIELD(R, three_cycles, KIND_INT, "three in a circle"),
	FIELD(R, components, KIND_INT, "strongly connected parts"),
	FIELD(R, sigma2, KIND_DEC, "second singular value: small mixes well"),
	FIELD(R, ok, KIND_BOOL, "all of that is as it should be"),
	FIELD_END,
};
#undef R
static const struct shape allocate_result_shape = {
	"peer_allocation", sizeof(struct allocate_result),
	allocate_result_fields
};

static enum err may_allocate(struct ctx *cx, const struct run *r)
{
	int64_t until = r->dates.hand_in_until;

	if (r->def->mode != PEER_COHORT)
		return err_set(cx, ERR_PRECONDITION,
			       "reviews are handed out as works come: only one "
			       "of mode cohort is allocated");
	if (r->allocated)
		return err_set(cx, ERR_CONFLICT, "this cohort is allocated");
	if (until && clock_ms(cx->clock) <= until) {
		char text[TM_TEXT + 1];

		tm_text(until, text);
		err_set(cx, ERR_TOO_EARLY, "works are taken until %s", text);
		cx->error.retry_after_ms = until - clock_ms(cx->clock);
		return ERR_TOO_EARLY;
	}
	for (size_t i = 0; i < r->works_n; i++)
		if (r->works[i].state == WORK_GRACE)
			return err_set(
				cx, ERR_TOO_EARLY,
				"a work can still be corrected: allocate "
				"when that is over");
	return OK;
}

static enum err certificate(struct ctx *cx, const struct allocate_ask *ask,
			    const uint32_t *out, struct allocate_result *result)
{
	size_t m = (size_t)ask->n * ask->k;
	uint32_t *from = ARENA_ARRAY(cx->arena, uint32_t, m);
	struct allocate_certificate c = { 0 };
	enum err e;

	for (size_t i = 0; i < m; i++)
		from[i] = (uint32_t)(i / ask->k);
	e = allocate_certify(cx, ask->n, from, out, m, &c);
	*result = (struct allocate_result){
		.people = ask->n,
		.per = ask->k,
		.seed = (int64_t)ask->seed,
		.reciprocal_pairs = (int64_t)c.reciprocal_pairs,
		.three_cycles = (int64_t)c.three_cycles,
		.components = c.components,
		.least_received = c.in_min,
		.most_received = c.in_max,
		.sigma2 = dec_round(dec_from_double(c.sigma2), 6),
		.ok = c.ok,
	};
	return e;
}

/* The queue gives nobody the work of who reviews him, unless a person says so.
 */
static enum err may_meet(struct ctx *cx, const struct allocate_result *a,
			 struct str relax)
{
	if (!a->reciprocal_pairs || relax.n)
		return OK;
	return err_set(cx, ERR_PRECONDITION,
		       "with %lld works and %lld reviews each %lld pairs would "
		       "review each other: have fewer reviews, or say in relax "
		       "why they may",
		       (long long)a->people, (long long)a->per,
		       (long long)a->reciprocal_pairs);
}

static enum err draw(struct ctx *cx, struct run *r,
		     const struct allocate_params *p, int64_t seed,
		     struct allocate_result *result)
{
	struct run_pairs pairs = { .r = r };
	struct allocate_ask ask = { .k = (uint32_t)r->def->must_review,
				    .seed = (uint64_t)seed,
				    .conflict = run_pair_conflicts,
				    .arg = &pairs };
	struct peer_note note = { .by = cx->who->actor,
				  .reason = p->relax,
				  .seed = seed,
				  .per = ask.k };
	uint32_t *out;
	uint64_t swaps;
	size_t n;
	enum err e;

	pairs.people = run_cohort(cx, r, &n);
	if (n > PEOPLE_MOST)
		return err_set(cx, ERR_UNSUPPORTED,
			       "a cohort has at most %d works", PEOPLE_MOST);
	ask.n = (uint32_t)n;
	note.people = (int64_t)n;
	e = allocate(cx, &ask, &out, &swaps);
	if (e == ERR_INVALID) /* the course is too small: no field is wrong */
		return err_set(cx, ERR_PRECONDITION,
			       "%u reviews each need at least %u works; there "
			       "are %zu",
			       ask.k, ask.k + 1, n);
	if (!e)
		e = certificate(cx, &ask, out, result);
	if (!e)
		e = may_meet(cx, result, p->relax);
	if (e)
		return e;
	return peers_write(cx, r, NOTE_ALLOCATED, &note, NULL,
			   (struct str){ 0 });
}

static enum err allocate_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct allocate_params *p = params;
	struct assessment a;
	struct run *r = NULL;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = peers_get(cx, &a.org, &a.series, &r);
	if (!e)
		e = may_allocate(cx, r);
	return e ? e
		 : draw(cx, r, p,
			p->has_seed ? p->seed
				    : (int64_t)(rng_u64(cx->rng) >> 12),
			result);
}

/* ---- extend ---- */

struct extend_params {
	struct assessment_ref ref;
	int64_t hand_in_until, review_until;
	struct str reason;
};
static const struct field extend_fields[] = {
	ASSESSMENT_REF_FIELDS(struct extend_params, ref),
	FIELD_OPT(struct extend_params, hand_in_until, KIND_TIME,
		  "last instant for work; absent: as it is"),
	FIELD_OPT(struct extend_params, review_until, KIND_TIME,
		  "last instant for reviews; absent: as it is"),
	FIELD(struct extend_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape extend_shape = { "peer_extend",
					   sizeof(struct extend_params),
					   extend_fields };
struct extend_result {
	int64_t hand_in_until, review_until;
};
static const struct field extend_result_fields[] = {
	FIELD_OPT(struct extend_result, hand_in_until, KIND_TIME,
		  "last instant for work"),
	FIELD_OPT(struct extend_result, review_until, KIND_TIME,
		  "last instant for reviews"),
	FIELD_END,
};
static const struct shape extend_result_shape = { "peer_extend_result",
						  sizeof(struct extend_result),
						  extend_result_fields };

static enum err is_ahead(struct ctx *cx, int64_t at, const char *field)
{
	return !at || at > clock_ms(cx->clock)
		       ? OK
		       : err_field(cx, ERR_INVALID, field, "must be ahead");
}

static enum err may_extend(struct ctx *cx, const struct run *r,
			   const struct extend_params *p)
{
	int64_t hand_in =
		p->hand_in_until ? p->hand_in_until : r->dates.hand_in_until;
	int64_t review =
		p->review_until ? p->review_until : r->dates.review_until;
	enum err e = is_ahead(cx, p->hand_in_until, "/hand_in_until");

	if (!e)
		e = is_ahead(cx, p->review_until, "/review_until");
	if (e)
		return e;
	if (!p->hand_in_until && !p->review_until)
		return err_field(cx, ERR_INVALID, "/review_until",
				 "give hand_in_until or review_until");
	if (hand_in && review && review < hand_in)
		return err_field(cx, ERR_INVALID, "/review_until",
				 "must not be before hand_in_until: the last "
				 "works would have no reviews");
	if (p->hand_in_until && r->allocated)
		return err_set(cx, ERR_CONFLICT,
			       "this cohort is allocated: who hands in now "
			       "would have no reviewers");
	return OK;
}

static enum err extend(struct ctx *cx, const void *params, void *result)
{
	const struct extend_params *p = params;
	struct peer_note n = { .reason = p->reason,
			       .by = cx->who->actor,
			       .hand_in_until = p->hand_in_until,
			       .review_until = p->review_until };
	struct assessment a;
	struct run *r = NULL;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = peers_get(cx, &a.org, &a.series, &r);
	if (!e)
		e = may_extend(cx, r, p);
	if (!e)
		e = peers_write(cx, r, NOTE_EXTENDED, &n, NULL,
				(struct str){ 0 });
	if (!e)
		*(struct extend_result *)result =
			(struct extend_result){ r->dates.hand_in_until,
						r->dates.review_until };
	return e;
}

/* ---- release ---- */

struct release_params {
	struct assessment_ref ref;
	struct str reason;
};
static const struct field release_fields[] = {
	ASSESSMENT_REF_FIELDS(struct release_params, ref),
	FIELD(struct release_params, reason, KIND_STR, "why now", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape release_shape = { "peer_release",
					    sizeof(struct release_params),
					    release_fields };
struct release_result {
	int64_t released;
};
static const struct field release_result_fields[] = {
	FIELD(struct release_result, released, KIND_INT,
	      "grades that are shown by this"),
	FIELD_END,
};
static const struct shape release_result_shape = {
	"peer_release_result", sizeof(struct release_result),
	release_result_fields
};

static enum err release(struct ctx *cx, const void *params, void *result)
{
	const struct release_params *p = params;
	struct release_result *out = result;
	struct peer_note n = { .reason = p->reason, .by = cx->who->actor };
	struct assessment a;
	struct run *r = NULL;
	enum err e = assessment_resolve(cx, &p->ref, &a);

	if (!e)
		e = peers_get(cx, &a.org, &a.series, &r);
	if (!e && r->def->release != PEER_RELEASE_HELD)
		e = err_set(cx, ERR_PRECONDITION,
			    "grades are shown as they are ready: there is "
			    "nothing to release");
	if (!e && r->released_all)
		e = err_set(cx, ERR_CONFLICT, "the grades are released");
	if (e)
		return e;
	for (size_t i = 0; i < r->works_n; i++)
		out->released += r->works[i].state == WORK_RELEASED;
	return peers_write(cx, r, NOTE_RELEASED_ALL, &n, NULL,
			   (struct str){ 0 });
}

const struct rpc_method run_methods[] = {
	{ .name = "peer.allocate",
	  .does = "Draw who of a cohort reviews whom, when all works are in.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 2000,
	  .params = &allocate_shape,
	  .result = &allocate_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT,
			 ERR_TOO_EARLY),
	  .run = allocate_rpc },
	{ .name = "peer.extend",
	  .does = "Give a peer review that goes on other dates.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &extend_shape,
	  .result = &extend_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT),
	  .run = extend },
	{ .name = "peer.release",
	  .does = "Show the grades that were held back, and those to come.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 1000,
	  .params = &release_shape,
	  .result = &release_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT),
	  .run = release },
	{ 0 },
};
