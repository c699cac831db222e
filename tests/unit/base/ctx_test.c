#include "base/ctx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/check.h"

static void an_error_keeps_its_code_and_sentence(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	assert_int_equal(err_set(&cx, ERR_CONFLICT, "item %d is taken", 7),
			 ERR_CONFLICT);
	assert_int_equal(cx.error.code, ERR_CONFLICT);
	assert_string_equal(cx.error.text, "item 7 is taken");
	assert_string_equal(cx.error.field, "");
	assert_string_equal(cx.error.detail, "");
}

static void a_field_error_names_its_field(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	assert_int_equal(
		err_field(&cx, ERR_INVALID, "/a/0/b", "must be %s", "short"),
		ERR_INVALID);
	assert_string_equal(cx.error.field, "/a/0/b");
	assert_string_equal(cx.error.text, "must be short");
}

static void details_gather_and_leave_the_code(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	(void)err_set(&cx, ERR_UNAVAILABLE, "try again");
	assert_int_equal(err_detail(&cx, "disk"), ERR_UNAVAILABLE);
	assert_int_equal(err_detail(&cx, "errno %d", 28), ERR_UNAVAILABLE);
	assert_string_equal(cx.error.text, "try again");
	assert_string_equal(cx.error.detail, "disk; errno 28");
}

static void a_new_error_forgets_the_old_one_but_may_quote_it(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	(void)err_field(&cx, ERR_INVALID, "/x", "inner");
	(void)err_detail(&cx, "secret");
	cx.error.retry_after_ms = 5;
	cx.error.data = STR("{}");
	(void)err_set(&cx, ERR_CORRUPT, "outer: %s", cx.error.text);
	assert_string_equal(cx.error.text, "outer: inner");
	assert_string_equal(cx.error.field, "");
	assert_string_equal(cx.error.detail, "");
	assert_int_equal(cx.error.retry_after_ms, 0);
	assert_null(cx.error.data.p);
}

/* "é" has two bytes, so one of the two lengths must fall inside of it. */
static void a_long_sentence_is_cut_between_characters(void **state)
{
	struct ctx cx = { 0 };
	char text[2 * ERR_TEXT + 2];
	size_t n;

	(void)state;
	for (int odd = 0; odd < 2; odd++) {
		memset(text, 'a', sizeof(text));
		for (size_t i = (size_t)odd; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[sizeof(text) - 1 - (odd ? 0 : 1)] = 0;
		(void)err_set(&cx, ERR_INVALID, "%s", text);
		n = strlen(cx.error.text);
		assert_in_range(n, ERR_TEXT - 2, ERR_TEXT - 1);
		assert_true(str_utf8_ok(str_of(cx.error.text)));
	}
}

static void a_full_detail_takes_no_more(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	(void)err_set(&cx, ERR_INTERNAL, "x");
	for (int i = 0; i < 200; i++)
		(void)err_detail(&cx, "part %d", i);
	assert_in_range(strlen(cx.error.detail), ERR_TEXT - 4, ERR_TEXT - 1);
}

static void clearing_leaves_nothing(void **state)
{
	static const struct err_info none;
	struct ctx cx = { 0 };

	(void)state;
	(void)err_field(&cx, ERR_INVALID, "/x", "y");
	err_clear(&cx);
	assert_memory_equal(&cx.error, &none, sizeof(none));
}

static void set_ok(void)
{
	struct ctx cx = { 0 };

	(void)err_set(&cx, OK, "fine");
}

static void success_is_not_an_error_to_set(void **state)
{
	(void)state;
	assert_true(aborts(set_ok));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_keeps_its_code_and_sentence),
		cmocka_unit_test(a_field_error_names_its_field),
		cmocka_unit_test(details_gather_and_leave_the_code),
		cmocka_unit_test(
			a_new_error_forgets_the_old_one_but_may_quote_it),
		cmocka_unit_test(a_long_sentence_is_cut_between_characters),
		cmocka_unit_test(a_full_detail_takes_no_more),
		cmocka_unit_test(clearing_leaves_nothing),
		cmocka_unit_test(success_is_not_an_error_to_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
