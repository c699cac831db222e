/* Part of methods_test.c: what peers review. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/methods.h"
#include "tests/scenario/peer.h"

#define PEER(slug, more)                                                       \
	"{'definition':{'assay':1,'course':'c','slug':'" slug                  \
	"','title':'t','peer':{'rubric':{'criteria':[{'id':'a','title':'A',"   \
	"'points':10},{'id':'b','title':'B','points':10}]}" more "}}}"
#define WORK(slug)                                                             \
	"{'course':'c','slug':'" slug "','content':{'text':'6 7 a work'}}"
#define H(slug) "{'course':'c','slug':'" slug "'}"
#define P H("p")

void works_for_peers(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", PEER("p", ""), OK },
		{ AUTHOR, "assessment.publish", QUIZ("q", ""), OK },
		{ AUTHOR, "assessment.publish",
		  PEER("e", ",'dates':{'opens_at':'$T+600'}"), OK },
		{ AUTHOR, "assessment.publish",
		  PEER("l", ",'dates':{'hand_in_until':'$T+600',"
			    "'review_until':'$T+900'}"),
		  OK },
		{ ANN, "artifact.submit", WORK("none"), ERR_NOT_FOUND },
		{ ANN, "artifact.submit", WORK("q"), ERR_PRECONDITION },
		{ ANN, "artifact.submit", WORK("e"), ERR_TOO_EARLY },
		{ ANN, "artifact.submit",
		  "{'course':'c','slug':'p','content':{}}", ERR_INVALID },
		{ ANN, "artifact.resubmit", WORK("p"), ERR_PRECONDITION },
		{ ANN, "artifact.resubmit", WORK("none"), ERR_NOT_FOUND },
		{ ANN, "artifact.submit", WORK("l"), OK },
		{ ANN, "artifact.submit", WORK("p"), OK, "w=artifact" },
		{ ANN, "artifact.submit", WORK("p"), ERR_CONFLICT },
		{ BOB, "artifact.correct",
		  "{'artifact':'$w','content':{'text':'x'}}", ERR_NOT_FOUND },
		{ ANN, "artifact.correct", "{'artifact':'$w','content':{}}",
		  ERR_INVALID },
		{ ANN, "artifact.correct",
		  "{'artifact':'$w','content':{'text':'6 7 mended'}}", OK },
		{ ANN, "artifact.reveal", "{'artifact':'$w'}", ERR_TOO_EARLY },
		{ BOB, "artifact.reveal", "{'artifact':'$w'}", ERR_NOT_FOUND },
		{ ANN, "artifact.get", "{'artifact':'$w'}", OK },
		{ BOB, "artifact.get", "{'artifact':'$w'}", ERR_NOT_FOUND },
		{ .pass_ms = 3700000 },
		{ BOB, "artifact.submit", WORK("l"), ERR_TOO_LATE },
		{ ANN, "artifact.resubmit", WORK("l"), ERR_TOO_LATE },
		{ ANN, "artifact.correct",
		  "{'artifact':'$w','content':{'text':'x'}}", ERR_TOO_LATE },
		{ ANN, "artifact.resubmit",
		  "{'course':'c','slug':'p','content':{}}", ERR_INVALID },
		{ ANN, "artifact.resubmit", WORK("p"), OK },
		{ .pass_ms = 3700000 },
		{ ANN, "artifact.resubmit", WORK("p"), OK, "x=artifact" },
		{ .pass_ms = 3700000 },
		{ ANN, "artifact.resubmit", WORK("p"), ERR_LIMIT_REACHED },
		{ BOB, "artifact.withdraw", "{'artifact':'$x'}",
		  ERR_NOT_FOUND },
		{ STAFF, "artifact.withdraw", "{'artifact':'$x'}",
		  ERR_INVALID },
		{ ANN, "artifact.withdraw", "{'artifact':'$x'}", OK },
		{ ANN, "artifact.withdraw", "{'artifact':'$x'}", ERR_CONFLICT },
		{ ANN, "artifact.submit", WORK("p"), ERR_LIMIT_REACHED },
		{ BOB, "review.next", "{'course':'c','slug':'l'}",
		  ERR_TOO_LATE },
		{ ANN, "calibration.next", P, ERR_PRECONDITION },
		{ ANN, "calibration.next", "{'course':'c','slug':'none'}",
		  ERR_NOT_FOUND },
		{ ANN, "review.next", P, ERR_PRECONDITION },
		{ ANN, "review.next", "{'course':'c','slug':'none'}",
		  ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static const char *const all[] = { ANN,		  BOB,		 "learner:cat",
				   "learner:dan", "learner:eva", "learner:fay",
				   "learner:gus", "learner:hal" };
enum { ALL = 8, MINUTE = 60000 };

static void lease_of(struct world *w, const char *who, const char *method,
		     const struct reply *next, int64_t more, enum err want)
{
	struct reply r =
		world_call(w, who, method, "{\"review\":\"%s\",\"fence\":%lld}",
			   reply_text(w, next, "review"),
			   (long long)(reply_int(w, next, "fence") + more));

	assert_int_equal(r.e, want);
}

static void leases(struct world *w)
{
	struct reply r = world_ok(w, ANN, "review.next", PEER_REF);
	const char *id = reply_text(w, &r, "review");

	assert_int_equal(world_call(w, ANN, "calibration.next", PEER_REF).e,
			 ERR_CONFLICT);
	lease_of(w, BOB, "review.renew", &r, 0, ERR_NOT_FOUND);
	lease_of(w, ANN, "review.renew", &r, 1, ERR_OUT_OF_SEQUENCE);
	for (int i = 0; i < 5; i++) {
		world_pass(w, (i < 4 ? 470 : 30) * MINUTE);
		lease_of(w, ANN, "review.renew", &r, 0,
			 i < 4 ? OK : ERR_LIMIT_REACHED);
	}
	lease_of(w, BOB, "review.return", &r, 0, ERR_NOT_FOUND);
	lease_of(w, ANN, "review.return", &r, 1, ERR_OUT_OF_SEQUENCE);
	lease_of(w, ANN, "review.return", &r, 0, OK);
	lease_of(w, ANN, "review.return", &r, 0, ERR_TOO_LATE);
	lease_of(w, ANN, "review.renew", &r, 0, ERR_TOO_LATE);
	world_ok(w, ANN, "review.get", "{\"review\":\"%s\"}", id);
	assert_int_equal(
		world_call(w, BOB, "review.get", "{\"review\":\"%s\"}", id).e,
		ERR_NOT_FOUND);
	assert_int_equal(world_call(w, ANN, "review.file",
				    "{\"review\":\"%s\",\"name\":\"a\"}", id)
				 .e,
			 ERR_NOT_FOUND);
}

static void draft(struct world *w, const char *who, const char *id,
		  enum err want)
{
	assert_int_equal(world_call(w, who, "review.draft",
				    "{\"review\":\"%s\",\"words\":"
				    "{\"scores\":[]}}",
				    id)
				 .e,
			 want);
}

static void texts(struct world *w)
{
	struct reply r = world_ok(w, ANN, "review.next", PEER_REF), stale = r;
	const char *id = reply_text(w, &r, "review");

	draft(w, BOB, id, ERR_NOT_FOUND);
	draft(w, ANN, id, OK);
	world_pass(w, 481 * MINUTE);
	r = world_ok(w, ANN, "review.next", PEER_REF);
	assert_int_equal(peer_submit(w, BOB, &r, 5, 5).e, ERR_NOT_FOUND);
	assert_int_equal(peer_submit(w, ANN, &stale, 5, 5).e,
			 ERR_OUT_OF_SEQUENCE);
	assert_int_equal(peer_submit(w, ANN, &r, 11, 5).e, ERR_INVALID);
	assert_int_equal(peer_submit(w, ANN, &r, 5, 5).e, OK);
	assert_int_equal(peer_submit(w, ANN, &r, 5, 5).e, ERR_CONFLICT);
	draft(w, ANN, id, ERR_CONFLICT);
}

static void rate(struct world *w, const char *who, const char *work, int at,
		 enum err want)
{
	struct reply r = world_ok(w, STAFF, "artifact.get",
				  "{\"artifact\":\"%s\"}", work);
	const char *path = str_fmt(w->cx.arena, "received/%d/review", at).p;

	assert_int_equal(world_call(w, who, "review.rate",
				    "{\"review\":\"%s\",\"rating\":3}",
				    reply_text(w, &r, path))
				 .e,
			 want);
}

/* With a file, so that reviewers can get one. */
static const char *hand_in_file(struct world *w, const char *who)
{
	struct reply r =
		world_call_bytes(w, who, "blob.put",
				 STR("{\"media_type\":\"a/b\"}"), STR("bytes"));

	assert_int_equal(r.e, OK);
	r = world_ok(w, who, "artifact.submit",
		     "{\"course\":\"c\",\"slug\":\"p\",\"content\":{"
		     "\"text\":\"6 7 %s\",\"files\":[{\"name\":\"a.b\","
		     "\"digest\":\"%s\"}]}}",
		     peer_text(w, 20), reply_text(w, &r, "digest"));
	return reply_text(w, &r, "artifact");
}

/* Whose work has a review; its id. */
static int reviewed_one(struct world *w, const char *const *works,
			const char **review)
{
	for (int i = 0; i < ALL; i++) {
		struct reply r = world_ok(w, STAFF, "artifact.get",
					  "{\"artifact\":\"%s\"}", works[i]);

		if (reply_count(w, &r, "received")) {
			*review = reply_text(w, &r, "received/0/review");
			return i;
		}
	}
	CHECK(false);
	return 0;
}

static void rated(struct world *w, const char *who, const char *review,
		  enum err want)
{
	assert_int_equal(world_call(w, who, "review.rate",
				    "{\"review\":\"%s\",\"rating\":3}", review)
				 .e,
			 want);
}

static void begin(struct world *w, const char *more, const char **works)
{
	peer_publish(w, str_fmt(w->cx.arena,
				",\"hand_in\":{\"kinds\":[\"text\",\"files\"]},"
				"\"licence\":{\"covert_new\":0,"
				"\"covert_stable\":0},\"must_review\":2,"
				"\"must_receive\":2%s",
				more)
				.p);
	for (int i = 0; i < ALL; i++)
		works[i] = hand_in_file(w, all[i]);
	for (int i = 0; i < ALL; i++)
		for (int k = 0; k < PEER_GOLD_N; k++)
			assert_int_equal(peer_calibrate(w, all[i], 0).e, OK);
}

void reviews_by_peers(void **state)
{
	struct world *w = *state;
	const char *works[ALL], *review;
	struct reply r;
	int at;

	begin(w, "", works);
	r = world_call(w, ANN, "review.next", PEER_REF);
	assert_int_equal(r.e, ERR_TOO_EARLY);
	world_pass(w, 61 * MINUTE);
	leases(w);
	texts(w);
	at = reviewed_one(w, works, &review);
	rated(w, all[at], review, ERR_TOO_EARLY);
	rated(w, all[(at + 1) % ALL], review, ERR_NOT_FOUND);
	r = world_ok(w, BOB, "review.next", PEER_REF);
	world_ok(w, BOB, "review.file", "{\"review\":\"%s\",\"name\":\"a.b\"}",
		 reply_text(w, &r, "review"));
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < ALL; i++)
			peer_review(w, all[i], 0);
	assert_int_equal(peer_review(w, ANN, 0).e, ERR_LIMIT_REACHED);
	rate(w, ANN, works[0], 0, OK);
	rate(w, ANN, works[0], 0, ERR_CONFLICT);
	world_ok(w, ANN, "artifact.reveal", "{\"artifact\":\"%s\"}", works[0]);
	rate(w, ANN, works[0], 1, ERR_TOO_LATE);
}

void reviews_that_nobody_rates(void **state)
{
	struct world *w = *state;
	const char *works[ALL], *review;
	struct reply r;
	int at;

	begin(w, ",\"rate_reviews\":false", works);
	world_pass(w, 61 * MINUTE);
	assert_int_equal(peer_review(w, ANN, 0).e, OK);
	at = reviewed_one(w, works, &review);
	rated(w, all[at], review, ERR_PRECONDITION);
	r = world_ok(w, ANN, "review.next", PEER_REF);
	for (int i = 1; i < ALL; i++)
		world_ok(w, all[i], "artifact.withdraw",
			 "{\"artifact\":\"%s\"}", works[i]);
	assert_int_equal(peer_submit(w, ANN, &r, 5, 5).e, ERR_TOO_LATE);
}

#define CAT "learner:cat"
#define SMALL(slug, more)                                                      \
	PEER(slug, ",'counts':'formative','must_review':1,'must_receive':1,"   \
		   "'stop':{'least':1,'most':1},'hand_in':{'grace_minutes':0," \
		   "'versions':9},'rate_reviews':false,"                       \
		   "'feedback':{'strengths':1,'improvements':0,"               \
		   "'words_each':1,'words_total':1}" more)
#define M "{'course':'c','slug':'m'}"
#define OF_M(more) "{'course':'c','slug':'m'," more "}"
#define GIVEN(what, points)                                                    \
	"{" what ",'scores':[{'criterion':'a','points':" points "},"           \
	"{'criterion':'b','points':5}]" WHY "}"
#define GIVEN_ONLY(what)                                                       \
	"{" what ",'scores':[{'criterion':'a','points':5},"                    \
	"{'criterion':'b','points':5}]}"
#define SAID(x, fence)                                                         \
	"{'review':'$" x "','fence':" fence ",'words':{'scores':["             \
	"{'criterion':'a','points':5},{'criterion':'b','points':5}],"          \
	"'strengths':['good " x "']}}"

void moderators_and_appeals(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish",
		  SMALL("m", ",'appeals':{'words':2}"), OK },
		{ AUTHOR, "assessment.publish",
		  SMALL("n", ",'appeals':{'off':true}"), OK },
		{ AUTHOR, "assessment.publish", PEER("o", ""), OK },
		{ AUTHOR, "assessment.publish", QUIZ("z", ""), OK },
		{ STAFF, "peer.queue", H("none"), ERR_NOT_FOUND },
		{ STAFF, "peer.queue", M, OK }, /* nobody came yet */
		{ STAFF, "peer.queue", H("z"), ERR_PRECONDITION },
		{ STAFF, "peer.report", H("none"), ERR_NOT_FOUND },
		{ STAFF, "peer.report", M, OK }, /* nobody came yet */
		{ STAFF, "peer.report", H("z"), ERR_PRECONDITION },
		{ ANN, "review.list", M, ERR_NOT_FOUND },
		{ STAFF, "reviewer.list", H("none"), ERR_NOT_FOUND },
		{ STAFF, "reviewer.list", M, OK }, /* nobody came yet */
		{ STAFF, "reviewer.list", H("z"), ERR_PRECONDITION },
		{ STAFF, "appeal.list", H("none"), ERR_NOT_FOUND },
		{ STAFF, "appeal.list", M, OK }, /* nobody came yet */
		{ STAFF, "appeal.list", H("z"), ERR_PRECONDITION },
		{ ANN, "artifact.submit", WORK("n"), OK, "n=artifact" },
		{ ANN, "artifact.submit", WORK("o"), OK, "o=artifact" },
		{ ANN, "artifact.submit", WORK("m"), OK, "a=artifact" },
		{ BOB, "artifact.submit", WORK("m"), OK, "b=artifact" },
		{ ANN, "review.next", M, OK, "r=review" },
		{ STAFF, "review.mark", "{'review':'$r','mark':3" WHY "}",
		  ERR_TOO_EARLY },
		{ STAFF, "review.mark", "{'review':'$a','mark':3" WHY "}",
		  ERR_NOT_FOUND },
		{ ANN, "review.submit", SAID("r", "1"), OK },
		{ STAFF, "review.mark", "{'review':'$r','mark':3" WHY "}", OK },
		{ BOB, "appeal.file", "{'artifact':'$b','grounds':'a b'}",
		  ERR_TOO_EARLY },
		{ STAFF, "peer.confirm", "{'artifact':'$b','take':true" WHY "}",
		  ERR_TOO_EARLY },
		{ STAFF, "peer.decide", GIVEN("'artifact':'$o'", "5"),
		  ERR_TOO_EARLY },
		{ STAFF, "peer.preview", "{'artifact':'$o','scores':[]}",
		  ERR_TOO_EARLY },
		{ CAT, "artifact.submit", WORK("m"), OK, "c=artifact" },
		{ BOB, "review.next", M, OK, "s=review" },
		{ BOB, "review.submit", SAID("s", "2"), OK },
		{ ANN, "reviewer.get", M, OK },
		{ ANN, "reviewer.get", OF_M("'learner':'bob'"), ERR_DENIED },
		{ "learner:dan", "reviewer.get", M, ERR_NOT_FOUND },
		{ STAFF, "reviewer.list", M, OK },
		{ STAFF, "peer.queue", M, OK },
		{ STAFF, "peer.report", M, OK },
		{ "auditor", "peer.report", M, OK },
		{ ANN, "peer.report", M, ERR_DENIED },
		{ ANN, "review.list", M, OK },
		{ STAFF, "peer.preview", GIVEN_ONLY("'artifact':'$b'"), OK },
		{ STAFF, "peer.preview", "{'artifact':'$b','scores':[]}",
		  ERR_INVALID },
		{ STAFF, "peer.preview", "{'artifact':'$r','scores':[]}",
		  ERR_NOT_FOUND },
		{ STAFF, "peer.decide", GIVEN("'artifact':'$r'", "5"),
		  ERR_NOT_FOUND },
		{ STAFF, "peer.decide", GIVEN("'artifact':'$b'", "11"),
		  ERR_INVALID },
		{ STAFF, "peer.decide", GIVEN("'artifact':'$b'", "9"), OK },
		{ STAFF, "peer.confirm", "{'artifact':'$r','take':true" WHY "}",
		  ERR_NOT_FOUND },
		{ STAFF, "peer.confirm",
		  "{'artifact':'$b','take':false" WHY "}", OK },
		{ STAFF, "peer.waive",
		  OF_M("'learner':'cat','what':'reciprocal'" WHY),
		  ERR_INVALID },
		{ STAFF, "peer.waive",
		  "{'course':'c','slug':'none','learner':'cat','what':'duty'" WHY
		  "}",
		  ERR_NOT_FOUND },
		{ STAFF, "peer.waive",
		  OF_M("'learner':'cat','what':'duty'" WHY), OK },
		{ STAFF, "peer.relate",
		  OF_M("'learner':'cat','what':'conflict','with':'cat'" WHY),
		  ERR_INVALID },
		{ STAFF, "peer.relate",
		  "{'course':'c','slug':'none','learner':'cat','what':'team'" WHY
		  "}",
		  ERR_NOT_FOUND },
		{ STAFF, "peer.relate",
		  OF_M("'learner':'cat','what':'conflict','with':'ann'" WHY),
		  OK },
		{ STAFF, "reviewer.license",
		  OF_M("'learner':'cat','licence':'watch'" WHY), ERR_INVALID },
		{ STAFF, "reviewer.license",
		  OF_M("'learner':'dan','licence':'suspended'" WHY),
		  ERR_NOT_FOUND },
		{ STAFF, "reviewer.license",
		  OF_M("'learner':'cat','licence':'suspended'" WHY), OK },
		{ ANN, "appeal.file", "{'artifact':'$n','grounds':'a b'}",
		  ERR_PRECONDITION },
		{ ANN, "appeal.file", "{'artifact':'$b','grounds':'a b'}",
		  ERR_NOT_FOUND },
		{ BOB, "appeal.file", "{'artifact':'$b','grounds':'a'}",
		  ERR_INVALID },
		{ BOB, "appeal.file", "{'artifact':'$b','grounds':'a b'}", OK,
		  "p=appeal" },
		{ BOB, "appeal.file", "{'artifact':'$b','grounds':'a b'}",
		  ERR_CONFLICT },
		{ STAFF, "peer.confirm",
		  "{'artifact':'$b','take':false" WHY "}", ERR_CONFLICT },
		{ BOB, "appeal.get", "{'appeal':'$p'}", OK },
		{ ANN, "appeal.get", "{'appeal':'$p'}", ERR_NOT_FOUND },
		{ STAFF, "appeal.list", M, OK },
		{ PLAT, "appeal.decide",
		  GIVEN("'appeal':'$p','outcome':"
			"'changed'",
			"5"),
		  ERR_TOO_EARLY },
		{ PLAT, "appeal.triage", "{'appeal':'$b','take':true" WHY "}",
		  ERR_NOT_FOUND },
		{ PLAT, "appeal.triage", "{'appeal':'$p','take':true" WHY "}",
		  OK },
		{ PLAT, "appeal.triage", "{'appeal':'$p','take':true" WHY "}",
		  ERR_CONFLICT },
		{ PLAT, "appeal.decide",
		  GIVEN("'appeal':'$b','outcome':"
			"'changed'",
			"5"),
		  ERR_NOT_FOUND },
		{ PLAT, "appeal.decide",
		  GIVEN("'appeal':'$p','outcome':"
			"'changed'",
			"11"),
		  ERR_INVALID },
		{ PLAT, "appeal.decide",
		  GIVEN("'appeal':'$p','outcome':"
			"'changed'",
			"5"),
		  OK },
		{ PLAT, "appeal.decide",
		  GIVEN("'appeal':'$p','outcome':"
			"'changed'",
			"5"),
		  ERR_CONFLICT },
		{ .pass_ms = INT64_C(15) * 86400000 },
		{ CAT, "appeal.file", "{'artifact':'$c','grounds':'a b'}",
		  ERR_TOO_LATE },
		{ ANN, "artifact.withdraw", "{'artifact':'$a'}", OK },
		{ STAFF, "peer.decide", GIVEN("'artifact':'$a'", "5"),
		  ERR_CONFLICT },
		{ STAFF, "peer.preview", "{'artifact':'$a','scores':[]}",
		  ERR_CONFLICT },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

#define H_SO(slug) "{'course':'c','slug':'" slug "'" WHY "}"
#define COHORT(slug, more)                                                     \
	PEER(slug, ",'mode':'cohort','release':'held','must_review':2,"        \
		   "'must_receive':2,'hand_in':{'grace_minutes':0}" more)

void runs_as_a_whole(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish",
		  COHORT("h", ",'dates':{'hand_in_until':'$T+600',"
			      "'review_until':'$T+90000'}"),
		  OK },
		{ AUTHOR, "assessment.publish", PEER("r", ""), OK },
		{ STAFF, "peer.allocate", H("h"), ERR_NOT_FOUND },
		{ STAFF, "peer.release", H_SO("h"), ERR_NOT_FOUND },
		{ ANN, "artifact.submit", WORK("r"), OK },
		{ STAFF, "peer.allocate", H("r"), ERR_PRECONDITION },
		{ STAFF, "peer.release", H_SO("r"), ERR_PRECONDITION },
		{ ANN, "artifact.submit", WORK("h"), OK },
		{ BOB, "artifact.submit", WORK("h"), OK },
		{ STAFF, "peer.allocate", H("h"), ERR_TOO_EARLY },
		{ STAFF, "peer.allocation", H("none"), ERR_NOT_FOUND },
		{ "auditor", "peer.allocation", H("h"), ERR_TOO_EARLY },
		{ STAFF, "peer.extend", H_SO("none"), ERR_NOT_FOUND },
		{ STAFF, "peer.extend", H_SO("h"), ERR_INVALID },
		{ STAFF, "peer.extend",
		  "{'course':'c','slug':'h','hand_in_until':'$T-60'" WHY "}",
		  ERR_INVALID },
		{ STAFF, "peer.extend",
		  "{'course':'c','slug':'h','hand_in_until':'$T+100000'" WHY
		  "}",
		  ERR_INVALID },
		{ STAFF, "peer.extend",
		  "{'course':'c','slug':'h','hand_in_until':'$T+650'" WHY "}",
		  OK },
		{ ANN, "peer.allocate", H("h"), ERR_DENIED },
		{ "learner:cat", "artifact.submit", WORK("h"), OK },
		{ .pass_ms = 700000 },
		{ STAFF, "peer.allocate", H("h"), ERR_PRECONDITION },
		{ STAFF, "peer.allocate",
		  "{'course':'c','slug':'h','seed':7,'relax':'we are three'}",
		  OK },
		{ STAFF, "peer.allocate", H("h"), ERR_CONFLICT },
		{ "auditor", "peer.allocation", H("h"), OK },
		{ STAFF, "peer.extend",
		  "{'course':'c','slug':'h','hand_in_until':'$T+900'" WHY "}",
		  ERR_CONFLICT },
		{ STAFF, "peer.release", H_SO("h"), OK },
		{ STAFF, "peer.release", H_SO("h"), ERR_CONFLICT },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}
