/* Slots whose verdicts come from elsewhere, at any time and in any order. */
#include "tests/unit/graders/behaviour_world.h"

#include "tests/support/check.h"

enum { RUNS = 300, ACTIONS = 40, RESPONSES = 4, REPORTS = 6 };

/* Four marks: group a gives a quarter, group b, of two tests, the rest. */
#define TASK(more)                                                             \
	"{\"type\":\"code\",\"mark\":4,\"code\":{\"languages\":[\"c\"]," more  \
	"\"groups\":[{\"name\":\"a\",\"points\":1},"                           \
	"{\"name\":\"b\",\"points\":3,\"how\":\"all\"}],\"tests\":["           \
	"{\"name\":\"1\",\"group\":\"a\",\"input\":{\"text\":\"1\"},"          \
	"\"answer\":{\"text\":\"1\"}},"                                        \
	"{\"name\":\"2\",\"group\":\"b\",\"input\":{\"text\":\"2\"},"          \
	"\"answer\":{\"text\":\"2\"}},"                                        \
	"{\"name\":\"3\",\"group\":\"b\",\"input\":{\"text\":\"3\"},"          \
	"\"answer\":{\"text\":\"3\"}}]}}"
#define BEST TASK("\"counts\":\"best\",")
#define LAST TASK("\"counts\":\"last\",")
#define GROUPS TASK("\"counts\":\"best_groups\",")

#define TREE(c)                                                                \
	"{\"language\":\"c\",\"tree\":\"" c c c c "\",\"commit\":\"" c c c c   \
	"\",\"files\":1,\"bytes\":7}"
static const char *const responses[RESPONSES] = {
	TREE("aaaaaaaaaa"),
	TREE("bbbbbbbbbb"),
	TREE("cccccccccc"),
	"{}",
};

#define FACT(v, share)                                                         \
	"{\"verdict\":\"" v "\",\"cause\":\"exit\",\"share\":" share "}"
#define PASS FACT("AC", "1")
#define MISS FACT("WA", "0")
#define FACTS(v, gradable, compile, tests)                                     \
	"{\"version\":1,\"language\":\"c\",\"verdict\":\"" v                   \
	"\",\"gradable\":" gradable ",\"compile\":\"" compile                  \
	"\",\"level\":\"full\",\"tests\":[" tests "]}"
#define ALL FACTS("AC", "true", "AC", PASS "," PASS "," PASS)
#define ONLY_A FACTS("WA", "true", "AC", PASS "," MISS "," MISS)
#define ONLY_B FACTS("WA", "true", "AC", MISS "," PASS "," PASS)
#define NOTHING FACTS("WA", "true", "AC", MISS "," MISS "," MISS)
#define FREE FACTS("CE", "false", "CE", "")
static const char *const reports[REPORTS] = { ALL,     ONLY_A, ONLY_B,
					      NOTHING, FREE,   NULL };

/* report NULL: it failed on our side. */
static enum err judge(struct play *p, int64_t number, const char *report)
{
	struct slot_action a = action(p, SLOT_JUDGED, NULL);

	a.submission = number;
	a.report = report ? str_of(report) : (struct str){ 0 };
	return act(p, a);
}

static int state_of(struct play *p, int64_t number)
{
	return slot_submission(&p->slot, number)->state;
}

static void a_check_waits_for_its_verdict(void **state)
{
	struct play *p = play(*state, BEST, BEHAVIOUR_DEFERRED, 4);
	int64_t seq;

	assert_int_equal(p->setup.behaviour, BEHAVIOUR_JUDGED);
	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_true(p->effect.try_used);
	assert_int_equal(state_of(p, 1), SUBMISSION_JUDGING);
	assert_now(p, "complete");
	seq = p->slot.seq;
	assert_int_equal(judge(p, 1, ONLY_A), OK);
	assert_int_equal(p->slot.seq, seq); /* no page becomes stale by it */
	assert_now(p, "complete 1");
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 1");
}

static void a_verdict_after_the_finish_counts(void **state)
{
	struct play *p = play(*state, BEST, BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_CHECK, responses[0]);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "needs_grading");
	assert_int_equal(judge(p, 1, ALL), OK);
	assert_now(p, "graded_right 4");
	assert_int_equal(judge(p, 2, ALL), ERR_PRECONDITION);
}

static void what_was_saved_is_told_to_be_unsubmitted(void **state)
{
	struct play *p =
		play(*state, TASK("\"submissions\":1,"), BEHAVIOUR_DEFERRED, 4);

	assert_false(slot_is_unsubmitted(&p->slot));
	OK_TELL(p, SLOT_SAVE, responses[0]);
	assert_true(slot_is_unsubmitted(&p->slot));
	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_false(slot_is_unsubmitted(&p->slot));
	OK_TELL(p, SLOT_SAVE, responses[1]);
	assert_false(slot_is_unsubmitted(&p->slot)); /* all are used */
	assert_int_equal(judge(p, 1, FREE), OK);
	assert_true(slot_is_unsubmitted(&p->slot)); /* given back */
}

static void which_one_counts_is_the_items_word(void **state)
{
	static const struct {
		const char *item, *then;
	} rows[] = { { BEST, "graded_partial 3" },
		     { LAST, "graded_partial 1" },
		     { GROUPS, "graded_right 4" } };

	for (size_t i = 0; i < 3; i++) {
		struct play *p =
			play(*state, rows[i].item, BEHAVIOUR_DEFERRED, 4);

		OK_TELL(p, SLOT_CHECK, responses[0]);
		OK_TELL(p, SLOT_CHECK, responses[1]);
		OK_TELL(p, SLOT_CHECK, responses[2]);
		/* In another order than they came. */
		assert_int_equal(judge(p, 3, FREE), OK);
		assert_int_equal(judge(p, 2, ONLY_A), OK);
		assert_int_equal(judge(p, 1, ONLY_B), OK);
		OK_TELL(p, SLOT_FINISH, NULL);
		assert_now(p, rows[i].then);
	}
}

static void our_failure_is_nobodys_try(void **state)
{
	struct play *p =
		play(*state, TASK("\"submissions\":1,"), BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_int_equal(tell(p, SLOT_CHECK, responses[1]), ERR_LIMIT_REACHED);
	assert_int_equal(judge(p, 1, NULL), OK);
	assert_int_equal(slot_tries_left(&p->slot), 1);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "needs_grading");
	/* A later run of it settles that; one more that fails does not. */
	assert_int_equal(judge(p, 1, ONLY_B), OK);
	assert_now(p, "graded_partial 3");
	assert_int_equal(judge(p, 1, NULL), OK);
	assert_false(p->effect.changed);
	assert_now(p, "graded_partial 3");
}

static void the_same_files_again_settle_what_failed(void **state)
{
	struct play *p = play(*state, BEST, BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_CHECK, responses[0]);
	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_false(p->effect.changed); /* it waits already */
	assert_int_equal(judge(p, 1, NULL), OK);
	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_int_equal(judge(p, 2, NOTHING), OK);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_wrong 0");
}

static void a_marker_has_the_last_word(void **state)
{
	struct play *p = play(*state, BEST, BEHAVIOUR_DEFERRED, 4);

	OK_TELL(p, SLOT_CHECK, responses[0]);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_int_equal(mark_it(p, "2"), OK);
	assert_int_equal(judge(p, 1, ALL), OK);
	assert_now(p, "marked_partial 2");
	assert_int_equal(mark_it(p, ""), OK);
	assert_now(p, "graded_right 4");
}

static void another_version_scores_the_same_facts(void **state)
{
	struct play *p = play(*state, BEST, BEHAVIOUR_DEFERRED, 4);
	const char *swapped =
		"{\"type\":\"code\",\"mark\":4,\"code\":{\"languages\":"
		"[\"c\"],\"groups\":[{\"name\":\"a\",\"points\":3},"
		"{\"name\":\"b\",\"points\":1}],\"tests\":["
		"{\"name\":\"1\",\"group\":\"a\",\"input\":{\"text\":\"1\"},"
		"\"answer\":{\"text\":\"1\"}},"
		"{\"name\":\"2\",\"group\":\"b\",\"input\":{\"text\":\"2\"},"
		"\"answer\":{\"text\":\"2\"}},"
		"{\"name\":\"3\",\"group\":\"b\",\"input\":{\"text\":\"3\"},"
		"\"answer\":{\"text\":\"3\"}}]}}";
	struct slot_run again;

	OK_TELL(p, SLOT_CHECK, responses[0]);
	assert_int_equal(judge(p, 1, ONLY_A), OK);
	OK_TELL(p, SLOT_FINISH, NULL);
	assert_now(p, "graded_partial 1");
	p->log[p->n++] =
		(struct slot_action){ .kind = SLOT_REGRADE,
				      .item = item_of(p->cx, swapped) };
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &again),
			 OK);
	p->slot = again;
	assert_now(p, "graded_partial 3");
	/* One with another number of tests knows nothing of it yet. */
	p->log[p->n - 1].item = item_of(
		p->cx, "{\"type\":\"code\",\"mark\":4,\"code\":{\"languages\":"
		       "[\"c\"],\"tests\":[{\"name\":\"1\",\"input\":"
		       "{\"text\":\"1\"},\"answer\":{\"text\":\"1\"}}]}}");
	assert_int_equal(slot_replay(p->cx, &p->setup, p->log, p->n, &again),
			 OK);
	p->slot = again;
	assert_now(p, "needs_grading");
	assert_int_equal(state_of(p, 1), SUBMISSION_JUDGING);
}

/* ---- any actions in any order ---- */

static struct slot_action any(struct play *p, struct rng *rng, bool ending)
{
	static const int kinds[] = { SLOT_SAVE,	  SLOT_CHECK,  SLOT_CHECK,
				     SLOT_JUDGED, SLOT_JUDGED, SLOT_JUDGED,
				     SLOT_MARK,	  SLOT_FINISH };
	int kind = kinds[rng_below(rng, ending ? 8 : 6)];
	bool with = kind == SLOT_SAVE || kind == SLOT_CHECK;
	struct slot_action a = action(
		p, kind, with ? responses[rng_below(rng, RESPONSES)] : NULL);

	if (kind == SLOT_JUDGED) {
		const char *report = reports[rng_below(rng, REPORTS)];

		a.submission = 1 + (int64_t)rng_below(rng, 8);
		a.report = report ? str_of(report) : (struct str){ 0 };
	}
	if (kind == SLOT_MARK) {
		a.has_mark = rng_below(rng, 2);
		a.clear_mark = !a.has_mark;
		a.mark = dec_int((int)rng_below(rng, 5));
		a.out_of = p->setup.max;
	}
	return a;
}

/* What the rules say, from the list of submissions alone. */
static void check_slot(struct play *p)
{
	const struct submission *at = p->slot.submissions.at;
	const struct code_spec *spec = &p->setup.item->code;
	size_t n = p->slot.submissions.n, waits = 0, used = 0, kept = 0;
	struct dec mark;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(at[i].number, i + 1);
		waits += at[i].state == SUBMISSION_JUDGING;
		used += at[i].state == SUBMISSION_JUDGING ||
			at[i].state == SUBMISSION_JUDGED;
		kept += at[i].report.p != NULL;
	}
	assert_true(kept <= 1);
	assert_int_equal(p->slot.tries, used);
	if (spec->submissions && slot_state_is_open(p->slot.state))
		assert_true(slot_tries_left(&p->slot) >= 0);
	if (waits && !slot_state_is_open(p->slot.state) && !p->slot.has_manual)
		assert_int_equal(p->slot.state, SLOT_NEEDS_GRADING);
	if (!slot_mark(&p->slot, &mark))
		return;
	assert_true(dec_cmp(mark, DEC_ZERO) >= 0);
	assert_true(dec_cmp(mark, p->setup.max) <= 0);
}

/* A report is read elsewhere: only what is counted stays with the slot. */
static void what_stays_of_a_report_is_its_count(void **state)
{
	enum { TEXT = 100000, TIMES = 50 };
	struct ctx *cx = *state;
	struct play *p = play(cx, BEST, BEHAVIOUR_DEFERRED, 4);
	char *said = arena_alloc(cx->arena, TEXT + 1);
	const char *report;
	size_t before;

	for (int i = 0; i < TEXT; i++)
		said[i] = (char)('a' + i % 26);
	said[TEXT] = '\0';
	report = str_fmt(cx->arena,
			 "{\"version\":1,\"language\":\"c\",\"verdict\":"
			 "\"AC\",\"gradable\":true,\"compile\":\"AC\","
			 "\"level\":\"full\",\"compile_text\":\"%.60000s\","
			 "\"tests\":[" PASS "," PASS "," PASS "]}",
			 said)
			 .p;
	OK_TELL(p, SLOT_CHECK, responses[0]);
	before = arena_used(cx->arena);
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(judge(p, 1, report), OK);
	assert_now(p, "complete 4");
	assert_true(arena_used(cx->arena) - before < TIMES * 8192);
}

static void a_replay_and_a_snapshot_give_the_same_slot(void **state)
{
	static const char *const items[] = { BEST, LAST, GROUPS,
					     TASK("\"submissions\":2,") };
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		struct play *p =
			play(cx, items[run % 4], BEHAVIOUR_ADAPTIVE, 4);
		struct slot_run again;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a =
				any(p, &seeded.rng, i > ACTIONS / 2);
			const char *text = snapshot(cx, &p->slot);
			struct slot_run read;

			if (act(p, a)) {
				p->n--; /* refused: in no log */
				assert_string_equal(snapshot(cx, &p->slot),
						    text);
			}
			check_slot(p);
			text = snapshot(cx, &p->slot);
			assert_int_equal(
				slot_read(cx, &p->setup, json(cx, text), &read),
				OK);
			assert_string_equal(snapshot(cx, &read), text);
			if (run % 3 == 0)
				p->slot = read; /* and goes on from it */
		}
		assert_int_equal(
			slot_replay(cx, &p->setup, p->log, p->n, &again), OK);
		assert_string_equal(
			now(p), now(&(struct play){ .cx = cx, .slot = again }));
		assert_int_equal(again.submissions.n, p->slot.submissions.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_SLOT(a_check_waits_for_its_verdict),
		TEST_OF_SLOT(a_verdict_after_the_finish_counts),
		TEST_OF_SLOT(what_was_saved_is_told_to_be_unsubmitted),
		TEST_OF_SLOT(which_one_counts_is_the_items_word),
		TEST_OF_SLOT(our_failure_is_nobodys_try),
		TEST_OF_SLOT(the_same_files_again_settle_what_failed),
		TEST_OF_SLOT(a_marker_has_the_last_word),
		TEST_OF_SLOT(another_version_scores_the_same_facts),
		TEST_OF_SLOT(what_stays_of_a_report_is_its_count),
		TEST_OF_SLOT(a_replay_and_a_snapshot_give_the_same_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
