/* What was true and is not any more: a run goes back, asks, or goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/scenario/peer.h"

enum { MINUTE = 60000, HOUR = 3600000 };

#define BECAUSE ",\"reason\":\"because\""
#define SCORES(a, b)                                                           \
	"[{\"criterion\":\"a\",\"points\":" #a "},{\"criterion\":\"b\","       \
	"\"points\":" #b "}]"
#define NO_COVERT ",\"licence\":{\"covert_new\":0,\"covert_stable\":0}"
#define ONE_EACH                                                               \
	",\"must_review\":1,\"must_receive\":1,"                               \
	"\"stop\":{\"least\":1,\"most\":1}" NO_COVERT

static const char *who(struct world *w, int i)
{
	return str_fmt(w->cx.arena, "learner:l%02d", i).p;
}

static void course(struct world *w, const char *more, int n, int calibrations,
		   const char **works)
{
	peer_publish(w, more);
	for (int i = 0; i < n; i++)
		works[i] = peer_hand_in(w, who(w, i));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < calibrations; k++)
			peer_calibrate(w, who(w, i), 0);
	world_pass(w, 61 * MINUTE);
}

static void rounds(struct world *w, int n, int times, int off)
{
	for (int k = 0; k < times; k++)
		for (int i = 0; i < n; i++)
			peer_review(w, who(w, i), off);
}

static struct reply work(struct world *w, const char *as, const char *id)
{
	return world_ok(w, as, "artifact.get", "{\"artifact\":\"%s\"}", id);
}

static void is_in(struct world *w, const char *id, const char *state)
{
	struct reply r = work(w, "moderator", id);

	assert_string_equal(reply_text(w, &r, "state"), state);
}

static bool is_sealed(struct world *w, const char *id)
{
	struct reply r = work(w, "moderator", id);

	return !strcmp(reply_text(w, &r, "state"), "sealed");
}

static size_t cases(struct world *w, const char *reason)
{
	struct reply r = world_ok(w, "moderator", "peer.queue", PEER_REF);
	size_t n = 0;

	for (size_t i = 0; i < reply_count(w, &r, "cases"); i++) {
		const char *path =
			str_fmt(w->cx.arena, "cases/%zu/reason", i).p;

		n += !strcmp(reply_text(w, &r, path), reason);
	}
	return n;
}

static struct reply license(struct world *w, int i, const char *licence,
			    const char *more)
{
	return world_call(w, "moderator", "reviewer.license",
			  "{\"course\":\"c\",\"slug\":\"p\",\"learner\":"
			  "\"l%02d\",\"licence\":\"%s\"%s" BECAUSE "}",
			  i, licence, more);
}

static const char *since(struct world *w, int hours)
{
	return str_fmt(w->cx.arena, ",\"since\":\"%s\"",
		       world_time(w, hours * (int64_t)HOUR))
		.p;
}

static struct reply decide(struct world *w, const char *id, int a, int b)
{
	return world_call(w, "moderator", "peer.decide",
			  "{\"artifact\":\"%s\",\"scores\":[{\"criterion\":"
			  "\"a\",\"points\":%d},{\"criterion\":\"b\","
			  "\"points\":%d}]" BECAUSE "}",
			  id, a, b);
}

static void
a_sealed_work_whose_reviews_are_taken_out_is_reviewed_again(void **state)
{
	struct world *w = *state;
	const char *works[3];
	struct reply r;

	course(w, ",\"estimate\":\"mean\"" ONE_EACH, 3, 8, works);
	rounds(w, 3, 1, 0);
	is_in(w, works[0], "sealed");
	for (int i = 0; i < 3; i++)
		assert_int_equal(license(w, i, "suspended", since(w, -9)).e,
				 OK);
	is_in(w, works[0], "in_review");
	world_pass(w, 73 * (int64_t)HOUR);
	is_in(w, works[0], "in_review");
	r = world_ok(w, who(w, 0), "gradebook.get", "{\"course\":\"c\"}");
	assert_null(strstr(r.json.p, "\"score\""));
	world_pass(w, 100 * (int64_t)HOUR);
	assert_int_equal(cases(w, "starved"), 3);
}

/* It was sealed when the first clock for that ran out. */
static void what_is_reviewed_again_may_starve_again(void **state)
{
	struct world *w = *state;
	const char *works[3];

	course(w, ONE_EACH, 3, 8, works);
	world_pass(w, 100 * (int64_t)HOUR);
	rounds(w, 3, 1, 0);
	is_in(w, works[0], "sealed");
	world_pass(w, 70 * (int64_t)HOUR);
	is_in(w, works[0], "sealed");
	for (int i = 0; i < 3; i++)
		license(w, i, "suspended", since(w, -90));
	is_in(w, works[0], "in_review");
	assert_int_equal(cases(w, "starved"), 0);
	world_pass(w, 169 * (int64_t)HOUR);
	assert_int_equal(cases(w, "starved"), 3);
}

/* The time to rate begins anew when a work is complete anew. */
static void an_old_clock_shows_no_grade(void **state)
{
	struct world *w = *state;
	const char *works[4];
	int at = 0;

	course(w, ONE_EACH ",\"lease_minutes\":2880", 4, 8, works);
	/* A lease that ends first: what comes later is not looked at. */
	world_ok(w, who(w, 3), "review.next", PEER_REF);
	rounds(w, 3, 1, 0);
	while (!is_sealed(w, works[at]))
		at++;
	world_pass(w, 10 * (int64_t)HOUR);
	for (int i = 0; i < 3; i++)
		license(w, i, "suspended", since(w, -20));
	is_in(w, works[at], "in_review");
	world_pass(w, 10 * (int64_t)HOUR);
	for (int i = 0; i < 3; i++)
		license(w, i, "qualified", ",\"restore\":true");
	is_in(w, works[at], "sealed");
	world_pass(w, 60 * (int64_t)HOUR);
	is_in(w, works[at], "sealed");
	world_pass(w, 13 * (int64_t)HOUR);
	is_in(w, works[at], "released");
}

/* However often a work is complete, its reviewers are heard once. */
static void what_is_sealed_again_raises_no_alarm(void **state)
{
	struct world *w = *state;
	const char *works[8];

	course(w,
	       ",\"must_review\":2,\"must_receive\":2,\"stop\":{\"least\":2,"
	       "\"most\":2}" NO_COVERT,
	       8, 8, works);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 8; i++)
			peer_review(w, who(w, i), i ? 0 : -3);
	for (int k = 0; k < 40; k++)
		for (int i = 1; i < 8; i++) {
			license(w, i, "suspended", since(w, -20));
			license(w, i, "qualified", ",\"restore\":true");
		}
	assert_int_equal(cases(w, "reviewer"), 0);
}

static void
without_its_qualified_reviewer_a_sealed_work_waits_for_another(void **state)
{
	struct world *w = *state;
	const char *works[8];
	int sealed = -1;

	course(w, ",\"must_review\":2,\"must_receive\":2" NO_COVERT, 8, 1,
	       works);
	for (int k = 0; k < 7; k++) /* the first alone qualifies */
		peer_calibrate(w, who(w, 0), 0);
	rounds(w, 8, 3, 0);
	for (int i = 0; i < 8; i++) {
		struct reply r = work(w, "moderator", works[i]);

		if (!strcmp(reply_text(w, &r, "state"), "sealed"))
			sealed = i;
	}
	assert_true(sealed >= 0);
	assert_int_equal(license(w, 0, "supervised", "").e, OK);
	is_in(w, works[sealed], "in_review");
	assert_int_equal(world_call(w, who(w, sealed), "artifact.reveal",
				    "{\"artifact\":\"%s\"}", works[sealed])
				 .e,
			 ERR_TOO_EARLY);
	assert_true(cases(w, "unqualified") > 0);
}

static void suspension_keeps_what_was_begun(void **state)
{
	struct world *w = *state;
	struct reply c, r;

	world_publish(w, peer_json(w, 1, NO_COVERT));
	peer_hand_in(w, who(w, 0));
	world_pass(w, 61 * MINUTE);
	c = world_ok(w, who(w, 0), "calibration.next", PEER_REF);
	license(w, 0, "suspended", "");
	assert_int_equal(peer_submit(w, who(w, 0), &c, 5, 5).e, ERR_TOO_LATE);
	license(w, 0, "supervised", "");
	/* The only gold there is: without it he could never review. */
	r = world_ok(w, who(w, 0), "calibration.next", PEER_REF);
	assert_string_equal(reply_text(w, &r, "review"),
			    reply_text(w, &c, "review"));
	assert_true(reply_has(w, &r, "words"));
}

static void who_is_suspended_with_reviews_to_do_is_a_case(void **state)
{
	struct world *w = *state;
	const char *works[4];
	struct reply r;

	course(w, ONE_EACH, 4, 8, works);
	license(w, 0, "suspended", "");
	for (int k = 0; k < 3; k++)
		for (int i = 1; i < 4; i++)
			peer_review(w, who(w, i), 0);
	r = work(w, "moderator", works[0]);
	assert_string_equal(reply_text(w, &r, "waits"), "own_reviews");
	assert_int_equal(cases(w, "stuck"), 1);
	world_ok(w, "moderator", "peer.waive",
		 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"l00\","
		 "\"what\":\"duty\"" BECAUSE "}");
	is_in(w, works[0], "sealed");
	assert_int_equal(cases(w, "stuck"), 0);
}

static void with_the_time_to_review_what_is_there_has_to_do(void **state)
{
	struct world *w = *state;
	const char *works[6];
	struct reply held, r;

	course(w,
	       str_fmt(w->cx.arena,
		       ",\"must_review\":2,\"dates\":{\"review_until\":"
		       "\"%s\"}" NO_COVERT,
		       world_time(w, 4 * HOUR))
		       .p,
	       6, 8, works);
	held = world_ok(w, who(w, 5), "review.next", PEER_REF);
	/* No lease reaches beyond it. */
	assert_int_equal(reply_time(w, &held, "lease_until"),
			 WORLD_BEGIN + 4 * HOUR);
	rounds(w, 5, 2, 0);
	r = work(w, "moderator", works[0]);
	assert_string_equal(reply_text(w, &r, "waits"), "reviews");
	assert_in_range(reply_int(w, &r, "reviews"), 1, 2);
	world_pass(w, 5 * HOUR);
	is_in(w, works[0], "sealed");
	assert_int_equal(peer_submit(w, who(w, 5), &held, 6, 7).e,
			 ERR_TOO_LATE);
}

static void an_extended_review_goes_on(void **state)
{
	struct world *w = *state;
	const char *works[6];

	course(w,
	       str_fmt(w->cx.arena,
		       ",\"must_review\":2,\"dates\":{\"review_until\":"
		       "\"%s\"}" NO_COVERT,
		       world_time(w, 4 * HOUR))
		       .p,
	       6, 8, works);
	rounds(w, 2, 1, 0);
	world_ok(
		w, "moderator", "peer.extend",
		"{\"course\":\"c\",\"slug\":\"p\",\"review_until\":\"%s\"" BECAUSE
		"}",
		world_time(w, 9 * HOUR));
	world_pass(w, 5 * HOUR);
	is_in(w, works[0], "in_review");
	world_restart(w);
	assert_int_equal(peer_review(w, who(w, 3), 0).e, OK);
	assert_int_equal(cases(w, "starved"), 0);
	world_pass(w, 5 * HOUR);
	assert_int_equal(world_call(w, who(w, 3), "review.next", PEER_REF).e,
			 ERR_TOO_LATE);
	assert_true(cases(w, "starved") > 0);
}

static void what_nobody_reviewed_in_time_is_a_case_at_once(void **state)
{
	struct world *w = *state;
	const char *works[3];

	course(w,
	       str_fmt(w->cx.arena,
		       ",\"dates\":{\"review_until\":\"%s\"}" NO_COVERT,
		       world_time(w, 4 * HOUR))
		       .p,
	       3, 8, works);
	world_pass(w, 5 * HOUR);
	assert_int_equal(cases(w, "starved"), 3);
}

static void who_has_done_his_gets_what_still_tells_too_little(void **state)
{
	struct world *w = *state;
	const char *works[8];
	int wanting = 0;
	struct reply r;

	/* All deserve what lies on the pass mark: no two reviews tell. */
	course(w,
	       ",\"must_review\":2,\"must_receive\":2,\"stop\":{\"least\":2,"
	       "\"most\":3,\"pass_percent\":66}" NO_COVERT,
	       8, 8, works);
	rounds(w, 8, 2, 0);
	for (int i = 0; i < 8; i++) {
		r = work(w, "moderator", works[i]);
		wanting += !strcmp(reply_text(w, &r, "waits"), "reviews");
	}
	assert_true(wanting > 0);
	world_pass(w, 25 * HOUR);
	assert_true(cases(w, "unsure") > 0);
	rounds(w, 8, 2, 0);
	for (int i = 0; i < 8; i++)
		is_in(w, works[i], "sealed");
	assert_int_equal(peer_review(w, who(w, 0), 0).e, ERR_LIMIT_REACHED);
}

static void stop_least_is_what_a_work_needs(void **state)
{
	struct world *w = *state;
	const char *works[8];
	struct reply r;

	course(w,
	       ",\"must_review\":2,\"must_receive\":2,\"stop\":{\"least\":4,"
	       "\"most\":6}" NO_COVERT,
	       8, 8, works);
	rounds(w, 8, 2, 0);
	r = work(w, "moderator", works[0]);
	assert_int_equal(reply_int(w, &r, "needed"), 4);
	assert_string_equal(reply_text(w, &r, "waits"), "reviews");
}

static void a_persons_word_on_a_released_grade_is_never_lost(void **state)
{
	struct world *w = *state;
	const char *works[3];
	struct reply r;

	course(w, ONE_EACH, 3, 8, works);
	rounds(w, 3, 1, 0);
	world_pass(w, 73 * (int64_t)HOUR);
	r = work(w, who(w, 0), works[0]);
	assert_string_equal(reply_text(w, &r, "grade/by_moderator"), "false");
	/* 63.33, less than five from what is shown. */
	assert_int_equal(decide(w, works[0], 5, 7).e, OK);
	assert_int_equal(cases(w, "moved"), 1);
	r = work(w, "moderator", works[0]);
	assert_string_equal(reply_text(w, &r, "grade/now"), "63.33");
	/* Until it is taken, the author sees what was, and no word of it. */
	r = work(w, who(w, 0), works[0]);
	assert_false(reply_has(w, &r, "grade/now"));
	assert_false(reply_has(w, &r, "grade/reason"));
	assert_string_equal(reply_text(w, &r, "grade/by_moderator"), "false");
	world_ok(w, "moderator", "peer.confirm",
		 "{\"artifact\":\"%s\",\"take\":true" BECAUSE "}", works[0]);
	r = work(w, who(w, 0), works[0]);
	assert_string_equal(reply_text(w, &r, "grade/grade"), "63.33");
	assert_string_equal(reply_text(w, &r, "grade/reason"), "because");
	assert_int_equal(cases(w, "moved"), 0);
}

static void a_grade_of_no_reviews_is_not_taken(void **state)
{
	struct world *w = *state;
	const char *works[3];

	course(w, ONE_EACH, 3, 8, works);
	rounds(w, 3, 1, 0);
	world_pass(w, 73 * (int64_t)HOUR);
	for (int i = 0; i < 3; i++)
		license(w, i, "suspended", since(w, -90));
	is_in(w, works[0], "released");
	assert_int_equal(world_call(w, "moderator", "peer.confirm",
				    "{\"artifact\":\"%s\",\"take\":true" BECAUSE
				    "}",
				    works[0])
				 .e,
			 ERR_CONFLICT);
}

static void a_decided_work_leaves_reviewers_to_others(void **state)
{
	struct world *w = *state;
	const char *works[8];
	struct reply r;

	course(w, NO_COVERT, 8, 8, works);
	rounds(w, 1, 3, 0); /* the first has earned three */
	assert_int_equal(decide(w, works[0], 6, 7).e, OK);
	is_in(w, works[0], "released"); /* he has done his, too */
	for (int i = 1; i < 8; i++)
		assert_int_equal(peer_review(w, who(w, i), 0).e, OK);
	r = work(w, "moderator", works[0]);
	assert_int_equal(reply_int(w, &r, "reviews"), 0);
}

static void who_decided_has_no_hand_in_the_appeal(void **state)
{
	struct world *w = *state;
	const char *works[3], *id;
	struct reply r;

	course(w, ONE_EACH, 3, 8, works);
	rounds(w, 3, 1, 0);
	world_pass(w, 73 * (int64_t)HOUR);
	assert_int_equal(decide(w, works[0], 1, 1).e, OK);
	world_ok(w, "moderator", "peer.confirm",
		 "{\"artifact\":\"%s\",\"take\":true" BECAUSE "}", works[0]);
	r = world_ok(w, who(w, 0), "appeal.file",
		     "{\"artifact\":\"%s\",\"grounds\":\"%s\"}", works[0],
		     peer_text(w, 25));
	id = reply_text(w, &r, "appeal");
	assert_int_equal(decide(w, works[0], 0, 0).e, ERR_CONFLICT);
	assert_int_equal(
		world_call(w, "moderator", "appeal.triage",
			   "{\"appeal\":\"%s\",\"take\":false" BECAUSE "}", id)
			.e,
		ERR_DENIED);
	/* Nor does the queue tell the grade to who decides. */
	r = world_ok(w, "platform", "peer.queue", PEER_REF);
	assert_string_equal(reply_text(w, &r, "cases/0/reason"), "appeal");
	assert_string_equal(reply_text(w, &r, "cases/0/appeal"), id);
	assert_false(reply_has(w, &r, "cases/0/grade"));
	world_ok(w, "platform", "appeal.triage",
		 "{\"appeal\":\"%s\",\"take\":true" BECAUSE "}", id);
	world_ok(w, "platform", "appeal.decide",
		 "{\"appeal\":\"%s\",\"outcome\":\"upheld\","
		 "\"reason\":\"as it was\"}",
		 id);
	r = world_ok(w, who(w, 0), "appeal.get", "{\"appeal\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "reason"), "as it was");
}

static void a_flag_alone_gives_no_grade(void **state)
{
	struct world *w = *state;
	const char *works[3];
	struct reply r, next;

	course(w, ONE_EACH, 3, 8, works);
	next = world_ok(w, who(w, 0), "review.next", PEER_REF);
	r = world_ok(w, who(w, 0), "review.submit",
		     "{\"review\":\"%s\",\"fence\":%lld,\"flag\":\"empty\","
		     "\"words\":{\"scores\":" SCORES(
			     0, 0) ",\"flag_note\":"
				   "\"I see nothing at all here\"}}",
		     reply_text(w, &next, "review"),
		     (long long)reply_int(w, &next, "fence"));
	assert_string_equal(reply_text(w, &r, "state"), "done");
	for (int i = 0; i < 3; i++) {
		r = work(w, "moderator", works[i]);
		if (reply_int(w, &r, "reviews"))
			assert_int_equal(reply_int(w, &r, "grade/reviews"), 0);
		assert_string_equal(reply_text(w, &r, "state"), "in_review");
	}
}

static void a_grade_stands_until_the_next_version_has_one(void **state)
{
	struct world *w = *state;
	const char *works[4];
	struct reply r;

	course(w, ONE_EACH, 4, 8, works);
	rounds(w, 4, 1, 0);
	world_pass(w, 73 * (int64_t)HOUR);
	is_in(w, works[0], "released");
	world_ok(w, who(w, 0), "artifact.resubmit",
		 "{\"course\":\"c\",\"slug\":\"p\",\"content\":"
		 "{\"text\":\"6 7 %s\"}}",
		 peer_text(w, 40));
	r = world_ok(w, who(w, 0), "gradebook.get", "{\"course\":\"c\"}");
	assert_true(reply_has(w, &r, "grades/0/score"));
	r = work(w, who(w, 0), works[0]);
	assert_string_equal(reply_text(w, &r, "state"), "replaced");
	assert_true(reply_has(w, &r, "grade"));
	assert_int_equal(world_call(w, who(w, 0), "appeal.file",
				    "{\"artifact\":\"%s\",\"grounds\":\"%s\"}",
				    works[0], peer_text(w, 25))
				 .e,
			 ERR_CONFLICT);
	/* By assessment it is the newest version. */
	r = world_ok(w, who(w, 0), "artifact.get", PEER_REF);
	assert_int_equal(reply_int(w, &r, "version"), 2);
}

static void who_turns_out_to_be_related_has_not_reviewed(void **state)
{
	struct world *w = *state;
	const char *works[3];
	struct reply next, r;
	const char *text;
	int of = 0;

	course(w, ONE_EACH, 3, 8, works);
	next = world_ok(w, who(w, 0), "review.next", PEER_REF);
	text = reply_text(w, &next, "content/text");
	for (int i = 1; i < 3; i++) {
		r = work(w, "moderator", works[i]);
		of = strcmp(reply_text(w, &r, "content/text"), text) ? of : i;
	}
	assert_int_equal(peer_submit(w, who(w, 0), &next, 6, 7).e, OK);
	r = work(w, "moderator", works[of]);
	assert_int_equal(reply_int(w, &r, "grade/reviews"), 1);
	world_ok(w, "platform", "peer.relate",
		 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"l00\","
		 "\"what\":\"conflict\",\"with\":\"l%02d\"" BECAUSE "}",
		 of);
	r = work(w, "moderator", works[of]);
	assert_int_equal(reply_int(w, &r, "grade/reviews"), 0);
	world_ok(w, "platform", "peer.relate",
		 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"l00\","
		 "\"what\":\"no_conflict\",\"with\":\"l%02d\"" BECAUSE "}",
		 of);
	r = work(w, "moderator", works[of]);
	assert_int_equal(reply_int(w, &r, "grade/reviews"), 1);
}

static void a_platform_rates_for_its_learner(void **state)
{
	struct world *w = *state;
	const char *works[3];
	struct reply r;

	course(w, ONE_EACH, 3, 8, works);
	rounds(w, 3, 1, 0);
	r = work(w, who(w, 0), works[0]);
	world_ok(w, "platform", "review.rate",
		 "{\"review\":\"%s\",\"rating\":4}",
		 reply_text(w, &r, "received/0/review"));
	r = work(w, who(w, 0), works[0]);
	assert_int_equal(reply_int(w, &r, "received/0/rating"), 4);
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
		TEST(a_sealed_work_whose_reviews_are_taken_out_is_reviewed_again),
		TEST(an_old_clock_shows_no_grade),
		TEST(what_is_sealed_again_raises_no_alarm),
		TEST(what_is_reviewed_again_may_starve_again),
		TEST(without_its_qualified_reviewer_a_sealed_work_waits_for_another),
		TEST(suspension_keeps_what_was_begun),
		TEST(who_is_suspended_with_reviews_to_do_is_a_case),
		TEST(with_the_time_to_review_what_is_there_has_to_do),
		TEST(an_extended_review_goes_on),
		TEST(what_nobody_reviewed_in_time_is_a_case_at_once),
		TEST(who_has_done_his_gets_what_still_tells_too_little),
		TEST(stop_least_is_what_a_work_needs),
		TEST(a_persons_word_on_a_released_grade_is_never_lost),
		TEST(a_grade_of_no_reviews_is_not_taken),
		TEST(a_decided_work_leaves_reviewers_to_others),
		TEST(who_decided_has_no_hand_in_the_appeal),
		TEST(a_flag_alone_gives_no_grade),
		TEST(a_grade_stands_until_the_next_version_has_one),
		TEST(who_turns_out_to_be_related_has_not_reviewed),
		TEST(a_platform_rates_for_its_learner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
