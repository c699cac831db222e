#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/rpc/sp_frame.h"

#define BYTES(literal) ((struct str){ literal, sizeof(literal) - 1 })

static const struct str tcp_hi = BYTES("\0\0\0\0\0\0\0\6\x80\0\0\x2a"
				       "hi");
static const struct str ipc_hi = BYTES("\1\0\0\0\0\0\0\0\6\x80\0\0\x2a"
				       "hi");

static void a_greeting_is_of_one_protocol(void **state)
{
	uint8_t h[SP_HELLO];

	(void)state;
	sp_hello_put(h, SP_PROTO_REQ);
	assert_memory_equal(h, "\0SP\0\0\x30\0\0", 8);
	assert_true(sp_hello_ok(h, SP_PROTO_REQ));
	assert_false(sp_hello_ok(h, SP_PROTO_REP));
	h[3] = 1;
	assert_false(sp_hello_ok(h, SP_PROTO_REQ));
}

static void a_message_is_cut_when_it_is_whole_and_not_before(void **state)
{
	(void)state;
	for (int ipc = 0; ipc < 2; ipc++) {
		struct str all = ipc ? ipc_hi : tcp_hi;
		struct sp_message m;
		size_t needs;

		for (size_t n = 0; n < all.n; n++) {
			assert_int_equal(sp_cut(str_cut(all, 0, n), ipc, 100,
						&m, &needs),
					 SP_MORE);
			assert_int_equal(needs,
					 n < all.n - 6 ? all.n - 6 : all.n);
		}
		assert_int_equal(sp_cut(all, ipc, 100, &m, &needs), SP_MESSAGE);
		assert_int_equal(m.used, all.n);
		assert_true(str_is(m.body, "hi"));
		assert_int_equal(m.route.n, 4);
		assert_memory_equal(m.route.p, "\x80\0\0\x2a", 4);
	}
}

static void what_follows_a_message_is_left(void **state)
{
	static const char two[] = "\0\0\0\0\0\0\0\5\x80\0\0\1a"
				  "\0\0\0\0\0\0\0\5\x80\0\0\2b";
	struct str s = { two, sizeof(two) - 1 };
	struct sp_message m;
	size_t needs;

	(void)state;
	assert_int_equal(sp_cut(s, false, 100, &m, &needs), SP_MESSAGE);
	assert_true(str_is(m.body, "a"));
	s = str_cut(s, m.used, s.n);
	assert_int_equal(sp_cut(s, false, 100, &m, &needs), SP_MESSAGE);
	assert_true(str_is(m.body, "b"));
	assert_int_equal(m.used, s.n);
}

static void a_length_over_the_bound_is_wrong_before_a_byte_of_it(void **state)
{
	struct sp_message m;
	size_t needs;

	(void)state;
	assert_int_equal(
		sp_cut(BYTES("\0\0\1\0\0\0\0\0"), false, 1 << 20, &m, &needs),
		SP_WRONG);
	assert_int_equal(sp_cut(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
				false, SIZE_MAX / 2, &m, &needs),
			 SP_WRONG);
	assert_int_equal(sp_cut(tcp_hi, false, 6, &m, &needs), SP_MESSAGE);
	assert_int_equal(sp_cut(tcp_hi, false, 5, &m, &needs), SP_WRONG);
}

static void an_ipc_message_of_another_kind_is_wrong(void **state)
{
	struct sp_message m;
	size_t needs;

	(void)state;
	assert_int_equal(sp_cut(BYTES("\2"), true, 100, &m, &needs), SP_WRONG);
	assert_int_equal(sp_cut(BYTES("\0"), true, 100, &m, &needs), SP_WRONG);
}

static void a_route_ends_with_its_first_top_bit(void **state)
{
	struct sp_message m;
	size_t needs;

	(void)state;
	/* Two devices, then the id; the body may have top bits as it likes. */
	assert_int_equal(sp_cut(BYTES("\0\0\0\0\0\0\0\x0e\0\0\0\1\0\0\0\2"
				      "\x80\0\0\3\xff\xff"),
				false, 100, &m, &needs),
			 SP_MESSAGE);
	assert_int_equal(m.route.n, 12);
	assert_int_equal(m.body.n, 2);
	/* No end; an end that is cut off; nothing at all. */
	assert_int_equal(sp_cut(BYTES("\0\0\0\0\0\0\0\4\0\0\0\1"), false, 100,
				&m, &needs),
			 SP_WRONG);
	assert_int_equal(sp_cut(BYTES("\0\0\0\0\0\0\0\3\x80\0\0"), false, 100,
				&m, &needs),
			 SP_WRONG);
	assert_int_equal(
		sp_cut(BYTES("\0\0\0\0\0\0\0\0"), false, 100, &m, &needs),
		SP_WRONG);
}

static void a_route_has_at_most_eight_words(void **state)
{
	char b[8 + 9 * 4] = { 0 };
	struct sp_message m;
	size_t needs;

	(void)state;
	for (int words = 1; words <= 9; words++) {
		memset(b, 0, sizeof(b));
		b[7] = (char)(words * 4);
		b[8 + (words - 1) * 4] = (char)0x80;
		assert_int_equal(
			sp_cut((struct str){ b, 8 + (size_t)words * 4 }, false,
			       100, &m, &needs),
			words <= SP_HOPS_MAX ? SP_MESSAGE : SP_WRONG);
	}
}

static void a_head_is_what_is_cut_again(void **state)
{
	uint8_t out[SP_HEAD_MAX + 4];
	const char route[8] = "\0\0\0\7\x80\0\0\1";

	(void)state;
	for (int ipc = 0; ipc < 2; ipc++) {
		size_t n = sp_head(out, ipc, (struct str){ route, 8 }, 4);
		struct sp_message m;
		size_t needs;

		memcpy(out + n, "body", 4);
		assert_int_equal(sp_cut((struct str){ (char *)out, n + 4 }, ipc,
					12, &m, &needs),
				 SP_MESSAGE);
		assert_int_equal(m.used, n + 4);
		assert_memory_equal(m.route.p, route, 8);
		assert_true(str_is(m.body, "body"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_is_of_one_protocol),
		cmocka_unit_test(
			a_message_is_cut_when_it_is_whole_and_not_before),
		cmocka_unit_test(what_follows_a_message_is_left),
		cmocka_unit_test(
			a_length_over_the_bound_is_wrong_before_a_byte_of_it),
		cmocka_unit_test(an_ipc_message_of_another_kind_is_wrong),
		cmocka_unit_test(a_route_ends_with_its_first_top_bit),
		cmocka_unit_test(a_route_has_at_most_eight_words),
		cmocka_unit_test(a_head_is_what_is_cut_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
