/* What a terminal shows; that a painted one is the same is fuzz.vt's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "engine/worker/vt.h"

#define E "\x1b"

static void shows(const char *bytes, const char *text)
{
	struct vt *v = vt_new(4, 10);
	struct buf b = { 0 };

	vt_write(v, str_of(bytes));
	vt_text(v, &b);
	if (!str_is(buf_view(&b), text))
		fail_msg("%s:\n%.*s", bytes, STR_FMT(buf_view(&b)));
	buf_done(&b);
	vt_free(v);
}

static void text_wraps_and_scrolls(void **state)
{
	(void)state;
	shows("hello\r\nyou", "hello\nyou\n\n\n");
	shows("0123456789ab", "0123456789\nab\n\n\n");
	/* The cursor waits at the edge until something more comes. */
	shows("0123456789\r\nx", "0123456789\nx\n\n\n");
	shows("1\r\n2\r\n3\r\n4\r\n5", "2\n3\n4\n5\n");
	shows("a\tb\bc", "a       c\n\n\n\n");
}

static void sequences_move_and_erase(void **state)
{
	(void)state;
	shows("abc" E "[1;2HX", "aXc\n\n\n\n");
	shows("abc" E "[2J" E "[Hx", "x\n\n\n\n");
	shows("abcdef" E "[3D" E "[K", "abc\n\n\n\n");
	shows("abcdef" E "[1G" E "[2P", "cdef\n\n\n\n");
	shows("abc" E "[1G" E "[2@", "  abc\n\n\n\n");
	shows("1\r\n2\r\n3\r\n4" E "[2;3r" E "[3;1H\nx", "1\n3\nx\n4\n");
	shows("x" E "[5b", "xxxxxx\n\n\n\n");
	shows("main" E "[?1049halt" E "[?1049l!", "main!\n\n\n\n");
	shows(E "(0q" E "(Bq", "\xe2\x94\x80q\n\n\n\n");
}

static void strings_and_broken_bytes_do_no_harm(void **state)
{
	(void)state;
	shows(E "]52;c;AAAA\x07ok", "ok\n\n\n\n");
	shows(E "Pq####" E "\\ok", "ok\n\n\n\n");
	shows(E "[8;9999;9999tok", "ok\n\n\n\n");
	shows("\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(\n\n\n\n");
	shows(E "[99999999999999999999;1Hx", "\n\n\nx\n");
	shows("\xe4\xb8\xad\xe4\xb8\xad" E "[1;2Hx", " x\xe4\xb8\xad\n\n\n\n");
}

static void memory_is_bounded_by_the_size(void **state)
{
	struct vt *v = vt_new(24, 80);

	(void)state;
	assert_true(vt_memory(v) < 32 << 10);
	for (int i = 0; i < 1000; i++)
		vt_write(v, STR(E "]0;a long title that is not kept" E
				  "[?1049h" E "P#####"));
	vt_write(v, STR(E "\\" E "[?1049h"));
	assert_true(vt_memory(v) < 64 << 10);
	vt_resize(v, 100000, 100000);
	assert_true(vt_memory(v) <= (2 * VT_ROWS * VT_COLS * 12) + 4096);
	vt_free(v);
}

/* As fuzz.vt, with random bytes of the kind that matter. */
static void a_painted_terminal_goes_on_as_the_first(void **state)
{
	static const char *const pieces[] = {
		E "[",	     E "7", E "8", ";",	   "1",	    "5", "H",
		"m",	     "r",   "a",   "\r\n", "31",    "K", E "[?1049h",
		"J",	     "?6h", "\t",  "b",	   E "[4h", "L", "\xe4\xb8\xad",
		E "[?1049l", "P",
	};
	struct rng_seeded rng;

	(void)state;
	rng_seeded_from(&rng, 7);
	for (int round = 0; round < 2000; round++) {
		struct vt *a = vt_new(5, 12), *b = vt_new(5, 12);
		struct buf painted = { 0 }, x = { 0 }, y = { 0 };

		for (int i = 0; i < 60; i++)
			vt_write(a,
				 str_of(pieces[rng_below(
					 &rng.rng,
					 sizeof(pieces) / sizeof(*pieces))]));
		vt_paint(a, &painted);
		vt_write(b, buf_view(&painted));
		vt_write(a, STR("go on" E "[2;3Hx"));
		vt_write(b, STR("go on" E "[2;3Hx"));
		vt_paint(a, &x);
		vt_paint(b, &y);
		assert_true(str_eq(buf_view(&x), buf_view(&y)));
		buf_done(&painted);
		buf_done(&x);
		buf_done(&y);
		vt_free(a);
		vt_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_wraps_and_scrolls),
		cmocka_unit_test(sequences_move_and_erase),
		cmocka_unit_test(strings_and_broken_bytes_do_no_harm),
		cmocka_unit_test(memory_is_bounded_by_the_size),
		cmocka_unit_test(a_painted_terminal_goes_on_as_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
