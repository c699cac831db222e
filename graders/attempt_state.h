/*
 * attempt_state: the states of an attempt and the only ways between them.
 *
 *   ready --> active --> submitted --> [needs_grading] --> graded --> released
 *               |  \--> overtime --/   (and back, with more time)
 *               |--> suspended (and back)
 *               \--> abandoned        any of them --> voided
 *
 * From a completed state nothing leads back but "reopen", an event of its own.
 * Practice and preview are flags of an attempt, not states.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* X(code, word) */
#define ATTEMPT_STATES(X)                                                      \
	X(ATTEMPT_NONE, "none")	  /* before it exists */                       \
	X(ATTEMPT_READY, "ready") /* items drawn, clock not started */         \
	X(ATTEMPT_ACTIVE, "active")                                            \
	X(ATTEMPT_OVERTIME, "overtime") /* may be handed in, not changed */    \
	X(ATTEMPT_SUSPENDED, "suspended")                                      \
	X(ATTEMPT_SUBMITTED, "submitted")                                      \
	X(ATTEMPT_NEEDS_GRADING, "needs_grading") /* by a person */            \
	X(ATTEMPT_GRADED, "graded")                                            \
	X(ATTEMPT_RELEASED, "released")                                        \
	X(ATTEMPT_ABANDONED, "abandoned")                                      \
	X(ATTEMPT_VOIDED, "voided")

enum attempt_state {
#define X(code, word) code,
	ATTEMPT_STATES(X)
#undef X
		ATTEMPT_STATE_COUNT
};
extern const char *const attempt_state_words[]; /* NULL-terminated */

/* X(code, word): what may happen to an attempt. */
#define ATTEMPT_EVENTS(X)                                                      \
	X(ATTEMPT_EV_RESERVE, "reserve")                                       \
	X(ATTEMPT_EV_START, "start")                                           \
	X(ATTEMPT_EV_ANSWER, "answer")                                         \
	X(ATTEMPT_EV_CHECK, "check")                                           \
	X(ATTEMPT_EV_SUBMIT, "submit")	   /* by the learner */                \
	X(ATTEMPT_EV_EXPIRE, "expire")	   /* time is up: handed in for him */ \
	X(ATTEMPT_EV_OVERTIME, "overtime") /* time is up: grace begins */      \
	X(ATTEMPT_EV_ABANDON, "abandon")   /* time is up: lost */              \
	X(ATTEMPT_EV_SUSPEND, "suspend")                                       \
	X(ATTEMPT_EV_RESUME, "resume")                                         \
	X(ATTEMPT_EV_GRADE, "grade")	     /* every mark is known */         \
	X(ATTEMPT_EV_HAND_OVER, "hand_over") /* a person must mark */          \
	X(ATTEMPT_EV_REGRADE, "regrade")     /* marks change, state stays */   \
	X(ATTEMPT_EV_RELEASE, "release")                                       \
	X(ATTEMPT_EV_VOID, "void")                                             \
	X(ATTEMPT_EV_REOPEN, "reopen") /* with a new due instant */

enum attempt_event {
#define X(code, word) code,
	ATTEMPT_EVENTS(X)
#undef X
		ATTEMPT_EVENT_COUNT
};
extern const char *const attempt_event_words[]; /* NULL-terminated */

/* Where the event leads; false, and *to untouched, where it may not happen. */
bool attempt_edge_ok(int from, int event, int *to);

/* The learner is at it: time may run, answers may come. */
bool attempt_is_open(int state);
/* Handed in by whomever; its marks may count. */
bool attempt_is_completed(int state);
