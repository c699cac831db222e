/* Assessment files: read whole, refused whole, written canonically. */
#include <time.h>

#include "graders/assessment_file.h"
#include "tests/unit/graders/policy_world.h"

#define CHOICE(id, more)                                                       \
	"{\"id\":\"" id "\",\"type\":\"choice\",\"stem\":\"?\",\"mark\":1,"    \
	"\"choices\":[{\"text\":\"a\",\"fraction\":1},"                        \
	"{\"text\":\"b\",\"fraction\":0}]" more "}"

#define FILE_OF(items, more)                                                   \
	"{\"assay\":1,\"course\":\"bio\",\"slug\":\"quiz-1\","                 \
	"\"title\":\"Quiz\",\"items\":[" items "]" more "}"

static bool has(const struct problems *ps, int level, const char *code,
		const char *where)
{
	const struct problem *p = ps->list.at;

	for (size_t i = 0; i < ps->list.n; i++)
		if (p[i].level == level && str_is(p[i].code, code) &&
		    str_is(p[i].at, where))
			return true;
	for (size_t i = 0; i < ps->list.n; i++)
		print_message("%.*s at %.*s: %.*s\n", STR_FMT(p[i].code),
			      STR_FMT(p[i].at), STR_FMT(p[i].text));
	return false;
}

/* The text has this error there. */
static void refused(struct ctx *cx, const char *text, const char *code,
		    const char *where)
{
	struct assessment_def def = { .assay = 77 };
	struct problems ps;

	assert_int_equal(assessment_read(cx, str_of(text), &def, &ps),
			 ERR_INVALID);
	assert_int_equal(def.assay, 77);
	assert_true(has(&ps, PROBLEM_ERROR, code, where));
	err_clear(cx);
}

static void warned(struct ctx *cx, const char *text, const char *code,
		   const char *where)
{
	struct assessment_def def;
	struct problems ps;

	assert_int_equal(assessment_read(cx, str_of(text), &def, &ps), OK);
	assert_int_equal(ps.errors, 0);
	assert_true(has(&ps, PROBLEM_WARNING, code, where));
}

enum { MANY_ANSWERS = 500, MANY_ITEMS = 10 };

static void put_numeric(struct buf *b, int item)
{
	buf_fmt(b,
		"%s{\"id\":\"n%d\",\"type\":\"numeric\",\"stem\":\"?\","
		"\"mark\":1,\"answers\":[",
		item ? "," : "", item);
	for (int i = 0; i < MANY_ANSWERS; i++)
		buf_fmt(b,
			"%s{\"text\":\"%d.11111111111111111111\","
			"\"tolerance\":\"0.1\",\"fraction\":1}",
			i ? "," : "", 10 * i);
	buf_z(b, "]}");
}

/* Pairs are compared, and what is compared is read once, not once a pair. */
static void many_numeric_answers_are_checked_at_once(void **state)
{
	struct ctx *cx = *state;
	struct assessment_def def;
	struct timespec from, to;
	struct problems ps;
	struct buf b = { 0 };

	buf_z(&b, "{\"assay\":1,\"course\":\"bio\",\"slug\":\"q\","
		  "\"title\":\"Q\",\"items\":[");
	for (int i = 0; i < MANY_ITEMS; i++)
		put_numeric(&b, i);
	buf_z(&b, "]}");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	assert_int_equal(assessment_read(cx, buf_view(&b), &def, &ps), OK);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	buf_done(&b);
	assert_true((to.tv_sec - from.tv_sec) * 1000 +
			    (to.tv_nsec - from.tv_nsec) / 1000000 <
		    500);
	assert_true(arena_held(cx->arena) < 64 << 20);
}

static void a_short_file_gets_all_defaults(void **state)
{
	struct assessment_def def;
	struct problems ps;
	const struct section *s;

	assert_int_equal(
		assessment_read(
			*state,
			STR(FILE_OF(CHOICE("q1", "") "," CHOICE("q2", ""), "")),
			&def, &ps),
		OK);
	assert_int_equal(ps.errors + ps.warnings, 0);
	assert_int_equal(def.policy.network_grace_ms, POLICY_NETWORK_GRACE_MS);
	assert_int_equal(def.sections.n, 1);
	s = def.sections.at;
	assert_int_equal(s->entries.n, 2);
	assert_dec(assessment_max(*state, &def), "2");
}

static void writing_and_reading_gives_the_same(void **state)
{
	static const char text[] = FILE_OF(
		CHOICE("q1", "") "," CHOICE("q2", ",\"tags\":[\"t\"]"),
		",\"policy\":{\"attempts\":2,\"closes_at\":"
		"\"2026-03-02T11:00:00Z\"},\"sections\":[{\"title\":\"A\","
		"\"entries\":[{\"item\":\"q1\",\"mark\":2.5},"
		"{\"pick\":1,\"tags\":[\"t\"]}]}]");
	struct buf one = { 0 }, two = { 0 };
	struct assessment_def def;

	assert_int_equal(assessment_read(*state, STR(""), &def, NULL),
			 ERR_BAD_JSON);
	err_clear(*state);
	assert_int_equal(assessment_read(*state, str_of(text), &def, NULL), OK);
	assert_dec(assessment_max(*state, &def), "3.5");
	assessment_write(&one, &def);
	assert_int_equal(assessment_read(*state, buf_view(&one), &def, NULL),
			 OK);
	assessment_write(&two, &def);
	assert_true(str_eq(buf_view(&one), buf_view(&two)));
	buf_done(&one);
	buf_done(&two);
}

static void all_errors_are_listed_at_once(void **state)
{
	static const char text[] = FILE_OF(
		CHOICE("q1", "") "," CHOICE("q1", ""),
		",\"policy\":{\"overdue\":\"grace\"},\"sections\":[{"
		"\"entries\":[{\"item\":\"q9\"},{\"pick\":3,\"from\":[\"q1\"]},"
		"{}]}]");
	struct ctx *cx = *state;
	struct assessment_def def;
	struct problems ps;

	assert_int_equal(assessment_read(cx, str_of(text), &def, &ps),
			 ERR_INVALID);
	assert_true(ps.errors >= 5);
	assert_true(has(&ps, PROBLEM_ERROR, "duplicate_id", "/items/1/id"));
	assert_true(
		has(&ps, PROBLEM_ERROR, "grace_missing", "/policy/grace_ms"));
	assert_true(has(&ps, PROBLEM_ERROR, "unknown_item",
			"/sections/0/entries/0/item"));
	assert_true(has(&ps, PROBLEM_ERROR, "draw_too_large",
			"/sections/0/entries/1/pick"));
	assert_true(has(&ps, PROBLEM_ERROR, "entry_empty",
			"/sections/0/entries/2"));
	/* and the refusal names the first */
	assert_string_equal(cx->error.field, "/policy/grace_ms");
}

static void what_would_break_an_attempt_is_refused(void **state)
{
	refused(*state, FILE_OF("", ""), "no_items", "/items");
	refused(*state, FILE_OF("{\"id\":\"d\",\"type\":\"description\"}", ""),
		"nothing_gradable", "/items");
	refused(*state, FILE_OF("{\"id\":\"e\",\"type\":\"essay\"}", ""),
		"no_marks", "/items");
	refused(*state,
		FILE_OF("{\"id\":\"c\",\"type\":\"choice\",\"mark\":1}", ""),
		"item", "/items/0/choices");
	refused(*state,
		FILE_OF(CHOICE("q1", ""),
			",\"policy\":{\"behaviour\":\"psychic\"}"),
		"behaviour_unknown", "/policy/behaviour");
	refused(*state,
		FILE_OF(CHOICE("q1", ""),
			",\"policy\":{\"prerequisites\":[{\"assessment\":"
			"\"quiz-1\"}]}"),
		"needs_itself", "/policy/prerequisites/0/assessment");
	refused(*state,
		FILE_OF(CHOICE("q1", ""), ",\"sections\":[{\"entries\":[]}]"),
		"section_empty", "/sections/0/entries");
	refused(*state,
		FILE_OF(CHOICE("q1", ""),
			",\"sections\":[{\"entries\":[{\"item\":\"q1\","
			"\"pick\":1}]}]"),
		"entry_unclear", "/sections/0/entries/0/item");
	refused(*state,
		FILE_OF(CHOICE("q1", ""),
			",\"sections\":[{\"entries\":[{\"pick\":1}]}]"),
		"draw_unclear", "/sections/0/entries/0/from");
	refused(*state, FILE_OF("7", ""), "not_readable", "/items/0");
	refused(*state,
		"{\"assay\":1,\"course\":\"c\",\"slug\":\"Not a slug\","
		"\"title\":\"t\",\"items\":[" CHOICE("q", "") "]}",
		"slug", "/slug");
}

static void what_was_hardly_meant_is_a_warning(void **state)
{
	warned(*state,
	       FILE_OF(CHOICE("q1", "") "," CHOICE("q2", ""),
		       ",\"sections\":[{\"entries\":[{\"item\":\"q1\"}]}]"),
	       "item_unused", "/items/1");
	warned(*state,
	       FILE_OF(CHOICE("q1", ""),
		       ",\"sections\":[{\"entries\":[{\"item\":\"q1\"},"
		       "{\"item\":\"q1\"}]}]"),
	       "item_twice", "/sections/0/entries/1/item");
	warned(*state,
	       FILE_OF(CHOICE("q1",
			      "") ","
				  "{\"id\":\"q2\",\"type\":\"choice\",\"mark\":1,"
				  "\"choices\":[{\"text\":\"a\","
				  "\"fraction\":0.5},{\"text\":\"b\"}]}",
		       ""),
	       "key_unreachable", "/items/1");
	warned(*state,
	       FILE_OF(CHOICE("q1",
			      "") ","
				  "{\"id\":\"q2\",\"type\":\"short\",\"answers\":["
				  "{\"text\":\"x\",\"fraction\":1}]}",
		       ""),
	       "mark_zero", "/items/1/mark");
	warned(*state,
	       FILE_OF(CHOICE("q1", ""),
		       ",\"policy\":{\"behaviour\":\"interactive\"}"),
	       "no_hints", "/policy/behaviour");
	warned(*state,
	       FILE_OF(CHOICE("q1", ""),
		       ",\"policy\":{\"behaviour\":\"adaptive\"}"),
	       "tries_blind", "/policy/review/during");
}

/* An item of one answer for 10 +- 1 and another. */
#define TEN_AND(answer)                                                        \
	FILE_OF("{\"id\":\"n\",\"type\":\"numeric\",\"mark\":1,"               \
		"\"answers\":[{\"text\":\"10\",\"tolerance\":\"1\","           \
		"\"fraction\":1}," answer "]}",                                \
		"")

static void answers_that_touch_or_widen_are_fine(void **state)
{
	static const char *const fine[] = {
		TEN_AND("{\"text\":\"12\",\"tolerance\":\"1\"}"),
		TEN_AND("{\"text\":\"10.5\",\"tolerance\":\"2\"}"),
		TEN_AND("{\"text\":\"*\"}"),
	};

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		struct assessment_def def;
		struct problems ps;

		assert_int_equal(
			assessment_read(*state, str_of(fine[i]), &def, &ps),
			OK);
		assert_int_equal(ps.warnings, 0);
	}
	warned(*state, TEN_AND("{\"text\":\"12\",\"tolerance\":\"1.5\"}"),
	       "tolerance_overlap", "/items/0/answers/1");
	warned(*state, TEN_AND("{\"text\":\"10.5\"}"), "answer_unreachable",
	       "/items/0/answers/1");
}

static void draws_of_unequal_marks_are_questioned(void **state)
{
	static const char text[] = FILE_OF(
		CHOICE("q1", "") ","
				 "{\"id\":\"q2\",\"type\":\"short\",\"mark\":3,"
				 "\"answers\":[{\"text\":\"x\","
				 "\"fraction\":1}]}",
		",\"sections\":[{\"entries\":[{\"pick\":1,\"from\":["
		"\"q1\",\"q2\"]}]}]");
	struct assessment_def def;

	warned(*state, text, "draw_marks_differ", "/sections/0/entries/0/mark");
	assert_int_equal(assessment_read(*state, str_of(text), &def, NULL), OK);
	assert_dec(assessment_max(*state, &def), "3");
}

static void a_category_holds_what_is_below_it_and_no_namesakes(void **state)
{
	static const char text[] = FILE_OF(
		CHOICE("q1", ",\"category\":\"alg\"") "," CHOICE(
			"q2",
			",\"category\":\"alg/lin\"") "," CHOICE("q3",
								",\"category\":"
								"\"algae\""),
		",\"sections\":[{\"entries\":[{\"pick\":2,\"category\":"
		"\"alg\"},{\"item\":\"q3\"}]}]");
	struct assessment_def def;
	const struct section *s;
	struct list can;

	assert_int_equal(assessment_read(*state, str_of(text), &def, NULL), OK);
	s = def.sections.at;
	can = assessment_entry_items(*state, &def, s->entries.at);
	assert_int_equal(can.n, 2);
	assert_int_equal(((const size_t *)can.at)[1], 1);
}

static void a_bank_becomes_a_publishable_file(void **state)
{
	struct assessment_def def, again;
	struct bank bank = { 0 };
	struct buf b = { 0 };

	assert_int_equal(assessment_read(*state,
					 STR(FILE_OF(CHOICE("q1", ""), "")),
					 &def, NULL),
			 OK);
	bank.items = def.items;
	assessment_of_bank(*state, &bank, STR("bio"), STR("imported"), &def);
	assessment_write(&b, &def);
	assert_int_equal(assessment_read(*state, buf_view(&b), &again, NULL),
			 OK);
	assert_true(str_is(again.title, "imported"));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_EXAM(a_short_file_gets_all_defaults),
		TEST_OF_EXAM(many_numeric_answers_are_checked_at_once),
		TEST_OF_EXAM(writing_and_reading_gives_the_same),
		TEST_OF_EXAM(all_errors_are_listed_at_once),
		TEST_OF_EXAM(what_would_break_an_attempt_is_refused),
		TEST_OF_EXAM(what_was_hardly_meant_is_a_warning),
		TEST_OF_EXAM(answers_that_touch_or_widen_are_fine),
		TEST_OF_EXAM(draws_of_unequal_marks_are_questioned),
		TEST_OF_EXAM(
			a_category_holds_what_is_below_it_and_no_namesakes),
		TEST_OF_EXAM(a_bank_becomes_a_publishable_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
