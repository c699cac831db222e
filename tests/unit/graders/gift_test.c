#include "tests/unit/graders/bank_support.h"

static void read_gift(struct bench *t, const char *text)
{
	read_str(t, gift_read, str_of(text));
}

static void a_question_with_one_right_choice_is_a_choice(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "::Sky::[html]What colour is the <i>sky</i>? {\n"
		     "  =blue#Yes.\n  ~%25%grey # [plain]At times.\n ~green\n"
		     "  ####It scatters light.\n}\n");
	it = item_at(t, 0);
	assert_int_equal(it->type, ITEM_CHOICE);
	assert_str(it->id, "q1");
	assert_str(it->name, "Sky");
	assert_str(it->stem, "What colour is the <i>sky</i>?");
	assert_int_equal(it->stem_format, TEXT_HTML);
	assert_str(it->general_feedback, "It scatters light.");
	assert_int_equal(it->choices.n, 3);
	assert_dec(choice_at(it, 0)->fraction, "1");
	assert_str(choice_at(it, 0)->feedback, "Yes.");
	assert_dec(choice_at(it, 1)->fraction, "0.25");
	assert_int_equal(choice_at(it, 1)->feedback_format, TEXT_PLAIN);
	assert_int_equal(choice_at(it, 2)->format, TEXT_HTML);
	assert_true(it->shuffle);
	assert_dec(it->penalty, "0.3333333");
	/* question, name, three choices, two feedbacks, general feedback */
	assert_int_equal(t->bank.nodes, 8);
	assert_int_equal(t->bank.mapped, 8);
}

static void without_an_equals_sign_several_choices_may_be_right(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "Primes?{~%50%2 ~%50%3 ~%-100%4}");
	it = item_at(t, 0);
	assert_int_equal(it->type, ITEM_MULTI);
	assert_dec(choice_at(it, 2)->fraction, "-1");
}

static void a_statement_is_true_or_false_with_two_feedbacks(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "Water boils at 50 C.{F#At 100 C.#Right.}\n\n"
		     "Ice floats.{TRUE#It does.}\n");
	it = item_at(t, 0);
	assert_int_equal(it->type, ITEM_TRUE_FALSE);
	assert_dec(choice_at(it, 0)->fraction, "0");
	assert_dec(choice_at(it, 1)->fraction, "1");
	assert_str(choice_at(it, 0)->feedback, "At 100 C.");
	assert_str(choice_at(it, 1)->feedback, "Right.");
	assert_dec(it->penalty, "1");
	it = item_at(t, 1);
	assert_dec(choice_at(it, 0)->fraction, "1");
	assert_str(choice_at(it, 1)->feedback, "It does.");
}

static void short_answers_have_weights_and_need_no_sign_if_alone(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "Capital of Italy?{=Rome =%50.5%Roma#Close. =%0%*}\n\n"
		     "And of France?{Paris}\n");
	it = item_at(t, 0);
	assert_int_equal(it->type, ITEM_SHORT);
	assert_dec(answer_at(it, 1)->fraction, "0.505");
	assert_str(answer_at(it, 1)->text, "Roma");
	assert_str(answer_at(it, 2)->text, "*");
	assert_false(it->text.case_sensitive);
	assert_str(answer_at(item_at(t, 1), 0)->text, "Paris");
	assert_dec(answer_at(item_at(t, 1), 0)->fraction, "1");
}

static void numbers_have_tolerances_ranges_and_weights(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "a{#3:2}\n\nb{#1..5}\n\n"
		     "c{#=7.5:0.1#Good. =%50%7..8 ~#Far off.}\n\nd{#-.5e3}\n");
	assert_str(answer_at(item_at(t, 0), 0)->tolerance, "2");
	assert_int_equal(answer_at(item_at(t, 1), 0)->tolerance_kind,
			 TOL_RANGE);
	assert_str(answer_at(item_at(t, 1), 0)->high, "5");
	it = item_at(t, 2);
	assert_int_equal(it->answers.n, 3);
	assert_dec(answer_at(it, 1)->fraction, "0.5");
	assert_str(answer_at(it, 2)->text, "*");
	assert_dec(answer_at(it, 2)->fraction, "0");
	assert_str(answer_at(it, 2)->feedback, "Far off.");
	assert_str(answer_at(item_at(t, 3), 0)->text, "-0.5e3");
}

static void
pairs_match_and_a_pair_without_a_stem_is_one_more_option(void **state)
{
	struct bench *t = *state;
	const struct match_stem *m;
	const struct str *options;

	read_gift(t, "Match.{=cat -> kitten =dog -> puppy =wolf->puppy "
		     "= -> foal}");
	m = item_at(t, 0)->stems.at;
	options = item_at(t, 0)->options.at;
	assert_int_equal(item_at(t, 0)->stems.n, 3);
	assert_int_equal(item_at(t, 0)->options.n, 3);
	assert_str(options[2], "foal");
	assert_int_equal(m[2].option, 1);
}

static void empty_braces_ask_for_an_essay_and_none_for_nothing(void **state)
{
	struct bench *t = *state;

	read_gift(t, "Write.{}\n\nRead this: a = b.\n\nMore.{####Well}\n");
	assert_int_equal(item_at(t, 0)->type, ITEM_ESSAY);
	assert_int_equal(item_at(t, 1)->type, ITEM_DESCRIPTION);
	assert_str(item_at(t, 1)->stem, "Read this: a = b.");
	assert_dec(item_at(t, 1)->mark, "0");
	assert_int_equal(item_at(t, 2)->type, ITEM_ESSAY);
	assert_str(item_at(t, 2)->general_feedback, "Well");
}

static void text_after_the_braces_leaves_a_gap(void **state)
{
	struct bench *t = *state;

	read_gift(t, "The {=cat} sat.");
	assert_str(item_at(t, 0)->stem, "The _____ sat.");
}

static void escapes_stand_for_themselves(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_gift(t, "::a\\:\\:b::\\{x\\} \\= \\~ \\# c\\nd \\\\ \\q"
		     "{=\\=1 ~\\\\\\~}");
	it = item_at(t, 0);
	assert_str(it->name, "a::b");
	assert_str(it->stem, "{x} = ~ # c\nd \\ \\q");
	assert_str(choice_at(it, 0)->text, "=1");
	assert_str(choice_at(it, 1)->text, "\\~");
}

static void comments_are_listed_and_their_tags_kept(void **state)
{
	struct bench *t = *state;
	const struct item *it;
	const struct str *tags;

	read_gift(t, "// A note. [id:a\\]1] [tag:one]\n// [tag:two words]\n"
		     "Why?{\n// in between\n=so ~not}\n\n// the end [tag:x]\n");
	it = item_at(t, 0);
	tags = it->tags.at;
	assert_str(it->idnumber, "a]1");
	assert_str(it->id, "a]1");
	assert_int_equal(it->tags.n, 2);
	assert_str(tags[1], "two words");
	assert_int_equal(note_with(t, FATE_IGNORED, "comments are not")->count,
			 3);
	assert_int_equal(note_with(t, FATE_IGNORED, "no question")->count, 1);
	/* 4 comments, 4 tags, question, 2 choices */
	assert_int_equal(t->bank.nodes, 11);
}

static void
categories_hold_until_the_next_and_empty_ones_are_listed(void **state)
{
	struct bench *t = *state;

	read_gift(t, "a{=b}\n\n$CATEGORY: one/two\nb{=b}\n\nc{=d}\n\n"
		     "$CATEGORY: three\n\n$CATEGORY: four\n\nd{=d}\n\n"
		     "$CATEGORY: five");
	assert_true(item_at(t, 0)->category.n == 0);
	assert_str(item_at(t, 1)->category, "one/two");
	assert_str(item_at(t, 2)->category, "one/two");
	assert_str(item_at(t, 3)->category, "four");
	assert_int_equal(note_with(t, FATE_IGNORED, "no questions")->count, 2);
}

static void a_broken_question_is_refused_by_line_and_the_rest_kept(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "a{=b", "no closing brace" },
		{ "a b}", "without an opening" },
		{ "a}{=b", "without an opening" },
		{ "a{=b} and {=c}", "braces after" },
		{ "a{~b}", "two choices" },
		{ "a{=x->y =z}", "\"->\"" },
		{ "a{#b}", "numeric answer" },
		{ "a{#1,5}", "numeric answer" },
		{ "a{#1:-1}", "numeric answer" },
		{ "a{#}", "no accepted answer" },
		{ "a{=}", "no accepted answer" },
		{ "a{~%200%b ~c}", "weight" },
		{ "a{~#f ~c ~d}", "no text" },
		{ "a\x01{=b}", "control character" },
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bank_note *n;
		struct str s = str_fmt(t->cx.arena, "ok{=1}\n\n\n%s\n\nok{=2}",
				       cases[i].text);

		read_gift(t, s.p);
		assert_int_equal(t->bank.items.n, 2);
		assert_int_equal(t->bank.refused, 1);
		n = note_with(t, FATE_REFUSED, cases[i].why);
		assert_int_equal(n->line, 4);
		assert_str(n->path, "question[2]");
	}
}

static void only_refused_questions_are_no_bank(void **state)
{
	struct bench *t = *state;

	assert_int_equal(gift_read(&t->cx, STR("a{=b"), &t->bank), ERR_INVALID);
	assert_true(strstr(t->cx.error.text, "line 1") != NULL);
	assert_int_equal(gift_read(&t->cx, STR(" \n"), &t->bank), ERR_INVALID);
	assert_int_equal(gift_read(&t->cx, STR(""), &t->bank), ERR_INVALID);
}

static void answers_without_text_are_left_out_and_listed(void **state)
{
	struct bench *t = *state;

	read_gift(t, "a{=b ~c ~ }");
	assert_int_equal(item_at(t, 0)->choices.n, 2);
	assert_int_equal(note_with(t, FATE_IGNORED, "without text")->count, 1);
}

static void line_ends_marks_and_old_encodings_are_read(void **state)
{
	static const char *const texts[] = {
		"a\r\nb{=\xc3\xa4}\r\n\r\nc{=d}\r\n",
		("\xef\xbb\xbf"
		 "a\nb{=\xc3\xa4}\n\nc{=d}"),
		"a\rb{=\xe4}\r\rc{=d}",
		"a\nb{=\xe4}\n \t \nc{=d}\n",
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		read_gift(t, texts[i]);
		assert_int_equal(t->bank.items.n, 2);
		assert_str(item_at(t, 0)->stem, "a\nb");
		assert_str(answer_at(item_at(t, 0), 0)->text, "\xc3\xa4");
	}
	(void)note_with(t, FATE_MAPPED, "Windows-1252");
	read_gift(t, "\x93q\x94{=\x80}");
	assert_str(item_at(t, 0)->stem, "\xe2\x80\x9cq\xe2\x80\x9d");
	assert_str(answer_at(item_at(t, 0), 0)->text, "\xe2\x82\xac");
	read_str(t, gift_read,
		 STR("\xff\xfe"
		     "a\0{\0=\0\xe4\0}\0"));
	assert_str(answer_at(item_at(t, 0), 0)->text, "\xc3\xa4");
}

static bool unescaped(struct str s, size_t at)
{
	size_t n = 0;

	while (n < at && s.p[at - n - 1] == '\\')
		n++;
	return n % 2 == 0;
}

/* Counts nodes on its own: signs, by the definition in the format's words. */
static int64_t count_block(struct str s)
{
	int64_t n = 1, hashes = 0;
	bool inside = false, any = false, signs = false, numeric = false;

	n += str_starts(s, "::");
	for (size_t i = 0; i < s.n; i++) {
		if (!unescaped(s, i))
			continue;
		if (s.p[i] == '{' || s.p[i] == '}') {
			inside = s.p[i] == '{';
			numeric = inside && i + 4 < s.n && s.p[i + 1] == '#' &&
				  memcmp(s.p + i + 1, "####", 4) != 0;
			i += numeric;
		} else if (inside && s.p[i] == '#') {
			hashes++;
			if (i + 3 < s.n && memcmp(s.p + i, "####", 4) == 0)
				i += 3;
		} else if (inside && (s.p[i] == '=' || s.p[i] == '~')) {
			n++;
			signs = true;
		} else if (inside && s.p[i] > ' ') {
			any |= hashes == 0;
		}
	}
	return n + hashes + (any && !signs);
}

static int64_t count_nodes(struct str s)
{
	struct buf block = { 0 };
	struct str line;
	int64_t n = 0;

	while (str_split(&s, '\n', &line)) {
		line = str_trim(line);
		if (str_starts(line, "//")) {
			n++;
			for (size_t i = 0; i + 3 < line.n; i++)
				n += memcmp(line.p + i, "[id:", 4) == 0 ||
				     memcmp(line.p + i, "[tag", 4) == 0;
		} else if (str_starts(line, "$CATEGORY:")) {
			n++;
		} else if (line.n > 0) {
			buf_str(&block, line);
			buf_ch(&block, '\n');
		} else {
			n += block.n ? count_block(buf_view(&block)) : 0;
			buf_reset(&block);
		}
	}
	n += block.n ? count_block(buf_view(&block)) : 0;
	buf_done(&block);
	return n;
}

static void every_node_of_the_example_is_accounted_for(void **state)
{
	struct bench *t = *state;
	struct str s = read_file(t, "examples/networks.gift");

	read_str(t, gift_read, s);
	assert_int_equal(t->bank.nodes, count_nodes(s));
	assert_true(t->bank.items.n >= 20);
	assert_int_equal(t->bank.refused, 0);
	assert_int_equal(t->bank.ignored, 2); /* the comment at its top */
	assert_survives(t, &t->bank, gift_write, gift_read);
}

static void every_node_of_written_banks_is_accounted_for(void **state)
{
	struct bench *t = *state;

	for (uint64_t seed = first_seed(); seed < first_seed() + 100; seed++) {
		struct bank bank = bank_of_seed(t, seed);
		struct buf b = { 0 };

		gift_write(&b, &bank);
		read_str(t, gift_read, buf_view(&b));
		if (t->bank.nodes != count_nodes(buf_view(&b)))
			print_error("seed %llu\n", (unsigned long long)seed);
		assert_int_equal(t->bank.nodes, count_nodes(buf_view(&b)));
		buf_done(&b);
	}
}

static void what_is_written_reads_the_same(void **state)
{
	assert_all_survive(*state, 500, gift_write, gift_read);
}

static void odd_questions_survive_writing(void **state)
{
	static const char *const texts[] = {
		"a{b->c}",
		"a{b#c->d}",
		"a{=b =c ~%50%d}",
		"a{=%50%b ~c}",
		"a{~%100%b =c}",
		"[html]{}",
		"{=a}",
		"::n::",
		"a{=[html]b}",
		"a{#*}",
		"a{#~#x =5}",
		"a{=[html]b#[plain] ~c#}",
		"a{=x -> y =z -> [html]}",
		"[plain]//a{=b}",
		"\\$CATEGORY: a",
		"a{=b->c = -> d =e -> c}",
		"a{T#[html]b}",
		"a{F##[plain]}",
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		read_gift(t, texts[i]);
		assert_int_equal(t->bank.items.n, 1);
		assert_survives(t, &t->bank, gift_write, gift_read);
	}
}

static void what_gift_cannot_say_is_said_in_a_comment(void **state)
{
	struct bench *t = *state;
	struct item items[2] = { { .type = ITEM_CLOZE, .id = STR("c") },
				 { .type = ITEM_ESSAY,
				   .stem = STR("s"),
				   .mark = { 2 * DEC_ONE_NANO } } };
	struct bank bank = { .items = { items, 2 } };
	struct buf b = { 0 };

	(void)t;
	gift_write(&b, &bank);
	assert_true(str_find(buf_view(&b), STR("left out"), 0) != SIZE_MAX);
	assert_true(str_find(buf_view(&b), STR("not kept in GIFT: mark"), 0) !=
		    SIZE_MAX);
	buf_done(&b);
}

static void limits_are_refused_not_reached(void **state)
{
	struct bench *t = *state;
	struct buf b = { 0 };

	for (int i = 0; i <= LIMIT_ITEMS; i++)
		buf_z(&b, "a{=b}\n\n");
	assert_int_equal(gift_read(&t->cx, buf_view(&b), &t->bank),
			 ERR_TOO_LARGE);
	buf_reset(&b);
	buf_z(&b, "ok{=b}\n\nq{");
	for (int i = 0; i <= LIMIT_PARTS; i++)
		buf_fmt(&b, "~%d", i);
	buf_z(&b, "}\n\nr{=");
	for (int i = 0; i <= LIMIT_TEXT_BYTES; i++)
		buf_ch(&b, 'x');
	buf_z(&b, "}");
	read_str(t, gift_read, buf_view(&b));
	assert_int_equal(t->bank.items.n, 1);
	(void)note_with(t, FATE_REFUSED, "at most 500 answers");
	(void)note_with(t, FATE_REFUSED, "too long");
	buf_done(&b);
}

/* A megabyte of one shape; the bound on memory is a sixteenth of what may. */
static void a_megabyte_of_anything_takes_little_memory(void **state)
{
	static const char *const shapes[] = {
		"{",	 "=",	 "}\n\n",    "~",	 "#",
		":",	 "\\",	 "a{=b",     "// [tag:", "$CATEGORY: a\n",
		"\n",	 "a{\n", "=a -> b ", "%50%",	 "[html]",
		"::a::",
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (int braces = 0; braces < 2; braces++) {
			struct buf b = { 0 };

			buf_z(&b, braces ? "q{" : "");
			while (b.n < (1 << 20))
				buf_z(&b, shapes[i]);
			buf_z(&b, braces ? "}" : "");
			err_clear(&t->cx);
			(void)!gift_read(&t->cx, buf_view(&b), &t->bank);
			assert_true(arena_used(t->cx.arena) < 32 << 20);
			arena_reset(t->cx.arena);
			buf_done(&b);
		}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_question_with_one_right_choice_is_a_choice),
		TEST(without_an_equals_sign_several_choices_may_be_right),
		TEST(a_statement_is_true_or_false_with_two_feedbacks),
		TEST(short_answers_have_weights_and_need_no_sign_if_alone),
		TEST(numbers_have_tolerances_ranges_and_weights),
		TEST(pairs_match_and_a_pair_without_a_stem_is_one_more_option),
		TEST(empty_braces_ask_for_an_essay_and_none_for_nothing),
		TEST(text_after_the_braces_leaves_a_gap),
		TEST(escapes_stand_for_themselves),
		TEST(comments_are_listed_and_their_tags_kept),
		TEST(categories_hold_until_the_next_and_empty_ones_are_listed),
		TEST(a_broken_question_is_refused_by_line_and_the_rest_kept),
		TEST(only_refused_questions_are_no_bank),
		TEST(answers_without_text_are_left_out_and_listed),
		TEST(line_ends_marks_and_old_encodings_are_read),
		TEST(every_node_of_the_example_is_accounted_for),
		TEST(every_node_of_written_banks_is_accounted_for),
		TEST(what_is_written_reads_the_same),
		TEST(odd_questions_survive_writing),
		TEST(what_gift_cannot_say_is_said_in_a_comment),
		TEST(limits_are_refused_not_reached),
		TEST(a_megabyte_of_anything_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
