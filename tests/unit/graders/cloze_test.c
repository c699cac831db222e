#include "graders/cloze.h"
#include "tests/unit/graders/bank_support.h"

static enum err read_text(struct bench *t, const char *text, struct item *it)
{
	memset(it, 0, sizeof(*it));
	err_clear(&t->cx);
	return cloze_read(&t->cx, str_of(text), TEXT_HTML, it);
}

static const struct item *part_at(const struct item *it, size_t i)
{
	assert_true(i < it->parts.n);
	return (const struct item *)it->parts.at + i;
}

static void blanks_become_parts_and_numbers_in_the_text(void **state)
{
	struct bench *t = *state;
	const struct item *p;
	struct item it;

	assert_int_equal(read_text(t,
				   "A {2:SHORTANSWER:=cat#Yes~%50%lion~*#No} "
				   "has {:NM:=4:0.5~%25%3,5} legs, "
				   "{1:MCVS:=yes~no#Look.}.",
				   &it),
			 OK);
	assert_str(it.stem, "A {#1} has {#2} legs, {#3}.");
	assert_dec(it.mark, "4");
	p = part_at(&it, 0);
	assert_int_equal(p->type, ITEM_SHORT);
	assert_dec(p->mark, "2");
	assert_str(answer_at(p, 0)->feedback, "Yes");
	assert_dec(answer_at(p, 1)->fraction, "0.5");
	assert_str(answer_at(p, 2)->text, "*");
	p = part_at(&it, 1);
	assert_int_equal(p->type, ITEM_NUMERIC);
	assert_str(answer_at(p, 0)->tolerance, "0.5");
	assert_str(answer_at(p, 1)->text, "3.5");
	p = part_at(&it, 2);
	assert_int_equal(p->type, ITEM_CHOICE);
	assert_true(p->shuffle);
	assert_str(p->cloze_shape, "vertical");
	assert_dec(choice_at(p, 0)->fraction, "1");
	assert_str(choice_at(p, 1)->feedback, "Look.");
}

static void every_name_of_a_type_is_known(void **state)
{
	static const struct {
		const char *name;
		int type;
		const char *shape;
		bool shuffle, case_sensitive;
	} names[] = {
		{ "NUMERICAL", ITEM_NUMERIC, "", false, false },
		{ "NM", ITEM_NUMERIC, "", false, false },
		{ "SHORTANSWER", ITEM_SHORT, "", false, false },
		{ "SA", ITEM_SHORT, "", false, false },
		{ "MW", ITEM_SHORT, "", false, false },
		{ "SHORTANSWER_C", ITEM_SHORT, "", false, true },
		{ "SAC", ITEM_SHORT, "", false, true },
		{ "MWC", ITEM_SHORT, "", false, true },
		{ "MULTICHOICE", ITEM_CHOICE, "dropdown", false, false },
		{ "MC", ITEM_CHOICE, "dropdown", false, false },
		{ "MULTICHOICE_S", ITEM_CHOICE, "dropdown", true, false },
		{ "MCS", ITEM_CHOICE, "dropdown", true, false },
		{ "MULTICHOICE_V", ITEM_CHOICE, "vertical", false, false },
		{ "MCV", ITEM_CHOICE, "vertical", false, false },
		{ "MCVS", ITEM_CHOICE, "vertical", true, false },
		{ "MULTICHOICE_H", ITEM_CHOICE, "horizontal", false, false },
		{ "MCH", ITEM_CHOICE, "horizontal", false, false },
		{ "MCHS", ITEM_CHOICE, "horizontal", true, false },
		{ "MULTIRESPONSE", ITEM_MULTI, "vertical", false, false },
		{ "MR", ITEM_MULTI, "vertical", false, false },
		{ "MRV", ITEM_MULTI, "vertical", false, false },
		{ "MRS", ITEM_MULTI, "vertical", true, false },
		{ "MRH", ITEM_MULTI, "horizontal", false, false },
		{ "MRHS", ITEM_MULTI, "horizontal", true, false },
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str s =
			str_fmt(t->cx.arena, "{1:%s:=1~2}", names[i].name);
		const struct item *p;
		struct item it;

		assert_int_equal(read_text(t, s.p, &it), OK);
		p = part_at(&it, 0);
		assert_int_equal(p->type, names[i].type);
		assert_str(p->cloze_shape, names[i].shape);
		assert_int_equal(p->shuffle, names[i].shuffle);
		assert_int_equal(p->text.case_sensitive,
				 names[i].case_sensitive);
	}
}

static void escapes_entities_and_balanced_braces_are_text(void **state)
{
	struct bench *t = *state;
	struct item it;

	assert_int_equal(
		read_text(t,
			  "{1:SA:=a\\}b\\~c\\#d\\\\e~%0%&lt;&#39;&#x41;"
			  "&nope;} {1:MC:=x^{2}~&lt;b} {1:SA:={}",
			  &it),
		OK);
	assert_str(answer_at(part_at(&it, 0), 0)->text, "a}b~c#d\\e");
	assert_str(answer_at(part_at(&it, 0), 1)->text, "<'A&nope;");
	assert_str(choice_at(part_at(&it, 1), 0)->text, "x^{2}");
	assert_str(choice_at(part_at(&it, 1), 1)->text, "&lt;b");
	assert_str(answer_at(part_at(&it, 2), 0)->text, "{");
}

static void braces_that_begin_no_blank_are_text(void **state)
{
	struct bench *t = *state;
	struct item it;

	assert_int_equal(read_text(t, "{a} {:} {:x:} {1} }{ {1:SA:=x}", &it),
			 OK);
	assert_str(it.stem, "{a} {:} {:x:} {1} }{ {#1}");
}

static void broken_blanks_are_refused_with_their_number(void **state)
{
	static const struct {
		const char *text;
		enum err e;
		const char *why;
	} cases[] = {
		{ "no blank", ERR_INVALID, "no blank" },
		{ "{1:SA:=x} {1:SA:=y", ERR_INVALID, "blank 2" },
		{ "{1:SA:}", ERR_INVALID, "no text" },
		{ "{1:SA:=a~}", ERR_INVALID, "no text" },
		{ "{1:NM:=four}", ERR_INVALID, "no number" },
		{ "{1:NM:=4:-1}", ERR_INVALID, "tolerance" },
		{ "{1:SA:%101%x}", ERR_INVALID, "100 per cent" },
		{ "{1..2:SA:=x}", ERR_INVALID, "weight" },
		{ "{99999999999:SA:=x}", ERR_INVALID, "weight" },
		{ "{1:DRAWING:=x}", ERR_UNSUPPORTED, "not known" },
		{ "{#1} {1:SA:=x}", ERR_UNSUPPORTED, "{#1}" },
	};
	struct bench *t = *state;
	struct item it;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(t, cases[i].text, &it), cases[i].e);
		if (!strstr(t->cx.error.text, cases[i].why))
			print_error("%s\n", t->cx.error.text);
		assert_non_null(strstr(t->cx.error.text, cases[i].why));
	}
}

/* A part as reading makes it, of random texts. */
static struct item random_part(struct dice *d, size_t number)
{
	static const char *const shapes[] = { "dropdown", "vertical",
					      "horizontal" };
	struct item p = { .type = (int)roll(d, 4),
			  .stem_format = TEXT_HTML,
			  .general_feedback_format = TEXT_HTML };
	struct choice *c;
	struct answer *a;

	if (p.type == ITEM_TRUE_FALSE)
		p.type = ITEM_NUMERIC;
	p.id = str_fmt(d->cx->arena, "%zu", number);
	p.mark = dec_int((int64_t)roll(d, 4));
	if (p.type == ITEM_SHORT || p.type == ITEM_NUMERIC) {
		p.answers = random_answers(d, p.type == ITEM_NUMERIC);
		a = p.answers.at;
		for (size_t i = 0; i < p.answers.n; i++) {
			a[i].feedback_format = TEXT_HTML;
			a[i].tolerance_kind = TOL_ABSOLUTE;
			a[i].high = (struct str){ 0 };
			if (str_is(a[i].text, "*"))
				a[i].tolerance = (struct str){ 0 };
		}
		p.text.case_sensitive = p.type == ITEM_SHORT && roll(d, 2);
		return p;
	}
	p.choices = random_choices(d);
	c = p.choices.at;
	for (size_t i = 0; i < p.choices.n; i++)
		c[i].format = c[i].feedback_format = TEXT_HTML;
	p.shuffle = roll(d, 2);
	p.cloze_shape = str_of(
		shapes[p.type == ITEM_MULTI ? 1 + roll(d, 2) : roll(d, 3)]);
	return p;
}

static void what_is_written_reads_the_same(void **state)
{
	struct bench *t = *state;

	for (uint64_t seed = first_seed(); seed < first_seed() + 1000; seed++) {
		struct item parts[3], it = { .type = ITEM_CLOZE }, again;
		struct bank a = { .items = { &it, 1 } }, b;
		struct dice d = { .cx = &t->cx };
		struct buf text = { 0 };

		arena_reset(t->cx.arena);
		t->seed = seed;
		rng_seeded_from(&d.rng, seed);
		for (size_t i = 0; i < 3; i++) {
			parts[i] = random_part(&d, i + 1);
			it.mark = dec_add(it.mark, parts[i].mark);
		}
		it.stem = STR("Ä {#1}{#2} } {#3}.");
		it.stem_format = TEXT_HTML;
		it.parts = (struct list){ parts, 3 };
		cloze_write(&text, &it);
		again = (struct item){ .type = ITEM_CLOZE };
		err_clear(&t->cx);
		if (cloze_read(&t->cx, buf_view(&text), TEXT_HTML, &again))
			print_error("seed %llu: %s\n%.*s\n",
				    (unsigned long long)seed, t->cx.error.text,
				    (int)text.n, text.p);
		b = (struct bank){ .items = { &again, 1 } };
		assert_same_items(t, &a, &b);
		buf_done(&text);
	}
}

static void a_megabyte_of_braces_takes_little_memory(void **state)
{
	static const char *const shapes[] = {
		"{", "}",  "{1:SA:",	"{1:SA:={",  "~",
		"=", "#",  "{#1",	"{0",	     "\\",
		"&", "&#", "{1:SA:=a}", "{1:NM:=1~", "{#00",
	};
	struct bench *t = *state;
	struct item it;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (int inside = 0; inside < 2; inside++) {
			struct buf b = { 0 };

			buf_z(&b, inside ? "{1:SA:=" : "");
			while (b.n < (1 << 20))
				buf_z(&b, shapes[i]);
			buf_z(&b, inside ? "}" : "");
			(void)!cloze_read(&t->cx, buf_view(&b), TEXT_HTML, &it);
			assert_true(arena_used(t->cx.arena) < 32 << 20);
			arena_reset(t->cx.arena);
			err_clear(&t->cx);
			buf_done(&b);
		}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blanks_become_parts_and_numbers_in_the_text),
		TEST(every_name_of_a_type_is_known),
		TEST(escapes_entities_and_balanced_braces_are_text),
		TEST(braces_that_begin_no_blank_are_text),
		TEST(broken_blanks_are_refused_with_their_number),
		TEST(what_is_written_reads_the_same),
		TEST(a_megabyte_of_braces_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
