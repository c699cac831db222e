/*
 * Every method, and every failure that its row lists. The last test compares
 * what happened here, and in the files of attempts and of work beside, with
 * the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/rpc/table.h"
#include "tests/scenario/methods.h"

static void a_server_tells_about_itself(void **state)
{
	static const struct story rows[] = {
		{ "", "rpc.discover", NULL, OK },
		{ "", "server.ping", NULL, OK },
		{ "", "server.info", NULL, OK },
		{ "", "server.time", NULL, OK },
		{ "", "audit.head", NULL, OK },
		{ "auditor", "audit.verify", NULL, OK },
		{ "auditor", "audit.export", "{}", OK },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static void tenants_keys_and_issuers(void **state)
{
	static const struct story rows[] = {
		{ "operator", "organization.create", "{'name':'New'}", OK },
		{ ADMIN, "organization.get", NULL, OK },
		{ ADMIN, "key.create", "{'name':'k','roles':['platform']}", OK,
		  "k=id" },
		{ ADMIN, "key.create", "{'name':'k','roles':['operator']}",
		  ERR_DENIED },
		{ ADMIN, "key.list", NULL, OK },
		{ ADMIN, "key.revoke", "{'id':'$k'}", OK },
		{ ADMIN, "key.revoke", "{'id':'" NOBODY "'}", ERR_NOT_FOUND },
		{ ADMIN, "issuer.register", "{'issuer':'i','jwks':" JWKS "}",
		  OK, "i=id" },
		{ ADMIN, "issuer.register",
		  "{'issuer':'i','audience':'a','jwks':" JWKS "}",
		  ERR_INVALID },
		{ ADMIN, "issuer.register", "{'issuer':'i','jwks':" JWKS "}",
		  ERR_CONFLICT },
		{ ADMIN, "issuer.register",
		  "{'issuer':'j','roles':['operator'],"
		  "'jwks':" JWKS "}",
		  ERR_DENIED },
		{ ADMIN, "issuer.list", NULL, OK },
		{ ADMIN, "issuer.update", "{'id':'$i','jwks':" JWKS "}", OK },
		{ ADMIN, "issuer.revoke", "{'id':'$i'}", OK },
		{ ADMIN, "issuer.revoke", "{'id':'" NOBODY "'}",
		  ERR_NOT_FOUND },
		{ ADMIN, "issuer.update", "{'id':'$i','jwks':" JWKS "}",
		  ERR_NOT_FOUND },
		{ PLAT, "learner.set", "{'learner':'ann','name':'Ann'}", OK },
		{ PLAT, "learner.get", "{'learner':'ann'}", OK },
		{ PLAT, "learner.get", "{'learner':'eve'}", ERR_NOT_FOUND },
		{ PLAT, "learner.list", "{}", OK },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

const char *many_tokens(struct world *w, size_t n)
{
	char *text = arena_alloc(w->cx.arena, n + 1);

	for (size_t i = 0; i + 1 < n; i++)
		text[i] = i % 2 ? ',' : '0';
	text[0] = '[';
	text[n - 2] = '0';
	text[n - 1] = ']';
	text[n] = 0;
	return text;
}

static void what_is_too_large_is_said_to_be(void **state)
{
	struct world *w = *state;
	const char *tokens = many_tokens(w, 600001);
	const struct story rows[] = {
		{ AUTHOR, "assessment.publish", "{}", ERR_TOO_LARGE,
		  .bytes = tokens },
		{ AUTHOR, "assessment.check", "{}", ERR_TOO_LARGE,
		  .bytes = tokens },
		{ AUTHOR, "code.selftest", "{}", ERR_TOO_LARGE,
		  .bytes = tokens },
	};
	struct buf gift = { 0 };
	struct str all;

	STORY(w, &(struct story_vars){ 0 }, rows);
	for (int i = 0; i < 2001; i++)
		buf_fmt(&gift, "::q%d:: %d? {=a ~b}\n\n", i, i);
	all = buf_copy(&gift, w->cx.arena);
	buf_done(&gift);
	assert_int_equal(world_call_bytes(w, AUTHOR, "assessment.import",
					  STR("{\"course\":\"c\"}"), all)
				 .e,
			 ERR_TOO_LARGE);
}

static void publishing(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.check", QUIZ("q", ""), OK },
		{ BOUND, "assessment.check", QUIZ("q", ""), ERR_DENIED },
		{ AUTHOR, "assessment.check", "{}", ERR_BAD_JSON,
		  .bytes = "{" },
		{ AUTHOR, "assessment.publish", QUIZ("q", ""), OK,
		  "a=assessment/id" },
		{ AUTHOR, "assessment.publish", QUIZ("q", ""), ERR_CONFLICT },
		{ BOUND, "assessment.publish", QUIZ("q", ""), ERR_DENIED },
		{ AUTHOR, "assessment.publish", "{}", ERR_BAD_JSON,
		  .bytes = "{" },
		{ AUTHOR, "assessment.import", "{'course':'c','slug':'g'}", OK,
		  .bytes = "::q:: 1? {=a ~b}\n" },
		{ AUTHOR, "assessment.get", "{'assessment':'$a'}", OK },
		{ FOREIGN, "assessment.get", "{'assessment':'$a'}",
		  ERR_NOT_FOUND },
		{ AUTHOR, "assessment.list", "{'course':'c'}", OK },
		{ BOUND, "assessment.list", "{'course':'c'}", ERR_NOT_FOUND },
		{ AUTHOR, "assessment.retire", "{'assessment':'$a'}", OK },
		{ FOREIGN, "assessment.retire", "{'assessment':'$a'}",
		  ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static void rules_for_some(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", QUIZ("q", ""), OK },
		{ STAFF, "override.set",
		  REF_OF("q", ",'learner':'ann','rules':{'attempts':3}"), OK },
		{ STAFF, "override.set",
		  REF_OF("x", ",'learner':'ann','rules':{'attempts':3}"),
		  ERR_NOT_FOUND },
		{ STAFF, "override.list", REF, OK },
		{ STAFF, "override.list", REF_OF("x", ""), ERR_NOT_FOUND },
		{ STAFF, "override.remove", REF_OF("q", ",'learner':'ann'"),
		  OK },
		{ STAFF, "override.remove", REF_OF("q", ",'learner':'ann'"),
		  ERR_NOT_FOUND },
		{ PLAT, "accommodation.set",
		  "{'learner':'ann','rules':{'time_num':3,'time_den':2}}", OK },
		{ STAFF, "accommodation.get", "{'learner':'ann'}", OK },
		{ PLAT, "accommodation.remove", "{'learner':'ann'}", OK },
		{ PLAT, "accommodation.remove", "{'learner':'ann'}",
		  ERR_NOT_FOUND },
		{ PLAT, "group.set",
		  "{'course':'c','group':'g','learners':['ann']}", OK },
		{ BOUND, "group.set",
		  "{'course':'c','group':'g','learners':['ann']}",
		  ERR_NOT_FOUND },
		{ PLAT, "group.list", "{'course':'c','group':'g'}", OK },
		{ BOUND, "group.list", "{'course':'c','group':'g'}",
		  ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static void grades_and_events(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", QUIZ("q", ""), OK },
		{ AUTHOR, "assessment.publish", QUIZ("p", "'kind':'practice'"),
		  OK },
		{ STAFF, "gradebook.set",
		  REF_OF("q", ",'learner':'ann','score':2,'reason':'r'"), OK },
		{ STAFF, "gradebook.set",
		  REF_OF("x", ",'learner':'ann','score':2,'reason':'r'"),
		  ERR_NOT_FOUND },
		{ STAFF, "gradebook.set",
		  REF_OF("q", ",'learner':'bob','reason':'r'"), ERR_CONFLICT },
		{ STAFF, "gradebook.set",
		  REF_OF("p", ",'learner':'ann','score':2,'reason':'r'"),
		  ERR_PRECONDITION },
		{ ANN, "gradebook.get", "{'course':'c'}", OK },
		{ BOUND, "gradebook.get", "{'course':'c','learner':'ann'}",
		  ERR_NOT_FOUND },
		{ BOB, "gradebook.get", "{'course':'c','learner':'ann'}",
		  ERR_DENIED },
		{ STAFF, "gradebook.list", "{'course':'c'}", OK },
		{ BOUND, "gradebook.list", "{'course':'c'}", ERR_NOT_FOUND },
		{ STAFF, "gradebook.export", "{'course':'c'}", OK },
		{ BOUND, "gradebook.export", "{'course':'c'}", ERR_NOT_FOUND },
		{ STAFF, "gradebook.release", REF, OK },
		{ STAFF, "gradebook.release", REF_OF("x", ""), ERR_NOT_FOUND },
		{ PLAT, "course.set", "{'course':'c','title':'C'}", OK },
		{ BOUND, "course.set", "{'course':'c','title':'C'}",
		  ERR_NOT_FOUND },
		{ PLAT, "course.list", "{}", OK },
		{ PLAT, "event.list", "{}", OK },
		{ PLAT, "event.list", "{'after':'junk'}", ERR_INVALID },
		{ BOUND, "event.list", "{'course':'c'}", ERR_NOT_FOUND },
		{ PLAT, "event.feed", NULL, ERR_UNSUPPORTED },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

static void the_feed_is_for_who_may_see_all_courses(void **state)
{
	static const struct story rows[] = {
		{ PLAT, "event.feed", NULL, OK },
		{ BOUND, "event.feed", NULL, ERR_DENIED },
	};
	struct world *w = *state;

	w->config.feed = (struct str){ 0 }; /* a socket in the folder */
	world_restart(w);
	STORY(w, &(struct story_vars){ 0 }, rows);
}

/* ---- what is too large to be given out ---- */

struct str letters(struct world *w, size_t n)
{
	char *text = arena_alloc(w->cx.arena, n + 1);

	memset(text, 'x', n);
	text[n] = 0;
	return (struct str){ text, n };
}

static void a_page_of_the_chain_ends_before_it_is_too_large(void **state)
{
	enum { SAVES = 150, BYTES = 62000 };
	struct world *w = *state;
	struct str text = letters(w, BYTES);
	struct reply r;
	const char *id;

	world_publish(w, "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
			 "\"title\":\"t\",\"items\":[{\"id\":\"e\","
			 "\"type\":\"essay\",\"name\":\"e\",\"mark\":1,"
			 "\"stem\":\"?\"}]}");
	id = quiz_start(w, ANN);
	for (int i = 0; i < SAVES; i++)
		world_ok(w, ANN, "attempt.answer",
			 "{\"attempt\":\"%s\",\"slot\":1,"
			 "\"response\":{\"text\":\"%d%s\"}}",
			 id, i, text.p);
	r = world_ok(w, "auditor", "audit.export", "{\"personal\":true}");
	assert_in_range(r.bytes.n, 8 << 20, 16 << 20);
	assert_true(reply_int(w, &r, "last") < reply_int(w, &r, "head"));
	r = world_ok(w, "auditor", "audit.export",
		     "{\"personal\":true,\"after\":%" PRId64 "}",
		     reply_int(w, &r, "last"));
	assert_int_equal(reply_int(w, &r, "last"), reply_int(w, &r, "head"));
}

/* 500 questions with long names, and enough learners. */
static void an_export_of_attempts_goes_on_by_its_cursor(void **state)
{
	enum { ITEMS = 500, LEARNERS = 160, NAME = 120 };
	struct world *w = *state;
	struct buf b = { 0 };
	struct reply r;

	buf_z(&b, "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
		  "\"title\":\"t\",\"items\":[");
	for (int i = 0; i < ITEMS; i++)
		buf_fmt(&b,
			"%s{\"id\":\"%d%s\",\"type\":\"short\",\"name\":\"n\","
			"\"mark\":1,\"stem\":\"?\","
			"\"answers\":[{\"text\":\"a\",\"fraction\":1}]}",
			i ? "," : "", i, letters(w, NAME).p);
	buf_z(&b, "]}");
	world_publish(w, str_z(w->cx.arena, buf_view(&b)));
	buf_done(&b);
	for (int i = 0; i < LEARNERS; i++) {
		const char *who = str_fmt(w->cx.arena, "learner:l%d", i).p;

		quiz_do(w, who, "attempt.submit", quiz_start(w, who));
	}
	r = world_ok(w, STAFF, "attempt.export", QUIZ_REF);
	assert_in_range(r.bytes.n, 8 << 20, 16 << 20);
	assert_true(reply_int(w, &r, "rows") < LEARNERS);
	assert_true(reply_has(w, &r, "next"));
}

/* ---- the table ---- */

/* Listed failures that no scenario can bring about, and why. */
static const struct {
	const char *method;
	enum err e;
	const char *why;
} elsewhere[] = {
	{ "gradebook.export", ERR_TOO_LARGE, "16 MiB of grades" },
	{ "attempt.mark", ERR_ERASED, "attempt_mend_test.c" },
	{ "attempt.reopen", ERR_ERASED, "attempt_mend_test.c" },
	{ "submission.get", ERR_ERASED, "code_more_test.c" },
	{ "job.cancel", ERR_CONFLICT, "two servers: contract/jobs_test.c" },
	{ "job.retry", ERR_CONFLICT, "two servers: contract/jobs_test.c" },
	{ "job.finish", ERR_UNSUPPORTED, "a server of another version" },
	{ "job.input", ERR_UNSUPPORTED, "a server of another version" },
	{ "content.deliver", ERR_LIMIT_REACHED, "content_test.c" },
};

static bool is_elsewhere(const char *method, enum err e)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcmp(elsewhere[i].method, method) == 0 &&
		    elsewhere[i].e == e)
			return true;
	return false;
}

static void every_row_and_every_failure_it_lists_happened(void **state)
{
	const struct rpc_method *m;
	size_t it = 0, missing = 0;
	struct world *w = *state;

	while ((m = rpc_each(w->app->methods, &it))) {
		if (!world_saw(m->name, OK)) {
			print_error("%s never went well\n", m->name);
			missing++;
		}
		for (const enum err *e = m->fails; e && *e; e++)
			if (!world_saw(m->name, *e) &&
			    !is_elsewhere(m->name, *e)) {
				print_error("%s: no %s\n", m->name,
					    err_kind(*e));
				missing++;
			}
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_server_tells_about_itself),
		quiz_test(tenants_keys_and_issuers),
		quiz_test(what_is_too_large_is_said_to_be),
		quiz_test(publishing),
		quiz_test(rules_for_some),
		quiz_test(conditions_and_reserving),
		quiz_test(starting),
		quiz_test(answering),
		quiz_test(trying_again),
		quiz_test(after_the_hand_in),
		quiz_test(grades_and_events),
		quiz_test(the_feed_is_for_who_may_see_all_courses),
		quiz_test(a_page_of_the_chain_ends_before_it_is_too_large),
		quiz_test(an_export_of_attempts_goes_on_by_its_cursor),
		quiz_test(files_and_forgetting),
		quiz_test(jobs_for_workers),
		quiz_test(code_items),
		quiz_test(labs_and_their_work),
		quiz_test(work_that_another_server_keeps),
		quiz_test(terminals_of_labs),
		quiz_test(content_of_repositories),
		quiz_test(works_for_peers),
		quiz_test(reviews_by_peers),
		quiz_test(reviews_that_nobody_rates),
		quiz_test(moderators_and_appeals),
		quiz_test(runs_as_a_whole),
		quiz_test(every_row_and_every_failure_it_lists_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
