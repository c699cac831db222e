/* review.*, calibration.next: getting work to review, and reviewing it. */
#include "base/limits.h"
#include "engine/blob/blob.h"
#include "engine/peer/review.h"

#define WHO (ROLE_LEARNER | ROLE_REVIEWER | ROLE_STAFF)

struct next_params {
	struct assessment_ref ref;
	struct str learner;
};
static const struct field next_fields[] = {
	ASSESSMENT_REF_FIELDS(struct next_params, ref),
	FIELD_OPT(struct next_params, learner, KIND_STR,
		  "for whom, by platforms and staff", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape next_shape = { "review_next",
					 sizeof(struct next_params),
					 next_fields };

static enum err next_for(struct ctx *cx, const struct next_params *p,
			 bool calibration, struct review_view *out)
{
	struct id learner;
	struct run *r = NULL;
	uint32_t review = NONE;
	enum err e = peers_open_ref(cx, &p->ref, p->learner, &r, &learner);

	if (!e)
		e = calibration ? review_calibrate(cx, r, &learner, &review)
				: review_pick(cx, r, &learner, &review);
	/* There was none: what was written about that is kept. */
	if (!e && review == NONE)
		return peers_done(cx, r);
	if (!e)
		e = peers_done(cx, r);
	cx->io->private_reply = true;
	return e ? e : view_review(cx, r, review, out);
}

static enum err next(struct ctx *cx, const void *params, void *result)
{
	return next_for(cx, params, false, result);
}

static enum err calibrate(struct ctx *cx, const void *params, void *result)
{
	return next_for(cx, params, true, result);
}

/* ---- a review that is there ---- */

/* Of its reviewer: staff look by review.get, but write nothing in it. */
static enum err mine(struct ctx *cx, const struct id *id, struct run **r,
		     uint32_t *review)
{
	enum err e = peers_of(cx, id, PEER_REF_REVIEW, "review", r);

	if (e)
		return e;
	*review = run_find_review(*r, id);
	CHECK(*review != NONE);
	return peers_mine(cx, *r,
			  &(*r)->people[(*r)->reviews[*review].person].learner,
			  "review");
}

struct lease_params {
	struct id review;
	int64_t fence;
};
static const struct field lease_fields[] = {
	FIELD(struct lease_params, review, KIND_ID, "which"),
	FIELD(struct lease_params, fence, KIND_INT, "of its lease"),
	FIELD_END,
};
static const struct shape lease_shape = { "review_lease",
					  sizeof(struct lease_params),
					  lease_fields };
struct lease_result {
	struct id review;
	int state;
	int64_t lease_until;
};
static const struct field lease_result_fields[] = {
	FIELD(struct lease_result, review, KIND_ID, "which"),
	FIELD(struct lease_result, state, KIND_ENUM, "where it stands",
	      .words = review_state_words),
	FIELD_OPT(struct lease_result, lease_until, KIND_TIME, "its end"),
	FIELD_END,
};
static const struct shape lease_result_shape = { "review_lease_result",
						 sizeof(struct lease_result),
						 lease_result_fields };

static void tell_lease(const struct run_review *v, struct lease_result *out)
{
	*out = (struct lease_result){
		.review = v->id,
		.state = v->state,
		.lease_until = v->state == REVIEW_LEASED ? v->until : 0,
	};
}

static enum err held(struct ctx *cx, const struct lease_params *p,
		     struct run **r, uint32_t *review)
{
	enum err e = mine(cx, &p->review, r, review);

	return e ? e : review_held(cx, &(*r)->reviews[*review], p->fence);
}

static enum err renew(struct ctx *cx, const void *params, void *result)
{
	const struct lease_params *p = params;
	struct peer_note n = { .review = p->review };
	struct run *r = NULL;
	uint32_t review;
	enum err e = held(cx, p, &r, &review);

	if (e)
		return e;
	e = review_renewal(cx, r, &r->reviews[review], &n.until);
	if (!e)
		e = peers_write(cx, r, NOTE_RENEWED, &n,
				&r->people[r->reviews[review].person].learner,
				(struct str){ 0 });
	if (!e)
		tell_lease(&r->reviews[review], result);
	return e;
}

static enum err give_back(struct ctx *cx, const void *params, void *result)
{
	const struct lease_params *p = params;
	struct peer_note n = { .review = p->review };
	struct run *r = NULL;
	uint32_t review;
	enum err e = held(cx, p, &r, &review);

	if (!e)
		e = peers_write(cx, r, NOTE_RETURNED, &n,
				&r->people[r->reviews[review].person].learner,
				(struct str){ 0 });
	if (!e)
		tell_lease(&r->reviews[review], result);
	return e;
}

/* ---- drafts ---- */

struct draft_params {
	struct id review;
	struct peer_words words;
};
static const struct field draft_fields[] = {
	FIELD(struct draft_params, review, KIND_ID, "which"),
	FIELD(struct draft_params, words, KIND_OBJECT, "as far as they are",
	      .shape = &peer_words_shape),
	FIELD_END,
};
static const struct shape draft_shape = { "review_draft",
					  sizeof(struct draft_params),
					  draft_fields };

static enum err draft(struct ctx *cx, const void *params, void *result)
{
	const struct draft_params *p = params;
	struct run *r = NULL;
	uint32_t review;
	enum err e = mine(cx, &p->review, &r, &review);

	if (!e && r->reviews[review].state == REVIEW_DONE)
		e = err_set(cx, ERR_CONFLICT,
			    "this review is submitted; it "
			    "cannot be changed");
	if (!e)
		e = review_keep_draft(cx, r, review, &p->words);
	if (!e)
		e = peers_done(cx, r); /* what was due has been written */
	if (!e)
		tell_lease(&r->reviews[review], result);
	return e;
}

/* ---- submit ---- */

struct submit_params {
	struct id review;
	int64_t fence;
	struct peer_words words;
	int flag;
};
static const struct field submit_fields[] = {
	FIELD(struct submit_params, review, KIND_ID, "which"),
	FIELD(struct submit_params, fence, KIND_INT, "of its lease"),
	FIELD(struct submit_params, words, KIND_OBJECT, "the review",
	      .shape = &peer_words_shape),
	FIELD_OPT(struct submit_params, flag, KIND_ENUM,
		  "what is wrong with the work; default none",
		  .words = peer_flag_words),
	FIELD_END,
};
static const struct shape submit_shape = { "review_submit",
					   sizeof(struct submit_params),
					   submit_fields };

static enum err submit(struct ctx *cx, const void *params, void *result)
{
	const struct submit_params *p = params;
	struct run *r = NULL;
	uint32_t review;
	enum err refused, e = mine(cx, &p->review, &r, &review);

	if (!e && r->reviews[review].state == REVIEW_DONE)
		return err_set(cx, ERR_CONFLICT,
			       "this review is submitted "
			       "already; it counts once");
	if (e)
		return e;
	refused = review_submit(cx, r, review,
				&(struct review_said){ .fence = p->fence,
						       .words = p->words,
						       .flag = p->flag });
	if (refused)
		return review_keep_refused(cx, r, review, &p->words, refused);
	e = peers_done(cx, r);
	cx->io->private_reply = true;
	return e ? e : view_submitted(cx, r, review, &p->words, result);
}

/* ---- looking ---- */

struct which_params {
	struct id review;
};
static const struct field which_fields[] = {
	FIELD(struct which_params, review, KIND_ID, "which"),
	FIELD_END,
};
static const struct shape which_shape = { "review_which",
					  sizeof(struct which_params),
					  which_fields };

static enum err read_mine(struct ctx *cx, const struct id *id, struct run **r,
			  uint32_t *review)
{
	enum err e = peers_read_of(cx, id, PEER_REF_REVIEW, "review", r);

	if (e)
		return e;
	*review = run_find_review(*r, id);
	if (*review == NONE)
		return err_set(cx, ERR_NOT_FOUND, "there is no such review");
	return peers_mine(cx, *r,
			  &(*r)->people[(*r)->reviews[*review].person].learner,
			  "review");
}

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct which_params *p = params;
	struct run *r = NULL;
	uint32_t review;
	enum err e = read_mine(cx, &p->review, &r, &review);

	return e ? e : view_review(cx, r, review, result);
}

struct file_params {
	struct id review;
	struct str name;
};
static const struct field file_fields[] = {
	FIELD(struct file_params, review, KIND_ID, "which"),
	FIELD(struct file_params, name, KIND_STR, "of the work's files",
	      .min = 1, .max = LIMIT_NAME_BYTES),
	FIELD_END,
};
static const struct shape file_shape = { "review_file",
					 sizeof(struct file_params),
					 file_fields };
struct file_result {
	int64_t bytes;
	struct str media_type;
};
static const struct field file_result_fields[] = {
	FIELD(struct file_result, bytes, KIND_INT, "that follow"),
	FIELD_OPT(struct file_result, media_type, KIND_STR,
		  "as its author told; not trusted"),
	FIELD_END,
};
static const struct shape file_result_shape = { "review_file_result",
						sizeof(struct file_result),
						file_result_fields };

/* A file of the work, by name; ERR_NOT_FOUND. */
static enum err find_file(struct ctx *cx, const struct run *r,
			  const struct run_work *w, struct str name,
			  struct peer_file *out)
{
	struct peer_content c;
	const struct peer_file *f;
	struct str personal;
	enum err e = peers_personal(cx, r, w->n, &personal);

	if (!e)
		e = peer_content_read(cx, personal, &c);
	if (e)
		return e;
	f = c.files.at;
	for (size_t i = 0; i < c.files.n; i++)
		if (str_eq(f[i].name, name)) {
			*out = f[i];
			return OK;
		}
	return err_set(cx, ERR_NOT_FOUND, "the work has no file of this name");
}

static enum err file(struct ctx *cx, const void *params, void *result)
{
	const struct file_params *p = params;
	struct file_result *out = result;
	const struct run_review *v;
	struct peer_file f;
	struct blob b;
	struct run *r = NULL;
	uint32_t review;
	enum err e = read_mine(cx, &p->review, &r, &review);

	if (e)
		return e;
	v = &r->reviews[review];
	if (v->work == NONE ||
	    (v->state != REVIEW_LEASED && v->state != REVIEW_DONE))
		return err_set(cx, ERR_NOT_FOUND,
			       "the work has no file of this name");
	e = find_file(cx, r, &r->works[v->work], p->name, &f);
	if (!e)
		e = blob_read(cx, &r->org,
			      &r->people[r->works[v->work].author].learner,
			      f.digest, &b, &cx->io->bytes_out);
	if (e)
		return e;
	out->bytes = (int64_t)cx->io->bytes_out.n;
	out->media_type = b.media_type;
	return OK;
}

/* ---- the reviewee's rating ---- */

struct rate_params {
	struct id review;
	int64_t rating;
};
static const struct field rate_fields[] = {
	FIELD(struct rate_params, review, KIND_ID, "of one's own work"),
	FIELD(struct rate_params, rating, KIND_INT,
	      "how useful it is: 1 (not at all) to 5 (very)", .min = 1,
	      .max = 5),
	FIELD_END,
};
static const struct shape rate_shape = { "review_rate",
					 sizeof(struct rate_params),
					 rate_fields };
struct rate_result {
	struct id review;
	int64_t rating;
};
static const struct field rate_result_fields[] = {
	FIELD(struct rate_result, review, KIND_ID, "which"),
	FIELD(struct rate_result, rating, KIND_INT, "that it has now"),
	FIELD_END,
};
static const struct shape rate_result_shape = { "review_rate_result",
						sizeof(struct rate_result),
						rate_result_fields };

static enum err may_rate(struct ctx *cx, const struct run *r,
			 const struct run_review *v)
{
	const struct run_work *w = v->work == NONE ? NULL : &r->works[v->work];

	/* For anybody but its reviewee, or who speaks for him, it is not
	   there. */
	if (!w || v->state != REVIEW_DONE ||
	    (!id_eq(&cx->who->person, &r->people[w->author].learner) &&
	     !principal_has(cx->who, ROLE_PLATFORM)))
		return err_set(cx, ERR_NOT_FOUND,
			       "there is no such review of "
			       "your work");
	if (!r->def->rate_reviews)
		return err_set(cx, ERR_PRECONDITION,
			       "reviews are not rated in this assessment");
	if (w->state == WORK_IN_REVIEW)
		return err_set(cx, ERR_TOO_EARLY,
			       "reviews are rated when all of them are there");
	if (w->state != WORK_SEALED)
		return err_set(cx, ERR_TOO_LATE,
			       "reviews are rated before the grade is shown");
	if (v->rating)
		return err_set(cx, ERR_CONFLICT,
			       "this review has its rating; "
			       "each is rated once");
	return OK;
}

static uint32_t author_of(const struct run *r, uint32_t review)
{
	return r->works[r->reviews[review].work].author;
}

static enum err rate(struct ctx *cx, const void *params, void *result)
{
	const struct rate_params *p = params;
	struct rate_result *out = result;
	struct peer_note n = { .review = p->review, .rating = p->rating };
	struct run *r = NULL;
	uint32_t review;
	enum err e = peers_of(cx, &p->review, PEER_REF_REVIEW, "review", &r);

	if (e)
		return e;
	review = run_find_review(r, &p->review);
	CHECK(review != NONE);
	e = may_rate(cx, r, &r->reviews[review]);
	if (!e)
		e = peers_write(cx, r, NOTE_RATED, &n,
				&r->people[author_of(r, review)].learner,
				(struct str){ 0 });
	*out = (struct rate_result){ p->review, p->rating };
	return e;
}

/* ---- list ---- */

struct list_row {
	struct id review;
	bool calibration;
	int state;
	int64_t leased_at, lease_until, done_at;
};
#define L struct list_row
static const struct field list_row_fields[] = {
	FIELD(L, review, KIND_ID, "for review.get"),
	FIELD(L, calibration, KIND_BOOL, "an expert's grade was compared"),
	FIELD(L, state, KIND_ENUM, "where it stands",
	      .words = review_state_words),
	FIELD(L, leased_at, KIND_TIME, "got, the last time"),
	FIELD_OPT(L, lease_until, KIND_TIME, "the lease's end, while open"),
	FIELD_OPT(L, done_at, KIND_TIME, "submitted"),
	FIELD_END,
};
#undef L
static const struct shape list_row_shape =
	SHAPE(struct list_row, list_row_fields);
struct list_result {
	struct list reviews;
};
static const struct field list_result_fields[] = {
	FIELD(struct list_result, reviews, KIND_LIST, "the newest first",
	      .of = KIND_OBJECT, .shape = &list_row_shape),
	FIELD_END,
};
static const struct shape list_result_shape = { "review_list",
						sizeof(struct list_result),
						list_result_fields };

/* A review of gold in live work looks like any other. */
static enum err list(struct ctx *cx, const void *params, void *result)
{
	const struct next_params *p = params;
	struct list_result *out = result;
	struct run *r = NULL;
	struct list_row *rows;
	uint32_t person;
	size_t n = 0;
	enum err e = peers_read_person(cx, &p->ref, p->learner, &r, &person);

	if (e)
		return e;
	rows = ARENA_ARRAY(cx->arena, struct list_row, LIMIT_PAGE);
	for (uint32_t i = r->people[person].review; i != NONE && n < LIMIT_PAGE;
	     i = r->reviews[i].next_of_person) {
		const struct run_review *v = &r->reviews[i];

		rows[n++] = (struct list_row){
			.review = v->id,
			.calibration = v->kind == REVIEW_CALIBRATION,
			.state = v->state,
			.leased_at = v->leased_at,
			.lease_until = v->state == REVIEW_LEASED ? v->until : 0,
			.done_at = v->done_at,
		};
	}
	out->reviews = (struct list){ rows, n };
	return OK;
}

const struct rpc_method calibration_methods[] = {
	{ .name = "calibration.next",
	  .does = "Get a work with an expert's grade to review; how the review "
		  "compares is explained when it is submitted.",
	  .roles = WHO,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &next_shape,
	  .result = &review_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_CONFLICT),
	  .run = calibrate },
	{ 0 },
};

const struct rpc_method review_methods[] = {
	{ .name = "review.next",
	  .does = "Get the next work to review, under a lease; the same one "
		  "again while the lease is open.",
	  .roles = WHO,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &next_shape,
	  .result = &review_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_TOO_EARLY,
			 ERR_TOO_LATE, ERR_LIMIT_REACHED),
	  .run = next },
	{ .name = "review.renew",
	  .does = "Prolong the lease of a review that is being written.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &lease_shape,
	  .result = &lease_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_OUT_OF_SEQUENCE, ERR_TOO_LATE,
			 ERR_LIMIT_REACHED),
	  .run = renew },
	{ .name = "review.return",
	  .does = "Give a review back; its draft is kept.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &lease_shape,
	  .result = &lease_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_OUT_OF_SEQUENCE, ERR_TOO_LATE),
	  .run = give_back },
	{ .name = "review.draft",
	  .does = "Keep what is written of a review so far.",
	  .roles = WHO,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &draft_shape,
	  .result = &lease_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
	  .run = draft },
	{ .name = "review.submit",
	  .does = "Submit a review. What is refused is kept as a draft.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &submit_shape,
	  .result = &review_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT,
			 ERR_OUT_OF_SEQUENCE, ERR_TOO_LATE),
	  .run = submit },
	{ .name = "review.get",
	  .does = "A review of one's own: the work, the draft or what was "
		  "submitted, and after a calibration how it compares.",
	  .roles = WHO | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .budget_ms = 200,
	  .params = &which_shape,
	  .result = &review_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ .name = "review.list",
	  .does = "The reviews that somebody has done, or has open.",
	  .roles = WHO | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .budget_ms = 200,
	  .params = &next_shape,
	  .result = &list_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list },
	{ .name = "review.file",
	  .does = "The bytes of a file of the work that is reviewed.",
	  .roles = WHO,
	  .flags = RPC_READS | RPC_GIVES_BYTES | RPC_SLOW,
	  .budget_ms = 2000,
	  .params = &file_shape,
	  .result = &file_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = file },
	{ .name = "review.rate",
	  .does = "Rate a review of one's own work, once, before the grade is "
		  "shown.",
	  .roles = ROLE_LEARNER | ROLE_REVIEWER | ROLE_PLATFORM,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &rate_shape,
	  .result = &rate_result_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_PRECONDITION, ERR_TOO_EARLY,
			 ERR_TOO_LATE, ERR_CONFLICT),
	  .run = rate },
	{ 0 },
};
