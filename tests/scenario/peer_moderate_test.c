/* What moderators see and decide, and what appeals come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/peer.h"

enum { MINUTE = 60000, HOUR = 3600000, ALL = 8 };

static const char *const all[] = { "learner:ann", "learner:bob", "learner:cat",
				   "learner:dan", "learner:eva", "learner:fay",
				   "learner:gus", "learner:hal" };
#define TWO_EACH                                                               \
	",\"licence\":{\"covert_new\":0,\"covert_stable\":0},"                 \
	"\"must_review\":2,\"must_receive\":2"
#define SCORES(a, b)                                                           \
	"[{\"criterion\":\"a\",\"points\":" #a "},{\"criterion\":\"b\","       \
	"\"points\":" #b "}]"
#define BECAUSE ",\"reason\":\"because\""

/* calibrations: of each; off: of every review. */
static void course(struct world *w, const char *more, int calibrations, int off,
		   const char **works)
{
	peer_publish(w, more);
	for (int i = 0; i < ALL; i++)
		works[i] = peer_hand_in(w, all[i]);
	for (int i = 0; i < ALL; i++)
		for (int k = 0; k < calibrations; k++)
			peer_calibrate(w, all[i], 0);
	world_pass(w, 61 * MINUTE);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < ALL; i++)
			peer_review(w, all[i], off);
}

static size_t cases(struct world *w, const char *reason)
{
	struct reply r = world_ok(w, "moderator", "peer.queue", PEER_REF);
	size_t n = 0;

	for (size_t i = 0; i < reply_count(w, &r, "cases"); i++)
		n += !strcmp(
			reply_text(
				w, &r,
				str_fmt(w->cx.arena, "cases/%zu/reason", i).p),
			reason);
	return n;
}

static const char *state_of(struct world *w, const char *id)
{
	struct reply r = world_ok(w, "moderator", "artifact.get",
				  "{\"artifact\":\"%s\"}", id);

	return reply_text(w, &r, "state");
}

static void unqualified_reviews_alone_decide_no_grade(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	course(w, TWO_EACH, 1, 0, works);
	assert_int_equal(cases(w, "unqualified"), ALL);
	assert_string_equal(state_of(w, works[0]), "in_review");
	r = world_ok(w, "moderator", "peer.decide",
		     "{\"artifact\":\"%s\",\"scores\":" SCORES(4, 4) BECAUSE
		     "}",
		     works[0]);
	assert_string_equal(reply_text(w, &r, "state"), "sealed");
	assert_string_equal(reply_text(w, &r, "grade/grade"), "40");
	assert_int_equal(cases(w, "unqualified"), ALL - 1);
	assert_int_equal(world_call(w, "learner:bob", "peer.queue", PEER_REF).e,
			 ERR_DENIED);
}

static void what_a_decision_would_change_is_told_before(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r, after;
	int64_t before = 0;

	course(w, TWO_EACH, 8, 0, works);
	world_pass(w, 73 * (int64_t)HOUR);
	r = world_ok(w, "moderator", "peer.preview",
		     "{\"artifact\":\"%s\",\"scores\":" SCORES(0, 0) "}",
		     works[0]);
	assert_true(reply_count(w, &r, "changes") >= 1);
	assert_true(str_find(r.result, str_of(works[0]), 0) != SIZE_MAX);
	before = world_records(w, "peer.decided");
	assert_int_equal(before, 0);
	world_ok(w, "moderator", "peer.decide",
		 "{\"artifact\":\"%s\",\"scores\":" SCORES(0, 0) BECAUSE "}",
		 works[0]);
	/* Nothing that is released moves by itself. */
	after = world_ok(w, all[0], "artifact.get", "{\"artifact\":\"%s\"}",
			 works[0]);
	assert_true(reply_dec(w, &after, "grade/grade").nano > 0);
	assert_true(cases(w, "moved") >= 1);
	after = world_ok(w, "moderator", "peer.confirm",
			 "{\"artifact\":\"%s\",\"take\":true" BECAUSE "}",
			 works[0]);
	assert_string_equal(reply_text(w, &after, "grade/grade"), "0");
	after = world_ok(w, all[0], "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &after, "grades/0/score"), "0");
}

static void by_the_mean_a_decision_moves_no_other_grade(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	course(w, ",\"estimate\":\"mean\"" TWO_EACH, 8, 0, works);
	r = world_ok(w, "moderator", "peer.preview",
		     "{\"artifact\":\"%s\",\"scores\":" SCORES(0, 0) "}",
		     works[0]);
	assert_int_equal(reply_int(w, &r, "total"), 1);
	assert_string_equal(reply_text(w, &r, "changes/0/artifact"), works[0]);
	assert_string_equal(reply_text(w, &r, "changes/0/after"), "0");
}

static void
a_suspended_reviewers_reviews_count_from_then_on_no_more(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	course(w, TWO_EACH, 8, 0, works);
	r = world_ok(w, "moderator", "peer.preview",
		     "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"bob\"}");
	r = world_ok(w, "moderator", "reviewer.license",
		     "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"bob\","
		     "\"licence\":\"suspended\",\"since\":\"%s\"" BECAUSE "}",
		     world_time(w, -10 * (int64_t)HOUR));
	assert_string_equal(reply_text(w, &r, "licence"), "suspended");
	assert_int_equal(reply_int(w, &r, "statistics/grades"), 0);
	assert_int_equal(
		world_call(w, "learner:bob", "review.next", PEER_REF).e,
		ERR_PRECONDITION);
	/* Reinstated, he reviews again; what was taken out stays out. */
	r = world_ok(w, "moderator", "reviewer.license",
		     "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"bob\","
		     "\"licence\":\"qualified\"" BECAUSE "}");
	assert_int_equal(reply_int(w, &r, "statistics/grades"), 0);
	r = world_ok(w, "moderator", "reviewer.license",
		     "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"bob\","
		     "\"licence\":\"qualified\",\"restore\":true" BECAUSE "}");
	assert_true(reply_int(w, &r, "statistics/grades") > 0);
}

static const char *appeal(struct world *w, const char *who, const char *work)
{
	struct reply r = world_ok(w, who, "appeal.file",
				  "{\"artifact\":\"%s\",\"grounds\":\"%s\"}",
				  work, peer_text(w, 25));

	return reply_text(w, &r, "appeal");
}

static void an_appeal_is_decided_blind_and_by_another(void **state)
{
	const char *works[ALL], *id;
	struct world *w = *state;
	struct reply r;

	course(w, TWO_EACH, 8, 0, works);
	assert_int_equal(world_call(w, all[0], "appeal.file",
				    "{\"artifact\":\"%s\",\"grounds\":\"x\"}",
				    works[0])
				 .e,
			 ERR_TOO_EARLY);
	world_pass(w, 73 * (int64_t)HOUR);
	id = appeal(w, all[0], works[0]);
	assert_int_equal(cases(w, "appeal"), 1);
	world_ok(w, "moderator", "appeal.triage",
		 "{\"appeal\":\"%s\",\"take\":true" BECAUSE "}", id);
	r = world_ok(w, "moderator", "appeal.get", "{\"appeal\":\"%s\"}", id);
	assert_true(reply_has(w, &r, "content"));
	assert_false(reply_has(w, &r, "grades"));
	r = world_ok(
		w, "moderator", "appeal.decide",
		"{\"appeal\":\"%s\",\"outcome\":\"changed\",\"scores\":" SCORES(
			10, 10) BECAUSE "}",
		id);
	assert_string_equal(reply_text(w, &r, "grades/after"), "100");
	r = world_ok(w, all[0], "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "grades/0/score"), "100");
	/* Who decided a work does not decide its appeal. */
	world_ok(w, "moderator", "peer.decide",
		 "{\"artifact\":\"%s\",\"scores\":" SCORES(6, 7) BECAUSE "}",
		 works[1]);
	id = appeal(w, all[1], works[1]);
	world_ok(w, "platform", "appeal.triage",
		 "{\"appeal\":\"%s\",\"take\":true" BECAUSE "}", id);
	assert_int_equal(
		world_call(w, "moderator", "appeal.decide",
			   "{\"appeal\":\"%s\",\"outcome\":\"upheld\"" BECAUSE
			   "}",
			   id)
			.e,
		ERR_DENIED);
	r = world_ok(w, "platform", "appeal.decide",
		     "{\"appeal\":\"%s\",\"outcome\":\"upheld\"" BECAUSE "}",
		     id);
	assert_string_equal(reply_text(w, &r, "outcome"), "upheld");
}

/* Half are drawn, and half is the budget: what is drawn comes on top. */
static void what_was_drawn_is_looked_at_whatever_else_there_is(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	course(w,
	       ",\"moderation\":{\"spot_percent\":50,\"random_percent\":100}" TWO_EACH,
	       8, 0, works);
	assert_true(cases(w, "random") > 0);
	world_restart(w);
	assert_true(cases(w, "random") > 0);
	r = world_ok(w, "auditor", "peer.report", PEER_REF);
	assert_int_equal(reply_int(w, &r, "moderation/drawn/of"),
			 cases(w, "random"));
}

static void reviews_far_apart_crowd_out_none_that_was_drawn(void **state)
{
	struct world *w = *state;

	peer_publish(w, ",\"moderation\":{\"spot_percent\":50,"
			"\"random_percent\":100}" TWO_EACH);
	for (int i = 0; i < ALL; i++)
		peer_hand_in(w, all[i]);
	for (int i = 0; i < ALL; i++)
		for (int k = 0; k < 8; k++)
			peer_calibrate(w, all[i], 0);
	world_pass(w, 61 * MINUTE);
	/* Nothing to each in the first round, and all in the second. */
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < ALL; i++)
			peer_review(w, all[i], k ? 10 : -10);
	/* The budget is four of eight. */
	assert_true(cases(w, "disagrees") > 4);
}

static void the_error_of_peers_is_told_from_what_was_drawn(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	course(w,
	       ",\"moderation\":{\"spot_percent\":100,\"random_percent\":100}" TWO_EACH,
	       8, 0, works);
	world_ok(w, "moderator", "peer.decide",
		 "{\"artifact\":\"%s\",\"scores\":" SCORES(10, 10) BECAUSE "}",
		 works[0]);
	r = world_ok(w, "auditor", "peer.report", PEER_REF);
	assert_int_equal(reply_int(w, &r, "moderation/drawn/count"), 1);
	assert_int_equal(reply_int(w, &r, "moderation/drawn/of"), ALL);
	/* Peers gave it 66.7 or about that, and it was worth 100. */
	assert_in_range(-reply_dec(w, &r, "moderation/drawn_bias").nano /
				1000000000,
			30, 36);
	assert_in_range(reply_dec(w, &r, "moderation/drawn_rmse").nano /
				1000000000,
			30, 36);
}

static void a_team_never_reviews_itself(void **state)
{
	const char *works[ALL];
	struct world *w = *state;

	peer_publish(w, TWO_EACH);
	for (int i = 0; i < ALL; i++)
		works[i] = peer_hand_in(w, all[i]);
	(void)works;
	for (int i = 0; i < ALL; i++) {
		peer_calibrate(w, all[i], 0);
		world_ok(w, "platform", "peer.relate",
			 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"%s\","
			 "\"what\":\"team\",\"group\":\"%s\"" BECAUSE "}",
			 all[i] + strlen("learner:"), i < ALL - 1 ? "A" : "B");
	}
	world_pass(w, 61 * MINUTE);
	/* All but hal are one team: they have his work alone. */
	assert_int_equal(peer_review(w, all[0], 0).e, OK);
	assert_int_equal(peer_review(w, all[0], 0).e, ERR_TOO_EARLY);
	assert_int_equal(cases(w, "stuck"), 1);
	world_ok(w, "moderator", "peer.waive",
		 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"ann\","
		 "\"what\":\"duty\"" BECAUSE "}");
	assert_int_equal(cases(w, "stuck"), 0);
}

static void a_reviewer_sees_his_own_standing_and_no_statistics(void **state)
{
	const char *works[ALL], *review;
	struct world *w = *state;
	struct reply r;

	course(w, TWO_EACH, 8, 0, works);
	r = world_ok(w, all[0], "reviewer.get", PEER_REF);
	assert_string_equal(reply_text(w, &r, "licence"), "qualified");
	assert_int_equal(reply_int(w, &r, "golds_passed"), 8);
	assert_false(reply_has(w, &r, "statistics"));
	r = world_ok(w, "moderator", "reviewer.list", PEER_REF);
	assert_int_equal(reply_count(w, &r, "reviewers"), ALL);
	assert_true(reply_has(w, &r, "reviewers/0/statistics"));
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[0]);
	review = reply_text(w, &r, "received/0/review");
	world_ok(w, "moderator", "review.mark",
		 "{\"review\":\"%s\",\"mark\":5" BECAUSE "}", review);
}

static int open_world(void **state)
{
	*state = world_open();
	return 0;
}

static int close_world(void **state)
{
	world_close(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unqualified_reviews_alone_decide_no_grade),
		TEST(what_a_decision_would_change_is_told_before),
		TEST(by_the_mean_a_decision_moves_no_other_grade),
		TEST(a_suspended_reviewers_reviews_count_from_then_on_no_more),
		TEST(an_appeal_is_decided_blind_and_by_another),
		TEST(what_was_drawn_is_looked_at_whatever_else_there_is),
		TEST(reviews_far_apart_crowd_out_none_that_was_drawn),
		TEST(the_error_of_peers_is_told_from_what_was_drawn),
		TEST(a_team_never_reviews_itself),
		TEST(a_reviewer_sees_his_own_standing_and_no_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
