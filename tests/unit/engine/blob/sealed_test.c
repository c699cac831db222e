#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "engine/blob/sealed.h"
#include "tests/support/check.h"

static const uint8_t key[SEALED_KEY] = { 1, 2, 3 };
static const uint8_t other[SEALED_KEY] = { 1, 2, 4 };

static int set_up(void **state)
{
	static struct ctx cx;

	if (sodium_init() < 0)
		return -1;
	cx = (struct ctx){ .arena = arena_new(1 << 20) };
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((struct ctx *)*state)->arena);
	return 0;
}

static struct str bytes_of(struct ctx *cx, size_t n)
{
	char *p = arena_alloc(cx->arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + i / 251);
	return (struct str){ p, n };
}

static void any_size_comes_back(void **state)
{
	static const size_t sizes[] = { 0,	1,	16,	17,
					65535,	65536,	65537,	131071,
					131072, 131073, 200000, 262144 };
	struct ctx *cx = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct str in = bytes_of(cx, sizes[i]), file, out;

		file = sealed_close(cx, key, STR("name"), in);
		assert_int_equal(file.n, sealed_size(in.n));
		assert_int_equal(
			sealed_open(cx, key, STR("name"), file, in.n, &out),
			OK);
		assert_true(str_eq(in, out));
	}
}

static void any_changed_byte_is_found(void **state)
{
	struct ctx *cx = *state;
	struct str file = sealed_close(cx, key, STR("name"), STR("a secret"));
	char *p = (char *)file.p;
	struct str out;

	for (size_t i = 0; i < file.n; i++) {
		p[i] = (char)(p[i] ^ 1);
		assert_int_equal(
			sealed_open(cx, key, STR("name"), file, 1000, &out),
			ERR_CORRUPT);
		p[i] = (char)(p[i] ^ 1);
	}
	assert_int_equal(sealed_open(cx, key, STR("name"), file, 1000, &out),
			 OK);
}

static void any_cut_and_any_more_is_found(void **state)
{
	struct ctx *cx = *state;
	struct str in = bytes_of(cx, 100), file, out, more;

	file = sealed_close(cx, key, STR("name"), in);
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(sealed_open(cx, key, STR("name"),
					     str_cut(file, 0, n), 1000, &out),
				 ERR_CORRUPT);
	more = str_fmt(cx->arena, "%.*s", 0, "");
	for (size_t n = 1; n < 40; n++) {
		char *p = arena_alloc(cx->arena, file.n + n);

		memcpy(p, file.p, file.n);
		more = (struct str){ p, file.n + n };
		assert_int_equal(
			sealed_open(cx, key, STR("name"), more, 1000, &out),
			ERR_CORRUPT);
	}
}

/* A file of two whole chunks is not what one chunk of it is. */
static void chunks_cannot_be_left_out_or_swapped(void **state)
{
	enum { START = 32, PART = SEALED_CHUNK + 17 };
	struct ctx *cx = *state;
	struct str in = bytes_of(cx, 3 * SEALED_CHUNK), file, out;
	char *p;

	file = sealed_close(cx, key, STR("name"), in);
	assert_int_equal(sealed_open(cx, key, STR("name"),
				     str_cut(file, 0, START + 2 * PART), in.n,
				     &out),
			 ERR_CORRUPT);
	p = arena_alloc(cx->arena, file.n);
	memcpy(p, file.p, START);
	memcpy(p + START, file.p + START + PART, PART);
	memcpy(p + START + PART, file.p + START, PART);
	memcpy(p + START + 2 * PART, file.p + START + 2 * PART, PART);
	assert_int_equal(sealed_open(cx, key, STR("name"),
				     (struct str){ p, file.n }, in.n, &out),
			 ERR_CORRUPT);
}

static void another_key_or_name_does_not_open_it(void **state)
{
	struct ctx *cx = *state;
	struct str file = sealed_close(cx, key, STR("name"), STR("a secret"));
	struct str out;

	assert_int_equal(sealed_open(cx, other, STR("name"), file, 1000, &out),
			 ERR_CORRUPT);
	assert_int_equal(sealed_open(cx, key, STR("nam"), file, 1000, &out),
			 ERR_CORRUPT);
	assert_int_equal(
		sealed_open(cx, key, (struct str){ 0 }, file, 1000, &out),
		ERR_CORRUPT);
}

static void more_than_was_expected_is_not_opened(void **state)
{
	struct ctx *cx = *state;
	struct str file = sealed_close(cx, key, STR("name"), STR("a secret"));
	struct str out;

	assert_int_equal(sealed_open(cx, key, STR("name"), file, 7, &out),
			 ERR_CORRUPT);
}

static void the_same_bytes_never_look_the_same(void **state)
{
	struct ctx *cx = *state;
	struct str a = sealed_close(cx, key, STR("name"), STR("a secret"));
	struct str b = sealed_close(cx, key, STR("name"), STR("a secret"));

	assert_false(str_eq(a, b));
	assert_true(str_find(a, STR("a secret"), 0) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(any_size_comes_back),
		T(any_changed_byte_is_found),
		T(any_cut_and_any_more_is_found),
		T(chunks_cannot_be_left_out_or_swapped),
		T(another_key_or_name_does_not_open_it),
		T(more_than_was_expected_is_not_opened),
		T(the_same_bytes_never_look_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
