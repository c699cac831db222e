/* Whose a token is, among tenants that know each other's public keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/auth/auth_world.h"

static struct organization make_other(struct fixture *f, const char *name)
{
	struct organization other;

	begin(f);
	assert_int_equal(org_create(&f->cx, str_of(name), &other), OK);
	commit(f);
	return other;
}

static enum err try_register(struct fixture *f, struct issuer *i)
{
	enum err e;

	err_clear(&f->cx);
	f->cx.db = f->writer;
	assert_int_equal(store_begin(f->writer, &f->cx), OK);
	e = issuer_register(&f->cx, i);
	if (!e) {
		commit(f);
		return e;
	}
	store_rollback(f->writer);
	f->cx.db = NULL;
	return e;
}

static void an_audience_names_its_organization(void **state)
{
	struct fixture *f = *state;
	struct organization other = make_other(f, "Other");
	struct issuer i = f->issuer;
	char ours[ID_TEXT + 1];

	id_text(&f->org.id, ours);
	assert_true(str_eq(f->issuer.audience,
			   str_fmt(f->cx.arena, "assay:%s", ours)));
	i.audience = STR("assay");
	assert_int_equal(try_register(f, &i), ERR_INVALID);
	assert_string_equal(f->cx.error.field, "/audience");
	i.audience = str_fmt(f->cx.arena, "https://assay.example/%s/", ours);
	assert_int_equal(try_register(f, &i), OK);
	i.org = other.id; /* ours, for them */
	assert_int_equal(try_register(f, &i), ERR_INVALID);
	i.audience = (struct str){ 0 };
	assert_int_equal(try_register(f, &i), OK);
}

/* The public keys and the issuer's name are no secret; his was first. */
static void who_registers_anothers_keys_gets_none_of_its_tokens(void **state)
{
	struct fixture *f = *state;
	struct organization thief = make_other(f, "Thief");
	struct issuer own = f->issuer, theirs = f->issuer;
	const struct principal *who;
	struct token_wish w;

	begin(f);
	assert_int_equal(issuer_revoke(&f->cx, &f->org.id, &f->issuer.id), OK);
	commit(f);
	theirs.org = thief.id;
	theirs.audience = (struct str){ 0 };
	assert_int_equal(try_register(f, &theirs), OK);
	w = wish(f); /* signed for the audience of the school */
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	assert_int_equal(try_register(f, &own), OK);
	assert_int_equal(ask(f, sign(f, w), &who), OK);
	assert_true(id_eq(&who->org, &f->org.id));
	w.audience = theirs.audience; /* what the platform does not sign */
	assert_int_equal(ask(f, sign(f, w), &who), OK);
	assert_true(id_eq(&who->org, &thief.id));
}

static void many_registrations_of_others_hide_nobodys(void **state)
{
	struct fixture *f = *state;
	struct organization thief = make_other(f, "Thief");
	const struct principal *who;
	char text[ID_TEXT + 1];

	id_text(&thief.id, text);
	for (int n = 0; n < 300; n++) {
		struct issuer i = f->issuer;

		i.org = thief.id;
		i.audience = str_fmt(f->cx.arena, "%s/%d", text, n);
		assert_int_equal(try_register(f, &i), OK);
	}
	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
	assert_true(id_eq(&who->org, &f->org.id));
}

static void a_live_issuer_and_audience_belong_to_one_tenant(void **state)
{
	struct fixture *f = *state;
	struct organization other = make_other(f, "Other");
	struct issuer first = f->issuer, second = f->issuer;
	char ours[ID_TEXT + 1], theirs[ID_TEXT + 1];

	id_text(&f->org.id, ours);
	id_text(&other.id, theirs);
	first.audience = second.audience =
		str_fmt(f->cx.arena, "%s and %s", ours, theirs);
	second.org = other.id;
	assert_int_equal(try_register(f, &first), OK);
	assert_int_equal(try_register(f, &first), ERR_CONFLICT);
	assert_non_null(strstr(f->cx.error.text, "issuer.update"));
	assert_int_equal(try_register(f, &second), ERR_CONFLICT);
	assert_non_null(strstr(f->cx.error.text, "operator"));
	begin(f);
	assert_int_equal(issuer_revoke(&f->cx, &f->org.id, &first.id), OK);
	commit(f);
	assert_int_equal(try_register(f, &second), OK);
}

static void a_token_that_names_two_tenants_is_nobodys(void **state)
{
	struct fixture *f = *state;
	struct organization other = make_other(f, "Other");
	struct issuer theirs = f->issuer;
	struct token_wish w = wish(f);
	const struct principal *who;

	theirs.org = other.id;
	theirs.audience = (struct str){ 0 };
	assert_int_equal(try_register(f, &theirs), OK);
	w.also = STR("https://another.example");
	assert_int_equal(ask(f, sign(f, w), &who), OK);
	w.also = theirs.audience;
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	assert_non_null(strstr(f->cx.error.text, "several"));
}

/* As a database of before step 11 may have it: no index forbids the second. */
static void of_two_that_have_the_same_pair_the_older_keeps_it(void **state)
{
	static const struct migration_set *first_only[] = { NULL, NULL };
	static struct migration_set first;
	struct fixture *f = *state;
	struct store_opts o = { .sets = sets,
				.clock = &f->clock.clock,
				.readers = 1,
				.create = true,
				.busy_ms = 100 };
	struct store *s;
	struct list rows;
	struct id org[2];

	first = (struct migration_set){ auth_migrations.steps, 1 };
	first_only[0] = &first;
	o.migrations = first_only;
	o.url = str_fmt(f->cx.arena, "sqlite:%s/old.db", f->folder);
	assert_int_equal(store_open(&f->cx, &o, &s), OK);
	f->cx.db = store_writer(s);
	assert_int_equal(store_begin(f->cx.db, &f->cx), OK);
	for (int i = 0; i < 3; i++) { /* the third is another pair */
		struct id id = id_new(&f->clock.clock, f->cx.rng);

		clock_manual_step(&f->clock, 1);
		if (i < 2)
			org[i] = id;
		assert_int_equal(
			store_exec(&f->cx, &auth_sql[ISSUER_INSERT],
				   VALS(v_id(&id), v_id(&id),
					v_text(STR("https://lms.example")),
					v_text(i < 2 ? STR("assay") : STR("b")),
					v_text(STR("{}")), v_int(1), v_int(5),
					v_int(6)),
				   NULL),
			OK);
	}
	assert_int_equal(store_commit(f->cx.db, &f->cx), OK);
	store_close(s);
	o.migrations = migrations;
	assert_int_equal(store_open(&f->cx, &o, &s), OK);
	f->cx.db = store_writer(s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(issuer_list(&f->cx, &org[i], &rows), OK);
		assert_int_equal(rows.n, 1);
		assert_int_equal(((struct issuer *)rows.at)->revoked_at,
				 i ? 6 : 0);
	}
	store_close(s);
	f->cx.db = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_audience_names_its_organization),
		T(who_registers_anothers_keys_gets_none_of_its_tokens),
		T(many_registrations_of_others_hide_nobodys),
		T(a_live_issuer_and_audience_belong_to_one_tenant),
		T(a_token_that_names_two_tenants_is_nobodys),
		T(of_two_that_have_the_same_pair_the_older_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
