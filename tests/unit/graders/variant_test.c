#include "graders/variant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/check.h"

static int set_up(void **state)
{
	static struct ctx cx;

	cx = (struct ctx){ .arena = arena_new(1 << 16) };
	*state = &cx;
	return 0;
}

static int tear_down(void **state)
{
	struct ctx *cx = *state;

	arena_free(cx->arena);
	return 0;
}

static struct item item_from(struct ctx *cx, const char *json)
{
	struct item it;

	if (field_decode_text(cx, str_of(json), &item_shape, &it))
		fail_msg("%s: %s", cx->error.field, cx->error.text);
	return it;
}

/* n choices "0", "1", … */
static struct item a_choice(struct ctx *cx, size_t n, bool shuffle)
{
	struct choice *at = ARENA_ARRAY(cx->arena, struct choice, n);
	struct item it = { .type = ITEM_CHOICE,
			   .choices = { at, n },
			   .shuffle = shuffle };

	for (size_t i = 0; i < n; i++)
		at[i].text = str_fmt(cx->arena, "%zu", i);
	return it;
}

static void every_order_is_a_permutation_and_round_trips(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded rng;
	struct buf b = { 0 }, c = { 0 };

	rng_property(&rng);
	for (int i = 0; i < 2000; i++) {
		size_t n = 1 + rng_below(&rng.rng, 40);
		struct item it = a_choice(cx, n, true);
		struct variant v, again;
		bool seen[41] = { 0 };
		struct jdoc *doc;

		variant_make(cx->arena, &it, true, &rng.rng, &v);
		assert_int_equal(v.order.n, n);
		for (size_t k = 0; k < n; k++) {
			uint32_t at = ((uint32_t *)v.order.at)[k];

			assert_true(at < n && !seen[at]);
			seen[at] = true;
		}
		buf_reset(&b);
		buf_reset(&c);
		variant_write(&b, &v);
		assert_int_equal(jdoc_parse(cx, buf_view(&b), &doc), OK);
		assert_int_equal(variant_read(cx, &it, jdoc_root(doc), &again),
				 OK);
		variant_write(&c, &again);
		assert_true(str_eq(buf_view(&b), buf_view(&c)));
		arena_reset(cx->arena);
	}
	buf_done(&b);
	buf_done(&c);
}

static void a_seed_gives_one_order_for_ever(void **state)
{
	struct ctx *cx = *state;
	struct item it = a_choice(cx, 6, true);
	struct rng_seeded one, two;
	struct variant v, w;

	rng_seeded_from(&one, 7);
	rng_seeded_from(&two, 7);
	variant_make(cx->arena, &it, true, &one.rng, &v);
	variant_make(cx->arena, &it, true, &two.rng, &w);
	assert_memory_equal(v.order.at, w.order.at, 6 * sizeof(uint32_t));
}

static bool in_order(const struct variant *v)
{
	const uint32_t *at = v->order.at;

	for (size_t i = 0; i < v->order.n; i++) {
		if (at[i] != i)
			return false;
	}
	return true;
}

static void both_the_item_and_the_assessment_must_allow_it(void **state)
{
	struct ctx *cx = *state;
	struct rng_seeded rng;
	struct variant v;

	rng_seeded_from(&rng, 3);
	for (int i = 0; i < 4; i++) {
		struct item it = a_choice(cx, 20, i & 1);

		variant_make(cx->arena, &it, i & 2, &rng.rng, &v);
		assert_true(in_order(&v) == (i != 3));
	}
}

static const char a_match[] =
	"{\"type\":\"match\",\"stem\":\"Pair\",\"stems\":["
	"{\"text\":\"zinc\",\"option\":0},{\"text\":\"iron\",\"option\":1}],"
	"\"options\":[\"Zn\",\"Fe\",\"Au\"],\"shuffle\":false}";

static void a_match_never_shows_its_options_beside_their_stems(void **state)
{
	struct ctx *cx = *state;
	struct item it = item_from(cx, a_match);
	struct rng_seeded rng;
	struct variant v;
	struct buf b = { 0 };

	rng_seeded_from(&rng, 1);
	variant_make(cx->arena, &it, false, &rng.rng, &v);
	item_deliver(&b, &it, &v);
	assert_true(
		str_is(buf_view(&b),
		       "{\"type\":\"match\",\"stem\":\"Pair\","
		       "\"stem_format\":\"plain\",\"stems\":["
		       "{\"id\":\"1\",\"text\":\"zinc\",\"format\":\"plain\"},"
		       "{\"id\":\"2\",\"text\":\"iron\",\"format\":\"plain\"}],"
		       "\"options\":[{\"id\":\"1\",\"text\":\"Au\"},"
		       "{\"id\":\"2\",\"text\":\"Fe\"},"
		       "{\"id\":\"3\",\"text\":\"Zn\"}]}"));
	buf_done(&b);
}

static void an_order_that_does_not_fit_is_corrupt(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"order\":[0,1]}",
		"{\"order\":[0,1,1]}",
		"{\"order\":[0,1,3]}",
		"{\"order\":[0,1,-1]}",
		"{\"order\":[0,1,\"2\"]}",
		"{\"order\":{}}",
		"{\"parts\":[{}]}",
	};
	struct ctx *cx = *state;
	struct item it = a_choice(cx, 3, true);
	struct variant v;
	struct jdoc *doc;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(jdoc_parse(cx, str_of(bad[i]), &doc), OK);
		if (variant_read(cx, &it, jdoc_root(doc), &v) != ERR_CORRUPT)
			fail_msg("%s", bad[i]);
	}
	assert_int_equal(jdoc_parse(cx, STR("{}"), &doc), OK);
	assert_int_equal(variant_read(cx, &it, jdoc_root(doc), &v), OK);
	assert_true(in_order(&v));
}

/* SECRET stands in every field that a learner must not see. */
static const char secretive[] =
	"{\"id\":\"SECRET\",\"type\":\"cloze\",\"name\":\"Elements\","
	"\"stem\":\"{#1} {#2} {#3}\",\"general_feedback\":\"SECRET\","
	"\"tags\":[\"SECRET\"],\"category\":\"SECRET\",\"idnumber\":\"SECRET\","
	"\"hints\":[{\"text\":\"SECRET\"}],\"right_feedback\":\"SECRET\","
	"\"partial_feedback\":\"SECRET\",\"wrong_feedback\":\"SECRET\","
	"\"source_type\":\"SECRET\",\"source\":\"SECRET\",\"parts\":["
	"{\"type\":\"short\",\"name\":\"SECRET\",\"stem\":\"SECRET\","
	"\"answers\":[{\"text\":\"SECRET\",\"feedback\":\"SECRET\"}]},"
	"{\"type\":\"multi\",\"cloze_shape\":\"vertical\",\"choices\":["
	"{\"id\":\"SECRET\",\"text\":\"Fe\",\"fraction\":1,"
	"\"feedback\":\"SECRET\"},{\"text\":\"Au\"}]},"
	"{\"type\":\"numeric\",\"locale\":\"de\",\"answers\":["
	"{\"text\":\"55.845\",\"tolerance\":\"0.001\"}],"
	"\"units\":[{\"name\":\"u\",\"multiplier\":\"1\"}],"
	"\"unit_separate\":true}]}";

static void nothing_that_tells_the_answer_is_delivered(void **state)
{
	struct ctx *cx = *state;
	struct item it = item_from(cx, secretive);
	struct buf b = { 0 };
	struct variant v;
	struct jdoc *doc;

	variant_identity(cx->arena, &it, &v);
	item_deliver(&b, &it, &v);
	assert_int_equal(jdoc_parse(cx, buf_view(&b), &doc), OK);
	assert_true(str_is(
		buf_view(&b),
		"{\"type\":\"cloze\",\"name\":\"Elements\","
		"\"stem\":\"{#1} {#2} {#3}\",\"stem_format\":\"plain\","
		"\"parts\":[{\"id\":\"1\",\"type\":\"short\"},"
		"{\"id\":\"2\",\"type\":\"multi\",\"shape\":\"vertical\","
		"\"choices\":[{\"id\":\"1\",\"text\":\"Fe\","
		"\"format\":\"plain\"},{\"id\":\"2\",\"text\":\"Au\","
		"\"format\":\"plain\"}]},"
		"{\"id\":\"3\",\"type\":\"numeric\",\"decimal\":\",\","
		"\"unit_separate\":true,\"units\":[\"u\"]}]}"));
	buf_done(&b);
}

static void an_essay_tells_what_it_asks_for(void **state)
{
	struct ctx *cx = *state;
	struct item it = item_from(
		cx, "{\"type\":\"essay\",\"stem\":\"Why?\",\"essay\":{"
		    "\"format\":\"plain\",\"text_required\":true,"
		    "\"max_words\":90,\"grader_info\":\"SECRET\"}}");
	struct buf b = { 0 };
	struct variant v;

	variant_identity(cx->arena, &it, &v);
	item_deliver(&b, &it, &v);
	assert_true(str_is(buf_view(&b),
			   "{\"type\":\"essay\",\"stem\":\"Why?\","
			   "\"stem_format\":\"plain\",\"editor\":\"plain\","
			   "\"text_required\":true,\"max_words\":90}"));
	buf_done(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(every_order_is_a_permutation_and_round_trips),
		T(a_seed_gives_one_order_for_ever),
		T(both_the_item_and_the_assessment_must_allow_it),
		T(a_match_never_shows_its_options_beside_their_stems),
		T(an_order_that_does_not_fit_is_corrupt),
		T(nothing_that_tells_the_answer_is_delivered),
		T(an_essay_tells_what_it_asks_for),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
