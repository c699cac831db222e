#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "cli/output.h"
#include "cli_world.h"

struct row {
	struct str name;
	int64_t count, size_bytes, wait_ms, at, unix_ms;
};
static const struct field row_fields[] = {
	FIELD(struct row, name, KIND_STR, ""),
	FIELD_OPT(struct row, count, KIND_INT, ""),
	FIELD_OPT(struct row, size_bytes, KIND_INT, ""),
	FIELD_OPT(struct row, wait_ms, KIND_INT, ""),
	FIELD_OPT(struct row, at, KIND_TIME, ""),
	FIELD_OPT(struct row, unix_ms, KIND_INT, ""),
	FIELD_END,
};
static const struct shape row_shape = SHAPE(struct row, row_fields);
struct page {
	struct list rows;
	struct row one;
};
static const struct field page_fields[] = {
	FIELD(struct page, rows, KIND_LIST, "", .of = KIND_OBJECT,
	      .shape = &row_shape),
	FIELD(struct page, one, KIND_OBJECT, "", .shape = &row_shape),
	FIELD_END,
};
static const struct shape page_shape = SHAPE(struct page, page_fields);

static const char *show(struct world *w, const struct shape *shape,
			const char *json, int columns)
{
	struct buf b = { 0 };
	const struct output o = { &b, columns, 0 };
	struct jdoc *doc;
	const char *z;

	assert_int_equal(jdoc_parse(&w->cx, str_of(json), &doc), OK);
	output_object(&w->cx, &o, shape, jdoc_root(doc));
	z = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return z;
}

static const char *span(struct world *w, int64_t ms)
{
	struct buf b = { 0 };
	const char *z;

	output_span(&b, ms);
	z = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	return z;
}

static void members_are_aligned_and_in_units(void **state)
{
	assert_string_equal(
		show(*state, &row_shape,
		     "{\"name\":\"x\",\"size_bytes\":1536,\"wait_ms\":90000,"
		     "\"at\":\"2026-01-02T03:04:05.678Z\",\"new\":true}",
		     80),
		"name:       x\n"
		"size_bytes: 1.5 KiB\n"
		"wait_ms:    1 min 30 s\n"
		"at:         2026-01-02 03:04:05 +00:00\n"
		"new:        yes\n");
}

/* An instant for machines: 20785 days are no answer to "what time is it". */
static void unix_ms_is_a_number(void **state)
{
	assert_string_equal(
		show(*state, &row_shape, "{\"unix_ms\":1795889880000}", 80),
		"unix_ms: 1795889880000\n");
}

static void lists_are_tables_with_numbers_to_the_right(void **state)
{
	assert_string_equal(
		show(*state, &page_shape,
		     "{\"rows\":[{\"name\":\"a\",\"count\":5},{\"name\":"
		     "\"longer\",\"count\":10},{\"name\":\"c\"}]}",
		     80),
		"rows:\n"
		"  name    count\n"
		"  a           5\n"
		"  longer     10\n"
		"  c           -\n");
}

static void a_table_too_wide_becomes_blocks(void **state)
{
	assert_string_equal(show(*state, &page_shape,
				 "{\"rows\":[{\"name\":\"aaaaaaaaaaaaaaaa\","
				 "\"count\":5},{\"name\":\"b\"}]}",
				 20),
			    "rows:\n"
			    "  name:  aaaaaaaaaaaaaaaa\n"
			    "  count: 5\n"
			    "\n"
			    "  name: b\n");
}

static void nested_things_are_indented_and_empty_ones_said(void **state)
{
	assert_string_equal(show(*state, NULL,
				 "{\"a\":{\"b\":[1,2],\"c\":null},\"d\":[],"
				 "\"e\":{},\"f\":[[1],{\"g\":\"h\"}]}",
				 80),
			    "a:\n"
			    "  b: 1, 2\n"
			    "  c: -\n"
			    "d: none\n"
			    "e:\n"
			    "  (empty)\n"
			    "f:\n"
			    "  1\n"
			    "\n"
			    "  g: h\n");
}

static void long_texts_hang_under_their_beginning(void **state)
{
	assert_string_equal(
		show(*state, NULL,
		     "{\"t\":\"aaaa bbbb cccc dddd eeee ffff\\nnew\"}", 24),
		"t: aaaa bbbb cccc dddd\n   eeee ffff\n   new\n");
}

static void a_result_cannot_steer_the_terminal(void **state)
{
	const char *z = show(*state, NULL,
			     "{\"a\\u001b[1m\":\"x\\u001b]0;t\\u0007\"}", 80);

	assert_null(strchr(z, '\x1b'));
	assert_null(strchr(z, '\a'));
}

static void times_are_shown_in_the_zone_of_the_reader(void **state)
{
	setenv("TZ", "IST-5:30", 1);
	tzset();
	assert_string_equal(show(*state, &row_shape,
				 "{\"at\":\"2026-01-02T03:04:05Z\"}", 80),
			    "at: 2026-01-02 08:34:05 +05:30\n");
	setenv("TZ", "NST3:30", 1);
	tzset();
	assert_string_equal(show(*state, &row_shape,
				 "{\"at\":\"2026-01-02T03:04:05Z\"}", 80),
			    "at: 2026-01-01 23:34:05 -03:30\n");
	setenv("TZ", "UTC", 1);
	tzset();
}

static void spans_are_exact(void **state)
{
	struct world *w = *state;

	assert_string_equal(span(w, 0), "0 s");
	assert_string_equal(span(w, 250), "250 ms");
	assert_string_equal(span(w, 1500), "1.500 s");
	assert_string_equal(span(w, 3600000), "1 h");
	assert_string_equal(span(w, 90061001), "1 d 1 h 1 min 1.001 s");
	assert_string_equal(span(w, -60000), "-1 min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_aligned_and_in_units),
		cmocka_unit_test(unix_ms_is_a_number),
		cmocka_unit_test(lists_are_tables_with_numbers_to_the_right),
		cmocka_unit_test(a_table_too_wide_becomes_blocks),
		cmocka_unit_test(
			nested_things_are_indented_and_empty_ones_said),
		cmocka_unit_test(long_texts_hang_under_their_beginning),
		cmocka_unit_test(a_result_cannot_steer_the_terminal),
		cmocka_unit_test(times_are_shown_in_the_zone_of_the_reader),
		cmocka_unit_test(spans_are_exact),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
