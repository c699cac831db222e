#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/auth/auth_world.h"

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

	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
	assert_true(str_is(who->subject, "ada"));
	assert_int_equal(who->roles, ROLE_LEARNER);
	assert_true(str_starts(who->actor, "learner:"));
	assert_int_equal(ask(f, sign(f, wish(f)), &again), OK);
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
	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
}

static void
a_rotated_key_set_takes_old_and_new_until_the_old_one_leaves(void **state)
{
	struct fixture *f = *state;
	struct str old = sign(f, wish(f)), next, both, fresh;
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
	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
	begin(f);
	assert_int_equal(
		issuer_update(&f->cx, &f->org.id, &f->issuer.id, fresh), OK);
	commit(f);
	auth_forget(f->auth);
	assert_int_equal(ask(f, old, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
}

static void a_token_is_refused_before_and_after_its_time(void **state)
{
	struct fixture *f = *state;
	struct str token = sign(f, wish(f));
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
	struct token_wish w = wish(f);
	const struct principal *who;

	w.audience = STR("another service");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	w = wish(f);
	w.issuer = STR("https://evil.example");
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
	w = wish(f);
	w.lives_ms = 86401000;
	assert_int_equal(ask(f, sign(f, w), &who), ERR_UNAUTHENTICATED);
}

static void a_token_cannot_claim_more_than_its_issuer_was_given(void **state)
{
	struct fixture *f = *state;
	struct token_wish w = wish(f);
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
	struct str token = sign(f, wish(f)), stranger;
	const struct principal *who;
	struct token_wish w = wish(f);

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
	struct str good = sign(f, wish(f)), head, body;
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

static void a_caller_over_his_rate_is_told_when_to_come_back(void **state)
{
	struct fixture *f = *state;
	const struct principal *who;

	assert_int_equal(ask(f, sign(f, wish(f)), &who), OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(auth_rate(f->auth, &f->cx, who), OK);
	assert_int_equal(auth_rate(f->auth, &f->cx, who), ERR_RATE_LIMITED);
	assert_int_equal(f->cx.error.retry_after_ms, 100);
	clock_manual_step(&f->clock, 100);
	assert_int_equal(auth_rate(f->auth, &f->cx, who), OK);
}

static void only_the_secret_of_this_process_is_its_own_workers(void **state)
{
	static const struct str one = { AUTH_OWN_WORKER "11", 19 },
				two = { AUTH_OWN_WORKER "22", 19 };
	struct fixture *f = *state;
	const struct principal *who;

	assert_int_equal(ask(f, one, &who), ERR_UNAUTHENTICATED);
	auth_own_worker(f->auth, one);
	assert_int_equal(ask(f, one, &who), OK);
	assert_int_equal(who->roles, ROLE_WORKER | ROLE_OPERATOR);
	assert_true(id_is_none(&who->org));
	assert_int_equal(ask(f, two, &who), ERR_UNAUTHENTICATED);
	auth_own_worker(f->auth, two); /* it was started again */
	assert_int_equal(ask(f, two, &who), OK);
	assert_int_equal(ask(f, one, &who), ERR_UNAUTHENTICATED);
}

int main(void)
{
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
		T(a_caller_over_his_rate_is_told_when_to_come_back),
		T(only_the_secret_of_this_process_is_its_own_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
