#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/auth/jwt.h"
#include "engine/auth/org.h"
#include "engine/auth/rate.h"
#include "engine/auth/sign.h"

enum { NOW_S = 1750000000 };

/* A store with one organization and an auth over it, under a still clock. */
struct fixture {
	char folder[64], path[96];
	struct clock_manual clock;
	struct ctx cx;
	struct store *store;
	struct store_conn *writer;
	struct auth *auth;
	struct organization org;
	struct str jwk; /* of the platform */
	struct issuer issuer;
};

static const struct stmt_set *const sets[] = { &auth_stmts, NULL };
static const struct migration_set *const migrations[] = { &auth_migrations,
							  NULL };

static void begin(struct fixture *f)
{
	f->cx.db = f->writer;
	assert_int_equal(store_begin(f->writer, &f->cx), OK);
}

static void commit(struct fixture *f)
{
	assert_int_equal(store_commit(f->writer, &f->cx), OK);
	f->cx.db = NULL;
}

static void open_store(struct fixture *f)
{
	struct store_opts o = { .sets = sets,
				.migrations = migrations,
				.clock = &f->clock.clock,
				.readers = 2,
				.create = true,
				.busy_ms = 100 };

	strcpy(f->folder, "/tmp/assay-auth-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/a.db", f->folder);
	o.url = str_fmt(f->cx.arena, "sqlite:%s", f->path);
	assert_int_equal(store_open(&f->cx, &o, &f->store), OK);
	f->writer = store_writer(f->store);
}

static void make_tenant(struct fixture *f)
{
	begin(f);
	assert_int_equal(org_create(&f->cx, STR("School"), &f->org), OK);
	assert_int_equal(sign_key_new(&f->cx, STR("ES256"), STR("k1"), &f->jwk),
			 OK);
	f->issuer = (struct issuer){ .org = f->org.id,
				     .issuer = STR("https://lms.example"),
				     .audience = STR("assay"),
				     .roles = ROLE_LEARNER | ROLE_AUTHOR };
	assert_int_equal(sign_jwks(&f->cx, f->jwk, &f->issuer.jwks), OK);
	assert_int_equal(issuer_register(&f->cx, &f->issuer), OK);
	commit(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	clock_manual_init(&f->clock, NOW_S * INT64_C(1000));
	f->cx = (struct ctx){ .arena = arena_new(65536),
			      .clock = &f->clock.clock,
			      .rng = rng_system() };
	open_store(f);
	f->auth = auth_new(&(struct auth_opts){ .store = f->store,
						.clock = &f->clock.clock,
						.jwt_skew_ms = 60000,
						.jwt_max_ms = 86400000,
						.rate = 10,
						.burst = 5,
						.cache_entries = 256 });
	make_tenant(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	auth_free(f->auth);
	store_close(f->store);
	arena_free(f->cx.arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct token_wish wish(void)
{
	return (struct token_wish){ .issuer = STR("https://lms.example"),
				    .audience = STR("assay"),
				    .subject = STR("ada"),
				    .lives_ms = 3600000 };
}

static struct str sign(struct fixture *f, struct token_wish w)
{
	struct str token;

	assert_int_equal(sign_for(&f->cx, f->jwk, &w, &token), OK);
	return token;
}

static enum err ask(struct fixture *f, struct str token,
		    const struct principal **who)
{
	err_clear(&f->cx);
	return auth_principal(f->auth, &f->cx, token, who);
}

static struct str new_key(struct fixture *f, struct api_key *k)
{
	struct str secret;

	k->org = f->org.id;
	begin(f);
	assert_int_equal(key_create(&f->cx, k, &secret), OK);
	commit(f);
	return secret;
}

static void an_api_key_stands_for_its_organization_and_roles(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct str secret = new_key(f, &k);
	const struct principal *who;

	for (int i = 0; i < 2; i++) { /* from the store, then the cache */
		assert_int_equal(ask(f, secret, &who), OK);
		assert_true(id_eq(&who->org, &f->org.id));
		assert_int_equal(who->roles, ROLE_PLATFORM);
		assert_true(id_eq(&who->key, &k.id));
	}
}

static void a_key_is_stored_only_as_a_hash(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct str secret = new_key(f, &k);
	struct list keys;

	f->cx.db = f->writer;
	assert_int_equal(key_list(&f->cx, &f->org.id, &keys), OK);
	assert_int_equal(keys.n, 1);
	assert_int_equal(((struct api_key *)keys.at)->hash.n, 32);
	assert_null(memmem(secret.p, secret.n,
			   ((struct api_key *)keys.at)->hash.p, 32));
}

static void a_changed_key_is_refused(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct str secret = new_key(f, &k);
	const struct principal *who;

	for (size_t i = 6; i < secret.n; i++) {
		char *bad = arena_alloc(f->cx.arena, secret.n);

		memcpy(bad, secret.p, secret.n);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		if (i == secret.n - 1) /* the last character has spare bits */
			bad[i - 1] = bad[i - 1] == 'A' ? 'B' : 'A';
		assert_int_equal(ask(f, (struct str){ bad, secret.n }, &who),
				 ERR_UNAUTHENTICATED);
	}
}

static void a_revoked_key_is_refused_at_once(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct str secret = new_key(f, &k);
	const struct principal *who;

	assert_int_equal(ask(f, secret, &who), OK);
	begin(f);
	assert_int_equal(key_revoke(&f->cx, &f->org.id, &k.id), OK);
	commit(f);
	auth_forget(f->auth);
	assert_int_equal(ask(f, secret, &who), ERR_UNAUTHENTICATED);
}

static void
another_node_notices_a_revocation_within_the_trust_time(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct str secret = new_key(f, &k);
	const struct principal *who;

	assert_int_equal(ask(f, secret, &who), OK);
	begin(f);
	assert_int_equal(key_revoke(&f->cx, &f->org.id, &k.id), OK);
	commit(f);
	clock_manual_step(&f->clock, AUTH_TRUST_MS);
	assert_int_equal(ask(f, secret, &who), ERR_UNAUTHENTICATED);
}

static void an_expired_key_is_refused_even_from_the_cache(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"),
			     .roles = ROLE_PLATFORM,
			     .expires_at = f->clock.ms + 1000 };
	struct str secret = new_key(f, &k);
	const struct principal *who;

	assert_int_equal(ask(f, secret, &who), OK);
	clock_manual_step(&f->clock, 1000);
	assert_int_equal(ask(f, secret, &who), ERR_UNAUTHENTICATED);
}

static void another_tenant_cannot_revoke_a_key(void **state)
{
	struct fixture *f = *state;
	struct api_key k = { .name = STR("lms"), .roles = ROLE_PLATFORM };
	struct organization other;

	new_key(f, &k);
	begin(f);
	assert_int_equal(org_create(&f->cx, STR("Other"), &other), OK);
	assert_int_equal(key_revoke(&f->cx, &other.id, &k.id), ERR_NOT_FOUND);
	commit(f);
}

static void a_signed_token_stands_for_a_person(void **state)
{
	struct fixture *f = *state;
	const struct principal *who, *again;

	assert_int_equal(ask(f, sign(f, wish()), &who), OK);
	assert_true(str_is(who->subject, "ada"));
	assert_int_equal(who->roles, ROLE_LEARNER);
	assert_true(str_starts(who->actor, "learner:"));
	assert_int_equal(ask(f, sign(f, wish()), &again), OK);
	assert_true(id_eq(&who->person, &again->person));
}

static void rs256_works_as_well(void **state)
{
	struct fixture *f = *state;
	struct issuer i = f->issuer;
	const struct principal *who;

	assert_int_equal(sign_key_new(&f->cx, STR("RS256"), STR("r1"), &f->jwk),
			 OK);
	begin(f);
	assert_int_equal(sign_jwks(&f->cx, f->jwk, &i.jwks), OK);
	assert_int_equal(issuer_update(&f->cx, &f->org.id, &i.id, i.jwks), OK);
	commit(f);
	assert_int_equal(ask(f, sign(f, wish()), &who), OK);
}

static void
a_rotated_key_set_takes_old_and_new_until_the_old_one_leaves(void **state)
{
	struct fixture *f = *state;
	struct str old = sign(f, wish()), next, both, fresh;
	const struct principal *who;

	assert_int_equal(sign_key_new(&f->cx, STR("ES256"), STR("k2"), &next),
			 OK);
	assert_int_equal(sign_jwks(&f->cx, next, &fresh), OK);
	both = str_fmt(
		f->cx.arena, "{\"keys\":[%.*s,%.*s]}",
		STR_FMT(str_cut(f->issuer.jwks, 9, f->issuer.jwks.n - 2)),
		STR_FMT(str_cut(fresh, 9, fresh.n - 2)));
	begin(f);
	assert_int_equal(issuer_update(&f->cx, &f->org.id, &f->issuer.id, both),
			 OK);
	commit(f);
	auth_forget(f->auth);
	assert_int_equal(ask(f, old, &who), OK);
	f->jwk = next;
	assert_int_equal(ask(f, sign(f, wish()), &who), OK);
	begin(f);
	assert_int_equal(
		issuer_update(&f->cx, &f->org.id, &f->issuer.id, fresh), OK);
	commit(f);
	auth_forget(f->auth);
	assert_int_equal(ask(f, old, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(f, sign(f, wish()), &who), OK);
}

static void a_token_is_refused_before_and_after_its_time(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, wish());
	const struct principal *who;

	clock_manual_step(&f->clock, 3600000 + 59999); /* within the skew */
	assert_int_equal(ask(f, token, &who), OK);
	clock_manual_step(&f->clock, 1);
	assert_int_equal(ask(f, token, &who), ERR_UNAUTHENTICATED);
	clock_manual_step(&f->clock, -(3600000 + 60000) - 61000);
	assert_int_equal(ask(f, token, &who), ERR_UNAUTHENTICATED);
	clock_manual_step(&f->clock, 1000);
	assert_int_equal(ask(f, token, &who), OK);
}

static void a_token_for_others_is_refused(void **state)
{
	struct fixture *f = *state;
	struct token_wish w = wish();
	const struct principal *who;

	w.audience = STR("another service");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	w = wish();
	w.issuer = STR("https://evil.example");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	w = wish();
	w.lives_ms = 86401000;
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
}

static void a_token_cannot_claim_more_than_its_issuer_was_given(void **state)
{
	struct fixture *f = *state;
	struct token_wish w = wish();
	const struct principal *who;

	w.roles = STR("author");
	assert_int_equal(ask(f, sign(f, w), &who), OK);
	assert_int_equal(who->roles, ROLE_AUTHOR);
	w.roles = STR("org_admin");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	w.roles = STR("emperor");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
}

static void a_forged_or_broken_token_is_refused(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, wish()), stranger;
	const struct principal *who;
	struct token_wish w = wish();

	for (size_t i = 0; i < token.n; i += 7) {
		char *bad = arena_alloc(f->cx.arena, token.n);

		memcpy(bad, token.p, token.n);
		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		assert_int_equal(ask(f, (struct str){ bad, token.n }, &who),
				 ERR_UNAUTHENTICATED);
	}
	for (size_t n = 0; n < token.n; n += 11)
		assert_int_equal(ask(f, str_cut(token, 0, n), &who),
				 ERR_UNAUTHENTICATED);
	assert_int_equal(
		sign_key_new(&f->cx, STR("ES256"), STR("k1"), &stranger), OK);
	assert_int_equal(sign_for(&f->cx, stranger, &w, &token), OK);
	assert_int_equal(ask(f, token, &who), ERR_UNAUTHENTICATED);
}

/* alg none, and HS256 keyed with the public key: the old attacks. */
static void a_token_without_a_real_signature_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const heads[] = {
		"{\"alg\":\"none\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\"}",
		"{\"alg\":\"ES256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"ES256\",\"alg\":\"none\"}",
	};
	struct str good = sign(f, wish()), head, body;
	const struct principal *who;

	str_split(&good, '.', &head);
	str_split(&good, '.', &body);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct buf b = { 0 };

		base64url_encode(&b, str_of(heads[i]));
		buf_ch(&b, '.');
		buf_str(&b, body);
		buf_ch(&b, '.');
		buf_str(&b, good);
		assert_int_equal(ask(f, buf_view(&b), &who),
				 ERR_UNAUTHENTICATED);
		buf_done(&b);
	}
}

static void a_key_set_with_private_or_weak_keys_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(issuer_check_jwks(&f->cx, str_fmt(f->cx.arena,
							   "{\"keys\":[%.*s]}",
							   STR_FMT(f->jwk))),
			 ERR_INVALID);
	assert_int_equal(
		issuer_check_jwks(&f->cx,
				  STR("{\"keys\":[{\"kty\":\"oct\",\"k\":"
				      "\"AAAA\"}]}")),
		ERR_INVALID);
	assert_int_equal(issuer_check_jwks(&f->cx, STR("{\"keys\":[]}")),
			 ERR_INVALID);
	assert_int_equal(issuer_check_jwks(&f->cx, STR("nonsense")),
			 ERR_BAD_JSON);
}

static void two_tenants_may_register_the_same_issuer_name(void **state)
{
	struct fixture *f = *state;
	struct issuer theirs = f->issuer;
	struct organization other;
	struct str their_jwk, token;
	struct token_wish w = wish();
	const struct principal *who;

	begin(f);
	assert_int_equal(org_create(&f->cx, STR("Other"), &other), OK);
	theirs.org = other.id;
	assert_int_equal(
		sign_key_new(&f->cx, STR("ES256"), STR("k1"), &their_jwk), OK);
	assert_int_equal(sign_jwks(&f->cx, their_jwk, &theirs.jwks), OK);
	assert_int_equal(issuer_register(&f->cx, &theirs), OK);
	commit(f);
	assert_int_equal(ask(f, sign(f, w), &who), OK);
	assert_true(id_eq(&who->org, &f->org.id));
	assert_int_equal(sign_for(&f->cx, their_jwk, &w, &token), OK);
	assert_int_equal(ask(f, token, &who), OK);
	assert_true(id_eq(&who->org, &other.id));
}

static void a_caller_over_his_rate_is_told_when_to_come_back(void **state)
{
	struct fixture *f = *state;
	const struct principal *who;

	assert_int_equal(ask(f, sign(f, wish()), &who), OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(auth_rate(f->auth, &f->cx, who), OK);
	assert_int_equal(auth_rate(f->auth, &f->cx, who), ERR_RATE_LIMITED);
	assert_int_equal(f->cx.error.retry_after_ms, 100);
	clock_manual_step(&f->clock, 100);
	assert_int_equal(auth_rate(f->auth, &f->cx, who), OK);
}

static void an_erased_person_leaves_only_a_pseudonym(void **state)
{
	struct fixture *f = *state;
	struct person p;
	struct id id;

	begin(f);
	assert_int_equal(
		person_note(&f->cx, &f->org.id, STR("ada"), STR("Ada L."), &id),
		OK);
	assert_int_equal(person_erase(&f->cx, &f->org.id, &id), OK);
	assert_int_equal(person_load(&f->cx, &f->org.id, &id, &p), OK);
	assert_null(p.subject.p);
	assert_null(p.name.p);
	assert_int_equal(p.erased_at, f->clock.ms);
	commit(f);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_api_key_stands_for_its_organization_and_roles),
		T(a_key_is_stored_only_as_a_hash),
		T(a_changed_key_is_refused),
		T(a_revoked_key_is_refused_at_once),
		T(another_node_notices_a_revocation_within_the_trust_time),
		T(an_expired_key_is_refused_even_from_the_cache),
		T(another_tenant_cannot_revoke_a_key),
		T(a_signed_token_stands_for_a_person),
		T(rs256_works_as_well),
		T(a_rotated_key_set_takes_old_and_new_until_the_old_one_leaves),
		T(a_token_is_refused_before_and_after_its_time),
		T(a_token_for_others_is_refused),
		T(a_token_cannot_claim_more_than_its_issuer_was_given),
		T(a_forged_or_broken_token_is_refused),
		T(a_token_without_a_real_signature_is_refused),
		T(a_key_set_with_private_or_weak_keys_is_refused),
		T(two_tenants_may_register_the_same_issuer_name),
		T(a_caller_over_his_rate_is_told_when_to_come_back),
		T(an_erased_person_leaves_only_a_pseudonym),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
