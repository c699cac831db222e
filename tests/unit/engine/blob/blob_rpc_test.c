#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "engine/blob/blob.h"
#include "tests/support/tx_world.h"

static const struct stmt_set *const sets[] = { &record_stmts, &auth_stmts,
					       &blob_stmts, NULL };
static const struct migration_set *const steps[] = { &record_migrations,
						     &auth_migrations,
						     &blob_migrations, NULL };

static int set_up(void **state)
{
	static struct tx w;
	struct blob_opts o = { .node = 1 };

	if (sodium_init() < 0)
		return -1;
	tx_open(&w, &(struct tx_opts){ .sets = sets, .steps = steps });
	o.folder = str_fmt(w.cx.arena, "%s/blobs", w.folder).p;
	o.master_key = str_fmt(w.cx.arena, "%s/master.key", w.folder).p;
	assert_int_equal(blob_store_open(&w.cx, &o, &w.app.blobs), OK);
	tx_start(&w, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct tx *w = *state;

	blob_store_free(w->app.blobs);
	tx_close(w);
	return 0;
}

/* The digest of what was stored. */
static struct str put(struct tx *w, const char *learner, const char *content)
{
	struct str params =
		str_fmt(w->cx.arena, "{\"media_type\":\"text/plain\"%s%s%s}",
			learner ? ",\"learner\":\"" : "",
			learner ? learner : "", learner ? "\"" : "");
	struct str reply;
	size_t at;

	assert_int_equal(tx_ask(w, blob_methods, "blob.put", params,
				str_of(content), &reply),
			 OK);
	at = str_find(reply, STR("\"digest\":\""), 0);
	assert_true(at != SIZE_MAX);
	return str_cut(reply, at + 10, at + 10 + 2 * BLOB_DIGEST);
}

static enum err get(struct tx *w, const char *method, struct str digest,
		    const char *learner)
{
	struct str params =
		str_fmt(w->cx.arena, "{\"digest\":\"%.*s\"%s%s%s}",
			STR_FMT(digest), learner ? ",\"learner\":\"" : "",
			learner ? learner : "", learner ? "\"" : "");

	return tx_ask(w, blob_methods, method, params, (struct str){ 0 }, NULL);
}

static void both(struct tx *w, struct str digest, const char *learner,
		 enum err wanted)
{
	assert_int_equal(get(w, "blob.get", digest, learner), wanted);
	assert_int_equal(get(w, "blob.info", digest, learner), wanted);
}

static void a_learner_sees_his_own_and_nothing_else(void **state)
{
	struct tx *w = *state;
	struct str own, annas, bens;

	own = put(w, NULL, "the tenant's");
	bens = put(w, "ben", "ben's");
	tx_as(w, ROLE_LEARNER, "learner:anna", "anna");
	annas = put(w, NULL, "anna's");
	both(w, annas, NULL, OK);
	assert_int_equal(get(w, "blob.get", annas, NULL), OK);
	assert_true(str_is(w->io.bytes_out, "anna's"));
	both(w, annas, "anna", OK);
	both(w, own, NULL, ERR_NOT_FOUND);
	both(w, bens, NULL, ERR_NOT_FOUND);
	both(w, bens, "ben", ERR_NOT_FOUND);
}

static void a_learner_stores_for_nobody_else(void **state)
{
	struct tx *w = *state;

	tx_as(w, ROLE_LEARNER, "learner:anna", "anna");
	assert_int_equal(tx_ask(w, blob_methods, "blob.put",
				STR("{\"media_type\":\"text/plain\","
				    "\"learner\":\"ben\"}"),
				STR("x"), NULL),
			 ERR_DENIED);
}

static void the_staff_sees_its_tenant_and_no_other(void **state)
{
	struct tx *w = *state;
	struct str own = put(w, NULL, "the tenant's");
	struct str annas = put(w, "anna", "anna's");
	struct id org = w->who.org;

	both(w, own, NULL, OK);
	both(w, annas, "anna", OK);
	both(w, annas, NULL, ERR_NOT_FOUND);
	both(w, annas, "ben", ERR_NOT_FOUND);
	assert_int_equal(tx_run(w, tx_tenant, &w->who.org), OK);
	both(w, own, NULL, ERR_NOT_FOUND);
	both(w, annas, "anna", ERR_NOT_FOUND);
	w->who.org = org;
	both(w, annas, "anna", OK);
}

static void staff_of_some_courses_sees_no_learners(void **state)
{
	static struct str course = { "c1", 2 };
	struct tx *w = *state;
	struct str own = put(w, NULL, "the tenant's");
	struct str annas = put(w, "anna", "anna's");

	tx_as(w, ROLE_AUTHOR, "user:author", "an author");
	w->who.courses = (struct list){ &course, 1 };
	both(w, own, NULL, OK);
	both(w, annas, "anna", ERR_NOT_FOUND);
}

static void others_may_not_call(void **state)
{
	struct tx *w = *state;
	struct str own = put(w, NULL, "the tenant's");

	tx_as(w, ROLE_AUDITOR | ROLE_WORKER, "key:other", NULL);
	both(w, own, NULL, ERR_DENIED);
}

static enum err gather(struct ctx *cx, void *arg)
{
	struct list list;
	const struct record *r;
	enum err e = record_stream(cx, arg, 0, &list);

	if (e)
		return e;
	r = list.at;
	assert_int_equal(list.n, 1);
	assert_true(str_is(r->event, "blob.stored"));
	assert_true(r->personal.p != NULL);
	assert_null(r->ask.p);
	assert_null(r->reply.p);
	assert_true(str_find(r->body, STR("digest"), 0) == SIZE_MAX);
	return OK;
}

static void the_record_keeps_a_personal_digest_erasable(void **state)
{
	struct tx *w = *state;
	struct str digest;
	struct person_found anna;

	digest = put(w, "anna", "anna's");
	put(w, "anna", "anna's"); /* and says nothing twice */
	w->cx.db = store_reader(w->app.store, 0);
	assert_int_equal(person_find(&w->cx, &w->who.org, STR("anna"), &anna),
			 OK);
	store_reader_done(w->app.store, w->cx.db);
	assert_int_equal(digest.n, 64);
	assert_int_equal(tx_read(w, gather, &anna.id), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_learner_sees_his_own_and_nothing_else),
		T(a_learner_stores_for_nobody_else),
		T(the_staff_sees_its_tenant_and_no_other),
		T(staff_of_some_courses_sees_no_learners),
		T(others_may_not_call),
		T(the_record_keeps_a_personal_digest_erasable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
