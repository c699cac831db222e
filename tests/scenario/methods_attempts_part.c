/* Part of methods_test.c: conditions, attempts, and what staff do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/scenario/methods.h"

void conditions_and_reserving(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", QUIZ("q", "'attempts':1"), OK },
		{ AUTHOR, "assessment.publish", QUIZ("open", ""), OK },
		{ AUTHOR, "assessment.publish",
		  QUIZ("past", "'closes_at':'$T+5'"), OK },
		{ AUTHOR, "assessment.publish",
		  QUIZ("late", "'prerequisites':[{'assessment':'q'}]"), OK },
		{ .pass_ms = 6000 },
		{ ANN, "assessment.conditions", REF, OK },
		{ ANN, "assessment.conditions", REF_OF("x", ""),
		  ERR_NOT_FOUND },
		{ ANN, "assessment.conditions", REF_OF("q", ",'preview':true"),
		  ERR_DENIED },
		{ ANN, "attempt.reserve", REF, OK, "r=attempt" },
		{ ANN, "attempt.review", THE("r", ""), ERR_TOO_EARLY },
		{ ANN, "attempt.answer",
		  THE("r", ",'slot':1,'response':" RIGHT_1), ERR_PRECONDITION },
		{ ANN, "attempt.check",
		  THE("r", ",'slot':1,'response':" RIGHT_1), ERR_PRECONDITION },
		{ ANN, "attempt.try_again", THE("r", ",'slot':1"),
		  ERR_PRECONDITION },
		{ ANN, "attempt.start", "{'attempt':'$r'}", OK },
		{ ANN, "attempt.submit", THE("r", ""), OK },
		{ ANN, "attempt.start", THE("r", ""), ERR_CONFLICT },
		{ ANN, "attempt.reserve", REF, ERR_LIMIT_REACHED },
		{ ANN, "attempt.reserve", REF_OF("x", ""), ERR_NOT_FOUND },
		{ ANN, "attempt.reserve", REF_OF("q", ",'preview':true"),
		  ERR_DENIED },
		{ ANN, "attempt.reserve", REF_OF("past", ""), ERR_TOO_LATE },
		{ ANN, "attempt.reserve", REF_OF("late", ""),
		  ERR_PRECONDITION },
		{ ANN, "attempt.start", REF_OF("open", ""), OK },
		{ ANN, "attempt.reserve", REF_OF("open", ""), ERR_CONFLICT },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

void starting(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish",
		  QUIZ("soon", "'opens_at':'$T+60'"), OK },
		{ AUTHOR, "assessment.publish",
		  QUIZ("past", "'closes_at':'$T+5'"), OK },
		{ AUTHOR, "assessment.publish", QUIZ("one", "'attempts':1"),
		  OK },
		{ AUTHOR, "assessment.publish",
		  QUIZ("late", "'prerequisites':[{'assessment':'one'}]"), OK },
		{ AUTHOR, "assessment.publish",
		  QUIZ("secret", "'password':'sesame'"), OK },
		{ .pass_ms = 6000 },
		{ ANN, "attempt.start", REF_OF("x", ""), ERR_NOT_FOUND },
		{ ANN, "attempt.start", REF_OF("soon", ""), ERR_TOO_EARLY },
		{ ANN, "attempt.start", REF_OF("past", ""), ERR_TOO_LATE },
		{ ANN, "attempt.start", REF_OF("late", ""), ERR_PRECONDITION },
		{ ANN, "attempt.start", REF_OF("secret", ",'password':'x'"),
		  ERR_DENIED },
		{ ANN, "attempt.start", REF_OF("one", ""), OK, "a=attempt" },
		{ ANN, "attempt.submit", THE("a", ""), OK },
		{ ANN, "attempt.start", REF_OF("one", ""), ERR_LIMIT_REACHED },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

void answering(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish",
		  QUIZ("q", "'behaviour':'immediate_feedback',"
			    "'suspend':'clock_stops','network_grace_ms':0,"
			    "'overdue':'abandon','time_limit_ms':600000"),
		  OK },
		{ ANN, "attempt.start", REF, OK, "a=attempt" },
		{ ANN, "attempt.get", THE("a", ""), OK },
		{ BOB, "attempt.get", THE("a", ""), ERR_NOT_FOUND },
		{ ANN, "attempt.answer",
		  THE("a", ",'slot':2,'response':" WRONG_2), OK },
		{ BOB, "attempt.answer",
		  THE("a", ",'slot':2,'response':" WRONG_2), ERR_NOT_FOUND },
		{ ANN, "attempt.answer",
		  THE("a", ",'slot':2,'seq':9,'response':" RIGHT_2),
		  ERR_OUT_OF_SEQUENCE },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':1,'response':" WRONG_1), OK },
		{ BOB, "attempt.check",
		  THE("a", ",'slot':1,'response':" WRONG_1), ERR_NOT_FOUND },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':1,'response':" RIGHT_1), ERR_CONFLICT },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':3,'seq':7,'response':" RIGHT_3),
		  ERR_OUT_OF_SEQUENCE },
		{ BOB, "attempt.try_again", THE("a", ",'slot':1"),
		  ERR_NOT_FOUND },
		{ ANN, "attempt.try_again", THE("a", ",'slot':3,'seq':7"),
		  ERR_OUT_OF_SEQUENCE },
		{ BOB, "attempt.submit", THE("a", ""), ERR_NOT_FOUND },
		{ STAFF, "attempt.suspend", THE("a", WHY), OK },
		{ STAFF, "attempt.suspend", THE("a", WHY), ERR_CONFLICT },
		{ ANN, "attempt.answer",
		  THE("a", ",'slot':2,'response':" RIGHT_2), ERR_CONFLICT },
		{ ANN, "attempt.try_again", THE("a", ",'slot':2"),
		  ERR_CONFLICT },
		{ STAFF, "attempt.resume", THE("a", WHY), OK },
		{ STAFF, "attempt.resume", THE("a", WHY), ERR_CONFLICT },
		{ FOREIGN, "attempt.suspend", THE("a", WHY), ERR_NOT_FOUND },
		{ FOREIGN, "attempt.resume", THE("a", WHY), ERR_NOT_FOUND },
		/* The clock moves; who falls due is not yet looked at. */
		{ ANN, "attempt.submit", THE("a", ""), ERR_TOO_LATE,
		  .pass_ms = 600001 },
		{ BOB, "attempt.start", REF, OK, "b=attempt" },
		{ STAFF, "attempt.suspend", THE("b", WHY), ERR_TOO_LATE,
		  .pass_ms = 600001 },
		{ .pass_ms = 60000 },
		{ ANN, "attempt.answer",
		  THE("a", ",'slot':2,'response':" RIGHT_2), ERR_TOO_LATE },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':2,'response':" RIGHT_2), ERR_TOO_LATE },
		{ ANN, "attempt.try_again", THE("a", ",'slot':2"),
		  ERR_TOO_LATE },
		{ ANN, "attempt.submit", THE("a", ""), ERR_CONFLICT },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

void trying_again(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish",
		  "{'definition':{'assay':1,'course':'c','slug':'q',"
		  "'title':'t','policy':{'behaviour':'interactive'},"
		  "'items':[{'id':'i','type':'short','name':'n','stem':'?',"
		  "'mark':1,'hints':[{'text':'It jumps.'}],"
		  "'answers':[{'text':'frog','fraction':1}]}]}}",
		  OK },
		{ ANN, "attempt.start", REF, OK, "a=attempt" },
		{ ANN, "attempt.check",
		  THE("a", ",'slot':1,'response':" WRONG_2), OK },
		{ ANN, "attempt.try_again", THE("a", ",'slot':1"), OK },
		{ STAFF, "attempt.suspend", THE("a", WHY), ERR_PRECONDITION },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}

void after_the_hand_in(void **state)
{
	static const struct story rows[] = {
		{ AUTHOR, "assessment.publish", QUIZ("q", "'release':'held'"),
		  OK },
		{ AUTHOR, "assessment.publish",
		  "{'definition':{'assay':1,'course':'c','slug':'d',"
		  "'title':'t','items':[{'id':'d','type':'description',"
		  "'name':'d','stem':'Read.'}," QUIZ_ITEMS "]}}",
		  OK },
		{ ANN, "attempt.start", REF, OK, "a=attempt" },
		{ STAFF, "attempt.mark", THE("a", ",'slot':1,'mark':1"),
		  ERR_CONFLICT },
		{ STAFF, "attempt.release", THE("a", WHY), ERR_CONFLICT },
		{ STAFF, "attempt.reopen", THE("a", WHY), ERR_CONFLICT },
		{ ANN, "attempt.submit", THE("a", ""), OK },
		{ ANN, "attempt.review", THE("a", ""), OK },
		{ BOB, "attempt.review", THE("a", ""), ERR_NOT_FOUND },
		{ ANN, "attempt.explain", THE("a", ""), OK },
		{ BOB, "attempt.explain", THE("a", ""), ERR_NOT_FOUND },
		{ STAFF, "attempt.mark", THE("a", ",'slot':1,'mark':1"), OK },
		{ STAFF, "attempt.mark", THE("a", ",'slot':1,'seq':9,'mark':1"),
		  ERR_OUT_OF_SEQUENCE },
		{ FOREIGN, "attempt.mark", THE("a", ",'slot':1,'mark':1"),
		  ERR_NOT_FOUND },
		{ STAFF, "attempt.release", THE("a", WHY), OK },
		{ FOREIGN, "attempt.release", THE("a", WHY), ERR_NOT_FOUND },
		{ ANN, "attempt.start", REF_OF("d", ""), OK, "d=attempt" },
		{ ANN, "attempt.submit", THE("d", ""), OK },
		{ STAFF, "attempt.mark", THE("d", ",'slot':1,'mark':1"),
		  ERR_PRECONDITION },
		{ STAFF, "attempt.reopen", THE("a", WHY), OK },
		{ FOREIGN, "attempt.reopen", THE("a", WHY), ERR_NOT_FOUND },
		{ STAFF, "attempt.void", THE("a", WHY), OK },
		{ STAFF, "attempt.void", THE("a", WHY), ERR_CONFLICT },
		{ FOREIGN, "attempt.void", THE("a", WHY), ERR_NOT_FOUND },
		{ STAFF, "attempt.list", REF, OK },
		{ STAFF, "attempt.list", REF_OF("x", ""), ERR_NOT_FOUND },
		{ STAFF, "attempt.regrade", REF, OK },
		{ STAFF, "attempt.regrade", REF_OF("x", ""), ERR_NOT_FOUND },
		{ STAFF, "attempt.export", REF, OK },
		{ STAFF, "attempt.export", REF_OF("x", ""), ERR_NOT_FOUND },
	};

	STORY(*state, &(struct story_vars){ 0 }, rows);
}
