#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/check.h"

static void every_code_has_its_own_kind_and_number(void **state)
{
	(void)state;
	for (int a = OK; a < ERR_COUNT; a++) {
		for (int b = OK; b < a; b++) {
			assert_string_not_equal(err_kind((enum err)a),
						err_kind((enum err)b));
			assert_int_not_equal(err_number((enum err)a),
					     err_number((enum err)b));
		}
	}
}

static void a_kind_leads_back_to_its_code(void **state)
{
	(void)state;
	for (int e = OK + 1; e < ERR_COUNT; e++)
		assert_int_equal(err_from_kind(err_kind((enum err)e)), e);
}

/* A foreign word must never turn a failure into a success. */
static void an_unknown_kind_is_internal(void **state)
{
	(void)state;
	assert_int_equal(err_from_kind("no_such_word"), ERR_INTERNAL);
	assert_int_equal(err_from_kind("ok"), ERR_INTERNAL);
	assert_int_equal(err_from_kind(""), ERR_INTERNAL);
	assert_int_equal(err_from_kind(NULL), ERR_INTERNAL);
}

static void only_our_own_failures_may_be_retried(void **state)
{
	(void)state;
	assert_true(err_retry(ERR_BUSY));
	assert_true(err_retry(ERR_UNAVAILABLE));
	assert_true(err_retry(ERR_INTERNAL));
	assert_false(err_retry(ERR_INVALID));
	assert_false(err_retry(ERR_TOO_LATE));
	assert_false(err_retry(OK));
}

static void the_numbers_of_json_rpc_are_those_of_its_specification(void **state)
{
	(void)state;
	assert_int_equal(err_number(OK), 0);
	assert_int_equal(err_number(ERR_BAD_JSON), -32700);
	assert_int_equal(err_number(ERR_BAD_REQUEST), -32600);
	assert_int_equal(err_number(ERR_UNKNOWN_METHOD), -32601);
	assert_int_equal(err_number(ERR_INVALID), -32602);
	assert_int_equal(err_number(ERR_INTERNAL), -32603);
}

static void check_what_is_false(void)
{
	CHECK(1 + 1 == 3);
}

static void check_what_is_true(void)
{
	CHECK(1 + 1 == 2);
}

static void ask_for_no_code(void)
{
	err_kind(ERR_COUNT);
}

static void a_check_aborts_when_false_and_only_then(void **state)
{
	(void)state;
	assert_true(aborts(check_what_is_false));
	assert_false(aborts(check_what_is_true));
	assert_true(aborts(ask_for_no_code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_own_kind_and_number),
		cmocka_unit_test(a_kind_leads_back_to_its_code),
		cmocka_unit_test(an_unknown_kind_is_internal),
		cmocka_unit_test(only_our_own_failures_may_be_retried),
		cmocka_unit_test(
			the_numbers_of_json_rpc_are_those_of_its_specification),
		cmocka_unit_test(a_check_aborts_when_false_and_only_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
