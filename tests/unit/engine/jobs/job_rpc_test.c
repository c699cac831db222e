#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/support/job_world.h"

static int set_up(void **state)
{
	static struct tx w;

	if (sodium_init() < 0)
		return -1;
	jw_open(&w, NULL, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	jw_close(*state);
	return 0;
}

static enum err call(struct tx *w, const char *method, struct str params,
		     struct str *reply)
{
	const struct rpc_method *const both[] = { job_methods,
						  job_staff_methods, NULL };
	const struct rpc_table t = { both };
	const struct rpc_method *m = rpc_find(&t, str_of(method));
	const struct rpc_method one[] = { *m, { 0 } };

	return tx_ask(w, one, method, params, (struct str){ 0 }, reply);
}

#define LEASE                                                                  \
	"{\"kinds\":[\"grade\"],\"worker\":\"w1\",\"limit\":5,"                \
	"\"lease_ms\":60000}"

static bool has(struct str reply, const char *text)
{
	return str_find(reply, str_of(text), 0) != SIZE_MAX;
}

static struct str about(struct tx *w, const struct id *id, const char *more)
{
	char text[ID_TEXT + 1];

	id_text(id, text);
	return str_fmt(w->cx.arena, "{\"job\":\"%s\"%s}", text, more);
}

static void a_worker_takes_keeps_and_finishes_a_job(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{\"attempt\":7}");
	struct str reply;

	tx_as(w, ROLE_WORKER, "key:one", NULL);
	assert_int_equal(call(w, "job.lease", STR(LEASE), &reply), OK);
	assert_true(has(reply, "\"fence\":1"));
	assert_true(has(reply, "\"body\":{\"attempt\":7}"));
	assert_int_equal(call(w, "job.renew",
			      about(w, &id, ",\"fence\":1,\"lease_ms\":60000"),
			      &reply),
			 OK);
	assert_int_equal(call(w, "job.finish",
			      about(w, &id,
				    ",\"fence\":1,\"result\":"
				    "{\"points\":3}"),
			      &reply),
			 OK);
	assert_true(has(reply, "\"state\":\"done\""));
	assert_int_equal(jw_effects(w, &id, "grade"), 1);
}

static void a_worker_gives_a_job_back(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	struct str reply;

	assert_int_equal(call(w, "job.lease", STR(LEASE), &reply), OK);
	assert_int_equal(call(w, "job.fail",
			      about(w, &id,
				    ",\"fence\":1,\"error\":\"box\","
				    "\"retry\":true"),
			      &reply),
			 OK);
	assert_true(has(reply, "\"state\":\"queued\""));
	assert_int_equal(call(w, "job.get", about(w, &id, ""), &reply), OK);
	assert_true(has(reply, "\"last_error\":\"box\""));
}

static void workers_of_one_tenant_get_that_ones_jobs(void **state)
{
	struct tx *w = *state;
	struct id org = w->who.org, id = jw_queue(w, "grade", "{}");
	char text[ID_TEXT + 1];
	struct str reply, params;

	assert_int_equal(tx_run(w, tx_tenant, &w->who.org), OK);
	assert_int_equal(call(w, "job.lease", STR(LEASE), &reply), OK);
	assert_false(has(reply, "fence"));
	assert_int_equal(call(w, "job.get", about(w, &id, ""), &reply),
			 ERR_NOT_FOUND);
	id_text(&org, text);
	params = about(w, &id,
		       str_fmt(w->cx.arena,
			       ",\"fence\":1,\"result\":{\"points\":1},"
			       "\"organization\":\"%s\"",
			       text)
			       .p);
	assert_int_equal(call(w, "job.finish", params, &reply), ERR_NOT_FOUND);
	/* An installation's worker does everybody's. */
	tx_as(w, ROLE_WORKER | ROLE_OPERATOR, "key:box", NULL);
	assert_int_equal(call(w, "job.lease", STR(LEASE), &reply), OK);
	assert_true(has(reply, text));
	assert_int_equal(call(w, "job.finish", params, &reply), OK);
}

static void kinds_that_workers_do_not_do_are_refused(void **state)
{
	struct tx *w = *state;
	struct str reply;

	assert_int_equal(call(w, "job.lease",
			      STR("{\"kinds\":[\"count\"],\"worker\":\"w\","
				  "\"limit\":1,\"lease_ms\":60000}"),
			      &reply),
			 ERR_INVALID);
	assert_int_equal(call(w, "job.lease",
			      STR("{\"kinds\":[\"nothing\"],\"worker\":\"w\","
				  "\"limit\":1,\"lease_ms\":60000}"),
			      &reply),
			 ERR_INVALID);
}

static void roles_are_kept_apart(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");

	tx_as(w, ROLE_WORKER, "key:one", NULL);
	assert_int_equal(call(w, "job.get", about(w, &id, ""), NULL),
			 ERR_DENIED);
	tx_as(w, ROLE_ORG_ADMIN | ROLE_PLATFORM, "key:admin", NULL);
	assert_int_equal(call(w, "job.lease", STR(LEASE), NULL), ERR_DENIED);
}

static void staff_cancels_and_queues_again(void **state)
{
	struct tx *w = *state;
	struct id id = jw_queue(w, "grade", "{}");
	struct str reply;

	assert_int_equal(call(w, "job.cancel", about(w, &id, ""), &reply), OK);
	assert_true(has(reply, "\"state\":\"cancelled\""));
	assert_int_equal(
		call(w, "job.list", STR("{\"state\":\"cancelled\"}"), &reply),
		OK);
	assert_true(has(reply, "\"kind\":\"grade\""));
	assert_int_equal(call(w, "job.retry", about(w, &id, ""), &reply), OK);
	assert_true(has(reply, "\"state\":\"queued\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_worker_takes_keeps_and_finishes_a_job),
		T(a_worker_gives_a_job_back),
		T(workers_of_one_tenant_get_that_ones_jobs),
		T(kinds_that_workers_do_not_do_are_refused),
		T(roles_are_kept_apart),
		T(staff_cancels_and_queues_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
