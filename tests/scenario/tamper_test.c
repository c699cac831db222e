/*
 * Who changes grades or attempts in the database, past all commands, leaves
 * tables that the records do not make: audit.verify says so, and so does who
 * looks at the database without a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/audit/chain.h"
#include "engine/methods.h"
#include "tests/scenario/code.h"
#include "tests/scenario/peer.h"

#define ANN "learner:ann"

static const struct tamper {
	const char *sql, *finding;
} tampers[] = {
	{ "UPDATE grade SET score = 3000000000, scaled = 1000000000"
	  " WHERE slug = 'q'",
	  "the grade of learner" },
	{ "UPDATE grade SET passed = 1 WHERE slug = 'q'",
	  "the grade of learner" },
	{ "UPDATE grade SET max_score = 10 WHERE slug = 'q'",
	  "the grade of learner" },
	{ "UPDATE grade SET overridden = 1 WHERE slug = 'q'",
	  "the grade of learner" },
	{ "UPDATE grade SET reason = 'x' WHERE slug = 'hand'",
	  "the grade of learner" },
	{ "UPDATE grade SET released_at = 0 WHERE slug = 'q'",
	  "the release of the grade" },
	{ "UPDATE grade SET released_at = 1767225600500 WHERE slug = 'held'",
	  "the release of the grade" },
	{ "UPDATE grade SET released_at = 0 WHERE slug = 'open'",
	  "the release of the grade" },
	{ "UPDATE grade SET series = learner WHERE slug = 'q'",
	  "no record made it" },
	{ "DELETE FROM grade WHERE slug = 'q'", "not in the table" },
	{ "UPDATE attempt SET score = 3000000000 WHERE number = 1",
	  "the score of attempt" },
	{ "UPDATE attempt SET state = 11 - state WHERE number = 1",
	  "the state of attempt" },
	{ "UPDATE attempt SET released_at = 5 WHERE number = 1",
	  "the release of attempt" },
	{ "UPDATE attempt SET finished_at = 5 WHERE number = 1",
	  "the times of attempt" },
	{ "UPDATE attempt SET learner = id WHERE number = 1",
	  "the owner of attempt" },
	{ "DELETE FROM attempt WHERE number = 1", "not in the table" },
	{ "UPDATE attempt SET id = series WHERE number = 2",
	  "do not fit together" },
	{ "DELETE FROM peer_run", "and not in the table" },
	{ "UPDATE peer_run SET stream = series", "no record made it" },
	{ "UPDATE peer_run SET course = 'd'", "the course or the time" },
	{ "UPDATE peer_run SET opened_at = 5", "the course or the time" },
	{ "DELETE FROM peer_ref WHERE kind = 0", "in the records and not in" },
	{ "UPDATE peer_ref SET learner = id WHERE kind = 1",
	  "another's in the table" },
	{ "UPDATE peer_ref SET kind = 2 WHERE kind = 1",
	  "another's in the table" },
	{ "INSERT INTO peer_ref SELECT org, learner, series, learner, kind"
	  " FROM peer_ref WHERE kind = 0",
	  "that no record made" },
};
/* Grades, attempts, a run of peer reviews. */
enum { ROWS = 6 + 5 + 1 };
enum { TAMPERS = sizeof(tampers) / sizeof(tampers[0]) };

/* The same database, as an intruder or an auditor opens it. */
static struct store *open_again(struct world *w, const struct stmt *st)
{
	static struct stmt_set own = { "tamper", NULL, 1 };
	const struct stmt_set *sets[64] = { &own };
	struct store_opts o = { .sets = sets,
				.migrations = all_migrations,
				.clock = w->cx.clock,
				.readers = 1,
				.busy_ms = 5000 };
	struct store *s = NULL;
	size_t n = st ? 1 : 0;

	own.rows = st;
	for (size_t i = 0; all_stmts[i]; i++)
		sets[n++] = all_stmts[i];
	o.url = w->db.kind == DB_PG
			? str_of(w->db.url)
			: str_fmt(w->cx.arena, "sqlite:%s/assay.db", w->folder);
	assert_int_equal(store_open(&w->cx, &o, &s), OK);
	return s;
}

static void tamper(struct world *w, const char *sql)
{
	const struct stmt st = { "tamper", sql, NULL };
	struct store *s = open_again(w, &st);
	int64_t changed = 0;

	w->cx.db = store_writer(s);
	assert_int_equal(store_begin(w->cx.db, &w->cx), OK);
	assert_int_equal(store_exec(&w->cx, &st, NULL, 0, &changed), OK);
	assert_int_equal(store_commit(w->cx.db, &w->cx), OK);
	assert_true(changed > 0);
	w->cx.db = NULL;
	store_close(s);
	w->tampered = true;
}

/* As assay verify does. */
static struct chain_report offline(struct world *w)
{
	struct store *s = open_again(w, NULL);
	struct chain_report r;

	w->cx.db = store_reader(s, 5000);
	assert_int_equal(chain_verify(&w->cx, all_checks, NULL, NULL, &r), OK);
	store_reader_done(s, w->cx.db);
	w->cx.db = NULL;
	store_close(s);
	return r;
}

static const char *sit(struct world *w, const char *slug)
{
	struct reply r = world_ok(w, ANN, "attempt.start",
				  "{\"course\":\"c\",\"slug\":\"%s\"}", slug);
	const char *id = reply_text(w, &r, "attempt");

	quiz_answer(w, ANN, id, 1, 0, RIGHT_1);
	assert_int_equal(quiz_do(w, ANN, "attempt.submit", id).e, OK);
	return id;
}

/* Every kind of grade: auto, held, held and released, by hand, regraded. */
static void make_grades(struct world *w)
{
	quiz_publish(w, "");
	sit(w, "q");
	sit(w, "q");
	world_publish(w, quiz_json(w, "held", "\"release\":\"held\""));
	sit(w, "held");
	world_publish(w, quiz_json(w, "open", "\"release\":\"held\""));
	sit(w, "open");
	world_pass(w, 5000);
	world_ok(w, "moderator", "gradebook.release",
		 "{\"course\":\"c\",\"slug\":\"open\"}");
	world_publish(w, quiz_json(w, "hand", ""));
	world_ok(w, "moderator", "gradebook.set",
		 "{\"course\":\"c\",\"slug\":\"hand\",\"learner\":\"ann\","
		 "\"score\":1,\"reason\":\"oral\"}");
	world_publish(w, quiz_json(w, "second", "\"max_grade\":5"));
	sit(w, "second");
	world_publish(w, quiz_json(w, "second", "\"max_grade\":10"));
	world_ok(w, "moderator", "attempt.regrade",
		 "{\"course\":\"c\",\"slug\":\"second\"}");
	peer_publish(w, "");
	peer_hand_in(w, ANN);
	peer_calibrate(w, ANN, 0);
}

static bool tells(const struct chain_report *r, const char *text)
{
	const struct chain_finding *f = r->list.at;

	for (size_t i = 0; i < r->list.n; i++)
		if (str_find(f[i].text, str_of(text), 0) != SIZE_MAX)
			return true;
	return false;
}

static void whatever_is_changed_in_the_tables_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < TAMPERS; i++) {
		const struct tamper *t = &tampers[i];
		struct world *w = world_open();
		struct chain_report report;
		struct reply r;

		make_grades(w);
		r = world_ok(w, "auditor", "audit.verify", "{}");
		assert_string_equal(reply_text(w, &r, "intact"), "true");
		assert_int_equal(reply_int(w, &r, "rows"), ROWS);
		tamper(w, t->sql);
		r = world_ok(w, "auditor", "audit.verify", "{}");
		report = offline(w);
		if (str_find(r.json, str_of(t->finding), 0) == SIZE_MAX ||
		    !tells(&report, t->finding))
			print_error("%s\n-> %s\n", t->sql, r.json.p);
		assert_string_equal(reply_text(w, &r, "intact"), "false");
		assert_true(str_find(r.json, str_of(t->finding), 0) !=
			    SIZE_MAX);
		assert_false(report.intact);
		assert_true(tells(&report, t->finding));
		assert_int_equal(report.findings, reply_int(w, &r, "findings"));
		world_close(w);
	}
}

static void who_was_erased_gives_no_findings(void **state)
{
	struct world *w = *state;
	struct chain_report report;

	make_grades(w);
	world_ok(w, "admin", "learner.erase",
		 "{\"learner\":\"ann\",\"reason\":\"asked for it\"}");
	world_run(w);
	world_pass(w, 600000);
	report = offline(w);
	assert_true(report.intact);
	assert_true(report.erased > 0);
	assert_int_equal(report.rows, ROWS);
}

/* More rows than are read at once. */
static void many_rows_are_compared_in_pieces(void **state)
{
	enum { LEARNERS = 260 };
	struct world *w = *state;
	struct chain_report report;

	quiz_publish(w, "");
	for (int i = 0; i < LEARNERS; i++) {
		const char *who = str_fmt(w->cx.arena, "learner:l%d", i).p;
		const char *id = quiz_start(w, who);

		assert_int_equal(quiz_do(w, who, "attempt.submit", id).e, OK);
		world_ok(w, "moderator", "gradebook.set",
			 "{\"course\":\"c\",\"slug\":\"q\",\"learner\":\"l%d\","
			 "\"score\":1,\"reason\":\"r\"}",
			 i);
	}
	report = offline(w);
	assert_true(report.intact);
	assert_int_equal(report.rows, 2 * LEARNERS);
	tamper(w, "UPDATE attempt SET passed = 1");
	report = offline(w);
	assert_int_equal(report.findings, LEARNERS);
	assert_int_equal(report.list.n, CHAIN_FINDINGS);
}

/* It is queued as they are; its worker is told why it cannot be done. */
static void what_cannot_be_read_stops_no_rejudging_of_the_others(void **state)
{
	struct world *w = *state;
	static const char *const learners[] = { ANN, "learner:ben" };
	const char *id = NULL;
	struct reply r;

	code_publish(w, "", CODE_ITEM("Double it.", ""));
	for (int i = 1; i >= 0; i--) {
		world_pass(w, 1); /* ids are by time */
		id = quiz_start(w, learners[i]);
		assert_int_equal(
			code_hand_in(w, learners[i], id, MAIN_C("a")).e, OK);
		assert_true(code_judge_next(w, IS_WRONG));
	}
	tamper(w, "UPDATE record SET body = 'x' WHERE event = 'attempt.started'"
		  " AND stream = (SELECT attempt FROM submission"
		  " ORDER BY id DESC LIMIT 1)");
	world_restart(w);
	assert_int_equal(quiz_do(w, ANN, "attempt.get", id).e, ERR_CORRUPT);
	r = world_ok(w, "moderator", "submission.rejudge",
		     "{\"course\":\"c\",\"reason\":\"r\"}");
	assert_int_equal(reply_int(w, &r, "queued"), 2);
	r = world_ok(w, "platform", "job.list",
		     "{\"kind\":\"grade.code\",\"state\":\"queued\"}");
	assert_int_equal(reply_count(w, &r, "jobs"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_changed_in_the_tables_is_found),
		quiz_test(who_was_erased_gives_no_findings),
		quiz_test(many_rows_are_compared_in_pieces),
		quiz_test(what_cannot_be_read_stops_no_rejudging_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
