/*
 * Part of methods_test.c: what is done beside requests: files, jobs, code,
 * labs, content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/methods.h"

void files_and_forgetting(void **state)
{
	struct world *w = *state;
	const struct story rows[] = {
		{ ANN, "blob.put", "{'media_type':'a/b'}", OK, "d=digest",
		  .bytes = "ann's own" },
		{ BOB, "blob.put", "{'media_type':'a/b','learner':'ann'}",
		  ERR_DENIED, .bytes = "x" },
		{ PLAT, "blob.put", "{'media_type':'a/b'}", ERR_TOO_LARGE,
		  .bytes = letters(w, (16 << 20) + 1).p },
		{ ANN, "blob.info", "{'digest':'$d'}", OK },
		{ ANN, "blob.get", "{'digest':'$d'}", OK },
		{ BOB, "blob.info", "{'digest':'$d'}", ERR_NOT_FOUND },
		{ BOB, "blob.get", "{'digest':'$d'}", ERR_NOT_FOUND },
		{ ADMIN, "learner.erase", "{'learner':'ann','reason':'r'}", OK,
		  "j=job" },
		{ ADMIN, "learner.erase", "{'learner':'eve','reason':'r'}",
		  ERR_NOT_FOUND },
		{ BOUND, "learner.erase", "{'learner':'ann','reason':'r'}",
		  ERR_DENIED },
		{ PLAT, "blob.info", "{'digest':'$d','learner':'ann'}",
		  ERR_ERASED },
		{ PLAT, "blob.get", "{'digest':'$d','learner':'ann'}",
		  ERR_ERASED },
		{ ADMIN, "job.get", "{'job':'$j'}", OK },
		{ ADMIN, "job.cancel", "{'job':'$j'}", ERR_PRECONDITION },
		{ ADMIN, "job.retry", "{'job':'$j'}", ERR_PRECONDITION },
		{ "worker", "job.finish", "{'job':'$j','fence':1,'result':{}}",
		  ERR_CONFLICT },
		{ PLAT, "blob.put", "{'media_type':'a/b'}", OK, "e=digest",
		  .bytes = "the tenant's" },
		{ PLAT, "blob.get", "{'digest':'$e'}", OK },
	};
	struct story_vars v = { 0 };
	const char *digest;
	FILE *f;

	STORY(w, &v, rows);
	digest = v.value['e'];
	f = fopen(str_fmt(w->cx.arena, "%s/blobs/%.2s/%s", w->folder, digest,
			  digest + 2)
			  .p,
		  "r+");
	assert_non_null(f);
	fputc('T', f);
	fclose(f);
	assert_int_equal(
		world_call(w, PLAT, "blob.get", "{\"digest\":\"%s\"}", digest)
			.e,
		ERR_CORRUPT);
}

#define LEASE "{'kinds':['test.work'],'worker':'w','limit':1,'lease_ms':60000}"
#define JOB(x, more) "{'job':'$" x "'" more "}"

void jobs_for_workers(void **state)
{
	static const struct story rows[] = {
		{ "worker", "job.lease", LEASE, OK, "a=jobs/0/id" },
		{ "worker", "job.wait", "{'kinds':['test.work'],'wait_ms':0}",
		  OK },
		{ "worker", "job.release", JOB("a", ",'fence':2"),
		  ERR_CONFLICT },
		{ "worker", "job.release", "{'job':'" NOBODY "','fence':1}",
		  ERR_NOT_FOUND },
		{ PLAT, "job.release", JOB("a", ",'fence':1"), ERR_DENIED },
		{ PLAT, "job.wait", "{'kinds':['test.work'],'wait_ms':0}",
		  ERR_DENIED },
		{ "worker", "job.lease", LEASE, OK, "b=jobs/0/id" },
		{ "worker", "job.renew",
		  JOB("a", ",'fence':1,'lease_ms':60000"), OK },
		{ "worker", "job.renew",
		  JOB("a", ",'fence':2,'lease_ms':60000"), ERR_CONFLICT },
		{ "worker", "job.renew",
		  "{'job':'" NOBODY "','fence':1,'lease_ms':60000}",
		  ERR_NOT_FOUND },
		{ "worker", "job.input", JOB("a", ",'fence':1"), OK },
		{ "worker", "job.input", JOB("a", ",'fence':2"), ERR_CONFLICT },
		{ "worker", "job.input", "{'job':'" NOBODY "','fence':1}",
		  ERR_NOT_FOUND },
		{ PLAT, "job.input", JOB("a", ",'fence':1"), ERR_DENIED },
		{ "worker", "job.fail",
		  JOB("b", ",'fence':2,'error':'e','retry':false"),
		  ERR_CONFLICT },
		{ "worker", "job.fail",
		  JOB("b", ",'fence':1,'error':'e','retry':false"), OK },
		{ "worker", "job.fail",
		  "{'job':'" NOBODY "','fence':1,'error':'e','retry':true}",
		  ERR_NOT_FOUND },
		{ "worker", "job.release", JOB("a", ",'fence':1"), OK },
		{ "worker", "job.lease", LEASE, OK, "a=jobs/0/id" },
		{ "worker", "job.finish", JOB("a", ",'fence':2,'result':{}"),
		  ERR_INVALID },
		{ "worker", "job.finish",
		  JOB("a", ",'fence':2,'result':{'n':7}"), OK },
		{ "worker", "job.finish",
		  JOB("a", ",'fence':2,'result':{'n':7}"), OK },
		{ "worker", "job.finish",
		  "{'job':'" NOBODY "','fence':1,'result':{}}", ERR_NOT_FOUND },
		{ PLAT, "job.list", "{}", OK },
		{ FOREIGN, "job.get", JOB("a", ""), ERR_NOT_FOUND },
		{ FOREIGN, "job.cancel", JOB("a", ""), ERR_NOT_FOUND },
		{ FOREIGN, "job.retry", JOB("a", ""), ERR_NOT_FOUND },
		{ PLAT, "job.retry", JOB("b", ""), OK },
		{ PLAT, "job.cancel", JOB("b", ""), OK },
	};
	struct world *w = *state;

	world_job(w);
	world_job(w);
	STORY(w, &(struct story_vars){ 0 }, rows);
	assert_int_equal(world_records(w, "test.worked"), 1);
}

#define CODE_DEF                                                               \
	"{'definition':{'assay':1,'course':'c','slug':'q','title':'t',"        \
	"'items':[" CODE_ITEM("2?", "'submissions':1,") "]}}"
#define FILES ",'slot':1,'response':" MAIN_C("x")
#define KIND(k) "{'kinds':['" k "'],'worker':'w','limit':1,'lease_ms':60000}"

void code_items(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", CODE_DEF, ERR_PRECONDITION },
		{ AUTHOR, "code.selftest", CODE_DEF, OK },
		{ AUTHOR, "code.selftest", "{}", ERR_BAD_JSON, .bytes = "{" },
		{ "bound-all:elsewhere", "code.selftest", CODE_DEF,
		  ERR_DENIED },
		{ "worker", "job.lease", KIND("code.selftest"), OK,
		  "j=jobs/0/id" },
		{ "worker", "job.finish",
		  JOB("j", ",'fence':1,'result':" SELFTEST_OK), OK },
		{ AUTHOR, "assessment.publish", CODE_DEF, OK },
		{ ANN, "attempt.start", REF, OK, "a=attempt" },
		{ ANN, "attempt.check", THE("a", FILES), OK },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':1,'response':" MAIN_C("y")),
		  ERR_LIMIT_REACHED },
		{ ANN, "submission.list", THE("a", ""), OK,
		  "s=submissions/0/submission" },
		{ BOB, "submission.list", THE("a", ""), ERR_NOT_FOUND },
		{ ANN, "submission.list", REF, ERR_INVALID },
		{ STAFF, "submission.list", REF, OK },
		{ ANN, "submission.get", "{'submission':'$s','files':true}",
		  OK },
		{ BOB, "submission.get", "{'submission':'$s'}", ERR_NOT_FOUND },
		{ "worker", "job.lease", KIND("grade.code"), OK,
		  "k=jobs/0/id" },
		{ "worker", "job.finish",
		  JOB("k", ",'fence':1,'result':" IS_RIGHT), OK },
		{ STAFF, "submission.rejudge",
		  "{'submission':'$s','reason':'r'}", OK },
		{ STAFF, "submission.rejudge",
		  "{'submission':'" NOBODY "','reason':'r'}", ERR_NOT_FOUND },
		{ STAFF, "submission.rejudged", REF, OK },
		{ STAFF, "submission.rejudged", REF_OF("x", ""),
		  ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

#define LAB(slug, more)                                                        \
	"{'definition':{'assay_lab':1,'course':'c','slug':'" slug              \
	"','title':'t'" more "}}"
#define LAB_TESTS                                                              \
	",'check':{'kind':'io','languages':['python'],'tests':[{'name':'1',"   \
	"'input':{'text':'1'},'answer':{'text':'1'}}]},'starter':[{'name':"    \
	"'main.py','text':'x'}],'run':['true']"
#define LAB_REF "{'course':'c','slug':'l'}"
#define OF(x, more) "{'session':'$" x "'" more "}"
#define OLD ",'commit':'0000000000000000000000000000000000000000'"
#define TO(x) ",'attach':$" x
#define HOSTED(x, fence) "{'job':'$" x "','fence':" fence ",'session':'$s'}"

void labs_and_their_work(void **state)
{
	struct world *w = *state;
	const char *tokens = many_tokens(w, 600001);
	const struct story rows[] = {
		{ AUTHOR, "lab.publish", LAB("l", LAB_TESTS), OK, "l=id" },
		{ AUTHOR, "lab.publish", LAB("l", LAB_TESTS), ERR_CONFLICT },
		{ AUTHOR, "lab.publish", LAB("bare", ""), OK },
		{ BOUND, "lab.publish", LAB("m", ""), ERR_DENIED },
		{ AUTHOR, "lab.publish", "{}", ERR_BAD_JSON, .bytes = "{" },
		{ AUTHOR, "lab.publish", "{}", ERR_TOO_LARGE, .bytes = tokens },
		{ ANN, "lab.list", "{'course':'c'}", OK },
		{ BOUND, "lab.list", "{'course':'c'}", ERR_NOT_FOUND },
		{ ANN, "lab.get", LAB_REF, OK },
		{ ANN, "lab.get", "{'course':'c','slug':'x'}", ERR_NOT_FOUND },
		{ ANN, "lab.open", LAB_REF, OK, "s=session" },
		{ ANN, "lab.open", "{'course':'c','slug':'x'}", ERR_NOT_FOUND },
		{ ANN, "lab.open", "{'course':'c','slug':'l','learner':'bob'}",
		  ERR_DENIED },
		{ ANN, "lab.open", "{'course':'c','slug':'bare'}", OK,
		  "b=session" },
		{ ANN, "lab.files", OF("s", ""), OK },
		{ BOB, "lab.files", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.read", OF("s", ",'name':'main.py'"), OK },
		{ ANN, "lab.read", OF("s", ",'name':'x'"), ERR_NOT_FOUND },
		{ ANN, "lab.save", OF("s", ",'removed':['x']"), OK },
		{ BOB, "lab.save", OF("s", ",'removed':['x']"), ERR_NOT_FOUND },
		{ ANN, "lab.history", OF("s", ""), OK, "h=states/0/commit" },
		{ BOB, "lab.history", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.restore", OF("s", ",'commit':'$h'"), OK },
		{ ANN, "lab.restore", OF("s", OLD), ERR_NOT_FOUND },
		{ ANN, "lab.reset", OF("s", ""), OK },
		{ BOB, "lab.reset", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.offer", OF("s", ""), OK },
		{ BOB, "lab.offer", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.merge", OF("s", ",'version':1"), ERR_PRECONDITION },
		{ AUTHOR, "lab.publish",
		  LAB("l", ",'starter':[{'name':'y','text':'y'}]"), OK },
		{ ANN, "lab.merge", OF("s", ",'version':1"), ERR_CONFLICT },
		{ BOB, "lab.merge", OF("s", ",'version':2"), ERR_NOT_FOUND },
		{ ANN, "lab.run", OF("s", ""), OK, "r=run" },
		{ BOB, "lab.run", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.run", OF("b", ""), ERR_PRECONDITION },
		{ ANN, "lab.unpack", OF("s", ",'name':'main.py'"), OK },
		{ ANN, "lab.unpack", OF("s", ",'name':'none'"), ERR_NOT_FOUND },
		{ ANN, "lab.check", OF("s", ""), OK },
		{ BOB, "lab.check", OF("s", ""), ERR_NOT_FOUND },
		{ ANN, "lab.check", OF("b", ""), ERR_PRECONDITION },
		{ ANN, "lab.result", "{'run':'$r'}", OK },
		{ BOB, "lab.result", "{'run':'$r'}", ERR_NOT_FOUND },
		{ ANN, "lab.merge", OF("s", ",'version':2"), OK },
	};

	STORY(w, &(struct story_vars){ 0 }, rows);
}

/* As if a server of another number had been asked. */
void work_that_another_server_keeps(void **state)
{
	static const struct story before[] = {
		{ AUTHOR, "lab.publish", LAB("l", LAB_TESTS), OK },
		{ ANN, "lab.open", LAB_REF, OK, "s=session" },
		{ ANN, "lab.run", OF("s", ""), OK, "r=run" },
	};
	static const struct story rows[] = {
		{ ANN, "lab.open", LAB_REF, ERR_CONFLICT },
		{ ANN, "lab.files", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.read", OF("s", ",'name':'x'"), ERR_CONFLICT },
		{ ANN, "lab.save", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.history", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.restore", OF("s", OLD), ERR_CONFLICT },
		{ ANN, "lab.reset", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.offer", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.run", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.check", OF("s", ""), ERR_CONFLICT },
		{ ANN, "lab.unpack", OF("s", ",'name':'x'"), ERR_CONFLICT },
		{ ANN, "lab.result", "{'run':'$r'}", ERR_CONFLICT },
		{ ANN, "lab.terminal_open", OF("s", ",'rows':24,'cols':80"),
		  ERR_CONFLICT },
	};
	struct world *w = *state;
	struct story_vars v = { 0 };
	struct reply r;

	STORY(w, &v, before);
	w->app->node = 2;
	STORY(w, &v, rows);
	r = world_call(w, ANN, "lab.files", "{\"session\":\"%s\"}",
		       v.value['s']);
	assert_true(str_is(r.state, "{\"node\":1}"));
	w->app->node = 1;
}

void terminals_of_labs(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "lab.publish", LAB("l", LAB_TESTS), OK, "l=id" },
		{ ANN, "lab.open", LAB_REF, OK, "s=session" },
		{ ANN, "lab.terminal_open", OF("s", ",'rows':24,'cols':80"), OK,
		  "a=attach" },
		{ BOB, "lab.terminal_open", OF("s", ",'rows':24,'cols':80"),
		  ERR_NOT_FOUND },
		{ .pass_ms = 1 },
		{ "worker", "job.lease", KIND("lab.terminal"), OK,
		  "j=jobs/0/id" },
		{ "worker", "job.input", JOB("j", ",'fence':1"), OK },
		{ "worker", "lab.host", HOSTED("j", "1"), OK },
		{ "worker", "lab.host", HOSTED("j", "2"), ERR_CONFLICT },
		{ "worker", "lab.host",
		  "{'job':'$j','fence':1,'session':'" NOBODY "'}",
		  ERR_NOT_FOUND },
		{ "worker", "lab.host_save", HOSTED("j", "1"), OK },
		{ "worker", "lab.host_save", HOSTED("j", "2"), ERR_CONFLICT },
		{ "worker", "lab.host_save", HOSTED("s", "1"), ERR_NOT_FOUND },
		{ "worker", "lab.host_files", HOSTED("j", "1"), OK },
		{ "worker", "lab.host_files", HOSTED("j", "2"), ERR_CONFLICT },
		{ "worker", "lab.host_files", HOSTED("s", "1"), ERR_NOT_FOUND },
		{ ANN, "lab.terminal_read", OF("s", TO("a")), OK },
		{ BOB, "lab.terminal_read", OF("s", TO("a")), ERR_NOT_FOUND },
		{ ANN, "lab.terminal_write", OF("s", TO("a")), OK,
		  .bytes = "x" },
		{ BOB, "lab.terminal_write", OF("s", TO("a")), ERR_NOT_FOUND,
		  .bytes = "x" },
		{ ANN, "lab.terminal_resize",
		  OF("s", TO("a") ",'rows':30,'cols':90"), OK },
		{ BOB, "lab.terminal_resize",
		  OF("s", TO("a") ",'rows':30,'cols':90"), ERR_NOT_FOUND },
		{ ANN, "lab.terminal_open", OF("s", ",'rows':24,'cols':80"), OK,
		  "b=attach" },
		{ ANN, "lab.terminal_read", OF("s", TO("a")), ERR_CONFLICT },
		{ ANN, "lab.terminal_write", OF("s", TO("a")), ERR_CONFLICT,
		  .bytes = "x" },
		{ ANN, "lab.terminal_resize",
		  OF("s", TO("a") ",'rows':30,'cols':90"), ERR_CONFLICT },
		{ ANN, "lab.terminal_close", OF("s", TO("a")), ERR_CONFLICT },
		{ BOB, "lab.terminal_close", OF("s", TO("b")), ERR_NOT_FOUND },
		{ ANN, "lab.terminal_close", OF("s", TO("b")), OK },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

#define SYNC(source) "{'course':'c','source':'" source "'}"
#define FOUND(path)                                                            \
	",'commit':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','path':'" path "'"

void content_of_repositories(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "content.sync", SYNC("https://example.org/c.git"), OK,
		  "s=id" },
		{ AUTHOR, "content.sync", SYNC("https://10.0.0.1/c.git"),
		  ERR_DENIED },
		{ AUTHOR, "content.sync", SYNC("ssh://example.org/c.git"),
		  ERR_UNSUPPORTED },
		{ BOUND, "content.sync", SYNC("https://example.org/c.git"),
		  ERR_NOT_FOUND },
		{ "worker", "job.lease",
		  "{'kinds':['content.sync'],'worker':'w','limit':1,"
		  "'lease_ms':60000}",
		  OK, "j=jobs/0/id" },
		{ "worker", "content.deliver",
		  JOB("j", ",'fence':1" FOUND("q.assessment.json")), OK,
		  .bytes = "{" },
		{ "worker", "content.deliver",
		  JOB("j", ",'fence':2" FOUND("r.assessment.json")),
		  ERR_CONFLICT, .bytes = "{" },
		{ "worker", "content.deliver",
		  "{'job':'" NOBODY
		  "','fence':1" FOUND("q.assessment.json") "}",
		  ERR_NOT_FOUND, .bytes = "{" },
		{ AUTHOR, "content.list", "{'course':'c'}", OK },
		{ BOUND, "content.list", "{'course':'c'}", ERR_NOT_FOUND },
		{ AUTHOR, "content.get", "{'sync':'$s'}", OK },
		{ FOREIGN, "content.get", "{'sync':'$s'}", ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}
