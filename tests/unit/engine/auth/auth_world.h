/*
 * auth_world: a store with one organization, its platform's key and issuer, and
 * an auth over it, under a still clock. Include after cmocka.h.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static inline void begin(struct fixture *f)
{
	f->cx.db = f->writer;
	assert_int_equal(store_begin(f->writer, &f->cx), OK);
}

static inline void commit(struct fixture *f)
{
	assert_int_equal(store_commit(f->writer, &f->cx), OK);
	f->cx.db = NULL;
}

static inline void open_store(struct fixture *f)
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

static inline void make_tenant(struct fixture *f)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline struct token_wish wish(const struct fixture *f)
{
	return (struct token_wish){ .issuer = STR("https://lms.example"),
				    .audience = f->issuer.audience,
				    .subject = STR("ada"),
				    .lives_ms = 3600000 };
}

static inline struct str sign(struct fixture *f, struct token_wish w)
{
	struct str token;

	assert_int_equal(sign_for(&f->cx, f->jwk, &w, &token), OK);
	return token;
}

static inline enum err ask(struct fixture *f, struct str token,
			   const struct principal **who)
{
	err_clear(&f->cx);
	return auth_principal(f->auth, &f->cx, token, who);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
