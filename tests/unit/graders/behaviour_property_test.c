/* What holds for any actions in any order. */
#include "tests/unit/graders/behaviour_world.h"

#include "tests/support/check.h"

enum { RUNS = 400, ACTIONS = 30 };

static const struct {
	const char *item;
	const char *responses[6]; /* with blank, partial and unreadable ones */
} pool[] = {
	{ FROG,
	  { "{}", "{\"text\":\"frog\"}", "{\"text\":\"toad\"}",
	    "{\"text\":\"newt\"}", "{\"text\":\" \"}", "{\"text\":\"bat\"}" } },
	{ PI_TO_TWO,
	  { "{}", "{\"text\":\"3.14\"}", "{\"text\":\"Pi\"}",
	    "{\"text\":\"3\"}", "{\"text\":\"0\"}", "{\"text\":\"1,2,\"}" } },
	{ ONE_OF_THREE,
	  { "{}", "{\"choice\":\"1\"}", "{\"choice\":\"2\"}",
	    "{\"choice\":\"3\"}", "{\"choice\":\"\"}", "{\"choice\":\"1\"}" } },
	{ TWO_OF_FOUR,
	  { "{}", "{\"choices\":[\"1\",\"3\"]}", "{\"choices\":[\"1\"]}",
	    "{\"choices\":[\"2\",\"4\"]}", "{\"choices\":[\"3\",\"4\"]}",
	    "{\"choices\":[]}" } },
	{ FOUR_PAIRS,
	  { "{}",
	    "{\"pairs\":{\"1\":\"2\",\"2\":\"1\",\"3\":\"1\",\"4\":\"2\"}}",
	    "{\"pairs\":{\"1\":\"1\",\"2\":\"1\",\"3\":\"1\",\"4\":\"2\"}}",
	    "{\"pairs\":{\"1\":\"2\",\"2\":\"3\",\"3\":\"1\",\"4\":\"3\"}}",
	    "{\"pairs\":{\"1\":\"2\"}}",
	    "{\"pairs\":{\"1\":\"3\",\"2\":\"3\",\"3\":\"3\",\"4\":\"3\"}}" } },
	{ OWL_AND_CAT,
	  { "{}",
	    "{\"parts\":{\"1\":{\"text\":\"owl\"},\"2\":{\"choice\":\"3\"}}}",
	    "{\"parts\":{\"1\":{\"text\":\"owl\"},\"2\":{\"choice\":\"1\"}}}",
	    "{\"parts\":{\"1\":{\"text\":\"dog\"},\"2\":{\"choice\":\"3\"}}}",
	    "{\"parts\":{\"1\":{\"text\":\"cat\"}}}",
	    "{\"parts\":{\"1\":{\"text\":\"emu\"},\"2\":{\"choice\":\"2\"}}}" } },
	{ ESSAY,
	  { "{}", "{\"text\":\"one two three\"}", "{\"text\":\"one\"}",
	    "{\"text\":\"a b c d\"}", "{\"text\":\"\"}",
	    "{\"text\":\"x y z\",\"format\":\"html\"}" } },
};
enum { POOL = sizeof(pool) / sizeof(*pool) };

/* Any question under any behaviour that it can have. */
static struct play *any_play(struct ctx *cx, struct rng *rng, size_t *which)
{
	*which = rng_below(rng, POOL);
	return play(cx, pool[*which].item,
		    (enum behaviour)rng_below(rng, BEHAVIOUR_MANUAL),
		    1 + (int)rng_below(rng, 10));
}

static struct slot_action any_action(struct play *p, struct rng *rng,
				     size_t which, bool ending)
{
	/* Mostly what a learner does; the end comes rarely and not at once. */
	static const int kinds[] = { SLOT_SAVE,	     SLOT_SAVE,
				     SLOT_SAVE,	     SLOT_CHECK,
				     SLOT_CHECK,     SLOT_CHECK,
				     SLOT_TRY_AGAIN, SLOT_TRY_AGAIN,
				     SLOT_FINISH,    SLOT_MARK };
	int kind = kinds[rng_below(rng, ending ? 10 : 8)];
	bool with = kind == SLOT_SAVE || kind == SLOT_CHECK ||
		    (kind != SLOT_MARK && rng_below(rng, 3) == 0);
	struct slot_action a =
		action(p, kind,
		       with ? pool[which].responses[rng_below(rng, 6)] : NULL);

	if (behaviour_has_certainty(p->setup.behaviour) && with)
		a.certainty = (int64_t)rng_below(rng, 4);
	if (kind == SLOT_MARK) {
		a.has_mark = rng_below(rng, 3) > 0;
		a.clear_mark = !a.has_mark && rng_below(rng, 2);
		a.mark = dec_ratio((int64_t)rng_below(rng, 40) - 4, 3);
		a.out_of = p->setup.max;
		if (rng_below(rng, 2))
			a.comment = STR("hm");
	}
	return a;
}

static void check_bounds(struct play *p)
{
	const struct slot_setup *s = &p->setup;
	struct dec mark;

	assert_true(slot_tries_left(&p->slot) >= -1);
	if (!slot_mark(&p->slot, &mark))
		return;
	assert_true(dec_cmp(mark, slot_min_mark(s)) >= 0);
	assert_true(dec_cmp(mark, slot_max_mark(s)) <= 0);
}

/* The fold, its replay and a snapshot in the middle are one. */
static void a_replay_and_a_snapshot_give_the_same_slot(void **state)
{
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		size_t which;
		struct play *p = any_play(cx, &seeded.rng, &which);
		struct slot_run again;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a = any_action(p, &seeded.rng, which,
							  i > ACTIONS / 2);
			struct slot_run before = p->slot;
			const char *text = snapshot(cx, &p->slot);
			enum err e = act(p, a);

			if (e)
				assert_string_equal(snapshot(cx, &p->slot),
						    text);
			else
				assert_int_equal(p->slot.seq - before.seq,
						 p->effect.changed);
			check_bounds(p);
			if (e) { /* only what was taken is written down */
				p->n--;
				continue;
			}
			text = snapshot(cx, &p->slot);
			assert_int_equal(slot_read(cx, &p->setup,
						   json(cx, text), &p->slot),
					 OK);
			assert_string_equal(snapshot(cx, &p->slot), text);
		}
		assert_int_equal(
			slot_replay(cx, &p->setup, p->log, p->n, &again), OK);
		assert_string_equal(snapshot(cx, &again),
				    snapshot(cx, &p->slot));
		arena_reset(cx->arena);
	}
}

/* Frames that come twice, late or out of order, between those that count. */
static void repeated_frames_change_nothing(void **state)
{
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		size_t which;
		struct play *p = any_play(cx, &seeded.rng, &which);
		struct slot_action sent[ACTIONS];
		size_t n = 0;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a =
				any_action(p, &seeded.rng, which, i > 25);
			const char *text;

			a.seq = p->slot.seq + 1;
			if (act(p, a) || !p->effect.changed)
				continue;
			sent[n++] = a;
			text = snapshot(cx, &p->slot);
			for (int k = 0; k < 3; k++) {
				a = sent[rng_below(&seeded.rng, n)];
				if (!act(p, a))
					assert_false(p->effect.changed);
			}
			assert_string_equal(snapshot(cx, &p->slot), text);
		}
		arena_reset(cx->arena);
	}
}

/* The learner saves as often as he likes, and it costs him nothing. */
static void saves_in_any_order_use_no_try(void **state)
{
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		size_t which;
		struct play *p = any_play(cx, &seeded.rng, &which);
		struct dec before, after;
		bool had, has;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a =
				any_action(p, &seeded.rng, which, false);
			int64_t tries = p->slot.tries;

			had = slot_mark(&p->slot, &before);
			if (act(p, a))
				continue;
			has = slot_mark(&p->slot, &after);
			assert_int_equal(p->slot.tries - tries,
					 p->effect.try_used);
			if (a.kind != SLOT_SAVE)
				continue;
			assert_int_equal(p->slot.tries, tries);
			assert_int_equal(had, has);
			assert_true(!had || dec_eq(before, after));
		}
		arena_reset(cx->arena);
	}
}

static void an_adaptive_mark_never_falls(void **state)
{
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		size_t which = rng_below(&seeded.rng, POOL - 1);
		struct play *p = play(cx, pool[which].item,
				      rng_below(&seeded.rng, 2)
					      ? BEHAVIOUR_ADAPTIVE
					      : BEHAVIOUR_ADAPTIVE_FREE,
				      1 + (int)rng_below(&seeded.rng, 9));
		struct dec best = DEC_ZERO, mark;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a =
				any_action(p, &seeded.rng, which, i > 25);

			if (a.kind == SLOT_MARK || act(p, a) ||
			    !slot_mark(&p->slot, &mark))
				continue;
			assert_true(dec_cmp(mark, best) >= 0);
			best = mark;
		}
		arena_reset(cx->arena);
	}
}

static void interactive_tries_end_in_time(void **state)
{
	struct rng_seeded seeded;
	struct ctx *cx = *state;

	rng_property(&seeded);
	for (int run = 0; run < RUNS; run++) {
		size_t which = rng_below(&seeded.rng, POOL - 1);
		struct play *p =
			play(cx, pool[which].item, BEHAVIOUR_INTERACTIVE, 6);
		const int64_t total = (int64_t)p->setup.item->hints.n + 1;

		for (int i = 0; i < ACTIONS; i++) {
			struct slot_action a =
				any_action(p, &seeded.rng, which, false);

			if (act(p, a))
				continue;
			assert_true(p->slot.tries <= total);
			if (p->slot.tries == total)
				assert_false(slot_state_is_open(p->slot.state));
			assert_int_equal(slot_hint(&p->slot) != NULL,
					 p->slot.try_again);
		}
		arena_reset(cx->arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_SLOT(a_replay_and_a_snapshot_give_the_same_slot),
		TEST_OF_SLOT(repeated_frames_change_nothing),
		TEST_OF_SLOT(saves_in_any_order_use_no_try),
		TEST_OF_SLOT(an_adaptive_mark_never_falls),
		TEST_OF_SLOT(interactive_tries_end_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
