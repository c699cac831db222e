#include "graders/import_report.h"
#include "tests/unit/graders/bank_support.h"

static void formats_are_known_by_their_content(void **state)
{
	static const struct {
		const char *text, *format;
	} files[] = {
		{ "<?xml version=\"1.0\"?><quiz/>", "moodle_xml" },
		{ "\xef\xbb\xbf <quiz>", "moodle_xml" },
		{ "<question type=\"essay\">", "moodle_xml" },
		{ "<!DOCTYPE x><quiz/>", "moodle_xml" },
		{ "<?xml version=\"1.0\"?><assessmentItem/>", "" },
		{ "{\"items\": []}", "assay" },
		{ " {\n\"title\": \"x\", \"items\": []}", "assay" },
		{ "{ =Asia } is large.", "gift" },
		{ "// a\n::b::c", "gift" },
		{ "$CATEGORY: x", "gift" },
		{ "<p>What?</p>{=a}", "gift" },
		{ "plain words", "" },
		{ "", "" },
		{ " \n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_str(bank_detect(str_of(files[i].text)), files[i].format);
	assert_str(bank_detect(STR("\xff\xfe<\0q\0u\0i\0z\0/\0>\0")),
		   "moodle_xml");
	assert_true(bank_detect(STR("\0\1{}")).p == NULL);
}

static void the_name_of_a_file_decides_where_its_content_does_not(void **state)
{
	struct bench *t = *state;
	struct bank b;

	assert_int_equal(bank_read(&t->cx, STR("words"), STR("a.gift"), &b),
			 OK);
	assert_str(b.format, "gift");
	assert_int_equal(bank_read(&t->cx, STR("words"), STR("a.xml"), &b),
			 ERR_INVALID);
	assert_int_equal(bank_read(&t->cx, STR("words"), STR("a.pdf"), &b),
			 ERR_UNSUPPORTED);
	assert_int_equal(bank_read(&t->cx, STR("words"), (struct str){ 0 }, &b),
			 ERR_UNSUPPORTED);
}

static enum err read_any(struct ctx *cx, struct str bytes, struct bank *out)
{
	return bank_read(cx, bytes, (struct str){ 0 }, out);
}

static void json_items_are_read_one_by_one(void **state)
{
	struct bench *t = *state;
	const struct bank_note *n;

	read_str(t, read_any,
		 STR("{\"title\": \"T\", \"extra\": 1, \"items\": ["
		     "{\"id\": \"a\", \"type\": \"essay\", \"stem\": \"x\"},"
		     "{\"id\": \"b\", \"type\": \"riddle\"},"
		     "{\"id\": \"a\", \"type\": \"essay\"},"
		     "{\"id\": \"c\", \"type\": \"choice\"},"
		     "{\"type\": \"short\", \"answers\": [{\"text\": \"y\","
		     "\"fraction\": 1}]}]}"));
	assert_str(t->bank.format, "assay");
	assert_str(t->bank.title, "T");
	assert_int_equal(t->bank.items.n, 3);
	assert_str(item_at(t, 1)->id, "q2");
	assert_str(item_at(t, 2)->id, "q3");
	assert_int_equal(t->bank.nodes, 7);
	assert_int_equal(t->bank.refused, 2);
	n = note_with(t, FATE_REFUSED, "/type");
	assert_str(n->path, "items[1]");
	(void)note_with(t, FATE_REFUSED, "has no choices");
	(void)note_with(t, FATE_IGNORED, "no such member");
	(void)note_with(t, FATE_IGNORED, "id is taken");
}

static void a_bank_is_written_as_json_that_is_read_again(void **state)
{
	struct bench *t = *state;
	struct str file = read_file(t, "examples/chemistry.xml");
	struct buf b = { 0 };
	struct bank first;

	read_str(t, read_any, file);
	first = t->bank;
	field_encode(&b, &bank_shape, &first);
	read_str(t, read_any, buf_view(&b));
	assert_same_items(t, &first, &t->bank);
	assert_int_equal(t->bank.refused, 0);
	buf_done(&b);
}

static void json_that_is_none_is_refused(void **state)
{
	struct bench *t = *state;
	struct bank b;

	assert_int_equal(read_any(&t->cx, STR("{\"items\": [}"), &b),
			 ERR_BAD_JSON);
	assert_int_equal(read_any(&t->cx, STR("{\"items\": 1}"), &b),
			 ERR_INVALID);
	assert_int_equal(read_any(&t->cx, STR("{\"items\": []}"), &b),
			 ERR_INVALID);
}

static void ids_are_the_authors_or_positions_and_never_twice(void **state)
{
	struct bench *t = *state;

	read_str(t, gift_read,
		 STR("// [id:q2]\na{=1}\n\n// [id:x]\nb{=1}\n\n"
		     "// [id:x]\nc{=1}\n\n// [id:two words]\nd{=1}\n\n"
		     "// [id:q6]\ne{=1}\n\nf{=1}\n\n"));
	assert_str(item_at(t, 0)->id, "q2");
	assert_str(item_at(t, 1)->id, "x");
	assert_str(item_at(t, 2)->id, "q3");
	assert_str(item_at(t, 2)->idnumber, "x");
	assert_str(item_at(t, 3)->id, "q4");
	assert_str(item_at(t, 5)->id, "q6-2");
}

static void the_report_says_what_was_not_carried_over(void **state)
{
	struct bench *t = *state;
	struct buf b = { 0 };

	read_str(t, gift_read, STR("// c\na{=b}\n\nb{#x}\n\nc{T}\n\n// d\n"));
	import_report(&b, &t->bank);
	assert_str(buf_view(&b),
		   "Format: gift\n"
		   "Questions: 2 (1 true_false, 1 short)\n"
		   "Nodes of the source: 7 = 4 mapped + 0 kept as they are + "
		   "2 ignored + 1 refused\n"
		   "Not carried over as it was:\n"
		   "  ignored  line 1, comment: comments are not carried over "
		   "(2 nodes)\n"
		   "  refused  line 4, question[2]: a numeric answer is a "
		   "number, number:tolerance or low..high, with a decimal "
		   "point\n");
	buf_reset(&b);
	read_str(t, gift_read, STR("a{=b}"));
	import_report(&b, &t->bank);
	assert_true(str_ends(buf_view(&b), "Everything was carried over.\n"));
	buf_done(&b);
}

static void many_notes_are_counted_together(void **state)
{
	struct bench *t = *state;
	struct buf b = { 0 };

	buf_z(&b, "a{=b}\n\n");
	for (int i = 0; i < 100000; i++)
		buf_z(&b, "}\n\n");
	read_str(t, gift_read, buf_view(&b));
	assert_int_equal(t->bank.refused, 100000);
	assert_true(t->bank.notes.n < 300);
	buf_done(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(formats_are_known_by_their_content),
		TEST(the_name_of_a_file_decides_where_its_content_does_not),
		TEST(json_items_are_read_one_by_one),
		TEST(a_bank_is_written_as_json_that_is_read_again),
		TEST(json_that_is_none_is_refused),
		TEST(ids_are_the_authors_or_positions_and_never_twice),
		TEST(the_report_says_what_was_not_carried_over),
		TEST(many_notes_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
