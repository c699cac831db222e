/* Every failure that a method row lists, and no row without its test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/attempt/attempt.h"
#include "tests/scenario/quiz.h"

#define ANN "learner:ann"
#define STAFF "moderator"
#define WHY ",\"reason\":\"x\""
#define ANSWER ",\"slot\":1,\"response\":" RIGHT_1
#define NOWHERE "{\"course\":\"c\",\"slug\":\"none\"}"

/* Which attempt a case is about; NONE: params stand by themselves. */
enum which { NONE, ACTIVE, GRADED, READY, SUSPENDED, VOIDED, PLAIN, KINDS };

struct refused {
	const char *method, *who;
	enum which which;
	const char *more; /* after the attempt, or the params */
	enum err e;
};

static const struct refused cases[] = {
	{ "assessment.conditions", ANN, NONE, NOWHERE, ERR_NOT_FOUND },
	{ "assessment.conditions", ANN, NONE,
	  "{\"course\":\"c\",\"slug\":\"q\",\"preview\":true}", ERR_DENIED },
	{ "attempt.reserve", ANN, NONE, NOWHERE, ERR_NOT_FOUND },
	{ "attempt.reserve", ANN, NONE,
	  "{\"course\":\"c\",\"slug\":\"q\",\"preview\":true}", ERR_DENIED },
	{ "attempt.reserve", ANN, NONE, QUIZ_REF, ERR_CONFLICT },
	{ "attempt.reserve", "learner:graded", NONE, QUIZ_REF,
	  ERR_LIMIT_REACHED },
	{ "attempt.reserve", ANN, NONE, "{\"course\":\"c\",\"slug\":\"shut\"}",
	  ERR_TOO_LATE },
	{ "attempt.reserve", ANN, NONE, "{\"course\":\"c\",\"slug\":\"after\"}",
	  ERR_PRECONDITION },
	{ "attempt.start", ANN, NONE, NOWHERE, ERR_NOT_FOUND },
	{ "attempt.start", ANN, NONE,
	  "{\"course\":\"c\",\"slug\":\"q\",\"preview\":true}", ERR_DENIED },
	{ "attempt.start", ANN, NONE, "{\"course\":\"c\",\"slug\":\"early\"}",
	  ERR_TOO_EARLY },
	{ "attempt.start", ANN, NONE, "{\"course\":\"c\",\"slug\":\"shut\"}",
	  ERR_TOO_LATE },
	{ "attempt.start", "learner:graded", NONE, QUIZ_REF,
	  ERR_LIMIT_REACHED },
	{ "attempt.start", ANN, NONE, "{\"course\":\"c\",\"slug\":\"after\"}",
	  ERR_PRECONDITION },
	{ "attempt.get", "foreign", ACTIVE, "", ERR_NOT_FOUND },
	{ "attempt.answer", "foreign", ACTIVE, ANSWER, ERR_NOT_FOUND },
	{ "attempt.answer", STAFF, GRADED, ANSWER, ERR_TOO_LATE },
	{ "attempt.answer", STAFF, ACTIVE, ANSWER ",\"seq\":9",
	  ERR_OUT_OF_SEQUENCE },
	{ "attempt.answer", STAFF, SUSPENDED, ANSWER, ERR_CONFLICT },
	{ "attempt.answer", STAFF, READY, ANSWER, ERR_PRECONDITION },
	{ "attempt.check", "foreign", ACTIVE, ANSWER, ERR_NOT_FOUND },
	{ "attempt.check", STAFF, VOIDED, ANSWER, ERR_TOO_LATE },
	{ "attempt.check", STAFF, ACTIVE, ANSWER ",\"seq\":9",
	  ERR_OUT_OF_SEQUENCE },
	{ "attempt.check", STAFF, SUSPENDED, ANSWER, ERR_CONFLICT },
	{ "attempt.check", STAFF, PLAIN, ANSWER, ERR_PRECONDITION },
	{ "attempt.try_again", "foreign", ACTIVE, ",\"slot\":1",
	  ERR_NOT_FOUND },
	{ "attempt.try_again", STAFF, GRADED, ",\"slot\":1", ERR_TOO_LATE },
	{ "attempt.try_again", STAFF, ACTIVE, ",\"slot\":1,\"seq\":9",
	  ERR_OUT_OF_SEQUENCE },
	{ "attempt.try_again", STAFF, SUSPENDED, ",\"slot\":1", ERR_CONFLICT },
	{ "attempt.try_again", STAFF, PLAIN, ",\"slot\":1", ERR_PRECONDITION },
	{ "attempt.submit", "foreign", ACTIVE, "", ERR_NOT_FOUND },
	{ "attempt.submit", STAFF, GRADED, "", ERR_CONFLICT },
	{ "attempt.review", "foreign", GRADED, "", ERR_NOT_FOUND },
	{ "attempt.review", STAFF, READY, "", ERR_TOO_EARLY },
	{ "attempt.suspend", "foreign", ACTIVE, WHY, ERR_NOT_FOUND },
	{ "attempt.suspend", STAFF, PLAIN, WHY, ERR_PRECONDITION },
	{ "attempt.suspend", STAFF, GRADED, WHY, ERR_CONFLICT },
	{ "attempt.resume", "foreign", SUSPENDED, WHY, ERR_NOT_FOUND },
	{ "attempt.resume", STAFF, ACTIVE, WHY, ERR_CONFLICT },
	{ "attempt.void", "foreign", ACTIVE, WHY, ERR_NOT_FOUND },
	{ "attempt.void", STAFF, VOIDED, WHY, ERR_CONFLICT },
	{ "attempt.reopen", "foreign", GRADED, WHY, ERR_NOT_FOUND },
	{ "attempt.reopen", STAFF, VOIDED, WHY, ERR_CONFLICT },
	{ "attempt.release", "foreign", GRADED, WHY, ERR_NOT_FOUND },
	{ "attempt.release", STAFF, ACTIVE, WHY, ERR_CONFLICT },
	{ "attempt.mark", "foreign", GRADED, ",\"slot\":1,\"mark\":1",
	  ERR_NOT_FOUND },
	{ "attempt.mark", STAFF, ACTIVE, ",\"slot\":1,\"mark\":1",
	  ERR_CONFLICT },
	{ "attempt.mark", STAFF, GRADED, ",\"slot\":1,\"mark\":1,\"seq\":9",
	  ERR_OUT_OF_SEQUENCE },
	{ "attempt.list", STAFF, NONE, NOWHERE, ERR_NOT_FOUND },
	{ "attempt.explain", "foreign", GRADED, "", ERR_NOT_FOUND },
	{ "attempt.regrade", STAFF, NONE, NOWHERE, ERR_NOT_FOUND },
	{ "attempt.export", STAFF, NONE, NOWHERE, ERR_NOT_FOUND },
};

/* They need more than one call; the name is the test's. */
static const struct refused elsewhere[] = {
	{ "attempt.check", "the_number_of_submissions_has_an_end", 0, "",
	  ERR_LIMIT_REACHED },
	{ "attempt.start", "one_key_gives_one_reply", 0, "", ERR_CONFLICT },
	{ "attempt.submit", "a_late_submit_of_an_abandoned_policy_is_too_late",
	  0, "", ERR_TOO_LATE },
	{ "attempt.suspend", "too_late_to_suspend", 0, "", ERR_TOO_LATE },
	{ "attempt.mark", "nothing_to_mark_in_a_description", 0, "",
	  ERR_PRECONDITION },
	{ "attempt.mark", "what_was_erased_is_not_graded_anew", 0, "",
	  ERR_ERASED },
	{ "attempt.reopen", "what_was_erased_is_not_graded_anew", 0, "",
	  ERR_ERASED },
};

static const char *started(struct world *w, const char *who, const char *slug)
{
	struct reply r = world_ok(w, who, "attempt.start",
				  "{\"course\":\"c\",\"slug\":\"%s\"}", slug);

	return reply_text(w, &r, "attempt");
}

static void make(struct world *w, const char *ids[KINDS])
{
	struct reply r;

	quiz_publish(w, "\"attempts\":1,\"behaviour\":\"interactive\","
			"\"suspend\":\"clock_stops\"," QUIZ_SHOW_ALL);
	world_publish(w, quiz_json(w, "plain", ""));
	world_publish(w, quiz_json(w, "after",
				   "\"prerequisites\":[{\"assessment\":\"q\","
				   "\"min_scaled\":0.5}]"));
	world_publish(w, quiz_json(w, "early",
				   str_fmt(w->cx.arena, "\"opens_at\":\"%s\"",
					   world_time(w, 3600000))
					   .p));
	world_publish(w, quiz_json(w, "shut",
				   str_fmt(w->cx.arena, "\"closes_at\":\"%s\"",
					   world_time(w, 1000))
					   .p));
	world_pass(w, 2000);
	ids[ACTIVE] = started(w, ANN, "q");
	ids[PLAIN] = started(w, ANN, "plain");
	ids[GRADED] = started(w, "learner:graded", "q");
	quiz_do(w, "learner:graded", "attempt.submit", ids[GRADED]);
	ids[SUSPENDED] = started(w, "learner:cy", "q");
	quiz_order(w, "attempt.suspend", ids[SUSPENDED]);
	ids[VOIDED] = started(w, "learner:di", "q");
	quiz_order(w, "attempt.void", ids[VOIDED]);
	r = world_ok(w, "learner:eve", "attempt.reserve", QUIZ_REF);
	ids[READY] = reply_text(w, &r, "attempt");
}

static void each_listed_failure_happens(void **state)
{
	struct world *w = *state;
	const char *ids[KINDS] = { 0 };

	make(w, ids);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct refused *c = &cases[i];
		struct reply r;

		if (c->which == NONE)
			r = world_call(w, c->who, c->method, "%s", c->more);
		else
			r = world_call(w, c->who, c->method,
				       "{\"attempt\":\"%s\"%s}", ids[c->which],
				       c->more);
		if (r.e != c->e)
			print_error("%s as %s: %.*s\n", c->method, c->who,
				    STR_FMT(r.json));
		assert_int_equal(r.e, c->e);
		assert_false(r.retry);
		assert_true(r.message.n > 0);
	}
}

static bool is_tested(const char *method, enum err e)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(cases[i].method, method) && cases[i].e == e)
			return true;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (!strcmp(elsewhere[i].method, method) && elsewhere[i].e == e)
			return true;
	return false;
}

static void each_row_and_each_failure_has_a_test(void **state)
{
	static const struct rpc_method *const tables[] = {
		attempt_entry_methods,
		attempt_methods,
		attempt_staff_methods,
		attempt_report_methods,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct rpc_method *m = tables[i]; m->name; m++) {
			assert_non_null(m->fails);
			for (const enum err *e = m->fails; *e; e++) {
				if (!is_tested(m->name, *e))
					print_error("%s %s\n", m->name,
						    err_kind(*e));
				assert_true(is_tested(m->name, *e));
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		quiz_test(each_listed_failure_happens),
		cmocka_unit_test(each_row_and_each_failure_has_a_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
