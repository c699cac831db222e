#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/auth/auth_sql.h"
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

static struct token_wish wish(const struct fixture *f)
{
	return (struct token_wish){ .issuer = STR("https://lms.example"),
				    .audience = f->issuer.audience,
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
		T(an_audience_names_its_organization),
		T(who_registers_anothers_keys_gets_none_of_its_tokens),
		T(many_registrations_of_others_hide_nobodys),
		T(a_live_issuer_and_audience_belong_to_one_tenant),
		T(a_token_that_names_two_tenants_is_nobodys),
		T(of_two_that_have_the_same_pair_the_older_keeps_it),
		T(a_caller_over_his_rate_is_told_when_to_come_back),
		T(an_erased_person_leaves_only_a_pseudonym),
		T(who_comes_back_is_somebody_else),
		T(a_token_of_before_the_erasure_is_refused_for_ever),
		T(a_cached_token_does_nothing_for_who_was_erased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
