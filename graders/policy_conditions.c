/* What a learner may do now, in one answer that can be shown to him. */
#include "graders/policy_grade.h"
#include "graders/policy_time.h"

static const struct field conditions_fields[] = {
	FIELD(struct policy_conditions, may_start, KIND_BOOL,
	      "an attempt may start now"),
	FIELD(struct policy_conditions, reason, KIND_ENUM, "why not",
	      .words = start_reason_words),
	FIELD(struct policy_conditions, sentence, KIND_STR,
	      "the reason, to be shown"),
	FIELD_OPT(struct policy_conditions, again_at, KIND_TIME,
		  "when it may be tried again"),
	FIELD_OPT(struct policy_conditions, missing, KIND_STR,
		  "the prerequisite that is not met, or not released"),
	FIELD(struct policy_conditions, finished, KIND_BOOL,
	      "there will be no further attempt"),
	FIELD(struct policy_conditions, attempts_left, KIND_INT,
	      "-1: any number", .min = -1, .max = INT64_MAX),
	FIELD(struct policy_conditions, needs_password, KIND_BOOL,
	      "a password is asked for at the start"),
	FIELD(struct policy_conditions, needs_pledge, KIND_BOOL,
	      "the pledge is to be accepted at the start"),
	FIELD_OPT(struct policy_conditions, due, KIND_TIME,
		  "due instant of an attempt that starts now"),
	FIELD_OPT(struct policy_conditions, hard_end, KIND_TIME,
		  "last instant of handing it in"),
	FIELD(struct policy_conditions, time_limit_ms, KIND_INT, "ms; 0: none"),
	FIELD(struct policy_conditions, cut_by_close, KIND_BOOL,
	      "it would end before its time limit"),
	FIELD(struct policy_conditions, late, KIND_BOOL,
	      "what is handed in now is late"),
	FIELD(struct policy_conditions, credit, KIND_DEC,
	      "percent, for what is handed in now"),
	FIELD_END,
};
const struct shape policy_conditions_shape =
	SHAPE(struct policy_conditions, conditions_fields);

/*
 * START_OK, or why not. Of a result that is held back nothing may be guessed
 * from the answer but that there is one.
 */
static int prerequisite_says(const struct prerequisite *q,
			     const struct policy_history *h)
{
	const struct prerequisite_result *r = h->results.at;

	for (size_t i = 0; i < h->results.n; i++) {
		if (!str_eq(r[i].assessment, q->assessment))
			continue;
		if (r[i].held)
			return START_UNRELEASED;
		if (q->has_min_scaled ? dec_cmp(r[i].scaled, q->min_scaled) >= 0
				      : r[i].passed)
			return START_OK;
	}
	return START_PREREQUISITE;
}

static void check_prerequisites(const struct policy *p,
				const struct policy_history *h,
				struct rule_verdict *v,
				struct policy_conditions *out)
{
	const struct prerequisite *q = p->prerequisites.at;

	for (size_t i = 0; i < p->prerequisites.n; i++)
		if (v->reason == START_OK) {
			v->reason = prerequisite_says(&q[i], h);
			out->missing = q[i].assessment;
		}
}

/*
 * Access, then what is specific to one more attempt. The grace after the
 * close is for handing in; nobody starts in it.
 */
static void may_start(const struct policy *p, const struct policy_history *h,
		      int64_t now, struct policy_conditions *out)
{
	struct rule_verdict v = { START_OK, 0 };

	if (h->retired)
		v.reason = START_RETIRED;
	else
		policy_access(p, now, &v);
	if (v.reason == START_OK && p->closes_at && now > p->closes_at)
		v.reason = START_CLOSED;
	check_prerequisites(p, h, &v, out);
	for (const struct policy_rule *r = policy_rules; r->name; r++)
		if (r->new_attempt && v.reason == START_OK)
			r->new_attempt(p, h, now, &v);
	if (h->preview)
		v = (struct rule_verdict){ START_OK, 0 };
	if (h->peer)
		v = (struct rule_verdict){ START_PEER, 0 };
	if (h->has_open)
		v = (struct rule_verdict){ START_RUNNING, 0 };
	out->reason = v.reason;
	out->again_at = v.again_at;
}

void policy_conditions(const struct policy *p, bool has_password,
		       const struct policy_history *h, int64_t now,
		       struct policy_conditions *out)
{
	struct policy_credit credit;
	struct policy_times t;

	*out = (struct policy_conditions){ 0 };
	may_start(p, h, now, out);
	out->may_start = out->reason == START_OK;
	out->sentence = str_of(start_reason_sentence(out->reason));
	if (out->reason != START_PREREQUISITE &&
	    out->reason != START_UNRELEASED)
		out->missing = (struct str){ 0 };
	out->finished = !h->has_open && !h->preview &&
			(h->retired || policy_is_finished(p, h, now));
	out->attempts_left = -1;
	if (p->attempts && !h->preview)
		out->attempts_left =
			p->attempts > h->used ? p->attempts - h->used : 0;
	out->needs_password = has_password && !h->preview;
	out->needs_pledge = p->pledge.n > 0;
	policy_times(p, now, 0, &t);
	if (!h->preview) {
		out->due = t.due;
		out->hard_end = t.hard_end;
	}
	out->time_limit_ms = p->time_limit_ms;
	out->cut_by_close =
		p->time_limit_ms && t.due && t.due < now + p->time_limit_ms;
	policy_late(p, now, &credit);
	out->late = credit.late;
	out->credit = credit.percent;
}
