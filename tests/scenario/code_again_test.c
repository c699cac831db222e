/* Submissions that are judged once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "")
#define REF ",\"course\":\"c\",\"slug\":\"q\""

static void a_dry_rejudging_shows_both_facts_and_changes_nothing(void **state)
{
	struct world *w = *state;
	struct reply r;

	code_publish(w, "", ITEM);
	code_graded(w, ANN, IS_SMALL);
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"reason\":\"wrong test\",\"dry_run\":true" REF "}");
	assert_int_equal(reply_int(w, &r, "queued"), 1);
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"course\":\"c\","
		     "\"slug\":\"q\"}");
	assert_int_equal(reply_int(w, &r, "waiting"), 1);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "1");
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"course\":\"c\","
		     "\"slug\":\"q\"}");
	assert_string_equal(reply_text(w, &r, "changes/0/outcome"), "differs");
	assert_string_equal(reply_text(w, &r, "changes/0/old/fraction"),
			    "0.25");
	assert_string_equal(reply_text(w, &r, "changes/0/new/fraction"), "1");
	/* What the dry run found counts now, without another run. */
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"reason\":\"wrong test\"" REF "}");
	assert_int_equal(reply_int(w, &r, "applied"), 1);
	assert_false(code_judge_next(w, IS_RIGHT));
	assert_string_equal(quiz_grade(w, "ann"), "4");
	assert_int_equal(world_records(w, "submission.rejudge"), 2);
}

#define COURSE "\"course\":\"c\""
static void a_courses_dry_run_is_looked_at_as_a_whole(void **state)
{
	struct world *w = *state;
	struct reply r;
	const char *first;

	code_publish(w, "", ITEM);
	assert_int_equal(
		world_call(w, "bound:d", "submission.rejudged", "{" COURSE "}")
			.e,
		ERR_NOT_FOUND);
	code_graded(w, ANN, IS_SMALL);
	world_publish(w, str_fmt(w->cx.arena,
				 "{\"assay\":1,\"course\":\"c\","
				 "\"slug\":\"other\",\"title\":\"Code\","
				 "\"policy\":{},\"items\":[%s]}",
				 ITEM)
				 .p);
	r = world_ok(w, ANN, "attempt.start",
		     "{\"course\":\"c\",\"slug\":\"other\"}");
	code_judged(w, ANN, reply_text(w, &r, "attempt"), MAIN_C("a"),
		    IS_SMALL);
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"reason\":\"r\",\"dry_run\":true," COURSE "}");
	assert_int_equal(reply_int(w, &r, "queued"), 2);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_true(code_judge_next(w, IS_RIGHT));

	r = world_ok(w, "moderator", "submission.rejudged", "{" COURSE "}");
	assert_int_equal(reply_count(w, &r, "changes"), 2);
	assert_string_equal(reply_text(w, &r, "changes/1/new/fraction"), "1");
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"limit\":1," COURSE "}");
	first = reply_text(w, &r, "changes/0/submission");
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"cursor\":\"%s\"," COURSE "}",
		     reply_text(w, &r, "next"));
	assert_int_equal(reply_count(w, &r, "changes"), 1);
	assert_string_not_equal(reply_text(w, &r, "changes/0/submission"),
				first);
	/* Nobody else's, and not from another course. */
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"course\":\"d\"}");
	assert_int_equal(reply_count(w, &r, "changes"), 0);
	r = world_ok(w, "foreign", "submission.rejudged", "{" COURSE "}");
	assert_int_equal(reply_count(w, &r, "changes"), 0);
}

static void a_rejudging_lowers_nothing_unless_told_to(void **state)
{
	struct world *w = *state;
	struct reply r;

	code_publish(w, "", ITEM);
	code_graded(w, ANN, IS_RIGHT);
	world_ok(w, "moderator", "submission.rejudge",
		 "{\"reason\":\"r\"" REF "}");
	assert_true(code_judge_next(w, IS_SMALL));
	assert_string_equal(quiz_grade(w, "ann"), "4");
	r = world_ok(w, "moderator", "submission.rejudged",
		     "{\"course\":\"c\","
		     "\"slug\":\"q\"}");
	assert_string_equal(reply_text(w, &r, "changes/0/outcome"),
			    "kept_lower");
	world_ok(w, "moderator", "submission.rejudge",
		 "{\"reason\":\"r\",\"allow_lower\":true" REF "}");
	assert_string_equal(quiz_grade(w, "ann"), "1");
	/* A run that fails takes nothing away. */
	world_ok(w, "moderator", "submission.rejudge",
		 "{\"reason\":\"r\",\"allow_lower\":true" REF "}");
	code_fail(w, code_lease(w, "grade.code"), false);
	assert_string_equal(quiz_grade(w, "ann"), "1");
}

/* The first group gives three points now, the second one. */
#define OTHER_POINTS                                                           \
	"{\"id\":\"double\",\"type\":\"code\",\"name\":\"Double\","            \
	"\"stem\":\"Double it.\",\"mark\":4,\"code\":{\"languages\":[\"c\"],"  \
	"\"groups\":[{\"name\":\"small\",\"points\":3},"                       \
	"{\"name\":\"large\",\"points\":1}],"                                  \
	"\"tests\":[{\"name\":\"one\",\"group\":\"small\","                    \
	"\"input\":{\"text\":\"1\"},\"answer\":{\"text\":\"2\"}},"             \
	"{\"name\":\"two\",\"group\":\"large\","                               \
	"\"input\":{\"text\":\"31337\"},\"answer\":{\"text\":\"62674\"}},"     \
	"{\"name\":\"three\",\"group\":\"large\","                             \
	"\"input\":{\"text\":\"-4\"},\"answer\":{\"text\":\"-8\"}}]}}"

static void other_points_need_no_other_run(void **state)
{
	struct world *w = *state;
	struct reply r;

	code_publish(w, "", ITEM);
	code_graded(w, ANN, IS_SMALL);
	assert_string_equal(quiz_grade(w, "ann"), "1");
	code_publish(w, "", OTHER_POINTS);
	r = world_ok(w, "moderator", "attempt.regrade",
		     "{\"reason\":\"points\"" REF "}");
	assert_int_equal(reply_int(w, &r, "changed"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "3");
	assert_false(code_judge_next(w, IS_RIGHT));
	world_restart(w);
	r = world_ok(w, "moderator", "attempt.regrade",
		     "{\"reason\":\"points\"" REF "}");
	assert_int_equal(reply_int(w, &r, "changed"), 0);
}

static void other_tests_are_run(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = code_graded(w, ANN, IS_SMALL);
	code_publish(w, "", ONE_TEST);
	world_ok(w, "moderator", "attempt.regrade",
		 "{\"reason\":\"tests\",\"allow_lower\":true" REF "}");
	assert_true(code_judge_next(w, REPORT("AC", "true", "AC", PASS)));
	assert_string_equal(quiz_grade(w, "ann"), "4");
	assert_string_equal(quiz_state(w, id), "graded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(a_dry_rejudging_shows_both_facts_and_changes_nothing),
		quiz_test(a_courses_dry_run_is_looked_at_as_a_whole),
		quiz_test(a_rejudging_lowers_nothing_unless_told_to),
		quiz_test(other_points_need_no_other_run),
		quiz_test(other_tests_are_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
