/*
 * code: a code item for scenarios, and a worker whose verdicts are written
 * down. Include after cmocka.h.
 *
 * One item of four marks: read a number, print its double; tests 1 (visible)
 * and 2, 3 (hidden) in groups "small" (1 point) and "large" (3 points).
 */
#pragma once

#include "graders/code.h"
#include "tests/scenario/quiz.h"

#define CODE_TESTS_OF                                                          \
	"\"groups\":[{\"name\":\"small\",\"points\":1},"                       \
	"{\"name\":\"large\",\"points\":3}],"                                  \
	"\"tests\":[{\"name\":\"one\",\"group\":\"small\","                    \
	"\"input\":{\"text\":\"1\\n\"},\"answer\":{\"text\":\"2\\n\"}},"       \
	"{\"name\":\"two\",\"group\":\"large\",\"visibility\":\"hidden\","     \
	"\"input\":{\"text\":\"31337\\n\"},"                                   \
	"\"answer\":{\"text\":\"62674\\n\"}},"                                 \
	"{\"name\":\"three\",\"group\":\"large\",\"visibility\":\"hidden\","   \
	"\"input\":{\"text\":\"-4\\n\"},\"answer\":{\"text\":\"-8\\n\"}}]"

/* more: members of the item's code, with a comma behind. */
#define CODE_ITEM(stem, more)                                                  \
	"{\"id\":\"double\",\"type\":\"code\",\"name\":\"Double\","            \
	"\"stem\":\"" stem "\",\"mark\":4,\"code\":{"                          \
	"\"languages\":[\"c\",\"python\"]," more CODE_TESTS_OF "}}"

static inline const char *code_json(struct world *w, const char *policy,
				    const char *item)
{
	return str_fmt(w->cx.arena,
		       "{\"assay\":1,\"course\":\"c\",\"slug\":\"q\","
		       "\"title\":\"Code\",\"policy\":{%s},\"items\":[%s]}",
		       policy, item)
		.p;
}

/* ---- the worker ---- */

struct leased {
	const char *job;
	int64_t fence;
	struct str ref;
};

/* One job of a kind; job NULL: there is none. */
static inline struct leased code_lease(struct world *w, const char *kind)
{
	struct reply r = world_ok(w, "worker", "job.lease",
				  "{\"kinds\":[\"%s\"],\"worker\":\"w\","
				  "\"limit\":1,\"lease_ms\":60000}",
				  kind);

	if (!reply_count(w, &r, "jobs"))
		return (struct leased){ 0 };
	return (struct leased){ reply_text(w, &r, "jobs/0/id"),
				reply_int(w, &r, "jobs/0/fence"),
				reply_raw(w, &r, "jobs/0/ref") };
}

static inline struct reply code_finish(struct world *w, struct leased l,
				       const char *result)
{
	return world_call(w, "worker", "job.finish",
			  "{\"job\":\"%s\",\"fence\":%lld,\"result\":%s}",
			  l.job, (long long)l.fence, result);
}

static inline struct reply code_fail(struct world *w, struct leased l,
				     bool retry)
{
	return world_call(w, "worker", "job.fail",
			  "{\"job\":\"%s\",\"fence\":%lld,"
			  "\"error\":\"no toolchain\",\"retry\":%s}",
			  l.job, (long long)l.fence, retry ? "true" : "false");
}

static inline struct reply code_input(struct world *w, struct leased l)
{
	return world_call(w, "worker", "job.input",
			  "{\"job\":\"%s\",\"fence\":%lld}", l.job,
			  (long long)l.fence);
}

#define FACT(verdict, cause, share)                                            \
	"{\"verdict\":\"" verdict "\",\"cause\":\"" cause                      \
	"\",\"exit\":0,\"signal\":0,\"share\":" share                          \
	",\"cpu_us\":1000,\"wall_us\":2000,\"runs\":1}"
#define PASS FACT("AC", "exit", "1")
#define WRONG FACT("WA", "exit", "0")
#define SLOW FACT("TLE", "cpu", "0")
#define HOSTILE FACT("RE", "signal", "0")
#define REPORT(verdict, gradable, compile, tests)                              \
	"{\"version\":1,\"language\":\"c\",\"verdict\":\"" verdict             \
	"\",\"gradable\":" gradable ",\"compile\":\"" compile                  \
	"\",\"level\":\"full\",\"tests\":[" tests "]}"
#define IS_RIGHT REPORT("AC", "true", "AC", PASS "," PASS "," PASS)
#define IS_SMALL REPORT("WA", "true", "AC", PASS "," WRONG "," WRONG)
#define IS_LARGE REPORT("WA", "true", "AC", WRONG "," PASS "," PASS)
#define IS_WRONG REPORT("WA", "true", "AC", WRONG "," WRONG "," WRONG)
#define IS_SLOW REPORT("TLE", "true", "AC", PASS "," SLOW "," SLOW)
#define IS_HOSTILE REPORT("RE", "true", "AC", HOSTILE "," HOSTILE "," HOSTILE)
#define IS_NO_CODE REPORT("CE", "true", "CE", "")
#define IS_FREE REPORT("CE", "false", "CE", "")

/* The next job gets this report; false: none waits. */
static inline bool code_judge_next(struct world *w, const char *report)
{
	struct leased l = code_lease(w, "grade.code");
	struct reply r;

	if (!l.job)
		return false;
	r = code_finish(w, l, report);
	if (r.e)
		fail_msg("%.*s", STR_FMT(r.json));
	return true;
}

/* ---- the author ---- */

#define SELFTEST_OK                                                            \
	"{\"ok\":true,\"references\":[],\"problems\":[],\"limit_ms\":1000}"

/* Tries its items, with this outcome. */
static inline void code_selftest_all(struct world *w, const char *json,
				     const char *outcome)
{
	struct leased l;

	world_ok(w, "author", "code.selftest", "{\"definition\":%s}", json);
	while ((l = code_lease(w, "code.selftest")).job) {
		struct reply r = code_finish(w, l, outcome);

		if (r.e)
			fail_msg("%.*s", STR_FMT(r.json));
	}
}

static inline const char *code_publish(struct world *w, const char *policy,
				       const char *item)
{
	const char *json = code_json(w, policy, item);

	code_selftest_all(w, json, SELFTEST_OK);
	return world_publish(w, json);
}

/* ---- the learner ---- */

#define MAIN_C(text)                                                           \
	"{\"language\":\"c\",\"files\":[{\"name\":\"main.c\",\"text\":\"" text \
	"\"}]}"

static inline struct reply code_save(struct world *w, const char *who,
				     const char *attempt, const char *files)
{
	return world_call(w, who, "attempt.answer",
			  "{\"attempt\":\"%s\",\"slot\":1,\"response\":%s}",
			  attempt, files);
}

static inline struct reply code_hand_in(struct world *w, const char *who,
					const char *attempt, const char *files)
{
	return world_call(w, who, "attempt.check",
			  "{\"attempt\":\"%s\",\"slot\":1,\"response\":%s}",
			  attempt, files);
}

/* The slot as its learner sees it. */
static inline const char *code_slot(struct world *w, const char *who,
				    const char *attempt, const char *path)
{
	struct reply r = quiz_do(w, who, "attempt.get", attempt);

	if (r.e)
		fail_msg("%.*s", STR_FMT(r.json));
	return reply_text(w, &r, str_fmt(w->cx.arena, "slots/0/%s", path).p);
}

/* Handed in, and judged as the report says. */
static inline void code_judged(struct world *w, const char *who, const char *id,
			       const char *files, const char *report)
{
	struct reply r = code_hand_in(w, who, id, files);

	if (r.e)
		fail_msg("%.*s", STR_FMT(r.json));
	assert_true(code_judge_next(w, report));
}

#define ONE_TEST                                                               \
	"{\"id\":\"double\",\"type\":\"code\",\"name\":\"Double\","            \
	"\"stem\":\"Double it.\",\"mark\":4,\"code\":{\"languages\":[\"c\"],"  \
	"\"tests\":[{\"name\":\"one\","                                        \
	"\"input\":{\"text\":\"1\"},\"answer\":{\"text\":\"2\"}}]}}"

/* A whole attempt of one submission; its id. */
static inline const char *code_graded(struct world *w, const char *who,
				      const char *report)
{
	const char *id = quiz_start(w, who);

	code_judged(w, who, id, MAIN_C("a"), report);
	quiz_do(w, who, "attempt.submit", id);
	return id;
}
