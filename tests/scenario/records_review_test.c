/* What records may hold, and what a bound administrator may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/quiz.h"

static bool chain_has(struct world *w, const char *text)
{
	struct reply r = world_ok(w, "auditor", "audit.export", "{}");

	return str_find(r.bytes, str_of(text), 0) != SIZE_MAX;
}

static void an_overrides_password_is_in_no_record(void **state)
{
	struct world *w = *state;
	struct reply a, b;
	const char *params = "{\"course\":\"c\",\"slug\":\"q\","
			     "\"learner\":\"ann\",\"rules\":{\"password\":"
			     "\"opensesame\"},\"idempotency_key\":\"k\"}";

	quiz_publish(w, "");
	a = world_ok(w, "platform", "override.set", "%s", params);
	assert_false(chain_has(w, "opensesame"));
	b = world_ok(w, "platform", "override.set", "%s", params);
	assert_true(str_eq(a.result, b.result));
	assert_int_equal(world_records(w, "override.set"), 1);
}

static void an_accommodations_reason_is_in_no_record(void **state)
{
	struct world *w = *state;
	const char *params = "{\"learner\":\"ann\",\"rules\":{\"extra_ms\""
			     ":60000,\"reason\":\"dyslexia\"},"
			     "\"idempotency_key\":\"k\"}";

	world_ok(w, "platform", "accommodation.set", "%s", params);
	assert_false(chain_has(w, "dyslexia"));
	world_ok(w, "platform", "accommodation.set", "%s", params);
	assert_int_equal(world_records(w, "accommodation.set"), 1);
}

static void a_checked_response_is_in_no_reply_that_is_kept(void **state)
{
	struct world *w = *state;
	struct reply a, b;
	const char *id;

	quiz_publish(w, "\"behaviour\":\"adaptive\"," QUIZ_SHOW_ALL);
	id = quiz_start(w, "learner:ann");
	a = world_ok(w, "learner:ann", "attempt.check",
		     "{\"attempt\":\"%s\",\"slot\":2,\"response\":"
		     "{\"text\":\"my own words\"},\"idempotency_key\":\"k\"}",
		     id);
	assert_false(chain_has(w, "my own words"));
	b = world_ok(w, "learner:ann", "attempt.check",
		     "{\"attempt\":\"%s\",\"slot\":2,\"response\":"
		     "{\"text\":\"my own words\"},\"idempotency_key\":\"k\"}",
		     id);
	assert_true(str_eq(a.result, b.result));
	assert_int_equal(world_records(w, "attempt.checked"), 1);
}

static void a_markers_words_are_in_no_reply_that_is_kept(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, "learner:ann");
	quiz_answer(w, "learner:ann", id, 2, 0, "{\"text\":\"my own words\"}");
	quiz_do(w, "learner:ann", "attempt.submit", id);
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":2,\"mark\":1,\"comment\":"
		 "\"poor spelling\",\"idempotency_key\":\"k\"}",
		 id);
	assert_false(chain_has(w, "my own words"));
	assert_false(chain_has(w, "poor spelling"));
}

#define JWKS                                                                   \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"x\":"   \
	"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"               \
	"\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

static void who_has_some_courses_changes_no_issuer(void **state)
{
	struct world *w = *state;
	const char *key = "bound-admin:c", *id;
	struct reply r = world_ok(w, "admin", "issuer.register",
				  "{\"issuer\":\"i\",\"jwks\":" JWKS "}");

	id = reply_text(w, &r, "id");
	r = world_call(w, key, "issuer.update",
		       "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
	assert_int_equal(r.e, ERR_DENIED);
	r = world_call(w, key, "issuer.revoke", "{\"id\":\"%s\"}", id);
	assert_int_equal(r.e, ERR_DENIED);
	world_ok(w, "admin", "issuer.update",
		 "{\"id\":\"%s\",\"jwks\":" JWKS "}", id);
}

static void who_has_some_courses_reads_no_chain(void **state)
{
	struct world *w = *state;
	struct reply r = world_call(w, "bound-admin:c", "audit.export",
				    "{\"personal\":true}");

	assert_int_equal(r.e, ERR_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(an_overrides_password_is_in_no_record),
		quiz_test(an_accommodations_reason_is_in_no_record),
		quiz_test(a_checked_response_is_in_no_reply_that_is_kept),
		quiz_test(a_markers_words_are_in_no_reply_that_is_kept),
		quiz_test(who_has_some_courses_changes_no_issuer),
		quiz_test(who_has_some_courses_reads_no_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
