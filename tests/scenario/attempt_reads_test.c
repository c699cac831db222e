/*
 * What queries keep of attempts (engine/attempt/folds.c): that it is always
 * what a fold of all records would be, and that it stays within bounds.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/attempts.h"
#include "tests/scenario/quiz.h"

#define ANN "learner:ann"

static struct folds *folds(struct world *w)
{
	return w->app->attempts->folds;
}

static struct folds_stats stats(struct world *w)
{
	struct folds_stats s;

	folds_stats(folds(w), &s);
	return s;
}

static void forget_all(struct world *w)
{
	folds_bound(folds(w), 0, 0);
	assert_int_equal(stats(w).kept, 0);
	assert_int_equal(stats(w).bytes, 0);
	folds_bound(folds(w), FOLDS_MOST, FOLDS_BYTES);
}

/* What three queries say is the same with and without what was kept. */
static void holds(struct world *w, const char *id)
{
	static const char *const methods[] = { "attempt.get", "attempt.review",
					       "attempt.explain" };
	static const char *const who[] = { ANN, "moderator" };
	struct str kept[6];

	for (int i = 0; i < 6; i++)
		kept[i] = quiz_do(w, who[i % 2], methods[i / 2], id).json;
	forget_all(w);
	for (int i = 0; i < 6; i++) {
		struct str anew =
			quiz_do(w, who[i % 2], methods[i / 2], id).json;

		assert_true(str_eq(kept[i], anew));
	}
}

static const char *text_of(struct world *w, const char *who, const char *id)
{
	struct reply r = quiz_do(w, who, "attempt.get", id);

	assert_int_equal(r.e, OK);
	return reply_text(w, &r, "slots/1/response/text");
}

static void what_was_acknowledged_is_read_without_folding_it_all(void **state)
{
	struct world *w = *state;
	const char *id;
	struct folds_stats before;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	assert_null(text_of(w, ANN, id));
	before = stats(w);
	for (int seq = 1; seq <= 20; seq++) {
		const char *text = str_fmt(w->cx.arena, "v%d", seq).p;

		quiz_answer(w, ANN, id, 2, seq,
			    str_fmt(w->cx.arena, "{\"text\":\"%s\"}", text).p);
		assert_string_equal(text_of(w, ANN, id), text);
		assert_string_equal(text_of(w, "moderator", id), text);
	}
	assert_int_equal(stats(w).built, before.built);
	assert_int_equal(stats(w).extended, before.extended + 20);
	assert_int_equal(stats(w).kept, 1);
	holds(w, id);
}

static void every_kind_of_change_is_seen_at_once(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"suspend\":\"clock_stops\",\"time_limit_ms\":600000,"
			"\"behaviour\":\"adaptive\"");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 1, 1, WRONG_1);
	holds(w, id);
	world_ok(w, ANN, "attempt.check",
		 "{\"attempt\":\"%s\",\"slot\":2,\"response\":" WRONG_2 "}",
		 id);
	holds(w, id);
	quiz_order(w, "attempt.suspend", id);
	assert_null(text_of(w, ANN, id)); /* nothing while it is */
	holds(w, id);
	world_pass(w, 60000);
	quiz_order(w, "attempt.resume", id);
	assert_string_equal(text_of(w, ANN, id), "toad");
	holds(w, id);
	world_pass(w, 700000); /* handed in by the clock */
	assert_string_equal(quiz_state(w, id), "graded");
	holds(w, id);
	quiz_order(w, "attempt.release", id);
	assert_string_equal(quiz_state(w, id), "released");
	holds(w, id);
	world_ok(w, "moderator", "attempt.mark",
		 "{\"attempt\":\"%s\",\"slot\":2,\"mark\":0.75,"
		 "\"comment\":\"so so\"}",
		 id);
	holds(w, id);
	world_ok(w, "moderator", "attempt.reopen",
		 "{\"attempt\":\"%s\",\"reason\":\"x\",\"due_at\":\"%s\"}", id,
		 world_time(w, 300000));
	assert_string_equal(quiz_state(w, id), "active");
	holds(w, id);
	quiz_answer(w, ANN, id, 2, 0, RIGHT_2);
	assert_string_equal(text_of(w, ANN, id), "frog");
	holds(w, id);
	quiz_do(w, ANN, "attempt.submit", id);
	quiz_publish(w, "\"max_grade\":10");
	world_ok(w, "moderator", "attempt.regrade",
		 "{\"course\":\"c\",\"slug\":\"q\",\"allow_lower\":true}");
	holds(w, id);
	quiz_order(w, "attempt.void", id);
	assert_string_equal(quiz_state(w, id), "voided");
	holds(w, id);
}

/* The rules are in no record of the attempt. */
static void rules_that_change_are_seen_at_once(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "\"closes_at\":\"2026-02-01T00:00:00Z\",\"review\":{"
			"\"during\":[],\"immediately\":[],\"later\":[],"
			"\"closed\":" QUIZ_ALL "}");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", id);
	world_pass(w, 3600000);
	assert_int_equal(quiz_do(w, ANN, "attempt.review", id).e,
			 ERR_TOO_EARLY);
	assert_null(text_of(w, ANN, id));
	world_ok(w, "platform", "override.set",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\","
		 "\"rules\":{\"closes_at\":\"2026-01-01T00:30:00Z\"}}");
	assert_int_equal(quiz_do(w, ANN, "attempt.review", id).e, OK);
	assert_string_equal(text_of(w, ANN, id), "frog");
	world_ok(w, "platform", "override.remove",
		 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"ann\"}");
	assert_int_equal(quiz_do(w, ANN, "attempt.review", id).e,
			 ERR_TOO_EARLY);
	assert_null(text_of(w, ANN, id));
}

static void what_is_kept_is_for_those_alone_who_may_see_it(void **state)
{
	static const char *const others[] = { "learner:ben", "bound:other",
					      "foreign", "stranger:ann" };
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	assert_int_equal(quiz_do(w, ANN, "attempt.get", id).e, OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(quiz_do(w, others[i], "attempt.get", id).e,
				 ERR_NOT_FOUND);
	assert_int_equal(quiz_do(w, "bound:c", "attempt.get", id).e, OK);
	assert_int_equal(stats(w).built, 1);
}

static void what_was_not_committed_is_never_read(void **state)
{
	struct world *w = *state;
	struct asked *a;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	assert_string_equal(text_of(w, ANN, id), "frog");
	world_fail_from(w, 1, ERR_UNAVAILABLE);
	assert_int_equal(quiz_answer(w, ANN, id, 2, 2, WRONG_2).e,
			 ERR_UNAVAILABLE);
	world_fail(w, 0, OK);
	assert_string_equal(text_of(w, ANN, id), "frog");
	a = world_ask(
		w, ANN, "attempt.answer",
		"{\"attempt\":\"%s\",\"slot\":2,\"response\":" WRONG_2 "}", id);
	assert_string_equal(text_of(w, ANN, id), "frog"); /* it waits */
	world_run(w);
	assert_int_equal(world_answer(w, a).e, OK);
	assert_string_equal(text_of(w, ANN, id), "toad");
	holds(w, id);
}

static void a_query_that_fails_leaves_nothing_wrong(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (int round = 0; round < 3; round++) {
		quiz_answer(w, ANN, id, 2, 0, round % 2 ? RIGHT_2 : WRONG_2);
		for (int n = 1; n < 9; n++) {
			struct reply r;

			world_fail(w, n, ERR_UNAVAILABLE);
			r = quiz_do(w, ANN, "attempt.get", id);
			world_fail(w, 0, OK);
			if (r.e)
				assert_int_equal(r.e, ERR_UNAVAILABLE);
			else
				assert_string_equal(
					reply_text(w, &r,
						   "slots/1/response/text"),
					round % 2 ? "frog" : "toad");
		}
		holds(w, id);
	}
}

/* ---- erasure ---- */

static void nothing_of_an_erased_learner_is_shown_or_kept(void **state)
{
	struct world *w = *state;
	const char *done, *open, *ben;

	quiz_publish(w, "");
	done = quiz_start(w, ANN);
	quiz_answer(w, ANN, done, 2, 1, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", done);
	open = quiz_start(w, ANN);
	quiz_answer(w, ANN, open, 2, 1, RIGHT_2);
	ben = quiz_start(w, "learner:ben");
	quiz_answer(w, "learner:ben", ben, 2, 1, RIGHT_2);
	assert_string_equal(text_of(w, "moderator", done), "frog");
	assert_string_equal(text_of(w, "moderator", open), "frog");
	assert_string_equal(text_of(w, "moderator", ben), "frog");
	assert_int_equal(stats(w).kept, 3);
	world_pass(w, 10000);
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked for\"}");
	assert_int_equal(stats(w).kept, 1);
	for (int round = 0; round < 3; round++) {
		assert_null(text_of(w, "moderator", done));
		assert_null(text_of(w, "moderator", open));
		assert_string_equal(text_of(w, "moderator", ben), "frog");
		assert_int_equal(stats(w).kept, 1);
		world_pass(w, 3600000);
		if (round == 1) /* she is back */
			quiz_start(w, ANN);
	}
}

/*
 * Her records go in pieces. What a query read between two of them is not what
 * the next one finds.
 */
static void nothing_is_kept_while_an_erasure_goes_on(void **state)
{
	enum { MANY = 4500, STEP = 500 }; /* more than one piece */
	struct asked *asked[STEP];
	struct world *w = *state;
	const char *ben, *ann;

	quiz_publish(w, "");
	ben = quiz_start(w, "learner:ben");
	for (int i = 0; i < MANY; i++) {
		asked[i % STEP] =
			world_ask(w, "learner:ben", "attempt.answer",
				  "{\"attempt\":\"%s\",\"slot\":3,\"response\":"
				  "{\"text\":\"%d\"}}",
				  ben, i);
		if (i % STEP < STEP - 1)
			continue;
		world_run(w);
		for (int k = 0; k < STEP; k++)
			assert_int_equal(world_answer(w, asked[k]).e, OK);
	}
	ann = quiz_start(w, ANN);
	quiz_answer(w, ANN, ann, 2, 1, RIGHT_2);
	quiz_do(w, ANN, "attempt.submit", ann);
	world_pass(w, 10000);
	assert_string_equal(text_of(w, "moderator", ann), "frog");
	/* Without the job's turn: only the first piece is done. */
	{
		struct asked *a = world_ask(
			w, "admin", "learner.erase",
			"{\"learner\":\"ann\",\"reason\":\"asked for\"}");

		executor_step(w->app->executor);
		assert_int_equal(world_answer(w, a).e, OK);
	}
	assert_string_equal(text_of(w, "moderator", ann), "frog");
	assert_int_equal(stats(w).kept, 0);
	world_run(w);
	assert_null(text_of(w, "moderator", ann));
}

/* ---- bounds ---- */

static void what_is_kept_stays_within_its_bounds(void **state)
{
	enum { LEARNERS = 12 };
	struct world *w = *state;
	const char *ids[LEARNERS];
	int64_t each;

	quiz_publish(w, "");
	for (int i = 0; i < LEARNERS; i++) {
		const char *who = str_fmt(w->cx.arena, "learner:l%d", i).p;

		ids[i] = quiz_start(w, who);
		quiz_answer(w, who, ids[i], 2, 1, RIGHT_2);
	}
	text_of(w, "moderator", ids[0]);
	each = stats(w).bytes;
	assert_true(each > 1000 && each < 20000);
	folds_bound(folds(w), 5, FOLDS_BYTES);
	for (int i = 0; i < LEARNERS; i++) {
		assert_string_equal(text_of(w, "moderator", ids[i]), "frog");
		assert_true(stats(w).kept <= 5);
	}
	assert_int_equal(stats(w).kept, 5);
	/* The least used left: the last five are there. */
	for (int i = LEARNERS - 5; i < LEARNERS; i++) {
		int64_t built = stats(w).built;

		text_of(w, "moderator", ids[i]);
		assert_int_equal(stats(w).built, built);
	}
	/* By bytes as well, and one that would fill it all is not kept. */
	folds_bound(folds(w), FOLDS_MOST, (size_t)each * 9);
	for (int i = 0; i < LEARNERS; i++) {
		text_of(w, "moderator", ids[i]);
		assert_true(stats(w).bytes <= each * 9);
	}
	assert_true(stats(w).kept >= 8);
	folds_bound(folds(w), 0, 0);
	folds_bound(folds(w), FOLDS_MOST, (size_t)each * 2);
	text_of(w, "moderator", ids[0]);
	assert_int_equal(stats(w).kept, 0);
	assert_string_equal(text_of(w, "moderator", ids[0]), "frog");
}

static void what_nobody_asks_for_is_dropped(void **state)
{
	struct world *w = *state;
	const char *id, *other;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	other = quiz_start(w, "learner:ben");
	text_of(w, ANN, id);
	world_pass(w, FOLDS_IDLE_MS);
	assert_int_equal(stats(w).kept, 1);
	world_pass(w, 1);
	text_of(w, "learner:ben", other);
	assert_int_equal(stats(w).kept, 1); /* his */
	world_pass(w, FOLDS_IDLE_MS + 1);
	quiz_answer(w, ANN, id, 2, 1, RIGHT_2); /* any commit */
	assert_int_equal(stats(w).kept, 0);
}

static void an_attempt_that_grows_does_not_grow_in_memory(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (int i = 0; i < 300; i++) {
		quiz_answer(w, ANN, id, 2, 0,
			    str_fmt(w->cx.arena, "{\"text\":\"%0200d\"}", i).p);
		text_of(w, ANN, id);
	}
	assert_int_equal(stats(w).built, 1);
	assert_true(stats(w).bytes < 100000);
	holds(w, id);
}

/* ---- statements ---- */

static int64_t statements(struct world *w, const char *method,
			  const char *params)
{
	int64_t before;

	world_ok(w, "platform", method, "%s", params);
	before = store_calls(w->app->store);
	world_ok(w, "platform", method, "%s", params);
	return store_calls(w->app->store) - before;
}

/* Each begins a snapshot on SQLite. */
static void queries_ask_few_things_of_the_database(void **state)
{
	struct world *w = *state;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	quiz_answer(w, ANN, id, 2, 1, RIGHT_2);
	assert_true(statements(w, "attempt.get",
			       str_fmt(w->cx.arena, "{\"attempt\":\"%s\"}", id)
				       .p) <= 1 + 4);
	/* One of them whether who is named was erased. */
	assert_true(statements(w, "assessment.conditions",
			       "{\"course\":\"c\",\"slug\":\"q\","
			       "\"learner\":\"ann\"}") <= 1 + 4);
	assert_true(statements(w, "gradebook.get",
			       "{\"course\":\"c\",\"learner\":\"ann\"}") <=
		    1 + 3);
}

/* ---- many at once ---- */

enum { READERS = 3, ROUNDS = 150 };

struct reading {
	struct front_slot slot; /* first */
	struct core *core;
	struct str message;
	atomic_int *acked; /* seq of slot 2 that was acknowledged */
	atomic_bool *stop;
	int least, reads, wrong; /* least: acknowledged before the question */
};

/* Slot 2 was saved so often, and has the text of that time. */
static void look_at(struct front_slot *s, struct str json, struct str bytes)
{
	struct reading *r = (struct reading *)s;
	struct str mark = STR("\"slot\":2,\"seq\":");
	size_t at = str_find(json, mark, 0);
	char text[40];
	int seq = 0;

	(void)bytes;
	r->reads++;
	if (at == SIZE_MAX) {
		r->wrong++;
		return;
	}
	for (at += mark.n; json.p[at] >= '0' && json.p[at] <= '9'; at++)
		seq = seq * 10 + (json.p[at] - '0');
	snprintf(text, sizeof(text), "\"text\":\"v%d\"", seq);
	if (seq < r->least ||
	    (seq && str_find(json, str_of(text), at) == SIZE_MAX))
		r->wrong++;
}

static void *read_on(void *arg)
{
	struct reading *r = arg;
	struct front_msg m = { .conn = 1,
			       .transport = FRONT_TEST,
			       .peer = STR("test"),
			       .bytes = r->message };

	while (!atomic_load(r->stop)) {
		r->least = atomic_load(r->acked);
		core_take(r->slot.request, &m);
	}
	return NULL;
}

/*
 * Readers on threads of their own, while answers come and the attempt leaves
 * memory again and again.
 */
static void readers_at_once_never_see_less_than_was_acknowledged(void **state)
{
	struct world *w = *state;
	struct reading all[READERS] = { 0 };
	pthread_t threads[READERS];
	atomic_bool stop = false;
	atomic_int acked = 0;
	const char *id;

	quiz_publish(w, "");
	id = quiz_start(w, ANN);
	for (int i = 0; i < READERS; i++) {
		struct reading *r = &all[i];

		r->slot.reply = look_at;
		r->core = w->core;
		r->acked = &acked;
		r->stop = &stop;
		r->message = str_fmt(w->cx.arena,
				     "{\"jsonrpc\":\"2.0\",\"id\":1,"
				     "\"method\":\"attempt.get\","
				     "\"auth\":\"moderator\","
				     "\"params\":{\"attempt\":\"%s\"}}",
				     id);
		core_attach(w->core, &r->slot);
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, r),
				 0);
	}
	for (int seq = 1; seq <= ROUNDS; seq++) {
		struct reply r = quiz_answer(
			w, ANN, id, 2, seq,
			str_fmt(w->cx.arena, "{\"text\":\"v%d\"}", seq).p);

		if (!r.e)
			atomic_store(&acked, seq);
		if (seq % 20 == 0)
			folds_bound(folds(w), 0, 0);
		if (seq % 20 == 3)
			folds_bound(folds(w), FOLDS_MOST, FOLDS_BYTES);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(all[i].reads > 0);
		assert_int_equal(all[i].wrong, 0);
		core_detach(all[i].slot.request);
	}
	assert_int_equal(acked, ROUNDS);
	holds(w, id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) quiz_test(f)
		T(what_was_acknowledged_is_read_without_folding_it_all),
		T(every_kind_of_change_is_seen_at_once),
		T(rules_that_change_are_seen_at_once),
		T(what_is_kept_is_for_those_alone_who_may_see_it),
		T(what_was_not_committed_is_never_read),
		T(a_query_that_fails_leaves_nothing_wrong),
		T(nothing_of_an_erased_learner_is_shown_or_kept),
		T(nothing_is_kept_while_an_erasure_goes_on),
		T(what_is_kept_stays_within_its_bounds),
		T(what_nobody_asks_for_is_dropped),
		T(an_attempt_that_grows_does_not_grow_in_memory),
		T(queries_ask_few_things_of_the_database),
		T(readers_at_once_never_see_less_than_was_acknowledged),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
