/* The bytes that are hashed: every field counts, and none runs into another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/audit/record.h"
#include "tests/support/check.h"

static int set_up(void **state)
{
	static struct ctx cx;
	static struct clock_manual clock;

	clock_manual_init(&clock, 1790000000000);
	cx = (struct ctx){ .arena = arena_new(4096),
			   .clock = &clock.clock,
			   .rng = rng_system() };
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	arena_free(((struct ctx *)*state)->arena);
	return 0;
}

static struct record example(void)
{
	return (struct record){ .node = 1,
				.seq = 2,
				.org = { { 3 } },
				.stream = { { 4 } },
				.n = 5,
				.at_ms = 1790000000000,
				.actor = STR("key:1"),
				.learner = { { 6 } },
				.event = STR("attempt.answered"),
				.keyed = true,
				.idem = STR("0123456789abcdef"),
				.ask = STR("fedcba9876543210"),
				.body = STR("{\"slot\":1}"),
				.reply = STR("{}") };
}

static void hex_of(const uint8_t hash[HASH_BYTES], char out[65])
{
	for (int i = 0; i < HASH_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

/*
 * Computed by Python's hashlib.blake2b(digest_size=32) over the bytes that
 * record.h describes, in tests/unit/engine/audit/record_vector.py.
 */
static void the_digest_is_that_of_the_described_bytes(void **state)
{
	struct record r = example();
	uint8_t out[HASH_BYTES], prev[HASH_BYTES];
	char hex[65];

	(void)state;
	record_digest(&r, out);
	hex_of(out, hex);
	assert_string_equal(hex, "623f8301f98f0e6ecd1ffebacd434865"
				 "72d86b1fdae1a011601891110bcba5c1");
	memset(prev, 7, sizeof(prev));
	record_hash(&r, prev, out);
	hex_of(out, hex);
	assert_string_equal(hex, "e29b3ca3f1388404c3eb3be06153a701"
				 "ea5f8c9562df2f7a33b1f4069c6aea0f");
}

static bool same(const struct record *a, const struct record *b)
{
	uint8_t x[HASH_BYTES], y[HASH_BYTES];

	record_digest(a, x);
	record_digest(b, y);
	return memcmp(x, y, HASH_BYTES) == 0;
}

static void every_field_counts(void **state)
{
	const struct record from = example();
	struct record all[16];
	size_t n = sizeof(all) / sizeof(all[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		all[i] = from;
	all[0].node++;
	all[1].seq++;
	all[2].org.b[15]++;
	all[3].stream.b[15]++;
	all[4].n++;
	all[5].at_ms++;
	all[6].actor = STR("key:2");
	all[7].learner.b[15]++;
	all[8].event = STR("attempt.started");
	all[9].keyed = false;
	all[10].idem = STR("0123456789abcdeF");
	all[11].ask = (struct str){ 0 };
	all[12].body = STR("{\"slot\":2}");
	all[13].reply = (struct str){ 0 };
	all[14].reply = STR("");
	all[15].personal_hash = STR("x");
	for (size_t i = 0; i < n; i++) {
		assert_false(same(&all[i], &from));
		for (size_t k = 0; k < i; k++)
			assert_false(same(&all[i], &all[k]));
	}
}

static void the_personal_part_and_the_hash_do_not_count(void **state)
{
	struct record a = example(), b = example();

	(void)state;
	b.personal = STR("Ada");
	b.personal_salt = STR("salt");
	b.hash = STR("hash");
	assert_true(same(&a, &b));
}

static void texts_do_not_run_into_each_other(void **state)
{
	struct record a = example(), b = example();

	(void)state;
	a.actor = STR("ab");
	a.event = STR("c");
	b.actor = STR("a");
	b.event = STR("bc");
	assert_false(same(&a, &b));
	a = b = example();
	a.idem = STR("x");
	a.ask = (struct str){ 0 };
	b.idem = (struct str){ 0 };
	b.ask = STR("x");
	assert_false(same(&a, &b));
}

static void a_long_text_counts_to_its_end(void **state)
{
	struct record a = example(), b = example();
	static char x[5000], y[5000];

	(void)state;
	y[4999] = 1;
	a.body = (struct str){ x, sizeof(x) };
	b.body = (struct str){ y, sizeof(y) };
	assert_false(same(&a, &b));
}

static void keys_of_other_callers_methods_and_params_differ(void **state)
{
	struct ctx *cx = *state;
	struct str k = record_idem(cx, STR("key:1"), STR("a"));

	assert_int_equal(k.n, KEY_BYTES);
	assert_true(str_eq(k, record_idem(cx, STR("key:1"), STR("a"))));
	assert_false(str_eq(k, record_idem(cx, STR("key:2"), STR("a"))));
	assert_false(str_eq(k, record_idem(cx, STR("key:"), STR("1a"))));
	assert_false(str_eq(k, record_ask(cx, STR("key:1"), STR("a"))));
}

static void what_is_staged_names_its_time_and_actor(void **state)
{
	struct ctx *cx = *state;
	struct record_list l = { .actor = STR("key:7") };
	struct record r = { .event = STR("e") };

	cx->records = &l;
	assert_int_equal(record_stage(cx, &r)->at_ms, 1790000000000);
	assert_true(str_is(l.r[0].actor, "key:7"));
	r.at_ms = 5;
	r.actor = STR("learner:1");
	assert_int_equal(record_stage(cx, &r)->at_ms, 5);
	assert_true(str_is(l.r[1].actor, "learner:1"));
	l.actor = (struct str){ 0 };
	r.actor = (struct str){ 0 };
	assert_true(str_is(record_stage(cx, &r)->actor, "engine"));
	for (int i = 0; i < 100; i++)
		record_stage(cx, &r);
	assert_int_equal(l.n, 103);
	assert_int_equal(l.r[1].at_ms, 5);
}

static void stage_in_a_query(void)
{
	struct ctx cx = { .clock = &clock_system };
	struct record r = { 0 };

	record_stage(&cx, &r);
}

static void staging_in_a_query_is_a_bug(void **state)
{
	(void)state;
	assert_true(aborts(stage_in_a_query));
}

static void a_changed_personal_part_is_found(void **state)
{
	struct record r = example();

	(void)state;
	assert_true(record_personal_ok(&r)); /* has none */
	r.personal = STR("Ada");
	assert_false(record_personal_ok(&r));
	r.personal = (struct str){ 0 };
	r.personal_salt = STR("left behind");
	assert_false(record_personal_ok(&r));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(the_digest_is_that_of_the_described_bytes),
		T(every_field_counts),
		T(the_personal_part_and_the_hash_do_not_count),
		T(texts_do_not_run_into_each_other),
		T(a_long_text_counts_to_its_end),
		T(keys_of_other_callers_methods_and_params_differ),
		T(what_is_staged_names_its_time_and_actor),
		T(staging_in_a_query_is_a_bug),
		T(a_changed_personal_part_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
