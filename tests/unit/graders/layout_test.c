/* Which items an attempt asks: by a seed, the same for ever. */
#include "graders/layout.h"
#include "tests/unit/graders/policy_world.h"

enum { ITEMS = 6 };

/* q0..q5 of four choices each; the caller gives the sections. */
static void a_quiz(struct ctx *cx, const char *policy, const char *sections,
		   struct assessment_def *out)
{
	struct buf b = { 0 };
	struct jdoc *doc;

	buf_z(&b, "{\"assay\":1,\"course\":\"c\",\"slug\":\"s\","
		  "\"title\":\"t\",\"policy\":");
	buf_z(&b, policy);
	buf_z(&b, ",\"items\":[");
	for (int i = 0; i < ITEMS; i++)
		buf_fmt(&b,
			"%s{\"id\":\"q%d\",\"type\":\"choice\",\"mark\":%d,"
			"\"shuffle\":true,\"choices\":["
			"{\"text\":\"a\",\"fraction\":1},{\"text\":\"b\"},"
			"{\"text\":\"c\"},{\"text\":\"d\"}]}",
			i ? "," : "", i, i + 1);
	buf_fmt(&b, "]%s}", sections);
	assert_int_equal(jdoc_parse(cx, buf_copy(&b, cx->arena), &doc), OK);
	assert_int_equal(assessment_decode(cx, jdoc_root(doc), out, NULL), OK);
	buf_done(&b);
}

static const uint8_t seed_one[LAYOUT_SEED_BYTES] = { 1 };

static void make(struct ctx *cx, const struct assessment_def *def, int seed,
		 const struct list *seen, struct layout *out)
{
	uint8_t bytes[LAYOUT_SEED_BYTES] = { (uint8_t)seed,
					     (uint8_t)(seed >> 8) };

	assert_int_equal(layout_make(cx, def, bytes, seen, out), OK);
}

static int64_t item_at(const struct layout *l, size_t i)
{
	return ((const struct slot *)l->slots.at)[i].item;
}

static void without_shuffling_the_file_is_the_order(void **state)
{
	struct assessment_def def;
	struct layout l;

	a_quiz(*state, "{}", "", &def);
	make(*state, &def, 7, NULL, &l);
	assert_int_equal(l.slots.n, ITEMS);
	for (int i = 0; i < ITEMS; i++) {
		const struct slot *s = (const struct slot *)l.slots.at + i;

		assert_int_equal(s->item, i);
		assert_int_equal(s->mark.nano, (i + 1) * DEC_ONE_NANO);
	}
}

/* Written down once; if this ever fails, old seeds no longer mean the same. */
static void the_same_seed_gives_the_same_layout_for_ever(void **state)
{
	static const char want[] = "[{\"item\":\"q5\",\"section\":0,\"mark\":1,"
				   "\"variant\":{\"order\":[1,3,0,2]}},"
				   "{\"item\":\"q2\",\"section\":0,\"mark\":1,"
				   "\"variant\":{\"order\":[1,2,3,0]}},"
				   "{\"item\":\"q0\",\"section\":0,\"mark\":1,"
				   "\"variant\":{\"order\":[3,1,0,2]}}]";
	struct ctx *cx = *state;
	struct assessment_def def;
	struct layout l;
	struct buf b = { 0 };

	a_quiz(cx, "{\"shuffle_items\":true,\"shuffle_choices\":true}",
	       ",\"sections\":[{\"entries\":[{\"item\":\"q0\"},"
	       "{\"pick\":2,\"mark\":1,\"from\":[\"q1\",\"q2\",\"q3\","
	       "\"q4\",\"q5\"]}]}]",
	       &def);
	assert_int_equal(layout_make(cx, &def, seed_one, NULL, &l), OK);
	layout_write(&b, &def, &l);
	assert_string_equal(str_z(cx->arena, buf_view(&b)), want);
	buf_done(&b);
}

static void a_written_layout_reads_as_it_was(void **state)
{
	struct ctx *cx = *state;
	struct assessment_def def;

	a_quiz(cx, "{\"shuffle_items\":true,\"shuffle_choices\":true}", "",
	       &def);
	for (int seed = 0; seed < 50; seed++) {
		struct buf one = { 0 }, two = { 0 };
		struct layout l, again;
		struct jdoc *doc;

		make(cx, &def, seed, NULL, &l);
		layout_write(&one, &def, &l);
		assert_int_equal(jdoc_parse(cx, buf_view(&one), &doc), OK);
		assert_int_equal(layout_read(cx, &def, jdoc_root(doc), &again),
				 OK);
		layout_write(&two, &def, &again);
		assert_true(str_eq(buf_view(&one), buf_view(&two)));
		buf_done(&one);
		buf_done(&two);
	}
}

static void a_layout_of_another_file_is_corrupt(void **state)
{
	static const char *const bad[] = {
		"{}",
		"[{\"item\":\"q9\",\"section\":0,\"mark\":1,\"variant\":{}}]",
		"[{\"item\":\"q1\",\"section\":1,\"mark\":1,\"variant\":{}}]",
		"[{\"item\":\"q1\",\"section\":0,\"mark\":1}]",
		"[7]",
	};
	struct ctx *cx = *state;
	struct assessment_def def;
	struct layout l;

	a_quiz(cx, "{}", "", &def);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct jdoc *doc;

		assert_int_equal(jdoc_parse(cx, str_of(bad[i]), &doc), OK);
		assert_int_equal(layout_read(cx, &def, jdoc_root(doc), &l),
				 ERR_CORRUPT);
		err_clear(cx);
	}
}

static void every_item_has_its_turn_in_a_draw(void **state)
{
	struct assessment_def def;
	int drawn[ITEMS] = { 0 };
	struct layout l;

	a_quiz(*state, "{}",
	       ",\"sections\":[{\"entries\":[{\"pick\":2,\"mark\":1,"
	       "\"from\":[\"q0\",\"q1\",\"q2\",\"q3\",\"q4\",\"q5\"]}]}]",
	       &def);
	for (int seed = 0; seed < 600; seed++) {
		make(*state, &def, seed, NULL, &l);
		assert_int_equal(l.slots.n, 2);
		assert_int_not_equal(item_at(&l, 0), item_at(&l, 1));
		drawn[item_at(&l, 0)]++;
		drawn[item_at(&l, 1)]++;
	}
	/* 200 expected; 5 standard deviations of 11.5 on both sides */
	for (int i = 0; i < ITEMS; i++)
		assert_in_range(drawn[i], 142, 258);
}

static void no_item_comes_twice_while_others_are_left(void **state)
{
	struct assessment_def def;
	struct layout l;

	a_quiz(*state, "{\"shuffle_items\":true}",
	       ",\"sections\":[{\"entries\":[{\"pick\":2,\"mark\":1,\"from\":["
	       "\"q0\",\"q1\",\"q2\",\"q3\"]},{\"pick\":2,\"mark\":1,"
	       "\"from\":[\"q0\",\"q1\",\"q2\",\"q3\"]}]},{\"entries\":["
	       "{\"item\":\"q4\"}]}]",
	       &def);
	for (int seed = 0; seed < 200; seed++) {
		bool seen[ITEMS] = { false };

		make(*state, &def, seed, NULL, &l);
		for (size_t i = 0; i < l.slots.n; i++) {
			assert_false(seen[item_at(&l, i)]);
			seen[item_at(&l, i)] = true;
		}
		assert_int_equal(item_at(&l, 4), 4); /* its own section */
	}
}

static void a_draw_keeps_away_from_what_is_asked_by_name(void **state)
{
	struct assessment_def def;
	struct layout l;

	a_quiz(*state, "{}",
	       ",\"sections\":[{\"entries\":[{\"pick\":1,\"mark\":1,\"from\":["
	       "\"q0\",\"q1\"]},{\"item\":\"q1\"}]}]",
	       &def);
	for (int seed = 0; seed < 50; seed++) {
		make(*state, &def, seed, NULL, &l);
		assert_int_equal(item_at(&l, 0), 0);
	}
}

static void a_new_attempt_avoids_what_was_seen_least(void **state)
{
	static const char pool[] =
		",\"sections\":[{\"entries\":[{\"pick\":2,\"mark\":1,"
		"\"from\":[\"q0\",\"q1\",\"q2\",\"q3\"]}]}]";
	struct str ids[] = { STR("q0"), STR("q1"),   STR("q0"),
			     STR("q2"), STR("gone"), STR("q3") };
	struct list seen = { ids, 2 };
	struct assessment_def def;
	struct layout l;
	bool repeats = false;

	a_quiz(*state, "{\"avoid_seen\":true}", pool, &def);
	for (int seed = 0; seed < 100; seed++) {
		make(*state, &def, seed, &seen, &l);
		assert_true(item_at(&l, 0) >= 2 && item_at(&l, 1) >= 2);
	}
	seen.n = 6; /* q0 twice, the others once: q0 is the last choice */
	for (int seed = 0; seed < 100; seed++) {
		make(*state, &def, seed, &seen, &l);
		assert_true(item_at(&l, 0) && item_at(&l, 1));
	}
	def.policy.avoid_seen = false;
	seen.n = 2;
	for (int seed = 0; seed < 100; seed++) {
		make(*state, &def, seed, &seen, &l);
		repeats |= item_at(&l, 0) < 2;
	}
	assert_true(repeats);
}

static void a_fixed_section_stays_in_order(void **state)
{
	struct assessment_def def;
	struct layout l;
	bool moved = false;

	a_quiz(*state, "{\"shuffle_items\":true}",
	       ",\"sections\":[{\"fixed\":true,\"entries\":[{\"item\":\"q0\"},"
	       "{\"item\":\"q1\"},{\"item\":\"q2\"}]},{\"entries\":["
	       "{\"item\":\"q3\"},{\"item\":\"q4\"},{\"item\":\"q5\"}]}]",
	       &def);
	for (int seed = 0; seed < 50; seed++) {
		make(*state, &def, seed, NULL, &l);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(item_at(&l, (size_t)i), i);
			moved |= item_at(&l, (size_t)i + 3) != i + 3;
		}
	}
	assert_true(moved);
}

static void choices_are_shuffled_only_if_the_policy_says_so(void **state)
{
	struct ctx *cx = *state;
	struct assessment_def def;
	bool moved = false;

	a_quiz(cx, "{}", "", &def);
	for (int shuffle = 0; shuffle < 2; shuffle++) {
		def.policy.shuffle_choices = shuffle;
		for (int seed = 0; seed < 20; seed++) {
			const struct slot *s;
			const uint32_t *order;
			struct layout l;

			make(cx, &def, seed, NULL, &l);
			s = l.slots.at;
			order = s->variant.order.at;
			for (uint32_t i = 0; i < s->variant.order.n; i++)
				moved |= order[i] != i;
		}
		assert_int_equal(moved, shuffle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(without_shuffling_the_file_is_the_order),
		TEST_OF_EXAM(the_same_seed_gives_the_same_layout_for_ever),
		TEST_OF_EXAM(a_written_layout_reads_as_it_was),
		TEST_OF_EXAM(a_layout_of_another_file_is_corrupt),
		TEST_OF_EXAM(every_item_has_its_turn_in_a_draw),
		TEST_OF_EXAM(no_item_comes_twice_while_others_are_left),
		TEST_OF_EXAM(a_draw_keeps_away_from_what_is_asked_by_name),
		TEST_OF_EXAM(a_new_attempt_avoids_what_was_seen_least),
		TEST_OF_EXAM(a_fixed_section_stays_in_order),
		TEST_OF_EXAM(choices_are_shuffled_only_if_the_policy_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
