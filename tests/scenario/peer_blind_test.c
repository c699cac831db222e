/* What nobody may see: who wrote, who reviewed, what is gold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/scenario/peer.h"

enum { MINUTE = 60000, HOUR = 3600000, PEOPLE = 24 };

static const char *who(struct world *w, int i)
{
	return str_fmt(w->cx.arena, "learner:l%02d", i).p;
}

static void hand_in_all(struct world *w, const char **works)
{
	for (int i = 0; i < PEOPLE; i++)
		works[i] = peer_hand_in(w, who(w, i));
	for (int i = 0; i < PEOPLE; i++)
		for (int k = 0; k < 8; k++)
			peer_calibrate(w, who(w, i), 0);
	world_pass(w, 61 * MINUTE);
}

/* JSON with every value struck out: names and brackets are left. */
static const char *form_of(struct world *w, struct str json)
{
	struct buf b = { 0 };
	const char *s;

	for (size_t i = 0; i < json.n; i++) {
		size_t from = i;

		if (json.p[i] != '"') {
			if (strchr("[]{},", json.p[i]))
				buf_fmt(&b, "%c", json.p[i]);
			continue;
		}
		while (json.p[++i] != '"')
			i += json.p[i] == '\\';
		if (i + 1 < json.n && json.p[i + 1] == ':')
			buf_fmt(&b, "%.*s", (int)(i - from), json.p + from);
	}
	s = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return s;
}

static bool is_gold(struct world *w, const struct reply *r)
{
	/* Works all deserve 6 and 7 and have 42 words; golds have 32. */
	const char *text = reply_text(w, r, "content/text");
	int spaces = 0;

	for (const char *c = text; *c; c++)
		spaces += *c == ' ';
	return spaces < 40;
}

struct seen {
	const char *next, *submitted, *again; /* forms */
	int64_t lease_ms;
	int n;
};

static void same(const char **kept, const char *now)
{
	if (!*kept)
		*kept = now;
	assert_string_equal(*kept, now);
}

static void look(struct world *w, const char *reviewer, struct seen *of)
{
	struct reply r = world_call(w, reviewer, "review.next", PEER_REF), s;
	struct seen *v;
	int a, b;

	if (r.e)
		return;
	v = &of[is_gold(w, &r)];
	v->n++;
	same(&v->next, form_of(w, r.result));
	v->lease_ms = reply_time(w, &r, "lease_until") - world_now(w);
	peer_deserves(w, &r, &a, &b);
	s = peer_submit(w, reviewer, &r, a, b);
	assert_int_equal(s.e, OK);
	same(&v->submitted, form_of(w, s.result));
	s = world_ok(w, reviewer, "review.get", "{\"review\":\"%s\"}",
		     reply_text(w, &r, "review"));
	same(&v->again, form_of(w, s.result));
}

static void gold_in_live_work_looks_like_any_other(void **state)
{
	const char *works[PEOPLE];
	struct seen of[2] = { 0 };
	struct world *w = *state;
	struct reply r;

	peer_publish(w, ",\"licence\":{\"covert_new\":0.5,"
			"\"covert_stable\":0.5}");
	hand_in_all(w, works);
	for (int k = 0; k < 4; k++)
		for (int i = 0; i < PEOPLE; i++)
			look(w, who(w, i), of);
	assert_true(of[0].n > 10 && of[1].n > 10);
	assert_string_equal(of[0].next, of[1].next);
	assert_string_equal(of[0].submitted, of[1].submitted);
	assert_string_equal(of[0].again, of[1].again);
	assert_int_equal(of[0].lease_ms, of[1].lease_ms);
	/* Nor do the counts tell: every one of his live reviews is done. */
	r = world_ok(w, who(w, 0), "reviewer.get", PEER_REF);
	assert_int_equal(reply_int(w, &r, "golds_passed") +
				 reply_int(w, &r, "golds_failed"),
			 8);
	assert_int_equal(reply_int(w, &r, "quality/reviews"),
			 reply_int(w, &r, "reviews"));
	r = world_ok(w, who(w, 0), "review.list", PEER_REF);
	for (size_t i = 0; i < reply_count(w, &r, "reviews"); i++)
		assert_string_equal(
			reply_text(w, &r,
				   str_fmt(w->cx.arena,
					   "reviews/%zu/calibration", i)
					   .p),
			i < reply_count(w, &r, "reviews") - 8 ? "false"
							      : "true");
}

static void quality_tells_nothing_of_gold(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;
	struct reply r;
	int enough = 0;

	peer_publish(w, ",\"licence\":{\"covert_new\":0.5,"
			"\"covert_stable\":0.5}");
	hand_in_all(w, works);
	/* Before any work is complete, no review has moved it. */
	for (int i = 1; i < PEOPLE; i++)
		peer_review(w, who(w, i), i % 3 - 1);
	for (int k = 0; k < 3; k++)
		peer_review(w, who(w, 0), -2);
	r = world_ok(w, who(w, 0), "reviewer.get", PEER_REF);
	assert_string_equal(reply_text(w, &r, "quality/score"), "50");
	for (int k = 0; k < 3; k++)
		for (int i = 1; i < PEOPLE; i++)
			peer_review(w, who(w, i), 0);
	for (int i = 0; i < PEOPLE; i++) {
		r = world_ok(w, who(w, i), "reviewer.get", PEER_REF);
		if (reply_int(w, &r, "reviews") < 3)
			continue;
		enough++;
		assert_string_equal(reply_text(w, &r, "quality/enough"),
				    "true");
	}
	assert_true(enough > PEOPLE / 2);
}

/* Who is alone knows that there is nothing but gold for him. */
static void a_lone_author_gets_no_gold_that_he_would_know(void **state)
{
	struct world *w = *state;

	peer_publish(w, ",\"licence\":{\"covert_new\":0,"
			"\"covert_stable\":0}");
	peer_hand_in(w, who(w, 0));
	peer_calibrate(w, who(w, 0), 0);
	for (int k = 0; k < 3; k++) {
		world_pass(w, 61 * MINUTE);
		assert_int_equal(
			world_call(w, who(w, 0), "review.next", PEER_REF).e,
			ERR_TOO_EARLY);
	}
}

static void gold_tells_nobody_that_it_is_one(void **state)
{
	const char *works[PEOPLE], *me = NULL;
	struct world *w = *state;
	struct reply r = { 0 };

	peer_publish(w, ",\"licence\":{\"covert_new\":0.5,"
			"\"covert_stable\":0.5}");
	hand_in_all(w, works);
	for (int i = 1; i == 1 || !is_gold(w, &r); i++) {
		me = who(w, i);
		r = world_ok(w, me, "review.next", PEER_REF);
	}
	/* Its id is an artifact's or review's to nobody else. */
	assert_int_equal(world_call(w, who(w, 0), "review.get",
				    "{\"review\":\"%s\"}",
				    reply_text(w, &r, "review"))
				 .e,
			 ERR_NOT_FOUND);
	assert_int_equal(world_call(w, who(w, 0), "review.rate",
				    "{\"review\":\"%s\",\"rating\":3}",
				    reply_text(w, &r, "review"))
				 .e,
			 ERR_NOT_FOUND);
	/* The file has the experts' grades: it is not for learners. */
	assert_int_equal(world_call(w, me, "assessment.get", PEER_REF).e,
			 ERR_DENIED);
}

/* What a reply shows to one who is not staff. */
static void names_nobody(struct world *w, const struct reply *r, int me)
{
	for (int i = 0; i < PEOPLE; i++)
		if (i != me)
			assert_null(strstr(r->json.p,
					   who(w, i) + strlen("learner:")));
	assert_null(strstr(r->json.p, "\"learner\""));
	assert_null(strstr(r->json.p, "\"reviewer\""));
	assert_null(strstr(r->json.p, "\"person\""));
}

static void neither_side_learns_who_the_other_is(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;
	size_t received = 0;
	struct reply r;
	int a, b;

	peer_publish(w, ",\"licence\":{\"covert_new\":0,"
			"\"covert_stable\":0},\"rate_reviews\":false");
	hand_in_all(w, works);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < PEOPLE; i++) {
			r = world_ok(w, who(w, i), "review.next", PEER_REF);
			names_nobody(w, &r, i);
			assert_null(strstr(r.json.p, "\"artifact\""));
			peer_deserves(w, &r, &a, &b);
			r = peer_submit(w, who(w, i), &r, a, b);
			assert_int_equal(r.e, OK);
			names_nobody(w, &r, i);
		}
	for (int i = 0; i < PEOPLE; i++) {
		r = world_ok(w, who(w, i), "artifact.get",
			     "{\"artifact\":\"%s\"}", works[i]);
		received += reply_count(w, &r, "received");
		names_nobody(w, &r, i);
	}
	assert_true(received > 2 * PEOPLE);
}

static const char *released_and_appealed(struct world *w, const char **works)
{
	struct reply r;

	peer_publish(w, ",\"licence\":{\"covert_new\":0,"
			"\"covert_stable\":0},\"rate_reviews\":false");
	hand_in_all(w, works);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < PEOPLE; i++)
			assert_int_equal(peer_review(w, who(w, i), 0).e, OK);
	r = world_ok(w, who(w, 0), "appeal.file",
		     "{\"artifact\":\"%s\",\"grounds\":\"%s\"}", works[0],
		     peer_text(w, 25));
	return reply_text(w, &r, "appeal");
}

static struct reply work_of(struct world *w, const char *id)
{
	return world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
			id);
}

static void who_decides_an_appeal_sees_no_grade(void **state)
{
	const char *works[PEOPLE], *id;
	struct world *w = *state;
	struct reply r;

	id = released_and_appealed(w, works);
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[0]);
	assert_true(reply_has(w, &r, "content"));
	assert_false(reply_has(w, &r, "grade"));
	assert_int_equal(reply_count(w, &r, "received/0/scores"), 0);
	/* Of others' works he sees it. */
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[1]);
	assert_true(reply_has(w, &r, "grade"));
	world_ok(w, "platform", "appeal.triage",
		 "{\"appeal\":\"%s\",\"take\":true,\"reason\":\"so\"}", id);
	world_ok(w, "moderator", "appeal.decide",
		 "{\"appeal\":\"%s\",\"outcome\":\"upheld\",\"reason\":\"so\"}",
		 id);
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[0]);
	assert_true(reply_has(w, &r, "grade"));
}

static void an_auditor_reads_and_writes_nothing(void **state)
{
	static const char *const reads[] = { "peer.queue", "peer.report",
					     "reviewer.list", "appeal.list" };
	const char *works[PEOPLE], *id;
	struct world *w = *state;

	id = released_and_appealed(w, works);
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		world_ok(w, "auditor", reads[i], PEER_REF);
	world_ok(w, "auditor", "artifact.get", "{\"artifact\":\"%s\"}",
		 works[2]);
	world_ok(w, "auditor", "appeal.get", "{\"appeal\":\"%s\"}", id);
	assert_int_equal(world_call(w, "auditor", "appeal.triage",
				    "{\"appeal\":\"%s\",\"take\":true,"
				    "\"reason\":\"so\"}",
				    id)
				 .e,
			 ERR_DENIED);
	assert_int_equal(world_call(w, "auditor", "review.next", PEER_REF).e,
			 ERR_DENIED);
}

/* What is somebody else's is not there, whoever asks and whatever for. */
static void another_organizations_ids_are_nothing_here(void **state)
{
	static const char *const kinds[] = { "artifact", "review", "appeal" };
	static const struct {
		const char *who, *method;
		int kind; /* of the id */
		const char *more;
	} calls[] = {
		{ "foreign", "artifact.get", 0, "" },
		{ "foreign", "artifact.withdraw", 0, ",\"reason\":\"x\"" },
		{ "foreign", "artifact.correct", 0,
		  ",\"content\":{\"text\":\"x\"}" },
		{ "stranger:l00", "artifact.reveal", 0, "" },
		{ "foreign", "peer.preview", 0, ",\"scores\":[]" },
		{ "foreign", "peer.decide", 0,
		  ",\"scores\":[],\"reason\":\"x\"" },
		{ "foreign", "peer.confirm", 0,
		  ",\"take\":true,\"reason\":\"x\"" },
		{ "stranger:l00", "appeal.file", 0, ",\"grounds\":\"x\"" },
		{ "foreign", "review.get", 1, "" },
		{ "foreign", "review.draft", 1, ",\"words\":{}" },
		{ "foreign", "review.renew", 1, ",\"fence\":1" },
		{ "foreign", "review.return", 1, ",\"fence\":1" },
		{ "foreign", "review.submit", 1, ",\"fence\":1,\"words\":{}" },
		{ "foreign", "review.file", 1, ",\"name\":\"a\"" },
		{ "foreign", "review.rate", 1, ",\"rating\":3" },
		{ "foreign", "review.mark", 1, ",\"mark\":3,\"reason\":\"x\"" },
		{ "foreign", "appeal.get", 2, "" },
		{ "foreign", "appeal.triage", 2,
		  ",\"take\":true,\"reason\":\"x\"" },
		{ "foreign", "appeal.decide", 2,
		  ",\"outcome\":\"upheld\",\"reason\":\"x\"" },
	};
	const char *works[PEOPLE], *ids[3];
	struct world *w = *state;
	struct reply r;

	ids[2] = released_and_appealed(w, works);
	ids[0] = works[0];
	r = work_of(w, works[0]);
	ids[1] = reply_text(w, &r, "received/0/review");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		r = world_call(w, calls[i].who, calls[i].method,
			       "{\"%s\":\"%s\"%s}", kinds[calls[i].kind],
			       ids[calls[i].kind], calls[i].more);
		if (r.e != ERR_NOT_FOUND)
			fail_msg("%s: %.*s", calls[i].method, STR_FMT(r.json));
	}
	/* Nor is the assessment, by its name or by its id. */
	assert_int_equal(world_call(w, "foreign", "peer.report", PEER_REF).e,
			 ERR_NOT_FOUND);
	r = world_ok(w, "auditor", "peer.report", PEER_REF);
	assert_int_equal(world_call(w, "foreign", "peer.report",
				    "{\"assessment\":\"%s\"}",
				    reply_text(w, &r, "assessment"))
				 .e,
			 ERR_NOT_FOUND);
}

static void who_is_erased_leaves_grades_and_no_text(void **state)
{
	const char *works[PEOPLE], *review;
	struct world *w = *state;
	struct reply r, open;
	const char *before;

	peer_publish(w, ",\"licence\":{\"covert_new\":0,"
			"\"covert_stable\":0},\"rate_reviews\":false");
	hand_in_all(w, works);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < PEOPLE - 1; i++)
			peer_review(w, who(w, i), 0);
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[5]);
	assert_string_equal(reply_text(w, &r, "state"), "released");
	before = reply_text(w, &r, "grade/grade");
	/* The last has a lease and a draft. */
	open = world_ok(w, who(w, PEOPLE - 1), "review.next", PEER_REF);
	review = reply_text(w, &open, "review");
	world_ok(w, who(w, PEOPLE - 1), "review.draft",
		 "{\"review\":\"%s\",\"words\":{\"scores\":[],"
		 "\"strengths\":[\"a secret of mine\"]}}",
		 review);
	for (int i = 0; i < PEOPLE; i += PEOPLE - 1) /* the first, the last */
		world_ok(w, "admin", "learner.erase",
			 "{\"learner\":\"%s\",\"reason\":\"asked for it\"}",
			 who(w, i) + strlen("learner:"));
	/* A grade stays, what is still under way is taken back; no text. */
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[0]);
	assert_string_equal(reply_text(w, &r, "state"), "released");
	assert_false(reply_has(w, &r, "content"));
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[PEOPLE - 1]);
	assert_string_equal(reply_text(w, &r, "state"), "withdrawn");
	assert_false(reply_has(w, &r, "content"));
	r = world_ok(w, "moderator", "review.get", "{\"review\":\"%s\"}",
		     review);
	assert_string_equal(reply_text(w, &r, "state"), "returned");
	assert_null(strstr(r.json.p, "secret"));
	/* Others' grades stand on his reviews all the same. */
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[5]);
	assert_string_equal(reply_text(w, &r, "grade/grade"), before);
	world_restart(w);
	r = world_ok(w, "moderator", "artifact.get", "{\"artifact\":\"%s\"}",
		     works[5]);
	assert_string_equal(reply_text(w, &r, "grade/grade"), before);
}

static void a_review_that_is_too_long_is_refused_with_its_bound(void **state)
{
	const char *works[PEOPLE];
	struct world *w = *state;
	struct reply r, s;

	peer_publish(w, "");
	hand_in_all(w, works);
	r = world_ok(w, who(w, 0), "review.next", PEER_REF);
	s = world_call(w, who(w, 0), "review.draft",
		       "{\"review\":\"%s\",\"words\":{\"scores\":[],"
		       "\"strengths\":[\"%s\",\"%s\",\"%s\"]}}",
		       reply_text(w, &r, "review"), peer_text(w, 6000),
		       peer_text(w, 6000), peer_text(w, 6000));
	assert_int_equal(s.e, ERR_INVALID);
	assert_string_equal(str_z(w->cx.arena, s.field), "/words");
	assert_non_null(strstr(s.message.p, "131072 bytes"));
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
		TEST(gold_in_live_work_looks_like_any_other),
		TEST(quality_tells_nothing_of_gold),
		TEST(a_lone_author_gets_no_gold_that_he_would_know),
		TEST(gold_tells_nobody_that_it_is_one),
		TEST(neither_side_learns_who_the_other_is),
		TEST(who_decides_an_appeal_sees_no_grade),
		TEST(an_auditor_reads_and_writes_nothing),
		TEST(another_organizations_ids_are_nothing_here),
		TEST(who_is_erased_leaves_grades_and_no_text),
		TEST(a_review_that_is_too_long_is_refused_with_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
