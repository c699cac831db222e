/*
 * quiz: a small assessment for scenarios, and shorthands around attempts.
 * Include after cmocka.h.
 *
 * Three items of one mark each: 1 a choice (the first is right), 2 a short
 * text ("frog"), 3 a number (42). Nothing is shuffled.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/world.h"

#define QUIZ_REF "{\"course\":\"c\",\"slug\":\"q\"}"

#define QUIZ_ALL                                                               \
	"[\"response\",\"correctness\",\"marks\",\"max_marks\",\"specific_feedback\",\"general_feedback\",\"right_answer\",\"overall_feedback\"]"
/* A member of the policy: everything is shown at any time. */
#define QUIZ_SHOW_ALL                                                          \
	"\"review\":{\"during\":" QUIZ_ALL ",\"immediately\":" QUIZ_ALL        \
	",\"later\":" QUIZ_ALL ",\"closed\":" QUIZ_ALL "}"

#define QUIZ_ITEMS                                                             \
	"{\"id\":\"i1\",\"type\":\"choice\",\"name\":\"one\",\"stem\":\"1?\"," \
	"\"mark\":1,\"penalty\":0.5,\"choices\":["                             \
	"{\"id\":\"a\",\"text\":\"yes\",\"fraction\":1,"                       \
	"\"feedback\":\"SECRET well done\"},"                                  \
	"{\"id\":\"b\",\"text\":\"no\",\"fraction\":0}]},"                     \
	"{\"id\":\"i2\",\"type\":\"short\",\"name\":\"two\",\"stem\":\"2?\","  \
	"\"mark\":1,\"penalty\":0.5,\"general_feedback\":\"SECRET general\","  \
	"\"answers\":[{\"text\":\"frog\",\"fraction\":1}]},"                   \
	"{\"id\":\"i3\",\"type\":\"numeric\",\"name\":\"three\","              \
	"\"stem\":\"3?\",\"mark\":1,\"penalty\":0.5,"                          \
	"\"answers\":[{\"text\":\"42\",\"fraction\":1}]}"

/* The definition with these members in its policy ("" for none). */
static inline const char *quiz_json(struct world *w, const char *slug,
				    const char *policy)
{
	return str_fmt(w->cx.arena,
		       "{\"assay\":1,\"course\":\"c\",\"slug\":\"%s\","
		       "\"title\":\"Quiz\",\"policy\":{%s},"
		       "\"items\":[" QUIZ_ITEMS "]}",
		       slug, policy)
		.p;
}

/* Publishes slug "q" with this policy. */
static inline const char *quiz_publish(struct world *w, const char *policy)
{
	return world_publish(w, quiz_json(w, "q", policy));
}

/* Starts "q"; the attempt's id. who: a token. */
static inline const char *quiz_start(struct world *w, const char *who)
{
	struct reply r = world_ok(w, who, "attempt.start", QUIZ_REF);

	return reply_text(w, &r, "attempt");
}

static inline struct reply quiz_do(struct world *w, const char *who,
				   const char *method, const char *attempt)
{
	return world_call(w, who, method, "{\"attempt\":\"%s\"}", attempt);
}

/* As staff, with a reason. */
static inline struct reply quiz_order(struct world *w, const char *method,
				      const char *attempt)
{
	return world_call(w, "moderator", method,
			  "{\"attempt\":\"%s\",\"reason\":\"a test\"}",
			  attempt);
}

/* seq 0: not said. */
static inline struct reply quiz_answer(struct world *w, const char *who,
				       const char *attempt, int slot, int seq,
				       const char *response)
{
	if (!seq)
		return world_call(w, who, "attempt.answer",
				  "{\"attempt\":\"%s\",\"slot\":%d,"
				  "\"response\":%s}",
				  attempt, slot, response);
	return world_call(w, who, "attempt.answer",
			  "{\"attempt\":\"%s\",\"slot\":%d,\"seq\":%d,"
			  "\"response\":%s}",
			  attempt, slot, seq, response);
}

#define RIGHT_1 "{\"choice\":\"1\"}"
#define WRONG_1 "{\"choice\":\"2\"}"
#define RIGHT_2 "{\"text\":\"frog\"}"
#define WRONG_2 "{\"text\":\"toad\"}"
#define RIGHT_3 "{\"text\":\"42\"}"

/* The state of an attempt, as staff see it. */
static inline const char *quiz_state(struct world *w, const char *attempt)
{
	struct reply r = quiz_do(w, "moderator", "attempt.get", attempt);

	return r.e ? err_kind(r.e) : reply_text(w, &r, "view/state");
}

/* The learner's grade at "q": its score as text, or NULL if there is none. */
static inline const char *quiz_grade(struct world *w, const char *learner)
{
	struct reply r =
		world_call(w, "platform", "gradebook.get",
			   "{\"course\":\"c\",\"learner\":\"%s\"}", learner);

	return r.e ? NULL : reply_text(w, &r, "grades/0/score");
}

static inline int quiz_open(void **state)
{
	*state = world_open();
	return 0;
}

static inline int quiz_close(void **state)
{
	world_close(*state);
	return 0;
}

#define quiz_test(f) cmocka_unit_test_setup_teardown(f, quiz_open, quiz_close)
