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
