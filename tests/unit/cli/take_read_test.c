/* What is typed, as a response; and back again as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/take.h"
#include "cli_world.h"

#define THREE                                                                  \
	"\"choices\":[{\"id\":\"1\",\"text\":\"x\"},{\"id\":\"2\","            \
	"\"text\":\"y\"},{\"id\":\"3\",\"text\":\"z\"}]"

static const char choice[] = "{\"type\":\"choice\"," THREE "}";
static const char multi[] = "{\"type\":\"multi\"," THREE "}";
static const char numeric[] = "{\"type\":\"numeric\",\"units\":[\"m\",\"cm\"]}";
static const char match[] =
	"{\"type\":\"match\",\"stems\":[{\"id\":\"1\",\"text\":\"p\"},"
	"{\"id\":\"2\",\"text\":\"q\"}],\"options\":[{\"id\":\"1\",\"text\":"
	"\"x\"},{\"id\":\"2\",\"text\":\"y\"}]}";
static const char cloze[] =
	"{\"type\":\"cloze\",\"stem\":\"a {#1} b {#2}\",\"parts\":[{\"id\":"
	"\"1\",\"type\":\"short\"},{\"id\":\"2\",\"type\":\"choice\"," THREE
	"}]}";

static struct question ask(struct world *w, const char *item, const char *has)
{
	struct jdoc *doc;

	assert_int_equal(jdoc_parse(&w->cx, str_of(item), &doc), OK);
	return (struct question){ .item = jdoc_root(doc),
				  .has_item = true,
				  .tries_left = -1,
				  .slot = 1,
				  .response = str_of(has) };
}

/* The response, or "" if it is refused. */
static const char *typed(struct world *w, const char *item, const char *has,
			 const char *line)
{
	struct question q = ask(w, item, has);
	struct str r = { 0 };

	if (take_read(&w->c, &q, str_of(line), &r))
		return "";
	return str_z(w->cx.arena, r);
}

#define TYPED(item, has, line, want)                                           \
	assert_string_equal(typed(*state, item, has, line), want)

static void a_choice_is_a_letter_or_a_number(void **state)
{
	TYPED(choice, NULL, "b", "{\"choice\":\"2\"}");
	TYPED(choice, NULL, " B) ", "{\"choice\":\"2\"}");
	TYPED(choice, NULL, "3", "{\"choice\":\"3\"}");
	TYPED(choice, NULL, "d", "");
	TYPED(choice, NULL, "0", "");
	TYPED(choice, NULL, "a b", "");
}

static void several_choices_are_separated_or_joined(void **state)
{
	TYPED(multi, NULL, "a c", "{\"choices\":[\"1\",\"3\"]}");
	TYPED(multi, NULL, "CA", "{\"choices\":[\"1\",\"3\"]}");
	TYPED(multi, NULL, "3, 1, 3", "{\"choices\":[\"1\",\"3\"]}");
	TYPED(multi, NULL, "a 4", "");
}

static void a_unit_stands_behind_its_number(void **state)
{
	TYPED(numeric, NULL, "3.5 m", "{\"text\":\"3.5\",\"unit\":\"m\"}");
	TYPED(numeric, NULL, "3.5cm", "{\"text\":\"3.5\",\"unit\":\"cm\"}");
	TYPED(numeric, NULL, "3.5", "{\"text\":\"3.5\"}");
	TYPED(numeric, NULL, "m", "{\"text\":\"m\"}");
}

static void pairs_are_added_to_those_there_are(void **state)
{
	TYPED(match, NULL, "1b", "{\"pairs\":{\"1\":\"2\"}}");
	TYPED(match, "{\"pairs\":{\"1\":\"2\"}}", "2=a",
	      "{\"pairs\":{\"1\":\"2\",\"2\":\"1\"}}");
	TYPED(match, "{\"pairs\":{\"1\":\"2\"}}", "1 -> a, 2 b",
	      "{\"pairs\":{\"1\":\"1\",\"2\":\"2\"}}");
	TYPED(match, NULL, "3a", "");
	TYPED(match, NULL, "1c", "");
	TYPED(match, NULL, "ab", "");
}

static void blanks_are_filled_by_their_numbers(void **state)
{
	TYPED(cloze, NULL, "1= cold water",
	      "{\"parts\":{\"1\":{\"text\":\"cold water\"}}}");
	TYPED(cloze, "{\"parts\":{\"1\":{\"text\":\"x\"}}}", "2=c",
	      "{\"parts\":{\"1\":{\"text\":\"x\"},\"2\":{\"choice\":\"3\"}}}");
	TYPED(cloze, NULL, "1=a=b; 2=a",
	      "{\"parts\":{\"1\":{\"text\":\"a=b\"},\"2\":{\"choice\":\"1\"}"
	      "}}");
	TYPED(cloze, NULL, "3=x", "");
	TYPED(cloze, NULL, "cold", "");
	TYPED(cloze, NULL, "2=z", "");
}

static void text_is_taken_as_it_is(void **state)
{
	TYPED("{\"type\":\"short\"}", NULL, " a \"b\" ",
	      "{\"text\":\"a \\\"b\\\"\"}");
	TYPED("{\"type\":\"short\"}", NULL, "\xff", "");
}

/* take_show of the item with the response, in 40 columns. */
static const char *shown(struct world *w, const char *item, const char *has)
{
	struct take t = { .c = &w->c, .n = 1 };
	struct question q = ask(w, item, has);

	free(w->out);
	w->c.out = open_memstream(&w->out, &w->out_n);
	w->c.columns = 40;
	t.questions = &q;
	take_show(&t, &q, 0);
	fclose(w->c.out);
	w->c.columns = 80;
	return w->out;
}

/* What a review shows: a copy of the question at a place, on its own. */
static const char *reviewed(struct world *w, struct take *t, size_t at)
{
	struct question *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	*copy = t->questions[at];
	free(w->out);
	w->c.out = open_memstream(&w->out, &w->out_n);
	take_show(t, copy, at);
	fclose(w->c.out);
	free(copy);
	return w->out;
}

static void a_section_is_named_before_its_first_question_only(void **state)
{
	struct world *w = *state;
	struct question q[3];
	struct take t = {
		.c = &w->c, .n = 3, .has_sections = true, .questions = q
	};
	struct jdoc *doc;

	assert_int_equal(
		jdoc_parse(&w->cx,
			   STR("[{\"title\":\"One\"},{\"title\":\"Two\","
			       "\"text\":\"Read.\"}]"),
			   &doc),
		OK);
	t.sections = jdoc_root(doc);
	for (int i = 0; i < 3; i++) {
		q[i] = ask(w, "{\"type\":\"short\",\"stem\":\"s\"}", NULL);
		q[i].slot = i + 1;
		q[i].section = i > 0;
	}
	assert_string_equal(reviewed(w, &t, 0),
			    "\n== One ==\n\nQuestion 1 of 3\ns\n");
	assert_string_equal(reviewed(w, &t, 1),
			    "\n== Two ==\nRead.\n\nQuestion 2 of 3\ns\n");
	assert_string_equal(reviewed(w, &t, 2), "\nQuestion 3 of 3\ns\n");
}

/* What is said of a line that names none of n choices. */
static const char *refused(struct world *w, int n)
{
	struct buf b = { 0 };
	const char *item;

	buf_z(&b, "{\"type\":\"choice\",\"choices\":[");
	for (int i = 0; i < n; i++)
		buf_fmt(&b, "%s{\"text\":\"x\"}", i ? "," : "");
	buf_z(&b, "]}");
	item = str_z(w->cx.arena, buf_view(&b));
	buf_done(&b);
	assert_string_equal(typed(w, item, NULL, "?!"), "");
	return w->cx.error.text;
}

static void a_wrong_choice_is_told_which_there_are(void **state)
{
	assert_has(refused(*state, 1), "choices: type a");
	assert_has(refused(*state, 2), "choices: type a or b");
	assert_has(refused(*state, 3), "choices: type a letter from a to c");
	assert_has(refused(*state, 30), "choices: type a number from 1 to 30");
	assert_has(refused(*state, 0), "there is nothing to choose from");
}

static void what_was_chosen_is_marked(void **state)
{
	assert_string_equal(shown(*state, multi, "{\"choices\":[\"1\",\"3\"]}"),
			    "\nQuestion 1 of 1\n\n"
			    "\n *a)  x\n  b)  y\n *c)  z\n");
}

static void a_blank_shows_its_number_and_choices(void **state)
{
	assert_string_equal(
		shown(*state, cloze,
		      "{\"parts\":{\"1\":{\"text\":\"x\"},\"2\":{\"choice\":"
		      "\"3\"}}}"),
		"\nQuestion 1 of 1\na [1: ____] b [2: ____]\n\n"
		"  [2] a) x   b) y   c) z\n"
		"Your answer:\n  [1] x\n  [2] c) z\n");
}

static void pairs_are_shown_with_their_texts(void **state)
{
	assert_has(shown(*state, match, "{\"pairs\":{\"1\":\"2\"}}"),
		   "1. p -> b) y\n");
}

static void an_item_of_another_kind_is_survived(void **state)
{
	assert_has(shown(*state, "{\"type\":\"hologram\",\"stem\":\"?\"}",
			 "{\"beam\":[1]}"),
		   "Your answer:\n  nothing\n");
	assert_has(shown(*state, "{\"type\":\"match\",\"stems\":7}",
			 "{\"pairs\":{\"x\":3,\"9\":\"9\"}}"),
		   "9. ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_choice_is_a_letter_or_a_number),
		cmocka_unit_test(several_choices_are_separated_or_joined),
		cmocka_unit_test(a_unit_stands_behind_its_number),
		cmocka_unit_test(pairs_are_added_to_those_there_are),
		cmocka_unit_test(blanks_are_filled_by_their_numbers),
		cmocka_unit_test(text_is_taken_as_it_is),
		cmocka_unit_test(
			a_section_is_named_before_its_first_question_only),
		cmocka_unit_test(a_wrong_choice_is_told_which_there_are),
		cmocka_unit_test(what_was_chosen_is_marked),
		cmocka_unit_test(a_blank_shows_its_number_and_choices),
		cmocka_unit_test(pairs_are_shown_with_their_texts),
		cmocka_unit_test(an_item_of_another_kind_is_survived),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
