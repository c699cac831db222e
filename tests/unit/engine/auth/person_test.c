/* Who a subject stands for, before and after he was erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/auth/auth_world.h"

static struct id note(struct fixture *f, const char *subject, const char *name)
{
	struct id id;

	begin(f);
	assert_int_equal(person_note(&f->cx, &f->org.id, str_of(subject),
				     str_of(name), &id),
			 OK);
	commit(f);
	return id;
}

static void erase(struct fixture *f, const struct id *id)
{
	begin(f);
	assert_int_equal(person_erase(&f->cx, &f->org.id, id), OK);
	commit(f);
}

static struct person load(struct fixture *f, const struct id *id)
{
	struct person p;

	f->cx.db = f->writer;
	assert_int_equal(person_load(&f->cx, &f->org.id, id, &p), OK);
	f->cx.db = NULL;
	return p;
}

static void an_erased_person_leaves_only_a_pseudonym(void **state)
{
	struct fixture *f = *state;
	struct id id = note(f, "ada", "Ada L.");
	int64_t then = f->clock.ms;
	struct person p;

	erase(f, &id);
	clock_manual_step(&f->clock, 1000);
	erase(f, &id); /* by another server, a little later */
	p = load(f, &id);
	assert_null(p.subject.p);
	assert_null(p.name.p);
	assert_int_equal(p.erased_at, then);
}

static void who_comes_back_is_somebody_else(void **state)
{
	struct fixture *f = *state;
	struct id ids[4];

	for (int i = 0; i < 4; i++) {
		struct person_found p;

		ids[i] = note(f, "ada", "Ada L.");
		for (int k = 0; k < i; k++) {
			assert_false(id_eq(&ids[i], &ids[k]));
			assert_null(load(f, &ids[k]).subject.p);
			assert_true(load(f, &ids[k]).erased_at > 0);
		}
		f->cx.db = f->writer;
		assert_int_equal(
			person_find(&f->cx, &f->org.id, STR("ada"), &p), OK);
		assert_true(p.here && id_eq(&p.id, &ids[i]));
		assert_true(i ? id_eq(&p.erased, &ids[i - 1])
			      : id_is_none(&p.erased));
		assert_true(str_is(p.row.subject, "ada"));
		clock_manual_step(&f->clock, 1000);
		erase(f, &ids[i]);
	}
}

static void a_token_of_before_the_erasure_is_refused_for_ever(void **state)
{
	struct fixture *f = *state;
	struct str old = sign(f, wish(f));
	const struct principal *who;
	struct id before, id = note(f, "ada", "Ada L.");

	assert_int_equal(ask(f, old, &who), OK);
	before = who->person;
	assert_true(id_eq(&before, &id));
	erase(f, &id);
	auth_forget(f->auth);
	assert_int_equal(ask(f, old, &who), ERR_UNAUTHENTICATED);
	assert_non_null(strstr(f->cx.error.text, "erased"));
	clock_manual_step(&f->clock, 1000);
	assert_int_equal(ask(f, old, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
	assert_false(id_eq(&who->person, &before));
	note(f, "ada", "Ada L.");
	assert_int_equal(ask(f, old, &who), ERR_UNAUTHENTICATED);
}

/* Another server believes his token for a while; it writes nothing for him. */
static void a_cached_token_does_nothing_for_who_was_erased(void **state)
{
	struct fixture *f = *state;
	struct record_list *const command = (struct record_list *)f; /* any */
	struct str old = sign(f, wish(f));
	const struct principal *who;
	struct id out, id = note(f, "ada", "Ada L.");

	assert_int_equal(ask(f, old, &who), OK);
	erase(f, &id);
	for (int back = 0; back < 2; back++) {
		assert_int_equal(ask(f, old, &who), OK); /* from the cache */
		begin(f);
		f->cx.who = who;
		f->cx.records = command;
		assert_int_equal(person_for(&f->cx, (struct str){ 0 }, &out),
				 ERR_UNAUTHENTICATED);
		f->cx.records = NULL;
		f->cx.who = NULL;
		commit(f);
		assert_true(load(f, &id).erased_at > 0);
		note(f, "ada", "Ada L."); /* the platform calls him back */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_erased_person_leaves_only_a_pseudonym),
		T(who_comes_back_is_somebody_else),
		T(a_token_of_before_the_erasure_is_refused_for_ever),
		T(a_cached_token_does_nothing_for_who_was_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
