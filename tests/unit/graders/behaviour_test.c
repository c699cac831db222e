/* What one slot makes of a learner's and a marker's actions. */
#include "tests/unit/graders/behaviour_world.h"

/* ---- deferred, immediate ---- */

static void deferred_scores_at_the_end_alone(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 2);

	assert_now(p, "todo");
	OK_TELL(p, SLOT_SAVE, "{\"text\":\"newt\"}");
	assert_now(p, "complete");
	assert_int_equal(p->effect.shows, 0);
	OK_TELL(p, SLOT_SAVE, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 1.6");
	assert_true(p->effect.finished);
	assert_true(p->effect.shows & SHOW_RIGHT_ANSWER);
}

static void a_save_that_cannot_be_scored_says_so(void **state)
{
	struct play *p = play(*state, FOUR_PAIRS, BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_SAVE, "{\"pairs\":{\"1\":\"2\",\"2\":\"1\"}}");
	assert_now(p, "invalid");
	OK_TELL(p, SLOT_SAVE, "{}");
	assert_now(p, "todo");
	OK_TELL(p, SLOT_SAVE, "{\"pairs\":{\"1\":\"2\",\"2\":\"1\"}}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 2");
}

static void nothing_given_is_given_up_and_sums_as_zero(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 2);
	struct dec mark;

	OK_TELL(p, SLOT_SAVE, "{\"text\":\"  \"}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "gave_up");
	assert_false(slot_mark(&p->slot, &mark));
	assert_true(slot_sum_mark(&p->slot, &mark));
	assert_true(dec_eq(mark, DEC_ZERO));
}

static void there_is_no_check_where_feedback_is_deferred(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 1);

	assert_int_equal(tell(p, SLOT_CHECK, "{\"text\":\"frog\"}"),
			 ERR_PRECONDITION);
	assert_int_equal(tell(p, SLOT_TRY_AGAIN, NULL), ERR_PRECONDITION);
	assert_now(p, "todo");
}

static void what_comes_with_the_finish_counts(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 1);

	OK_TELL(p, SLOT_SAVE, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_FINISH, "{\"text\":\"frog\"}");
	assert_now(p, "graded_right 1");
	OK_TELL(p, SLOT_FINISH, NULL); /* again: nothing happens */
	assert_false(p->effect.changed);
	assert_int_equal(tell(p, SLOT_SAVE, "{\"text\":\"toad\"}"),
			 ERR_CONFLICT);
	assert_now(p, "graded_right 1");
}

static void immediate_checks_once_and_for_all(void **state)
{
	struct play *p = play(*state, ONE_OF_THREE, BEHAVIOUR_IMMEDIATE, 4);

	OK_TELL(p, SLOT_CHECK, "{}");
	assert_now(p, "invalid");
	assert_true(p->effect.reason.n > 0);
	OK_TELL(p, SLOT_SAVE, "{\"choice\":\"2\"}");
	assert_now(p, "todo");
	OK_TELL(p, SLOT_CHECK, "{\"choice\":\"1\"}");
	assert_now(p, "graded_wrong -1");
	assert_true(p->effect.try_used && p->effect.finished);
	OK_TELL(p, SLOT_CHECK, "{\"choice\":\"1\"}"); /* pressed twice */
	assert_false(p->effect.changed);
	assert_int_equal(tell(p, SLOT_CHECK, "{\"choice\":\"2\"}"),
			 ERR_CONFLICT);
	assert_now(p, "graded_wrong -1");
}

/* ---- adaptive ---- */

static void adaptive_takes_the_best_try_less_penalties(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_ADAPTIVE, 1);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	assert_now(p, "todo 0");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}"); /* 0.8 - 1/3 */
	assert_now(p, "todo 0.4666667");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}"); /* 1 - 2/3 is less */
	assert_now(p, "complete 0.4666667");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}"); /* right before */
	assert_now(p, "complete 0.4666667");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_wrong 0.4666667");
	assert_int_equal(p->slot.tries, 4);
}

static void adaptive_without_penalty_costs_nothing(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_ADAPTIVE_FREE, 3);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}");
	assert_now(p, "complete 3");
}

static void blank_and_unreadable_answers_cost_no_try(void **state)
{
	struct play *p = play(*state, PI_TO_TWO, BEHAVIOUR_ADAPTIVE, 1);

	OK_TELL(p, SLOT_CHECK, "{}");
	assert_now(p, "invalid");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"Pi\"}");
	assert_now(p, "invalid");
	assert_false(p->effect.try_used);
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"-5\"}");
	assert_now(p, "todo 0");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"Pi*2\"}");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"3.14\"}");
	assert_now(p, "complete 0.9");
	assert_int_equal(p->slot.tries, 2);
}

static void an_unchanged_answer_is_no_new_try(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_ADAPTIVE, 1);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	assert_false(p->effect.changed);
	OK_TELL(p, SLOT_SAVE, "{\"text\":\"newt\"}"); /* thought better */
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	assert_false(p->effect.try_used);
	assert_true(p->effect.shows & SHOW_FEEDBACK);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 0.8");
	assert_int_equal(p->slot.tries, 1);
}

static void adaptive_counts_what_was_only_saved_at_the_end(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_ADAPTIVE, 1);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	OK_TELL(p, SLOT_SAVE, "{\"text\":\"frog\"}");
	assert_now(p, "todo 0");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_right 0.6666667");
}

/* ---- interactive ---- */

static void interactive_has_a_try_more_than_hints(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_INTERACTIVE, 3);

	assert_int_equal(slot_tries_left(&p->slot), 3);
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	assert_now(p, "todo");
	assert_int_equal(slot_tries_left(&p->slot), 2);
	assert_true(str_is(slot_hint(&p->slot)->text, "It croaks."));
	assert_true(p->effect.shows & SHOW_HINT);
	assert_int_equal(tell(p, SLOT_SAVE, "{\"text\":\"frog\"}"),
			 ERR_CONFLICT);
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	assert_null(slot_hint(&p->slot));
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"\"}");
	assert_now(p, "invalid");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"salamander\"}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	assert_false(slot_is_answered(&p->slot)); /* this hint clears */
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	/* 0.8 - 2 * 0.3333333 of 3; the last try decides */
	assert_now(p, "graded_partial 0.4000002");
	assert_int_equal(slot_tries_left(&p->slot), 0);
}

static void interactive_never_gives_less_than_nothing(void **state)
{
	struct play *p = play(*state, ONE_OF_THREE, BEHAVIOUR_INTERACTIVE, 4);

	OK_TELL(p, SLOT_CHECK, "{\"choice\":\"1\"}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK, "{\"choice\":\"3\"}");
	assert_now(p, "graded_wrong 0");
}

static void the_same_wrong_answer_uses_no_second_try(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_INTERACTIVE, 3);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}"); /* pressed twice */
	assert_false(p->effect.changed);
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"newt\"}");
	assert_false(p->effect.try_used);
	assert_int_equal(slot_tries_left(&p->slot), 2);
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}");
	assert_now(p, "graded_right 2.0000001");
}

static void a_finish_during_the_hint_scores_the_last_try(void **state)
{
	struct play *p = play(*state, ONE_OF_THREE, BEHAVIOUR_INTERACTIVE, 4);

	OK_TELL(p, SLOT_CHECK, "{\"choice\":\"3\"}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_wrong 0");
}

/*
 * Worked example: penalty 1/4, four stems. Stem 1 right at once (1), stem 2
 * right, then wrong, then right (1 - 2/4), stem 3 right from the second try
 * (1 - 1/4), stem 4 always wrong: 2.25 of 4.
 */
static void each_pair_pays_for_its_own_tries(void **state)
{
	struct play *p = play(*state, FOUR_PAIRS, BEHAVIOUR_INTERACTIVE, 4);

	assert_int_equal(p->setup.behaviour, BEHAVIOUR_COUNTBACK);
	OK_TELL(p, SLOT_CHECK,
		"{\"pairs\":{\"1\":\"2\",\"2\":\"1\",\"3\":\"2\",\"4\":\"3\"}}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK,
		"{\"pairs\":{\"1\":\"2\",\"2\":\"3\",\"3\":\"1\",\"4\":\"1\"}}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK,
		"{\"pairs\":{\"1\":\"2\",\"2\":\"1\",\"3\":\"1\",\"4\":\"3\"}}");
	assert_now(p, "graded_partial 2.25");
}

static void a_hint_that_clears_keeps_what_was_right(void **state)
{
	struct play *p = play(*state, FOUR_PAIRS, BEHAVIOUR_INTERACTIVE, 4);
	const struct response_pair *pairs;

	OK_TELL(p, SLOT_CHECK,
		"{\"pairs\":{\"1\":\"2\",\"2\":\"2\",\"3\":\"1\",\"4\":\"1\"}}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	pairs = p->slot.response.pairs.at;
	assert_int_equal(p->slot.response.pairs.n, 2);
	assert_int_equal(pairs[0].stem, 1);
	assert_int_equal(pairs[1].stem, 3);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 2");
}

static void right_choices_stay_when_wrong_ones_are_cleared(void **state)
{
	struct play *p = play(*state, TWO_OF_FOUR, BEHAVIOUR_INTERACTIVE, 2);

	OK_TELL(p, SLOT_CHECK, "{\"choices\":[\"1\",\"2\"]}");
	assert_true(p->effect.shows & SHOW_RIGHT_COUNT);
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	assert_int_equal(p->slot.response.choices.n, 1);
	OK_TELL(p, SLOT_CHECK, "{\"choices\":[\"1\",\"3\"]}");
	assert_now(p, "graded_right 1");
}

/* owl (3 of 4) changed once: 1 - 0.2; the cat right at once: 1. */
static void each_blank_pays_for_its_last_change(void **state)
{
	struct play *p = play(*state, OWL_AND_CAT, BEHAVIOUR_INTERACTIVE, 8);

	OK_TELL(p, SLOT_CHECK,
		"{\"parts\":{\"1\":{\"text\":\"dog\"},\"2\":{\"choice\":\"3\"}}}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK,
		"{\"parts\":{\"1\":{\"text\":\"owl\"},\"2\":{\"choice\":\"3\"}}}");
	assert_now(p, "graded_right 6.8"); /* (3 * 0.8 + 1) / 4 * 8 */
}

static void a_change_after_the_last_try_is_one_more(void **state)
{
	struct play *p = play(*state, OWL_AND_CAT, BEHAVIOUR_INTERACTIVE, 8);

	OK_TELL(p, SLOT_CHECK,
		"{\"parts\":{\"1\":{\"text\":\"owl\"},\"2\":{\"choice\":\"1\"}}}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_SAVE,
		"{\"parts\":{\"1\":{\"text\":\"owl\"},\"2\":{\"choice\":\"3\"}}}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_right 7.6"); /* (3 + 0.8) / 4 * 8 */
}

/* ---- certainty ---- */

static void certainty_weighs_right_and_wrong(void **state)
{
	static const struct {
		const char *text;
		int certainty;
		const char *then;
	} rows[] = {
		{ "frog", 1, "graded_right 2" },
		{ "frog", 2, "graded_right 4" },
		{ "frog", 3, "graded_right 6" },
		{ "toad", 3, "graded_partial 4.8" },
		{ "newt", 1, "graded_wrong 0" },
		{ "newt", 2, "graded_wrong -4" },
		{ "newt", 3, "graded_wrong -12" },
		{ "frog", 0, "graded_right 2" }, /* unsaid: the least */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED_CBM, 2);
		struct str json_text = str_fmt(
			p->cx->arena, "{\"text\":\"%s\"}", rows[i].text);

		assert_int_equal(surely(p, SLOT_SAVE,
					str_z(p->cx->arena, json_text),
					rows[i].certainty),
				 OK);
		assert_now(p, rows[i].certainty ? "complete" : "invalid");
		OK_TELL(p, SLOT_FINISH, NULL);
		assert_now(p, rows[i].then);
	}
}

static void an_immediate_check_asks_for_certainty_first(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_IMMEDIATE_CBM, 1);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}");
	assert_now(p, "invalid");
	assert_int_equal(surely(p, SLOT_CHECK, "{\"text\":\"frog\"}", 4),
			 ERR_INVALID);
	assert_int_equal(surely(p, SLOT_CHECK, "{\"text\":\"frog\"}", 3), OK);
	assert_now(p, "graded_right 3");
	/* The same answer with another certainty is another answer. */
	assert_int_equal(surely(p, SLOT_CHECK, "{\"text\":\"frog\"}", 2),
			 ERR_CONFLICT);
}

static void certainty_is_refused_where_nobody_asked(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 1);

	assert_int_equal(surely(p, SLOT_SAVE, "{\"text\":\"frog\"}", 1),
			 ERR_INVALID);
	assert_string_equal(p->cx->error.field, "/certainty");
}

/* ---- a person ---- */

static void an_essay_waits_for_a_person(void **state)
{
	struct play *p = play(*state, ESSAY, BEHAVIOUR_INTERACTIVE, 10);
	struct dec mark;

	assert_int_equal(p->setup.behaviour, BEHAVIOUR_MANUAL);
	OK_TELL(p, SLOT_SAVE, "{\"text\":\"My wonderful essay\"}");
	assert_now(p, "complete");
	assert_int_equal(mark_it(p, "5"), ERR_CONFLICT); /* not yet */
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "needs_grading");
	assert_false(slot_sum_mark(&p->slot, &mark));
	assert_int_equal(mark_it(p, NULL), OK); /* a comment is no mark */
	assert_now(p, "needs_grading");
	assert_int_equal(mark_it(p, "10.5"), ERR_INVALID);
	assert_int_equal(mark_it(p, "-1"), ERR_INVALID);
	assert_int_equal(mark_it(p, "9"), OK);
	assert_now(p, "marked_partial 9");
	assert_int_equal(mark_it(p, "9.00000"), OK);
	assert_false(p->effect.changed);
	assert_int_equal(mark_it(p, ""), OK);
	assert_now(p, "needs_grading");
}

static void a_text_that_is_too_short_is_still_read(void **state)
{
	struct play *p = play(*state, ESSAY, BEHAVIOUR_DEFERRED, 10);

	OK_TELL(p, SLOT_SAVE, "{\"text\":\"short\"}");
	assert_now(p, "todo");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "needs_grading");
}

static void a_marker_overrules_and_takes_it_back(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 3);

	OK_TELL(p, SLOT_SAVE, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 2.4");
	assert_int_equal(mark_it(p, "3"), OK);
	assert_now(p, "marked_right 3");
	assert_int_equal(mark_it(p, "0"), OK);
	assert_now(p, "marked_wrong 0");
	assert_int_equal(mark_it(p, ""), OK);
	assert_now(p, "graded_partial 2.4");
}

static void a_comment_is_seen_on_what_was_given_up(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_DEFERRED, 3);

	OK_TELL(p, SLOT_FINISH, NULL);
	assert_int_equal(mark_it(p, NULL), OK);
	assert_now(p, "marked_gave_up");
	assert_int_equal(mark_it(p, "1.5"), OK);
	assert_now(p, "marked_partial 1.5");
}

static void information_is_read_and_never_marked(void **state)
{
	struct play *p = play(*state, NOTICE, BEHAVIOUR_ADAPTIVE, 0);

	OK_TELL(p, SLOT_SAVE, NULL);
	assert_now(p, "complete");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "finished");
	assert_int_equal(mark_it(p, "1"), ERR_PRECONDITION);
	assert_int_equal(mark_it(p, NULL), OK);
	assert_now(p, "marked_finished");
}

/* ---- order and regrades ---- */

static void a_stale_frame_is_refused_a_repeated_one_is_not(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_ADAPTIVE, 1);
	struct slot_action a = action(p, SLOT_SAVE, "{\"text\":\"newt\"}");

	a.seq = 1;
	assert_int_equal(act(p, a), OK);
	assert_int_equal(act(p, a), OK); /* sent again */
	assert_false(p->effect.changed);
	a = action(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	a.seq = 2;
	assert_int_equal(act(p, a), OK);
	assert_int_equal(p->slot.seq, 2);
	a = action(p, SLOT_SAVE, "{\"text\":\"newt\"}");
	a.seq = 1; /* arrives late */
	assert_int_equal(act(p, a), ERR_OUT_OF_SEQUENCE);
	a.seq = 4; /* one is missing */
	assert_int_equal(act(p, a), ERR_OUT_OF_SEQUENCE);
	assert_now(p, "todo 0.8");
}

static struct slot_action regrade(struct play *p, const char *item)
{
	return (struct slot_action){ .kind = SLOT_REGRADE,
				     .item = item_of(p->cx, item) };
}

static void a_regrade_scores_the_same_actions_anew(void **state)
{
	struct play *p = play(*state, ONE_OF_THREE, BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_SAVE, "{\"choice\":\"3\"}");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_wrong 0");
	p->log[p->n++] = regrade(p, "{\"type\":\"choice\",\"choices\":["
				    "{\"text\":\"a\"},{\"text\":\"b\"},"
				    "{\"text\":\"c\",\"fraction\":1}]}");
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &p->slot),
			 OK);
	assert_now(p, "graded_right 4");
}

static void a_regrade_keeps_what_a_person_gave(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_INTERACTIVE, 3);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}");
	assert_int_equal(mark_it(p, "1"), OK);
	/* frog is wrong now, so that tries are left; the mark stands. */
	p->log[p->n++] = regrade(p, "{\"type\":\"short\",\"answers\":["
				    "{\"text\":\"newt\",\"fraction\":1}],"
				    "\"hints\":[{\"text\":\"x\"}]}");
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &p->slot),
			 OK);
	assert_now(p, "marked_partial 1");
	assert_int_equal(p->slot.engine_state, SLOT_GRADED_WRONG);
}

static void a_regrade_passes_over_a_try_too_many(void **state)
{
	struct play *p = play(*state, FROG, BEHAVIOUR_INTERACTIVE, 3);

	OK_TELL(p, SLOT_CHECK, "{\"text\":\"toad\"}");
	OK_TELL(p, SLOT_TRY_AGAIN, NULL);
	OK_TELL(p, SLOT_CHECK, "{\"text\":\"frog\"}");
	p->log[p->n++] = regrade(p, "{\"type\":\"short\",\"answers\":["
				    "{\"text\":\"toad\",\"fraction\":0.5},"
				    "{\"text\":\"frog\",\"fraction\":1}]}");
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &p->slot),
			 OK);
	assert_now(p, "graded_partial 1.5"); /* no hints: one try */
}

static void a_regrade_needs_an_item_of_the_same_form(void **state)
{
	struct play *p = play(*state, ONE_OF_THREE, BEHAVIOUR_DEFERRED, 1);
	struct slot_run before = p->slot;

	p->log[p->n++] = regrade(p, TWO_OF_FOUR);
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &p->slot),
			 ERR_PRECONDITION);
	assert_string_equal(snapshot(p->cx, &p->slot),
			    snapshot(p->cx, &before));
	assert_int_equal(act(p, regrade(p, ONE_OF_THREE)), ERR_PRECONDITION);
}

static void words_are_read_back(void **state)
{
	enum behaviour b;

	(void)state;
	for (int i = 0; i < BEHAVIOUR_COUNT; i++) {
		assert_true(behaviour_parse(str_of(behaviour_words[i]), &b));
		assert_int_equal(b, i);
	}
	assert_true(behaviour_parse((struct str){ 0 }, &b));
	assert_int_equal(b, BEHAVIOUR_DEFERRED);
	assert_false(behaviour_parse(STR("telepathy"), &b));
	assert_null(slot_state_words[SLOT_STATE_COUNT]);
	assert_null(slot_action_words[SLOT_ACTION_COUNT]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_SLOT(deferred_scores_at_the_end_alone),
		TEST_OF_SLOT(a_save_that_cannot_be_scored_says_so),
		TEST_OF_SLOT(nothing_given_is_given_up_and_sums_as_zero),
		TEST_OF_SLOT(there_is_no_check_where_feedback_is_deferred),
		TEST_OF_SLOT(what_comes_with_the_finish_counts),
		TEST_OF_SLOT(immediate_checks_once_and_for_all),
		TEST_OF_SLOT(adaptive_takes_the_best_try_less_penalties),
		TEST_OF_SLOT(adaptive_without_penalty_costs_nothing),
		TEST_OF_SLOT(blank_and_unreadable_answers_cost_no_try),
		TEST_OF_SLOT(an_unchanged_answer_is_no_new_try),
		TEST_OF_SLOT(adaptive_counts_what_was_only_saved_at_the_end),
		TEST_OF_SLOT(interactive_has_a_try_more_than_hints),
		TEST_OF_SLOT(interactive_never_gives_less_than_nothing),
		TEST_OF_SLOT(the_same_wrong_answer_uses_no_second_try),
		TEST_OF_SLOT(a_finish_during_the_hint_scores_the_last_try),
		TEST_OF_SLOT(each_pair_pays_for_its_own_tries),
		TEST_OF_SLOT(a_hint_that_clears_keeps_what_was_right),
		TEST_OF_SLOT(right_choices_stay_when_wrong_ones_are_cleared),
		TEST_OF_SLOT(each_blank_pays_for_its_last_change),
		TEST_OF_SLOT(a_change_after_the_last_try_is_one_more),
		TEST_OF_SLOT(certainty_weighs_right_and_wrong),
		TEST_OF_SLOT(an_immediate_check_asks_for_certainty_first),
		TEST_OF_SLOT(certainty_is_refused_where_nobody_asked),
		TEST_OF_SLOT(an_essay_waits_for_a_person),
		TEST_OF_SLOT(a_text_that_is_too_short_is_still_read),
		TEST_OF_SLOT(a_marker_overrules_and_takes_it_back),
		TEST_OF_SLOT(a_comment_is_seen_on_what_was_given_up),
		TEST_OF_SLOT(information_is_read_and_never_marked),
		TEST_OF_SLOT(a_stale_frame_is_refused_a_repeated_one_is_not),
		TEST_OF_SLOT(a_regrade_scores_the_same_actions_anew),
		TEST_OF_SLOT(a_regrade_keeps_what_a_person_gave),
		TEST_OF_SLOT(a_regrade_passes_over_a_try_too_many),
		TEST_OF_SLOT(a_regrade_needs_an_item_of_the_same_form),
		TEST_OF_SLOT(words_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
