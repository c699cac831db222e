#include "tests/unit/graders/bank_support.h"

static void read_xml(struct bench *t, const char *text)
{
	read_str(t, moodle_xml_read, str_of(text));
}

/* One question of a type, with its name and text, and what else is given. */
static void read_one(struct bench *t, const char *type, const char *rest)
{
	read_xml(t, str_fmt(t->cx.arena,
			    "<quiz>\n<question type=\"%s\"><name><text>N"
			    "</text></name><questiontext format=\"html\">"
			    "<text>S</text></questiontext>%s</question>"
			    "</quiz>",
			    type, rest)
			    .p);
}

/* Elements, comments and instructions, by their first bytes. */
static int64_t count_nodes(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i + 1 < s.n; i++) {
		struct str rest = str_cut(s, i, s.n);

		if (str_starts(rest, "<![CDATA["))
			i = str_find(s, STR("]]>"), i);
		else if (str_starts(rest, "<!--"))
			n++, i = str_find(s, STR("-->"), i);
		else if (s.p[i] == '<' && s.p[i + 1] != '/' &&
			 !str_starts(rest, "<?xml "))
			n++;
	}
	return n;
}

static void the_example_is_read_and_every_node_accounted_for(void **state)
{
	struct bench *t = *state;
	struct str s = read_file(t, "examples/chemistry.xml");
	const struct item *it;

	read_str(t, moodle_xml_read, s);
	assert_int_equal(t->bank.items.n, 12);
	assert_int_equal(t->bank.nodes, count_nodes(s));
	assert_int_equal(t->bank.refused, 0);
	assert_int_equal(t->bank.ignored, 1);
	it = item_at(t, 11);
	assert_int_equal(it->type, ITEM_OPAQUE);
	assert_str(it->source_type, "ddwtos");
	assert_str(it->name, "Reaction rates");
	assert_true(str_starts(it->source, "<question type=\"ddwtos\">"));
	assert_true(str_ends(it->source, "</question>"));
	assert_dec(it->mark, "2");
	assert_str(item_at(t, 1)->category, "Chemistry/First year");
	assert_survives(t, &t->bank, moodle_xml_write, moodle_xml_read);
}

static void choices_have_fractions_feedback_hints_and_flags(void **state)
{
	struct bench *t = *state;
	const struct item *it;
	const struct hint *h;

	read_one(t, "multichoice",
		 "<defaultgrade>2.5000000</defaultgrade>"
		 "<penalty>0.33</penalty><single>false</single>"
		 "<shuffleanswers>1</shuffleanswers>"
		 "<answernumbering>iii</answernumbering><shownumcorrect/>"
		 "<correctfeedback format=\"html\"><text>R</text>"
		 "</correctfeedback>"
		 "<answer fraction=\"33.33333\" format=\"markdown\"><text>a"
		 "</text><feedback format=\"plain_text\"><text>F</text>"
		 "</feedback></answer>"
		 "<answer fraction=\"-50\"><text> b </text></answer>"
		 "<hint format=\"html\"><text>H</text><clearwrong/></hint>"
		 "<tags><tag><text>t</text></tag></tags>");
	it = item_at(t, 0);
	assert_int_equal(it->type, ITEM_MULTI);
	assert_dec(it->mark, "2.5");
	assert_dec(it->penalty, "0.3333333");
	assert_true(it->shuffle);
	assert_true(it->show_right_count);
	assert_str(it->numbering, "iii");
	assert_str(it->right_feedback, "R");
	assert_dec(choice_at(it, 0)->fraction, "0.3333333");
	assert_int_equal(choice_at(it, 0)->format, TEXT_MARKDOWN);
	assert_int_equal(choice_at(it, 0)->feedback_format, TEXT_PLAIN);
	assert_str(choice_at(it, 1)->text, "b");
	assert_int_equal(choice_at(it, 1)->format, TEXT_HTML);
	h = it->hints.at;
	assert_true(h[0].clear_wrong);
	assert_false(h[0].show_right_count);
	assert_int_equal(it->tags.n, 1);
	assert_int_equal(t->bank.ignored, 0);
}

static void numbers_have_tolerances_and_units(void **state)
{
	struct bench *t = *state;
	const struct item *it;
	const struct unit *u;

	read_one(t, "numerical",
		 "<answer fraction=\"100\"><text>3.5</text>"
		 "<tolerance>0.1</tolerance></answer>"
		 "<answer fraction=\"0\">*<tolerance>0</tolerance></answer>"
		 "<units><unit><multiplier>1</multiplier><unit_name>m"
		 "</unit_name></unit><unit><multiplier>100</multiplier>"
		 "<unit_name>cm</unit_name></unit></units>"
		 "<unitgradingtype>2</unitgradingtype><unitpenalty>0.25"
		 "</unitpenalty><showunits>1</showunits><unitsleft>1"
		 "</unitsleft>");
	it = item_at(t, 0);
	assert_str(answer_at(it, 0)->tolerance, "0.1");
	assert_str(answer_at(it, 1)->text, "*");
	u = it->units.at;
	assert_int_equal(it->units.n, 2);
	assert_str(u[1].name, "cm");
	assert_str(u[1].multiplier, "100");
	assert_int_equal(it->unit_mode, UNIT_GRADED);
	assert_int_equal(it->unit_penalty, UNIT_PENALTY_OF_MAX);
	assert_dec(it->unit_penalty_share, "0.25");
	assert_true(it->unit_separate);
	assert_true(it->units_before);
	read_one(t, "numerical",
		 "<answer fraction=\"100\"><text>1</text></answer>");
	assert_int_equal(item_at(t, 0)->unit_mode, UNIT_NONE);
}

static void both_orders_of_true_and_false_are_read(void **state)
{
	struct bench *t = *state;

	read_one(t, "truefalse",
		 "<answer fraction=\"100\"><text>false</text></answer>"
		 "<answer fraction=\"0\"><text>true</text><feedback><text>f"
		 "</text></feedback></answer>");
	assert_dec(choice_at(item_at(t, 0), 0)->fraction, "0");
	assert_str(choice_at(item_at(t, 0), 0)->feedback, "f");
	read_one(t, "truefalse",
		 "<answer fraction=\"100\"><text>Wahr</text></answer>"
		 "<answer fraction=\"0\"><text>Falsch</text></answer>");
	assert_dec(choice_at(item_at(t, 0), 0)->fraction, "1");
	(void)note_with(t, FATE_IGNORED, "taken by order");
}

static void what_nobody_reads_is_listed(void **state)
{
	struct bench *t = *state;

	read_one(t, "shortanswer",
		 "<hidden>1</hidden><novelty x=\"1\"><a/><b>text</b></novelty>"
		 "<answer fraction=\"100\" weird=\"2\"><text>a</text>stray"
		 "</answer><name><text>second</text></name><!-- c --><?p i?>");
	assert_int_equal(note_with(t, FATE_IGNORED, "hiding")->count, 1);
	/* novelty, a, b; comments have their own reason; a second name */
	assert_int_equal(t->bank.ignored, 1 + 3 + 2 + 1 + 1);
	(void)note_with(t, FATE_IGNORED, "\"weird\"");
	(void)note_with(t, FATE_IGNORED, "only elements may");
	read_xml(t, "<quiz v=\"2\">text<other><x/></other><question "
		    "type=\"essay\"/></quiz>");
	(void)note_with(t, FATE_IGNORED, "between the questions");
	(void)note_with(t, FATE_IGNORED, "attribute of the quiz");
	assert_int_equal(note_with(t, FATE_IGNORED, "only questions")->count,
			 2);
}

static void broken_questions_are_refused_by_line_and_the_rest_kept(void **state)
{
	static const struct {
		const char *type, *inside, *why;
	} cases[] = {
		{ "multichoice", "", "two choices" },
		{ "multichoice", "<defaultgrade>x</defaultgrade>",
		  "defaultgrade" },
		{ "multichoice", "<penalty>2</penalty>", "penalty" },
		{ "shortanswer", "", "no accepted" },
		{ "shortanswer",
		  "<answer fraction=\"200\"><text>a</text>"
		  "</answer>",
		  "fraction" },
		{ "shortanswer", "<answer><text/></answer>", "no text" },
		{ "numerical", "<answer><text>1,5</text></answer>",
		  "no number" },
		{ "numerical",
		  "<answer><text>1</text><tolerance>x"
		  "</tolerance></answer>",
		  "tolerance" },
		{ "truefalse",
		  "<answer fraction=\"100\"><text>true</text>"
		  "</answer>",
		  "must be right" },
		{ "matching", "", "two pairs" },
		{ "matching", "<subquestion><text>a</text></subquestion>",
		  "no answer" },
		{ "essay", "<attachments>many</attachments>", "attachments" },
		{ "cloze", "<questiontext><text>x</text></questiontext>",
		  "no blank" },
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bank_note *n;

		read_xml(t, str_fmt(t->cx.arena,
				    "<quiz>\n<question type=\"essay\"/>\n"
				    "<question type=\"%s\">%s</question>\n"
				    "<question type=\"essay\"/>\n</quiz>",
				    cases[i].type, cases[i].inside)
				    .p);
		assert_int_equal(t->bank.items.n, 2);
		n = note_with(t, FATE_REFUSED, cases[i].why);
		assert_int_equal(n->line, 3);
		assert_str(n->path, "quiz/question[2]");
		assert_int_equal(t->bank.refused, n->count);
	}
}

static void a_cloze_that_cannot_be_scored_is_kept(void **state)
{
	struct bench *t = *state;

	read_xml(t, "<quiz><question type=\"cloze\"><name><text>N</text>"
		    "</name><questiontext><text>{1:DRAW:=x}</text>"
		    "</questiontext></question></quiz>");
	assert_int_equal(item_at(t, 0)->type, ITEM_OPAQUE);
	assert_str(item_at(t, 0)->name, "N");
	assert_int_equal(t->bank.opaque, 5);
	(void)note_with(t, FATE_OPAQUE, "not known");
}

static void embedded_files_stay_with_their_text(void **state)
{
	struct bench *t = *state;
	const struct item *it;

	read_one(t, "multichoice",
		 "<generalfeedback><text>g</text><file name=\"a.png\" "
		 "encoding=\"base64\">QUJD</file></generalfeedback>"
		 "<answer fraction=\"100\"><text>a</text><feedback><text>f"
		 "</text><file name=\"b.png\">QQ==</file></feedback></answer>"
		 "<answer><text>b</text></answer>");
	it = item_at(t, 0);
	assert_int_equal(t->bank.opaque, 2);
	assert_str(it->source,
		   "<files in=\"generalfeedback\"><file name=\"a.png\" "
		   "encoding=\"base64\">QUJD</file></files>"
		   "<files in=\"answer[1]/feedback\"><file name=\"b.png\">"
		   "QQ==</file></files>");
	assert_survives(t, &t->bank, moodle_xml_write, moodle_xml_read);
}

static void a_doctype_is_refused_and_the_reason_named(void **state)
{
	static const char *const texts[] = {
		"<!DOCTYPE quiz><quiz/>",
		"<?xml version=\"1.0\"?>\n<!DOCTYPE quiz [<!ENTITY x SYSTEM "
		"\"file:///etc/passwd\">]>\n<quiz><question type=\"essay\">"
		"<name><text>&x;</text></name></question></quiz>",
		("<!DOCTYPE q [<!ENTITY a \"&b;&b;\"><!ENTITY b \"aaaa\">]>"
		 "<quiz>&a;</quiz>"),
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			moodle_xml_read(&t->cx, str_of(texts[i]), &t->bank),
			ERR_UNSUPPORTED);
		assert_non_null(strstr(t->cx.error.text, "DOCTYPE"));
	}
}

static void entities_and_includes_are_not_followed(void **state)
{
	struct bench *t = *state;

	assert_int_equal(moodle_xml_read(&t->cx,
					 STR("<quiz><question type=\"essay\">"
					     "<name><text>&foo;</text></name>"
					     "</question></quiz>"),
					 &t->bank),
			 ERR_INVALID);
	assert_non_null(strstr(t->cx.error.text, "entity"));
	read_xml(t, "<quiz xmlns:xi=\"http://www.w3.org/2001/XInclude\">"
		    "<question type=\"essay\"><xi:include href=\"/etc/passwd\" "
		    "parse=\"text\"/><name><text>&lt;&#65;&amp;</text></name>"
		    "</question></quiz>");
	assert_str(item_at(t, 0)->name, "<A&");
	assert_true(item_at(t, 0)->stem.n == 0);
	(void)note_with(t, FATE_IGNORED, "not known for this type");
}

static void what_is_not_well_formed_is_read_up_to_there(void **state)
{
	struct bench *t = *state;
	const struct bank_note *n;

	read_xml(t, "<quiz>\n<question type=\"essay\"/>\n<question type="
		    "\"essay\">\n<name>\n</question></quiz>");
	assert_int_equal(t->bank.items.n, 1);
	n = note_with(t, FATE_REFUSED, "nothing is read");
	assert_int_equal(n->line, 5);
	assert_int_equal(moodle_xml_read(&t->cx, STR("<quiz>"), &t->bank),
			 ERR_INVALID);
	assert_int_equal(moodle_xml_read(&t->cx, STR(""), &t->bank),
			 ERR_INVALID);
	assert_int_equal(moodle_xml_read(&t->cx, STR("<html/>"), &t->bank),
			 ERR_UNSUPPORTED);
}

static void encodings_and_bare_questions_are_read(void **state)
{
	static const struct {
		const char *head, *letter;
	} files[] = {
		{ "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "\xc3\xa4" },
		{ "<?xml version='1.0' encoding='iso-8859-1'?>\r\n", "\xe4" },
		{ "<?xml version=\"1.0\" encoding=\"windows-1252\"?>", "\xe4" },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?>", "\xc3\xa4" },
		{ "", "\xe4" },
		{ "\n\n", "&#228;" },
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (int bare = 0; bare < 2; bare++) {
			struct str s = str_fmt(
				t->cx.arena,
				"%s%s<question type=\"essay\">\r\n<name><text>"
				"%s</text></name></question>%s",
				files[i].head, bare ? "" : "<quiz>",
				files[i].letter, bare ? "" : "</quiz>");

			read_xml(t, s.p);
			assert_str(item_at(t, 0)->name, "\xc3\xa4");
			assert_int_equal(t->bank.nodes, bare ? 3 : 4);
		}
	assert_int_equal(moodle_xml_read(&t->cx,
					 STR("<?xml version=\"1.0\" encoding="
					     "\"EBCDIC\"?><quiz/>"),
					 &t->bank),
			 ERR_UNSUPPORTED);
}

static void limits_hold_before_the_parser_is_asked(void **state)
{
	static const struct {
		const char *begin, *again, *end;
		int times;
	} files[] = {
		{ "<quiz>", "<a>", "", LIMIT_XML_DEPTH + 1 },
		{ "<quiz", " a=''", "/>", LIMIT_XML_ATTRIBUTES + 1 },
		{ "<quiz>", "<a/>", "</quiz>", LIMIT_XML_NODES + 1 },
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf b = { 0 };

		buf_z(&b, files[i].begin);
		for (int n = 0; n < files[i].times; n++)
			buf_z(&b, files[i].again);
		buf_z(&b, files[i].end);
		assert_int_equal(
			moodle_xml_read(&t->cx, buf_view(&b), &t->bank),
			ERR_TOO_LARGE);
		assert_true(arena_used(t->cx.arena) < 1 << 20);
		buf_done(&b);
	}
}

static void a_megabyte_of_anything_takes_little_memory(void **state)
{
	static const char *const shapes[] = {
		"<a>",
		"<a/>",
		"<",
		"&amp;",
		"<![CDATA[",
		"<![CDATA[]]>",
		"<!--",
		"<!---->",
		"<?a?>",
		"<answer/>",
		"<tags>",
		"<tag/>",
		"<hint/>",
		"<question type=\"essay\"/>",
		"</quiz>",
		"x",
		"<a b='",
		"<file/>",
		"<subquestion/>",
	};
	static const char *const heads[] = {
		"<quiz>",
		"<quiz><question type=\"multichoice\">",
		"<quiz><question type=\"matching\"><tags>",
	};
	struct bench *t = *state;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (int h = 0; h < 3; h++) {
			struct buf b = { 0 };

			buf_z(&b, heads[h]);
			while (b.n < (1 << 20))
				buf_z(&b, shapes[i]);
			buf_z(&b, "</tags></question></quiz>");
			err_clear(&t->cx);
			(void)!moodle_xml_read(&t->cx, buf_view(&b), &t->bank);
			assert_true(arena_used(t->cx.arena) < 16 << 20);
			arena_reset(t->cx.arena);
			buf_done(&b);
		}
}

/* What only this format has, on top of a random item. */
static void add_details(struct dice *d, struct item *it)
{
	struct hint *h = ARENA_ARRAY(d->cx->arena, struct hint, 2);
	struct unit *u = ARENA_NEW(d->cx->arena, struct unit);

	it->penalty = dec_ratio((int64_t)roll(d, 5), 8);
	if (it->type != ITEM_DESCRIPTION)
		it->mark = dec_ratio((int64_t)roll(d, 100), 8);
	h[0] = (struct hint){ random_text(d), TEXT_HTML, true, false };
	h[1] = (struct hint){ random_text(d), TEXT_PLAIN, false, true };
	it->hints = (struct list){ h, roll(d, 3) };
	it->shuffle &= roll(d, 2) == 1;
	if (it->type == ITEM_SHORT)
		it->text.case_sensitive = roll(d, 2);
	if (it->type == ITEM_MATCH || it->type == ITEM_MULTI) {
		it->right_feedback = maybe_text(d);
		it->wrong_feedback = maybe_text(d);
		it->show_right_count = roll(d, 2);
	}
	if (it->type == ITEM_ESSAY) {
		it->essay.grader_info = maybe_text(d);
		it->essay.min_words = (int64_t)roll(d, 3);
		it->essay.attachments = (int64_t)roll(d, 4) - 1;
	}
	if (it->type != ITEM_NUMERIC)
		return;
	*u = (struct unit){ STR("m/s"), STR("3.6") };
	it->units = (struct list){ u, roll(d, 2) };
	it->unit_penalty_share = dec_ratio(1, 8);
	it->unit_mode = it->units.n ? (int)roll(d, 3) : UNIT_NONE;
	it->unit_penalty = it->unit_mode == UNIT_GRADED && roll(d, 2);
	it->unit_separate = it->unit_mode != UNIT_NONE && roll(d, 2);
}

static void what_is_written_reads_the_same(void **state)
{
	struct bench *t = *state;

	for (uint64_t seed = first_seed(); seed < first_seed() + 500; seed++) {
		struct bank bank = bank_of_seed(t, seed);
		struct item *items = bank.items.at;
		struct dice d = { .cx = &t->cx };

		rng_seeded_from(&d.rng, seed + 1);
		for (size_t i = 0; i < bank.items.n; i++)
			add_details(&d, &items[i]);
		assert_survives(t, &bank, moodle_xml_write, moodle_xml_read);
	}
}

static void every_node_of_written_banks_is_accounted_for(void **state)
{
	struct bench *t = *state;

	for (uint64_t seed = first_seed(); seed < first_seed() + 100; seed++) {
		struct bank bank = bank_of_seed(t, seed);
		struct buf b = { 0 };

		moodle_xml_write(&b, &bank);
		read_str(t, moodle_xml_read, buf_view(&b));
		assert_int_equal(t->bank.nodes, count_nodes(buf_view(&b)));
		assert_int_equal(t->bank.nodes, t->bank.mapped);
		buf_done(&b);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_example_is_read_and_every_node_accounted_for),
		TEST(choices_have_fractions_feedback_hints_and_flags),
		TEST(numbers_have_tolerances_and_units),
		TEST(both_orders_of_true_and_false_are_read),
		TEST(what_nobody_reads_is_listed),
		TEST(broken_questions_are_refused_by_line_and_the_rest_kept),
		TEST(a_cloze_that_cannot_be_scored_is_kept),
		TEST(embedded_files_stay_with_their_text),
		TEST(a_doctype_is_refused_and_the_reason_named),
		TEST(entities_and_includes_are_not_followed),
		TEST(what_is_not_well_formed_is_read_up_to_there),
		TEST(encodings_and_bare_questions_are_read),
		TEST(limits_hold_before_the_parser_is_asked),
		TEST(a_megabyte_of_anything_takes_little_memory),
		TEST(what_is_written_reads_the_same),
		TEST(every_node_of_written_banks_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
