/* Files that come, where they are kept, and what may go wrong with that. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/disk.h"
#include "tests/scenario/code.h"

#define ANN "learner:ann"
#define ITEM CODE_ITEM("Double it.", "")

static const char *tree_of(struct world *w, const char *who, const char *id)
{
	return code_slot(w, who, id, "response/tree");
}

static void the_same_files_have_the_same_id(void **state)
{
	static const char *const same[] = {
		"{\"language\":\"c\",\"files\":["
		"{\"name\":\"main.c\",\"text\":\"x\"},"
		"{\"name\":\"lib/a.h\",\"text\":\"zy\"}]}",
		"{\"language\":\"c\",\"files\":["
		"{\"name\":\"lib/a.h\",\"base64\":\"enk=\"},"
		"{\"name\":\"main.c\",\"base64\":\"eA==\"}]}",
	};
	struct world *w = *state;
	const char *trees[3];

	code_publish(w, "", ITEM);
	for (int i = 0; i < 3; i++) {
		const char *who = str_fmt(w->cx.arena, "learner:l%d", i).p;
		const char *id = quiz_start(w, who);
		struct reply r;

		if (i < 2)
			r = code_save(w, who, id, same[i]);
		else
			r = world_call_bytes(
				w, who, "attempt.answer",
				str_fmt(w->cx.arena,
					"{\"attempt\":\"%s\",\"slot\":1,"
					"\"response\":{\"language\":\"c\","
					"\"files\":[{\"name\":\"main.c\","
					"\"bytes\":1},{\"name\":\"lib/a.h\","
					"\"bytes\":2}]}}",
					id),
				STR("xzy"));
		if (r.e)
			fail_msg("%.*s", STR_FMT(r.json));
		trees[i] = tree_of(w, who, id);
	}
	assert_string_equal(trees[0], trees[1]);
	assert_string_equal(trees[0], trees[2]);
	assert_int_equal(strlen(trees[0]), 40);
}

static void names_that_cannot_be_are_told_and_the_rest_is_kept(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	r = code_hand_in(w, ANN, id,
			 "{\"language\":\"c\",\"files\":["
			 "{\"name\":\"../evil\",\"text\":\"1\"},"
			 "{\"name\":\".git/config\",\"text\":\"2\"},"
			 "{\"name\":\"main.c\",\"text\":\"int main;\"},"
			 "{\"name\":\"Makefile\",\"text\":\"all:\"}]}");
	assert_int_equal(r.e, OK);
	assert_int_equal(reply_count(w, &r, "refused/list"), 3);
	assert_string_equal(reply_text(w, &r, "refused/list/0/name"),
			    "../evil");
	assert_string_equal(reply_text(w, &r, "slot/response/files"), "1");
	assert_true(code_judge_next(w, IS_RIGHT));
	r = world_ok(w, ANN, "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1,"
		     "\"files\":true}",
		     id);
	assert_string_equal(reply_text(w, &r, "files/0/name"), "main.c");
	assert_true(str_is(r.bytes, "int main;"));
	/* Nothing is left: nothing is taken. */
	r = code_hand_in(w, ANN, id,
			 "{\"language\":\"c\",\"files\":["
			 "{\"name\":\"a/../../b\",\"text\":\"1\"}]}");
	assert_int_equal(r.e, ERR_INVALID);
	assert_int_equal(world_records(w, "submission.received"), 1);
}

static void what_may_not_be_handed_in_is_refused(void **state)
{
	static const struct {
		const char *files, *field;
	} rows[] = {
		{ "{\"language\":\"cobol\",\"files\":[{\"name\":\"main.c\","
		  "\"text\":\"x\"}]}",
		  "/response/language" },
		{ "{\"files\":[{\"name\":\"main.c\",\"text\":\"x\"}]}",
		  "/response/language" },
		{ "{\"language\":\"c\",\"files\":[{\"name\":\"main.c\"}]}",
		  "/response/files/0" },
		{ "{\"language\":\"c\",\"files\":[{\"name\":\"main.c\","
		  "\"text\":\"x\",\"base64\":\"eA==\"}]}",
		  "/response/files/0" },
		{ "{\"language\":\"c\",\"files\":[{\"name\":\"main.c\","
		  "\"bytes\":7}]}",
		  "/response/files/0" },
		{ "{\"language\":\"c\",\"files\":[]}", "/response/files" },
		{ "{\"language\":\"c\",\"tree\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaa\"}",
		  "/response/tree" },
	};
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply r = code_hand_in(w, ANN, id, rows[i].files);

		assert_int_equal(r.e, ERR_INVALID);
		assert_string_equal(str_z(w->cx.arena, r.field), rows[i].field);
	}
	assert_int_equal(world_records(w, "submission.received"), 0);
	assert_false(code_judge_next(w, IS_RIGHT));
}

static void large_files_come_behind_the_message(void **state)
{
	enum { BYTES = 8 << 20 };
	struct world *w = *state;
	char *big = arena_alloc(w->cx.arena, BYTES);
	const char *id;
	struct reply r;

	for (int i = 0; i < BYTES; i++)
		big[i] = (char)(i * 7 + i / 251);
	code_publish(w, "", CODE_ITEM("Double it.", "\"max_bytes\":8388608,"));
	id = quiz_start(w, ANN);
	r = world_call_bytes(
		w, ANN, "attempt.check",
		str_fmt(w->cx.arena,
			"{\"attempt\":\"%s\",\"slot\":1,\"response\":"
			"{\"language\":\"c\",\"files\":[{\"name\":\"main.c\","
			"\"bytes\":%d}]}}",
			id, BYTES),
		(struct str){ big, BYTES });
	assert_int_equal(r.e, OK);
	r = world_ok(w, ANN, "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1,"
		     "\"files\":true}",
		     id);
	assert_true(str_eq(r.bytes, (struct str){ big, BYTES }));
}

static void a_retry_is_the_same_submission(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply a, b;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	a = world_ok(w, ANN, "attempt.check",
		     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":1,"
		     "\"response\":" MAIN_C("a") ",\"idempotency_key\":\"k\"}",
		     id);
	world_restart(w);
	b = world_ok(w, ANN, "attempt.check",
		     "{\"attempt\":\"%s\",\"slot\":1,\"seq\":1,"
		     "\"response\":" MAIN_C("a") ",\"idempotency_key\":\"k\"}",
		     id);
	assert_true(str_eq(reply_raw(w, &a, "receipt"),
			   reply_raw(w, &b, "receipt")));
	assert_int_equal(world_records(w, "submission.received"), 1);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_false(code_judge_next(w, IS_RIGHT));
	/* A save with its key, too; a stale page is told. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			world_call(w, ANN, "attempt.answer",
				   "{\"attempt\":\"%s\",\"slot\":1,\"seq\":2,"
				   "\"response\":" MAIN_C(
					   "b") ","
						"\"idempotency_key\":\"s\"}",
				   id)
				.e,
			OK);
	assert_int_equal(world_call(w, ANN, "attempt.answer",
				    "{\"attempt\":\"%s\",\"slot\":1,\"seq\":2,"
				    "\"response\":" MAIN_C("c") "}",
				    id)
				 .e,
			 ERR_OUT_OF_SEQUENCE);
}

static void a_failing_store_hands_in_once_or_not_at_all(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r = { .e = ERR_UNAVAILABLE };

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	for (int n = 1; r.e; n++) {
		world_fail(w, n, ERR_UNAVAILABLE);
		r = code_hand_in(w, ANN, id, MAIN_C("a"));
		world_fail(w, 0, OK);
		assert_true(r.e == OK || r.retry);
		if (r.e)
			assert_int_equal(
				world_records(w, "submission.received"), 0);
		assert_true(n < 100);
	}
	assert_int_equal(world_records(w, "submission.received"), 1);
	assert_true(code_judge_next(w, IS_RIGHT));
	assert_false(code_judge_next(w, IS_RIGHT));
}

static void a_failing_store_takes_a_verdict_once(void **state)
{
	struct world *w = *state;
	const char *id;
	struct leased l;
	struct reply r = { .e = ERR_UNAVAILABLE };

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	quiz_do(w, ANN, "attempt.submit", id);
	l = code_lease(w, "grade.code");
	for (int n = 1; r.e; n++) {
		world_fail(w, n, ERR_UNAVAILABLE);
		r = code_finish(w, l, IS_LARGE);
		world_fail(w, 0, OK);
		assert_true(n < 200);
	}
	assert_int_equal(world_records(w, "submission.judged"), 1);
	assert_string_equal(quiz_grade(w, "ann"), "3");
}

/* What the commit told of as lost had happened; its files were there before. */
static void a_lost_commit_leaves_an_orphan_at_most(void **state)
{
	struct world *w = *state;
	const char *id;
	struct reply r;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	world_lose_commit(w);
	r = code_hand_in(w, ANN, id, MAIN_C("a"));
	if (r.e)
		r = code_hand_in(w, ANN, id, MAIN_C("a"));
	assert_int_equal(r.e, OK);
	assert_int_equal(world_records(w, "submission.received"), 1);
	/* Files in git without their records: the commit never happened. */
	world_fail_from(w, 1, ERR_UNAVAILABLE);
	r = code_hand_in(w, ANN, id, MAIN_C("b"));
	assert_int_not_equal(r.e, OK);
	world_fail(w, 0, OK);
	world_restart(w);
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("b")).e, OK);
	assert_int_equal(world_records(w, "submission.received"), 2);
	assert_true(code_judge_next(w, IS_SMALL));
	assert_true(code_judge_next(w, IS_RIGHT));
	r = world_ok(w, ANN, "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":2,"
		     "\"files\":true}",
		     id);
	assert_true(str_is(r.bytes, "b"));
}

/* ---- a disk without room ---- */

static bool full;

static ssize_t write_full(void *arg, int fd, const void *p, size_t n, off_t at)
{
	(void)arg;
	if (full) {
		errno = ENOSPC;
		return -1;
	}
	return disk_system.write(disk_system.arg, fd, p, n, at);
}

static void a_full_disk_stops_files_and_nothing_else(void **state)
{
	struct world *w = *state;
	struct disk disk = disk_system;
	const char *id;
	struct reply r;

	disk.write = write_full;
	w->disk = &disk;
	code_publish(
		w, "",
		CODE_ITEM("Double it.", "\"submissions\":1,") "," QUIZ_ITEMS);
	id = quiz_start(w, ANN);
	world_restart(w);
	full = true;
	r = code_hand_in(w, ANN, id, MAIN_C("a"));
	assert_true(r.e && r.retry);
	r = code_hand_in(w, ANN, id, MAIN_C("a"));
	assert_int_equal(r.e, ERR_READ_ONLY);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 0, RIGHT_1).e, OK);
	full = false;
	/* The one submission that there is has not been used up. */
	assert_string_equal(code_slot(w, ANN, id, "tries_left"), "1");
	world_pass(w, 1500);
	assert_int_equal(code_hand_in(w, ANN, id, MAIN_C("a")).e, OK);
	assert_int_equal(world_records(w, "submission.received"), 1);
	assert_true(code_judge_next(w, IS_RIGHT));
	w->disk = NULL;
	world_restart(w);
	r = world_ok(w, ANN, "submission.get",
		     "{\"attempt\":\"%s\",\"slot\":1,\"number\":1,"
		     "\"files\":true}",
		     id);
	assert_true(str_is(r.bytes, "a"));
}

static void packing_changes_nothing_for_readers(void **state)
{
	struct world *w = *state;
	const char *id;

	code_publish(w, "", ITEM);
	id = quiz_start(w, ANN);
	for (int i = 0; i < 6; i++) {
		const char *text = str_fmt(w->cx.arena, "v%d", i).p;
		struct reply r = code_hand_in(
			w, ANN, id,
			str_fmt(w->cx.arena,
				"{\"language\":\"c\",\"files\":[{\"name\":"
				"\"main.c\",\"text\":\"%s\"}]}",
				text)
				.p);

		assert_int_equal(r.e, OK);
		world_pass(w, i % 2 ? 61000 : 10);
		if (i == 3)
			world_restart(w);
		for (int k = 0; k <= i; k++) {
			r = world_ok(w, ANN, "submission.get",
				     "{\"attempt\":\"%s\",\"slot\":1,"
				     "\"number\":%d,\"files\":true}",
				     id, k + 1);
			assert_true(str_eq(r.bytes,
					   str_fmt(w->cx.arena, "v%d", k)));
		}
	}
}

/* ---- two servers ---- */

static void what_one_server_has_taken_another_can_hand_out(void **state)
{
	struct world *w = *state, *b = world_join(w, 2);
	const char *id, *json = code_json(w, "", ITEM);
	struct leased l;
	struct reply r;

	if (!b)
		skip();
	b->config.repos =
		str_fmt(b->cx.arena, "%.*s/repos", STR_FMT(w->config.data));
	world_restart(b);
	code_selftest_all(w, json, SELFTEST_OK);
	world_publish(w, json);
	id = quiz_start(w, ANN);
	code_hand_in(w, ANN, id, MAIN_C("a"));
	l = code_lease(b, "grade.code");
	assert_non_null(l.job);
	/* Not packed yet: it is tried again. */
	r = code_input(b, l);
	assert_int_equal(r.e, ERR_BUSY);
	world_pass(w, 5000);
	r = code_input(b, l);
	assert_int_equal(r.e, OK);
	assert_string_equal(json_text(b, r.bytes, "files/0/base64"), "YQ==");
	assert_int_equal(code_finish(b, l, IS_RIGHT).e, OK);
	/* Handed in at one, the next time at the other. */
	assert_int_equal(code_hand_in(b, ANN, id, MAIN_C("b")).e, OK);
	assert_true(code_judge_next(w, IS_SMALL));
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	assert_string_equal(quiz_grade(w, "ann"), "4");
	world_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(the_same_files_have_the_same_id),
		quiz_test(names_that_cannot_be_are_told_and_the_rest_is_kept),
		quiz_test(what_may_not_be_handed_in_is_refused),
		quiz_test(large_files_come_behind_the_message),
		quiz_test(a_retry_is_the_same_submission),
		quiz_test(a_failing_store_hands_in_once_or_not_at_all),
		quiz_test(a_failing_store_takes_a_verdict_once),
		quiz_test(a_lost_commit_leaves_an_orphan_at_most),
		quiz_test(a_full_disk_stops_files_and_nothing_else),
		quiz_test(packing_changes_nothing_for_readers),
		quiz_test(what_one_server_has_taken_another_can_hand_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
