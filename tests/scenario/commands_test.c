/*
 * Every command, in one long story that is told several times: with a key that
 * is used again, over a store that fails at each place, and with commits whose
 * answer is lost. Each time a command happens once, and leaves the records
 * that it leaves when nothing goes wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/audit/record_sql.h"
#include "engine/rpc/table.h"
#include "tests/scenario/code.h"
#include "tests/scenario/story.h"

#define ADMIN "admin"
#define ANN "learner:ann"
#define PLAT "platform"
#define STAFF "moderator"
#define AUTHOR "author"
#define NOBODY "018f0000-0000-7000-8000-000000000001"
#define THE(x, more) "{'attempt':'$" x "'" more
#define REF_OF(slug, more) "{'course':'c','slug':'" slug "'" more
#define REF REF_OF("q", "")
#define WHY ",'reason':'r'"
#define JWKS                                                                   \
	"{'keys':[{'kty':'EC','crv':'P-256','kid':'k1',"                       \
	"'x':'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',"                   \
	"'y':'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'}]}"
#define QUIZ(title, policy)                                                    \
	"{'definition':{'assay':1,'course':'c','slug':'q','title':'" title     \
	"','policy':{'behaviour':'adaptive','suspend':'clock_stops',"          \
	"'release':'held'" policy "},'items':[" QUIZ_ITEMS "]}"
#define HINTS                                                                  \
	"{'definition':{'assay':1,'course':'c','slug':'h','title':'t',"        \
	"'policy':{'behaviour':'interactive'},'items':[{'id':'i',"             \
	"'type':'short','name':'n','stem':'?','mark':1,"                       \
	"'hints':[{'text':'It jumps.'}],"                                      \
	"'answers':[{'text':'frog','fraction':1}]}]}"
#define LEASE "{'kinds':['test.work'],'worker':'w','limit':1,'lease_ms':60000"
#define JOB(x, more) "{'job':'$" x "'" more
#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CODE_FILE                                                              \
	"{'assay':1,'course':'c','slug':'x','title':'t',"                      \
	"'items':[" CODE_ITEM("2?", "") "]}"

#define LAB_OF(slug, text)                                                     \
	"'assay_lab':1,'course':'c','slug':'" slug "','title':'t',"            \
	"'run':['true'],'starter':[{'name':'main.py','text':'" text "'}],"     \
	"'check':{'kind':'io','languages':['python'],'tests':[{'name':'1',"    \
	"'input':{'text':'1'},'answer':{'text':'1'}}]}"
#define LAB(slug, text) "{'definition':{" LAB_OF(slug, text) "}"
#define LAB_REF "{'course':'c','slug':'l'"
#define WORK(x, more) "{'session':'$" x "'" more

/*
 * Ann reviews Bob's work, he Cat's: each has but one to choose. A lease's token
 * is its number in the run.
 */
#define PEER(slug, more)                                                       \
	"{'definition':{'assay':1,'course':'c','slug':'" slug                  \
	"','title':'t','peer':{'rubric':{'criteria':[{'id':'a','title':'A',"   \
	"'points':10}]},'counts':'formative','must_review':1,"                 \
	"'must_receive':1,'stop':{'least':1,'most':1},"                        \
	"'feedback':{'strengths':1,'improvements':0,'words_each':1,"           \
	"'words_total':1}" more "}}"
#define PEER_WORK(slug, text) REF_OF(slug, ",'content':{'text':'" text "'}")
#define SAID(x, token, text)                                                   \
	"{'review':'$" x "','fence':" token ",'words':{'scores':["             \
	"{'criterion':'a','points':5}],'strengths':['" text "']}"
#define GIVEN(what, points)                                                    \
	"{" what ",'scores':[{'criterion':'a','points':" points "}]" WHY
#define LEASED(x, token) "{'review':'$" x "','fence':" token
#define BOB "learner:bob"
#define CAT "learner:cat"
#define PEER_COMMANDS                                                          \
	{ AUTHOR, "assessment.publish",                                        \
	  PEER("pe", ",'hand_in':{'grace_minutes':0},'gold':[{'id':'A',"       \
		     "'title':'t','text':'gold','covert':false,'scores':["     \
		     "{'criterion':'a','points':5,'comment':'so'}],"           \
		     "'reason':'so'}]"),                                       \
	  NULL },                                                              \
		{ AUTHOR, "assessment.publish", PEER("po", ""), NULL },        \
		{ ANN, "artifact.submit", PEER_WORK("po", "one"),              \
		  PEER_WORK("po", "two"), "1=artifact" },                      \
		{ ANN, "artifact.correct",                                     \
		  "{'artifact':'$1','content':{'text':'better'}", NULL },      \
		{ ANN, "artifact.withdraw", "{'artifact':'$1'", NULL },        \
		{ ANN, "artifact.submit", PEER_WORK("pe", "mine"), NULL },     \
		{ BOB, "artifact.submit", PEER_WORK("pe", "his"), NULL,        \
		  "2=artifact" },                                              \
		{ ANN, "calibration.next", REF_OF("pe", ""), NULL,             \
		  "3=review" },                                                \
		{ ANN, "review.submit", SAID("3", "1", "strong one"), NULL },  \
		{ BOB, "calibration.next", REF_OF("pe", ""), NULL,             \
		  "3=review" },                                                \
		{ BOB, "review.submit", SAID("3", "2", "strong two"), NULL },  \
		{ ANN, "review.next", REF_OF("pe", ""), NULL, "3=review" },    \
		{ ANN, "review.renew", LEASED("3", "3"), NULL },               \
		{ ANN, "review.draft", "{'review':'$3','words':{'scores':[]}", \
		  NULL },                                                      \
		{ ANN, "review.return", LEASED("3", "3"), NULL },              \
		{ ANN, "review.next", REF_OF("pe", ""), NULL, "3=review" },    \
		{ ANN, "review.submit", SAID("3", "4", "quite new again"),     \
		  NULL },                                                      \
		{ CAT, "artifact.submit", PEER_WORK("pe", "hers"), NULL },     \
		{ BOB, "review.next", REF_OF("pe", ""), NULL, "4=review" },    \
		{ BOB, "review.submit", SAID("4", "5", "more of them"),        \
		  NULL },                                                      \
		{ BOB, "review.rate", "{'review':'$3','rating':5", NULL },     \
		{ BOB, "artifact.reveal", "{'artifact':'$2'", NULL },          \
		{ STAFF, "review.mark", "{'review':'$3','mark':4" WHY, NULL }, \
		{ STAFF, "peer.decide", GIVEN("'artifact':'$2'", "7"),         \
		  GIVEN("'artifact':'$2'", "8") },                             \
		{ STAFF, "peer.confirm", "{'artifact':'$2','take':true" WHY,   \
		  NULL },                                                      \
		{ BOB, "appeal.file",                                          \
		  "{'artifact':'$2','grounds':'one two three four five six "   \
		  "seven eight nine ten eleven twelve thirteen fourteen "      \
		  "fifteen sixteen seventeen eighteen nineteen twenty'",       \
		  NULL, "5=appeal" },                                          \
		{ PLAT, "appeal.triage", "{'appeal':'$5','take':true" WHY,     \
		  NULL },                                                      \
		{ PLAT, "appeal.decide",                                       \
		  GIVEN("'appeal':'$5','outcome':'changed'", "9"), NULL },     \
		{ STAFF, "peer.relate",                                        \
		  REF_OF("pe",                                                 \
			 ",'learner':'cat','what':'team','group':'g'" WHY),    \
		  NULL },                                                      \
		{ STAFF, "peer.waive",                                         \
		  REF_OF("pe", ",'learner':'cat','what':'duty'" WHY), NULL },  \
		{ AUTHOR, "assessment.publish",                                \
		  PEER("pc", ",'mode':'cohort','release':'held',"              \
			     "'hand_in':{'grace_minutes':0}"),                 \
		  NULL },                                                      \
		{ ANN, "artifact.submit", PEER_WORK("pc", "a"), NULL },        \
		{ BOB, "artifact.submit", PEER_WORK("pc", "b"), NULL },        \
		{ STAFF, "peer.allocate",                                      \
		  REF_OF("pc", ",'seed':3,'relax':'so'"),                      \
		  REF_OF("pc", ",'seed':4,'relax':'so'") },                    \
		{ STAFF, "peer.extend",                                        \
		  REF_OF("pc", ",'review_until':'2030-01-01T00:00:00Z'" WHY),  \
		  REF_OF("pc",                                                 \
			 ",'review_until':'2031-01-01T00:00:00Z'" WHY) },      \
		{ STAFF, "peer.release", REF_OF("pc", WHY), NULL },            \
		{ STAFF, "reviewer.license",                                   \
		  REF_OF("pe", ",'learner':'bob','licence':'suspended'" WHY),  \
		  NULL },                                                      \
	{                                                                      \
		BOB, "artifact.resubmit", PEER_WORK("pe", "newer"),            \
			PEER_WORK("pe", "newest")                              \
	}

/* Params without their last brace: the key is put behind them. */
struct command {
	const char *who, *method, *params;
	const char *other; /* the same command, asked otherwise */
	const char *keep, *bytes;
};

static const struct command commands[] = {
	{ "operator", "organization.create", "{'name':'N'", "{'name':'M'" },
	{ ADMIN, "key.create", "{'name':'k','roles':['platform']",
	  "{'name':'l','roles':['platform']" },
	{ ADMIN, "key.revoke", "{'id':'$k'", "{'id':'" NOBODY "'" },
	{ ADMIN, "issuer.register", "{'issuer':'i','jwks':" JWKS,
	  "{'issuer':'j','jwks':" JWKS, "i=id" },
	{ ADMIN, "issuer.update", "{'id':'$i','jwks':" JWKS,
	  "{'id':'" NOBODY "','jwks':" JWKS },
	{ ADMIN, "issuer.revoke", "{'id':'$i'", "{'id':'" NOBODY "'" },
	{ PLAT, "learner.set", "{'learner':'ann','name':'Ann'", NULL },
	{ AUTHOR, "assessment.publish", QUIZ("one", ""), QUIZ("two", "") },
	{ AUTHOR, "assessment.publish", HINTS, QUIZ("two", "") },
	{ PLAT, "course.set", "{'course':'c','title':'C'",
	  "{'course':'c','title':'D'" },
	{ PLAT, "group.set", "{'course':'c','group':'g','learners':['ann']",
	  "{'course':'c','group':'g','learners':[]" },
	{ STAFF, "override.set",
	  REF_OF("q", ",'learner':'ann','rules':{'attempts':3}"),
	  REF_OF("q", ",'learner':'ann','rules':{'attempts':4}") },
	{ PLAT, "accommodation.set",
	  "{'learner':'ann','rules':{'time_num':3,'time_den':2}",
	  "{'learner':'ann','rules':{'time_num':2,'time_den':1}" },
	{ ANN, "attempt.reserve", REF, REF_OF("h", ""), "a=attempt" },
	{ ANN, "attempt.start", THE("a", ""), REF },
	{ ANN, "attempt.answer", THE("a", ",'slot':1,'response':" RIGHT_1),
	  THE("a", ",'slot':1,'response':" WRONG_1) },
	{ ANN, "attempt.check", THE("a", ",'slot':2,'response':" RIGHT_2),
	  THE("a", ",'slot':2,'response':" WRONG_2) },
	{ STAFF, "override.remove", REF_OF("q", ",'learner':'ann'"),
	  REF_OF("q", ",'learner':'bob'") },
	{ PLAT, "accommodation.remove", "{'learner':'ann'",
	  "{'learner':'bob'" },
	{ ANN, "attempt.start", REF_OF("h", ""), REF, "h=attempt" },
	{ ANN, "attempt.check", THE("h", ",'slot':1,'response':" WRONG_2),
	  THE("h", ",'slot':1,'response':" RIGHT_2) },
	{ ANN, "attempt.try_again", THE("h", ",'slot':1"),
	  THE("h", ",'slot':1,'seq':9") },
	{ STAFF, "attempt.suspend", THE("a", WHY), THE("a", ",'reason':'s'") },
	{ STAFF, "attempt.resume", THE("a", WHY), THE("a", ",'reason':'s'") },
	{ ANN, "attempt.submit", THE("a", ""), THE("h", "") },
	{ STAFF, "attempt.mark", THE("a", ",'slot':3,'mark':1"),
	  THE("a", ",'slot':3,'mark':0") },
	{ AUTHOR, "assessment.publish", QUIZ("v2", ",'max_grade':10"),
	  QUIZ("two", "") },
	{ STAFF, "attempt.regrade", REF_OF("q", ",'allow_lower':true"), REF },
	{ STAFF, "attempt.release", THE("a", WHY), THE("a", ",'reason':'s'") },
	{ STAFF, "gradebook.release", REF, REF_OF("h", "") },
	{ STAFF, "gradebook.set",
	  REF_OF("q", ",'learner':'ann','score':2,'reason':'r'"),
	  REF_OF("q", ",'learner':'ann','score':3,'reason':'r'") },
	{ STAFF, "attempt.reopen", THE("a", WHY), THE("a", ",'reason':'s'") },
	{ STAFF, "attempt.void", THE("a", WHY), THE("a", ",'reason':'s'") },
	{ ANN, "blob.put", "{'media_type':'a/b'", NULL, .bytes = "ann's" },
	{ "worker", "job.lease", LEASE, NULL, "l=jobs/0/id" },
	{ "worker", "job.renew", JOB("l", ",'fence':1,'lease_ms':90000"),
	  NULL },
	{ "worker", "job.finish", JOB("l", ",'fence':1,'result':{'n':1}"),
	  NULL },
	{ "worker", "job.lease", LEASE, NULL, "m=jobs/0/id" },
	{ "worker", "job.fail",
	  JOB("m", ",'fence':1,'error':'e','retry':false"), NULL },
	{ PLAT, "job.retry", JOB("m", ""), "{'job':'" NOBODY "'" },
	{ PLAT, "job.cancel", JOB("m", ""), "{'job':'" NOBODY "'" },
	{ "worker", "job.lease", LEASE, NULL, "n=jobs/0/id" },
	{ "worker", "job.release", JOB("n", ",'fence':1"), NULL },
	{ AUTHOR, "content.sync",
	  "{'course':'c','source':'https://example.org/c.git'",
	  "{'course':'c','source':'https://example.org/d.git'" },
	{ "worker", "content.deliver",
	  JOB("D",
	      ",'fence':1,'commit':'" COMMIT "','path':'q.assessment.json'"),
	  NULL, .bytes = "{" },
	{ AUTHOR, "code.selftest", "{'definition':" CODE_FILE, NULL },
	{ ANN, "attempt.start", REF_OF("x", ""), REF_OF("q", ""), "x=attempt" },
	{ ANN, "attempt.check", THE("x", ",'slot':1,'response':" MAIN_C("a")),
	  THE("x", ",'slot':1,'response':" MAIN_C("b")) },
	{ STAFF, "submission.rejudge", REF_OF("x", WHY),
	  REF_OF("x", ",'reason':'s'") },
	{ ANN, "attempt.submit", THE("x", ""), THE("a", "") },
	{ AUTHOR, "lab.publish", LAB("l", "x"), LAB("m", "x"), "l=id" },
	{ ANN, "lab.open", LAB_REF, NULL, "s=session" },
	{ ANN, "lab.save", WORK("s", ",'files':[{'name':'a','text':'1'}]"),
	  WORK("s", ",'files':[{'name':'a','text':'2'}]"), "c=commit" },
	{ ANN, "lab.unpack", WORK("s", ",'name':'a'"), NULL },
	{ ANN, "lab.reset", WORK("s", ""), NULL },
	{ ANN, "lab.restore", WORK("s", ",'commit':'$c'"), NULL },
	{ ANN, "lab.run", WORK("s", ""), NULL },
	{ ANN, "lab.check", WORK("s", ""), NULL },
	{ AUTHOR, "lab.publish", LAB("l", "y"), NULL },
	{ ANN, "lab.offer", WORK("s", ""), NULL },
	{ ANN, "lab.merge", WORK("s", ",'version':2"), NULL },
	{ "worker", "lab.host_save",
	  "{'job':'$t','fence':1,'session':'$z','removed':['main.py']", NULL },
	PEER_COMMANDS,
	{ AUTHOR, "assessment.retire", REF, NULL },
	{ ADMIN, "learner.erase", "{'learner':'ann','reason':'r'",
	  "{'learner':'ann','reason':'s'" },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]), JOBS = 9 };

/* How many records each command leaves; and what it replied. */
struct told {
	int64_t records[COMMANDS];
	struct str reply[COMMANDS];
	struct str sent[COMMANDS];
};

/* The number of records, as stored. */
static int64_t head(struct world *w)
{
	struct record_head h = { 0 };
	enum err e;

	w->cx.db = store_reader(w->app->store, 1000);
	assert_non_null(w->cx.db);
	e = store_one(&w->cx, &record_sql[RECORD_HEAD],
		      VALS(v_int(w->app->node)), &h);
	store_reader_done(w->app->store, w->cx.db);
	w->cx.db = NULL;
	assert_true(e == OK || e == ERR_NOT_FOUND);
	return h.seq;
}

static struct str params_of(struct world *w, const struct story_vars *v,
			    const char *params, size_t i)
{
	struct str s = story_params(w, v, params);

	return str_fmt(w->cx.arena, "%.*s,\"idempotency_key\":\"key %zu\"}",
		       STR_FMT(s), i);
}

static struct reply send(struct world *w, const struct command *c,
			 struct str params)
{
	return world_call_bytes(w, c->who, c->method, params, str_of(c->bytes));
}

static void keep(struct world *w, struct story_vars *v, const struct command *c,
		 const struct reply *r)
{
	if (c->keep)
		story_keep(w, v, r, c->keep);
	/* A key is shown once: if that was lost, the list still has its id. */
	if (strcmp(c->method, "key.create") == 0) {
		struct reply l = world_ok(w, ADMIN, "key.list", "{}");

		story_keep(w, v, &l, "k=keys/0/id");
	}
}

typedef struct reply how(struct world *w, const struct command *c,
			 struct str params);

/* What workers wait for, and what they had to do before a story begins. */
static void prepare(struct world *w, struct story_vars *v)
{
	static const struct story_vars none;
	struct str code = story_params(w, &none, CODE_FILE);
	struct reply r;

	for (int i = 0; i < JOBS; i++)
		world_job(w);
	code_selftest_all(w, code.p, SELFTEST_OK);
	world_publish(w, code.p);
	world_ok(w, AUTHOR, "content.sync",
		 "{\"course\":\"c\",\"source\":\"https://example.org/b\"}");
	v->value['D'] = code_lease(w, "content.sync").job;
	world_ok(w, AUTHOR, "lab.publish",
		 "{\"definition\":{\"assay_lab\":1,\"course\":\"c\","
		 "\"slug\":\"shell\",\"title\":\"t\"}}");
	r = world_ok(w, ANN, "lab.open",
		     "{\"course\":\"c\",\"slug\":\"shell\"}");
	v->value['z'] = reply_text(w, &r, "session");
	world_ok(w, ANN, "lab.terminal_open",
		 "{\"session\":\"%s\",\"rows\":24,\"cols\":80}", v->value['z']);
	world_run(w); /* its job is queued */
	v->value['t'] = code_lease(w, "lab.terminal").job;
}

/* The first n commands. */
static void tell(struct world *w, how *call, struct told *t, size_t n)
{
	struct story_vars v = { 0 };

	prepare(w, &v);
	for (size_t i = 0; i < n; i++) {
		const struct command *c = &commands[i];
		int64_t before = head(w);
		struct reply r;

		t->sent[i] = params_of(w, &v, c->params, i);
		r = call(w, c, t->sent[i]);
		if (r.e)
			fail_msg("%s %.*s: %.*s", c->method,
				 STR_FMT(t->sent[i]), STR_FMT(r.json));
		t->records[i] = head(w) - before;
		t->reply[i] = r.json;
		keep(w, &v, c, &r);
	}
}

static void is_whole(struct world *w)
{
	struct reply r = world_ok(w, "auditor", "audit.verify", "{}");

	assert_string_equal(reply_text(w, &r, "intact"), "true");
}

/* ---- nothing goes wrong ---- */

static bool shows_a_secret(const struct command *c)
{
	return strcmp(c->method, "key.create") == 0 ||
	       strcmp(c->method, "organization.create") == 0;
}

/* A password, somebody's needs, his response: the record's reply lacks them. */
static bool may_keep_less(const struct command *c)
{
	static const char *const names[] = {
		"override.set", "accommodation.set", "attempt.check",
		"attempt.try_again", "attempt.mark"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(c->method, names[i]) == 0)
			return true;
	return false;
}

static bool is_as_before(const struct command *c, const struct reply *r,
			 struct str before)
{
	return str_eq(r->json, before) ||
	       (r->e == OK && may_keep_less(c) && r->json.n < before.n);
}

/*
 * Leases and contents: a repeat is safe without a key (RPC_QUIET). A name is
 * set again: neither it nor its hash is kept to compare with.
 */
static bool is_quiet(const struct world *w, const struct command *c)
{
	const struct rpc_method *m =
		rpc_find(w->app->methods, str_of(c->method));

	return m->flags & RPC_QUIET || strcmp(c->method, "learner.set") == 0;
}

/* The keys of answers stand in their records, and are forgotten with him. */
static bool is_answer(const struct command *c)
{
	return strcmp(c->method, "attempt.answer") == 0;
}

static void again(struct world *w, const struct told *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct command *c = &commands[i];
		int64_t before = head(w);
		struct reply r;

		if (is_quiet(w, c) || (n == COMMANDS && is_answer(c)))
			continue;
		r = send(w, c, t->sent[i]);
		if (shows_a_secret(c))
			assert_int_equal(r.e, ERR_CONFLICT);
		else if (!is_as_before(c, &r, t->reply[i]))
			fail_msg("%s: %.*s, then %.*s", c->method,
				 STR_FMT(t->reply[i]), STR_FMT(r.json));
		assert_int_equal(head(w), before);
	}
}

static void the_same_key_has_the_same_reply_for_ever(void **state)
{
	struct told t;

	tell(*state, send, &t, COMMANDS - 1);
	again(*state, &t, COMMANDS - 1);
	world_restart(*state);
	again(*state, &t, COMMANDS - 1);
	is_whole(*state);
}

static void the_same_key_with_other_params_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct story_vars v = { 0 };

	prepare(w, &v);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		struct str params = params_of(w, &v, c->params, i);
		struct reply r = send(w, c, params);
		int64_t before;

		assert_int_equal(r.e, OK);
		keep(w, &v, c, &r);
		if (!c->other)
			continue;
		before = head(w);
		r = send(w, c, params_of(w, &v, c->other, i));
		if (r.e != ERR_CONFLICT || r.retry)
			fail_msg("%s: %.*s", c->method, STR_FMT(r.json));
		assert_non_null(strstr(r.message.p, "idempotency_key"));
		assert_int_equal(head(w), before);
	}
}

static void every_command_is_in_the_story(void **state)
{
	struct world *w = *state;
	const struct rpc_method *m;
	size_t it = 0;

	while ((m = rpc_each(w->app->methods, &it))) {
		bool found = !(m->flags & RPC_WRITES);

		for (size_t i = 0; i < COMMANDS; i++)
			found |= strcmp(commands[i].method, m->name) == 0;
		if (!found)
			print_error("%s is not told\n", m->name);
		assert_true(found);
	}
}

/* ---- something goes wrong ---- */

static void same_records(struct world *w, const struct told *t)
{
	struct world *other;
	struct told plain;

	/* Worlds are one at a time: this one has been looked at. */
	(void)w;
	other = world_open();
	tell(other, send, &plain, COMMANDS);
	for (size_t i = 0; i < COMMANDS; i++)
		if (plain.records[i] != t->records[i] &&
		    !is_quiet(other, &commands[i]))
			fail_msg("%s leaves %" PRId64 " records, and %" PRId64
				 " when something went wrong",
				 commands[i].method, plain.records[i],
				 t->records[i]);
	world_close(other);
}

static void once(how *call)
{
	struct world *w = world_open();
	struct told t;

	tell(w, call, &t, COMMANDS);
	is_whole(w);
	world_restart(w);
	again(w, &t, COMMANDS);
	is_whole(w);
	world_close(w);
	same_records(w, &t);
}

/* From the n-th statement on everything fails; n rises until it is enough. */
static struct reply through(struct world *w, const struct command *c,
			    struct str params)
{
	enum { MOST = 400 };
	int64_t before = head(w);
	struct reply r = { .e = ERR_UNAVAILABLE };

	for (int n = 1; r.e && n < MOST; n++) {
		static const enum err kinds[] = { ERR_UNAVAILABLE, ERR_BUSY };

		world_fail_from(w, n, kinds[n % 2]);
		r = send(w, c, params);
		world_fail(w, 0, OK);
		if (!r.e)
			break;
		if (!r.retry)
			fail_msg("%s at call %d: %.*s", c->method, n,
				 STR_FMT(r.json));
		assert_int_equal(head(w), before);
	}
	return r;
}

static void a_store_that_fails_anywhere_undoes_the_whole_command(void **state)
{
	(void)state;
	once(through);
}

/* One failure, after which the store goes on: the server may try again. */
static struct reply stumble(struct world *w, const struct command *c,
			    struct str params)
{
	struct reply r = { .e = ERR_UNAVAILABLE };

	for (int n = 1; r.e && n < 400; n++) {
		world_fail(w, n, ERR_UNAVAILABLE);
		r = send(w, c, params);
		world_fail(w, 0, OK);
		if (r.e)
			assert_true(r.retry);
	}
	return r;
}

static void a_store_that_stumbles_doubles_nothing(void **state)
{
	(void)state;
	once(stumble);
}

static struct reply lost(struct world *w, const struct command *c,
			 struct str params)
{
	int64_t before = head(w);
	struct reply first, r;

	world_lose_commit(w);
	first = send(w, c, params);
	if (first.e && !shows_a_secret(c)) {
		if (!first.retry)
			fail_msg("%s: %.*s", c->method, STR_FMT(first.json));
	}
	if (first.e || is_quiet(w, c))
		r = send(w, c, params);
	else
		r = first;
	/* It happened, and what it showed is lost: the caller is told so. */
	if (shows_a_secret(c) && r.e == ERR_CONFLICT) {
		assert_true(head(w) > before);
		r.e = OK;
	}
	return r;
}

static void a_commit_whose_answer_is_lost_is_found_by_its_key(void **state)
{
	(void)state;
	once(lost);
}

/* Without a key nobody could tell it from a new one: the caller decides. */
static void what_has_no_key_is_not_done_twice_by_the_server(void **state)
{
	static const struct story rows[] = {
		{ "operator", "organization.create", "{'name':'N'}" },
		{ ADMIN, "key.create", "{'name':'k','roles':['platform']}" },
		{ PLAT, "course.set", "{'course':'c','title':'C'}" },
		{ AUTHOR, "assessment.publish", QUIZ("one", "") "}" },
		{ STAFF, "gradebook.set",
		  REF_OF("q", ",'learner':'ann','score':2,'reason':'r'}") },
	};
	struct world *w = *state;
	struct story_vars v = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t before = head(w);
		struct reply r;

		world_lose_commit(w);
		r = story_call(w, &v, &rows[i]);
		assert_true(r.e == OK || r.retry);
		assert_int_equal(head(w), before + 1);
	}
	is_whole(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(every_command_is_in_the_story),
		quiz_test(the_same_key_has_the_same_reply_for_ever),
		quiz_test(the_same_key_with_other_params_is_a_conflict),
		cmocka_unit_test(
			a_store_that_fails_anywhere_undoes_the_whole_command),
		cmocka_unit_test(a_store_that_stumbles_doubles_nothing),
		cmocka_unit_test(
			a_commit_whose_answer_is_lost_is_found_by_its_key),
		quiz_test(what_has_no_key_is_not_done_twice_by_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
