/*
 * selftest: before an assessment with code items is published, each item's
 * task has been tried: its reference solutions come out as their author says,
 * its checker takes its answers, its limits suit. A job "code.selftest" does
 * that; what came of it is kept by the task's digest.
 *
 *	code.selftest (definition)  -->  waiting --job--> passed | failed |
 *broken assessment.publish          -->  refused (precondition) until all
 *passed
 *
 * The digest is of what runs: another stem, other marks, another number of
 * submissions or another visibility of tests need no new run.
 *
 *	job     ref: of the digest; body {"item"}
 *	input   bytes: the item's `code` (code_spec_shape) as JSON
 *	result  code_selftest_shape
 */
#pragma once

#include "engine/assessment/assessment.h"
#include "engine/jobs/job.h"

/* X(code, word, what it means) */
#define SELFTEST_STATES(X)                                                     \
	X(SELFTEST_NONE, "none", "was not asked for")                          \
	X(SELFTEST_WAITING, "waiting", "waits for a worker, or is under way")  \
	X(SELFTEST_PASSED, "passed", "may be published")                       \
	X(SELFTEST_FAILED, "failed", "the report says what is wrong with it")  \
	X(SELFTEST_BROKEN, "broken", "could not be run: our failure")
enum selftest_state {
#define X(code, word, doc) code,
	SELFTEST_STATES(X)
#undef X
};

struct selftest_item {
	struct str item; /* its id */
	struct str digest;
	int state; /* enum selftest_state */
	struct id job;
	struct str report; /* JSON; absent: none yet */
	struct str reason; /* what went wrong, or why it waits */
	bool has_standing;
	int standing; /* enum job_standing */
	int64_t asked_at, ended_at;
};
struct selftest_result {
	bool ready; /* nothing of it keeps the definition from being published
		     */
	struct list items; /* struct selftest_item */
};
extern const struct shape selftest_result_shape;

/* What runs of a code item, as a worker gets it, and its digest. */
struct selftest_task {
	size_t item; /* its position */
	struct str text, digest;
};
/* Of all code items, in their order. Slow where they are large; any thread. */
void selftest_tasks(struct ctx *cx, const struct assessment_def *def,
		    struct list *out);

/* Queues what was never tried; again: also what did not pass. */
MUST enum err selftest_ask(struct ctx *cx, const struct id *org,
			   const struct assessment_def *def,
			   const struct list *tasks, bool again,
			   struct selftest_result *out);
/* ERR_PRECONDITION with the first item that has not passed. */
MUST enum err selftest_passed(struct ctx *cx, const struct id *org,
			      const struct assessment_def *def,
			      const struct list *tasks);

extern const struct job_kind selftest_job;
extern const struct stmt_set selftest_stmts;
extern const struct migration_set selftest_migrations;
