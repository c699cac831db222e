/*
 * Callers that are bound to courses. Every method is either for the whole
 * organization (RPC_WHOLE), and refuses them, or stands in the table below
 * with a call for what belongs to another course, which gets nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/rpc/table.h"
#include "tests/scenario/story.h"

#define ALL "bound-all:elsewhere" /* every role, and one course */
#define REF "{'course':'c','slug':'q'}"
#define REF_OF(more) "{'course':'c','slug':'q'," more "}"
#define THE(more) "{'attempt':'$a'" more "}"
#define WHY ",'reason':'r'"
#define QUIZ                                                                   \
	"{'definition':{'assay':1,'course':'c','slug':'n','title':'t',"        \
	"'items':[" QUIZ_ITEMS "]}}"

#define LAB "{'course':'c','slug':'lab'}"
#define WORK(more) "{'session':'$w'" more "}"
#define PEER "{'course':'c','slug':'pe'}"
#define PEER_OF(more) "{'course':'c','slug':'pe','learner':'ann'" more "}"
#define OLD ",'commit':'0000000000000000000000000000000000000000'"

struct probe {
	const char *method, *params;
	/* Why it may answer; what it says is then not of the other course. */
	const char *answers;
};

static const struct probe probes[] = {
	{ "organization.get", NULL, "what the organization is called" },
	{ "key.create", "{'name':'k','roles':['platform'],'courses':['c']}" },
	{ "key.create", "{'name':'k','roles':['platform']}" },
	{ "learner.get", "{'learner':'bob'}", "a name is no course's" },
	{ "assessment.publish", QUIZ },
	{ "assessment.check", QUIZ },
	{ "assessment.import", "{'course':'elsewhere','slug':'g'}",
	  "turns the caller's own file into another" },
	{ "assessment.get", "{'assessment':'$q'}" },
	{ "assessment.list", "{'course':'c'}" },
	{ "assessment.retire", "{'assessment':'$q'}" },
	{ "code.selftest", QUIZ },
	{ "submission.list", REF },
	{ "submission.list", THE("") },
	{ "submission.get", THE(",'slot':1,'number':1") },
	{ "submission.rejudge", REF_OF("'reason':'r'") },
	{ "submission.rejudged", REF },
	{ "content.sync", "{'course':'c','source':'https://example.org/x'}" },
	{ "content.list", "{'course':'c'}" },
	{ "content.get", "{'sync':'$s'}" },
	{ "override.set", REF_OF("'learner':'ann','rules':{'attempts':3}") },
	{ "override.remove", REF_OF("'learner':'ann'") },
	{ "override.list", REF },
	{ "group.set", "{'course':'c','group':'g','learners':['ann']}" },
	{ "group.list", "{'course':'c','group':'g'}" },
	{ "event.list", "{'course':'c'}" },
	{ "event.list", "{}", "only events of its courses" },
	{ "attempt.list", REF },
	{ "attempt.list", "{'course':'c'}" },
	{ "attempt.list", "{}" },
	{ "attempt.explain", THE("") },
	{ "attempt.regrade", REF },
	{ "attempt.export", REF },
	{ "attempt.export", "{'course':'c'}" },
	{ "attempt.export", "{}" },
	{ "attempt.suspend", THE(WHY) },
	{ "attempt.resume", THE(WHY) },
	{ "attempt.void", THE(WHY) },
	{ "attempt.reopen", THE(WHY) },
	{ "attempt.release", THE(WHY) },
	{ "attempt.mark", THE(",'slot':1,'mark':1") },
	{ "attempt.get", THE("") },
	{ "attempt.answer", THE(",'slot':1,'response':{'choice':'1'}") },
	{ "attempt.check", THE(",'slot':1,'response':{'choice':'1'}") },
	{ "attempt.try_again", THE(",'slot':1") },
	{ "attempt.submit", THE("") },
	{ "attempt.review", THE("") },
	{ "assessment.conditions", REF_OF("'learner':'ann'") },
	{ "attempt.reserve", REF_OF("'learner':'ann'") },
	{ "attempt.start", REF_OF("'learner':'ann'") },
	{ "attempt.start", "{'assessment':'$q','learner':'ann'}" },
	{ "gradebook.get", "{'course':'c','learner':'ann'}" },
	{ "gradebook.list", "{'course':'c'}" },
	{ "gradebook.export", "{'course':'c'}" },
	{ "gradebook.release", REF },
	{ "gradebook.set", REF_OF("'learner':'ann','score':1,'reason':'r'") },
	{ "course.set", "{'course':'c','title':'C'}" },
	{ "course.list", "{}", "only its courses" },
	{ "blob.put", "{'media_type':'a/b','learner':'ann'}" },
	{ "lab.publish", "{'definition':{'assay_lab':1,'course':'c',"
			 "'slug':'n','title':'t'}}" },
	{ "lab.list", "{'course':'c'}" },
	{ "lab.get", LAB },
	{ "lab.open", "{'course':'c','slug':'lab','learner':'ann'}" },
	{ "lab.files", WORK("") },
	{ "lab.read", WORK(",'name':'x'") },
	{ "lab.save", WORK(",'removed':['x']") },
	{ "lab.history", WORK("") },
	{ "lab.restore", WORK(OLD) },
	{ "lab.reset", WORK("") },
	{ "lab.offer", WORK("") },
	{ "lab.merge", WORK(",'version':1") },
	{ "lab.run", WORK("") },
	{ "lab.check", WORK("") },
	{ "lab.unpack", WORK(",'name':'x'") },
	{ "lab.result", "{'run':'$r'}" },
	{ "lab.terminal_open", WORK(",'rows':24,'cols':80") },
	{ "lab.terminal_read", WORK(",'attach':1") },
	{ "lab.terminal_write", WORK(",'attach':1") },
	{ "lab.terminal_resize", WORK(",'attach':1,'rows':9,'cols':9") },
	{ "lab.terminal_close", WORK(",'attach':1") },
	{ "artifact.submit", PEER_OF(",'content':{'text':'x'}") },
	{ "artifact.resubmit", PEER_OF(",'content':{'text':'x'}") },
	{ "artifact.correct", "{'artifact':'$f','content':{'text':'x'}}" },
	{ "artifact.withdraw", "{'artifact':'$f'" WHY "}" },
	{ "artifact.reveal", "{'artifact':'$f'}" },
	{ "artifact.get", "{'artifact':'$f'}" },
	{ "calibration.next", PEER_OF("") },
	{ "review.next", PEER_OF("") },
	{ "review.renew", "{'review':'$v','fence':1}" },
	{ "review.return", "{'review':'$v','fence':1}" },
	{ "review.draft", "{'review':'$v','words':{'scores':[]}}" },
	{ "review.submit", "{'review':'$v','fence':1,'words':{'scores':[]}}" },
	{ "review.get", "{'review':'$v'}" },
	{ "review.file", "{'review':'$v','name':'a'}" },
	{ "review.rate", "{'review':'$v','rating':1}" },
	{ "review.mark", "{'review':'$v','mark':1" WHY "}" },
	{ "review.list", PEER_OF("") },
	{ "reviewer.get", PEER_OF("") },
	{ "reviewer.list", PEER },
	{ "reviewer.license", PEER_OF(",'licence':'suspended'" WHY) },
	{ "peer.queue", PEER },
	{ "peer.report", PEER },
	{ "peer.allocate", PEER },
	{ "peer.allocation", PEER },
	{ "peer.extend", "{'course':'c','slug':'pe'" WHY "}" },
	{ "peer.release", "{'course':'c','slug':'pe'" WHY "}" },
	{ "peer.preview", "{'artifact':'$f','scores':[]}" },
	{ "peer.decide", "{'artifact':'$f','scores':[]" WHY "}" },
	{ "peer.confirm", "{'artifact':'$f','take':true" WHY "}" },
	{ "peer.waive", PEER_OF(",'what':'duty'" WHY) },
	{ "peer.relate", PEER_OF(",'what':'team','group':'g'" WHY) },
	{ "appeal.file", "{'artifact':'$f','grounds':'x'}" },
	{ "appeal.triage", "{'appeal':'$f','take':true" WHY "}" },
	{ "appeal.decide", "{'appeal':'$f','outcome':'upheld'" WHY "}" },
	{ "appeal.get", "{'appeal':'$f'}" },
	{ "appeal.list", PEER },
	{ "blob.info", "{'digest':'$d','learner':'ann'}" },
	{ "blob.get", "{'digest':'$d','learner':'ann'}" },
};
enum { PROBES = sizeof(probes) / sizeof(probes[0]) };

static void every_method_says_what_a_course_bound_caller_may(void **state)
{
	struct world *w = *state;
	const struct rpc_method *m;
	size_t it = 0, missing = 0;

	while ((m = rpc_each(w->app->methods, &it))) {
		bool told = m->roles & ROLE_ANYONE || m->flags & RPC_WHOLE;

		for (size_t i = 0; i < PROBES; i++)
			if (strcmp(probes[i].method, m->name) == 0) {
				assert_false(m->flags & RPC_WHOLE);
				told = true;
			}
		if (told)
			continue;
		print_error("%s is neither RPC_WHOLE nor has it a probe\n",
			    m->name);
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void what_concerns_the_whole_organization_is_refused(void **state)
{
	struct world *w = *state;
	const struct rpc_method *m;
	size_t it = 0, seen = 0;

	while ((m = rpc_each(w->app->methods, &it))) {
		struct reply r;

		if (!(m->flags & RPC_WHOLE))
			continue;
		r = world_call(w, ALL, m->name, "{}");
		if (r.e != ERR_DENIED)
			fail_msg("%s: %.*s", m->name, STR_FMT(r.json));
		assert_non_null(strstr(r.message.p, "whole organization"));
		seen++;
	}
	assert_true(seen > 10);
}

/* The calls of those who could harm a whole tenant from one course. */
static void a_course_bound_key_changes_nothing_of_other_courses(void **state)
{
	static const struct story rows[] = {
		{ "admin", "key.create", "{'name':'k','roles':['platform']}",
		  OK, "k=id" },
		{ "bound-admin:c", "key.list", NULL, ERR_DENIED },
		{ "bound-admin:c", "key.revoke", "{'id':'$k'}", ERR_DENIED },
		{ "bound:c", "accommodation.set",
		  "{'learner':'ann','rules':{'time_num':3,'time_den':2}}",
		  ERR_DENIED },
		{ "bound:c", "accommodation.remove", "{'learner':'ann'}",
		  ERR_DENIED },
		{ "bound:c", "learner.set", "{'learner':'ann','name':'X'}",
		  ERR_DENIED },
		{ "bound:c", "learner.list", "{}", ERR_DENIED },
		{ "bound:c", "job.list", "{}", ERR_DENIED },
		{ "admin", "key.revoke", "{'id':'$k'}", OK },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static bool is_about(struct world *w, const struct reply *r, const char *what)
{
	struct str all = str_fmt(w->cx.arena, "%.*s%.*s", STR_FMT(r->json),
				 STR_FMT(r->bytes));

	return str_find(all, str_of(what), 0) != SIZE_MAX;
}

static void what_belongs_to_another_course_is_not_there(void **state)
{
	static const struct story rows[] = {
		{ "author", "assessment.publish",
		  "{'definition':{'assay':1,'course':'c','slug':'q',"
		  "'title':'t','items':[" QUIZ_ITEMS "]}}",
		  OK, "q=assessment/id" },
		{ "platform", "course.set", "{'course':'c','title':'C'}", OK },
		{ "author", "content.sync",
		  "{'course':'c','source':'https://example.org/x'}", OK,
		  "s=id" },
		{ "learner:ann", "attempt.start", REF, OK, "a=attempt" },
		{ "learner:ann", "blob.put", "{'media_type':'a/b'}", OK,
		  "d=digest", .bytes = "hers" },
		{ "author", "lab.publish",
		  "{'definition':{'assay_lab':1,'course':'c','slug':'lab',"
		  "'title':'t','run':['true']}}",
		  OK },
		{ "author", "assessment.publish",
		  "{'definition':{'assay':1,'course':'c','slug':'pe',"
		  "'title':'t','peer':{'rubric':{'criteria':[{'id':'a',"
		  "'title':'A','points':10}]},'gold':[{'id':'g','title':'t',"
		  "'text':'x','scores':[{'criterion':'a','points':5,"
		  "'comment':'so'}],'reason':'so'}]}}}",
		  OK },
		{ "learner:ann", "artifact.submit",
		  "{'course':'c','slug':'pe','content':{'text':'x'}}", OK,
		  "f=artifact" },
		{ "learner:ann", "calibration.next",
		  "{'course':'c','slug':'pe'}", OK, "v=review" },
		{ "learner:ann", "lab.open", LAB, OK, "w=session" },
		{ "learner:ann", "lab.run", WORK(""), OK, "r=run" },
		{ "platform", "learner.set", "{'learner':'ann','name':'A'}", OK,
		  "l=id" },
		{ "platform", "learner.set", "{'learner':'bob','name':'B'}",
		  OK },
	};
	struct world *w = *state;
	struct story_vars v = { 0 };

	STORY(w, &v, rows);
	for (size_t i = 0; i < PROBES; i++) {
		const struct probe *p = &probes[i];
		struct str params =
			story_params(w, &v, p->params ? p->params : "{}");
		struct reply r =
			strcmp(p->method, "blob.put") == 0 ||
					strcmp(p->method,
					       "assessment.import") == 0
				? world_call_bytes(w, ALL, p->method, params,
						   STR("::q:: 1? {=a ~b}\n"))
				: world_call(w, ALL, p->method, "%s", params.p);
		bool fine = p->answers
				    ? r.e == OK
				    : r.e == ERR_NOT_FOUND || r.e == ERR_DENIED;

		/* Not told which: the caller is asked to name a course. */
		fine |= r.e == ERR_INVALID && str_is(r.field, "/course") &&
			strcmp(p->params, "{}") == 0;
		if (!fine || is_about(w, &r, v.value['a']) ||
		    is_about(w, &r, v.value['l']) ||
		    is_about(w, &r, "\"course\":\"c\""))
			fail_msg("%s %s: %.*s", p->method, params.p,
				 STR_FMT(r.json));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(every_method_says_what_a_course_bound_caller_may),
		quiz_test(what_concerns_the_whole_organization_is_refused),
		quiz_test(a_course_bound_key_changes_nothing_of_other_courses),
		quiz_test(what_belongs_to_another_course_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
