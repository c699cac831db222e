#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/tree_frames.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

struct test {
	struct ctx cx;
	struct buf b;
	struct tree_told told;
};

static int open_test(void **state)
{
	static struct test t;

	t = (struct test){ .cx = { .arena = arena_new(1 << 16) } };
	*state = &t;
	return 0;
}

static int close_test(void **state)
{
	struct test *t = *state;

	buf_done(&t->b);
	arena_free(t->cx.arena);
	return 0;
}

static void begin(struct test *t)
{
	buf_reset(&t->b);
	buf_z(&t->b, "ASSAYTREE1\n");
}

static void frame(struct test *t, char type, struct str name, struct str data)
{
	buf_ch(&t->b, type);
	for (int i = 0; i < 4; i++)
		buf_ch(&t->b, (char)(name.n >> (8 * i)));
	for (int i = 0; i < 4; i++)
		buf_ch(&t->b, (char)(data.n >> (8 * i)));
	buf_str(&t->b, name);
	buf_str(&t->b, data);
}

static enum err decode(struct test *t)
{
	return tree_frames_read(&t->cx, buf_view(&t->b), &t->told);
}

static void what_was_written_is_read_again(void **state)
{
	struct test *t = *state;
	struct run_file files[] = {
		{ STR("a"), STR("1"), false },
		{ STR("b/c"), STR(""), true },
	};
	struct tree_refused refused[] = { { .name = STR("x"),
					    .why = STR("is a link") } };
	struct tree_told in = { .commit = STR(COMMIT),
				.list = { .files = { files, 2 },
					  .refused = { refused, 1 },
					  .refused_more = 7 } };
	const struct run_file *f;

	tree_frames_write(&t->b, &in);
	assert_int_equal(decode(t), OK);
	assert_true(str_is(t->told.commit, COMMIT));
	f = t->told.list.files.at;
	assert_int_equal(t->told.list.files.n, 2);
	assert_true(str_is(f[1].name, "b/c") && f[1].executable);
	assert_true(str_is(f[0].data, "1") && !f[0].executable);
	assert_int_equal(t->told.list.refused.n, 1);
	assert_int_equal(t->told.list.refused_more, 7);
}

static void every_cut_of_it_is_noticed(void **state)
{
	struct test *t = *state;
	struct run_file file = { STR("a"), STR("1"), false };
	struct tree_told in = { .list = { .files = { &file, 1 } } };
	struct str all;

	tree_frames_write(&t->b, &in);
	all = buf_view(&t->b);
	for (size_t n = 0; n < all.n; n++)
		assert_int_equal(
			tree_frames_read(&t->cx, str_cut(all, 0, n), &t->told),
			ERR_CORRUPT);
	buf_ch(&t->b, 0);
	assert_int_equal(decode(t), ERR_CORRUPT);
}

struct row {
	char type;
	struct str name, data;
};

/* A box that was broken into can say no more than an honest one. */
static void what_no_honest_box_says_is_refused(void **state)
{
	static char long_why[TREE_FRAMES_WHY + 1];
	static const struct row rows[] = {
		{ 'F', { "../x", 4 }, { "", 0 } },
		{ 'F', { "/x", 2 }, { "", 0 } },
		{ 'F', { "", 0 }, { "", 0 } },
		{ 'F', { ".git/config", 11 }, { "", 0 } },
		{ 'F', { "a\0b", 3 }, { "", 0 } },
		{ 'F', { "kept", 4 }, { "", 0 } }, /* the second of the name */
		{ 'F', { "KEPT", 4 }, { "", 0 } },
		{ 'X', { "kept/x", 6 }, { "", 0 } },
		{ 'C', { COMMIT, 40 }, { "", 0 } }, /* behind a file */
		{ 'M', { "0", 1 }, { "", 0 } },
		{ 'M', { "x", 1 }, { "", 0 } },
		{ 'E', { "ok", 2 }, { "", 0 } },
		{ 'E', { "internal", 8 }, { "", 0 } },
		{ 'R', { "x", 1 }, { long_why, sizeof(long_why) } },
		{ '?', { "", 0 }, { "", 0 } },
		{ 'Z', { "x", 1 }, { "", 0 } },
	};
	struct test *t = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(t);
		frame(t, 'F', STR("kept"), STR("1"));
		frame(t, rows[i].type, rows[i].name, rows[i].data);
		frame(t, 'Z', STR(""), STR(""));
		if (decode(t) != ERR_CORRUPT)
			fail_msg("row %zu was believed", i);
	}
	begin(t);
	frame(t, 'C', STR("0123"), STR(""));
	frame(t, 'Z', STR(""), STR(""));
	assert_int_equal(decode(t), ERR_CORRUPT);
}

static void lengths_beyond_the_bytes_are_refused(void **state)
{
	struct test *t = *state;

	begin(t);
	buf_add(&t->b, "F\xff\xff\xff\xff\xff\xff\xff\xff", 9);
	assert_int_equal(decode(t), ERR_CORRUPT);
	begin(t);
	buf_add(&t->b,
		"F\x01\0\0\0\xff\xff\xff\xff"
		"a",
		10);
	assert_int_equal(decode(t), ERR_CORRUPT);
}

static void more_than_a_tree_holds_is_refused(void **state)
{
	struct test *t = *state;

	begin(t);
	for (int i = 0; i <= TREE_ENTRIES; i++)
		frame(t, 'F', str_fmt(t->cx.arena, "f%d", i), STR(""));
	frame(t, 'Z', STR(""), STR(""));
	assert_int_equal(decode(t), ERR_CORRUPT);
	begin(t);
	for (int i = 0; i <= TREE_REFUSED; i++)
		frame(t, 'R', STR("x"), STR("y"));
	frame(t, 'Z', STR(""), STR(""));
	assert_int_equal(decode(t), ERR_CORRUPT);
}

static void an_error_inside_is_the_error_outside(void **state)
{
	struct test *t = *state;

	err_set(&t->cx, ERR_NOT_FOUND, "there is no such branch\x1b[2J");
	tree_frames_write_error(&t->b, &t->cx);
	err_clear(&t->cx);
	assert_int_equal(decode(t), ERR_NOT_FOUND);
	assert_string_equal(t->cx.error.text,
			    "there is no such branch\\x1b[2J");
	begin(t);
	frame(t, 'E', STR("not_found"), STR("x"));
	frame(t, 'F', STR("a"), STR("x"));
	frame(t, 'Z', STR(""), STR(""));
	assert_int_equal(decode(t), ERR_CORRUPT);
}

static void refused_names_are_safe_to_show(void **state)
{
	struct test *t = *state;
	struct tree_refused *r;

	begin(t);
	frame(t, 'R', STR("a\x1b[31m\xff\xe2\x80\xae\\\xc3\xbc"),
	      STR("is bad"));
	frame(t, 'Z', STR(""), STR(""));
	assert_int_equal(decode(t), OK);
	r = t->told.list.refused.at;
	assert_true(
		str_is(r->name, "a\\x1b[31m\\xff\\xe2\\x80\\xae\\\xc3\xbc"));
}

#define frames_test(f) cmocka_unit_test_setup_teardown(f, open_test, close_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		frames_test(what_was_written_is_read_again),
		frames_test(every_cut_of_it_is_noticed),
		frames_test(what_no_honest_box_says_is_refused),
		frames_test(lengths_beyond_the_bytes_are_refused),
		frames_test(more_than_a_tree_holds_is_refused),
		frames_test(an_error_inside_is_the_error_outside),
		frames_test(refused_names_are_safe_to_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
