/* What staff ask about attempts, and what explains one. */
#include "base/limits.h"
#include "base/tm.h"
#include "engine/attempt/export.h"
#include "engine/attempt/regrade.h"
#include "engine/attempt/view.h"

#define READERS (ROLE_STAFF | ROLE_AUDITOR)
#define REGRADERS (ROLE_STAFF)

/* ---- list ---- */

static const struct field filter_fields[] = {
	FILTER_FIELDS(struct wanted, filter),
	FIELD_END,
};
static const struct shape filter_shape = { "attempt_filter",
					   sizeof(struct wanted),
					   filter_fields };

#define R struct attempt_row
static const struct field row_fields[] = {
	{ .name = "attempt",
	  .doc = "its id",
	  .kind = KIND_ID,
	  .offset = offsetof(R, id) },
	FIELD(R, learner, KIND_ID, "whose it is"),
	FIELD(R, assessment, KIND_ID, "the version it counts by"),
	FIELD(R, series, KIND_ID, "all versions of the assessment"),
	FIELD(R, course, KIND_STR, "the platform's course id"),
	FIELD(R, number, KIND_INT, "among the learner's"),
	FIELD(R, state, KIND_ENUM, "where it stands",
	      .words = attempt_state_words),
	FIELD(R, practice, KIND_BOOL, "it never counts"),
	FIELD(R, preview, KIND_BOOL, "an author's look"),
	FIELD_OPT(R, started_at, KIND_TIME, "when its clock started"),
	FIELD_OPT(R, due_at, KIND_TIME, "when its time is up"),
	FIELD_OPT(R, hard_end_at, KIND_TIME, "last instant of handing in"),
	FIELD_OPT(R, finished_at, KIND_TIME, "when it was handed in"),
	FIELD_OPT(R, graded_at, KIND_TIME, "when it was graded"),
	FIELD_OPT(R, released_at, KIND_TIME, "when it was released"),
	FIELD(R, late, KIND_BOOL, "handed in after the due date"),
	FIELD_MAYBE(R, score, has_score, KIND_DEC, "once every mark is known"),
	FIELD_MAYBE(R, max_score, has_score, KIND_DEC, "of at most"),
	FIELD_MAYBE(R, scaled, has_score, KIND_DEC, "score / max_score"),
	FIELD(R, passed, KIND_BOOL, "the pass mark is reached"),
	FIELD_END,
};
#undef R
static const struct shape row_shape = { "attempt_summary",
					sizeof(struct attempt_row),
					row_fields };

struct page {
	struct list attempts;
	struct id next;
};
static const struct field page_fields[] = {
	FIELD(struct page, attempts, KIND_LIST, "oldest first",
	      .of = KIND_OBJECT, .shape = &row_shape),
	FIELD_OPT(struct page, next, KIND_ID, "cursor; absent: the end"),
	FIELD_END,
};
static const struct shape page_shape = { "attempt_page", sizeof(struct page),
					 page_fields };

static enum err list_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct wanted *w = params;
	struct page *out = result;
	int64_t limit = w->filter.limit ? w->filter.limit : 100;

	return filter_rows(cx, &w->filter, (size_t)limit, &out->attempts,
			   &out->next);
}

/* ---- explain ---- */

struct which {
	struct id attempt;
};
static const struct field which_fields[] = {
	FIELD(struct which, attempt, KIND_ID, "which one"),
	FIELD_END,
};
static const struct shape which_shape = { "which_attempt", sizeof(struct which),
					  which_fields };

struct explained {
	struct attempt_view view;
	struct list rules, deadline, grade;
};
#define STEPS(m, d)                                                            \
	FIELD(struct explained, m, KIND_LIST, d, .of = KIND_OBJECT,            \
	      .shape = &policy_step_shape)
static const struct field explained_fields[] = {
	ATTEMPT_VIEW_FIELD(struct explained),
	STEPS(rules, "each rule that was looked at, and which is in force"),
	STEPS(deadline, "how the due instant and the ends come about"),
	STEPS(grade, "from the marks to the score, in order"),
	FIELD_END,
};
static const struct shape explained_shape =
	SHAPE(struct explained, explained_fields);

enum { STEPS_MOST = 16 };
struct chain {
	struct ctx *cx;
	struct policy_step *at;
	size_t n;
};

static struct chain chain_new(struct ctx *cx)
{
	return (struct chain){ .cx = cx,
			       .at = ARENA_ARRAY(cx->arena, struct policy_step,
						 STEPS_MOST) };
}

static void say(struct chain *c, const char *field, struct str value,
		const char *from)
{
	CHECK(c->n < STEPS_MOST);
	c->at[c->n++] = (struct policy_step){ .field = str_of(field),
					      .value = value,
					      .from = str_of(from),
					      .applied = true };
}

static void say_time(struct chain *c, const char *field, int64_t at,
		     const char *from)
{
	char text[TM_TEXT + 1];

	tm_text(at, text);
	say(c, field, at ? str_copy(c->cx->arena, str_of(text)) : STR("none"),
	    from);
}

static void say_ms(struct chain *c, const char *field, int64_t ms,
		   const char *from)
{
	say(c, field, str_fmt(c->cx->arena, "%lld", (long long)ms), from);
}

static void say_dec(struct chain *c, const char *field, struct dec d,
		    const char *from)
{
	char text[DEC_TEXT];
	size_t n = dec_text(d, text);

	say(c, field, str_copy(c->cx->arena, (struct str){ text, n }), from);
}

static struct list explain_deadline(struct ctx *cx, const struct live *l)
{
	const struct policy *p = &l->policy;
	struct chain c = chain_new(cx);
	struct policy_times t;

	policy_times_of_due(p, l->row.due_at, &t);
	say_time(&c, "started_at", l->row.started_at, "server clock");
	say_ms(&c, "time_limit_ms", p->time_limit_ms, "rules");
	if (l->frozen_ms)
		say_ms(&c, "frozen_ms", l->frozen_ms,
		       "time that the clock stood still");
	say_time(&c, "closes_at", p->closes_at,
		 p->may_run_past_close && p->time_limit_ms
			 ? "rules; it may run past this"
			 : "rules");
	say_time(&c, "due_at", t.due,
		 l->due_is_set ? "set when it was reopened"
			       : "the earlier of start and limit, and close");
	say_time(&c, "accept_end_at", t.accept_end, "due and network grace");
	say_time(&c, "hard_end_at", t.hard_end,
		 p->overdue == OVERDUE_GRACE ? "and grace" : "the same");
	if (l->row.finished_at)
		say_time(&c, "finished_at", l->row.finished_at,
			 l->row.finished_at == t.due ? "the due instant"
						     : "server clock");
	return (struct list){ c.at, c.n };
}

static struct list explain_grade(struct ctx *cx, const struct live *l)
{
	struct chain c = chain_new(cx);
	struct score s;

	if (!attempt_is_completed(l->row.state))
		return (struct list){ 0 };
	live_score(cx, l, &s);
	say_dec(&c, "sum", s.sum,
		s.has ? "marks of all questions" : "marks known so far");
	say_dec(&c, "sum_max", s.sum_max, "the most that they give");
	say_dec(&c, "rescaled", policy_rescale(&l->policy, s.sum, s.sum_max),
		dec_eq(l->policy.max_grade, DEC_ZERO) ? "as it is"
						      : "to max_grade");
	say_dec(&c, "credit_percent", s.credit,
		s.late ? "handed in after the due date"
		       : "for the instant of handing in");
	say_dec(&c, "score", s.score, policy_floor_words[l->policy.floor]);
	say_dec(&c, "scaled", s.scaled, "score / max");
	say(&c, "passed", s.passed ? STR("true") : STR("false"), "pass mark");
	say(&c, "counts", str_of(policy_counts_words[l->policy.counts]),
	    l->row.practice || l->row.preview
		    ? "practice and previews never count"
		    : "which attempt is kept");
	return (struct list){ c.at, c.n };
}

static enum err explain_rpc(struct ctx *cx, const void *params, void *result)
{
	const struct which *p = params;
	struct explained *out = result;
	struct policy_effective eff;
	struct live *l = NULL;
	bool staff;
	uint32_t flags;
	enum err e = live_read(cx, &p->attempt, &l);

	if (!e)
		e = assessment_effective(cx, l->pub, &l->row.learner, &eff);
	if (e)
		return e;
	flags = view_flags(cx, l, &staff);
	view_attempt(cx, l, &out->view);
	out->rules = eff.steps;
	out->deadline = explain_deadline(cx, l);
	if (flags & REVIEW_BIT(REVIEW_MARKS))
		out->grade = explain_grade(cx, l);
	return OK;
}

const struct rpc_method attempt_report_methods[] = {
	{ .name = "attempt.list",
	  .does = "List attempts of an assessment, a course or the "
		  "organization.",
	  .roles = READERS,
	  .params = &filter_shape,
	  .result = &page_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = list_rpc },
	{ .name = "attempt.explain",
	  .does = "Tell which rules made an attempt's deadlines and score.",
	  .roles = READERS | ROLE_LEARNER,
	  .params = &which_shape,
	  .result = &explained_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = explain_rpc },
	{ .name = "attempt.regrade",
	  .does = "Score attempts again, by another version or by the same; "
		  "a dry run only tells what would change.",
	  .roles = REGRADERS,
	  .flags = RPC_WRITES,
	  .budget_ms = 5000,
	  .params = &regrade_shape,
	  .result = &regraded_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = regrade_rpc },
	{ .name = "attempt.export",
	  .does = "Give attempts as a CSV file (RFC 4180), with the mark of "
		  "each question.",
	  .roles = READERS,
	  .flags = RPC_SLOW | RPC_GIVES_BYTES,
	  .budget_ms = 30000,
	  .params = &export_shape,
	  .result = &exported_shape,
	  .fails = FAILS(ERR_NOT_FOUND),
	  .run = export_rpc },
	{ 0 },
};
