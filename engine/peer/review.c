#include "engine/peer/review.h"

#include "base/limits.h"

enum {
	RENEW_TIMES = 4, /* a lease lasts at most so many times its length */
	FLAG_WORDS = 5,	 /* of why a work is flagged */
	TELL_STUCK_MS = 3600000,
};

/* No lease reaches beyond the time to review. */
static int64_t in_time(const struct run *r, int64_t until)
{
	int64_t last = r->dates.review_until;

	return last && until > last ? last : until;
}

static int64_t lease_end(struct ctx *cx, const struct run *r)
{
	return in_time(r, clock_ms(cx->clock) + r->def->lease_minutes * 60000);
}

/* ---- may he? ---- */

static size_t golds_of(const struct run *r, bool open)
{
	const struct peer_gold *g = r->def->gold.at;
	size_t n = 0;

	for (size_t i = 0; i < r->def->gold.n; i++)
		n += open ? g[i].open : g[i].covert;
	return n;
}

static enum err may_review(struct ctx *cx, const struct run *r,
			   const struct run_person *p)
{
	const struct peer_dates *d = &r->dates;
	int64_t now = clock_ms(cx->clock);

	if (d->opens_at && now < d->opens_at)
		return err_set(cx, ERR_TOO_EARLY,
			       "reviews begin at the opening instant");
	if (d->review_until && now > d->review_until)
		return err_set(cx, ERR_TOO_LATE, "the time to review is over");
	if (!licence_may_review(&p->licence) &&
	    p->licence.state == LICENCE_SUSPENDED)
		return err_set(cx, ERR_PRECONDITION,
			       "your licence to review is suspended: ask the "
			       "course's staff");
	if (p->paused_until > now) {
		err_set(cx, ERR_TOO_EARLY,
			"%d leases in a row ran out: there is a pause until "
			"the next one",
			RUN_EXPIRED_MOST);
		cx->error.retry_after_ms = p->paused_until - now;
		return ERR_TOO_EARLY;
	}
	return OK;
}

static enum err may_review_live(struct ctx *cx, const struct run *r,
				const struct run_person *p)
{
	int64_t least = r->def->calibration.least;
	int64_t there = (int64_t)golds_of(r, true);

	if (p->licence.state != LICENCE_QUALIFIED &&
	    (p->work == NONE || r->works[p->work].state == WORK_WITHDRAWN))
		return err_set(cx, ERR_PRECONDITION,
			       "hand in your own work first, by "
			       "artifact.submit");
	if (p->licence.state != LICENCE_QUALIFIED &&
	    (int64_t)p->open_golds < (least < there ? least : there))
		return err_set(cx, ERR_PRECONDITION,
			       "calibrate first: %lld of %lld works with an "
			       "expert's grade are done; get the next by "
			       "calibration.next",
			       (long long)p->open_golds, (long long)least);
	if (!r->def->calibration.may_review_supervised &&
	    p->licence.state != LICENCE_QUALIFIED)
		return err_set(cx, ERR_PRECONDITION,
			       "only qualified reviewers review here: go on "
			       "with calibration.next until you are");
	if (r->def->mode == PEER_COHORT && !r->allocated)
		return err_set(cx, ERR_TOO_EARLY,
			       "the cohort's reviews are handed out when all "
			       "works are in");
	return OK;
}

/* ---- leases ---- */

static enum err lease(struct ctx *cx, struct run *r, const struct id *learner,
		      struct peer_note *n, uint32_t *review)
{
	enum err e;

	if (id_is_none(&n->review))
		n->review = id_new(cx->clock, cx->rng);
	n->fence = r->fence + 1;
	n->until = lease_end(cx, r);
	e = peers_note(cx, r, NOTE_LEASED, n, learner, (struct str){ 0 });
	if (!e)
		*review = run_find_review(r, &n->review);
	return e;
}

static enum err lease_gold(struct ctx *cx, struct run *r,
			   const struct id *learner, uint32_t gold, bool open,
			   uint32_t *review)
{
	struct peer_note n = { .is_gold = true, .open = open, .gold = gold };

	return lease(cx, r, learner, &n, review);
}

/* A random one of those that he has not had; NONE: he had all. */
static uint32_t some_gold(struct ctx *cx, const struct run *r,
			  const struct run_person *p, bool open)
{
	const struct peer_gold *g = r->def->gold.at;
	uint32_t *left = ARENA_ARRAY(cx->arena, uint32_t, r->golds + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->golds; i++)
		if ((open ? g[i].open : g[i].covert) &&
		    !(p->golds[i / 64] & (UINT64_C(1) << (i % 64))))
			left[n++] = i;
	return n ? left[rng_below(cx->rng, n)] : NONE;
}

/* A draft that somebody began is not lost to another pick. */
static uint32_t lapsed_one(const struct run *r, uint32_t person)
{
	for (uint32_t i = r->people[person].review; i != NONE;
	     i = r->reviews[i].next_of_person) {
		const struct run_review *v = &r->reviews[i];

		if (v->state != REVIEW_LAPSED || v->kind == REVIEW_CALIBRATION)
			continue;
		if (v->work == NONE ||
		    queue_free_for(r->queue, person,
				   r->works[v->work].in_queue))
			return i;
	}
	return NONE;
}

static enum err lease_again(struct ctx *cx, struct run *r,
			    const struct id *learner, uint32_t *review)
{
	const struct run_review *v = &r->reviews[*review];
	struct peer_note n = { .review = v->id };

	if (v->work == NONE) {
		n.is_gold = true;
		n.gold = v->gold;
		n.open = v->kind == REVIEW_CALIBRATION;
	} else {
		n.artifact = r->works[v->work].id;
	}
	return lease(cx, r, learner, &n, review);
}

static uint32_t assigned_one(const struct run *r, uint32_t person)
{
	const struct run_person *p = &r->people[person];

	for (uint32_t i = 0; i < p->assigned_n; i++) {
		const struct run_work *w = &r->works[p->assigned[i]];

		if (w->in_queue != NONE && w->state == WORK_IN_REVIEW &&
		    queue_free_for(r->queue, person, w->in_queue))
			return p->assigned[i];
	}
	return NONE;
}

static uint32_t work_in_queue(const struct run *r, uint32_t in_queue)
{
	/* Works enter the queue in the order in which they enter the pool. */
	return r->in_queue[in_queue];
}

/* ---- nothing to review ---- */

static enum err nothing(struct ctx *cx, struct run *r, const struct id *learner,
			const struct queue_choice *c)
{
	uint32_t at = run_person(r, learner);
	struct peer_note n = { .in_pool = c->open,
			       .conflicting = c->conflicting,
			       .had = c->had,
			       .full = c->full };
	int64_t stuck = at == NONE ? 0 : r->people[at].stuck_at;
	enum err e = OK;

	if (!stuck)
		e = peers_note(cx, r, NOTE_NONE, &n, learner,
			       (struct str){ 0 });
	if (e)
		return e;
	err_set(cx, ERR_TOO_EARLY,
		"there is nothing for you to review now: %u works are in the "
		"pool, %u of them you may not have, %u you have had, %u have "
		"all they may get; staff see that you wait",
		c->open, c->conflicting, c->had, c->full);
	cx->error.data = str_fmt(cx->arena,
				 "{\"in_pool\":%u,\"conflicting\":%u,"
				 "\"had\":%u,\"full\":%u}",
				 c->open, c->conflicting, c->had, c->full);
	return peers_refuse(cx, ERR_TOO_EARLY);
}

/* And a work has come since: else he knew that this is none. */
static bool has_waited(struct ctx *cx, const struct run *r,
		       const struct run_person *p)
{
	return p->stuck_at && r->pooled_at > p->stuck_at &&
	       clock_ms(cx->clock) - p->stuck_at > TELL_STUCK_MS;
}

/* One of those whose reviews tell too little, for who has done his; or NONE. */
static uint32_t wanting_one(struct ctx *cx, const struct run *r,
			    uint32_t person)
{
	uint32_t found = NONE, n = 0;

	for (uint32_t i = 0; i < r->works_n; i++)
		if (r->works[i].in_queue != NONE && run_wants(r, i) &&
		    queue_free_for(r->queue, person, r->works[i].in_queue) &&
		    rng_below(cx->rng, ++n) == 0)
			found = i;
	return found;
}

static enum err from_queue(struct ctx *cx, struct run *r,
			   const struct id *learner, uint32_t person,
			   uint32_t *review)
{
	struct queue_choice c;
	struct peer_note n = { 0 };
	uint32_t gold, work = NONE;

	queue_choose(r->queue, person, cx->rng, &c);
	if (c.work != QUEUE_NONE) {
		work = work_in_queue(r, c.work);
		n.window = c.window;
		n.surplus = c.surplus;
	}
	if (c.surplus) {
		uint32_t wanting = wanting_one(cx, r, person);

		if (wanting == NONE && run_duty_done(r, person))
			return err_set(cx, ERR_LIMIT_REACHED,
				       "your reviews are done, and every work "
				       "that you may have has what it needs, "
				       "or somebody reviews it now");
		if (wanting != NONE)
			work = wanting;
	}
	if (work != NONE) {
		n.artifact = r->works[work].id;
		return lease(cx, r, learner, &n, review);
	}
	/* Rather gold than no way to do one's duty; but not before others had
	   the time to hand in. */
	gold = has_waited(cx, r, &r->people[person]) &&
			       !run_duty_done(r, person)
		       ? some_gold(cx, r, &r->people[person], false)
		       : NONE;
	if (gold != NONE)
		return lease_gold(cx, r, learner, gold, false, review);
	return nothing(cx, r, learner, &c);
}

static bool draws_gold(struct ctx *cx, const struct run *r,
		       const struct run_person *p)
{
	double rate = licence_covert_rate(&r->def->licence, &p->licence);

	return (double)rng_below(cx->rng, 1000000) < rate * 1e6;
}

enum err review_pick(struct ctx *cx, struct run *r, const struct id *learner,
		     uint32_t *review)
{
	const struct run_person nobody = RUN_NOBODY;
	uint32_t at = run_person(r, learner), work, gold;
	const struct run_person *p = at == NONE ? &nobody : &r->people[at];
	struct peer_note n = { 0 };
	enum err e = may_review(cx, r, p);

	if (e)
		return e;
	*review = p->lease;
	if (p->lease != NONE && r->reviews[p->lease].kind != REVIEW_CALIBRATION)
		return OK;
	if (p->lease != NONE)
		return err_set(cx, ERR_PRECONDITION,
			       "a calibration is open: submit it, or give it "
			       "back by review.return");
	e = may_review_live(cx, r, p);
	if (e)
		return e;
	if (at == NONE) /* qualified elsewhere is not known here */
		return err_set(cx, ERR_PRECONDITION,
			       "hand in your own work first, by "
			       "artifact.submit");
	*review = lapsed_one(r, at);
	if (*review != NONE)
		return lease_again(cx, r, learner, review);
	gold = draws_gold(cx, r, p) ? some_gold(cx, r, p, false) : NONE;
	if (gold != NONE)
		return lease_gold(cx, r, learner, gold, false, review);
	work = assigned_one(r, at);
	if (work == NONE)
		return from_queue(cx, r, learner, at, review);
	n.artifact = r->works[work].id;
	n.window = 1;
	return lease(cx, r, learner, &n, review);
}

static uint32_t lapsed_calibration(const struct run *r,
				   const struct run_person *p)
{
	for (uint32_t i = p->review; i != NONE;
	     i = r->reviews[i].next_of_person)
		if (r->reviews[i].kind == REVIEW_CALIBRATION &&
		    (r->reviews[i].state == REVIEW_LAPSED ||
		     r->reviews[i].state == REVIEW_RETURNED))
			return i;
	return NONE;
}

enum err review_calibrate(struct ctx *cx, struct run *r,
			  const struct id *learner, uint32_t *review)
{
	const struct run_person nobody = RUN_NOBODY;
	uint32_t at = run_person(r, learner), gold;
	const struct run_person *p = at == NONE ? &nobody : &r->people[at];

	if (p->licence.state == LICENCE_SUSPENDED)
		return err_set(cx, ERR_PRECONDITION,
			       "your licence to review is suspended: ask the "
			       "course's staff");
	*review = p->lease;
	if (p->lease != NONE && r->reviews[p->lease].kind == REVIEW_CALIBRATION)
		return OK;
	if (p->lease != NONE)
		return err_set(cx, ERR_CONFLICT,
			       "a review is open: submit it, or give it back "
			       "by review.return");
	*review = lapsed_calibration(r, p);
	if (*review != NONE)
		return lease_again(cx, r, learner, review);
	gold = some_gold(cx, r, p, true);
	if (gold == NONE)
		return err_set(cx, ERR_PRECONDITION,
			       "there is no work left to calibrate on");
	return lease_gold(cx, r, learner, gold, true, review);
}

/* ---- a lease ---- */

static enum err fence_is(struct ctx *cx, const struct run_review *v,
			 int64_t fence)
{
	if (fence == v->fence)
		return OK;
	return err_field(cx, ERR_OUT_OF_SEQUENCE, "/fence",
			 "this fence is of another lease: get the present one "
			 "by review.next");
}

enum err review_held(struct ctx *cx, const struct run_review *v, int64_t fence)
{
	enum err e = fence_is(cx, v, fence);

	if (!e && v->state != REVIEW_LEASED)
		e = err_set(cx, ERR_TOO_LATE,
			    "the lease is over (%s); what was written is kept",
			    review_state_words[v->state]);
	return e;
}

enum err review_renewal(struct ctx *cx, const struct run *r,
			const struct run_review *v, int64_t *until)
{
	int64_t length = r->def->lease_minutes * 60000;
	int64_t last = v->leased_at + RENEW_TIMES * length;

	last = in_time(r, last);
	*until = clock_ms(cx->clock) + length;
	if (*until > last)
		*until = last;
	if (v->until < last)
		return OK;
	if (last == r->dates.review_until)
		return err_set(cx, ERR_LIMIT_REACHED,
			       "the time to review ends with this lease");
	return err_set(cx, ERR_LIMIT_REACHED,
		       "a lease is renewed up to %d times its length: submit "
		       "the review, or give it back",
		       RENEW_TIMES);
}

/* ---- what he wrote ---- */

static enum err fits(struct ctx *cx, const struct peer_words *w,
		     struct str *text)
{
	*text = peer_words_write(cx, w);
	if (text->n <= REVIEW_BYTES)
		return OK;
	return err_field(cx, ERR_INVALID, "/words",
			 "a review has at most %d bytes; this has %zu: "
			 "shorten it",
			 REVIEW_BYTES, text->n);
}

enum err review_keep_draft(struct ctx *cx, const struct run *r, uint32_t review,
			   const struct peer_words *w)
{
	const struct run_review *v = &r->reviews[review];
	struct str text;
	enum err e = fits(cx, w, &text);

	return e ? e
		 : store_exec(cx, &peer_sql[PEER_DRAFT_SET],
			      VALS(v_id(&r->org), v_id(&v->id),
				   v_id(&r->people[v->person].learner),
				   v_text(text), v_int(clock_ms(cx->clock))),
			      NULL);
}

enum err review_keep_refused(struct ctx *cx, struct run *r, uint32_t review,
			     const struct peer_words *w, enum err e)
{
	struct err_info said = cx->error;
	enum err kept;

	if (err_retry(e) || e == ERR_CORRUPT)
		return e;
	kept = review_keep_draft(cx, r, review, w);
	if (kept) /* too long, too: that is said, and nothing is kept */
		return kept;
	kept = peers_done(cx, r);
	if (kept)
		return kept;
	cx->error = said;
	return peers_refuse(cx, e);
}

/* A late one is taken while its place is still free. */
static enum err still_his(struct ctx *cx, const struct run *r,
			  const struct run_review *v, int64_t fence)
{
	int64_t until = r->dates.review_until;
	enum err e = fence_is(cx, v, fence);

	if (e || v->state == REVIEW_LEASED)
		return e;
	if (v->state == REVIEW_VOID)
		return err_set(cx, ERR_TOO_LATE,
			       "the work was withdrawn meanwhile, or is not "
			       "yours to review; get another one by "
			       "review.next");
	if (until && clock_ms(cx->clock) > until)
		return err_set(cx, ERR_TOO_LATE,
			       "the time to review is over; the text is kept");
	if (!licence_may_review(&r->people[v->person].licence))
		return err_set(cx, ERR_TOO_LATE,
			       "your licence to review is suspended; the text "
			       "is kept");
	if (r->people[v->person].lease == NONE &&
	    (v->work == NONE ||
	     queue_free_for(r->queue, v->person, r->works[v->work].in_queue)))
		return OK;
	return err_set(cx, ERR_TOO_LATE,
		       "the lease ran out, and the work has what it needs or "
		       "another review of yours is open; the text is kept");
}

static enum err tell_findings(struct ctx *cx, const struct list *findings)
{
	const struct feedback_finding *f = findings->at;
	struct buf b = { 0 };

	buf_z(&b, "{\"findings\":[");
	for (size_t i = 0; i < findings->n; i++) {
		struct feedback_finding at = f[i];

		if (i)
			buf_ch(&b, ',');
		at.field = str_fmt(cx->arena, "/words%.*s", STR_FMT(at.field));
		field_encode(&b, &feedback_finding_shape, &at);
	}
	buf_z(&b, "]}");
	err_field(cx, ERR_INVALID,
		  str_fmt(cx->arena, "/words%.*s", STR_FMT(f->field)).p, "%.*s",
		  STR_FMT(f->message));
	cx->error.data = buf_copy(&b, cx->arena);
	buf_done(&b);
	return ERR_INVALID;
}

static enum err feedback_fits(struct ctx *cx, const struct run *r,
			      const struct run_review *v,
			      const struct review_said *said)
{
	const struct run_person *p = &r->people[v->person];
	const struct feedback_prints *work = NULL;
	struct feedback f = peer_words_feedback(cx, &said->words);
	struct feedback_prints gold;
	struct list findings;

	if (said->flag != PEER_FLAG_NONE &&
	    feedback_words(said->words.flag_note) < FLAG_WORDS)
		return err_field(cx, ERR_INVALID, "/words/flag_note",
				 "say in %d words at least why it is flagged",
				 FLAG_WORDS);
	/* Of what is empty or unfit there is nothing good to say. */
	if (p->waived_feedback ||
	    (said->flag != PEER_FLAG_NONE && said->flag != PEER_FLAG_KNOWN))
		return OK;
	if (v->work != NONE) {
		work = r->works[v->work].prints;
	} else {
		const struct peer_gold *g = r->def->gold.at;

		feedback_print_text(cx, g[v->gold].text, &gold);
		work = &gold;
	}
	feedback_check(cx, &r->def->feedback, &f, p->prints,
		       p->prints_n < RUN_PRINTS ? p->prints_n : RUN_PRINTS,
		       work, &findings);
	return findings.n ? tell_findings(cx, &findings) : OK;
}

static int64_t words_in(const struct feedback *f)
{
	const struct list *lists[] = { &f->strengths, &f->improvements,
				       &f->comments };
	int64_t n = 0;

	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			n += feedback_words(
				((const struct str *)lists[k]->at)[i]);
	return n;
}

static enum err measure(struct ctx *cx, const struct run *r,
			const struct run_review *v,
			const struct review_said *said, struct peer_note *n)
{
	size_t criteria = r->def->rubric.criteria.n;
	struct feedback f = peer_words_feedback(cx, &said->words);
	struct rubric_result given, expert;
	enum err e = rubric_score(cx, &r->def->rubric, &said->words.scores,
				  "/words/scores", &given);

	if (e)
		return e;
	n->scaled = given.scaled;
	n->each = (struct list){ given.each, criteria };
	n->coverage = dec_ratio((int64_t)f.comments.n, (int64_t)criteria);
	n->words = words_in(&f);
	if (v->work != NONE)
		return OK;
	e = peer_gold_result(cx, r->def, (size_t)v->gold, &expert);
	if (!e)
		n->passed = peer_gold_passed(r->def, &expert, &given, NULL);
	return e;
}

enum err review_submit(struct ctx *cx, struct run *r, uint32_t review,
		       const struct review_said *said)
{
	const struct run_review *v = &r->reviews[review];
	struct peer_note n = { .review = v->id,
			       .fence = v->fence,
			       .flag = said->flag };
	struct id id = v->id;
	struct str text;
	enum err e = still_his(cx, r, v, said->fence);

	if (!e)
		e = fits(cx, &said->words, &text);
	if (!e)
		e = measure(cx, r, v, said, &n);
	if (!e)
		e = feedback_fits(cx, r, v, said);
	if (!e)
		e = store_exec(cx, &peer_sql[PEER_DRAFT_DELETE],
			       VALS(v_id(&r->org), v_id(&id)), NULL);
	if (e)
		return e;
	return peers_note(cx, r, NOTE_REVIEWED, &n,
			  &r->people[v->person].learner, text);
}
