#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct str row_of(struct buf *b, struct str cell)
{
	struct csv c;

	buf_reset(b);
	csv_begin(&c, b, &(struct csv_opts){ 0 });
	csv_cell(&c, cell);
	csv_end(&c);
	return buf_view(b);
}

static void cell_is(struct str cell, const char *want)
{
	struct buf b = { 0 };

	assert_true(str_is(row_of(&b, cell), want));
	buf_done(&b);
}

static void every_cell_is_quoted_and_quotes_are_doubled(void **state)
{
	(void)state;
	cell_is(STR("a"), "\"a\"\r\n");
	cell_is(STR(""), "\"\"\r\n");
	cell_is((struct str){ 0 }, "\"\"\r\n");
	cell_is(STR("a\"b"), "\"a\"\"b\"\r\n");
	cell_is(STR("\""), "\"\"\"\"\r\n");
	cell_is(STR("\"\""), "\"\"\"\"\"\"\r\n");
	cell_is(STR("a\"\"b\""), "\"a\"\"\"\"b\"\"\"\r\n");
	cell_is(STR("a,b\nc"), "\"a,b\nc\"\r\n");
}

static void formulas_are_guarded(void **state)
{
	(void)state;
	cell_is(STR("=1+1"), "\"'=1+1\"\r\n");
	cell_is(STR("+1"), "\"'+1\"\r\n");
	cell_is(STR("-1"), "\"'-1\"\r\n");
	cell_is(STR("@SUM(A1)"), "\"'@SUM(A1)\"\r\n");
	cell_is(STR("\t=1"), "\"'\t=1\"\r\n");
	cell_is(STR("\r=1"), "\"'\r=1\"\r\n");
	cell_is(STR("a=1"), "\"a=1\"\r\n");
}

static void numbers_take_the_decimal_mark_and_no_guard(void **state)
{
	struct buf b = { 0 };
	struct csv c;
	struct csv_opts o;

	(void)state;
	assert_true(csv_opts_parse(STR(";"), STR(","), true, &o));
	csv_begin(&c, &b, &o);
	csv_dec(&c, (struct dec){ -1500000000 });
	csv_int(&c, -3);
	csv_time(&c, 0);
	csv_time(&c, 1000);
	csv_bool(&c, true);
	csv_end(&c);
	csv_z(&c, "next");
	csv_end(&c);
	assert_true(str_is(buf_view(&b),
			   "\xef\xbb\xbf\"-1,5\";\"-3\";\"\";"
			   "\"1970-01-01T00:00:01.000Z\";\"yes\"\r\n"
			   "\"next\"\r\n"));
	buf_done(&b);
}

static void only_known_options_are_taken(void **state)
{
	struct csv_opts o;

	(void)state;
	assert_true(csv_opts_parse((struct str){ 0 }, (struct str){ 0 }, false,
				   &o));
	assert_int_equal(o.delimiter, ',');
	assert_int_equal(o.decimal_mark, '.');
	assert_true(csv_opts_parse(STR("tab"), STR("."), false, &o));
	assert_int_equal(o.delimiter, '\t');
	assert_false(csv_opts_parse(STR("x"), STR("."), false, &o));
	assert_false(csv_opts_parse(STR(","), STR(";"), false, &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_quoted_and_quotes_are_doubled),
		cmocka_unit_test(formulas_are_guarded),
		cmocka_unit_test(numbers_take_the_decimal_mark_and_no_guard),
		cmocka_unit_test(only_known_options_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
