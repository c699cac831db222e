/*
 * A course of 60 with rolling enrolment, from set-up to report: drop-outs, a
 * ring whose members praise each other, a careless reviewer, a harsh one, an
 * appeal, and a moderator who works off the queue once a day.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rubrics/agreement_report.h"
#include "tests/scenario/peer.h"

enum {
	HOUR = 3600000,
	PEOPLE = 60,
	GOLDS = 24,
	HOURS = 24 * 12,
	ARRIVE = 2, /* hours from one to the next */
	REVIEWS_MOST = PEOPLE * 8,
	EACH = 3,
};

enum habit { CAREFUL, DROPS_OUT, GIVES_UP, IN_RING, CARELESS, HARSH };

struct student {
	enum habit kind;
	char who[24];
	int a, b; /* what the work deserves */
	const char *work;
	bool qualified, tested, left;
	int live;
};

/* One review of a work, as the test knows it. */
struct done {
	int by, of, a, b;
};

struct course {
	struct world *w;
	struct rng_seeded rng;
	struct student s[PEOPLE];
	struct done done[REVIEWS_MOST];
	size_t done_n;
	int64_t calibrations, passed, live, decided;
};

static int below(struct course *c, int n)
{
	return (int)rng_below(&c->rng.rng, (uint64_t)n);
}

static enum habit kind_of(int i)
{
	if (i % 15 == 7)
		return IN_RING; /* 4 of them */
	if (i == 10)
		return CARELESS;
	if (i == 20)
		return HARSH;
	if (i % 5 == 2)
		return DROPS_OUT;
	return i % 16 == 3 ? GIVES_UP : CAREFUL;
}

static void set_up_course(struct course *c, struct world *w, uint64_t seed)
{
	*c = (struct course){ .w = w };
	rng_seeded_from(&c->rng, seed);
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < PEOPLE; i++) {
		struct student *s = &c->s[i];

		s->kind = kind_of(i);
		snprintf(s->who, sizeof(s->who), "learner:s%02d", i);
		s->a = 3 + below(c, 7);
		s->b = peer_points(s->a - 1 + below(c, 3));
	}
	world_publish(w, peer_json(w, GOLDS,
				   ",\"moderation\":{\"spot_percent\":20,"
				   "\"starved_hours\":96}"));
}

/* ---- learners ---- */

static void hand_in(struct course *c, int i)
{
	struct student *s = &c->s[i];
	struct reply r =
		world_ok(c->w, s->who, "artifact.submit",
			 "{\"course\":\"c\",\"slug\":\"p\",\"content\":"
			 "{\"text\":\"%d %d of %d %s\"}}",
			 s->a, s->b, i, peer_text(c->w, 40));

	s->work = reply_text(c->w, &r, "artifact");
}

/* Whose work it is, as its text says; -1: gold. */
static int owner_of(struct course *c, const struct reply *r)
{
	const char *at = strstr(reply_text(c->w, r, "content/text"), " of ");

	return at ? atoi(at + 4) : -1;
}

/* Careful ones are off by a point at times, and rarely by far. */
static int seen_by(struct course *c, const struct student *s, int deserves,
		   int owner)
{
	if (s->kind == CARELESS)
		return below(c, 11);
	if (s->kind == IN_RING && owner >= 0 && c->s[owner].kind == IN_RING)
		return 10;
	if (s->kind == HARSH)
		return peer_points(deserves - 1);
	return peer_points(deserves - 1 + below(c, 3));
}

static void calibrate(struct course *c, int i)
{
	struct student *s = &c->s[i];
	struct reply r = world_call(c->w, s->who, "calibration.next", PEER_REF);
	int a, b, slip = below(c, 20) ? 0 : 5;

	if (r.e == ERR_PRECONDITION) { /* suspended, or no gold is left */
		s->tested = true;
		return;
	}
	assert_int_equal(r.e, OK);
	peer_deserves(c->w, &r, &a, &b);
	r = peer_submit(c->w, s->who, &r,
			peer_points(seen_by(c, s, a, -1) - slip),
			seen_by(c, s, b, -1));
	assert_int_equal(r.e, OK);
	c->calibrations++;
	c->passed += !strcmp(reply_text(c->w, &r, "explained/passed"), "true");
	r = world_ok(c->w, s->who, "reviewer.get", PEER_REF);
	s->qualified = !strcmp(reply_text(c->w, &r, "licence"), "qualified");
}

static void review(struct course *c, int i)
{
	struct student *s = &c->s[i];
	struct reply r = world_call(c->w, s->who, "review.next", PEER_REF);
	int a, b, owner;

	if (r.e) {
		assert_true(r.e == ERR_TOO_EARLY || r.e == ERR_LIMIT_REACHED ||
			    r.e == ERR_PRECONDITION);
		return;
	}
	if (s->kind == GIVES_UP) { /* the lease stays open */
		s->left = true;
		return;
	}
	owner = owner_of(c, &r);
	peer_deserves(c->w, &r, &a, &b);
	a = seen_by(c, s, a, owner);
	b = seen_by(c, s, b, owner);
	r = peer_submit(c->w, s->who, &r, a, b);
	assert_int_equal(r.e, OK);
	assert_false(reply_has(c->w, &r, "explained"));
	c->live++;
	s->live++;
	if (owner >= 0)
		c->done[c->done_n++] = (struct done){ i, owner, a, b };
}

/* About every third hour somebody does something. */
static void act(struct course *c, int i, int hour)
{
	struct student *s = &c->s[i];

	if (hour < i * ARRIVE || s->left || below(c, 3))
		return;
	if (!s->work)
		hand_in(c, i);
	else if (s->kind == DROPS_OUT)
		s->left = true;
	else if (!s->qualified && !s->tested)
		calibrate(c, i);
	else if (s->live < EACH)
		review(c, i);
}

/* ---- moderators ---- */

static int by_work(const struct course *c, const char *work)
{
	for (int i = 0; i < PEOPLE; i++)
		if (c->s[i].work && !strcmp(c->s[i].work, work))
			return i;
	fail_msg("whose is %s?", work);
	return -1;
}

static void decide(struct course *c, const char *work)
{
	const struct student *s = &c->s[by_work(c, work)];

	world_ok(c->w, "moderator", "peer.decide",
		 "{\"artifact\":\"%s\",\"reason\":\"I read it\",\"scores\":["
		 "{\"criterion\":\"a\",\"points\":%d},"
		 "{\"criterion\":\"b\",\"points\":%d}]}",
		 work, s->a, s->b);
	c->decided++;
}

/* By the id that the queue names: the subject is the platform's to know. */
static int by_learner(struct course *c, const char *learner)
{
	for (int i = 0; i < PEOPLE; i++) {
		struct reply r;

		if (!c->s[i].work)
			continue;
		r = world_ok(c->w, "moderator", "artifact.get",
			     "{\"artifact\":\"%s\"}", c->s[i].work);
		if (!strcmp(reply_text(c->w, &r, "learner"), learner))
			return i;
	}
	fail_msg("who is %s?", learner);
	return -1;
}

static void waive(struct course *c, int i)
{
	world_ok(c->w, "moderator", "peer.waive",
		 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"%s\","
		 "\"what\":\"duty\",\"reason\":\"no fault of theirs\"}",
		 c->s[i].who + strlen("learner:"));
}

static void license(struct course *c, int i, const char *licence)
{
	struct reply r =
		world_ok(c->w, "moderator", "reviewer.license",
			 "{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"%s\","
			 "\"licence\":\"%s\",\"reason\":\"I looked\"}",
			 c->s[i].who + strlen("learner:"), licence);

	assert_string_equal(reply_text(c->w, &r, "licence"), licence);
	c->s[i].qualified = !strcmp(licence, "qualified");
}

static void look_at(struct course *c, const struct reply *q, size_t at)
{
	struct arena *a = c->w->cx.arena;
	const char *reason =
		reply_text(c->w, q, str_fmt(a, "cases/%zu/reason", at).p);
	const char *path = str_fmt(a, "cases/%zu/artifact", at).p;
	const char *who;

	if (!strcmp(reason, "appeal"))
		return; /* another's */
	if (!strcmp(reason, "moved")) {
		world_ok(c->w, "moderator", "peer.confirm",
			 "{\"artifact\":\"%s\",\"take\":true,"
			 "\"reason\":\"better known\"}",
			 reply_text(c->w, q, path));
		return;
	}
	if (reply_has(c->w, q, path)) {
		decide(c, reply_text(c->w, q, path));
		return;
	}
	who = reply_text(c->w, q, str_fmt(a, "cases/%zu/learner", at).p);
	if (!strcmp(reason, "stuck"))
		waive(c, by_learner(c, who));
	else
		license(c, by_learner(c, who),
			c->s[by_learner(c, who)].kind == CARELESS
				? "suspended"
				: "qualified");
}

/* The queue is read anew after each: what is decided changes the rest. */
static void moderate(struct course *c)
{
	for (int n = 0; n < 40; n++) {
		struct reply q =
			world_ok(c->w, "moderator", "peer.queue", PEER_REF);
		size_t cases = reply_count(c->w, &q, "cases"), at = 0;

		while (at < cases &&
		       !strcmp(reply_text(c->w, &q,
					  str_fmt(c->w->cx.arena,
						  "cases/%zu/reason", at)
						  .p),
			       "appeal"))
			at++;
		if (at == cases)
			return;
		look_at(c, &q, at);
	}
	fail_msg("the queue never ends");
}

static void go_on(struct course *c)
{
	for (int hour = 0; hour < HOURS; hour++) {
		world_pass(c->w, HOUR);
		for (int i = 0; i < PEOPLE; i++)
			act(c, i, hour);
		if (hour % 24 == 23)
			moderate(c);
	}
	/* The careless one may not review: that his work has no grade for that
	   is for a person to say. */
	for (int i = 0; i < PEOPLE; i++)
		if (c->s[i].kind == CARELESS)
			waive(c, i);
	world_pass(c->w, 100 * (int64_t)HOUR);
	moderate(c);
}

/* ---- what came of it ---- */

static struct reply work_of(struct course *c, int i)
{
	return world_ok(c->w, c->s[i].who, "artifact.get",
			"{\"artifact\":\"%s\"}", c->s[i].work);
}

static bool is_diligent(const struct student *s)
{
	return s->kind == CAREFUL || s->kind == IN_RING || s->kind == HARSH;
}

static double deserved(const struct student *s)
{
	return (s->a + 2 * s->b) / 30.0 * 100;
}

static void who_did_his_part_has_a_grade(struct course *c)
{
	double squares = 0, inflated = 0;
	int n = 0, inside = 0, ring = 0;

	for (int i = 0; i < PEOPLE; i++) {
		const struct student *s = &c->s[i];
		struct reply r = work_of(c, i);
		double off;

		if (!is_diligent(s)) {
			if (s->kind != CARELESS)
				assert_false(reply_has(c->w, &r, "grade"));
			continue;
		}
		if (strcmp(reply_text(c->w, &r, "state"), "released") != 0)
			fail_msg("%s: %.*s", s->who, STR_FMT(r.json));
		off = dec_double(reply_dec(c->w, &r, "grade/grade")) -
		      deserved(s);
		squares += off * off;
		n++;
		inside += dec_double(reply_dec(c->w, &r, "grade/lo")) <=
				  deserved(s) &&
			  deserved(s) <=
				  dec_double(reply_dec(c->w, &r, "grade/hi"));
		if (s->kind == IN_RING) {
			inflated += off;
			ring++;
		}
	}
	print_message("%d grades, rms error %.2f of 100, %d in the interval, "
		      "ring +%.2f\n",
		      n, sqrt(squares / n), inside, inflated / ring);
	assert_true(sqrt(squares / n) < 6);
	assert_true(inside >= n * 8 / 10);
	assert_true(inflated / ring < 8);
}

static void nobody_reviews_his_reviewer_or_himself_or_twice(struct course *c)
{
	static bool had[PEOPLE][PEOPLE];

	memset(had, 0, sizeof(had));
	for (size_t i = 0; i < c->done_n; i++) {
		const struct done *d = &c->done[i];

		assert_int_not_equal(d->by, d->of);
		assert_false(had[d->by][d->of]);
		assert_false(had[d->of][d->by]);
		had[d->by][d->of] = true;
	}
}

static int index_of(const struct course *c, enum habit k)
{
	for (int i = 0; i < PEOPLE; i++)
		if (c->s[i].kind == k)
			return i;
	return -1;
}

static struct reply standing(struct course *c, int i)
{
	return world_ok(c->w, "moderator", "reviewer.get",
			"{\"course\":\"c\",\"slug\":\"p\",\"learner\":\"%s\"}",
			c->s[i].who + strlen("learner:"));
}

static void the_careless_one_is_found_and_the_harsh_one_known(struct course *c)
{
	struct reply r = standing(c, index_of(c, CARELESS));

	assert_string_equal(reply_text(c->w, &r, "licence"), "suspended");
	r = standing(c, index_of(c, HARSH));
	assert_string_equal(reply_text(c->w, &r, "licence"), "qualified");
	assert_true(reply_dec(c->w, &r, "statistics/bias").nano < 0);
}

static void an_appeal_is_heard(struct course *c)
{
	int i = PEOPLE - 1; /* the last grade: it is not too late for that */
	const char *id;
	struct reply r;

	while (!is_diligent(&c->s[i]))
		i--;
	r = world_ok(c->w, c->s[i].who, "appeal.file",
		     "{\"artifact\":\"%s\",\"grounds\":\"%s\"}", c->s[i].work,
		     peer_text(c->w, 30));
	id = reply_text(c->w, &r, "appeal");
	world_pass(c->w, 5 * HOUR);
	world_ok(c->w, "moderator", "appeal.triage",
		 "{\"appeal\":\"%s\",\"take\":true,\"reason\":\"may be\"}", id);
	r = world_ok(c->w, "platform", "appeal.decide",
		     "{\"appeal\":\"%s\",\"outcome\":\"changed\","
		     "\"reason\":\"better\",\"scores\":["
		     "{\"criterion\":\"a\",\"points\":10},"
		     "{\"criterion\":\"b\",\"points\":10}]}",
		     id);
	assert_string_equal(reply_text(c->w, &r, "grades/after"), "100");
	r = world_ok(c->w, c->s[i].who, "gradebook.get", "{\"course\":\"c\"}");
	assert_string_equal(reply_text(c->w, &r, "grades/0/score"), "100");
}

/* ---- the report, counted again ---- */

static int64_t number(struct course *c, const struct reply *r, const char *path)
{
	return reply_int(c->w, r, path);
}

static void counts_are_those_of_the_course(struct course *c,
					   const struct reply *r)
{
	int64_t released = 0, qualified = 0;

	for (int i = 0; i < PEOPLE; i++) {
		struct reply v = work_of(c, i);

		released += !strcmp(reply_text(c->w, &v, "state"), "released");
		qualified += c->s[i].qualified;
	}
	assert_int_equal(number(c, r, "works/authors"), PEOPLE);
	assert_int_equal(number(c, r, "works/handed_in"), PEOPLE);
	assert_int_equal(number(c, r, "works/released"), released);
	assert_int_equal(number(c, r, "reviewers/now_qualified"), qualified);
	assert_int_equal(number(c, r, "reviewers/suspended"), 1);
	assert_int_equal(number(c, r, "golds/calibration/of"), c->calibrations);
	assert_int_equal(number(c, r, "golds/calibration/count"), c->passed);
	assert_int_equal(number(c, r, "reviews/done"), c->done_n);
	assert_int_equal(number(c, r, "golds/covert/of"),
			 c->live - (int64_t)c->done_n);
	assert_int_equal(number(c, r, "appeals/filed/count"), 1);
	assert_int_equal(number(c, r, "appeals/filed/of"), released);
	assert_int_equal(number(c, r, "appeals/reversed/count"), 1);
	assert_string_equal(reply_text(c->w, r, "appeals/hours"), "5");
	assert_string_equal(reply_text(c->w, r, "alarms/0/move"), "rejected");
	assert_true(number(c, r, "alarms/0/raised") >= 1); /* the careless */
	assert_int_equal(number(c, r, "alarms/0/by_staff"),
			 number(c, r, "alarms/0/raised"));
	assert_int_equal(number(c, r, "alarms/0/open"), 0);
	assert_true(reply_dec(c->w, r, "alarms/0/hours").nano > 0);
	assert_int_equal(number(c, r, "waiting/stuck"), 0);
	assert_int_equal(number(c, r, "moderation/cases"), 0);
}

static void records_say_the_same(struct course *c, const struct reply *r)
{
	struct world *w = c->w;

	assert_int_equal(world_records(w, "review.submitted"),
			 number(c, r, "golds/calibration/of") +
				 number(c, r, "golds/covert/of") +
				 number(c, r, "reviews/done"));
	assert_int_equal(world_records(w, "artifact.submitted"), PEOPLE);
	assert_int_equal(world_records(w, "peer.decided"), c->decided);
	/* The appeal's is one more, if nobody had decided that work before. */
	assert_in_range(number(c, r, "moderation/decided/count"), c->decided,
			c->decided + 1);
	assert_int_equal(world_records(w, "appeal.filed"),
			 number(c, r, "appeals/filed/count"));
}

/* From the scores as the test gave them, by rubrics/ alone. */
static void agreement_is_that_of_the_scores(struct course *c,
					    const struct reply *r)
{
	static struct agreement_rating all[REVIEWS_MOST];

	for (int k = 0; k < 2; k++) {
		struct agreement_report g;
		double kappa, alpha;

		for (size_t i = 0; i < c->done_n; i++)
			all[i] = (struct agreement_rating){
				(uint32_t)c->done[i].of,
				(uint32_t)c->done[i].by,
				(k ? c->done[i].b : c->done[i].a) / 10.0
			};
		agreement_report(all, c->done_n, &g);
		kappa = dec_double(reply_dec(c->w, r,
					     k ? "criteria/1/kappa_quadratic"
					       : "criteria/0/kappa_quadratic"));
		alpha = dec_double(reply_dec(c->w, r,
					     k ? "criteria/1/alpha_interval"
					       : "criteria/0/alpha_interval"));
		assert_true(fabs(kappa - g.kappa_quadratic) < 1e-6);
		assert_true(fabs(alpha - g.alpha[ALPHA_INTERVAL]) < 1e-6);
	}
	assert_int_equal(reply_count(c->w, r, "weak"), 0);
}

static void a_report_is_the_same_after_a_restart(struct course *c,
						 const struct reply *r)
{
	struct reply again;

	world_restart(c->w);
	again = world_ok(c->w, "auditor", "peer.report", PEER_REF);
	assert_int_equal(again.result.n, r->result.n);
	assert_memory_equal(again.result.p, r->result.p, r->result.n);
}

static void
sixty_learners_come_from_set_up_to_a_report_that_adds_up(void **state)
{
	static struct course c;
	struct reply r;

	set_up_course(&c, *state, 11);
	go_on(&c);
	who_did_his_part_has_a_grade(&c);
	nobody_reviews_his_reviewer_or_himself_or_twice(&c);
	the_careless_one_is_found_and_the_harsh_one_known(&c);
	an_appeal_is_heard(&c);
	moderate(&c);
	r = world_ok(c.w, "moderator", "peer.report", PEER_REF);
	counts_are_those_of_the_course(&c, &r);
	records_say_the_same(&c, &r);
	agreement_is_that_of_the_scores(&c, &r);
	a_report_is_the_same_after_a_restart(&c, &r);
}

/* Of the second criterion everybody says what comes to his mind. */
static void a_criterion_on_which_nobody_agrees_is_named(void **state)
{
	enum { FEW = 24 };
	struct world *w = *state;
	struct rng_seeded rng;
	struct reply r;
	int a, b;

	rng_seeded_from(&rng, 4);
	world_publish(w, peer_json(w, PEER_GOLD_N,
				   ",\"licence\":{\"covert_new\":0,"
				   "\"covert_stable\":0}"));
	for (int i = 0; i < FEW; i++)
		world_ok(w, str_fmt(w->cx.arena, "learner:s%02d", i).p,
			 "artifact.submit",
			 "{\"course\":\"c\",\"slug\":\"p\",\"content\":"
			 "{\"text\":\"%d 7 %s\"}}",
			 2 + i % 8, peer_text(w, 40));
	for (int i = 0; i < FEW; i++)
		peer_calibrate(w, str_fmt(w->cx.arena, "learner:s%02d", i).p,
			       0);
	world_pass(w, 2 * HOUR);
	for (int k = 0; k < 3 * FEW; k++) {
		const char *who =
			str_fmt(w->cx.arena, "learner:s%02d", k % FEW).p;

		r = world_call(w, who, "review.next", PEER_REF);
		if (r.e)
			continue;
		peer_deserves(w, &r, &a, &b);
		assert_int_equal(
			peer_submit(w, who, &r, a, (int)rng_below(&rng.rng, 11))
				.e,
			OK);
	}
	r = world_ok(w, "auditor", "peer.report", PEER_REF);
	assert_int_equal(reply_count(w, &r, "weak"), 1);
	assert_string_equal(reply_text(w, &r, "weak/0"), "b");
	assert_string_equal(reply_text(w, &r, "criteria/0/weak"), "false");
	assert_string_equal(reply_text(w, &r, "criteria/1/weak"), "true");
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
		TEST(sixty_learners_come_from_set_up_to_a_report_that_adds_up),
		TEST(a_criterion_on_which_nobody_agrees_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
