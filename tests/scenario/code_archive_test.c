/* An archive handed in to a code item, and what its learner is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "\"submissions\":1,")
#define TREE "0123456789abcdef0123456789abcdef01234567"
#define TOLD                                                                   \
	"\"archive\":{\"tree\":\"" TREE "\",\"files\":["                       \
	"{\"name\":\"main.c\",\"bytes\":5}],\"refused\":["                     \
	"{\"name\":\"../x\",\"why\":\"leaves the folder\"}]},"
#define IS_TAKEN                                                               \
	"{\"version\":1,\"language\":\"c\",\"verdict\":\"AC\","                \
	"\"gradable\":true,\"compile\":\"AC\",\"level\":\"full\"," TOLD        \
	"\"tests\":[" PASS "," PASS "," PASS "]}"
#define IS_BROKEN                                                              \
	"{\"version\":1,\"language\":\"c\",\"verdict\":\"CE\","                \
	"\"gradable\":false,\"compile\":\"SK\",\"level\":\"full\","            \
	"\"reason\":\"the archive cannot be taken: it is none\","              \
	"\"archive\":{\"files\":[],\"refused\":[]},\"tests\":[]}"

static struct reply hand_in(struct world *w, const char *id, const char *name,
			    struct str bytes)
{
	return world_call_bytes(
		w, ANN, "attempt.check",
		str_fmt(w->cx.arena,
			"{\"attempt\":\"%s\",\"slot\":1,\"response\":"
			"{\"language\":\"c\",\"archive\":true,\"files\":["
			"{\"name\":\"%s\",\"bytes\":%zu}]}}",
			id, name, bytes.n),
		bytes);
}

static struct reply get(struct world *w, const char *id)
{
	return world_ok(w, ANN, "submission.get",
			"{\"attempt\":\"%s\",\"slot\":1,\"number\":1,"
			"\"files\":true}",
			id);
}

static void it_is_kept_as_it_came_and_told_once_it_was_judged(void **state)
{
	struct world *w = *state;
	struct leased l;
	struct reply r;
	const char *id;

	code_publish(w, QUIZ_SHOW_ALL, ITEM);
	id = quiz_start(w, ANN);
	r = hand_in(w, id, "work.zip", STR("PK-any-bytes"));
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "slot/state"), "judging");
	assert_string_equal(reply_text(w, &r, "slot/response/archive"), "true");
	assert_string_equal(reply_text(w, &r, "slot/response/files"), "1");
	world_restart(w);
	r = get(w, id);
	assert_string_equal(reply_text(w, &r, "archive"), "true");
	assert_string_equal(reply_text(w, &r, "files/0/name"), "work.zip");
	assert_true(str_is(r.bytes, "PK-any-bytes"));
	l = code_lease(w, "grade.code");
	assert_non_null(l.job);
	r = code_input(w, l);
	assert_int_equal(r.e, OK);
	assert_string_equal(json_text(w, r.bytes, "archive"), "true");
	assert_string_equal(json_text(w, r.bytes, "files/0/name"), "work.zip");
	assert_int_equal(code_finish(w, l, IS_TAKEN).e, OK);
	world_restart(w);
	r = get(w, id);
	assert_string_equal(reply_text(w, &r, "report/archive/tree"), TREE);
	assert_string_equal(reply_text(w, &r, "report/archive/files/0/name"),
			    "main.c");
	assert_string_equal(
		code_slot(w, ANN, id, "code/report/archive/files/0/bytes"),
		"5");
	assert_string_equal(
		code_slot(w, ANN, id, "code/report/archive/refused/0/name"),
		"../x");
	assert_string_equal(code_slot(w, ANN, id, "mark"), "4");
}

static void one_that_cannot_be_taken_costs_no_attempt(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, QUIZ_SHOW_ALL, ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(hand_in(w, id, "a.tgz", STR("x")).e, OK);
	assert_true(code_judge_next(w, IS_BROKEN));
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "ungradable");
	assert_string_equal(code_slot(w, ANN, id, "code/report/reason"),
			    "the archive cannot be taken: it is none");
	/* There was but one, and it is there still. */
	assert_int_equal(hand_in(w, id, "a.tgz", STR("y")).e, OK);
	assert_true(code_judge_next(w, IS_TAKEN));
	assert_int_equal(hand_in(w, id, "a.tgz", STR("z")).e,
			 ERR_LIMIT_REACHED);
}

static void a_failure_of_ours_costs_no_attempt(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, QUIZ_SHOW_ALL, ITEM);
	id = quiz_start(w, ANN);
	assert_int_equal(hand_in(w, id, "a.tgz", STR("x")).e, OK);
	assert_int_equal(code_fail(w, code_lease(w, "grade.code"), false).e,
			 OK);
	assert_string_equal(code_slot(w, ANN, id, "code/submissions/0/state"),
			    "failed");
	assert_int_equal(hand_in(w, id, "a.tgz", STR("y")).e, OK);
}

static void the_same_bytes_as_a_plain_file_are_another_answer(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, QUIZ_SHOW_ALL, CODE_ITEM("Double it.", ""));
	id = quiz_start(w, ANN);
	r = code_hand_in(w, ANN, id,
			 "{\"language\":\"c\",\"files\":[{\"name\":\"a.c\","
			 "\"text\":\"x\"}]}");
	assert_int_equal(r.e, OK);
	assert_true(code_judge_next(w, IS_WRONG));
	r = hand_in(w, id, "a.c", STR("x"));
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "try_used"), "true");
	r = hand_in(w, id, "a.c", STR("x"));
	assert_int_equal(r.e, OK);
	assert_string_equal(reply_text(w, &r, "try_used"), "false");
}

static void what_a_task_does_not_take_is_refused_at_once(void **state)
{
	static const struct {
		const char *more, *files, *field;
	} rows[] = {
		{ "\"archives\":\"no\",",
		  "[{\"name\":\"a.zip\",\"text\":\"x\"}]",
		  "/response/archive" },
		{ "\"max_files\":1,", "[{\"name\":\"a.zip\",\"text\":\"x\"}]",
		  "/response/archive" },
		{ "\"files\":[{\"name\":\"main.c\"}],",
		  "[{\"name\":\"a.zip\",\"text\":\"x\"}]",
		  "/response/archive" },
		{ "",
		  "[{\"name\":\"a.zip\",\"text\":\"x\"},"
		  "{\"name\":\"b.zip\",\"text\":\"x\"}]",
		  "/response/files" },
		{ "", "[{\"name\":\"a.zip\",\"text\":\"\"}]",
		  "/response/files/0" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *item =
			str_fmt(w->cx.arena,
				"{\"id\":\"d\",\"type\":\"code\",\"name\":"
				"\"D\",\"stem\":\"D%zu\",\"mark\":4,\"code\":{"
				"\"languages\":[\"c\"],%s" CODE_TESTS_OF "}}",
				i, rows[i].more)
				.p;
		const char *id;
		struct reply r;

		code_publish(w, "", item);
		id = quiz_start(w, str_fmt(w->cx.arena, "learner:l%zu", i).p);
		r = code_hand_in(w, str_fmt(w->cx.arena, "learner:l%zu", i).p,
				 id,
				 str_fmt(w->cx.arena,
					 "{\"language\":\"c\",\"archive\":true,"
					 "\"files\":%s}",
					 rows[i].files)
					 .p);
		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(str_z(w->cx.arena, r.field), rows[i].field);
	}
	assert_int_equal(world_records(w, "submission.received"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(it_is_kept_as_it_came_and_told_once_it_was_judged),
		quiz_test(one_that_cannot_be_taken_costs_no_attempt),
		quiz_test(a_failure_of_ours_costs_no_attempt),
		quiz_test(the_same_bytes_as_a_plain_file_are_another_answer),
		quiz_test(what_a_task_does_not_take_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
