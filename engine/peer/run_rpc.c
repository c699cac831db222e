/* peer.extend, peer.release: what staff do to a run as a whole.
 */
#include "base/limits.h"
#include "engine/peer/peers.h"

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
