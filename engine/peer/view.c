#include "engine/peer/view.h"

#include "base/limits.h"

#define F struct work_file
static const struct field work_file_fields[] = {
	FIELD(F, name, KIND_STR, "for review.file"),
	FIELD(F, bytes, KIND_INT, "its size"),
	FIELD_OPT(F, media_type, KIND_STR, "as its author told; not trusted"),
	FIELD_END,
};
#undef F
static const struct shape work_file_shape =
	SHAPE(struct work_file, work_file_fields);

#define C struct peer_commit
static const struct field commit_fields[] = {
	FIELD(C, url, KIND_STR, "of the repository"),
	FIELD(C, commit, KIND_STR, "its commit"),
	FIELD_END,
};
#undef C
static const struct shape commit_shape =
	SHAPE(struct peer_commit, commit_fields);

#define C struct work_content
static const struct field content_fields[] = {
	FIELD_OPT(C, text, KIND_STR, "the text", .max = LIMIT_RESPONSE_BYTES),
	FIELD_OPT(C, files, KIND_LIST, "files", .of = KIND_OBJECT,
		  .shape = &work_file_shape),
	FIELD_MAYBE(C, commit, has_commit, KIND_OBJECT, "a commit in git",
		    .shape = &commit_shape),
	FIELD_OPT(C, links, KIND_LIST, "links", .of = KIND_STR),
	FIELD_END,
};
#undef C
static const struct shape content_shape = { "work_content",
					    sizeof(struct work_content),
					    content_fields };

#define C struct criterion_explained
static const struct field criterion_fields[] = {
	FIELD(C, criterion, KIND_STR, "which"),
	FIELD(C, given, KIND_DEC, "by you, 0..1"),
	FIELD(C, expert, KIND_DEC, "by the expert, 0..1"),
	FIELD(C, near, KIND_BOOL, "near enough"),
	FIELD_OPT(C, expert_level, KIND_STR, "the expert's level"),
	FIELD_OPT(C, reason, KIND_STR, "the expert's reason"),
	FIELD_END,
};
#undef C
static const struct shape criterion_shape =
	SHAPE(struct criterion_explained, criterion_fields);
#define G struct gold_explained
static const struct field explained_fields[] = {
	FIELD(G, passed, KIND_BOOL, "near enough, all in all"),
	FIELD(G, given, KIND_DEC, "by you, of 100"),
	FIELD(G, expert, KIND_DEC, "by the expert, of 100"),
	FIELD(G, criteria, KIND_LIST, "each of them", .of = KIND_OBJECT,
	      .shape = &criterion_shape),
	FIELD_OPT(G, reason, KIND_STR, "the expert's, over all"),
	FIELD_END,
};
#undef G
static const struct shape explained_shape =
	SHAPE(struct gold_explained, explained_fields);

#define V struct review_view
static const struct field review_fields[] = {
	FIELD(V, review, KIND_ID, "the review"),
	FIELD(V, calibration, KIND_BOOL,
	      "of a work with an expert's grade, which is told afterwards"),
	FIELD(V, state, KIND_ENUM, "where it stands",
	      .words = review_state_words),
	FIELD(V, fence, KIND_INT, "of the lease: for draft, renew and submit"),
	FIELD_OPT(V, lease_until, KIND_TIME, "its end, unless renewed"),
	FIELD_OPT(V, instructions, KIND_STR, "by the author of the assessment"),
	FIELD(V, rubric, KIND_OBJECT, "by which to review",
	      .shape = &rubric_shape),
	FIELD_MAYBE(V, content, has_content, KIND_OBJECT, "the work",
		    .shape = &content_shape),
	FIELD_MAYBE(V, words, has_words, KIND_OBJECT, "the review, or a draft",
		    .shape = &peer_words_shape),
	FIELD(V, draft, KIND_BOOL, "words are a draft"),
	FIELD_MAYBE(V, explained, has_explained, KIND_OBJECT,
		    "after a calibration: how it compares",
		    .shape = &explained_shape),
	FIELD_END,
};
#undef V
const struct shape review_view_shape = { "review", sizeof(struct review_view),
					 review_fields };

#define V struct received_view
static const struct field received_fields[] = {
	FIELD(V, review, KIND_ID, "for review.rate"),
	FIELD(V, at, KIND_TIME, "when it came"),
	FIELD(V, counts, KIND_BOOL, "for the grade"),
	FIELD(V, strengths, KIND_LIST, "what is good", .of = KIND_STR),
	FIELD(V, improvements, KIND_LIST, "what would make it better",
	      .of = KIND_STR),
	FIELD(V, comments, KIND_LIST, "on criteria: comments alone",
	      .of = KIND_OBJECT, .shape = &rubric_score_shape),
	FIELD_MAYBE(V, scores, has_scores, KIND_LIST, "with the grade",
		    .of = KIND_OBJECT, .shape = &rubric_score_shape),
	FIELD(V, rating, KIND_INT, "that you gave it; 0: none"),
	FIELD(V, may_rate, KIND_BOOL, "now, by review.rate"),
	FIELD_END,
};
#undef V
static const struct shape received_shape = { "received_review",
					     sizeof(struct received_view),
					     received_fields };

#define G struct grade_view
static const struct field grade_fields[] = {
	FIELD(G, grade, KIND_DEC, "of 100"),
	FIELD(G, lo, KIND_DEC, "it is at least this, with 90 % together with",
	      .min = -1000, .max = 1000),
	FIELD(G, hi, KIND_DEC, "at most this", .min = -1000, .max = 1000),
	FIELD(G, mean, KIND_DEC, "of the reviews that count"),
	FIELD(G, median, KIND_DEC, "of the same"),
	FIELD(G, reviews, KIND_INT, "that count"),
	FIELD(G, qualified, KIND_INT, "of them by qualified reviewers"),
	FIELD(G, by_moderator, KIND_BOOL, "a moderator decided"),
	FIELD_OPT(G, reason, KIND_STR, "and why"),
	FIELD_MAYBE(G, now, has_now, KIND_DEC,
		    "for staff: by all that is known now; peer.confirm takes "
		    "it"),
	FIELD_END,
};
#undef G
const struct shape grade_view_shape = { "peer_grade", sizeof(struct grade_view),
					grade_fields };

#define V struct artifact_view
static const struct field artifact_fields[] = {
	FIELD(V, artifact, KIND_ID, "this version of the work"),
	FIELD(V, course, KIND_STR, "the platform's course id"),
	FIELD(V, slug, KIND_STR, "the assessment's name in it"),
	FIELD(V, version, KIND_INT, "from 1"),
	FIELD(V, state, KIND_ENUM, "where it stands",
	      .words = work_state_words),
	FIELD(V, waits, KIND_ENUM, "what it waits for",
	      .words = work_waits_words),
	FIELD(V, handed_in_at, KIND_TIME, "when"),
	FIELD_OPT(V, grace_until, KIND_TIME, "to be corrected until"),
	FIELD_OPT(V, sealed_at, KIND_TIME, "when its reviews were complete"),
	FIELD_OPT(V, released_at, KIND_TIME, "when its grade was shown"),
	FIELD(V, reviews, KIND_INT, "that it has"),
	FIELD(V, needed, KIND_INT, "that it needs at least"),
	FIELD(V, own_reviews, KIND_INT, "that its author has done"),
	FIELD(V, must_review, KIND_INT, "that he has to do"),
	FIELD_MAYBE(V, content, has_content, KIND_OBJECT, "what was handed in",
		    .shape = &peer_content_shape),
	FIELD(V, received, KIND_LIST, "reviews of it, once complete",
	      .of = KIND_OBJECT, .shape = &received_shape),
	FIELD_MAYBE(V, grade, has_grade, KIND_OBJECT,
		    "once released; for staff and platforms as it is",
		    .shape = &grade_view_shape),
	FIELD_OPT(V, appeal, KIND_ID, "the last appeal"),
	FIELD_OPT(V, learner, KIND_ID, "whose; for staff"),
	FIELD_END,
};
#undef V
const struct shape artifact_view_shape = { "artifact",
					   sizeof(struct artifact_view),
					   artifact_fields };

struct dec view_percent(double of_1)
{
	return dec_round(dec_from_double(of_1 * 100), 2);
}

/* ---- for reviewers ---- */

static enum err show_work(struct ctx *cx, const struct run *r, uint32_t work,
			  struct work_content *out)
{
	struct peer_content c;
	const struct peer_file *f;
	struct work_file *files;
	struct str personal;
	enum err e = peers_personal(cx, r, r->works[work].n, &personal);

	if (!e)
		e = peer_content_read(cx, personal, &c);
	if (e)
		return e;
	f = c.files.at;
	files = ARENA_ARRAY(cx->arena, struct work_file, c.files.n);
	for (size_t i = 0; i < c.files.n; i++)
		files[i] = (struct work_file){ f[i].name, f[i].bytes,
					       f[i].media_type };
	*out = (struct work_content){ .text = c.text,
				      .files = { files, c.files.n },
				      .has_commit = c.has_commit,
				      .commit = c.commit,
				      .links = c.links };
	return OK;
}

static void show_gold(const struct run *r, int32_t gold,
		      struct work_content *out)
{
	const struct peer_gold *g = r->def->gold.at;

	*out = (struct work_content){ .text = g[gold].text,
				      .links = g[gold].links };
}

static const struct rubric_score *score_of(const struct list *scores,
					   struct str criterion)
{
	const struct rubric_score *s = scores->at;

	for (size_t i = 0; i < scores->n; i++)
		if (str_eq(s[i].criterion, criterion))
			return &s[i];
	return NULL;
}

static enum err explain(struct ctx *cx, const struct run *r,
			const struct run_review *v, const struct peer_words *w,
			struct gold_explained *out)
{
	const struct peer_gold *g =
		(const struct peer_gold *)r->def->gold.at + v->gold;
	const struct rubric_criterion *c = r->def->rubric.criteria.at;
	size_t n = r->def->rubric.criteria.n, m = 0;
	struct criterion_explained *all =
		ARENA_ARRAY(cx->arena, struct criterion_explained, n);
	bool *near = ARENA_ARRAY(cx->arena, bool, n);
	struct rubric_result expert, given;
	enum err e = peer_gold_result(cx, r->def, (size_t)v->gold, &expert);

	if (!e)
		e = rubric_score(cx, &r->def->rubric, &w->scores, "", &given);
	if (e)
		return e;
	out->passed = peer_gold_passed(r->def, &expert, &given, near);
	out->given = dec_round(given.points, 2);
	out->expert = dec_round(expert.points, 2);
	out->reason = g->reason;
	for (size_t i = 0; i < n; i++) {
		const struct rubric_score *s = score_of(&g->scores, c[i].id);

		if (c[i].feedback_only)
			continue;
		all[m++] = (struct criterion_explained){
			.criterion = c[i].id,
			.given = given.each[i],
			.expert = expert.each[i],
			.near = near[i],
			.expert_level = s ? s->level : (struct str){ 0 },
			.reason = s ? s->comment : (struct str){ 0 },
		};
	}
	out->criteria = (struct list){ all, m };
	return OK;
}

static enum err draft_of(struct ctx *cx, const struct run_review *v,
			 struct review_view *out)
{
	struct peer_draft_row row;
	enum err e = store_one(cx, &peer_sql[PEER_DRAFT_GET],
			       VALS(v_id(&cx->who->org), v_id(&v->id)), &row);

	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return OK;
	}
	if (!e)
		e = peer_words_read(cx, row.words, &out->words);
	out->has_words = out->draft = !e;
	return e;
}

static enum err words_of(struct ctx *cx, const struct run *r,
			 const struct run_review *v, struct review_view *out)
{
	struct str personal;
	enum err e = peers_personal(cx, r, v->n, &personal);

	if (!e)
		e = peer_words_read(cx, personal, &out->words);
	out->has_words = !e;
	if (!e && v->kind == REVIEW_CALIBRATION) {
		e = explain(cx, r, v, &out->words, &out->explained);
		out->has_explained = !e;
	}
	return e;
}

/* An erased text is no error: there is just nothing to show. */
static enum err or_erased(struct ctx *cx, enum err e)
{
	if (e != ERR_ERASED)
		return e;
	err_clear(cx);
	return OK;
}

static void head(const struct run *r, const struct run_review *v,
		 struct review_view *out)
{
	bool open = v->state == REVIEW_LEASED;

	*out = (struct review_view){
		.review = v->id,
		.calibration = v->kind == REVIEW_CALIBRATION,
		.state = v->state,
		.fence = open ? v->fence : 0,
		.lease_until = open ? v->until : 0,
		.instructions = r->def->instructions,
		.rubric = r->def->rubric,
	};
}

enum err view_submitted(struct ctx *cx, struct run *r, uint32_t review,
			const struct peer_words *words, struct review_view *out)
{
	const struct run_review *v = &r->reviews[review];
	enum err e = OK;

	head(r, v, out);
	if (v->kind == REVIEW_CALIBRATION) {
		e = explain(cx, r, v, words, &out->explained);
		out->has_explained = !e;
	}
	return e;
}

enum err view_review(struct ctx *cx, struct run *r, uint32_t review,
		     struct review_view *out)
{
	const struct run_review *v = &r->reviews[review];
	enum err e = OK;

	head(r, v, out);
	/* Whose lease is over has no business with the work any more. */
	if (v->state == REVIEW_LEASED || v->state == REVIEW_DONE) {
		if (v->work == NONE)
			show_gold(r, v->gold, &out->content);
		else
			e = show_work(cx, r, v->work, &out->content);
		out->has_content = !e;
		e = or_erased(cx, e);
	}
	if (e)
		return e;
	e = v->state == REVIEW_DONE ? words_of(cx, r, v, out)
				    : draft_of(cx, v, out);
	return or_erased(cx, e);
}

/* ---- for authors ---- */

static void only_comments(struct ctx *cx, const struct list *scores,
			  struct list *out)
{
	const struct rubric_score *s = scores->at;
	struct rubric_score *c =
		ARENA_ARRAY(cx->arena, struct rubric_score, scores->n);
	size_t n = 0;

	for (size_t i = 0; i < scores->n; i++)
		if (s[i].comment.n)
			c[n++] = (struct rubric_score){ .criterion =
								s[i].criterion,
							.comment =
								s[i].comment };
	*out = (struct list){ c, n };
}

/*
 * Is there an open appeal about it, for who may decide it? Then he sees no
 * grade and no score: he is to make up his own mind.
 */
static bool is_blind(const struct ctx *cx, const struct run *r, uint32_t work)
{
	return cx->who && principal_has(cx->who, ROLE_STAFF) &&
	       run_is_appealed(r, work);
}

/* A held release waits for staff. */
static bool grade_shown(const struct ctx *cx, const struct run *r,
			uint32_t work)
{
	const struct run_work *w = &r->works[work];

	if (is_blind(cx, r, work))
		return false;
	if (peers_staff(cx))
		return w->estimate != NONE && (w->decided || w->reviews_n);
	return run_is_shown(r, work);
}

static enum err received(struct ctx *cx, const struct run *r, uint32_t work,
			 const struct run_review *v, struct received_view *out)
{
	const struct run_work *w = &r->works[work];
	struct peer_words words;
	struct str personal;
	enum err e = peers_personal(cx, r, v->n, &personal);

	if (!e)
		e = peer_words_read(cx, personal, &words);
	e = or_erased(cx, e);
	if (e)
		return e;
	*out = (struct received_view){
		.review = v->id,
		.at = v->done_at,
		.counts = v->counts,
		.strengths = words.strengths,
		.improvements = words.improvements,
		.rating = v->rating,
		.may_rate = w->state == WORK_SEALED && !v->rating &&
			    r->def->rate_reviews,
	};
	only_comments(cx, &words.scores, &out->comments);
	/* The scores would tell the grade before it is shown. Those of an old
	   version tell of none. */
	out->has_scores = grade_shown(cx, r, work) ||
			  (w->state == WORK_REPLACED && !is_blind(cx, r, work));
	out->scores = words.scores;
	return OK;
}

static enum err all_received(struct ctx *cx, const struct run *r, uint32_t work,
			     struct list *out)
{
	const struct run_work *w = &r->works[work];
	struct received_view *all =
		ARENA_ARRAY(cx->arena, struct received_view, w->reviews_n + 1);
	size_t n = w->reviews_n, at = n;
	enum err e = OK;

	for (uint32_t i = w->review; !e && i != NONE;
	     i = r->reviews[i].next_of_work)
		if (r->reviews[i].state == REVIEW_DONE && at)
			e = received(cx, r, work, &r->reviews[i], &all[--at]);
	*out = (struct list){ all + at, n - at };
	return e;
}

void view_grade(const struct run *r, uint32_t work, struct grade_view *out)
{
	const struct run_work *w = &r->works[work];
	struct run_grade g;

	run_grade(r, work, &g);
	*out = (struct grade_view){
		.grade = view_percent(g.grade),
		.lo = view_percent(g.lo),
		.hi = view_percent(g.hi),
		.mean = view_percent(g.e.plain_mean),
		.median = view_percent(g.e.plain_median),
		.reviews = g.e.n,
		.qualified = g.deciding,
		.by_moderator = w->decided,
	};
	if (!run_is_released(r, work))
		return;
	out->now = out->grade;
	out->grade = view_percent(w->released);
	out->lo = view_percent(w->released_lo);
	out->hi = view_percent(w->released_hi);
	out->by_moderator = w->shown_n != 0;
	out->has_now =
		w->state == WORK_RELEASED && out->now.nano != out->grade.nano;
}

/* Why a moderator gave it: in the record of that. */
static enum err why_decided(struct ctx *cx, const struct run *r,
			    const struct run_work *w, struct str *out)
{
	struct peer_note n;
	struct record rec;
	int64_t at = w->shown_n ? w->shown_n : w->decided_n;
	enum err e = peers_record(cx, r, at, &rec);

	if (!e)
		e = peer_note_read(cx, peer_note_kind_of(rec.event), rec.body,
				   &n);
	if (!e)
		*out = n.reason;
	return e;
}

enum err view_artifact(struct ctx *cx, struct run *r, uint32_t work,
		       bool with_texts, struct artifact_view *out)
{
	const struct run_work *w = &r->works[work];
	const struct run_person *p = &r->people[w->author];
	struct str personal;
	enum err e = OK;

	*out = (struct artifact_view){
		.artifact = w->id,
		.course = r->course,
		.slug = r->slug,
		.version = w->version,
		.state = w->state,
		.waits = run_waits(r, work),
		.handed_in_at = w->handed_in_at,
		.grace_until = w->state == WORK_GRACE ? w->grace_until : 0,
		.sealed_at = w->sealed_at,
		.released_at = w->released_at,
		.reviews = w->reviews_n,
		.needed = run_need(r),
		.own_reviews = p->done,
		.must_review = r->def->must_review,
	};
	if (w->appeal != NONE)
		out->appeal = r->appeals[w->appeal].id;
	if (peers_staff(cx))
		out->learner = p->learner;
	out->has_grade = grade_shown(cx, r, work);
	if (out->has_grade)
		view_grade(r, work, &out->grade);
	out->grade.has_now &= peers_staff(cx);
	if (!with_texts)
		return OK;
	if (out->has_grade && out->grade.by_moderator)
		e = why_decided(cx, r, w, &out->grade.reason);
	if (e)
		return e;
	e = peers_personal(cx, r, w->n, &personal);
	if (!e)
		e = peer_content_read(cx, personal, &out->content);
	out->has_content = !e;
	e = or_erased(cx, e);
	/* Old versions' reviews stay to be read. */
	if (!e && (w->state == WORK_SEALED || w->state == WORK_RELEASED ||
		   w->state == WORK_REPLACED || peers_staff(cx)))
		e = all_received(cx, r, work, &out->received);
	return e;
}
