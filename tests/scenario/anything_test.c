/*
 * Whatever several learners, their teachers and the clock do in any order, the
 * tables agree with each other: rows with records, grades with attempts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/attempt_sql.h"
#include "engine/attempt/attempts.h"
#include "engine/auth/org.h"
#include "engine/gradebook/gradebook.h"
#include "tests/scenario/quiz.h"
#include "tests/support/check.h"

enum { RUNS = 12, STEPS = 120, LEARNERS = 3, ALLOWED = 2, ALLOWED_MORE = 3 };

static const char *const tokens[LEARNERS] = { "learner:ann", "learner:bob",
					      "learner:eve" };

/* One story. */
struct tale {
	struct world *w;
	struct rng *rng;
	const char *attempt[LEARNERS]; /* the last one started, or NULL */
	bool back[LEARNERS];	       /* one was given back */
};

static uint64_t pick(struct tale *t, uint64_t n)
{
	return rng_below(t->rng, n);
}

/* ---- what always holds ---- */

static struct str text_of(struct world *w, const struct attempt_row *row)
{
	struct buf b = { 0 };
	struct str s;

	field_encode(&b, &attempt_row_shape, row);
	s = buf_copy(&b, w->cx.arena);
	buf_done(&b);
	return s;
}

static void row_is_the_fold(struct world *w, const struct attempt_row *row)
{
	struct live *folded = NULL;

	assert_int_equal(live_read_row(&w->cx, row, false, &folded), OK);
	assert_true(str_eq(text_of(w, row), text_of(w, &folded->row)));
	assert_int_equal(due_of(w->app->attempts->due, &row->id), row->wake_at);
	if (row->due_at && row->hard_end_at)
		assert_true(row->due_at <= row->hard_end_at);
	if (row->started_at && row->due_at)
		assert_true(row->started_at <= row->due_at);
}

/* What the rules make of these attempts, computed again. */
static void grade_is_of(struct world *w, const struct attempt_row *r, size_t n)
{
	struct policy_graded *g =
		ARENA_ARRAY(w->cx.arena, struct policy_graded, n);
	const struct published *pub;
	struct policy_effective eff;
	struct policy_result want;
	struct assessment newest;
	struct grade have = { 0 };
	enum err e;

	assert_int_equal(
		assessment_newest(&w->cx, &w->org, &r->series, &newest), OK);
	assert_int_equal(
		catalog_get(w->app->catalog, &w->cx, &w->org, &newest.id, &pub),
		OK);
	assert_int_equal(assessment_effective(&w->cx, pub, &r->learner, &eff),
			 OK);
	for (size_t i = 0; i < n; i++)
		g[i] = (struct policy_graded){ .number = r[i].number,
					       .state = r[i].state,
					       .has_sum = r[i].has_score,
					       .sum = r[i].sum,
					       .max = r[i].sum_max,
					       .finished = r[i].finished_at };
	policy_grade(&w->cx, &eff.p, g, n, &want);
	e = gradebook_grade(&w->cx, &w->org, &r->learner, &r->series, &have);
	assert_true(e == OK || e == ERR_NOT_FOUND);
	err_clear(&w->cx);
	if (have.overridden)
		return;
	assert_int_equal(have.has_score, want.has);
	if (want.has)
		assert_true(dec_eq(have.score, want.grade));
}

static void learner_is_in_order(struct tale *t, const struct attempt_row *r,
				size_t n, bool back)
{
	int64_t used = 0;
	int open = 0;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(r[i].number, i + 1);
		used += !r[i].given_back;
		open += attempt_is_open(r[i].state);
		row_is_the_fold(t->w, &r[i]);
	}
	assert_true(open <= 1);
	assert_true(used <= ALLOWED_MORE || back);
	if (n)
		grade_is_of(t->w, r, n);
}

static void all_is_in_order(struct tale *t, const struct id *series)
{
	struct world *w = t->w;
	struct person_found f;
	struct list rows;

	w->cx.db = store_reader(w->app->store, 1000);
	for (int i = 0; i < LEARNERS; i++) {
		assert_int_equal(
			person_find(&w->cx, &w->org, str_of(tokens[i] + 8), &f),
			OK);
		assert_int_equal(store_list(&w->cx,
					    &attempt_sql[ATTEMPT_OF_LEARNER],
					    VALS(v_id(&w->org), v_id(series),
						 v_id(&f.id)),
					    1000, &rows, NULL),
				 OK);
		learner_is_in_order(t, rows.at, rows.n, t->back[i]);
	}
	store_reader_done(w->app->store, w->cx.db);
	w->cx.db = NULL;
}

/* ---- what may happen ---- */

/* Refused or done; nothing else, unless the store was told to fail. */
static struct reply fine(struct reply r)
{
	if (r.e == ERR_INTERNAL || r.e == ERR_CORRUPT || err_retry(r.e))
		fail_msg("%.*s", STR_FMT(r.json));
	return r;
}

static void answer(struct tale *t, int who, const char *method)
{
	static const char *const said[3][3] = {
		{ RIGHT_1, WRONG_1, "{}" },
		{ RIGHT_2, WRONG_2, "{\"text\":\"\"}" },
		{ RIGHT_3, "{\"text\":\"41\"}", "{\"text\":\"4x2\"}" },
	};
	uint64_t slot = pick(t, 3);

	fine(world_call(t->w, tokens[who], method,
			"{\"attempt\":\"%s\",\"slot\":%d,\"response\":%s}",
			t->attempt[who], (int)slot + 1,
			said[slot][pick(t, 3)]));
}

static void learner_step(struct tale *t, int who)
{
	struct reply r;

	if (!t->attempt[who] || pick(t, 6) == 0) {
		r = fine(world_call(t->w, tokens[who], "attempt.start",
				    QUIZ_REF));
		if (!r.e)
			t->attempt[who] = reply_text(t->w, &r, "attempt");
	} else if (pick(t, 6) == 0) {
		fine(quiz_do(t->w, tokens[who], "attempt.submit",
			     t->attempt[who]));
	} else {
		answer(t, who, pick(t, 3) ? "attempt.answer" : "attempt.check");
	}
}

static void order(struct tale *t, int who, const char *method, const char *more)
{
	if (t->attempt[who])
		fine(world_call(t->w, "moderator", method,
				"{\"attempt\":\"%s\",\"reason\":\"r\"%s}",
				t->attempt[who], more));
}

static void staff_step(struct tale *t, int who)
{
	struct world *w = t->w;
	bool back = pick(t, 2);

	switch (pick(t, 8)) {
	case 0:
		order(t, who, "attempt.suspend", "");
		break;
	case 1:
		order(t, who, "attempt.resume", "");
		break;
	case 2:
		order(t, who, "attempt.void",
		      back ? ",\"gives_back\":true" : "");
		t->back[who] |= back;
		break;
	case 3:
		order(t, who, "attempt.reopen",
		      str_fmt(w->cx.arena, ",\"due_at\":\"%s\"",
			      world_time(w, 100000))
			      .p);
		break;
	case 4:
		if (t->attempt[who])
			fine(world_call(w, "moderator", "attempt.mark",
					"{\"attempt\":\"%s\",\"slot\":%d,"
					"\"mark\":0.%d}",
					t->attempt[who], (int)pick(t, 3) + 1,
					(int)pick(t, 10)));
		break;
	case 5:
		fine(world_call(w, "moderator", "override.set",
				"{\"course\":\"c\",\"slug\":\"q\","
				"\"learner\":\"%s\",\"rules\":{\"attempts\":%d,"
				"\"time_limit_ms\":%d}}",
				tokens[who] + 8, ALLOWED_MORE,
				300000 + (int)pick(t, 600000)));
		break;
	case 6:
		fine(world_call(w, "moderator", "override.remove",
				"{\"course\":\"c\",\"slug\":\"q\","
				"\"learner\":\"%s\"}",
				tokens[who] + 8));
		break;
	default:
		fine(world_call(w, "moderator", "gradebook.set",
				"{\"course\":\"c\",\"slug\":\"q\","
				"\"learner\":\"%s\",\"reason\":\"r\"%s}",
				tokens[who] + 8,
				pick(t, 2) ? ",\"score\":1" : ""));
	}
}

static struct str everything(struct world *w)
{
	struct reply a = world_ok(w, "moderator", "attempt.list", QUIZ_REF);
	struct reply g = world_ok(w, "moderator", "gradebook.list",
				  "{\"course\":\"c\"}");

	return str_fmt(w->cx.arena, "%.*s%.*s", STR_FMT(a.json),
		       STR_FMT(g.json));
}

static void a_restart_changes_nothing(struct world *w)
{
	struct str before = everything(w);

	world_restart(w);
	assert_true(str_eq(before, everything(w)));
}

static void step(struct tale *t)
{
	int who = (int)pick(t, LEARNERS);

	switch (pick(t, 12)) {
	case 0:
		world_pass(t->w, (int64_t)pick(t, 200000));
		break;
	case 1:
	case 2:
	case 3:
		staff_step(t, who);
		break;
	case 4:
		if (pick(t, 4) == 0)
			a_restart_changes_nothing(t->w);
		break;
	default:
		learner_step(t, who);
	}
}

static const char *rules(struct tale *t, int run)
{
	static const char *const counts[] = { "highest", "last", "first",
					      "average" };
	static const char *const overdue[] = { "auto_submit", "grace",
					       "abandon" };

	return str_fmt(t->w->cx.arena,
		       "\"attempts\":%d,\"counts\":\"%s\",\"overdue\":\"%s\","
		       "\"behaviour\":\"adaptive\",\"time_limit_ms\":300000,"
		       "%s\"suspend\":\"clock_%s\"",
		       ALLOWED, counts[run % 4], overdue[run % 3],
		       run % 3 == 1 ? "\"grace_ms\":60000," : "",
		       run % 2 ? "runs" : "stops")
		.p;
}

static void tables_agree_whatever_happens(void **state)
{
	struct rng_seeded rng;

	(void)state;
	rng_property(&rng);
	for (int run = 0; run < RUNS; run++) {
		struct tale t = { .w = world_open(), .rng = &rng.rng };
		struct reply r;
		struct id series;

		r = world_ok(t.w, "author", "assessment.publish",
			     "{\"definition\":%s}",
			     quiz_json(t.w, "q", rules(&t, run)));
		assert_true(id_parse(
			str_of(reply_text(t.w, &r, "assessment/series")),
			&series));
		for (int i = 0; i < STEPS; i++) {
			step(&t);
			all_is_in_order(&t, &series);
		}
		a_restart_changes_nothing(t.w);
		r = world_ok(t.w, "auditor", "audit.verify", "{}");
		assert_string_equal(reply_text(t.w, &r, "intact"), "true");
		world_close(t.w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_agree_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
