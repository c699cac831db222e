/* Tenants, keys, issuers, learners, and what one tenant may see of another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/rpc/table.h"
#include "tests/scenario/quiz.h"

#define JWKS                                                                   \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"x\":"   \
	"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"               \
	"\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

static void a_key_is_shown_once_also_when_the_call_is_repeated(void **state)
{
	struct world *w = *state;
	const char *params = "{\"name\":\"lms\",\"roles\":[\"platform\"],"
			     "\"idempotency_key\":\"one\"}";
	struct reply r = world_ok(w, "admin", "key.create", "%s", params);
	const char *key = reply_text(w, &r, "key");

	assert_int_equal(strncmp(key, "assay_", 6), 0);
	r = world_call(w, "admin", "key.create", "%s", params);
	assert_int_equal(r.e, ERR_CONFLICT);
	assert_null(strstr(r.json.p, key));
	r = world_ok(w, "admin", "key.list", "{}");
	assert_null(strstr(r.json.p, key));
	assert_int_equal(world_records(w, "key.created"), 1);
}

static void the_record_of_a_new_key_does_not_hold_it(void **state)
{
	struct world *w = *state;
	struct reply r = world_ok(w, "admin", "key.create",
				  "{\"name\":\"lms\",\"roles\":[\"platform\"],"
				  "\"idempotency_key\":\"two\"}");
	const char *key = reply_text(w, &r, "key");

	r = world_ok(w, "auditor", "audit.export", "{\"personal\":true}");
	assert_non_null(r.bytes.p);
	assert_true(str_find(r.bytes, str_of(key + 39), 0) == SIZE_MAX);
}

static void a_revoked_key_is_another_tenants_business_never(void **state)
{
	struct world *w = *state;
	struct reply r = world_ok(w, "admin", "key.create",
				  "{\"name\":\"x\",\"roles\":[\"platform\"]}");
	const char *id = reply_text(w, &r, "id");

	r = world_call(w, "foreign", "key.revoke", "{\"id\":\"%s\"}", id);
	assert_true(r.e == ERR_NOT_FOUND || r.e == ERR_DENIED);
	world_ok(w, "admin", "key.revoke", "{\"id\":\"%s\"}", id);
	r = world_call(w, "admin", "key.revoke",
		       "{\"id\":\"018f0000-0000-7000-8000-000000000001\"}");
	assert_int_equal(r.e, ERR_NOT_FOUND);
}

static void nobody_grants_a_right_that_he_has_not(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(w, "admin", "key.create",
				    "{\"name\":\"x\",\"roles\":[\"operator\"]"
				    "}");

	assert_int_equal(r.e, ERR_DENIED);
	assert_true(str_is(r.field, "/roles"));
	r = world_call(w, "learner:ann", "key.create",
		       "{\"name\":\"x\",\"roles\":[\"platform\"]}");
	assert_int_equal(r.e, ERR_DENIED);
}

static void an_issuer_is_registered_rotated_and_revoked(void **state)
{
	struct world *w = *state;
	struct reply r = world_ok(w, "admin", "issuer.register",
				  "{\"issuer\":\"https://a\",\"audience\":"
				  "\"assay\",\"jwks\":" JWKS "}");
	const char *id = reply_text(w, &r, "id");

	r = world_call(w, "admin", "issuer.register",
		       "{\"issuer\":\"https://a\",\"audience\":\"assay\","
		       "\"jwks\":" JWKS "}");
	assert_int_equal(r.e, ERR_CONFLICT);
	world_ok(w, "admin", "issuer.update",
		 "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
	world_ok(w, "admin", "issuer.revoke", "{\"id\":\"%s\"}", id);
	r = world_call(w, "admin", "issuer.update",
		       "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(w, "admin", "issuer.register",
		       "{\"issuer\":\"https://b\",\"audience\":\"assay\","
		       "\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_starts(r.field, "/jwks"));
}

static void what_another_tenant_has_is_not_found(void **state)
{
	struct world *w = *state;
	const char *assessment = quiz_publish(w, "");
	const char *attempt = quiz_start(w, "learner:ann");
	static const struct {
		const char *who, *method, *params;
		bool attempt;
	} calls[] = {
		{ "foreign", "assessment.get", "{\"assessment\":\"%s\"}", 0 },
		{ "foreign", "assessment.retire", "{\"assessment\":\"%s\"}",
		  0 },
		{ "foreign", "override.list", "{\"assessment\":\"%s\"}", 0 },
		{ "foreign", "gradebook.release", "{\"assessment\":\"%s\"}",
		  0 },
		{ "stranger:ann", "attempt.start", "{\"assessment\":\"%s\"}",
		  0 },
		{ "stranger:ann", "attempt.get", "{\"attempt\":\"%s\"}", 1 },
		{ "stranger:ann", "attempt.submit", "{\"attempt\":\"%s\"}", 1 },
		{ "learner:bob", "attempt.get", "{\"attempt\":\"%s\"}", 1 },
		{ "learner:bob", "attempt.submit", "{\"attempt\":\"%s\"}", 1 },
		{ "foreign", "attempt.get", "{\"attempt\":\"%s\"}", 1 },
		{ "bound:elsewhere", "assessment.get",
		  "{\"assessment\":\"%s\"}", 0 },
		{ "bound:elsewhere", "attempt.get", "{\"attempt\":\"%s\"}", 1 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct str at = str_of(calls[i].params);
		size_t hole = str_find(at, STR("%s"), 0);
		struct str params =
			str_fmt(w->cx.arena, "%.*s%s%.*s",
				STR_FMT(str_cut(at, 0, hole)),
				calls[i].attempt ? attempt : assessment,
				STR_FMT(str_cut(at, hole + 2, at.n)));
		struct reply r = world_call(w, calls[i].who, calls[i].method,
					    "%s", params.p);

		if (r.e != ERR_NOT_FOUND)
			print_error("%s as %s: %s\n", calls[i].method,
				    calls[i].who, r.json.p);
		assert_int_equal(r.e, ERR_NOT_FOUND);
	}
}

static void a_call_without_or_with_an_unknown_token_is_refused(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(w, "nobody at all", "assessment.list",
				    "{\"course\":\"c\"}");

	assert_int_equal(r.e, ERR_UNAUTHENTICATED);
}

static void every_method_refuses_roles_that_its_row_does_not_name(void **state)
{
	struct world *w = *state;
	size_t it = 0;
	const struct rpc_method *m;

	while ((m = rpc_each(w->app->methods, &it))) {
		struct reply r;

		if (m->roles & (ROLE_LEARNER | ROLE_ANYONE))
			continue;
		r = world_call(w, "learner:ann", m->name, "{}");
		if (r.e != ERR_DENIED)
			print_error("%s: %s\n", m->name, r.json.p);
		assert_int_equal(r.e, ERR_DENIED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_key_is_shown_once_also_when_the_call_is_repeated),
		quiz_test(the_record_of_a_new_key_does_not_hold_it),
		quiz_test(a_revoked_key_is_another_tenants_business_never),
		quiz_test(nobody_grants_a_right_that_he_has_not),
		quiz_test(an_issuer_is_registered_rotated_and_revoked),
		quiz_test(what_another_tenant_has_is_not_found),
		quiz_test(a_call_without_or_with_an_unknown_token_is_refused),
		quiz_test(
			every_method_refuses_roles_that_its_row_does_not_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
