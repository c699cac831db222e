/* A cohort with one deadline, and grades that are held back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/scenario/peer.h"

enum { MINUTE = 60000, HOUR = 3600000, PEOPLE = 21 };

static const char *who(struct world *w, int i)
{
	return str_fmt(w->cx.arena, "learner:l%02d", i).p;
}

static void hand_in_all(struct world *w, int n, const char **works)
{
	for (int i = 0; i < n; i++)
		works[i] = peer_hand_in(w, who(w, i));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < 8; k++)
			peer_calibrate(w, who(w, i), 0);
}

static void publish_cohort(struct world *w, const char *more)
{
	peer_publish(
		w,
		str_fmt(w->cx.arena,
			",\"mode\":\"cohort\",\"must_review\":2,"
			"\"must_receive\":2,\"stop\":{\"least\":2,\"most\":2},"
			"\"licence\":{\"covert_new\":0,\"covert_stable\":0},"
			"\"dates\":{\"hand_in_until\":\"%s\","
			"\"review_until\":\"%s\"}%s",
			world_time(w, 2 * HOUR), world_time(w, 200 * HOUR),
			more)
			.p);
}

static bool waits_for_allocation(struct world *w)
{
	struct reply q = world_ok(w, "moderator", "peer.queue", PEER_REF);

	return reply_count(w, &q, "cases") &&
	       !strcmp(reply_text(w, &q, "cases/0/reason"), "allocate");
}

/* Every number reviews twice and is reviewed twice, and nobody himself. */
static void lines_say_so(struct world *w)
{
	struct reply r = world_ok(w, "auditor", "peer.allocation", PEER_REF);
	int does[PEOPLE] = { 0 }, gets[PEOPLE] = { 0 }, n = 0;
	struct str text = r.bytes, line;

	while (str_split(&text, '\n', &line) && line.n) {
		int a, b;

		if (sscanf(str_z(w->cx.arena, line),
			   "{\"reviewer\":%d,\"author\":%d}", &a, &b) != 2)
			break;
		assert_in_range(a, 0, PEOPLE - 1);
		assert_in_range(b, 0, PEOPLE - 1);
		assert_int_not_equal(a, b);
		does[a]++;
		gets[b]++;
		n++;
	}
	assert_int_equal(n, reply_int(w, &r, "reviews"));
	assert_int_equal(n, 2 * PEOPLE);
	for (int i = 0; i < PEOPLE; i++)
		assert_true(does[i] == 2 && gets[i] == 2);
	assert_true(str_find(line, STR("\"certificate\":{\"n\":21,\"k\":2,"),
			     0) != SIZE_MAX);
}

static void a_cohort_reviews_what_was_drawn_and_nothing_else(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;
	struct reply r;

	publish_cohort(w, "");
	hand_in_all(w, PEOPLE, works);
	world_pass(w, 61 * MINUTE);
	assert_int_equal(world_call(w, who(w, 0), "review.next", PEER_REF).e,
			 ERR_TOO_EARLY);
	assert_false(waits_for_allocation(w));
	assert_int_equal(
		world_call(w, "moderator", "peer.allocate", PEER_REF).e,
		ERR_TOO_EARLY);
	world_pass(w, 61 * MINUTE);
	assert_true(waits_for_allocation(w));
	r = world_call(w, who(w, 0), "review.next", PEER_REF);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	r = world_ok(w, "moderator", "peer.allocate",
		     "{\"course\":\"c\",\"slug\":\"p\",\"seed\":5}");
	assert_int_equal(reply_int(w, &r, "people"), PEOPLE);
	assert_string_equal(reply_text(w, &r, "ok"), "true");
	assert_int_equal(reply_int(w, &r, "reciprocal_pairs"), 0);
	assert_false(waits_for_allocation(w));
	lines_say_so(w);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < PEOPLE; i++) {
			if (i == 7) /* the draw is the same after a restart */
				world_restart(w);
			assert_int_equal(peer_review(w, who(w, i), 0).e, OK);
		}
	for (int i = 0; i < PEOPLE; i++) {
		r = world_ok(w, who(w, i), "artifact.get",
			     "{\"artifact\":\"%s\"}", works[i]);
		assert_string_equal(reply_text(w, &r, "state"), "sealed");
		assert_int_equal(reply_int(w, &r, "reviews"), 2);
	}
}

static void who_may_not_meet_does_not_in_a_cohort_either(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;

	publish_cohort(w, "");
	hand_in_all(w, PEOPLE, works);
	/* Of three teams of seven, nobody reviews his own. */
	for (int i = 0; i < PEOPLE; i++)
		world_ok(
			w, "platform", "peer.relate",
			"{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"l%02d\","
			"\"what\":\"team\",\"group\":\"t%d\","
			"\"reason\":\"so\"}",
			i, i % 3);
	world_pass(w, 121 * MINUTE);
	world_ok(w, "moderator", "peer.allocate", PEER_REF);
	for (int i = 0; i < PEOPLE; i++) {
		struct reply r =
			world_ok(w, who(w, i), "review.next", PEER_REF);
		struct reply of;

		for (int k = i % 3; k < PEOPLE; k += 3) {
			of = world_ok(w, who(w, k), "artifact.get",
				      "{\"artifact\":\"%s\"}", works[k]);
			assert_string_not_equal(
				reply_text(w, &of, "content/text"),
				reply_text(w, &r, "content/text"));
		}
	}
}

static void a_cohort_that_is_too_small_is_refused_and_told_why(void **state)
{
	const char *works[2];
	struct world *w = *state;
	struct reply r;

	publish_cohort(w, "");
	hand_in_all(w, 2, works);
	world_pass(w, 121 * MINUTE);
	r = world_call(w, "moderator", "peer.allocate", PEER_REF);
	assert_int_equal(r.e, ERR_PRECONDITION);
	assert_string_equal(
		str_z(w->cx.arena, r.message),
		"2 reviews each need at least 3 works; there are 2");
	/* And it stays a case for somebody to settle. */
	assert_true(waits_for_allocation(w));
}

static void who_may_meet_in_a_small_cohort_does(void **state)
{
	const char *works[3];
	struct world *w = *state;

	publish_cohort(w, "");
	hand_in_all(w, 3, works);
	world_pass(w, 121 * MINUTE);
	assert_int_equal(
		world_call(w, "moderator", "peer.allocate", PEER_REF).e,
		ERR_PRECONDITION);
	world_ok(
		w, "moderator", "peer.allocate",
		"{\"course\":\"c\",\"slug\":\"p\",\"relax\":\"we are three\"}");
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 3; i++)
			assert_int_equal(peer_review(w, who(w, i), 0).e, OK);
}

static void nothing_of_a_grade_shows_until_grades_are_released(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;
	struct reply r;

	publish_cohort(w, ",\"release\":\"held\",\"rate_reviews\":false");
	hand_in_all(w, PEOPLE, works);
	world_pass(w, 121 * MINUTE);
	world_ok(w, "moderator", "peer.allocate", PEER_REF);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < PEOPLE; i++)
			assert_int_equal(peer_review(w, who(w, i), 0).e, OK);
	r = world_ok(w, who(w, 3), "artifact.get", "{\"artifact\":\"%s\"}",
		     works[3]);
	assert_int_equal(reply_count(w, &r, "received"), 2);
	assert_false(reply_has(w, &r, "grade"));
	assert_int_equal(reply_count(w, &r, "received/0/scores"), 0);
	r = world_ok(w, who(w, 3), "gradebook.get", "{\"course\":\"c\"}");
	assert_null(strstr(r.json.p, "\"score\""));
	assert_int_equal(world_call(w, who(w, 3), "appeal.file",
				    "{\"artifact\":\"%s\",\"grounds\":\"%s\"}",
				    works[3], peer_text(w, 25))
				 .e,
			 ERR_TOO_EARLY);
	/* Nobody has seen it: a decision changes it without a confirmation. */
	world_ok(w, "moderator", "peer.decide",
		 "{\"artifact\":\"%s\",\"reason\":\"I read it\",\"scores\":["
		 "{\"criterion\":\"a\",\"points\":9},"
		 "{\"criterion\":\"b\",\"points\":9}]}",
		 works[3]);
	r = world_ok(
		w, "moderator", "peer.release",
		"{\"course\":\"c\",\"slug\":\"p\",\"reason\":\"all done\"}");
	assert_int_equal(reply_int(w, &r, "released"), PEOPLE);
	r = world_ok(w, who(w, 3), "artifact.get", "{\"artifact\":\"%s\"}",
		     works[3]);
	assert_string_equal(reply_text(w, &r, "grade/grade"), "90");
	assert_string_equal(reply_text(w, &r, "grade/reason"), "I read it");
	assert_int_equal(reply_count(w, &r, "received/0/scores"), 2);
	r = world_ok(w, who(w, 3), "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(w, &r, "grades/0/score"), "90");
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
		TEST(a_cohort_reviews_what_was_drawn_and_nothing_else),
		TEST(who_may_not_meet_does_not_in_a_cohort_either),
		TEST(a_cohort_that_is_too_small_is_refused_and_told_why),
		TEST(who_may_meet_in_a_small_cohort_does),
		TEST(nothing_of_a_grade_shows_until_grades_are_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
