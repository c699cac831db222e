#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>

#include "cli/html_text.h"
#include "cli/wrap.h"

static struct arena *arena;

static const char *text(const char *html)
{
	return str_z(arena, html_text(arena, str_of(html)));
}

static const char *wrapped(const char *z, int columns, int indent)
{
	struct buf b = { 0 };
	const char *out;

	wrap_text(&b, str_of(z), columns, indent, indent);
	buf_ch(&b, 0);
	out = str_z(arena, buf_view(&b));
	buf_done(&b);
	return out;
}

#define IS(html, want) assert_string_equal(text(html), want)

static void tags_go_and_words_stay(void **state)
{
	(void)state;
	IS("a <b>bold</b> <span class=\"x>y\">word</span>", "a bold word");
	IS("plain", "plain");
	IS("", "");
	IS("a  \n b", "a b");
	IS("1 < 2 and 3 > 2", "1 < 2 and 3 > 2");
}

static void blocks_begin_new_lines(void **state)
{
	(void)state;
	IS("<p>one</p><p>two</p>", "one\n\ntwo");
	IS("one<br>two<br/>three", "one\ntwo\nthree");
	IS("<div>one</div><div>two</div>", "one\ntwo");
	IS("<h1>T</h1>x", "T\n\nx");
	IS("<pre>a\n  b</pre>c", "a\n  b\n\nc");
}

static void lists_have_bullets_and_numbers(void **state)
{
	(void)state;
	IS("<ul><li>a</li><li>b</li></ul>", "- a\n- b");
	IS("<ol start=3><li>a<li>b</ol>z", "3. a\n4. b\n\nz");
	IS("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b");
}

static void entities_become_their_characters(void **state)
{
	(void)state;
	IS("&lt;a&gt; &amp; &quot;b&quot;", "<a> & \"b\"");
	IS("&pi;&nbsp;&#955;&#x3bb;", "\xcf\x80 \xce\xbb\xce\xbb");
	IS("&nosuch; & &;", "&nosuch; & &;");
	IS("&#xD800;&#0;", "\xef\xbf\xbd\xef\xbf\xbd");
	IS("&#99999999999;", "\xef\xbf\xbd"
			     "999;");
}

static void what_is_no_text_vanishes(void **state)
{
	(void)state;
	IS("a<script>alert('<p>')</script>b", "ab");
	IS("a<style>x{}</STYLE >b", "ab");
	IS("a<!-- <p> -- -->b", "ab");
	IS("<!DOCTYPE html>a", "a");
	IS("a<script>never closed", "a");
}

static void formulas_tables_pictures_and_links_are_readable(void **state)
{
	(void)state;
	IS("H<sub>2</sub>O, 10<sup>-3</sup>, x<sup>n</sup>",
	   "H\xe2\x82\x82O, 10\xe2\x81\xbb\xc2\xb3, x^n");
	IS("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
	   "a | b\nc");
	IS("<img src=x alt=\"A &amp; B\">", "[picture: A & B]");
	IS("<a href=\"https://x.org/\">here</a>", "here <https://x.org/>");
	IS("<a href='https://x.org'>https://x.org</a>", "https://x.org");
	IS("<a href=\"javascript:x\">no</a>", "no");
}

static void broken_markup_is_survived(void **state)
{
	(void)state;
	IS("<", "<");
	IS("a <b", "a");
	IS("</ul></ul>x<li>y", "x\n- y");
	IS("<a href=>x</a>", "x");
}

static void lines_are_broken_at_spaces(void **state)
{
	(void)state;
	assert_string_equal(wrapped("aaaa bbbb cccc dddd eeee", 20, 0),
			    "aaaa bbbb cccc dddd\neeee");
	assert_string_equal(wrapped("one\n\ntwo", 20, 0), "one\n\ntwo");
	assert_string_equal(wrapped("  - aaaaaaaa bbbbbbbb cccccccc", 24, 0),
			    "  - aaaaaaaa bbbbbbbb\n  cccccccc");
	assert_string_equal(wrapped("abcdefghijklmnopqrstuvwxyz", 20, 0),
			    "abcdefghijklmnopqrst\nuvwxyz");
}

static void width_is_counted_in_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(wrap_width(STR("abc")), 3);
	assert_int_equal(wrap_width(STR("\xc3\xa4\xc3\xb6")), 2);
	assert_int_equal(wrap_width(STR("\xe6\x97\xa5\xe6\x9c\xac")), 4);
	assert_int_equal(wrap_width(STR("a\xcc\x81")), 1);
}

static void nothing_steers_the_terminal(void **state)
{
	struct buf b = { 0 };

	(void)state;
	wrap_clean(&b, STR("a\x1b[31mb\a\r\n\xc2\x9b"
			   "c\xe2\x80\xae"
			   "d\te"));
	assert_true(str_is(buf_view(&b), "a[31mb\ncd e"));
	buf_done(&b);
}

static int setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	arena = arena_new(4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_go_and_words_stay),
		cmocka_unit_test(blocks_begin_new_lines),
		cmocka_unit_test(lists_have_bullets_and_numbers),
		cmocka_unit_test(entities_become_their_characters),
		cmocka_unit_test(what_is_no_text_vanishes),
		cmocka_unit_test(
			formulas_tables_pictures_and_links_are_readable),
		cmocka_unit_test(broken_markup_is_survived),
		cmocka_unit_test(lines_are_broken_at_spaces),
		cmocka_unit_test(width_is_counted_in_columns_not_bytes),
		cmocka_unit_test(nothing_steers_the_terminal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
