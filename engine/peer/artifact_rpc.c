/* artifact.*: handing in, correcting, withdrawing, and looking at it. */
#include "base/limits.h"
#include "engine/blob/blob.h"
#include "engine/peer/view.h"

#define WHO (ROLE_LEARNER | ROLE_REVIEWER | ROLE_STAFF)

struct submit_params {
	struct assessment_ref ref;
	struct str learner;
	struct peer_content content;
};
static const struct field submit_fields[] = {
	ASSESSMENT_REF_FIELDS(struct submit_params, ref),
	FIELD_OPT(struct submit_params, learner, KIND_STR,
		  "for whom, by platforms and staff", .max = LIMIT_REF_BYTES),
	FIELD(struct submit_params, content, KIND_OBJECT,
	      "the work: {\"text\":\"…\"}, and files, commit or links",
	      .shape = &peer_content_shape),
	FIELD_END,
};
static const struct shape submit_shape = { "artifact_submit",
					   sizeof(struct submit_params),
					   submit_fields };

/* ---- what is handed in ---- */

static enum err look_up_files(struct ctx *cx, const struct run *r,
			      const struct id *learner, struct peer_content *c)
{
	struct peer_file *f =
		ARENA_ARRAY(cx->arena, struct peer_file, c->files.n);
	int64_t bytes = 0;

	for (size_t i = 0; i < c->files.n; i++) {
		struct blob b;
		enum err e;

		f[i] = ((const struct peer_file *)c->files.at)[i];
		e = blob_load(cx, &r->org, learner, f[i].digest, &b);
		if (e == ERR_NOT_FOUND || e == ERR_ERASED)
			return err_field(
				cx, ERR_INVALID,
				str_fmt(cx->arena, "/content/files/%zu/digest",
					i)
					.p,
				"there is no such file of this learner: send "
				"it by blob.put first");
		if (e)
			return e;
		f[i].bytes = b.bytes;
		f[i].media_type = b.media_type;
		bytes += b.bytes;
	}
	if (bytes > r->def->hand_in.file_bytes)
		return err_field(cx, ERR_INVALID, "/content/files",
				 "the files have at most %lld bytes together; "
				 "these have %lld",
				 (long long)r->def->hand_in.file_bytes,
				 (long long)bytes);
	c->files.at = f;
	return OK;
}

/* Checked; *n is what its record says. */
static enum err take_content(struct ctx *cx, const struct run *r,
			     const struct id *learner, struct peer_content *c,
			     struct peer_note *n)
{
	const struct peer_file *f;
	enum err e = peer_content_check(cx, &r->def->hand_in, c, "/content",
					&n->kinds);

	if (!e)
		e = look_up_files(cx, r, learner, c);
	if (e)
		return e;
	n->bytes = (int64_t)c->text.n;
	f = c->files.at;
	for (size_t i = 0; i < c->files.n; i++)
		n->bytes += f[i].bytes;
	n->words = feedback_words(c->text);
	return OK;
}

static enum err in_time(struct ctx *cx, const struct run *r)
{
	const struct peer_dates *d = &r->dates;
	int64_t now = clock_ms(cx->clock);

	if (d->opens_at && now < d->opens_at)
		return err_set(cx, ERR_TOO_EARLY,
			       "work is taken from the opening instant on");
	if (d->hand_in_until && now > d->hand_in_until)
		return err_set(cx, ERR_TOO_LATE, "the time to hand in is over");
	return OK;
}

static int64_t grace_end(struct ctx *cx, const struct run *r)
{
	int64_t until =
		clock_ms(cx->clock) + r->def->hand_in.grace_minutes * 60000;
	int64_t last = r->dates.hand_in_until;

	return last && until > last ? last : until;
}

static enum err hand_in(struct ctx *cx, struct run *r, const struct id *learner,
			struct peer_content *c, int64_t version,
			struct artifact_view *out)
{
	struct peer_note n = { .artifact = id_new(cx->clock, cx->rng),
			       .version = version,
			       .until = grace_end(cx, r) };
	enum err e = in_time(cx, r);

	/* Those that were taken back, too: each has cost reviewers' time. */
	if (!e && version > r->def->hand_in.versions)
		e = err_set(cx, ERR_LIMIT_REACHED,
			    "at most %lld versions are taken",
			    (long long)r->def->hand_in.versions);
	if (!e)
		e = take_content(cx, r, learner, c, &n);
	if (!e)
		e = peers_write(cx, r, NOTE_HANDED_IN, &n, learner,
				peer_content_write(cx, c));
	return e ? e
		 : view_artifact(cx, r, run_find_work(r, &n.artifact), false,
				 out);
}

/* His newest work that is not withdrawn; NULL: none. */
static const struct run_work *present(const struct run *r,
				      const struct id *learner)
{
	uint32_t at = run_person(r, learner), work;

	work = at == NONE ? NONE : r->people[at].work;
	if (work == NONE || r->works[work].state == WORK_WITHDRAWN)
		return NULL;
	return &r->works[work];
}

static int64_t versions_of(const struct run *r, const struct id *learner)
{
	uint32_t at = run_person(r, learner);

	if (at == NONE || r->people[at].work == NONE)
		return 0;
	return r->works[r->people[at].work].version;
}

static enum err submit(struct ctx *cx, const void *params, void *result)
{
	const struct submit_params *p = params;
	struct peer_content c = p->content;
	struct id learner;
	struct run *r = NULL;
	enum err e = peers_open_ref(cx, &p->ref, p->learner, &r, &learner);

	if (e)
		return e;
	if (present(r, &learner))
		return err_set(cx, ERR_CONFLICT,
			       "a work is handed in already: correct it by "
			       "artifact.correct while that is allowed, or "
			       "hand in a new version by artifact.resubmit");
	return hand_in(cx, r, &learner, &c, versions_of(r, &learner) + 1,
		       result);
}

static enum err may_resubmit(struct ctx *cx, const struct run *r,
			     const struct id *learner)
{
	const struct run_work *w = present(r, learner);

	if (!w)
		return err_set(cx, ERR_PRECONDITION,
			       "nothing is handed in yet: use artifact.submit");
	if (w->state == WORK_GRACE)
		return err_set(cx, ERR_PRECONDITION,
			       "this version can still be corrected: use "
			       "artifact.correct");
	if (w->appeal != NONE && !r->appeals[w->appeal].decided_at)
		return err_set(cx, ERR_PRECONDITION,
			       "an appeal about this version is open: wait "
			       "until it is decided");
	return OK;
}

static enum err resubmit(struct ctx *cx, const void *params, void *result)
{
	const struct submit_params *p = params;
	struct peer_content c = p->content;
	struct id learner;
	struct run *r = NULL;
	enum err e = peers_open_ref(cx, &p->ref, p->learner, &r, &learner);

	if (!e)
		e = may_resubmit(cx, r, &learner);
	return e ? e
		 : hand_in(cx, r, &learner, &c, versions_of(r, &learner) + 1,
			   result);
}

/* ---- an artifact that is there ---- */

static enum err mine(struct ctx *cx, const struct id *id, struct run **r,
		     uint32_t *work)
{
	enum err e = peers_of(cx, id, PEER_REF_ARTIFACT, "artifact", r);

	if (e)
		return e;
	*work = run_find_work(*r, id);
	CHECK(*work != NONE);
	return peers_mine(cx, *r,
			  &(*r)->people[(*r)->works[*work].author].learner,
			  "artifact");
}

struct correct_params {
	struct id artifact;
	struct peer_content content;
};
static const struct field correct_fields[] = {
	FIELD(struct correct_params, artifact, KIND_ID, "which"),
	FIELD(struct correct_params, content, KIND_OBJECT, "the work, whole",
	      .shape = &peer_content_shape),
	FIELD_END,
};
static const struct shape correct_shape = { "artifact_correct",
					    sizeof(struct correct_params),
					    correct_fields };

static enum err correct(struct ctx *cx, const void *params, void *result)
{
	const struct correct_params *p = params;
	struct peer_content c = p->content;
	struct peer_note n = { .artifact = p->artifact };
	const struct id *learner;
	struct run *r = NULL;
	uint32_t work;
	enum err e = mine(cx, &p->artifact, &r, &work);

	if (e)
		return e;
	if (r->works[work].state != WORK_GRACE)
		return err_set(cx, ERR_TOO_LATE,
			       "it is being reviewed, or was taken back: hand "
			       "in a new version by artifact.resubmit");
	learner = &r->people[r->works[work].author].learner;
	n.version = r->works[work].version;
	n.until = r->works[work].grace_until; /* correcting wins no time */
	e = take_content(cx, r, learner, &c, &n);
	if (!e)
		e = peers_write(cx, r, NOTE_CORRECTED, &n, learner,
				peer_content_write(cx, &c));
	return e ? e : view_artifact(cx, r, work, false, result);
}

struct withdraw_params {
	struct id artifact;
	struct str reason;
};
static const struct field withdraw_fields[] = {
	FIELD(struct withdraw_params, artifact, KIND_ID, "which"),
	FIELD_OPT(struct withdraw_params, reason, KIND_STR,
		  "why; staff have to say", .max = LIMIT_TEXT_BYTES),
	FIELD_END,
};
static const struct shape withdraw_shape = { "artifact_withdraw",
					     sizeof(struct withdraw_params),
					     withdraw_fields };

static enum err withdraw(struct ctx *cx, const void *params, void *result)
{
	const struct withdraw_params *p = params;
	struct peer_note n = { .artifact = p->artifact, .reason = p->reason };
	const struct id *learner;
	struct run *r = NULL;
	uint32_t work;
	enum err e = mine(cx, &p->artifact, &r, &work);

	if (e)
		return e;
	learner = &r->people[r->works[work].author].learner;
	if (r->works[work].state != WORK_GRACE &&
	    r->works[work].state != WORK_IN_REVIEW)
		return err_set(cx, ERR_CONFLICT,
			       "it is %s: only what is still under review can "
			       "be withdrawn",
			       work_state_words[r->works[work].state]);
	if (!id_eq(&cx->who->person, learner)) {
		if (!p->reason.n)
			return err_field(cx, ERR_INVALID, "/reason",
					 "staff say why they withdraw it");
		n.by = cx->who->actor;
	}
	e = peers_write(cx, r, NOTE_WITHDRAWN, &n, learner, (struct str){ 0 });
	return e ? e : view_artifact(cx, r, work, false, result);
}

struct which_params {
	struct id artifact;
};
static const struct field which_fields[] = {
	FIELD(struct which_params, artifact, KIND_ID, "which"),
	FIELD_END,
};
static const struct shape which_shape = { "artifact_which",
					  sizeof(struct which_params),
					  which_fields };

static enum err reveal(struct ctx *cx, const void *params, void *result)
{
	const struct which_params *p = params;
	struct peer_note n = { .artifact = p->artifact };
	const struct id *learner;
	struct run *r = NULL;
	uint32_t work;
	enum err e = mine(cx, &p->artifact, &r, &work);

	if (e)
		return e;
	learner = &r->people[r->works[work].author].learner;
	if (r->works[work].state == WORK_RELEASED)
		return view_artifact(cx, r, work, true, result);
	if (r->works[work].state != WORK_SEALED)
		return err_set(cx, ERR_TOO_EARLY,
			       "its reviews are not complete: %s",
			       work_waits_says[run_waits(r, work)]);
	e = peers_write(cx, r, NOTE_REVEALED, &n, learner, (struct str){ 0 });
	cx->io->private_reply = true;
	return e ? e : view_artifact(cx, r, work, true, result);
}

struct get_params {
	struct id artifact;
	struct assessment_ref ref;
	struct str learner;
};
static const struct field get_fields[] = {
	FIELD_OPT(struct get_params, artifact, KIND_ID,
		  "which; or the newest version in an assessment:"),
	ASSESSMENT_REF_FIELDS(struct get_params, ref),
	FIELD_OPT(struct get_params, learner, KIND_STR,
		  "whose, by platforms and staff", .max = LIMIT_REF_BYTES),
	FIELD_END,
};
static const struct shape get_shape = { "artifact_get",
					sizeof(struct get_params), get_fields };

static enum err newest(struct ctx *cx, const struct get_params *p,
		       struct run **r, uint32_t *work)
{
	uint32_t person;
	enum err e = peers_read_person(cx, &p->ref, p->learner, r, &person);

	if (e)
		return e;
	*work = (*r)->people[person].work;
	return *work != NONE
		       ? OK
		       : err_set(cx, ERR_NOT_FOUND, "nothing is handed in yet");
}

static enum err get(struct ctx *cx, const void *params, void *result)
{
	const struct get_params *p = params;
	struct run *r = NULL;
	uint32_t work = NONE;
	enum err e;

	if (id_is_none(&p->artifact)) {
		e = newest(cx, p, &r, &work);
	} else {
		e = peers_read_of(cx, &p->artifact, PEER_REF_ARTIFACT,
				  "artifact", &r);
		if (!e)
			work = run_find_work(r, &p->artifact);
	}
	if (e)
		return e;
	if (work == NONE)
		return err_set(cx, ERR_NOT_FOUND, "there is no such artifact");
	e = peers_mine(cx, r, &r->people[r->works[work].author].learner,
		       "artifact");
	return e ? e : view_artifact(cx, r, work, true, result);
}

const struct rpc_method artifact_methods[] = {
	{ .name = "artifact.submit",
	  .does = "Hand in a work that peers review; it can be corrected for a "
		  "while.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &submit_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_PRECONDITION,
			 ERR_CONFLICT, ERR_TOO_EARLY, ERR_TOO_LATE,
			 ERR_LIMIT_REACHED),
	  .run = submit },
	{ .name = "artifact.correct",
	  .does = "Replace what was handed in before it enters the pool.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &correct_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_TOO_LATE),
	  .run = correct },
	{ .name = "artifact.resubmit",
	  .does = "Hand in a new version: it is reviewed anew, and reviews of "
		  "the one before stay to be read.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &submit_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_PRECONDITION,
			 ERR_LIMIT_REACHED, ERR_TOO_LATE),
	  .run = resubmit },
	{ .name = "artifact.withdraw",
	  .does = "Take a work back; who has reviewed it keeps the credit.",
	  .roles = WHO,
	  .flags = RPC_WRITES,
	  .budget_ms = 500,
	  .params = &withdraw_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT),
	  .run = withdraw },
	{ .name = "artifact.reveal",
	  .does = "Show the grade; reviews cannot be rated after that.",
	  .roles = WHO,
	  .flags = RPC_WRITES | RPC_QUIET,
	  .budget_ms = 500,
	  .params = &which_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND, ERR_TOO_EARLY),
	  .run = reveal },
	{ .name = "artifact.get",
	  .does = "A work with what it waits for, its reviews once they are "
		  "complete, and its grade once released.",
	  .roles = WHO | ROLE_AUDITOR,
	  .flags = RPC_READS,
	  .budget_ms = 200,
	  .params = &get_shape,
	  .result = &artifact_view_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = get },
	{ 0 },
};
