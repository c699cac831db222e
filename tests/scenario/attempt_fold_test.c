/* The records are the truth: what memory and tables hold is their fold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/attempts.h"
#include "tests/scenario/quiz.h"
#include "tests/support/check.h"

#define ANN "learner:ann"
enum { RUNS = 40, STEPS = 40 };

static struct str slots_text(struct world *w, const struct live *l)
{
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < l->slots_n; i++)
		slot_write(&w->cx, &b, &l->slots[i].run);
	s = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	return s;
}

static struct str row_text(struct world *w, const struct attempt_row *row)
{
	struct buf b = { 0 };
	struct str s;

	field_encode(&b, &attempt_row_shape, row);
	s = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	return s;
}

/* The row as stored, the fold of the records, and what is in memory. */
static void all_agree(struct world *w, const char *attempt)
{
	struct attempt_row row;
	struct live *folded, *cached;
	struct id id;

	assert_true(id_parse(str_of(attempt), &id));
	w->cx.db = store_reader(w->app->store, 1000);
	assert_int_equal(store_one(&w->cx, &attempt_sql[ATTEMPT_BY_ID],
				   VALS(v_id(&w->org), v_id(&id)), &row),
			 OK);
	assert_int_equal(live_read_row(&w->cx, &row, false, &folded), OK);
	assert_true(str_eq(row_text(w, &row), row_text(w, &folded->row)));
	cached = attempts_find(w->app->attempts, &id);
	if (cached) {
		assert_true(
			str_eq(row_text(w, &row), row_text(w, &cached->row)));
		assert_true(
			str_eq(slots_text(w, folded), slots_text(w, cached)));
		assert_int_equal(folded->n, cached->n);
		assert_int_equal(folded->keys_n, cached->keys_n);
	}
	assert_int_equal(due_of(w->app->attempts->due, &id), row.wake_at);
	store_reader_done(w->app->store, w->cx.db);
	w->cx.db = NULL;
}

/* What queries have kept says the same as a fold of all. */
static void readers_agree(struct world *w, const char *attempt)
{
	static const char *const methods[] = { "attempt.get", "attempt.review",
					       "attempt.explain" };
	struct folds *f = w->app->attempts->folds;
	struct str kept[3];

	for (int i = 0; i < 3; i++)
		kept[i] = quiz_do(w, "moderator", methods[i], attempt).json;
	folds_bound(f, 0, 0);
	for (int i = 0; i < 3; i++)
		assert_true(str_eq(
			kept[i],
			quiz_do(w, "moderator", methods[i], attempt).json));
	folds_bound(f, FOLDS_MOST, FOLDS_BYTES);
	(void)quiz_do(w, "moderator", "attempt.get", attempt);
}

static const char *any_response(struct rng *rng, int slot)
{
	static const char *const all[3][3] = {
		{ RIGHT_1, WRONG_1, "{}" },
		{ RIGHT_2, WRONG_2, "{\"text\":\"\"}" },
		{ RIGHT_3, "{\"text\":\"4x2\"}", "{\"text\":\"41\"}" },
	};

	return all[slot - 1][rng_below(rng, 3)];
}

static void slot_step(struct world *w, struct rng *rng, const char *id)
{
	static const char *const methods[] = { "attempt.answer",
					       "attempt.check" };
	int slot = 1 + (int)rng_below(rng, 3);

	if (rng_below(rng, 5) == 0)
		world_call(w, ANN, "attempt.try_again",
			   "{\"attempt\":\"%s\",\"slot\":%d}", id, slot);
	else
		world_call(w, ANN, methods[rng_below(rng, 2)],
			   "{\"attempt\":\"%s\",\"slot\":%d,\"seq\":%d,"
			   "\"response\":%s,\"idempotency_key\":\"k%d\"}",
			   id, slot, 1 + (int)rng_below(rng, 4),
			   any_response(rng, slot), (int)rng_below(rng, 50));
}

static void staff_step(struct world *w, struct rng *rng, const char *id)
{
	switch (rng_below(rng, 8)) {
	case 0:
		quiz_order(w, "attempt.suspend", id);
		break;
	case 1:
	case 2:
		quiz_order(w, "attempt.resume", id);
		break;
	case 3:
		quiz_do(w, ANN, "attempt.submit", id);
		break;
	case 4:
		world_call(w, "moderator", "attempt.reopen",
			   "{\"attempt\":\"%s\",\"reason\":\"x\","
			   "\"due_at\":\"%s\"}",
			   id, world_time(w, 300000));
		break;
	case 5:
		world_call(w, "moderator", "attempt.mark",
			   "{\"attempt\":\"%s\",\"slot\":2,\"mark\":0.5,"
			   "\"comment\":\"c\"}",
			   id);
		break;
	case 6:
		world_call(w, "moderator", "attempt.regrade",
			   "{\"course\":\"c\",\"slug\":\"q\","
			   "\"allow_lower\":true}");
		break;
	default:
		quiz_order(w, "attempt.release", id);
	}
}

static void anything(struct world *w, struct rng *rng, const char *id)
{
	switch (rng_below(rng, 10)) {
	case 0:
		world_pass(w, (int64_t)rng_below(rng, 200000));
		break;
	case 1:
	case 2:
		staff_step(w, rng, id);
		break;
	case 3:
		world_fail(w, 1 + (int)rng_below(rng, 12), ERR_UNAVAILABLE);
		slot_step(w, rng, id);
		staff_step(w, rng, id);
		world_fail(w, 0, OK);
		world_pass(w, 5000); /* the clock comes back */
		break;
	case 4:
		world_call(w, "platform", "override.set",
			   "{\"course\":\"c\",\"slug\":\"q\","
			   "\"learner\":\"ann\",\"rules\":{"
			   "\"time_limit_ms\":%d}}",
			   600000 + (int)rng_below(rng, 600000));
		break;
	default:
		slot_step(w, rng, id);
	}
}

static void memory_and_tables_are_the_fold_of_the_records(void **state)
{
	static const char *const behaviours[] = { "deferred_feedback",
						  "adaptive", "interactive",
						  "immediate_feedback" };
	static const char *const overdue[] = { "auto_submit", "grace",
					       "abandon" };
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int run = 0; run < RUNS; run++) {
		struct world *w = world_open();
		const char *policy, *id;

		policy = str_fmt(w->cx.arena,
				 "\"behaviour\":\"%s\",\"overdue\":\"%s\","
				 "\"time_limit_ms\":600000,%s"
				 "\"suspend\":\"clock_stops\"",
				 behaviours[rng_below(&rng.rng, 4)],
				 overdue[run % 3],
				 run % 3 == 1 ? "\"grace_ms\":60000," : "")
				 .p;
		quiz_publish(w, policy);
		id = quiz_start(w, ANN);
		for (int i = 0; i < STEPS; i++) {
			if (i == STEPS / 2)
				quiz_publish(w, str_fmt(w->cx.arena,
							"%s,\"max_grade\":10",
							policy)
							.p);
			anything(w, &rng.rng, id);
			all_agree(w, id);
			/* Also when several records came since. */
			if (rng_below(&rng.rng, 3) > 0)
				readers_agree(w, id);
		}
		world_close(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_and_tables_are_the_fold_of_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
