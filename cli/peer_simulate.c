/* assay peer simulate: what a rule for handing out reviews does to a course. */
#include "cli/peer.h"
#include "cli/peer_number.h"
#include "rubrics/simulate.h"

const struct flag peer_simulate_flags[] = {
	{ .name = "policy",
	  .value = "POLICY",
	  .doc = "credit (default: as the server does), oldest or level" },
	{ .name = "authors", .value = "N", .doc = "who hand in; 600" },
	{ .name = "days", .value = "X", .doc = "over which they come; 60" },
	{ .name = "tail_days", .value = "X", .doc = "after the last came; 30" },
	{ .name = "must", .value = "N", .doc = "reviews each has to do; 3" },
	{ .name = "need", .value = "N", .doc = "reviews each should get; 3" },
	{ .name = "surplus",
	  .value = "N",
	  .doc = "reviews beyond it that a work may get; 3" },
	{ .name = "window",
	  .value = "N",
	  .doc = "works among which one is drawn; 20" },
	{ .name = "fill",
	  .value = "N",
	  .doc = "so many at least, if need be from works with enough; 0" },
	{ .name = "lease_hours",
	  .value = "X",
	  .doc = "until a review that was begun is given up; 8" },
	{ .name = "never",
	  .value = "SHARE",
	  .doc = "of authors who never review; 0.3" },
	{ .name = "abandon",
	  .value = "SHARE",
	  .doc = "of authors who give up with a review open; 0.1" },
	{ .name = "session_hours",
	  .value = "X",
	  .doc = "to the first review, times a lognormal(0, 1); 5" },
	{ .name = "gap_hours",
	  .value = "X",
	  .doc = "between reviews, times a lognormal(0, 1); 4.8" },
	{ .name = "review_hours_min",
	  .value = "X",
	  .doc = "that a review takes, at least; 0.2" },
	{ .name = "review_hours_max",
	  .value = "X",
	  .doc = "that a review takes, at most; 2" },
	{ .name = "seeds", .value = "N", .doc = "runs to average; 6" },
	{ .name = "seed", .value = "N", .doc = "of the first run; 1" },
	{ .name = "json", .doc = "as it is always printed" },
	{ 0 },
};

/* The flags that are numbers; their ranges are simulate.h's. */
#define R(m) #m, offsetof(struct simulate_rules, m)
static const struct {
	const char *flag;
	size_t offset;
	bool whole;
} numbers[] = {
	{ R(authors), true },
	{ R(days), false },
	{ R(tail_days), false },
	{ R(must), true },
	{ R(need), true },
	{ R(surplus), true },
	{ R(window), true },
	{ R(fill), true },
	{ R(lease_hours), false },
	{ R(never), false },
	{ R(abandon), false },
	{ R(session_hours), false },
	{ R(gap_hours), false },
	{ R(review_hours_min), false },
	{ R(review_hours_max), false },
	{ R(seeds), true },
};
#undef R
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

struct shown {
	int policy;
	struct maybe zero, short_all, diligent_short, first_hours, need_hours,
		narrow;
	int64_t picks, surplus_picks;
};
#define S struct shown
static const struct field shown_fields[] = {
	FIELD(S, policy, KIND_ENUM, "what was asked",
	      .words = simulate_policy_words),
	MAYBE(S, zero, "share of authors without a review"),
	MAYBE(S, short_all, "share of authors with fewer than they need"),
	MAYBE(S, diligent_short, "the same, of those who did their reviews"),
	MAYBE(S, first_hours, "median to their first review"),
	MAYBE(S, need_hours, "median to the last that they need"),
	MAYBE(S, narrow, "share of draws from fewer works than the window"),
	FIELD(S, picks, KIND_INT, "reviews begun, in all runs"),
	FIELD(S, surplus_picks, KIND_INT, "of works that had enough"),
	FIELD_END,
};
#undef S
static const struct shape shown_shape = SHAPE(struct shown, shown_fields);

static enum err read_policy(struct ctx *cx, const struct args *a, int *out)
{
	struct str s = args_get(a, "policy");

	if (!s.p)
		return OK;
	for (int i = 0; simulate_policy_words[i]; i++)
		if (str_is(s, simulate_policy_words[i])) {
			*out = i;
			return OK;
		}
	return err_set(cx, ERR_INVALID,
		       "--policy: there is no policy %.*s; choose credit, "
		       "oldest or level",
		       STR_FMT(str_cut(s, 0, 40)));
}

static enum err read_rules(struct ctx *cx, const struct args *a,
			   struct simulate_rules *r)
{
	int64_t seed = (int64_t)r->seed;
	enum err e = read_policy(cx, a, &r->policy);

	for (int i = 0; !e && i < NUMBERS; i++) {
		void *at = (char *)r + numbers[i].offset;

		e = numbers[i].whole ? peer_whole(cx, a, numbers[i].flag,
						  INT64_MIN, INT64_MAX, at)
				     : peer_real(cx, a, numbers[i].flag, at);
	}
	if (!e)
		e = peer_whole(cx, a, "seed", 0, INT64_MAX, &seed);
	r->seed = (uint64_t)seed;
	return e;
}

int peer_simulate(struct cli *c, const struct args *a)
{
	struct simulate_rules rules = simulate_rules_default;
	struct simulate_result r;
	struct shown shown;
	struct buf b = { 0 };
	enum err e;

	if (read_rules(c->cx, a, &rules))
		return cli_usage(c);
	e = simulate_course(c->cx, &rules, &r);
	if (e)
		return peer_error(c, e);
	shown = (struct shown){
		.policy = rules.policy,
		.zero = maybe(r.zero),
		.short_all = maybe(r.short_all),
		.diligent_short = maybe(r.diligent_short),
		.first_hours = maybe(r.first_hours),
		.need_hours = maybe(r.need_hours),
		.narrow = maybe(r.narrow),
		.picks = r.picks,
		.surplus_picks = r.surplus_picks,
	};
	field_encode(&b, &shown_shape, &shown);
	buf_ch(&b, '\n');
	cli_put(c->out, buf_view(&b));
	buf_done(&b);
	return CLI_FINE;
}
