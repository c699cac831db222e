/* reviewer.*, and what staff do about people: licences, marks, waivers. */
#include <sodium.h>

#include "base/limits.h"
#include "engine/peer/reviewer.h"

#define WHO (ROLE_LEARNER | ROLE_REVIEWER | ROLE_STAFF)

struct who_params {
	struct assessment_ref ref;
	struct str learner;
};
static const struct field who_fields[] = {
	ASSESSMENT_REF_FIELDS(struct who_params, ref),
	FIELD_OPT(struct who_params, learner, KIND_STR,
		  "whom; by platforms and staff", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape who_shape = { "reviewer_who",
					sizeof(struct who_params), who_fields };

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct who_params *p = params;
	struct run *r = NULL;
	uint32_t at;
	enum err e = peers_read_person(cx, &p->ref, p->learner, &r, &at);

	if (!e)
		reviewer_show(cx, r, at, &reviewer_qualities(cx, r)[at],
			      result);
	return e;
}

/* ---- list ---- */

struct list_params {
	struct assessment_ref ref;
	int64_t after;
	int64_t limit;
};
static const struct field list_fields[] = {
	ASSESSMENT_REF_FIELDS(struct list_params, ref),
	FIELD_OPT(struct list_params, after, KIND_INT,
		  "how many to leave out: next of the page before", .min = 0,
		  .max = INT32_MAX),
	FIELD_OPT(struct list_params, limit, KIND_INT, "rows; default 100",
		  .min = 1, .max = LIMIT_PAGE),
	FIELD_END,
};
static const struct shape list_shape = { "reviewer_list",
					 sizeof(struct list_params),
					 list_fields };
struct list_result {
	struct list reviewers;
	int64_t next;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, reviewers, KIND_LIST,
	      "in the order in which they came", .of = KIND_OBJECT,
	      .shape = &reviewer_view_shape),
	FIELD(struct list_result, next, KIND_INT,
	      "for after; 0: this was the last page"),
	FIELD_END,
};
static const struct shape list_result_shape = { "reviewer_list_result",
						sizeof(struct list_result),
						list_result_fields };

static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct list_params *p = params;
	struct list_result *out = result;
	struct reviewer_view *all;
	const struct quality *q;
	struct run *r = NULL;
	size_t from = (size_t)p->after, n;
	enum err e = peers_read_or_none(cx, &p->ref, &r);

	if (e || !r)
		return e;
	n = from < r->people_n ? r->people_n - from : 0;
	if (n > (size_t)(p->limit ? p->limit : 100))
		n = (size_t)(p->limit ? p->limit : 100);
	q = reviewer_qualities(cx, r);
	all = ARENA_ARRAY(cx->arena, struct reviewer_view, n);
	for (size_t i = 0; i < n; i++)
		reviewer_show(cx, r, (uint32_t)(from + i), &q[from + i],
			      &all[i]);
	out->reviewers = (struct list){ all, n };
	out->next = from + n < r->people_n ? (int64_t)(from + n) : 0;
	return OK;
}

/* ---- licence ---- */

struct licence_params {
	struct assessment_ref ref;
	struct str learner;
	int licence;
	int64_t since;
	bool restore;
	struct str reason;
};
static const struct field licence_fields[] = {
	ASSESSMENT_REF_FIELDS(struct licence_params, ref),
	FIELD(struct licence_params, learner, KIND_STR, "whose", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct licence_params, licence, KIND_ENUM,
	      "suspended, supervised or qualified",
	      .words = licence_state_words),
	FIELD_OPT(
		struct licence_params, since, KIND_TIME,
		"of suspended: his reviews from this instant on do not count"),
	FIELD_OPT(struct licence_params, restore, KIND_BOOL,
		  "those that were taken out count again"),
	FIELD(struct licence_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape licence_shape = { "reviewer_licence",
					    sizeof(struct licence_params),
					    licence_fields };

/* Written, and shown without what takes a look at all reviews. */
static enum err write(struct ctx *cx, struct run *r, int kind,
		      struct peer_note *n, struct reviewer_view *out)
{
	enum err e;

	n->by = cx->who->actor;
	e = peers_write(cx, r, kind, n, &n->learner, (struct str){ 0 });
	if (!e)
		reviewer_show(cx, r, run_person(r, &n->learner), NULL, out);
	return e;
}

static enum err set_licence(struct ctx *cx, const void *params, void *result)
{
	const struct licence_params *p = params;
	struct peer_note n = { .licence = p->licence,
			       .since = p->since,
			       .restore = p->restore,
			       .reason = p->reason };
	struct run *r = NULL;
	enum err e;

	if (p->since && (p->licence != LICENCE_SUSPENDED || p->restore))
		return err_field(cx, ERR_INVALID, "/since",
				 "goes with suspended, and not with restore");
	if (p->licence != LICENCE_SUSPENDED &&
	    p->licence != LICENCE_SUPERVISED && p->licence != LICENCE_QUALIFIED)
		return err_field(
			cx, ERR_INVALID, "/licence",
			"staff set suspended, supervised or qualified; "
			"the others follow from reviews");
	e = peers_open_ref(cx, &p->ref, p->learner, &r, &n.learner);
	if (!e && run_person(r, &n.learner) == NONE)
		e = peers_nobody(cx);
	return e ? e : write(cx, r, NOTE_LICENCE, &n, result);
}

/* ---- marks ---- */

struct mark_params {
	struct id review;
	int64_t mark;
	struct str reason;
};
static const struct field mark_fields[] = {
	FIELD(struct mark_params, review, KIND_ID, "which"),
	FIELD(struct mark_params, mark, KIND_INT,
	      "1 (useless) to 5 (very good)", .min = 1, .max = 5),
	FIELD(struct mark_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape mark_shape = { "review_mark",
					 sizeof(struct mark_params),
					 mark_fields };
struct mark_result {
	struct id review;
	int64_t mark;
};
static const struct field mark_result_fields[] = {
	FIELD(struct mark_result, review, KIND_ID, "which"),
	FIELD(struct mark_result, mark, KIND_INT, "that it has now"),
	FIELD_END,
};
static const struct shape mark_result_shape = { "review_mark_result",
						sizeof(struct mark_result),
						mark_result_fields };

static enum err mark(struct ctx *cx, const void *params, void *result)
{
	const struct mark_params *p = params;
	struct peer_note n = { .review = p->review,
			       .mark = p->mark,
			       .reason = p->reason,
			       .by = cx->who->actor };
	struct run *r = NULL;
	uint32_t at;
	enum err e = peers_of(cx, &p->review, PEER_REF_REVIEW, "review", &r);

	if (e)
		return e;
	at = run_find_review(r, &p->review);
	CHECK(at != NONE);
	if (r->reviews[at].state != REVIEW_DONE)
		return err_set(cx, ERR_TOO_EARLY,
			       "this review is not "
			       "submitted");
	e = peers_write(cx, r, NOTE_MARKED, &n,
			&r->people[r->reviews[at].person].learner,
			(struct str){ 0 });
	*(struct mark_result *)result =
		(struct mark_result){ p->review, p->mark };
	return e;
}

/* ---- waivers and relations ---- */

struct waive_params {
	struct assessment_ref ref;
	struct str learner, with;
	int what;
	struct str reason;
};
static const struct field waive_fields[] = {
	ASSESSMENT_REF_FIELDS(struct waive_params, ref),
	FIELD(struct waive_params, learner, KIND_STR, "for whom", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct waive_params, what, KIND_ENUM,
	      "duty: his own reviews; feedback: the rules for its text; "
	      "reciprocal: he may review `with`, who reviews him",
	      .words = peer_waiver_words),
	FIELD_OPT(struct waive_params, with, KIND_STR, "of reciprocal",
		  .max = LIMIT_REF_BYTES),
	FIELD(struct waive_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape waive_shape = { "peer_waive",
					  sizeof(struct waive_params),
					  waive_fields };

static enum err other_one(struct ctx *cx, struct str subject, struct id *out)
{
	if (!subject.n)
		return err_field(cx, ERR_INVALID, "/with",
				 "say with whom, by the platform's name");
	return peers_who(cx, subject, out);
}

static enum err waive(struct ctx *cx, const void *params, void *result)
{
	const struct waive_params *p = params;
	struct peer_note n = { .waiver = p->what, .reason = p->reason };
	struct run *r = NULL;
	enum err e = peers_open_ref(cx, &p->ref, p->learner, &r, &n.learner);

	if (!e && p->what == PEER_WAIVE_CONFLICT)
		e = other_one(cx, p->with, &n.other);
	return e ? e : write(cx, r, NOTE_WAIVED, &n, result);
}

struct relate_params {
	struct assessment_ref ref;
	struct str learner, with, group;
	int what;
	struct str reason;
};
static const struct field relate_fields[] = {
	ASSESSMENT_REF_FIELDS(struct relate_params, ref),
	FIELD(struct relate_params, learner, KIND_STR, "who", .min = 1,
	      .max = LIMIT_REF_BYTES),
	FIELD(struct relate_params, what, KIND_ENUM,
	      "conflict or no_conflict with `with`; of one team or identity "
	      "named by group",
	      .words = peer_relation_words),
	FIELD_OPT(struct relate_params, with, KIND_STR, "of a conflict",
		  .max = LIMIT_REF_BYTES),
	FIELD_OPT(struct relate_params, group, KIND_STR,
		  "of a team or identity; absent: none any more",
		  .max = LIMIT_REF_BYTES),
	FIELD(struct relate_params, reason, KIND_STR, "why", .min = 1,
	      .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape relate_shape = { "peer_relate",
					   sizeof(struct relate_params),
					   relate_fields };

/* A name of a group may tell of people: the record has its digest, made with
   the run's id, so that it says nothing elsewhere. */
static struct str digest_of(struct ctx *cx, const struct run *r,
			    struct str group)
{
	unsigned char *out = arena_alloc(cx->arena, 16);

	crypto_generichash(out, 16, (const unsigned char *)group.p, group.n,
			   r->id.b, sizeof(r->id.b));
	return (struct str){ (const char *)out, 16 };
}

static enum err relate(struct ctx *cx, const void *params, void *result)
{
	const struct relate_params *p = params;
	struct peer_note n = { .relation = p->what, .reason = p->reason };
	struct run *r = NULL;
	enum err e = peers_open_ref(cx, &p->ref, p->learner, &r, &n.learner);

	if (!e && (p->what == PEER_CONFLICT || p->what == PEER_NO_CONFLICT))
		e = other_one(cx, p->with, &n.other);
	if (!e && id_eq(&n.learner, &n.other))
		e = err_field(cx, ERR_INVALID, "/with",
			      "nobody is in conflict with himself alone");
	if (e)
		return e;
	if (p->group.n)
		n.group = digest_of(cx, r, p->group);
	return write(cx, r, NOTE_RELATED, &n, result);
}

const struct rpc_method reviewer_methods[] = {
	{ .name = "reviewer.get",
	  .does = "Where a learner stands as a reviewer: licence, reviews to "
		  "do, quality.",
	  .roles = WHO | ROLE_AUDITOR,
	  .flags = RPC_READS | RPC_SLOW,
	  .budget_ms = 500,
	  .params = &who_shape,
	  .result = &reviewer_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_DENIED),
	  .run = get },
	{ .name = "reviewer.list",
	  .does = "All who hand in or review, as reviewers.",
	  .roles = ROLE_TEACHERS | ROLE_AUDITOR,
	  .flags = RPC_READS | RPC_SLOW,
	  .budget_ms = 1000,
	  .params = &list_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION),
	  .run = list },
	{ .name = "reviewer.license",
	  .does = "Suspend or reinstate a reviewer; from an instant on, if his "
		  "reviews since then are not to count.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 1000,
	  .params = &licence_shape,
	  .result = &reviewer_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID),
	  .run = set_licence },
	{ .name = "review.mark",
	  .does = "Give a review a moderator's mark, which counts for the "
		  "reviewer's quality.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &mark_shape,
	  .result = &mark_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_EARLY),
	  .run = mark },
	{ .name = "peer.waive",
	  .does = "Except a learner from his reviews, the rules for feedback, "
		  "or one reciprocal conflict.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &waive_shape,
	  .result = &reviewer_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID),
	  .run = waive },
	{ .name = "peer.relate",
	  .does = "Say who may not review whom: a declared conflict, a team, "
		  "the same verified identity.",
	  .roles = ROLE_TEACHERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &relate_shape,
	  .result = &reviewer_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID),
	  .run = relate },
	{ 0 },
};
