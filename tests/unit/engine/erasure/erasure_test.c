#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sodium.h>

#include "engine/audit/record_erase.h"
#include "engine/blob/blob.h"
#include "engine/erasure/erasure.h"
#include "tests/support/tx_world.h"

enum { LEFT, OWN_STMTS };
struct left {
	int64_t n;
};
static const struct field left_fields[] = {
	FIELD(struct left, n, KIND_INT, "how many"),
	FIELD_END,
};
static const struct shape left_shape = SHAPE(struct left, left_fields);
static const struct stmt own_sql[OWN_STMTS] = {
	[LEFT] = { "test_left",
		   "SELECT COUNT(*) AS n FROM record WHERE learner = $1"
		   " AND (personal IS NOT NULL OR personal_salt IS NOT NULL)",
		   &left_shape },
};
static const struct stmt_set own_set = { "test", own_sql, OWN_STMTS };
static const struct stmt_set *const sets[] = {
	&record_stmts, &checkpoint_stmts,   &auth_stmts, &blob_stmts,
	&job_stmts,    &record_erase_stmts, &own_set,	 NULL
};
static const struct migration_set *const steps[] = { &record_migrations,
						     &checkpoint_migrations,
						     &auth_migrations,
						     &blob_migrations,
						     &job_migrations,
						     &record_erase_migrations,
						     NULL };
static const struct job_kind *const kinds[] = { &erasure_job, NULL };

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
	w.app.jobs = jobs_new(&(struct jobs_opts){ .kinds = kinds });
	w.timers[w.timers_n++] = jobs_timer(w.app.jobs);
	tx_start(&w, NULL);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct tx *w = *state;
	struct jobs *jobs = w->app.jobs;

	blob_store_free(w->app.blobs);
	tx_close(w);
	jobs_free(jobs);
	return 0;
}

/* ---- what people leave behind ---- */

struct answers {
	const char *subject;
	int n;
	struct id id;
};

static enum err answers_run(struct ctx *cx, void *arg)
{
	struct answers *a = arg;
	enum err e = OK;

	if (a->subject)
		e = person_note(cx, &cx->who->org, str_of(a->subject),
				STR("A Name"), &a->id);

	for (int i = 0; !e && i < a->n; i++)
		record_stage(cx, &(struct record){
					 .org = cx->who->org,
					 .stream = a->id,
					 .learner = a->id,
					 .event = STR("attempt.answered"),
					 .body = STR("{}"),
					 .personal = STR("my own words") });
	return e;
}

static struct id answers(struct tx *w, const char *subject, int n)
{
	struct answers a = { .subject = subject, .n = n };

	assert_int_equal(tx_run(w, answers_run, &a), OK);
	return a.id;
}

static struct str put(struct tx *w, const char *subject, const char *content)
{
	struct str reply, params = str_fmt(w->cx.arena,
					   "{\"media_type\":\"text/plain\","
					   "\"learner\":\"%s\"}",
					   subject);
	size_t at;

	assert_int_equal(tx_ask(w, blob_methods, "blob.put", params,
				str_of(content), &reply),
			 OK);
	at = str_find(reply, STR("\"digest\":\""), 0) + 10;
	return str_cut(reply, at, at + 2 * BLOB_DIGEST);
}

static enum err get(struct tx *w, const char *subject, struct str digest)
{
	return tx_ask(w, blob_methods, "blob.get",
		      str_fmt(w->cx.arena,
			      "{\"digest\":\"%.*s\",\"learner\":\"%s\"}",
			      STR_FMT(digest), subject),
		      (struct str){ 0 }, NULL);
}

static enum err erase(struct tx *w, const char *subject, struct str *reply)
{
	return tx_ask(w, erasure_methods, "learner.erase",
		      str_fmt(w->cx.arena,
			      "{\"learner\":\"%s\",\"reason\":\"asked for\"}",
			      subject),
		      (struct str){ 0 }, reply);
}

struct count {
	struct id learner;
	struct left left;
};

static enum err left_run(struct ctx *cx, void *arg)
{
	struct count *c = arg;

	return store_one(cx, &own_sql[LEFT], VALS(v_id(&c->learner)), &c->left);
}

/* Records of the learner that still have a personal part or a salt. */
static int64_t left(struct tx *w, const struct id *learner)
{
	struct count c = { .learner = *learner };

	assert_int_equal(tx_read(w, left_run, &c), OK);
	return c.left.n;
}

static int found;

static int see(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)path;
	(void)st;
	(void)f;
	found += type == FTW_F;
	return 0;
}

static int files(struct tx *w)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/blobs", w->folder);
	found = 0;
	nftw(path, see, 8, FTW_PHYS);
	return found;
}

static void all_of_it(struct tx *w)
{
	tx_settle(w);
	tx_step_clock(w, ERASURE_SETTLE_MS);
	tx_settle(w);
}

/* ---- tests ---- */

static void a_forgotten_person_leaves_no_words_and_no_files(void **state)
{
	struct tx *w = *state;
	struct id anna = answers(w, "anna", 50), ben = answers(w, "ben", 3);
	struct str annas = put(w, "anna", "hers"), bens = put(w, "ben", "his");
	struct person p;

	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	assert_int_equal(get(w, "anna", annas), ERR_ERASED); /* at once */
	all_of_it(w);
	assert_int_equal(left(w, &anna), 0);
	assert_int_equal(left(w, &ben), 4); /* with his blob's */
	assert_int_equal(files(w), 1);
	assert_int_equal(get(w, "anna", annas), ERR_ERASED);
	assert_int_equal(get(w, "ben", bens), OK);
	w->cx.db = store_reader(w->app.store, 0);
	assert_int_equal(person_load(&w->cx, &w->who.org, &anna, &p), OK);
	store_reader_done(w->app.store, w->cx.db);
	assert_null(p.subject.p);
	assert_null(p.name.p);
	assert_true(p.erased_at > 0);
}

static void the_chain_verifies_before_during_and_after(void **state)
{
	struct tx *w = *state;
	struct chain_report r;

	answers(w, "anna", 20);
	answers(w, "ben", 20);
	assert_true(tx_chain(w).intact);
	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	assert_true(tx_chain(w).intact);
	all_of_it(w);
	r = tx_chain(w);
	assert_true(r.intact);
	assert_int_equal(r.erased, 20);
}

static void a_long_history_is_forgotten_piece_by_piece(void **state)
{
	enum { ROUNDS = 30, EACH = 500 }; /* 15000: more than three pieces */
	struct tx *w = *state;
	struct id anna = { { 0 } };
	int64_t before;

	for (int i = 0; i < ROUNDS; i++) {
		anna = answers(w, "anna", EACH);
		answers(w, "ben", 10);
	}
	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	before = left(w, &anna);
	assert_true(before > 0 && before < ROUNDS * EACH);
	tx_settle(w);
	assert_int_equal(left(w, &anna), 0);
	assert_true(tx_chain(w).intact);
}

struct asked {
	struct id learner;
	bool erased;
};

static enum err erased_run(struct ctx *cx, void *arg)
{
	struct asked *a = arg;

	return record_erased(cx, &cx->who->org, &a->learner, &a->erased);
}

static bool was_erased(struct tx *w, const struct id *learner)
{
	struct asked a = { .learner = *learner };

	assert_int_equal(tx_read(w, erased_run, &a), OK);
	return a.erased;
}

/* Who kept what he has read has to know, from the first piece on. */
static void that_somebody_was_erased_is_known_for_ever(void **state)
{
	struct tx *w = *state;
	struct id anna = answers(w, "anna", 5), ben = answers(w, "ben", 5);

	tx_step_clock(w, 10000);
	assert_false(was_erased(w, &anna));
	assert_int_equal(erase(w, "anna", NULL), OK);
	assert_true(was_erased(w, &anna));
	assert_false(was_erased(w, &ben));
	all_of_it(w);
	answers(w, "anna", 3); /* she is back */
	assert_true(was_erased(w, &anna));
	assert_false(was_erased(w, &ben));
}

static void many_files_go_in_pieces(void **state)
{
	enum { FILES = 150 };
	struct tx *w = *state;

	for (int i = 0; i < FILES; i++) {
		char text[32];

		snprintf(text, sizeof(text), "document %d", i);
		put(w, "anna", text);
	}
	assert_int_equal(files(w), FILES);
	assert_int_equal(erase(w, "anna", NULL), OK);
	tx_settle(w);
	assert_int_equal(files(w), 0);
}

static void what_comes_after_the_erasure_stays(void **state)
{
	struct tx *w = *state;
	struct id back, anna = answers(w, "anna", 5);
	struct str old = put(w, "anna", "old"), fresh;

	assert_int_equal(erase(w, "anna", NULL), OK);
	back = answers(w, "anna", 3); /* she is back, in the same instant */
	assert_false(id_eq(&back, &anna));
	fresh = put(w, "anna", "fresh");
	all_of_it(w);
	assert_int_equal(left(w, &anna), 0);
	assert_int_equal(left(w, &back), 4);
	assert_int_equal(get(w, "anna", fresh), OK);
	assert_int_equal(get(w, "anna", old), ERR_NOT_FOUND);
	assert_int_equal(files(w), 1);
	/* And is forgotten a second time. */
	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	all_of_it(w);
	assert_int_equal(left(w, &back), 0);
	assert_int_equal(get(w, "anna", fresh), ERR_ERASED);
	assert_true(tx_chain(w).intact);
}

/* As another node's, which was on its way when the job first looked. */
static void a_record_that_arrives_late_is_found_by_the_second_look(void **state)
{
	struct tx *w = *state;
	struct id anna = answers(w, "anna", 5);

	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	tx_settle(w);
	assert_int_equal(
		tx_run(w, answers_run, &(struct answers){ .n = 1, .id = anna }),
		OK);
	assert_int_equal(left(w, &anna), 1);
	all_of_it(w);
	assert_int_equal(left(w, &anna), 0);
}

static void forgetting_twice_is_fine_and_forgetting_nobody_is_not(void **state)
{
	struct tx *w = *state;
	struct str reply;

	answers(w, "anna", 1);
	assert_int_equal(erase(w, "anna", &reply), OK);
	assert_true(str_find(reply, STR("\"job\":"), 0) != SIZE_MAX);
	assert_int_equal(erase(w, "anna", &reply), OK);
	assert_true(str_find(reply, STR("\"job\":"), 0) == SIZE_MAX);
	assert_int_equal(erase(w, "nobody", NULL), ERR_NOT_FOUND);
}

static void only_the_platform_and_administrators_may_forget(void **state)
{
	static struct str course = { "c1", 2 };
	struct tx *w = *state;

	answers(w, "anna", 1);
	tx_as(w, ROLE_LEARNER, "learner:anna", "anna");
	assert_int_equal(erase(w, "anna", NULL), ERR_DENIED);
	tx_as(w, ROLE_AUTHOR | ROLE_MODERATOR, "user:x", "x");
	assert_int_equal(erase(w, "anna", NULL), ERR_DENIED);
	tx_as(w, ROLE_PLATFORM, "key:bound", NULL);
	w->who.courses = (struct list){ &course, 1 };
	assert_int_equal(erase(w, "anna", NULL), ERR_DENIED);
	tx_as(w, ROLE_ORG_ADMIN, "key:admin", NULL);
	assert_int_equal(erase(w, "anna", NULL), OK);
}

static void another_tenants_people_are_not_touched(void **state)
{
	struct tx *w = *state;
	struct id org = w->who.org, anna = answers(w, "anna", 3);

	assert_int_equal(tx_run(w, tx_tenant, &w->who.org), OK);
	assert_int_equal(erase(w, "anna", NULL), ERR_NOT_FOUND);
	answers(w, "anna", 2);
	tx_step_clock(w, 10000);
	assert_int_equal(erase(w, "anna", NULL), OK);
	w->who.org = org;
	all_of_it(w);
	assert_int_equal(left(w, &anna), 3);
}

static enum err refuse(struct ctx *cx, const struct id *org,
		       const struct id *learner)
{
	(void)org;
	(void)learner;
	return err_set(cx, ERR_PRECONDITION, "an attempt is open");
}

static void a_hook_that_fails_leaves_everything_as_it_was(void **state)
{
	static const struct erasure_hook hooks[] = { { refuse }, { NULL } };
	struct tx *w = *state;
	struct id anna = answers(w, "anna", 3);
	struct str digest = put(w, "anna", "hers");

	w->app.erasure_hooks = hooks;
	assert_int_equal(erase(w, "anna", NULL), ERR_PRECONDITION);
	all_of_it(w);
	assert_int_equal(left(w, &anna), 4);
	assert_int_equal(get(w, "anna", digest), OK);
}

static int hooked;

static enum err count_hook(struct ctx *cx, const struct id *org,
			   const struct id *learner)
{
	(void)cx;
	(void)org;
	(void)learner;
	hooked++;
	return OK;
}

/* Another server may have begun something while he was being erased. */
static void the_second_look_asks_the_slices_again(void **state)
{
	static const struct erasure_hook hooks[] = { { count_hook }, { NULL } };
	struct tx *w = *state;

	answers(w, "anna", 3);
	w->app.erasure_hooks = hooks;
	hooked = 0;
	assert_int_equal(erase(w, "anna", NULL), OK);
	tx_settle(w);
	assert_int_equal(hooked, 1);
	all_of_it(w);
	assert_true(hooked > 1);
}

static void erasure_is_all_or_nothing_whatever_the_store_does(void **state)
{
	struct tx *w = *state;

	for (int n = 1; n < 40; n++) {
		char name[32];
		struct id id;
		struct str digest;
		enum err e;

		snprintf(name, sizeof(name), "learner%d", n);
		id = answers(w, name, 3);
		digest = put(w, name, "a document");
		store_fail_at(w->app.store, n, ERR_UNAVAILABLE);
		e = erase(w, name, NULL);
		store_fail_at(w->app.store, 0, OK);
		tx_step_clock(w, 5000);
		if (e) {
			assert_int_equal(left(w, &id), 4);
			assert_int_equal(get(w, name, digest), OK);
			continue;
		}
		assert_int_equal(get(w, name, digest), ERR_ERASED);
		all_of_it(w);
		assert_int_equal(left(w, &id), 0);
	}
	assert_true(tx_chain(w).intact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_forgotten_person_leaves_no_words_and_no_files),
		T(the_chain_verifies_before_during_and_after),
		T(a_long_history_is_forgotten_piece_by_piece),
		T(that_somebody_was_erased_is_known_for_ever),
		T(many_files_go_in_pieces),
		T(what_comes_after_the_erasure_stays),
		T(a_record_that_arrives_late_is_found_by_the_second_look),
		T(forgetting_twice_is_fine_and_forgetting_nobody_is_not),
		T(only_the_platform_and_administrators_may_forget),
		T(another_tenants_people_are_not_touched),
		T(a_hook_that_fails_leaves_everything_as_it_was),
		T(the_second_look_asks_the_slices_again),
		T(erasure_is_all_or_nothing_whatever_the_store_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
