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

/* He runs it, so he gives any role in it; the installation is not his. */
static void an_administrator_grants_any_role_but_the_operators(void **state)
{
	struct world *w = *state;
	struct reply r;

	for (int i = 0; role_words[i]; i++) {
		enum err want = 1 << i == ROLE_OPERATOR ? ERR_DENIED : OK;

		r = world_call(w, "admin", "key.create",
			       "{\"name\":\"x\",\"roles\":[\"%s\"]}",
			       role_words[i]);
		assert_int_equal(r.e, want);
		if (r.e)
			assert_true(str_is(r.field, "/roles"));
	}
	world_ok(w, "operator", "key.create",
		 "{\"name\":\"x\",\"roles\":[\"operator\"]}");
}

static void nobody_else_grants_anything(void **state)
{
	static const char *const callers[] = { "learner:ann", "platform",
					       "author",      "moderator",
					       "auditor",     "worker" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
		struct reply r =
			world_call(w, callers[i], "key.create",
				   "{\"name\":\"x\",\"roles\":[\"platform\"]}");

		assert_int_equal(r.e, ERR_DENIED);
	}
}

static void nobody_grants_a_course_that_he_has_not(void **state)
{
	static const struct {
		const char *courses;
		enum err want;
	} rows[] = {
		{ "", ERR_DENIED },
		{ ",\"courses\":[]", ERR_DENIED },
		{ ",\"courses\":[\"d\"]", ERR_DENIED },
		{ ",\"courses\":[\"c\",\"d\"]", ERR_DENIED },
		{ ",\"courses\":[\"c\"]", OK },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply r = world_call(w, "bound-admin:c", "key.create",
					    "{\"name\":\"x\",\"roles\":"
					    "[\"auditor\"]%s}",
					    rows[i].courses);

		assert_int_equal(r.e, rows[i].want);
	}
}

static void an_issuers_audience_is_made_of_its_organization(void **state)
{
	struct world *w = *state;
	struct reply r = world_ok(w, "admin", "organization.get", "{}");
	const char *audience = reply_text(w, &r, "audience");

	assert_non_null(strstr(audience, reply_text(w, &r, "organization")));
	r = world_ok(w, "admin", "issuer.register",
		     "{\"issuer\":\"https://a\",\"jwks\":" JWKS "}");
	assert_string_equal(reply_text(w, &r, "audience"), audience);
	r = world_call(w, "admin", "issuer.register",
		       "{\"issuer\":\"https://b\",\"audience\":\"assay\","
		       "\"jwks\":" JWKS "}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_is(r.field, "/audience"));
	assert_non_null(strstr(r.message.p, audience));
}

static void an_issuer_is_registered_rotated_and_revoked(void **state)
{
	struct world *w = *state;
	struct reply r =
		world_ok(w, "admin", "issuer.register",
			 "{\"issuer\":\"https://a\",\"jwks\":" JWKS "}");
	const char *id = reply_text(w, &r, "id");

	r = world_call(w, "admin", "issuer.register",
		       "{\"issuer\":\"https://a\",\"jwks\":" JWKS "}");
	assert_int_equal(r.e, ERR_CONFLICT);
	world_ok(w, "admin", "issuer.update",
		 "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
	world_ok(w, "admin", "issuer.revoke", "{\"id\":\"%s\"}", id);
	r = world_call(w, "admin", "issuer.update",
		       "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(w, "admin", "issuer.register",
		       "{\"issuer\":\"https://b\","
		       "\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_true(str_starts(r.field, "/jwks"));
}

/* ---- who a learner is ---- */

static void an_id_leads_back_to_the_platforms_name(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	quiz_publish(w, "");
	r = world_ok(w, "learner:ann", "attempt.start", QUIZ_REF);
	id = reply_text(w, &r, "learner");
	r = world_ok(w, "platform", "learner.get", "{\"id\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "subject"), "ann");
	assert_string_equal(reply_text(w, &r, "id"), id);
	r = world_ok(w, "bound:c", "learner.get", "{\"id\":\"%s\"}", id);
	assert_string_equal(reply_text(w, &r, "subject"), "ann");
	r = world_call(w, "foreign", "learner.get", "{\"id\":\"%s\"}", id);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_call(w, "learner:ann", "learner.get", "{\"id\":\"%s\"}", id);
	assert_int_equal(r.e, ERR_DENIED);
	r = world_call(w, "platform", "learner.get", "{}");
	assert_int_equal(r.e, ERR_INVALID);
	r = world_call(w, "platform", "learner.get",
		       "{\"id\":\"%s\",\"learner\":\"ann\"}", id);
	assert_int_equal(r.e, ERR_INVALID);
}

static void all_learners_are_listed_page_by_page(void **state)
{
	enum { LEARNERS = 25 };
	struct world *w = *state;
	const char *cursor = "";
	int seen = 0, pages = 0;
	struct reply r;

	for (int i = 0; i < LEARNERS; i++)
		world_ok(w, "platform", "learner.set",
			 "{\"learner\":\"s%d\",\"name\":\"N\"}", i);
	world_ok(w, "foreign", "learner.set",
		 "{\"learner\":\"theirs\",\"name\":\"N\"}");
	do {
		r = world_ok(w, "admin", "learner.list", "{\"limit\":10%s}",
			     cursor);
		assert_null(strstr(r.json.p, "theirs"));
		seen += (int)reply_count(w, &r, "learners");
		pages++;
		if (reply_has(w, &r, "next"))
			cursor = str_fmt(w->cx.arena, ",\"cursor\":\"%s\"",
					 reply_text(w, &r, "next"))
					 .p;
	} while (reply_has(w, &r, "next"));
	assert_int_equal(seen, LEARNERS);
	assert_int_equal(pages, 3);
}

static void who_was_erased_and_comes_back_is_a_stranger(void **state)
{
	struct world *w = *state;
	const char *old, *attempt, *fresh;
	struct reply r;

	quiz_publish(w, "\"attempts\":0");
	attempt = quiz_start(w, "learner:ann");
	r = world_ok(w, "learner:ann", "attempt.get", "{\"attempt\":\"%s\"}",
		     attempt);
	r = world_ok(w, "platform", "learner.get", "{\"learner\":\"ann\"}");
	old = reply_text(w, &r, "id");
	world_pass(w, 1000);
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"r\"}");
	r = world_ok(w, "platform", "learner.get", "{\"learner\":\"ann\"}");
	assert_string_equal(reply_text(w, &r, "id"), old);
	assert_true(reply_has(w, &r, "erased_at"));
	/* She is back: none of it is hers. */
	r = world_ok(w, "learner:ann", "attempt.start", QUIZ_REF);
	fresh = reply_text(w, &r, "learner");
	assert_string_not_equal(fresh, old);
	assert_int_equal(reply_int(w, &r, "number"), 1);
	r = world_call(w, "learner:ann", "attempt.get", "{\"attempt\":\"%s\"}",
		       attempt);
	assert_int_equal(r.e, ERR_NOT_FOUND);
	r = world_ok(w, "platform", "learner.get", "{\"id\":\"%s\"}", old);
	assert_true(reply_has(w, &r, "erased_at"));
	assert_false(reply_has(w, &r, "subject"));
	r = world_ok(w, "platform", "learner.get", "{\"learner\":\"ann\"}");
	assert_string_equal(reply_text(w, &r, "id"), fresh);
	r = world_ok(w, "moderator", "attempt.export", "{\"course\":\"c\"}");
	assert_true(str_find(r.bytes, str_of(old), 0) != SIZE_MAX);
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
		quiz_test(an_administrator_grants_any_role_but_the_operators),
		quiz_test(nobody_else_grants_anything),
		quiz_test(nobody_grants_a_course_that_he_has_not),
		quiz_test(an_issuers_audience_is_made_of_its_organization),
		quiz_test(an_issuer_is_registered_rotated_and_revoked),
		quiz_test(an_id_leads_back_to_the_platforms_name),
		quiz_test(all_learners_are_listed_page_by_page),
		quiz_test(who_was_erased_and_comes_back_is_a_stranger),
		quiz_test(what_another_tenant_has_is_not_found),
		quiz_test(a_call_without_or_with_an_unknown_token_is_refused),
		quiz_test(
			every_method_refuses_roles_that_its_row_does_not_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
