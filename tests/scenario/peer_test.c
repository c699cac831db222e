/* Work that peers review: handing in, calibrating, reviewing, grades. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/peer.h"

enum { MINUTE = 60000, HOUR = 3600000 };

/* Two reviews each, of eight: so that nobody has to review his reviewer. */
static const char *const all[] = { "learner:ann", "learner:bob", "learner:cat",
				   "learner:dan", "learner:eva", "learner:fay",
				   "learner:gus", "learner:hal" };
enum { ALL = 8 };

/* No gold in live work: then who reviews what is easily told. */
#define NO_COVERT                                                              \
	",\"licence\":{\"covert_new\":0,\"covert_stable\":0},"                 \
	"\"must_review\":2,\"must_receive\":2"

static const char *state_of(struct world *w, const char *who, const char *id)
{
	struct reply r =
		world_ok(w, who, "artifact.get", "{\"artifact\":\"%s\"}", id);

	return reply_text(w, &r, "state");
}

/* All have handed in, are qualified, and the grace is over. */
static void all_ready(struct world *w, const char *more, const char **works)
{
	peer_publish(w, more);
	for (int i = 0; i < ALL; i++)
		works[i] = peer_hand_in(w, all[i]);
	for (int i = 0; i < ALL; i++)
		for (int k = 0; k < 8; k++)
			assert_int_equal(peer_calibrate(w, all[i], 0).e, OK);
	world_pass(w, 61 * MINUTE);
}

/* One more than they must, where somebody is short. */
static void all_reviewed(struct world *w, int off)
{
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < ALL; i++) {
			struct reply r = peer_review(w, all[i], off);

			assert_true(k < 2 ? r.e == OK
					  : r.e == OK ||
						    r.e == ERR_LIMIT_REACHED);
		}
}

static void a_work_can_be_corrected_until_it_enters_the_pool(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	peer_publish(w, "");
	id = peer_hand_in(w, "learner:ann");
	r = peer_try_hand_in(w, "learner:ann");
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_string_equal(state_of(w, "learner:ann", id), "grace");
	world_ok(w, "learner:ann", "artifact.correct",
		 "{\"artifact\":\"%s\",\"content\":{\"text\":\"better\"}}", id);
	r = world_ok(w, "learner:ann", "artifact.get", "{\"artifact\":\"%s\"}",
		     id);
	assert_string_equal(reply_text(w, &r, "content/text"), "better");
	world_pass(w, 61 * MINUTE);
	assert_string_equal(state_of(w, "learner:ann", id), "in_review");
	r = world_call(w, "learner:ann", "artifact.correct",
		       "{\"artifact\":\"%s\",\"content\":{\"text\":\"no\"}}",
		       id);
	assert_int_equal(r.e, ERR_TOO_LATE);
	assert_int_equal(world_call(w, "learner:bob", "artifact.get",
				    "{\"artifact\":\"%s\"}", id)
				 .e,
			 ERR_NOT_FOUND);
}

static void what_is_handed_in_must_be_what_was_asked_for(void **state)
{
	static const struct {
		const char *content, *field;
	} bad[] = {
		{ "{}", "/content" },
		{ "{\"links\":[\"https://a.b/\"]}", "/content/links" },
		{ "{\"commit\":{\"url\":\"https://a/\",\"commit\":"
		  "\"0123456789012345678901234567890123456789\"}}",
		  "/content/commit" },
	};
	struct world *w = *state;

	peer_publish(w, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct reply r = world_call(
			w, "learner:ann", "artifact.submit",
			"{\"course\":\"c\",\"slug\":\"p\",\"content\":%s}",
			bad[i].content);

		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(str_z(w->cx.arena, r.field), bad[i].field);
	}
}

static void who_has_not_calibrated_or_handed_in_does_not_review(void **state)
{
	struct world *w = *state;
	struct reply r;

	peer_publish(w, "");
	r = world_call(w, "learner:ann", "review.next", PEER_REF);
	assert_int_equal(r.e, ERR_PRECONDITION);
	peer_hand_in(w, "learner:ann");
	r = world_call(w, "learner:ann", "review.next", PEER_REF);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_non_null(strstr(str_z(w->cx.arena, r.message), "calibrat"));
}

static void a_calibration_is_explained(void **state)
{
	struct world *w = *state;
	struct reply r;

	peer_publish(w, "");
	r = peer_calibrate(w, "learner:ann", 0);
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "explained/passed"), "true");
	r = peer_calibrate(w, "learner:ann", 6);
	assert_string_equal(reply_text(w, &r, "explained/passed"), "false");
	assert_string_equal(reply_text(w, &r, "explained/reason"), "why");
	assert_int_equal(reply_count(w, &r, "explained/criteria"), 2);
	assert_string_equal(reply_text(w, &r, "explained/criteria/0/near"),
			    "false");
}

static void qualified_peers_grade_each_other_with_an_interval(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	all_ready(w, NO_COVERT, works);
	all_reviewed(w, 0);
	for (int i = 0; i < ALL; i++) {
		assert_string_equal(state_of(w, all[i], works[i]), "sealed");
		r = world_ok(w, all[i], "artifact.get", "{\"artifact\":\"%s\"}",
			     works[i]);
		assert_false(reply_has(w, &r, "grade"));
		assert_true(reply_count(w, &r, "received") >= 2);
		assert_false(reply_has(w, &r, "received/0/scores"));
	}
	r = world_ok(w, all[0], "artifact.reveal", "{\"artifact\":\"%s\"}",
		     works[0]);
	assert_string_equal(reply_text(w, &r, "state"), "released");
	/* 6 of 10 once, 7 of 10 twice: 66.67 in the mean. */
	assert_string_equal(reply_text(w, &r, "grade/mean"), "66.67");
	assert_true(reply_dec(w, &r, "grade/lo").nano <
		    reply_dec(w, &r, "grade/grade").nano);
	assert_true(reply_dec(w, &r, "grade/hi").nano >
		    reply_dec(w, &r, "grade/grade").nano);
	assert_true(reply_has(w, &r, "received/0/scores"));
	/* The others' grades show when they had time to rate. */
	world_pass(w, 73 * (int64_t)HOUR);
	assert_string_equal(state_of(w, all[1], works[1]), "released");
	r = world_ok(w, all[1], "gradebook.get", "{\"course\":\"c\"}");
	assert_int_equal(reply_count(w, &r, "grades"), 1);
}

static void a_review_is_rated_once_and_before_the_grade_shows(void **state)
{
	const char *works[ALL], *review;
	struct world *w = *state;
	struct reply r;

	all_ready(w, NO_COVERT, works);
	all_reviewed(w, 0);
	r = world_ok(w, all[0], "artifact.get", "{\"artifact\":\"%s\"}",
		     works[0]);
	review = reply_text(w, &r, "received/0/review");
	assert_string_equal(reply_text(w, &r, "received/0/may_rate"), "true");
	world_ok(w, all[0], "review.rate", "{\"review\":\"%s\",\"rating\":4}",
		 review);
	assert_int_equal(world_call(w, all[0], "review.rate",
				    "{\"review\":\"%s\",\"rating\":1}", review)
				 .e,
			 ERR_CONFLICT);
	assert_int_equal(world_call(w, all[1], "review.rate",
				    "{\"review\":\"%s\",\"rating\":1}", review)
				 .e,
			 ERR_NOT_FOUND);
	review = reply_text(w, &r, "received/1/review");
	world_ok(w, all[0], "artifact.reveal", "{\"artifact\":\"%s\"}",
		 works[0]);
	assert_int_equal(world_call(w, all[0], "review.rate",
				    "{\"review\":\"%s\",\"rating\":1}", review)
				 .e,
			 ERR_TOO_LATE);
}

static void a_second_pick_is_the_same_lease(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply a, b;

	all_ready(w, NO_COVERT, works);
	a = world_ok(w, all[0], "review.next", PEER_REF);
	b = world_ok(w, all[0], "review.next", PEER_REF);
	assert_string_equal(reply_text(w, &a, "review"),
			    reply_text(w, &b, "review"));
	assert_int_equal(reply_int(w, &a, "fence"), reply_int(w, &b, "fence"));
}

static void a_stale_fence_is_refused_and_the_text_is_kept(void **state)
{
	const char *works[ALL], *id;
	struct world *w = *state;
	struct reply a, b, r;

	all_ready(w, NO_COVERT, works);
	a = world_ok(w, all[0], "review.next", PEER_REF);
	id = reply_text(w, &a, "review");
	world_pass(w, 481 * MINUTE);
	b = world_ok(w, all[0], "review.next", PEER_REF);
	assert_string_equal(reply_text(w, &b, "review"), id);
	assert_true(reply_int(w, &b, "fence") != reply_int(w, &a, "fence"));
	r = peer_submit(w, all[0], &a, 5, 5);
	assert_int_equal(r.e, ERR_OUT_OF_SEQUENCE);
	assert_string_equal(str_z(w->cx.arena, r.field), "/fence");
	r = world_ok(w, all[0], "review.get", "{\"review\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "draft"), "true");
	assert_int_equal(reply_count(w, &r, "words/strengths"), 2);
	assert_int_equal(peer_submit(w, all[0], &b, 5, 5).e, OK);
	assert_int_equal(peer_submit(w, all[0], &b, 5, 5).e, ERR_CONFLICT);
}

static void a_late_review_counts_while_its_place_is_free(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	all_ready(w, NO_COVERT, works);
	r = world_ok(w, all[0], "review.next", PEER_REF);
	world_pass(w, 481 * MINUTE);
	assert_int_equal(peer_submit(w, all[0], &r, 5, 5).e, OK);
}

static void a_review_that_says_nothing_is_refused_with_the_reason(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply next, r;

	all_ready(w, NO_COVERT, works);
	next = world_ok(w, all[0], "review.next", PEER_REF);
	r = world_call(w, all[0], "review.submit",
		       "{\"review\":\"%s\",\"fence\":%lld,\"words\":{"
		       "\"scores\":[{\"criterion\":\"a\",\"points\":5},"
		       "{\"criterion\":\"b\",\"points\":5}],"
		       "\"strengths\":[\"good\"]}}",
		       reply_text(w, &next, "review"),
		       (long long)reply_int(w, &next, "fence"));
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_starts(r.field, "/words/"));
	assert_true(json_raw(w, r.state, "findings/0/message").n > 0);
	r = world_call(w, all[0], "review.submit", "%s",
		       peer_said(w, &next, 11, 5, ""));
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_starts(r.field, "/words/scores/0"));
}

static void a_small_course_is_told_why_there_is_nothing(void **state)
{
	struct world *w = *state;
	struct reply r;

	peer_publish(w, NO_COVERT);
	peer_hand_in(w, "learner:ann");
	for (int i = 0; i < PEER_GOLD_N; i++)
		peer_calibrate(w, "learner:ann", 0);
	world_pass(w, 61 * MINUTE);
	r = peer_review(w, "learner:ann", 0);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	assert_string_equal(json_text(w, r.state, "in_pool"), "1");
	assert_int_equal(world_records(w, "review.none"), 1);
}

static void everything_is_there_after_a_restart(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply a, b;

	all_ready(w, NO_COVERT, works);
	all_reviewed(w, 1);
	a = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[2]);
	world_restart(w);
	b = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[2]);
	assert_string_equal(str_z(w->cx.arena, a.result),
			    str_z(w->cx.arena, b.result));
	world_ok(w, all[2], "artifact.reveal", "{\"artifact\":\"%s\"}",
		 works[2]);
}

static void two_servers_fold_the_same_run(void **state)
{
	const char *works[ALL];
	struct world *w = *state, *two;
	struct reply a, b;

	all_ready(w, NO_COVERT, works);
	two = world_join(w, 2);
	if (!two)
		return; /* SQLite is one server's */
	world_pass(two, world_now(w) - world_now(two));
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < ALL; i++) {
			a = peer_review(i % 2 ? w : two, all[i], k);
			if (a.e)
				fail_msg("%s: %.*s", all[i], STR_FMT(a.json));
		}
	for (int i = 0; i < ALL; i++) {
		a = world_ok(w, "moderator", "artifact.get",
			     "{\"artifact\":\"%s\"}", works[i]);
		b = world_ok(two, "moderator", "artifact.get",
			     "{\"artifact\":\"%s\"}", works[i]);
		assert_true(str_eq(a.result, b.result));
	}
	world_close(two);
}

static void a_new_version_is_reviewed_anew(void **state)
{
	const char *works[ALL];
	struct world *w = *state;
	struct reply r;

	all_ready(w, NO_COVERT, works);
	r = world_ok(w, all[0], "artifact.resubmit",
		     "{\"course\":\"c\",\"slug\":\"p\",\"content\":"
		     "{\"text\":\"9 9 %s\"}}",
		     peer_text(w, 40));
	assert_int_equal(reply_int(w, &r, "version"), 2);
	assert_string_equal(state_of(w, all[0], works[0]), "replaced");
	assert_int_equal(world_call(w, all[0], "artifact.resubmit",
				    "{\"course\":\"c\",\"slug\":\"p\","
				    "\"content\":{\"text\":\"x\"}}")
				 .e,
			 ERR_PRECONDITION);
}

static void who_loses_his_work_under_review_keeps_the_text(void **state)
{
	const char *works[ALL], *own;
	struct world *w = *state;
	struct reply next, r;
	int at = 1;

	all_ready(w, NO_COVERT, works);
	next = world_ok(w, all[0], "review.next", PEER_REF);
	for (; at < ALL; at++) { /* whose is it? its text tells */
		r = world_ok(w, all[at], "artifact.get",
			     "{\"artifact\":\"%s\"}", works[at]);
		if (!strcmp(reply_text(w, &r, "content/text"),
			    reply_text(w, &next, "content/text")))
			break;
	}
	assert_true(at < ALL);
	own = works[at];
	world_ok(w, all[at], "artifact.withdraw", "{\"artifact\":\"%s\"}", own);
	r = peer_submit(w, all[0], &next, 5, 5);
	assert_int_equal(r.e, ERR_TOO_LATE);
	r = world_ok(w, all[0], "review.get", "{\"review\":\"%s\"}",
		     reply_text(w, &next, "review"));
	assert_string_equal(reply_text(w, &r, "state"), "void");
	assert_string_equal(reply_text(w, &r, "draft"), "true");
	assert_false(reply_has(w, &r, "content"));
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
		TEST(a_work_can_be_corrected_until_it_enters_the_pool),
		TEST(what_is_handed_in_must_be_what_was_asked_for),
		TEST(who_has_not_calibrated_or_handed_in_does_not_review),
		TEST(a_calibration_is_explained),
		TEST(qualified_peers_grade_each_other_with_an_interval),
		TEST(a_review_is_rated_once_and_before_the_grade_shows),
		TEST(a_second_pick_is_the_same_lease),
		TEST(a_stale_fence_is_refused_and_the_text_is_kept),
		TEST(a_late_review_counts_while_its_place_is_free),
		TEST(a_review_that_says_nothing_is_refused_with_the_reason),
		TEST(a_small_course_is_told_why_there_is_nothing),
		TEST(everything_is_there_after_a_restart),
		TEST(two_servers_fold_the_same_run),
		TEST(a_new_version_is_reviewed_anew),
		TEST(who_loses_his_work_under_review_keeps_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
