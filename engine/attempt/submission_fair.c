/*
 * How often one learner may hand in, and how much is kept of him. What is
 * refused here costs nothing, and saving and the hand-in of the attempt are
 * never held back by a rate.
 */
#include "base/fair.h"
#include "engine/app.h"
#include "engine/attempt/submission.h"
#include "engine/gradebook/course.h"

enum { WAITING_RETRY_MS = 2000 };

static int64_t per_minute(const struct live_slot *s)
{
	int64_t own = s->made_of->code.per_minute;

	return own ? own : CODE_PER_MINUTE;
}

/* By the record's clock: the same on every node and after a restart. */
void submission_came(struct live *l, struct live_slot *s, int64_t at_ms)
{
	l->counted_bytes = l->file_bytes;
	s->received_at = at_ms;
	s->room_at = fair_after(s->room_at, per_minute(s), at_ms);
}

/* Not faster than the item allows. */
static enum err check_every(struct ctx *cx, const struct live_slot *s)
{
	int64_t wait = s->received_at + s->made_of->code.every_ms -
		       clock_ms(cx->clock);

	if (!s->received_at || wait <= 0)
		return OK;
	err_set(cx, ERR_RATE_LIMITED,
		"the next submission to this question may come in %lld "
		"seconds; saving is possible at any time",
		(long long)(wait + 999) / 1000);
	cx->error.retry_after_ms = wait;
	return ERR_RATE_LIMITED;
}

/* One learner's submissions must not be the whole queue. */
static enum err check_waiting(struct ctx *cx, const struct live_slot *s)
{
	const struct submission *at = s->run.submissions.at;
	int n = 0;

	for (size_t i = 0; i < s->run.submissions.n; i++)
		n += at[i].state == SUBMISSION_JUDGING;
	if (n < SUBMISSIONS_WAITING)
		return OK;
	err_set(cx, ERR_RATE_LIMITED,
		"%d submissions to this question wait for their verdict; the "
		"next may come when one of them has it; saving is possible at "
		"any time",
		n);
	cx->error.retry_after_ms = WAITING_RETRY_MS;
	return ERR_RATE_LIMITED;
}

enum err submission_fair(struct ctx *cx, const struct live_slot *s)
{
	int64_t room_at = s->room_at; /* moved on by the record, if one comes */
	enum err e = check_every(cx, s);

	if (!e)
		e = check_waiting(cx, s);
	return e ? e
		 : fair_use(cx, &room_at, per_minute(s),
			    "submissions to one question");
}

/*
 * ---- bytes ----
 *
 * A row has what came in a course's term. A save writes no row, so what was
 * saved since the last submission is known from the attempt, and counted with
 * the next one, or when the attempt ends. Until then another open attempt of
 * the same learner does not know of it.
 */

static enum err kept_bytes(struct ctx *cx, const struct attempt_row *a,
			   int64_t *out)
{
	struct submission_kept row = { 0 };
	struct str term;
	enum err e = course_term(cx, &a->org, a->course, a->reserved_at, &term);

	if (!e)
		e = store_one(cx, &submission_sql[KEPT_OF],
			      VALS(v_id(&a->org), v_text(a->course),
				   v_text(term), v_id(&a->learner)),
			      &row);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		e = OK;
	}
	*out = row.bytes;
	return e;
}

enum err submission_room(struct ctx *cx, const struct live *l, int64_t slot,
			 const struct response *r)
{
	int64_t most = repos_learner_bytes(cx->app->repos), kept;
	struct oid tree;
	enum err e;

	if (!most || (oid_parse(r->tree, &tree) &&
		      oid_eq(&tree, &l->slots[slot - 1].tree)))
		return OK;
	e = kept_bytes(cx, &l->row, &kept);
	if (e || kept + l->file_bytes - l->counted_bytes + r->bytes <= most)
		return e;
	return err_field(cx, ERR_TOO_LARGE, "/response/files",
			 "with these files you would have sent more than %lld "
			 "bytes in this term of the course, which are the "
			 "most: what is "
			 "saved stays, and can be handed in; who runs the "
			 "server can give more room (its setting "
			 "submission_bytes)",
			 (long long)most);
}

enum err submission_count(struct ctx *cx, const struct live *l, int64_t bytes)
{
	const struct attempt_row *a = &l->row;
	struct str term;
	enum err e;

	if (bytes <= 0)
		return OK;
	e = course_term(cx, &a->org, a->course, a->reserved_at, &term);
	return e ? e
		 : store_exec(cx, &submission_sql[KEPT_ADD],
			      VALS(v_id(&a->org), v_text(a->course),
				   v_text(term), v_id(&a->learner),
				   v_int(bytes)),
			      NULL);
}
