/* Files, and forgetting whose they are: blob.*, learner.erase, job.*. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "engine/erasure/erasure.h"
#include "tests/scenario/quiz.h"

static const char *put(struct world *w, const char *token, const char *more,
		       struct str content)
{
	struct str params =
		str_fmt(w->cx.arena, "{\"media_type\":\"image/png\"%s}", more);
	struct reply r =
		world_call_bytes(w, token, "blob.put", params, content);

	assert_int_equal(r.e, OK);
	return reply_text(w, &r, "digest");
}

static void a_file_comes_back_as_it_was(void **state)
{
	struct world *w = *state;
	struct str in = { "\0\1\2 NULs and all\0", 17 };
	const char *digest = put(w, "learner:ann", "", in);
	struct reply r;

	r = world_ok(w, "learner:ann", "blob.get", "{\"digest\":\"%s\"}",
		     digest);
	assert_true(str_eq(r.bytes, in));
	assert_string_equal(reply_text(w, &r, "media_type"), "image/png");
	r = world_ok(w, "platform", "blob.info",
		     "{\"digest\":\"%s\",\"learner\":\"ann\"}", digest);
	assert_int_equal(reply_int(w, &r, "bytes"), 17);
	assert_null(r.bytes.p);
}

static void what_one_may_not_see_is_not_there(void **state)
{
	struct world *w = *state;
	const char *digest = put(w, "learner:ann", "", STR("ann's own"));
	static const char *const who[] = { "learner:bob", "platform", "foreign",
					   "stranger:ann" };
	struct reply r;

	for (size_t i = 0; i < sizeof(who) / sizeof(*who); i++) {
		r = world_call(w, who[i], "blob.get", "{\"digest\":\"%s\"}",
			       digest);
		assert_int_equal(r.e, ERR_NOT_FOUND);
		r = world_call(w, who[i], "blob.info", "{\"digest\":\"%s\"}",
			       digest);
		assert_int_equal(r.e, ERR_NOT_FOUND);
	}
	r = world_call(w, "learner:bob", "blob.get",
		       "{\"digest\":\"%s\",\"learner\":\"ann\"}", digest);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call_bytes(w, "learner:bob", "blob.put",
			     STR("{\"media_type\":\"a/b\",\"learner\":"
				 "\"ann\"}"),
			     STR("x"));
	assert_int_equal(r.e, ERR_DENIED);
}

static void a_put_is_repeated_with_and_without_a_key(void **state)
{
	struct world *w = *state;
	const char *key = ",\"idempotency_key\":\"k1\"";
	const char *a = put(w, "learner:ann", key, STR("once"));
	const char *b = put(w, "learner:ann", key, STR("once"));

	assert_string_equal(a, b);
	put(w, "learner:ann", "", STR("once"));
	assert_int_equal(world_records(w, "blob.stored"), 1);
}

static void a_content_that_is_too_large_or_missing_is_refused(void **state)
{
	struct world *w = *state;
	char *p = arena_alloc(w->cx.arena, LIMIT_BLOB_BYTES + 1);
	struct reply r = world_call_bytes(
		w, "platform", "blob.put", STR("{\"media_type\":\"a/b\"}"),
		(struct str){ p, LIMIT_BLOB_BYTES + 1 });

	assert_int_equal(r.e, ERR_TOO_LARGE);
	r = world_call(w, "platform", "blob.put", "{\"media_type\":\"a/b\"}");
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call_bytes(w, "platform", "blob.put",
			     STR("{\"media_type\":\"no type\"}"), STR("x"));
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/media_type"));
}

static void a_damaged_file_is_told_and_not_given(void **state)
{
	struct world *w = *state;
	const char *digest = put(w, "platform", "", STR("the tenant's"));
	struct str path = str_fmt(w->cx.arena, "%.*s/blobs/%.2s/%s",
				  STR_FMT(w->config.data), digest, digest + 2);
	FILE *f = fopen(path.p, "r+");
	struct reply r;

	assert_non_null(f);
	fputc('T', f);
	fclose(f);
	r = world_call(w, "platform", "blob.get", "{\"digest\":\"%s\"}",
		       digest);
	assert_int_equal(r.e, ERR_CORRUPT);
	assert_null(r.bytes.p);
}

static void files_outlive_a_restart(void **state)
{
	struct world *w = *state;
	const char *digest = put(w, "learner:ann", "", STR("kept"));
	struct reply r;

	world_restart(w);
	r = world_ok(w, "learner:ann", "blob.get", "{\"digest\":\"%s\"}",
		     digest);
	assert_true(str_is(r.bytes, "kept"));
}

/* ---- learner.erase ---- */

static void a_person_is_forgotten_and_the_chain_verifies(void **state)
{
	struct world *w = *state;
	const char *digest = put(w, "learner:ann", "", STR("ann's passport"));
	const char *job;
	struct reply r;

	world_ok(w, "platform", "learner.set",
		 "{\"learner\":\"ann\",\"name\":\"Ann Smith\"}");
	world_pass(w, 10000);
	r = world_ok(w, "admin", "learner.erase",
		     "{\"learner\":\"ann\",\"reason\":\"she asked\"}");
	job = reply_text(w, &r, "job");
	r = world_call(w, "platform", "blob.info",
		       "{\"digest\":\"%s\",\"learner\":\"ann\"}", digest);
	assert_int_equal(r.e, ERR_ERASED);
	world_pass(w, ERASURE_SETTLE_MS);
	r = world_ok(w, "admin", "job.get", "{\"job\":\"%s\"}", job);
	assert_string_equal(reply_text(w, &r, "state"), "done");
	r = world_call(w, "platform", "blob.get",
		       "{\"digest\":\"%s\",\"learner\":\"ann\"}", digest);
	assert_int_equal(r.e, ERR_ERASED);
	r = world_ok(w, "auditor", "audit.verify", "{}");
	assert_string_equal(reply_text(w, &r, "intact"), "true");
	r = world_ok(w, "auditor", "audit.export", "{\"personal\":true}");
	assert_true(str_find(r.bytes, STR("Smith"), 0) == SIZE_MAX);
	assert_true(str_find(r.bytes, str_of(digest), 0) == SIZE_MAX);
	r = world_ok(w, "admin", "learner.erase",
		     "{\"learner\":\"ann\",\"reason\":\"she asked\"}");
	assert_false(reply_has(w, &r, "job"));
}

static void only_who_may_forgets_only_who_was_here(void **state)
{
	struct world *w = *state;
	const char *params = "{\"learner\":\"ann\",\"reason\":\"r\"}";

	assert_int_equal(
		world_call(w, "admin", "learner.erase", "%s", params).e,
		ERR_NOT_FOUND);
	put(w, "learner:ann", "", STR("x"));
	assert_int_equal(
		world_call(w, "bound:c", "learner.erase", "%s", params).e,
		ERR_DENIED);
	assert_int_equal(
		world_call(w, "learner:ann", "learner.erase", "%s", params).e,
		ERR_DENIED);
	assert_int_equal(
		world_call(w, "foreign", "learner.erase", "%s", params).e,
		ERR_NOT_FOUND);
	world_ok(w, "platform", "learner.erase", "%s", params);
}

/* ---- job.* ---- */

#define NO_JOB "018f0000-0000-7000-8000-000000000001"

static void staff_sees_jobs_and_cannot_stop_an_erasure(void **state)
{
	struct world *w = *state;
	const char *job;
	struct reply r;

	put(w, "learner:ann", "", STR("x"));
	r = world_ok(w, "admin", "learner.erase",
		     "{\"learner\":\"ann\",\"reason\":\"r\"}");
	job = reply_text(w, &r, "job");
	r = world_ok(w, "platform", "job.list", "{\"state\":\"queued\"}");
	assert_int_equal(reply_count(w, &r, "jobs"), 1);
	assert_string_equal(reply_text(w, &r, "jobs/0/id"), job);
	assert_string_equal(reply_text(w, &r, "jobs/0/kind"), "learner.erase");
	r = world_call(w, "platform", "job.cancel", "{\"job\":\"%s\"}", job);
	assert_int_equal(r.e, ERR_PRECONDITION);
	r = world_call(w, "platform", "job.retry", "{\"job\":\"%s\"}", job);
	assert_int_equal(r.e, ERR_PRECONDITION);
	r = world_ok(w, "foreign", "job.list", "{}");
	assert_int_equal(reply_count(w, &r, "jobs"), 0);
	r = world_call(w, "foreign", "job.get", "{\"job\":\"%s\"}", job);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(w, "platform", "job.cancel", "{\"job\":\"" NO_JOB "\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(w, "platform", "job.retry", "{\"job\":\"" NO_JOB "\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

static void jobs_are_listed_page_by_page(void **state)
{
	struct world *w = *state;
	struct reply r;

	for (int i = 0; i < 5; i++) {
		char who[32];

		snprintf(who, sizeof(who), "learner:l%d", i);
		put(w, who, "", STR("x"));
		world_ok(w, "admin", "learner.erase",
			 "{\"learner\":\"l%d\",\"reason\":\"r\"}", i);
	}
	r = world_ok(w, "admin", "job.list", "{\"limit\":3}");
	assert_int_equal(reply_count(w, &r, "jobs"), 3);
	r = world_ok(w, "admin", "job.list",
		     "{\"limit\":3,\"kind\":\"learner.erase\","
		     "\"cursor\":\"%s\"}",
		     reply_text(w, &r, "next"));
	assert_int_equal(reply_count(w, &r, "jobs"), 2);
	assert_false(reply_has(w, &r, "next"));
}

static void a_worker_reads_the_input_of_a_job_while_it_holds_it(void **state)
{
	static const char *const lease =
		"{\"kinds\":[\"test.work\"],\"worker\":\"w\",\"limit\":1,"
		"\"lease_ms\":60000}";
	struct world *w = *state;
	const char *job = world_job(w);
	struct reply r = world_call(w, "worker", "job.input",
				    "{\"job\":\"%s\",\"fence\":1}", job);

	assert_int_equal(r.e, ERR_CONFLICT);
	world_ok(w, "worker", "job.lease", "%s", lease);
	r = world_ok(w, "worker", "job.input", "{\"job\":\"%s\",\"fence\":1}",
		     job);
	assert_int_equal(reply_int(w, &r, "input/fence"), 1);
	assert_true(str_eq(r.bytes, STR("a\0b")));
	world_pass(w, 61000);
	world_ok(w, "worker", "job.lease", "%s", lease);
	r = world_call(w, "worker", "job.input", "{\"job\":\"%s\",\"fence\":1}",
		       job);
	assert_int_equal(r.e, ERR_CONFLICT);
	r = world_ok(w, "worker", "job.input", "{\"job\":\"%s\",\"fence\":2}",
		     job);
	assert_int_equal(reply_int(w, &r, "input/fence"), 2);
	assert_true(str_eq(r.bytes, STR("a\0b")));
}

static struct asked *waits(struct world *w)
{
	return world_ask(w, "worker", "job.wait",
			 "{\"kinds\":[\"test.work\"],\"wait_ms\":5000}");
}

static bool was_told(struct world *w, struct asked *a)
{
	struct reply r = world_answer(w, a);
	struct str due;

	assert_int_equal(r.e, OK);
	due = str_of(reply_text(w, &r, "due"));
	assert_true(str_is(due, "true") || str_is(due, "false"));
	return str_is(due, "true");
}

/* One job calls for one worker; the clock alone wakes the other. */
static void of_workers_that_wait_as_many_are_told_as_jobs_come(void **state)
{
	static const char *const lease =
		"{\"kinds\":[\"test.work\"],\"worker\":\"w\",\"limit\":1,"
		"\"lease_ms\":60000}";
	struct world *w = *state;
	struct asked *a = waits(w), *b = waits(w);
	const char *job;
	struct reply r;
	int n;

	world_run(w);
	assert_false(world_answered(a) || world_answered(b));
	job = world_job(w);
	world_run(w);
	n = world_answered(a) + world_answered(b);
	assert_int_equal(n, 1);
	r = world_ok(w, "worker", "job.lease", "%s", lease);
	assert_int_equal(reply_count(w, &r, "jobs"), 1);
	if (!world_answered(a)) {
		struct asked *other = a;

		a = b;
		b = other;
	}
	assert_true(was_told(w, a));
	world_pass(w, 5000);
	assert_false(was_told(w, b));
	/* Who comes when one is due need not wait; who gives it back wakes. */
	a = waits(w);
	world_run(w);
	assert_false(world_answered(a));
	world_ok(w, "worker", "job.release", "{\"job\":\"%s\",\"fence\":1}",
		 job);
	world_run(w);
	assert_true(world_answered(a));
	assert_true(was_told(w, a));
	assert_true(was_told(w, waits(w)));
	/* A lease that runs out is nobody's event: the clock tells. */
	world_ok(w, "worker", "job.lease", "%s", lease);
	world_pass(w, 58000);
	a = waits(w);
	world_run(w);
	assert_false(world_answered(a));
	world_pass(w, 2100);
	assert_true(was_told(w, a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) quiz_test(f)
		T(a_file_comes_back_as_it_was),
		T(what_one_may_not_see_is_not_there),
		T(a_put_is_repeated_with_and_without_a_key),
		T(a_content_that_is_too_large_or_missing_is_refused),
		T(a_damaged_file_is_told_and_not_given),
		T(files_outlive_a_restart),
		T(a_person_is_forgotten_and_the_chain_verifies),
		T(only_who_may_forgets_only_who_was_here),
		T(staff_sees_jobs_and_cannot_stop_an_erasure),
		T(jobs_are_listed_page_by_page),
		T(a_worker_reads_the_input_of_a_job_while_it_holds_it),
		T(of_workers_that_wait_as_many_are_told_as_jobs_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
