#include "engine/attempt/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ctx context(void)
{
	return (struct ctx){ .arena = arena_new(4096),
			     .clock = &clock_system,
			     .rng = rng_system() };
}

/* Values that every field table accepts. */
static struct note full(void)
{
	struct note n = { .version = 1,
			  .number = 2,
			  .course = STR("c"),
			  .seed = STR("01234567890123456789012345678901"),
			  .layout = STR("[]"),
			  .due_at = 1000,
			  .hard_end_at = 2000,
			  .finished_at = 1500,
			  .frozen_ms = 3,
			  .late = true,
			  .slot = 4,
			  .seq = 5,
			  .certainty = 2,
			  .has_mark = true,
			  .mark = { 1500000000 },
			  .reason = STR("why"),
			  .by = STR("key:1"),
			  .receipt = STR("{}"),
			  .files = 3,
			  .bytes = 6144,
			  .verdict = RUN_TLE,
			  .gradable = true,
			  .fraction = { 250000000 },
			  .score = { .has = true, .sum = { 1 } } };

	memset(n.assessment.b, 1, ID_BYTES);
	n.series = n.learner = n.from = n.to = n.assessment;
	n.submission = n.assessment;
	return n;
}

static void what_is_written_is_read_again(void **state)
{
	struct ctx cx = context();
	const struct note n = full();

	(void)state;
	for (int kind = 0; kind < NOTE_COUNT; kind++) {
		struct note back;
		struct str body = note_write(&cx, kind, &n);

		assert_int_equal(note_read(&cx, kind, body, &back), OK);
		assert_true(str_eq(body, note_write(&cx, kind, &back)));
		assert_int_equal(note_kind_of(str_of(note_events[kind])), kind);
	}
	assert_int_equal(note_kind_of(STR("attempt.unknown")), NOTE_COUNT);
	arena_free(cx.arena);
}

static void a_damaged_body_is_corrupt(void **state)
{
	struct ctx cx = context();
	struct note back;

	(void)state;
	assert_int_equal(
		note_read(&cx, NOTE_ANSWERED, STR("{\"slot\":1}"), &back),
		ERR_CORRUPT);
	assert_int_equal(note_read(&cx, NOTE_VOIDED, STR("[]"), &back),
			 ERR_CORRUPT);
	arena_free(cx.arena);
}

/* Whatever can be marked can be summed up and written down. */
static void the_largest_score_can_be_read_again(void **state)
{
	struct ctx cx = context();
	struct note n = { .score = { .has = true } }, back;

	(void)state;
	n.score.sum = dec_int(3000000000);
	n.score.scaled = dec_int(-6);
	assert_int_equal(note_read(&cx, NOTE_GRADED,
				   note_write(&cx, NOTE_GRADED, &n), &back),
			 OK);
	assert_true(dec_eq(back.score.sum, n.score.sum));
	arena_free(cx.arena);
}

static void a_grade_takes_the_edge_that_its_state_has(void **state)
{
	struct note has = { .score = { .has = true } }, hasnt = { 0 };

	(void)state;
	assert_int_equal(note_edge(NOTE_GRADED, ATTEMPT_SUBMITTED, &has),
			 ATTEMPT_EV_GRADE);
	assert_int_equal(note_edge(NOTE_GRADED, ATTEMPT_SUBMITTED, &hasnt),
			 ATTEMPT_EV_HAND_OVER);
	assert_int_equal(note_edge(NOTE_GRADED, ATTEMPT_NEEDS_GRADING, &hasnt),
			 ATTEMPT_EV_REGRADE);
	assert_int_equal(note_edge(NOTE_GRADED, ATTEMPT_NEEDS_GRADING, &has),
			 ATTEMPT_EV_GRADE);
	assert_int_equal(note_edge(NOTE_GRADED, ATTEMPT_RELEASED, &has),
			 ATTEMPT_EV_REGRADE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_damaged_body_is_corrupt),
		cmocka_unit_test(the_largest_score_can_be_read_again),
		cmocka_unit_test(a_grade_takes_the_edge_that_its_state_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
